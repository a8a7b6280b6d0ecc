"""A field for one number of any size, typed in any usual form."""

from __future__ import annotations

import math

from PySide6.QtWidgets import QLineEdit, QWidget

from ui.widgets.numbers import minus


class NumberField(QLineEdit):
    """Takes ``0.5``, ``-3``, ``1e-4``; a decimal comma counts as a point, and a minus sign as a hyphen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMaxLength(12)

    def value(self) -> float | None:
        """Return the number, or None where the text is not a finite one."""
        try:
            value = float(self.text().replace(",", ".").replace("−", "-"))
        except ValueError:
            return None
        return value if math.isfinite(value) else None

    def set_value(self, value: float) -> None:
        """Show ``value``, unless it is what the text says already."""
        if self.value() != value:
            self.setText(minus(f"{value:g}"))
