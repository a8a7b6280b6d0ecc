"""The command line as a person runs it: a process of its own, its exit code, stdout and stderr."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import Any

import pytest

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


def test_a_mistake_is_told_without_loading_torch() -> None:
    script = (
        "import sys; from explorer.__main__ import main; code = main(); assert 'torch' not in sys.modules; exit(code)"
    )
    words = ["predict", "nothing.png", "--model", "resnet18"]
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no picture “nothing.png”" in done.stderr


def test_models_are_listed_with_all_of_torchvisions() -> None:
    models = answer("models", "--json")
    names = {"name", "title", "group", "task", "family", "year", "parameters", "weights"}
    assert all(set(model) == names for model in models)
    facts = {model["name"]: model for model in models}
    assert len(facts) == len(models)
    assert {"efficientnet_lite0", "lenet5", "resnet18", "squeezenet1_1", "googlenet", "densenet121"} <= set(facts)
    assert facts["efficientnet_lite0"]["weights"] == facts["lenet5"]["weights"] == "embedded"
    assert facts["resnet18"]["parameters"] == 11_689_512
    assert facts["convnext_tiny"]["weights"] == "downloadable"
    assert (facts["ssd300_vgg16"]["task"], facts["fcn_resnet50"]["task"]) == ("detect", "segment")
    assert {model["weights"] for model in models} <= {"embedded", "cached", "downloadable", "none"}
    assert {model["year"] for model in models} <= set(range(1998, 2030))


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
    assert answer("kernels", "--lang", "ko", "--json") == answer("kernels", "--json")


def test_no_words_and_help_print_help() -> None:
    for words in ((), ("--help",), ("-h",)):
        done = run(*words)
        assert (done.returncode, done.stderr) == (0, "")
        assert all(command in done.stdout for command in ("models", "layers", "predict", "inspect", "live", "bench"))
    done = run("inspect", "--help")
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("IMAGE", "--layer", "--out", "--channel", "--json"))


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
