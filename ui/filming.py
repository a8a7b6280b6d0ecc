"""How a person records: what, where to, how far it is, and where the file lies."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QObject, QTimer, QUrl, Slot
from PySide6.QtGui import QAction, QActionGroup, QDesktopServices, QImage
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from explorer.recording.values import Filmed, MapsKept
from explorer.text import _, ngettext
from explorer.values import Bytes
from explorer.zoo import own
from ui import theme
from ui.controller import Controller
from ui.store import Store
from ui.widgets.panel import Panel
from ui.widgets.recording_state import RecordingState
from ui.widgets.saving import ask_where

_FASTEST_S, _SLOWEST_S = 1 / 15, 1.0
"""Between two pictures of the window. A panel or the window is painted for each once more, in the window's own thread:
20 ms for 1280 × 800 on 2 cores."""
_SHARE = 0.2
"""At most so much of the window's time goes into that: where a picture takes longer, fewer are taken."""
_FRAMES, _MOST_FRAMES = 30, 10_000


class Filming(QObject):
    """The commands, the menu and the two lines of what is being recorded.

    Args:
        store, controller: as everywhere.
        window: that is recorded, and in whose panels.

    Attributes:
        state: the line of the movie.
        maps: the line of the raw maps.
    """

    def __init__(self, store: Store, controller: Controller, window: QWidget) -> None:
        super().__init__(window)
        self._store, self._controller, self._window = store, controller, window
        self.state, self.maps = RecordingState(window), RecordingState(window)
        self._filmed: Filmed | None = None
        self._kept: MapsKept | None = None
        self._target: QWidget | None = None
        self._panel: Panel | None = None
        self._actions: Mapping[str, QAction] = {}
        self._menu = QMenu(window)
        self._menu.aboutToShow.connect(self._fill_menu)
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._grab)
        self.state.acted.connect(self._act)
        self.maps.acted.connect(self._act_on_maps)
        controller.recorded.connect(self._follow)
        window.installEventFilter(self)

    def handlers(self) -> Mapping[str, Callable[[], None]]:
        """Return what the commands do, by name."""
        return {"record": self.toggle, "keep_maps": self.keep_maps}

    def menus(self, actions: Mapping[str, QAction]) -> dict[str, QMenu]:
        """Return the menu of the button, by the name of its command."""
        self._actions = actions
        actions["record"].setCheckable(True)
        return {"record": self._menu}

    @property
    def recording(self) -> bool:
        """Whether a movie goes on."""
        return self._filmed is not None and self._filmed.state == "on"

    @Slot()
    def toggle(self) -> None:
        """End the recording, or ask where to and begin one."""
        if self.recording:
            self._end()
        else:
            self._begin()
        self._show()

    @Slot()
    def keep_maps(self) -> None:
        """Ask for how many frames and where to, and keep the raw maps of the chosen layer in the next ones."""
        if self._store.result is None:
            return
        title = self._actions["keep_maps"].text().rstrip("…")
        about = _("Frames whose maps of {layer} are kept; in a video that is held, each step is one:").format(
            layer=self._store.recipe.layer or self._store.result.view.layer.id
        )
        frames, good = QInputDialog.getInt(self._window, title, about, _FRAMES, 1, _MOST_FRAMES)
        if good and (path := ask_where(self._window, title, self._stem(_("frames")), "npz")):
            self._controller.dismiss("export")
            self._controller.recordings.keep_maps(path, frames, self._keep_free)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Say everything in another language when the window does."""
        if event.type() == QEvent.Type.LanguageChange:
            self._show()
        return False

    # the movie

    @property
    def _keep_free(self) -> int:
        return self._store.settings.keep_free_mb * 1_000_000

    def _begin(self) -> None:
        what = self._store.settings.record
        if what == "panel" and (self._panel is None or not self._panel.isVisible()):
            what = "composite"  # which panel it was is only known while the window is open
        path = ask_where(self._window, self._actions["record"].text(), self._stem(_("recording")), "mp4")
        if not path:
            return
        self._controller.dismiss("export")
        recordings = self._controller.recordings
        # whoever gave the name of a file that is there has been asked whether to replace it
        if what == "composite":
            recordings.start(path, "composite", True, self._keep_free)
            return
        self._target = self._panel if what == "panel" else self._window
        recordings.start(path, "panel" if what == "panel" else "window", True, self._keep_free, _pixels)
        self._clock.start(round(1000 * _FASTEST_S))

    def _end(self) -> None:
        self._clock.stop()
        self._controller.recordings.stop()

    @Slot()
    def _grab(self) -> None:
        """Take a picture, unless nothing of it is on the screen; the slower that is, the longer until the next."""
        target = self._target
        if not self._controller.recordings.active:  # it was ended by the disk
            self._clock.stop()
        if target is None or not target.isVisible() or self._window.isMinimized():
            return
        start = time.perf_counter()
        image = target.grab().toImage()
        self._controller.recordings.film(image)
        pause_s = min(max((time.perf_counter() - start) / _SHARE, _FASTEST_S), _SLOWEST_S)
        self._clock.setInterval(round(1000 * pause_s))

    # the menu

    @Slot()
    def _fill_menu(self) -> None:
        menu, chosen = self._menu, self._store.settings.record
        menu.clear()
        for child in menu.findChildren(QObject):
            if isinstance(child, QMenu | QActionGroup):
                child.deleteLater()
        group = QActionGroup(menu)
        for what, text in (("composite", _("Picture, maps and answer")), ("window", _("The whole window"))):
            self._choice(menu, group, text, what == chosen, partial(self._choose, what, None))
        panels = QMenu(_("A panel"), menu)
        for panel in self._window.findChildren(Panel):
            if panel.isVisible() and panel.accessibleName():
                checked = chosen == "panel" and panel is self._panel
                self._choice(panels, group, panel.accessibleName(), checked, partial(self._choose, "panel", panel))
        menu.addMenu(panels)
        menu.addSeparator()
        menu.addAction(self._actions["keep_maps"])

    def _choice(self, menu: QMenu, group: QActionGroup, text: str, checked: bool, choose: Callable[[], None]) -> None:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(checked)
        action.setEnabled(not self.recording)
        group.addAction(action)
        action.triggered.connect(choose)

    def _choose(self, what: str, panel: Panel | None) -> None:
        if panel is not None:
            self._panel = panel
        self._controller.prefer(record=what)

    # what is told

    @Slot(object)
    def _follow(self, event: Filmed | MapsKept) -> None:
        if isinstance(event, MapsKept):
            self._kept = event
        else:
            self._filmed = event
        self._show()

    @Slot()
    def _act(self) -> None:
        if self.recording:
            self._end()
        elif self._filmed is not None:
            _open_folder(self._filmed.path)
            self.state.hide()

    @Slot()
    def _act_on_maps(self) -> None:
        kept = self._kept
        if kept is None:
            return
        if kept.state == "on":
            self._controller.recordings.cancel_maps()
        elif kept.state == "done":
            _open_folder(kept.path)
            self.maps.hide()

    def _show(self) -> None:
        action = self._actions.get("record")
        if action is not None:
            action.setChecked(self.recording)
            theme.set_icon(action, "stop" if self.recording else "record")
        self._show_movie()
        self._show_maps()

    def _show_movie(self) -> None:
        filmed = self._filmed
        if filmed is None or not (filmed.pictures or filmed.state == "on"):
            self.state.hide()
            return
        parts = [f"{int(filmed.seconds) // 60}:{int(filmed.seconds) % 60:02}", f"{filmed.size_bytes / 1e6:.1f} MB"]
        if filmed.dropped:
            told = ngettext("{count} picture left out", "{count} pictures left out", filmed.dropped)
            parts.append(told.format(count=filmed.dropped))
        if filmed.state == "on":
            self.state.show_line("  ·  ".join(parts), _("End recording"), True)
        else:
            name = _("Recorded: {file}").format(file=Path(filmed.path).name)
            self.state.show_line("  ·  ".join([name, *parts]), _("Open folder"), False)

    def _show_maps(self) -> None:
        kept = self._kept
        if kept is None or kept.state in ("cancelled", "stopped"):
            self.maps.hide()
            return
        if kept.state == "done":
            text = ngettext("Maps of {count} frame: {file}", "Maps of {count} frames: {file}", kept.frames)
            text = text.format(count=kept.frames, file=Path(kept.path).name)
            self.maps.show_line(f"{text} ({_(kept.why)})" if kept.why else text, _("Open folder"), False)
        elif kept.state == "writing":
            self.maps.show_line(_("Writing the maps …"), "", True)
        else:
            text = _("Maps of frame {count} of {wanted}").format(count=kept.frames, wanted=kept.wanted)
            self.maps.show_line(text, _("Cancel"), True)

    def _stem(self, what: str) -> str:
        recipe, frame = self._store.recipe, self._store.frame
        network = Path(recipe.network).stem if own.is_own(recipe.network) else recipe.network
        return "-".join([*([Path(frame.source).stem] if frame else []), network, what])


def _open_folder(path: str) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(path).parent)))


def _pixels(image: QImage) -> Bytes:
    """Return the pixels of ``image``, uint8 RGB (H, W, 3); the recorder's thread calls it."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    rows: Bytes = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()
