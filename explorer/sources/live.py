"""What gives frames that keep coming, as the engine and the command line use it."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from explorer.errors import SourceError
from explorer.values import Frame


class Packed(Protocol):
    """A picture that is not decoded yet: of a source faster than the network most never need be."""

    def frame(self) -> Frame | None:
        """Return it decoded; None where it is damaged."""
        ...


class Live(Protocol):
    """A source whose frames keep coming at their own pace; used by one thread, but for what ``Packed`` does."""

    def read(self) -> Frame | Packed | None:
        """Wait for the next frame and return it; None when the source has ended."""
        ...

    def close(self) -> None:
        """Give the device or connection back."""
        ...


@runtime_checkable
class Clip(Protocol):
    """Frames of which each has its place in time: a video, or a folder of pictures; used by one thread.

    ``next``, ``step`` and ``seek`` return frames with ``index`` and ``position_s``, seconds after the first one.
    """

    @property
    def duration_s(self) -> float | None:
        """From the first frame to the end of the last one, or None where nobody knows."""
        ...

    @property
    def count(self) -> int | None:
        """How many frames there are, or None."""
        ...

    @property
    def fps(self) -> float | None:
        """Frames a second on average, or None."""
        ...

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Names of what was passed over because it holds no picture that can be read."""
        ...

    def due_s(self) -> float | None:
        """Return where the next frame lies; None after the last one."""
        ...

    def next(self, clock_s: float) -> tuple[Frame, int]:
        """Return the newest of the frames to come that lies no later than ``clock_s``, else the very next one.

        It is only called where ``due_s`` is not None. The number of frames that were passed over comes with it.
        """
        ...

    def step(self, n: int) -> Frame | None:
        """Return the frame ``n`` after the last one (before it, where negative), no further than the first or last.

        None where there is no other.
        """
        ...

    def seek(self, seconds: float) -> Frame:
        """Return the frame that shows at ``seconds``: the last one that lies no later, or the first one."""
        ...

    def cut(self) -> SourceError | None:
        """Return what is missing of it, once its last frame was given."""
        ...

    def close(self) -> None:
        """Let the file go."""
        ...
