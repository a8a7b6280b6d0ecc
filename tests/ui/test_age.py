"""What belongs to another source or network than the wished ones never looks current."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from explorer.engine.events import FrameRead, Problem, Progress, Where
from explorer.errors import SourceError
from explorer.recipe import Recipe
from explorer.settings import load_session
from explorer.values import Source
from tests.ui import samples
from tests.ui.desk import Desk, desk, key, open_camera, until
from ui import theme

CAMERA = Source("camera", "0")
MISSING = Source("picture", "/tmp/missing.png")


def fail(one: Desk) -> None:
    """Let the wished source fail."""
    one.send(Problem("source", SourceError("There is no such source."), details="Traceback …"))


def old(one: Desk) -> set[str]:
    """Return the names of the panels that are dimmed; those behind tabs are made by being asked for."""
    return {name for name in (*sorted(ALL), "prove") if getattr(one.window.explore, name).old}


def texts(panel: QWidget) -> list[str]:
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]


ALL = {"source", "pixels", "predictions", "unit", "network_input", "layers", "maps", "channel", "arithmetic"}


def test_a_camera_that_is_not_there_is_not_live_and_the_rest_is_old(one: Desk) -> None:
    open_camera(one)
    assert "opening …" in texts(one.window.explore.source)
    assert not one.window.commands["freeze"].isEnabled()
    fail(one)
    until(lambda: bool(old(one)))
    assert old(one) == ALL
    assert "Camera 0" in texts(one.window.explore.source)
    assert "not there" in texts(one.window.explore.source)
    assert not any("LIVE" in text for text in texts(one.window.explore.source))
    assert not one.window.commands["freeze"].isEnabled()
    assert "made-up.png" not in texts(one.window.explore.source)
    one.give()  # somebody plugged it in
    assert old(one) == set()
    assert "LIVE" in texts(one.window.explore.source)
    assert one.window.commands["freeze"].isEnabled()
    fail(one)  # and out again
    assert not one.store.live
    until(lambda: old(one) == ALL)


def test_a_late_answer_for_the_old_source_does_not_hide_the_problem(one: Desk) -> None:
    late = samples.result(one.store.recipe, one.graph)
    open_camera(one)
    fail(one)
    from explorer.engine.events import ResultReady

    one.send(ResultReady(late))
    assert one.window.problem.isVisible()
    assert not one.store.live


def test_a_picture_that_comes_at_once_dims_nothing(one: Desk) -> None:
    assert old(one) == set(), "and all panels are there"
    key(one, "N")
    assert old(one) == set()
    one.give()
    assert not one.window.explore._later.isActive()


def test_the_old_networks_answer_is_dimmed_while_another_loads(one: Desk) -> None:
    panel = one.window.explore.predictions
    one.controller.change(network="other", weights="none")
    until(lambda: panel.old)
    assert old(one) == {"predictions", "network_input", "layers"}, "maps and channel show nothing of another network"
    image = panel.grab().toImage()
    colours = {image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}
    assert theme.current().accent not in colours
    assert QColor(theme.current().text).name() not in colours
    one.controller.undo()
    assert old(one) == set()


def test_the_progress_names_the_newest_wish(one: Desk) -> None:
    one.controller.change(network="other", weights="none")
    one.send(Progress("Loading {network} …", {"network": "Other Net"}))
    assert one.window.status._stage.text() == "Loading Other Net …"
    one.controller.change(network="sample", weights="")
    assert one.window.status._stage.text() == "Sample Net is next, once Other Net can be stopped …"
    one.send(Progress(""))
    assert not one.window.status._stage.isVisible()


def test_the_last_picture_is_one_that_opened(one: Desk) -> None:
    good = Source("picture", "/tmp/good.png")
    one.controller.change(source=good)
    one.send(FrameRead(good, samples.result().frame))
    one.controller.change(source=MISSING)
    fail(one)
    assert texts(one.window.explore.source)[:3] == ["missing.png", "", "not readable"]
    key(one, "F4")
    key(one, "F2")
    assert one.store.recipe.source == good
    one.controller.change(source=MISSING)
    fail(one)
    key(one, "F2")  # without a way round
    assert one.store.recipe.source == good
    assert MISSING.where not in one.store.settings.recent


def test_a_source_that_failed_is_not_the_next_sessions(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        one.load()
        one.controller.change(source=MISSING, layer="pool")
        fail(one)
        one.controller.dismiss("source")
        one.application.end()
        text, _problem = load_session()
        saved = Recipe.from_json(text or "")
        assert (saved.source, saved.layer) == (Source(), "pool")


def test_another_try_makes_a_source_unknown_again(one: Desk) -> None:
    open_camera(one)
    fail(one)
    one.controller.retry()
    assert "opening …" in texts(one.window.explore.source)
    assert one.engine.wishes[-1].source == CAMERA


@pytest.mark.parametrize(
    ("where", "change", "late"),
    [
        ("source", {"source": Source("demo", "")}, True),
        ("source", {"network": "other"}, False),
        ("network", {"network": "other"}, True),
        ("network", {"weights": "none"}, True),
        ("network", {"source": Source("demo", "")}, False),
        ("frame", {"source": Source("demo", "")}, True),
        ("frame", {"network": "other"}, True),
        ("frame", {"layer": "pool"}, False),
        ("export", {"network": "other"}, False),
    ],
)
def test_a_late_problem_of_an_older_wish_is_not_shown(
    one: Desk, where: Where, change: dict[str, object], late: bool
) -> None:
    older = one.store.recipe
    one.controller.change(**change)
    one.send(Problem(where, SourceError("It is too late."), older))
    assert (where in one.store.problems) is not late
    assert one.store.broken is (where == "source" and not late)
