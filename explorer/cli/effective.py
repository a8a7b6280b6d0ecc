"""``effective``: which cells of the input really move a unit, as a picture and in numbers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer import sources
from explorer.attribution.values import Effective
from explorer.cli import streams
from explorer.cli.arguments import Parser, add_consent, add_json, add_weights, check_weights, model, size, whole
from explorer.cli.output import about, document, remarks, table, weights_name
from explorer.errors import SourceError
from explorer.influence import NOISES, Input, check_moved, effective, noisy
from explorer.receptive.plain import exact
from explorer.render import export
from explorer.render.heat import heat_png
from explorer.text import N_, _, ngettext
from explorer.values import Source
from explorer.zoo import weights

if TYPE_CHECKING:
    from explorer.session import Network

ABOUT = N_("measure which cells of the input really move a unit, by gradients")


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    parser.what.add_argument("model", metavar="MODEL", type=model, help=_("network: “models” lists them; or a file"))
    how = parser.how
    how.add_argument("--layer", metavar="NAME", required=True, help=_("id of the layer; “layers MODEL” lists them"))
    words = _("row and column of the unit in the layer's maps, from 0; without it the one in the middle")
    how.add_argument("--unit", metavar=("Y", "X"), nargs=2, type=whole(0), help=words)
    words = _("average over the pictures of this folder; without it over {count} inputs of noise").format(count=NOISES)
    how.add_argument("--images", metavar="DIR", type=Path, help=words)
    how.add_argument("--out", metavar="FILE.png", type=Path, required=True, help=_("where the heat is written"))
    how.add_argument("--input", metavar="HxW", type=size, help=_("another input size than the weights want"))
    how.add_argument("--device", metavar="D", default="auto", help=_("cpu, cuda:0 …; without it the fastest"))
    add_weights(parser)
    add_consent(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Measure with the weights that ``predict`` takes; write the heat and print its figures."""
    export.check_picture(options.out)
    folder = None if options.images is None else Folder(options.images)
    options.weights = options.weights or weights.best_here(options.model)
    check_weights(options)

    from explorer import device  # loads torch: after everything that can fail without it
    from explorer.cli import opening
    from explorer.session import Session

    device.set_threads()
    unit = None if options.unit is None else (options.unit[0], options.unit[1])
    with opening.aside():
        network = Session().open(options.model.name, options.weights, options.input, options.device)
        found = _measured(network, options.layer, unit, folder)
    heat_png(found.heat, found.clipped, _title(found), _note(found, network.trained), options.out)
    if options.json:
        head = {"model": network.card.name, "weights": weights_name(network), **remarks(network)}
        document(head | _values(found, network, folder) | {"out": str(options.out)})
        return
    streams.say(about(network), _text(found, folder, options.out))


class Folder:
    """The pictures of a folder, one after the other; what is no picture is left out.

    Attributes:
        skipped: how many files were no pictures, of those that were read so far.

    Raises:
        SourceError: no folder, not to be read, or nothing in it.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.skipped = path, 0
        try:
            self.files: Sequence[Path] = sorted(file for file in path.iterdir() if not file.is_dir())
        except (FileNotFoundError, ValueError) as error:
            raise SourceError(N_("There is no folder {name}: check the path."), name=path) from error
        except NotADirectoryError as error:
            raise SourceError(N_("{name} is a file: give --images a folder with pictures."), name=path) from error
        except OSError as error:
            raise SourceError(
                N_("The folder {name} cannot be read ({reason}): check its permissions, or choose another."),
                name=path,
                reason=error.strerror or error,
            ) from error
        if not self.files:
            raise SourceError(N_("The folder {name} is empty: put pictures into it, or choose another."), name=path)

    def __iter__(self) -> Iterator[Input]:
        self.skipped = 0
        for file in self.files:
            try:
                frame = sources.read(Source("picture", str(file)))
            except SourceError:
                self.skipped += 1
            else:
                yield frame, 0.0
        if self.skipped == len(self.files):
            raise SourceError(
                N_("No file in the folder {name} is a picture: put JPEG, PNG, WebP, BMP, TIFF or GIF files into it."),
                name=self.path,
            )


def _measured(network: Network, layer: str, unit: tuple[int, int] | None, folder: Folder | None) -> Effective:
    inputs, count = (noisy(None, NOISES), NOISES) if folder is None else (folder, len(folder.files))
    terminal = sys.stderr is not None and sys.stderr.isatty()
    found = None
    try:
        for step in effective(network, layer, unit, inputs, count):
            assert isinstance(step.answer, Effective)
            found = step.answer
            if terminal:
                streams.overwrite(_("{done} of {of} inputs").format(done=step.done, of=step.of))
    finally:
        if terminal and found is not None:
            streams.overwrite("")
    assert found is not None  # else the inputs raised
    check_moved(found)
    return found


def _values(found: Effective, network: Network, folder: Folder | None) -> dict[str, Any]:
    why = {"why": found.why} if found.why else {}
    skipped = {} if folder is None else {"skipped": folder.skipped}
    return {
        "input": list(network.graph.input),
        "layer": found.layer,
        "unit": None if found.unit is None else list(found.unit),
        "box": None if found.box is None else [exact(edge) for edge in found.box],
        "clipped": None if found.clipped is None else list(found.clipped),
        "certainty": found.certainty,
        **why,
        "cells_95": found.cells_95,
        "share_95": found.share_95,
        "diameter_95": found.diameter_95,
        "mass_inside": None if found.outside is None else 1 - found.outside,
        "pictures": found.pictures,
        **skipped,
        "noise": folder is None,
    }


def _text(found: Effective, folder: Folder | None, file: Path) -> str:
    certainty = {
        "exact": _("exact"),
        "upper bound": _("upper bound"),
        "whole input": _("whole input"),
        "unknown": _("unknown"),
    }[found.certainty]
    rows = [(_("unit"), _title(found)), (_("certainty of the area"), certainty)]
    if found.why:
        rows.append(("", _(found.why)))
    if found.clipped:
        y0, x0, y1, x1 = found.clipped
        edges = _("rows {y0} to {y1}, columns {x0} to {x1} (ends not included)").format(y0=y0, y1=y1, x0=x0, x1=x1)
        rows.append((_("real cells"), edges))
    rows.append((_("influence"), _share(found)))
    size = _("{side} cells, the root of their number").format(side=f"{found.diameter_95:.1f}")
    rows.append((_("effective size"), size))
    rows.append((_("averaged over"), _inputs(found, folder)))
    rows.append((_("file"), streams.one_line(file)))
    return table((), rows, "ll")


def _inputs(found: Effective, folder: Folder | None) -> str:
    if folder is None:
        return _("{count} inputs of noise").format(count=found.pictures)
    seen = ngettext("{count} picture", "{count} pictures", found.pictures).format(count=found.pictures)
    if not folder.skipped:
        return seen
    left = ngettext("{count} file was no picture", "{count} files were no pictures", folder.skipped)
    return f"{seen}; {left.format(count=folder.skipped)}"


def _title(found: Effective) -> str:
    if found.unit is None:
        return _("{layer}, its whole output").format(layer=found.layer)
    return _("{layer}, row {y}, column {x}").format(layer=found.layer, y=found.unit[0], x=found.unit[1])


def _share(found: Effective) -> str:
    cells = f"{found.cells_95:,}"
    if found.share_95 is None:
        return _("95 % of the influence comes from {cells} cells").format(cells=cells)
    share = f"{100 * found.share_95:.1f}"
    return _("95 % of the influence comes from {share} % of the area, {cells} cells").format(share=share, cells=cells)


def _note(found: Effective, trained: bool) -> str:
    return "  ·  ".join([_share(found), *(() if trained else (_("untrained: random weights"),))])
