"""The window's figures can be measured, and the mosaic keeps its promise on any machine."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from ui.bench import clicks, gaps, paint, stepping, typing


def test_a_mosaic_costs_a_tenth_of_one_item_a_map(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paint, "ROUNDS", 6)
    ms = paint.mosaic()
    assert 0 < ms["mosaic_ms"] <= ms["image_items_ms"] / 10


def test_panning_is_measured(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paint, "FRAMES", 4)
    monkeypatch.setattr(paint, "SCALES", (0.0, 0.8))
    ms = paint.pan()
    assert ms["frames"] == 4 * len(paint.SCALES)
    assert 0 < ms["median_ms"] <= ms["longest_ms"]


def test_the_figures_of_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "GAPS", 100)
    ticker = gaps._Ticker(gaps.Store(gaps.LOOPED), lambda: None)
    ticker._limit.stop()
    ticker.gaps_ms = [10.0] * 99 + [60.0]
    figures = ticker.figures()
    assert figures["p50_ms"] == 10
    assert figures["p99_ms"] == pytest.approx(np.percentile(ticker.gaps_ms, 99))
    assert figures["longest_ms"] == 60
    ticker.gaps_ms = [10.0]
    with pytest.raises(RuntimeError, match="only 1 gaps"):
        ticker.figures()


def test_clicks_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clicks, "CLICKS", 3)
    monkeypatch.setattr(clicks, "LOOKED_AT", clicks.Recipe(network="lenet5", weights="none", layer="relu1"))
    ms = clicks.area()
    assert ms["clicks"] == 3
    assert 0 < ms["click_p50_ms"] <= ms["click_p99_ms"]
    assert 0 < ms["move_p50_ms"] <= ms["move_p99_ms"]


def test_typing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typing, "TYPED", 2)
    monkeypatch.setattr(typing, "WARM", 1)
    monkeypatch.setattr(typing, "STILL", typing.STILL.with_(network="lenet5", weights="none"))
    ms = typing.typed()
    assert ms["kernels"] == 2
    assert ms["limit_ms"] == pytest.approx(4 * ms["opencv_ms"] + 16)
    assert 0 < ms["typed_ms"] <= ms["typed_p95_ms"]


def test_walking_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepping, "TICKS", 12)
    found = stepping.stepped()
    assert found["ticks"] == 12
    assert 0 <= found["missed"] <= 12
    assert 1000 / 60 / 2 < found["longest_gap_ms"] < 60_000


def test_a_tick_is_missed_by_a_late_step_and_by_one_that_is_never_painted() -> None:
    in_time = [(step, step / 60 + 0.010) for step in range(1, 11)]
    found = stepping.figures(in_time, 10, 60)
    assert found["missed"] == 0
    assert found["longest_gap_ms"] == pytest.approx(1000 / 60 + 10)
    assert stepping.figures([*in_time[:4], *in_time[5:]], 10, 60)["missed"] == 1
    late = [*in_time[:4], (5, 5 / 60 + 0.050), (6, 5 / 60 + 0.051), (7, 7 / 60 + 0.017), *in_time[7:]]
    assert stepping.figures(late, 10, 60)["missed"] == 3
    again = [*in_time, (3, 1.0)]
    assert stepping.figures(again, 10, 60)["missed"] == 0, "painted once more"
