"""What a person calls a source."""

from __future__ import annotations

from pathlib import Path

from explorer import settings
from explorer.retrieval import example
from explorer.sources import snapshots
from explorer.text import _
from explorer.values import Frame, Source


def is_pasted(source: Source) -> bool:
    """Return whether the source is a picture that came without a file: its own name says nothing to a person."""
    own = source.kind == "picture" and Path(source.where).is_relative_to(settings.data_folder())
    return own and not Path(source.where).is_relative_to(example.folder())


def source_name(source: Source, frame: Frame | None = None) -> str:
    """Return the name of ``source``, of which ``frame`` came if there is one yet."""
    if source.kind == "camera":
        return _("Camera {index}").format(index=source.where)
    if source.kind == "demo":
        return _("Demo")
    if source.kind == "drawing":
        return _("Drawing")
    if is_pasted(source):
        kept = snapshots.taken(Path(source.where))
        return _("Pasted picture") if kept is None else _("Kept {time}").format(time=f"{kept:%Y-%m-%d %H:%M:%S}")
    if source.kind == "stream":
        return source.shown.partition("://")[2]
    if frame is not None:
        return frame.source
    return source.shown if source.kind == "address" else Path(source.where).name
