"""The place that opens first: a picture, the layers that saw it, their maps, one channel, and the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt, QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from explorer.filters.bank import BANK, known
from explorer.render.colours import MAPS
from explorer.sources import samples
from explorer.text import _
from explorer.values import Bytes, Source
from ui.areas import Areas
from ui.controller import Controller
from ui.panels.channel import ChannelInspector
from ui.panels.effective import EffectiveRow
from ui.panels.layer_maps import SORTS, LayerMaps
from ui.panels.layer_strip import LayerStrip
from ui.panels.network_input import NetworkInput
from ui.panels.predictions import Predictions
from ui.panels.source import SourcePanel
from ui.panels.unit import UnitPanel
from ui.places.columns import Columns
from ui.places.pixel_units import PixelUnits
from ui.store import Store
from ui.widgets.late import Late
from ui.widgets.panel import Panel
from ui.widgets.told_strip import ToldStrip

if TYPE_CHECKING:  # the window opens without
    from ui.panels.arithmetic import ArithmeticPanel
    from ui.panels.over_time import OverTimePanel
    from ui.panels.pixel_inspector import PixelInspector
    from ui.panels.prove import ProvePanel
    from ui.panels.switch_off import SwitchOffPanel
    from ui.panels.touch import TouchPanel
    from ui.panels.why import WhyPanel

Step = Literal[-1, 1]
_T = TypeVar("_T")
_DIM_AFTER_MS = 200


class Explore(QWidget):
    """Arranges the panels, and answers the keys that step through pictures, layers and maps."""

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self.areas = Areas(store, controller, self)
        self.source = SourcePanel(store, controller, self)
        self.predictions = Predictions(store, controller, self)
        self.unit = UnitPanel(store, controller, self.areas, self)
        self.effective = EffectiveRow(store, controller, self.areas, self.source.view, self.unit)
        self.unit.body.addWidget(self.effective)
        self.network_input = NetworkInput(store, controller, self)
        self.layers = LayerStrip(store, controller, self)
        self.maps = LayerMaps(store, controller, self)
        self.channel = ChannelInspector(store, controller, self)
        self._prove = Late(self._make_prove, self)
        self._arithmetic = Late(self._make_arithmetic, self)
        self._pixels = Late(self._make_pixels, self)
        self._over_time = Late(self._make_over_time, self)
        self._why = Late(self._make_why, self)
        self._touch = Late(self._make_touch, self)
        self._switch_off = Late(self._make_switch_off, self)
        self.pixel_units, self.light = PixelUnits(store, self.areas, self), ToldStrip(self.maps)
        self.maps.body.insertWidget(self.maps.body.indexOf(self.maps.mosaic), self.light)

        self.columns = Columns(
            self.source,
            self.predictions,
            self.unit,
            self.network_input,
            self.layers,
            self.maps,
            self.channel,
            self._prove,
            self._arithmetic,
            self._pixels,
            self._over_time,
            self._why,
            self._touch,
            self._switch_off,
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.columns)
        self.maps.mosaic.chosen.connect(self._show_unit)
        self.channel.map.chosen.connect(self._show_unit)
        self.maps.unit_pointed.connect(self.areas.hover)
        self.channel.unit_pointed.connect(self.areas.hover)
        self.areas.changed.connect(self._show_areas)
        self._picture: Bytes | None = None
        self.source.picture_changed.connect(self._keep_picture)
        self.source.pixel_chosen.connect(self._choose_pixel)
        self._pixel_last = False  # rather than the paint; the light is on what was done last
        self.pixel_units.changed.connect(self._show_light)
        self.light.closed.connect(self._put_light_out)
        self._later = QTimer(self)  # what is replaced at once need not flicker
        self._later.setSingleShot(True)
        self._later.setInterval(_DIM_AFTER_MS)
        self._later.timeout.connect(self._show_age)
        store.age_changed.connect(self._follow_age)
        for late in (self._prove, self._arithmetic, self._pixels, self._over_time, self._why):
            late.came.connect(self._show_age)
        self.retranslate()

    # the panels behind tabs

    @property
    def prove(self) -> ProvePanel:
        """The panel that paints on the picture."""
        return self._prove.widget

    @property
    def arithmetic(self) -> ArithmeticPanel:
        """The panel of the numbers behind one value."""
        return self._arithmetic.widget

    @property
    def pixels(self) -> PixelInspector:
        """The panel of the picture's own numbers."""
        return self._pixels.widget

    @property
    def over_time(self) -> OverTimePanel:
        """The panel of what the frames tell together."""
        return self._over_time.widget

    @property
    def why(self) -> WhyPanel:
        """The panel of why the network answers as it does."""
        return self._why.widget

    @property
    def touch(self) -> TouchPanel:
        """The panel that alters the picture by hand."""
        return self._touch.widget

    @property
    def switch_off(self) -> SwitchOffPanel:
        """The panel that switches channels off."""
        return self._switch_off.widget

    def _make_switch_off(self) -> SwitchOffPanel:
        from ui.panels.switch_off import SwitchOffPanel

        panel = SwitchOffPanel(self._store, self._controller, self)
        self.maps.mosaic.chosen.connect(panel.click)
        panel.off_changed.connect(self.maps.mosaic.set_off)
        return panel

    def _make_touch(self) -> TouchPanel:
        from ui.panels.touch import TouchPanel

        touch = TouchPanel(self._store, self._controller, self.source.view, self)
        touch.paint.toggled.connect(self._take_one_brush)
        return touch

    @Slot(bool)
    def _take_one_brush(self, taken: bool) -> None:
        """Put the other brush down: both paint on the same picture."""
        prove, touch = self._prove.made, self._touch.made
        for paint in (None if prove is None else prove.paint, None if touch is None else touch.paint):
            if taken and paint is not None and paint is not self.sender():
                paint.setChecked(False)

    def _make_why(self) -> WhyPanel:
        from ui.panels.why import WhyPanel

        return WhyPanel(self._store, self._controller, self)

    def _make_over_time(self) -> OverTimePanel:
        from ui.panels.over_time import OverTimePanel

        return OverTimePanel(self._store, self._controller, self)

    def _make_prove(self) -> ProvePanel:
        from ui.panels.prove import ProvePanel

        prove = ProvePanel(self._store, self._controller, self.areas, self.source.view, self)
        prove.lit_changed.connect(self._show_light)
        prove.painted_changed.connect(self.source.set_painted)
        prove.painted_changed.connect(self._light_paint)
        prove.paint.toggled.connect(self.source.set_paints)
        prove.paint.toggled.connect(self._take_one_brush)
        self.source.paint_unwanted.connect(prove.take_paint_away)
        return prove

    def _make_arithmetic(self) -> ArithmeticPanel:
        from ui.panels.arithmetic import ArithmeticPanel

        return ArithmeticPanel(self._store, self._controller, self.areas, self)

    def _make_pixels(self) -> PixelInspector:
        from ui.panels.pixel_inspector import PixelInspector

        pixels = PixelInspector(self._store, self._controller, self)
        pixels.set_picture(self._picture)
        pixels.chosen_changed.connect(self.source.mark)
        pixels.chosen_changed.connect(self._light_pixel)
        pixels.numbers_changed.connect(self.source.set_numbers)
        self.source.pixel_pointed.connect(pixels.point)
        self.source.picture_changed.connect(pixels.set_picture)
        return pixels

    def show_page(self, name: str) -> None:
        """Let a panel of ``lesson.places.PAGES`` be seen."""
        panels = {
            "predictions": self.predictions,
            "unit": self.unit,
            "network_input": self.network_input,
            "maps": self.maps,
            "over_time": self._over_time,
            "why": self._why,
            "channel": self.channel,
            "prove": self._prove,
            "arithmetic": self._arithmetic,
            "pixels": self._pixels,
            "touch": self._touch,
            "switch_off": self._switch_off,
        }
        for panel in (self.predictions, self.unit, self.channel, self.maps, panels[name]):  # the usual ones first
            self.columns.bring_forward(panel)

    @Slot(object)
    def _keep_picture(self, pixels: Bytes | None) -> None:
        self._picture = pixels

    def handlers(self) -> Mapping[str, Callable[[], None]]:
        """Return what the commands of this place do, by name."""
        return {
            "next_layer": self.next_layer,
            "previous_layer": self.previous_layer,
            "next_channel": self.next_channel,
            "previous_channel": self.previous_channel,
            "next_sample": self.next_sample,
            "previous_sample": self.previous_sample,
            "next_filter": self.next_filter,
            "next_colours": self.next_colours,
            "next_scale": self.next_scale,
            "next_sort": self.next_sort,
            "lock_unit": self.areas.toggle_lock,
            "unlock_units": self.areas.unlock_all,
            "effective": self.effective.toggle,
            "arithmetic": self.show_arithmetic,
            "over_time": self.show_over_time,
            "copy_unit": self.unit.copy_numbers,
        }

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.setAccessibleName(_("Explore"))
        self.pixel_units.retranslate()
        self._show_light()
        self.columns.set_titles(
            {
                self.predictions: _("Predictions"),
                self.unit: _("Unit"),
                self.network_input: _("Input"),
                self.maps: _("Activation maps"),
                self.channel: _("Channel"),
                self._prove: _("Prove it"),
                self._arithmetic: _("Arithmetic"),
                self._pixels: _("Pixels"),
                self._over_time: _("Over time"),
                self._why: _("Why"),
                self._touch: _("Touch"),
                self._switch_off: _("Switch off"),
            }
        )

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    @Slot()
    def _follow_age(self) -> None:
        if self._store.picture_is_old or self._store.result_is_old:
            self._later.start()
        else:
            self._later.stop()
            self._show_age()

    @Slot(object)
    def _light_pixel(self, pixel: tuple[int, int] | None) -> None:
        """Light the units that see the pixel (row, column); None: no more, and those that the paint moves again."""
        self._pixel_last = pixel is not None
        shown = self.source.view.pixels
        self.pixel_units.choose(pixel, () if shown is None else shown.shape[:2])
        self._show_light()

    @Slot()
    def _light_paint(self) -> None:
        """Light the units that the paint moves, as soon as that is known."""
        self._pixel_last = False
        self._show_light()

    @Slot()
    def _show_light(self) -> None:
        """Light the units that the paint moves, or those that see the held pixel."""
        moved = None if self._pixel_last else self._lit
        units = self.pixel_units.units if moved is None else moved
        self.maps.mosaic.set_lit(units)
        self.channel.map.set_lit(units)
        if moved is None:
            self.light.set_text(self.pixel_units.text, _("Let the pixel go"))
        else:
            text = _("Light is on the units that the paint moves; the maps are of the picture without paint.")
            self.light.set_text(text, _("Take all paint away"))

    @property
    def _lit(self) -> NDArray[np.bool_] | None:
        """The units that the paint moves."""
        return None if self._prove.made is None else self._prove.made.lit

    @Slot()
    def _put_light_out(self) -> None:
        if self._lit is not None and not self._pixel_last:
            self.prove.take_paint_away()
        else:
            self.pixels.choose(None)

    @Slot()
    def _show_age(self) -> None:
        """Dim what is of another source or network than the wished ones."""
        store = self._store
        of_picture = (self.source, self._pixels.made)
        of_result = (self.predictions, self.network_input, self.layers)
        # these show nothing of another network
        of_network = (self.maps, self.channel, self.unit, self._arithmetic.made, self._over_time.made)
        ages: tuple[tuple[tuple[Panel | None, ...], bool], ...] = (
            (of_picture, store.picture_is_old),
            (of_result, store.result_is_old),
            (of_network, store.result_is_old and store.result_of_network is not None),
        )
        for panels, old in ages:
            for panel in filter(None, panels):
                panel.set_old(old)

    @Slot()
    def _show_areas(self) -> None:
        """Outline on the picture and on the network's input what the units see."""
        self.source.set_areas(self.areas.in_picture())
        self.network_input.set_areas(self.areas.in_input(), self.areas.unseen())

    @Slot()
    def next_layer(self) -> None:
        """Choose the layer after the shown one, of those that are listed."""
        self._step_layer(1)

    @Slot()
    def previous_layer(self) -> None:
        """Choose the layer before the shown one, of those that are listed."""
        self._step_layer(-1)

    @Slot()
    def next_channel(self) -> None:
        """Choose the map after the chosen one, in the order of the mosaic."""
        self._step_channel(1)

    @Slot()
    def previous_channel(self) -> None:
        """Choose the map before the chosen one, in the order of the mosaic."""
        self._step_channel(-1)

    @Slot()
    def next_sample(self) -> None:
        """Show the next sample picture."""
        self._step_sample(1)

    @Slot()
    def previous_sample(self) -> None:
        """Show the sample picture before."""
        self._step_sample(-1)

    @Slot()
    def next_filter(self) -> None:
        """Filter the picture with the next kernel of the bank; after the last with none."""
        name = _after(["", *BANK], known(self._store.recipe.filters) or "", 1)
        self._controller.change(filters=(BANK[name].filter,) if name else ())

    @Slot()
    def next_colours(self) -> None:
        """Show the maps in the next colours."""
        view = self._store.recipe.view
        self._controller.change(view=replace(view, colours=_after(list(MAPS), view.colours, 1)))

    @Slot()
    def next_scale(self) -> None:
        """Stretch the colours over the next range."""
        self.maps.next_scale()

    @Slot()
    def next_sort(self) -> None:
        """Put the maps in the next order."""
        view = self._store.recipe.view
        self._controller.change(view=replace(view, sort=_after(list(SORTS), view.sort, 1)))

    @Slot()
    def show_arithmetic(self) -> None:
        """Open the numbers behind the value of the chosen unit."""
        self.columns.bring_forward(self._arithmetic)
        self.arithmetic.table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot()
    def show_over_time(self) -> None:
        """Show what the frames tell together in the place of the maps, or the maps again."""
        seen = self._over_time.isVisible()
        self.columns.bring_forward(self.maps if seen else self._over_time)
        (self.maps.mosaic if seen else self.over_time.tabs.tabBar()).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def home(self) -> None:
        """Give the list of layers the keyboard."""
        self.layers.list.setFocus()

    def start_search(self) -> None:
        """Put the cursor where a layer's name can be typed."""
        self.layers.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.layers.search.selectAll()

    @Slot(object)
    def _choose_pixel(self, pixel: tuple[int, int]) -> None:
        """Hold a pixel, and let it be seen, but not in place of the maps, where the units light up that see it."""
        self.pixels.choose(pixel)
        if not self.columns.share_tabs(self._pixels, self.maps):
            self.columns.bring_forward(self._pixels)

    @Slot()
    def _show_unit(self) -> None:
        """Let the unit that a person just chose be seen, but not in place of the maps that it was chosen in."""
        if not any(self.columns.share_tabs(self.unit, maps) for maps in (self.maps, self.channel)):
            self.columns.bring_forward(self.unit)

    def _step_layer(self, step: Step) -> None:
        result, ids = self._store.result, [layer.id for layer in self.layers.model.layers]
        shown = self._store.recipe.layer or (result.view.layer.id if result else "")
        place = ids.index(shown) + step if shown in ids else 0
        if 0 <= place < len(ids):
            self._controller.change(layer=ids[place])

    def _step_channel(self, step: Step) -> None:
        result, recipe = self._store.result, self._store.recipe
        if result is not None and result.recipe.layer == recipe.layer:
            order = [int(channel) for channel in result.view.order]
            self._controller.change(channel=_after(order, recipe.channel, step))

    def _step_sample(self, step: Step) -> None:
        source = self._store.recipe.source
        files = [sample.file for sample in samples()]
        shown = source.where if source.kind == "sample" else files[0 if step < 0 else -1]
        self._controller.change(source=Source("sample", _after(files, shown, step)))


def _after(items: Sequence[_T], item: _T, step: Step) -> _T:
    """Return the item one step on, around the end; the first if ``item`` is not among them."""
    return items[(items.index(item) + step) % len(items)] if item in items else items[0]
