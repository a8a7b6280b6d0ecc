"""How the heads of a table stand."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QAbstractItemModel, Qt


def align_heads(
    model: QAbstractItemModel, columns: Iterable[int], side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignRight
) -> None:
    """Let the heads of ``columns`` stand as their cells do.

    Through the model: Python's wrapper of a head's item outlives the item when the model is cleared, and then crashes.
    """
    for column in columns:
        how = side | Qt.AlignmentFlag.AlignVCenter
        model.setHeaderData(column, Qt.Orientation.Horizontal, how, Qt.ItemDataRole.TextAlignmentRole)
