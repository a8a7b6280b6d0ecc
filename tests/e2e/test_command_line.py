"""The command line as a person runs it: a process of its own, its exit code, stdout and stderr."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer.cli import output

COMMAND = [sys.executable, "-m", "explorer"]
ENGLISH = {"LC_ALL": "C.UTF-8", "PYTHONWARNINGS": ""}


def run(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        env=os.environ | ENGLISH | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def answer(*words: object, **environment: str) -> Any:
    """Return what a command prints as JSON, and nothing but it."""
    done = run(*words, **environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


def test_models_are_listed_without_loading_torch() -> None:
    script = "import sys; from explorer.__main__ import main; main(); assert 'torch' not in sys.modules, 'torch'"
    done = subprocess.run(
        [sys.executable, "-c", script, "models", "--json"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    models = json.loads(done.stdout)
    assert all(set(model) == {"name", "title", "family", "year", "parameters", "weights"} for model in models)
    facts = {model["name"]: model for model in models}
    assert {"efficientnet_lite0", "lenet5", "resnet18", "squeezenet1_1", "googlenet", "densenet121"} <= set(facts)
    assert facts["efficientnet_lite0"]["weights"] == facts["lenet5"]["weights"] == "embedded"
    assert facts["resnet18"]["parameters"] == 11_689_512
    assert {model["weights"] for model in models} <= {"embedded", "cached", "downloadable", "none"}


def test_the_default_network_sees_the_cat() -> None:
    found = answer("predict", "chelsea", "--json", "--device", "cpu")
    assert list(found) == ["model", "weights", "device", "predictions", "times_ms"]
    assert (found["model"], found["device"]) == ("efficientnet_lite0", "cpu")
    assert found["weights"] != "none"
    assert len(found["predictions"]) == 5
    first = found["predictions"][0]
    assert (first["index"], first["label"]) == (282, "tiger cat")
    assert first["probability"] == pytest.approx(0.38, abs=0.01)
    assert list(found["times_ms"]) == ["read", "prepare", "forward"]
    assert all(0 < ms < 60_000 for ms in found["times_ms"].values())


def test_layers_carry_what_later_rooms_compute_from() -> None:
    found = answer("layers", "resnet18", "--json")
    assert list(found) == ["model", "input", "layers"]
    assert (found["model"], found["input"]) == ("resnet18", [3, 224, 224])
    layers = {layer["id"]: layer for layer in found["layers"]}
    names = {"id", "name", "op", "inputs", "output", "axes", "parameters", "macs", "attributes"}
    assert all(set(layer) == names for layer in found["layers"])
    assert len(layers) == len(found["layers"])
    assert all(source in layers for layer in found["layers"] for source in layer["inputs"])
    assert sum(layer["parameters"] for layer in found["layers"]) == 11_689_512
    assert sum(layer["macs"] for layer in found["layers"]) == pytest.approx(1.814e9, rel=0.005)  # torchvision: 1.814
    assert layers["conv1"]["output"] == [64, 112, 112]
    assert layers["conv1"]["axes"] == "CHW"
    assert layers["layer1.0.relu:2"]["name"] == "layer1.0.relu"


def test_layers_at_another_input_size() -> None:
    found = answer("layers", "squeezenet1_1", "--input", "97x131", "--json")
    assert found["input"] == [3, 97, 131]
    assert found["layers"][1]["output"] == [64, 48, 65]


def test_inspect_writes_the_maps_the_picture_and_the_figures(tmp_path: Path) -> None:
    out = tmp_path / "새 폴더" / "maps"
    found = answer(
        "inspect", "coffee.png", "--model", "lenet5", "--layer", "c1", "--channel", 2, "--out", out, "--json"
    )
    assert found == {
        "maps": str(out / "maps.npz"),
        "grid": str(out / "grid.png"),
        "stats": str(out / "stats.csv"),
        "channel": str(out / "channel.png"),
    }
    assert {str(path) for path in out.iterdir()} == set(found.values())
    with np.load(found["maps"], allow_pickle=False) as file:
        maps = file["maps"]
    assert (maps.dtype, maps.ndim) == (np.float32, 3)
    with (out / "stats.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["channel"] for row in rows] == ["all", *map(str, range(len(maps)))]
    np.testing.assert_allclose([float(row["mean"]) for row in rows[1:]], maps.mean(axis=(1, 2), dtype=float), rtol=1e-4)
    np.testing.assert_allclose([float(row["maximum"]) for row in rows[1:]], maps.max(axis=(1, 2)), rtol=1e-6)
    for name in ("grid", "channel"):
        with Image.open(found[name]) as page:
            page.load()


def test_untrained_weights_are_said_so() -> None:
    done = run("predict", "coffee.png", "--model", "squeezenet1_1", "--weights", "none", "--device", "cpu")
    assert (done.returncode, done.stderr) == (0, "")
    assert "untrained" in done.stdout
    assert "untrained" not in run("predict", "coffee.png", "--model", "lenet5").stdout


def test_missing_weights_name_the_line_that_gets_them() -> None:
    done = run("predict", "chelsea.png", "--model", "resnet18")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--weights none" in done.stderr
    assert done.stderr.count("\n") == 1


def test_korean_by_option_and_by_locale() -> None:
    by_option = run("predict", "--lang", "ko", "no.png")
    by_locale = run("predict", "no.png", LC_ALL="ko_KR.UTF-8")
    assert by_option.returncode == by_locale.returncode == 2
    assert by_option.stderr == by_locale.stderr
    assert any("가" <= letter <= "힣" for letter in by_option.stderr)
    table = run("models", "--lang=ko")
    assert table.returncode == 0
    heading, *rows = table.stdout.splitlines()
    assert any("가" <= letter <= "힣" for letter in heading)
    assert len({output.width(row[: row.index("20")]) for row in rows if " 20" in row}) >= 1
    assert answer("models", "--lang", "ko", "--json") == answer("models", "--json")


def test_no_words_and_help_print_help() -> None:
    for words in ((), ("--help",), ("-h",)):
        done = run(*words)
        assert (done.returncode, done.stderr) == (0, "")
        assert all(command in done.stdout for command in ("models", "layers", "predict", "inspect", "live", "bench"))
    done = run("inspect", "--help")
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("IMAGE", "--layer", "--out", "--channel", "--json"))


def test_a_live_line_for_every_frame_until_the_time_is_over() -> None:
    done = run("live", "demo", "--seconds", "1.5", "--device", "cpu", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) >= 2
    assert all(list(line) == ["frame", "predictions", "times_ms"] for line in lines)
    frames = [line["frame"] for line in lines]
    assert frames == sorted(set(frames))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a child")
def test_ctrl_c_ends_live_cleanly() -> None:
    words = [*COMMAND, "live", "demo", "--json"]
    with subprocess.Popen(words, env=os.environ | ENGLISH, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, problems = process.communicate(timeout=30)
    assert (process.returncode, problems) == (0, b"")
    assert all(json.loads(line) for line in rest.splitlines())


def test_a_closed_pipe_ends_live_cleanly() -> None:
    words = [*COMMAND, "live", "demo", "--json"]
    with subprocess.Popen(words, env=os.environ | ENGLISH, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        late = threading.Timer(60, process.kill)
        late.start()
        problems = process.stderr.read()
        code = process.wait()
        late.cancel()
        late.join()
    assert (code, problems) == (0, b"")
