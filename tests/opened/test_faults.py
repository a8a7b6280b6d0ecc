"""Faults planted in the rules: the proof of opened arithmetic must see each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.errors import NetworkError
from explorer.opened import places, pointwise, windows
from explorer.opened.open import read
from explorer.opened.taken import index_of
from explorer.recipe import Unit
from tests.opened.looks import UNITS, Look, shown, some, terms_are_cells

# planted faults


@dataclass(frozen=True)
class Fault:
    """One thing done wrongly to a rule, to show that the proof above would see it."""

    name: str
    op: str
    attributes: Callable[[dict[str, Any]], dict[str, Any]] = lambda a: a
    patch: tuple[Any, str, Callable[..., Any]] | None = None


def _other_side(a: dict[str, Any]) -> dict[str, Any]:
    return {"padding": [[after, before] for before, after in a["padding"]]}


def _swapped_index(unit: Unit, shape: Any, axes: str) -> tuple[int, ...]:
    c, y, x = index_of(unit, shape, axes)
    return c, min(x, shape[1] - 1), min(y, shape[2] - 1)


_TAPS = windows.taps
_NORMALISED = pointwise._normalised
FAULTS = [
    Fault("padding on the wrong side", "conv2d", _other_side),
    Fault("no groups", "conv2d", lambda a: {"groups": 1}),
    Fault("no dilation", "conv2d", lambda a: {"dilation": [1, 1]}),
    Fault("no stride", "conv2d", lambda a: {"stride": [1, 1]}),
    Fault("rows and columns swapped", "conv2d", patch=("explorer.opened.open", "index_of", _swapped_index)),
    Fault(
        "the kernel turned, as a true convolution has it",
        "conv2d",
        patch=(windows, "taps", lambda *a: replace(t := _TAPS(*a), kernel=t.kernel[::-1].copy())),
    ),
    Fault(
        "no bias",
        "conv2d",
        patch=(
            "explorer.opened.taken.Taken",
            "numbers",
            lambda t, name: t.bound["weight"] if name == "weight" else None,
        ),
    ),
    Fault(
        "no bias",
        "linear",
        patch=(
            "explorer.opened.taken.Taken",
            "numbers",
            lambda t, name: t.bound["weight"] if name == "weight" else None,
        ),
    ),
    Fault("padding counted", "avg_pool2d", lambda a: {"count_include_pad": True}),
    Fault("a smaller window", "max_pool2d", lambda a: {"kernel": [2, 2]}),
    Fault("no ε", "batch_norm", lambda a: {"eps": 0.1}),
    Fault(
        "β left out",
        "batch_norm",
        patch=(pointwise, "_normalised", lambda x, mu, sd, g, b: _NORMALISED(x, mu, sd, g, 0.0)),
    ),
    Fault(
        "joined in the wrong order",
        "cat",
        patch=(places, "_known", lambda t, tensors: dict(enumerate(reversed(t.layer.inputs)))),
    ),
]


class Faulty(nn.Module):
    """A little of each op that a fault is planted in; nothing about it is symmetric."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 3, 1)
        self.conv = nn.Conv2d(4, 6, (2, 4), (1, 2), padding=0, dilation=(2, 1), groups=2)
        self.same = nn.Conv2d(6, 6, (2, 4), padding="same", groups=2)
        self.norm, self.line = nn.BatchNorm2d(6), nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x = torch.cat([x, x[:, :1] * 2 + 1], 1)
        x = self.norm(self.same(self.conv(x)))
        x = functional.max_pool2d(x, 3, 1)
        x = functional.avg_pool2d(x, 3, 2, 1, count_include_pad=False)
        x = torch.cat([x[:, 3:], x[:, :3]], 1)
        return self.line(functional.adaptive_avg_pool2d(x, (1, 2)).flatten(1))


def broken(seen: Look, op: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """Return how many of the units of an op the proof finds wrong: value, or the cell that a term names."""
    found = 0
    for unit in some(seen.network.graph, op, UNITS):
        layer = seen.network.graph[unit.layer]
        attributes = dict(layer.attributes)
        changed = replace(layer, attributes=attributes | change(attributes))
        try:
            made = read(seen.network, changed, seen.calls[layer.id], unit)
            found += not made.holds or made.value != seen.value(unit)
            terms_are_cells(made, seen)
        except (AssertionError, IndexError, NetworkError):
            found += 1
    return found


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.op}: {fault.name}")
def test_a_planted_fault_is_seen(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    with shown(Faulty()) as seen:
        assert broken(seen, fault.op, lambda a: {}) == 0
        if fault.patch is not None:
            where, name, wrong = fault.patch
            if isinstance(where, str):
                monkeypatch.setattr(f"{where}.{name}", wrong)
            else:
                monkeypatch.setattr(where, name, wrong)
        assert broken(seen, fault.op, fault.attributes) > 0
