"""About: what this is, whose lecture it brings to life, which versions run, under which licences."""

from __future__ import annotations

import platform

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from explorer.text import N_, _

LECTURE = "“Convolution Neural Network / Computer vision”"
LICENCES = (
    ("CNN Explorer", "MIT"),
    ("Qt, PySide6", "LGPL-3.0"),
    ("PyTorch, torchvision", "BSD-3-Clause"),
    ("EfficientNet-Lite0", "Apache-2.0"),
    ("OpenCV", "Apache-2.0"),
    ("FFmpeg", "LGPL-2.1"),
    ("NumPy", "BSD-3-Clause"),
    ("Pillow", "MIT-CMU"),
    ("pyqtgraph", "MIT"),
    ("Pretendard", "OFL-1.1"),
)
CREDIT = N_(
    "After the lecture {lecture}, Vision and Learning laboratory, 강준규, November 2020, after cs231n.stanford.edu."
)


def version(distribution: str) -> str:
    """Return the installed version without importing the package (torch must not load for a window of text)."""
    from importlib import metadata  # here: it takes a twentieth of the time to the first paint

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "–"


class About(QDialog):
    """Name, credit, versions and licences; all of it can be selected and copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("About CNN Explorer"))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        column.addWidget(self._label(f"CNN Explorer {version('cnn-explorer')}".rstrip(" –"), "heading"))
        column.addWidget(
            self._label(_("Look inside a convolutional network while it looks at a picture or a camera."), wrap=True)
        )
        column.addWidget(self._label(_(CREDIT).format(lecture=LECTURE), wrap=True))
        column.addWidget(self._label(_("Versions"), "title"))
        column.addLayout(
            self._table(
                [
                    ("Python", platform.python_version()),
                    ("PyTorch", version("torch")),
                    ("torchvision", version("torchvision")),
                    ("Qt", qVersion() or "–"),
                    ("PySide6", version("PySide6-Essentials")),
                    ("OpenCV", version("opencv-python")),
                    ("NumPy", version("numpy")),
                ]
            )
        )
        column.addWidget(self._label(_("Licences"), "title"))
        column.addLayout(self._table(list(LICENCES)))
        column.addWidget(
            self._label(_("The full list is in the file THIRD_PARTY.md of the project."), "dim", wrap=True)
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    def _label(self, text: str, name: str = "", wrap: bool = False) -> QLabel:
        label = QLabel(text, self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setObjectName(name)
        label.setWordWrap(wrap)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _table(self, rows: list[tuple[str, str]]) -> QGridLayout:
        """Lay ``rows`` out in two columns of pairs, so that the window stays low."""
        table = QGridLayout()
        table.setHorizontalSpacing(16)
        table.setVerticalSpacing(4)
        half = -(-len(rows) // 2)
        for place, (name, value) in enumerate(rows):
            row, pair = place % half, place // half * 2
            table.addWidget(self._label(name, "dim"), row, pair)
            table.addWidget(self._label(value), row, pair + 1)
        table.setColumnStretch(1, 1)
        table.setColumnStretch(3, 1)
        return table
