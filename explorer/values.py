"""The plain values that travel along the path of a frame: numpy and plain Python only, no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from explorer.graph.values import Layer
    from explorer.overtime.values import Followed
    from explorer.recipe import Recipe
    from explorer.retrieval.kept import Neighbours
    from explorer.speed.values import Speed
    from explorer.tasks.values import BesideAnswer, Found

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

SourceKind = Literal["sample", "picture", "array", "address", "camera", "demo", "drawing", "video", "stream", "folder"]
LIVE: frozenset[str] = frozenset({"camera", "demo", "video", "stream", "folder"})
SEEKABLE: frozenset[str] = frozenset({"video", "folder"})
"""Kinds whose frames have a place in time that can be gone to."""

LEVELS = 253
"""Map values are quantised to levels 0 … 252; for signed maps 126 is exactly zero."""
LEVEL_NAN = 254
"""Level of a cell that is NaN or infinite."""
LEVEL_GAP = 255
"""Level of the mosaic's gaps between maps."""


@dataclass(frozen=True)
class Source:
    """Where frames come from.

    Attributes:
        kind: sample (``where`` = its file name), picture and array (a path), address (http or https),
            camera (its index), demo (nothing), drawing (its strokes, as ``sources.drawing`` writes them),
            video (a path), stream (http, https or rtsp address of moving pictures), folder (path of a folder of
            pictures, which are shown one after another).
        where: see ``kind``.
        size_wh: wished width and height of a camera's pictures, px; None for its own. What it sends may differ.
        mirror: whether left and right change places, as a person expects it of a camera that looks at them.
    """

    kind: SourceKind = "sample"
    where: str = "chelsea.png"
    size_wh: tuple[int, int] | None = None
    mirror: bool = False

    @property
    def live(self) -> bool:
        """Whether frames keep coming."""
        return self.kind in LIVE

    @property
    def shown(self) -> str:
        """``where`` as a person may read it: without the name, the password and the query that an address may hold."""
        if self.kind not in ("address", "stream"):
            return self.where
        head, mark, _query = self.where.partition("?")
        scheme, slashes, rest = head.rpartition("://")
        host, slash, path = rest.partition("/")
        return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path.partition('#')[0]}{mark and '?…'}"


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture as it came from its source.

    Attributes:
        pixels: uint8 (H, W, 3), RGB.
        source: what a person calls it: a file's name, "camera 0".
        index: number of the frame in its source, from 0.
        time_s: ``time.perf_counter()`` when it was read.
        array: float32 (C, h, w) that goes to the network unprepared, or None; ``pixels`` then only pictures it.
        position_s: where it lies in its video, seconds after the first frame; None where it is in none.
    """

    pixels: Bytes
    source: str
    index: int = 0
    time_s: float = 0.0
    array: Floats | None = None
    position_s: float | None = None


@dataclass(frozen=True)
class Geometry:
    """Where each cell of the network's input came from in the picture.

    Coordinates are edges, not centres: cell (y, x) covers [y, y+1) × [x, x+1).

    Attributes:
        picture_hw: height and width of the picture, px.
        input_hw: height and width of the network's input, cells.
        scale: picture pixels per input cell, (y, x).
        origin: picture coordinate of the input's top left corner, (y, x); negative in padding.
        reach: how far beyond a cell's own edges the resize reads to make it, picture pixels, (y, x).
    """

    picture_hw: tuple[int, int]
    input_hw: tuple[int, int]
    scale: tuple[float, float]
    origin: tuple[float, float]
    reach: tuple[float, float] = (0.0, 0.0)

    def to_picture(self, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        """Return the box [y0, x0, y1, x1] of input cells as a box in the picture's pixels."""
        (sy, sx), (oy, ox) = self.scale, self.origin
        return oy + box[0] * sy, ox + box[1] * sx, oy + box[2] * sy, ox + box[3] * sx

    def to_input(self, y: float, x: float) -> tuple[float, float]:
        """Return the input coordinate of picture coordinate (y, x)."""
        return (y - self.origin[0]) / self.scale[0], (x - self.origin[1]) / self.scale[1]

    def pixels(self, cells: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        """Return the rectangle of pixels that the real cells of box [y0, x0, y1, x1) are made of; may be empty.

        No other pixel changes them: a resize smooths, so that these are more than the pixels below the cells.
        """
        (top, bottom), (left, right) = (self._made_of(axis, cells[axis], cells[axis + 2]) for axis in (0, 1))
        return top, left, bottom, right

    def cells(self, pixel: tuple[int, int]) -> tuple[int, int, int, int]:
        """Return the box [y0, x0, y1, x1) of input cells that pixel (row, column) goes into; empty where none is."""
        spans = []
        for axis in (0, 1):
            low, high = self._reads(axis)
            found = np.flatnonzero((low <= pixel[axis]) & (pixel[axis] < high))
            spans.append((int(found[0]), int(found[-1]) + 1) if found.size else (0, 0))
        (top, bottom), (left, right) = spans
        return top, left, bottom, right

    def _made_of(self, axis: int, first: int, last: int) -> tuple[int, int]:
        low, high = (edges[max(first, 0) : max(last, 0)] for edges in self._reads(axis))
        real = low < high
        return (int(low[real].min()), int(high[real].max())) if real.any() else (0, 0)

    def _reads(self, axis: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the first pixel that each cell along an axis is made of, and the one after the last.

        As Pillow rounds them (``precompute_coeffs`` in its Resample.c), one more where that hangs on the last digit.
        """
        size, scale, reach, doubt = self.picture_hw[axis], self.scale[axis], self.reach[axis], 1e-6
        edge = self.origin[axis] + np.arange(self.input_hw[axis]) * scale
        inside = (edge + scale / 2 > 0) & (edge + scale / 2 < size)  # the others are padding
        half = 0.5 if reach else 0.0
        low = np.floor(edge - reach + half - doubt) if reach else np.floor(edge + doubt)
        high = np.floor(edge + scale + reach + half + doubt) if reach else np.ceil(edge + scale - doubt)
        low, high = (np.where(inside, np.clip(edges, 0, size), 0).astype(np.int64) for edges in (low, high))
        return low, high

    @property
    def crop(self) -> tuple[float, float, float, float]:
        """The part of the picture that the network sees, [y0, x0, y1, x1]."""
        return self.to_picture((0, 0, *self.input_hw))


@dataclass(frozen=True)
class Prediction:
    """One class of the network's answer.

    Attributes:
        index: in the network's output.
        label: English.
        probability: 0 … 1; NaN where nobody says how the output becomes one.
        score: the output itself in that case, else None.
    """

    index: int
    label: str
    probability: float
    score: float | None = None

    @property
    def figure(self) -> str:
        """The probability as a percentage, or the score."""
        return f"{self.probability:.1%}" if self.score is None else f"{self.score:.4g}"


@dataclass(frozen=True, eq=False)
class Statistics:
    """Figures of one map or one layer; the moments are over the finite values, in float64.

    Attributes:
        minimum, maximum, mean, std: NaN where no value is finite; std divides by n.
        zeros: share of values that are exactly 0, 0 … 1.
        nan, inf: how many values are NaN, infinite.
        histogram: counts in equal bins from minimum to maximum, int64 (bins,).
        negatives: share of values below 0, 0 … 1: what a ReLU that follows would take away.
    """

    minimum: float
    maximum: float
    mean: float
    std: float
    zeros: float
    nan: int
    inf: int
    histogram: NDArray[np.int64]
    negatives: float = 0.0


@dataclass(frozen=True, eq=False)
class ChannelTable:
    """Figures of every map of a layer over the finite values, each float64 (C,); NaN and Inf counts int64."""

    minimum: NDArray[np.float64]
    maximum: NDArray[np.float64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    zeros: NDArray[np.float64]
    nan: NDArray[np.int64]
    inf: NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Where the maps lie in a mosaic: map k of the order at row k // columns, column k % columns.

    Attributes:
        count: number of maps.
        columns: maps in a row.
        tile_hw: height and width of a map, px.
        gap: px between maps, and around them none.
    """

    count: int
    columns: int
    tile_hw: tuple[int, int]
    gap: int

    @property
    def rows(self) -> int:
        """Rows of maps."""
        return -(-self.count // self.columns)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the mosaic, px."""
        h, w = self.tile_hw
        return self.rows * (h + self.gap) - self.gap, self.columns * (w + self.gap) - self.gap

    def corner(self, position: int) -> tuple[int, int]:
        """Return the top left pixel (y, x) of the map at ``position`` of the order."""
        h, w = self.tile_hw
        return position // self.columns * (h + self.gap), position % self.columns * (w + self.gap)

    def at(self, y: float, x: float) -> tuple[int, int, int] | None:
        """Return (position, row, column) of the map cell at mosaic pixel (y, x); None on a gap or outside."""
        h, w = self.tile_hw
        if y < 0 or x < 0 or x >= self.shape[1]:
            return None
        row, column = int(y) // (h + self.gap), int(x) // (w + self.gap)
        cell_y, cell_x = int(y) - row * (h + self.gap), int(x) - column * (w + self.gap)
        position = row * self.columns + column
        return (position, cell_y, cell_x) if cell_y < h and cell_x < w and position < self.count else None


@dataclass(frozen=True, eq=False)
class LayerView:
    """The chosen layer, ready to be painted.

    Attributes:
        layer: the layer.
        mosaic: uint8 levels (H, W), the maps in ``order`` on ``grid``.
        grid: where each map lies in the mosaic.
        order: int (C,): channel at each position.
        ranges: float32 (C, 2): the values that levels 0 and 252 stand for, by channel.
        signed: whether the diverging colours apply (ranges are then centred on zero).
        statistics: of the whole layer.
        channels: of every map.
        channel: the chosen channel.
        map: float32 (h, w), the chosen channel's values.
        map_levels: uint8 (h, w), the same as levels.
        map_statistics: of the chosen channel.
        kernel: float32 (C_in, kh, kw), the chosen channel's weights if the layer is a convolution, else None.
    """

    layer: Layer
    mosaic: Bytes
    grid: Grid
    order: NDArray[np.intp]
    ranges: Floats
    signed: bool
    statistics: Statistics
    channels: ChannelTable
    channel: int
    map: Floats
    map_levels: Bytes
    map_statistics: Statistics
    kernel: Floats | None


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """A layer at a glance: the mean over its channels as uint8 levels (h, w), at most 48 px a side."""

    levels: Bytes
    signed: bool


@dataclass(frozen=True, eq=False)
class FrameResult:
    """What one frame gave; complete in itself, so that every panel paints from it alone.

    Attributes:
        recipe: what was asked.
        frame: the picture as it came.
        filtered: the picture after the filters (``frame`` itself where there are none).
        geometry: from the network's input back to the picture.
        prepared: uint8 (h, w, 3): what the network really saw, its own minimum to maximum stretched to 0 … 255.
        prepared_range: smallest and largest value of that input, as the network got it.
        predictions: most probable first; empty where the network does not classify.
        trained: whether the weights are trained; False must show wherever maps or predictions do.
        thumbnails: by layer id.
        view: the chosen layer.
        device: the device's name.
        times_ms: read, filter, prepare, forward, capture, render. What a live source takes until its next frame is in
            the first; on an accelerator capture is in forward, from which it cannot be told apart there.
        columns: the overview, where the recipe asks for it: the most active maps of every stage, by layer id, each
            with its channel.
        locked: the values of the recipe's locked units, in their order; None of one that is not there.
        finite: False where the network classifies, but NaN or infinities in its output leave no class a probability.
        overtime: what the frames up to this one tell together, where the recipe asks for it.
        speed: how it went through the network, where its source is live.
        beside: what the second network answers, where the recipe asks for one and it was tried to load it.
        nearest: the nearest pictures of an index, where the recipe asks for them.
        found: the boxes or the label map, where the recipe asks for them.
    """

    recipe: Recipe
    frame: Frame
    filtered: Frame
    geometry: Geometry
    prepared: Bytes
    prepared_range: tuple[float, float]
    predictions: tuple[Prediction, ...]
    trained: bool
    thumbnails: Mapping[str, Thumbnail]
    view: LayerView
    device: str
    times_ms: Mapping[str, float] = field(default_factory=dict)
    finite: bool = True
    columns: Mapping[str, tuple[tuple[int, Thumbnail], ...]] = field(default_factory=dict)
    locked: tuple[float | None, ...] = ()
    overtime: Followed | None = None
    speed: Speed | None = None
    beside: BesideAnswer | None = None
    nearest: Neighbours | None = None
    found: Found | None = None
