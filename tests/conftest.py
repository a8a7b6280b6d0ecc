"""What every test runs under: no screen, a home of its own, no network weights, and no torch thread storm."""

from __future__ import annotations

import importlib.abc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["LC_ALL"] = "C.UTF-8"
os.environ.setdefault("OMP_NUM_THREADS", "1")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background, as every program from there
    signal.signal(signal.SIGINT, signal.default_int_handler)
BLOCKED = ("PySide6", "shiboken6", "pyqtgraph") if os.environ.get("CNN_EXPLORER_TESTS_WITHOUT_QT") else ()


class _Blocker(importlib.abc.MetaPathFinder):
    """Makes Qt unimportable, to prove that the core lives without it."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname.split(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"{fullname} is blocked in this run", name=fullname)


if BLOCKED:
    sys.meta_path.insert(0, _Blocker())


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, sessions and weights of this test only; never the person's own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("CNN_EXPLORER_HOME", str(home))
    monkeypatch.setenv("TORCH_HOME", str(home / "torch"))
    return home


@pytest.fixture
def quick_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights of large layers repeat after some: drawing all of VGG-16's takes longer than what is proved."""
    import torch

    def quick(draw: Callable[..., Any]) -> Callable[..., Any]:
        def drawn(tensor: torch.Tensor, *args: Any, **more: Any) -> torch.Tensor:
            some = 65_537  # a prime, so that rows of weights differ
            if tensor.numel() < 2 * some or not tensor.is_contiguous():
                return cast(torch.Tensor, draw(tensor, *args, **more))
            flat, done = tensor.view(-1), some
            draw(flat[:some], *args, **more)
            while done < len(flat):
                more_of_it = flat[done : 2 * done]
                more_of_it.copy_(flat[: len(more_of_it)])
                done += len(more_of_it)
            return tensor

        return drawn

    for name in ("uniform_", "normal_"):
        monkeypatch.setattr(torch.Tensor, name, quick(getattr(torch.Tensor, name)))


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """A test that leaves a thread behind fails and names it."""
    before = set(threading.enumerate())
    yield
    left = [t for t in threading.enumerate() if t not in before and t.is_alive()]
    for thread in left:
        thread.join(2.0)
    left = [t.name for t in left if t.is_alive()]
    assert not left, f"threads left running: {left}"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Every test starts, and leaves the next one, in English."""
    from explorer import text

    text.set_language("en")
    yield
    text.set_language("en")
