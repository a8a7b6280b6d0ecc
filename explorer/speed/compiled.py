"""A network's run on the CPU as one compiled piece, made by a process of its own while the frames go on.

What takes a compiler 10 to 60 s would hold up Python's lock here, and with it the window. That process therefore
(``explorer.compiling``) writes a library; here it is only opened and called, through ctypes, which lets go of the lock
while the library works. torch's own way to call it does not (its issue 197516).
"""

from __future__ import annotations

import ctypes
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_unflatten, treespec_loads

from explorer import settings
from explorer.capture import Step
from explorer.speed.merge import Unfit
from explorer.speed.values import COMPILED
from explorer.speed.whole import Whole

MADE = "made.json"
"""What the other process writes last: the library's name, the layers in the order of its outputs, and the answer's
form."""
MOST_BYTES = 1 << 28
"""Of weights, which lie in the library a second time."""
MOST_OPEN_BYTES = 1 << 29
"""Of libraries that were opened: none can be closed again, so no more are made then."""
_WAIT_S = 5.0


def compiler() -> str | None:
    """Return the C++ compiler that torch would take; None where there is none."""
    if os.name == "nt":
        return None
    if sys.platform == "darwin":  # there stand-ins for the compilers would ask the person to install some
        asked = shutil.which("xcode-select")
        if asked is None or subprocess.run([asked, "-p"], capture_output=True, check=False).returncode:
            return None
    named = shlex.split(os.environ.get("CXX", ""))[:1]
    return next(filter(None, map(shutil.which, named or ("g++", "clang++"))), None)


@dataclass(frozen=True)
class Order:
    """What is to be compiled: a listed network, as ``Session.open`` takes it.

    Attributes:
        network, weights: their names.
        input_hw: height and width of the input.
        layers: ids of the layers whose outputs it gives beside the answer.
        threads: how many it runs on.
    """

    network: str
    weights: str
    input_hw: tuple[int, int]
    layers: tuple[str, ...]
    threads: int

    @classmethod
    def read(cls, text: str) -> Order:
        """Return what ``written`` wrote."""
        found = json.loads(text)
        found |= {name: tuple(found[name]) for name in ("input_hw", "layers")}
        return cls(**found)

    def written(self) -> str:
        """Return it as JSON."""
        return json.dumps(self.__dict__)


@dataclass
class Compiler:
    """Has a listed network compiled: a ``Maker``.

    Attributes:
        network, weights, input_hw: as in ``Order``.
    """

    network: str
    weights: str
    input_hw: tuple[int, int]
    after_s: float = 15.0
    told: str = COMPILED

    def begin(self, layers: frozenset[str], instead: Mapping[int, Step]) -> Compilation:
        """Begin; the compiler merges by itself what ``instead`` merges.

        Raises:
            Unfit: there are enough libraries.
        """
        if _Compiled.open_bytes > MOST_OPEN_BYTES:
            raise Unfit("there are enough libraries")
        order = Order(self.network, self.weights, self.input_hw, tuple(sorted(layers)), torch.get_num_threads())
        return Compilation(order)


class Compilation:
    """A library on its way. It ends with this object or with this process, and leaves no file behind.

    Args:
        order: what is compiled.
        command: what makes it; gets the order and a folder as further arguments.
    """

    def __init__(self, order: Order, command: tuple[str, ...] = (sys.executable, "-m", "explorer.compiling")) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cnn-explorer-compiled-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.end: Callable[[], object] = weakref.finalize(self, _end, self._folder, held := list[Any]())
        """Stop, wherever it is."""
        known = str(settings.data_folder() / "compiler")  # of the compiler and the processor: half the time
        environment = os.environ | {"TORCHINDUCTOR_CACHE_DIR": known, "TORCHINDUCTOR_COMPILE_THREADS": "1"}
        with (self._folder / "log").open("wb") as output:
            self._process = subprocess.Popen(
                [*command, order.written(), str(self._folder)],
                stdin=subprocess.PIPE,  # nothing is ever written: it is closed when this process ends, however it does
                cwd=Path(__file__).parents[2],  # where the package lies: -m looks there first, and not at the person's
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )
        held.append(self._process)

    def whole(self, x: Tensor) -> Whole | None:
        """Return the run once it is there; None until then.

        Raises:
            Unfit: it could not be compiled.
        """
        assert self._process is not None
        code = self._process.poll()
        if code is None:
            return None
        try:
            if code:
                raise Unfit(f"exit {code}: " + (self._folder / "log").read_text(errors="replace")[-2000:])
            return _Compiled(self._folder)
        finally:
            self.end()


def _end(folder: Path, process: list[subprocess.Popen[bytes]]) -> None:
    for one in process:
        if one.poll() is None:
            try:
                os.killpg(one.pid, signal.SIGKILL)
            except (OSError, AttributeError):
                one.kill()
            with suppress(subprocess.TimeoutExpired):
                one.wait(_WAIT_S)
        if one.stdin:
            one.stdin.close()
    shutil.rmtree(folder, ignore_errors=True)


class _Compiled:
    """A library that runs a network.

    Attributes:
        open_bytes: of all that were opened; they stay mapped until the program ends, for their symbols are unique.
    """

    open_bytes = 0

    def __init__(self, folder: Path) -> None:
        try:
            made = json.loads((folder / MADE).read_text(encoding="utf-8"))
            self._layers, self._form, self._shape = tuple(made["layers"]), treespec_loads(made["form"]), made["input"]
            file = folder / made["library"]
            self._library = ctypes.CDLL(str(file))
            _Compiled.open_bytes += file.stat().st_size
            self._container, self._outputs = ctypes.c_void_p(), ctypes.c_size_t()
            self._called("CreateWithDevice", ctypes.byref(self._container), ctypes.c_size_t(1), b"cpu", None)
            self._free = weakref.finalize(self, _free, self._library, self._container)
            self._called("GetNumOutputs", self._container, ctypes.byref(self._outputs))
            self._handles = torch._C._aoti.unsafe_alloc_void_ptrs_from_tensors
            self._tensors = torch._C._aoti.alloc_tensors_by_stealing_from_void_ptrs
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise Unfit(f"{type(error).__name__}: {error}") from error
        if self._outputs.value != self._form.num_leaves + len(self._layers):
            raise Unfit("it gives something else than was ordered")

    def __call__(self, x: Tensor) -> tuple[Any, Mapping[str, Tensor]]:
        """See ``Whole``."""
        if list(x.shape) != self._shape or x.dtype != torch.float32:
            raise Unfit(f"it was compiled for {self._shape}, not {list(x.shape)} of {x.dtype}")
        given = self._handles([x])  # the library frees them
        inputs = (ctypes.c_void_p * 1)(*map(_address, given))
        outputs = (ctypes.c_void_p * self._outputs.value)()
        self._called("Run", self._container, inputs, ctypes.c_size_t(1), outputs, self._outputs, None, None)
        found = self._tensors([_capsule(one, None, None) for one in outputs])
        answers = self._form.num_leaves
        return tree_unflatten(found[:answers], self._form), dict(zip(self._layers, found[answers:], strict=True))

    def _called(self, name: str, *arguments: Any) -> None:
        if getattr(self._library, f"AOTInductorModelContainer{name}")(*arguments):
            raise Unfit(f"{name} failed")


def _free(library: ctypes.CDLL, container: ctypes.c_void_p) -> None:
    library.AOTInductorModelContainerDelete(container)


_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)
_capsule = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(
    ("PyCapsule_New", ctypes.pythonapi)
)


def _address(capsule: object) -> int:
    """Return where a capsule without a name points."""
    found: int = _pointer(capsule, None)
    return found
