"""Pictures on their way to a CUDA card, from memory that the card reads by itself while the host goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock

import torch
from torch import Tensor

_KINDS = 4
"""Of tensors that have buffers: more than are sent in turns."""
_LARGEST_BYTES = 1 << 24
"""Of a buffer. What is larger comes one by one, and its memory need not stay."""

Wait = Callable[[], object]
"""Returns once what it was made after is done."""


def _pinned(like: Tensor) -> Tensor:
    with torch.inference_mode(False):  # a tensor from inside that mode cannot be written outside of it
        return torch.empty_like(like, pin_memory=True)


def _mark(device: torch.device) -> Wait:
    wait: Wait = torch.cuda.current_stream(device).record_event().synchronize
    return wait


class Pinned:
    """Sends tensors to a card from two pinned buffers for each kind of them, which take turns.

    A buffer is written again only when the card has read it: the host writes one while the other is on its way.

    Args:
        memory: makes a buffer like a tensor.
        mark: of what a device was given until now, what waits for it.
    """

    def __init__(
        self, memory: Callable[[Tensor], Tensor] = _pinned, mark: Callable[[torch.device], Wait] = _mark
    ) -> None:
        self._memory, self._mark = memory, mark
        self._lock = Lock()
        self._pairs: dict[object, deque[tuple[Tensor, Wait]]] = {}
        """By kind, the one that was sent last behind; buffers on their way, the older one first."""

    def send(self, tensor: Tensor, device: torch.device) -> Tensor:
        """Return ``tensor`` on ``device``, whose further work finds it there, and which may still be reading it.

        Args:
            tensor: in the machine's memory; it may be written at once.
            device: a CUDA card.
        """
        if tensor.nbytes > _LARGEST_BYTES:
            return tensor.pin_memory().to(device, non_blocking=True)
        kind = tensor.shape, tensor.stride(), tensor.dtype, device
        with self._lock:
            pair = self._pairs[kind] = self._pairs.pop(kind, deque())
            if len(self._pairs) > _KINDS:
                del self._pairs[next(iter(self._pairs))]  # torch gives its memory to nobody before it is read
            if len(pair) < 2:
                buffer = self._memory(tensor)
            else:
                buffer, wait = pair.popleft()
                wait()
            buffer.copy_(tensor)
            there = buffer.to(device, non_blocking=True)
            pair.append((buffer, self._mark(device)))
            return there
