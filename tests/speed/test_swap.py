"""A network in one piece stands for its calls after a while, where it was proved, and never otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explorer.capture import Step, capture, clones
from explorer.graph.trace import trace
from explorer.reduce import keep
from explorer.speed import swap as rooms
from explorer.speed.fast import Fast
from explorer.speed.merge import Unfit
from explorer.speed.swap import KEPT, ROUNDS, TRIES, Swap
from explorer.speed.values import MERGED
from explorer.speed.whole import Whole

AFTER_S = 5.0


class Small(nn.Module):
    """Writes over what its first layer made, and answers with a mapping."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.relu, self.last = nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"out": self.last(self.relu(self.first(x)))}


class Piece:
    """Stands for a compiled network; what is ``wrong`` with it is done to its answer."""

    def __init__(self, maker: Pieces, layers: frozenset[str]) -> None:
        self._maker, self._layers = maker, layers

    def __call__(self, x: Tensor) -> tuple[Any, Mapping[str, Tensor]]:
        self._maker.runs += 1
        self._maker.each()
        if self._maker.breaks:
            raise RuntimeError("the library is gone")
        found = capture(self._maker.module, self._maker.graph, x.clone(), clones(self._maker.graph, self._layers))
        return self._maker.wrong(found.returned, dict(found.values))


class Pieces:
    """Makes pieces that are there at the second look."""

    after_s, told = AFTER_S, "in one piece, {apart}"

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.graph = trace(module, torch.zeros(1, 3, 6, 6))
        self.wrong: Callable[[Any, dict[str, Tensor]], tuple[Any, dict[str, Tensor]]] = lambda a, b: (a, b)
        self.breaks, self.fails, self.runs = False, "", 0
        self.each: Callable[[], object] = lambda: None
        self.begun: list[frozenset[str]] = []
        self.ended: list[frozenset[str]] = []

    def begin(self, layers: frozenset[str], instead: Mapping[int, Step]) -> _Making:
        self.begun.append(layers)
        return _Making(self, layers)


class _Making:
    def __init__(self, maker: Pieces, layers: frozenset[str]) -> None:
        self._maker, self._layers, self._looks = maker, layers, 0

    def whole(self, x: Tensor) -> Whole | None:
        self._looks += 1
        if self._maker.fails:
            raise Unfit(self._maker.fails)
        return Piece(self._maker, self._layers) if self._looks > 1 else None

    def end(self) -> object:
        return self._maker.ended.append(self._layers)


class Desk:
    """A swap and its clock."""

    def __init__(self) -> None:
        torch.manual_seed(2)
        self.maker, self.now_s = Pieces(Small().eval()), 100.0
        self.swap = Swap(self.maker.module, self.maker.graph, self.maker, lambda: self.now_s)

    def frame(self, *layers: str, after_s: float = 1.0) -> Any:
        """What a frame is given; None where the network's own calls are to run."""
        self.now_s += after_s
        x = torch.rand(1, 3, 6, 6)
        found = self.swap.capture(x, clones(self.maker.graph, layers), {})
        if found is not None:
            plain = capture(self.maker.module, self.maker.graph, x.clone(), clones(self.maker.graph, layers))
            assert found[0].values.keys() == plain.values.keys() == set(layers)
            assert all(torch.equal(found[0].values[name], plain.values[name]) for name in layers)
            assert torch.equal(found[0].output, plain.output)
        return found

    def until_made(self, *layers: str) -> None:
        for _frame in range(4):
            assert self.frame(*layers, after_s=AFTER_S) is None or self.maker.runs
        assert self.maker.runs


def test_a_piece_is_ordered_after_a_while_and_used_once_it_is_there() -> None:
    desk = Desk()
    assert desk.frame("first", "input") is None
    assert desk.frame("first", "input", after_s=AFTER_S - 0.5) is None
    assert not desk.maker.begun, "not before the layers have been looked at for so long"
    assert desk.frame("first", "input") is None
    assert desk.maker.begun == [{"first"}], "the input is there anyway"
    assert desk.frame("first") is None, "on its way"
    captured, told = desk.frame("first", "input")
    assert str(told) == "in one piece, 0"
    assert captured.returned.keys() == {"out"}
    assert desk.maker.begun == [{"first"}]


def test_it_gives_fewer_layers_too_and_is_made_anew_for_others() -> None:
    desk = Desk()
    desk.until_made("first", "relu")
    assert desk.frame("relu") is not None, "what it was made for holds this"
    assert desk.frame("last") is None
    assert desk.frame("first", "relu") is not None, "it is kept"
    desk.until_made("last")
    assert desk.maker.begun == [{"first", "relu"}, {"last"}]
    assert not desk.maker.ended


def test_so_many_are_kept() -> None:
    desk = Desk()
    for layers in (("first",), ("relu",), ("last",), ("first", "last")):
        desk.until_made(*layers)
    kept = [desk.frame(*layers) is not None for layers in (("relu",), ("last",), ("first", "last"))]
    assert kept == [True] * KEPT
    desk.until_made("relu", "last")
    assert desk.frame("relu") is not None, "a later one has it"
    assert len(desk.maker.begun) == KEPT + 2


def test_looking_elsewhere_ends_what_is_being_made() -> None:
    desk = Desk()
    for after_s in (1.0, AFTER_S):
        desk.frame("first", after_s=after_s)
    assert desk.frame("relu") is None
    assert (desk.maker.begun, desk.maker.ended) == ([{"first"}], [{"first"}])


WRONG: dict[str, Callable[[Any, dict[str, Tensor]], Any]] = {
    "a value of a layer": lambda answer, layers: (answer, {k: v + 0.01 * (v == v.max()) for k, v in layers.items()}),
    "the answer": lambda answer, layers: ({"out": answer["out"] * 1.01}, layers),
    "NaN": lambda answer, layers: ({"out": answer["out"] * torch.nan}, layers),
    "the answer's form": lambda answer, layers: (answer["out"], layers),
    "a later value": lambda answer, layers: (answer, {k: v.relu() for k, v in layers.items()}),
    "a shape": lambda answer, layers: (answer, {k: v[..., 1:] for k, v in layers.items()}),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_piece_that_differs_is_never_used(what: str) -> None:
    desk = Desk()
    desk.maker.wrong = WRONG[what]
    for _frame in range(30):
        assert desk.frame("first", after_s=AFTER_S) is None
    assert len(desk.maker.begun) == TRIES, "and no more are made after some tries"
    assert desk.maker.runs == TRIES * (ROUNDS + 1)


def test_a_piece_that_is_slower_than_the_calls_is_not_used() -> None:
    desk = Desk()

    def slow() -> None:
        desk.now_s += 0.001

    desk.maker.each = slow
    for _frame in range(30):
        assert desk.frame("first", after_s=AFTER_S) is None
    assert len(desk.maker.begun) == TRIES
    assert desk.maker.runs == TRIES * ROUNDS, "it is not even compared"


def test_what_cannot_be_made_or_stops_gives_way_to_the_calls() -> None:
    desk = Desk()
    desk.until_made("first")
    desk.maker.breaks = True
    assert desk.frame("first") is None
    desk.maker.breaks, desk.maker.fails = False, "no room"
    for _frame in range(10):
        assert desk.frame("first", after_s=AFTER_S) is None
    assert len(desk.maker.begun) == 2
    assert len(desk.maker.ended) == 1, "nothing is left on its way"


def test_new_weights_are_never_answered_by_a_piece_of_the_old_ones() -> None:
    desk = Desk()
    desk.until_made("first")
    with torch.no_grad():
        desk.maker.module.first.weight.mul_(2)
    assert desk.frame("first") is None
    desk.until_made("first")
    assert len(desk.maker.begun) == 2


def test_a_live_run_goes_over_to_it_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "SLOWEST", math.inf)  # a pretended one is
    torch.manual_seed(4)
    module = Small().eval().to(memory_format=torch.channels_last)
    maker = Pieces(module)
    maker.after_s = 0.0
    fast, x = Fast(module, maker.graph, maker=maker), torch.rand(1, 3, 6, 6).to(memory_format=torch.channels_last)

    def frame() -> str:
        captured = fast.capture(x.clone(), {"last": keep(maker.graph["last"])}, "last")
        torch.testing.assert_close(
            torch.as_tensor(captured.values["last"]), module(x.clone())["out"][0], rtol=1e-4, atol=1e-5
        )
        return fast.told.message

    first = [frame() for _frame in range(6)]
    assert first[-1] == maker.told
    assert MERGED in first, "before that convolutions have run in their fast form"
    maker.breaks = True
    assert frame() != maker.told
