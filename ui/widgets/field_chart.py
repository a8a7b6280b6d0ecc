"""How much the units of each layer see, against depth: theoretical sizes, the input's, and the effective ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import count

from PySide6.QtCore import QBuffer, QEvent, QIODevice, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.text import N_, _
from ui import theme
from ui.widgets import marks
from ui.widgets.field_points import Point
from ui.widgets.numbers import number

NEAR = 22
"""So many px away a point is still pointed at."""
FILE_SIZE, _FILE_SCALE = QSize(1200, 620), 2
_R = 2.6
_EDGE = 8
_MOST_TICKS = 8
_NAMED = 3
"""So many other layers at the place of a point are named."""
_SIDE = N_("side of the area, input cells")


class FieldChart(QWidget):
    """Own painter, so that a screen, a picture and a drawing come from one place.

    Signals:
        opened: id of the layer that was clicked, or on which Enter fell.
        pointed: id of the layer that is pointed at, or "".
    """

    opened = Signal(str)
    pointed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 170)
        self._points: tuple[Point, ...] = ()
        self._input: tuple[int, int] = (1, 1)
        self._effective: Mapping[str, float] = {}
        self._log = self._uneven = False
        self._top, self._deepest = 1.0, 1
        self._message = self._chosen = self._first = ""
        self._at: Point | None = None

    def show_points(self, points: Sequence[Point], input_hw: tuple[int, int], first: str = "") -> None:
        """Show these layers of a network whose input is so large, and mark the depth of the layer ``first``."""
        self._points, self._input, self._first = tuple(points), input_hw, first
        self._uneven = any(p.size and p.size[0] != p.size[1] for p in points) or input_hw[0] != input_hw[1]
        self._measure()
        self._point_at(None)
        self.update()

    def show_effective(self, sides: Mapping[str, float]) -> None:
        """Show the effective size of layers by their ids, input cells."""
        self._effective = dict(sides)
        self._measure()
        self.update()

    def set_log(self, log: bool) -> None:
        """Show sizes on a logarithmic axis, or a linear one."""
        self._log = log
        self.update()

    def set_message(self, text: str) -> None:
        """Show a sentence instead of the chart; "" shows the chart."""
        if text != self._message:
            self._message = text
            self.setAccessibleDescription(text)
            self.update()

    def set_choice(self, layer: str) -> None:
        """Mark a layer."""
        if layer != self._chosen:
            self._chosen = layer
            self.update()

    @property
    def points(self) -> tuple[Point, ...]:
        """What is shown."""
        return self._points

    @property
    def message(self) -> str:
        """The sentence that stands instead of the chart, or ""."""
        return self._message

    def words(self, point: Point) -> str:
        """Return all that is told of a point."""
        lines, side = [point.words], self._effective.get(point.layer)
        if side is not None:
            lines.append(_("effective (95 %) {size}").format(size=number(side)))
        spot = point.depth, point.size and point.size[0]
        others = [p.layer for p in self._points if p is not point and (p.depth, p.size and p.size[0]) == spot]
        if others:
            names = ", ".join(others[:_NAMED]) + (" …" if len(others) > _NAMED else "")
            lines.append(_("also here: {layers}").format(layers=names))
        return "\n".join(lines)

    def place(self, layer: str) -> QPointF:
        """Return where the point of a layer is."""
        room = self._room(self.size(), self._legend_lines(self.width()))
        return self._place(next(p for p in self._points if p.layer == layer), room)

    def legend(self) -> list[tuple[str, str]]:
        """Return the marks that occur, each a kind and its words."""
        kinds = {p.certainty for p in self._points}
        found = []
        if "exact" in kinds:
            found.append(("exact", _("exact")))
        if "upper bound" in kinds:
            found.append(("upper bound", _("upper bound")))
        if "whole input" in kinds:
            found.append(("whole input", _("whole input")))
        if "unknown" in kinds:
            found.append(("unknown", _("unknown")))
        if any(p.whole and p.certainty != "whole input" for p in self._points):
            found.append(("whole", _("a unit sees the whole picture")))
        if any(p.main for p in self._points):
            found.append(("main", _("without gates")))
        if self._uneven:
            found.append(("width", _("width, where it differs")))
        if self._effective:
            found.append(("effective", _("effective (95 %)")))
        return [*found, ("input", _("the input: {h} × {w}").format(h=self._input[0], w=self._input[1]))]

    def png(self, title: str) -> bytes:
        """Return the chart with a heading as a PNG file, two pixels for each of the drawing's."""
        image = QImage(FILE_SIZE * _FILE_SCALE, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        painter.scale(_FILE_SCALE, _FILE_SCALE)
        self._paint_page(painter, title)
        painter.end()
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")  # type: ignore[call-overload]
        return bytes(buffer.data().data())

    def svg(self, title: str) -> bytes:
        """Return the same as an SVG file, whose words stay text."""
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        drawing = QSvgGenerator()
        drawing.setOutputDevice(buffer)
        drawing.setResolution(96)
        drawing.setSize(FILE_SIZE)
        drawing.setViewBox(QRectF(0, 0, FILE_SIZE.width(), FILE_SIZE.height()))
        drawing.setTitle(title)
        painter = QPainter(drawing)
        self._paint_page(painter, title)
        painter.end()
        return bytes(buffer.data().data())

    # what Qt calls

    def sizeHint(self) -> QSize:
        """Return a landscape; the layout decides."""
        return QSize(800, 320)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the chart, what is pointed at, and the keyboard's frame; or the message."""
        painter = QPainter(self)
        if self._message or not self._points:
            marks.message(painter, QRectF(self.rect()), self._message, theme.current().dim)
            return
        self._paint(painter, self.size())
        if self._at is not None:
            room = self._room(self.size(), self._legend_lines(self.width()))
            at = self._place(self._at, room)
            painter.setPen(QPen(QColor(theme.current().text), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, 6, 6)
            marks.plate(painter, at, self.words(self._at), QRectF(self.rect()))
        if self.hasFocus():
            marks.focus(painter, self.rect())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell of the nearest point."""
        self._point_at(self._nearest(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """Tell of none."""
        self._point_at(None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open the layer of the nearest point."""
        at = self._nearest(event.position())
        if event.button() == Qt.MouseButton.LeftButton and at is not None:
            self.opened.emit(at.layer)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from layer to layer, in depth, and open one."""
        steps = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Home: -(10**9), Qt.Key.Key_End: 10**9}
        keys = [Qt.Key(key) for key in steps if key == event.key()]
        order = sorted(self._points, key=lambda point: point.depth)
        if keys and order and not self._message:
            before = order.index(self._at) if self._at in order else -1
            self._point_at(order[min(max(before + steps[keys[0]], 0), len(order) - 1)])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._at is not None:
            self.opened.emit(self._at.layer)
        else:
            super().keyPressEvent(event)

    # where things are

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(theme.px(11))
        return font

    def _room(self, size: QSize, legend_lines: int) -> QRectF:
        line = theme.px(15)
        left, top = theme.px(44), legend_lines * theme.px(18) + theme.px(22)
        return QRectF(left, top, size.width() - left - 14, size.height() - top - 2 * line - 8)

    def _legend_places(self, width: int) -> list[tuple[QPointF, str, str]]:
        metrics, found = QFontMetrics(self._font()), []
        x, y = float(_EDGE), theme.px(9)
        for kind, words in self.legend():
            wide = 22 + metrics.horizontalAdvance(words)
            if x + wide > width - _EDGE and x > _EDGE:
                x, y = float(_EDGE), y + theme.px(18)
            found.append((QPointF(x, y), kind, words))
            x += wide + 14 + 0.15 * (wide - 22)  # an SVG does not know its reader's font, which may be wider
        return found

    def _legend_lines(self, width: int) -> int:
        return len({at.y() for at, _kind, _words in self._legend_places(width)})

    def _measure(self) -> None:
        """Find how far the axes reach; every point asks for it."""
        sizes = [side for p in self._points for ends in (p.size, p.main) if ends for side in ends]
        self._top = max([*sizes, *self._effective.values(), *map(float, self._input)])
        self._deepest = max((p.depth for p in self._points), default=1)

    def _y(self, side: float, room: QRectF) -> float:
        top = self._top * 1.04
        share = math.log(max(side, 1)) / math.log(max(top, 2)) if self._log else side / top
        return room.bottom() - share * room.height()

    def _x(self, depth: int, room: QRectF) -> float:
        return room.left() + (depth - 0.5) / self._deepest * room.width()

    def _place(self, point: Point, room: QRectF) -> QPointF:
        y = room.bottom() - 4 if point.size is None else self._y(point.size[0], room)
        return QPointF(self._x(point.depth, room), y)

    def _nearest(self, where: QPointF) -> Point | None:
        if not self._points or self._message:
            return None
        room = self._room(self.size(), self._legend_lines(self.width()))

        def away(point: Point) -> float:
            gap = self._place(point, room) - where
            return math.hypot(gap.x(), gap.y())

        best = min(self._points, key=away)
        return best if away(best) <= NEAR else None

    def _point_at(self, point: Point | None) -> None:
        if point is not self._at:
            self._at = point
            self.setAccessibleDescription(self.words(point) if point else "")
            self.setCursor(Qt.CursorShape.PointingHandCursor if point else Qt.CursorShape.ArrowCursor)
            self.pointed.emit(point.layer if point else "")
            self.update()

    # painting

    def _paint_page(self, painter: QPainter, title: str) -> None:
        colours, head = theme.current(), theme.px(34)
        painter.fillRect(QRectF(0, 0, FILE_SIZE.width(), FILE_SIZE.height()), QColor(colours.panel))
        painter.setFont(self.font())
        painter.setPen(QColor(colours.text))
        painter.drawText(QRectF(12, 0, FILE_SIZE.width() - 24, head), Qt.AlignmentFlag.AlignVCenter, title)
        painter.translate(0, head)
        self._paint(painter, QSize(FILE_SIZE.width(), FILE_SIZE.height() - head))

    def _paint(self, painter: QPainter, size: QSize) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font())
        colours, room = theme.current(), self._room(size, self._legend_lines(size.width()))
        for at, kind, words in self._legend_places(size.width()):
            self._mark(painter, at + QPointF(8, 0), kind)
            painter.setPen(QColor(colours.text))
            rect = QRectF(at.x() + 20, at.y() - 10, size.width(), 20)
            painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, words)
        self._paint_axes(painter, room)
        self._paint_input(painter, room)
        self._paint_first_whole(painter, room)
        self._paint_lines(painter, room)
        for point in self._points:
            at = self._place(point, room)
            if point.main is not None:
                self._mark(painter, QPointF(at.x(), self._y(point.main[0], room)), "main")
            if point.size is not None and point.size[0] != point.size[1] and point.certainty != "whole input":
                self._mark(painter, QPointF(at.x(), self._y(point.size[1], room)), "width")
            seen = point.whole and point.certainty == "exact"
            self._mark(painter, at, "whole" if seen else point.certainty)
            if point.layer == self._chosen:
                painter.setPen(QPen(QColor(colours.unit), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(at, 6, 6)

    def _paint_axes(self, painter: QPainter, room: QRectF) -> None:
        colours, line = theme.current(), theme.px(15)
        grid, dim = QPen(QColor(colours.line), 1), QColor(colours.dim)
        most = min(max(int(room.height() / (1.5 * line)), 2), _MOST_TICKS)
        for tick in ticks(self._top * 1.04, self._log, most):
            y = self._y(tick, room)
            painter.setPen(grid)
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(dim)
            rect = QRectF(0, y - line / 2, room.left() - 6, line)
            painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(tick))
        for tick in (t for t in ticks(self._deepest, False) if t):
            x = self._x(tick, room)
            painter.setPen(dim)
            below = QRectF(x - 30, room.bottom() + 3, 60, line)
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, str(tick))
        painter.setPen(QPen(dim, 1))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        words = _("depth: ops on the longest way from the input")
        below = QRectF(room.left(), room.bottom() + 3 + line, room.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, words)
        above = QRectF(_EDGE, room.top() - theme.px(20), room.width(), line)
        painter.drawText(above, Qt.AlignmentFlag.AlignLeft, _(_SIDE))

    def _paint_input(self, painter: QPainter, room: QRectF) -> None:
        for side in dict.fromkeys(self._input):
            y = self._y(side, room)
            painter.setPen(QPen(QColor(theme.current().text), 1.2, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))

    def _paint_first_whole(self, painter: QPainter, room: QRectF) -> None:
        """Draw where the first layer that sees the whole picture lies, and write its name beside the line."""
        first = next((p for p in self._points if p.layer == self._first), None)
        if first is None:
            return
        colours, x = theme.current(), self._x(first.depth, room)
        painter.setPen(QPen(QColor(colours.good), 1.2, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
        words = _("first: {layer}").format(layer=first.layer)
        wide = painter.fontMetrics().horizontalAdvance(words) + 4
        least = _EDGE + painter.fontMetrics().horizontalAdvance(_(_SIDE)) + 12
        left = max(x + 5 if x + 5 + wide < room.right() else x - 5 - wide, least)
        painter.setPen(QColor(colours.good))
        place = QRectF(left, room.top() - theme.px(20), wide, theme.px(15))
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft, words)

    def _paint_lines(self, painter: QPainter, room: QRectF) -> None:
        """Join the largest areas of each depth, those without gates where there are gates; and the effective ones."""
        colours = theme.current()
        for axis in (1, 0) if self._uneven else (0,):
            largest: dict[int, float] = {}
            for point in self._points:
                ends = point.main or (point.size if point.certainty != "whole input" else None)
                if ends:
                    largest[point.depth] = max(largest.get(point.depth, 0.0), ends[axis])
            pen = QPen(QColor(colours.dim if axis else colours.accent), 1.2)
            painter.setPen(pen)
            self._join(painter, [QPointF(self._x(d, room), self._y(s, room)) for d, s in sorted(largest.items())])
        found = [(p.depth, self._effective[p.layer]) for p in self._points if p.layer in self._effective]
        places = [QPointF(self._x(depth, room), self._y(side, room)) for depth, side in sorted(found)]
        painter.setPen(QPen(QColor(colours.warning), 1.6))
        self._join(painter, places)
        for place in places:
            self._mark(painter, place, "effective")

    def _join(self, painter: QPainter, places: Sequence[QPointF]) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(places))

    def _mark(self, painter: QPainter, at: QPointF, kind: str) -> None:
        """Paint the mark of a kind, one of ``legend``'s."""
        colours, r = theme.current(), _R
        ink = {
            "whole": colours.good,
            "unknown": colours.warning,
            "effective": colours.warning,
            "main": colours.dim,
            "width": colours.dim,
            "input": colours.text,
        }.get(kind, colours.accent)
        hollow = kind in ("upper bound", "whole input", "main")
        painter.setPen(QPen(QColor(ink), 1.3))
        painter.setBrush(QColor(colours.panel) if hollow else QColor(ink))
        if kind == "input":
            painter.setPen(QPen(QColor(ink), 1.2, Qt.PenStyle.DashLine))
            painter.drawLine(at - QPointF(8, 0), at + QPointF(8, 0))
        elif kind == "unknown":
            painter.drawLine(at + QPointF(-r, -r), at + QPointF(r, r))
            painter.drawLine(at + QPointF(-r, r), at + QPointF(r, -r))
        elif kind == "whole input":
            s = r + 1.4
            painter.drawPolygon(QPolygonF([at + QPointF(*d) for d in ((0, -s), (s, 0), (0, s), (-s, 0))]))
        elif kind == "upper bound":
            s = r + 1.2
            painter.drawPolygon(QPolygonF([at + QPointF(*d) for d in ((-s, -s), (s, -s), (0, s))]))
        elif kind == "width":
            painter.drawRect(QRectF(at.x() - 2, at.y() - 2, 4, 4))
        else:
            painter.drawEllipse(at, r - 0.6 if kind == "main" else r, r - 0.6 if kind == "main" else r)


def ticks(top: float, log: bool, most: int = _MOST_TICKS) -> list[int]:
    """Return about ``most`` round numbers from 0 to ``top`` at most; powers of two on a logarithmic axis."""
    if log:
        powers = int(math.log2(max(top, 2))) + 1
        return [2**power for power in range(0, powers, math.ceil(powers / (most + 4)))]
    step = next(part * 10**power for power in count() for part in (1, 2, 5) if top / (part * 10**power) <= most)
    return list(range(0, int(top) + 1, step))
