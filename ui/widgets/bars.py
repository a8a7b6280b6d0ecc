"""Labelled bars with their shares: the first, or those that matter, in the accent colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from explorer.text import _
from ui import theme
from ui.widgets.numbers import percent


@dataclass(frozen=True)
class Bar:
    """One row.

    Attributes:
        label: what it is.
        share: 0 … 1; NaN shows as such, without a bar.
        figure: stands in place of the share.
        strong: whether it is in the accent colour; None for the first row alone.
    """

    label: str
    share: float
    figure: str = ""
    strong: bool | None = None

    @property
    def told(self) -> str:
        """The figure, or else the share as a percentage."""
        return self.figure or percent(self.share, fine=True)


class Bars(QWidget):
    """Rows of a label, a share and a bar; the texts can be copied with Ctrl+C or the context menu."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self._bars: tuple[Bar, ...] = ()
        self._copy = QAction(self)
        self._copy.triggered.connect(self.copy)

    @property
    def bars(self) -> tuple[Bar, ...]:
        """The rows."""
        return self._bars

    def set_bars(self, bars: Sequence[Bar]) -> None:
        """Show these rows."""
        grown = len(bars) != len(self._bars)
        self._bars = tuple(bars)
        self.setAccessibleDescription("; ".join(f"{bar.label} {bar.told}" for bar in self._bars))
        if grown:
            self.updateGeometry()
        self.update()

    def copy(self) -> None:
        """Put the rows on the clipboard, label and share separated by a tab."""
        rows = (f"{bar.label}\t{bar.told}" for bar in self._bars)
        QGuiApplication.clipboard().setText("\n".join(rows))

    def track(self, row: int) -> QRectF:
        """Return where the full length of a row's bar lies."""
        free = self._row_height() - self.fontMetrics().height()
        return QRectF(
            2,
            row * self._row_height() + self.fontMetrics().height() + min(theme.px(3), 0.2 * free),
            self.width() - 4,
            min(max(theme.px(6), 0.3 * free), 0.6 * free),
        )

    @property
    def rows_shown(self) -> int:
        """How many rows are painted: where there is no room for all, the last ones are left out, none is cut."""
        return max(min(len(self._bars), int(self.height() // self._least_row())), 1)

    def length(self, row: int) -> float:
        """Return the length of a row's bar, px: in proportion to its share."""
        share = self._bars[row].share
        return self.track(row).width() * min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0

    def sizeHint(self) -> QSize:
        """Return room for every row."""
        return QSize(220, max(len(self._bars), 1) * (self.fontMetrics().height() + theme.px(17)))

    def minimumSizeHint(self) -> QSize:
        """Return room for every row, close together."""
        return QSize(96, max(len(self._bars), 1) * (self.fontMetrics().height() + theme.px(11)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows."""
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = self.fontMetrics()
        for row, bar in enumerate(self._bars[: self.rows_shown]):
            track, share = self.track(row), bar.told
            line = QRectF(2, row * self._row_height(), self.width() - 4, metrics.height())
            room = line.width() - metrics.horizontalAdvance(share) - 12
            painter.setPen(QColor(colours.text))
            label = metrics.elidedText(bar.label, Qt.TextElideMode.ElideRight, int(room))
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, label)
            painter.setPen(QColor(colours.dim))
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, share)
            painter.setPen(Qt.PenStyle.NoPen)
            radius = track.height() / 2
            painter.setBrush(QColor(colours.raised))
            painter.drawRoundedRect(track, radius, radius)
            if length := self.length(row):
                # at least a dot, so that a small share is still told from none
                filled = QRectF(QPointF(track.left(), track.top()), track.size())
                filled.setWidth(max(length, track.height()))
                strong = row == 0 if bar.strong is None else bar.strong
                painter.setBrush(QColor(colours.accent if strong else colours.dim))
                painter.drawRoundedRect(filled, radius, radius)
        if self.hasFocus():
            painter.setPen(QColor(colours.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy with the usual key."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer to copy."""
        menu = QMenu(self)
        menu.addAction(self._copy)
        menu.exec(event.globalPos())
        menu.deleteLater()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self._copy.setText(_("Copy"))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the focus."""
        self.update()

    def _row_height(self) -> float:
        return max(self.height() / max(len(self._bars), 1), self._least_row())

    def _least_row(self) -> int:
        return self.fontMetrics().height() + theme.px(5)
