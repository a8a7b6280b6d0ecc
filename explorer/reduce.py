"""A layer's output becomes maps, and these with their figures and levels what the window paints.

On the CPU the chosen layer is copied once, as float32 maps one after another in memory; from there on it is numpy, on
blocks of maps that fit the processor's cache. Measured for 64 maps of 112 × 112 on one thread: 3 ms, against 12 ms for
the same with torch's reductions on the channels-last tensor (``aminmax``, ``var_mean``, ``count_nonzero``, ``histc``).
On an accelerator its maps stay there (``held.DeviceMaps``): what is painted and told of them leaves it, in a frame's
one parcel, together with thumbnails, overview, single values and the picture that went in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer import on_device
from explorer.cv import cv2
from explorer.errors import NetworkError
from explorer.graph.values import Graph, Layer
from explorer.held import DeviceMaps, Held, held, nearest, reaches, scaled
from explorer.parcel import Arriving, Parcel
from explorer.recipe import Unit, View
from explorer.render import tiles
from explorer.render.measure import Figures, levels, levels_of_one, ordinary
from explorer.text import N_
from explorer.values import Bytes, ChannelTable, Floats, LayerView, Thumbnail

Reduced = Tensor | Floats | DeviceMaps | None
Reducer = Callable[[Tensor], Reduced]
Column = tuple[tuple[int, Thumbnail], ...]
"""Maps of a layer with their channels."""

THUMBNAIL_PX = 48
COLUMN_PX = 80
"""Most that a side of a map in the overview has, px."""
_STAYS = 1.25
"""By so much another map must be more active than one that is shown in the overview to take its place."""


def real(output: Tensor) -> Tensor:
    """Return the magnitudes of complex numbers, which is what can be shown of them; other numbers as they are."""
    return output.abs() if output.is_complex() else output


def maps(output: Tensor, layer: Layer) -> Tensor:
    """Return a layer's output as maps (C, h, w), a view where possible, on its device and of its number type.

    Of complex numbers these are the magnitudes.

    The channel axis comes first; what is left of the axes is laid out in their order: C is C maps of 1 × 1, LC and CL
    are C maps of 1 × L, HWC is turned, of more than two axes the last is the width. Without a channel axis it is one
    map.

    Args:
        output: with the batch of one, wherever that axis stands.
        layer: whose output it is.
    """
    shape = layer.sizes(output.shape)
    if shape is None:
        raise ValueError(f"{tuple(output.shape)} is no output of {layer.id}")
    whole = real(output).reshape(shape)
    if "C" not in layer.axes:
        width = shape[-1] if shape else 1
        return whole.reshape(1, prod(shape[:-1]), width)
    at = layer.axes.index("C")
    whole = whole.movedim(at, 0)
    rest = shape[:at] + shape[at + 1 :]
    if len(rest) == 2:
        return whole
    return whole.reshape(whole.shape[0], prod(rest[:-1]), rest[-1] if rest else 1)


def keep(layer: Layer) -> Callable[[Tensor], Floats]:
    """Return the reducer that copies a layer's maps: float32 (C, h, w), contiguous, in the machine's memory."""

    def reducer(output: Tensor) -> Floats:
        found = maps(output.detach(), layer).to(torch.float32)
        c, h, w = found.shape
        if found.device.type == "cpu" and h * w > 1 and c > 1 and found.stride() == (1, w * c, c):
            flat = found.permute(1, 2, 0).reshape(h * w, c).numpy()
            return np.asarray(cv2.transpose(flat), np.float32).reshape(c, h, w)
        copied = found.contiguous().cpu()
        if copied.data_ptr() == output.data_ptr():
            copied = copied.clone()
        array: Floats = copied.numpy()
        return array

    return reducer


def hold(layer: Layer, parcel: Parcel, channel: int, view: View) -> Callable[[Tensor], Floats | DeviceMaps]:
    """Return the reducer that does as ``keep`` on the CPU, and on an accelerator leaves the maps there.

    Args:
        layer: the chosen one.
        parcel: brings over what is told and painted of them.
        channel, view: what will be asked of them.
    """
    copied = keep(layer)

    def reducer(output: Tensor) -> Floats | DeviceMaps:
        if output.device.type == "cpu" or not output.numel():
            return copied(output)
        found = maps(output.detach(), layer)
        there = found.to(torch.float32, copy=True, memory_format=torch.contiguous_format)
        return DeviceMaps(there, parcel, channel, view)

    return reducer


def wanted(graph: Graph, chosen: Layer, thumbnails: Iterable[str], how: Reducer | None = None) -> dict[str, Reducer]:
    """Return the reducers of a frame, by layer id: ``how`` or ``keep`` for the chosen layer, ``small`` for others."""
    return {name: small(graph[name]) for name in thumbnails} | {chosen.id: how or keep(chosen)}


def check_values(values: Floats | DeviceMaps, layer: Layer) -> None:
    """Do nothing if the maps of ``layer`` hold values.

    Raises:
        NetworkError: they hold none.
    """
    if not prod(values.shape):
        raise NetworkError(
            N_("{layer} makes no values from this input (its output is {shape}): choose another layer or picture."),
            layer=layer.id,
            shape=" × ".join(map(str, layer.output)),
        )


def small(layer: Layer) -> Callable[[Tensor], Tensor]:
    """Return the reducer for a thumbnail; it works on the device."""
    return lambda output: _small(maps(output.detach(), layer))


def _small(found: Tensor) -> Tensor:
    """The mean over channels of every n-th cell, float32 (h, w), at most 48 a side.

    Of a layer without positions the values themselves, in the rows of a square; of one without values a cell of NaN.
    """
    c, h, w = found.shape
    if not found.numel():
        return torch.full((1, 1), torch.nan)
    if h * w == 1:
        side = min(math.isqrt(c), THUMBNAIL_PX)
        return found.reshape(-1)[: side * side].reshape(side, side).to(torch.float32, copy=True)
    step = -(-max(h, w) // THUMBNAIL_PX)  # one for both: the map keeps its shape
    first_y, first_x = min(step // 2, h - 1), min(step // 2, w - 1)
    return found[:, first_y::step, first_x::step].to(torch.float32).mean(0)


def sent(captured: Mapping[str, Reduced], parcel: Parcel) -> dict[str, Callable[[], Tensor | Floats]]:
    """Put into the parcel what ``thumbnails`` needs of what the reducers made, and return what gives it."""
    found: dict[str, Callable[[], Tensor | Floats]] = {}
    for name, one in captured.items():
        if isinstance(one, np.ndarray):
            found[name] = _given(one)
        elif one is not None:
            found[name] = parcel.put(_small(one.values) if isinstance(one, DeviceMaps) else one)
    return found


def _given(values: Floats) -> Callable[[], Floats]:
    return lambda: values


def thumbnails(captured: Mapping[str, Tensor | Floats | None]) -> dict[str, Thumbnail]:
    """Return the thumbnails of what ``small`` (tensors) and ``keep`` (arrays) made, by layer id."""
    return {
        name: _thumbnail(found if isinstance(found, Tensor) else _small(torch.from_numpy(found)))
        for name, found in captured.items()
        if found is not None
    }


def _thumbnail(values: Tensor) -> Thumbnail:
    """Levels from the minimum to the maximum, or symmetric where some values are negative."""
    means: Floats = values.cpu().numpy()
    low, high = _limits(means)
    finite = math.isfinite(low) and math.isfinite(high)  # NaN goes through both
    if not finite:
        low, high = _limits(means[np.isfinite(means)])
    signed = low < 0
    if signed:
        high = max(-low, high)
        low = -high
    elif low == high:
        low, high = min(low, 0.0), max(high, 0.0)
    if finite:
        return Thumbnail(levels_of_one(means, low, high), signed)
    return Thumbnail(levels(means[None], np.array([[low, high]], np.float32), False)[0], signed)


class Readings:
    """Takes the values of single units while the network runs.

    Args:
        units: which ones.
        parcel: brings them over.
    """

    def __init__(self, units: Iterable[Unit], parcel: Parcel | None = None) -> None:
        self._units = tuple(units)
        self._parcel = parcel or Parcel()
        self._found: dict[Unit, Arriving] = {}

    @property
    def values(self) -> dict[Unit, float | None]:
        """What was read; None of a unit that its layer does not have."""
        return {unit: float(self._found[unit]()) if unit in self._found else None for unit in self._units}

    def beside(self, reducers: Mapping[str, Reducer], graph: Graph) -> dict[str, Reducer]:
        """Return ``reducers``, and those of the units' layers are read first; a missing one makes a thumbnail."""
        layers = [graph.by_id[name] for name in {unit.layer for unit in self._units} if name in graph.by_id]
        return {**reducers, **{one.id: self._both(one, reducers.get(one.id) or small(one)) for one in layers}}

    def _both(self, layer: Layer, reducer: Reducer) -> Reducer:
        def both(output: Tensor) -> Reduced:
            found = maps(output.detach(), layer)
            for unit in self._units:
                if unit.layer == layer.id and reaches(found.shape, unit):
                    self._found[unit] = self._parcel.put(found[unit.channel, unit.y, unit.x].clone())
            return reducer(output)

        return both


class Overview:
    """Takes the most active maps of some layers while the network runs, small, on its device.

    The activity of a map is the mean of its absolute values. While frames of one source follow one another, a map that
    is shown keeps its place unless another one is a quarter more active: else maps would jump at every frame.

    Args:
        count: how many maps of each layer.
        before: the channels that are shown now, by layer id.
        parcel: brings them over.
    """

    def __init__(
        self, count: int, before: Mapping[str, Sequence[int]] | None = None, parcel: Parcel | None = None
    ) -> None:
        self._count = count
        self._before = before or {}
        self._parcel = parcel or Parcel()
        self._found: dict[str, Callable[[], Column]] = {}

    def beside(self, reducers: Mapping[str, Reducer], layers: Iterable[Layer]) -> dict[str, Reducer]:
        """Return ``reducers``, and those of ``layers`` take the maps first; one that is not there makes a thumbnail."""
        return {**reducers, **{one.id: self._both(one, reducers.get(one.id) or small(one)) for one in layers}}

    def _both(self, layer: Layer, reducer: Reducer) -> Reducer:
        def both(output: Tensor) -> Reduced:
            before = self._before.get(layer.id, ())
            self._found[layer.id] = self._taken(*self._strongest(maps(output.detach(), layer), before), before)
            return reducer(output)

        return both

    def _strongest(self, found: Tensor, before: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return so many maps, float32 (n, h, w), at most ``COLUMN_PX`` a side, and their channels (n,).

        Where a map is larger, the means of its areas.
        """
        if found.numel():
            activity = found.abs().mean((1, 2), dtype=torch.float32).nan_to_num(torch.inf)
            if kept := [c for c in before if c < len(found)]:
                activity[torch.tensor(kept, device=found.device)] *= _STAYS
            channels = activity.argsort(descending=True, stable=True)[: self._count]
        else:
            channels = torch.zeros(0, dtype=torch.long, device=found.device)
        chosen = found[channels].to(torch.float32, copy=True)
        hw = min(found.shape[1], COLUMN_PX), min(found.shape[2], COLUMN_PX)
        if chosen.numel() and hw != chosen.shape[1:]:
            chosen = torch.nn.functional.adaptive_avg_pool2d(chosen, hw)
        return chosen, channels

    def _taken(self, chosen: Tensor, channels: Tensor, before: Sequence[int]) -> Callable[[], Column]:
        """Return what makes them a column; on an accelerator they are made levels there."""

        def by_numpy() -> Column:
            return _column(chosen.cpu().numpy(), channels.tolist(), before)

        if chosen.device.type == "cpu" or not chosen.numel():
            return by_numpy
        ends = on_device.ends(chosen)
        painted = self._parcel.put(on_device.levels(chosen, *on_device.ranges(*ends, View()), inside=True))
        numbers, found = self._parcel.put(channels), self._parcel.put(torch.stack(ends).to(torch.float32))

        def column() -> Column:
            low, high = found().numpy()
            if not np.isfinite([low, high]).all():
                return by_numpy()
            ranges, signed = _own_ranges(low, high)
            if not ordinary(ranges):
                return by_numpy()
            return _seated_column(painted().numpy(), signed, numbers().tolist(), before)

        return column

    def columns(self) -> dict[str, Column]:
        """Return what was taken by layer id: maps with their channels, the most active first, but those that stay."""
        return {name: column() for name, column in self._found.items()}


def _seated(channels: Sequence[int], before: Sequence[int]) -> list[int]:
    """Return ``channels`` with those of ``before`` where they were, and the others in the places that are left."""
    stay = [channel if channel in channels else None for channel in before[: len(channels)]]
    others = iter([channel for channel in channels if channel not in stay])
    return [next(others) if channel is None else channel for channel in stay] + list(others)


def _column(values: Floats, channels: Sequence[int], before: Sequence[int]) -> Column:
    """Return maps as levels of their own ranges, symmetric where one of them has negative values."""
    if not channels:
        return ()
    low, high = values.min((1, 2)), values.max((1, 2))
    whole = bool(np.isfinite(low).all() and np.isfinite(high).all())  # NaN goes through both
    if not whole:
        finite = np.isfinite(values)
        low = np.where(finite, values, np.inf).min((1, 2))
        high = np.where(finite, values, -np.inf).max((1, 2))
        low, high = (np.where(np.isfinite(end), end, 0) for end in (low, high))
    ranges, signed = _own_ranges(low, high)
    return _seated_column(levels(values, ranges, whole), signed, channels, before)


def _own_ranges(low: Floats, high: Floats) -> tuple[Floats, bool]:
    """Return the ranges of maps by their own ends, float32 (n, 2), and whether they are symmetric."""
    signed = bool(low.min() < 0)
    if signed:
        high = np.maximum(-low, high)
        low = -high
    low = np.where(low == high, np.minimum(low, 0), low)
    return np.stack([low, high], axis=1).astype(np.float32), signed


def _seated_column(painted: Bytes, signed: bool, channels: Sequence[int], before: Sequence[int]) -> Column:
    return tuple((c, Thumbnail(painted[channels.index(c)], signed)) for c in _seated(channels, before))


def pictured(tensor: Tensor, parcel: Parcel) -> Callable[[], tuple[Bytes, tuple[float, float]]]:
    """Return what gives ``picture`` of the network's input, of which nothing is needed any more when this returns."""
    if tensor.device.type == "cpu" or not tensor.numel():
        found = picture(tensor)
        return lambda: found
    painted, ends = (parcel.put(one) for one in on_device.picture(_as_picture(tensor)))

    def arrived() -> tuple[Bytes, tuple[float, float]]:
        low, high = ends().tolist()
        return _rgb(painted().numpy().copy()), (low, high)

    return arrived


def picture(tensor: Tensor) -> tuple[Bytes, tuple[float, float]]:
    """Return the network's input as a picture, uint8 (h, w, 3), its minimum 0 and its maximum 255, and those two
    values.

    One channel is grey; of more than three the first three are shown. NaN and infinities are black.

    Args:
        tensor: float (1, C, h, w).
    """
    values = _as_picture(tensor).cpu().numpy()
    low, high = _limits(values)
    if math.isfinite(low) and math.isfinite(high):
        shown = levels_of_one(values, low, high, 255)
    else:
        low, high = _limits(values[np.isfinite(values)])
        inside = np.clip(np.nan_to_num(values, nan=low, posinf=low, neginf=low), low, high)  # black
        shown = levels_of_one(inside, low, high, 255)
    return _rgb(shown), (low, high)


def _as_picture(tensor: Tensor) -> Tensor:
    """The channels that are shown of an input (1, C, h, w): float32 (h, w, 3) or (h, w, 1)."""
    return tensor[0, : 3 if tensor.shape[1] >= 3 else 1].permute(1, 2, 0).float()


def _rgb(shown: Bytes) -> Bytes:
    return shown if shown.shape[2] == 3 else np.repeat(shown, 3, axis=2)


def _limits(finite: Floats) -> tuple[float, float]:
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def spans(table: ChannelTable, view: View) -> tuple[Floats, bool]:
    """Return what levels 0 and 252 stand for in each map, and whether the layer is signed.

    A layer with negative values is signed: its ranges are symmetric, so that level 126 is zero. Otherwise a map's range
    is its own minimum to maximum, the layer's, or the fixed one; a map of one value counts from zero.

    Returns:
        float32 (C, 2), and whether any finite value is negative.
    """
    low, high = table.minimum, table.maximum
    if np.isnan(low.sum()):  # of a map without a finite value
        low, high = np.nan_to_num(low), np.nan_to_num(high)
    signed = bool(low.min() < 0)
    if view.scale == "layer":
        low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
    elif view.scale == "fixed":
        low, high = np.full_like(low, min(view.low, view.high)), np.full_like(high, max(view.low, view.high))
    if signed:
        high = np.maximum(np.abs(low), np.abs(high))
        low = -high
    elif (constant := low == high).any():
        low, high = np.where(constant, np.minimum(low, 0), low), np.where(constant, np.maximum(high, 0), high)
    return np.stack([low, high], axis=1).astype(np.float32), signed


def order(table: ChannelTable, view: View) -> NDArray[np.intp]:
    """Return the channels in the order of the mosaic; equal ones keep the network's order, NaN come last."""
    keys = {"mean": table.mean, "max": table.maximum, "zeros": table.zeros}
    if view.sort not in keys:
        return np.arange(len(table.mean), dtype=np.intp)
    return np.argsort(-keys[view.sort], kind="stable")


_grid = lru_cache(maxsize=256)(tiles.grid)


def show(
    values: Floats | Held, measured: Figures, layer: Layer, channel: int, view: View, kernel: Floats | None
) -> LayerView:
    """Return a layer ready to be painted.

    Args:
        values: its maps (C, h, w): float32, contiguous, or as they are held.
        measured: their figures.
        layer: the layer.
        channel: the map for the inspector; the nearest there is where it is out of range.
        view: scale, order and shape of the mosaic.
        kernel: the channel's weights, or None.
    """
    of = held(values)
    channel, view = nearest(channel, of.shape), scaled(view, of.shape)
    of.expect(channel, view)
    ranges, signed = spans(measured.table, view)
    painted = of.levels(view, ranges, measured.finite)
    positions = order(measured.table, view)
    grid = _grid(of.shape[0], of.shape[1:], view.aspect)
    return LayerView(
        layer=layer,
        mosaic=tiles.mosaic(painted, positions, grid),
        grid=grid,
        order=positions,
        ranges=ranges,
        signed=signed,
        statistics=measured.statistics,
        channels=measured.table,
        channel=channel,
        map=of.map(channel).copy(),
        map_levels=painted[channel].copy(),
        map_statistics=of.statistics(channel, measured),
        kernel=kernel,
    )
