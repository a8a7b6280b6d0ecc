"""Where a network can run, as torch reports it, and how many threads the CPU gives it."""

from __future__ import annotations

import gc
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from explorer import threads
from explorer.errors import DeviceError
from explorer.text import N_, _

if TYPE_CHECKING:
    import torch

T = TypeVar("T")
Precision = Literal["float32", "tf32", "half"]
AUTO = "auto"
_NO_MEMORY = re.compile("out of memory|not enough memory|can't allocate memory|alloc_cpu", re.IGNORECASE)


def available() -> tuple[tuple[str, str], ...]:
    """Return (name, title) of every device that torch can use, the fastest first and the CPU last."""
    import torch

    found: list[tuple[str, str]] = []
    if torch.cuda.is_available():
        cards = [(torch.cuda.get_device_properties(i), f"cuda:{i}") for i in range(torch.cuda.device_count())]
        cards.sort(key=lambda card: (card[0].major, card[0].multi_processor_count, card[0].total_memory), reverse=True)
        found += [(name, f"{card.name} ({card.total_memory / 2**30:.0f} GB)") for card, name in cards]
    if torch.backends.mps.is_available():
        found.append(("mps", f"Apple GPU ({torch.mps.recommended_max_memory() / 2**30:.0f} GB)"))
    if torch.xpu.is_available():
        for i in range(torch.xpu.device_count()):
            properties = torch.xpu.get_device_properties(i)
            found.append((f"xpu:{i}", f"{properties.name} ({properties.total_memory / 2**30:.0f} GB)"))
    other = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if other is not None and other.type not in ("cuda", "mps", "xpu"):
        found += [(f"{other.type}:{i}", f"{other.type} {i}") for i in range(torch.accelerator.device_count())]
    cpu = _("CPU, {threads} threads").format(threads=torch.get_num_threads())
    return (*found, ("cpu", f"{cpu} ({_memory() / 2**30:.0f} GB)" if _memory() else cpu))


def _memory() -> int:
    """Return the machine's memory in bytes, or 0 where the system does not tell it."""
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names:
        return 0
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def number_type(precision: Precision, place: torch.device) -> torch.dtype:
    """Return the number type in which a network runs on ``place``.

    Half precision is float16 where the hardware is made for it, and bfloat16 elsewhere: a CPU's float16 is slow.
    """
    import torch

    if precision != "half":
        return torch.float32
    return torch.float16 if place.type in ("cuda", "mps", "xpu") else torch.bfloat16


def widest(place: torch.device) -> torch.dtype:
    """Return the number type in which sums are taken on ``place``: float64, or float32 where the hardware has none."""
    import torch

    if place.type == "xpu":
        return torch.float64 if torch.xpu.get_device_properties(place).has_fp64 else torch.float32
    return torch.float32 if place.type == "mps" else torch.float64


def allow_tf32(allowed: bool) -> None:
    """Let CUDA cards multiply float32 numbers with 10 instead of 23 bits after the point, or not.

    torch's own default allows it for convolutions, and then maps differ from the CPU's in the fourth figure.
    """
    import torch

    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed


def unused_card() -> DeviceError | None:
    """Return what to tell the person where an NVIDIA card lies beside a torch that cannot use it; else None."""
    import torch

    if torch.version.cuda or torch.version.hip or not _has_nvidia_card():
        return None
    return DeviceError(
        N_(
            "There is an NVIDIA card, but this PyTorch was made for the CPU alone. Remove it with “{command}”, then "
            "install the CUDA build with the line that {page} gives for your system."
        ),
        command=f'"{sys.executable}" -m pip uninstall --yes torch torchvision',
        page="https://pytorch.org/get-started/locally/",
    )


def _has_nvidia_card() -> bool:
    if sys.platform == "win32":
        return (Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "nvcuda.dll").exists()
    cards = Path("/proc/driver/nvidia/gpus")
    return (cards.is_dir() and any(cards.iterdir())) or shutil.which("nvidia-smi") is not None


def choose(name: str = AUTO) -> torch.device:
    """Return the device called ``name``; the fastest for "auto".

    Args:
        name: "auto", a name of ``available``, or a kind of device ("cuda" for the fastest of its cards).

    Raises:
        DeviceError: torch reports no such device; those there are are named.
    """
    import torch

    names = [known for known, _title in available()]
    for known in names:
        if name in (AUTO, known) or known.startswith(f"{name}:"):
            return torch.device(known)
    raise DeviceError(
        N_("There is no device “{name}” here: choose one of {devices}."), name=name, devices=", ".join([AUTO, *names])
    )


def out_of_memory(error: BaseException) -> bool:
    """Return whether ``error`` says that a device, or the machine itself, has too little memory.

    torch has a class for it only on some devices; its CPU allocator raises a plain ``RuntimeError``.
    """
    import torch

    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and bool(_NO_MEMORY.search(str(error)))
    )


def no_room(place: object) -> DeviceError:
    """Return what to tell where ``place`` has too little memory for a network."""
    return DeviceError(
        N_("{device} has not enough memory for this network: choose another device or a smaller input."), device=place
    )


def with_room(work: Callable[[torch.device], T], place: torch.device, may_move: bool) -> T:
    """Return ``work(place)``; where memory is short, once more after all was freed that nobody needs, then on the CPU.

    Args:
        work: what is done, on the device that it is given.
        place: where it is done first.
        may_move: whether the CPU may take over.

    Raises:
        DeviceError: there is not enough memory.
    """
    import torch

    tries = [place]
    if place.type != "cpu":
        tries += [place, torch.device("cpu")] if may_move else [place]
    while True:
        here = tries.pop(0)
        try:
            return work(here)
        except (DeviceError, RuntimeError, MemoryError) as error:
            if not (isinstance(error, DeviceError) or out_of_memory(error)):
                raise
            if not tries:
                raise no_room(here) from error
        free(here)  # only now: the error held the frames of the work that failed, and they its tensors


def free(place: torch.device) -> None:
    """Give memory of ``place`` back that nobody needs."""
    import torch

    gc.collect()
    if empty_cache := getattr(getattr(torch, place.type, None), "empty_cache", None):
        empty_cache()


def synchronise(place: torch.device) -> None:
    """Wait until ``place`` has done what it was given: an accelerator works on while the host goes on."""
    import torch

    if wait := getattr(getattr(torch, place.type, None), "synchronize", None):
        wait()


def set_threads(wanted: int = 0) -> int:
    """Give torch ``wanted`` CPU threads and return how many it has.

    Args:
        wanted: 0 for what suits the machine, as far as it was measured (see ``threads``).
    """
    import torch

    torch.set_num_threads(wanted if wanted > 0 else threads.remembered() or threads.usual())
    return torch.get_num_threads()
