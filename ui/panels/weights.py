"""The weights of one network: where each set is, and what brings it here, uses it or removes it."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QColor, QFont, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from explorer.engine.events import DownloadChanged, Problem
from explorer.errors import OfflineError
from explorer.text import N_, _
from explorer.zoo.card import Card, Stock, Weights, WeightState
from explorer.zoo.own import is_own
from explorer.zoo.weights import HERE, NO_WEIGHTS, megabytes
from ui import theme
from ui.controller import Controller
from ui.store import Store
from ui.widgets.numbers import percent
from ui.widgets.panel import Panel

_MOST_ROWS = 6
_SIZE, _RIGHT = 2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
"""The column of numbers, and how they and its heading stand."""
_MARGIN = 5
"""Of the table: its border and its padding, px."""
STATES = {
    WeightState.EMBEDDED: N_("embedded"),
    WeightState.CACHED: N_("cached"),
    WeightState.DOWNLOADABLE: N_("downloadable"),
    WeightState.NONE: N_("missing"),
}


class _Set(NamedTuple):
    """One row: what the card says, what is here, and how its download goes."""

    weights: Weights
    stock: Stock
    download: DownloadChanged | None

    @property
    def comes(self) -> bool:
        """Whether it is on its way."""
        return self.download is not None and self.download.state in ("waiting", "running")

    @property
    def here(self) -> bool:
        """Whether it can be used."""
        return self.stock.state in HERE or (self.download is not None and self.download.state == "done")

    @property
    def kept(self) -> int:
        """Bytes of an unfinished download."""
        if self.here:
            return 0
        ended = self.download is not None and self.download.state in ("stopped", "failed")
        return self.download.done if self.download is not None and ended else self.stock.part


class WeightsPanel(Panel):
    """A table of a network's sets of weights, with what can be done with the chosen one below it."""

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._name = ""
        self._sure = False
        self._stopping: set[tuple[str, str]] = set()
        self._rows: dict[str, QTreeWidgetItem] = {}
        self._told: dict[tuple[str, str], DownloadChanged] = {}
        self.table = QTreeWidget(self)
        self.table.setObjectName("roomy")
        self.table.setColumnCount(6)
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setAllColumnsShowFocus(True)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = self.table.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(4, QHeaderView.ResizeMode.Stretch)  # what is cut off is in the tool tip
        header.setSectionResizeMode(5, QHeaderView.ResizeMode.Interactive)
        header.setSectionsMovable(False)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.note = QLabel(self)
        self.note.setObjectName("dim")
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.get, self.use, self.import_, self.delete = (QPushButton(self) for _button in range(4))
        for button, icon in ((self.get, "download"), (self.import_, "folder"), (self.delete, "delete")):
            theme.set_icon(button, icon)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.get)
        row.addWidget(self.use)
        row.addStretch(1)
        row.addWidget(self.import_)
        row.addWidget(self.delete)
        self.body.addWidget(self.table)
        self.body.addWidget(self.bar)
        self.body.addWidget(self.note)
        self.body.addLayout(row)
        self.body.addStretch(1)
        self.table.currentItemChanged.connect(self._choose)
        self.table.itemActivated.connect(self._activate)
        self.get.clicked.connect(self._get)
        self.use.clicked.connect(self._use)
        self.import_.clicked.connect(self._import)
        self.delete.clicked.connect(self._delete)
        for signal in (store.catalogue_changed, store.network_changed, store.recipe_changed):
            signal.connect(self._refresh)
        store.downloads_changed.connect(self._take_downloads)
        self.retranslate()

    def show_network(self, name: str) -> None:
        """Show the weights of the network called ``name``; "" says what to do instead."""
        if name != self._name:
            self._name, self._sure = name, False
            self._rows = {}
            self._refresh()

    def take_focus(self) -> None:
        """Take the keyboard: the button that does the next thing, or the table."""
        next_one = next((one for one in (self.get, self.use) if one.isVisibleTo(self) and one.isEnabled()), self.table)
        next_one.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def network(self) -> str:
        """The name of the network that is shown."""
        return self._name

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.table.setHeaderLabels([_("Weights"), _("State"), _("Size"), _("Trained on"), _("Accuracy"), _("Licence")])
        self.table.headerItem().setTextAlignment(_SIZE, _RIGHT)
        self.table.setAccessibleName(_("Weights of the network"))
        self.bar.setAccessibleName(_("Progress"))
        self.import_.setText(_("Import…"))
        self.import_.setToolTip(_("Copy a file of weights that you have into the cache; its hash tells which it is"))
        self._refresh()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        """Follow also a change of the text's size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "note"):
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the licence the room that there is."""
        super().resizeEvent(event)
        self._fit()

    # what is shown

    def _card(self) -> Card | None:
        cards = self._store.catalogue.cards if self._store.catalogue else ()
        return next((card for card, _state in cards if card.name == self._name), None)

    def _sets(self) -> list[_Set]:
        card, catalogue = self._card(), self._store.catalogue
        if card is None or catalogue is None:
            return []
        absent = Stock(WeightState.NONE, 0)
        return [
            _Set(
                one,
                catalogue.stock.get((card.name, one.name), absent),
                self._store.downloads.get((card.name, one.name)),
            )
            for one in card.weights
        ]

    def _chosen(self) -> _Set | None:
        item = self.table.currentItem()
        return next((one for one in self._sets() if self._rows.get(one.weights.name) is item), None)

    @Slot()
    def _refresh(self) -> None:
        card, sets = self._card(), self._sets()
        self.set_title(_("Weights"), card.title if card else "")
        names = [one.weights.name for one in sets]
        if names != list(self._rows):
            self._fill(names)
        for one in sets:
            self._write(self._rows[one.weights.name], one)
        self.table.setVisible(bool(sets))
        self._fit()
        self._show_chosen()

    def _fill(self, names: list[str]) -> None:
        blocked = self.table.blockSignals(True)
        self.table.clear()
        self._rows = {name: QTreeWidgetItem(self.table) for name in names}
        for item in self._rows.values():
            item.setTextAlignment(_SIZE, _RIGHT)
        if names:
            self.table.setCurrentItem(self._rows[names[0]])
        self.table.blockSignals(blocked)

    def _write(self, item: QTreeWidgetItem, one: _Set) -> None:
        weights = one.weights
        words = (
            weights.name,
            self._state(one),
            megabytes(one.stock.bytes) if one.stock.bytes else "–",
            _(weights.trained_on),
            _(weights.accuracy) or "–",
            weights.licence or "–",
        )
        for column, text in enumerate(words):
            if item.text(column) != text:
                item.setText(column, text)
                item.setToolTip(column, text)
        font = self.table.font()
        font.setWeight(QFont.Weight.DemiBold if self._is_used(one) else QFont.Weight.Normal)
        colours = theme.current()
        failed = one.download is not None and one.download.state == "failed"
        tone = colours.good if one.here else colours.warning if failed and not one.comes else colours.text
        for column in (0, 1):
            item.setFont(column, font)
        item.setForeground(1, QColor(tone))

    def _state(self, one: _Set) -> str:
        """Return where a set is, in a few words."""
        down = one.download
        if one.comes and down is not None:
            return _("waiting") if down.state == "waiting" else _("on its way")
        if one.kept:
            return _("offline, begun") if _is_offline(down) else _("begun")
        if _is_offline(down):
            return _("offline")
        state = one.stock.state
        if one.here and state not in HERE:  # the catalogue that says so is on its way
            state = WeightState.CACHED
        where = _(STATES[state])
        if state == WeightState.CACHED and one.stock.state in HERE and not one.stock.removable:
            where = _("shared folder")
        return _("{state}, in use").format(state=where) if self._is_used(one) else where

    def _is_used(self, one: _Set) -> bool:
        network = self._store.network
        wished = self._store.recipe.network == self._name and self._store.recipe.weights != NO_WEIGHTS
        return (
            wished and network is not None and network.card.name == self._name and network.weights == one.weights.name
        )

    def _is_stopping(self, one: _Set | None) -> bool:
        return one is not None and (self._name, one.weights.name) in self._stopping

    def _fit(self) -> None:
        """Make the table as high as its rows."""
        self.table.setColumnWidth(5, min(self.table.sizeHintForColumn(5), self.width() // 4))
        rows = min(self.table.topLevelItemCount(), _MOST_ROWS)
        row = max(self.table.sizeHintForRow(0), 0)
        header, bar = self.table.header(), self.table.horizontalScrollBar()
        header.setMinimumSectionSize(theme.px(72))
        below = bar.sizeHint().height() if header.length() > self.table.viewport().width() else 0
        self.table.setFixedHeight(header.sizeHint().height() + rows * row + below + 2 * _MARGIN)

    @Slot()
    def _choose(self) -> None:
        self._sure = False
        self._show_chosen()

    def _show_chosen(self) -> None:
        """Offer what can be done with the chosen set, and say how it goes."""
        one = self._chosen()
        down = one.download if one else None
        comes = one is not None and one.comes
        self._stopping &= {key for key, each in self._store.downloads.items() if each.state in ("waiting", "running")}
        self.bar.setVisible(comes)
        if comes and down is not None and one is not None:
            total = down.total or (one.stock.bytes if down.done else 0)
            self.bar.setRange(0, 1000 if total else 0)
            self.bar.setValue(round(1000 * min(down.done / total, 1)) if total else 0)
        focused = self.window().focusWidget() is self.get
        self.get.setVisible(one is not None and not one.here and (comes or bool(one.weights.url)))
        if comes:
            self.get.setText(_("Stop"))
        else:
            self.get.setText(_("Go on") if one is not None and one.kept else _("Download"))
        theme.set_icon(self.get, "close" if comes else "download")
        used = one is not None and self._is_used(one)
        self.use.setVisible(one is not None and one.here)
        self.use.setEnabled(not used)
        self.use.setText(_("In use") if used else _("Use"))
        if focused and not self.get.isVisible():
            (self.table if used else self.use).setFocus(Qt.FocusReason.OtherFocusReason)
        self.delete.setVisible(one is not None)
        self.delete.setEnabled(one is not None and not comes and (one.stock.removable or bool(one.kept)))
        self.delete.setText(_("Really delete?") if self._sure else _("Delete"))
        self.delete.setToolTip(_("Remove the file from the cache; weights that are embedded or shared stay"))
        self.import_.setVisible(any(each.weights.url for each in self._sets()))
        failed = down is not None and down.state == "failed"
        self.note.setObjectName("warning" if failed else "dim")
        self.note.style().unpolish(self.note)
        self.note.style().polish(self.note)
        self.note.setText(self._words(one))
        self.note.setVisible(bool(self.note.text()))

    def _words(self, one: _Set | None) -> str:
        """Return how the chosen set is, in a sentence; or why there is none."""
        if one is None:
            return self._why_none()
        down, size = one.download, one.stock.bytes
        if one.comes and down is not None:
            if self._is_stopping(one):
                return _("Stopping …")
            if down.state == "waiting":
                return _("Waits until another download is finished.")
            total = down.total or size
            if not down.total or not down.done:
                return _("Asking the server …")
            return _("{done} of {total} · {share}").format(
                done=megabytes(down.done), total=megabytes(total), share=percent(min(down.done / total, 1))
            )
        if down is not None and down.state == "failed" and down.error is not None:
            return str(down.error)
        if one.kept:
            return _("{done} of {total} are here already: it goes on from there.").format(
                done=megabytes(one.kept), total=megabytes(max(size, one.kept))
            )
        if one.stock.state == WeightState.EMBEDDED:
            return _("These weights come with the program.")
        if one.stock.state == WeightState.CACHED and not one.stock.removable:
            return _("These weights lie in the shared folder of your class, which is only read.")
        if one.here:
            return _("These weights lie in PyTorch's cache, which other programs use too.")
        if one.weights.url:
            return _("Nothing is downloaded unasked. Without weights the network runs with random ones.")
        return _("The file is missing: the package that ships it is not complete.")

    def _why_none(self) -> str:
        if not self._name:
            return _("Choose a network in the list: its weights appear here.")
        if is_own(self._name):
            return _("The weights of an own network are in its own file.")
        if self._store.catalogue is None:
            return _("Looking for weights …")
        if self._card() is None:
            return _("Its weights are taken from where timm keeps them: nothing is downloaded for it here.")
        return _("Nobody has published weights for it: it runs with random ones, and says so wherever it shows.")

    # what the person does

    @Slot()
    def _take_downloads(self) -> None:
        """Show how the downloads go; one that fails where nobody sees it here is told above every place."""
        for key, event in self._store.downloads.items():
            new, self._told[key] = self._told.get(key) is not event, event
            seen = self.isVisible() and key[0] == self._name
            if new and not seen and event.error is not None:
                self._controller.report(Problem("weights", event.error))
        self._refresh()

    @Slot(QTreeWidgetItem)
    def _activate(self, _item: QTreeWidgetItem) -> None:
        """Do the next thing with the set on which Enter or a double click fell."""
        one = self._chosen()
        if one is not None and one.here and not self._is_used(one):
            self._use()

    @Slot()
    def _get(self) -> None:
        one = self._chosen()
        if one is None:
            return
        if one.comes:
            self._stopping.add((self._name, one.weights.name))
            self._show_chosen()
            self._controller.cancel_download(self._name, one.weights.name)
        else:
            self._controller.download(self._name, one.weights.name)

    @Slot()
    def _use(self) -> None:
        if one := self._chosen():
            self._controller.change(network=self._name, weights=one.weights.name)

    @Slot()
    def _import(self) -> None:
        one = self._chosen()
        wanted = one.weights.file if one else ""
        kinds = ";;".join((_("Files of weights ({patterns})").format(patterns="*.pth *.pt"), _("All files (*)")))
        title = _("Import the weights {file}").format(file=wanted)
        path, _kind = QFileDialog.getOpenFileName(self, title, wanted, kinds)
        if path:
            self._controller.import_weights(path, self._name)

    @Slot()
    def _delete(self) -> None:
        """Ask once more in the button itself, then remove the file."""
        one = self._chosen()
        if one is None:
            return
        self._sure = not self._sure
        if self._sure:
            self._show_chosen()
        else:
            self._controller.remove_weights(self._name, one.weights.name)


def _is_offline(event: DownloadChanged | None) -> bool:
    return event is not None and event.state == "failed" and isinstance(event.error, OfflineError)
