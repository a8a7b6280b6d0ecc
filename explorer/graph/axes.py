"""What each axis of a tensor is: one letter an axis, followed through reshapes and permutations. Plain Python, no
torch.

Letters as in ``graph.values.Layer.axes``, and N for the batch, which the graph leaves out.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

BATCH = "N"
UNKNOWN = "?"
_SPATIAL = frozenset("DHWL")


def without_batch(letters: str, shape: Sequence[int]) -> tuple[str, tuple[int, ...]]:
    """Return letters and shape without the batch axis, which after a permutation may stand anywhere."""
    kept = [i for i, letter in enumerate(letters) if letter != BATCH]
    return "".join(letters[i] for i in kept), tuple(int(shape[i]) for i in kept)


def place(letters: str, axis: int) -> int | None:
    """Return where ``axis`` (of the whole tensor, may be negative) stands without the batch; None for the batch."""
    axis %= max(len(letters), 1)
    return None if letters[axis] == BATCH else axis - letters[:axis].count(BATCH)


def reshaped(letters: str, old: Sequence[int], new: Sequence[int]) -> str:
    """Return the letters after a reshape that keeps the order of the values.

    The axes are paired from the left into the smallest groups of equal product. One to one keeps its letter; several
    into one give C if a channel is among them, L if all are positions; one into several leaves C to the last (groups
    before channels), and undoes L into H and W.
    """
    out: list[str] = []
    for before, after in _groups(old, new):
        have = [(letters[i], old[i]) for i in before]
        sizes = [new[j] for j in after]
        out += _regroup(have, sizes)
    return "".join(out)


def _groups(old: Sequence[int], new: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(old) and j < len(new):
        before, after = [i], [j]
        i, j = i + 1, j + 1
        while (left := prod(old[k] for k in before)) != (right := prod(new[k] for k in after)):
            if left < right and i < len(old):
                before.append(i)
                i += 1
            elif j < len(new):
                after.append(j)
                j += 1
            else:
                break
        groups.append((before, after))
    if groups:
        groups[-1][0].extend(range(i, len(old)))
        groups[-1][1].extend(range(j, len(new)))
    else:
        groups.append((list(range(len(old))), list(range(len(new)))))
    return groups


def _regroup(have: list[tuple[str, int]], sizes: list[int]) -> list[str]:
    merged = _merged(have)
    if not sizes:
        return []
    if len(sizes) == 1:
        return [merged]
    if [size for _, size in have] == sizes[: len(have)]:
        return [letter for letter, _ in have] + [UNKNOWN] * (len(sizes) - len(have))
    if merged == "L" and len(sizes) == 2:
        return ["H", "W"]
    if merged == UNKNOWN and sizes[0] == 1:
        return [BATCH] + [UNKNOWN] * (len(sizes) - 1)
    last = merged if merged != BATCH else UNKNOWN
    return [UNKNOWN] * (len(sizes) - 1) + [last]


def _merged(have: list[tuple[str, int]]) -> str:
    known = {letter for letter, size in have if letter not in (UNKNOWN, BATCH) and (size != 1 or letter == "C")}
    if "C" in known:
        return "C"
    if len(known) == 1:
        return known.pop()
    if known and known <= _SPATIAL:
        return "L"
    if len(have) == 1:
        return have[0][0]
    batch_only = any(letter == BATCH for letter, _ in have) and prod(size for _, size in have) == 1
    return BATCH if batch_only else UNKNOWN


def squeezed(letters: str, old: Sequence[int], axes: Sequence[int] | None) -> str:
    """Return the letters after ``squeeze``: axes of size 1 go, all of them or those named."""
    wanted = range(len(old)) if axes is None else [axis % len(old) for axis in axes]
    return "".join(letter for i, letter in enumerate(letters) if not (i in wanted and old[i] == 1))


def reduced(letters: str, axes: Sequence[int] | None, keep: bool) -> str:
    """Return the letters after a reduction along ``axes`` (None: all)."""
    if keep:
        return letters
    gone = range(len(letters)) if axes is None else [axis % len(letters) for axis in axes]
    return "".join(letter for i, letter in enumerate(letters) if i not in gone)
