"""Which index of pictures is open, the one that is being made, and the small pictures of what is found in it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage

from explorer.engine.events import Answered, Calculated, Problem
from explorer.errors import SourceError
from explorer.indexing import Indexed, feature_layer, maker_of, pictures
from explorer.questions import IndexFolder
from explorer.retrieval import example
from explorer.retrieval.index import Maker
from explorer.retrieval.kept import Kept, kept
from explorer.sources.picture import small
from explorer.values import Bytes, Source
from ui.asking import Asking
from ui.controller import Controller
from ui.store import Store

SIDE = 224
"""Of a small picture, px."""
_MOST_SMALL = 500
_TURN_S = 0.1
"""So long small pictures are read in one go."""
_TOLD_S = 0.1
"""How far an index is, is told no more often."""
_RATE_S = 0.5
"""The rate is told over at least so long."""


@dataclass(frozen=True, eq=False)
class _Looked:
    """What is there: the index, or None where there is none yet, its folder, and how many pictures that holds."""

    folder: str
    kept: Kept | None
    of: int


class Indices(QObject):
    """One index at a time: of a folder, in a file of the program's own, or in a file that the person opened.

    Attributes:
        folder: whose pictures are wanted; "" where a file was opened.
        file: of the index; "" as long as there is neither.
        layer: whose features a new one holds; "" for the last before the answer.
        kept: the open index, or None.
        of: how many pictures the folder holds, or 0.
        progress: of the one that is being made, or of one whose making was stopped; else None.
        rate: its pictures a second, or 0.
        problem: what went wrong, or None.
        looking: whether it is looked up just now.

    Signals:
        changed: one of these has.
    """

    changed = Signal()

    def __init__(self, store: Store, controller: Controller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._asking = Asking(store, controller, self)
        self.folder = self.file = self.layer = ""
        self.kept: Kept | None = None
        self.of, self.rate = 0, 0.0
        self.progress: Indexed | None = None
        self.problem: Problem | None = None
        self.looking = self._example = self._again = False
        self._since, self._told_s = (0.0, 0), 0.0
        self._work: Callable[[], object] | None = None
        controller.calculated.connect(self._take_looked)
        self._asking.answered.connect(self._take_progress)
        self._asking.failed.connect(self._take_problem)
        self._asking.ended.connect(self._take_end)
        store.network_changed.connect(self._follow)
        store.recipe_changed.connect(self._follow)

    @property
    def running(self) -> bool:
        """Whether an index is being made."""
        return self._asking.question is not None

    @property
    def maker(self) -> Maker | None:
        """What would make an index now, or None without a network."""
        network, recipe = self._store.network, self._store.recipe
        if network is None or network.card.name != recipe.network:
            return None
        layer = self.layer if self.layer in network.graph.by_id else feature_layer(network.graph).id
        h, w = network.graph.input[1:]
        return maker_of(network.card.name, network.weights, layer, (h, w), recipe.filters)

    def choose_folder(self, folder: str) -> None:
        """Want the index of ``folder``, and open it if there is one."""
        self.folder, self.file = folder, ""
        self._forget()
        self._follow()
        self.changed.emit()

    def open_file(self, file: str, again: bool = False) -> None:
        """Open the index in ``file``; where it was open before, ``again``, nobody need hear that it is gone."""
        self.folder, self.file = "", file
        self._forget()
        self._again = again
        self._look()

    def choose_layer(self, layer: str) -> None:
        """Want the features of ``layer``."""
        self.layer = layer
        self._follow()

    def try_example(self) -> None:
        """Look at digits through LeNet-5: the pictures are written, and their index is made."""
        self._example = True
        self.problem, self.looking = None, True
        self._calculate(example.digits)
        self._controller.open_network(example.NETWORK, source=Source("sample", example.PICTURE), filters=())
        self.changed.emit()

    @Slot()
    def make(self) -> None:
        """Make the index of the folder, or go on with it."""
        maker = self.maker
        if maker is None or not self.folder or self.running:
            return
        self.problem, self.progress, self.kept, self.rate = None, None, None, 0.0
        self._since = (0.0, 0)
        folder = str(Path(self.folder).resolve())
        question = IndexFolder(maker.network, folder, self.file, maker.layer, self._store.recipe.filters)
        self._asking.ask(question)
        self.changed.emit()

    @Slot()
    def stop(self) -> None:
        """Make it no further; what is done stays."""
        self._asking.drop()
        self._look()

    def _forget(self) -> None:
        self._asking.drop()
        self.kept, self.progress, self.problem, self.of, self.rate = None, None, None, 0, 0.0
        self._example = self._again = False

    @Slot()
    def _follow(self) -> None:
        """Look for the index of the folder that this network makes, where that is another one than before."""
        maker = self.maker
        if not self.folder or maker is None or self.running:
            return
        file = str(maker.file(Path(self.folder).resolve()))
        if file != self.file:
            self.file, self.kept, self.progress, self.problem = file, None, None, None
            self._look()

    def _look(self) -> None:
        self.looking = True
        self._calculate(partial(_looked, self.file, self.folder))
        self.changed.emit()

    def _calculate(self, work: Callable[[], object]) -> None:
        self._work = work
        self._controller.calculate("index", work)

    @Slot(object)
    def _take_looked(self, event: Calculated) -> None:
        if event.lane != "index" or event.work is not self._work:
            return
        self.looking, found = False, event.value
        again, self._again = self._again, False
        if event.error is not None and again:
            self.file = ""
        elif event.error is not None:
            self.problem, self.kept = Problem("engine", event.error), None
        elif isinstance(found, Path):
            self.folder, self.file = str(found), ""
            self._follow()
        elif isinstance(found, _Looked):
            self.kept, self.of = found.kept, found.of
            if found.kept is not None and found.folder != self.folder:
                network, layer = self._store.network, found.kept.index.maker.layer
                usual = network is not None and layer == feature_layer(network.graph).id
                self.folder, self.layer = found.folder, "" if usual else layer
            if self._example and self.maker is not None and self.maker.network == example.NETWORK:
                self._example = False
                if found.kept is None or found.kept.pictures < found.of:
                    self.make()
            self._follow()
        self.changed.emit()

    @Slot(object)
    def _take_progress(self, event: Answered) -> None:
        if isinstance(event.answer, Indexed):
            now_s, done = time.monotonic(), event.answer.done
            if not self._since[0]:
                self._since = now_s, done
            elif now_s - self._since[0] >= _RATE_S:
                self.rate = (done - self._since[1]) / (now_s - self._since[0])
            self.progress = event.answer
            if event.fraction == 1:
                self._look()
            elif now_s - self._told_s >= _TOLD_S:
                self._told_s = now_s
                self.changed.emit()

    @Slot(object)
    def _take_problem(self, problem: Problem) -> None:
        self._look()
        self.problem = problem
        self.changed.emit()

    @Slot()
    def _take_end(self) -> None:
        """Another network has come: its index is another one."""
        self.file, self.progress = "", None
        self._follow()
        self.changed.emit()


def _looked(file: str, folder: str) -> _Looked:
    """Open an index; in a worker."""
    if folder:
        return _Looked(folder, kept(Path(file)) if Path(file).exists() else None, len(pictures(Path(folder))))
    found = kept(Path(file))
    index, of = found.index, 0
    if str(index.maker.file(index.folder)) == file:  # one of the program's own
        with suppress(SourceError):
            of, folder = len(pictures(index.folder)), str(index.folder)
    return _Looked(folder, found, of)


class SmallPictures(QObject):
    """Reads pictures small, in a worker, and keeps the newest ones.

    Signals:
        came: some more are there.
    """

    came = Signal()

    def __init__(self, controller: Controller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._known: OrderedDict[str, QImage | None] = OrderedDict()
        self._wanted: tuple[str, ...] = ()
        self._work: Callable[[], object] | None = None
        controller.calculated.connect(self._take)

    def want(self, paths: Sequence[str]) -> None:
        """Let these be read, those that are not there."""
        self._wanted = tuple(paths)
        if self._work is None:
            self._go_on()

    def get(self, path: str) -> QImage | None:
        """Return a picture; None where it is not there yet, or cannot be read."""
        return self._known.get(path)

    def failed(self, path: str) -> bool:
        """Return whether a picture could not be read."""
        return path in self._known and self._known[path] is None

    def forget(self) -> None:
        """Read all of them anew."""
        self._known.clear()

    def _go_on(self) -> None:
        missing = [path for path in self._wanted if path not in self._known]
        self._work = partial(_read, missing) if missing else None
        if self._work is not None:
            self._controller.calculate("thumbnails", self._work)

    @Slot(object)
    def _take(self, event: Calculated) -> None:
        if event.lane != "thumbnails" or event.work is not self._work:
            return
        found = event.value if isinstance(event.value, Mapping) else dict.fromkeys(self._wanted)
        for path, pixels in found.items():
            self._known[path] = None if pixels is None else _image(pixels)
            self._known.move_to_end(path)
        while len(self._known) > _MOST_SMALL:
            self._known.popitem(last=False)
        self._go_on()
        self.came.emit()


def _read(paths: Sequence[str]) -> dict[str, Bytes | None]:
    """Read the first of some pictures small, as many as a moment allows; in a worker."""
    until, found = time.monotonic() + _TURN_S, dict[str, Bytes | None]()
    for path in paths:
        try:
            found[path] = small(path, SIDE)
        except SourceError:
            found[path] = None
        if time.monotonic() > until:
            break
    return found


def _image(pixels: Bytes) -> QImage:
    h, w = pixels.shape[:2]
    return QImage(pixels.tobytes(), w, h, 3 * w, QImage.Format.Format_RGB888).copy()
