"""The window on a network that the person's own program has in memory."""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QThread, Slot
from PySide6.QtWidgets import QApplication

from explorer import settings as preferences
from explorer import sources
from explorer.cli.arguments import picture as named
from explorer.cli.streams import has_display
from explorer.errors import ExplorerError, PersonError, SourceError
from explorer.recipe import Recipe
from explorer.text import N_, set_language, system_language
from explorer.values import Source
from ui.app import Application, qt_application

if TYPE_CHECKING:
    from torch import nn

log = logging.getLogger(__name__)

SHARE = 0.9
"""How much of the screen the window takes."""


class Showing(QObject):
    """A window on one module, until it is closed.

    Args:
        name: the network's, as ``own.memory.put`` gave it.
        source: the picture that it begins with.
        ends_loop: whether closing the window leaves Qt's event loop, which is the person's own where it ran before.
    """

    def __init__(self, name: str, source: Source, ends_loop: bool) -> None:
        super().__init__()
        self._name, self._before = name, _computing()
        settings, _problem = preferences.load()
        recipe = Recipe(source=source, network=name)
        self.application = Application(qt_application(), recipe, settings, remember=False, ends_loop=ends_loop)
        window = self.application.window
        screen = qt_application().primaryScreen().availableGeometry()
        window.resize(round(screen.width() * SHARE), round(screen.height() * SHARE))
        window.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, ends_loop)
        window.closed.connect(self._end)
        _open.append(self)

    def show(self) -> None:
        """Show the window."""
        self.application.window.show()

    @Slot()
    def _end(self) -> None:
        """Put everything away, after the application has ended its threads."""
        from explorer.zoo.own import memory

        memory.forget(self._name)
        _compute_as(self._before)
        if self.application.left:
            log.error("did not end: %s", ", ".join(self.application.left))
        _open.remove(self)
        for one in (self.application.window, self.application, self):
            one.deleteLater()


_open: list[Showing] = []
"""Windows in a loop that is not ours: nobody else holds them."""


def show(
    module: nn.Module,
    transform: Callable[[Any], Any] | None = None,
    labels: Sequence[str] | None = None,
    picture: object = None,
) -> None:
    """Open the window on ``module``; see ``explorer.show``.

    Raises:
        ExplorerError: one of the arguments cannot be used, or there is no display.
    """
    from explorer.zoo.own import memory

    set_language(preferences.load()[0].language or system_language())
    if threading.current_thread() is not threading.main_thread():
        raise PersonError(N_("A window can only be opened by the main thread: call explorer.show there."))
    if not has_display():
        raise PersonError(N_("There is no display here: run the program where a window can be seen."))
    source = source_of(picture)
    name = memory.put(module, transform, () if labels is None else labels)
    app, stays = qt_application(), _loop_runs()
    showing = Showing(name, source, ends_loop=not stays)
    showing.show()
    if not stays:
        app.exec()
        # The last window's end is told twice: what is left of it would end every later loop of the person's program.
        QCoreApplication.removePostedEvents(app, QEvent.Type.Quit.value)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _computing() -> tuple[int, bool, bool]:
    """Return what the window changes of how the person's program computes: threads, and where TF32 is allowed."""
    import torch

    return torch.get_num_threads(), torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32


def _compute_as(before: tuple[int, bool, bool]) -> None:
    import torch

    threads, torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before
    torch.set_num_threads(threads)


def source_of(picture: object) -> Source:
    """Return the source that a program means by a path, an address, a sample's name, a picture or an array.

    Raises:
        SourceError: it is none of these, or no such picture.
    """
    import numpy as np
    from PIL import Image

    from explorer.zoo.own import memory

    if picture is None:
        return Source()
    if isinstance(picture, Source):
        return picture
    if isinstance(picture, str | Path):
        source = named(str(picture))
        local = source.kind in ("picture", "array")
        return Source(source.kind, str(Path(source.where).absolute())) if local else source
    if isinstance(picture, Image.Image):
        array = np.asarray(picture.convert("RGB"))
    else:
        try:
            array = np.asarray(picture.detach().cpu() if hasattr(picture, "detach") else picture)
        except Exception as error:
            raise _no_picture(type(picture).__name__) from error
    if array.dtype == np.uint8 and array.ndim in (2, 3) and array.size:
        try:
            data = io.BytesIO()
            Image.fromarray(array).convert("RGB").save(data, "PNG")
        except (TypeError, ValueError) as error:
            raise _no_picture(f"{array.dtype} {array.shape}") from error
        return sources.keep(data.getvalue())
    if array.dtype.kind == "f" and array.ndim in (3, 4) and array.size:
        data = io.BytesIO()
        np.save(data, array.astype(np.float32))
        return Source("array", str(memory.keep(data.getvalue(), ".npy")))
    raise _no_picture(f"{array.dtype} {array.shape}")


def _no_picture(kind: str) -> ExplorerError:
    return SourceError(
        N_("{kind} is no picture: give a path, a picture of Pillow, uint8 (H, W, 3) or float (C, H, W)."), kind=kind
    )


def _loop_runs() -> bool:
    """Return whether an event loop of Qt runs already, or a notebook turns one between its cells."""
    if QApplication.instance() is not None and QThread.currentThread().loopLevel() > 0:
        return True
    shell = sys.modules.get("IPython")
    notebook = shell.get_ipython() if shell is not None and hasattr(shell, "get_ipython") else None
    return str(getattr(notebook, "active_eventloop", None) or "").startswith("qt")
