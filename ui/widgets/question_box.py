"""A question: what it is about, where to answer, whether the answer was right, and how one comes to it."""

from __future__ import annotations

from html import escape

import numpy as np
from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from explorer.arithmetic.numbers import shown
from explorer.errors import ExplorerError
from explorer.lesson.question import Numbers, Question, Score
from explorer.lesson.questions import FORMS
from explorer.text import _
from explorer.values import Bytes
from ui import theme
from ui.widgets.flow import FlowLayout
from ui.widgets.marked import marked, strong

_PICTURE = 180
"""Height of a question's picture at most, px at text size 1."""
_NARROW = 7
"""Columns of numbers that have room beside one another."""
_BREAKS = str.maketrans({sign: f"{sign}\u200b" for sign in "._/"})
"""A layer's long name may be broken behind these."""


class QuestionBox(QWidget):
    """Shows a question and takes an answer; who knows the question checks it.

    Signals:
        answered: what the person typed, or the number of the chosen option.
        told_wanted: the person wants to see the answer.
        another_wanted: the person wants another question like this one.
    """

    answered = Signal(str)
    told_wanted, another_wanted = Signal(), Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._question: Question | None = None
        self._presents = self._told = self._can_change = False
        self._verdict: bool | None = None
        self._score = Score()
        self.heading, self.text, self.about = QLabel(self), wrapped(self), wrapped(self)
        self.heading.setObjectName("title")
        self.tables, self.picture = QLabel(self), _Picture(self)
        self.options = QWidget(self)
        self._options = QVBoxLayout(self.options)
        self._options.setContentsMargins(0, 0, 0, 0)
        self._options.setSpacing(4)
        self._group = QButtonGroup(self)
        self._choices: list[_Option] = []
        self.field = QLineEdit(self)
        self.check, self.tell, self.another = (QPushButton(self) for _n in range(3))
        self.check.setDefault(True)
        self.verdict, self.working, self.score = wrapped(self), wrapped(self), wrapped(self)
        self.score.setObjectName("dim")
        buttons = FlowLayout(spacing=6)
        for button in (self.check, self.tell, self.another):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.heading, self.text, self.about, self.tables, self.picture, self.options, self.field):
            column.addWidget(widget)
        column.addLayout(buttons)
        for widget in (self.verdict, self.working, self.score):
            column.addWidget(widget)
        self.field.returnPressed.connect(self._answer)
        self.check.clicked.connect(self._answer)
        self.tell.clicked.connect(self.told_wanted)
        self.another.clicked.connect(self.another_wanted)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.heading.setText(_("Question"))
        self.check.setText(_("Check"))
        self.tell.setText(_("Show the answer"))
        self.another.setText(_("Another one"))
        self.field.setAccessibleName(_("Answer"))
        self.options.setAccessibleName(_("Answer"))
        self._write()

    def show_waiting(self, sentence: str) -> None:
        """Show why there is no question yet."""
        self._question = None
        self._hide_all()
        self.text.setText(escape(sentence))

    def show_question(
        self,
        question: Question,
        told: bool,
        verdict: bool | None,
        presents: bool,
        can_change: bool,
        score: Score,
    ) -> None:
        """Show a question; what was typed stays as long as it is the same one.

        Args:
            question: the question.
            told: whether its answer shows.
            verdict: whether the last answer was right, or None.
            presents: whether nobody answers here.
            can_change: whether there are others like it.
            score: of all questions so far.
        """
        fresh = question is not self._question
        self._question, self._told, self._presents = question, told, presents
        if fresh:
            self.field.clear()
            self._fill_options()
        self._verdict, self._can_change, self._score = verdict, can_change, score
        self._write()

    def take_focus(self) -> None:
        """Put the cursor where the answer goes."""
        buttons = self._group.buttons()
        target = buttons[0] if buttons else self.field
        target.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def refuse(self, error: ExplorerError) -> None:
        """Say that what was typed is no answer of this form."""
        self._say(str(error), "warning")
        self.field.setFocus()
        self.field.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Answer with Return from an option too; the field has its own."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.field.hasFocus():
            self._answer()
        else:
            super().keyPressEvent(event)

    # inner

    def _hide_all(self) -> None:
        for widget in (self.about, self.tables, self.picture, self.options, self.field):
            widget.hide()
        for widget in (self.check, self.tell, self.another, self.verdict, self.working, self.score):
            widget.hide()

    def _fill_options(self) -> None:
        for one in self._choices:
            self._group.removeButton(one.button)
            one.hide()
            one.deleteLater()
        count = len(self._question.options) if self._question else 0
        self._choices = [_Option(self.options) for _n in range(count)]
        for number, one in enumerate(self._choices, 1):
            self._group.addButton(one.button, number)
            self._options.addWidget(one)

    def _write(self) -> None:
        question = self._question
        if question is None:
            return
        answers = not self._presents and not self._told
        self.text.setText(marked(str(question.text)))
        self.about.setText("<br>".join(f"– {escape(str(line))}" for line in question.lines))
        self.about.setVisible(bool(question.lines))
        self.tables.setText(_tables(question.numbers))
        self.tables.setVisible(bool(question.numbers))
        self.picture.show_pixels(question.picture)
        self.options.setVisible(bool(question.options))
        for number, (one, option) in enumerate(zip(self._choices, question.options, strict=True), 1):
            right = self._told and str(number) == question.answer
            one.show_text(str(option), enabled=answers, right=right, plain=self._presents)
        self.field.setVisible(question.form != "choice" and not self._presents)
        self.field.setEnabled(answers)
        self.field.setPlaceholderText(_(FORMS[question.form]))
        self.check.setVisible(answers)
        self.tell.setVisible(not self._told)
        self.another.setVisible(self._can_change)
        if self._told:
            right = self._verdict is True and not self._presents
            words = _("Right: {answer}") if right else _("The answer: {answer}")
            self._say(words.format(answer=question.told), "good")
        elif self._verdict is False:
            self._say(_("Not right. Try again, or show the answer."), "warning")
        else:
            self._say("", "")
        self.working.setText("<br>".join(marked(str(line)) for line in question.working))
        self.working.setVisible(self._told and bool(question.working))
        score = self._score
        self.score.setText(_("Right at the first try: {right} of {asked}").format(right=score.right, asked=score.asked))
        self.score.setVisible(not self._presents and score.asked > 0)

    def _say(self, text: str, tone: str) -> None:
        colours = {"good": theme.current().good, "warning": theme.current().warning}
        self.verdict.setText(strong(escape(text), colours.get(tone, "")) if text else "")
        self.verdict.setVisible(bool(text))

    @Slot()
    def _answer(self) -> None:
        if self._question is None or self._told or self._presents:
            return
        if self._question.form == "choice":
            if (number := self._group.checkedId()) < 0:
                self._say(_("Choose one of the options first."), "warning")
                return
            self.answered.emit(str(number))
        elif self.field.text().strip():
            self.answered.emit(self.field.text())
        else:
            self._say(_("Type an answer first."), "warning")
            self.field.setFocus()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._write()


class _Option(QFrame):
    """A radio button whose text may take several lines."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.button, self.label = QRadioButton(self), wrapped(self)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.label, 1)

    def show_text(self, text: str, enabled: bool, right: bool, plain: bool) -> None:
        """Show the option; the right one stands out, and a plain one is not chosen here."""
        html = escape(text.translate(_BREAKS))
        self.label.setText(strong(f"{html} ✓", theme.current().good) if right else html)
        self.button.setAccessibleName(text)
        self.button.setEnabled(enabled)
        self.button.setVisible(not plain)
        if plain:
            self.label.setText(f"– {self.label.text()}")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose it by its text too."""
        if self.button.isEnabled():
            self.button.setChecked(True)
            self.button.setFocus(Qt.FocusReason.MouseFocusReason)
        super().mousePressEvent(event)


class _Picture(QWidget):
    """A small picture, as large as there is room."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._pixels: Bytes | None = None
        self._image = QPixmap()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_pixels(self, pixels: Bytes | None) -> None:
        """Show uint8 (h, w, 3), or nothing."""
        self.setVisible(pixels is not None)
        if pixels is self._pixels:
            return
        self._pixels = pixels
        if pixels is not None:
            whole = np.ascontiguousarray(pixels)
            height, width = whole.shape[:2]
            image = QImage(whole.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
            self._image = QPixmap.fromImage(image)
        self.setAccessibleName(_("The picture that is asked about"))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for the picture."""
        return QSize(theme.px(_PICTURE), theme.px(_PICTURE))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the whole picture at the left; pixels of a small one stay squares."""
        if self._image.isNull():
            return
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, size.width() < 3 * self._image.width())
        painter.drawPixmap(0, 0, size.width(), size.height(), self._image)


def wrapped(parent: QWidget) -> QLabel:
    """Return a label whose text takes as many lines as it needs, and can be selected."""
    label = QLabel(parent)
    label.setObjectName("read")
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


def _tables(tables: tuple[Numbers, ...]) -> str:
    """Return tables of numbers as HTML, two beside one another where they are narrow."""
    together = 2 if sum(len(one.rows[0]) for one in tables[:2]) <= _NARROW else 1
    cells = [f'<td style="padding:0 10px 8px 0">{_table(one)}</td>' for one in tables]
    rows = [f"<tr>{''.join(cells[place : place + together])}</tr>" for place in range(0, len(cells), together)]
    return f'<table cellspacing="0" cellpadding="0">{"".join(rows)}</table>'


def _table(table: Numbers) -> str:
    colours = theme.current()
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td align="right" style="padding:1px 4px; border:1px solid {colours.line}">{shown(value)}</td>'
            for value in row
        )
        + "</tr>"
        for row in table.rows
    )
    title = f'<span style="color:{colours.dim}">{escape(str(table.title))}</span>'
    return f'{title}<table cellspacing="0" cellpadding="0" style="border-collapse:collapse">{rows}</table>'
