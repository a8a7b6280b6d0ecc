"""Trainings in the window: begun, paused, gone on with, told of, kept, and opened; own classes from a live source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.engine.events import Answered, Calculated, Ended, FrameRead, Problem
from explorer.errors import PersonError
from explorer.questions import Question
from explorer.session import Network, Session
from explorer.training import digits as room
from explorer.training import lenet
from explorer.training.run import SaveTrained, Train, TrainLast
from explorer.training.values import Plan, digit_pictures
from explorer.values import Frame, Source
from tests.ui import samples
from tests.ui.desk import Desk
from ui.panels import train_digits
from ui.panels.train_digits import TrainDigits
from ui.panels.train_last import TrainLastLayer
from ui.widgets.line_chart import running_mean


@pytest.fixture
def bench(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> samples.Bench:
    monkeypatch.setattr(lenet, "digits", lambda card: tuple(tensor[::40] for tensor in room.digits(card)))
    found = samples.Bench()
    found.load()
    found.give()
    return found


@pytest.fixture
def panel(bench: samples.Bench) -> Iterator[TrainDigits]:
    shown = TrainDigits(bench.store, bench.controller)
    shown.resize(900, 620)
    shown.show()
    yield shown
    shown.close()
    shown.deleteLater()


def last(bench: samples.Bench) -> Any:
    return bench.engine.questions[-1]


def work(bench: samples.Bench, steps: int | None = None, network: Network | None = None) -> None:
    """Do what the model thread does about the newest question: so many steps of it, or all."""
    question: Question = last(bench)
    if isinstance(question, SaveTrained):
        bench.controller.on_event(Answered(question, question.run.save(network, question.path)))
        return
    assert isinstance(question, Train)
    try:
        for number, step in enumerate(question.run.steps(network, question.batches), 1):
            bench.controller.on_event(Answered(question, step.answer, step.done / step.of))
            if number == steps:
                return
    except PersonError as error:
        bench.controller.on_event(Problem("question", error, question=question))


def test_what_is_chosen_otherwise_before_the_first_batch_is_another_training(
    bench: samples.Bench, panel: TrainDigits
) -> None:
    """torch may still be loading."""
    panel.start.click()
    panel.fields.epochs.setValue(3)
    assert (panel.training.run, panel.start.text()) == (None, "Start")
    panel.start.click()
    assert last(bench).run.plan.epochs == 3


def test_it_learns_in_front_of_the_person(bench: samples.Bench, panel: TrainDigits) -> None:
    assert not any(button.isEnabled() for button in (panel.anew, panel.save, panel.open))
    panel.fields.epochs.setValue(2)
    panel.fields.seed.setValue(3)
    panel.start.click()
    run = last(bench).run
    assert run.plan == Plan("lenet5", 2, 2e-3, 64, 3)
    assert (last(bench).batches, panel.start.text()) == (None, "Pause")
    work(bench, steps=3)
    panel.start.click()
    assert bench.engine.dropped == [last(bench)]
    assert panel.start.text() == "Go on"
    panel.step.click()
    assert (last(bench).run, last(bench).batches) == (run, 1)
    before = run._trainer.batch
    work(bench)
    assert run._trainer.batch == before + 1
    panel.start.click()
    assert last(bench).run is run
    work(bench)
    learned = panel.training.learned
    assert learned is not None
    assert learned.finished
    assert not panel.start.isEnabled()
    check = learned.checks[-1]
    assert f"{100 * check.accuracy:.1f} % of 50" in panel.facts.text()
    assert "batch 8 of 8" in panel.facts.text()
    assert panel.misread.count() == min(len(check.misread), 40) > 0
    assert panel.misread.item(0).text() == f"{check.misread[0].truth} → {check.misread[0].answer}"
    worst = np.unravel_index((check.confusion * (1 - np.eye(10, dtype=int))).argmax(), (10, 10))
    assert f"{worst[0]} is taken for {worst[1]}: {check.confusion[worst]} of" in panel.confusion.accessibleDescription()
    assert (panel.filters.count, panel.maps.count) == (6, 6)
    assert panel.answers.rows[0].after == pytest.approx(float(learned.seen.now.max()))  # type: ignore[union-attr]
    panel.layer.setCurrentIndex(panel.layer.findData("c3"))
    panel.layer.activated.emit(0)
    assert last(bench).batches == 0, "what is watched is looked at without learning"
    work(bench)
    assert panel.maps.count == 16
    panel.picture.setChecked(True)
    assert run.look.frame is bench.store.frame
    work(bench)
    bench.give()
    assert (last(bench).batches, run.look.frame) == (0, bench.store.frame), "and so is whatever is shown next"
    asked = len(bench.engine.questions)
    bench.give()
    assert len(bench.engine.questions) == asked, "one at a time"
    panel.fields.seed.setValue(4)
    assert (panel.training.run, panel.training.learned) == (None, None), "another seed is another training"


def test_a_mistake_is_said_and_what_was_learned_stays_to_be_seen(bench: samples.Bench, panel: TrainDigits) -> None:
    asked = len(bench.engine.questions)
    panel.fields.rate.setText("fast")
    panel.start.click()
    assert len(bench.engine.questions) == asked
    assert panel.problem.isVisible()
    assert panel.fields.rate.text() in panel.problem.text()
    panel.fields.rate.setText("0.01")
    panel.start.click()
    assert not panel.problem.isVisible()
    work(bench, steps=4)
    error = PersonError("The numbers are no longer finite: choose a smaller rate.")
    bench.controller.on_event(Problem("question", error, question=last(bench)))
    assert panel.problem.text() == str(error)
    assert (panel.start.text(), panel.start.isEnabled()) == ("Start", True)
    assert panel.training.learned is not None
    assert not panel.save.isEnabled()
    assert "question" not in bench.store.problems, "it is told here and nowhere else"


def test_it_is_kept_where_the_person_says(
    bench: samples.Bench, panel: TrainDigits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.step.click()
    work(bench)
    names = []
    file = tmp_path / "mine.safetensors"
    monkeypatch.setattr(train_digits, "ask_where", lambda _panel, _title, stem, *_more: names.append(stem) or str(file))
    panel.save.click()
    assert names == ["lenet5-seed0-batch1"]
    work(bench)
    assert file.exists()
    assert str(file) in panel.note.text()
    file.unlink()
    (tmp_path / "mine.safetensors").mkdir()
    panel.save.click()
    question = last(bench)
    with pytest.raises(PersonError) as error:
        question.run.save(None, question.path)
    bench.controller.on_event(Problem("question", error.value, question=question))
    assert panel.problem.text() == str(error.value)
    assert panel.save.isEnabled(), "it can be kept elsewhere"


def test_a_misread_digit_opens_in_explore_with_the_trained_network(bench: samples.Bench, panel: TrainDigits) -> None:
    wanted = []
    panel.explore_wanted.connect(lambda: wanted.append(True))
    panel.step.click()
    work(bench)
    panel.misread.setFocus()
    panel.misread.setCurrentRow(0)
    QTest.keyClick(panel.misread, Qt.Key.Key_Return)
    place = panel.training.learned.checks[-1].misread[0].place  # type: ignore[union-attr]
    work(bench)
    recipe = bench.engine.wishes[-1]
    assert wanted == [True]
    assert Path(recipe.network).name == "lenet5-seed0-batch1.safetensors"
    shown = np.array(Image.open(recipe.source.where))
    assert np.array_equal(shown, np.repeat(digit_pictures()[0][place][:, :, None], 3, 2))
    assert Session().open(recipe.network).labels == tuple("0123456789")
    panel.open.click()  # the same file, other numbers: it is opened again
    work(bench)
    assert bench.engine.reloads == 1


def test_the_mean_of_the_last_losses() -> None:
    values = np.array([4.0, 2.0, 0.0, 6.0])
    assert running_mean(values, 3).tolist() == [4, 3, 2, pytest.approx(8 / 3)]


# Own classes


@pytest.fixture
def own_classes(bench: samples.Bench, tmp_path: Path) -> Iterator[TrainLastLayer]:
    shown = TrainLastLayer(bench.store, bench.controller)
    shown.resize(900, 620)
    shown.show()
    shown.show_folder(str(tmp_path / "분류"))
    calculate(bench)
    yield shown
    shown.close()
    shown.deleteLater()


def calculate(bench: samples.Bench) -> None:
    """Do what the workers do."""
    while bench.engine.calculations:
        lane, todo = bench.engine.calculations.pop(0)
        try:
            event = Calculated(lane, todo, todo())
        except PersonError as error:
            event = Calculated(lane, todo, None, error)
        bench.controller.on_event(event)


def look(bench: samples.Bench, level: int, number: int) -> None:
    frame = Frame(np.full((40, 40, 3), level, np.uint8), "camera 0", number)
    bench.controller.on_event(FrameRead(bench.store.recipe.source, frame))


def test_ten_of_each_from_a_live_source_and_then_it_learns(bench: samples.Bench, own_classes: TrainLastLayer) -> None:
    panel = own_classes
    assert not panel.keep.isEnabled(), "a class has a name"
    bench.controller.change(source=Source("camera", "0"))
    for name, level in (("어두움", 20), ("light", 200)):
        look(bench, level, 0)
        panel.name.setText(name)
        panel.ten.click()
        assert panel.ten.text() == "Stop"
        panel.classes.pace.timeout.emit()  # no new frame has come
        for number in range(1, 12):
            look(bench, level + number, number)
            panel.classes.pace.timeout.emit()
        assert not panel.classes.pace.isActive()
        calculate(bench)
    folders = {one.name: sorted(file.name for file in one.iterdir()) for one in Path(panel.classes.folder).iterdir()}
    assert folders == {name: [f"{number:04}.png" for number in range(1, 11)] for name in ("어두움", "light")}
    pixels = {np.array(Image.open(file)).mean() for file in (Path(panel.classes.folder) / "light").iterdir()}
    assert pixels == set(range(200, 210)), "ten different frames, without loss"
    cells = [[panel._model.item(row, column).text() for column in range(3)] for row in range(2)]
    assert cells == [["light", "10", "2"], ["어두움", "10", "2"]]

    panel.start.click()
    question = last(bench)
    assert isinstance(question, TrainLast)
    assert question.run.plan == Plan("last", 40, 1e-2, 16, 0)
    network = Session().open("lenet5")
    work(bench, network=network)
    learned = panel.training.learned
    assert learned is not None
    assert learned.finished
    assert "16 pictures are learned from, 4 are held out" in panel.facts.text()
    panel.open.click()
    work(bench, network=network)
    assert Path(bench.engine.wishes[-1].network).parent.name == "trained"


def test_what_cannot_be_kept_or_learned_is_said(bench: samples.Bench, own_classes: TrainLastLayer) -> None:
    panel = own_classes
    panel.name.setText("a/b")
    panel.keep.click()
    assert "a/b" in panel.problem.text()
    Path(panel.classes.folder).write_bytes(b"")  # a file is in the way
    panel.name.setText("a")
    panel.keep.click()
    calculate(bench)
    assert "cannot be kept" in str(bench.store.problems["export"].error)
    panel.classes.look()
    calculate(bench)
    assert "cannot be opened" in panel.problem.text()
    Path(panel.classes.folder).unlink()
    panel.classes.look()
    calculate(bench)
    assert panel.problem.text() == "", "it is mended"
    panel.start.click()
    work(bench, network=Session().open("lenet5"))
    assert "cannot be opened" in panel.problem.text()
    assert panel.start.text() == "Start"
    panel.start.click()
    bench.controller.on_event(Ended(last(bench)))
    assert "network has changed" in panel.problem.text()
    assert panel.training.run is None


def test_the_page_is_in_the_networks_place(one: Desk) -> None:
    one.window.commands["place_networks"].trigger()
    networks = one.window.places.networks
    assert networks is not None
    networks.tabs.setCurrentIndex(networks.pages.indexOf(networks.training))
    digits = networks.training.digits.made
    assert isinstance(digits, TrainDigits)
    assert networks.training.last.made is None, "nothing is made that nobody looks at"
    digits.start.click()
    assert isinstance(one.engine.questions[-1], Train)
    one.window.commands["place_explore"].trigger()
    assert digits.training.running, "it goes on while nobody looks"
    digits.explore_wanted.emit()
