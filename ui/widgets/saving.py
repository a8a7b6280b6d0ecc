"""Where a file of the window's is to go, and what is written into it."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

Fill = Callable[[BinaryIO], object]
"""Writes a file's content; another thread calls it."""
_FOLDER = "saving-folder"
"""Property of a window: where its last file went."""


def ask_where(parent: QWidget, title: str, stem: str, *suffixes: str) -> str:
    """Ask for a file's path; nothing is replaced that the person has not been asked about.

    Args:
        parent: whose window the dialog belongs to; it remembers the folder.
        title: of the dialog; a command's dots at the end are left out.
        stem: the suggested name without suffix; what a file's name cannot have becomes "_".
        suffixes: the kinds there are, the usual one first, as "csv".

    Returns:
        The path with one of the suffixes, or "" if the person gave up.
    """
    window = parent.window()
    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in stem)
    wanted = str(Path(window.property(_FOLDER) or "") / f"{name}.{suffixes[0]}")
    kinds = [f"{suffix.upper()} (*.{suffix})" for suffix in suffixes]
    chosen = kinds[0]
    while True:
        path, chosen = QFileDialog.getSaveFileName(parent, title.rstrip("…"), wanted, ";;".join(kinds), chosen)
        if not path:
            return ""
        wanted = _with_suffix(path, [f".{suffix}" for suffix in suffixes], chosen)
        if wanted == path or not os.path.exists(wanted):  # else nobody has asked yet whether to replace that file
            window.setProperty(_FOLDER, str(Path(wanted).parent))
            return wanted


def picture(image: QImage) -> Fill:
    """Return what writes an image as PNG; it is packed by the thread that writes."""
    return partial(_write_png, image)


def content(data: bytes) -> Fill:
    """Return what writes these bytes."""
    return partial(_write, data)


def _write_png(image: QImage, file: BinaryIO) -> None:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    file.write(buffer.data().data())


def _write(data: bytes, file: BinaryIO) -> None:
    file.write(data)


def _with_suffix(path: str, suffixes: list[str], chosen: str) -> str:
    """Return ``path`` with one of ``suffixes``: the chosen filter's, unless the person typed another than the first."""
    typed = Path(path).suffix.lower()
    if typed in suffixes[1:]:
        return path
    wanted = next((suffix for suffix in suffixes if f"*{suffix}" in chosen), suffixes[0])
    stem = path[: -len(typed)] if typed in suffixes else path  # "layer1.0.relu" ends in a name, not in a suffix
    return path if typed == wanted else stem + wanted
