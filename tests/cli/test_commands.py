"""What the commands print and write; the processes themselves are in tests/e2e."""

from __future__ import annotations

import csv
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.cli import live, output
from explorer.cli.main import main
from explorer.errors import SourceError
from explorer.text import _
from explorer.values import Frame, Source
from explorer.zoo import registry


def test_layers_carry_what_later_rooms_compute_from(answer: Callable[..., Any]) -> None:
    found = answer("layers", "resnet18")
    assert list(found) == ["model", "weights", "input", "outputs", "layers"]
    assert (found["weights"], found["outputs"]) == ("none", ["fc"])
    assert (found["model"], found["input"]) == ("resnet18", [3, 224, 224])
    layers = {layer["id"]: layer for layer in found["layers"]}
    names = {"id", "name", "block", "module", "op", "inputs", "output", "axes", "parameters", "macs", "attributes"}
    names |= {"receptive_field"}
    assert all(set(layer) == names for layer in found["layers"])
    assert len(layers) == len(found["layers"])
    assert all(source in layers for layer in found["layers"] for source in layer["inputs"])
    assert sum(layer["parameters"] for layer in found["layers"]) == 11_689_512
    assert sum(layer["macs"] for layer in found["layers"]) == pytest.approx(1.814e9, rel=0.005)  # torchvision's figure
    assert (layers["conv1"]["output"], layers["conv1"]["axes"]) == ([64, 112, 112], "CHW")
    assert layers["layer1.0.relu:2"]["name"] == "layer1.0.relu"
    assert (layers["layer1.0.bn1"]["block"], layers["layer1.0.bn1"]["module"]) == ("layer1.0", "BatchNorm2d")


@pytest.mark.parametrize("name", ["regnet_y_400mf", "lraspp_mobilenet_v3_large", "test_efficientnet"])
def test_layers_of_every_named_network(answer: Callable[..., Any], name: str) -> None:
    """Of torchvision's registry, and of timm's."""
    found = answer("layers", name, "--input", "64x64")
    assert found["weights"] == "none"
    assert len(found["layers"]) > 50
    assert sum(layer["parameters"] for layer in found["layers"]) == registry.card(name).parameters


def test_an_answer_of_a_network_of_torchvisions_registry(answer: Callable[..., Any]) -> None:
    found = answer("predict", "coffee", "--model", "mobilenet_v3_small", "--weights", "none")
    assert (found["model"], len(found["predictions"])) == ("mobilenet_v3_small", 5)


def test_layers_at_another_input_size(answer: Callable[..., Any]) -> None:
    found = answer("layers", "squeezenet1_1", "--input", "97x131")
    assert found["input"] == [3, 97, 131]
    assert found["layers"][1]["output"] == [64, 48, 65]


def test_layers_are_those_of_the_weights_that_predict_takes(
    answer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """GoogLeNet's published weights come with ops in front of the first layer."""
    import torchvision

    from explorer.zoo import weights

    card, file = registry.card("googlenet"), weights.cache_folder() / "published.pth"
    file.parent.mkdir(parents=True)
    published = torchvision.models.googlenet(aux_logits=True, init_weights=False).state_dict()
    torch.save(published, file)
    digest = sha256(file.read_bytes()).hexdigest()
    chosen = replace(card.weights[0], file=file.name, sha256=digest)
    monkeypatch.setitem(registry._CARDS, "googlenet", replace(card, weights=(chosen,)))
    untrained = answer("layers", "googlenet", "--weights", "none", "--input", "64x64")
    found = answer("layers", "googlenet", "--input", "64x64")
    assert (untrained["weights"], found["weights"]) == ("none", "imagenet1k_v1")
    assert len(found["layers"]) - len(untrained["layers"]) == 13
    assert answer("layers", "lenet5")["weights"] == "digits"


def test_the_table_of_layers_ends_with_the_sums(out: Callable[..., str]) -> None:
    heading, *rows, total = out("layers", "lenet5").splitlines()
    assert heading.split() == ["layer", "op", "output", "parameters", "MACs", "receptive", "field", "inputs"]
    assert total.split()[:2] == ["all", "61,706"]
    end = heading.index("parameters") + len("parameters")
    assert all(row[end - 1].isdigit() and row[end] == " " for row in (*rows, total))


@pytest.mark.parametrize(("top", "count"), [(3, 3), (5000, 1000)])
def test_as_many_answers_as_were_asked_for_and_there_are(answer: Callable[..., Any], top: int, count: int) -> None:
    found = answer("predict", "coffee", "--top", top)["predictions"]
    assert len(found) == count
    assert found[0]["label"] == "espresso"
    probabilities = [one["probability"] for one in found]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) <= 1 + 1e-5


def test_a_picture_file_gives_what_the_sample_gives(answer: Callable[..., Any], tmp_path: Path) -> None:
    from explorer import sources

    path = tmp_path / "고양이 사진.png"
    path.write_bytes(Path(sources.sample("chelsea.png").path()).read_bytes())
    assert answer("predict", path)["predictions"] == answer("predict", "chelsea")["predictions"]


def test_an_array_goes_in_unprepared(answer: Callable[..., Any], tmp_path: Path) -> None:
    array = np.random.default_rng(1).normal(size=(3, 224, 224)).astype(np.float32)
    np.save(tmp_path / "x.npy", array)
    found = answer("inspect", tmp_path / "x.npy", "--layer", "input", "--out", tmp_path / "out")
    with np.load(found["maps"]) as file:
        np.testing.assert_array_equal(file["maps"], array)


def test_an_output_that_is_not_finite_is_said_to_be(
    out: Callable[..., str], answer: Callable[..., Any], tmp_path: Path
) -> None:
    array = np.zeros((1, 32, 32), np.float32)
    array[0, 3, 3] = np.nan
    np.save(tmp_path / "nan.npy", array)
    found = answer("predict", tmp_path / "nan.npy", "--model", "lenet5", "--lang", "ko")
    assert found["predictions"] == []
    assert "NaN" in found["note"]
    assert found["note"].isascii()
    printed = out("predict", tmp_path / "nan.npy", "--model", "lenet5")
    assert "not finite" in printed
    assert "does not classify" not in printed


def test_live_says_so_too(out: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.zoo import weights

    load = weights.load

    def broken(chosen: Any) -> Any:
        return {name: tensor * torch.nan for name, tensor in load(chosen).items()}

    monkeypatch.setattr(weights, "load", broken)
    assert "not finite" in out("live", "demo", "--model", "lenet5", "--seconds", "0.1")
    line = out("live", "demo", "--model", "lenet5", "--seconds", "0.1", "--json").splitlines()[0]
    assert "not finite" in json.loads(line)["note"]


@pytest.mark.parametrize(("model", "layer", "shape"), [("lenet5", "c1", (6, 28, 28)), ("lenet5", "output", (10, 1, 1))])
def test_inspect_writes_the_maps_the_picture_and_the_figures(
    answer: Callable[..., Any], tmp_path: Path, model: str, layer: str, shape: tuple[int, ...]
) -> None:
    folder = tmp_path / "새 폴더" / "maps"
    options = ("--model", model, "--layer", layer, "--channel", 2, "--out", folder)
    found = answer("inspect", "coffee.png", *options)
    assert found == {
        "maps": str(folder / "maps.npz"),
        "grid": str(folder / "grid.png"),
        "stats": str(folder / "stats.csv"),
        "channel": str(folder / "channel.png"),
    }
    assert {str(path) for path in folder.iterdir()} == set(found.values())
    with np.load(found["maps"], allow_pickle=False) as file:
        maps = file["maps"]
    assert (maps.dtype, maps.shape) == (np.float32, shape)
    with (folder / "stats.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["channel"] for row in rows] == ["all", *map(str, range(len(maps)))]
    means = [float(row["mean"]) for row in rows[1:]]
    np.testing.assert_allclose(means, maps.mean(axis=(1, 2), dtype=np.float64), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose([float(row["maximum"]) for row in rows[1:]], maps.max(axis=(1, 2)), rtol=1e-6)
    for name in ("grid", "channel"):
        with Image.open(found[name]) as page:
            page.load()


def test_inspect_twice_into_one_folder_replaces_the_files(answer: Callable[..., Any], tmp_path: Path) -> None:
    for layer, channels in (("c1", 6), ("c3", 16)):
        found = answer("inspect", "moon", "--model", "lenet5", "--layer", layer, "--out", tmp_path)
        with np.load(found["maps"]) as file:
            assert len(file["maps"]) == channels
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grid.png", "maps.npz", "stats.csv"]


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def said(*words: object) -> str:
        assert main([str(word) for word in words]) == 2
        printed, error = capsys.readouterr()
        assert printed == ""
        return error

    return said


def test_inspect_writes_the_maps_of_all_layers(answer: Callable[..., Any], tmp_path: Path) -> None:
    layers = answer("layers", "lenet5")["layers"]
    found = answer("inspect", "moon", "--model", "lenet5", "--layer", "*", "--out", tmp_path / "all")
    assert found == {"maps": str(tmp_path / "all" / "maps.npz")}
    one = answer("inspect", "moon", "--model", "lenet5", "--layer", "c3", "--out", tmp_path / "one")
    with np.load(found["maps"], allow_pickle=False) as file, np.load(one["maps"]) as single:
        assert file.files == [layer["id"] for layer in layers]
        assert [file[layer["id"]].size for layer in layers] == [np.prod(layer["output"]) for layer in layers]
        np.testing.assert_array_equal(file["c3"], single["maps"])


def test_all_layers_beyond_the_budget_are_refused_before_they_run(
    fails: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from explorer import frame_path

    monkeypatch.setattr(frame_path, "MOST_BYTES", 1 << 20)
    said = fails("inspect", "coffee.png", "--layer", "*", "--weights", "none", "--out", tmp_path / "out")
    assert "but 1 MB are allowed: choose fewer layers" in said
    assert not (tmp_path / "out").exists()


def test_a_channel_of_all_layers_is_refused(fails: Callable[..., str], tmp_path: Path) -> None:
    said = fails("inspect", "moon", "--layer", "*", "--channel", 1, "--out", tmp_path / "out")
    assert "A channel is one of a layer" in said


@pytest.mark.parametrize("command", ["predict", "inspect", "live"])
def test_untrained_weights_are_said_so(out: Callable[..., str], tmp_path: Path, command: str) -> None:
    rest = {"inspect": ["--layer", "input", "--out", tmp_path / "out"], "live": ["--seconds", "0.01"]}.get(command, [])
    source = "demo" if command == "live" else "coffee.png"
    for weights, said in (("none", True), ("", False)):
        printed = out(command, source, "--model", "lenet5", f"--weights={weights}", *rest)
        assert ("untrained" in printed.replace(str(tmp_path), "")) is said


def test_random_weights_are_called_none_in_json(answer: Callable[..., Any]) -> None:
    assert answer("predict", "moon", "--model", "lenet5", "--weights", "none")["weights"] == "none"


class _Feed:
    """A live source of three pictures, the last of which is followed by ``end``."""

    def __init__(self, end: BaseException | None) -> None:
        self.closed = False
        self._left = 3
        self._end = end

    def read(self) -> Frame | None:
        if not self._left:
            if self._end:
                raise self._end
            return None
        self._left -= 1
        return Frame(np.zeros((40, 40, 3), np.uint8), "feed", 2 - self._left)

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("end", [None, SourceError("The plug was pulled: put it back in.")])
def test_a_feed_that_ends_is_told_and_closed(
    end: BaseException | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    feed = _Feed(end)
    monkeypatch.setattr("explorer.sources.open_live", lambda source: feed)
    assert main(["live", "camera:0", "--model", "lenet5", "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert ("plug" if end else "camera 0") in printed.err
    assert feed.closed
    assert all(json.loads(line)["frame"] <= 2 for line in printed.out.splitlines())


def test_a_feed_that_does_not_open_ends_in_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked, left = threading.Event(), threading.Event()

    def hang(source: Source) -> _Feed:
        blocked.wait(20)
        left.set()
        return _Feed(None)

    monkeypatch.setattr("explorer.sources.open_live", hang)
    monkeypatch.setattr(live, "OPENING_S", 0.1)
    monkeypatch.setattr(live, "PATIENCE_S", 0.1)
    start_s = time.perf_counter()
    try:
        assert main(["live", "camera:0", "--seconds", "0.3"]) == 2
        assert time.perf_counter() - start_s < 10, "it waited for the one that hangs"
    finally:
        blocked.set()
        assert left.wait(20)
    assert capsys.readouterr().err.startswith("camera 0 sent no picture within 0.3 s")


def test_the_camera_that_was_named_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Source] = []

    def refuse(source: Source) -> None:
        asked.append(source)
        raise SourceError("no camera")

    monkeypatch.setattr("explorer.sources.open_live", refuse)
    assert main(["live", "camera:3"]) == 2
    assert asked == [Source("camera", "3")]


def test_a_line_for_every_frame_of_the_demo_feed(out: Callable[..., str]) -> None:
    lines = [json.loads(line) for line in out("live", "demo", "--seconds", "1", "--json").splitlines()]
    assert lines
    names = ["frame", "time", "latency_ms", "dropped", "predictions", "times_ms"]
    assert all(list(line) == names for line in lines)
    frames = [line["frame"] for line in lines]
    assert frames == sorted(set(frames))
    assert all({"read", "prepare", "forward"} <= set(line["times_ms"]) for line in lines)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_columns_of_models_stand_under_one_another(out: Callable[..., str], language: str) -> None:
    heading, *rows = out("models", "--lang", language).partition("\n\n")[0].splitlines()
    assert any("가" <= letter <= "힣" for letter in heading) is (language == "ko")
    assert len(rows) >= 98
    column = output.width(heading[: heading.index(_("year")) + len(_("year"))])
    for row in rows:
        year = re.search(r"  (?:19|20)[0-9][0-9]  ", row)
        assert year
        assert output.width(row[: year.end() - 2]) == column
