"""What the units of a network see: against depth, by layer, at any size of input, and beside what is published."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.graph.summary import WEIGHTED
from explorer.receptive import plain
from explorer.receptive.analyse import Fields
from explorer.receptive.coverage import whole_picture
from explorer.receptive.published import measured, published
from explorer.text import N_, _, ngettext
from ui import theme
from ui.controller import Controller
from ui.effective_curve import MEASURED, EffectiveSizes
from ui.field_surveys import FieldSurveys, Key
from ui.store import Store
from ui.widgets.details_button import DetailsButton, row_of
from ui.widgets.field_chart import FieldChart
from ui.widgets.field_points import points
from ui.widgets.field_table import FieldTable
from ui.widgets.flow import FlowLayout
from ui.widgets.network_list import Entry
from ui.widgets.panel import Panel
from ui.widgets.paper_label import PaperLabel
from ui.widgets.saving import ask_where, content

EXPORTS = {
    "png": N_("Chart as a picture (PNG)…"),
    "svg": N_("Chart as a drawing (SVG)…"),
    "csv": N_("Table (CSV)…"),
    "json": N_("Table (JSON)…"),
}
SMALLEST, LARGEST, STEP = 32, 1024, 32
"""Of the input's sides that can be tried."""
_REST_MS = 250
"""So long a size must stay before it is asked for: a held arrow passes many."""


class ReceptiveField(Panel):
    """The chart above, the table below; both choose layers together.

    Signals:
        opened: id of the layer that the person wants to see in Explore.
    """

    opened = Signal(str)

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self.surveys, self.sizes = FieldSurveys(store, controller, self), EffectiveSizes(store, controller, self)
        self._entry: Entry | None = None
        self._shown: Fields | None = None
        self._whole: tuple[str, ...] = ()
        self._weighted: tuple[str, ...] = ()
        self._side = 0
        self.chart, self.table, self.search = FieldChart(self), FieldTable(self), QLineEdit(self)
        self.size_label, self.side = QLabel(self), QSpinBox(self)
        self.side.setRange(SMALLEST, LARGEST)
        self.side.setSingleStep(STEP)
        self.side.setKeyboardTracking(False)
        self.size_label.setBuddy(self.side)
        self.usual, self.log, self.measure, self.cancel = (QPushButton(self) for _number in range(4))
        self.log.setCheckable(True)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(theme.px(110))
        self.export = QToolButton(self)
        theme.set_icon(self.export, "export")
        self.export.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.export)
        self._actions = {suffix: menu.addAction("") for suffix in EXPORTS}
        for suffix, action in self._actions.items():
            action.setData(suffix)
            action.triggered.connect(self._save)
        self.export.setMenu(menu)
        self.answer, self.paper = QLabel(self), PaperLabel(self)
        self.answer.setWordWrap(True)
        self.again, self.details = QPushButton(self), DetailsButton(self)
        self._lay_out()

        self.search.setClearButtonEnabled(True)
        self.search.installEventFilter(self)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._ask)
        self.side.valueChanged.connect(self._take_side)
        self.usual.clicked.connect(self._take_usual)
        self.log.toggled.connect(self.chart.set_log)
        self.measure.clicked.connect(self._measure)
        self.cancel.clicked.connect(self.sizes.cancel)
        self.sizes.changed.connect(self._show_measured)
        self.again.clicked.connect(self._ask_again)
        self.details.wanted.connect(self._controller.details_wanted)
        self.search.textChanged.connect(self._search)
        self.chart.opened.connect(self.opened)
        self.table.opened.connect(self.opened)
        self.table.chosen.connect(self._choose)
        store.recipe_changed.connect(self._take_recipe)
        self.surveys.changed.connect(self._show)
        store.network_changed.connect(self._take_network)
        self.retranslate()

    def _lay_out(self) -> None:
        bar, size = FlowLayout(), QWidget(self)
        row = QHBoxLayout(size)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.size_label)
        row.addWidget(self.side)
        self._running = QWidget(self)
        both = QHBoxLayout(self._running)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(8)
        both.addWidget(self.bar)
        both.addWidget(self.cancel)
        for widget in (size, self.usual, self.log, self.measure, self._running):
            bar.addWidget(widget)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addLayout(bar, 1)
        top.addWidget(self.export, 0, Qt.AlignmentFlag.AlignTop)
        below, column = QWidget(self), QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.search)
        column.addWidget(self.table, 1)
        below.setLayout(column)
        self._halves = QSplitter(Qt.Orientation.Vertical, self)
        self._halves.setChildrenCollapsible(False)
        self._halves.setHandleWidth(8)
        self._halves.addWidget(self.chart)
        self._halves.addWidget(below)
        self._halves.setStretchFactor(0, 5)
        self._halves.setStretchFactor(1, 4)
        self.body.addLayout(top)
        self.body.addWidget(self.answer)
        self.body.addLayout(row_of(self.again, self.details, left=True))
        self.body.addWidget(self._halves, 1)
        self.body.addWidget(self.paper)

    def show_network(self, entry: Entry | None) -> None:
        """Show a network at the size that its weights want; it is asked for when the page is seen."""
        if (entry.card.name if entry else "") != self._name:
            self._side = 0
        self._entry = entry
        self._show()
        if self.isVisible():
            self._rest.start()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.size_label.setText(_("Input size"))
        self.side.setAccessibleName(_("Input size"))
        self.side.setToolTip(
            _("Height and width of a square input, {low} to {high}").format(low=SMALLEST, high=LARGEST)
        )
        self.usual.setToolTip(_("The size that the weights want"))
        self.log.setText(_("Logarithmic"))
        self.log.setToolTip(_("Sizes on a logarithmic axis"))
        self.measure.setText(_("Effective size"))
        self.cancel.setText(_("Cancel"))
        self.bar.setAccessibleName(_("Measuring the effective size"))
        self.export.setToolTip(_("Export the chart or the table"))
        self.export.setAccessibleName(_("Export the chart or the table"))
        for suffix, action in self._actions.items():
            action.setText(_(EXPORTS[suffix]))
        self.search.setPlaceholderText(_("Filter layers …"))
        self.search.setAccessibleName(_("Filter layers by name or op"))
        self.answer.setToolTip(
            _("A layer sees the whole picture when at least one of its units depends on every pixel of the input.")
        )
        self.again.setText(_("Try again"))
        self.chart.setAccessibleName(_("Receptive field against depth"))
        self.table.setAccessibleName(_("Receptive field of every layer"))
        self._shown = None
        self._show()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        self.chart.update()
        self._show_paper()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask, now that it can be seen."""
        super().showEvent(event)
        self._show()
        self._rest.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask for nothing while nobody looks."""
        super().hideEvent(event)
        self._rest.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go from the search to the table with the arrow keys; Escape empties it."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.table.setFocus(Qt.FocusReason.TabFocusReason)
                return True
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return super().eventFilter(watched, event)

    # what is asked

    @property
    def _name(self) -> str:
        return self._entry.card.name if self._entry else ""

    @property
    def _key(self) -> Key:
        return self._name, (self._side, self._side) if self._side else None

    @property
    def _loaded(self) -> bool:
        """Whether what is shown is the loaded network at the input that it has."""
        network = self._store.network
        return network is not None and self._shown is not None and self._shown.graph is network.graph

    def _keys(self) -> list[Key]:
        """What has to be known: the network first, then the forms that it is compared with."""
        one = published(self._name)
        return [self._key, *((form.network, None) for form in (one.variants if one else ()))]

    @Slot()
    def _ask(self) -> None:
        if self._entry is not None and self.isVisible():
            self.surveys.want(*self._keys())
            self._show()

    @Slot()
    def _ask_again(self) -> None:
        self.surveys.want(*self._keys(), again=True)
        self._show()

    @Slot(int)
    def _take_side(self, side: int) -> None:
        usual = self._usual_hw()
        self._side = 0 if usual == (side, side) else side
        self._show()
        self._rest.start()

    @Slot()
    def _take_usual(self) -> None:
        self._side = 0
        self._show()
        self._rest.start()

    @Slot()
    def _take_network(self) -> None:
        self._show()
        if self.isVisible():
            self._rest.start()

    @Slot()
    def _take_recipe(self) -> None:
        if self._loaded:
            self.table.select(self._store.recipe.layer)
            self.chart.set_choice(self._store.recipe.layer)

    @Slot(str)
    def _choose(self, layer: str) -> None:
        self.chart.set_choice(layer)
        if self._loaded:
            self._controller.change(layer=layer)

    @Slot()
    def _measure(self) -> None:
        if self._loaded and self._shown is not None:
            self.sizes.measure(self._name, self._shown)

    # what is shown

    def _usual_hw(self) -> tuple[int, int]:
        """Return the input's size where no other is chosen."""
        network, found = self._store.network, self.surveys.of(self._name)
        if found is not None and len(found.graph.input) == 3:
            return found.graph.input[1], found.graph.input[2]
        if network is not None and network.card.name == self._name and len(network.graph.input) == 3:
            return network.graph.input[1], network.graph.input[2]
        chw = self._entry.card.preparation.input_chw if self._entry else (3, 224, 224)
        return chw[1], chw[2]

    def _called(self) -> str:
        return self._entry.card.title if self._entry else ""

    @Slot()
    def _show(self) -> None:
        """Show what is known; while nobody looks, nothing is filled."""
        if not self.isVisible():
            return
        found, usual = self.surveys.of(*self._key), self._usual_hw()
        blocked = self.side.blockSignals(True)
        self.side.setRange(min(SMALLEST, *usual), max(LARGEST, *usual))
        self.side.setValue(self._side or usual[0])
        self.side.blockSignals(blocked)
        self.side.setEnabled(self._entry is not None)
        self.usual.setText(_("Back to {h} × {w}").format(h=usual[0], w=usual[1]))
        self.usual.setVisible(bool(self._side))
        if found is not self._shown or found is None:
            self._shown = found
            self._fill()
        self._show_answer()
        self._show_paper()
        self._show_effective()
        self._take_recipe()

    def _fill(self) -> None:
        """Fill chart and table."""
        found = self._shown
        self._whole = () if found is None else whole_picture(found)
        self.table.show_fields(found, self._whole)
        hw = self._hw()
        self._weighted = () if found is None else tuple(one.id for one in found.graph if one.op.startswith(WEIGHTED))
        first = next((name for name in self._weighted if name in self._whole), "")
        self.chart.show_points(() if found is None else points(found, self._whole), hw or (1, 1), first)
        for widget in (self.export, self.log, self.search):
            widget.setEnabled(found is not None)

    def _hw(self) -> tuple[int, int] | None:
        """Return the size of the input that is shown, where it has rows and columns alone."""
        graph = self._shown.graph if self._shown else None
        if graph is None or sorted(graph.layers[0].axes.replace("C", "")) != ["H", "W"]:
            return None
        axes = graph.layers[0].axes
        return graph.input[axes.index("H")], graph.input[axes.index("W")]

    def _show_answer(self) -> None:
        """Say in words what the chart shows, or why it is empty."""
        failed, hw = self.surveys.failed(*self._key), self._hw()
        self.again.setVisible(failed is not None and not self._side)
        message = ""
        if self._entry is None:
            message = _("Choose a network in the list: what its units see appears here.")
        elif failed is not None:
            message = str(failed.error)
        elif self._shown is None:
            message = _("Looking at every layer of {network} …").format(network=self._called())
        elif hw is None:
            message = _("The network's input has other axes than rows and columns: the table tells what is known.")
        words = "" if message else self._words(hw or (1, 1))
        refused = self.sizes.refused if self._loaded else None
        if refused is not None:
            words = f"{words}\n{refused.error}".strip()
        self.details.show_problem(failed or refused)
        self.chart.set_message(message)
        self.table.set_message("")
        self._search(self.search.text())
        self.answer.setText(words)
        self.answer.setVisible(bool(words))
        detail = (
            _("{network} · input {h} × {w}").format(network=self._called(), h=hw[0], w=hw[1]) if hw else self._called()
        )
        self.set_title(_("Receptive field"), detail)

    def _words(self, hw: tuple[int, int]) -> str:
        """Return how many layers see the whole picture, and the first of them."""
        seeing = [name for name in self._weighted if name in self._whole]
        numbers = {"h": hw[0], "w": hw[1], "count": len(seeing), "total": len(self._weighted)}
        if seeing:
            return ngettext(
                "At {h} × {w}, {count} of {total} layers with weights sees the whole picture: {layer}.",
                "At {h} × {w}, {count} of {total} layers with weights see the whole picture; the first is {layer}.",
                len(seeing),
            ).format(**numbers, layer=seeing[0])
        if not self._weighted:
            return ""
        return _("At {h} × {w}, none of {total} layers with weights sees the whole picture.").format(**numbers)

    @Slot()
    def _show_measured(self) -> None:
        self._show_answer()
        self._show_effective()

    def _show_effective(self) -> None:
        """Show the effective sizes of the network that is shown, and how far they are measured."""
        running, network = self.sizes.running and self._loaded, self._store.network
        sides = self._sides()
        self.chart.show_effective(sides)
        self._running.setVisible(running)
        self.bar.setValue(round(1000 * self.sizes.fraction))
        self.measure.setVisible(not running)
        self.measure.setEnabled(self._loaded)
        self.measure.setToolTip(
            _("Measure by gradients how far {count} layers really see: 95 % of what moves a middle unit").format(
                count=MEASURED
            )
            if self._loaded
            else _("The effective size needs the network itself, at the input that it has: load it in Explore first.")
        )
        untrained = bool(sides) and network is not None and not network.trained
        self.set_badge(_("untrained: random weights") if untrained else "", "warning")

    def _sides(self) -> dict[str, float]:
        """Return the effective sizes that belong to what is shown."""
        return self.sizes.of(self._shown.graph if self._shown else None)

    def _show_paper(self) -> None:
        one, sizes = published(self._name), dict[str, tuple[int, int] | None]()
        for form in one.variants if one else ():
            if found := self.surveys.of(form.network):
                sizes[form.network] = measured(form, found)
            elif self.surveys.failed(form.network):
                sizes[form.network] = None
        self.paper.show_published(one, self._name, sizes)

    @Slot(str)
    def _search(self, text: str) -> None:
        self.table.search(text)
        if self._shown is not None:
            words = _("No layer matches “{text}”. Change or clear the filter.").format(text=text.strip())
            self.table.set_message("" if self.table.layers() else words)

    # files

    @Slot()
    def _save(self) -> None:
        action = self.sender()
        suffix = next((suffix for suffix, one in self._actions.items() if one is action), "")
        if self._shown is None or not suffix:
            return
        stem = f"{self._called()}-receptive-field"
        if path := ask_where(self, _(EXPORTS[suffix]), stem, suffix):
            self.write(suffix, path)

    def write(self, suffix: str, path: str) -> None:
        """Write the chart as "png" or "svg", or the table as "csv" or "json", to ``path``."""
        if self._shown is None:
            return
        hw, network = self._hw() or (0, 0), self._store.network
        words = [
            _("{network} · input {h} × {w}").format(network=self._called(), h=hw[0], w=hw[1]),
            _("Receptive field"),
        ]
        if self._sides() and network is not None and not network.trained:
            words.append(_("untrained: random weights"))
        if suffix == "png":
            data = self.chart.png("  ·  ".join(words))
        elif suffix == "svg":
            data = self.chart.svg("  ·  ".join(words))
        elif suffix == "csv":
            data = plain.as_csv(self._shown, self._whole, self._sides()).encode()
        else:
            data = plain.document(self._name, self._shown, self._whole, self._sides()).encode()
        self._controller.save(path, content(data))
