"""A network as one picture: what it sees, the strongest maps of every stage, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
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
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.text import _
from explorer.values import Bytes, Prediction, Thumbnail
from ui import theme
from ui.widgets import marks
from ui.widgets.colour_bar import paint_bar
from ui.widgets.layer_list import shorten
from ui.widgets.level_image import Table, colour_table, small_image
from ui.widgets.numbers import percent

LARGEST, SMALLEST = 120, 20
"""Side of a map, px at text size 1."""
FEWEST = 5
"""Maps of a column for which the others are made smaller."""
_GAP, _ARROW, _EDGE = 4, 16, 10
"""Between maps; between columns, where an arrow stands; and around all."""
_ANSWER = (112, 0.18, 176)
"""Least width of the answer's column, its share of the whole, and most; px at text size 1."""
_LINE = 1.45
"""Height of a line of text, in its own size."""

Place = tuple[int, int]
"""Column, and map of it from the top."""


@dataclass(frozen=True, eq=False)
class Column:
    """One column.

    Attributes:
        layer: id of the layer that is shown.
        title, detail: the two lines above it.
        maps: each with its channel.
        picture: uint8 RGB (h, w, 3) in place of maps: what the network sees.
        answers: bars in place of maps.
        note: a sentence in place of maps.
    """

    layer: str
    title: str
    detail: str
    maps: tuple[tuple[int, Thumbnail], ...] = ()
    picture: Bytes | None = None
    answers: tuple[Prediction, ...] = ()
    note: str = ""

    @property
    def wide(self) -> bool:
        """Whether it needs room for words."""
        return bool(self.answers or self.note)

    @property
    def channels(self) -> tuple[int, ...]:
        """The channel at each place from the top."""
        if self.answers:
            return tuple(answer.index for answer in self.answers)
        return tuple(channel for channel, _map in self.maps) if self.maps else (0,)


class OverviewView(QWidget):
    """Paints the columns; a click, or arrows and Enter, choose a map.

    Signals:
        chosen: id of the layer and channel.
    """

    chosen = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 200)
        self._columns: tuple[Column, ...] = ()
        self._colours = "viridis"
        self._message = ""
        self._choice: tuple[str, int] | None = None
        self._pointed: Place | None = None
        self._pointer: QPointF | None = None
        self._cursor: Place = (0, 0)

    @property
    def columns(self) -> tuple[Column, ...]:
        """What is shown."""
        return self._columns

    @property
    def message(self) -> str:
        """The sentence that stands instead of the columns, or ""."""
        return self._message

    def show_columns(self, columns: Sequence[Column], colours: str) -> None:
        """Show these columns, maps without negative values in ``colours`` (a key of ``render.colours.MAPS``)."""
        if len(columns) != len(self._columns):
            self._cursor, self._pointed = (0, 0), None
        self._columns, self._colours = tuple(columns), colours
        self.update()

    def set_message(self, text: str) -> None:
        """Show a sentence instead of the columns; "" shows the columns."""
        if text != self._message:
            self._message = text
            self.setAccessibleDescription(text)
            self.update()

    def set_choice(self, layer: str, channel: int) -> None:
        """Mark a map, where it is shown."""
        if (layer, channel) != self._choice:
            self._choice = layer, channel
            self.update()

    def fitting(self, columns: int) -> int:
        """Return how many maps fit above one another where there are so many columns, the answer among them."""
        side = self._side(self.size(), columns)
        return _fits(self._room(self.size()), side, _GAP)

    def sizeHint(self) -> QSize:
        """Return a modest landscape; the layout decides."""
        return QSize(900, 480)

    # where things are

    @property
    def _text(self) -> int:
        return theme.px(11)

    @property
    def _head(self) -> float:
        return 2 * _LINE * self._text + 8 + _EDGE

    @property
    def _foot(self) -> float:
        return 2 * _LINE * self._text + 16 + _EDGE / 2

    def _room(self, size: QSize) -> float:
        """Return the height that is left for maps."""
        return size.height() - self._head - self._foot

    def _answer(self, size: QSize) -> float:
        least, share, most = _ANSWER
        return min(max(share * size.width(), theme.px(least)), theme.px(most))

    def _side(self, size: QSize, columns: int) -> float:
        """Return the side of a map: as large as the columns, and ``FEWEST`` maps in each, let it be."""
        wide = self._columns[-1].wide if len(self._columns) == columns else True
        others = columns - 1 if wide else columns
        across = size.width() - 2 * _EDGE - (self._answer(size) if wide else 0) - (columns - 1) * _ARROW
        down = (self._room(size) + _GAP) / FEWEST - _GAP
        return max(min(across / max(others, 1), down, theme.px(LARGEST)), theme.px(SMALLEST))

    def _rects(self, size: QSize) -> list[QRectF]:
        """Return where each column lies, its heading left out."""
        side = self._side(size, len(self._columns))
        widths = [self._answer(size) if column.wide else side for column in self._columns]
        room, gap = size.width() - 2 * _EDGE, float(_ARROW)
        if len(widths) > 1:  # what is left over goes between the columns, up to a map's side
            gap = min(max((room - sum(widths)) / (len(widths) - 1), _ARROW), side)
        left = _EDGE + max((room - sum(widths) - gap * (len(widths) - 1)) / 2, 0)
        rects = []
        for width in widths:
            rects.append(QRectF(left, self._head, width, self._room(size)))
            left += width + gap
        return rects

    def _cells(self, column: Column, rect: QRectF) -> list[QRectF]:
        """Return where each map, or each answer, of a column lies: as many as fit, in the middle of its height."""
        high = 2.6 * _LINE * self._text if column.answers else rect.width()
        gap = 0 if column.answers else _GAP
        count = min(len(column.channels), _fits(rect.height(), high, gap))
        top = rect.top() + max((rect.height() - count * (high + gap) + gap) / 2, 0)
        return [QRectF(rect.left(), top + place * (high + gap), rect.width(), high) for place in range(count)]

    def cell_rect(self, column: int, place: int) -> QRectF:
        """Return where a map lies, empty if it does not show."""
        if not 0 <= column < len(self._columns):
            return QRectF()
        cells = self._cells(self._columns[column], self._rects(self.size())[column])
        return cells[place] if 0 <= place < len(cells) else QRectF()

    def place_at(self, position: QPointF) -> Place | None:
        """Return the column and the map at a view coordinate, or None."""
        for number, (column, rect) in enumerate(zip(self._columns, self._rects(self.size()), strict=True)):
            for place, cell in enumerate(self._cells(column, rect)):
                if cell.contains(position) and not column.note:
                    return number, place
        return None

    def describe(self, place: Place) -> str:
        """Return what a map is."""
        column = self._columns[place[0]]
        if column.picture is not None:
            return _("what the network sees")
        channel = column.channels[place[1]]
        if column.answers:
            answer = column.answers[place[1]]
            return f"{answer.label}   {_told(answer)}"
        return _("{layer}\nchannel {channel}").format(layer=column.layer, channel=channel)

    # input

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell what lies under the pointer."""
        self._pointer, self._pointed = event.position(), self.place_at(event.position())
        clickable = self._pointed is not None and not self._message
        self.setCursor(Qt.CursorShape.PointingHandCursor if clickable else Qt.CursorShape.ArrowCursor)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Tell about nothing."""
        self._pointer = self._pointed = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose what was clicked."""
        place = self.place_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self._choose(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move from map to map, Enter chooses."""
        steps = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        key = Qt.Key(event.key())
        if not self._columns or self._message:
            super().keyPressEvent(event)
        elif key in steps:
            across, down = steps[key]
            column = min(max(self._cursor[0] + across, 0), len(self._columns) - 1)
            most = len(self._cells(self._columns[column], self._rects(self.size())[column])) - 1
            self._cursor = column, min(max(self._cursor[1] + down, 0), most)
            self.setAccessibleDescription(self.describe(self._cursor))
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self._cursor)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QEvent) -> None:
        """Show the focus."""
        self.update()

    def focusOutEvent(self, event: QEvent) -> None:
        """Hide the focus."""
        self.update()

    def _choose(self, place: Place) -> None:
        column = self._columns[place[0]]
        if not self._message and not column.note and place[1] < len(column.channels):
            self._cursor = place
            self.chosen.emit(column.layer, column.channels[place[1]])

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the columns, the marks and the focus."""
        painter, colours = QPainter(self), theme.current()
        painter.fillRect(self.rect(), QColor(colours.panel))
        if self._message or not self._columns:
            marks.message(painter, QRectF(self.rect()), self._message, colours.dim)
        else:
            self.paint(painter, self.size())
            self._paint_marks(painter)
        if self.hasFocus():
            marks.focus(painter, self.rect())

    def paint(self, painter: QPainter, size: QSize) -> None:
        """Paint the columns alone, as for a file."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font())
        rects = self._rects(size)
        for column, rect in zip(self._columns, rects, strict=True):
            self._paint_heading(painter, column, rect)
            cells = self._cells(column, rect)
            if column.note:
                painter.setPen(QColor(theme.current().dim))
                flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
                painter.drawText(rect, flags, column.note)
            elif column.picture is not None:
                _draw(painter, cells[0], _rgb(column.picture))
            elif column.answers:
                for cell, answer in zip(cells, column.answers, strict=False):
                    self._paint_answer(painter, cell, answer)
            else:
                for cell, (_channel, thumbnail) in zip(cells, column.maps, strict=False):
                    table = colour_table(self._colours, thumbnail.signed, theme.current().panel)
                    _draw(painter, cell, small_image(thumbnail.levels, table))
        for before, after in pairwise(rects):
            _arrow(painter, QPointF((before.right() + after.left()) / 2, before.center().y()))
        self._paint_foot(painter, size, rects)
        self._paint_legend(painter, size, rects[0].left())

    def _paint_heading(self, painter: QPainter, column: Column, rect: QRectF) -> None:
        metrics, line = QFontMetrics(self._font()), _LINE * self._text
        reach = _ARROW - 4  # a name may stand a little over its column
        width = rect.width() + reach
        head = QRectF(rect.left(), _EDGE, width, line)
        painter.setPen(QColor(theme.current().text))
        painter.drawText(head, Qt.AlignmentFlag.AlignVCenter, shorten(column.title, metrics, int(width)))
        painter.setPen(QColor(theme.current().dim))
        detail = metrics.elidedText(column.detail, Qt.TextElideMode.ElideRight, int(width))
        painter.drawText(head.translated(0, line), Qt.AlignmentFlag.AlignVCenter, detail)

    def _paint_answer(self, painter: QPainter, cell: QRectF, answer: Prediction) -> None:
        colours, line = theme.current(), _LINE * self._text
        metrics, share = QFontMetrics(self._font()), _told(answer)
        painter.setPen(QColor(colours.text))
        words = QRectF(cell.left(), cell.top(), cell.width(), line)
        painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, share)
        room = int(cell.width() - metrics.horizontalAdvance(share) - 10)
        label = metrics.elidedText(answer.label, Qt.TextElideMode.ElideRight, room)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, label)
        if answer.score is not None:  # of how much it is a share nobody says
            return
        track = QRectF(cell.left(), cell.top() + line + 2, cell.width(), 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(track, 2.5, 2.5)
        painter.setBrush(QColor(colours.accent))
        track.setWidth(max(track.width() * min(max(answer.probability, 0.0), 1.0), 5.0))
        painter.drawRoundedRect(track, 2.5, 2.5)

    def _paint_foot(self, painter: QPainter, size: QSize, rects: Sequence[QRectF]) -> None:
        """Say below the maps what becomes of the features from left to right."""
        inner = [rect for rect, column in zip(rects, self._columns, strict=True) if column.maps]
        if len(inner) < 2:
            return
        metrics, line = QFontMetrics(self._font()), _LINE * self._text
        top = size.height() - self._foot + 6
        foot = QRectF(inner[0].left(), top, inner[-1].right() - inner[0].left(), line)
        first, last = _("simple features"), _("high-level features")
        painter.setPen(QColor(theme.current().dim))
        painter.drawText(foot, Qt.AlignmentFlag.AlignVCenter, first)
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, last)
        start = foot.left() + metrics.horizontalAdvance(first) + 10
        end = foot.right() - metrics.horizontalAdvance(last) - 10
        if end - start > 12:
            painter.setPen(QPen(QColor(theme.current().line), 1.5))
            painter.drawLine(QPointF(start, foot.center().y()), QPointF(end - 5, foot.center().y()))
            _arrow(painter, QPointF(end - 3, foot.center().y()))

    def legends(self) -> list[tuple[Table, str]]:
        """Return the colours of the maps that show, and what they stand for."""
        words = {
            False: _("from the smallest to the largest value of each map"),
            True: _("white is 0, blue below, red above"),
        }
        kinds = sorted({thumbnail.signed for column in self._columns for _channel, thumbnail in column.maps})
        return [(colour_table(self._colours, signed, theme.current().panel), words[signed]) for signed in kinds]

    def _paint_legend(self, painter: QPainter, size: QSize, left: float) -> None:
        """Say at the bottom what the colours stand for."""
        metrics, line = QFontMetrics(self._font()), _LINE * self._text
        top, high, wide = size.height() - line - _EDGE / 2, theme.px(8), theme.px(56)
        for table, words in self.legends():
            paint_bar(painter, QRectF(left, top + (line - high) / 2, wide, high), table, upright=False)
            left += wide + 8
            room = max(size.width() - _EDGE - left, 0)
            text = metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(room))
            painter.setPen(QColor(theme.current().dim))
            painter.drawText(QRectF(left, top, room, line), Qt.AlignmentFlag.AlignVCenter, text)
            left += metrics.horizontalAdvance(text) + 24

    def _paint_marks(self, painter: QPainter) -> None:
        for number, column in enumerate(self._columns):
            if self._choice is not None and column.layer == self._choice[0] and not column.note:
                for place, channel in enumerate(column.channels):
                    cell = self.cell_rect(number, place)
                    if channel == self._choice[1] and not cell.isNull():
                        marks.box(painter, cell, theme.current().unit)
        for pointed in {self._pointed, self._cursor if self.hasFocus() else None} - {None}:
            assert pointed is not None
            painter.setPen(QPen(QColor(theme.current().accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.cell_rect(*pointed))
        if self._pointed is not None and self._pointer is not None:
            marks.plate(painter, self._pointer, self.describe(self._pointed), QRectF(self.rect()))

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(self._text)
        return font


def _told(answer: Prediction) -> str:
    """Return an answer's share, or its score where nobody says how that becomes one."""
    return percent(answer.probability) if answer.score is None else answer.figure


def _fits(room: float, size: float, gap: float) -> int:
    """Return how many of ``size`` fit into ``room``, at least one."""
    return max(int((room + gap) / (size + gap) + 1e-6), 1)


def _rgb(pixels: Bytes) -> QImage:
    height, width = pixels.shape[:2]
    return QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _draw(painter: QPainter, cell: QRectF, image: QImage) -> None:
    """Paint an image in the middle of ``cell``, in its own proportions; large cells keep sharp edges."""
    scale = min(cell.width() / image.width(), cell.height() / image.height())
    room = QRectF(0, 0, image.width() * scale, image.height() * scale)
    room.moveCenter(cell.center())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 2)
    painter.drawImage(room, image, QRectF(image.rect()))


def _arrow(painter: QPainter, tip: QPointF) -> None:
    painter.setPen(QPen(QColor(theme.current().dim), 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF([tip + QPointF(-2.5, -4.5), tip + QPointF(2, 0), tip + QPointF(-2.5, 4.5)]))
