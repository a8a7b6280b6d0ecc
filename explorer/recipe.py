"""Everything that decides a result, as one frozen value with a JSON round trip."""

from __future__ import annotations

import json
import math
import types
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from explorer.errors import ExplorerError
from explorer.filters.apply import apply
from explorer.filters.filter import Chain
from explorer.filters.written import read_chain
from explorer.pixels.touch import Touch, read_touch, touched
from explorer.render.colours import MAPS
from explorer.values import Frame, Source

DEFAULT_NETWORK = "efficientnet_lite0"
MOST_PREDICTIONS = 1000
MOST_COLUMNS = 16
MOST_LOCKED = 6
MOST = 1 << 20
"""Of a channel, and of the rows or columns of an input or a map."""
LEAST_ASPECT = 1e-3

Scale = Literal["map", "layer", "fixed"]
Sort = Literal["channel", "mean", "max", "zeros"]
Smoothing = Literal["none", "exponential", "mean"]
MOST_SMOOTHED = 300


@dataclass(frozen=True)
class View:
    """How activation maps become colours; decides pixels, never values.

    Attributes:
        scale: the range that the colours span: of each map, of the whole layer, or ``low`` to ``high``.
        colours: a key of ``render.colours.MAPS`` for maps without negative values; signed maps use the diverging one.
        sort: the order of the maps in the mosaic, descending; ``channel`` is the network's own order.
        aspect: width ÷ height that the mosaic should have, in quarter steps.
    """

    scale: Scale = "map"
    low: float = 0.0
    high: float = 1.0
    colours: str = "viridis"
    sort: Sort = "channel"
    aspect: float = 1.0


@dataclass(frozen=True)
class Unit:
    """One cell of one map of a layer."""

    layer: str
    channel: int
    y: int
    x: int


@dataclass(frozen=True)
class Following:
    """What is followed from frame to frame.

    Attributes:
        smoothing: of the predictions: none, exponential, or the mean of the newest ones.
        frames: the time constant in frames, or how many have a mean.
        every: whether every layer is followed, and not only activations and what nothing normalises or activates.
        begun: counts how often a person began anew.
    """

    smoothing: Smoothing = "exponential"
    frames: int = 10
    every: bool = False
    begun: int = 0

    @property
    def bounded(self) -> bool:
        """Whether every number is one that a window could have set."""
        return 1 <= self.frames <= MOST_SMOOTHED and 0 <= self.begun <= MOST


@dataclass(frozen=True)
class Beside:
    """A second network that looks at the same frames.

    Attributes:
        network, weights: as in ``Recipe``.
    """

    network: str
    weights: str = ""


Measure = Literal["cosine", "l2"]
MOST_NEAREST = 100


@dataclass(frozen=True)
class Nearest:
    """Which pictures of an index are told of.

    Attributes:
        index: its file.
        measure: of the distance, see ``retrieval.search``.
        top: how many.
    """

    index: str
    measure: Measure = "cosine"
    top: int = 12

    @property
    def bounded(self) -> bool:
        """Whether every value is one that a window could have set."""
        return bool(self.index) and 1 <= self.top <= MOST_NEAREST


@dataclass(frozen=True)
class Finding:
    """What is wanted of a network that detects or segments.

    Attributes:
        least: boxes with a lower score are left out, 0 … 1.
        before: also the boxes that non-maximum suppression throws away, marked as such.
    """

    least: float = 0.5
    before: bool = False

    @property
    def bounded(self) -> bool:
        """Whether every number is one that a window could have set."""
        return 0 <= self.least <= 1


@dataclass(frozen=True)
class Recipe:
    """What to look at, through which network, and what to show of it.

    Attributes:
        source: where the picture comes from.
        filters: applied to the picture before the network, in order.
        network: name in the zoo, or where a person's own network is (see ``zoo.own``).
        weights: "" for the embedded or cached ones, "none" for random ones, or a name that the network's card lists.
        input_hw: height and width of the network's input; None for what the weights want.
        layer: id of the layer whose maps are shown; "" for the first convolution.
        channel: the map in the inspector.
        unit: row and column of the chosen cell of that map, or None.
        locked: units whose values are told, and whose areas stay marked, whatever else is chosen.
        top: how many predictions.
        device: "auto", or a name that ``device.available`` lists.
        view: how maps become colours.
        maps: whether the layer's maps are wanted; where nobody sees them, those of a classifying network's answer take
            their place, which cost little.
        thumbnails: ids of the layers whose thumbnail is wanted; ("*",) for all.
        columns: so many maps of every stage for the overview; 0 for none.
        overtime: what is followed from frame to frame; None for nothing, which then costs nothing.
        beside: a second network that answers beside the first; None for none.
        finding: how the boxes or the label map of the network are wanted; None for neither, which then costs nothing.
        nearest: an index whose nearest pictures are told of; None for none, which then costs nothing.
        touch: what is done to the picture by hand, after the filters; None for nothing.
    """

    source: Source = field(default_factory=Source)
    filters: Chain = ()
    network: str = DEFAULT_NETWORK
    weights: str = ""
    input_hw: tuple[int, int] | None = None
    layer: str = ""
    channel: int = 0
    unit: tuple[int, int] | None = None
    locked: tuple[Unit, ...] = ()
    top: int = 5
    device: str = "auto"
    view: View = field(default_factory=View)
    maps: bool = True
    thumbnails: tuple[str, ...] = ("*",)
    columns: int = 0
    overtime: Following | None = None
    beside: Beside | None = None
    finding: Finding | None = None
    nearest: Nearest | None = None
    touch: Touch | None = None

    @property
    def alterations(self) -> tuple[Chain, Touch | None]:
        """What is done to a picture before the network prepares it."""
        return self.filters, self.touch

    def altered(self, frame: Frame) -> Frame:
        """Return a frame as the network is to prepare it: after the filters, and altered by hand.

        One with an ``array`` comes back as it is: its pixels only picture what goes to the network unprepared.

        Raises:
            PersonError: a filter's window does not fit into the picture.
        """
        filtered = apply(frame, self.filters)
        if self.touch is None or frame.array is not None:
            return filtered
        return replace(filtered, pixels=touched(filtered.pixels, self.touch))

    def with_(self, **changes: Any) -> Recipe:
        """Return a copy with ``changes``; a new network or layer drops what only made sense for the old one."""
        if changes.get("network", self.network) != self.network:
            changes = {"weights": "", "input_hw": None, "layer": "", "channel": 0, "unit": None, "locked": ()} | changes
        elif changes.get("layer", self.layer) != self.layer:
            changes = {"channel": 0, "unit": None} | changes
        return replace(self, **changes)

    def to_json(self) -> str:
        """Return the recipe as one JSON object, in ASCII: a file's name need not be valid Unicode."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Return the recipe that ``to_json`` wrote.

        Raises:
            ValueError: the text is not such a recipe, whatever is wrong with it.
        """
        try:
            recipe = cls._from_raw(json.loads(text))
            good = _fits(recipe, cls) and recipe._bounded()
        except (TypeError, KeyError, AttributeError, OverflowError, RecursionError, ValueError, ExplorerError) as error:
            raise ValueError(f"not a recipe: {text[:200]}") from error
        if not good:
            raise ValueError(f"not a recipe: {text[:200]}")
        return recipe

    @classmethod
    def _from_raw(cls, raw: Any) -> Recipe:
        raw.pop("task", None)  # of an older version, which had no use for it
        raw["source"] = _source(raw["source"])
        raw["view"] = View(**raw["view"])
        raw["filters"] = read_chain(raw["filters"])
        for name in ("input_hw", "unit"):
            raw[name] = None if raw[name] is None else tuple(raw[name])
        raw["locked"] = tuple(Unit(**unit) for unit in raw.get("locked", ()))
        raw["thumbnails"] = tuple(raw["thumbnails"])
        raw["overtime"] = Following(**raw["overtime"]) if raw.get("overtime") else None
        raw["beside"] = Beside(**raw["beside"]) if raw.get("beside") else None
        raw["finding"] = Finding(**raw["finding"]) if raw.get("finding") else None
        raw["nearest"] = Nearest(**raw["nearest"]) if raw.get("nearest") else None
        raw["touch"] = read_touch(raw["touch"]) if raw.get("touch") else None
        return cls(**raw)

    def _bounded(self) -> bool:
        """Return whether every number is one that a window could have set."""
        view = self.view
        return (
            1 <= self.top <= MOST_PREDICTIONS
            and 0 <= self.channel <= MOST
            and 0 <= self.columns <= MOST_COLUMNS
            and all(0 <= place <= MOST for place in self.unit or ())
            and len(self.locked) <= MOST_LOCKED
            and (self.overtime is None or self.overtime.bounded)
            and (self.beside is None or bool(self.beside.network))
            and (self.finding is None or self.finding.bounded)
            and (self.nearest is None or self.nearest.bounded)
            and (self.touch is None or self.touch.bounded)
            and all(0 <= place <= MOST for unit in self.locked for place in (unit.channel, unit.y, unit.x))
            and all(1 <= side <= MOST for side in (*(self.input_hw or ()), *(self.source.size_wh or ())))
            and LEAST_ASPECT <= view.aspect <= 1 / LEAST_ASPECT
            and view.low < view.high
            and view.colours in MAPS
        )


def _source(raw: Any) -> Source:
    """Return the source that was written; an address was once a kind of camera."""
    source = Source(**raw)
    size_wh: Any = None if source.size_wh is None else tuple(source.size_wh)
    return replace(source, size_wh=size_wh, kind="stream" if _is_old_stream(source) else source.kind)


def _is_old_stream(source: Source) -> bool:
    return source.kind == "camera" and "://" in source.where


def _fits(value: Any, hint: Any) -> bool:
    """Return whether ``value`` is what the type hint says, all the way down; numbers must be finite."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return value in arguments
    if origin in (Union, types.UnionType):
        return any(_fits(value, argument) for argument in arguments)
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        inner = arguments[:1] * len(value) if arguments[-1] is Ellipsis else arguments
        return len(inner) == len(value) and all(map(_fits, value, inner))
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        return isinstance(value, hint) and all(_fits(getattr(value, f.name), hints[f.name]) for f in fields(hint))
    if isinstance(value, bool) and hint is not bool:
        return False
    if hint is float:
        return isinstance(value, int | float) and math.isfinite(value)
    return isinstance(value, hint)
