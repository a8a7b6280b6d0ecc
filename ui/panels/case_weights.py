"""How many weights a network of layers has, worked layer by layer."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
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

from explorer.arithmetic.counts import MOST, Count, Plan, count, layer
from explorer.errors import ExplorerError
from explorer.text import _
from ui import theme
from ui.widgets.numbers import percent, shape
from ui.widgets.panel import Panel
from ui.widgets.tables import align_heads

_COLUMNS = 6


class CaseWeights(Panel):
    """A network that cannot be is said in place; the last good one stays.

    Signals:
        changed: another network is counted.
    """

    changed = Signal()

    def __init__(self, plan: Plan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan = plan
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
        self.retranslate()

    @property
    def plan(self) -> Plan:
        """The network that is counted."""
        return self._plan

    @property
    def counted(self) -> Count:
        """What it has."""
        return count(self._plan)

    def show_plan(self, plan: Plan) -> None:
        """Count another network."""
        self._plan = plan
        self._show()
        self.changed.emit()

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
        heads = (_("layer"), _("output"), _("worked"), _("weights"), _("biases"), _("share"))
        self._rows.setHorizontalHeaderLabels(heads)
        self._show()

    @Slot()
    def _take(self) -> None:
        """Count what was typed, or say why it cannot be."""
        c, h, w = (spin.value() for spin in self.spins)
        try:
            plan = Plan((c, h, w), tuple(map(layer, self.layers.text().split())), self.bias.isChecked())
        except ExplorerError as error:
            self._say(str(error))
            return
        if plan != self._plan:
            self.show_plan(plan)
        self._say("")

    def _show(self) -> None:
        plan, counted = self._plan, self.counted
        for spin, value in zip(self.spins, plan.input, strict=True):
            blocker = QSignalBlocker(spin)
            spin.setValue(value)
            blocker.unblock()
        self.bias.setChecked(plan.bias)
        if self.layers.text().split() != plan.text.split():
            self.layers.setText(plan.text)
        self._rows.removeRows(0, self._rows.rowCount())
        for row in counted.rows:
            share = percent(row.weights / counted.weights) if counted.weights else ""
            figures = f"{row.weights:,}", f"{row.biases:,}", share
            self._rows.appendRow(_items((row.layer.text, shape(row.output), row.worked, *figures)))
        align_heads(self._rows, range(3, _COLUMNS))
        self.worked.setText(counted.worked.replace(" + ", "\N{NO-BREAK SPACE}+ "))
        words = _("{weights} weights and {biases} biases: {total} parameters")
        self.total.setText(
            words.format(weights=f"{counted.weights:,}", biases=f"{counted.biases:,}", total=f"{counted.total:,}")
        )
        self._say("")

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))


def _items(texts: tuple[str, ...]) -> list[QStandardItem]:
    row = [QStandardItem(text) for text in texts]
    for item in row:
        item.setToolTip(item.text())
    for item in row[3:]:
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return row
