"""Which layers make the columns of a network's overview: the picture, a column a stage, the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from explorer.graph.values import INPUT, Graph, Layer

MOST_STAGES = 12
"""Columns that can be read side by side, the picture and the answer among them."""


@dataclass(frozen=True)
class Stage:
    """One column.

    Attributes:
        layer: the layer whose maps are shown.
        title: what a person calls the stage: the block that ends here, or the op that begins it; of an op that has no
            name of its own the block around it.
        pools: whether nothing but a pooling happens in it.
    """

    layer: Layer
    title: str
    pools: bool = False


def stages(graph: Graph, most: int = MOST_STAGES) -> tuple[Stage, ...]:
    """Return the columns of a network, the first its input and the last its answer.

    A step is what lies between two layers that every path from the input to the answer goes through: a convolution with
    what follows it, a pooling, a whole residual or inception block. The finest of these that fits into ``most`` columns
    is taken: all steps; all but the poolings; the last step of each size of map, without a block that goes on in the
    next size.

    Args:
        graph: the network.
        most: how many columns there may be, at least 3.
    """
    steps = [step for step in _steps(graph) if _has_maps(step.layer)]
    working = [step for step in steps if not step.pools]
    choices: tuple[Callable[[], list[Stage]], ...] = (lambda: steps, lambda: working, lambda: _by_size(working))
    between = next((found for choice in choices if len(found := choice()) <= most - 2), [])
    if not between and working:  # more sizes than columns: as even a choice of them as there is
        sizes = _by_size(working)
        between = [sizes[round(place * (len(sizes) - 1) / max(most - 3, 1))] for place in range(most - 2)]
    first, last = graph.layers[0], graph.output
    inner = [stage for stage in between if stage.layer.id not in (first.id, last.id)]
    columns = (Stage(first, first.id), *inner, Stage(last, last.id))
    titles = [_named(graph, stage.title) for stage in columns]
    often = Counter(titles)
    return tuple(replace(stage, title=t) if often[t] == 1 else stage for stage, t in zip(columns, titles, strict=True))


def _named(graph: Graph, title: str) -> str:
    """Return a stage's title; of an op that its module did not name the module's: ``output.negate`` is the output."""
    block, _dot, name = title.rpartition(".")
    unnamed = title in graph.by_id and name.partition(":")[0] == graph[title].op
    return block if block and unnamed else title


def _trunk(graph: Graph) -> list[tuple[Layer, list[Layer]]]:
    """Return the layers that every path from input to answer goes through, each with what has run since the one before.

    In an order in which all edges lead forward, a layer is on every path exactly if no edge leaps over it.
    """
    path = _on_a_path(graph)
    places = {layer.id: place for place, layer in enumerate(path)}
    farthest = list(range(len(path)))
    for place, layer in enumerate(path):
        for before in layer.inputs:
            if before in places:
                farthest[places[before]] = max(farthest[places[before]], place)
    trunk: list[tuple[Layer, list[Layer]]] = []
    reach, since = 0, []
    for place, layer in enumerate(path):
        since.append(layer)
        if reach <= place:
            trunk.append((layer, since))
            since = []
        reach = max(reach, farthest[place])
    return trunk


def _on_a_path(graph: Graph) -> list[Layer]:
    """Return the layers that lie between the input and the answer, in the order in which they ran."""
    after = {INPUT}
    for layer in graph:
        if any(before in after for before in layer.inputs):
            after.add(layer.id)
    needed = {graph.output.id}
    for layer in reversed(graph.layers):
        if layer.id in needed:
            needed.update(layer.inputs)
    return [layer for layer in graph if layer.id in after & needed]


def _steps(graph: Graph) -> list[Stage]:
    """Return the steps of a network, each with the last layer of the shape in which its work ended."""
    steps: list[Stage] = []
    ended = True
    for layer, since in _trunk(graph):
        if any(each.macs for each in since) or any("_pool" in each.op for each in since):
            title = layer.id if len(since) == 1 else _block(since) or layer.id
            steps.append(Stage(layer, title, not any(each.macs for each in since)))
            ended = False
        elif steps and not ended and layer.output == steps[-1].layer.output:
            steps[-1] = Stage(layer, steps[-1].title, steps[-1].pools)
        else:
            ended = True
    return steps


def _block(layers: Iterable[Layer]) -> str:
    """Return the path that the blocks of all ``layers`` have in common, or ""."""
    return ".".join(_common([layer.block.split(".") for layer in layers]))


def _common(paths: Sequence[Sequence[str]]) -> list[str]:
    found: list[str] = []
    for parts in zip(*paths, strict=False):
        if len(set(parts)) > 1:
            break
        found.append(parts[0])
    return found


def _size(layer: Layer) -> tuple[int, ...]:
    """Return height and width of a layer's maps; () where it has none."""
    return tuple(layer.output[layer.axes.index(axis)] for axis in "HW" if axis in layer.axes)


def _has_maps(layer: Layer) -> bool:
    """Return whether a layer gives maps that a picture can be made of: more than one cell each."""
    size = _size(layer)
    return len(size) == 2 and "C" in layer.axes and min(size) > 0 and max(size) > 1


def _by_size(steps: Sequence[Stage]) -> list[Stage]:
    """Return the last step of each size of map; one of a block that goes on in the next size gives way to its end."""
    groups = [list(group) for _key, group in groupby(steps, lambda step: _size(step.layer))]
    found: list[Stage] = []
    for group, after in zip(groups, [*groups[1:], []], strict=True):
        place = len(group) - 1
        following = after[0] if after else None
        while place > 0 and following is not None:
            near, before = group[place], group[place - 1]
            if _shared(before, near) >= _shared(near, following):
                break
            following, place = near, place - 1
        found.append(group[place])
    return found


def _shared(first: Stage, second: Stage) -> int:
    """Return how many names the paths of two layers have in common from the root."""
    return len(_common([first.layer.id.split(".")[:-1], second.layer.id.split(".")[:-1]]))
