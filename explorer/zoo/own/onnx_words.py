"""What later versions of ONNX say, in the words that onnx2torch knows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import onnx

from explorer.errors import NetworkError
from explorer.text import N_
from explorer.zoo.own.onnx import OPSET, shape_of

_NEW = {
    "AveragePool": ("dilations",),
    "Resize": ("antialias", "axes", "keep_aspect_ratio_policy"),
    "ScatterND": ("reduction",),
}
"""Attributes that came after ``OPSET``: an op that uses one means something else than it did before."""
_INPUTS = {"Pad": 3}
"""How many inputs an op had at ``OPSET``, where later versions have more."""


def lower(model: Any, path: Path) -> None:
    """Write what later versions of ONNX say in the words of ``OPSET``, and constants as weights.

    Most later versions of an op only take more types. ``Reduce…`` take their axes as an input since version 18; what
    cannot be said in the older words is refused.
    """
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    same: dict[str, str] = {}
    kept = []
    for node in graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = same.get(name, name)
        value = next((one for one in node.attribute if one.name == "value"), None)
        if node.op_type == "Identity" and node.input[0] in weights:
            same[node.output[0]] = node.input[0]
        elif node.op_type == "Constant" and value is not None:
            value.t.name = node.output[0]
            graph.initializer.append(value.t)
            weights[node.output[0]] = value.t
        else:
            kept.append(node)
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in kept]
    del graph.node[:]
    graph.node.extend(kept)
    _part_answers(model)
    for node in graph.node:
        if node.op_type == "Resize" and not _as_torch_resizes(
            _settings(node), [weights.get(one) for one in node.input]
        ):
            raise unsupported(["Resize ({mode}, {coordinates}, {nearest})".format(**_settings(node))], path)
    if version(model) <= OPSET:
        return
    sizes = {one.name: shape_of(one) for one in onnx.shape_inference.infer_shapes(model).graph.value_info}
    sizes |= {one.name: shape_of(one) for one in graph.input}
    for node in graph.node:
        if node.domain not in ("", "ai.onnx"):
            continue
        if node.op_type.startswith("Reduce") and node.op_type != "ReduceSum" and len(node.input) > 1:
            axes = weights.get(node.input[1])
            if axes is None and node.input[1]:
                raise unsupported([f"{node.op_type} ({node.input[1]})"], path)
            del node.input[1:]
            if axes is not None:
                node.attribute.append(onnx.helper.make_attribute("axes", onnx.numpy_helper.to_array(axes).tolist()))
        if node.op_type == "Split" and len(node.input) < 2:
            shape, axis = sizes.get(node.input[0], []), _attributes(node).get("axis", 0)
            if not shape or not shape[axis]:
                raise unsupported(["Split (num_outputs)"], path)
            graph.initializer.append(_pieces(f"{node.output[0]}_sizes", shape[axis], len(node.output)))
            node.input.append(f"{node.output[0]}_sizes")
            others = [one for one in node.attribute if one.name != "num_outputs"]
            del node.attribute[:]
            node.attribute.extend(others)
        late = {one.name for one in node.attribute} & set(_NEW.get(node.op_type, ()))
        if late or len(node.input) > _INPUTS.get(node.op_type, len(node.input)):
            raise unsupported([f"{node.op_type} ({', '.join(sorted(late)) or node.input[-1]})"], path)
    for one in model.opset_import:
        if one.domain == "":
            one.version = OPSET


def _part_answers(model: Any) -> None:
    """Name an answer that is one of several results of an op: the converter would answer with all of them."""
    several = {name for node in model.graph.node if len(node.output) > 1 for name in node.output}
    for answer in model.graph.output:
        if answer.name in several:
            alias = f"{answer.name}_answer"
            model.graph.node.append(onnx.helper.make_node("Identity", [answer.name], [alias]))
            answer.name = alias


def _pieces(name: str, size: int, count: int) -> Any:
    """Return the lengths of ``count`` pieces of an axis, the last of which may be shorter."""
    length = -(-size // count)
    lengths = [min(length, max(size - place * length, 0)) for place in range(count)]
    return onnx.helper.make_tensor(name, onnx.TensorProto.INT64, [count], lengths)


def _attributes(node: Any) -> dict[str, Any]:
    return {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}


def _settings(node: Any) -> dict[str, Any]:
    """Return how a Resize finds its values; the defaults are those of ONNX."""
    said: dict[str, Any] = {
        name: value.decode() if isinstance(value, bytes) else value for name, value in _attributes(node).items()
    }
    return {
        "mode": said.get("mode", "nearest"),
        "coordinates": said.get("coordinate_transformation_mode", "half_pixel"),
        "nearest": said.get("nearest_mode", "round_prefer_floor"),
        "plain": abs(said.get("cubic_coeff_a", -0.75) + 0.75) < 1e-6 and not said.get("exclude_outside", 0),
    }


def _as_torch_resizes(how: dict[str, Any], inputs: list[Any]) -> bool:
    """Return whether torch's interpolation gives what a Resize does: to the nearest cell torch rounds down, and else it
    measures from the centres of cells, or from those of the corners.
    """
    if how["mode"] != "nearest":
        return bool(how["plain"]) and how["coordinates"] in ("half_pixel", "pytorch_half_pixel", "align_corners")
    if (how["coordinates"], how["nearest"]) == ("asymmetric", "floor"):
        return True
    scales = [] if len(inputs) < 3 or inputs[2] is None else onnx.numpy_helper.to_array(inputs[2]).tolist()
    if not scales or any(scale < 1 or scale != int(scale) for scale in scales):
        return False
    if how["coordinates"] == "asymmetric":
        return bool(how["nearest"] == "round_prefer_floor") and max(scales) <= 2
    return how["coordinates"] in ("half_pixel", "pytorch_half_pixel") and how["nearest"].startswith("round")


def version(model: Any) -> int:
    """Return the version of ONNX' own ops that a model is written in."""
    return next((int(one.version) for one in model.opset_import if one.domain == ""), OPSET)


def unsupported(ops: Iterable[str], path: Path) -> NetworkError:
    """Return the error that names the ops that cannot be converted."""
    return NetworkError(
        N_("{file} uses ops that cannot be converted: {ops}. Export it without them, or show the module itself."),
        file=path.name,
        ops=", ".join(dict.fromkeys(ops)),
    )


def check(model: Any, path: Path) -> None:
    """Raise ``NetworkError`` with the names of all ops that cannot be converted."""
    from onnx2torch.node_converters import get_converter

    versions = {one.domain: one.version for one in model.opset_import}
    unknown = []
    for node in model.graph.node:
        domain = "" if node.domain == "ai.onnx" else node.domain
        node.domain = domain
        try:
            get_converter(node.op_type, versions.get(domain, 1), domain)
        except NotImplementedError:
            unknown.append(f"{domain}.{node.op_type}" if domain else node.op_type)
    if unknown:
        raise unsupported(unknown, path)
