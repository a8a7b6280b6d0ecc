"""Train the modern LeNet-5 on the shipped digits, 1–2 minutes on a CPU: ``python -m explorer.zoo.train_lenet``."""

from __future__ import annotations

import argparse
import hashlib
import math
import sys
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.text import _, set_language, system_language
from explorer.zoo.lenet import LeNet5
from explorer.zoo.registry import LENET5

HELD_OUT = 5
"""One digit in so many is held out; the file is sorted by class, so each class gives its share."""
EPOCHS, BATCH, RATE, SEED = 40, 64, 2e-3, 0
TURN, SHEAR, ZOOM, SHIFT = math.radians(12), 0.12, 0.10, 0.06
"""Augmentation, each uniform in ±: radians, ratio, ratio, share of the picture's side."""


def digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the training pictures, their classes, the held-out pictures, their classes.

    Pictures are float32 (n, 1, 32, 32), prepared as LeNet-5's card says; classes int64 (n,), 0 … 9.
    """
    file = resources.files("resources") / "digits" / "digits.npz"
    with file.open("rb") as stream, np.load(stream) as arrays:
        raw, classes = torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["y"]).long()
    pad, (mean,), (std,) = LENET5.preparation.pad, LENET5.preparation.mean, LENET5.preparation.std
    pictures = functional.pad(raw.unsqueeze(1).float() / 255, (pad,) * 4).sub_(mean).div_(std)
    held_out = torch.arange(len(classes)) % HELD_OUT == HELD_OUT - 1
    return pictures[~held_out], classes[~held_out], pictures[held_out], classes[held_out]


def augmented(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Return ``pictures`` (n, 1, 32, 32), each turned, sheared, zoomed and shifted a little, the ground continued."""

    def within(limit: float) -> Tensor:
        return (torch.rand(len(pictures), generator=generator) * 2 - 1) * limit

    turn, shear, zoom = within(TURN), within(SHEAR), 1 + within(ZOOM)
    cos, sin = torch.cos(turn) * zoom, torch.sin(turn) * zoom
    # affine_grid measures shifts in half sides.
    rows = (cos, -sin + shear, within(2 * SHIFT), sin, cos, within(2 * SHIFT))
    matrices = torch.stack(rows, dim=1).view(-1, 2, 3)
    grid = functional.affine_grid(matrices, list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def train(epochs: int = EPOCHS, tell: Callable[[int, float], None] | None = None) -> tuple[LeNet5, float]:
    """Return a trained LeNet-5 and the share of held-out digits that it names rightly.

    Adam with one cycle of the learning rate. The last weights are taken, not the best on the held-out digits, which
    would make their figure too good.

    Args:
        epochs: rounds over the training digits.
        tell: told each epoch, from 1, and its mean loss.
    """
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    pictures, classes, held_out, held_out_classes = digits()
    network = LeNet5()
    steps = -(-len(pictures) // BATCH)
    optimizer = torch.optim.Adam(network.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=epochs * steps)
    for epoch in range(epochs):
        order = torch.randperm(len(pictures), generator=generator)
        total = 0.0
        for chosen in order.split(BATCH):  # type: ignore[no-untyped-call]
            loss = nn.functional.cross_entropy(network(augmented(pictures[chosen], generator)), classes[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += loss.item() * len(chosen)
        if tell:
            tell(epoch + 1, total / len(pictures))
    return network.eval(), accuracy(network, held_out, held_out_classes)


@torch.inference_mode()
def accuracy(network: nn.Module, pictures: Tensor, classes: Tensor) -> float:
    """Return the share of ``pictures`` whose most probable class is the right one, 0 … 1."""
    right: Tensor = network(pictures).argmax(1) == classes
    return float(right.double().mean())


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, print the held-out accuracy, and write the weights."""
    set_language(system_language())
    parser = argparse.ArgumentParser(prog="python -m explorer.zoo.train_lenet", description=_("Train LeNet-5."))
    parser.add_argument("--out", type=Path, default=Path("lenet5.pth"), help=_("file for the weights"))
    parser.add_argument("--epochs", type=int, default=EPOCHS, help=_("rounds over the training digits"))
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(1)  # the sums, and so the weights, depend on it

    def tell(epoch: int, loss: float) -> None:
        print(_("epoch {epoch} of {epochs}: loss {loss:.4f}").format(epoch=epoch, epochs=chosen.epochs, loss=loss))

    network, share = train(chosen.epochs, tell)
    torch.save(network.state_dict(), chosen.out)
    print(_("held out: {percent:.2f} % right").format(percent=100 * share))
    print(
        _("{file}, SHA-256 {sha256}: the card in registry.py names this hash and the accuracy").format(
            file=chosen.out, sha256=hashlib.sha256(chosen.out.read_bytes()).hexdigest()
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
