"""Small pictures of where a channel answered most strongly, and one of them large."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.overtime.values import MOST_PATCHES, Patch
from ui import theme
from ui.widgets.numbers import number
from ui.widgets.rgb_image import SMOOTH_BELOW

_TILE, _LARGEST = 64, 112
"""A side of a patch, px at text size 1, at least and at most."""
_GAP = 8
_LEAST = 64
"""A side of the large picture always has so many px."""


class PatchGrid(QWidget):
    """Patches, the strongest first, with value and frame; the arrow keys choose one, Enter or a click goes there.

    Signals:
        chosen: its place in the row.
        activated: the same, of one that was clicked or confirmed.
    """

    chosen = Signal(int)
    activated = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._patches: tuple[Patch, ...] = ()
        self._images: list[QImage] = []
        self._chosen = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    @property
    def patches(self) -> tuple[Patch, ...]:
        """What is shown."""
        return self._patches

    def show_patches(self, patches: Sequence[Patch], chosen: int) -> None:
        """Show these; ``chosen`` is the place of the chosen one, −1 for none."""
        patches = tuple(patches)
        if patches != self._patches:
            known = {id(one): image for one, image in zip(self._patches, self._images, strict=True)}
            self._images = [known.get(id(one)) or image(one) for one in patches]
            self._patches = patches
            self.update()
        if chosen != self._chosen:
            self._chosen = chosen
            self.update()
        self.setAccessibleDescription("; ".join(f"#{one.index} {number(one.value)}" for one in patches))

    def sizeHint(self) -> QSize:
        """Return room for three rows of three."""
        return QSize(3 * (theme.px(_LARGEST) + _GAP), 3 * (theme.px(_LARGEST) + self._line))

    def minimumSizeHint(self) -> QSize:
        """Return room for three small rows of three."""
        return QSize(3 * (theme.px(_TILE) + _GAP), 3 * (theme.px(_TILE) + self._line))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the patches, and the frame of the chosen one."""
        painter, colours = QPainter(self), theme.current()
        painter.setFont(self._font())
        middle = Qt.AlignmentFlag.AlignHCenter
        for place, (patch, picture) in enumerate(zip(self._patches, self._images, strict=True)):
            tile = self._tile(place)
            painter.fillRect(tile, QColor(colours.raised))
            paint_fitted(painter, picture, tile.adjusted(2, 2, -2, -2))
            line = QRectF(tile.left() - _GAP / 2, tile.bottom() + 1, tile.width() + _GAP, self._line)
            painter.setPen(QColor(colours.text))
            painter.drawText(line, middle, f"{number(patch.value)} · #{patch.index}")
            if place == self._chosen:
                painter.setPen(QPen(QColor(colours.accent), 2))
                painter.drawRect(tile)
        if self.hasFocus() and not self._patches:
            painter.setPen(QColor(colours.accent))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the patch that is clicked."""
        for place in range(len(self._patches)):
            if self._tile(place).contains(event.position()):
                self.chosen.emit(place)
                self.activated.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose by the arrow keys; go there by Enter or Space."""
        last, columns = len(self._patches) - 1, self._columns
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        key = Qt.Key(event.key())
        if last >= 0 and key in steps:
            self.chosen.emit(min(max(self._chosen + steps[key], 0), last) if self._chosen >= 0 else 0)
        elif self._chosen >= 0 and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.activated.emit(self._chosen)
        else:
            super().keyPressEvent(event)

    @property
    def _columns(self) -> int:
        return self._layout()[0]

    @property
    def _line(self) -> int:
        """The room below a patch."""
        return QFontMetrics(self._font()).height() + _GAP

    def _layout(self) -> tuple[int, int]:
        """Return how many columns there are and how large a patch is, px, so that all have room and are large."""
        found = (1, 0)
        for columns in range(1, MOST_PATCHES + 1):
            rows = -(-MOST_PATCHES // columns)
            side = min((self.width() + _GAP) // columns - _GAP, self.height() // rows - self._line, theme.px(_LARGEST))
            if side >= found[1]:  # of two that are as large the wider one: what is below stays together
                found = columns, side
        return found

    def _tile(self, place: int) -> QRectF:
        columns, side = self._layout()
        row, column = divmod(place, columns)
        return QRectF(column * (side + _GAP) + 1, row * (side + self._line) + 1, side - 2, side - 2)

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(theme.px(11))
        return font


class LargePatch(QWidget):
    """One patch as large as there is room; its pixels stay pixels."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._patch: Patch | None = None
        self._image: QImage | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_patch(self, patch: Patch | None) -> None:
        """Show ``patch``, or nothing."""
        if patch is not self._patch:
            self._patch, self._image = patch, None if patch is None else image(patch)
            self.update()

    def minimumSizeHint(self) -> QSize:
        """Return room for a small picture."""
        return QSize(theme.px(_LEAST), theme.px(_LEAST))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the patch."""
        if self._image is not None:
            height = self.width() * self._image.height() / self._image.width()
            paint_fitted(QPainter(self), self._image, QRectF(0, 0, self.width(), min(height, self.height())))


def image(patch: Patch) -> QImage:
    """Return a patch's pixels as an image of its own."""
    h, w = patch.pixels.shape[:2]
    return QImage(patch.pixels.tobytes(), w, h, 3 * w, QImage.Format.Format_RGB888).copy()


def paint_fitted(painter: QPainter, picture: QImage, room: QRectF) -> None:
    """Paint a picture in the middle of ``room``, as large as fits: a small one in blocks, a large one smoothed."""
    scale = min(room.width() / picture.width(), room.height() / picture.height())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < SMOOTH_BELOW)
    size = picture.size().toSizeF() * scale
    corner = room.center() - QPointF(size.width() / 2, size.height() / 2)
    painter.drawImage(QRectF(corner, size), picture)
