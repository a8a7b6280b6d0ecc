"""Figures and histogram against numpy in float64, bad values included."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.render import measure
from explorer.values import Floats

RNG = np.random.default_rng(5)


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
    measured = measure.figures(values)
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
    found = measure.histogram(values, low, high, finite.size == values.size)
    edges = np.linspace(low, high, measure.BINS + 1)
    slack = (high - low) * 4e-6
    for upto, edge in zip(np.cumsum(found)[:-1], edges[1:-1], strict=True):
        assert (finite < edge - slack).sum() <= upto <= (finite < edge + slack).sum()
    assert found[-1] >= 1


def test_histogram_of_one_value_and_of_odd_counts() -> None:
    assert measure.histogram(np.full((1, 3, 3), 4, np.float32), 4, 4, True).tolist() == [9, *[0] * (measure.BINS - 1)]
    odd = np.linspace(0, 1, 129, dtype=np.float32)
    found = measure.histogram(odd, 0, 1, True)
    assert found.sum() == 129
    assert found[0] == 2


@pytest.mark.parametrize("size", [2, 64, 100_000])
@pytest.mark.parametrize("low", [10_000.0, -3e6, 1.0, 1e-3])
def test_the_deviation_of_neighbouring_numbers(low: float, size: int) -> None:
    """Their mean is no float32; rounded to one it would make the deviation up to 41 % too large."""
    pair = np.array([low, np.nextafter(np.float32(low), np.float32(np.inf))], np.float32)
    values = np.repeat(pair, size // 2).reshape(1, 1, size)
    found = measure.figures(values)
    exact = values.astype(np.float64).std()
    assert found.table.std[0] == pytest.approx(exact, rel=1e-5)
    assert found.statistics.std == pytest.approx(exact, rel=1e-5)


def test_bad_values_are_counted_by_map() -> None:
    values = sample("nan", (5, 4, 4))
    table = measure.figures(values).table
    assert table.nan.tolist() == [16, 1, 0, 0, 0]
    assert table.inf.tolist() == [0, 1, 0, 0, 1]
    assert not measure.figures(sample("huge", (5, 4, 4))).table.inf.any()
