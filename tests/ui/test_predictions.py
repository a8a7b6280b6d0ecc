"""The predictions' panel: what the bars measure, and what is said beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from explorer import text
from explorer.engine.events import NetworkReady, ResultReady
from explorer.values import Frame, Prediction, Source
from tests.ui import samples
from ui import theme
from ui.panels.predictions import Predictions
from ui.widgets.bars import Bar, Bars


@pytest.fixture
def bench(qapp: QApplication) -> samples.Bench:
    theme.apply(qapp, "dark")
    return samples.Bench()


@pytest.fixture
def panel(bench: samples.Bench) -> Iterator[Predictions]:
    shown = Predictions(bench.store, bench.controller)
    shown.resize(280, 280)
    shown.show()
    yield shown
    shown.close()
    shown.deleteLater()


def give(bench: samples.Bench, *shares: float, trained: bool = True) -> None:
    result = samples.result(bench.store.recipe, bench.graph, trained=trained)
    predictions = tuple(Prediction(n, f"class {n}", p) for n, p in enumerate(shares))
    bench.controller.on_event(ResultReady(replace(result, predictions=predictions)))


def test_scores_stand_as_they_are_without_a_bar(bench: samples.Bench, panel: Predictions) -> None:
    bench.load()
    result = samples.result(bench.store.recipe, bench.graph, trained=True)
    scores = (Prediction(1, "dog", float("nan"), 12.5), Prediction(0, "cat", float("nan"), -3.0))
    bench.controller.on_event(ResultReady(replace(result, predictions=scores)))
    bars(panel).copy()
    assert QGuiApplication.clipboard().text() == "dog\t12.5\ncat\t-3"
    assert "the network's own numbers" in texts(panel)
    assert "Not sure" not in texts(panel)


def bars(panel: Predictions) -> Bars:
    found = panel.findChild(Bars)
    assert found is not None
    return found


def texts(panel: Predictions) -> str:
    return "\n".join(label.text() for label in panel.findChildren(QLabel) if label.isVisible())


def test_bars_are_painted_in_proportion(bench: samples.Bench, panel: Predictions) -> None:
    bench.load()
    give(bench, 0.6, 0.3, 0.09, 0.01)
    shown, colours = bars(panel), theme.current()
    image = shown.grab().toImage()
    for row, (share, fill) in enumerate(zip((0.6, 0.3, 0.09), (colours.accent, colours.dim, colours.dim), strict=True)):
        track = shown.track(row)
        y = int(track.center().y())
        painted = sum(QColor(image.pixel(x, y)).name() == fill for x in range(int(track.left()), int(track.right())))
        assert painted == pytest.approx(share * track.width(), abs=3)


def test_rows_carry_label_and_per_cent(bench: samples.Bench, panel: Predictions) -> None:
    bench.load()
    give(bench, 0.4254, 0.0002, 0.0)
    assert bars(panel).bars[0] == Bar("class 0", 0.4254)
    assert bars(panel).accessibleDescription() == "class 0 42.5 %; class 1 < 0.1 %; class 2 0 %"


def test_the_rows_can_be_copied(bench: samples.Bench, panel: Predictions) -> None:
    bench.load()
    give(bench, 0.75, 0.25)
    bars(panel).setFocus()
    QTest.keyClick(bars(panel), Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "class 0\t75.0 %\nclass 1\t25.0 %"
    QGuiApplication.clipboard().clear()


def test_trained_on(bench: samples.Bench, panel: Predictions) -> None:
    bench.load()
    give(bench, 0.9, 0.1)
    assert "trained on ImageNet" in texts(panel)
    assert "no class for a person" in texts(panel)
    assert "Not sure" not in texts(panel)


def test_what_it_was_trained_on_is_said_in_the_person_s_language(bench: samples.Bench, panel: Predictions) -> None:
    loaded = samples.network(bench.graph)
    digits = replace(loaded.card.weights[0], trained_on="8,000 digits of MNIST")
    bench.controller.on_event(NetworkReady(replace(loaded, card=replace(loaded.card, weights=(digits,)))))
    text.set_language("ko")
    give(bench, 0.9, 0.1)
    badge = next(label.text() for label in panel.findChildren(QLabel) if "MNIST" in label.text())
    assert "digits" not in badge


def test_random_weights_are_called_so(bench: samples.Bench, panel: Predictions) -> None:
    bench.trained = False
    bench.load()
    give(bench, 0.002, 0.001, trained=False)
    assert "untrained: random weights" in texts(panel)
    assert "means nothing" in texts(panel)
    assert "trained on ImageNet" not in texts(panel)
    badge = next(label for label in panel.findChildren(QLabel) if "random" in label.text())
    assert badge.property("tone") == "warning"


@pytest.mark.parametrize(("share", "said"), [(0.299, True), (0.301, False)])
def test_not_sure_below_the_threshold(bench: samples.Bench, panel: Predictions, share: float, said: bool) -> None:
    bench.load()
    give(bench, share, 0.01)
    assert ("Not sure" in texts(panel)) == said


def test_nan_is_not_dressed_up(bench: samples.Bench, panel: Predictions) -> None:
    bench.load()
    result = samples.result(bench.store.recipe, bench.graph)
    bench.controller.on_event(ResultReady(replace(result, predictions=(), finite=False)))
    assert "not finite" in texts(panel)
    assert not bars(panel).isVisible()
    assert "Not sure" not in texts(panel)
    assert "does not name classes" not in texts(panel)


def test_a_network_without_classes(bench: samples.Bench, panel: Predictions) -> None:
    bench.load()
    give(bench)
    assert not bars(panel).isVisible()
    assert "does not name classes" in texts(panel)


def test_nothing_yet(panel: Predictions) -> None:
    assert not bars(panel).isVisible()
    assert "appears here" in texts(panel)


def test_a_digit_before_a_network_of_imagenet(bench: samples.Bench, panel: Predictions) -> None:
    from explorer.sources import samples as gallery

    digit = next((s.file for s in gallery() if s.suits == "digits"), "")
    assert digit, "the gallery has digits"
    bench.load()
    bench.controller.change(source=Source("sample", digit))
    give(bench, 0.9)
    assert "ImageNet has no digits" in texts(panel)
    bench.controller.change(source=Source("sample", "chelsea.png"))
    give(bench, 0.9)
    assert "ImageNet has no digits" not in texts(panel)


def test_a_cat_before_a_network_of_digits(bench: samples.Bench, panel: Predictions) -> None:
    bench.load()
    bench.controller.on_event(NetworkReady(replace(samples.network(bench.graph), labels="digits")))
    give(bench, 0.9)
    assert "only the digits" in texts(panel)
    assert "person" not in texts(panel)


@pytest.mark.parametrize("drawn", [False, True])
def test_an_empty_pad_is_told(bench: samples.Bench, panel: Predictions, drawn: bool) -> None:
    bench.load()
    bench.controller.change(source=Source("drawing", ""))
    result = samples.result(bench.store.recipe, bench.graph, trained=True)
    pixels = np.zeros((28, 28, 3), np.uint8)
    pixels[9, 9] = 255 * drawn
    picture = Frame(pixels, "drawing")
    bench.controller.on_event(ResultReady(replace(result, frame=picture, filtered=picture)))
    assert ("Nothing is drawn yet" in texts(panel)) is not drawn
    assert "ImageNet has no digits" in texts(panel)


def test_every_row_fits_with_larger_text(bench: samples.Bench, panel: Predictions, qapp: QApplication) -> None:
    bench.load()
    give(bench, 0.5, 0.2, 0.1, 0.05, 0.01)
    small = bars(panel).minimumSizeHint().height()
    theme.apply(qapp, "light", 1.5)
    assert bars(panel).minimumSizeHint().height() > 1.3 * small
    bars(panel).resize(200, bars(panel).minimumSizeHint().height())
    assert bars(panel).track(4).bottom() <= bars(panel).height()
    theme.apply(qapp, "dark")


@pytest.mark.parametrize("height", range(20, 200, 12))
def test_no_row_is_cut_where_there_is_no_room_for_all(bench: samples.Bench, panel: Predictions, height: int) -> None:
    bench.load()
    give(bench, 0.5, 0.2, 0.1, 0.05, 0.01)
    shown = bars(panel)
    shown.resize(200, height)
    last = shown.rows_shown - 1
    assert shown.track(last).bottom() <= height or last == 0
    assert shown.track(0).top() >= shown.fontMetrics().height(), "a bar lies below its own label"
    if last:
        assert shown.track(0).bottom() <= shown.height() / len(shown.bars) or last < len(shown.bars) - 1
    assert shown.rows_shown == 5 or height < 5 * (shown.fontMetrics().height() + theme.px(5))
