"""What the colours of an architecture mean: a swatch and a word for each family that shows."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.graph.families import FAMILIES
from explorer.render.graph_colours import PALETTES
from explorer.text import _
from ui import theme

_SWATCH, _GAP = 10, 6
_BESIDE = 14


class GraphLegend(QWidget):
    """Painted in as many lines as its width asks for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._families: tuple[str, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def families(self) -> tuple[str, ...]:
        """The families that it names."""
        return self._families

    def show_families(self, families: Iterable[str]) -> None:
        """Name these families, in their usual order."""
        wanted = set(families)
        self._families = tuple(family for family in FAMILIES if family in wanted)
        self.setAccessibleDescription(", ".join(_(FAMILIES[family]) for family in self._families))
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        """Return True: narrow is high."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of all lines in ``width``."""
        return (1 + max((line for line, _x, _family in self._places(width)), default=0)) * self._line

    def sizeHint(self) -> QSize:
        """Return one line; the rest follows from the width."""
        return QSize(200, self.heightForWidth(max(self.width(), 200)))

    def minimumSizeHint(self) -> QSize:
        """Return one line."""
        return QSize(0, self._line)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint swatches and words."""
        painter, palette = QPainter(self), PALETTES[theme.current().name]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font())
        for line, x, family in self._places(self.width()):
            middle = (line + 0.5) * self._line
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(palette.families[family]))
            radius = _SWATCH / 2 if family in ("add", "concat") else 2
            painter.drawRoundedRect(QRectF(x, middle - _SWATCH / 2, _SWATCH, _SWATCH), radius, radius)
            painter.setPen(QColor(theme.current().dim))
            place = QRectF(x + _SWATCH + _GAP, line * self._line, self.width(), self._line)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, _(FAMILIES[family]))

    @property
    def _line(self) -> int:
        return QFontMetrics(self._font()).height() + 4

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(theme.px(11))
        return font

    def _places(self, width: int) -> list[tuple[int, float, str]]:
        """Return each family with its line and where it begins in it."""
        metrics, line, x, found = QFontMetrics(self._font()), 0, 0, []
        for family in self._families:
            wide = _SWATCH + _GAP + metrics.horizontalAdvance(_(FAMILIES[family]))
            if x and x + wide > width:
                line, x = line + 1, 0
            found.append((line, float(x), family))
            x += wide + _BESIDE
        return found
