"""The size formula worked with the person's numbers, what no window sees, and paddings that would fit."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from explorer.arithmetic.case import Case, Sides
from explorer.arithmetic.numbers import shown
from explorer.arithmetic.sizes import Pads
from explorer.arithmetic.words import told_of
from explorer.text import _
from ui import theme
from ui.casework import Casework
from ui.widgets.flow import FlowLayout
from ui.widgets.panel import Panel

_MOST_FLAT = 64
"""Numbers of a flattened input that are written."""


class CaseSizes(Panel):
    """A button puts a padding in that would fit."""

    def __init__(self, work: Casework, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self.formula, self.worked, self.told = (QLabel(self) for _n in range(3))
        self.formula.setObjectName("dim")
        inside = QWidget(self)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(6)
        for label in (self.formula, self.worked, self.told):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(label)
        self.mends: list[QPushButton] = []
        self._flow = FlowLayout(spacing=6)
        column.addLayout(self._flow)
        column.addStretch(1)
        area = QScrollArea(self)
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMinimumHeight(theme.px(48))
        for ground in (area.viewport(), inside):  # the panel's colour shows through
            ground.setAutoFillBackground(False)
        self.body.addWidget(area)
        work.case_changed.connect(self._show)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self._show()

    @Slot()
    def _show(self) -> None:
        case = self._work.case
        self.set_title(_("Size of the output"))
        if case.kind == "fc":
            k, n = case.matrix.shape
            self.set_badge("")
            self.formula.setText("y = W·x + b" if case.bias else "y = W·x")
            self.worked.setText(
                _("Rows of W: {rows}, one an output. Weights in each: {columns}, one a number of the input.").format(
                    rows=k, columns=n
                )
            )
            self.told.setText(f"{k} × {n} = {k * n:,}\n{_flattened(case)}")
            self._offer({})
            return
        rows, columns = case.fits
        fits = rows.fits and columns.fits
        self.set_badge(_("fits") if fits else _("does not fit"), "good" if fits else "warning")
        self.formula.setText(rows.formula if rows.formula == columns.formula else f"{rows.formula}; {columns.formula}")
        if rows == columns:
            self.worked.setText(rows.worked)
        else:
            lines = _("rows: {worked}").format(worked=rows.worked), _("columns: {worked}").format(worked=columns.worked)
            self.worked.setText("\n".join(lines))
        self.told.setText("\n".join(told_of(case) or [_("The window fits; it sees every cell.")]))
        self._offer(_mends(case))

    def _offer(self, mends: dict[str, Sides]) -> None:
        for button in self.mends:
            self._flow.removeWidget(button)
            button.deleteLater()
        self.mends = []
        for text, padding in mends.items():
            button = QPushButton(text, self)
            button.clicked.connect(partial(self._mend, padding))
            self._flow.addWidget(button)
            button.show()
            self.mends.append(button)
        self.updateGeometry()

    def _mend(self, padding: Sides) -> None:
        self._work.attempt(lambda: replace(self._work.case, padding=padding))


def _flattened(case: Case) -> str:
    """Return the vector that is multiplied: the input's numbers in one row, as the columns of W meet them."""
    numbers = [shown(value) for plane in case.input for row in plane for value in row]
    row = "  ".join(numbers[:_MOST_FLAT]) + (" …" if len(numbers) > _MOST_FLAT else "")
    return _("x, row after row, channel after channel: {numbers}").format(numbers=row)


def _mends(case: Case) -> dict[str, Sides]:
    """Return the paddings that would fit, by what is written on their buttons."""
    rows, columns = case.fits
    top, bottom, left, right = case.padding
    if rows == columns:
        return {_("Padding {sides}").format(sides=_sides(pads)): (*pads, *pads) for pads in rows.mend}
    found: dict[str, Sides] = {}
    for pads in rows.mend[:2]:
        found[_("Rows: padding {sides}").format(sides=_sides(pads))] = (*pads, left, right)
    for pads in columns.mend[:2]:
        found[_("Columns: padding {sides}").format(sides=_sides(pads))] = (top, bottom, *pads)
    return found


def _sides(pads: Pads) -> str:
    return str(pads[0]) if pads[0] == pads[1] else f"{pads[0]} + {pads[1]}"
