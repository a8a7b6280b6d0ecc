"""The opened value as its sum: in the lecture's notation, as programs write it, in numbers, and term by term."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from explorer.arithmetic.numbers import factor, shown
from explorer.arithmetic.trace import Trace
from explorer.text import _
from ui.casework import Casework
from ui.widgets.panel import Panel
from ui.widgets.term_list import TermList

_MOST_TERMS = 60
"""Of a sum that is written in one text; the table below has them all."""


class CaseSum(Panel):
    """Three texts above, the table below.

    Signals:
        term_changed: the chosen ``Term``, or None.
    """

    term_changed = Signal(object)

    def __init__(self, work: Casework, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self.lecture, self.indexed, self.numbers = (QLabel(self) for _n in range(3))
        self._inside = inside = QWidget(self)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(4)
        for label in (self.lecture, self.indexed, self.numbers):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(label)
        self.indexed.setObjectName("dim")
        column.addStretch(1)
        self.texts = QScrollArea(self)
        self.texts.setWidget(inside)
        self.texts.setWidgetResizable(True)
        self.texts.setFrameShape(QFrame.Shape.NoFrame)
        self.texts.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for ground in (self.texts.viewport(), inside):  # the panel's colour shows through
            ground.setAutoFillBackground(False)
        self.terms, self.result = TermList(self), QLabel(self)
        self.result.setTextFormat(Qt.TextFormat.PlainText)
        self.result.setWordWrap(True)
        self.body.addWidget(self.texts, 2)
        self.body.addWidget(self.terms, 3)
        self.body.addWidget(self.result)
        self.terms.term_changed.connect(self.term_changed)
        work.at_changed.connect(self._show)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.terms.setAccessibleName(_("Terms of the sum"))
        self.texts.setAccessibleName(_("The sum in letters and in numbers"))
        self._show()

    @Slot()
    def _show(self) -> None:
        trace = self._work.trace
        where = ", ".join(map(str, trace.at[:1] if trace.kind == "fc" else trace.at))
        self.set_title(f"y{trace.number} = {shown(trace.result)}", f"y[{where}]")
        short = len(trace.terms) <= _MOST_TERMS
        self.lecture.setText(_wrapped(trace.lecture if short else _shortened(trace.lecture)))
        self.indexed.setText(_wrapped(trace.indexed if short else _shortened(trace.indexed)))
        self.numbers.setText("= " + _wrapped(trace.numbers if short else _shortened(trace.numbers)))
        self.terms.show_trace(trace)
        self.result.setText(_ending(trace))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the texts take as many lines as they need, where there is room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        height = self._inside.heightForWidth(self.texts.viewport().width())
        self.texts.setMaximumHeight(height + 2)


def _ending(trace: Trace) -> str:
    """Return what happens to the sum."""
    if trace.kind == "max":
        return _("The largest of {count} is {result}.").format(count=len(trace.terms), result=shown(trace.result))
    if trace.kind in ("average", "l2"):
        total = shown(trace.sum)
        inner = f"{total} · {trace.multiplier}" if trace.multiplier != 1 else total
        inner = f"{inner} / {trace.divisor}" if trace.divisor != 1 else inner
        return f"√({inner}) = {shown(trace.result)}" if trace.kind == "l2" else f"{inner} = {shown(trace.result)}"
    words = _("sum {sum} + bias {bias} = {result}") if trace.bias else _("sum {sum}, no bias: {result}")
    return words.format(sum=shown(trace.sum), bias=factor(trace.bias), result=shown(trace.result))


def _shortened(text: str) -> str:
    sign = ", " if "max(" in text else " + "
    parts, end = text.split(sign), text.rpartition(" = ")[2] if text.count(" = ") and text[:1] != "y" else ""
    return sign.join(parts[:_MOST_TERMS]) + sign + "…" + (f" = {end}" if end else "")


def _wrapped(text: str) -> str:
    """Let lines break behind a plus alone."""
    return text.replace(" + ", "\N{NO-BREAK SPACE}+ ")
