"""``stack``: figures of one, and two beside one another."""

from __future__ import annotations

import json

import pytest

from explorer.cli.main import main


def test_one_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stack", "three-3x3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["facts"]["area"] == [7, 7]
    assert found["facts"]["weights"] == 27 * 16**2
    assert [len(level["rows"]) for level in found["growth"]] == [1, 1, 1, 1]
    assert [level["rows"][0][1] - level["rows"][0][0] for level in found["growth"]] == [1, 3, 5, 7]
    again = json.dumps({name: found[name] for name in ("input", "blocks")})
    assert main(["stack", again, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == found


def test_two_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "en", "stack", "one-7x7", "three-3x3"]) == 0
    text = capsys.readouterr().out
    assert "49 C²" in text
    assert "27 C²" in text
    assert text.index("gained by the second") < text.index("6,912 instead of 12,544") < text.index("lost by the second")


def test_two_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stack", "one-5x5", "two-3x3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["stacks"]) == 2
    assert {"what": "weights", "first": 6400, "second": 4608, "verdict": "gained"} in found["differences"]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["two-3x4"], "two-3x3"),
        ([], "missing"),
        (['{"blocks": [{"kernel": 0}]}'], "from 1 to 15"),
        (["{"], "no stack"),
        (["one-3x3", "one-5x5", "one-7x7"], "one argument too many"),
    ],
)
def test_mistakes(words: list[str], part: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "en", "stack", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert part in told.err
    assert len(told.err.strip().splitlines()) == 1
