"""A clip is played by its time stamps, and does what a person says; time passes only while the player waits."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from explorer.engine import player
from explorer.engine.events import Playing, Problem
from explorer.engine.feed import Feed, Listener
from explorer.engine.player import Player
from explorer.engine.transport import Command, Loop, Play, Seek, Speed, Step, Transport
from explorer.errors import SourceError
from explorer.values import Frame, Source

EVEN = tuple(n / 4 for n in range(8))
"""Two seconds of four frames each."""
UNEVEN = (0.0, 0.25, 1.0, 1.125, 1.75)


class Clip:
    """Frames at given places; ``cost_s`` is what decoding one of them takes."""

    def __init__(self, places: tuple[float, ...], world: World, cost_s: float = 0.0, cut: bool = False) -> None:
        self.places, self.at, self.cost_s, self._world, self._cut = places, -1, cost_s, world, cut
        self.count, self.fps, self.unreadable = len(places), 4.0, ()
        self.duration_s = places[-1] + 0.25

    def _give(self, at: int) -> Frame:
        self.at = at
        return Frame(np.zeros((1, 1, 3), np.uint8), "clip", at, self._world.now_s, position_s=self.places[at])

    def due_s(self) -> float | None:
        return self.places[self.at + 1] if self.at + 1 < len(self.places) else None

    def next(self, clock_s: float) -> tuple[Frame, int]:
        at = max(self.at + 1, bisect_right(self.places, clock_s) - 1)
        self._world.now_s += self.cost_s * (at - self.at)
        passed = at - self.at - 1
        return self._give(at), passed

    def step(self, n: int) -> Frame | None:
        at = min(max(self.at + n, 0), len(self.places) - 1)
        return None if at == self.at else self._give(at)

    def seek(self, seconds: float) -> Frame:
        return self._give(max(0, bisect_right(self.places, seconds) - 1))

    def cut(self) -> SourceError | None:
        return SourceError("cut off") if self._cut else None

    def close(self) -> None:
        pass


@dataclass
class World:
    """What happened, and when."""

    now_s: float = 100.0
    shown: list[tuple[float, int]] = field(default_factory=list)
    told: list[Playing] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def perf_counter(self) -> float:
        return self.now_s


class Script(Transport):
    """Gives each command at its time, and ends it all."""

    def __init__(self, world: World, feed: Feed, commands: list[tuple[float, Command]], until_s: float) -> None:
        super().__init__()
        self.world, self.feed, self.script, self.until_s = world, feed, list(commands), until_s
        self.waits = 0

    def wait(self, timeout_s: float | None = None) -> list[Command]:
        self.waits += 1
        assert self.waits < 10_000, "it turns without waiting"
        due_s = math.inf if timeout_s is None else self.world.now_s + timeout_s
        at_s = self.script[0][0] + 100.0 if self.script else self.until_s + 100.0
        if due_s < at_s:
            self.world.now_s = due_s
            return []
        self.world.now_s = max(self.world.now_s, at_s)
        if self.script:
            return [self.script.pop(0)[1]]
        self.feed.closed.set()
        return []


def play(
    monkeypatch: pytest.MonkeyPatch,
    places: tuple[float, ...] = EVEN,
    commands: list[tuple[float, Command]] | None = None,
    until_s: float = 9.0,
    cost_s: float = 0.0,
    cut: bool = False,
) -> World:
    """Return what happened until ``until_s`` seconds had passed."""
    world, feed = World(), Feed(Source("video", "clip"))
    monkeypatch.setattr(player, "time", SimpleNamespace(perf_counter=world.perf_counter))
    feed.transport = Script(world, feed, commands or [], until_s)

    def troubled(_feed: Feed, problem: Problem, retrying: object) -> None:
        assert retrying is None
        world.troubles.append(str(problem.error))

    listener = Listener(
        lambda _feed, frame, _was_empty: world.shown.append((world.now_s - 100.0, frame.index)),  # type: ignore[union-attr]
        troubled,
        lambda _feed: world.troubles.append("mended"),
        lambda _feed, told: world.told.append(told),
    )
    Player(feed, Clip(places, world, cost_s, cut), listener).run()
    return world


@pytest.mark.parametrize("places", [EVEN, UNEVEN])
@pytest.mark.parametrize("speed", [0.25, 1.0, 4.0])
def test_each_frame_shows_when_its_time_has_come(
    places: tuple[float, ...], speed: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = play(monkeypatch, places, [(0.0, Speed(speed))])
    assert [index for _at_s, index in world.shown] == list(range(len(places)))
    assert [at_s for at_s, _index in world.shown] == pytest.approx([place / speed for place in places], abs=1e-6)


def test_at_its_end_it_stays_on_its_last_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    world = play(monkeypatch)
    last = world.told[-1]
    assert (last.playing, last.ended, last.index, last.position_s) == (False, True, 7, 1.75)
    assert (last.duration_s, last.count, last.fps, last.speed, last.loop) == (2.0, 8, 4.0, 1.0, False)
    assert len(world.shown) == 8


def test_it_begins_anew_where_it_is_to_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    world = play(monkeypatch, commands=[(0.1, Loop(True))], until_s=4.1)
    assert [index for _at_s, index in world.shown] == [*range(8), *range(8), 0]
    assert [at_s for at_s, _index in world.shown] == pytest.approx([n / 4 for n in range(17)], abs=1e-6)
    assert not any(told.ended for told in world.told)


def test_to_loop_at_its_end_begins_anew_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = play(monkeypatch, commands=[(3.0, Loop(True))], until_s=3.6)
    assert [index for _at_s, index in world.shown] == [*range(8), 0, 1, 2]
    assert (world.told[-1].playing, world.told[-1].ended, world.told[-1].loop) == (True, False, True)


def test_another_player_goes_on_with_what_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the connection to a video at an address breaks and comes back."""

    class Broken(Clip):
        def step(self, n: int) -> Frame | None:
            raise OSError("gone")

    world, feed = World(), Feed(Source("stream", "clip"))
    monkeypatch.setattr(player, "time", SimpleNamespace(perf_counter=world.perf_counter))
    listener = Listener(
        lambda _feed, frame, _was_empty: world.shown.append((world.now_s - 100.0, frame.index)),  # type: ignore[union-attr]
        lambda *_: None,
        told=lambda _feed, told: world.told.append(told),
    )
    commands = [(0.0, Speed(2.0)), (0.1, Loop(True)), (0.2, Play(False)), (0.3, Seek(1.25)), (0.4, Step(1))]
    feed.transport = script = Script(world, feed, [*commands, (3.0, Play(True))], 3.6)
    with pytest.raises(OSError, match="gone"):
        Player(feed, Broken(EVEN, world), listener).run()
    before = len(world.shown)
    Player(feed, Clip(EVEN, world), listener).run()
    assert not script.script
    told = world.told[-1]
    assert (told.speed, told.loop, told.playing) == (2.0, True, True)
    shown = [(round(at_s, 6), index) for at_s, index in world.shown[before:]]
    # the frame that was sought stays until it is played, at twice its speed and over its end
    assert shown == [(0.4, 5), (3.125, 6), (3.25, 7), (3.375, 0), (3.5, 1)]


def test_a_pause_holds_the_frame_and_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    world = play(monkeypatch, commands=[(0.3, Play(False)), (5.0, Play(True))], until_s=5.6)
    assert [(round(at_s, 6), index) for at_s, index in world.shown] == [
        (0.0, 0),
        (0.25, 1),
        (5.25, 2),
        (5.5, 3),
    ]
    assert [told.playing for told in world.told if told.index == 1][:2] == [True, False]


def test_steps_stop_it_and_are_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [(0.6, Step(1)), (3.0, Step(3)), (3.1, Step(-2)), (3.2, Step(-99)), (3.3, Step(-1)), (3.4, Step(99))]
    world = play(monkeypatch, commands=list(steps))
    assert [index for _at_s, index in world.shown] == [0, 1, 2, 3, 6, 4, 0, 7]
    assert not any(told.playing for told in world.told if told.index == 3)
    assert [told.ended for told in world.told if told.index in (0, 7)][-2:] == [False, True]
    again = play(monkeypatch, commands=[*steps, (4.0, Play())], until_s=4.3)
    assert again.shown[-2:] == [(4.0, 0), (4.25, 1)]  # at its end, going on is to begin anew


def test_a_place_is_gone_to_while_it_plays_and_while_it_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    world = play(monkeypatch, commands=[(0.3, Seek(1.3)), (0.4, Play(False)), (2.0, Seek(0.6)), (2.1, Seek(99.0))])
    assert [index for _at_s, index in world.shown] == [0, 1, 5, 2, 7]
    assert [at_s for at_s, _index in world.shown] == pytest.approx([0.0, 0.25, 0.3, 2.0, 2.1])
    assert world.told[-1].ended
    nowhere = play(monkeypatch, commands=[(0.1, Seek(math.nan)), (0.2, Speed(math.inf))], until_s=0.45)
    assert (nowhere.told[-1].index, nowhere.told[-1].speed) == (1, 1.0)


def test_speed_has_its_limits_and_keeps_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    world = play(monkeypatch, commands=[(0.3, Speed(99.0)), (0.3, Speed(0.0)), (0.3, Speed(2.0))], until_s=0.4)
    assert [told.speed for told in world.told][-3:] == [4.0, 0.25, 2.0]
    assert world.shown == [(0.0, 0), (pytest.approx(0.25), 1)]
    later = play(monkeypatch, commands=[(0.3, Speed(2.0))], until_s=0.5)
    assert later.shown[-1] == (pytest.approx(0.4), 2)  # 0.2 s of it in 0.1 s


def test_frames_that_the_clock_has_passed_are_told_as_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    world = play(monkeypatch, tuple(n / 100 for n in range(300)), cost_s=0.015)
    shown = [index for _at_s, index in world.shown]
    assert world.told[-1].skipped == 300 - len(shown) > 0
    assert shown[-1] == 299
    lateness = [at_s - index / 100 for at_s, index in world.shown]
    assert max(b[0] - a[0] for a, b in zip(world.shown, world.shown[1:], strict=False)) < 1.5  # it never stands still
    assert lateness[-1] < 2.5, "half again as long as it lasts is what decoding takes"


def test_where_it_is_is_told_ten_times_a_second_at_most_but_told(monkeypatch: pytest.MonkeyPatch) -> None:
    world = play(monkeypatch, tuple(n / 100 for n in range(300)))
    assert 28 <= len(world.told) <= 33
    slow = play(monkeypatch, (0.0, 0.25, 9.0), [(0.2, Loop())], until_s=1.0)
    assert [told.index for told in slow.told] == [0, 0, 1]


def test_what_is_missing_is_told_at_the_end_and_forgotten_with_the_next_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    world = play(monkeypatch, commands=[(5.0, Step(-1)), (6.0, Play())], cut=True)
    assert world.troubles == ["cut off", "mended", "cut off"]
    looped = play(monkeypatch, commands=[(0.0, Loop())], cut=True)
    assert looped.troubles == ["cut off", "mended"]


def test_a_source_that_is_frozen_before_it_is_known_to_have_a_clock_is_stopped() -> None:
    feed = Feed(Source("video", "clip"))
    feed.freeze(True)
    feed.pace()
    assert not feed.frozen
    assert feed.transport.wait(0.0) == [Play(False)]
    feed.freeze(False)
    feed.freeze(True)
    assert feed.transport.wait(0.0) == [Play(True), Play(False)]


def test_of_a_slider_only_the_last_place_counts() -> None:
    transport = Transport()
    for command in (Seek(1.0), Seek(2.0), Speed(1.0), Speed(2.0), Step(1), Step(1), Seek(3.0)):
        transport.put(command)
    assert transport.wait(0.0) == [Seek(2.0), Speed(2.0), Step(1), Step(1), Seek(3.0)]
    transport.close()
    assert transport.wait() == []
