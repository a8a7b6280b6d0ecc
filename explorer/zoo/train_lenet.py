"""Train a LeNet-5 on the shipped digits, a few minutes on a CPU: ``python -m explorer.zoo.train_lenet``."""

from __future__ import annotations

import argparse
import hashlib
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.text import _, set_language, system_language
from explorer.zoo.card import Card
from explorer.zoo.course import LENET5, LENET5_1998
from explorer.zoo.lenet import LeNet5, LeNet5Of1998


@dataclass(frozen=True)
class Form:
    """What can be trained, and how.

    Attributes:
        card: its preparation is the training's too.
        make: the network with random weights.
        epochs: rounds over the training digits.
        rate: largest learning rate.
    """

    card: Card
    make: type[nn.Module]
    epochs: int
    rate: float


MODERN, PAPERS = Form(LENET5, LeNet5, 40, 2e-3), Form(LENET5_1998, LeNet5Of1998, 80, 5e-3)
FORMS = {form.card.name: form for form in (MODERN, PAPERS)}
HELD_OUT = 5
"""One digit in so many is held out; the file is sorted by class, so each class gives its share."""
BATCH, SEED = 64, 0
TURN, SHEAR, ZOOM, SHIFT = math.radians(12), 0.12, 0.10, 0.06
"""Augmentation, each uniform in ±: radians, ratio, ratio, share of the picture's side."""


def digits(card: Card = LENET5) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the training pictures, their classes, the held-out pictures, their classes.

    Pictures are float32 (n, 1, 32, 32), prepared as the ``card`` of a LeNet-5 says; classes int64 (n,), 0 … 9.
    """
    file = resources.files("resources") / "digits" / "digits.npz"
    with file.open("rb") as stream, np.load(stream) as arrays:
        raw, classes = torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["y"]).long()
    wanted = card.preparation
    pictures = functional.pad(raw.unsqueeze(1).float() / 255, (wanted.pad,) * 4).sub_(*wanted.mean).div_(*wanted.std)
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


def train(
    form: Form = MODERN, epochs: int | None = None, tell: Callable[[int, float], None] | None = None
) -> tuple[nn.Module, float]:
    """Return a trained LeNet-5 and the share of held-out digits that it names rightly.

    Adam with one cycle of the learning rate. The last weights are taken, not the best on the held-out digits, which
    would make their figure too good.

    Args:
        form: what to train.
        epochs: rounds over the training digits; None for the form's own.
        tell: told each epoch, from 1, and its mean loss.
    """
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    epochs = form.epochs if epochs is None else epochs
    pictures, classes, held_out, held_out_classes = digits(form.card)
    network = form.make()
    steps = -(-len(pictures) // BATCH)
    optimizer = torch.optim.Adam(network.parameters(), form.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, form.rate, total_steps=epochs * steps)
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
    parser.add_argument("--model", choices=FORMS, default=LENET5.name, help=_("which form of it"))
    parser.add_argument("--out", type=Path, help=_("file for the weights; as the model is called by default"))
    parser.add_argument("--epochs", type=int, help=_("rounds over the training digits"))
    chosen = parser.parse_args(arguments)
    form = FORMS[chosen.model]
    epochs, file = chosen.epochs or form.epochs, chosen.out or Path(f"{chosen.model}.pth")
    torch.set_num_threads(1)  # the sums, and so the weights, depend on it

    def tell(epoch: int, loss: float) -> None:
        print(_("epoch {epoch} of {epochs}: loss {loss:.4f}").format(epoch=epoch, epochs=epochs, loss=loss))

    network, share = train(form, epochs, tell)
    torch.save(network.state_dict(), file)
    print(_("held out: {percent:.2f} % right").format(percent=100 * share))
    print(
        _("{file}, SHA-256 {sha256}: the card in course.py names this hash and the accuracy").format(
            file=file, sha256=hashlib.sha256(file.read_bytes()).hexdigest()
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
