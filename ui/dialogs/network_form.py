"""The fields of an own network's card, prefilled with what its file tells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from explorer.errors import NetworkError
from explorer.text import N_, _
from explorer.zoo.card import Preparation
from explorer.zoo.own.card import MOST_SIDE, Certainty, OwnCard
from ui import theme
from ui.widgets.chooser import Chooser

MOST_CHANNELS = 4096
TASKS = {
    "classify": N_("One class of several"),
    "segment": N_("A class for every cell"),
    "detect": N_("Boxes"),
    "none": N_("Something else"),
}
ACTIVATIONS = {
    "softmax": N_("Softmax: one class is right"),
    "sigmoid": N_("Sigmoid: several may be"),
    "none": N_("None: they are already"),
}
RANGES = {1.0: "0 … 1", 255.0: "0 … 255"}
FITS = {"crop": N_("Cut its centre out"), "stretch": N_("Stretch it"), "letterbox": N_("Whole, between black bars")}
RESIZES = {"bilinear": N_("Bilinear"), "bicubic": N_("Bicubic")}
ORDERS = {"RGB": N_("RGB"), "BGR": N_("BGR, as OpenCV reads")}
LISTS = {"": N_("No names"), "imagenet1k": N_("ImageNet-1K"), "digits": N_("Digits 0 … 9")}
SURE: dict[Certainty, str] = {"sure": N_("from the file"), "likely": N_("likely"), "guess": N_("guess")}
NORMS = {
    "imagenet": (N_("As ImageNet's"), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "half": (N_("−1 … 1"), (0.5,), (0.5,)),
    "plain": (N_("None"), (0.0,), (1.0,)),
}
"""Usual means and deviations, red first, on values 0 … 1; one value counts for every channel."""
_OWN = "own"


class NetworkForm(QWidget):
    """Shows a card and gives it back as the person changed it.

    Signals:
        edited: something was changed.
    """

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._card: OwnCard | None = None
        self._zoom = 1.0
        self._labels: dict[str, tuple[QLabel, QLabel]] = {}
        self._editors: list[QWidget] = []
        self.title, self.output, self.inputs = QLineEdit(self), QLineEdit(self), QLineEdit(self)
        self.mean, self.std = QLineEdit(self), QLineEdit(self)
        self.channels, self.height_, self.width_, self.resize_ = (QSpinBox(self) for _number in range(4))
        self.architecture, self.function, self.classes = _Box(self), _Box(self), _Box(self)
        self.task, self.activation, self.norm = _Box(self), _Box(self), _Box(self)
        self.range, self.order, self.fit, self.interpolation = (_Box(self) for _number in range(4))
        self._choose = QPushButton(_("File…"), self)
        self._searchable()
        for box, words in (
            (self.task, TASKS),
            (self.activation, ACTIVATIONS),
            (self.range, RANGES),
            (self.order, ORDERS),
            (self.fit, FITS),
            (self.interpolation, RESIZES),
            (self.classes, LISTS),
            (self.norm, {**{name: text for name, (text, _m, _s) in NORMS.items()}, _OWN: N_("Own values")}),
        ):
            for data, text in words.items():
                box.addItem(_(text), data)
        for spin, most in (
            (self.channels, MOST_CHANNELS),
            (self.height_, MOST_SIDE),
            (self.width_, MOST_SIDE),
            (self.resize_, MOST_SIDE),
        ):
            spin.setRange(1, most)
            spin.setMinimumWidth(theme.px(72))
            spin.lineEdit().setTextMargins(8, 0, 0, 0)  # a style sheet's padding does not reach a spin box's text
        self.inputs.setPlaceholderText(_("name=zeros:1x10; =random:1x3"))
        self.output.setPlaceholderText(_("the main one"))
        self._arrange()
        self._connect()

    def set_architectures(self, names: Sequence[tuple[str, str]]) -> None:
        """List the zoo's networks, each with its title; what is typed or chosen stays."""
        box, text, chosen = self.architecture, self.architecture.currentText(), self.architecture.currentData()
        untouched = box.currentIndex() >= 0 and box.itemText(box.currentIndex()) == text
        box.blockSignals(True)
        box.clear()
        for name, title in names:
            box.addItem(title, name)
        if untouched and chosen is not None:
            box.show_data(chosen)
        else:
            box.setEditText(text)
        box.blockSignals(False)

    def _searchable(self) -> None:
        """Let an architecture be found by any part of its name."""
        box = self.architecture
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        completer = QCompleter(box.model(), box)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        box.setCompleter(completer)

    def _arrange(self) -> None:
        left, right = QVBoxLayout(), QVBoxLayout()
        left.setSpacing(14)
        right.setSpacing(14)
        left.addLayout(
            self._group(
                _("Network"),
                ("title", _("Name"), self.title),
                ("architecture", _("Architecture"), self.architecture),
                ("function", _("Function"), self.function),
                ("inputs", _("Further inputs"), self.inputs),
            )
        )
        left.addLayout(
            self._group(
                _("Answer"),
                ("output", _("Output"), self.output),
                ("task", _("What it says"), self.task),
                ("activation", _("Probabilities by"), self.activation),
                ("labels", _("Names of classes"), self._beside(self.classes, self._choose)),
            )
        )
        left.addStretch(1)
        times = QLabel("×", self)
        right.addLayout(
            self._group(
                _("Input"),
                ("input_chw", _("Height × width"), self._beside(self.height_, times, self.width_)),
                ("channels", _("Channels"), self.channels),
                ("order", _("Their order"), self.order),
                ("full", _("Values"), self.range),
                ("norm", _("Normalised"), self.norm),
                ("mean", _("Minus mean"), self.mean),
                ("std", _("Divided by"), self.std),
                ("fit", _("Picture of another shape"), self.fit),
                ("resize", _("Short side becomes"), self.resize_),
                ("interpolation", _("Resized"), self.interpolation),
            )
        )
        right.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(28)
        row.addLayout(left, 1)
        row.addLayout(right, 1)
        for before, after in pairwise(self._editors):
            self.setTabOrder(before, after)

    def _group(self, title: str, *rows: tuple[str, str, QWidget]) -> QVBoxLayout:
        column, form = QVBoxLayout(), QFormLayout()
        column.setSpacing(8)
        heading = QLabel(title, self)
        heading.setObjectName("title")
        column.addWidget(heading)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(6)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, text, field in rows:
            label, sure = QLabel(text, self), QLabel(self)
            label.setMinimumWidth(theme.px(104))
            label.setWordWrap(True)
            sure.setObjectName("dim")
            sure.setFixedWidth(theme.px(78))
            parts = field.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
            editors = [field] if field.layout() is None else parts
            label.setBuddy(editors[0])
            for one in editors:
                if not isinstance(one, QLabel):
                    one.setAccessibleName(text)
                    self._editors.append(one)
            form.addRow(label, self._beside(field, sure))
            self._labels[name] = label, sure
        column.addLayout(form)
        return column

    def _beside(self, *widgets: QWidget) -> QWidget:
        box = QWidget(self)
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for place, widget in enumerate(widgets):
            grows = place == 0 or isinstance(widget, QSpinBox)
            row.addWidget(widget, 1 if grows else 0)
        return box

    def _connect(self) -> None:
        for line in (self.title, self.output, self.inputs, self.mean, self.std):
            line.textEdited.connect(self.edited)
        for spin in (self.channels, self.height_, self.width_, self.resize_):
            spin.valueChanged.connect(self.edited)
        for box in self.findChildren(QComboBox):
            box.activated.connect(self.edited)
        self.architecture.editTextChanged.connect(self.edited)
        self.mean.textEdited.connect(self._own_norm)
        self.std.textEdited.connect(self._own_norm)
        self.norm.activated.connect(self._take_norm)
        self.range.activated.connect(self._take_norm)
        self.order.activated.connect(self._take_norm)
        self.channels.valueChanged.connect(self._take_norm)
        self.height_.valueChanged.connect(self._follow_size)
        self.width_.valueChanged.connect(self._follow_size)
        self.resize_.valueChanged.connect(self._remember_zoom)
        self.fit.activated.connect(self._take_fit)
        self._choose.clicked.connect(self._choose_classes)

    # the card

    def show_card(
        self,
        own: OwnCard,
        certainty: Mapping[str, Certainty],
        tensors: bool = False,
        functions: Sequence[str] = (),
        saved: bool = False,
    ) -> None:
        """Show ``own``.

        Args:
            own: the card.
            certainty: of its fields; a field left out is a guess.
            tensors: whether the file holds tensors alone, for an architecture that must be named.
            functions: of a Python file; () for another one.
            saved: whether it is what the person said before, so that nothing of it is a guess.
        """
        self._card, made = own, own.preparation
        self.title.setText(own.title)
        self.architecture.show_data(own.architecture)
        for name in functions:
            self.function.addItem(name, name)
        self.function.show_data(own.function)
        for name, shown in (("architecture", tensors), ("function", bool(functions))):
            self._show_row(name, shown)
        self.inputs.setText("; ".join(own.inputs))
        self.output.setText(own.output)
        self.task.show_data(own.task)
        self.activation.show_data(own.activation)
        self.classes.show_data(own.labels, Path(own.labels).name)
        self._show_preparation(made)
        for name, (_label, sure) in self._labels.items():
            known = certainty.get({"channels": "input_chw", "norm": "mean"}.get(name, name), "guess")
            sure.setText("" if saved or name == "title" else _(SURE[known]))

    def _show_preparation(self, made: Preparation) -> None:
        for spin, value in zip((self.channels, self.height_, self.width_), made.input_chw, strict=True):
            spin.blockSignals(True)
            spin.setValue(value)
            spin.blockSignals(False)
        self.resize_.setValue(made.resize)
        self.range.show_data(made.full, f"0 … {made.full:g}")
        self.order.show_data(made.order)
        self.fit.show_data(made.fit)
        self.interpolation.show_data(made.interpolation)
        self._remember_zoom()
        self._show_fit()
        self._show_norm(made.mean, made.std)
        self.norm.show_data(self._norm_of(made))

    def card(self) -> OwnCard:
        """Return the card as the fields say it.

        Raises:
            NetworkError: a field cannot be understood; the sentence names it.
        """
        assert self._card is not None
        channels = self.channels.value()
        made = replace(
            self._card.preparation,
            input_chw=(channels, self.height_.value(), self.width_.value()),
            resize=self.resize_.value(),
            full=self.range.currentData(),
            mean=self._numbers(self.mean, "mean"),
            std=self._numbers(self.std, "std"),
            order=self.order.currentData(),
            fit=self.fit.currentData(),
            interpolation=self.interpolation.currentData(),
        )
        inputs = tuple(one.strip() for one in self.inputs.text().split(";") if one.strip())
        own = replace(
            self._card,
            title=self.title.text().strip() or self._card.title,
            preparation=made,
            architecture=self._architecture(),
            function=self.function.currentData() or "",
            labels=self.classes.currentData(),
            output=self.output.text().strip(),
            task=self.task.currentData(),
            activation=self.activation.currentData(),
            inputs=inputs,
        )
        self._check_inputs(inputs)
        return own

    def _architecture(self) -> str:
        """Return the name of what is typed or chosen.

        Raises:
            NetworkError: the zoo has no such network.
        """
        if self._labels["architecture"][0].isHidden():
            return ""
        box, text = self.architecture, self.architecture.currentText().strip()
        row = next((i for i in range(box.count()) if text.lower() in (box.itemText(i).lower(), box.itemData(i))), -1)
        if row < 0:
            raise NetworkError(
                N_("There is no architecture called “{name}”: type a part of its name and choose one."), name=text
            )
        return str(box.itemData(row))

    def _numbers(self, field: QLineEdit, name: str) -> tuple[float, ...]:
        channels, text = self.channels.value(), field.text().replace("−", "-")
        try:
            numbers = tuple(float(one) for one in re.split(r"[,;\s]+", text.strip("[]() ")) if one)
        except ValueError:
            numbers = ()
        wrong = len(numbers) != channels or not all(abs(one) < float("inf") for one in numbers)
        if wrong or (name == "std" and 0.0 in numbers):
            raise NetworkError(
                N_("“{text}” in “{field}” must be {count} numbers with commas between them; a divisor is never 0."),
                text=field.text(),
                field=self._labels[name][0].text(),
                count=channels,
            )
        return numbers

    def _check_inputs(self, inputs: tuple[str, ...]) -> None:
        for one in inputs:
            if not re.fullmatch(r"(\w*=)?(zeros|ones|random):[1-9]\d*(x[1-9]\d*)*", one):
                raise NetworkError(
                    N_("“{text}” is no further input: write name=zeros:1x10, with zeros, ones or random and a shape."),
                    text=one,
                )

    # what follows from a field

    def _norm_of(self, made: Preparation) -> str:
        mean, std = (tuple(one / made.full for one in values) for values in (made.mean, made.std))
        step = -1 if made.order == "BGR" else 1
        for name, (_text, usual_mean, usual_std) in NORMS.items():
            if _close(mean, usual_mean[::step]) and _close(std, usual_std[::step]):
                return name
        return _OWN

    def _show_norm(self, mean: Sequence[float], std: Sequence[float]) -> None:
        for field, values in ((self.mean, mean), (self.std, std)):
            field.setText(", ".join(f"{one:g}" for one in values))
            field.setCursorPosition(0)  # of what is too long the beginning is seen

    @Slot()
    def _own_norm(self) -> None:
        self.norm.show_data(_OWN)

    @Slot()
    def _take_norm(self) -> None:
        """Write the usual numbers for the range, the channels and their order that are chosen."""
        channels, full, name = self.channels.value(), self.range.currentData(), self.norm.currentData()
        if name == "imagenet" and channels != 3:
            name = "plain"
            self.norm.show_data(name)
        if name != _OWN:
            _text, mean, std = NORMS[name]
            many, step = 1 if len(mean) == channels else channels, -1 if self.order.currentData() == "BGR" else 1
            self._show_norm([one * full for one in (mean * many)[::step]], [one * full for one in (std * many)[::step]])

    @Slot()
    def _remember_zoom(self) -> None:
        self._zoom = self.resize_.value() / min(self.height_.value(), self.width_.value())

    @Slot()
    def _follow_size(self) -> None:
        """Let the same share of the picture be seen at another size."""
        zoom = self._zoom
        self.resize_.setValue(round(min(self.height_.value(), self.width_.value()) * zoom))
        self._zoom = zoom  # not the rounded one

    @Slot()
    def _take_fit(self) -> None:
        """Let the whole picture be seen where it is stretched; of one that is cut, the usual share."""
        self._zoom = 256 / 224 if self.fit.currentData() == "crop" else 1.0
        self._follow_size()
        self._show_fit()

    def _show_fit(self) -> None:
        self.resize_.setEnabled(self.fit.currentData() != "letterbox")  # which fills the input whatever this says

    @Slot()
    def _choose_classes(self) -> None:
        kinds = ";;".join((_("Lists of classes ({patterns})").format(patterns="*.txt *.json"), _("All files (*)")))
        path, _kind = QFileDialog.getOpenFileName(self, _("Names of classes"), "", kinds)
        if path:
            self.classes.show_data(path, Path(path).name)
            self.edited.emit()

    def _show_row(self, name: str, shown: bool) -> None:
        label, sure = self._labels[name]
        label.setVisible(shown)
        holder = sure.parentWidget()
        if holder is not None:
            holder.setVisible(shown)


class _Box(Chooser):
    """A combo box that knows its entries by their data."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(12, parent)

    def show_data(self, data: Any, text: str = "") -> None:
        """Choose the entry of ``data``; one that is not listed is added."""
        row = next((i for i in range(self.count()) if self.itemData(i) == data), -1)
        if row < 0:
            self.addItem(text or str(data), data)
            row = self.count() - 1
        self.setCurrentIndex(row)


def _close(values: Sequence[float], usual: Sequence[float]) -> bool:
    many = usual if len(usual) == len(values) else tuple(usual) * len(values)
    return len(many) == len(values) and all(abs(a - b) < 1e-4 for a, b in zip(values, many, strict=True))
