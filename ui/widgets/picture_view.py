"""A picture that can be looked at down to its single pixels, with what the network sees of it outlined."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from explorer.filters.footprint import IN_PLACE, Placement
from explorer.pixels import region
from explorer.values import Bytes
from ui import theme
from ui.widgets import area_marks, cells, marks
from ui.widgets.area_marks import Box, Outline
from ui.widgets.rgb_image import RgbImage
from ui.widgets.viewport import Viewport
from ui.widgets.zoom_view import ZoomView

_PAN = 40
_SHADE = QColor(0, 0, 0, 110)


class PictureView(ZoomView):
    """Paints one uint8 RGB picture; wheel and keys zoom, dragging pans, a double click shows the whole picture again.

    Signals:
        pointed: (row, column) of the pixel under the pointer, or None when it leaves the picture.
        chosen: (row, column) of a clicked pixel.
        fitted_changed: whether the whole picture shows.
    """

    pointed = Signal(object)
    chosen = Signal(object)
    fitted_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels: Bytes | None = None
        self._image: RgbImage | None = None
        self._crop: Box | None = None
        self._marked: tuple[int, int] | None = None
        self._outlines: tuple[Outline, ...] = ()
        self._heat: tuple[Bytes, Box] | None = None
        self._placement: Placement = IN_PLACE
        self._plane: cells.Plane = "rgb"
        self._base: cells.Base = "decimal"
        self._telling = True
        self._empty_text = ""

    @property
    def pixels(self) -> Bytes | None:
        """The picture, uint8 RGB (H, W, 3), or None."""
        return self._pixels

    @property
    def crop(self) -> Box | None:
        """What the network sees of the picture, or None."""
        return self._crop

    @property
    def marked(self) -> tuple[int, int] | None:
        """The outlined pixel (row, column), or None."""
        return self._marked

    def set_picture(self, pixels: Bytes | None) -> None:
        """Show ``pixels``; the place stays if the size does."""
        if pixels is self._pixels:
            return
        self._pixels = pixels
        self._take()
        if pixels is None:
            self._viewport = None
        elif self._viewport is None or self._viewport.picture_hw != pixels.shape[:2]:
            self._marked = None
            self.set_picture_hw(pixels.shape[0], pixels.shape[1])
            self.fitted_changed.emit(True)
        self.set_message(self._empty_text if pixels is None else "")

    def set_crop(self, crop: Box | None) -> None:
        """Outline what the network sees of the picture, and dim the rest."""
        if self._crop != crop:
            self._crop = crop
            self.update()

    def set_marked(self, pixel: tuple[int, int] | None) -> None:
        """Outline the pixel (row, column)."""
        if self._marked != pixel:
            self._marked = pixel
            self.update()

    @property
    def outlines(self) -> tuple[Outline, ...]:
        """The areas that are outlined."""
        return self._outlines

    def set_outlines(self, outlines: tuple[Outline, ...]) -> None:
        """Outline what units see; the last lies on top."""
        if outlines != self._outlines:
            self._outlines = outlines
            self.update()

    def set_heat(self, rgba: Bytes | None, box: Box = (0.0, 0.0, 0.0, 0.0)) -> None:
        """Lay a picture, uint8 RGBA (h, w, 4), over ``box`` of this one, so that this one shows through; None: none."""
        before = self._heat
        self._heat = None if rgba is None else (np.ascontiguousarray(rgba), box)
        if before is not None or rgba is not None:
            self.update()

    @property
    def placement(self) -> Placement:
        """Where the picture that crop, outlines and heat are told of lies on this one."""
        return self._placement

    def set_placement(self, placement: Placement) -> None:
        """Take crop, outlines and heat as those of a picture that lies so on this one."""
        if placement != self._placement:
            self._placement = placement
            self.update()

    def set_numbers(self, plane: cells.Plane, base: cells.Base) -> None:
        """Show all channels or one, and write the pixels' numbers in that base once they are large enough."""
        changed = plane != self._plane
        self._plane, self._base = plane, base
        if changed:
            self._take()
        self.update()

    def set_telling(self, telling: bool) -> None:
        """Tell the pixels' numbers, under the pointer and in large cells; not where they only stand for others."""
        self._telling = telling
        self.update()

    def plate_text(self) -> str:
        """Return what is told of the pixel under the pointer, or ""."""
        pixel = None if self._pointer is None else self.pixel_at(self._pointer)
        rgb = None if pixel is None or self._pixels is None else region.value(self._pixels, *pixel)
        if not self._telling or pixel is None or rgb is None:
            return ""
        return f"x {pixel[1]}   y {pixel[0]}\n{rgb[0]}  {rgb[1]}  {rgb[2]}\n{region.hex_of(rgb)}"

    def set_empty_text(self, text: str) -> None:
        """Say what to do while there is no picture."""
        self._empty_text = text
        self.set_message(text if self._pixels is None else "")

    def sizeHint(self) -> QSize:
        """Return a modest landscape; the layout decides."""
        return QSize(300, 200)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows pan what is magnified."""
        pans = {
            Qt.Key.Key_Left: (0, _PAN),
            Qt.Key.Key_Right: (0, -_PAN),
            Qt.Key.Key_Up: (_PAN, 0),
            Qt.Key.Key_Down: (-_PAN, 0),
        }
        pan = pans.get(Qt.Key(event.key()))
        if pan is not None and self._viewport is not None and not self._viewport.fitted and not event.modifiers():
            self._move(self._viewport.panned(*pan))
        else:
            super().keyPressEvent(event)

    # what the base asks

    def _paint(self, painter: QPainter, viewport: Viewport) -> None:
        if self._image is None or self._pixels is None:
            return
        self._image.paint(painter, viewport, self.devicePixelRatioF())
        if self._heat is not None:
            self._paint_heat(painter, *self._heat)
        numbered = self._telling and viewport.scale >= cells.SMALLEST
        if numbered:
            y0, x0, y1, x1 = viewport.visible()
            top, left = viewport.to_view(y0, x0)
            painter.save()
            cells.paint_lines(painter, (y1 - y0, x1 - x0), top, left, viewport.scale)
            cells.paint(painter, self._pixels[y0:y1, x0:x1], top, left, viewport.scale, self._plane, self._base)
            painter.restore()
        if self._crop is not None:
            whole = self.rect_of(0, 0, *viewport.picture_hw)
            self._paint_crop(painter, self._placed(*self._crop), whole, dimmed=not numbered)
        room = QRectF(self.rect()) if viewport.fitted else None
        for outline in self._outlines:
            area_marks.paint(painter, outline, self._placed, room)
        self._paint_over(painter)
        if self._marked is not None:
            y, x = self._marked
            marks.box(painter, self.rect_of(y, x, y + 1, x + 1), theme.current().accent)
        if self._pointer is not None and not numbered and not self._dragged and (text := self.plate_text()):
            marks.plate(painter, self._pointer, text, QRectF(self.rect()))

    def _paint_over(self, painter: QPainter) -> None:
        """Paint what a subclass has to show over the picture, below what is told of the pixel."""

    def _placed(self, y0: float, x0: float, y1: float, x1: float) -> QRectF:
        """Return where a box of crop, outlines or heat lies in the view."""
        (y, x), (high, wide) = self._placement
        return self.rect_of(y + high * y0, x + wide * x0, y + high * y1, x + wide * x1)

    def _paint_heat(self, painter: QPainter, rgba: Bytes, box: Box) -> None:
        h, w = rgba.shape[:2]
        image = QImage(rgba.data, w, h, 4 * w, QImage.Format.Format_RGBA8888)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(self._placed(*box), image, QRectF(image.rect()))

    def _paint_crop(self, painter: QPainter, crop: QRectF, whole: QRectF, dimmed: bool) -> None:
        inner = crop.intersected(whole)
        left, right, top, bottom = whole.left(), whole.right(), inner.top(), inner.bottom()
        for first, last in (
            (whole.topLeft(), QPointF(right, top)),
            (QPointF(left, bottom), whole.bottomRight()),
            (QPointF(left, top), QPointF(inner.left(), bottom)),
            (QPointF(inner.right(), top), QPointF(right, bottom)),
        ):
            if dimmed:  # numbers must stay readable
                painter.fillRect(QRectF(first, last), _SHADE)
        edge = QRectF(inner.toRect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(QColor(0, 0, 0, 150), 1), QPen(QColor(255, 255, 255), 1, Qt.PenStyle.DashLine)):
            painter.setPen(pen)
            painter.drawRect(edge)

    def _point(self, pixel: tuple[int, int] | None) -> None:
        self.update()
        self.pointed.emit(pixel)

    def _choose(self, pixel: tuple[int, int]) -> None:
        self.chosen.emit(pixel)

    def _move(self, viewport: Viewport) -> None:
        fitted = None if self._viewport is None else self._viewport.fitted
        super()._move(viewport)
        if viewport.fitted != fitted:
            self.fitted_changed.emit(viewport.fitted)

    def _take(self) -> None:
        self._image = None if self._pixels is None else RgbImage(self._pixels, self._plane)
        self.update()
