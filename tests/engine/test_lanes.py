"""A newer job supersedes the waiting one; lanes take turns; a worker survives its jobs."""

from __future__ import annotations

import threading

from explorer.engine.lanes import Lanes
from explorer.engine.worker import Worker


def _order(lanes: Lanes, ran: list[str], count: int) -> list[str]:
    for _ in range(count):
        job = lanes.take()
        assert job
        job()
    return ran


def test_supersede_and_order() -> None:
    ran: list[str] = []
    lanes = Lanes("load", "frame")
    for lane, name in (("other", "o"), ("frame", "f1"), ("load", "l1"), ("frame", "f2"), ("load", "l2")):
        lanes.put(lane, lambda name=name: ran.append(name))  # type: ignore[misc]
    assert _order(lanes, ran, 3) == ["l2", "o", "f2"]


def test_no_lane_starves_another() -> None:
    ran: list[str] = []
    lanes = Lanes("load", "frame")

    def frame() -> None:
        ran.append("frame")
        lanes.put("frame", frame)

    lanes.put("frame", frame)
    lanes.put("export 1", lambda: ran.append("export 1"))
    lanes.put("export 2", lambda: ran.append("export 2"))
    assert _order(lanes, ran, 6) == ["frame", "export 1", "frame", "export 2", "frame", "frame"]


def test_urgent_lanes_that_always_wait_starve_no_export() -> None:
    ran: list[str] = []
    lanes = Lanes("threads", "load", "frame")

    def again(name: str) -> None:
        ran.append(name)
        lanes.put(name, lambda: again(name))

    lanes.put("load", lambda: again("load"))
    lanes.put("frame", lambda: again("frame"))
    lanes.put("export 1", lambda: ran.append("export 1"))
    lanes.put("export 2", lambda: ran.append("export 2"))
    lanes.put("export 1", lambda: ran.append("export 1 anew"))  # keeps its place
    assert _order(lanes, ran, 6) == ["load", "export 1 anew", "frame", "export 2", "load", "frame"]


def test_close_forgets_what_is_urgent_and_keeps_what_a_person_waits_for() -> None:
    ran: list[str] = []
    lanes = Lanes("frame")
    for lane in ("export 1", "frame", "export 2"):
        lanes.put(lane, lambda lane=lane: ran.append(lane))  # type: ignore[misc]
    lanes.close()
    lanes.put("frame", lambda: ran.append("too late"))
    lanes.put("export 3", lambda: ran.append("export 3"))
    assert lanes.waiting() == ["export 1", "export 2", "export 3"]
    assert _order(lanes, ran, 3) == ["export 1", "export 2", "export 3"]
    assert lanes.take() is None


def test_close_wakes_the_one_who_waits() -> None:
    lanes = Lanes("a")
    got: list[object] = ["nothing yet"]
    thread = threading.Thread(target=lambda: got.append(lanes.take()))
    thread.start()
    lanes.close()
    thread.join(10)
    assert got == ["nothing yet", None]
    lanes.put("a", lambda: None)
    assert lanes.take() is None


def test_a_worker_survives_first_jobs_and_last() -> None:
    errors: list[str] = []
    done = threading.Event()

    def fail(name: str) -> None:
        raise RuntimeError(name)

    worker = Worker(
        "w",
        failed=lambda error: errors.append(str(error)),
        first=lambda: fail("first"),
        last=lambda: fail("last"),
    )
    worker.put("a", lambda: fail("job"))
    worker.put("b", done.set)
    worker.thread.start()
    assert done.wait(10)
    worker.close()
    worker.thread.join(10)
    assert not worker.thread.is_alive()
    assert errors == ["first", "job", "last"]
