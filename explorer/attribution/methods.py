"""The ways of asking a network why, and what their answers hold: plain values, no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from explorer.errors import NetworkError, PersonError, nearest
from explorer.graph.values import INPUT, Graph, Layer
from explorer.text import N_
from explorer.values import Floats, Prediction

How = Literal["zero", "mean", "scale"]
"""What takes the place of a channel that is switched off: zeros, its own mean, or its values times a factor."""
Kind = Literal["input", "layer", "patches"]
"""Gradients at the input; maps of a layer, weighted by gradients; patches of the input covered one after the other."""


@dataclass(frozen=True)
class Method:
    """One way of asking why.

    Attributes:
        name: as the command line spells it.
        title, about: marked for translation.
        source: the paper.
        kind: from what it makes its heat.
        signed: whether its heat tells for (above 0) from against (below).
        live: whether it takes no more than a forward and a backward, so that it can follow a camera.
        relu: whether it changes how gradients pass ReLUs, and is nothing of its own without them.
    """

    name: str
    title: str
    about: str
    source: str
    kind: Kind
    signed: bool = False
    live: bool = True
    relu: bool = False


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            "saliency",
            N_("Saliency"),
            N_("How much the answer would move if a cell of the input moved a little: the gradient's size."),
            "Simonyan et al. 2013, arXiv:1312.6034",
            "input",
        ),
        Method(
            "input-x-gradient",
            N_("Input × gradient"),
            N_("The gradient times the input itself: what each cell adds to a network that were linear."),
            "Shrikumar et al. 2016, arXiv:1605.01713",
            "input",
            signed=True,
        ),
        Method(
            "integrated-gradients",
            N_("Integrated gradients"),
            N_("Gradients summed on the way from an input of zeros to this one: together they make up the answer."),
            "Sundararajan et al. 2017, arXiv:1703.01365",
            "input",
            signed=True,
            live=False,
        ),
        Method(
            "guided-backprop",
            N_("Guided backprop"),
            N_("The gradient, without what would pass a ReLU as a negative number: sharp, but much the same for all."),
            "Springenberg et al. 2014, arXiv:1412.6806",
            "input",
            relu=True,
        ),
        Method(
            "deconvnet",
            N_("Deconvnet"),
            N_("Backwards through the network with a ReLU on the way back in place of each ReLU's own gradient."),
            "Zeiler and Fergus 2014, arXiv:1311.2901",
            "input",
            relu=True,
        ),
        Method(
            "smoothgrad",
            N_("SmoothGrad"),
            N_("The mean gradient over copies of the picture with noise on them: a calmer saliency."),
            "Smilkov et al. 2017, arXiv:1706.03825",
            "input",
            live=False,
        ),
        Method(
            "grad-cam",
            N_("Grad-CAM"),
            N_("A layer's maps, each weighted by its mean gradient: where the evidence lies, coarse but honest."),
            "Selvaraju et al. 2017, arXiv:1610.02391",
            "layer",
        ),
        Method(
            "grad-cam++",
            N_("Grad-CAM++"),
            N_("Grad-CAM whose weights count every place: several things of one class are all found."),
            "Chattopadhay et al. 2018, arXiv:1710.11063",
            "layer",
        ),
        Method(
            "layer-cam",
            N_("Layer-CAM"),
            N_("Each cell of a layer's maps weighted by its own gradient: fine also in early layers."),
            "Jiang et al. 2021, doi:10.1109/TIP.2021.3089943",
            "layer",
        ),
        Method(
            "occlusion",
            N_("Occlusion"),
            N_("A grey patch moves over the input: by how much does the answer fall where it lies?"),
            "Zeiler and Fergus 2014, arXiv:1311.2901",
            "patches",
            signed=True,
            live=False,
        ),
    )
}


@dataclass(frozen=True)
class Target:
    """The number that is asked about: a class, a whole map, or a unit.

    Attributes:
        layer: its id; "" for what the network returns.
        channel: of that layer, for a network that classifies the class.
        y, x: row and column; None for the mean of the whole map.
    """

    layer: str
    channel: int
    y: int | None = None
    x: int | None = None


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a network answers as it does, for one target and one method.

    Attributes:
        method: its name in ``METHODS``.
        target: what was asked about, with the layer's id.
        value: the target's number.
        heat: float32 (h, w) by cell of the network's input; 0 and more unless the method is signed.
        layer: whose maps were weighted, for methods of a layer; else "".
        values: what the heat was made from: float32 (C, h, w) at the input, or (h', w') of the layer.
        completeness: by what share of the answer's change the sum of a signed heat misses it (Sundararajan et al. 2017,
            proposition 1); None where no theory says that they are equal, or there is no change that is finite.
    """

    method: str
    target: Target
    value: float
    heat: Floats
    layer: str
    values: Floats
    completeness: float | None = None


@dataclass(frozen=True)
class Switched:
    """What a network answers with channels switched off.

    Attributes:
        layer: its id.
        target: the class that is followed.
        before, after: its number as the network is, and with the channels off.
        predictions: with the channels off, where they were given.
        effects: where each was tried by itself, by how much the number fell for each that was tried, the most first.
    """

    layer: str
    target: int
    before: float
    after: float
    predictions: tuple[Prediction, ...]
    effects: tuple[tuple[int, float], ...] = ()


def method(name: str) -> Method:
    """Return the method called ``name``.

    Raises:
        PersonError: there is none; the nearest are named.
    """
    if name not in METHODS:
        raise PersonError(
            N_("There is no method “{method}”: the methods are {methods}."),
            method=name,
            methods=", ".join(nearest(name, METHODS) or METHODS),
        )
    return METHODS[name]


def unfit(method: Method, graph: Graph) -> str:
    """Return why a method says nothing of a network, marked for translation; "" where it fits.

    ``{others}`` stands for the activations that the network has, see ``activations``.
    """
    if method.relu and not any(layer.op in RELUS for layer in graph):
        return N_("It changes how gradients pass a ReLU, and this network has none ({others}): choose another method.")
    if method.kind == "layer" and not cam_layers(graph):
        return N_("The network has no maps with rows and columns to be weighted: choose a method of the input.")
    if graph.layers[0].axes != "CHW":
        return N_("The network's input has no rows and columns, over which an answer could be shown.")
    return ""


RELUS = ("relu", "relu6")
_ACTIVATIONS = ("silu", "gelu", "hardswish", "hardsigmoid", "sigmoid", "tanh", "leaky_relu", "elu", "softmax")


def activations(graph: Graph) -> str:
    """Return the activations that a network has, as its ops are called."""
    ops = {layer.op for layer in graph}
    return ", ".join(name for name in _ACTIVATIONS if name in ops) or "–"


def cam_layers(graph: Graph, before: str = "") -> Sequence[Layer]:
    """Return the layers whose maps can be weighted, in order: those with rows and columns of more than one unit.

    Args:
        before: id of the target's layer, which they must lie before; "" for the end.
    """
    found: list[Layer] = []
    for layer in graph:
        if layer.id == before:
            break
        if layer.id != INPUT and layer.axes == "CHW" and min(layer.output[1:]) > 1:
            found.append(layer)
    return found


def cam_layer(graph: Graph, before: str = "", name: str = "") -> Layer:
    """Return the layer whose maps are weighted: the one called ``name``; for "" the last that leads to the target.

    Raises:
        NetworkError: there is none, or it has no rows and columns of more than one unit.
    """
    if name:
        layer = graph[name]
        if layer.axes != "CHW" or min(layer.output[1:]) < 2:
            raise NetworkError(
                N_("{layer} has no maps with rows and columns to be weighted: choose another layer."), layer=layer.id
            )
        return layer
    found = cam_layers(graph, before)
    if not found:
        raise NetworkError(
            N_("Before {layer} there are no maps that could be weighted: choose a target further on."),
            layer=before or graph.output.id,
        )
    leading = _leading(graph, graph[before] if before else graph.output)
    return next((layer for layer in reversed(found) if layer.id in leading), found[-1])


def _leading(graph: Graph, layer: Layer) -> set[str]:
    """Return the ids of all that a layer is made of; a network may end in maps that lead nowhere."""
    seen, todo = set[str](), list(layer.inputs)
    while todo:
        if (name := todo.pop()) not in seen:
            seen.add(name)
            todo.extend(graph[name].inputs)
    return seen


def check(graph: Graph, target: Target) -> Target:
    """Return the target with its layer's id.

    Raises:
        NetworkError: there is no such layer, channel or unit.
    """
    layer = graph[target.layer] if target.layer else graph.output
    channels = layer.output[layer.axes.index("C")] if "C" in layer.axes else 0
    if not 0 <= target.channel < channels:
        sentence = N_("{layer} has no channel {channel}: they are 0 to {most}.")
        if layer.id == graph.output.id and layer.axes == "C":
            sentence = N_("There is no class {channel}: the network has the classes 0 to {most}.")
        if not channels:
            sentence = N_("{layer} has no channels: choose another target.")
        raise NetworkError(sentence, layer=layer.id, channel=target.channel, most=channels - 1)
    if target.y is None or target.x is None:
        return Target(layer.id, target.channel)
    if not {"H", "W"} <= set(layer.axes):
        raise NetworkError(N_("{layer} has no rows and columns: leave them out of the target."), layer=layer.id)
    rows, columns = layer.output[layer.axes.index("H")], layer.output[layer.axes.index("W")]
    if not (0 <= target.y < rows and 0 <= target.x < columns):
        raise NetworkError(
            N_("{layer} has no unit {y} {x}: its rows are 0 to {rows}, its columns 0 to {columns}."),
            layer=layer.id,
            y=target.y,
            x=target.x,
            rows=rows - 1,
            columns=columns - 1,
        )
    return Target(layer.id, target.channel, target.y, target.x)
