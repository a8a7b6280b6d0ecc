"""What is told of stacks, in words: blocks, windows that do not fit, and what one gains and loses against another."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from explorer.receptive.stack import Block
from explorer.receptive.stack_facts import Difference, Facts, NoFit, differences
from explorer.text import N_, _, ngettext

KIND_NAMES = {"conv": N_("Convolution"), "max pool": N_("Max pooling"), "average pool": N_("Average pooling")}


class Told(NamedTuple):
    """Sentences about a second stack against a first."""

    gained: tuple[str, ...]
    lost: tuple[str, ...]
    same: tuple[str, ...]


def short(block: Block) -> str:
    """Return a block in a few words: ``Convolution 3×3``."""
    return f"{_(KIND_NAMES[block.kind])} {block.kernel}×{block.kernel}"


def details(block: Block) -> str:
    """Return the rest of a block's numbers, those that are as always left out."""
    conv = block.kind == "conv"
    found = [
        _("stride {count}").format(count=block.stride) if block.stride > 1 else "",
        _("dilation {count}").format(count=block.dilation) if block.dilation > 1 else "",
        _("{count} groups").format(count=block.groups) if conv and block.groups > 1 else "",
        "ReLU" if block.relu else "",
        _("padding {count}").format(count=block.padding) if block.padding else "",
        _channels(block.channels) if conv else "",
    ]
    return " · ".join(filter(None, found))


def unfit(block: Block, where: NoFit) -> str:
    """Return that windows do not fit, with the formula worked."""
    sum_ = f"{where.n} + {2 * block.padding}" if block.padding else f"{where.n}"
    worked = f"({sum_} − {block.span})/{block.stride} + 1 = {_decimal(where.size)}"
    last = ngettext("the last position is not read", "the last {count} positions are not read", where.unread).format(
        count=where.unread
    )
    if where.unread <= block.padding:
        last = _("only padding is not read")
    return _("Block {place} does not fit: {worked}, rounded down as frameworks do; {last}.").format(
        place=where.place, worked=worked, last=last
    )


def told(first: Facts, second: Facts) -> Told:
    """Return what the second stack gains, loses and leaves as it is against the first, in sentences."""
    found: dict[str, list[str]] = {"gained": [], "lost": [], "same": []}
    for one in differences(first, second):
        if sentence := _sentence(one, first, second):
            found[one.verdict].append(sentence)
    return Told(*(tuple(found[name]) for name in Told._fields))


def _sentence(one: Difference, first: Facts, second: Facts) -> str:
    """Return a figure's sentence; "" where both stacks have nothing of it."""
    values = {"a": f"{one.first:,}", "b": f"{one.second:,}", "seen": f"{second.seen:,}", "box": f"{second.box:,}"}
    if one.what == "area":
        values |= {"a": " × ".join(map(str, first.area)), "b": " × ".join(map(str, second.area))}
    if one.what == "stride":
        values |= {"a": str(first.stride[0]), "b": str(second.stride[0])}
    if one.verdict != "same":
        return _(_SENTENCES[one.what][one.verdict == "lost"]).format(**values)
    if not one.first:
        return ""
    return _(_SAME[one.what]).format(**values)


_SENTENCES: dict[str, tuple[str, str]] = {
    "area": (
        N_("A unit sees more, {b} instead of {a}: parts that lie further apart can be found together."),
        N_("A unit sees less, {b} instead of {a}: parts that lie further apart are never seen together."),
    ),
    "gaps": (
        N_("Fewer gaps in the area: {b} cells are left out instead of {a}."),
        N_("Gaps in the area: of {box} cells a unit sees {seen}, and what is finer than a gap can be missed."),
    ),
    "unseen": (
        N_("Fewer cells of the input that no unit sees: {b} instead of {a}."),
        N_("More cells of the input that no unit sees: {b} instead of {a}."),
    ),
    "stride": (
        N_("Finer places: the areas of neighbouring units lie {b} apart instead of {a}."),
        N_("Coarser places: the areas of neighbouring units lie {b} apart instead of {a}."),
    ),
    "weights": (
        N_("Fewer weights, {b} instead of {a}: less to learn and to store."),
        N_("More weights, {b} instead of {a}: more to learn and to store."),
    ),
    "macs": (
        N_("Less work: {b} MACs a picture instead of {a}."),
        N_("More work: {b} MACs a picture instead of {a}."),
    ),
    "nonlinearities": (
        N_("More non-linearities, {b} instead of {a}: it can tell apart what one weighted sum cannot."),
        N_("Fewer non-linearities, {b} instead of {a}: it tells less apart, nearer to one weighted sum."),
    ),
    "values": (
        N_("Fewer values in the maps, {b} instead of {a}: less memory, above all while training."),
        N_("More values in the maps, {b} instead of {a}: more memory, above all while training."),
    ),
}
"""Of each figure: gained, lost."""
_SAME: dict[str, str] = {
    "area": N_("A unit sees the same area, {b}."),
    "gaps": N_("As many cells of the area are left out, {b}."),
    "unseen": N_("No unit sees {b} cells of the input in both."),
    "stride": N_("The areas of neighbouring units lie equally far apart, {b}."),
    "weights": N_("As many weights, {b}."),
    "macs": N_("As much work, {b} MACs a picture."),
    "nonlinearities": N_("As many non-linearities, {b}."),
    "values": N_("As many values in the maps, {b}."),
}


def _channels(count: int) -> str:
    return ngettext("{count} channel", "{count} channels", count).format(count=count)


def _decimal(value: Fraction) -> str:
    """Return two decimals, without zeros at the end."""
    return f"{float(value):.2f}".rstrip("0").rstrip(".")
