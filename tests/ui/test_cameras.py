"""Which cameras are offered."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.values import Source
from tests.ui.desk import Desk, key
from ui import main_window
from ui.widgets.cameras import cameras


def test_linux_shows_a_cameras_first_device_only(tmp_path: Path) -> None:
    devices, about = tmp_path / "dev", tmp_path / "about"
    devices.mkdir()
    for number, index in ((0, "1\n"), (2, "0\n"), (3, "1\n"), (4, "?"), (10, None)):
        (devices / f"video{number}").touch()
        (about / f"video{number}").mkdir(parents=True)
        if index is not None:
            (about / f"video{number}" / "index").write_text(index)
    assert cameras(devices, "linux", about) == (2, 4, 10)


@pytest.mark.parametrize(("found", "opened"), [((), "0"), ((2, 3), "2")])
def test_the_key_opens_the_first_camera_that_there_is(
    one: Desk, monkeypatch: pytest.MonkeyPatch, found: tuple[int, ...], opened: str
) -> None:
    monkeypatch.setattr(main_window, "cameras", lambda: found)
    key(one, "F3")
    assert one.store.recipe.source == Source("camera", opened)
