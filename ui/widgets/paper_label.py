"""What is published of a network's receptive field, beside what is computed of each of its forms."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QWidget

from explorer.receptive.published import Published
from explorer.text import _
from ui import theme

Size = tuple[int, int] | None


class PaperLabel(QScrollArea):
    """A small table and two sentences, which can be selected; they scroll where there is little room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = QLabel(self)
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setWidget(self._label)
        self.setWidgetResizable(True)
        for part in (self._label, self.viewport()):  # the panel's own ground shows
            part.setAutoFillBackground(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)

    def text(self) -> str:
        """Return what is shown, as rich text."""
        return self._label.text()

    def sizeHint(self) -> QSize:
        """Return the height of all lines."""
        return QSize(300, self._label.heightForWidth(max(self.width(), 300)))

    def minimumSizeHint(self) -> QSize:
        """Return the height of three lines."""
        return QSize(200, theme.px(60))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for more or less height at another width."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()

    def show_published(self, one: Published | None, network: str, sizes: Mapping[str, Size]) -> None:
        """Show what is published, or nothing.

        Args:
            one: what is published.
            network: name of the form that the page shows, which stands out.
            sizes: computed height and width by name of each form; None where it is unknown; missing until it is known.
        """
        self.setVisible(one is not None)
        self._label.setText("" if one is None else _text(one, network, sizes))
        self.updateGeometry()


def _text(one: Published, network: str, sizes: Mapping[str, Size]) -> str:
    if one.size is None:
        rows = [("–", escape(_("no size is published; the architecture is: {source}").format(source=one.source)))]
    else:
        words = _("published of TF-Slim's {form}: {source}").format(form=one.form, source=one.source)
        rows = [(f"{one.size} × {one.size}", escape(words))]
    for form in one.variants:
        side = "…"
        if form.network in sizes:
            hw = sizes[form.network]
            side = _("unknown") if hw is None else f"{hw[0]} × {hw[1]}"
        words = escape(_("computed here, {form}").format(form=_(form.what)))
        rows.append((side, _strong(words) if form.network == network else words))
    cells = "".join(
        f'<tr><td align="right">{escape(side)}</td><td style="padding-left:12px">{words}</td></tr>'
        for side, words in rows
    )
    head = _strong(escape(_("Paper against this implementation: {network}").format(network=one.title)))
    return f'{head}<table>{cells}</table><span style="color:{theme.current().dim}">{escape(_(one.why))}</span>'


def _strong(words: str) -> str:
    return f'<span style="font-weight:600">{words}</span>'
