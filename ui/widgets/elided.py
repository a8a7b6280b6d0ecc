"""A label that shortens its text in the middle rather than widen its column."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget


class ElidedLabel(QLabel):
    """One line of plain text; the whole of it is in the tool tip.

    Args:
        whole: rather show nothing than a part: a size that lost its middle would be another size.
    """

    def __init__(self, parent: QWidget | None = None, whole: bool = False) -> None:
        super().__init__(parent)
        self._whole = whole

    def setText(self, text: str) -> None:
        """Show ``text``, shortened where there is no room for it."""
        super().setText(text)
        self.setToolTip(text)

    def minimumSizeHint(self) -> QSize:
        """Return room for a few letters."""
        hint = super().minimumSizeHint()
        return QSize(0 if self._whole else min(hint.width(), 5 * self.fontMetrics().averageCharWidth()), hint.height())

    def shown(self) -> str:
        """Return what there is room for."""
        room = self.contentsRect().width()
        if self._whole and self.fontMetrics().horizontalAdvance(self.text()) > room:
            return ""
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint as much of both ends as there is room for."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), self.alignment(), self.shown())
