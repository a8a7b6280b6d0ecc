"""The source's panel: the picture, the part that the network sees, the live badge, and the gallery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton

from explorer import sources
from explorer.engine.events import FrameRead, ResultReady
from explorer.filters.apply import apply
from explorer.filters.filter import Filter
from explorer.filters.kernel import Kernel
from explorer.values import Frame, Geometry, Source
from tests.ui import samples
from tests.ui.desk import LayoutRequests
from ui import theme
from ui.panels.source import SourcePanel
from ui.widgets.gallery import Gallery, thumbnail
from ui.widgets.rgb_image import RgbImage

BLUR = Filter(Kernel("blur", ((0.2,) * 5,)))


@pytest.fixture
def bench(qapp: QApplication) -> samples.Bench:
    theme.apply(qapp, "dark")
    return samples.Bench()


@pytest.fixture
def panel(bench: samples.Bench) -> Iterator[SourcePanel]:
    shown = SourcePanel(bench.store, bench.controller)
    shown.resize(300, 380)
    shown.show()
    yield shown
    shown.close()
    shown.deleteLater()


def texts(panel: SourcePanel) -> list[str]:
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]


def frame(h: int = 300, w: int = 451, name: str = "chelsea.png", **more: object) -> Frame:
    rng = np.random.default_rng(h + w)
    return Frame(rng.integers(0, 256, (h, w, 3), dtype=np.uint8), name, **more)


def test_a_picture_shows_before_any_network_has_seen_it(bench: samples.Bench, panel: SourcePanel) -> None:
    read = frame()
    bench.controller.on_event(FrameRead(bench.store.recipe.source, read))
    assert panel.view.pixels is read.pixels
    assert panel.view.crop is None
    assert texts(panel)[:2] == ["chelsea.png", "451 × 300"]


def test_empty(panel: SourcePanel) -> None:
    assert "Ctrl+V" in panel.view.message
    assert "choose one below" in panel.view.message


def test_an_array_tells_its_own_shape(bench: samples.Bench, panel: SourcePanel) -> None:
    array = np.zeros((16, 8, 9), np.float32)
    bench.controller.change(source=Source("array", "a.npy"))
    bench.controller.on_event(FrameRead(Source("array", "a.npy"), frame(8, 9, "a.npy", array=array)))
    assert texts(panel)[:2] == ["a.npy", "16 × 8 × 9"]


@pytest.mark.parametrize(("h", "w"), [(300, 451), (451, 300)])
def test_the_networks_crop_lies_over_the_picture(bench: samples.Bench, panel: SourcePanel, h: int, w: int) -> None:
    read = frame(h, w)
    side = 300 * 224 / 256  # of the short side resized to 256, the middle 224
    scale = 300 / 256
    geometry = Geometry((h, w), (224, 224), (scale, scale), ((h - side) / 2, (w - side) / 2))
    result = replace(samples.result(bench.store.recipe, bench.graph), frame=read, filtered=read, geometry=geometry)
    bench.controller.on_event(ResultReady(result))
    assert panel.view.crop == pytest.approx(((h - side) / 2, (w - side) / 2, (h + side) / 2, (w + side) / 2))


def test_the_crop_of_another_picture_is_not_kept(bench: samples.Bench, panel: SourcePanel) -> None:
    bench.give()
    assert panel.view.crop is not None
    bench.controller.on_event(FrameRead(Source(), frame(100, 100)))
    assert panel.view.crop is None


def test_value_under_the_pointer(bench: samples.Bench, panel: SourcePanel) -> None:
    read = frame()
    bench.controller.on_event(FrameRead(bench.store.recipe.source, read))
    pointed: list[tuple[int, int] | None] = []
    panel.pixel_pointed.connect(pointed.append)
    QTest.mouseMove(panel.view, QPoint(panel.view.width() // 2, panel.view.height() // 2))
    y, x = pointed[-1]  # type: ignore[misc]
    red, green, blue = (int(v) for v in read.pixels[y, x])
    hexes = f"#{red:02X}{green:02X}{blue:02X}"
    assert panel.view.plate_text() == f"x {x}   y {y}\n{red}  {green}  {blue}\n{hexes}"
    bench.controller.on_event(FrameRead(bench.store.recipe.source, Frame(255 - read.pixels, "next")))
    assert f"{255 - red}  {255 - green}  {255 - blue}" in panel.view.plate_text(), "a new frame, a new value"


def test_an_arrays_picture_tells_no_numbers(bench: samples.Bench, panel: SourcePanel) -> None:
    told: list[object] = []
    panel.picture_changed.connect(told.append)
    array = np.zeros((3, 60, 80), np.float32)
    bench.controller.on_event(FrameRead(Source("array", "a.npy"), frame(60, 80, "a.npy", array=array)))
    QTest.mouseMove(panel.view, QPoint(panel.view.width() // 2 + 9, panel.view.height() // 2 + 9))
    assert panel.view.plate_text() == ""
    assert told == [None]
    bench.controller.on_event(FrameRead(Source(), frame(60, 80)))
    assert panel.view.plate_text() != ""


def test_filtered_or_original(bench: samples.Bench, panel: SourcePanel) -> None:
    switch = next(b for b in panel.findChildren(QToolButton) if b.isCheckable())
    assert not switch.isVisible()
    bench.controller.change(filters=(BLUR,))
    assert switch.isVisible()
    result = samples.result(bench.store.recipe, bench.graph)
    filtered = Frame(255 - result.frame.pixels, "made-up.png")
    shown: list[object] = []
    panel.picture_changed.connect(shown.append)
    bench.controller.on_event(ResultReady(replace(result, filtered=filtered)))
    assert panel.view.pixels is filtered.pixels
    switch.click()
    assert panel.view.pixels is result.frame.pixels
    assert shown[-1] is result.frame.pixels
    switch.click()
    assert panel.view.pixels is filtered.pixels


def test_what_the_network_sees_of_a_smaller_result_is_outlined_on_the_original_too(
    bench: samples.Bench, panel: SourcePanel
) -> None:
    smaller = Filter(Kernel("", ((1.0, 1.0, 1.0),), 1 / 3), "valid", stride=2)
    bench.controller.change(filters=(smaller,))
    result = samples.result(bench.store.recipe, bench.graph)
    filtered = apply(result.frame, (smaller,))
    assert filtered.pixels.shape == (150, 225, 3)
    geometry = replace(result.geometry, picture_hw=(150, 225))
    bench.controller.on_event(ResultReady(replace(result, filtered=filtered, geometry=geometry)))
    assert panel.view.pixels is filtered.pixels
    assert panel.view.placement == ((0.0, 0.0), (1.0, 1.0))
    switch = next(b for b in panel.findChildren(QToolButton) if b.isCheckable())
    switch.click()
    assert panel.view.pixels is result.frame.pixels
    assert panel.view.placement == ((-0.5, 0.5), (2.0, 2.0))
    assert panel.view.crop == geometry.crop
    switch.click()
    panel.set_paints(True)  # paint goes on the original
    assert panel.view.pixels is result.frame.pixels
    panel.set_paints(False)
    assert panel.view.pixels is filtered.pixels


@pytest.mark.parametrize(("dropped", "told"), [(1, "1 frame was"), (3, "3 frames were")])
def test_live_badge(bench: samples.Bench, panel: SourcePanel, dropped: int, told: str) -> None:
    bench.controller.change(source=Source("demo", ""))
    assert "LIVE" not in texts(panel)
    assert "opening …" in texts(panel)
    result = samples.result(bench.store.recipe, bench.graph)
    for n in range(40):
        live = replace(result, frame=frame(60, 80, "demo", index=n, time_s=100 + n / 28))
        bench.controller.on_event(ResultReady(live, dropped=dropped))
        assert n > 0 or "LIVE" in texts(panel)
    assert "LIVE · 28 fps" in texts(panel)
    badge = next(label for label in panel.findChildren(QLabel) if label.text().startswith("LIVE"))
    assert badge.toolTip().startswith(told)
    for n in range(40, 80):  # a slow folder: a picture every two seconds
        slow = replace(result, frame=frame(60, 80, "demo", index=n, time_s=110 + 2 * (n - 40)))
        bench.controller.on_event(ResultReady(slow, dropped=dropped))
    assert "LIVE · 0.5 fps" in texts(panel)
    bench.controller.freeze(True)
    assert "frozen" in texts(panel)
    bench.controller.freeze(False)
    assert "LIVE" in texts(panel)
    bench.controller.change(source=Source())
    assert not any("LIVE" in text or "frozen" in text for text in texts(panel))


def test_a_live_frame_is_made_an_image_once_and_lays_nothing_out_anew(
    bench: samples.Bench, panel: SourcePanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.controller.change(source=Source("camera", "0"))
    frames = [frame(480, 640, "camera 0", index=n, time_s=n / 30) for n in range(20)]
    bench.controller.on_event(FrameRead(bench.store.recipe.source, frames[0]))
    loaded_gallery(panel)
    for _ in range(3):
        QApplication.processEvents()
    taken, take, asked = list[int](), RgbImage._take, LayoutRequests()
    monkeypatch.setattr(RgbImage, "_take", lambda *of: (taken.append(1), take(*of))[1])
    QApplication.instance().installEventFilter(asked)
    for one in frames[1:]:
        bench.controller.on_event(FrameRead(bench.store.recipe.source, one))
        QApplication.processEvents()
    QApplication.instance().removeEventFilter(asked)
    assert len(taken) == 19
    assert len(asked.names) <= 1, "for the rate, once it is known"


def loaded_gallery(panel: SourcePanel) -> Gallery:
    for _ in range(200):
        if panel.gallery.loaded() == panel.gallery.count():
            break
        QApplication.processEvents()
    return panel.gallery


def test_the_gallery_loads_without_blocking(panel: SourcePanel) -> None:
    assert panel.gallery.count() == len(sources.samples())
    assert panel.gallery.loaded() <= 1, "nothing is decoded before the window is idle"
    gallery = loaded_gallery(panel)
    assert gallery.loaded() == gallery.count()


def test_choosing_a_sample_changes_the_recipe(bench: samples.Bench, panel: SourcePanel) -> None:
    gallery = loaded_gallery(panel)
    assert gallery.current_key() == "chelsea.png"
    second = gallery.item(1)
    centre = gallery.visualItemRect(second).center()
    QTest.mouseClick(gallery.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    assert bench.store.recipe.source == Source("sample", sources.samples()[1].file)
    assert bench.engine.wishes[-1].source == bench.store.recipe.source


def test_the_gallery_by_keyboard(bench: samples.Bench, panel: SourcePanel) -> None:
    gallery = loaded_gallery(panel)
    gallery.setFocus()
    QTest.keyClick(gallery, Qt.Key.Key_Right)
    assert bench.store.recipe.source == Source(), "arrows only move"
    QTest.keyClick(gallery, Qt.Key.Key_Return)
    assert bench.store.recipe.source == Source("sample", sources.samples()[1].file)


def test_the_gallery_shows_the_focus_and_keeps_its_place(bench: samples.Bench, panel: SourcePanel) -> None:
    gallery = loaded_gallery(panel)
    panel.view.setFocus()
    without = gallery.grab().toImage()
    gallery.setFocus()
    assert gallery.grab().toImage() != without
    QTest.keyClick(gallery, Qt.Key.Key_Right)
    place = gallery.currentRow()
    bench.controller.adjust(channel=1)
    bench.load()
    assert gallery.currentRow() == place == 1


def test_the_gallery_follows_the_recipe(bench: samples.Bench, panel: SourcePanel) -> None:
    bench.controller.change(source=Source("sample", "coffee.png"))
    assert panel.gallery.current_key() == "coffee.png"
    bench.controller.change(source=Source("picture", "/tmp/x.png"))
    assert panel.gallery.current_key() == ""
    bench.controller.undo()
    assert panel.gallery.current_key() == "coffee.png"


def test_the_suitable_are_marked(bench: samples.Bench, panel: SourcePanel) -> None:
    def marked() -> list[str]:
        rows = range(panel.gallery.count())
        return [s.file for s, row in zip(sources.samples(), rows, strict=True) if panel.gallery.item(row).data(257)]

    assert marked() == []
    bench.load()
    assert marked() == [s.file for s in sources.samples() if s.suits == "imagenet"]
    titles = [panel.gallery.item(row).toolTip() for row in range(panel.gallery.count())]
    assert titles[0].endswith("suits networks of ImageNet")


def test_plus_asks_for_a_file(panel: SourcePanel) -> None:
    asked: list[bool] = []
    panel.open_requested.connect(lambda: asked.append(True))
    buttons = {b.accessibleName(): b for b in panel.findChildren(QToolButton)}
    buttons["Open a picture or a video (Ctrl+O)"].click()
    assert asked == [True]


def test_the_button_that_fits_is_there_when_it_helps(bench: samples.Bench, panel: SourcePanel) -> None:
    button = next(b for b in panel.findChildren(QToolButton) if b.accessibleName() == "Show the whole picture")
    bench.controller.on_event(FrameRead(bench.store.recipe.source, frame()))
    assert not button.isVisible()
    panel.view.zoom(4)
    assert button.isVisible()
    button.click()
    assert panel.view.viewport is not None
    assert panel.view.viewport.fitted
    assert not button.isVisible()


def test_the_column_is_as_narrow_live_and_filtered(bench: samples.Bench, panel: SourcePanel) -> None:
    bench.controller.change(source=Source("demo", ""), filters=(BLUR,))
    result = samples.result(bench.store.recipe, bench.graph)
    for n in range(40):
        live = replace(result, frame=frame(60, 80, "demo feed", index=n, time_s=100 + n / 28))
        bench.controller.on_event(ResultReady(live, dropped=1234))
    panel.view.zoom(3)
    assert panel.minimumSizeHint().width() <= 285


def test_every_control_has_a_name(panel: SourcePanel) -> None:
    for control in (panel.view, panel.gallery, *panel.findChildren(QToolButton)):
        assert control.accessibleName(), control


def test_a_long_name_does_not_widen_the_column(bench: samples.Bench, panel: SourcePanel) -> None:
    before = panel.minimumSizeHint().width()
    bench.controller.on_event(FrameRead(Source(), frame(name="a long name of a picture " * 9)))
    assert panel.minimumSizeHint().width() <= before + 20
    assert before <= 280


def test_a_broken_thumbnail_is_an_empty_tile(qapp: QApplication, tmp_path: object) -> None:
    tile = thumbnail("/nowhere/at/all.png", 40)
    assert (tile.width(), tile.height()) == (40, 40)


def test_a_thumbnail_is_the_middle_square(qapp: QApplication, tmp_path: object) -> None:
    from pathlib import Path

    from PIL import Image

    pixels = np.zeros((100, 300, 3), np.uint8)
    pixels[:, 100:200] = (0, 255, 0)
    file = Path(str(tmp_path)) / "wide.png"
    Image.fromarray(pixels).save(file)
    image = thumbnail(str(file), 50).toImage()
    assert all(image.pixelColor(x, 25).green() > 200 for x in (2, 25, 47))
