"""What a person drops, pastes or types becomes a source."""

from __future__ import annotations

import os
import threading
import time
import traceback
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMimeData, QObject, Signal, Slot
from PySide6.QtGui import QImage

from explorer.engine.events import Problem
from explorer.errors import ExplorerError, SourceError
from explorer.sources import keep
from explorer.sources.naming import source_of
from explorer.text import N_, _
from explorer.values import Source
from explorer.zoo.own import is_own

DECK = ".toml"
_PATHS = ("picture", "array", "video", "folder")
_MOST_LETTERS = 80
"""A longer text is not repeated whole."""


def names_a_source(text: str) -> bool:
    """Return whether a pasted text can be meant as a source: other words must not become a path that nobody typed."""
    source = source_of(text)
    if source.kind not in _PATHS:
        return True
    typed = Path(os.path.expanduser(text.strip().strip("'\"")))
    try:
        return typed.is_absolute() or typed.exists()
    except (OSError, ValueError):  # too long for a name, or with a zero in it
        return False


class Intake(QObject):
    """Takes drops and pastes; picture bytes are checked and kept in a thread, so that the window never waits.

    Signals:
        arrived: the source.
        network_arrived: the path of a person's own network.
        deck_arrived: the path of a lecturer's deck of scenes.
        failed: why there is none.
        told: what else the person should know.
    """

    arrived = Signal(Source)
    network_arrived, deck_arrived = Signal(str), Signal(str)
    failed = Signal(Problem)
    told = Signal(str)
    _kept = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._taken = 0
        self._threads: list[threading.Thread] = []
        self._kept.connect(self._tell)

    @staticmethod
    def fits(mime: QMimeData) -> bool:
        """Return whether there is something in ``mime`` that may be a picture."""
        return mime.hasUrls() or mime.hasImage() or bool(mime.text().strip())

    def take(self, mime: QMimeData | None) -> None:
        """Take a local file before a picture's pixels, pixels before an address, an address before text.

        Args:
            mime: what was dropped or pasted; None is what some systems give for an empty clipboard.
        """
        self._taken += 1
        mime = mime or QMimeData()
        urls = mime.urls()
        if files := [url.toLocalFile() for url in urls if url.isLocalFile()]:
            self._take_path(files[0])
            if len(files) > 1:
                first = _("Of {count} files the first is shown: {name}")
                self.told.emit(first.format(count=len(files), name=Path(files[0]).name))
        elif mime.hasImage():
            self._keep(QImage(mime.imageData()))
        elif urls:
            self.arrived.emit(source_of(urls[0].toString()))
        elif text := mime.text().strip():
            self._take_text(text.splitlines()[0])
        elif mime.formats() and not mime.hasText():
            self._refuse(N_("What was pasted holds no picture, path or address: copy a picture first."))
        else:
            self._refuse(N_("The clipboard is empty: copy a picture, a path or an address first."))

    def wait(self, timeout_s: float = 5.0) -> None:
        """Wait until every picture in hand is kept; only for the end, the window stands still meanwhile."""
        until = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0.0))

    def _take_path(self, text: str) -> None:
        source = source_of(text)
        if source.kind == "picture" and is_own(source.where):  # its card too, which is a .toml as a deck is
            self.network_arrived.emit(source.where)
        elif source.kind == "picture" and source.where.lower().endswith(DECK):
            self.deck_arrived.emit(source.where)
        else:
            self.arrived.emit(source)

    def _take_text(self, text: str) -> None:
        if names_a_source(text):
            self._take_path(text)
        else:
            shown = text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"
            self._refuse(N_("“{text}” is no picture here and no address: copy a path, an address or a picture."), shown)

    def _refuse(self, sentence: str, text: str = "") -> None:
        self.failed.emit(Problem("source", SourceError(sentence, text=text)))

    def _keep(self, image: QImage) -> None:
        thread = threading.Thread(target=self._keep_now, args=(self._taken, image), name="intake")
        self._threads = [*(other for other in self._threads if other.is_alive()), thread]
        thread.start()

    def _keep_now(self, number: int, image: QImage) -> None:
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")  # type: ignore[call-overload]
        outcome: Source | Problem
        try:
            outcome = keep(bytes(buffer.data().data()))
        except ExplorerError as error:
            outcome = Problem("source", error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the person must see it
            wrapped = SourceError(N_("The picture cannot be taken: {error}"), error=error)
            outcome = Problem("source", wrapped, details=traceback.format_exc())
        self._kept.emit(number, outcome)

    @Slot(int, object)
    def _tell(self, number: int, outcome: Source | Problem) -> None:
        """Tell what became of a picture, unless something newer was taken meanwhile."""
        if number == self._taken:
            (self.arrived if isinstance(outcome, Source) else self.failed).emit(outcome)
