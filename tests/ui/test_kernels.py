"""The kernels' panel: it asks, shows, chooses and saves."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QWidget

from explorer.engine.events import Answered, NetworkReady, Problem
from explorer.errors import NetworkError
from explorer.graph.values import Graph, Layer
from explorer.questions import Kernels, KernelsOf
from tests.ui import samples
from ui import theme
from ui.panels.kernels import KernelsPanel

STEM, SECOND = "stem.conv", "layer1.0.branch_with_a_long_name.conv1"


@pytest.fixture
def bench(qapp: QApplication) -> samples.Bench:
    theme.apply(qapp, "dark")
    return samples.Bench()


@pytest.fixture
def panel(bench: samples.Bench) -> Iterator[KernelsPanel]:
    shown = KernelsPanel(bench.store, bench.controller)
    shown.resize(700, 520)
    shown.show()
    yield shown
    shown.close()
    shown.deleteLater()


def weights(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def answer(bench: samples.Bench, of: np.ndarray) -> np.ndarray:
    """Answer the newest question."""
    bench.controller.on_event(Answered(bench.engine.questions[-1], Kernels(of)))
    return of


def badge(panel: KernelsPanel) -> str:
    return next(label.text() for label in panel.findChildren(QLabel) if label.objectName() == "badge")


def test_it_asks_for_the_first_convolution(bench: samples.Bench, panel: KernelsPanel) -> None:
    assert "as soon as a network" in panel.mosaic.message
    bench.load()
    assert bench.engine.questions == [KernelsOf("sample", STEM)]
    assert "Reading" in panel.mosaic.message
    w = answer(bench, weights(64, 3, 7, 7))
    assert panel.mosaic.message == ""
    assert panel.shown is not None
    assert panel.shown.weights is w
    assert panel.shown.slices == "colour", "the first layer's, in colour"
    assert badge(panel) == ""


def test_it_asks_only_while_it_can_be_seen(bench: samples.Bench, panel: KernelsPanel) -> None:
    panel.hide()
    bench.load()
    bench.controller.change(layer=SECOND)
    assert bench.engine.questions == []
    panel.show()
    assert bench.engine.questions == [KernelsOf("sample", SECOND)]


def test_another_layer_by_the_chooser_and_from_elsewhere(bench: samples.Bench, panel: KernelsPanel) -> None:
    bench.load()
    answer(bench, weights(64, 3, 7, 7))
    panel.layer.setCurrentIndex(panel.layer.findData(SECOND))
    panel.layer.activated.emit(panel.layer.currentIndex())
    assert bench.store.recipe.layer == SECOND
    assert bench.engine.questions[-1] == KernelsOf("sample", SECOND)
    assert panel.shown is None, "what is shown is never of another layer"
    answer(bench, weights(64, 64, 3, 3))
    assert panel.shown is not None
    assert panel.shown.slices == "strongest"
    bench.controller.change(layer="stem.relu")
    assert panel.layer.currentData() == SECOND, "no convolution: it stays"
    bench.controller.change(layer=STEM)
    assert bench.engine.questions[-1] == KernelsOf("sample", STEM)


def test_a_late_answer_of_another_layer_is_not_shown(bench: samples.Bench, panel: KernelsPanel) -> None:
    bench.load()
    bench.controller.change(layer=SECOND)
    bench.controller.on_event(Answered(KernelsOf("sample", STEM), Kernels(weights(64, 3, 7, 7))))
    assert panel.shown is None


def test_newly_loaded_weights_are_asked_for(bench: samples.Bench, panel: KernelsPanel) -> None:
    bench.load()
    answer(bench, weights(64, 3, 7, 7))
    bench.controller.on_event(NetworkReady(samples.network(bench.graph, trained=False)))
    assert len(bench.engine.questions) == 2
    answer(bench, weights(64, 3, 7, 7))
    assert badge(panel).startswith("untrained")


def test_a_click_chooses_the_kernel(bench: samples.Bench, panel: KernelsPanel) -> None:
    bench.load()
    w = answer(bench, weights(64, 3, 7, 7))
    place = panel.mosaic.tile_rect(9).center().toPoint()
    QTest.mouseClick(panel.mosaic, Qt.MouseButton.LeftButton, pos=place)
    assert (bench.store.recipe.layer, bench.store.recipe.channel) == (STEM, 9)
    assert panel.slices_of_one.kernel is not None
    np.testing.assert_array_equal(panel.slices_of_one.kernel, w[9])
    panel.mosaic.setFocus()
    QTest.keyClick(panel.mosaic, Qt.Key.Key_Right)
    assert bench.store.recipe.channel == 10


def told(panel: KernelsPanel, at: QPointF) -> str:
    pixel = panel.mosaic.pixel_at(at)
    assert pixel is not None
    return panel.mosaic.describe(pixel)


def test_the_weights_under_the_pointer(bench: samples.Bench, panel: KernelsPanel) -> None:
    bench.load()
    w = np.zeros((4, 3, 3, 3), np.float32)
    w[2, :, 1, 1] = (0.5, -0.25, 2)
    answer(bench, w)

    def middle() -> QPointF:
        QApplication.processEvents()
        return panel.mosaic.tile_rect(2).center()

    assert told(panel, middle()) == "kernel 2   R 0.5000   G −0.2500   B 2.000\nfrom −0.2500 to 2.000, norm 2.077"
    panel.slices.setCurrentIndex(panel.slices.findData("strongest"))
    panel.slices.activated.emit(panel.slices.currentIndex())
    assert "w[2, 1, 1] = 2.000" in told(panel, middle())
    panel.slices.setCurrentIndex(panel.slices.findData("mean"))
    panel.slices.activated.emit(panel.slices.currentIndex())
    assert "mean 0.7500" in told(panel, middle())
    panel.slices.setCurrentIndex(panel.slices.findData("input"))
    panel.slices.activated.emit(panel.slices.currentIndex())
    assert panel.input.isVisible()
    panel.input.setValue(1)
    assert "w[1, 1, 1] = −0.2500" in told(panel, middle())
    assert "input 1" in panel.legend.texts[3]


def test_one_by_one_kernels(bench: samples.Bench, panel: KernelsPanel) -> None:
    bench.load()
    bench.controller.change(layer=SECOND)
    w = answer(bench, weights(64, 16, 1, 1))
    assert panel.shown is not None
    assert panel.shown.slices == "matrix"
    assert not panel.slices.isVisible()
    assert not panel.scale.isVisible()
    row = panel.mosaic.tile_rect(40)
    at = QPointF(row.center().x(), row.top() + row.height() * 5.5 / 16)
    assert f"kernel 40   w[5, 0, 0] = {w[40, 5, 0, 0]:.4g}"[:24].replace("-", "−") in told(panel, at)
    QTest.mouseClick(panel.mosaic, Qt.MouseButton.LeftButton, pos=row.center().toPoint())
    assert bench.store.recipe.channel == 40
    panel.mosaic.setFocus()
    QTest.keyClick(panel.mosaic, Qt.Key.Key_Right)
    assert bench.store.recipe.channel == 41
    QTest.keyClick(panel.mosaic, Qt.Key.Key_Up)
    assert bench.store.recipe.channel == 40
    panel.grab()


def test_depthwise_kernels_need_no_choice(bench: samples.Bench, panel: KernelsPanel) -> None:
    bench.load()
    bench.controller.change(layer=SECOND)
    answer(bench, weights(64, 1, 3, 3))
    assert not panel.slices.isVisible()
    assert not panel.input.isVisible()
    assert panel.scale.isVisible()


def test_one_scale_for_the_layer(bench: samples.Bench, panel: KernelsPanel) -> None:
    bench.load()
    answer(bench, weights(8, 3, 3, 3))
    assert panel.legend.texts[:2] == ("−max", "+max")
    panel.scale.setCurrentIndex(1)
    panel.scale.activated.emit(1)
    low, high = panel.legend.texts[:2]
    assert low == f"−{high}"
    assert float(high) == pytest.approx(float(np.abs(weights(8, 3, 3, 3)).max()), rel=1e-3)


def test_what_is_broken_is_said(bench: samples.Bench, panel: KernelsPanel) -> None:
    bench.load()
    w = weights(8, 3, 3, 3)
    w[0, 0, 0, 0] = np.nan
    answer(bench, w)
    assert panel.legend.texts[4].startswith("1 value is NaN")
    panel.grab()


def test_a_refused_question_is_told_in_place(bench: samples.Bench, panel: KernelsPanel) -> None:
    bench.load()
    error = NetworkError("stem.conv is no convolution with kernels of its own.")
    bench.controller.on_event(Problem("question", error, question=bench.engine.questions[-1]))
    assert panel.mosaic.message == str(error)


def test_a_network_without_convolutions(bench: samples.Bench, panel: KernelsPanel) -> None:
    layers = (
        Layer("input", "input", "input", (), (1, 8, 8), "CHW"),
        Layer("fc", "fc", "linear", ("input",), (10,), "C", macs=640),
    )
    bench.controller.on_event(NetworkReady(samples.network(Graph(layers))))
    assert "no convolution" in panel.mosaic.message
    assert not panel.layer.isEnabled()
    assert not panel.export.isEnabled()
    assert bench.engine.questions == []


@pytest.mark.parametrize(("action", "suffix"), [(0, "png"), (1, "npy")])
def test_it_is_saved(
    bench: samples.Bench,
    panel: KernelsPanel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    action: int,
    suffix: str,
) -> None:
    assert not panel.export.isEnabled()
    bench.load()
    w = answer(bench, weights(8, 3, 3, 3))
    asked: list[str] = []

    def choose(_parent: QWidget, _title: str, name: str, _kinds: str, _chosen: str) -> tuple[str, str]:
        asked.append(name)
        return str(tmp_path / "커널"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    panel.export.menu().actions()[action].trigger()
    assert asked == [f"Sample_Net-stem.conv-kernels.{suffix}"]
    ((path, data),) = bench.engine.saved
    assert path == str(tmp_path / f"커널.{suffix}")
    if suffix == "npy":
        np.testing.assert_array_equal(np.load(io.BytesIO(data)), w)
    else:
        assert QImage.fromData(data).width() > 100
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    panel.export.menu().actions()[action].trigger()
    assert len(bench.engine.saved) == 1


def test_the_way_to_explore(bench: samples.Bench, panel: KernelsPanel) -> None:
    bench.load()
    opened: list[str] = []
    panel.opened.connect(opened.append)
    panel.explore.click()
    assert opened == [bench.store.recipe.layer] == [STEM]


def test_every_control_has_a_name(bench: samples.Bench, panel: KernelsPanel) -> None:
    bench.load()
    answer(bench, weights(8, 3, 3, 3))
    for control in (panel.layer, panel.slices, panel.scale, panel.input, panel.explore, panel.export, panel.mosaic):
        assert control.accessibleName(), control


def test_it_follows_theme_and_size(bench: samples.Bench, panel: KernelsPanel, qapp: QApplication) -> None:
    bench.load()
    answer(bench, weights(8, 3, 3, 3))
    before = panel.mosaic.grab().toImage()
    theme.apply(qapp, "light")
    assert panel.mosaic.grab().toImage() != before
    theme.apply(qapp, "dark")
    panel.mosaic.resize(600, 90)
    panel._show()
    assert panel.shown is not None
    assert panel.shown.view.grid.columns == 8
    assert panel.mosaic.childAt(QPoint(1, 1)) is None


def test_another_path_through_the_same_network_leaves_its_kernels(bench: samples.Bench, panel: KernelsPanel) -> None:
    bench.load()
    bench.controller.change(layer=SECOND)
    w = answer(bench, weights(64, 64, 3, 3))
    panel.slices.setCurrentIndex(panel.slices.findData("mean"))
    questions, rows = len(bench.engine.questions), panel.layer.count()

    def told() -> tuple[object, ...]:
        shown = panel.shown.weights if panel.shown else None
        return panel.layer.currentData(), panel.slices.currentData(), shown is w, len(bench.engine.questions)

    layers = bench.graph.layers
    bench.controller.on_event(NetworkReady(samples.network(Graph(layers[:-1]))))
    assert told() == (SECOND, "mean", True, questions), "no convolution came or went"
    shorter = tuple(layer for layer in layers if layer.op != "conv2d" or layer.id in (STEM, SECOND))
    bench.controller.on_event(NetworkReady(samples.network(Graph(shorter))))
    assert told() == (SECOND, "mean", True, questions), "its layer is still there"
    assert panel.layer.count() < rows
    bench.controller.on_event(NetworkReady(replace(samples.network(Graph(shorter)), opened=2)))
    assert len(bench.engine.questions) == questions + 1, "loaded anew: its file may be another one"
    assert panel.shown is None
    assert panel.layer.currentData() == SECOND
