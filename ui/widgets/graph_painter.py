"""Paints an architecture at any size: all that is known of a box where there is room, its colour alone where not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from explorer.graph.blocks import Drawn, Node
from explorer.graph.layout import WIDTH, Box, Layout, Point, strokes, titles
from explorer.render.graph_colours import Palette
from explorer.render.graph_svg import DETAIL_PX, FRAMED, LINES, NAME_PX, PAD, PILL, count, details, joins, line_colour
from explorer.values import Thumbnail
from ui.widgets.level_image import colour_table, small_image

FULL_FROM = 0.65
"""Scale from which a box tells all it knows."""
PICTURES_FROM = 1.3
"""Scale from which a box shows what its layer sees."""
_READABLE, _NAME_ALONE = 7.0, 9.5
_SMOOTH_FROM, _ROUND_FROM = 0.12, 0.2
_BAND = 500.0
_MANY = 40
_ONE_LINE = 2 * NAME_PX + 8
_JOINS = ("add", "concat")


@dataclass
class _Lines:
    """Pieces of lines: upright ones, and those that swing aside."""

    straight: list[QLineF] = field(default_factory=list)
    swings: list[QPainterPath] = field(default_factory=list)
    all_swings: QPainterPath = field(default_factory=QPainterPath)


class GraphPainter:
    """Knows how the boxes and lines of one drawing look; texts are shortened once.

    Args:
        drawn, laid: what is drawn, and where.
        palette: the colours.
        font: the family and weight of all texts.
    """

    def __init__(self, drawn: Drawn, laid: Layout, palette: Palette, font: QFont) -> None:
        self._drawn, self._laid, self._palette = drawn, laid, palette
        self._name, self._detail, self._bold = QFont(font), QFont(font), QFont(font)
        for one, size in ((self._name, NAME_PX), (self._bold, NAME_PX), (self._detail, DETAIL_PX)):
            one.setPixelSize(round(size))
        self._bold.setWeight(QFont.Weight.DemiBold)
        self._rects = {name: rect(box) for name, box in laid.boxes.items()}
        self._titles = titles(drawn, laid)
        self._cuts: dict[tuple[object, ...], str] = {}
        self._bands = self._banded()

    def paint(
        self,
        painter: QPainter,
        part: QRectF,
        scale: float,
        thumbnails: Mapping[str, Thumbnail] | None = None,
        colours: str = "viridis",
    ) -> None:
        """Paint what lies in ``part``; the painter is already scaled to the drawing.

        Args:
            painter: where to.
            part: of the drawing, in its units.
            scale: screen px per unit.
            thumbnails: by layer id, shown where boxes are large.
            colours: of those without negative values.
        """
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, scale >= _SMOOTH_FROM)
        self._paint_frames(painter, part, scale)
        self._paint_lines(painter, part, scale)
        for node in self._drawn.nodes:
            if self._rects[node.id].intersects(part):
                seen = None if scale < PICTURES_FROM or thumbnails is None else thumbnails.get(node.layer)
                self._paint_box(painter, node, scale, seen, colours)

    # lines and frames

    def _banded(self) -> list[dict[str, _Lines]]:
        """Return the lines by the band of the drawing that they lie in: a long one is many short ones."""
        bands: list[dict[str, _Lines]] = [{} for _ in range(ceil(self._laid.height / _BAND) + 1)]
        for kind, pieces in strokes(self._drawn, self._laid).items():
            for (x0, y0), (x1, y1) in pieces:
                first, last = int(y0 // _BAND), int(y1 // _BAND)
                if x0 != x1:
                    swing = QPainterPath()
                    _add(swing, (x0, y0), (x1, y1))
                    lines = bands[first].setdefault(kind, _Lines())
                    lines.swings.append(swing)
                    lines.all_swings.addPath(swing)
                    continue
                for band in range(first, last + 1):
                    line = QLineF(x0, max(y0, band * _BAND), x0, min(y1, (band + 1) * _BAND))
                    bands[band].setdefault(kind, _Lines()).straight.append(line)
        return bands

    def _paint_lines(self, painter: QPainter, part: QRectF, scale: float) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        first = max(int(part.top() // _BAND) - 1, 0)
        last = min(int(part.bottom() // _BAND), len(self._bands) - 1)
        for kind, width in LINES.items():
            colour = QColor(line_colour(self._palette, kind))
            thick, thin = (QPen(colour, size) for size in (max(width, 1 / scale), 1 / scale))
            for pen in (thick, thin):
                pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            for lines in (self._bands[band][kind] for band in range(first, last + 1) if kind in self._bands[band]):
                painter.setPen(thick)
                painter.drawLines(lines.straight)
                if width * scale <= 1 or len(lines.swings) > _MANY:
                    painter.setPen(thin)  # Qt paints lines of one px ten times as fast as wider ones
                    painter.drawPath(lines.all_swings)
                else:
                    for swing in lines.swings:
                        painter.drawPath(swing)

    def path(self, source: str, target: str) -> QPainterPath:
        """Return one line."""
        found, points = QPainterPath(), self._laid.paths[source, target]
        for start, end in pairwise(points):
            _add(found, start, end)
        return found

    def _paint_frames(self, painter: QPainter, part: QRectF, scale: float) -> None:
        pen, tint = QPen(QColor(self._palette.line), max(1.0, 1 / scale)), QColor(self._palette.text)
        tint.setAlphaF(FRAMED)
        for block, box in self._laid.frames.items():
            frame = rect(box)
            if not frame.intersects(part):
                continue
            painter.setPen(pen)
            painter.setBrush(tint)
            painter.drawRoundedRect(frame, 8, 8)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if scale >= FULL_FROM:
                head = head_rect(box)
                title = self._cut(self._titles[block], self._detail, head.width() - 20, Qt.TextElideMode.ElideLeft)
                painter.setPen(QColor(self._palette.dim))
                painter.setFont(self._detail)
                _minus(painter, QPointF(head.left() + 9, head.center().y()))
                painter.drawText(head.adjusted(17, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, title)

    # boxes

    def _paint_box(self, painter: QPainter, node: Node, scale: float, seen: Thumbnail | None, colours: str) -> None:
        palette, box, join = self._palette, self._rects[node.id], node.family in _JOINS
        colour = QColor(palette.families[node.family])
        lettered, radius = self._letters(node, scale), box.height() / 2 if join else 6
        if not lettered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRect(box) if scale < _ROUND_FROM else painter.drawRoundedRect(box, radius, radius)
            return
        painter.setPen(QPen(colour, 1))
        if node.folded:  # a second sheet behind it
            painter.setBrush(QColor(palette.background))
            painter.drawRoundedRect(box.translated(3, 3), 6, 6)
        painter.setBrush(QColor(palette.body(node.family)))
        painter.drawRoundedRect(box, radius, radius)
        if not join:
            painter.fillRect(QRectF(box.left(), box.top() + 4, 4, box.height() - 8), colour)
        if scale >= FULL_FROM:
            room = box.adjusted(PAD, 0, -PAD, 0)
            if seen is not None and box.height() > _ONE_LINE:
                side = box.height() - 8
                place = QRectF(box.right() - side - 5, box.top() + 4, side, side)
                self._paint_picture(painter, place, seen, colours)
                room.setRight(place.left() - 6)
            self._write_all(painter, node, room)
        else:
            self._write_name(painter, node, box, lettered)

    def _letters(self, node: Node, scale: float) -> float:
        """Return the size of a name that stands alone in its box, units; 0 where it could not be read."""
        if scale >= FULL_FROM:
            return NAME_PX
        size = min(self._rects[node.id].height() * 0.6, _NAME_ALONE / scale)
        return size if size * scale >= _READABLE else 0.0

    def _write_name(self, painter: QPainter, node: Node, box: QRectF, size: float) -> None:
        font, left = QFont(self._bold), PAD
        font.setPixelSize(round(size))
        ink = QColor(self._palette.ink(node.family))
        if node.family in _JOINS:
            _mark(painter, node.family, QPointF(box.left() + PAD + 5, box.center().y()), ink)
            left += 16
        text = self._cut(node.label, font, box.width() - left - 8, Qt.TextElideMode.ElideLeft)
        self._write(painter, box.adjusted(left, 0, -4, 0), Qt.AlignmentFlag.AlignVCenter, font, ink, text)

    def _write_all(self, painter: QPainter, node: Node, inside: QRectF) -> None:
        middle, right = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        lines = details(node)
        ink, dim = QColor(self._palette.ink(node.family)), QColor(self._palette.ink(node.family, dim=True))
        detail = QFontMetricsF(self._detail)
        if inside.height() <= _ONE_LINE:
            if node.family in _JOINS:
                _mark(painter, node.family, QPointF(inside.left() + 5, inside.center().y()), ink)
                inside.setLeft(inside.left() + 16)
            taken = detail.horizontalAdvance(lines[0]) + 8
            font = self._bold if node.family in _JOINS else self._name
            name = self._cut(node.label, font, inside.width() - taken)
            self._write(painter, inside, middle, font, ink, name)
            self._write(painter, inside, right, self._detail, dim, lines[0])
            return
        right_end = self._paint_joins(painter, node, inside)
        weights = count(node.parameters) if node.parameters and not node.folded else ""
        taken = detail.horizontalAdvance(weights) + 8 if weights else 0.0
        top = QRectF(inside.left(), inside.top() + 4, inside.width(), 18)
        name = self._cut(node.label, self._bold, right_end - top.left() - taken)
        self._write(painter, top, middle, self._bold, ink, name)
        if weights:
            self._write(painter, top, right, self._detail, dim, weights)
        for turn, line in enumerate(lines, 1):
            text = self._cut(line, self._detail, inside.width(), Qt.TextElideMode.ElideRight)
            self._write(painter, top.translated(0, turn * 16), middle, self._detail, dim, text)

    def _paint_joins(self, painter: QPainter, node: Node, inside: QRectF) -> float:
        """Tell how many adds and concats a folded block holds; return where the room for its name ends."""
        right, metrics = inside.right() + 4, QFontMetricsF(self._detail)
        for family, number in joins(node):
            wide = PILL + metrics.horizontalAdvance(str(number))
            pill = QRectF(right - wide, inside.top() + 6, wide, 14)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._palette.body(family)))
            painter.drawRoundedRect(pill, 7, 7)
            ink = QColor(self._palette.ink(family))
            _mark(painter, family, QPointF(pill.left() + 8, pill.center().y()), ink, 3)
            place = pill.adjusted(14, 0, 0, 0)
            self._write(painter, place, Qt.AlignmentFlag.AlignVCenter, self._detail, ink, str(number))
            right = pill.left() - 4
        return min(right, inside.right())

    def _write(
        self, painter: QPainter, place: QRectF, flags: Qt.AlignmentFlag, font: QFont, colour: QColor, text: str
    ) -> None:
        painter.setFont(font)
        painter.setPen(colour)
        painter.drawText(place, flags, text)

    def _cut(self, text: str, font: QFont, room: float, mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> str:
        """Return ``text`` with an ellipsis where there is no room."""
        key = text, font.pixelSize(), font.weight(), room, mode
        kept = self._cuts.get(key)
        if kept is None:
            kept = self._cuts[key] = QFontMetricsF(font).elidedText(text, mode, room)
        return kept

    def _paint_picture(self, painter: QPainter, place: QRectF, thumbnail: Thumbnail, colours: str) -> None:
        table = colour_table(colours, thumbnail.signed, self._palette.background)
        h, w = thumbnail.levels.shape
        scale = place.width() / max(h, w)
        covered = QRectF(0, 0, max(w * scale, 2), max(h * scale, 2))
        covered.moveCenter(place.center())
        painter.fillRect(place, QColor(self._palette.background))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(covered, small_image(thumbnail.levels, table))


def rect(box: Box) -> QRectF:
    """Return a box as Qt's rectangle."""
    return QRectF(box.left, box.top, box.width, box.height)


def head_rect(frame: Box) -> QRectF:
    """Return where the title of an open block's frame stands, which folds it."""
    return QRectF(frame.left, frame.top + 1, max(frame.width / 2 - 6, min(frame.width, WIDTH / 2)), 14)


def _add(path: QPainterPath, start: Point, end: Point) -> None:
    (x0, y0), (x1, y1) = start, end
    path.moveTo(x0, y0)
    if x0 == x1:
        path.lineTo(x1, y1)
    else:
        middle = (y0 + y1) / 2
        path.cubicTo(x0, middle, x1, middle, x1, y1)


def _minus(painter: QPainter, centre: QPointF) -> None:
    """Paint the sign on which a click folds."""
    painter.drawRect(QRectF(centre.x() - 4, centre.y() - 4, 8, 8))
    painter.drawLine(QLineF(centre.x() - 2, centre.y(), centre.x() + 2, centre.y()))


def _mark(painter: QPainter, family: str, centre: QPointF, colour: QColor, half: int = 5) -> None:
    """Paint a plus, or three bars side by side."""
    x, y = centre.x(), centre.y()
    painter.setPen(QPen(colour, 2 if half > 3 else 1.4))
    if family == "add":
        painter.drawLine(QLineF(x - half, y, x + half, y))
        painter.drawLine(QLineF(x, y - half, x, y + half))
    else:
        for away in (-half, 0, half):
            painter.drawLine(QLineF(x + away, y - half, x + away, y + half))
