"""Half precision, on the CPU's bfloat16: the whole path, near the float32 one, and told where a network cannot."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explorer import frame_path, sources
from explorer.errors import NetworkError
from explorer.recipe import Recipe
from explorer.session import Session
from explorer.zoo import registry

BFLOAT16_STEP = 2.0**-8
"""Relative distance between neighbouring bfloat16 numbers."""


@pytest.mark.parametrize("name", ["efficientnet_lite0", "lenet5"])
def test_the_whole_path_in_half_precision(name: str) -> None:
    frame, recipe = sources.read(Recipe().source), Recipe(network=name)
    results = {}
    for precision in ("float32", "half"):
        network = Session().open(name, device="cpu", precision=precision)
        results[precision] = frame_path.run(network, frame, recipe)
    assert next(network.module.parameters()).dtype == torch.bfloat16
    assert network.number_type == torch.bfloat16
    exact, half = results["float32"].view.map, results["half"].view.map
    assert half.dtype == np.float32
    assert 0 < np.abs(half - exact).max() <= 8 * BFLOAT16_STEP * np.abs(exact).max()
    best = {prediction.index: prediction.probability for prediction in results["half"].predictions}
    first = results["float32"].predictions[0]
    assert abs(best[first.index] - first.probability) < 0.1
    assert all(np.isfinite(prediction.probability) for prediction in results["half"].predictions)


def test_every_map_in_half_precision_is_the_modules_own(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Session().open("lenet5", device="cpu", precision="half")
    frame = sources.read(Recipe().source)
    maps = frame_path.all_maps(network, frame, Recipe(network="lenet5"))
    module = network.module
    with torch.inference_mode():
        x = network.prepare(frame).tensor
        assert x.dtype == torch.bfloat16
        expected = module.relu1(module.c1(x))
    np.testing.assert_array_equal(maps["relu1"], expected[0].float().numpy())


def test_tf32_changes_nothing_on_a_cpu() -> None:
    frame, recipe = sources.read(Recipe().source), Recipe(network="lenet5")
    views = [
        frame_path.run(Session().open("lenet5", device="cpu", precision=precision), frame, recipe).view.map
        for precision in ("float32", "tf32")
    ]
    np.testing.assert_array_equal(*views)
    assert Session().open("lenet5", device="cpu").precision == "float32"
    assert not torch.backends.cudnn.allow_tf32


class _OnlyFloat32(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.dtype != torch.float32:
            raise RuntimeError("\"fancy_op\" not implemented for 'BFloat16'")
        return x.flatten(1)


def test_a_network_that_cannot_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "build", lambda card, state=None: _OnlyFloat32())
    with pytest.raises(NetworkError, match=r"does not run in half precision \(.*fancy_op.*choose float32"):
        Session().open("lenet5", device="cpu", precision="half")


def test_another_precision_is_another_network() -> None:
    session = Session()
    first = session.open("lenet5", device="cpu")
    assert session.open("lenet5", device="cpu") is first
    assert session.open("lenet5", device="cpu", precision="half") is not first


def test_what_moves_from_a_card_keeps_its_numbers() -> None:
    """A card's float16 holds what bfloat16 rounds away: on the CPU these very numbers are float32."""
    network = Session().open("lenet5", device="cpu", precision="half")
    network.module.to(torch.float16)
    before = [one.double() for one in network.module.parameters()]
    network.device = torch.device("meta")  # stands for the card
    network.move(torch.device("cpu"))
    assert network.number_type == torch.float32
    assert all(torch.equal(one.double(), was) for one, was in zip(network.module.parameters(), before, strict=True))


def test_an_untrained_network_leaves_every_generator_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """``torch.manual_seed`` would seed those of the person's cards, too."""
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda _seed: pytest.fail("the cards' generators were seeded"))
    before = torch.random.get_rng_state()
    registry.build(registry.card("lenet5"))
    assert torch.equal(torch.random.get_rng_state(), before)
