"""Why the network answers as it does: a heat over the picture, and beside it another one to compare it with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent, QStandardItemModel
from PySide6.QtWidgets import (
    QBoxLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.attribution.methods import METHODS, Explanation, Target, activations, unfit
from explorer.engine.events import Answered, Problem
from explorer.explaining import Asked
from explorer.graph.values import Graph
from explorer.questions import Explain
from explorer.render.heat import explained, reach
from explorer.text import _
from explorer.values import Bytes, FrameResult
from ui import theme
from ui.asking import Asking
from ui.controller import Controller
from ui.store import Store
from ui.widgets.chooser import Chooser
from ui.widgets.details_button import DetailsButton
from ui.widgets.panel import Panel
from ui.widgets.picture_view import PictureView

BEST, UNIT = "best", "unit"
"""Targets beside the classes: whatever is most probable, and the chosen unit."""
NOTHING, SHUFFLED, ANSWER = "", "shuffled", "answer "
_LETTERS = 14
_WIDE = 560
"""From which width on three boxes have room beside one another, px at text size 1."""
_PERCENT = 100
_CONTROLS = 14
"""Lines of text that what stands above and below the pictures is about as high as."""


class WhyPanel(Panel):
    """Asks why while it is seen: at every frame where a method is cheap, and at the shown one where it is not."""

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._asking = Asking(store, controller, self)
        self._key: tuple[object, ...] = ()
        self._graph: Graph | None = None
        self._fraction = 0.0
        self._problem: Problem | None = None
        self._found: dict[bool, tuple[Explanation, FrameResult]] = {}
        """What was found and of which frame, and beside it (True)."""
        self._todo: list[tuple[bool, Explain, FrameResult]] = []
        self.method, self.target, self.beside = (Chooser(_LETTERS, self) for _box in range(3))
        self._captions = tuple(QLabel(self) for _box in range(3))
        self._choosers, self._columns = QGridLayout(), 0
        self._choosers.setHorizontalSpacing(10)
        for caption, box in zip(self._captions, (self.method, self.target, self.beside), strict=True):
            caption.setObjectName("dim")
            caption.setBuddy(box)
        self.about, self.unfit, self.words = QLabel(self), QLabel(self), QLabel(self)
        for label in (self.about, self.unfit, self.words):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.about.setObjectName("dim")
        self.unfit.setObjectName("dim")
        self.details = DetailsButton(self)
        self.bar, self.stop, self.again = QProgressBar(self), QToolButton(self), QToolButton(self)
        self.bar.setTextVisible(False)
        self.bar.setRange(0, _PERCENT)
        theme.set_icon(self.stop, "close")
        self.stop.setObjectName("small")
        kept = self.again.sizePolicy()
        kept.setRetainSizeWhenHidden(True)  # the picture below stays where it is when frames begin to come
        self.again.setSizePolicy(kept)
        self.header.addWidget(self.again)
        going = QHBoxLayout()
        going.addWidget(self.bar, 1)
        going.addWidget(self.stop)
        self.views = (PictureView(self), PictureView(self))
        self.titles = (QLabel(self), QLabel(self))
        self._pictures = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._pictures.setSpacing(10)
        for view, title in zip(self.views, self.titles, strict=True):
            title.setObjectName("dim")
            title.setWordWrap(True)
            one = QVBoxLayout()
            one.addWidget(view, 1)
            one.addWidget(title)
            self._pictures.addLayout(one, 1)
        self.strength, self.threshold = (
            QSlider(Qt.Orientation.Horizontal, self),
            QSlider(Qt.Orientation.Horizontal, self),
        )
        self._labels = QLabel(self), QLabel(self)
        sliders = QHBoxLayout()
        for label, slider, at in zip(self._labels, (self.strength, self.threshold), (90, 0), strict=True):
            slider.setRange(0, _PERCENT)
            slider.setValue(at)
            label.setBuddy(slider)
            label.setObjectName("dim")
            sliders.addWidget(label)
            sliders.addWidget(slider, 1)
        self.body.addLayout(self._choosers)
        self.body.addWidget(self.about)
        self.body.addWidget(self.unfit)
        self.body.addLayout(self._pictures, 1)
        self.body.addWidget(self.words)
        self.body.addWidget(self.details, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addLayout(going)
        self.body.addLayout(sliders)
        for box in (self.method, self.target, self.beside):
            box.currentIndexChanged.connect(self._follow)
        self.strength.valueChanged.connect(self._draw)
        self.threshold.valueChanged.connect(self._draw)
        self.stop.clicked.connect(self._end)
        self.again.clicked.connect(self._begin_anew)
        self._asking.answered.connect(self._take_answer)
        self._asking.failed.connect(self._take_problem)
        self._asking.ended.connect(self._begin_anew)
        self.details.wanted.connect(controller.details_wanted)
        store.network_changed.connect(self._fill)
        store.result_changed.connect(self._take_result)
        store.recipe_changed.connect(self._follow)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Why"))
        for caption, text in zip(self._captions, (_("Method"), _("Answer"), _("Beside it")), strict=True):
            caption.setText(text)
        for box, text in (
            (self.method, _("Method")),
            (self.target, _("Which answer is explained")),
            (self.beside, _("What it is compared with")),
            (self.strength, _("How far the heat hides the picture")),
            (self.threshold, _("Share of the strongest heat from which on it shows")),
        ):
            box.setAccessibleName(text)
            box.setToolTip(text)
        for label, text in zip(self._labels, (_("Strength"), _("From")), strict=True):
            label.setText(text)
        for button, text in ((self.stop, _("Stop")), (self.again, _("Ask again, of the picture that is shown now"))):
            button.setToolTip(text)
            button.setAccessibleName(text)
        self.again.setText(_("Again"))
        self.bar.setAccessibleName(_("How far the answer is"))
        for view in self.views:
            view.setAccessibleName(_("Heat over the picture"))
            view.set_empty_text(_("Why the network answers as it does appears here."))
        self._fill()
        self._show()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        self._draw()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask, now that the answer can be seen."""
        super().showEvent(event)
        self._fill()
        self._follow()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask nothing that nobody sees."""
        super().hideEvent(event)
        self._drop()
        self._key = ()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay two pictures side by side, or one below the other where they become larger so."""
        super().resizeEvent(event)
        self._arrange_choosers()
        wide = self.width() > self.height() - _CONTROLS * self.fontMetrics().height()
        direction = QBoxLayout.Direction
        self._pictures.setDirection(direction.LeftToRight if wide else direction.TopToBottom)

    def _arrange_choosers(self) -> None:
        """Give each box the room that a method's name needs: three in a row, or two and the third below."""
        columns = 3 if self.width() >= theme.px(_WIDE) else 2
        if columns == self._columns:
            return
        self._columns = columns
        for at, (caption, box) in enumerate(zip(self._captions, (self.method, self.target, self.beside), strict=True)):
            row, column = divmod(at, columns)
            self._choosers.addWidget(caption, 2 * row, column)
            self._choosers.addWidget(box, 2 * row + 1, column, 1, columns if columns * (row + 1) > 3 else 1)
        for column in range(3):
            self._choosers.setColumnStretch(column, int(column < columns))

    def part_that_ages(self) -> QWidget:
        """Return the first picture."""
        return self.views[0]

    # what can be chosen

    @Slot()
    def _fill(self) -> None:
        """Offer the methods, with those that say nothing of this network disabled and why, and what to compare with."""
        network = self._store.network
        self._graph = None if network is None else network.graph
        self.method.offer([(_(one.title), name) for name, one in METHODS.items()], "grad-cam")
        self._fill_targets(anew=True)
        reasons: dict[str, list[str]] = {}
        for name, one in METHODS.items():
            if why := self._unfit(name):
                reasons.setdefault(why, []).append(_(one.title))
        self.unfit.setText("\n".join(f"{', '.join(names)}: {why}" for why, names in reasons.items()))
        self.unfit.setVisible(bool(reasons))

    def _unfit(self, name: str) -> str:
        if self._graph is None or name not in METHODS:
            return ""
        reason = unfit(METHODS[name], self._graph)
        return _(reason).format(others=activations(self._graph)) if reason else ""

    def _tip(self, name: str) -> str:
        if name == SHUFFLED:
            return _("What stays the same with weights that know nothing was never learned (Adebayo et al. 2018).")
        return f"{_(METHODS[name].about)}\n{METHODS[name].source}" if name in METHODS else ""

    def _fill_targets(self, anew: bool = False) -> None:
        result, unit = self._store.result, self._store.recipe.unit
        choices: list[tuple[str, object]] = [(_("most probable"), BEST)]
        if unit is not None:
            recipe = self._store.recipe
            name = _("unit {channel} · {y} · {x} of {layer}").format(
                channel=recipe.channel, y=unit[0], x=unit[1], layer=recipe.layer
            )
            choices.append((name, UNIT))
        if result is not None:
            choices += [(one.label, one.index) for one in sorted(result.predictions, key=lambda one: one.index)]
        kept = self.target.currentData()
        if isinstance(kept, int) and kept not in [data for _text, data in choices]:
            choices.append((self.target.currentText(), kept))  # a class that is followed stays, however improbable
        self.target.offer(choices, BEST)
        beside: list[tuple[str, object]] = [(_("nothing"), NOTHING), (_("shuffled weights"), SHUFFLED)]
        beside += [(_("instead: {answer}").format(answer=text), f"{ANSWER}{data}") for text, data in choices]
        beside += [(_(one.title), name) for name, one in METHODS.items()]
        if self.beside.offer(beside, NOTHING) or anew:
            self._explain_choices()

    def _explain_choices(self) -> None:
        """Disable what says nothing of this network, and tell of each choice what it is, or why it does not fit."""
        for box in (self.method, self.beside):
            model = box.model()
            assert isinstance(model, QStandardItemModel)
            for row in range(box.count()):
                name = str(box.itemData(row))
                why = self._unfit(name)
                model.item(row).setEnabled(not why)
                box.setItemData(row, why or self._tip(name), Qt.ItemDataRole.ToolTipRole)

    # what is asked

    def _wanted(self) -> list[tuple[bool, Asked]]:
        """Return what is asked, the main question first."""
        name, other = str(self.method.currentData()), str(self.beside.currentData())
        if name not in METHODS or self._unfit(name):
            return []
        main = Asked(name, self._target(self.target.currentData()))
        if other.startswith(ANSWER):
            chosen = other.removeprefix(ANSWER)
            target = self._target(int(chosen) if chosen.isdecimal() else chosen)
            return [(False, main), (True, replace(main, target=target))]
        if other == SHUFFLED:
            return [(False, main), (True, replace(main, randomised=True))]
        if other in METHODS and not self._unfit(other):
            return [(False, main), (True, replace(main, method=other))]
        return [(False, main)]

    def _target(self, chosen: object) -> Target | None:
        recipe = self._store.recipe
        if chosen == UNIT and recipe.unit is not None:
            return Target(recipe.layer, recipe.channel, *recipe.unit)
        return Target("", chosen) if isinstance(chosen, int) else None

    @Slot()
    def _take_result(self) -> None:
        if self.isVisible():
            self._fill_targets()
            self._follow()

    @Slot()
    def _follow(self) -> None:
        """Ask what is wanted of the shown frame, unless it is asked or answered already."""
        if not self.isVisible():
            return
        store, result = self._store, self._store.result_of_network
        wanted = self._wanted()
        if result is None or store.result_is_old or not wanted:
            self._show()
            return
        live = all(METHODS[asked.method].live for _beside, asked in wanted)
        still = (
            None if store.live and not live else result.frame
        )  # what is dear is asked of one frame of a moving picture
        key = (tuple(wanted), store.network, result.recipe.alterations, store.recipe.source, still)
        if key != self._key and not (self._asking.question is not None and key[:4] == self._key[:4] and store.live):
            self._drop()
            if key[:4] != self._key[:4]:
                self._found = {}
            self._key = key
            first = result.predictions[0].index if result.predictions else None
            self._todo = [
                (beside, Explain(result.frame, result.recipe, asked, first), result) for beside, asked in wanted
            ]
            self._ask_next()
        self._show()

    def _ask_next(self) -> None:
        if self._todo:
            self._asking.ask(self._todo[0][1])

    def _drop(self) -> None:
        self._asking.drop()
        self._todo, self._problem, self._fraction = [], None, 0.0

    @Slot()
    def _end(self) -> None:
        self._drop()
        self._show()

    @Slot()
    def _begin_anew(self) -> None:
        self._key = ()
        self._follow()

    @Slot(object)
    def _take_answer(self, event: Answered) -> None:
        self._fraction = event.fraction
        if self._todo and event.question is self._todo[0][1] and isinstance(event.answer, Explanation):
            beside, _question, result = self._todo.pop(0)
            self._found[beside] = event.answer, result
            if not beside and not self._todo:
                self._found.pop(True, None)
            self._fraction = 0.0
            self._ask_next()
            self._draw()
            if not self._todo:
                self._follow()  # a newer frame may have come meanwhile
        self._show()

    @Slot(object)
    def _take_problem(self, problem: Problem) -> None:
        self._drop()
        self._problem, self._found = problem, {}
        self._draw()
        self._show()

    # what is shown

    def _show(self) -> None:
        name = str(self.method.currentData())
        question = self._asking.question
        running = isinstance(question, Explain) and not METHODS[question.asked.method].live
        for widget in (self.bar, self.stop):
            widget.setVisible(running)
        self.bar.setValue(round(_PERCENT * self._fraction))
        self.again.setVisible(self._store.live)
        reason = self._unfit(name)
        self.about.setText(reason or (f"{_(METHODS[name].about)} {METHODS[name].source}." if name in METHODS else ""))
        self.words.setText(str(self._problem.error) if self._problem is not None else self._said())
        self.words.setVisible(bool(self.words.text()))
        self.details.show_problem(self._problem)
        network = self._store.network
        untrained = network is not None and not network.trained
        self.set_badge(_("untrained") if untrained else "", "warning")
        shown = self.beside.currentData() != NOTHING
        self.views[1].setVisible(shown)
        self.titles[1].setVisible(shown)

    def _said(self) -> str:
        if False not in self._found:
            return _("Asking …") if self._asking.question is not None else ""
        found, result = self._found[False]
        said = [_("{target} = {value}").format(target=self._words(found.target, result), value=f"{found.value:.4g}")]
        if found.layer:
            said.append(_("maps of {layer}").format(layer=found.layer))
        if found.completeness is not None:
            missed = f"{100 * found.completeness:.2g} %"
            said.append(_("the sum misses the answer's change by {share}").format(share=missed))
        return "  ·  ".join(said)

    def _words(self, target: Target, result: FrameResult) -> str:
        graph = self._graph
        if graph is not None and target.layer == graph.output.id and target.y is None:
            box = self.target  # it keeps the name of a class that is followed, however improbable
            names = {box.itemData(row): box.itemText(row) for row in range(box.count())}
            names |= {one.index: one.label for one in result.predictions}
            return names.get(target.channel) or _("class {index}").format(index=target.channel)
        return _("unit {channel} · {y} · {x} of {layer}").format(
            channel=target.channel, y=target.y, x=target.x, layer=target.layer
        )

    @Slot()
    def _draw(self) -> None:
        """Lay each heat over the picture that it is of, in grey."""
        for beside, view in enumerate(self.views):
            found, result = self._found.get(bool(beside), (None, None))
            if found is None or result is None or found.heat.shape != result.geometry.input_hw:
                view.set_heat(None)
                view.set_picture(None)
                self.titles[beside].setText("")
                continue
            how = METHODS[found.method]
            y0, x0, y1, x1 = result.geometry.crop
            top, left = max(0, round(y0)), max(0, round(x0))
            seen = result.filtered.pixels[top : max(top + 1, round(y1)), left : max(left + 1, round(x1))]
            view.set_picture(_grey(seen))
            rgba = explained(found.heat, how.signed, self.strength.value() / _PERCENT)
            weak = np.abs(found.heat) < reach(found.heat) * self.threshold.value() / _PERCENT
            rgba[weak, 3] = 0
            view.set_heat(rgba, (y0 - top, x0 - left, y1 - top, x1 - left))
            end = f"{reach(found.heat):.3g}"
            scale = _("blue: against, red: for; strongest from ±{end}") if how.signed else _("brightest from {end}")
            other = self.beside.currentData() if beside else NOTHING
            name = _("with shuffled weights") if other == SHUFFLED else _(how.title)
            if str(self.beside.currentData()).startswith(ANSWER):  # two answers: which one, and its number
                value = f"{found.value:.4g}"
                name = _("{target} = {value}").format(target=self._words(found.target, result), value=value)
            self.titles[beside].setText(f"{name}  ·  {scale.format(end=end)}")


def _grey(pixels: Bytes) -> Bytes:
    """Return uint8 RGB (H, W, 3) in shades of grey (ITU-R BT.601), on which colours stand out."""
    luma = np.rint(pixels @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.uint8)
    return np.repeat(luma[..., None], 3, axis=2)
