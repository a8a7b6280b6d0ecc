"""The filters to choose from: the lecture's, the textbooks' and the person's own, each with what it does."""

from __future__ import annotations

from html import escape
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QWidget,
)

from explorer.engine.events import Exported, Problem
from explorer.errors import ExplorerError
from explorer.filters import bank, own
from explorer.filters.bank import BANK, GROUPS
from explorer.filters.filter import Filter
from explorer.filters.kernel import Kernel, Magnitude, Operator
from explorer.text import _
from ui import theme
from ui.controller import Controller
from ui.filtering import Filtering
from ui.widgets.filter_rows import BankList, Row
from ui.widgets.panel import Panel
from ui.widgets.saving import ask_where

_OWN = "own:"
_KINDS = "TOML (*.toml)"
_NUMBERS: dict[str, tuple[tuple[str, float, float, float, float], ...]] = {
    "gaussian": (("σ", 0.3, 10.0, 1.0, 0.25),),
    "unsharp": (("σ", 0.3, 10.0, 1.0, 0.25), ("×", 0.1, 10.0, 1.0, 0.25)),
    "motion": (("px", 1.0, 63.0, 9.0, 2.0), ("°", -180.0, 180.0, 45.0, 15.0)),
}
"""What a person can choose of an entry: its sign, least, most, as the bank has it, and a step."""


class FilterBank(Panel):
    """A click puts a filter in place of the chosen one of the chain; Shift, or the button, adds it after that."""

    def __init__(self, controller: Controller, filtering: Filtering, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller, self._filtering = controller, filtering
        self._own: dict[str, Operator] | None = None
        self.list = BankList(self)
        self.add, self.open, self.save = QToolButton(self), QToolButton(self), QToolButton(self)
        for button, icon in ((self.add, "plus"), (self.open, "folder"), (self.save, "save")):
            button.setObjectName("small")
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            theme.set_icon(button, icon)
            self.header.addWidget(button)
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.hint = QLabel(self)
        self.hint.setObjectName("dim")
        self.hint.setWordWrap(True)
        self.signs, self.numbers = [QLabel(self) for _n in range(2)], [QDoubleSpinBox(self) for _n in range(2)]
        made = QHBoxLayout()
        made.setSpacing(6)
        for sign, spin in zip(self.signs, self.numbers, strict=True):
            sign.setObjectName("dim")
            spin.setKeyboardTracking(False)
            spin.setDecimals(2)
            spin.valueChanged.connect(self._make)
            made.addWidget(sign)
            made.addWidget(spin, 1)
        self.name, self.keep = QLineEdit(self), QPushButton(self)
        self.name.setMaxLength(own.LONGEST_NAME)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.name, 1)
        row.addWidget(self.keep)
        self.problem = QLabel(self)
        self.problem.setObjectName("warning")
        self.problem.setWordWrap(True)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.body.addWidget(self.list, 1)
        self.body.addWidget(self.hint)
        self.body.addWidget(self.words)
        self.body.addLayout(made)
        self.body.addLayout(row)
        self.body.addWidget(self.problem)
        self.list.put_wanted.connect(self.put)
        self.list.remove_wanted.connect(self.forget)
        self.list.currentRowChanged.connect(self._show_words)
        self.add.clicked.connect(self._add)
        self.open.clicked.connect(self._open)
        self.save.clicked.connect(self._save)
        self.keep.clicked.connect(self._keep)
        self.name.returnPressed.connect(self._keep)
        self.name.textEdited.connect(self._forget_problem)
        filtering.chain_changed.connect(self._follow)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Filters"))
        self.list.setAccessibleName(_("Filters to choose from"))
        for button, text in (
            (self.add, _("Add the filter to the chain (Shift+Enter)")),
            (self.open, _("Open a file of kernels…")),
            (self.save, _("Save the own kernels to a file…")),
        ):
            button.setToolTip(text)
            button.setAccessibleName(text)
        self.hint.setText(_("A click replaces the chosen filter; Shift and a click, or +, adds one."))
        self.name.setPlaceholderText(_("Name of this kernel"))
        self.name.setAccessibleName(_("Name under which the chosen kernel is kept"))
        self.keep.setText(_("Keep"))
        self.keep.setToolTip(_("Keep the chosen kernel of the chain in your own bank"))
        self._list()
        self._follow()
        self._say("")

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        self.list.viewport().update()
        self._show_words()

    def showEvent(self, event: QShowEvent) -> None:
        """Read the own kernels once somebody looks."""
        super().showEvent(event)
        if self._own is None:
            self._own, error = own.load()
            if error is not None:
                self._controller.report(Problem("engine", error))
            self._list()
            self._follow()

    # what is chosen

    @Slot(str, bool)
    def put(self, key: str, adds: bool) -> None:
        """Put an entry in place of the chosen filter, or after it where it ``adds``."""
        if adds and self._filtering.full:
            self._say(_("The chain is full: take a filter out first."))
            return
        self._say("")
        if (named := BANK.get(key)) is not None:
            self._filtering.put(named.filter, adds)
        elif (operator := (self._own or {}).get(key.removeprefix(_OWN))) is not None:
            self._filtering.put(Filter(operator, signed=_is_signed(operator)), adds)

    @Slot(str)
    def forget(self, key: str) -> None:
        """Throw one of the own kernels away."""
        name = key.removeprefix(_OWN)
        if key.startswith(_OWN) and self._own and name in self._own:
            self._write({other: one for other, one in self._own.items() if other != name})

    @Slot()
    def _add(self) -> None:
        if self.list.current():
            self.put(self.list.current(), True)

    @Slot()
    def _keep(self) -> None:
        """Keep the chosen filter's kernel under the name that was typed."""
        one, name = self._filtering.filter, self.name.text().strip()
        if one is None:
            self._say(_("There is no kernel yet: choose a filter or type a kernel first."))
            return
        kept = self._own or {}
        try:
            own.check_name(name, kept)
        except ExplorerError as error:
            self._say(str(error))
            return
        operator = own.named(one.kernel, name)
        if self._write({**kept, name: operator}):
            self.name.clear()
            self._filtering.edit(kernel=operator)
            self.list.choose(_OWN + name)

    def _write(self, kept: dict[str, Operator]) -> bool:
        try:
            own.save(kept.values())
        except ExplorerError as error:
            self._say(str(error))
            return False
        self._own = kept
        self._say("")
        self._list()
        return True

    @Slot()
    def _open(self) -> None:
        path, _kind = QFileDialog.getOpenFileName(self, _("Open a file of kernels"), "", _KINDS)
        if path:
            self.open_file(Path(path))

    def open_file(self, path: Path) -> None:
        """Take the kernels of a file among the own ones; one whose name is taken gets a number."""
        try:
            found = own.read(path)
        except FileNotFoundError:
            self._say(_("{file} is not there any more: choose another one.").format(file=path))
            return
        except ExplorerError as error:
            self._say(str(error))
            return
        kept = dict(self._own or {})
        for name, one in found.items():
            if kept.get(name) != one:
                free = _free(name, kept)
                kept[free] = own.named(one, free)
        if self._write(kept):
            self.list.choose(_OWN + next(iter(found), ""))

    @Slot()
    def _save(self) -> None:
        path = ask_where(self, self.save.toolTip(), "kernels", "toml")
        if path:
            self.save_file(Path(path))

    def save_file(self, path: Path) -> None:
        """Write the own kernels to a file that can be shared."""
        try:
            own.write(path, (self._own or {}).values())
        except ExplorerError as error:
            self._say(str(error))
        else:
            self._say("")
            self._controller.exported.emit(Exported((str(path),)))

    # what is shown

    def _list(self) -> None:
        rows = []
        for group, heading in GROUPS.items():
            rows.append(Row("", _(heading)))
            for name, one in BANK.items():
                if one.group == group:
                    rows.append(Row(name, _(one.title), _size(one.kernel), one.kernel, _(one.note)))
        kept = self._own or {}
        if kept:
            rows.append(Row("", _("Own")))
            told = _("Delete throws it away")
            rows += [Row(_OWN + name, name, _size(one), one, told) for name, one in kept.items()]
        self.list.show_rows(rows)
        self.save.setEnabled(bool(kept))

    @Slot()
    def _follow(self) -> None:
        """Choose the entry that the chosen filter of the chain has its kernel from, if any."""
        one = self._filtering.filter
        key = "" if one is None else one.name
        if key not in BANK:
            key = _OWN + key if self._own and key in self._own else ""
        if key:
            blocker = QSignalBlocker(self.list)
            self.list.choose(key)
            blocker.unblock()
        self.keep.setEnabled(one is not None)
        self._show_words()

    @Slot()
    def _show_words(self) -> None:
        key = self.list.current()
        named, dim = BANK.get(key), theme.current().dim
        if named is not None:
            text = f"{escape(_(named.note))}<br><span style='color:{dim}'>{escape(_(named.source))}</span>"
        elif key:
            text = escape(_("A kernel of your own. Delete throws it away."))
        else:
            text = f"<span style='color:{dim}'>" + escape(_("Click a filter: it is applied at once.")) + "</span>"
        self.words.setText(f"<span style='font-size:{theme.px(12)}px'>{text}</span>")
        fields = _NUMBERS.get(key, ())
        for place, (sign, spin) in enumerate(zip(self.signs, self.numbers, strict=True)):
            there = place < len(fields)
            sign.setVisible(there)
            spin.setVisible(there)
            if (there and sign.text() != fields[place][0]) or (there and spin.property("of") != key):
                blocker = QSignalBlocker(spin)
                name, least, most, usual, step = fields[place]
                sign.setText(name)
                spin.setRange(least, most)
                spin.setSingleStep(step)
                spin.setValue(usual)
                spin.setProperty("of", key)
                spin.setAccessibleName(name)
                blocker.unblock()

    @Slot()
    def _make(self) -> None:
        """Put the kernel of the chosen numbers in place of the chosen filter."""
        key, (first, second) = self.list.current(), [spin.value() for spin in self.numbers]
        try:
            if key == "gaussian":
                kernel = bank.gaussian(first, f"Gaussian σ {first:g}")
            elif key == "unsharp":
                kernel = bank.unsharp(first, second, f"Unsharp σ {first:g} × {second:g}")
            elif key == "motion":
                kernel = bank.motion(round(first), second, f"Motion {round(first)} px {second:g}°")
            else:
                return
        except ExplorerError as error:
            self._say(str(error))
            return
        self._say("")
        self._filtering.edit_kernel(kernel)

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    @Slot()
    def _forget_problem(self) -> None:
        self._say("")


def _size(operator: Operator) -> str:
    return " × ".join(map(str, operator.shape))


def _is_signed(operator: Operator) -> bool:
    """Whether clipping would lose half of what a kernel gives: its weights cancel, and nothing lifts the result."""
    if isinstance(operator, Magnitude):
        return False
    size = sum(abs(weight) for row in operator.weights for weight in row)
    return isinstance(operator, Kernel) and size > 0 and abs(operator.sum) < 1e-6 * size and operator.offset == 0


def _free(name: str, taken: dict[str, Operator]) -> str:
    """Return ``name``, or with a number where it is taken."""
    number, free = 2, name
    while free in taken or free in BANK:
        free, number = f"{name[: own.LONGEST_NAME - 5]} {number}", number + 1
    return free
