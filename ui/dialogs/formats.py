"""What works with which form of a person's own network."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from explorer.text import N_, _
from ui import theme

HEADINGS = (
    N_("File"),
    N_("What is in it"),
    N_("Layers and maps"),
    N_("Other input sizes"),
    N_("Runs code when opened"),
)
ROWS = (
    (
        N_(".pth .pt .pth.tar .ckpt .bin .safetensors"),
        N_("Tensors by name (a state_dict, or a checkpoint with one), for an architecture that is listed here"),
        N_("yes, every op"),
        N_("those that the architecture takes"),
        N_("no"),
    ),
    (
        N_(".onnx"),
        N_("A graph of ops; those that cannot be converted are named"),
        N_("yes, every node"),
        N_("only where the file leaves the size open"),
        N_("no"),
    ),
    (
        N_(".pt2"),
        N_("A program that torch.export wrote"),
        N_("yes, by the modules that it was exported from"),
        N_("only where it was exported so"),
        N_("yes, after you consent"),
    ),
    (
        N_(".py"),
        N_("A function, or a class, that gives a torch.nn.Module"),
        N_("yes, every op"),
        N_("those that your code takes"),
        N_("yes, after you consent"),
    ),
    (
        N_("explorer.show(module)"),
        N_("A module in the memory of your own program or notebook"),
        N_("yes, every op"),
        N_("those that your code takes"),
        N_("it is your program that runs"),
    ),
)
REFUSED = N_(
    "A whole module that torch.save pickled is not opened: save its state_dict() instead, or show the module itself. "
    "TorchScript is not opened either."
)


class Formats(QDialog):
    """A table: a form of network a row, what works with it in the columns."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("What works with which file"))
        table = QGridLayout()
        table.setHorizontalSpacing(20)
        table.setVerticalSpacing(12)
        for column, heading in enumerate(HEADINGS):
            table.addWidget(self._label(_(heading), "dim"), 0, column)
        for row, texts in enumerate(ROWS, 1):
            for column, text in enumerate(texts):
                table.addWidget(self._label(_(text), "" if column else "key"), row, column, Qt.AlignmentFlag.AlignTop)
        for column, share in enumerate((0, 5, 3, 3, 3)):
            table.setColumnStretch(column, share)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(20, 20, 20, 16)
        column_.setSpacing(16)
        column_.addLayout(table)
        column_.addWidget(self._label(_(REFUSED)))
        column_.addStretch(1)
        column_.addWidget(buttons)
        self.resize(theme.px(860), theme.px(420))

    def _label(self, text: str, name: str = "") -> QLabel:
        label = QLabel(text, self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label
