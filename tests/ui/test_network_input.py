"""What the network saw: the prepared picture, its figures, and the steps in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from explorer.engine.events import NetworkReady, ResultReady
from explorer.values import Frame, Geometry
from explorer.zoo.card import Preparation
from tests.ui import samples
from ui import theme
from ui.panels.network_input import NetworkInput, describe


@pytest.fixture
def bench(qapp: QApplication) -> samples.Bench:
    theme.apply(qapp, "dark")
    return samples.Bench()


@pytest.fixture
def panel(bench: samples.Bench) -> Iterator[NetworkInput]:
    shown = NetworkInput(bench.store, bench.controller)
    shown.resize(300, 200)
    shown.show()
    yield shown
    shown.close()
    shown.deleteLater()


def texts(panel: NetworkInput) -> str:
    return "\n".join(label.text() for label in panel.findChildren(QLabel) if label.isVisible())


def test_the_prepared_picture_and_its_figures(bench: samples.Bench, panel: NetworkInput) -> None:
    bench.load()
    result = replace(samples.result(bench.store.recipe, bench.graph), prepared_range=(-0.992, 1.0))
    bench.controller.on_event(ResultReady(result))
    assert panel.view.pixels is result.prepared
    assert "3 × 224 × 224" in texts(panel)
    assert "numbers −0.99 … 1.00" in texts(panel)
    assert "resized to 385 × 256 px (bilinear)" in texts(panel)
    assert "(x − 127) ÷ 128" in texts(panel).replace("\N{NO-BREAK SPACE}", " ")


def test_stretched_numbers_are_not_told_as_if_they_were_the_networks(bench: samples.Bench, panel: NetworkInput) -> None:
    bench.load()
    bench.give()
    QTest.mouseMove(panel.view, QPoint(panel.view.width() // 2, panel.view.height() // 2))
    assert panel.view.plate_text() == ""
    panel.view.set_telling(True)
    assert panel.view.plate_text() != "", "the pointer is on the picture"


def test_an_array_goes_in_unprepared(bench: samples.Bench, panel: NetworkInput) -> None:
    bench.load()
    result = samples.result(bench.store.recipe, bench.graph)
    array = np.zeros((3, 224, 224), np.float32)
    given = Frame(result.frame.pixels, "a.npy", array=array)
    bench.controller.on_event(ResultReady(replace(result, frame=given)))
    assert "as it is" in texts(panel)
    assert "resized" not in texts(panel)


def test_nothing_yet(panel: NetworkInput) -> None:
    assert "appears here" in panel.view.message
    assert texts(panel).strip() == "What the network saw"


def steps(preparation: Preparation, geometry: Geometry) -> list[str]:
    return [step.replace("\N{NO-BREAK SPACE}", " ") for step in describe(preparation, geometry)]


def test_the_steps_of_a_grey_padded_input() -> None:
    lenet = Preparation((1, 32, 32), 28, "bilinear", (0.1307,), (0.3081,), 1.0, pad=2)
    assert steps(lenet, Geometry((56, 56), (32, 32), (2.0, 2.0), (-4.0, -4.0))) == [
        "made grey",
        "resized to 28 × 28 px (bilinear)",
        "middle 28 × 28 cut out",
        "2 px of black added on every side",
        "numbers 0 … 1 → (x − 0.1307) ÷ 0.3081",
    ]


def test_the_steps_of_torchvisions_networks() -> None:
    resnet = Preparation((3, 224, 224), 256, "bicubic", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    assert steps(resnet, Geometry((300, 451), (192, 160), (1.5, 1.503), (6.0, 105.0))) == [
        "resized to 300 × 200 px (bicubic)",
        "middle 160 × 192 cut out",
        "numbers 0 … 1 → (x − [0.485 0.456 0.406]) ÷ [0.229 0.224 0.225]",
    ]


@pytest.mark.parametrize("hw", [(300, 451), (451, 300), (37, 53)])
def test_the_steps_are_those_of_the_core(hw: tuple[int, int]) -> None:
    torch = pytest.importorskip("torch")
    from explorer.prepare import prepare

    wanted = Preparation((3, 224, 224), 256, "bilinear", (127.0,) * 3, (128.0,) * 3, 255.0)
    geometry = prepare(Frame(np.zeros((*hw, 3), np.uint8), "x"), wanted, torch.device("cpu")).geometry
    short, long = min(hw), max(hw)
    side = int(256 * long / short)
    w, h = (256, side) if hw[0] > hw[1] else (side, 256)
    assert steps(wanted, geometry)[0] == f"resized to {w} × {h} px (bilinear)"


@pytest.mark.parametrize(
    ("changes", "geometry", "steps"),
    [
        (
            {"fit": "stretch", "resize": 200, "order": "BGR"},
            Geometry((300, 451), (200, 200), (300 / 200, 451 / 200), (0.0, 0.0)),
            ["stretched to 200 × 200 px (bilinear)", "channels in the order blue, green, red"],
        ),
        (
            {"fit": "stretch", "resize": 230},
            Geometry((300, 451), (200, 200), (300 / 230, 451 / 230), (20.0, 30.0)),
            ["stretched to 230 × 230 px (bilinear)", "middle 200 × 200 cut out"],
        ),
        (
            {"fit": "letterbox"},
            Geometry((300, 450), (200, 200), (450 / 200, 450 / 200), (-75.0, 0.0)),
            ["resized to 200 × 133 px (bilinear)", "black bars around it up to 200 × 200"],
        ),
    ],
)
def test_pictures_that_are_stretched_or_between_bars(
    changes: dict[str, object], geometry: Geometry, steps: list[str]
) -> None:
    made = replace(samples.PREPARATION, input_chw=(3, 200, 200), **changes)  # type: ignore[arg-type]
    assert describe(made, geometry)[:-1] == steps


def test_a_transform_of_a_program_is_said_to_have_made_it(bench: samples.Bench, panel: NetworkInput) -> None:
    bench.controller.on_event(NetworkReady(replace(samples.network(bench.graph), transformed=True)))
    bench.give()
    assert "Your program's own transform made it" in texts(panel)
    assert "resized" not in texts(panel)
