"""The four numbers that decide a training: epochs, learning rate, batch and seed."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLabel, QLineEdit, QSpinBox, QWidget

from explorer.arithmetic.numbers import number
from explorer.text import _
from explorer.training.values import MOST_BATCH, MOST_EPOCHS, MOST_SEED
from ui import theme
from ui.widgets.labelled import beside


class PlanFields(QObject):
    """Each with its label; a number that is none is told where the plan is asked for.

    Args:
        epochs, rate, batch: the usual ones.
        parent: whose children they are.

    Signals:
        changed: one of them was changed.
    """

    changed = Signal()

    def __init__(self, epochs: int, rate: float, batch: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.epochs, self.batch, self.seed = (QSpinBox(parent) for _box in range(3))
        self.rate = QLineEdit(f"{rate:g}", parent)
        for box, usual, least, most in (
            (self.epochs, epochs, 1, MOST_EPOCHS),
            (self.batch, batch, 1, MOST_BATCH),
            (self.seed, 0, 0, MOST_SEED),
        ):
            box.setRange(least, most)
            box.setValue(usual)
            box.setFixedWidth(theme.px(84))
            box.valueChanged.connect(self.changed)
        self.rate.setFixedWidth(theme.px(70))
        self.rate.editingFinished.connect(self.changed)
        self._fields: tuple[QWidget, ...] = (self.epochs, self.rate, self.batch, self.seed)
        self._labels = [QLabel(parent) for _field in self._fields]
        for label in self._labels:
            label.setObjectName("dim")
        self.rows = [beside(label, field) for label, field in zip(self._labels, self._fields, strict=True)]

    def set_rate(self, rate: float) -> None:
        """Show another learning rate."""
        self.rate.setText(f"{rate:g}")

    def numbers(self) -> tuple[int, float, int, int]:
        """Return epochs, rate, batch and seed.

        Raises:
            PersonError: the rate is no number.
        """
        return self.epochs.value(), number(self.rate.text(), _("Rate")), self.batch.value(), self.seed.value()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        names = (_("Epochs"), _("Rate"), _("Batch"), _("Seed"))
        tips = (
            _("Rounds over the training pictures"),
            _("Learning rate: how far each step goes"),
            _("Pictures that each step learns from"),
            _("Decides all that is random: the same seed, the same weights"),
        )
        for label, field, name, tip in zip(self._labels, self._fields, names, tips, strict=True):
            label.setText(name)
            field.setAccessibleName(name)
            field.setToolTip(tip)
