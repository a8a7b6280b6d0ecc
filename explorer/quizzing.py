"""Questions that a loaded network answers: where a map is from, what an altered picture does. No torch at import."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from explorer.errors import NetworkError, PersonError, SourceError
from explorer.filters.bank import BANK
from explorer.graph.values import Layer
from explorer.lesson.question import Question, Text
from explorer.lesson.questions import OF_NETWORK, Draw
from explorer.pixels.paint import Fill, painted
from explorer.recipe import Recipe
from explorer.render import colours
from explorer.text import N_
from explorer.values import LEVELS, Bytes, Floats, Frame, Prediction
from explorer.zoo.own.card import Remark

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.session import Network

MOST_OPTIONS = 4
_LEAST_CELLS = 9
"""Of a map that is asked about."""
_HARDLY = 0.01
"""Of a probability, or the share of a score: what changes less hardly changes."""
_GREY = (128, 128, 128)
_CHANGES = ("box", "blur-horizontal", "blur-vertical", "sharpen", "emboss", "laplacian", "sobel-x")


def quiz(network: Network, kind: str, seed: int, frame: Frame, recipe: Recipe) -> Question:
    """Return a question about a loaded network with its answer: the network runs once or twice for it.

    Args:
        network: the loaded one.
        kind: a key of ``questions.OF_NETWORK``.
        seed: another one gives another question.
        frame: the picture as it came.
        recipe: what is done to it.

    Raises:
        PersonError: there is no such kind. NetworkError: there is nothing to ask of this network.
        SourceError: the picture is an array, which is not altered.
        ForwardError, DeviceError: as ``frame_path.run``.
    """
    makers = {"which-layer": _which_layer, "what-if": _what_if}
    if kind not in makers:
        raise PersonError(
            N_("there is no kind of question “{name}”; the kinds are: {kinds}."), name=kind, kinds=", ".join(OF_NETWORK)
        )
    return makers[kind](network, recipe.altered(frame), Draw(seed))


def _which_layer(network: Network, shown: Frame, draw: Draw) -> Question:
    options = _layers(network.graph.layers, draw)
    if len(options) < 2:
        raise NetworkError(N_("This network has no two layers with maps of other sizes: choose another network."))
    right = draw.one(options)
    from explorer import reduce
    from explorer.capture import capture

    def through(x: Tensor) -> Floats:
        wanted = {right.id: reduce.keep(right)}
        found: Floats = capture(network.module, network.graph, x, wanted).values[right.id]
        return found

    maps = network.with_room(lambda: network.follow(through, network.prepare(shown).tensor, shown))
    lively = [channel for channel, one in enumerate(maps) if np.isfinite(one).all() and one.min() < one.max()]
    channel = draw.one(lively or range(len(maps)))
    height, width = maps.shape[1:]
    working: list[Text] = [
        Remark(
            N_("{layer}: {maps} maps of {rows}×{columns} cells"),
            {"layer": one.id, "maps": one.channels, "rows": _side(one, "H"), "columns": _side(one, "W")},
        )
        for one in options
    ]
    told = {"rows": height, "columns": width, "layer": right.id, "channel": channel}
    working.append(Remark(N_("This map has {rows}×{columns} cells: it is channel {channel} of {layer}."), told))
    return Question(
        "which-layer",
        Remark(N_("Which layer is this map from?")),
        "choice",
        str(options.index(right) + 1),
        tuple(working),
        _warning(network),
        options=tuple(f"{one.id}  ·  {one.op}" for one in options),
        picture=_drawn(maps[channel]),
    )


_ALIKE = frozenset(("pad", "dropout", "identity"))
"""Ops whose maps are those before them, as far as anybody can see."""


def _layers(layers: Sequence[Layer], draw: Draw) -> list[Layer]:
    """Return a few layers whose maps have sizes of their own, in the network's order."""
    by_size: dict[tuple[int, int], list[Layer]] = {}
    for layer in layers[1:]:  # the first is the input
        if (
            layer.op not in _ALIKE
            and {"C", "H", "W"} <= set(layer.axes)
            and _side(layer, "H") * _side(layer, "W") >= _LEAST_CELLS
        ):
            by_size.setdefault((_side(layer, "H"), _side(layer, "W")), []).append(layer)
    sizes = list(by_size)
    while len(sizes) > MOST_OPTIONS:
        sizes.remove(draw.one(sizes))
    chosen = [draw.one(by_size[size]) for size in sizes]
    return sorted(chosen, key=layers.index)


def _side(layer: Layer, axis: str) -> int:
    return layer.output[layer.axes.index(axis)]


def _drawn(one: Floats) -> Bytes:
    """Return a map as a picture, uint8 (h, w, 3): its least value dark, its greatest bright."""
    whole = np.nan_to_num(one.astype(np.float64), posinf=0.0, neginf=0.0)
    span = whole.max() - whole.min()
    levels = np.rint((whole - whole.min()) / (span or 1.0) * (LEVELS - 1)).astype(np.uint8)
    drawn: Bytes = colours.table("viridis", False, (0, 0, 0))[levels]
    return drawn


def _what_if(network: Network, shown: Frame, draw: Draw) -> Question:
    if shown.array is not None:
        raise SourceError(N_("“{name}” is an array, which is not altered: show a picture."), name=shown.source)
    before = _answer(network, shown)
    text, changed = _altered(network, shown, draw)
    after = _answer(network, changed)
    label = before[0].label
    same = next(one for one in after if one.index == before[0].index)
    figures = {"label": label, "before": before[0].figure, "after": same.figure, "other": after[0].label}
    options = (
        Remark(N_("“{label}” stays first, and gains more than 1 %."), figures),
        Remark(N_("“{label}” stays first, and hardly changes."), figures),
        Remark(N_("“{label}” stays first, but loses more than 1 %."), figures),
        Remark(N_("Another class comes first."), figures),
    )
    gained, least = (
        _value(same) - _value(before[0]),
        _HARDLY if same.score is None else _HARDLY * abs(_value(before[0])),
    )
    number = 1 if gained > least else 3 if gained < -least else 2
    if after[0].index != before[0].index:
        number = len(options)
    working: list[Text] = [Remark(N_("“{label}”: {before} before, {after} after."), figures)]
    if number == len(options):
        working.append(Remark(N_("“{other}” comes first, with {figure}."), figures | {"figure": after[0].figure}))
    return Question(
        "what-if",
        text,
        "choice",
        str(number),
        tuple(working),
        (Remark(N_("Now it is “{label}”: {before}."), figures), *_warning(network)),
        options=options,
        picture=changed.pixels,
    )


def _altered(network: Network, shown: Frame, draw: Draw) -> tuple[Remark, Frame]:
    """Return what is done to the picture, and what comes of it: a filter more, or a grey square on it."""
    from explorer.filters.apply import apply

    if draw.one((True, False)):
        named = BANK[draw.one(_CHANGES)]
        text = N_("The filter “{filter}” goes over the picture. What happens to the prediction?")
        return Remark(text, {"filter": Remark(named.title)}), apply(shown, (named.filter,))
    top, left, bottom, right = network.prepare(shown).geometry.crop
    height, width = shown.pixels.shape[:2]
    top, left, bottom, right = max(top, 0), max(left, 0), min(bottom, height), min(right, width)
    rows, columns = max(1, int((bottom - top) / 3)), max(1, int((right - left) / 3))
    y, x = draw.whole(0, 2), draw.whole(0, 2)
    box = (int(top) + y * rows, int(left) + x * columns, int(top) + (y + 1) * rows, int(left) + (x + 1) * columns)
    covered = painted(shown.pixels, (Fill(box, False, _GREY),))
    text = N_("A grey square covers a ninth of what the network sees. What happens to the prediction?")
    return Remark(text), Frame(covered, shown.source, shown.index, shown.time_s)


def _answer(network: Network, frame: Frame) -> tuple[Prediction, ...]:
    """Return every class, the most probable first.

    Raises:
        NetworkError: the network does not classify.
    """
    from explorer import reduce
    from explorer.capture import capture
    from explorer.tasks.classify import classify

    def through(x: Tensor) -> Tensor:
        return reduce.real(capture(network.module, network.graph, x, {}).output).float().cpu()

    output = network.with_room(lambda: network.follow(through, network.prepare(frame).tensor, frame))
    every = max(2, output.numel())  # one number of a sigmoid tells two classes
    found = classify(output, network.labels, every, network.card.activation) if network.classifies(output) else ()
    if not found:
        raise NetworkError(N_("This network names no class for this picture: choose one that classifies."))
    return found


def _value(one: Prediction) -> float:
    return one.probability if one.score is None else one.score


def _warning(network: Network) -> tuple[Text, ...]:
    return () if network.trained else (Remark(N_("The weights are untrained: the answers mean nothing.")),)
