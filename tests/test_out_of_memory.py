"""Too little memory on an accelerator, injected: the CPU takes over and says so, or a sentence says what to do."""

from __future__ import annotations

import gc
import logging
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explorer import device, frame_path, prepare
from explorer.engine import Engine
from explorer.engine.events import NetworkReady, Problem, ResultReady
from explorer.engine.problems import problem
from explorer.engine.rooms import Rooms
from explorer.errors import DeviceError
from explorer.recipe import Recipe
from explorer.session import Network, Session
from explorer.settings import Settings
from explorer.values import Frame, Source
from explorer.zoo import registry
from tests.engine.fakes import FakeLive, Window, soon
from tests.pretend_device import DEVICE, pretend_device

CPU = torch.device("cpu")
NAME = "pretend"
SHORT = "meta has not enough memory for this network: choose another device or a smaller input."
MOVED = "LeNet-5 needs more memory than meta has and runs on the CPU: a smaller input may fit."
RECIPE = Recipe(network="lenet5", weights="none")
FRAME = Frame(np.random.default_rng(1).integers(0, 256, (40, 40, 3)).astype(np.uint8), "noise")


class Taken:
    """Memory that a forward took before it failed."""


class Hungry(nn.Module):
    """LeNet-5 whose forwards on the accelerator, counted from 1, fail for want of memory where ``fails`` says so."""

    def __init__(self, net: nn.Module, fails: Callable[[int], bool]) -> None:
        super().__init__()
        self.net, self.fails, self.forwards = net, fails, 0
        self.left: list[weakref.ref[Taken]] = []
        self.alive: list[int] = []

    def forward(self, x: Tensor) -> Any:
        if x.device == DEVICE:
            self.forwards += 1
            self.alive.append(sum(ref() is not None for ref in self.left))
            if self.fails(self.forwards):
                taken = Taken()
                self.left.append(weakref.ref(taken))
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return self.net(x)


@pytest.fixture(autouse=True)
def choose_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pretend device is the fastest there is, and has a name."""
    choose = device.choose
    monkeypatch.setattr(device, "choose", lambda name="auto": DEVICE if name in ("auto", NAME) else choose(name))


@pytest.fixture
def hungry(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int], bool]], list[Hungry]]:
    """Let the zoo build such a network; it is in the list once it was built."""

    def plant(fails: Callable[[int], bool]) -> list[Hungry]:
        made: list[Hungry] = []
        build = registry.build

        def built(*arguments: Any) -> nn.Module:
            made.append(Hungry(build(*arguments), fails))
            return made[-1].eval()

        monkeypatch.setattr(registry, "build", built)
        return made

    return plant


@pytest.fixture
def no_room_to_move(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Parameters of more than one axis do not fit on the accelerator: a network moves in part. One entry a failure."""
    failures: list[int] = []
    move = Tensor.to

    def to(tensor: Tensor, *arguments: Any, **options: Any) -> Tensor:
        if DEVICE in arguments and isinstance(tensor, nn.Parameter) and tensor.dim() > 1:
            failures.append(1)
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return move(tensor, *arguments, **options)

    monkeypatch.setattr(Tensor, "to", to)
    return failures


def on_cpu(network: Network) -> bool:
    return network.device == CPU == next(iter({t.device for t in network.module.state_dict().values()}))


# While a network is loaded


def test_a_network_that_does_not_fit_goes_to_the_cpu_and_says_so(
    no_room_to_move: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    expected = frame_path.run(Session().open("lenet5", "none", device="cpu"), FRAME, RECIPE)
    told: list[str] = []
    with pretend_device():
        network = Session().open("lenet5", "none", progress=lambda stage, _share: told.append(stage))
        result = frame_path.run(network, FRAME, RECIPE)
    assert len(no_room_to_move) == 2, "it is tried once more after all was freed"
    assert on_cpu(network)
    assert result.device == "cpu"
    np.testing.assert_array_equal(result.view.map, expected.view.map)
    assert told[-1] == "Not enough memory there: {network} goes to the CPU …"
    assert str(network.moved) == MOVED
    assert [(r.levelno, r.getMessage()) for r in caplog.records] == [(logging.WARNING, MOVED)]


def test_one_whose_first_forward_does_not_fit_too(hungry: Callable[..., list[Hungry]]) -> None:
    made = hungry(lambda _forward: True)
    with pretend_device():
        network = Session().open("lenet5", "none")
    assert on_cpu(network)
    assert str(network.moved) == MOVED
    assert made[0].forwards == 2
    assert made[0].alive == [0, 0], "what the first forward had taken was freed before the second"
    assert made[0].left[-1]() is None


def test_where_freeing_was_enough_nothing_moves(hungry: Callable[..., list[Hungry]]) -> None:
    made = hungry(lambda forward: forward == 1)
    with pretend_device():
        network = Session().open("lenet5", "none")
    assert network.device == DEVICE
    assert network.moved is None
    assert made[0].forwards == 2


@pytest.mark.parametrize("where", ["move", "forward"])
def test_a_device_that_was_named_is_not_left(
    where: str, hungry: Callable[..., list[Hungry]], request: pytest.FixtureRequest
) -> None:
    if where == "move":
        request.getfixturevalue("no_room_to_move")
    made = hungry(lambda _forward: True)
    session = Session()
    with pretend_device():
        try:
            session.open("lenet5", "none", device=NAME)
        except DeviceError as error:
            shown = problem("network", error)
    assert str(shown.error) == SHORT
    assert shown.error.exit_code == 2
    assert "OutOfMemoryError" in shown.details
    network = weakref.ref(made.pop())
    gc.collect()
    assert network() is None, "the problem that is shown holds the network in memory"
    with pretend_device():
        assert session.open("lenet5", "none", device="cpu").device == CPU


def test_the_cpu_itself_is_tried_once(hungry: Callable[..., list[Hungry]], monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    def full(module: nn.Module, x: Tensor) -> Any:
        tries.append(1)
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr("explorer.session.trace", full)
    with pytest.raises(DeviceError, match="cpu has not enough memory"):
        Session().open("lenet5", "none", device="cpu")
    assert len(tries) == 1


# While frames run


@pytest.mark.parametrize("step", ["prepare", "forward", "copy back"])
@pytest.mark.parametrize("name", ["auto", NAME])
def test_in_every_step_of_a_frame(
    step: str, name: str, hungry: Callable[..., list[Hungry]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hungry(lambda forward: forward > 1 and step == "forward")
    moved, copied = prepare._on, Tensor.cpu

    def no_room(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with pretend_device():
        network = Session().open("lenet5", "none", device=name)
        if step == "prepare":
            monkeypatch.setattr(prepare, "_on", lambda t, d: no_room() if d == DEVICE else moved(t, d))
        if step == "copy back":
            monkeypatch.setattr(Tensor, "cpu", lambda t: no_room() if t.device == DEVICE else copied(t))
        if name == "auto":
            result = frame_path.run(network, FRAME, RECIPE)
            assert result.device == "cpu"
            assert on_cpu(network)
            assert str(network.moved) == MOVED
            assert network.seen is not None
        else:
            with pytest.raises(DeviceError) as caught:
                frame_path.run(network, FRAME, RECIPE)
            assert str(caught.value) == SHORT
            assert network.device == DEVICE
            assert network.moved is None
    assert made[0].forwards == {"prepare": 1, "forward": 3, "copy back": 3}[step]
    assert not any(made[0].alive)


def test_raw_maps_move_too(hungry: Callable[..., list[Hungry]]) -> None:
    hungry(lambda forward: forward > 1)
    with pretend_device():
        network = Session().open("lenet5", "none")
        assert frame_path.raw_maps(network, FRAME, RECIPE).shape == (6, 28, 28)
    assert on_cpu(network)


def test_other_errors_are_not_taken_for_it() -> None:
    tries: list[torch.device] = []

    def broken(place: torch.device) -> None:
        tries.append(place)
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        device.with_room(broken, DEVICE, True)
    assert tries == [DEVICE]


def test_the_cards_caches_are_emptied_before_each_new_try(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: done.append("empty"))

    def work(place: torch.device) -> str:
        done.append(str(place))
        if place.type == "cuda":
            raise RuntimeError("CUDA error: out of memory")
        return "done"

    assert device.with_room(work, torch.device("cuda:0"), True) == "done"
    assert done == ["cuda:0", "empty", "cuda:0", "empty", "cpu"]


# Behind the engine


class PretendSession(Session):
    """Works in the model thread, where the pretend device must be entered anew."""

    def open(self, *arguments: Any, **options: Any) -> Network:
        with pretend_device():
            return super().open(*arguments, **options)


def pretended(work: Callable[..., Any]) -> Callable[..., Any]:
    def run(*arguments: Any) -> Any:
        with pretend_device():
            return work(*arguments)

    return run


@pytest.fixture
def window() -> Window:
    return Window()


@pytest.fixture
def lives() -> list[FakeLive]:
    return []


@pytest.fixture
def engine(window: Window, lives: list[FakeLive]) -> Iterator[Engine]:
    def open_live(source: Source) -> FakeLive:
        lives.append(FakeLive(source))
        return lives[-1]

    rooms = Rooms(session=PretendSession, run=pretended(frame_path.run), open_live=open_live)
    engine = Engine(window.notify, Settings(threads=1), rooms)
    window.engine = engine
    engine.start()
    yield engine
    for live in lives:
        live.free.set()
        live.allow.release()
    assert engine.stop(30) == []


def next_frame(window: Window, live: FakeLive) -> ResultReady:
    live.allow.release()
    return window.until(ResultReady)


LIVE = RECIPE.with_(source=Source("camera", "0"))


def test_a_live_source_goes_on_on_the_cpu_and_the_person_is_told(
    engine: Engine, window: Window, lives: list[FakeLive], hungry: Callable[..., list[Hungry]]
) -> None:
    hungry(lambda forward: forward > 3)  # the first is the tracing
    engine.wish(LIVE)
    soon(lambda: bool(lives))
    assert window.until(NetworkReady).network.device == "meta"
    assert [next_frame(window, lives[0]).result.device for _ in range(4)] == ["meta", "meta", "cpu", "cpu"]
    events = window.drain()
    assert [e.network.device for e in events if isinstance(e, NetworkReady)] == ["meta", "cpu"]
    assert [(e.where, str(e.error), e.details) for e in events if isinstance(e, Problem)] == [("device", MOVED, "")]
    at = [type(event) for event in events].index(Problem)
    assert isinstance(events[at - 1], NetworkReady), "the window forgets older problems when a network is ready"
    assert any(isinstance(e, ResultReady) and e.result.device == "cpu" for e in events[at:])


def test_a_network_that_moves_while_it_is_loaded_is_told_with_it(
    engine: Engine, window: Window, no_room_to_move: list[int]
) -> None:
    engine.wish(LIVE)
    assert window.until(NetworkReady).network.device == "cpu"
    assert str(window.until(Problem, lambda event: event.where == "device").error) == MOVED


def test_on_a_device_that_was_named_the_frame_is_lost_and_the_next_one_is_not(
    engine: Engine, window: Window, lives: list[FakeLive], hungry: Callable[..., list[Hungry]]
) -> None:
    hungry(lambda forward: forward in (3, 4))  # both tries of the second frame
    engine.wish(LIVE.with_(device=NAME))
    soon(lambda: bool(lives))
    window.until(NetworkReady)
    assert next_frame(window, lives[0]).result.frame.index == 0
    lives[0].allow.release()
    lost = window.until(Problem)
    assert (lost.where, str(lost.error)) == ("frame", SHORT)
    after = next_frame(window, lives[0]).result
    assert (after.frame.index, after.device) == (2, "meta")
    assert lost.error.__traceback__ is None


def test_a_named_device_that_is_too_small_is_told_and_the_cpu_can_be_chosen(
    engine: Engine, window: Window, no_room_to_move: list[int]
) -> None:
    engine.wish(LIVE.with_(device=NAME))
    told = window.until(Problem)
    assert (told.where, str(told.error)) == ("network", SHORT)
    engine.wish(LIVE.with_(device="cpu"))
    assert window.until(NetworkReady).network.device == "cpu"
