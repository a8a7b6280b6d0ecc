"""Python files: listed without running, run only after a consent."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from explorer.errors import NetworkError
from explorer.zoo.own import consent, inspect, python_file
from explorer.zoo.own.consent import ConsentNeededError

GOOD = """
import torch
from torch import nn
from {neighbour} import WIDTH

open({marker!r}, "w").close()

def helper(x):
    return x

def _hidden():
    return nn.Identity()

def data(path="x"):
    return 3

class Wide(nn.Module):
    def __init__(self, width=WIDTH):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3)

    def forward(self, x):
        return self.conv(x)

class Needs(nn.Module):
    def __init__(self, width):
        super().__init__()

def build_network(width=WIDTH, *, bias=True):
    return Wide(width)

def broken():
    raise RuntimeError("no\\nluck")

def leaves():
    raise SystemExit(3)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "내 그물.py"
    path.write_text(GOOD.format(marker=str(tmp_path / "marker"), neighbour="own_neighbour"), encoding="utf-8")
    (tmp_path / "own_neighbour.py").write_text("WIDTH = 5\n")
    return path


def test_functions_are_listed_without_running_anything(file: Path) -> None:
    assert python_file.functions(file) == ("build_network", "data", "Wide", "broken", "leaves")
    guess = python_file.guess(file)
    assert guess.own.function == "build_network"
    found = inspect(str(file))
    assert (found.runs_code, found.problem) == (True, None)
    with pytest.raises(ConsentNeededError):
        python_file.open(file, guess.own)
    assert not (file.parent / "marker").exists()


def test_after_a_consent_it_runs_with_its_neighbours(file: Path) -> None:
    before, path = set(sys.modules), list(sys.path)
    consent.give(file)
    own = python_file.guess(file).own
    module = python_file.open(file, own)
    assert module(torch.zeros(1, 3, 8, 8)).shape == (1, 5, 6, 6)
    assert not module.training
    assert (file.parent / "marker").exists()
    assert sys.path == path
    assert "own_neighbour" not in sys.modules
    assert sys.modules[type(module).__module__].__file__ == str(file)
    (file.parent / "own_neighbour.py").write_text(
        "WIDTH = 70\n"
    )  # a file beside it may change: that folder is the person's
    assert python_file.open(file, own)(torch.zeros(1, 3, 8, 8)).shape == (1, 70, 6, 6)
    del sys.modules[type(module).__module__]
    assert set(sys.modules) - before <= {"own_neighbour"}


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        ("broken", r"broken in 내 그물\.py failed \(RuntimeError: no luck\): correct it"),
        ("leaves", r"leaves in 내 그물\.py failed \(SystemExit: 3\)"),
        ("data", r"data in 내 그물\.py returned int, not a torch\.nn\.Module"),
        ("build", r"no function “build” that can be called without arguments: choose one of build_network"),
        ("Needs", r"no function “Needs”"),
    ],
)
def test_what_a_function_may_do_wrong(file: Path, function: str, sentence: str) -> None:
    consent.give(file)
    own = replace(python_file.guess(file).own, function=function)
    with pytest.raises(NetworkError, match=sentence):
        python_file.open(file, own)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"def a(:\n", "is not written in this Python"),
        (b"\xff\xfe\x00", "is not written in this Python"),
        (b"x = 1\0\n", "is not written in this Python"),
        (b"((" * 5000, "is not written in this Python"),
        (b"", "has no function that can be called without arguments"),
        (b"def f(x): pass\n", "has no function that can be called without arguments"),
    ],
)
def test_files_that_are_none(tmp_path: Path, text: bytes, sentence: str) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(text)
    with pytest.raises(NetworkError, match=sentence):
        python_file.guess(path)


def test_after_a_consent_its_input_is_tried_and_its_answers_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "digits.py"
    path.write_text(
        """
from torch import nn

print("hello")

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 2, 5), nn.Linear(2 * 24 * 24, 10)

    def forward(self, x):
        maps = self.conv(x)
        return {"maps": maps, "logits": self.fc(maps.flatten(1))}
""",
        encoding="utf-8",
    )
    assert python_file.guess(path).own.preparation.input_chw == (3, 224, 224)
    consent.give(path)
    guess = python_file.guess(path)
    assert guess.own.preparation.input_chw == (1, 28, 28)
    assert guess.certainty["input_chw"] == "likely"
    assert [str(one) for one in guess.remarks] == [
        "It answers with several tensors, of which one can be the output: maps, logits."
    ]
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "hello\n"), "standard output is for the command line's answer"


def test_a_function_that_fails_while_it_is_tried_is_a_remark(file: Path) -> None:
    file.write_text("def make():\n    raise KeyError('x')\n", encoding="utf-8")
    consent.give(file)
    guess = python_file.guess(file)
    assert guess.own.preparation.input_chw == (3, 224, 224)
    assert "make in 내 그물.py failed (KeyError: 'x')" in str(guess.remarks[0])
