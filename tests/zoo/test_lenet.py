"""LeNet-5: its shapes are the paper's, its weights are what the card says, its training learns and can be repeated."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from explorer.prepare import prepare
from explorer.values import Frame
from explorer.zoo import registry, train_lenet, weights
from explorer.zoo.lenet import LeNet5

CARD = registry.card("lenet5")


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    found = weights.find(CARD)
    assert found is not None
    return registry.build(CARD, weights.load(found))


def test_maps_have_the_papers_sizes() -> None:
    network, shapes = LeNet5(), {}
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


def test_every_fifth_digit_of_every_class_is_held_out() -> None:
    pictures, classes, held_out, held_out_classes = train_lenet.digits()
    assert (pictures.shape, held_out.shape) == ((8000, 1, 32, 32), (2000, 1, 32, 32))
    assert torch.allclose(classes.bincount() / 8000, held_out_classes.bincount() / 2000, atol=0.001)
    assert not {p.numpy().tobytes() for p in pictures} & {p.numpy().tobytes() for p in held_out}


def test_the_shipped_weights_are_as_good_as_the_card_says(network: torch.nn.Module) -> None:
    _, _, held_out, classes = train_lenet.digits()
    share = train_lenet.accuracy(network, held_out, classes)
    said = re.match(r"([\d.]+) % of", CARD.weights[0].accuracy)
    assert said is not None
    assert share >= 0.985
    assert 100 * share == pytest.approx(float(said[1]), abs=0.05)


def test_the_frame_path_prepares_digits_as_the_training_did(network: torch.nn.Module) -> None:
    with np.load(Path(train_lenet.resources.files("resources") / "digits" / "digits.npz")) as arrays:
        raw = arrays["x"][4]
    frame = Frame(np.repeat(raw[:, :, None], 3, axis=2), "digit")
    prepared = prepare(frame, CARD.preparation, torch.device("cpu"))
    assert torch.equal(prepared.tensor, train_lenet.digits()[2][:1])


def test_augmentation_moves_pictures_a_little() -> None:
    dots = torch.zeros(200, 1, 32, 32)
    dots[:, :, 15:17, 15:17] = 1
    moved = train_lenet.augmented(dots, torch.Generator().manual_seed(0))
    rows = torch.arange(32.0)
    mass = moved.sum((1, 2, 3))
    centre = (moved.sum((1, 3)) * rows).sum(1) / mass
    assert 0.5 < (centre - 15.5).abs().max() <= train_lenet.SHIFT * 32 + 0.5
    assert ((mass - 4).abs() < 2).all()


def test_one_epoch_learns_and_can_be_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    threads = torch.get_num_threads()
    try:
        for name in ("a.pth", "b.pth"):
            assert train_lenet.main(["--epochs", "1", "--out", str(tmp_path / name)]) == 0
    finally:
        torch.set_num_threads(threads)
    said = [float(x) for x in re.findall(r"held out: ([\d.]+) % right", capsys.readouterr().out)]
    assert said[0] > 80
    assert said[0] == said[1]
    a, b = (torch.load(tmp_path / name, weights_only=True) for name in ("a.pth", "b.pth"))
    assert all(torch.equal(a[name], b[name]) for name in a)
