"""A recorded run gives what the network's own gives, for any picture; what cannot be recorded is refused in time."""

from __future__ import annotations

import contextlib
import math
import weakref
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.capture import capture, clones
from explorer.graph.trace import tensors, trace
from explorer.graph.values import INPUT, Graph
from explorer.reduce import keep
from explorer.speed import replayed, swap
from explorer.speed.fast import Fast
from explorer.speed.merge import Unfit
from explorer.speed.replayed import Recordings, record
from explorer.speed.values import RECORDED
from explorer.zoo import registry
from tests.pretend_device import DEVICE, pretend_device
from tests.speed.test_fast import Tricky, looked, trained


class Again:
    """A recorder for devices that record nothing: to play is to do the work again and put the results where they lay.

    Args:
        fails: before which step it fails ("warm", "record", "end" of the recording, "play").
        error: with what.
    """

    def __init__(self, fails: str = "", error: type[Exception] = RuntimeError) -> None:
        self.fails, self.error = fails, error
        self.steps: list[str] = []
        self.made: list[weakref.ref[Tensor]] = []

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if name == self.fails:
            raise self.error("not permitted")

    def warm(self, work: Callable[[], object]) -> None:
        self._step("warm")
        work()

    def record(self, work: Callable[[], Any]) -> tuple[Any, Callable[[], object]]:
        self._step("record")
        made = work()
        results = list(tensors(made))
        self.made = [weakref.ref(one) for one in results]
        self._step("end")

        def play() -> None:
            self._step("play")
            for was, now in zip(results, tensors(work()), strict=True):
                was.copy_(now)

        return made, play


class Dictionary(nn.Module):
    """Answers with several things, one of them by another name for its own input, which it writes into."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.relu = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(inplace=True)
        self.table = nn.Parameter(torch.randn(4, 6))
        self.register_buffer("index", torch.tensor([3, 0, 1, 2]))

    def forward(self, x: Tensor) -> dict[str, Any]:
        x.mul_(0.5)
        y = self.relu(self.conv(x))
        y = self.drop(y)
        pooled = y.mean((2, 3))[:, self.index]
        q = (pooled @ self.table).view(1, 1, 2, 3)
        return {"aux": [functional.scaled_dot_product_attention(q, q, q)], "out": pooled @ self.table, "x": x, "n": 4}


def made(module: nn.Module, side: int = 22, device: str = "cpu") -> tuple[nn.Module, Graph, list[Tensor]]:
    torch.manual_seed(5)
    module = trained(module)
    pictures = torch.randn(3, 1, 3, side, side).contiguous().to(device)
    return module.to(device), trace(module, pictures[0]), list(pictures)


def zoo(name: str) -> nn.Module:
    return registry.build(registry.card(name))


def same(found: tuple[Any, Any], module: nn.Module, graph: Graph, x: Tensor, **how: Any) -> None:
    """The whole answer and every wanted layer are those of a plain run, to the bit."""
    plain = capture(module, graph, x.clone(), clones(graph, found[1]), **how)
    assert found[1].keys() == plain.values.keys()
    pairs = list(zip(tensors(found), tensors((plain.returned, plain.values)), strict=True))
    assert pairs
    for one, other in pairs:
        assert torch.equal(one.cpu(), other.cpu())
        assert one.device == x.device


@pytest.mark.parametrize("device", ["cpu", "pretend"])
@pytest.mark.parametrize("build", [Tricky, Dictionary, lambda: zoo("resnet18")], ids=["tricky", "dict", "resnet18"])
def test_every_layer_of_other_pictures_than_the_recorded_one(build: Callable[[], nn.Module], device: str) -> None:
    with pretend_device() if device == "pretend" else contextlib.nullcontext(torch.device("cpu")) as place:
        module, graph, pictures = made(build(), 32, place)
        before = pictures[0].clone()
        whole = record(module, graph, pictures[0], frozenset(graph.by_id), recorder=Again())
        assert torch.equal(pictures[0].cpu(), before.cpu())
        for x in (pictures[1], pictures[2], pictures[0]):
            kept = x.clone()
            same(whole(x), module, graph, x)
            assert torch.equal(x.cpu(), kept.cpu()), "a plain run could not follow"


def test_what_is_done_in_place_of_calls_is_recorded_too() -> None:
    module, graph, pictures = made(Tricky())
    fast = Fast(module, graph)
    looked(fast, graph, pictures[0], "relu")
    steps = fast._instead(frozenset(("relu",)))
    assert steps
    asked = []

    def told(call: int, step: Any) -> Any:
        return lambda *given: asked.append(call) or step(*given)

    recorder = Again()
    recorded = record(
        module, graph, pictures[0], {"relu"}, {call: told(call, step) for call, step in steps.items()}, recorder
    )
    assert set(asked) == set(steps)
    same(recorded(pictures[1]), module, graph, pictures[1], instead=steps)


def test_two_recordings_do_not_share_their_memory() -> None:
    module, graph, (one, two, _) = made(Tricky())
    first = record(module, graph, one, {"relu", INPUT}, recorder=Again())
    second = record(module, graph, one, {"relu", "last"}, recorder=Again())
    of_one, of_two = first(one), second(two)
    same(of_one, module, graph, one)
    same(of_two, module, graph, two)
    places = [one.untyped_storage().data_ptr() for one in tensors((of_one, of_two))]
    assert len(set(places)) == len(places)
    first(two)
    same(of_one, module, graph, two)  # what was given lies where the next answer does


def test_weights_stay_in_memory_and_are_read_where_they_lie() -> None:
    module, graph, (one, two, _) = made(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()))
    whole = record(module, graph, one, {"0"}, recorder=Again())
    with torch.no_grad():
        module[0].weight.mul_(-3)
    same(whole(two), module, graph, two)
    lies = weakref.ref(module[0].weight.untyped_storage())
    module[0].weight.data = torch.zeros(4, 3, 3, 3)
    assert lies() is not None


@pytest.mark.parametrize("step", ["warm", "record", "end"])
@pytest.mark.parametrize("error", [RuntimeError, torch.OutOfMemoryError, AssertionError])
def test_a_step_that_fails_leaves_nothing(step: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    inputs: list[weakref.ref[Tensor]] = []
    freed = list[tuple[torch.device, int]]()
    recorder = Again(step, error)

    def left() -> int:
        return sum(ref() is not None for ref in (*inputs, *recorder.made))

    class Seen(nn.Sequential):
        def forward(self, x: Tensor) -> Tensor:
            inputs.append(weakref.ref(x))
            return super().forward(x)

    module, graph, (x, other, _) = made(Seen(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True)))
    inputs.clear()
    monkeypatch.setattr(replayed, "free", lambda place: freed.append((place, left())))
    with pytest.raises(Unfit, match=f"{error.__name__}: not permitted"):
        record(module, graph, x, {"0"}, recorder=recorder)
    assert recorder.steps[-1] == step
    assert freed == [(x.device, 0)], "memory is given back once nothing holds it"
    assert left() == 0
    same(record(module, graph, x, {"0"}, recorder=Again())(other), module, graph, other)


def test_a_network_that_fails_while_it_warms_up_is_not_recorded() -> None:
    class Full(nn.Conv2d):
        runs = 0

        def forward(self, x: Tensor) -> Tensor:
            self.runs += 1
            if self.runs == 3:  # the first is the tracing
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return super().forward(x)

    module, graph, (x, *_) = made(Full(3, 4, 3))
    recorder = Again()
    with pytest.raises(Unfit, match="not enough memory"):
        record(module, graph, x, set(), recorder=recorder)
    assert recorder.steps == ["warm"]


def test_other_inputs_are_refused_and_touch_nothing() -> None:
    module, graph, (x, other, _) = made(Tricky())
    recorder = Again()
    whole = record(module, graph, x, {"relu"}, recorder=recorder)
    found = whole(other)
    with pretend_device():
        elsewhere = x.to(DEVICE)
    for wrong in (x[..., :-1], x[0], x.double(), elsewhere):
        with pytest.raises(Unfit, match="it was recorded for"):
            whole(wrong)
    same(found, module, graph, other)
    assert recorder.steps == ["warm", "record", "end", "play"]
    strided = other.contiguous(memory_format=torch.channels_last)
    assert whole(strided) is whole(strided)
    with pytest.raises(Unfit, match="opened for an input of 3 × 22 × 22"):
        record(module, graph, x[..., :-1], {"relu"}, recorder=Again())


class Op(nn.Module):
    """One op after a convolution."""

    def __init__(self, op: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.conv, self.op = nn.Conv2d(3, 4, 3), op

    def forward(self, x: Tensor) -> Any:
        y = self.conv(x)
        return self.op(y)


GENERATOR = torch.Generator()
UNREPEATABLE: dict[str, tuple[Callable[[Tensor], Any], str]] = {
    "dropout": (lambda y: functional.dropout(y, training=True), "draws numbers"),
    "noise": (lambda y: y + torch.randn_like(y), "draws numbers"),
    "own generator": (lambda y: y + torch.rand(4, 1, 1, generator=GENERATOR), "draws numbers"),
    "attention": (lambda y: functional.scaled_dot_product_attention(y, y, y, dropout_p=0.5), "draws numbers"),
    "item": (lambda y: y * y.amax().item(), "tells the host"),
    "branch": (lambda y: y if y.sum() > 1e9 else -y, "tells the host"),
    "nonzero": (lambda y: y.nonzero().float(), "size of what"),
    "mask": (lambda y: y[y > 0].sum() + y, "size of what"),
    "write by a mask": (lambda y: y.index_put((y > 0,), torch.ones(())), "size of what"),
}
REPEATABLE: dict[str, Callable[[Tensor], Any]] = {
    "dropout": lambda y: functional.dropout(y, training=False),
    "attention": lambda y: functional.scaled_dot_product_attention(y, y, y),
    "index": lambda y: y[:, torch.arange(3, device=y.device)],
    "where": lambda y: torch.where(y > 0, y, 0.5).masked_fill(y < -1, 2),
    "made there": lambda y: y + torch.linspace(0, 1, y.shape[-1], device=y.device),
    "topk": lambda y: y.topk(2).values + y.argmax(),
}


@pytest.mark.parametrize("name", UNREPEATABLE)
def test_what_a_recording_could_not_repeat_is_found_before_anything_is_recorded(name: str) -> None:
    op, why = UNREPEATABLE[name]
    module, graph, (x, *_) = made(Op(op))
    recorder = Again()
    with pytest.raises(Unfit, match=why):
        record(module, graph, x, {"conv"}, recorder=recorder)
    assert recorder.steps == ["warm"]


@pytest.mark.parametrize("name", REPEATABLE)
def test_what_looks_like_it_is_recorded(name: str) -> None:
    module, graph, (x, other, _) = made(Op(REPEATABLE[name]))
    same(record(module, graph, x, {"conv"}, recorder=Again())(other), module, graph, other)


@pytest.mark.parametrize(
    ("op", "why"),
    [
        (lambda y: y.cpu().to(y.device), "copies between two devices"),
        (lambda y: y + torch.arange(20.0).to(y.device), "copies between two devices"),
        (lambda y: y[:, torch.arange(3)], "copies between two devices"),
        (lambda y: (y * torch.tensor(2.0), torch.ones(2)), "it answers on cpu"),
    ],
    ids=["down", "up", "index", "answer"],
)
def test_what_leaves_the_device_is_found(op: Callable[[Tensor], Any], why: str) -> None:
    with pretend_device() as there:
        module, graph, (x, *_) = made(Op(op), device=there)
        with pytest.raises(Unfit, match=why):
            record(module, graph, x, {"conv"}, recorder=Again())


# The recorder of a card


class Card:
    """Stands for ``torch.cuda``, and writes down what is asked of it.

    Args:
        fails: whether the end of a recording fails, as it does where an op inside was not allowed. torch's own context
            then stays on the stream that it took.
    """

    def __init__(self, fails: bool = False) -> None:
        self.done: list[str] = []
        self.stream_now = "main"
        self.fails = fails

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        card = self
        monkeypatch.setattr(replayed, "_aside", cache(replayed._aside.__wrapped__))

        class Stream:
            def __init__(self, device: torch.device) -> None:
                self.device, self.name = device, "aside"

            def wait_stream(self, other: Any) -> None:
                card.done.append(f"{self.name} waits for {other.name}")

        class Graph:
            def replay(self) -> None:
                card.done.append(f"replay on {card.stream_now}")

        main = Stream(torch.device("cuda:1"))
        main.name = "main"

        @contextlib.contextmanager
        def stream(one: Stream) -> Iterator[None]:
            before, card.stream_now = card.stream_now, one.name
            try:
                yield
            finally:
                card.stream_now = before

        class Recording:
            def __init__(self, graph: Any, pool: Any, stream: Stream, capture_error_mode: str) -> None:
                self.told = f"{type(graph).__name__} {pool} {stream.name} {capture_error_mode}"

            def __enter__(self) -> None:
                card.stream_now = "recording"
                card.done.append(f"record {self.told}")

            def __exit__(self, *_: object) -> None:
                if card.fails:
                    raise RuntimeError("CUDA error: operation failed due to a previous error during capture")
                card.stream_now = "aside"

        for name, one in (
            ("Stream", Stream),
            ("stream", stream),
            ("CUDAGraph", Graph),
            ("graph", Recording),
            ("graph_pool_handle", lambda: (0, 7)),
            ("current_stream", lambda device: main),
        ):
            monkeypatch.setattr(torch.cuda, name, one)
        monkeypatch.setattr(
            torch._C,
            "_cuda_endAllocateToPool",
            lambda index, pool: card.done.append(f"end of pool {pool} on {index}"),
            raising=False,
        )


def test_what_a_card_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card()
    card.patch(monkeypatch)
    recorder = replayed.OnCard(torch.device("cuda:1"))
    assert recorder._aside is replayed.OnCard(torch.device("cuda:1"))._aside
    recorder.warm(lambda: card.done.append(f"warm on {card.stream_now}"))
    made, again = recorder.record(lambda: card.done.append(f"work on {card.stream_now}") or "made")
    again()
    assert made == "made"
    assert card.done == [
        "aside waits for main",
        "warm on aside",
        "main waits for aside",
        "record Graph (0, 7) aside thread_local",
        "work on recording",
        "replay on main",
    ]


def test_a_card_is_in_order_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ValueError("broken")

    card = Card(fails=True)
    card.patch(monkeypatch)
    recorder = replayed.OnCard(torch.device("cuda:1"))
    with pytest.raises(ValueError, match="broken"):
        recorder.warm(broken)
    assert card.done == ["aside waits for main", "main waits for aside"]
    assert card.stream_now == "main"
    with pytest.raises(RuntimeError, match="previous error during capture"):
        recorder.record(broken)
    assert card.done[-1] == "end of pool (0, 7) on 1"
    assert card.stream_now == "main"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card")
def test_without_a_card_it_is_refused() -> None:
    module, graph, (x, *_) = made(Tricky())
    with pytest.raises(Unfit):
        record(module, graph, x, {"relu"})


@pytest.mark.parametrize("number_type", [torch.float32, torch.float16])
def test_a_live_run_goes_over_to_a_recording(number_type: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap, "SLOWEST", math.inf)  # a pretended one is
    with pretend_device() as place:
        module = trained(Dictionary()).to(place, number_type)
        pictures = list(torch.randn(3, 1, 3, 12, 12).to(place, number_type))
        graph = trace(module, pictures[0])
        maker = Recordings(module, graph, recorder := Again())
        maker.after_s = 0.0
        fast, layers = Fast(module, graph, maker=maker), ["conv", "relu"]
        told = []
        for x in pictures * 3:
            plain = capture(module, graph, x.clone(), clones(graph, layers))
            found = fast.capture(x.clone(), clones(graph, layers[:1]) | {"relu": keep(graph["relu"])}, "relu")
            torch.testing.assert_close(found.output.cpu(), plain.output.cpu(), rtol=1e-3, atol=1e-4)
            torch.testing.assert_close(found.values["conv"].cpu(), plain.values["conv"].cpu(), rtol=1e-3, atol=1e-4)
            told.append(fast.told.message)
        assert told[0] != RECORDED
        assert told[-3:] == [RECORDED] * 3
        assert recorder.steps.count("record") == 1
