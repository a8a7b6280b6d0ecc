"""The units of the shown layer that see one pixel of the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from explorer.errors import NetworkError
from explorer.text import _, ngettext
from explorer.values import FrameResult, Geometry
from ui.areas import Areas
from ui.store import Store


class PixelUnits(QObject):
    """Follows the held pixel, the shown layer and the picture; a moving picture alone changes nothing.

    Signals:
        changed: other units, or another sentence.
    """

    changed = Signal()

    def __init__(self, store: Store, areas: Areas, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._areas = store, areas
        self._pixel: tuple[int, int] | None = None
        self._key: tuple[object, ...] = ()
        self._units: NDArray[np.bool_] | None = None
        self._text = ""
        store.result_changed.connect(self._follow)
        for signal in (store.recipe_changed, store.fields_changed, store.network_changed):
            signal.connect(self._follow)

    @property
    def units(self) -> NDArray[np.bool_] | None:
        """Which units of the shown layer see the pixel, bool (rows, columns); None where no light is on."""
        return self._units

    @property
    def text(self) -> str:
        """What is told of them, or "" without a pixel."""
        return self._text

    @Slot(object)
    def choose(self, pixel: tuple[int, int] | None) -> None:
        """Light the units that see the pixel (row, column); None: no more."""
        self._pixel = pixel
        self._follow()

    @Slot()
    def retranslate(self) -> None:
        """Tell it in the current language."""
        self._key = ()
        self._follow()

    @Slot()
    def _follow(self) -> None:
        result, geometry = self._store.result_of_network, self._areas.geometry
        layer = None if result is None else result.view.layer.id
        filters = None if result is None else result.recipe.filters
        key = (self._pixel, layer, geometry, filters, self._store.fields)
        if key == self._key:
            return
        self._key = key
        self._units, self._text = None, ""
        if self._pixel is not None and result is not None:
            self._units, self._text = self._seen(self._pixel, result, geometry)
        self.changed.emit()

    def _seen(
        self, pixel: tuple[int, int], result: FrameResult, geometry: Geometry | None
    ) -> tuple[NDArray[np.bool_] | None, str]:
        fields, place = self._store.fields, {"y": pixel[0], "x": pixel[1]}
        if fields is None:
            return None, _("What the units of this network see is being worked out …")
        if geometry is None:
            return None, _("Where this network's input comes from in the picture is not known.")
        cells = np.zeros(geometry.input_hw, bool)
        cells[cells_of(pixel, result, geometry)] = True
        if not cells.any():
            return None, _("The network never sees the pixel x {x}, y {y}: it is cut away.").format(**place)
        layer, map_hw = result.view.layer.id, result.view.map.shape
        try:
            units = fields.that_see(layer, cells)
        except NetworkError as error:
            if layer not in fields.graph.by_id or fields[layer].certainty != "whole input":
                return None, str(error)
            units = np.ones(map_hw, bool)
        if units.shape != map_hw:
            return None, _("What the units of this layer see is not known.")
        text = ngettext(
            "{count} of {all} unit of each map sees the pixel x {x}, y {y}.",
            "{count} of {all} units of each map see the pixel x {x}, y {y}.",
            units.size,
        )
        return units, text.format(count=int(units.sum()), all=units.size, **place)


def cells_of(pixel: tuple[int, int], result: FrameResult, geometry: Geometry) -> tuple[slice, slice]:
    """Return the rows and columns of the network's input that a pixel goes into, through the filters too."""
    (top, left), (bottom, right) = pixel, pixel
    for kernel in result.recipe.filters:  # the centre of h cells is cell h // 2
        h, w = len(kernel.weights), len(kernel.weights[0])
        top, left, bottom, right = top - (h - 1 - h // 2), left - (w - 1 - w // 2), bottom + h // 2, right + w // 2
    boxes = [geometry.cells((y, pixel[1])) for y in range(top, bottom + 1)]
    rows = [(box[0], box[2]) for box in boxes if box[0] < box[2]]
    boxes = [geometry.cells((pixel[0], x)) for x in range(left, right + 1)]
    columns = [(box[1], box[3]) for box in boxes if box[1] < box[3]]
    return _hull(rows), _hull(columns)


def _hull(spans: list[tuple[int, int]]) -> slice:
    return slice(min(low for low, _high in spans), max(high for _low, high in spans)) if spans else slice(0, 0)
