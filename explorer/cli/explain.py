"""``explain``: why a network answers as it does for a picture, as a heat over the picture and in numbers."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

from explorer import sources
from explorer.attribution.methods import METHODS, Explanation, Target, method
from explorer.cli import streams
from explorer.cli.arguments import Parser, add_json, add_network, add_picture, check_weights, whole
from explorer.cli.output import about, document, remarks, table, weights_name
from explorer.errors import PersonError
from explorer.explaining import Asked, explaining
from explorer.render.export import check_picture
from explorer.render.heat import explained_png
from explorer.text import N_, _

if TYPE_CHECKING:
    from explorer.session import Network

ABOUT = N_("show why a network answers as it does for a picture: gradients, class activation maps, occlusion")


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    add_picture(parser)
    how = parser.how
    names = ", ".join(METHODS)
    how.add_argument("--method", metavar="X", type=named, required=True, help=names)
    words = _("class by index or name, or LAYER@C or LAYER@C,Y,X; without it the most probable class")
    how.add_argument("--target", metavar="T", default="", help=words)
    words = _("whose maps a method of a layer weights; without it the last ones before the target")
    how.add_argument("--layer", metavar="NAME", default="", help=words)
    words = _("ask a copy whose weights were shuffled: what stays the same was never learned")
    how.add_argument("--randomised", action="store_true", help=words)
    how.add_argument("--patch", metavar="N", type=whole(1), default=32, help=_("side of occlusion's patch, 32 cells"))
    how.add_argument("--stride", metavar="N", type=whole(1), default=16, help=_("how far it moves, 16 cells"))
    how.add_argument("--out", metavar="FILE.png", required=True, help=_("where the heat over the picture is written"))
    add_network(parser)
    add_json(parser)


def named(text: str) -> str:
    """Return a method's name.

    Raises:
        PersonError: there is none of that name.
    """
    return method(text).name


def run(options: argparse.Namespace) -> None:
    """Explain with the weights that ``predict`` takes; write the heat over the picture and print its figures."""
    out = check_picture(options.out)
    check_weights(options)
    frame = sources.read(options.image)

    from explorer.cli import opening  # loads torch: after everything that can fail without it

    with opening.aside():
        network = opening.network(options)
        asked = Asked(
            options.method,
            target(options.target, network),
            options.layer,
            options.randomised,
            options.patch,
            options.stride,
        )
        found = _last(network, frame, asked)
        geometry = network.prepare(frame).geometry
    title = f"{_(METHODS[found.method].title)}  ·  {_words(found, network)}"
    explained_png(found.heat, METHODS[found.method].signed, frame.pixels, geometry, title, _note(asked, network), out)
    if options.json:
        head = {"model": network.card.name, "weights": weights_name(network), **remarks(network)}
        document(head | _values(found, asked, network) | {"out": str(out)})
        return
    streams.say(about(network), _text(found, asked, network, str(out)))


def target(text: str, network: Network) -> Target | None:
    """Return the target that ``text`` names; None for "".

    Raises:
        PersonError: no class has that name, or the form is another one.
    """
    if not text:
        return None
    if match := re.fullmatch(r"(.+)@([0-9]{1,9})(?:,([0-9]{1,9}),([0-9]{1,9}))?", text):
        y, x = (None if place is None else int(place) for place in match.group(3, 4))
        return Target(match[1], int(match[2]), y, x)
    if re.fullmatch(r"[0-9]{1,9}", text):
        return Target("", int(text))
    wanted = text.casefold()
    names = [label.casefold() for label in network.labels]
    places = [place for place, name in enumerate(names) if wanted == name] or [
        place for place, name in enumerate(names) if wanted in name
    ]
    if len(places) == 1:
        return Target("", places[0])
    if places:
        near = ", ".join(f"{network.labels[place]} ({place})" for place in places[:5])
        raise PersonError(N_("“{text}” is more than one class: {near}. Give its number."), text=text, near=near)
    raise PersonError(
        N_("“{text}” is no target: give a class by number or name, or a unit as LAYER@CHANNEL,ROW,COLUMN."), text=text
    )


def _last(network: Network, frame: Any, asked: Asked) -> Explanation:
    answer = None
    steps = explaining(network, frame, (), asked)
    for step in streams.told(steps, lambda step: _("{done} of {of} passes").format(done=step.done, of=step.of)):
        answer = step.answer
    assert isinstance(answer, Explanation)
    return answer


def _words(found: Explanation, network: Network) -> str:
    """Return the target as a person says it."""
    what = found.target
    if what.layer == network.graph.output.id and len(network.labels) == network.graph.output.output[0]:
        return network.labels[what.channel]
    if what.y is None or what.x is None:
        return _("{layer}, channel {channel}").format(layer=what.layer, channel=what.channel)
    return _("{layer}, channel {channel}, row {y}, column {x}").format(
        layer=what.layer, channel=what.channel, y=what.y, x=what.x
    )


def _note(asked: Asked, network: Network) -> str:
    notes = [network.card.title]
    if not network.trained:
        notes.append(_("untrained: random weights"))
    if asked.randomised:
        notes.append(_("of a copy with shuffled weights"))
    return "  ·  ".join(notes)


def _values(found: Explanation, asked: Asked, network: Network) -> dict[str, Any]:
    what = found.target
    unit = None if what.y is None or what.x is None else [what.y, what.x]
    return {
        "method": found.method,
        "target": {"layer": what.layer, "channel": what.channel, "unit": unit, "label": _words(found, network)},
        "value": found.value,
        "layer": found.layer or None,
        "heat": {"shape": list(found.heat.shape), "min": float(found.heat.min()), "max": float(found.heat.max())},
        "completeness": found.completeness,
        "randomised": asked.randomised,
    }


def _text(found: Explanation, asked: Asked, network: Network, out: str) -> str:
    how = METHODS[found.method]
    rows = [(_("method"), f"{_(how.title)}  ({how.source})"), ("", _(how.about))]
    rows.append((_("target"), f"{_words(found, network)}  =  {found.value:.5g}"))
    if found.layer:
        rows.append((_("maps of"), found.layer))
    if found.completeness is not None:
        missed = _("the sum misses the answer's change by {share}").format(share=f"{100 * found.completeness:.2g} %")
        rows.append((_("completeness"), missed))
    if asked.randomised:
        rows.append(("", _("of a copy with shuffled weights")))
    rows.append((_("file"), streams.one_line(out)))
    return table((), rows, "ll")
