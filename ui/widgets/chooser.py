"""A combo box whose text ends in an ellipsis where there is no room for it; Qt's own would cut it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter, QWidget

_ROOM = 12
"""px that the style keeps free around the text."""


class Chooser(QComboBox):
    """Asks for room for some letters, and makes do with half of it.

    Args:
        letters: how many it asks for.
    """

    def __init__(self, letters: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(letters)

    def offer(self, choices: Sequence[tuple[str, object]], usual: object) -> bool:
        """Hold these texts and data, and return whether it did not already; what is chosen stays, or is ``usual``."""
        if [(self.itemText(row), self.itemData(row)) for row in range(self.count())] == list(choices):
            return False
        kept = self.currentData() if self.count() else usual
        self.blockSignals(True)
        self.clear()
        for text, data in choices:
            self.addItem(text, data)
        self.setCurrentIndex(max(0, next((row for row, one in enumerate(choices) if one[1] == kept), 0)))
        self.blockSignals(False)
        return True

    def minimumSizeHint(self) -> QSize:
        """Return half of the width that it asks for."""
        hint = super().minimumSizeHint()
        return QSize(hint.width() // 2, hint.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the box with as much of the text as there is room for."""
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        if self.currentIndex() < 0 and not self.isEditable():
            option.currentText = self.placeholderText()
        metrics, right = self.fontMetrics(), Qt.TextElideMode.ElideRight
        option.currentText = metrics.elidedText(option.currentText, right, field.width() - _ROOM)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
