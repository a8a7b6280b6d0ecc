"""What an op was called with, as JSON values: all that later rooms need to compute its output, receptive field or
counts.

Rules for every word: a value per spatial axis is a list in the order D, H, W; ``padding`` is [before, after] per axis,
so that uneven padding ("same" with an even kernel, TensorFlow's) is told truly; ``axis`` counts in the shape without
the batch, of the output for ``stack`` and ``cat``, of the first input elsewhere (the same where the shape stays).
``cat`` and ``stack`` carry ``starts``: where each of the layer's inputs begins along the axis; a gap is a weight or
constant.
``slice`` and ``setitem`` carry ``index``: per axis of the input [start, stop, step], a number (that axis goes away),
"new" (an axis of size 1 comes) or "gather" (chosen by a list of places). ``setitem`` tells which of the layer's inputs
was written ``into`` and which is the ``value``, None for a weight or constant; a plain number is ``scalar``.
A reduction's ``axis`` lists every axis where it goes over all; None is the batch.
``interpolate`` has a ``scale_factor`` where it is that by which positions are computed, else None: then it is the ratio
of the sizes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from explorer.graph.axes import BATCH, place, without_batch
from explorer.graph.call import UNREADABLE, Call, Shape, axis_of, each, index_of, number, numbers, order_of, varargs
from explorer.graph.letters import letters
from explorer.graph.vocabulary import SAME_VALUES, word

Attributes = dict[str, Any]


def attributes(call: Call) -> Attributes:
    """Return the attributes of ``call`` by the rules above; ``dtype`` too where its output is complex.

    A call of a form that is not known here has the one attribute ``unread``, the reason, and nothing may be computed
    from it; the network can be looked into all the same.
    """
    complex_ = {"dtype": call.dtype} if call.dtype.startswith("complex") else {}
    return complex_ | _read(call)


def _read(call: Call) -> Attributes:
    if call.through_view:
        return {"unread": "an input was written through another view of its memory"}
    reader = READERS.get(call.word)
    if reader is None:
        return {name: value for name, value in call.bound.items() if isinstance(value, bool | int | float | str)}
    try:
        return reader(call)
    except UNREADABLE as error:
        return {"unread": f"{type(error).__name__}: {error}"}


def same_values(call: Call) -> bool:
    """Whether the call leaves every value at its place: no op, its result is another name for its input."""
    if call.word == "permute":
        order = attributes(call).get("order")
        return order is not None and order == sorted(order)
    return call.name in SAME_VALUES and len(call.shapes) == 1


# Windows


def _conv(call: Call) -> Attributes:
    weight, n = call.bound["weight"], len(call.bound["weight"]) - 2
    kernel, dilation = list(weight[2:]), each(call.get("dilation", 1), n)
    found: Attributes = {
        "kernel": kernel,
        "stride": each(call.get("stride", 1), n),
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
        found["padding"] = [[p, p] for p in each(padding, n)]
    if "transpose" in call.word:
        found["output_padding"] = each(call.get("output_padding", 0), n)
    return found


def _pool(call: Call) -> Attributes:
    kind = word(call.name)
    n = int(kind[-2])
    kernel = each(call.bound["kernel_size"], n)
    found: Attributes = {
        "kernel": kernel,
        "stride": each(call.get("stride") or kernel, n),
        "dilation": each(call.get("dilation", 1), n),
        "padding": [[p, p] for p in each(call.get("padding", 0), n)],
        "ceil_mode": bool(call.get("ceil_mode", False)),
    }
    if kind.startswith("avg"):
        found |= {
            "count_include_pad": bool(call.get("count_include_pad", True)),
            "divisor_override": call.get("divisor_override"),
        }
    if kind.startswith("lp"):
        found["norm"] = float(call.bound["norm_type"])
    return found


def _adaptive(call: Call) -> Attributes:
    return {"output_size": list(call.out[-int(word(call.name)[-2]) :])}


def _pool_indices(call: Call) -> Attributes:
    return _adaptive(call) if call.name.startswith("adaptive") else _pool(call)


def _unfold(call: Call) -> Attributes:
    found: Attributes = {
        "kernel": each(call.bound["kernel_size"], 2),
        "stride": each(call.get("stride", 1), 2),
        "dilation": each(call.get("dilation", 1), 2),
        "padding": [[p, p] for p in each(call.get("padding", 0), 2)],
    }
    return found | ({"output_size": list(call.out[-2:])} if call.word == "fold" else {})


def _unfold_axis(call: Call) -> Attributes:
    axis = axis_of(call, int(call.bound["dimension"]))
    return {"axis": axis, "kernel": int(call.bound["size"]), "stride": int(call.bound["step"])}


def _interpolate(call: Call) -> Attributes:
    n = len(call.out) - 2
    factor = None if call.get("recompute_scale_factor") else call.get("scale_factor")
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
    flat, rank = numbers(call.bound["pad"]), len(call.shapes[0])
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
    shape = numbers(call.bound["normalized_shape"])
    rank = len(call.shapes[0])
    return {"axis": axis_of(call, list(range(rank - len(shape), rank))), "eps": call.get("eps", 1e-5)}


def _clamp(call: Call) -> Attributes:
    low, high = call.bound.get("min"), call.bound.get("max")
    return {"min": number(low), "max": number(high)}


def _arithmetic(call: Call) -> Attributes:
    """The number of ``x + 2``; ``reversed`` tells ``1 − x`` from ``x − 1``; nothing for two tensors."""
    found: Attributes = {}
    if call.name in ("square",):
        found["scalar"] = 2
    for side in ("other", "input"):
        if (value := number(call.bound.get(side))) is not None:
            found["scalar"] = value
            if side == "input":
                found["reversed"] = True
    if "scalar" not in found and call.places == [1]:  # a constant or weight comes first
        found["reversed"] = True
    if call.name.startswith("r") and call.name in ("rsub", "rdiv", "rpow"):
        found["reversed"] = True
    if call.get("alpha", 1) != 1:
        found["alpha"] = call.bound["alpha"]
    return found


def _along(call: Call) -> Attributes:
    return {"axis": axis_of(call, int(call.bound["dim"]))}


def _normalize(call: Call) -> Attributes:
    return {"axis": axis_of(call, call.get("dim", 1)), "p": float(call.get("p", 2))}


def _cat(call: Call) -> Attributes:
    dim = int(call.get("dim", call.get("axis", 0)))
    sizes = [shape[dim] for shape in call.bound["tensors"]]
    return {"axis": place(letters(call), dim), "starts": [sum(sizes[:at]) for at in call.places]}


def _stack(call: Call) -> Attributes:
    return {"axis": place(letters(call), int(call.get("dim", 0))), "starts": call.places}


def _reduce(call: Call) -> Attributes:
    dim = call.get("dim", call.get("axis"))
    if not isinstance(dim, int) and not dim:
        dim = list(range(len(call.shapes[0])))
    return {"axis": axis_of(call, dim), "keepdim": bool(call.get("keepdim", False))}


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


def _recurrent(call: Call) -> Attributes:
    layers, both = call.bound["num_layers"], call.bound["bidirectional"]
    if isinstance(layers, bool) or not isinstance(both, bool):
        raise TypeError("a packed sequence")
    part = ("sequence", "hidden", "cell")[call.piece]
    found: Attributes = {"layers": int(layers), "bidirectional": both, "part": part}
    return found | ({"nonlinearity": call.name[4:]} if call.word == "rnn" else {})


def _embedding(call: Call) -> Attributes:
    rows, width = call.bound["weight"]
    return {"rows": int(rows), "width": int(width)}


# Axes: order and parts


def _permute(call: Call) -> Attributes:
    whole = call.letters[0]
    return {"order": [p for p in (place(whole, axis) for axis in order_of(call)) if p is not None]}


def _slice(call: Call) -> Attributes:
    found, axis = [], 0
    whole = call.letters[0] if call.name != "setitem" else letters(call)
    for entry in index_of(call):
        if entry == "new":
            found.append(entry)
            continue
        if whole[axis] != BATCH:
            found.append(entry)
        elif entry not in (0, [0, 1, 1]):
            raise ValueError("a part of the batch")
        axis += 1
    return {"index": found}


def _setitem(call: Call) -> Attributes:
    value = call.bound["value"]
    places = {"into": 0 if 0 in call.places else None, "value": None}
    if isinstance(value, Shape):
        last = len(call.places) - 1
        tensors = 1 + sum(isinstance(i, Shape) for i in _several(call.bound["index"]))
        places["value"] = last if call.places[last] == tensors else None
    scalar = number(value)
    return _slice(call) | places | ({} if scalar is None else {"scalar": scalar})


def _several(index: Any) -> list[Any]:
    return list(index) if type(index) is tuple else [index]


def _repeat(call: Call) -> Attributes:
    given = call.rest or (call.get("repeats", call.get("dims")),)
    times = numbers(given[0] if len(given) == 1 else given)
    whole = call.letters[0]
    times = [1] * (len(whole) - len(times)) + times
    if len(times) != len(whole) or any(n != 1 for n, letter in zip(times, whole, strict=True) if letter == BATCH):
        raise ValueError("along the batch or a new axis")
    return {"repeats": [n for n, letter in zip(times, whole, strict=True) if letter != BATCH]}


def _repeat_interleave(call: Call) -> Attributes:
    times, axis = call.bound["repeats"], axis_of(call, int(call.bound["dim"]))
    if axis is None:
        raise ValueError("along the batch")
    return {"repeats": int(times), "axis": axis}


def _roll(call: Call) -> Attributes:
    return {"shifts": numbers(call.bound["shifts"]), "axis": axis_of(call, numbers(call.get("dims", ())))}


def _nothing(call: Call) -> Attributes:
    """Of an op that its word and its inputs tell wholly, up to learned weights."""
    return {}


_PLAIN = "relu silu mish selu sigmoid hardsigmoid hardswish tanh prelu input negate where maximum minimum"

READERS: dict[str, Callable[[Call], Attributes]] = {
    **dict.fromkeys(_PLAIN.split(), _nothing),
    **{f"conv{kind}{n}d": _conv for kind in ("", "_transpose") for n in (1, 2, 3)},
    **{f"{kind}_pool{n}d": _pool for kind in ("max", "avg", "lp") for n in (1, 2, 3)},
    "max_pool_indices": _pool_indices,
    **{f"adaptive_{kind}_pool{n}d": _adaptive for kind in ("max", "avg") for n in (1, 2, 3)},
    "interpolate": _interpolate,
    "grid_sample": _scalars(mode="bilinear", padding_mode="zeros", align_corners=False),
    "pad": _pad,
    "pixel_shuffle": lambda call: {"factor": int(call.bound["upscale_factor"])},
    "pixel_unshuffle": lambda call: {"factor": int(call.bound["downscale_factor"])},
    **dict.fromkeys(["unfold", "fold"], _unfold),
    "unfold_axis": _unfold_axis,
    "linear": _linear,
    "matmul": _matmul,
    "attention": _attention,
    "batch_norm": _scalars(eps=1e-5),
    "instance_norm": _scalars(eps=1e-5),
    "group_norm": _scalars(num_groups=1, eps=1e-5),
    "layer_norm": _layer_norm,
    "rms_norm": _layer_norm,
    "local_response_norm": _scalars(size=5, alpha=1e-4, beta=0.75, k=1.0),
    "relu6": _nothing,
    "leaky_relu": _scalars(negative_slope=0.01),
    "elu": _scalars(alpha=1.0),
    "gelu": _scalars(approximate="none"),
    "hardtanh": _scalars(min_val=-1.0, max_val=1.0),
    "softplus": _scalars(beta=1.0, threshold=20.0),
    "clamp": _clamp,
    "dropout": _scalars(p=0.5),
    "masked_fill": _scalars(value=0.0),
    **dict.fromkeys(["add", "subtract", "multiply", "divide", "power"], _arithmetic),
    **dict.fromkeys(["softmax", "log_softmax", "gather"], _along),
    "normalize": _normalize,
    "cat": _cat,
    "stack": _stack,
    **dict.fromkeys(["mean", "sum", "amax", "amin", "argmax", "argmin"], _reduce),
    "norm": _norm,
    "flatten": _flatten,
    **dict.fromkeys(["reshape", "expand"], _shape),
    "repeat": _repeat,
    "repeat_interleave": _repeat_interleave,
    "permute": _permute,
    "slice": _slice,
    "setitem": _setitem,
    "roll": _roll,
    "flip": lambda call: {"axis": axis_of(call, varargs(call))},
    "cast": lambda call: {"dtype": call.dtype},
    "embedding": _embedding,
    **dict.fromkeys(["lstm", "gru", "rnn"], _recurrent),
}
"""How the attributes of every documented word are read."""
