"""The effective receptive field: the gradient of a unit with respect to the network's input, averaged over inputs.

Luo et al. 2016, "Understanding the Effective Receptive Field in Deep Convolutional Neural Networks": a gradient of 1 at
the unit and 0 elsewhere is taken back to the input, for several inputs, and its absolute values are averaged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from explorer.attribution.values import Effective
from explorer.capture import PLAIN, OtherPath, Watch
from explorer.device import out_of_memory
from explorer.errors import ExplorerError, ForwardError, NetworkError
from explorer.graph.trace import forward
from explorer.graph.values import INPUT, Graph, Layer
from explorer.receptive.analyse import Fields
from explorer.receptive.state import JOINED
from explorer.receptive.values import Box
from explorer.text import N_
from explorer.values import Floats

N = TypeVar("N", int, Fraction)
_NO_GRADIENT = N_(
    "{layer} has no gradient: what it gives does not follow the picture in small steps. Choose a layer before it."
)
_NO_PLACES = N_("Its units have no place on the input.")


def unmeasured(fields: Fields, id: str, unit: tuple[int, int] | None = None) -> Effective:
    """Return what is known of a unit before any input was seen: its theoretical area, and a heat of zeros.

    Args:
        fields: of the network's graph.
        id: of the layer.
        unit: row and column; None for the one in the middle.

    Raises:
        NetworkError: there is no such layer or unit, or the input has no rows and columns.
    """
    graph = fields.graph
    layer = graph[id]
    if graph.layers[0].axes != "CHW":
        raise NetworkError(N_("The network's input has no rows and columns, over which an influence could be shown."))
    if {"H", "W"} <= set(layer.axes):
        rows, columns = _hw(layer.output, layer)
        if not rows * columns:
            raise NetworkError(N_("{layer} has no units: choose another layer."), layer=id)
        unit = unit or (rows // 2, columns // 2)
        _check(layer, unit, (rows, columns))
    elif unit is not None:
        raise NetworkError(
            N_("{layer} has no rows and columns of units: leave the unit out, and its whole output is meant."),
            layer=id,
        )
    heat = np.zeros(graph.input[1:], np.float32)
    field = fields[id]
    found = Effective(layer.id, unit, heat, None, None, field.certainty, field.why, 0)
    if field.path is None:
        return found
    if not any(field.path.stride):  # every position sees the same, as does the whole output
        low, size = field.path.start, field.path.size
        box = low[0], low[1], low[0] + size[0], low[1] + size[1]
        return replace(found, box=box, clipped=_clipped(box, heat.shape))
    try:
        area = fields.area(id, unit or (0, 0))
    except NetworkError:  # its units lie at no rows and columns of the input: windows of attention
        return replace(found, certainty="unknown", why=_NO_PLACES)
    return replace(found, box=area.box, clipped=area.clipped)


def joined(known: Effective, other: Effective) -> Effective:
    """Return ``known`` with an area that holds the ``other`` one too: the unit's on another path of the network."""
    if not known.pictures:
        return other
    if (known.box, known.clipped) == (other.box, other.clipped):
        return known
    if known.box is None or other.box is None:
        told = known if known.box is None else other
        return replace(known, box=None, clipped=None, certainty=told.certainty, why=told.why)
    clipped = _hull(known.clipped, other.clipped) if known.clipped and other.clipped else known.clipped or other.clipped
    return replace(known, box=_hull(known.box, other.box), clipped=clipped, certainty="upper bound", why=JOINED)


def averaged(known: Effective, heat: Floats) -> Effective:
    """Return ``known`` with the heat of one more input, float32 (h, w), in its mean."""
    n = known.pictures + 1
    return replace(known, heat=known.heat + (heat - known.heat) / np.float32(n), pictures=n)


def influence(
    module: nn.Module, graph: Graph, x: Tensor, layer: Layer, unit: tuple[int, int] | None, number: int = 0
) -> Floats:
    """Return how much each cell of one input moves a unit: |gradient|, summed over the input's channels.

    The unit's channels are weighted by a random direction, another one for each input: over many inputs this is the
    root mean square of the channels' gradients. A plain sum would hide what cancels between channels; of a layer that
    is normalised over its channels, the sum is a constant and has no gradient at all.

    Nothing is kept: the parameters get no gradients, and the network runs only as far as the layer.

    Args:
        module: the network, in eval mode, of any float type.
        graph: how it ran when it was traced.
        x: float (1, C, H, W) of the traced shape, on the network's device; left untouched.
        layer: of that graph.
        unit: row and column; None for the whole output.
        number: of the input in the average: it draws the direction.

    Returns:
        float32 (H, W); computed in float32, whatever the network's type.

    Raises:
        OtherPath: the network ran other calls than when it was traced.
        NetworkError: the layer has no gradient, or no such unit for this input.
        ForwardError: the network raised, or the gradient is not finite.
        DeviceError: its device has not enough memory.
    """
    # Tensors made while maps were looked at are not meant for gradients, nor is this thread's mode.
    with torch.inference_mode(False), torch.enable_grad():
        try:
            gradient = _gradient(module, graph, x, layer, unit, number)
        except Overwritten:  # the network wrote in place into what its gradient needs; keeping it loads much of torch
            with torch.autograd.graph.allow_mutation_on_saved_tensors():
                gradient = _gradient(module, graph, x, layer, unit, number)
    heat: Floats = gradient[0].abs().sum(0).contiguous().cpu().numpy()
    if not np.isfinite(heat).all():
        raise ForwardError(
            N_("The gradient of {layer} is not finite: the input or the weights hold NaN, infinite or huge values."),
            layer=layer.id,
        )
    return heat


def _gradient(
    module: nn.Module, graph: Graph, x: Tensor, layer: Layer, unit: tuple[int, int] | None, number: int
) -> Tensor:
    """Return the gradient of the unit with respect to the input, float32 (1, C, H, W)."""
    cells = x.detach().to(torch.float32, copy=True).requires_grad_()
    value = _value(module, graph, cells.clone(), layer, lambda out: _picked(out, layer, unit, number))
    if not value.requires_grad:
        raise NetworkError(_NO_GRADIENT, layer=layer.id)
    with followed_back():
        (gradient,) = torch.autograd.grad(value, cells)
    return gradient


@contextmanager
def followed_back() -> Iterator[None]:
    """Say in a sentence why autograd cannot follow a network back to its input.

    Raises:
        Overwritten: what it needs was written over in place. ForwardError: another reason.
    """
    try:
        yield
    except RuntimeError as error:
        if out_of_memory(error):
            raise
        kind = Overwritten if "inplace operation" in str(error) else ForwardError
        raise kind(
            N_("The network cannot be followed back to its input ({reason}): choose a layer before it."),
            reason=" ".join(str(error).split()),
        ) from error


class Overwritten(ForwardError):
    """A value that the gradient needs is there no more."""


class Enough(ExplorerError):
    """The layer has run; never shown."""


class _Towards(Watch):
    """Ends the run at the wanted layer, and gives every call constants in the place of what no gradient may reach."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the call on float32 values, and stop where the layer was seen."""
        args, kwargs = constants(args, kwargs or {})
        out = super().__torch_function__(func, types, args, kwargs)
        if self.values:
            raise Enough("")
        return out


def constants(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return a call's arguments in float32, with constants in the place of what no gradient may reach."""
    return tuple(map(_in_all, args)), {name: _in_all(value) for name, value in kwargs.items()}


def _in_all(value: Any) -> Any:
    """Return an argument with constants in it; the usual ones by a shorter way than a tree's."""
    if value is None or type(value) in PLAIN:
        return value
    return _constant(value) if isinstance(value, Tensor) else tree_map(_constant, value)


def _constant(value: Any) -> Any:
    """Return a weight, or a tensor that was made under ``inference_mode``, as what it is without a gradient."""
    if not isinstance(value, Tensor):
        return value
    if value.is_inference():
        value = value.clone()
    elif value.requires_grad and value.is_leaf:
        value = value.detach()
    return value.float() if value.dtype in (torch.float16, torch.bfloat16) else value


def _value(module: nn.Module, graph: Graph, x: Tensor, layer: Layer, pick: Callable[[Tensor], Tensor]) -> Tensor:
    """Return what ``pick`` makes of the layer's output, as it is at that very call."""
    if layer.id == INPUT:
        return pick(x)
    watch = _Towards(graph, {layer.id: pick})
    try:
        forward(module, x, watch)
    except Enough:
        value: Tensor = watch.values[layer.id]
        return value
    raise OtherPath


def _picked(out: Tensor, layer: Layer, unit: tuple[int, int] | None, number: int) -> Tensor:
    """Return the unit's channels, weighted by a random direction of length 1, as one number."""
    if not out.is_floating_point():
        raise NetworkError(_NO_GRADIENT, layer=layer.id)
    values = out.reshape(layer.sizes(out.shape) or out.shape)
    if unit is not None:
        _check(layer, unit, _hw(values.shape, layer))
        values = values.movedim((layer.axes.index("H"), layer.axes.index("W")), (0, 1))[unit]
    values = values.reshape(-1).float()
    return torch.dot(values, direction(len(values), number).to(values.device))


def direction(size: int, number: int) -> Tensor:
    """Return the random direction of input ``number``: float32 (size,), of length 1, always the same."""
    drawn = torch.randn(size, generator=torch.Generator().manual_seed(number))
    unit_length: Tensor = drawn / drawn.norm()
    return unit_length


def _hw(shape: tuple[int, ...] | torch.Size, layer: Layer) -> tuple[int, int]:
    return int(shape[layer.axes.index("H")]), int(shape[layer.axes.index("W")])


def _check(layer: Layer, unit: tuple[int, int], hw: tuple[int, int]) -> None:
    if not (0 <= unit[0] < hw[0] and 0 <= unit[1] < hw[1]):
        raise NetworkError(
            N_("{layer} has no unit {y} {x}: its rows are 0 to {rows}, its columns 0 to {columns}."),
            layer=layer.id,
            y=unit[0],
            x=unit[1],
            rows=hw[0] - 1,
            columns=hw[1] - 1,
        )


def _hull(a: tuple[N, N, N, N], b: tuple[N, N, N, N]) -> tuple[N, N, N, N]:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _clipped(box: Box, hw: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    """Return the real cells of an area; None where there are none."""
    y0, x0 = (max(0, math.floor(edge)) for edge in box[:2])
    y1, x1 = (min(n, math.ceil(edge)) for edge, n in zip(box[2:], hw, strict=True))
    return (y0, x0, y1, x1) if y0 < y1 and x0 < x1 else None
