"""The last layer of a loaded network learns a person's own classes, from features that are captured once a picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from explorer import sources
from explorer.errors import NetworkError, SourceError
from explorer.graph.values import Layer
from explorer.indexing import features
from explorer.text import N_
from explorer.training import pictures
from explorer.training.trainer import Material, Trainer
from explorer.training.values import Captured, Plan
from explorer.values import Source
from explorer.zoo import own

if TYPE_CHECKING:
    from explorer.session import Network

_CONSTANT = 1e-4
"""Of its mean: a feature that deviates by less tells nothing. Weights that scaled it up would lose in float32, by which
they are kept, what they learned: 2⁻²⁴ of the mean is then more than a thousandth of the deviation."""


def last_layer(network: Network) -> tuple[Layer, nn.Linear]:
    """Return the layer that a network's answer comes from, and its module.

    Raises:
        NetworkError: it is no linear layer with weights of its own, the network does not classify, or its file is not
            one of tensors, so that no file could hold it with another last layer.
    """
    layer = network.graph.output
    name = network.card.name
    if network.card.task == "classify" and layer.op == "linear" and "C" in layer.axes and len(layer.output) == 1:
        module = next((one for path, one in network.module.named_modules() if path == layer.name), None)
        if isinstance(module, nn.Linear):
            if own.is_own(name) and own.form_of(name) != "tensors":
                raise NetworkError(
                    N_(
                        "{network} is a program of its own, which cannot be saved with another last layer: choose a "
                        "network of the list, or a file of tensors."
                    ),
                    network=network.card.title,
                )
            return layer, module
    raise NetworkError(
        N_(
            "{network} does not end in a linear layer, so there is none that could learn other classes: choose another "
            "network, for example ResNet-18."
        ),
        network=network.card.title,
    )


class Capture:
    """Shows each picture to the network once.

    Args:
        network: the loaded one.
        folder: with a folder of pictures for each class.

    Raises:
        NetworkError: see ``last_layer``. SourceError, PersonError: see ``pictures.classes`` and ``pictures.check``.
    """

    def __init__(self, network: Network, folder: Path) -> None:
        self._network, self._layer = network, last_layer(network)[0]
        self._classes = pictures.classes(folder)
        pictures.check(self._classes, folder)
        self._vectors: list[list[Tensor]] = [[] for _one in self._classes]
        self.paths: list[list[Path]] = [[] for _one in self._classes]

    def steps(self) -> Iterator[Captured]:
        """Yield how far it is after each picture.

        Raises:
            PersonError: too few pictures of a class can be read.
            ForwardError, DeviceError: the network raised, or memory is short.
        """
        total = sum(len(one.paths) for one in self._classes)
        unreadable: list[str] = []
        done = 0
        for place, one in enumerate(self._classes):
            for path in one.paths:
                try:
                    frame = sources.read(Source("picture", str(path)))
                except SourceError:
                    unreadable.append(str(path))
                else:
                    found = features(self._network, frame, self._layer.inputs[0])
                    self._vectors[place].append(torch.from_numpy(found))
                    self.paths[place].append(path)
                done += 1
                yield Captured(done, total, tuple(unreadable))
        for one, vectors in zip(self._classes, self._vectors, strict=True):
            pictures.check_count(one.name, len(vectors))

    def trainer(self, plan: Plan) -> LastTrainer:
        """Return what trains the last layer, once all pictures are captured."""
        return LastTrainer(tuple(one.name for one in self._classes), self._vectors, self.paths, plan)


class LastTrainer(Trainer):
    """A linear layer on features, each made to have mean 0 and deviation 1 over the pictures that are learned from.

    Its first weights are zero: every class is as probable.

    Args:
        names: of the classes.
        vectors: of each class its pictures' features, float32 (n,) each.
        paths: of those pictures.
        plan: how; its seed chooses what is held out.
    """

    def __init__(
        self, names: tuple[str, ...], vectors: list[list[Tensor]], paths: list[list[Path]], plan: Plan
    ) -> None:
        chosen = pictures.split([len(one) for one in vectors], plan.seed)
        sides: dict[bool, tuple[list[Tensor], list[int]]] = {False: ([], []), True: ([], [])}
        self.held_out_paths: list[str] = []
        for place, (some, out, files) in enumerate(zip(vectors, chosen, paths, strict=True)):
            for vector, away, path in zip(some, out, files, strict=True):
                sides[away][0].append(vector)
                sides[away][1].append(place)
                if away:
                    self.held_out_paths.append(str(path))
        learned = torch.stack(sides[False][0])
        self._mean, deviation = learned.mean(0), learned.std(0, correction=0)
        self._scale = torch.where(deviation > _CONSTANT * self._mean.abs(), 1 / deviation, 0.0)
        layer = nn.Linear(learned.shape[1], len(names))
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
        material = Material(
            (learned - self._mean) * self._scale,
            torch.tensor(sides[False][1]),
            (torch.stack(sides[True][0]) - self._mean) * self._scale,
            torch.tensor(sides[True][1]),
            names,
        )
        super().__init__(layer, material, plan)

    def layer(self) -> tuple[Tensor, Tensor]:
        """Return weights (classes, n) and bias (classes,) for the features as the network makes them."""
        assert isinstance(self.network, nn.Linear)
        weight = self.network.weight.detach().double() * self._scale.double()
        bias = self.network.bias.detach().double() - weight @ self._mean.double()
        return weight.float(), bias.float()
