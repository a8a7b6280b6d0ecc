"""Every exercise as a text: what comes out goes in again, and what is none is said by its entry."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.arithmetic import exercise
from explorer.arithmetic.counts import Plan, count
from explorer.arithmetic.presets import PRESETS
from explorer.arithmetic.shift import Shift
from explorer.errors import PersonError


@pytest.mark.parametrize("name", PRESETS)
def test_every_example_goes_in_as_it_came_out(name: str, tmp_path: Path) -> None:
    subject, file = PRESETS[name].subject, tmp_path / "과제.json"
    exercise.write(file, subject)
    assert exercise.read(file) == subject


def test_what_a_lecturer_writes_by_hand() -> None:
    plan = exercise.from_json('{"kind": "weights", "input": [3, 8, 8], "layers": ["conv3-4", "fc-2"], "bias": true}')
    assert isinstance(plan, Plan)
    assert count(plan).total == 3 * 9 * 4 + 4 + 4 * 64 * 2 + 2
    shift = exercise.from_json('{"kind": "shift", "picture": [[1, "1/2"], [0, 4]], "window": [[2]]}')
    assert shift == Shift(((1.0, 0.5), (0.0, 4.0)), ((2.0,),), (0, 1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"kind": "weights", "input": [1, 4, 4]}', "“layers” is missing"),
        ('{"kind": "weights", "input": [1, 4, 4], "layer": "fc-2"}', "no “layer”"),
        ('{"kind": "weights", "input": [1, 4, 4], "layers": "fc"}', "“fc” is no layer"),
        ('{"kind": "weights", "input": [1, 4, 4], "layers": 3}', "“layers” is a text"),
        ('{"kind": "weights", "input": [1, 4, 4], "layers": [3]}', "“layers” is a text"),
        ('{"kind": "weights", "input": 4, "layers": "fc-2"}', "The input cannot be 4"),
        ('{"kind": "weights", "input": [1, 4.5, 4], "layers": "fc-2"}', "The input cannot be"),
        ('{"kind": "weights", "input": [1, 4, 4], "layers": "fc-2", "bias": 1}', "“bias” is true or false"),
        ('{"kind": "shift", "picture": [[1, 2]]}', "“window” is missing"),
        ('{"kind": "shift", "picture": [[1, 2], [3]], "window": [[1]]}', "row 2 has 1 and the first"),
        ('{"kind": "shift", "picture": [[1, NaN]], "window": [[1]]}', "The picture"),
        ('{"kind": "shift", "picture": [[1, "x"]], "window": [[1]]}', "“x”"),
        ('{"kind": "shift", "picture": [[[1]], [[2]]], "window": [[1]]}', "2 planes of numbers"),
        ('{"kind": "shift", "picture": [[1, 2]], "window": [[1, 2, 3]]}', "window"),
        ('{"kind": "shift", "picture": [[1, 2]], "window": [[1]], "by": 1}', "“by” is two whole numbers"),
        ('{"kind": "shift", "picture": [[1, 2]], "window": [[1]], "by": [0, 2]}', "cannot be moved by 2"),
        ('{"kind": "shift", "picture": [[1, 2]], "window": [[1]], "by": [0, "1"]}', "cannot be moved by 1"),
        ('{"kind": "wieghts"}', "“input” is missing"),
        ("[1, 2]", "is no case"),
        ('{"kind": "shift"', "is no case"),
    ],
)
def test_what_is_no_exercise_is_said(text: str, said: str) -> None:
    with pytest.raises(PersonError) as raised:
        exercise.from_json(text)
    assert said in str(raised.value)
