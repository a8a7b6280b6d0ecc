"""macOS gives the camera only after the person has agreed, and asks on the GUI thread."""

from __future__ import annotations

import platform
from collections.abc import Callable

from PySide6 import QtCore
from PySide6.QtCore import QCoreApplication, QObject, Qt

from explorer.engine.events import Problem
from explorer.errors import SourceError
from explorer.text import N_

Answer = Callable[[Problem | None], None]


def ask_for_camera(context: QObject, answer: Answer) -> None:
    """Call ``answer`` with None once the camera may be opened, or with the problem to show.

    Elsewhere than on macOS that is at once.

    Args:
        context: the answer is dropped if this object is gone before the person decides.
        answer: called on the GUI thread.
    """
    permission_type = getattr(QtCore, "QCameraPermission", None)
    app = QCoreApplication.instance()
    if platform.system() != "Darwin" or permission_type is None or app is None:
        answer(None)
        return

    def decided(permission: QtCore.QPermission) -> None:
        granted = permission.status() == Qt.PermissionStatus.Granted
        answer(None if granted else refused())

    app.requestPermission(permission_type(), context, decided)


def refused() -> Problem:
    """Return what to tell a person whose system keeps the camera from us."""
    sentence = N_("The camera is not allowed: allow it in System Settings, Privacy and Security, Camera.")
    return Problem("source", SourceError(sentence))
