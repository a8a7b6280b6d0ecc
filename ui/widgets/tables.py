"""What tables of layers share: how they are read, sorted and headed."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView


def align_heads(
    model: QAbstractItemModel, columns: Iterable[int], side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignRight
) -> None:
    """Let the heads of ``columns`` stand as their cells do.

    Through the model: Python's wrapper of a head's item outlives the item when the model is cleared, and then crashes.
    """
    for column in columns:
        how = side | Qt.AlignmentFlag.AlignVCenter
        model.setHeaderData(column, Qt.Orientation.Horizontal, how, Qt.ItemDataRole.TextAlignmentRole)


def as_table(view: QTreeView) -> None:
    """Let the rows of a tree be read, selected and copied as those of a table; a third click on a head unsorts it."""
    view.setUniformRowHeights(True)
    view.setMouseTracking(True)
    view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setSortingEnabled(True)
    header = view.header()
    header.setSortIndicatorClearable(True)
    header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    header.setStretchLastSection(True)
    header.setSectionsMovable(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
