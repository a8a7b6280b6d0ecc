"""What is told of a recording while it goes on and when it has ended: plain values, no PyAV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from explorer.errors import ExplorerError

What = Literal["composite", "window", "panel"]
"""A page that is drawn from every result, the whole window, or one of its panels."""


@dataclass(frozen=True)
class Filmed:
    """How far a recording is.

    Attributes:
        path: the file that plays; beside the wished one while that is still to be replaced.
        what: see ``What``.
        state: "on"; "done" when it was ended; "stopped" where ``error`` ended it, whose file plays up to there where
            ``pictures`` is not 0.
        pictures: how many are in it.
        dropped: how many found the queue full, because the encoder or the disk was slow.
        size_bytes: of the file.
        seconds: from the first picture to the last.
        size_wh: width and height of its pictures, px; None before the first.
        error: why it stopped by itself.
    """

    path: str
    what: What
    state: Literal["on", "done", "stopped"] = "on"
    pictures: int = 0
    dropped: int = 0
    size_bytes: int = 0
    seconds: float = 0.0
    size_wh: tuple[int, int] | None = None
    error: ExplorerError | None = None


@dataclass(frozen=True)
class MapsKept:
    """How far the raw maps of many frames are.

    Attributes:
        path: the file that they go to, once all are there.
        layer: whose maps.
        state: "on" while frames are waited for, "writing", "done", "cancelled" (no file), "stopped" where ``error`` is
            why there is no file.
        frames: how many are kept.
        wanted: how many were asked for.
        why: a sentence in English, marked for translation: why it ended before all were there; else "".
        error: why it stopped by itself.
    """

    path: str
    layer: str
    state: Literal["on", "writing", "done", "cancelled", "stopped"]
    frames: int
    wanted: int
    why: str = ""
    error: ExplorerError | None = None
