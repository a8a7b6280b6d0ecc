"""An architecture as files: its drawing as SVG text, its ops as a CSV table."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from html import escape

from explorer.graph.blocks import Drawn, Node
from explorer.graph.layout import Box, Layout, Point, strokes, titles
from explorer.graph.values import Graph
from explorer.render.graph_colours import Palette
from explorer.text import _, ngettext

FONTS = "Pretendard, 'Noto Sans KR', 'Apple SD Gothic Neo', 'Malgun Gothic', NanumGothic, sans-serif"
"""The application's own, then what each system has for Korean."""
NAME_PX, DETAIL_PX = 12.0, 10.5
PAD = 10.0
PILL = 18.0
"""Width of what tells a block's joins, without their number."""
FRAMED = 0.035
"""Opacity of what lies in an open block."""
_LETTER = 0.56
"""Width of a letter ÷ the font's size: an SVG does not know its reader's font, so texts keep well inside."""
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""
LINES = {"branch": 1.4, "plain": 1.4, "concat": 1.6, "residual": 2.0}
"""Widths."""


def count(number: int) -> str:
    """Return a count with three digits that matter: ``9408``, ``25.6 M``, ``4.09 G``."""
    if number < 10**4:
        return str(number)
    words = (f"{number / 1000**power:.3g} {letter}" for power, letter in enumerate("kMGT", 1))
    return next((word for word in words if "e" not in word), str(number))  # "1e+03 k" is 1 M


def shape(output: Iterable[int]) -> str:
    """Return ``64×56×56``."""
    return "×".join(map(str, output))


def details(node: Node) -> tuple[str, ...]:
    """Return what stands in a box below its name; of a small box what stands beside it.

    A folded block tells its output, ops and joins, then its weights; an op with weights what it does and gives, and its
    weights; any other op its output.
    """
    if node.folded:
        inside = [shape(node.output), ngettext("{count} op", "{count} ops", node.ops).format(count=node.ops)]
        if node.parameters or node.macs:
            weights = _("{parameters} params · {macs} MACs")
            return " · ".join(inside), weights.format(parameters=count(node.parameters), macs=count(node.macs))
        return (" · ".join(inside),)
    if node.macs:
        return (f"{node.op} · {shape(node.output)}",)
    return (shape(node.output),)


def joins(node: Node) -> tuple[tuple[str, int], ...]:
    """Return the joins inside a folded block: the family and how many."""
    found = (("add", node.adds), ("concat", node.concats)) if node.folded else ()
    return tuple((family, number) for family, number in found if number)


def describe(node: Node) -> str:
    """Return all that is known of a box, a line each."""
    lines = [node.title, node.op or ngettext("{count} op", "{count} ops", node.ops).format(count=node.ops)]
    lines.append(_("output {shape}").format(shape=shape(node.output)))
    if node.parameters:
        lines.append(_("{count} parameters").format(count=f"{node.parameters:,}"))
    if node.macs:
        lines.append(_("{count} MACs").format(count=f"{node.macs:,}"))
    if node.folded and node.adds:
        lines.append(ngettext("{count} residual add", "{count} residual adds", node.adds).format(count=node.adds))
    if node.folded and node.concats:
        lines.append(ngettext("{count} concat", "{count} concats", node.concats).format(count=node.concats))
    return "\n".join(lines)


def graph_svg(drawn: Drawn, laid: Layout, palette: Palette, title: str = "") -> str:
    """Return the drawing as an SVG document.

    Args:
        drawn, laid: what is drawn, and where.
        palette: the colours.
        title: of the document; any text.
    """
    width, height = laid.width, laid.height
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}"'
        f' viewBox="0 0 {_n(width)} {_n(height)}" font-family="{_quoted(FONTS)}">',
        f"<title>{_text(title)}</title>",
        f'<rect width="{_n(width)}" height="{_n(height)}" fill="{palette.background}"/>',
    ]
    heads = titles(drawn, laid)
    for block, frame in laid.frames.items():
        parts.append(f"<g>{_rect(frame, 8, palette.text, palette.line, FRAMED)}")
        parts.append(_write(heads[block], frame.left + 8, frame.top + 12, DETAIL_PX, palette.dim, frame.width / 2 - 12))
        parts.append("</g>")
    for kind, pieces in strokes(drawn, laid).items():
        if pieces:
            colour = line_colour(palette, kind)
            path = "".join(_piece(*piece) for piece in pieces)
            parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{LINES[kind]}"/>')
    parts += (_box(node, laid.boxes[node.id], palette) for node in drawn.nodes)
    return "\n".join([*parts, "</svg>", ""])


def line_colour(palette: Palette, kind: str) -> str:
    """Return the colour of a kind of line."""
    family = {"residual": "add", "concat": "concat"}.get(kind)
    return palette.edge if family is None else palette.families[family]


def graph_csv(graph: Graph) -> str:
    """Return every op as a row: name, op, block, inputs, output, parameters, MACs, attributes (as JSON)."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(("name", "op", "block", "inputs", "output", "parameters", "macs", "attributes"))
    for layer in graph:
        attributes = json.dumps(dict(layer.attributes), ensure_ascii=False)
        words = layer.id, layer.op, layer.block, " ".join(layer.inputs), shape(layer.output)
        table.writerow((*map(_plain, words), layer.parameters, layer.macs, attributes))
    return text.getvalue()


def _plain(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: a network's names are its author's."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _box(node: Node, box: Box, palette: Palette) -> str:
    colour, join = palette.families[node.family], node.family in ("add", "concat")
    radius = box.height / 2 if join else 6
    parts = [f"<g><title>{_text(describe(node))}</title>"]
    if node.folded:  # a second sheet behind it
        parts.append(_rect(Box(box.left + 3, box.top + 3, box.width, box.height), radius, palette.background, colour))
    parts.append(_rect(box, radius, palette.body(node.family), colour))
    if not join:
        parts.append(
            f'<rect x="{_n(box.left)}" y="{_n(box.top + 3)}" width="4" height="{_n(box.height - 6)}"'
            f' rx="2" fill="{colour}"/>'
        )
    left, room, ink, dim = box.left + PAD, box.width - 2 * PAD, palette.ink(node.family), palette.ink(node.family, True)
    lines = details(node)
    if len(lines) == 1 and box.height < 2 * NAME_PX + 8:
        y, detail = box.top + box.height / 2 + 4, lines[0]
        taken = len(detail) * DETAIL_PX * _LETTER + 8
        if join:
            parts.append(_mark(node.family, left + 5, box.top + box.height / 2, ink))
            left, room = left + 16, room - 16
        parts.append(_write(node.label, left, y, NAME_PX, ink, room - taken, "600" if join else ""))
        parts.append(_write(detail, box.right - PAD, y, DETAIL_PX, dim, room / 2, anchor="end"))
    else:
        y = box.top + 17
        weights = count(node.parameters) if node.parameters and not node.folded else ""
        right = box.right - PAD + 4
        for family, number in joins(node):
            pill = Box(right - PILL - 6 * len(str(number)), box.top + 6, PILL + 6 * len(str(number)), 14)
            parts.append(_rect(pill, 7, palette.body(family), palette.body(family)))
            parts.append(_mark(family, pill.left + 8, pill.top + 7, palette.ink(family), 3))
            parts.append(_write(str(number), pill.left + 14, pill.top + 11, DETAIL_PX, palette.ink(family), PILL))
            right = pill.left - 4
        taken = len(weights) * 6 + 4 + box.right - PAD + 4 - right
        parts.append(_write(node.label, left, y, NAME_PX, ink, room - taken, "600"))
        if weights:
            parts.append(_write(weights, box.right - PAD, y, DETAIL_PX, dim, room / 2, anchor="end"))
        for turn, line in enumerate(lines, 1):
            parts.append(_write(line, left, y + turn * 16, DETAIL_PX, dim, room))
    return "".join([*parts, "</g>"])


def _mark(family: str, x: float, y: float, colour: str, half: int = 5) -> str:
    """Return a plus, or three bars side by side."""
    if family == "add":
        path = f"M{_n(x - half)} {_n(y)}h{2 * half}M{_n(x)} {_n(y - half)}v{2 * half}"
    else:
        path = "".join(f"M{_n(x + away)} {_n(y - half)}v{2 * half}" for away in (-half, 0, half))
    return f'<path d="{path}" stroke="{colour}" stroke-width="{2 if half > 3 else 1.4}" fill="none"/>'


def _piece(start: Point, end: Point) -> str:
    (x0, y0), (x1, y1) = start, end
    if x0 == x1:
        return f"M{_n(x0)} {_n(y0)}V{_n(y1)}"
    middle = (y0 + y1) / 2
    return f"M{_n(x0)} {_n(y0)}C{_n(x0)} {_n(middle)} {_n(x1)} {_n(middle)} {_n(x1)} {_n(y1)}"


def _rect(box: Box, radius: float, fill: str, stroke: str, opacity: float = 1.0) -> str:
    return (
        f'<rect x="{_n(box.left)}" y="{_n(box.top)}" width="{_n(box.width)}" height="{_n(box.height)}"'
        f' rx="{_n(radius)}" fill="{fill}" fill-opacity="{opacity}" stroke="{stroke}"/>'
    )


def _write(
    text: str, x: float, y: float, size: float, colour: str, room: float, weight: str = "", anchor: str = ""
) -> str:
    more = (f' font-weight="{weight}"' if weight else "") + (f' text-anchor="{anchor}"' if anchor else "")
    fits = max(int(room / (size * _LETTER)), 2)
    shown = text if len(text) <= fits else f"{text[: fits // 3]}…{text[len(text) - (fits - fits // 3 - 1) :]}"
    return f'<text x="{_n(x)}" y="{_n(y)}" font-size="{size}" fill="{colour}"{more}>{_text(shown)}</text>'


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text), quote=False)


def _quoted(text: str) -> str:
    return escape(text)
