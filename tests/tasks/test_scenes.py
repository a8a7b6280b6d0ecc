"""Detectors and segmenters: against torchvision's own answers to the same input, and suppression written anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from explorer import frame_path
from explorer.cli.main import main
from explorer.errors import ForwardError, NetworkError
from explorer.recipe import Finding, Recipe
from explorer.session import Network
from explorer.sources import open_live, read
from explorer.tasks import detect
from explorer.tasks.detect import Boxes, answered, unsuppressed
from explorer.tasks.segment import classes
from explorer.tasks.values import Detection, Found
from explorer.values import Frame, FrameResult, Source
from tests.tasks import small

DETECTOR, SEGMENTER = "ssdlite320_mobilenet_v3_large", "lraspp_mobilenet_v3_large"
Make = Callable[[], Network]


@pytest.fixture(scope="module")
def frame() -> Frame:
    return read(Source("sample", "coffee.png"))


def run(network: Network, frame: Frame, finding: Finding | None, **more: Any) -> FrameResult:
    return frame_path.run(network, frame, Recipe(finding=finding, thumbnails=(), **more))


def found(network: Network, frame: Frame, *finding: Any) -> tuple[Detection, ...]:
    answer = run(network, frame, Finding(*finding)).found
    assert answer is not None
    assert answer.detections is not None
    return answer.detections


def torchvisions(network: Network, frame: Frame) -> dict[str, torch.Tensor]:
    with torch.inference_mode():
        (raw,) = network.module([network.prepare(frame).tensor[0]])
    return raw


def check(found: tuple[Detection, ...], raw: dict[str, torch.Tensor], network: Network, frame: Frame) -> None:
    """Boxes as torchvision gave them, placed by hand in the picture's pixels."""
    geometry = network.prepare(frame).geometry
    (sy, sx), (oy, ox) = geometry.scale, geometry.origin
    order = torch.argsort(raw["scores"], descending=True, stable=True)
    boxes = raw["boxes"][order].numpy()[:, [1, 0, 3, 2]] * [sy, sx, sy, sx] + [oy, ox, oy, ox]
    np.testing.assert_allclose([one.score for one in found], raw["scores"][order], rtol=1e-5)
    np.testing.assert_allclose([one.box for one in found], boxes, rtol=1e-4, atol=1e-3)
    assert [one.index for one in found] == raw["labels"][order].tolist()
    assert all(one.label == network.labels[one.index] for one in found)


def overlap(a: Any, b: Any) -> float:
    height = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    width = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return height * width / (both - height * width)


@pytest.mark.parametrize("make", [small.ssd, small.rcnn, lambda: small.rcnn(masks=True)])
def test_boxes_are_torchvisions_own_before_and_after_suppression(make: Make, frame: Frame) -> None:
    """Before suppression are also those that overlap with a better kept one of their class (Girshick et al. 2014,
    section 2.1), or come after as many as are kept at most; and the run gives the maps and boxes that it ever gives.
    """
    network = make()
    raw = torchvisions(network, frame)
    holder: Any = getattr(network.module, "roi_heads", network.module)
    most, up_to = holder.nms_thresh, holder.detections_per_img
    after = found(network, frame)
    assert len(after) == int((raw["scores"] >= 0.5).sum())
    check(found(network, frame, 0.0), raw, network, frame)
    graph = network.graph
    before = found(network, frame, 0.0, True)
    assert network.graph is graph, "the network's own calls were the same"
    kept = tuple(one for one in before if one.kept)
    check(kept, raw, network, frame)
    assert len(before) > len(kept) > 4
    best: list[Detection] = []
    for one in before:
        if all(one.index != other.index or overlap(one.box, other.box) <= most for other in best):
            best.append(one)
    assert kept == tuple(best[:up_to])
    assert (holder.nms_thresh, holder.detections_per_img) == (most, up_to), "put back"
    assert "postprocess_detections" not in vars(holder), "put back"
    with pytest.raises(RuntimeError), unsuppressed(network.module, network.input_hw):
        raise RuntimeError
    assert "postprocess_detections" not in vars(holder), "put back"


def test_a_score_as_large_as_the_threshold_counts_and_a_class_without_name_has_a_number() -> None:
    boxes = Boxes(torch.zeros(3, 4), torch.tensor([1, 9, 1]), torch.tensor([0.25, 0.75, 0.5]), torch.ones(3).bool())
    geometry = small.ssd().prepare(Frame(np.zeros((64, 64, 3), np.uint8), "black")).geometry
    told = [(one.label, one.score) for one in boxes.detections(small.LABELS, geometry, 0.5)]
    assert told == [("class 9", 0.75), ("cat", 0.5)]


def test_the_best_of_the_suppressed_are_told_however_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detect, "MOST", 2)
    before = torch.tensor([[0, 0, n, n, n / 10, 1] for n in (3, 6, 1, 5, 2, 4)])  # a box, its score, its class
    both = detect._joined(before[[1, 3]], before, (64, 64), (64, 64))
    assert [round(10 * score) for score in both.scores.tolist()] == [6, 5, 4, 3]
    assert both.kept.tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("make", "task"),
    [(small.ssd, "detect"), (lambda: small.rcnn(masks=True), "detect"), (small.segmenter, "segment")],
)
def test_live_frames_have_their_own_answers(make: Make, task: str) -> None:
    """Of the demo feed, with the fast form of the network; who does not ask pays nothing and gets nothing."""
    network, source = make(), Source("demo", "")
    feed = open_live(source)
    try:
        frames = [feed.read() for _frame in range(3)]
    finally:
        feed.close()
    for one in frames:
        assert one is not None
        graph = network.graph
        result = run(network, one, Finding(0.0, True), source=source)
        assert network.graph is graph or one is frames[0], "what it does for another number of boxes is the same"
        assert result.found is not None
        assert result.found.error is None
        if task == "detect":
            assert result.found.detections is not None
            assert result.found.segmented is None
            kept = tuple(each for each in result.found.detections if each.kept)
            check(kept, torchvisions(network, one), network, one)
        else:
            assert result.found.segmented is not None
            assert result.found.detections is None
            np.testing.assert_array_equal(result.found.segmented.classes, label_map(network, one))
    assert run(network, frames[-1], None, source=source).found is None


def label_map(network: Network, frame: Frame) -> Any:
    with torch.inference_mode():
        raw = network.module(network.prepare(frame).tensor)["out"]
    return raw[0].argmax(0).numpy()


def test_the_label_map_is_the_raw_outputs_argmax(frame: Frame) -> None:
    network = small.segmenter()
    result = run(network, frame, Finding())
    assert result.found is not None
    assert result.found.segmented is not None
    raw, seen = label_map(network, frame), result.found.segmented
    np.testing.assert_array_equal(seen.classes, raw)
    assert len(np.unique(raw)) > 2
    shares = {int(index): float((raw == index).mean()) for index in np.unique(raw)}
    assert dict(seen.shares) == pytest.approx(shares)
    assert [share for _index, share in seen.shares] == sorted(shares.values(), reverse=True)


def test_what_is_asked_of_a_seen_frame_needs_no_second_run(frame: Frame) -> None:
    network, runs = small.ssd(), []
    hook = network.module.backbone.register_forward_hook(lambda *_: runs.append(1))
    for finding, wanted in [
        (None, 1),
        (Finding(0.2), 1),
        (Finding(0.4), 1),
        (Finding(0.4, True), 2),
        (Finding(0.3, True), 2),
        (Finding(0.4), 2),
    ]:
        run(network, frame, finding)
        assert len(runs) == wanted, finding
    hook.remove()


class Odd(nn.Module):
    """Answers with boxes as torchvision's detectors do, but hides how it suppresses them; or with none."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self.conv, self.names = nn.Conv2d(3, 4, 1), names

    def forward(self, x: torch.Tensor) -> list[dict[str, torch.Tensor]]:
        y = self.conv(x)
        rows = y[0, :, 0, :2].t().contiguous()
        parts = {"boxes": rows, "labels": (rows[:, 0] * 0).long(), "scores": rows[:, 0].sigmoid()}
        return [{name: parts[name] for name in self.names}]


def test_what_another_network_cannot_tell_is_said(frame: Frame) -> None:
    def of(network: Network, **more: Any) -> Found:
        answer = run(network, frame, Finding(0.0, **more)).found
        assert answer is not None
        return answer

    hiding = small.network(Odd(("boxes", "labels", "scores")), "detect")
    assert len(of(hiding).detections or ()) == 2
    told = of(hiding, before=True)
    assert len(told.detections or ()) == 2
    assert "before cannot be seen" in str(told.error)
    assert "no boxes" in str(of(small.network(Odd(("boxes", "scores")), "detect")).error)
    assert "no class for each place" in str(of(small.network(nn.Sequential(nn.Flatten()), "segment")).error)
    neither = of(replace(small.segmenter(), card=replace(small.segmenter().card, task="none")))
    assert (neither.detections, neither.segmented, neither.error) == (None, None, None)
    for returned in (
        torch.zeros(1, 10),
        [],
        [{}],
        [{"boxes": 3}],
        None,
        [dict.fromkeys(("boxes", "labels", "scores"))],
    ):
        with pytest.raises(NetworkError, match="no boxes"):
            answered(returned)
    for value in (float("nan"), float("inf")):
        with pytest.raises(ForwardError, match="not finite"):
            classes(torch.full((1, 2, 3, 3), 0.0).index_fill(1, torch.tensor([1]), value))


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
    assert main(["detect", "coffee.png", "--model", DETECTOR, "--weights", "none", "--threshold", "1"]) == 0
    said = capsys.readouterr().out
    assert "Nothing was found" in said
    assert "untrained" in said


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
