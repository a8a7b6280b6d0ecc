"""Two networks side by side: facts, totals, and their shapes at every size of map."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from explorer.graph import summary
from explorer.questions import Surveyed
from explorer.text import _, ngettext
from ui import theme
from ui.controller import Controller
from ui.surveys import Surveys
from ui.widgets.details_button import DetailsButton, has_details, row_of
from ui.widgets.network_box import NetworkBox
from ui.widgets.network_list import TASKS, Entry
from ui.widgets.numbers import amount, shape
from ui.widgets.page import Page
from ui.widgets.panel import Panel

Row = tuple[str, str, str]


class Compare(Panel):
    """The network of the list, and beside it another.

    Signals:
        chosen_changed: two other networks are to be compared now.
    """

    chosen_changed = Signal()

    def __init__(self, controller: Controller, surveys: Surveys, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._surveys = surveys
        self._entries: dict[str, Entry] = {}
        self._first, self._second = "", ""
        self.label = QLabel(self)
        self.other = NetworkBox(28, self)
        self.label.setBuddy(self.other)
        self.again, self.details = QPushButton(self), DetailsButton(self)
        self.again.hide()
        self.page = Page(self)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.label)
        row.addWidget(self.other, 1)
        row.addStretch(1)
        self.body.addLayout(row)
        self.body.addWidget(self.page, 1)
        self.body.addLayout(row_of(self.again, self.details))
        self.other.wanted.connect(self.compare_with)
        self.again.clicked.connect(self._ask_again)
        self.details.wanted.connect(controller.details_wanted)
        surveys.changed.connect(self._take_survey)
        self.retranslate()

    @property
    def names(self) -> tuple[str, ...]:
        """The networks that are compared."""
        return tuple(dict.fromkeys(name for name in (self._first, self._second) if name))

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Let the second one be chosen among these."""
        found = {entry.card.name: entry for entry in entries}
        if found == self._entries:
            return
        self._entries = found
        self.other.show_entries(entries)
        self._write()

    def show_network(self, name: str) -> None:
        """Compare this one."""
        if name != self._first:
            self._first = name
            self._write()

    @Slot(str)
    def compare_with(self, name: str) -> None:
        """Put the network called ``name`` beside it."""
        self.other.choose(name)
        if name != self._second:
            self._second = name
            self._write()
            self.chosen_changed.emit()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.label.setText(_("Compare with"))
        self.other.retranslate(_("Compare with"))
        self.again.setText(_("Try again"))
        self.page.setAccessibleName(_("Two networks side by side"))
        self._write()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        self._write()

    @Slot(str)
    def _take_survey(self, name: str) -> None:
        if name in self.names:
            self._write()

    @Slot()
    def _ask_again(self) -> None:
        self._surveys.want(*self.names, again=True)
        self._write()

    def _called(self, name: str) -> str:
        return self._entries[name].card.title if name in self._entries else name

    def _write(self) -> None:
        names = (self._first, self._second)
        self.set_title(_("Compare"), " – ".join(self._called(name) for name in names if name))
        known = [self._surveys.of(name) for name in names]
        failed = [problem for name in self.names if (problem := self._surveys.failed(name))]
        self.again.setVisible(bool(failed))
        self.details.show_problem(next(filter(has_details, failed), None))
        first, second = known
        if not self._first:
            text = _paragraph(_("Choose a network in the list, and beside it another one here."))
        elif not self._second:
            text = _paragraph(_("Choose here what to put beside {network}.").format(network=self._called(self._first)))
        elif failed:
            text = "".join(_paragraph(str(problem.error)) for problem in failed)
        elif first is None or second is None:
            missing = [self._called(name) for name, one in zip(names, known, strict=True) if one is None]
            text = _paragraph(_("Looking at every layer of {network} …").format(network=" · ".join(missing)))
        else:
            text = html(first, second)
        self.page.write(text)


def html(first: Surveyed, second: Surveyed) -> str:
    """Return two networks as a page with a column each; what differs is strong and has a mark."""
    titles = first.card.title, second.card.title
    return (
        _table((_("Facts"), *titles), facts(first, second))
        + _table((_("In all"), *titles), totals(first, second))
        + _table((_("Size of the maps"), *titles), stages(first, second))
    )


def facts(first: Surveyed, second: Surveyed) -> list[Row]:
    """Return what the two are."""
    cards = first.card, second.card
    return [
        (_("Year"), *_pair(str(card.year or "–") for card in cards)),
        (_("Family"), *_pair(card.family or "–" for card in cards)),
        (_("Task"), *_pair(_(TASKS[card.task]) for card in cards)),
        (_("Input"), *_pair(shape(one.graph.input) for one in (first, second))),
        (_("Answer"), *_pair(shape(one.graph.output.output) for one in (first, second))),
    ]


def totals(first: Surveyed, second: Surveyed) -> list[Row]:
    """Return how large the two are."""
    found = [summary.totals(one.graph) for one in (first, second)]
    return [
        (_("Parameters"), *_pair(f"{one.parameters:,}" for one in found)),
        (_("MACs of one picture"), *_pair(f"{one.macs:,}" for one in found)),
        (_("Layers with weights"), *_pair(f"{one.weighted:,}" for one in found)),
        (_("of these in a row"), *_pair(f"{one.depth:,}" for one in found)),
        (_("Ops"), *_pair(f"{one.ops:,}" for one in found)),
        (_("Values in all maps"), *_pair(f"{one.cells:,}" for one in found)),
    ]


def stages(first: Surveyed, second: Surveyed) -> list[Row]:
    """Return what the two do at every size of map, the largest first and the head last."""
    found = [{stage.size: stage for stage in summary.resolutions(one.graph)} for one in (first, second)]
    rows: list[Row] = []
    for size in summary.sizes(*(tuple(each.values()) for each in found)):
        name = _("head") if size is None else f"{size[0]} × {size[1]}"
        rows.append((name, *_pair(_stage(each.get(size)) for each in found)))
    return rows


def _stage(stage: summary.Resolution | None) -> str:
    if stage is None:
        return "–"
    layers = ngettext("{count} layer with weights", "{count} layers with weights", stage.weighted)
    parts = [shape(stage.output), layers.format(count=stage.weighted)]
    if stage.parameters:
        parts.append(_("{count} parameters").format(count=amount(stage.parameters)))
    if stage.macs:
        parts.append(_("{count} MACs").format(count=amount(stage.macs)))
    return " · ".join(parts)


def _pair(values: Iterable[str]) -> tuple[str, str]:
    first, second = values
    return first, second


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _table(heads: tuple[str, str, str], rows: Sequence[Row]) -> str:
    colours = theme.current()
    line = f"border-bottom:1px solid {colours.line}"
    widths = ("24%", "38%", "38%")
    top = "".join(
        f'<th align="left" width="{width}" style="color:{colours.dim if n == 0 else colours.text}; '
        f'font-weight:{"normal" if n == 0 else 600}; padding:10px 14px 4px 0; {line}">{escape(head)}</th>'
        for n, (head, width) in enumerate(zip(heads, widths, strict=True))
    )
    body = "".join(_row(row) for row in rows)
    return f'<table width="100%" cellspacing="0" cellpadding="0"><tr>{top}</tr>{body}</table>'


def _kept_together(text: str) -> str:
    """Return a list of facts so that each, a number and its word, stays on one line."""
    parts = text.split(" · ")
    return " · ".join(part.replace(" ", "&nbsp;") for part in parts) if len(parts) > 1 else text


def _row(row: Row) -> str:
    colours = theme.current()
    name, first, second = (_kept_together(escape(text)) for text in row)
    differs = first != second
    style = f"color:{colours.text}; font-weight:{600 if differs else 400}; padding:3px 14px 3px 0"
    mark = f' <span style="color:{colours.accent}">≠</span>' if differs else ""
    return (
        f'<tr><td style="color:{colours.dim}; padding:3px 14px 3px 0">{name}{mark}</td>'
        f'<td style="{style}">{first}</td><td style="{style}">{second}</td></tr>'
    )
