"""What goes on being written, in a line: a dot, how far it is, and what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from explorer.text import _
from ui import theme
from ui.widgets.elided import ElidedLabel

_DOT = 14


class RecordingState(QWidget):
    """Hidden until ``show_line``.

    Signals:
        acted: the button was pressed.
    """

    acted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dot, self.label = QLabel(self), ElidedLabel(self, whole=True)
        self.label.setObjectName("status")
        self.label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.button, self._close = QPushButton(self), QToolButton(self)
        self.button.setObjectName("flat")
        self.button.clicked.connect(self.acted)
        self._close.setObjectName("small")
        self._close.clicked.connect(self.hide)
        theme.set_icon(self._close, "close")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for widget in (self._dot, self.label, self.button, self._close):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        self._going = False
        self.hide()

    def show_line(self, text: str, button: str, going: bool) -> None:
        """Show ``text`` and a button; ``going``: with a red dot, else with a cross that puts the line away."""
        self._going = going
        self.label.setText(text)
        self.label.setToolTip(text)
        self.setAccessibleName(text)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self._close.setVisible(not going)
        self._close.setToolTip(_("Close"))
        self._close.setAccessibleName(_("Close"))
        self._show_dot()
        self.show()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of theme or text size."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._show_dot()

    def _show_dot(self) -> None:
        self._dot.setVisible(self._going)
        if self._going:
            self._dot.setPixmap(theme.pixmap("record", theme.px(_DOT), theme.current().unit))
