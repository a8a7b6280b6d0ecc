"""Where the boxes and lines of an architecture lie: layers from top to bottom, the main way in one straight column.

The layers are those of Sugiyama, Tagawa and Toda (1981): every box lies one row below the lowest of its inputs, and a
line that passes rows keeps a lane free in them. Networks are long and thin, so instead of ordering each row anew the
boxes are cut into chains, each in a column of its own: first the longest way to the answer, then what hangs beside it,
short chains inside long ones. All lines of one box to far boxes share one lane; a dense block has as many lanes as
layers, not as many as pairs of them.

A line moves sideways only between two rows, where no box is, and runs through rows only in lanes. So it crosses none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from explorer.graph.blocks import Drawn, Edge, Kind, Node

Point = tuple[float, float]

WIDTH = 190.0
"""Of every box; lengths are units of the drawing, which are px at its natural size."""
BLOCK, WEIGHTED, SMALL = 56.0, 44.0, 26.0
"""Heights: of a folded block, of an op with weights to multiply, of any other."""
MARGIN = 24.0
_GAP = 20.0
_BESIDE = 16.0
_LANE = 5.0
_SPREAD, _MOST_SPREAD = 0.05, 44.0
_HEAD, _FRAME = 20.0, 6.0
_MOST_FRAMES = 3
_ORDER: tuple[Kind, ...] = ("branch", "plain", "concat", "residual")


@dataclass(frozen=True)
class Box:
    """A rectangle."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height

    @property
    def middle(self) -> Point:
        """Its centre, (x, y)."""
        return self.left + self.width / 2, self.top + self.height / 2

    def meets(self, other: Box) -> bool:
        """Whether the two have more than an edge in common."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


@dataclass(frozen=True)
class Layout:
    """A drawing; its top left corner is (0, 0).

    Attributes:
        width, height: of the whole.
        boxes: by id of the node.
        paths: the points (x, y) of each edge, from its source's lower edge down to its target's upper one. Between two
            points of one x the line is straight; else it swings from one to the other with upright ends.
        frames: around open blocks, by the block's id; those that would hold a foreign box are left out.
    """

    width: float
    height: float
    boxes: Mapping[str, Box]
    paths: Mapping[tuple[str, str], tuple[Point, ...]]
    frames: Mapping[str, Box]


def height(node: Node) -> float:
    """Return how high a box is."""
    return BLOCK if node.folded else WEIGHTED if node.macs else SMALL


@dataclass
class _Chain:
    """Boxes and lanes in one column: half their widths, row after row from ``first`` on."""

    first: int
    halves: list[float]
    side: int = 0
    x: float = 0.0

    @property
    def rows(self) -> range:
        return range(self.first, self.first + len(self.halves))


@dataclass
class _Plan:
    """Everything by the place of a node among the drawn ones."""

    below: list[list[int]]
    above: list[list[int]]
    row: list[int]
    macs: list[int]
    chains: list[_Chain] = field(default_factory=list)
    column: list[_Chain] = field(default_factory=list)
    lane: dict[int, _Chain] = field(default_factory=dict)


def titles(drawn: Drawn, laid: Layout) -> dict[str, str]:
    """Return what stands on each frame: the block's path, in another frame without that one's."""
    framed = (group for group in drawn.groups if group.id in laid.frames)
    return {group.id: group.label if group.parent in laid.frames else group.title for group in framed}


def strokes(drawn: Drawn, laid: Layout) -> dict[Kind, list[tuple[Point, Point]]]:
    """Return the pieces of all lines, each once, by the kind that is to be seen; what lies on top is last."""
    kinds: dict[tuple[Point, Point], Kind] = {}
    for kind in _ORDER:
        for edge in drawn.edges:
            if edge.kind == kind:
                kinds |= dict.fromkeys(pairwise(laid.paths[edge.source, edge.target]), kind)
    found: dict[Kind, list[tuple[Point, Point]]] = {kind: [] for kind in _ORDER}
    for piece, kind in kinds.items():
        found[kind].append(piece)
    return found


def layout(drawn: Drawn) -> Layout:
    """Return where everything lies; the same for the same drawing, always."""
    places = {node.id: place for place, node in enumerate(drawn.nodes)}
    plan = _ranked(drawn, places)
    _cut(plan, places[drawn.output])
    _pack(plan)
    rows = max(plan.row, default=0) + 1
    heights, gaps = [0.0] * rows, [0.0] * rows
    for place, node in enumerate(drawn.nodes):
        heights[plan.row[place]] = max(heights[plan.row[place]], height(node))
    for place, targets in enumerate(plan.below):
        for target in targets:
            for row, span in _turns(plan, place, target):
                gaps[row] = max(gaps[row], min(span * _SPREAD, _MOST_SPREAD))
    nests = _nests(drawn)
    for group in drawn.groups:
        if nest := nests.get(group.id):
            inside = [plan.row[places[name]] for name in group.nodes]
            gaps[min(inside)] = max(gaps[min(inside)], nest * _HEAD)
            if max(inside) + 1 < rows:
                gaps[max(inside) + 1] = max(gaps[max(inside) + 1], nest * _FRAME)
    tops, y = [], MARGIN
    for row in range(rows):
        y += gaps[row] + (_GAP if row else 0)
        tops.append(y)
        y += heights[row]
    left = MARGIN - min((chain.x - max(chain.halves) for chain in plan.chains), default=0.0)
    right = max((chain.x + max(chain.halves) for chain in plan.chains), default=0.0)
    boxes = {}
    for place, node in enumerate(drawn.nodes):
        row, high = plan.row[place], height(node)
        middle = left + plan.column[place].x
        boxes[node.id] = Box(middle - WIDTH / 2, tops[row] + (heights[row] - high) / 2, WIDTH, high)
    paths = _Router(drawn, plan, boxes, tops, heights, left).paths(drawn.edges, places)
    frames = _frames(drawn, boxes, plan.row, nests)
    return Layout(left + right + MARGIN, y + MARGIN, boxes, paths, frames)


def _ranked(drawn: Drawn, places: Mapping[str, int]) -> _Plan:
    """Return each node's row: one below the lowest of its inputs; what has none lies just above what needs it."""
    count = len(drawn.nodes)
    below: list[list[int]] = [[] for _ in range(count)]
    above: list[list[int]] = [[] for _ in range(count)]
    for edge in drawn.edges:
        source, target = places[edge.source], places[edge.target]
        below[source].append(target)
        above[target].append(source)
    row = [0] * count
    for place in range(count):
        row[place] = 1 + max((row[before] for before in above[place]), default=-1)
    for place in range(count):
        if not above[place] and below[place]:
            row[place] = min(row[after] for after in below[place]) - 1
    return _Plan(below, above, row, [node.macs for node in drawn.nodes])


def _cut(plan: _Plan, output: int) -> None:
    """Cut the network into chains: the main way, then what hangs beside it, and a lane for every far reach."""
    row, count = plan.row, len(plan.row)
    weight = [0] * count  # of the heaviest of the longest ways here
    before: list[int | None] = [None] * count
    for place in range(count):
        nearest = [each for each in plan.above[place] if row[each] == row[place] - 1]
        if nearest:
            before[place] = heaviest = max(nearest, key=lambda each: weight[each])
            weight[place] = weight[heaviest]
        weight[place] += plan.macs[place]
    trunk, step = [output], before[output]
    while step is not None:
        trunk.append(step)
        step = before[step]
    chain_of: list[_Chain | None] = [None] * count
    main = _Chain(row[trunk[-1]], [_half()] * len(trunk))
    plan.chains.append(main)
    for place in trunk:
        chain_of[place] = main
    deep = [0] * count
    for place in reversed(range(count)):
        deep[place] = 1 + max((deep[after] for after in plan.below[place] if row[after] == row[place] + 1), default=0)
    last_of: dict[int, int] = {id(main): output}
    for start in range(count):
        if chain_of[start] is not None:
            continue
        chain = _Chain(row[start], [])
        plan.chains.append(chain)
        chain.side = _side(plan, chain_of, start)
        step = start
        while step is not None:
            chain_of[step] = chain
            chain.halves.append(_half())
            last_of[id(chain)] = step
            free = [each for each in plan.below[step] if chain_of[each] is None and row[each] == row[step] + 1]
            step = max(free, key=lambda after: deep[after], default=None)
    plan.column = [chain for chain in chain_of if chain is not None]
    for place in range(count):
        reach = max((row[after] for after in plan.below[place]), default=0) - row[place] - 1
        if reach > 0:
            chain = plan.column[place]
            if last_of[id(chain)] != place or chain is main:
                chain = _Chain(row[place] + 1, [], chain.side or 1)
                plan.chains.append(chain)
            chain.halves += [_LANE] * reach
            plan.lane[place] = chain


def _half() -> float:
    return WIDTH / 2 + _BESIDE


def _side(plan: _Plan, chain_of: Sequence[_Chain | None], start: int) -> int:
    """Return the side of the chain from ``start``: its parent's, or beside the main way that of its turn in a join.

    In a join the inputs stand in the order in which the paper draws the branches.
    """
    main = plan.chains[0]
    parents = [chain for each in plan.above[start] if (chain := chain_of[each]) is not None]
    if parents and all(parent is not main for parent in parents):
        return parents[-1].side
    place, seen = start, 0
    while plan.below[place] and seen < len(plan.row):
        after = plan.below[place][0]
        if chain_of[after] is main:
            turns = plan.above[after]
            through = next((turn for turn, each in enumerate(turns) if chain_of[each] is main), -1)
            return -1 if turns.index(place) < through else 1
        place, seen = after, seen + 1
    return -1


def _pack(plan: _Plan) -> None:
    """Put every chain as near to the main way as others allow; short ones first, so that long ones go around them."""
    rows = 1 + max((chain.rows.stop for chain in plan.chains), default=0)
    main = plan.chains[0]
    reach = {1: [0.0] * rows, -1: [0.0] * rows}
    for row, half in zip(main.rows, main.halves, strict=True):
        reach[1][row] = reach[-1][row] = half
    order = {id(chain): turn for turn, chain in enumerate(plan.chains)}
    others = sorted(plan.chains[1:], key=lambda chain: (len(chain.halves), chain.side * order[id(chain)]))
    for chain in others:
        taken = reach[chain.side]
        away = max(taken[row] + half for row, half in zip(chain.rows, chain.halves, strict=True))
        chain.x = chain.side * away
        for row, half in zip(chain.rows, chain.halves, strict=True):
            taken[row] = away + half


def _turns(plan: _Plan, source: int, target: int) -> list[tuple[int, float]]:
    """Return the rows above which an edge moves sideways, and how far."""
    start, end = plan.column[source].x, plan.column[target].x
    first, last = plan.row[source] + 1, plan.row[target]
    if first == last:
        return [(last, abs(end - start))]
    lane = plan.lane[source].x
    return [(first, abs(lane - start)), (last, abs(end - lane))]


class _Router:
    """Leads every edge from box to box; where several arrive at one they arrive side by side."""

    def __init__(
        self,
        drawn: Drawn,
        plan: _Plan,
        boxes: Mapping[str, Box],
        tops: Sequence[float],
        heights: Sequence[float],
        left: float,
    ) -> None:
        self._drawn, self._plan, self._boxes = drawn, plan, boxes
        self._tops, self._heights, self._left = tops, heights, left
        self._arrival: dict[tuple[int, int], float] = {}
        for target, sources in enumerate(plan.above):
            if len(sources) == 1:
                continue
            end = plan.column[target].x
            for side in (-1, 1):
                coming = [each for each in sources if side * (self._from(each, target) - end) > 1e-6]
                coming.sort(key=lambda each: side * self._from(each, target))
                for turn, each in enumerate(coming, 1):
                    share = turn / (len(coming) + 1)
                    self._arrival[each, target] = side * (0.06 + 0.36 * share) * WIDTH

    def paths(self, edges: Sequence[Edge], places: Mapping[str, int]) -> dict[tuple[str, str], tuple[Point, ...]]:
        """Return the points of every edge."""
        return {(edge.source, edge.target): self._path(places[edge.source], places[edge.target]) for edge in edges}

    def _from(self, source: int, target: int) -> float:
        """Return the x at which an edge enters the last gap."""
        near = self._plan.row[source] + 1 == self._plan.row[target]
        return self._plan.column[source].x if near else self._plan.lane[source].x

    def _path(self, source: int, target: int) -> tuple[Point, ...]:
        plan, left = self._plan, self._left
        box, end = self._boxes[self._drawn.nodes[source].id], self._boxes[self._drawn.nodes[target].id]
        first, last = plan.row[source], plan.row[target]
        arrives = left + plan.column[target].x + self._arrival.get((source, target), 0.0)
        lane = plan.column[target].x if first + 1 == last else plan.lane[source].x
        leaves, leaning = left + plan.column[source].x, lane - plan.column[source].x
        if abs(leaning) > 1e-6 and len(plan.below[source]) > 1:
            leaves += 0.25 * WIDTH * (1 if leaning > 0 else -1)
        points = [(leaves, box.bottom), (leaves, self._tops[first] + self._heights[first])]
        if first + 1 < last:
            x = left + plan.lane[source].x
            points += [(x, self._tops[first + 1]), (x, self._tops[last - 1] + self._heights[last - 1])]
        points += [(arrives, self._tops[last]), (arrives, end.top)]
        return tuple(point for place, point in enumerate(points) if not place or point != points[place - 1])


def _nests(drawn: Drawn) -> dict[str, int]:
    """Return how many frames lie in one another in each group, its own among them; none around nearly everything."""
    nests: dict[str, int] = {}
    members = {group.id: frozenset(group.nodes) for group in drawn.groups}
    for group in reversed(drawn.groups):  # the inner ones first
        mine = members[group.id]
        if len(mine) < 2 or 4 * len(mine) > 3 * len(drawn.nodes):
            continue
        inside = [nest for name, nest in nests.items() if members[name] < mine]
        nest = 1 + max(inside, default=0)
        if nest <= _MOST_FRAMES:
            nests[group.id] = nest
    return nests


def _frames(drawn: Drawn, boxes: Mapping[str, Box], row: Sequence[int], nests: Mapping[str, int]) -> dict[str, Box]:
    frames: dict[str, Box] = {}
    rows = {node.id: row[place] for place, node in enumerate(drawn.nodes)}
    in_row: dict[int, list[str]] = {}
    for name, place in rows.items():
        in_row.setdefault(place, []).append(name)
    for group in drawn.groups:
        if group.id not in nests:
            continue
        nest, inside = nests[group.id], [boxes[name] for name in group.nodes]
        side, mine = nest * _FRAME - 1, frozenset(group.nodes)
        left, right = min(box.left for box in inside) - side, max(box.right for box in inside) + side
        top = min(box.top for box in inside) - (nest * _HEAD - 2)
        frame = Box(left, top, right - left, max(box.bottom for box in inside) + side - top)
        span = range(min(rows[name] for name in mine) - 1, max(rows[name] for name in mine) + 2)
        near = (name for place in span for name in in_row.get(place, ()) if name not in mine)
        if not any(frame.meets(boxes[name]) for name in near):
            frames[group.id] = frame
    return frames
