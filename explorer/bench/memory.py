"""What stays in memory: ``python -m explorer.bench.memory changes|all|index`` prints one JSON object."""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from itertools import cycle
from pathlib import Path

from explorer import sources
from explorer.engine import Engine
from explorer.engine.events import NetworkReady, Problem, ResultReady
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.values import Source

NETWORKS = ("efficientnet_lite0", "lenet5", "squeezenet1_1", "resnet18", "googlenet")
ROUND = (25, 5)
"""Changes of picture and layer, and of network, in one round."""
PATIENCE_S = 120
FILES = 1000


def main(words: list[str]) -> int:
    """Run one measurement and print its figures."""
    print(json.dumps({"changes": changes, "all": all_layers, "index": index}[words[0]]()))
    return 0


def resident() -> int:
    """Return the bytes of this process that are in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


class _Person:
    """Changes one thing after another and waits for each answer."""

    def __init__(self) -> None:
        self._full = threading.Event()
        self._engine = Engine(self._full.set, Settings())
        self._engine.start()
        self._layers: list[str] = []
        self._pictures = cycle([sample.file for sample in sources.samples()])
        self._networks = cycle(NETWORKS)
        self._recipe = Recipe()

    def round(self, times: int = 1) -> None:
        """Change the network every fifth time, else the picture and the layer."""
        for _ in range(times * ROUND[1]):
            self._wish(self._recipe.with_(network=next(self._networks), weights="none"))
            for change in range(ROUND[0] // ROUND[1]):
                layer = self._layers[len(self._layers) * change // (ROUND[0] // ROUND[1])]
                self._wish(self._recipe.with_(source=Source("sample", next(self._pictures)), layer=layer))

    def leave(self) -> None:
        """End the engine."""
        self._engine.stop()

    def _wish(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._engine.wish(recipe)
        while True:
            if not self._full.wait(PATIENCE_S):
                raise TimeoutError(str(recipe))
            self._full.clear()
            for event in self._engine.take():
                if isinstance(event, Problem):
                    raise event.error
                if isinstance(event, NetworkReady):
                    self._layers = [layer.id for layer in event.network.graph if "C" in layer.axes][1:]
                if isinstance(event, ResultReady) and event.result.recipe == recipe:
                    return


def changes() -> dict[str, float]:
    """Return the bytes in memory after one round of changes and after two more."""
    person = _Person()
    person.round()
    first = resident()
    person.round(2)
    figures = {"first_round_bytes": float(first), "after_bytes": float(resident())}
    person.leave()
    return figures


def all_layers() -> dict[str, float]:
    """Return the bytes that the maps of all layers of VGG-16 have, and what keeping them adds to the memory."""
    from explorer import frame_path  # noqa: F401 - what every run needs is loaded before the first look at the memory
    from explorer.bench.forward import example
    from explorer.capture import capture, clones
    from explorer.session import Session

    network = Session().open("vgg16", "none", device="cpu")
    x = example(network)
    for _ in range(2):
        capture(network.module, network.graph, x, {})
    before = resident()
    kept = capture(network.module, network.graph, x, clones(network.graph))
    after = resident()
    sizes = [value.numel() * value.element_size() for value in kept.values.values()]
    return {"maps_bytes": float(sum(sizes)), "added_bytes": float(after - before)}


def index() -> dict[str, float]:
    """Return the most bytes in memory while a folder of pictures is indexed, and one of four times as many."""
    from explorer.bench.tasks import write_pictures
    from explorer.indexing import indexing
    from explorer.session import Session

    network, most = Session().open("lenet5", device="cpu"), dict[str, float]()
    with tempfile.TemporaryDirectory() as place:
        for name, count in {"few_bytes": FILES, "many_bytes": 4 * FILES}.items():
            folder = Path(place) / name
            folder.mkdir()
            write_pictures(folder, count)
            steps = indexing(network, folder, Path(place) / f"{name}.index")
            most[name] = float(max(resident() for _step in steps))
    return most


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
