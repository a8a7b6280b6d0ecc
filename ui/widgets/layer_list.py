"""The rows of the layer strip: a model over the graph's layers, and the painter of one row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from explorer.graph.values import Graph, Layer
from explorer.values import Thumbnail
from ui import theme
from ui.widgets import marks
from ui.widgets.level_image import colour_table, small_image
from ui.widgets.numbers import shape

Index = QModelIndex | QPersistentModelIndex
LAYER = Qt.ItemDataRole.UserRole
_PICTURE = 32
_NAME = 18
_PAD = 5


def blocks(graph: Graph) -> list[Layer]:
    """Return the layers that make a network's outline.

    These are the ops that multiply weights (convolutions, fully connected layers), pooling, the last op of every block,
    the input and the output; what only follows a convolution (normalisation, activation, dropout, …) is left out.
    """
    last = {layer.block: layer.id for layer in graph if layer.block}
    ends = {*last.values(), graph.layers[0].id, graph.output.id}
    return [layer for layer in graph if layer.macs or "_pool" in layer.op or layer.id in ends]


def shorten(id: str, metrics: QFontMetrics, width: int) -> str:
    """Return ``id`` in ``width`` px; its numbers and its end tell a layer from its neighbours, so they stay.

    ``blocks.10.project_conv`` becomes ``blo…10.project_conv``, then ``…10.project_conv``, then ``…10.proj…onv``;
    ``features.denseblock3.denselayer12.conv2`` becomes ``fea…den…3.den…12.conv2``.
    """
    if metrics.horizontalAdvance(id) <= width:
        return id
    *before, last = id.split(".")
    head = ""
    for letters in range(max(map(len, before), default=0), -1, -1):
        head = "".join(_abbreviate(part, letters) + "." for part in before)
        head = re.sub("…+", "…", head.replace("….", "…"))
        if metrics.horizontalAdvance(head + last) <= width:
            return head + last
    rest = width - metrics.horizontalAdvance(head)
    if rest >= 2 * metrics.horizontalAdvance("…"):
        return head + metrics.elidedText(last, Qt.TextElideMode.ElideMiddle, rest)
    return metrics.elidedText(id, Qt.TextElideMode.ElideMiddle, width)


def _abbreviate(part: str, letters: int) -> str:
    """Return so many of a part's letters, and the number that it ends in."""
    word = part.rstrip("0123456789")
    return part if len(word) <= letters else f"{word[:letters]}…{part[len(word) :]}"


class LayerModel(QAbstractListModel):
    """The layers that pass the filter, in the order in which they run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers: list[Layer] = []
        self._rows: dict[str, int] = {}

    @property
    def layers(self) -> Sequence[Layer]:
        """The rows."""
        return self._layers

    def set_layers(self, layers: Sequence[Layer]) -> None:
        """Show these rows."""
        self.beginResetModel()
        self._layers = list(layers)
        self._rows = {layer.id: row for row, layer in enumerate(self._layers)}
        self.endResetModel()

    def row(self, id: str) -> int | None:
        """Return the row of the layer called ``id``, or None."""
        return self._rows.get(id)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._layers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a row's layer, its id, or what a screen reader says."""
        if not index.isValid() or index.row() >= len(self._layers):
            return None
        layer = self._layers[index.row()]
        if role == LAYER:
            return layer
        if role == Qt.ItemDataRole.DisplayRole:
            return layer.id
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return f"{layer.id}\n{layer.op}  {shape(layer.output)}"
        return None


class LayerDelegate(QStyledItemDelegate):
    """Paints the name over the whole row and below it thumbnail, op and shape.

    A thumbnail is coloured when it is painted: only visible ones cost. Texts are shortened once for each width.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.thumbnails: Mapping[str, Thumbnail] = {}
        self.colours = "viridis"
        self._texts: dict[str, tuple[str, str, str]] = {}
        self._texts_for = (0, 0)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the height of a row; the width is the list's."""
        return QSize(80, theme.px(_NAME) + theme.px(_PICTURE) + 2 * _PAD)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one row."""
        layer = index.data(LAYER)
        if not isinstance(layer, Layer):
            return
        colours, rect = theme.current(), QRectF(option.rect)
        painter.save()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            focused = selected and option.state & QStyle.StateFlag.State_HasFocus
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(colours.accent), 2) if focused else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.selected if selected else colours.raised))
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 6, 6)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self.paint_thumbnail(painter, picture_rect(option.rect), layer.id)
        self._paint_text(painter, option.rect, layer, selected)
        painter.restore()

    def paint_thumbnail(self, painter: QPainter, frame: QRect, name: str) -> None:
        """Paint the thumbnail of the layer called ``name``, or an empty frame."""
        colours, thumbnail = theme.current(), self.thumbnails.get(name)
        if thumbnail is None:
            painter.setPen(QPen(QColor(colours.line), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(frame).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            return
        picture = small_image(thumbnail.levels, colour_table(self.colours, thumbnail.signed, colours.panel))
        smooth = max(thumbnail.levels.shape) > frame.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(_covered(frame, thumbnail), picture)

    def _paint_text(self, painter: QPainter, rect: QRect, layer: Layer, selected: bool) -> None:
        colours, middle, picture = theme.current(), Qt.AlignmentFlag.AlignVCenter, picture_rect(rect)
        small = QFont(painter.font())
        small.setPixelSize(theme.px(11))
        whole = rect.width() - 2 * _PAD
        left = picture.right() + 8
        beside = QRectF(left, picture.top(), rect.right() - _PAD - left, picture.height() / 2)
        name, op, size = self._shortened(layer, painter.fontMetrics(), whole, QFontMetrics(small), int(beside.width()))
        painter.setPen(QColor(colours.text))
        painter.drawText(QRectF(rect.left() + _PAD, rect.top() + _PAD - 1, whole, theme.px(_NAME)), middle, name)
        painter.setFont(small)
        painter.setPen(QColor(theme.mix(colours.dim, colours.text, 0.35) if selected else colours.dim))
        painter.drawText(beside, middle, op)
        painter.drawText(beside.translated(0, beside.height()), middle, size)

    def _shortened(
        self, layer: Layer, metrics: QFontMetrics, whole: int, small: QFontMetrics, beside: int
    ) -> tuple[str, str, str]:
        """Return name, op and shape with an ellipsis where there is no room."""
        if self._texts_for != (whole, metrics.height()):
            self._texts_for, self._texts = (whole, metrics.height()), {}
        if layer.id not in self._texts:
            right = Qt.TextElideMode.ElideRight
            op, size = (small.elidedText(text, right, beside) for text in (layer.op, shape(layer.output)))
            self._texts[layer.id] = shorten(layer.id, metrics, whole), op, size
        return self._texts[layer.id]


class LayerList(QListView):
    """The list itself; it can say why it is empty, and new thumbnails repaint only the thumbnails."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layers, self._delegate = LayerModel(self), LayerDelegate(self)
        self.setModel(self.layers)
        self.setItemDelegate(self._delegate)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self._message = ""
        self._stale = QRegion()

    @property
    def thumbnails(self) -> Mapping[str, Thumbnail]:
        """The thumbnails by layer id."""
        return self._delegate.thumbnails

    def show_thumbnails(self, thumbnails: Mapping[str, Thumbnail], colours: str) -> None:
        """Show these thumbnails; ``colours`` are for those without negative values."""
        before, others = self._delegate.thumbnails, colours != self._delegate.colours
        if thumbnails == before and not others:
            return
        self._delegate.thumbnails, self._delegate.colours = dict(thumbnails), colours
        changed = QRegion()
        for frame, name in self._frames():
            old, new = before.get(name), thumbnails.get(name)
            if others or old is not new:
                if old is not None and new is not None and old.levels.shape == new.levels.shape:
                    frame = _covered(frame, new)
                    self._stale += frame
                changed += frame
        if not changed.isEmpty():
            self.viewport().update(changed)

    def _frames(self) -> Iterator[tuple[QRect, str]]:
        """Return where the thumbnails that show lie, and whose they are."""
        rows = self.rows_shown()
        first = self.visualRect(self.layers.index(rows.start))
        frame = picture_rect(first)
        for place, row in enumerate(rows):
            yield frame.translated(0, place * first.height()), self.layers.layers[row].id

    def rows_shown(self) -> range:
        """Return the rows that show, if only in part."""
        first = self.indexAt(QPoint(4, 1)).row()
        last = self.indexAt(QPoint(4, self.viewport().height() - 2)).row()
        if first < 0 or not self.isVisible():
            return range(0)
        return range(first, (last if last >= 0 else len(self.layers.layers) - 1) + 1)

    @property
    def message(self) -> str:
        """What stands in place of rows."""
        return self._message

    def set_message(self, text: str) -> None:
        """Show ``text`` in place of rows."""
        if text != self._message:
            self._message = text
            self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows, or the message; where nothing but thumbnails is new, only those, over what they hide."""
        stale, self._stale = self._stale, QRegion()
        if (event.region() - stale).isEmpty():
            painter = QPainter(self.viewport())
            for frame, name in self._frames():
                if event.region().intersects(frame):
                    self._delegate.paint_thumbnail(painter, frame, name)
            return
        super().paintEvent(event)
        if self._message:
            painter = QPainter(self.viewport())
            marks.message(painter, self.viewport().rect().toRectF(), self._message, theme.current().dim)


def picture_rect(row: QRect) -> QRect:
    """Return where the thumbnail lies in a row."""
    side = theme.px(_PICTURE)
    return QRect(row.left() + _PAD, row.bottom() + 1 - _PAD - side, side, side)


def _covered(frame: QRect, thumbnail: Thumbnail) -> QRect:
    """Return what a thumbnail covers of its frame."""
    h, w = thumbnail.levels.shape
    scale = frame.width() / max(h, w)
    place = QRect(0, 0, max(round(w * scale), 3), max(round(h * scale), 3))
    place.moveCenter(frame.center())
    return place
