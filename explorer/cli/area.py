"""``area``: what one unit of a layer sees."""

from __future__ import annotations

import argparse
from typing import Any

from explorer import sources
from explorer.cli.arguments import (
    Parser,
    add_consent,
    add_json,
    add_weights,
    check_weights,
    model,
    picture,
    size,
    whole,
)
from explorer.cli.output import document, remarks, table, weights_name
from explorer.cli.streams import say
from explorer.receptive.plain import exact
from explorer.receptive.values import Area, Runs
from explorer.text import N_, _
from explorer.zoo import weights

ABOUT = N_("tell which cells of the input one unit of a layer depends on")


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    parser.what.add_argument("model", metavar="MODEL", type=model, help=_("network: “models” lists them; or a file"))
    how = parser.how
    how.add_argument("--layer", metavar="NAME", required=True, help=_("id of the layer; “layers MODEL” lists them"))
    about = _("row and column of the unit in the layer's maps, from 0")
    how.add_argument("--unit", metavar=("Y", "X"), nargs=2, type=whole(0), required=True, help=about)
    how.add_argument("--input", metavar="HxW", type=size, help=_("another input size than the weights want"))
    about = _("a picture, in which the area is told too: a file, a .npy array, an http address or a sample's name")
    how.add_argument("--image", metavar="FILE", type=picture, help=about)
    add_weights(parser)
    add_consent(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Print the area for the weights that ``predict`` takes."""
    options.weights = options.weights or weights.best_here(options.model)
    check_weights(options)
    frame = sources.read(options.image) if options.image else None

    from explorer.cli import opening
    from explorer.receptive.analyse import analyse
    from explorer.session import Session  # loads torch: after everything that can fail without it

    with opening.aside():
        network = Session().open(options.model.name, options.weights, options.input, "cpu")
    unit = (options.unit[0], options.unit[1])
    area = analyse(network.graph).area(options.layer, unit)
    in_picture = None
    if frame is not None:
        geometry = network.prepare(frame).geometry
        in_picture = geometry.pixels(area.clipped) if area.clipped else None
    if options.json:
        head = {"model": network.card.name, "weights": weights_name(network), **remarks(network)}
        head |= {"input": list(network.graph.input), "layer": options.layer, "unit": list(unit)}
        document(head | _values(area) | ({} if frame is None else {"picture_box": in_picture and list(in_picture)}))
        return
    say(_text(area, in_picture))


def _values(area: Area) -> dict[str, Any]:
    found: dict[str, Any] = {
        "box": [exact(edge) for edge in area.box],
        "clipped": None if area.clipped is None else list(area.clipped),
        "certainty": area.certainty,
    }
    if area.why:
        found["why"] = area.why
    if area.main_path:
        found["main_path"] = [exact(edge) for edge in area.main_path]
    found["cells"] = [{"rows": list(map(list, p.rows)), "columns": list(map(list, p.columns))} for p in area.parts]
    return found | {"cells_exact": area.exact}


def _text(area: Area, in_picture: tuple[int, int, int, int] | None) -> str:
    certainty = {
        "exact": _("exact"),
        "upper bound": _("upper bound"),
        "whole input": _("whole input"),
        "unknown": _("unknown"),
    }[area.certainty]
    clipped = _("none: the unit sees padding alone")
    if area.clipped:
        clipped = _edges([str(edge) for edge in area.clipped])
    rows = [
        (_("area"), _edges([str(edge) for edge in area.box])),
        (_("real cells"), clipped),
        (_("certainty"), certainty),
    ]
    if area.why:
        rows.append(("", _(area.why)))
    if area.main_path:
        rows.append((_("without gates"), _edges([str(edge) for edge in area.main_path])))
    if not area.filled:
        for part in area.parts:
            found = _("rows {rows}; columns {columns}").format(rows=_runs(part.rows), columns=_runs(part.columns))
            rows.append((_("of these"), found))
    if in_picture:
        rows.append((_("in the picture"), _edges([str(edge) for edge in in_picture])))
    return table((), rows, "ll")


def _edges(edges: list[str]) -> str:
    return _("rows {y0} to {y1}, columns {x0} to {x1} (ends not included)").format(
        y0=edges[0], y1=edges[2], x0=edges[1], x1=edges[3]
    )


def _runs(runs: Runs) -> str:
    return ", ".join(str(low) if high - low == 1 else f"{low}–{high - 1}" for low, high in runs)
