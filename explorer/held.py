"""A layer's maps where they are held, and what is asked of them: in the machine's memory, or on an accelerator.

From an accelerator comes only what is painted and told. Who needs the maps themselves asks for ``raw``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer import on_device
from explorer.parcel import Arriving, Parcel
from explorer.recipe import Unit, View
from explorer.render import measure
from explorer.render.measure import Figures
from explorer.values import Bytes, ChannelTable, Floats, Statistics

Shape = tuple[int, int, int]


def scaled(view: View, shape: Shape) -> View:
    """Return ``view`` for maps of ``shape`` (C, h, w): one of a single value has no scale of its own."""
    return replace(view, scale="layer") if view.scale == "map" and shape[1:] == (1, 1) else view


def nearest(channel: int, shape: Shape) -> int:
    """Return the channel that there is which is nearest to ``channel``."""
    return min(max(channel, 0), shape[0] - 1)


class HostMaps:
    """Maps in the machine's memory.

    Attributes:
        raw: float32 (C, h, w), contiguous.
    """

    def __init__(self, raw: Floats) -> None:
        self.raw = raw

    @property
    def shape(self) -> Shape:
        """(C, h, w)."""
        c, h, w = self.raw.shape
        return c, h, w

    def expect(self, channel: int, view: View) -> None:
        """Hear what will be asked."""

    def figures(self) -> Figures:
        """Return the figures of every map and of all together."""
        return measure.figures(self.raw)

    def levels(self, view: View, ranges: Floats, finite: bool) -> Bytes:
        """Return the maps as levels, uint8 (C, h, w).

        Args:
            view: that the ranges are of.
            ranges: what levels 0 and 252 stand for, float32 (C, 2).
            finite: whether all values are.
        """
        return measure.levels(self.raw, ranges, inside=finite and view.scale != "fixed")

    def map(self, channel: int) -> Floats:
        """Return one map, float32 (h, w), to be read only."""
        found: Floats = self.raw[channel]
        return found

    def statistics(self, channel: int, measured: Figures) -> Statistics:
        """Return the figures of one map, of those of all."""
        one = slice(channel, channel + 1)
        return measure.statistics(self.raw[one], measure.pick(measured.table, one), measured.finite)

    def reading(self, unit: Unit) -> float | None:
        """Return the value of ``unit``; None where the maps do not reach so far."""
        return float(self.raw[unit.channel, unit.y, unit.x]) if reaches(self.shape, unit) else None


class DeviceMaps:
    """Maps on an accelerator; the questions are those of ``HostMaps``.

    What is asked is worked out there, and only the answer comes over; that of the newest channel and view is kept. Of
    maps with NaN, infinities, or values that float32 cannot square or scale, numpy answers instead.

    Args:
        values: float32 (C, h, w), contiguous, not empty, nobody else's memory.
        parcel: in which the figures travel, and what is painted for ``channel`` and ``view``.
    """

    def __init__(self, values: Tensor, parcel: Parcel, channel: int, view: View) -> None:
        c, h, w = values.shape
        self.shape: Shape = (c, h, w)
        self.values = values
        self._parcel = parcel
        self._table = on_device.figures(values)
        self._low, self._high = self._table[0], self._table[1]
        self._told = parcel.put(self._table)
        self._counts = parcel.put(on_device.histogram(values, self._low.min(), self._high.max()))
        self._painted: dict[object, Arriving] = {}
        self._ones: dict[int, tuple[Arriving, Arriving]] = {}
        self.expect(channel, view)

    @cached_property
    def raw(self) -> Floats:
        """All values, float32 (C, h, w), contiguous; copied when they are first asked for."""
        found: Floats = self.values.cpu().numpy()
        return found

    @cached_property
    def _host(self) -> HostMaps:
        return HostMaps(self.raw)

    @cached_property
    def _odd(self) -> bool:
        """Whether there are values that the sums and scales of float32 are not made for."""
        low, high, *others = self._told().double().numpy()
        with np.errstate(invalid="ignore"):
            spread = high - low
            sums = spread.sum() + np.sum(others)
        if not np.isfinite(sums) or ((spread > 0) & (spread < measure.SMALL)).any():
            return True
        ends = float(low.min()), float(high.max())
        scale = measure.BINS / (ends[1] - ends[0]) if ends[1] > ends[0] else 0.0
        return measure.number_type(abs(ends[0]), abs(ends[1]), scale) is not np.float32

    def expect(self, channel: int, view: View) -> None:
        """See ``HostMaps``: it then comes over together."""
        self._map(nearest(channel, self.shape))
        self._levels(scaled(view, self.shape))

    def _levels(self, view: View) -> Arriving:
        key = (view.scale, *((view.low, view.high) if view.scale == "fixed" else ()))
        if key not in self._painted:
            ends = on_device.ranges(self._low, self._high, view)
            found = on_device.levels(self.values, *ends, inside=view.scale != "fixed")
            self._painted = {key: self._parcel.put(found)}
        return self._painted[key]

    def _map(self, channel: int) -> tuple[Arriving, Arriving]:
        """Return what gives a map and its histogram."""
        if channel not in self._ones:
            one = self.values[channel]
            counts = on_device.histogram(one, self._low[channel], self._high[channel])
            self._ones = {channel: (self._parcel.put(one), self._parcel.put(counts))}
        return self._ones[channel]

    def figures(self) -> Figures:
        """See ``HostMaps``."""
        if self._odd:
            return self._host.figures()
        low, high, mean, std, zeros, negatives = self._told().double().numpy().copy()
        cells, none = self.shape[1] * self.shape[2], np.zeros(len(low), np.int64)
        table = ChannelTable(low, high, mean, std, zeros / cells, none, none)
        return Figures(table, measure.together(table, _given(self._counts), negatives.sum() / cells / len(low)), True)

    def levels(self, view: View, ranges: Floats, finite: bool) -> Bytes:
        """See ``HostMaps``."""
        if self._odd or not measure.ordinary(ranges):
            return self._host.levels(view, ranges, finite)
        found: Bytes = self._levels(view)().numpy()
        return found

    def map(self, channel: int) -> Floats:
        """See ``HostMaps``."""
        found: Floats = self._map(channel)[0]().numpy()
        return found

    def statistics(self, channel: int, measured: Figures) -> Statistics:
        """See ``HostMaps``."""
        if self._odd:
            return self._host.statistics(channel, measured)
        table = measure.pick(measured.table, slice(channel, channel + 1))
        share = float(self._told()[-1, channel]) / (self.shape[1] * self.shape[2])
        return measure.together(table, _given(self._map(channel)[1]), share)

    def reading(self, unit: Unit) -> float | None:
        """See ``HostMaps``: of another map than the newest one, only the value comes over."""
        if not reaches(self.shape, unit):
            return None
        one: Floats | Tensor = self.map(unit.channel) if unit.channel in self._ones else self.values[unit.channel]
        return float(one[unit.y, unit.x])


Held = HostMaps | DeviceMaps


def held(maps: Floats | Held) -> Held:
    """Return maps as what answers for them."""
    return HostMaps(maps) if isinstance(maps, np.ndarray) else maps


def _given(counts: Arriving) -> Callable[[float, float], NDArray[np.int64]]:
    return lambda _low, _high: counts().numpy().copy()


def reaches(shape: Sequence[int], unit: Unit) -> bool:
    """Return whether maps of ``shape`` have ``unit``."""
    return all(at < n for at, n in zip((unit.channel, unit.y, unit.x), shape, strict=True))
