"""The file under a recording: whole pieces or nothing, whatever the disk does."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from explorer.errors import ExportError
from explorer.text import N_


def check_room(path: Path, needed: int, keep_free: int) -> None:
    """See that the disk of ``path`` has ``needed`` bytes, and ``keep_free`` beside them.

    Raises:
        ExportError: it has not.
    """
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError:
        return  # what is wrong with the folder is told when the file is opened
    if free < needed + keep_free:
        raise ExportError(
            N_(
                "The disk of “{path}” has {free} MB left, and {least} MB are to stay free: free some space, choose "
                "another folder, or allow less in the settings."
            ),
            path=path,
            free=free // 1_000_000,
            least=keep_free // 1_000_000,
        )


class Pieces:
    """A new file for FFmpeg to write: what it writes waits until ``commit`` and then is on the disk as a whole.

    After the first error nothing is written any more and the file ends with the last whole piece, so that a muxer that
    tidies up at its end can spoil nothing.

    Args:
        path: must not exist yet.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._file = open(path, "xb", buffering=0)  # noqa: SIM115 - ``close`` closes it
        self._waiting = bytearray()
        self._whole = 0
        self._error: OSError | None = None

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return self._whole

    def write(self, data: bytes) -> int:
        """Keep ``data`` for the next ``commit``."""
        self._check()
        self._waiting += data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Write from elsewhere on; FFmpeg does so when it ends a file."""
        self.commit()
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return where the next byte goes."""
        return self._file.tell() + len(self._waiting)

    def commit(self) -> None:
        """Put on the disk what waits.

        Raises:
            OSError: it has no room, or the file is gone; also ever after.
        """
        self._check()
        rest = memoryview(bytes(self._waiting))
        self._waiting.clear()
        try:
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
            self._whole = max(self._whole, self._file.tell())
        except OSError as error:
            self._error = error
            self._file.truncate(self._whole)
            raise

    def close(self) -> None:
        """Let the system put everything on the disk."""
        try:
            os.fsync(self._file.fileno())
        finally:
            self._file.close()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error
