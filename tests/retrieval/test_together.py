"""Pictures that go through a network together have the features of each alone, or they go one by one."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explorer import indexing as making
from explorer.indexing import features, indexing
from explorer.retrieval.index import Index, Record, Writer
from explorer.session import Session
from explorer.sources import read
from explorer.values import Source
from explorer.zoo.own import memory
from tests.retrieval.pictures import write_digits


class _Apart(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 8, 3, 4), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.head(self.mixed(self.conv(x).relu().mean((2, 3))))
        return found

    def mixed(self, x: Tensor) -> Tensor:
        return x


class _Mean(_Apart):
    def mixed(self, x: Tensor) -> Tensor:
        return x + x.mean(0)


class _One(_Apart):
    def mixed(self, x: Tensor) -> Tensor:
        return x.view(1, 8)


@pytest.fixture
def opened() -> Iterator[list[str]]:
    names: list[str] = []
    yield names
    for name in names:
        memory.forget(name)


@pytest.mark.parametrize(("kind", "alone"), [(_Apart, 2), (_Mean, 11), (_One, 11)], ids=["apart", "mean", "one"])
def test_a_network_that_mixes_its_pictures_gets_them_one_by_one(
    kind: type[nn.Module], alone: int, opened: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    opened.append(memory.put(kind()))
    network = Session().open(opened[0], device="cpu")
    folder = write_digits(tmp_path / "digits", 11, 900)
    (folder / "005-broken.png").write_bytes(b"no picture")
    monkeypatch.setattr(making, "_STEP_S", 9.0)  # however busy this machine is
    went: list[object] = []
    inner = making._alone
    monkeypatch.setattr(making, "_alone", lambda *what: went.append(what) or inner(*what))
    *_steps, found = indexing(network, folder, tmp_path / "index")
    assert (found.done, len(found.unreadable)) == (12, 1)
    assert len(went) == alone, "the first two to prove it, and then none or all"
    records = [one for one in Index(tmp_path / "index") if one.features is not None]
    assert len(records) == 11
    for record in records:
        expected = features(network, read(Source("picture", str(folder / record.path))), "")
        assert record.features is not None
        np.testing.assert_allclose(record.features, expected, rtol=1e-4, atol=1e-6)


def test_only_the_pictures_on_their_way_lie_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no features: what is written is let go. ``bench`` measures it with thousands of files."""
    network, folder = Session().open("lenet5", device="cpu"), write_digits(tmp_path / "digits", 100)
    made: list[weakref.ref[Any]] = []
    inner_read, inner_add = making._Looking._read, Writer.add

    def noted(self: making._Looking, path: Path) -> Any:
        found = inner_read(self, path)
        made.append(weakref.ref(found))
        return found

    def added(self: Writer, record: Record) -> None:
        made.append(weakref.ref(record.features))
        inner_add(self, record)

    monkeypatch.setattr(making._Looking, "_read", noted)
    monkeypatch.setattr(Writer, "add", added)
    for _found in indexing(network, folder, tmp_path / "index"):
        assert sum(one() is not None for one in made) <= 4 * making._TOGETHER
    assert len(made) == 200
