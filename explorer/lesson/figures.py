"""The numbers in a deck's texts: each is worked when the deck is read, from what the scene shows."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TypeVar

from explorer import sources
from explorer.arithmetic.case import Case, Doubles
from explorer.arithmetic.counts import Plan, count
from explorer.arithmetic.numbers import shown
from explorer.arithmetic.presets import preset, text
from explorer.arithmetic.shift import Shift
from explorer.arithmetic.sizes import Fit
from explorer.arithmetic.trace import Trace, output, trace
from explorer.errors import PersonError, nearest
from explorer.filters.bank import BANK
from explorer.filters.steps import LECTURE, Step, Walk
from explorer.receptive import stack_presets
from explorer.receptive.stack_facts import Facts, facts
from explorer.text import N_
from explorer.values import Source
from explorer.zoo import registry
from explorer.zoo.card import Card
from explorer.zoo.labels import labels

_T = TypeVar("_T", Case, Plan, Shift)
_NONE = N_("“{name}” has no such number: choose another.")


def figure(wanted: str) -> str:
    """Return a number as a text shows it.

    Args:
        wanted: a key of ``FIGURES`` and what it is about, as in "output stride-2" or "parameters lenet5".

    Raises:
        PersonError: there is no such number; the sentence says what to write.
    """
    name, *about = wanted.split()[:20] or [""]
    if name not in FIGURES:
        raise PersonError(
            N_("there is no number “{name}”; the nearest are: {nearest}."),
            name=name[:40],
            nearest=", ".join(nearest(name, FIGURES) or FIGURES),
        )
    usage, work = FIGURES[name]
    if len(about) != len(usage.split()):
        raise PersonError(N_("“{text}” has to be written as “{usage}”."), text=wanted[:80], usage=f"{name} {usage}")
    try:
        return work(*about)
    except (ValueError, LookupError, FileNotFoundError) as error:  # no whole numbers, or nothing of that name
        raise PersonError(
            N_("“{text}” has to be written as “{usage}”."), text=wanted[:80], usage=f"{name} {usage}"
        ) from error


def _case(name: str) -> Case:
    return _of(name, Case)


def _of(name: str, kind: type[_T]) -> _T:
    subject = preset(name).subject
    if not isinstance(subject, kind):
        raise PersonError(_NONE, name=name)
    return subject


def _places(at: str) -> tuple[int, ...]:
    """Return the places in "0,1,2"; none counts from the end.

    Raises:
        ValueError: they are none.
    """
    found = tuple(map(int, at.split(",")))
    if min(found) < 0:
        raise ValueError(at)
    return found


def _size(name: str) -> str:
    k, h, w = _case(name).output_chw
    return f"{h}×{w}×{k}"


def _worked(name: str) -> str:
    subject = preset(name).subject
    return count(subject).worked if isinstance(subject, Plan) else _case(name).fits[0].worked


def _trace(name: str, at: str) -> Trace:
    k, y, x = _places(at)
    return trace(_case(name), (k, y, x))


def _plane(name: str, channel: str) -> str:
    found: Doubles = output(_case(name))[_places(channel)[0]]
    return text(found)


def _walk(name: str, at: str) -> Step:
    y, x = _places(at)
    return Walk(LECTURE, BANK[name].filter).at(y, x)


def _fit(numbers: str) -> Fit:
    n, kernel, *more = _places(numbers)
    stride, padding, dilation = (*more, *(1, 0, 1)[len(more) :])
    return Fit(n, kernel, stride, (padding, padding), dilation)


def _stack(name: str) -> Facts:
    return facts(stack_presets.preset(name))


def _card(name: str) -> Card:
    return registry.card(name)


def _macs(name: str) -> str:
    if not (macs := _card(name).macs):  # nobody counted them
        raise PersonError(_NONE, name=name)
    return f"{macs:,}"


def _pixel(file: str, at: str) -> tuple[int, ...]:
    y, x = _places(at)
    return tuple(map(int, sources.read(Source("sample", file)).pixels[y, x]))


FIGURES: dict[str, tuple[str, Callable[..., str]]] = {
    "output": ("EXAMPLE", _size),
    "rows": ("EXAMPLE", lambda name: str(_case(name).output_chw[1])),
    "inputs": ("EXAMPLE", lambda name: f"{prod(_case(name).input_chw):,}"),
    "worked": ("EXAMPLE", _worked),
    "value": ("EXAMPLE K,Y,X", lambda name, at: shown(_trace(name, at).result)),
    "terms": ("EXAMPLE K,Y,X", lambda name, at: _trace(name, at).numbers),
    "letters": ("EXAMPLE K,Y,X", lambda name, at: _trace(name, at).lecture),
    "map": ("EXAMPLE K", _plane),
    "weights": ("EXAMPLE", lambda name: f"{count(_of(name, Plan)).weights:,}"),
    "biases": ("EXAMPLE", lambda name: f"{count(Plan(_of(name, Plan).input, _of(name, Plan).layers, True)).biases:,}"),
    "changed": ("EXAMPLE", lambda name: str(len(_of(name, Shift).changed))),
    "fit": ("N,F,STRIDE,PADDING,DILATION", lambda numbers: _fit(numbers).worked),
    "side": ("N,F,STRIDE,PADDING,DILATION", lambda numbers: str(_fit(numbers).out)),
    "sum": ("FILTER Y,X", lambda name, at: shown(_walk(name, at).parts[0].sum)),
    "scaled": ("FILTER Y,X", lambda name, at: shown(_walk(name, at).value)),
    "clipped": ("FILTER Y,X", lambda name, at: shown(_walk(name, at).result)),
    "area": ("STACK", lambda name: "×".join(map(str, _stack(name).area))),
    "stack-weights": ("STACK", lambda name: f"{_stack(name).weights:,}"),
    "squares": ("STACK", lambda name: str(_stack(name).squares)),
    "seen": ("STACK", lambda name: str(_stack(name).seen)),
    "parameters": ("NETWORK", lambda name: f"{_card(name).parameters:,}"),
    "macs": ("NETWORK", _macs),
    "error": ("NETWORK NUMBER", lambda name, which: f"{_card(name).errors[_places(which)[0]].percent:g}"),
    "classes": ("LABELS", lambda name: f"{len(labels(name)):,}"),
    "red": ("SAMPLE Y,X", lambda file, at: str(_pixel(file, at)[0])),
    "green": ("SAMPLE Y,X", lambda file, at: str(_pixel(file, at)[1])),
    "blue": ("SAMPLE Y,X", lambda file, at: str(_pixel(file, at)[2])),
    "hex": ("SAMPLE Y,X", lambda file, at: "".join(f"{value:02X}" for value in _pixel(file, at))),
    "numbers": ("SAMPLE", lambda file: f"{sources.read(Source('sample', file)).pixels.size:,}"),
    "size": ("SAMPLE", lambda file: "×".join(map(str, sources.read(Source("sample", file)).pixels.shape))),
}
"""What there is, how it is written, and how it is worked. The windows of "sum", "scaled" and "clipped" are the
lecture's (``filters.steps.LECTURE``)."""
