"""What filters are called, in the person's language."""

from __future__ import annotations

from explorer.filters.bank import BANK
from explorer.filters.filter import Filter
from explorer.filters.kernel import Operator
from explorer.text import _


def title(operator: Operator) -> str:
    """Return what a person calls a kernel: its title in the bank, its own name, or that it was typed."""
    named = BANK.get(operator.name)
    if named is not None:
        return _(named.title)
    return operator.name or _("Own kernel")


def details(one: Filter) -> str:
    """Return a filter's size and what of it is not as usual."""
    h, w = one.kernel.shape
    found = [f"{h} × {w}"]
    if one.stride != 1:
        found.append(_("stride {stride}").format(stride=one.stride))
    if one.dilation != 1:
        found.append(_("dilation {dilation}").format(dilation=one.dilation))
    if one.convolve:
        found.append(_("convolution"))
    if one.grey:
        found.append(_("grey"))
    if one.signed:
        found.append(_("signed"))
    return " · ".join(found)
