"""The real window on the demo feed for half an hour, with a switch every 5 seconds: ``make soak``.

Layer, channel, filter and network are switched in turns, round after round. Written to docs/soak.md: what stays in
memory, which threads are left, and whether a frame came out of order. Any fault makes the exit code 1.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QObject, QTimer, Slot  # noqa: E402

from explorer.bench.memory import resident  # noqa: E402
from explorer.filters.bank import BANK  # noqa: E402
from explorer.recipe import Recipe  # noqa: E402
from explorer.settings import Settings  # noqa: E402
from explorer.values import Source  # noqa: E402
from ui.app import Application, qt_application  # noqa: E402

FILE = ROOT / "docs" / "soak.md"
NETWORKS = ("squeezenet1_1", "resnet18", "efficientnet_lite0")
SWITCHES = ("layer", "channel", "filter", "network")
ROUND = len(SWITCHES) * len(NETWORKS)
"""Switches until everything was switched: only whole rounds can be compared."""
MOST_GROWTH = 1.02
LOOK_MS = 200
FIRST_S = 120.0
"""So long the first network may take until it answers."""


@dataclass
class Round:
    """What was seen in one round of switches: bytes in memory, threads of the process, frames shown and skipped."""

    memory: list[int] = field(default_factory=list)
    threads: int = 0
    frames: int = 0
    dropped: int = 0


@dataclass
class Record:
    """What was seen in all of them, the first of which only warms up.

    Attributes:
        disorder: pairs of frame numbers of which the second came after the first, and is smaller.
        problems: sentences that the window told.
        left: threads and exports that did not end with the window.
        stuck: switches that nothing answered before the next one.
    """

    rounds: list[Round] = field(default_factory=list)
    disorder: list[tuple[int, int]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    switches: int = 0
    stuck: int = 0

    @property
    def growth(self) -> float:
        """Memory in the last round ÷ in the one after the first: medians."""
        first, last = (statistics.median(one.memory) for one in (self.rounds[1], self.rounds[-1]))
        return last / first

    def faults(self, most: float = MOST_GROWTH) -> list[str]:
        """Return what must not be, in English."""
        if len(self.rounds) < 3:
            return [f"only {len(self.rounds)} rounds of {ROUND} switches"]
        first, last = self.rounds[1], self.rounds[-1]
        found = [f"the memory grew by {self.growth - 1:.1%}"] if self.growth > most else []
        if last.threads > first.threads:
            found.append(f"{last.threads} threads, {first.threads} at first")
        found += [f"frame {after} came after frame {before}" for before, after in self.disorder]
        found += [f"round {n} showed no frame" for n, one in enumerate(self.rounds, 1) if not one.frames]
        found += [f"did not end: {name}" for name in self.left]
        return found + self.problems


class Soak(QObject):
    """Switches one thing after another in the real window, and takes down what happens."""

    def __init__(self, application: Application, seconds: float, every_s: float) -> None:
        super().__init__()
        self.record = Record()
        self._application, self._store, self._controller = application, application.store, application.controller
        self._until_s, self._seconds = 0.0, seconds
        self._newest, self._dropped, self._answered = -1, 0, True
        self._next = self._steps()
        self._switch, self._look, self._patience = QTimer(self), QTimer(self), QTimer(self)
        self._switch.setInterval(round(every_s * 1000))
        self._switch.timeout.connect(self._take_step)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._remember)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._give_up)
        self._patience.start(round(FIRST_S * 1000))
        self._store.result_changed.connect(self._follow)
        self._store.problems_changed.connect(self._tell)

    def _steps(self) -> Iterator[dict[str, object]]:
        networks, filters = cycle(NETWORKS), cycle((*islice(BANK, 4), ""))
        for turn, kind in enumerate(cycle(SWITCHES)):
            loaded = self._store.network
            there = loaded is not None and loaded.card.name == self._store.recipe.network
            layers = [one.id for one in loaded.graph if one.axes == "CHW"] if loaded and there else []
            if kind == "layer" and layers:
                yield {"layer": layers[turn * 7 % len(layers)]}
            elif kind in ("layer", "channel"):  # the layers of a network that is being loaded are not known yet
                yield {"channel": turn % 16}
            elif kind == "filter":
                name = next(filters)
                yield {"filters": (BANK[name].filter,) if name else ()}
            else:
                name = next(networks)
                yield {"network": name, "weights": "" if name == "efficientnet_lite0" else "none"}

    @Slot()
    def _follow(self) -> None:
        result = self._store.result
        assert result is not None
        if not self._until_s:
            self._patience.stop()
            self._until_s = time.monotonic() + self._seconds
            self.record.rounds.append(Round())
            self._switch.start()
            self._look.start()
        index = result.frame.index
        if index < self._newest:
            self.record.disorder.append((self._newest, index))
        self.record.rounds[-1].frames += index != self._newest
        self._newest = index
        self._answered = self._answered or result.recipe == self._store.recipe

    @Slot()
    def _take_step(self) -> None:
        record = self.record
        if record.switches and record.switches % ROUND == 0:
            self._close_round()
            if time.monotonic() >= self._until_s:
                self._end()
                return
            record.rounds.append(Round())
        record.stuck += not self._answered
        self._answered = False
        record.switches += 1
        self._controller.change(**next(self._next))

    @Slot()
    def _remember(self) -> None:
        self.record.rounds[-1].memory.append(resident())

    @Slot()
    def _tell(self) -> None:
        told = map(str, (one.error for one in self._store.problems.values()))
        self.record.problems += [one for one in told if one not in self.record.problems]

    @Slot()
    def _give_up(self) -> None:
        self.record.problems.append(f"nothing was shown within {FIRST_S:g} s")
        self._end()

    def _close_round(self) -> None:
        done = self.record.rounds[-1]
        done.threads = len(list(Path("/proc/self/task").iterdir()))
        done.dropped, self._dropped = self._store.dropped - self._dropped, self._store.dropped

    def _end(self) -> None:
        for timer in (self._switch, self._look, self._patience):
            timer.stop()
        self._application.end()
        self.record.left = self._application.left + [
            thread.name for thread in threading.enumerate() if thread is not threading.main_thread()
        ]


def soak(seconds: float, every_s: float) -> Record:
    """Return what happens in ``seconds`` or a little more, rounded up to a whole round of switches."""
    app = qt_application()
    start = Recipe(source=Source("demo", ""), network=NETWORKS[-1])
    application = Application(app, start, Settings(language="en", theme="dark"), remember=False)
    watched = Soak(application, seconds, every_s)
    application.window.resize(1280, 800)
    application.window.show()
    app.exec()
    return watched.record


def report(record: Record, every_s: float, took_s: float) -> str:
    """Return what docs/soak.md says."""
    faults, mb = record.faults(), 2.0**20
    lines = [
        "# The soak",
        "",
        f"Made by `make soak`: the real window, offscreen, on the demo feed for {took_s / 60:.0f} minutes, with a "
        f"switch of {', '.join(SWITCHES)} every {every_s:g} s; the networks are {', '.join(NETWORKS)}. A round is "
        f"{ROUND} switches. Memory is the median of what the process has in memory in a round, looked at every "
        f"{LOOK_MS} ms; the first round warms up and is not judged. Limits: the memory grows by at most "
        f"{MOST_GROWTH - 1:.0%}, no thread is left, no frame comes out of order.",
        "",
        f"* **{'Faults: ' + '; '.join(faults) if faults else 'No fault'}.**",
        f"* {record.switches} switches; {sum(one.frames for one in record.rounds)} frames shown, "
        f"{sum(one.dropped for one in record.rounds)} skipped because the network was busy; "
        f"{record.stuck} switches not answered before the next one.",
        f"* Memory of the last round ÷ of the second: {record.growth:.4f}." if len(record.rounds) > 2 else "",
        f"* Threads left after the window was closed: {', '.join(record.left) or 'none'}.",
        f"* Frames out of order: {len(record.disorder)}.",
        "",
        "| round | memory, MB | largest, MB | threads | frames shown | skipped |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for number, one in enumerate(record.rounds, 1):
        sizes = one.memory or [0]
        lines.append(
            f"| {number} | {statistics.median(sizes) / mb:.1f} | {max(sizes) / mb:.1f} | {one.threads} | {one.frames} "
            f"| {one.dropped} |"
        )
    return "\n".join(lines) + "\n"


def main(words: list[str]) -> int:
    """Run it and return 0, or 1 where there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument("--every", type=float, default=5.0, help="seconds from switch to switch")
    parser.add_argument("--json", action="store_true", help="print what was seen and write no file")
    options = parser.parse_args(words)
    began_s = time.monotonic()
    record = soak(options.seconds, options.every)
    faults = record.faults()
    if options.json:
        told = {"faults": faults, "switches": record.switches, "stuck": record.stuck, "rounds": len(record.rounds)}
        told["frames"] = sum(one.frames for one in record.rounds)
        print(json.dumps(told | {"growth": record.growth if len(record.rounds) > 2 else None}))
    else:
        FILE.write_text(report(record, options.every, time.monotonic() - began_s), encoding="utf-8")
        print("\n".join(faults) or f"no fault; see {FILE.relative_to(ROOT)}")
    sys.stdout.flush()
    os._exit(bool(faults))  # what torch still holds in its threads is not waited for


if __name__ == "__main__":
    main(sys.argv[1:])
