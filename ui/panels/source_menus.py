"""The menus of the source buttons: files, addresses and what was open before; cameras with size and mirror."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from explorer.engine.events import Calculated, Problem
from explorer.sources.cameras import CameraInfo, cameras
from explorer.sources.naming import source_of
from explorer.text import _
from explorer.values import Source, SourceKind
from ui import theme
from ui.controller import Controller
from ui.store import Store

LANE = "cameras"
_WIDEST_PX = 480


class RecentMenu(QMenu):
    """Commands, and below them what was open before of some kinds.

    Args:
        actions: the commands.
        kinds: of the sources that are listed.

    Signals:
        chosen: the source that was chosen.
    """

    chosen = Signal(object)

    def __init__(self, store: Store, actions: Sequence[QAction], kinds: Sequence[SourceKind], parent: QWidget) -> None:
        super().__init__(parent)
        self._store, self._commands, self._kinds = store, actions, kinds
        self.aboutToShow.connect(self._fill)

    @Slot()
    def _fill(self) -> None:
        self.clear()
        self.addActions(self._commands)
        recent = [source for source in map(source_of, self._store.settings.recent) if source.kind in self._kinds]
        if recent:
            self.addSeparator()
        for source in recent:
            text = self.fontMetrics().elidedText(source.shown, Qt.TextElideMode.ElideMiddle, theme.px(_WIDEST_PX))
            action = self.addAction(text.replace("&", "&&"))
            action.setData(source)
            action.triggered.connect(self._choose)

    @Slot()
    def _choose(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        self.chosen.emit(action.data())


class CameraMenu(QMenu):
    """The cameras by name, looked for anew whenever the menu opens; the size of their pictures; mirror.

    Args:
        actions: the commands: "mirror" and "demo".

    Attributes:
        found: the cameras that were there when somebody looked last, or None.
        sizes: the menu of their sizes.

    Signals:
        chosen: the camera that was chosen, a ``Source``.
        looked: somebody has looked; what was ``found`` is the newest.
    """

    chosen = Signal(object)
    looked = Signal()

    def __init__(self, store: Store, controller: Controller, actions: Mapping[str, QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self._store, self._controller, self._actions = store, controller, actions
        self.found: tuple[CameraInfo, ...] | None = None
        self._looks = False
        self.sizes = QMenu(self)
        self.aboutToShow.connect(self.look)
        controller.calculated.connect(self._take)

    @Slot()
    def look(self) -> None:
        """Look which cameras there are; those that are known show meanwhile."""
        if not self._looks:
            self._looks = True
            self._controller.calculate(LANE, cameras)
        self._fill()

    @Slot()
    def _look_again(self) -> None:
        """Look once more, with the menu open."""
        self._looks = False
        self.popup(self.pos())

    @Slot(object)
    def _take(self, event: Calculated) -> None:
        if event.lane != LANE:
            return
        self._looks = False
        self.found = None if event.error is not None else event.value  # type: ignore[assignment]
        if event.error is not None:
            self._controller.report(Problem("source", event.error))
        if self.isVisible():
            self._fill()
        self.looked.emit()

    def _fill(self) -> None:
        source = self._store.recipe.source
        self.clear()
        group = QActionGroup(self)
        for camera in self.found or ():
            name = camera.name or _("Camera {index}").format(index=camera.index)
            if sum(other.name == camera.name for other in self.found or ()) > 1:
                name = f"{name} ({camera.index})"
            action = self._choice(self, group, name, Source("camera", str(camera.index)))
            action.setChecked(source.kind == "camera" and source.where == str(camera.index))
        if self._looks:
            self.addAction(_("Looking for cameras …")).setEnabled(False)
        elif self.found == ():
            self.addAction(_("No camera is connected")).setEnabled(False)
        if not self._looks:
            self.addAction(theme.icon("rotate"), _("Look for cameras again"), self._look_again)
        self.addSeparator()
        self._fill_sizes(source)
        self.addMenu(self.sizes)
        self.addAction(self._actions["mirror"])
        self.addSeparator()
        self.addAction(self._actions["demo"])

    def _fill_sizes(self, source: Source) -> None:
        """Offer the sizes of the camera that shows."""
        menu = self.sizes
        menu.clear()
        menu.setTitle(_("Size of the camera's pictures"))
        known = {str(camera.index): camera.sizes for camera in self.found or ()}
        shows = source.kind == "camera"
        sizes = known.get(source.where, ()) if shows else ()
        if not sizes:
            why = _("This camera does not tell its sizes") if shows else _("Choose a camera first")
            menu.addAction(why).setEnabled(False)
            return
        group = QActionGroup(menu)
        for size in (None, *sizes):
            text = _("The camera's own") if size is None else f"{size[0]} × {size[1]}"
            self._choice(menu, group, text, Source("camera", source.where, size)).setChecked(source.size_wh == size)

    def _choice(self, menu: QMenu, group: QActionGroup, text: str, source: Source) -> QAction:
        action = menu.addAction(text.replace("&", "&&"))
        action.setCheckable(True)
        action.setData(source)
        group.addAction(action)
        action.triggered.connect(self._choose)
        return action

    @Slot()
    def _choose(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        self.chosen.emit(action.data())
