"""One channel closely: its map, the value of every unit, how the values are spread, and the kernel that made them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from explorer.graph.values import Layer
from explorer.recipe import Unit
from explorer.render.kernels import sees_colours
from explorer.text import _
from explorer.values import LayerView, Statistics
from ui import theme
from ui.controller import Controller
from ui.store import Store
from ui.widgets.area_marks import LOCKED
from ui.widgets.badge import Badge
from ui.widgets.class_names import class_name
from ui.widgets.colour_bar import ColourBar
from ui.widgets.fact_table import Fact, FactTable
from ui.widgets.histogram import HEIGHT as HISTOGRAM
from ui.widgets.histogram import Histogram
from ui.widgets.kernel_view import KernelView
from ui.widgets.level_image import colour_table
from ui.widgets.map_view import MapView
from ui.widgets.numbers import cell, number, percent, shape
from ui.widgets.panel import Panel

_LOW, _LOW_HISTOGRAM, _LOW_KERNEL = 540, 52, 56
"""Below which height of the panel the histogram and the kernel are that low, px at text size 1."""


class ChannelInspector(Panel):
    """The chosen channel of the newest result.

    Signals:
        unit_pointed: the unit under the pointer, a ``Unit``, or None.
    """

    unit_pointed = Signal(object)

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._head: tuple[int | None, str] = (-1, "")
        self.value = Badge(self)
        self.header.addWidget(self.value)
        self.map, self.bar = MapView(self), ColourBar(self)
        self.facts, self.histogram, self.kernel = FactTable(self), Histogram(self), KernelView(self)
        self.spread_title, self.kernel_title, self.kernel_range = QLabel(self), QLabel(self), QLabel(self)
        for label in (self.spread_title, self.kernel_title, self.kernel_range):
            label.setObjectName("dim")
            label.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.map, 1)
        row.addWidget(self.bar)
        row.addStretch()
        self.body.addLayout(row, 1000)
        for widget in (self.facts, self.spread_title, self.histogram):
            self.body.addWidget(widget)
        titles = QHBoxLayout()
        titles.addWidget(self.kernel_title, 1)
        titles.addWidget(self.kernel_range)
        self.body.addLayout(titles)
        self.body.addWidget(self.kernel)
        self.body.addStretch(1)
        self.setMinimumWidth(220)
        self.map.setMinimumSize(80, 48)
        self.map.installEventFilter(self)
        self.map.chosen.connect(self._choose)
        self.map.pointed.connect(self._point)
        store.result_changed.connect(self._take_result)
        store.recipe_changed.connect(self._take_result)
        store.network_changed.connect(self._take_result)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.spread_title.setText(_("Distribution"))
        self.map.setAccessibleName(_("Map of the chosen channel"))
        self.bar.setAccessibleName(_("Colour scale"))
        self.facts.setAccessibleName(_("Statistics of the map"))
        self.histogram.setAccessibleName(_("Distribution of the map's values"))
        self.kernel.setAccessibleName(_("Kernel of the channel"))
        self.kernel_title.setToolTip(_("Input channels × height × width"))
        self._head = (-1, "")
        self._take_result()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        self._take_result()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the map most of the room."""
        super().resizeEvent(event)
        low = self.height() < theme.px(_LOW)
        self.histogram.set_height(_LOW_HISTOGRAM if low else HISTOGRAM)
        self.kernel.set_most(_LOW_KERNEL if low else KernelView.HEIGHT)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the map in proportion."""
        if watched is self.map and event.type() == QEvent.Type.Resize:
            self._limit()
        return super().eventFilter(watched, event)

    @Slot()
    def _take_result(self) -> None:
        view, result = self._view(), self._store.result_with_maps
        self.set_frame(result.frame if view is not None and result is not None else None)
        for widget in (self.bar, self.facts, self.spread_title, self.histogram):
            widget.setVisible(view is not None)
        if view is None:
            self.map.show_map(None, ())
            self.map.set_message(_("The map that is chosen in the mosaic appears here in detail."))
            self._show_head(None)
            self.value.set_text("")
            self._show_kernel(None)
            return
        table = colour_table(self._store.recipe.view.colours, view.signed, theme.current().panel)
        self.map.set_message("")
        self.map.show_map(view, table)
        low, high = map(float, view.ranges[view.channel])
        self.bar.show_range(low, high, table)
        self.facts.show_facts(self._facts(view.map_statistics))
        self.histogram.show_statistics(view.map_statistics)
        self._show_head(view)
        self._show_unit(view)
        self._show_kernel(view)
        self._limit()

    @Slot(int, int)
    def _choose(self, y: int, x: int) -> None:
        view = self._view()
        if view is not None:
            recipe = self._store.recipe
            changes = {} if recipe.layer in ("", view.layer.id) else {"layer": view.layer.id}
            self._controller.change(**changes, channel=view.channel, unit=(y, x))

    @Slot(object)
    def _point(self, cell: tuple[int, int] | None) -> None:
        view = self._view()
        self.unit_pointed.emit(None if cell is None or view is None else Unit(view.layer.id, view.channel, *cell))

    def _view(self) -> LayerView | None:
        """Return what is there to show: the newest result, unless another network is wished for."""
        result = self._store.result_with_maps
        return None if result is None else result.view

    def _show_head(self, view: LayerView | None) -> None:
        """Say which channel it is, and in the network's answer of which class."""
        channel = None if view is None else view.channel
        name = "" if view is None else class_name(self._store.network, view.layer, view.channel)
        if (channel, name) != self._head:
            self._head = (channel, name)
            title = _("Channel") if channel is None else _("Channel {number}").format(number=channel)
            self.set_title(" · ".join(filter(None, (title, name))))

    def _show_unit(self, view: LayerView) -> None:
        """Mark the chosen unit and tell its value; a unit that another layer had, or none, tells nothing."""
        recipe, (h, w) = self._store.recipe, view.map.shape
        here = recipe.layer in ("", view.layer.id) and recipe.channel == view.channel
        unit = recipe.unit if here and recipe.unit and recipe.unit[0] < h and recipe.unit[1] < w else None
        self.map.set_unit(unit)
        self.map.set_locked(
            tuple(
                (one.y, one.x, colour)
                for one, colour in zip(recipe.locked, LOCKED, strict=False)
                if (one.layer, one.channel) == (view.layer.id, view.channel)
            )
        )
        value = "" if unit is None else f"= {number(float(view.map[unit]))}"
        self.value.set_text("" if unit is None else cell(*unit, value), value)

    def _show_kernel(self, view: LayerView | None) -> None:
        kernel = None if view is None else view.kernel
        for widget in (self.kernel_title, self.kernel_range, self.kernel):
            widget.setVisible(kernel is not None)
        if view is None or kernel is None:
            self.kernel.show_kernel(None, in_colour=False)
            return
        self.kernel.show_kernel(kernel, in_colour=kernel.shape[0] == 3 and self._sees_colours(view.layer))
        text = _("Kernel {shape}").format(shape=shape(kernel.shape))
        span = f"{number(float(kernel.min()))} … {number(float(kernel.max()))}"
        if (text, span) != (self.kernel_title.text(), self.kernel_range.text()):
            self.kernel_title.setText(text)
            self.kernel_range.setText(span)

    def _sees_colours(self, layer: Layer) -> bool:
        network = self._store.network
        return network is not None and sees_colours(network.graph, layer)

    def _limit(self) -> None:
        viewport = self.map.viewport
        if viewport is not None:
            h, w = viewport.picture_hw
            room = self.body.geometry().width() - self.bar.sizeHint().width() - 8
            height = min(max(round(room * h / w), 48), 2 * room)
            width = max(round(self.map.height() * w / h), 80)
            if (width, height) != (self.map.maximumWidth(), self.map.maximumHeight()):
                self.map.setMaximumSize(width, height)
                self.bar.setMaximumHeight(height)

    def _facts(self, statistics: Statistics) -> tuple[Fact, ...]:
        left = [
            Fact(_("min"), number(statistics.minimum)),
            Fact(_("max"), number(statistics.maximum)),
            Fact(_("zeros"), percent(statistics.zeros)),
        ]
        right = [
            Fact(_("mean"), number(statistics.mean)),
            Fact(_("std"), number(statistics.std)),
            Fact(_("below 0"), percent(statistics.negatives)),
        ]
        if statistics.nan or statistics.inf:
            left.append(Fact(_("NaN"), str(statistics.nan), alarming=True))
            right.append(Fact(_("infinite"), str(statistics.inf), alarming=True))
        if self._store.result is not None and not self._store.result.trained:
            left.append(Fact(_("weights"), _("untrained"), alarming=True))
        return (*left, *right)
