"""What a person can do in the window: choosers, keys, drop, paste, undo, export, dialogs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLabel, QToolButton, QWidget

from explorer.engine.events import NetworkReady, ResultReady
from explorer.filters.bank import BANK
from explorer.recipe import Recipe
from explorer.render.colours import MAPS
from explorer.settings import Settings
from explorer.sources import samples as gallery
from explorer.values import Source
from tests.ui import samples
from tests.ui.desk import Desk, desk, key, open_camera, until
from ui import actions, theme
from ui.dialogs.about import About
from ui.dialogs.keyboard import Keyboard
from ui.dialogs.preferences import Preferences
from ui.presenting import SCENE_KEYS
from ui.widgets import camera_permission
from ui.widgets.late import Late


def dialog(one: Desk, kind: type[QDialog]) -> QDialog:
    found = one.window.findChildren(kind)
    assert len(found) == 1
    return found[0]


# the table of commands


def test_no_two_commands_share_a_key() -> None:
    keys = [QKeySequence(k).toString() for command in actions.named() for k in command.keys]
    lent = set(SCENE_KEYS.values())  # to the lesson, while it shows
    assert {k for k, count in Counter(keys).items() if count > 1} == lent
    assert "" not in keys  # every key is one that Qt knows


def test_every_command_of_the_table_has_its_action_and_icon(one: Desk) -> None:
    assert set(one.window.commands) == {command.name for command in actions.named()}
    for command in actions.named():
        assert not command.icon or not one.window.commands[command.name].icon().isNull()


# places where the window must fit


@pytest.mark.parametrize(
    ("size", "scale"), [((1280, 800), 1.0), ((1280, 800), 1.5), ((1920, 1080), 1.0), ((1920, 1080), 2.0)]
)
def test_the_window_fits_and_cuts_no_text(qapp: QApplication, size: tuple[int, int], scale: float) -> None:
    settings = Settings(language="en", theme="dark", font_scale=scale)
    with desk(qapp, settings=settings) as one:
        one.show(*size)
        one.load()
        QApplication.processEvents()  # a splitter hears of a new least height only then
        least = one.window.minimumSizeHint()
        assert (least.width() <= size[0], least.height() <= size[1]) == (True, True), least
        for button in one.window.findChildren(QToolButton):
            if button.isVisible() and button.toolButtonStyle() != Qt.ToolButtonStyle.ToolButtonIconOnly:
                assert button.fontMetrics().horizontalAdvance(button.text()) < button.width(), button.text()
        for label in one.window.findChildren(QLabel):
            if label.isVisible() and label.objectName() in ("title", "badge", "status"):
                assert label.width() >= label.sizeHint().width(), label.text()
        for panel in one.window.explore.findChildren(QWidget, "panel"):
            if panel.isVisible():
                assert panel.height() >= panel.minimumSizeHint().height(), panel.accessibleName()


def test_what_has_no_room_goes_behind_a_tab_and_comes_back(one: Desk) -> None:
    explore = one.window.explore
    for late in explore.findChildren(Late):
        assert late.widget
    seen: dict[tuple[tuple[int, int], float], set[str]] = {}
    for size, scale in (((1280, 800), 1.0), ((1920, 1080), 1.0), ((1280, 800), 1.6), ((1280, 800), 1.0)):
        one.window.setFixedSize(*size)
        one.controller.prefer(font_scale=scale)
        until(lambda: not one.window.explore.columns._later.isActive())
        panels = explore.findChildren(QWidget, "panel")
        assert len(panels) == 14
        hidden = {type(panel).__name__ for panel in panels if not panel.isVisible()}
        seen.setdefault((size, scale), hidden)
        assert seen[size, scale] == hidden
    behind = {"ProvePanel", "ArithmeticPanel", "NetworkInput", "OverTimePanel", "WhyPanel"} | {
        "TouchPanel",
        "SwitchOffPanel",
    }
    large = {"ChannelInspector", "PixelInspector", "UnitPanel", *behind}
    assert list(seen.values()) == [behind - {"NetworkInput"} | {"PixelInspector"}, behind, large]


def test_borders_that_the_person_moved_stay(one: Desk) -> None:
    columns = one.window.explore.columns
    columns.moveSplitter(400, 1)
    columns.splitterMoved.emit(400, 1)
    first = columns.sizes()[0]
    one.window.setFixedSize(1400, 850)
    until(lambda: not columns._later.isActive())
    assert abs(columns.sizes()[0] - first) < 60


# sources


def test_source_buttons_follow_the_recipe_and_change_it(one: Desk) -> None:
    commands = one.window.commands
    key(one, "F4")
    assert one.store.recipe.source == Source("demo", "")
    checked = {name for name in ("picture", "camera", "demo") if commands[name].isChecked()}
    assert checked == {"demo"}
    open_camera(one)
    assert one.store.recipe.source == Source("camera", "0")
    open_camera(one)  # once more must not switch the button off
    assert commands["camera"].isChecked()
    key(one, "F2")  # back to the last picture
    assert one.store.recipe.source == Source()
    assert commands["picture"].isChecked()
    key(one, "F2")
    assert commands["picture"].isChecked()


def test_the_camera_waits_for_the_permission_of_macos(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = []
    monkeypatch.setattr("ui.opening.ask_for_camera", lambda _window, answer: answers.append(answer))
    open_camera(one)
    assert one.store.recipe.source == Source()
    answers[0](camera_permission.refused())
    assert one.store.recipe.source == Source()
    assert one.window.problem.isVisible()
    answers[0](None)
    assert one.store.recipe.source == Source("camera", "0")


def test_freeze_only_while_live(one: Desk) -> None:
    assert not one.window.commands["freeze"].isEnabled()
    key(one, "F4")
    key(one, "F")
    assert not one.engine.frozen, "there is no frame to hold yet"
    one.give()
    key(one, "F")
    assert one.engine.frozen
    assert one.window.commands["freeze"].isChecked()
    key(one, "F")
    assert not one.engine.frozen


def test_a_live_frame_makes_the_layers_maps_only_where_they_are_seen(one: Desk) -> None:
    one.window._go_to("networks")
    assert one.store.recipe.maps, "a still picture is looked at once"
    one.controller.change(source=Source("demo", ""))
    one.give()
    assert not one.store.recipe.maps
    seen_last = one.store.result_with_maps
    one.give()
    assert one.window.explore.maps._view() is (seen_last and seen_last.view), "of the same network"
    other = one.store.result
    assert other is not None
    one.send(ResultReady(replace(other, view=replace(other.view, layer=one.graph.layers[-1]))))
    assert one.window.explore.layers._chosen() == (seen_last and seen_last.view.layer.id)
    one.controller.change(layer=one.graph.layers[-1].id)
    for place, seen in (("filter", False), ("tasks", False), ("explore", True)):
        one.window._go_to(place)
        assert one.store.recipe.maps is seen
    one.controller.undo()  # to a step that was made where they were not seen
    assert one.store.recipe.maps


def test_samples_from_the_keyboard_go_around(one: Desk) -> None:
    files = [sample.file for sample in gallery()]
    for file in (*files[1:], files[0]):
        key(one, "N")
        assert one.store.recipe.source == Source("sample", file)
    key(one, "Shift+N")
    assert one.store.recipe.source == Source("sample", files[-1])


def test_open_dialog_takes_pictures_and_arrays(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, kind in (("/tmp/그림.png", "picture"), ("/tmp/x.NPY", "array")):
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args, path=path: (path, ""))
        key(one, "Ctrl+O")
        assert one.store.recipe.source == Source(kind, path)  # type: ignore[arg-type]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: ("", ""))
    key(one, "Ctrl+O")
    assert one.store.recipe.source.where == "/tmp/x.NPY"


# network, device, filter


def test_choosing_a_network_without_weights_never_asks_for_a_download(one: Desk) -> None:
    box = one.window.top._network
    assert box.itemText(0) == "Sample Net · trained"
    assert "untrained" in box.itemText(1)
    box.setCurrentIndex(1)
    box.activated.emit(1)
    assert (one.store.recipe.network, one.store.recipe.weights) == ("other", "none")
    box.activated.emit(0)
    assert (one.store.recipe.network, one.store.recipe.weights) == ("sample", "")


def test_the_chosen_network_says_whether_it_is_trained(one: Desk) -> None:
    chooser = one.window.top._network
    assert chooser.currentText() == "Sample Net · trained"
    one.controller.change(weights="none")
    assert chooser.currentText() == "Sample Net · untrained"
    one.controller.change(network="other", weights="mine")
    assert chooser.currentText() == "Other Net · untrained"
    loaded = samples.network(one.graph)
    one.send(NetworkReady(replace(loaded, card=replace(loaded.card, name="other"), trained=True)))
    assert chooser.currentText() == "Other Net · trained"
    assert chooser.itemText(0) == "Sample Net · trained", "one that is not chosen says what choosing it gives"


def test_the_device_is_a_preference(one: Desk) -> None:
    box = one.window.top._device
    assert [box.itemData(row) for row in range(box.count())] == ["auto", "cpu"]
    box.activated.emit(1)
    assert one.store.settings.device == "cpu"
    assert one.engine.preferred[-1].device == "cpu"
    assert one.store.recipe.device == "auto"


def test_filters_by_chooser_and_by_key(one: Desk) -> None:
    box = one.window.top._filter
    box.activated.emit(box.findData(list(BANK)[1]))
    assert one.store.recipe.filters == (list(BANK.values())[1].filter,)
    for named in [*list(BANK.values())[2:], None, next(iter(BANK.values()))]:
        key(one, "K")
        assert one.store.recipe.filters == ((named.filter,) if named else ())
    assert box.currentData() == next(iter(BANK))


def test_filters_that_the_bank_does_not_have_are_told_in_the_chooser(one: Desk) -> None:
    box, listed = one.window.top._filter, one.window.top._filter.count()
    blur, off = BANK["box"].filter, replace(BANK["sharpen"].filter, enabled=False)
    one.controller.change(filters=(blur, off, replace(blur, stride=2)))
    assert box.currentText() == "2 filters"
    box.activated.emit(box.currentIndex())
    assert len(one.store.recipe.filters) == 3
    one.controller.change(filters=(replace(blur, stride=2),))
    assert (box.currentText(), box.count()) == ("1 filter", listed + 1)
    key(one, "K")
    assert one.store.recipe.filters == (next(iter(BANK.values())).filter,)
    assert box.count() == listed
    one.controller.change(filters=(off,))
    assert box.currentText() == "No filter"


# layers and maps


def test_layers_from_the_keyboard(one: Desk) -> None:
    listed = [layer.id for layer in one.window.explore.layers.model.layers]
    first = listed.index(one.store.result.view.layer.id)  # type: ignore[union-attr]
    key(one, "]")
    assert one.store.recipe.layer == listed[first + 1]
    key(one, "PgDown")
    assert one.store.recipe.layer == listed[first + 2]
    key(one, "[")
    key(one, "PgUp")
    assert one.store.recipe.layer == listed[first]
    for _step in listed:
        key(one, "[")
    assert one.store.recipe.layer == listed[0]  # no falling off the end


def test_channels_from_the_keyboard_follow_the_mosaics_order(one: Desk) -> None:
    key(one, "O")
    assert one.store.recipe.view.sort == "mean"
    one.give()
    order = one.store.result.view.order  # type: ignore[union-attr]
    place = list(order).index(one.store.recipe.channel)
    key(one, ".")
    assert one.store.recipe.channel == order[(place + 1) % len(order)]
    one.give()
    key(one, ",")
    assert one.store.recipe.channel == order[place]


def test_colours_scale_and_order_from_the_keyboard(one: Desk) -> None:
    names = list(MAPS)
    key(one, "C")
    assert one.store.recipe.view.colours == names[(names.index("viridis") + 1) % len(names)]
    for scale in ("layer", "fixed", "map"):
        key(one, "S")
        assert one.store.recipe.view.scale == scale


def test_letters_typed_into_the_search_are_no_commands(one: Desk) -> None:
    key(one, "Ctrl+F")
    assert one.window.focusWidget() is one.window.explore.layers.search
    before = one.store.recipe
    QTest.keyClicks(one.window.explore.layers.search, "conv.1")
    assert one.window.explore.layers.search.text() == "conv.1"
    assert one.store.recipe == before


def test_escape_leaves_the_search(one: Desk) -> None:
    key(one, "Ctrl+F")
    search = one.window.explore.layers.search
    QTest.keyClicks(search, "relu")
    QTest.keyClick(search, Qt.Key.Key_Escape)
    assert (search.text(), one.window.focusWidget()) == ("", search)
    QTest.keyClick(search, Qt.Key.Key_Escape)
    assert one.window.focusWidget() is one.window.explore.layers.list


def test_the_button_that_empties_a_field_is_in_the_themes_colour(one: Desk) -> None:
    QTest.keyClicks(one.window.explore.layers.search, "relu")
    (clear,) = one.window.findChildren(QAction, "_q_qlineeditclearaction")
    for name in ("light", "dark"):
        one.controller.prefer(theme=name)
        image = clear.icon().pixmap(40, 40).toImage()
        colours = {
            image.pixelColor(x, y).name() for x in range(40) for y in range(40) if image.pixelColor(x, y).alpha() == 255
        }
        assert theme.current().text in colours


def test_icons_grow_with_the_text(one: Desk) -> None:
    ours = [one.window.top, one.window.explore.source, *one.window._rail.values()]
    buttons = [button for part in ours for button in (part, *part.findChildren(QToolButton)) if button.property("icon")]
    before = [button.iconSize().width() for button in buttons]
    one.controller.prefer(font_scale=2.0)
    assert [button.iconSize().width() for button in buttons] == [2 * width for width in before]


def test_a_click_on_the_picture_shows_its_numbers(one: Desk) -> None:
    explore = one.window.explore
    explore.source.pixel_chosen.emit((3, 4))
    assert explore.pixels.isVisible()
    one.window.setFixedSize(1920, 1080)  # where there is room, both are there
    until(lambda: not explore.columns._later.isActive())
    assert explore.pixels.isVisible()
    assert explore.channel.isVisible()
    one.window.setFixedSize(1280, 800)
    until(lambda: not explore.columns._later.isActive())
    assert explore.columns._detail.count() == 6


# undo and redo


def test_undo_and_redo(one: Desk) -> None:
    undo, redo = one.window.commands["undo"], one.window.commands["redo"]
    start: Recipe = one.store.recipe
    assert (undo.isEnabled(), redo.isEnabled()) == (False, False)
    key(one, "]")
    key(one, "K")
    last = one.store.recipe
    key(one, "Ctrl+Z")
    key(one, "Ctrl+Z")
    assert one.store.recipe == start
    assert (undo.isEnabled(), redo.isEnabled()) == (False, True)
    key(one, "Ctrl+Shift+Z")
    key(one, "Ctrl+Y")
    assert one.store.recipe == last
    assert one.engine.wishes[-1] == last
    assert not redo.isEnabled()


# the window itself


def test_full_screen_and_back(one: Desk) -> None:
    key(one, "F11")
    assert one.window.isFullScreen()
    key(one, "F11")
    assert not one.window.isFullScreen()
    key(one, "F11")
    QTest.keyClick(one.window, Qt.Key.Key_Escape)
    assert not one.window.isFullScreen()
    QTest.keyClick(one.window, Qt.Key.Key_Escape)
    assert not one.window.isFullScreen()


def test_text_size_and_theme_from_the_keyboard(one: Desk) -> None:
    key(one, "Ctrl++")
    assert one.store.settings.font_scale == 1.1
    key(one, "Ctrl+-")
    key(one, "Ctrl+-")
    assert one.store.settings.font_scale == 0.9
    key(one, "Ctrl+D")
    assert (one.store.settings.theme, theme.current().name) == ("light", "light")
    key(one, "Ctrl+D")
    assert theme.current().name == "dark"


def test_preferences_apply_at_once(one: Desk) -> None:
    key(one, "Ctrl+,")
    shown = dialog(one, Preferences)
    assert isinstance(shown, Preferences)
    assert shown._language.currentData() == "en"
    shown._scale.setValue(150)
    assert QApplication.font().pixelSize() == 20
    shown._theme.setCurrentIndex(shown._theme.findData("light"))
    shown._theme.activated.emit(shown._theme.currentIndex())
    assert theme.current().name == "light"
    shown._threads.setValue(1)
    assert one.engine.preferred[-1].threads == 1
    assert one.store.settings.language == "en"
    shown.reject()


def test_a_preference_changes_itself_alone(qapp: QApplication) -> None:
    settings = Settings(language="en", theme="dark", font_scale=1.234, device="cuda:7", threads=900)
    with desk(qapp, settings=settings) as one:
        one.show()
        one.load()  # only "cpu" is listed
        key(one, "Ctrl+,")
        shown = dialog(one, Preferences)
        assert isinstance(shown, Preferences)
        assert (shown._device.currentData(), shown._threads.value()) == ("cuda:7", 900)
        shown._theme.setCurrentIndex(shown._theme.findData("light"))
        shown._theme.activated.emit(shown._theme.currentIndex())
        assert one.store.settings == settings.with_(theme="light")
        shown.reject()


def test_keyboard_map_shows_every_key(one: Desk) -> None:
    key(one, "?")
    shown = dialog(one, Keyboard)
    words = {label.text() for label in shown.findChildren(QLabel)}
    for group in actions.COMMANDS.values():
        for command in group:
            assert set(actions.shown_keys(command)) <= words
            assert not command.keys or command.text.rstrip("…") in words
    shown.reject()


def test_about_names_the_lecture_and_the_versions(one: Desk) -> None:
    from importlib.metadata import version

    one.window.commands["about"].trigger()
    shown = dialog(one, About)
    words = " ".join(label.text() for label in shown.findChildren(QLabel))
    for expected in (
        "Convolution Neural Network / Computer vision",
        "Vision and Learning laboratory",
        "강준규",
        "cs231n.stanford.edu",
        "LGPL",
        version("torch"),
        version("PySide6-Essentials"),
    ):
        assert expected in words
    shown.reject()
