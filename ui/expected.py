"""What the controller expects of the engine, and of a place that keeps steps of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, Protocol

from explorer.engine.transport import Command
from explorer.recipe import Recipe
from explorer.settings import Settings

if TYPE_CHECKING:  # the window opens without
    from explorer.engine.recordings import Recordings
    from explorer.questions import Question
    from explorer.reproduce import Kept


class EngineLike(Protocol):
    """What the controller asks of the engine."""

    def wish(self, recipe: Recipe) -> None:
        """Make ``recipe`` the newest wish; returns at once."""
        ...

    def reload(self) -> None:
        """Open the wished network again."""
        ...

    def freeze(self, frozen: bool) -> None:
        """Hold the newest live frame, or go on."""
        ...

    def play(self, command: Command) -> None:
        """Let a video or a folder go on, stop, step or go to a time."""
        ...

    def rest(self, resting: bool) -> None:
        """Spare live frames the network, or no more."""
        ...

    @property
    def recordings(self) -> Recordings:
        """What is being recorded."""
        ...

    def prefer(self, settings: Settings) -> None:
        """Take changed preferences."""
        ...

    def calculate(self, lane: str, work: Callable[[], object]) -> None:
        """Let a worker do ``work``."""
        ...

    def ask(self, question: Question) -> None:
        """Let ``question`` be answered."""
        ...

    def drop(self, question: Question) -> None:
        """Let nobody answer ``question`` any further."""
        ...

    def download(self, network: str, weights: str) -> None:
        """Get a set of weights."""
        ...

    def cancel_download(self, network: str, weights: str) -> None:
        """Stop getting it; what has come is kept."""
        ...

    def import_weights(self, path: str, network: str = "") -> None:
        """Copy a file of weights into the cache."""
        ...

    def remove_weights(self, network: str, weights: str) -> None:
        """Remove a set of weights from the cache."""
        ...

    def export(self, kind: str, path: str) -> None:
        """Write the newest result; ``kind`` is one of ``Engine.export``."""
        ...

    def save(self, path: str, fill: Callable[[BinaryIO], object], made_from: Kept | None = None) -> None:
        """Write a file through ``fill``, in another thread."""
        ...


class History(Protocol):
    """Steps of a place's own, which are no steps of the recipe."""

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        ...

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to take again."""
        ...

    def undo(self) -> None:
        """Take the last step back."""
        ...

    def redo(self) -> None:
        """Take it again."""
        ...
