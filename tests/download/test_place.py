"""Where a download goes: a disk with faults, other programs that get the same file, a person who cancels."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from explorer import download
from explorer.download import Download, part_of
from explorer.errors import Cancelled, DownloadError
from tests.download.half_way import CONTENT, HALF, SHA256, left, stopped_half_way
from tests.faulty_server import PATIENCE_S, Server


def test_a_full_disk(get: Callable[..., Any], target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = SimpleNamespace(free=len(CONTENT) - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(DownloadError) as caught:
        get()
    assert str(caught.value) == (
        f"There is no room for weights.pth in {target.parent} ({os.strerror(errno.ENOSPC)}): "
        "free some space and try again."
    )
    usage.free = len(CONTENT)
    get()
    assert target.read_bytes() == CONTENT


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a disk that is always full is Linux's")
def test_a_disk_that_becomes_full(get: Callable[..., Any], target: Path) -> None:
    target.parent.mkdir(parents=True)
    part_of(target).symlink_to("/dev/full")
    with pytest.raises(DownloadError, match="There is no room for"):
        get()


@pytest.mark.parametrize("way", ["file", "folder"])
def test_a_place_that_cannot_be_written(get: Callable[..., Any], target: Path, way: str) -> None:
    if way == "file":
        target.parent.write_text("in the way")
    else:
        target.mkdir(parents=True)
    with pytest.raises(DownloadError, match=r"weights.pth cannot be written into .*set TORCH_HOME to another folder"):
        get()


def test_no_permission(get: Callable[..., Any], target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **more: Any) -> Any:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", refuse)  # the tests may run as root, whom no folder refuses
    with pytest.raises(DownloadError, match=rf"cannot be written into .* \({os.strerror(errno.EACCES)}\): allow it"):
        get()


def test_a_second_download_waits_for_the_first(server: Server, get: Callable[..., Any], target: Path) -> None:
    server.faults = [f"stall:{HALF}"]
    url = f"{server.base}/weights.pth"
    waits = threading.Semaphore(0)
    told: list[tuple[int, int]] = []
    first = threading.Thread(target=Download(url, target, SHA256).run)
    second = Download(
        url, target, SHA256, lambda done, total: told.append((done, total)), sleep=lambda seconds: waits.release()
    )
    first.start()
    server.wait_until_silent()
    after = threading.Thread(target=second.run)
    after.start()
    assert waits.acquire(timeout=PATIENCE_S)
    server.go_on.set()
    for thread in (first, after):
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    assert len(server.asked) == 1
    assert target.read_bytes() == CONTENT
    assert left(target) == {"weights.pth"}


def test_who_waited_for_a_lock_does_not_hold_one_that_is_gone(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The holder removes its tag at the end, between another's opening and locking it."""
    tag, lock = target.with_name("weights.pth.part.tag"), download._lock
    locked: list[bool] = []

    def late(file: Any) -> bool:
        if not locked:
            tag.unlink()
        locked.append(lock(file))
        return locked[-1]

    def third(done: int, total: int) -> None:
        if total:  # else it waits
            with tag.open("a+b") as file:
                assert not lock(file)

    monkeypatch.setattr(download, "_lock", late)
    Download(f"{server.base}/weights.pth", target, SHA256, third).run()
    assert locked == [True, True]
    assert target.read_bytes() == CONTENT


def test_many_processes_do_one_another_no_harm(server: Server, target: Path) -> None:
    server.faults = ["cut:1000", "cut:5000"]
    program = (
        "import sys; from pathlib import Path; from explorer.download import Download; "
        "Download(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sleep=lambda seconds: None).run()"
    )
    words = [sys.executable, "-c", program, f"{server.base}/weights.pth", str(target), SHA256]
    running = [subprocess.Popen(words, env={**os.environ, "no_proxy": "*"}) for _each in range(4)]
    assert [one.wait(60) for one in running] == [0] * 4
    assert len(server.asked) == 3
    assert target.read_bytes() == CONTENT
    assert left(target) == {"weights.pth"}


def test_it_is_cancelled_while_it_waits_for_its_next_try(server: Server, target: Path) -> None:
    server.faults = ["503"]
    one = Download(f"{server.base}/weights.pth", target, SHA256, sleep=lambda seconds: one.cancel())
    with pytest.raises(Cancelled):
        one.run()
    assert len(server.asked) == 1


def test_it_is_cancelled_before_it_begins(server: Server, target: Path) -> None:
    one = Download(f"{server.base}/weights.pth", target, SHA256)
    one.cancel()
    with pytest.raises(Cancelled):
        one.run()
    assert server.asked == []


def test_what_is_left_of_one_can_be_thrown_away(server: Server, get: Callable[..., Any], target: Path) -> None:
    stopped_half_way(server, target)
    download.discard(target)
    assert left(target) == set()
    download.discard(target)
    get()
    assert server.asked == [("/weights.pth", "", "")]


def test_what_still_comes_is_not_thrown_away(server: Server, target: Path) -> None:
    server.faults = [f"stall:{HALF}"]
    thread = threading.Thread(target=Download(f"{server.base}/weights.pth", target, SHA256).run)
    thread.start()
    server.wait_until_silent()
    download.discard(target)
    server.go_on.set()
    thread.join(PATIENCE_S)
    assert target.read_bytes() == CONTENT
