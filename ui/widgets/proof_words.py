"""What a proof tells, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from explorer.text import _, ngettext
from ui.widgets.numbers import number

if TYPE_CHECKING:  # the window opens without
    from explorer.proof import Proof


def told(proof: Proof, channel: int) -> tuple[str, str, str, str]:
    """Return what a proof tells: of the value of one channel, of the cells, of the other units, and beside it."""
    return _of_value(proof, channel), _of_cells(proof), _of_units(proof), _beside(proof)


def values(proof: Proof, channel: int) -> tuple[tuple[str, str], ...]:
    """Return the value before, after and the difference, each with its name."""
    before, after = (float(found[channel]) for found in (proof.before, proof.after))
    difference = "0" if _same(before, after) else number(after - before)
    return (_("before"), number(before)), (_("after"), number(after)), (_("difference"), difference)


def _same(before: float, after: float) -> bool:
    return before == after or (np.isnan(before) and np.isnan(after))


def _of_value(proof: Proof, channel: int) -> str:
    before, after = (float(values[channel]) for values in (proof.before, proof.after))
    all_moved = sum(not _same(*pair) for pair in zip(proof.before.tolist(), proof.after.tolist(), strict=True))
    if _same(before, after):
        if not all_moved:
            return _("The value does not move, not by its last digit, in any of the channels.")
        text = ngettext(
            "The value does not move in this channel, but in {count} other one.",
            "The value does not move in this channel, but in {count} other ones.",
            all_moved,
        )
        return text.format(count=all_moved)
    difference = number(abs(after - before))
    if not proof.moved[proof.unit]:
        text = _("The value moves by {difference}: no more than rounding, which here reaches {rounding}.")
        return text.format(difference=difference, rounding=number(proof.rounding))
    return _("The value moves by {difference}.").format(difference=difference)


def _of_cells(proof: Proof) -> str:
    if not proof.inside + proof.outside:
        return _("The paint changes no cell of the network's input: the network does not see it.")
    if proof.area is None:
        return _("Changed cells of the input: {count}.").format(count=proof.inside)
    return _("Changed cells of the input: {inside} that the unit sees, {outside} that it does not.").format(
        inside=proof.inside, outside=proof.outside
    )


def _of_units(proof: Proof) -> str:
    count, every = int(proof.moved.sum()), proof.moved.size
    if every == 1:
        return ""
    if proof.sees is None:
        return ngettext(
            "{count} of {all} unit of each map moves.", "{count} of {all} units of each map move.", every
        ).format(count=count, all=every)
    if not proof.holds:
        return _(
            "Units that see none of the paint move by up to {leak}: the areas that are told are wrong, or the network "
            "draws random numbers."
        ).format(leak=number(proof.leak))
    return _("{seeing} of {all} units of each map see the paint; {count} of them move, and no other one.").format(
        seeing=int(proof.sees.sum()), all=every, count=count
    )


def _beside(proof: Proof) -> str:
    notes = []
    if proof.area is None and proof.sees is None:
        notes.append(_("What this unit sees is not known: the values alone are compared."))
    elif proof.area is None or proof.area.certainty == "whole input":
        notes.append(_("The unit sees the whole input, so nothing that the network sees lies outside."))
    elif proof.area.certainty == "upper bound":
        notes.append(_("The area is an upper bound: not all of it need move the unit."))
    if proof.leak and proof.holds:
        text = _("Units that see none of the paint move by up to {leak}: sums are rounded another way on this device.")
        notes.append(text.format(leak=number(proof.leak)))
    return " ".join(notes)
