"""Raw maps of many frames in one file, as numpy reads it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from explorer.errors import ExportError
from explorer.recipe import Recipe
from explorer.recording import sequence
from explorer.recording.sequence import Sequence
from explorer.values import Floats, FrameResult
from tests.render.test_composite import result


def frames(count: int) -> list[FrameResult]:
    first = result()
    return [replace(first, frame=replace(first.frame, index=n * 3, time_s=7.0 + n / 4)) for n in range(count)]


def maps(value: float) -> Floats:
    return np.full((2, 4, 4), value, np.float32)


def test_the_file_holds_every_frame_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "맵.npz"
    kept = Sequence(path, 3)
    for number, one in enumerate(frames(5)):
        buffer = maps(number)
        kept.take(one, lambda given=buffer: given)  # type: ignore[misc]
        kept.take(one, lambda: maps(-1.0))  # the same frame through another view is not another frame
        buffer[:] = -2.0  # the network's buffers are its own
    assert kept.over
    kept.write()
    with np.load(path) as file:
        assert file["maps"].shape == (3, 2, 4, 4)
        np.testing.assert_array_equal(file["maps"][:, 0, 0, 0], [0, 1, 2])
        np.testing.assert_array_equal(file["frames"], [0, 3, 6])
        np.testing.assert_array_equal(file["times_s"], [0, 0.25, 0.5])
        assert Recipe.from_json(str(file["recipes"][2])).network == "lenet5"
        assert str(file["layer"]) == "layer1.0.conv1"


def test_another_network_ends_it_with_what_there_is(tmp_path: Path) -> None:
    kept, (one, two) = Sequence(tmp_path / "a.npz", 3), frames(2)
    kept.take(one, lambda: maps(1.0))
    kept.take(replace(two, recipe=Recipe(network="alexnet")), lambda: maps(2.0))
    assert (kept.over, kept.frames) == (True, 1)
    assert "another network" in kept.why
    kept.write()
    with np.load(kept.path) as file:
        assert file["maps"].shape == (1, 2, 4, 4)


@pytest.mark.parametrize("count", [0, -1, 10_001])
def test_counts_out_of_bounds_are_refused(tmp_path: Path, count: int) -> None:
    with pytest.raises(ExportError, match="1 to 10000"):
        Sequence(tmp_path / "a.npz", count)


def test_too_many_bytes_are_refused_before_the_second_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequence, "MOST_BYTES", 3 * maps(0).nbytes)
    kept = Sequence(tmp_path / "a.npz", 4)
    with pytest.raises(ExportError, match="at most 3 frames"):
        kept.take(frames(1)[0], lambda: maps(0.0))
    assert kept.over
    kept = Sequence(tmp_path / "a.npz", 3, keep_free=1 << 62)
    with pytest.raises(ExportError, match="MB left"):
        kept.take(frames(1)[0], lambda: maps(0.0))
    kept = Sequence(tmp_path, 3)
    with pytest.raises(ExportError, match="is a folder"):
        kept.take(frames(1)[0], lambda: maps(0.0))
