"""What goes on with a live source, below its picture: a video's transport, or how one that is gone is tried again."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, Qt, QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from explorer.text import _, ngettext
from ui.controller import Controller
from ui.store import Store
from ui.widgets.elided import ElidedLabel
from ui.widgets.transport import TransportBar

_TICK_MS = 250
"""How often the seconds until the next try are looked at."""


class Playback(QWidget):
    """Hidden while there is nothing to say or to do."""

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self.bar = TransportBar(self)
        self.bar.wanted.connect(controller.play)
        self.sentence, self.again = QLabel(self), QPushButton(self)
        self.sentence.setWordWrap(True)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.when = ElidedLabel(self, mode=Qt.TextElideMode.ElideRight)
        self.when.setObjectName("dim")
        self.again.clicked.connect(controller.retry)
        self._gone = QWidget(self)
        rows, row = QVBoxLayout(self._gone), QHBoxLayout()
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        rows.addWidget(self.sentence)
        rows.addLayout(row)
        row.setSpacing(8)
        row.addWidget(self.again)
        row.addWidget(self.when, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.bar)
        column.addWidget(self._gone)
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self._count)
        store.playing_changed.connect(self._show)
        store.retrying_changed.connect(self._show)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.again.setText(_("Try again now"))
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    @Slot()
    def _show(self) -> None:
        store = self._store
        self.bar.set_playing(store.playing)
        self.bar.setVisible(store.playing is not None)
        gone = store.retrying
        self._gone.setVisible(gone is not None)
        self.sentence.setText("" if gone is None else str(gone.error))
        self.sentence.setToolTip(self.sentence.text())
        self.setVisible(store.playing is not None or gone is not None)
        if gone is None:
            self._tick.stop()
        else:
            self._tick.start()
            self._count()

    @Slot()
    def _count(self) -> None:
        gone = self._store.retrying
        if gone is None:
            return
        waits_s = max(0, -int((time.perf_counter() - gone.told_s - gone.again_in_s) // 1))
        if not waits_s:
            self.when.setText(_("trying again …"))
        else:
            text = ngettext("trying again in {count} s", "trying again in {count} s", waits_s)
            self.when.setText(text.format(count=waits_s))
