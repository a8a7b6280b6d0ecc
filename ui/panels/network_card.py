"""The facts of one network: where it comes from, what is new in it, how large it is and how often it errs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from explorer.graph import summary
from explorer.questions import Surveyed
from explorer.text import _
from explorer.zoo.card import Card, Preparation, WeightState
from explorer.zoo.own import IN_MEMORY
from explorer.zoo.weights import HERE, megabytes
from ui import theme
from ui.surveys import Surveys
from ui.widgets.network_list import TASKS, Entry, state_text
from ui.widgets.numbers import shape
from ui.widgets.page import Page
from ui.widgets.panel import Panel


class NetworkCard(Panel):
    """One network's card as a page that can be read aloud, selected and copied."""

    def __init__(self, surveys: Surveys, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._surveys = surveys
        self._entry: Entry | None = None
        self.page = Page(self)
        self.body.addWidget(self.page)
        surveys.changed.connect(self._take_survey)
        self.retranslate()

    def show_network(self, entry: Entry | None) -> None:
        """Show the facts of a network; None says what to do instead."""
        self._entry = entry
        self._write()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.page.setAccessibleName(_("Facts of the network"))
        self._write()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        self._write()

    @Slot(str)
    def _take_survey(self, name: str) -> None:
        if self._entry is not None and self._entry.card.name == name:
            self._write()

    def _write(self) -> None:
        entry = self._entry
        if entry is None:
            self.set_title(_("Card"))
            self.set_badge("")
            self.page.write(f"<p>{escape(_('Choose a network in the list: its facts appear here.'))}</p>")
            return
        known = self._surveys.of(entry.card.name)
        card = known.card if known else entry.card
        self.set_title(_("Card"))
        trained = entry.state in HERE
        tone = "good" if trained else "warning" if entry.state == WeightState.NONE else ""
        self.set_badge(state_text(entry), tone)
        self.page.write(html(card, known))


def html(card: Card, known: Surveyed | None) -> str:
    """Return a network's facts as a page.

    Args:
        card: its card.
        known: its layers, if somebody has looked at them.
    """
    if not card.build and known is None:
        return _unseen(card)
    parts: list[str] = []
    if card.news:
        parts.append(f"<p>{escape(_(card.news))}</p>")
    if card.note:
        parts.append(f"<p>{escape(_(card.note))}</p>")
    if card.paper:
        parts.append(_heading(_("Paper")) + f'<p style="margin-top:0">{escape(card.paper)}</p>')
    parts.append(_heading(_("Size")) + _rows(_size(card, known)))
    if card.errors:
        parts.append(_heading(_("Published errors")) + _errors(card))
    if card.weights and card.group != "own":
        parts.append(_heading(_("Weights")) + _weights(card))
    elif not card.weights and card.group != "own":
        sentence = _("There are no weights for it: it runs with random ones, and says so wherever it shows.")
        if card.group == "timm":
            sentence = _("timm has put no weights for it on this machine: it runs with random ones, and says so.")
        parts.append(_heading(_("Weights")) + f"<p>{escape(sentence)}</p>")
    preparation = card.weights[0].preparation if card.weights else card.preparation
    parts.append(_heading(_("Input")) + _rows(_input(preparation)))
    return "".join(parts)


def _unseen(card: Card) -> str:
    """Return what there is to say of a network of which only the name is known."""
    if card.group != "own":
        return f"<p>{escape(_('The facts of {network} appear here in a moment.').format(network=card.title))}</p>"
    hint = _("Its facts are counted as soon as its table or its graph is shown, or it is opened.")
    return _rows([_file(card)]) + f"<p>{escape(hint)}</p>"


def _file(card: Card) -> tuple[str, str, str]:
    in_memory = card.name.startswith(IN_MEMORY)
    return (_("Module") if in_memory else _("File"), card.name.removeprefix(IN_MEMORY), "")


def _size(card: Card, known: Surveyed | None) -> list[tuple[str, str, str]]:
    """Return what is counted, and beside it what the course says."""
    found: list[tuple[str, str, str]] = []
    counted = _("counted in its layers")
    if known is not None:
        totals = summary.totals(known.graph)
        found.append((_("Parameters"), f"{totals.parameters:,}", counted))
        found.append((_("MACs of one picture"), f"{totals.macs:,}", counted))
        found.append(
            (_("Layers with weights"), f"{totals.weighted:,}", _("{count} in a row").format(count=totals.depth))
        )
        found.append((_("Ops"), f"{totals.ops:,}", ""))
    else:
        if card.parameters:
            found.append((_("Parameters"), f"{card.parameters:,}", _("counted when the card was written")))
        if card.macs:
            found.append((_("MACs of one picture"), f"{card.macs:,}", _("counted when the card was written")))
    if card.lecture:
        found.append((_("In the lecture"), _(card.lecture), ""))
    found.append((_("Task"), _(TASKS[card.task]), ""))
    if card.group == "own":
        found.append(_file(card))
    return found


def _errors(card: Card) -> str:
    heads = (_("Error"), _("Answers"), _("Measured on"), _("How"), _("Published in"))
    rows = [
        (f"{error.percent:g} %", _("top-{count}").format(count=error.top), _(error.data), _(error.how), error.source)
        for error in card.errors
    ]
    return _table(heads, rows)


def _weights(card: Card) -> str:
    heads = (_("Name"), _("Trained on"), _("Measured"), _("Size"), _("Licence"))
    rows = [
        (
            one.name,
            _(one.trained_on) if one.trained_on else "–",
            _(one.accuracy) if one.accuracy else "–",
            megabytes(one.bytes) if one.bytes else "–",
            one.licence or "–",
        )
        for one in card.weights
    ]
    return _table(heads, rows)


def _input(preparation: Preparation) -> list[tuple[str, str, str]]:
    height, width = (side - 2 * preparation.pad for side in preparation.input_chw[1:])
    fits = {
        "crop": _("short side to {side} px ({filter}), the middle {height} × {width} cut out"),
        "stretch": _("stretched to {height} × {width} ({filter})"),
        "letterbox": _("made to fit into {height} × {width} ({filter}), the rest zero"),
    }
    resized = fits[preparation.fit].format(
        side=preparation.resize, filter=preparation.interpolation, height=height, width=width
    )
    if preparation.pad:
        resized += ", " + _("{pad} px of black added on every side").format(pad=preparation.pad)
    numbers = _("values 0 … {full:g}, minus {mean}, divided by {std}").format(
        full=preparation.full, mean=_list(preparation.mean), std=_list(preparation.std)
    )
    return [
        (_("Shape"), shape(preparation.input_chw), preparation.order if preparation.input_chw[0] == 3 else ""),
        (_("Picture"), resized, ""),
        (_("Numbers"), numbers, ""),
    ]


def _list(values: tuple[float, ...]) -> str:
    return f"{values[0]:.4g}" if len(set(values)) == 1 else "(" + ", ".join(f"{value:.4g}" for value in values) + ")"


def _heading(text: str) -> str:
    return f'<h3 style="font-size:{theme.px(13)}px; margin-top:14px; margin-bottom:2px">{escape(text)}</h3>'


def _rows(rows: list[tuple[str, str, str]]) -> str:
    """Return names, values and remarks; names and remarks dim."""
    dim = theme.current().dim
    cells = "".join(
        f'<tr><td style="color:{dim}; padding:2px 18px 2px 0; white-space:nowrap">{escape(name)}</td>'
        f'<td style="padding:2px 0">{escape(value)}'
        f'<span style="color:{dim}">{f" · {escape(remark)}" if remark else ""}</span></td></tr>'
        for name, value, remark in rows
    )
    return f'<table cellspacing="0" cellpadding="0" style="border-collapse:collapse">{cells}</table>'


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table with a line under its heads."""
    colours = theme.current()
    top = "".join(
        f'<th align="left" style="color:{colours.dim}; font-weight:normal; padding:2px 18px 4px 0; '
        f'border-bottom:1px solid {colours.line}">{escape(head)}</th>'
        for head in heads
    )
    cells = "".join(
        "<tr>" + "".join(f'<td style="padding:3px 18px 3px 0">{escape(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return f'<table cellspacing="0" cellpadding="0" style="border-collapse:collapse"><tr>{top}</tr>{cells}</table>'
