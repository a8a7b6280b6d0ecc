"""The picture's view: what it paints at a place is what the array holds there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ui import theme
from ui.widgets import cells, marks
from ui.widgets.picture_view import PictureView


@pytest.fixture
def view(qapp: QApplication) -> Iterator[PictureView]:
    theme.apply(qapp, "dark")
    shown = PictureView()
    shown.resize(240, 200)
    shown.show()
    yield shown
    shown.close()
    shown.deleteLater()


def picture(h: int = 30, w: int = 40) -> np.ndarray:
    """Every pixel has its own colour: R tells the column, G the row."""
    pixels = np.zeros((h, w, 3), np.uint8)
    pixels[..., 0] = np.arange(w) * 6
    pixels[..., 1] = np.arange(h)[:, None] * 8
    pixels[..., 2] = 77
    return pixels


def grab(view: PictureView) -> QImage:
    return view.grab().toImage()


def colour(image: QImage, x: float, y: float) -> tuple[int, int, int]:
    c = QColor(image.pixel(int(x), int(y)))
    return c.red(), c.green(), c.blue()


def wheel(view: PictureView, x: float, y: float, notches: int) -> None:
    point = QPointF(x, y)
    event = QWheelEvent(
        point,
        view.mapToGlobal(point),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


@pytest.mark.parametrize("notches", [0, 3, 7, 12])
def test_what_is_painted_is_what_is_pointed_at(view: PictureView, notches: int) -> None:
    pixels = picture()
    view.set_picture(pixels)
    view.clearFocus()
    wheel(view, 150, 90, notches)
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    pointed: list[tuple[int, int] | None] = []
    view.pointed.connect(pointed.append)
    image = grab(view)
    assert view.viewport is not None
    for y, x in ((15, 20), (14, 25), (13, 27)):
        top, left = view.viewport.to_view(y + 0.5, x + 0.12)
        if not (0 <= top < 200 and 0 <= left < 240):
            continue
        QTest.mouseMove(view, QPoint(int(left), int(top)))
        assert pointed[-1] is not None
        assert colour(image, int(left), int(top)) == tuple(pixels[pointed[-1]])
    assert pointed


def test_wheel_keeps_the_pixel_under_the_pointer(view: PictureView) -> None:
    view.set_picture(picture())
    before = view.pixel_at(QPointF(150, 90))
    for _ in range(12):
        wheel(view, 150, 90, 1)
        assert view.pixel_at(QPointF(150, 90)) == before
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    assert view.viewport is not None
    assert view.viewport.fitted


def test_dragging_pans_and_chooses_nothing(view: PictureView) -> None:
    view.set_picture(picture())
    wheel(view, 120, 100, 8)
    chosen: list[tuple[int, int]] = []
    view.chosen.connect(chosen.append)
    under = view.pixel_at(QPointF(120, 100))
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(120, 100))
    QTest.mouseMove(view, QPoint(150, 80))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(150, 80))
    assert view.pixel_at(QPointF(150, 80)) == under
    assert not chosen
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(150, 80))
    assert chosen == [under]


def test_the_value_is_told_again_after_dragging(view: PictureView, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(marks, "plate", lambda _painter, _pointer, text, _room: told.append(text))
    view.set_picture(picture())
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(120, 100))
    QTest.mouseMove(view, QPoint(150, 80))
    told.clear()
    grab(view)
    assert not told
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(150, 80))
    grab(view)
    assert told == [view.plate_text()]


def test_the_pointer_leaves(view: PictureView) -> None:
    view.set_picture(picture(10, 100))
    pointed: list[object] = []
    view.pointed.connect(pointed.append)
    QTest.mouseMove(view, QPoint(120, 100))
    assert pointed[-1] == (5, 50)
    QTest.mouseMove(view, QPoint(120, 20))
    assert pointed[-1] is None


def test_keys(view: PictureView) -> None:
    view.set_picture(picture())
    assert view.viewport is not None
    fit = view.viewport
    for _ in range(8):
        QTest.keyClick(view, Qt.Key.Key_Plus)
    near = view.viewport
    assert near.scale > 5 * fit.scale
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.viewport.left < near.left
    QTest.keyClick(view, Qt.Key.Key_Minus)
    assert view.viewport.scale < near.scale
    QTest.keyClick(view, Qt.Key.Key_0)
    assert view.viewport == fit


@pytest.mark.parametrize("hw", [(300, 450), (450, 300), (224, 224)])
def test_outside_of_the_crop_is_dimmed_and_inside_is_not(view: PictureView, hw: tuple[int, int]) -> None:
    h, w = hw
    side = min(hw) * 224 / 256
    box = ((h - side) / 2, (w - side) / 2, (h + side) / 2, (w + side) / 2)
    view.set_picture(np.full((h, w, 3), 200, np.uint8))
    view.set_crop(box)
    view.clearFocus()
    image = grab(view)
    assert view.viewport is not None
    for name, (y, x), dim in (
        ("corner", (4, 4), True),
        ("opposite corner", (h - 4, w - 4), True),
        ("middle", (h / 2, w / 2), False),
        ("inside the corner", (box[0] + 8, box[1] + 8), False),
        ("inside the opposite corner", (box[2] - 8, box[3] - 8), False),
    ):
        top, left = view.viewport.to_view(y, x)
        assert (colour(image, left, top)[0] < 150) == dim, name
    top, left = view.viewport.to_view(box[0], box[1])
    row = [colour(image, x, int(top + 0.5))[0] for x in range(int(left), int(left + side * view.viewport.scale))]
    assert row.count(255) > 10, "the dashes are white"


def test_numbers_appear_when_the_pixels_are_large(view: PictureView) -> None:
    pixels = np.full((30, 40, 3), 10, np.uint8)
    view.set_picture(pixels)
    view.clearFocus()

    def colours() -> int:
        image = grab(view)
        return len({image.pixel(x, y) for x in range(60, 180) for y in range(60, 140)})

    view.zoom(0.9 * cells.SMALLEST / view.viewport.scale)
    assert colours() == 1
    view.zoom(1.2)
    assert colours() > 1


def test_one_channel_shows_alone(view: PictureView) -> None:
    view.set_picture(np.full((200, 240, 3), (10, 120, 240), np.uint8))
    view.clearFocus()
    for plane, expected in (("r", (10, 0, 0)), ("g", (0, 120, 0)), ("b", (0, 0, 240)), ("rgb", (10, 120, 240))):
        view.set_numbers(plane, "decimal")
        assert colour(grab(view), 120, 100) == expected


@pytest.mark.parametrize("plane", ["rgb", "g"])
def test_a_large_picture_is_only_copied_where_it_shows(
    view: PictureView, monkeypatch: pytest.MonkeyPatch, plane: cells.Plane
) -> None:
    taken: list[int] = []
    shown = cells.shown
    monkeypatch.setattr(cells, "shown", lambda part, which: taken.append(part.size) or shown(part, which))
    photo = np.zeros((3000, 4000, 3), np.uint8)
    photo[:, :, 0] = np.arange(4000) // 16
    photo[:, :, 1] = (np.arange(3000) // 12)[:, None]
    view.set_picture(photo)
    view.set_numbers(plane, "decimal")
    for factor in (1, 3, 4, 6):
        view.zoom(factor, QPointF(60, 50))
        image = grab(view)
        for x, y in ((30, 60), (120, 100), (200, 140)):
            pixel = view.pixel_at(QPointF(x + 0.5, y + 0.5))
            assert pixel is not None
            expected = [value if plane == "rgb" or c == 1 else 0 for c, value in enumerate(photo[pixel])]
            assert np.abs(np.subtract(colour(image, x, y), expected)).max() <= 3
    assert max(taken) <= photo.size // 4


@pytest.mark.parametrize("hw", [(1600, 1920), (500, 600)])
def test_a_fine_pattern_does_not_alias(view: PictureView, hw: tuple[int, int]) -> None:
    stripes = np.zeros((*hw, 3), np.uint8)
    stripes[::2] = 255
    view.set_picture(stripes)
    view.clearFocus()
    image = grab(view)
    values = {colour(image, x, y)[0] for x in range(20, 220, 7) for y in range(20, 180, 7)}
    assert min(values) > 100
    assert max(values) < 155


def test_a_very_large_photo_keeps_its_colours_in_place(view: PictureView) -> None:
    photo = np.zeros((2400, 2880, 3), np.uint8)
    photo[:1200, :1440], photo[:1200, 1440:] = (250, 0, 0), (0, 250, 0)
    photo[1200:, :1440], photo[1200:, 1440:] = (0, 0, 250), (250, 250, 0)
    view.set_picture(photo)
    view.clearFocus()
    image = grab(view)
    assert [colour(image, x, y) for y in (98, 102) for x in (118, 122)] == [
        (250, 0, 0),
        (0, 250, 0),
        (0, 0, 250),
        (250, 250, 0),
    ]


@pytest.mark.parametrize("hw", [(1, 1), (1, 900), (900, 1), (3, 5)])
def test_odd_sizes_paint(view: PictureView, hw: tuple[int, int]) -> None:
    view.set_picture(np.full((*hw, 3), (0, 200, 0), np.uint8))
    view.clearFocus()
    view.set_crop((-5, -5, 20, 20))
    view.set_crop(None)
    assert view.viewport is not None
    top, left = view.viewport.to_view(hw[0] / 2, hw[1] / 2)
    found = {colour(grab(view), left + d, top + d)[1] for d in (-1, 0)}
    assert max(found) > 100


def test_a_view_of_an_array_that_is_not_contiguous(view: PictureView) -> None:
    pixels = picture().transpose(1, 0, 2)[:, ::-1]
    view.set_picture(pixels)
    view.clearFocus()
    image = grab(view)
    assert view.viewport is not None
    top, left = view.viewport.to_view(20.5, 10.5)
    assert colour(image, left, top) == tuple(pixels[20, 10])


def test_another_size_fits_again_and_the_same_size_stays(view: PictureView) -> None:
    view.set_picture(picture())
    wheel(view, 120, 100, 5)
    place = view.viewport
    view.set_picture(picture() // 2)
    assert view.viewport == place
    view.set_picture(picture(20, 20))
    assert view.viewport is not None
    assert view.viewport.fitted


def test_no_picture_says_what_to_do(view: PictureView) -> None:
    view.set_empty_text("Drop a picture here.")
    assert view.message == "Drop a picture here."
    assert view.accessibleDescription() == "Drop a picture here."
    view.set_picture(picture())
    assert view.message == ""
    view.set_picture(None)
    assert view.message == "Drop a picture here."


def luminance(rgb: tuple[int, int, int]) -> float:
    linear = [(v / 255 / 12.92 if v / 255 <= 0.04045 else ((v / 255 + 0.055) / 1.055) ** 2.4) for v in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_ink_contrasts_with_every_colour() -> None:
    grid = range(0, 256, 15)
    for rgb in ((r, g, b) for r in grid for g in grid for b in grid):
        ink = cells.ink(*rgb)
        a, b = sorted((luminance(rgb), luminance((ink.red(), ink.green(), ink.blue()))))
        assert (b + 0.05) / (a + 0.05) >= 4.5, rgb


def test_what_is_told_of_another_picture_lies_where_that_one_does(view: PictureView) -> None:
    view.set_picture(np.full((200, 300, 3), 200, np.uint8))
    view.clearFocus()
    view.set_crop((10.0, 20.0, 40.0, 60.0))
    view.set_placement(((5.0, 7.0), (2.0, 3.0)))  # told of a picture at half and a third of the size
    image = grab(view)
    assert view.viewport is not None
    for (y, x), dim in (((20, 150), True), ((30, 150), False), ((80, 150), False), ((90, 150), True), ((50, 60), True)):
        top, left = view.viewport.to_view(y, x)
        assert (colour(image, left, top)[0] < 150) == dim, (y, x)
