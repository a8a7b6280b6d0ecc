"""Prove it: paint on the picture beside and inside of what a unit sees, and watch whether its value moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QImage, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QColorDialog,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QToolButton,
    QWidget,
)

from explorer.engine.events import Answered, Problem
from explorer.filters.footprint import made_of
from explorer.pixels.paint import Fill, Ink, Mark, Stroke, painted
from explorer.questions import Prove
from explorer.recipe import Unit
from explorer.text import N_, _
from explorer.values import Bytes, Frame, Source
from ui import theme
from ui.areas import Areas
from ui.asking import Asking
from ui.controller import Controller
from ui.store import Store
from ui.widgets import proof_words
from ui.widgets.before_after import BeforeAfter
from ui.widgets.brush import Brush
from ui.widgets.details_button import DetailsButton
from ui.widgets.flow import FlowLayout
from ui.widgets.panel import Panel
from ui.widgets.picture_view import PictureView

if TYPE_CHECKING:  # the window opens without
    from explorer.proof import Proof

INKS: dict[str, tuple[str, Ink]] = {
    "grey": (N_("Grey"), (128, 128, 128)),
    "noise": (N_("Noise"), "noise"),
    "black": (N_("Black"), (0, 0, 0)),
    "white": (N_("White"), (255, 255, 255)),
}
_OWN = "own"
_SIZES = (1, 40)
"""Of the brush, per cent of the picture's shorter side."""
_SIZE = 10


class ProvePanel(Panel):
    """The brush, and the value of the chosen unit before and after.

    Signals:
        painted_changed: the frame that is painted on and its painted pixels, uint8 RGB (H, W, 3), or None and None.
        lit_changed: other units may have moved.
    """

    painted_changed = Signal(object, object)
    lit_changed = Signal()

    def __init__(
        self, store: Store, controller: Controller, areas: Areas, view: PictureView, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._controller, self._areas = store, controller, areas
        self._frame: Frame | None = None
        self._source: Source | None = None
        self._marks: list[Mark] = []
        self._pixels: Bytes | None = None
        self._version = 0
        self._asking = Asking(store, controller, self)
        self._key_asked: tuple[object, ...] | None = None
        self._told: tuple[object, ...] | None = None
        self._proof: Proof | None = None
        self._problem: Problem | None = None
        self._lit: NDArray[np.bool_] | None = None
        self._own = QColor("#ff4d6d")
        self.brush = Brush(view)
        self._view = view
        self.paint = QPushButton(self)
        self.paint.setCheckable(True)
        theme.set_icon(self.paint, "pen")
        self.undo, self.clear = self._button("undo"), self._button("clear")
        self.ink, self.size_of = QComboBox(self), QSlider(Qt.Orientation.Horizontal, self)
        self.ink.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.size_of.setRange(*_SIZES)
        self.size_of.setValue(_SIZE)
        self.outside, self.inside = QPushButton(self), QPushButton(self)
        self.values = BeforeAfter(self)
        self.verdict, self.cells, self.units, self.note = (QLabel(self) for _each in range(4))
        for label in (self.verdict, self.cells, self.units, self.note):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.details = DetailsButton(self)
        self._build()
        self._connect()
        self.retranslate()
        self._follow()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Prove it"), _("paint, and watch one value"))
        self.paint.setText(_("Paint"))
        self.paint.setToolTip(_("Paint on the picture with the mouse (Esc ends it)"))
        self.paint.setAccessibleName(_("Paint on the picture"))
        self.outside.setText(_("All outside"))
        self.inside.setText(_("All inside"))
        for widget, text in (
            (self.undo, _("Take the last stroke back")),
            (self.clear, _("Take all paint away")),
            (self.size_of, _("Size of the brush")),
            (self.ink, _("What is painted with")),
        ):
            widget.setToolTip(text)
            widget.setAccessibleName(text)
        names = [*((key, text) for key, (text, _ink) in INKS.items()), (_OWN, N_("Own colour…"))]
        for at, (key, text) in enumerate(names):
            if at == self.ink.count():
                self.ink.addItem("", key)
            self.ink.setItemText(at, _(text))
        self._show_inks()
        self.values.setAccessibleName(_("Value of the unit before and after"))
        self._show()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        for button in (self.undo, self.clear):
            button.setIconSize(QSize(theme.px(16), theme.px(16)))
        self._show_inks()
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape puts the brush down, wherever in the panel the keyboard is."""
        if event.key() == Qt.Key.Key_Escape and self.paint.isChecked():
            self._put_brush_down()
        else:
            super().keyPressEvent(event)

    @property
    def proof(self) -> Proof | None:
        """What the paint did, of the picture, layer and unit that are wished; None until that is known."""
        return self._proof if self._proof is not None and self._told == self._key() else None

    @property
    def _trouble(self) -> Problem | None:
        """Why it is not known what the paint did."""
        wanted = self._pixels is not None and self._areas.chosen is not None
        return self._problem if wanted and self._told == self._key() else None

    @property
    def lit(self) -> NDArray[np.bool_] | None:
        """Which units of the layer moved, bool (rows, columns); None while nothing is painted, or it is not known."""
        return self._lit

    # what the person does

    @Slot(bool)
    def _take_brush(self, taken: bool) -> None:
        if taken and self._store.live:
            self._controller.freeze(True)
        self.brush.take(taken)
        self._show()

    @Slot()
    def _put_brush_down(self) -> None:
        self.paint.setChecked(False)

    @Slot(float, float)
    def _begin(self, y: float, x: float) -> None:
        self._lay(Stroke(((y, x),), self._radius(), self._ink()))

    @Slot(float, float)
    def _go_on(self, y: float, x: float) -> None:
        last = self._marks[-1] if self._marks else None
        if not isinstance(last, Stroke) or self._pixels is None:
            self._begin(y, x)
            return
        self._marks[-1] = Stroke((*last.points, (y, x)), last.radius, last.ink)
        piece = Stroke((last.points[-1], (y, x)), last.radius, last.ink)
        self._take_paint(painted(self._pixels, [piece]))

    @Slot()
    def _fill_outside(self) -> None:
        self._fill(outside=True)

    @Slot()
    def _fill_inside(self) -> None:
        self._fill(outside=False)

    def _fill(self, outside: bool) -> None:
        if self._store.live:
            self._controller.freeze(True)
        if (box := self._box()) is not None:
            self._lay(Fill(box, outside, self._ink()))

    @Slot()
    def _undo(self) -> None:
        if self._marks:
            self._marks.pop()
            self._repaint()

    @Slot()
    def take_paint_away(self) -> None:
        """Show the picture as it is."""
        self._marks.clear()
        self._repaint()

    @Slot(int)
    def _choose_ink(self, at: int) -> None:
        if self.ink.itemData(at) == _OWN:
            chosen = QColorDialog.getColor(self._own, self, _("Colour to paint with"))
            if chosen.isValid():
                self._own = chosen
                self._show_inks()

    # what there is

    def _key(self) -> tuple[object, ...]:
        """Return what a proof hangs on; the version counts paints, pictures and networks."""
        recipe, unit = self._store.recipe, self._areas.chosen
        place = None if unit is None else (unit.layer, unit.y, unit.x)
        return self._version, recipe.network, recipe.weights, recipe.filters, place

    def _newest(self) -> Frame | None:
        """Return the frame that is painted on: the one that the maps are of."""
        result = self._store.result_of_network
        ours = result is not None and not self._store.result_is_old and result.frame.array is None
        ours = ours and self._store.recipe.touch is None  # the paint would lie elsewhere than the picture
        return result.frame if result is not None and ours else None

    def _box(self) -> tuple[int, int, int, int] | None:
        """Return the pixels that reach what the unit sees, [y0, x0, y1, x1); None where nobody knows."""
        unit, geometry = self._areas.chosen, self._areas.geometry
        area = None if unit is None else self._areas.sight(unit).area
        frame = self._newest()
        if area is None or geometry is None or frame is None:
            return None
        if area.clipped is None:  # padding alone
            return 0, 0, 0, 0
        return made_of(geometry.pixels(area.clipped), self._store.recipe.filters, _hw(frame.pixels))

    def _ink(self) -> Ink:
        key = self.ink.currentData()
        return (self._own.red(), self._own.green(), self._own.blue()) if key == _OWN else INKS[key][1]

    def _radius(self) -> float:
        frame = self._frame or self._newest()
        shorter = 100 if frame is None else min(frame.pixels.shape[:2])
        return shorter * self.size_of.value() / 200

    # paint

    def _lay(self, mark: Mark) -> None:
        if self._newest() is None:
            return
        self._marks.append(mark)
        if self._pixels is None:
            self._repaint()
        else:
            self._take_paint(painted(self._pixels, [mark]))

    def _repaint(self) -> None:
        """Lay all paint on the newest picture."""
        self._frame = self._newest() if self._marks else None
        self._source = self._store.recipe.source
        self._take_paint(None if self._frame is None else painted(self._frame.pixels, self._marks))

    def _take_paint(self, pixels: Bytes | None) -> None:
        self._pixels, self._version = pixels, self._version + 1
        self.painted_changed.emit(self._frame if pixels is not None else None, pixels)
        self._ask()
        self._show()

    @Slot()
    def _follow(self) -> None:
        """Keep the paint on a picture of the same source and size; on another it would mean nothing."""
        newest = self._newest()
        if self._marks and newest is not None and newest is not self._frame and self._frame is not None:
            same = self._source == self._store.recipe.source and newest.pixels.shape == self._frame.pixels.shape
            if not same or self._store.live:
                self._marks.clear()
            self._repaint()
        elif self._marks and self._source != self._store.recipe.source:
            self.take_paint_away()
        if self._store.live and self.paint.isChecked():
            self.paint.setChecked(False)  # the person let the picture go on
        self.brush.set_radius(self._radius())
        self._ask()
        self._show()

    @Slot()
    def _take_result(self) -> None:
        """Follow the picture; while frames keep coming and nothing is painted there is nothing to do."""
        if self._marks or self.paint.isEnabled() != (self._newest() is not None):
            self._follow()

    @Slot()
    def _take_network(self) -> None:
        self._version += 1
        self._follow()

    # the question

    def _ask(self) -> None:
        """Ask what the newest paint did; while an answer is on its way the next question waits."""
        unit, key = self._areas.chosen, self._key()
        if self._asking.question is not None or unit is None or self._pixels is None or self._frame is None:
            return
        if key == self._told or self._newest() is None:
            return
        recipe = self._store.recipe.with_(layer=unit.layer)
        question = Prove(self._frame, self._pixels, recipe, (unit.y, unit.x), self._store.fields)
        self._key_asked = key
        self._asking.ask(question)

    @Slot(object)
    def _take_answer(self, event: Answered) -> None:
        from explorer.proof import Proof

        if isinstance(event.answer, Proof):
            self._done(event.answer, None)

    @Slot(object)
    def _take_problem(self, problem: Problem) -> None:
        self._done(None, problem)

    def _done(self, proof: Proof | None, problem: Problem | None) -> None:
        self._told, self._proof, self._problem = self._key_asked, proof, problem
        self._ask()
        self._show()

    # what is shown

    @Slot()
    def _show(self) -> None:
        unit, box, paint = self._areas.chosen, self._box(), self._pixels is not None
        result = self._store.result_of_network
        self.paint.setEnabled(self._newest() is not None)
        self.undo.setEnabled(bool(self._marks))
        self.clear.setEnabled(bool(self._marks))
        for button, text in (
            (self.outside, _("Paint all that the unit does not see")),
            (self.inside, _("Paint all that the unit sees")),
        ):
            button.setEnabled(box is not None)
            unknown = _("Where this unit looks on the picture is not known.")
            button.setToolTip(text if box is not None or unit is None else unknown)
            button.setAccessibleName(text)
        proof = self.proof
        stale = self._proof if paint and self._asking.question is not None else None
        if stale is not None and (unit is None or (stale.layer, stale.unit) != (unit.layer, (unit.y, unit.x))):
            stale = None  # of another unit
        shown = proof or stale
        lines = self._lines(unit, shown)
        for label, text in zip((self.verdict, self.cells, self.units, self.note), lines, strict=True):
            label.setText(text)
            label.setVisible(bool(text))
        self.details.show_problem(self._trouble)
        value = None if shown is None or unit is None or unit.channel >= len(shown.before) else unit.channel
        self.values.setVisible(value is not None)
        if shown is not None and value is not None:
            self.values.show_numbers(proof_words.values(shown, value))
        untrained = result is not None and not result.trained
        self.set_badge(_("untrained") if untrained else "", "warning")
        lit = proof.moved if paint and proof is not None and proof.moved.size > 1 else None
        if lit is not self._lit and not (lit is not None and self._lit is not None and np.array_equal(lit, self._lit)):
            self._lit = lit
            self.lit_changed.emit()

    def _lines(self, unit: Unit | None, shown: Proof | None) -> tuple[str, str, str, str]:
        """Return what is told: of the value, of the cells, of the other units, and what is to be known beside."""
        if self._store.result is not None and self._store.result.frame.array is not None:
            return "", "", "", _("An array goes to the network as it is: open a picture to paint on.")
        if self._store.recipe.touch is not None:
            return "", "", "", _("The picture is altered by hand: reset it under “Touch” first.")
        if unit is None:
            return "", "", "", _("Choose a unit first: click a cell of an activation map.")
        if self._pixels is None:
            hint = _(
                "Paint beside the box of the unit, and its value does not move; paint inside, and it does. “All "
                "outside” and “All inside” paint at one click."
            )
            return "", "", "", hint
        if self._trouble is not None:
            return "", "", "", str(self._trouble.error)
        if shown is None:
            return _("The network looks at the painted picture …"), "", "", ""
        return proof_words.told(shown, unit.channel)

    def _show_inks(self) -> None:
        side = theme.px(14)
        for at in range(self.ink.count()):
            key = self.ink.itemData(at)
            picture = QPixmap(side, side)
            if key == "noise":
                image = painted(np.zeros((side, side, 3), np.uint8), [Fill((0, 0, side, side), False, "noise")])
                picture = QPixmap.fromImage(_image(image))
            else:
                picture.fill(self._own if key == _OWN else QColor(*INKS[key][1]))
            self.ink.setItemIcon(at, QIcon(picture))

    # inner

    def _button(self, icon: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName("small")
        theme.set_icon(button, icon)
        return button

    def _build(self) -> None:
        tools, row, fills = QWidget(self), QHBoxLayout(), QHBoxLayout()
        flow = FlowLayout(tools)
        for widget in (self.paint, self.ink):
            flow.addWidget(widget)
        row.setSpacing(4)
        row.addWidget(self.size_of, 1)
        row.addWidget(self.undo)
        row.addWidget(self.clear)
        fills.setSpacing(6)
        fills.addWidget(self.outside)
        fills.addWidget(self.inside)
        for label in (self.cells, self.units, self.note):
            label.setObjectName("dim")
        self.body.addWidget(tools)
        self.body.addLayout(row)
        self.body.addLayout(fills)
        self.body.addWidget(self.values)
        for label in (self.verdict, self.cells, self.units, self.note):
            self.body.addWidget(label)
        self.body.addWidget(self.details, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addStretch(1)
        self.setMinimumWidth(220)

    def _connect(self) -> None:
        self.paint.toggled.connect(self._take_brush)
        self.undo.clicked.connect(self._undo)
        self.clear.clicked.connect(self.take_paint_away)
        self.outside.clicked.connect(self._fill_outside)
        self.inside.clicked.connect(self._fill_inside)
        self.ink.activated.connect(self._choose_ink)
        self.size_of.valueChanged.connect(self._follow)
        self.brush.began.connect(self._begin)
        self.brush.went_on.connect(self._go_on)
        self.brush.put_down.connect(self._put_brush_down)
        self.brush.undo_wanted.connect(self._undo)
        self._asking.answered.connect(self._take_answer)
        self._asking.failed.connect(self._take_problem)
        self.details.wanted.connect(self._controller.details_wanted)
        self._areas.changed.connect(self._follow)
        store = self._store
        store.result_changed.connect(self._take_result)
        for signal in (store.recipe_changed, store.fields_changed, store.live_changed):
            signal.connect(self._follow)
        store.network_changed.connect(self._take_network)


def _hw(pixels: Bytes) -> tuple[int, int]:
    return pixels.shape[0], pixels.shape[1]


def _image(pixels: Bytes) -> QImage:
    h, w = pixels.shape[:2]
    return QImage(pixels.tobytes(), w, h, 3 * w, QImage.Format.Format_RGB888).copy()
