"""A network's answers to two pictures in one small table: class, before, after, and how far it moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.values import Prediction
from ui import theme
from ui.widgets.numbers import number, percent

_MOST = 5


@dataclass(frozen=True)
class AnswerRow:
    """One class, with its share 0 … 1 before and after, or what stands for one that is not among the first: None."""

    label: str
    before: float | None
    after: float | None
    score: bool = False


class AnswerTable(QWidget):
    """Rows with two bars each, that of before above that of after."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[AnswerRow, ...] = ()
        self._heads = ("", "")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def rows(self) -> tuple[AnswerRow, ...]:
        """What is shown."""
        return self._rows

    def show_rows(self, rows: Sequence[AnswerRow], before: str, after: str) -> None:
        """Show these classes under the two headings."""
        self._rows, self._heads = tuple(rows), (before, after)
        told = (f"{r.label}: {before} {figure(r.before, r.score)}, {after} {figure(r.after, r.score)}" for r in rows)
        self.setAccessibleDescription("; ".join(told))
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for the heading and all rows."""
        return QSize(260, (_MOST + 1) * self._line)

    def minimumSizeHint(self) -> QSize:
        """Return the same height."""
        return QSize(200, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the table."""
        painter, colours = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self._font()
        painter.setFont(font)
        metrics, line = QFontMetrics(font), self._line
        figures = metrics.horizontalAdvance("< 0.1 %") + 10
        name = self.width() * 0.36
        track = (self.width() - name - 2 * figures - 16) / 2
        lefts = (name, name + track + figures + 16)
        painter.setPen(QColor(colours.dim))
        for left, head in zip(lefts, self._heads, strict=True):
            words = metrics.elidedText(head, Qt.TextElideMode.ElideRight, int(track + figures))
            painter.drawText(QRectF(left, 0, track + figures, line), Qt.AlignmentFlag.AlignVCenter, words)
        for place, row in enumerate(self._rows[:_MOST], 1):
            top = place * line
            painter.setPen(QColor(colours.text))
            words = metrics.elidedText(row.label, Qt.TextElideMode.ElideRight, int(name - 10))
            painter.drawText(QRectF(0, top, name - 10, line), Qt.AlignmentFlag.AlignVCenter, words)
            for left, share, tone in zip(lefts, (row.before, row.after), (colours.dim, colours.accent), strict=True):
                bar = QRectF(left, top + line / 2 - 3, track, 6)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(colours.raised))
                painter.drawRoundedRect(bar, 3, 3)
                if share is not None and share == share and not row.score:
                    bar.setWidth(max(track * min(max(share, 0.0), 1.0), 6))
                    painter.setBrush(QColor(tone))
                    painter.drawRoundedRect(bar, 3, 3)
                painter.setPen(QColor(colours.text if share is not None else colours.dim))
                rect = QRectF(left + track, top, figures, line)
                painter.drawText(
                    rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, figure(share, row.score)
                )

    @property
    def _line(self) -> int:
        return QFontMetrics(self._font()).height() + theme.px(6)

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(theme.px(12))
        return font


def answer_rows(before: Sequence[Prediction], after: Sequence[Prediction]) -> list[AnswerRow]:
    """Return the first classes of ``after``, and among them the one that was the first before."""
    shares = [{one.index: one for one in each} for each in (before, after)]
    order = list(shares[1])[:_MOST]
    if before and (first := before[0].index) not in order:
        order = [*order[: _MOST - 1], first]
    return [_row(shares[0].get(index), shares[1].get(index)) for index in order]


def _row(before: Prediction | None, after: Prediction | None) -> AnswerRow:
    one = after or before
    score = one is not None and one.score is not None
    return AnswerRow("" if one is None else one.label, _share(before), _share(after), score)


def _share(of: Prediction | None) -> float | None:
    return None if of is None else of.probability if of.score is None else of.score


def figure(share: float | None, score: bool) -> str:
    """Return a share or a score as it is written; "–" for none."""
    if share is None:
        return "–"
    return number(share) if score else percent(share, fine=True)
