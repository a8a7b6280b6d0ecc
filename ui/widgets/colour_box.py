"""The chooser of a colour map, which can tell that other colours are in use now."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QImage, QPaintEvent, QPixmap
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter, QWidget

from explorer.render.colours import MAPS
from ui.widgets import colour_bar
from ui.widgets.level_image import colour_table, image


class ColourBox(QComboBox):
    """Lists the colour maps; while the maps shown have signed colours it shows those, and the choice is for others."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        for name in MAPS:
            self.addItem(_swatch(name, signed=False), name, name)
        self._signed, self._signed_text, self._signed_icon = False, "", _swatch("", signed=True)

    def set_signed_text(self, text: str) -> None:
        """Say how the signed colours are called."""
        self._signed_text = text
        self.updateGeometry()
        self.update()

    def set_signed(self, signed: bool) -> None:
        """Show the signed colours in place of the choice, or the choice."""
        if signed != self._signed:
            self._signed = signed
            self.update()

    @property
    def shown(self) -> str:
        """The text that shows."""
        return self._signed_text if self._signed else self.currentText()

    def sizeHint(self) -> QSize:
        """Return room for the longest text, the signed colours' too, so that nothing moves when those come."""
        hint, metrics = super().sizeHint(), self.fontMetrics()
        longest = max(metrics.horizontalAdvance(self.itemText(place)) for place in range(self.count()))
        hint.setWidth(hint.width() + max(metrics.horizontalAdvance(self._signed_text) - longest, 0))
        return hint

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the box with the colours in use."""
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        if self._signed:
            option.currentText, option.currentIcon = self._signed_text, self._signed_icon
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


def _swatch(name: str, signed: bool) -> QIcon:
    """Return a small bar in the colours of a map."""
    bar = image(colour_bar.LYING, colour_table(name, signed, "#000000")).convertToFormat(QImage.Format.Format_RGB32)
    return QIcon(QPixmap.fromImage(bar.scaled(28, 12)))
