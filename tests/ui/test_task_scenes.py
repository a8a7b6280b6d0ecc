"""Detection and segmentation in the window: what is asked, what shows, and what stands in the way."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from explorer.engine.events import Catalogue, NetworkReady, ResultReady
from explorer.errors import NetworkError
from explorer.questions import Everything
from explorer.recipe import Finding, Recipe
from explorer.render.scene import colour
from explorer.settings import Settings
from explorer.tasks.values import Detection, Found, Segmented
from explorer.zoo.card import Card, Task, WeightState
from tests.ui import samples
from tests.ui.desk import Desk, desk, key, until
from ui.panels.task_detect import TaskDetect
from ui.panels.task_segment import TaskSegment
from ui.widgets.scene_view import LabelView

CUP = Detection(47, "cup", 0.9, (60.0, 120.0, 200.0, 260.0))
SPOON = Detection(50, "spoon", 0.6, (90.0, 180.0, 230.0, 210.0))
COVERED = Detection(47, "cup", 0.7, (64.0, 124.0, 200.0, 266.0), kept=False)


def card(name: str, task: Task, parameters: int = 10) -> Card:
    return replace(samples.CARD, name=name, title=name.title(), task=task, group="torchvision", parameters=parameters)


def opened(qapp: QApplication, network: Card, tab: str, trained: bool = True) -> Any:
    one = desk(
        qapp,
        recipe=Recipe(network=network.name),
        settings=Settings(language="en", theme="dark", place="tasks", task_tab=tab),
    )
    return _Opened(one, network, trained)


class _Opened:
    """A window in that task with a network that is loaded."""

    def __init__(self, one: Any, network: Card, trained: bool) -> None:
        self.desk, self.network, self.trained = one, network, trained

    def __enter__(self) -> Desk:
        one: Desk = self.desk.__enter__()
        one.show()
        known = [(samples.CARD, WeightState.EMBEDDED)] + [
            (card(f"{task}or{size}", task, size), WeightState.DOWNLOADABLE)
            for task in ("detect", "segment")
            for size in (40, 10, 30, 20)
        ]
        info = replace(samples.network(one.graph, self.trained), card=self.network)
        one.send(Catalogue(tuple(known), (("cpu", "CPU"),)), NetworkReady(info))
        return one

    def __exit__(self, *what: Any) -> None:
        self.desk.__exit__(*what)


def answer(one: Desk, found: Found | None, trained: bool = True) -> None:
    """Let the network find something in a grey picture, as the wished recipe asks for it."""
    result = samples.result(one.store.recipe, one.graph, trained=trained)
    frame = replace(result.frame, pixels=np.full((300, 451, 3), 128, np.uint8))
    one.send(ResultReady(replace(result, frame=frame, filtered=frame, found=found)))


def detect(one: Desk) -> TaskDetect:
    assert one.window.places.tasks is not None
    panel = one.window.places.tasks.panel("detect")
    assert isinstance(panel, TaskDetect)
    return panel


def segment(one: Desk) -> TaskSegment:
    assert one.window.places.tasks is not None
    panel = one.window.places.tasks.panel("segment")
    assert isinstance(panel, TaskSegment)
    return panel


def at(image: QImage, panel: TaskDetect | TaskSegment, y: float, x: float) -> str:
    """Return the colour that is painted at a place of the picture."""
    where = panel.view.rect_of(y, x, y, x).topLeft()
    return image.pixelColor(round(where.x()), round(where.y())).name()


def rows(panel: TaskDetect | TaskSegment) -> list[tuple[str, str]]:
    listed = panel.list if isinstance(panel, TaskDetect) else panel.legend
    return [row.texts for row in listed.rows.listed]


def test_boxes_show_on_the_picture_and_in_the_list(qapp: QApplication) -> None:
    with opened(qapp, card("detector10", "detect"), "detect") as one:
        panel = detect(one)
        assert one.store.recipe.finding == Finding(0.5)
        answer(one, Found(detections=(CUP, SPOON)))
        assert rows(panel) == [("cup", "90 %"), ("spoon", "60 %")]
        assert panel.count.text() == "2 boxes"
        image = panel.view.grab().toImage()
        y0, x0, y1, x1 = CUP.box
        middles = (y1, (x0 + x1) / 2), ((y0 + y1) / 2, x0), ((y0 + y1) / 2, x1)
        assert {at(image, panel, *place) for place in middles} == {QColor(*colour(47)).name()}
        assert panel.view.stamp == ""

        panel.least.setValue(65)
        panel.before.setChecked(True)
        assert one.engine.wishes[-1].finding == Finding(0.65, True)
        answer(one, Found(detections=(CUP, COVERED)))
        assert rows(panel) == [("cup", "90 %"), ("cup, suppressed", "70 %")]
        assert panel.count.text() == "1 box  ·  1 suppressed"
        answer(one, Found(detections=()))
        assert panel.count.text() == "Nothing was found with a score of 65 % or more."
        answer(one, Found(detections=(CUP,), error=NetworkError("It hides them.")))
        assert panel.note.text() == "It hides them."
        assert panel.note.isVisible()

        key(one, "Ctrl+1")
        assert one.store.recipe.finding is None, "nobody looks"
        one.controller.adjust(finding=Finding())
        assert one.controller.session.finding is None, "nor does anybody at the next start"
        until(lambda: one.store.recipe.finding is None)  # as after a step that was taken back


def test_boxes_of_the_network_before_are_not_the_next_ones(qapp: QApplication) -> None:
    with opened(qapp, card("detector10", "detect"), "detect") as one:
        panel = detect(one)
        answer(one, Found(detections=(CUP,)))
        assert panel.view.isVisible()
        panel.box.wanted.emit("detector20")
        assert not panel.view.isVisible()
        assert panel.words.isVisible()
        assert not panel.export.isEnabled()


def test_a_thing_that_is_clicked_is_highlighted_in_both_and_followed(qapp: QApplication) -> None:
    with opened(qapp, card("detector10", "detect"), "detect") as one:
        panel = detect(one)
        answer(one, Found(detections=(CUP, COVERED, SPOON)))
        spoon = panel.view.rect_of(150, 195, 150, 195).topLeft().toPoint()
        QTest.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=spoon)
        assert panel.boxes.current == 2, "the smallest box there"
        assert panel.list.currentIndex().row() == 2
        panel.boxes._pointer = QPointF(spoon)
        assert panel.boxes.plate_text() == "spoon  60.0 %\nx 180  y 90  30 × 140 px"
        moved = replace(SPOON, box=(92.0, 184.0, 232.0, 214.0))
        answer(one, Found(detections=(moved, CUP)))
        assert (panel.boxes.current, panel.list.currentIndex().row()) == (0, 0), "it has moved a little"
        answer(one, Found(detections=(CUP,)))
        assert panel.boxes.current == -1, "it is gone"
        row = panel.list.visualRect(panel.list.rows.index(0, 0)).center()
        QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=row)
        assert panel.boxes.current == 0
        for other in (replace(CUP, index=50), replace(CUP, kept=False), replace(CUP, box=(200.0, 300.0, 290.0, 440.0))):
            panel._choose(0)
            answer(one, Found(detections=(other,)))
            assert panel.boxes.current == -1, "another class, another fate, another place"
            answer(one, Found(detections=(CUP,)))


@pytest.mark.parametrize("tab", ["detect", "segment"])
def test_what_means_nothing_says_so_on_the_picture_and_in_the_file(
    qapp: QApplication, tab: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a button leads to the weights."""
    monkeypatch.setattr("ui.finding.ask_where", lambda *_: "there.png")
    with opened(qapp, card(f"{tab}or10", tab), tab, trained=False) as one:
        panel = detect(one) if tab == "detect" else segment(one)
        map_ = Segmented(np.zeros((224, 224), np.int32), ("nothing", "thing"))
        answer(one, Found(detections=(CUP,)) if tab == "detect" else Found(segmented=map_), trained=False)
        assert panel.view.stamp == "untrained"
        stamped = panel.view.grab().toImage()
        panel.view.set_stamp("")
        assert panel.view.grab().toImage() != stamped
        panel.export.click()
        path, data = one.engine.saved[-1]
        assert path == "there.png"
        with Image.open(io.BytesIO(data)) as page:
            assert np.any(np.all(np.asarray(page) == (176, 64, 0), axis=-1)), "the plate behind the word"
        assert panel.weights.isVisible()
        panel.weights.click()
        assert one.window.places.networks is one.window.places.shown


@pytest.mark.parametrize("tab", ["detect", "segment"])
def test_a_network_of_another_task_gives_way(qapp: QApplication, tab: Task) -> None:
    with opened(qapp, samples.CARD, tab) as one:
        panel = detect(one) if tab == "detect" else segment(one)
        answer(one, Found())
        assert panel.words.isVisible()
        assert panel.words.text().startswith("Sample Net ")
        assert not panel.explore.isVisible()
        assert any(isinstance(question, Everything) for question in one.engine.questions)
        offers = [button for button in panel.pages.findChildren(QPushButton) if button.isVisible()]
        assert [button.text() for button in offers] == [f"{tab}or{n} · downloadable".capitalize() for n in (10, 20, 30)]
        listed = [panel.box.itemData(row) for row in range(panel.box.count())]
        assert listed == [f"{tab}or{n}" for n in (10, 20, 30, 40)], "of this task, the smallest first"
        offers[0].click()
        assert (one.store.recipe.network, one.store.recipe.weights) == (f"{tab}or10", "none")
        assert panel.explore.isVisible()
        panel.explore.click()
        assert one.window.places.shown is one.window.explore
        assert one.store.recipe.network == f"{tab}or10"


def test_the_label_map_lies_over_the_picture_with_its_legend(qapp: QApplication) -> None:
    with opened(qapp, card("segmentor10", "segment"), "segment") as one:
        panel = segment(one)
        classes = np.zeros((224, 224), np.int32)
        classes[:, 112:] = 2
        classes[:56, 112:] = 1
        answer(one, Found(segmented=Segmented(classes, ("__background__", "cat", "dog"))))
        assert rows(panel) == [("background", "50.0 %"), ("dog", "37.5 %"), ("cat", "12.5 %")]
        (top, left), cell = (18.75, 94.25), 300 / 256  # as the made-up geometry says
        middle = top + 150 * cell, left + 180 * cell
        assert [panel.labels.class_at((round(y), round(x))) for y, x in (middle, (top + 9, left + 150 * cell))] == [
            2,
            1,
        ]
        assert panel.labels.class_at((5, 5)) is None, "the network does not see it"
        panel.clear.setValue(0)
        assert at(panel.view.grab().toImage(), panel, *middle) == QColor(*colour(2)).name()
        panel.clear.setValue(50)
        half = QColor(at(panel.view.grab().toImage(), panel, *middle))
        for painted, shade in zip((half.red(), half.green(), half.blue()), colour(2), strict=True):
            assert painted == pytest.approx((128 + shade) / 2, abs=2)
        assert at(panel.view.grab().toImage(), panel, top + 150 * cell, left + 20 * cell) == "#808080", "background"
        panel.labels._pointer = panel.view.rect_of(*middle, *middle).topLeft()
        assert panel.labels.plate_text() == "2  dog\n37.5 % of the area"


def test_numbers_are_written_where_they_are_seen_alone(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large map that is looked at closely must not cost a visit to each of its cells."""
    view = LabelView()
    view.resize(300, 300)
    view.set_picture(np.zeros((400, 400, 3), np.uint8))
    view.show_map(Segmented(np.zeros((400, 400), np.int32), ()), (0.0, 0.0, 400.0, 400.0))
    view.show()
    while view.rect_of(0, 0, 1, 1).width() < 20:
        view.zoom_in()
    placed, written = view._placed, list[QRectF]()

    def noted(*box: float) -> QRectF:
        written.append(placed(*box))
        return written[-1]

    monkeypatch.setattr(view, "_placed", noted)
    view.grab()
    view.close()
    view.deleteLater()
    _first, *cells = [rect for rect in written if rect.width() < 300]  # the first tells how large they are
    assert 4 < len(cells) < 400
    assert all(rect.intersects(QRectF(view.rect())) for rect in cells)
    assert len({(rect.top(), rect.left()) for rect in cells}) * cells[0].width() ** 2 >= 300**2, "all that is seen"


def test_the_lectures_grid_is_shown_as_what_it_is(qapp: QApplication) -> None:
    with opened(qapp, samples.CARD, "segment") as one:
        panel = segment(one)
        answer(one, Found())
        panel.lecture.click()
        shown = panel.labels.shown
        assert shown is not None
        written = ["".join(map(str, row)) for row in shown.classes.tolist()]
        assert "/".join(written) == "101101/101101/111111/211111/111101/212201/222202/002202"
        assert rows(panel) == [("class 1", "54.2 %"), ("class 2", "25.0 %"), ("class 0", "20.8 %")]
        assert "no network's answer" in panel._badge.text()
        hidden: tuple[QWidget, ...] = (panel.box, panel.export, panel.explore, panel.weights)
        assert not any(widget.isVisible() for widget in hidden)
        panel.lecture.click()
        assert panel.words.isVisible()
        assert panel.box.isVisible()
