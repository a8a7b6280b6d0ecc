"""How a person opens a picture, a video, a camera or anything else that the window looks at, and holds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from explorer.engine.events import Problem
from explorer.engine.transport import Loop, Step
from explorer.errors import MovesError
from explorer.sources.naming import VIDEOS, source_of
from explorer.text import _
from explorer.values import SEEKABLE, Source
from ui.controller import Controller
from ui.panels.source_menus import CameraMenu, RecentMenu
from ui.playback import Playback
from ui.store import Store
from ui.widgets.camera_permission import ask_for_camera
from ui.widgets.intake import Intake

PICTURES = "*.png *.jpg *.jpeg *.webp *.bmp *.tif *.tiff *.gif *.npy"
_MOVING = frozenset({"video", "stream", "folder"})
_FILES = frozenset({"picture", "array", "video"})


class Opening(QObject):
    """Dialogs, drops, pastes and menus that choose a source, and the commands of one that is live.

    Signals:
        network_arrived: the path of a person's own network, dropped or pasted.
        drawing_shown: the drawing pad is wanted.
        told: what else the person should know.
        answered: a click may have switched a button off that stays as it was.
    """

    network_arrived = Signal(str)
    drawing_shown = Signal()
    told = Signal(str)
    answered = Signal()

    def __init__(self, store: Store, controller: Controller, playback: Playback, window: QWidget) -> None:
        super().__init__(window)
        self._store, self._controller, self._playback, self._window = store, controller, playback, window
        self._camera, self._waits_for_camera = Source("camera", "", mirror=store.settings.mirror), False
        self._moving: Source | None = None
        self._mirrored: QAction | None = None
        self.intake = Intake(self)
        self.intake.arrived.connect(self.open_source)
        self.intake.network_arrived.connect(self.network_arrived)
        self.intake.failed.connect(controller.report)
        self.intake.told.connect(self.told)
        store.recipe_changed.connect(self._remember)
        store.problems_changed.connect(self._follow_moving)

    def handlers(self) -> Mapping[str, Callable[[], None]]:
        """Return what the commands do, by name."""
        return {
            "open": self.choose_file,
            "open_folder": self._choose_folder,
            "open_address": self._choose_address,
            "paste": self._paste,
            "picture": self._show_still,
            "video": self._show_moving,
            "camera": self._show_camera,
            "demo": partial(self._show, Source("demo", "")),
            "draw": self._show_drawing,
            "freeze": self._freeze,
            "mirror": self._mirror,
            "step_back": partial(self._step, -1),
            "step_on": partial(self._step, 1),
            "slower": partial(self._playback.bar.change_speed, -1),
            "faster": partial(self._playback.bar.change_speed, 1),
            "loop": self._loop,
        }

    def menus(self, actions: Mapping[str, QAction]) -> dict[str, QMenu]:
        """Return the menus of the source buttons, by the name of the button's command."""
        self._mirrored = actions["mirror"]
        self._mirrored.setCheckable(True)
        self._show_mirror()
        picture = RecentMenu(
            self._store,
            [actions["open"], actions["open_address"], actions["paste"]],
            ("picture", "array", "address"),
            self._window,
        )
        video = RecentMenu(
            self._store,
            [actions["open"], actions["open_folder"], actions["open_address"]],
            ("video", "stream", "folder"),
            self._window,
        )
        self._cameras = camera = CameraMenu(self._store, self._controller, actions, self._window)
        for menu in (picture, video):
            menu.chosen.connect(self.open_source)
        camera.chosen.connect(self._choose_camera)
        camera.looked.connect(self._show_first_camera)
        return {"picture": picture, "video": video, "camera": camera}

    @Slot(object)
    def open_source(self, source: Source) -> None:
        """Look at ``source``; a camera only after the person has agreed, where the system asks for that."""
        if source.kind == "camera":
            self._open_camera(source)
        else:
            self._controller.change(source=source)

    @Slot()
    def choose_file(self) -> None:
        """Ask for a picture, an array or a video."""
        source = self._store.recipe.source
        where = source.where if source.kind in _FILES else ""
        videos = " ".join(f"*{suffix}" for suffix in VIDEOS)
        kinds = ";;".join(
            (
                _("Pictures, arrays and videos ({patterns})").format(patterns=f"{PICTURES} {videos}"),
                _("Videos ({patterns})").format(patterns=videos),
                _("All files (*)"),
            )
        )
        path, _kind = QFileDialog.getOpenFileName(self._window, _("Open a picture or a video"), where, kinds)
        if path:
            self.open_source(source_of(path))

    @Slot()
    def _choose_folder(self) -> None:
        source = self._store.recipe.source
        where = source.where if source.kind == "folder" else ""
        if source.kind in _FILES:
            where = str(Path(source.where).parent)
        if path := QFileDialog.getExistingDirectory(self._window, _("Open a folder of pictures"), where):
            self.open_source(Source("folder", path))

    @Slot()
    def _choose_address(self) -> None:
        from ui.dialogs.address import AddressDialog

        dialog = AddressDialog(self._window)
        dialog.chosen.connect(self.open_source)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setModal(True)
        dialog.show()

    @Slot()
    def _paste(self) -> None:
        self.intake.take(QGuiApplication.clipboard().mimeData())

    def _show(self, source: Source) -> None:
        self._controller.change(source=source)
        self.answered.emit()

    @Slot()
    def _show_still(self) -> None:
        source = self._store.recipe.source
        if source.live or source.kind == "drawing" or self._store.broken:
            self._controller.change(source=self._controller.still)
        self.answered.emit()

    @Slot()
    def _show_moving(self) -> None:
        """Go back to the last video, stream or folder; where there was none, ask for one."""
        if self._store.recipe.source.kind not in _MOVING:
            if self._moving is None:
                self.choose_file()
            else:
                self._controller.change(source=self._moving)
        self.answered.emit()

    @Slot()
    def _show_camera(self) -> None:
        """Open the last camera, or the first one that there is."""
        if self._camera.where:
            self._open_camera(self._camera)
        else:
            self._waits_for_camera = True
            self._cameras.look()
        self.answered.emit()

    @Slot()
    def _show_first_camera(self) -> None:
        if self._waits_for_camera:
            self._waits_for_camera = False
            found = self._cameras.found
            self._open_camera(replace(self._camera, where=str(found[0].index if found else 0)))

    @Slot(object)
    def _choose_camera(self, source: Source) -> None:
        self._open_camera(replace(source, mirror=self._camera.mirror))

    def _open_camera(self, source: Source) -> None:
        ask_for_camera(self, partial(self._camera_answered, source))
        self.answered.emit()

    def _camera_answered(self, source: Source, refused: Problem | None) -> None:
        if refused is not None:
            self._controller.report(refused)
        elif source == self._store.recipe.source and (self._store.broken or self._store.retrying):
            self._controller.retry()
        else:
            self._controller.change(source=source)

    @Slot()
    def _show_drawing(self) -> None:
        if self._store.recipe.source.kind != "drawing":
            self._controller.change(source=self._controller.drawing)
        self.answered.emit()
        self.drawing_shown.emit()

    @Slot()
    def _mirror(self) -> None:
        """Let left and right change places: of the live source that shows, else of the next camera."""
        source = self._store.recipe.source
        if source.kind == "camera" or not source.live:
            self._camera = replace(self._camera, mirror=not self._camera.mirror)
            self._controller.prefer(mirror=self._camera.mirror)
        if source.live:
            self._controller.change(source=replace(source, mirror=not source.mirror))
        else:
            mirrored = self._camera.mirror
            self.told.emit(_("The camera will be mirrored") if mirrored else _("The camera will not be mirrored"))
        self._show_mirror()

    @Slot()
    def _freeze(self) -> None:
        if self._store.live or self._controller.frozen:
            self._controller.freeze(not self._controller.frozen)
        self.answered.emit()

    def _step(self, frames: int) -> None:
        if self._store.recipe.source.kind in SEEKABLE:
            self._controller.play(Step(frames))

    @Slot()
    def _loop(self) -> None:
        if self._store.playing is not None:
            self._controller.play(Loop(not self._store.playing.loop))

    @Slot()
    def _follow_moving(self) -> None:
        """Open an address anew whose server says that its pictures move."""
        source, problem = self._store.recipe.source, self._store.problems.get("source")
        if source.kind == "address" and problem is not None and isinstance(problem.error, MovesError):
            self._controller.adjust(source=Source("stream", source.where))
            self._controller.dismiss("source")

    @Slot()
    def _remember(self) -> None:
        """Keep what the buttons Video and Camera lead back to."""
        source = self._store.recipe.source
        if source.kind in _MOVING:
            self._moving = source
        elif source.kind == "camera":
            self._camera = source
        self._show_mirror()

    def _show_mirror(self) -> None:
        source = self._store.recipe.source
        if self._mirrored is not None:
            self._mirrored.setChecked((source if source.live else self._camera).mirror)
