"""Files: each is written or its problem is told, at the end too."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import BinaryIO

from explorer.engine import Engine
from explorer.engine.events import Exported, NetworkReady, Problem
from explorer.errors import NetworkError
from explorer.recipe import Recipe
from explorer.reproduce import Kept, beside, read
from explorer.values import Source
from tests.engine.fakes import FakeRooms, Gate, Window, arrived, running, soon

A = Recipe(source=Source("picture", "a.png"), network="a")


def open_at_the_end(engine: Engine, gate: Gate) -> None:
    """Open ``gate`` once ``engine`` has been told to stop."""

    def opener() -> None:
        soon(lambda: engine._desk.stopped)
        gate.open()

    threading.Thread(target=opener).start()


def test_exports(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    engine.export("map", "early.png")
    assert window.until(Problem).where == "export"
    engine.wish(A)
    result = arrived(window, A).result
    for kind in ("map", "mosaic", "maps", "input", "statistics", "predictions"):
        engine.export(kind, kind)
        assert window.until(Exported).paths == (kind,)
    assert [entry[:2] for entry in fakes.written] == [
        (kind, kind) for kind in ("map", "mosaic", "maps", "input", "statistics", "predictions")
    ]
    assert all(entry[2] is result for entry in fakes.written)
    arrays = [None if entry[3] is None else entry[3].shape for entry in fakes.written]
    assert arrays == [None, None, (1, 2, 2), (3, 2, 2), None, None]
    fakes.write_error = OSError(28, "No space left on device")
    engine.export("maps", "full.npz")
    problem = window.until(Problem)
    assert (problem.where, "No space left" in str(problem.error)) == ("export", True)
    fakes.write_error = None
    engine.export("maps", "full.npz")
    window.until(Exported)


def test_a_file_of_the_window_s_own(engine: Engine, window: Window, tmp_path: Path) -> None:
    """Written whole, before there is any result; what cannot be written is told."""
    wanted = str(tmp_path / "그래프.csv")
    engine.save(wanted, lambda file: file.write("이름".encode()))
    assert window.until(Exported).paths == (wanted,)
    assert Path(wanted).read_bytes() == "이름".encode()
    engine.save(str(tmp_path / "no" / "folder.svg"), lambda file: file.write(b""))
    problem = window.until(Problem)
    assert problem.where == "export"
    assert "folder does not exist" in str(problem.error)

    def broken(file: BinaryIO) -> None:
        file.write(b"half")
        raise MemoryError

    engine.save(wanted, broken)
    assert window.until(Problem).where == "export"
    assert Path(wanted).read_bytes() == "이름".encode()
    assert len(list(tmp_path.iterdir())) == 1


def test_an_export_of_maps_whose_network_is_gone_says_so(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    engine.wish(A)
    arrived(window, A)
    fakes.load_errors["b"] = NetworkError("missing")
    engine.wish(A.with_(network="b"))
    window.until(Problem, lambda event: event.where == "network")
    engine.export("maps", "m.npz")
    assert window.until(Problem, lambda event: event.where == "export")
    assert not fakes.written


def test_maps_are_not_exported_from_another_network(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    engine.wish(A)
    arrived(window, A)
    fakes.running.close()
    other = A.with_(network="b")
    engine.wish(other)
    window.until(NetworkReady, lambda event: event.network.card.name == "b")
    engine.export("maps", "m.npz")  # of what is on the screen, which is the old network's
    fakes.running.open()
    problem = window.until(Problem)
    assert (problem.where, problem.recipe) == ("export", A)
    assert "The network has changed" in str(problem.error)
    assert not fakes.written


def test_exports_that_wait_at_the_end_are_written(fakes: FakeRooms, window: Window) -> None:
    for engine in running(fakes, window):
        engine.wish(A)
        arrived(window, A)
        fakes.writing.close()
        engine.export("map", "first.png")
        fakes.writing.wait_reached()
        engine.export("mosaic", "second.png")
        engine.export("maps", "third.npz")
        open_at_the_end(engine, fakes.writing)
        assert engine.stop() == []
    assert sorted(entry[1] for entry in fakes.written) == ["first.png", "second.png", "third.npz"]


def test_exports_that_could_not_be_written_in_time_are_named(fakes: FakeRooms, window: Window) -> None:
    for engine in running(fakes, window):
        engine.wish(A)
        arrived(window, A)
        fakes.writing.close()
        engine.export("map", "first.png")
        fakes.writing.wait_reached()
        engine.export("mosaic", "second.png")
        assert engine.stop(0.2) == ["patient", "export second.png"]


def test_maps_that_wait_while_the_network_is_busy_are_written_at_the_end(fakes: FakeRooms, window: Window) -> None:
    for engine in running(fakes, window):
        engine.wish(A)
        arrived(window, A)
        fakes.running.close()
        while fakes.running.reached.acquire(blocking=False):
            pass
        engine.wish(A.with_(channel=1))
        fakes.running.wait_reached()
        engine.export("maps", "maps.npz")
        open_at_the_end(engine, fakes.running)
        assert engine.stop() == []
    assert [entry[1] for entry in fakes.written] == ["maps.npz"]


def test_a_picture_of_the_window_has_what_it_was_made_from_beside_it(
    engine: Engine, window: Window, tmp_path: Path
) -> None:
    wanted = tmp_path / "그래프.svg"
    engine.save(str(wanted), lambda file: file.write(b"<svg/>"), Kept("window", A, "ko", "half", "networks", "dark"))
    assert window.until(Exported).paths == (str(wanted), str(beside(wanted)))
    kept = read(beside(wanted))
    assert kept == Kept("window", kept.recipe, "ko", "half", "networks", "dark")
    assert kept.recipe == A.with_(source=Source("picture", str(tmp_path / "a.png")))
