"""``arithmetic``: sizes, traces, weights and shifts on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from explorer.arithmetic.case import Case
from explorer.arithmetic.inputs import random
from explorer.arithmetic.presets import preset
from explorer.arithmetic.written import from_values, write
from explorer.cli.main import main
from explorer.cli.worked import case_text

FILES = {"PICTURE": "picture.png", "ARRAY": "array.npy", "BROKEN": "broken.png"}


@pytest.fixture
def out(out: Callable[..., str]) -> Callable[..., str]:
    """Run one of these commands, in English."""
    return partial(out, "--lang", "en", "arithmetic")


def test_sizes(answer: Callable[..., Any], out: Callable[..., str]) -> None:
    found = answer("size", 7, 3, "--stride", 3)
    assert (found["exact"], found["out"], found["fits"]) == ("7/3", 2, False)
    assert (found["unseen"], found["mend"], found["worked"]) == ([6], [[1, 1], [0, 2]], "(7 − 3)/3 + 1 = 2.33")
    assert answer("size", 7, 3, "--stride", 3, "--ceil")["out"] == 3
    assert answer("size", 7, 3, "--padding", "0,1", "--dilation", 2)["out"] == 4
    assert "The window fits: 5." in out("size", 7, 3)
    assert "would fit with padding 1 on both sides" in out("size", 7, 3, "--stride", 3)


def test_a_random_convolution_against_torch(answer: Callable[..., Any]) -> None:
    steps = ("--stride", "2,1", "--padding", "1,0,2,1", "--dilation", 2, "--groups", 2, "--padding-kind", "replicate")
    found = answer(
        "conv", "--input", "4x9x8", "--filters", 6, "--kernel", "3x2", "--bias", "--seed", 3, *steps, "--all"
    )
    case = found["case"]
    x = functional.pad(torch.tensor(case["input"], dtype=torch.float64)[None], (2, 1, 1, 0), mode="replicate")
    weight, bias = (torch.tensor(case[name], dtype=torch.float64) for name in ("filters", "bias"))
    wanted = functional.conv2d(x, weight, bias, (2, 1), 0, 2, 2)[0]
    np.testing.assert_array_equal(found["output"], wanted.numpy())
    assert found["output_shape"] == list(wanted.shape)
    assert len(found["values"]) == wanted.numel()
    for value in found["values"]:
        assert value["result"] == wanted[tuple(value["at"])]
        assert sum(term["weight"] * term["value"] for term in value["terms"]) + value["bias"] == value["result"]


def test_a_case_goes_on_as_it_came_out(answer: Callable[..., Any], tmp_path: Path) -> None:
    found = answer("conv", "padding-1", "--value", 0, 6, 6)
    assert found["figures"][0]["ours"] == "1×7×7"
    assert answer("conv", json.dumps(found["case"]), "--value", 0, 6, 6) | {"figures": found["figures"]} == found
    write(tmp_path / "과제.json", from_values(found["case"]))
    assert answer("conv", tmp_path / "과제.json", "--value", 0, 6, 6)["values"] == found["values"]


def test_layers_with_commas_between_and_a_matrix_of_the_lectures_size(answer: Callable[..., Any]) -> None:
    apart = answer("weights", "conv3-128", "fc-10")
    assert answer("weights", "conv3-128, fc-10") == apart == answer("weights", "conv3-128,", "fc-10")
    assert apart["weights"] == 9 * 128 + 128 * 224 * 224 * 10
    assert "W 10×27" in " ".join(case_text(cast(Case, preset("fully-connected").subject)).split())


@pytest.mark.parametrize("kernel", ["0 -1 0; -1 8 -1; 0 -1 0", "[[0, -1, 0], [-1, 8, -1], [0, -1, 0]]"])
def test_the_slides_window_and_filter_as_numbers(answer: Callable[..., Any], kernel: str) -> None:
    found = answer("conv", "--input", "18 8 9 6; 19 12 7 17; 13 14 30 12", "--kernel", kernel)
    assert found["output"] == [[[48, -12]]]


def test_the_input_is_cut_from_a_picture(answer: Callable[..., Any], tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    file = tmp_path / "그림.png"
    Image.fromarray(pixels).save(file)
    found = answer("conv", "--image", file, "--at", 10, 50, "--input", "3x4x5", "--kernel", 3, "--filters", 2)
    part = pixels[10:14, 50:55].transpose(2, 0, 1)
    assert found["case"]["input"] == part.tolist()
    weight = torch.tensor(found["case"]["filters"], dtype=torch.float64)
    wanted = functional.conv2d(torch.tensor(part.astype(float))[None], weight)[0]
    np.testing.assert_array_equal(found["output"], wanted.numpy())
    grey = np.asarray(Image.fromarray(pixels).convert("L"), float)  # the same weights, by Pillow's integers
    found = answer("pool", "max-pooling", "--image", file, "--at", 0, 0, "--size", "6x8")
    np.testing.assert_allclose(found["case"]["input"], [grey[:6, :8]], atol=1)
    assert found["output_shape"] == [1, 3, 4]
    middle = answer("pool", "max-pooling", "--image", file)["case"]["input"]
    np.testing.assert_allclose(middle, [grey[18:22, 28:32]], atol=1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("conv", "--at", 1, 2), "--at says what is cut from a picture: add --image."),
        (("conv", "--size", "2x2"), "--size says what is cut from a picture: add --image."),
        (("conv", "--image", "PICTURE", "--at", 9, 7), "7x7 from row 9, column 7 leaves the picture of 12x14"),
        (("conv", "--image", "PICTURE", "--size", "13x2"), "13x2 from row 0, column 6 leaves the picture"),
        (("conv", "--image", "PICTURE", "--size", "0x2"), "--size cannot be 0x2"),
        (("conv", "--image", "PICTURE", "--size", "2x9999"), "--size cannot be 2x9999"),
        (("conv", "--image", "PICTURE", "--size", "2x2"), "window"),
        (("conv", "--image", "PICTURE", "--input", "2x4x4"), "An input of 2 channels cannot come from a picture"),
        (("pool", "--image", "gone.png"), "There is no picture “gone.png”"),
        (("pool", "--image", "ARRAY"), "is an array, which nothing is cut from"),
        (("pool", "--image", "BROKEN"), "broken.png"),
    ],
)
def test_what_cannot_be_cut_is_said(
    words: tuple[object, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {name: tmp_path / file for name, file in FILES.items()}
    Image.fromarray(np.zeros((12, 14, 3), np.uint8)).save(files["PICTURE"])
    np.save(files["ARRAY"], np.zeros((3, 8, 8), np.float32))
    files["BROKEN"].write_bytes(files["PICTURE"].read_bytes()[:40])
    assert main(["--lang", "en", "arithmetic", *(str(files.get(str(word), word)) for word in words)]) != 0
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


def test_weights_and_shifts_go_on_as_they_came_out(answer: Callable[..., Any], tmp_path: Path) -> None:
    for found, action in (
        (answer("weights", "conv3-4", "fc-2", "--input", "3x8x8", "--bias"), "weights"),
        (answer("shift", "--picture", "[[1, 2], [3, 4]]", "--window", "[[2]]", "--by", 1, 0), "shift"),
    ):
        file = tmp_path / f"{action}.json"
        file.write_text(json.dumps(found["case"]), encoding="utf-8")
        assert answer(action, file) == found == answer(action, json.dumps(found["case"]))
    assert answer("shift", tmp_path / "shift.json", "--by", 0, 1)["changed"] == [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_an_exercise_of_another_kind_says_where_it_belongs(capsys: pytest.CaptureFixture[str]) -> None:
    shift = '{"kind": "shift", "picture": [[1]], "window": [[1]], "by": [0, 0]}'
    plan = '{"kind": "weights", "input": [1, 1, 1], "layers": "fc-2"}'
    for words, belongs in (
        (("conv", shift), "shift"),
        (("weights", shift), "shift"),
        (("shift", plan), "weights"),
        (("shift", "gone.json"), "There is no file “gone.json”"),
    ):
        assert main(["--lang", "en", "arithmetic", *words]) != 0
        told = capsys.readouterr().err
        assert belongs in told
        assert "Traceback" not in told


def test_steps_change_a_case_that_is_named(answer: Callable[..., Any]) -> None:
    found = answer("conv", "stride-1", "--stride", 3)
    assert (found["output_shape"], found["rows"]["fits"]) == ([1, 2, 2], False)
    assert "figures" not in found, "the lecture's figures are of the case as it was"


def test_poolings(answer: Callable[..., Any]) -> None:
    assert answer("pool", "max-pooling")["output"] == [[[100, 184], [12, 45]]]
    found = answer("pool", "--input", "[[3, 4], [0, 0]]", "--pool", "l2")
    assert (found["output"], found["values"][0]["numbers"]) == ([[[5]]], "√(3² + 4² + 0² + 0²) = 5")
    assert answer("pool", "--input", "2x5x5", "--kernel", 2)["output_shape"] == [2, 2, 2], "as torch's, stride = kernel"
    assert answer("pool", "--input", "2x5x5", "--kernel", 2, "--ceil")["output_shape"] == [2, 3, 3]
    assert answer("pool", "--input", "2x5x5", "--pool", "global")["output_shape"] == [2, 1, 1]


def test_fully_connected(answer: Callable[..., Any]) -> None:
    found = answer("fc", "--input", "1x2x2", "--filters", 3, "--value", 2, 0, 0)
    product = np.array(found["case"]["weights"]) @ np.ravel(found["case"]["input"])
    assert np.ravel(found["output"]).tolist() == product.tolist()
    assert found["values"][0]["lecture"] == "y3 = w1x1 + w2x2 + w3x3 + w4x4"


def test_weights(answer: Callable[..., Any], out: Callable[..., str]) -> None:
    found = answer("weights", "conv-lecture")
    assert (found["weights"], found["worked"]) == (1_032_064, "9·128 + 9·256 + 9·512 + 1024·1000 = 1,032,064")
    found = answer("weights", "conv3-128", "conv3-256", "conv3-512", "--input", "3x224x224", "--bias")
    assert (found["weights"], found["biases"], found["total"]) == (1_478_016, 896, 1_478_912)
    assert [row["layer"] for row in found["layers"]] == ["conv3-128", "conv3-256", "conv3-512"]
    text = out("weights", "conv-grey-classes")
    assert "3,024,000" in text
    assert "1,032,064" in text
    assert "each is averaged to one" in text


def test_shift(answer: Callable[..., Any], out: Callable[..., str]) -> None:
    found = answer("shift")
    assert (len(found["changed"]), found["only_moved"], len(found["entered"])) == (14, True, 3)
    assert found["map_before"] == [[3, 1, 3], [2, 1, 3], [1, 1, 3]]
    assert len(answer("shift", "--by", -1, 0)["changed"]) == 4
    assert len(answer("shift", "--picture", "[[0, 1], [0, 0]]", "--window", "[[1]]")["changed"]) == 1
    assert "14 of 25 inputs change" in out("shift")


def test_examples(answer: Callable[..., Any], out: Callable[..., str]) -> None:
    found = {one["name"]: one for one in answer("examples")["examples"]}
    assert found["average-pooling"]["figures"][0] | {"why": ""} == {
        "what": "activation map",
        "lecture": "36 80; 12 15",
        "ours": "36.5 80; 12 15",
        "why": "",
        "agrees": False,
    }
    text = out("examples")
    for name, one in found.items():
        assert name in text
        words = ("shift",) if name == "shift" else (one["page"], name)
        assert answer(*words)["figures"] == one["figures"], "each opens by its name"


def test_in_words(out: Callable[..., str]) -> None:
    text = out("conv", "stride-3")
    assert "(7 − 3)/3 + 1 = 2.33" in text
    assert "frameworks round down to 2" in text
    assert "y1 = w1x1 + w2x2 + w3x3 + w8x8" in text
    assert "w[0,0,0]·x[0,0,0]" in text
    assert "a map of 28 × 28: see --json" in out("conv", "one-of-5x5x3")
    assert "examples  list the lecture's examples" in out()
    assert "arithmetic conv --help" in out()


BIG = ["conv", "--input", "8x64x64", "--filters", "8", "--kernel", "3", "--all"]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["conv", "--input", "[[1, 2], [3, a]]"], "The input, row 2, column 2 is “a”: type a number"),
        (["conv", "--input", "[[1, 0/0]]"], "which divides by 0"),
        (["conv", "--input", "[[1, nan]]"], "is “nan”"),
        (["conv", "--input", "[[1, 2], [3]]"], "row 2 has 1 and the first has 2"),
        (["conv", "--input", "2x2"], "A window of 3 cells is larger than the input of 2"),
        (["conv", "--input", "0x0"], "each size is from 1 to 64"),
        (["conv", "--stride", "1000000"], "Stride cannot be 1000000: it is a whole number from 1 to 1000"),
        (["conv", "--stride", "0"], "Stride cannot be 0"),
        (["conv", "--stride", "a"], "--stride cannot be “a”: give one whole number, or two"),
        (["conv", "--padding", "1,2"], "--padding cannot be “1,2”: give one whole number, or four"),
        (["conv", "--padding-kind", "mirror"], "padding_kind cannot be “mirror”: it is one of zero"),
        (["conv", "--kernel", "3y3"], "“3y3” is not a size"),
        (["conv", "--kernel", "1 2; 3"], "The kernel: row 2 has 1 and the first has 2"),
        (["conv", "--kernel", "[[1, x]]"], "The kernel, row 1, column 2 is “x”"),
        (["conv", "--input", "3x5x5", "--kernel", "1 2"], "Filter 1 is 1 × 1 × 2 and has to be 3 × 1 × 2"),
        (["conv", "--input", ""], "The input: there are no numbers"),
        (["conv", "--groups", "2"], "2 groups cannot share the channels (1)"),
        (["conv", "--value", "0", "9", "9"], "The output has no row 9: they are numbered from 0 to 4."),
        (["conv", "one-filter", "--seed", "3"], "--seed draws a case of its own: leave it out, or “one-filter”"),
        (["conv", "one-filtre"], "There is no file and no example “one-filtre”; the nearest examples are: one-filter"),
        (["conv", "max-pooling"], "write “arithmetic pool” before it"),
        (["conv", "shift"], "write “arithmetic shift shift”"),
        (["conv", "{"], "is no case"),
        (["conv", "/dev/null"], "null is not a file"),
        (["conv", "a\0b"], "no file and no example"),
        (["pool", "--pool", "median"], "pool cannot be “median”"),
        (["pool", "--padding", "2"], "padding of 2 is too much here: give at most 1"),
        (["weights"], "LAYER is missing"),
        (["weights", "lstm-3"], "“lstm-3” is no layer"),
        (["weights", "max-pooling"], "write “arithmetic pool max-pooling”"),
        (["weights", "fc-1", "--input", "3"], "“3” is not a size: write channels x rows x columns"),
        (["shift", "--by", "9", "0"], "The picture cannot be moved by 9"),
        (["shift", "--by", "a", "0"], "“a” is not a whole number of cells"),
        (["shift", "--window", "[[1, 2]"], "The window cannot be read"),
        (["size", "3", "7"], "A window of 7 cells is larger than the input of 3"),
        (["size", "7", "x"], "F cannot be “x”: it is a whole number of at least 1."),
        (["sizes"], "There is no command “sizes”; the nearest are: size"),
        (BIG, "terms, more than 200000: open one with --value"),
    ],
)
def test_mistakes(words: list[str], part: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "en", "arithmetic", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert part in told.err
    assert len(told.err.strip().splitlines()) == 1


def test_a_case_of_a_lecturer(out: Callable[..., str], tmp_path: Path) -> None:
    write(tmp_path / "a.json", random("conv", (1, 4, 4), 7, title="과제"))
    text = out("conv", tmp_path / "a.json")
    assert text.startswith("과제\n")
    assert "(4 − 3)/1 + 1 = 2" in text
