"""The stage times as a table in a small window beside the main one, to be watched, read and copied."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from explorer.text import _
from ui import theme
from ui.widgets.fact_table import Fact, FactTable

_COLUMNS = 3


class StageWindow(QDialog):
    """A row a stage, what they belong to below it, and the choice of frame numbers on the panels.

    Signals:
        numbers_wanted: whether the panels are to show the numbers of their frames.
    """

    numbers_wanted = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self.table = QTreeWidget(self)
        self.table.setColumnCount(_COLUMNS)
        self.table.setObjectName("roomy")
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        head = self.table.header()
        head.setStretchLastSection(False)
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._over = QLabel(self)
        self._over.setObjectName("dim")
        self.facts = FactTable(self)
        self.speed = QLabel(self)
        self.speed.setObjectName("dim")
        self.speed.setWordWrap(True)
        self.numbers = QCheckBox(self)
        self.numbers.toggled.connect(self.numbers_wanted)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self.copy = QPushButton(self)
        buttons.addButton(self.copy, QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.clicked.connect(self._copy)
        buttons.rejected.connect(self.reject)
        keys = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self)
        keys.activated.connect(self._copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        column.addWidget(self.table, 1)
        column.addWidget(self._over)
        column.addWidget(self.facts)
        column.addWidget(self.speed)
        column.addWidget(self.numbers)
        column.addWidget(buttons)
        self.retranslate()
        self.resize(theme.px(400), theme.px(640))

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.setWindowTitle(_("Stage times"))
        self.table.setAccessibleName(_("Stage times"))
        self.facts.setAccessibleName(_("What the times belong to"))
        self.numbers.setText(_("Frame number on every panel"))
        self.copy.setText(_("Copy"))
        self.table.setHeaderLabels([_("Stage"), _("Median, ms"), _("95 %, ms")])
        for place in range(_COLUMNS):
            self.table.headerItem().setTextAlignment(place, _side(place))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def show_times(
        self,
        rows: Sequence[tuple[str, str, str, str]],
        over: str,
        facts: Sequence[tuple[str, str]],
        speed: str,
        text: str,
    ) -> None:
        """Show figures.

        Args:
            rows: title, median and 95th percentile of each stage, and what the stage is.
            over: over which frames they are.
            facts: what they belong to: name and value.
            speed: what makes them shorter, or why nothing does; "" for nothing to tell.
            text: all of it, to be copied.
        """
        self._text = text
        self._over.setText(over)
        self.facts.show_facts(tuple(Fact(*fact) for fact in facts))
        self.speed.setText(speed)
        self.speed.setVisible(bool(speed))
        while self.table.topLevelItemCount() > len(rows):
            self.table.takeTopLevelItem(len(rows))
        for row, (*cells, note) in enumerate(rows):
            item = self.table.topLevelItem(row)
            if item is None:
                item = QTreeWidgetItem(self.table)
            for place, cell in enumerate(cells):
                item.setText(place, cell)
                item.setTextAlignment(place, _side(place))
                item.setToolTip(place, note)

    def set_numbers(self, shown: bool) -> None:
        """Tell whether the panels show the numbers of their frames."""
        self.numbers.setChecked(shown)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text)


def _side(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
