"""The picture, camera or drawing that everything starts from, and the sample pictures below it."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QMargins, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from explorer.errors import SourceError
from explorer.filters.footprint import IN_PLACE, Placement, placement
from explorer.sources.drawing import FIELD, Drawing
from explorer.text import _, ngettext
from explorer.values import Bytes, Frame, FrameResult, Source
from ui import theme
from ui.controller import Controller
from ui.playback import Playback
from ui.shelf import Shelf
from ui.store import Store
from ui.widgets.area_marks import Outline
from ui.widgets.cells import Base, Plane
from ui.widgets.drawing_pad import DrawingPad, DrawingTools
from ui.widgets.panel import Panel
from ui.widgets.picture_view import PictureView
from ui.widgets.source_name import source_name

_RATE_S = 0.5
"""How often the figures of a live source change; faster cannot be read."""
_PACE_MS = 30
"""How often at most a drawing is looked at while the pen moves."""
_PREVIEW_PX, _LEAST_PREVIEW_PX, _LOW_PREVIEW_PX = 76, 28, 40
"""Beside the pad, there at least, and below it."""
_HIGH, _MIDDLE = 300, 240
"""From which height on the samples have room below the sentence on a source that is gone, below a transport, px."""
_ANY = 16_777_215
"""Qt's largest size."""
DIGITS = "digits"
"""Name of the labels of the networks that know digits, and of the one that is offered."""
READER = "lenet5"


class SourcePanel(Panel):
    """The source with the part of it that the network sees.

    Signals:
        open_requested: the person wants to choose a file.
        pixel_pointed: (row, column) of the pixel under the pointer, or None.
        pixel_chosen: (row, column) of a clicked pixel.
        picture_changed: the pixels that are shown now, uint8 RGB (H, W, 3), or None.
        paint_unwanted: the person wants the picture without paint.
    """

    open_requested = Signal()
    pixel_pointed = Signal(object)
    pixel_chosen = Signal(object)
    picture_changed = Signal(object)
    paint_unwanted = Signal()

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._times: deque[float] = deque(maxlen=31)
        self._rate_at = 0.0
        self._followed: Source | None = None
        self._areas: tuple[Outline, ...] = ()
        self._painted: tuple[Frame | None, Bytes | None] = (None, None)
        self._paints = False
        self.view = PictureView(self)
        self.view.pointed.connect(self.pixel_pointed)
        self.view.chosen.connect(self.pixel_chosen)
        self.view.fitted_changed.connect(self._show_fitted)
        self._filtered = self._button("filter", small=True)
        self._filtered.setCheckable(True)
        self._filtered.setChecked(True)
        self._filtered.toggled.connect(self._show_picture)
        self._unpaint = self._button("close", small=True)
        self._unpaint.hide()
        self._unpaint.clicked.connect(self._take_away)
        self._fit = self._button("zoom-fit", small=True)
        self._fit.hide()
        self._fit.clicked.connect(self.view.fit)
        self.shelf, self.playback = Shelf(store, controller, self), Playback(store, controller, self)
        self.gallery = self.shelf.gallery
        self.shelf.open_requested.connect(self.open_requested)

        self.pad = DrawingPad(self)
        self.pad.drawn.connect(self._draw)
        self.pad.finished.connect(self._wish_drawing)
        self.pad.clear_wanted.connect(self._clear)
        self.tools = DrawingTools(self.pad, self)
        self.tools.undo.clicked.connect(controller.undo)
        self._pace = QTimer(self)
        self._pace.setSingleShot(True)
        self._pace.setInterval(_PACE_MS)
        self._pace.timeout.connect(self._look_at_drawing)
        self._drawn: Source | None = None
        self._arranged: tuple[object, ...] = ()
        self._reader = QPushButton(self)
        self._reader.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._reader.clicked.connect(self._open_reader)

        self.header.addStrut(theme.px(24))  # the buttons come and go
        self.header.addWidget(self._unpaint)
        self.header.addWidget(self._filtered)
        self.header.addWidget(self._fit)
        self._side = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._side.addWidget(self.view, 1)
        self._side.addWidget(self.tools)
        self._side.addStretch(0)
        self._picture = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._picture.addWidget(self.pad, 1)
        self._picture.addLayout(self._side, 1)
        self.body.addLayout(self._picture, 1)
        for widget in (self._reader, self.playback, self.shelf):
            self.body.addWidget(widget)

        store.frame_changed.connect(self._on_frame)
        store.result_changed.connect(self._on_result)
        store.recipe_changed.connect(self._on_recipe)
        store.network_changed.connect(self._arrange)
        controller.history_changed.connect(self._show_history)
        store.live_changed.connect(self._show_state)
        for signal in (store.age_changed, store.retrying_changed, store.playing_changed):
            signal.connect(self._show_age)
        store.retrying_changed.connect(self._arrange)
        store.live_changed.connect(self._arrange)
        self.retranslate()
        self._on_recipe()

    def set_numbers(self, plane: Plane, base: Base) -> None:
        """Show all channels or one; how numbers are written once the pixels are large enough to hold them."""
        self.view.set_numbers(plane, base)

    def set_areas(self, outlines: tuple[Outline, ...]) -> None:
        """Outline what units see."""
        self._areas = outlines
        self._show_picture()

    @Slot(bool)
    def set_paints(self, paints: bool) -> None:
        """Show the original while somebody paints on it, where filters change the picture's size."""
        self._paints = paints
        self._show_picture()

    @Slot(object, object)
    def set_painted(self, frame: Frame | None, pixels: Bytes | None) -> None:
        """Show ``pixels``, uint8 RGB (H, W, 3), in place of ``frame``, until another one comes; None: no more."""
        self._painted = (frame, pixels)
        self._show_picture()
        self._show_state()

    def mark(self, pixel: tuple[int, int] | None) -> None:
        """Outline a pixel."""
        self.view.set_marked(pixel)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.view.set_empty_text(_("Drop a picture, a video or a folder here, press Ctrl+V, or choose one below."))
        self.view.setAccessibleName(_("Picture"))
        for button, text in (
            (self._filtered, _("Show the picture with its filters, and as it was altered by hand")),
            (self._fit, _("Show the whole picture")),
            (self._reader, _("The loaded network knows no digits: LeNet-5 does")),
        ):
            button.setToolTip(text)
            button.setAccessibleName(text)
        self._reader.setText(_("Recognise digits with LeNet-5"))
        self.pad.set_hint(_("Draw a digit here."))
        self.pad.setAccessibleName(_("Drawing pad"))
        self.tools.retranslate()
        self.shelf.retranslate()
        self._show_title()
        self._show_state()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        self.view.update()
        self.gallery.viewport().update()
        self._arrange()

    # what the store says

    def _on_recipe(self) -> None:
        source = self._store.recipe.source
        if source != self._followed:  # else the keyboard stays where it was moved to
            self._followed = source
            self.shelf.follow()
        self._filtered.setVisible(self._store.recipe.alterations != ((), None))
        self._arrange()
        self._show_title()
        self._show_picture()
        self._show_state()

    def _on_frame(self) -> None:
        frame = self._store.frame
        if frame is not None and self._store.live:
            self._times.append(frame.time_s)
        self._show_title()
        self._show_picture()
        self._show_state()

    def _on_result(self) -> None:
        self._show_picture()
        self._look_at_drawing()

    def _show_age(self) -> None:
        self._show_title()
        self._show_state()

    def part_that_ages(self) -> QWidget:
        """Return the picture: the title tells what is wished, and the gallery is never old."""
        return self.view

    # what is shown

    @Slot()
    def _arrange(self) -> None:
        """Show the picture and the samples; or the pad with its tools, and the picture small beside it."""
        store, drawing = self._store, self._draws
        shown: tuple[tuple[QWidget, bool], ...] = (
            (self.pad, drawing),
            (self.tools, drawing),
            (self.shelf, not drawing and self.height() >= self._least_for_shelf()),
        )
        for widget, there in shown:
            widget.setVisible(there)
        knows = store.network is not None and store.network.labels.startswith(DIGITS)
        waits = store.network is None or store.network.card.name != store.recipe.network
        self._reader.setVisible(drawing and not knows and not waits)
        self._arrange_tools()
        if drawing:
            try:
                self.pad.show_drawing(Drawing.from_text(store.recipe.source.where))
            except SourceError:  # the source's own problem tells it
                self.pad.show_drawing(Drawing())
            self._show_history()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the pad what room there is, and the picture before the samples."""
        super().resizeEvent(event)
        self.shelf.setVisible(not self._draws and self.height() >= self._least_for_shelf())
        self._arrange_tools()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Freeze or go on with Space, where no control of the panel has another use for it."""
        if event.key() == Qt.Key.Key_Space and not event.modifiers() and self._store.recipe.source.live:
            if not event.isAutoRepeat():
                self._controller.freeze(not self._controller.frozen)
        else:
            super().keyPressEvent(event)

    def _arrange_tools(self) -> None:
        """Put preview and tools beside the pad, or below it where it becomes larger so."""
        drawing, side, low = self._draws, theme.px(_PREVIEW_PX), theme.px(_LOW_PREVIEW_PX)
        layout, gap = self.layout(), self.body.spacing()
        room = self.contentsRect().size().shrunkBy(QMargins() if layout is None else layout.contentsMargins())
        height = room.height() - self.header.sizeHint().height() - gap
        if self._reader.isVisibleTo(self):
            height -= self._reader.sizeHint().height() + gap
        beside, below = min(room.width() - side - gap, height), min(room.width(), height - low - gap)
        flat = drawing and below > beside
        if self._arranged == (arranged := (drawing, flat, side, low)):
            return
        self._arranged = arranged
        direction = QBoxLayout.Direction
        self._picture.setDirection(direction.TopToBottom if flat else direction.LeftToRight)
        self._picture.setStretch(1, 0 if flat else 1)
        self._side.setDirection(direction.LeftToRight if flat else direction.TopToBottom)
        self._side.setStretch(2, 1 if drawing and not flat else 0)
        most = low if flat else side
        self.view.setMinimumSize(QSize(most, low if flat else _LEAST_PREVIEW_PX) if drawing else QSize(96, 72))
        self.view.setMaximumSize(QSize(most, most) if drawing else QSize(_ANY, _ANY))
        self.tools.set_columns(4 if flat else 2)
        self.tools.setMinimumWidth(0 if flat else side)
        self.tools.setMaximumWidth(_ANY if flat else side)

    def _least_for_shelf(self) -> int:
        """Return from which height on the picture has room above what is said of its source and the samples."""
        least = _HIGH if self._store.retrying is not None else _MIDDLE if self._store.playing is not None else 0
        return theme.px(least)

    @property
    def _draws(self) -> bool:
        return self._store.recipe.source.kind == "drawing"

    @Slot()
    def _show_history(self) -> None:
        self.tools.undo.setEnabled(self._controller.can_undo)
        self.tools.clear.setEnabled(bool(self.pad.drawing.strokes))

    def _show_picture(self) -> None:
        """Show the newest picture, with its filters where wanted and done, and the part that the network sees."""
        store, result = self._store, self._store.result
        pixels: Bytes | None = None if store.frame is None else store.frame.pixels
        self.set_frame(store.frame)
        if result is not None and result.frame is store.frame and self._filtered.isChecked():
            after = result.filtered.pixels
            pixels = pixels if self._paints and after.shape != result.frame.pixels.shape else after
        if store.frame is not None and self._painted[0] is store.frame:
            pixels = self._painted[1]
        if pixels is not self.view.pixels:
            self.view.set_picture(pixels)
            stored = store.frame is not None and store.frame.array is None  # an array's picture only stands for it
            self.view.set_telling(stored)
            self.picture_changed.emit(pixels if stored else None)
        placed = None if result is None or pixels is None else _placement(result, pixels)
        fits = placed is not None
        self.view.set_placement(placed or IN_PLACE)
        cuts = result is not None and fits and not self._draws  # of a drawing nothing is cut away
        self.view.set_crop(result.geometry.crop if result is not None and cuts else None)
        self.view.set_outlines(self._areas if fits else ())

    def _show_title(self) -> None:
        store, frame = self._store, self._store.frame
        if frame is None or store.frame_source is None:
            self.set_title(source_name(store.recipe.source) if store.broken else _("Picture"))
        elif self._draws:  # a stroke must not make the detail come and go
            self.set_title(source_name(store.recipe.source), f"{FIELD} × {FIELD}")
        elif store.frame_source != store.recipe.source:
            self.set_title(source_name(store.recipe.source))
        else:
            shape = frame.pixels.shape[1::-1] if frame.array is None else frame.array.shape
            self.set_title(source_name(store.frame_source, frame), " × ".join(map(str, shape)))

    def _show_state(self) -> None:
        store = self._store
        if not store.live:
            self._times.clear()
        painted = store.frame is not None and self._painted[0] is store.frame
        self._unpaint.setVisible(painted or store.recipe.touch is not None)
        only_touched = store.recipe.touch is not None and not painted
        text = _("Show the picture as it was") if only_touched else _("Take all paint away")
        self._unpaint.setToolTip(text)
        self._unpaint.setAccessibleName(text)
        if store.broken:
            self.set_badge(_("not there") if store.recipe.source.live else _("not readable"), "warning")
        elif painted:
            self.set_badge(_("painted"), "warning")
            self._badge.setToolTip(_("Maps and predictions are of the picture without paint."))
        elif store.frame_source != store.recipe.source:
            slow = store.recipe.source.live or store.recipe.source.kind == "address"
            self.set_badge(_("opening …") if slow else "", "")
        elif not store.recipe.source.live:
            self.set_badge(_("altered") if store.recipe.touch is not None else "", "warning")
            self._badge.setToolTip("")
        elif store.retrying is not None:
            self.set_badge(_("gone"), "warning")
        elif not store.live:
            playing = store.playing
            ended = playing is not None and playing.ended
            self.set_badge(_("frozen") if playing is None else _("at the end") if ended else _("stopped"), "warning")
        elif len(self._times) < 2:
            self.set_badge(_("LIVE"), "good")
        elif self._times[-1] - self._rate_at >= _RATE_S or self._times[-1] < self._rate_at:
            self._rate_at = self._times[-1]
            seconds = self._times[-1] - self._times[0]
            rate = (len(self._times) - 1) / seconds if seconds > 0 else 0.0
            self.set_badge(_("LIVE · {rate} fps").format(rate=f"{rate:.0f}" if rate >= 1 else f"{rate:.1f}"), "good")
            dropped = ngettext(
                "{count} frame was skipped while the network was busy",
                "{count} frames were skipped while the network was busy",
                store.dropped,
            )
            self._badge.setToolTip(dropped.format(count=store.dropped))

    def _show_fitted(self, fitted: bool) -> None:
        self._fit.setVisible(not fitted)

    # what the person does

    @Slot(object, bool)
    def _draw(self, drawing: Drawing, begins: bool) -> None:
        """Look at what is drawn: a new stroke is a step that can be undone, the rest of it belongs to that step."""
        source = Source("drawing", drawing.to_text())
        if begins:
            self._drawn = None
            self._controller.change(source=source)
            self._pace.start()
        else:
            self._drawn = source
            self._look_at_drawing()

    @Slot()
    def _look_at_drawing(self) -> None:
        """Wish for the newest drawing, unless the last one is still looked at: its result would be dropped."""
        store, result = self._store, self._store.result
        stuck = store.problems.keys() & {"source", "network", "frame"}
        busy = store.network is not None and store.progress is None and not stuck
        seen = result is not None and result.recipe.source == store.recipe.source
        if self._drawn is not None and not self._pace.isActive() and (seen or not busy):
            self._wish_drawing()
            self._pace.start()

    @Slot()
    def _wish_drawing(self) -> None:
        wanted, self._drawn = self._drawn, None
        if wanted is not None and self._draws:
            self._controller.adjust(source=wanted)

    @Slot()
    def _clear(self) -> None:
        self._controller.change(source=Source("drawing", Drawing().to_text()))

    @Slot()
    def _take_away(self) -> None:
        self.paint_unwanted.emit()
        self._controller.change(touch=None)

    @Slot()
    def _open_reader(self) -> None:
        self._controller.open_network(READER)

    def _button(self, icon: str, small: bool = False) -> QToolButton:
        button = QToolButton(self)
        theme.set_icon(button, icon)
        if small:
            button.setObjectName("small")
        return button


def _placement(result: FrameResult, pixels: Bytes) -> Placement | None:
    """Return where the picture that the network got lies on the one that is shown; None where that is another one."""
    touch = result.recipe.touch
    if touch is not None and touch.moves and pixels is not result.filtered.pixels:
        return None
    if result.geometry.picture_hw == pixels.shape[:2]:
        return IN_PLACE
    before = result.frame
    if result.filtered.pixels.shape[:2] != result.geometry.picture_hw:
        return None
    return placement(result.recipe.filters) if before.array is None and before.pixels.shape == pixels.shape else None
