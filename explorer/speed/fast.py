"""A network's run for one frame of a live source, by what is faster than its own calls where that is proved equal."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain

import torch
from torch import Tensor, nn

from explorer.capture import Captured, OtherPath, Reducer, Step, capture
from explorer.graph.values import Graph
from explorer.held import held
from explorer.reduce import keep
from explorer.speed.merge import Lesson, Merged, apart
from explorer.speed.plan import groups
from explorer.speed.swap import Maker, Swap
from explorer.speed.values import MERGED, Speed, percent
from explorer.text import N_

log = logging.getLogger(__name__)

VARIES = N_("Every op runs by itself: what the network does depends on the picture.")
HALF = N_("Every op runs by itself: in half precision, what merging changes cannot be told from rounding.")
HOOKS = N_("Every op runs by itself: hooks on the network's modules may look at what lies between.")
LARGE = N_("Every op runs by itself: a second copy of these weights would take {need} MB.")
NOTHING = N_("Every op runs by itself: no convolution could take what follows it along.")
OFF = N_("Every op runs by itself: the fast form differed by {apart} % of a map's range, more than is allowed.")
FAILED = N_("Every op runs by itself: the fast form stopped ({reason}).")

_NEVER = (VARIES, HOOKS, FAILED, LARGE)
"""Reasons for which no one piece may stand for the network's calls either."""

MOST_BYTES = 1 << 29
"""Of weights that lie in memory a second time, folded or in the processor's own order."""

_KEPT = 8
"""Choices of layers whose steps are kept."""


class Fast:
    """Runs a network as ``capture`` does, and faster from the second frame on.

    The first frame runs by the network's own calls; each merged operation is compared on its very input, then a whole
    merged run with the plain one: its answer and the shown maps. The latter once more for each layer that is shown.
    What differs by more than ``SHARE`` of a map's range and ``FLOOR`` of its layer's is not used. All is learned anew
    where a weight was written. After a while with the same layers the whole network runs in one piece, if there is
    somebody who makes one.

    Args:
        module: the network, in eval mode.
        graph: how it ran when it was traced.
        varies: whether its calls depend on the picture.
        maker: makes it into one piece.

    Attributes:
        told: what was found, and how the last frame ran.
    """

    def __init__(self, module: nn.Module, graph: Graph, varies: bool = False, maker: Maker | None = None) -> None:
        self.told = Speed(convolutions=sum(layer.op == "conv2d" for layer in graph))
        self._module, self._graph = module, graph
        self._merged: list[Merged] | None = None
        self._versions: list[tuple[Tensor, int, int]] = []
        self._shown: set[str] = set()
        self._steps: dict[frozenset[str], dict[int, Step]] = {}
        self._plain = False
        self._swap = Swap(module, graph, maker) if maker else None
        self._by_calls = self.told
        weights = 4 * sum(layer.parameters for layer in graph if layer.op == "conv2d")
        if varies:
            self._stop(VARIES)
        elif weights > MOST_BYTES:
            self._stop(LARGE, need=-(-weights // 2**20))

    def capture(self, x: Tensor, wanted: Mapping[str, Reducer], shown: str) -> Captured:
        """Return what ``capture`` does.

        Args:
            x: the input; may be written into.
            wanted: reducer by layer id.
            shown: the layer whose maps the person looks at.

        Raises:
            NetworkError, OtherPath, ForwardError, DeviceError: as ``capture`` does.
        """
        if any(t._version != v or t.data_ptr() != at for t, v, at in self._versions):
            self._merged = None
            self._steps.clear()
            self._shown.clear()
            self._versions.clear()
        if not self._plain and (self._merged is None or shown not in self._shown):
            return self._proved(x, wanted, shown)
        instead = self._instead(frozenset(wanted))
        if self._swap and (found := self._swap.capture(x, wanted, instead)):
            captured, self.told = found
            return captured
        self.told = self._by_calls
        return capture(self._module, self._graph, x, wanted, instead)

    def _instead(self, wanted: frozenset[str]) -> dict[int, Step]:
        if wanted not in self._steps:
            if len(self._steps) == _KEPT:
                self._steps.clear()
            self._steps[wanted] = dict(chain.from_iterable(one.steps(wanted).items() for one in self._merged or ()))
        return self._steps[wanted]

    def _proved(self, x: Tensor, wanted: Mapping[str, Reducer], shown: str) -> Captured:
        """Run by the network's own calls, and see whether the merged ones do the same."""
        if reason := _against(self._module, x):
            self._stop(reason)
            return capture(self._module, self._graph, x, wanted)
        again = x.clone()
        if self._merged is None:
            lessons = [Lesson(group, self._module) for group in groups(self._graph)]
            steps = dict(chain.from_iterable(lesson.steps().items() for lesson in lessons))
            plain = capture(self._module, self._graph, x, wanted, steps)
            self._learned(lessons)
        else:
            plain = capture(self._module, self._graph, x, wanted)
        if not self._plain:
            self._compare(again, plain, shown)
        return plain

    def _learned(self, lessons: list[Lesson]) -> None:
        for lesson in lessons:
            if lesson.unfit:
                log.info("%s keeps its own calls: %s", lesson.group.convolution.id, lesson.unfit)
        self._merged = [merged for lesson in lessons if (merged := lesson.merged())]
        if not self._merged:
            self._stop(NOTHING)
            return
        tensors = {id(tensor): tensor for merged in self._merged for tensor in merged.tensors()}
        self._versions = [(tensor, tensor._version, tensor.data_ptr()) for tensor in tensors.values()]
        found = max(merged.apart for merged in self._merged)
        self.told = self._by_calls = replace(self._by_calls, merged=len(self._merged), apart=found, message=MERGED)

    def _compare(self, x: Tensor, plain: Captured, shown: str) -> None:
        """Compare a merged run on ``x`` with the plain one."""
        layer = self._graph[shown]
        try:
            with torch.inference_mode():
                run = capture(self._module, self._graph, x, {shown: keep(layer)}, self._instead(frozenset((shown,))))
                differences = [
                    apart(plain.output.reshape(1, -1), run.output.reshape(1, -1)),
                    apart(*(torch.from_numpy(held(one.values[shown]).raw) for one in (plain, run))),
                ]
        except OtherPath:
            self._stop(VARIES)
            return
        except Exception as error:  # whatever it is, the network's own calls did their work
            log.warning("merged operations", exc_info=True)
            self._stop(FAILED, reason=f"{type(error).__name__}: {error}")
            return
        share, of_allowed = (max(each) for each in zip(*differences, strict=True))
        if of_allowed > 1:
            self._stop(OFF, apart=percent(share))
            return
        self._shown.add(shown)
        self.told = self._by_calls = replace(self._by_calls, apart=max(share, self._by_calls.apart))

    def _stop(self, message: str, **values: object) -> None:
        """Take the plain way from now on."""
        self._plain, self._merged = True, None
        self._steps.clear()
        self._versions.clear()
        if message in _NEVER:
            self._swap = None
        self.told = self._by_calls = Speed(convolutions=self.told.convolutions, message=message, values=values)
        log.info("plain runs: %s", message)


def _against(module: nn.Module, x: Tensor) -> str:
    """Return what speaks against merging before anything is tried; "" for nothing."""
    hooks = nn.modules.module
    everywhere = hooks._global_forward_hooks or hooks._global_forward_pre_hooks
    if everywhere or any(one._forward_hooks or one._forward_pre_hooks for one in module.modules()):
        return HOOKS
    return "" if x.dtype is torch.float32 else HALF
