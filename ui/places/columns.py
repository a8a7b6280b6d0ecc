"""Shares a window's room out among the panels of Explore: side by side where there is room, behind tabs where not."""

from __future__ import annotations

import math
from collections.abc import Mapping

from PySide6.QtCore import QEvent, Qt, QTimer, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QTabWidget, QWidget

from ui import theme
from ui.widgets.tab_rows import TabRows

_GAP = 8
# From which size on there is room, px at text size 1:
_WIDE = 1000
"""for the channel beside the maps"""
_TALL = 880
"""for the pixels below the channel"""
_ROOMY = 560
"""for the network's input below the predictions"""


class Columns(QSplitter):
    """Picture and answers, layers, maps, detail; the borders can be moved, and then stay where they are.

    Args:
        source, predictions, unit, network_input: the first column, the last two behind one another.
        layers: the second.
        maps, over_time, why: the third, behind one another.
        channel, prove, arithmetic, touch, switch_off, pixels: the last.
    """

    def __init__(
        self,
        source: QWidget,
        predictions: QWidget,
        unit: QWidget,
        network_input: QWidget,
        layers: QWidget,
        maps: QWidget,
        channel: QWidget,
        prove: QWidget,
        arithmetic: QWidget,
        pixels: QWidget,
        over_time: QWidget,
        why: QWidget,
        touch: QWidget,
        switch_off: QWidget,
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._unit, self._network_input, self._channel, self._pixels = unit, network_input, channel, pixels
        self._prove, self._arithmetic, self._touch, self._switch_off = prove, arithmetic, touch, switch_off
        self._answers, self._middle, self._detail = (_Tabs(first) for first in (predictions, maps, channel))
        self._middle.take(over_time)
        self._middle.take(why)
        self._seen = _Tabs(unit)
        self._left, self._right = _Column(source, self._answers, self._seen), _Column(self._detail)
        self._titles: Mapping[QWidget, str] = {}
        self._moved_by_hand = False
        _prepare(self)
        for widget in (self._left, layers, self._middle, self._right):
            self.addWidget(widget)
        for splitter in (self, self._left, self._right):
            splitter.splitterMoved.connect(self._keep)
        self._later = QTimer(self)  # Qt crashes where a panel changes its parent while Qt hands a new font around
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._arrange)
        self._arrange()

    def set_titles(self, titles: Mapping[QWidget, str]) -> None:
        """Call each panel by its title wherever it is behind a tab."""
        self._titles = titles
        for tabs in self._all_tabs:
            tabs.set_titles(titles)

    def bring_forward(self, panel: QWidget) -> None:
        """Let ``panel`` be seen, if it is behind a tab."""
        for tabs in self._all_tabs:
            if (at := tabs.place_of(panel)) >= 0:
                tabs.setCurrentIndex(at)

    def share_tabs(self, one: QWidget, other: QWidget) -> bool:
        """Whether only one of two panels can be seen at a time."""
        return any(tabs.place_of(one) >= 0 and tabs.place_of(other) >= 0 for tabs in self._all_tabs)

    @property
    def _all_tabs(self) -> tuple[_Tabs, ...]:
        return self._answers, self._seen, self._middle, self._detail

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room out anew."""
        super().resizeEvent(event)
        if self.isVisible():
            self._later.start()
        else:
            self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Larger text needs more room."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._later.start()

    @Slot()
    def _keep(self) -> None:
        self._moved_by_hand = True

    @Slot()
    def _arrange(self) -> None:
        wide, height = self.width() >= theme.px(_WIDE), self.height()
        tall, roomy = wide and height >= theme.px(_TALL), height >= theme.px(_ROOMY)
        before = [tabs.currentWidget() for tabs in self._all_tabs]
        changed = [
            _put(self._channel, self._detail if wide else self._middle),
            _put(self._prove, self._detail if wide else self._middle),
            _put(self._arithmetic, self._detail if wide else self._middle),
            _put(self._touch, self._detail if wide else self._middle),
            _put(self._switch_off, self._detail if wide else self._middle),
            _put(self._pixels, self._right if tall else self._detail if wide else self._middle),
            _put(self._unit, self._place_of_unit(wide, tall, roomy)),
            _put(self._network_input, self._seen if roomy else self._answers),
        ]
        for tabs, shown in zip(self._all_tabs, before, strict=True):
            if shown is not None and tabs.indexOf(shown) < 0:  # its neighbour would come forward
                tabs.setCurrentIndex(0)
        if (at := self._seen.indexOf(self._unit)) > 0:
            self._seen.tabBar().moveTab(at, 0)
            self._seen.setCurrentIndex(0)
        self._seen.setVisible(roomy)
        self._right.setVisible(wide)
        if any(changed):
            self.set_titles(self._titles)
        if any(changed) or not self._moved_by_hand:
            self._share(wide)

    def _place_of_unit(self, wide: bool, tall: bool, roomy: bool) -> _Column | _Tabs:
        """Return where there is room for the unit: below the channel, where the pixels are not, else on the left."""
        if wide and not tall:
            return self._right if roomy else self._detail
        return self._seen if roomy else self._answers

    def _share(self, wide: bool) -> None:
        width, height = self.width() - 3 * _GAP, self.height() - 2 * _GAP
        left, layers = _part(width, 0.25, 285, 460), _part(width, 0.18, 205, 320)
        right = _part(width, 0.22, 262, 420) if wide else 0
        self.setSizes([left, layers, max(width - left - layers - right, 0), right])
        seen = _part(height, 0.34, 200, 380) if self._seen.count() > 1 else _part(height, 0.27, 180, 320)
        below = [_part(height, 0.25, 186, 260), seen if self._seen.count() else 0]
        self._left.setSizes([max(height - sum(below), 0), *below])
        unit = self._right.indexOf(self._unit) >= 0
        last = _part(height, 0.35, 236, 330) if unit else _part(height, 0.42, 300, 460)
        self._right.setSizes([height - last, last][: self._right.count()])


class _Column(QSplitter):
    """Panels one above the other."""

    def __init__(self, *panels: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical)
        _prepare(self)
        for panel in panels:
            self.addWidget(panel)

    def take(self, panel: QWidget) -> None:
        """Put ``panel`` at the bottom."""
        self.addWidget(panel)
        panel.show()


class _Tabs(QTabWidget):
    """Panels behind one another; with a single one there are no tabs to see."""

    def __init__(self, first: QWidget) -> None:
        super().__init__()
        self.setTabBar(TabRows(self))
        # The tabs take the focus themselves: as this one's proxy, hidden ones would catch the Tab key.
        self.setFocusProxy(None)  # type: ignore[arg-type]
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setDocumentMode(True)
        self.tabBar().setDrawBase(False)
        self.setTabBarAutoHide(True)
        self.addTab(first, "")

    def take(self, panel: QWidget) -> None:
        """Put ``panel`` behind the last tab."""
        self.addTab(panel, "")

    def place_of(self, panel: QWidget) -> int:
        """Return behind which tab ``panel`` is, by itself or within a page; -1 for none."""
        page: QWidget | None = panel
        while page is not None and self.indexOf(page) < 0:
            page = page.parentWidget()
        return -1 if page is None else self.indexOf(page)

    def set_titles(self, titles: Mapping[QWidget, str]) -> None:
        """Write the panels' titles on the tabs."""
        for index in range(self.count()):
            panel = self.widget(index)
            self.setTabText(index, titles.get(panel, "") if panel else "")
        self.tabBar().setAccessibleName(", ".join(self.tabText(index) for index in range(self.count())))


def _put(panel: QWidget, place: _Column | _Tabs) -> bool:
    """Move ``panel`` to ``place`` and return whether it was elsewhere."""
    if place.indexOf(panel) >= 0:
        return False
    place.take(panel)
    return True


def _prepare(splitter: QSplitter) -> None:
    splitter.setHandleWidth(_GAP)
    splitter.setChildrenCollapsible(False)


def _part(whole: float, share: float, least: float, most: float) -> int:
    """Return ``share`` of ``whole`` px, within limits that grow with the text, but less: the maps need room too."""
    growth = math.sqrt(theme.px(100) / 100)
    return round(min(max(whole * share, least * growth), most * growth))
