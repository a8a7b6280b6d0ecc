"""Every network there is, in groups that fold: the course's, a person's own, torchvision's and timm's by family."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView, QWidget

from explorer.text import N_, _
from explorer.zoo.card import LISTED, Card, WeightState
from explorer.zoo.own import IN_MEMORY, is_own
from ui import theme
from ui.widgets import marks
from ui.widgets.numbers import amount

Index = QModelIndex | QPersistentModelIndex
ENTRY = Qt.ItemDataRole.UserRole
_WORDS = Qt.ItemDataRole.UserRole + 1
STATES = {
    WeightState.EMBEDDED: N_("embedded"),
    WeightState.CACHED: N_("cached"),
    WeightState.DOWNLOADABLE: N_("downloadable"),
    WeightState.NONE: N_("untrained"),
}
GROUPS = {
    "course": N_("The course"),
    "more": N_("Beyond the course"),
    "own": N_("Own networks"),
    "torchvision": N_("torchvision"),
    "timm": N_("timm"),
}
TASKS = {
    "classify": N_("classification"),
    "detect": N_("detection"),
    "segment": N_("segmentation"),
    "none": N_("without a task"),
}
_PAD = 6
_TRIANGLE = 8


@dataclass(frozen=True)
class Entry:
    """A network in the list: its facts, and where its weights are; None for a file that is not looked into."""

    card: Card
    state: WeightState | None


def title_of(name: str) -> str:
    """Return what to call the network ``name`` of which no card is at hand: an own one by its file."""
    if name.startswith(IN_MEMORY):
        return name.removeprefix(IN_MEMORY)
    return Path(name).stem if is_own(name) else name


def state_text(entry: Entry) -> str:
    """Return where a network's weights are, in a word."""
    if entry.state is not None:
        return _(STATES[entry.state])
    return _("own file") if entry.card.group == "own" else ""


class NetworkList(QTreeView):
    """The list; what is searched for is shown unfolded.

    Signals:
        chosen: the name of the network in the current row.
        opened: the network of the row on which Enter or a double click fell.
        dropped: the own network on whose row Delete fell.
    """

    chosen = Signal(str)
    opened = Signal(str)
    dropped = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[Entry, ...] = ()
        self._loaded = ""
        self._message = ""
        self._items: dict[str, QStandardItem] = {}
        self._folded: dict[str, bool] = {}
        self._model, self._passing = QStandardItemModel(self), _Passing(self)
        self._passing.setSourceModel(self._model)
        self.setModel(self._passing)
        self.setItemDelegate(_Rows(self))
        self.setObjectName("rows")  # the delegate paints also what is selected
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(10)
        self.setUniformRowHeights(False)
        self.setMouseTracking(True)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.selectionModel().currentChanged.connect(self._choose)
        self.doubleClicked.connect(self._open)
        self.clicked.connect(self._fold)
        self.expanded.connect(self._remember_open)
        self.collapsed.connect(self._remember_folded)

    @property
    def entries(self) -> Sequence[Entry]:
        """What is listed, whatever is searched for."""
        return self._entries

    @property
    def loaded(self) -> str:
        """The name of the network that is loaded; its row is marked."""
        return self._loaded

    def show_entries(self, entries: Iterable[Entry]) -> None:
        """List these networks."""
        entries = tuple(entries)
        if entries == self._entries:
            return
        kept, self._entries = self.current(), entries
        blocked = self.selectionModel().blockSignals(True)
        self._fill()
        self.selectionModel().blockSignals(blocked)
        if kept:
            self.choose(kept)

    def show_loaded(self, name: str) -> None:
        """Mark the network that is loaded."""
        self._loaded = name
        self.viewport().update()

    def retranslate(self) -> None:
        """Name the groups anew in the current language."""
        kept = self.current()
        blocked = self.selectionModel().blockSignals(True)
        self._fill()
        self.selectionModel().blockSignals(blocked)
        self.choose(kept)

    def search(self, text: str) -> None:
        """List only the networks in whose title, name, family or year every word is.

        Those where each begins a word come first.
        """
        self._passing.set_words(text.lower().split())
        self._unfold()

    def current(self) -> str:
        """Return the name of the chosen network, or ""."""
        entry = self.currentIndex().data(ENTRY)
        return entry.card.name if isinstance(entry, Entry) else ""

    def choose(self, name: str) -> None:
        """Make the row of ``name`` the current one, and unfold what hides it; nothing happens if it is not listed."""
        item = self._items.get(name)
        index = self._passing.mapFromSource(item.index()) if item is not None else QModelIndex()
        if index.isValid() and index != self.currentIndex():
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def choose_first(self) -> None:
        """Choose the first network that is listed."""
        index = self._passing.index(0, 0)
        while index.isValid() and self._passing.rowCount(index):
            index = self._passing.index(0, 0, index)
        if index.isValid():
            self.setCurrentIndex(index)

    def names(self) -> list[str]:
        """Return the names of the networks that pass, in the order of the list."""
        found: list[str] = []

        def walk(parent: QModelIndex) -> None:
            for row in range(self._passing.rowCount(parent)):
                index = self._passing.index(row, 0, parent)
                entry = index.data(ENTRY)
                if isinstance(entry, Entry):
                    found.append(entry.card.name)
                walk(index)

        walk(QModelIndex())
        return found

    def set_message(self, text: str) -> None:
        """Show ``text`` in place of rows."""
        if text != self._message:
            self._message = text
            self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open a network, or fold a group, with Enter; with Delete an own network leaves the list."""
        entry = self.currentIndex().data(ENTRY)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._fold(self.currentIndex())
            self._open(self.currentIndex())
        elif event.key() == Qt.Key.Key_Delete and isinstance(entry, Entry) and entry.card.group == "own":
            self.dropped.emit(entry.card.name)
        else:
            super().keyPressEvent(event)

    def drawBranches(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """Paint nothing: a group's row has its own triangle."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows, or the message."""
        super().paintEvent(event)
        if self._message:
            painter = QPainter(self.viewport())
            marks.message(painter, self.viewport().rect().toRectF(), self._message, theme.current().dim)

    # inner

    def _fill(self) -> None:
        self._model.clear()
        self._items.clear()
        groups: dict[tuple[str, ...], QStandardItem] = {}
        for entry in sorted(self._entries, key=lambda one: list(GROUPS).index(one.card.group)):
            parent = self._model.invisibleRootItem()
            path = _path(entry.card)
            for depth in range(len(path)):
                key = path[: depth + 1]
                if key not in groups:
                    groups[key] = _group(key)
                    parent.appendRow(groups[key])
                parent = groups[key]
            item = QStandardItem(entry.card.title)
            item.setData(entry, ENTRY)
            item.setData(_words(entry.card), _WORDS)
            item.setData(_spoken(entry), Qt.ItemDataRole.AccessibleTextRole)
            item.setToolTip(_about(entry))
            parent.appendRow(item)
            self._items[entry.card.name] = item
        self._passing.rank()
        self._unfold()

    def _unfold(self) -> None:
        """Unfold what is searched for; else what the person left unfolded, at first the groups without families."""
        searching = bool(self._passing.words)

        def walk(parent: QModelIndex) -> None:
            for row in range(self._passing.rowCount(parent)):
                index = self._passing.index(row, 0, parent)
                if self._passing.rowCount(index):
                    first = _key(index) in (*LISTED, "own")
                    open_ = searching or not self._folded.get(_key(index), not first)
                    blocked = self.blockSignals(True)  # what the search unfolds is not what the person unfolds
                    self.setExpanded(index, open_)
                    self.blockSignals(blocked)
                    walk(index)

        walk(QModelIndex())

    @Slot(QModelIndex)
    def _remember_open(self, index: QModelIndex) -> None:
        self._folded[_key(index)] = False

    @Slot(QModelIndex)
    def _remember_folded(self, index: QModelIndex) -> None:
        self._folded[_key(index)] = True

    @Slot(QModelIndex)
    def _fold(self, index: QModelIndex) -> None:
        if not isinstance(index.data(ENTRY), Entry):
            self.setExpanded(index, not self.isExpanded(index))

    @Slot(QModelIndex, QModelIndex)
    def _choose(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if isinstance(entry := current.data(ENTRY), Entry):
            self.chosen.emit(entry.card.name)

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        if isinstance(entry := index.data(ENTRY), Entry):
            self.opened.emit(entry.card.name)


class _Passing(QSortFilterProxyModel):
    """The networks that are searched for, with the groups that they are in."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words: list[str] = []
        self._ranks: dict[str, int] = {}
        self.setRecursiveFilteringEnabled(True)

    def set_words(self, words: list[str]) -> None:
        """List what has all of ``words``."""
        if words != self.words:
            self.words = words
            self.rank()
            self.invalidate()  # the filter alone would put back in another order what it had taken away

    def rank(self) -> None:
        """Judge anew how well each network is hit; a group is as its best one."""
        self._ranks = {}
        starts = [f" {_spaced(word)}" for word in self.words]

        def best(parent: QModelIndex) -> int:
            model, found = self.sourceModel(), 2
            for row in range(model.rowCount(parent)):
                index = model.index(row, 0, parent)
                words, entry = index.data(_WORDS), index.data(ENTRY)
                if isinstance(words, str):
                    inside = all(word in words for word in self.words)
                    hit = 2 - inside * (1 + all(start in f" {_spaced(words)}" for start in starts))
                else:
                    hit = best(index)
                self._ranks[entry.card.name if isinstance(entry, Entry) else str(entry)] = hit
                found = min(found, hit)
            return found

        if self.words:
            best(QModelIndex())
        self.sort(0 if self.words else -1)

    def lessThan(self, left: Index, right: Index) -> bool:
        """Return whether one row comes before another: the better hit, and of equals as they are listed."""
        return self._place(left) < self._place(right)

    def _place(self, index: Index) -> tuple[int, int]:
        entry = index.data(ENTRY)
        return self._ranks.get(entry.card.name if isinstance(entry, Entry) else str(entry), 2), index.row()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Return whether a row itself passes; its groups follow."""
        found = self.sourceModel().index(row, 0, parent).data(_WORDS)
        return isinstance(found, str) and all(word in found for word in self.words)


class _Rows(QStyledItemDelegate):
    """Paints a group as a heading with a triangle, and a network in two lines."""

    def __init__(self, view: NetworkList) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the height of a row; the width is the list's."""
        entry = index.data(ENTRY)
        return QSize(80, theme.px(42 if isinstance(entry, Entry) and _details(entry) else 28))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one row."""
        entry, rect = index.data(ENTRY), QRect(option.rect)
        painter.save()
        self._paint_ground(painter, option)
        if isinstance(entry, Entry):
            self._paint_network(painter, rect, entry, bool(option.state & QStyle.StateFlag.State_Selected))
        else:
            self._paint_group(painter, rect, str(index.data()), self._view.isExpanded(index), index)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        colours = theme.current()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            focused = selected and option.state & QStyle.StateFlag.State_HasFocus
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(colours.accent), 2) if focused else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.selected if selected else colours.raised))
            painter.drawRoundedRect(QRectF(option.rect).adjusted(1, 1, -1, -1), 6, 6)

    def _paint_group(self, painter: QPainter, rect: QRect, title: str, open_: bool, index: Index) -> None:
        colours, side = theme.current(), _TRIANGLE
        centre = QPointF(rect.left() + _PAD + side / 2, rect.center().y() + 0.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.dim))
        painter.drawPolygon(triangle(centre, side, open_))
        font = QFont(painter.font())
        font.setPixelSize(theme.px(12))
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        metrics = QFontMetrics(font)
        count = str(_count(index))
        width = metrics.horizontalAdvance(count)
        area = QRect(rect.left() + _PAD + side + 6, rect.top(), 0, rect.height())
        area.setRight(rect.right() - _PAD)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(colours.dim))
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignRight, count)
        painter.setPen(QColor(colours.text))
        area.setRight(area.right() - width - 8)
        painter.drawText(area, middle, metrics.elidedText(title, Qt.TextElideMode.ElideRight, area.width()))

    def _paint_network(self, painter: QPainter, rect: QRect, entry: Entry, selected: bool) -> None:
        colours, middle = theme.current(), Qt.AlignmentFlag.AlignVCenter
        area = rect.adjusted(_PAD + 4, 3, -_PAD, -3)
        top, bottom = QRect(area), QRect(area)
        if _details(entry):
            top.setHeight(area.height() // 2)
        bottom.setTop(top.bottom() + 1)
        if entry.card.name == self._view.loaded:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(QRectF(rect.left() + 3, area.top() + 2, 3, area.height() - 4), 1.5, 1.5)
        small = QFont(painter.font())
        small.setPixelSize(theme.px(11))
        metrics = QFontMetrics(small)
        right = Qt.TextElideMode.ElideRight
        painter.setPen(QColor(colours.text))
        painter.drawText(top, middle, painter.fontMetrics().elidedText(entry.card.title, right, top.width()))
        painter.setFont(small)
        state = state_text(entry)
        tint = {
            WeightState.EMBEDDED: colours.good,
            WeightState.CACHED: colours.good,
            WeightState.NONE: colours.warning,
        }
        dim = theme.mix(colours.dim, colours.text, 0.35) if selected else colours.dim
        painter.setPen(QColor(tint.get(entry.state, dim) if entry.state else dim))
        painter.drawText(bottom, middle | Qt.AlignmentFlag.AlignRight, state)
        bottom.setRight(bottom.right() - metrics.horizontalAdvance(state) - 8)
        painter.setPen(QColor(dim))
        painter.drawText(bottom, middle, metrics.elidedText(_second(entry.card), right, bottom.width()))


def triangle(centre: QPointF, side: float, open_: bool) -> QPolygonF:
    """Return the mark of what folds: it points down where it is open, else to the right."""
    far, near = side / 2, side / 4
    points = ((-far, -near), (far, -near), (0.0, near)) if open_ else ((-near, -far), (near, 0.0), (-near, far))
    return QPolygonF([centre + QPointF(x, y) for x, y in points])


def _path(card: Card) -> tuple[str, ...]:
    """Return the groups that a network is in, the outermost first."""
    if card.group == "torchvision":
        return f"{card.group} {card.task}", card.family
    return (card.group, card.family) if card.group == "timm" else (card.group,)


def _group(key: tuple[str, ...]) -> QStandardItem:
    group, _space, task = key[0].partition(" ")
    title = " · ".join((_(GROUPS[group]), *([_(TASKS[task])] if task else ()))) if len(key) == 1 else key[-1]
    item = QStandardItem(title)
    item.setData("/".join(key), ENTRY)
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
    return item


def _key(index: Index) -> str:
    key = index.data(ENTRY)
    return key if isinstance(key, str) else ""


def _count(index: Index) -> int:
    """Return how many networks of a group pass."""
    model = index.model()
    found = 0
    for row in range(model.rowCount(index)):
        child = model.index(row, 0, index)
        found += 1 if isinstance(child.data(ENTRY), Entry) else _count(child)
    return found


def _words(card: Card) -> str:
    return f"{card.title} {card.name} {card.family} {card.year or ''} {card.task}".lower()


def _spaced(text: str) -> str:
    """Return ``text`` with spaces for whatever is no letter and no digit."""
    return re.sub(r"[\W_]+", " ", text)


def _second(card: Card) -> str:
    """Return year and size, as far as they are known."""
    size = _("{count} parameters").format(count=amount(card.parameters)) if card.parameters else ""
    return " · ".join(filter(None, (str(card.year) if card.year else "", size)))


def _details(entry: Entry) -> tuple[str, ...]:
    """Return what stands in a network's second line; of one that only has a name, nothing."""
    return tuple(filter(None, (_second(entry.card), state_text(entry))))


def _spoken(entry: Entry) -> str:
    return ", ".join((entry.card.title, *_details(entry)))


def _about(entry: Entry) -> str:
    hint = _("Delete takes it out of this list; its file stays.") if entry.card.group == "own" else ""
    return "\n".join(filter(None, (entry.card.title, entry.card.paper or entry.card.name, hint)))
