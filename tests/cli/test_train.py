"""``train``: what is printed is what an independent evaluation finds, and whatever goes wrong leaves no file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from explorer.cli.main import main
from explorer.training import digits as room
from explorer.zoo.lenet import LeNet5


def test_a_lenet_is_trained_and_as_good_as_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "digits.safetensors"
    assert main(["train", "lenet5", "--epochs", "1", "--seed", "1", "--out", str(file), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["model"], said["epochs"], said["seed"], said["held_out"]) == ("lenet5", 1, 1, 2000)
    assert said["seconds"] > 0
    network = LeNet5()
    network.load_state_dict(load_file(file))
    with np.load(Path(room.__file__).parents[2] / "resources" / "digits" / "digits.npz") as arrays:
        x, y = arrays["x"][4::5], arrays["y"][4::5]
    pictures = (np.pad(x, ((0, 0), (2, 2), (2, 2))) / 255 - 0.1307) / 0.3081
    with torch.inference_mode():
        answers = network(torch.from_numpy(pictures).float().unsqueeze(1)).argmax(1).numpy()
    assert said["held_out_accuracy"] == pytest.approx((answers == y).mean(), abs=5e-4)
    assert said["held_out_accuracy"] > 0.85
    assert said["accuracies"][-1] == said["held_out_accuracy"]
    assert np.array(said["confusion"]).sum() == 2000


def test_a_last_layer_says_what_was_held_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, level in (("dark", 40), ("light", 220)):
        (tmp_path / "own" / name).mkdir(parents=True)
        for number in range(5):
            Image.fromarray(np.full((30, 30, 3), level + number, np.uint8)).save(
                tmp_path / "own" / name / f"{number}.png"
            )
    words = ["train", "last", str(tmp_path / "own"), "--model", "lenet5", "--out", str(tmp_path / "a.safetensors")]
    assert main([*words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    counts = [{"name": name, "trained_on": 4, "held_out": 1} for name in ("dark", "light")]
    assert (said["classes"], said["unreadable"], said["held_out_accuracy"]) == (counts, [], 1)
    assert main(words) == 0
    assert "2 held-out pictures" in capsys.readouterr().out
    assert main(["predict", str(tmp_path / "own" / "dark" / "0.png"), "--model", str(tmp_path / "a.safetensors")]) == 0
    assert "dark" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lenet5"], "--out is missing"),
        (["lenet5", "--out", "x.pth"], ".safetensors"),
        (["lenet5", "--out", "nowhere/x.pth"], "folder does not exist"),
        (["lenet5", "--out", "nowhere/x.safetensors"], "folder does not exist"),
        (["lenet5", "--out", "/proc/x/y.safetensors"], "cannot be written"),
        (["lenet5", "--out", "x.safetensors", "--rate", "fast"], "learning rate"),
        (["lenet5", "--out", "x.safetensors", "--rate", "0"], "learning rate"),
        (["lenet5", "--out", "x.safetensors", "--epochs", "5000"], "1000"),
        (["lenet5", "--out", "x.safetensors", "--optimiser", "lbfgs"], "adam, sgd"),
        (["lenet6", "--out", "x.safetensors"], "lenet5"),
        (["last", "nowhere", "--out", "x.safetensors"], "cannot be opened"),
        (["last", ".", "--out", "x.safetensors"], "classes can be learned"),
    ],
)
def test_mistakes_are_one_sentence_and_leave_nothing(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", *words]) == 2
    output = capsys.readouterr()
    assert said in output.err
    assert output.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_one_folder_is_one_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own" / "cat").mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(tmp_path / "own" / "cat" / "1.png")
    assert main(["train", "last", str(tmp_path / "own"), "--out", str(tmp_path / "x.safetensors")]) == 2
    assert "holds one folder:" in capsys.readouterr().err


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    command = [sys.executable, "-m", "explorer", "train", "lenet5", "--epochs", "1000", "--out", str(file)]
    # a terminal's progress tells that it has begun
    reader, writer = os.openpty()
    process = subprocess.Popen(command, stderr=writer, stdout=subprocess.DEVNULL, start_new_session=True)
    os.close(writer)
    said = b""
    while b"epoch 1" not in said:
        said += os.read(reader, 1000)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    os.close(reader)
    assert list(tmp_path.iterdir()) == []
