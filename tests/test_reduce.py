"""Maps, figures and levels against numpy in float64, bad values included."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer import reduce
from explorer.graph.values import Layer
from explorer.recipe import View
from explorer.values import LEVEL_NAN, Floats

RNG = np.random.default_rng(5)


def layer(output: tuple[int, ...], axes: str) -> Layer:
    return Layer("x", "x", "relu", ("input",), output, axes)


def sample(kind: str, shape: tuple[int, int, int]) -> Floats:
    values = RNG.standard_normal(shape).astype(np.float32)
    match kind:
        case "relu":
            values = np.maximum(values, 0)
        case "far":  # a mean a thousand times the spread
            values = values * np.float32(0.01) + 10
        case "tiny":
            values *= np.float32(1e-36)
        case "huge":
            values = np.clip(values, -3, 3) * np.float32(1e38)
        case "constant":
            values = np.full(shape, 2.5, np.float32)
        case "nan":
            values[0] = np.nan
            values[1, 0, 0], values[1, -1, -1], values[-1, 0, -1] = np.nan, -np.inf, np.inf
        case "all nan":
            values = np.full(shape, np.nan, np.float32)
    return values


KINDS = ["signed", "relu", "far", "tiny", "huge", "constant", "nan", "all nan"]
SHAPES = [(3, 5, 7), (2, 300, 301), (1000, 1, 1), (70, 31, 33)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_figures_are_numpys_in_float64(kind: str, shape: tuple[int, int, int]) -> None:
    values = sample(kind, shape)
    measured = reduce.measure(values)
    for c in range(0, shape[0], 1 + shape[0] // 50):
        exact = values[c].astype(np.float64)
        finite = exact[np.isfinite(exact)]
        found = [getattr(measured.table, name)[c] for name in ("minimum", "maximum", "mean", "std")]
        if finite.size == 0:
            assert np.isnan(found).all()
        else:
            spread = np.abs(finite).max()
            assert found[:2] == [finite.min(), finite.max()]
            np.testing.assert_allclose(found[2], finite.mean(), rtol=1e-6, atol=1e-7 * spread)
            np.testing.assert_allclose(found[3], finite.std(), rtol=1e-4, atol=1e-6 * spread)
        assert measured.table.zeros[c] == (exact == 0).mean()
    exact = values.astype(np.float64)
    finite = exact[np.isfinite(exact)]
    whole = measured.statistics
    assert (whole.nan, whole.inf) == (int(np.isnan(exact).sum()), int(np.isinf(exact).sum()))
    assert measured.finite == (finite.size == exact.size)
    assert whole.zeros == pytest.approx((exact == 0).mean())
    assert whole.negatives == pytest.approx((exact < 0).mean())
    assert whole.histogram.sum() == finite.size
    if finite.size:
        assert (whole.minimum, whole.maximum) == (finite.min(), finite.max())
        np.testing.assert_allclose(whole.mean, finite.mean(), rtol=1e-6, atol=1e-7 * np.abs(finite).max())
        np.testing.assert_allclose(whole.std, finite.std(), rtol=1e-4, atol=1e-6 * np.abs(finite).max())


@pytest.mark.parametrize("kind", ["signed", "relu", "far", "tiny", "huge", "nan"])
def test_histogram_is_numpys_up_to_values_on_an_edge(kind: str) -> None:
    values = sample(kind, (7, 41, 43))
    finite = values[np.isfinite(values)].astype(np.float64)
    low, high = float(finite.min()), float(finite.max())
    found = reduce.histogram(values, low, high, finite.size == values.size)
    edges = np.linspace(low, high, reduce.BINS + 1)
    slack = (high - low) * 4e-6
    for upto, edge in zip(np.cumsum(found)[:-1], edges[1:-1], strict=True):
        assert (finite < edge - slack).sum() <= upto <= (finite < edge + slack).sum()
    assert found[-1] >= 1


def test_histogram_of_one_value_and_of_odd_counts() -> None:
    assert reduce.histogram(np.full((1, 3, 3), 4, np.float32), 4, 4, True).tolist() == [9, *[0] * (reduce.BINS - 1)]
    odd = np.linspace(0, 1, 129, dtype=np.float32)
    found = reduce.histogram(odd, 0, 1, True)
    assert found.sum() == 129
    assert found[0] == 2


@pytest.mark.parametrize("scale", ["map", "layer", "fixed"])
@pytest.mark.parametrize("kind", KINDS)
def test_levels_are_the_rounded_share_of_the_range(kind: str, scale: Literal["map", "layer", "fixed"]) -> None:
    values = sample(kind, (6, 40, 37))
    view = View(scale=scale, low=-0.5, high=1.5)
    measured = reduce.measure(values)
    ranges, signed = reduce.spans(measured.table, view)
    levels = reduce.levels(values, ranges, inside=measured.finite and scale != "fixed")
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
    measured = reduce.measure(values)
    ranges, signed = reduce.spans(measured.table, View())
    assert signed
    assert ranges.tolist() == [[-3, 3], [0, 0], [-4, 4]]
    assert reduce.levels(values, ranges, True)[[0, 2]].tolist() == [[[0, 126, 168]], [[189, 126, 252]]]
    ranges, _ = reduce.spans(measured.table, View(scale="layer"))
    assert ranges.tolist() == [[-4, 4]] * 3


def test_a_constant_map_counts_from_zero() -> None:
    values = np.stack([np.zeros((2, 2)), np.full((2, 2), 5)]).astype(np.float32)
    ranges, signed = reduce.spans(reduce.measure(values).table, View())
    assert (ranges.tolist(), signed) == ([[0, 0], [0, 5]], False)
    assert reduce.levels(values, ranges, True)[:, 0, 0].tolist() == [0, 252]


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
    measured = reduce.measure(values)
    view = reduce.show(values, measured, shown, 4, View(sort="mean", aspect=1.5), None)
    means = values.mean((1, 2))
    assert view.order.tolist() == np.argsort(-means, kind="stable").tolist()
    assert view.order[-1] == 2
    for position, channel in enumerate(view.order):
        y, x = view.grid.corner(position)
        tile = view.mosaic[y : y + 8, x : x + 9]
        np.testing.assert_array_equal(tile, reduce.levels(values, view.ranges, True)[channel])
    assert view.channel == 4
    np.testing.assert_array_equal(view.map, values[4])
    assert view.map_statistics.mean == pytest.approx(float(means[4]))
    assert view.map_statistics.histogram.sum() == 72
    assert view.statistics.zeros == pytest.approx((values == 0).mean())


@pytest.mark.parametrize(("asked", "given_"), [(-1, 0), (6, 5), (99, 5)])
def test_a_channel_out_of_range_is_the_nearest(asked: int, given_: int) -> None:
    values = np.zeros((6, 2, 2), np.float32)
    assert reduce.show(values, reduce.measure(values), layer((6, 2, 2), "CHW"), asked, View(), None).channel == given_


def test_equal_maps_keep_the_networks_order() -> None:
    values = np.zeros((5, 2, 2), np.float32)
    values[3, 0, 0] = 1
    table = reduce.measure(values).table
    assert reduce.order(table, View(sort="max")).tolist() == [3, 0, 1, 2, 4]
    assert reduce.order(table, View(sort="zeros")).tolist() == [0, 1, 2, 4, 3]
    assert reduce.order(table, View()).tolist() == [0, 1, 2, 3, 4]


def test_thumbnails_are_small_and_centred_on_zero_where_signed() -> None:
    tensor = torch.zeros(1, 3, 100, 30).contiguous(memory_format=torch.channels_last)
    tensor[:, :, :50] = -3
    tensor[:, :, 50:, :15] = 1.5
    small = reduce.small(layer((3, 100, 30), "CHW"))(tensor)
    thumbnail = reduce.thumbnails({"x": small})["x"]
    assert thumbnail.levels.shape == (33, 30)
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


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), min_size=1, max_size=40),
    st.sampled_from(["map", "layer", "fixed"]),
)
def test_no_values_whatever_break_it(numbers: list[float], scale: Literal["map", "layer", "fixed"]) -> None:
    values = np.array(numbers, np.float32).reshape(1, 1, -1)
    measured = reduce.measure(values)
    view = reduce.show(values, measured, layer(values.shape, "CHW"), 0, View(scale=scale), None)
    assert measured.statistics.histogram.sum() == np.isfinite(values).sum()
    assert ((view.map_levels == LEVEL_NAN) == ~np.isfinite(values[0])).all()
    assert (view.map_levels[np.isfinite(values[0])] <= 252).all()
