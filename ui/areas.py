"""The units that are looked at, and what each of them sees: of the network's input and of the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from explorer.errors import NetworkError
from explorer.recipe import MOST_LOCKED, Unit
from explorer.text import N_
from explorer.values import Bytes, FrameResult, Geometry
from ui import theme
from ui.controller import Controller
from ui.store import Store
from ui.widgets.area_marks import LOCKED, Box, Outline
from ui.widgets.numbers import shape

if TYPE_CHECKING:  # the window opens without
    from explorer.receptive.analyse import Fields
    from explorer.receptive.values import Area
    from explorer.receptive.values import Box as Exact

_UNSEEN_ALPHA = 170


@dataclass(frozen=True)
class Sight:
    """What one unit sees.

    Attributes:
        unit: which one.
        colour: of its marks, ``#rrggbb``.
        area: of the network's input; None where nothing can be drawn.
        why: then the sentence that says why, translated; else "".
        label: of its marks, or "".
    """

    unit: Unit
    colour: str
    area: Area | None
    why: str = ""
    label: str = ""


class Areas(QObject):
    """Knows which unit is pointed at, chosen and locked; computes from values alone, so nothing ever waits.

    Signals:
        changed: another unit, or what they see is known only now or no more.
    """

    changed = Signal()

    def __init__(self, store: Store, controller: Controller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._hovered: Unit | None = None
        self._told: object = None
        self._place = (store.recipe.network, store.recipe.layer)
        store.result_changed.connect(self._follow)
        store.recipe_changed.connect(self._follow_recipe)
        store.network_changed.connect(self._follow)
        store.fields_changed.connect(self.changed)

    # which units

    @property
    def hovered(self) -> Unit | None:
        """The unit under the pointer, or None."""
        return self._hovered

    @property
    def chosen(self) -> Unit | None:
        """The recipe's unit, or None; also before its result is there."""
        recipe, result = self._store.recipe, self._result
        if recipe.unit is None or result is None:
            return None
        layer = recipe.layer or (result.view.layer.id if result.recipe.maps and not result.recipe.layer else "")
        return Unit(layer, recipe.channel, *recipe.unit) if layer else None

    @property
    def shown(self) -> Unit | None:
        """The unit that is told of: the one under the pointer, else the chosen one."""
        return self._hovered or self.chosen

    @property
    def locked(self) -> tuple[Unit, ...]:
        """The units that stay marked."""
        return self._store.recipe.locked if self._result is not None else ()

    @Slot(object)
    def hover(self, unit: Unit | None) -> None:
        """Show what ``unit`` sees while the pointer is on it; None: no more."""
        if unit != self._hovered:
            self._hovered = unit
            self.changed.emit()

    @property
    def can_lock(self) -> bool:
        """Whether ``toggle_lock`` would do anything."""
        unit = self.shown
        return unit is not None and (unit in self.locked or len(self.locked) < MOST_LOCKED)

    @Slot()
    def toggle_lock(self) -> None:
        """Lock the unit that is shown, so that it stays marked; or unlock it."""
        unit = self.shown
        if unit is not None and self.can_lock:
            locked = self.locked
            self._lock(tuple(one for one in locked if one != unit) if unit in locked else (*locked, unit))

    def unlock(self, unit: Unit) -> None:
        """Mark ``unit`` no more."""
        self._lock(tuple(one for one in self.locked if one != unit))

    @Slot()
    def unlock_all(self) -> None:
        """Mark no unit any more but the chosen one."""
        self._lock(())

    def _lock(self, units: tuple[Unit, ...]) -> None:
        self._controller.change(locked=units)

    # what they see

    def sight(self, unit: Unit) -> Sight:
        """Return what ``unit`` sees."""
        fields, locked = self._store.fields, self.locked
        colour, label = theme.current().unit, ""
        if unit in locked:
            colour, label = LOCKED[locked.index(unit)], str(locked.index(unit) + 1)
        if fields is None:
            return Sight(unit, colour, None, self._store.fields_missing, label)
        area, why = _seen(fields, unit.layer, (unit.y, unit.x))
        return Sight(unit, colour, area, str(why) if why else "", label)

    def sights(self) -> tuple[Sight, ...]:
        """Return what the locked units see, and last the one that is shown."""
        locked, shown = self.locked, self.shown
        others = tuple(self.sight(unit) for unit in locked if unit != shown)
        return others if shown is None else (*others, self.sight(shown))

    @property
    def geometry(self) -> Geometry | None:
        """The way from the network's input to the picture; None where nobody knows where its cells came from."""
        result, network = self._result, self._store.network
        if result is None or network is None or network.transformed or not self._fits(result):
            return None
        return result.geometry

    def in_picture(self) -> tuple[Outline, ...]:
        """Return the areas on the picture, in its pixels."""
        return () if (geometry := self.geometry) is None else outlines(self.sights(), geometry)

    def unseen(self) -> Bytes | None:
        """Return what darkens the input where the shown unit does not look although it lies in its box, or None."""
        result, unit = self._result, self.shown
        area = None if unit is None else self.sight(unit).area
        if result is None or area is None or not self._fits(result):
            return None
        return unseen(area, result.geometry.input_hw)

    def in_input(self) -> tuple[Outline, ...]:
        """Return the areas on the network's input, in its cells."""
        result = self._result
        if result is None or not self._fits(result):
            return ()
        hw = result.geometry.input_hw
        return outlines(self.sights(), Geometry(hw, hw, (1.0, 1.0), (0.0, 0.0)))

    # inner

    @property
    def _result(self) -> FrameResult | None:
        return self._store.result_of_network

    def _fits(self, result: FrameResult) -> bool:
        """Whether the result is of the network that the fields are of."""
        fields = self._store.fields
        return fields is not None and fields.graph.input[1:] == result.geometry.input_hw

    @Slot()
    def _follow_recipe(self) -> None:
        place = (self._store.recipe.network, self._store.recipe.layer)
        if place != self._place:
            self._place, self._hovered = place, None
        self._follow()

    @Slot()
    def _follow(self) -> None:
        """Tell of a change, but not of every frame."""
        told = (self.chosen, self.locked, self.geometry, self._store.fields, self._store.fields_failed)
        if told != self._told:
            self._told = told
            self.changed.emit()


def outlines(sights: tuple[Sight, ...], geometry: Geometry) -> tuple[Outline, ...]:
    """Return the marks of ``sights`` on the picture of ``geometry``; none where nothing can be drawn."""
    found: list[Outline] = []
    inside = geometry.crop
    for sight in sights:
        if sight.area is None:
            continue
        box, clipped = sight.area.box, sight.area.clipped
        outline = Outline(placed(geometry, box), inside, sight.colour, label=sight.label)
        if sight.area.main_path is not None:
            found.append(replace(outline, faint=True, label=""))
            outline = replace(outline, box=placed(geometry, sight.area.main_path))
        elif clipped is not None and tuple(map(Fraction, clipped)) != cut_to(box, geometry.input_hw):
            outline = replace(outline, real=geometry.to_picture(clipped))
        found.append(outline)
    return tuple(found)


def placed(geometry: Geometry, box: Exact) -> Box:
    """Return an exact box of input cells as a box in the picture's pixels."""
    y0, x0, y1, x1 = map(float, box)
    return geometry.to_picture((y0, x0, y1, x1))


def real_cells(area: Area, hw: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the cells of an input of ``hw`` that ``area`` depends on, or at most does where they are not exact."""
    if area.parts or area.clipped is None:
        from explorer.receptive.cells import drawn

        return drawn(area.parts, hw)
    y0, x0, y1, x1 = area.clipped
    found = np.zeros(hw, bool)
    found[y0:y1, x0:x1] = True
    return found


def unseen(area: Area, hw: tuple[int, int]) -> Bytes | None:
    """Return what darkens the cells in the box of ``area`` that do not matter, uint8 RGBA (h, w, 4); None: all do."""
    if area.clipped is None or area.filled or not area.parts:
        return None
    y0, x0, y1, x1 = area.clipped
    shade = np.zeros((*hw, 4), np.uint8)
    shade[y0:y1, x0:x1, 3] = np.where(real_cells(area, hw)[y0:y1, x0:x1], 0, _UNSEEN_ALPHA)
    return shade


def cut_to(box: Exact, hw: tuple[int, int]) -> Exact:
    """Return what of a box that reaches into an input of ``hw`` lies in it."""
    (y0, x0, y1, x1), zero = box, Fraction(0)
    return max(y0, zero), max(x0, zero), min(y1, Fraction(hw[0])), min(x1, Fraction(hw[1]))


def _seen(fields: Fields, layer: str, unit: tuple[int, int]) -> tuple[Area | None, NetworkError | None]:
    """Return the area of a unit, or why there is none.

    A layer without rows and columns that takes the whole input in, as a fully connected one does, is no riddle. What is
    shown of other shapes, such as windows of windows, is laid out for the eye: a cell there is no row and column.
    """
    try:
        area = fields.area(layer, unit)
        if fields.graph[layer].axes.replace("C", "") == "HW":
            return area, None
        words = N_("{layer} is no stack of maps of rows and columns ({shape}): choose another layer.")
        why = NetworkError(words, layer=layer, shape=shape(fields.graph[layer].output))
    except NetworkError as error:
        why = error
    if layer not in fields.graph.by_id:
        return None, why
    field, (h, w) = fields[layer], _hw(fields)
    if field.certainty == "whole input" and field.path is not None and len(field.path.size) == 2:
        (y0, x0), (height, width) = field.path.start, field.path.size
        box = (y0, x0, y0 + height, x0 + width)
        from explorer.receptive.values import Area

        return Area(box, (0, 0, h, w), (), "whole input", "", exact=False), None
    return None, why


def _hw(fields: Fields) -> tuple[int, int]:
    h, w = fields.graph.input[-2:]
    return h, w
