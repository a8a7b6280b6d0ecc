"""``models``: the networks that there are."""

from __future__ import annotations

import argparse

from explorer.cli.arguments import Parser, add_json
from explorer.cli.output import document, table
from explorer.text import N_, _
from explorer.zoo import registry, weights
from explorer.zoo.card import WeightState

ABOUT = N_("list the networks, and where their weights are")
STATES = {
    WeightState.EMBEDDED: N_("embedded"),
    WeightState.CACHED: N_("cached"),
    WeightState.DOWNLOADABLE: N_("downloadable"),
    WeightState.NONE: N_("none: untrained"),
}


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Print the list; torch is not loaded for it."""
    found = [(card, weights.state(card)) for card in registry.cards()]
    if options.json:
        document(
            [
                {
                    "name": card.name,
                    "title": card.title,
                    "family": card.family,
                    "year": card.year,
                    "parameters": card.parameters,
                    "weights": state.value,
                }
                for card, state in found
            ]
        )
        return
    heading = (_("name"), _("title"), _("family"), _("year"), _("parameters"), _("weights"))
    rows = [
        (card.name, card.title, card.family, str(card.year), f"{card.parameters:,}", _(STATES[state]))
        for card, state in found
    ]
    print(table(heading, rows, "lllrrl"))
