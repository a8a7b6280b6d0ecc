"""What the network really saw: the prepared picture, its numbers' range, and how it was made."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from explorer.text import _
from explorer.values import Bytes, FrameResult, Geometry
from explorer.zoo.card import Preparation
from ui.controller import Controller
from ui.store import Store
from ui.widgets.area_marks import Outline
from ui.widgets.numbers import minus
from ui.widgets.panel import Panel
from ui.widgets.picture_view import PictureView

_UNBROKEN = 24
"""Formulas of fewer letters stay on one line."""


class NetworkInput(Panel):
    """The network's input as it went in, stretched to be seen, with the steps that made it."""

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self.view = PictureView(self)
        self.view.set_telling(False)  # its pixels are the numbers stretched to be seen, not the numbers themselves
        self._size, self._steps, self._range = self._label(""), self._label("dim"), self._label("")
        beside, row = QVBoxLayout(), QHBoxLayout()
        beside.setSpacing(4)
        for label in (self._size, self._steps, self._range):
            beside.addWidget(label)
        beside.addStretch(1)
        row.setSpacing(10)
        row.addWidget(self.view, 4)
        row.addLayout(beside, 6)
        self.body.addLayout(row, 1)
        store.result_changed.connect(self._refresh)
        store.network_changed.connect(self._refresh)
        self.retranslate()

    def set_areas(self, outlines: tuple[Outline, ...], unseen: Bytes | None) -> None:
        """Outline what units see of the input.

        Args:
            outlines: in its cells.
            unseen: uint8 RGBA (h, w, 4), laid over it to darken cells that do not matter; None where a box says all.
        """
        self.view.set_outlines(outlines)
        h, w = (0, 0) if unseen is None else unseen.shape[:2]
        self.view.set_heat(unseen, (0.0, 0.0, float(h), float(w)))

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("What the network saw"))
        self.view.setAccessibleName(_("The network's input"))
        self.view.set_empty_text(_("The picture as the network gets it appears here."))
        self._refresh()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        self.view.update()

    def _refresh(self) -> None:
        result = self._store.result
        self.set_frame(None if result is None else result.frame)
        labels = (self._size, self._steps, self._range)
        for label in labels:
            label.setVisible(result is not None)
        if result is None:
            self.view.set_picture(None)
            return
        self.view.set_picture(result.prepared)
        low, high = result.prepared_range
        spread = _("numbers {low} … {high}").format(low=minus(f"{low:.2f}"), high=minus(f"{high:.2f}"))
        for label, text in zip(labels, (self._shape(result), self._how(result), spread), strict=True):
            if label.text() != text:
                label.setText(text)

    def _shape(self, result: FrameResult) -> str:
        network = self._store.network
        channels = 3 if network is None else network.graph.input[0]
        return " × ".join(map(str, (channels, *result.prepared.shape[:2])))

    def _how(self, result: FrameResult) -> str:
        if result.frame.array is not None:
            return _("The array went in as it is.")
        network = self._store.network
        if network is None or network.card.name != result.recipe.network:
            return ""
        if network.transformed:
            return _("Your program's own transform made it; where each number came from is not known.")
        named = [w.preparation for w in network.card.weights if w.name == network.weights]
        return "\n".join(describe(named[0] if named else network.card.preparation, result.geometry))

    def _label(self, role: str) -> QLabel:
        label = QLabel(self)
        label.setObjectName(role)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        return label


def describe(preparation: Preparation, geometry: Geometry) -> list[str]:
    """Return in words, a step each, how the picture of ``geometry`` became the network's input."""
    p, ways = preparation, {"bilinear": _("bilinear"), "bicubic": _("bicubic")}
    (h, w), (cell_h, cell_w) = geometry.input_hw, geometry.scale
    height, width = round(geometry.picture_hw[0] / cell_h), round(geometry.picture_hw[1] / cell_w)
    steps = []
    if p.input_chw[0] == 1:
        steps.append(_("made grey"))
    resized = _("stretched to {w} × {h} px ({way})") if p.fit == "stretch" else _("resized to {w} × {h} px ({way})")
    steps.append(resized.format(w=width, h=height, way=ways[p.interpolation]))
    inner = {"w": w - 2 * p.pad, "h": h - 2 * p.pad}
    if p.fit == "letterbox":
        steps.append(_("black bars around it up to {w} × {h}").format(**inner))
    elif p.fit == "crop" or (width, height) != (inner["w"], inner["h"]):
        steps.append(_("middle {w} × {h} cut out").format(**inner))
    if p.pad:
        steps.append(_("{pad} px of black added on every side").format(pad=p.pad))
    if p.order == "BGR":
        steps.append(_("channels in the order blue, green, red"))
    formula = f"(x − {_list(p.mean)}) ÷ {_list(p.std)}"
    if len(formula) < _UNBROKEN:
        formula = formula.replace(" ", "\N{NO-BREAK SPACE}")
    steps.append(_("numbers 0 … {full} → {formula}").format(full=f"{p.full:g}", formula=formula))
    return steps


def _list(values: tuple[float, ...]) -> str:
    """Return one number where all channels have the same."""
    return f"{values[0]:g}" if len(set(values)) == 1 else "[" + " ".join(f"{v:g}" for v in values) + "]"
