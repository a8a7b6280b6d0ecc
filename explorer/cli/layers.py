"""``layers``: every op of a network."""

from __future__ import annotations

import argparse

from explorer.cli.arguments import Parser, add_consent, add_json, add_weights, check_weights, model, size
from explorer.cli.output import document, remarks, table, weights_name
from explorer.cli.streams import say
from explorer.graph.values import Layer
from explorer.receptive.plain import field_values
from explorer.receptive.values import Field
from explorer.text import N_, _
from explorer.zoo import weights

ABOUT = N_("list every op of a network, with shapes, weights and multiplications")


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    parser.what.add_argument("model", metavar="MODEL", type=model, help=_("network: “models” lists them; or a file"))
    parser.how.add_argument("--input", metavar="HxW", type=size, help=_("another input size than the weights want"))
    add_weights(parser)
    add_consent(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Print the list for the weights that ``predict`` takes: published ones may want ops that random ones do not."""
    options.weights = options.weights or weights.best_here(options.model)
    check_weights(options)

    from explorer.cli import opening
    from explorer.receptive.analyse import analyse
    from explorer.session import Session  # loads torch

    with opening.aside():
        network = Session().open(options.model.name, options.weights, options.input, "cpu")
    graph = network.graph
    fields = analyse(graph)
    if options.json:
        document(
            {
                "model": network.card.name,
                "weights": weights_name(network),
                **remarks(network),
                "input": list(graph.input),
                "outputs": list(graph.outputs),
                "layers": [_values(layer, field) for layer, field in fields],
            }
        )
        return
    heading = (_("layer"), _("op"), _("output"), _("parameters"), _("MACs"), _("receptive field"), _("inputs"))
    rows = [
        (
            layer.id,
            layer.op,
            " × ".join(map(str, layer.output)),
            f"{layer.parameters:,}",
            f"{layer.macs:,}",
            _field(field),
            ", ".join(layer.inputs),
        )
        for layer, field in fields
    ]
    total = (
        _("all"),
        "",
        "",
        f"{sum(one.parameters for one in graph):,}",
        f"{sum(one.macs for one in graph):,}",
        "",
        "",
    )
    say(table(heading, [*rows, total], "llrrrrl"))


def _field(field: Field) -> str:
    """Return the size of a receptive field in a word; a “≤” before it where it is an upper bound."""
    if field.path is None:
        return _("unknown")
    size = " × ".join(str(round(float(side), 1) if side.denominator > 1 else side) for side in field.path.size)
    if field.certainty == "whole input":
        return _("whole input")
    return f"≤ {size}" if field.certainty == "upper bound" else size


def _values(layer: Layer, field: Field) -> dict[str, object]:
    return {
        "id": layer.id,
        "name": layer.name,
        "block": layer.block,
        "module": layer.module,
        "op": layer.op,
        "inputs": list(layer.inputs),
        "output": list(layer.output),
        "axes": layer.axes,
        "parameters": layer.parameters,
        "macs": layer.macs,
        "attributes": dict(layer.attributes),
        "receptive_field": field_values(field),
    }
