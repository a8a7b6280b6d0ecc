"""What the channels of a network's answer are called: its classes."""

from __future__ import annotations

from functools import lru_cache

from explorer.engine.events import NetworkInfo
from explorer.graph.values import Layer
from explorer.zoo.labels import labels

_labels = lru_cache(maxsize=8)(labels)


def class_names(network: NetworkInfo | None, layer: Layer) -> tuple[str, ...]:
    """Return the classes that the channels of ``layer`` stand for; none where it is not the network's answer."""
    if network is None or layer.id != network.graph.output.id:
        return ()
    names = _labels(network.labels)
    return names if len(names) == layer.channels else ()


def class_name(network: NetworkInfo | None, layer: Layer, channel: int) -> str:
    """Return the class that ``channel`` of ``layer`` stands for, or ""."""
    names = class_names(network, layer)
    return names[channel] if channel < len(names) else ""
