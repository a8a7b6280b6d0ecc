"""What a frame brings from an accelerator into the machine's memory: all of it in one copy, waited for once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Arriving = Callable[[], Tensor]
"""Gives a tensor in the machine's memory, and waits for it only where it has not come."""


@dataclass(eq=False)
class _Piece:
    there: Tensor
    here: Tensor | None = None


class Parcel:
    """Tensors that leave their device together.

    The first that is asked for brings over all that were put in until then, as the bytes of one tensor: each copy by
    itself would be waited for. Those on the CPU are here already.
    """

    def __init__(self) -> None:
        self._waiting: list[_Piece] = []

    def put(self, tensor: Tensor) -> Arriving:
        """Take a tensor that nobody writes any more, and return what gives it in the machine's memory."""
        if tensor.device.type == "cpu":
            return lambda: tensor
        piece = _Piece(tensor)
        self._waiting.append(piece)

        def here() -> Tensor:
            if piece.here is None:
                self.open()
            assert piece.here is not None
            return piece.here

        return here

    def open(self) -> None:
        """Bring over what was put in since the last time."""
        pieces = sorted(self._waiting, key=lambda piece: -piece.there.element_size())  # each begins at its own multiple
        if not pieces:
            return
        whole = arrived(torch.cat([piece.there.reshape(-1).view(torch.uint8) for piece in pieces]))
        self._waiting, at = [], 0
        for piece in pieces:
            there, size = piece.there, piece.there.numel() * piece.there.element_size()
            piece.here = whole[at : at + size].view(there.dtype).reshape(there.shape)
            at += size


def arrived(tensor: Tensor) -> Tensor:
    """Return a copy of ``tensor`` in the machine's memory; from a CUDA card into pinned memory, which it writes itself.

    Only there is it safe not to wait in the copy: the stream on which it goes is waited for. Elsewhere torch waits.
    """
    if tensor.device.type != "cuda":
        return tensor.cpu()
    here = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    here.copy_(tensor, non_blocking=True)
    torch.cuda.current_stream(tensor.device).synchronize()
    return here
