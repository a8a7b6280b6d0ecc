"""One call of a torch function with its arguments bound to names, and the arguments that many ops share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from explorer.graph.axes import place
from explorer.graph.vocabulary import FUNCTIONS, word

UNREADABLE = (KeyError, TypeError, ValueError, IndexError)
"""What reading a call raises if its arguments have a form that is not known here."""


class Shape(tuple[int, ...]):
    """Stands for a tensor among a call's arguments."""


_PLACES = {"amax": "argmax", "amin": "argmin"} | {
    f"{kind}max_pool{n}d": "max_pool_indices" for kind in ("", "adaptive_") for n in (1, 2, 3)
}


@dataclass
class Call:
    """One call of a torch function, its arguments bound to names; shapes are whole, with the batch.

    Attributes:
        name: the function's plain name.
        bound: arguments by name, tensors replaced by their shapes.
        rest: positional arguments after the first, as they were given.
        shapes: of the inputs that derive from the network's input, in order.
        letters: their axes.
        places: which of all the tensors among the arguments those are.
        out: shape of the output, or of this piece of it.
        piece: which piece of several outputs.
        pieces: shapes of all pieces.
        dtype: number type of the output, in torch's word.
        through_view: whether an input was written through another view of its memory, so that the layers it derives
            from do not tell what lies where.
    """

    name: str
    bound: dict[str, Any]
    rest: tuple[Any, ...]
    shapes: list[tuple[int, ...]]
    letters: list[str]
    places: list[int]
    out: tuple[int, ...]
    piece: int = 0
    pieces: list[tuple[int, ...]] = field(default_factory=list)
    dtype: str = ""
    through_view: bool = False

    @property
    def word(self) -> str:
        """The op's word; ``nn.ReLU6`` calls hardtanh, but is what its name says; the second output of a maximum is its
        place.
        """
        found = word(self.name)
        if self.piece and found in _PLACES:
            return _PLACES[found]
        if found == "hardtanh" and (self.get("min_val", -1), self.get("max_val", 1)) == (0, 6):
            return "relu6"
        return found

    def get(self, name: str, default: Any = None) -> Any:
        """Return the argument called ``name``, or ``default`` where it was not given or is None."""
        value = self.bound.get(name)
        return default if value is None else value


def distinct(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """Return the name of a function, where one name stands for two: which one it is, its arguments tell."""
    if name in ("max", "min") and ("other" in kwargs or isinstance(args[1] if len(args) > 1 else None, Shape)):
        return f"{name}imum"
    if name == "unfold" and ("dimension" in kwargs or len(args) == 4):
        return "unfold_axis"
    return name


def bind(name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return a function's arguments by name, as far as its names are listed."""
    if name == "einsum":
        operands = args[1] if len(args) == 2 and not isinstance(args[1], Shape) else args[1:]
        return {"equation": args[0], "operands": list(operands)}
    names = FUNCTIONS[name][1].split() if name in FUNCTIONS else ["input"]
    return dict(zip(names, args, strict=False)) | kwargs


def numbers(value: Any) -> list[int]:
    """Return one number or several as a list."""
    return [int(value)] if isinstance(value, int) else [int(v) for v in value]


def each(value: Any, n: int) -> list[int]:
    """Return ``n`` numbers, where one stands for all."""
    found = numbers(value)
    return found * n if len(found) == 1 else found


def varargs(call: Call) -> list[int]:
    """Return the numbers of ``x.permute(0, 2, 1)`` and ``x.permute([0, 2, 1])`` alike."""
    given = call.rest if call.rest else (call.get("dims", ()),)
    return numbers(given[0] if len(given) == 1 else given)


def axis_of(call: Call, dim: Any) -> Any:
    """Return an axis of the first input as counted without the batch, None for the batch; of several those that are
    not the batch; None for none.
    """
    if dim is None:
        return None
    if isinstance(dim, Shape):
        raise TypeError("a tensor for an axis")
    if isinstance(dim, int):
        return place(call.letters[0], dim)
    return [found for d in dim if (found := place(call.letters[0], int(d))) is not None]


def number(value: Any) -> Any:
    """Return ``value`` if it is a plain number, else None."""
    return value if isinstance(value, bool | int | float) else None


def order_of(call: Call) -> list[int]:
    """Return the input's axis at each axis of a permutation's output, whole, with the batch."""
    rank = len(call.shapes[0])
    order = list(range(rank))
    if call.name in ("transpose", "swapaxes", "swapdims"):
        a, b = int(call.get("dim0", call.get("axis0", 0))) % rank, int(call.get("dim1", call.get("axis1", 0))) % rank
        order[a], order[b] = order[b], order[a]
    elif call.name in ("movedim", "moveaxis"):
        source = [s % rank for s in numbers(call.bound["source"])]
        target = [t % rank for t in numbers(call.bound["destination"])]
        rest = iter(i for i in range(rank) if i not in source)
        order = [source[target.index(i)] if i in target else next(rest) for i in range(rank)]
    elif call.name in ("mT", "mH"):
        order[-2:] = order[:-3:-1]
    elif call.name in ("t", "T", "H"):
        order.reverse()
    else:
        order = [d % rank for d in varargs(call)]
    return order


def index_of(call: Call) -> list[Any]:
    """Return what each axis of the input, the batch too, is cut to; entries as ``graph.attributes`` has them."""
    shape = call.shapes[0] if call.name != "setitem" else tuple(call.bound["input"])
    if call.name in ("getitem", "setitem"):
        return _basic(call.bound["index"], shape)
    whole: list[Any] = [[0, size, 1] for size in shape]
    dim = int(call.get("dim", 0)) % len(shape)
    if call.name in ("unbind", "select"):
        whole[dim] = call.piece if call.name == "unbind" else int(call.bound["index"]) % shape[dim]
    elif call.name == "narrow":
        start = int(call.bound["start"]) % max(shape[dim], 1)
        whole[dim] = [start, start + int(call.bound["length"]), 1]
    else:
        ends = list(accumulate(piece[dim] for piece in call.pieces))
        whole[dim] = [ends[call.piece] - call.pieces[call.piece][dim], ends[call.piece], 1]
    return whole


def _whole(index: Any) -> bool:
    return isinstance(index, int) and not isinstance(index, bool)


def _list(index: Any) -> bool:
    """Whether an index is one list of places or of truth values."""
    if isinstance(index, Shape):
        return len(index) == 1
    return isinstance(index, list | tuple | range) and all(isinstance(i, int) for i in index)


def _basic(index: Any, shape: Sequence[int]) -> list[Any]:
    given = list(index) if isinstance(index, tuple) and not isinstance(index, Shape) else [index]
    chosen = [i for i in given if not (i is None or i is Ellipsis or isinstance(i, slice) or _whole(i))]
    if any(not _list(i) for i in chosen) or len(chosen) > 1 or (chosen and any(map(_whole, given))):
        raise ValueError("chosen by index tensors together, or by one that is no list")
    used = sum(1 for i in given if i is not None and i is not Ellipsis)
    found: list[Any] = []
    axis = 0
    for i in given:
        if i is None:
            found.append("new")
            continue
        if i is Ellipsis:
            skipped = len(shape) - used
            found += [[0, size, 1] for size in shape[axis : axis + skipped]]
            axis += skipped
            continue
        size = shape[axis]
        axis += 1
        if isinstance(i, slice):
            found.append(list(i.indices(size)))
        elif _whole(i):
            found.append(i % size)
        else:
            found.append("gather")
    return found + [[0, size, 1] for size in shape[axis:]]
