"""A value of a loaded network opened: the network looks once more, and the call that made the value is read.

What the call was given is copied before it runs, for it may write in place; its weights are its own arguments, so that
modules and functions are opened alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explorer.capture import OtherPath, Watch
from explorer.errors import NetworkError
from explorer.graph.call import UNREADABLE, bind
from explorer.graph.trace import forward, name_of
from explorer.graph.values import INPUT, Layer
from explorer.graph.vocabulary import plain
from explorer.opened import places, pointwise, windows
from explorer.opened.taken import Taken, Terms, Worked, closed, index_of
from explorer.opened.values import Opened, Step, Term
from explorer.prepare import placed
from explorer.proof import epsilon
from explorer.recipe import Recipe, Unit
from explorer.session import Network
from explorer.text import N_
from explorer.values import Frame

_PREPARED = N_(
    "The picture resized to the input holds {pixel} here, of 255; the channel's mean is taken away and the rest "
    "divided by its standard deviation, as the weights want it."
)
_GIVEN = N_("The number that the array or your program's own transform gives the network: nothing is computed here.")

_SAME = (
    *("cat", "stack", "flatten", "reshape", "permute", "slice", "gather", "expand", "repeat", "repeat_interleave"),
    *("roll", "flip", "pixel_shuffle", "pixel_unshuffle", "unfold_axis", "dropout", "cast"),
)

Rule = Callable[[Taken], Worked]
RULES: Mapping[str, Rule] = {
    **{f"conv{kind}{n}d": windows.conv for kind in ("", "_transpose") for n in (1, 2, 3)},
    "linear": windows.linear,
    **{f"{kind}_pool{n}d": windows.pool for kind in ("max", "avg", "lp") for n in (1, 2, 3)},
    **{f"adaptive_{kind}_pool{n}d": windows.adaptive for kind in ("max", "avg") for n in (1, 2, 3)},
    "batch_norm": pointwise.batch_norm,
    **dict.fromkeys(["layer_norm", "rms_norm", "group_norm", "instance_norm"], pointwise.normalised),
    "local_response_norm": pointwise.response_norm,
    "normalize": pointwise.unit_norm,
    **dict.fromkeys(pointwise.ACTIVATIONS, pointwise.activation),
    "prelu": pointwise.prelu,
    **dict.fromkeys(["softmax", "log_softmax"], pointwise.softmax),
    **dict.fromkeys(
        ["add", "subtract", "multiply", "divide", "power", "maximum", "minimum"],
        pointwise.binary,
    ),
    **dict.fromkeys(["mean", "sum", "amax", "amin"], pointwise.reduction),
    "matmul": pointwise.matmul,
    "cdist": pointwise.distance,
    **dict.fromkeys(_SAME, places.same),
    "pad": places.pad,
    "interpolate": places.resized,
}
"""How each op is opened; one that is not here says that it is not."""
UNKNOWN = (*UNREADABLE, AttributeError, RuntimeError)
"""What a rule raises where a call has a form that it does not know."""


@dataclass(frozen=True, eq=False)
class Kept:
    """What a layer's call was given, its activations copied before it ran, and what it made, with the batch."""

    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    out: Tensor


class _Watch(Watch):
    """Also keeps the arguments of the wanted layers' calls as they were before these ran."""

    def __init__(self, network: Network, layers: Iterable[Layer]) -> None:
        super().__init__(network.graph, {layer.id: Tensor.clone for layer in layers})
        self.given: dict[int, tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = {}
        self._names = network.graph.calls
        self._weights = {id(one) for one in network.module.parameters()}

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the call; keep what a wanted one is given."""
        if self.count in self._wanted and name_of(func) == self._names[self.count]:
            self.given[self.count] = func, self._copied(args), self._copied(kwargs or {})
        return super().__torch_function__(func, types, args, kwargs)

    def _copied(self, value: Any) -> Any:
        """Return nested arguments with copies of their activations; weights are not written, and may be large."""
        if isinstance(value, Tensor):
            return value if id(value) in self._weights else value.clone()
        if isinstance(value, dict):
            return {key: self._copied(item) for key, item in value.items()}
        return type(value)(map(self._copied, value)) if type(value) in (list, tuple) else value


def keep(network: Network, layers: Iterable[Layer], x: Tensor) -> dict[str, Kept]:
    """Let the network look at ``x`` (1, C, H, W) and return the calls of ``layers`` by id.

    Raises:
        OtherPath: it ran other calls than when it was traced. ForwardError: it raised.
    """
    layers = list(layers)
    watch = _Watch(network, layers)
    with torch.inference_mode():
        forward(network.module, x, watch)
    if watch.count != len(network.graph.calls):
        raise OtherPath
    return {layer.id: Kept(*watch.given[layer.call[0]], watch.values[layer.id]) for layer in layers}


def opened(network: Network, frame: Frame, recipe: Recipe, unit: Unit) -> Opened:
    """Return the arithmetic of a unit's value on a picture.

    Args:
        network: the recipe's.
        frame: the picture as it came.
        recipe: what is done to the picture.
        unit: which value.

    Raises:
        NetworkError: there is no such layer or unit, or its op cannot be opened.
        ForwardError, DeviceError, SourceError: as ``frame_path.run``.
    """
    filtered = recipe.altered(frame)

    def through(x: Tensor) -> Opened:
        layer = network.layer(unit.layer)
        if layer.id == INPUT:
            return _input(network, filtered, x, unit)
        if layer.op not in RULES or "unread" in layer.attributes:
            raise closed(layer)
        return read(network, layer, keep(network, [layer], x)[layer.id], unit)

    return network.with_room(lambda: network.follow(through, network.prepare(filtered).tensor, filtered, unit.layer))


def read(network: Network, layer: Layer, kept: Kept, unit: Unit) -> Opened:
    """Return the arithmetic of a unit from its layer's call; raises as ``opened``."""
    shape, rule = layer.sizes(kept.out.shape), RULES.get(layer.op)
    if shape is None or rule is None or kept.out.is_complex():
        raise closed(layer)
    at = _place(layer, unit, shape)
    bound = bind(plain(name_of(kept.func)), kept.args, dict(kept.kwargs))
    with torch.inference_mode():
        try:
            worked = rule(Taken(network.graph, layer, at, kept.func, kept.args, kept.kwargs, bound, kept.out))
        except UNKNOWN as error:
            raise closed(layer) from error
        value = float(kept.out.reshape(shape)[at])
    return _made(network, layer.op, unit, worked, value)


def _made(network: Network, op: str, unit: Unit, worked: Worked, value: float) -> Opened:
    """Put together what a rule found, and by how much rounding may make it differ.

    n numbers of size s added up in any order differ by about √n roundings of s (Higham 2002, section 2.8: the bound n
    is reached by no sum that one meets).
    """
    terms = worked.terms
    finite = [abs(n) for step in worked.steps for n in (step.operand or 0.0, step.result) if math.isfinite(n)]
    reach = max([terms.size, *finite]) if worked.reach is None else worked.reach
    rounding = epsilon(network) * (4 + 2 * math.sqrt(terms.count)) * reach + _LEAST
    return Opened(
        unit=unit,
        op=op,
        formula=worked.formula,
        words=worked.words,
        terms=terms.terms,
        result=worked.result,
        value=value,
        rounding=rounding,
        facts=worked.facts,
        count=terms.count,
        rest=terms.rest if worked.sign == "Σ" else 0.0,
        padded=terms.padded,
        total=worked.total,
        sign=worked.sign,
        steps=worked.steps,
        size=terms.size,
        window=worked.window,
        trained=network.trained,
    )


_LEAST = 2.0**-126
"""Below this float32 has fewer digits, and some devices none."""


def _place(layer: Layer, unit: Unit, shape: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return index_of(unit, shape, layer.axes)
    except IndexError:
        raise NetworkError(
            N_("{layer} has no unit of channel {channel}, row {y}, column {x}: its output is {shape}."),
            layer=layer.id,
            channel=unit.channel,
            y=unit.y,
            x=unit.x,
            shape=" × ".join(map(str, shape)),
        ) from None


def _input(network: Network, frame: Frame, x: Tensor, unit: Unit) -> Opened:
    """(p − mean) ÷ std of the resized picture, with p of 0 … ``full``."""
    at = _place(network.graph[INPUT], unit, tuple(x.shape[1:]))
    value, how = float(x[(0, *at)]), network.preparation
    if frame.array is not None or network.transform is not None:
        term = Term(None, value, None, value, mark="constant")
        whole = Terms((term,), 1, 0.0, 0, abs(value), value)
        return _made(network, INPUT, unit, Worked("y = x", _GIVEN, value, whole), value)
    pixels, _geometry = placed(frame.pixels, how, network.input_hw)
    pixel = float(pixels[at[1], at[2], at[0]])
    term = Term(None, pixel, None, pixel, mark="pixel")
    scaled, mean, std = pixel * how.full / 255, how.mean[at[0]], how.std[at[0]]
    steps = [Step("÷ 255", 255.0, scaled)] if how.full == 1 else []
    steps += [Step("− mean", mean, scaled - mean), Step("÷ std", std, (scaled - mean) / std)]
    result = (scaled - mean) / std
    formula = "y = (p ÷ 255 − mean) ÷ std" if how.full == 1 else "y = (p − mean) ÷ std"
    whole = Terms((term,), 1, 0.0, 0, pixel, pixel)
    worked = Worked(formula, _PREPARED, result, whole, steps=tuple(steps), facts={"pixel": f"{pixel:g}"},
                    reach=(scaled + abs(mean)) / std)  # fmt: skip
    return _made(network, INPUT, unit, worked, value)
