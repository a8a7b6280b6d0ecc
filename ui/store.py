"""What the window knows: the current recipe, the newest result, and signals when either changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from explorer.engine.events import Catalogue, DownloadChanged, NetworkInfo, Playing, Problem, Progress, Retrying
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.text import _
from explorer.values import Frame, FrameResult, Source
from ui.turns import Turns

if TYPE_CHECKING:  # the window opens without
    from explorer.receptive.analyse import Fields


class Store(QObject):
    """The one place that panels read from; only the controller writes it.

    Attributes:
        recipe: what is wished now; ``result.recipe`` may still be an older one.
        frame: the newest picture, shown even before a network has seen it, or None.
        frame_source: where that picture came from.
        broken: whether the wished source could not be opened, or gives no more frames.
        result: the newest complete result, or None.
        network: the loaded network, or None.
        fields: what the units of its layers see, or None until known.
        fields_failed: whether that could not be worked out.
        catalogue: networks and devices to choose from, or None until known.
        progress: the long action that goes on, or None.
        problems: the newest unsolved problem of each place (``events.Where``).
        live: whether frames keep coming now (a live source that is neither frozen nor stopped).
        playing: where the wished video or folder is, or None.
        retrying: how the wished camera or stream, which is gone, is tried again, or None.
        downloads: the weights that are on their way, or stopped there, by the network's name and their own.
        dropped: frames dropped so far because the network was busy.
        settings: what the person prefers.

    ``result_changed`` lets its receivers take turns while frames keep coming. ``age_changed`` tells that
    ``picture_is_old``, ``result_is_old`` or ``broken`` changed.
    """

    recipe_changed = Signal()
    frame_changed = Signal()
    network_changed = Signal()
    fields_changed = Signal()
    catalogue_changed = Signal()
    progress_changed = Signal()
    problems_changed = Signal()
    downloads_changed = Signal()
    live_changed = Signal()
    playing_changed = Signal()
    retrying_changed = Signal()
    age_changed = Signal()
    settings_changed = Signal()

    def __init__(self, recipe: Recipe, parent: QObject | None = None, settings: Settings | None = None) -> None:
        super().__init__(parent)
        self.result_changed = Turns(self)
        self.recipe = recipe
        self.settings = settings or Settings()
        self.frame: Frame | None = None
        self.frame_source: Source | None = None
        self.broken = False
        self._result: FrameResult | None = None
        self._with_maps: FrameResult | None = None
        self.network: NetworkInfo | None = None
        self.fields: Fields | None = None
        self.fields_failed = False
        self.catalogue: Catalogue | None = None
        self.progress: Progress | None = None
        self.problems: dict[str, Problem] = {}
        self.downloads: dict[tuple[str, str], DownloadChanged] = {}
        self.live = False
        self.playing: Playing | None = None
        self.retrying: Retrying | None = None
        self.dropped = 0

    @property
    def result(self) -> FrameResult | None:
        """The newest result."""
        return self._result

    @result.setter
    def result(self, result: FrameResult | None) -> None:
        self._result = result
        if result is None or result.recipe.maps:
            self._with_maps = result

    @property
    def result_with_maps(self) -> FrameResult | None:
        """The newest result whose maps were wanted, unless another network is wished for than the one it is of."""
        same = self._with_maps is not None and self._with_maps.recipe.network == self.recipe.network
        return self._with_maps if same else None

    @property
    def fields_missing(self) -> str:
        """Why nobody knows what the units see, in words."""
        if self.fields_failed:
            return _("What the units of this network see could not be worked out: open it again, or report the fault.")
        return _("What the units of this network see is being worked out …")

    @property
    def picture_is_old(self) -> bool:
        """Whether the picture came from another source than the wished one, or from one that gives none now."""
        gone = self.broken or self.retrying is not None
        return self.frame is not None and (gone or self.frame_source != self.recipe.source)

    @property
    def result_is_old(self) -> bool:
        """Whether the result is of another source or network than the wished ones: it must not look like an answer."""
        gone = self.broken or self.retrying is not None
        return self.result is not None and (gone or _about(self.result.recipe) != _about(self.recipe))

    @property
    def result_of_network(self) -> FrameResult | None:
        """The newest result, unless another network is wished for than the one it is of."""
        same = self.result is not None and self.result.recipe.network == self.recipe.network
        return self.result if same else None

    @property
    def stage(self) -> str:
        """What goes on, in words, or what waits for it (a network that is being built cannot be stopped at once)."""
        if self.progress is None:
            return ""
        titles = {card.name: card.title for card, _state in self.catalogue.cards} if self.catalogue else {}
        wished, loading = titles.get(self.recipe.network), self.progress.values.get("network")
        second = self.recipe.beside and titles.get(self.recipe.beside.network)
        if wished and loading in titles.values() and loading not in (wished, second):
            return _("{network} is next, once {other} can be stopped …").format(network=wished, other=loading)
        return _(self.progress.stage).format(**self.progress.values)


def _about(recipe: Recipe) -> tuple[object, ...]:
    return recipe.source, recipe.network, recipe.weights, recipe.input_hw
