"""What a person types, drops or pastes names a source; nothing is opened to find out which."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from explorer.values import Source, SourceKind

ARRAYS = (".npy",)
VIDEOS = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts"),
    *(".wmv", ".flv", ".ogv", ".3gp", ".mjpg", ".mjpeg", ".y4m"),
)
"""Suffixes of video files; what is in them is found out when they are opened."""
STREAMS = ("rtsp", "rtsps", "rtmp", "rtmps")
"""Schemes of addresses that always give moving pictures."""
_LISTS = (".m3u8", ".mpd")
"""Suffixes of addresses that list the pieces of a video."""


def source_of(text: str) -> Source:
    """Return the source that a path, an address, ``demo``, ``camera:N`` or ``KIND:WHERE`` names.

    A relative path is taken from the current folder and kept absolute, so that the next session finds it. Blanks and
    quotation marks around it are dropped, unless there is a file of that very name.
    """
    plain = text.strip().strip("'\"")
    if plain != text and os.path.lexists(text):
        path = Path(text).absolute()
        return Source(_kind_of(path), str(path))
    text = plain
    kind, colon, rest = text.partition(":")
    if text == "demo":
        return Source("demo", "")
    if kind == "camera" and (rest.isdigit() or not colon):
        return Source("camera", rest or "0")
    if kind in ("stream", "address") and "://" in rest:
        return Source("stream" if kind == "stream" else "address", rest)
    if kind == "folder" and Path(rest).is_absolute():
        return Source("folder", rest)
    if kind.lower() in (*STREAMS, "http", "https") and rest.startswith("//"):
        return Source("stream" if moves(text) else "address", text)
    path = Path(os.path.expanduser(text)).absolute()  # Path's own raises where there is no such person
    return Source(_kind_of(path), str(path))


def text_of(source: Source) -> str:
    """Return the text that names ``source``, for the list of recent ones, even where a folder is gone by then."""
    if source.kind == "folder":
        return f"folder:{source.where}"
    plain = source.where or source.kind
    return plain if source_of(plain) == source else f"{source.kind}:{source.where}"


def moves(address: str) -> bool:
    """Return whether an address seems to give moving pictures; one that does not say so may still."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    suffix = Path(parts.path).suffix.lower()
    return parts.scheme.lower() in STREAMS or suffix in (*VIDEOS, *_LISTS) or "mjpg" in address or "mjpeg" in address


def _kind_of(path: Path) -> SourceKind:
    suffix = path.suffix.lower()
    if suffix in ARRAYS:
        return "array"
    try:
        if path.is_dir():
            return "folder"
    except (OSError, ValueError):  # too long for a name, or with a zero in it
        pass
    return "video" if suffix in VIDEOS else "picture"
