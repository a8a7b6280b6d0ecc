"""The picture as it came and what the chain makes of it: side by side, behind a line, or one less the other."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from explorer.filters.filter import working
from explorer.text import _
from explorer.values import Bytes
from ui import theme
from ui.controller import Controller
from ui.filtering import Filtered, Filtering
from ui.store import Store
from ui.widgets.colour_bar import ColourBar
from ui.widgets.flow import FlowLayout
from ui.widgets.level_image import colour_table
from ui.widgets.linked_view import LinkedView, SplitView
from ui.widgets.panel import Panel
from ui.widgets.saving import ask_where, picture

Mode = Literal["both", "split", "difference"]
_MODES: tuple[tuple[Mode, str], ...] = (("both", "side-by-side"), ("split", "split"), ("difference", "difference"))


class FilterResult(Panel):
    """Two pictures of one size move together; numbers of either sign show in the diverging colours.

    Signals:
        explore_wanted: the person wants to see the network's maps of the result.
    """

    explore_wanted = Signal()

    def __init__(
        self, store: Store, controller: Controller, filtering: Filtering, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._controller, self._filtering = store, controller, filtering
        self._mode: Mode = "both"
        self.modes: dict[Mode, QPushButton] = {}
        bar = FlowLayout()
        for mode, icon in _MODES:
            button = QPushButton(self)
            button.setCheckable(True)
            button.setAutoExclusive(True)
            theme.set_icon(button, icon)
            button.toggled.connect(self._choose_mode)
            self.modes[mode] = button
            bar.addWidget(button)
        self.export, self.maps = QPushButton(self), QPushButton(self)
        theme.set_icon(self.export, "export")
        theme.set_icon(self.maps, "explore")
        bar.addWidget(self.maps)
        bar.addWidget(self.export)
        self.body.addLayout(bar)
        self.original, self.result = LinkedView(self), LinkedView(self)
        self.split, self.difference = SplitView(self), LinkedView(self)
        self._captions = [QLabel(self), QLabel(self)]
        self.bar = ColourBar(self)
        self._pages = QStackedWidget(self)
        self._both = QWidget(self)
        self._direction = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._both)
        self._direction.setContentsMargins(0, 0, 0, 0)
        self._direction.setSpacing(8)
        for view, caption in zip((self.original, self.result), self._captions, strict=True):
            caption.setObjectName("dim")
            part = QVBoxLayout()
            part.setSpacing(2)
            part.addWidget(caption)
            part.addWidget(view, 1)
            self._direction.addLayout(part, 1)
        for page in (self._both, self.split, self.difference):
            self._pages.addWidget(page)
        row = QHBoxLayout()
        row.addWidget(self._pages, 1)
        row.addWidget(self.bar)
        self.bar.hide()
        self.note = QLabel(self)
        self.note.setObjectName("dim")
        self.note.setWordWrap(True)
        self.body.addLayout(row, 1)
        self.body.addWidget(self.note)
        self.original.moved.connect(self.result.follow)
        self.result.moved.connect(self.original.follow)
        self.export.clicked.connect(self._export)
        self.maps.clicked.connect(self.explore_wanted)
        filtering.found_changed.connect(self._show)
        store.age_changed.connect(self._show_age)
        self.retranslate()
        self.modes["both"].setChecked(True)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Result"))
        for mode, text, told in (
            ("both", _("Both"), _("The picture and the result beside each other")),
            ("split", _("Split"), _("One over the other, parted by a line: drag it, or Shift with the arrows")),
            ("difference", _("Difference"), _("The result less the picture: blue is darker, red is brighter")),
        ):
            self.modes[mode].setText(text)  # type: ignore[index]
            self.modes[mode].setToolTip(told)  # type: ignore[index]
        self.export.setToolTip(_("Save the result as a picture…"))
        self.export.setAccessibleName(_("Save the result as a picture…"))
        self.maps.setText(_("Maps in Explore"))
        self.maps.setToolTip(_("What the network's layers make of the result"))
        self._captions[0].setText(_("Picture"))
        self._captions[1].setText(_("Result"))
        for view, name in (
            (self.original, _("Picture")),
            (self.result, _("Result")),
            (self.split, _("Picture left of the line, result right of it")),
            (self.difference, _("Result less picture")),
        ):
            view.setAccessibleName(name)
            view.set_empty_text(_("Drop a picture here, press Ctrl+V, or choose one in Explore."))
        self._show()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the pictures where they are largest."""
        super().resizeEvent(event)
        self._arrange()

    @property
    def mode(self) -> Mode:
        """How both are shown."""
        return self._mode

    @Slot()
    def _choose_mode(self) -> None:
        self._mode = next((mode for mode, button in self.modes.items() if button.isChecked()), "both")
        self._pages.setCurrentIndex([mode for mode, _icon in _MODES].index(self._mode))
        self._filtering.want("difference", self._mode == "difference")
        self._show()

    @Slot()
    def _show(self) -> None:
        found = self._filtering.found
        self.export.setEnabled(found is not None)
        if found is None:
            return
        pixels, shown = found.frame.pixels, found.shown
        result = found.pixels if shown is None else shown.pixels
        values = None if shown is None else shown.values
        match self._mode:
            case "both":
                self.original.show_values(pixels, None)
                self.result.show_values(result, values)
                self._arrange()
            case "split":
                fits = result.shape == pixels.shape
                self.split.set_other(pixels)
                self.split.show_values(result if fits else _stretched(result, pixels), values if fits else None)
                self.split.set_telling(fits and shown is None)
            case "difference":
                self._show_difference(found)
        height, width = result.shape[:2]
        self.set_title(_("Result"), f"{width} × {height}")
        self._show_bar(found)
        self._show_note(found)

    def _show_difference(self, found: Filtered) -> None:
        difference = found.difference
        self.difference.set_empty_text("")  # there is a picture: its difference is on its way
        if difference is not None:
            self.difference.set_message("")
            self.difference.show_values(difference.pixels, difference.values)
        elif found.pixels.shape != found.frame.pixels.shape:
            self.difference.set_message(
                _("The result has another size than the picture, so there is no difference: use stride 1 and a border.")
            )

    def _show_bar(self, found: Filtered) -> None:
        of = found.difference if self._mode == "difference" else found.shown
        self.bar.setVisible(of is not None)
        if of is not None:
            self.bar.show_range(-of.reach, of.reach, colour_table("grey", True, theme.current().panel))

    def _show_note(self, found: Filtered) -> None:
        notes = []
        if self._mode == "difference":
            notes.append(_("Colours: mean of the channels of result − picture."))
        elif found.shown is not None:
            notes.append(_("Signed: colours are the mean of the channels. The network gets it clipped to 0 … 255."))
        self.note.setText(" ".join(notes))
        self.note.setVisible(bool(notes))

    def _arrange(self) -> None:
        """Let the pictures lie side by side, or one below the other where both are larger so."""
        found = self._filtering.found
        if found is None or self._both.height() < 2:
            return
        (h, w), room = found.frame.pixels.shape[:2], self._both.size()
        beside = min(room.width() / 2 / w, room.height() / h)
        below = min(room.width() / w, room.height() / 2 / h)
        direction = QBoxLayout.Direction.TopToBottom if below > 1.15 * beside else QBoxLayout.Direction.LeftToRight
        if direction != self._direction.direction():
            self._direction.setDirection(direction)

    @Slot()
    def _show_age(self) -> None:
        self.set_old(self._store.picture_is_old)

    def part_that_ages(self) -> QWidget:
        """Return the pictures."""
        return self._pages

    @Slot()
    def _export(self) -> None:
        """Save the result, in the diverging colours where it is signed."""
        found = self._filtering.found
        if found is None:
            return
        pixels = found.pixels if found.shown is None else found.shown.pixels
        path = ask_where(self, self.export.toolTip(), _stem(found), "png")
        if path:
            self._controller.save(path, picture(_image(pixels)))


def _stem(found: Filtered) -> str:
    return "-".join([Path(found.frame.source).stem, *(one.name or "kernel" for one in working(found.chain))])[:120]


def _stretched(pixels: Bytes, other: Bytes) -> Bytes:
    """Return ``pixels`` in the size of ``other``, each pixel as large as it must be."""
    (h, w), (rows, columns) = pixels.shape[:2], other.shape[:2]
    stretched: Bytes = pixels[np.arange(rows)[:, None] * h // rows, np.arange(columns) * w // columns]
    return stretched


def _image(pixels: Bytes) -> QImage:
    """Return ``pixels`` as an image with a memory of its own."""
    whole = np.ascontiguousarray(pixels)
    height, width = whole.shape[:2]
    return QImage(whole.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
