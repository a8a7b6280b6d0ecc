"""``ablate``: what a network answers with channels of a layer switched off, or which of them matter most."""

from __future__ import annotations

import argparse
import math
import re
from typing import TYPE_CHECKING, Any

from explorer import sources
from explorer.attribution.methods import Switched
from explorer.cli import streams
from explorer.cli.arguments import Parser, add_json, add_network, add_picture, check_weights, one_of, whole
from explorer.cli.output import about, document, remarks, table, weights_name
from explorer.errors import PersonError
from explorer.recipe import Recipe
from explorer.switching import Switch, switching
from explorer.text import N_, _, ngettext
from explorer.values import Frame, Prediction

if TYPE_CHECKING:
    from explorer.session import Network

ABOUT = N_("switch channels of a layer off and see what the network answers")
HOWS = ("zero", "mean", "scale")
LISTED = 20
"""So many channels are told where each was tried by itself; the JSON has all."""


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    add_picture(parser)
    how = parser.how
    how.add_argument("--layer", metavar="L", required=True, help=_("id of the layer; “layers MODEL” lists them"))
    words = _("channels by number, such as 3,7 or 0-15; without it each is tried by itself")
    how.add_argument("--channels", metavar="C", type=numbers, default=(), help=words)
    words = _("zero, mean (its own) or scale; without it zero")
    how.add_argument("--how", metavar="H", type=one_of("--how", HOWS), default="zero", help=words)
    how.add_argument("--factor", metavar="F", type=factor, default=0.0, help=_("for scale: what its values are times"))
    words = _("number of the class that is followed; without it the most probable one")
    how.add_argument("--target", metavar="N", type=whole(0), default=None, help=words)
    add_network(parser)
    add_json(parser)


def numbers(text: str) -> tuple[int, ...]:
    """Return the channels of "3,7" or "0-15".

    Raises:
        PersonError: another form.
    """
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([0-9]{1,6})(?:-([0-9]{1,6}))?\s*", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last:
            raise PersonError(N_("“{text}” are no channels: write numbers such as 3,7 or 0-15."), text=text)
        found.extend(range(first, last + 1))
    return tuple(dict.fromkeys(found))


def factor(text: str) -> float:
    """Return a finite number.

    Raises:
        PersonError: it is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise PersonError(N_("“{text}” is not a number: write one such as 0.5."), text=text)
    return value


def run(options: argparse.Namespace) -> None:
    """Print what the network answers before and after."""
    check_weights(options)
    frame = sources.read(options.image)

    from explorer import frame_path  # loads torch: after everything that can fail without it
    from explorer.cli import opening

    with opening.aside():
        network = opening.network(options)
        asked = Switch(options.layer, options.channels, options.how, options.factor, options.target)
        before = frame_path.run(network, frame, opening.recipe(options.image, options)).predictions
        found = _last(network, frame, asked)
    if options.json:
        head = {"model": network.card.name, "weights": weights_name(network), **remarks(network)}
        document(head | _values(found, before, asked))
        return
    streams.say(about(network), _text(found, before, asked, network))


def _last(network: Network, frame: Frame, asked: Switch) -> Switched:
    answer = None
    steps = switching(network, frame, (), asked, Recipe().top)
    for step in streams.told(steps, lambda step: _("{done} of {of} channels").format(done=step.done, of=step.of)):
        answer = step.answer
    assert isinstance(answer, Switched)
    return answer


def _values(found: Switched, before: tuple[Prediction, ...], asked: Switch) -> dict[str, Any]:
    told: dict[str, Any] = {"layer": found.layer, "target": found.target, "how": asked.how, "before": found.before}
    if not asked.channels:
        return told | {"effects": [{"channel": channel, "fall": fall} for channel, fall in found.effects]}
    return told | {
        "channels": list(asked.channels),
        "after": found.after,
        "predictions_before": _answers(before),
        "predictions_after": _answers(found.predictions),
    }


def _answers(predictions: tuple[Prediction, ...]) -> list[dict[str, Any]]:
    return [{"index": one.index, "label": one.label, "probability": one.probability} for one in predictions]


def _text(found: Switched, before: tuple[Prediction, ...], asked: Switch, network: Network) -> str:
    label = network.labels[found.target] if len(network.labels) > found.target else str(found.target)
    if asked.channels:
        count = len(asked.channels)
        off = ngettext(
            "{count} channel of {layer} is switched off.", "{count} channels of {layer} are switched off.", count
        )
        rows = [
            (f"{one.label}", one.figure, other.label, other.figure)
            for one, other in zip(before, found.predictions, strict=False)
        ]
        moved = _("{label}: {before} → {after}").format(
            label=label, before=f"{found.before:.5g}", after=f"{found.after:.5g}"
        )
        return "\n".join(
            [off.format(count=count, layer=found.layer), moved, table((_("before"), "", _("after"), ""), rows, "lrlr")]
        )
    head = _("{label} is {before}; it falls by so much without each channel of {layer}:").format(
        label=label, before=f"{found.before:.5g}", layer=found.layer
    )
    falls = [(str(channel), f"{fall:+.5g}") for channel, fall in found.effects[:LISTED]]
    return "\n".join([head, table((_("channel"), _("fall")), falls, "rr")])
