"""Walks through the lesson in one window, in both languages, and keeps a picture of every scene.

    make scenes OUT=FOLDER
    .venv/bin/python tools/scenes.py FOLDER [--deck FILE] [--scene ID,ID] [--size WxH] [--theme dark]

Of each scene two pictures are kept: as it begins, and with everything revealed. It fails where another place shows than
the scene's, or where a text of the lesson's is cut.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.text import LANGUAGES
from ui.app import Application, qt_application, with_lesson
from ui.lecturing import Lecturing
from ui.places.places import Places

LIMIT_S = 120.0
QUIET_S = 0.15


def settle(application: Application) -> None:
    """Let the event loop run until everything that a scene wants has arrived.

    Raises:
        TimeoutError: it does not.
    """
    store, presenting = application.store, application.window.presenting
    until, quiet = time.monotonic() + LIMIT_S, 0.0
    while quiet < QUIET_S:
        if time.monotonic() > until:
            raise TimeoutError("the scene is not complete")
        start = time.monotonic()
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        time.sleep(0.005)
        result = store.result
        there = result is not None and result.recipe == store.recipe and presenting.settled
        quiet = quiet + time.monotonic() - start if there and not application.engine.busy else 0.0


def cut(panel: QWidget) -> list[str]:
    """Return the texts in the lesson's column for which there is no room."""
    found: list[str] = []
    for label in panel.findChildren(QLabel):
        if not label.isVisible() or not label.text():
            continue
        wide, high = label.contentsRect().width(), label.contentsRect().height()
        needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
        too_wide = not label.wordWrap() and label.sizeHint().width() > wide + 1
        if needed > high + 1 or too_wide or _longest(label) > wide + 1:
            found.append(f"{type(label).__name__} {label.text()[:60]!r} {needed} {high}")
    buttons = [one for one in panel.findChildren(QPushButton) if one.isVisible() and one.text()]
    return found + [f"button {one.text()!r}" for one in buttons if one.sizeHint().width() > one.width() + 1]


def _longest(label: QLabel) -> float:
    """Return how wide a wrapped text is where it cannot be broken."""
    from PySide6.QtGui import QTextDocument

    if not label.wordWrap():
        return 0.0
    document = QTextDocument()
    document.setDefaultFont(label.font())
    document.setDocumentMargin(0)
    document.setHtml(label.text())
    document.setTextWidth(label.contentsRect().width())
    return document.idealWidth()


def shown(places: Places) -> str:
    """Return the name of the place that shows."""
    named = {"networks": places.networks, "filter": places.filter, "arithmetic": places.arithmetic}
    named["tasks"] = places.tasks
    return next((name for name, place in named.items() if place is places.currentWidget()), "explore")


def wrong(application: Application, lecturing: Lecturing) -> list[str]:
    """Return what is not as it should be now."""
    scene, panel = lecturing.scene, application.window.presenting.panel
    assert scene is not None
    assert panel is not None
    wanted, place = scene.shown(lecturing.revealed).place, shown(application.window.places)
    faults = [f"the place is {place}, not {wanted}"] if place != wanted else []
    faults += [str(problem.error) for problem in application.store.problems.values()]
    return faults + [f"cut: {text}" for text in cut(panel)]


def main() -> int:
    """Walk, and return 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--deck", type=Path)
    parser.add_argument("--scene", default="")
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--theme", default="")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    settings = with_lesson(
        Settings(language="en", theme=options.theme or "light"), (options.deck, options.scene.split(",")[0], 0)
    )
    application = Application(qt_application(), Recipe(), settings, remember=False)
    window, failed = application.window, 0
    width, height = map(int, options.size.split("x"))
    window.setFixedSize(width, height)
    window.show()
    QCoreApplication.processEvents()
    lecturing = window.presenting.lecturing
    while lecturing is None or lecturing.deck is None:
        QCoreApplication.processEvents()
        lecturing = window.presenting.lecturing
    lecturing.present(True)
    for place, scene in enumerate(lecturing.deck.scenes):
        if options.scene and scene.id not in options.scene.split(","):
            continue
        for turn, language in enumerate(LANGUAGES):
            theme = options.theme or ("light", "dark")[(place + turn) % 2]
            application.controller.prefer(language=language, theme=theme)
            lecturing.go(place)
            for part in ("", "-all"):
                if part:
                    while lecturing.can_reveal:
                        before = lecturing.revealed
                        lecturing.reveal()
                        settle(application)
                        if lecturing.revealed == before:
                            break
                settle(application)
                faults = wrong(application, lecturing)
                failed += bool(faults)
                window.grab().save(str(options.folder / f"{scene.id}-{language}{part}.png"), "PNG")
                print(f"{scene.id} {language}{part}: {'; '.join(faults) or 'as it should be'}", flush=True)
    window.close()
    application.end()
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
