"""How many weights a network of layers has, worked layer by layer."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QSpinBox,
    QTreeView,
    QWidget,
)

from explorer.arithmetic.counts import MOST, Count, Plan, Row, count, layers
from explorer.text import _
from ui import theme
from ui.casework import Casework
from ui.exercise_tools import Drawing, ExerciseTools
from ui.widgets.drawn_table import DrawnTable
from ui.widgets.numbers import percent, shape
from ui.widgets.panel import Panel
from ui.widgets.tables import align_heads

_COLUMNS = 6


class CaseWeights(Panel):
    """A network that cannot be is said in place; the last good one stays."""

    def __init__(self, work: Casework, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self.tools = ExerciseTools(work, self._drawing, self)
        self.header.addWidget(self.tools)
        self.spins = [QSpinBox(self) for _n in range(3)]
        for spin in self.spins:
            spin.setRange(1, MOST)
            spin.setKeyboardTracking(False)
            spin.setFixedWidth(theme.px(92))
        self.layers, self.bias = QLineEdit(self), QCheckBox(self)
        self.table, self._rows = QTreeView(self), QStandardItemModel(0, _COLUMNS, self)
        self.table.setModel(self._rows)
        self.table.setObjectName("roomy")
        self.table.setRootIsDecorated(False)
        self.table.setAlternatingRowColors(True)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.header().setSectionsMovable(False)
        self.table.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.worked, self.total, self.help, self.problem = (QLabel(self) for _n in range(4))
        self.help.setObjectName("dim")
        self.problem.setObjectName("warning")
        for label in (self.worked, self.total, self.help, self.problem):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        for label in (self.worked, self.total):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._labels = [QLabel(self), QLabel(self)]
        first, second = QHBoxLayout(), QHBoxLayout()
        for label, line in zip(self._labels, (first, second), strict=True):
            label.setObjectName("dim")
            label.setMinimumWidth(theme.px(52))
            line.setSpacing(8)
            line.addWidget(label)
        for spin in self.spins:
            first.addWidget(spin)
        first.addWidget(self.bias)
        first.addStretch(1)
        second.addWidget(self.layers, 1)
        self.body.addLayout(first)
        self.body.addLayout(second)
        for label in (self.help, self.problem, self.worked, self.total):
            self.body.addWidget(label)
        self.body.addWidget(self.table, 1)
        self.layers.editingFinished.connect(self._take)
        self.bias.clicked.connect(self._take)
        for spin in self.spins:
            spin.valueChanged.connect(self._take)
        for refused in (work.refused, self.tools.refused):
            refused.connect(self._say)
        work.subject_changed.connect(self._follow)
        self.retranslate()

    @property
    def plan(self) -> Plan:
        """The network that is counted."""
        return self._work.plan

    @property
    def counted(self) -> Count:
        """What it has."""
        return count(self._work.plan)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Weights"))
        self._labels[0].setText(_("Input"))
        self._labels[1].setText(_("Layers"))
        for spin, text in zip(
            self.spins, (_("Channels of the input"), _("Rows of the input"), _("Columns of the input")), strict=True
        ):
            spin.setToolTip(text)
            spin.setAccessibleName(text)
        self.layers.setAccessibleName(_("Layers, one after another"))
        self.bias.setText(_("With biases"))
        self.table.setAccessibleName(_("Weights of each layer"))
        self.help.setText(
            _(
                "conv3-128: 128 filters of 3×3 · fc-1000: 1000 nodes · maxpool: 2×2 · global: the average of each map "
                "· conv3-128@1: counted as if it saw one channel."
            )
        )
        self._heads = (_("layer"), _("output"), _("worked"), _("weights"), _("biases"), _("share"))
        self._rows.setHorizontalHeaderLabels(self._heads)
        self._show()

    @Slot()
    def _take(self) -> None:
        """Count what was typed, or say why it cannot be."""
        c, h, w = (spin.value() for spin in self.spins)
        self._work.attempt(lambda: Plan((c, h, w), layers(self.layers.text()), self.bias.isChecked()))

    @Slot()
    def _follow(self) -> None:
        if isinstance(self._work.subject, Plan):
            self._show()

    def _show(self) -> None:
        plan, counted = self.plan, self.counted
        for spin, value in zip(self.spins, plan.input, strict=True):
            blocker = QSignalBlocker(spin)
            spin.setValue(value)
            blocker.unblock()
        self.bias.setChecked(plan.bias)
        if self.layers.text().split() != plan.text.split():
            self.layers.setText(plan.text)
        self._rows.removeRows(0, self._rows.rowCount())
        for row in counted.rows:
            self._rows.appendRow(_items(_texts(row, counted)))
        align_heads(self._rows, range(3, _COLUMNS))
        self.worked.setText(counted.worked.replace(" + ", "\N{NO-BREAK SPACE}+ "))
        self.total.setText(_together(counted))
        self._say("")

    def _drawing(self) -> Drawing:
        """Return the whole table, also the rows that the screen scrolls."""
        counted, plan = self.counted, self.plan
        title = f"{_('Weights')} · {shape(plan.input)} → {shape(counted.rows[-1].output)}"
        lines, rows = (title, counted.worked, _together(counted)), [_texts(row, counted) for row in counted.rows]
        table = DrawnTable(self.font(), lines, self._heads, rows, 3)
        return table.size, table.paint

    @Slot(str)
    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))


def _together(counted: Count) -> str:
    words = _("{weights} weights and {biases} biases: {total} parameters")
    return words.format(weights=f"{counted.weights:,}", biases=f"{counted.biases:,}", total=f"{counted.total:,}")


def _texts(row: Row, counted: Count) -> tuple[str, ...]:
    """Return a layer's row of the table."""
    share = percent(row.weights / counted.weights) if counted.weights else ""
    return row.layer.text, shape(row.output), row.worked, f"{row.weights:,}", f"{row.biases:,}", share


def _items(texts: tuple[str, ...]) -> list[QStandardItem]:
    row = [QStandardItem(text) for text in texts]
    for item in row:
        item.setToolTip(item.text())
    for item in row[3:]:
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return row
