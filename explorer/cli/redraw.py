"""``redraw``: a picture made again from the recipe that was exported with it."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import replace
from pathlib import Path

from explorer import sources
from explorer.cli.arguments import Parser, add_consent, add_json
from explorer.cli.output import document
from explorer.cli.streams import one_line, say
from explorer.errors import PersonError
from explorer.render import export
from explorer.reproduce import read
from explorer.text import N_, _, set_language
from explorer.zoo import own
from explorer.zoo.own import consent

ABOUT = N_("make a picture again from the recipe that lies beside it")


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    about = _("the file FILE.recipe.json that was exported with FILE.png")
    parser.what.add_argument("recipe", metavar="RECIPE", type=Path, help=about)
    parser.how.add_argument("--out", metavar="FILE.png", type=Path, required=True, help=_("where the picture is to go"))
    add_consent(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Write the picture, in the language that it was exported in, and print where it is."""
    kept = read(options.recipe)
    if kept.what == "window":
        raise PersonError(
            N_("This picture is one of the window's: write “{command}” to open it again."),
            command=shlex.join(["cnn-explorer", "--recipe", str(options.recipe)]),
        )
    out = export.check_picture(options.out)
    if options.allow_code and own.is_own(kept.recipe.network):
        consent.give(Path(kept.recipe.network))
    frame = sources.read(kept.recipe.source)
    set_language(kept.language)

    from explorer import device, frame_path  # loads torch: after everything that can fail without it
    from explorer.cli.opening import aside
    from explorer.session import Session

    device.set_threads()
    wanted = kept.recipe
    with aside():
        network = Session().open(
            wanted.network, wanted.weights, wanted.input_hw, wanted.device, precision=kept.precision
        )
        alone = replace(wanted, thumbnails=(), columns=0, overtime=None, locked=(), beside=None, nearest=None)
        result = frame_path.run(network, frame, replace(alone, finding=None))
    draw = export.mosaic_png if kept.what == "mosaic" else export.map_png
    draw(result.view, wanted.view.colours, out, result.trained)
    if options.json:
        document({"what": kept.what, "picture": str(out)})
        return
    say(one_line(out))
