"""A problem said where it happened: one sentence, its details, another try; never a box in the way."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.engine.events import Problem
from explorer.text import _
from ui import theme
from ui.controller import Controller
from ui.store import Store


class ProblemStrip(QFrame):
    """Shows the newest unsolved problem of the store, and is hidden while there is none."""

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("problem")
        self._store, self._controller = store, controller
        self._shown: Problem | None = None
        self._sign, self._sentence = QLabel(self), QLabel(self)
        self._sentence.setWordWrap(True)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._details_button, self._retry, self._dismiss = QPushButton(self), QPushButton(self), QToolButton(self)
        self._details_button.setCheckable(True)
        self._dismiss.setObjectName("flat")
        self._dismiss.setIconSize(QSize(16, 16))
        theme.set_icon(self._dismiss, "close")
        self._details = QPlainTextEdit(self)
        self._details.setReadOnly(True)
        self._details.setFixedHeight(160)
        self._details.hide()
        row = QHBoxLayout()
        row.setSpacing(8)
        for widget, stretch in (
            (self._sign, 0),
            (self._sentence, 1),
            (self._details_button, 0),
            (self._retry, 0),
            (self._dismiss, 0),
        ):
            row.addWidget(widget, stretch)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 6, 6)
        column.addLayout(row)
        column.addWidget(self._details)
        self._details_button.toggled.connect(self._details.setVisible)
        self._retry.clicked.connect(controller.retry)
        self._dismiss.clicked.connect(self._dismiss_shown)
        store.problems_changed.connect(self._show)
        self.retranslate()
        self.restyle()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.setAccessibleName(_("Problem"))
        self._details_button.setText(_("Details"))
        self._details.setAccessibleName(_("Details"))
        self._retry.setText(_("Try again"))
        self._dismiss.setToolTip(_("Dismiss"))
        self._dismiss.setAccessibleName(_("Dismiss"))
        self._show()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        self._sign.setPixmap(theme.pixmap("warning", 20, theme.current().warning))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language or theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.PaletteChange:
            self.restyle()

    @Slot()
    def _show(self) -> None:
        problem = next(reversed(self._store.problems.values()), None)
        if problem is not self._shown:
            self._details_button.setChecked(False)
        self._shown = problem
        self.setVisible(problem is not None)
        if problem is not None:
            sentence = str(problem.error)
            self._sentence.setText(sentence)
            self.setAccessibleDescription(sentence)
            self._details.setPlainText(problem.details)
            self._details_button.setVisible(bool(problem.details))
            self._retry.setVisible(problem.where in ("source", "network", "frame"))

    @Slot()
    def _dismiss_shown(self) -> None:
        if self._shown is not None:
            self._controller.dismiss(self._shown.where)
