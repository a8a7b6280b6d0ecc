"""A pretend accelerator, for proofs of device placement on a machine that has none.

Its tensors say that they are on ``DEVICE``, hold their data in the machine's memory, and are computed there by the very
same kernels. An op that mixes them with a CPU tensor raises as CUDA would, and so does reading them as numpy without
copying them back. Not pretended: ``x.to(other)`` and ``type_as`` with a tensor of another device, which raise here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

DEVICE = torch.device("meta")
"""The one kind of device beside the CPU that torch knows on every machine without a driver."""

_aten = torch.ops.aten
_COPYING = {_aten.to, _aten._to_copy, _aten.copy_, _aten.copy}
_READING = {
    _aten.item,
    _aten._local_scalar_dense,
    _aten.equal,
    _aten.is_nonzero,
    _aten.nonzero,
    _aten.masked_select,
    _aten.bincount,
}
"""What tells the host a number, or makes a tensor of a size that the device must tell it first."""
_INDEXING = {_aten.index, _aten.index_put, _aten.index_put_, _aten._index_put_impl_}


_crossings: list[list[int]] = []


@contextlib.contextmanager
def crossings() -> Iterator[list[int]]:
    """Yield a list that gets the bytes of each copy from the pretend accelerator to the machine's memory, as they come.

    A number that the host reads is one too. Each is waited for.
    """
    _crossings.append(found := [])
    try:
        yield found
    finally:
        _crossings.pop()


@contextlib.contextmanager
def pretend_device() -> Iterator[torch.device]:
    """Let there be a pretend accelerator, in this thread, and yield it."""
    with _Functions(), _Dispatch():
        yield DEVICE


class PretendTensor(Tensor):
    """A tensor on the pretend accelerator.

    Attributes:
        held: its data, on the CPU.
    """

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> PretendTensor:
        """Wrap ``held``, whose memory it shares."""
        made: PretendTensor = Tensor._make_wrapper_subclass(
            cls, held.size(), held.stride(), held.storage_offset(), dtype=held.dtype, device=DEVICE
        )
        made.held = held
        return made

    def __repr__(self, **_: Any) -> str:
        return f"PretendTensor({self.held})"

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


class _Dispatch(TorchDispatchMode):
    """Reaches what has no pretend tensor among its arguments: factories, and copies from the CPU."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


class _Functions(TorchFunctionMode):
    """What never reaches the dispatcher: constructors from plain values, reads by the host, and addresses."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func in (torch.tensor, torch.as_tensor, torch.asarray):
            device = kwargs.pop("device", None)
            made = func(*args, **kwargs)
            return made if device is None else made.to(device)
        if args and isinstance(args[0], PretendTensor):
            if func in (Tensor.numpy, Tensor.__array__):
                if kwargs.get("force"):
                    return args[0].cpu().numpy()
                raise TypeError(
                    f"can't convert {DEVICE} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host "
                    "memory first."
                )
            if func is Tensor.tolist:
                return args[0].cpu().tolist()
            if func in (Tensor.data_ptr, Tensor.untyped_storage):
                return func(args[0].held)
        return func(*args, **kwargs)


def _run(func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Run an op on the data that its tensors hold; what it gives is on the pretend device if they are."""
    op, given = func.overloadpacket, dict(zip((a.name for a in func._schema.arguments), args, strict=False)) | kwargs
    tensors = [leaf for leaf in tree_leaves(given) if isinstance(leaf, Tensor)]
    placed = [t for t in tensors if isinstance(t, PretendTensor)]
    if op is _aten._has_compatible_shallow_copy_type and placed:
        return False  # so that Module.to makes new parameters, for ``held`` cannot be exchanged
    if placed and op not in _COPYING:
        _refuse_mixed(func, given, op)
    here = torch.device(asked).type == DEVICE.type if (asked := given.get("device")) is not None else bool(placed)
    if asked is not None:
        given["device"] = torch.device("cpu")
    if placed and ((op in _COPYING and not here) or op in _READING):
        for found in _crossings:
            found.append(placed[0].nbytes)
    out = func(**tree_map_only(PretendTensor, lambda t: t.held, given))
    if op is _aten.copy_:
        return args[0]
    if op in _COPYING and here != bool(placed) and out is (placed[0].held if placed else args[0]):
        out = out.clone()  # between devices a copy is always made
    return tree_map_only(Tensor, lambda t: _wrapped(t, placed), out) if here else out


def _refuse_mixed(func: Any, given: Mapping[str, Any], op: Any) -> None:
    """Raise where a CPU tensor is among them; of no dimension it is a number, and as an index it is copied."""
    checked = [value for name, value in given.items() if name != "indices"] if op in _INDEXING else given
    for t in tree_leaves(checked):
        if isinstance(t, Tensor) and not isinstance(t, PretendTensor) and t.dim() > 0:
            raise RuntimeError(
                f"Expected all tensors to be on the same device, but found at least two devices, {DEVICE} and "
                f"{t.device}! (in {func}, the other tensor's shape is {tuple(t.shape)})"
            )


def _lies(t: Tensor) -> tuple[object, ...]:
    """Return a tensor's shape and strides, where there is a step to take."""
    return t.shape, [stride for size, stride in zip(t.shape, t.stride(), strict=True) if size > 1]


def _wrapped(held: Tensor, given: list[PretendTensor]) -> PretendTensor:
    """Return the tensor that holds ``held``: one of those ``given`` where the op wrote in place, else a new one."""
    for tensor in given:
        if tensor.held is held:
            if _lies(tensor) != _lies(held):
                raise NotImplementedError("The pretend device cannot change a tensor's shape in place.")
            return tensor
    with torch.inference_mode(held.is_inference()):  # a view of a tensor from outside that mode is none of its own
        return PretendTensor(held)
