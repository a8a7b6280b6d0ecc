"""The window drawn into a file once everything has arrived: for documents, tests, and where there is no display."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QIODevice, QObject, QTimer, Slot

from explorer.cli.output import answers
from explorer.cli.streams import complain, one_line
from explorer.engine.events import Problem
from explorer.errors import ExplorerError
from explorer.recipe import Recipe
from explorer.render.export import write
from explorer.settings import Settings
from explorer.text import N_, _
from ui.app import Application, Lesson, leave, qt_application, with_lesson

LIMIT_MS = 180_000
_SETTLE_MS = 100
"""A panel that has taken a new result may change the wish (the mosaic's shape follows its place); wait for that."""


class Shot(QObject):
    """Waits until the window shows the answer to its own newest wish, then saves it.

    Attributes:
        exit_code: 0 once the picture is saved, else the problem's.
    """

    def __init__(self, application: Application, path: Path, limit_ms: int = LIMIT_MS) -> None:
        super().__init__()
        self._application, self._path = application, path
        self.exit_code = ExplorerError.exit_code
        self._settled, self._limit = QTimer(self), QTimer(self)
        for timer, interval in ((self._settled, _SETTLE_MS), (self._limit, limit_ms)):
            timer.setSingleShot(True)
            timer.setInterval(interval)
        self._settled.timeout.connect(self._take)
        self._limit.timeout.connect(self._give_up)
        store = application.store
        for signal in (store.result_changed, store.network_changed, store.progress_changed, store.recipe_changed):
            signal.connect(self._look)
        store.problems_changed.connect(self._fail)
        self._limit.start()

    @Slot()
    def _look(self) -> None:
        """Begin to wait for quiet; a live source never is, so its first results do not begin anew."""
        if self._complete() and not self._settled.isActive():
            self._settled.start()

    def _complete(self) -> bool:
        store = self._application.store
        result = store.result
        if result is None or store.network is None or store.progress is not None or result.recipe != store.recipe:
            return False
        if not self._application.window.presenting.settled:
            return False
        if store.recipe.beside and result.beside is None:
            return False
        wished = store.recipe.thumbnails
        return "*" in wished or all(layer in result.thumbnails for layer in wished)

    @Slot()
    def _take(self) -> None:
        if not self._complete():
            return
        if self._application.engine.busy and not self._application.store.recipe.source.live:
            self._settled.start()  # a panel waits for an answer of its own
            return
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self._application.window.grab().save(buffer, "PNG")
        try:
            write(self._path, lambda file: file.write(bytes(buffer.data().data())))
        except ExplorerError as error:
            self._end(error)
        else:
            self._end(None)

    @Slot()
    def _fail(self) -> None:
        problems = reversed(self._application.store.problems.values())
        problem: Problem | None = next((one for one in problems if one.where != "device"), None)
        if problem is not None:
            self._end(problem.error)

    @Slot()
    def _give_up(self) -> None:
        self._end(
            ExplorerError(
                N_("The window was not complete after {seconds} s: try a smaller network or picture."),
                seconds=self._limit.interval() // 1000,
            )
        )

    def _end(self, error: ExplorerError | None) -> None:
        self._application.store.disconnect(self)
        self._limit.stop()
        self._settled.stop()
        self.exit_code = error.exit_code if error else 0
        if error is not None:
            complain(error)
        self._application.end()


def shoot(
    changes: Mapping[str, Any],
    look: Mapping[str, Any],
    size: tuple[int, int],
    path: Path,
    tell: bool = False,
    lesson: Lesson | None = None,
) -> int:
    """Save the window as a PNG of exactly ``size`` and return the exit code; nothing is remembered for the next start.

    Args:
        changes: fields of the recipe (see ``Recipe.with_``).
        look: fields of the settings.
        size: width and height, px.
        path: the PNG file.
        tell: whether to print the predictions and where the picture is.
        lesson: the deck and the scene that it shows; None for no lesson.
    """
    logging.getLogger().addHandler(logging.NullHandler())  # stderr is for the one sentence
    app = qt_application()
    settings = with_lesson(Settings().with_(**look), lesson)
    application = Application(app, Recipe().with_(**changes), settings, remember=False)
    shot = Shot(application, path)
    application.window.setFixedSize(*size)
    application.window.show()
    app.exec()
    result = application.store.result
    if tell and shot.exit_code == 0 and result is not None:
        print(f"{one_line(result.frame.source)} · {result.recipe.network}")
        print(answers(result))
        print(_("There is no display here. The window is saved as {path}.").format(path=path.absolute()))
    return leave(application, shot.exit_code)
