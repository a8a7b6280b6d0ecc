"""A network's run on a CUDA card, recorded once as a graph of kernels and played again for every frame.

Each kernel costs the host some 10 µs to start, more than many a small one takes to run; a graph is started at once.

What a recording could not do again is looked for beforehand, while the network still runs by its own calls: a recording
that fails half-way is the one thing after which older versions of torch do not put everything in order again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from explorer.capture import Captured, Step, capture, clones
from explorer.device import free
from explorer.errors import ExplorerError
from explorer.graph.trace import tensors
from explorer.graph.values import Graph
from explorer.speed.merge import Unfit
from explorer.speed.values import RECORDED
from explorer.speed.whole import Whole

T = TypeVar("T")
WARM_UPS = 3
"""Runs before the recording, as torch advises: libraries are loaded in them, algorithms tried, work space taken."""

_aten = torch.ops.aten
_COPIES = (_aten.to, _aten._to_copy, _aten.copy, _aten.copy_)


class Recorder(Protocol):
    """What a recording takes of a card."""

    def warm(self, work: Callable[[], object]) -> None:
        """Do ``work`` where it will be recorded; what the card is given afterwards comes after it."""

    def record(self, work: Callable[[], T]) -> tuple[T, Callable[[], object]]:
        """Return what ``work`` gives, not computed yet, and what computes it: into the same memory every time."""


class OnCard:
    """Records on a CUDA card, on a stream beside the one where its other work goes.

    Args:
        card: which one.
    """

    def __init__(self, card: torch.device) -> None:
        self._aside = _aside(card)

    def warm(self, work: Callable[[], object]) -> None:
        """See ``Recorder``."""
        here = torch.cuda.current_stream(self._aside.device)
        self._aside.wait_stream(here)
        try:
            with torch.cuda.stream(self._aside):
                work()
        finally:  # also what it leaves is freed here, and the memory taken by others
            here.wait_stream(self._aside)

    def record(self, work: Callable[[], T]) -> tuple[T, Callable[[], object]]:
        """See ``Recorder``. Its memory is its own and stays with it: other threads may use the card meanwhile."""
        graph, pool = torch.cuda.CUDAGraph(), torch.cuda.graph_pool_handle()
        with torch.cuda.stream(self._aside):  # which torch's own way out leaves only where the recording ends well
            try:
                with torch.cuda.graph(graph, pool, self._aside, capture_error_mode="thread_local"):
                    made = work()
            except BaseException:
                with suppress(RuntimeError, AttributeError):  # it ended by itself, as in newer versions of torch
                    torch._C._cuda_endAllocateToPool(self._aside.device.index, pool)
                raise
        return made, graph.replay


@cache
def _aside(card: torch.device) -> torch.cuda.Stream:
    """Return the stream for all recordings on a card: for each one that it was used with, cuBLAS keeps work space."""
    return torch.cuda.Stream(card)  # type: ignore[no-untyped-call]


class Recordings:
    """Has a network recorded: a ``Maker``.

    Args:
        module, graph: as in ``record``.
        recorder: for a card that is only pretended.
    """

    after_s, told = 0.5, RECORDED

    def __init__(self, module: nn.Module, graph: Graph, recorder: Recorder | None = None) -> None:
        self._module, self._graph, self._recorder = module, graph, recorder

    def begin(self, layers: frozenset[str], instead: Mapping[int, Step]) -> _Recording:
        """Begin: the recording itself takes some milliseconds, at the next frame."""
        return _Recording(lambda x: record(self._module, self._graph, x, layers, instead, self._recorder))


class _Recording:
    """A recording that is to be made."""

    def __init__(self, make: Callable[[Tensor], Whole]) -> None:
        self._make = make

    def whole(self, x: Tensor) -> Whole:
        """See ``Making``."""
        return self._make(x)

    def end(self) -> None:
        """See ``Making``: nothing goes on by itself."""


def record(
    module: nn.Module,
    graph: Graph,
    x: Tensor,
    wanted: Collection[str],
    instead: Mapping[int, Step] | None = None,
    recorder: Recorder | None = None,
) -> Whole:
    """Return the run of ``module`` on inputs like ``x``, recorded.

    What it gives lies in memory of its own, which holds the next answer after the next call: whoever needs more of it
    has to copy it before. An input is only read. Weights are read where they lie now, and kept there in memory: where
    one is put elsewhere, or one that ``instead`` was made from is written, it is for the caller to record anew. It is
    also for the caller to see that no hooks wait on the modules, and to compare what it gives with a plain run.

    Args:
        module: the network, in eval mode.
        graph: how it ran when it was traced.
        x: float (1, C, H, W) of the traced shape, on the card; left as it is.
        wanted: ids of the layers whose outputs it gives.
        instead: what is done in place of calls, as in ``capture``; asked while it is recorded, and never again.
        recorder: for a card that is only pretended.

    Raises:
        Unfit: it cannot be recorded; nothing of it is kept, and the card is as it was. So does the run, for an ``x`` of
            another shape or number type, or on another device.
    """
    try:
        return _Replayed(module, graph, x, wanted, instead, recorder or OnCard(x.device))
    except Unfit as error:
        reason = str(error)
    except (ExplorerError, RuntimeError, AssertionError, ValueError, TypeError, AttributeError, MemoryError) as error:
        reason = f"{type(error).__name__}: {error}"
    free(x.device)  # only now: the error held the frames of the work that failed, and they its tensors
    raise Unfit(reason)


class _Replayed:
    """What ``record`` returns."""

    def __init__(
        self,
        module: nn.Module,
        graph: Graph,
        x: Tensor,
        wanted: Collection[str],
        instead: Mapping[int, Step] | None,
        recorder: Recorder,
    ) -> None:
        self._x = torch.empty_like(x)

        def run() -> Captured:
            return capture(module, graph, self._x, clones(graph, wanted), instead)

        def warm() -> None:
            self._x.copy_(x)
            with _Unrepeatable() as seen:
                run()
            if seen.found:
                raise Unfit(seen.found)
            for _ in range(WARM_UPS):
                run()

        recorder.warm(warm)
        made, self._again = recorder.record(run)
        if made.shapes:
            raise Unfit("the size of a layer depends on the picture")
        if elsewhere := {one.device for one in tensors((made.returned, made.values))} - {x.device}:
            raise Unfit(f"it answers on {elsewhere.pop()}")
        self._made = made.returned, made.values
        self._kept = [one.detach() for one in (*module.parameters(), *module.buffers())]

    def __call__(self, x: Tensor) -> tuple[Any, Mapping[str, Tensor]]:
        """See ``Whole`` and ``record``."""
        given, known = ((one.shape, one.dtype, one.device) for one in (x, self._x))
        if given != known:
            raise Unfit(f"it was recorded for {known}, not {given}")
        with torch.inference_mode():
            self._x.copy_(x, non_blocking=True)
            self._again()
        return self._made


class _Unrepeatable(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees a network's ops as the card is given them, and notes what a recording could not do again.

    Attributes:
        found: the first of it, for the log; "" for nothing.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found = ""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the op and look at it; of one that is made of others, at these."""
        kwargs = kwargs or {}
        with self:
            out = func.decompose(*args, **kwargs)
        if out is NotImplemented:
            out = func(*args, **kwargs)
            self.found = self.found or _unrepeatable(func, args, kwargs, out)
        return out


def _unrepeatable(func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], out: Any) -> str:
    """Return why an op cannot be recorded; "" where it can."""
    arguments = func._schema.arguments
    given: dict[str, Any] = {one.name: one.default_value for one in arguments}
    given |= {one.name: value for one, value in zip(arguments, args, strict=False)} | {**kwargs}
    indices = [one.dtype for one in _within(given.get("indices"))]
    if torch.Tag.data_dependent_output in func.tags:
        return f"{func} tells the host what the card computed"
    if torch.bool in indices or (torch.Tag.dynamic_output_shape in func.tags and not indices):
        return f"the size of what {func} makes depends on the picture"
    copies = func.overloadpacket in _COPIES  # of others, a tensor without a dimension is a number to the card
    if len({one.device for one in _within((args, kwargs, out)) if copies or one.dim()}) > 1:
        return f"{func} copies between two devices"
    still = any(given.get(name) is False for name in ("train", "training"))
    still = still or 0.0 in (given.get("p"), given.get("dropout_p"))
    if torch.Tag.nondeterministic_seeded in func.tags and not still:
        return f"{func} draws numbers"
    return ""


def _within(value: Any) -> Iterable[Tensor]:
    return (one for one in tree_leaves(value) if isinstance(one, Tensor))
