"""A filter learned from marked places, eyes or corners: where it answers on this picture and on another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from explorer.engine.events import Calculated
from explorer.errors import ExplorerError
from explorer.filters import detect
from explorer.filters.apply import respond
from explorer.filters.detect import LARGEST_WINDOW, SMALLEST_WINDOW, Detector, Marks, Place
from explorer.render.signed import Signed, signed
from explorer.sources import samples
from explorer.text import _, ngettext
from explorer.values import Bytes, Frame, Source
from ui import theme
from ui.controller import Controller
from ui.filtering import Filtering
from ui.store import Store
from ui.widgets.colour_bar import ColourBar
from ui.widgets.flow import FlowLayout
from ui.widgets.gallery import Gallery, GalleryItem
from ui.widgets.level_image import colour_table
from ui.widgets.linked_view import LinkedView
from ui.widgets.marking_view import MarkingView
from ui.widgets.numbers import number, percent
from ui.widgets.panel import Panel

_LANE = "learn"
_SIDES = (SMALLEST_WINDOW, LARGEST_WINDOW)


@dataclass(frozen=True, eq=False)
class Tried:
    """What a learned filter answers on a picture.

    Attributes:
        detector: the filter.
        frame: the picture.
        response: its values as a picture.
        places: where it found what was marked.
    """

    detector: Detector
    frame: Frame
    response: Signed
    places: tuple[Place, ...]


class Learning:
    """What is learned from marks on a picture, a round at a time, so that filters are not kept waiting.

    Attributes:
        done: whether there is no further round.
    """

    def __init__(self, frame: Frame, marks: Marks) -> None:
        self._frame, self._rounds = frame, detect.rounds(frame.pixels, marks)
        self._best: Detector | None = None
        self.done = False

    def go_on(self) -> Tried:
        """Return the best filter after one more round, tried on the picture; raises as ``detect.rounds``."""
        found = next(self._rounds, None)
        self.done = found is None or found.round == detect.ROUNDS - 1
        rounds = [one for one in (self._best, found) if one is not None]
        self._best = max(rounds, key=lambda one: one.margin)
        return tried(self._best, self._frame)


def tried(detector: Detector, frame: Frame) -> Tried:
    """Return what a learned filter answers on a picture.

    Raises:
        PersonError: its window does not fit.
    """
    response = respond(frame.pixels, detector.filter)
    places = detect.peaks(response, detector.threshold)
    shown = signed(response[:, :, None].astype(np.float32))
    return Tried(detector, frame, shown, tuple(places))


class FilterDetect(Panel):
    """Marks belong to the picture that they were made on; the filter goes on to every other one."""

    def __init__(
        self, store: Store, controller: Controller, filtering: Filtering, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._controller, self._filtering = store, controller, filtering
        self._places: tuple[Place, ...] = ()
        self._marked: Frame | None = None
        self._tried: Tried | None = None
        self._learned_from: Frame | None = None
        self._work: Callable[[], object] | None = None
        self._learning: Learning | None = None
        self.learn, self.clear, self.use = QPushButton(self), QPushButton(self), QPushButton(self)
        self.learn.setDefault(True)
        self.side_label, self.side, self.mirrored = QLabel(self), QSpinBox(self), QCheckBox(self)
        self.side_label.setObjectName("dim")
        self.side_label.setBuddy(self.side)
        self.side.setRange(*_SIDES)
        self.side.setSingleStep(2)
        self.side.setValue(31)
        self.side.setKeyboardTracking(False)
        self.mirrored.setChecked(True)
        self.picture, self.response, self.bar = MarkingView(self), LinkedView(self), ColourBar(self)
        self.bar.hide()
        self.gallery = Gallery(self)
        self.note, self.problem = QLabel(self), QLabel(self)
        self.problem.setObjectName("warning")
        for label in (self.note, self.problem):
            label.setWordWrap(True)
        self._captions = [QLabel(self), QLabel(self)]
        options = FlowLayout(spacing=8)
        self.side_label.setMinimumHeight(self.learn.sizeHint().height())
        self.mirrored.setMinimumHeight(self.learn.sizeHint().height())
        for widget in (self.learn, self.clear, self.use, self.side_label, self.side, self.mirrored):
            options.addWidget(widget)
        self._views = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._views.setSpacing(8)
        views: tuple[tuple[QWidget, ...], ...] = ((self.picture,), (self.response, self.bar))
        for caption, part in zip(self._captions, views, strict=True):
            caption.setObjectName("dim")
            row, column = QHBoxLayout(), QVBoxLayout()
            for place, view in enumerate(part):
                row.addWidget(view, 0 if place else 1)
            column.setSpacing(2)
            column.addWidget(caption)
            column.addLayout(row, 1)
            self._views.addLayout(column, 1)
        self.body.addLayout(options)
        self.body.addWidget(self.problem)
        self.body.addLayout(self._views, 1)
        self.body.addWidget(self.note)
        self.body.addWidget(self.gallery)
        self.picture.toggled.connect(self._toggle)
        self.picture.moved.connect(self.response.follow)
        self.response.moved.connect(self.picture.follow)
        self.learn.clicked.connect(self._learn)
        self.clear.clicked.connect(self._clear)
        self.use.clicked.connect(self._use)
        self.side.valueChanged.connect(self._show)
        self.gallery.chosen.connect(self._choose_sample)
        store.frame_changed.connect(self._take_frame)
        controller.calculated.connect(self._take)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Mark and learn"))
        self.learn.setText(_("Learn"))
        self.learn.setToolTip(_("Learn a filter that answers at the marked places and nowhere else"))
        self.clear.setText(_("Clear marks"))
        self.use.setText(_("Use in the chain"))
        self.use.setToolTip(_("Put the learned filter in place of the chosen one"))
        self.side_label.setText(_("Window"))
        self.side.setToolTip(_("Pixels around a mark that belong to it, an odd number"))
        self.side.setAccessibleName(_("Side of the window, pixels"))
        self.mirrored.setText(_("Mirrored too"))
        self.mirrored.setToolTip(_("What is marked counts in a mirror as well: a left eye for a right one"))
        self.gallery.setAccessibleName(_("Sample pictures to try the filter on"))
        self.gallery.set_items([GalleryItem(one.file, str(one.path()), _(one.title)) for one in samples()])
        self.picture.setAccessibleName(_("Picture: a click marks a place"))
        self.response.setAccessibleName(_("Where the filter answers"))
        self._captions[0].setText(_("Picture: click on what the filter should find"))
        self._captions[1].setText(_("Where the filter answers"))
        self.picture.set_empty_text(_("Drop a picture here, press Ctrl+V, or choose one below."))
        self.response.set_empty_text(_("Mark places on the picture and press Learn."))
        self._show()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        self.gallery.viewport().update()
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the pictures one below the other where they are larger so."""
        super().resizeEvent(event)
        low = self.width() > 1.15 * self.height()
        self._views.setDirection(QBoxLayout.Direction.LeftToRight if low else QBoxLayout.Direction.TopToBottom)

    @property
    def places(self) -> tuple[Place, ...]:
        """What is marked on the shown picture."""
        return self._places

    @property
    def tried(self) -> Tried | None:
        """What the learned filter answers, or None."""
        return self._tried

    @Slot()
    def _take_frame(self) -> None:
        """Show another picture; the marks stay with theirs, and the filter is tried on it."""
        frame = self._store.frame
        if frame is None or not self.isVisible():
            return
        if self._marked is not None and frame is not self._marked:
            self._places, self._marked = (), None
        if self._tried is not None and self._tried.frame is not frame:
            detector, self._learning = self._tried.detector, None
            self.learn.setEnabled(True)
            self._calculate(lambda: tried(detector, frame))
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Take the picture that came while nobody looked."""
        super().showEvent(event)
        self._take_frame()

    @Slot(object)
    def _toggle(self, place: Place) -> None:
        """Mark a place, or take the mark away that lies there."""
        frame = self._store.frame
        if frame is None:
            return
        near = max(self.side.value() // 4, 2)
        there = [one for one in self._places if max(abs(one[0] - place[0]), abs(one[1] - place[1])) <= near]
        self._places = tuple(one for one in self._places if one not in there) if there else (*self._places, place)
        self._marked = frame if self._places else None
        self._say("")
        self._show()

    @Slot()
    def _learn(self) -> None:
        frame = self._store.frame
        if frame is None:
            return
        try:
            marks = Marks(self._places, self.side.value(), mirrored=self.mirrored.isChecked())
        except ExplorerError as error:
            self._say(str(error))
            return
        self._say("")
        self._learned_from = frame
        self.learn.setEnabled(False)
        self._learning = Learning(frame, marks)
        self._calculate(self._learning.go_on)

    def _calculate(self, work: Callable[[], object]) -> None:
        self._work = work
        self._controller.calculate(_LANE, work)

    @Slot(object)
    def _take(self, event: Calculated) -> None:
        if event.work is not self._work:
            return
        learning = self._learning
        if learning is not None and not learning.done and event.error is None:
            self._calculate(learning.go_on)
        else:
            self._learning = None
            self.learn.setEnabled(True)
        if isinstance(event.value, Tried):
            self._tried = event.value
            self._say("")
        elif event.error is not None:
            self._say(str(event.error))
        self._show()

    @Slot()
    def _clear(self) -> None:
        self._places, self._marked = (), None
        self._say("")
        self._show()

    @Slot()
    def _use(self) -> None:
        if self._tried is not None:
            self._filtering.put(self._tried.detector.filter)

    @Slot(str)
    def _choose_sample(self, file: str) -> None:
        self._controller.change(source=Source("sample", file))

    @Slot()
    def _show(self) -> None:
        frame, found = self._store.frame, self._tried
        self.use.setEnabled(found is not None)
        self.clear.setEnabled(bool(self._places))
        pixels: Bytes | None = None if frame is None else frame.pixels
        self.picture.show_values(pixels, None)
        self.picture.show_places(self._places, self.side.value())
        source = self._store.recipe.source
        blocker = QSignalBlocker(self.gallery)
        self.gallery.set_current(source.where if source.kind == "sample" else "")
        blocker.unblock()
        fits = found is not None and found.frame is frame
        self.picture.show_found(found.places if found is not None and fits else ())
        self.bar.setVisible(found is not None)
        if found is None:
            self.response.show_values(None, None)
            told = _("Marked places: {count}.").format(count=len(self._places)) if self._places else ""
            self.note.setText(told)
            return
        self.response.show_values(found.response.pixels, found.response.values)
        reach, table = found.response.reach, colour_table("grey", True, theme.current().panel)
        self.bar.show_range(-reach, reach, table)
        self.note.setText(self._told(found))

    def _told(self, found: Tried) -> str:
        """Return how well the filter does."""
        detector, count = found.detector, len(found.places)
        if found.frame is self._learned_from:
            text = _(
                "Weakest answer at a mark {marked}, strongest elsewhere {elsewhere}: a margin of {margin}."
            ).format(
                marked=number(detector.marked), elsewhere=number(detector.elsewhere), margin=percent(detector.margin)
            )
        else:
            text = _("The filter was learned on another picture.")
        places = ngettext("It finds {count} place here (ringed).", "It finds {count} places here (ringed).", count)
        return f"{text} {places.format(count=count)}"

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))
