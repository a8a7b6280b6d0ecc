"""LeNet-5: its shapes and connections are the paper's, its weights are what the cards say."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from explorer.training.digits import digits
from explorer.training.trainer import accuracy
from explorer.zoo import registry, weights
from explorer.zoo.card import Card
from explorer.zoo.lenet import BITMAPS, LeNet5, LeNet5Of1998, RadialBasis, Squash, SubSampling

CARDS = [registry.card("lenet5"), registry.card("lenet5_1998")]
by_form = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)


def trained(card: Card) -> nn.Module:
    found = weights.find(card)
    assert found is not None
    return registry.build(card, weights.load(found))


@pytest.mark.parametrize("form", [LeNet5, LeNet5Of1998])
def test_maps_have_the_papers_sizes(form: type[nn.Module]) -> None:
    network, shapes = form(), {}
    hooks = [
        module.register_forward_hook(lambda m, i, o, name=name: shapes.update({name: tuple(o.shape[1:])}))
        for name, module in network.named_children()
    ]
    network(torch.zeros(1, 1, 32, 32))
    for hook in hooks:
        hook.remove()
    named = {name: shape for name, shape in shapes.items() if name in ("c1", "s2", "c3", "s4", "c5", "f6", "output")}
    assert named == {
        "c1": (6, 28, 28), "s2": (6, 14, 14), "c3": (16, 10, 10), "s4": (16, 5, 5), "c5": (120, 1, 1), "f6": (84,),
        "output": (10,),
    }  # fmt: skip


# The paper's form, section II.B

TABLE_I = """
X...XXX..XXXX.XX
XX...XXX..XXXX.X
XXX...XXX..X.XXX
.XXX..XXXX..X.XX
..XXX..XXXX.XX.X
...XXX..XXXX.XXX
"""
"""Table I: a row a map of S2, a column a map of C3."""


def test_each_map_of_c3_sees_the_maps_of_table_1() -> None:
    network = LeNet5Of1998()
    rows = TABLE_I.split()
    assert sum(row.count("X") for row in rows) == 60
    x = torch.rand(1, 6, 5, 5, requires_grad=True)
    maps = network.c3(x)
    assert maps.shape == (1, 16, 1, 1)
    for column in range(16):
        (gradient,) = torch.autograd.grad(maps[0, column, 0, 0], x, retain_graph=True)
        seen = gradient[0].abs().amax((1, 2)) > 0
        assert ["X" if one else "." for one in seen.tolist()] == [row[column] for row in rows], column


def test_trainable_parameters_are_those_that_the_paper_prints() -> None:
    counts = {
        name: sum(p.numel() for p in module.parameters() if p.requires_grad)
        for name, module in LeNet5Of1998().named_children()
    }
    printed = {"c1": 156, "s2": 12, "c3": 1516, "s4": 32, "c5": 48_120, "f6": 10_164}
    assert {name: count for name, count in counts.items() if count} == printed
    assert sum(printed.values()) == 60_000


def test_the_squashing_function_is_that_of_appendix_a() -> None:
    a = torch.linspace(-4, 4, 33, dtype=torch.float64)
    squashed = Squash()(a)
    np.testing.assert_allclose(squashed, 1.7159 * np.tanh(2 / 3 * a.numpy()), rtol=1e-12)
    np.testing.assert_allclose(Squash()(torch.tensor([-1.0, 1.0])), [-1, 1], atol=1e-4)


def test_the_centres_are_ten_different_pictures_of_plus_and_minus_one() -> None:
    centres = RadialBasis().centres
    assert centres.shape == (10, 7 * 12)
    assert set(centres.unique().tolist()) == {-1.0, 1.0}
    distances = torch.cdist(centres, centres) ** 2 / 4  # cells that differ
    assert distances[~torch.eye(10, dtype=torch.bool)].min() >= 8
    seven = ["".join("#" if cell > 0 else "." for cell in row) for row in centres[7].reshape(12, 7)]
    assert seven == [row.split()[7] for row in BITMAPS]
    assert seven[0] == "#######"
    assert seven[-1] == "..#...."
    assert not list(RadialBasis().parameters()), "fixed"


def windows(x: Any, k: int) -> Any:
    return np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(-2, -1))


def by_hand(state: dict[str, Any], picture: Any) -> Any:
    """The paper's LeNet-5 in numpy, map by map: the logits (10,) of a prepared picture (32, 32)."""

    def squash(a: Any) -> Any:
        return 1.7159 * np.tanh(2 / 3 * a)

    def subsampled(x: Any, name: str) -> Any:
        four = x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]
        return squash(state[f"{name}.coefficient"] * four + state[f"{name}.bias"])

    rows = TABLE_I.split()
    c1 = squash(
        np.einsum("yxij,kij->kyx", windows(picture, 5), state["c1.weight"][:, 0]) + state["c1.bias"][:, None, None]
    )
    s2 = subsampled(c1, "s2")
    kernels = [k for count in (3, 4, 6) for k in state[f"c3.sees_{count}.weight"]]
    biases = [b for count in (3, 4, 6) for b in state[f"c3.sees_{count}.bias"]]
    c3 = np.zeros((16, 10, 10))
    for column in range(16):
        seen = [j for j in range(6) if rows[j][column] == "X"]
        # Wrapped round, as in the columns 4 and 5 of the table, or not: kernels are in the order of the maps' numbers.
        for kernel, j in zip(kernels[column], seen, strict=True):
            c3[column] += np.einsum("yxij,ij->yx", windows(s2[j], 5), kernel)
        c3[column] += biases[column]
    s4 = subsampled(squash(c3), "s4")
    c5 = squash(np.einsum("cyx,kcyx->k", s4, state["c5.weight"]) + state["c5.bias"])
    f6 = squash(state["f6.weight"] @ c5 + state["f6.bias"])
    pictures = [[row.split()[digit] for row in BITMAPS] for digit in range(10)]
    centres = [[1.0 if cell == "#" else -1.0 for cell in "".join(one)] for one in pictures]
    return np.array([-sum((f6 - np.array(centre)) ** 2) for centre in centres])


def test_the_papers_form_is_the_same_computed_by_hand() -> None:
    network = LeNet5Of1998().double().eval()
    picture = torch.rand(1, 1, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(5)) * 1.275 - 0.1
    with torch.inference_mode():
        found = network(picture)[0].numpy()
    state = {name: value.numpy() for name, value in network.state_dict().items()}
    np.testing.assert_allclose(found, by_hand(state, picture[0, 0].numpy()), rtol=1e-10)


def test_random_weights_are_those_of_appendix_a() -> None:
    network = LeNet5Of1998()
    for module, fan_in in (
        (network.c1, 25), (network.c3.sees_3, 75), (network.c3.sees_4, 100), (network.c3.sees_6, 150),
        (network.c5, 400), (network.f6, 120), (network.s2, 4), (network.s4, 4),
    ):  # fmt: skip
        assert isinstance(module, nn.Module)
        largest = max(float(p.detach().abs().max()) for p in module.parameters())
        assert 0.5 * 2.4 / fan_in < largest <= 2.4 / fan_in * (1 + 1e-6)  # as float32 rounds the bound
    assert isinstance(network.s2, SubSampling)


@by_form
def test_the_shipped_weights_are_as_good_as_the_card_says(card: Card) -> None:
    _, _, held_out, classes = digits(card)
    share = accuracy(trained(card), held_out, classes)
    said = re.match(r"([\d.]+) % of", card.weights[0].accuracy)
    assert said is not None
    assert share >= 0.985
    assert 100 * share == pytest.approx(float(said[1]), abs=0.05)
