"""Retrieval: the pictures of a folder that are nearest to the picture, by the features of any layer."""

from __future__ import annotations

import math
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.errors import ExplorerError
from explorer.filters.written import from_json
from explorer.indexing import feature_layer
from explorer.recipe import MOST_NEAREST, Nearest
from explorer.retrieval.kept import Neighbours
from explorer.text import _, ngettext
from explorer.values import FrameResult, Source
from ui import theme
from ui.actions import Actions
from ui.controller import Controller
from ui.indices import Indices, SmallPictures
from ui.store import Store
from ui.widgets.chooser import Chooser
from ui.widgets.details_button import DetailsButton
from ui.widgets.elided import ElidedLabel
from ui.widgets.match_grid import MatchGrid, Tile
from ui.widgets.panel import Panel
from ui.widgets.picture_view import PictureView
from ui.widgets.source_name import source_name

_LETTERS = 24
_PERCENT = 100


class TaskRetrieve(Panel):
    """Makes and opens indices; while it is seen, the nearest pictures come with every frame."""

    def __init__(self, store: Store, controller: Controller, commands: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._indices, self._small = Indices(store, controller, self), SmallPictures(controller, self)
        self._shown: FrameResult | None = None
        self._kept = self._indices.kept
        self.folder, self.open, self.make = QPushButton(self), QPushButton(self), QPushButton(self)
        theme.set_icon(self.folder, "folder")
        self.path = ElidedLabel(self, letters=_LETTERS)
        self.path.setObjectName("dim")
        self.layer, self.measure = Chooser(_LETTERS, self), Chooser(8, self)
        self.measure.addItem("", "cosine")
        self.measure.addItem("", "l2")
        self.top = QSpinBox(self)
        self.top.setRange(1, MOST_NEAREST)
        self.top.setValue(Nearest.top)
        self.top.setKeyboardTracking(False)
        self._captions = QLabel(self), QLabel(self), QLabel(self)
        for caption, box in zip(self._captions, (self.layer, self.measure, self.top), strict=True):
            caption.setObjectName("dim")
            caption.setBuddy(box)
        self.bar, self.stop, self.rate = QProgressBar(self), QToolButton(self), QLabel(self)
        self.bar.setTextVisible(False)
        self.bar.setRange(0, _PERCENT)
        self.stop.setObjectName("small")
        theme.set_icon(self.stop, "close")
        self.facts, self.words, self.unread = QLabel(self), QLabel(self), QPushButton(self)
        self.facts.setObjectName("dim")
        self.rate.setObjectName("dim")
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.remedy, self.details = QPushButton(self), DetailsButton(self)
        self.picture, self.name = PictureView(self), ElidedLabel(self)
        self.picture.set_telling(False)
        self.name.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.grid, self.empty, self.example = MatchGrid(self), QLabel(self), QPushButton(self)
        self.empty.setObjectName("dim")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.pages = QStackedWidget(self)
        self._arrange()
        self._connect(commands)
        self.retranslate()
        file = store.recipe.nearest.index if store.recipe.nearest is not None else store.settings.index
        if file:
            self._indices.open_file(file, again=store.recipe.nearest is None)

    def _arrange(self) -> None:
        first, second, third = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.folder)
        first.addWidget(self.path, 1)
        for button in (self._captions[0], self.layer, self.make, self.open):
            first.addWidget(button)
        second.addWidget(self.bar, 1)
        second.addWidget(self.stop)
        second.addWidget(self.rate)
        third.addWidget(self.facts)
        third.addWidget(self.unread)
        third.addStretch(1)
        for chooser in (self._captions[1], self.measure, self._captions[2], self.top):
            third.addWidget(chooser)
        told = QHBoxLayout()
        told.addWidget(self.words, 1)
        told.addWidget(self.remedy)
        told.addWidget(self.details)
        for row in (first, second, third, told):
            row.setSpacing(8)
            self.body.addLayout(row)
        page = QWidget(self)
        middle = QVBoxLayout(page)
        middle.addStretch(1)
        middle.addWidget(self.empty)
        middle.addWidget(self.example, 0, Qt.AlignmentFlag.AlignHCenter)
        middle.addStretch(1)
        self.pages.addWidget(page)
        self.pages.addWidget(self.grid)
        left = QVBoxLayout()
        left.addWidget(self.picture, 1000)  # as high as the picture is at this width
        left.addWidget(self.name)
        left.addStretch(1)
        columns = QHBoxLayout()
        columns.setSpacing(16)
        columns.addLayout(left, 1)
        columns.addWidget(self.pages, 2)
        self.body.addLayout(columns, 1)

    def _connect(self, commands: Actions) -> None:
        store, indices = self._store, self._indices
        self.folder.clicked.connect(self._choose_folder)
        self.open.clicked.connect(self._choose_index)
        self.make.clicked.connect(indices.make)
        self.stop.clicked.connect(indices.stop)
        self.example.clicked.connect(indices.try_example)
        self.remedy.clicked.connect(self._look_as_it_was_made)
        self.unread.clicked.connect(self._show_unread)
        self.layer.currentIndexChanged.connect(self._choose_layer)
        self.measure.currentIndexChanged.connect(self._ask)
        self.top.valueChanged.connect(self._ask)
        self.grid.wanted.connect(self._open_picture)
        self.details.wanted.connect(self._controller.details_wanted)
        indices.changed.connect(self._take_index)
        self._small.came.connect(self._show_tiles)
        store.recipe_changed.connect(self._take_recipe)
        store.network_changed.connect(self._fill_layers)
        for signal in (store.result_changed, store.age_changed, store.progress_changed, store.network_changed):
            signal.connect(self._show)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Retrieval"))
        self.folder.setText(_("Folder…"))
        self.folder.setToolTip(_("Choose a folder of pictures, those in its folders too"))
        self.open.setText(_("Open an index…"))
        self.example.setText(_("Try it with digits"))
        self.example.setToolTip(_("1,000 digits of MNIST that LeNet-5 was not trained on"))
        self.remedy.setText(_("Look the way it was made"))
        for caption, text in zip(self._captions, (_("Layer"), _("Distance"), _("Pictures")), strict=True):
            caption.setText(text)
        self.measure.setItemText(0, _("cosine"))
        self.measure.setItemText(1, _("Euclidean (L2)"))
        for widget, text in (
            (self.layer, _("Layer whose features are compared")),
            (self.measure, _("What the distance is")),
            (self.top, _("How many pictures are shown")),
            (self.stop, _("Stop; what is done stays")),
        ):
            widget.setAccessibleName(text)
            widget.setToolTip(text)
        self.bar.setAccessibleName(_("How far the index is"))
        self.grid.setAccessibleName(_("Nearest pictures"))
        self.picture.setAccessibleName(_("Picture"))
        self.picture.set_empty_text(_("The picture that is looked for appears here."))
        self._fill_layers()
        self._show()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        self.grid.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the picture at the top."""
        super().resizeEvent(event)
        self._fit_picture()

    def _fit_picture(self) -> None:
        pixels = self.picture.pixels
        height, width = (1, 1) if pixels is None else pixels.shape[:2]
        self.picture.setMaximumHeight(max(math.ceil(self.width() / 3 * height / width), 1))

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for the nearest pictures, now that they can be seen."""
        super().showEvent(event)
        self._ask()
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask for them no more; an index that is being made goes on."""
        super().hideEvent(event)
        self._ask()

    def part_that_ages(self) -> QWidget:
        """Return what was found."""
        return self.pages

    # what is asked

    def _wanted(self) -> Nearest | None:
        if not self.isVisible() or self._indices.kept is None:
            return None
        return Nearest(self._indices.file, self.measure.currentData(), self.top.value())

    @Slot()
    def _ask(self) -> None:
        self._controller.adjust(nearest=self._wanted())

    @Slot()
    def _take_recipe(self) -> None:
        """A step that was taken back may have been of a time when something else was asked."""
        if self._store.recipe.nearest != self._wanted():
            QTimer.singleShot(0, self, self._ask)
        self._show()

    @Slot()
    def _take_index(self) -> None:
        if self._indices.kept is not self._kept:
            self._kept = self._indices.kept
            self._small.forget()
            self._ask()
            if self._kept is not None:
                self._controller.prefer(index=self._indices.file)
        self._fill_layers()
        self._show()

    # what the person does

    @Slot()
    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, self.folder.toolTip(), self._indices.folder)
        if path:
            self._indices.choose_folder(path)

    @Slot()
    def _choose_index(self) -> None:
        path, _kind = QFileDialog.getOpenFileName(self, self.open.text(), "", _("All files (*)"))
        if path:
            self._indices.open_file(path)

    @Slot()
    def _choose_layer(self) -> None:
        self._indices.choose_layer(str(self.layer.currentData() or ""))

    @Slot(str)
    def _open_picture(self, path: str) -> None:
        if not self._small.failed(path):
            self._controller.change(source=Source("picture", path))

    @Slot()
    def _show_unread(self) -> None:
        found = self._unreadable()
        self._controller.details_wanted.emit("\n".join(f"{path}: {reason}" for path, reason in found))

    @Slot()
    def _look_as_it_was_made(self) -> None:
        found = self._found()
        if found is None or found.maker is None:
            return
        maker = found.maker
        try:
            filters = from_json(maker.filters)
        except ExplorerError:  # of a file that somebody changed
            filters = ()
        self._controller.open_network(
            maker.network, weights=maker.weights, input_hw=maker.input_hw, filters=filters, touch=None
        )

    # what is shown

    @Slot()
    def _fill_layers(self) -> None:
        network = self._store.network
        layers = [] if network is None else [one.id for one in network.graph]
        usual = _("before the answer") if network is None else feature_layer(network.graph).id
        choices = [(_("{layer} (before the answer)").format(layer=usual) if network else usual, "")]
        choices += [(one, one) for one in layers]
        box = self.layer
        box.blockSignals(True)
        if [(box.itemText(row), box.itemData(row)) for row in range(box.count())] != choices:
            box.clear()
            for text, data in choices:
                box.addItem(text, data)
        box.setCurrentIndex(max(0, box.findData(self._indices.layer)))
        box.blockSignals(False)

    def _found(self) -> Neighbours | None:
        """Return what the newest result tells of the open index."""
        result = self._store.result_of_network
        if result is None or result.recipe.nearest is None or self._indices.kept is None:
            return None
        return result.nearest if result.recipe.nearest.index == self._indices.file else None

    def _unreadable(self) -> tuple[tuple[str, str], ...]:
        indices = self._indices
        if indices.progress is not None and indices.running:
            return indices.progress.unreadable
        return indices.kept.unreadable if indices.kept is not None else ()

    @Slot()
    def _show(self) -> None:
        if not self.isVisible():
            return
        result = self._store.result_of_network
        self.set_frame(None if result is None else result.frame)
        self.set_badge("" if result is None or result.trained else _("untrained: random weights"), "warning")
        if result is not self._shown:
            self._shown = result
            self.picture.set_picture(None if result is None else result.filtered.pixels)
            self._fit_picture()
            self.name.setText("" if result is None else source_name(result.recipe.source, result.frame))
        self.set_old(self._store.result_is_old and self._found() is not None)
        self._show_index()
        self._show_progress()
        self._show_words()
        self._show_tiles()

    def _show_index(self) -> None:
        indices = self._indices
        ready, whole = indices.maker is not None and bool(indices.folder), False
        self.path.setText(indices.folder or indices.file)
        self.folder.setEnabled(not indices.running)
        self.open.setEnabled(not indices.running)
        self.layer.setEnabled(not indices.running)
        chooses = bool(indices.folder) or not indices.file  # the layer of one that was opened is known
        for widget in (self._captions[0], self.layer):
            widget.setVisible(chooses)
        parts = []
        if indices.kept is not None:
            count, maker = indices.kept.pictures, indices.kept.index.maker
            done = count + len(indices.kept.unreadable)
            whole = done >= indices.of
            if whole:
                parts.append(ngettext("{count} picture", "{count} pictures", count).format(count=f"{count:,}"))
            else:
                parts.append(_("{done} of {of} pictures").format(done=f"{done:,}", of=f"{indices.of:,}"))
            parts.append(_("{layer} of {network}").format(layer=maker.layer, network=self._called(maker.network)))
        self.facts.setText(" · ".join(parts))
        self.make.setVisible(chooses and not indices.running)
        self.make.setEnabled(ready and not indices.looking)
        self.make.setText(_("Make index") if indices.kept is None else _("Update") if whole else _("Go on"))
        self.make.setToolTip(_("Pictures that have not changed are kept") if indices.kept is not None else "")
        bad = len(self._unreadable())
        self.unread.setVisible(bad > 0)
        text = ngettext("{count} file could not be read", "{count} files could not be read", bad)
        self.unread.setText(text.format(count=f"{bad:,}"))

    def _called(self, network: str) -> str:
        catalogue = self._store.catalogue
        cards = () if catalogue is None else catalogue.cards
        return next((card.title for card, _state in cards if card.name == network), Path(network).name)

    def _show_progress(self) -> None:
        indices, progress = self._indices, self._indices.progress
        for widget in (self.bar, self.stop, self.rate):
            widget.setVisible(indices.running)
        if progress is None:
            self.bar.setValue(0)
            self.rate.setText("")
            return
        self.bar.setValue(round(_PERCENT * progress.done / max(progress.of, 1)))
        words = _("{done} of {of} pictures").format(done=f"{progress.done:,}", of=f"{progress.of:,}")
        if indices.rate:
            rate = f"{indices.rate:.0f}" if indices.rate >= 10 else f"{indices.rate:.1f}"
            words += " · " + _("{rate} a second").format(rate=rate)
        self.rate.setText(words)

    def _show_words(self) -> None:
        found, problem, words = self._found(), self._indices.problem, ""
        other = found is not None and found.maker is not None and found.error is not None
        if problem is not None:
            words = str(problem.error)
        elif found is not None and found.error is not None:
            words = str(found.error)
        elif gone := sum(tile.missing for tile in self.grid.tiles) if found is not None else 0:
            text = ngettext(
                "{count} of these pictures is not where it was: make the index of its folder again.",
                "{count} of these pictures are not where they were: make the index of their folder again.",
                gone,
            )
            words = text.format(count=gone)
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.remedy.setVisible(problem is None and other)
        self.details.show_problem(problem)

    @Slot()
    def _show_tiles(self) -> None:
        if not self.isVisible():
            return
        found = self._found()
        if found is None or not found.matches:
            self.pages.setCurrentIndex(0)
            self.empty.setText(self._instead(found))
            self.example.setVisible(not self._indices.file and not self._indices.looking and not self._indices.folder)
            return
        tiles = []
        for one in found.matches:
            path = str(Path(found.folder) / one.path)
            tiles.append(Tile(path, one.path, f"{one.distance:.4f}", self._small.get(path), self._small.failed(path)))
        self.grid.show_tiles(tiles)
        self.pages.setCurrentIndex(1)
        self._small.want([tile.path for tile in tiles])
        self._show_words()

    def _instead(self, found: Neighbours | None) -> str:
        """Return what is said where no picture is."""
        indices, store = self._indices, self._store
        if indices.running:
            return _("The index is being made. You can go on working meanwhile, and stop it at any time.")
        if indices.looking:
            return _("Looking …")
        if indices.kept is not None and not indices.kept.pictures:
            return _("No picture of this index could be read.")
        if found is not None or indices.problem is not None:
            return ""
        if indices.kept is not None:
            return store.stage or _("The nearest pictures appear here.")
        if indices.folder:
            if indices.maker is None:
                return store.stage or _("Load a network first.")
            return _("There is no index of this folder yet: choose a layer and make it.")
        return _("Choose a folder of pictures: those that are nearest to the picture on the left appear here.")
