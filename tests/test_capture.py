"""Nothing stays on a network, nothing changes its answer, and whatever goes wrong is told in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import _get_current_function_mode

from explorer import reduce
from explorer.capture import Captured, OtherPath, Reducer, capture, clones
from explorer.errors import Cancelled, DeviceError, ForwardError, NetworkError
from explorer.graph.trace import trace
from explorer.graph.values import Graph
from explorer.session import Session
from explorer.text import N_
from explorer.zoo import registry
from tests.graph.odd import Odd

HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_forward_hooks_always_called",
    "_forward_hooks_with_kwargs",
    "_forward_pre_hooks_with_kwargs",
)


def left_behind(network: nn.Module) -> list[str]:
    """Every hook that is still on the network, and the mode if one is still on this thread."""
    found = [f"{name}.{kind}" for name, m in network.named_modules() for kind in HOOKS if getattr(m, kind, None)]
    return found + ([] if _get_current_function_mode() is None else ["mode"])


def tracing(network: nn.Module, graph: Graph, x: Tensor) -> Any:
    return trace(network, x)


def everything(network: nn.Module, graph: Graph, x: Tensor) -> Any:
    return capture(network, graph, x, clones(graph)).returned


def one_layer(network: nn.Module, graph: Graph, x: Tensor) -> Any:
    layer = graph.layers[len(graph) // 2]
    return capture(network, graph, x, {layer.id: reduce.keep(layer)}).returned


def small_pictures(network: nn.Module, graph: Graph, x: Tensor) -> Any:
    return capture(network, graph, x, {layer.id: reduce.small(layer) for layer in graph}).returned


WAYS = {"trace": tracing, "everything": everything, "one layer": one_layer, "thumbnails": small_pictures}
Way = Callable[[nn.Module, Graph, Tensor], Any]


def zoo(name: str) -> tuple[nn.Module, Tensor]:
    if name == "odd":
        return Odd().eval(), torch.randn(1, 3, 12, 12)
    card = registry.card(name)
    channels, height, width = card.preparation.input_chw
    size = (height, width) if name.startswith("lenet5") else (96, 96) if name == "vgg16" else (64, 64)
    torch.manual_seed(3)
    x = torch.randn(1, channels, *size).contiguous(memory_format=torch.channels_last)
    return registry.build(card).to(memory_format=torch.channels_last), x


NAMES = [
    "odd", "efficientnet_lite0", "lenet5", "lenet5_1998", "squeezenet1_1", "resnet18", "resnet18_paper", "googlenet",
    "densenet121",
]  # fmt: skip


@pytest.fixture(scope="module", params=NAMES)
def network(request: pytest.FixtureRequest) -> tuple[nn.Module, Graph, Tensor]:
    module, x = zoo(request.param)
    return module, trace(module, x), x


def test_the_list_of_networks_is_the_zoo() -> None:
    """The larger ones and torchvision's other ones are in tests/zoo/test_families.py and in ``make sweep``."""
    light = {card.name for card in registry.cards() if card.parameters < 12_000_000}
    assert light == set(NAMES) - {"odd"}


odd_padding = pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel lengths:UserWarning")


@odd_padding
@pytest.mark.parametrize("way", WAYS)
def test_the_output_is_that_of_the_unhooked_forward_and_nothing_stays(
    network: tuple[nn.Module, Graph, Tensor], way: str
) -> None:
    module, graph, x = network
    with torch.inference_mode():
        bare = module(x.clone())
    returned = WAYS[way](module, graph, x.clone())
    assert left_behind(module) == []
    if way != "trace":
        assert torch.equal(returned, bare)


class BrokenError(Exception):
    """What a test's network raises."""


def breaking(module: nn.Module, call: int) -> Callable[[], None]:
    """Let the ``call``-th leaf of ``module`` raise when it runs; return what mends it."""
    leaves = [m for m in module.modules() if not list(m.children())]
    leaf = leaves[call % len(leaves)]
    original = leaf.forward

    def forward(*_: Any, **__: Any) -> Tensor:
        raise BrokenError("the leaf gave way")

    leaf.forward = forward  # type: ignore[method-assign]
    return lambda: setattr(leaf, "forward", original)


@odd_padding
@pytest.mark.parametrize("call", [0, 5, -3])
@pytest.mark.parametrize("way", WAYS)
def test_nothing_stays_when_the_forward_raises(network: tuple[nn.Module, Graph, Tensor], way: str, call: int) -> None:
    module, graph, x = network
    mend = breaking(module, call)
    try:
        with pytest.raises(ForwardError, match="BrokenError: the leaf gave way"):
            WAYS[way](module, graph, x.clone())
    finally:
        mend()
    assert left_behind(module) == []
    assert not any(m.training for m in module.modules())


def test_vgg16_too() -> None:
    module, x = zoo("vgg16")
    graph = trace(module, x)
    with torch.inference_mode():
        bare = module(x)
    captured = capture(module, graph, x, clones(graph))
    assert torch.equal(captured.returned, bare)
    assert torch.equal(captured.values["features.1"], captured.values["features.0"].clamp(min=0))
    assert float(captured.values["features.0"].min()) < 0
    assert left_behind(module) == []


def small() -> tuple[nn.Module, Graph, Tensor]:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(4 * 16, 2)).eval()
    x = torch.randn(1, 3, 6, 6)
    return module, trace(module, x), x


def test_training_flags_are_as_before_also_after_a_failure() -> None:
    module, _, x = small()
    module.train()
    module[1].eval()
    before = [m.training for m in module.modules()]
    trace(module, x)
    assert [m.training for m in module.modules()] == before
    with pytest.raises(ForwardError):
        trace(module, torch.zeros(1, 5, 6, 6))
    assert [m.training for m in module.modules()] == before
    assert left_behind(module) == []


def test_the_example_is_left_untouched() -> None:
    x = torch.full((1, 3, 4, 4), -1.0)
    trace(nn.ReLU(inplace=True), x)
    assert bool((x == -1).all())


@pytest.mark.parametrize("error", [ValueError("mine"), Cancelled(N_("Cancelled."))])
def test_what_a_reducer_raises_comes_out_and_nothing_stays(error: Exception) -> None:
    module, graph, x = small()

    def reducer(_: Tensor) -> None:
        raise error

    with pytest.raises((ForwardError, Cancelled)) as raised:
        capture(module, graph, x, {"1": reducer})
    assert raised.value is error or raised.value.__cause__ is error
    assert left_behind(module) == []


def test_the_networks_own_words_are_in_the_error() -> None:
    module, _, _ = small()
    with pytest.raises(ForwardError, match=r"RuntimeError: .*expected input.* to have 3 channels, but got 5"):
        trace(module, torch.zeros(1, 5, 6, 6))


def test_no_memory_on_the_device_is_told_as_that() -> None:
    class Hungry(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x + torch.empty(2**52, dtype=torch.uint8)  # really tried: more than any machine can address

    with pytest.raises(DeviceError, match="cpu has not enough memory"):
        trace(Hungry(), torch.zeros(1, 3, 4, 4))


def test_nan_is_no_error() -> None:
    module, graph, x = small()
    x[0, 0, 0, 0] = torch.nan
    captured = capture(module, graph, x, clones(graph, ["0"]))
    assert int(captured.values["0"].isnan().sum()) == 4


class Fork(nn.Module):
    """Goes left or right by what it sees."""

    def __init__(self, long: bool) -> None:
        super().__init__()
        self.long = long

    def forward(self, x: Tensor) -> Tensor:
        if x.mean() > 0:
            return torch.tanh(x)
        return torch.sigmoid(x) * 2 if self.long else torch.sigmoid(x)


@pytest.mark.parametrize("long", [False, True])
def test_another_path_than_the_traced_one_is_told(long: bool) -> None:
    module = Fork(long)
    bright, dark = torch.ones(1, 3, 2, 2), -torch.ones(1, 3, 2, 2)
    for traced, shown in ((bright, dark), (dark, bright)):
        graph = trace(module, traced)
        assert torch.equal(capture(module, graph, traced, {}).returned, module(traced))
        with pytest.raises(ForwardError, match="another path"):
            capture(module, graph, shown, {})
        assert left_behind(module) == []


def test_a_path_that_stops_early_is_told() -> None:
    class Early(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            x = torch.tanh(x)
            return x if bool(x.sum() > 0) else torch.sigmoid(x)

    module = Early()
    graph = trace(module, -torch.ones(1, 1, 2, 2))
    with pytest.raises(ForwardError, match="another path"):
        capture(module, graph, torch.ones(1, 1, 2, 2), {})


@pytest.mark.parametrize(
    "forward",
    [
        lambda x: torch.tanh(x[x > 0]),
        lambda x: torch.tanh(x[..., : int((x > 0).sum())]),
    ],
)
def test_the_same_calls_with_other_sizes_give_what_they_made(forward: Callable[[Tensor], Tensor]) -> None:
    class Sifting(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return forward(x)

    module, bright = Sifting(), torch.ones(1, 1, 1, 4)
    some = torch.tensor([1.0, -1.0, 1.0, -1.0]).reshape(1, 1, 1, 4)
    graph = trace(module, bright)
    last = graph.layers[-1].id
    assert capture(module, graph, bright, clones(graph)).values[last].numel() > 0
    found = capture(module, graph, some, clones(graph, [last]))
    assert torch.equal(found.values[last], forward(some))
    assert list(found.shapes) == [last]
    assert found.shapes[last][-1] == 2
    assert torch.equal(capture(module, graph, some, {}).output, forward(some))
    assert left_behind(module) == []


@pytest.mark.parametrize(
    "forward",
    [
        lambda x: x.split(2 if bool((x > 0).all()) else 4, dim=-1)[-1],
        lambda x: x.reshape((1, 1, 1, 4) if bool((x > 0).all()) else (2, 2)),
    ],
)
def test_fewer_pieces_or_axes_are_another_path_where_they_are_wanted(forward: Callable[[Tensor], Tensor]) -> None:
    class Sifting(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return forward(torch.tanh(x))

    module, bright = Sifting(), torch.ones(1, 1, 1, 4)
    some = torch.tensor([1.0, -1.0, 1.0, -1.0]).reshape(1, 1, 1, 4)
    graph = trace(module, bright)
    with pytest.raises(OtherPath, match="another path"):
        capture(module, graph, some, clones(graph, [graph.layers[-1].id]))
    assert left_behind(module) == []


def test_an_unknown_layer_and_another_size_are_told() -> None:
    module, graph, x = small()
    with pytest.raises(NetworkError, match="no layer called “9”"):
        capture(module, graph, x, {"9": Tensor.clone})
    with pytest.raises(NetworkError, match="3 × 6 × 6, not 3 × 7 × 6"):
        capture(module, graph, torch.zeros(1, 3, 7, 6), {})


def test_the_budget_is_checked_before_anything_runs() -> None:
    module, graph, _ = small()
    need = 4 * sum(torch.Size(layer.output).numel() for layer in graph)
    assert set(clones(graph, budget_bytes=need)) == set(graph.by_id)
    with pytest.raises(NetworkError, match=r"need 1 MB, but 0 MB are allowed.*The largest are input \(1 MB\)"):
        clones(graph, budget_bytes=need - 1)
    assert left_behind(module) == []


def test_pieces_writes_and_the_input_are_taken_when_they_are_made() -> None:
    class Pieces(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            a, b = x.chunk(2, dim=1)
            y = a + b
            y[:, 0] = 7
            y = functional.relu(y, inplace=True)
            y.zero_()
            return y

    x = torch.arange(-8.0, 8.0).reshape(1, 4, 2, 2)
    graph = trace(Pieces(), x)
    assert [layer.id for layer in graph] == ["input", "slice", "slice:2", "add", "setitem", "relu", "zero"]
    assert graph["setitem"].inputs == ("add",)
    kept = capture(Pieces(), graph, x, clones(graph)).values
    assert torch.equal(kept["slice:2"], x[:, 2:])
    assert torch.equal(kept["add"], x[:, :2] + x[:, 2:])
    written = (x[:, :2] + x[:, 2:]).index_fill(1, torch.tensor([0]), 7)
    assert torch.equal(kept["setitem"], written)
    assert torch.equal(kept["relu"], written.clamp(min=0))
    assert not kept["zero"].any()
    assert torch.equal(kept["input"], x)


def test_several_outputs_the_main_one_first() -> None:
    class Two(nn.Module):
        def forward(self, x: Tensor) -> dict[str, Tensor]:
            return {"aux": x * 2, "out": x + 1}

    x = torch.zeros(1, 1, 2, 2)
    graph = trace(Two(), x)
    assert graph.outputs == ("add", "multiply")
    assert torch.equal(capture(Two(), graph, x, {}).output, x + 1)


def test_a_network_that_returns_no_tensor_is_told() -> None:
    with pytest.raises(ForwardError, match="no tensor"):
        _ = Captured(None, {}).output


def test_every_layer_takes_no_more_than_the_sum_of_the_maps() -> None:
    module, x = zoo("squeezenet1_1")
    graph = trace(module, x)
    kept: dict[str, Tensor] = dict(capture(module, graph, x, clones(graph)).values)
    held = sum({t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in kept.values()}.values())
    assert held == 4 * sum(torch.Size(layer.output).numel() for layer in graph)


def test_a_network_with_shared_and_parametrised_weights() -> None:
    shared = nn.Linear(4, 4)
    normed = torch.nn.utils.parametrizations.weight_norm(nn.Linear(4, 3))
    module = nn.Sequential(shared, nn.Tanh(), shared, normed).eval()
    graph = trace(module, torch.zeros(1, 4))
    assert [layer.id for layer in graph] == ["input", "0", "1", "0:2", "3"]
    assert [layer.parameters for layer in graph] == [0, 20, 0, 0, 12 + 3 + 3]
    assert sum(layer.parameters for layer in graph) == sum(p.numel() for p in module.parameters())


def test_in_place_through_a_view_is_seen_by_the_whole() -> None:
    class Through(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            y = x * 2
            y[:, :1].add_(5)
            flat = y.view(1, -1)
            flat.mul_(3)
            return y - 1

    x = torch.ones(1, 2, 1, 1)
    graph = trace(Through(), x)
    assert graph["add"].inputs == ("slice",)
    assert graph["reshape"].inputs == ("multiply", "add")
    assert graph["subtract"].inputs == ("multiply:2",)
    assert capture(Through(), graph, x, {}).returned.flatten().tolist() == [20.0, 5.0]


def test_a_constant_that_is_written_into_derives_from_then_on() -> None:
    x = torch.ones(1, 3, 2, 2)

    class Batched(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            padded = x.new_full((1, 3, 4, 4), 9.0)
            padded[0, :, :2, :2].copy_(x[0])
            zeros = torch.zeros(1, 3, 4, 2)
            zeros[:, :, 1:3] = x
            return padded[..., :2] * 2 + zeros

    graph = trace(Batched(), x)
    assert [(layer.id, layer.inputs) for layer in graph][1:] == [
        ("slice", ("input",)),
        ("copy", ("slice",)),
        ("setitem", ("input",)),
        ("slice:2", ("copy",)),
        ("multiply", ("slice:2",)),
        ("add", ("multiply", "setitem")),
    ]
    assert graph["slice:2"].axes == "CHW"
    kept = capture(Batched(), graph, x, clones(graph, ["add"])).values["add"]
    assert torch.equal(kept, Batched()(x))


def test_a_video_network_with_depth() -> None:
    video = torchvision.models.get_model("r3d_18", weights=None)
    x = torch.randn(1, 3, 4, 32, 32)
    graph = trace(video, x)
    assert graph["stem.0"].axes == "CDHW"
    assert graph["stem.0"].attributes["padding"] == [[1, 1], [3, 3], [3, 3]]
    wanted: dict[str, Reducer] = clones(graph)
    with torch.inference_mode():
        assert torch.equal(capture(video.eval(), graph, x, wanted).returned, video(x))


def test_parameters_used_in_the_forward_are_leaves_of_their_op() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(3, 1, 1))

        def forward(self, x: Tensor) -> Tensor:
            return x * self.scale.abs()

    module = nn.Sequential(Scaled())
    graph = trace(module, torch.zeros(1, 3, 2, 2))
    assert [(layer.id, layer.op, layer.parameters) for layer in graph][1:] == [("0", "multiply", 3)]
    assert list(chain.from_iterable(layer.inputs for layer in graph)) == ["input"]


class Late(nn.Module):
    """Goes another way, or fails, after its first layer where the picture is bright."""

    def __init__(self, fails: bool = False) -> None:
        super().__init__()
        self.first, self.fails = nn.Conv2d(3, 2, 1), fails

    def forward(self, x: Tensor) -> Tensor:
        bright = float(x.mean()) > 0.5
        y = self.first(x)
        if bright and self.fails:
            raise BrokenError("too bright")
        return torch.tanh(torch.tanh(y)) if bright else torch.relu(y)


def test_of_a_steady_network_no_more_than_needed_is_watched() -> None:
    module, dark, bright = Late().eval(), torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)
    graph = trace(module, dark)
    with torch.inference_mode():
        expected = module(bright)
    found = capture(module, graph, bright, clones(graph, ["input", "first"]), steady=True)
    assert torch.equal(found.output, expected)
    assert torch.equal(found.values["first"], module.first(bright)), "taken by a hook"
    assert not module.first._forward_hooks, "which is gone"
    both = capture(module, graph, dark, clones(graph, ["relu", "first"]), steady=True)
    assert both.values.keys() == {"first", "relu"}, "what is no module is watched, up to the last one"
    with pytest.raises(OtherPath):
        capture(module, graph, bright, clones(graph, ["relu"]), steady=True)  # nothing is skipped before it
    with pytest.raises(OtherPath):
        capture(module, graph, bright, clones(graph, ["first"]))  # nor where the network may vary


class Skips(nn.Module):
    """Does without its first module where the picture is bright, and changes what that made where it stands."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        return (self.first(x) if float(x.mean()) < 0.5 else x.clone()).mul_(0)


def test_a_module_is_taken_as_it_returned_and_missed_where_it_did_not_run() -> None:
    module, dark, bright = Skips().eval(), torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)
    graph = trace(module, dark)
    found = capture(module, graph, dark, clones(graph, ["first"]), steady=True)
    assert torch.equal(found.values["first"], module.first(dark))
    assert found.values["first"].any()
    with pytest.raises(OtherPath):
        capture(module, graph, bright, clones(graph, ["first"]), steady=True)


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "squeezenet1_1", "efficientnet_lite0", "lenet5", "alexnet"])
def test_each_layer_is_the_same_however_it_is_taken(name: str) -> None:
    network = Session().open(name, "none", device="cpu", input_hw=(64, 64) if name != "lenet5" else None)
    assert network.steady
    x = torch.rand(1, *network.graph.input)
    watched = capture(network.module, network.graph, x, clones(network.graph)).values
    for layer in network.graph:
        taken = capture(network.module, network.graph, x, clones(network.graph, [layer.id]), steady=True)
        assert torch.equal(taken.values[layer.id], watched[layer.id]), layer.id
    assert not any(one._forward_hooks for one in network.module.modules())


def test_whatever_happens_calls_are_seen_again_afterwards() -> None:
    module, dark, bright = Late(fails=True).eval(), torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)
    graph = trace(module, dark)
    capture(module, graph, dark, clones(graph, ["first"]), steady=True)
    with pytest.raises(ForwardError):
        capture(module, graph, bright, clones(graph, ["first"]), steady=True)
    assert len(capture(module, graph, dark, clones(graph)).values) == len(graph)
