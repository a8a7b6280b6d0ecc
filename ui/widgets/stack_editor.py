"""One stack to build: a preset, its blocks, and the chosen block's numbers; what does not run is said in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.errors import ExplorerError
from explorer.receptive.stack import KINDS, LIMITS, MOST_BLOCKS, Block, Stack
from explorer.receptive.stack_facts import misfits
from explorer.receptive.stack_presets import PRESETS, preset
from explorer.receptive.stack_words import KIND_NAMES, details, short, unfit
from explorer.text import _
from ui import theme
from ui.widgets.block_list import BlockList
from ui.widgets.chooser import Chooser

_CONV_ONLY = ("channels", "groups")


class StackEditor(QWidget):
    """Shows the last stack that runs; a change that would not run is refused with a sentence.

    Signals:
        changed: the person made another stack of it.
    """

    changed = Signal()

    def __init__(self, stack: Stack, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stack, self._row = stack, 0
        self.title, self.preset = QLabel(self), Chooser(16, self)
        self.title.setObjectName("title")
        self.title.setBuddy(self.preset)
        self.copy, self.paste = QPushButton(self), QPushButton(self)
        self.list = BlockList(self)
        self.add, self.remove, self.up, self.down = (QToolButton(self) for _n in range(4))
        for button, icon in zip(
            (self.add, self.remove, self.up, self.down), ("plus", "delete", "chevron-up", "chevron-down"), strict=True
        ):
            button.setObjectName("small")
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            theme.set_icon(button, icon)
        self.kind, self.relu = Chooser(10, self), QCheckBox(self)
        self.numbers = {name: QSpinBox(self) for name in LIMITS}
        self.labels = {name: QLabel(self) for name in ("kind", *LIMITS)}
        for name, spin in self.numbers.items():
            spin.setRange(*LIMITS[name])
            spin.setKeyboardTracking(False)
            self.labels[name].setBuddy(spin)
        self.labels["kind"].setBuddy(self.kind)
        for label in self.labels.values():
            label.setObjectName("dim")
        self.note = QLabel(self)
        self.note.setObjectName("warning")
        self.note.setWordWrap(True)
        self._lay_out()
        self.preset.activated.connect(self._take_preset)
        self.copy.clicked.connect(self._copy)
        self.paste.clicked.connect(self._paste)
        self.list.currentRowChanged.connect(self._choose)
        self.list.move_wanted.connect(self._move)
        self.list.remove_wanted.connect(self._remove)
        self.list.add_wanted.connect(self._add)
        self.add.clicked.connect(self._add)
        self.remove.clicked.connect(self._remove)
        self.up.clicked.connect(self._move_up)
        self.down.clicked.connect(self._move_down)
        self.kind.activated.connect(self._take_kind)
        self.relu.clicked.connect(self._take_form)
        for spin in self.numbers.values():
            spin.valueChanged.connect(self._take_form)
        self.retranslate()
        self._follow_text()

    def _follow_text(self) -> None:
        """Give the list and the numbers the room that the text's size asks for."""
        self.list.setMinimumWidth(theme.px(110))
        self.list.setFixedHeight(theme.px(140))
        for spin in self.numbers.values():
            spin.setMinimumWidth(theme.px(56))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.title)
        head.addWidget(self.preset, 1)
        head.addWidget(self.copy)
        head.addWidget(self.paste)
        buttons = QVBoxLayout()
        buttons.setSpacing(2)
        for button in (self.add, self.remove, self.up, self.down):
            buttons.addWidget(button)
        buttons.addStretch(1)
        form = QGridLayout()
        form.setHorizontalSpacing(6)
        form.setVerticalSpacing(1)
        form.addWidget(self.labels["kind"], 0, 0, 1, 2)
        form.addWidget(self.kind, 1, 0, 1, 2)
        form.addWidget(self.relu, 1, 2)
        for place, name in enumerate(("kernel", "stride", "padding", "dilation", "channels", "groups")):
            row, column = 2 + 2 * (place // 3), place % 3
            form.addWidget(self.labels[name], row, column)
            form.addWidget(self.numbers[name], row + 1, column)
        for column in range(3):
            form.setColumnStretch(column, 1)
        form.setRowStretch(6, 1)
        blocks = QHBoxLayout()
        blocks.setSpacing(6)
        blocks.addWidget(self.list, 1)
        blocks.addLayout(buttons)
        self._middle = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._middle.setSpacing(10)
        self._middle.addLayout(blocks, 1)
        self._middle.addLayout(form, 1)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.setSpacing(6)
        column_.addLayout(head)
        column_.addLayout(self._middle)
        column_.addWidget(self.note)
        column_.addStretch(1)

    # what the panel asks

    @property
    def stack(self) -> Stack:
        """The stack that is shown."""
        return self._stack

    def show_stack(self, stack: Stack, row: int = 0) -> None:
        """Show ``stack`` and choose the block in ``row``."""
        self._stack = stack
        self._row = max(0, min(row, len(stack.blocks) - 1))
        self._write()

    def set_title(self, title: str) -> None:
        """Show which of the two it is."""
        self.title.setText(title)
        self.list.setAccessibleName(_("Blocks: {stack}").format(stack=title))
        self.preset.setAccessibleName(_("Preset: {stack}").format(stack=title))

    def fit(self, width: int) -> None:
        """Put the numbers below the list where there will be no more than ``width`` px for both."""
        narrow = width < theme.px(390)
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._middle.setDirection(way)

    def take(self, text: str) -> None:
        """Show the stack that ``text`` writes as JSON, or say why that cannot be."""
        try:
            stack = Stack.from_json(text, self._stack.input)
        except ExplorerError as error:
            self._say(str(error))
        else:
            self._change(stack.blocks, 0, stack.input)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        words = {
            "kind": _("block"),
            "kernel": _("kernel"),
            "stride": _("stride"),
            "padding": _("padding"),
            "dilation": _("dilation"),
            "channels": _("channels"),
            "groups": _("groups"),
        }
        for name, label in self.labels.items():
            label.setText(words[name])
        for name, spin in self.numbers.items():
            spin.setAccessibleName(words[name])
        self.kind.setAccessibleName(words["kind"])
        self.relu.setText("ReLU")
        self.relu.setToolTip(_("A ReLU after the block"))
        for button, text in (
            (self.add, _("Add a block below (Insert in the list)")),
            (self.remove, _("Remove the block (Delete in the list)")),
            (self.up, _("Move the block up (Alt+Up in the list)")),
            (self.down, _("Move the block down (Alt+Down in the list)")),
            (self.copy, _("Copy the stack as JSON")),
            (self.paste, _("Paste a stack from JSON")),
        ):
            button.setToolTip(text)
            button.setAccessibleName(text)
        self.copy.setText(_("Copy"))
        self.paste.setText(_("Paste"))
        chosen = self.kind.currentIndex()
        self.kind.clear()
        for kind in KINDS:
            self.kind.addItem(_(KIND_NAMES[kind]), kind)
        self.kind.setCurrentIndex(chosen)
        self.preset.clear()
        self.preset.setPlaceholderText(_("Own stack"))
        for name, one in PRESETS.items():
            self.preset.addItem(_(one.title), name)
        self._write()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language or text size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.FontChange and hasattr(self, "numbers"):
            self._follow_text()

    # what the person does

    @Slot(int)
    def _take_preset(self, row: int) -> None:
        try:
            stack = preset(str(self.preset.itemData(row)), self._stack.input)
        except ExplorerError as error:
            self._write()
            self._say(str(error))
        else:
            self._change(stack.blocks, 0)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._stack.to_json())

    @Slot()
    def _paste(self) -> None:
        self.take(QGuiApplication.clipboard().text())

    @Slot(int)
    def _choose(self, row: int) -> None:
        if row >= 0:
            self._row = row
            self._write_form()
            self._say_misfits()

    @Slot(int, int)
    def _move(self, row: int, to: int) -> None:
        blocks = list(self._stack.blocks)
        blocks.insert(to, blocks.pop(row))
        self._change(blocks, to)

    @Slot()
    def _move_up(self) -> None:
        if self._row > 0:
            self._move(self._row, self._row - 1)

    @Slot()
    def _move_down(self) -> None:
        if self._row < len(self._stack.blocks) - 1:
            self._move(self._row, self._row + 1)

    @Slot()
    def _remove(self) -> None:
        if len(self._stack.blocks) > 1:
            blocks = [block for row, block in enumerate(self._stack.blocks) if row != self._row]
            self._change(blocks, self._row)

    @Slot()
    def _add(self) -> None:
        if len(self._stack.blocks) < MOST_BLOCKS:
            channels = self._stack.shapes[self._row + 1][0]
            new = Block("conv", 3, padding=1, channels=channels, relu=True)
            blocks = (*self._stack.blocks[: self._row + 1], new, *self._stack.blocks[self._row + 1 :])
            self._change(blocks, self._row + 1)

    @Slot(int)
    def _take_kind(self, place: int) -> None:
        """Begin the other kind with numbers that usually go with it."""
        kind, old = KINDS[place], self._stack.blocks[self._row]
        if kind == old.kind:
            return
        if kind == "conv":
            channels = self._stack.shapes[self._row][0]
            new = Block(kind, old.kernel, old.stride, channels=channels, relu=True)
        elif old.kind == "conv":
            new = Block(kind, 2, 2)
        else:
            new = replace(old, kind=kind, dilation=1)
        self._put(new)

    @Slot()
    def _take_form(self) -> None:
        """Make the chosen block what the form says."""
        kind = self._stack.blocks[self._row].kind
        values = {name: spin.value() for name, spin in self.numbers.items()}
        try:
            new = Block(kind=kind, relu=self.relu.isChecked(), **values)
        except ExplorerError as error:
            self._say(str(error))
        else:
            self._put(new)

    def _put(self, block: Block) -> None:
        blocks = list(self._stack.blocks)
        blocks[self._row] = block
        self._change(blocks, self._row)

    def _change(self, blocks: Sequence[Block], row: int, input: tuple[int, int, int] | None = None) -> None:
        """Take these blocks, or say why they do not run; the form keeps what was typed, to be mended."""
        try:
            stack = Stack(tuple(blocks), input or self._stack.input)
        except ExplorerError as error:
            self._write_list()  # a row that was dragged goes back
            self._say(str(error))
            return
        self.show_stack(stack, row)
        self.changed.emit()

    # inner

    def _write(self) -> None:
        self._write_list()
        self._write_form()
        self._say_misfits()

    def _write_list(self) -> None:
        rows = [(short(block), details(block)) for block in self._stack.blocks]
        self.list.show_rows(rows, self._row)
        name = next((n for n in PRESETS if _same(n, self._stack)), "")
        self.preset.setCurrentIndex(self.preset.findData(name) if name else -1)
        count = len(rows)
        self.add.setEnabled(count < MOST_BLOCKS)
        self.remove.setEnabled(count > 1)
        self.up.setEnabled(self._row > 0)
        self.down.setEnabled(self._row < count - 1)

    def _write_form(self) -> None:
        block = self._stack.blocks[self._row]
        self.kind.setCurrentIndex(KINDS.index(block.kind))
        self.relu.setChecked(block.relu)
        self.up.setEnabled(self._row > 0)
        self.down.setEnabled(self._row < len(self._stack.blocks) - 1)
        for name, spin in self.numbers.items():
            with QSignalBlocker(spin):
                spin.setValue(getattr(block, name))
            means = not (name in _CONV_ONLY and block.kind != "conv") and not (
                name == "dilation" and block.kind == "average pool"
            )
            spin.setVisible(means)
            self.labels[name].setVisible(means)

    def _say_misfits(self) -> None:
        self._say("\n".join(unfit(self._stack.blocks[one.place - 1], one) for one in misfits(self._stack)))

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))


def _same(name: str, stack: Stack) -> bool:
    try:
        return preset(name, stack.input).blocks == stack.blocks
    except ExplorerError:
        return False
