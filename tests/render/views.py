"""A layer's view made here from its maps, for the tests of what is written."""

from __future__ import annotations

import numpy as np

from explorer.graph.values import Layer
from explorer.render import tiles
from explorer.values import LEVEL_NAN, LEVELS, ChannelTable, Floats, LayerView, Statistics


def _statistics(values: Floats) -> Statistics:
    finite = values[np.isfinite(values)].astype(np.float64)
    histogram = np.histogram(finite, 16)[0].astype(np.int64)
    moments = (finite.min(), finite.max(), finite.mean(), finite.std(), (values == 0).mean())
    return Statistics(*map(float, moments), int(np.isnan(values).sum()), int(np.isinf(values).sum()), histogram)


def view(maps: Floats, signed: bool = False, whole: bool = False, channel: int = 0) -> LayerView:
    """Return what the path would make of ``maps``, float32 (C, h, w); ``whole``: one range for all of them."""
    finite = np.where(np.isfinite(maps), maps, np.nan)
    low, high = np.nanmin(finite, axis=(1, 2)), np.nanmax(finite, axis=(1, 2))
    if whole:
        low[:], high[:] = low.min(), high.max()
    if signed:
        high = np.maximum(-low, high)
        low = -high
    share = (finite - low[:, None, None]) / np.maximum(high - low, 1e-30)[:, None, None]
    levels = np.rint(np.nan_to_num(share) * (LEVELS - 1)).astype(np.uint8)
    levels[~np.isfinite(maps)] = LEVEL_NAN
    order = np.arange(len(maps))
    grid = tiles.grid(len(maps), maps.shape[1:], 1.0)
    each = [_statistics(one) for one in maps]
    names = ("minimum", "maximum", "mean", "std", "zeros", "nan", "inf")
    table = ChannelTable(*(np.array([getattr(one, name) for one in each]) for name in names))
    layer = Layer("layer1.0.conv1", "layer1.0.conv1", "Conv2d", ("input",), maps.shape, "CHW")
    ranges = np.stack([low, high], axis=1)
    mosaic = tiles.mosaic(levels, order, grid)
    return LayerView(
        layer, mosaic, grid, order, ranges, signed, _statistics(maps), table,
        channel, maps[channel], levels[channel], each[channel], None,
    )  # fmt: skip
