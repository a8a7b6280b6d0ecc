"""The three pages of the panel "Over time"."""

from __future__ import annotations

from typing import get_args

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from explorer.overtime.series import COLOURS, LEADING
from explorer.overtime.values import Followed, Patch, UnitSeries
from explorer.recipe import MOST_LOCKED, MOST_SMOOTHED, Following, Recipe, Smoothing
from explorer.text import N_, _, ngettext
from ui import theme
from ui.widgets.area_marks import LOCKED, luminance
from ui.widgets.chooser import Chooser
from ui.widgets.layer_counts import LayerCounts
from ui.widgets.line_legend import Entry, LineLegend
from ui.widgets.numbers import cell, number, percent
from ui.widgets.patch_grid import LargePatch, PatchGrid
from ui.widgets.strip_chart import Line, StripChart

_SMOOTHINGS: dict[Smoothing, str] = {
    "none": N_("None"),
    "exponential": N_("Exponential"),
    "mean": N_("Mean"),
}
_DEFINITIONS = N_(
    "Dead: never above zero, after ReLU or ReLU6. Constant: one value in all frames, of other layers. Saturated: so "
    "many cells at the bound, or within 1 % of an asymptote. NaN is none of these, and no zero."
)
_SOURCES = N_(
    "Dead: Lu et al. 2019, Dying ReLU and Initialization. Saturated: Glorot and Bengio 2010, Understanding the "
    "difficulty of training deep feedforward neural networks. Mean share of zeros: Hu et al. 2016, Network Trimming."
)
_DEFAULT_SHARE = 95


class AnswersPage(QWidget):
    """How the answer and the values of units go on.

    Signals:
        smoothing_changed: another smoothing was chosen.
    """

    smoothing_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind, self.frames, self._label = Chooser(11, self), QSpinBox(self), QLabel(self)
        self.frames.setRange(1, MOST_SMOOTHED)
        self.frames.setKeyboardTracking(False)
        for kind in get_args(Smoothing):
            self.kind.addItem("", kind)
        self.chart, self.legend = StripChart(shares=True, parent=self), LineLegend(COLOURS, self)
        self.units, self.unit_legend = StripChart(parent=self), LineLegend(MOST_LOCKED + 1, self)
        self._units_head = QLabel(self)
        self._units_head.setObjectName("title")
        row = QHBoxLayout()
        row.addWidget(self._label)
        row.addWidget(self.kind)
        row.addWidget(self.frames)
        row.addStretch(1)
        column = _column(self)
        column.addLayout(row)
        column.addWidget(self.chart, 3)
        column.addWidget(self.legend)
        column.addWidget(self._units_head)
        column.addWidget(self.units, 2)
        column.addWidget(self.unit_legend)
        self.kind.activated.connect(self._change)
        self.frames.valueChanged.connect(self._change)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self._label.setText(_("Smoothing"))
        self._label.setBuddy(self.kind)
        for place, kind in enumerate(get_args(Smoothing)):
            self.kind.setItemText(place, _(_SMOOTHINGS[kind]))
        self.kind.setAccessibleName(_("Smoothing"))
        self.frames.setSuffix(_(" frames"))
        self.frames.setAccessibleName(_("Frames of the smoothing"))
        self.frames.setToolTip(_("Exponential: the time constant. Mean: over so many of the newest frames."))
        tip = _("Thick: smoothed. Thin: as the network gave it. No line joins frames between which some were dropped.")
        self.chart.setToolTip(tip)
        self.chart.setAccessibleName(_("Probabilities of the leading classes over time"))
        self.units.setAccessibleName(_("Values of the units over time"))
        self._units_head.setText(_("Chosen and locked units"))

    def show_smoothing(self, wish: Following) -> None:
        """Show what is chosen."""
        self.kind.setCurrentIndex(self.kind.findData(wish.smoothing))
        self.frames.setValue(wish.frames)
        self.frames.setVisible(wish.smoothing != "none")

    def smoothing(self) -> tuple[Smoothing, int]:
        """Return what is chosen."""
        return self.kind.currentData(), self.frames.value()

    def show_found(self, found: Followed, recipe: Recipe) -> None:
        """Show what was found."""
        leaders = [(LOCKED[place], one) for place, one in enumerate(found.leaders) if one is not None]
        plain = recipe.overtime is not None and recipe.overtime.smoothing == "none"
        self.chart.set_shares(not found.scores)
        self.chart.set_message("" if found.leaders else _("This network does not name classes."))
        now = {one.index for one in found.smoothed[:LEADING]}  # of the others the thin lines would only hide these
        lines = [
            Line(one.label, _ink(colour), one.smoothed, one.raw if one.index in now and not plain else None)
            for colour, one in leaders
        ]
        self.chart.show_lines(lines, found.axis_s, found.indices, found.follows)
        told = number if found.scores else percent
        self.legend.show_entries(
            [
                Entry(_ink(colour), one.label, told(float(one.smoothed[-1])), one.index not in now)
                for colour, one in leaders
            ]
        )
        self.legend.setVisible(bool(leaders))
        self._show_units(found, recipe)

    def _show_units(self, found: Followed, recipe: Recipe) -> None:
        units = [(self._colour(one, recipe), one) for one in found.units]
        self.units.set_message("" if units else _("Click a cell of a map, or lock it: its value is drawn here."))
        lines = [Line(_name(one), _ink(colour), one.values) for colour, one in units]
        self.units.show_lines(lines, found.axis_s, found.indices, found.follows)
        self.unit_legend.show_entries([Entry(_ink(colour), _name(one), _value(one)) for colour, one in units])

    @staticmethod
    def _colour(series: UnitSeries, recipe: Recipe) -> str:
        """Return the colour that the unit has on the picture too."""
        locked = recipe.locked
        return LOCKED[locked.index(series.unit)] if series.unit in locked else theme.current().unit

    @Slot()
    def _change(self) -> None:
        self.frames.setVisible(self.kind.currentData() != "none")
        self.smoothing_changed.emit()


class PatchesPage(QWidget):
    """Where the chosen channel answered most strongly.

    Signals:
        wanted: the place in the video, s, of a patch that a person goes to.
    """

    wanted = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chosen: Patch | None = None
        self._seekable = False
        self.note, self.caption = QLabel(self), QLabel(self)
        self.grid, self.large = PatchGrid(self), LargePatch(self)
        self.go = QPushButton(self)
        for label in (self.note, self.caption):
            label.setObjectName("dim")
            label.setWordWrap(True)
        side = QVBoxLayout()
        side.addWidget(self.caption)
        side.addWidget(self.go, 0, Qt.AlignmentFlag.AlignLeft)
        side.addWidget(self.large, 1)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.grid, 3)
        row.addLayout(side, 2)
        column = _column(self)
        column.addWidget(self.note)
        column.addLayout(row, 1)
        self.grid.chosen.connect(self._choose)
        self.grid.activated.connect(self._activate)
        self.go.clicked.connect(self._go)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.grid.setAccessibleName(_("Strongest patches"))
        self.large.setAccessibleName(_("The chosen patch, large"))
        self.go.setText(_("Go to this moment"))

    def show_found(self, found: Followed, seekable: bool) -> None:
        """Show what was found; ``seekable`` tells whether the source can go to a moment."""
        patches, self._seekable = found.patches, seekable
        if self._chosen is not None and self._chosen.unit.layer != patches.layer:
            self._chosen = None
        if self._chosen is not None and self._chosen.unit.channel != patches.channel:
            self._chosen = None
        frames = ngettext("{count} frame", "{count} frames", patches.frames).format(count=f"{patches.frames:,}")
        words = _("{layer}, channel {channel}: the highest cell of each moment, of {frames}.")
        parts = [words.format(layer=patches.layer, channel=patches.channel, frames=frames)]
        if patches.nan_frames:
            lost = ngettext("It had NaN in {count} frame.", "It had NaN in {count} frames.", patches.nan_frames)
            parts.append(lost.format(count=patches.nan_frames))
        if not patches.found and patches.clips:
            parts.append(_("It was never above zero so far: choose another channel."))
        self.note.setText(" ".join(parts))
        self._show_chosen(patches.found)

    def _show_chosen(self, patches: tuple[Patch, ...]) -> None:
        place = next((at for at, one in enumerate(patches) if one is self._chosen), -1)
        if self._chosen is None and patches:
            place, self._chosen = 0, patches[0]
        self.grid.show_patches(patches, place)
        self.large.show_patch(self._chosen)
        self.caption.setText("" if self._chosen is None else _caption(self._chosen))
        self.go.setVisible(self._seekable)
        self.go.setEnabled(self._chosen is not None and self._chosen.position_s is not None)

    @Slot(int)
    def _choose(self, place: int) -> None:
        self._chosen = self.grid.patches[place]
        self._show_chosen(self.grid.patches)

    @Slot(int)
    def _activate(self, place: int) -> None:
        self._choose(place)
        self._go()

    @Slot()
    def _go(self) -> None:
        if self._seekable and self._chosen is not None and self._chosen.position_s is not None:
            self.wanted.emit(self._chosen.position_s)


class LayersPage(QWidget):
    """Zeros of every layer, and channels that say nothing.

    Signals:
        every_changed: whether every layer is wanted.
        share_changed: another share makes a channel saturated.
    """

    every_changed = Signal(bool)
    share_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.counts, self.every = LayerCounts(self), QCheckBox(self)
        self._label, self._share, self.definitions = QLabel(self), QSpinBox(self), QLabel(self)
        self._share.setRange(1, 100)
        self._share.setValue(_DEFAULT_SHARE)
        self._share.setSuffix(" %")
        self._label.setBuddy(self._share)
        self.definitions.setObjectName("dim")
        self.definitions.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self._label)
        row.addWidget(self._share)
        row.addStretch(1)
        row.addWidget(self.every)
        column = _column(self)
        column.addLayout(row)
        column.addWidget(self.counts, 1)
        column.addWidget(self.definitions)
        self.every.toggled.connect(self.every_changed)
        self._share.valueChanged.connect(self.share_changed)

    @property
    def share(self) -> float:
        """From which share of its cells on a channel is called saturated, 0 … 1."""
        return self._share.value() / 100

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self._label.setText(_("Saturated from"))
        self._share.setAccessibleName(_("Share of cells from which on a channel is called saturated"))
        self.every.setText(_("Every layer"))
        self.every.setToolTip(_("Not only activations and what nothing normalises or activates: this takes more time"))
        self.definitions.setText(_(_DEFINITIONS))
        self.definitions.setToolTip(_(_SOURCES))
        self.counts.retranslate()

    def show_found(self, found: Followed, layer: str) -> None:
        """Show what was found; ``layer`` is the one that is shown elsewhere."""
        self.counts.show_layers(found.layers, self.share)
        self.counts.choose(layer)


def _column(page: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 8, 0, 0)
    column.setSpacing(8)
    return column


def _name(series: UnitSeries) -> str:
    unit = series.unit
    words = _("{layer} · {channel} · y {y}, x {x}")
    return words.format(layer=unit.layer, channel=unit.channel, y=unit.y, x=unit.x)


def _value(series: UnitSeries) -> str:
    return number(float(series.values[-1])) if series.known[-1] else _("not there")


def _caption(patch: Patch) -> str:
    y0, x0, y1, x1 = patch.box
    where = cell(patch.unit.y, patch.unit.x, f"= {number(patch.value)}")
    if patch.known:
        sees = _("It sees {h} × {w} pixels.").format(h=y1 - y0, w=x1 - x0)
    else:
        sees = _("What it sees is unknown: all that goes into the network is shown.")
    return _("Frame {frame}, {where}.").format(frame=patch.index, where=where) + " " + sees


def _ink(colour: str) -> str:
    """Return a line's colour with a contrast of at least 3 to the panel behind it (WCAG 2.1, 1.4.11)."""
    colours = theme.current()
    panel = luminance(QColor(colours.panel))
    for share in (0.0, 0.15, 0.3, 0.45, 0.6):
        found = theme.mix(colour, colours.text, share)
        low, high = sorted((panel, luminance(QColor(found))))
        if (high + 0.05) / (low + 0.05) >= 3:
            return found
    return colours.text
