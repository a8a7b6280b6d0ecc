"""How long each stage of a frame takes: what comes with the results, and what painting them adds in the window.

Painting is measured here: the time in which the window's thread takes a result into its panels and paints them. How old
a picture is when it is seen runs from the grab to the end of that, for the panel that shows it last.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from explorer.text import N_, _, ngettext
from explorer.values import FrameResult
from ui.store import Store

PAINT, AGE = "paint", "age"
STAGES = {
    "read": N_("grab"),
    "filter": N_("filter"),
    "prepare": N_("prepare"),
    "forward": N_("forward"),
    "capture": N_("capture"),
    "render": N_("render"),
    PAINT: N_("paint"),
    AGE: N_("grab to paint"),
}
NOTES = {
    "read": N_("reading a picture; of a live source, waiting for it too"),
    "forward": N_("the network; on a device other than the CPU with what capture takes"),
    "capture": N_("taking the maps that are shown out of the network"),
    PAINT: N_("taking the result into the panels and painting them"),
    AGE: N_("from the grabbed frame to the last panel that shows it"),
}
RECENT = 120
"""Over so many frames at most."""
_READABLE_S = 0.5
"""How often the figures of a live source change; faster cannot be read."""


@dataclass(frozen=True)
class Stage:
    """One stage over the last frames, in ms: the newest, the median, the 95th percentile, and of how many frames."""

    name: str
    newest: float
    median: float
    p95: float
    count: int


class Timing(QObject):
    """The stage times of the newest frames of one source, network, layer and chain of filters.

    Signals:
        changed: there are new figures; of a live source at most twice a second.
    """

    changed = Signal()

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._ms: dict[str, deque[float]] = {}
        self._arrivals: deque[tuple[float, float, int]] = deque(maxlen=RECENT)
        self._of: tuple[object, ...] = ()
        self._result: FrameResult | None = None
        self._painting_ms = self._oldest_ms = 0.0
        self._said_s = 0.0
        store.result_changed.connect(self._take)
        store.result_changed.told = self._count
        store.live_changed.connect(self._restart)

    def stages(self) -> tuple[Stage, ...]:
        """Return the figures of every stage that was measured, in the order in which a frame takes them."""
        kept = {name: np.array(self._ms[name]) for name in STAGES if self._ms.get(name)}
        return tuple(
            Stage(name, float(ms[-1]), float(np.median(ms)), float(np.percentile(ms, 95)), len(ms))
            for name, ms in kept.items()
        )

    @property
    def shown_fps(self) -> float | None:
        """Frames that the window showed in a second; None while that is not known."""
        if len(self._arrivals) < 2:
            return None
        return (len(self._arrivals) - 1) / max(self._arrivals[-1][0] - self._arrivals[0][0], 1e-6)

    @property
    def source_fps(self) -> float | None:
        """Frames that the source gave in a second; None while that is not known."""
        playing = self._store.playing
        most = None if playing is None or playing.fps is None else 2 * playing.fps * playing.speed
        steps = [
            (frames, s)
            for earlier, later in pairwise(self._arrivals)
            for frames, s in [(later[2] - earlier[2], later[1] - earlier[1])]
            if frames > 0  # not where a video began anew
            and (most is None or frames <= 2 + most * s)  # nor where somebody sought a place in it
        ]
        return sum(frames for frames, _s in steps) / max(sum(s for _frames, s in steps), 1e-6) if steps else None

    def text(self) -> str:
        """Return the figures as lines with tabs, for a table elsewhere."""
        lines = ["\t".join((_("stage"), _("median, ms"), _("95 %, ms"), _("frames")))]
        lines += [f"{_(STAGES[s.name])}\t{s.median:.2f}\t{s.p95:.2f}\t{s.count}" for s in self.stages()]
        return "\n".join([*lines, *("\t".join(fact) for fact in self.facts()), *filter(None, (self.speed(),))])

    def speed(self) -> str:
        """Return how a live source's newest frame went through its network, as a sentence; "" of a still picture."""
        result = self._store.result
        return str(result.speed) if result is not None and result.speed is not None else ""

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Return what the stages belong to: what it is, and its value, in words."""
        store, found = self._store, list[tuple[str, str]]()
        if store.live:
            shown, source = self.shown_fps, self.source_fps
            if shown is not None and source is not None:
                found.append((_("frames a second, shown"), f"{shown:.1f}"))
                found.append((_("frames a second, of the source"), f"{source:.1f}"))
            found.append((_("frames skipped"), str(store.dropped)))
        if (network := store.network) is not None:
            found.append((_("network"), network.card.title))
            found.append((_("device"), place(store)))
        if (result := store.result) is not None:
            found.append((_("layer"), result.view.layer.id))
            height, width = result.frame.pixels.shape[:2]
            found.append((_("picture"), f"{width} × {height}"))
        return tuple(found)

    @Slot()
    def _restart(self) -> None:
        self._ms, self._result, self._said_s = {}, None, 0.0
        self._arrivals.clear()
        self.changed.emit()

    @Slot()
    def _take(self) -> None:
        """Take the times of a result, unless they were taken before: a changed view is shown without a forward."""
        result = self._store.result
        assert result is not None
        recipe = result.recipe
        of = (
            recipe.source,
            recipe.alterations,
            recipe.network,
            recipe.weights,
            recipe.input_hw,
            recipe.layer,
            result.device,
        )
        if of != self._of:
            self._of, self._ms, self._result = of, {}, None
            self._arrivals.clear()
        before, self._result = self._result, result
        if before is not None and before.frame is result.frame and _forward(before) == _forward(result):
            return
        for name, ms in result.times_ms.items():
            self._keep(name, ms)
        if self._store.live:
            self._arrivals.append((time.perf_counter(), result.frame.time_s, result.frame.index))

    def _count(self, ms: float, everyone: bool) -> None:
        """Count a turn of the panels; when all had theirs, a result is painted."""
        store, now_s = self._store, time.perf_counter()
        self._painting_ms += ms
        if store.live and store.result is not None:
            self._oldest_ms = max(self._oldest_ms, (now_s - store.result.frame.time_s) * 1000)
        if not everyone:
            return
        self._keep(PAINT, self._painting_ms)
        if store.live and self._oldest_ms:
            self._keep(AGE, self._oldest_ms)
        self._painting_ms = self._oldest_ms = 0.0
        if not store.live or now_s - self._said_s >= _READABLE_S:
            self._said_s = now_s
            self.changed.emit()

    def _keep(self, name: str, ms: float) -> None:
        self._ms.setdefault(name, deque(maxlen=RECENT)).append(ms)


def place(store: Store) -> str:
    """Return where the network runs, with its threads and number type, in words; "" before one is loaded."""
    network = store.network
    if network is None:
        return ""
    threads = ngettext("{count} thread", "{count} threads", network.threads).format(count=network.threads)
    titles = dict(store.catalogue.devices if store.catalogue else ())
    found = f"CPU · {threads}" if network.device == "cpu" else titles.get(network.device, network.device)
    return found if network.number_type == "float32" else f"{found} · {network.number_type}"


def _forward(result: FrameResult) -> float | None:
    return result.times_ms.get("forward")
