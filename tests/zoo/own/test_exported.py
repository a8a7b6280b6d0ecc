"""Exported programs: equal to the module they came from, op for op; never loaded without a consent."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.errors import NetworkError
from explorer.graph.trace import trace
from explorer.zoo.own import consent, exported, form_of, inspect
from explorer.zoo.own.adapt import outputs
from explorer.zoo.own.consent import ConsentNeededError

pytestmark = pytest.mark.filterwarnings("ignore")  # torch.export speaks of its own future


class Net(nn.Module):
    """Ops that a person writes as modules, functions and methods, in place too."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU6(True)
        )
        self.act = nn.SiLU(inplace=True)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.fc = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.act(self.stem(x.to(torch.float32))))
        y = torch.cat([x, functional.avg_pool2d(x, 3, 1, 1) * 2 + x], 1)
        y = functional.leaky_relu(y, 0.2).mul_(0.5)
        return self.fc(functional.adaptive_avg_pool2d(y, 1).flatten(1))  # type: ignore[no-any-return]


def saved(folder: Path, module: nn.Module, *inputs: Tensor) -> Path:
    path = folder / "그물.pt2"
    torch.export.save(torch.export.export(module.eval(), inputs), path)
    return path


def test_it_answers_as_its_module_and_shows_the_same_layers(tmp_path: Path) -> None:
    network, x = Net().eval(), torch.randn(1, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    path = saved(tmp_path, network, torch.zeros(1, 3, 20, 20))
    consent.give(path)
    guess = exported.guess(path)
    assert guess.own.preparation.input_chw == (3, 20, 20)
    assert (guess.own.task, guess.certainty["input_chw"]) == ("classify", "sure")
    opened = exported.open(path, guess.own)
    assert not opened.training
    assert torch.equal(opened(x), network(x))
    found, expected = ([(r.id, r.output, r.parameters, r.macs) for r in trace(m, x)] for m in (opened, network))
    assert found == expected
    words = {layer.id: layer.op for layer in trace(opened, x)}
    assert [words[name] for name in ("stem.0", "stem.1", "act", "pool", "fc")] == [
        "conv2d",
        "batch_norm",
        "silu",
        "max_pool2d",
        "linear",
    ]
    attributes = trace(opened, x)["stem.0"].attributes
    assert (attributes["kernel"], attributes["stride"]) == ([3, 3], [2, 2])


def test_further_inputs_are_told_and_a_picture_must_come_first(tmp_path: Path) -> None:
    class Two(nn.Module):
        def forward(self, x: Tensor, scale: Tensor) -> Tensor:
            return x * scale

    path = saved(tmp_path, Two(), torch.zeros(1, 3, 4, 4), torch.ones(1, 1))
    consent.give(path)
    assert exported.guess(path).own.inputs == ("=zeros:1x1",)

    class Flat(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * 2

    path = saved(tmp_path, Flat(), torch.zeros(1, 7))
    consent.give(path)
    with pytest.raises(NetworkError, match=r"takes no picture first \(its inputs are 1×7\)"):
        exported.guess(path)


def test_of_several_answers_the_main_one_says_what_it_does(tmp_path: Path) -> None:
    class Several(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = Net()

        def forward(self, x: Tensor) -> dict[str, object]:
            return {"maps": x * 2, "logits": self.net(x), "more": (x, x + 1)}

    path = saved(tmp_path, Several(), torch.zeros(1, 3, 20, 20))
    consent.give(path)
    guess = exported.guess(path)
    assert (guess.own.task, guess.own.output) == ("classify", "")
    assert str(guess.remarks[0]).endswith("can be the output: maps, logits, more.0, more.1.")
    returned = exported.open(path, guess.own)(torch.ones(1, 3, 20, 20))
    assert outputs(returned) == ("maps", "logits", "more.0", "more.1")


class Payload:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch '{self.marker}'",)


def poisoned(folder: Path, name: str, marker: Path) -> Path:
    """Return a whole program in whose archive every pickle is a payload."""
    whole, path = saved(folder, Net(), torch.zeros(1, 3, 20, 20)), folder / name
    payload = pickle.dumps(Payload(marker))
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for entry in source.infolist():
            data = source.read(entry)
            target.writestr(entry, payload if entry.filename.endswith((".pt", ".pkl")) else data)
    return path


def test_a_payload_runs_only_after_a_consent(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    path = poisoned(tmp_path, "poisoned.pt2", marker)
    for call in (exported.guess, lambda p: exported.open(p, None)):
        with pytest.raises(ConsentNeededError):
            call(path)
    found = inspect(str(path))
    assert (found.runs_code, type(found.problem)) == (True, ConsentNeededError)
    assert not marker.exists()
    consent.give(path)
    with pytest.raises(NetworkError):
        exported.guess(path)
    assert marker.exists(), "else this file proves nothing"


def test_it_is_known_under_another_ending(tmp_path: Path) -> None:
    path = saved(tmp_path, Net(), torch.zeros(1, 3, 20, 20))
    other = path.rename(tmp_path / "checkpoint.pt")
    assert form_of(str(other)) == "exported"
    assert inspect(str(other)).runs_code


@pytest.mark.parametrize("data", [b"", b"PK", b"x" * 1000])
def test_broken_files(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.pt2"
    path.write_bytes(data)
    consent.give(path)
    with pytest.raises(NetworkError, match=r"a\.pt2 is no exported network .*save it again with torch\.export\.save"):
        exported.guess(path)


def test_a_truncated_file(tmp_path: Path) -> None:
    path = saved(tmp_path, Net(), torch.zeros(1, 3, 20, 20))
    path.write_bytes(path.read_bytes()[:-500])
    consent.give(path)
    with pytest.raises(NetworkError, match="no exported network"):
        exported.guess(path)


def test_what_is_broken_is_told_before_anybody_is_asked(tmp_path: Path) -> None:
    whole = saved(tmp_path, nn.Conv2d(3, 2, 1), torch.zeros(1, 3, 8, 8)).read_bytes()
    path = tmp_path / "a.pt2"
    for data in (whole[: len(whole) // 2], b"hello"):
        path.write_bytes(data)
        problem = inspect(str(path)).problem
        assert "is no exported network that can be read" in str(problem)
        assert not isinstance(problem, ConsentNeededError)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "no program")
    assert "no program in it" in str(inspect(str(path)).problem)
    path.write_bytes(whole)
    assert isinstance(inspect(str(path)).problem, ConsentNeededError)


class Pair(nn.Module):
    """Gives its features and then its classes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 7)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.conv(x).mean((2, 3))
        return features, self.fc(features)


def test_of_a_tuple_the_answer_is_what_the_fully_connected_layer_gives(tmp_path: Path) -> None:
    path = saved(tmp_path, Pair(), torch.zeros(1, 3, 8, 8))
    consent.give(path)
    assert (exported.guess(path).own.output, exported.guess(path).own.task) == ("1", "classify")
