"""The example that comes with the program: digits that nobody trained on find digits of their class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explorer import sources
from explorer.errors import ExportError
from explorer.indexing import indexing
from explorer.retrieval import example
from explorer.retrieval.kept import Kept
from explorer.retrieval.search import nearest
from explorer.session import Session
from explorer.sources import read, samples
from explorer.sources.picture import small
from explorer.values import Source


def test_for_95_of_100_held_out_digits_most_of_the_five_nearest_are_of_their_class(tmp_path: Path) -> None:
    """Asked with digits that the index does not hold: the samples; and each tenth of its own, without itself."""
    folder = example.digits()
    assert example.digits() == folder, "written once"
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == example.COUNT
    asked = read(Source("sample", example.PICTURE)).pixels
    assert not any(np.array_equal(small(folder / name, 99), asked) for name in names if name[0] == "7")
    network = Session().open(example.NETWORK, device="cpu")
    *_steps, _last = indexing(network, folder, tmp_path / "index")
    kept = Kept(tmp_path / "index")
    assert kept._chunks is not None
    (chunk,) = kept._chunks
    good = 0
    for place in range(0, example.COUNT, 10):
        matches = nearest([chunk], chunk.rows[place], 6)
        own = chunk.paths[place]
        others = [one.path for one in matches if one.path != own][:5]
        good += sum(path[0] == own[0] for path in others) >= 3
    assert good >= 95
    from explorer.indexing import features

    for sample in samples():
        if sample.suits == "digits":
            found = nearest([chunk], features(network, sources.read(Source("sample", sample.file)), ""), 5)
            assert sum(one.path[0] == sample.file[-5] for one in found) >= 3, sample.file


def test_where_it_cannot_be_written_it_says_so(own_home: Path) -> None:
    (own_home / "data").write_bytes(b"")
    with pytest.raises(ExportError, match=r"cannot be written to .*digits"):
        example.digits()
