"""The words for ops, and which torch function is which word; module and functional form meet in one function, so in one
word.

Names are PyTorch's own; a function that is not listed keeps its own name as its word, without underscores.
"""

from __future__ import annotations

WORDS: dict[str, str] = {
    "input": "the network's input, as prepared",
    "conv1d": "cross-correlation with learned kernels over L",
    "conv2d": "cross-correlation with learned kernels over H and W",
    "conv3d": "cross-correlation with learned kernels over D, H and W",
    "conv_transpose1d": "transposed convolution over L",
    "conv_transpose2d": "transposed convolution over H and W",
    "conv_transpose3d": "transposed convolution over D, H and W",
    "linear": "every output a weighted sum of the last axis of the input",
    "matmul": "matrix product of two tensors (also bmm, addmm, einsum)",
    "attention": "softmax(q·kᵀ/√d)·v; with its four projections where it is a multi-head attention",
    "batch_norm": "normalised with the running statistics of each channel",
    "layer_norm": "normalised over the last axes of each position",
    "rms_norm": "divided by the root mean square over the last axes of each position",
    "group_norm": "normalised over each group of channels",
    "instance_norm": "normalised over each map",
    "local_response_norm": "divided by the activity of neighbouring channels (AlexNet)",
    "normalize": "divided by the norm along an axis",
    "relu": "max(0, x)",
    "relu6": "min(max(0, x), 6)",
    "leaky_relu": "x where positive, else negative_slope · x",
    "prelu": "x where positive, else a learned slope · x",
    "elu": "x where positive, else alpha · (exp x − 1)",
    "selu": "scaled elu",
    "gelu": "x · Φ(x)",
    "silu": "x · sigmoid(x), also called swish",
    "mish": "x · tanh(softplus(x))",
    "sigmoid": "1 / (1 + exp −x)",
    "hardsigmoid": "piecewise linear sigmoid",
    "hardswish": "x · hardsigmoid(x)",
    "hardtanh": "clamped to min … max",
    "tanh": "hyperbolic tangent",
    "softplus": "log(1 + exp x)",
    "softmax": "exp x divided by its sum along an axis",
    "log_softmax": "logarithm of softmax",
    "max_pool1d": "largest value of each window over L",
    "max_pool2d": "largest value of each window",
    "max_pool3d": "largest value of each window over D, H and W",
    "avg_pool1d": "mean of each window over L",
    "avg_pool2d": "mean of each window",
    "avg_pool3d": "mean of each window over D, H and W",
    "lp_pool2d": "power mean of each window",
    "adaptive_avg_pool1d": "mean of as many windows as the output has positions",
    "adaptive_avg_pool2d": "mean of as many windows as the output has cells",
    "adaptive_avg_pool3d": "mean of as many windows as the output has cells",
    "adaptive_max_pool1d": "largest value of as many windows as the output has positions",
    "adaptive_max_pool2d": "largest value of as many windows as the output has cells",
    "adaptive_max_pool3d": "largest value of as many windows as the output has cells",
    "interpolate": "resized over its spatial axes",
    "grid_sample": "read at positions that a grid gives",
    "pad": "cells added at (or, where negative, cut from) the ends of axes",
    "pixel_shuffle": "blocks of channels spread into space",
    "pixel_unshuffle": "space gathered into channels",
    "fold": "columns summed into overlapping windows",
    "unfold": "overlapping windows laid out as columns",
    "dropout": "nothing while the network is not trained; kept as a row because the architecture names it",
    "add": "sum, cell by cell",
    "subtract": "difference, cell by cell",
    "multiply": "product, cell by cell",
    "divide": "quotient, cell by cell",
    "power": "x to a power",
    "negate": "−x",
    "clamp": "limited to min … max",
    "where": "one of two values by a condition",
    "masked_fill": "a value put where a mask says so",
    "cat": "joined along an axis",
    "stack": "joined along a new axis",
    "flatten": "neighbouring axes made into one",
    "reshape": "the same values in the same order under another shape",
    "permute": "axes in another order",
    "slice": "a part: index, chunk, split, narrow, select, unbind",
    "setitem": "a part overwritten in place",
    "gather": "elements chosen by index tensors",
    "expand": "repeated along axes of size 1 without copying",
    "repeat": "repeated along axes",
    "roll": "shifted along axes, what falls out comes in at the other end",
    "flip": "reversed along axes",
    "mean": "mean along axes",
    "sum": "sum along axes",
    "amax": "largest value along axes",
    "amin": "smallest value along axes",
    "argmax": "index of the largest value along an axis",
    "norm": "norm along axes",
    "cast": "another number type",
    "embedding": "rows of a learned table",
    "lstm": "long short-term memory",
    "gru": "gated recurrent unit",
    "rnn": "recurrent unit",
}
"""Every documented op and what it does. An unknown function's word is its own name."""

_CONV = "input weight bias stride padding dilation groups"
_TRANSPOSED = "input weight bias stride padding output_padding groups dilation"
_POOL = "input kernel_size stride padding dilation ceil_mode return_indices"
_MEAN_POOL = "input kernel_size stride padding ceil_mode count_include_pad divisor_override"
_BINARY = "input other"
_REDUCE = "input dim keepdim"

FUNCTIONS: dict[str, tuple[str, str]] = {
    **{f"conv{n}d": (f"conv{n}d", _CONV) for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": (f"conv_transpose{n}d", _TRANSPOSED) for n in (1, 2, 3)},
    **{f"max_pool{n}d": (f"max_pool{n}d", _POOL) for n in (1, 2, 3)},
    **{f"max_pool{n}d_with_indices": (f"max_pool{n}d", _POOL) for n in (1, 2, 3)},
    **{f"avg_pool{n}d": (f"avg_pool{n}d", _MEAN_POOL) for n in (1, 2, 3)},
    **{f"adaptive_avg_pool{n}d": (f"adaptive_avg_pool{n}d", "input output_size") for n in (1, 2, 3)},
    **{f"adaptive_max_pool{n}d": (f"adaptive_max_pool{n}d", "input output_size") for n in (1, 2, 3)},
    **{f"adaptive_max_pool{n}d_with_indices": (f"adaptive_max_pool{n}d", "input output_size") for n in (1, 2, 3)},
    "lp_pool2d": ("lp_pool2d", "input norm_type kernel_size stride ceil_mode"),
    "linear": ("linear", "input weight bias"),
    "matmul": ("matmul", _BINARY),
    "mm": ("matmul", _BINARY),
    "bmm": ("matmul", _BINARY),
    "mv": ("matmul", _BINARY),
    "addmm": ("matmul", "bias input other"),
    "baddbmm": ("matmul", "bias input other"),
    "einsum": ("matmul", "equation"),
    "scaled_dot_product_attention": ("attention", "query key value attn_mask dropout_p is_causal"),
    "multi_head_attention_forward": ("attention", "query key value embed_dim_to_check num_heads"),
    "batch_norm": ("batch_norm", "input running_mean running_var weight bias training momentum eps"),
    "layer_norm": ("layer_norm", "input normalized_shape weight bias eps"),
    "rms_norm": ("rms_norm", "input normalized_shape weight eps"),
    "group_norm": ("group_norm", "input num_groups weight bias eps"),
    "instance_norm": ("instance_norm", "input running_mean running_var weight bias use_input_stats momentum eps"),
    "local_response_norm": ("local_response_norm", "input size alpha beta k"),
    "normalize": ("normalize", "input p dim eps"),
    "leaky_relu": ("leaky_relu", "input negative_slope"),
    "elu": ("elu", "input alpha"),
    "gelu": ("gelu", "input approximate"),
    "hardtanh": ("hardtanh", "input min_val max_val"),
    "softplus": ("softplus", "input beta threshold"),
    "softmax": ("softmax", "input dim"),
    "log_softmax": ("log_softmax", "input dim"),
    "interpolate": ("interpolate", "input size scale_factor mode align_corners"),
    "upsample": ("interpolate", "input size scale_factor mode align_corners"),
    "grid_sample": ("grid_sample", "input grid mode padding_mode align_corners"),
    "pad": ("pad", "input pad mode value"),
    "pixel_shuffle": ("pixel_shuffle", "input factor"),
    "pixel_unshuffle": ("pixel_unshuffle", "input factor"),
    "dropout": ("dropout", "input p"),
    "dropout1d": ("dropout", "input p"),
    "dropout2d": ("dropout", "input p"),
    "dropout3d": ("dropout", "input p"),
    "alpha_dropout": ("dropout", "input p"),
    "feature_alpha_dropout": ("dropout", "input p"),
    **dict.fromkeys(("add", "iadd"), ("add", _BINARY)),
    **dict.fromkeys(("sub", "subtract", "isub", "rsub"), ("subtract", _BINARY)),
    **dict.fromkeys(("mul", "multiply", "imul"), ("multiply", _BINARY)),
    **dict.fromkeys(("div", "divide", "true_divide", "truediv", "idiv", "itruediv", "rdiv"), ("divide", _BINARY)),
    **dict.fromkeys(("pow", "ipow", "rpow", "float_power"), ("power", _BINARY)),
    "square": ("power", "input"),
    "neg": ("negate", "input"),
    "negative": ("negate", "input"),
    "clamp": ("clamp", "input min max"),
    "clip": ("clamp", "input min max"),
    "clamp_min": ("clamp", "input min"),
    "clamp_max": ("clamp", "input max"),
    "where": ("where", "condition input other"),
    "masked_fill": ("masked_fill", "input mask value"),
    **dict.fromkeys(("cat", "concat", "concatenate"), ("cat", "tensors dim")),
    "stack": ("stack", "tensors dim"),
    "flatten": ("flatten", "input start_dim end_dim"),
    **dict.fromkeys(
        ("reshape", "view", "view_as", "reshape_as", "unflatten", "squeeze", "unsqueeze"), ("reshape", "input")
    ),
    "permute": ("permute", "input dims"),
    **dict.fromkeys(("transpose", "swapaxes", "swapdims"), ("permute", "input dim0 dim1")),
    **dict.fromkeys(("movedim", "moveaxis"), ("permute", "input source destination")),
    **dict.fromkeys(("t", "T", "mT", "H", "mH"), ("permute", "input")),
    "getitem": ("slice", "input index"),
    "chunk": ("slice", "input chunks dim"),
    "tensor_split": ("slice", "input parts dim"),
    "split": ("slice", "input parts dim"),
    "split_with_sizes": ("slice", "input parts dim"),
    "unbind": ("slice", "input dim"),
    "narrow": ("slice", "input dim start length"),
    "select": ("slice", "input dim index"),
    "setitem": ("setitem", "input index value"),
    "index_select": ("gather", "input dim index"),
    "gather": ("gather", "input dim index"),
    "take_along_dim": ("gather", "input index dim"),
    "expand": ("expand", "input"),
    "expand_as": ("expand", "input"),
    "broadcast_to": ("expand", "input"),
    "repeat": ("repeat", "input"),
    "tile": ("repeat", "input"),
    "repeat_interleave": ("repeat", "input repeats dim"),
    "roll": ("roll", "input shifts dims"),
    "flip": ("flip", "input dims"),
    "mean": ("mean", _REDUCE),
    "sum": ("sum", _REDUCE),
    "amax": ("amax", _REDUCE),
    "amin": ("amin", _REDUCE),
    "max": ("amax", _REDUCE),
    "min": ("amin", _REDUCE),
    "argmax": ("argmax", _REDUCE),
    "norm": ("norm", "input p dim keepdim"),
    **dict.fromkeys(
        ("to", "type", "type_as", "float", "double", "half", "bfloat16", "int", "long", "bool"), ("cast", "input")
    ),
    "embedding": ("embedding", "input weight"),
    "rnn_tanh": ("rnn", "input"),
    "rnn_relu": ("rnn", "input"),
}
"""Torch function (without underscores) → its word and the names of its positional arguments."""

SAME_VALUES = frozenset(
    [
        "contiguous",
        "clone",
        "detach",
        "data",
        "alias",
        "requires_grad",
        "view_as_real",
        "cpu",
        "cuda",
        "pin_memory",
        "positive",
        "lift_fresh",
        "to",
        "type",
        "type_as",
        "float",
        "double",
        "half",
        "bfloat16",
    ]
)
"""Calls that leave every value at its place: their result is another name for their input and no row.

Dropout and a permutation of the batch axis alone do so too; dropout is a row because the architecture names it."""

CONSTANTS = frozenset(
    [
        "zeros_like",
        "ones_like",
        "full_like",
        "empty_like",
        "rand_like",
        "randn_like",
        "new_zeros",
        "new_ones",
        "new_full",
        "new_empty",
        "new_tensor",
        "grad",
        "_base",
        "shape_as_tensor",
    ]
)
"""Calls that take only a shape or a type from their argument: their result does not derive from the input."""


def plain(name: str) -> str:
    """Return a torch function's name without the marks of in-place, operator and private forms.

    ``relu_`` → relu, ``__iadd__`` → iadd, ``_softmax`` → softmax; ``__radd__`` → add, as the order does not matter.
    """
    bare = name.strip("_") or name
    return {"radd": "add", "rmul": "mul", "imul": "mul", "rtruediv": "rdiv", "rmatmul": "matmul"}.get(bare, bare)


def word(name: str) -> str:
    """Return the op's word for a plain function name."""
    return FUNCTIONS[name][0] if name in FUNCTIONS else name
