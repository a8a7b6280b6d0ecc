"""The arithmetic of the chosen unit: the numbers that make its value, and what makes each of them, to the pixel."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.engine.events import Answered, Problem
from explorer.graph.values import INPUT
from explorer.opened.values import Opened, Term
from explorer.questions import Open
from explorer.recipe import Unit
from explorer.text import _
from explorer.values import Frame
from ui import theme
from ui.areas import Areas
from ui.asking import Asking
from ui.controller import Controller
from ui.store import Store
from ui.widgets import arithmetic_words as words
from ui.widgets.details_button import DetailsButton
from ui.widgets.numbers import number
from ui.widgets.panel import Panel
from ui.widgets.terms_table import TermsTable
from ui.widgets.window_view import WindowView


class ArithmeticPanel(Panel):
    """Opens the chosen unit; a click on one of its numbers opens that, and the trail leads back."""

    def __init__(self, store: Store, controller: Controller, areas: Areas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller, self._areas = store, controller, areas
        self._trail: list[Unit] = []
        self._frame: Frame | None = None
        self._version = 0
        self._asking = Asking(store, controller, self)
        self._key_asked: tuple[object, ...] | None = None
        self._told: tuple[object, ...] | None = None
        self._opened: Opened | None = None
        self._of: Frame | None = None
        self._shown: Opened | None = None
        self._problem: Problem | None = None
        self.back, self.go, self.copy = (self._button(icon) for icon in ("undo", "explore", "copy"))
        self.trail = QComboBox(self)
        self.trail.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.menu = QMenu(self)
        self.as_text, self.as_csv = self.menu.addAction(""), self.menu.addAction("")
        self.copy.setMenu(self.menu)
        self.copy.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.value, self.result, self.formula, self.words, self.under, self.note = (QLabel(self) for _each in range(6))
        self.window_view, self.table = WindowView(self), TermsTable(self)
        self.details = DetailsButton(self)
        self._build()
        self._connect()
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Arithmetic"), _("the numbers behind one value"))
        for button, told in (
            (self.back, _("Back to the value that it is a part of (Backspace)")),
            (self.go, _("Show the map that this value is on")),
            (self.copy, _("Copy the arithmetic")),
        ):
            button.setToolTip(told)
            button.setAccessibleName(told)
        self.as_text.setText(_("Copy as text"))
        self.as_csv.setText(_("Copy as CSV"))
        self.trail.setAccessibleName(_("The way from the chosen unit to this value"))
        self.table.setAccessibleName(_("The numbers that make the value"))
        self._show()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        for button in (self.back, self.go, self.copy):
            button.setIconSize(QSize(theme.px(16), theme.px(16)))
        self.table.show_opened(self.opened)
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Backspace goes one value back."""
        if event.key() == Qt.Key.Key_Backspace and len(self._trail) > 1:
            self.go_back()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask what is wanted now: while nobody looks nothing is asked."""
        super().showEvent(event)
        self._follow()

    @property
    def opened(self) -> Opened | None:
        """The arithmetic that is shown, or None."""
        found = self._opened
        return found if found is not None and self._trail and found.unit == self._trail[-1] else None

    @property
    def units(self) -> tuple[Unit, ...]:
        """The way from the chosen unit to the one whose arithmetic is wanted."""
        return tuple(self._trail)

    # what the person does

    @Slot(object)
    def walk(self, unit: Unit) -> None:
        """Open a number of the shown arithmetic."""
        if self._trail and unit != self._trail[-1]:
            self._trail.append(unit)
            self._wanted()

    @Slot()
    def go_back(self) -> None:
        """Open the value before again."""
        if len(self._trail) > 1:
            self._trail.pop()
            self._wanted()

    @Slot(int)
    def _choose(self, at: int) -> None:
        if 0 <= at < len(self._trail) - 1:
            del self._trail[at + 1 :]
            self._wanted()

    @Slot()
    def _go(self) -> None:
        unit = self._trail[-1] if self._trail else None
        if unit is not None:
            self._controller.change(layer=unit.layer, channel=unit.channel, unit=(unit.y, unit.x))

    @Slot()
    def _copy_text(self) -> None:
        if self.opened is not None:
            QGuiApplication.clipboard().setText(words.text(self.opened))

    @Slot()
    def _copy_csv(self) -> None:
        if self.opened is not None:
            QGuiApplication.clipboard().setText(words.table(self.opened))

    # what there is

    def _newest(self) -> Frame | None:
        """Return the frame that the maps are of."""
        result = self._store.result_of_network
        return None if result is None or self._store.result_is_old else result.frame

    def _wanted(self) -> None:
        self._problem = None
        self._ask()
        self._show()

    @Slot()
    def _follow(self) -> None:
        """Follow the chosen unit; a moving picture only while that is locked."""
        root = self._areas.chosen
        if (self._trail[0] if self._trail else None) != root:
            self._trail = [] if root is None else [root]
            self._frame, self._problem = None, None
        newest = self._newest()
        if newest is not None and (self._frame is None or not self._store.live or root in self._areas.locked):
            self._frame = newest
        self._ask()
        self._show()

    @Slot()
    def _take_network(self) -> None:
        self._version += 1
        self._frame, self._opened = None, None
        self._follow()

    @Slot()
    def _take_result(self) -> None:
        if self.isVisible() and self._newest() is not self._frame:
            self._follow()

    # the question

    def _key(self) -> tuple[object, ...]:
        recipe = self._store.recipe
        unit = self._trail[-1] if self._trail else None
        return self._version, id(self._frame), recipe.network, recipe.weights, recipe.alterations, unit

    @property
    def _trouble(self) -> Problem | None:
        """Why what is wanted now cannot be told."""
        return self._problem if self._told == self._key() else None

    def _ask(self) -> None:
        """Ask for the newest that is wanted; while an answer is on its way the next question waits."""
        key = self._key()
        if self._asking.question is not None or not self._trail or self._frame is None or key == self._told:
            return
        if not self.isVisible() or self._newest() is None:
            return
        question = Open(self._frame, self._store.recipe, self._trail[-1])
        self._key_asked = key
        self._asking.ask(question)

    @Slot(object)
    def _take_answer(self, event: Answered) -> None:
        if isinstance(event.question, Open) and isinstance(event.answer, Opened):
            self._of = event.question.frame
            self._done(event.answer, None)

    @Slot(object)
    def _take_problem(self, problem: Problem) -> None:
        self._done(None, problem)

    def _done(self, opened: Opened | None, problem: Problem | None) -> None:
        self._told, self._opened, self._problem = self._key_asked, opened, problem
        self._follow()

    # what is shown

    @Slot()
    def _show(self) -> None:
        opened, unit = self.opened, self._trail[-1] if self._trail else None
        self.set_frame(self._of if opened is not None else None)
        self._show_trail()
        self.back.setEnabled(len(self._trail) > 1)
        self.go.setEnabled(unit is not None and len(self._trail) > 1)
        self.copy.setEnabled(opened is not None)
        for widget in (self.value, self.result, self.formula, self.words, self.table):
            widget.setVisible(opened is not None)
        self.note.setText(note := self._note(opened, unit))
        self.note.setVisible(bool(note))
        self.details.show_problem(self._trouble if unit is not None else None)
        if opened is not self._shown:
            self._shown = opened
            self.table.show_opened(opened)
        self._show_window(self.table.term())
        untrained = opened is not None and not opened.trained and opened.unit.layer != INPUT
        self.set_badge(_("untrained") if untrained else "", "warning")
        if opened is None:
            return
        self.value.setText(f"{words.place(opened.unit)} = {number(opened.value)}")
        self.value.setToolTip(f"{words.name(opened.unit)} = {words.full(opened.value)}")
        self.formula.setText(opened.formula)
        self.result.setText(words.verdict(opened))
        told = f"{words.full(opened.result)} · {words.full(opened.value)} · {words.full(opened.difference)}"
        self.result.setToolTip(told)
        self.words.setText(" ".join(words.notes(opened)))

    @Slot(object)
    def _show_window(self, term: Term | None) -> None:
        """Show the channel of the current row's number under the window."""
        opened = self.opened
        window = None if opened is None else opened.window
        cell = None if term is None else term.cell
        if cell is None and opened is not None:
            cell = next((one.cell for one in opened.terms if one.cell is not None), None)
        self.window_view.show_window(window, 0 if cell is None else cell.channel)
        layer = "" if opened is None else words.one_layer(opened)
        text = _("Cells of {layer}").format(layer=layer) if layer else ""
        if window is not None and self.window_view.isVisibleTo(self):
            text = _("Channel {channel} of {layer} under the window")
            text = text.format(channel=self.window_view.channel, layer=window.layer)
        self.under.setText(text)
        self.under.setVisible(bool(text))

    def _show_trail(self) -> None:
        names = [words.name(unit) for unit in self._trail]
        with QSignalBlocker(self.trail):
            if names != [self.trail.itemText(at) for at in range(self.trail.count())]:
                self.trail.clear()
                self.trail.addItems(names)
            self.trail.setCurrentIndex(len(names) - 1)
        self.trail.setEnabled(len(names) > 1)
        self.trail.setVisible(bool(names))

    def _note(self, opened: Opened | None, unit: Unit | None) -> str:
        if unit is None:
            return _("Choose a unit first: click a cell of an activation map.")
        if self._trouble is not None:
            return str(self._trouble.error)
        if opened is None:
            return _("The network looks at the picture once more …")
        if self._store.live and self._areas.chosen not in self._areas.locked:
            return _("Of the frame on which the unit was chosen: lock it (L), and its arithmetic follows the picture.")
        return ""

    # inner

    def _button(self, icon: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName("small")
        theme.set_icon(button, icon)
        return button

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.back)
        row.addWidget(self.trail, 1)
        row.addWidget(self.go)
        row.addWidget(self.copy)
        self.value.setObjectName("title")
        for label in (self.words, self.under, self.note):
            label.setObjectName("dim")
        content = QWidget()
        lay = QVBoxLayout(content)
        lay.setContentsMargins(0, 0, 0, 0)
        lay.setSpacing(6)
        for label in (self.value, self.result, self.formula, self.words, self.under, self.note):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        for widget in (self.value, self.formula, self.result, self.under, self.window_view, self.table, self.words):
            lay.addWidget(widget)
        lay.addStretch(1)
        self.room = QScrollArea(self)
        self.room.setWidget(content)
        self.room.setWidgetResizable(True)
        self.room.setFrameShape(QFrame.Shape.NoFrame)
        self.room.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.room.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.room.viewport().setAutoFillBackground(False)
        content.setAutoFillBackground(False)
        self.body.addLayout(row)
        self.body.addWidget(self.note)
        self.body.addWidget(self.details, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self.room, 1)
        self.setMinimumWidth(220)

    def _connect(self) -> None:
        self.back.clicked.connect(self.go_back)
        self.go.clicked.connect(self._go)
        self.trail.activated.connect(self._choose)
        self.as_text.triggered.connect(self._copy_text)
        self.as_csv.triggered.connect(self._copy_csv)
        self.table.opened.connect(self.walk)
        self.table.term_changed.connect(self._show_window)
        self.window_view.opened.connect(self.walk)
        self._asking.answered.connect(self._take_answer)
        self._asking.failed.connect(self._take_problem)
        self.details.wanted.connect(self._controller.details_wanted)
        self._areas.changed.connect(self._follow)
        store = self._store
        store.result_changed.connect(self._take_result)
        for signal in (store.recipe_changed, store.live_changed, store.age_changed):
            signal.connect(self._follow)
        store.network_changed.connect(self._take_network)
