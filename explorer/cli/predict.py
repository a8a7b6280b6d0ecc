"""``predict``: what a network, or two, make of a picture."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from explorer import sources
from explorer.cli import output
from explorer.cli.arguments import Parser, add_json, add_network, add_picture, allow_code, check_weights, model, whole
from explorer.cli.streams import one_line, say
from explorer.recipe import Beside
from explorer.text import N_, _
from explorer.values import FrameResult
from explorer.zoo import weights

if TYPE_CHECKING:
    from explorer.session import Network
    from explorer.tasks.values import BesideAnswer

ABOUT = N_("name what a picture shows")


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    add_picture(parser)
    add_network(parser)
    about = _("a second network that answers too")
    parser.how.add_argument("--beside", metavar="M", type=model, help=about)
    parser.how.add_argument("--top", metavar="K", type=whole(1), default=5, help=_("how many answers (5)"))
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Print the answers, the most probable first; of a second network after those of the first."""
    check_weights(options)
    if options.beside:
        allow_code(argparse.Namespace(allow_code=options.allow_code, model=options.beside))
    start_s = time.perf_counter()
    frame = sources.read(options.image)
    times_ms = {"read": (time.perf_counter() - start_s) * 1e3}

    from explorer import frame_path  # loads torch: after everything that can fail without it
    from explorer.beside import answer_beside
    from explorer.cli import opening

    card = options.beside
    beside = Beside(card.name, weights.best_here(card)) if card else None
    network, second = opening.network(options), opening.second(options, beside)
    recipe = opening.recipe(options.image, options, top=options.top, beside=beside)
    with opening.aside():
        result = frame_path.run(network, frame, recipe, times_ms)
        other = answer_beside(second, frame, recipe) if second else None
    if options.json:
        more = {"beside": _told(second, other, "prepare", "forward")} if second and other else {}
        output.document({**_told(network, result, "read", "prepare", "forward"), **more})
        return
    say(f"{one_line(frame.source)}  ·  {output.about(network)}")
    say(output.answers(result))
    times = output.times(result, "read", "prepare", "forward")
    say(_("read {read:.1f} ms, prepare {prepare:.1f} ms, forward {forward:.1f} ms").format(**times))
    if second and other:
        say(f"\n{output.about(second)}")
        say(output.answers(other))
        times = output.times(other, "prepare", "forward")
        say(_("prepare {prepare:.1f} ms, forward {forward:.1f} ms").format(**times))


def _told(network: Network, result: FrameResult | BesideAnswer, *stages: str) -> dict[str, Any]:
    """Return what a network says as a JSON object."""
    return {
        "model": network.card.name,
        "weights": output.weights_name(network),
        "device": str(network.device),
        **output.remarks(network),
        **output.predictions(result),
        "times_ms": output.times(result, *stages),
    }
