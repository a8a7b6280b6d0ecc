"""Segmentation: the class of every place of the picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from explorer.render.scene import STRENGTH, classes_page, colour
from explorer.tasks import lecture
from explorer.tasks.values import Found, Segmented
from explorer.text import _
from explorer.values import FrameResult
from ui import theme
from ui.actions import Actions
from ui.controller import Controller
from ui.finding import FindingPanel
from ui.store import Store
from ui.widgets.area_marks import Box
from ui.widgets.numbers import percent
from ui.widgets.scene_list import Row, SceneList
from ui.widgets.scene_view import LabelView

_PERCENT = 100


class TaskSegment(FindingPanel):
    """The label map over the picture with its legend; or the lecture's small one, whose numbers can be read."""

    def __init__(self, store: Store, controller: Controller, commands: Actions, parent: QWidget) -> None:
        self.labels = LabelView()
        super().__init__("segment", self.labels, store, controller, commands, parent)
        self.lecture = QToolButton(self)
        self.lecture.setCheckable(True)
        self.lecture.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.lecture.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.set_icon(self.lecture, "lecture")
        self.header.insertWidget(self.header.count() - 1, self.lecture)
        self.clear, self.legend = QSlider(Qt.Orientation.Horizontal), SceneList(self)
        self.clear.setRange(0, _PERCENT)
        self.clear.setValue(_PERCENT - round(_PERCENT * STRENGTH))
        self._clear, self.about = QLabel(self), QLabel(self)
        self._clear.setBuddy(self.clear)
        for label in (self._clear, self.about):
            label.setObjectName("dim")
        self.about.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self._clear)
        row.addWidget(self.clear, 1)
        self.side.addLayout(row)
        self.side.addWidget(self.about)
        self.side.addWidget(self.note)
        self.side.addWidget(self.legend, 1)
        self.clear.valueChanged.connect(self._show)
        self.lecture.toggled.connect(self._take_lecture)
        self.retranslate()
        self.restyle()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Segmentation"))
        self._clear.setText(_("Transparency"))
        self.clear.setAccessibleName(_("Transparency"))
        self.clear.setToolTip(_("How far the picture shows through the classes"))
        self.legend.setAccessibleName(_("Legend"))
        self.legend.set_heads(_("Class"), _("Share"))
        self.labels.setAccessibleName(_("The picture with the class of each place"))
        self.lecture.setText(_("The lecture's example"))
        self.about.setText(
            _(
                "A label map, in the lecture: one number for each place, and each number is a class. The lecture does "
                "not name its classes."
            )
        )
        super().retranslate()

    def restyle(self) -> None:
        """Take the colours and sizes of the current theme."""
        super().restyle()
        self.legend.restyle()

    def others_words(self, title: str) -> str:
        """Return what is said of a network that gives no label map."""
        return _(
            "{network} gives no class for each place. Choose a network above that segments, or one of these:"
        ).format(network=title)

    def show_found(self, result: FrameResult, found: Found) -> None:
        """Show the label map and its legend."""
        self._lay(found.segmented, result.geometry.crop)

    def page_of(self, result: FrameResult, found: Found, stamp: str) -> Callable[[], Image.Image] | None:
        """Return what draws the label map over the picture."""
        if found.segmented is None:
            return None
        title, note = self.caption(result)
        return partial(classes_page, result.filtered.pixels, found.segmented, result.geometry, title, note, stamp)

    @Slot(bool)
    def _take_lecture(self) -> None:
        self.labels.set_picture(None)
        self._show()

    @Slot()
    def _show(self) -> None:
        shown = self.lecture.isChecked()
        self.about.setVisible(shown)
        for widget in (self.box, self.export):
            widget.setHidden(shown)
        if not shown:
            super()._show()
            return
        grid = lecture.label_map()
        for button in (self.weights, self.explore, self.note):
            button.hide()
        self.set_old(False)
        self.set_frame(None)
        self.set_badge(_("an example, no network's answer"))
        self.pages.setCurrentIndex(0)
        h, w = grid.classes.shape
        self.labels.set_stamp("")
        self.labels.set_crop(None)
        if self.labels.pixels is None or self.labels.pixels.shape[:2] != (h, w):
            self.labels.set_picture(np.full((h, w, 3), 255, np.uint8))
        self._lay(grid, (0.0, 0.0, float(h), float(w)))

    def _lay(self, found: Segmented | None, place: Box) -> None:
        self.labels.show_map(found, place, 1 - self.clear.value() / _PERCENT)
        shares = found.shares if found is not None else ()
        self.legend.show_rows(
            [
                Row(colour(index) if index else None, (found.name(index) if found else "", percent(share, fine=True)))
                for index, share in shares
            ]
        )
