"""The units of the shown layer that see one pixel of the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from explorer.errors import NetworkError
from explorer.filters.footprint import goes_into
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
        self._picture_hw: tuple[int, ...] = ()
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

    def choose(self, pixel: tuple[int, int] | None, picture_hw: tuple[int, ...] = ()) -> None:
        """Light the units that see the pixel (row, column) of a picture of ``picture_hw``; None: no more."""
        self._pixel, self._picture_hw = pixel, picture_hw
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
        filters = None if result is None else result.recipe.alterations
        key = (self._pixel, self._picture_hw, layer, geometry, filters, self._store.fields, self._store.fields_failed)
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
            return None, self._store.fields_missing
        if geometry is None:
            return None, _("Where this network's input comes from in the picture is not known.")
        cells = cells_of(pixel, result, geometry, self._picture_hw)
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


def cells_of(
    pixel: tuple[int, int], result: FrameResult, geometry: Geometry, picture_hw: tuple[int, ...] = ()
) -> NDArray[np.bool_]:
    """Return which cells of the network's input a pixel goes into, bool (h, w).

    It is one of the picture, through whose filters it goes; or, where they change the size or the picture was moved by
    hand, of what came of it.
    """
    (height, width), after = result.frame.pixels.shape[:2], result.filtered.pixels.shape[:2]
    filters, touch = result.recipe.alterations
    moved = after != (height, width) or (touch is not None and touch.moves)
    if result.frame.array is not None or (moved and picture_hw == after):
        filters, (height, width) = (), after
    lines = goes_into(pixel, filters, (height, width))
    rows, columns = (np.zeros(n, bool) for n in geometry.input_hw)
    for y in np.flatnonzero(lines[0]):
        top, _, bottom, _ = geometry.cells((int(y), 0))
        rows[top:bottom] = True
    for x in np.flatnonzero(lines[1]):
        _, left, _, right = geometry.cells((0, int(x)))
        columns[left:right] = True
    cells: NDArray[np.bool_] = rows[:, None] & columns
    return cells
