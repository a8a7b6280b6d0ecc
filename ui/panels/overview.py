"""The whole network as one picture on the current source: a column a stage, ending in the classes; live too."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QHideEvent, QImage, QPainter, QShowEvent
from PySide6.QtWidgets import QToolButton, QWidget

from explorer.graph.stages import Stage, stages
from explorer.recipe import MOST_COLUMNS
from explorer.text import _, ngettext
from explorer.values import FrameResult
from ui import theme
from ui.controller import Controller
from ui.store import Store
from ui.widgets.numbers import shape
from ui.widgets.overview_view import Column, OverviewView
from ui.widgets.panel import Panel
from ui.widgets.remedies import in_window
from ui.widgets.saving import ask_where, picture

_SETTLE_MS = 80
"""How long the panel must keep its size before other maps are asked for."""
_DIM_AFTER_MS = 200
_FILE_SCALE = 2
"""Pixels of an exported picture for each of the window's."""


class Overview(Panel):
    """Asks for the maps while it can be seen, and only then.

    Signals:
        opened: id of the layer that the person wants to see in Explore.
    """

    opened = Signal(str)

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._stages: tuple[Stage, ...] = ()
        self.view = OverviewView(self)
        self.explore, self.export = QToolButton(self), QToolButton(self)
        for button, icon in ((self.explore, "explore"), (self.export, "export")):
            theme.set_icon(button, icon)
            button.setObjectName("small")
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.header.addWidget(button)
        self.body.addWidget(self.view, 1)
        self._settle, self._later = QTimer(self), QTimer(self)
        for timer, interval, slot in (
            (self._settle, _SETTLE_MS, self._ask),
            (self._later, _DIM_AFTER_MS, self._show_age),
        ):
            timer.setSingleShot(True)
            timer.setInterval(interval)
            timer.timeout.connect(slot)
        self.view.installEventFilter(self)
        self.view.chosen.connect(self._choose)
        self.explore.clicked.connect(self._open)
        self.export.clicked.connect(self._save)
        store.network_changed.connect(self._take_network)
        store.recipe_changed.connect(self._take_recipe)
        for signal in (store.result_changed, store.progress_changed, store.problems_changed):
            signal.connect(self._show)
        store.age_changed.connect(self._later.start)
        self.retranslate()
        self._take_network()
        self._settle.start()  # a session may have ended in it

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.view.setAccessibleName(_("Overview of the network"))
        for button, text in (
            (self.explore, _("Show the layer in Explore")),
            (self.export, _("Export the overview as a picture")),
        ):
            button.setAccessibleName(text)
            button.setToolTip(text)
        self._show()

    def restyle(self) -> None:
        """Take the colours and the text size of the current theme."""
        self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask for more or fewer maps when there is other room for them."""
        if event.type() == QEvent.Type.Resize:
            self._settle.start()
        return super().eventFilter(watched, event)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for the maps, now that they can be seen."""
        super().showEvent(event)
        self._show()
        self._ask()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask for none any more."""
        super().hideEvent(event)
        self._ask()

    def part_that_ages(self) -> QWidget:
        """Return the picture."""
        return self.view

    # from the store

    @Slot()
    def _take_network(self) -> None:
        network, before = self._store.network, self._stages
        self._stages = () if network is None else stages(network.graph)
        if self._stages != before:  # a live network may have taken another path through its layers
            self._settle.start()
        self._show()

    @Slot()
    def _take_recipe(self) -> None:
        """Mark the choice; a step that was taken back may have been of a time when other maps were wanted."""
        recipe = self._store.recipe
        layer = recipe.layer or _first(self._store.result)
        self.view.set_choice(layer, recipe.channel)
        if recipe.columns != self._wanted:
            self._settle.start()
        self._show_message()

    @property
    def _wanted(self) -> int:
        """How many maps of each stage are wanted now."""
        if not self.isVisible():
            return 0
        return min(max(self.view.fitting(max(len(self._stages), 3)), 1), MOST_COLUMNS)

    @Slot()
    def _ask(self) -> None:
        self._settle.stop()
        self._controller.adjust(columns=self._wanted)

    @Slot()
    def _show_age(self) -> None:
        self.set_old(self._store.result_is_old and bool(self.view.columns))

    # what is shown

    @Slot()
    def _show(self) -> None:
        if not self.isVisible():
            return
        store, result = self._store, self._result()
        trained = result is None or result.trained
        self.set_badge("" if trained else _("untrained: random weights"), "warning")
        detail = ""
        if store.network is not None:
            count = len(self._stages)
            columns = ngettext("{count} column", "{count} columns", count).format(count=count)
            detail = f"{store.network.card.title} · {columns}"
        self.set_title(_("Overview"), detail)
        self.export.setEnabled(result is not None)
        self.explore.setEnabled(store.network is not None)
        if result is not None:
            self.view.show_columns(self._columns(result), store.recipe.view.colours)
        self._show_message()
        if not self._later.isActive():
            self._show_age()

    def _show_message(self) -> None:
        self._controller_choice()
        self.view.set_message("" if self._result() is not None else self._message())

    def _controller_choice(self) -> None:
        recipe, result = self._store.recipe, self._result()
        if result is not None:
            self.view.set_choice(recipe.layer or _first(result), recipe.channel)

    def _result(self) -> FrameResult | None:
        """Return the newest result that has an overview of the loaded network, or None."""
        result, network = self._store.result_of_network, self._store.network
        if result is None or network is None or network.card.name != result.recipe.network:
            return None
        return result if result.recipe.columns else None

    def _columns(self, result: FrameResult) -> list[Column]:
        columns = [self._column(stage, result) for stage in self._stages]
        first = self._stages[0].layer
        columns[0] = Column(first.id, first.id, shape(first.output), picture=result.prepared)
        return columns

    def _column(self, stage: Stage, result: FrameResult) -> Column:
        layer, last = stage.layer, stage is self._stages[-1]
        maps, detail = result.columns.get(layer.id, ()), shape(layer.output)
        if last and result.predictions:
            return Column(layer.id, stage.title, detail, answers=result.predictions)
        if maps:
            return Column(layer.id, stage.title, detail, maps)
        note = _("no maps") if not last else _("The values of this answer are in Explore.")
        if last and not result.finite:
            note = _("NaN or infinities leave no class a probability.")
        return Column(layer.id, stage.title, detail, note=note)

    def _message(self) -> str:
        store = self._store
        for place in ("engine", "network", "frame"):
            if place in store.problems:
                return in_window(store.problems[place].error)
        if store.progress is not None:
            return store.stage
        if "source" in store.problems:
            return _("Open another picture, or start the camera: the overview appears here.")
        return _("The overview appears here as soon as the network has seen the picture.")

    # what the person does

    @Slot(str, int)
    def _choose(self, layer: str, channel: int) -> None:
        self._controller.change(layer=layer, channel=channel)

    @Slot()
    def _open(self) -> None:
        recipe, result = self._store.recipe, self._store.result
        layer = recipe.layer or _first(result)
        if layer:
            self.opened.emit(layer)

    @Slot()
    def _save(self) -> None:
        network, result = self._store.network, self._result()
        if network is None or result is None:
            return
        path = ask_where(self, self.export.toolTip(), f"{network.card.title}-overview", "png")
        if path:
            self._controller.save(path, picture(self._picture(result)))

    def _picture(self, result: FrameResult) -> QImage:
        """Return the overview with a heading: network, source, and that its weights are random where they are."""
        network, colours, line = self._store.network, theme.current(), theme.px(40)
        size = QSize(self.view.width() + 24, self.view.height() + line + 12)
        image = QImage(size * _FILE_SCALE, QImage.Format.Format_RGB32)
        image.fill(QColor(colours.panel))
        painter = QPainter(image)
        painter.scale(_FILE_SCALE, _FILE_SCALE)
        painter.setFont(self.font())
        painter.setPen(QColor(colours.text))
        words = [network.card.title if network else "", result.frame.source]
        if not result.trained:
            words.append(_("untrained: random weights"))
        painter.drawText(QRectF(12, 0, size.width() - 24, line), Qt.AlignmentFlag.AlignVCenter, "  ·  ".join(words))
        painter.translate(12, line)
        self.view.paint(painter, self.view.size())
        painter.end()
        return image


def _first(result: FrameResult | None) -> str:
    """Return the layer that is shown where the recipe names none; "" where its maps were not wanted."""
    return result.view.layer.id if result is not None and result.recipe.maps else ""
