"""A label that shortens its text rather than widen its column, and lets nothing be laid out anew that need not be."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

_FEW = 5


class ElidedLabel(QLabel):
    """One line of plain text; the whole of it is in the tool tip.

    ``QLabel.setText`` has the whole window laid out anew, whatever it is given; this one only where its width changes.

    Args:
        whole: rather show nothing than a part: a size that lost its middle would be another size.
        letters: how many it always has room for, if it has as many.
        mode: where the text is shortened.
    """

    def __init__(
        self,
        parent: QWidget | None = None,
        whole: bool = False,
        letters: int = _FEW,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
    ) -> None:
        super().__init__(parent)
        self._text, self._whole, self._letters, self._mode = "", whole, letters, mode

    def text(self) -> str:
        """Return the whole text."""
        return self._text

    def setText(self, text: str) -> None:
        """Show ``text``, shortened where there is no room for it."""
        if text == self._text:
            return
        width = self.sizeHint().width()
        self._text = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        if self.sizePolicy().horizontalPolicy() != QSizePolicy.Policy.Ignored and self.sizeHint().width() != width:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for the whole text."""
        self.ensurePolished()
        metrics, margins = self.fontMetrics(), self.contentsMargins()
        width = metrics.horizontalAdvance(self._text) + margins.left() + margins.right()
        return QSize(width + 1, metrics.height() + margins.top() + margins.bottom())

    def minimumSizeHint(self) -> QSize:
        """Return room for a few letters."""
        hint = self.sizeHint()
        margins = self.contentsMargins()
        few = self._letters * self.fontMetrics().averageCharWidth() + margins.left() + margins.right()
        return QSize(0 if self._whole else min(hint.width(), few), hint.height())

    def shown(self) -> str:
        """Return what there is room for."""
        room = self.contentsRect().width()
        if self._whole and self.fontMetrics().horizontalAdvance(self._text) > room:
            return ""
        return self.fontMetrics().elidedText(self._text, self._mode, room)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint as much of the text as there is room for."""
        QFrame.paintEvent(self, event)  # the style sheet's border
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), self.alignment(), self.shown())
