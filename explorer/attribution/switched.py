"""A network with some of a layer's channels switched off while it runs: what its answer owes to them.

The output is changed at the very call that made it, and the network goes on with what was put there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import Tensor, nn

from explorer.attribution.methods import How
from explorer.capture import Captured, OtherPath, Watch
from explorer.errors import NetworkError
from explorer.graph.trace import forward
from explorer.graph.values import INPUT, Graph, Layer
from explorer.text import N_


def switched(
    module: nn.Module,
    graph: Graph,
    x: Tensor,
    layer: Layer,
    channels: Collection[int],
    how: How = "zero",
    factor: float = 0.0,
) -> Tensor:
    """Return what the network answers where some channels are switched off.

    Args:
        module: the network, in eval mode.
        graph: how it ran when it was traced.
        x: float (1, C, H, W) of the traced shape; may be written into.
        layer: of that graph, with a channel axis.
        channels: of it.
        how: what takes their place.
        factor: for "scale".

    Raises:
        NetworkError: no such layer or channel. OtherPath: the network ran other calls than when it was traced.
        ForwardError, DeviceError: it raised, or its device has not enough memory.
    """
    if layer.id == INPUT or "C" not in layer.axes:
        raise NetworkError(
            N_("{layer} has no channels that could be switched off: choose another layer."), layer=layer.id
        )
    for channel in channels:
        if not 0 <= channel < layer.channels:
            raise NetworkError(
                N_("{layer} has no channel {channel}: they are 0 to {most}."),
                layer=layer.id,
                channel=channel,
                most=layer.channels - 1,
            )
    watch = _Switch(graph, layer, sorted(channels), how, factor)
    with torch.inference_mode():
        returned = forward(module, x, watch)
    if watch.count != len(graph.calls):
        raise OtherPath
    return Captured(returned, {}).output


class _Switch(Watch):
    """Puts something else in the place of channels, where their layer's call has just made them."""

    def __init__(self, graph: Graph, layer: Layer, channels: list[int], how: How, factor: float) -> None:
        super().__init__(graph, {layer.id: lambda out: None})
        self._layer, self._channels, self._how, self._factor = layer, channels, how, factor

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the call; hand on what it made with the channels switched off."""
        before = self.count
        out = super().__torch_function__(func, types, args, kwargs)
        if self.count == before or before != self._layer.call[0]:
            return out
        if isinstance(out, Tensor):
            in_place = any(out is one for one in args[:1])
            return self._off(out, in_place)
        if isinstance(out, list | tuple):
            piece, found = self._layer.call[1], list(out)
            tensors = [place for place, one in enumerate(found) if isinstance(one, Tensor)]
            found[tensors[piece]] = self._off(found[tensors[piece]], False)
            return type(out)(found) if type(out) in (list, tuple) else type(out)(*found)
        self._off(args[0], True)  # x[i] = v
        return out

    def _off(self, out: Tensor, in_place: bool) -> Tensor:
        """Return the output with the channels switched off: itself, if others hold it already, else a copy."""
        axes = self._layer.axes
        if out.dim() != len(axes) + 1 or out.shape[0] != 1:
            raise NetworkError(
                N_("The channels of {layer} do not lie side by side: choose another layer."), layer=self._layer.id
            )
        found = out if in_place else out.clone()
        off, which = 1 + axes.index("C"), torch.tensor(self._channels, device=out.device)
        maps = found.index_select(off, which)
        if self._how == "mean":
            places = [1 + place for place, axis in enumerate(axes) if axis != "C"]
            maps = maps.mean(places, keepdim=True).expand_as(maps) if places else maps
        else:
            maps = maps * self._factor if self._how == "scale" else torch.zeros_like(maps)
        return found.index_copy_(off, which, maps.contiguous())
