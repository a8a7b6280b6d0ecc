"""The effective receptive field of the chosen unit: measured step by step, and its heat laid over the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.engine.events import Answered, Problem
from explorer.recipe import Unit
from explorer.text import _
from explorer.values import Geometry
from ui import theme
from ui.areas import Areas
from ui.asking import Asking
from ui.controller import Controller
from ui.store import Store
from ui.widgets.details_button import DetailsButton
from ui.widgets.picture_view import PictureView

if TYPE_CHECKING:  # the window opens without
    from explorer.attribution.values import Effective


class EffectiveRow(QWidget):
    """A switch; while it is on, how far the measuring is, a button that stops it, and what was found, in words.

    Args:
        store: what the window knows.
        controller: is asked.
        areas: tells the chosen unit and the way to the picture.
        view: the picture that the heat is laid over.
        parent: as always.
    """

    def __init__(
        self, store: Store, controller: Controller, areas: Areas, view: PictureView, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._controller, self._areas, self._view = store, controller, areas, view
        self._key: tuple[object, ...] = ()
        self._asking = Asking(store, controller, self)
        self._found: Effective | None = None
        self._fraction = 0.0
        self._problem: Problem | None = None
        self._laid: tuple[Effective | None, Geometry | None] = (None, None)
        self.switch, self.bar, self.stop, self.words = (
            QPushButton(self),
            QProgressBar(self),
            QToolButton(self),
            QLabel(),
        )
        self.details = DetailsButton(self)
        self.switch.setCheckable(True)
        self.switch.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 100)
        self.stop.setObjectName("small")
        theme.set_icon(self.stop, "close")
        self.words.setWordWrap(True)
        self.words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        going, beside, row = QHBoxLayout(), QVBoxLayout(), QHBoxLayout(self)
        going.setSpacing(8)
        going.addWidget(self.bar, 1)
        going.addWidget(self.stop)
        beside.setSpacing(2)
        beside.addWidget(self.words)
        beside.addWidget(self.details, 0, Qt.AlignmentFlag.AlignLeft)
        beside.addLayout(going)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        row.addLayout(beside, 1)
        self.switch.toggled.connect(self._follow)
        self.stop.clicked.connect(self._stop)
        areas.changed.connect(self._follow)
        store.result_changed.connect(self._follow)
        store.recipe_changed.connect(self._follow)
        store.age_changed.connect(self._follow)
        self._asking.answered.connect(self._take_answer)
        self._asking.failed.connect(self._take_problem)
        self._asking.ended.connect(self._take_end)
        self.details.wanted.connect(controller.details_wanted)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.switch.setText(_("Effective"))
        tip = _("Measure which cells really move the chosen unit, and lay the heat over the picture")
        self.switch.setToolTip(tip)
        self.switch.setAccessibleName(_("Effective receptive field"))
        self.switch.setAccessibleDescription(tip)
        self.bar.setAccessibleName(_("How far the measuring is"))
        for tell in (self.stop.setToolTip, self.stop.setAccessibleName):
            tell(_("Stop measuring, and keep what is known"))
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    @property
    def found(self) -> Effective | None:
        """What is shown of the chosen unit, as far as it is known."""
        return self._found

    @Slot()
    def toggle(self) -> None:
        """Switch it on or off, where that can be."""
        if self.switch.isEnabled():
            self.switch.toggle()

    # what the window says

    @Slot()
    def _follow(self) -> None:
        """Measure what is chosen now, unless it is measured, or was, or the picture of it is still to come."""
        unit, store = self._areas.chosen, self._store
        result = store.result_of_network
        wanted: tuple[object, ...] = ()
        if self.switch.isChecked() and unit is not None and result is not None:
            frame = None if store.recipe.source.live else result.frame  # of a moving picture one frame is enough
            wanted = (unit.layer, unit.y, unit.x, store.network, store.recipe.source, store.recipe.alterations, frame)
            if store.result_is_old or result.recipe.alterations != store.recipe.alterations:
                wanted = self._key  # its result is on the way
        if wanted != self._key:
            from explorer.questions import EffectiveField

            self._drop()
            self._key = wanted
            if wanted and unit is not None and result is not None:
                place, fields = self._place(unit), store.fields
                self._asking.ask(
                    EffectiveField(store.recipe.network, unit.layer, place, result.filtered, fields=fields)
                )
        self._show()

    def _place(self, unit: Unit) -> tuple[int, int] | None:
        """Return row and column; None in a layer without, whose whole output stands at the only place that it has."""
        network = self._store.network
        layer = None if network is None else network.graph.by_id.get(unit.layer)
        return None if layer is not None and not {"H", "W"} <= set(layer.axes) else (unit.y, unit.x)

    def _drop(self) -> None:
        self._asking.drop()
        self._found, self._problem, self._fraction = None, None, 0.0

    @Slot()
    def _stop(self) -> None:
        """Go no further; what is known stays."""
        self._asking.drop()
        if self._found is None:
            self.switch.setChecked(False)
        self._show()

    @Slot(object)
    def _take_answer(self, event: Answered) -> None:
        from explorer.attribution.values import Effective

        if isinstance(event.answer, Effective):
            self._found, self._fraction = event.answer, event.fraction
            self._show()

    @Slot()
    def _take_end(self) -> None:
        """Measure again once the network is there."""
        self._key = ()
        self._follow()

    @Slot(object)
    def _take_problem(self, problem: Problem) -> None:
        self._found, self._problem = None, problem
        self._show()

    # what is shown

    def _show(self) -> None:
        unit = self._areas.chosen
        on, running = self.switch.isChecked(), self._asking.question is not None
        self.switch.setEnabled(on or (unit is not None and self._store.result_of_network is not None))
        self.bar.setVisible(on and running)
        self.stop.setVisible(on and running)
        self.bar.setValue(round(100 * self._fraction))
        text = self._text(unit) if on else ""
        self.words.setVisible(bool(text))
        if text != self.words.text():
            self.words.setText(text)
        self.words.setToolTip(self._inputs() if on else "")
        self.details.show_problem(self._problem if on and unit is not None else None)
        self._lay_heat()

    def _text(self, unit: Unit | None) -> str:
        if unit is None:
            return _("Click a cell of a map: what really moves it is measured then.")
        if self._problem is not None:
            return str(self._problem.error)
        found = self._found
        if found is None or not found.cells_95:
            return _("Measuring what moves the unit …") if self._asking.question is not None else ""
        if found.share_95 is None:
            return _("95 % of the influence comes from {cells} cells.").format(cells=f"{found.cells_95:,}")
        share = f"{100 * found.share_95:.0f}" if found.share_95 >= 0.1 else f"{100 * found.share_95:.1f}"
        return _("95 % of the influence comes from {share} % of the area.").format(share=share)

    def _inputs(self) -> str:
        if self._found is None:
            return ""
        return _("Average of {count} inputs: this picture, and copies of it with noise.").format(
            count=self._found.pictures
        )

    def _lay_heat(self) -> None:
        """Lay the heat over the picture, if it is not there already: this is asked at every frame."""
        found, geometry = self._found, self._areas.geometry
        if found is not None and (geometry is None or found.heat.shape != geometry.input_hw):
            found = None
        if (found, geometry) == self._laid:
            return
        self._laid = (found, geometry)
        if found is None or geometry is None:
            self._view.set_heat(None)
        else:
            from explorer.render.heat import over_picture  # the window opens without

            self._view.set_heat(*over_picture(found.heat, geometry, found.clipped))
