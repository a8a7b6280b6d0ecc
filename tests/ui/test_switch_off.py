"""Channels switched off, in the window: a real network answers; what counts is listed and leads to its map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer import frame_path
from explorer.engine.events import Answered, NetworkInfo, NetworkReady, Problem, ResultReady
from explorer.errors import NetworkError
from explorer.questions import SwitchOff, answer
from explorer.recipe import Recipe
from explorer.session import Network, Session
from explorer.sources import read
from explorer.values import Frame, Source
from tests.ui import samples
from ui import theme
from ui.panels.switch_off import SwitchOffPanel
from ui.places.explore import Explore

DIGIT = Source("sample", "digit-7.png")


class Rig:
    """Explore with LeNet-5 and a digit; ``reply`` lets the network answer what was asked."""

    def __init__(self, network: Network, source: Source = DIGIT) -> None:
        self.network = network
        bench = samples.Bench(Recipe(network="lenet5", source=source).with_(layer="c3"))
        self.engine, self.store, self.controller = bench.engine, bench.store, bench.controller
        self.explore = Explore(self.store, self.controller)
        self.explore.resize(1400, 900)
        self.explore.show()
        self.controller.on_event(
            NetworkReady(NetworkInfo(network.card, network.graph, "lenet5", True, "digits", "cpu", 1))
        )
        self.give(read(DIGIT))
        self.panel: SwitchOffPanel = self.explore.switch_off
        self.explore.columns.bring_forward(self.explore._switch_off)
        self.done = 0

    @property
    def asked(self) -> list[SwitchOff]:
        return [question for question in self.engine.questions if isinstance(question, SwitchOff)]

    def give(self, frame: Frame) -> None:
        self.controller.on_event(ResultReady(frame_path.run(self.network, frame, self.store.recipe)))

    def reply(self) -> None:
        while self.done < len(self.asked):
            question = self.asked[self.done]
            self.done += 1
            steps: Any = answer(self.network, question)
            for step in steps:
                self.controller.on_event(Answered(question, step.answer, step.done / step.of))

    def logit(self, off: tuple[int, ...]) -> float:
        """Return the answer for 7 by a hook alone."""

        def silence(_module: Any, _args: Any, out: torch.Tensor) -> torch.Tensor:
            out = out.clone()
            out[:, list(off)] = 0
            return out

        handle = self.network.module.get_submodule("c3").register_forward_hook(silence)
        with torch.inference_mode():
            found = float(self.network.module(self.network.prepare(read(DIGIT)).tensor)[0, 7])
        handle.remove()
        return found


@pytest.fixture(scope="module")
def network() -> Network:
    return Session().open("lenet5", device="cpu")


@pytest.fixture
def rig(qapp: QApplication, network: Network) -> Iterator[Rig]:
    theme.apply(qapp, "dark")
    made = Rig(network)
    yield made
    made.explore.close()
    made.explore.deleteLater()


def click_map(rig: Rig, channel: int) -> None:
    mosaic = rig.explore.maps.mosaic
    QTest.mouseClick(mosaic, Qt.MouseButton.LeftButton, pos=mosaic.tile_rect(channel).center().toPoint())


def test_a_click_on_a_map_switches_its_channel_off_and_on_only_while_asked_to(rig: Rig) -> None:
    click_map(rig, 3)
    assert rig.panel.off == frozenset()
    rig.panel.pick.click()
    click_map(rig, 3)
    click_map(rig, 5)
    assert rig.panel.off == {3, 5}
    assert rig.panel.channels.text() == "3, 5"
    rig.reply()
    before, after = (float(part) for part in rig.panel.words.text().split(": ")[1].split(" → "))
    assert before == pytest.approx(rig.logit(()), rel=1e-3)
    assert after == pytest.approx(rig.logit((3, 5)), rel=1e-3)
    assert rig.panel.table.rows[0].before is not None
    click_map(rig, 3)
    assert rig.panel.off == {5}
    rig.panel.clear.click()
    assert rig.panel.off == frozenset()
    assert rig.panel.table.isHidden()


def test_channels_may_be_typed_and_others_than_there_are_are_none(rig: Rig) -> None:
    rig.panel.channels.setFocus()
    QTest.keyClicks(rig.panel.channels, "2; 99, 4 x -1")
    QTest.keyClick(rig.panel.channels, Qt.Key.Key_Return)
    assert rig.panel.off == {2, 4}
    assert rig.panel.channels.text() == "2, 4", "what is no channel goes from the field"
    assert rig.panel.note.text() == "Asking …"
    assert rig.asked[-1].asked.channels == (2, 4)
    rig.panel.channels.setText("9" * 5000)
    QTest.keyClick(rig.panel.channels, Qt.Key.Key_Return)
    assert rig.panel.off == frozenset()
    rig.panel.channels.setText("2, 4")
    QTest.keyClick(rig.panel.channels, Qt.Key.Key_Return)
    rig.panel.how.setCurrentIndex(2)
    rig.panel.factor.setText("-0.5")
    rig.panel.factor.editingFinished.emit()
    assert (rig.asked[-1].asked.how, rig.asked[-1].asked.factor) == ("scale", -0.5)


def test_channels_that_count_are_listed_and_lead_to_their_maps(rig: Rig) -> None:
    rig.panel.search.click()
    question = rig.asked[-1]
    assert question.asked.channels == ()
    rig.controller.on_event(Answered(question, None, 0.5))
    assert rig.panel.bar.isVisible()
    assert rig.panel.bar.value() == 50
    rig.panel.stop.click()
    assert rig.engine.dropped[-1] is question
    assert not rig.panel.bar.isVisible()
    rig.done = len(rig.asked)
    rig.panel.search.click()
    rig.reply()
    falls = [(rig.logit(()) - rig.logit((channel,)), channel) for channel in range(16)]
    strongest = max(falls, key=lambda one: abs(one[0]))[1]
    first = rig.panel.list.item(0)
    assert rig.panel.list.count() == 16
    assert first.data(Qt.ItemDataRole.UserRole) == strongest
    rig.panel.list.setCurrentRow(0)
    assert rig.store.recipe.channel == strongest
    first.setCheckState(Qt.CheckState.Checked)
    assert rig.panel.off == {strongest}
    rig.reply()
    assert rig.panel.list.count() == 16, "what was found stays while channels are switched"
    rig.give(Frame(read(DIGIT).pixels[::-1].copy(), "another"))
    assert rig.panel.list.count() == 0, "it was of another picture"


def test_another_layer_has_its_own_channels_and_one_without_says_so(rig: Rig) -> None:
    rig.panel._take(frozenset((1,)))
    rig.controller.change(layer="input")
    rig.give(read(DIGIT))
    assert rig.panel.off == frozenset()
    assert "no channels" in rig.panel.note.text()
    assert not rig.panel.search.isEnabled()


def test_what_is_hidden_asks_nothing_and_crosses_nothing_out(rig: Rig) -> None:
    rig.panel._take(frozenset((1,)))
    assert rig.explore.maps.mosaic._off == {1}
    count = len(rig.asked)
    rig.explore.columns.bring_forward(rig.explore.channel)
    rig.give(Frame(read(DIGIT).pixels.copy(), "another"))
    assert len(rig.asked) == count
    assert rig.explore.maps.mosaic._off == frozenset()


def test_live_frames_are_asked_about_one_after_the_other(qapp: QApplication, network: Network) -> None:
    rig = Rig(network, Source("demo", ""))
    assert rig.store.live
    rig.panel._take(frozenset((1,)))
    for _frame in range(3):
        rig.give(Frame(read(DIGIT).pixels.copy(), "demo"))
    assert len(rig.asked) == 1, "one is out, the others wait for it"
    rig.reply()
    assert rig.store.result is not None
    assert rig.asked[-1].frame is rig.store.result.frame
    error = NetworkError("Without these channels the network takes another path: choose other channels.")
    rig.panel._take(frozenset((1, 2)))
    rig.controller.on_event(Problem("question", error, question=rig.asked[-1]))
    assert "another path" in rig.panel.note.text()
    rig.explore.close()
    rig.explore.deleteLater()
