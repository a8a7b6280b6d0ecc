"""Brings the places to what a scene shows: the same panels as ever, with a recipe, a page, an example, a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from PySide6.QtCore import QObject, Slot

from explorer.lesson.places import EXAMPLE
from explorer.lesson.values import Show
from explorer.zoo import own, registry, weights
from ui.controller import Controller
from ui.places.arithmetic import ArithmeticPlace
from ui.places.explore import Explore
from ui.places.filter import FilterPlace
from ui.places.networks import Networks
from ui.places.tasks import Tasks
from ui.store import Store


class Staging(QObject):
    """Shows what a scene wants.

    Args:
        place: shows the place of a name and returns it; the keyboard stays where it is.
    """

    def __init__(
        self,
        store: Store,
        controller: Controller,
        place: Callable[[str], QObject],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._controller, self._place = store, controller, place
        self._choice: tuple[Networks, str] | None = None
        store.catalogue_changed.connect(self._choose_network)
        self._pixel: tuple[Explore, tuple[int, ...]] | None = None
        store.frame_changed.connect(self._hold_pixel)

    @Slot(object)
    def show(self, wanted: Show) -> None:
        """Show ``wanted``; what it does not name stays."""
        self._choice = self._pixel = None
        place = self._place(wanted.place)
        if isinstance(place, FilterPlace):
            place.show_page(wanted.page or "result")  # may put a filter of its own in
        if wanted.set:
            self._controller.change(**self._changes(wanted))
        if isinstance(place, Explore):
            place.show_page(wanted.page or "predictions")
            if wanted.at is not None:
                self._pixel = place, wanted.at
                self._hold_pixel()
        elif isinstance(place, FilterPlace) and wanted.at is not None:
            place.steps.jump_to(*wanted.at)
        elif isinstance(place, ArithmeticPlace):
            self._work(place, wanted)
        elif isinstance(place, Networks):
            self._look_up(place, wanted)
        elif isinstance(place, Tasks):
            place.show_task(wanted.page or "classify", lecture=wanted.preset == EXAMPLE)

    def _changes(self, wanted: Show) -> dict[str, Any]:
        """Return the recipe's fields; a network without weights here runs, and says so, with random ones."""
        recipe = wanted.onto(self._store.recipe)
        changes = {one.name: getattr(recipe, one.name) for one in fields(recipe)}
        if "weights" not in wanted.set and not own.is_own(recipe.network):
            changes["weights"] = weights.best_here(registry.card(recipe.network))
        return changes

    def _work(self, place: ArithmeticPlace, wanted: Show) -> None:
        if wanted.preset:
            place.open(wanted.preset)
        if wanted.at is not None:
            k, y, x = wanted.at
            place.work.go_to((k, y, x))

    def _look_up(self, place: Networks, wanted: Show) -> None:
        place.show_page(wanted.page or "card")
        if wanted.page == "stacks" and wanted.preset:
            place.show_stacks(*wanted.preset.split())
        elif wanted.page == "compare" and wanted.preset:
            place.compare.compare_with(wanted.preset)
        self._choice = place, self._store.recipe.network
        self._choose_network()

    @Slot()
    def _choose_network(self) -> None:
        """Choose the scene's network in the list, as soon as there is one."""
        if self._choice is not None and self._store.catalogue is not None:
            place, network = self._choice
            self._choice = None
            place.choose(network)

    @Slot()
    def _hold_pixel(self) -> None:
        """Hold the scene's pixel, as soon as its picture is there."""
        if self._pixel is not None and self._store.frame_source == self._store.recipe.source:
            place, (y, x) = self._pixel
            self._pixel = None
            place.pixels.hold((y, x))
