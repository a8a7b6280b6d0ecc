"""The boxes hold what they promise and never grow."""

from __future__ import annotations

import threading

from explorer.engine.events import Event, Exported, Problem, Progress
from explorer.engine.mailbox import MOST_EXPORTS, Latest, Outbox
from explorer.errors import NetworkError, SourceError
from explorer.questions import Inspect, Survey


def test_latest_keeps_the_newest_and_counts_the_dropped() -> None:
    box: Latest[int] = Latest()
    assert box.take() is None
    assert [box.put(n) for n in range(5)] == [True, False, False, False, False]
    assert (box.take(), box.take(), box.dropped) == (4, None, 4)
    assert box.put(7)


def test_outbox_notifies_only_when_it_fills() -> None:
    calls: list[int] = []
    box = Outbox(lambda: calls.append(1))
    for n in range(100):
        box.put(Progress(str(n)))
    box.put(Exported(("a",)))
    assert len(calls) == 1
    assert box.take() == [Progress("99"), Exported(("a",))]
    assert box.take() == []
    box.put(Progress(""))
    assert len(calls) == 2


def test_outbox_keeps_arrival_order_and_one_problem_a_place() -> None:
    box = Outbox(lambda: None)
    first, second = Problem("source", SourceError("first")), Problem("source", SourceError("second"))
    frame = Problem("frame", SourceError("frame"))
    box.put(first, Progress("a"))
    box.put(frame, second)
    box.put(Progress("b"))
    assert box.take() == [frame, second, Progress("b")]


def test_whoever_asked_hears_that_there_is_no_answer() -> None:
    box, error = Outbox(lambda: None), NetworkError("no")
    old, new, other = (Problem("question", error, question=one) for one in (Survey("a"), Survey("b"), Inspect("c.py")))
    box.put(old)
    box.put(other)
    box.put(new)
    assert box.take() == [other, new]


def test_outbox_is_bounded() -> None:
    box = Outbox(lambda: None)
    for n in range(10 * MOST_EXPORTS):
        box.put(Exported((str(n),)), Progress(str(n)))
    events = box.take()
    assert len(events) == MOST_EXPORTS + 1
    assert Exported((str(10 * MOST_EXPORTS - 1),)) in events


def test_a_closed_outbox_stays_empty_and_silent() -> None:
    calls: list[int] = []
    box = Outbox(lambda: calls.append(1))
    box.put(Progress("a"))
    box.close()
    box.put(Progress("b"))
    assert box.take() == []
    assert len(calls) == 1


def test_many_threads_lose_no_last_value() -> None:
    full = threading.Event()
    box = Outbox(full.set)
    got: list[Event] = []

    def put(place: int) -> None:
        for n in range(500):
            box.put(Exported((f"{place % 2}",)), Progress(f"{place} {n}"))

    threads = [threading.Thread(target=put, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) or full.is_set():
        if full.wait(0.05):
            full.clear()
            got += box.take()
    got += box.take()
    last = [event.stage for event in got if isinstance(event, Progress)][-1]
    assert last.endswith(" 499")
