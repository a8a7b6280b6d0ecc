"""A person's own network on the command line, from a file to the answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torchvision import models

from explorer import frame_path, sources
from explorer.cli.main import main
from explorer.errors import NetworkError
from explorer.recipe import Recipe
from explorer.session import Session
from explorer.values import Source
from explorer.zoo import own
from explorer.zoo.own.card import OwnCard


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command: its exit code and what it prints."""

    def run(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, nn.Module]:
    torch.manual_seed(0)
    module = models.squeezenet1_1(num_classes=3).eval()
    file = tmp_path_factory.mktemp("own") / "고양이 net.pth"
    torch.save({"state_dict": {f"module.{name}": one for name, one in module.state_dict().items()}}, file)
    return file, module


def test_predict(network: tuple[Path, nn.Module], say: Callable[..., tuple[int, str, str]]) -> None:
    file, module = network
    code, out, err = say("predict", "chelsea.png", "--model", file, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert (found["model"], found["weights"]) == (str(file), "file")
    opened = Session().open(str(file), device="cpu")
    x = opened.prepare(sources.read(Source("sample", "chelsea.png"))).tensor
    with torch.inference_mode():
        wanted = module(x).softmax(1)[0]
    for one in found["predictions"]:
        assert one["label"] == f"class {one['index']}"
        assert one["probability"] == pytest.approx(float(wanted[one["index"]]), abs=1e-5)


def test_layers_of_a_card_with_another_input(
    network: tuple[Path, nn.Module], say: Callable[..., tuple[int, str, str]]
) -> None:
    code, out, _err = say("layers", network[0], "--input", "64x96", "--json")
    found = json.loads(out)
    assert (code, found["input"]) == (0, [3, 64, 96])
    assert sum(layer["parameters"] for layer in found["layers"]) == sum(one.numel() for one in network[1].parameters())


def test_inspect(network: tuple[Path, nn.Module], tmp_path: Path, say: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _err = say(
        "inspect", "chelsea.png", "--model", network[0], "--layer", "features.0", "--out", tmp_path, "--json"
    )
    assert code == 0
    assert np.load(json.loads(out)["maps"])["maps"].shape == (64, 111, 111)


def test_what_was_assumed_is_told(tmp_path: Path, say: Callable[..., tuple[int, str, str]]) -> None:
    module: Any = models.shufflenet_v2_x0_5()
    module.fc = nn.Sequential(nn.Linear(1024, 8), nn.ReLU(), nn.Linear(8, 2))
    torch.save(module.state_dict(), tmp_path / "a.pt")
    _code, out, _err = say("predict", "chelsea.png", "--model", tmp_path / "a.pt")
    assert "The head “fc” is rebuilt from its tensors: Linear 1024 → 8, ReLU, Linear 8 → 2" in out
    _code, out, _err = say("layers", tmp_path / "a.pt", "--json")
    assert "“fc” is rebuilt" in json.loads(out)["remarks"][0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--model {folder}/nothing.pth", "There is no file"),
        ("--model {folder}/letter.docx", "no file that a network can be read from: their names end in .pth"),
        ("--model {folder}/empty.pth", "is empty"),
        ("--model {file} --weights other", "no weights “other”, only those of its file"),
        ("--model {file} --weights none", "no weights “none”, only those of its file"),
        ("--model memory:Net", "was in the memory of a program"),
    ],
)
def test_mistakes(
    network: tuple[Path, nn.Module], tmp_path: Path, say: Callable[..., tuple[int, str, str]], words: str, said: str
) -> None:
    (tmp_path / "letter.docx").write_bytes(b"x")
    (tmp_path / "empty.pth").touch()
    filled = [word.format(folder=tmp_path, file=network[0]) for word in words.split()]
    code, out, err = say("predict", "chelsea.png", *filled)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


class Payload:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.marker}'",)


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".bin", ".pt2"])
@pytest.mark.parametrize("command", ["predict", "layers"])
def test_a_payload_never_runs(
    tmp_path: Path, say: Callable[..., tuple[int, str, str]], suffix: str, command: str
) -> None:
    file = tmp_path / f"evil{suffix}"
    torch.save({"model": Payload(tmp_path / "ran")}, file)
    words = [file] if command == "layers" else ["chelsea.png", "--model", file]
    assert say(command, *words)[0] == 2
    assert not (tmp_path / "ran").exists()


def test_a_python_file_runs_only_with_consent(tmp_path: Path, say: Callable[..., tuple[int, str, str]]) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n"
        "from torch import nn\n\ndef network():\n"
        "    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())\n",
        encoding="utf-8",
    )
    code, _out, _err = say("layers", file)
    assert code == 2
    assert not (tmp_path / "ran").exists()
    code, out, err = say("layers", file, "--allow-code")
    assert (code, err) == (0, "")
    assert "conv2d" in out
    assert (tmp_path / "ran").exists()
    assert say("layers", file)[0] == 0  # remembered for this very file
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert say("layers", file)[0] == 2


def test_the_exported_input_given_back_gives_the_same_answer(network: tuple[Path, nn.Module], tmp_path: Path) -> None:
    opened = Session().open(str(network[0]), device="cpu")
    recipe = Recipe(network=str(network[0]), thumbnails=())
    frame = sources.read(recipe.source)
    first = frame_path.run(opened, frame, recipe)
    np.save(tmp_path / "input.npy", frame_path.raw_input(opened, frame, recipe))
    given = sources.read(Source("array", str(tmp_path / "input.npy")))
    second = frame_path.run(opened, given, recipe.with_(source=Source("array", str(tmp_path / "input.npy"))))
    assert first.predictions == second.predictions
    np.testing.assert_array_equal(first.view.map, second.view.map)


def card_of(file: Path, **changes: Any) -> OwnCard:
    found = own.inspect(str(file)).own
    assert found is not None
    return replace(found, **changes)


def copied(network: tuple[Path, nn.Module], folder: Path) -> Path:
    file = folder / "copy.pth"
    file.write_bytes(network[0].read_bytes())
    return file


def test_labels_and_activation_of_the_card(network: tuple[Path, nn.Module], tmp_path: Path) -> None:
    file = copied(network, tmp_path)
    (tmp_path / "n.txt").write_text("a\nb\nc\n", encoding="utf-8")
    own.save(str(file), card_of(file, labels=str(tmp_path / "n.txt"), activation="none"))
    recipe = Recipe(network=str(file), thumbnails=())
    result = frame_path.run(Session().open(str(file), device="cpu"), sources.read(recipe.source), recipe)
    assert {one.label for one in result.predictions} == {"a", "b", "c"}
    assert all(one.score is not None for one in result.predictions) or all(
        0 <= one.probability <= 1 for one in result.predictions
    )


def test_a_list_of_too_many_classes_is_told(network: tuple[Path, nn.Module], tmp_path: Path) -> None:
    file = copied(network, tmp_path)
    (tmp_path / "n.txt").write_text("a\nb\nc\nd\n", encoding="utf-8")
    own.save(str(file), card_of(file, labels=str(tmp_path / "n.txt")))
    with pytest.raises(NetworkError, match="has 4 names, but the network gives 3 numbers"):
        Session().open(str(file), device="cpu")


def test_a_network_that_does_not_classify_has_no_answers(network: tuple[Path, nn.Module], tmp_path: Path) -> None:
    file = copied(network, tmp_path)
    own.save(str(file), card_of(file, task="none"))
    recipe = Recipe(network=str(file), thumbnails=())
    result = frame_path.run(Session().open(str(file), device="cpu"), sources.read(recipe.source), recipe)
    assert (result.predictions, result.finite) == ((), True)


def test_a_file_or_card_that_was_written_anew_is_opened_anew(network: tuple[Path, nn.Module], tmp_path: Path) -> None:
    file, session = copied(network, tmp_path), Session()
    first = session.open(str(file), device="cpu")
    assert session.open(str(file), device="cpu") is first
    own.save(str(file), card_of(file, title="anew"))
    second = session.open(str(file), device="cpu")
    assert (second is first, second.card.title, second.trained) == (False, "anew", True)


def test_one_channel_and_a_colour_picture(tmp_path: Path) -> None:
    module: Any = models.squeezenet1_1(num_classes=1).eval()
    module.features[0] = nn.Conv2d(1, 64, 3, 2)
    torch.save(module.state_dict(), tmp_path / "grey.pth")
    recipe = Recipe(network=str(tmp_path / "grey.pth"), thumbnails=())
    opened = Session().open(recipe.network, device="cpu")
    frame = sources.read(recipe.source)
    result = frame_path.run(opened, frame, recipe)
    with torch.inference_mode():
        wanted = torch.sigmoid(module(opened.prepare(frame).tensor)).item()
    assert {one.index: one.probability for one in result.predictions} == pytest.approx(
        {1: wanted, 0: 1 - wanted}, abs=1e-5
    )


def test_a_network_of_nan_says_so(tmp_path: Path, say: Callable[..., tuple[int, str, str]]) -> None:
    state = models.squeezenet1_1(num_classes=2).state_dict()
    state["features.0.weight"].fill_(torch.nan)
    torch.save(state, tmp_path / "nan.pth")
    code, out, _err = say("predict", "chelsea.png", "--model", tmp_path / "nan.pth")
    assert code == 0
    assert "The output is not finite" in out


_SPEAKS = """
import sys
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        print("built")
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        print("runs")
        return self.conv(x).mean((2, 3))

class Ends(Net):
    def forward(self, x):
        sys.exit(3)
"""


@pytest.mark.parametrize("command", [("predict", "chelsea.png", "--model"), ("layers",)])
def test_what_a_network_prints_is_not_our_answer(
    tmp_path: Path, say: Callable[..., tuple[int, str, str]], command: tuple[str, ...]
) -> None:
    (tmp_path / "net.py").write_text(_SPEAKS)
    code, out, err = say(*command, tmp_path / "net.py", "--allow-code", "--json")
    assert code == 0
    assert json.loads(out)
    assert {"built", "runs"} <= set(err.split())


def test_a_network_that_ends_the_program_is_a_sentence(
    tmp_path: Path, say: Callable[..., tuple[int, str, str]]
) -> None:
    file = tmp_path / "net.py"
    file.write_text(_SPEAKS.replace("class Net", "class _Net").replace("(Net)", "(_Net)"))
    code, out, err = say("predict", "chelsea.png", "--model", file, "--allow-code")
    assert (code, out) == (2, "")
    assert "The network stopped in line" in err
    assert "of net.py (RuntimeError: SystemExit: 3): correct that line" in err


def test_a_checkpoint_called_pth_tar(
    network: tuple[Path, nn.Module], tmp_path: Path, say: Callable[..., tuple[int, str, str]]
) -> None:
    file = tmp_path / "model_best.pth.tar"
    file.write_bytes(network[0].read_bytes())
    assert own.inspect(str(file)).own.title == "model_best"  # type: ignore[union-attr]
    assert say("layers", file)[0] == 0


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_that_leads_nowhere_is_not_what_was_meant(
    tmp_path: Path, say: Callable[..., tuple[int, str, str]]
) -> None:
    (tmp_path / "a.pth").symlink_to(tmp_path / "gone.pth")
    code, _out, err = say("layers", tmp_path / "a.pth")
    assert code == 2
    assert f"is a link to {tmp_path / 'gone.pth'}, which is not there" in err
    assert "a.pth”; files with" not in say("layers", tmp_path / "b.pth")[2]
    assert "like name" not in say("layers", tmp_path / "b.pth")[2]


def test_one_number_for_softmax_is_no_class_and_not_infinite(
    tmp_path: Path, say: Callable[..., tuple[int, str, str]]
) -> None:
    file = tmp_path / "score.py"
    file.write_text(
        "from torch import nn\n\n\ndef build():\n"
        "    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1))\n"
    )
    code, out, err = say("predict", "chelsea.png", "--model", file, "--allow-code")
    assert (code, err) == (0, "")
    assert "not finite" not in out
    assert "does not classify" in out


def test_a_live_network_that_raises_leaves_no_traceback(
    tmp_path: Path, say: Callable[..., tuple[int, str, str]]
) -> None:
    file = tmp_path / "third.py"
    file.write_text(
        "from torch import nn\n\n\nclass Third(nn.Module):\n    calls = 0\n\n    def forward(self, x):\n"
        "        Third.calls += 1\n        if Third.calls > 2:\n            raise ValueError('the third call')\n"
        "        return x\n\n\ndef build():\n"
        "    return nn.Sequential(nn.Conv2d(3, 4, 3), Third(), nn.AdaptiveAvgPool2d(1), nn.Flatten())\n"
    )
    words = [sys.executable, "-m", "explorer", "live", "demo", "--seconds", "1", "--model", str(file), "--allow-code"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=os.environ | {"LC_ALL": "C.UTF-8"})
    assert done.returncode == 2
    assert "the third call" in done.stderr
    assert len(done.stderr.splitlines()) == 1
