"""A small picture that moves: a fully connected layer meets a new one, the map of a convolution moves along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QMargins, QPoint, QRect, QSignalBlocker, Qt, Slot
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from explorer.arithmetic.case import MOST_SIDE, Doubles
from explorer.arithmetic.numbers import Cell, Planes, number, planes
from explorer.arithmetic.shift import Shift
from explorer.arithmetic.words import told_move
from explorer.errors import PersonError
from explorer.text import N_, _
from ui import theme
from ui.casework import Casework
from ui.exercise_tools import Drawing, ExerciseTools
from ui.widgets.number_grid import NumberGrid, Rows
from ui.widgets.panel import Panel

_MARGIN = 16
"""Around a drawing."""
_GRIDS = ("picture", "after", "map_before", "map_after", "window")


class CaseShift(Panel):
    """Picture and window are typed; a move that cannot be is said in place, and the last good one stays."""

    def __init__(self, work: Casework, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self.tools = ExerciseTools(work, self._drawing, self)
        self.header.addWidget(self.tools)
        self.grids = {name: NumberGrid(self._reader(name), self) for name in _GRIDS}
        self.down, self.right = QSpinBox(self), QSpinBox(self)
        for spin in (self.down, self.right):
            spin.setRange(1 - MOST_SIDE, MOST_SIDE - 1)
            spin.setKeyboardTracking(False)
        self._captions = {name: QLabel(self) for name in _GRIDS}
        self._labels = QLabel(self), QLabel(self)
        self.told, self.problem = QLabel(self), QLabel(self)
        self.problem.setObjectName("warning")
        for label in (*self._captions.values(), *self._labels):
            label.setObjectName("dim")
        for label in (self.told, self.problem):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._lay_out()
        for name in ("after", "map_before", "map_after"):
            self.grids[name].setEnabled(False)
        for name, slot, paste in (
            ("picture", self._type_picture, self.paste_picture),
            ("window", self._type_window, self.paste_window),
        ):
            self.grids[name].edited.connect(slot)
            self.grids[name].pasted.connect(paste)
            self.grids[name].refused.connect(self._say)
        self.down.valueChanged.connect(self._move)
        self.right.valueChanged.connect(self._move)
        for refused in (work.refused, self.tools.refused):
            refused.connect(self._say)
        work.subject_changed.connect(self._follow)
        self.retranslate()

    def _lay_out(self) -> None:
        steps = QHBoxLayout()
        steps.setSpacing(8)
        for label, spin in zip(self._labels, (self.down, self.right), strict=True):
            label.setBuddy(spin)
            steps.addWidget(label)
            steps.addWidget(spin)
        steps.addStretch(1)
        self._table = QWidget(self)
        table = QGridLayout(self._table)
        table.setContentsMargins(0, 0, 0, 0)
        table.setHorizontalSpacing(24)
        table.setVerticalSpacing(16)
        for name, row, column in zip(_GRIDS, (0, 0, 1, 1, 0), (1, 2, 1, 2, 0), strict=True):
            part = QVBoxLayout()
            part.setSpacing(4)
            part.addStretch(1)
            part.addWidget(self._captions[name], 0, Qt.AlignmentFlag.AlignHCenter)
            part.addWidget(self.grids[name], 1000)
            part.addStretch(1)
            table.addLayout(part, row, column)
        for column, share in enumerate((3, 5, 5)):
            table.setColumnStretch(column, share)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self._table, 1000)
        middle.addStretch(1)
        self.body.addLayout(steps)
        self.body.addWidget(self.problem)
        self.body.addLayout(middle, 1000)
        self.body.addWidget(self.told)
        self.body.addStretch(1)

    @property
    def shift(self) -> Shift:
        """What is shown."""
        return self._work.shift

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Shift"))
        for name, text in {
            "picture": _("Picture"),
            "after": _("Moved: the inputs that change are outlined"),
            "map_before": _("Map of the convolution"),
            "map_after": _("Map, moved: what came in is outlined"),
            "window": _("Window"),
        }.items():
            self._captions[name].setText(text)
            self.grids[name].setAccessibleName(text)
        for label, spin, text in zip(
            self._labels, (self.down, self.right), (_("Cells down"), _("Cells to the right")), strict=True
        ):
            label.setText(text)
            spin.setAccessibleName(text)
        self._show()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        for grid in self.grids.values():
            grid.update()

    def _show(self) -> None:
        one = self.shift
        self.grids["picture"].show_rows(one.picture)
        self.grids["window"].show_rows(one.window)
        for name in ("after", "map_before", "map_after"):
            self.grids[name].show_rows(_rows(getattr(one, name)))
        for grid in self.grids.values():
            grid.setMaximumHeight(grid.sizeHint().height())  # the caption stays beside it
        picture, window = self.grids["picture"].sizeHint(), self.grids["window"].sizeHint()
        room = 2 * self._captions["picture"].sizeHint().height() + 80
        self._table.setMaximumHeight(picture.height() + self.grids["map_after"].sizeHint().height() + room)
        self._table.setMaximumWidth(max(2 * picture.width() + window.width() + 160, theme.px(760)))
        self.grids["after"].outline(one.changed)
        self.grids["map_after"].outline(one.entered)
        for spin, value in zip((self.down, self.right), one.by, strict=True):
            blocker = QSignalBlocker(spin)
            spin.setValue(value)
            blocker.unblock()
        self.told.setText("\n".join(told_move(one)))
        self._say("")

    @Slot()
    def _follow(self) -> None:
        if isinstance(self._work.subject, Shift):
            self._show()

    def _drawing(self) -> Drawing:
        """Return the pictures, the window and the maps with their captions."""

        size = self._table.size().grownBy(QMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN))

        def paint(painter: QPainter) -> None:
            painter.fillRect(QRect(QPoint(), size), QColor(theme.current().panel))
            part = self._table.rect()
            self._table.render(painter, QPoint(_MARGIN, _MARGIN), part, QWidget.RenderFlag.DrawChildren)

        return size, paint

    @Slot(str)
    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    def _reader(self, name: str) -> Callable[[str, int, int], float]:
        return lambda text, row, column: number(text, Cell(self._captions[name].text(), row + 1, column + 1))

    # what is changed

    @Slot()
    def _move(self) -> None:
        by = self.down.value(), self.right.value()
        self._work.attempt(lambda: replace(self.shift, by=by))

    @Slot(object)
    def _type_picture(self, rows: Rows) -> None:
        self._work.attempt(lambda: replace(self.shift, picture=rows))

    @Slot(object)
    def _type_window(self, rows: Rows) -> None:
        self._work.attempt(lambda: replace(self.shift, window=rows))

    @Slot(str)
    def paste_picture(self, text: str) -> None:
        """Take a table of numbers as the picture."""
        self._work.attempt(lambda: replace(self.shift, picture=_only(planes(text, self._captions["picture"].text()))))

    @Slot(str)
    def paste_window(self, text: str) -> None:
        """Take a table of numbers as the window."""
        self._work.attempt(lambda: replace(self.shift, window=_only(planes(text, self._captions["window"].text()))))


def _rows(values: Doubles) -> Rows:
    return tuple(map(tuple, values.tolist()))


def _only(found: Planes) -> Rows:
    if len(found) != 1:
        raise PersonError(N_("There are {count} planes of numbers and one is wanted: paste one."), count=len(found))
    return found[0]
