"""A trained network becomes an own one: a file of tensors with its card, which reads as it was."""

from __future__ import annotations

import errno
import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from explorer import settings
from explorer.errors import ExportError
from explorer.render import export
from explorer.text import N_
from explorer.training.last import LastTrainer, last_layer
from explorer.training.lenet import LeNetTrainer
from explorer.training.values import room
from explorer.zoo import own
from explorer.zoo.card import Preparation
from explorer.zoo.own.card import OwnCard

if TYPE_CHECKING:
    from explorer.session import Network

SUFFIX = ".safetensors"
_LABELS = ".labels.json"
"""What is added to a file's name: a JSON file of its name alone may well be another program's."""
MOST_KEPT = 20
"""So many trained networks stay that were kept only to be looked through, the newest ones."""


def check_place(path: Path) -> None:
    """Do nothing if a network can be written to ``path``; asked before a training that takes minutes.

    Raises:
        ExportError: its name ends otherwise, or nothing can be written there.
    """
    if path.parent != room() and not os.path.isdir(path.parent):
        code = errno.ENOTDIR if os.path.exists(path.parent) else errno.ENOENT
        raise export.problem(OSError(code, os.strerror(code)), path)
    if path.suffix.lower() != SUFFIX or os.path.isdir(path):
        raise ExportError(
            N_("A trained network cannot be written to {file}: give a file’s name that ends in {suffix}."),
            file=path,
            suffix=SUFFIX,
        )
    probe = path.parent / f".{uuid.uuid4().hex}.part"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        probe.unlink()
    except (OSError, ValueError) as error:
        raise ExportError(
            N_("{file} cannot be written ({reason}): free some space or choose another folder."),
            file=path,
            reason=getattr(error, "strerror", None) or error,
        ) from error


def save_lenet(trainer: LeNetTrainer, path: Path) -> None:
    """Write a LeNet-5 as it is now, with its card.

    Raises:
        ExportError: it cannot be written; nothing new is left then.
    """
    card = trainer.card
    about = OwnCard(path.stem, card.preparation, card.name, labels=card.labels)
    _write(path, trainer.network.state_dict(), about)


def save_last(trainer: LastTrainer, network: Network, path: Path) -> None:
    """Write ``network`` with the trained last layer, its card, and a file with the names of the classes.

    Raises:
        ExportError: it cannot be written; nothing new is left then.
        NetworkError: the network is none whose last layer can be another one.
    """
    layer, _module = last_layer(network)
    state = {
        name: tensor.detach().float() if tensor.is_floating_point() else tensor.detach()
        for name, tensor in network.module.state_dict().items()
    }
    weight, bias = trainer.layer()
    state[f"{layer.name}.weight"], state[f"{layer.name}.bias"] = weight, bias
    names = path.with_name(path.name + _LABELS)
    architecture = network.card.name
    if own.is_own(architecture):
        before = own.open(architecture, hollow=True).own
        architecture = before.architecture
    about = OwnCard(path.stem, _at(network.preparation, network.input_hw), architecture, labels=str(names.absolute()))
    _write(path, state, about, names, trainer.material.names)


def _at(preparation: Preparation, input_hw: tuple[int, int]) -> Preparation:
    """Return the preparation for an input of another size: the same share of the picture is seen."""
    channels, *usual_hw = preparation.input_chw
    if tuple(usual_hw) == input_hw:
        return preparation
    zoom = preparation.resize / (min(usual_hw) - 2 * preparation.pad)
    resize = round((min(input_hw) - 2 * preparation.pad) * zoom)
    return replace(preparation, input_chw=(channels, *input_hw), resize=max(resize, 1))


def _write(
    path: Path, state: Mapping[str, Tensor], about: OwnCard, labels: Path | None = None, names: Sequence[str] = ()
) -> None:
    from safetensors.torch import save

    check_place(path)
    plain = {name: tensor.cpu().contiguous().clone() for name, tensor in state.items()}
    files = [path, path.with_name(path.name + own.CARD), *([labels] if labels else [])]
    fresh = [file for file in files if not file.exists()]
    try:
        settings.write_atomically(path, save(plain))  # first: it is the largest, for which a disk may have no room
        if labels is not None:
            settings.write_atomically(labels, json.dumps(names).encode())  # a folder's name may hold anything
        own.save(str(path), about)
    except BaseException:
        for file in fresh:
            file.unlink(missing_ok=True)
        raise
    if path.parent == room():
        for old in sorted(path.parent.glob(f"*{SUFFIX}"), key=lambda file: file.stat().st_mtime)[:-MOST_KEPT]:
            for file in (old, old.with_name(old.name + own.CARD), old.with_name(old.name + _LABELS)):
                file.unlink(missing_ok=True)
