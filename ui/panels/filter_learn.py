"""Could a machine find the filter? A kernel from a picture before and after it, by gradient descent, step by step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from explorer.arithmetic.numbers import number as read_number
from explorer.errors import ExplorerError
from explorer.filters.filter import Filter
from explorer.filters.kernel import Kernel
from explorer.filters.learn import Search
from explorer.sources import picture as pictures
from explorer.text import _
from explorer.values import Bytes
from ui import theme
from ui.controller import Controller
from ui.filtering import Filtering
from ui.recovering import Found, Pair, Recovering, pair_of
from ui.store import Store
from ui.widgets.before_after import BeforeAfter
from ui.widgets.chooser import Chooser
from ui.widgets.flow import FlowLayout
from ui.widgets.linked_view import LinkedView
from ui.widgets.loss_curve import LossCurve, thinned
from ui.widgets.number_grid import NumberGrid
from ui.widgets.numbers import number
from ui.widgets.panel import Panel

_MOST_SIDE = 15
_MOST_POINTS = 4000
_PICTURES = "*.png *.jpg *.jpeg *.webp *.bmp *.tif *.tiff *.gif"


class FilterLearn(Panel):
    """Loss, kernel and result follow the search live; the found kernel is tried on whatever picture is shown."""

    def __init__(
        self, store: Store, controller: Controller, filtering: Filtering, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._filtering = store, filtering
        self.recovering = Recovering(controller, self)
        self._files: list[str] = ["", ""]
        self._truth: Filter | None = None
        self._points: list[tuple[int, float]] = []
        self._found: Found | None = None
        self._tried: Bytes | None = None
        self._searched: Search | None = None
        self.origin, self.descent = Chooser(16, self), Chooser(16, self)
        self.file_buttons = [QPushButton(self), QPushButton(self)]
        self.side, self.rate, self.noise = QSpinBox(self), QLineEdit("0.1", self), QLineEdit("0", self)
        self.side.setRange(1, _MOST_SIDE)
        self.side.setValue(5)
        for widget in (self.side, self.rate, self.noise):
            widget.setFixedWidth(theme.px(70))
        self.masked = QCheckBox(self)
        self.masked.setChecked(True)
        self.masked.setMinimumHeight(self.origin.sizeHint().height())
        self.start, self.step, self.anew, self.use = (QPushButton(self) for _n in range(4))
        self.start.setDefault(True)
        self.figures, self.curve = BeforeAfter(self), LossCurve(self)
        self.found_grid, self.true_grid = NumberGrid(_no_number, self), NumberGrid(_no_number, self)
        self.view = LinkedView(self)
        self.view.setMinimumHeight(52)
        self.note, self.problem = QLabel(self), QLabel(self)
        self.note.setObjectName("dim")
        self.problem.setObjectName("warning")
        for label in (self.note, self.problem):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._labels = {name: QLabel(self) for name in ("side", "rate", "noise", "found", "true", "result", "loss")}
        for label in self._labels.values():
            label.setObjectName("dim")
        for grid in (self.found_grid, self.true_grid):
            grid.setEnabled(False)
        self._lay_out()
        self._wire()
        self.retranslate()

    def _lay_out(self) -> None:
        bar = FlowLayout(spacing=8)
        for button in (self.start, self.step, self.anew, self.use):
            bar.addWidget(button)
        bar.addWidget(self.origin)
        for button in self.file_buttons:
            bar.addWidget(button)
        bar.addWidget(self.descent)
        for name, widget in (("side", self.side), ("rate", self.rate), ("noise", self.noise)):
            bar.addWidget(_row(self._labels[name], widget))
            self._labels[name].setBuddy(widget)
        bar.addWidget(self.masked)
        grids = QHBoxLayout()
        grids.setSpacing(10)
        for name, grid in (("found", self.found_grid), ("true", self.true_grid)):
            grids.addLayout(_titled(self._labels[name], grid), 1)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addLayout(grids, 1)
        left.addLayout(_titled(self._labels["loss"], self.curve))
        self._halves = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._halves.setSpacing(10)
        self._halves.addLayout(left, 5)
        self._halves.addLayout(_titled(self._labels["result"], self.view), 4)
        self.body.addLayout(bar)
        self.body.addWidget(self.problem)
        self.body.addWidget(self.figures)
        self.body.addLayout(self._halves, 1)
        self.body.addWidget(self.note)

    def _wire(self) -> None:
        self.start.clicked.connect(self._start_or_stop)
        self.step.clicked.connect(self._one_step)
        self.anew.clicked.connect(self._anew)
        self.use.clicked.connect(self._use)
        self.origin.activated.connect(self._anew)
        self.descent.activated.connect(self._anew)
        self.side.valueChanged.connect(self._anew)
        self.masked.toggled.connect(self._anew)
        for field in (self.rate, self.noise):
            field.editingFinished.connect(self._typed)
        self.file_buttons[0].clicked.connect(self._choose_before)
        self.file_buttons[1].clicked.connect(self._choose_after)
        self.recovering.found_changed.connect(self._take)
        self.recovering.state_changed.connect(self._show_state)
        self._store.frame_changed.connect(self._try_picture)
        self._filtering.chain_changed.connect(self._follow)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Let the machine find it"))
        for chooser, items in (
            (self.origin, (("filter", _("The chosen filter")), ("files", _("Files before and after")))),
            (
                self.descent,
                (("whitened", _("Whitened descent")), ("plain", _("Plain descent")), ("adam", _("Adam"))),
            ),
        ):
            blocker, place = QSignalBlocker(chooser), max(chooser.currentIndex(), 0)
            chooser.clear()
            for value, text in items:
                chooser.addItem(text, value)
            chooser.setCurrentIndex(place)
            blocker.unblock()
        self.origin.setAccessibleName(_("Where the pictures before and after come from"))
        self.descent.setAccessibleName(_("How it descends"))
        self.descent.setToolTip(
            _("Neighbouring pixels are alike: plain steps hardly reach a window's details, whitened ones do")
        )
        self._labels["side"].setText(_("Size"))
        self._labels["rate"].setText(_("Rate"))
        self._labels["noise"].setText(_("Noise"))
        self._labels["found"].setText(_("Found kernel"))
        self._labels["true"].setText(_("True kernel"))
        self._labels["result"].setText(_("Found kernel on the picture"))
        self._labels["loss"].setText(_("Loss, step by step (both logarithmic)"))
        self.side.setToolTip(_("Rows and columns of the kernel that is searched for; it need not be the true one's"))
        self.rate.setToolTip(_("Learning rate: with 1, whitened steps arrive at once"))
        self.noise.setToolTip(_("Noise that is added to the picture after the filter, levels"))
        self.masked.setText(_("Leave clipped pixels out"))
        self.masked.setToolTip(_("Pixels that are 0 or 255 after the filter do not tell what was clipped there"))
        self.step.setText(_("Step"))
        self.anew.setText(_("Begin anew"))
        self.use.setText(_("Use in the chain"))
        self.use.setToolTip(_("Put the found kernel in place of the chosen filter"))
        self.found_grid.setAccessibleName(_("Found kernel"))
        self.true_grid.setAccessibleName(_("True kernel"))
        self.curve.setAccessibleName(_("Loss, step by step"))
        self.view.setAccessibleName(_("Found kernel on the picture"))
        self._show_files()
        self._show_state()
        self._show()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        self.curve.update()

    def showEvent(self, event: QShowEvent) -> None:
        """Try the found kernel on the picture that came while nobody looked."""
        super().showEvent(event)
        self._try_picture()

    def hideEvent(self, event: QHideEvent) -> None:
        """Search no further while nobody looks."""
        super().hideEvent(event)
        self.recovering.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the result below where there is more height than width."""
        super().resizeEvent(event)
        low = self.width() > 1.2 * self.height() or self.height() < theme.px(600)
        self._halves.setDirection(QBoxLayout.Direction.LeftToRight if low else QBoxLayout.Direction.TopToBottom)
        roomy = low and self.height() > theme.px(700)
        self.curve.setMinimumHeight(theme.px(180 if roomy else 40))
        self.curve.setMaximumHeight(theme.px(180 if roomy else 76))

    # what the person does

    @Slot()
    def _start_or_stop(self) -> None:
        if self.recovering.running:
            self.recovering.stop()
        elif self._begun():
            self.recovering.go_on(True)

    @Slot()
    def _one_step(self) -> None:
        self.recovering.stop()
        if self._begun():
            self.recovering.go_on(False)

    @Slot()
    def _anew(self) -> None:
        """Forget what was found: it was searched for otherwise."""
        self._points, self._found, self._truth = [], None, None
        self._show_files()
        self.recovering.drop()

    @Slot()
    def _typed(self) -> None:
        try:
            wanted = self._search()
        except ExplorerError as error:
            self._say(str(error))
            return
        if self._searched is not None and wanted != self._searched:
            self._anew()
        self._say("")

    @Slot()
    def _follow(self) -> None:
        """Begin anew where the filter that is searched for is another one; not for the found one put in its place."""
        one = self._filtering.filter
        if self._truth is not None and one is not None and one.kernel != self._truth.kernel and not self._is_found(one):
            self._anew()

    def _is_found(self, one: Filter) -> bool:
        return self._found is not None and one.kernel == self._found.progress.kernel

    def _search(self) -> Search:
        """Return how it is searched.

        Raises:
            PersonError: a number that is none, or outside its range.
        """
        rate, noise = (
            read_number(field.text(), self._labels[name].text())
            for field, name in ((self.rate, "rate"), (self.noise, "noise"))
        )
        offset = self.origin.currentData() == "files" or (
            isinstance(self._filtering.filter, Filter)
            and isinstance(self._filtering.filter.kernel, Kernel)
            and self._filtering.filter.kernel.offset != 0
        )
        side = self.side.value()
        return Search(
            shape=(side, side),
            rate=rate,
            descent=self.descent.currentData(),
            masked=self.masked.isChecked(),
            offset=offset,
            noise=noise,
        )

    def _begun(self) -> bool:
        """Begin a search unless there is one; return whether there is."""
        if self.recovering.begun:
            return True
        try:
            search = self._search()
        except ExplorerError as error:
            self._say(str(error))
            return False
        self._searched = search
        frame, one = self._store.frame, self._filtering.filter
        if self.origin.currentData() == "files":
            before, after = self._files
            if not before or not after:
                self._say(_("Choose a picture before the filter and the same one after it first."))
                return False

            def make() -> Pair:
                return Pair(pictures.read(before).pixels, pictures.read(after).pixels)

        elif frame is None or one is None:
            self._say(_("There is no filter to find: choose one in the bank first."))
            return False
        else:
            pixels, chosen = frame.pixels, one
            self._truth = one

            def make() -> Pair:
                return pair_of(pixels, chosen)

        self._tried = None if frame is None or self.origin.currentData() == "files" else frame.pixels
        self.recovering.begin(make, search, self._picture)
        self._say("")
        return True

    def _picture(self) -> Bytes | None:
        return self._tried

    @Slot()
    def _try_picture(self) -> None:
        """Try the found kernel on another picture."""
        frame = self._store.frame
        if frame is not None and frame.array is None and self.isVisible():
            self._tried = frame.pixels
            self.recovering.show()

    @Slot()
    def _use(self) -> None:
        if self._found is not None:
            self.recovering.stop()
            self._filtering.edit_kernel(self._found.progress.kernel)

    @Slot()
    def _choose_before(self) -> None:
        self._choose_file(0)

    @Slot()
    def _choose_after(self) -> None:
        self._choose_file(1)

    def _choose_file(self, place: int) -> None:
        title = (_("Open the picture before the filter"), _("Open the picture after the filter"))[place]
        kind = _("Pictures ({patterns})").format(patterns=_PICTURES)
        path, _kind = QFileDialog.getOpenFileName(self, title, self._files[0], kind)
        if path:
            self._files[place] = path
            self._anew()

    # what is shown

    @Slot(object)
    def _take(self, found: Found | None) -> None:
        self._found = found
        if found is not None:
            self._points += [one for one in found.losses if not self._points or one[0] > self._points[-1][0]]
            if len(self._points) > _MOST_POINTS:
                self._points = thinned(self._points)
        self._show()

    def _show(self) -> None:
        found = self._found
        self.use.setEnabled(found is not None)
        self.curve.show_points(self._points)
        if found is None:
            self.figures.show_numbers(tuple((name, "–") for name in (_("step"), _("loss"), _("error"), _("distance"))))
            self.view.show_values(None, None)
            side = self.side.value()
            self.found_grid.show_rows(((np.nan,) * side,) * side)
            self._show_truth()
            return
        progress = found.progress
        distance = "–" if progress.distance is None else number(progress.distance)
        self.figures.show_numbers(
            (
                (_("step"), str(progress.step)),
                (_("loss"), number(progress.loss)),
                (_("error"), number(progress.error)),
                (_("distance"), distance),
            )
        )
        self.found_grid.show_rows(progress.kernel.weights)
        self.view.show_values(found.result, None)
        self._show_truth()

    def _show_truth(self) -> None:
        one = self._truth or (self._filtering.filter if self.origin.currentData() == "filter" else None)
        kernel = one.kernel if one is not None and isinstance(one.kernel, Kernel) else None
        for widget in (self.true_grid, self._labels["true"]):
            widget.setVisible(kernel is not None)
        if kernel is not None:
            self.true_grid.show_rows(tuple(tuple(w * kernel.scale for w in row) for row in kernel.weights))

    @Slot()
    def _show_state(self) -> None:
        running, error = self.recovering.running, self.recovering.error
        self.start.setText(_("Stop") if running else _("Start"))
        hint = _("Press Start: a kernel of noise becomes the filter, step by step.")
        working = self.recovering.begun and self._found is None and error is None
        self.view.set_empty_text(_("The first step: the picture is cut into windows …") if working else hint)
        theme.set_icon(self.start, "pause" if running else "play", "#ffffff")
        self._say("" if error is None else str(error))
        notes = []
        if self._found is not None:
            notes.append(_("Windows learned from: {count}.").format(count=self._found.windows))
            if self._found.arrived:
                notes.append(_("Arrived: more steps change nothing."))
        self.note.setText(" ".join(notes))
        self.note.setVisible(bool(notes))
        told = _("Error: by how many levels the result is wrong. Distance: the largest difference of a weight.")
        self.figures.setToolTip(told)

    def _show_files(self) -> None:
        files = self.origin.currentData() == "files"
        for place, (button, text) in enumerate(zip(self.file_buttons, (_("Before…"), _("After…")), strict=True)):
            button.setVisible(files)
            name = Path(self._files[place]).name
            button.setText(name if len(name) <= 18 else f"{name[:17]}…" if name else text)
            if not name:
                button.setText(text)
            button.setToolTip(self._files[place] or text)

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))


def _no_number(_text: str, _row: int, _column: int) -> float:
    raise AssertionError("what is found is not typed")


def _row(label: QLabel, widget: QWidget) -> QWidget:
    whole = QWidget()
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    row.addWidget(label)
    row.addWidget(widget)
    return whole


def _titled(label: QLabel, widget: QWidget) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(2)
    column.addWidget(label)
    column.addWidget(widget, 1)
    return column
