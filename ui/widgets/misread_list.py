"""Held-out pictures that are named wrongly, as small pictures with what they are and what they are taken for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

from explorer.text import _
from explorer.training.values import Misread
from ui import theme
from ui.widgets.numbers import percent

_SIDE = 40
SHOWN = 40
"""So many are shown at most, the most confident first."""


class MisreadList(QListWidget):
    """A click or Enter asks for one.

    Args:
        picture: gives the picture of a held-out one by its place.
        parent: as always.

    Signals:
        wanted: the place of the held-out picture.
    """

    wanted = Signal(int)

    def __init__(self, picture: Callable[[int], QPixmap], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture = picture
        self._shown: tuple[Misread, ...] = ()
        self._names: tuple[str, ...] = ()
        self._icons: dict[int, QIcon] = {}
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSpacing(2)
        self.itemClicked.connect(self._want)
        self.itemActivated.connect(self._want)

    def show_misread(self, misread: Sequence[Misread], names: Sequence[str]) -> None:
        """Show these; nothing changes where they are shown already."""
        found = tuple(misread[:SHOWN])
        if found == self._shown and self.count() == len(found):
            return
        self._shown, self._names = found, tuple(names)
        if not found:
            self._icons.clear()  # what comes next may be other pictures
        side = theme.px(_SIDE)
        self.setIconSize(QSize(side, side))
        self.clear()
        for one in found:
            item = QListWidgetItem(f"{names[one.truth]} → {names[one.answer]}")
            item.setData(Qt.ItemDataRole.UserRole, one.place)
            if one.place not in self._icons:
                picture = self._picture(one.place).scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio)
                self._icons[one.place] = QIcon(picture)
            item.setIcon(self._icons[one.place])
            item.setToolTip(
                _("{truth} is taken for {answer} ({share}); click to look through the trained network at it").format(
                    truth=names[one.truth], answer=names[one.answer], share=percent(one.probability)
                )
            )
            self.addItem(item)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            shown, self._shown = self._shown, ()
            self.show_misread(shown, self._names)

    def sizeHint(self) -> QSize:
        """Return room for two rows."""
        return QSize(200, theme.px(150))

    def minimumSizeHint(self) -> QSize:
        """Return room for a row."""
        return QSize(120, theme.px(84))

    @Slot(QListWidgetItem)
    def _want(self, item: QListWidgetItem) -> None:
        self.wanted.emit(int(item.data(Qt.ItemDataRole.UserRole)))
