"""The effective sizes of some layers of the loaded network: a long question, how far it is, and what is known."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from explorer.engine.events import Answered, Problem
from explorer.graph.values import Graph
from explorer.influence import Curve
from explorer.questions import EffectiveCurve
from explorer.receptive.analyse import Fields
from ui.asking import Asking
from ui.controller import Controller
from ui.store import Store

MEASURED, PICTURES = 16, 8
"""Layers of the curve, and the inputs that each is averaged over: about half a minute for ResNet-50 on two cores."""


class EffectiveSizes(QObject):
    """Asks once it is told to, and can be cancelled; what was known then stays.

    Attributes:
        fraction: how far the answer is, 0 … 1.
        refused: why there is none, or None.

    Signals:
        changed: of any of these.
    """

    changed = Signal()

    def __init__(self, store: Store, controller: Controller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._asking = Asking(store, controller, self)
        self._known: tuple[Graph, dict[str, float]] | None = None
        self.fraction = 0.0
        self.refused: Problem | None = None
        self._asking.answered.connect(self._take_answer)
        self._asking.ended.connect(self.changed)
        self._asking.failed.connect(self._take_problem)
        store.network_changed.connect(self._take_network)

    @property
    def running(self) -> bool:
        """Whether an answer is on its way."""
        return self._asking.question is not None

    def of(self, graph: Graph | None) -> dict[str, float]:
        """Return what is known of the layers of a graph: sides in input cells, by id."""
        return self._known[1] if self._known is not None and self._known[0] is graph else {}

    def measure(self, network: str, fields: Fields) -> None:
        """Ask for layers spread over the depth, of those whose units see different parts of the input.

        Args:
            network: the loaded one's name.
            fields: of its layers.
        """
        found = [layer.id for layer, field in fields if layer.inputs and field.path and any(field.path.stride)]
        wanted = min(MEASURED, len(found))
        if wanted:
            chosen = [found[round(n * (len(found) - 1) / max(wanted - 1, 1))] for n in range(wanted)]
            self.refused, self._known, self.fraction = None, None, 0.0
            self._asking.ask(EffectiveCurve(network, tuple(chosen), PICTURES))
            self.changed.emit()

    @Slot()
    def cancel(self) -> None:
        """Measure no further."""
        if self.running:
            self._asking.drop()
            self.changed.emit()

    @Slot(object)
    def _take_answer(self, event: Answered) -> None:
        network = self._store.network
        if network is not None and isinstance(event.answer, Curve):
            self._known = network.graph, {one.layer: one.diameter_95 for one in event.answer.points}
        self.fraction = event.fraction
        self.changed.emit()

    @Slot()
    def _take_network(self) -> None:
        """Tell nothing of another network that was refused for the one before."""
        if self.refused is not None:
            self.refused = None
            self.changed.emit()

    @Slot(object)
    def _take_problem(self, problem: Problem) -> None:
        self.refused = problem
        self.changed.emit()
