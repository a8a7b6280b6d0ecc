"""All maps of a layer side by side: look at them, find one, choose one of its units."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from explorer.text import _
from explorer.values import LEVEL_NAN, LEVELS, LayerView
from ui import theme
from ui.widgets import marks
from ui.widgets.level_image import LevelImage, Table
from ui.widgets.numbers import cell, number
from ui.widgets.spotlight import Spotlight
from ui.widgets.viewport import Viewport
from ui.widgets.zoom_view import ZoomView

NUMBERED_FROM = 64.0
"""Width and height, logical px, from which a map has its channel's number on it."""
UNIT_MARKED_FROM = 40.0
"""Width of the chosen map from which its chosen unit is marked too."""
STEPS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
"""Rows and columns that an arrow key moves a unit by."""


class MosaicView(ZoomView):
    """The maps of a ``LayerView``.

    Signals:
        chosen: channel, row and column of a clicked cell.
        stepped: channel that the keyboard moved to.
        pointed: channel, row and column of the cell under the pointer, or None.
    """

    SWEEPS = True
    pointed = Signal(object)
    chosen = Signal(int, int, int)
    stepped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image, self._light = LevelImage(), Spotlight()
        self._view: LayerView | None = None
        self._channel = 0
        self._unit: tuple[int, int] | None = None
        self._names: tuple[str, ...] = ()
        self._off: frozenset[int] = frozenset()
        self._plates: dict[int, QPixmap] = {}
        self._plates_for = (0, 0.0)

    @property
    def view(self) -> LayerView | None:
        """What is shown, or None."""
        return self._view

    def show_maps(self, view: LayerView | None, table: Table) -> None:
        """Show the maps of ``view`` in the colours of ``table``; zoom and place stay while the grid does."""
        before, self._view = self._view, view
        if self._image.set(None if view is None else view.mosaic, table):
            self.update()
        if view is not None:
            if before is None or before.layer.id != view.layer.id or before.grid != view.grid:
                self._viewport = None
            self.set_picture_hw(*view.grid.shape)

    def set_choice(self, channel: int, unit: tuple[int, int] | None) -> None:
        """Mark a channel and a unit of it."""
        if (channel, unit) != (self._channel, self._unit):
            self._channel, self._unit = channel, unit
            self.update()

    def set_lit(self, units: NDArray[np.bool_] | None) -> None:
        """Light some units of every map, bool of the maps' size, and darken the others; None: no more."""
        if self._light.set(units):
            self.update()

    def set_off(self, channels: frozenset[int]) -> None:
        """Cross out the maps of channels that are switched off."""
        if channels != self._off:
            self._off = channels
            self.update()

    def set_names(self, names: tuple[str, ...]) -> None:
        """Take what each channel stands for, such as the classes of an output; () for channels without a name."""
        self._names = names

    def unit_at(self, pixel: tuple[int, int]) -> tuple[int, int, int] | None:
        """Return (channel, row, column) of the map cell at a pixel of the mosaic; None on a gap."""
        if self._view is None or (place := self._view.grid.at(*pixel)) is None:
            return None
        position, y, x = place
        (h, w), (tile_h, tile_w) = self._view.map.shape, self._view.grid.tile_hw
        return int(self._view.order[position]), y * h // tile_h, x * w // tile_w

    def tile_rect(self, channel: int) -> QRectF:
        """Return where a channel's map lies in the view."""
        position = self._position(channel)
        if self._view is None or position is None:
            return QRectF()
        (y, x), (h, w) = self._view.grid.corner(position), self._view.grid.tile_hw
        return self.rect_of(y, x, y + h, x + w)

    def describe(self, pixel: tuple[int, int]) -> str:
        """Return what is known of the cell at a pixel of the mosaic; "" on a gap."""
        if self._view is None or (found := self.unit_at(pixel)) is None:
            return ""
        view, (channel, y, x) = self._view, found
        table = view.channels
        value = told(view, channel, y, x)
        name = ""
        if channel < len(self._names):
            name = _("class “{name}”").format(name=self._names[channel]) + "   "
        if view.map.size == 1:
            return _("channel {channel}   {value}").format(channel=channel, value=name + value)
        return _("channel {channel}   {cell}\nfrom {low} to {high}, mean {mean}").format(
            channel=channel,
            cell=name + cell(y, x, value),
            low=number(float(table.minimum[channel])),
            high=number(float(table.maximum[channel])),
            mean=number(float(table.mean[channel])),
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Home and End move the choice from map to map; with Shift the arrows move the unit on its map."""
        position = self._position(self._channel)
        if self._view is None or self._message or position is None:
            super().keyPressEvent(event)
            return
        shifted = self.SWEEPS and event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if shifted and (step := STEPS.get(Qt.Key(event.key()))):
            self._step_unit(self._view, *step)
            return
        columns, last = self._view.grid.columns, self._view.grid.count - 1
        targets = {
            Qt.Key.Key_Left: position - 1,
            Qt.Key.Key_Right: position + 1,
            Qt.Key.Key_Up: position - columns,
            Qt.Key.Key_Down: position + columns,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        target = targets.get(Qt.Key(event.key()))
        if target is None:
            super().keyPressEvent(event)
        elif 0 <= target <= last and target != position:
            channel = int(self._view.order[target])
            self._reveal(channel)
            self.stepped.emit(channel)

    def _step_unit(self, view: LayerView, down: int, right: int) -> None:
        (h, w), unit = view.map.shape, self._unit
        y, x = (h // 2, w // 2) if unit is None else (unit[0] + down, unit[1] + right)
        moved = min(max(y, 0), h - 1), min(max(x, 0), w - 1)
        if moved != unit:
            self.chosen.emit(self._channel, *moved)

    def _point(self, pixel: tuple[int, int] | None) -> None:
        self.update()
        self.pointed.emit(None if pixel is None or self._message else self.unit_at(pixel))

    def _choose(self, pixel: tuple[int, int]) -> None:
        if (found := self.unit_at(pixel)) is not None:
            self.chosen.emit(*found)

    def _paint_maps(self, painter: QPainter, viewport: Viewport) -> None:
        """Paint the maps themselves."""
        self._image.paint(painter, viewport, self.devicePixelRatioF())

    def _paint(self, painter: QPainter, viewport: Viewport) -> None:
        self._paint_maps(painter, viewport)
        if self._view is None:
            return
        (h, w), scale = self._view.grid.tile_hw, viewport.scale
        if self._light.units is not None:
            for position in self._visible(self._view, viewport):
                y, x = self._view.grid.corner(position)
                self._light.paint(painter, self._view.map.shape, self.rect_of(y, x, y + h, x + w))
        if min(h, w) * scale >= NUMBERED_FROM:
            self._paint_numbers(painter, self._view, viewport)
        for channel in self._off:
            marks.crossed(painter, self.tile_rect(channel))
        self._paint_choice(painter, self._view)
        if self._pointer is not None and not self._dragged:
            pixel = self.pixel_at(self._pointer)
            if pixel is not None and (text := self.describe(pixel)):
                marks.plate(painter, self._pointer, text, QRectF(self.rect()))

    @staticmethod
    def _visible(view: LayerView, viewport: Viewport) -> Iterator[int]:
        """Yield the positions of the maps that show."""
        grid, (y0, x0, y1, x1) = view.grid, viewport.visible()
        h, w = grid.tile_hw[0] + grid.gap, grid.tile_hw[1] + grid.gap
        for row in range(y0 // h, -(-y1 // h)):
            for column in range(x0 // w, min(-(-x1 // w), grid.columns)):
                if (position := row * grid.columns + column) < grid.count:
                    yield position

    def _paint_numbers(self, painter: QPainter, view: LayerView, viewport: Viewport) -> None:
        for position in self._visible(view, viewport):
            top, left = viewport.to_view(*view.grid.corner(position))
            plate = self._plate(int(view.order[position]))
            painter.drawPixmap(round(left) + 4, round(top) + 4, plate)

    def _plate(self, number: int) -> QPixmap:
        """Return a channel's number on its plate; kept, because text takes ten times as long to paint as a picture."""
        key = theme.px(11), self.devicePixelRatioF()
        if key != self._plates_for:
            self._plates_for, self._plates = key, {}
        if number not in self._plates:
            font = self.font()
            font.setPixelSize(key[0])
            metrics, text = QFontMetrics(font), str(number)
            room = QRectF(0, 0, metrics.horizontalAdvance(text) + 6, metrics.height())
            plate = QPixmap((room.size() * key[1]).toSize())
            plate.setDevicePixelRatio(key[1])
            plate.fill(QColor(0, 0, 0, 150))
            painter = QPainter(plate)
            painter.setFont(font)
            painter.setPen(QColor(255, 255, 255))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)
            painter.end()
            self._plates[number] = plate
        return self._plates[number]

    def _paint_choice(self, painter: QPainter, view: LayerView) -> None:
        tile = self.tile_rect(self._channel)
        if tile.isNull():
            return
        inside = QRectF(self.rect()).adjusted(2.5, 2.5, -2.5, -2.5)
        near_edge = inside.adjusted(-4, -4, 4, 4).contains(tile)
        marks.box(painter, tile.intersected(inside) if near_edge else tile, theme.current().unit)
        (h, w) = view.map.shape
        if self._unit is not None and tile.width() >= UNIT_MARKED_FROM and self._unit[0] < h and self._unit[1] < w:
            cell_h, cell_w = tile.height() / h, tile.width() / w
            mark = QRectF(tile.x() + self._unit[1] * cell_w, tile.y() + self._unit[0] * cell_h, cell_w, cell_h)
            grow = max(0.0, (5 - min(cell_w, cell_h)) / 2)
            marks.box(painter, mark.adjusted(-grow, -grow, grow, grow), theme.current().unit)

    def _position(self, channel: int) -> int | None:
        if self._view is None:
            return None
        found = (self._view.order == channel).nonzero()[0]
        return int(found[0]) if len(found) else None

    def _reveal(self, channel: int) -> None:
        tile = self.tile_rect(channel)
        if self._viewport is not None and not QRectF(self.rect()).contains(tile):
            y, x = self._viewport.to_picture(tile.center().y(), tile.center().x())
            self._move(self._viewport.centred(y, x))


def told(view: LayerView, channel: int, y: int, x: int) -> str:
    """Return the value of a cell with its sign: exact for the chosen channel, else as near as its level tells."""
    if channel == view.channel:
        return f"= {number(float(view.map[y, x]))}"
    (h, w), (tile_h, tile_w) = view.map.shape, view.grid.tile_hw
    top, left = view.grid.corner(int((view.order == channel).nonzero()[0][0]))
    down, right = min(-(-y * tile_h // h), tile_h - 1), min(-(-x * tile_w // w), tile_w - 1)
    level = int(view.mosaic[top + down, left + right])
    if level == LEVEL_NAN:
        return _("is NaN or infinite")
    low, high = map(float, view.ranges[channel])
    value = low + (high - low) * level / (LEVELS - 1)
    cut_low, cut_high = float(view.channels.minimum[channel]) < low, float(view.channels.maximum[channel]) > high
    sign = "≤" if level == 0 and cut_low else "≥" if level == LEVELS - 1 and cut_high else "≈"
    return f"{sign} {number(value)}"
