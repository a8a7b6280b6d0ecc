"""The lesson beside the place that its scene needs: what is said, what is revealed, what is asked."""

from __future__ import annotations

from html import escape
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.errors import ExplorerError
from explorer.text import _
from ui import theme
from ui.actions import Actions
from ui.lecturing import Lecturing
from ui.widgets.elided import ElidedLabel
from ui.widgets.marked import marked
from ui.widgets.panel import Panel
from ui.widgets.question_box import QuestionBox, wrapped
from ui.widgets.scrolled import scrolled
from ui.widgets.topic_list import TopicList

WIDTH = 330
"""Of the column, px at text size 1."""


class LessonPanel(Panel):
    """A column; whoever holds it puts it beside the places."""

    def __init__(self, lecturing: Lecturing, commands: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lecturing, self._commands = lecturing, commands
        self.contents, self.more = QToolButton(self), QToolButton(self)
        self.contents.setCheckable(True)
        self.contents.setObjectName("small")
        self.more.setObjectName("small")
        theme.set_icon(self.contents, "list")
        theme.set_icon(self.more, "more")
        self.menu = QMenu(self)
        self.more.setMenu(self.menu)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.tools = [self._tool(name) for name in ("present", "pointer", "hide_chrome")]
        tools = QHBoxLayout()
        tools.setSpacing(0)
        for button in (self.contents, *self.tools, self.more):
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            tools.addWidget(button)
        self.header.addLayout(tools)
        self.list = TopicList(self)
        self.scene_page, self.heading, self.say = _Page(self), QLabel(self), wrapped(self)
        self.about = ElidedLabel(self.scene_page, mode=Qt.TextElideMode.ElideRight)
        self.about.setObjectName("dim")
        self.heading.setObjectName("heading")
        self.heading.setWordWrap(True)
        self.steps: list[_Step] = []
        self.question = QuestionBox(self)
        self._steps = QVBoxLayout()
        self._steps.setSpacing(10)
        column = QVBoxLayout(self.scene_page)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(12)
        column.addWidget(self.about)
        column.addWidget(self.heading)
        column.addWidget(self.say)
        column.addLayout(self._steps)
        column.addWidget(self.question)
        column.addStretch(1)
        self.area = scrolled(self.scene_page, self)
        self.problem = QWidget(self)
        self.sentence, self.again, self.course = wrapped(self.problem), QPushButton(self), QPushButton(self)
        troubled = QVBoxLayout(self.problem)
        troubled.setContentsMargins(0, 0, 0, 0)
        for widget in (self.sentence, self.again, self.course):
            troubled.addWidget(widget)
        troubled.addStretch(1)
        self.pages = QStackedWidget(self)
        for page in (self.area, self.list, self.problem):
            self.pages.addWidget(page)
        self.previous, self.reveal, self.next = (QPushButton(self) for _n in range(3))
        theme.set_icon(self.previous, "previous")
        theme.set_icon(self.next, "next")
        bar = QHBoxLayout()
        bar.setSpacing(6)
        bar.addWidget(self.previous)
        bar.addWidget(self.reveal, 1)
        bar.addWidget(self.next)
        self.body.addWidget(self.pages, 1)
        self.body.addLayout(bar)

        self.contents.toggled.connect(self._turn)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.list.opened.connect(self._open)
        self.previous.clicked.connect(lecturing.previous)
        self.reveal.clicked.connect(self._go_on)
        self.next.clicked.connect(lecturing.next)
        self.again.clicked.connect(self._read_again)
        self.course.clicked.connect(self._open_course)
        self.question.answered.connect(self._answer)
        self.question.told_wanted.connect(lecturing.tell)
        self.question.another_wanted.connect(lecturing.ask)
        lecturing.deck_changed.connect(self._show_deck)
        lecturing.scene_changed.connect(self._show_scene)
        lecturing.changed.connect(self._show)
        lecturing.answer_wanted.connect(self.question.take_focus)
        self.retranslate()

    def _tool(self, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName("small")
        button.setDefaultAction(self._commands[name])
        return button

    def sizeHint(self) -> QSize:
        """Return the column's usual width."""
        return QSize(theme.px(WIDTH), super().sizeHint().height())

    def home(self) -> None:
        """Give the keyboard to what goes on."""
        buttons = (self.again,) if self._lecturing.error is not None else (self.reveal, self.next, self.previous)
        there = [button for button in buttons if button.isEnabled()]
        (there[0] if there else self.more).setFocus(Qt.FocusReason.OtherFocusReason)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.contents.setToolTip(_("All scenes"))
        self.contents.setAccessibleName(_("All scenes"))
        self.more.setToolTip(_("Decks"))
        self.more.setAccessibleName(_("Decks"))
        self.list.setAccessibleName(_("All scenes"))
        for button, name in ((self.previous, "previous_scene"), (self.next, "next_scene")):
            button.setToolTip(self._commands[name].toolTip())
            button.setAccessibleName(self._commands[name].text())
        self.reveal.setToolTip(self._commands["reveal"].toolTip())
        self.again.setText(_("Read it again"))
        self.course.setText(_("Open the course's lesson"))
        self.question.retranslate()
        self._show_deck()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        self._show_deck()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of text size too."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "pages"):
            self._show_scene()

    # what is shown

    @Slot()
    def _show_deck(self) -> None:
        one = self._lecturing
        self.set_title(_("Lesson"))
        self.about.setText("" if one.deck is None else str(one.deck.title))
        if one.error is not None:
            self.sentence.setText(f'<span style="color:{theme.current().warning}">{escape(str(one.error))}</span>')
        elif one.deck is None:
            self.sentence.setText(escape(_("The lesson appears here in a moment.")))
        for button in (self.again, self.course):
            button.setVisible(one.error is not None)
        self.contents.setEnabled(one.deck is not None)
        self._show_scene()
        if one.error is not None and self.isVisible():
            self.home()

    @Slot()
    def _show_scene(self) -> None:
        """Begin the scene's page anew."""
        scene = self._lecturing.scene
        self.contents.setChecked(False)
        self._turn()
        for step in self.steps:
            step.hide()
            step.deleteLater()
        self.steps = [_Step(self.scene_page) for _step in (scene.steps if scene else ())]
        for step in self.steps:
            self._steps.addWidget(step)
        if scene is not None:
            self.heading.setText(str(scene.title))
            self.say.setText("".join(_paragraph(str(words)) for words in scene.say))
            for step, told in zip(self.steps, scene.steps, strict=True):
                step.words.setText(_paragraph(str(told.words)))
        self.area.verticalScrollBar().setValue(0)
        self._show()

    @Slot()
    def _show(self) -> None:
        one, scene = self._lecturing, self._lecturing.scene
        for place, step in enumerate(self.steps):
            step.setVisible(place < one.revealed)
        focus = self.window().focusWidget()
        answered = one.told and focus is not None and self.question.isAncestorOf(focus)
        self.question.setVisible(one.asks)
        if one.asks:
            self._show_question()
        answers = one.asks and not one.can_reveal and one.question is not None and not one.told
        if answers and any(button.hasFocus() for button in (self.previous, self.reveal, self.next)):
            self.question.take_focus()  # a button that cannot be pressed gives the keyboard to its neighbour
        scenes = one.deck.scenes if one.deck is not None else ()
        self.previous.setEnabled(scene is not None and one.at > 0)
        self.next.setEnabled(scene is not None and one.at < len(scenes) - 1)
        self.reveal.setEnabled(one.can_reveal or (one.revealed == one.last and self.next.isEnabled()))
        self.reveal.setText(self._next_words())
        self.list.show_titles(
            [str(other.title) for other in scenes], [other.id in one.done for other in scenes], one.at
        )
        if answered:
            self.home()  # what had the keyboard is disabled or hidden by now
        if one.revealed:
            QTimer.singleShot(0, self, self._scroll_to_newest)

    def _show_question(self) -> None:
        one = self._lecturing
        if one.question is not None:
            self.question.show_question(one.question, one.told, one.verdict, one.presents, one.can_change, one.score)
        elif one.problem is not None:
            self.question.show_waiting(str(one.problem.error))
        else:
            self.question.show_waiting(_("The network is being asked …"))

    def _next_words(self) -> str:
        """Return what the button does next."""
        one, scene = self._lecturing, self._lecturing.scene
        if scene is None or one.revealed < len(scene.steps):
            return _("Reveal")
        if one.revealed == one.last:
            return _("Next scene")
        return _("Answer") if one.asks else _("Question")

    @Slot()
    def _scroll_to_newest(self) -> None:
        told: list[QWidget] = [step for step in self.steps if step.isVisible()]
        if self.question.isVisible():
            told.append(self.question)
        if told:  # another scene may have begun meanwhile
            self.area.ensureWidgetVisible(told[-1], 0, 8)

    # what the person does

    @Slot()
    def _go_on(self) -> None:
        """Reveal what is left of the scene, then open the next one."""
        one = self._lecturing
        if one.revealed < one.last:
            one.reveal()
        else:
            one.next()

    @Slot()
    def _turn(self) -> None:
        """Show all scenes, the one that is open, or why there is none."""
        there = self._lecturing.deck is not None
        page = self.list if self.contents.isChecked() else self.area if there else self.problem
        self.pages.setCurrentWidget(page)
        if page is self.list:
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)
            self.list.scrollToItem(self.list.currentItem(), TopicList.ScrollHint.PositionAtCenter)

    @Slot(int)
    def _open(self, at: int) -> None:
        self.contents.setChecked(False)
        self._lecturing.go(at)

    @Slot(str)
    def _answer(self, given: str) -> None:
        try:
            self._lecturing.check(given)
        except ExplorerError as error:
            self.question.refuse(error)

    @Slot()
    def _read_again(self) -> None:
        self._lecturing.open_deck(self._lecturing.file)

    @Slot()
    def _open_course(self) -> None:
        self._lecturing.open_deck("")

    @Slot()
    def _fill_menu(self) -> None:
        """Offer other decks, and what concerns this one."""
        menu, one = self.menu, self._lecturing
        menu.clear()
        menu.addAction(self._commands["open_deck"])
        if one.file:
            menu.addAction(_("The course's lesson"), self._open_course)
        for file in one.recent:
            if file != one.file:
                action = QAction(Path(file).name, menu)
                action.setToolTip(file)
                action.setData(file)
                action.triggered.connect(self._open_recent)
                menu.addAction(action)
        menu.addSeparator()
        menu.addAction(self._commands["scene_again"])
        if one.file:
            menu.addAction(_("Read the deck again"), self._read_again)
        if one.score.asked:
            menu.addAction(_("Count right answers from nothing"), one.begin_score)
        menu.addSeparator()
        menu.addAction(self._commands["magnify"])
        menu.addAction(self._commands["export_window"])

    @Slot()
    def _open_recent(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._lecturing.open_deck(str(action.data()))


class _Page(QWidget):
    """A page that is as high as its text at its width: what it would need where it is narrower does not count."""

    def minimumSizeHint(self) -> QSize:
        """Return nothing: the height follows from the width."""
        return QSize()


class _Step(QWidget):
    """What was revealed, with a line beside it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        line = QFrame(self)
        line.setObjectName("accent")
        line.setFixedWidth(3)
        self.words = wrapped(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(9)
        row.addWidget(line)
        row.addWidget(self.words, 1)


def _paragraph(text: str) -> str:
    size = f"font-size:{theme.px(14)}px; line-height:125%"
    return f'<p style="margin-top:0; margin-bottom:{theme.px(6)}px; {size}">{marked(text)}</p>'
