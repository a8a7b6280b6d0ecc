"""Python files: listed without running, run only after a consent."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from explorer.errors import NetworkError
from explorer.zoo.own import consent, inspect, python_file
from explorer.zoo.own.card import OwnCard
from explorer.zoo.own.consent import ConsentNeededError
from explorer.zoo.own.guesses import preparation

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
    assert sys.modules[type(module).__module__].__file__ == str(file)
    neighbour = file.parent / "own_neighbour.py"
    neighbour.write_text("WIDTH = 70\n")
    assert not consent.given(file), "what it imports has changed"
    with pytest.raises(ConsentNeededError, match=r"imports .*own_neighbour\.py, which has changed"):
        python_file.open(file, own)
    consent.give(file)
    assert python_file.open(file, own)(torch.zeros(1, 3, 8, 8)).shape == (1, 70, 6, 6)
    del sys.modules[type(module).__module__]
    left = {name for name in set(sys.modules) - before if name.startswith("own_")}
    assert left == {"own_neighbour"}, "for as long as this network may import it while it runs"


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        ("broken", r"broken in 내 그물\.py failed \(RuntimeError: no luck\): correct it"),
        ("leaves", r"leaves in 내 그물\.py failed \(RuntimeError: SystemExit: 3\)"),
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


def test_after_a_consent_its_input_is_tried_and_its_answers_are_named(tmp_path: Path) -> None:
    path = tmp_path / "digits.py"
    path.write_text(
        """
from torch import nn

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


def test_a_function_that_fails_while_it_is_tried_is_a_remark(file: Path) -> None:
    file.write_text("def make():\n    raise KeyError('x')\n", encoding="utf-8")
    consent.give(file)
    guess = python_file.guess(file)
    assert guess.own.preparation.input_chw == (3, 224, 224)
    assert "make in 내 그물.py failed (KeyError: 'x')" in str(guess.remarks[0])


def test_packages_below_its_folder_are_read_anew_and_consented_to(tmp_path: Path) -> None:
    package = tmp_path / "own_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "width.py").write_text("WIDTH = 5\n")
    lazy = "class Net(nn.Conv2d):\n    def forward(self, x):\n        from own_package.width import WIDTH  # noqa\n"
    path = tmp_path / "net.py"
    path.write_text(
        "from torch import nn\nfrom own_package.width import WIDTH\n"
        f"{lazy}        return super().forward(x) * WIDTH\n"
        "def make():\n    return Net(3, WIDTH, 1)\n"
    )
    own = OwnCard("net", preparation((3, 8, 8)), function="make")
    consent.give(path)
    assert python_file.open(path, own)(torch.zeros(1, 3, 8, 8)).shape == (1, 5, 8, 8)
    (package / "width.py").write_text("WIDTH = 700\n")
    with pytest.raises(ConsentNeededError, match=r"width\.py"):
        python_file.open(path, own)
    consent.give(path)
    assert python_file.open(path, own)(torch.zeros(1, 3, 8, 8)).shape == (1, 700, 8, 8)
    (package / "width.py").unlink()
    with pytest.raises(ConsentNeededError, match=r"width\.py"):
        python_file.open(path, own)


def test_installed_packages_below_the_folder_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They hold what may be loaded only once, and an update of one is no change of the network's file."""
    installed = tmp_path / ".venv" / "lib" / "site-packages"
    installed.mkdir(parents=True)
    (installed / "own_installed.py").write_text("COUNT = 1\n")
    monkeypatch.syspath_prepend(str(installed))
    path = tmp_path / "net.py"
    path.write_text("import own_installed\nfrom torch import nn\ndef make():\n    return nn.Conv2d(3, 2, 1)\n")
    own = OwnCard("net", preparation((3, 8, 8)), function="make")
    consent.give(path)
    python_file.open(path, own)
    module = sys.modules["own_installed"]
    (installed / "own_installed.py").write_text("COUNT = 22\n")
    python_file.open(path, own)
    assert sys.modules.pop("own_installed") is module


_TWO = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 5)

    def forward(self, x{more}):
        features = self.conv(x).mean((2, 3))
        return features, self.fc(features)
"""


def test_of_a_tuple_the_answer_is_what_the_fully_connected_layer_gives(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(_TWO.format(more=""))
    consent.give(path)
    guess = python_file.guess(path)
    assert (guess.own.output, guess.certainty["output"]) == ("1", "likely")
    assert "“1” is taken" in str(guess.remarks[0])


def test_a_further_input_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(_TWO.format(more=", meta"))
    consent.give(path)
    assert "meta" in str(python_file.guess(path).remarks[0])
    assert "give its further inputs" in str(python_file.guess(path).remarks[0])


def test_why_no_usual_input_fits_is_told(tmp_path: Path) -> None:
    """A fixed size that is not usual shows in torch's own words."""
    file = tmp_path / "flat.py"
    file.write_text("from torch import nn\ndef make():\n    return nn.Sequential(nn.Flatten(), nn.Linear(50, 2))\n")
    consent.give(file)
    (remark,) = python_file.guess(file).remarks
    assert "at 224 × 224: RuntimeError: " in str(remark)
    assert "50x2" in str(remark)
