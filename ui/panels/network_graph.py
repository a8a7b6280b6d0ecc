"""The architecture of a network as a graph: look at it, fold it, find a layer in it, take it along as a file."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QPushButton, QToolButton, QWidget

from explorer.engine.events import Problem
from explorer.errors import ExportError
from explorer.graph.values import Graph, Layer
from explorer.render.graph_colours import PALETTES
from explorer.render.graph_svg import describe, graph_csv, graph_svg, joins
from explorer.text import N_, _
from explorer.values import Thumbnail
from explorer.zoo.card import Card
from ui import theme
from ui.controller import Controller
from ui.store import Store
from ui.widgets.details_button import DetailsButton, row_of
from ui.widgets.elided import ElidedLabel
from ui.widgets.graph_legend import GraphLegend
from ui.widgets.graph_view import GraphView
from ui.widgets.panel import Panel
from ui.widgets.saving import ask_where, content, picture

EXPORTS = {"svg": N_("Drawing (SVG)…"), "png": N_("Picture (PNG)…"), "csv": N_("Table of all ops (CSV)…")}
PNG_SCALES = (2.0, 1.0)
"""Px per unit of the drawing: the first at which it is not too large."""
MOST_PX, LONGEST_PX = 80_000_000, 32_000
"""Of a picture, and of its sides: Qt draws no further."""


class NetworkGraph(Panel):
    """Tools, drawing, what the marked box is, and the legend.

    Signals:
        opened: id of a layer that the person wants to see in Explore.
        again_wanted: the layers that could not be had are to be asked for again.
    """

    opened = Signal(str)
    again_wanted = Signal()

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._other: tuple[Graph | None, Card] | None = None
        self._graph: Graph | None = None
        self._graph_of = ""
        self._waiting = ""
        self._thumbnails: dict[str, Thumbnail] = {}
        self._found: list[Layer] = []
        self._at = -1
        self._before_search: frozenset[str] | None = None
        self._seeking = False
        self.search, self.count = QLineEdit(self), QLabel(self)
        self.search.setClearButtonEnabled(True)
        self.count.setObjectName("dim")
        self.fold_all, self.unfold_all, self.fold_default = QToolButton(self), QToolButton(self), QToolButton(self)
        self.export, self.menu = QToolButton(self), QMenu(self)
        self.view, self.facts, self.legend = GraphView(self), ElidedLabel(self), GraphLegend(self)
        self.again, self.details = QPushButton(self), DetailsButton(self)
        self.again.hide()
        self.facts.setObjectName("dim")
        self.zoom_out, self.zoom_fit, self.zoom_in = QToolButton(self), QToolButton(self), QToolButton(self)
        self._build()
        self._connect()
        self.retranslate()
        self.restyle()

    def show_graph(
        self, graph: Graph | None, card: Card | None = None, message: str = "", problem: Problem | None = None
    ) -> None:
        """Show another network than the loaded one; without a ``card`` the loaded one again.

        Args:
            graph: its layers, or None while they are not known.
            card: its facts.
            message: what to say while there is no graph.
            problem: why there is none; its sentence takes the message's place.
        """
        self._other = None if card is None else (graph, card)
        self._waiting = message if problem is None else str(problem.error)
        self.again.setVisible(problem is not None)
        self.details.show_problem(problem)
        self._take_network()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.search.setPlaceholderText(_("Find a layer …"))
        self.search.setAccessibleName(_("Find a layer by name or op"))
        self.search.setToolTip(_("Enter: the next one; Shift+Enter: the one before"))
        self.view.setAccessibleName(_("Architecture of the network"))
        self.legend.setAccessibleName(_("Colours of the ops"))
        for button, text, tip in (
            (self.fold_all, _("Fold all"), _("Show every block as one box")),
            (self.unfold_all, _("Unfold all"), _("Show every op as a box of its own")),
            (self.fold_default, _("Default"), _("Fold so that the whole can be read")),
        ):
            button.setText(text)
            button.setToolTip(tip)
        for button, text in (
            (self.zoom_out, _("Zoom out")),
            (self.zoom_fit, _("Show the whole network")),
            (self.zoom_in, _("Zoom in")),
            (self.export, _("Export the architecture")),
        ):
            button.setAccessibleName(text)
            button.setToolTip(text)
        self.again.setText(_("Try again"))
        for action in self.menu.actions():
            action.setText(_(EXPORTS[action.data()]))
        self.legend.show_families(self.legend.families)
        self._say()

    def restyle(self) -> None:
        """Take the colours and the text size of the current theme."""
        for button in (self.zoom_out, self.zoom_fit, self.zoom_in):
            button.setIconSize(QSize(theme.px(16), theme.px(16)))
        self.search.setMinimumWidth(theme.px(120))
        self.view.restyle()

    def event(self, event: QEvent) -> bool:
        """Keep Ctrl+F for the search here, whatever it means elsewhere in the window."""
        if isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Find):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.start_search()
                return True
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """In the search Enter goes from layer to layer, Down to the drawing, Escape empties it."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._seek(-1 if back else 1)
                return True
            if event.key() == Qt.Key.Key_Down:
                self.view.setFocus(Qt.FocusReason.TabFocusReason)
                return True
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return super().eventFilter(watched, event)

    def start_search(self) -> None:
        """Put the cursor where a layer's name can be typed."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    # from the store

    def showEvent(self, event: QShowEvent) -> None:
        """Lay out what came while nobody looked."""
        super().showEvent(event)
        self._take_network()

    @Slot()
    def _take_network(self) -> None:
        if not self.isVisible():
            return
        network = self._store.network
        graph = self._other[0] if self._other else None if network is None else network.graph
        name = self._other[1].name if self._other else "" if network is None else network.card.name
        if graph is not None and self._graph is not None and name == self._graph_of:
            if graph != self._graph:  # a live network took another path through its layers
                self._graph, at = graph, self._found[self._at].id if self._found else ""
                self.view.show_graph(graph, same=True)
                self._found = self._matches()
                self._at = max((place for place, layer in enumerate(self._found) if layer.id == at), default=0)
        elif graph is not self._graph:
            self._graph, self._graph_of, self._thumbnails = graph, name, {}
            self._before_search = None
            self.view.show_graph(graph)
            self._look_for()
        self._take_result()
        self._take_recipe()
        self._say()

    @Slot()
    def _take_result(self) -> None:
        result = self._store.result_of_network
        if result is not None and self._loaded():
            self._thumbnails.update(result.thumbnails)
            self.set_frame(result.frame)
            self.view.show_thumbnails(self._thumbnails, self._store.recipe.view.colours)
            if not self._store.recipe.layer and not self.view.current and result.recipe.maps:
                self.view.mark(result.view.layer.id)

    @Slot()
    def _take_recipe(self) -> None:
        if self._loaded() and self._store.recipe.layer and not self._seeking:
            self.view.mark(self._store.recipe.layer)
        self._say()

    # to the controller

    @Slot(str)
    def _choose(self, layer: str) -> None:
        if self._loaded():
            self._controller.change(layer=layer)
        self._say()

    @Slot()
    def _export(self) -> None:
        action = self.sender()
        if self._graph is None or not isinstance(action, QAction):
            return
        suffix = str(action.data())
        if path := ask_where(self, _(EXPORTS[suffix]), self._name(), suffix):
            self.write(suffix, path)

    def write(self, suffix: str, path: str) -> None:
        """Write what is shown to ``path`` as "svg" or "png", or the whole network as "csv"."""
        drawn, laid = self.view.drawn, self.view.laid
        if drawn is None or laid is None or self._graph is None:
            return
        if suffix == "png":
            size = QSize(round(laid.width), round(laid.height))
            fits = [s for s in PNG_SCALES if _fits(size * s)]
            if not fits:
                words = N_(
                    "A picture of {width} × {height} px is too large: fold some blocks, or export a drawing (SVG)."
                )
                self._controller.report(Problem("export", ExportError(words, width=size.width(), height=size.height())))
                return
            self._controller.save(path, picture(self.view.image(fits[0])))
            return
        if suffix == "csv":
            text = graph_csv(self._graph)
        else:
            text = graph_svg(drawn, laid, PALETTES[theme.current().name], self._name())
        self._controller.save(path, content(text.encode(errors="replace")))

    # folding and finding

    @Slot()
    def _fold(self) -> None:
        outline, sender = self.view.outline, self.sender()
        if outline is None:
            return
        wanted = outline.all if sender is self.fold_all else frozenset[str]()
        self.view.fold_to(outline.default() if sender is self.fold_default else wanted)

    @Slot()
    def _folds_changed(self) -> None:
        if not self._seeking:
            self._before_search = None
        self._say()

    @Slot()
    def _look_for(self) -> None:
        """Show the first of the layers that are found."""
        self._found = self._matches()
        if not self.search.text().strip():
            self._before_search = None
        self._at = -1
        self._seek(1)

    def _matches(self) -> list[Layer]:
        """Return the layers that have all the words of the search, the one of that very name first."""
        text = self.search.text().strip().lower()
        layers = list(self._graph) if self._graph is not None and text else []
        found = [layer for layer in layers if all(word in f"{layer.id} {layer.op}".lower() for word in text.split())]
        return sorted(found, key=lambda layer: layer.id.lower() != text)

    def _seek(self, step: int) -> None:
        """Show the next of the found layers; of the blocks that were unfolded for the one before none stays open."""
        if self._found and self.view.outline is not None:
            self._at = (self._at + step) % len(self._found)
            if self._before_search is None:
                self._before_search = self.view.folded
            layer = self._found[self._at].id
            self._seeking = True
            self.view.fold_to(self._before_search - frozenset(self.view.outline.around(layer)))
            self.view.seek(layer)
            self._seeking = False
        self._say()

    @Slot(QPoint)
    def _show_menu(self, place: QPoint) -> None:
        """Offer what can be done with a box: fold or unfold it, see it in Explore."""
        node = self.view.node_at(place.toPointF())
        if node is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if node.folded or node.parent:
            words = _("Unfold") if node.folded else _("Fold the block around it")
            menu.addAction(words).triggered.connect(partial(self.view.toggle, node.id))
        menu.addAction(_("Show in Explore")).triggered.connect(partial(self.open, node.layer))
        menu.popup(self.view.mapToGlobal(place))

    def open(self, layer: str) -> None:
        """Choose a layer, and ask for Explore."""
        self._choose(layer)
        self.opened.emit(layer)

    # inner

    def _build(self) -> None:
        tools, below, zoom = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for layout, gap in ((tools, 6), (below, 12), (zoom, 2)):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(gap)
        tools.addWidget(self.search, 1)
        tools.addWidget(self.count)
        for button in (self.fold_all, self.unfold_all, self.fold_default, self.export):
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            tools.addWidget(button)
        for suffix in EXPORTS:
            action = self.menu.addAction("")
            action.setData(suffix)
            action.triggered.connect(self._export)
        theme.set_icon(self.export, "export")
        self.export.setMenu(self.menu)
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        for button, icon in (
            (self.zoom_out, "zoom-out"),
            (self.zoom_fit, "zoom-fit"),
            (self.zoom_in, "zoom-in"),
        ):
            theme.set_icon(button, icon)
            button.setObjectName("small")
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            zoom.addWidget(button)
        below.addWidget(self.legend, 1)
        below.addLayout(zoom)
        self.body.addLayout(tools)
        self.body.addWidget(self.view, 1)
        self.body.addLayout(row_of(self.again, self.details))
        self.body.addWidget(self.facts)
        self.body.addLayout(below)

    def _connect(self) -> None:
        self.search.installEventFilter(self)
        self.search.textChanged.connect(self._look_for)
        for button in (self.fold_all, self.unfold_all, self.fold_default):
            button.clicked.connect(self._fold)
        self.zoom_out.clicked.connect(self.view.zoom_out)
        self.zoom_fit.clicked.connect(self.view.fit)
        self.zoom_in.clicked.connect(self.view.zoom_in)
        self.again.clicked.connect(self.again_wanted)
        self.details.wanted.connect(self._controller.details_wanted)
        self.view.chosen.connect(self._choose)
        self.view.folds_changed.connect(self._folds_changed)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._show_menu)
        self._store.network_changed.connect(self._take_network)
        self._store.result_changed.connect(self._take_result)
        self._store.recipe_changed.connect(self._take_recipe)

    def _loaded(self) -> bool:
        """Whether the network that is shown is the one that Explore looks through."""
        network = self._store.network
        if self._other is not None:
            return self._other[1].name == self._store.recipe.network
        return network is not None and network.card.name == self._store.recipe.network

    def _name(self) -> str:
        if self._other is not None:
            return self._other[1].title
        return "" if self._store.network is None else self._store.network.card.title

    def _say(self) -> None:
        """Say what is shown, what is marked, what was found, and why there is nothing."""
        drawn, outline = self.view.drawn, self.view.outline
        if drawn is None:
            wanted = self._waiting or _("The architecture appears here as soon as the network is loaded.")
            self.view.set_message(wanted)
        else:
            self.view.set_message("")
        detail = ""
        if drawn is not None:
            detail = _("{boxes} boxes · {ops} ops").format(boxes=len(drawn.nodes), ops=len(self._graph or ()))
        self.set_title(self._name() or _("Architecture"), detail)
        node = None if drawn is None else drawn.by_id.get(self.view.current)
        hint = _("Click a box to choose its layer; double-click or Enter folds and unfolds.") if drawn else ""
        self.facts.setText(hint if node is None else describe(node).replace("\n", " · "))
        nodes = () if drawn is None else drawn.nodes
        inside = {family for each in nodes for family, _number in joins(each)}
        self.legend.show_families(inside | {each.family for each in nodes})
        blocks = bool(outline and outline.all)
        for button in (self.fold_all, self.unfold_all, self.fold_default):
            button.setEnabled(blocks)
        for widget in (self.export, self.search):
            widget.setEnabled(drawn is not None)
        asked = bool(self.search.text().strip()) and drawn is not None
        numbers = _("{place} of {count}").format(place=self._at + 1, count=len(self._found))
        self.count.setText("" if not asked else numbers if self._found else _("No layer matches"))


def _fits(size: QSize) -> bool:
    width, height = size.width(), size.height()
    return width * height <= MOST_PX and max(width, height) <= LONGEST_PX
