"""What a person prefers and where the last session stopped, in small files that survive a crash while being written."""

from __future__ import annotations

import json
import math
import os
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Literal

import platformdirs

from explorer.errors import ExplorerError, ExportError, PersonError
from explorer.text import N_

APPLICATION = "cnn-explorer"
HOME_VARIABLE = "CNN_EXPLORER_HOME"
WEIGHTS_VARIABLE = "CNN_EXPLORER_WEIGHTS"
RECENT = 12
FONT_SCALES = (0.75, 3.0)
MOST_THREADS = 1024
PRECISIONS = ("float32", "tf32", "half")
THEMES = ("system", "light", "dark")
RECORDS = ("composite", "window", "panel")
KEEP_FREE_MB = (50, 1_000_000)
PLACES = ("explore", "networks", "filter", "arithmetic", "tasks")
FILTER_TABS = ("result", "steps", "learn", "detect")
TASK_TABS = ("classify", "detect", "segment", "retrieve")


@dataclass(frozen=True)
class Settings:
    """A person's preferences.

    Attributes:
        language: a key of ``text.LANGUAGES``, or "" for the system's.
        theme: one of ``THEMES``.
        font_scale: factor on every font size, within ``FONT_SCALES``.
        device: "auto" or a name that ``device.available`` lists.
        threads: CPU threads for the network; 0 for as many as suit the machine.
        recent: paths and addresses that were opened, the newest first, at most ``RECENT``.
        geometry: where the window was and how large, as the window itself says it, in base64; "" for not known.
        precision: one of ``PRECISIONS``: "tf32" lets CUDA cards shorten float32 numbers while they multiply, "half"
            takes half the memory and, on most cards, half the time.
        place: one of ``PLACES``: where the person was last.
        record: what was recorded last, one of ``RECORDS``.
        keep_free_mb: a recording ends before the disk has less left, MB (10⁶ bytes), within ``KEEP_FREE_MB``.
        networks: names of the networks that were opened, the newest first, at most ``RECENT``.
        shared_weights: a folder of weights that a class shares, "" for none; it is only read.
        mirror: whether a camera's left and right change places.
        frame_numbers: whether every panel tells the number of the frame that it shows.
        filter_tab: the open tab of the filter place, one of ``FILTER_TABS``.
        filter_chosen: the place, from 0, of the chain's filter that was looked at; it may be past the chain's end.
        task_tab: the open tab of the place of tasks, one of ``TASK_TABS``.
        beside: the second network that was chosen last, "" for none.
        index: the index of pictures that was open last, "" for none.
        lesson: how far the person is in the lesson, as ``lesson.progress`` writes it; "" for not begun.
        one_piece: whether the network of a live source is made into one piece after a while: compiled in the background
            on the CPU, recorded on a card.
    """

    language: str = ""
    theme: str = "system"
    font_scale: float = 1.0
    device: str = "auto"
    threads: int = 0
    recent: tuple[str, ...] = ()
    geometry: str = ""
    precision: Literal["float32", "tf32", "half"] = "float32"
    place: str = "explore"
    record: str = "composite"
    keep_free_mb: int = 500
    networks: tuple[str, ...] = ()
    shared_weights: str = ""
    mirror: bool = False
    frame_numbers: bool = False
    filter_tab: str = "result"
    filter_chosen: int = 0
    task_tab: str = "classify"
    beside: str = ""
    index: str = ""
    lesson: str = ""
    one_piece: bool = False

    def with_(self, **changes: Any) -> Settings:
        """Return a copy with ``changes``."""
        return replace(self, **changes)

    def with_recent(self, where: str) -> Settings:
        """Return a copy in which ``where`` (a path or an address) is the newest of the recent ones."""
        return replace(self, recent=(where, *(other for other in self.recent if other != where))[:RECENT])

    def with_network(self, name: str) -> Settings:
        """Return a copy in which the network called ``name`` is the newest of the opened ones."""
        return replace(self, networks=(name, *(other for other in self.networks if other != name))[:RECENT])


def config_folder() -> Path:
    """Return the folder of the settings; it may not exist yet."""
    return _home() or Path(platformdirs.user_config_dir(APPLICATION, appauthor=False))


def data_folder() -> Path:
    """Return the folder for what the application keeps for the person; it may not exist yet."""
    home = _home()
    return home / "data" if home else Path(platformdirs.user_data_dir(APPLICATION, appauthor=False))


def log_folder() -> Path:
    """Return the folder of the log files; it may not exist yet."""
    home = _home()
    return home / "log" if home else Path(platformdirs.user_log_dir(APPLICATION, appauthor=False))


def settings_file() -> Path:
    """Return where ``save`` writes."""
    return config_folder() / "settings.json"


def session_file() -> Path:
    """Return where ``save_session`` writes."""
    return config_folder() / "session.json"


def shared_weights() -> Path | None:
    """Return the folder of weights that a class shares, the environment's before the preferred one; None for none."""
    folder = os.environ.get(WEIGHTS_VARIABLE) or _preferred_weights(settings_file(), *_stamp(settings_file()))
    return Path(os.path.expanduser(folder)) if folder else None  # Path.expanduser raises where there is no such person


def _stamp(path: Path) -> tuple[int, int]:
    """Return what is another when a file was written anew."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=1)
def _preferred_weights(_file: Path, _changed_ns: int, _size: int) -> str:
    """Return the preferred folder of weights; the file is read again only when it has changed."""
    return load()[0].shared_weights


def load() -> tuple[Settings, ExplorerError | None]:
    """Return the saved settings; or the defaults and, if there is a file that is of no use, what to tell the person."""
    text, problem = _read(settings_file())
    if not text:
        return Settings(), problem
    try:
        return _from_json(text), None
    except (ValueError, TypeError, RecursionError, OverflowError):
        return Settings(), set_aside(settings_file())


def save(settings: Settings) -> None:
    """Write ``settings`` for the next start.

    Raises:
        ExportError: the file cannot be written; the old one is untouched.
    """
    write_atomically(settings_file(), json.dumps(asdict(settings), indent=2).encode())


def load_session() -> tuple[str, ExplorerError | None]:
    """Return the text of the last session ("" without one) and, if it cannot be read, what to tell the person.

    The caller makes a recipe of the text and calls ``set_aside(session_file())`` where that fails.
    """
    return _read(session_file())


def save_session(text: str) -> None:
    """Write ``text`` (a recipe as JSON) for the next start.

    Raises:
        ExportError: the file cannot be written; the old one is untouched.
    """
    write_atomically(session_file(), text.encode())


def set_aside(path: Path) -> ExplorerError:
    """Rename a broken file to ``*.broken``, so that nothing of it is lost, and return what to tell the person."""
    kept = path.with_name(path.name + ".broken")
    try:
        os.replace(path, kept)
    except OSError as error:
        return PersonError(
            N_("The file {file} is broken and cannot be renamed ({reason}): delete it. The defaults apply."),
            file=path,
            reason=error.strerror or error,
        )
    return PersonError(
        N_("The file {file} was broken: it is kept as {kept}, and the defaults apply."), file=path, kept=kept
    )


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``: either all of it is there afterwards, or what was there before.

    Raises:
        ExportError: no permission, a full disk, a folder in the way.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fill_atomically(path, lambda file: file.write(data))
    except OSError as error:
        raise ExportError(
            N_("{file} cannot be written ({reason}): free some space or choose another folder."),
            file=path,
            reason=error.strerror or error,
        ) from error


def fill_atomically(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Write a file through ``fill`` beside ``path`` and move it there when it is whole, with ordinary permissions.

    Raises:
        OSError: it cannot be written; what was there before is untouched.
    """
    part = path.with_name(f".{uuid.uuid4().hex}.part")  # the name itself may be as long as names can be
    try:
        with part.open("xb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _home() -> Path | None:
    value = os.environ.get(HOME_VARIABLE)
    return Path(value) if value else None


def _read(path: Path) -> tuple[str, ExplorerError | None]:
    try:
        return path.read_text(encoding="utf-8"), None
    except FileNotFoundError:
        return "", None
    except UnicodeDecodeError:
        return "", set_aside(path)
    except OSError as error:
        return "", PersonError(
            N_("The file {file} cannot be read ({reason}): the defaults apply until its permissions are mended."),
            file=path,
            reason=error.strerror or error,
        )


def _from_json(text: str) -> Settings:
    """Return the settings in ``text``; keys of a newer version are ignored.

    Raises:
        ValueError, TypeError, RecursionError, OverflowError: the text is not JSON, or a value is of the wrong type or
            outside its range.
    """
    raw = json.loads(text)
    if not isinstance(raw, dict):
        raise TypeError(type(raw).__name__)
    known = {field.name: raw[field.name] for field in fields(Settings) if field.name in raw}
    for name in ("recent", "networks"):
        if isinstance(listed := known.get(name), list):
            known[name] = tuple(listed)
    settings = Settings(**known)
    right = (
        isinstance(settings.recent, tuple)
        and isinstance(settings.networks, tuple)
        and all(
            isinstance(text, str)
            for text in (
                settings.language,
                settings.theme,
                settings.device,
                settings.geometry,
                settings.shared_weights,
                settings.beside,
                settings.index,
                settings.lesson,
                *settings.recent,
                *settings.networks,
            )
        )
        and type(settings.mirror) is type(settings.frame_numbers) is type(settings.one_piece) is bool
        and settings.place in PLACES
        and settings.filter_tab in FILTER_TABS
        and settings.task_tab in TASK_TABS
        and type(settings.filter_chosen) is int
        and settings.filter_chosen >= 0
        and settings.record in RECORDS
        and type(settings.keep_free_mb) is int
        and KEEP_FREE_MB[0] <= settings.keep_free_mb <= KEEP_FREE_MB[1]
        and settings.geometry.isascii()
        and settings.theme in THEMES
        and settings.precision in PRECISIONS
        and _is_number(settings.font_scale)
        and FONT_SCALES[0] <= settings.font_scale <= FONT_SCALES[1]
        and type(settings.threads) is int
        and 0 <= settings.threads <= MOST_THREADS
    )
    if not right:
        raise ValueError(text)
    return settings


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
