"""Switch channels off: what the network answers without some channels of the shown layer, and which ones count."""

from __future__ import annotations

from typing import get_args

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.attribution.methods import How, Switched
from explorer.engine.events import Answered, Problem
from explorer.graph.values import INPUT
from explorer.questions import SwitchOff
from explorer.recipe import MOST_PREDICTIONS
from explorer.switching import Switch
from explorer.text import N_, _
from explorer.values import FrameResult
from ui import theme
from ui.asking import Asking
from ui.controller import Controller
from ui.store import Store
from ui.widgets.answer_table import AnswerTable, answer_rows
from ui.widgets.chooser import Chooser
from ui.widgets.details_button import DetailsButton
from ui.widgets.number_field import NumberField
from ui.widgets.numbers import minus, number
from ui.widgets.panel import Panel
from ui.widgets.scrolled import scrolled

HOWS: dict[How, str] = {"zero": N_("Zeros"), "mean": N_("Its own mean"), "scale": N_("Times a factor")}
assert tuple(HOWS) == get_args(How)
BEST = "best"
_LETTERS, _PERCENT, _MOST_FACTOR = 12, 100, 1e6
_DIGITS = 10
"""No channel has a number so long; Python refuses to read some thousand."""


class SwitchOffPanel(Panel):
    """Asks, while it is seen, for each shown frame without the chosen channels; which count, it asks when told to.

    Signals:
        off_changed: the channels of the shown layer that are off, as a frozenset.
    """

    off_changed = Signal(object)

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._asking = Asking(store, controller, self)
        self._off: frozenset[int] = frozenset()
        self._of: tuple[str, str] = ("", "")
        self._key: tuple[object, ...] = ()
        self._asked: tuple[SwitchOff, FrameResult] | None = None
        self._without: tuple[FrameResult, Switched] | None = None
        """What is compared: of one frame."""
        self._effects: tuple[FrameResult, Switched] | None = None
        self._listed: Switched | None = None
        self._fraction = 0.0
        self._problem: Problem | None = None
        self.how, self.target = Chooser(_LETTERS, self), Chooser(_LETTERS, self)
        self.factor, self.channels = NumberField(self), QLineEdit(self)
        self.factor.set_value(0.5)
        self.pick, self.clear = QPushButton(self), QToolButton(self)
        self.pick.setCheckable(True)
        self.clear.setObjectName("small")
        theme.set_icon(self.clear, "clear")
        self.table, self.note, self.words = AnswerTable(self), QLabel(self), QLabel(self)
        for label in (self.note, self.words):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setObjectName("dim")
        self.details = DetailsButton(self)
        self.search, self.bar, self.stop = QPushButton(self), QProgressBar(self), QToolButton(self)
        self.bar.setTextVisible(False)
        self.bar.setRange(0, _PERCENT)
        self.stop.setObjectName("small")
        theme.set_icon(self.stop, "close")
        self.found, self.list = QLabel(self), QListWidget(self)
        self.found.setWordWrap(True)
        self.list.setUniformItemSizes(True)
        self._captions = tuple(QLabel(self) for _box in range(3))
        self._build()
        self._connect()
        self.retranslate()
        self._follow()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Switch off"))
        for caption, text in zip(self._captions, (_("Channels"), _("In their place"), _("Answer")), strict=True):
            caption.setText(text)
        for at, (how, text) in enumerate(HOWS.items()):
            if at == self.how.count():
                self.how.addItem("", how)
            self.how.setItemText(at, _(text))
        self.pick.setText(_("Click in the maps"))
        self.search.setText(_("Which channels count?"))
        for widget, text in (
            (self.channels, _("Numbers of the channels that are off, such as 3, 7, 12")),
            (self.pick, _("While this is pressed, a click on a map switches its channel off, or on again")),
            (self.clear, _("Switch all channels on again")),
            (self.how, _("What takes the place of a channel that is off")),
            (self.factor, _("The factor that its values are multiplied by")),
            (self.target, _("Which answer is followed")),
            (self.search, _("Switch each channel off by itself, and list them by how far the answer falls")),
            (self.stop, _("Stop")),
            (self.list, _("Channels by how far the answer falls without each; a tick switches one off")),
        ):
            widget.setToolTip(text)
            widget.setAccessibleName(text)
        self.channels.setPlaceholderText(_("none"))
        self.bar.setAccessibleName(_("How far the answer is"))
        self.table.setAccessibleName(_("Predictions before and after"))
        self.table.setToolTip(_("–: not among the first classes that are shown"))
        self._show()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        self.table.update()
        self.factor.setMaximumWidth(theme.px(64))

    def showEvent(self, event: QShowEvent) -> None:
        """Ask, now that the answer can be seen."""
        super().showEvent(event)
        self._follow()
        self.off_changed.emit(self._off)

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask nothing that nobody sees, and let the maps be clicked as ever."""
        super().hideEvent(event)
        self.pick.setChecked(False)
        self._drop()
        self._key = ()
        self.off_changed.emit(frozenset())

    @property
    def off(self) -> frozenset[int]:
        """The channels that are off."""
        return self._off

    # what the person does

    @Slot(int)
    def click(self, channel: int) -> None:
        """Switch the channel of a map that was clicked off, or on again, while that is what clicks are for."""
        if self.pick.isChecked() and self.isVisible():
            self._take(self._off ^ {channel})

    @Slot()
    def _type(self) -> None:
        words = self.channels.text().replace(",", " ").replace(";", " ").split()
        self.channels.setModified(False)  # what is no channel goes from the field too
        self._take(frozenset(int(word) for word in words if word.isdecimal() and len(word) < _DIGITS))

    @Slot()
    def _clear(self) -> None:
        self._take(frozenset())

    @Slot(QListWidgetItem)
    def _tick(self, item: QListWidgetItem) -> None:
        channel = item.data(Qt.ItemDataRole.UserRole)
        ticked = item.checkState() == Qt.CheckState.Checked
        if ticked != (channel in self._off):
            self._take(self._off | {channel} if ticked else self._off - {channel})

    @Slot()
    def _jump(self) -> None:
        item, view = self.list.currentItem(), self._view
        if item is not None and view is not None and not self.list.signalsBlocked():
            self._controller.change(layer=view.view.layer.id, channel=item.data(Qt.ItemDataRole.UserRole))

    def _take(self, channels: frozenset[int]) -> None:
        view = self._view
        count = 0 if view is None else len(view.view.order)
        self._off = frozenset(channel for channel in channels if channel < count)
        self.off_changed.emit(self._off if self.isVisible() else frozenset())
        self._follow()

    @Slot()
    def _find(self) -> None:
        """Ask which channels count; the frame that is shown now is asked about."""
        view = self._view
        if view is not None and not self._trouble():
            self._drop()
            self._effects, self._problem = None, None
            self._ask(view, ())
            self._show()

    @Slot()
    def _stop(self) -> None:
        self._drop()
        self._show()

    # what is asked

    @property
    def _view(self) -> FrameResult | None:
        """The result that is shown, if it is of what is wished."""
        return None if self._store.result_is_old else self._store.result_of_network

    def _trouble(self) -> str:
        """Return why nothing can be switched off here, or ""."""
        view = self._view
        if view is None:
            return _("The network's answer appears here.")
        if not view.predictions:
            return _("This network does not name classes: look at its maps instead.")
        layer = view.view.layer
        if layer.id == INPUT or "C" not in layer.axes:
            return _("{layer} has no channels that could be switched off: choose another layer.").format(layer=layer.id)
        return ""

    @Slot()
    def _follow(self) -> None:
        """Ask what the shown frame gives without the channels, unless it is known, or another answer is on the way."""
        view = self._view
        if view is not None and (view.recipe.network, view.view.layer.id) != self._of:
            self._of = (view.recipe.network, view.view.layer.id)
            self._forget()
            return
        self._fill_targets(view)
        if not self.isVisible() or view is None or self._trouble():
            self._show()
            return
        if self._effects is not None and not self._store.live and self._effects[0].frame is not view.frame:
            self._effects = None  # of another picture
        key = (view.frame, view.recipe.alterations, self._off, self._wish())
        busy = self._asking.question is not None
        if self._off and key != self._key and not (busy and (self._store.live or self._searching)):
            self._asking.drop()
            self._key = key
            self._ask(view, tuple(sorted(self._off)))
        elif not self._off:
            self._without = None
        self._show()

    def _wish(self) -> tuple[How, float, int | None]:
        how: How = self.how.currentData() or "zero"
        factor = self.factor.value()
        factor = 0.0 if how != "scale" or factor is None else min(max(factor, -_MOST_FACTOR), _MOST_FACTOR)
        target = self.target.currentData()
        return how, factor, target if isinstance(target, int) else None

    def _ask(self, view: FrameResult, channels: tuple[int, ...]) -> None:
        recipe = view.recipe.with_(top=MOST_PREDICTIONS)
        question = SwitchOff(view.frame, recipe, Switch(view.view.layer.id, channels, *self._wish()))
        self._asked, self._fraction = (question, view), 0.0
        self._asking.ask(question)

    @property
    def _searching(self) -> bool:
        """Whether it is being found out which channels count."""
        question = self._asking.question
        return isinstance(question, SwitchOff) and not question.asked.channels

    def _drop(self) -> None:
        self._asking.drop()
        self._fraction = 0.0

    @Slot()
    def _forget(self) -> None:
        """Begin anew: another layer, another network."""
        self._drop()
        self._key, self._without, self._effects, self._problem = (), None, None, None
        self._take(frozenset())

    @Slot(object)
    def _take_answer(self, event: Answered) -> None:
        self._fraction = event.fraction
        if isinstance(event.answer, Switched) and self._asked is not None and event.question is self._asked[0]:
            self._problem = None
            if self._asked[0].asked.channels:
                self._without = self._asked[1], event.answer
            else:
                self._effects = self._asked[1], event.answer
        self._follow()

    @Slot(object)
    def _take_problem(self, problem: Problem) -> None:
        self._problem, self._without, self._fraction = problem, None, 0.0
        self._show()

    # what is shown

    def _fill_targets(self, view: FrameResult | None) -> None:
        choices: list[tuple[str, object]] = [(_("most probable"), BEST)]
        if view is not None:
            choices += [(one.label, one.index) for one in sorted(view.predictions, key=lambda one: one.index)]
        kept = self.target.currentData()
        if isinstance(kept, int) and kept not in [data for _text, data in choices]:
            choices.append((self.target.currentText(), kept))
        self.target.offer(choices, BEST)

    @Slot()
    def _show(self) -> None:
        trouble, view = self._trouble(), self._view
        for widget in (self.channels, self.pick, self.how, self.target, self.factor, self.search):
            widget.setEnabled(not trouble)
        self.clear.setEnabled(bool(self._off))
        self.factor.setVisible(self.how.currentData() == "scale")
        if not self.channels.hasFocus() or not self.channels.isModified():
            self.channels.setText(", ".join(map(str, sorted(self._off))))
        self._show_answers()
        self.bar.setVisible(self._searching)
        self.stop.setVisible(self._searching)
        self.search.setVisible(not self._searching)
        self.bar.setValue(round(_PERCENT * self._fraction))
        lines = [trouble] if trouble else []
        if self._problem is not None:
            lines = [str(self._problem.error)]
        elif not trouble and not self._off:
            lines = [_("Choose channels of the shown layer: what the network answers without them appears here.")]
        elif not trouble and self._without is None and self._asking.question is not None:
            lines = [_("Asking …")]
        self.note.setText("\n".join(lines))
        self.note.setVisible(bool(lines))
        self.details.show_problem(self._problem)
        self.set_badge(_("untrained") if view is not None and not view.trained else "", "warning")
        self._show_effects()

    def _show_answers(self) -> None:
        rows, words = [], ""
        if self._without is not None and self._off:
            result, found = self._without
            rows = answer_rows(result.predictions, found.predictions)
            words = _("{target}: {before} → {after}").format(
                target=self._name(found.target, result), before=number(found.before), after=number(found.after)
            )
        self.table.show_rows(rows, _("With all"), _("Without"))
        self.table.setVisible(bool(rows))
        self.words.setText(words)
        self.words.setVisible(bool(words))

    def _name(self, target: int, result: FrameResult) -> str:
        names = {one.index: one.label for one in result.predictions}
        at = self.target.findData(target)
        return names.get(target) or (self.target.itemText(at) if at >= 0 else _("class {index}").format(index=target))

    def _show_effects(self) -> None:
        """List the channels anew where others were found; else only their ticks may be others."""
        effects = None if self._effects is None else self._effects[1]
        self.list.blockSignals(True)
        if effects is not self._listed:
            self._listed = effects
            self.list.clear()
            for channel, fall in () if effects is None else effects.effects:
                item = QListWidgetItem(
                    _("channel {channel}: {change}").format(channel=channel, change=minus(f"{-fall:+.3g}")), self.list
                )
                item.setData(Qt.ItemDataRole.UserRole, channel)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Unchecked)
        for row in range(self.list.count()):
            item = self.list.item(row)
            off = item.data(Qt.ItemDataRole.UserRole) in self._off
            item.setCheckState(Qt.CheckState.Checked if off else Qt.CheckState.Unchecked)
        self.list.blockSignals(False)
        self.list.setVisible(self.list.count() > 0)
        found = ""
        if self._effects is not None:
            result, answer = self._effects
            found = _("What {target} gains or loses without each channel:").format(
                target=self._name(answer.target, result)
            )
        self.found.setText(found)
        self.found.setVisible(bool(found))

    # inner

    def _build(self) -> None:
        form, line, place, going = QGridLayout(), QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        form.setHorizontalSpacing(8)
        form.setVerticalSpacing(6)
        line.setSpacing(4)
        line.addWidget(self.channels, 1)
        line.addWidget(self.clear)
        place.setSpacing(4)
        place.addWidget(self.how, 1)
        place.addWidget(self.factor)
        for row, (caption, buddy) in enumerate(
            zip(self._captions, (self.channels, self.how, self.target), strict=True)
        ):
            caption.setObjectName("dim")
            caption.setBuddy(buddy)
            form.addWidget(caption, row, 0)
        form.addLayout(line, 0, 1)
        form.addLayout(place, 1, 1)
        form.addWidget(self.target, 2, 1)
        form.setColumnStretch(1, 1)
        going.addWidget(self.bar, 1)
        going.addWidget(self.stop)
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(6)
        column.addWidget(self.pick)
        column.addLayout(form)
        for widget in (self.note, self.table, self.words):
            column.addWidget(widget)
        column.addWidget(self.details, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.search)
        column.addLayout(going)
        column.addWidget(self.found)
        column.addWidget(self.list, 1)
        column.addStretch(0)
        self.list.setMinimumHeight(theme.px(96))
        self.body.addWidget(scrolled(page, self), 1)
        self.setMinimumWidth(220)

    def _connect(self) -> None:
        self.channels.editingFinished.connect(self._type)
        self.clear.clicked.connect(self._clear)
        self.how.currentIndexChanged.connect(self._follow)
        self.target.currentIndexChanged.connect(self._follow)
        self.factor.editingFinished.connect(self._follow)
        self.search.clicked.connect(self._find)
        self.stop.clicked.connect(self._stop)
        self.list.itemChanged.connect(self._tick)
        self.list.currentItemChanged.connect(self._jump)
        self._asking.answered.connect(self._take_answer)
        self._asking.failed.connect(self._take_problem)
        self._asking.ended.connect(self._forget)
        self.details.wanted.connect(self._controller.details_wanted)
        store = self._store
        store.result_changed.connect(self._follow)
        store.age_changed.connect(self._show)
        store.network_changed.connect(self._forget)
