"""``predict``: what a network makes of a picture."""

from __future__ import annotations

import argparse
import time

from explorer import sources
from explorer.cli import output
from explorer.cli.arguments import Parser, add_json, add_network, add_picture, check_weights, whole
from explorer.cli.streams import one_line, say
from explorer.text import N_, _

ABOUT = N_("name what a picture shows")


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    add_picture(parser)
    add_network(parser)
    parser.how.add_argument("--top", metavar="K", type=whole(1), default=5, help=_("how many answers (5)"))
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Print the answers, the most probable first."""
    check_weights(options)
    start_s = time.perf_counter()
    frame = sources.read(options.image)
    times_ms = {"read": (time.perf_counter() - start_s) * 1e3}

    from explorer import frame_path  # loads torch: after everything that can fail without it
    from explorer.cli import opening

    network = opening.network(options)
    recipe = opening.recipe(options.image, options, top=options.top)
    with opening.aside():
        result = frame_path.run(network, frame, recipe, times_ms)
    if options.json:
        output.document(
            {
                "model": network.card.name,
                "weights": output.weights_name(network),
                "device": str(network.device),
                **output.remarks(network),
                **output.predictions(result),
                "times_ms": output.times(result, "read", "prepare", "forward"),
            }
        )
        return
    say(f"{one_line(frame.source)}  ·  {output.about(network)}")
    say(output.answers(result))
    times = output.times(result, "read", "prepare", "forward")
    say(_("read {read:.1f} ms, prepare {prepare:.1f} ms, forward {forward:.1f} ms").format(**times))
