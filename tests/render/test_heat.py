"""Heat: colours in proportion, over the very pixels that the cells came from, and a picture for a page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.errors import ExportError
from explorer.render import colours
from explorer.render.figure import GAP_RGB
from explorer.render.heat import COLOURS, heat_png, levels, over_picture
from explorer.values import Geometry

HEAT = np.array([[0, 0, 0], [0, 1, 4], [0, 2, 3]], np.float32)
LETTERBOX = Geometry((90, 60), (3, 3), (30.0, 20.0), (-10.0, 5.0))


def test_levels_are_in_proportion() -> None:
    assert levels(HEAT).tolist() == [[0, 0, 0], [0, 63, 252], [0, 126, 189]]
    np.testing.assert_array_equal(levels(HEAT * np.float32(1e-30)), levels(HEAT))
    assert levels(HEAT * 0).max() == 0


def test_it_lies_over_the_pixels_that_its_cells_came_from() -> None:
    rgba, box = over_picture(HEAT, LETTERBOX)
    assert rgba.shape == (3, 3, 4)
    assert box == (-10, 5, 80, 65)
    rgba, box = over_picture(HEAT, LETTERBOX, (1, 1, 3, 3))
    assert rgba.shape == (2, 2, 4)
    assert box == (20, 25, 80, 65)
    np.testing.assert_array_equal(rgba[0, 1, :3], colours.MAPS[COLOURS][-1])


def test_what_counts_less_is_clearer_and_nothing_is_clear() -> None:
    rgba, _box = over_picture(np.array([[0, 1, 4, 9, 100]], np.float32), LETTERBOX)
    opaque = rgba[0, :, 3].tolist()
    assert opaque == sorted(opaque)
    assert len(set(opaque)) == 5
    assert opaque[0] == 0
    assert opaque[-1] < 255  # the picture is never hidden


def test_the_page_holds_the_part_with_its_colours(tmp_path: Path) -> None:
    file = tmp_path / "열.png"
    heat_png(HEAT, (1, 1, 3, 3), "conv1", "a note", file)
    page = np.asarray(Image.open(file))
    table = colours.table(COLOURS, False, GAP_RGB)
    assert (page == table[63]).all(2).sum() >= 256 * 256
    assert (page == table[126]).all(2).sum() >= 256 * 256
    assert page.shape[1] > 512 + 16


def test_a_page_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="folder does not exist"):
        heat_png(HEAT, None, "", "", tmp_path / "missing" / "a.png")
