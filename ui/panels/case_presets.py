"""The lecture's examples in groups, and of the chosen one the lecture's figures beside ours."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QLabel, QListWidget, QListWidgetItem, QScrollArea, QSizePolicy, QSplitter, QWidget

from explorer.arithmetic.presets import PRESETS, Figure, Preset
from explorer.text import N_, _
from ui import theme
from ui.widgets.panel import Panel

GROUPS = {
    "conv": N_("Convolution"),
    "pool": N_("Pooling"),
    "fc": N_("Fully connected"),
    "weights": N_("Weights"),
    "shift": N_("Shift"),
}
_NAME = Qt.ItemDataRole.UserRole + 1


class CasePresets(Panel):
    """A click or Enter opens an example, also once more as it was.

    Signals:
        wanted: the name of an example.
    """

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._changed = "", False
        self.list, self.words = _List(self), QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # as wide as there is room
        self.figures = QScrollArea(self)
        self.figures.setWidget(self.words)
        self.figures.setWidgetResizable(True)
        self.figures.setFrameShape(QFrame.Shape.NoFrame)
        self.figures.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for ground in (self.figures.viewport(), self.words):  # the panel's colour shows through
            ground.setAutoFillBackground(False)
        parts = QSplitter(Qt.Orientation.Vertical, self)
        parts.setChildrenCollapsible(False)
        parts.setHandleWidth(8)
        parts.addWidget(self.list)
        parts.addWidget(self.figures)
        parts.setStretchFactor(0, 1)
        parts.setSizes([10_000, theme.px(210)])
        self.body.addWidget(parts, 1)
        self.list.opened.connect(self.wanted)
        self.retranslate()

    @property
    def chosen(self) -> Preset | None:
        """The example that is shown."""
        return PRESETS.get(self._name)

    def show_chosen(self, name: str, changed: bool) -> None:
        """Choose an example, and tell whether its numbers are other ones by now."""
        self.list.choose(name)
        self._name, self._changed = name, changed
        self._show_words()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Examples"))
        self.list.setAccessibleName(_("The lecture's examples"))
        self.figures.setAccessibleName(_("The lecture's figures"))
        self.list.fill()
        self._show_words()

    def restyle(self) -> None:
        """Write in the colours of the current theme."""
        self.list.fill()
        self._show_words()

    @Slot()
    def _show_words(self) -> None:
        chosen, colours = self.chosen, theme.current()
        if chosen is None:
            self.set_badge("")
            text = _("A case of your own. Click an example for the lecture's numbers.")
            self.words.setText(f"<span style='color:{colours.dim}'>{escape(text)}</span>")
            return
        self.set_badge(_("changed") if self._changed else "")
        parts = [f"<p style='margin:0 0 8px 0'>{escape(_(chosen.about))}</p>"]
        if self._changed:
            told = escape(_("The figures are of the lecture's numbers: a click on the example brings them back."))
            parts.append(f"<p style='margin:0 0 8px 0;color:{colours.warning}'>{told}</p>")
        parts += map(_figure, chosen.figures)
        for why in dict.fromkeys(one.why for one in chosen.figures if one.why):
            parts.append(f"<p style='margin:8px 0 0 0;color:{colours.dim}'>{escape(_(why))}</p>")
        self.words.setText(f"<div style='font-size:{theme.px(12)}px'>{''.join(parts)}</div>")


def _figure(one: Figure) -> str:
    """Return a figure: what it is, the lecture's, and ours where it is another one."""
    colours = theme.current()
    head = f"<span style='color:{colours.dim}'>{escape(_(one.what))}</span>"
    if one.agrees:
        tone, said = colours.good, escape(_("the lecture and here"))
        lines = [f"{escape(_folded(one.ours))} <span style='color:{tone}'>✓ {said}</span>"]
    else:
        dim = f"<span style='color:{colours.dim}'>{{}}</span> "
        lines = [dim.format(escape(_("here"))) + escape(_folded(one.ours))]
        if one.lecture:
            lines.insert(0, dim.format(escape(_("the lecture"))) + escape(_folded(one.lecture)))
    return f"<p style='margin:0 0 6px 0'>{'<br>'.join((head, *lines))}</p>"


def _folded(text: str) -> str:
    return text.replace(" + ", "\N{NO-BREAK SPACE}+ ")


class _List(QListWidget):
    """Headings and examples.

    Signals:
        opened: the name of the example that was clicked, or that Enter was pressed on.
    """

    opened = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # the ends tell some examples from their neighbours
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)

    def fill(self) -> None:
        """List all examples under their headings, in the current language; the chosen one stays."""
        name, place = self.current(), self.verticalScrollBar().value()
        self.clear()
        for page, heading in GROUPS.items():
            head = QListWidgetItem(_(heading))
            font = self.font()
            font.setPixelSize(theme.px(11))
            head.setFont(font)
            head.setForeground(QColor(theme.current().dim))
            head.setFlags(Qt.ItemFlag.NoItemFlags)
            head.setSizeHint(QSize(40, theme.px(24)))
            self.addItem(head)
            for key, one in PRESETS.items():
                if one.page == page:
                    item = QListWidgetItem(_(one.title))
                    item.setData(_NAME, key)
                    item.setToolTip(f"{_(one.title)}\n{_(one.about)}")
                    item.setSizeHint(QSize(40, theme.px(28)))
                    self.addItem(item)
        self.choose(name)
        self.verticalScrollBar().setValue(place)

    def wide(self) -> int:
        """Return the width at which no title is elided."""
        widest = max(self.fontMetrics().horizontalAdvance(_(one.title)) for one in PRESETS.values())
        return widest + theme.px(64)

    def current(self) -> str:
        """Return the name of the chosen example, or ""."""
        item = self.currentItem()
        return "" if item is None else str(item.data(_NAME) or "")

    def choose(self, name: str) -> None:
        """Choose an example by its name; none where there is none of it."""
        names = [self.item(place).data(_NAME) for place in range(self.count())]
        self.setCurrentRow(names.index(name) if name and name in names else -1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open the clicked example."""
        super().mouseReleaseEvent(event)
        item = self.itemAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and item is not None and item.data(_NAME):
            self.opened.emit(item.data(_NAME))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the chosen example with Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if name := self.current():
                self.opened.emit(name)
        else:
            super().keyPressEvent(event)
