"""What is downloaded, and one that stopped on the way."""

from __future__ import annotations

import random
import threading
from hashlib import sha256
from pathlib import Path

import pytest

from explorer.download import Download, Patience, part_of
from explorer.errors import Cancelled
from tests.faulty_server import PATIENCE_S, Server

CONTENT = random.Random(0).randbytes(700_000)
SHA256 = sha256(CONTENT).hexdigest()
HALF = len(CONTENT) // 2
SHORT = Patience(connect_s=5, read_s=0.2, tries=3, pause_s=1)


def left(target: Path) -> set[str]:
    return {path.name for path in target.parent.iterdir()}


def stopped_half_way(server: Server, target: Path) -> None:
    """Leave a part of the first half."""
    server.faults = [f"stall:{HALF}"]
    one = Download(f"{server.base}/weights.pth", target, SHA256, patience=Patience(tries=1))

    def run() -> None:
        with pytest.raises(Cancelled):
            one.run()

    thread = threading.Thread(target=run)
    thread.start()
    server.wait_until_silent()
    while not part_of(target).exists() or part_of(target).stat().st_size < HALF:
        pass
    one.cancel()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    server.go_on.set()
    server.asked.clear()
