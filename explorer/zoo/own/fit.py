"""Which network of the zoo a set of tensors belongs to, and that network, changed to fit it, with the tensors in it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from explorer.errors import NetworkError
from explorer.text import N_
from explorer.zoo import registry
from explorer.zoo.card import Card
from explorer.zoo.own import heads
from explorer.zoo.own.card import Remark

Shape = tuple[int, ...]
Variant = tuple[str, dict[str, Tensor]]
"""Tensors by name, and where in the file they were."""
_COUNTER = "num_batches_tracked"
_UNTRAINED = ("running_mean", "running_var")
"""Ends of the names of numbers that are no parameters."""
_AUXILIARY = ("aux", "AuxLogits")
_PREFIX_DEPTH = 5
_TORCHVISION = "explorer.zoo.from_torchvision:"
_NEAR, _SURE = 0.8, 0.9
"""Of the share of like names: what a family may be short of the best, and what ends the search."""
_NAMED = 3
"""So many tensors of each kind that do not fit are named."""
_LEFT_OUT = 0.5
"""Of a file's tensors: where more than this share belongs to no layer, the network is another one."""


@dataclass(frozen=True)
class Fit:
    """A network of the zoo with the tensors of a file in it.

    Attributes:
        card: the network that they belong to.
        module: in eval mode on the CPU.
        classes: how many it tells apart; 0 where its head is not in the file or it does something else.
        channels: of its input.
        exact: whether the network takes the tensors as it is.
        usual: whether it has as many outputs as its published weights.
        remarks: what was changed and what was left out.
    """

    card: Card
    module: nn.Module
    classes: int
    channels: int
    exact: bool
    usual: bool
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class _Reasons:
    """Remarks in a row, as one value of a sentence."""

    remarks: tuple[Remark, ...]

    def __str__(self) -> str:
        return "; ".join(map(str, self.remarks))


@dataclass(frozen=True)
class _Difference:
    """What does not fit: names, and of wrong shapes the one that is there and the one that is wanted."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    wrong: tuple[tuple[str, Shape, Shape], ...]

    def reasons(self) -> _Reasons:
        """Return it for a person."""
        found = []
        if self.wrong:
            name, has, wanted = self.wrong[0]
            found.append(
                Remark(
                    N_("another shape ({count}): {name} has {has}, not {wanted}"),
                    {"count": len(self.wrong), "name": name, "has": _by(has), "wanted": _by(wanted)},
                )
            )
        if self.missing:
            found.append(
                Remark(
                    N_("missing ({count}): {names}"),
                    {"count": len(self.missing), "names": _some(self.missing)},
                )
            )
        if self.unexpected:
            found.append(
                Remark(
                    N_("of no layer ({count}): {names}"),
                    {"count": len(self.unexpected), "names": _some(self.unexpected)},
                )
            )
        return _Reasons(tuple(found))


def fit(sets: Sequence[Variant], architecture: str, file: Path) -> Fit:
    """Return the network that the tensors of ``file`` belong to.

    Args:
        sets: of tensors by name, the likeliest first, each with where it was in the file.
        architecture: the network's name in the zoo; "" to look through all of them but timm's.
        file: for the sentences.

    Raises:
        NetworkError: they fit none, or not that one; the sentence says what does not fit.
    """
    if architecture:
        cards: tuple[Card, ...] = (registry.card(architecture),)
    else:
        # torchvision's first: most people train those, and the course's own may take the same tensors
        cards = tuple(sorted(registry.everything(), key=lambda card: not card.build.startswith(_TORCHVISION)))
    variants = [(where, one) for where, tensors in sets for one in _variants(_without_counters(tensors))]
    for where, tensors in variants:
        count = _count(tensors)
        for card in cards:
            if card.parameters == count and (found := _exactly(card, tensors)):
                return _told(found, where, sets, cards)
    nearest = _nearest(variants, cards)
    if nearest is None:
        raise NetworkError(
            N_(
                "The tensors of {file} belong to no network here: choose its architecture (one of timm's is "
                "looked at only if it is named), or open the network itself as ONNX or as a Python file."
            ),
            file=file,
        )
    card, (where, tensors) = nearest
    made, difference = _changed(card, tensors)
    if made is None:
        message = N_(
            "The tensors of {file} belong to no network here: the nearest is {network}, but not all fits: {reasons}. "
            "Choose its architecture (one of timm's is looked at only if it is named), or open the network itself as "
            "ONNX or as a Python file."
        )
        if architecture:
            message = N_(
                "The tensors of {file} do not belong to {network}: {reasons}. Choose another architecture, or leave it "
                "open so that it is looked for."
            )
        raise NetworkError(message, file=file, network=card.title, reasons=difference.reasons())
    return _told(made, where, sets, cards)


def _told(found: Fit, where: str, sets: Sequence[Variant], cards: Sequence[Card]) -> Fit:
    """Return ``found`` with remarks on the file's other sets of tensors, and on networks with just as many weights."""
    remarks = list(found.remarks)
    if others := [other for other, _tensors in sets if other != where]:
        remarks.append(
            Remark(
                N_("The file holds several sets of weights: “{where}” is used, not {others}."),
                {"where": where, "others": ", ".join(f"“{other}”" for other in others)},
            )
        )
    card = found.card
    twins = [
        one.title for one in cards if (one.family, one.parameters) == (card.family, card.parameters) and one != card
    ]
    if twins and found.exact:
        remarks.append(
            Remark(
                N_("{others} has just as many weights: choose it as the architecture if that is what was trained."),
                {"others": ", ".join(twins)},
            )
        )
    return replace(found, remarks=tuple(remarks))


def _variants(tensors: dict[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    """Yield ``tensors`` as they are called, and then without each prefix that at least half of them share.

    ``module.`` of DataParallel, ``_orig_mod.`` of torch.compile, ``model.``, ``backbone.``, ``net.`` and whatever
    else a person called the module that holds the network.
    """
    yield tensors
    for _depth in range(_PREFIX_DEPTH):
        first: dict[str, int] = {}
        for name in tensors:
            if "." in name:
                word = name.partition(".")[0]
                first[word] = first.get(word, 0) + 1
        if not first:
            return
        word = max(first, key=lambda one: first[one])
        if first[word] * 2 < len(tensors):
            return
        inner = {name.partition(".")[2]: one for name, one in tensors.items() if name.startswith(f"{word}.")}
        tensors = inner | {
            name: one for name, one in tensors.items() if not name.startswith(f"{word}.") and name not in inner
        }
        yield tensors


def _without_counters(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return ``tensors`` without the batches that batch norms have seen: only training has a use for them."""
    return {name: one for name, one in tensors.items() if not name.endswith(_COUNTER)}


def _count(tensors: Mapping[str, Tensor]) -> int:
    return sum(one.numel() for name, one in tensors.items() if not name.endswith(_UNTRAINED))


def _exactly(card: Card, tensors: dict[str, Tensor]) -> Fit | None:
    """Return the network as it is, if the tensors fit it to the last one."""
    module = registry.skeleton(card)
    difference = _load(module, tensors)
    if difference.missing or difference.wrong or difference.unexpected:
        return None
    same = heads.changes(module, {name: tuple(one.shape) for name, one in tensors.items()}, card.task)
    return _fit(card, _whole(card, module, tensors, same), same.classes, exact=True, usual=True)


def _nearest(variants: Sequence[Variant], cards: Sequence[Card]) -> tuple[Card, Variant] | None:
    """Return the network whose tensors are most like those of one of the variants, and that variant; else None.

    Of each family the smallest network and the largest are looked at first, then all of those families whose layers
    have the same names, and everything only where none of these is like it.
    """
    families: dict[tuple[str, str, str], list[Card]] = {}
    for card in cards:
        families.setdefault((card.task, card.build.partition(":")[0], card.family), []).append(card)
    shared: list[tuple[float, list[Card]]] = []
    for members in families.values():
        ends = {choose(members, key=lambda card: card.parameters or math.inf) for choose in (min, max)}
        pairs = itertools.product(map(_shapes, ends), variants)
        both = max(len(shapes.keys() & one.keys()) / min(len(shapes), len(one)) for shapes, (_where, one) in pairs)
        shared.append((both, members))
    best = max(both for both, _members in shared)
    looked = [card for both, members in shared if both >= best * _NEAR for card in members]
    found = _likest(variants, looked)
    if found[0] < _SURE and len(looked) < len(cards):
        found = _likest(variants, cards)
    return found[1] if found[0] or len(cards) == 1 else None


def _likest(variants: Sequence[Variant], cards: Sequence[Card]) -> tuple[float, tuple[Card, Variant]]:
    """Return the likest pair and the share of its tensors that have the same name and shape."""

    def alike(pair: tuple[Card, Variant]) -> float:
        shapes, tensors = _shapes(pair[0]), pair[1][1]
        same = sum(tuple(one.shape) == shapes.get(name) for name, one in tensors.items())
        wanted = sum(name in tensors or not _may_miss(name) for name in shapes)
        return same / max(wanted, len(tensors))

    pairs = itertools.product(cards, variants)
    best = max(pairs, key=alike)
    return alike(best), best


@cache
def _shapes(card: Card) -> dict[str, Shape]:
    """Return the shapes of a network's tensors by name."""
    return {name: tuple(one.shape) for name, one in _without_counters(registry.skeleton(card).state_dict()).items()}


def _changed(card: Card, tensors: dict[str, Tensor]) -> tuple[Fit | None, _Difference]:
    """Return the network with as many classes and channels as the tensors have, and their head; else what differs."""
    module = registry.skeleton(card)
    changes = heads.changes(module, {name: tuple(one.shape) for name, one in tensors.items()}, card.task)
    heads.apply(module, changes)
    renamed = {changes.renamed.get(name, name): one for name, one in tensors.items()}
    difference = _load(module, renamed)
    left_out = difference.unexpected
    if difference.missing or difference.wrong or len(left_out) > _LEFT_OUT * len(tensors):
        return None, difference
    remarks = list(changes.remarks)
    if left_out:
        remarks.append(
            Remark(
                N_("Left out, for {network} has no such layers ({count}): {names}."),
                {"count": len(left_out), "network": card.title, "names": _some(left_out)},
            )
        )
    return _fit(
        card,
        _whole(card, module, renamed, changes),
        changes.classes,
        usual=not changes.outputs and not changes.place,
        remarks=tuple(remarks),
    ), difference


def _load(module: nn.Module, tensors: dict[str, Tensor]) -> _Difference:
    """Put ``tensors`` into ``module`` and return what did not fit."""
    try:
        missing, unexpected = module.load_state_dict(tensors, strict=False, assign=True)
    except RuntimeError:
        wanted = {name: tuple(one.shape) for name, one in module.state_dict().items()}
        return _Difference(
            tuple(name for name in wanted if name not in tensors and not _may_miss(name)),
            tuple(name for name in tensors if name not in wanted),
            tuple(
                (name, tuple(one.shape), wanted[name])
                for name, one in tensors.items()
                if wanted.get(name, tuple(one.shape)) != tuple(one.shape)
            ),
        )
    for name in missing:
        if name.endswith(_COUNTER):
            owner, _dot, own = name.rpartition(".")
            setattr(module.get_submodule(owner), own, torch.tensor(0))
        elif name.startswith(_AUXILIARY) and isinstance(getattr(module, name.partition(".")[0], None), nn.Module):
            setattr(module, name.partition(".")[0], None)  # only training has a use for it
    return _Difference(tuple(name for name in missing if not _may_miss(name)), tuple(unexpected), ())


def _may_miss(name: str) -> bool:
    return name.endswith(_COUNTER) or name.startswith(_AUXILIARY)


def _whole(card: Card, module: nn.Module, tensors: dict[str, Tensor], changes: heads.Changes) -> nn.Module:
    """Return ``module``; where it has more numbers than the file, one that was not built on the meta device."""
    if not _hollow(module):
        return module
    module = registry.undrawn(card)
    heads.apply(module, changes)
    _load(module, tensors)
    return module


def _hollow(module: nn.Module) -> bool:
    """Return whether a number of ``module`` is still on the meta device, one that is no parameter too."""

    def within(value: Any) -> bool:
        if isinstance(value, Tensor):
            return value.is_meta
        return isinstance(value, list | tuple) and any(map(within, value))

    numbers = itertools.chain(module.parameters(), module.buffers())
    return any(map(within, numbers)) or any(within(value) for one in module.modules() for value in vars(one).values())


def _fit(card: Card, module: nn.Module, classes: int, **more: Any) -> Fit:
    first = next((one for one in module.modules() if isinstance(one, nn.Conv2d)), None)
    channels = first.in_channels if first else card.preparation.input_chw[0]
    return Fit(card, module.eval(), classes, channels, **{"exact": False, **more})


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED])


def _by(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "1"
