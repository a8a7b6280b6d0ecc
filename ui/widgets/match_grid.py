"""Pictures that were found, the nearest first, each with its distance and name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QWidget
from PySide6.QtWidgets import QStyleOptionViewItem as Option

from explorer.text import _
from ui import theme
from ui.widgets import marks
from ui.widgets.patch_grid import paint_fitted

_LEAST, _LARGEST = 84, 220
"""A side of a picture, px at text size 1, at least and at most."""
_GAP = 10
_ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, eq=False)
class Tile:
    """One picture.

    Attributes:
        path: of its file.
        name: of it, as short as it is told.
        figure: its distance.
        image: None as long as it is not read.
        missing: whether it cannot be read.
    """

    path: str
    name: str
    figure: str
    image: QImage | None
    missing: bool = False


class MatchGrid(QListWidget):
    """Tiles as large as there is room for; arrow keys move, Enter or a click opens a picture.

    Signals:
        wanted: the path of a picture to be opened.
    """

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(_Painter(self))
        self._tiles: tuple[Tile, ...] = ()
        self._side = _LEAST
        self.itemClicked.connect(self._tell)
        self.itemActivated.connect(self._tell)

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """What is shown."""
        return self._tiles

    @property
    def side(self) -> int:
        """A side of a picture, px."""
        return self._side

    def show_tiles(self, tiles: Sequence[Tile]) -> None:
        """Show these; the one with the keyboard stays at its place."""
        self._tiles = tuple(tiles)
        while self.count() > len(tiles):
            self.takeItem(self.count() - 1)
        while self.count() < len(tiles):
            self.addItem(QListWidgetItem())
        for row, tile in enumerate(self._tiles):
            item = self.item(row)
            item.setData(_ROLE, tile)
            words = _("{name}, distance {distance}").format(name=tile.name, distance=tile.figure)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
            item.setToolTip(tile.path)
        self._arrange()

    def line(self) -> int:
        """Return the height of the two lines below a picture, px."""
        return 2 * QFontMetrics(self.small()).height() + 6

    def small(self) -> QFont:
        """Return the font of these lines."""
        font = QFont(self.font())
        font.setPixelSize(theme.px(12))
        return font

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make the pictures as large as there is room for all."""
        super().resizeEvent(event)
        self._arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tiles, and a frame around them while they have the keyboard."""
        super().paintEvent(event)
        if self.hasFocus():
            marks.focus(QPainter(self.viewport()), self.viewport().rect())

    def _arrange(self) -> None:
        count, room = max(len(self._tiles), 1), self.contentsRect().size()
        side = theme.px(_LEAST)
        for columns in range(1, count + 1):
            rows = -(-count // columns)
            across = room.width() // columns - _GAP
            down = room.height() // rows - _GAP - self.line()
            side = max(side, min(across, down, theme.px(_LARGEST)))
        self._side = side
        cell = QSize(side + _GAP, side + _GAP + self.line())
        if cell != self.gridSize():
            self.setGridSize(cell)

    @Slot(QListWidgetItem)
    def _tell(self, item: QListWidgetItem) -> None:
        self.wanted.emit(item.data(_ROLE).path)


class _Painter(QStyledItemDelegate):
    """Paints one tile: the picture, its distance and its name."""

    def __init__(self, grid: MatchGrid) -> None:
        super().__init__(grid)
        self._grid = grid

    def sizeHint(self, option: Option, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the size of a tile with its gap."""
        return self._grid.gridSize()

    def paint(self, painter: QPainter, option: Option, index: QModelIndex | QPersistentModelIndex) -> None:
        """Paint one tile."""
        tile, side, colours = index.data(_ROLE), self._grid.side, theme.current()
        if not isinstance(tile, Tile):
            return
        corner = QPointF(option.rect.left() + _GAP / 2, option.rect.top() + _GAP / 2)
        square = QRectF(corner.x(), corner.y(), side, side)
        painter.save()
        painter.fillRect(square, QColor(colours.raised))
        if tile.image is not None:
            paint_fitted(painter, tile.image, square.adjusted(2, 2, -2, -2))
        font = self._grid.small()
        painter.setFont(font)
        metrics, line = QFontMetrics(font), QFontMetrics(font).height()
        if tile.missing:
            painter.setPen(QColor(colours.warning))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(square.adjusted(4, 4, -4, -4), int(flags), _("not readable"))
        middle = Qt.AlignmentFlag.AlignHCenter
        painter.setPen(QColor(colours.text))
        painter.drawText(QRectF(square.left(), square.bottom() + 2, side, line), middle, tile.figure)
        painter.setPen(QColor(colours.dim))
        name = metrics.elidedText(tile.name, Qt.TextElideMode.ElideMiddle, side)
        painter.drawText(QRectF(square.left(), square.bottom() + 2 + line, side, line), middle, name)
        state = option.state
        chosen = state & QStyle.StateFlag.State_Selected and self._grid.hasFocus()
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(QColor(colours.accent if chosen else colours.dim), 2 if chosen else 1))
            painter.drawRect(square.adjusted(1, 1, -1, -1))
        painter.restore()
