"""Sets of input cells: along one axis the bits of an integer, over all axes a union of products.

An array holds the set of every position of a tensor; it has the tensor's rank, and size 1 along axes on which the set
does not depend.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.receptive.values import Part, Runs

Sets = NDArray[np.object_]
Term = tuple[Sets, ...]
"""One array for each spatial axis of the input: a position depends on the product of its sets."""
MOST_TERMS = 48


def single(n: int, rank: int, axis: int) -> Sets:
    """Return the sets of the input itself: position i along ``axis`` is cell i."""
    shape = [1] * rank
    shape[axis] = n
    return np.array([1 << i for i in range(n)], object).reshape(shape)


def runs(bits: int) -> Runs:
    """Return the intervals of a set."""
    found, at = [], 0
    while bits:
        gap = (bits & -bits).bit_length() - 1
        bits >>= gap
        length = (~bits & (bits + 1)).bit_length() - 1
        found.append((at + gap, at + gap + length))
        bits >>= length
        at += gap + length
    return tuple(found)


def union(sets: Sets) -> int:
    """Return the union of the sets."""
    found = 0
    for one in sets.ravel().tolist():
        found |= one
    return found


def hull(sets: Sets) -> tuple[int, int]:
    """Return the smallest interval that holds all of the sets; (0, 0) where they are empty."""
    every = union(sets)
    return ((every & -every).bit_length() - 1, every.bit_length()) if every else (0, 0)


def flags(sets: Sets, n: int) -> NDArray[np.bool_]:
    """Return the sets of cells below ``n`` as bool (…, n)."""
    data = b"".join(one.to_bytes(-(-n // 8), "little") for one in sets.ravel().tolist())
    bits = np.unpackbits(np.frombuffer(data, np.uint8).reshape(sets.size, -1), axis=1, count=n, bitorder="little")
    return bits.reshape(*sets.shape, n).astype(bool)


def drawn(parts: Sequence[Part], hw: Sequence[int]) -> NDArray[np.bool_]:
    """Return the cells of an area's parts: bool of an input of ``hw``."""
    found = np.zeros(hw, bool)
    for part in parts:
        rows, columns = (np.zeros(n, bool) for n in hw)
        for marks, runs in ((rows, part.rows), (columns, part.columns)):
            for low, high in runs:
                marks[low:high] = True
        found |= rows[:, None] & columns
    return found


def meet(term: Term, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return whether the product of the sets holds a cell of ``among``, bool (rows, columns): bool of the sets' shape.

    Sets that are the same are looked up once: of a map there are no more than it has rows, and columns.
    """
    codes, tables = [], []
    for sets, n in zip(term, among.shape, strict=True):
        different, code = np.unique(sets, return_inverse=True)
        codes.append(code.reshape(sets.shape))
        tables.append(flags(different, n))
    some = among.any(1), among.any(0)  # rows and columns without any need not be multiplied
    rows, columns = (table[:, lines].astype(np.float32) for table, lines in zip(tables, some, strict=True))
    hits = rows @ among[np.ix_(*some)].astype(np.float32) @ columns.T > 0
    found: NDArray[np.bool_] = hits[codes[0], codes[1]]
    return found


def within(a: Term, b: Term) -> bool:
    """Whether at every position the product of ``a`` lies in that of ``b``."""
    return all(x is y or all(p | q == q for p, q in np.broadcast(x, y)) for x, y in zip(a, b, strict=True))


def pruned(terms: Sequence[Term]) -> tuple[tuple[Term, ...], bool]:
    """Return the terms without those that lie in others, and whether their union is still the same.

    Of more than ``MOST_TERMS`` the smallest product that holds them all is kept.
    """
    kept: list[Term] = []
    for term in terms:
        if any(within(term, other) for other in kept):
            continue
        kept = [other for other in kept if not within(other, term)]
        kept.append(term)
    if len(kept) <= MOST_TERMS:
        return tuple(kept), True
    joined = kept[0]
    for term in kept[1:]:
        joined = tuple(x | y for x, y in zip(joined, term, strict=True))
    return (joined,), False


def depends(sets: Sets, axes: Collection[int]) -> bool:
    """Whether the sets differ along one of the axes."""
    return any(sets.shape[axis] > 1 for axis in axes)


def united(term: Term, axes: Sequence[int]) -> tuple[Term, bool]:
    """Return what the positions along ``axes`` see together, those axes kept with size 1, and whether that is exact.

    The union of products is the product of unions where the sets vary independently of one another.
    """
    reduced = tuple(np.bitwise_or.reduce(sets, axis=tuple(axes), keepdims=True) for sets in term)
    varying = [sets for sets in term if depends(sets, axes)]
    shared = [axis for axis in axes if sum(sets.shape[axis] > 1 for sets in varying) > 1]
    if not shared:
        return reduced, True
    rows = [_rows(sets, varying, axes) for sets in varying]
    for lines in zip(*rows, strict=True):
        pairs = set(zip(*lines, strict=True))
        if len(pairs) != int(np.prod([len(set(line)) for line in lines])):
            return reduced, False
    return reduced, True


def _rows(sets: Sets, varying: Sequence[Sets], axes: Sequence[int]) -> list[list[Any]]:
    """Return for every position of the other axes the sets along ``axes``."""
    shape = np.broadcast_shapes(*(other.shape for other in varying))
    full = np.moveaxis(np.broadcast_to(sets, shape), axes, range(-len(axes), 0))
    length = int(np.prod(full.shape[full.ndim - len(axes) :]))
    return list(full.reshape(-1, length).tolist())


def compressed(sets: Sets) -> Sets:
    """Return the sets with size 1 along the axes on which they do not depend."""
    for axis in range(sets.ndim):
        first = sets.take([0], axis=axis)
        if sets.shape[axis] > 1 and bool((sets == first).all()):
            sets = first
    return sets
