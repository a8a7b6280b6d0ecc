"""Two networks on one frame: the second answers as it would alone, and whatever happens to it, the first goes on."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from explorer import frame_path
from explorer.engine import Engine
from explorer.engine.events import Problem, Progress, ResultReady
from explorer.engine.rooms import Rooms
from explorer.errors import DeviceError, ForwardError, NetworkError
from explorer.filters.bank import BANK
from explorer.recipe import Beside, Recipe
from explorer.session import Session
from explorer.settings import Settings
from explorer.tasks.values import BesideAnswer
from explorer.values import FrameResult, Prediction, Source
from tests.engine.fakes import Window

LENET = Recipe(network="lenet5", thumbnails=())


@pytest.fixture
def window() -> Window:
    return Window()


@pytest.fixture
def engine(window: Window, request: pytest.FixtureRequest) -> Iterator[Engine]:
    rooms = replace(Rooms(), **getattr(request, "param", {}))
    engine = Engine(window.notify, Settings(threads=1), rooms)
    window.engine = engine
    engine.start()
    yield engine
    assert engine.stop(30) == []


def answered(window: Window, recipe: Recipe) -> tuple[FrameResult, BesideAnswer]:
    """Wait for a frame that both have looked at."""
    event = window.until(ResultReady, lambda event: event.result.recipe == recipe and event.result.beside is not None)
    assert event.result.beside
    return event.result, event.result.beside


def same(some: tuple[Prediction, ...], others: tuple[Prediction, ...]) -> bool:
    return [one.index for one in some] == [one.index for one in others] and all(
        one.probability == pytest.approx(other.probability, abs=1e-4) for one, other in zip(some, others, strict=True)
    )


def test_both_answer_to_live_frames_as_each_does_alone(engine: Engine, window: Window) -> None:
    recipe = LENET.with_(source=Source("demo", ""), beside=Beside("efficientnet_lite0"), top=3)
    engine.wish(recipe)
    pairs = [answered(window, recipe) for _ in range(3)]
    assert len({result.frame.index for result, _beside in pairs}) == 3
    alone = Session()
    for name, of in (("lenet5", 0), ("efficientnet_lite0", 1)):
        network = alone.open(name, device="cpu")
        for result, beside in pairs:
            still = Recipe(network=name, top=3, thumbnails=())
            expected = frame_path.run(network, replace(result.frame), still).predictions
            assert same((result.predictions, beside.predictions)[of], expected)
    _result, beside = pairs[-1]
    assert (beside.trained, beside.weights, beside.labels, beside.error) == (True, "imagenet1k", "imagenet1k", None)
    assert beside.parameters == 4_652_008, "as counted by timm for tf_efficientnet_lite0"
    assert beside.times_ms.keys() == {"prepare", "forward"}


def test_one_network_twice_and_then_alone_again(engine: Engine, window: Window) -> None:
    twice = LENET.with_(beside=Beside("lenet5", "none"))
    engine.wish(twice)
    result, beside = answered(window, twice)
    assert (result.trained, beside.trained) == (True, False)
    assert not same(result.predictions, beside.predictions)
    more = twice.with_(channel=1)
    engine.wish(more)
    assert answered(window, more)[1] is beside, "it is not asked again where only the view changed"
    for change in ({"filters": (BANK["box"].filter,)}, {"top": 2}):
        engine.wish(more.with_(**change))
        assert answered(window, more.with_(**change))[1].predictions != beside.predictions, "but here it is"
    trained = LENET.with_(beside=Beside("lenet5"))
    engine.wish(trained)
    result, beside = answered(window, trained)
    assert beside.predictions == result.predictions
    network = engine._model._companion._network
    assert network
    gone = weakref.ref(network.module)
    del network
    engine.wish(LENET)
    assert window.until(ResultReady, lambda event: event.result.recipe == LENET).result.beside is None
    engine.wish(LENET.with_(channel=2))
    window.until(ResultReady, lambda event: event.result.recipe.channel == 2)
    gc.collect()
    assert gone() is None
    assert [event for event in window.events if isinstance(event, Progress)][-1].stage == ""


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Beside("lenet5", "imagenet-of-nobody"), "imagenet-of-nobody"),
        (Beside("/nowhere/mine.onnx"), "/nowhere/mine.onnx"),
    ],
)
def test_one_that_cannot_be_loaded_says_why(engine: Engine, window: Window, asked: Beside, words: str) -> None:
    recipe = LENET.with_(beside=asked)
    engine.wish(recipe)
    result, beside = answered(window, recipe)
    assert result.predictions
    assert isinstance(beside.error, NetworkError)
    assert words in str(beside.error)
    assert "\n" not in str(beside.error)
    assert not [event for event in window.events if isinstance(event, Problem)]


class Failing:
    """The second network's door, behind which something goes wrong as long as ``error`` is there."""

    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = error
        self.asked = 0

    def __call__(self, network: Any, frame: Any, recipe: Recipe, cancelled: Any) -> BesideAnswer:
        self.asked += 1
        if self.error:
            raise self.error
        assert recipe.beside
        return BesideAnswer(recipe.beside)


@pytest.mark.parametrize("error", [ForwardError("too deep"), ValueError("not foreseen"), DeviceError("full")])
def test_one_that_raises_leaves_the_first_alone(window: Window, error: Exception) -> None:
    door = Failing(error)
    engine = Engine(window.notify, Settings(threads=1), replace(Rooms(), beside=door))
    window.engine = engine
    engine.start()
    recipe = LENET.with_(beside=Beside("lenet5", "none"), source=Source("demo", ""))
    try:
        engine.wish(recipe)
        for _ in range(3):
            result, beside = answered(window, recipe)
            assert result.predictions
            assert str(error) in str(beside.error)
        kept = engine._model._companion._network is not None
        assert kept != isinstance(error, DeviceError), "memory that is short is the first one's"
        assert kept or door.asked == 1
        door.error = None
        engine.wish(recipe)  # tried again
        window.until(ResultReady, lambda event: event.result.beside is not None and event.result.beside.error is None)
    finally:
        assert engine.stop(30) == []


def test_the_second_gives_way_where_the_first_lacks_memory(window: Window) -> None:
    real, short = Rooms(), [True]

    def run(network: Any, frame: Any, recipe: Recipe, *rest: Any) -> FrameResult:
        if recipe.channel == 1 and short:
            short.clear()
            raise DeviceError("full")
        return real.run(network, frame, recipe, *rest)

    engine = Engine(window.notify, Settings(threads=1), replace(real, run=run))
    window.engine = engine
    engine.start()
    recipe = LENET.with_(beside=Beside("lenet5"))
    try:
        engine.wish(recipe)
        assert answered(window, recipe)[1].predictions
        more = recipe.with_(channel=1)
        engine.wish(more)
        result, beside = answered(window, more)
        assert result.predictions
        assert "not enough memory for two networks" in str(beside.error)
        assert not [event for event in window.events if isinstance(event, Problem)]
    finally:
        assert engine.stop(30) == []
