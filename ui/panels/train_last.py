"""A person's own classes: the last layer of the loaded network learns them from a folder of pictures for each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QImageReader, QPixmap, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from explorer.errors import ExplorerError
from explorer.text import _
from explorer.training import pictures
from explorer.training.run import LastRun
from explorer.training.values import LAST_EPOCHS, RATES, Misread, Plan, Saved, room
from explorer.values import Source
from ui import theme
from ui.class_pictures import ClassPictures
from ui.controller import Controller
from ui.store import Store
from ui.training import Training
from ui.widgets.confusion_table import ConfusionTable
from ui.widgets.elided import ElidedLabel
from ui.widgets.flow import FlowLayout
from ui.widgets.labelled import titled
from ui.widgets.line_chart import LineChart
from ui.widgets.misread_list import MisreadList
from ui.widgets.numbers import percent
from ui.widgets.panel import Panel
from ui.widgets.plan_fields import PlanFields
from ui.widgets.saving import ask_where
from ui.widgets.tables import align_heads

_SMOOTHED = 10
_SUFFIX = "safetensors"


class TrainLastLayer(Panel):
    """Classes are kept as folders of pictures, from the disk or from whatever source is shown.

    Signals:
        explore_wanted: the person wants to see the trained network in Explore.
    """

    explore_wanted = Signal()

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self.training = Training(store, controller, self)
        self.classes = ClassPictures(store, controller, self)
        self._problem, self._said = "", ""
        self._begun: tuple[Plan, str] | None = None
        self.start, self.anew, self.save, self.open, self.choose = (QPushButton(self) for _button in range(5))
        self.keep, self.ten = QPushButton(self), QPushButton(self)
        self.start.setDefault(True)
        self.fields = PlanFields(LAST_EPOCHS, RATES["last", "adam"], 16, self)
        self.name = QLineEdit(self)
        self.where, self.facts = ElidedLabel(self), ElidedLabel(self)
        for line in (self.where, self.facts):
            line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.note, self.problem = QLabel(self), QLabel(self)
        self.note.setObjectName("dim")
        self.problem.setObjectName("warning")
        for label in (self.note, self.problem):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.table, self._model = QTreeView(self), QStandardItemModel(0, 3, self)
        self.table.setModel(self._model)
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.header().setStretchLastSection(False)
        self.loss, self.accuracy = LineChart(False, self), LineChart(True, self)
        self.confusion, self.misread = ConfusionTable(self), MisreadList(self._pixmap, self)
        names = ("loss", "accuracy", "confusion", "misread", "capture")
        self._labels = {name: QLabel(self) for name in names}
        for label in self._labels.values():
            label.setObjectName("dim")
        self._labels["capture"].setWordWrap(True)
        self._parts = (self._show_facts, self._show_loss, self._show_checks)
        self._lay_out()
        self._wire()
        self.retranslate()
        self.classes.look()

    def _lay_out(self) -> None:
        bar = FlowLayout(spacing=8)
        for button in (self.start, self.anew, self.save, self.open):
            bar.addWidget(button)
        for row in self.fields.rows:
            bar.addWidget(row)
        left, right = QVBoxLayout(), QVBoxLayout()
        place = QHBoxLayout()
        place.addWidget(self.choose)
        place.addWidget(self.where, 1)
        capture = QHBoxLayout()
        capture.addWidget(self.name, 1)
        capture.addWidget(self.keep)
        capture.addWidget(self.ten)
        left.addLayout(place)
        left.addWidget(self.table, 1)
        left.addLayout(capture)
        left.addWidget(self._labels["capture"])
        curves = QHBoxLayout()
        curves.setSpacing(12)
        for name, chart in (("loss", self.loss), ("accuracy", self.accuracy)):
            curves.addLayout(titled(self._labels[name], chart), 1)
        right.addLayout(curves, 2)
        right.addLayout(titled(self._labels["confusion"], self.confusion), 3)
        right.addLayout(titled(self._labels["misread"], self.misread), 2)
        columns = QHBoxLayout()
        columns.setSpacing(14)
        for part, stretch in ((left, 4), (right, 5)):
            part.setSpacing(8)
            columns.addLayout(part, stretch)
        self.body.addLayout(bar)
        self.body.addWidget(self.note)
        self.body.addWidget(self.facts)
        self.body.addWidget(self.problem)
        self.body.addLayout(columns, 1)

    def _wire(self) -> None:
        self.start.clicked.connect(self._start_or_pause)
        self.anew.clicked.connect(self.training.drop)
        self.save.clicked.connect(self._save)
        self.open.clicked.connect(self._open)
        self.misread.wanted.connect(self._open_misread)
        self.choose.clicked.connect(self._choose_folder)
        self.keep.clicked.connect(self._keep_one)
        self.ten.clicked.connect(self._keep_ten)
        self.name.textChanged.connect(self._show_state)
        self.fields.changed.connect(self._begin_anew)
        self.table.clicked.connect(self._take_name)
        self.classes.changed.connect(self._show_classes)
        self.classes.changed.connect(self._show_state)
        for signal in (self._store.frame_changed, self._store.network_changed, self._store.live_changed):
            signal.connect(self._show_state)
        for part in self._parts:
            self.training.learned_changed.connect(part)
        self.training.state_changed.connect(self._show_state)
        self.training.state_changed.connect(self._show_classes)
        self.training.saved.connect(self._tell_saved)
        self.training.opened.connect(self.explore_wanted)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Your own classes"))
        self.fields.retranslate()
        for name, text in (
            ("loss", _("Loss of each batch")),
            ("accuracy", _("Held-out pictures named rightly, each epoch")),
            ("confusion", _("Rows: the class; columns: what it is taken for")),
            (
                "capture",
                _(
                    "Name a class, show it to the camera, and keep ten pictures; move it between them: frames that are "
                    "alike make the held-out figure too good."
                ),
            ),
        ):
            self._labels[name].setText(text)
        for view, name in (
            (self.loss, "loss"),
            (self.accuracy, "accuracy"),
            (self.confusion, "confusion"),
        ):
            view.setAccessibleName(self._labels[name].text())
        self.misread.setAccessibleName(_("Misread pictures"))
        self.table.setAccessibleName(_("Classes"))
        self.name.setPlaceholderText(_("Name of a class"))
        self.name.setAccessibleName(_("Name of a class"))
        self.anew.setText(_("Begin anew"))
        self.save.setText(_("Save…"))
        self.save.setToolTip(_("Save the network as it is now, as one of your own"))
        self.open.setText(_("Open what it learned"))
        self.open.setToolTip(_("Look through the network as it is now"))
        self.choose.setText(_("Folder…"))
        self.choose.setToolTip(_("Choose a folder with a folder of pictures for each class"))
        self.keep.setText(_("Keep frame"))
        self.keep.setToolTip(_("Keep the shown picture as one of this class"))
        self.ten.setToolTip(_("Keep ten frames of this class, one after the other"))
        self._show_classes()
        self._show_state()
        self._show()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        for view in (self.loss, self.accuracy, self.confusion):
            view.update()

    # what the person does

    @Slot()
    def _start_or_pause(self) -> None:
        training = self.training
        if training.running:
            training.pause()
            return
        plan = self._plan()
        if plan is None:
            self._show_state()
            return
        run = training.run
        if not isinstance(run, LastRun):
            self._begun, self._said = (plan, self.classes.folder), ""
            run = LastRun(plan, self.classes.folder)
        training.go_on(run)

    @Slot()
    def _begin_anew(self) -> None:
        """Forget what was learned: it was learned otherwise."""
        plan = self._plan()
        if plan is not None and self._begun not in (None, (plan, self.classes.folder)):
            self._begun = None
            self.training.drop()
        self._show_state()

    def _plan(self) -> Plan | None:
        """Return what is chosen; None where a number is none, and the panel says so."""
        try:
            plan = Plan("last", *self.fields.numbers())
            plan.check()
        except ExplorerError as error:
            self._problem = str(error)
            return None
        self._problem = ""
        return plan

    @Slot()
    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, _("A folder with a folder for each class"), self.classes.folder)
        if path:
            self.show_folder(path)

    def show_folder(self, path: str) -> None:
        """Take the classes of a folder."""
        self.classes.choose(path)
        self._begin_anew()

    @Slot()
    def _take_name(self) -> None:
        """Keep further frames of the class that is clicked."""
        row = self.table.currentIndex().row()
        if 0 <= row < len(self.classes.classes):
            self.name.setText(self.classes.classes[row].name)

    @Slot()
    def _keep_one(self) -> None:
        self.classes.keep(self.name.text())

    @Slot()
    def _keep_ten(self) -> None:
        if self.classes.keeping:
            self.classes.stop()
        else:
            self.classes.keep_row(self.name.text())

    @Slot()
    def _save(self) -> None:
        path = ask_where(self, self.save.text(), self._name(), _SUFFIX)
        if path:
            self.training.save(path)

    @Slot()
    def _open(self) -> None:
        self.training.open(str(self._place()))

    @Slot(int)
    def _open_misread(self, place: int) -> None:
        self.training.open(str(self._place()), Source("picture", self._held_out()[place]))

    def _held_out(self) -> Sequence[str]:
        run = self.training.run
        return run.held_out_paths if isinstance(run, LastRun) else ()

    def _name(self) -> str:
        network = self._store.network
        title = "" if network is None else network.card.title
        return f"{Path(self.classes.folder).name}-{''.join(one if one.isalnum() else '-' for one in title)}"

    def _place(self) -> Path:
        return room() / f"{self._name()}.{_SUFFIX}"

    @Slot(object)
    def _tell_saved(self, saved: Saved) -> None:
        self._said = _("Saved as {file}: {share} of the held-out pictures are named rightly.").format(
            file=saved.path, share=percent(saved.accuracy, fine=True)
        )
        self._show()

    # what is shown

    @Slot()
    def _show_classes(self) -> None:
        kept = self.table.currentIndex().row()
        self._model.clear()
        self._model.setHorizontalHeaderLabels([_("Class"), _("Pictures"), _("Held out")])
        captured = self.training.captured
        unreadable = set() if captured is None else set(captured.unreadable)
        for one in self.classes.classes:
            count = sum(str(path) not in unreadable for path in one.paths)
            held_out = pictures.held_out(count) if count >= pictures.FEWEST_PICTURES else 0
            row = [QStandardItem(text) for text in (one.name, f"{count:,}", f"{held_out:,}")]
            for item in row[1:]:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._model.appendRow(row)
        align_heads(self._model, (1, 2))
        header = self.table.header()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        if 0 <= kept < self._model.rowCount():
            self.table.setCurrentIndex(self._model.index(kept, 0))
        self.where.setText(self.classes.folder)

    @Slot()
    def _show_state(self) -> None:
        training, named = self.training, bool(self.name.text().strip())
        frame = self._store.frame
        over = training.finished and training.run is not None
        self.start.setText(
            _("Finished") if over else _("Pause") if training.running else _("Go on") if training.run else _("Start")
        )
        self.loss.set_message(
            _("The first loss appears here in a moment.")
            if training.running
            else _("Two classes with some pictures each, then Start.")
        )
        self.start.setEnabled(not over)
        self.start.setDefault(not over)
        self.anew.setEnabled(training.run is not None or training.learned is not None)
        for button in (self.save, self.open, self.misread):
            button.setEnabled(training.run is not None and training.learned is not None)
        can_keep = named and frame is not None and frame.array is None
        self.keep.setEnabled(can_keep)
        self.ten.setText(_("Stop") if self.classes.keeping else _("Keep ten"))
        self.ten.setEnabled(self.classes.keeping or (can_keep and self._store.live))
        network = self._store.network
        words = str(training.problem.error) if training.problem is not None else self._problem or self.classes.problem
        if words != self.problem.text():
            self.problem.setText(words)
        self.problem.setVisible(bool(words))
        title = "–" if network is None else network.card.title
        note = self._said or _(
            "Only the last layer of {network} learns, from features that the layers before it make once of each "
            "picture. Of every class one picture in five, and at least one, is held out, chosen by the seed: it is "
            "never learned from."
        ).format(network=title)
        if network is not None and not network.trained and not self._said:
            note += " " + _("It is untrained, so its features tell little: choose a network with weights.")
        if note != self.note.text():
            self.note.setText(note)

    def _show(self) -> None:
        for part in self._parts:
            part()

    @Slot()
    def _show_loss(self) -> None:
        self.loss.show_line(*self.training.losses, _SMOOTHED)

    @Slot()
    def _show_checks(self) -> None:
        """Show what the held-out pictures are taken for."""
        learned = self.training.learned
        checks = () if learned is None else learned.checks
        self.accuracy.show_line(*self.training.accuracies)
        names = learned.names if learned is not None else ()
        self.confusion.show_counts(names, checks[-1].confusion if checks else None)
        self._show_misread(checks[-1].misread if checks and self._held_out() else (), names)

    @Slot()
    def _show_facts(self) -> None:
        self._show_state()
        learned, captured = self.training.learned, self.training.captured
        parts = []
        if learned is not None:
            parts.append(
                _("{count} pictures are learned from, {held_out} are held out").format(
                    count=f"{int(learned.trained.sum()):,}", held_out=f"{int(learned.held_out.sum()):,}"
                )
            )
            if learned.checks:
                share = percent(learned.checks[-1].accuracy, fine=True)
                parts.append(_("{share} of the held-out pictures are named rightly").format(share=share))
        elif captured is not None:
            parts.append(_("{done} of {of} pictures").format(done=captured.done, of=captured.of))
        if captured is not None and captured.unreadable:
            files = ", ".join(Path(one).name for one in captured.unreadable)
            parts.append(_("could not be read: {files}").format(files=files))
        self.facts.setText(" · ".join(parts))
        self.facts.setVisible(bool(parts))

    def _show_misread(self, misread: Sequence[Misread], names: Sequence[str]) -> None:
        self.misread.show_misread(misread, names)
        words = _("Misread pictures: a click opens one in Explore") if misread else _("Misread pictures")
        self._labels["misread"].setText(words)

    def _pixmap(self, place: int) -> QPixmap:
        reader = QImageReader(self._held_out()[place])
        reader.setAutoTransform(True)
        side = theme.px(40)
        size = reader.size().scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio)
        if size.isValid():
            reader.setScaledSize(size)
        return QPixmap.fromImage(reader.read())
