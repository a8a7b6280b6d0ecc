"""Which devices there are, from what torch reports."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
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
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 12 << 30)
    assert device.available()[0] == ("mps", "Apple GPU (12 GB)")
    assert device.choose("auto") == torch.device("mps")


def test_an_intel_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.xpu, "is_available", lambda: True)
    monkeypatch.setattr(torch.xpu, "device_count", lambda: 1)
    properties = SimpleNamespace(name="Arc", total_memory=8 << 30)
    monkeypatch.setattr(torch.xpu, "get_device_properties", lambda _i: properties)
    assert device.available()[0] == ("xpu:0", "Arc (8 GB)")


def test_whatever_else_torch_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device("mtia"))
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: 2)
    assert [name for name, _title in device.available()] == ["mtia:0", "mtia:1", "cpu"]


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="only Linux tells it there")
def test_the_cpu_tells_its_memory() -> None:
    found = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    assert found
    assert f"({int(found[1]) / 2**20:.0f} GB)" in dict(device.available())["cpu"]


@pytest.mark.parametrize(
    ("precision", "place", "wanted"),
    [
        ("float32", "cuda:0", torch.float32),
        ("tf32", "cuda:0", torch.float32),
        ("half", "cuda:0", torch.float16),
        ("half", "mps", torch.float16),
        ("half", "cpu", torch.bfloat16),
    ],
)
def test_number_types(precision: device.Precision, place: str, wanted: torch.dtype) -> None:
    assert device.number_type(precision, torch.device(place)) == wanted


@pytest.mark.parametrize("allowed", [True, False])
def test_tf32_is_allowed_only_where_it_is_asked_for(allowed: bool) -> None:
    device.allow_tf32(allowed)
    assert torch.backends.cuda.matmul.allow_tf32 is allowed
    assert torch.backends.cudnn.allow_tf32 is allowed


@pytest.mark.parametrize(("cuda", "card", "told"), [(None, True, True), ("12.8", True, False), (None, False, False)])
def test_a_card_that_this_torch_cannot_use_is_told(
    monkeypatch: pytest.MonkeyPatch, cuda: str | None, card: bool, told: bool
) -> None:
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.setattr(device, "_has_nvidia_card", lambda: card)
    found = device.unused_card()
    assert (found is not None) is told
    if found:
        assert "pip uninstall" in str(found)
        assert "pytorch.org" in str(found)


def test_a_card_is_seen_by_its_tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert device._has_nvidia_card() is (Path("/proc/driver/nvidia/gpus").is_dir() or bool(shutil.which("nvidia-smi")))
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert device._has_nvidia_card()


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
