"""The rows of the layer strip: a model over the graph's layers, and the painter of one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from explorer.graph.values import Graph, Layer
from explorer.values import Thumbnail
from ui import theme
from ui.widgets import marks
from ui.widgets.level_image import colour_table, image
from ui.widgets.numbers import shape

Index = QModelIndex | QPersistentModelIndex
LAYER = Qt.ItemDataRole.UserRole
_PICTURE = 36
_PAD = 6
_WIDE_FROM = 190
"""Width of a row, px of 13 px text, from which op and shape stand side by side."""


def blocks(graph: Graph) -> list[Layer]:
    """Return the layers that make a network's outline.

    These are the ops that multiply weights (convolutions, fully connected layers), pooling, the last op of every block,
    the input and the output; what only follows a convolution (normalisation, activation, dropout, …) is left out.
    """
    last = {layer.block: layer.id for layer in graph if layer.block}
    ends = {*last.values(), graph.layers[0].id, graph.output.id}
    return [layer for layer in graph if layer.macs or "_pool" in layer.op or layer.id in ends]


def shorten(id: str, metrics: QFontMetrics, width: int) -> str:
    """Return ``id`` in ``width`` px; its end tells a layer from its neighbours, so what goes first is its beginning.

    ``blocks.10.project_conv`` becomes ``blo…10.project_conv``; where not even two parts fit, the middle is left out.
    """
    if metrics.horizontalAdvance(id) <= width:
        return id
    parts = id.split(".")
    for first in range(1, len(parts) - 1):
        tail = ".".join(parts[first:])
        rest = width - metrics.horizontalAdvance(tail)
        if rest >= metrics.horizontalAdvance("…"):
            head = ".".join(parts[:first]) + "."  # with its dot it is too long for sure, so it ends in "…"
            return metrics.elidedText(head, Qt.TextElideMode.ElideRight, rest) + tail
    return metrics.elidedText(id, Qt.TextElideMode.ElideMiddle, width)


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
    """Paints thumbnail, name, op and shape; a thumbnail is coloured when it is painted: only visible ones cost."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.thumbnails: Mapping[str, Thumbnail] = {}
        self.colours = "viridis"
        self.with_text = True

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the height of a row; the width is the list's."""
        return QSize(80, theme.px(_PICTURE if _wide(option.rect.width()) else _PICTURE + 4) + 2 * _PAD)

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
        side, wide = _side(option.rect.width()), _wide(option.rect.width())
        self._paint_thumbnail(painter, QRectF(rect.left() + _PAD, rect.center().y() - side / 2, side, side), layer)
        if not self.with_text:
            painter.restore()
            return
        left = rect.left() + side + 2 * _PAD + 2
        room = QRectF(left, rect.top() + _PAD - 1, rect.right() - _PAD - left, rect.height() - 2 * _PAD + 2)
        self._paint_text(painter, room, layer, selected, wide)
        painter.restore()

    def _paint_thumbnail(self, painter: QPainter, frame: QRectF, layer: Layer) -> None:
        colours, thumbnail = theme.current(), self.thumbnails.get(layer.id)
        if thumbnail is None:
            painter.setPen(QPen(QColor(colours.line), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            return
        picture = image(thumbnail.levels, colour_table(self.colours, thumbnail.signed, colours.panel))
        h, w = thumbnail.levels.shape
        scale = min(frame.width() / w, frame.height() / h)
        place = QRectF(0, 0, max(w * scale, 3), max(h * scale, 3))
        place.moveCenter(frame.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 1)
        painter.drawImage(place, picture, QRectF(picture.rect()))

    def _paint_text(self, painter: QPainter, room: QRectF, layer: Layer, selected: bool, wide: bool) -> None:
        colours, middle = theme.current(), Qt.TextElideMode.ElideMiddle
        upright = Qt.AlignmentFlag.AlignVCenter
        height = room.height() / (2 if wide else 3)
        rows = [QRectF(room.left(), room.top() + n * height, room.width(), height) for n in range(2 if wide else 3)]
        painter.setPen(QColor(colours.text))
        name = shorten(layer.id, painter.fontMetrics(), int(room.width()))
        painter.drawText(rows[0], upright, name)
        font = QFont(painter.font())
        font.setPixelSize(theme.px(11))
        painter.setFont(font)
        metrics, text = painter.fontMetrics(), shape(layer.output)
        painter.setPen(QColor(theme.mix(colours.dim, colours.text, 0.35) if selected else colours.dim))
        side = Qt.AlignmentFlag.AlignRight if wide else Qt.AlignmentFlag.AlignLeft
        painter.drawText(rows[-1], upright | side, text)
        rest = int(room.width()) - (metrics.horizontalAdvance(text) + 8 if wide else 0)
        painter.drawText(rows[1], upright, metrics.elidedText(layer.op, middle, rest))


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

    @property
    def thumbnails(self) -> Mapping[str, Thumbnail]:
        """The thumbnails by layer id."""
        return self._delegate.thumbnails

    def show_thumbnails(self, thumbnails: Mapping[str, Thumbnail], colours: str) -> None:
        """Show these thumbnails; ``colours`` are for those without negative values."""
        if thumbnails != self._delegate.thumbnails or colours != self._delegate.colours:
            self._delegate.thumbnails, self._delegate.colours = dict(thumbnails), colours
            self.viewport().update(0, 0, self._pictures_end, self.viewport().height())

    @property
    def _pictures_end(self) -> int:
        return _side(self.viewport().width()) + 2 * _PAD

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
        """Paint the rows, or the message; the rows' texts, which cost most, only where they are due."""
        self._delegate.with_text = event.rect().right() >= self._pictures_end
        super().paintEvent(event)
        if self._message:
            painter = QPainter(self.viewport())
            marks.message(painter, self.viewport().rect().toRectF(), self._message, theme.current().dim)


def _side(width: int) -> int:
    """Return the side of a thumbnail; in a narrow list with large text the text needs the room more."""
    return min(theme.px(_PICTURE), width // 4)


def _wide(width: int) -> bool:
    return width >= theme.px(_WIDE_FROM)
