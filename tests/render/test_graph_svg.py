"""The architecture as files: valid XML whatever the names, every box and line in it, readable colours, all ops."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET

import pytest

from explorer.graph.blocks import Outline
from explorer.graph.families import FAMILIES
from explorer.graph.layout import layout
from explorer.graph.values import Graph, Layer
from explorer.render.graph_colours import PALETTES, Palette, channels, ink, mix
from explorer.render.graph_svg import count, describe, details, graph_csv, graph_svg, joins
from tests.graph.courses import traced

SVG = "{http://www.w3.org/2000/svg}"
EVIL = [
    "<&>\"'",
    "]]>",
    "이름 층",
    "a\x00\x08b",
    "\ud800",
    "\ufffe",
    "=cmd|' /C calc'!A0",
    "x" * 500,
    'a\nb,c;"d"',
    "🦔",
]


def contrast(first: str, second: str) -> float:
    """Return WCAG 2's contrast of two colours."""
    lights = []
    for colour in (first, second):
        parts = [c / 255 for c in channels(colour)]
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        lights.append(0.2126 * r + 0.7152 * g + 0.0722 * b)
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def drawing(of: Graph, folded: frozenset[str] = frozenset(), theme: str = "light", title: str = "") -> ET.Element:
    drawn = Outline(of).draw(folded)
    return ET.fromstring(graph_svg(drawn, layout(drawn), PALETTES[theme], title).encode())


def texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("name", ["lenet5", "googlenet", "resnet152", "densenet201"])
def test_a_drawing_holds_every_box(name: str, theme: str) -> None:
    outline = Outline(traced(name))
    for folded in (frozenset[str](), outline.default()):
        drawn = outline.draw(folded)
        root = drawing(outline.graph, folded, theme, name)
        tips = [element.text for element in root.iter(f"{SVG}title")]
        assert tips == [name, *map(describe, drawn.nodes)]
        width, height = float(root.get("width", "")), float(root.get("height", ""))
        assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
        for rect in root.iter(f"{SVG}rect"):
            left, top = float(rect.get("x", "0")), float(rect.get("y", "0"))
            assert 0 <= left <= left + float(rect.get("width", "")) <= width
            assert 0 <= top <= top + float(rect.get("height", "")) <= height


@pytest.mark.parametrize("name", EVIL)
def test_any_name_is_text_and_nothing_else(name: str) -> None:
    layers = (
        Layer("input", "input", "input", (), (1,), "C"),
        Layer(name, name, name, ("input",), (1,), "C", macs=1),
        Layer(f"{name}.2", "", "relu", (name,), (1,), "C", block=name),
        Layer(f"{name}.3", "", "relu", (f"{name}.2",), (1,), "C", block=name),
    )
    for folded in (frozenset[str](), frozenset({f"{name}."})):
        root = drawing(Graph(layers, outputs=(f"{name}.3",)), folded, title=name)
        assert {element.tag for element in root.iter()} <= {
            SVG + t for t in ("svg", "g", "title", "rect", "path", "text")
        }
        legible = re.sub("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", name)
        assert root[0].text == legible


def test_fonts_have_korean_among_them() -> None:
    fonts = drawing(traced("lenet5")).get("font-family", "")
    assert {"'Noto Sans KR'", "'Malgun Gothic'", "'Apple SD Gothic Neo'"} <= set(fonts.split(", "))
    assert fonts.endswith("sans-serif")


def test_a_convolution_tells_kernel_output_and_weights() -> None:
    written = texts(drawing(traced("lenet5")))
    assert "c1" in written
    assert "conv2d 5×5 · 6×28×28" in written
    assert "156" in written  # 6 · (5·5 + 1)


def test_residual_and_concat_lines_have_colours_of_their_own() -> None:
    for name, family in (("resnet152", "add"), ("densenet201", "concat")):
        strokes = {path.get("stroke") for path in drawing(traced(name)).iter(f"{SVG}path")}
        assert {PALETTES["light"].families[family], PALETTES["light"].edge} <= strokes


@pytest.mark.parametrize("palette", PALETTES.values(), ids=list(PALETTES))
def test_what_is_written_can_be_read_and_hues_are_told_apart(palette: Palette) -> None:
    assert set(palette.families) == set(FAMILIES)
    assert len(set(palette.families.values())) == len(FAMILIES)
    for family, colour in palette.families.items():
        for dim in (False, True):
            assert contrast(palette.ink(family, dim), palette.body(family)) >= 4.5, family
        assert contrast(colour, palette.background) >= 3, family  # as WCAG asks of what is no text
    assert contrast(palette.edge, palette.background) >= 3
    assert contrast(palette.dim, palette.background) >= 4.5


def test_ink_contrasts_with_any_colour() -> None:
    for red in range(0, 256, 51):
        for green in range(0, 256, 51):
            for blue in range(0, 256, 51):
                colour = f"#{red:02x}{green:02x}{blue:02x}"
                assert contrast(ink(colour), colour) >= 4.5
    assert mix("#000000", "#ffffff", 0.5) == "#808080"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (9408, "9408"),
        (10_000, "10 k"),
        (999_499, "999 k"),
        (999_500, "1 M"),
        (999_600_000, "1 G"),
        (25_557_032, "25.6 M"),
        (4_089_184_256, "4.09 G"),
        (138_357_544, "138 M"),
    ],
)
def test_counts(number: int, shown: str) -> None:
    assert count(number) == shown


def test_a_folded_block_tells_what_is_inside() -> None:
    node = Outline(traced("googlenet")).draw(Outline(traced("googlenet")).all).by_id["inception3a."]
    assert details(node)[0].startswith("256×28×28 · ")
    assert f"{node.parameters:,}" in describe(node)
    assert "1 concat" in describe(node)
    outline = Outline(traced("resnet152"))
    adds = [
        sum(number for family, number in joins(each) if family == "add") for each in outline.draw(outline.all).nodes
    ]
    assert [number for number in adds if number] == [3, 8, 36, 3]  # He et al. 2016, table 1
    assert {"3", "8", "36"} <= set(texts(drawing(outline.graph, outline.all)))


def test_the_table_holds_every_op_and_its_attributes() -> None:
    graph = traced("resnet50")
    rows = list(csv.DictReader(io.StringIO(graph_csv(graph))))
    assert [row["name"] for row in rows] == [layer.id for layer in graph]
    assert sum(int(row["parameters"]) for row in rows) == 25_557_032  # torchvision's documented count
    for row, layer in zip(rows, graph, strict=True):
        assert row["inputs"].split(" ") == list(layer.inputs or ("",))
        assert row["output"] == "×".join(map(str, layer.output))
        assert json.loads(row["attributes"]) == json.loads(json.dumps(dict(layer.attributes)))
    assert list(rows[0]) == ["name", "op", "block", "inputs", "output", "parameters", "macs", "attributes"]


@pytest.mark.parametrize("name", [*EVIL, "-1", "@a", "+b"])
def test_any_name_is_one_cell_and_no_formula(name: str) -> None:
    layers = (
        Layer("input", "input", "input", (), (1,), "C"),
        Layer(name, name, name, ("input",), (1,), "C", block=name),
    )
    row = list(csv.reader(io.StringIO(graph_csv(Graph(layers)), newline="")))[2]
    assert len(row) == 8
    assert row[0] == (name if name[0] not in "=+-@" else f"'{name}")
    assert not row[0].startswith(("=", "+", "-", "@"))
