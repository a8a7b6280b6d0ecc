"""The composition root: settings → engine → store → bridge → controller → window. Importing it never loads torch."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from PySide6.QtCore import (
    QByteArray,
    QCoreApplication,
    QEvent,
    QLibraryInfo,
    QMessageLogContext,
    QObject,
    QTimer,
    QtMsgType,
    QTranslator,
    Slot,
    qInstallMessageHandler,
)
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from explorer import memory
from explorer import settings as preferences
from explorer.engine import Engine
from explorer.engine.events import Problem
from explorer.errors import ExplorerError
from explorer.recipe import DEFAULT_NETWORK, Recipe
from explorer.settings import Settings
from explorer.text import N_, set_language, system_language
from explorer.values import Source
from explorer.zoo.own import IN_MEMORY
from ui import theme
from ui.bridge import Bridge
from ui.controller import Controller
from ui.main_window import MainWindow
from ui.store import Store

log = logging.getLogger(__name__)

Lesson = tuple[Path | None, str, int]
"""A deck's file, None for the course's own; a scene's id, "" for where the person was; how many steps are told."""
_SHARE = 0.9
"""How much of the screen the window takes at first."""
_SAVE_AFTER_MS = 2000
_LOG_BYTES = 1 << 20
_LOG_FILES = 3


class Application(QObject):
    """Everything that lives as long as the window.

    Args:
        app: Qt's application.
        recipe: what to show first.
        settings: the person's preferences.
        remember: whether session and preferences are saved for the next start.
        stored: the preferences without what is for this start alone; ``settings`` where there is no such thing.
        make_engine: tests make their own of the function that is to be called when there are events.
        ends_loop: whether closing the window leaves Qt's event loop; it may be another program's.

    Attributes:
        keeps_window: whether the window's place and size are saved for the next start.
        left: names of the threads and exports that did not end when the window closed.
    """

    def __init__(
        self,
        app: QApplication,
        recipe: Recipe,
        settings: Settings,
        remember: bool = True,
        stored: Settings | None = None,
        make_engine: Callable[[Callable[[], None]], Engine] | None = None,
        ends_loop: bool = True,
    ) -> None:
        super().__init__()
        self._app, self._remember, self._ends_loop = app, remember, ends_loop
        self.keeps_window = False
        self.left: list[str] = []
        self._shown: Settings | None = None
        self._translator: QTranslator | None = None
        self._dress(settings)
        self.bridge = Bridge(self)
        self.engine = make_engine(self.bridge.notify) if make_engine else Engine(self.bridge.notify, settings)
        self.bridge.attach(self.engine)
        self.store = Store(recipe, self, settings)
        self.controller = Controller(self.engine, self.store, self)
        self.controller.stored = (stored or settings) if remember else None
        self.bridge.arrived.connect(self.controller.on_event)
        with memory.undisturbed():
            self.window = MainWindow(self.store, self.controller)
        self.window.painted.connect(self._begin)
        self.window.closed.connect(self.end)
        self.store.settings_changed.connect(self._dress_anew)
        self._save = QTimer(self)
        self._save.setSingleShot(True)
        self._save.setInterval(_SAVE_AFTER_MS)
        self._save.timeout.connect(self._save_session)
        self.store.recipe_changed.connect(self._save.start)
        app.styleHints().colorSchemeChanged.connect(self._follow_system)

    @Slot()
    def _begin(self) -> None:
        """Start what is slow, now that the window is on the screen."""
        self.engine.start()
        self.controller.start()

    @Slot()
    def end(self) -> None:
        """Save the session and the window's place, end every thread and leave the event loop."""
        self._save.stop()
        self._save_session()
        if self.keeps_window:
            self.controller.prefer(geometry=self.window.saveGeometry().toBase64().toStdString())
        self.left = self.engine.stop()
        if self.left:
            log.error("did not end: %s", ", ".join(self.left))
        if self._ends_loop:
            self._app.quit()

    @Slot()
    def _save_session(self) -> None:
        if not self._remember:
            return
        try:
            preferences.save_session(self.controller.session.to_json())
        except ExplorerError as error:
            self.controller.report(Problem("engine", error))

    @Slot()
    def _dress_anew(self) -> None:
        self._dress(self.store.settings)

    @Slot()
    def _follow_system(self) -> None:
        if self.store.settings.theme == "system":
            theme.apply(self._app, "system", self.store.settings.font_scale)

    def _dress(self, wanted: Settings) -> None:
        """Give the application the wanted language, theme and text size, as far as they differ from the shown ones."""
        shown, self._shown = self._shown, wanted
        if shown is None or shown.language != wanted.language:
            self._speak(wanted.language or system_language())
        if shown is None or (shown.theme, shown.font_scale) != (wanted.theme, wanted.font_scale):
            theme.apply(self._app, wanted.theme, wanted.font_scale)

    def _speak(self, language: str) -> None:
        set_language(language)
        if self._translator is not None:
            self._app.removeTranslator(self._translator)
            self._translator.deleteLater()
        self._translator = QTranslator(self)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if self._translator.load(f"qtbase_{language}", folder):  # there is none for English
            self._app.installTranslator(self._translator)
        QCoreApplication.sendEvent(self._app, QEvent(QEvent.Type.LanguageChange))


def last_session() -> tuple[Recipe, Settings, list[Problem]]:
    """Return where the last session stopped, the preferences, and what to tell the person about broken files.

    A camera is never switched on unasked: a session that stopped on one begins with the first sample picture.
    """
    settings, problem = preferences.load()
    text, session_problem = preferences.load_session()
    recipe = Recipe()
    if text:
        try:
            recipe = Recipe.from_json(text)
        except ValueError:
            session_problem = preferences.set_aside(preferences.session_file())
    if recipe.source.kind == "camera":
        recipe = recipe.with_(source=Source())
    if recipe.network.startswith(IN_MEMORY):  # its program has ended
        recipe = recipe.with_(network=DEFAULT_NETWORK)
    return recipe, settings, [Problem("engine", one) for one in (problem, session_problem) if one]


def qt_application() -> QApplication:
    """Return Qt's application, made if there is none."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    QGuiApplication.setDesktopFileName("cnn-explorer")
    app = QApplication(sys.argv[:1])
    app.setApplicationName("cnn-explorer")
    app.setApplicationDisplayName("CNN Explorer")
    app.setWindowIcon(theme.icon("explore", theme.DARK.accent))
    return app


def run(
    changes: Mapping[str, Any],
    look: Mapping[str, Any],
    size: tuple[int, int] | None = None,
    lesson: Lesson | None = None,
) -> int:
    """Open the window on the last session and return the exit code once it is closed.

    Args:
        changes: fields of the recipe that the command line asks for (see ``Recipe.with_``).
        look: fields of the settings that it asks for.
        size: width and height of the window for this start, px; None for the last one, at first one that fits the
            screen.
        lesson: the deck and the scene that the lesson is to open with; None leaves it as the last session did.
    """
    start_log()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's own handler would not run while Qt waits for events
    app = qt_application()
    recipe, settings, problems = last_session()
    settings = with_lesson(settings, lesson)
    application = Application(app, recipe.with_(**changes), settings.with_(**look), stored=settings)
    watch_exceptions(application)
    for problem in problems:
        application.controller.report(problem)
    window = application.window
    screen = app.primaryScreen().availableGeometry()
    window.resize(*(size or (round(screen.width() * _SHARE), round(screen.height() * _SHARE))))
    application.keeps_window = size is None
    if size is None:
        window.restoreGeometry(QByteArray.fromBase64(settings.geometry.encode()))  # one of no use changes nothing
    window.show()
    return leave(application, app.exec())


def with_lesson(settings: Settings, lesson: Lesson | None) -> Settings:
    """Return settings with which the lesson opens."""
    if lesson is None:
        return settings
    from explorer.lesson import progress

    file, scene, revealed = lesson
    return settings.with_(lesson=progress.read(settings.lesson).opened(str(file or ""), scene, revealed).written())


def leave(application: Application, code: int) -> int:
    """Return the exit code; where a thread did not end, end the process with it here and now.

    Python ends a thread that is inside torch in a way that makes torch abort the process.
    """
    if application.left:
        logging.shutdown()
        for stream in filter(None, (sys.stdout, sys.stderr)):  # without a console there are none
            stream.flush()
        os._exit(code)
    return code


def start_log() -> None:
    """Write the log, Qt's messages too, to a file that never grows beyond a few MB."""
    from logging.handlers import RotatingFileHandler

    folder = preferences.log_folder()
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder / "cnn-explorer.log", maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8"
        )
    except OSError as error:  # a full or read-only disk must not keep the window from opening
        log.warning("there is no log file: %s", error)
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"))
    root.addHandler(handler)
    qInstallMessageHandler(_log_qt)


_QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def _log_qt(kind: QtMsgType, _context: QMessageLogContext, message: str | None) -> None:
    logging.getLogger("qt").log(_QT_LEVELS.get(kind, logging.WARNING), "%s", message)


def watch_exceptions(application: Application) -> None:
    """Let an exception that nobody caught be logged and shown in the window, instead of ending it or vanishing."""

    telling = False

    def in_slot(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        nonlocal telling
        log.critical("unforeseen", exc_info=(kind, error, trace))
        if telling:  # a slot that shows problems raised itself: telling that would raise again, without end
            return
        sentence = ExplorerError(
            N_("Something went wrong inside the program ({reason}): try again, or report it with the details."),
            reason=f"{kind.__name__}: {error}",
        )
        details = "".join(traceback.format_exception(kind, error, trace))
        telling = True
        try:
            application.controller.report(Problem("engine", sentence, details=details))
        finally:
            telling = False

    def in_thread(args: threading.ExceptHookArgs) -> None:
        log.critical("unforeseen in thread %s", args.thread, exc_info=args.exc_value)

    sys.excepthook = in_slot
    threading.excepthook = in_thread
