"""``area`` and the receptive fields of ``layers``: what they print, and every wrong word a person may type."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer.cli.area import exact
from explorer.cli.main import main


@pytest.fixture
def answer(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run a command that succeeds, and return its one JSON document."""

    def run(*words: object) -> Any:
        assert main([*map(str, words), "--json"]) == 0
        printed = capsys.readouterr()
        assert (printed.err, printed.out.count("\n")) == ("", 1)
        return json.loads(printed.out)

    return run


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that a person got wrong, and return the sentence that it says."""

    def run(*words: object) -> str:
        assert main([str(word) for word in words]) == 2
        printed, error = capsys.readouterr()
        assert printed == ""
        assert error.count("\n") == 1
        return error

    return run


def fields(document: Any) -> dict[str, Any]:
    return {layer["id"]: layer["receptive_field"] for layer in document["layers"]}


def test_a_layers_receptive_field(answer: Callable[..., Any]) -> None:
    """VGG-16 as Araujo et al. 2019 have it: 212, stride 32; the first block by hand."""
    found = fields(answer("layers", "vgg_d"))
    assert found["input"] == {"size": [1, 1], "stride": [1, 1], "start": [0, 0], "certainty": "exact"}
    assert found["conv1_2"] == {"size": [5, 5], "stride": [1, 1], "start": [-2, -2], "certainty": "exact"}
    assert found["pool1"] == {"size": [6, 6], "stride": [2, 2], "start": [-2, -2], "certainty": "exact"}
    assert found["pool5"] == {"size": [212, 212], "stride": [32, 32], "start": [-90, -90], "certainty": "exact"}
    assert found["fc8"] == {"size": [224, 224], "stride": [0, 0], "start": [0, 0], "certainty": "whole input"}


def test_a_gate_takes_the_whole_input_beside_its_main_path(answer: Callable[..., Any]) -> None:
    found = fields(answer("layers", "mobilenet_v3_small", "--weights", "none"))
    gated = found["features.1.block.1.multiply"]
    assert gated == {
        "size": [224, 224],
        "stride": [0, 0],
        "start": [0, 0],
        "certainty": "whole input",
        "main_path": {"size": [7, 7], "stride": [4, 4], "start": [-3, -3]},
    }
    assert "main_path" not in found["features.0.0"]


def test_fractions_are_text() -> None:
    assert [exact(Fraction(n, 2)) for n in (1, 2, -3, 0)] == ["1/2", 1, "-3/2", 0]


def test_fractions_of_an_upsampling_network(answer: Callable[..., Any]) -> None:
    found = fields(answer("layers", "deeplabv3_mobilenet_v3_large", "--input", "64x64", "--weights", "none"))
    strides = {name: field["stride"] for name, field in found.items() if field["stride"]}
    assert any(isinstance(side, str) for stride in strides.values() for side in stride) or strides["interpolate"]
    for field in found.values():
        assert set(field) <= {"size", "stride", "start", "certainty", "main_path", "why"}
        assert ("why" in field) == (field["certainty"] in ("upper bound", "unknown"))


def test_the_area_of_a_unit(answer: Callable[..., Any]) -> None:
    """Summed by hand: conv1 of ResNet-18 is 7×7 by 2 with padding 3, its pooling 3×3 by 2 with padding 1."""
    found = answer("area", "resnet18", "--weights", "none", "--layer", "maxpool", "--unit", 0, 55)
    assert found["box"] == [-5, 215, 6, 226]
    assert found["clipped"] == [0, 215, 6, 224]
    assert found["certainty"] == "exact"
    assert found["cells"] == [{"rows": [[0, 6]], "columns": [[215, 224]]}]
    assert "picture_box" not in found


def test_the_area_at_another_input_size(answer: Callable[..., Any]) -> None:
    found = answer("area", "squeezenet1_1", "--layer", "features.0", "--unit", 0, 64, "--input", "97x131")
    assert found["input"] == [3, 97, 131]
    assert found["box"] == [0, 128, 3, 131]


@pytest.mark.parametrize(
    ("model", "layer", "unit", "hw"),
    [
        ("lenet5", "c1", (0, 0), (90, 61)),  # shrunk into a padding of 2
        ("lenet5", "s2", (13, 5), (28, 28)),
        ("lenet5", "c1", (13, 20), (9, 11)),  # enlarged
        ("efficientnet_lite0", "blocks.0.1.expand", (20, 31), (333, 500)),  # cut out
    ],
)
def test_only_pixels_in_the_picture_box_move_a_unit(
    answer: Callable[..., Any], tmp_path: Path, model: str, layer: str, unit: tuple[int, int], hw: tuple[int, int]
) -> None:
    """Everything outside is painted anew: the unit stays to the bit. So is the inside: it moves."""
    from explorer.capture import capture, clones
    from explorer.session import Session
    from explorer.values import Bytes, Floats, Frame

    if model == "efficientnet_lite0":
        layer = next(i for i, field in fields(answer("layers", model)).items() if field["size"] == [11, 11])
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 256, (*hw, 3), dtype=np.uint8)
    path = tmp_path / "사진.png"
    Image.fromarray(pixels).save(path)
    options = ("--layer", layer, "--unit", *unit, "--image", path)
    y0, x0, y1, x1 = answer("area", model, *options)["picture_box"]
    assert 0 <= y0 < y1 <= hw[0]
    assert 0 <= x0 < x1 <= hw[1]
    assert (y1 - y0) * (x1 - x0) < hw[0] * hw[1]
    inside = np.zeros(hw, bool)
    inside[y0:y1, x0:x1] = True
    network = Session().open(model, device="cpu")

    def values(picture: Bytes) -> Floats:
        tensor = network.prepare(Frame(picture, "picture")).tensor
        maps = capture(network.module, network.graph, tensor, {layer: clones(network.graph)[layer]}).values[layer]
        found: Floats = maps[0, :, unit[0], unit[1]].numpy().copy()
        return found

    before = values(pixels)
    outside_anew = np.where(inside[..., None], pixels, 255 - pixels).astype(np.uint8)
    inside_anew = np.where(inside[..., None], 255 - pixels, pixels).astype(np.uint8)
    np.testing.assert_array_equal(values(outside_anew), before)
    assert (values(inside_anew) != before).any()


def test_an_array_is_its_own_picture(answer: Callable[..., Any], tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((1, 32, 32), np.float32))
    found = answer("area", "lenet5", "--layer", "c3", "--unit", 2, 3, "--image", tmp_path / "x.npy")
    assert found["picture_box"] == found["clipped"] == [4, 6, 18, 20]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--layer", "c3", "--unit", 0, 10), "c3 has no unit 0 10: its rows are 0 to 9, its columns 0 to 9."),
        (("--layer", "c3", "--unit", 10, 0), "c3 has no unit 10 0"),
        (("--layer", "output", "--unit", 0, 0), "output has no rows and columns of units: choose a layer with maps"),
        (("--layer", "c33", "--unit", 0, 0), "There is no layer called “c33”"),
        (("--layer", "", "--unit", 0, 0), "There is no layer called “”"),
        (("--layer", "c3", "--unit", -1, 0), "--unit cannot be “-1”: it is a whole number of at least 0."),
        (("--layer", "c3", "--unit", "1.5", 0), "--unit cannot be “1.5”"),
        (("--layer", "c3", "--unit", 1), "--unit"),
        (("--layer", "c3"), "--unit is missing"),
        (("--unit", 0, 0), "--layer is missing"),
        (("--layer", "c3", "--unit", 0, 0, "--input", "32"), "“32” is not a size"),
        (("--layer", "c3", "--unit", 0, 0, "--input", "5x5"), "Try another input size"),
        (("--layer", "c3", "--unit", 0, 0, "--image", "없다.png"), "없다.png"),
    ],
)
def test_wrong_words_are_told(fails: Callable[..., str], words: tuple[object, ...], said: str) -> None:
    assert said in fails("area", "lenet5", *words)


def test_a_broken_picture_is_told(fails: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    assert "empty.png" in fails("area", "lenet5", "--layer", "c3", "--unit", 0, 0, "--image", tmp_path / "empty.png")


def test_an_unknown_area_is_told_with_the_reason(fails: Callable[..., str]) -> None:
    said = fails(
        "area", "maxvit_t", "--weights", "none", "--layer", "blocks.1.layers.0.layers.MBconv.proj.1", "--unit", 0, 0
    )
    assert "is unknown (A layer before it is unknown): choose a layer before it." in said
