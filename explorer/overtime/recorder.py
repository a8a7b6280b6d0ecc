"""What a network's frames tell together, frame by frame; used by the thread that owns the network."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from torch import Tensor

from explorer.errors import NetworkError
from explorer.graph.values import Graph, Layer
from explorer.held import Held, nearest
from explorer.overtime.patches import Strongest, cut
from explorer.overtime.rules import rule
from explorer.overtime.series import KEPT, Answers, Frames, Smoother, Values, best, label
from explorer.overtime.values import Doubles, Followed, LayerFrame, LayerSpan, Patch, Patches, anew
from explorer.receptive.analyse import Fields, analyse
from explorer.recipe import Following, Recipe, Unit
from explorer.tasks.classify import distribution
from explorer.values import Bytes, Floats, Frame, Geometry, Prediction
from explorer.zoo.card import Activation

_MOST_PATHS = 8
"""Of one network, whose areas are remembered."""


class Recorder:
    """Adds frame after frame; begins anew where the recipe's network, source or filters are others, or when asked to.

    Its memory does not grow with the number of frames.

    Args:
        labels: of the network's classes.
        activation: what makes probabilities of its output.
    """

    def __init__(self, labels: tuple[str, ...], activation: Activation) -> None:
        self._labels, self._activation = labels, activation
        self._recipe: Recipe | None = None
        self._paths: list[Fields] = []

    def _begin(self, classes: int, following: Following) -> None:
        self._answers = Answers(classes, _smoother(following)) if classes else None
        self._named = self._labels if len(self._labels) == classes else ()
        size = self._answers.size if self._answers else KEPT
        self._frames, self._values = Frames(size), Values(size)
        self._layers: dict[str, LayerSpan] = {}
        self._scores = False
        self._frame: Frame | None = None
        self._channel: tuple[str, int] | None = None

    def add(
        self,
        recipe: Recipe,
        graph: Graph,
        frame: Frame,
        pixels: Bytes,
        geometry: Geometry,
        output: Tensor | None,
        layer: Layer,
        maps: Held,
        layers: Mapping[str, LayerFrame],
        reading: Callable[[Unit], float | None],
    ) -> Followed:
        """Return what the frames up to this one tell; one that is the newest already is not counted twice.

        Args:
            recipe: what is asked; its ``overtime`` is not None.
            graph: the network's; of one that takes several ways the newest.
            frame: the picture as it came.
            pixels: the picture after its filters, uint8 RGB (H, W, 3).
            geometry: where each cell of the network's input came from.
            output: what the network returned, if it classifies; else None.
            layer, maps: the chosen one and its maps.
            layers: figures of the followed layers.
            reading: gives a unit's value; None of one that is not there.
        """
        following, before = recipe.overtime, self._recipe
        assert following is not None
        if before is None or anew(before, recipe):
            self._begin(0 if output is None else self._classes(output), following)
        elif self._answers and before.overtime and replace(before.overtime, every=following.every) != following:
            self._answers.smooth_as(_smoother(following))
        self._recipe = recipe
        new = frame is not self._frame
        if new:
            self._frame, self._counted = frame, set[str]()
            self._frames.put(frame.index, frame.time_s)
            if self._answers and output is not None:
                self._answers.put(self._answer(output))
        self._add_layers(layers, graph)
        channel = nearest(recipe.channel, maps.shape)
        self._add_patch(frame, pixels, geometry, graph, layer, channel, maps.map(channel), new)
        units = list(recipe.locked)
        if recipe.unit is not None:
            units.insert(0, Unit(layer.id, channel, *recipe.unit))
        self._values.put({unit: reading(unit) for unit in units}, new)
        return self._told(recipe.top)

    def _classes(self, output: Tensor) -> int:
        """Return how many classes the answer of a network tells of."""
        one = self._activation == "sigmoid" and output.numel() == 1 and len(self._labels) != 1
        return 2 if one else output.numel()

    def _answer(self, output: Tensor) -> Doubles:
        """Return every class's probability or score; NaN where the output leaves none."""
        found = distribution(output, len(self._labels), self._activation)
        if found is None:
            return np.full(self._classes(output), np.nan)
        self._scores = found[2]
        answer: Doubles = found[1].numpy()
        return answer

    def _add_layers(self, layers: Mapping[str, LayerFrame], graph: Graph) -> None:
        for name, one in layers.items():
            if name in self._counted:
                continue
            self._counted.add(name)
            known = self._layers.get(name)
            self._layers[name] = known.and_then(one) if known else LayerSpan.first(name, rule(graph[name]), one)

    def _add_patch(
        self,
        frame: Frame,
        pixels: Bytes,
        geometry: Geometry,
        graph: Graph,
        layer: Layer,
        channel: int,
        values: Floats,
        new: bool,
    ) -> None:
        if (layer.id, channel) != self._channel:
            self._channel, self._strongest = (layer.id, channel), Strongest()
            self._clips = rule(layer).clips
            self._patch_frames = self._patch_nans = 0
        elif not new:
            return
        self._patch_frames += 1
        broken = np.isnan(values)
        if broken.any():
            self._patch_nans += 1
            values = np.where(broken, -np.inf, values)
        y, x = (int(at) for at in np.unravel_index(values.argmax(), values.shape))
        value = float(values[y, x])
        if value == -math.inf or (self._clips and value <= 0):
            return
        unit = Unit(layer.id, channel, y, x)

        def cut_out() -> Patch:
            box, known = self._box(geometry, graph, unit)
            part = cut(pixels, box)
            return Patch(value, unit, frame.index, frame.time_s, frame.position_s, part, box, known)

        self._strongest.offer(value, frame.index, cut_out)

    def _fields(self, graph: Graph) -> Fields:
        """Return what the units of ``graph`` see; of a network that takes several ways each is analysed once."""
        found = next((one for one in self._paths if one.graph == graph), None) or analyse(graph)
        self._paths = [found, *(one for one in self._paths if one is not found)][:_MOST_PATHS]
        return found

    def _box(self, geometry: Geometry, graph: Graph, unit: Unit) -> tuple[tuple[int, int, int, int], bool]:
        """Return the pixels that a unit sees, [y0, x0, y1, x1), and whether that is known; else all that go in."""
        everything, fields = geometry.pixels((0, 0, *geometry.input_hw)), self._fields(graph)
        if fields.graph[unit.layer].axes.replace("C", "") != "HW":
            return everything, fields[unit.layer].certainty == "whole input"
        try:
            clipped = fields.area(unit.layer, (unit.y, unit.x)).clipped
        except NetworkError:
            return everything, fields[unit.layer].certainty == "whole input"
        box = geometry.pixels(clipped) if clipped else (0, 0, 0, 0)
        return (box, True) if box[0] < box[2] and box[1] < box[3] else (everything, False)  # it sees padding alone

    def _told(self, top: int) -> Followed:
        indices, answers, channel = self._frames.indices(), self._answers, self._channel
        assert channel is not None
        return Followed(
            frames=self._frames.count,
            indices=indices,
            times_s=self._frames.times_s(),
            leaders=answers.leaders(self._named, len(indices)) if answers else (),
            scores=self._scores,
            smoothed=self._smoothed(top),
            unanswered=answers.unanswered if answers else 0,
            units=self._values.series(len(indices)),
            patches=Patches(*channel, self._patch_frames, self._patch_nans, self._strongest.found, self._clips),
            layers=dict(self._layers),
        )

    def _smoothed(self, top: int) -> tuple[Prediction, ...]:
        answer = self._answers.newest if self._answers else None
        if answer is None:
            return ()
        return tuple(_prediction(i, label(self._named, i), float(answer[i]), self._scores) for i in best(answer, top))


def _smoother(following: Following) -> Smoother:
    return Smoother(following.smoothing, following.frames)


def _prediction(index: int, name: str, value: float, score: bool) -> Prediction:
    return Prediction(index, name, math.nan if score else value, value if score else None)
