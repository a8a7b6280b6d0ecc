"""The row below the picture: what comes with the application, and the frames that the person has kept."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from explorer import sources
from explorer.engine.events import Calculated, Problem
from explorer.sources import snapshots
from explorer.text import _
from explorer.values import Source
from ui import theme
from ui.actions import with_keys
from ui.controller import Controller
from ui.store import Store
from ui.widgets.gallery import Gallery, GalleryItem
from ui.widgets.source_name import source_name


class Shelf(QWidget):
    """The gallery with the button that opens a file and the one that keeps the frame.

    Signals:
        open_requested: the person wants to choose a file.
        kept: the name of the frame that is in the gallery now.
    """

    open_requested = Signal()
    kept = Signal(str)

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._own, self._waits = snapshots.snapshots(), set[str]()
        self.gallery = Gallery(self)
        self.gallery.chosen.connect(self._choose)
        self.gallery.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.gallery.customContextMenuRequested.connect(self._offer)
        self.open, self.snapshot = QToolButton(self), QToolButton(self)
        theme.set_icon(self.open, "plus")
        theme.set_icon(self.snapshot, "snapshot")
        for button in (self.open, self.snapshot):
            button.setObjectName("small")
        self.open.clicked.connect(self.open_requested)
        self.snapshot.clicked.connect(self.take)
        buttons = QVBoxLayout()
        buttons.setSpacing(2)
        buttons.addWidget(self.open)
        buttons.addWidget(self.snapshot)
        buttons.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.gallery, 1)
        row.addLayout(buttons)
        controller.calculated.connect(self._take_done)
        store.network_changed.connect(self.fill)
        store.frame_changed.connect(self._show_whether)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.gallery.setAccessibleName(_("Sample pictures and frames that you kept"))
        for button, text in (
            (self.open, with_keys(_("Open a picture or a video"), "open")),
            (self.snapshot, with_keys(_("Keep this frame in the gallery"), "snapshot")),
        ):
            button.setToolTip(text)
            button.setAccessibleName(text)
        self.fill()
        self._show_whether()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Remove the frame under the gallery's cursor with Delete."""
        path = Path(self.gallery.current_key())
        if event.key() == Qt.Key.Key_Delete and snapshots.taken(path) is not None:
            self._remove(path)
        else:
            super().keyPressEvent(event)

    @Slot()
    def take(self) -> None:
        """Keep the frame that shows, as it came: without filters and paint."""
        frame = self._store.frame
        if frame is not None and frame.array is None:
            path = snapshots.path_at(datetime.datetime.now())
            self._do(path, partial(snapshots.keep, frame.pixels, path))

    def follow(self) -> None:
        """Outline the wished picture, where it is in the row."""
        source = self._store.recipe.source
        self.gallery.set_current(source.where if source.kind in ("sample", "picture") else "")

    @Slot()
    def fill(self) -> None:
        """Show what there is, the person's own first."""
        network = self._store.network
        labels = "" if network is None else network.labels
        suits = {"imagenet": _("suits networks of ImageNet"), "digits": _("suits networks of digits")}
        own = [GalleryItem(str(path), str(path), source_name(Source("picture", str(path)))) for path in self._own]
        self.gallery.set_items(
            [
                *own,
                *(
                    GalleryItem(
                        s.file,
                        str(s.path()),
                        " · ".join(filter(None, (_(s.title), suits.get(s.suits, "")))),
                        bool(s.suits) and labels.startswith(s.suits),
                    )
                    for s in sources.samples()
                ),
            ]
        )

    @Slot()
    def _show_whether(self) -> None:
        frame = self._store.frame
        can = frame is not None and frame.array is None
        if can != self.snapshot.isEnabled() or not can:
            self.snapshot.setEnabled(can)
            why = _("There is no picture to keep: an array goes to the network as it is.")
            self.snapshot.setToolTip(why if frame is not None and not can else self.snapshot.accessibleName())

    @Slot(str)
    def _choose(self, key: str) -> None:
        own = snapshots.taken(Path(key)) is not None
        self._controller.change(source=Source("picture" if own else "sample", key))

    @Slot(QPoint)
    def _offer(self, at: QPoint) -> None:
        """Offer to remove a kept frame."""
        item = self.gallery.itemAt(at) or self.gallery.currentItem()
        key = self.gallery.key_of(item) if item is not None else ""
        if snapshots.taken(Path(key)) is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(theme.icon("delete"), _("Remove from the gallery"), partial(self._remove, Path(key)))
        menu.popup(self.gallery.viewport().mapToGlobal(at))

    def _remove(self, path: Path) -> None:
        self._do(path, partial(snapshots.remove, path))

    def _do(self, path: Path, work: Callable[[], Path]) -> None:
        lane = f"export {path}"  # none takes another's place, and the end waits for them
        self._waits.add(lane)
        self._controller.dismiss("export")
        self._controller.calculate(lane, work)

    @Slot(object)
    def _take_done(self, event: Calculated) -> None:
        if event.lane not in self._waits:
            return
        self._waits.discard(event.lane)
        if event.error is not None:
            self._controller.report(Problem("export", event.error))
            return
        path = event.value
        assert isinstance(path, Path)
        fresh = path not in self._own and path.exists()
        self._own = tuple(snapshots.snapshots())
        self.fill()
        if fresh:
            self.gallery.reveal(str(path))
            self.kept.emit(source_name(Source("picture", str(path))))
        elif self._store.recipe.source.where == str(path):
            self._controller.change(source=Source())  # else the next session would look for what is gone
