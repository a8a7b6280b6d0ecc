"""Modules that the person's own program has in memory, for as long as a window shows them.

What is looked at is a copy, made when the network is opened: the person's module stays where it is and as it is.
"""

from __future__ import annotations

import atexit
import copy
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from explorer import settings
from explorer.errors import NetworkError, contained
from explorer.text import N_
from explorer.zoo.own import IN_MEMORY
from explorer.zoo.own.card import Certainty, Guess, OwnCard, Remark
from explorer.zoo.own.guesses import by_trial, preparation

if TYPE_CHECKING:
    from torch import Tensor, nn

Transform = Callable[[Any], Any]
"""From a PIL picture to the tensor (C, H, W), as torchvision's transforms are."""
_TRIAL = (480, 640)
"""Height and width of the picture that shows what a transform makes."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A module that a program showed.

    Attributes:
        module: the person's own; never changed.
        transform: makes its input of a picture, or None.
        labels: of its classes, by index.
        title: its class's name.
    """

    module: nn.Module
    transform: Transform | None = None
    labels: tuple[str, ...] = ()
    title: str = field(default="")


_shown: dict[str, Shown] = {}


def put(module: nn.Module, transform: Transform | None = None, labels: Sequence[str] = ()) -> str:
    """Let ``module`` be opened under the name that is returned, until ``forget``.

    Raises:
        NetworkError: it is no module, its transform cannot be called, or the labels are no list of names.
    """
    from torch import nn

    if not isinstance(module, nn.Module):
        raise NetworkError(N_("{kind} is no torch.nn.Module: give the network itself."), kind=type(module).__name__)
    if transform is not None and not callable(transform):
        raise NetworkError(
            N_("The transform cannot be called ({kind}): give a function from a picture to the network's input."),
            kind=type(transform).__name__,
        )
    if isinstance(labels, str) or not all(isinstance(one, str) for one in labels):
        raise NetworkError(N_("The labels are no list of names: give one name for each class, in their order."))
    inner = _inner(module)
    title = type(inner).__name__
    taken = [name for name in _shown if name == IN_MEMORY + title or name.startswith(f"{IN_MEMORY}{title} ")]
    number = next(n for n in range(1, len(taken) + 2) if _numbered(title, n) not in _shown)
    name = _numbered(title, number)
    _shown[name] = Shown(inner, transform, tuple(labels), title)
    return name


def forget(name: str) -> None:
    """Let the module go."""
    _shown.pop(name, None)


def shown(name: str) -> Shown:
    """Return what is shown under ``name``.

    Raises:
        NetworkError: its program showed it once, and does no more.
    """
    try:
        return _shown[name]
    except KeyError:
        raise NetworkError(
            N_("{network} was in the memory of a program: run explorer.show there again, or choose another network."),
            network=name.removeprefix(IN_MEMORY),
        ) from None


def guess(name: str) -> Guess:
    """Return what the module shows by itself: its channels, its size by trial, its classes.

    Raises:
        NetworkError: it is no longer there, cannot be copied, or its transform makes no input.
    """
    of = shown(name)
    certainty: dict[str, Certainty] = {}
    remarks: tuple[Remark, ...] = ()
    if of.transform is not None:
        from PIL import Image

        tensor = transformed(of.transform, Image.new("RGB", _TRIAL[::-1], (124, 116, 104)))
        made = (int(tensor.shape[1]), int(tensor.shape[2]), int(tensor.shape[3]))
        _made, output, remarks = by_trial(open(name), len(of.labels), made)
        plain = preparation(made)
        certainty["input_chw"] = "sure"
    else:
        shape, output, found = by_trial(open(name), len(of.labels))
        plain = preparation(shape)
        remarks = (Remark(N_("No transform was given: the usual preparation is taken.")), *found)
    own = OwnCard(of.title, plain, labels=_file_of(of.labels), output=output, task="classify")
    return Guess(own, certainty, remarks)


def open(name: str) -> nn.Module:  # noqa: A001
    """Return a copy of the module.

    Raises:
        NetworkError: it is no longer there, or cannot be copied.
    """
    of = shown(name)
    try:
        with contained():
            return copy.deepcopy(of.module).eval()
    except Exception as error:
        raise NetworkError(
            N_("{network} cannot be copied ({reason}): save its state_dict and open that file instead."),
            network=of.title,
            reason=f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".rstrip(". "),
        ) from error


def transformed(transform: Transform, picture: Any) -> Tensor:
    """Return what ``transform`` makes of a PIL picture, (1, C, H, W); nobody else's memory.

    Raises:
        NetworkError: it raises, or makes something else.
    """
    import torch

    try:
        with contained():
            made = transform(picture)
        tensor = torch.as_tensor(made).detach()
    except Exception as error:
        raise NetworkError(
            N_("The transform failed ({reason}): it gets a picture of Pillow and returns a tensor."),
            reason=f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".rstrip(". "),
        ) from error
    tensor = tensor.unsqueeze(0) if tensor.dim() == 3 else tensor
    if tensor.dim() != 4 or len(tensor) != 1 or not tensor.numel():
        raise NetworkError(
            N_("The transform returned the shape {shape}: it must be channels, height and width."),
            shape="×".join(map(str, tensor.shape)) or "0-D",
        )
    return tensor.clone()


def _inner(module: nn.Module) -> nn.Module:
    """Return the network inside what torch puts around one: compiled, or spread over cards."""
    from torch import nn

    if isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
        return _inner(module.module)
    compiled = module._modules.get("_orig_mod")
    return _inner(compiled) if compiled is not None else module


def _numbered(title: str, number: int) -> str:
    return IN_MEMORY + title if number == 1 else f"{IN_MEMORY}{title} {number}"


def keep(data: bytes, suffix: str) -> Path:
    """Return a file with ``data`` that is there for as long as this program runs, and is removed at its end.

    Raises:
        ExportError: it cannot be written.
    """
    path = _folder() / f"{hashlib.sha256(data).hexdigest()[:12]}{suffix}"
    settings.write_atomically(path, data)
    return path


@cache
def _folder() -> Path:
    made = Path(mkdtemp(prefix=f"{settings.APPLICATION}-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def _file_of(names: tuple[str, ...]) -> str:
    """Return the path of a file with the labels: a card names its classes by a file."""
    return str(keep(json.dumps(names).encode(), ".json")) if names else ""
