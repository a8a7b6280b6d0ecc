"""The case as a picture, with the window where it stands: step, play, scrub, or click a value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QElapsedTimer, QIODevice, QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QHideEvent, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLabel, QScrollArea, QSlider, QToolButton, QWidget

from explorer.arithmetic.case import Case
from explorer.arithmetic.trace import At, Term
from explorer.arithmetic.written import from_json, read, to_json, write
from explorer.errors import ExplorerError
from explorer.settings import write_atomically
from explorer.text import _
from ui import theme
from ui.casework import Casework
from ui.widgets.case_canvas import CaseCanvas
from ui.widgets.chooser import Chooser
from ui.widgets.numbers import shape
from ui.widgets.panel import Panel
from ui.widgets.saving import ask_where

SPEEDS = (1, 4, 15, 60)
"""Values a second."""
_TICK_MS = 8
_FINENESS = 3
_BUTTONS = ("to-start", "previous", "play", "next")
_TOOLS = ("undo", "redo", "copy", "paste", "folder", "save", "export")


class CaseStage(Panel):
    """Also where a case comes in and goes out as text.

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
        self.buttons, self.tools = self._made(_BUTTONS, ""), self._made(_TOOLS, "small")
        for tool in self.tools.values():
            self.header.addWidget(tool)
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

    def _made(self, names: tuple[str, ...], kind: str) -> dict[str, QToolButton]:
        found = {}
        for name in names:
            found[name] = button = QToolButton(self)
            button.setObjectName(kind)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            theme.set_icon(button, name)
        return found

    def _wire(self) -> None:
        work = self._work
        for name, slot in (("to-start", self._to_start), ("previous", self._back), ("next", self._next)):
            self.buttons[name].clicked.connect(slot)
        self.buttons["play"].clicked.connect(self.play)
        for name, slot in zip(
            _TOOLS, (work.undo, work.redo, self.copy, self._paste, self._open, self._save, self._export), strict=True
        ):
            self.tools[name].clicked.connect(slot)
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
            (self.tools["undo"], _("Back to the case before")),
            (self.tools["redo"], _("On to the case that was taken back")),
            (self.tools["copy"], _("Copy the case as text (JSON)")),
            (self.tools["paste"], _("Paste a case (JSON)")),
            (self.tools["folder"], _("Open a case from a file…")),
            (self.tools["save"], _("Save the case to a file…")),
            (self.tools["export"], _("Save what is drawn as a picture (SVG or PNG)…")),
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
        self.tools["undo"].setEnabled(self._work.can_undo)
        self.tools["redo"].setEnabled(self._work.can_redo)
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

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    # as text

    @Slot()
    def copy(self) -> None:
        """Put the case on the clipboard as JSON."""
        QGuiApplication.clipboard().setText(to_json(self._work.case))

    @Slot()
    def _paste(self) -> None:
        text = QGuiApplication.clipboard().text()
        if text.strip():
            self._bring(lambda: from_json(text))
        else:
            self._say(_("The clipboard holds no text: copy a case first."))

    @Slot()
    def _open(self) -> None:
        path, _kind = QFileDialog.getOpenFileName(self, _("Open a case"), "", "JSON (*.json)")
        if path:
            self.open_file(Path(path))

    def open_file(self, path: Path) -> None:
        """Show the case in a file."""
        self._bring(lambda: read(path))

    def _bring(self, make: Callable[[], Case]) -> None:
        try:
            case = make()
        except ExplorerError as error:
            self._say(str(error))
        else:
            self._work.attempt(lambda: case, named=False)

    @Slot()
    def _save(self) -> None:
        if path := ask_where(self, _("Save the case"), self._work.case.title or self._work.name or "case", "json"):
            self.save_file(Path(path))

    def save_file(self, path: Path) -> None:
        """Write the case to a file."""
        try:
            write(path, self._work.case)
        except ExplorerError as error:
            self._say(str(error))
        else:
            self._say("")

    @Slot()
    def _export(self) -> None:
        stem = self._work.case.title or self._work.name or "case"
        if path := ask_where(self, _("Save what is drawn"), stem, "svg", "png"):
            self.save_picture(Path(path))

    def save_picture(self, path: Path) -> None:
        """Write what is drawn to a file: SVG, or PNG of three pixels for one on the screen."""
        size, data = self.canvas.size(), QBuffer()
        data.open(QIODevice.OpenModeFlag.WriteOnly)
        if path.suffix.lower() == ".svg":
            drawing = QSvgGenerator()
            drawing.setOutputDevice(data)
            drawing.setSize(size)
            drawing.setViewBox(self.canvas.rect())
            painter = QPainter(drawing)
            self.canvas.paint_to(painter)
            painter.end()
        else:
            image = QImage(size * _FINENESS, QImage.Format.Format_RGB32)
            image.setDevicePixelRatio(_FINENESS)
            painter = QPainter(image)
            self.canvas.paint_to(painter)
            painter.end()
            image.save(data, "PNG")  # type: ignore[call-overload]
        try:
            write_atomically(path, bytes(data.data().data()))
        except ExplorerError as error:
            self._say(str(error))
        else:
            self._say("")
