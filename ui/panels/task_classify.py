"""Classification: what the picture is, as two networks say it of the same frame, side by side."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.engine.events import NetworkInfo, Problem
from explorer.questions import Everything
from explorer.recipe import Beside, Recipe
from explorer.tasks import lecture
from explorer.tasks.values import BesideAnswer
from explorer.text import _, language, ngettext
from explorer.values import FrameResult
from explorer.zoo.own import is_own
from ui import theme
from ui.actions import Actions
from ui.controller import Controller
from ui.store import Store
from ui.widgets.answer_column import AnswerColumn, Told, facts, joined, summary
from ui.widgets.bars import Bar, Bars
from ui.widgets.details_button import DetailsButton, row_of
from ui.widgets.elided import ElidedLabel
from ui.widgets.links import Links
from ui.widgets.network_box import NetworkBox
from ui.widgets.network_list import Entry, title_of
from ui.widgets.panel import Panel
from ui.widgets.picture_view import PictureView
from ui.widgets.remedies import in_window

TOPS = (3, 5, 10)
_LETTERS = 22
_PICTURE = 0.4
"""Of the width is the picture's."""
_EXAMPLE = 760
"""Width of the lecture's example, px at text size 1: longer bars say no more."""
_AROUND = 170
"""Height above and below the bars, px at text size 1."""
_ROW = 52
"""Height of a row of the bars where there is room, px at text size 1."""


class TaskClassify(Panel):
    """The most probable classes of the network, and beside them those of a second one; what both name is joined.

    Signals:
        weights_wanted: the name of a network whose weights the person wants to get.
    """

    weights_wanted = Signal(str)

    def __init__(self, store: Store, controller: Controller, commands: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        asked = store.recipe.beside
        self._second, self._weights = (asked.network, asked.weights) if asked else (store.settings.beside, "")
        self._given = asked is not None
        self._top = store.recipe.top if store.recipe.top in TOPS else Recipe.top
        self._knows_all = False
        self.tops, self.lecture = QComboBox(self), QToolButton(self)
        for top in TOPS:
            self.tops.addItem("", top)
        self.tops.setCurrentIndex(TOPS.index(self._top))
        self.lecture.setCheckable(True)
        self.lecture.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.lecture.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.set_icon(self.lecture, "lecture")
        self.header.addWidget(self.tops)
        self.header.addWidget(self.lecture)

        self.picture = PictureView(self)
        self.picture.set_telling(False)
        self.title, self.other = ElidedLabel(self, letters=_LETTERS), NetworkBox(_LETTERS, self)
        self.title.setObjectName("title")
        self.first, self.second = AnswerColumn(self.title, self), AnswerColumn(self.other, self)
        self.links = Links(self.first.bars, self.second.bars, self)
        self.weights, self.again, self.details = QPushButton(self), QPushButton(self), DetailsButton(self)
        self.second.column.addLayout(row_of(self.weights, self.again, self.details, left=True))
        self.words, self.english = QLabel(self), QLabel(self)
        for label in (self.words, self.english):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.english.setObjectName("dim")
        self.example = _Example(self)
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self._arranged())
        self.pages.addWidget(self.example)
        self.body.addWidget(self.pages, 1)

        self.tops.activated.connect(self._choose_top)
        self.lecture.toggled.connect(self._show_lecture)
        self.other.wanted.connect(self.choose)
        self.weights.clicked.connect(self._want_weights)
        self.again.clicked.connect(controller.retry)
        self.details.wanted.connect(controller.details_wanted)
        store.catalogue_changed.connect(self._list)
        store.settings_changed.connect(self._list)
        store.recipe_changed.connect(self._take_recipe)
        store.age_changed.connect(self._show_age)
        for signal in (store.result_changed, store.network_changed, store.progress_changed):
            signal.connect(self._show)
        self.retranslate()
        self._list()

    def _arranged(self) -> QWidget:
        page = QWidget(self)
        sides = QHBoxLayout()
        sides.setSpacing(4)
        sides.addLayout(self.first.column, 1)
        sides.addWidget(self.links)
        sides.addLayout(self.second.column, 1)
        for side in (self.first, self.second):
            side.column.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(10)
        left.addWidget(self.picture, 1000)  # as high as the picture is at this width
        left.addWidget(self.words)
        left.addWidget(self.english)
        left.addStretch(1)
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(20)
        row.addLayout(left, 2)
        row.addLayout(sides, 3)
        scrolled = QScrollArea(self)
        scrolled.setWidget(page)
        scrolled.setWidgetResizable(True)
        scrolled.setFrameShape(QFrame.Shape.NoFrame)
        scrolled.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for ground in (scrolled.viewport(), page):  # the panel's colour shows through
            ground.setAutoFillBackground(False)
        return scrolled

    def choose(self, name: str) -> None:
        """Let the network called ``name`` look beside the first one; "" for none."""
        self._second, self._given = name, False
        self.other.choose(name)
        self._controller.prefer(beside=name)
        self._ask()
        self._show()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Classification"))
        for row, top in enumerate(TOPS):
            self.tops.setItemText(row, ngettext("{count} class", "{count} classes", top).format(count=top))
        self.tops.setAccessibleName(_("How many classes"))
        self.tops.setToolTip(_("How many classes"))
        self.lecture.setText(_("The lecture's example"))
        self.other.retranslate(_("Second network"))
        self.weights.setText(_("Get weights…"))
        self.again.setText(_("Try again"))
        self.picture.setAccessibleName(_("Picture"))
        self.picture.set_empty_text(_("The picture appears here."))
        self.first.retranslate(_("Predictions of the first network"))
        self.second.retranslate(_("Predictions of the second network"))
        self.english.setText(
            _("The classes have English names: no list in another language came with a licence that allows it.")
        )
        self.example.retranslate()
        self._show()

    def restyle(self) -> None:
        """Take the colours and sizes of the current theme."""
        self.title.setMinimumHeight(self.other.sizeHint().height())
        self.links.updateGeometry()

    def part_that_ages(self) -> QWidget:
        """Return what shows a frame; what is chosen stays clear."""
        return self.pages

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the height out anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Keep the picture at the top, and let the rows of both networks be equally high, as far as there is room."""
        pixels = self.picture.pixels
        height, width = (1, 1) if pixels is None else pixels.shape[:2]
        self.picture.setMaximumHeight(max(math.ceil(self.pages.width() * _PICTURE * height / width), 1))
        room = (self.pages.height() - theme.px(_AROUND)) // self._top
        for bars in (self.first.bars, self.second.bars):
            count = max(len(bars.bars), 1)
            bars.setFixedHeight(max(count * min(room, theme.px(_ROW)), bars.minimumSizeHint().height()))

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for the second network's answers, now that they can be seen."""
        super().showEvent(event)
        self.restyle()
        self._ask()
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask for them no more."""
        super().hideEvent(event)
        self._ask()
        if self._store.recipe.top == self._top:  # else somebody wants another number elsewhere
            self._controller.adjust(top=Recipe.top)

    # what is asked for

    def _wanted(self) -> tuple[Beside | None, int]:
        """Return the second network and how many classes the recipe is to have."""
        if not self.isVisible():
            return None, self._store.recipe.top
        if not self._second or self.lecture.isChecked():
            return None, self._top
        return Beside(self._second, self._weights), self._top

    @Slot()
    def _ask(self) -> None:
        if not self._given:
            self._weights = self._controller.weights_here(self._second)
        if self._store.catalogue is None and self._second and not self._given:
            return  # nobody knows yet whether it has weights here
        beside, top = self._wanted()
        self._controller.adjust(beside=beside, top=top)

    @Slot()
    def _take_recipe(self) -> None:
        """A step that was taken back may have been of a time when another network was asked."""
        recipe = self._store.recipe
        if (recipe.beside, recipe.top) != self._wanted():
            QTimer.singleShot(0, self, self._ask)
        self._show()

    @Slot(int)
    def _choose_top(self, row: int) -> None:
        self._top = TOPS[row]
        self._ask()

    @Slot(bool)
    def _show_lecture(self, shown: bool) -> None:
        self.pages.setCurrentIndex(int(shown))
        self.tops.setHidden(shown)
        self._ask()
        self._show()

    @Slot()
    def _want_weights(self) -> None:
        self.weights_wanted.emit(self._second)

    @Slot()
    def _list(self) -> None:
        """List what can classify: the catalogue's, and a person's own."""
        cards = self._store.catalogue.cards if self._store.catalogue else ()
        entries = [Entry(card, state) for card, state in cards if card.task == "classify"]
        self.other.show_entries(entries, [name for name in self._store.settings.networks if is_own(name)])
        self.other.choose(self._second)
        if self.isVisible():
            self._ask()

    # what is shown

    @Slot()
    def _show(self) -> None:
        result = self._store.result
        self.set_frame(None if result is None else result.frame)
        self.set_badge(_("an example, no network's answer") if self.lecture.isChecked() else "")
        if not self.isVisible():
            return
        if result is not None and not self._knows_all:  # torchvision's list takes a second to load
            self._knows_all = True
            self._controller.ask(Everything())
        self.picture.set_picture(None if result is None else result.filtered.pixels)
        self.title.setText(self._first_title())
        first = None if result is None else _of_first(result, self._store.network)
        second = self._answer(result)
        told = _of_second(second) if second is not None and second.error is None else None
        both = joined(first.predictions, told.predictions) if first and told else ()
        labels = [one.label for side in (first, told) if side for one in side.predictions]
        self.english.setVisible(language() != "en" and any(letter.isalpha() for name in labels for letter in name))
        self.first.show_told(first, {row for row, _other in both} if told and told.predictions else None)
        self.second.show_told(told, {row for _other, row in both})
        self.links.set_pairs(both)
        self._fit()
        if first is None:
            self.first.say(_("The network's answer appears here."))
        if told is None:
            self.second.say(self._why_silent(second))
        self._show_remedies(second)
        self.words.setText(summary(first, told, len(both)))
        self.words.setVisible(bool(self.words.text()))

    def _first_title(self) -> str:
        network, name = self._store.network, self._store.recipe.network
        return network.card.title if network is not None and network.card.name == name else title_of(name)

    def _answer(self, result: FrameResult | None) -> BesideAnswer | None:
        """Return what the chosen second network says; None as long as it says nothing."""
        found = None if result is None else result.beside
        return found if found is not None and found.asked.network == self._second else None

    def _why_silent(self, answer: BesideAnswer | None) -> str:
        if not self._second:
            return _("Choose a second network above: both then look at the same frame.")
        if answer is not None and answer.error is not None:
            return in_window(answer.error)
        return self._store.stage or _("The network's answer appears here.")

    def _show_remedies(self, answer: BesideAnswer | None) -> None:
        """Offer what can be done where the second network has no trained weights, or failed."""
        failed = answer is not None and answer.error is not None
        untrained = answer is not None and not failed and not answer.trained
        has_weights = answer is not None and answer.card is not None and bool(answer.card.weights)
        self.weights.setVisible(untrained and has_weights)
        self.again.setVisible(failed)
        problem = Problem("frame", answer.error, None, answer.details) if answer and answer.error else None
        self.details.show_problem(problem)

    @Slot()
    def _show_age(self) -> None:
        self.set_old(self._store.result_is_old and not self.lecture.isChecked())


class _Example(QWidget):
    """The lecture's answer of a network that classifies, as bars, and what makes such shares."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.bars, self.words = Bars(self), QLabel(self)
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.bars.set_bars([Bar(one.label, one.probability) for one in lecture.predictions()])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.words)
        column.addWidget(self.bars)
        column.addStretch(1)
        self.setMaximumWidth(theme.px(_EXAMPLE))
        self.bars.setFixedHeight(theme.px(_ROW) * len(lecture.CLASSES))

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.bars.setAccessibleName(_("The lecture's example"))
        self.bars.retranslate()
        self.words.setText(
            _(
                "A picture of a cat, in the lecture: a network that classifies gives every class a number, and softmax "
                "makes shares of them that are 100 % together. The largest share is the answer."
            )
        )


def _of_first(result: FrameResult, network: NetworkInfo | None) -> Told:
    known = network if network is not None and network.card.name == result.recipe.network else None
    count = None if known is None else sum(layer.parameters for layer in known.graph)
    told = facts(count, result.times_ms, result.device)
    return Told(result.predictions, result.finite, result.trained, told)


def _of_second(answer: BesideAnswer) -> Told:
    told = facts(answer.parameters, answer.times_ms, answer.device)
    return Told(answer.predictions, answer.finite, answer.trained, told, str(answer.moved or ""))
