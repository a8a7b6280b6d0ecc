"""A box in which a network is chosen by typing a part of its name."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCompleter, QWidget

from explorer.text import _
from ui.widgets.chooser import Chooser
from ui.widgets.network_list import Entry, state_text, title_of


class NetworkBox(Chooser):
    """Lists networks with where their weights are.

    Signals:
        wanted: the name of the network that the person chose.
    """

    wanted = Signal(str)

    def __init__(self, letters: int, parent: QWidget | None = None) -> None:
        super().__init__(letters, parent)
        self._entries: tuple[tuple[Entry, ...], tuple[str, ...]] = (), ()
        self.setEditable(True)
        self.setInsertPolicy(Chooser.InsertPolicy.NoInsert)
        completer = QCompleter(self.model(), self)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setCompleter(completer)
        self.activated.connect(self._want)
        if line := self.lineEdit():
            line.editingFinished.connect(self._restore)

    def show_entries(self, entries: Sequence[Entry], names: Sequence[str] = ()) -> None:
        """List these networks, and those of which only the name is known; the chosen one stays."""
        if (wanted := (tuple(entries), tuple(names))) != self._entries:
            self._entries = wanted
            self._fill()

    def choose(self, name: str) -> None:
        """Show that the network called ``name`` is chosen, which is listed from now on; "" for none."""
        if name and self.findData(name) < 0:
            self.addItem(title_of(name), name)
        self.setCurrentIndex(self.findData(name) if name else -1)
        self._restore()

    def retranslate(self, name: str) -> None:
        """Set every text anew in the current language; ``name`` says what the chosen network is for."""
        self.setAccessibleName(name)
        if line := self.lineEdit():
            line.setPlaceholderText(_("Type a name or choose …"))
            line.setAccessibleName(name)
        self._fill()

    def _fill(self) -> None:
        chosen, (entries, names) = self.currentData(), self._entries
        self.clear()
        for entry in entries:
            self.addItem(" · ".join(filter(None, (entry.card.title, state_text(entry)))), entry.card.name)
        for name in names:
            self.addItem(title_of(name), name)
        self.choose(chosen or "")

    @Slot()
    def _restore(self) -> None:
        """Show the chosen network, whatever was typed: its beginning where there is no room, which tells it apart."""
        self.setEditText(self.itemText(self.currentIndex()))
        if line := self.lineEdit():
            line.setCursorPosition(0)

    @Slot(int)
    def _want(self, row: int) -> None:
        self._restore()
        if name := self.itemData(row):
            self.wanted.emit(name)
