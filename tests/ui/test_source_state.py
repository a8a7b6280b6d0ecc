"""How the window's store follows a source that plays, is gone, and comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication

from explorer.engine.events import Playing, Problem, Retrying
from explorer.engine.transport import Play, Seek
from explorer.errors import SourceError
from explorer.recipe import Recipe
from explorer.values import Source
from tests.ui import samples

VIDEO = Source("video", "/tmp/a.mp4")
CAMERA = Source("camera", "0")
GONE = Problem("source", SourceError("gone"))
AT = Playing(VIDEO, True, 1.0, 2.0, 25, 50, 25.0, 1.0, False, False)
AGAIN = Retrying(CAMERA, GONE.error, 1.0, 1)


@pytest.fixture
def bench(qapp: QApplication) -> samples.Bench:
    return samples.Bench(Recipe(network="sample"))


def shown(bench: samples.Bench, source: Source) -> list[str]:
    """Let a source be wished for and show a picture; return the list of what then changes."""
    bench.load()
    bench.controller.change(source=source)
    bench.give()
    changes: list[str] = []
    for name in ("playing", "retrying", "live", "age"):
        getattr(bench.store, f"{name}_changed").connect(lambda name=name: changes.append(name))
    return changes


def test_where_a_video_is(bench: samples.Bench) -> None:
    changes = shown(bench, VIDEO)
    assert bench.store.live
    bench.controller.on_event(AT)
    assert (bench.store.playing, changes) == (AT, ["playing"])
    bench.controller.on_event(replace(AT, playing=False))
    assert changes == ["playing", "live", "playing"]
    assert not bench.store.live
    assert bench.controller.frozen
    bench.controller.on_event(replace(AT, source=CAMERA))  # of an older wish
    assert bench.store.playing == replace(AT, playing=False)
    bench.controller.change(source=CAMERA)
    assert bench.store.playing is None
    assert not bench.controller.frozen


def test_freezing_a_video_stops_it(bench: samples.Bench) -> None:
    shown(bench, VIDEO)
    bench.controller.on_event(AT)
    bench.controller.freeze(True)
    bench.controller.freeze(False)
    bench.controller.play(Seek(0.5))
    assert bench.engine.commands == [Play(False), Play(True), Seek(0.5)]
    assert not bench.engine.frozen


def test_a_camera_that_is_tried_again_is_old_and_not_broken(bench: samples.Bench) -> None:
    shown(bench, CAMERA)
    store = bench.store
    for event in (AGAIN, GONE):
        bench.controller.on_event(event)
    assert (store.broken, store.live, store.picture_is_old, store.result_is_old) == (False, False, True, True)
    assert (store.retrying, store.problems["source"]) == (AGAIN, GONE)
    assert bench.controller.session.source == CAMERA
    bench.controller.on_event(Retrying(CAMERA, None, 0.0, 0))
    assert (store.retrying, store.live, store.picture_is_old, store.result_is_old) == (None, True, False, False)
    assert "source" not in store.problems


def test_a_camera_that_never_was_there_is_broken_while_it_is_tried_again(bench: samples.Bench) -> None:
    bench.load()
    bench.controller.change(source=CAMERA)
    for event in (AGAIN, GONE):
        bench.controller.on_event(event)
    assert (bench.store.broken, bench.store.retrying) == (True, AGAIN)
    bench.controller.change(source=Source())
    assert (bench.store.broken, bench.store.retrying) == (False, None)
