"""When a network is made into one piece for the layers that are looked at, and when that stands for its calls."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_structure

from explorer.capture import Captured, Reducer, Step, capture, clones
from explorer.device import synchronise
from explorer.graph.trace import tensors
from explorer.graph.values import INPUT, Graph
from explorer.reduce import maps
from explorer.speed.merge import Unfit, apart
from explorer.speed.values import Speed
from explorer.speed.whole import Whole

log = logging.getLogger(__name__)
KEPT = 3
"""Pieces that are kept, for other choices of layers."""
ROUNDS = 3
"""Of a piece and of the network's calls, of which the shortest counts."""
SLOWEST = 1.0
"""So many times what the calls take may a piece take: many outputs may cost more than it gains."""
TRIES = 2
"""So many may fail before no more are made."""


def _nothing(_output: Tensor) -> None:
    """Take nothing of an output."""


class Making(Protocol):
    """A piece on its way."""

    def whole(self, x: Tensor) -> Whole | None:
        """Return the piece, or None while it is not there yet.

        Raises:
            Unfit: it cannot be made.
        """

    def end(self) -> object:
        """Make it no more."""


class Maker(Protocol):
    """Makes a network into one piece.

    Attributes:
        after_s: so long the same layers must have been looked at for that to be worth its while.
        told: the sentence for a person, once it runs; ``{apart}`` is how far it was from the network's own calls.
    """

    after_s: float
    told: str

    def begin(self, layers: frozenset[str], instead: Mapping[int, Step]) -> Making:
        """Begin to make the one that gives the outputs of ``layers``.

        Args:
            layers: their ids.
            instead: what is done in place of calls, as in ``capture``.
        """


@dataclass(frozen=True, eq=False)
class _Proved:
    """A piece that was compared with the network's own calls.

    Attributes:
        layers: which it gives.
        told: what a person is told of it.
    """

    layers: frozenset[str]
    whole: Whole
    told: Speed


class Swap:
    """Has pieces made, proves them, and runs by them.

    Args:
        module: the network, in eval mode.
        graph: how it ran when it was traced.
        maker: makes them.
        clock: gives seconds.
    """

    def __init__(
        self, module: nn.Module, graph: Graph, maker: Maker, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._maker = maker
        self._module, self._graph, self._clock = module, graph, clock
        self._proved: list[_Proved] = []
        self._making: tuple[frozenset[str], Making] | None = None
        self._layers, self._since_s = frozenset[str](), 0.0
        self._tensors = (*module.parameters(), *module.buffers())
        self._made_of: list[object] = []
        self._failed = 0

    def capture(
        self, x: Tensor, wanted: Mapping[str, Reducer], instead: Mapping[int, Step]
    ) -> tuple[Captured, Speed] | None:
        """Return what ``capture`` does and what is told of it; None where there is no piece for it yet.

        Args:
            x: the input; only read.
            wanted: reducer by layer id.
            instead: what is done in place of calls.
        """
        if self._made_of and self._made_of != self._now():
            self._drop()
        layers = frozenset(wanted) - {INPUT}
        found = next((one for one in self._proved if layers <= one.layers), None) or self._new(x, layers, instead)
        if found is None:
            return None
        try:
            return self._run(found.whole, x, wanted), found.told
        except Unfit as error:
            self._fail(error)
            self._proved.remove(found)
            return None

    def _run(self, whole: Whole, x: Tensor, wanted: Mapping[str, Reducer]) -> Captured:
        with torch.inference_mode():
            try:
                returned, outputs = whole(x)
            except Exception as error:  # whatever it is, the network's own calls can do the work
                raise Unfit(f"{type(error).__name__}: {error}") from error
            start_s = time.perf_counter()
            values = {name: reducer(x if name == INPUT else outputs[name]) for name, reducer in wanted.items()}
        return Captured(returned, values, reduced_ms=(time.perf_counter() - start_s) * 1000)

    def _new(self, x: Tensor, layers: frozenset[str], instead: Mapping[int, Step]) -> _Proved | None:
        """Return the piece for ``layers`` if it is there now; see to it that it will be."""
        if self._failed >= TRIES:
            return None
        if self._making and not layers <= self._making[0]:  # the person looks elsewhere
            self._stop()
        try:
            if self._making:
                return self._made(x, instead, *self._making)
            if layers != self._layers:
                self._layers, self._since_s = layers, self._clock()
            elif self._clock() - self._since_s >= self._maker.after_s:
                self._made_of = self._now()
                self._making = layers, self._maker.begin(layers, instead)
        except Exception as error:  # noqa: BLE001 - whatever it is, the network's own calls can do the work
            self._fail(error)
        return None

    def _made(self, x: Tensor, instead: Mapping[int, Step], layers: frozenset[str], making: Making) -> _Proved | None:
        whole = making.whole(x)
        if whole is None:
            return None
        self._making = None
        self._race(whole, x, layers, instead)
        found = _Proved(layers, whole, Speed(apart=self._compare(whole, x, layers), message=self._maker.told))
        self._proved = [found, *self._proved[: KEPT - 1]]
        return found

    def _race(self, whole: Whole, x: Tensor, layers: frozenset[str], instead: Mapping[int, Step]) -> None:
        """Do nothing if a piece is as fast as the calls that it is to stand for.

        Raises:
            Unfit: it is slower.
        """

        def seconds(run: Callable[[], object]) -> float:
            start_s = self._clock()
            run()
            synchronise(x.device)
            return self._clock() - start_s

        def piece() -> object:
            with torch.inference_mode():
                return whole(x)

        def calls() -> object:
            return capture(self._module, self._graph, x.clone(), dict.fromkeys(layers, _nothing), instead)

        piece_s, calls_s = (min(seconds(run) for _round in range(ROUNDS)) for run in (piece, calls))
        if piece_s > SLOWEST * calls_s:
            raise Unfit(f"it takes {1000 * piece_s:.1f} ms, and the network's calls {1000 * calls_s:.1f}")

    def _compare(self, whole: Whole, x: Tensor, layers: frozenset[str]) -> float:
        """Return how far a piece is from the network's own calls.

        Raises:
            Unfit: too far.
        """
        plain = capture(self._module, self._graph, x.clone(), clones(self._graph, layers))
        with torch.inference_mode():
            returned, outputs = whole(x)
            if tree_structure(returned) != tree_structure(plain.returned):
                raise Unfit("the answer has another form")
            pairs = [
                (a.reshape(1, -1), b.reshape(1, -1))
                for a, b in zip(tensors(plain.returned), tensors(returned), strict=True)
            ]
            pairs += [
                (maps(plain.values[name], self._graph[name]), maps(outputs[name], self._graph[name])) for name in layers
            ]
            found = [apart(a.float(), b.float()) for a, b in pairs]
        if (most := max(of_allowed for _share, of_allowed in found)) > 1:
            raise Unfit(f"it differs by {most:.2g} times what is allowed")
        return max(share for share, _of_allowed in found)

    def _now(self) -> list[object]:
        """What a piece is made of beside the graph: where the weights are, how often they were written, and threads."""
        return [torch.get_num_threads(), *((one.data_ptr(), one._version) for one in self._tensors)]

    def _fail(self, error: Exception) -> None:
        log.info("not in one piece: %s", error)
        self._failed += 1
        self._layers = frozenset()
        self._stop()

    def _stop(self) -> None:
        if self._making:
            self._making[1].end()
        self._making = None

    def _drop(self) -> None:
        """Let go what was made from other weights, or for another number of threads."""
        self._stop()
        self._proved.clear()
        self._made_of = []
        self._layers = frozenset()
