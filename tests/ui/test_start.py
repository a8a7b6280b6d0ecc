"""A start as a person makes it: the log, the last session, where the window was."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer, qInstallMessageHandler, qWarning
from PySide6.QtWidgets import QApplication

from explorer import settings, text
from explorer.settings import Settings
from ui import app as composition
from ui import theme
from ui.main_window import MainWindow


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What ``run`` changes for the whole process is put back."""
    root = logging.getLogger()
    handlers, level, previous = list(root.handlers), root.level, qInstallMessageHandler(None)
    interrupt = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    yield
    signal.signal(signal.SIGINT, interrupt)
    qInstallMessageHandler(previous)
    for handler in [handler for handler in root.handlers if handler not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


@pytest.mark.usefixtures("hooks")
def test_log_goes_to_a_file_with_a_limit() -> None:
    root = logging.getLogger()
    before = list(root.handlers)
    composition.start_log()
    qWarning("a warning of Qt")
    logging.getLogger("explorer").info("a remark of ours")
    added = [handler for handler in root.handlers if handler not in before]
    assert len(added) == 1
    added[0].flush()
    lines = (settings.log_folder() / "cnn-explorer.log").read_text()
    assert "WARNING" in lines
    assert "a warning of Qt" in lines
    assert "a remark of ours" in lines
    assert added[0].maxBytes > 0  # type: ignore[attr-defined]


@pytest.mark.usefixtures("hooks")
def test_a_log_that_cannot_be_written_does_not_keep_the_window_shut(own_home: Path) -> None:
    (own_home / "log").write_text("in the way")
    composition.start_log()
    assert (own_home / "log").read_text() == "in the way"


@pytest.mark.usefixtures("hooks")
def test_run_opens_the_last_session_and_ends_when_the_window_is_closed(qapp: QApplication, own_home: Path) -> None:
    settings.session_file().parent.mkdir(parents=True, exist_ok=True)
    settings.session_file().write_text("{broken")
    settings.save(Settings(language="ko", theme="light"))
    seen = []

    def look() -> None:
        windows = [one for one in QApplication.topLevelWidgets() if isinstance(one, MainWindow)]
        seen.append(
            (windows[0].size().toTuple(), windows[0].problem.isVisible(), theme.current().name, text.language())
        )
        windows[0].close()
        windows[0].deleteLater()

    QTimer.singleShot(0, look)
    assert composition.run({"layer": "conv_head"}, {"theme": "dark"}, (1200, 700)) == 0
    assert seen == [((1200, 700), True, "dark", "ko")]
    assert composition.last_session()[0].layer == "conv_head"


@pytest.mark.usefixtures("hooks")
def test_the_window_comes_back_where_and_as_it_was(qapp: QApplication, own_home: Path) -> None:
    """The made-up screen is narrower than the window can be, so that only the height is free."""
    settings.save(Settings(geometry="of no use"))
    seen = []

    def start(size: tuple[int, int] | None, height: int | None = None, full: bool = False) -> None:
        def look() -> None:
            (window,) = [one for one in QApplication.topLevelWidgets() if isinstance(one, MainWindow)]
            seen.append((window.height(), window.isFullScreen()))
            if height:
                window.resize(window.width(), height)
            if full:
                window.commands["full_screen"].trigger()
            window.close()
            window.deleteLater()

        QTimer.singleShot(0, look)
        assert composition.run({}, {}, size) == 0

    start(None, height=690)
    start((1200, 700))  # for one start alone
    start(None, full=True)
    start(None)
    assert seen[1:3] == [(700, False), (690, False)]
    assert seen[3][1]
