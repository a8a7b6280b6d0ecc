"""A server with faults, a place for the file, and the download from one to the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from explorer.download import Download
from tests.download.half_way import CONTENT, SHA256, SHORT
from tests.faulty_server import Server, serving


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving(CONTENT) as server:
        yield server


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "가중치 cache" / "weights.pth"


@pytest.fixture
def get(server: Server, target: Path) -> Callable[..., list[float]]:
    """Run a download and return how long it would have slept before each further try."""

    def get(path: str = "/weights.pth", **more: Any) -> list[float]:
        slept: list[float] = []
        options = {"sha256": SHA256[:8], "patience": SHORT, "sleep": slept.append} | more
        Download(path if "://" in path else server.base + path, target, **options).run()
        return slept

    return get
