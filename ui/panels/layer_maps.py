"""All activation maps of the chosen layer as one mosaic, and how their values become colours."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, QSize, QTimer, Signal, Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QApplication, QComboBox, QHBoxLayout, QLabel, QToolButton, QWidget

from explorer.graph.values import Layer
from explorer.recipe import Scale, Sort, Unit, View
from explorer.text import N_, _, ngettext
from explorer.values import LayerView
from ui import theme
from ui.controller import Controller
from ui.store import Store
from ui.widgets.class_names import class_names
from ui.widgets.colour_box import ColourBox
from ui.widgets.flow import FlowLayout
from ui.widgets.legend import Legend
from ui.widgets.level_image import Table, colour_table
from ui.widgets.mosaic_view import MosaicView
from ui.widgets.number_field import NumberField
from ui.widgets.numbers import number, percent, shape
from ui.widgets.panel import Panel
from ui.widgets.remedies import in_window

SCALES: dict[Scale, str] = {"map": N_("Scale: each map"), "layer": N_("Scale: layer"), "fixed": N_("Scale: fixed")}
SORTS: dict[Sort, str] = {
    "channel": N_("Sort: channel"),
    "mean": N_("Sort: mean"),
    "max": N_("Sort: max"),
    "zeros": N_("Sort: zeros"),
}
_SETTLE_MS = 80
"""How long the panel must keep its size before the mosaic is laid out for it."""


def operation(layer: Layer) -> str:
    """Return what a layer is in one line: ``conv2d 3×3 · 128×28×28``."""
    kernel = layer.attributes.get("kernel")
    size = f" {shape(tuple(kernel))}" if isinstance(kernel, list | tuple) else ""
    return f"{layer.op}{size} · {shape(layer.output)}"


def rectifies(layer: Layer) -> bool:
    """Return whether a layer takes away what is below 0: ReLU, ReLU6, and limits that begin at 0."""
    limit = layer.attributes.get({"hardtanh": "min_val", "clamp": "min"}.get(layer.op, ""))
    return layer.op in ("relu", "relu6") or limit == 0


class LayerMaps(Panel):
    """Toolbar, mosaic and legend; a click chooses channel and unit.

    Signals:
        unit_pointed: the unit under the pointer, a ``Unit``, or None.
    """

    unit_pointed = Signal(object)

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._head: tuple[str, str, str] | None = None
        self._tools_for: tuple[View, bool, bool] | None = None
        self._colours, self._noted = store.recipe.view.colours, ""
        self.scale, self.sort, self.colours = QComboBox(self), QComboBox(self), ColourBox(self)
        for box in (self.scale, self.sort, self.colours):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.ends = QWidget(self)
        self.low, self.high = NumberField(self.ends), NumberField(self.ends)
        self.zoom_out, self.zoom_fit, self.zoom_in = QToolButton(self), QToolButton(self), QToolButton(self)
        self.mosaic, self.legend = MosaicView(self), Legend(self)
        self._build()
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._ask_for_aspect)
        self._connect()
        self.retranslate()
        self._take_recipe()
        self.restyle()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        for box, texts in ((self.scale, SCALES), (self.sort, SORTS)):
            if not box.count():
                for key in texts:
                    box.addItem("", key)
            for place, text in enumerate(texts.values()):
                box.setItemText(place, _(text))
            QApplication.sendEvent(box, QEvent(QEvent.Type.StyleChange))  # else Qt keeps the width of the old words
        self.scale.setAccessibleName(_("Range that the colours span"))
        self.sort.setAccessibleName(_("Order of the maps"))
        self.colours.setAccessibleName(_("Colours of maps without negative values"))
        self.colours.set_signed_text(_("blue–red"))
        self.low.setAccessibleName(_("Low end of the fixed scale"))
        self.high.setAccessibleName(_("High end of the fixed scale"))
        for button, text in (
            (self.zoom_out, _("Zoom out")),
            (self.zoom_fit, _("Show all maps")),
            (self.zoom_in, _("Zoom in")),
        ):
            button.setAccessibleName(text)
            button.setToolTip(text)
        self.mosaic.setAccessibleName(_("Activation maps"))
        self._head = self._tools_for = None
        self._take_result()

    def restyle(self) -> None:
        """Take the colours and the text size of the current theme."""
        for field in (self.low, self.high):
            field.setFixedWidth(theme.px(76))
        for button in (self.zoom_out, self.zoom_fit, self.zoom_in):
            button.setIconSize(QSize(theme.px(16), theme.px(16)))
        self._take_result()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask for a mosaic of another shape when there is other room for it."""
        if event.type() == QEvent.Type.Resize:
            self._settle.start()
        return super().eventFilter(watched, event)

    # from the store

    @Slot()
    def _take_result(self) -> None:
        view, result = self._view(), self._store.result_with_maps
        self.set_frame(result.frame if view is not None and result is not None else None)
        if view is not None:
            table = self._table(view)
            self._show_tools(view)
            self.mosaic.show_maps(view, table)
            self.mosaic.set_names(class_names(self._store.network, view.layer))
            self._show_legend(view, table)
            self._show_head(view)
            self._show_choice()
        else:
            self._show_tools(None)
            self.mosaic.show_maps(None, ())
            self.legend.show_legend("", "", "", "", "", ())
            self._show_head(None)
        self._take_state()

    @Slot()
    def _take_recipe(self) -> None:
        look, view = self._store.recipe.view, self._view()
        self.sort.setCurrentIndex(self.sort.findData(look.sort))
        self.colours.setCurrentIndex(self.colours.findData(look.colours))
        self.ends.setVisible(look.scale == "fixed")
        self._tools_for = None
        if look.colours != self._colours:
            self._colours, self._noted = look.colours, "" if view is None else view.layer.id
        self._take_result()
        self._settle.start()

    @Slot()
    def _take_state(self) -> None:
        self.mosaic.set_message(*self._message())

    # to the controller

    @Slot()
    def next_scale(self) -> None:
        """Stretch the colours over the next range that is another one."""
        scales = [scale for place, scale in enumerate(SCALES) if self._scale_model().item(place).isEnabled()]
        now = scales.index(self.scale.currentData()) if self.scale.currentData() in scales else -1
        self._change_scale(scales[(now + 1) % len(scales)])

    @Slot()
    def _choose_scale(self) -> None:
        self._change_scale(self.scale.currentData())

    def _change_scale(self, scale: Scale) -> None:
        look, view = self._store.recipe.view, self._view()
        if scale == "fixed" and look.scale != "fixed" and view is not None:
            low, high = view.statistics.minimum, view.statistics.maximum
            low, high = (min(low, -high), max(high, -low)) if view.signed else (low, high)
            if low < high:  # begin with what is there; NaN is not below anything
                look = replace(look, low=float(f"{low:.3g}"), high=float(f"{high:.3g}"))
        self._controller.change(view=replace(look, scale=scale))

    @Slot()
    def _change_look(self) -> None:
        look = replace(self._store.recipe.view, sort=self.sort.currentData(), colours=self.colours.currentData())
        self._controller.change(view=look)

    @Slot()
    def _change_ends(self) -> None:
        low, high, view = self.low.value(), self.high.value(), self._view()
        fields = (self.low, self.high)
        if any(f.isModified() for f in fields) and low is not None and high is not None and low < high:
            if view is not None and view.signed:  # the colours are centred on 0: the end that was typed decides
                typed = [abs(f.value() or 0.0) for f in fields if f.isModified()]
                low, high = -max(typed), max(typed)
            for field in fields:
                field.setModified(False)
            self._controller.change(view=replace(self._store.recipe.view, low=low, high=high))
        self._take_result()

    @Slot(int, int, int)
    def _choose(self, channel: int, y: int, x: int) -> None:
        view = self._view()
        if view is not None:
            self._controller.change(**self._layer(view), channel=channel, unit=(y, x))

    @Slot(object)
    def _point(self, cell: tuple[int, int, int] | None) -> None:
        view = self._view()
        self.unit_pointed.emit(None if cell is None or view is None else Unit(view.layer.id, *cell))

    @Slot(int)
    def _step(self, channel: int) -> None:
        view = self._view()
        if view is not None:
            self._controller.change(**self._layer(view), channel=channel)

    @Slot()
    def _ask_for_aspect(self) -> None:
        if not self.mosaic.isVisible():
            return
        aspect = round(4 * self.mosaic.width() / max(self.mosaic.height(), 1)) / 4
        look = replace(self._store.recipe.view, aspect=min(max(aspect, 0.25), 8.0))
        if look != self._store.recipe.view:
            self._controller.adjust(view=look)

    # inner

    def _build(self) -> None:
        tools, zoom = QWidget(self), QWidget(self.legend)
        ends, buttons = QHBoxLayout(self.ends), QHBoxLayout(zoom)
        ends.addWidget(self.low)
        ends.addWidget(QLabel("…", self.ends))
        ends.addWidget(self.high)
        row = FlowLayout(tools)
        for widget in (self.scale, self.ends, self.sort, self.colours):
            row.addWidget(widget)
        for layout, gap in ((ends, 6), (buttons, 2)):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(gap)
        for before, after in pairwise((self.scale, self.low, self.high, self.sort, self.colours, self.zoom_out)):
            self.setTabOrder(before, after)
        for button, icon in (
            (self.zoom_out, "zoom-out"),
            (self.zoom_fit, "zoom-fit"),
            (self.zoom_in, "zoom-in"),
        ):
            theme.set_icon(button, icon)
            button.setObjectName("small")
            buttons.addWidget(button)
        self.legend.set_corner(zoom)
        self.body.addWidget(tools)
        self.body.addWidget(self.mosaic, 1)
        self.body.addWidget(self.legend)

    def _connect(self) -> None:
        self.scale.activated.connect(self._choose_scale)
        for box in (self.sort, self.colours):
            box.activated.connect(self._change_look)
        for field in (self.low, self.high):
            field.editingFinished.connect(self._change_ends)
        self.zoom_out.clicked.connect(self.mosaic.zoom_out)
        self.zoom_fit.clicked.connect(self.mosaic.fit)
        self.zoom_in.clicked.connect(self.mosaic.zoom_in)
        self.mosaic.chosen.connect(self._choose)
        self.mosaic.pointed.connect(self._point)
        self.mosaic.stepped.connect(self._step)
        self.mosaic.installEventFilter(self)
        store = self._store
        store.result_changed.connect(self._take_result)
        store.recipe_changed.connect(self._take_recipe)
        for signal in (store.network_changed, store.progress_changed, store.problems_changed):
            signal.connect(self._take_state)

    def _view(self) -> LayerView | None:
        """Return what is there to show: the newest result, unless another network is wished for."""
        result = self._store.result_with_maps
        return None if result is None else result.view

    def _layer(self, view: LayerView) -> dict[str, str]:
        """Return the change that goes with a choice on maps which are not, or no longer, the wished layer's."""
        return {} if self._store.recipe.layer in ("", view.layer.id) else {"layer": view.layer.id}

    def _scale_model(self) -> QStandardItemModel:
        model = self.scale.model()
        assert isinstance(model, QStandardItemModel)
        return model

    def _scale(self, view: LayerView | None) -> Scale:
        """Return the scale in use: a map of one value has none of its own."""
        scale = self._store.recipe.view.scale
        return "layer" if scale == "map" and view is not None and view.map.size == 1 else scale

    def _show_tools(self, view: LayerView | None) -> None:
        """Let the tools say what is in use, which for some layers is not what was chosen."""
        look, signed = self._store.recipe.view, view is not None and view.signed
        single = view is not None and view.map.size == 1
        if (look, signed, single) == self._tools_for:
            return
        self._tools_for = (look, signed, single)
        if self._scale_model().item(0).isEnabled() == single:
            self._scale_model().item(0).setEnabled(not single)
        self.scale.setCurrentIndex(self.scale.findData(self._scale(view)))
        self.scale.setToolTip(_("A map of one value has no scale of its own.") if single else "")
        self.colours.set_signed(signed)
        text = _("This layer has negative values: blue below 0, white 0, red above. {colours} is for other layers.")
        self.colours.setToolTip(text.format(colours=look.colours) if signed else "")
        reach = max(abs(look.low), abs(look.high))
        ends = (-reach, reach) if signed else (look.low, look.high)
        for field, value in zip((self.low, self.high), ends, strict=True):
            if look.scale != "fixed" or not field.isModified():
                field.set_value(value)

    def _table(self, view: LayerView) -> Table:
        return colour_table(self._store.recipe.view.colours, view.signed, theme.current().panel)

    def _show_choice(self) -> None:
        recipe, view = self._store.recipe, self._view()
        if view is not None:
            here = recipe.layer in ("", view.layer.id)
            self.mosaic.set_choice(recipe.channel if here else view.channel, recipe.unit if here else None)

    def _show_head(self, view: LayerView | None) -> None:
        result = self._store.result
        trained = result is None or view is None or result.trained
        head = (_("Activation maps"), "") if view is None else (view.layer.id, operation(view.layer))
        badge = "" if trained else _("untrained")
        if (*head, badge) != self._head:
            self._head = (*head, badge)
            self.set_title(*head)
            self._detail.ensurePolished()  # what the layer is must not give way to its long name
            self._detail.setMinimumWidth(self._detail.sizeHint().width())
            self.set_badge(badge, "warning")

    def _show_legend(self, view: LayerView, table: Table) -> None:
        look, ends = self._store.recipe.view, (_("min"), _("max"))
        scale = self._scale(view)
        if view.signed:
            ends = ("−max", "+max")
        if scale != "map":
            ends = (number(float(view.ranges[0, 0])), number(float(view.ranges[0, 1])))
        meaning = {
            "map": _("each map on its own scale"),
            "layer": _("one scale for the whole layer"),
            "fixed": _("fixed scale"),
        }[scale]
        if view.layer.id != self._noted:
            self._noted = ""
        if view.signed and self._noted:  # colours were just chosen that do not show here
            meaning = _("negative values are blue–red; other layers: {colours}").format(colours=look.colours)
        elif view.signed:
            meaning += " · " + _("white is 0, blue below, red above")
        warning, low, high = "", self.low.value(), self.high.value()
        if look.scale == "fixed" and (low is None or high is None):
            warning = _("The ends of the scale must be numbers, such as -1 and 2.5.")
        elif look.scale == "fixed" and low is not None and high is not None and low >= high:
            warning = _("The low end of the scale must be below the high end.")
        elif bad := view.statistics.nan + view.statistics.inf:
            warning = ngettext(
                "{count} value is NaN or infinite (magenta).", "{count} values are NaN or infinite (magenta).", bad
            ).format(count=bad)
        self.legend.show_legend(*ends, self._fact(view), meaning, warning, table)

    def _fact(self, view: LayerView) -> str:
        """Return what share of the layer's values is 0, or is below 0 where such values are left."""
        statistics, network = view.statistics, self._store.network
        if statistics.negatives > 0:
            share = percent(statistics.negatives)
            rectified = network is not None and any(
                view.layer.id in layer.inputs and rectifies(layer) for layer in network.graph
            )
            return (_("before ReLU: {share} below 0") if rectified else _("{share} below 0")).format(share=share)
        return _("{share} zeros").format(share=percent(statistics.zeros))

    def _message(self) -> tuple[str, bool]:
        """Return the sentence that stands instead of the maps, and whether it is an error."""
        store = self._store
        shown = self._view() is not None  # a problem of the program's own ("engine") takes no maps away
        for place in ("network", "frame") if shown else ("engine", "network", "frame"):
            if place in store.problems:
                return in_window(store.problems[place].error), True
        if shown:
            return "", False
        if store.progress is not None:
            text = store.stage
            share = "" if store.progress.fraction is None else f"\n{percent(store.progress.fraction)}"
            return text + share, False
        if "source" in store.problems:
            return _("Open another picture, or start the camera: the activation maps appear here."), False
        return _("The activation maps appear here as soon as the network has seen the picture."), False
