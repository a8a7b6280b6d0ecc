"""The second network of the wish: it answers beside the first one, in the same thread, and never in its way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from explorer import device
from explorer.engine.desk import Desk
from explorer.engine.events import Progress
from explorer.engine.problems import problem
from explorer.engine.rooms import Rooms, SessionLike
from explorer.errors import Cancelled, DeviceError
from explorer.filters.filter import Chain
from explorer.pixels.touch import Touch
from explorer.recipe import Beside, Recipe
from explorer.tasks.values import BesideAnswer
from explorer.text import N_
from explorer.values import Frame
from explorer.zoo import own

if TYPE_CHECKING:
    from explorer.session import Network

_Key = tuple[Beside, object, str, str]


class Companion:
    """Keeps the second network, in a session of its own; what goes wrong with it is an answer like any other.

    Args:
        desk: says what is wished.
        rooms: do the work.
        title: what a network of that name is called.
    """

    def __init__(self, desk: Desk, rooms: Rooms, title: Callable[[str], str]) -> None:
        self._desk, self._rooms, self._title = desk, rooms, title
        self._session: SessionLike | None = None
        self._network: Network | None = None
        self._key: _Key | None = None
        self._failed: BesideAnswer | None = None
        self._last: tuple[Frame, tuple[Chain, Touch | None], int, BesideAnswer] | None = None

    def load(self) -> bool:
        """Load the second network that is wished for now, or let go what is not; return whether one has news."""
        desk = self._desk
        with desk.lock:
            recipe, again, desk.again = desk.recipe, desk.again, False
            key = self._wanted(recipe)
        if key == self._key and not (again and self._failed):
            return False
        self.close()
        if key is None or recipe is None:
            return False
        try:
            self._open(recipe, key)
        except Cancelled:
            return False
        except Exception as error:  # noqa: BLE001 - a network may raise anything while it is built, loaded or traced
            short = device.out_of_memory(error) and not isinstance(error, DeviceError)
            self._fail(key, device.no_room(desk.device(recipe)) if short else error)
        finally:
            desk.outbox.put(Progress(""))
        self._key = key
        return True

    def answer(self, frame: Frame, recipe: Recipe, cancelled: Callable[[], bool]) -> BesideAnswer | None:
        """Return what the second network of ``recipe`` says of ``frame``; None while it is not loaded.

        Raises:
            Cancelled: it is no longer wanted.
        """
        if self._key is None or recipe.beside != self._key[0]:
            return None
        if self._failed or self._network is None:
            return self._failed
        last = self._last
        if last and last[0] is frame and last[1:3] == (recipe.alterations, recipe.top):
            return last[3]
        try:
            found = self._rooms.beside(self._network, frame, recipe, cancelled)
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001 - a network's forward may raise anything
            if isinstance(error, DeviceError):  # what it takes is the first one's
                self._fail(self._key, error)
                return self._failed
            found = _told(self._key[0], error)
        self._last = frame, recipe.alterations, recipe.top, found
        return found

    def give_way(self) -> bool:
        """Let the network go where the first one lacks memory; return whether there was one."""
        if self._network is None or self._key is None:
            return False
        sentence = N_("There is not enough memory for two networks: choose a smaller second one, or a smaller input.")
        self._fail(self._key, DeviceError(sentence))
        return True

    def close(self) -> None:
        """Let the network go."""
        self._network = self._key = self._failed = self._last = None
        if self._session:
            self._session.close()

    def _open(self, recipe: Recipe, key: _Key) -> None:
        desk, asked = self._desk, key[0]
        title = self._title(asked.network)
        if self._session is None:
            self._session = self._rooms.session()
        self._network = self._session.open(
            asked.network,
            asked.weights,
            None,
            desk.device(recipe),
            lambda stage, fraction: desk.outbox.put(Progress(stage, {"network": title}, fraction)),
            lambda: self._wanted(desk.recipe) != key,
            desk.settings.precision,
        )

    def _wanted(self, recipe: Recipe | None) -> _Key | None:
        """Return what must be equal for the loaded network to stay; None where none is wished for."""
        if recipe is None or recipe.beside is None or self._desk.stopped:
            return None
        place, precision = self._desk.device(recipe), self._desk.settings.precision
        return recipe.beside, own.stamp(recipe.beside.network), place, precision

    def _fail(self, key: _Key, error: Exception) -> None:
        told = _told(key[0], error)
        self.close()
        self._key, self._failed = key, told


def _told(asked: Beside, error: Exception) -> BesideAnswer:
    found = problem("frame", error)
    return BesideAnswer(asked, found.error, found.details)
