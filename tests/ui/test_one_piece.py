"""The real window goes over to a compiled network while it is live, and back; nothing stands still meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from explorer import frame_path, session
from explorer.engine import Engine
from explorer.recipe import Recipe
from explorer.session import Session
from explorer.settings import Settings
from explorer.speed import swap
from explorer.speed.compiled import Compiler, compiler
from explorer.speed.values import COMPILED
from explorer.values import Source
from tests.ui.desk import until
from ui.app import Application

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler is here")
LIVE = Recipe(source=Source("demo", ""), network="lenet5", layer="c1")
PATIENCE_MS = 200_000
"""It takes 10 to 20 s where nobody else wants the processor, whom it always lets go first."""


@pytest.fixture
def application(qapp: QApplication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Application]:
    def make(notify: Callable[[], None]) -> Engine:
        return Engine(notify, settings)

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(swap, "SLOWEST", math.inf)  # so small a network says little about time
    monkeypatch.setattr(session, "Compiler", partial(Compiler, after_s=0.0))
    settings = Settings(language="en", theme="dark", threads=1, one_piece=True)
    made = Application(qapp, LIVE, settings, remember=False, make_engine=make, ends_loop=False)
    made.window.resize(1280, 800)
    made.window.show()
    yield made
    made.window.close()
    made.window.deleteLater()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert made.left == []
    assert not list(tmp_path.glob("cnn-explorer-*")), "nothing of the compiler stays behind"


def test_a_live_network_is_compiled_and_shows_the_same(application: Application) -> None:
    store, frames = application.store, set[int]()
    store.result_changed.connect(lambda: frames.add(store.result.frame.index if store.result else -1))

    def compiled() -> bool:
        return store.result is not None and store.result.speed is not None and store.result.speed.message == COMPILED

    until(lambda: len(frames) > 3)
    before = len(frames)
    until(compiled, PATIENCE_MS)
    assert len(frames) > before + 10, "frames went on meanwhile"
    result = store.result
    assert result is not None
    plain = frame_path.run(
        Session().open("lenet5", device="cpu"), result.frame, result.recipe.with_(source=Source("sample", ""))
    )
    assert abs(result.view.map_levels.astype(int) - plain.view.map_levels).max() <= 1
    np.testing.assert_allclose(result.view.map, plain.view.map, rtol=1e-3, atol=1e-4)
    assert [one.label for one in result.predictions] == [one.label for one in plain.predictions]
    np.testing.assert_allclose(
        [one.probability for one in result.predictions],
        [one.probability for one in plain.predictions],
        rtol=1e-3,
        atol=1e-5,
    )
    application.controller.prefer(one_piece=False)
    until(lambda: not compiled())
