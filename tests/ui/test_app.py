"""What holds the window together: start, session, language, theme, problems, the end."""

from __future__ import annotations

import json
import logging
import math
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QLibraryInfo, QTranslator
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLabel

from explorer import settings, text
from explorer.engine import Engine as RealEngine
from explorer.engine.events import Exported, FrameRead, NetworkReady, Problem, Progress
from explorer.errors import DeviceError, ExplorerError, SourceError
from explorer.recipe import Recipe, View
from explorer.settings import Settings
from explorer.values import Source
from tests.engine.fakes import FakeRooms, Gate
from tests.ui import samples
from tests.ui.desk import desk, until
from ui import app as composition
from ui import theme
from ui.dialogs.details import Details


def test_importing_the_application_loads_neither_torch_nor_opencv() -> None:
    """R2: the window is on the screen before torch is loaded."""
    code = (
        "import sys, ui.app, ui.shot;print([m for m in ('torch', 'torchvision', 'cv2', 'captum') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_window_paints_before_the_engine_starts(qapp: QApplication) -> None:
    with desk(qapp) as one:
        assert (one.engine.started, one.engine.wishes) == (0, [])
        painted: list[int] = []
        one.window.painted.connect(lambda: painted.append(one.engine.started))
        one.show()
        until(lambda: bool(painted))
        assert one.engine.started == 1
        first = one.engine.wishes[0]  # on a slow machine the mosaic has told its shape before the engine starts
        assert replace(first, view=replace(first.view, aspect=View.aspect)) == Recipe(network="sample")


def test_closing_stops_the_engine_once_and_saves_the_session(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        one.controller.change(layer="pool", channel=3)
        one.window.close()
        assert one.engine.stopped == 1
    recipe, _settings, problems = composition.last_session()
    assert (recipe.network, recipe.layer, recipe.channel) == ("sample", "pool", 3)
    assert problems == []


def test_the_session_is_saved_while_the_window_is_open(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.application._save.setInterval(1)
        one.controller.change(layer="fc")
        until(lambda: settings.session_file().exists())
        assert composition.last_session()[0].layer == "fc"


def test_a_run_that_must_not_be_remembered_is_not(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.application._remember = False
        one.controller.change(layer="fc")
    assert not settings.session_file().exists()


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        '{"source": 3}',
        json.dumps({"source": {"kind": "sample"}, "extra": 1}),
        "[" * 100_000,
        json.dumps(json.loads(Recipe().to_json()) | {"input_hw": [math.inf, 1]}),
        json.dumps(json.loads(Recipe().to_json()) | {"filters": [{"name": "", "weights": [[10**400]], "scale": 1}]}),
    ],
    ids=range(10),
)
def test_a_broken_session_is_set_aside_and_said(broken: str, own_home: Path) -> None:
    file = settings.session_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(broken)
    recipe, _settings, problems = composition.last_session()
    assert recipe == Recipe()
    if broken:
        assert file.with_name(file.name + ".broken").read_text() == broken
        assert len(problems) == 1
        assert str(file) in str(problems[0].error)


def test_a_broken_settings_file_is_said_in_the_window(qapp: QApplication, own_home: Path) -> None:
    file = settings.settings_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('{"language": 7')
    _recipe, preferred, problems = composition.last_session()
    assert preferred == Settings()
    with desk(qapp) as one:
        one.show()
        one.controller.report(problems[0])
        mosaic = one.window.explore.maps.mosaic
        assert str(file) in mosaic.message
        one.load()
        assert mosaic.message == "", "the maps are not hidden"
        assert one.window.problem.isVisible()
        assert any(str(file) in label.text() for label in one.window.problem.findChildren(QLabel))


def test_what_was_asked_for_one_start_is_not_kept(qapp: QApplication) -> None:
    stored, asked = Settings(theme="dark"), Settings(language="ko", theme="light")
    with desk(qapp, settings=asked, stored=stored) as one:
        one.controller.prefer(font_scale=1.5)
        assert settings.load()[0] == stored.with_(font_scale=1.5)
        assert one.store.settings == asked.with_(font_scale=1.5)
        one.controller.prefer(theme="light")  # chosen now, though it shows already
        assert settings.load()[0] == stored.with_(font_scale=1.5, theme="light")


def test_a_shot_changes_no_preferences(qapp: QApplication) -> None:
    with desk(qapp, remember=False) as one:
        one.send(FrameRead(Source("picture", "/tmp/a.png"), samples.result().frame))
    assert not settings.settings_file().exists()


def test_a_camera_is_not_switched_on_unasked() -> None:
    settings.save_session(Recipe(source=Source("camera", "0"), network="lenet5").to_json())
    recipe, _settings, _problems = composition.last_session()
    assert (recipe.source, recipe.network) == (Source(), "lenet5")


def test_a_session_that_cannot_be_saved_is_said(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(text: str) -> None:
        raise ExplorerError("the disk is full")

    monkeypatch.setattr(settings, "save_session", full)
    with desk(qapp) as one:
        one.show()
        one.application._save_session()
        assert str(one.store.problems["engine"].error) == "the disk is full"


def test_theme_and_text_size_change_while_running(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        one.load()
        before = one.window.grab().toImage()
        one.controller.prefer(theme="light", font_scale=1.4)
        assert (theme.current().name, qapp.font().pixelSize()) == ("light", 18)
        after = one.window.grab().toImage()
        assert before.pixelColor(2, 400).name() == theme.DARK.window
        assert after.pixelColor(2, 400).name() == theme.LIGHT.window
        assert settings.load()[0].theme == "light"


def test_language_changes_while_running_and_reaches_every_widget(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The catalogue is replaced by one that marks what it translates; what stays unmarked was not asked for anew."""
    with desk(qapp) as one:
        one.show()
        one.load()
        monkeypatch.setattr(
            composition, "set_language", lambda code: monkeypatch.setattr(text, "_catalogue", Marking())
        )
        one.controller.prefer(language="ko")
        one.give()
        fixed = {"made-up.png", "CPU", "RGB", "R", "G", "B", "Scroll Left", "Scroll Right"}  # the last two are Qt's own
        unmarked = [
            word
            for word in texts(one.window)
            if any(c.isalpha() for c in word) and "«" not in word and word not in fixed and not named_by_data(word)
        ]
        assert unmarked == []


def test_the_window_speaks_korean(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        said = []
        for language in ("en", "ko", "en"):
            one.controller.prefer(language=language)
            QApplication.processEvents()
            said.append({name: action.text() for name, action in one.window.commands.items()})
        english, korean, again = said
        assert all(any("가" <= letter <= "힣" for letter in words) for words in korean.values())
        assert english == again
        assert not any("가" <= letter <= "힣" for words in english.values() for letter in words)


def test_another_language_leaves_no_translator_behind(qapp: QApplication) -> None:
    with desk(qapp) as one:
        for language in ("ko", "en", "ko"):
            one.controller.prefer(language=language)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        assert len(one.application.findChildren(QTranslator)) == 1


def test_qts_own_words_are_korean_too(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    if not (folder / "qtbase_ko.qm").exists():
        pytest.skip("this Qt has no Korean translation")
    monkeypatch.setattr(composition, "set_language", lambda _code: None)
    with desk(qapp) as one:
        one.controller.prefer(language="ko")
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        assert "닫기" in box.buttons()[0].text()
        one.controller.prefer(language="en")
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        assert "Close" in box.buttons()[0].text().replace("&", "")


@pytest.mark.parametrize("busy", ["loading", "reading"])
def test_closing_while_a_job_runs_leaves_no_thread(qapp: QApplication, busy: str) -> None:
    """The job is held at a gate, which opens only once the engine is told to stop."""
    fakes = FakeRooms()
    gate: Gate = getattr(fakes, busy)
    gate.close()
    settings = Settings(language="en", theme="dark")
    with desk(qapp, settings=settings, engine=lambda notify: RealEngine(notify, settings, fakes.rooms())) as one:
        stop, left = one.application.engine.stop, []

        def open_and_stop() -> list[str]:
            gate.open()
            left.append(stop())
            return left[-1]

        one.application.engine.stop = open_and_stop  # type: ignore[method-assign,assignment]
        one.window.show()
        until(lambda: gate.reached.acquire(blocking=False))
        one.window.close()
        assert left == [[]]


class Marking:
    """A catalogue of every message there is."""

    def gettext(self, message: str) -> str:
        return f"«{message}»"

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return f"«{singular if count == 1 else plural}»"


def texts(window: QApplication | object) -> list[str]:
    """Return what the window says: labels, buttons, actions, choosers, fields, tool tips, and to a screen reader."""
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QWidget

    assert isinstance(window, QWidget)
    found = [label.text() for label in window.findChildren(QLabel)]
    found += [button.text() for button in window.findChildren(QAbstractButton)]
    found += [action.text() for action in window.actions()]
    found += [box.itemText(row) for box in window.findChildren(QComboBox) for row in range(box.count())]
    found += [field.placeholderText() for field in window.findChildren(QLineEdit)]
    for part in (*window.findChildren(QWidget), *window.actions()):
        found += [line for line in part.toolTip().splitlines() if line]
    for widget in window.findChildren(QWidget):
        found += [widget.accessibleName(), widget.accessibleDescription()]
    return [word for word in found if word]


def named_by_data(word: str) -> bool:
    """Return whether ``word`` is made of names and figures of the made-up network, which no language changes."""
    names = [layer.id for layer in samples.graph()] + [layer.op for layer in samples.graph()]
    names += ["Sample Net", "Other Net", "class ", "viridis", "magma", "inferno", "plasma", "cividis", "grey", "gray"]
    return any(name in word for name in names) or "#" in word  # a pixel's value


def test_problem_is_shown_in_place_with_details_retry_and_dismiss(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        one.load()
        strip = one.window.problem
        assert not strip.isVisible()
        one.send(Problem("source", SourceError("There is no picture {name}.", name="x.png"), details="Traceback …"))
        assert strip.isVisible()
        assert strip._sentence.text() == "There is no picture x.png."
        assert not strip._details_button.isVisible(), "the sentence says it all"
        error = SourceError("It cannot be read.")
        error.__cause__ = OSError("worn out")
        one.send(Problem("source", error, details="Traceback …"))
        height = one.window.explore.height()
        strip._details_button.click()
        (details,) = one.window.findChildren(Details)
        assert details.text.toPlainText() == "Traceback …"
        details.copy.click()
        assert QGuiApplication.clipboard().text() == "Traceback …"
        details.close()
        assert one.window.explore.height() == height, "nothing is pushed aside"
        wishes = len(one.engine.wishes)
        strip._retry.click()
        assert one.engine.wishes[wishes:] == [one.store.recipe]
        strip._dismiss.click()
        assert not strip.isVisible()
        assert one.store.problems == {}


def test_the_newest_problem_shows_and_a_solved_one_goes(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        for where, sentence in (("export", "first"), ("source", "second"), ("export", "third")):
            one.send(Problem(where, SourceError(sentence)))  # type: ignore[arg-type]
        assert one.window.problem._sentence.text() == "third"
        one.controller.dismiss("export")
        assert one.window.problem._sentence.text() == "second"
        one.send(FrameRead(Source(), samples.result().frame))
        assert not one.window.problem.isVisible()


def test_a_screen_reader_is_told_of_a_problem_once(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    monkeypatch.setattr(QAccessible, "updateAccessibility", lambda event: told.append((event.type(), event.object())))
    with desk(qapp) as one:
        one.show()
        told.clear()
        one.send(Problem("source", SourceError("first")))
        one.window.problem.retranslate()
        assert told == [(QAccessible.Event.Alert, one.window.problem)]
        assert one.window.problem.accessibleDescription() == "first"
        one.send(Problem("source", SourceError("second")))
        assert len(told) == 2


def test_a_network_that_went_to_the_cpu_says_so_until_another_is_ready(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        one.load()
        one.send(Problem("device", DeviceError("It runs on the CPU.")))
        strip = one.window.problem
        assert (strip.isVisible(), strip._sentence.text()) == (True, "It runs on the CPU.")
        assert not strip._retry.isVisible()
        assert one.store.problems.keys() == {"device"}
        one.send(NetworkReady(samples.network()))
        assert not strip.isVisible()


def test_progress_shows_and_loading_a_network_can_be_cancelled(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        one.load()
        status = one.window.status
        one.send(Progress("Loading {network} …", {"network": "sample"}, 0.25))
        assert status._stage.text() == "Loading sample …"
        assert status._bar.value() == 250
        assert not status._cancel.isVisible()  # the first network: there is nothing to go back to
        one.controller.change(network="other", weights="none")
        one.send(Progress("Loading {network} …", {"network": "other"}))
        assert (status._bar.minimum(), status._bar.maximum()) == (0, 0)
        status._cancel.click()
        assert one.engine.wishes[-1].network == "sample"
        one.send(Progress(""))
        assert not status._bar.isVisible()


def test_files_that_were_written_are_named(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        one.load()
        one.send(Exported(("/tmp/maps.png",)))
        assert "/tmp/maps.png" in one.window.status._times.text()


def test_an_exception_that_nobody_caught_is_shown_and_logged(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    with desk(qapp) as one, caplog.at_level(logging.CRITICAL):
        composition.watch_exceptions(one.application)
        try:
            raise ValueError("seven")
        except ValueError as error:
            sys.excepthook(ValueError, error, error.__traceback__)
        assert "ValueError: seven" in str(one.store.problems["engine"].error)
        assert "test_app.py" in one.store.problems["engine"].details
        assert "unforeseen" in caplog.text


def test_an_exception_while_one_is_told_is_logged_and_ends_there(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    with desk(qapp) as one, caplog.at_level(logging.CRITICAL):
        composition.watch_exceptions(one.application)
        calls = []

        def fail() -> None:
            calls.append(1)
            if len(calls) < 50:  # without a guard it would go on until the stack is full
                raise ValueError("eight")

        one.store.problems_changed.connect(fail)
        sys.excepthook(ValueError, ValueError("seven"), None)
        assert len(calls) == 1
        assert "ValueError: seven" in str(one.store.problems["engine"].error)
        assert "eight" in caplog.text
        sys.excepthook(ValueError, ValueError("nine"), None)
        assert "nine" in str(one.store.problems["engine"].error), "the next one is told again"


def test_a_start_that_failed_is_none_any_more(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        assert one.window.status._times.text() == "Starting…"
        one.send(Problem("network", SourceError("The weights are not on this machine.")))
        assert one.window.status._times.text() == ""
