"""Which layers are merged, from hand-written graphs."""

from __future__ import annotations

import pytest

from explorer.graph.values import INPUT, Graph, Layer
from explorer.speed.plan import Group, groups


def graph(*ops: str, outputs: tuple[str, ...] = (), calls: tuple[int, ...] = ()) -> Graph:
    """A graph of ``"name op input …"``; each layer is a call of its own, numbered by ``calls``."""
    layers = [Layer(INPUT, INPUT, INPUT, (), (3, 4, 4), "CHW")]
    for at, (name, op, *inputs) in enumerate(map(str.split, ops)):
        place = calls[at] if calls else at
        layers.append(Layer(name, name, op, tuple(inputs), (3, 4, 4), "CHW", call=(place, 0)))
    return Graph(tuple(layers), outputs=outputs or (layers[-1].id,))


def names(found: tuple[Group, ...]) -> list[str]:
    return [" ".join(layer.id for layer in group.layers) for group in found]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (graph("c conv2d input", "n batch_norm c", "r relu n", "e add r"), ["c n r"]),
        (graph("c conv2d input", "n batch_norm c", "r relu6 n"), ["c n r"]),
        (graph("c conv2d input", "r relu c"), ["c r"]),
        (graph("c conv2d input", "n batch_norm c", "r sigmoid n"), ["c n"]),
        (graph("c conv2d input", "n batch_norm c", "r relu n", "a add r c"), ["c"]),
        (graph("c conv2d input", "n batch_norm c", "r relu n", "a add r n"), ["c n"]),
        (graph("c conv2d input", "n batch_norm c", "r relu n", outputs=("r", "c")), ["c"]),
        (graph("c conv2d input", "n batch_norm c", "r relu n", outputs=("n",)), ["c n"]),
        (graph("c conv2d input", "n batch_norm c", calls=(0, 2)), ["c"]),
        (graph("c conv2d input", "d conv2d input", "n batch_norm c"), ["c", "d"]),
        (graph("c conv2d input", "s conv2d c", "n batch_norm s", "r relu n"), ["c", "s n r"]),
        (graph("c conv2d input", "n batch_norm c c"), ["c"]),
        (graph("l linear input", "n batch_norm l"), []),
    ],
)
def test_what_follows_at_once_and_is_all_that_reads_it(given: Graph, expected: list[str]) -> None:
    assert names(groups(given)) == expected


@pytest.mark.parametrize(
    ("wanted", "left"),
    [("", "c n r"), ("r", "c n r"), ("e", "c n r"), ("n", "c n"), ("c", None), ("c r", None), ("n r", "c n")],
)
def test_what_is_looked_at_is_not_hidden(wanted: str, left: str | None) -> None:
    (group,) = groups(graph("c conv2d input", "n batch_norm c", "r relu n", "e add r"))
    found = group.before(wanted.split())
    assert (found and " ".join(layer.id for layer in found.layers)) == left


def test_a_convolution_without_norm_may_be_looked_at() -> None:
    (group,) = groups(graph("c conv2d input", "r relu c"))
    assert group.before(["c"]) == Group(group.convolution)
