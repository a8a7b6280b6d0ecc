"""The case as a picture, with the window where it stands: step, play, scrub, or click a value."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QElapsedTimer, QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSlider, QToolButton, QWidget

from explorer.arithmetic.trace import At, Term
from explorer.text import _
from ui import theme
from ui.casework import Casework
from ui.exercise_tools import ExerciseTools
from ui.widgets.case_canvas import CaseCanvas
from ui.widgets.chooser import Chooser
from ui.widgets.numbers import shape
from ui.widgets.panel import Panel

SPEEDS = (1, 4, 15, 60)
"""Values a second."""
_TICK_MS = 8
_BUTTONS = ("to-start", "previous", "play", "next")


class CaseStage(Panel):
    """Also where a case comes in and goes out.

    Signals:
        input_chosen: (c, y, x) of the input, to be typed.
        weight_chosen: (c, y, x) of the filter that is shown.
    """

    input_chosen = Signal(object)
    weight_chosen = Signal(object)

    def __init__(self, work: Casework, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self.canvas = CaseCanvas(self)
        self.buttons = self._made()
        self.tools = ExerciseTools(work, lambda: (self.canvas.size(), self.canvas.paint_to), self)
        self.header.addWidget(self.tools)
        self.speed, self.slider, self.label = Chooser(7, self), QSlider(Qt.Orientation.Horizontal, self), QLabel(self)
        self.label.setObjectName("dim")
        bar = QHBoxLayout()
        bar.setSpacing(6)
        for widget in (*self.buttons.values(), self.speed):
            bar.addWidget(widget)
        bar.addWidget(self.slider, 1)
        bar.addWidget(self.label)
        self.problem = QLabel(self)
        self.problem.setObjectName("warning")
        self.problem.setWordWrap(True)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.hide()
        self.body.addWidget(self.problem)
        area = QScrollArea(self)
        area.setWidget(self.canvas)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setMinimumSize(self.canvas.minimumSizeHint())
        for ground in (area.viewport(), self.canvas):  # the panel's colour shows through
            ground.setAutoFillBackground(False)
        self.body.addWidget(area, 1)
        self.body.addLayout(bar)
        self._timer, self._clock, self._done = QTimer(self), QElapsedTimer(), 0
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._wire()
        self.retranslate()

    def _made(self) -> dict[str, QToolButton]:
        found = {}
        for name in _BUTTONS:
            found[name] = button = QToolButton(self)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            theme.set_icon(button, name)
        return found

    def _wire(self) -> None:
        work = self._work
        for name, slot in (("to-start", self._to_start), ("previous", self._back), ("next", self._next)):
            self.buttons[name].clicked.connect(slot)
        self.buttons["play"].clicked.connect(self.play)
        self.tools.refused.connect(self._say)
        self.slider.valueChanged.connect(work.go)
        self.speed.activated.connect(self._restart)
        self.canvas.value_chosen.connect(self._choose)
        self.canvas.stepped.connect(self.step_by)
        self.canvas.play_wanted.connect(self.play)
        self.canvas.input_chosen.connect(self.input_chosen)
        self.canvas.weight_chosen.connect(self.weight_chosen)
        self._timer.timeout.connect(self._tick)
        work.case_changed.connect(self._show_case)
        work.at_changed.connect(self._show_at)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        for button, text in (
            (self.buttons["to-start"], _("To the first value")),
            (self.buttons["previous"], _("One value back (←)")),
            (self.buttons["play"], _("Walk on its own, or stop (Space)")),
            (self.buttons["next"], _("One value on (→)")),
        ):
            button.setToolTip(text)
            button.setAccessibleName(text)
        blocker, place = QSignalBlocker(self.speed), max(self.speed.currentIndex(), 0 if self.speed.count() else 1)
        self.speed.clear()
        for speed in SPEEDS:
            self.speed.addItem(_("{count} steps/s").format(count=speed), speed)
        self.speed.setCurrentIndex(place)
        blocker.unblock()
        self.speed.setAccessibleName(_("Speed"))
        self.slider.setAccessibleName(_("Value of the output"))
        self.canvas.setAccessibleName(_("Input, filter and output: arrows move the window"))
        self._show_case()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        self.canvas.update()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stand still while nobody looks."""
        super().hideEvent(event)
        self._stop()

    def mark_term(self, term: Term | None) -> None:
        """Outline the two numbers of a term."""
        self.canvas.mark_term(term)

    # where the window is

    @property
    def playing(self) -> bool:
        """Whether the window walks on its own."""
        return self._timer.isActive()

    @Slot()
    def play(self) -> None:
        """Walk on its own, or stop; from the end it begins anew."""
        if self.playing:
            self._stop()
            return
        if self._work.place >= self._work.last:
            self._work.go(0)
        self._restart(True)

    @Slot(int, int)
    def step_by(self, rows: int, columns: int) -> None:
        """Move by so many rows or columns of the output; around the end of a row into the next."""
        _k, h, w = self._work.case.output_chw
        if (h, w) == (1, 1):
            self._work.go(self._work.place + (rows or columns))
        elif columns:
            self._work.go(self._work.place + columns)
        elif 0 <= self._work.at[1] + rows < h:
            self._work.go(self._work.place + rows * w)

    @Slot(object)
    def _choose(self, at: At) -> None:
        self._work.go_to(at)

    @Slot()
    def _restart(self, begins: Any = None) -> None:
        if begins is True or self.playing:
            self._done = 0
            self._clock.start()
            self._timer.start()
            theme.set_icon(self.buttons["play"], "pause")

    def _stop(self) -> None:
        self._timer.stop()
        theme.set_icon(self.buttons["play"], "play")

    @Slot()
    def _tick(self) -> None:
        """Walk as far as the time asks for, and leave no value out."""
        due = self._clock.elapsed() * int(self.speed.currentData()) // 1000 - self._done
        if due > 0:
            self._done += 1
            self._work.go(self._work.place + 1)
        if self._work.place >= self._work.last:
            self._stop()

    @Slot()
    def _to_start(self) -> None:
        self._work.go(0)

    @Slot()
    def _back(self) -> None:
        self._work.go(self._work.place - 1)

    @Slot()
    def _next(self) -> None:
        self._work.go(self._work.place + 1)

    # what is shown

    @Slot()
    def _show_case(self) -> None:
        case = self._work.case
        self._say("")
        names = {"conv": _("Convolution"), "pool": _("Pooling"), "fc": _("Fully connected")}
        self.set_title(case.title or names[case.kind], f"{shape(case.input_chw)} → {shape(case.output_chw)}")
        blocker = QSignalBlocker(self.slider)
        self.slider.setRange(0, self._work.last)
        blocker.unblock()
        self.canvas.show_case(case, self._work.output, self._work.trace)
        self._show_place()

    @Slot()
    def _show_at(self) -> None:
        self.canvas.show_trace(self._work.trace)
        self._show_place()

    def _show_place(self) -> None:
        blocker = QSignalBlocker(self.slider)
        self.slider.setValue(self._work.place)
        blocker.unblock()
        self.label.setText(_("{number} of {count}").format(number=self._work.place + 1, count=self._work.last + 1))

    @Slot(str)
    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))
