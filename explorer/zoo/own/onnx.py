"""Networks in ONNX files: read as data, said in the words that onnx2torch knows, and converted op for op.

onnx2torch writes the names of nodes into Python code that it then executes; a crafted name would run there. Therefore
every name is reduced to letters, digits and underscores first.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.errors import NetworkError
from explorer.text import N_
from explorer.zoo.card import Activation, Task
from explorer.zoo.own.card import Certainty, Guess, OwnCard, Remark
from explorer.zoo.own.guesses import SIDE, preparation, several

if TYPE_CHECKING:
    from torch import nn

SUFFIX = ".onnx"
INSTALL = "python -m pip install onnx onnx2torch"
OPSET = 17
"""The newest version of ONNX' ops that onnx2torch converts; its ops of later versions are lowered to it."""
_OLDEST = 9
_IR = 8
"""Of the format itself: from version 4 on, weights need not be inputs as well."""
_MOST_CHANNELS = 16
_PASSING = ("Identity", "Cast", "Flatten", "Reshape", "Squeeze", "Dropout")

_ENDS: dict[str, Activation] = {"Softmax": "none", "Sigmoid": "none"}


def guess(path: Path) -> Guess:
    """Return what the file itself says of the network, and the usual for the rest.

    Raises:
        NetworkError: onnx is not installed, or the file cannot be read, takes no picture or cannot be converted.
    """
    model = _read(path)
    picture, *others = _inputs(model, path)
    bytes_ = picture.type.tensor_type.elem_type == _onnx().TensorProto.UINT8
    ranks = [len(shape_of(output)) for output in model.graph.output]
    place = _answer(model)
    rank = ranks[place] if ranks and (place or len(ranks) == 1 or ranks[0] == 4) else 0
    task: Task = {2: "classify", 4: "segment"}.get(rank, "none")  # type: ignore[assignment]
    own = OwnCard(
        title=path.stem,
        preparation=preparation(_chw(shape_of(picture)), 255.0 if bytes_ else 1.0),
        output=str(place or ""),
        task=task,
        activation=_ENDS.get(_last(model, place), "none" if task == "none" else "softmax"),
        inputs=tuple("=zeros:" + "x".join(str(side or 1) for side in shape_of(one)) for one in others),
    )
    open_sides = 0 in shape_of(picture)[1:]
    certainty: dict[str, Certainty] = {"input_chw": "guess" if open_sides else "sure", "inputs": "sure"}
    if _last(model, place) in _ENDS:
        certainty["activation"] = "likely"
    if task == "classify":
        certainty["task"] = "likely"
    size = Remark(N_("The file leaves the input's size open: {side} × {side} is taken."), {"side": SIDE})
    answers = several([f"{place} ({output.name})" for place, output in enumerate(model.graph.output)], own.output)
    _lowered(model, path)  # an op that cannot be converted is told before anything is asked
    return Guess(own, certainty, ((size,) if open_sides else ()) + answers)


def open(path: Path, own: OwnCard) -> nn.Module:  # noqa: A001
    """Return the network of the file: one module a node, named after it; the picture is its first input.

    Raises:
        NetworkError: onnx is not installed, the file cannot be read, or an op of it cannot be converted.
    """
    model = _read(path)
    _inputs(model, path)
    onnx = _onnx()
    kinds = [one.type.tensor_type.elem_type for one in model.graph.input]
    last = _last_axis(shape_of(model.graph.input[0]))
    model = _lowered(model, path)
    from onnx2torch import convert

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what it resizes otherwise; that was asked before
            converted = convert(model)
        _nest(converted)
        _take(converted, last, [onnx.helper.tensor_dtype_to_np_dtype(kind).name for kind in kinds])
    except Exception as error:
        raise _inconvertible(path, error) from error
    module: nn.Module = converted.eval()
    return module


def _lowered(model: Any, path: Path) -> Any:
    """Return the model in the words that the converter knows, each of its nodes with a name that is only a name.

    Raises:
        NetworkError: onnx2torch is not installed, or an op of the model cannot be converted.
    """
    try:
        import onnx2torch  # noqa: F401 - missing, it is told before the file is blamed

        from explorer.zoo.own.onnx_words import check, lower, version
    except ImportError as error:
        raise _missing() from error
    try:
        model.ir_version = max(model.ir_version, _IR)
        if version(model) < _OLDEST:
            model = _onnx().version_converter.convert_version(model, _OLDEST)
        lower(model, path)
        _name(model)
        check(model, path)
    except NetworkError:
        raise
    except Exception as error:
        raise _inconvertible(path, error) from error
    return model


def _inconvertible(path: Path, error: Exception) -> NetworkError:
    return NetworkError(
        N_("{file} cannot be converted ({reason}): simplify it with onnxsim, or export it with opset {opset}."),
        file=path.name,
        reason=_reason(error),
        opset=OPSET,
    )


def _onnx() -> Any:
    try:
        import onnx
        import onnx.version_converter
    except ImportError as error:
        raise _missing() from error
    return onnx


def _missing() -> NetworkError:
    return NetworkError(N_("Networks in ONNX need two more packages: run “{command}”."), command=INSTALL)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".rstrip(". ")


def _read(path: Path) -> Any:
    """Return the model; tensors in other files only from beside it.

    Raises:
        NetworkError: it cannot be read.
    """
    onnx = _onnx()
    try:
        model = onnx.load(str(path), load_external_data=False)
        _beside(model, path)
        onnx.external_data_helper.load_external_data_for_model(model, str(path.parent))
    except NetworkError:
        raise
    except OSError as error:
        raise NetworkError(
            N_("{file} cannot be read ({reason}): check its name and its permissions."),
            file=path,
            reason=error.strerror or error,
        ) from error
    except Exception as error:  # protobuf and onnx raise kinds of their own
        raise _broken(path) from error
    if not model.graph.node or not model.opset_import:
        raise _broken(path)
    for one in model.opset_import:
        if one.domain == "ai.onnx":  # another name for the same
            one.domain = ""
    return model


def _broken(path: Path) -> NetworkError:
    return NetworkError(
        N_("{file} holds no whole ONNX network: export it again, or copy it once more."), file=path.name
    )


def _beside(model: Any, path: Path) -> None:
    """Raise ``NetworkError`` where a tensor lies in a file that is not beside the network's, or is not there."""
    folder = path.parent.resolve()
    for tensor in _onnx().external_data_helper._get_all_tensors(model):
        where = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
        if not where:
            continue
        beside = (folder / where).resolve()
        if not beside.is_relative_to(folder):
            raise NetworkError(
                N_("{file} wants to read {other}, which is not in its folder: put the weights beside it."),
                file=path.name,
                other=where,
            )
        if not beside.is_file():
            raise NetworkError(
                N_("{file} keeps its weights in {other}, which is not there: put that file beside it."),
                file=path.name,
                other=where,
            )


def _inputs(model: Any, path: Path) -> list[Any]:
    """Put the picture's input first and return all inputs that are no weights.

    Raises:
        NetworkError: none of them takes a picture.
    """
    graph = model.graph
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [one for one in graph.input if one.name not in weights]
    picture = next(
        (one for one in inputs if len(shape_of(one)) == 4 and 0 < _chw(shape_of(one))[0] <= _MOST_CHANNELS), None
    )
    if picture is None:
        shapes = ", ".join("×".join(str(side or "?") for side in shape_of(one)) or "0-D" for one in inputs) or "–"
        raise NetworkError(
            N_("{file} takes no picture (its inputs are {shapes}): it needs one of batch, channels, height and width."),
            file=path.name,
            shapes=shapes,
        )
    ordered = [type(picture).FromString(one.SerializeToString()) for one in inputs if one is not picture]
    ordered.insert(0, type(picture).FromString(picture.SerializeToString()))
    del graph.input[:]
    graph.input.extend(ordered)
    return list(graph.input)


def shape_of(value: Any) -> list[int]:
    """Return a value's shape; 0 for what the file leaves open."""
    return [max(dim.dim_value, 0) for dim in value.type.tensor_type.shape.dim]


def _last_axis(shape: list[int]) -> bool:
    """Return whether the channels are the last axis, as TensorFlow has them."""
    return shape[1] not in (1, 3) and shape[3] in (1, 3)


def _chw(shape: list[int]) -> tuple[int, int, int]:
    channels, height, width = (shape[3], shape[1], shape[2]) if _last_axis(shape) else (shape[1], shape[2], shape[3])
    return channels or 3, height or SIDE, width or SIDE


def _answer(model: Any) -> int:
    """Return the place of the output that is the answer: one called so, or the only vector of a fully connected layer.

    The first where there is no such output, or several.
    """
    outputs = list(model.graph.output)
    called = [place for place, one in enumerate(outputs) if one.name in ("out", "logits")]
    weighed = [
        place
        for place, one in enumerate(outputs)
        if len(shape_of(one)) == 2 and _last(model, place) in ("Gemm", "MatMul")
    ]
    return next((some[0] for some in (called, weighed) if len(some) == 1), 0)


def _last(model: Any, place: int) -> str:
    """Return the op that makes an output, through those that only pass values on."""
    made = {name: node for node in model.graph.node for name in node.output}
    node = made.get(model.graph.output[place].name) if model.graph.output else None
    for _step in range(len(model.graph.node)):
        if node is None or node.op_type not in _PASSING or not node.input:
            break
        node = made.get(node.input[0])
    return node.op_type if node is not None else ""


def _name(model: Any) -> None:
    """Give every node a name that is only a name, unique, with slashes where the exporter nested modules."""
    from torch.fx import GraphModule

    nodes, groups = {"initializers"}, set[str]()  # the converter's own
    for node in model.graph.node:
        parts: list[str] = []
        for part in filter(None, node.name.split("/")):
            if parts and part.startswith(parts[-1] + "."):  # torch writes a Sequential's child with its parent's name
                parts.pop()
            parts.append(part)
        words = [re.sub(r"\W", "_", word, flags=re.ASCII) for part in parts for word in part.split(".") if word]
        words = [f"{word}_" if hasattr(GraphModule, word) else word for word in words] or [
            re.sub(r"\W", "_", node.op_type)
        ]
        above = ["/".join(words[:end]) for end in range(1, len(words))]
        if nodes.intersection(above):
            words, above = ["_".join(words)], []
        stem = name = "/".join(words)
        number = 0
        while name in nodes or name in groups:
            number += 1
            name = f"{stem}_{number}"
        nodes.add(name)
        groups.update(above)
        node.name = name


def _nest(converted: Any) -> None:
    """Nest the modules as their names say, so that layers have the exporter's paths."""
    for node in converted.graph.nodes:
        if node.op == "call_module" and "/" in node.target:
            module, target = converted.get_submodule(node.target), node.target.replace("/", ".")
            converted.delete_submodule(node.target)
            converted.add_submodule(target, module)
            node.target = target
    converted.recompile()


def _take(converted: Any, last: bool, kinds: list[str]) -> None:
    """Let the network take what it is given: float32 (1, C, H, W), in whatever kind and order the file wants."""
    import torch

    graph = converted.graph
    inputs = [node for node in graph.nodes if node.op == "placeholder"]
    for place, (given, kind) in enumerate(zip(inputs, kinds, strict=True)):
        steps: list[tuple[str, tuple[Any, ...]]] = []
        if kind != "float32":
            steps.append(("to", (getattr(torch, kind),)))
        if last and place == 0:
            steps.append(("permute", (0, 2, 3, 1)))
        users, taken, before = list(given.users), given, inputs[-1]
        for method, arguments in steps:
            with graph.inserting_after(before):
                taken = before = graph.call_method(method, (taken, *arguments))
        for user in users:
            user.replace_input_with(given, taken)
    converted.recompile()
