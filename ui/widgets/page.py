"""A page of text that can be selected, copied, scrolled with the keys and read aloud; nothing in it can be opened."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from ui import theme
from ui.widgets import marks


class Page(QTextEdit):
    """Shows simple HTML in the application's font and colours; keeps its place while the same thing is written anew."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setTabChangesFocus(True)
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, Qt.GlobalColor.transparent)
        self.setPalette(palette)
        self.document().setDocumentMargin(2)
        self._text = ""

    def write(self, text: str) -> None:
        """Show ``text``, HTML whose values are escaped."""
        colours = theme.current()
        whole = f'<div style="color:{colours.text}; font-size:{theme.px(13)}px">{text}</div>'
        if whole == self._text:
            return
        self._text = whole
        place = self.verticalScrollBar().value()
        self.setHtml(whole)
        self.verticalScrollBar().setValue(place)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the page, framed while it has the keyboard."""
        super().paintEvent(event)
        if self.hasFocus():
            marks.focus(QPainter(self.viewport()), self.viewport().rect())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the frame."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the frame away."""
        super().focusOutEvent(event)
        self.viewport().update()
