"""The architecture as blocks that fold: which boxes and which lines show when some blocks are closed.

A block is a run of ops that follow one another within one module. Runs of an order in which every edge leads forward
can be drawn as one box without ever closing a circle; a module that runs again later is a second block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from explorer.graph.families import family
from explorer.graph.values import Graph, Layer

MOST_BOXES = 104
"""So many show at first: GoogLeNet as in its paper has 103 with its modules open and their branches seen."""

Kind = Literal["plain", "branch", "residual", "concat"]


@dataclass(frozen=True)
class Block:
    """A run of ops of one module.

    Attributes:
        id: unique, and never a layer's: no module's path ends in a dot.
        path: the module's path.
        start, stop: its ops are ``graph.layers[start:stop]``.
        blocks: what is inside.
        depth: 0 for the whole network.
    """

    id: str
    path: str
    start: int
    stop: int
    blocks: tuple[Block, ...]
    depth: int

    def __iter__(self) -> Iterator[Block]:
        """Every block inside, the outer ones first."""
        for block in self.blocks:
            yield block
            yield from block


@dataclass(frozen=True)
class Node:
    """One box: an op, or a folded block.

    Attributes:
        id: the layer's id, or the block's.
        title: the layer's id, or the block's path.
        label: its end, which tells it from its neighbours in the block.
        family: a key of ``families.FAMILIES``.
        op: the op's word with its kernel and stride; "" for a block.
        layer: id of the layer whose output leaves the box.
        output: its shape without the batch.
        parameters, macs: of all that is inside.
        ops: how many ops are inside.
        adds, concats: how many of them join two or more ways.
        parent: id of the open block around it; "" for the whole network.
        inputs: ids of the boxes whose outputs it takes, in order.
        start, stop: ``graph.layers[start:stop]`` is inside.
    """

    id: str
    title: str
    label: str
    family: str
    op: str
    layer: str
    output: tuple[int, ...]
    parameters: int
    macs: int
    ops: int
    adds: int
    concats: int
    parent: str
    inputs: tuple[str, ...]
    start: int
    stop: int

    @property
    def folded(self) -> bool:
        """Whether it is a block."""
        return self.family == "block"


@dataclass(frozen=True)
class Edge:
    """One line, from one box to another.

    Attributes:
        source, target: ids of the boxes.
        kind: residual, the shorter way into an add; concat, into a cat; branch, one of several ways out of a box.
    """

    source: str
    target: str
    kind: Kind


@dataclass(frozen=True)
class Group:
    """An open block.

    Attributes:
        id, title, label: the block's id and path, and the path without that of the block around it.
        parent: id of that block; "" for the whole network.
        nodes: ids of the boxes inside.
    """

    id: str
    title: str
    label: str
    parent: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Drawn:
    """What shows: boxes in an order in which every line leads forward.

    Attributes:
        nodes, edges: boxes and lines.
        groups: open blocks, the outer ones first.
        output: id of the box with the network's answer.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    groups: tuple[Group, ...]
    output: str

    @cached_property
    def by_id(self) -> dict[str, Node]:
        """Boxes by id."""
        return {node.id: node for node in self.nodes}


class Outline:
    """The blocks of one network.

    Args:
        graph: its layers.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._parts = _paths(graph)
        self._runs: dict[str, int] = {}
        self.root = Block("", "", 0, len(graph), self._inside(0, len(graph), ()), 0)
        self.blocks = {block.id: block for block in self.root}
        self._places = {layer.id: place for place, layer in enumerate(graph)}
        self._needed_after = self._last_use()
        self._families = [family(layer.op, layer.inputs) for layer in graph]
        self._kinds = self._joins()

    @property
    def all(self) -> frozenset[str]:
        """The ids of all blocks: as a choice of what is folded, everything."""
        return frozenset(self.blocks)

    def default(self, most: int = MOST_BOXES) -> frozenset[str]:
        """Return what to fold so that at most ``most`` boxes show: whole levels are open, from the outside in."""
        folded = self.all
        for depth in range(1, 1 + max((block.depth for block in self.root), default=0)):
            deeper = frozenset(block.id for block in self.root if block.depth > depth)
            if sum(1 for _ in self._shown(self.root, deeper)) > most:
                break
            folded = deeper
        return folded

    def place(self, layer: str) -> int:
        """Return the place of a layer in the graph; −1 for one that is not there."""
        return self._places.get(layer, -1)

    def around(self, layer: str) -> tuple[str, ...]:
        """Return the ids of the blocks that a layer is in, the outermost first; () for one that is not there."""
        place, found, block = self.place(layer), [], self.root
        while inner := next((one for one in block.blocks if one.start <= place < one.stop), None):
            found.append(inner.id)
            block = inner
        return tuple(found)

    def draw(self, folded: Iterable[str]) -> Drawn:
        """Return what shows while ``folded`` blocks are closed; ids of no block are left out."""
        closed = frozenset(folded)
        shown = list(self._shown(self.root, closed))
        box_of = [""] * len(self.graph)
        for item, _parent in shown:
            if isinstance(item, Block):
                box_of[item.start : item.stop] = [item.id] * (item.stop - item.start)
            else:
                box_of[item] = self.graph.layers[item].id
        edges = self._edges(box_of)
        inputs: dict[str, list[str]] = {}
        for edge in edges:
            inputs.setdefault(edge.target, []).append(edge.source)
        nodes = tuple(self._node(item, parent, tuple(inputs.get(self._id(item), ()))) for item, parent in shown)
        groups = tuple(
            Group(
                inner.id,
                inner.path,
                _label(inner.path, around.path),
                around.id,
                tuple(dict.fromkeys(box_of[inner.start : inner.stop])),
            )
            for inner, around in self._open(self.root, closed)
        )
        return Drawn(nodes, edges, groups, box_of[self._places[self.graph.output.id]])

    def _inside(self, start: int, stop: int, path: tuple[str, ...]) -> tuple[Block, ...]:
        """Return the blocks inside ``path``; one that is all of the next is that one, one of a single op is none."""
        depth, found, place = len(path), [], start
        while place < stop:
            if len(self._parts[place]) <= depth:
                place += 1
                continue
            name, first = self._parts[place][depth], place
            while place < stop and self._parts[place][depth : depth + 1] == [name]:
                place += 1
            if place - first > 1:
                found.append((first, place, (*path, name)))
        return tuple(self._block(*one) for one in found)

    def _block(self, start: int, stop: int, path: tuple[str, ...]) -> Block:
        name = ".".join(path)
        run = self._runs[name] = self._runs.get(name, 0) + 1
        inner = self._inside(start, stop, path)
        while len(inner) == 1 and (inner[0].start, inner[0].stop) == (start, stop):
            inner = inner[0].blocks
        unique = f"{name}." if run == 1 else f"{name}..{run}"
        return _at_depth(Block(unique, name, start, stop, inner, 0), 1)

    def _shown(self, block: Block, folded: frozenset[str]) -> Iterator[tuple[Block | int, str]]:
        """Yield what shows of a block, ops by their place, each with the block around it."""
        place = block.start
        for inner in block.blocks:
            yield from ((op, block.id) for op in range(place, inner.start))
            if inner.id in folded:
                yield inner, block.id
            else:
                yield from self._shown(inner, folded)
            place = inner.stop
        yield from ((op, block.id) for op in range(place, block.stop))

    def _open(self, block: Block, folded: frozenset[str]) -> Iterator[tuple[Block, Block]]:
        """Yield the open blocks, each with the one around it."""
        for inner in block.blocks:
            if inner.id not in folded:
                yield inner, block
                yield from self._open(inner, folded)

    def _node(self, item: Block | int, parent: str, inputs: tuple[str, ...]) -> Node:
        start, stop = (item.start, item.stop) if isinstance(item, Block) else (item, item + 1)
        layers, kinds = self.graph.layers[start:stop], self._families[start:stop]
        leaving = [layer for place, layer in enumerate(layers, start) if self._needed_after[place] >= stop]
        last = leaving[-1] if leaving else layers[-1]
        folded = isinstance(item, Block)
        title = item.path if isinstance(item, Block) else last.id
        return Node(
            id=self._id(item),
            title=title,
            label=_label(title, self.blocks[parent].path if parent else ""),
            family="block" if folded else kinds[0],
            op="" if folded else operation(last),
            layer=last.id,
            output=last.output,
            parameters=sum(layer.parameters for layer in layers),
            macs=sum(layer.macs for layer in layers),
            ops=len(layers),
            adds=kinds.count("add"),
            concats=kinds.count("concat"),
            parent=parent,
            inputs=inputs,
            start=start,
            stop=stop,
        )

    def _id(self, item: Block | int) -> str:
        return item.id if isinstance(item, Block) else self.graph.layers[item].id

    def _last_use(self) -> list[int]:
        """Return the place at which each layer's output is used last; what the network returns is used after all."""
        last = [-1] * len(self.graph)
        for place, layer in enumerate(self.graph):
            for before in layer.inputs:
                last[self._places[before]] = place
        for output in self.graph.outputs:
            last[self._places[output]] = len(self.graph)
        return last

    def _joins(self) -> dict[tuple[str, str], Kind]:
        """Return the edges into adds and cats; of an add's inputs the one with most ops behind it is no shortcut."""
        depth: dict[str, int] = {}
        found: dict[tuple[str, str], Kind] = {}
        for layer, kind in zip(self.graph, self._families, strict=True):
            if kind == "concat":
                found |= {(before, layer.id): "concat" for before in layer.inputs}
            elif kind == "add":
                longest = max(layer.inputs, key=lambda before: depth[before])
                found |= {(before, layer.id): "residual" for before in layer.inputs if before != longest}
            depth[layer.id] = 1 + max((depth[before] for before in layer.inputs), default=0)
        return found

    def _edges(self, box_of: Sequence[str]) -> tuple[Edge, ...]:
        kinds: dict[tuple[str, str], Kind] = {}
        for place, layer in enumerate(self.graph):
            for before in dict.fromkeys(layer.inputs):
                ends = box_of[self._places[before]], box_of[place]
                if ends[0] != ends[1]:
                    kind = self._kinds.get((before, layer.id), "plain")
                    kinds[ends] = kind if kinds.get(ends, kind) == kind else "plain"
        ways: dict[str, int] = {}
        for source, _target in kinds:
            ways[source] = ways.get(source, 0) + 1
        return tuple(
            Edge(source, target, "branch" if kind == "plain" and ways[source] > 1 else kind)
            for (source, target), kind in kinds.items()
        )


def _paths(graph: Graph) -> list[list[str]]:
    """Return the path of the module that each op ran in.

    That is the layer's block; or, where a module without modules inside ran several ops, that module: its ops are named
    after it, and the one with its weights bears its name alone.
    """
    inner = []
    for layer in graph:
        around = f"{layer.block}." if layer.block else ""
        own = layer.name[len(around) :].rpartition(".")[0] if layer.name.startswith(around) else ""
        inner.append(around + own if own else layer.block)
    several = {path for path, layer in zip(inner, graph, strict=True) if path != layer.block}
    paths = (layer.name if layer.name in several else path for path, layer in zip(inner, graph, strict=True))
    return [path.split(".") if path else [] for path in paths]


def operation(layer: Layer) -> str:
    """Return an op with its kernel and its stride: ``conv2d 3×3 /2``."""
    kernel, stride = (_sizes(layer.attributes.get(name)) for name in ("kernel", "stride"))
    words = [layer.op]
    if kernel:
        words.append("×".join(map(str, kernel)))
    if stride and max(stride) > 1:
        words.append("/" + "×".join(map(str, stride if len(set(stride)) > 1 else stride[:1])))
    return " ".join(words)


def _sizes(value: object) -> list[int]:
    return [int(one) for one in value] if isinstance(value, list | tuple) else []


def _label(name: str, around: str) -> str:
    """Return a name without the path of the block around it; what is left begins with a word, not with a number."""
    parts = name.split(".")
    start = around.count(".") + 1 if around and name.startswith(f"{around}.") else 0
    while start and parts[start][:1].isdigit():
        start -= 1
    return ".".join(parts[start:])


def _at_depth(block: Block, depth: int) -> Block:
    """Return the block and what is inside with their true depths."""
    inner = tuple(_at_depth(one, depth + 1) for one in block.blocks)
    return Block(block.id, block.path, block.start, block.stop, inner, depth)
