"""The one thread that touches torch: it owns the session and takes frames through the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from explorer.engine.companion import Companion
from explorer.engine.desk import Desk, NetworkKey
from explorer.engine.events import (
    Answered,
    Ended,
    Event,
    FrameRead,
    NetworkInfo,
    NetworkReady,
    Problem,
    Progress,
    ResultReady,
)
from explorer.engine.problems import problem
from explorer.engine.rooms import Rooms, SessionLike
from explorer.engine.worker import Worker
from explorer.errors import Cancelled, DeviceError, ExportError
from explorer.filters.filter import Chain
from explorer.recipe import Recipe
from explorer.text import N_
from explorer.values import Floats, Frame, FrameResult
from explorer.zoo import own

if TYPE_CHECKING:
    from explorer.influence import Steps
    from explorer.questions import Question
    from explorer.session import Network

T = TypeVar("T")


class ModelThread:
    """Loads the wished network and runs the newest frame through it.

    Two threads that hook one module see each other's tensors; therefore everything of torch happens here.

    Args:
        desk: says what is wished.
        rooms: do the work.
        catalogue: called when the devices are known.
        ready: called with a network that the window was told of.
        after_filters: called before a picture goes through the network with other filters than the one before.
    """

    def __init__(
        self,
        desk: Desk,
        rooms: Rooms,
        catalogue: Callable[[], None],
        ready: Callable[[NetworkInfo], None],
        after_filters: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._rooms = rooms
        self._catalogue = catalogue
        self._ready, self._after_filters = ready, after_filters
        self._filters: Chain = ()
        self._session: SessionLike | None = None
        self._network: Network | None = None
        self._key: NetworkKey | None = None
        self._done: tuple[int, Frame] | None = None
        self._opened = 0
        self._tried = False
        self._asked: dict[type, Question] = {}
        self._companion = Companion(desk, rooms, self._title)
        lanes = ("threads", "load", "frame", "beside")
        self.worker = Worker("model", *lanes, failed=self._failed, first=self._begin, last=self._end)

    def load(self) -> None:
        """Let the wished networks be loaded, if they are not."""
        self.worker.put("load", self._load)
        self.worker.put("beside", self._load_beside)

    def frame(self) -> None:
        """Let the newest frame go through the network."""
        self.worker.put("frame", self._frame)

    def threads(self) -> None:
        """Take the preferred number of threads."""
        self.worker.put("threads", self._prepare)

    def array(self, kind: str, lane: str, result: FrameResult, done: Callable[[Floats], None]) -> None:
        """Compute the raw "maps" of ``result``'s layer, or its prepared "input", and hand them to ``done``."""
        raw = self._rooms.raw_maps if kind == "maps" else self._rooms.raw_input
        self.worker.put(lane, lambda: self._array(raw, result, done))

    def ask(self, question: Question) -> None:
        """Answer ``question``, unless a newer one of its kind comes first, also between the steps of a long one."""
        with self._desk.lock:
            self._asked[type(question)] = question
            self.worker.put(_lane(question), lambda: self._answer(question))

    def drop(self, question: Question) -> None:
        """Answer ``question`` no further."""
        with self._desk.lock:
            if self._asks(question):
                del self._asked[type(question)]

    def _begin(self) -> None:
        """Load torch, which takes seconds; tried again at the next load where it fails."""
        desk = self._desk
        desk.outbox.put(Progress(N_("Loading PyTorch …")))
        if unused := self._rooms.prepare(desk.settings.threads):
            desk.outbox.put(problem("device", unused))
        devices = self._rooms.devices()
        with desk.lock:
            desk.devices = devices
        self._catalogue()
        self._session = self._rooms.session()

    def _prepare(self) -> None:
        self._rooms.prepare(self._desk.settings.threads)

    def _try_threads(self, steps: Iterator[None], known: bool = True) -> None:
        """Measure, a step at a time so that frames go first, how many threads suit the machine; then use so many."""
        desk = self._desk
        if desk.settings.threads or desk.stopped:
            return
        if next(steps, self) is None:
            self.worker.put("try threads", lambda: self._try_threads(steps, known=False))
            return
        if known:
            return
        before = self._rooms.threads()
        self._prepare()
        if self._network and self._key and self._rooms.threads() != before:
            with desk.lock:
                if desk.wants(self._key):
                    self._tell(self._news(self._network, went=False))

    def _end(self) -> None:
        self._network = self._key = self._done = None
        self._companion.close()
        if self._session:
            self._session.close()

    def _failed(self, error: Exception) -> None:
        self._desk.outbox.put(problem("network", error), Progress(""))

    def _load(self) -> None:
        desk = self._desk
        with desk.lock:
            recipe = desk.recipe
            outdated, desk.outdated = desk.outdated, False
            if recipe is None or (desk.key(recipe) == self._key and not outdated):
                return
            key, device, precision = desk.key(recipe), desk.device(recipe), desk.settings.precision
            if desk.failed and desk.failed[0] == key:
                desk.outbox.put(replace(desk.failed[1], recipe=recipe))
                return
            desk.failed, desk.ready = None, False
        self._network = self._key = self._done = None
        if self._session is None:
            self._begin()
        assert self._session is not None
        if outdated:
            self._session.close()
        events: list[Event] = []
        failed: Problem | None = None
        title = self._title(recipe.network)
        try:
            open_it = partial(
                self._session.open,
                recipe.network,
                recipe.weights,
                recipe.input_hw,
                device,
                lambda stage, fraction: desk.outbox.put(Progress(stage, {"network": title}, fraction)),
                lambda: not desk.wants(key),
                precision,
            )
            network = self._with_room(open_it)
            self._network, self._key = network, key
            self._opened += 1
            events = self._news(network)
        except Cancelled:
            pass
        except Exception as error:  # noqa: BLE001 - a network may raise anything while it is built, loaded or traced
            failed = problem("network", error, recipe)
            events = [failed]
        with desk.lock:
            if desk.wants(key):
                desk.failed = (key, failed) if failed else None
                self._tell(events)
                desk.ready = self._network is not None
            else:
                self._network = self._key = None
            desk.outbox.put(Progress(""))
        self._frame()

    def _load_beside(self) -> None:
        """Load the second network, and let it answer to the frame that the first has seen."""
        if self._companion.load():
            self._done = None
            self._frame()

    def _with_room(self, work: Callable[[], T]) -> T:
        """Return what ``work`` gives; where memory is short, once more after the second network has given way."""
        try:
            return work()
        except DeviceError:
            if not self._companion.give_way():
                raise
        return work()

    def _title(self, network: str) -> str:
        if own.is_own(network):
            return own.card(network).title
        return next((card.title for card, _state in self._rooms.cards() if card.name == network), network)

    def _news(self, network: Network, went: bool = True) -> list[Event]:
        """The network as it is now, and why it is not where it was meant to be, if it ``went`` there only now."""
        events: list[Event] = [NetworkReady(self._info(network))]
        return [*events, Problem("device", network.moved)] if network.moved and went else events

    @contextmanager
    def _moving(self, network: Network | None, paths: bool = True) -> Iterator[None]:
        """Tell of ``network`` where it goes to the CPU meanwhile, or, with ``paths``, takes another of its ways."""
        if network is None:
            yield
            return
        moved, graph, key = network.moved, network.graph, self._key
        try:
            yield
        finally:
            went = network.moved is not moved
            if key and (went or (paths and network.graph is not graph)):
                with self._desk.lock:
                    if self._desk.wants(key):
                        self._tell(self._news(network, went))

    def _tell(self, events: list[Event]) -> None:
        """Put ``events``, and let what belongs to a network follow it."""
        self._desk.outbox.put(*events)
        for event in events:
            if isinstance(event, NetworkReady):
                self._ready(event.network)

    def _info(self, network: Network) -> NetworkInfo:
        weights = network.weights
        return NetworkInfo(
            card=network.card,
            graph=network.graph,
            weights=weights.name if weights else "none",
            trained=network.trained,
            labels=weights.labels if weights else network.card.labels,
            device=str(network.device),
            threads=self._rooms.threads(),
            number_type=str(network.number_type).removeprefix("torch."),
            transformed=network.transform is not None,
            remarks=network.remarks,
            opened=self._opened,
        )

    def _frame(self) -> None:
        desk = self._desk
        with desk.lock:
            recipe, feed, wish = desk.recipe, desk.feed, desk.wishes
            if recipe is None or feed is None:
                return
            key = desk.key(recipe)
        if self._network is None or key != self._key:
            return
        try:
            frame = feed.newest()
        except Exception as error:  # noqa: BLE001 - a decoder may raise anything, and there may be no memory
            desk.deliver(key, feed, problem("frame", error, recipe))
            return
        if frame is None or (self._done and self._done[0] == wish and self._done[1] is frame):
            return
        if desk.resting and feed.source.live and not desk.recordings.watching:
            with desk.lock:
                if feed is desk.feed:
                    desk.outbox.put(FrameRead(feed.source, frame))
            return
        if desk.recordings.watching:
            recipe = replace(recipe, maps=True)
        if recipe.filters != self._filters:
            self._filters = recipe.filters
            self._after_filters()
        try:
            times_ms = {"read": feed.read_ms}
            network, stale = self._network, lambda: not desk.wants(key, feed)
            network.in_one_piece(desk.settings.one_piece)
            with self._moving(network):
                result = self._with_room(lambda: self._rooms.run(network, frame, recipe, times_ms, stale))
            if recipe.beside:
                result = replace(result, beside=self._companion.answer(frame, recipe, stale))
            event: Event = ResultReady(result, feed.box.dropped)
        except Cancelled:
            return
        except Exception as error:  # noqa: BLE001 - a network's forward may raise anything
            event = problem("frame", error, recipe)
        if desk.deliver(key, feed, event):
            self._done = wish, frame
            if isinstance(event, ResultReady):
                desk.recordings.take(event.result, lambda: self._rooms.raw_maps(network, frame, recipe))
        if not self._tried:
            self._tried = True
            self._try_threads(self._rooms.trial())

    def _asks(self, question: Question) -> bool:
        """Whether ``question`` is the newest of its kind, and somebody waits for it."""
        return self._asked.get(type(question)) is question and not self._desk.stopped

    def _answer(self, question: Question) -> None:
        if not self._asks(question):
            return
        from explorer.questions import Everything
        from explorer.training.run import Train

        event: Event
        try:
            # the path of a picture that is only asked about is not shown, and is left with the next frame
            with self._moving(self._network, paths=False):
                found = self._rooms.answer(self._network, question)
            if isinstance(found, Iterator):
                alone = isinstance(question, Train) and question.alone
                self._step(question, None if alone else self._network, found)
                return
            event = Answered(question, found)
            if isinstance(question, Everything):
                self._catalogue()
        except Exception as error:  # noqa: BLE001 - a network may raise anything while it is built or traced
            event = replace(problem("question", error), question=question)
        self._desk.outbox.put(event)  # of a short one even where a newer one waits: the work is done
        self.drop(question)

    def _step(self, question: Question, network: Network | None, steps: Steps) -> None:
        """Go one step of a long answer; before the next one comes what is urgent, or a newer question of its kind.

        Its network must still be the loaded one, unless it needs none.
        """
        if not self._asks(question):
            return
        if network is not None and network is not self._network:
            self._reply(question, Ended(question))
            return
        try:
            with self._moving(network):
                step = next(steps)
        except Exception as error:  # noqa: BLE001 - a network's forward and backward may raise anything
            self._reply(question, replace(problem("question", error), question=question))
            return
        last = step.done >= step.of
        with self._desk.lock:  # nor may a newer question come between and lose its place in the lane
            put = self._reply(question, Answered(question, step.answer, step.done / step.of), last)
            if put and not last:
                self.worker.put(_lane(question), lambda: self._step(question, network, steps))

    def _reply(self, question: Question, event: Event, last: bool = True) -> bool:
        """Put what a long question gave, unless nobody waits for it; return whether it was put."""
        with self._desk.lock:
            if not self._asks(question):
                return False
            self._desk.outbox.put(event)
            if last:
                del self._asked[type(question)]
            return True

    def _array(
        self,
        raw: Callable[[Network, Frame, Recipe], Floats],
        result: FrameResult,
        done: Callable[[Floats], None],
    ) -> None:
        try:
            with self._desk.lock:
                key = self._desk.key(result.recipe)
            if self._network is None or key != self._key:
                raise ExportError(N_("The network has changed since: export again when its result is on the screen."))
            with self._moving(self._network):
                array = raw(self._network, result.frame, result.recipe)
            done(array)
        except Exception as error:  # noqa: BLE001 - a network's forward may raise anything
            self._desk.outbox.put(problem("export", error, result.recipe))


def _lane(question: Question) -> str:
    return f"ask {type(question).__name__}"
