"""The architecture of a network as boxes and lines: walk along them, fold and unfold blocks, choose a layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QImage, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from explorer.graph.blocks import Drawn, Node, Outline
from explorer.graph.layout import Layout, layout
from explorer.graph.values import Graph
from explorer.render.graph_colours import PALETTES, Palette
from explorer.render.graph_svg import describe
from explorer.values import Thumbnail
from ui import theme
from ui.widgets import marks
from ui.widgets.graph_painter import FULL_FROM, PICTURES_FROM, GraphPainter, head_rect, rect
from ui.widgets.graph_strip import STRIP, GraphStrip
from ui.widgets.viewport import Viewport
from ui.widgets.zoom_view import ZoomView

MOST_SCALE = 3.0
"""Screen px per unit of the drawing, at most."""
_FIT_FROM = _LEAST_OPENED = FULL_FROM
_ASIDE = 40.0


class GraphView(ZoomView):
    """A drawing that is larger than the view.

    Signals:
        chosen: id of the layer whose box was clicked or walked to; a folded block's is the last in it.
        folds_changed: other blocks are folded now.
    """

    chosen = Signal(str)
    folds_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._outline: Outline | None = None
        self._folded: frozenset[str] = frozenset()
        self._drawn: Drawn | None = None
        self._laid: Layout | None = None
        self._painter: GraphPainter | None = None
        self._current = ""
        self._untouched = True
        self._thumbnails: Mapping[str, Thumbnail] = {}
        self._colours = "viridis"
        self._strip: GraphStrip | None = None
        self._on_strip = False

    # what is shown

    @property
    def drawn(self) -> Drawn | None:
        """Boxes and lines, or None while there is no network."""
        return self._drawn

    @property
    def laid(self) -> Layout | None:
        """Where they lie."""
        return self._laid

    @property
    def folded(self) -> frozenset[str]:
        """Ids of the folded blocks."""
        return self._folded

    @property
    def outline(self) -> Outline | None:
        """The network's blocks."""
        return self._outline

    @property
    def current(self) -> str:
        """Id of the box that has the mark, or ""."""
        return self._current

    def show_graph(self, graph: Graph | None, same: bool = False) -> None:
        """Show a network, folded so that it can be read.

        Args:
            graph: its layers.
            same: whether it is the one that shows, on another path through its layers: what is folded stays so, and
                what has the mark keeps it, and its place on the screen.
        """
        if graph is None:
            self._outline = self._drawn = self._laid = self._painter = self._viewport = None
            self._current = ""
            self.update()
            return
        before, self._outline = self._outline, Outline(graph)
        if same and before is not None:
            self._redraw(self._folded | self._outline.default() - before.all, self._found_again())
            return
        self._current, self._untouched = "", True
        self._draw(self._outline.default())
        self._open()
        self.folds_changed.emit()

    def show_thumbnails(self, thumbnails: Mapping[str, Thumbnail], colours: str) -> None:
        """Show these in boxes that are large enough."""
        self._thumbnails, self._colours = thumbnails, colours
        if self._viewport is not None and self._viewport.scale >= PICTURES_FROM:
            self.update()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        if self._drawn is not None and self._laid is not None:
            self._make_painters(self._drawn, self._laid)
        self.update()

    def mark(self, layer: str) -> None:
        """Put the mark on the box that holds a layer, and bring it into view."""
        node = self._box_of(layer)
        if node is not None and node.id != self._current:
            self._put(node.id)
            self._reveal(node.id)

    def seek(self, layer: str) -> None:
        """Put the mark on a layer's own box, unfolding what hides it, and show it in the middle."""
        if self._outline is None:
            return
        hiding = self._folded & frozenset(self._outline.around(layer))
        if hiding:
            self.fold_to(self._folded - hiding)
        node = self._box_of(layer)
        if node is not None:
            self._put(node.id)
            self._centre(node.id)

    def fold_to(self, folded: frozenset[str]) -> None:
        """Fold these blocks and no others; what has the mark stays where it is on the screen."""
        if self._outline is None or self._drawn is None or folded == self._folded:
            return
        self._redraw(folded, self._drawn.by_id.get(self._current) or self._nearest_to_middle())

    def toggle(self, id: str) -> None:
        """Unfold a folded block; of an op, or of an open block's frame, fold the block around."""
        if self._drawn is None or self._outline is None:
            return
        node = self._drawn.by_id.get(id)
        if node is not None and node.folded:
            self._put(id)
            self.fold_to(self._folded - {id})
            return
        block = id if node is None else node.parent
        if block in self._outline.blocks:
            inside = self._outline.blocks[block]
            held = node or next((one for one in self._drawn.nodes if inside.start <= one.start < inside.stop), None)
            if held is not None:
                self._put(held.id)
            self.fold_to(self._folded | {block})

    def image(self, scale: float) -> QImage:
        """Return the whole drawing as a picture of ``scale`` px per unit."""
        size = (
            QSize(0, 0)
            if self._laid is None
            else QSize(round(self._laid.width * scale), round(self._laid.height * scale))
        )
        image = QImage(size, QImage.Format.Format_RGB32)
        if self._painter is not None and self._laid is not None:
            image.fill(QColor(self._palette.background))
            painter = QPainter(image)
            painter.scale(scale, scale)
            self._painter.paint(painter, QRectF(0, 0, self._laid.width, self._laid.height), scale)
            painter.end()
        return image

    # geometry

    def zoom(self, factor: float, centre: QPointF | None = None) -> None:
        """Magnify about ``centre`` (a view coordinate; the middle if None), as far as boxes make sense."""
        self._untouched = False
        if self._viewport is not None:
            super().zoom(min(factor, max(MOST_SCALE / self._viewport.scale, 1.0)), centre)

    def pan(self, down: float, right: float) -> None:
        """Move the drawing by so many view px, as far as its edges allow."""
        self._untouched = False
        if self._viewport is not None:
            self._move(self._viewport.panned(down, right))

    def node_at(self, position: QPointF) -> Node | None:
        """Return the box at a view coordinate."""
        if self._viewport is None or self._drawn is None or self._laid is None:
            return None
        y, x = self._viewport.to_picture(position.y(), position.x())
        point = QPointF(x, y)
        return next((node for node in self._drawn.nodes if rect(self._laid.boxes[node.id]).contains(point)), None)

    def frame_at(self, position: QPointF) -> str:
        """Return the id of the open block whose title is at a view coordinate, or ""."""
        if self._viewport is None or self._laid is None or self._viewport.scale < FULL_FROM:
            return ""
        y, x = self._viewport.to_picture(position.y(), position.x())
        inner = reversed(list(self._laid.frames.items()))
        return next((block for block, frame in inner if head_rect(frame).contains(QPointF(x, y))), "")

    def box_rect(self, id: str) -> QRectF:
        """Return where a box lies in the view; an empty rectangle if it is not there."""
        box = None if self._laid is None else self._laid.boxes.get(id)
        return QRectF() if box is None else self.rect_of(box.top, box.left, box.bottom, box.right)

    def _found_again(self) -> Node | None:
        """Return the box that keeps its place where the network has another path now; its layer must be there too."""
        assert self._outline is not None
        marked = self._drawn.by_id.get(self._current) if self._drawn is not None else None
        if marked is None or self._outline.place(marked.layer) < 0:
            self._current, marked = "", self._nearest_to_middle()
        place = -1 if marked is None else self._outline.place(marked.layer)
        return None if marked is None or place < 0 else replace(marked, start=place)

    def _redraw(self, folded: frozenset[str], kept: Node | None) -> None:
        """Draw with other blocks folded; ``kept`` keeps its place, or the beginning where nobody has touched it."""
        untouched = self._untouched and not self._current
        self._draw(folded, kept)
        if untouched or kept is None:
            self._open()
        self.folds_changed.emit()

    def _draw(self, folded: frozenset[str], kept: Node | None = None) -> None:
        """Lay the network out anew; the box that holds ``kept`` keeps its place on the screen."""
        assert self._outline is not None
        before = self.box_rect(kept.id) if kept is not None else QRectF()
        scale = self._viewport.scale if self._viewport is not None else 0.0
        self._folded = folded & self._outline.all
        self._drawn = self._outline.draw(self._folded)
        self._laid = layout(self._drawn)
        self._make_painters(self._drawn, self._laid)
        if kept is None or not scale:
            return
        held = next((one for one in self._drawn.nodes if one.start <= kept.start < one.stop), self._drawn.nodes[0])
        self._current = held.id if self._current else ""
        box = self._laid.boxes[held.id]
        self._place(scale, box.top, box.middle[0], before.top(), before.center().x())
        self._tell()

    def _place(self, scale: float, y: float, x: float, view_y: float, view_x: float) -> None:
        """Put point (y, x) of the drawing at a view coordinate, as far as its edges allow."""
        fit = Viewport.fit(self._picture_hw(), (self.height(), self.width()))
        if scale <= fit.scale:
            self._viewport = fit
        else:
            place = replace(fit, scale=scale, top=view_y - y * scale, left=view_x - x * scale, fitted=False)
            self._viewport = place.panned(0, 0)
        self.update()

    def _picture_hw(self) -> tuple[int, int]:
        assert self._laid is not None
        return max(round(self._laid.height), 1), max(round(self._laid.width), 1)

    def _open(self) -> None:
        """Show the whole if it can be read so, else the beginning at a size that can be read."""
        if self._laid is None or self._drawn is None:
            return
        natural = theme.px(100) / 100
        fit = Viewport.fit(self._picture_hw(), (self.height(), self.width()))
        if fit.scale >= _FIT_FROM * natural:
            self._viewport = fit
            self.update()
            return
        scale = min(natural, max((self.width() - STRIP) / self._laid.width, _LEAST_OPENED * natural))
        first = self._laid.boxes[self._drawn.nodes[0].id]
        whole = self._laid.width * scale <= self.width() - STRIP
        x = self._laid.width / 2 if whole else first.middle[0]
        self._place(scale, 0.0, x, 0.0, (self.width() - STRIP) / 2)

    def _box_of(self, layer: str) -> Node | None:
        if self._drawn is None or self._outline is None:
            return None
        place = self._outline.place(layer)
        return next((node for node in self._drawn.nodes if node.start <= place < node.stop), None)

    def _nearest_to_middle(self) -> Node | None:
        if self._viewport is None or self._drawn is None or self._laid is None:
            return None
        y, _x = self._viewport.to_picture(self.height() / 2, self.width() / 2)
        boxes = self._laid.boxes
        return min(self._drawn.nodes, key=lambda node: abs(boxes[node.id].middle[1] - y))

    def _put(self, id: str) -> None:
        if id != self._current:
            self._current = id
            self._tell()
            self.update()

    def _tell(self) -> None:
        node = None if self._drawn is None else self._drawn.by_id.get(self._current)
        self.setAccessibleDescription("" if node is None else describe(node))

    def _reveal(self, id: str) -> None:
        inside = QRectF(self.rect()).adjusted(4, 4, -4, -4)
        if self._viewport is not None and not inside.contains(self.box_rect(id)):
            self._centre(id)

    def _centre(self, id: str) -> None:
        box = None if self._laid is None else self._laid.boxes.get(id)
        if self._viewport is None or box is None:
            return
        self._untouched = False
        if self._viewport.scale < _LEAST_OPENED:  # what was looked for must be readable
            x, y = box.middle
            self._place(theme.px(100) / 100, y, x, self.height() / 2, self.width() / 2)
        else:
            self._move(self._viewport.centred(box.middle[1], box.middle[0]))

    # input

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the place; one that nobody has touched begins anew."""
        if self._untouched:
            self._open()
        else:
            super().resizeEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go where the overview is pressed; else begin to pan or to click."""
        if event.button() == Qt.MouseButton.LeftButton and self._strip_rect().contains(event.position()):
            self._on_strip = True
            self._go_to(event.position())
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the overview, or pan; over what a click does something to, the pointer is a hand."""
        if self._on_strip:
            self._go_to(event.position())
            return
        super().mouseMoveEvent(event)
        if self._dragged:
            self._untouched = False
        elif self.node_at(event.position()) is not None or self.frame_at(event.position()):
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.unsetCursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Click, unless the drawing or the overview was dragged."""
        if self._on_strip:
            self._on_strip = False
            return
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fold or unfold."""
        node = self.node_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and node is not None:
            self.toggle(node.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk along lines and from column to column; Enter folds or unfolds; Home and End go to the ends."""
        if self._drawn is None or self._message:
            super().keyPressEvent(event)
            return
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._current:
                self.toggle(self._current)
            return
        if key not in _WALKS:
            super().keyPressEvent(event)
            return
        if target := self._step(key):
            self._put(target)
            self._reveal(target)
            self.chosen.emit(self._drawn.by_id[target].layer)

    def _step(self, key: Qt.Key) -> str:
        """Return the id of the box that a key leads to, or ""."""
        assert self._drawn is not None
        assert self._laid is not None
        boxes, nodes = self._laid.boxes, self._drawn.nodes
        here = self._drawn.by_id.get(self._current)
        if here is None or key == Qt.Key.Key_Home:
            return nodes[0].id
        if key == Qt.Key.Key_End:
            return nodes[-1].id
        x, y = boxes[here.id].middle
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            after = [edge.target for edge in self._drawn.edges if edge.source == here.id]
            ends = here.inputs if key == Qt.Key.Key_Up else after
            return min(ends, key=lambda end: abs(boxes[end].middle[0] - x) + abs(boxes[end].middle[1] - y), default="")
        side = 1 if key == Qt.Key.Key_Right else -1
        beside = [node.id for node in nodes if side * (boxes[node.id].middle[0] - x) > 1]
        near = [one for one in beside if abs(boxes[one].middle[1] - y) < boxes[here.id].height / 2 + _ASIDE]
        return min(near, key=lambda one: (abs(boxes[one].middle[0] - x), abs(boxes[one].middle[1] - y)), default="")

    def _choose(self, pixel: tuple[int, int]) -> None:
        if self._viewport is None:
            return
        y, x = self._viewport.to_view(pixel[0] + 0.5, pixel[1] + 0.5)
        node = self.node_at(QPointF(x, y))
        if node is not None:
            self._put(node.id)
            self.chosen.emit(node.layer)
        elif frame := self.frame_at(QPointF(x, y)):
            self.toggle(frame)

    def _point(self, pixel: tuple[int, int] | None) -> None:
        self.update()

    # painting

    @property
    def _palette(self) -> Palette:
        return PALETTES[theme.current().name]

    def _make_painters(self, drawn: Drawn, laid: Layout) -> None:
        self._painter = GraphPainter(drawn, laid, self._palette, QFont(theme.FONT))
        self._strip = GraphStrip(drawn, laid, self._palette)

    def _paint(self, painter: QPainter, viewport: Viewport) -> None:
        if self._painter is None or self._laid is None or self._drawn is None:
            return
        painter.fillRect(self.rect(), QColor(self._palette.background))
        (y0, x0), (y1, x1) = viewport.to_picture(0, 0), viewport.to_picture(self.height(), self.width())
        part = QRectF(QPointF(x0, y0), QPointF(x1, y1))
        painter.save()
        painter.translate(viewport.left, viewport.top)
        painter.scale(viewport.scale, viewport.scale)
        self._painter.paint(painter, part, viewport.scale, self._thumbnails, self._colours)
        self._paint_mark(painter, viewport.scale)
        painter.restore()
        strip = self._strip_rect()
        if self._strip is not None and not strip.isEmpty():
            self._strip.paint(painter, strip, y0, y1, self.devicePixelRatioF())
        self._paint_hover(painter)

    def _paint_mark(self, painter: QPainter, scale: float) -> None:
        """Mark the current box, and the lines that lead into it and out of it."""
        box = None if self._laid is None else self._laid.boxes.get(self._current)
        if box is None or self._drawn is None or self._painter is None:
            return
        accent = QColor(theme.current().accent)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(accent, max(2.4, 2 / scale)))
        for edge in self._drawn.edges:
            if self._current in (edge.source, edge.target):
                painter.drawPath(self._painter.path(edge.source, edge.target))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(accent, max(3.0, 2.5 / scale)))
        painter.drawRoundedRect(rect(box).adjusted(-3, -3, 3, 3), 9, 9)

    def _paint_hover(self, painter: QPainter) -> None:
        if self._pointer is None or self._dragged or self._on_strip or self._strip_rect().contains(self._pointer):
            return
        node = self.node_at(self._pointer)
        if node is not None:
            marks.plate(painter, self._pointer, describe(node), QRectF(self.rect()))

    # the overview

    def _strip_rect(self) -> QRectF:
        """Return where the overview lies: at the right, while the drawing is higher than the view."""
        if self._viewport is None or self._laid is None:
            return QRectF()
        higher = self._laid.height * self._viewport.scale > self.height() + 1
        return QRectF(self.width() - STRIP, 0, STRIP, self.height()) if higher else QRectF()

    def _go_to(self, position: QPointF) -> None:
        if self._viewport is not None and self._laid is not None:
            self._untouched = False
            y = position.y() / max(self.height(), 1) * self._laid.height
            x = self._viewport.to_picture(0, self.width() / 2)[1]
            self._move(self._viewport.centred(y, x))


_WALKS = (
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
)
