"""The keyboard map: the table of ``ui.actions`` on one page."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QBoxLayout,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from explorer.text import _
from ui.actions import COMMANDS, Command, shown_keys

_AROUND = 24, 72
"""What is left of the screen's width and height at least, px: the window's own frame and title need room."""


class Keyboard(QDialog):
    """Every command that has a key, in its group, in two columns."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Keyboard"))
        page = QWidget()
        page.setAutoFillBackground(False)
        columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, page)
        columns.setContentsMargins(0, 0, 12, 0)
        columns.setSpacing(28)
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
        outer.setSpacing(12)
        self.room = QScrollArea(self)
        self.room.setWidget(page)
        self.room.setWidgetResizable(True)
        self.room.setFrameShape(QFrame.Shape.NoFrame)
        self.room.viewport().setAutoFillBackground(False)
        self.room.setAccessibleName(_("Keyboard"))
        outer.addWidget(self.room, 1)
        outer.addWidget(buttons)
        self._fit(columns, buttons)

    def _fit(self, columns: QBoxLayout, buttons: QWidget) -> None:
        """Be as large as the page needs but no larger than the screen: one column where two are too wide, scrolled."""
        layout, screen = self.layout(), self.screen().availableGeometry()
        assert layout is not None
        margins, bar = layout.contentsMargins(), self.room.verticalScrollBar().sizeHint().width()
        most = screen.size() - QSize(*_AROUND)
        around = QSize(
            margins.left() + margins.right() + bar,
            buttons.sizeHint().height() + layout.spacing() + margins.top() + margins.bottom(),
        )
        if (columns.sizeHint() + around).width() > most.width():
            columns.setDirection(QBoxLayout.Direction.TopToBottom)
        self.resize((columns.sizeHint() + around).boundedTo(most))

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
