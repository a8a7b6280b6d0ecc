"""A few numbers side by side, large, each with its name above it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget


class BeforeAfter(QWidget):
    """Shows named numbers in equal columns."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(0)
        self._labels: list[tuple[QLabel, QLabel]] = []

    @property
    def numbers(self) -> tuple[tuple[str, str], ...]:
        """Names and numbers, as they are shown."""
        return tuple((name.text(), value.text()) for name, value in self._labels)

    def show_numbers(self, numbers: tuple[tuple[str, str], ...]) -> None:
        """Show (name, number) from left to right; as many each time."""
        while len(self._labels) < len(numbers):
            name, value = QLabel(self), QLabel(self)
            name.setObjectName("dim")
            value.setObjectName("title")
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            for row, label in enumerate((name, value)):
                label.setTextFormat(Qt.TextFormat.PlainText)
                self._grid.addWidget(label, row, len(self._labels))
            self._grid.setColumnStretch(len(self._labels), 1)
            self._labels.append((name, value))
        for (name, value), (words, figure) in zip(self._labels, numbers, strict=True):
            name.setText(words)
            value.setText(figure)
        self.setAccessibleDescription(", ".join(" ".join(pair) for pair in numbers))
