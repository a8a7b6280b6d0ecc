"""Preferences, each applied as soon as it is chosen."""

from __future__ import annotations

import os

from PySide6.QtCore import QEvent, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
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

from explorer.settings import FONT_SCALES, KEEP_FREE_MB, WEIGHTS_VARIABLE
from explorer.text import LANGUAGES, N_, _
from ui.controller import Controller
from ui.store import Store

PRECISIONS = {
    "float32": N_("float32"),
    "tf32": N_("float32, shortened in products (TF32)"),
    "half": N_("half (float16, on a CPU bfloat16)"),
}
THEMES = {"system": N_("As the system"), "light": N_("Light"), "dark": N_("Dark")}


class Preferences(QDialog):
    """Language, theme, text size, device, precision, threads, the disk's free space, the class's folder of weights."""

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._language, self._theme, self._device, self._precision = (QComboBox(self) for _box in range(4))
        self._scale, self._threads, self._keep_free = (QSpinBox(self) for _spin in range(3))
        self._scale.setRange(*(round(100 * limit) for limit in FONT_SCALES))
        self._scale.setSingleStep(10)
        self._scale.setSuffix(" %")
        self._scale.setKeyboardTracking(False)
        self._threads.setKeyboardTracking(False)
        self._keep_free.setRange(*KEEP_FREE_MB)
        self._keep_free.setSingleStep(100)
        self._keep_free.setSuffix(" MB")
        self._keep_free.setKeyboardTracking(False)
        # a style sheet's padding does not reach a spin box's text
        for spin in (self._scale, self._threads, self._keep_free):
            spin.lineEdit().setTextMargins(8, 0, 0, 0)
        self._shared, self._browse = QLineEdit(self), QPushButton(self)
        self._browse.setAutoDefault(False)
        self._one_piece = QCheckBox(self)
        self._labels = [QLabel(self) for _row in range(8)]
        self._note = QLabel(self)
        self._note.setObjectName("dim")
        self._note.setWordWrap(True)
        form = QFormLayout()
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(10)
        choosers = (self._language, self._theme, self._scale, self._device, self._precision)
        fields = (*choosers, self._threads, self._keep_free)
        for label, field in zip(self._labels[:-1], fields, strict=True):
            field.setMinimumWidth(220)
            form.addRow(label, field)
            label.setBuddy(field)
            if field is self._threads:
                form.addRow("", self._one_piece)
        shared = QHBoxLayout()
        shared.setSpacing(6)
        shared.addWidget(self._shared, 1)
        shared.addWidget(self._browse)
        form.addRow(self._labels[-1], shared)
        self._labels[-1].setBuddy(self._shared)
        self._shared_note = QLabel(self)
        self._shared_note.setWordWrap(True)
        form.addRow("", self._shared_note)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self._buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(16)
        column.addLayout(form)
        column.addWidget(self._note)
        column.addStretch(1)
        column.addWidget(self._buttons)
        self.retranslate()
        self._language.activated.connect(self._choose_language)
        self._theme.activated.connect(self._choose_theme)
        self._device.activated.connect(self._choose_device)
        self._precision.activated.connect(self._choose_precision)
        self._scale.valueChanged.connect(self._choose_scale)
        self._threads.valueChanged.connect(self._choose_threads)
        self._one_piece.clicked.connect(self._choose_one_piece)
        self._keep_free.valueChanged.connect(self._choose_keep_free)
        self._shared.editingFinished.connect(self._choose_shared)
        self._browse.clicked.connect(self._browse_shared)
        store.settings_changed.connect(self._show)
        store.catalogue_changed.connect(self.retranslate)

    @Slot()
    def retranslate(self) -> None:
        """Set every text anew in the current language, and fill the choosers."""
        self.setWindowTitle(_("Settings"))
        texts = (
            _("Language"),
            _("Theme"),
            _("Text size"),
            _("Device"),
            _("Precision"),
            _("CPU threads"),
            _("Recordings leave free"),
            _("Shared weights"),
        )
        for label, text in zip(self._labels, texts, strict=True):
            label.setText(text)
        self._shared.setPlaceholderText(_("no folder"))
        self._browse.setText(_("Choose…"))
        self._one_piece.setText(_("Live: compile the network in the background"))
        self._one_piece.setToolTip(
            _(
                "After a while with the same layers, the network of a live source is made into one piece: compiled on "
                "the CPU if a C++ compiler is installed, recorded on a CUDA card. It is used only if it computes the "
                "same."
            )
        )
        self._threads.setSpecialValueText(_("Automatic"))
        self._note.setText(_("Everything here takes effect at once. Enlarge the text for a projector."))
        catalogue = self._store.catalogue
        self._fill(self._language, {"": _("As the system"), **LANGUAGES})
        self._fill(self._theme, {key: _(text) for key, text in THEMES.items()})
        self._fill(self._device, {"auto": _("Fastest device"), **dict(catalogue.devices if catalogue else ())})
        self._fill(self._precision, {key: _(text) for key, text in PRECISIONS.items()})
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    @staticmethod
    def _fill(combo: QComboBox, items: dict[str, str]) -> None:
        combo.clear()
        for data, text in items.items():
            combo.addItem(text, data)

    @Slot()
    def _show(self) -> None:
        wanted = self._store.settings
        for combo, data in (
            (self._language, wanted.language),
            (self._theme, wanted.theme),
            (self._device, wanted.device),
            (self._precision, wanted.precision),
        ):
            if combo.findData(data) < 0:  # a device that is not known yet, or of another machine
                combo.addItem(data, data)
            combo.setCurrentIndex(combo.findData(data))
        self._threads.blockSignals(True)
        self._threads.setRange(0, max(os.cpu_count() or 1, wanted.threads))  # more than are here show as they are
        self._threads.blockSignals(False)
        for spin, value in (
            (self._scale, round(100 * wanted.font_scale)),
            (self._threads, wanted.threads),
            (self._keep_free, wanted.keep_free_mb),
        ):
            spin.blockSignals(True)
            spin.setValue(value)
            spin.blockSignals(False)
        self._one_piece.setChecked(wanted.one_piece)
        self._show_shared()

    def _show_shared(self) -> None:
        """Show the class's folder; the environment's cannot be changed here."""
        given, wanted = os.environ.get(WEIGHTS_VARIABLE, ""), self._store.settings.shared_weights
        folder = given or wanted
        if self._shared.text() != folder:
            self._shared.setText(folder)
        for widget in (self._shared, self._browse):
            widget.setEnabled(not given)
        missing = bool(folder) and not os.path.isdir(os.path.expanduser(folder))
        if missing:
            text = _("There is no folder {folder}: choose another, or leave the field empty.").format(folder=folder)
        elif given:
            text = _("The variable {variable} of the environment says so.").format(variable=WEIGHTS_VARIABLE)
        else:
            text = _("A folder of weights that a class shares: looked in before a download, and only read.")
        self._shared_note.setObjectName("warning" if missing else "dim")
        self._shared_note.style().unpolish(self._shared_note)
        self._shared_note.style().polish(self._shared_note)
        self._shared_note.setText(text)

    # each field changes itself alone: what another one cannot show must not be lost

    @Slot()
    def _choose_language(self) -> None:
        self._controller.prefer(language=self._language.currentData())

    @Slot()
    def _choose_theme(self) -> None:
        self._controller.prefer(theme=self._theme.currentData())

    @Slot()
    def _choose_device(self) -> None:
        self._controller.prefer(device=self._device.currentData())

    @Slot()
    def _choose_precision(self) -> None:
        self._controller.prefer(precision=self._precision.currentData())

    @Slot()
    def _choose_shared(self) -> None:
        self._controller.prefer(shared_weights=self._shared.text().strip())

    @Slot()
    def _browse_shared(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, _("Shared weights"), self._shared.text())
        if folder:
            self._controller.prefer(shared_weights=folder)

    @Slot()
    def _choose_scale(self) -> None:
        self._controller.prefer(font_scale=self._scale.value() / 100)

    @Slot()
    def _choose_keep_free(self) -> None:
        self._controller.prefer(keep_free_mb=self._keep_free.value())

    @Slot()
    def _choose_threads(self) -> None:
        self._controller.prefer(threads=self._threads.value())

    @Slot()
    def _choose_one_piece(self) -> None:
        self._controller.prefer(one_piece=self._one_piece.isChecked())
