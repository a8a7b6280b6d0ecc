"""Other runtimes beside ours: a stand-in for an installed one, one that is not installed, and one that nobody knows."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from explorer.bench import RUNTIMES, against
from explorer.cli.bench import runtimes
from explorer.errors import PersonError
from explorer.values import Floats


@pytest.fixture(autouse=True)
def one_small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(against, "NETWORKS", {"lenet5": "relu1"})
    monkeypatch.setattr(against, "USUAL_ROUNDS", 2)
    monkeypatch.setattr(against, "REST_S", 0.0)


def installed(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if name in names else None)


@pytest.mark.parametrize("wrong", [0.0, 1.0])
def test_the_exported_network_is_run_and_must_answer_as_ours(monkeypatch: pytest.MonkeyPatch, wrong: float) -> None:
    """The stand-in reads the very file that was exported, with onnx's own reference."""
    onnx = pytest.importorskip("onnx")
    reference = pytest.importorskip("onnx.reference")

    def stand_in(file: Path, threads: int) -> against.Run:
        assert threads >= 1
        run = reference.ReferenceEvaluator(onnx.load(str(file)))

        def answer(picture: Floats) -> Floats:
            found: Floats = run.run(None, {run.input_names[0]: picture})[0] + np.float32(wrong)
            return found

        return answer

    installed(monkeypatch, "onnxruntime")
    monkeypatch.setitem(against.RUNTIMES, "onnxruntime", stand_in)
    if wrong:
        with pytest.raises(RuntimeError, match="another answer"):
            list(against.figures(("onnxruntime",), 16.0))
        return
    found = list(against.figures(("onnxruntime",), 16.0))
    assert [figure.name.split(" ÷ ")[0] for figure in found] == [
        "lenet5: a live frame with the maps of relu1",
        "lenet5: bare forward",
    ]
    assert all(figure.value > 0 and figure.verdict == "" for figure in found)


def test_one_that_is_not_installed_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed(monkeypatch)
    assert list(against.figures(("openvino",), 16.0)) == []
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "pip install openvino" in told


def test_the_list_of_runtimes() -> None:
    assert runtimes("onnxruntime, openvino,onnxruntime") == RUNTIMES
    assert set(RUNTIMES) == set(against.RUNTIMES)
    for text in ("", "tvm", "onnxruntime,,"):
        with pytest.raises(PersonError, match="onnxruntime, openvino"):
            runtimes(text)
