"""Ask by touching: alter the picture by hand, and watch what the network makes of it beside what it made before."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.engine.events import Answered, Problem
from explorer.pixels.touch import MOST_DABS, MOST_POINTS, Dab, Touch
from explorer.questions import AnswerFound, AnswerTo
from explorer.recipe import MOST_PREDICTIONS
from explorer.render.compared import compared
from explorer.text import N_, _
from explorer.values import FrameResult
from ui import theme
from ui.asking import Asking
from ui.controller import Controller
from ui.store import Store
from ui.widgets.answer_table import AnswerTable, answer_rows
from ui.widgets.brush import Brush
from ui.widgets.details_button import DetailsButton
from ui.widgets.map_trio import MapTrio
from ui.widgets.numbers import minus, number
from ui.widgets.panel import Panel
from ui.widgets.picture_view import PictureView
from ui.widgets.reset_slider import ResetSlider
from ui.widgets.scrolled import scrolled

Ink = tuple[int, int, int] | str
INKS: tuple[tuple[str, Ink], ...] = (
    (N_("Blur"), "blur"),
    (N_("Grey"), (128, 128, 128)),
    (N_("Black"), (0, 0, 0)),
    (N_("White"), (255, 255, 255)),
)
_SIZES, _SIZE = (1, 40), 12
"""Of the brush, per cent of the picture's shorter side."""
_OCTAVE = 20
"""Steps of the slider to twice the size."""
_THIN = 0.25
"""Points of a stroke lie at least so many radii apart."""


@dataclass(frozen=True)
class Knob:
    """One slider: what it is called and means, its ends, how its value is written, and the way to a touch and back."""

    name: str
    hint: str
    ends: tuple[int, int]
    told: Callable[[int], str]
    put: Callable[[Touch, int], Touch]
    get: Callable[[Touch], float]


def _signed(unit: str) -> Callable[[int], str]:
    return lambda value: minus(f"{value:+d}{unit}" if value else f"0{unit}")


KNOBS = (
    Knob(
        N_("Right"),
        N_("Shift the picture to the right, per cent of its width"),
        (-50, 50),
        _signed(" %"),
        lambda touch, value: replace(touch, shift=(touch.shift[0], value / 100)),
        lambda touch: 100 * touch.shift[1],
    ),
    Knob(
        N_("Down"),
        N_("Shift the picture down, per cent of its height"),
        (-50, 50),
        _signed(" %"),
        lambda touch, value: replace(touch, shift=(value / 100, touch.shift[1])),
        lambda touch: 100 * touch.shift[0],
    ),
    Knob(
        N_("Turn"),
        N_("Turn the picture around its middle, degrees to the left"),
        (-180, 180),
        _signed("°"),
        lambda touch, value: replace(touch, degrees=float(value)),
        lambda touch: touch.degrees,
    ),
    Knob(
        N_("Size"),
        N_("Make the picture larger or smaller around its middle"),
        (-2 * _OCTAVE, 2 * _OCTAVE),
        lambda value: f"× {2 ** (value / _OCTAVE):.2f}",
        lambda touch, value: replace(touch, factor=2 ** (value / _OCTAVE)),
        lambda touch: _OCTAVE * math.log2(touch.factor),
    ),
    Knob(
        N_("Brightness"),
        N_("Add to every value, which is 0 to 255"),
        (-200, 200),
        _signed(""),
        lambda touch, value: replace(touch, brightness=float(value)),
        lambda touch: touch.brightness,
    ),
    Knob(
        N_("Noise"),
        N_("Add normal noise of this standard deviation to every value, which is 0 to 255"),
        (0, 150),
        str,
        lambda touch, value: replace(touch, noise=float(value)),
        lambda touch: touch.noise,
    ),
)


class TouchPanel(Panel):
    """Sliders and a brush change the recipe's touch; while it is seen, the picture without it is asked about.

    Args:
        store, controller: as always.
        view: the picture that is painted on.
        parent: as always.
    """

    def __init__(self, store: Store, controller: Controller, view: PictureView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller, self._view = store, controller, view
        self._asking = Asking(store, controller, self)
        self._asked: tuple[AnswerTo, FrameResult] | None = None
        self._found: tuple[AnswerTo, FrameResult, AnswerFound] | None = None
        self._problem: Problem | None = None
        self._stroke: list[tuple[float, float]] = []
        self.brush = Brush(view)
        self.paint, self.undo, self.clear = QPushButton(self), self._button("undo"), self._button("clear")
        self.paint.setCheckable(True)
        theme.set_icon(self.paint, "pen")
        self.ink, self.size_of = QComboBox(self), QSlider(Qt.Orientation.Horizontal, self)
        self.size_name = QLabel(self)
        self.size_name.setObjectName("dim")
        self.size_name.setBuddy(self.size_of)
        for _name, ink in INKS:
            self.ink.addItem("", ink)
        self.size_of.setRange(*_SIZES)
        self.size_of.setValue(_SIZE)
        self.knobs = tuple(ResetSlider(*knob.ends, knob.told, parent=self) for knob in KNOBS)
        self.reset = QToolButton(self)
        self.table, self.maps = AnswerTable(self), MapTrio(self)
        self.note, self.change = QLabel(self), QLabel(self)
        for label in (self.note, self.change):
            label.setObjectName("dim")
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.details = DetailsButton(self)
        self._build()
        self._connect()
        self.retranslate()
        self._follow()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Touch"), _("alter the picture, watch the answer"))
        self.paint.setText(_("Paint"))
        self.paint.setToolTip(_("Paint over the picture, or blur it, with the mouse (Esc ends it)"))
        self.paint.setAccessibleName(_("Paint on the picture"))
        self.reset.setText(_("Reset all"))
        for widget, text in (
            (self.undo, _("Take the last stroke back")),
            (self.clear, _("Take all paint away")),
            (self.size_of, _("Size of the brush")),
            (self.ink, _("What is painted with")),
            (self.reset, _("Show the picture as it was")),
        ):
            widget.setToolTip(text)
            widget.setAccessibleName(text)
        self.size_name.setText(_("Size of the brush"))
        for at, (name, _ink) in enumerate(INKS):
            self.ink.setItemText(at, _(name))
        for slider, knob in zip(self.knobs, KNOBS, strict=True):
            slider.set_name(_(knob.name), _(knob.hint))
        width = max(slider.name.sizeHint().width() for slider in self.knobs)
        for slider in self.knobs:
            slider.name.setFixedWidth(width)
        self._line_up()
        self.table.setAccessibleName(_("Predictions before and after"))
        self.table.setToolTip(_("–: not among the first classes that are shown"))
        self.maps.setAccessibleName(_("The chosen map before and after"))
        self._show()

    def restyle(self) -> None:
        """Paint in the colours and the text size of the current theme."""
        for slider in self.knobs:
            slider.restyle()
        self._line_up()
        self.table.update()
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask, now that the answer can be seen."""
        super().showEvent(event)
        self._follow()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask nothing that nobody sees, and put the brush down."""
        super().hideEvent(event)
        self.put_brush_down()
        self._asking.drop()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape puts the brush down, wherever in the panel the keyboard is."""
        if event.key() == Qt.Key.Key_Escape and self.paint.isChecked():
            self.put_brush_down()
        else:
            super().keyPressEvent(event)

    @property
    def touch(self) -> Touch:
        """What is wished now."""
        return self._store.recipe.touch or Touch()

    # what the person does

    @Slot()
    def put_brush_down(self) -> None:
        """Let dragging pan the picture again."""
        self.paint.setChecked(False)

    @Slot(float, float)
    def _begin(self, y: float, x: float) -> None:
        dabs, points = self.touch.dabs, sum(len(one.points) for one in self.touch.dabs)
        self._stroke = []
        if len(dabs) >= MOST_DABS or points >= MOST_POINTS or self._store.result is None:
            return
        self._stroke = [self._share(y, x)]
        self._lay(dabs, begins=True)

    @Slot(float, float)
    def _go_on(self, y: float, x: float) -> None:
        point, dabs = self._share(y, x), self.touch.dabs
        if not self._stroke or not dabs or sum(len(one.points) for one in dabs) >= MOST_POINTS:
            return
        h, w = self._hw()
        last = self._stroke[-1]
        if math.hypot((point[0] - last[0]) * h, (point[1] - last[1]) * w) >= _THIN * self._radius() * min(h, w):
            self._stroke.append(point)
            self._lay(dabs[:-1], begins=False)

    def _lay(self, before: tuple[Dab, ...], begins: bool) -> None:
        dab = Dab(tuple(self._stroke), self._radius(), self.ink.currentData())
        self._wish(replace(self.touch, dabs=(*before, dab)), begins)

    @Slot()
    def _undo(self) -> None:
        self._wish(replace(self.touch, dabs=self.touch.dabs[:-1]))

    @Slot()
    def _clear(self) -> None:
        self._wish(replace(self.touch, dabs=()))

    @Slot()
    def _reset(self) -> None:
        self._wish(Touch())

    def _turn(self, knob: Knob) -> Callable[[int, bool], None]:
        return lambda value, begins: self._wish(knob.put(self.touch, value), begins)

    def _wish(self, touch: Touch, begins: bool = True) -> None:
        """Wish for another touch; a drag is one step that can be undone."""
        change = self._controller.change if begins else self._controller.adjust
        change(touch=touch if touch.works else None)

    # where the brush is

    def _hw(self) -> tuple[int, int]:
        pixels = self._view.pixels
        return (1, 1) if pixels is None else (pixels.shape[0], pixels.shape[1])

    def _radius(self) -> float:
        """Return the brush's radius in shares of the picture before it was moved."""
        return min(self.size_of.value() / 200 / (self.touch.factor if self._altered else 1.0), 1.0)

    @property
    def _altered(self) -> bool:
        """Whether the view shows the altered picture, not the original."""
        result = self._store.result
        return result is not None and self._view.pixels is result.filtered.pixels and result.recipe.touch is not None

    def _share(self, y: float, x: float) -> tuple[float, float]:
        """Return where a point of the view lies on the picture before it was moved, in shares of its size."""
        hw = self._hw()
        if self._altered:
            y, x = self.touch.before((y, x), hw)
        low, high = -1.0, 2.0
        return min(max(y / hw[0], low), high), min(max(x / hw[1], low), high)

    # what is asked

    @Slot()
    def _follow(self) -> None:
        """Ask for the answer to the newest picture without the touch, once the one before has its own."""
        store, result = self._store, self._store.result_of_network
        touch = self.touch
        for slider, knob in zip(self.knobs, KNOBS, strict=True):
            slider.set_value(round(knob.get(touch)))
        self.brush.set_radius(self.size_of.value() / 200 * min(self._hw()))
        if self.isVisible() and result is not None and not store.result_is_old and result.recipe.touch is not None:
            view = result.view
            plain = result.recipe.with_(touch=None, top=MOST_PREDICTIONS)
            question = AnswerTo(result.frame, plain, (view.layer.id, view.channel))
            known = self._found[0] if self._found is not None else None
            if self._asking.question is None and not _same(question, known):
                self._asked = question, result
                self._asking.ask(question)
        self._show()

    @Slot(object)
    def _take_answer(self, event: Answered) -> None:
        if isinstance(event.answer, AnswerFound) and self._asked is not None and event.question is self._asked[0]:
            self._found, self._problem = (*self._asked, event.answer), None
        self._follow()

    @Slot(object)
    def _take_problem(self, problem: Problem) -> None:
        self._problem, self._found = problem, None
        self._show()

    @Slot()
    def _forget(self) -> None:
        self._found = self._problem = None
        self._asking.drop()
        self._follow()

    # what is shown

    def _pair(self) -> tuple[FrameResult, AnswerFound] | None:
        """Return the result that is shown and the answer to the same frame without the touch."""
        if self._found is None:
            return None
        (question, asked, answer), newest = self._found, self._store.result_of_network
        if newest is None or asked.recipe.network != newest.recipe.network:
            return None
        same = newest.frame is question.frame and newest.recipe.touch is not None
        return newest if same else asked, answer

    @Slot()
    def _show(self) -> None:
        touch, store = self.touch, self._store
        result = store.result_of_network
        array = result is not None and result.frame.array is not None
        for widget in (self.paint, self.ink, self.size_of, *self.knobs):
            widget.setEnabled(not array)
        for button in (self.undo, self.clear):
            button.setEnabled(bool(touch.dabs))
        self.reset.setEnabled(touch.works)
        pair = self._pair() if touch.works and not array else None
        self._show_answers(pair)
        self._show_maps(pair)
        lines = []
        if self._problem is not None:
            lines.append(str(self._problem.error))
        elif array:
            lines.append(_("An array goes to the network as it is: open a picture to alter."))
        elif not touch.works:
            lines.append(_("Move a slider, or paint over the picture: the answer before and after appears here."))
        elif pair is not None and not pair[0].predictions:
            lines.append(_("This network does not name classes: look at its maps instead."))
        if touch.moves and not array:
            lines.append(_("The boxes of what units see lie on the altered picture."))
        self.note.setText("\n".join(lines))
        self.note.setVisible(bool(lines))
        self.details.show_problem(self._problem)
        self.set_badge(_("untrained") if result is not None and not result.trained else "", "warning")

    def _show_answers(self, pair: tuple[FrameResult, AnswerFound] | None) -> None:
        rows = [] if pair is None else answer_rows(pair[1].predictions, pair[0].predictions)
        self.table.show_rows(rows, _("Original"), _("Altered"))
        self.table.setVisible(bool(rows))
        text = ""
        if pair is not None and rows and pair[1].predictions:
            first = pair[1].predictions[0], pair[0].predictions[0]
            if first[0].index != first[1].index:
                text = _("The answer changes: from “{before}” to “{after}”.").format(
                    before=first[0].label, after=first[1].label
                )
        self.change.setText(text)
        self.change.setVisible(bool(text))

    def _show_maps(self, pair: tuple[FrameResult, AnswerFound] | None) -> None:
        names = (_("Original"), _("Altered"), _("Difference"))
        if pair is None or pair[1].map is None or self._found is None:
            self.maps.show_maps(None, names)
            return
        view, before = pair[0].view, pair[1].map
        here = self._found[0].map == (view.layer.id, view.channel) and before.shape == view.map.shape
        found = compared(before, view.map, self._store.recipe.view.colours) if here else None
        reach = "" if found is None else f" ±{number(found.reach)}"
        self.maps.show_maps(found, (names[0], names[1], names[2] + reach))

    # inner

    def _button(self, icon: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName("small")
        theme.set_icon(button, icon)
        return button

    def _line_up(self) -> None:
        """Give every slider the same end, whatever its value may read."""
        width = max(slider.value.minimumWidth() for slider in self.knobs)
        for slider in self.knobs:
            slider.value.setMinimumWidth(width)

    def _build(self) -> None:
        self.header.addWidget(self.reset)
        first, second, page = QHBoxLayout(), QHBoxLayout(), QWidget(self)
        first.setSpacing(6)
        second.setSpacing(4)
        first.addWidget(self.paint)
        first.addWidget(self.ink, 1)
        second.addWidget(self.size_name)
        second.addWidget(self.size_of, 1)
        second.addWidget(self.undo)
        second.addWidget(self.clear)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(5)
        column.addLayout(first)
        column.addLayout(second)
        for slider in self.knobs:
            column.addWidget(slider)
        for widget in (self.table, self.change, self.maps, self.note):
            column.addWidget(widget)
        column.addWidget(self.details, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.body.addWidget(scrolled(page, self), 1)
        self.setMinimumWidth(220)

    def _connect(self) -> None:
        self.paint.toggled.connect(self.brush.take)
        self.undo.clicked.connect(self._undo)
        self.clear.clicked.connect(self._clear)
        self.reset.clicked.connect(self._reset)
        self.size_of.valueChanged.connect(self._follow)
        for slider, knob in zip(self.knobs, KNOBS, strict=True):
            slider.moved.connect(self._turn(knob))
        self.brush.began.connect(self._begin)
        self.brush.went_on.connect(self._go_on)
        self.brush.put_down.connect(self.put_brush_down)
        self.brush.undo_wanted.connect(self._undo)
        self._asking.answered.connect(self._take_answer)
        self._asking.failed.connect(self._take_problem)
        self.details.wanted.connect(self._controller.details_wanted)
        store = self._store
        store.result_changed.connect(self._follow)
        store.recipe_changed.connect(self._follow)
        store.network_changed.connect(self._forget)


def _same(question: AnswerTo, other: AnswerTo | None) -> bool:
    """Whether both are about one picture, one map, and one network with the same weights."""
    if other is None or question.frame is not other.frame or question.map != other.map:
        return False
    keys = [(one.network, one.weights, one.input_hw, one.filters) for one in (question.recipe, other.recipe)]
    return keys[0] == keys[1]
