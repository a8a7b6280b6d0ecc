"""A control with its label: beside it in a row of controls, or above it in a column."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget


def titled(label: QLabel, widget: QWidget) -> QVBoxLayout:
    """Return a column of ``label`` and, below it and with all the room, ``widget``."""
    column = QVBoxLayout()
    column.setSpacing(4)
    column.addWidget(label)
    column.addWidget(widget, 1)
    return column


def beside(label: QLabel, widget: QWidget) -> QWidget:
    """Return a row of ``label`` and ``widget``, whose buddy it becomes."""
    both = QWidget()
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    row.addWidget(label)
    row.addWidget(widget)
    label.setBuddy(widget)
    return both
