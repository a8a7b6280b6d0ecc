"""``stack``: what small stacks of blocks see and cost, and what one gains and loses against another."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from explorer.cli.arguments import Parser, add_json
from explorer.cli.output import document, table
from explorer.cli.streams import say
from explorer.receptive.stack import Stack
from explorer.receptive.stack_facts import Facts, differences, facts, growth, misfits
from explorer.receptive.stack_presets import PRESETS, preset
from explorer.receptive.stack_words import details, short, told, unfit
from explorer.text import N_, _

ABOUT = N_("tell what a small stack of convolutions and poolings sees and costs, or compare two")


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    about = _("a stack as JSON, or one of: {names}").format(names=", ".join(PRESETS))
    parser.what.add_argument("stack", metavar="STACK", type=_stack, help=about)
    parser.what.add_argument("other", metavar="OTHER", nargs="?", type=_stack, help=_("another, laid beside it"))
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Print the stack's figures; of two what the second gains and loses."""
    stacks = [one for one in (options.stack, options.other) if one]
    figures = [facts(one) for one in stacks]
    if options.json:
        found = [_values(stack, figure) for stack, figure in zip(stacks, figures, strict=True)]
        document(
            found[0] if len(found) == 1 else {"stacks": found, "differences": list(map(asdict, differences(*figures)))}
        )
        return
    parts = [_text(stack, figure) for stack, figure in zip(stacks, figures, strict=True)]
    if len(figures) == 2:
        heads = (_("gained by the second"), _("lost by the second"), _("the same"))
        for head, sentences in zip(heads, told(*figures), strict=True):
            if sentences:
                parts.append("\n".join([head, *(f"  {sentence}" for sentence in sentences)]))
    say("\n\n".join(parts))


def _stack(text: str) -> Stack:
    """Return the stack that ``text`` names or writes.

    Raises:
        NetworkError: it is neither.
    """
    return Stack.from_json(text) if text.lstrip()[:1] in ("{", "[") else preset(text)


def _values(stack: Stack, figures: Facts) -> dict[str, Any]:
    levels = [
        {
            "block": level.place,
            "shape": list(level.shape),
            "rows": list(map(list, level.rows)),
            "columns": list(map(list, level.columns)),
        }
        for level in growth(stack)
    ]
    written: dict[str, Any] = json.loads(stack.to_json())
    return written | {"facts": asdict(figures) | {"gaps": figures.gaps}, "growth": levels}


def _text(stack: Stack, figures: Facts) -> str:
    rows = [(_("input"), "×".join(map(str, stack.input)))]
    for place, block in enumerate(stack.blocks, 1):
        shape = "×".join(map(str, stack.shapes[place]))
        rows.append(
            (_("block {place}").format(place=place), " · ".join(filter(None, (short(block), details(block), shape))))
        )
    rows += [
        (_("area of a unit"), " × ".join(map(str, figures.area))),
        (_("cells that it sees"), _("{seen} of {box}").format(seen=figures.seen, box=figures.box)),
        (_("distance between areas"), str(figures.stride[0])),
        (_("weights"), f"{figures.weights:,}" + (f" = {figures.squares} C²" if figures.squares else "")),
        (_("biases"), f"{figures.biases:,}"),
        (_("MACs"), f"{figures.macs:,}"),
        (_("non-linearities"), str(figures.nonlinearities)),
        (_("values in all maps"), f"{figures.values:,}"),
        (_("input cells never seen"), f"{figures.unseen:,}"),
    ]
    notes = [unfit(stack.blocks[one.place - 1], one) for one in misfits(stack)]
    return "\n".join([table((), rows, "ll"), *notes])
