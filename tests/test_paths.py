"""Networks whose calls depend on the picture: traced again on it, and every map is that of this very picture."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer import frame_path
from explorer.capture import OtherPath
from explorer.errors import ForwardError, NetworkError
from explorer.graph.trace import trace
from explorer.overtime import recorder
from explorer.recipe import Following, Recipe
from explorer.session import Network
from explorer.values import Bytes, Frame, FrameResult
from explorer.zoo import registry
from explorer.zoo.card import Card, Preparation, Task

CPU = torch.device("cpu")
SIDE = 8


def opened(
    module: nn.Module, channels: int = 3, hw: tuple[int, int] = (SIDE, SIDE), task: Task = "classify"
) -> Network:
    """``module`` as a session opens it: traced on zeros; a pixel goes in as value ÷ 255."""
    preparation = Preparation((channels, *hw), min(hw), "bilinear", (0.0,) * channels, (1.0,) * channels)
    card = Card("mine", "Mine", "", 0, "", 0, "", (), preparation, "", task=task)
    graph = trace(module.eval(), torch.zeros(1, channels, *hw))
    return Network(card, None, module, graph, preparation, (), CPU, hw)


def grey(value: int, hw: tuple[int, int] = (SIDE, SIDE)) -> Frame:
    return Frame(np.full((*hw, 3), value, np.uint8), f"grey {value}")


def noise(seed: int, hw: tuple[int, int] = (SIDE, SIDE)) -> Frame:
    pixels: Bytes = np.random.default_rng(seed).integers(0, 256, (*hw, 3), np.uint8)
    return Frame(pixels, f"noise {seed}")


def run(network: Network, frame: Frame, layer: str = "") -> FrameResult:
    return frame_path.run(network, frame, Recipe(network="mine", layer=layer))


def maps(network: Network, frame: Frame, layer: str) -> np.ndarray[Any, Any]:
    return frame_path.raw_maps(network, frame, Recipe(network="mine", layer=layer))


def as_input(frame: Frame) -> Tensor:
    return torch.from_numpy(frame.pixels.copy()).permute(2, 0, 1)[None] / 255


class Fork(nn.Module):
    """Dark pictures go left, bright ones right; both begin and end alike."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.dark = nn.Conv2d(4, 4, 3, padding=1)
        self.bright = nn.Conv2d(4, 6, 1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        is_bright = bool(x.mean() > 0.5)
        x = self.relu(x.mul_(2))  # in place on the input: a run that was given up must not spoil the next
        x = self.relu(self.stem(x))
        x = self.relu(self.bright(self.relu(x))) if is_bright else self.dark(x)
        return x.mean((2, 3))


def test_the_other_path_is_traced_and_its_maps_are_true() -> None:
    module = Fork()
    network = opened(module)
    dark, bright = noise(0), Frame(np.maximum(noise(1).pixels, 128), "bright")
    assert "dark" in network.graph.by_id
    first = run(network, Frame(dark.pixels // 4, "dark"))
    assert not network.varies
    assert set(first.thumbnails) == set(network.graph.by_id)

    result = frame_path.run(network, bright, Recipe(network="mine", columns=2))
    assert network.varies
    assert set(result.columns) == {layer.id for layer in network.stages}
    assert "bright" in network.graph.by_id
    assert "dark" not in network.graph.by_id
    assert set(result.thumbnails) == set(network.graph.by_id)
    double = module.double()
    stem = double.stem(functional.relu(as_input(bright).double() * 2))
    right = functional.relu(double.bright(functional.relu(stem)))
    module.float()
    np.testing.assert_allclose(maps(network, bright, "stem"), stem[0].detach().numpy(), atol=1e-5)
    np.testing.assert_allclose(maps(network, bright, "relu:4"), right[0].detach().numpy(), atol=1e-5)
    with torch.inference_mode():
        assert torch.equal(network.seen.output, module(as_input(bright)))  # type: ignore[union-attr]


def test_a_layer_of_both_paths_stays_chosen_while_pictures_change() -> None:
    module = Fork()
    network = opened(module)
    for value in (0, 255, 0, 255, 255, 0):
        result = run(network, grey(value), "stem")
        with torch.inference_mode():
            stem = module.stem(functional.relu(as_input(grey(value)) * 2))[0]
        np.testing.assert_allclose(maps(network, result.frame, "stem"), stem.numpy(), atol=1e-6)
        assert ("bright" in network.graph.by_id) == (value == 255)


def test_a_layer_that_is_gone_is_told_and_comes_back_with_its_picture() -> None:
    network = opened(Fork())
    assert run(network, grey(0), "dark").view.layer.id == "dark"
    for _ in range(2):
        with pytest.raises(
            NetworkError, match=r"dark did not run: for this picture .* Choose another layer or another"
        ):
            run(network, grey(255), "dark")
    assert run(network, grey(255)).view.layer.id == "stem"
    assert run(network, grey(0), "dark").view.layer.id == "dark"
    with pytest.raises(NetworkError, match="bright did not run"):
        frame_path.raw_maps(network, grey(0), Recipe(layer="bright"))


def test_nothing_is_traced_again_while_the_path_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer import session

    traced: list[int] = []
    monkeypatch.setattr(session, "trace", lambda *a: (traced.append(1), trace(*a))[1])
    network = opened(Fork())
    for value in (255, 250, 240, 230):
        run(network, grey(value))
    assert len(traced) == 1


def test_all_maps_are_those_of_the_new_path() -> None:
    network = opened(Fork())
    found = frame_path.all_maps(network, grey(255), Recipe())
    assert "bright" in found
    assert set(found) == set(network.graph.by_id)


def test_a_network_that_never_runs_the_same_calls_is_told() -> None:
    class Dice(nn.Module):
        throw = itertools.count()

        def forward(self, x: Tensor) -> Tensor:
            for _ in range(next(self.throw)):
                x = torch.tanh(x)
            return x

    network = opened(Dice())
    with pytest.raises(OtherPath, match="another path each time it runs"):
        run(network, grey(3))
    assert issubclass(OtherPath, ForwardError)


class Sift(nn.Module):
    """Keeps the bright cells alone: as many values as the picture has of them."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Conv2d(3, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        kept = x[x > 0.5]
        pairs = torch.stack((kept, kept * 2), 1)
        return torch.tanh(pairs) + self.scale(x).mean()


def test_sizes_that_depend_on_the_picture_are_those_of_the_picture() -> None:
    network = opened(Sift())
    graph = network.graph
    for frame in (noise(1), noise(2), noise(1)):
        kept = as_input(frame)[as_input(frame) > 0.5]
        result = run(network, frame, "tanh")
        assert result.view.layer.output == (len(kept), 2)
        np.testing.assert_allclose(maps(network, frame, "tanh")[0], torch.tanh(torch.stack((kept, 2 * kept), 1)))
        assert set(result.thumbnails) == set(graph.by_id)
    assert network.graph is graph, "the calls are the same: nothing to trace again"
    assert not network.varies


def test_a_layer_without_values_for_this_picture_is_told() -> None:
    network = opened(Sift())
    with pytest.raises(NetworkError, match=r"tanh makes no values from this input .* 0 × 2"):
        run(network, grey(0), "tanh")
    assert run(network, grey(0)).view.layer.id == "scale"
    assert run(network, grey(255), "tanh").view.layer.output == (3 * SIDE * SIDE, 2)


def small(name: str, side: int) -> nn.Module:
    """A detector that resizes its input to ``side``, and thinks enough of its random boxes to keep some."""
    module = registry.build(registry.card(name))
    if "retinanet" in name or "fasterrcnn" in name:
        module.transform.min_size, module.transform.max_size = (side,), side
    for part in (module, getattr(module, "roi_heads", None)):
        if hasattr(part, "score_thresh"):
            part.score_thresh = 0.01
    return module


def reference(double: nn.Module, names: list[str], x: Tensor) -> dict[str, Tensor]:
    """What the modules of those names made at their last call, in float64."""
    seen: dict[str, Tensor] = {}
    hooks = [
        double.get_submodule(name).register_forward_hook(
            lambda _m, _i, out, name=name: seen.update({name: out.clone()})
        )
        for name in names
    ]
    with torch.inference_mode():
        double(x.double())
    for hook in hooks:
        hook.remove()
    return seen


@pytest.mark.parametrize("name", ["ssdlite320_mobilenet_v3_large", "retinanet_resnet50_fpn", "fasterrcnn_resnet50_fpn"])
def test_a_detector_is_seen_whole_on_every_picture(name: str) -> None:
    hw = (64, 64)
    module = small(name, 64)
    network = opened(module, hw=hw, task="detect")
    network.labels = ("thing",) * 4  # as many as a box has numbers: it is no answer of four classes
    bodies = [n for n, m in module.named_modules() if isinstance(m, nn.Conv2d) and n.startswith("backbone")]
    double = copy.deepcopy(module).double()
    for frame in (noise(0, hw), grey(128, hw), noise(2, hw)):
        result = frame_path.run(network, frame, Recipe(network="mine", layer=bodies[-1]))
        assert result.predictions == ()
        assert result.finite
        assert set(result.thumbnails) == set(network.graph.by_id)
        seen = reference(double, bodies, as_input(frame))
        with torch.inference_mode():
            bare = module(as_input(frame))
        found = frame_path.all_maps(network, frame, Recipe())
        for body in bodies:
            wanted = seen[body][0].numpy()
            scale = max(float(np.abs(wanted).max()), 1e-12)
            assert np.abs(found[body] - wanted).max() / scale < 1e-3, body
        assert network.seen is not None
        boxes = bare[0]["boxes"]
        assert len(boxes) > 0, "a detector that finds nothing proves little"
        assert torch.equal(network.seen.output, boxes)
        ends = [network.graph[name] for name in network.graph.outputs]
        assert any(found[end.id].size == boxes.numel() for end in ends)


def test_segmentation_predicts_no_class_and_shows_every_layer() -> None:
    module = registry.build(registry.card("lraspp_mobilenet_v3_large"))
    network = opened(module, hw=(64, 64), task="segment")
    result = run(network, noise(0, (64, 64)))
    assert (result.predictions, result.finite) == ((), True)
    assert network.seen is not None
    assert network.seen.output.shape == (1, 21, 64, 64)
    assert set(result.thumbnails) == set(network.graph.by_id)


def test_a_network_without_convolution() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, 5), nn.Tanh())
    network = opened(module)
    network.labels = tuple("abcde")
    frame = noise(4)
    result = run(network, frame)
    assert result.view.layer.id == "0"
    assert result.view.kernel is None
    with torch.inference_mode():
        best = int(module(as_input(frame)).argmax())
    assert result.predictions[0].label == "abcde"[best]
    np.testing.assert_allclose(
        maps(network, frame, "1").ravel(), module[1](as_input(frame).flatten(1))[0].detach(), atol=1e-6
    )


def test_a_network_of_one_channel_sees_a_colour_picture_in_grey() -> None:
    network = opened(nn.Sequential(nn.Conv2d(1, 2, 3)), channels=1)
    frame = noise(5)
    run(network, frame)
    luma = frame.pixels.astype(float) @ [0.299, 0.587, 0.114] / 255  # ITU-R 601-2, as Pillow's "L"
    np.testing.assert_allclose(maps(network, frame, "input")[0], luma, atol=1 / 255)


@pytest.mark.parametrize("channels", [2, 4])
def test_a_network_of_another_number_of_channels_says_what_it_takes(channels: int) -> None:
    network = opened(nn.Sequential(nn.Conv2d(channels, 2, 3)), channels=channels)
    with pytest.raises(NetworkError, match=f"takes {channels} channels, a picture has 1 or 3: open a .npy array"):
        run(network, noise(6))


def test_a_network_that_raises_for_a_picture_is_told_and_goes_on_with_the_next() -> None:
    class Picky(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            if x.mean() > 0.9:
                raise ValueError("too\nbright")
            return torch.tanh(x)

    network = opened(Picky())
    with pytest.raises(ForwardError, match=r"line \d+ of test_paths\.py \(ValueError: too bright\): correct") as caught:
        run(network, grey(255))
    assert str(caught.value).count("\n") == 0
    assert run(network, grey(10), "tanh").view.layer.id == "tanh"


@pytest.mark.parametrize(
    "spoil", [lambda x: x / 0, lambda x: torch.log(x - 2), lambda x: x * torch.tensor(float("nan"))]
)
def test_values_that_are_no_numbers_are_counted_and_predict_nothing(spoil: Callable[[Tensor], Tensor]) -> None:
    class Spoiled(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return spoil(x).mean((2, 3))

    network = opened(Spoiled())
    network.labels = tuple("abc")
    last = network.graph.output.id
    result = run(network, grey(7), last)
    assert (result.predictions, result.finite) == ((), False)
    assert result.view.statistics.nan + result.view.statistics.inf > 0


def test_nan_that_decides_the_path_is_followed() -> None:
    class Turns(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            y = x / x.mean()  # NaN where all is black, as when it is traced
            return torch.tanh(y) if bool(y.isnan().any()) else torch.sigmoid(y) * 2

    network = opened(Turns())
    assert "tanh" in network.graph.by_id
    frame = noise(1)
    x = as_input(frame)
    run(network, frame)
    np.testing.assert_allclose(
        maps(network, frame, network.graph.output.id), (torch.sigmoid(x / x.mean()) * 2)[0], atol=1e-6
    )


def test_whose_fault_it_may_be_when_a_network_raises() -> None:
    """A size that torch refuses inside its own layer is not called a mistake in the person's code."""

    class Slips(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.no_such_thing()  # type: ignore[operator]

    line = Slips.forward.__code__.co_firstlineno + 1
    with pytest.raises(ForwardError, match=rf"line {line} of test_paths\.py \(AttributeError: .*correct that line"):
        trace(Slips(), torch.zeros(1, 3, 8, 8))
    with pytest.raises(ForwardError, match=r"stopped while it ran \(RuntimeError: .*\)\. Try another input size"):
        trace(nn.Sequential(nn.Flatten(), nn.Linear(7, 2)), torch.zeros(1, 3, 8, 8))


class Ends(nn.Module):
    """Ends the program."""

    def forward(self, x: Tensor) -> Tensor:
        raise SystemExit(3)


class Needs(nn.Module):
    """Takes two inputs."""

    def forward(self, x: Tensor, meta: Tensor) -> Tensor:
        return x + meta


def test_a_network_that_ends_the_program_only_stops() -> None:
    with pytest.raises(ForwardError, match=r"line \d+ of test_paths\.py \(RuntimeError: SystemExit: 3\)"):
        trace(Ends(), torch.zeros(1, 3, 8, 8))


def test_a_network_of_several_inputs_points_to_its_card() -> None:
    with pytest.raises(
        ForwardError, match=r"more than a picture .*'meta'.*its further inputs in its card, .*inputs = \["
    ):
        trace(Needs(), torch.zeros(1, 3, 8, 8))


def test_over_time_each_path_is_analysed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    analysed, analyse = list[int](), recorder.analyse
    monkeypatch.setattr(recorder, "analyse", lambda graph: analysed.append(len(graph)) or analyse(graph))
    network = opened(Fork())
    for n in range(8):  # each of another moment, so that its patch may be among the strongest
        frame = replace(grey(10 + 9 * n if n % 2 else 180 + 9 * n), index=100 * n)
        result = frame_path.run(network, frame, Recipe(network="mine", layer="stem", overtime=Following()))
    assert result.overtime is not None
    assert len(analysed) == len(set(analysed)) == 2
    assert all(patch.known for patch in result.overtime.patches.found)
