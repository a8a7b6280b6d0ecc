"""Tensors out of a stranger's checkpoint. Nothing of the file ever runs: no name in it is imported, none is called.

What torch's own safe reader takes goes through it. Other pickles go through an unpickler that knows how to rebuild
tensors and makes an inert ``Stub`` of every other name; the formats are those of ``torch/serialization.py``.
"""

from __future__ import annotations

import contextlib
import errno
import io
import pickle
import struct
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from explorer.device import no_room, out_of_memory
from explorer.errors import NetworkError
from explorer.text import N_
from explorer.zoo.own import stem

_MAGIC = 0x1950A86A20F9469CFC6C
"""First value of a file in torch's format before 1.6."""
_DTYPES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "UntypedStorage": torch.uint8,
}
_NEVER = ("optimizer", "optim", "scheduler", "lr_scheduler", "scaler", "optimizer_states", "optimizers", "rng_state")
"""Entries of a checkpoint whose tensors are no network's."""
_EMA = ("state_dict_ema", "model_ema", "ema_state_dict", "ema", "ema_model", "shadow")
_DEPTH, _MOST_ENTRIES = 6, 200_000
_MOST_PACKED = 100
"""torch does not compress: what grows more than this when it is unpacked is made to fill the memory."""
_RESAVE = N_(
    "{file} holds a whole module ({kind}), which cannot be opened without running code of the file. Where it comes "
    "from, run “model = torch.load({name!r}, weights_only=False)” and “torch.save(model.state_dict(), {new!r})”, and "
    "open that file."
)


_COMMANDS = ("system", "popen", "exec", "spawn", "posix_spawn", "startfile", "remove", "unlink")
"""Beginnings of the names of what the modules of the operating system do on a call."""
_CALLS = {
    "os": _COMMANDS,
    "posix": _COMMANDS,
    "nt": _COMMANDS,
    "subprocess": ("",),
    "pty": ("",),
    "runpy": ("",),
    "builtins": ("eval", "exec", "compile", "__import__"),
    "__builtin__": ("eval", "exec", "execfile", "compile", "__import__"),
}
"""Names, by module, that only a file that means to run something has: beginnings of them."""
_MOST_PLAIN_PICKLE = 1 << 20
"""Bytes of a pickle that is no network anyway: of a larger one it is not told what it would run."""


@dataclass(frozen=True, eq=False)
class Content:
    """What a file holds.

    Attributes:
        value: tensors on the CPU, plain values, and stubs for everything else.
        foreign: the names of what the stubs stand for, as ``module.name``; none of it was imported or called.
    """

    value: Any
    foreign: tuple[str, ...] = ()


class Stub(dict[Any, Any]):
    """Stands for an object of a class that is not loaded: it takes whatever a pickle does to it and does nothing.

    Attributes:
        origin: module and name of the class or function.
        state: what the object's attributes were, where the pickle says so.
    """

    origin = ""
    state: Mapping[Any, Any]

    def __new__(cls, *_args: object, **_named: object) -> Stub:
        """Return a stub, whatever its class would have been made of."""
        made = super().__new__(cls)
        made.state = {}
        return made

    def __init__(self, *_args: object, **_named: object) -> None:
        super().__init__()

    def __setstate__(self, state: object) -> None:
        found = state[0] if isinstance(state, tuple) and state else state
        if type(found) is dict:
            self.state = found

    def append(self, _one: object) -> None:
        """Take an item of a list that is none."""

    def extend(self, _some: object) -> None:
        """Take items of a list that is none."""

    def add(self, _one: object) -> None:
        """Take an item of a set that is none."""

    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__


class _Known:
    """A function that a pickle may call; unlike a plain function it cannot be changed by one."""

    __slots__ = ("_call",)
    _call: Callable[..., object]

    def __init__(self, call: Callable[..., object]) -> None:
        object.__setattr__(self, "_call", call)

    def __call__(self, *args: object) -> object:
        return self._call(*args)

    def __setattr__(self, name: str, value: object) -> None:
        raise pickle.UnpicklingError("a function is no place for data")

    def __setstate__(self, state: object) -> None:
        raise pickle.UnpicklingError("a function is no place for data")


class _Storage:
    """The bytes of tensors and what they are, which a pickle cannot change."""

    __slots__ = ("bytes", "dtype")

    def __init__(self, data: bytearray, dtype: torch.dtype) -> None:
        self.bytes, self.dtype = data, dtype

    def __setstate__(self, state: object) -> None:
        raise pickle.UnpicklingError("a storage takes no state")


def _tensor(storage: object, offset: object, size: object, stride: object, *_rest: object) -> Tensor:
    """Return what ``torch._utils._rebuild_tensor_v2`` would, checked against the bytes that there are."""
    if not isinstance(storage, _Storage):
        raise pickle.UnpicklingError("a tensor without a storage")
    return _view(storage.bytes, storage.dtype, offset, size, stride)


def _tensor_v3(storage: object, offset: object, size: object, stride: object, *rest: object) -> Tensor:
    """Return what ``torch._utils._rebuild_tensor_v3`` would: it names the type of the numbers itself."""
    dtype = rest[2] if len(rest) > 2 else None
    if not isinstance(storage, _Storage) or not isinstance(dtype, torch.dtype):
        raise pickle.UnpicklingError("a tensor without a storage")
    return _view(storage.bytes, dtype, offset, size, stride)


def _view(data: bytearray, dtype: torch.dtype, offset: object, size: object, stride: object) -> Tensor:
    whole = (
        isinstance(size, tuple)
        and isinstance(stride, tuple)
        and len(size) == len(stride)
        and all(type(one) is int and one >= 0 for one in (*size, *stride, offset))
    )
    if not whole:
        raise pickle.UnpicklingError("a tensor of no shape")
    assert isinstance(size, tuple)
    assert isinstance(stride, tuple)
    if 0 in size:
        return torch.empty(size, dtype=dtype)
    # as_strided itself refuses to look past the end of the storage
    return torch.frombuffer(data, dtype=dtype).as_strided(size, stride, offset)  # type: ignore[arg-type]


def _parameter(data: object, *_rest: object) -> object:
    return data


def _typed(call: object, _kind: object, args: object, _state: object = None) -> object:
    if not isinstance(call, _Known) or not isinstance(args, tuple):
        raise pickle.UnpicklingError("a tensor of an unknown kind")
    return call(*args)


_FUNCTIONS = {
    ("torch._utils", "_rebuild_tensor_v2"): _Known(_tensor),
    ("torch._utils", "_rebuild_tensor"): _Known(_tensor),
    ("torch._utils", "_rebuild_tensor_v3"): _Known(_tensor_v3),
    ("torch._utils", "_rebuild_parameter"): _Known(_parameter),
    ("torch._utils", "_rebuild_parameter_with_state"): _Known(_parameter),
    ("torch._tensor", "_rebuild_from_type_v2"): _Known(_typed),
    ("collections", "OrderedDict"): OrderedDict,
    ("torch", "Size"): _Known(lambda sides=(): tuple(sides)),
    ("torch", "device"): _Known(lambda *_args: "device"),
}


class Inert(pickle.Unpickler):
    """Unpickles tensors and plain values; everything else becomes a ``Stub``."""

    def __init__(self, stream: IO[bytes], load: Callable[[tuple[Any, ...]], object]) -> None:
        super().__init__(stream, encoding="utf-8")
        self._load = load
        self._stubs: dict[tuple[str, str], type[Stub]] = {}

    def find_class(self, module_name: str, global_name: str) -> Any:
        """Return what stands for a name of the pickle; nothing is imported."""
        known = _FUNCTIONS.get((module_name, global_name))
        if known is not None:
            return known
        if module_name in ("torch", "torch.storage") and global_name in _DTYPES:
            return _DTYPES[global_name]
        if module_name == "torch" and isinstance(dtype := vars(torch).get(global_name), torch.dtype):
            return dtype
        key = module_name, global_name
        if key not in self._stubs:
            self._stubs[key] = type("Stub", (Stub,), {"origin": f"{module_name}.{global_name}"})
        return self._stubs[key]

    @property
    def foreign(self) -> tuple[str, ...]:
        """The names that stubs stand for, as ``module.name``."""
        return tuple(one.origin for one in self._stubs.values())

    def persistent_load(self, pid: Any) -> Any:
        """Return the storage, or in old files the class, that ``pid`` means."""
        if not isinstance(pid, tuple) or len(pid) < 2:
            raise pickle.UnpicklingError("an unknown reference")
        return pid[1] if pid[0] == "module" else self._load(pid)


def read(path: Path, mapped: bool = False) -> Content:
    """Return what the file ``path`` holds.

    Args:
        path: the file.
        mapped: whether a number may stay in the file until it is looked at, as far as torch can do that; only for a
            moment, for a file that is written anew meanwhile would end the program.

    Raises:
        NetworkError: it cannot be read, is damaged, or is none of the formats.
        DeviceError: there is not enough memory for it.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
            stream.seek(0)
            if path.suffix.lower() == ".safetensors" or _is_safetensors(head, path.stat().st_size):
                return Content(_safetensors(stream, path))
            return _torch(stream, head, path, mapped)
    except NetworkError:
        raise
    except Exception as error:  # a damaged file makes torch, zip and pickle raise anything
        if out_of_memory(error):
            raise no_room("cpu") from error
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise NetworkError(
                N_("The file {file} cannot be read ({reason}): check its name and permissions."),
                file=path,
                reason=error.strerror or error,
            ) from error
        raise _damaged(path, type(error).__name__) from error


def _is_safetensors(head: bytes, size: int) -> bool:
    return len(head) > 8 and head[8:9] == b"{" and struct.unpack("<Q", head[:8])[0] < size


def _safetensors(stream: IO[bytes], path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(stream.read())
    except (SafetensorError, KeyError, ValueError) as error:
        raise _damaged(path, " ".join(str(error).split())[:120]) from error


def _torch(stream: IO[bytes], head: bytes, path: Path, mapped: bool) -> Content:
    is_zip = head.startswith(b"PK\x03\x04")
    if is_zip:
        _refuse_scripts(stream, path)
    elif not head.startswith(b"\x80\x02\x8a\x0a"):  # protocol 2, then a whole number of ten bytes: the magic one
        _refuse_calls(_plain_foreign(stream, head, path), path)
        raise NetworkError(
            N_(
                "The file {file} is neither what torch.save writes nor safetensors: save the network's tensors with "
                "torch.save(model.state_dict(), …)."
            ),
            file=path,
        )
    try:
        if mapped and is_zip:
            return Content(torch.load(path, map_location="cpu", weights_only=True, mmap=True))
        return Content(torch.load(stream, map_location="cpu", weights_only=True))
    except pickle.UnpicklingError:  # other objects lie beside the tensors, or the file is damaged
        stream.seek(0)
        return _from_zip(stream) if is_zip else _from_old(stream, path)


def calls(foreign: Iterable[str]) -> tuple[str, ...]:
    """Return which of the names in a pickle run a command or code when Python itself unpickles it."""
    apart = ((one, *one.partition(".")) for one in foreign)
    return tuple(one for one, module, _dot, name in apart if name.startswith(_CALLS.get(module, ())))


def _refuse_calls(foreign: Iterable[str], path: Path) -> None:
    if named := calls(foreign):
        raise NetworkError(
            N_(
                "{file} calls a system command or other code ({calls}) when it is unpickled; nothing of it was run: "
                "delete it, or ask somebody whom you trust for the network's state_dict."
            ),
            file=path,
            calls=", ".join(named),
        )


def _plain_foreign(stream: IO[bytes], head: bytes, path: Path) -> tuple[str, ...]:
    """Return the names in a pickle that is no file of torch's."""
    if not head.startswith(b"\x80") or path.stat().st_size > _MOST_PLAIN_PICKLE:
        return ()
    reader = Inert(stream, _refuse)
    with contextlib.suppress(Exception):  # as far as it can be read
        reader.load()
    return reader.foreign


def _refuse(_pid: tuple[Any, ...]) -> object:
    raise pickle.UnpicklingError("a tensor out of place")


def _refuse_scripts(stream: IO[bytes], path: Path) -> None:
    with zipfile.ZipFile(stream) as archive:
        names = archive.namelist()
        packed = any(entry.compress_size * _MOST_PACKED < entry.file_size for entry in archive.infolist())
    if packed:
        raise _damaged(path, "zip bomb")
    stream.seek(0)
    if any(name.rpartition("/")[2] == "constants.pkl" for name in names):
        raise NetworkError(
            N_(
                "{file} is a TorchScript archive, which is not opened here: save the module's tensors with "
                "torch.save(model.state_dict(), …), or export it to ONNX."
            ),
            file=path,
        )
    if not any(name.rpartition("/")[2] == "data.pkl" for name in names):
        raise NetworkError(
            N_(
                "{file} is an archive, but none that torch.save wrote: save the network's tensors with "
                "torch.save(model.state_dict(), …)."
            ),
            file=path,
        )


def _from_zip(stream: IO[bytes]) -> Content:
    with zipfile.ZipFile(stream) as archive:
        names = set(archive.namelist())
        root = next(name for name in names if name.rpartition("/")[2] == "data.pkl").rpartition("/")[0]
        order = archive.read(f"{root}/byteorder") if f"{root}/byteorder" in names else b"little"
        if order.decode("ascii", "replace").strip() != sys.byteorder:
            raise pickle.UnpicklingError("the other order of bytes")
        found: dict[str, bytearray] = {}

        def load(pid: tuple[Any, ...]) -> _Storage:
            dtype, key = pid[1], str(pid[2])
            if key not in found:
                found[key] = bytearray(archive.read(f"{root}/data/{key}"))
            return _Storage(found[key], dtype)

        reader = Inert(io.BytesIO(archive.read(f"{root}/data.pkl")), load)
        return Content(reader.load(), reader.foreign)


def _from_old(stream: IO[bytes], path: Path) -> Content:
    """Return the content of a file in the format before torch 1.6: pickles one after the other, then the storages."""
    found: dict[str, tuple[bytearray, torch.dtype]] = {}
    left = path.stat().st_size

    def load(pid: tuple[Any, ...]) -> _Storage:
        nonlocal left
        dtype, key, count = pid[1], str(pid[2]), pid[4]
        if len(pid) > 5 and pid[5] is not None:
            raise pickle.UnpicklingError("a view of a storage")
        if key not in found:
            left -= count * dtype.itemsize
            if count < 0 or left < 0:
                raise pickle.UnpicklingError("more numbers than bytes")
            found[key] = bytearray(count * dtype.itemsize), dtype
        return _Storage(*found[key])

    if Inert(stream, _refuse).load() != _MAGIC:
        raise pickle.UnpicklingError("another magic number")
    for _part in ("version", "machine"):
        Inert(stream, _refuse).load()
    reader = Inert(stream, load)
    content = Content(reader.load(), reader.foreign)
    for key in Inert(stream, _refuse).load():
        data, dtype = found[str(key)]
        (count,) = struct.unpack("<q", stream.read(8))
        if count * dtype.itemsize != len(data) or stream.readinto(memoryview(data)) != len(data):  # type: ignore[attr-defined]
            raise EOFError
    return content


def candidates(content: Content, path: Path) -> list[tuple[str, dict[str, Tensor]]]:
    """Return every set of tensors by name in what was read that may be a network's, the likeliest first.

    Each comes with where it was: ``state_dict``, ``ema.shadow`` …; "" for the file itself. Numbers become float32.

    Raises:
        NetworkError: there is none, or what is there cannot be used.
    """
    value = content.value
    found = list(_sets(value, "", 0, set(), [_MOST_ENTRIES]))
    if not found:
        _refuse_calls(content.foreign, path)  # else the lines that save a module again would run it
        if kind := _module(value):
            new = path.with_name(stem(path) + "-state.pth").name
            raise NetworkError(_RESAVE, file=path, kind=kind, name=path.name, new=new)
        raise NetworkError(
            N_(
                "The file {file} holds no tensors by name ({found}): save the network's with "
                "torch.save(model.state_dict(), …)."
            ),
            file=path,
            found=value.origin if isinstance(value, Stub) else type(value).__name__,
        )
    most = max(len(tensors) for _where, tensors in found)
    found = [one for one in found if len(one[1]) * 2 >= most]
    found.sort(key=lambda one: one[0].rpartition(".")[2] not in _EMA and one[0].partition(".")[0] not in _EMA)
    return [(where, _floats(tensors, path)) for where, tensors in found[:4]]


def _sets(
    content: Any, where: str, depth: int, seen: set[int], left: list[int]
) -> Iterator[tuple[str, dict[str, Tensor]]]:
    if not isinstance(content, Mapping) or id(content) in seen or depth > _DEPTH or left[0] <= 0:
        return
    seen.add(id(content))
    left[0] -= len(content)
    tensors = {name: one for name, one in content.items() if isinstance(name, str) and isinstance(one, Tensor)}
    if any(one.dim() for one in tensors.values()):
        yield where, tensors
    for name, one in content.items():
        if isinstance(name, str) and name.lower() not in _NEVER:
            yield from _sets(one, f"{where}.{name}" if where else name, depth + 1, seen, left)
    if isinstance(content, Stub) and "_modules" not in content.state:
        yield from _sets(content.state, where, depth + 1, seen, left)


def _module(content: Any) -> str:
    """Return the class of a whole module in ``content``, or ""."""
    if isinstance(content, Stub) and "_modules" in content.state:
        return content.origin
    if isinstance(content, Mapping):
        return next((one.origin for one in content.values() if isinstance(one, Stub) and "_modules" in one.state), "")
    return ""


def _floats(tensors: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Return ``tensors`` in float32; counters stay whole numbers."""
    for name, one in tensors.items():
        kind = ""
        if one.is_quantized:
            kind = "quantized"
        elif one.is_complex():
            kind = "complex"
        elif one.layout is not torch.strided or one.device.type != "cpu":
            kind = str(one.layout) if one.device.type == "cpu" else str(one.device)
        elif not one.is_floating_point() and name.endswith((".weight", ".bias")):
            kind = str(one.dtype).removeprefix("torch.")
        if kind:
            raise NetworkError(
                N_(
                    "The tensors of {file} are not plain floating-point numbers ({tensor}: {kind}): save the network "
                    "before it is quantised or packed."
                ),
                file=path,
                tensor=name,
                kind=kind,
            )
    return {name: one.detach().float() if one.is_floating_point() else one for name, one in tensors.items()}


def _damaged(path: Path, reason: str) -> NetworkError:
    return NetworkError(
        N_("The file {file} is damaged or incomplete ({reason}): save or copy it again."), file=path, reason=reason
    )
