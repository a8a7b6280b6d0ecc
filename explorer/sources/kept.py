"""Pictures that came without a file (pasted, dropped) are kept, so that undo and the next session find them."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from explorer.errors import ExportError, SourceError
from explorer.settings import data_folder, write_atomically
from explorer.text import N_
from explorer.values import Source

MOST_KEPT = 100


def keep(data: bytes) -> Source:
    """Check the bytes of a picture file and keep them under a name made of their hash.

    The oldest of more than ``MOST_KEPT`` kept pictures are deleted.

    Raises:
        SourceError: not a picture, damaged, too large, or it cannot be kept.
    """
    from explorer.sources.picture import decode  # here, so that the window may import this room without Pillow

    if not data:
        raise SourceError(N_("What was pasted or dropped is empty: copy the picture again."))
    path = data_folder() / "pasted" / f"pasted-{hashlib.sha256(data).hexdigest()[:12]}"
    decode(io.BytesIO(data), path.name)
    try:
        write_atomically(path, data)
    except ExportError as error:
        raise SourceError(N_("The pasted picture cannot be kept: {error}"), error=error) from error
    _forget_oldest(path.parent)
    return Source("picture", str(path))


def _forget_oldest(folder: Path) -> None:
    pictures = sorted(folder.glob("pasted-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in pictures[MOST_KEPT:]:
        path.unlink(missing_ok=True)
