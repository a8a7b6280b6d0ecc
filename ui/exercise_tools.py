"""The buttons of an exercise, the same on every page of arithmetic: steps back and on, as text, as a picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QEvent, QIODevice, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QToolButton, QWidget

from explorer.arithmetic.case import Case
from explorer.arithmetic.exercise import from_json, read, to_json, write
from explorer.arithmetic.presets import Subject
from explorer.errors import ExplorerError
from explorer.settings import write_atomically
from explorer.text import _
from ui import theme
from ui.casework import Casework
from ui.widgets.saving import ask_where

Drawing = tuple[QSize, Callable[[QPainter], None]]
"""A size in pixels, and what paints that much."""
_NAMES = ("undo", "redo", "copy", "paste", "folder", "save", "export")
_FINENESS = 3


class ExerciseTools(QWidget):
    """What comes in may be any exercise: the place shows the page that it belongs to.

    Args:
        work: keeps the exercise.
        drawing: gives what is exported as a picture.

    Signals:
        refused: the sentence about what could not be done, "" once something was.
    """

    refused = Signal(str)

    def __init__(self, work: Casework, drawing: Callable[[], Drawing], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work, self._drawing = work, drawing
        self._buttons = {name: QToolButton(self) for name in _NAMES}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        slots = (work.undo, work.redo, self._copy, self._paste, self._open, self._save, self._export)
        for (name, button), slot in zip(self._buttons.items(), slots, strict=True):
            button.setObjectName("small")
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            theme.set_icon(button, name)
            button.clicked.connect(slot)
            row.addWidget(button)
        work.subject_changed.connect(self._show_steps)
        self._retranslate()
        self._show_steps()

    def __getitem__(self, name: str) -> QToolButton:
        """Return a button by its name."""
        return self._buttons[name]

    def _retranslate(self) -> None:
        texts = (
            _("Back to the exercise before"),
            _("On to the exercise that was taken back"),
            _("Copy the exercise as text (JSON)"),
            _("Paste an exercise (JSON)"),
            _("Open an exercise from a file…"),
            _("Save the exercise to a file…"),
            _("Save what is drawn as a picture (SVG or PNG)…"),
        )
        for button, text in zip(self._buttons.values(), texts, strict=True):
            button.setToolTip(text)
            button.setAccessibleName(text)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()

    @Slot()
    def _show_steps(self) -> None:
        self._buttons["undo"].setEnabled(self._work.can_undo)
        self._buttons["redo"].setEnabled(self._work.can_redo)

    # as text

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(to_json(self._work.subject))

    @Slot()
    def _paste(self) -> None:
        text = QGuiApplication.clipboard().text()
        if text.strip():
            self._bring(lambda: from_json(text))
        else:
            self.refused.emit(_("The clipboard holds no text: copy a case first."))

    @Slot()
    def _open(self) -> None:
        path, _kind = QFileDialog.getOpenFileName(self, _("Open an exercise"), "", "JSON (*.json)")
        if path:
            self.open_file(Path(path))

    def open_file(self, path: Path) -> None:
        """Show the exercise in a file."""
        self._bring(lambda: read(path))

    def _bring(self, make: Callable[[], Subject]) -> None:
        try:
            subject = make()
        except ExplorerError as error:
            self.refused.emit(str(error))
        else:
            self._work.attempt(lambda: subject, named=False)

    @Slot()
    def _save(self) -> None:
        if path := ask_where(self, _("Save the exercise"), self._stem, "json"):
            self.save_file(Path(path))

    def save_file(self, path: Path) -> None:
        """Write the exercise to a file."""
        self._do(lambda: write(path, self._work.subject))

    # as a picture

    @Slot()
    def _export(self) -> None:
        if path := ask_where(self, _("Save what is drawn"), self._stem, "svg", "png"):
            self.save_picture(Path(path))

    def save_picture(self, path: Path) -> None:
        """Write what is drawn to a file: SVG, or PNG of three pixels for one on the screen."""
        self._do(lambda: write_atomically(path, _drawn(*self._drawing(), svg=path.suffix.lower() == ".svg")))

    @property
    def _stem(self) -> str:
        subject = self._work.subject
        return (subject.title if isinstance(subject, Case) else "") or self._work.name or "case"

    def _do(self, act: Callable[[], None]) -> None:
        try:
            act()
        except ExplorerError as error:
            self.refused.emit(str(error))
        else:
            self.refused.emit("")


def _drawn(size: QSize, paint: Callable[[QPainter], None], svg: bool) -> bytes:
    """Return a drawing as the bytes of a file, SVG or PNG."""
    data = QBuffer()
    data.open(QIODevice.OpenModeFlag.WriteOnly)
    if svg:
        drawing = QSvgGenerator()
        drawing.setOutputDevice(data)
        drawing.setSize(size)
        drawing.setViewBox(QRect(0, 0, size.width(), size.height()))
        painter = QPainter(drawing)
        paint(painter)
        painter.end()
    else:
        image = QImage(size * _FINENESS, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(_FINENESS)
        painter = QPainter(image)
        paint(painter)
        painter.end()
        image.save(data, "PNG")  # type: ignore[call-overload]
    return bytes(data.data().data())
