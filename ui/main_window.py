"""The window: the rail of places, the bars around them, and what the commands do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QEvent, QIODevice, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.engine.events import Exported
from explorer.settings import FONT_SCALES
from explorer.text import N_, _
from explorer.zoo import own
from ui import theme
from ui.actions import Actions, named
from ui.controller import Controller
from ui.filming import Filming
from ui.opening import Opening
from ui.panels.problem_strip import ProblemStrip
from ui.panels.status_bar import StatusBar
from ui.panels.top_bar import TopBar
from ui.places.explore import Explore
from ui.places.places import Places
from ui.presenting import Presenting
from ui.store import Store
from ui.widgets.intake import Intake
from ui.widgets.saving import ask_where
from ui.widgets.source_name import source_name

if TYPE_CHECKING:
    from ui.places.places import Place

EXPORTS = {
    "export_mosaic": ("mosaic", N_("maps"), "png"),
    "export_map": ("map", N_("map"), "png"),
    "export_maps": ("maps", N_("maps"), "npz"),
    "export_input": ("input", N_("input"), "npy"),
    "export_statistics": ("statistics", N_("statistics"), "csv"),
    "export_predictions": ("predictions", N_("predictions"), "csv"),
}
_CLEAR = "_q_qlineeditclearaction"
"""Qt's name for the button that empties a field; its own icon is black on black."""
SMALLEST = QSize(1024, 640)
_PLACES = (
    ("place_explore", "explore"),
    ("place_filter", "filter"),
    ("place_arithmetic", "arithmetic"),
    ("place_networks", "network"),
    ("place_tasks", "tasks"),
    ("place_lesson", "lesson"),
)
"""The rail, from top to bottom: the commands that lead to the places, and their icons."""


class MainWindow(QMainWindow):
    """Places and menus; everything else is in the panels.

    Signals:
        painted: the window is on the screen for the first time; what is slow may begin.
        closed: the person closed it.
    """

    painted = Signal()
    closed = Signal()

    def __init__(self, store: Store, controller: Controller) -> None:
        super().__init__()
        self._store, self._controller = store, controller
        self._was_painted = False
        self.setAcceptDrops(True)
        self.setMinimumSize(SMALLEST)
        self.explore = Explore(store, controller)
        self.opening = Opening(store, controller, self.explore.source.playback, self)
        self.filming = Filming(store, controller, self)
        self.intake = self.opening.intake
        self.places = Places(self.explore, store, controller, self)
        self.status = StatusBar(store, controller)
        self.presenting = Presenting(store, controller, self.places, self._show_place, self)
        handled = (self.explore, self.status, self.opening, self.filming, self.presenting)
        self.commands = Actions(self, {k: v for part in handled for k, v in part.handlers().items()} | self._handlers())
        self.presenting.dress(self.commands)
        for command in named():
            if command.icon:
                theme.set_icon(self.commands[command.name], command.icon)
        menus = self.opening.menus(self.commands) | self.filming.menus(self.commands)
        self.top = TopBar(store, controller, self.commands, menus)
        self.status.add(self.filming.state, self.filming.maps)
        self.problem = ProblemStrip(store, controller)
        self._rail: dict[str, QToolButton] = {}
        self.setCentralWidget(self._arranged())
        self._dress_fields(self)
        store.live_changed.connect(self._ask_for_maps)
        store.recipe_changed.connect(self._ask_for_maps)
        self.places.explore_wanted.connect(self._go_to_explore)
        self.places.weights_wanted.connect(self._show_weights)
        self.places.came.connect(self._dress_fields)
        self.top.networks_wanted.connect(self._go_to_networks)
        self.presenting.shown_changed.connect(self._rail["place_lesson"].setChecked)
        self.presenting.chrome_changed.connect(self._show_chrome)
        self.painted.connect(self.presenting.begin)
        self.explore.source.open_requested.connect(self.opening.choose_file)
        self.explore.source.shelf.kept.connect(self._say_kept)
        self.opening.network_arrived.connect(self._open_network)
        self.intake.deck_arrived.connect(self.presenting.open_deck)
        self.opening.drawing_shown.connect(self.explore.source.pad.setFocus)
        self.opening.told.connect(self.status.say)
        self.opening.answered.connect(self.top.show_recipe)
        self.problem.details_wanted.connect(self._show_details)
        controller.exported.connect(self._say_exported)
        controller.details_wanted.connect(self._show_details)
        store.frame_changed.connect(self._show_title)
        self.retranslate()
        self._go_to(store.settings.place)

    def _arranged(self) -> QWidget:
        central = QWidget(self)
        central.setObjectName("window")
        places = QVBoxLayout()
        places.setContentsMargins(0, 8, 8, 0)
        places.setSpacing(8)
        places.addWidget(self.top)
        places.addWidget(self.problem)
        beside = QSplitter(Qt.Orientation.Horizontal, central)
        beside.setChildrenCollapsible(False)
        beside.setHandleWidth(8)
        beside.addWidget(self.presenting.dock)
        beside.addWidget(self.places)
        beside.setStretchFactor(1, 1)
        places.addWidget(beside, 1)
        places.addWidget(self.status)
        self._left = QWidget(central)
        rail = QVBoxLayout(self._left)
        rail.setContentsMargins(6, 8, 6, 8)
        rail.setSpacing(4)
        for name, icon in _PLACES:
            rail.addWidget(self._rail_button(name, icon))
            self._rail[name].setCheckable(True)
            self._rail[name].setAutoExclusive(name != "place_lesson")  # which stands beside the places
        rail.addStretch(1)
        for name, icon in (("theme", "moon"), ("keys", "keyboard"), ("preferences", "settings"), ("about", "info")):
            rail.addWidget(self._rail_button(name, icon))
        row = QHBoxLayout(central)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._left)
        row.addLayout(places, 1)
        return central

    def _rail_button(self, name: str, icon: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName("rail")
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        theme.set_icon(button, icon)
        button.clicked.connect(self.commands[name].trigger)
        self._rail[name] = button
        return button

    def _handlers(self) -> dict[str, Callable[[], None]]:
        return {
            "open_network": self._choose_network,
            "network_card": self._edit_network,
            "snapshot": self.explore.source.shelf.take,
            "undo": self._controller.undo,
            "redo": self._controller.redo,
            **{name: partial(self._export, name) for name in EXPORTS},
            "export_window": self._export_window,
            "full_screen": self._full_screen,
            "find_layer": self._find,
            "get_weights": self._get_weights,
            "place_explore": self._go_to_explore,
            "place_networks": self._go_to_networks,
            "place_filter": partial(self._go_to, "filter"),
            "place_arithmetic": partial(self._go_to, "arithmetic"),
            "place_tasks": partial(self._go_to, "tasks"),
            "larger": partial(self._scale_text, 0.1),
            "smaller": partial(self._scale_text, -0.1),
            "theme": self._switch_theme,
            "preferences": self._show_preferences,
            "keys": self._show_keys,
            "about": self._show_about,
            "quit": self._quit,
        }

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.commands.retranslate()
        texts = {
            "place_explore": _("Explore"),
            "place_networks": _("Networks"),
            "place_filter": _("Filter"),
            "place_arithmetic": _("Arithmetic"),
            "place_tasks": _("Tasks"),
            "place_lesson": _("Lesson"),
            "theme": _("Theme"),
            "keys": _("Keyboard"),
            "preferences": _("Settings"),
            "about": _("About"),
        }
        for name, button in self._rail.items():
            button.setText(texts[name])
            button.setAccessibleName(texts[name])
            button.setToolTip(self.commands[name].toolTip())
        self._show_title()

    # what Qt calls

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language, theme or text size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.WindowStateChange:
            theme.set_icon(self.commands["full_screen"], "window" if self.isFullScreen() else "fullscreen")
            self._rest()
        elif event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "_rail"):
            theme.set_icon(self._rail["theme"], "sun" if theme.current().name == "dark" else "moon")
            for button in self._rail.values():
                button.setFixedSize(theme.px(66), theme.px(50))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell once that the window is on the screen."""
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self.painted.emit)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave a field, or else the full screen, with Escape, as everywhere."""
        escape = event.key() == Qt.Key.Key_Escape
        if escape and isinstance(self.focusWidget(), QLineEdit):
            self.places.shown.home()
        elif escape and self.presenting.bare:
            self.presenting.toggle_chrome()
        elif escape and self.isFullScreen():
            self._full_screen()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let the application end what goes on, after the window is gone from the screen."""
        super().closeEvent(event)
        self.hide()
        self.intake.wait()
        self.closed.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take anything that may be a picture."""
        if Intake.fits(event.mimeData()):
            _copy(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Show what was dropped."""
        _copy(event)
        self.intake.take(event.mimeData())

    # the places

    @Slot()
    def _go_to_explore(self) -> None:
        self._go_to("explore")

    @Slot()
    def _go_to_networks(self) -> None:
        self._go_to("networks")

    def _go_to(self, name: str) -> None:
        """Show a place, and give it the keyboard."""
        self._show_place(name).home()

    def _show_place(self, name: str) -> Place:
        """Show a place and return it; the next start begins there."""
        place = self.places.show_place(name, self.commands)
        self._rail["place_explore" if place is self.explore else f"place_{name}"].setChecked(True)
        self._controller.prefer(place=name)
        self._rest()
        return place

    @Slot(bool)
    def _show_chrome(self, bare: bool) -> None:
        """Show only the scene and its place, or rail and bars too."""
        for part in (self._left, self.top, self.status):
            part.setHidden(bare)

    def _rest(self) -> None:
        """Spare live frames the network where nobody sees what it makes of them; the stream goes on."""
        self._controller.rest(self.isMinimized() or self.places.shown is self.places.arithmetic)
        self._ask_for_maps()

    @Slot()
    def _ask_for_maps(self) -> None:
        """Let a live frame make the chosen layer's maps only where they are seen."""
        seen = self.places.shown is self.explore or not self._store.live
        if seen != self._store.recipe.maps:  # also after a step back to a time when they were not wanted
            self._controller.adjust(maps=seen)

    @Slot()
    def _get_weights(self) -> None:
        self._show_weights(self._store.recipe.network)

    @Slot(str)
    def _show_weights(self, network: str) -> None:
        self._go_to("networks")
        if self.places.networks is not None:
            self.places.networks.show_weights(network)

    @Slot()
    def _find(self) -> None:
        self.places.shown.start_search()

    @Slot(QWidget)
    def _dress_fields(self, part: QWidget) -> None:
        """Give the button that empties a field an icon that follows the theme."""
        for action in part.findChildren(QAction, _CLEAR):
            theme.set_icon(action, "close")

    # what the commands do

    @Slot()
    def _choose_network(self) -> None:
        network = self._store.recipe.network
        where = network if own.is_own(network) and not network.startswith(own.IN_MEMORY) else ""
        patterns = " ".join(f"*{suffix}" for suffix in own.SUFFIXES)
        kinds = ";;".join((_("Networks ({patterns})").format(patterns=patterns), _("All files (*)")))
        path, _kind = QFileDialog.getOpenFileName(self, _("Open a network"), where, kinds)
        if path:
            self._open_network(path)

    @Slot(str)
    def _open_network(self, path: str) -> None:
        self._ask_of_network(path, edits=False)

    @Slot()
    def _edit_network(self) -> None:
        self._ask_of_network(self._store.recipe.network, edits=True)

    def _ask_of_network(self, path: str, edits: bool) -> None:
        from ui.dialogs.open_network import OpenNetwork

        dialog = OpenNetwork(self._store, self._controller, path, edits, self)
        dialog.another_wanted.connect(self._choose_network, Qt.ConnectionType.QueuedConnection)
        self._show_dialog(dialog)

    def _export(self, name: str) -> None:
        result = self._store.result
        if result is None:
            return
        kind, what, suffix = EXPORTS[name]
        network = result.recipe.network
        parts = [Path(result.frame.source).stem, Path(network).stem if own.is_own(network) else network]
        stem = "-".join([*parts, *([] if kind == "input" else [result.view.layer.id]), _(what)])
        if kind == "map":
            stem += f"-{result.view.channel}"
        suffixes = ("csv", "json") if suffix == "csv" else (suffix,)
        if path := ask_where(self, self.commands[name].text(), stem, *suffixes):
            self._controller.export(kind, path)

    @Slot()
    def _export_window(self) -> None:
        """Keep the window, or the scene, as a picture."""
        picture = QBuffer(self)
        picture.open(QIODevice.OpenModeFlag.WriteOnly)
        self.grab().save(picture, "PNG")
        data = bytes(picture.data().data())
        if path := ask_where(self, self.commands["export_window"].text(), self.presenting.picture_name, "png"):
            self._controller.save(path, lambda file: file.write(data), **self.presenting.shown)

    @Slot(object)
    def _say_exported(self, event: Exported) -> None:
        self.status.say(_("Saved: {paths}").format(paths=", ".join(event.paths)))

    @Slot(str)
    def _say_kept(self, name: str) -> None:
        self.status.say(_("In the gallery: {name}").format(name=name))

    @Slot()
    def _full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _scale_text(self, step: float) -> None:
        low, high = FONT_SCALES
        scale = round(min(max(self._store.settings.font_scale + step, low), high), 2)
        self._controller.prefer(font_scale=scale)

    @Slot()
    def _switch_theme(self) -> None:
        self._controller.prefer(theme="light" if theme.current().name == "dark" else "dark")

    @Slot()
    def _show_preferences(self) -> None:
        from ui.dialogs.preferences import Preferences

        self._show_dialog(Preferences(self._store, self._controller, self))

    @Slot()
    def _show_keys(self) -> None:
        from ui.dialogs.keyboard import Keyboard

        self._show_dialog(Keyboard(self))

    @Slot()
    def _show_about(self) -> None:
        from ui.dialogs.about import About

        self._show_dialog(About(self))

    @Slot(str)
    def _show_details(self, details: str) -> None:
        from ui.dialogs.details import Details

        self._show_dialog(Details(details, self))

    def _show_dialog(self, dialog: QDialog) -> None:
        """Show a dialog over the window; frames keep coming behind it."""
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setModal(True)
        dialog.show()

    @Slot()
    def _quit(self) -> None:
        self.close()

    @Slot()
    def _show_title(self) -> None:
        frame = self._store.frame
        source = self._store.frame_source
        self.setWindowTitle(f"{source_name(source, frame)} – CNN Explorer" if frame and source else "CNN Explorer")


def _copy(event: QDropEvent) -> None:
    """Take what is dragged as a copy: after a move, which Shift asks for, its giver would delete it."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()
