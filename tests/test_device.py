"""Which devices there are, from what torch reports."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch

from explorer import device
from explorer.errors import DeviceError


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two CUDA cards, the second the faster, as torch would report them."""
    known = [
        SimpleNamespace(name="Old", total_memory=4 << 30, major=6, multi_processor_count=20),
        SimpleNamespace(name="New", total_memory=16 << 30, major=9, multi_processor_count=80),
    ]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(known))
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda i: known[i])


def test_the_cpu_is_always_there_and_last() -> None:
    names = [name for name, _ in device.available()]
    assert names[-1] == "cpu"
    assert len(set(names)) == len(names)
    assert device.choose("cpu") == torch.device("cpu")
    assert str(device.choose()) == names[0]


@pytest.mark.usefixtures("cards")
def test_the_fastest_card_first() -> None:
    assert device.available()[:2] == (("cuda:1", "New (16 GB)"), ("cuda:0", "Old (4 GB)"))
    assert device.choose("auto") == torch.device("cuda:1")
    assert device.choose("cuda") == torch.device("cuda:1")
    assert device.choose("cuda:0") == torch.device("cuda:0")
    assert device.choose("cpu") == torch.device("cpu")


def test_an_apple_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert device.choose("auto") == torch.device("mps")


@pytest.mark.parametrize("name", ["cuda:7", "toaster", "", "cp"])
def test_an_unknown_device_is_told_with_those_there_are(name: str) -> None:
    with pytest.raises(DeviceError, match=f"no device “{name}” here: choose one of auto, .*cpu"):
        device.choose(name)


@pytest.mark.parametrize(
    ("error", "is_it"),
    [
        (torch.OutOfMemoryError("CUDA"), True),
        (MemoryError(), True),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory"),
            True,
        ),
        (RuntimeError("[enforce fail at ..\\c10\\core\\impl\\alloc_cpu.cpp:81] data. not enough memory"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 18 GB)"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_too_little_memory_is_told_from_other_errors(error: Exception, is_it: bool) -> None:
    assert device.out_of_memory(error) is is_it


def test_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert device.set_threads(1) == 1 == torch.get_num_threads()
    for cores, expected in ((1, 1), (2, 2), (3, 3), (4, 3), (8, 6), (16, 12)):
        monkeypatch.setattr("os.sched_getaffinity", lambda _pid, n=cores: set(range(n)), raising=False)
        assert device.set_threads() == expected
