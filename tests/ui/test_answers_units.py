"""Units of a network's answer are called by their classes; a unit that is chosen by hand comes to the front."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

import resources
from explorer.recipe import Unit
from tests.ui.desk import Desk, until
from ui import theme

LABELS = (Path(resources.__file__).parent / "labels" / "imagenet1k.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize("channel", [0, 375, 999])
def test_the_panels_of_channel_and_unit_say_the_class(one: Desk, channel: int) -> None:
    explore = one.window.explore
    one.controller.change(layer="fc", channel=channel, unit=(0, 0))
    one.give()
    assert explore.channel.accessibleName() == f"Channel {channel} · {LABELS[channel]}"
    assert explore.unit.lines[1] == f"fc · channel {channel} · {LABELS[channel]}"
    explore.areas.hover(Unit("fc", 3, 0, 0))
    assert explore.unit.lines[1] == f"fc · channel 3 · {LABELS[3]}"


def test_channels_of_other_layers_are_no_classes(one: Desk) -> None:
    one.controller.change(layer="stem.conv", channel=5, unit=(1, 1))
    one.give()
    assert one.window.explore.channel.accessibleName() == "Channel 5"
    assert one.window.explore.unit.lines[1] == "stem.conv · channel 5"


def test_a_click_brings_what_the_unit_sees_forward_and_a_result_does_not(one: Desk, qapp: QApplication) -> None:
    theme.apply(qapp, "dark", 1.5)
    explore = one.window.explore
    until(lambda: explore.columns.share_tabs(explore.unit, explore.predictions))
    explore.columns.bring_forward(explore.predictions)
    QTest.qWait(0)
    assert not explore.unit.isVisible()
    one.controller.change(layer="stem.conv", channel=5, unit=(1, 1))
    one.give()
    assert not explore.unit.isVisible(), "only a click by hand"
    explore.columns.bring_forward(explore.maps)
    explore.maps.mosaic.chosen.emit(2, 3, 4)
    assert explore.unit.isVisible()
    assert explore.maps.isVisible()
    one.give()
    explore.columns.bring_forward(explore.predictions)
    one.give()
    assert explore.predictions.isVisible(), "what a person brought forward stays there"


def test_a_click_does_not_hide_the_maps_behind_the_unit(one: Desk) -> None:
    explore = one.window.explore
    one.window.setFixedSize(1280, 500)
    until(lambda: explore.columns.share_tabs(explore.unit, explore.channel))
    explore.columns.bring_forward(explore.channel)
    explore.channel.map.chosen.emit(1, 1)
    assert explore.channel.isVisible()
