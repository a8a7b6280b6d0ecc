"""Maps, levels and thumbnails against numpy in float64, bad values included."""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer import reduce
from explorer.errors import NetworkError
from explorer.graph.values import INPUT, Graph, Layer
from explorer.recipe import View
from explorer.render import measure
from explorer.values import LEVEL_NAN
from tests.render.test_measure import KINDS, sample

RNG = np.random.default_rng(5)


def layer(output: tuple[int, ...], axes: str) -> Layer:
    return Layer("x", "x", "relu", ("input",), output, axes)


@pytest.mark.parametrize("scale", ["map", "layer", "fixed"])
@pytest.mark.parametrize("kind", KINDS)
def test_levels_are_the_rounded_share_of_the_range(kind: str, scale: Literal["map", "layer", "fixed"]) -> None:
    values = sample(kind, (6, 40, 37))
    view = View(scale=scale, low=-0.5, high=1.5)
    measured = measure.figures(values)
    ranges, signed = reduce.spans(measured.table, view)
    levels = measure.levels(values, ranges, inside=measured.finite and scale != "fixed")
    finite = np.isfinite(values)
    assert signed == bool((values[finite] < 0).any())
    assert (levels[~finite] == LEVEL_NAN).all()
    for c in range(len(values)):
        low, high = (float(v) for v in ranges[c])
        if signed:
            assert low == -high
        exact = values[c][finite[c]].astype(np.float64)
        if exact.size and scale == "map" and not signed and kind != "constant":
            assert (low, high) == (exact.min(), exact.max())
        share = (np.clip(exact, low, high) - low) / (high - low) * 252 if high > low else np.zeros_like(exact)
        assert np.abs(levels[c][finite[c]] - share).max(initial=0) <= 0.5 + 1e-3
    if signed:
        assert (levels[finite & (values == 0)] == 126).all()


def test_zero_is_126_in_a_signed_layer() -> None:
    values = np.array([[[-3, 0, 1]], [[0, 0, 0]], [[2, 0, 4]]], np.float32)
    measured = measure.figures(values)
    ranges, signed = reduce.spans(measured.table, View())
    assert signed
    assert ranges.tolist() == [[-3, 3], [0, 0], [-4, 4]]
    assert measure.levels(values, ranges, True)[[0, 2]].tolist() == [[[0, 126, 168]], [[189, 126, 252]]]
    ranges, _ = reduce.spans(measured.table, View(scale="layer"))
    assert ranges.tolist() == [[-4, 4]] * 3


def test_a_constant_map_counts_from_zero() -> None:
    values = np.stack([np.zeros((2, 2)), np.full((2, 2), 5)]).astype(np.float32)
    ranges, signed = reduce.spans(measure.figures(values).table, View())
    assert (ranges.tolist(), signed) == ([[0, 0], [0, 5]], False)
    assert measure.levels(values, ranges, True)[:, 0, 0].tolist() == [0, 252]


@pytest.mark.parametrize(
    ("output", "axes", "order"),
    [
        ((4, 5, 6), "CHW", "chw"),
        ((5, 6, 4), "HWC", "hwc"),
        ((4,), "C", None),
        ((4, 9), "CL", None),
        ((9, 4), "LC", None),
        ((3, 9, 4), "?LC", None),
        ((3, 7), "?L", None),
        ((), "", None),
    ],
)
@pytest.mark.parametrize("channels_last", [False, True])
def test_maps_of_any_axes(output: tuple[int, ...], axes: str, order: str | None, channels_last: bool) -> None:
    tensor = torch.randn(1, *output)
    if channels_last and len(output) == 3:
        tensor = tensor.contiguous(memory_format=torch.channels_last)
    whole = layer(output, axes)
    kept = reduce.keep(whole)(tensor)
    plain = tensor[0].numpy().copy()
    match axes:
        case "CHW":
            expected = plain
        case "HWC":
            expected = np.moveaxis(plain, -1, 0)
        case "C":
            expected = plain.reshape(4, 1, 1)
        case "CL":
            expected = plain.reshape(4, 1, 9)
        case "LC":
            expected = plain.T.reshape(4, 1, 9)
        case "?LC":
            expected = np.moveaxis(plain, -1, 0)
        case "?L":
            expected = plain.reshape(1, 3, 7)
        case _:
            expected = plain.reshape(1, 1, 1)
    assert kept.dtype == np.float32
    assert kept.flags.c_contiguous
    np.testing.assert_array_equal(kept, expected)
    assert len(kept) == whole.channels
    tensor.zero_()
    np.testing.assert_array_equal(kept, expected)  # its own memory


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64, torch.int64, torch.bool])
def test_other_number_types_become_float32(dtype: torch.dtype) -> None:
    tensor = torch.tensor([[[[0, 1], [1, 0]]]]).to(dtype)
    kept = reduce.keep(layer((1, 2, 2), "CHW"))(tensor)
    assert kept.dtype == np.float32
    assert kept.tolist() == [[[0, 1], [1, 0]]]


def test_a_layer_view_is_complete() -> None:
    values = np.maximum(RNG.standard_normal((6, 8, 9)), 0).astype(np.float32)
    values[2] = 0
    shown = layer((6, 8, 9), "CHW")
    measured = measure.figures(values)
    view = reduce.show(values, measured, shown, 4, View(sort="mean", aspect=1.5), None)
    means = values.mean((1, 2))
    assert view.order.tolist() == np.argsort(-means, kind="stable").tolist()
    assert view.order[-1] == 2
    for position, channel in enumerate(view.order):
        y, x = view.grid.corner(position)
        tile = view.mosaic[y : y + 8, x : x + 9]
        np.testing.assert_array_equal(tile, measure.levels(values, view.ranges, True)[channel])
    assert view.channel == 4
    np.testing.assert_array_equal(view.map, values[4])
    assert view.map_statistics.mean == pytest.approx(float(means[4]))
    assert view.map_statistics.histogram.sum() == 72
    assert view.statistics.zeros == pytest.approx((values == 0).mean())


@pytest.mark.parametrize(("asked", "given_"), [(-1, 0), (6, 5), (99, 5)])
def test_a_channel_out_of_range_is_the_nearest(asked: int, given_: int) -> None:
    values = np.zeros((6, 2, 2), np.float32)
    assert reduce.show(values, measure.figures(values), layer((6, 2, 2), "CHW"), asked, View(), None).channel == given_


def test_equal_maps_keep_the_networks_order() -> None:
    values = np.zeros((5, 2, 2), np.float32)
    values[3, 0, 0] = 1
    table = measure.figures(values).table
    assert reduce.order(table, View(sort="max")).tolist() == [3, 0, 1, 2, 4]
    assert reduce.order(table, View(sort="zeros")).tolist() == [0, 1, 2, 4, 3]
    assert reduce.order(table, View()).tolist() == [0, 1, 2, 3, 4]


def test_thumbnails_are_small_and_centred_on_zero_where_signed() -> None:
    tensor = torch.zeros(1, 3, 100, 30).contiguous(memory_format=torch.channels_last)
    tensor[:, :, :50] = -3
    tensor[:, :, 50:, :15] = 1.5
    small = reduce.small(layer((3, 100, 30), "CHW"))(tensor)
    thumbnail = reduce.thumbnails({"x": small})["x"]
    assert thumbnail.levels.shape == (33, 10)  # of the shape of the map
    assert thumbnail.signed
    assert (thumbnail.levels[0, 0], thumbnail.levels[-1, 0], thumbnail.levels[-1, -1]) == (0, 189, 126)


def test_the_thumbnail_of_kept_maps_is_that_of_the_layer() -> None:
    tensor = torch.randn(1, 5, 60, 61).contiguous(memory_format=torch.channels_last)
    here = layer((5, 60, 61), "CHW")
    both = reduce.thumbnails({"a": reduce.small(here)(tensor), "b": reduce.keep(here)(tensor)})
    np.testing.assert_array_equal(both["a"].levels, both["b"].levels)


def test_thumbnails_of_vectors_and_of_broken_values() -> None:
    vector = reduce.small(layer((10,), "C"))(torch.arange(10.0)[None])
    assert reduce.thumbnails({"v": vector})["v"].levels.tolist() == [[0, 32, 63], [95, 126, 158], [189, 221, 252]]
    broken = torch.tensor([[torch.nan, 0.0], [1.0, torch.inf]])
    assert reduce.thumbnails({"b": broken})["b"].levels.tolist() == [[LEVEL_NAN, 0], [252, LEVEL_NAN]]
    nothing = torch.full((2, 2), torch.nan)
    assert (reduce.thumbnails({"n": nothing})["n"].levels == LEVEL_NAN).all()


def test_the_networks_input_as_a_picture() -> None:
    tensor = torch.tensor([-1.0, 0.0, 3.0, 1.0]).reshape(1, 1, 2, 2)
    picture, limits = reduce.picture(tensor)
    assert limits == (-1, 3)
    assert picture.tolist() == [[[0] * 3, [64] * 3], [[255] * 3, [128] * 3]]
    tensor[0, 0, 0, 0] = torch.nan
    picture, limits = reduce.picture(tensor)
    assert limits == (0, 3)
    assert picture[0, 0].tolist() == [0, 0, 0]
    colour, _ = reduce.picture(torch.rand(1, 3, 4, 5))
    assert colour.shape == (4, 5, 3)
    assert reduce.picture(torch.zeros(1, 2, 3, 3))[0].shape == (3, 3, 3)


def test_an_input_from_end_to_end_of_float32_is_a_picture() -> None:
    tensor = torch.tensor([-3e38, 0.0, 3e38, torch.inf]).reshape(1, 1, 1, 4)
    picture, limits = reduce.picture(tensor)
    assert limits == pytest.approx((-3e38, 3e38))
    assert picture[0, :, 0].tolist() == [0, 128, 255, 0]


def test_a_layer_without_values_is_told_and_breaks_no_other() -> None:
    shape = (3, 0, 5)
    graph = Graph((Layer(INPUT, INPUT, INPUT, (), (3, 4, 5), "CHW"), Layer("e", "e", "slice", (INPUT,), shape, "CHW")))
    with pytest.raises(NetworkError, match=r"e makes no values .* 3 × 0 × 5"):
        reduce.check_values(reduce.keep(graph["e"])(torch.zeros(1, *shape)), graph["e"])
    reducers = reduce.wanted(graph, graph[INPUT], ["e"])
    for empty in (shape, (0, 4, 5), (0,), (4, 0), (0, 0)):
        axes = {3: "CHW", 2: "?L", 1: "C"}[len(empty)]
        assert reduce.keep(layer(empty, axes))(torch.zeros(1, *empty)).size == 0
    thumbnail = reduce.thumbnails({"e": reducers["e"](torch.zeros(1, *shape))})["e"]
    assert thumbnail.levels.tolist() == [[LEVEL_NAN]]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), min_size=1, max_size=40),
    st.sampled_from(["map", "layer", "fixed"]),
)
def test_no_values_whatever_break_it(numbers: list[float], scale: Literal["map", "layer", "fixed"]) -> None:
    values = np.array(numbers, np.float32).reshape(1, 1, -1)
    measured = measure.figures(values)
    view = reduce.show(values, measured, layer(values.shape, "CHW"), 0, View(scale=scale), None)
    assert measured.statistics.histogram.sum() == np.isfinite(values).sum()
    assert ((view.map_levels == LEVEL_NAN) == ~np.isfinite(values[0])).all()
    assert (view.map_levels[np.isfinite(values[0])] <= 252).all()


@pytest.mark.parametrize(
    ("output", "found", "sizes"),
    [
        ((64, 7, 5), (1, 64, 7, 5), (64, 7, 5)),
        ((64, 7, 5), (64, 1, 7, 5), (64, 7, 5)),  # the batch may stand anywhere
        ((1, 5), (1, 1, 5), (1, 5)),
        ((), (1,), ()),
        ((0, 4), (12, 4), (12, 4)),  # boxes: none when traced
        ((300, 4), (0, 4), (0, 4)),
        ((9, 4), (1, 2, 4), (2, 4)),
        ((9, 4), (8,), None),
        ((4,), (12, 4), None),
        ((9,), (2, 3), None),
    ],
)
def test_sizes_of_a_layer_in_another_run(output: tuple[int, ...], found: tuple[int, ...], sizes: object) -> None:
    assert layer(output, "?" * len(output)).sizes(torch.Size(found)) == sizes


def test_of_complex_numbers_the_magnitudes_are_shown() -> None:
    values = torch.complex(torch.tensor([[[[3.0, -5.0]]]]), torch.tensor([[[[4.0, 12.0]]]]))
    of = layer((1, 1, 2), "CHW")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert reduce.keep(of)(values).tolist() == [[[5.0, 13.0]]]
        assert reduce.small(of)(values).tolist() == [[5.0, 13.0]]
