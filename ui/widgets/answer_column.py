"""What a network says of a frame, in a column, and how far two of them agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from explorer.text import _, ngettext
from explorer.values import Prediction
from ui.widgets.bars import Bar, Bars
from ui.widgets.elided import ElidedLabel


@dataclass(frozen=True)
class Told:
    """What one network says of a frame, what is known of it, and what else a person should know."""

    predictions: Sequence[Prediction]
    finite: bool
    trained: bool
    facts: Sequence[str]
    more: str = ""


class AnswerColumn:
    """One network's column: what it is called with its facts, its bars, and a sentence.

    Args:
        name: names the network.
        parent: of the widgets.
    """

    def __init__(self, name: QWidget, parent: QWidget) -> None:
        self.facts, self.bars, self.note = ElidedLabel(parent), Bars(parent), QLabel(parent)
        self.facts.setObjectName("dim")
        self.note.setObjectName("dim")
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.badge = ElidedLabel(parent, mode=Qt.TextElideMode.ElideRight)
        self.badge.setObjectName("badge")
        self.badge.setProperty("tone", "warning")
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(name, 1)
        top.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignVCenter)
        self.column = QVBoxLayout()
        self.column.setSpacing(8)
        self.column.addLayout(top)
        for part in (self.facts, self.bars, self.note):
            self.column.addWidget(part)

    def retranslate(self, name: str) -> None:
        """Set every text anew in the current language."""
        self.bars.setAccessibleName(name)
        self.bars.retranslate()
        self.badge.setText(_("untrained"))

    def show_told(self, told: Told | None, strong: set[int] | None) -> None:
        """Show what a network says; the rows ``strong`` are those that both name, None for the first one alone."""
        predictions = told.predictions if told else ()
        bars = [
            Bar(p.label, p.probability, "" if p.score is None else p.figure, None if strong is None else row in strong)
            for row, p in enumerate(predictions)
        ]
        self.bars.set_bars(bars)
        self.bars.setVisible(bool(bars))
        self.facts.setText(" · ".join(told.facts) if told else "")
        self.badge.setVisible(told is not None and not told.trained)
        if told is None:
            return
        if not told.finite:
            self.say(_("The output is not finite: the input or the weights hold NaN, infinite or huge values."))
        elif not predictions:
            self.say(_("This network does not name classes: look at its maps instead."))
        elif not told.trained:
            self.say(_("With random weights the answer means nothing; the maps show the architecture alone."))
        else:
            self.say(told.more)

    def say(self, text: str) -> None:
        """Show a sentence below the bars."""
        self.note.setText(text)
        self.note.setVisible(bool(text))


def facts(parameters: int | None, times_ms: Mapping[str, float], device: str) -> list[str]:
    """Return the size of a network, what its forward took, and where it ran."""
    size = [] if parameters is None else [_("{count} parameters").format(count=f"{parameters:,}")]
    time = [f"{times_ms['forward']:.1f} ms"] if "forward" in times_ms else []
    return [*size, *time, "CPU" if device == "cpu" else device]


def joined(first: Sequence[Prediction], second: Sequence[Prediction]) -> tuple[tuple[int, int], ...]:
    """Return the rows of the classes that both name, whatever their places in the two outputs."""
    places = {one.label.casefold(): row for row, one in enumerate(second)}
    pairs = ((row, places.get(one.label.casefold())) for row, one in enumerate(first))
    return tuple((row, other) for row, other in pairs if other is not None)


def summary(first: Told | None, second: Told | None, both: int) -> str:
    """Return in a sentence or two how far two networks agree."""
    if not (first and second and first.predictions and second.predictions):
        return ""
    one, other = first.predictions[0].label, second.predictions[0].label
    if one.casefold() == other.casefold():
        text = _("Both say first: {label}.").format(label=one)
    else:
        text = _("The first says {first}, the second {second}.").format(first=one, second=other)
    if not both:
        return f"{text} " + _("No class is named by both.")
    count = ngettext("{count} class is named by both.", "{count} classes are named by both.", both)
    return f"{text} {count.format(count=both)}"
