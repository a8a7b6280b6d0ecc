"""What Explore says and outlines of a unit's part of the picture, beside what the command line answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from PySide6.QtWidgets import QApplication

from explorer.cli.main import main
from explorer.session import Network, Session
from explorer.values import Geometry
from tests.ui.test_prove import PICTURE, Rig
from ui import theme
from ui.panels import unit as panel


@pytest.fixture(scope="module")
def network() -> Network:
    return Session().open("lenet5", device="cpu")


@pytest.fixture
def rig(qapp: QApplication, network: Network) -> Iterator[Rig]:
    theme.apply(qapp, "dark")
    made, threads = Rig(network), torch.get_num_threads()
    yield made
    made.explore.close()
    made.explore.deleteLater()
    torch.set_num_threads(threads)  # the command line sets them for its own process


@pytest.mark.parametrize("unit", [(4, 5), (0, 0), (9, 9), (0, 7)])
def test_the_words_are_the_command_line_s_and_say_how_far_they_go_beyond_the_outline(
    rig: Rig, unit: tuple[int, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(PICTURE.pixels).save(tmp_path / "noise.png")
    rig.controller.change(unit=unit)
    rig.give()
    words = ["area", "lenet5", "--layer", "c3", "--unit", *map(str, unit), "--image", str(tmp_path / "noise.png")]
    assert main([*words, "--json"]) == 0
    top, left, bottom, right = json.loads(capsys.readouterr().out)["picture_box"]
    said = rig.explore.unit.lines
    assert f"in the picture: x {left} to {right - 1}, y {top} to {bottom - 1}" in said
    (outline,) = rig.view.outlines
    y0, x0, y1, x1 = outline.real or outline.box
    beyond = int(next(re.findall(r"reads up to (\d+) px", line)[0] for line in said if "The outline" in line))
    assert 1 <= beyond <= 4, "a bilinear filter of 90 to 28 rows reaches 90 / 28 px from a cell's middle"
    over = [y0 - top, x0 - left, bottom - y1, right - x1]
    assert beyond - 1 < max(over) + 1e-9 < beyond + 1


def test_where_nothing_is_resized_the_outline_is_all() -> None:
    geometry = Geometry((64, 64), (32, 32), (1.0, 1.0), (16.0, 16.0))
    assert panel._beyond(geometry, (3, 4, 9, 12)) == 0
    resized = Geometry((64, 64), (32, 32), (2.0, 2.0), (0.0, 0.0), (1.0, 1.0))
    assert panel._beyond(resized, (3, 4, 9, 12)) == 1
    assert panel._beyond(resized, (0, 0, 32, 32)) == 0, "beyond the picture there is nothing"
