"""The place of the tasks, and the first of them: two networks say what one frame shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer import settings as preferences
from explorer.engine.events import ResultReady
from explorer.errors import DeviceError
from explorer.recipe import Beside
from explorer.settings import Settings
from explorer.tasks.values import BesideAnswer
from explorer.values import Prediction
from tests.ui import samples
from tests.ui.desk import Desk, desk, key, until
from ui.panels.task_classify import TaskClassify
from ui.places.tasks import Tasks


def place(one: Desk) -> Tasks:
    key(one, "Ctrl+5")
    found = one.window.places.tasks
    assert found is not None
    return found


def classify(one: Desk) -> TaskClassify:
    panel = place(one).panel("classify")
    assert isinstance(panel, TaskClassify)
    return panel


def predictions(*labels: str) -> tuple[Prediction, ...]:
    return tuple(Prediction(index, label, 0.5 / (index + 1)) for index, label in enumerate(labels))


def answer(one: Desk, beside: BesideAnswer | None, *labels: str) -> None:
    """Let both networks say something of the wished frame."""
    result = samples.result(one.store.recipe, one.graph)
    one.send(ResultReady(replace(result, predictions=predictions(*labels), beside=beside)))


def told(*labels: str, trained: bool = True) -> BesideAnswer:
    times, asked = {"prepare": 1.0, "forward": 7.25}, Beside("other", "none")
    return BesideAnswer(
        asked,
        card=samples.CARD,
        weights="none",
        trained=trained,
        parameters=61_706,
        device="cpu",
        predictions=predictions(*labels),
        times_ms=times,
    )


def test_the_next_start_begins_in_the_last_task(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        assert one.window.places.tasks is None, "a place is built when it is first wanted"
        assert place(one).isVisible()
        assert one.window._rail["place_tasks"].isChecked()
    stored, _problem = preferences.load()
    assert (stored.place, stored.task_tab) == ("tasks", "classify")
    with desk(qapp, settings=stored.with_(language="en", theme="dark")) as one:
        one.show()
        assert one.window.places.tasks is not None
        assert one.window.places.tasks.isVisible()
        for panel in ("classify",):
            assert one.window.places.tasks.panel(panel).isVisible()


def test_the_second_network_is_asked_while_it_can_be_seen(one: Desk) -> None:
    panel = classify(one)
    assert one.store.recipe.beside is None
    panel.choose("other")
    assert one.store.recipe.beside == Beside("other", "none"), "its weights are not here"
    panel.tops.setCurrentIndex(2)
    panel.tops.activated.emit(2)
    assert one.store.recipe.top == 10
    one.controller.change(channel=1)
    one.controller.undo()
    until(lambda: one.store.recipe.beside is not None and one.store.recipe.top == 10)
    assert one.controller.session.beside is None
    assert one.controller.session.top == 5
    key(one, "Ctrl+1")
    assert (one.store.recipe.beside, one.store.recipe.top) == (None, 5)
    one.controller.change(top=7, beside=Beside("other", "none"))  # as a scene of the lesson may
    until(lambda: one.store.recipe.beside is None)
    assert one.store.recipe.top == 7, "a place that nobody sees leaves that alone"
    key(one, "Ctrl+5")
    assert one.store.recipe.beside == Beside("other", "none")
    panel.lecture.setChecked(True)
    assert one.store.recipe.beside is None


def test_the_choice_is_remembered(qapp: QApplication) -> None:
    with desk(qapp, settings=Settings(language="en", theme="dark", place="tasks", beside="other")) as one:
        one.show()
        assert one.store.recipe.beside is None, "nobody knows yet whether its weights are here"
        one.load()
        assert one.store.recipe.beside == Beside("other", "none")
        assert classify(one).other.currentText() == "Other Net · downloadable"


def test_what_both_name_is_joined(one: Desk) -> None:
    panel = classify(one)
    panel.choose("other")
    answer(one, told("Lynx", "tabby", "car"), "tabby", "fox", "lynx")
    assert panel.links.pairs == ((0, 1), (2, 0))
    assert [bar.strong for bar in panel.first.bars.bars] == [True, False, True]
    assert [bar.strong for bar in panel.second.bars.bars] == [True, True, False]
    for pair in panel.links.pairs:
        for end, bars, row in zip(panel.links.line(pair), (panel.first.bars, panel.second.bars), pair, strict=True):
            at = bars.mapFromGlobal(panel.links.mapToGlobal(end))
            assert bars.track(row).top() <= at.y() <= bars.track(row).bottom()
    assert panel.words.text() == "The first says tabby, the second Lynx. 2 classes are named by both."
    assert panel.second.facts.text() == "61,706 parameters · 7.2 ms · CPU"
    size = sum(layer.parameters for layer in one.graph)
    assert panel.first.facts.text().startswith(f"{size:,} parameters · ")
    answer(one, told("tabby"), "tabby")
    assert panel.words.text() == "Both say first: tabby. 1 class is named by both."
    answer(one, told("7"), "tabby")
    assert (panel.links.pairs, panel.words.text().endswith("No class is named by both.")) == ((), True)


def test_what_it_cannot_say_it_explains(one: Desk) -> None:
    panel = classify(one)
    assert panel.second.note.text() == "Choose a second network above: both then look at the same frame."
    panel.choose("other")
    answer(one, told("tabby", trained=False), "tabby")
    assert panel.second.badge.isVisible()
    assert "random weights" in panel.second.note.text()
    assert panel.weights.isVisible()
    answer(one, told(), "tabby")
    assert "does not name classes" in panel.second.note.text()
    assert not panel.second.bars.isVisible()
    before = len(one.engine.wishes)
    error = DeviceError("cpu has not enough memory for this network: choose a smaller one.")
    answer(one, BesideAnswer(Beside("other", "none"), error), "tabby")
    assert panel.second.note.text() == str(error)
    assert not panel.second.badge.isVisible()
    assert [bar.label for bar in panel.first.bars.bars] == ["tabby"]
    panel.again.click()
    assert len(one.engine.wishes) == before + 1
    answer(one, None, "tabby")
    assert not panel.again.isVisible()


def test_weights_of_the_second_are_a_click_away(one: Desk) -> None:
    panel = classify(one)
    panel.choose("other")
    answer(one, replace(told("tabby", trained=False), card=samples.CARD), "tabby")
    panel.weights.click()
    networks = one.window.places.networks
    assert networks is not None
    assert networks.isVisible()
    assert (networks.list.current(), networks.pages.currentWidget()) == ("other", networks.weights)


def test_the_lectures_example_is_no_answer_of_a_network(one: Desk) -> None:
    panel = classify(one)
    panel.lecture.click()
    bars = {bar.label: bar.share for bar in panel.example.bars.bars}
    assert bars == {"cat": 0.7, "dog": 0.08, "car": 0.01, "bird": 0.01, "lion": 0.2}, "topic 15 of the lecture"
    assert sum(bars.values()) == pytest.approx(1)
    assert panel.example.isVisible()
    assert panel._badge.text() == "an example, no network's answer"
    panel.lecture.click()
    assert not panel.example.isVisible()
    assert panel._badge.isHidden()


@pytest.mark.parametrize(("language", "size", "scale"), [("en", (1024, 640), 1.0), ("ko", (1280, 800), 1.5)])
def test_it_fits(qapp: QApplication, language: str, size: tuple[int, int], scale: float) -> None:
    with desk(qapp, settings=Settings(language=language, theme="dark", font_scale=scale, place="tasks")) as one:
        one.show(*size)
        one.load()
        panel = classify(one)
        panel.choose("other")
        panel.tops.activated.emit(2)
        labels = [f"class with a long name {n}" for n in range(10)]
        answer(one, told(*labels, trained=False), *labels)
        least = one.window.minimumSizeHint()
        assert (least.width() <= size[0], least.height() <= size[1]) == (True, True), least
        assert panel.english.isVisible() == (language != "en")
        digits = [str(n) for n in range(10)]
        answer(one, told(*digits, trained=False), *digits)
        assert not panel.english.isVisible(), "digits are no words of a language"


def test_what_is_typed_and_names_nothing_goes(one: Desk) -> None:
    panel = classify(one)
    panel.choose("other")
    line = panel.other.lineEdit()
    assert line is not None
    line.setText("no such network")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert panel.other.currentText() == "Other Net · downloadable"
    assert one.store.recipe.beside == Beside("other", "none")
