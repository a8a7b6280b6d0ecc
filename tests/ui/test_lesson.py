"""The lesson in the window: its scenes bring the places, its keys, its questions, decks that break."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from explorer import settings as preferences
from explorer.engine.events import Answered, Calculated, Exported, Problem
from explorer.errors import ExplorerError, NetworkError
from explorer.filters.bank import BANK
from explorer.lesson import deck, progress
from explorer.lesson.places import PAGES
from explorer.lesson.question import Question
from explorer.lesson.values import Deck
from explorer.questions import Quiz
from explorer.settings import Settings
from tests.ui.desk import Desk, desk, key, until
from tools.scenes import cut, shown
from ui.lecturing import LANE, Lecturing
from ui.panels.lesson import LessonPanel
from ui.places import networks

OWN = """
title.en = "Mine"
[[scene]]
id = "one"
title.en = "One"
say = [{ en = "Look." }]
place = "arithmetic"
preset = "stride-1"
steps = [{ en = "First.", preset = "stride-2" }, { en = "Second.", place = "filter" }]
question = { en = "Two and two?", answer = 4, working = [{ en = "2 + 2 = 4" }] }
[[scene]]
id = "two"
title.en = "Two"
say = [{ en = "Choose." }]
place = "networks"
page = "stacks"
preset = "one-3x3"
question = { en = "Which?", options = [{ en = "this" }, { en = "that" }], answer = 2 }
[[scene]]
id = "three"
title.en = "Three"
say = [{ en = "Ask the network." }]
place = "tasks"
page = "detect"
question = { kind = "which-layer" }
"""


@pytest.fixture(scope="module")
def course() -> Deck:
    return deck.course()


def read(one: Desk) -> None:
    """Let the worker read the deck that is wanted, if one is."""
    while one.engine.calculations:
        lane, work = one.engine.calculations.pop(0)
        if lane != LANE:
            continue
        try:
            one.send(Calculated(lane, work, work()))
        except ExplorerError as error:
            one.send(Calculated(lane, work, None, error))


def parts(one: Desk) -> tuple[Lecturing, LessonPanel]:
    lecturing, panel = one.window.presenting.lecturing, one.window.presenting.panel
    assert lecturing is not None
    assert panel is not None
    return lecturing, panel


@pytest.fixture
def taught(one: Desk, tmp_path: Path) -> tuple[Desk, Lecturing, LessonPanel]:
    """A student with a deck of three scenes."""
    file = tmp_path / "내 덱.toml"
    file.write_text(OWN, encoding="utf-8")
    one.window.presenting.open_deck(str(file))
    read(one)
    return one, *parts(one)


# scenes


@pytest.mark.parametrize(("size", "theme", "every"), [((1280, 800), "light", 1), ((1024, 640), "dark", 5)])
def test_every_scene_shows_its_place_and_no_text_of_it_is_cut(
    qapp: QApplication, course: Deck, size: tuple[int, int], theme: str, every: int
) -> None:
    """With everything revealed; ``make scenes`` walks through them with the real networks."""
    with desk(qapp, settings=Settings(language="en", theme=theme)) as one:
        one.show(*size)
        one.load()
        key(one, "Ctrl+6")
        read(one)
        lecturing, panel = parts(one)
        lecturing.present(True)
        for language in ("en", "ko"):
            one.controller.prefer(language=language)
            for place, scene in list(enumerate(course.scenes))[::every]:
                lecturing.go(place, 0 if language == "en" else len(scene.steps))
                while lecturing.revealed < len(scene.steps):
                    assert shown(one.window.places) == scene.shown(lecturing.revealed).place
                    key(one, "Space")
                key(one, "Space")
                key(one, "Space")
                for _layout in range(3):  # the column's, and what follows from its height
                    QApplication.processEvents()
                assert lecturing.revealed == lecturing.last or lecturing.question is None
                assert shown(one.window.places) == scene.shown(lecturing.revealed).place
                assert cut(panel) == [], (scene.id, language)
        least = one.window.minimumSizeHint()
        assert (least.width() <= size[0], least.height() <= size[1]) == (True, True), least


def test_a_scene_opens_page_example_value_and_picture(one: Desk, course: Deck) -> None:
    one.load()
    key(one, "Ctrl+6")
    read(one)
    lecturing, _panel = parts(one)
    places = one.window.places

    def go(scene: str, revealed: int = 0) -> None:
        lecturing.go(course.place_of(scene) or 0, revealed)

    go("filter-in-numbers", 2)
    assert places.filter is not None
    assert places.filter.steps.lecture.isChecked()
    step = places.filter.steps.step
    assert step is not None
    assert (step.value, step.result) == (-3, 0)  # of the lecture's second window
    go("filter")
    assert not places.filter.steps.lecture.isChecked()
    assert one.store.recipe.filters == (BANK["blur-horizontal"].filter,)
    go("convolution", 3)
    assert places.arithmetic is not None
    assert (places.arithmetic.work.name, places.arithmetic.work.at) == ("one-filter", (0, 0, 1))
    go("receptive-field", 2)
    assert places.networks is not None
    assert places.networks.pages.currentWidget() is places.networks.stacks
    stacks = places.networks.stacks.currentWidget()
    assert [len(stack.blocks) for stack in stacks.stacks] == [1, 2]  # type: ignore[union-attr]
    go("alexnet")
    assert places.networks.tabs.currentIndex() == networks.PAGES.index("table")
    assert (one.store.recipe.network, one.store.recipe.weights) == ("alexnet_lecture", "none")
    go("what-networks-do", 2)
    assert places.tasks is not None
    assert places.tasks.panel("detect").isVisible()
    assert one.store.recipe.source.where == "chelsea.png"
    assert set(PAGES["networks"]) == set(networks.PAGES)
    assert one.window.focusWidget() is one.window.presenting.panel.reveal  # type: ignore[union-attr]


def test_keys_go_forward_and_back_and_belong_to_the_layers_otherwise(
    taught: tuple[Desk, Lecturing, LessonPanel],
) -> None:
    one, lecturing, panel = taught
    before = one.store.recipe.layer
    key(one, "PgDown")
    assert (lecturing.at, one.store.recipe.layer) == (1, before)
    key(one, "PgUp")
    key(one, "PgUp")
    assert lecturing.at == 0
    key(one, "Space")
    assert (lecturing.revealed, one.window.places.arithmetic.work.name) == (1, "stride-2")  # type: ignore[union-attr]
    key(one, "Space")
    assert one.window.places.currentWidget() is one.window.places.filter
    key(one, "Shift+Space")
    assert (lecturing.revealed, one.window.places.currentWidget()) == (1, one.window.places.arithmetic)
    assert [step.isVisible() for step in panel.steps] == [True, False]
    key(one, "Ctrl+6")
    assert not one.window.presenting.dock.isVisible()
    one.load()
    key(one, "PgDown")
    assert (lecturing.at, one.store.recipe.layer != before) == (0, True)


def test_space_presses_the_button_that_the_tab_key_led_to(taught: tuple[Desk, Lecturing, LessonPanel]) -> None:
    one, lecturing, panel = taught
    panel.contents.setFocus(Qt.FocusReason.TabFocusReason)
    key(one, "Space")
    assert (panel.contents.isChecked(), lecturing.revealed) == (True, 0)
    panel.list.setCurrentRow(1)
    QTest.keyClick(panel.list, Qt.Key.Key_Return)
    assert (lecturing.at, panel.pages.currentWidget()) == (1, panel.area)


def test_only_scene_and_place_then_everything_again(taught: tuple[Desk, Lecturing, LessonPanel]) -> None:
    one, _lecturing, panel = taught
    bars = (one.window.top, one.window.status, one.window._rail["place_explore"])
    key(one, "H")
    assert [bar.isVisible() for bar in bars] == [False] * 3
    assert panel.isVisible()
    QTest.keyClick(one.window, Qt.Key.Key_Escape)
    assert [bar.isVisible() for bar in bars] == [True] * 3


@pytest.mark.parametrize("keys", ["P", "Z"])
def test_what_a_lecturer_points_with_lets_clicks_through_and_stops(
    taught: tuple[Desk, Lecturing, LessonPanel], keys: str
) -> None:
    one, _lecturing, _panel = taught
    pointer = {"P": one.window.presenting._dot, "Z": one.window.presenting._glass}[keys]
    key(one, keys)
    assert pointer.isVisible()
    assert pointer.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    pointer.grab()
    key(one, keys)
    assert not pointer.isVisible()  # its timer stands still too: a test of every test's says so


# questions


def test_a_student_answers_and_the_first_try_counts(taught: tuple[Desk, Lecturing, LessonPanel]) -> None:
    one, lecturing, panel = taught
    for _press in range(4):
        key(one, "Space")
    box = panel.question
    assert (lecturing.revealed, box.isVisible(), box.working.isVisible()) == (3, True, False)
    assert box.field.hasFocus()  # there is nothing more to reveal
    for given, said, right, asked in (
        ("four", "no number", 0, 0),
        ("5", "Not right", 0, 1),
        ("4.0", "Right", 0, 1),
    ):
        box.field.setText(given)
        QTest.keyClick(box.field, Qt.Key.Key_Return)
        assert said in box.verdict.text()
        assert (lecturing.score.right, lecturing.score.asked) == (right, asked)
    assert "2 + 2 = 4" in box.working.text()
    assert lecturing.done == ("one",)
    lecturing.next()
    lecturing.reveal()
    box.check.click()
    assert "Choose" in box.verdict.text()
    box._group.button(2).setFocus()
    box._group.button(2).setChecked(True)
    QTest.keyClick(box._group.button(2), Qt.Key.Key_Return)
    assert panel.reveal.hasFocus()
    assert (lecturing.told, lecturing.score.right, lecturing.score.asked) == (True, 1, 2)


def test_a_lecturer_shows_the_answer_and_nothing_is_scored(taught: tuple[Desk, Lecturing, LessonPanel]) -> None:
    one, lecturing, panel = taught
    key(one, "Shift+P")
    for _press in range(4):
        key(one, "Space")
    assert (lecturing.told, panel.question.field.isVisible(), panel.question.working.isVisible()) == (True, False, True)
    assert (lecturing.score.asked, panel.question.score.isVisible()) == (0, False)
    assert panel.reveal.text() == "Next scene"
    assert panel.reveal.hasFocus()
    key(one, "Space")
    assert lecturing.at == 1


def test_the_network_is_asked_once_it_shows_what_the_scene_wants(taught: tuple[Desk, Lecturing, LessonPanel]) -> None:
    one, lecturing, panel = taught
    lecturing.go(2)
    lecturing.reveal()
    assert "being asked" in panel.question.text.text()
    assert not any(isinstance(question, Quiz) for question in one.engine.questions)
    one.load()
    asked = next(question for question in one.engine.questions if isinstance(question, Quiz))
    one.send(Problem("question", NetworkError("It has no maps."), question=asked))
    assert "no maps" in panel.question.text.text()
    assert one.store.problems == {}
    lecturing.ask()
    asked = [question for question in one.engine.questions if isinstance(question, Quiz)][-1]
    found = Question("which-layer", "Which?", "choice", "1", ("because",), options=("conv · conv2d", "pool"))
    one.send(Answered(asked, found))
    assert [option.label.text() for option in panel.question._choices][1] == "pool"
    seeds = {question.seed for question in one.engine.questions if isinstance(question, Quiz)}
    lecturing.ask()
    assert {question.seed for question in one.engine.questions if isinstance(question, Quiz)} > seeds


# decks and starts


def test_a_broken_deck_says_where_and_can_be_mended_in_place(one: Desk, tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text(OWN.replace('"stride-2"', '"stride-9"'), encoding="utf-8")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    one.window.intake.take(mime)
    read(one)
    lecturing, panel = parts(one)
    assert f"{file}, line 9" in panel.sentence.text()
    assert panel.again.isVisible()
    assert cut(panel) == []
    file.write_text(OWN, encoding="utf-8")
    panel.again.click()
    read(one)
    assert lecturing.scene is not None
    assert lecturing.scene.id == "one"
    panel._fill_menu()
    assert "The course's lesson" in [action.text() for action in panel.menu.actions()]
    file.unlink()
    panel._read_again()
    read(one)
    assert "cannot be read" in panel.sentence.text()
    panel.course.click()
    read(one)
    assert lecturing.file == ""
    assert lecturing.recent == (str(file),)


def test_the_next_start_goes_on_where_the_last_one_stopped(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        key(one, "Ctrl+6")
        read(one)
        key(one, "PgDown")
        key(one, "Space")
    stored, _problem = preferences.load()
    with desk(qapp, settings=stored.with_(language="en", theme="dark")) as one:
        one.show()
        until(lambda: one.window.presenting.open)
        read(one)
        lecturing, panel = parts(one)
        assert (lecturing.at, lecturing.revealed) == (1, 1)
        assert panel.isVisible()
        key(one, "Ctrl+6")
    assert not progress.read(preferences.load()[0].lesson).open


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"open": true}', json.dumps({"open": 1, "presents": 0, "bookmarks": [{}]})]
)
def test_progress_that_is_none_begins_anew(text: str) -> None:
    assert progress.read(text) == progress.Progress()
    mark = progress.Bookmark("a.toml", "one", 2, ("one",), progress.Score(1, 2))
    kept = progress.Progress(True, True, (mark,))
    assert progress.read(kept.written()) == kept


def test_a_picture_of_the_scene_says_how_to_make_it_again(
    taught: tuple[Desk, Lecturing, LessonPanel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, lecturing, _panel = taught
    one.load()
    key(one, "Space")
    monkeypatch.setattr("ui.main_window.ask_where", lambda *_words: str(tmp_path / "out.png"))
    one.window.commands["export_window"].trigger()
    (path, data), kept = one.engine.saved[-1], one.engine.made_from
    assert data.startswith(b"\x89PNG")
    assert kept is not None
    words = kept.command(Path(path)).split()
    assert words[:3] == ["cnn-explorer", "--scene", "one"]
    for option, value in (("--reveal", "1"), ("--lang", "en"), ("--theme", "dark"), ("--shot", "out.png")):
        assert words[words.index(option) + 1] == value
    assert lecturing.file in kept.command(Path(path))
    one.send(Exported((path,)))
    assert [label.text() for label in one.window.findChildren(QLabel) if "out.png" in label.text()]
    assert one.window.findChildren(QPushButton)
