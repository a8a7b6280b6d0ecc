"""What an op was called with, as JSON values: all that later rooms need to compute its output, receptive field or
counts.

Rules for every word: a value per spatial axis is a list in the order D, H, W; ``padding`` is [before, after] per axis,
so that uneven padding ("same" with an even kernel, TensorFlow's) is told truly; ``axis`` counts in the shape without
the batch, of the output for ``stack`` and ``cat``, of the first input elsewhere (the same where the shape stays).
``slice`` and ``setitem`` carry ``index``: per axis of the input [start, stop, step], a number (that axis goes away),
"new" (an axis of size 1 comes) or "gather" (chosen by an index tensor).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import prod
from typing import Any

from explorer.graph.axes import BATCH, UNKNOWN, place, reduced, reshaped, squeezed, without_batch
from explorer.graph.vocabulary import FUNCTIONS, SAME_VALUES, word

Attributes = dict[str, Any]


class Shape(tuple[int, ...]):
    """Stands for a tensor among a call's arguments."""


@dataclass
class Call:
    """One call of a torch function, its arguments bound to names; shapes are whole, with the batch.

    Attributes:
        name: the function's plain name.
        bound: arguments by name, tensors replaced by their shapes.
        rest: positional arguments after the first, as they were given.
        shapes: of the inputs that derive from the network's input, in order.
        letters: their axes.
        out: shape of the output, or of this piece of it.
        piece: which piece of several outputs.
        pieces: sizes of all pieces along the split axis; empty for one output.
    """

    name: str
    bound: dict[str, Any]
    rest: tuple[Any, ...]
    shapes: list[tuple[int, ...]]
    letters: list[str]
    out: tuple[int, ...]
    piece: int = 0
    pieces: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def word(self) -> str:
        """The op's word."""
        return word(self.name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the argument called ``name``, or ``default`` where it was not given or is None."""
        value = self.bound.get(name)
        return default if value is None else value


def bind(name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return a function's arguments by name, as far as its names are listed."""
    if name == "einsum":
        operands = args[1] if len(args) == 2 and not isinstance(args[1], Shape) else args[1:]
        return {"equation": args[0], "operands": list(operands)}
    names = FUNCTIONS[name][1].split() if name in FUNCTIONS else ["input"]
    return dict(zip(names, args, strict=False)) | kwargs


def attributes(call: Call) -> Attributes:
    """Return the attributes of ``call`` by the rules above."""
    reader = _READERS.get(call.word)
    return reader(call) if reader else {k: v for k, v in call.bound.items() if isinstance(v, bool | int | float | str)}


def letters(call: Call) -> str:
    """Return the axes of the call's output, N for the batch; "?" where they cannot be known."""
    if not call.shapes:
        return _guess(call)
    rule = _LETTERS.get(call.word)
    found = rule(call) if rule else _same(call)
    fits = len(found) == len(call.out) and all(call.out[i] == 1 for i, c in enumerate(found) if c == BATCH)
    return found if fits else _guess(call)


def same_values(call: Call) -> bool:
    """Whether the call leaves every value at its place, so that it is no op: its result is another name for its input."""
    if call.word == "permute":
        order = _permute(call)["order"]
        return order == sorted(order)
    return call.name in SAME_VALUES and len(call.shapes) == 1


# Arguments


def _numbers(value: Any) -> list[int]:
    return [int(value)] if isinstance(value, int) else [int(v) for v in value]


def _each(value: Any, n: int) -> list[int]:
    numbers = _numbers(value)
    return numbers * n if len(numbers) == 1 else numbers


def _varargs(call: Call) -> list[int]:
    """The numbers of ``x.permute(0, 2, 1)`` and ``x.permute([0, 2, 1])`` alike."""
    given = call.rest if call.rest else (call.get("dims", ()),)
    return _numbers(given[0] if len(given) == 1 else given)


def _axis(call: Call, dim: Any) -> Any:
    if dim is None:
        return None
    return place(call.letters[0], int(dim)) if isinstance(dim, int) else [place(call.letters[0], int(d)) for d in dim]


# Windows


def _conv(call: Call) -> Attributes:
    weight, n = call.bound["weight"], len(call.bound["weight"]) - 2
    kernel, dilation = list(weight[2:]), _each(call.get("dilation", 1), n)
    found: Attributes = {
        "kernel": kernel,
        "stride": _each(call.get("stride", 1), n),
        "dilation": dilation,
        "groups": int(call.get("groups", 1)),
        "bias": call.bound.get("bias") is not None,
    }
    padding = call.get("padding", 0)
    if padding == "valid":
        padding = 0
    if padding == "same":
        total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        found["padding"] = [[t // 2, t - t // 2] for t in total]
    else:
        found["padding"] = [[p, p] for p in _each(padding, n)]
    if "transpose" in call.word:
        found["output_padding"] = _each(call.get("output_padding", 0), n)
    return found


def _pool(call: Call) -> Attributes:
    n = int(call.word[-2])
    kernel = _each(call.bound["kernel_size"], n)
    found: Attributes = {
        "kernel": kernel,
        "stride": _each(call.get("stride") or kernel, n),
        "dilation": _each(call.get("dilation", 1), n),
        "padding": [[p, p] for p in _each(call.get("padding", 0), n)],
        "ceil_mode": bool(call.get("ceil_mode", False)),
    }
    if call.word.startswith("avg"):
        found |= {
            "count_include_pad": bool(call.get("count_include_pad", True)),
            "divisor_override": call.get("divisor_override"),
        }
    if call.word.startswith("lp"):
        found["norm"] = float(call.bound["norm_type"])
    return found


def _adaptive(call: Call) -> Attributes:
    n = int(call.word[-2])
    return {"output_size": list(call.out[-n:])}


def _interpolate(call: Call) -> Attributes:
    n = len(call.out) - 2
    factor = call.get("scale_factor")
    mode = call.get("mode", "nearest")
    return {
        "output_size": list(call.out[2:]),
        "scale_factor": None
        if factor is None
        else [float(f) for f in (factor if isinstance(factor, list | tuple) else [factor] * n)],
        "mode": mode,
        "align_corners": bool(call.get("align_corners", False)),
        "antialias": bool(call.get("antialias", False)),
    }


def _pad(call: Call) -> Attributes:
    flat, rank = _numbers(call.bound["pad"]), len(call.shapes[0])
    sides = [[0, 0] for _ in range(rank)]
    for i in range(len(flat) // 2):
        sides[rank - 1 - i] = flat[2 * i : 2 * i + 2]
    kept = [s for s, letter in zip(sides, call.letters[0], strict=True) if letter != BATCH]
    return {"padding": kept, "mode": call.get("mode", "constant"), "value": float(call.get("value", 0.0))}


# Normalisation, activations, arithmetic


def _scalars(**defaults: Any) -> Callable[[Call], Attributes]:
    """A reader of plain arguments with torch's defaults."""

    def read(call: Call) -> Attributes:
        found = {name: call.get(name, default) for name, default in defaults.items()}
        return {name: value if isinstance(value, bool | int | float | str) else None for name, value in found.items()}

    return read


def _layer_norm(call: Call) -> Attributes:
    shape = _numbers(call.bound["normalized_shape"])
    rank = len(call.shapes[0])
    return {"axis": _axis(call, list(range(rank - len(shape), rank))), "eps": call.get("eps", 1e-5)}


def _clamp(call: Call) -> Attributes:
    low, high = call.bound.get("min"), call.bound.get("max")
    return {"min": _number(low), "max": _number(high)}


def _number(value: Any) -> Any:
    return value if isinstance(value, bool | int | float) else None


def _arithmetic(call: Call) -> Attributes:
    """The number of ``x + 2``; ``reversed`` tells ``1 − x`` from ``x − 1``; nothing for two tensors."""
    found: Attributes = {}
    if call.name in ("square",):
        found["scalar"] = 2
    for side in ("other", "input"):
        if (value := _number(call.bound.get(side))) is not None:
            found["scalar"] = value
            if side == "input":
                found["reversed"] = True
    if call.name.startswith("r") and call.name in ("rsub", "rdiv", "rpow"):
        found["reversed"] = True
    if call.get("alpha", 1) != 1:
        found["alpha"] = call.bound["alpha"]
    return found


def _along(call: Call) -> Attributes:
    return {"axis": _axis(call, call.get("dim"))}


def _cat(call: Call) -> Attributes:
    dim = int(call.get("dim", call.get("axis", 0)))
    whole = letters(call)
    return {"axis": place(whole, dim)}


def _reduce(call: Call) -> Attributes:
    return {"axis": _axis(call, call.get("dim", call.get("axis"))), "keepdim": bool(call.get("keepdim", False))}


def _norm(call: Call) -> Attributes:
    return _reduce(call) | {"p": call.get("p", 2)}


def _flatten(call: Call) -> Attributes:
    whole, rank = call.letters[0], len(call.shapes[0])
    first, last = int(call.get("start_dim", 0)) % rank, int(call.get("end_dim", -1)) % rank
    inside = [p for p in (place(whole, i) for i in range(first, last + 1)) if p is not None]
    return {"start": inside[0] if inside else None, "end": inside[-1] if inside else None}


def _shape(call: Call) -> Attributes:
    return {"shape": list(without_batch(letters(call), call.out)[1])}


def _matmul(call: Call) -> Attributes:
    return {"equation": call.get("equation")} if call.name == "einsum" else {}


def _attention(call: Call) -> Attributes:
    if call.name == "multi_head_attention_forward":
        return {"heads": int(call.bound["num_heads"]), "projections": True}
    return {"projections": False, "causal": bool(call.get("is_causal", False))}


def _linear(call: Call) -> Attributes:
    out, into = call.bound["weight"] if len(call.bound["weight"]) == 2 else (1, call.bound["weight"][0])
    return {"in_features": int(into), "out_features": int(out), "bias": call.bound.get("bias") is not None}


# Axes: order and parts


def _order(call: Call) -> list[int]:
    rank = len(call.shapes[0])
    order = list(range(rank))
    if call.name in ("transpose", "swapaxes", "swapdims"):
        a, b = int(call.get("dim0", call.get("axis0", 0))) % rank, int(call.get("dim1", call.get("axis1", 0))) % rank
        order[a], order[b] = order[b], order[a]
    elif call.name in ("movedim", "moveaxis"):
        source = [s % rank for s in _numbers(call.bound["source"])]
        target = [t % rank for t in _numbers(call.bound["destination"])]
        rest = iter(i for i in range(rank) if i not in source)
        order = [source[target.index(i)] if i in target else next(rest) for i in range(rank)]
    elif call.name in ("mT", "mH"):
        order[-2:] = order[:-3:-1]
    elif call.name in ("t", "T", "H"):
        order.reverse()
    else:
        order = [d % rank for d in _varargs(call)]
    return order


def _permute(call: Call) -> Attributes:
    whole = call.letters[0]
    return {"order": [p for p in (place(whole, axis) for axis in _order(call)) if p is not None]}


def _index(call: Call) -> list[Any]:
    """One entry per axis of the input, whole, with the batch; see the module's docstring."""
    shape = call.shapes[0] if call.name != "setitem" else tuple(call.bound["input"])
    if call.name in ("getitem", "setitem"):
        return _basic(call.bound["index"], shape)
    whole: list[Any] = [[0, size, 1] for size in shape]
    dim = int(call.get("dim", 0)) % len(shape)
    if call.name in ("unbind", "select"):
        whole[dim] = call.piece if call.name == "unbind" else int(call.bound["index"]) % shape[dim]
    elif call.name == "narrow":
        start = int(call.bound["start"])
        whole[dim] = [start, start + int(call.bound["length"]), 1]
    else:
        ends = list(accumulate(piece[dim] for piece in call.pieces))
        whole[dim] = [ends[call.piece] - call.pieces[call.piece][dim], ends[call.piece], 1]
    return whole


def _basic(index: Any, shape: Sequence[int]) -> list[Any]:
    given = list(index) if isinstance(index, tuple) and not isinstance(index, Shape) else [index]
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
        elif isinstance(i, int) and not isinstance(i, bool):
            found.append(i % size)
        else:
            found.append("gather")
    return found + [[0, size, 1] for size in shape[axis:]]


def _slice(call: Call) -> Attributes:
    found, axis = [], 0
    whole = call.letters[0] if call.name != "setitem" else letters(call)
    for entry in _index(call):
        if entry == "new":
            found.append(entry)
            continue
        if axis >= len(whole) or whole[axis] != BATCH:
            found.append(entry)
        axis += 1
    return {"index": found}


def _roll(call: Call) -> Attributes:
    return {"shifts": _numbers(call.bound["shifts"]), "axis": _axis(call, _numbers(call.get("dims", ())))}


# Letters of the output


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
        return squeezed(whole, old, None if dim is None else _numbers(dim))
    if call.name == "unsqueeze":
        at = int(call.get("dim", call.rest[0] if call.rest else 0)) % (len(old) + 1)
        return whole[:at] + UNKNOWN + whole[at:]
    return reshaped(whole, old, call.out)


def _letters_permute(call: Call) -> str:
    return "".join(call.letters[0][axis] for axis in _order(call))


def _letters_slice(call: Call) -> str:
    if call.name == "setitem":
        return _same(call)
    found, axis = "", 0
    for entry in _index(call):
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
    return reduced(call.letters[0], None if dim is None else _numbers(dim), bool(call.get("keepdim", False)))


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


_WINDOWS = ("conv1d conv2d conv3d", "conv_transpose1d conv_transpose2d conv_transpose3d")

_READERS: dict[str, Callable[[Call], Attributes]] = {
    **dict.fromkeys(" ".join(_WINDOWS).split(), _conv),
    **{f"{kind}_pool{n}d": _pool for kind in ("max", "avg") for n in (1, 2, 3)},
    "lp_pool2d": _pool,
    **{f"adaptive_{kind}_pool{n}d": _adaptive for kind in ("max", "avg") for n in (1, 2, 3)},
    "interpolate": _interpolate,
    "pad": _pad,
    "linear": _linear,
    "matmul": _matmul,
    "attention": _attention,
    "batch_norm": _scalars(eps=1e-5),
    "instance_norm": _scalars(eps=1e-5),
    "group_norm": _scalars(num_groups=1, eps=1e-5),
    "layer_norm": _layer_norm,
    "rms_norm": _layer_norm,
    "local_response_norm": _scalars(size=5, alpha=1e-4, beta=0.75, k=1.0),
    "relu": lambda call: {},
    "relu6": lambda call: {},
    "leaky_relu": _scalars(negative_slope=0.01),
    "elu": _scalars(alpha=1.0),
    "gelu": _scalars(approximate="none"),
    "hardtanh": _scalars(min_val=-1.0, max_val=1.0),
    "softplus": _scalars(beta=1.0, threshold=20.0),
    "clamp": _clamp,
    "dropout": _scalars(p=0.5),
    "masked_fill": _scalars(value=0.0),
    **dict.fromkeys(["silu", "mish", "selu", "sigmoid", "hardsigmoid", "hardswish", "tanh"], lambda call: {}),
    **dict.fromkeys(["add", "subtract", "multiply", "divide", "power"], _arithmetic),
    **dict.fromkeys(["softmax", "log_softmax", "gather", "argmax", "normalize"], _along),
    **dict.fromkeys(["cat", "stack"], _cat),
    **dict.fromkeys(["mean", "sum", "amax", "amin"], _reduce),
    "norm": _norm,
    "flatten": _flatten,
    **dict.fromkeys(["reshape", "expand", "repeat"], _shape),
    "permute": _permute,
    **dict.fromkeys(["slice", "setitem"], _slice),
    "roll": _roll,
    "flip": lambda call: {"axis": _axis(call, _varargs(call))},
}

_LETTERS: dict[str, Callable[[Call], str]] = {
    **dict.fromkeys(["flatten", "reshape"], _letters_reshape),
    "permute": _letters_permute,
    **dict.fromkeys(["slice", "setitem"], _letters_slice),
    **dict.fromkeys(["mean", "sum", "amax", "amin", "argmax", "norm"], _letters_reduce),
    "linear": _letters_linear,
    "matmul": _letters_matmul,
    "stack": _letters_stack,
}


def macs(call: Call) -> int:
    """Return the multiply-accumulate operations of ``call`` for one picture (the traced batch is one).

    Convolution: cells of the output × kernel cells × input channels per group; linear and matrix products: cells of the
    output × length of the sum; attention: its projections and its two products. Other ops count 0, as in the papers.
    """
    out, kind = prod(call.out), call.word
    if "conv_transpose" in kind:
        weight = call.bound["weight"]
        return prod(call.shapes[0]) * int(prod(weight[1:]))
    if kind.startswith("conv"):
        return out * int(prod(call.bound["weight"][1:]))
    if kind == "linear":
        return out * int(call.bound["weight"][-1])
    if kind == "matmul":
        return _einsum_macs(call) if call.name == "einsum" else out * int(call.bound["input"][-1])
    if kind == "attention":
        return _attention_macs(call)
    return 0


def _einsum_macs(call: Call) -> int:
    equation = str(call.get("equation", "")).replace(" ", "")
    if "." in equation or len(call.bound.get("operands", ())) < 2:
        return 0
    sizes: dict[str, int] = {}
    for term, shape in zip(equation.split("->")[0].split(","), call.bound["operands"], strict=False):
        sizes |= dict(zip(term, shape, strict=False))
    return prod(sizes.values())


def _attention_macs(call: Call) -> int:
    query, key, value = (tuple(call.bound[name]) for name in ("query", "key", "value"))
    if call.name == "scaled_dot_product_attention":
        return prod(query[:-1]) * int(key[-2]) * int(query[-1] + value[-1])
    longest, keys, width = query[0] * prod(query[1:-1]), key[0], query[-1]
    projections = longest * width * width * 2 + prod(key[:-1]) * width * key[-1] + prod(value[:-1]) * width * value[-1]
    total: int = projections + 2 * longest * keys * width
    return total
