"""What kind of work an op does: a dozen families instead of a hundred words, for colours and legends."""

from __future__ import annotations

from collections.abc import Iterable

from explorer.text import N_

FAMILIES: dict[str, str] = {
    "input": N_("input"),
    "convolution": N_("convolution"),
    "linear": N_("fully connected, attention"),
    "normalisation": N_("normalisation"),
    "activation": N_("activation"),
    "pooling": N_("pooling"),
    "add": N_("residual add"),
    "concat": N_("concat"),
    "shape": N_("shape"),
    "other": N_("other"),
    "block": N_("folded block"),
}
"""Every family, and what a person calls it (marked text)."""

_LINEAR = ("linear", "matmul", "attention", "embedding", "lstm", "gru", "rnn")
_ACTIVATIONS = (
    *("relu", "relu6", "leaky_relu", "prelu", "elu", "selu", "celu", "gelu", "silu", "mish", "sigmoid"),
    *("hardsigmoid", "hardswish", "hardtanh", "tanh", "softplus", "softmax", "log_softmax", "clamp"),
)
_SHAPES = (
    *("flatten", "reshape", "permute", "slice", "pad", "interpolate", "expand", "repeat", "repeat_interleave", "roll"),
    *("flip", "gather", "setitem", "fold", "unfold", "unfold_axis", "pixel_shuffle", "pixel_unshuffle", "cast"),
)
_WORDS = {
    **dict.fromkeys(_LINEAR, "linear"),
    **dict.fromkeys(_ACTIVATIONS, "activation"),
    **dict.fromkeys(_SHAPES, "shape"),
    **dict.fromkeys(("cat", "stack"), "concat"),
    "input": "input",
    "normalize": "normalisation",
    "add": "add",
}


def family(op: str, inputs: Iterable[str]) -> str:
    """Return the family of ``op``, a word of ``vocabulary``; an add or a cat of fewer than two inputs joins nothing.

    Args:
        op: the word.
        inputs: what it takes of the network's own values.
    """
    found = _WORDS.get(op, "")
    if found in ("add", "concat"):
        return found if len(set(inputs)) > 1 else "other"
    if found:
        return found
    if op.startswith("conv"):
        return "convolution"
    return "pooling" if "_pool" in op else "normalisation" if op.endswith("_norm") else "other"
