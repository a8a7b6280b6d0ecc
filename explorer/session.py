"""A loaded network with its graph and what it saw last; synchronous, for one thread."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explorer import device as devices
from explorer import memory
from explorer.capture import OtherPath
from explorer.errors import Cancelled, DeviceError, ForwardError, NetworkError
from explorer.filters.filter import Chain
from explorer.graph.stages import stages
from explorer.graph.trace import trace
from explorer.graph.values import INPUT, Graph, Layer
from explorer.held import Held
from explorer.overtime.recorder import Recorder
from explorer.overtime.values import LayerFrame
from explorer.pixels.touch import Touch
from explorer.prepare import Prepared, given, prepare
from explorer.recipe import Recipe, Unit
from explorer.render.measure import Figures
from explorer.sources.picture import MOST_PIXELS
from explorer.speed import compiled
from explorer.speed.compiled import Compiler
from explorer.speed.fast import Fast
from explorer.speed.replayed import Recordings
from explorer.speed.swap import Maker
from explorer.tasks.detect import Answered
from explorer.tasks.segment import classes
from explorer.text import N_
from explorer.values import Bytes, Floats, Frame, Geometry, Thumbnail
from explorer.zoo import own, registry
from explorer.zoo import weights as zoo_weights
from explorer.zoo.card import Card, Preparation, Weights
from explorer.zoo.labels import labels
from explorer.zoo.own import IN_MEMORY, class_names
from explorer.zoo.own.card import Remark
from explorer.zoo.own.memory import Transform, shown

if TYPE_CHECKING:
    from explorer.nearby import Nearby

log = logging.getLogger(__name__)
T = TypeVar("T")
ProgressHandler = Callable[[str, float | None], None]
MOST_CELLS = MOST_PIXELS
"""Of an input: no picture that is read has more pixels, so more cells could show nothing more."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What the network saw last and what it answered, so that a change of the view alone needs no forward.

    Attributes:
        frame, alterations: what went in.
        layer: whose maps these are.
        maps, measured: where they are held, and their figures.
        filtered, geometry, prepared, prepared_range: as in ``FrameResult``.
        output: what the network returned, in the machine's memory where it classifies.
        thumbnails: by layer id.
        times_ms: of the stages that led here.
        columns, wide: the overview by layer id, and how many maps of each stage were asked for it.
        readings: the values of the locked units.
        followed: figures of the layers that are followed over time; None where none were asked for.
        every: whether those are all layers.
        nearby: what was taken of it for an index; None where none was asked.
        boxes: what a detector answered; None of another network.
    """

    frame: Frame
    alterations: tuple[Chain, Touch | None]
    layer: Layer
    maps: Held
    measured: Figures
    filtered: Frame
    geometry: Geometry
    prepared: Bytes
    prepared_range: tuple[float, float]
    output: Tensor
    thumbnails: Mapping[str, Thumbnail]
    times_ms: Mapping[str, float]
    columns: Mapping[str, tuple[tuple[int, Thumbnail], ...]] = field(default_factory=dict)
    wide: int = 0
    readings: Mapping[Unit, float | None] = field(default_factory=dict)
    followed: Mapping[str, LayerFrame] | None = None
    every: bool = False
    nearby: Nearby | None = None
    boxes: Answered | None = None

    @cached_property
    def classes(self) -> NDArray[np.int32]:
        """The most probable class of each cell of the input, int32 (h, w); raises as ``tasks.segment.classes``."""
        return classes(self.output)

    def reading(self, unit: Unit) -> float | None:
        """Return the value of ``unit``; None where there is no such unit."""
        if unit in self.readings or unit.layer != self.layer.id:
            return self.readings.get(unit)
        return self.maps.reading(unit)


@dataclass(eq=False)
class Network:
    """A network, ready to run.

    Attributes:
        card: its facts.
        weights: the loaded set, or None for random ones.
        module: in eval mode, channels last, on ``device``.
        graph: every op it runs.
        preparation: how a picture becomes its input.
        labels: of its classes; empty where it does not classify.
        device: where it is.
        input_hw: height and width of its input.
        may_move: whether it goes to the CPU where memory is short.
        varies: whether a picture has shown that its calls depend on the picture; ``graph`` is then of the newest one.
        precision: the one that was asked for; "half" is another number type on a card than on the CPU, see
            ``number_type``.
        moved: why it is on the CPU, for the person, where it was meant to be elsewhere; else None.
        seen: what it saw last.
        remarks: what was assumed of a person's own network.
        transform: of a module in memory: makes its input in place of ``preparation``; else None.
        repeats: by layer id, whether another run on the same picture made the same, where that was looked at.
    """

    card: Card
    weights: Weights | None
    module: nn.Module
    graph: Graph
    preparation: Preparation
    labels: tuple[str, ...]
    device: torch.device
    input_hw: tuple[int, int]
    may_move: bool = False
    varies: bool = field(default=False, init=False)
    precision: devices.Precision = "float32"
    moved: DeviceError | None = None
    seen: Seen | None = None
    transform: Transform | None = None
    remarks: tuple[Remark, ...] = ()
    repeats: dict[str, bool] = field(default_factory=dict, init=False)
    _whole: bool = field(default=False, init=False)
    _found: dict[str, nn.Module] = field(default_factory=dict, init=False)
    _kernel: tuple[object, Floats] | None = field(default=None, init=False)

    @property
    def trained(self) -> bool:
        """Whether the weights are trained."""
        return self.weights is not None

    @property
    def number_type(self) -> torch.dtype:
        """In which it runs: float32 after a move to the CPU, which holds every number of the card as it is."""
        return torch.float32 if self.moved else devices.number_type(self.precision, self.device)

    def prepare(self, frame: Frame) -> Prepared:
        """Return a picture as the network's input, in its number type and where it is; raises as ``prepare`` does."""
        if self.transform is not None and frame.array is None:
            prepared = given(frame, self.transform, self.device)
        else:
            prepared = prepare(frame, self.preparation, self.device, self.input_hw)
        return replace(prepared, tensor=prepared.tensor.to(self.number_type))

    def layer(self, id: str) -> Layer:
        """Return the layer called ``id``; for "" the first convolution, or the first op where there is none.

        Raises:
            NetworkError: there is no such layer.
        """
        if id and self.varies and id not in self.graph.by_id:
            raise NetworkError(
                N_(
                    "{layer} did not run: for this picture the network takes a path without it. Choose another layer "
                    "or another picture."
                ),
                layer=id,
            )
        if id:
            return self.graph[id]
        ops = [layer for layer in self.graph if layer.id != INPUT] or list(self.graph)
        return next((layer for layer in ops if layer.op.startswith("conv")), ops[0])

    def shown(self, recipe: Recipe) -> str:
        """Return the id of the layer whose maps ``recipe`` gets: the one it names, or "", unless nobody sees them."""
        unseen = not recipe.maps and recipe.overtime is None and self.card.task == "classify"
        return self.graph.output.id if unseen else recipe.layer

    def kernel(self, layer: Layer, channel: int) -> Floats | None:
        """Return the weights that make a map of a convolution, float32 (C_in per group, kh, kw); else None."""
        weight = self._weight(layer)
        if weight is None:
            return None
        key = layer.name, channel, weight.data_ptr(), weight._version
        if self._kernel is None or self._kernel[0] != key:
            self._kernel = key, _floats(weight.detach()[min(max(channel, 0), len(weight) - 1)])
        return self._kernel[1]

    def kernels(self, layer: Layer) -> Floats | None:
        """Return all weights of a convolution, float32 (C_out, C_in per group, kh, kw); else None."""
        weight = self._weight(layer)
        return None if weight is None else _floats(weight)

    def _weight(self, layer: Layer) -> Tensor | None:
        if layer.op != "conv2d":
            return None
        try:
            if layer.name not in self._found:  # looked for once: its weights may change, the module stays
                self._found[layer.name] = self.module.get_submodule(layer.name)
            weight = self._found[layer.name].weight
        except AttributeError:
            return None
        return weight if isinstance(weight, Tensor) and weight.dim() == 4 else None

    @property
    def steady(self) -> bool:
        """Whether it is known to make the same calls for every picture: a listed classifier, and none that varied."""
        return self.card.task == "classify" and self.card.group not in ("own", "timm") and not self.varies

    def move(self, place: torch.device) -> None:
        """Go to ``place``, where its device has not enough memory; nothing happens where it is there already."""
        if place == self.device:
            return
        self.module.to(place, torch.float32)
        self.moved = DeviceError(
            N_("{network} needs more memory than {device} has and runs on the CPU: a smaller input may fit."),
            network=self.card.title,
            device=self.device,
        )
        self.device, self.seen = place, None  # whose maps may be where there is no memory
        self.__dict__.pop("fast", None)
        log.warning("%s", self.moved)

    def finish(self) -> None:
        """Wait until its device has done what it was given."""
        devices.synchronise(self.device)

    def with_room(self, work: Callable[[], T]) -> T:
        """Return what ``work`` on the network gives; on the CPU where its device's memory is short and it may go there.

        Raises:
            DeviceError: there is not enough memory.
        """

        def on(place: torch.device) -> T:
            self.move(place)
            return work()

        return devices.with_room(on, self.device, self.may_move)

    def follow(self, work: Callable[[Tensor], T], x: Tensor, frame: Frame, layer: str = "") -> T:
        """Return what ``work``, which captures layers, makes of ``x``.

        Where the calls depend on the picture and are others than the traced ones, or leave out the layer that is asked
        for, the network is traced again on this very picture, and ``work`` is done on what is found.

        Args:
            work: uses ``graph`` as it then is.
            x: ``frame`` prepared; may be written into.
            frame: the picture after its filters.
            layer: which one is asked for; "" for one that there always is.

        Raises:
            OtherPath: the calls differ from one run to the next on the same picture.
        """
        if not self.varies or layer in ("", *self.graph.by_id):
            try:
                return work(x)
            except OtherPath:
                log.info("%s takes another path for %s", self.card.title, frame.source)
            x = self.prepare(frame).tensor
        self.graph = trace(self.module, x)
        self.varies, self.seen = True, None
        for name in ("stages", "fast"):
            self.__dict__.pop(name, None)
        return work(x)

    def classifies(self, output: Tensor) -> bool:
        """Whether ``output`` has one number for each of the network's classes; an own network's need no names."""
        if self.card.task != "classify" or output.dim() != 2 or len(output) != 1:
            return False
        if not self.labels:
            return self.card.group == "own"
        return len(self.labels) == output.shape[1] or (output.shape[1] == 1 and len(self.labels) == 2)

    def remembers(self, frame: Frame, recipe: Recipe) -> Seen | None:
        """Return what was seen, if it is all that ``recipe`` asks of ``frame``."""
        seen = self.seen
        if seen is None or seen.frame is not frame or seen.alterations != recipe.alterations:
            return None
        if seen.layer.id != (self.shown(recipe) or self.layer("").id):
            return None
        if not self.thumbnail_ids(recipe) <= seen.thumbnails.keys():
            return None
        if any(unit.layer != seen.layer.id and unit not in seen.readings for unit in recipe.locked):
            return None
        if recipe.overtime and (seen.followed is None or recipe.overtime.every > seen.every):
            return None
        if recipe.finding and recipe.finding.before and seen.boxes and not seen.boxes.asked:
            return None
        return seen if recipe.columns in (0, seen.wide) else None

    @cached_property
    def fast(self) -> Fast:
        """Its run for live sources."""
        return Fast(self.module, self.graph, self.varies, self._maker() if self._whole else None)

    def in_one_piece(self, wanted: bool) -> None:
        """Let live frames run in one piece after a while, where the network can be made into one; or not."""
        if wanted != self._whole:
            self._whole = wanted
            self.__dict__.pop("fast", None)

    def _maker(self) -> Maker | None:
        if self.card.task == "detect":  # what suppresses its boxes is watched, and depends on the picture
            return None
        if self.device.type == "cuda":
            return Recordings(self.module, self.graph)
        weights = 4 * sum(layer.parameters for layer in self.graph)
        if self.device.type != "cpu" or self.number_type != torch.float32 or weights > compiled.MOST_BYTES:
            return None
        if self.card.group == "own" or not compiled.compiler():  # what else a person's own code does would be left out
            return None
        return Compiler(self.card.name, self.weights.name if self.weights else "none", self.input_hw)

    @cached_property
    def stages(self) -> tuple[Layer, ...]:
        """The layers whose maps make the overview: no input, and no answer without positions."""
        first, *others = (stage.layer for stage in stages(self.graph))
        return tuple(layer for layer in others if layer is not first and {"H", "W"} <= set(layer.axes))

    @cached_property
    def recorder(self) -> Recorder:
        """Tells what its frames show together."""
        return Recorder(self.labels, self.card.activation)

    def columns_before(self, frame: Frame) -> dict[str, tuple[int, ...]]:
        """Return the channels that the overview showed of the frame before, if that came from the same source."""
        seen = self.seen
        if seen is None or seen.frame.source != frame.source:
            return {}
        return {name: tuple(channel for channel, _map in column) for name, column in seen.columns.items()}

    def thumbnail_ids(self, recipe: Recipe) -> frozenset[str]:
        """Return the layers whose thumbnail is wanted; those that this network does not have are left out."""
        everything = frozenset(self.graph.by_id)
        return everything if "*" in recipe.thumbnails else everything & frozenset(recipe.thumbnails)


def _floats(weight: Tensor) -> Floats:
    return np.array(weight.detach().cpu().float().numpy(), order="C")


@dataclass
class Steps:
    """The steps of a piece of work: each is timed, and before each it is asked whether the work is still wanted.

    Attributes:
        times_ms: how long each took.
        cancelled: tells that the work is no longer wanted.
        finish: waits until an accelerator has done what a step gave it; that belongs to the step.
    """

    times_ms: dict[str, float] = field(default_factory=dict)
    cancelled: Callable[[], bool] | None = None
    finish: Callable[[], None] | None = None

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Time a step.

        Raises:
            Cancelled: the work is no longer wanted.
        """
        check(self.cancelled)
        start = time.perf_counter()
        yield
        if self.finish:
            self.finish()
        self.times_ms[name] = self.times_ms.get(name, 0.0) + (time.perf_counter() - start) * 1e3

    def split(self, name: str, part: str, ms: float) -> None:
        """Count ``ms`` of the step ``name`` as a step of its own."""
        self.times_ms[name] -= ms
        self.times_ms[part] = self.times_ms.get(part, 0.0) + ms


def check(cancelled: Callable[[], bool] | None) -> None:
    """Raise ``Cancelled`` where the work is no longer wanted."""
    if cancelled and cancelled():
        raise Cancelled(N_("Cancelled."))


class Session:
    """Keeps the network that was opened last."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] | None = None
        self._network: Network | None = None
        memory.keep()

    def open(
        self,
        network: str,
        weights: str = "",
        input_hw: tuple[int, int] | None = None,
        device: str = devices.AUTO,
        progress: ProgressHandler | None = None,
        cancelled: Callable[[], bool] | None = None,
        precision: devices.Precision = "float32",
    ) -> Network:
        """Return the network, built, loaded, placed and traced; the last one at once.

        The one before is let go first, so that two never lie in memory.

        Args:
            network: a name in the zoo, or where a person's own network is (see ``zoo.own``).
            weights: "" for the best there are here, "none" for random ones (always the same), or a name.
            input_hw: height and width of the input; None for what the weights want.
            device: "auto" or a name of ``device.available``; with "auto" the CPU takes over where memory is short.
            progress: told each stage (marked text; ``{network}`` is its title's place) and how far it is, 0 … 1.
            cancelled: asked between stages.
            precision: a key of ``settings.PRECISIONS``.

        Raises:
            NetworkError, DeviceError, ForwardError: it cannot be had; nothing is kept then.
            Cancelled: it is no longer wanted.
        """
        key = network, own.stamp(network), weights, input_hw, device, precision
        if self._network is not None and key == self._key:
            return self._network
        self.close()
        tell = progress or (lambda stage, fraction: None)
        wanted = devices.choose(device)
        devices.allow_tf32(precision == "tf32")
        check(cancelled)
        card, chosen, module, remarks = _built(network, weights, tell, cancelled)
        preparation = chosen.preparation if chosen else card.preparation
        channels, *default_hw = preparation.input_chw
        height, width = input_hw or default_hw
        if height * width > MOST_CELLS:
            raise NetworkError(
                N_("An input of {height} × {width} has more than {most} million cells: choose a smaller input."),
                height=height,
                width=width,
                most=MOST_CELLS // 1_000_000,
            )
        check(cancelled)
        tell(N_("Looking at every layer of {network} …"), 0.6)
        may_move = device == devices.AUTO
        module, graph, place = _place(module, (1, channels, height, width), wanted, may_move, precision, tell)
        check(cancelled)
        names = _names(card, graph) if card.group == "own" else labels(chosen.labels if chosen else card.labels)
        self._network = Network(
            card, chosen, module, graph, preparation, names, wanted, (height, width), may_move, precision
        )
        self._network.remarks = remarks
        if network.startswith(IN_MEMORY):
            self._network.transform = shown(network).transform
        self._network.move(place)
        self._key = key
        memory.settle()
        return self._network

    def close(self) -> None:
        """Let the network go."""
        if self._network is not None:
            self._key = self._network = None
            memory.trim()


def _built(
    network: str, weights: str, tell: ProgressHandler, cancelled: Callable[[], bool] | None
) -> tuple[Card, Weights | None, nn.Module, tuple[Remark, ...]]:
    """Return a network's facts, its weights (None for random ones), its module with them on the CPU, and remarks."""
    if own.is_own(network):
        if weights not in ("", own.FILE):
            raise NetworkError(
                N_("{network} has no weights “{weights}”, only those of its file: leave the choice out."),
                network=own.card(network).title,
                weights=weights,
            )
        opened = own.open(network, tell)
        return opened.card, opened.weights, opened.module, opened.report
    card = registry.card(network)
    chosen = zoo_weights.find(card, weights)
    tell(N_("Loading {network} …"), 0.0)
    state = zoo_weights.load(chosen) if chosen else None
    check(cancelled)
    tell(N_("Building {network} …"), 0.3)
    return card, chosen, registry.build(card, state), ()


def _names(card: Card, graph: Graph) -> tuple[str, ...]:
    """Return the names of an own network's classes; none where it has none, or does something else.

    Raises:
        NetworkError: there are more or fewer than classes.
    """
    names = class_names.of(card.labels)
    if card.task != "classify" or not names or len(graph.output.output) != 1:
        return names
    (classes,) = graph.output.output
    if len(names) != (2 if classes == 1 and len(names) == 2 else classes):
        raise NetworkError(
            N_(
                "The list of classes {labels} has {names} names, but the network gives {classes} numbers: choose "
                "another list, or none, so that the classes are called by number."
            ),
            labels=card.labels,
            names=len(names),
            classes=classes,
        )
    return names


def _place(
    module: nn.Module,
    shape: tuple[int, ...],
    wanted: torch.device,
    may_move: bool,
    precision: devices.Precision,
    tell: ProgressHandler,
) -> tuple[nn.Module, Graph, torch.device]:
    """Put the network on the device that is wanted and trace it there; on the CPU where memory is short and it may."""

    def on(place: torch.device) -> tuple[nn.Module, Graph, torch.device]:
        if place != wanted:
            tell(N_("Not enough memory there: {network} goes to the CPU …"), 0.7)
        kind = devices.number_type(precision, place) if place == wanted else torch.float32
        # torch refuses this layout for the kernels of three-dimensional convolutions
        flat = all(one.dim() < 5 for one in (*module.parameters(), *module.buffers()))
        layout = {"memory_format": torch.channels_last} if flat else {}
        there = module.eval().to(place, kind, **layout)  # type: ignore[call-overload]
        example = torch.zeros(shape, device=place, dtype=kind).to(memory_format=torch.channels_last)
        try:
            return there, trace(there, example), place
        except ForwardError as error:
            if precision != "half":
                raise
            raise NetworkError(
                N_("This network does not run in half precision ({reason}): choose float32 in the settings."),
                reason=error.values.get("reason", error),
            ) from error

    return devices.with_room(on, wanted, may_move)
