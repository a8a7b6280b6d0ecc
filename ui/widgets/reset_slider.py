"""A slider with its name, its value, and the way back to where it began."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QToolButton, QWidget

from explorer.text import _
from ui import theme


class ResetSlider(QWidget):
    """One row of a form.

    Args:
        low, high: its ends; it begins at 0.
        told: writes a value.
        page: the step of Page up and Page down.
        parent: as always.

    Signals:
        moved: the value, and whether this begins a new move (else the mouse still holds it).
    """

    moved = Signal(int, bool)

    def __init__(
        self, low: int, high: int, told: Callable[[int], str], page: int = 10, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._told, self._held = told, False
        self.name, self.value = QLabel(self), QLabel(self)
        self.slider, self.reset = QSlider(Qt.Orientation.Horizontal, self), QToolButton(self)
        self.slider.setRange(low, high)
        self.slider.setPageStep(page)
        self.name.setBuddy(self.slider)
        self.name.setObjectName("dim")
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.reset.setObjectName("small")
        theme.set_icon(self.reset, "undo")
        row = QGridLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setHorizontalSpacing(6)
        for column, widget in enumerate((self.name, self.slider, self.value, self.reset)):
            row.addWidget(widget, 0, column)
        row.setColumnStretch(1, 1)
        self.slider.valueChanged.connect(self._move)
        self.slider.sliderReleased.connect(self._let_go)
        self.reset.clicked.connect(lambda: self.slider.setValue(0))
        self.restyle()
        self._show()

    def set_name(self, name: str, hint: str) -> None:
        """Call it ``name``; ``hint`` says more."""
        self.name.setText(name)
        self.slider.setToolTip(hint)
        self.slider.setAccessibleName(hint)
        back = _("Back to where it was: {name}").format(name=name)
        self.reset.setToolTip(back)
        self.reset.setAccessibleName(back)
        self.restyle()

    def restyle(self) -> None:
        """Make room for the longest value, so that nothing moves while the slider does."""
        metrics = self.value.fontMetrics()
        ends = (self.slider.minimum(), self.slider.maximum())
        self.value.setMinimumWidth(max(metrics.horizontalAdvance(self._told(end)) for end in ends))

    def set_value(self, value: int) -> None:
        """Show ``value``, which is known already; not while a person holds the slider."""
        if not self.slider.isSliderDown() and value != self.slider.value():
            self.slider.blockSignals(True)
            self.slider.setValue(value)
            self.slider.blockSignals(False)
            self._show()

    @Slot()
    def _move(self) -> None:
        begins, self._held = not self._held, self.slider.isSliderDown()
        self._show()
        self.moved.emit(self.slider.value(), begins)

    @Slot()
    def _let_go(self) -> None:
        self._held = False

    def _show(self) -> None:
        self.value.setText(self._told(self.slider.value()))
        self.reset.setEnabled(self.slider.value() != 0)
