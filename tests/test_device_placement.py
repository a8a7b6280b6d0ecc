"""Every network on a pretend accelerator: the same maps as on the CPU, and a forgotten move is found."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explorer import device, frame_path, prepare
from explorer.capture import capture, clones
from explorer.errors import ForwardError
from explorer.pinned import Pinned
from explorer.recipe import Recipe
from explorer.session import Network, Session
from explorer.values import Bytes, Floats, Frame, FrameResult
from explorer.zoo import registry
from tests.pretend_device import DEVICE, PretendTensor, pretend_device

MORE_OF_THE_SAME = [f"vgg_{form}" for form in "abcde"] + [f"resnet{depth}_paper" for depth in (34, 101, 152)]
"""The modules of another network on the list, only more of them: once through the path is enough."""
NAMES = [card.name for card in registry.cards() if card.name not in MORE_OF_THE_SAME]
SIDE = 64
"""Of the networks' inputs: enough for most of them, and quick."""
WHOLE = ("alexnet_", "vgg_", "googlenet_paper")
"""Whose first fully connected layer wants the maps of the usual input, and of no other."""


@pytest.fixture
def choose_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pretend device is the fastest there is."""
    choose = device.choose
    monkeypatch.setattr(device, "choose", lambda name="auto": DEVICE if name == "auto" else choose(name))


@pytest.fixture
def there(choose_it: None) -> Iterator[torch.device]:
    """As ``choose_it``, and it works."""
    with pretend_device() as pretended:
        yield pretended


@pytest.fixture
def frame() -> Frame:
    pixels: Bytes = np.random.default_rng(7).integers(0, 256, (90, 120, 3)).astype(np.uint8)
    pixels[:, :40] //= 4  # something coarser than noise
    return Frame(pixels, "noise")


@pytest.fixture
def drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights are drawn once for both devices: VGG-16's take seconds."""
    build = cache(registry.build)
    monkeypatch.setattr(
        registry, "build", lambda card, state=None: copy.deepcopy(build(card)) if state is None else build(card, state)
    )


def opened(name: str, device: str, weights: str = "none") -> Network:
    usual = registry.card(name).preparation.input_chw[1]
    side = usual if name.startswith(WHOLE) else min(SIDE, usual)
    return Session().open(name, weights, (side, side), device)


Path = tuple[list[FrameResult], list[Floats], dict[str, Tensor]]


def whole_path(network: Network, frame: Frame) -> Path:
    """What can be asked of a network and a picture: results, raw maps, and a clone of every layer brought back."""
    results, maps = [], []
    last = [layer.id for layer in network.graph if layer.op == "conv2d"][-1]
    for layer, thumbnails in (("", ("*",)), (last, ())):
        recipe = Recipe(network=network.card.name, weights="none", layer=layer, channel=1, thumbnails=thumbnails)
        results.append(frame_path.run(network, frame, recipe))
        maps.append(frame_path.raw_maps(network, frame, recipe))
    x = prepare.prepare(frame, network.preparation, network.device, network.input_hw).tensor
    assert x.device == network.device
    assert x.is_contiguous(memory_format=torch.channels_last)
    everything = capture(network.module, network.graph, x, clones(network.graph)).values
    assert {clone.device for clone in everything.values()} == {network.device}
    return results, maps, {name: clone.cpu() for name, clone in everything.items()}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("quick_weights", "choose_it", "drawn_once")
def test_every_network_gives_the_same_as_on_the_cpu(name: str, frame: Frame) -> None:
    on_cpu = opened(name, "cpu")
    expected, expected_maps, expected_clones = whole_path(on_cpu, frame)
    with pretend_device():
        network = opened(name, "auto")
        assert network.device == DEVICE
        assert all(isinstance(t, PretendTensor) for t in network.module.state_dict().values())
        found, maps, cloned = whole_path(network, frame)
    assert network.graph == on_cpu.graph
    for result, reference in zip(found, expected, strict=True):
        assert result.device == str(DEVICE)
        assert [(p.index, p.probability) for p in result.predictions] == [
            (p.index, pytest.approx(p.probability, rel=1e-5)) for p in reference.predictions
        ]
        np.testing.assert_array_equal(result.prepared, reference.prepared)
        close(result.view.map, reference.view.map)
        assert (result.view.kernel is None) == (reference.view.kernel is None)
        if result.view.kernel is not None and reference.view.kernel is not None:
            np.testing.assert_array_equal(result.view.kernel, reference.view.kernel)
        assert result.thumbnails.keys() == reference.thumbnails.keys()
        for layer, thumbnail in result.thumbnails.items():
            assert thumbnail.signed == reference.thumbnails[layer].signed
            off = thumbnail.levels.astype(int) - reference.thumbnails[layer].levels
            assert np.abs(off).max() <= 1, layer
    assert len(found[0].thumbnails) == len(network.graph)
    for array, reference_array in zip(maps, expected_maps, strict=True):
        close(array, reference_array)
    assert cloned.keys() == expected_clones.keys()
    for layer, clone in cloned.items():
        close(clone.numpy(), expected_clones[layer].numpy())


@pytest.mark.parametrize("name", MORE_OF_THE_SAME)
@pytest.mark.usefixtures("quick_weights", "there")
def test_nothing_of_a_larger_network_is_left_behind(name: str, frame: Frame) -> None:
    network = opened(name, "auto")
    assert all(isinstance(t, PretendTensor) for t in network.module.state_dict().values())
    result = frame_path.run(network, frame, Recipe(network=name, weights="none"))
    assert result.device == str(DEVICE)
    assert len(result.predictions) == 5


def close(found: Floats, expected: Floats) -> None:
    """float32 by the same kernels on both sides: nearly always equal to the bit."""
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6 * max(1.0, float(np.abs(expected).max())))


@pytest.mark.usefixtures("there")
def test_trained_weights_and_an_array_arrive_too() -> None:
    network = opened("lenet5", "auto", "digits")
    array = np.random.default_rng(3).standard_normal((1, 32, 32)).astype(np.float32)
    given = Frame(np.zeros((32, 32, 3), np.uint8), "array", array=array)
    result = frame_path.run(network, given, Recipe(network="lenet5", layer="input"))
    np.testing.assert_array_equal(result.view.map, array[0])
    assert result.trained
    assert len(result.predictions) == 5


# What must be found


class Offset(nn.Module):
    """A network with a tensor that is neither parameter nor buffer, so that ``Module.to`` leaves it where it is."""

    def __init__(self, move: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.offset = torch.ones(1, 4, 1, 1)
        self.move = move

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x + (self.offset.to(x.device) if self.move else self.offset)


@pytest.fixture
def zoo_has(monkeypatch: pytest.MonkeyPatch) -> Callable[[nn.Module], None]:
    """Give a module in the place of whatever the zoo would build."""

    def plant(module: nn.Module) -> None:
        monkeypatch.setattr(registry, "build", lambda card, state=None: module.eval())

    return plant


@pytest.mark.usefixtures("choose_it")
def test_a_tensor_that_a_network_forgot_to_move_is_found(zoo_has: Callable[[nn.Module], None]) -> None:
    zoo_has(Offset(move=False))
    opened("resnet18", "cpu")
    with pretend_device(), pytest.raises(ForwardError, match=r"same device.* meta and cpu"):
        opened("resnet18", "auto")
    zoo_has(Offset(move=True))
    with pretend_device():
        assert opened("resnet18", "auto").device == DEVICE


@pytest.mark.usefixtures("there")
def test_an_input_that_prepare_forgot_to_move_is_found(frame: Frame, monkeypatch: pytest.MonkeyPatch) -> None:
    network = opened("lenet5", "auto")
    monkeypatch.setattr(prepare, "_on", lambda tensor, device: tensor)
    with pytest.raises(RuntimeError, match="same device"):
        frame_path.run(network, frame, Recipe(network="lenet5"))


@pytest.mark.usefixtures("there")
def test_means_that_prepare_forgot_to_move_are_found(frame: Frame, monkeypatch: pytest.MonkeyPatch) -> None:
    network = opened("lenet5", "auto")
    row = prepare._row.__wrapped__
    monkeypatch.setattr(prepare, "_row", lambda figures, width, _device: row(figures, width, torch.device("cpu")))
    with pytest.raises(RuntimeError, match="same device"):
        frame_path.run(network, frame, Recipe(network="lenet5"))


@pytest.mark.usefixtures("there")
def test_a_reducer_that_forgot_to_copy_back_is_found(frame: Frame, monkeypatch: pytest.MonkeyPatch) -> None:
    network = opened("lenet5", "auto")
    monkeypatch.setattr(Tensor, "cpu", lambda self: self)
    with pytest.raises((ForwardError, TypeError), match="copy the tensor to host"):
        frame_path.run(network, frame, Recipe(network="lenet5", thumbnails=()))


# The copy to a card


def copies(frame: Frame, place: torch.device, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, object]]:
    """What ``prepare`` does to move a picture to ``place``, in order; a card is only pretended."""
    done: list[tuple[str, object]] = []
    pinned: set[int] = set()
    move, row = Tensor.to, prepare._row.__wrapped__

    def memory(tensor: Tensor) -> Tensor:
        done.append(("pin", tensor.dtype))
        buffer = torch.empty_like(tensor)
        pinned.add(id(buffer))
        return buffer

    def to(tensor: Tensor, *arguments: object, **options: object) -> Tensor:
        if place not in arguments:
            return move(tensor, *arguments, **options)  # type: ignore[call-overload, no-any-return]
        done.append(("copy from pinned" if id(tensor) in pinned else "copy", options.get("non_blocking", False)))
        return tensor.clone()

    line = Pinned(memory, lambda device: lambda: None)
    monkeypatch.setattr(prepare, "_PINNED", line)
    monkeypatch.setattr(prepare, "_row", lambda figures, width, _device: row(figures, width, torch.device("cpu")))
    monkeypatch.setattr(Tensor, "to", to)
    prepare.prepare(frame, registry.card("lenet5").preparation, place)
    return done


@pytest.mark.parametrize("unprepared", [False, True])
@pytest.mark.parametrize("name", ["cuda", "cuda:1"])
def test_copies_to_a_card_are_pinned_and_do_not_wait(
    name: str, unprepared: bool, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Frame(frame.pixels, "array", array=np.zeros((1, 32, 32), np.float32)) if unprepared else frame
    done = copies(given, torch.device(name), monkeypatch)
    assert done == [("pin", torch.float32 if unprepared else torch.uint8), ("copy from pinned", True)]


def test_on_the_cpu_nothing_is_pinned(frame: Frame, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {what for what, _waits in copies(frame, torch.device("cpu"), monkeypatch)} <= {"copy"}


# The pretend device itself


def test_what_it_computes_and_where() -> None:
    numbers = torch.arange(6.0).reshape(2, 3)
    with pretend_device() as there:
        x = numbers.to(there)
        for made in (
            x + 1,
            x + torch.tensor(1.0),
            x.relu_(),
            x[torch.tensor([0])],
            torch.zeros(2, 3, device=there) + x,
        ):
            assert isinstance(made, PretendTensor)
            assert made.device == there
        assert torch.equal((x @ x.T).cpu(), numbers @ numbers.T)
        assert float(x.sum()) == 15.0
        assert x.tolist() == numbers.tolist()
        back = x.cpu()
        assert type(back) is Tensor
        x.add_(1)
        assert torch.equal(back, numbers), "a copy to the other device is a copy"
        assert torch.equal(x.to("cpu", torch.float64), numbers.double() + 1)
        assert torch.tensor([1.0], device=there).device == there
        with torch.inference_mode():
            assert torch.equal((x.to(torch.float64).cpu()), numbers.double() + 1)
            assert torch.equal(numbers.to(there, torch.float64).cpu(), numbers.double())
            assert numbers.to(there).untyped_storage()._cdata != numbers.untyped_storage()._cdata
        flat = x.view(-1)
        assert flat.untyped_storage()._cdata == x.untyped_storage()._cdata


@pytest.mark.parametrize(
    "op",
    [
        lambda x, y: x + y,
        lambda x, y: y + x,
        lambda x, y: x.add_(y),
        lambda x, y: y.add_(x),
        lambda x, y: torch.cat([x, y]),
        lambda x, y: x @ y.T,
        lambda x, y: nn.functional.linear(x, y),
        lambda x, y: y[x.to(torch.int64)],
        lambda x, y: torch.where(x > 0, y, x),
        lambda x, y: x.index_put_((torch.tensor([0]),), y[0]),
    ],
)
@pytest.mark.parametrize("inference", [False, True])
def test_mixed_devices_raise_as_cuda_would(op: Callable[[Tensor, Tensor], Tensor], inference: bool) -> None:
    with pretend_device() as there, torch.inference_mode(inference):
        x, y = torch.ones(2, 2).to(there), torch.ones(2, 2)
        with pytest.raises(RuntimeError, match="Expected all tensors to be on the same device"):
            op(x, y)


def test_numpy_wants_a_copy() -> None:
    with pretend_device() as there:
        x = torch.ones(2, device=there)
        for read in (Tensor.numpy, np.asarray):
            with pytest.raises(TypeError, match="Use Tensor"):
                read(x)
        np.testing.assert_array_equal(x.cpu().numpy(), [1, 1])
        np.testing.assert_array_equal(x.numpy(force=True), [1, 1])
