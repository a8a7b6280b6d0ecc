"""The scenes of a deck, one below another; those that were gone through have a mark."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from explorer.text import _
from ui import theme

_SIDE = 16
"""Of a mark, px, so that titles without one begin where the others do."""


class TopicList(QListWidget):
    """Titles that take as many lines as they need.

    Signals:
        opened: the place of the scene that the person wants, from 0.
    """

    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("topics")
        self.setWordWrap(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.itemClicked.connect(self._open)
        self.itemActivated.connect(self._open)

    def show_titles(self, titles: Sequence[str], done: Sequence[bool], at: int) -> None:
        """List the titles and choose the one at ``at``."""
        if self.count() != len(titles):
            self.clear()
            self.addItems([""] * len(titles))
        empty = QPixmap(_SIDE, _SIDE)
        empty.fill(Qt.GlobalColor.transparent)
        check, none = theme.icon("check", theme.current().good), QIcon(empty)
        for row, (title, gone) in enumerate(zip(titles, done, strict=True)):
            if (item := self.item(row)) is not None:
                item.setText(title)
                item.setIcon(check if gone else none)
                item.setToolTip(_("Gone through") if gone else "")
        self.setCurrentRow(at)

    @Slot(QListWidgetItem)
    def _open(self, item: QListWidgetItem) -> None:
        self.opened.emit(self.row(item))
