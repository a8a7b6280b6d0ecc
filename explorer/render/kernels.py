"""The kernels of a convolution as one picture: in colour where they see one, else as signed slices. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.graph.values import Graph, Layer
from explorer.render import tiles
from explorer.text import _
from explorer.values import LEVEL_GAP, LEVEL_NAN, LEVELS, Bytes, ChannelTable, Floats, Grid, LayerView, Statistics

Slices = Literal["colour", "matrix", "strongest", "mean", "input"]
"""What is shown of each kernel: all three inputs as red, green and blue; of 1 × 1 kernels all weights at once, kernels
against inputs; the input whose weights have the largest norm; the mean over the inputs; one input."""

_BINS = 64
_TILE_PX = 16
"""A kernel's weights are enlarged by a whole factor up to about so many px, so that the gaps between are thin."""
_HALF = LEVELS // 2


@dataclass(frozen=True, eq=False)
class KernelPicture:
    """The kernels of one layer, ready to be painted.

    Attributes:
        weights: float32 (C_out, C_in per group, kh, kw).
        slices: what is shown of each.
        inputs: int (C_out,): the input that is shown of each kernel, within its group; empty where it is not one.
        view: the mosaic as levels, a kernel a map (of ``matrix`` one map), zero at level 126.
        painted: the kernels in colour, uint8 (C_out, 3, kh, kw), mid-grey where 0; only for ``colour``.
        turned: of ``matrix``, whether a kernel is a column and not a row.
    """

    weights: Floats
    slices: Slices
    inputs: NDArray[np.intp]
    view: LayerView
    painted: Bytes | None
    turned: bool = False

    def at(self, y: int, x: int) -> tuple[int, int | None, int, int] | None:
        """Return (kernel, input, row, column) of the weight at a pixel of the mosaic; None on a gap.

        The input is None where the pixel stands for all of them.
        """
        place = self.view.grid.at(y, x)
        if place is None:
            return None
        kernel, row, column = place
        if self.slices == "matrix":
            return (column, row, 0, 0) if self.turned else (row, column, 0, 0)
        factor = self.view.grid.tile_hw[0] // self.weights.shape[2]
        return kernel, int(self.inputs[kernel]) if len(self.inputs) else None, row // factor, column // factor

    def colour(self, gap_rgb: tuple[int, int, int]) -> Bytes | None:
        """Return the mosaic in colour, uint8 RGB (H, W, 3), with ``gap_rgb`` between the kernels; None for slices."""
        if self.painted is None:
            return None
        found = np.stack([_mosaic(self.painted[:, c], self.view.grid) for c in range(3)], axis=2)
        found[_mosaic(np.zeros_like(self.painted[:, 0]), self.view.grid) == LEVEL_GAP] = gap_rgb
        return found

    def norm(self, kernel: int) -> float:
        """Return the Euclidean norm of all weights of a kernel."""
        return float(np.linalg.norm(self.weights[kernel].astype(np.float64)))


def sees_colours(graph: Graph, layer: Layer) -> bool:
    """Return whether a layer's three inputs are still red, green and blue: nothing was weighted before it."""
    if layer.id not in graph.by_id or graph.input[:1] != (3,):
        return False
    return not any(each.macs for each in graph.layers[: graph.layers.index(graph[layer.id])])


def choices(weights: Floats, sees_colour: bool) -> tuple[Slices, ...]:
    """Return what can be shown of these kernels, the best first.

    Args:
        weights: float32 (C_out, C_in per group, kh, kw).
        sees_colour: whether its inputs are red, green and blue.
    """
    inputs, cells = weights.shape[1], weights.shape[2] * weights.shape[3]
    if inputs == 1:
        return ("input",)
    if cells == 1:
        return ("matrix",)
    colour: tuple[Slices, ...] = ("colour",) if sees_colour and inputs == 3 else ()
    return (*colour, "strongest", "mean", "input")


def picture(
    weights: Floats, layer: Layer, slices: Slices, channel: int = 0, each: bool = True, aspect: float = 1.0
) -> KernelPicture:
    """Return the kernels as one mosaic.

    The colours of a kernel span ± its own largest weight, or the layer's, so that the middle is always zero: white of
    the slices, mid-grey (128) of the kernels in colour.

    Args:
        weights: float32 (C_out, C_in per group, kh, kw).
        layer: the convolution.
        slices: one of ``choices``.
        channel: for ``input`` which one, within the group; the nearest there is.
        each: whether each kernel has its own range, else all have the layer's.
        aspect: width ÷ height that the mosaic should have.
    """
    values, inputs = _slices(weights, slices, channel)
    turned = slices == "matrix" and (weights.shape[0] > weights.shape[1]) == (aspect > 1)
    if turned:
        values = np.ascontiguousarray(values.transpose(0, 2, 1))
    reach = _reach(weights if slices == "colour" else values)
    if not each or slices == "matrix":
        reach = np.full_like(reach, reach.max(initial=0.0))
    h, w = values.shape[1:]
    factor = max(_TILE_PX // max(h, w), 1)
    grid = tiles.grid(len(values), (h * factor, w * factor), aspect)
    view = _view(values, reach, layer, grid)
    painted = np.rint(_shares(weights, reach) * 127 + 128).astype(np.uint8) if slices == "colour" else None
    return KernelPicture(weights, slices, inputs, view, painted, turned)


def _slices(weights: Floats, slices: Slices, channel: int) -> tuple[Floats, NDArray[np.intp]]:
    """Return what is shown, float32 (n, h, w), and of which input it is."""
    count, inputs = weights.shape[:2]
    nothing = np.zeros(0, np.intp)
    if slices == "matrix":
        return weights.reshape(1, count, inputs), nothing
    if slices in ("mean", "colour"):
        with np.errstate(over="ignore", invalid="ignore"):
            return weights.mean(1, dtype=np.float64).astype(np.float32), nothing
    if slices == "strongest":
        with np.errstate(over="ignore", invalid="ignore"):
            norms = np.square(weights, dtype=np.float64).sum((2, 3))
        chosen = np.nan_to_num(norms, nan=np.inf).argmax(1)
    else:
        chosen = np.full(count, min(max(channel, 0), inputs - 1), np.intp)
    return np.ascontiguousarray(weights[np.arange(count), chosen]), chosen


def _reach(values: Floats) -> NDArray[np.float64]:
    """Return the largest finite size of a weight in each of ``values``, float64 (n,)."""
    sizes = np.where(np.isfinite(values), np.abs(values), 0).astype(np.float64)
    reach: NDArray[np.float64] = sizes.reshape(len(values), -1).max(1, initial=0)
    return reach


def _shares(values: Floats, reach: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``values`` as −1 … 1 of their reach; not finite ones are 0."""
    spans = np.where(reach > 0, reach, 1).reshape(-1, *[1] * (values.ndim - 1))
    shares: NDArray[np.float64] = np.clip(np.where(np.isfinite(values), values, 0) / spans, -1, 1)
    return shares


def _mosaic(levels: Bytes, grid: Grid) -> Bytes:
    """Return kernels (n, kh, kw), enlarged to the grid's tiles, side by side."""
    factor = grid.tile_hw[0] // levels.shape[1]
    enlarged = levels.repeat(factor, axis=1).repeat(factor, axis=2)
    return tiles.mosaic(enlarged, np.arange(grid.count), grid)


def _view(values: Floats, reach: NDArray[np.float64], layer: Layer, grid: Grid) -> LayerView:
    levels = np.rint(_shares(values, reach) * _HALF + _HALF).astype(np.uint8)
    levels[~np.isfinite(values)] = LEVEL_NAN
    order = np.arange(len(values), dtype=np.intp)
    return LayerView(
        layer=layer,
        mosaic=_mosaic(levels, grid),
        grid=grid,
        order=order,
        ranges=np.stack([-reach, reach], axis=1).astype(np.float32),
        signed=True,
        statistics=statistics(values),
        channels=_table(values),
        channel=0,
        map=values[0],
        map_levels=levels[0],
        map_statistics=statistics(values[0]),
        kernel=None,
    )


def statistics(values: Floats) -> Statistics:
    """Return the figures of weights, over the finite ones, in float64."""
    finite = values[np.isfinite(values)].astype(np.float64)
    nan, inf = int(np.isnan(values).sum()), int(np.isinf(values).sum())
    zeros, negatives = (float(what.mean()) if values.size else 0.0 for what in (values == 0, values < 0))
    if not finite.size:
        return Statistics(np.nan, np.nan, np.nan, np.nan, zeros, nan, inf, np.zeros(_BINS, np.int64), negatives)
    low, high = float(finite.min()), float(finite.max())
    counts = np.histogram(finite, _BINS, (low, high) if low < high else (low - 1, low + 1))[0].astype(np.int64)
    return Statistics(low, high, float(finite.mean()), float(finite.std()), zeros, nan, inf, counts, negatives)


def _table(values: Floats) -> ChannelTable:
    flat = values.reshape(len(values), -1).astype(np.float64)
    finite = np.isfinite(flat)
    count = np.maximum(finite.sum(1), 1)
    low, high = np.where(finite, flat, np.inf).min(1), np.where(finite, flat, -np.inf).max(1)
    low, high = (np.where(np.isfinite(end), end, np.nan) for end in (low, high))
    mean = np.where(finite, flat, 0).sum(1) / count
    away = np.subtract(flat, mean[:, None], where=finite, out=np.zeros_like(flat))
    std = np.sqrt(np.square(away).sum(1) / count)
    return ChannelTable(low, high, mean, std, (flat == 0).mean(1), np.isnan(flat).sum(1), np.isinf(flat).sum(1))


def png(shown: KernelPicture, trained: bool, file: BinaryIO) -> None:
    """Write the mosaic with its legend as PNG.

    Args:
        shown: the kernels.
        trained: False is said in the picture.
        file: where to.
    """
    from explorer.render import colours
    from explorer.render.figure import GAP_RGB, figure

    ranges = shown.view.ranges
    same = bool((ranges == ranges[0]).all())
    reach = float(ranges[0, 1])
    ends = [_("−largest of each kernel"), "0", _("+largest of each kernel")]
    if same:
        ends = [f"{-reach:.4g}", "0", f"{reach:.4g}"]
    layer = shown.view.layer
    title = f"{layer.id}  ·  {layer.op}  ·  {' × '.join(map(str, shown.weights.shape))}"
    note = "  ·  ".join([meaning(shown), *([] if trained else [_("untrained: random weights")])])
    coloured = shown.colour(GAP_RGB)
    maps = shown.view.mosaic if coloured is None else coloured
    page = figure(maps, colours.table("grey", coloured is None, GAP_RGB), title, note, ends)
    page.save(file, "PNG")


def npy(weights: Floats, file: BinaryIO) -> None:
    """Write the weights, float32 (C_out, C_in per group, kh, kw), as ``.npy``."""
    np.lib.format.write_array(file, weights, allow_pickle=False)


def meaning(shown: KernelPicture) -> str:
    """Return in words what of each kernel is shown."""
    if shown.slices == "input" and shown.weights.shape[1] > 1:
        return _("weights for input {channel}").format(channel=int(shown.inputs[0]))
    if shown.turned:
        return _("1 × 1: a column for each kernel, a row for each input")
    return {
        "colour": _("weights for red, green and blue as colours; mid-grey is 0"),
        "matrix": _("1 × 1: a row for each kernel, a column for each input"),
        "strongest": _("of each kernel the input with the largest weights"),
        "mean": _("mean of each kernel over its inputs"),
        "input": _("each kernel has one input"),
    }[shown.slices]
