"""Multiply-accumulate operations of one op."""

from __future__ import annotations

from math import prod

from explorer.graph.call import Call


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
    return int(prod(sizes.values()))


def _attention_macs(call: Call) -> int:
    query, key, value = (tuple(call.bound[name]) for name in ("query", "key", "value"))
    if call.name == "scaled_dot_product_attention":
        return int(prod(query[:-1])) * int(key[-2]) * int(query[-1] + value[-1])
    longest, keys, width = int(prod(query[:-1])), int(key[0]), int(query[-1])
    others = int(prod(key) + prod(value)) * width
    return 2 * longest * width * width + others + 2 * longest * keys * width
