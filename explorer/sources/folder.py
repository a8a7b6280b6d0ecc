"""A folder of pictures as a clip: one after the other, in the order in which a person would sort them."""

from __future__ import annotations

import bisect
import os
import re
import time
from dataclasses import replace
from pathlib import Path

from explorer.errors import SourceError
from explorer.sources import picture
from explorer.text import N_
from explorer.values import Frame

SECONDS = 2.0
"""How long each picture shows at speed 1."""
SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif")
_NOTHING = N_("The folder {name} holds no picture that can be read: choose one with JPEG, PNG or other pictures.")
_Key = tuple[tuple[str | int, ...], str]


class Folder:
    """A clip; see ``live.Clip``. The folder is looked at anew for every picture, for it may change meanwhile.

    Args:
        where: its path.

    Raises:
        SourceError: no such folder, no permission, or no picture in it that can be read.
    """

    fps: float | None = 1.0 / SECONDS

    def __init__(self, where: str) -> None:
        self._folder, self._name = Path(where), Path(where).name or where
        self._shown: _Key | None = None
        self._bad: dict[str, tuple[int, int]] = {}
        self._read(0)
        self._shown = None

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Names of the files that were passed over because they hold no picture that can be read."""
        return tuple(sorted(self._bad, key=_key))

    @property
    def count(self) -> int | None:
        """How many pictures there are."""
        return len(self._keys())

    @property
    def duration_s(self) -> float | None:
        """How long it takes to show all of them."""
        return len(self._keys()) * SECONDS

    def due_s(self) -> float | None:
        """Return where the next picture lies; None after the last one."""
        keys = self._keys()
        following = self._following(keys)
        return following * SECONDS if following < len(keys) else None

    def next(self, clock_s: float) -> tuple[Frame, int]:
        """Return the newest of the pictures to come that lies no later than ``clock_s``, else the very next one."""
        first = self._following(self._keys())
        wished = max(first, int(clock_s / SECONDS))
        return self._read(wished), wished - first

    def step(self, n: int) -> Frame | None:
        """Return the picture ``n`` after the last one, or before it; None where there is no other."""
        keys = self._keys()
        place = self._following(keys) - 1 if n > 0 else bisect.bisect_left(keys, self._shown or ((), ""))
        before = self._shown
        frame = self._read(place + n, 1 if n > 0 else -1)
        return None if self._shown == before else frame

    def seek(self, seconds: float) -> Frame:
        """Return the picture that shows at ``seconds``."""
        return self._read(int(max(0.0, seconds) / SECONDS + 1e-6))

    def cut(self) -> SourceError | None:
        """Return None: nothing says how many pictures a folder should have."""
        return None

    def close(self) -> None:
        """Nothing is held; here for ``Clip``."""

    def _following(self, keys: list[_Key]) -> int:
        return bisect.bisect_right(keys, self._shown) if self._shown else 0

    def _read(self, place: int, direction: int = 1) -> Frame:
        """Return the picture at ``place``, or the nearest in ``direction`` that can be read, and keep it as the last.

        Raises:
            SourceError: there is none.
        """
        keys = self._keys()  # once: were it looked at anew after each, a folder of broken pictures would take for ever
        while keys:
            place = min(max(place, 0), len(keys) - 1)
            path = self._folder / keys[place][1]
            try:
                frame = picture.read(path)
            except SourceError:
                self._bad[path.name] = _stamp(path)
                del keys[place]  # from now on no picture of the folder: the next one has its place
                place += min(direction, 0)
                continue
            self._shown = keys[place]
            return replace(frame, index=place, time_s=time.perf_counter(), position_s=place * SECONDS)
        raise SourceError(_NOTHING, name=self._name)

    def _keys(self) -> list[_Key]:
        """Return what sorts the pictures, and their names; a file that could not be read counts once it has changed."""
        try:
            with os.scandir(self._folder) as entries:
                names = [entry.name for entry in entries if entry.name.lower().endswith(SUFFIXES)]
        except FileNotFoundError as error:
            raise SourceError(N_("There is no folder {name}: check the path."), name=self._folder) from error
        except NotADirectoryError as error:
            raise SourceError(N_("{name} is not a folder: choose a folder of pictures."), name=self._folder) from error
        except PermissionError as error:
            raise SourceError(
                N_("The folder {name} may not be read: change its permissions."), name=self._folder
            ) from error
        except (OSError, ValueError) as error:
            raise SourceError(
                N_("The folder {name} cannot be opened ({reason}): check the path and the disk."),
                name=self._folder,
                reason=getattr(error, "strerror", None) or str(error),
            ) from error
        shown = (name for name in names if not name.startswith("."))
        return sorted(
            _key(name) for name in shown if name not in self._bad or self._bad[name] != _stamp(self._folder / name)
        )


def _key(name: str) -> _Key:
    """Return what sorts a name as a person would: 2 before 10, whatever the case."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple(int(part) if k % 2 else part for k, part in enumerate(parts)), name


def _stamp(path: Path) -> tuple[int, int]:
    """Return what changes when the file does."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
