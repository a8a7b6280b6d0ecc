"""A filter's window walks over the picture: every number of a step, and the result growing beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QElapsedTimer, QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from explorer.arithmetic.numbers import number
from explorer.errors import ExplorerError, PersonError
from explorer.filters.bank import BANK
from explorer.filters.filter import Chain, Filter
from explorer.filters.steps import LECTURE, Step, Walk
from explorer.text import N_, _
from ui import theme
from ui.filtering import Filtering
from ui.widgets.chooser import Chooser
from ui.widgets.flow import FlowLayout
from ui.widgets.number_grid import NumberGrid, Rows
from ui.widgets.panel import Panel
from ui.widgets.step_view import StepView
from ui.widgets.walk_view import WalkView

SPEEDS = (1, 4, 15, 60, 1000)
"""Steps a second."""
_TICK_MS = 8
_SHOWN = 60
"""Up to so many steps a second each is shown; a walk that cannot keep up becomes slower, and leaves none out."""
_NEAR = 22.0
_BUTTONS = ("to-start", "previous", "play", "next")


class FilterSteps(Panel):
    """Walks with the mouse, the arrow keys or on its own, over the picture or over the lecture's numbers."""

    def __init__(self, filtering: Filtering, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filtering = filtering
        self._walk: Walk | None = None
        self._place = 0
        self._wanted: tuple[int, int] | None = None
        self._numbers: Rows | None = None
        self._own: tuple[Chain, int] = (), 0
        self._lent: Chain = ()
        self.buttons: dict[str, QPushButton] = {}
        for name in _BUTTONS:
            button = QPushButton(self)
            theme.set_icon(button, name)
            self.buttons[name] = button
        self.speed, self.channel = Chooser(7, self), Chooser(4, self)
        self.near, self.lecture = QPushButton(self), QPushButton(self)
        theme.set_icon(self.near, "zoom-in")
        theme.set_icon(self.lecture, "lecture")
        for toggle in (self.near, self.lecture):
            toggle.setCheckable(True)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setMaximum(0)
        self.picture, self.result = WalkView(self), WalkView(self)
        self.given, self.grown = NumberGrid(_level, self), NumberGrid(_level, self)
        self.grown.setEnabled(False)
        self.step_view = StepView(self)
        self.place_label, self.problem = QLabel(self), QLabel(self)
        self.place_label.setObjectName("dim")
        self.problem.setObjectName("warning")
        self.problem.setWordWrap(True)
        self._captions = [QLabel(self), QLabel(self)]
        self._timer, self._clock = QTimer(self), QElapsedTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._done = 0
        self._lay_out()
        self._wire()
        self.retranslate()

    def _lay_out(self) -> None:
        bar = FlowLayout(spacing=6)
        for button in self.buttons.values():
            bar.addWidget(button)
        for widget in (self.speed, self.channel):
            bar.addWidget(widget)
        for toggle in (self.near, self.lecture):
            bar.addWidget(toggle)
        scrub = QHBoxLayout()
        scrub.addWidget(self.slider, 1)
        scrub.addWidget(self.place_label)
        views = QHBoxLayout()
        views.setSpacing(8)
        self._stacks = []
        for caption, view, grid in zip(
            self._captions, (self.picture, self.result), (self.given, self.grown), strict=True
        ):
            caption.setObjectName("dim")
            stack = QStackedWidget(self)
            stack.addWidget(view)
            stack.addWidget(grid)
            self._stacks.append(stack)
            part = QVBoxLayout()
            part.setSpacing(2)
            part.addWidget(caption)
            part.addWidget(stack, 1)
            views.addLayout(part, 1)
        scroll = QScrollArea(self)
        scroll.setWidget(self.step_view)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        for ground in (scroll.viewport(), self.step_view):  # the panel's colour shows through
            ground.setAutoFillBackground(False)
        self.body.addLayout(bar)
        self.body.addLayout(scrub)
        self.body.addLayout(views, 5)
        self.body.addWidget(self.problem)
        self.body.addWidget(scroll, 6)

    def _wire(self) -> None:
        self.buttons["to-start"].clicked.connect(self._to_start)
        self.buttons["previous"].clicked.connect(self._back)
        self.buttons["next"].clicked.connect(self._next)
        self.buttons["play"].clicked.connect(self.play)
        self.slider.valueChanged.connect(self._scrub)
        self.speed.activated.connect(self._restart)
        self.channel.activated.connect(self._show_step)
        self.near.toggled.connect(self._zoom)
        self.lecture.toggled.connect(self._take_lecture)
        for view in (self.picture, self.result):
            view.stepped.connect(self.walk_by)
            view.play_wanted.connect(self.play)
        self.picture.wanted.connect(self._jump)
        self.result.wanted.connect(self.jump_to)
        self.picture.moved.connect(self.result.follow)
        self.result.moved.connect(self.picture.follow)
        self.given.edited.connect(self._type)
        self.given.refused.connect(self._say)
        self._timer.timeout.connect(self._tick)
        self._filtering.found_changed.connect(self._take_found)
        self._filtering.chain_changed.connect(self._follow)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Step through"))
        for name, text in (
            ("to-start", _("To the first step (Home)")),
            ("previous", _("One step back (←)")),
            ("play", _("Walk on its own, or stop (Space)")),
            ("next", _("One step on (→)")),
        ):
            self.buttons[name].setToolTip(text)
            self.buttons[name].setAccessibleName(text)
        for chooser, items in (
            (self.speed, [(speed, _("{count} steps/s").format(count=speed)) for speed in SPEEDS]),
            (self.channel, [(0, _("Red")), (1, _("Green")), (2, _("Blue"))]),
        ):
            place = max(chooser.currentIndex(), 1 if chooser is self.speed and not chooser.count() else 0)
            blocker = QSignalBlocker(chooser)
            chooser.clear()
            for value, text in items:
                chooser.addItem(text, value)
            chooser.setCurrentIndex(place)
            blocker.unblock()
        self.speed.setAccessibleName(_("Speed"))
        self.channel.setAccessibleName(_("Channel whose numbers are shown"))
        self.near.setText(_("Near"))
        self.near.setToolTip(_("Show the pixels around the window with their numbers"))
        self.lecture.setText(_("The lecture's numbers"))
        self.lecture.setToolTip(_("The numbers of the slides, with “Sharpen”; type others"))
        self.slider.setAccessibleName(_("Step"))
        self.given.setAccessibleName(_("Numbers under the window"))
        self.grown.setAccessibleName(_("Result so far"))
        self.picture.setAccessibleName(_("Picture with the window: arrows move it"))
        self.result.setAccessibleName(_("Result so far"))
        self._captions[0].setText(_("Picture"))
        self._captions[1].setText(_("Result so far"))
        for view in (self.picture, self.result):
            view.set_empty_text(_("Click a filter in the bank: its window walks here."))
        self._show_step()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        self.step_view.update()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what the window reads."""
        super().showEvent(event)
        self._filtering.want("steps", True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stand still while nobody looks."""
        super().hideEvent(event)
        self._filtering.want("steps", False)
        self._stop()

    # where the window is

    @property
    def step(self) -> Step | None:
        """The step that is shown."""
        return self.step_view.step

    @property
    def place(self) -> tuple[int, int]:
        """Row and column of the result that is reckoned."""
        columns = self._walk.hw[1] if self._walk is not None else 1
        return divmod(self._place, columns)

    @Slot(int, int)
    def jump_to(self, y: int, x: int) -> None:
        """Reckon row ``y`` and column ``x`` of the result, or the nearest."""
        self._wanted = (y, x) if self._walk is None else None
        if self._walk is not None:
            h, w = self._walk.hw
            self._go(min(max(y, 0), h - 1) * w + min(max(x, 0), w - 1))

    @Slot(int, int)
    def walk_by(self, rows: int, columns: int) -> None:
        """Walk by so many rows and columns of the result; around the end of a row into the next."""
        y, x = self.place
        if self._walk is None:
            return
        if rows:
            self.jump_to(y + rows, x)
        else:
            self._go(self._place + columns)

    @Slot()
    def play(self) -> None:
        """Walk on its own, or stop; from the end it begins anew."""
        if self._timer.isActive():
            self._stop()
        elif self._walk is not None:
            if self._place >= self._last:
                self._go(0)
            self._restart(True)

    @property
    def playing(self) -> bool:
        """Whether the window walks on its own."""
        return self._timer.isActive()

    @property
    def _last(self) -> int:
        return self._walk.hw[0] * self._walk.hw[1] - 1 if self._walk is not None else 0

    @Slot()
    def _restart(self, begins: Any = None) -> None:
        if begins is True or self._timer.isActive():
            self._done = 0
            self._clock.start()
            self._timer.start()
            theme.set_icon(self.buttons["play"], "pause")

    def _stop(self) -> None:
        self._timer.stop()
        theme.set_icon(self.buttons["play"], "play")

    @Slot()
    def _tick(self) -> None:
        """Walk as far as the time asks for."""
        speed = int(self.speed.currentData())
        due = self._clock.elapsed() * speed // 1000 - self._done
        if due > 0:
            many = 1 if speed <= _SHOWN else due
            self._done += many
            self._go(self._place + many)
        if self._place >= self._last:
            self._stop()

    @Slot()
    def _to_start(self) -> None:
        self._go(0)

    @Slot()
    def _back(self) -> None:
        self._go(self._place - 1)

    @Slot()
    def _next(self) -> None:
        self._go(self._place + 1)

    @Slot(int)
    def _scrub(self, place: int) -> None:
        self._go(place)

    @Slot(int, int)
    def _jump(self, row: int, column: int) -> None:
        """Put the window's middle on a pixel of the picture."""
        one = self._filtering.filter
        if one is not None:
            inside = one.anchor if one.border == "valid" else (0, 0)
            self.jump_to((row - inside[0]) // one.stride, (column - inside[1]) // one.stride)

    def _go(self, place: int) -> None:
        place = min(max(place, 0), self._last)
        if place != self._place:
            self._place = place
            self._show_step()

    # what is walked over

    @Slot(bool)
    def _take_lecture(self, wanted: bool) -> None:
        """Walk over the lecture's numbers with its filter, or over the picture again."""
        self._stop()
        self._place = 0
        if wanted:
            self._numbers = tuple(tuple(map(float, row)) for row in LECTURE.tolist())
            self.given.show_rows(self._numbers)
            self._own = self._filtering.chain, self._filtering.chosen
            self._filtering.put(Filter(BANK["sharpen"].kernel, border="valid"))
            self._lent = self._filtering.chain
        else:
            self._numbers = None
            if self._filtering.chain == self._lent:  # nothing was changed meanwhile
                self._filtering.change(*self._own)
        self._take()

    @Slot(object)
    def _type(self, rows: Rows) -> None:
        self._numbers = rows
        self.given.show_rows(rows)
        self._take()

    @Slot()
    def _take_found(self) -> None:
        if self._numbers is None:
            self._take()

    @Slot()
    def _follow(self) -> None:
        if self._numbers is not None:  # nothing has to be filtered for these
            self._take()

    @Slot()
    def _take(self) -> None:
        """Walk over what the newest result was made of; the place stays where it can."""
        before = None if self._walk is None else self._walk.hw
        y, x = self.place
        self._walk = self._numbers_walk() if self._numbers is not None else self._picture_walk()
        for stack in self._stacks:
            stack.setCurrentIndex(int(self._numbers is not None))
        for widget in (self.near, self.channel):
            widget.setEnabled(self._numbers is None)
        if self._walk is None:
            self._stop()
            self._place = 0
        elif self._walk.hw != before:
            self._place = min(y, self._walk.hw[0] - 1) * self._walk.hw[1] + min(x, self._walk.hw[1] - 1)
        self._show_step()
        if self._wanted is not None:
            self.jump_to(*self._wanted)

    def _picture_walk(self) -> Walk | None:
        found = self._filtering.found
        error = self._filtering.error
        self._say("" if error is None else str(error))
        if found is None or found.walk is None or found.pictures is None or not self._filtering.chain:
            self.picture.show_values(None, None)
            self.result.show_values(None, None)
            return None
        self.picture.show_values(found.pictures[0], None)
        self.result.show_values(found.pictures[1], None)
        self.picture.set_telling(found.before.dtype == np.uint8)
        self.result.set_telling(False)
        self._used = found.chain[found.chosen]
        return found.walk

    def _numbers_walk(self) -> Walk | None:
        one = self._filtering.filter
        if one is None:
            return None
        self._used = one
        try:
            walk = Walk(np.array(self._numbers, np.float64), one)
        except ExplorerError as error:
            self._say(str(error))
            return self._walk
        self._say("")
        return walk

    # what is shown

    @Slot()
    def _show_step(self) -> None:
        walk = self._walk
        for widget in (*self.buttons.values(), self.slider, self.speed):
            widget.setEnabled(walk is not None)
        if walk is None:
            self.step_view.show_step(None, False)
            self.place_label.setText("")
            return
        (y, x), one = self.place, self._used
        channel = int(self.channel.currentData() or 0)
        self.channel.setVisible(walk.channels > 1 or self._numbers is not None)
        step = walk.at(y, x, channel)
        self.step_view.show_step(step, one.signed)
        self.place_label.setText(_("row {y}, column {x}").format(y=y, x=x))
        blocker = QSignalBlocker(self.slider)
        self.slider.setMaximum(self._last)
        self.slider.setPageStep(walk.hw[1])
        self.slider.setValue(self._place)
        blocker.unblock()
        top, left = (
            place * one.stride - (0 if one.border == "valid" else back)
            for place, back in zip((y, x), one.anchor, strict=True)
        )
        if self._numbers is None:
            self.picture.show_window(top, left, one.extent, one.dilation)
            self.result.show_until(y, x)
            if self.near.isChecked():
                self.picture.near(_NEAR)
                self.result.near(_NEAR)
        else:
            rows, columns = len(self._numbers), len(self._numbers[0])
            bottom, right = min(top + one.extent[0], rows), min(left + one.extent[1], columns)
            self.given.mark((max(top, 0), max(left, 0), bottom, right))
            self._show_grown(walk)

    def _show_grown(self, walk: Walk) -> None:
        """Show the results of the lecture's windows so far."""
        h, w = walk.hw
        values = [walk.at(*divmod(place, w)).result if place <= self._place else np.nan for place in range(h * w)]
        self.grown.show_rows(tuple(tuple(values[row * w : (row + 1) * w]) for row in range(h)))
        y, x = self.place
        self.grown.mark((y, x, y + 1, x + 1))

    @Slot(bool)
    def _zoom(self, near: bool) -> None:
        if near:
            self._show_step()
        else:
            self.picture.fit()
            self.result.fit()

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))


def _level(text: str, row: int, column: int) -> float:
    """Return the number of a pixel.

    Raises:
        PersonError: it is none, or not one of 0 … 255.
    """
    value = number(text, _("Row {row}, column {column}").format(row=row + 1, column=column + 1))
    if not 0 <= value <= 255:
        raise PersonError(N_("A pixel cannot be {value}: type a number from 0 to 255."), value=f"{value:g}")
    return value
