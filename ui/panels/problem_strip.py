"""A problem said where it happened: one sentence, its details, another try; never a box in the way."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from explorer.engine.events import Problem
from explorer.text import _
from ui import theme
from ui.controller import Controller
from ui.store import Store
from ui.widgets.details_button import has_details
from ui.widgets.remedies import in_window


class ProblemStrip(QFrame):
    """Shows the newest unsolved problem of the store, and is hidden while there is none.

    Signals:
        details_wanted: the details of the problem, to be read.
    """

    details_wanted = Signal(str)

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
        self._dismiss.setObjectName("flat")
        theme.set_icon(self._dismiss, "close")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 6, 6)
        row.setSpacing(8)
        for widget, stretch in (
            (self._sign, 0),
            (self._sentence, 1),
            (self._details_button, 0),
            (self._retry, 0),
            (self._dismiss, 0),
        ):
            row.addWidget(widget, stretch)
        self._details_button.clicked.connect(self._show_details)
        self._retry.clicked.connect(controller.retry)
        self._dismiss.clicked.connect(self._dismiss_shown)
        for signal in (store.problems_changed, store.retrying_changed, store.settings_changed):
            signal.connect(self._show)
        self.retranslate()
        self.restyle()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.setAccessibleName(_("Problem"))
        self._details_button.setText(_("Details"))
        self._retry.setText(_("Try again"))
        self._dismiss.setToolTip(_("Dismiss"))
        self._dismiss.setAccessibleName(_("Dismiss"))
        self._show()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        self._sign.setPixmap(theme.pixmap("warning", theme.px(20), theme.current().warning))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language or theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.restyle()

    @Slot()
    def _show(self) -> None:
        store = self._store
        below = "source" if store.retrying is not None and store.settings.place == "explore" else ""
        problem = next((one for where, one in reversed(store.problems.items()) if where != below), None)
        told, self._shown = self._shown, problem
        self.setVisible(problem is not None)
        if problem is not None:
            whole = str(problem.error)
            sentence = in_window(problem.error) if problem.where == "network" else whole
            self._sentence.setText(sentence)
            self._sentence.setToolTip(whole if sentence != whole else "")
            self.setAccessibleDescription(sentence)
            self._details_button.setVisible(has_details(problem))
            again = problem.where in ("network", "frame") or (
                problem.where == "source" and (store.broken or store.retrying is not None)
            )
            self._retry.setVisible(again)
            if problem is not told:  # a screen reader says it at once
                QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    @Slot()
    def _show_details(self) -> None:
        if self._shown is not None:
            self.details_wanted.emit(self._shown.details)

    @Slot()
    def _dismiss_shown(self) -> None:
        if self._shown is not None:
            self._controller.dismiss(self._shown.where)
