"""The benchmark's arithmetic, its verdicts and what it prints; the figures themselves are measured by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from explorer import bench
from explorer.bench import process
from explorer.bench.figures import Figure, Times, interleaved

FIGURES = [
    Figure("fine", 1.05, 1.10, {"a_ms": 10.5, "b_ms": 10.0}, 16.0),
    Figure("told only", 0.7, None, {"a_ms": 7.0}, 16.0),
]
OVER = Figure("too slow", 17.25, 16.0, {"p99_ms": 17.25}, 16.0, "ms")


def test_a_ratio_pairs_the_rounds() -> None:
    # the machine became three times slower half-way: paired ratios do not see it, ratios of medians may
    times = Times({"bare": [10, 10, 10, 30, 30], "hooked": [11, 11, 33, 33, 33]})
    assert times.ratio("hooked", "bare") == pytest.approx(1.1)
    assert times.median("hooked") == 33


def test_actions_take_turns_and_warm_rounds_do_not_count() -> None:
    order: list[str] = []
    times = interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=4, warm=2)
    assert order == ["a", "b"] * 6
    assert {name: len(ms) for name, ms in times.ms.items()} == {"a": 4, "b": 4}


def test_verdicts() -> None:
    assert [figure.verdict for figure in (*FIGURES, OVER)] == ["pass", "", "over"]
    assert Figure("at the limit", 1.1, 1.1, {}, 1.0).verdict == "pass"


@pytest.mark.parametrize(("over", "code"), [(False, 0), (True, 1)])
def test_json_is_one_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], over: bool, code: int
) -> None:
    def figures() -> Iterator[Figure]:
        yield from [*FIGURES, OVER] if over else FIGURES

    monkeypatch.setattr(bench, "_figures", figures)
    assert bench.run(json=True) == code
    document = json.loads(capsys.readouterr().out)
    assert [figure["verdict"] for figure in document["figures"]][:2] == ["pass", None]
    assert document["figures"][0]["absolute"] == {"a_ms": 10.5, "b_ms": 10.0}
    assert bench.run(json=False) == code
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(document["figures"])
    assert "1.050" in lines[0]
    assert "≤ 1.1" in lines[0]
    assert "calibration 16.0 ms" in lines[0]
    assert ("over" in lines[-1]) is over


def test_a_process_that_fails_is_told_with_its_words() -> None:
    with pytest.raises(RuntimeError, match="no_such_module"):
        process._python("-c", "import no_such_module")


def test_a_fresh_process_knows_nothing_of_our_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    found = process._python("-c", "import os; print(sorted(n for n in os.environ if 'OMP' in n))")
    assert found == "[]"
