"""The address of a picture or of moving pictures, typed or pasted."""

from __future__ import annotations

import re

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from explorer.sources.naming import moves
from explorer.text import _
from explorer.values import Source
from ui import theme

_ADDRESS = re.compile(r"(https?|rtsps?|rtmps?)://[^\s/]+\S*", re.IGNORECASE)


class AddressDialog(QDialog):
    """Asks for an address and what is there.

    Signals:
        chosen: the source.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Open an address"))
        self.address = QLineEdit(self)
        self.address.setPlaceholderText("rtsp://192.168.0.7:554/live")
        self.moving, self.still = QRadioButton(_("moving pictures"), self), QRadioButton(_("one picture"), self)
        self.note = QLabel(_("Moving pictures: RTSP, MJPEG of a network camera or a telephone, video over HTTP."), self)
        self.note.setObjectName("dim")
        self.note.setWordWrap(True)
        self._touched = False
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        label = QLabel(_("Address"), self)
        label.setBuddy(self.address)
        form.addRow(label, self.address)
        form.addRow(QLabel(_("There are"), self), self.moving)
        form.addRow("", self.still)
        form.addRow("", self.note)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel, self
        )
        self.yes = self.buttons.button(QDialogButtonBox.StandardButton.Open)
        self.yes.setDefault(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(16)
        column.addLayout(form)
        column.addStretch(1)
        column.addWidget(self.buttons)
        self.moving.setChecked(True)
        self.address.textChanged.connect(self._look)
        for button in (self.moving, self.still):
            button.clicked.connect(self._touch)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        pasted = QGuiApplication.clipboard().text().strip()
        if _ADDRESS.fullmatch(pasted):  # it was copied to be opened
            self.address.setText(pasted)
            self.address.selectAll()
        self._look()
        self.resize(theme.px(460), self.sizeHint().height())

    @Slot()
    def _look(self) -> None:
        """Find out whether it is an address, and what is likely to be there."""
        address = self.address.text().strip()
        fits = _ADDRESS.fullmatch(address) is not None
        self.yes.setEnabled(fits)
        self.yes.setToolTip("" if fits else _("Type an address that begins with http://, https:// or rtsp://"))
        if fits and not self._touched:
            looks_still = re.search(r"\.(png|jpe?g|webp|bmp|tiff?|gif)(\?|$)", address, re.IGNORECASE)
            (self.still if looks_still and not moves(address) else self.moving).setChecked(True)

    @Slot()
    def _touch(self) -> None:
        self._touched = True

    @Slot()
    def _accept(self) -> None:
        address = self.address.text().strip()
        scheme = address.partition(":")[0].lower()
        still = self.still.isChecked() and scheme.startswith("http")
        self.chosen.emit(Source("address" if still else "stream", address))
        self.accept()
