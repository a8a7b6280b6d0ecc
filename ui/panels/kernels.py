"""The kernels of any convolution of the loaded network as one picture."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QObject, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QSpinBox, QToolButton, QWidget

from explorer.engine.events import Answered
from explorer.graph.values import Layer
from explorer.questions import Kernels, KernelsOf
from explorer.render import kernels
from explorer.render.kernels import KernelPicture, Slices
from explorer.text import N_, _, ngettext
from explorer.values import Floats
from ui import theme
from ui.controller import Controller
from ui.store import Store
from ui.widgets.chooser import Chooser
from ui.widgets.flow import FlowLayout
from ui.widgets.kernel_mosaic import KernelMosaic
from ui.widgets.kernel_view import KernelView
from ui.widgets.legend import Legend
from ui.widgets.level_image import colour_table
from ui.widgets.numbers import number, shape
from ui.widgets.panel import Panel
from ui.widgets.saving import ask_where

SLICES: dict[Slices, str] = {
    "colour": N_("In colour"),
    "matrix": N_("All weights"),
    "strongest": N_("Strongest input"),
    "mean": N_("Mean over the inputs"),
    "input": N_("One input"),
}
_SETTLE_MS = 80
"""How long the panel must keep its size before the mosaic is laid out for it."""


class KernelsPanel(Panel):
    """Layer chooser, mosaic of its kernels, the slices of the chosen one, and a legend.

    Signals:
        opened: id of the layer that the person wants to see in Explore.
    """

    opened = Signal(str)

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._layers: list[Layer] = []
        self._opening: tuple[str, str, int] | None = None
        self._asked: KernelsOf | None = None
        self._weights: Floats | None = None
        self._shown: KernelPicture | None = None
        self.layer, self.slices, self.scale = Chooser(26, self), QComboBox(self), QComboBox(self)
        self.input = QSpinBox(self)
        self.explore, self.export = QToolButton(self), QToolButton(self)
        self.mosaic, self.slices_of_one, self.legend = KernelMosaic(self), KernelView(self), Legend(self)
        self._menu = QMenu(self)
        self._actions = [self._menu.addAction("") for _each in range(2)]
        self._build()
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._show)
        self._connect()
        self.retranslate()
        self._take_network()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.layer.setAccessibleName(_("Convolution"))
        self.slices.setAccessibleName(_("What is shown of each kernel"))
        self.scale.setAccessibleName(_("Range that the colours span"))
        self.input.setAccessibleName(_("Input channel"))
        self.input.setToolTip(_("Input channel"))
        self.mosaic.setAccessibleName(_("Kernels"))
        self.slices_of_one.setAccessibleName(_("Slices of the chosen kernel"))
        for button, text in ((self.explore, _("Show the layer in Explore")), (self.export, _("Export"))):
            button.setAccessibleName(text)
            button.setToolTip(text)
        for action, text in zip(self._actions, (_("The picture (PNG)…"), _("The weights (NPY)…")), strict=True):
            action.setText(text)
        if not self.scale.count():
            for each in (True, False):
                self.scale.addItem("", each)
        for place, text in enumerate((_("Scale: each kernel"), _("Scale: layer"))):
            self.scale.setItemText(place, text)
        for place in range(self.slices.count()):
            self.slices.setItemText(place, _(SLICES[self.slices.itemData(place)]))
        self._show()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Lay the mosaic out anew when there is other room for it."""
        if event.type() == QEvent.Type.Resize:
            self._settle.start()
        return super().eventFilter(watched, event)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for the kernels, now that they can be seen."""
        super().showEvent(event)
        self._ask()

    def hideEvent(self, event: QHideEvent) -> None:
        """Wait no longer for another layout."""
        super().hideEvent(event)
        self._settle.stop()

    @property
    def shown(self) -> KernelPicture | None:
        """The kernels that are painted, or None."""
        return self._shown

    # from the store

    @Slot()
    def _take_network(self) -> None:
        """List the convolutions of the network that is loaded now; weights of another opening are asked for anew."""
        network, chosen = self._store.network, self.layer.currentData()
        layers = [] if network is None else [layer for layer in network.graph if layer.op == "conv2d"]
        opening = None if network is None else (network.card.name, network.weights, network.opened)
        if opening != self._opening:
            self._opening, self._asked, self._weights = opening, None, None
        if layers != self._layers:  # also a live network that took another path through its layers
            self._layers = layers
            self.layer.clear()
            for layer in layers:
                self.layer.addItem(f"{layer.id} · {shape(layer.output)}", layer.id)
            self.layer.setCurrentIndex(max(self.layer.findData(chosen), 0))
        self._take_recipe()
        self._show()

    @Slot()
    def _take_recipe(self) -> None:
        """Follow the layer that is looked at, where it is a convolution."""
        row = self.layer.findData(self._store.recipe.layer)
        if row >= 0:
            self.layer.setCurrentIndex(row)
        self._ask()
        self._show_choice()

    @Slot(object)
    def _take_answer(self, event: Answered) -> None:
        if event.question == self._asked and isinstance(event.answer, Kernels):
            self._weights = event.answer.weights
            self._offer()
            self._show()

    def _ask(self) -> None:
        """Ask for the kernels of the listed layer, where they can be seen and are not on their way."""
        network, layer = self._store.network, self._layer
        if network is None or layer is None or not self.isVisible():
            return
        wanted = KernelsOf(network.card.name, layer.id)
        if wanted != self._asked:
            self._asked, self._weights = wanted, None
            self._controller.ask(wanted)
            self._show()

    # what the person does

    @Slot()
    def _choose_layer(self) -> None:
        if (layer := self._layer) is not None:
            self._controller.change(layer=layer.id)
        self._ask()

    @Slot(int, int, int)
    def _choose(self, kernel: int, _y: int, _x: int) -> None:
        self._step(kernel)

    @Slot(int)
    def _step(self, kernel: int) -> None:
        if (layer := self._layer) is not None:
            self._controller.change(layer=layer.id, channel=kernel)

    @Slot()
    def _open(self) -> None:
        if (layer := self._layer) is not None:
            self._controller.change(layer=layer.id)
            self.opened.emit(layer.id)

    def _save(self, suffix: str) -> None:
        layer, shown, network = self._layer, self._shown, self._store.network
        if layer is None or shown is None or network is None:
            return
        path = ask_where(self, _("Export"), f"{network.card.title}-{layer.id}-kernels", suffix)
        if path:
            png, npy = partial(kernels.png, shown, network.trained), partial(kernels.npy, shown.weights)
            self._controller.save(path, png if suffix == "png" else npy)

    # what is shown

    @property
    def _layer(self) -> Layer | None:
        row = self.layer.currentIndex()
        return self._layers[row] if 0 <= row < len(self._layers) else None

    def _offer(self) -> None:
        """List what can be shown of these kernels, and keep what was chosen where it can."""
        network, layer, weights = self._store.network, self._layer, self._weights
        if network is None or layer is None or weights is None:
            return
        offered = kernels.choices(weights, kernels.sees_colours(network.graph, layer))
        if offered != tuple(self.slices.itemData(place) for place in range(self.slices.count())):
            before = self.slices.currentData()
            self.slices.clear()
            for slices in offered:
                self.slices.addItem(_(SLICES[slices]), slices)
            self.slices.setCurrentIndex(max(self.slices.findData(before), 0))
        self.input.setRange(0, weights.shape[1] - 1)

    @Slot()
    def _show(self) -> None:
        network, layer, weights = self._store.network, self._layer, self._weights
        slices: Slices | None = self.slices.currentData()
        ready = network is not None and layer is not None and weights is not None and slices is not None
        many = weights is not None and weights.shape[1] > 1
        self.slices.setVisible(ready and self.slices.count() > 1)
        self.input.setVisible(ready and slices == "input" and many)
        self.scale.setVisible(ready and slices != "matrix")
        for widget in (self.layer, self.explore):
            widget.setEnabled(layer is not None)
        self.export.setEnabled(ready)
        self.mosaic.set_message(self._message())
        if layer is None or weights is None or slices is None or network is None:
            self._shown = None
            self.mosaic.show_kernels(None, ())
            self.legend.show_legend("", "", "", "", "", ())
            self.set_title(_("Kernels"))
            self.set_badge("")
            self._show_choice()
            return
        aspect = max(self.mosaic.width(), 1) / max(self.mosaic.height(), 1)
        each = bool(self.scale.currentData())
        self._shown = kernels.picture(weights, layer, slices, self.input.value(), each, aspect)
        self.mosaic.show_kernels(self._shown, colour_table("grey", True, theme.current().panel))
        self._show_legend(self._shown)
        groups = int(layer.attributes.get("groups", 1))
        detail = shape(weights.shape)
        if groups > 1:
            detail += " · " + ngettext("{count} group", "{count} groups", groups).format(count=groups)
        self.set_title(_("Kernels"), detail)
        self.set_badge("" if network.trained else _("untrained: random weights"), "warning")
        self._show_choice()

    def _show_legend(self, shown: KernelPicture) -> None:
        figures, ranges = kernels.statistics(shown.weights), shown.view.ranges
        same = bool((ranges == ranges[0]).all())
        reach = float(ranges[0, 1])
        ends = (number(-reach), number(reach)) if same else ("−max", "+max")
        fact = _("weights from {low} to {high}").format(low=number(figures.minimum), high=number(figures.maximum))
        meaning = kernels.meaning(shown)
        if shown.painted is None:
            meaning += " · " + _("white is 0, blue below, red above")
        warning = ""
        if bad := figures.nan + figures.inf:
            warning = ngettext(
                "{count} value is NaN or infinite (magenta).", "{count} values are NaN or infinite (magenta).", bad
            ).format(count=bad)
        table = colour_table("grey", shown.painted is None, theme.current().panel)
        self.legend.show_legend(*ends, fact, meaning, warning, table)

    @Slot()
    def _show_choice(self) -> None:
        """Mark the chosen kernel and show its slices, where its layer is the one that is looked at."""
        recipe, layer, weights = self._store.recipe, self._layer, self._weights
        here = layer is not None and recipe.layer in (layer.id, "" if layer is self._layers[0] else layer.id)
        channel = recipe.channel if here else -1
        self.mosaic.set_choice(channel, None)
        one = weights[channel] if weights is not None and 0 <= channel < len(weights) else None
        network = self._store.network
        coloured = one is not None and len(one) == 3 and network is not None and layer is not None
        coloured = coloured and kernels.sees_colours(network.graph, layer)  # type: ignore[union-attr, arg-type]
        self.slices_of_one.setVisible(one is not None)
        self.slices_of_one.show_kernel(one, coloured)

    def _message(self) -> str:
        store = self._store
        problem = store.problems.get("question")
        if problem is not None and problem.question == self._asked is not None:
            return str(problem.error)
        if store.network is None:
            return _("The kernels appear here as soon as a network is loaded.")
        if not self._layers:
            return _("This network has no convolution with kernels of its own.")
        return "" if self._weights is not None else _("Reading the weights …")

    # inner

    def _build(self) -> None:
        theme.set_icon(self.explore, "explore")
        theme.set_icon(self.export, "export")
        self.export.setMenu(self._menu)
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        tools = QWidget(self)
        flow = FlowLayout(tools)
        for widget in (self.layer, self.slices, self.input, self.scale):
            flow.addWidget(widget)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(tools, 1)
        row.addWidget(self.explore)
        row.addWidget(self.export)
        for box in (self.slices, self.scale):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.body.addLayout(row)
        self.body.addWidget(self.mosaic, 1)
        self.body.addWidget(self.slices_of_one)
        self.body.addWidget(self.legend)

    def _connect(self) -> None:
        store = self._store
        self.layer.activated.connect(self._choose_layer)
        for box in (self.slices, self.scale):
            box.activated.connect(self._show)
        self.input.valueChanged.connect(self._show)
        self.mosaic.chosen.connect(self._choose)
        self.mosaic.stepped.connect(self._step)
        self.mosaic.installEventFilter(self)
        self.explore.clicked.connect(self._open)
        for action, suffix in zip(self._actions, ("png", "npy"), strict=True):
            action.triggered.connect(partial(self._save, suffix))
        store.network_changed.connect(self._take_network)
        store.recipe_changed.connect(self._take_recipe)
        store.problems_changed.connect(self._show)
        self._controller.answered.connect(self._take_answer)
