"""Cases that cannot be, each told in one sentence; cases that are drawn, cut from a picture, changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from explorer.arithmetic import written
from explorer.arithmetic.case import Case
from explorer.arithmetic.inputs import cut, random
from explorer.errors import ExportError, PersonError
from tests.arithmetic.cases import convs, denses, pools

GRID = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
ONE = [[1, 0], [0, 1]]


def _case(**more: Any) -> dict[str, Any]:
    return {"kind": "conv", "input": GRID, "filters": [ONE]} | more


@pytest.mark.parametrize(
    ("values", "part"),
    [
        (_case(input=[[1, "a"], [3, 4]]), "The input, row 1, column 2 is “a”: type a number"),
        (_case(input=[[1, "0/0"], [3, 4]]), "The input, row 1, column 2 is “0/0”, which divides by 0"),
        (_case(input=[[1, float("nan")], [3, 4]]), "row 1, column 2 is nan: type a number from −1000000 to 1000000"),
        (_case(input=[[1, float("inf")], [3, 4]]), "row 1, column 2 is inf"),
        (_case(input=[[1, 2], [3]]), "The input: row 2 has 1 and the first has 2"),
        (_case(input=[[[1, 2]], [[3]]]), "The input: plane 2 is 1 × 1 and the first is 1 × 2"),
        (_case(input=[]), "The input: there are no numbers"),
        (_case(input=[[]]), "The input: there are no numbers"),
        (_case(input=[[True, 2]]), "is “True”"),
        (_case(input=[[0] * 65]), "The input is 1 × 1 × 65, too large"),
        (_case(input=[GRID, [1, 2, 3]]), "The input: this is no table"),
        (_case(filters=[[[1, "x"]]]), "Filter 1, row 1, column 2 is “x”"),
        (_case(filters=[]), "There cannot be 0 filters"),
        (_case(filters=[ONE, [[1]]]), "Filter 2 is 1 × 1 × 1 and has to be 1 × 2 × 2"),
        (_case(filters=[[ONE, ONE]]), "Filter 1 is 2 × 2 × 2 and has to be 1 × 2 × 2"),
        (_case(filters=[[[0] * 4] * 4]), "A window of 4 cells is larger than the input of 3"),
        (_case(filters="a"), "“filters” is a list"),
        (_case(bias=[1, 2]), "Biases and filters differ in number (2 and 1)"),
        (_case(bias=["b"]), "Bias 1 is “b”"),
        (_case(stride=0), "Stride cannot be 0: it is a whole number from 1 to 1000"),
        (_case(stride=10**12), "Stride cannot be 1000000000000"),
        (_case(stride=1.5), "Stride cannot be 1.5"),
        (_case(stride=[1, 2, 3]), "Stride cannot be [1, 2, 3]"),
        (_case(dilation=3), "A window of 4 cells is larger than the input of 3"),
        (_case(padding=-1), "Padding cannot be -1"),
        (_case(padding=[1, 2]), "Padding cannot be [1, 2]"),
        (_case(padding=3, padding_kind="reflect"), "“reflect” padding of 3 is too much here: give at most 2"),
        (_case(padding=4, padding_kind="circular"), "“circular” padding of 4 is too much here: give at most 3"),
        (_case(padding_kind="mirror"), "padding_kind cannot be “mirror”: it is one of zero, reflect"),
        (_case(groups=2), "2 groups cannot share the channels (1) and filters (1) evenly"),
        (_case(kind="convolution"), "kind cannot be “convolution”: it is one of conv, pool, fc"),
        (_case(title="a\nb"), "The title has to be one line"),
        (_case(title=3), "The title has to be one line"),
        (_case(strides=2), "A case has no “strides”; the nearest are: stride"),
        ({"input": GRID}, "“kind” is missing"),
        ({"kind": "pool"}, "“input” is missing"),
        ({"kind": "pool", "input": GRID, "pool": "median"}, "pool cannot be “median”"),
        ({"kind": "pool", "input": GRID, "window": 4}, "A window of 4 cells is larger than the input of 3"),
        ({"kind": "pool", "input": GRID, "padding": 2}, "“zero” padding of 2 is too much here: give at most 1"),
        (
            {"kind": "pool", "input": GRID, "padding": 1, "padding_kind": "reflect"},
            "A pooling's padding cannot be “reflect”",
        ),
        ({"kind": "pool", "input": GRID, "pool": "average", "dilation": 2}, "Only a max pooling has dilation"),
        ({"kind": "pool", "input": GRID, "pool": "l2", "padding": 1}, "An L2 pooling has no padding"),
        ({"kind": "pool", "input": GRID, "ceil_mode": "yes"}, "ceil_mode cannot be yes"),
        ({"kind": "pool", "input": GRID, "padding": 1, "dilation": 4}, "A window lies in the padding alone"),
        ({"kind": "fc", "input": GRID, "weights": [[1, 2]]}, "The rows of “weights” have the length 2, the input 9"),
        ({"kind": "fc", "input": GRID, "weights": []}, "The weights: there are no numbers"),
        ({"kind": "fc", "input": GRID, "weights": "all"}, "“weights” have the length 0"),
        ({"kind": "fc", "input": GRID}, "There cannot be 0 filters"),
    ],
)
def test_mistakes(values: dict[str, Any], part: str) -> None:
    """As values, and as the text that a lecturer wrote."""
    for read in (lambda: written.from_values(values), lambda: written.from_json(json.dumps(values))):
        with pytest.raises(PersonError) as caught:
            read()
        told = str(caught.value)
        assert part in told
        assert "\n" not in told.replace("\\n", "")


@pytest.mark.parametrize("text", ["", "x", "[]", "[1, 2]", "3", "null", '{"kind": "conv"', "[" * 100_000, "1" * 5000])
def test_what_is_no_case(text: str) -> None:
    with pytest.raises(PersonError, match="is no case"):
        written.from_json(text)


def test_too_much_work() -> None:
    with pytest.raises(PersonError, match="multiplications, more than 10000000"):
        random("conv", (64, 25, 25), 1, filters=64, padding=(64, 64, 64, 64))
    with pytest.raises(PersonError, match="each size"):
        random("conv", (1, 100_000, 100_000), 1)


@settings(max_examples=60, deadline=None)
@given(convs())
def test_a_convolution_comes_back_from_its_text(case: Case) -> None:
    assert written.from_json(written.to_json(case)) == case


@settings(max_examples=60, deadline=None)
@given(denses())
def test_a_matrix_comes_back_from_its_text(case: Case) -> None:
    assert written.from_json(written.to_json(case)) == case
    rows = json.loads(written.to_json(case))["weights"]
    np.testing.assert_array_equal(rows, case.matrix)


@settings(max_examples=60, deadline=None)
@given(pools())
def test_a_pooling_comes_back_from_its_text(values: dict[str, Any]) -> None:
    case = Case(**values | {"dilation": (1, 1)})
    assert written.from_json(written.to_json(case)) == case


def test_a_case_as_a_lecturer_writes_it() -> None:
    values = '"input": [[1, 2], [3, 4]], "filters": [[["1/4", 1]]], "padding": [0, 1, 0, 0]'
    case = written.from_json(f'{{"kind": "conv", "title": "과제 1", {values}}}')
    assert case.title == "과제 1"
    assert (case.filters, case.padding, case.output_chw) == (((((0.25, 1.0),),),), (0, 1, 0, 0), (1, 3, 1))


def test_a_file(tmp_path: Path) -> None:
    case, file = random("conv", (1, 4, 4), 2, title="필터"), tmp_path / "사례 é.json"
    written.write(file, case)
    assert written.read(file) == case
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())  # as Windows' Notepad begins a file
    assert written.read(file) == case


def test_files_that_hold_no_case(tmp_path: Path) -> None:
    for name, data, part in (
        ("a.json", b"\xff\xfe\x00", "is no text"),
        ("b.json", b"", "is no case"),
        ("c.json", written.to_json(random("pool", (1, 4, 4), 1)).encode()[:-20], "is no case"),
        ("d.json", b" " * 9_000_000, "is no case"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(PersonError, match=part):
            written.read(tmp_path / name)
    for path in (tmp_path, tmp_path / "gone.json", Path("a\0b"), Path("/dev/zero")):
        with pytest.raises(PersonError, match=r"not a file|cannot be read"):
            written.read(path)
    with pytest.raises(ExportError):
        written.write(tmp_path, random("pool", (1, 4, 4), 1))


def test_what_a_kind_does_not_use_is_no_difference() -> None:
    plain = random("pool", (1, 4, 4), 1, pool="global")
    assert random("pool", (1, 4, 4), 1, pool="global", stride=(3, 3), ceil_mode=True) == plain
    assert random("fc", (1, 4, 4), 1, stride=(3, 3)) == random("fc", (1, 4, 4), 1)
    assert random("conv", (1, 4, 4), 1, ceil_mode=True) == random("conv", (1, 4, 4), 1)


def test_a_seed_gives_the_same_everywhere() -> None:
    """The first numbers of Python's own random.Random(0), times ten, cut: 0.844, 0.757, 0.420, 0.258."""
    assert random("pool", (1, 2, 2), 0, window=(2, 2)).input == (((8, 7), (4, 2)),)
    case = random("conv", (3, 20, 20), 5, filters=9, bias=True)
    assert (case.input_array.min(), case.input_array.max()) == (0, 9)
    assert (case.filter_array.min(), case.filter_array.max()) == (-2, 2)
    assert len(case.bias) == 9


def test_cut_from_a_picture() -> None:
    pixels = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    assert np.array(cut(pixels, 1, 2, 2, 2)).transpose(1, 2, 0).tolist() == pixels[1:3, 2:4].tolist()
    assert np.array(cut(pixels, 9, -3, 2, 2)).transpose(1, 2, 0).tolist() == pixels[2:4, 0:2].tolist()
    assert np.array(cut(pixels, 0, 0, 99, 99)).shape == (3, 4, 5)
    white, red = np.full((1, 1, 3), 255, np.uint8), np.array([[[255, 0, 0]]], np.uint8)
    assert cut(white, 0, 0, 1, 1, grey=True) == (((255,),),)
    assert cut(red, 0, 0, 1, 1, grey=True) == (((76,),),)  # cv2.cvtColor's grey of pure red


def test_one_number_changed() -> None:
    case = random("conv", (2, 3, 3), 1, filters=2)
    changed = case.with_input((1, 2, 0), 7.5).with_weight((1, 0, 2, 1), -3)
    assert (changed.input[1][2][0], changed.filters[1][0][2][1]) == (7.5, -3)
    assert (changed.input_array != case.input_array).sum() <= 1
    assert (
        changed.with_input((1, 2, 0), case.input[1][2][0]).with_weight((1, 0, 2, 1), case.filters[1][0][2][1]) == case
    )
    with pytest.raises(PersonError, match="nan"):
        case.with_input((0, 0, 0), float("nan"))
