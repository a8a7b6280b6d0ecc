"""The way from the sentence of a problem to its details."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from explorer.engine.events import Problem
from explorer.errors import PersonError
from explorer.text import _


class DetailsButton(QPushButton):
    """Hidden where there is nothing more to tell.

    Signals:
        wanted: the details, to be read.
    """

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_("Details"), parent)
        self._details = ""
        self.hide()
        self.clicked.connect(self._want)

    def show_problem(self, problem: Problem | None) -> None:
        """Offer the details of ``problem``."""
        self._details = problem.details if problem is not None and has_details(problem) else ""
        self.setVisible(bool(self._details))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.setText(_("Details"))

    @Slot()
    def _want(self) -> None:
        self.wanted.emit(self._details)


def row_of(*buttons: QPushButton, left: bool = False) -> QHBoxLayout:
    """Return a row of what can be done about a problem, below its sentence: in the middle, or at the ``left``."""
    row = QHBoxLayout()
    row.setSpacing(8)
    if not left:
        row.addStretch(1)
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    return row


def has_details(problem: Problem) -> bool:
    """Return whether there is more to tell than the sentence; of a mistake that the person can mend it says it all."""
    plain = isinstance(problem.error, PersonError) and problem.error.__cause__ is None
    return bool(problem.details) and not plain
