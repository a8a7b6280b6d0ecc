"""A changed recipe becomes a wish to the engine; an event of the engine becomes a change of the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

from PySide6.QtCore import QObject, Signal, Slot

from explorer import settings
from explorer.engine.events import (
    Answered,
    Calculated,
    Catalogue,
    DownloadChanged,
    Ended,
    Event,
    Exported,
    FieldsReady,
    FrameRead,
    NetworkReady,
    Playing,
    Problem,
    Progress,
    ResultReady,
    Retrying,
)
from explorer.engine.transport import Command, Play
from explorer.errors import ExplorerError
from explorer.recipe import Recipe
from explorer.recording.values import Filmed, MapsKept
from explorer.settings import Settings
from explorer.sources.naming import text_of
from explorer.text import language
from explorer.values import Frame, Source
from explorer.zoo.card import LISTED, Card, WeightState
from explorer.zoo.own import IN_MEMORY, is_own
from explorer.zoo.weights import NO_WEIGHTS
from ui.expected import EngineLike, History
from ui.store import Store
from ui.widgets.source_name import is_pasted

if TYPE_CHECKING:  # the window opens without
    from explorer.engine.recordings import Recordings
    from explorer.questions import Question
    from explorer.reproduce import Kept

UNDO_DEPTH = 200
PICTURES = (".png", ".svg")
REMEMBERED = frozenset({"picture", "array", "address", "video", "stream", "folder"})


class Controller(QObject):
    """The only writer of the store.

    Attributes:
        still: the last picture that could really be opened.
        drawing: the last drawing.
        stored: what the next start finds, which wishes for this start alone do not reach; None saves nothing.
    """

    exported = Signal(object)
    recorded = Signal(object)
    answered = Signal(object)
    calculated = Signal(object)
    ended = Signal(object)
    downloaded = Signal(object)
    history_changed = Signal()
    details_wanted = Signal(str)

    def __init__(self, engine: EngineLike, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._store = store
        self._undo: list[Recipe] = []
        self._redo: list[Recipe] = []
        self._history: History | None = None
        self._walking = self._frozen = False
        self._ready: tuple[str, str] | None = None
        self._age = (False, False, False)
        self._sent_for: set[str] = set()
        self._looked_up = False
        self.still, self.drawing = Source(), Source("drawing", "")
        self.stored: Settings | None = store.settings

    def start(self) -> None:
        """Wish for the store's recipe as it is."""
        self._wish(self._store.recipe)

    def change(self, **changes: Any) -> None:
        """Change fields of the recipe (see ``Recipe.with_``) as one step that can be undone."""
        recipe = self._store.recipe.with_(**changes)
        if recipe != self._store.recipe:
            walks = recipe == self._store.recipe.with_(channel=recipe.channel, unit=recipe.unit)
            if not (walks and self._walking):  # a walk over the maps, such as by a held key, is one step
                self._undo = [*self._undo[-UNDO_DEPTH + 1 :], self._store.recipe]
            self._redo.clear()
            self._walking = walks
            self._wish(recipe)

    def adjust(self, **changes: Any) -> None:
        """Change fields that are no step of the person's (visible thumbnails, the mosaic's aspect)."""
        recipe = self._store.recipe.with_(**changes)
        if recipe != self._store.recipe:
            self._wish(recipe)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._undo) if self._history is None else self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to take again."""
        return bool(self._redo) if self._history is None else self._history.can_redo

    def use_history(self, history: History | None) -> None:
        """Let undo and redo act on the steps of the place that is shown; None: on the recipe's."""
        self._history = history
        self.history_changed.emit()

    def reload(self) -> None:
        """Open the wished network again: its file or its card has changed."""
        self._forget("network")
        self._engine.reload()

    def open_network(self, name: str, **changes: Any) -> None:
        """Look through another network; nothing is downloaded unasked: without weights it runs, and says, untrained.

        One that is in no catalogue has those that it has: an own one its file's, one of timm what timm has kept here.
        """
        if name != self._store.recipe.network:
            changes = {"network": name, "weights": self.weights_here(name)} | changes
        self.change(**changes)

    def weights_here(self, name: str) -> str:
        """Return what a recipe calls the weights that there are of the network ``name``: "", or "none"."""
        cards = self._store.catalogue.cards if self._store.catalogue else ()
        state = next((state for card, state in cards if card.name == name), None)
        return NO_WEIGHTS if state in (WeightState.DOWNLOADABLE, WeightState.NONE) else ""

    @Slot()
    def undo(self) -> None:
        """Take the last step back, of the place that is shown."""
        if self._history is None:
            self._undo_recipe()
        else:
            self._history.undo()

    def _undo_recipe(self) -> None:
        self._walking = False
        if self._undo:
            self._redo.append(self._store.recipe)
            self._wish(self._undo.pop())

    @Slot()
    def redo(self) -> None:
        """Take the step again that ``undo`` took back."""
        self._walking = False
        if self._history is not None:
            self._history.redo()
        elif self._redo:
            self._undo.append(self._store.recipe)
            self._wish(self._redo.pop())

    @property
    def can_cancel(self) -> bool:
        """Whether another network was ready before the wished one, so that going back to it ends the loading."""
        return self._ready not in (None, _network(self._store.recipe))

    @Slot()
    def cancel(self) -> None:
        """Go back to the network that was ready last, and leave what else was changed since."""
        if self._ready is None or not self.can_cancel:
            return
        if self._undo and _network(self._undo[-1]) == self._ready:
            before = self._undo[-1]
            if (
                before.with_(network=self._store.recipe.network, weights=self._store.recipe.weights)
                == self._store.recipe
            ):
                self._undo_recipe()  # nothing else was changed
                return
        of_it = next((one for one in reversed(self._undo) if _network(one) == self._ready), Recipe())
        network, weights = self._ready
        place = {"input_hw": of_it.input_hw, "layer": of_it.layer, "channel": of_it.channel, "unit": of_it.unit}
        self.change(network=network, weights=weights, **place)

    @Slot()
    def retry(self) -> None:
        """Wish for the same recipe once more, after a problem was mended."""
        self._store.broken = False
        self._wish(self._store.recipe)

    def freeze(self, frozen: bool) -> None:
        """Hold the newest live frame, or go on; a video or folder is stopped, for it has a place to go on from."""
        if self._store.playing is not None:
            self.play(Play(not frozen))
            return
        self._frozen = frozen
        self._engine.freeze(frozen)
        self._judge()

    def play(self, command: Command) -> None:
        """Let a video or a folder go on, stop, step or go to a time; ``Store.playing`` tells what it does."""
        self._engine.play(command)

    def rest(self, resting: bool) -> None:
        """Spare live frames the network while nobody sees what it makes of them."""
        self._engine.rest(resting)

    @property
    def session(self) -> Recipe:
        """What the next session begins with: a source that failed gives way to the last picture that did not, and
        nothing is followed, found, altered, compared or looked at by a second network before somebody looks.
        """
        recipe = self._store.recipe.with_(
            overtime=None, beside=None, finding=None, nearest=None, touch=None, top=Recipe.top
        )
        return recipe.with_(source=self.still) if self._store.broken else recipe

    @property
    def frozen(self) -> bool:
        """Whether a live source is held, or stopped."""
        playing = self._store.playing
        return self._frozen if playing is None else not playing.playing

    @property
    def recordings(self) -> Recordings:
        """What is being recorded, in the engine."""
        self._forget("export")
        return self._engine.recordings

    def export(self, kind: str, path: str) -> None:
        """Write the newest result to ``path``; see ``EngineLike.export``."""
        self._forget("export")
        self._engine.export(kind, path)

    def save(self, path: str, fill: Callable[[BinaryIO], object], **scene: Any) -> None:
        """Write a file of the window's own through ``fill``, called in another thread; beside a picture its recipe.

        Args:
            path: the file.
            fill: writes it.
            scene: more fields of ``reproduce.Kept``, where it is a picture of a scene.
        """
        self._forget("export")
        self._engine.save(path, fill, self._shown(scene) if path.lower().endswith(PICTURES) else None)

    def _shown(self, scene: dict[str, Any]) -> Kept:
        """Return what the window shows, for the file beside a picture of it."""
        from explorer.reproduce import Kept

        now = self._store.settings
        return Kept(
            "window", self._store.recipe, language(), now.precision, **{"place": now.place, "theme": now.theme} | scene
        )

    def calculate(self, lane: str, work: Callable[[], object]) -> None:
        """Let a worker do ``work``; ``calculated`` gives the ``Calculated`` that follows."""
        self._engine.calculate(lane, work)

    def ask(self, question: Question) -> None:
        """Ask the engine something beside the frames; ``answered`` gives the ``Answered`` that follows.

        Of a long question it gives several; ``ended`` gives the ``Ended`` of one whose network is gone.
        """
        self._forget("question")
        self._engine.ask(question)

    def drop(self, question: Question) -> None:
        """Cancel a long question; an answer that is on its way may still come."""
        self._engine.drop(question)

    def download(self, network: str, weights: str) -> None:
        """Get a set of weights; a network that was chosen when it was sent for is trained as soon as they are here."""
        self._send_for(network)
        self._engine.download(network, weights)

    def cancel_download(self, network: str, weights: str) -> None:
        """Stop getting a set of weights; what has come is kept for the next time."""
        self._engine.cancel_download(network, weights)

    def import_weights(self, path: str, network: str = "") -> None:
        """Copy a file of weights into the cache; see ``download`` and ``EngineLike.import_weights``."""
        self._forget("weights")
        self._send_for(network)
        self._engine.import_weights(path, network)

    def remove_weights(self, network: str, weights: str) -> None:
        """Remove a set of weights from the cache, and what has come of it."""
        self._forget("weights")
        self._store.downloads.pop((network, weights), None)
        self._engine.remove_weights(network, weights)

    def report(self, problem: Problem) -> None:
        """Show a problem that the window itself met."""
        self._store.problems.pop(problem.where, None)  # so that the newest is the last
        self._store.problems[problem.where] = problem
        self._store.problems_changed.emit()

    def prefer(self, **changes: Any) -> None:
        """Change and save fields of the settings; they take effect at once."""
        self._keep(changes)
        wanted = self._store.settings.with_(**changes)
        if wanted == self._store.settings:
            return
        self._store.settings = wanted
        self._engine.prefer(wanted)
        self._store.settings_changed.emit()

    def _keep(self, changes: dict[str, Any]) -> None:
        if self.stored is None or (kept := self.stored.with_(**changes)) == self.stored:
            return
        self.stored = kept
        try:
            settings.save(kept)
        except ExplorerError as error:
            self.report(Problem("engine", error))

    def dismiss(self, where: str) -> None:
        """Stop showing the problem of a place."""
        self._forget(where)

    @Slot(object)
    def on_event(self, event: Event) -> None:
        """Take one event of the engine into the store."""
        store = self._store
        match event:
            case ResultReady():
                store.result, store.dropped = event.result, event.dropped
                changed = self._take_frame(event.result.recipe.source, event.result.frame)
                self._forget("frame")
                if changed:
                    store.frame_changed.emit()
                store.result_changed.emit(in_turns=store.live)
                self._look_up_the_opened()
            case FrameRead():
                self._take_frame(event.source, event.frame)
                store.frame_changed.emit()
                self._remember(event.source)
            case NetworkReady():
                store.network = event.network
                name, wished = event.network.card.name, _network(store.recipe)
                self._ready = wished if wished == (name, "") else (name, event.network.weights)
                self._forget("network", "frame", "device")
                if store.fields is not None and store.fields.graph is not event.network.graph:
                    store.fields = None
                    store.fields_changed.emit()
                store.fields_failed = False
                store.network_changed.emit()
                self._remember_network(event.network.card)
            case FieldsReady():
                if store.network is not None and store.network.graph is event.graph:
                    store.fields, store.fields_failed = event.fields, event.fields is None
                    store.fields_changed.emit()
            case Catalogue():
                store.catalogue = event
                store.downloads = {key: one for key, one in store.downloads.items() if one.state != "done"}
                store.catalogue_changed.emit()
            case Progress():
                store.progress = event if event.stage else None
                store.progress_changed.emit()
            case Problem() if self._late(event):
                pass  # the log has it
            case Playing() | Retrying():
                self._follow(event)
            case Problem():
                if event.where == "source":  # one that is tried again still shows its last picture
                    store.broken = store.retrying is None or store.frame_source != store.recipe.source
                    self._judge()
                self.report(event)
            case Answered():
                self.answered.emit(event)
            case Calculated():
                self.calculated.emit(event)
            case Ended():
                self.ended.emit(event)
            case Exported():
                self.exported.emit(event)
            case Filmed() | MapsKept():
                self.recorded.emit(event)
            case DownloadChanged():
                store.downloads[event.network, event.weights] = event
                store.downloads_changed.emit()
                if event.state == "done":
                    self._use(event)
                    self.downloaded.emit(event)

    def _send_for(self, network: str) -> None:
        if network in ("", self._store.recipe.network):
            self._sent_for.add(self._store.recipe.network)

    def _use(self, event: DownloadChanged) -> None:
        """Look through the weights that have come, where the person waits for them in front of an untrained network."""
        recipe = self._store.recipe
        if event.network not in self._sent_for:
            return
        self._sent_for.discard(event.network)
        if event.network != recipe.network:
            return
        if recipe.weights == NO_WEIGHTS:
            self.change(weights=event.weights)
        elif "network" in self._store.problems:  # they were wished for by name, and missing
            self.retry()

    def _follow(self, event: Playing | Retrying) -> None:
        """Take how the wished source goes on, by the person's hand or by itself."""
        store = self._store
        if event.source != store.recipe.source:
            return
        if isinstance(event, Playing):
            store.playing = event
        else:
            store.retrying = event if event.tries else None
            if not event.tries:
                store.broken = False
                self._forget("source")
        self._judge()
        (store.playing_changed if isinstance(event, Playing) else store.retrying_changed).emit()

    def _late(self, problem: Problem) -> bool:
        """Return whether a problem is of an older wish's source or network, which the newest does not have."""
        of, now = problem.recipe, self._store.recipe
        if of is None:
            return False
        other_source, other_network = of.source != now.source, _network(of) != _network(now)
        of_source, of_network = problem.where in ("source", "frame"), problem.where in ("network", "frame")
        return (of_source and other_source) or (of_network and other_network)

    def _wish(self, recipe: Recipe) -> None:
        before, playing = self._store.recipe.source, self._store.playing
        if replace(recipe.source, mirror=before.mirror) != before:
            if self._frozen:
                self.freeze(False)
            self._store.broken = False
            self._leave()
        elif playing is not None:
            self._store.playing = replace(playing, source=recipe.source)
        self._store.recipe = recipe
        self._engine.wish(recipe)
        self._judge()
        self._store.recipe_changed.emit()
        self.history_changed.emit()

    def _leave(self) -> None:
        """Forget how the source went on that is wished for no more."""
        store = self._store
        if store.playing is not None:
            store.playing = None
            store.playing_changed.emit()
        if store.retrying is not None:
            store.retrying = None
            store.retrying_changed.emit()

    def _look_up_the_opened(self) -> None:
        """Ask once for all networks, after the first picture, where one that was opened before is in no catalogue."""
        if self._looked_up or self._store.catalogue is None:
            return
        self._looked_up = True
        listed = {card.name for card, _state in self._store.catalogue.cards}
        if any(name not in listed and not is_own(name) for name in self._store.settings.networks):
            from explorer.questions import Everything

            self.ask(Everything())

    def _remember_network(self, card: Card) -> None:
        """Put a network that is not always listed among the opened ones; one in memory is gone at the next start."""
        if card.group not in LISTED and not card.name.startswith(IN_MEMORY):
            self.prefer(networks=self._store.settings.with_network(card.name).networks)

    def _remember(self, source: Source) -> None:
        """Put a file or an address among the recent ones; pasted pictures have no name that a person would know."""
        if source.kind in REMEMBERED and not is_pasted(source):
            self.prefer(recent=self._store.settings.with_recent(text_of(source)).recent)

    def _take_frame(self, source: Source, frame: Frame) -> bool:
        """Keep a picture of ``source``, which therefore can be opened; return whether it is another one."""
        store, changed = self._store, self._store.frame is not frame
        store.frame, store.frame_source = frame, source
        if source.kind == "drawing":
            self.drawing = source
        elif not source.live:
            self.still = source
        if source == store.recipe.source:
            store.broken = False
            self._forget("source")
        self._judge()
        return changed

    def _judge(self) -> None:
        """Tell whether frames keep coming, and whether what is shown is of what is wished."""
        store = self._store
        fresh = store.frame_source == store.recipe.source and not store.broken
        fresh = fresh and store.retrying is None
        live = store.recipe.source.live and fresh and not self.frozen
        age = (store.picture_is_old, store.result_is_old, store.broken)
        if live != store.live:
            store.live = live
            store.live_changed.emit()
        if age != self._age:
            self._age = age
            store.age_changed.emit()

    def _forget(self, *places: str) -> None:
        solved = [place for place in places if self._store.problems.pop(place, None)]
        if solved:
            self._store.problems_changed.emit()


def _network(recipe: Recipe) -> tuple[str, str]:
    return recipe.network, recipe.weights
