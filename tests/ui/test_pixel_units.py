"""Which cells of the network's input a pixel goes into: found out by changing the pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from explorer.filters.apply import apply
from explorer.filters.bank import BANK
from explorer.filters.filter import Filter
from explorer.pixels.touch import Touch
from explorer.prepare import prepare
from explorer.recipe import Recipe
from explorer.values import Frame
from explorer.zoo import registry
from tests.ui import samples
from ui.places.pixel_units import cells_of

CPU = torch.device("cpu")
PREPARATION = registry.card("efficientnet_lite0").preparation
PIXELS = np.random.default_rng(0).integers(0, 256, (300, 451, 3), np.uint8)
CHAINS = [
    (),
    (BANK["box"].filter,),
    (Filter(BANK["box"].kernel, "valid", stride=2),),
    (Filter(BANK["box"].kernel, "wrap", dilation=4), Filter(BANK["sharpen"].kernel, "zero", stride=3)),
]


def moved(frame: Frame, changed: Frame, chain: tuple[Filter, ...]) -> np.ndarray:
    before, after = (prepare(apply(one, chain), PREPARATION, CPU).tensor[0].numpy() for one in (frame, changed))
    return np.asarray((before != after).any(axis=0))


@pytest.mark.parametrize("chain", CHAINS, ids=["none", "box", "smaller", "wrapped"])
@pytest.mark.parametrize("pixel", [(150, 220), (3, 120), (299, 200), (40, 450)])
def test_the_cells_that_a_pixel_moves(chain: tuple[Filter, ...], pixel: tuple[int, int]) -> None:
    frame = Frame(PIXELS, "noise")
    filtered = apply(frame, chain)
    geometry = prepare(filtered, PREPARATION, CPU).geometry
    result = replace(
        samples.result(Recipe(filters=chain), samples.graph()), frame=frame, filtered=filtered, geometry=geometry
    )
    touched = PIXELS.copy()
    touched[pixel] = 255 - touched[pixel]
    cells = cells_of(pixel, result, geometry, PIXELS.shape[:2])
    assert not (moved(frame, Frame(touched, "x"), chain) & ~cells).any()
    if not cells.any():
        return
    noise = [np.random.default_rng(seed).integers(0, 256, (300, 451, 3), np.uint8) for seed in range(12)]
    seen = np.zeros(cells.shape, bool)
    for pixels in noise:  # a change may be rounded away on one picture, hardly on all
        touched = pixels.copy()
        touched[pixel] = 255 * (pixels[pixel] < 128)
        seen |= moved(Frame(pixels, "a"), Frame(touched, "b"), chain)
    assert (cells & ~seen).sum() <= 0.5 * cells.sum()


def test_a_pixel_of_a_result_of_another_size_is_the_results() -> None:
    chain = (Filter(BANK["box"].kernel, "valid", stride=2),)
    frame = Frame(PIXELS, "noise")
    filtered = apply(frame, chain)
    geometry = prepare(filtered, PREPARATION, CPU).geometry
    result = replace(
        samples.result(Recipe(filters=chain), samples.graph()), frame=frame, filtered=filtered, geometry=geometry
    )
    pixel = (70, 110)
    y0, x0, y1, x1 = geometry.cells(pixel)
    expected = np.zeros(geometry.input_hw, bool)
    expected[y0:y1, x0:x1] = True
    np.testing.assert_array_equal(cells_of(pixel, result, geometry, filtered.pixels.shape[:2]), expected)
    assert not np.array_equal(cells_of(pixel, result, geometry, PIXELS.shape[:2]), expected)


def test_a_pixel_of_a_picture_that_was_moved_by_hand_is_the_moved_ones() -> None:
    recipe = Recipe(filters=(BANK["box"].filter,), touch=Touch(degrees=30.0))
    frame = Frame(PIXELS, "noise")
    altered = recipe.altered(frame)
    geometry = prepare(altered, PREPARATION, CPU).geometry
    result = replace(samples.result(recipe, samples.graph()), frame=frame, filtered=altered, geometry=geometry)
    y0, x0, y1, x1 = geometry.cells((150, 220))
    expected = np.zeros(geometry.input_hw, bool)
    expected[y0:y1, x0:x1] = True
    np.testing.assert_array_equal(cells_of((150, 220), result, geometry, PIXELS.shape[:2]), expected)
