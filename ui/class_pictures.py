"""A person's own classes, a folder of pictures each: what there is of them; frames of what is shown are kept there."""

from __future__ import annotations

import itertools
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from explorer.engine.events import Calculated, Problem
from explorer.errors import ExplorerError, SourceError
from explorer.settings import data_folder
from explorer.sources import snapshots
from explorer.training import pictures
from explorer.training.pictures import PictureClass
from explorer.values import Bytes
from ui.controller import Controller
from ui.store import Store

_ROW, _PACE_MS = 10, 400
"""So many frames are kept in a row, and so long lies between two: neighbours in a stream are nearly the same."""
_LANE = "class pictures"


class ClassPictures(QObject):
    """Other threads look at the folder and write into it.

    Attributes:
        folder: with a folder for each class.
        classes: what is in it.
        problem: why that is not known, or a frame could not be kept; "" for none.

    Signals:
        changed: any of these, or whether frames are being kept.
    """

    changed = Signal()

    def __init__(self, store: Store, controller: Controller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self.folder = str(data_folder() / "classes")
        self.classes: tuple[PictureClass, ...] = ()
        self.problem = self._unlisted = ""
        self._waits: set[str] = set()
        self._number = itertools.count()
        self._left, self._into, self._taken = 0, "", store.frame
        self.pace = QTimer(self)
        self.pace.setInterval(_PACE_MS)
        self.pace.timeout.connect(self._keep_next)
        controller.calculated.connect(self._take)

    @property
    def keeping(self) -> bool:
        """Whether frames are kept, one after the other."""
        return self.pace.isActive()

    def choose(self, folder: str) -> None:
        """Take the classes of another folder."""
        self.folder, self.problem = folder, ""
        self.look()

    def look(self) -> None:
        """Look at the folder anew."""
        self._controller.calculate(_LANE, partial(_listed, Path(self.folder)))

    def keep(self, name: str) -> bool:
        """Keep the shown frame as a picture of the class ``name``; return whether that can be."""
        frame, self.problem = self._store.frame, ""
        try:
            folder = pictures.folder_of(Path(self.folder), name)
        except ExplorerError as error:
            self.problem = str(error)
        self.changed.emit()
        if self.problem or frame is None or frame.array is not None:
            return False
        lane = f"export {folder} {next(self._number)}"  # none takes another's place, and the end waits for them
        self._waits.add(lane)
        self._controller.calculate(lane, partial(_kept, frame.pixels, folder))
        return True

    def keep_row(self, name: str) -> None:
        """Keep some frames of a live source, one after the other."""
        self._left, self._into, self._taken = _ROW, name, None
        self.pace.start()
        self._keep_next()

    def stop(self) -> None:
        """Keep no further frame."""
        self.pace.stop()
        self.changed.emit()

    @Slot()
    def _keep_next(self) -> None:
        frame = self._store.frame
        if frame is not None and frame is not self._taken and self._left > 0:
            self._taken = frame
            self._left = self._left - 1 if self.keep(self._into) else 0
        if self._left <= 0 or not self._store.live:
            self.pace.stop()
        self.changed.emit()

    @Slot(object)
    def _take(self, event: Calculated) -> None:
        if event.lane == _LANE:
            if event.error is not None:
                self._unlisted = self.problem = str(event.error)
                self.classes = ()
            elif isinstance(event.value, tuple):
                self.classes = event.value
                if self.problem == self._unlisted:
                    self.problem = ""
            self.changed.emit()
        elif event.lane in self._waits:
            self._waits.discard(event.lane)
            if event.error is None:
                self.look()
            else:
                self.stop()
                self._controller.report(Problem("export", event.error))


def _kept(pixels: Bytes, folder: Path) -> Path:
    return snapshots.keep(pixels, pictures.next_file(folder))


def _listed(folder: Path) -> tuple[PictureClass, ...]:
    try:
        return pictures.classes(folder)
    except SourceError as error:
        if isinstance(error.__cause__, FileNotFoundError):  # no picture was kept yet
            return ()
        raise
