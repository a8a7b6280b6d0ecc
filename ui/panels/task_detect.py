"""Detection: what is where in the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PIL import Image
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSlider, QWidget

from explorer.recipe import Finding
from explorer.render.scene import boxes_page, colour
from explorer.tasks.values import Box, Detection, Found
from explorer.text import _, ngettext
from explorer.values import FrameResult
from ui.actions import Actions
from ui.controller import Controller
from ui.finding import FindingPanel
from ui.store import Store
from ui.widgets.numbers import percent
from ui.widgets.scene_list import Row, SceneList
from ui.widgets.scene_view import BoxView, told

_PERCENT = 100
_LISTED = 300
_SUPPRESSED = (150, 150, 150)
_SAME = 0.3
"""Overlap with the box of the frame before from which on a box is the same thing."""


class TaskDetect(FindingPanel):
    """Boxes on the picture and in a list; one that is clicked in either is highlighted in both."""

    def __init__(self, store: Store, controller: Controller, commands: Actions, parent: QWidget) -> None:
        self.boxes = BoxView()
        super().__init__("detect", self.boxes, store, controller, commands, parent)
        self._chosen: Detection | None = None
        self.least, self.before, self.list = QSlider(Qt.Orientation.Horizontal), QCheckBox(), SceneList(self)
        self.least.setRange(0, _PERCENT)
        self.least.setValue(round(_PERCENT * Finding.least))
        self._from, self._value, self.count = QLabel(self), QLabel(self), QLabel(self)
        for label in (self._from, self._value, self.count):
            label.setObjectName("dim")
        self.count.setWordWrap(True)
        self._from.setBuddy(self.least)
        row = QHBoxLayout()
        row.addWidget(self._from)
        row.addWidget(self.least, 1)
        row.addWidget(self._value)
        self.side.addLayout(row)
        self.side.addWidget(self.before)
        self.side.addWidget(self.note)
        self.side.addWidget(self.count)
        self.side.addWidget(self.list, 1)
        self.least.valueChanged.connect(self._choose_least)
        self.before.toggled.connect(self.ask)
        self.list.row_chosen.connect(self._choose)
        self.boxes.box_chosen.connect(self._choose)
        self.retranslate()
        self.restyle()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Detection"))
        self._from.setText(_("Score from"))
        self.least.setAccessibleName(_("Score from"))
        self.least.setToolTip(_("Boxes of which the network is less sure are left out"))
        self.before.setText(_("Before suppression"))
        self.before.setToolTip(
            _(
                "Non-maximum suppression throws a box away where a better one of its class covers the same place: "
                "such boxes are dashed"
            )
        )
        self.list.setAccessibleName(_("What was found"))
        self.list.set_heads(_("Class"), _("Score"))
        self.boxes.setAccessibleName(_("The picture with what was found"))
        self._tell_least()
        super().retranslate()

    def restyle(self) -> None:
        """Take the colours and sizes of the current theme."""
        super().restyle()
        self.list.restyle()
        self._value.setFixedWidth(self._value.fontMetrics().horizontalAdvance("100 %"))

    def wanted(self) -> Finding:
        """Return the least score, and whether suppressed boxes are wanted too."""
        return Finding(self.least.value() / _PERCENT, self.before.isChecked())

    def others_words(self, title: str) -> str:
        """Return what is said of a network that finds no boxes."""
        return _("{network} finds no boxes. Choose a network above that detects, or one of these:").format(
            network=title
        )

    def show_found(self, result: FrameResult, found: Found) -> None:
        """Show the boxes, and the one that was chosen in the frame before, if it is still there."""
        detections = found.detections or ()
        self._chosen = None if self._chosen is None else _same(self._chosen, detections)
        self._mark(detections)
        kept = sum(one.kept for one in detections)
        count = ngettext("{count} box", "{count} boxes", kept).format(count=kept)
        if not detections:
            least = percent(result.recipe.finding.least if result.recipe.finding else 0.0)
            count = _("Nothing was found with a score of {least} or more.").format(least=least)
        elif kept < len(detections):
            count += "  ·  " + _("{count} suppressed").format(count=len(detections) - kept)
        self.count.setText("" if found.detections is None else count)

    def page_of(self, result: FrameResult, found: Found, stamp: str) -> Callable[[], Image.Image] | None:
        """Return what draws the boxes on the picture."""
        if found.detections is None:
            return None
        return partial(boxes_page, result.filtered.pixels, found.detections, *self.caption(result), stamp)

    @Slot()
    def _choose_least(self) -> None:
        self._tell_least()
        self.ask()

    def _tell_least(self) -> None:
        self._value.setText(f"{self.least.value()} %")

    @Slot(int)
    def _choose(self, place: int) -> None:
        detections = self.boxes.found
        self._chosen = detections[place] if 0 <= place < len(detections) else None
        self._mark(detections)

    def _mark(self, detections: Sequence[Detection]) -> None:
        current = next((place for place, one in enumerate(detections) if one is self._chosen), -1)
        self.boxes.show_boxes(detections, current)
        rows = [
            Row(
                colour(one.index) if one.kept else _SUPPRESSED,
                (one.label if one.kept else _("{label}, suppressed").format(label=one.label), percent(one.score)),
                not one.kept,
                told(one),
            )
            for one in detections[:_LISTED]
        ]
        self.list.show_rows(rows, current if current < len(rows) else -1)


def _same(one: Detection, detections: Sequence[Detection]) -> Detection | None:
    """Return the box of the same class that overlaps with ``one`` the most, if by enough; else None."""
    others = [other for other in detections if other.index == one.index and other.kept == one.kept]
    best = max(others, key=lambda other: _overlap(one.box, other.box), default=None)
    return best if best is not None and _overlap(one.box, best.box) >= _SAME else None


def _overlap(a: Box, b: Box) -> float:
    """Return intersection over union."""
    height, width = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(height, 0.0) * max(width, 0.0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
    return both / union if union > 0 else 0.0
