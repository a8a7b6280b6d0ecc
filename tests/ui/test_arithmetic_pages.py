"""The pages of weights and shift, every example with other numbers typed in, against torch; pictures of a case."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.arithmetic.counts import Plan
from explorer.arithmetic.presets import PRESETS
from explorer.arithmetic.shift import Shift
from tests.ui.arithmetic import arithmetic_place, type_cell, type_field
from ui import theme
from ui.places.arithmetic import ArithmeticPlace
from ui.widgets.number_grid import tint

PLANS = [name for name, one in PRESETS.items() if isinstance(one.subject, Plan)]


@pytest.fixture
def one(qapp: QApplication) -> Iterator[ArithmeticPlace]:
    with arithmetic_place() as place:
        yield place


def parameters(place: ArithmeticPlace) -> tuple[int, int]:
    """Return weights and biases that torch's own layers have, made of what the fields say."""
    channels, rows, columns = (spin.value() for spin in place.weights.spins)
    found: list[torch.nn.Module] = []
    numbers = rows * columns * channels
    with torch.device("meta"):
        for text in place.weights.layers.text().split():
            text, _at, alone = text.partition("@")
            kind, _dash, outputs = text.partition("-")
            if kind.startswith("conv"):
                seen, side = int(alone or channels), int(kind.removeprefix("conv"))
                found.append(torch.nn.Conv2d(seen, int(outputs), side, padding="same"))
                channels = int(outputs)
            elif kind == "fc":
                found.append(torch.nn.Linear(int(alone or numbers), int(outputs)))
                channels, rows, columns = int(outputs), 1, 1
            else:
                rows, columns = (1, 1) if kind == "global" else (rows // 2, columns // 2)
            numbers = channels * rows * columns
    named = [(name, one.numel()) for module in found for name, one in module.named_parameters()]
    biases = sum(count for name, count in named if name == "bias")
    return sum(count for _name, count in named) - biases, biases


@pytest.mark.parametrize("name", PLANS)
def test_every_count_with_other_layers_typed_in(one: ArithmeticPlace, name: str) -> None:
    one.presets.list.choose(name)
    QTest.keyClick(one.presets.list, Qt.Key.Key_Return)
    panel = one.weights
    assert panel.isVisible()
    assert panel.plan == PRESETS[name].subject
    assert panel.worked.text().replace("\N{NO-BREAK SPACE}", " ") == PRESETS[name].figures[0].ours
    assert panel.counted.weights == parameters(one)[0]
    panel.spins[0].setValue(5)
    panel.spins[1].setValue(30)
    type_field(panel.layers, "conv5-7 maxpool " + panel.layers.text() + " fc-3")
    panel.bias.click()
    weights, biases = parameters(one)
    assert panel.plan.input == (5, 30, panel.spins[2].value())
    assert (panel.counted.weights, panel.counted.biases) == (weights, biases)
    assert panel.total.text() == f"{weights:,} weights and {biases:,} biases: {weights + biases:,} parameters"
    rows = panel._rows
    assert rows.rowCount() == len(panel.layers.text().split())
    assert sum(int(rows.item(row, 3).text().replace(",", "")) for row in range(rows.rowCount())) == weights
    assert one.presets._badge.text() == "changed"


@pytest.mark.parametrize(
    ("typed", "said"),
    [("conv3", "“conv3” is no layer"), ("", "cannot have 0 layers"), ("global maxpool", "does not fit into 1 × 1")],
)
def test_layers_that_cannot_be_are_said_in_place(one: ArithmeticPlace, typed: str, said: str) -> None:
    one.open("small-network")
    good = one.weights.plan
    QTest.keyClick(one.weights.layers, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(one.weights.layers, Qt.Key.Key_Delete)
    QTest.keyClicks(one.weights.layers, typed)
    QTest.keyClick(one.weights.layers, Qt.Key.Key_Return)
    assert said in one.weights.problem.text()
    assert one.weights.problem.isVisible()
    assert one.weights.plan is good
    type_field(one.weights.layers, "fc-3")
    assert not one.weights.problem.isVisible()
    assert one.weights.plan.text == "fc-3"


def test_the_picture_that_moves_with_other_numbers_typed_in(one: ArithmeticPlace) -> None:
    one.open("shift")
    panel = one.shift
    assert panel.isVisible()
    assert "14 of 25 inputs change" in panel.told.text()
    type_cell(panel.grids["picture"], 4, 0, "7/2")
    type_cell(panel.grids["window"], 0, 0, "-2")
    panel.down.setValue(-1)
    panel.right.setValue(2)
    shift = panel.shift
    assert (shift.picture[4][0], shift.window[0][0], shift.by) == (3.5, -2.0, (-1, 2))
    before = np.array(shift.picture)
    after = np.zeros((5, 5))
    after[:4, 2:] = before[1:, :3]
    window = torch.tensor(shift.window, dtype=torch.float64)[None, None]
    for name, plane in (("map_before", before), ("map_after", after)):
        wanted = torch.nn.functional.conv2d(torch.tensor(plane)[None, None], window)[0, 0]
        np.testing.assert_allclose(panel.grids[name].rows, wanted.numpy(), atol=1e-12)
    assert panel.grids["after"].rows == tuple(map(tuple, after.tolist()))
    changed = {(int(y), int(x)) for y, x in np.argwhere(before != after)}
    assert set(panel.grids["after"]._outlined) == changed
    assert f"{len(changed)} of 25 inputs change" in panel.told.text()
    assert one.presets._badge.text() == "changed"


def test_a_move_out_of_the_picture_is_said_in_place(one: ArithmeticPlace) -> None:
    one.open("shift")
    panel, good = one.shift, one.shift.shift
    panel.right.setValue(6)
    assert "cannot be moved by 6" in panel.problem.text()
    assert panel.shift is good
    panel.paste_window("1 2\n\n3 4")
    assert "2 planes of numbers" in panel.problem.text()
    panel.paste_picture("1 x")
    assert "is “x”" in panel.problem.text()
    assert panel.shift is good
    panel.paste_picture("1 2 3 4\n5 6 7 8\n9 0 1 2")
    assert not panel.problem.isVisible()
    assert isinstance(panel.shift, Shift)
    assert panel.shift.map_before.shape == (1, 2)


@pytest.mark.parametrize(
    ("name", "typed", "said"), [("picture", "0/0", "divides by 0"), ("window", "x", "“x”"), ("window", "nan", "“nan”")]
)
def test_a_cell_that_is_no_number_is_said_in_place(one: ArithmeticPlace, name: str, typed: str, said: str) -> None:
    one.open("shift")
    panel, good = one.shift, one.shift.shift
    type_cell(panel.grids[name], 1, 1, typed)
    assert said in panel.problem.text()
    assert panel.problem.isVisible()
    assert panel.shift is good
    QTest.keyClick(panel.grids[name]._field, Qt.Key.Key_Escape)
    assert not panel.problem.isVisible()


def test_what_is_drawn_is_saved_as_a_picture(one: ArithmeticPlace, tmp_path: Path) -> None:
    one.open("two-filters")
    canvas = one.stage.canvas
    one.stage.tools.save_picture(tmp_path / "그림.png")
    image = QImage(str(tmp_path / "그림.png"))
    assert (image.width(), image.height()) == (3 * canvas.width(), 3 * canvas.height())
    place = canvas.rect_of("input", (0, 2, 1)).topLeft() + QPointF(4, 4)
    assert image.pixelColor((3 * place).toPoint()).name() == tint(8.0, 9.0)
    one.stage.tools.save_picture(tmp_path / "drawing.svg")
    assert {"42", "56", "17", "95", "Output 2×2×2"} <= set(svg_texts(tmp_path / "drawing.svg"))
    assert not one.stage.problem.isVisible()
    one.stage.tools.save_picture(tmp_path / "drawing.svg" / "inside.png")
    assert one.stage.problem.isVisible()


def svg_texts(file: Path) -> list[str]:
    """Return the texts that a drawing shows, in its order."""
    root = ElementTree.parse(file).getroot()
    found = ["".join(text.itertext()).strip() for text in root.iter("{http://www.w3.org/2000/svg}text")]
    return [text.replace("\N{NO-BREAK SPACE}", " ") for text in found]


@pytest.mark.parametrize("name", [*PLANS, "shift"])
def test_weights_and_shift_go_out_and_come_in_as_text(one: ArithmeticPlace, name: str, tmp_path: Path) -> None:
    one.open(name)
    panel, file = (one.shift if name == "shift" else one.weights), tmp_path / "과제.json"
    panel.tools["copy"].click()
    panel.tools.save_file(file)
    one.open("one-filter")
    one.stage.tools["paste"].click()  # any page takes any exercise
    assert panel.isVisible()
    assert one.work.subject == PRESETS[name].subject
    assert (one.work.name, one.presets.list.current()) == ("", "")
    one.open("one-filter")
    one.stage.tools.open_file(file)
    assert one.work.subject == PRESETS[name].subject
    file.write_bytes(b'{"kind": "weights", "input": [1, 4, 4], "layers": "fc"}')
    panel.tools.open_file(file)
    assert panel.problem.isVisible()
    assert "“fc” is no layer" in panel.problem.text()
    assert one.work.subject == PRESETS[name].subject
    panel.tools["undo"].click()
    assert not panel.problem.isVisible()
    assert one.stage.isVisible()


def test_steps_back_go_through_the_pages(one: ArithmeticPlace) -> None:
    one.open("small-network")
    type_field(one.weights.layers, "fc-3")
    one.open("shift")
    one.shift.right.setValue(2)
    moved = one.work.subject
    undo, redo = one.shift.tools["undo"], one.weights.tools["redo"]
    undo.click()
    assert (one.work.subject, one.presets._badge.text()) == (PRESETS["shift"].subject, "")
    assert one.shift.right.value() == 1
    undo.click()
    assert (one.weights.isVisible(), one.weights.plan.text, one.weights.layers.text()) == (True, "fc-3", "fc-3")
    one.weights.tools["undo"].click()
    assert one.weights.plan == PRESETS["small-network"].subject
    one.weights.tools["undo"].click()
    assert one.stage.isVisible()
    assert not one.stage.tools["undo"].isEnabled()
    for _step in range(4):
        redo.click()
    assert one.work.subject == moved
    assert not redo.isEnabled()


def test_the_whole_table_of_weights_is_saved_as_a_picture(one: ArithmeticPlace, tmp_path: Path) -> None:
    one.open("small-network")
    type_field(one.weights.layers, " ".join(["conv3-8"] * 40 + ["fc-3"]))  # more rows than the screen has
    one.weights.tools.save_picture(tmp_path / "table.svg")
    texts = svg_texts(tmp_path / "table.svg")
    assert texts.count("conv3-8") == 40
    assert texts[-6:-2] == ["fc-3", "3×1×1", "128·3", "384"]
    one.weights.tools.save_picture(tmp_path / "table.png")
    image = QImage(str(tmp_path / "table.png"))
    assert image.height() > 3 * 41 * 13
    assert image.pixelColor(1, 1).name() == theme.current().panel
    one.weights.tools.save_picture(tmp_path / "table.png" / "inside.svg")
    assert one.weights.problem.isVisible()


def test_the_picture_that_moves_is_saved_as_a_picture(one: ArithmeticPlace, tmp_path: Path) -> None:
    one.open("shift")
    type_cell(one.shift.grids["picture"], 1, 1, "77")
    QApplication.processEvents()
    one.shift.tools.save_picture(tmp_path / "shift.svg")
    texts = svg_texts(tmp_path / "shift.svg")
    assert texts.count("77") == 2, "before and after the move"
    assert {"Window", "Picture", "Map of the convolution"} <= set(texts)
    one.shift.tools.save_picture(tmp_path / "shift.png")
    image, grid = QImage(str(tmp_path / "shift.png")), one.shift.grids["picture"]
    place = grid.mapTo(one.shift._table, grid.rect_of(1, 1).topLeft().toPoint()) + QPoint(16 + 5, 16 + 5)
    assert image.pixelColor(3 * place).name() == tint(77.0, 77.0)
