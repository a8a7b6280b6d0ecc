"""Questions that the network answers, against torch alone: many of each kind on the shipped digits."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from explorer import quizzing, sources
from explorer.errors import NetworkError, PersonError, SourceError
from explorer.filters.bank import BANK
from explorer.lesson.question import Question
from explorer.questions import Quiz, answer
from explorer.recipe import Recipe
from explorer.render import colours
from explorer.session import Network, Session
from explorer.values import Bytes, Frame, Prediction, Source
from explorer.zoo.own.card import Remark

INSTANCES = 200
DIGITS = ("digit-2.png", "digit-3.png", "digit-4.png", "digit-5.png", "digit-7.png", "digit-8.png")


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    session = Session()
    yield session.open("lenet5", device="cpu")
    session.close()


def asked(kind: str, seed: int, **more: object) -> Quiz:
    wanted = Recipe(Source("sample", DIGITS[seed % len(DIGITS)]), network="lenet5")
    return Quiz(kind, seed, sources.read(wanted.source), wanted.with_(**more))


def quiz(network: Network, wanted: Quiz) -> Question:
    found = answer(network, wanted)
    assert isinstance(found, Question)
    return found


def prepared(pixels: Bytes) -> Tensor:
    """As MNIST is prepared everywhere: grey, 28 × 28, two cells of black around, mean 0.1307, deviation 0.3081."""
    grey = np.asarray(Image.fromarray(pixels).convert("L").resize((28, 28), Image.Resampling.BILINEAR), np.float32)
    return (torch.from_numpy(np.pad(grey, 2))[None, None] / 255 - 0.1307) / 0.3081


def outputs(network: Network, x: Tensor) -> dict[str, Tensor]:
    """LeNet-5 worked call by call."""
    state = network.module.state_dict()
    found = {"c1": functional.conv2d(x, state["c1.weight"], state["c1.bias"])}
    found["relu1"] = found["c1"].clamp(min=0)
    found["s2"] = functional.max_pool2d(found["relu1"], 2)
    found["c3"] = functional.conv2d(found["s2"], state["c3.weight"], state["c3.bias"])
    found["relu3"] = found["c3"].clamp(min=0)
    found["s4"] = functional.max_pool2d(found["relu3"], 2)
    return found


def test_which_layer(network: Network) -> None:
    answers = set()
    for seed in range(INSTANCES):
        wanted = asked("which-layer", seed)
        found = quiz(network, wanted)
        layers = outputs(network, prepared(wanted.frame.pixels))
        names = [str(option).split("  ·  ")[0] for option in found.options]
        assert found.picture is not None
        fitting = [name for name in names if layers[name].shape[2:] == found.picture.shape[:2]]
        assert len(fitting) == 1
        assert found.check(str(names.index(fitting[0]) + 1))
        assert not found.check(str((names.index(fitting[0]) + 1) % len(names) + 1))
        channel = int(re.search(r"channel (\d+)", str(found.working[-1]))[1])  # type: ignore[index]
        one = layers[fitting[0]][0, channel].double().numpy()
        table = colours.table("viridis", False, (0, 0, 0)).astype(int)
        levels = (one - one.min()) / np.ptp(one) * 252
        near = [np.abs(table[np.clip(np.rint(levels + off), 0, 252).astype(int)] - found.picture) for off in (-1, 0, 1)]
        assert np.min(near, axis=0).max() <= 2
        answers.add(fitting[0])
    assert {"c1", "s2", "c3", "s4"} <= answers


def test_what_if(network: Network) -> None:
    answers, texts = set(), set()
    for seed in range(INSTANCES):
        wanted = asked("what-if", seed)
        found, before = quiz(network, wanted), wanted.frame.pixels
        assert found.picture is not None
        with torch.no_grad():
            first, then = (network.module(prepared(p)).softmax(1)[0] for p in (before, found.picture))
        top = int(first.argmax())
        gained = float(then[top] - first[top])
        right = 4 if int(then.argmax()) != top else 1 if gained > 0.01 else 3 if gained < -0.01 else 2
        assert found.check(str(right)), (seed, right, found.answer, float(first[top]), float(then[top]))
        changed = (found.picture != before).any(axis=2)
        assert isinstance(found.text, Remark)
        if "square" in str(found.text):
            rows, columns = (np.flatnonzero(changed.any(axis)) for axis in (1, 0))
            box = found.picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            assert (box == 128).all()
            assert box[..., 0].size == pytest.approx(before[..., 0].size / 9, rel=0.15)
        else:
            title = str(found.text.values["filter"])
            assert any(str(one.title) == title for one in BANK.values())
        answers.add(right)
        texts.add(str(found.text))
    assert answers >= {2, 3, 4}
    assert len(texts) == 8


@pytest.mark.parametrize(("then", "right"), [(99.5, 2), (98.0, 3), (102.0, 1), (80.0, 4)])
def test_of_scores_a_hundredth_of_the_score_counts(
    then: float, right: int, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of(score: float) -> tuple[Prediction, ...]:
        both = (Prediction(0, "cat", math.nan, score), Prediction(1, "dog", math.nan, 90.0))
        return tuple(sorted(both, key=lambda one: -float(one.score or 0)))

    answers = iter((of(100.0), of(then)))
    monkeypatch.setattr(quizzing, "_answer", lambda *_: next(answers))
    assert quiz(network, asked("what-if", 0)).answer == str(right)


def test_the_persons_own_filters_come_first(network: Network) -> None:
    """Blurred before: the question is about the blurred picture."""
    plain, blurred = (asked("what-if", 3, filters=chain) for chain in ((), (BANK["box"].filter,)))
    assert str(quiz(network, plain).lines[0]) != str(quiz(network, blurred).lines[0])


def test_what_cannot_be_asked(network: Network) -> None:
    wanted = asked("which-layer", 0)
    with pytest.raises(PersonError, match="which-layer, what-if"):
        quiz(network, Quiz("weights", 0, wanted.frame, wanted.recipe))
    array = Frame(wanted.frame.pixels, "a.npy", array=np.zeros((1, 32, 32), np.float32))
    with pytest.raises(SourceError, match="array"):
        quiz(network, Quiz("what-if", 0, array, wanted.recipe))


def test_random_weights_are_told_and_a_network_without_maps_is_refused() -> None:
    untrained = Session().open("lenet5", "none", device="cpu")
    assert "untrained" in str(quiz(untrained, asked("what-if", 1)).lines[-1])
    untrained.graph = type(untrained.graph)(untrained.graph.layers[:2], untrained.graph.outputs[:1])
    with pytest.raises(NetworkError, match="choose another network"):
        quiz(untrained, asked("which-layer", 1))
