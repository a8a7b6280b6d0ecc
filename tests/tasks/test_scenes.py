"""Detectors and segmenters: against torchvision's own post-processing on the same raw outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.cli.main import main
from explorer.errors import ForwardError, NetworkError
from explorer.scenes import detected, segmented
from explorer.session import Network, Session
from explorer.sources import read
from explorer.tasks.detect import detections, suppressed, suppression, unsuppressed
from explorer.tasks.segment import segment
from explorer.tasks.values import Detection
from explorer.values import Frame, Geometry, Source

DETECTOR, SEGMENTER = "ssdlite320_mobilenet_v3_large", "lraspp_mobilenet_v3_large"


@pytest.fixture(scope="module")
def frame() -> Frame:
    return read(Source("sample", "coffee.png"))


@pytest.fixture(scope="module")
def ssd() -> Network:
    """Untrained, with heads that find something: the last ones' biases are drawn wide."""
    network = Session().open(DETECTOR, "none", device="cpu")
    draw = torch.Generator().manual_seed(1)
    for head in network.module.head.classification_head.module_list:
        last = head[-1]
        last.weight.data.normal_(0, 0.4, generator=draw)
        last.bias.data.normal_(0, 2, generator=draw)
    return network


def test_boxes_are_torchvisions_own_in_the_pictures_pixels(ssd: Network, frame: Frame) -> None:
    with torch.inference_mode():
        (raw,) = ssd.module([ssd.prepare(frame).tensor[0]])
    found = detected(ssd, frame, least=0.3)
    order = torch.argsort(raw["scores"], descending=True, stable=True)
    wanted = [(int(raw["labels"][i]), float(raw["scores"][i])) for i in order if raw["scores"][i] >= 0.3]
    assert len(wanted) > 5
    np.testing.assert_allclose([one.score for one in found], [score for _i, score in wanted], rtol=1e-5)
    assert [one.index for one in found] == [index for index, _s in wanted]
    geometry = ssd.prepare(frame).geometry
    first = raw["boxes"][order[0]].tolist()
    (sy, sx), (oy, ox) = geometry.scale, geometry.origin
    expected = [oy + first[1] * sy, ox + first[0] * sx, oy + first[3] * sy, ox + first[2] * sx]
    np.testing.assert_allclose(found[0].box, expected, rtol=1e-5)
    assert found[0].label == ssd.labels[found[0].index]


def test_those_before_suppression_are_more_and_those_kept_are_the_same(ssd: Network, frame: Frame) -> None:
    most = suppression(ssd.module)
    after, before = detected(ssd, frame, least=0.3), detected(ssd, frame, least=0.3, before=True)
    kept = [one for one in before if one.kept]
    assert 2000 > len(before) > len(kept) >= len(after) > 5
    places = {(one.index, tuple(np.round(one.box, 2))) for one in before}
    assert {(one.index, tuple(np.round(one.box, 2))) for one in after} <= places
    assert suppression(ssd.module) == most, "put back"
    with pytest.raises(RuntimeError), unsuppressed(ssd.module):
        raise RuntimeError
    assert (suppression(ssd.module), ssd.module.detections_per_img) == (most, 300)


def overlap(a: Any, b: Any) -> float:
    height = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    width = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return height * width / (both - height * width)


@pytest.mark.parametrize("seed", range(20))
def test_suppression_is_greedy_within_each_class(seed: int) -> None:
    """Girshick et al. 2014, section 2.1: reject a box that overlaps with a better one of its class that was kept."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 80))
    corner, size = rng.uniform(0, 40, (n, 2)), rng.uniform(1, 30, (n, 2))
    boxes = np.concatenate([corner, corner + size], 1).tolist()
    scores, classes = (rng.permutation(n) / n).tolist(), rng.integers(0, 3, n).tolist()
    most = float(rng.uniform(0.1, 0.9))
    kept: list[int] = []
    for i in sorted(range(n), key=lambda i: -scores[i]):
        if all(classes[i] != classes[k] or overlap(boxes[i], boxes[k]) <= most for k in kept):
            kept.append(i)
    found = [Detection(classes[i], "", scores[i], tuple(boxes[i])) for i in range(n)]
    assert [one.score for one in suppressed(found, most) if one.kept] == [scores[i] for i in kept]
    assert suppressed([], most) == ()


def test_the_label_map_is_the_raw_outputs_argmax(frame: Frame) -> None:
    network = Session().open(SEGMENTER, "none", device="cpu")
    found, geometry = segmented(network, frame)
    with torch.inference_mode():
        raw = network.module(network.prepare(frame).tensor)["out"]
    np.testing.assert_array_equal(found.classes, raw[0].argmax(0).numpy())
    assert geometry == network.prepare(frame).geometry
    assert sum(share for _index, share in found.shares) == pytest.approx(1)
    for index, share in found.shares:
        assert share == pytest.approx(float((raw[0].argmax(0) == index).float().mean()), abs=1e-6)
    assert [share for _index, share in found.shares] == sorted((share for _i, share in found.shares), reverse=True)


def test_what_is_no_answer_of_such_a_network_is_refused(ssd: Network, frame: Frame) -> None:
    geometry = Geometry((4, 4), (4, 4), (1, 1), (0, 0))
    for returned in (torch.zeros(1, 10), [], [{}], [{"boxes": 3}], None):
        with pytest.raises(NetworkError, match="no boxes"):
            detections(returned, (), geometry)
    with pytest.raises(NetworkError, match="no class for each place"):
        segment(torch.zeros(1, 10), ())
    with pytest.raises(ForwardError, match="not finite"):
        segment(torch.full((1, 2, 3, 3), float("nan")), ())
    with pytest.raises(NetworkError, match="does not segment"):
        segmented(ssd, frame)
    lenet = Session().open("lenet5", device="cpu")
    with pytest.raises(NetworkError, match="does not detect"):
        detected(lenet, frame)


def asked(capsys: pytest.CaptureFixture[str], *words: object) -> Any:
    assert main([*map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_from_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "상자.png"
    words = ("coffee.png", "--weights", "none", "--out", file)
    found = asked(capsys, "detect", *words, "--model", DETECTOR, "--threshold", 0, "--before-nms")
    assert found["trained"] is False
    assert found["boxes"]
    assert {True, False} == {box["kept"] for box in found["boxes"]}
    with Image.open(file) as page:
        assert page.width > 600
    found = asked(capsys, "segment", *words, "--model", SEGMENTER)
    assert found["map"] == [520, 520]
    assert sum(one["share"] for one in found["classes"]) == pytest.approx(1)
    assert main(["segment", *map(str, words), "--model", SEGMENTER]) == 0
    assert "untrained" in capsys.readouterr().out
    assert main(["detect", "coffee.png", "--model", DETECTOR, "--weights", "none", "--threshold", "1"]) == 0
    assert "Nothing was found" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["detect", "coffee.png", "--model", "lenet5"], "does not detect"),
        (["segment", "coffee.png", "--model", "lenet5"], "does not segment"),
        (["detect", "coffee.png", "--model", DETECTOR, "--weights", "none", "--threshold", "2"], "is no threshold"),
        (["detect", "coffee.png", "--model", DETECTOR, "--weights", "none", "--out", "x.jpg"], "end in .png"),
        (["detect", "coffee.png", "--model", DETECTOR, "--weights", "coco_v1"], "weights get"),
    ],
)
def test_what_cannot_be_done_is_said(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert sentence in printed.err
