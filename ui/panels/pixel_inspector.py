"""A computer stores a picture as numbers: the pixels around the pointer, their values, and the picture's histogram."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QToolButton, QWidget

from explorer.pixels import region
from explorer.text import _
from explorer.values import Bytes
from ui.controller import Controller
from ui.store import Store
from ui.widgets import cells
from ui.widgets.channel_histogram import ChannelHistogram
from ui.widgets.panel import Panel
from ui.widgets.pixel_grid import PixelGrid

_HISTOGRAM_MS = 200
"""How often the histogram of a live picture changes; faster cannot be read."""
_AT_ONCE = 1_000_000
"""Pixels that are counted without a pause; a large photo must not hold the window up."""


class PixelInspector(Panel):
    """The neighbourhood of the pixel under the pointer, or of the one that was clicked.

    The place connects it with the picture: ``SourcePanel.picture_changed`` to ``set_picture``, ``pixel_pointed`` to
    ``point``, ``pixel_chosen`` to ``choose``; and back ``chosen_changed`` to ``SourcePanel.mark``, ``numbers_changed``
    to ``SourcePanel.set_numbers``.

    Signals:
        chosen_changed: (row, column) of the pixel that is held, or None.
        numbers_changed: plane and base were chosen.
    """

    chosen_changed = Signal(object)
    numbers_changed = Signal(str, str)

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._pixels: Bytes | None = None
        self._pointed: tuple[int, int] | None = None
        self._chosen: tuple[int, int] | None = None
        self._plane: cells.Plane = "rgb"
        self._base: cells.Base = "decimal"
        self._planes, self._bases = QButtonGroup(self), QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(4)
        for group, count in ((self._planes, len(cells.PLANES)), (self._bases, 2)):
            for number in range(count):
                button = QToolButton(self)
                button.setCheckable(True)
                button.setChecked(number == 0)
                group.addButton(button, number)
                row.addWidget(button)
            if group is self._planes:
                row.addStretch(1)
            group.idToggled.connect(self._choose_numbers)
        self._grid = PixelGrid(self)
        self._grid.chosen.connect(self.choose)
        self._value, self._heading, self._hint = QLabel(self), QLabel(self), QLabel(self)
        for label in (self._heading, self._hint):
            label.setObjectName("dim")
            label.setWordWrap(True)
        self._histogram = ChannelHistogram(self)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._count)
        self._counted: Bytes | None = None
        self._counting: Bytes | None = None
        self._counts, self._next_row = np.zeros((3, 256), np.int64), 0
        self.body.addLayout(row)
        self.body.addWidget(self._grid, 1)
        self.body.addWidget(self._value)
        self.body.addWidget(self._heading)
        self.body.addWidget(self._histogram)
        self.body.addWidget(self._hint)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Pixels"), _("a picture is stored as numbers"))
        names = ("RGB", "R", "G", "B", _("dec"), _("hex"))
        meanings = (_("all channels"), _("red"), _("green"), _("blue"), _("decimal"), _("hexadecimal"))
        buttons = (*self._planes.buttons(), *self._bases.buttons())
        for button, name, meaning in zip(buttons, names, meanings, strict=True):
            button.setText(name)
            button.setAccessibleName(meaning)
            button.setToolTip(meaning)
        self._grid.set_empty_text(_("Open a picture and point at it: its numbers appear here."))
        self._grid.setAccessibleName(_("Pixels around the chosen one"))
        self._heading.setText(_("How often each value occurs in the picture"))
        self._hint.setText(
            _("Click a pixel: the units that see it light up. Scroll over the picture until its pixels show numbers.")
        )
        self._histogram.setAccessibleName(self._heading.text())
        self._show()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        self._histogram.update()

    @Slot(object)
    def set_picture(self, pixels: Bytes | None) -> None:
        """Take the pixels from this picture, uint8 RGB (H, W, 3)."""
        before, self._pixels = self._pixels, pixels
        self.set_frame(None if pixels is None else self._store.frame)
        sizes = {None if one is None else one.shape[:2] for one in (before, pixels)}
        if self._chosen is not None and len(sizes) > 1:
            self.choose(None)
        if pixels is None:
            self._histogram.set_counts(None)
        self._grid.set_picture(pixels)
        self._show()
        if not self._later.isActive():
            self._later.start(_HISTOGRAM_MS)

    @Slot(object)
    def point(self, pixel: tuple[int, int] | None) -> None:
        """Show the pixel (row, column) while the pointer is on it; None goes back to the held one."""
        if pixel != self._pointed:
            self._pointed = pixel
            self._show()

    @Slot(object)
    def choose(self, pixel: tuple[int, int] | None) -> None:
        """Hold the pixel (row, column) until another one is chosen; the same once more lets it go."""
        self.hold(None if pixel == self._chosen else pixel)

    def hold(self, pixel: tuple[int, int] | None) -> None:
        """Hold the pixel (row, column), or none."""
        self._chosen = pixel
        self.chosen_changed.emit(self._chosen)
        self._show()

    def _show(self) -> None:
        pixels, pixel = self._pixels, self._chosen or self._pointed
        rgb = None if pixels is None or pixel is None else region.value(pixels, *pixel)
        if pixels is not None and rgb is None:  # until one points somewhere: the middle
            pixel = (pixels.shape[0] // 2, pixels.shape[1] // 2)
            rgb = region.value(pixels, *pixel)
        for widget in (self._value, self._heading, self._histogram, self._hint):
            widget.setVisible(pixels is not None)
        self._grid.set_pixel(pixel)
        self._histogram.set_pixel(rgb)
        if rgb is not None and pixel is not None:
            self._value.setText(f"x {pixel[1]}  y {pixel[0]}   {rgb[0]} {rgb[1]} {rgb[2]}   {region.hex_of(rgb)}")
        else:
            self._value.setText("")
        self._grid.setAccessibleDescription(self._value.text())

    def _choose_numbers(self, _id: int, on: bool) -> None:
        if on:
            self._plane = cells.PLANES[self._planes.checkedId()]
            self._base = "decimal" if self._bases.checkedId() == 0 else "hex"
            self._grid.set_numbers(self._plane, self._base)
            self._histogram.set_plane(self._plane)
            self.numbers_changed.emit(self._plane, self._base)

    def showEvent(self, event: QShowEvent) -> None:
        """Count what was not counted while nobody looked."""
        self._count()

    def _count(self) -> None:
        """Count the next rows of the picture, while the panel shows; a picture once begun is counted to its end."""
        if self._counting is None:
            if not self.isVisible() or self._pixels is None or self._pixels is self._counted:
                return
            self._counting, self._counts, self._next_row = self._pixels, np.zeros((3, 256), np.int64), 0
        rows = max(_AT_ONCE // self._counting.shape[1], 1)
        self._counts += region.histogram(self._counting[self._next_row : self._next_row + rows])
        self._next_row += rows
        if self._next_row < self._counting.shape[0]:
            self._later.start(0)
            return
        self._counted, self._counting = self._counting, None
        self._histogram.set_counts(self._counts)
        if self._counted is not self._pixels:
            self._later.start(_HISTOGRAM_MS)
