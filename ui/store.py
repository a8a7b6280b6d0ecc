"""What the window knows: the current recipe, the newest result, and signals when either changes."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from explorer.engine.events import Catalogue, NetworkInfo, Problem, Progress
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.values import Frame, FrameResult


class Store(QObject):
    """The one place that panels read from; only the controller writes it.

    Attributes:
        recipe: what is wished now; ``result.recipe`` may still be an older one.
        frame: the newest picture, shown even before a network has seen it, or None.
        result: the newest complete result, or None.
        network: the loaded network, or None.
        catalogue: networks and devices to choose from, or None until known.
        progress: the long action that goes on, or None.
        problems: the newest unsolved problem of each place ("source", "network", "frame", "export", "engine").
        live: whether frames keep coming now (a live source that is not frozen).
        dropped: frames dropped so far because the network was busy.
        settings: what the person prefers.
    """

    recipe_changed = Signal()
    frame_changed = Signal()
    result_changed = Signal()
    network_changed = Signal()
    catalogue_changed = Signal()
    progress_changed = Signal()
    problems_changed = Signal()
    live_changed = Signal()
    settings_changed = Signal()

    def __init__(self, recipe: Recipe, parent: QObject | None = None, settings: Settings | None = None) -> None:
        super().__init__(parent)
        self.recipe = recipe
        self.settings = settings or Settings()
        self.frame: Frame | None = None
        self.result: FrameResult | None = None
        self.network: NetworkInfo | None = None
        self.catalogue: Catalogue | None = None
        self.progress: Progress | None = None
        self.problems: dict[str, Problem] = {}
        self.live = False
        self.dropped = 0
