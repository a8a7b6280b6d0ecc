"""The lesson in the window: its column, its keys, and what a lecturer has in front of a class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QVBoxLayout, QWidget

from explorer.text import _
from ui import theme
from ui.actions import Actions
from ui.controller import Controller
from ui.places.places import Places
from ui.store import Store
from ui.widgets.pointer import Pointer

if TYPE_CHECKING:  # the window opens without
    from explorer.lesson.values import Show
    from ui.lecturing import Lecturing
    from ui.panels.lesson import LessonPanel

SCENE_KEYS = {"next_layer": "PgDown", "previous_layer": "PgUp"}
"""Commands that give a key of theirs to the lesson while it shows: a presenter's remote has only these."""
_ROOMY = 1040
"""Width of a place from which on it has room for everything, px at text size 1."""
_OF_LESSON = ("next_scene", "previous_scene", "reveal", "conceal", "present", "scene_again")


class Presenting(QObject):
    """Made with the window; the lesson itself, with what it imports, when it is first wanted.

    Args:
        places: all of them.
        place: shows the one of a name and returns it; the keyboard stays where it is.
        window: the whole window.

    Attributes:
        dock: the column; hidden while the lesson is closed.
        lecturing: None as long as nobody wanted the lesson.

    Signals:
        shown_changed: the lesson was opened or closed.
        chrome_changed: only scene and place are to be seen, or everything.
    """

    shown_changed, chrome_changed = Signal(bool), Signal(bool)

    def __init__(
        self,
        store: Store,
        controller: Controller,
        places: Places,
        place: Callable[[str], QWidget],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._store, self._controller, self._place, self._window = store, controller, place, window
        self._places, self._spares = places, False
        self._later = QTimer(self)  # after the layout
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._share_room)
        self._commands: Actions | None = None
        self.lecturing: Lecturing | None = None
        self.panel: LessonPanel | None = None
        self.dock = QWidget(window)
        column = QVBoxLayout(self.dock)
        column.setContentsMargins(0, 0, 0, 0)
        self.dock.hide()
        for part in (self.dock, places):
            part.installEventFilter(self)
        self.bare = False
        self._dot, self._glass = Pointer(window), Pointer(window, magnifies=True)
        self._by_mouse = True
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._note_focus)

    def handlers(self) -> Mapping[str, Callable[[], None]]:
        """Return what the commands do, by name."""
        return {
            "place_lesson": self.toggle,
            "next_scene": self._next,
            "previous_scene": self._previous,
            "reveal": self._reveal,
            "conceal": self._conceal,
            "present": self._present,
            "scene_again": self._show_again,
            "hide_chrome": self.toggle_chrome,
            "pointer": self._point,
            "magnify": self._magnify,
            "open_deck": self._choose_deck,
        }

    def dress(self, commands: Actions) -> None:
        """Take the window's commands."""
        self._commands = commands
        for name in ("present", "hide_chrome", "pointer", "magnify"):
            commands[name].setCheckable(True)
        self._share_keys(False)

    @property
    def open(self) -> bool:
        """Whether the lesson shows."""
        return self.lecturing is not None and self.lecturing.open

    @property
    def settled(self) -> bool:
        """Whether the scene that is wanted shows, or why there is none."""
        return not self.open or (self.lecturing is not None and not self.lecturing.reading)

    @property
    def picture_name(self) -> str:
        """What a picture of the window is called."""
        scene = self.lecturing.scene if self.open and self.lecturing is not None else None
        return scene.id if scene is not None else "cnn-explorer"

    @property
    def shown(self) -> dict[str, Any]:
        """The fields of ``reproduce.Kept`` for the scene that shows; none where none does."""
        one = self.lecturing
        if one is None or one.scene is None or not self.open:
            return {}
        size = self._window.width(), self._window.height()
        steps = min(one.revealed, len(one.scene.steps))
        look = {"theme": theme.current().name, "size": size}
        return {"scene": one.scene.id, "deck": one.file, "revealed": steps} | look

    @Slot()
    def begin(self) -> None:
        """Open the lesson where the last session had it open."""
        if self._store.settings.lesson:
            from explorer.lesson import progress

            if progress.read(self._store.settings.lesson).open:
                self.show(True)

    @Slot()
    def toggle(self) -> None:
        """Open the lesson, or close it."""
        self.show(not self.open)

    def show(self, shown: bool) -> None:
        """Open the lesson where the person was, or close it."""
        one = self._made()
        self.dock.setVisible(shown)
        self._share_keys(shown)
        one.show(shown)
        self.shown_changed.emit(shown)
        if shown and self.panel is not None and one.deck is not None:
            self.panel.home()

    def open_deck(self, file: str) -> None:
        """Open the lesson with a lecturer's own deck."""
        self._made().open_deck(file)
        if self.dock.isHidden():
            self.show(True)

    @Slot()
    def toggle_chrome(self) -> None:
        """Show only scene and place, or everything."""
        self.bare = not self.bare
        self._check("hide_chrome", self.bare)
        self.chrome_changed.emit(self.bare)

    # inner

    def _made(self) -> Lecturing:
        if self.lecturing is None:
            from ui.lecturing import Lecturing
            from ui.panels.lesson import LessonPanel
            from ui.staging import Staging

            assert self._commands is not None
            self.lecturing = one = Lecturing(self._store, self._controller, self)
            self.panel = LessonPanel(one, self._commands, self.dock)
            layout = self.dock.layout()
            assert layout is not None
            layout.addWidget(self.panel)
            self._staging = Staging(self._store, self._controller, self._place, self)
            one.wanted.connect(self._stage)
            one.changed.connect(self._show_mode)
            self._show_mode()
        return self.lecturing

    @Slot(object)
    def _stage(self, wanted: Show) -> None:
        """Let the places show what a scene wants, and keep the keyboard for the lesson."""
        self._staging.show(wanted)
        panel, focus = self.panel, self._window.focusWidget()
        if panel is not None and (focus is None or not panel.question.isAncestorOf(focus)):
            panel.home()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the width that the lesson leaves for its place."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide):
            self._later.start()
        return False

    @Slot()
    def _share_room(self) -> None:
        """Spare the place what a scene chooses by itself, where there is little room."""
        narrow = self._places.width() < theme.px(_ROOMY)
        if (spares := self.open and narrow) != self._spares:
            self._spares = spares
            self._places.spare_room(spares)

    def _share_keys(self, with_lesson: bool) -> None:
        """Let the lesson have its keys while it shows, and the layers theirs when not."""
        commands = self._commands
        assert commands is not None
        for name in _OF_LESSON:
            commands[name].setEnabled(with_lesson)
        for name, taken in SCENE_KEYS.items():
            keys = [key for key in commands.keys_of(name) if not (with_lesson and key == taken)]
            commands[name].setShortcuts([QKeySequence(key) for key in keys])

    def _check(self, name: str, on: bool) -> None:
        if self._commands is not None:
            self._commands[name].setChecked(on)

    @Slot()
    def _show_mode(self) -> None:
        self._check("present", self.lecturing is not None and self.lecturing.presents)

    @Slot(QWidget, QWidget)
    def _note_focus(self, _old: QWidget | None, _new: QWidget | None) -> None:
        """Note whether the mouse or a key gave the focus away."""
        self._by_mouse = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton

    # what the keys do

    @Slot()
    def _reveal(self) -> None:
        """Reveal; but a button that has the keyboard is pressed by Space, as ever, unless a click gave it."""
        focus = self._window.focusWidget()
        own = () if self.panel is None else (self.panel.previous, self.panel.reveal, self.panel.next)
        if isinstance(focus, QAbstractButton) and focus not in own and not self._by_mouse and focus.isEnabled():
            focus.click()
        elif self.panel is not None and focus is self.panel.reveal:
            focus.click()  # with nothing left to reveal it says, and opens, the next scene
        elif self.lecturing is not None:
            self.lecturing.reveal()

    @Slot()
    def _conceal(self) -> None:
        if self.lecturing is not None:
            self.lecturing.conceal()

    @Slot()
    def _next(self) -> None:
        if self.lecturing is not None:
            self.lecturing.next()

    @Slot()
    def _previous(self) -> None:
        if self.lecturing is not None:
            self.lecturing.previous()

    @Slot()
    def _present(self) -> None:
        if self.lecturing is not None:
            self.lecturing.present(not self.lecturing.presents)

    @Slot()
    def _show_again(self) -> None:
        if self.lecturing is not None:
            self.lecturing.go(self.lecturing.at)

    @Slot()
    def _point(self) -> None:
        self._dot.set_on(not self._dot.isVisibleTo(self._window))
        self._check("pointer", self._dot.isVisibleTo(self._window))

    @Slot()
    def _magnify(self) -> None:
        self._glass.set_on(not self._glass.isVisibleTo(self._window))
        self._check("magnify", self._glass.isVisibleTo(self._window))

    @Slot()
    def _choose_deck(self) -> None:
        where = "" if self.lecturing is None else self.lecturing.file
        kinds = ";;".join((_("Decks ({patterns})").format(patterns="*.toml"), _("All files (*)")))
        path, _kind = QFileDialog.getOpenFileName(self._window, _("Open a deck of scenes"), where, kinds)
        if path:
            self.open_deck(path)
