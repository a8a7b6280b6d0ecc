"""Networks that return many things or take several: the chosen answer, and names that stay."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explorer.capture import capture, clones
from explorer.errors import ForwardError
from explorer.graph.trace import trace
from explorer.zoo.card import Preparation
from explorer.zoo.own.adapt import adapt, outputs, pick
from explorer.zoo.own.card import OwnCard

PLAIN = Preparation((3, 8, 8), 8, "bilinear", (0.0,) * 3, (1.0,) * 3)
X = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def card(**more: Any) -> OwnCard:
    return OwnCard("net", PLAIN, **more)


@dataclass
class Answer:
    loss: Tensor | None = None
    logits: Tensor | None = None
    hidden_states: tuple[Tensor, ...] | None = None


class ModelOutput(OrderedDict):  # type: ignore[type-arg]
    """As HuggingFace's: a dictionary whose keys are attributes, and that leaves None out."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


Pair = namedtuple("Pair", ["first", "second"])


class Net(nn.Module):
    def __init__(self, kind: str = "tensor") -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(144, 5))
        self.scale = nn.Parameter(torch.ones(()))
        self.kind = kind

    def forward(self, x: Tensor) -> Any:
        maps = self.conv(x)
        logits = self.head(maps) * self.scale
        if self.training:
            raise RuntimeError("asked its own flag")
        match self.kind:
            case "dict":
                return {"out": maps, "a.b": {"c": logits}, 3: logits + 1}
            case "dataclass":
                return Answer(logits=logits, hidden_states=(maps, maps + 1))
            case "huggingface":
                return ModelOutput(logits=logits, hidden_states=(maps, maps + 1))
            case "list":
                return [maps, [logits, logits + 1]]
            case "pair":
                return Pair(maps, logits)
        return logits


@pytest.mark.parametrize(
    ("kind", "path", "paths"),
    [
        ("dict", "a.b.c", ("out", "a.b.c", "3")),
        ("dataclass", "logits", ("logits", "hidden_states.0", "hidden_states.1")),
        ("huggingface", "logits", ("logits", "hidden_states.0", "hidden_states.1")),
        ("list", "1.0", ("0", "1.0", "1.1")),
        ("list", "1.-2", ("0", "1.0", "1.1")),
        ("pair", "second", ("first", "second")),
        ("pair", "1", ("first", "second")),
    ],
)
def test_the_answer_is_found_by_its_path(kind: str, path: str, paths: tuple[str, ...]) -> None:
    network = Net(kind).eval()
    logits = network.head(network.conv(X))
    adapted = adapt(network, card(output=path)).eval()
    assert torch.equal(adapted(X), logits)
    returned = network(X)
    assert outputs(returned) == paths
    for one in paths:
        assert isinstance(pick(returned, one), Tensor)


def test_the_graph_ends_where_the_answer_is_and_its_names_stay() -> None:
    plain, adapted = Net("list").eval(), adapt(Net("list").eval(), card(output="1.0")).eval()
    graph = trace(adapted, X)
    assert [layer.id for layer in graph] == [layer.id for layer in trace(plain, X)]
    assert graph.outputs == ("multiply",)
    captured = capture(adapted, graph, X, clones(graph, ["conv"]))
    assert torch.equal(captured.values["conv"], adapted.get_submodule("conv")(X))


@pytest.mark.parametrize("path", ["3", "logits", "1.0.0", "1.", "-3", "__class__", "append"])
def test_an_answer_that_is_not_there_names_what_is(path: str) -> None:
    with pytest.raises(ForwardError, match=r"choose one of 0, 1\.0, 1\.1"):
        pick([X, [X, X]], path) if not path.startswith("1.") else pick([X, [X, X]], "2" + path[1:])


class Two(nn.Module):
    """Asks for a mask by its place and a scale by its name."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 1)

    def forward(self, x: Tensor, mask: Tensor, *, scale: Tensor) -> Tensor:
        return self.conv(x) * mask + scale


def test_further_inputs_by_place_and_by_name() -> None:
    network = Two().eval()
    adapted = adapt(network, card(inputs=("=ones:1x2x8x8", "scale=zeros:1")))
    assert torch.equal(adapted(X), network.conv(X))
    noise = adapt(network, card(inputs=("=random:1x2x8x8", "scale=ones:1")))
    assert torch.equal(noise(X), noise(X)), "the same noise every time"
    half = noise.to(torch.bfloat16)
    assert half(X.bfloat16()).dtype == torch.bfloat16


def test_flags_and_weights_are_shared_with_the_network() -> None:
    network = Net("list")
    adapted = adapt(network, card(output="1.0"))
    assert adapted.training
    adapted.eval()
    adapted(X)  # it would raise if its own flag were still set
    assert not network.training
    adapted.to(torch.float64)
    assert network.conv.weight.dtype == torch.float64
    assert [name for name, _p in adapted.named_parameters()] == [name for name, _p in network.named_parameters()]
    assert adapted.state_dict().keys() == network.state_dict().keys()


def test_a_network_that_needs_nothing_stays_itself() -> None:
    network = Net()
    assert adapt(network, card()) is network
