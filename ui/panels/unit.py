"""The unit that is looked at: the part of the picture that it sees, its value, and how sure the area is."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QColor, QGuiApplication, QImage, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.recipe import MOST_LOCKED, Unit
from explorer.text import N_, _, ngettext
from explorer.values import Bytes, FrameResult, Geometry
from ui import theme
from ui.areas import Areas, Sight, cut_to, outlines, real_cells
from ui.controller import Controller
from ui.store import Store
from ui.widgets.area_marks import ink_on
from ui.widgets.area_view import AreaView
from ui.widgets.class_names import class_name
from ui.widgets.elided import ElidedLabel
from ui.widgets.mosaic_view import told
from ui.widgets.numbers import cell, number, unbroken
from ui.widgets.panel import Panel
from ui.widgets.saving import ask_where, picture

if TYPE_CHECKING:  # the window opens without
    from explorer.receptive.values import Area

_FULL = N_("{count} units are locked, which is as many as can be told apart: unlock one first.")
_ROOMY = 290
"""Height, px at text size 1, from which more locked units are listed at once."""


class UnitPanel(Panel):
    """The unit under the pointer, else the chosen one, and below it the locked ones."""

    def __init__(self, store: Store, controller: Controller, areas: Areas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller, self._areas = store, controller, areas
        self._lines: list[str] = []
        self.lock = self._button("lock", self._areas.toggle_lock)
        self.lock.setCheckable(True)
        self.copy = self._button("paste", self.copy_numbers)
        self.export = self._button("export", self.export_area)
        for button in (self.lock, self.copy, self.export):
            self.header.addWidget(button)
        self.view = AreaView(self)
        self.value, self.words, self.hint = QLabel(self), QLabel(self), QLabel(self)
        self.value.setObjectName("title")
        self.hint.setObjectName("dim")
        for label in (self.value, self.words, self.hint):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._text = QScrollArea(self)
        self._text.setWidget(self.words)
        self._text.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._locked = _Locked(self)
        self._locked.unlock_all.clicked.connect(areas.unlock_all)
        for room, content in ((self._text, self.words), (self._locked.room, self._locked.content)):
            room.setWidgetResizable(True)
            room.setFrameShape(QFrame.Shape.NoFrame)
            room.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            room.viewport().setAutoFillBackground(False)
            content.setAutoFillBackground(False)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self.view, 4)
        beside = QVBoxLayout()
        beside.setSpacing(4)
        beside.addWidget(self.value)
        beside.addWidget(self._text, 1)
        row.addLayout(beside, 6)
        self.body.addWidget(self.hint)
        self.body.addLayout(row, 1)
        self.body.addWidget(self._locked)
        areas.changed.connect(self._refresh)
        store.result_changed.connect(self._refresh)
        store.recipe_changed.connect(self._refresh)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("What the unit sees"))
        self.view.setAccessibleName(_("The part of the picture that the unit sees"))
        self.hint.setText(_("Point at a cell of a map, or click it: what it sees of the picture appears here."))
        for button, text in (
            (self.copy, _("Copy what the unit sees, in numbers")),
            (self.export, _("Export the part of the picture that the unit sees…")),
        ):
            button.setAccessibleName(text)
            button.setToolTip(text)
        self._locked.retranslate()
        self._refresh()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        for button in (self.lock, self.copy, self.export):
            button.setIconSize(QSize(theme.px(16), theme.px(16)))
        self._refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the picture and the words room."""
        super().resizeEvent(event)
        self._locked.fit(4 if self.height() > theme.px(_ROOMY) else 2)

    @property
    def lines(self) -> tuple[str, ...]:
        """What is told of the shown unit, a sentence each."""
        return tuple(self._lines)

    @Slot()
    def copy_numbers(self) -> None:
        """Put what is told of the shown unit on the clipboard."""
        if self._lines:
            QGuiApplication.clipboard().setText("\n".join(self._lines))

    @Slot()
    def export_area(self) -> None:
        """Ask for a file and write the part of the picture that the unit sees to it."""
        unit, result = self._areas.shown, self._store.result
        if unit is None or result is None or self._part() is None:
            return
        stem = f"{Path(result.frame.source).stem}-{unit.layer}-{unit.channel}-{unit.y}-{unit.x}"
        if path := ask_where(self, _("Export the part of the picture that the unit sees…"), stem, "png"):
            self.write(path)

    def write(self, path: str) -> None:
        """Write the real pixels that the unit sees to ``path`` as PNG."""
        part = self._part()
        if part is not None:
            self._controller.save(path, picture(_image(part)))

    # inner

    @Slot()
    def _refresh(self) -> None:
        unit, result = self._areas.shown, self._store.result_of_network
        there = unit is not None and result is not None
        self.set_frame(result.frame if unit is not None and result is not None else None)
        for widget in (self.view, self.value, self._text):
            widget.setVisible(there)
        self.hint.setVisible(not there)
        locked = self._areas.locked
        full = there and not self._areas.can_lock
        self.lock.setEnabled(self._areas.can_lock)
        self.lock.setChecked(unit in locked)
        tip = _("Unlock the unit (L)") if unit in locked else _("Lock the unit (L): its area stays marked")
        self.lock.setToolTip(_(_FULL).format(count=MOST_LOCKED) if full else tip)
        self.lock.setAccessibleName(self.lock.toolTip())
        self.copy.setEnabled(there)
        self._locked.show_units([(self._areas.sight(one), self._value(one)) for one in locked], self._areas.unlock)
        if unit is None or result is None:
            self._lines = []
            self.view.show_area(None, None)
            self.export.setEnabled(False)
            return
        sight, value = self._areas.sight(unit), self._value(unit)
        single = result.view.layer.id == unit.layer and result.view.map.size == 1
        heading = value if single else cell(unit.y, unit.x, value)
        if heading != self.value.text():
            self.value.setText(heading)
        self._show_area(sight)
        where = _("{layer} · channel {channel}").format(layer=unit.layer, channel=unit.channel)
        if name_of_class := self._class(unit):
            where = f"{where} · {name_of_class}"
        self._lines = [heading, where, *self._sentences(sight, result)]
        text = unbroken("\n".join(self._lines[1:]))
        if text != self.words.text():
            self.words.setText(text)
            self.view.setAccessibleDescription(" ".join(self._lines))
        self.export.setEnabled(self._part() is not None)

    def _show_area(self, sight: Sight) -> None:
        pixels, geometry = self._under()
        found = () if geometry is None else outlines((sight,), geometry)
        self.view.show_area(pixels if found else None, found[-1] if found else None)

    def _under(self) -> tuple[Bytes | None, Geometry | None]:
        """Return the picture, or the network's input where a transform made it, and the way to it."""
        result = self._store.result_of_network
        if result is None:
            return None, None
        if (geometry := self._areas.geometry) is not None:
            return result.filtered.pixels, geometry
        hw = result.geometry.input_hw
        fields = self._store.fields
        fits = fields is not None and fields.graph.input[1:] == hw
        return (result.prepared, Geometry(hw, hw, (1.0, 1.0), (0.0, 0.0))) if fits else (None, None)

    def _part(self) -> Bytes | None:
        """Return the real pixels that the shown unit sees, or None where there are none."""
        unit, (pixels, geometry) = self._areas.shown, self._under()
        area = None if unit is None else self._areas.sight(unit).area
        cells = None if area is None or geometry is None else _cells(area, geometry.input_hw)
        if cells is None or pixels is None or geometry is None:
            return None
        top, left, bottom, right = geometry.pixels(cells)
        part = pixels[top:bottom, left:right]
        return part if part.size else None

    def _value(self, unit: Unit) -> str:
        """Return the value of ``unit`` on this frame with its sign of equality, or "" where it is not known."""
        result = self._store.result_of_network
        if result is None:
            return ""
        if unit in result.recipe.locked and len(result.locked) == len(result.recipe.locked):
            found = result.locked[result.recipe.locked.index(unit)]
            return "" if found is None else f"= {number(found)}"
        view = result.view
        (h, w), count = view.map.shape, len(view.order)
        inside = unit.channel < count and unit.y < h and unit.x < w
        return told(view, unit.channel, unit.y, unit.x) if unit.layer == view.layer.id and inside else ""

    def _class(self, unit: Unit) -> str:
        """Return the class that ``unit`` stands for where its layer is the network's answer, or ""."""
        network = self._store.network
        layer = None if network is None else network.graph.by_id.get(unit.layer)
        return "" if layer is None else class_name(network, layer, unit.channel)

    def _sentences(self, sight: Sight, result: FrameResult) -> list[str]:
        if sight.area is None:
            return [sight.why]
        geometry = self._areas.geometry
        found = describe(sight.area, result.geometry.input_hw)
        if self._store.network is not None and self._store.network.transformed:
            found.append(_("Your program's own transform made the input: where it came from is not known."))
        elif geometry is not None and (cells := _cells(sight.area, geometry.input_hw)) is not None:
            top, left, bottom, right = geometry.pixels(cells)
            if top < bottom and left < right:
                words = _("in the picture: x {x0} to {x1}, y {y0} to {y1}")
                if result.filtered is not result.frame:
                    words = _("in the filtered picture: x {x0} to {x1}, y {y0} to {y1}")
                where = words.format(x0=left, x1=right - 1, y0=top, y1=bottom - 1)
                found.insert(1 if sight.area.main_path is None else len(found), where)
                if beyond := _beyond(geometry, cells):
                    words = _("The outline lies on the input's cells; resizing reads up to {count} px around it too.")
                    found.append(words.format(count=beyond))
        return found

    def _button(self, icon: str, pressed: Callable[[], None]) -> QToolButton:
        button = QToolButton(self)
        theme.set_icon(button, icon)
        button.setObjectName("small")
        button.clicked.connect(pressed)
        return button


class _Locked(QWidget):
    """A row for each locked unit: its colour and number, where it is, its value, and a button that unlocks it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._units: tuple[tuple[Unit, str], ...] = ()
        self._rows: list[_Row] = []
        self._most = 2
        self.unlock_all = QToolButton(self)
        self.unlock_all.setObjectName("small")
        theme.set_icon(self.unlock_all, "clear")
        self.room = QScrollArea(self)
        self.content = QWidget()
        self.content.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._lay = QVBoxLayout(self.content)
        self._lay.setContentsMargins(0, 0, 0, 0)
        self._lay.setSpacing(2)
        self.room.setWidget(self.content)
        lay = QHBoxLayout(self)
        lay.setContentsMargins(0, 0, 0, 0)
        lay.setSpacing(2)
        lay.addWidget(self.room, 1)
        lay.addWidget(self.unlock_all, 0, Qt.AlignmentFlag.AlignTop)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.room.setAccessibleName(_("Locked units"))
        self.unlock_all.setToolTip(_("Unlock all units"))
        self.unlock_all.setAccessibleName(_("Unlock all units"))
        self._units = ()

    def show_units(self, units: list[tuple[Sight, str]], unlock: Callable[[Unit], None]) -> None:
        """Show the units with their values."""
        self.setVisible(bool(units))
        wanted = tuple((sight.unit, sight.colour) for sight, _value in units)
        if wanted != self._units:
            for row in self._rows:
                self._lay.removeWidget(row)
                row.hide()
                row.deleteLater()
            self._rows = [_Row(sight, unlock, self.content) for sight, _value in units]
            for row in self._rows:
                self._lay.addWidget(row)
                row.show()
            self.fit(self._most)
        self._units = wanted
        for row, (_sight, value) in zip(self._rows, units, strict=True):
            row.set_value(value)

    def fit(self, most: int) -> None:
        """Show up to ``most`` rows at once; the others are scrolled to."""
        self._most, rows = most, self._rows[:most]
        self.room.setFixedHeight(sum(row.sizeHint().height() for row in rows) + 2 * max(len(rows) - 1, 0))


class _Row(QWidget):
    def __init__(self, sight: Sight, unlock: Callable[[Unit], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._unit, self._unlock = sight.unit, unlock
        swatch, remove = QLabel(sight.label, self), QToolButton(self)
        text = ElidedLabel(self, mode=Qt.TextElideMode.ElideRight)
        self._value = QLabel(self)
        swatch.setAlignment(Qt.AlignmentFlag.AlignCenter)
        swatch.setFixedSize(theme.px(18), theme.px(18))
        ink = ink_on(QColor(sight.colour))
        swatch.setStyleSheet(f"background: {sight.colour}; color: {ink}; border-radius: 4px; font-weight: bold;")
        text.setText(name(sight.unit))
        remove.setObjectName("small")
        theme.set_icon(remove, "close")
        tip = _("Unlock unit {number}").format(number=sight.label)
        remove.setToolTip(tip)
        remove.setAccessibleName(tip)
        remove.clicked.connect(self._remove)
        lay = QHBoxLayout(self)
        lay.setContentsMargins(0, 0, 0, 0)
        lay.setSpacing(6)
        lay.addWidget(swatch)
        lay.addWidget(text, 1)
        lay.addWidget(self._value)
        lay.addWidget(remove)

    def set_value(self, value: str) -> None:
        """Tell the unit's value."""
        if self._value.text() != value:
            self._value.setText(value)

    @Slot()
    def _remove(self) -> None:
        self._unlock(self._unit)


def name(unit: Unit) -> str:
    """Return what a person calls a unit: ``y 12, x 9 · channel 3 · layer1.0.conv2``."""
    return _("y {y}, x {x} · channel {channel} · {layer}").format(
        layer=unit.layer, channel=unit.channel, y=unit.y, x=unit.x
    )


def describe(area: Area, input_hw: tuple[int, int]) -> list[str]:
    """Return in sentences how large ``area`` is and how sure that is."""
    y0, x0, y1, x1 = area.box
    size = f"{float(y1 - y0):g} × {float(x1 - x0):g}"
    whole = area.certainty == "whole input"
    cut = area.box if area.clipped is None else cut_to(area.box, input_hw)
    real = 0 if area.clipped is None else (cut[2] - cut[0]) * (cut[3] - cut[1])
    padding = round((y1 - y0) * (x1 - x0) - real)
    if whole:
        found = [_("sees the whole input, {size} pixels").format(size=size)]
    elif area.clipped is None:
        found = [_("sees {size} pixels of padding alone: the picture does not change it").format(size=size)]
    elif padding:
        sentence = ngettext(
            "sees {size} pixels of the input, {count} of them in padding",
            "sees {size} pixels of the input, {count} of them in padding",
            padding,
        )
        found = [sentence.format(size=size, count=padding)]
    else:
        found = [_("sees {size} pixels of the input").format(size=size)]
    if area.parts and not area.filled:
        count = int(real_cells(area, input_hw).sum())
        words = ngettext("with gaps: {count} real pixel matters", "with gaps: {count} real pixels matter", count)
        found.append(words.format(count=count))
    if area.main_path is not None:
        a0, b0, a1, b1 = area.main_path
        found.append(
            _("A gate or a statistic takes the whole input in; the main path sees {size} pixels.").format(
                size=f"{float(a1 - a0):g} × {float(b1 - b0):g}"
            )
        )
    if area.certainty == "exact":
        found.append(_("exact: computed from every op up to here"))
    elif area.certainty == "upper bound":
        found.append(_("upper bound: no unit of this layer sees more. {why}").format(why=_(area.why)))
    elif area.main_path is None:
        found.append(_("whole input: an op before it, or this one, takes in all rows and columns"))
    return found


def _cells(area: Area, input_hw: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Return the smallest box of real cells around what is shown of ``area``: of its main path where it has one."""
    if area.main_path is None:
        return area.clipped
    y0, x0, y1, x1 = cut_to(area.main_path, input_hw)
    return (floor(y0), floor(x0), ceil(y1), ceil(x1)) if y0 < y1 and x0 < x1 else None


def _beyond(geometry: Geometry, cells: tuple[int, int, int, int]) -> int:
    """Return how far the pixels that ``cells`` are made of reach beyond their outline, in whole pixels; 0: nowhere."""
    y0, x0, y1, x1 = geometry.to_picture(cells)
    top, left, bottom, right = geometry.pixels(cells)
    return max(floor(y0) - top, floor(x0) - left, bottom - ceil(y1), right - ceil(x1), 0)


def _image(pixels: Bytes) -> QImage:
    h, w = pixels.shape[:2]
    return QImage(pixels.tobytes(), w, h, 3 * w, QImage.Format.Format_RGB888).copy()
