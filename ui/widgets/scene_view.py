"""A picture with what a network finds in it: boxes, or the class of each place."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QWidget

from explorer.render.scene import RGB, colour, ink, shades
from explorer.tasks.values import Detection, Segmented
from explorer.text import _
from ui import theme
from ui.widgets import marks
from ui.widgets.area_marks import Box
from ui.widgets.numbers import percent
from ui.widgets.picture_view import PictureView

MOST_DRAWN = 400
"""Boxes; of more one would see nothing."""
_NUMBERED = 18
"""Cells of a label map that are so large, px, have their class's number in them."""
_DARK, _BRIGHT, _GREY = QColor(0, 0, 0, 170), QColor(255, 255, 255, 220), QColor(205, 210, 218)
_LINE = QColor(128, 128, 128, 110)


class SceneView(PictureView):
    """A picture on which a word can stand that must be read with it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stamp = ""
        self.set_telling(False)

    @property
    def stamp(self) -> str:
        """The word that stands on the picture, or ""."""
        return self._stamp

    def set_stamp(self, text: str) -> None:
        """Write a word, as "untrained", on the picture; "" for none."""
        if text != self._stamp:
            self._stamp = text
            self.setAccessibleDescription(text)
            self.update()

    def _paint_over(self, painter: QPainter) -> None:
        if not self._stamp or self.pixels is None:
            return
        ground = QColor(theme.current().warning)
        seen = self.rect_of(0, 0, *self.pixels.shape[:2]).intersected(QRectF(self.rect()))
        corner = seen.bottomLeft() + QPointF(8, -8 - plate_height(theme.px(15)))  # the names of boxes are at their tops
        plate(painter, corner, self._stamp, (ground.red(), ground.green(), ground.blue()), theme.px(15), bold=True)


class BoxView(SceneView):
    """Paints boxes in the colours of their classes; those that were suppressed are dashed and grey.

    Signals:
        box_chosen: the place of a clicked box in what is shown, or -1 beside all.
    """

    box_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: Sequence[Detection] = ()
        self._current = -1
        self.chosen.connect(self._take_click)

    @property
    def found(self) -> Sequence[Detection]:
        """What is shown, the best first."""
        return self._found

    @property
    def current(self) -> int:
        """The place of the highlighted one, or -1."""
        return self._current

    def show_boxes(self, found: Sequence[Detection], current: int = -1) -> None:
        """Show these, the best first, and highlight one of them."""
        self._found, self._current = found, current
        self.update()

    def box_at(self, pixel: tuple[int, int]) -> int:
        """Return the place of the smallest box around the pixel (row, column), those that are kept first; -1: none."""
        y, x = pixel
        around = [
            place
            for place, one in enumerate(self._found)
            if one.box[0] <= y + 0.5 <= one.box[2] and one.box[1] <= x + 0.5 <= one.box[3]
        ]
        return min(around, key=lambda place: (not self._found[place].kept, _area(self._found[place].box)), default=-1)

    def plate_text(self) -> str:
        """Return what is told of the box under the pointer, or ""."""
        pixel = None if self._pointer is None else self.pixel_at(self._pointer)
        place = -1 if pixel is None else self.box_at(pixel)
        return "" if place < 0 else told(self._found[place])

    def _take_click(self, pixel: tuple[int, int]) -> None:
        self.box_chosen.emit(self.box_at(pixel))

    def _paint_over(self, painter: QPainter) -> None:
        shown = list(enumerate(self._found[:MOST_DRAWN]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        grey = [self._placed(*one.box) for _place, one in shown if not one.kept]
        for pen in (QPen(_DARK, 1), QPen(_GREY, 1, Qt.PenStyle.DashLine)):
            painter.setPen(pen)
            painter.drawRects(grey)
        for _place, one in reversed(shown):
            if one.kept:
                shade = colour(one.index)
                rect = self._placed(*one.box)
                for ink_of, width in ((_BRIGHT if ink(shade)[0] else _DARK, 4.0), (QColor(*shade), 2.0)):
                    painter.setPen(QPen(ink_of, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, _MITER))
                    painter.drawRect(rect)
        for _place, one in reversed(shown):
            if one.kept:
                self._name(painter, one)
        if 0 <= self._current < len(self._found):
            one = self._found[self._current]
            marks.box(painter, self._placed(*one.box), theme.current().unit)
            self._name(painter, one)
        super()._paint_over(painter)

    def _name(self, painter: QPainter, one: Detection) -> None:
        """Write the class and the score at the box's upper left corner, above it where there is room."""
        rect = self._placed(*one.box)
        high = plate_height(theme.px(12))
        top = rect.top() - high if rect.top() >= high else rect.top()
        corner = QPointF(max(rect.left() - 1, 0.0), max(top, 0.0))
        plate(painter, corner, f"{one.label} {percent(one.score)}", colour(one.index), theme.px(12))


_MITER = Qt.PenJoinStyle.MiterJoin


class LabelView(SceneView):
    """Lays the colour of each place's class over the picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._map: Segmented | None = None
        self._place: Box = (0.0, 0.0, 1.0, 1.0)
        self._strength = 0.0

    @property
    def shown(self) -> Segmented | None:
        """The label map that is shown, or None."""
        return self._map

    def show_map(self, found: Segmented | None, place: Box = (0.0, 0.0, 1.0, 1.0), strength: float = 1.0) -> None:
        """Show a label map over the box [y0, x0, y1, x1] of the picture, so strongly (0 … 1); None for none."""
        same = found is self._map and strength == self._strength
        self._map, self._place, self._strength = found, place, strength
        if not same:
            self.set_heat(None if found is None else shades(found.classes, strength), place)

    def class_at(self, pixel: tuple[int, int]) -> int | None:
        """Return the class of the pixel (row, column) of the picture; None where the network does not see it."""
        if self._map is None:
            return None
        (y0, x0, y1, x1), (h, w) = self._place, self._map.classes.shape
        row, column = (pixel[0] + 0.5 - y0) / (y1 - y0) * h, (pixel[1] + 0.5 - x0) / (x1 - x0) * w
        return int(self._map.classes[int(row), int(column)]) if 0 <= row < h and 0 <= column < w else None

    def plate_text(self) -> str:
        """Return the class under the pointer, or ""."""
        pixel = None if self._pointer is None else self.pixel_at(self._pointer)
        found = None if pixel is None else self.class_at(pixel)
        if found is None or self._map is None:
            return ""
        share = dict(self._map.shares)[found]
        return f"{found}  {self._map.name(found)}\n" + _("{share} of the area").format(share=percent(share, fine=True))

    def _paint_over(self, painter: QPainter) -> None:
        if self._map is not None and self.pixels is not None:
            painter.save()
            self._paint_numbers(painter, self._map)
            painter.restore()
        super()._paint_over(painter)

    def _paint_numbers(self, painter: QPainter, found: Segmented) -> None:
        """Write each cell's class into it, where the cells are large enough."""
        (y0, x0, y1, x1), (h, w) = self._place, found.classes.shape
        high, wide = (y1 - y0) / h, (x1 - x0) / w
        first = self._placed(y0, x0, y0 + high, x0 + wide)
        if min(first.width(), first.height()) < _NUMBERED or self.pixels is None:
            return
        font = QFont(painter.font())
        font.setPixelSize(round(min(first.height() * 0.5, theme.px(22))))
        painter.setFont(font)
        # only cells that are seen: a segmenter's map has a quarter of a million of them
        top, left = int(-first.top() / first.height()), int(-first.left() / first.width())
        bottom = math.ceil((self.height() - first.top()) / first.height())
        right = math.ceil((self.width() - first.left()) / first.width())
        for row in range(max(top, 0), min(bottom, h)):
            for column in range(max(left, 0), min(right, w)):
                y, x = y0 + row * high, x0 + column * wide
                rect = self._placed(y, x, y + high, x + wide)
                index = int(found.classes[row, column])
                below = self.pixels[
                    min(max(int(y + high / 2), 0), self.pixels.shape[0] - 1),
                    min(max(int(x + wide / 2), 0), self.pixels.shape[1] - 1),
                ]
                hidden = self._strength if index else 0.0
                red, green, blue = (
                    round((1 - hidden) * int(b) + hidden * c) for b, c in zip(below, colour(index), strict=True)
                )
                painter.setPen(_LINE)
                painter.drawRect(rect)
                painter.setPen(QColor(*ink((red, green, blue))))
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, str(index))


def told(one: Detection) -> str:
    """Return what is told of a box in words."""
    y0, x0, y1, x1 = one.box
    text = f"{one.label}  {percent(one.score, fine=True)}\nx {x0:.0f}  y {y0:.0f}  {x1 - x0:.0f} × {y1 - y0:.0f} px"
    return text if one.kept else f"{text}\n" + _("suppressed")


def plate_height(size: int) -> float:
    """Return how high a plate with letters of ``size`` px is."""
    font = QFont()
    font.setPixelSize(size)
    return QFontMetrics(font).height() + 2.0


def plate(painter: QPainter, corner: QPointF, text: str, ground: RGB, size: int, bold: bool = False) -> None:
    """Write ``text`` on a plate of one colour whose upper left corner is given."""
    font = QFont(painter.font())
    font.setPixelSize(size)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    painter.save()
    painter.setFont(font)
    metrics = QFontMetrics(font)
    rect = QRectF(corner.x(), corner.y(), metrics.horizontalAdvance(text) + 10, plate_height(size))
    painter.fillRect(rect, QColor(*ground))
    painter.setPen(QColor(*ink(ground)))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
