"""A sentence in a strip that can be taken away."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from ui import theme


class ToldStrip(QWidget):
    """Shows a sentence with a button beside it; hidden while there is none.

    Signals:
        closed: the button was pressed.
    """

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label, self.button = QLabel(self), QToolButton(self)
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.button.setObjectName("small")
        theme.set_icon(self.button, "close")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._label, 1)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        self.button.clicked.connect(self.closed)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence, or ""."""
        return self._label.text()

    def set_text(self, text: str, close: str) -> None:
        """Show a sentence; ``close`` says what the button does, "" shows none."""
        if text != self._label.text():
            self._label.setText(text)
            self.setAccessibleName(text)
        self.button.setVisible(bool(close))
        self.button.setToolTip(close)
        self.button.setAccessibleName(close)
        self.setVisible(bool(text))
