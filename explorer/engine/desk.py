"""What is wished now and what there is to answer it with: the one state that the engine's threads share."""

from __future__ import annotations

import threading

from explorer.engine.events import Event, Problem, ResultReady
from explorer.engine.feed import Feed
from explorer.engine.mailbox import Outbox
from explorer.engine.recordings import Recordings
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.values import FrameResult

NetworkKey = tuple[str, str, tuple[int, int] | None, str, str]


class Desk:
    """Every attribute is read and written under ``lock``, but for ``stopped``.

    Attributes:
        outbox: where events go; put under ``lock`` wherever an event may have become stale.
        recordings: what is being recorded.
        settings: the person's preferences.
        recipe: the newest wish.
        wishes: how many there were.
        feed: the source of that wish.
        result: the newest result that was delivered, for exports.
        failed: the network that could not be loaded, and why: it is not tried again for every other wish.
        devices: (name, title) of each device; empty until torch is loaded.
        ready: whether the wished network is loaded.
        resting: whether live frames are only shown, because nobody sees what the network makes of them.
        outdated: whether the loaded network must be opened again: its file or its card is another one now.
        again: whether a second network that could not be loaded is tried once more.
        stopped: whether the engine ends.
    """

    def __init__(self, outbox: Outbox, settings: Settings) -> None:
        self.lock = threading.RLock()
        self.outbox = outbox
        self.recordings = Recordings(outbox)
        self.settings = settings
        self.recipe: Recipe | None = None
        self.wishes = 0
        self.feed: Feed | None = None
        self.result: FrameResult | None = None
        self.failed: tuple[NetworkKey, Problem] | None = None
        self.devices: tuple[tuple[str, str], ...] = ()
        self.ready = self.outdated = self.resting = self.again = False
        self.stopped = False

    def device(self, recipe: Recipe) -> str:
        """Return the device that ``recipe`` means: the preferred one where it leaves the choice."""
        return self.settings.device if recipe.device == "auto" else recipe.device

    def key(self, recipe: Recipe) -> NetworkKey:
        """Return what must be equal for two recipes to share a loaded network."""
        return recipe.network, recipe.weights, recipe.input_hw, self.device(recipe), self.settings.precision

    def wants(self, key: NetworkKey, feed: Feed | None = None) -> bool:
        """Return whether the newest wish is for that network (and for that feed, if one is given).

        What a wish asks beyond these two may have changed: such work is still worth showing, and a slider that is
        dragged gives pictures all the way instead of none until it rests.
        """
        with self.lock:
            return (
                not self.stopped
                and self.recipe is not None
                and self.key(self.recipe) == key
                and (feed is None or feed is self.feed)
            )

    def deliver(self, key: NetworkKey, feed: Feed, event: Event) -> bool:
        """Put what a frame gave, unless a newer wish has made it stale; return whether it was put.

        A source that broke says so again after it.
        """
        with self.lock:
            if not self.wants(key, feed):
                return False
            if isinstance(event, ResultReady):
                self.result = event.result
            self.outbox.put(event, *feed.troubles)
            return True
