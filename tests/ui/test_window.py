"""What a person can do in the window: choosers, keys, drop, paste, undo, export, dialogs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QGuiApplication, QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLabel, QToolButton, QWidget

from explorer.engine.events import FrameRead, ResultReady
from explorer.filters.bank import KERNELS
from explorer.recipe import Recipe
from explorer.render.colours import MAPS
from explorer.settings import Settings
from explorer.sources import samples as gallery
from explorer.values import Source
from tests.ui import samples
from tests.ui.desk import Desk, desk, until
from ui import actions, theme
from ui.dialogs.about import About
from ui.dialogs.keyboard import Keyboard
from ui.dialogs.preferences import Preferences
from ui.panels import top_bar
from ui.widgets import camera_permission
from ui.widgets.cameras import cameras
from ui.widgets.intake import source_of


@pytest.fixture
def one(qapp: QApplication):  # type: ignore[no-untyped-def]
    with desk(qapp) as it:
        it.show()
        it.load()
        yield it


def key(one: Desk, keys: str) -> None:
    """Type a shortcut into the window."""
    QTest.keySequence(one.window, QKeySequence(keys))


def dialog(one: Desk, kind: type[QDialog]) -> QDialog:
    found = one.window.findChildren(kind)
    assert len(found) == 1
    return found[0]


# the table of commands


def test_no_two_commands_share_a_key() -> None:
    keys = [QKeySequence(k).toString() for command in actions.named() for k in command.keys]
    assert [k for k, count in Counter(keys).items() if count > 1] == []
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


def test_everything_that_takes_the_focus_has_a_name(one: Desk) -> None:
    nameless = [
        widget
        for widget in one.window.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.isVisible()
        and not (widget.accessibleName() or getattr(widget, "text", str)())
        and type(widget).__module__ != "PySide6.QtWidgets"
    ]
    assert nameless == []


def test_tab_reaches_every_part_of_the_window(one: Desk) -> None:
    widget: QWidget | None = one.window.focusWidget()
    start = widget
    reached: list[QWidget] = []
    while not reached or widget is not start:
        assert widget is not None
        reached.append(widget)
        widget = widget.nextInFocusChain()
    parts = [one.window.top, one.window.explore.source, one.window.explore.layers, one.window.explore.maps]
    for part in parts:
        assert any(part.isAncestorOf(w) for w in reached if w.focusPolicy() & Qt.FocusPolicy.TabFocus), part


def test_what_has_no_room_goes_behind_a_tab_and_comes_back(one: Desk) -> None:
    explore = one.window.explore
    seen: dict[tuple[tuple[int, int], float], set[str]] = {}
    for size, scale in (((1280, 800), 1.0), ((1920, 1080), 1.0), ((1280, 800), 1.6), ((1280, 800), 1.0)):
        one.window.setFixedSize(*size)
        one.controller.prefer(font_scale=scale)
        until(lambda: not one.window.explore.columns._later.isActive())
        panels = explore.findChildren(QWidget, "panel")
        assert len(panels) == 7
        hidden = {type(panel).__name__ for panel in panels if not panel.isVisible()}
        seen.setdefault((size, scale), hidden)
        assert seen[size, scale] == hidden
    assert list(seen.values()) == [{"PixelInspector"}, set(), {"ChannelInspector", "PixelInspector", "NetworkInput"}]


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
    key(one, "Ctrl+3")
    assert one.store.recipe.source == Source("demo", "")
    checked = {name for name in ("picture", "camera", "demo") if commands[name].isChecked()}
    assert checked == {"demo"}
    key(one, "Ctrl+2")
    assert one.store.recipe.source == Source("camera", "0")
    key(one, "Ctrl+2")  # once more must not switch the button off
    assert commands["camera"].isChecked()
    key(one, "Ctrl+1")  # back to the last picture
    assert one.store.recipe.source == Source()
    assert commands["picture"].isChecked()
    key(one, "Ctrl+1")
    assert commands["picture"].isChecked()


def test_another_camera_from_the_menu(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    menu = one.window.top._camera_menu
    monkeypatch.setattr(top_bar, "cameras", lambda: (0, 2))
    menu.aboutToShow.emit()
    assert [entry.text() for entry in menu.actions()] == ["Camera 0", "Camera 2", "", "Demo"]
    menu.actions()[1].trigger()
    assert one.store.recipe.source == Source("camera", "2")
    monkeypatch.setattr(top_bar, "cameras", tuple)
    menu.aboutToShow.emit()
    assert (menu.actions()[0].text(), menu.actions()[0].isEnabled()) == ("No camera is connected", False)
    menu.actions()[-1].trigger()
    assert one.store.recipe.source == Source("demo", "")


def test_linux_shows_its_cameras_without_opening_them(tmp_path: Path) -> None:
    assert cameras(tmp_path, "linux") == ()
    for name in ("video10", "video2", "videos", "null"):
        (tmp_path / name).touch()
    assert cameras(tmp_path, "linux") == (2, 10)
    assert cameras(tmp_path, "darwin") == cameras(tmp_path, "win32") == (0, 1)


def test_the_camera_waits_for_the_permission_of_macos(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = []
    monkeypatch.setattr("ui.main_window.ask_for_camera", lambda _window, answer: answers.append(answer))
    key(one, "Ctrl+2")
    assert one.store.recipe.source == Source()
    answers[0](camera_permission.refused())
    assert one.store.recipe.source == Source()
    assert one.window.problem.isVisible()
    answers[0](None)
    assert one.store.recipe.source == Source("camera", "0")


def test_freeze_only_while_live(one: Desk) -> None:
    assert not one.window.commands["freeze"].isEnabled()
    key(one, "Ctrl+3")
    key(one, "F")
    assert not one.engine.frozen, "there is no frame to hold yet"
    one.give()
    key(one, "F")
    assert one.engine.frozen
    assert one.window.commands["freeze"].isChecked()
    key(one, "F")
    assert not one.engine.frozen


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


def test_recent_files_are_in_the_menu_and_open(qapp: QApplication) -> None:
    with desk(qapp, settings=Settings(language="en", recent=("/tmp/a.png", "https://example.org/b.jpg"))) as one:
        one.show()
        menu = one.window.top._picture_menu
        menu.aboutToShow.emit()
        menu.actions()[-1].trigger()
        assert one.store.recipe.source == Source("address", "https://example.org/b.jpg")


def test_what_was_opened_becomes_recent_but_not_what_was_pasted(one: Desk, own_home: Path) -> None:
    frame = samples.result().frame
    for source in (
        Source("picture", "/tmp/a.png"),
        Source("sample", "coffee.png"),
        Source("picture", str(own_home / "data" / "pasted" / "pasted-1")),
        Source("address", "https://example.org/b.jpg"),
        Source("picture", "/tmp/a.png"),
    ):
        one.send(FrameRead(source, frame))
    assert one.store.settings.recent == ("/tmp/a.png", "https://example.org/b.jpg")


# drop and paste


def drop(one: Desk, mime: QMimeData, on: QWidget | None = None) -> bool:
    """Drop ``mime`` the way Qt does, and return whether it was taken."""
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPoint(5, 5), copy, mime, left, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(on or one.window, enter)
    if enter.isAccepted():
        event = QDropEvent(QPointF(5, 5), copy, mime, left, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(on or one.window, event)
    return enter.isAccepted()


def test_drop_of_a_file_an_address_and_text(one: Desk) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/tmp/고양이 1.png"), QUrl.fromLocalFile("/tmp/2.png")])
    assert drop(one, mime)
    assert one.store.recipe.source == Source("picture", "/tmp/고양이 1.png")
    one.give()  # a result does not take the words away
    assert one.window.status._times.text() == "Of 2 files the first is shown: 고양이 1.png"
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/cat.jpg")])
    assert drop(one, mime)
    assert one.store.recipe.source == Source("address", "https://example.org/cat.jpg")
    mime = QMimeData()
    mime.setText("  /tmp/x.npy\n")
    assert drop(one, mime)
    assert one.store.recipe.source == Source("array", "/tmp/x.npy")


def test_drop_of_nothing_is_refused(one: Desk) -> None:
    assert not drop(one, QMimeData())
    assert one.store.recipe.source == Source()


def test_dropped_pixels_are_kept_and_shown(one: Desk, own_home: Path) -> None:
    image = QImage(31, 17, QImage.Format.Format_RGB888)
    image.fill(Qt.GlobalColor.green)
    mime = QMimeData()
    mime.setImageData(image)
    assert drop(one, mime)
    until(lambda: one.store.recipe.source.kind == "picture")
    kept = QImage(one.store.recipe.source.where)
    assert (kept.width(), kept.height(), kept.pixelColor(3, 3).name()) == (31, 17, "#00ff00")
    assert Path(one.store.recipe.source.where).is_relative_to(own_home)


def test_paste_of_a_picture_and_of_a_path(one: Desk) -> None:
    clipboard = QGuiApplication.clipboard()
    image = QImage(5, 4, QImage.Format.Format_RGB888)
    image.fill(Qt.GlobalColor.red)
    clipboard.setImage(image)
    key(one, "Ctrl+V")
    until(lambda: one.store.recipe.source.kind == "picture")
    clipboard.setText("/tmp/pasted path.png")
    key(one, "Ctrl+V")
    assert one.store.recipe.source == Source("picture", "/tmp/pasted path.png")


def test_paste_of_nothing_says_what_to_do(one: Desk) -> None:
    QGuiApplication.clipboard().clear()
    key(one, "Ctrl+V")
    assert one.store.recipe.source == Source()
    assert said(one) == "The clipboard is empty: copy a picture, a path or an address first."
    mime = QMimeData()
    mime.setData("application/x-rows", b"1")
    QGuiApplication.clipboard().setMimeData(mime)
    key(one, "Ctrl+V")
    assert said(one).startswith("What was pasted holds no picture")


@pytest.mark.parametrize("text", ["그냥 글자", "and/or", "a.png", "~nobody-of-this-name/x.png", "x" * 5000, "a\0b"])
def test_words_that_are_pasted_become_no_path_that_nobody_typed(one: Desk, text: str) -> None:
    mime = QMimeData()
    mime.setText(text)
    one.window.intake.take(mime)
    assert one.store.recipe.source == Source()
    assert said(one).startswith(f"“{text[:79]}")
    assert len(said(one)) < 200
    assert str(Path.cwd()) not in said(one)
    buttons = (one.window.problem._retry, one.window.problem._details_button)
    assert [button.isVisible() for button in buttons] == [False, False], "neither would help"


def test_a_relative_path_that_is_there_is_taken(one: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").touch()
    mime = QMimeData()
    mime.setText("a.png")
    one.window.intake.take(mime)
    assert one.store.recipe.source == Source("picture", str(tmp_path / "a.png"))


def said(one: Desk) -> str:
    """Return what the problem strip says."""
    assert one.window.problem.isVisible()
    return one.window.problem._sentence.text()


def test_a_pasted_picture_has_a_name_that_a_person_knows(one: Desk, own_home: Path) -> None:
    pasted = Source("picture", str(own_home / "data" / "pasted" / "pasted-64ee01"))
    one.controller.change(source=pasted)
    one.send(FrameRead(pasted, replace(samples.result().frame, source="pasted-64ee01")))
    assert one.window.windowTitle().startswith("Pasted picture")
    assert one.window.explore.source.accessibleName() == "Pasted picture"


def test_pixels_that_cannot_be_kept_are_a_problem_in_place(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(_data: bytes) -> Source:
        raise MemoryError("no room")

    monkeypatch.setattr("ui.widgets.intake.keep", explode)
    mime = QMimeData()
    mime.setImageData(QImage(3, 3, QImage.Format.Format_RGB888))
    drop(one, mime)
    until(lambda: "source" in one.store.problems)
    assert "no room" in str(one.store.problems["source"].error)
    assert "MemoryError" in one.store.problems["source"].details
    assert one.store.recipe.source == Source()


@pytest.mark.parametrize(
    ("typed", "source"),
    [
        ("demo", Source("demo", "")),
        ("camera", Source("camera", "0")),
        ("camera:3", Source("camera", "3")),
        ("HTTPS://example.org/a.png", Source("address", "HTTPS://example.org/a.png")),
        ("'/tmp/a b.png'", Source("picture", "/tmp/a b.png")),
        ("a.npy", Source("array", str(Path.cwd() / "a.npy"))),
        ("camera.png", Source("picture", str(Path.cwd() / "camera.png"))),
    ],
)
def test_what_a_text_names(typed: str, source: Source) -> None:
    assert source_of(typed) == source


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


def test_the_device_is_a_preference(one: Desk) -> None:
    box = one.window.top._device
    assert [box.itemData(row) for row in range(box.count())] == ["auto", "cpu"]
    box.activated.emit(1)
    assert one.store.settings.device == "cpu"
    assert one.engine.preferred[-1].device == "cpu"
    assert one.store.recipe.device == "auto"


def test_filters_by_chooser_and_by_key(one: Desk) -> None:
    box = one.window.top._filter
    box.activated.emit(2)
    assert one.store.recipe.filters == (list(KERNELS.values())[1],)
    for kernel in [*list(KERNELS.values())[2:], None, next(iter(KERNELS.values()))]:
        key(one, "K")
        assert one.store.recipe.filters == ((kernel,) if kernel else ())
    assert box.currentData() == next(iter(KERNELS))


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
    assert explore.columns._detail.count() == 2


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


# export


@pytest.mark.parametrize(
    ("name", "kind", "suffix"),
    [
        ("export_mosaic", "mosaic", "png"),
        ("export_map", "map", "png"),
        ("export_maps", "maps", "npz"),
        ("export_statistics", "statistics", "csv"),
        ("export_predictions", "predictions", "csv"),
    ],
)
def test_exports(one: Desk, monkeypatch: pytest.MonkeyPatch, name: str, kind: str, suffix: str) -> None:
    asked = []

    def choose(_parent: QWidget, _title: str, suggested: str, _patterns: str) -> tuple[str, str]:
        asked.append(suggested)
        return "/tmp/chosen", _patterns.split(";;")[0]

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    one.window.commands[name].trigger()
    assert one.engine.exports == [(kind, f"/tmp/chosen.{suffix}")]
    assert asked[0].endswith(f".{suffix}")
    assert "/" not in asked[0]


def test_export_as_json_and_export_given_up(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: ("/tmp/chosen", "JSON (*.json)"))
    one.window.commands["export_predictions"].trigger()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: ("", ""))
    one.window.commands["export_map"].trigger()
    assert one.engine.exports == [("predictions", "/tmp/chosen.json")]


def test_nothing_can_be_exported_before_there_is_a_result(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        assert not one.window.top._export.isEnabled()
        assert not one.window.commands["export_mosaic"].isEnabled()


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


# what a result costs


def test_a_live_result_lays_nothing_out_anew(one: Desk) -> None:
    one.controller.change(source=Source("demo", ""))
    kernel = np.full((3, 7, 7), 0.5, np.float32)
    results = [samples.result(one.store.recipe, one.graph, seed=seed, kernel=kernel) for seed in range(8)]
    results = [
        replace(r, times_ms={stage: ms * (1 + 0.3 * n) for stage, ms in r.times_ms.items()})
        for n, r in enumerate(results)
    ]
    for result in results[:4]:
        one.send(ResultReady(result))
    QApplication.processEvents()  # what the first of them had laid out is through
    asked = _LayoutRequests()
    QApplication.instance().installEventFilter(asked)
    for result in results[4:]:
        one.send(ResultReady(result))
    QApplication.instance().removeEventFilter(asked)
    assert asked.names == []
    assert "forward 47.1 ms" in one.window.status._times.text(), "the figures do change"


class _LayoutRequests(QObject):
    """Notes which widgets are asked to lay out their children anew."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.names.append(type(watched).__name__)
        return False
