"""Classification: what the picture is, of the classes that the network knows."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from explorer.text import _
from ui.actions import Actions
from ui.controller import Controller
from ui.store import Store
from ui.widgets.bars import Bar, Bars
from ui.widgets.panel import Panel


class TaskClassify(Panel):
    """The most probable classes as bars."""

    def __init__(self, store: Store, controller: Controller, commands: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._bars = Bars(self)
        self.body.addWidget(self._bars)
        self.body.addStretch(1)
        store.result_changed.connect(self._refresh)
        self.retranslate()
        self._refresh()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Classification"))
        self._bars.setAccessibleName(_("Predictions"))
        self._bars.retranslate()

    def _refresh(self) -> None:
        result = self._store.result
        self.set_frame(None if result is None else result.frame)
        predictions = result.predictions if result else ()
        self._bars.set_bars([Bar(p.label, p.probability, "" if p.score is None else p.figure) for p in predictions])
