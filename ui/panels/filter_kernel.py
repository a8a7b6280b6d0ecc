"""The chosen filter's numbers, typed in place, and how its window moves over the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QWidget,
)

from explorer.errors import ExplorerError
from explorer.filters import parse
from explorer.filters.filter import BORDER_TITLES, BORDERS, MOST_DILATION, MOST_STRIDE, Filter
from explorer.filters.kernel import TYPED, Kernel, Magnitude, Operator
from explorer.text import _
from ui import theme
from ui.filtering import Filtering
from ui.widgets.chooser import Chooser
from ui.widgets.filter_words import title
from ui.widgets.number_grid import NumberGrid, Rows
from ui.widgets.numbers import minus
from ui.widgets.panel import Panel

_EMPTY = Filter(Kernel("", ((0.0,) * 3, (0.0, 1.0, 0.0), (0.0,) * 3)))
"""What the panel shows, and begins with, while the chain is empty."""
_ACTIONS = ("rotate", "flip-horizontal", "flip-vertical", "normalise", "copy", "paste")


class FilterKernel(Panel):
    """A change that no filter can have is said in place; the last good filter stays."""

    def __init__(self, filtering: Filtering, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filtering = filtering
        self._part = 0
        self.parts = [QToolButton(self), QToolButton(self)]
        for button, text in zip(self.parts, "xy", strict=True):
            button.setText(text)
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.toggled.connect(self._choose_part)
        self.tools: dict[str, QToolButton] = {}
        for name in _ACTIONS:
            tool = QToolButton(self)
            tool.setObjectName("small")
            tool.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            theme.set_icon(tool, name)
            self.tools[name] = tool
            self.header.addWidget(tool)
        self.rows, self.columns = QSpinBox(self), QSpinBox(self)
        self.scale, self.offset = QLineEdit(self), QLineEdit(self)
        self.grid = NumberGrid(lambda text, _row, _column: parse.weight(text), self)
        self.note, self.problem = QLabel(self), QLabel(self)
        self.note.setObjectName("dim")
        self.problem.setObjectName("warning")
        for label in (self.note, self.problem):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.turns, self.colours, self.keeps, self.border = (Chooser(9, self) for _n in range(4))
        self.stride, self.dilation = QSpinBox(self), QSpinBox(self)
        self.stride.setRange(1, MOST_STRIDE)
        self.dilation.setRange(1, MOST_DILATION)
        for spin in (self.rows, self.columns, self.stride, self.dilation):
            spin.setKeyboardTracking(False)
            spin.setFixedWidth(theme.px(62))
        self._labels = {name: QLabel(self) for name in ("size", "scale", "offset", *_OPTIONS)}
        for label in self._labels.values():
            label.setObjectName("dim")
        self._lay_out()
        self._wire()
        self.retranslate()

    def _lay_out(self) -> None:
        times = QLabel("×", self)
        times.setObjectName("dim")
        size = QHBoxLayout()
        size.setSpacing(6)
        for widget in (self._labels["size"], self.rows, times, self.columns):
            size.addWidget(widget)
        size.addStretch(1)
        for button in self.parts:
            size.addWidget(button)
        numbers = QHBoxLayout()
        numbers.setSpacing(6)
        for name, field in (("scale", self.scale), ("offset", self.offset)):
            numbers.addWidget(self._labels[name])
            numbers.addWidget(field, 1)
            self._labels[name].setBuddy(field)
        options = QGridLayout()
        options.setHorizontalSpacing(8)
        options.setVerticalSpacing(6)
        fields: tuple[QWidget, ...] = (self.turns, self.stride, self.colours, self.dilation, self.keeps, self.border)
        for name, one, (row, column, wide) in zip(_OPTIONS, fields, _PLACES, strict=True):
            options.addWidget(self._labels[name], row, column)
            options.addWidget(one, row, column + 1, 1, wide)
            self._labels[name].setBuddy(one)
        options.setColumnStretch(1, 1)
        self.body.addLayout(size)
        self.body.addLayout(numbers)
        self.body.addWidget(self.grid, 1)
        self.body.addWidget(self.problem)
        self.body.addLayout(options)
        self.body.addWidget(self.note)

    def _wire(self) -> None:
        self.grid.edited.connect(self._type_weights)
        self.grid.refused.connect(self._say)
        self.grid.pasted.connect(self.paste)
        self.rows.valueChanged.connect(self._resize)
        self.columns.valueChanged.connect(self._resize)
        for field, name in ((self.scale, "scale"), (self.offset, "offset")):
            field.editingFinished.connect(self._type_scale if name == "scale" else self._type_offset)
        for chooser in (self.turns, self.colours, self.keeps, self.border):
            chooser.activated.connect(self._choose_options)
        self.stride.valueChanged.connect(self._choose_options)
        self.dilation.valueChanged.connect(self._choose_options)
        slots = (self._rotate, self._mirror, self._upend, self._normalise, self.grid.copy, self._paste)
        for name, slot in zip(_ACTIONS, slots, strict=True):
            self.tools[name].clicked.connect(slot)
        self._filtering.chain_changed.connect(self._show)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        for name, text in {
            "size": _("Size"),
            "scale": _("Scale"),
            "offset": _("Offset"),
            "turns": _("Kernel"),
            "border": _("Border"),
            "colours": _("Colours"),
            "stride": _("Stride"),
            "keeps": _("Result"),
            "dilation": _("Dilation"),
        }.items():
            self._labels[name].setText(text)
        for tool, told in {
            "rotate": _("Turn by 90° clockwise"),
            "flip-horizontal": _("Exchange left and right"),
            "flip-vertical": _("Exchange top and bottom"),
            "normalise": _("Normalise: the scale becomes 1 ÷ the sum of the weights"),
            "copy": _("Copy the weights"),
            "paste": _("Paste a kernel: cells of a spreadsheet, a NumPy array or JSON"),
        }.items():
            self.tools[tool].setToolTip(told)
            self.tools[tool].setAccessibleName(told)
        for chooser, items in (
            (self.turns, ((False, _("As written")), (True, _("Turned by 180°")))),
            (self.colours, ((False, _("Each channel")), (True, _("Grey")))),
            (self.keeps, ((False, _("Clip to 0–255")), (True, _("Signed")))),
            (self.border, tuple((border, _(BORDER_TITLES[border])) for border in BORDERS)),
        ):
            blocker, place = QSignalBlocker(chooser), chooser.currentIndex()
            chooser.clear()
            for value, text in items:
                chooser.addItem(text, value)
            chooser.setCurrentIndex(place)
            blocker.unblock()
        self.turns.setToolTip(_("Turned by 180° is the true convolution of signal processing"))
        self.colours.setToolTip(_("Filter red, green and blue each, or the grey picture"))
        self.keeps.setToolTip(_("Round and clip like a picture, or keep negative values and show them in two colours"))
        self.border.setToolTip(_("What the window finds beyond the picture"))
        self.scale.setToolTip(_("What the sum is multiplied by, such as ¼, 1/4 or 0.25"))
        self.offset.setToolTip(_("What is added after the scale, such as 128"))
        self.rows.setAccessibleName(_("Rows of the kernel"))
        self.columns.setAccessibleName(_("Columns of the kernel"))
        self.grid.setAccessibleName(_("Weights of the kernel"))
        self.parts[0].setAccessibleName(_("Kernel of the slope from left to right"))
        self.parts[1].setAccessibleName(_("Kernel of the slope downwards"))
        self._show()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        self.grid.update()

    # what is shown

    @property
    def filter(self) -> Filter:
        """The filter that is shown."""
        return self._filtering.filter or _EMPTY

    @property
    def kernel(self) -> Kernel:
        """The kernel that is edited; of a magnitude the one of two that is chosen."""
        operator = self.filter.kernel
        return operator if isinstance(operator, Kernel) else (operator.x, operator.y)[self._part]

    @Slot()
    def _show(self) -> None:
        one, kernel = self.filter, self.kernel
        both = isinstance(one.kernel, Magnitude)
        for place, button in enumerate(self.parts):
            button.setVisible(both)
            blocker = QSignalBlocker(button)
            button.setChecked(place == self._part)
            blocker.unblock()
        self.set_title(_("Kernel"), title(one.kernel) if self._filtering.filter else "")
        self.grid.show_rows(kernel.weights)
        self._say("")
        for field, text in ((self.scale, parse.scale_text(kernel.scale)), (self.offset, f"{kernel.offset:.10g}")):
            field.setText(minus(text))
            field.setCursorPosition(0)
            _mark(field, False)
        for spin, value in (
            (self.rows, kernel.shape[0]),
            (self.columns, kernel.shape[1]),
            (self.stride, one.stride),
            (self.dilation, one.dilation),
        ):
            blocker = QSignalBlocker(spin)
            if spin in (self.rows, self.columns):
                spin.setRange(1, max(TYPED, value))
            spin.setValue(value)
            blocker.unblock()
        for chooser, wanted in (
            (self.turns, one.convolve),
            (self.colours, one.grey),
            (self.keeps, one.signed),
            (self.border, one.border),
        ):
            chooser.setCurrentIndex(chooser.findData(wanted))
        self.note.setText(" ".join(_told(one)))

    @Slot(str)
    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    # what is changed

    def _put(self, make: Callable[[Kernel], Kernel]) -> bool:
        """Change the shown kernel; say why it cannot be so, and return whether it is."""
        try:
            changed: Operator = make(self.kernel)
            operator = self.filter.kernel
            if isinstance(operator, Magnitude) and isinstance(changed, Kernel):
                pair = (changed, operator.y) if self._part == 0 else (operator.x, changed)
                changed = replace(operator, name="", x=pair[0], y=pair[1])
            if self._filtering.filter is None:
                self._filtering.put(replace(_EMPTY, kernel=changed))
            else:
                self._filtering.edit_kernel(changed)
        except ExplorerError as error:
            self._say(str(error))
            return False
        self._say("")
        return True

    @Slot(object)
    def _type_weights(self, rows: Rows) -> None:
        self._put(lambda kernel: Kernel("", rows, kernel.scale, kernel.offset))

    @Slot()
    def _type_scale(self) -> None:
        self._type(self.scale, lambda k: Kernel("", k.weights, parse.scale(self.scale.text()), k.offset), "scale")

    @Slot()
    def _type_offset(self) -> None:
        self._type(self.offset, lambda k: Kernel("", k.weights, k.scale, parse.offset(self.offset.text())), "offset")

    def _type(self, field: QLineEdit, make: Callable[[Kernel], Kernel], name: str) -> None:
        """Take what was typed into a field; leaving it as it was is no change."""
        shown = parse.scale_text(self.kernel.scale) if name == "scale" else f"{self.kernel.offset:.10g}"
        if field.text() == minus(shown):
            _mark(field, False)
            self._say("")
        else:
            _mark(field, not self._put(make))

    @Slot()
    def _resize(self) -> None:
        rows, columns = self.rows.value(), self.columns.value()
        operator = self.filter.kernel
        if isinstance(operator, Magnitude):  # both kernels have one size
            both = replace(operator, name="", x=_sized(operator.x, rows, columns), y=_sized(operator.y, rows, columns))
            self._filtering.edit_kernel(both)
        else:
            self._put(lambda kernel: _sized(kernel, rows, columns))

    @Slot()
    def _choose_options(self) -> None:
        values = {
            "convolve": self.turns.currentData(),
            "grey": self.colours.currentData(),
            "signed": self.keeps.currentData(),
            "border": self.border.currentData(),
            "stride": self.stride.value(),
            "dilation": self.dilation.value(),
        }
        changed = replace(self.filter, **values)
        if changed != self.filter:
            self._filtering.put(changed)

    @Slot()
    def _choose_part(self) -> None:
        self._part = int(self.parts[1].isChecked())
        self._show()

    @Slot()
    def _rotate(self) -> None:
        operator = self.filter.kernel
        if isinstance(operator, Magnitude):
            turned = replace(operator, name="", x=operator.x.rotated(), y=operator.y.rotated())
            self._filtering.edit_kernel(turned)
        else:
            self._put(Kernel.rotated)

    @Slot()
    def _mirror(self) -> None:
        self._put(Kernel.mirrored)

    @Slot()
    def _upend(self) -> None:
        self._put(Kernel.upended)

    @Slot()
    def _normalise(self) -> None:
        self._put(Kernel.normalised)

    @Slot()
    def _paste(self) -> None:
        self.paste(QGuiApplication.clipboard().text())

    @Slot(str)
    def paste(self, text: str) -> None:
        """Take a kernel from a text; a scale that the text does not tell stays 1."""
        if not text.strip():
            self._say(_("The clipboard holds no text: copy a kernel first."))
        elif isinstance(self.filter.kernel, Magnitude):
            self._put(lambda _kernel: parse.kernel(text))
        else:
            self._put(lambda kernel: replace(parse.kernel(text), offset=kernel.offset))


_OPTIONS = ("turns", "stride", "colours", "dilation", "keeps", "border")
_PLACES = ((0, 0, 1), (0, 2, 1), (1, 0, 1), (1, 2, 1), (2, 0, 3), (3, 0, 3))
"""Row, column and width of each option."""


def _mark(field: QLineEdit, wrong: bool) -> None:
    if bool(field.property("wrong")) != wrong:
        field.setProperty("wrong", wrong)
        field.style().unpolish(field)
        field.style().polish(field)


def _sized(kernel: Kernel, rows: int, columns: int) -> Kernel:
    """Return ``kernel`` with zeros around it, or without its outer cells; its middle stays the middle."""
    y, x = rows // 2 - kernel.anchor[0], columns // 2 - kernel.anchor[1]

    def at(row: int, column: int) -> float:
        inside = 0 <= row - y < kernel.shape[0] and 0 <= column - x < kernel.shape[1]
        return kernel.weights[row - y][column - x] if inside else 0.0

    if (rows, columns) == kernel.shape:
        return kernel
    weights = tuple(tuple(at(row, column) for column in range(columns)) for row in range(rows))
    return Kernel("", weights, kernel.scale, kernel.offset)


def _told(one: Filter) -> list[str]:
    """Return what a person should know of the filter as it is."""
    if one.convolve:
        notes = [_("Convolution: the kernel is turned by 180° first, as in signal processing.")]
    else:
        notes = [_("Correlation: the kernel lies on the picture as it is written, as in the lecture and in PyTorch.")]
    if not all(side % 2 for side in one.kernel.shape):
        notes.append(_("An even side has no middle: the result belongs to the cell below or right of it."))
    return notes
