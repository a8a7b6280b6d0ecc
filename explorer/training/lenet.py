"""A LeNet-5 that learns the shipped digits, and what it looks like meanwhile."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from explorer.prepare import prepare
from explorer.training.digits import augmented, digits
from explorer.training.trainer import Material, Trainer, one_thread
from explorer.training.values import Look, Plan, Seen
from explorer.values import Floats
from explorer.zoo.card import Card
from explorer.zoo.course import LENET5, LENET5_1998
from explorer.zoo.labels import labels
from explorer.zoo.lenet import LeNet5, LeNet5Of1998
from explorer.zoo.seeded import seeded

MAKE: dict[str, type[nn.Module]] = {LENET5.name: LeNet5, LENET5_1998.name: LeNet5Of1998}
TEMPERATURES: dict[str, float] = {LENET5.name: 1.0, LENET5_1998.name: 10.0}
"""Of the loss: squared distances over 84 cells are so large that their softmax is always sure, and learns little."""
CARDS: dict[str, Card] = {card.name: card for card in (LENET5, LENET5_1998)}


def beginning(plan: Plan) -> nn.Module:
    """Return the network of ``plan`` with its first, random weights, which the seed decides."""
    with seeded(plan.seed):
        return MAKE[plan.what]()


class LeNetTrainer(Trainer):
    """A LeNet-5 on the digits; can be looked at between any two batches.

    Args:
        plan: how.
    """

    def __init__(self, plan: Plan) -> None:
        self.card = CARDS[plan.what]
        material = Material(*digits(self.card), labels(self.card.labels))
        super().__init__(beginning(plan), material, plan, augmented if plan.augment else None, TEMPERATURES[plan.what])
        self._first = beginning(plan)

    def seen(self, look: Look) -> Seen:
        """Return what the network looks like now.

        Raises:
            SourceError: the watched picture does not fit.
        """
        if look.frame is not None:
            x = prepare(look.frame, self.card.preparation, torch.device("cpu")).tensor
        else:
            x = self.material.held_out[look.digit : look.digit + 1]
        kept: list[Tensor] = []
        handle = self.network.get_submodule(look.layer).register_forward_hook(
            lambda _module, _inputs, output: kept.append(output)
        )
        try:
            with one_thread(), torch.inference_mode():
                now, before = (network(x).softmax(1)[0].numpy() for network in (self.network, self._first))
        finally:
            handle.remove()
        maps = kept[0][0].reshape(len(kept[0][0]), *(kept[0].shape[2:] or (1, 1)))
        first = self.network.get_submodule("c1").weight
        assert isinstance(first, Tensor)
        filters: Floats = first.detach()[:, 0].clone().numpy()
        return Seen(look, filters, maps.clone().numpy(), before, now)
