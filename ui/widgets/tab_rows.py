"""Tabs that go on in further rows where one is too short for their names; Qt's own would hide some behind arrows."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QTabBar, QWidget

from ui import theme

_LINE = 2
"""Below the open tab, px; as in the style sheet."""


class TabRows(QTabBar):
    """The tab bar of a ``QTabWidget``, as wide as that."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setUsesScrollButtons(False)
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self.setExpanding(False)
        self.setDrawBase(False)
        self.setMouseTracking(True)
        self._under = -1
        self._measured: tuple[object, list[QSize]] | None = None

    def tabRect(self, index: int) -> QRect:
        """Return where a tab lies."""
        rects = self._rects()
        return rects[index] if 0 <= index < len(rects) else QRect()

    def tabAt(self, pos: QPoint) -> int:
        """Return the tab at ``pos``, or -1."""
        return next((at for at, rect in enumerate(self._rects()) if rect.contains(pos)), -1)

    def sizeHint(self) -> QSize:
        """Return the width that there is, and the height of all rows."""
        rects = self._rects()
        return QSize(self._room(), max((rect.bottom() + 1 for rect in rects), default=0))

    def minimumSizeHint(self) -> QSize:
        """Return the width of the widest name, and the height of all rows."""
        widest = max((size.width() for size in self._sizes()), default=0)
        return QSize(widest, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tabs as the style sheet has them: Qt would paint each where it lay in one row."""
        painter, colours = QPainter(self), theme.current()
        for at, rect in enumerate(self._rects()):
            current = at == self.currentIndex()
            focused = current and self.hasFocus()
            colour = colours.accent if focused else colours.text if current or at == self._under else colours.dim
            painter.setPen(QColor(colour))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self.tabText(at))
            if current:
                painter.fillRect(rect.left(), rect.bottom() + 1 - _LINE, rect.width(), _LINE, QColor(colours.accent))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Open the tab."""
        at = self.tabAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and at >= 0:
            self.setCurrentIndex(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Do nothing: Qt would look where the tab lay in one row."""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show which tab would be opened."""
        self._point(self.tabAt(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        """Show none."""
        self._point(-1)

    def _point(self, at: int) -> None:
        if at != self._under:
            self._under = at
            self.update()

    def _room(self) -> int:
        holder = self.parentWidget()
        return self.width() if holder is None else holder.width()

    def _sizes(self) -> list[QSize]:
        """Return how large every tab is: Qt measures each text anew, and a layout asks hundreds of times."""
        of = [self.tabText(at) for at in range(self.count())], self.font(), theme.current(), theme.px(16)
        if self._measured is None or self._measured[0] != of:
            self._measured = of, [self.tabSizeHint(at) for at in range(self.count())]
        return self._measured[1]

    def _rects(self) -> list[QRect]:
        """Return where every tab lies: from left to right, and in a new row where there is no room."""
        rects, x, y, row, room = list[QRect](), 0, 0, 0, self._room()
        for size in self._sizes():
            if x and x + size.width() > room:
                x, y, row = 0, y + row, 0
            rects.append(QRect(x, y, size.width(), size.height()))
            x, row = x + size.width(), max(row, size.height())
        return rects
