"""The places of the window: all but the first are made when they are first wanted, for the first paint would wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from ui.actions import Actions
from ui.controller import Controller
from ui.places.explore import Explore
from ui.store import Store

if TYPE_CHECKING:
    from ui.places.arithmetic import ArithmeticPlace
    from ui.places.filter import FilterPlace
    from ui.places.networks import Networks
    from ui.places.tasks import Tasks

    Place = Explore | Networks | FilterPlace | ArithmeticPlace | Tasks


class Places(QStackedWidget):
    """Shows one place at a time, by its name in ``settings.PLACES``.

    Attributes:
        explore: the first place.
        networks, filter, arithmetic, tasks: None as long as nobody wanted them.

    Signals:
        explore_wanted: the person wants to see what Explore shows.
        weights_wanted: the name of a network whose weights the person wants to get.
        came: a place was made just now.
    """

    explore_wanted, weights_wanted, came = Signal(), Signal(str), Signal(QWidget)

    def __init__(self, explore: Explore, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller, self.explore = store, controller, explore
        self.networks: Networks | None = None
        self.filter: FilterPlace | None = None
        self.arithmetic: ArithmeticPlace | None = None
        self.tasks: Tasks | None = None
        self._spares = False
        self.addWidget(explore)

    @property
    def shown(self) -> Place:
        """The place that shows."""
        seen = self.currentWidget()
        others = (place for place in (self.networks, self.filter, self.arithmetic, self.tasks) if place is not None)
        return next((place for place in others if place is seen), self.explore)

    def spare_room(self, spares: bool) -> None:
        """Hide the lists from which examples, filters and networks are chosen, or show them again."""
        self._spares = spares
        for chooser in self._choosers():
            chooser.setHidden(spares)

    def _choosers(self) -> list[QWidget]:
        found = [self.networks.side if self.networks else None, self.filter.bank if self.filter else None]
        found.append(self.arithmetic.presets if self.arithmetic else None)
        return [chooser for chooser in found if chooser is not None]

    def show_place(self, name: str, commands: Actions) -> Place:
        """Show the place called ``name`` and return it; its commands are the window's."""
        place = self._made(name, commands)
        self.setCurrentWidget(place)
        self._controller.use_history(self.arithmetic.work if self.arithmetic and place is self.arithmetic else None)
        return place

    def _made(self, name: str, commands: Actions) -> Place:
        if name == "networks":
            if self.networks is None:
                from ui.places.networks import Networks

                self.networks = Networks(self._store, self._controller, commands, self)
                self.networks.explore_wanted.connect(self.explore_wanted)
                self._take_in(self.networks)
            return self.networks
        if name == "filter":
            if self.filter is None:
                from ui.places.filter import FilterPlace

                self.filter = FilterPlace(self._store, self._controller, self)
                self.filter.explore_wanted.connect(self.explore_wanted)
                self._take_in(self.filter)
            return self.filter
        if name == "arithmetic":
            if self.arithmetic is None:
                from ui.places.arithmetic import ArithmeticPlace

                self.arithmetic = ArithmeticPlace(self._store, self)
                self.arithmetic.work.subject_changed.connect(self._controller.history_changed)
                self._take_in(self.arithmetic)
            return self.arithmetic
        if name == "tasks":
            if self.tasks is None:
                from ui.places.tasks import Tasks

                self.tasks = Tasks(self._store, self._controller, commands, self)
                self.tasks.weights_wanted.connect(self.weights_wanted)
                self._take_in(self.tasks)
            return self.tasks
        return self.explore

    def _take_in(self, place: QWidget) -> None:
        self.addWidget(place)
        self.spare_room(self._spares)
        self.came.emit(place)
