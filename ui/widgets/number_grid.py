"""A small table of numbers that are typed in place: a kernel's weights, a window's values."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from explorer.errors import ExplorerError
from explorer.text import _
from ui import theme
from ui.widgets import cells, marks
from ui.widgets.numbers import minus

Rows = tuple[tuple[float, ...], ...]
NEGATIVE, POSITIVE = "#2f7fe0", "#e0503f"
"""Beside the panel's own colour, which is 0: those of the diverging map."""

_LARGEST, _SMALLEST, _TYPED = 46, 15, 74
STRENGTH = 0.62
"""Share of their colour that the largest numbers have."""
_MOVES = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


def tint(value: float, reach: float) -> str:
    """Return the colour of a cell whose number is ``value`` where the largest is ``reach``."""
    share = min(abs(value) / reach, 1.0) if reach and value == value else 0.0
    return theme.mix(theme.current().raised, POSITIVE if value > 0 else NEGATIVE, share * STRENGTH)


def fitted(value: float, metrics: QFontMetricsF, room: float) -> str:
    """Return ``value`` with as many digits as there is room for, "…" where there is none.

    Tiny numbers have an exponent only where it tells all of them: 9e−05 beside ≈0 would look like something.
    """
    if value != value:  # there is none yet
        return ""
    whole = [f"{value:.{digits}g}" for digits in (6, 4, 3, 2)]
    whole = [text for text in whole if "e-" not in text or float(text) == value]
    short = [f"{value:.{digits}f}" for digits in (3, 2, 1, 0) if round(value, digits)]
    for number in (*whole, *short, "≈0" if abs(value) < 1 else ""):
        text = minus(number)
        for shown in (text, text.replace("0.", ".", 1) if text.lstrip("−").startswith("0.") else text):
            if shown and metrics.horizontalAdvance(shown) <= room:
                return shown
    return "…"


class NumberGrid(QWidget):
    """Shows numbers in cells coloured by sign; arrows move, typing replaces, Enter and Tab go on.

    Args:
        read: gives the number that a text means in a row and column, or raises the sentence that says why it is none.

    Signals:
        edited: all rows, one number of them typed anew.
        refused: the sentence about what was typed, "" once that is mended or given up.
        pasted: a text that is meant to take the place of all numbers.
    """

    edited = Signal(object)
    refused = Signal(str)
    pasted = Signal(str)

    def __init__(self, read: Callable[[str, int, int], float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._read = read
        self._rows: Rows = ((0.0,),)
        self._cell = (0, 0)
        self._wrong = False
        self._marked: tuple[int, int, int, int] | None = None
        self._outlined: tuple[tuple[int, int], ...] = ()
        self._field = QLineEdit(self)
        self._field.setObjectName("cell")
        self._field.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._field.hide()
        self._field.installEventFilter(self)
        self._field.textEdited.connect(self._judge)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def rows(self) -> Rows:
        """The numbers."""
        return self._rows

    @property
    def cell(self) -> tuple[int, int]:
        """Row and column of the chosen number."""
        return self._cell

    @property
    def typing(self) -> bool:
        """Whether a number is being typed."""
        return self._field.isVisible()

    def show_rows(self, rows: Rows) -> None:
        """Show these numbers; what is being typed into another table is given up."""
        if rows == self._rows:
            return
        if self.typing and (len(rows), len(rows[0])) != (len(self._rows), len(self._rows[0])):
            self._stop()
        self._rows = rows
        self._cell = min(self._cell[0], len(rows) - 1), min(self._cell[1], len(rows[0]) - 1)
        self._tell()
        self.updateGeometry()
        self.update()

    def mark(self, box: tuple[int, int, int, int] | None) -> None:
        """Outline cells: first row and column, and those after the last; None outlines none."""
        if box != self._marked:
            self._marked = box
            self.update()

    def outline(self, places: Iterable[tuple[int, int]]) -> None:
        """Outline single cells by row and column, each on its own."""
        self._outlined = tuple(places)
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for large cells."""
        side = theme.px(_LARGEST)
        return QSize(len(self._rows[0]) * side + 2, len(self._rows) * side + 2)

    def minimumSizeHint(self) -> QSize:
        """Return room for cells in which a digit can be read."""
        return QSize(len(self._rows[0]) * _SMALLEST + 2, len(self._rows) * _SMALLEST + 2)

    def choose(self, row: int, column: int) -> None:
        """Choose a cell and give it the keyboard, so that the next digit replaces its number."""
        if not self.typing or self._commit():
            self._choose((row, column))

    def rect_of(self, row: int, column: int) -> QRectF:
        """Return where a cell lies."""
        side, left, top = self._geometry()
        return QRectF(left + column * side, top + row * side, side, side)

    # what Qt calls

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells and their numbers."""
        painter, colours = QPainter(self), theme.current()
        side, left, top = self._geometry()
        reach = max((abs(value) for row in self._rows for value in row if value == value), default=0.0)
        font = QFont(self.font())
        font.setPixelSize(max(min(round(side * 0.4), theme.px(14)), 8))
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        for y, row in enumerate(self._rows):
            for x, value in enumerate(row):
                ground = QColor(tint(value, reach))
                rect = self.rect_of(y, x)
                painter.fillRect(rect, ground)
                painter.setPen(cells.ink(ground.red(), ground.green(), ground.blue()))
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, fitted(value, metrics, side - 3))
        painter.setPen(QPen(QColor(colours.line), 1))
        for y in range(len(self._rows) + 1):
            painter.drawLine(
                round(left), round(top + y * side), round(left + len(self._rows[0]) * side), round(top + y * side)
            )
        for x in range(len(self._rows[0]) + 1):
            painter.drawLine(
                round(left + x * side), round(top), round(left + x * side), round(top + len(self._rows) * side)
            )
        painter.setPen(QPen(QColor(colours.unit), 2))
        for place in self._outlined:
            painter.drawRect(self.rect_of(*place).adjusted(2, 2, -2, -2))
        if self._marked is not None:
            y0, x0, y1, x1 = self._marked
            marks.box(
                painter, QRectF(left + x0 * side, top + y0 * side, (x1 - x0) * side, (y1 - y0) * side), colours.unit
            )
        if self.hasFocus() or self.typing:
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawRect(self.rect_of(*self._cell).adjusted(1, 1, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a cell; what was being typed is taken."""
        cell = self._at(event)
        if cell is not None and (not self.typing or self._commit()):
            self._choose(cell)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Change the number of a cell."""
        if self._at(event) is not None:
            self._type()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the whole number under the pointer."""
        cell = self._at(event)
        self.setToolTip("" if cell is None else minus(f"{self._rows[cell[0]][cell[1]]:.9g}"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move with the arrows; a digit begins a number, Enter and F2 change the old one, Delete makes it 0."""
        move = _MOVES.get(Qt.Key(event.key()))
        if event.matches(QKeySequence.StandardKey.Paste):
            self.pasted.emit(QGuiApplication.clipboard().text())
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif move is not None and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._step(*move)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self._type()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._put(0.0)
        elif event.text() and event.text().isprintable() and event.text() != " ":
            self._type(event.text())
        else:
            super().keyPressEvent(event)

    def copy(self) -> None:
        """Put the numbers on the clipboard, as a spreadsheet takes them."""
        QGuiApplication.clipboard().setText("\n".join("\t".join(f"{v:.9g}" for v in row) for row in self._rows))

    def event(self, event: QEvent) -> bool:
        """Paste here, not in the window: its own Ctrl+V opens a picture."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            ours = event.matches(QKeySequence.StandardKey.Paste) or event.matches(QKeySequence.StandardKey.Copy)
            typed = event.text().isprintable() and event.text() not in ("", "?")
            plain = not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
            if ours or (typed and plain):
                event.accept()
                return True
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go on with Enter and Tab, give up with Escape, keep what is right when the keyboard goes elsewhere."""
        if watched is not self._field:
            return False
        if event.type() == QEvent.Type.FocusOut and self.typing and isinstance(event, QFocusEvent):
            if event.reason() != Qt.FocusReason.PopupFocusReason and not self._commit():
                self._stop()
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {
                Qt.Key.Key_Return: (1, 0),
                Qt.Key.Key_Enter: (1, 0),
                Qt.Key.Key_Down: (1, 0),
                Qt.Key.Key_Up: (-1, 0),
                Qt.Key.Key_Tab: (0, 1),
                Qt.Key.Key_Backtab: (0, -1),
            }
            key = Qt.Key(event.key())
            if key == Qt.Key.Key_Escape:
                self._stop()
                self.setFocus()
                return True
            if key in steps:
                if self._commit():
                    self.setFocus()
                    self._step(*steps[key])
                return True
            if key == Qt.Key.Key_V and event.matches(QKeySequence.StandardKey.Paste) and _is_table():
                self._stop()
                self.pasted.emit(QGuiApplication.clipboard().text())
                return True
        return False

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus."""
        self._tell()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the focus."""
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what is being typed over its cell."""
        self._place_field()

    # inner

    def _geometry(self) -> tuple[float, float, float]:
        """Return the side of a cell, and where the first lies."""
        rows, columns = len(self._rows), len(self._rows[0])
        side = min((self.width() - 2) / columns, (self.height() - 2) / rows, theme.px(_LARGEST))
        side = max(int(side), 4)
        return side, (self.width() - columns * side) // 2, (self.height() - rows * side) // 2

    def _at(self, event: QMouseEvent) -> tuple[int, int] | None:
        side, left, top = self._geometry()
        row, column = int((event.position().y() - top) // side), int((event.position().x() - left) // side)
        return (row, column) if 0 <= row < len(self._rows) and 0 <= column < len(self._rows[0]) else None

    def _step(self, down: int, right: int) -> None:
        row, column = self._cell[0] + down, self._cell[1] + right
        rows, columns = len(self._rows), len(self._rows[0])
        if column in (-1, columns) and 0 <= row + right < rows:  # around the end of a row
            row, column = row + right, column % columns
        self._choose((min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)))

    def _choose(self, cell: tuple[int, int]) -> None:
        self._cell = cell
        self.setFocus()
        self._tell()
        self.update()

    def _tell(self) -> None:
        row, column = self._cell
        text = _("Row {row}, column {column}: {value}")
        value = minus(f"{self._rows[row][column]:.9g}")
        self.setAccessibleDescription(text.format(row=row + 1, column=column + 1, value=value))

    def _type(self, text: str | None = None) -> None:
        value = self._rows[self._cell[0]][self._cell[1]]
        self._field.setText(f"{value:.9g}" if text is None else text)
        self._mark(False)
        self._place_field()
        self._field.show()
        self._field.setFocus()
        if text is None:
            self._field.selectAll()
        else:
            self._judge(text)

    def _place_field(self) -> None:
        cell = self.rect_of(*self._cell).toRect()
        width, height = max(cell.width(), theme.px(_TYPED)), max(cell.height(), theme.px(26))
        left = min(max(cell.center().x() - width // 2, 0), max(self.width() - width, 0))
        top = min(max(cell.center().y() - height // 2, 0), max(self.height() - height, 0))
        self._field.setGeometry(left, top, width, height)

    @Slot(str)
    def _judge(self, text: str) -> None:
        """Mark what is no number, and cannot be the beginning of one."""
        try:
            self._read(text, *self._cell)
        except ExplorerError:
            self._mark(text.strip() not in ("", "-", "−", "+", ".", "-.", "−.") and not text.endswith("/"))
        else:
            self._mark(False)

    def _commit(self) -> bool:
        """Take what was typed; where it is no number say so, and leave it to be mended."""
        try:
            value = self._read(self._field.text(), *self._cell)
        except ExplorerError as error:
            self._mark(True)
            self.refused.emit(str(error))
            return False
        self._stop()
        self._put(value)
        return True

    def _stop(self) -> None:
        self._field.hide()
        self._mark(False)
        self.refused.emit("")
        self.update()

    def _mark(self, wrong: bool) -> None:
        if wrong != self._wrong:
            self._wrong = wrong
            self._field.setProperty("wrong", wrong)
            self._field.style().unpolish(self._field)
            self._field.style().polish(self._field)

    def _put(self, value: float) -> None:
        row, column = self._cell
        if value != self._rows[row][column]:
            changed = list(map(list, self._rows))
            changed[row][column] = value
            self.edited.emit(tuple(map(tuple, changed)))


def _is_table() -> bool:
    """Whether the clipboard holds more than one number."""
    return len(QGuiApplication.clipboard().text().split()) > 1
