"""What a case is made of: its kind, sizes and steps, and its numbers, typed in place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QWidget,
)

from explorer.arithmetic.case import KINDS, MOST_SIDE, PADDING_KINDS, POOL_KINDS, Case, Kind
from explorer.arithmetic.numbers import Cell, number, planes, wholes, wholes_text
from explorer.arithmetic.reshape import redrawn, reshaped, with_cut, with_filter, with_input
from explorer.text import _
from ui import theme
from ui.casework import Casework
from ui.store import Store
from ui.widgets.chooser import Chooser
from ui.widgets.cut_picker import CutPicker
from ui.widgets.number_grid import NumberGrid, Rows
from ui.widgets.panel import Panel

_SPINS = ("c", "h", "w", "filters", "rows", "columns", "groups", "seed")
_TEXTS = {"stride": 2, "padding": 4, "dilation": 2}
_FLAGS = ("bias", "ceil_mode", "count_padding")
_LABELS = ("kind", "input", "filters", "window", "groups", "stride", "dilation", "padding", "rounding", "seed")
_INPUT, _BIAS = -1, -2
_LARGEST_SEED = 9999


class CaseForm(Panel):
    """A change that no case can have is said in place; the last good case stays."""

    def __init__(self, work: Casework, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work, self._store = work, store
        self.kind, self.pool, self.padding_kind = (Chooser(8, self) for _n in range(3))
        self.spins = {name: QSpinBox(self) for name in _SPINS}
        for name, spin in self.spins.items():
            spin.setRange(0 if name == "seed" else 1, _LARGEST_SEED if name == "seed" else MOST_SIDE)
            spin.setKeyboardTracking(False)
            spin.setButtonSymbols(QSpinBox.ButtonSymbols.UpDownArrows)
        self.spins["seed"].setMinimumWidth(theme.px(64))  # the buttons beside it need their words
        self.texts = {name: QLineEdit(self) for name in _TEXTS}
        self.flags = {name: QCheckBox(self) for name in _FLAGS}
        self.draw, self.cut, self.picker = QPushButton(self), QPushButton(self), CutPicker(self)
        self.part, self.plane = Chooser(9, self), Chooser(5, self)
        self.grid = NumberGrid(self._read, self)
        self.problem = QLabel(self)
        self.problem.setObjectName("warning")
        self.problem.setWordWrap(True)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.hide()
        self._labels = {name: QLabel(self) for name in (*_LABELS, "numbers")}
        for label in self._labels.values():
            label.setObjectName("dim")
        self._lay_out()
        self._wire()
        self.retranslate()

    def _lay_out(self) -> None:
        form = QGridLayout()
        form.setHorizontalSpacing(8)
        form.setVerticalSpacing(5)
        spins = self.spins
        rows: tuple[tuple[str, tuple[QWidget, ...]], ...] = (
            ("kind", (self.kind, self.pool)),
            ("input", (spins["c"], spins["h"], spins["w"])),
            ("filters", (spins["filters"], self.flags["bias"])),
            ("window", (spins["rows"], spins["columns"], self._labels["groups"], spins["groups"])),
            ("stride", (self.texts["stride"], self._labels["dilation"], self.texts["dilation"])),
            ("padding", (self.texts["padding"], self.padding_kind)),
            ("rounding", (self.flags["ceil_mode"], self.flags["count_padding"])),
            ("seed", (spins["seed"], self.draw, self.cut)),
            ("numbers", (self.part, self.plane)),
        )
        self._lines: dict[str, tuple[QWidget, ...]] = {}
        for place, (name, fields) in enumerate(rows):
            line = QHBoxLayout()
            line.setSpacing(6)
            for field in fields:
                line.addWidget(field, 0 if isinstance(field, (QLabel, QPushButton)) else 1)
            form.addWidget(self._labels[name], place, 0)
            form.addLayout(line, place, 1)
            self._labels[name].setBuddy(fields[0])
            self._lines[name] = (self._labels[name], *fields)
        form.setColumnStretch(1, 1)
        self.body.addLayout(form)
        self.body.addWidget(self.problem)
        self.scroll_area = QScrollArea(self)
        self.scroll_area.setWidget(self.grid)
        self.scroll_area.setWidgetResizable(True)
        self.scroll_area.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroll_area.setMinimumHeight(theme.px(84))
        for ground in (self.scroll_area.viewport(), self.grid):  # the panel's colour shows through
            ground.setAutoFillBackground(False)
        self.body.addWidget(self.scroll_area, 1)

    def _wire(self) -> None:
        self.kind.activated.connect(self._choose_kind)
        self.pool.activated.connect(self._choose_pool)
        self.padding_kind.activated.connect(self._choose_padding)
        for name in _SPINS[:-1]:
            self.spins[name].valueChanged.connect(self._resize)
        for name, field in self.texts.items():
            field.editingFinished.connect(getattr(self, f"_type_{name}"))
        for flag in self.flags.values():
            flag.clicked.connect(self._resize)
        self.draw.clicked.connect(self._draw)
        self.cut.clicked.connect(self._pick)
        self.picker.moved.connect(self._cut)
        self.part.activated.connect(self._show_grid)
        self.plane.activated.connect(self._show_grid)
        self.grid.edited.connect(self._type_numbers)
        self.grid.refused.connect(self._say)
        self.grid.pasted.connect(self.paste)
        self._work.case_changed.connect(self._show)
        self._work.at_changed.connect(self._follow)
        self._work.refused.connect(self._say)
        self._store.frame_changed.connect(self._show_cut)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Case"))
        for name, text in {
            "kind": _("Kind"),
            "input": _("Input"),
            "filters": _("Filters"),
            "window": _("Window"),
            "stride": _("Stride"),
            "dilation": _("Dilation"),
            "padding": _("Padding"),
            "rounding": _("Edges"),
            "groups": _("Groups"),
            "seed": _("Random"),
            "numbers": _("Numbers"),
        }.items():
            self._labels[name].setText(text)
        kinds = {"conv": _("Convolution"), "pool": _("Pooling"), "fc": _("Fully connected")}
        pools = {"max": _("Maximum"), "average": _("Average"), "global": _("Global average"), "l2": _("L2")}
        pads = {
            "zero": _("With zeros"),
            "reflect": _("Mirrored"),
            "replicate": _("Repeated"),
            "circular": _("Circular"),
        }
        for chooser, order, titles in (
            (self.kind, KINDS, kinds),
            (self.pool, POOL_KINDS, pools),
            (self.padding_kind, PADDING_KINDS, pads),
        ):
            blocker, place = QSignalBlocker(chooser), chooser.currentIndex()
            chooser.clear()
            for value in order:
                chooser.addItem(titles[value], value)
            chooser.setCurrentIndex(place)
            blocker.unblock()
        for field, text in (
            (self.kind, _("Kind of layer")),
            (self.pool, _("What a pooling takes")),
            (self.padding_kind, _("What stands in the padding")),
            (self.spins["c"], _("Channels of the input")),
            (self.spins["h"], _("Rows of the input")),
            (self.spins["w"], _("Columns of the input")),
            (self.spins["filters"], _("How many filters, or outputs")),
            (self.spins["rows"], _("Rows of the window")),
            (self.spins["columns"], _("Columns of the window")),
            (self.spins["groups"], _("Groups that share the channels")),
            (self.spins["seed"], _("Seed of the random numbers: the same gives the same")),
            (self.texts["stride"], _("Cells from window to window: one number, or rows and columns as in 2,1")),
            (self.texts["dilation"], _("Cells from one that the window reads to the next: one number, or two")),
            (self.texts["padding"], _("Cells around the input: one number, or top, bottom, left, right as in 0,1,0,1")),
            (self.draw, _("Draw all numbers anew")),
            (self.cut, _("Take the input from the picture, and choose where")),
            (self.part, _("Which numbers are typed")),
            (self.plane, _("Channel whose numbers are typed")),
        ):
            field.setToolTip(text)
            field.setAccessibleName(text)
        self.flags["bias"].setText(_("Bias"))
        self.flags["ceil_mode"].setText(_("Round up"))
        self.flags["ceil_mode"].setToolTip(_("Ceil mode: the last window may hang over the end"))
        self.flags["count_padding"].setText(_("Count zeros"))
        self.flags["count_padding"].setToolTip(_("The zeros of the padding count in the divisor"))
        self.draw.setText(_("Draw anew"))
        self.cut.setText(_("Picture"))
        self.grid.setAccessibleName(_("Numbers of the case"))
        self._show()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        self.grid.update()

    # what is shown

    @Slot()
    def _show(self) -> None:
        case = self._work.case
        c, h, w = case.input_chw
        rows, columns = case.window_hw
        values = {"c": c, "h": h, "w": w, "filters": len(case.filters) or 1, "rows": rows, "columns": columns}
        for name, value in (values | {"groups": case.groups}).items():
            blocker = QSignalBlocker(self.spins[name])
            self.spins[name].setValue(value)
            blocker.unblock()
        flags = {"bias": bool(case.bias), "ceil_mode": case.ceil_mode, "count_padding": case.count_padding}
        for name, flag in flags.items():
            self.flags[name].setChecked(flag)
        for name, field in self.texts.items():
            field.setText(wholes_text(getattr(case, name)))
            _mark(field, False)
        for chooser, wanted in ((self.kind, case.kind), (self.pool, case.pool), (self.padding_kind, case.padding_kind)):
            chooser.setCurrentIndex(chooser.findData(wanted))
        self._show_lines(case)
        self._show_cut()
        self._show_parts(case)
        self._show_grid()

    def _show_lines(self, case: Case) -> None:
        """Show the fields that the kind uses."""
        steps = case.kind != "fc" and not (case.kind == "pool" and case.pool == "global")
        shown = {"filters": case.kind != "pool", "window": steps, "stride": steps, "padding": steps}
        for name, wanted in shown.items():
            for field in self._lines[name]:
                field.setVisible(wanted)
        self.pool.setVisible(case.kind == "pool")
        self.padding_kind.setVisible(case.kind == "conv")
        for field in (self._labels["groups"], self.spins["groups"]):
            field.setVisible(case.kind == "conv")
        self._labels["rounding"].setVisible(case.kind == "pool" and steps)
        self.flags["ceil_mode"].setVisible(case.kind == "pool" and steps)
        self.flags["count_padding"].setVisible(case.kind == "pool" and case.pool == "average")
        self._labels["filters"].setText(_("Outputs") if case.kind == "fc" else _("Filters"))

    @Slot()
    def _show_cut(self) -> None:
        frame, (_c, h, w) = self._store.frame, self._work.case.input_chw
        self.cut.setEnabled(frame is not None)
        if frame is not None:
            self.picker.show_part(frame.pixels, (h, w))

    def _show_parts(self, case: Case) -> None:
        """List what can be typed; what was chosen stays chosen where it is still there."""
        part, plane = self.part.currentData(), self.plane.currentData() or 0
        words = _("Row {number} of W") if case.kind == "fc" else _("Filter {number}")
        names = [(_INPUT, _("Input"))]
        names += [(k, words.format(number=k + 1)) for k in range(len(case.filters))]
        names += [(_BIAS, _("Bias"))] if case.bias else []
        self.part.clear()
        for value, name in names:
            self.part.addItem(name, value)
        self.part.setCurrentIndex(max(self.part.findData(part), 0))
        self._list_planes(plane)

    def _list_planes(self, wanted: int) -> None:
        count = len(self._planes)
        if self.plane.count() != count:
            self.plane.clear()
            for c in range(count):
                self.plane.addItem(_("c {number}").format(number=c), c)
        self.plane.setCurrentIndex(min(max(wanted, 0), count - 1))
        self.plane.setVisible(count > 1)

    @property
    def _planes(self) -> Any:
        """The planes of numbers that are typed."""
        part, case = self._part, self._work.case
        if part == _INPUT:
            return case.input
        return ((case.bias,),) if part == _BIAS else case.filters[part]

    @property
    def _part(self) -> int:
        part = self.part.currentData()
        return _INPUT if part is None else int(part)

    @Slot()
    def _show_grid(self) -> None:
        self._list_planes(self.plane.currentData() or 0)
        self.grid.show_rows(self._planes[self.plane.currentData() or 0])

    @Slot()
    def _follow(self) -> None:
        """Show the numbers of the filter whose map is opened, where a filter's are shown."""
        if self._part >= 0 and self._part != self._work.at[0]:
            self.part.setCurrentIndex(self.part.findData(self._work.at[0]))
            self._show_grid()

    def type_input(self, at: tuple[int, int, int]) -> None:
        """Let a number of the input be typed."""
        self._lead(_INPUT, at)

    def type_weight(self, at: tuple[int, int, int]) -> None:
        """Let a number of the shown filter be typed."""
        self._lead(self._work.at[0], at)

    def _lead(self, part: int, at: tuple[int, int, int]) -> None:
        self.part.setCurrentIndex(self.part.findData(part))
        self._list_planes(at[0])
        self._show_grid()
        self.grid.choose(at[1], at[2])
        place = self.grid.rect_of(at[1], at[2]).center().toPoint()
        self.scroll_area.ensureVisible(place.x(), place.y())

    @Slot(str)
    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    # what is changed

    @Slot()
    def _choose_kind(self) -> None:
        kind: Kind = self.kind.currentData()
        if kind != self._work.case.kind and not self._work.attempt(
            lambda: reshaped(self._work.case, kind, filters=10 if kind == "fc" else 1, bias=False)
        ):
            self._show_choosers()

    @Slot()
    def _choose_pool(self) -> None:
        if not self._work.attempt(lambda: replace(self._work.case, pool=self.pool.currentData())):
            self._show_choosers()

    @Slot()
    def _choose_padding(self) -> None:
        if not self._work.attempt(lambda: replace(self._work.case, padding_kind=self.padding_kind.currentData())):
            self._show_choosers()

    def _show_choosers(self) -> None:
        case = self._work.case
        for chooser, wanted in ((self.kind, case.kind), (self.pool, case.pool), (self.padding_kind, case.padding_kind)):
            chooser.setCurrentIndex(chooser.findData(wanted))

    @Slot()
    def _resize(self) -> None:
        """Take sizes and switches as they stand; one that cannot be stays there to be mended."""
        at = {name: spin.value() for name, spin in self.spins.items()}
        case, on = self._work.case, {name: flag.isChecked() for name, flag in self.flags.items()}
        more: dict[str, Any] = {"groups": at["groups"]} if case.kind == "conv" else {}
        if case.kind == "pool":
            more = {"ceil_mode": on["ceil_mode"], "count_padding": on["count_padding"]}
        self._work.attempt(
            lambda: reshaped(
                case,
                input_chw=(at["c"], at["h"], at["w"]),
                filters=at["filters"],
                window=(at["rows"], at["columns"]),
                bias=on["bias"],
                seed=at["seed"],
                **more,
            )
        )

    @Slot()
    def _type_stride(self) -> None:
        self._type_steps("stride")

    @Slot()
    def _type_padding(self) -> None:
        self._type_steps("padding")

    @Slot()
    def _type_dilation(self) -> None:
        self._type_steps("dilation")

    def _type_steps(self, name: str) -> None:
        """Take what was typed into a field; leaving it as it was is no change."""
        field = self.texts[name]
        if field.text().strip() == wholes_text(getattr(self._work.case, name)):
            _mark(field, False)
            self._say("")
            return
        label, count = self._labels[name].text(), _TEXTS[name]
        done = self._work.attempt(
            lambda: replace(self._work.case, **{name: wholes(field.text(), label, count)})  # type: ignore[arg-type]
        )
        _mark(field, not done)

    @Slot(object)
    def _type_numbers(self, rows: Rows) -> None:
        part, c, case = self._part, self.plane.currentData() or 0, self._work.case
        if part == _BIAS:
            self._work.attempt(lambda: replace(case, bias=rows[0]))
            return
        old = case.input if part == _INPUT else case.filters[part]
        changed = (*old[:c], rows, *old[c + 1 :])
        if part == _INPUT:
            self._work.attempt(lambda: replace(case, input=changed))
        else:
            filters = (*case.filters[:part], changed, *case.filters[part + 1 :])
            self._work.attempt(lambda: replace(case, filters=filters))

    @Slot(str)
    def paste(self, text: str) -> None:
        """Take a table of numbers for what is shown: one plane for the shown channel, or several for all of them."""
        part, c = self._part, self.plane.currentData() or 0

        def made() -> Case:
            case, name = self._work.case, self.part.currentText()
            found = planes(text, name)
            if part == _BIAS:
                return replace(case, bias=tuple(v for row in found[0] for v in row))
            old = self._planes
            same = (len(found[0]), len(found[0][0])) == (len(old[0]), len(old[0][0]))
            if len(found) == 1 and same:
                found = (*old[:c], found[0], *old[c + 1 :])
            return with_input(case, found) if part == _INPUT else with_filter(case, part, found)

        self._work.attempt(made)

    def _read(self, text: str, row: int, column: int) -> float:
        return number(text, Cell(self.part.currentText(), row + 1, column + 1))

    @Slot()
    def _draw(self) -> None:
        """Draw all numbers by the seed; where they are its numbers already, by the next one, which then shows."""
        case, seed = self._work.case, self.spins["seed"].value()

        def drawn() -> Case:
            nonlocal seed
            if redrawn(case, seed) == case:
                seed = (seed + 1) % (_LARGEST_SEED + 1)
            return redrawn(case, seed)

        if self._work.attempt(drawn):
            self.spins["seed"].setValue(seed)

    @Slot()
    def _pick(self) -> None:
        """Take the part of the picture that was chosen last, and let another one be chosen."""
        self._cut()
        self.picker.open_at(self.cut)

    @Slot()
    def _cut(self) -> None:
        if (frame := self._store.frame) is not None:
            self._work.attempt(lambda: with_cut(self._work.case, frame.pixels, self.picker.at))


def _mark(field: QLineEdit, wrong: bool) -> None:
    if bool(field.property("wrong")) != wrong:
        field.setProperty("wrong", wrong)
        field.style().unpolish(field)
        field.style().polish(field)
