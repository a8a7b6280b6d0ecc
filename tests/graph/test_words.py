"""Module and functional form are the same op with the same attributes; every word is documented."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.graph.attributes import READERS
from explorer.graph.trace import trace
from explorer.graph.vocabulary import FUNCTIONS, WORDS

X4, X3 = torch.zeros(1, 4, 8, 8), torch.zeros(1, 4, 8)


class Wrapped(nn.Module):
    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


W, B, W1 = torch.zeros(6, 2, 3, 3), torch.zeros(6), torch.zeros(6, 4, 3)
ONES = torch.ones(4)
W8 = torch.ones(8, 8)
PAIRS: list[tuple[str, nn.Module, Callable[[Tensor], Tensor], Tensor]] = [
    ("conv2d", nn.Conv2d(4, 6, 3, 2, 1, 2, 2), lambda x: functional.conv2d(x, W, B, 2, 1, 2, 2), X4),
    (
        "conv1d",
        nn.Conv1d(4, 6, 3, padding="valid", bias=False),
        lambda x: functional.conv1d(x, torch.zeros(6, 4, 3)),
        X3,
    ),
    (
        "conv_transpose2d",
        nn.ConvTranspose2d(4, 2, 3, 2, 1, 1, bias=False),
        lambda x: functional.conv_transpose2d(x, torch.zeros(4, 2, 3, 3), None, 2, 1, 1),
        X4,
    ),
    ("linear", nn.Linear(8, 3), lambda x: functional.linear(x, torch.zeros(3, 8), torch.zeros(3)), X4),
    ("relu", nn.ReLU(inplace=True), torch.relu, X4),
    ("relu", nn.ReLU(), lambda x: x.relu_(), X4),
    ("relu6", nn.ReLU6(), functional.relu6, X4),
    ("leaky_relu", nn.LeakyReLU(0.3), lambda x: functional.leaky_relu_(x, 0.3), X4),
    ("hardtanh", nn.Hardtanh(-2, 2), lambda x: functional.hardtanh(x, -2, 2), X4),
    ("sigmoid", nn.Sigmoid(), lambda x: x.sigmoid(), X4),
    ("tanh", nn.Tanh(), torch.tanh, X4),
    ("gelu", nn.GELU(), functional.gelu, X4),
    ("silu", nn.SiLU(), functional.silu, X4),
    ("hardswish", nn.Hardswish(), functional.hardswish, X4),
    ("softmax", nn.Softmax(1), lambda x: x.softmax(dim=1), X4),
    ("max_pool2d", nn.MaxPool2d(3, 2, 1, ceil_mode=True), lambda x: functional.max_pool2d(x, 3, 2, 1, 1, True), X4),
    ("avg_pool2d", nn.AvgPool2d(2), lambda x: functional.avg_pool2d(x, (2, 2)), X4),
    ("adaptive_avg_pool2d", nn.AdaptiveAvgPool2d((1, None)), lambda x: functional.adaptive_avg_pool2d(x, (1, 8)), X4),
    ("batch_norm", nn.BatchNorm2d(4), lambda x: functional.batch_norm(x, ONES, ONES, ONES, ONES), X4),
    ("layer_norm", nn.LayerNorm([8, 8]), lambda x: functional.layer_norm(x, (8, 8)), X4),
    ("group_norm", nn.GroupNorm(2, 4), lambda x: functional.group_norm(x, 2), X4),
    ("local_response_norm", nn.LocalResponseNorm(5), lambda x: functional.local_response_norm(x, 5), X4),
    ("dropout", nn.Dropout(0.3), lambda x: functional.dropout(x, 0.3, training=False), X4),
    ("flatten", nn.Flatten(), lambda x: x.flatten(1), X4),
    ("interpolate", nn.Upsample((4, 4), mode="nearest"), lambda x: functional.interpolate(x, (4, 4)), X4),
    ("pad", nn.ZeroPad2d((1, 2, 3, 4)), lambda x: functional.pad(x, (1, 2, 3, 4)), X4),
    ("prelu", nn.PReLU(), lambda x: functional.prelu(x, torch.zeros(1)), X4),
    ("pixel_shuffle", nn.PixelShuffle(2), lambda x: functional.pixel_shuffle(x, 2), X4),
]


@pytest.mark.parametrize(("word", "module", "function", "x"), PAIRS, ids=[f"{i}-{p[0]}" for i, p in enumerate(PAIRS)])
def test_module_and_function_are_one(
    word: str, module: nn.Module, function: Callable[[Tensor], Tensor], x: Tensor
) -> None:
    as_module = trace(nn.Sequential(module), x).layers
    as_function = trace(Wrapped(function), x).layers
    assert [layer.op for layer in as_module] == [layer.op for layer in as_function] == ["input", word]
    assert as_module[1].attributes == as_function[1].attributes
    assert (as_module[1].output, as_module[1].axes) == (as_function[1].output, as_function[1].axes)
    assert as_module[1].macs == as_function[1].macs
    assert word in WORDS


@pytest.mark.parametrize(
    ("function", "word", "attributes"),
    [
        (lambda x: x + 2, "add", {"scalar": 2}),
        (lambda x: 2 + x, "add", {"scalar": 2}),
        (lambda x: x - 2, "subtract", {"scalar": 2}),
        (lambda x: 2 - x, "subtract", {"scalar": 2, "reversed": True}),
        (lambda x: torch.add(x, x, alpha=3), "add", {"alpha": 3}),
        (lambda x: 1 / x, "divide", {"scalar": 1, "reversed": True}),
        (lambda x: x.clamp(max=3), "clamp", {"min": None, "max": 3}),
        (lambda x: x[:, 1:3], "slice", {"index": [[1, 3, 1], [0, 8, 1], [0, 8, 1]]}),
        (lambda x: x[:, -1], "slice", {"index": [3, [0, 8, 1], [0, 8, 1]]}),
        (lambda x: x[..., None, ::2], "slice", {"index": [[0, 4, 1], [0, 8, 1], "new", [0, 8, 2]]}),
        (lambda x: x[:, torch.tensor([0, 2])], "slice", {"index": ["gather", [0, 8, 1], [0, 8, 1]]}),
        (lambda x: x.narrow(2, 1, 5), "slice", {"index": [[0, 4, 1], [1, 6, 1], [0, 8, 1]]}),
        (lambda x: x.narrow(2, -3, 2), "slice", {"index": [[0, 4, 1], [5, 7, 1], [0, 8, 1]]}),
        (lambda x: x.select(1, -2), "slice", {"index": [2, [0, 8, 1], [0, 8, 1]]}),
        (lambda x: x.permute(0, 2, 3, 1), "permute", {"order": [1, 2, 0]}),
        (lambda x: torch.movedim(x, 1, -1), "permute", {"order": [1, 2, 0]}),
        (lambda x: x.mT, "permute", {"order": [0, 2, 1]}),
        (lambda x: x.mean((2, 3), keepdim=True), "mean", {"axis": [1, 2], "keepdim": True}),
        (lambda x: x.amax(1), "amax", {"axis": 0, "keepdim": False}),
        (lambda x: x.mean(), "mean", {"axis": [0, 1, 2], "keepdim": False}),
        (lambda x: x.mean(0), "mean", {"axis": None, "keepdim": False}),
        (lambda x: x.sum((0, 2)), "sum", {"axis": [1], "keepdim": False}),
        (lambda x: torch.max(x), "amax", {"axis": [0, 1, 2], "keepdim": False}),
        (lambda x: torch.max(x, W8), "maximum", {}),
        (lambda x: x.min(other=W8), "minimum", {}),
        (lambda x: torch.minimum(x, W8), "minimum", {}),
        (lambda x: x.argmin(-1), "argmin", {"axis": 2, "keepdim": False}),
        (lambda x: x.repeat(1, 2, 1, 3), "repeat", {"repeats": [2, 1, 3]}),
        (lambda x: x.tile((2, 3)), "repeat", {"repeats": [1, 2, 3]}),
        (lambda x: x.repeat_interleave(2, 2), "repeat_interleave", {"repeats": 2, "axis": 1}),
        (lambda x: x.unfold(3, 2, 3), "unfold_axis", {"axis": 2, "kernel": 2, "stride": 3}),
        (
            lambda x: functional.unfold(x, (2, 3), padding=1),
            "unfold",
            {"kernel": [2, 3], "stride": [1, 1], "dilation": [1, 1], "padding": [[1, 1], [1, 1]]},
        ),
        (lambda x: functional.pixel_unshuffle(x, 2), "pixel_unshuffle", {"factor": 2}),
        (
            lambda x: functional.grid_sample(x, torch.zeros(1, 3, 3, 2), "nearest", align_corners=True),
            "grid_sample",
            {"mode": "nearest", "padding_mode": "zeros", "align_corners": True},
        ),
        (lambda x: x.long(), "cast", {"dtype": "int64"}),
        (lambda x: W8 - x, "subtract", {"reversed": True}),
        (lambda x: torch.cat([x, x], -3), "cat", {"axis": 0, "starts": [0, 4]}),
        (lambda x: torch.cat([torch.ones(1, 2, 8, 8), x], 1), "cat", {"axis": 0, "starts": [2]}),
        (lambda x: torch.stack([x, x], 2), "stack", {"axis": 1, "starts": [0, 1]}),
        (
            lambda x: functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True),
            "interpolate",
            {
                "output_size": [16, 16],
                "scale_factor": [2.0, 2.0],
                "mode": "bilinear",
                "align_corners": True,
                "antialias": False,
            },
        ),
        (
            lambda x: functional.interpolate(x, scale_factor=1.6, recompute_scale_factor=True, antialias=False),
            "interpolate",
            {
                "output_size": [12, 12],
                "scale_factor": None,
                "mode": "nearest",
                "align_corners": False,
                "antialias": False,
            },
        ),
        (
            lambda x: functional.pad(x, (1, 0), value=2),
            "pad",
            {"padding": [[0, 0], [0, 0], [1, 0]], "mode": "constant", "value": 2.0},
        ),
        (lambda x: functional.normalize(x, 1), "normalize", {"axis": 0, "p": 1.0}),
    ],
)  # fmt: skip
def test_attributes(function: Callable[[Tensor], Tensor], word: str, attributes: dict[str, Any]) -> None:
    layer = trace(Wrapped(function), X4).layers[-1]
    assert (layer.op, dict(layer.attributes)) == (word, attributes)


def test_same_padding_is_told_side_by_side() -> None:
    layer = trace(nn.Sequential(nn.Conv2d(4, 2, (3, 5), padding="same", dilation=(1, 3))), X4)["0"]
    assert layer.attributes["padding"] == [[1, 1], [6, 6]]


@pytest.mark.parametrize(
    "nothing",
    [
        lambda x: x.contiguous(),
        lambda x: x.clone(),
        lambda x: x.detach(),
        lambda x: x.data,
        lambda x: x.to(torch.float64),
        lambda x: x.half().float(),
        lambda x: x.transpose(0, 1).transpose(1, 0),
    ],
)
def test_a_call_that_changes_no_value_is_no_row(nothing: Callable[[Tensor], Tensor]) -> None:
    graph = trace(Wrapped(lambda x: torch.tanh(nothing(x))), X4)
    assert [(layer.op, layer.inputs) for layer in graph][1:] == [("tanh", ("input",))]


def test_shapes_and_constants_are_no_rows() -> None:
    def forward(x: Tensor) -> Tensor:
        mask = torch.zeros_like(x) + torch.ones(x.shape) + x.new_zeros(x.size())
        return x * mask

    graph = trace(Wrapped(forward), X4)
    assert [layer.op for layer in graph] == ["input", "multiply"]


def test_every_function_has_a_documented_word() -> None:
    undocumented = {word for word, _ in FUNCTIONS.values()} - WORDS.keys()
    assert undocumented == set()


def test_an_unknown_function_keeps_its_name() -> None:
    layer = trace(Wrapped(lambda x: torch.cumsum(x, dim=1)), X4).layers[-1]
    assert (layer.op, layer.output, layer.axes, layer.attributes) == ("cumsum", (4, 8, 8), "CHW", {"dim": 1})


def test_a_form_that_is_not_known_is_told_not_guessed() -> None:
    layer = trace(Wrapped(lambda x: x[:, torch.ones(4, 8, dtype=torch.bool)]), X4).layers[-1]
    assert layer.output == (32, 8)
    assert layer.axes == "??"
    assert set(layer.attributes) == {"unread"}


INDEX = torch.tensor([0, 2])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x[torch.ones(1, 4, 8, 8, dtype=torch.bool)],
        lambda x: x[torch.tensor([0, 0])],
        lambda x: x[:, torch.tensor([[0, 1], [2, 3]])],
        lambda x: x[:, torch.tensor(1)],
        lambda x: x[:, INDEX, INDEX],
        lambda x: x[:, INDEX, 3],
        lambda x: x.repeat(2, 1, 1, 1),
        lambda x: x.repeat(1, 1, 1, 1, 1),
        lambda x: x.repeat_interleave(torch.tensor([1, 2, 1, 1]), 1),
        lambda x: x.repeat_interleave(2),
        lambda x: torch.take_along_dim(x, torch.zeros(3, dtype=torch.long)),
        lambda x: x.narrow(1, torch.tensor(1), 2),
    ],
)
def test_what_the_attributes_could_not_tell_truly_is_unread(function: Callable[[Tensor], Tensor]) -> None:
    assert set(trace(Wrapped(function), X4).layers[-1].attributes) == {"unread"}


def test_what_was_written_through_another_view_is_unread_until_it_is_whole_again() -> None:
    def forward(x: Tensor) -> Tensor:
        y = x * 2
        y[:, :2].relu_()
        joined = torch.cat([y, x], 1)  # of y, the layer does not tell what lies where
        y.sigmoid_()
        y.view(1, -1).tanh_()
        flat = y + 1
        board = x.new_zeros(1, 4, 8, 8)
        board[:, :1].copy_(x[:, :1])
        return joined.sum() + flat.sum() + board[:, 1:].sum()

    graph = trace(Wrapped(forward), X4)
    unread = {layer.id for layer in graph if "unread" in layer.attributes}
    assert unread == {"cat", "sigmoid", "add", "slice:3"}
    assert graph["cat"].inputs == ("multiply", "relu", "input")
    assert graph["sigmoid"].inputs == ("multiply", "relu")
    assert (graph["reshape"].inputs, graph["add"].inputs) == (("sigmoid",), ("tanh",))


def test_halves_that_share_their_memory_share_no_writes() -> None:
    def forward(x: Tensor) -> Tensor:
        one, two = (x * 2).chunk(2, 1)
        one.relu_()
        return two + 1

    for x in (X4, X4.to(memory_format=torch.channels_last)):
        assert trace(Wrapped(forward), x)["add"].inputs == ("slice:2",)


def test_a_view_written_and_put_back_is_one_write() -> None:
    def forward(x: Tensor) -> Tensor:
        y = x * 2
        y[..., 0] += 1
        return torch.cat([y, x], 1)

    graph = trace(Wrapped(forward), X4)
    assert graph["setitem"].inputs == ("multiply", "add")
    assert graph["setitem"].attributes == {"index": [[0, 4, 1], [0, 8, 1], 0], "into": 0, "value": 1}
    assert (graph["cat"].inputs, graph["cat"].attributes["starts"]) == (("setitem", "input"), [0, 4])


def test_both_outputs_of_a_maximum() -> None:
    graph = trace(Wrapped(lambda x: x.max(1)), X4)
    assert [layer.op for layer in graph] == ["input", "amax", "argmax"]
    assert graph["argmax"].attributes == {"axis": 0, "keepdim": False}


@pytest.mark.parametrize(("kind", "parts"), [("LSTM", 3), ("GRU", 2), ("RNN", 2)])
def test_recurrent_layers_tell_their_outputs_apart(kind: str, parts: int) -> None:
    module = getattr(nn, kind)(8, 5, num_layers=2, bidirectional=True, batch_first=True)
    graph = trace(nn.Sequential(module), X3)
    rows = [layer for layer in graph if layer.op == kind.lower()]
    assert [layer.attributes["part"] for layer in rows] == ["sequence", "hidden", "cell"][:parts]
    assert all((layer.attributes["layers"], layer.attributes["bidirectional"]) == (2, True) for layer in rows)


def test_every_word_has_a_reader() -> None:
    assert WORDS.keys() - READERS.keys() == set()
    assert READERS.keys() - WORDS.keys() == set()


def test_macs_of_matrix_products_and_attention() -> None:
    x = torch.zeros(1, 5, 8)
    assert trace(Wrapped(lambda x: x @ x.mT), x).layers[-1].macs == 5 * 5 * 8
    assert trace(Wrapped(lambda x: torch.einsum("nlc,nmc->nlm", x, x)), x).layers[-1].macs == 5 * 5 * 8
    heads = torch.zeros(1, 2, 5, 4)
    attended = trace(Wrapped(lambda x: functional.scaled_dot_product_attention(x, x, x)), heads).layers[-1]
    assert (attended.op, attended.macs) == ("attention", 2 * (5 * 5 * 4) * 2)

    class SelfAttention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.attention(x, x, x, need_weights=False)[0]
            return out

    layer = trace(SelfAttention(), x)["attention"]
    assert (layer.op, layer.output) == ("attention", (5, 8))
    assert layer.macs == 4 * 5 * 8 * 8 + 2 * 5 * 5 * 8
    assert layer.parameters == 4 * 8 * 8 + 4 * 8
