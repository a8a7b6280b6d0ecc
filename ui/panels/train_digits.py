"""Watch a LeNet-5 learn the shipped digits: loss, accuracy, filters, maps, and which digits it still misreads."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QSpinBox, QVBoxLayout, QWidget

from explorer.errors import ExplorerError
from explorer.text import _
from explorer.training.run import LeNetRun
from explorer.training.values import EPOCHS, FORMS, LAYERS, RATES, Look, Plan, Saved, room
from explorer.values import Bytes
from explorer.zoo.course import LENET5, LENET5_1998
from ui import theme
from ui.controller import Controller
from ui.store import Store
from ui.training import Training
from ui.widgets.answer_table import AnswerRow, AnswerTable
from ui.widgets.chooser import Chooser
from ui.widgets.confusion_table import ConfusionTable
from ui.widgets.digit_view import DigitView, digits, pixmap
from ui.widgets.elided import ElidedLabel
from ui.widgets.flow import FlowLayout
from ui.widgets.labelled import beside, titled
from ui.widgets.line_chart import LineChart
from ui.widgets.misread_list import MisreadList
from ui.widgets.numbers import number, percent
from ui.widgets.panel import Panel
from ui.widgets.plan_fields import PlanFields
from ui.widgets.plane_grid import PlaneGrid
from ui.widgets.saving import ask_where

_ANSWERS = 5
"""So many answers to the watched picture are told."""
_SMOOTHED = 25
"""So many batches are averaged to the line of the loss."""
_DIGITS = 2000
"""So many are held out."""
_SUFFIX = "safetensors"


class TrainDigits(Panel):
    """Begins, pauses and steps; whatever decides the training begins it anew where it is changed.

    Signals:
        explore_wanted: the person wants to see the trained network in Explore.
    """

    explore_wanted = Signal()

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self.training = Training(store, controller, self)
        self._begun: Plan | None = None
        self._problem = ""
        self._said = ""
        self.form, self.optimiser, self.layer = Chooser(12, self), Chooser(6, self), Chooser(5, self)
        self.fields = PlanFields(EPOCHS, RATES["lenet5", "adam"], 64, self)
        self.digit = QSpinBox(self)
        self.digit.setRange(0, _DIGITS - 1)
        self.digit.setFixedWidth(theme.px(84))
        self.augment, self.picture = QCheckBox(self), QCheckBox(self)
        self.augment.setChecked(True)
        self.augment.setMinimumHeight(self.form.sizeHint().height())
        self.start, self.step, self.anew, self.save, self.open = (QPushButton(self) for _button in range(5))
        self.start.setDefault(True)
        self.facts, self.note, self.problem = ElidedLabel(self), QLabel(self), QLabel(self)
        self.facts.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.note.setObjectName("dim")
        self.problem.setObjectName("warning")
        for label in (self.note, self.problem):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.loss, self.accuracy = LineChart(False, self), LineChart(True, self)
        self.filters, self.maps = PlaneGrid(1, self), PlaneGrid(3, self)
        self.watched = DigitView(self)
        self.answers = AnswerTable(self)
        self.confusion, self.misread = ConfusionTable(self), MisreadList(pixmap, self)
        names = ("digit", "loss", "accuracy", "filters")
        self._labels = {name: QLabel(self) for name in (*names, "layer", "confusion", "misread")}
        for label in self._labels.values():
            label.setObjectName("dim")
        self._parts = (
            self._show_facts,
            self._show_loss,
            self._show_planes,
            self._show_answers,
            self._show_checks,
            self._show_misread,
        )
        self._lay_out()
        self._wire()
        self.retranslate()

    def _lay_out(self) -> None:
        bar = FlowLayout(spacing=8)
        for button in (self.start, self.step, self.anew, self.save, self.open, self.form):
            bar.addWidget(button)
        for row in self.fields.rows:
            bar.addWidget(row)
        bar.addWidget(self.optimiser)
        bar.addWidget(self.augment)
        left, middle, right = (QVBoxLayout() for _part in range(3))
        left.addLayout(titled(self._labels["loss"], self.loss), 1)
        left.addLayout(titled(self._labels["accuracy"], self.accuracy), 1)
        middle.addLayout(titled(self._labels["filters"], self.filters), 2)
        watched = QHBoxLayout()
        watched.addWidget(self.watched)
        choice = QVBoxLayout()
        choice.addWidget(beside(self._labels["digit"], self.digit), 0, Qt.AlignmentFlag.AlignLeft)
        choice.addWidget(self.picture)
        watched.addLayout(choice, 1)
        middle.addLayout(watched)
        middle.addWidget(self.answers)
        title = QHBoxLayout()
        title.addWidget(self._labels["layer"])
        title.addWidget(self.layer)
        title.addStretch(1)
        middle.addLayout(title)
        middle.addWidget(self.maps, 4)
        right.addLayout(titled(self._labels["confusion"], self.confusion), 3)
        right.addLayout(titled(self._labels["misread"], self.misread), 2)
        columns = QHBoxLayout()
        columns.setSpacing(14)
        for part, stretch in ((left, 9), (middle, 8), (right, 10)):
            part.setSpacing(8)
            columns.addLayout(part, stretch)
        self.body.addLayout(bar)
        self.body.addWidget(self.note)
        self.body.addWidget(self.facts)
        self.body.addWidget(self.problem)
        self.body.addLayout(columns, 1)

    def _wire(self) -> None:
        self.start.clicked.connect(self._start_or_pause)
        self.step.clicked.connect(self._one_step)
        self.anew.clicked.connect(self.training.drop)
        self.save.clicked.connect(self._save)
        self.open.clicked.connect(self._open)
        self.misread.wanted.connect(self._open_misread)
        self.form.activated.connect(self._choose_form)
        self.optimiser.activated.connect(self._choose_form)
        self.fields.changed.connect(self._begin_anew)
        self.augment.toggled.connect(self._begin_anew)
        self.layer.activated.connect(self._look)
        self.digit.valueChanged.connect(self._look)
        self.picture.toggled.connect(self._look)
        self._store.frame_changed.connect(self._take_frame)
        for part in self._parts:
            self.training.learned_changed.connect(part)
        self.training.state_changed.connect(self._show_state)
        self.training.saved.connect(self._tell_saved)
        self.training.opened.connect(self.explore_wanted)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("LeNet-5 learns digits"))
        titles = {LENET5.name: LENET5.title, LENET5_1998.name: LENET5_1998.title}
        _fill(self.form, [(titles[form], form) for form in FORMS])
        _fill(self.optimiser, [("Adam", "adam"), ("SGD", "sgd")])
        _fill(self.layer, [(name, name) for name in LAYERS])
        for widget, text, tip in (
            (self.form, _("Which LeNet-5"), ""),
            (self.optimiser, _("How it descends"), _("Adam with one cycle of the learning rate; or plain steps, SGD")),
            (self.layer, _("Layer whose maps are watched"), ""),
            (self.digit, _("Held-out digit"), ""),
        ):
            widget.setAccessibleName(text)
            widget.setToolTip(tip or text)
        for name, text in (
            ("digit", _("Held-out digit")),
            ("loss", _("Loss of each batch")),
            ("accuracy", _("Held-out digits named rightly, each epoch")),
            ("filters", _("Filters of the first layer")),
            ("layer", _("Maps of")),
            ("confusion", _("Rows: the digit; columns: what it is taken for")),
        ):
            self._labels[name].setText(text)
        for view, name in (
            (self.loss, "loss"),
            (self.accuracy, "accuracy"),
            (self.filters, "filters"),
            (self.confusion, "confusion"),
        ):
            view.setAccessibleName(self._labels[name].text())
        self.watched.setAccessibleName(_("Watched picture"))
        self.misread.setAccessibleName(_("Misread digits"))
        self.answers.setAccessibleName(_("What the watched picture is taken for"))
        self.maps.setAccessibleName(_("Maps of the watched layer"))
        self.augment.setText(_("Turn and shift the digits a little"))
        self.augment.setToolTip(
            _("Each digit is another one each time, so that the network learns more than 8,000 by heart")
        )
        self.picture.setText(_("The shown picture instead"))
        self.picture.setToolTip(_("Watch the picture of the window, such as your own drawing of a digit"))
        self.step.setText(_("Step"))
        self.step.setToolTip(_("Learn from one batch"))
        self.anew.setText(_("Begin anew"))
        self.save.setText(_("Save…"))
        self.save.setToolTip(_("Save the network as it is now, as one of your own"))
        self.open.setText(_("Open what it learned"))
        self.open.setToolTip(_("Look through the network as it is now"))
        self.fields.retranslate()
        self._show_state()
        self._show()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        for view in (self.loss, self.accuracy, self.confusion):
            view.update()

    # what the person does

    @Slot()
    def _start_or_pause(self) -> None:
        if self.training.running:
            self.training.pause()
        elif (run := self._run()) is not None:
            self.training.go_on(run)

    @Slot()
    def _one_step(self) -> None:
        self.training.pause()
        if (run := self._run()) is not None:
            self.training.go_on(run, 1)

    @Slot()
    def _choose_form(self) -> None:
        self.fields.set_rate(RATES[self.form.currentData(), self.optimiser.currentData()])
        self._begin_anew()

    @Slot()
    def _begin_anew(self) -> None:
        """Forget what was learned: it was learned otherwise."""
        plan = self._plan()
        if plan is not None and self._begun not in (None, plan):
            self._begun = None
            self.training.drop()
        self._show_state()

    def _run(self) -> LeNetRun | None:
        """Return the training, begun if there is none; None where it cannot be."""
        run = self.training.run
        if isinstance(run, LeNetRun):
            return run
        plan = self._plan()
        if plan is None:
            self._show_state()
            return None
        self._begun, self._said = plan, ""
        run = LeNetRun(plan)
        run.look = self._wish()
        return run

    def _plan(self) -> Plan | None:
        """Return what is chosen; None where a number is none, and the panel says so."""
        try:
            epochs, rate, batch, seed = self.fields.numbers()
            optimiser, augment = self.optimiser.currentData(), self.augment.isChecked()
            plan = Plan(self.form.currentData(), epochs, rate, batch, seed, optimiser, augment)
            plan.check()
        except ExplorerError as error:
            self._problem = str(error)
            return None
        self._problem = ""
        return plan

    def _wish(self) -> Look:
        frame = self._store.frame if self.picture.isChecked() else None
        if frame is not None and frame.array is not None:
            frame = None
        return Look(self.layer.currentData() or LAYERS[0], self.digit.value(), frame)

    @Slot()
    def _look(self) -> None:
        """Watch something else; where nothing is learned meanwhile, ask what that looks like."""
        run = self.training.run
        if isinstance(run, LeNetRun):
            run.look = self._wish()
            if not self.training.running:
                self.training.go_on(run, 0)
        self._show()

    @Slot()
    def _take_frame(self) -> None:
        """Watch the picture that is shown now, in place of a digit."""
        if not (self.picture.isChecked() and self.isVisible()):
            return
        run = self.training.run
        if isinstance(run, LeNetRun):
            run.look = self._wish()
            if self.training.idle:
                self.training.go_on(run, 0)
        else:
            self.watched.show_digit(self.digit.value(), self._wish().frame)

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
        from explorer.sources.kept import keep

        buffer = io.BytesIO()
        _png(digits()[place], buffer)
        self.training.open(str(self._place()), keep(buffer.getvalue()))

    def _name(self) -> str:
        learned = self.training.learned
        plan = learned.plan if learned is not None else Plan()
        return f"{plan.what}-seed{plan.seed}-batch{learned.batch if learned is not None else 0}"

    def _place(self) -> Path:
        return room() / f"{self._name()}.{_SUFFIX}"

    @Slot(object)
    def _tell_saved(self, saved: Saved) -> None:
        self._said = _("Saved as {file}: {share} of the held-out digits are named rightly.").format(
            file=saved.path, share=percent(saved.accuracy, fine=True)
        )
        self._show()

    # what is shown

    @Slot()
    def _show_state(self) -> None:
        training = self.training
        over = training.finished and training.run is not None
        self.start.setText(
            _("Finished") if over else _("Pause") if training.running else _("Go on") if training.run else _("Start")
        )
        self.loss.set_message(
            _("The first loss appears here in a moment.")
            if training.running
            else _("Press Start: a network of random weights learns to read.")
        )
        self.start.setEnabled(not over)
        self.start.setDefault(not over)
        self.step.setEnabled(not over)
        self.anew.setEnabled(training.run is not None or training.learned is not None)
        for button in (self.save, self.open, self.misread):
            button.setEnabled(training.run is not None and training.learned is not None)
        words = str(training.problem.error) if training.problem is not None else self._problem
        self.problem.setText(words)
        self.problem.setVisible(bool(words))

    def _show(self) -> None:
        for part in self._parts:
            part()

    @Slot()
    def _show_loss(self) -> None:
        self.loss.show_line(*self.training.losses, _SMOOTHED)

    @Slot()
    def _show_checks(self) -> None:
        """Show what the held-out digits are taken for."""
        learned = self.training.learned
        checks = () if learned is None else learned.checks
        self.accuracy.show_line(*self.training.accuracies)
        names = learned.names if learned is not None else ()
        self.confusion.show_counts(names, checks[-1].confusion if checks else None)

    @Slot()
    def _show_planes(self) -> None:
        seen = None if self.training.learned is None else self.training.learned.seen
        self.filters.show_planes(None if seen is None else seen.filters, signed=True)
        self.maps.show_planes(None if seen is None else seen.maps, signed=False)

    @Slot()
    def _show_answers(self) -> None:
        self.watched.show_digit(self.digit.value(), self._wish().frame)
        learned = self.training.learned
        rows = []
        if learned is not None and learned.seen is not None:
            before, now = learned.seen.before, learned.seen.now
            likely = np.argsort(-now, kind="stable")[:_ANSWERS]
            rows = [AnswerRow(learned.names[one], float(before[one]), float(now[one])) for one in likely]
        self.answers.show_rows(rows, _("Before"), _("Now"))

    @Slot()
    def _show_misread(self) -> None:
        learned = self.training.learned
        misread = learned.checks[-1].misread if learned is not None and learned.checks else ()
        self.misread.show_misread(misread, () if learned is None else learned.names)
        words = _("Misread digits: a click opens one in Explore") if misread else _("Misread digits")
        self._labels["misread"].setText(words)

    @Slot()
    def _show_facts(self) -> None:
        learned = self.training.learned
        held_out = _(
            "8,000 digits are learned from; 2,000 others, every fifth of each class, are held out: the network never "
            "learns from them, and is judged by them alone."
        )
        note = self._said or held_out
        if note != self.note.text():
            self.note.setText(note)
        self.facts.setVisible(learned is not None)
        if learned is None:
            return
        parts = [
            _("epoch {epoch} of {epochs}").format(
                epoch=min(learned.epoch + (not learned.finished), learned.plan.epochs), epochs=learned.plan.epochs
            ),
            _("batch {batch} of {batches}").format(batch=f"{learned.batch:,}", batches=f"{learned.batches:,}"),
        ]
        if len(learned.losses):
            parts.append(_("loss {loss}").format(loss=number(float(learned.losses[-_SMOOTHED:].mean()))))
        if learned.checks:
            share, count = percent(learned.checks[-1].accuracy, fine=True), f"{int(learned.held_out.sum()):,}"
            parts.append(_("{share} of {count} held-out digits are named rightly").format(share=share, count=count))
        parts.append(f"{learned.seconds:.0f} s")
        self.facts.setText(" · ".join(parts))
        self._show_state()


def _png(pixels: Bytes, file: io.BytesIO) -> None:
    from PIL import Image

    Image.fromarray(pixels).convert("RGB").save(file, "PNG")


def _fill(box: Chooser, choices: list[tuple[str, str]]) -> None:
    blocker, place = QSignalBlocker(box), max(box.currentIndex(), 0)
    box.clear()
    for text, data in choices:
        box.addItem(text, data)
    box.setCurrentIndex(place)
    blocker.unblock()
