"""Two small stacks side by side: what a unit sees of the input, layer by layer, what it costs, and what is gained."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolButton,
    QWidget,
)

from explorer.errors import ExplorerError
from explorer.receptive.stack import LIMITS, MOST_CELLS, Stack
from explorer.receptive.stack_facts import Facts, differences, facts
from explorer.receptive.stack_presets import PAIRS, PRESETS, preset
from explorer.receptive.stack_words import told
from explorer.text import _
from ui import theme
from ui.widgets.chooser import Chooser
from ui.widgets.flow import FlowLayout
from ui.widgets.numbers import amount, shape
from ui.widgets.page import Page
from ui.widgets.panel import Panel
from ui.widgets.stack_editor import StackEditor
from ui.widgets.stack_view import StackView

_BEAT_MS = 700
_MOST_UNDO = 100
Pair = tuple[Stack, Stack]


class Stacks(Panel):
    """Everything follows a change at once; nothing of it needs a network."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        pair = preset(PAIRS[0][0]), preset(PAIRS[0][1])
        self._past: list[Pair] = []
        self._now: Pair = pair
        self.pair_label, self.pair = QLabel(self), Chooser(30, self)
        self.pair_label.setBuddy(self.pair)
        self.input_label, self.input = QLabel(self), [QSpinBox(self) for _n in range(3)]
        self.input_label.setBuddy(self.input[0])
        for spin, most in zip(self.input, (LIMITS["channels"][1], MOST_CELLS, MOST_CELLS), strict=True):
            spin.setRange(1, most)
            spin.setKeyboardTracking(False)
        self.cut, self.squares = QPushButton(self), QPushButton(self)
        for button in (self.cut, self.squares):
            button.setCheckable(True)
            button.setAutoExclusive(True)
        self.cut.setChecked(True)
        self.undo, self.play = QToolButton(self), QToolButton(self)
        theme.set_icon(self.undo, "undo")
        theme.set_icon(self.play, "play")
        for tool in (self.undo, self.play):
            tool.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.step = QSlider(Qt.Orientation.Horizontal, self)
        self.step.setMaximum(0)
        self.step.setPageStep(1)
        self.problem = QLabel(self)
        self.problem.setObjectName("warning")
        self.problem.setWordWrap(True)
        self.editors = [StackEditor(stack, self) for stack in pair]
        self.views = [StackView(self) for _n in pair]
        self.table, self.words = Page(self), Page(self)
        for page in (self.table, self.words):
            page.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            page.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._beat = QTimer(self)
        self._beat.setSingleShot(True)
        self._beat.setInterval(_BEAT_MS)
        self._beat.timeout.connect(self._go_on)
        self._lay_out()
        self.pair.activated.connect(self._take_pair)
        for spin in self.input:
            spin.valueChanged.connect(self._take_input)
        for editor in self.editors:
            editor.changed.connect(self._take_edit)
        self.cut.toggled.connect(self._draw_as)
        self.undo.clicked.connect(self._undo)
        self.play.clicked.connect(self._play)
        self.step.valueChanged.connect(self._show_step)
        for page in (self.table, self.words):
            page.document().documentLayout().documentSizeChanged.connect(self._fit_pages)
        self.retranslate()
        self._follow_text()
        self._show()

    def _lay_out(self) -> None:
        for widget in (self.cut, self.squares, self.play, self.step, self.undo):
            self.header.addWidget(widget)
        bar = FlowLayout(spacing=16)
        bar.addWidget(_row(self.pair_label, self.pair))
        channels, rows, columns = self.input
        bar.addWidget(_row(self.input_label, channels, QLabel("×"), rows, QLabel("×"), columns))
        inside = QWidget(self)
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 4, 0)
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(8)
        for column, (editor, view) in enumerate(zip(self.editors, self.views, strict=True)):
            grid.addWidget(editor, 0, column)
            grid.addWidget(view, 1, column)
            grid.setColumnStretch(column, 1)
        grid.addWidget(self.table, 2, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.words, 2, 1, Qt.AlignmentFlag.AlignTop)
        grid.setRowStretch(1, 1)
        scroll = QScrollArea(self)
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        for ground in (scroll.viewport(), inside):  # the panel's colour shows through
            ground.setAutoFillBackground(False)
        self.body.addLayout(bar)
        self.body.addWidget(self.problem)
        self.body.addWidget(scroll, 1)

    # what others ask

    @property
    def stacks(self) -> Pair:
        """The two stacks that are shown."""
        return self._now

    def lay_side_by_side(self, first: Stack, second: Stack) -> None:
        """Show these two, over the first one's input."""
        self._set((first, second.with_input(first.input)))

    def show_presets(self, first: str, second: str = "") -> None:
        """Lay two presets side by side; beside a single one what it is usually compared with."""
        pairs = [(one, other) for pair in PAIRS for one, other in (pair, pair[::-1]) if one == first]
        self.lay_side_by_side(preset(first), preset(second or (pairs[0][1] if pairs else first)))

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Stacks"), _("what a unit sees, and what that costs"))
        self.pair_label.setText(_("Compare"))
        self.pair.setAccessibleName(_("Two stacks to compare"))
        self.pair.setPlaceholderText(_("Own stacks"))
        chosen = self.pair.currentIndex()
        self.pair.clear()
        for first, second in PAIRS:
            self.pair.addItem(f"{_(PRESETS[first].title)}  –  {_(PRESETS[second].title)}", (first, second))
        self.pair.setCurrentIndex(chosen)
        self.input_label.setText(_("Input"))
        for spin, name in zip(self.input, (_("channels"), _("rows"), _("columns")), strict=True):
            spin.setAccessibleName(_("Input: {what}").format(what=name))
            spin.setToolTip(name)
        self.cut.setText(_("Cut"))
        self.cut.setToolTip(_("One row of every map"))
        self.squares.setText(_("Area"))
        self.squares.setToolTip(_("Rows and columns of every map"))
        for tool, text in (
            (self.undo, _("Take the last change of the stacks back")),
            (self.play, _("Let the area grow layer by layer")),
        ):
            tool.setToolTip(text)
            tool.setAccessibleName(text)
        self.step.setAccessibleName(_("Layers below the output"))
        self.step.setToolTip(_("How far down from the output to follow what the unit sees"))
        for editor, title in zip(self.editors, (_("First"), _("Second")), strict=True):
            editor.set_title(title)
        for view, title in zip(self.views, (_("First"), _("Second")), strict=True):
            view.setAccessibleName(_("What a unit sees: {stack}").format(stack=title))
        self.table.setAccessibleName(_("Figures of the two stacks"))
        self.words.setAccessibleName(_("What is gained, what is lost"))
        self._write()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        self._write()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of text size too."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "words"):
            self._follow_text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the text take more or fewer lines."""
        super().resizeEvent(event)
        self._fit_editors()
        self._fit_pages()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stand still while nobody looks."""
        super().hideEvent(event)
        self._beat.stop()

    # what the person does

    @Slot(int)
    def _take_pair(self, place: int) -> None:
        names = self.pair.itemData(place)
        try:
            self._set((preset(names[0], self._now[0].input), preset(names[1], self._now[0].input)))
        except ExplorerError as error:
            self._say(str(error))
            self._mark_pair()

    @Slot()
    def _take_input(self) -> None:
        channels, rows, columns = (spin.value() for spin in self.input)
        try:
            first, second = (stack.with_input((channels, rows, columns)) for stack in self._now)
        except ExplorerError as error:
            self._say(str(error))  # what was typed stays, to be mended
        else:
            self._set((first, second))

    @Slot()
    def _take_edit(self) -> None:
        """Take what was changed in one of the two; another input, which was pasted, becomes the other's too."""
        first, second = (editor.stack for editor in self.editors)
        try:
            if first.input != self._now[0].input:
                second = second.with_input(first.input)
            elif second.input != first.input:
                first = first.with_input(second.input)
        except ExplorerError as error:
            self._show()
            self._say(str(error))
            return
        self._set((first, second))

    @Slot()
    def _undo(self) -> None:
        if self._past:
            self._now = self._past.pop()
            self._show()

    @Slot()
    def _play(self) -> None:
        self.step.setValue(0)
        self._beat.start()

    @Slot()
    def _go_on(self) -> None:
        self.step.setValue(self.step.value() + 1)
        if self.step.value() < self.step.maximum():
            self._beat.start()

    @Slot(int)
    def _show_step(self, step: int) -> None:
        for view in self.views:
            view.show_step(step)

    @Slot(bool)
    def _draw_as(self, cut: bool) -> None:
        for view in self.views:
            view.show_as(cut)

    # inner

    def _set(self, pair: Pair) -> None:
        if pair != self._now:
            self._past = [*self._past, self._now][-_MOST_UNDO:]
            self._now = pair
        self._show()

    def _show(self) -> None:
        """Show the two stacks everywhere; the chosen rows stay."""
        for editor, view, stack in zip(self.editors, self.views, self._now, strict=True):
            if editor.stack != stack:
                editor.show_stack(stack)
            view.show_stack(stack)
        span = max(view.wanted_span for view in self.views)
        count = max(len(view.levels) for view in self.views)
        for view in self.views:
            view.show_scale(span, count)
        for spin, value in zip(self.input, self._now[0].input, strict=True):
            with QSignalBlocker(spin):
                spin.setValue(value)
        followed = self.step.value() == self.step.maximum()
        self.step.setMaximum(max(len(stack.blocks) for stack in self._now))
        if followed and not self._beat.isActive():
            self.step.setValue(self.step.maximum())
        self._show_step(self.step.value())
        self.undo.setEnabled(bool(self._past))
        self._mark_pair()
        self._say("")
        self._write()

    def _mark_pair(self) -> None:
        shown = next((row for row, names in enumerate(PAIRS) if _are(names, self._now)), -1)
        self.pair.setCurrentIndex(shown)

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    def _write(self) -> None:
        first, second = (facts(stack) for stack in self._now)
        self.table.write(table(first, second))
        self.words.write(words(first, second))
        self._fit_pages()

    def _follow_text(self) -> None:
        """Give the numbers the room that the text's size asks for."""
        for spin in self.input:
            spin.setFixedWidth(theme.px(72))
        self.step.setMinimumWidth(theme.px(110))
        self._fit_editors()
        self._write()

    def _fit_editors(self) -> None:
        for editor in self.editors:
            editor.fit((self.contentsRect().width() - 60) // 2)

    @Slot()
    def _fit_pages(self) -> None:
        """Give the pages the height of their text: they scroll with everything else."""
        for page in (self.table, self.words):
            page.setFixedHeight(int(page.document().size().height()) + 6)


def _row(*widgets: QWidget) -> QWidget:
    """Return the widgets side by side, so that they wrap together."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    for widget in widgets:
        row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
    return holder


def _are(names: tuple[str, str], pair: Pair) -> bool:
    try:
        return all(preset(name, stack.input) == stack for name, stack in zip(names, pair, strict=True))
    except ExplorerError:
        return False


def table(first: Facts, second: Facts) -> str:
    """Return the figures side by side as HTML, the better one of two marked."""
    verdicts = {one.what: one.verdict for one in differences(first, second)}
    rows = [
        (_("Area of a unit"), *(shape(one.area) for one in (first, second)), verdicts["area"]),
        (_("Cells that it sees"), *(_seen(one) for one in (first, second)), verdicts["gaps"]),
        (_("Distance between areas"), *(str(one.stride[0]) for one in (first, second)), verdicts["stride"]),
        (_("Weights"), *(_weights(one) for one in (first, second)), verdicts["weights"]),
        (_("Biases"), *(f"{one.biases:,}" for one in (first, second)), "same"),
        (_("MACs"), *(f"{one.macs:,}" for one in (first, second)), verdicts["macs"]),
        (_("Non-linearities"), *(str(one.nonlinearities) for one in (first, second)), verdicts["nonlinearities"]),
        (_("Output"), *(shape(one.output) for one in (first, second)), "same"),
        (_("Values in all maps"), *(_values(one) for one in (first, second)), verdicts["values"]),
        (_("Input cells never seen"), *(f"{one.unseen:,}" for one in (first, second)), verdicts["unseen"]),
    ]
    colours = theme.current()
    head = "".join(
        f'<th align="{side}" width="{width}" style="font-weight:600; padding:0 10px 4px 0; '
        f'border-bottom:1px solid {colours.line}">{escape(text)}</th>'
        for text, side, width in (("", "left", "36%"), (_("First"), "right", "32%"), (_("Second"), "right", "32%"))
    )
    return f'<table width="100%" cellspacing="0" cellpadding="0"><tr>{head}</tr>{"".join(map(_line, rows))}</table>'


def _line(row: tuple[str, ...]) -> str:
    name, first, second, verdict = row
    colours = theme.current()
    cells = "".join(
        f'<td align="right" style="padding:2px 10px 2px 0; color:{colours.good if better else colours.text}; '
        f'font-weight:{600 if better else 400}">{escape(text)}{" ●" if better else ""}</td>'
        for text, better in ((first, verdict == "lost"), (second, verdict == "gained"))
    )
    return f'<tr><td style="color:{colours.dim}; padding:2px 10px 2px 0">{escape(name)}</td>{cells}</tr>'


def words(first: Facts, second: Facts) -> str:
    """Return what the second stack gains and loses against the first, as HTML."""
    colours, found = theme.current(), told(first, second)
    heads = (
        (_("Gained by the second"), colours.good, found.gained),
        (_("Lost by the second"), colours.warning, found.lost),
        (_("The same"), colours.dim, found.same),
    )
    return "".join(_paragraph(head, colour, sentences) for head, colour, sentences in heads if sentences)


def _paragraph(head: str, colour: str, sentences: Sequence[str]) -> str:
    body = "<br>".join(map(escape, sentences))
    return (
        f'<p style="margin:0 0 8px 0"><span style="color:{colour}; font-weight:600">{escape(head)}</span><br>{body}</p>'
    )


def _seen(one: Facts) -> str:
    return _("{seen} of {box}").format(seen=one.seen, box=one.box)


def _weights(one: Facts) -> str:
    return f"{one.weights:,}" + (f" = {one.squares} C²" if one.squares else "")


def _values(one: Facts) -> str:
    """Return how many values the maps hold, and the memory of them as float32."""
    return f"{one.values:,} · {amount(4 * one.values)}B"
