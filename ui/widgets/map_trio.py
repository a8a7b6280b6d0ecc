"""Three small pictures side by side: a map as it was, as it is, and the difference."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.render.compared import Compared
from explorer.values import Bytes
from ui import theme

_GAP = 8
_SIDE = 120
"""Of a picture at most, px at text size 1."""


class MapTrio(QWidget):
    """Shows a ``Compared`` with a name above each picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures: tuple[Bytes, ...] = ()
        self._names: tuple[str, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_maps(self, found: Compared | None, names: tuple[str, str, str]) -> None:
        """Show the maps under these names; None: nothing."""
        self._pictures = () if found is None else (found.before, found.after, found.difference)
        self._names = names
        self.setAccessibleDescription(", ".join(names))
        self.setVisible(found is not None)
        self.update()

    @property
    def pictures(self) -> tuple[Bytes, ...]:
        """What is shown, uint8 RGB (h, w, 3) each."""
        return self._pictures

    def heightForWidth(self, width: int) -> int:
        """Return room for three pictures, as large as they can be side by side, and a line."""
        return min((width - 2 * _GAP) // 3, theme.px(_SIDE)) + self.fontMetrics().height() + 4

    def sizeHint(self) -> QSize:
        """Return a modest width, and the height that goes with it."""
        return QSize(240, self.heightForWidth(240))

    def minimumSizeHint(self) -> QSize:
        """Return the smallest width at which the maps can be told apart."""
        return QSize(150, self.heightForWidth(150))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint names and pictures, each as large as it can be."""
        painter, line = QPainter(self), self.fontMetrics().height()
        width = (self.width() - 2 * _GAP) / 3
        painter.setPen(QColor(theme.current().dim))
        for at, (picture, name) in enumerate(zip(self._pictures, self._names, strict=True)):
            left, (h, w) = at * (width + _GAP), picture.shape[:2]
            words = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(width))
            painter.drawText(QRectF(left, 0, width, line), Qt.AlignmentFlag.AlignLeft, words)
            scale = min(width / w, (self.height() - line - 4) / h)
            image = QImage(picture.data, w, h, 3 * w, QImage.Format.Format_RGB888)
            painter.drawImage(QRectF(left, line + 4, w * scale, h * scale), image, QRectF(image.rect()))
