"""The kernels of a layer side by side, with the weight under the pointer."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from explorer.render.kernels import KernelPicture
from explorer.text import _
from explorer.values import LayerView
from ui import theme
from ui.widgets.level_image import Table
from ui.widgets.mosaic_view import MosaicView
from ui.widgets.numbers import number
from ui.widgets.rgb_image import RgbImage
from ui.widgets.viewport import Viewport


class KernelMosaic(MosaicView):
    """A mosaic whose maps are kernels; of ``matrix`` it is one map, whose rows (or columns) are the kernels."""

    SWEEPS = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: KernelPicture | None = None
        self._coloured: RgbImage | None = None

    def show_kernels(self, picture: KernelPicture | None, table: Table) -> None:
        """Show these kernels; signed slices in the colours of ``table``."""
        self._picture = picture
        panel = QColor(theme.current().panel)
        coloured = None if picture is None else picture.colour((panel.red(), panel.green(), panel.blue()))
        self._coloured = None if coloured is None else RgbImage(coloured)
        self.show_maps(None if picture is None else picture.view, table)
        self.update()

    def describe(self, pixel: tuple[int, int]) -> str:
        """Return what is known of the weight at a pixel of the mosaic; "" on a gap."""
        shown = self._picture
        place = None if shown is None else shown.at(*pixel)
        if shown is None or place is None:
            return ""
        kernel, channel, y, x = place
        weights = shown.weights[kernel]
        if channel is not None:
            value = f"w[{channel}, {y}, {x}] = {number(float(weights[channel, y, x]))}"
        elif shown.slices == "colour":
            value = "   ".join(f"{n} {number(float(v))}" for n, v in zip("RGB", weights[:, y, x], strict=True))
        else:
            value = _("mean {value}").format(value=number(float(weights[:, y, x].mean())))
        return _("kernel {kernel}   {value}\nfrom {low} to {high}, norm {norm}").format(
            kernel=kernel,
            value=value,
            low=number(float(weights.min())),
            high=number(float(weights.max())),
            norm=number(shown.norm(kernel)),
        )

    def unit_at(self, pixel: tuple[int, int]) -> tuple[int, int, int] | None:
        """Return (kernel, row, column) of the weight at a pixel of the mosaic; None on a gap."""
        place = None if self._picture is None else self._picture.at(*pixel)
        return None if place is None else (place[0], place[2], place[3])

    def tile_rect(self, channel: int) -> QRectF:
        """Return where a kernel lies in the view."""
        if not self._is_matrix or self._picture is None:
            return super().tile_rect(channel)
        count, inputs = self._picture.weights.shape[:2]
        if not 0 <= channel < count:
            return QRectF()
        turned = self._picture.turned
        return (
            self.rect_of(0, channel, inputs, channel + 1) if turned else self.rect_of(channel, 0, channel + 1, inputs)
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """In a matrix, arrows move the choice from kernel to kernel; else as in every mosaic."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Right: 1}
        step = steps.get(Qt.Key(event.key()), 0)
        if not step or not self._is_matrix or self._picture is None:
            super().keyPressEvent(event)
        elif 0 <= self._channel + step < len(self._picture.weights):
            self._reveal(self._channel + step)
            self.stepped.emit(self._channel + step)

    @property
    def _is_matrix(self) -> bool:
        return self._picture is not None and self._picture.slices == "matrix"

    def _paint_numbers(self, painter: QPainter, view: LayerView, viewport: Viewport) -> None:
        if not self._is_matrix:
            super()._paint_numbers(painter, view, viewport)

    def _paint_maps(self, painter: QPainter, viewport: Viewport) -> None:
        if self._coloured is None:
            super()._paint_maps(painter, viewport)
        else:
            self._coloured.paint(painter, viewport, self.devicePixelRatioF())
