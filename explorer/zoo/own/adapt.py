"""A network as the frame path runs it: one picture in, the chosen answer out; its layers keep their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from explorer.errors import ForwardError
from explorer.text import N_
from explorer.zoo.own.card import OwnCard

_SEED = 0
"""Of random further inputs, so that what one sees of them can be seen again."""
_MOST_NAMED = 12


class Adapted(nn.Module):
    """Stands in front of a network and shares its parts, so that no name gets a prefix.

    Args:
        module: the network.
        own: which further inputs it gets, and what of its output is the answer.
    """

    def __init__(self, module: nn.Module, own: OwnCard) -> None:
        super().__init__()
        self._whole = (module,)  # in a tuple, for a child's name would stand before every layer's
        self._modules, self._parameters, self._buffers = module._modules, module._parameters, module._buffers
        self.training = module.training
        self._own = own
        self._further: dict[tuple[torch.device, torch.dtype], tuple[list[Tensor], dict[str, Tensor]]] = {}

    def train(self, mode: bool = True) -> Adapted:
        """Switch the network too: it may ask for its own flag."""
        super().train(mode)
        self._whole[0].training = mode
        return self

    def forward(self, x: Tensor) -> Any:
        """Return the answer to picture ``x`` (1, C, H, W): the chosen output, or all of it where none is chosen.

        Raises:
            ForwardError: the chosen output is not there.
        """
        key = x.device, x.dtype
        if key not in self._further:
            self._further = {key: further(self._own.inputs, x)}
        by_place, by_name = self._further[key]
        returned = self._whole[0](x, *by_place, **by_name)
        return pick(returned, self._own.output) if self._own.output else returned


def adapt(module: nn.Module, own: OwnCard) -> nn.Module:
    """Return ``module`` with the further inputs and the output that ``own`` says; itself where it says neither."""
    return Adapted(module, own) if own.output or own.inputs else module


def further(inputs: tuple[str, ...], like: Tensor) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Return further inputs as ``OwnCard.inputs`` writes them: those by place and those by name.

    Args:
        inputs: each ``name=kind:shape``.
        like: what they share device and number type with.
    """
    by_place: list[Tensor] = []
    by_name: dict[str, Tensor] = {}
    random = torch.Generator().manual_seed(_SEED)
    for one in inputs:
        name, _equals, what = one.rpartition("=")
        kind, _colon, sides = what.partition(":")
        shape = tuple(map(int, sides.split("x")))
        made = torch.randn(shape, generator=random) if kind == "random" else torch.full(shape, float(kind == "ones"))
        made = made.to(like.device, like.dtype)
        if name:
            by_name[name] = made
        else:
            by_place.append(made)
    return by_place, by_name


def pick(returned: Any, path: str) -> Any:
    """Return what is at ``path`` in what a network returned.

    Args:
        returned: dictionaries, lists, tuples, dataclasses and their like, in one another.
        path: keys, attributes or numbers joined by dots; a key may have dots itself.

    Raises:
        ForwardError: there is no such thing; what is there is named.
    """
    if not path:
        return returned
    if isinstance(returned, Mapping):
        for key, value in returned.items():
            if path == str(key) or path.startswith(f"{key}."):
                return pick(value, path[len(str(key)) + 1 :])
    word, _dot, rest = path.partition(".")
    if isinstance(returned, list | tuple) and word.lstrip("-").isdecimal():
        if -len(returned) <= int(word) < len(returned):
            return pick(returned[int(word)], rest)
    elif word in _attributes(returned):
        return pick(getattr(returned, word), rest)
    raise ForwardError(
        N_("The network's answer has no “{output}”: choose one of {known} as its output."),
        output=path,
        known=", ".join(outputs(returned)[:_MOST_NAMED]) or "–",
    )


def outputs(returned: Any) -> tuple[str, ...]:
    """Return the path of every tensor in what a network returned, in order; "" for a tensor alone."""
    return tuple(_paths(returned, ""))


def _paths(value: Any, path: str) -> list[str]:
    if isinstance(value, Tensor):
        return [path]
    inner: list[tuple[str, Any]] = []
    if isinstance(value, Mapping):
        inner = [(str(key), one) for key, one in value.items()]
    elif names := _attributes(value):
        inner = [(name, getattr(value, name)) for name in names]
    elif isinstance(value, list | tuple):
        inner = [(str(place), one) for place, one in enumerate(value)]
    return [found for name, one in inner for found in _paths(one, f"{path}.{name}" if path else name)]


def _attributes(value: Any) -> tuple[str, ...]:
    """Return the fields of a dataclass or a named tuple."""
    if isinstance(value, Tensor):
        return ()
    return tuple(getattr(value, "__dataclass_fields__", ())) or tuple(getattr(value, "_fields", ()))
