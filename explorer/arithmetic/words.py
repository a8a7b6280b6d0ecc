"""What is told of sizes, in words: whether the window fits, what it never sees, which padding would make it fit."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.arithmetic.case import Case
from explorer.arithmetic.numbers import quotient
from explorer.arithmetic.shift import Shift
from explorer.arithmetic.sizes import Fit, Pads
from explorer.text import _, ngettext


def told_of(case: Case) -> list[str]:
    """Return the sentences on a case's rows and columns: once where both are alike, else each under its name."""
    rows, columns = case.fits
    if rows == columns:
        return told(rows)
    named = ((_("Rows: {sentence}"), rows), (_("Columns: {sentence}"), columns))
    return [words.format(sentence=sentence) for words, fit in named for sentence in told(fit)]


def told(fit: Fit) -> list[str]:
    """Return what there is to say about a window's steps along one axis; nothing where they come out even."""
    found = []
    if not fit.fits:
        found.append(_rounding(fit))
    if fit.unseen:
        cells = runs(fit.unseen)
        found.append(
            ngettext(
                "Never seen by any window: cell {cells} of {n}.",
                "Never seen by any window: cells {cells} of {n}.",
                len(fit.unseen),
            ).format(cells=cells, n=fit.n)
        )
    if fit.mend:
        found.append(
            _("It would fit with padding {paddings}.").format(paddings=_(" or ").join(map(_padding, fit.mend)))
        )
    elif not fit.fits:
        found.append(
            _("No padding narrower than the window makes it fit; an input of {fewer} or {more} cells would.").format(
                fewer=fit.n - fit.left_over, more=fit.n - fit.left_over + fit.stride
            )
        )
    return found


def told_move(one: Shift) -> list[str]:
    """Return what a moved picture changes for a fully connected layer, and what for a convolution."""
    changed, entered = len(one.changed), len(one.entered)
    inputs = ngettext(
        "{changed} of {all} inputs changes; a fully connected layer has a weight of its own for it.",
        "{changed} of {all} inputs change; a fully connected layer has a weight of its own for each.",
        changed,
    ).format(changed=changed, all=one.before.size)
    if not entered:
        return [inputs, _("The map of the convolution only moves.") if any(one.by) else _("Nothing moves yet.")]
    moves = ngettext(
        "The map of the convolution only moves, but for {entered} value where the picture came in.",
        "The map of the convolution only moves, but for {entered} values where the picture came in.",
        entered,
    )
    return [inputs, moves.format(entered=entered)]


def runs(cells: Sequence[int]) -> str:
    """Return cells that are counted from 0 as a person counts, from 1 and neighbours joined: "2, 5–7"."""
    found: list[list[int]] = []
    for cell in cells:
        if found and found[-1][1] == cell:
            found[-1][1] += 1
        else:
            found.append([cell + 1, cell + 1])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in found)


def _rounding(fit: Fit) -> str:
    exact = quotient(fit.exact)
    if not fit.ceil_mode:
        return _("{exact} is not whole, so the window does not fit: frameworks round down to {out}.").format(
            exact=exact, out=fit.out
        )
    if fit.out > fit.exact:
        return _(
            "{exact} is not whole: with ceil mode it is rounded up to {out}, and the last window hangs over."
        ).format(exact=exact, out=fit.out)
    return _(
        "{exact} is not whole: rounded up, the last window would begin behind the input, so it stays {out}."
    ).format(exact=exact, out=fit.out)


def _padding(pads: Pads) -> str:
    if pads[0] == pads[1]:
        return _("{count} on both sides").format(count=pads[0])
    return _("{before} before and {after} after").format(before=pads[0], after=pads[1])
