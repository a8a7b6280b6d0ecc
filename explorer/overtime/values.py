"""What was found over the frames of a source: plain values, no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.overtime.rules import Rule
from explorer.values import Bytes, Prediction

if TYPE_CHECKING:
    from explorer.recipe import Recipe, Unit

Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]
Anew = Literal["", "source", "filters", "touch", "network", "weights", "input", "asked"]
"""What a series of frames ended with."""

MOST_PATCHES = 9
"""So many of the strongest answers of a channel are kept."""
PAUSE_S = 2.0
"""Where no frame came for longer, the axis of time shows no more than this."""


def anew(before: Recipe, after: Recipe) -> Anew:
    """Return what keeps frames seen under two recipes from being told together; "" where nothing does."""
    if after.source != before.source:
        return "source"
    if after.network != before.network:
        return "network"
    if after.weights != before.weights:
        return "weights"
    if after.input_hw != before.input_hw:
        return "input"
    if after.filters != before.filters:
        return "filters"
    if after.touch != before.touch:
        return "touch"
    counts = [recipe.overtime.begun if recipe.overtime else 0 for recipe in (before, after)]
    return "asked" if counts[0] != counts[1] else ""


@dataclass(frozen=True, eq=False)
class LayerFrame:
    """One layer in one frame.

    Attributes:
        cells: how many values it has.
        zeros: how many of them are exactly 0.
        nan: how many are NaN, by channel, int64 (C,).
        high: the largest value of each channel that is not NaN, (C,); −inf where all are.
        low: the smallest one, +inf where all are NaN; None of a layer that clips at zero, which needs none.
        saturated: how many are at a bound, by channel, int64 (C,); None of a layer without bounds.
    """

    cells: int
    zeros: int
    nan: Integers
    high: Doubles
    low: Doubles | None = None
    saturated: Integers | None = None


@dataclass(frozen=True, eq=False)
class LayerSpan:
    """One layer over n frames.

    Attributes:
        layer: its id.
        rule: how its values are limited.
        frames: n.
        zeros: share of zeros in the newest frame, 0 … 1; NaN is no zero.
        zeros_mean: mean of that share over the frames: the average percentage of zeros of Hu et al., "Network
            Trimming", 2016, as a share and of the whole layer.
        nan: how many cells were NaN, by channel, int64 (C,), over all frames; ``nan_now`` in the newest one in all.
        high, low: as in ``LayerFrame``, over all frames.
        saturated_cells: as ``saturated`` there.
        cells: how many values each channel had over all frames.
    """

    layer: str
    rule: Rule
    frames: int
    zeros: float
    zeros_mean: float
    nan: Integers
    nan_now: int
    high: Doubles
    low: Doubles | None
    saturated_cells: Integers | None
    cells: int

    @classmethod
    def first(cls, layer: str, rule: Rule, frame: LayerFrame) -> LayerSpan:
        """Return what one frame tells."""
        zeros, cells = frame.zeros / frame.cells, frame.cells // len(frame.high)
        nan_now = int(frame.nan.sum())
        return cls(layer, rule, 1, zeros, zeros, frame.nan, nan_now, frame.high, frame.low, frame.saturated, cells)

    def and_then(self, frame: LayerFrame) -> LayerSpan:
        """Return what these frames and one more tell; another number of channels begins anew."""
        one = LayerSpan.first(self.layer, self.rule, frame)
        if len(one.high) != len(self.high):
            return one
        n = self.frames + 1
        return replace(
            one,
            frames=n,
            zeros_mean=self.zeros_mean + (one.zeros - self.zeros_mean) / n,
            nan=self.nan + one.nan,
            high=np.maximum(self.high, one.high),
            low=None if self.low is None or one.low is None else np.minimum(self.low, one.low),
            saturated_cells=_sum(self.saturated_cells, one.saturated_cells),
            cells=self.cells + one.cells,
        )

    @property
    def channels(self) -> int:
        """How many there are."""
        return len(self.high)

    @property
    def dead(self) -> tuple[int, ...]:
        """The channels that were never above zero; none of a layer that does not clip. One with a NaN is none."""
        return _where((self.high <= 0) & (self.nan == 0)) if self.rule.clips else ()

    @property
    def constant(self) -> tuple[int, ...]:
        """The channels all of whose cells had one value in all of at least two frames, of a layer that does not clip;
        one with a NaN is none.
        """
        if self.low is None or self.frames < 2:
            return ()
        return _where((self.low == self.high) & (self.nan == 0))

    def saturated(self, share: float) -> tuple[int, ...]:
        """Return the channels of which at least ``share`` (0 … 1) of all cells were at a bound, and none was NaN."""
        if self.saturated_cells is None:
            return ()
        return _where((self.saturated_cells >= share * self.cells) & (self.nan == 0))

    @property
    def broken(self) -> tuple[int, ...]:
        """The channels that had a NaN."""
        return _where(self.nan > 0)


def _sum(a: Integers | None, b: Integers | None) -> Integers | None:
    return None if a is None or b is None else a + b


def _where(true: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(np.flatnonzero(true).tolist())


@dataclass(frozen=True, eq=False)
class Leader:
    """A class that leads, or led recently.

    Attributes:
        index: in the network's output.
        label: English.
        raw, smoothed: in each frame of the series, (n,); NaN where the answer was not finite.
    """

    index: int
    label: str
    raw: Doubles
    smoothed: Doubles


@dataclass(frozen=True, eq=False)
class UnitSeries:
    """A unit's value in each frame of the series.

    Attributes:
        unit: whose.
        values: (n,); may be NaN.
        known: where it was looked at and there is such a unit, bool (n,).
    """

    unit: Unit
    values: Doubles
    known: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Patch:
    """Where a channel answered strongly.

    Attributes:
        value: of its largest cell in that frame.
        unit: that cell.
        index, time_s, position_s: of the frame, see ``values.Frame``.
        pixels: what the cell sees of the picture, uint8 RGB (h, w, 3), at most ``patches.MOST_PX`` a side; never
            without pixels.
        box: the same in the picture, [y0, x0, y1, x1) px.
        known: whether that is what it sees; False where this is unknown and the network's whole input is shown.
    """

    value: float
    unit: Unit
    index: int
    time_s: float
    position_s: float | None
    pixels: Bytes
    box: tuple[int, int, int, int]
    known: bool = True


@dataclass(frozen=True, eq=False)
class Patches:
    """The strongest answers of one channel so far.

    Attributes:
        layer, channel: whose.
        frames: of so many frames.
        nan_frames: in so many of them it had a NaN.
        found: at most ``MOST_PATCHES``, the strongest first.
        clips: whether only values above zero count, as after a ReLU.
    """

    layer: str
    channel: int
    frames: int
    nan_frames: int
    found: tuple[Patch, ...]
    clips: bool


@dataclass(frozen=True, eq=False)
class Followed:
    """What the frames up to the newest one tell.

    Attributes:
        frames: how many were looked at since it began.
        indices, times_s: of the newest of them, see ``values.Frame``; (n,), n at most ``series.KEPT``.
        leaders: by colour; None where no class has that colour yet. Without any the network does not classify.
        scores: whether the answers are scores, of which nobody says how they become probabilities.
        smoothed: the most probable classes by the smoothed probability.
        unanswered: how many frames gave no finite answer.
        units: the chosen unit, if there is one, and the locked ones.
        layers: by id.
        patches: of the chosen channel.
    """

    frames: int
    indices: Integers
    times_s: Doubles
    leaders: tuple[Leader | None, ...]
    scores: bool
    smoothed: tuple[Prediction, ...]
    unanswered: int
    units: tuple[UnitSeries, ...]
    patches: Patches
    layers: Mapping[str, LayerSpan] = field(default_factory=dict)

    @property
    def axis_s(self) -> Doubles:
        """Where each frame of the series lies in time, seconds from the newest one, which is 0; a pause is shortened to
        ``PAUSE_S``.
        """
        steps = np.clip(np.diff(self.times_s), 0, PAUSE_S)
        found: Doubles = np.concatenate([[0.0], np.cumsum(steps)]) - steps.sum()
        return found

    @property
    def follows(self) -> NDArray[np.bool_]:
        """Whether each frame of the series is the very next of its source after the one before it, bool (n,)."""
        return np.concatenate([[False], np.diff(self.indices) == 1])[: len(self.indices)]
