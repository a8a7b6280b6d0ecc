"""What a network found, row by row: the colour of its class, its name, and a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView, QWidget

from explorer.render.scene import RGB
from ui import theme

Index = QModelIndex | QPersistentModelIndex
_SWATCH = 12


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        colour: of its class; None for what stays clear.
        texts: name and figure.
        faint: whether it does not count.
        about: for the tool tip.
    """

    colour: RGB | None
    texts: tuple[str, str]
    faint: bool = False
    about: str = ""


class SceneList(QTreeView):
    """A table that is filled anew at each frame and stays where it was scrolled to.

    Signals:
        row_chosen: the row that a person chose.
    """

    row_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = _Rows(self)
        self.setModel(self.rows)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionsMovable(False)
        self.selectionModel().currentRowChanged.connect(self._choose)

    def set_heads(self, name: str, figure: str) -> None:
        """Name the columns."""
        self.rows.set_heads(name, figure)

    def show_rows(self, rows: Sequence[Row], current: int = -1) -> None:
        """Show these rows, and mark one."""
        selection = self.selectionModel()
        blocked = selection.blockSignals(True)
        self.rows.set_rows(tuple(rows))
        self.setCurrentIndex(self.rows.index(current, 0) if current >= 0 else QModelIndex())
        selection.blockSignals(blocked)
        self.viewport().update()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        self.rows.restyle()

    def _choose(self, current: QModelIndex, _before: QModelIndex) -> None:
        if current.isValid():
            self.row_chosen.emit(current.row())


class _Rows(QAbstractTableModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.listed: tuple[Row, ...] = ()
        self._heads = ("", "")
        self._swatches: dict[RGB | None, QPixmap] = {}

    def set_heads(self, name: str, figure: str) -> None:
        self._heads = (name, figure)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, 1)

    def set_rows(self, rows: tuple[Row, ...]) -> None:
        if rows == self.listed:
            return
        before, after = len(self.listed), len(rows)
        if after > before:
            self.beginInsertRows(QModelIndex(), before, after - 1)
            self.listed = rows
            self.endInsertRows()
        elif after < before:
            self.beginRemoveRows(QModelIndex(), after, before - 1)
            self.listed = rows
            self.endRemoveRows()
        self.listed = rows
        if rows:
            self.dataChanged.emit(self.index(0, 0), self.index(after - 1, 1))

    def restyle(self) -> None:
        self._swatches.clear()
        if self.listed:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.listed) - 1, 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.listed)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else 2

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._heads[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section == 1:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.listed[index.row()], index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.texts[column]
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return self._swatch(row.colour)
        if role == Qt.ItemDataRole.TextAlignmentRole and column == 1:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole and row.faint:
            return QColor(theme.current().dim)
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.about or row.texts[0]
        return None

    def _swatch(self, rgb: RGB | None) -> QPixmap:
        if rgb not in self._swatches:
            size = theme.px(_SWATCH)
            pixmap = QPixmap(size, size)
            pixmap.fill(Qt.GlobalColor.transparent if rgb is None else QColor(*rgb))
            painter = QPainter(pixmap)
            painter.setPen(QColor(theme.current().dim))
            painter.drawRect(QRect(0, 0, size - 1, size - 1))
            painter.end()
            self._swatches[rgb] = pixmap
        return self._swatches[rgb]
