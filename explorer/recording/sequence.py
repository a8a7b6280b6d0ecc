"""The raw maps of one layer over many frames, as one NPZ file."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from explorer.errors import ExportError
from explorer.recording.disk import check_room
from explorer.render import export
from explorer.text import N_
from explorer.values import Floats, FrameResult

MOST_BYTES = 1 << 30
"""Of the maps of all frames: they are kept in memory until the last one is there."""
MOST_FRAMES = 10_000
_OTHER = N_("another network, layer or size of maps came before all frames were there")


class Sequence:
    """Takes the maps of the next ``wanted`` frames; for one thread at a time.

    Args:
        path: the file they will go to.
        wanted: how many frames, 1 … ``MOST_FRAMES``.
        keep_free: bytes that must stay free on the disk.

    Attributes:
        frames: how many are kept.
        layer: whose maps; "" before the first frame.
        over: whether no more frames are taken.
        why: a sentence in English, marked for translation: why it is over early; else "".
    """

    def __init__(self, path: Path, wanted: int, keep_free: int = 0) -> None:
        if not 1 <= wanted <= MOST_FRAMES:
            raise ExportError(N_("{count} frames cannot be kept: ask for 1 to {most}."), count=wanted, most=MOST_FRAMES)
        self.path, self.wanted, self._keep_free = path, wanted, keep_free
        self.frames, self.layer, self.over, self.why = 0, "", False, ""
        self._about: object = None
        self._maps: Floats = np.empty((0, 0), np.float32)
        self._indices, self._times, self._recipes = list[int](), list[float](), list[str]()
        self._last: object = None
        self._source = ""

    def take(self, result: FrameResult, maps: Callable[[], Floats]) -> bool:
        """Keep the maps of ``result`` unless its frame was kept already; return whether they were kept.

        Args:
            result: of the newest frame.
            maps: gives its layer's maps, float32 (C, h, w).

        Raises:
            ExportError: so many maps have no room in memory or on the disk; nothing more is taken then.
        """
        if self.over or result.frame is self._last:
            return False
        recipe, layer = result.recipe, result.view.layer
        about = (recipe.network, recipe.weights, recipe.input_hw, layer.id, layer.output)
        if self.frames and about != self._about:
            self.over, self.why = True, _OTHER
            return False
        found = maps()
        if not self.frames:
            self._about, self.layer, self._source = about, layer.id, result.frame.source
            self._make_room(found)
        self._maps[self.frames] = found
        self._indices.append(result.frame.index)
        self._times.append(result.frame.time_s)
        self._recipes.append(recipe.to_json())
        self._last = result.frame
        self.frames += 1
        self.over = self.frames == self.wanted
        return True

    def write(self) -> None:
        """Write the file: ``maps`` float32 (N, C, h, w), ``frames`` int64 (N,), ``times_s`` float64 (N,) from the first
        one on, ``recipes`` (N,) as JSON, ``layer`` and ``source``.

        Raises:
            ExportError: it cannot be written.
        """
        times = np.array(self._times)
        export.maps_npz(
            {
                "maps": self._maps[: self.frames],
                "frames": np.array(self._indices, np.int64),
                "times_s": times - times[0],
                "recipes": np.array(self._recipes),
                "layer": np.array(self.layer),
                "source": np.array(self._source),
            },
            self.path,
        )

    def _make_room(self, first: Floats) -> None:
        needed = first.nbytes * self.wanted
        self.over = True  # unless all is well
        if needed > MOST_BYTES:
            raise ExportError(
                N_(
                    "The maps of {count} frames of {layer} take {needed} MB, more than {most}: ask for at most {fit} "
                    "frames."
                ),
                count=self.wanted,
                layer=self.layer,
                needed=needed // 1_000_000,
                most=MOST_BYTES // 1_000_000,
                fit=MOST_BYTES // first.nbytes,
            )
        if os.path.isdir(self.path):
            raise export.problem(IsADirectoryError(errno.EISDIR, ""), self.path)
        check_room(self.path, needed, self._keep_free)
        try:
            self._maps = np.empty((self.wanted, *first.shape), np.float32)
        except MemoryError as error:
            raise ExportError(
                N_("There is not enough memory for the maps of {count} frames: ask for fewer."), count=self.wanted
            ) from error
        self.over = False
