"""The part of a picture that a unit sees, as large as there is room for, hatched where it is padding."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.values import Bytes
from ui import theme
from ui.widgets.area_marks import Box, Outline
from ui.widgets.rgb_image import RgbImage
from ui.widgets.viewport import Viewport

_MARGIN = 2


class AreaView(QWidget):
    """Paints nothing of its own: the pixels are the picture's, under the box of an ``Outline``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(64, 64)
        self._pixels: Bytes | None = None
        self._image: RgbImage | None = None
        self._outline: Outline | None = None

    @property
    def outline(self) -> Outline | None:
        """The area that is shown, or None."""
        return self._outline

    def sizeHint(self) -> QSize:
        """Return a modest square; the layout decides."""
        return QSize(120, 120)

    def show_area(self, pixels: Bytes | None, outline: Outline | None) -> None:
        """Show what of ``pixels``, uint8 RGB (H, W, 3), lies in the box of ``outline``."""
        if pixels is not self._pixels:
            self._pixels, self._image = pixels, None if pixels is None else RgbImage(pixels)
        elif outline == self._outline:
            return
        self._outline = outline
        self.update()

    def viewport(self) -> Viewport | None:
        """Return where the whole picture would lie for the box to fill the view."""
        if self._pixels is None or self._outline is None:
            return None
        y0, x0, y1, x1 = self._outline.box
        room_h, room_w = self.height() - 2 * _MARGIN, self.width() - 2 * _MARGIN
        scale = max(min(room_h / max(y1 - y0, 1e-6), room_w / max(x1 - x0, 1e-6)), 1e-6)
        top = (self.height() - (y1 - y0) * scale) / 2 - y0 * scale
        left = (self.width() - (x1 - x0) * scale) / 2 - x0 * scale
        h, w = self._pixels.shape[:2]
        return Viewport((h, w), (self.height(), self.width()), scale, top, left, False)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the hatching, the picture over it, and the frame."""
        viewport, outline = self.viewport(), self._outline
        if viewport is None or outline is None or self._image is None:
            return
        painter, colours = QPainter(self), theme.current()
        area = _rect(viewport, outline.box)
        painter.fillRect(area, QColor(colours.raised))
        painter.fillRect(area, QBrush(QColor(colours.dim), Qt.BrushStyle.BDiagPattern))
        painter.save()
        painter.setClipRect(area.intersected(_rect(viewport, outline.inside)))
        self._image.paint(painter, viewport, self.devicePixelRatioF())
        painter.restore()
        painter.setPen(QPen(QColor(outline.colour), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap))
        painter.drawRect(area)


def _rect(viewport: Viewport, box: Box) -> QRectF:
    (top, left), (bottom, right) = viewport.to_view(box[0], box[1]), viewport.to_view(box[2], box[3])
    return QRectF(QPointF(left, top), QPointF(right, bottom))
