"""The pixels' panel: its cells hold the array's numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QStaticText
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton

from explorer.pixels import region
from tests.ui import samples
from tests.ui.desk import until
from ui import theme
from ui.panels.pixel_inspector import PixelInspector
from ui.widgets import cells
from ui.widgets.channel_histogram import ChannelHistogram
from ui.widgets.pixel_grid import PixelGrid


@pytest.fixture
def bench(qapp: QApplication) -> samples.Bench:
    theme.apply(qapp, "dark")
    return samples.Bench()


@pytest.fixture
def panel(bench: samples.Bench) -> Iterator[PixelInspector]:
    shown = PixelInspector(bench.store, bench.controller)
    shown.resize(300, 480)
    shown.show()
    yield shown
    shown.close()
    shown.deleteLater()


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def grid(panel: PixelInspector) -> PixelGrid:
    found = panel.findChild(PixelGrid)
    assert found is not None
    return found


def button(panel: PixelInspector, name: str) -> QToolButton:
    return next(b for b in panel.findChildren(QToolButton) if b.accessibleName() == name)


def texts(panel: PixelInspector) -> str:
    return "\n".join(label.text() for label in panel.findChildren(QLabel) if label.isVisible())


class Written:
    """Notes what is written where."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.words: list[tuple[float, float, str]] = []
        monkeypatch.setattr(QPainter, "drawStaticText", lambda _painter, corner, word: self._note(corner, word))

    def _note(self, corner: QPointF, word: QStaticText) -> None:
        size = word.size()
        self.words.append((corner.y() + size.height() / 2, corner.x() + size.width() / 2, word.text()))

    def inside(self, rect: QRectF) -> list[str]:
        return [text for y, x, text in self.words if rect.contains(x, y)]


@pytest.mark.parametrize("pixel", [(20, 30), (0, 0), (39, 59), (0, 59)])
@pytest.mark.parametrize("base", ["decimal", "hexadecimal"])
def test_each_cell_holds_its_pixels_numbers(
    panel: PixelInspector, pixels: np.ndarray, pixel: tuple[int, int], base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.set_picture(pixels)
    panel.point(pixel)
    button(panel, base).click()
    part = grid(panel).shown()
    assert part is not None
    assert np.array_equal(part.pixels, pixels[part.top :, part.left :][: part.pixels.shape[0], : part.pixels.shape[1]])
    written = Written(monkeypatch)
    grid(panel).grab()
    form = str if base == "decimal" else (lambda v: f"{v:02X}")
    for y in range(part.top, part.top + part.pixels.shape[0]):
        for x in range(part.left, part.left + part.pixels.shape[1]):
            assert written.inside(grid(panel).cell_of(y, x)) == [form(v) for v in pixels[y, x]]


def test_one_channel(panel: PixelInspector, pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    panel.set_picture(pixels)
    told: list[tuple[str, str]] = []
    panel.numbers_changed.connect(lambda plane, base: told.append((plane, base)))
    button(panel, "green").click()
    assert told == [("g", "decimal")]
    image = grid(panel).grab().toImage()
    rect = grid(panel).cell_of(21, 30)
    colour = QColor(image.pixel(int(rect.left() + 5), int(rect.top() + 5)))
    assert (colour.red(), colour.green(), colour.blue()) == (0, int(pixels[21, 30, 1]), 0)
    written = Written(monkeypatch)
    grid(panel).grab()
    assert written.inside(rect) == [str(pixels[21, 30, 1])]


def test_a_cell_shows_its_pixels_colour(panel: PixelInspector, pixels: np.ndarray) -> None:
    panel.set_picture(pixels)
    panel.point((10, 10))
    image = grid(panel).grab().toImage()
    part = grid(panel).shown()
    assert part is not None
    for y in range(part.top, part.top + part.pixels.shape[0]):
        for x in range(part.left, part.left + part.pixels.shape[1]):
            rect = grid(panel).cell_of(y, x)
            if (y, x) != (10, 10):
                colour = QColor(image.pixel(int(rect.left() + 4), int(rect.bottom() - 5)))
                assert (colour.red(), colour.green(), colour.blue()) == tuple(pixels[y, x])


def test_pointing_and_holding(panel: PixelInspector, pixels: np.ndarray) -> None:
    held: list[object] = []
    panel.chosen_changed.connect(held.append)
    panel.set_picture(pixels)
    assert "x 30  y 20" in texts(panel), "the middle until one points"
    panel.point((3, 5))
    assert f"x 5  y 3   {pixels[3, 5, 0]} {pixels[3, 5, 1]} {pixels[3, 5, 2]}" in texts(panel)
    panel.choose((7, 9))
    panel.point((1, 1))
    assert "x 9  y 7" in texts(panel), "the held one stays"
    panel.choose((7, 9))
    assert "x 1  y 1" in texts(panel)
    assert held == [(7, 9), None]


def test_keys_and_clicks_walk(panel: PixelInspector, pixels: np.ndarray) -> None:
    panel.set_picture(pixels)
    panel.choose((0, 0))
    QTest.keyClick(grid(panel), Qt.Key.Key_Right)
    QTest.keyClick(grid(panel), Qt.Key.Key_Down)
    assert "x 1  y 1" in texts(panel)
    rect = grid(panel).cell_of(2, 3)
    QTest.mouseClick(grid(panel), Qt.MouseButton.LeftButton, pos=QPoint(int(rect.center().x()), int(rect.center().y())))
    assert "x 3  y 2" in texts(panel)


def test_the_cells_show_the_focus(panel: PixelInspector, pixels: np.ndarray) -> None:
    panel.activateWindow()
    for picture in (None, pixels):
        panel.set_picture(picture)
        button(panel, "red").setFocus()
        until(button(panel, "red").hasFocus)
        without = grid(panel).grab().toImage()
        grid(panel).setFocus()
        assert grid(panel).grab().toImage() != without


def test_an_edge_is_an_end(panel: PixelInspector, pixels: np.ndarray) -> None:
    panel.set_picture(pixels)
    panel.choose((0, 0))
    QTest.keyClick(grid(panel), Qt.Key.Key_Up)
    assert "x 0  y 0" in texts(panel)


def test_a_smaller_picture_lets_the_held_pixel_go(panel: PixelInspector, pixels: np.ndarray) -> None:
    held: list[object] = []
    panel.chosen_changed.connect(held.append)
    panel.set_picture(pixels)
    panel.choose((39, 59))
    panel.set_picture(pixels[:10, :10])
    assert held[-1] is None
    assert "x 5  y 5" in texts(panel)


def test_a_picture_of_another_size_lets_the_held_pixel_go(panel: PixelInspector, pixels: np.ndarray) -> None:
    held: list[object] = []
    panel.chosen_changed.connect(held.append)
    panel.set_picture(pixels)
    panel.choose((5, 5))
    panel.set_picture(255 - pixels)
    assert held == [(5, 5)], "the next frame of the same size"
    panel.set_picture(np.zeros((50, 70, 3), np.uint8))
    assert held == [(5, 5), None]


def test_the_histogram_counts_every_pixel(panel: PixelInspector, pixels: np.ndarray) -> None:
    panel.set_picture(pixels)
    shown = panel.findChild(ChannelHistogram)
    assert shown is not None
    until(lambda: shown.counts is not None)
    assert shown.counts is not None
    for channel in range(3):
        expected, _edges = np.histogram(pixels[..., channel], np.arange(257))
        assert np.array_equal(shown.counts[channel], expected)


def test_a_large_photo_is_counted_whole_in_parts(
    panel: PixelInspector, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = np.random.default_rng(3).integers(0, 256, (1300, 1700, 3), dtype=np.uint8)
    parts: list[int] = []
    count = region.histogram
    monkeypatch.setattr(region, "histogram", lambda part: parts.append(part.shape[0]) or count(part))
    panel.set_picture(photo)
    shown = panel.findChild(ChannelHistogram)
    assert shown is not None
    until(lambda: shown.counts is not None)
    assert shown.counts is not None
    assert np.array_equal(shown.counts[1], np.bincount(photo[..., 1].ravel(), minlength=256))
    assert len(parts) == 3
    assert max(parts) * 1700 <= 1_000_000


def test_no_picture(panel: PixelInspector) -> None:
    assert grid(panel).shown() is None
    grid(panel).grab()
    assert "How often" not in texts(panel)


@pytest.mark.parametrize("hw", [(1, 1), (2, 50), (50, 2)])
def test_small_pictures(panel: PixelInspector, hw: tuple[int, int]) -> None:
    panel.set_picture(np.zeros((*hw, 3), np.uint8))
    part = grid(panel).shown()
    assert part is not None
    assert part.pixels.shape[0] <= hw[0]
    assert part.pixels.shape[1] <= hw[1]
    grid(panel).grab()


def test_cells_are_large_enough_to_be_read(panel: PixelInspector, pixels: np.ndarray) -> None:
    panel.set_picture(pixels)
    assert grid(panel).cell_of(20, 30).width() >= cells.SMALLEST
