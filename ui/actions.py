"""Everything that can be done from the keyboard, in one table; menus, buttons and the keyboard map all read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from explorer.text import N_, _


@dataclass(frozen=True)
class Command:
    """One thing that a person can do.

    Attributes:
        name: what the code calls it; "" for keys that only work inside the panel that has the focus.
        text: what a person calls it, marked for translation.
        keys: its shortcuts, the first of them shown.
        icon: a file of ``resources/icons``, or "".
    """

    name: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""


COMMANDS: dict[str, tuple[Command, ...]] = {
    N_("Source"): (
        Command("open", N_("Open a picture or a video…"), ("Ctrl+O",), "picture"),
        Command("open_folder", N_("Open a folder of pictures…"), (), "folder"),
        Command("open_address", N_("Open an address…"), ("Ctrl+L",), "address"),
        Command("open_network", N_("Open a network…"), ("Ctrl+Shift+O",), "network"),
        Command("network_card", N_("How the own network is prepared…")),
        Command("paste", N_("Paste a picture, a path or an address"), ("Ctrl+V",), "paste"),
        Command("picture", N_("Picture"), ("F2",), "picture"),
        Command("camera", N_("Camera"), ("F3",), "camera"),
        Command("video", N_("Video"), ("F6",), "video"),
        Command("demo", N_("Demo"), ("F4",), "demo"),
        Command("draw", N_("Draw"), ("F5",), "pen"),
        Command("", N_("On the drawing pad: pen or eraser, thicker, thinner, clear"), ("X", "+", "-", "Delete")),
        Command("", N_("While painting on the picture: take the last stroke back, end"), ("Ctrl+Z", "Esc")),
        Command("next_sample", N_("Next sample picture"), ("N",)),
        Command("previous_sample", N_("Previous sample picture"), ("Shift+N",)),
        Command(
            "",
            N_("On the buttons Picture, Video and Camera: what was open before, other cameras"),
            ("Alt+Down", "Menu"),
        ),
        Command("freeze", N_("Freeze or go on"), ("F",), "freeze"),
        Command("", N_("On the picture: freeze or go on"), ("Space",)),
        Command("step_back", N_("One frame back"), ("Ctrl+Left",), "step-back"),
        Command("step_on", N_("One frame on"), ("Ctrl+Right",), "step-on"),
        Command("slower", N_("Video slower"), ("Ctrl+Down",)),
        Command("faster", N_("Video faster"), ("Ctrl+Up",)),
        Command("loop", N_("Video: begin anew at the end, or stay there"), ("Ctrl+R",), "loop"),
        Command("record", N_("Record a film, or end it"), ("R",), "record"),
        Command("keep_maps", N_("Keep the raw maps of the next frames (NPZ)…")),
        Command("snapshot", N_("Keep this frame in the gallery"), ("G",), "snapshot"),
        Command("", N_("In the gallery: remove a frame that you kept"), ("Delete",)),
        Command("mirror", N_("Mirror the live picture"), ("M",), "flip-horizontal"),
        Command("next_filter", N_("Next filter"), ("K",), "filter"),
    ),
    N_("Layers and maps"): (
        Command("next_layer", N_("Next layer"), ("PgDown", "]")),
        Command("previous_layer", N_("Previous layer"), ("PgUp", "[")),
        Command("next_channel", N_("Next channel"), (".",)),
        Command("previous_channel", N_("Previous channel"), (",",)),
        Command("next_colours", N_("Next colour map"), ("C",), "palette"),
        Command("next_scale", N_("Next scale: each map, layer, fixed"), ("S",)),
        Command("next_sort", N_("Next order of the maps"), ("O",), "sort"),
        Command("find_layer", N_("Find a layer"), ("Ctrl+F",), "explore"),
        Command("lock_unit", N_("Lock or unlock the unit, whose area stays marked"), ("L",), "lock"),
        Command("unlock_units", N_("Unlock all units"), ("Shift+L",)),
        Command("effective", N_("Effective receptive field of the unit"), ("E",)),
        Command("arithmetic", N_("Arithmetic of the unit: the numbers behind its value"), ("A",)),
        Command("over_time", N_("Over time: what the frames tell together, or the maps again"), ("V",)),
        Command("", N_("In the arithmetic: open a number, back"), ("Return", "Backspace")),
        Command("", N_("In the maps: the neighbouring map"), ("Left", "Right", "Up", "Down")),
        Command(
            "",
            N_("In the map of a channel: the neighbouring unit; in the maps with Shift"),
            ("Left", "Right", "Up", "Down"),
        ),
        Command("", N_("In the graph: along its lines, from branch to branch"), ("Up", "Down", "Left", "Right")),
        Command("", N_("In the graph: fold or unfold a block"), ("Return",)),
        Command("", N_("In the maps, the picture and the graph: zoom in, zoom out, fit"), ("+", "-", "0")),
    ),
    N_("Edit"): (
        Command("undo", N_("Undo"), ("Ctrl+Z",), "undo"),
        Command("redo", N_("Redo"), ("Ctrl+Shift+Z", "Ctrl+Y"), "redo"),
        Command("export_mosaic", N_("Export the maps as one picture…"), ("Ctrl+E",), "export"),
        Command("export_map", N_("Export the chosen map as a picture…"), ("Ctrl+Shift+E",)),
        Command("export_maps", N_("Export the raw maps (NPZ)…")),
        Command("export_input", N_("Export the prepared input (NPY)…")),
        Command("copy_unit", N_("Copy what the unit sees, in numbers"), ("Ctrl+Shift+C",)),
        Command("export_statistics", N_("Export the statistics (CSV or JSON)…")),
        Command("export_predictions", N_("Export the predictions (CSV or JSON)…")),
        Command("export_window", N_("Export the window as a picture…")),
    ),
    N_("Lesson"): (
        Command("place_lesson", N_("Lesson: open or close"), ("Ctrl+6",), "lesson"),
        Command("next_scene", N_("Next scene"), ("PgDown",), "next"),
        Command("previous_scene", N_("Previous scene"), ("PgUp",), "previous"),
        Command("reveal", N_("Reveal the next number, the question or the answer"), ("Space",)),
        Command("conceal", N_("Take back what was revealed last"), ("Shift+Space",)),
        Command("present", N_("Presenter: answers are shown, nothing is scored"), ("Shift+P",), "present"),
        Command("hide_chrome", N_("Only the scene and its place, or everything"), ("H",), "fullscreen"),
        Command("pointer", N_("Laser pointer"), ("P",), "pointer"),
        Command("magnify", N_("Magnifying glass"), ("Z",), "zoom-in"),
        Command("scene_again", N_("Show the scene as it began"), ("Ctrl+Home",)),
        Command("open_deck", N_("Open a deck of scenes…"), (), "folder"),
    ),
    N_("Window"): (
        Command("place_explore", N_("Explore"), ("Ctrl+1",), "explore"),
        Command("place_networks", N_("Networks"), ("Ctrl+2",), "network"),
        Command("place_filter", N_("Filter"), ("Ctrl+3",), "filter"),
        Command("place_arithmetic", N_("Arithmetic"), ("Ctrl+4",), "arithmetic"),
        Command("place_tasks", N_("Tasks"), ("Ctrl+5",), "tasks"),
        Command("", N_("In the list of networks: open in Explore, take an own one out"), ("Return", "Delete")),
        Command("", N_("In a stack's blocks: add, remove, up, down"), ("Insert", "Delete", "Alt+Up", "Alt+Down")),
        Command("", N_("In the filter bank: put a filter in, add it to the chain"), ("Return", "Shift+Return")),
        Command("", N_("In the chain: another order, on or off, out"), ("Alt+Up", "Alt+Down", "Space", "Delete")),
        Command("", N_("In a kernel: type, the next cell, 0, paste"), ("Return", "Tab", "Delete", "Ctrl+V")),
        Command(
            "",
            N_("On the picture of a walk: move the window, walk on its own"),
            ("Left", "Right", "Up", "Down", "Space"),
        ),
        Command(
            "",
            N_("In a case of arithmetic: the value of the output, walk on its own"),
            ("Left", "Right", "Up", "Down", "Space"),
        ),
        Command("get_weights", N_("Get weights…"), ("W",), "download"),
        Command("stage_times", N_("Stage times: what a frame takes"), ("T",), "clock"),
        Command("frame_numbers", N_("Frame number on every panel"), ("Shift+T",)),
        Command("full_screen", N_("Full screen"), ("F11",), "fullscreen"),
        Command("larger", N_("Larger text"), ("Ctrl++", "Ctrl+=")),
        Command("smaller", N_("Smaller text"), ("Ctrl+-",)),
        Command("theme", N_("Light or dark"), ("Ctrl+D",), "moon"),
        Command("preferences", N_("Settings…"), ("Ctrl+,",), "settings"),
        Command("keys", N_("Keyboard…"), ("?", "F1"), "keyboard"),
        Command("about", N_("About…"), (), "info"),
        Command("quit", N_("Quit"), ("Ctrl+Q",)),
    ),
}


class Actions(dict[str, QAction]):
    """A ``QAction`` for every named command, in ``owner``, working in the whole window.

    Args:
        owner: the window.
        handlers: what each command does, by name; every named command needs one.
    """

    def __init__(self, owner: QWidget, handlers: Mapping[str, Callable[[], None]]) -> None:
        super().__init__()
        for command in named():
            action = QAction(owner)
            action.setObjectName(command.name)
            action.setShortcuts([QKeySequence(key) for key in command.keys])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.triggered.connect(handlers[command.name])
            owner.addAction(action)
            self[command.name] = action
        self.retranslate()

    @staticmethod
    def keys_of(name: str) -> tuple[str, ...]:
        """Return the shortcuts that a command usually has."""
        return next(command.keys for command in named() if command.name == name)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        for command in named():
            action = self[command.name]
            action.setText(_(command.text))
            keys = shown_keys(command)
            action.setToolTip(f"{action.text().rstrip('…')} ({keys[0]})" if keys else action.text())


def named() -> list[Command]:
    """Return the commands that work in the whole window."""
    return [command for group in COMMANDS.values() for command in group if command.name]


def with_keys(text: str, *names: str) -> str:
    """Return ``text`` with the first shortcut of each of the named commands behind it."""
    keys = [shown_keys(command)[0] for name in names for command in named() if command.name == name]
    return f"{text} ({', '.join(keys)})"


def shown_keys(command: Command) -> list[str]:
    """Return the command's shortcuts as this system writes them."""
    return [QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in command.keys]
