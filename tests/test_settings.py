"""Settings and the last session survive crashes, broken files and full disks."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer import settings
from explorer.errors import ExportError
from explorer.settings import RECENT, Settings


def test_defaults_without_a_file(own_home: Path) -> None:
    assert settings.load() == (Settings(), None)
    assert settings.load_session() == ("", None)
    assert not list(own_home.iterdir()), "reading writes nothing"


def test_round_trip(own_home: Path) -> None:
    wanted = Settings("ko", "dark", 1.5, "cuda:0", 2, ("/tmp/고양이.png", "http://example.org/a.png"))
    settings.save(wanted)
    assert settings.load() == (wanted, None)
    assert [path.name for path in own_home.iterdir()] == ["settings.json"]


def test_folders_follow_the_variable(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.settings_file().parent == own_home
    assert settings.data_folder().parent == own_home
    monkeypatch.delenv("CNN_EXPLORER_HOME")
    assert own_home not in settings.settings_file().parents
    assert "cnn-explorer" in str(settings.data_folder())
    assert "cnn-explorer" in str(settings.log_folder())


def test_recent_is_newest_first_without_repeats() -> None:
    kept = Settings()
    for name in [*map(str, range(RECENT + 3)), "5"]:
        kept = kept.with_recent(name)
    assert kept.recent[:2] == ("5", str(RECENT + 2))
    assert len(kept.recent) == RECENT == len(set(kept.recent))


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "null",
        '"text"',
        '{"theme": "pink"}',
        '{"theme": 3}',
        '{"geometry": 3}',
        r'{"geometry": "\ud800"}',
        '{"font_scale": "large"}',
        '{"font_scale": NaN}',
        '{"font_scale": true}',
        '{"font_scale": 1e9}',
        '{"font_scale": 1' + 400 * "0" + "}",
        '{"threads": -1}',
        '{"threads": 1025}',
        '{"threads": 1.5}',
        '{"threads": true}',
        '{"recent": 3}',
        '{"recent": "abc"}',
        '{"recent": [3]}',
        '{"networks": "lenet5"}',
        '{"networks": [3]}',
        '{"place": "nowhere"}',
        '{"place": 1}',
        '{"filter_tab": "bank"}',
        '{"filter_tab": 1}',
        '{"filter_chosen": -1}',
        '{"filter_chosen": "0"}',
        '{"filter_chosen": true}',
        '{"task_tab": "why"}',
        '{"device": null}',
        '{"language": ["ko"]}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:30],
)
def test_a_broken_file_is_set_aside(text: str) -> None:
    file = settings.settings_file()
    file.write_text(text)
    loaded, problem = settings.load()
    assert loaded == Settings()
    assert problem
    kept = file.with_name("settings.json.broken")
    assert str(kept) in str(problem)
    assert kept.read_text() == text
    assert not file.exists()
    assert settings.load() == (Settings(), None)


def test_bytes_that_are_no_text_are_set_aside() -> None:
    for file, load in ((settings.settings_file(), settings.load), (settings.session_file(), settings.load_session)):
        file.write_bytes(b"\xff\xfe\x00broken")
        _value, problem = load()
        assert problem
        assert file.with_name(file.name + ".broken").read_bytes() == b"\xff\xfe\x00broken"


def test_keys_of_a_newer_version_are_ignored() -> None:
    settings.settings_file().write_text('{"theme": "light", "from_the_future": 1}')
    assert settings.load() == (Settings(theme="light"), None)


@given(
    st.builds(
        Settings,
        language=st.sampled_from(["", "en", "ko"]),
        theme=st.sampled_from(settings.THEMES),
        font_scale=st.floats(*settings.FONT_SCALES),
        threads=st.integers(0, 512),
        recent=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=RECENT).map(tuple),
        geometry=st.sampled_from(["", "AdnQywADAAA="]),
        place=st.sampled_from(settings.PLACES),
        networks=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=RECENT).map(tuple),
    )
)
def test_every_value_comes_back(wanted: Settings) -> None:
    settings.save(wanted)
    assert settings.load() == (wanted, None)


def test_the_session_is_text() -> None:
    settings.save_session('{"network": "lenet5"}')
    assert settings.load_session() == ('{"network": "lenet5"}', None)
    kept = settings.set_aside(settings.session_file())
    assert "session.json.broken" in str(kept)
    assert settings.load_session() == ("", None)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_while_writing(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.save(Settings(theme="dark"))

    def full(path: Path, mode: str) -> BinaryIO:
        path.touch()
        return open("/dev/full", "wb")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        with pytest.raises(ExportError, match="No space left on device"):
            settings.save(Settings(theme="light"))
    assert settings.load() == (Settings(theme="dark"), None)
    assert [path.name for path in own_home.iterdir()] == ["settings.json"], "nothing half-written is left"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_disk_that_fails_late(own_home: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    settings.save(Settings(theme="dark"))

    def fail(*args: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(ExportError, match="Input/output error"):
        settings.save(Settings(theme="light"))
    assert settings.load() == (Settings(theme="dark"), None)
    assert [path.name for path in own_home.iterdir()] == ["settings.json"], "nothing half-written is left"


def test_a_file_where_the_folder_should_be(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own_home / "file").write_text("")
    monkeypatch.setenv("CNN_EXPLORER_HOME", str(own_home / "file"))
    with pytest.raises(ExportError, match=r"settings\.json"):
        settings.save(Settings())
    assert settings.load()[0] == Settings()


def test_a_folder_where_the_file_should_be(own_home: Path) -> None:
    (own_home / "settings.json").mkdir()
    loaded, problem = settings.load()
    assert loaded == Settings()
    assert "cannot be read" in str(problem)
    with pytest.raises(ExportError):
        settings.save(Settings())


def test_no_permission_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    settings.settings_file().write_text(json.dumps({"theme": "dark"}))

    def forbidden(*args: object, **named: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_text", forbidden)
    loaded, problem = settings.load()
    assert loaded == Settings()
    assert "Permission denied" in str(problem)
    assert settings.settings_file().exists(), "a file that cannot be read is not thrown away"


def test_a_broken_file_that_cannot_be_renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings.settings_file().write_text("{")

    def forbidden(*args: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", forbidden)
    loaded, problem = settings.load()
    assert loaded == Settings()
    assert "Permission denied" in str(problem)
    assert settings.settings_file().exists()


def test_the_shared_folder_is_read_again_only_when_the_settings_change(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(settings.HOME_VARIABLE, str(tmp_path))
    monkeypatch.delenv(settings.WEIGHTS_VARIABLE, raising=False)
    reads: list[Path] = []
    read = settings._read
    monkeypatch.setattr(settings, "_read", lambda path: reads.append(path) or read(path))
    assert settings.shared_weights() is None
    settings.save(settings.Settings(shared_weights="/one"))
    assert [settings.shared_weights() for _time in range(3)] == [Path("/one")] * 3
    assert len(reads) == 2
    settings.save(settings.Settings(shared_weights="/other"))
    assert settings.shared_weights() == Path("/other")
