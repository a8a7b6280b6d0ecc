"""The axes of an op's output, from those of its inputs."""

from __future__ import annotations

from collections.abc import Callable

from explorer.graph.axes import BATCH, UNKNOWN, reduced, reshaped, squeezed
from explorer.graph.call import UNREADABLE, Call, index_of, numbers, order_of


def letters(call: Call) -> str:
    """Return the axes of the call's output, N for the batch; "?" where they cannot be known."""
    if not call.shapes:
        return _guess(call)
    try:
        found = _LETTERS.get(call.word, _same)(call)
    except UNREADABLE:
        return _guess(call)
    fits = len(found) == len(call.out) and all(call.out[i] == 1 for i, c in enumerate(found) if c == BATCH)
    return found if fits else _guess(call)


def _same(call: Call) -> str:
    """Of an op that keeps the axes: those of the input with the output's shape, else of the first with its rank."""
    for shape, whole in zip(call.shapes, call.letters, strict=True):
        if shape == call.out:
            return whole
    return next((w for s, w in zip(call.shapes, call.letters, strict=True) if len(s) == len(call.out)), "")


def _guess(call: Call) -> str:
    head = BATCH if call.out and call.out[0] == 1 else UNKNOWN
    return head + UNKNOWN * (len(call.out) - 1) if call.out else ""


def _letters_reshape(call: Call) -> str:
    whole, old = call.letters[0], call.shapes[0]
    if call.name == "squeeze":
        dim = call.get("dim", call.rest[0] if call.rest else None)
        return squeezed(whole, old, None if dim is None else numbers(dim))
    if call.name == "unsqueeze":
        at = int(call.get("dim", call.rest[0] if call.rest else 0)) % (len(old) + 1)
        return whole[:at] + UNKNOWN + whole[at:]
    return reshaped(whole, old, call.out)


def _letters_permute(call: Call) -> str:
    return "".join(call.letters[0][axis] for axis in order_of(call))


def _letters_slice(call: Call) -> str:
    if call.name == "setitem":
        return _same(call)
    found, axis = "", 0
    for entry in index_of(call):
        if entry == "new":
            found += UNKNOWN
            continue
        if not isinstance(entry, int):
            found += call.letters[0][axis]
        axis += 1
    return found


def _letters_reduce(call: Call) -> str:
    if call.shapes[0] == call.out:
        return call.letters[0]
    dim = call.get("dim", call.get("axis"))
    return reduced(call.letters[0], None if dim is None else numbers(dim), bool(call.get("keepdim", False)))


def _letters_linear(call: Call) -> str:
    whole = call.letters[0]
    positions = whole[:-1]
    return positions + (whole[-1] if "C" in positions and whole[-1] != UNKNOWN else "C")


def _letters_matmul(call: Call) -> str:
    if call.name == "einsum":
        return _letters_einsum(call)
    first, last = call.letters[0], call.letters[-1]
    if len(call.letters) == 1:
        return first if len(first) == len(call.out) else ""
    longest = max(first, last, key=len)
    return longest[: len(call.out) - 2] + first[-2:-1] + last[-1:]


def _letters_einsum(call: Call) -> str:
    equation = str(call.get("equation", "")).replace(" ", "")
    if "->" not in equation or "." in equation:
        return ""
    left, right = equation.split("->")
    known: dict[str, str] = {}
    for term, whole in zip(left.split(","), call.letters, strict=False):
        for symbol, letter in zip(term, whole, strict=False):
            known.setdefault(symbol, letter)
    return "".join(known.get(symbol, UNKNOWN) for symbol in right)


def _letters_stack(call: Call) -> str:
    at = int(call.get("dim", 0)) % len(call.out)
    return call.letters[0][:at] + UNKNOWN + call.letters[0][at:]


_LETTERS: dict[str, Callable[[Call], str]] = {
    **dict.fromkeys(["flatten", "reshape"], _letters_reshape),
    "permute": _letters_permute,
    **dict.fromkeys(["slice", "setitem"], _letters_slice),
    **dict.fromkeys(["mean", "sum", "amax", "amin", "argmax", "argmin", "norm"], _letters_reduce),
    "linear": _letters_linear,
    "matmul": _letters_matmul,
    "stack": _letters_stack,
    "unfold": lambda call: BATCH + "CL",
    "unfold_axis": lambda call: call.letters[0] + UNKNOWN,
    "fold": lambda call: BATCH + "CHW",
}
