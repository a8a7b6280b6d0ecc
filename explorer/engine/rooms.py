"""The rooms below, as the engine calls them; each is imported when it is first used, in the thread that uses it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from explorer.errors import DeviceError
from explorer.graph.values import Graph
from explorer.recipe import Recipe
from explorer.values import Floats, Frame, FrameResult, Source
from explorer.zoo.card import Card, Stock, WeightState

if TYPE_CHECKING:
    from explorer.influence import Steps
    from explorer.questions import Answer, Question
    from explorer.receptive.analyse import Fields
    from explorer.session import Network
    from explorer.sources import Clip, Live
    from explorer.tasks.values import BesideAnswer


Precision = Literal["float32", "tf32", "half"]


class SessionLike(Protocol):
    """What keeps a loaded network."""

    def open(
        self,
        network: str,
        weights: str = "",
        input_hw: tuple[int, int] | None = None,
        device: str = "auto",
        progress: Callable[[str, float | None], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        precision: Precision = "float32",
    ) -> Network:
        """Return the network, loaded and traced; the last one at once."""
        ...

    def close(self) -> None:
        """Let the network go."""
        ...


class DownloadLike(Protocol):
    """What gets one file."""

    @property
    def kept(self) -> int:
        """Bytes that are here, for the next time to go on from."""
        ...

    def run(self) -> None:
        """Get it."""
        ...

    def cancel(self) -> None:
        """Let ``run`` end at once, from any thread."""
        ...


def _listed() -> tuple[Card, ...]:
    """Return the course's networks; once torchvision is loaded, its networks too."""
    from explorer.zoo import registry

    return registry.everything() if "torchvision.models" in sys.modules else registry.cards()


def _cards() -> tuple[tuple[Card, WeightState], ...]:
    from explorer.zoo import weights

    return tuple((card, weights.state(card)) for card in _listed())


def _stock() -> dict[tuple[str, str], Stock]:
    from explorer.zoo import weights

    return {(card.name, one.name): weights.stock(one) for card in _listed() for one in card.weights}


def _download(network: str, name: str, progress: Callable[[int, int], None]) -> DownloadLike | None:
    from explorer.zoo import registry, weights

    return weights.download(registry.card(network), name, progress)


def _import_weights(path: str, network: str) -> tuple[str, str]:
    from explorer.zoo import registry, weights

    card, found = weights.import_file(Path(path), _listed(), registry.card(network) if network else None)
    return card.name, found.name


def _remove_weights(network: str, name: str) -> None:
    from explorer.zoo import registry, weights

    weights.remove(registry.card(network), name)


def _prepare(threads: int) -> DeviceError | None:
    from explorer import device

    device.set_threads(threads)
    return device.unused_card()


def _threads() -> int:
    import torch

    return torch.get_num_threads()


def _trial() -> Iterator[None]:
    from explorer import threads

    return threads.trial()


def _devices() -> tuple[tuple[str, str], ...]:
    from explorer import device

    return device.available()


def _session() -> SessionLike:
    from explorer.session import Session

    return Session()


def _read(source: Source) -> Frame:
    from explorer import sources

    return sources.read(source)


def _open_live(source: Source) -> Live | Clip:
    from explorer import sources

    return sources.open_live(source)


def _run(
    network: Network, frame: Frame, recipe: Recipe, times_ms: dict[str, float], cancelled: Callable[[], bool]
) -> FrameResult:
    from explorer import frame_path

    return frame_path.run(network, frame, recipe, times_ms, cancelled)


def _beside(network: Network, frame: Frame, recipe: Recipe, cancelled: Callable[[], bool]) -> BesideAnswer:
    from explorer.beside import answer_beside

    return answer_beside(network, frame, recipe, cancelled)


def _raw_maps(network: Network, frame: Frame, recipe: Recipe) -> Floats:
    from explorer import frame_path

    return frame_path.raw_maps(network, frame, recipe)


def _raw_input(network: Network, frame: Frame, recipe: Recipe) -> Floats:
    from explorer import frame_path

    return frame_path.raw_input(network, frame, recipe)


def _fields(graph: Graph) -> Fields:
    from explorer.receptive.analyse import analyse

    return analyse(graph)


def _answer(network: Network | None, question: Question) -> Answer | Steps:
    from explorer import questions

    return questions.answer(network, question)


def _write(kind: str, path: str, result: FrameResult, array: Floats | None) -> None:
    from explorer.render import export

    match kind:
        case "mosaic":
            export.mosaic_png(result.view, result.recipe.view.colours, path, result.trained)
        case "map":
            export.map_png(result.view, result.recipe.view.colours, path, result.trained)
        case "statistics":
            export.statistics(result.view, path, result.trained)
        case "predictions":
            export.predictions(result, path)
        case "maps" if array is not None:
            export.maps_npz(array, path)
        case "input" if array is not None:
            export.input_npy(array, path)
        case _:
            raise ValueError(kind)


def _keep(kind: str, path: str, result: FrameResult, precision: Precision) -> tuple[str, ...]:
    from explorer.reproduce import keep_result

    return tuple(map(str, keep_result(Path(path), kind, result, precision)))


@dataclass(frozen=True)
class Rooms:
    """The doors to the rooms below; a test puts its own behind some of them.

    Attributes:
        cards: the zoo, each card with the state of its weights.
        stock: what there is of each set of weights, by the network's name and its own.
        download: what gets a set of weights by these two names and tells bytes done and in all; None where it is here.
        import_weights: copies a file into the cache, for a network or for whichever it is, and returns these two names.
        remove_weights: removes a set of weights from the cache.
        prepare: loads torch with that many threads (0: what suits the machine), and tells of a card that it cannot use.
        threads: how many threads torch uses.
        trial: measures, a step at a time, how many threads suit the machine; no step where that is known.
        devices: (name, title) of each device, the fastest first.
        session: a new session.
        read: reads a still source.
        open_live: opens a live source.
        run: takes a frame through the whole path.
        beside: lets the second network answer to a frame.
        raw_maps: the chosen layer's maps as they are.
        raw_input: the picture as the network gets it.
        fields: what the units of a graph's layers see.
        answer: answers a question about the loaded network, or another one; a long one step by step.
        write: writes an export: kind, path, result, raw maps for "maps" and the prepared picture for "input".
        keep: writes beside an exported picture what it was made from, and returns the files.
    """

    cards: Callable[[], tuple[tuple[Card, WeightState], ...]] = _cards
    stock: Callable[[], Mapping[tuple[str, str], Stock]] = _stock
    download: Callable[[str, str, Callable[[int, int], None]], DownloadLike | None] = _download
    import_weights: Callable[[str, str], tuple[str, str]] = _import_weights
    remove_weights: Callable[[str, str], None] = _remove_weights
    prepare: Callable[[int], DeviceError | None] = _prepare
    threads: Callable[[], int] = _threads
    trial: Callable[[], Iterator[None]] = _trial
    devices: Callable[[], tuple[tuple[str, str], ...]] = _devices
    session: Callable[[], SessionLike] = _session
    read: Callable[[Source], Frame] = _read
    open_live: Callable[[Source], Live | Clip] = _open_live
    run: Callable[[Network, Frame, Recipe, dict[str, float], Callable[[], bool]], FrameResult] = _run
    beside: Callable[[Network, Frame, Recipe, Callable[[], bool]], BesideAnswer] = _beside
    raw_maps: Callable[[Network, Frame, Recipe], Floats] = _raw_maps
    raw_input: Callable[[Network, Frame, Recipe], Floats] = _raw_input
    fields: Callable[[Graph], Fields] = _fields
    answer: Callable[[Network | None, Question], Answer | Steps] = _answer
    write: Callable[[str, str, FrameResult, Floats | None], None] = _write
    keep: Callable[[str, str, FrameResult, Precision], tuple[str, ...]] = _keep
