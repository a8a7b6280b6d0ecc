"""A page that nobody may ever look at: what is on it is made, and imported, only when it is first wanted."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Generic, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

_W = TypeVar("_W", bound=QWidget)


class Late(QWidget, Generic[_W]):
    """Stands where a widget is to be, and makes it when it is first shown or asked for.

    Args:
        make: makes the widget; its imports belong in here.
        parent: as always.

    Signals:
        came: the widget was made just now.
    """

    came = Signal()

    def __init__(self, make: Callable[[], _W], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make = make
        self._made: _W | None = None
        self._place = QVBoxLayout(self)
        self._place.setContentsMargins(0, 0, 0, 0)

    @property
    def made(self) -> _W | None:
        """The widget, or None as long as nobody wanted it."""
        return self._made

    @property
    def widget(self) -> _W:
        """The widget, made if it is not there yet."""
        if self._made is None:
            self._made = made = self._make()
            self._place.addWidget(made)
            self._enter_focus_chain(made)
            made.show()  # as soon as this is
            self.came.emit()
        return self._made

    def showEvent(self, event: QShowEvent) -> None:
        """Make the widget before it is seen."""
        super().showEvent(event)
        _ = self.widget

    def _enter_focus_chain(self, made: QWidget) -> None:
        """Let the Tab key find it here: Qt puts what comes late behind all else in the window."""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # Qt sorts only what takes the focus
        for before, after in pairwise((self, *_stops(made))):
            QWidget.setTabOrder(before, after)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)


def _stops(made: QWidget) -> list[QWidget]:
    """Return what takes the focus in ``made``, in the order of the Tab key."""
    found, one = [], made.nextInFocusChain()
    while one is not None and one is not made:
        if made.isAncestorOf(one) and one.focusPolicy() != Qt.FocusPolicy.NoFocus:
            found.append(one)
        one = one.nextInFocusChain()
    return found
