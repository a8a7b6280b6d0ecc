"""The keyboard map: the table of ``ui.actions`` on one page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from explorer.text import _
from ui.actions import COMMANDS, Command, shown_keys


class Keyboard(QDialog):
    """Every command that has a key, in its group, in two columns."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Keyboard"))
        columns = QHBoxLayout()
        columns.setSpacing(40)
        groups = list(COMMANDS.items())
        for half in (groups[::2], groups[1::2]):  # so the two are about as high
            column = QVBoxLayout()
            column.setSpacing(6)
            for title, commands in half:
                heading = QLabel(_(title), self)
                heading.setObjectName("title")
                column.addWidget(heading)
                column.addLayout(self._table([command for command in commands if command.keys]))
                column.addSpacing(14)
            column.addStretch(1)
            columns.addLayout(column)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 20, 24, 16)
        outer.addLayout(columns)
        outer.addWidget(buttons)

    def _table(self, commands: list[Command]) -> QGridLayout:
        table = QGridLayout()
        table.setHorizontalSpacing(16)
        table.setVerticalSpacing(5)
        table.setColumnStretch(0, 1)
        for row, command in enumerate(commands):
            text = QLabel(_(command.text).rstrip("…"), self)
            table.addWidget(text, row, 0)
            keys = QHBoxLayout()
            keys.setSpacing(4)
            for key in shown_keys(command):
                label = QLabel(key, self)
                label.setObjectName("key")
                keys.addWidget(label)
            table.addLayout(keys, row, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return table
