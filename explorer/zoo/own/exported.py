"""Networks that ``torch.export.save`` wrote. Loading one unpickles: what is in the file runs, so it needs a consent."""

from __future__ import annotations

import inspect
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.errors import NetworkError, contained
from explorer.text import N_
from explorer.zoo.card import Task
from explorer.zoo.own import consent, is_program
from explorer.zoo.own.card import Guess, OwnCard
from explorer.zoo.own.guesses import SIDE, answer, preparation, several

if TYPE_CHECKING:
    from torch import nn

SUFFIX = ".pt2"
_SPEED = {"cudnn_enabled"}
"""Arguments that decide how fast an op is, not what it gives."""
_LINEAR = ("aten.linear", "aten.addmm")
_ASSERTS = "aten._assert_tensor_metadata"
"""Insists on the device that the program was exported on."""


def guess(path: Path) -> Guess:
    """Return what the file itself says of the network, and the usual for the rest; raises as ``open`` does."""
    from explorer.zoo.own.adapt import outputs, pick

    program = _load(path)
    shapes = [tuple(map(_side, value.shape)) for value in _values(program, inputs=True) if hasattr(value, "shape")]
    picture = next((shape for shape in shapes if len(shape) == 4), None)
    if picture is None or shapes.index(picture):
        raise NetworkError(
            N_("{file} takes no picture first (its inputs are {shapes}): it needs batch, channels, height and width."),
            file=path.name,
            shapes=", ".join("×".join(map(str, shape)) for shape in shapes) or "–",
        )
    returned = _returned(program)
    paths = outputs(returned)
    chosen = answer(returned, _linear(program))
    main = chosen or next((path for path in ("out", "logits") if path in paths), paths[0] if paths else "")
    rank = pick(returned, main).dim() if paths else 0
    task: Task = {2: "classify", 4: "segment"}.get(rank, "none")  # type: ignore[assignment]
    own = OwnCard(
        title=path.stem,
        preparation=preparation((picture[1], picture[2], picture[3])),
        output=chosen,
        task=task,
        activation="none" if task == "none" else "softmax",
        inputs=tuple("=zeros:" + "x".join(map(str, shape)) for shape in shapes[1:]),
    )
    return Guess(own, {"input_chw": "sure", "inputs": "sure"}, several(paths, chosen))


def open(path: Path, own: OwnCard) -> nn.Module:  # noqa: A001
    """Return the network of the file with the modules that it was exported from.

    Raises:
        ConsentNeededError: nobody has consented to run the file as it is.
        NetworkError: the file cannot be read, or is no exported network.
    """
    import torch

    try:
        module = torch.export.unflatten(_load(path))
    except NetworkError:
        raise
    except Exception as error:
        raise _broken(path, error) from error
    part: Any
    for part in module.modules():
        if isinstance(graph := getattr(part, "graph", None), torch.fx.Graph):
            for node in list(graph.nodes):
                if str(node.target).startswith(_ASSERTS):
                    graph.erase_node(node)
                else:
                    _speak(node)
            part._run_with_interpreter = False  # as Python, at its usual speed and without a progress bar's thread
            part.finalize()
    return module.eval()


def _load(path: Path) -> Any:
    """Run the file, if somebody has consented, and return the program in it."""
    import torch

    _check(path)
    data = consent.read(path)
    try:
        with contained():
            return torch.export.load(io.BytesIO(data))
    except Exception as error:
        raise _broken(path, error) from error


def _check(path: Path) -> None:
    """Raise ``NetworkError`` where the file is no whole archive of a program: that is told before anybody is asked."""
    try:
        with zipfile.ZipFile(path) as archive:
            if not any(is_program(name) for name in archive.namelist()):
                raise _broken(path, ValueError("no program in it"))
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise NetworkError(
                N_("{file} cannot be read ({reason}): check its name and its permissions."),
                file=path,
                reason=error.strerror or error,
            ) from error
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> NetworkError:
    return NetworkError(
        N_("{file} is no exported network that can be read ({reason}): save it again with torch.export.save."),
        file=path.name,
        reason=f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".rstrip(". "),
    )


def _values(program: Any, inputs: bool) -> list[Any]:
    """Return what is known of the tensors that a person gives to the program, or that it answers with, in order."""
    signature, kind = program.graph_signature, "USER_INPUT" if inputs else "USER_OUTPUT"
    specs = signature.input_specs if inputs else signature.output_specs
    known = {node.name: node.meta.get("val") for node in program.graph.nodes}
    return [known.get(getattr(spec.arg, "name", "")) for spec in specs if spec.kind.name == kind]


def _returned(program: Any) -> Any:
    """Return what the program answers with, as its module did: tensors of shapes alone, in what holds them."""
    from torch.utils._pytree import tree_unflatten

    return tree_unflatten(_values(program, inputs=False), program.call_spec.out_spec)


def _linear(program: Any) -> list[Any]:
    """Return what is known of the outputs of the program's fully connected layers."""
    return [node.meta.get("val") for node in program.graph.nodes if str(node.target).startswith(_LINEAR)]


def _side(size: Any) -> int:
    """Return a side of a shape; the usual one where the program leaves it open."""
    return size if isinstance(size, int) else SIDE


def _speak(node: Any) -> None:
    """Write a call of an ATen op as the function that a person would call: it has the same values under other names.

    The layers of the graph are read from such calls: which argument is the stride, which the weight.
    """
    import torch

    schema = getattr(node.target, "_schema", None)
    if node.op != "call_function" or schema is None or not schema.name.startswith("aten::"):
        return
    name = schema.name.partition("::")[2]
    given = dict(zip((argument.name for argument in schema.arguments), node.args, strict=False)) | dict(node.kwargs)
    written = getattr(torch.nn.functional, name.removesuffix("_"), None)
    if inspect.isfunction(written):
        if name.endswith("_"):
            given["inplace"] = True
        parameters = list(inspect.signature(written).parameters)
        kept = {parameters[0] if key == "self" else key: given[key] for key in given if key not in _SPEED}
        if kept.keys() <= set(parameters):
            node.target, node.args, node.kwargs = written, (kept.pop(parameters[0]),), kept
            return
    elif written is not None and not name.endswith("_"):
        node.target = written
        return
    if hasattr(torch, name):
        node.target = getattr(torch, name)
    elif hasattr(torch.Tensor, name):
        node.op, node.target = "call_method", name
