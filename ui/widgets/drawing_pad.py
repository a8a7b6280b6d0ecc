"""A black pad to draw on with mouse, finger or pen, and the tools for it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPointingDevice,
    QPolygonF,
    QResizeEvent,
    QTabletEvent,
)
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QSlider, QToolButton, QWidget

from explorer.sources.drawing import CANVAS, ERASER, PEN, WIDTHS, Drawing, Point, Stroke, Tool
from explorer.text import _
from ui import theme
from ui.widgets import marks

_NEAR = 2
"""Points nearer than this, in units of the pad, are left out."""
_BUTTON = 30
"""Width of a tool's button at least, px."""
_STEP = 4
"""What one key makes a line thicker by."""
_LIGHT, _DARK = QColor(255, 255, 255), QColor(0, 0, 0)


class DrawingPad(QWidget):
    """Shows a drawing and takes strokes; a finger's come as the mouse's, because touch events are not accepted.

    Signals:
        drawn: the drawing as it is now, and whether a new stroke has just begun.
        finished: the pen was lifted.
        clear_wanted: the person wants an empty pad.
        tools_changed: another tool or width is in use.
    """

    drawn = Signal(object, bool)
    finished = Signal()
    clear_wanted = Signal()
    tools_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 120)
        self.setMouseTracking(True)
        self._drawing = Drawing()
        self._stroke: Stroke | None = None
        self._tool: Tool = "pen"
        self._widths: dict[Tool, int] = {"pen": PEN, "eraser": ERASER}
        self._pointer: QPointF | None = None
        self._kept: QImage | None = None
        self._hint = ""

    @property
    def drawing(self) -> Drawing:
        """What is drawn, the stroke that goes on too."""
        return self._drawing if self._stroke is None else self._drawing.with_(self._stroke)

    @property
    def busy(self) -> bool:
        """Whether a stroke goes on."""
        return self._stroke is not None

    @property
    def tool(self) -> Tool:
        """Pen or eraser."""
        return self._tool

    @property
    def line_width(self) -> int:
        """Width of the tool's line, in units of the pad."""
        return self._widths[self._tool]

    def show_drawing(self, drawing: Drawing) -> None:
        """Show another drawing; a stroke that goes on is newer and stays."""
        if not self.busy and drawing != self._drawing:
            self._drawing, self._kept = drawing, None
            self.update()

    def set_hint(self, text: str) -> None:
        """Say what to do while nothing is drawn."""
        self._hint = text
        self.update()

    def set_tool(self, tool: Tool) -> None:
        """Draw with ``tool`` from now on."""
        if tool != self._tool:
            self._tool = tool
            self.tools_changed.emit()
            self.update()

    def set_line_width(self, width: int) -> None:
        """Draw as wide from now on, in units of the pad."""
        width = min(max(width, WIDTHS[0]), WIDTHS[1])
        if width != self.line_width:
            self._widths[self._tool] = width
            self.tools_changed.emit()
            self.update()

    def canvas(self) -> QRectF:
        """Return where the square lies in the widget."""
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) // 2, 0, side, side)

    def sizeHint(self) -> QSize:
        """Return the size at which a unit is a pixel."""
        return QSize(CANVAS, CANVAS)

    # input

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._begin(event.position(), self._tool)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on."""
        self._go_on(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lift the pen."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._end()

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Draw with a pen; its other end erases."""
        if event.type() == QEvent.Type.TabletPress:
            turned = event.pointerType() == QPointingDevice.PointerType.Eraser
            self._begin(event.position(), "eraser" if turned else self._tool)
        elif event.type() == QEvent.Type.TabletMove:
            self._go_on(event.position())
        elif event.type() == QEvent.Type.TabletRelease:
            self._end()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """X changes pen and eraser, plus and minus the width, Delete clears."""
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_X and not event.modifiers():
            self.set_tool("eraser" if self._tool == "pen" else "pen")
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.set_line_width(self.line_width + _STEP)
        elif key == Qt.Key.Key_Minus:
            self.set_line_width(self.line_width - _STEP)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.clear_wanted.emit()
        else:
            super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Show no pen."""
        self._pointer = None
        self.update()

    def _begin(self, position: QPointF, tool: Tool) -> None:
        if not self.busy and self.canvas().contains(position):
            self._stroke = Stroke(tool, self._widths[tool], (self._point(position),))
            self.drawn.emit(self.drawing, True)
        self._point_at(position)

    def _go_on(self, position: QPointF) -> None:
        self._point_at(position)
        if self._stroke is None:
            return
        point, last = self._point(position), self._stroke.points[-1]
        if max(abs(point[0] - last[0]), abs(point[1] - last[1])) >= _NEAR:
            self._stroke = Stroke(self._stroke.tool, self._stroke.width, (*self._stroke.points, point))
            self.drawn.emit(self.drawing, False)

    def _end(self) -> None:
        if self._stroke is not None:
            self._drawing, self._stroke, self._kept = self.drawing, None, None
            self.finished.emit()
            self.update()

    def _point(self, position: QPointF) -> Point:
        square = self.canvas()
        scale = CANVAS / max(square.width(), 1)
        x, y = round((position.x() - square.x()) * scale), round((position.y() - square.y()) * scale)
        return min(max(x, 0), CANVAS), min(max(y, 0), CANVAS)

    def _point_at(self, position: QPointF) -> None:
        self._pointer = position
        self.update()

    # painting

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw the strokes anew in the other size."""
        self._kept = None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the pad, the pen's outline and the focus."""
        painter, square = QPainter(self), self.canvas()
        if self._kept is None:
            self._kept = self._drawn(square)
        painter.drawImage(square.topLeft(), self._kept)
        if self._stroke is not None:
            painter.setClipRect(square)
            painter.translate(square.topLeft())
            painter.scale(square.width() / CANVAS, square.height() / CANVAS)
            _paint(painter, self._stroke)
            painter.resetTransform()
        if self._hint and not self._drawing.strokes and not self.busy:
            marks.message(painter, square, self._hint, "#b9c0cc")  # on black in either theme
        if self._pointer is not None and square.contains(self._pointer):
            self._paint_pen(painter, square, self._pointer)
        painter.setClipping(False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QColor(theme.current().line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(square.adjusted(0, 0, -1, -1))
        if self.hasFocus():
            marks.focus(painter, square.toRect())

    def focusInEvent(self, event: QEvent) -> None:
        """Show the focus."""
        self.update()

    def focusOutEvent(self, event: QEvent) -> None:
        """Hide the focus."""
        self.update()

    def _drawn(self, square: QRectF) -> QImage:
        ratio = self.devicePixelRatioF()
        side = max(round(square.width() * ratio), 1)
        image = QImage(side, side, QImage.Format.Format_RGB32)
        image.fill(_DARK)
        painter = QPainter(image)
        painter.scale(side / CANVAS, side / CANVAS)
        for stroke in self._drawing.strokes:
            _paint(painter, stroke)
        painter.end()
        image.setDevicePixelRatio(ratio)
        return image

    def _paint_pen(self, painter: QPainter, square: QRectF, pointer: QPointF) -> None:
        """Outline what the tool would touch."""
        painter.setClipRect(square)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        radius = self.line_width / 2 * square.width() / CANVAS
        for ink, wider in ((QColor(0, 0, 0, 150), 1.0), (QColor(255, 255, 255, 200), 0.0)):
            painter.setPen(QPen(ink, 1))
            painter.drawEllipse(pointer, radius + wider, radius + wider)


def _paint(painter: QPainter, stroke: Stroke) -> None:
    ink = _LIGHT if stroke.tool == "pen" else _DARK
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(ink, stroke.width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    points = [QPointF(x, y) for x, y in stroke.points]
    if len(points) == 1:
        painter.drawPoint(points[0])
    else:
        painter.drawPolyline(QPolygonF(points))


class DrawingTools(QWidget):
    """Pen, eraser, undo, clear and the width of the line.

    Attributes:
        undo: the button that takes a stroke back; its owner connects and enables it.
    """

    def __init__(self, pad: DrawingPad, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pad = pad
        self.pen, self.eraser, self.undo, self.clear = (QToolButton(self) for _each in range(4))
        self.line = QSlider(Qt.Orientation.Horizontal, self)
        self.line.setRange(*WIDTHS)
        self.line.setPageStep(_STEP)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(4)
        for button, icon in zip(self._buttons, ("pen", "eraser", "undo", "clear"), strict=True):
            theme.set_icon(button, icon)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.set_columns(2)
        for button in (self.pen, self.eraser):
            button.setCheckable(True)
            button.setAutoExclusive(True)
        self.pen.clicked.connect(self._take_pen)
        self.eraser.clicked.connect(self._take_eraser)
        self.clear.clicked.connect(pad.clear_wanted)
        self.line.valueChanged.connect(pad.set_line_width)
        pad.tools_changed.connect(self._show)
        self._show()
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        for widget, text in (
            (self.pen, _("Pen (X)")),
            (self.eraser, _("Eraser (X)")),
            (self.undo, _("Undo (Ctrl+Z)")),
            (self.clear, _("Clear the pad (Delete)")),
            (self.line, _("Width of the line (+, -)")),
        ):
            widget.setToolTip(text)
            widget.setAccessibleName(text)

    def set_columns(self, count: int) -> None:
        """Put ``count`` buttons beside one another: two with the line below them, or all four with it beside them."""
        self._grid.removeWidget(self.line)
        for place, button in enumerate(self._buttons):
            self._grid.removeWidget(button)
            self._grid.addWidget(button, place // count, place % count)
        row = len(self._buttons) // count
        self._grid.addWidget(self.line, *((row, 0, 1, count) if row > 1 else (0, count)))
        for column in range(len(self._buttons) + 1):
            self._grid.setColumnStretch(column, 1 if column < count else 3 if row == 1 else 0)
            self._grid.setColumnMinimumWidth(column, _BUTTON if column < count else 0)

    @property
    def _buttons(self) -> tuple[QToolButton, ...]:
        return self.pen, self.eraser, self.undo, self.clear

    @Slot()
    def _take_pen(self) -> None:
        self._pad.set_tool("pen")

    @Slot()
    def _take_eraser(self) -> None:
        self._pad.set_tool("eraser")

    @Slot()
    def _show(self) -> None:
        (self.pen if self._pad.tool == "pen" else self.eraser).setChecked(True)
        self.line.setValue(self._pad.line_width)
