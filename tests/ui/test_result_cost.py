"""What a live result costs the window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtWidgets import QApplication

from explorer.engine.events import ResultReady
from explorer.values import Source
from tests.ui import samples
from tests.ui.desk import Desk, LayoutRequests


def test_a_live_result_lays_nothing_out_anew(one: Desk) -> None:
    one.controller.change(source=Source("demo", ""))
    kernel = np.full((3, 7, 7), 0.5, np.float32)
    results = [samples.result(one.store.recipe, one.graph, seed=seed, kernel=kernel) for seed in range(8)]
    results = [
        replace(r, times_ms={stage: ms * (1 + 0.3 * n) for stage, ms in r.times_ms.items()})
        for n, r in enumerate(results)
    ]
    for result in results[:4]:
        one.send(ResultReady(result))
    QApplication.processEvents()  # what the first of them had laid out is through
    asked = LayoutRequests()
    QApplication.instance().installEventFilter(asked)
    for result in results[4:]:
        one.send(ResultReady(result))
    QApplication.instance().removeEventFilter(asked)
    assert asked.names == []
    told = {stage.name: stage for stage in one.window.status.timing.stages()}
    assert told["forward"].newest == results[-1].times_ms["forward"], "the figures do change"
