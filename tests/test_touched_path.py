"""A picture altered by hand goes through every path as if it had come so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from explorer import frame_path
from explorer.explaining import Asked
from explorer.opened.open import opened
from explorer.pixels.touch import Touch, touched
from explorer.questions import AnswerFound, AnswerTo, Explain, SwitchOff, answer
from explorer.recipe import Recipe, Unit
from explorer.session import Network, Session
from explorer.sources import read
from explorer.switching import Switch
from explorer.values import Frame, Source

TOUCH = Touch(shift=(0.1, 0.05), degrees=20, brightness=15, noise=10)


@pytest.fixture(scope="module")
def lenet() -> Network:
    return Session().open("lenet5", device="cpu")


@pytest.fixture(scope="module")
def digit() -> Frame:
    return read(Source("sample", "digit-7.png"))


def same_as_it_came(network: Network, digit: Frame) -> tuple[Recipe, Frame, Recipe]:
    recipe = Recipe(network="lenet5", layer="c3", channel=2, top=10, touch=TOUCH)
    return recipe, replace(digit, pixels=touched(digit.pixels, TOUCH)), recipe.with_(touch=None)


def test_maps_and_answer_are_those_of_the_altered_picture(lenet: Network, digit: Frame) -> None:
    recipe, altered, plain = same_as_it_came(lenet, digit)
    before = frame_path.run(lenet, digit, plain)
    found, expected = frame_path.run(lenet, digit, recipe), frame_path.run(lenet, altered, plain)
    assert [(p.index, p.probability) for p in found.predictions] == [
        (p.index, p.probability) for p in expected.predictions
    ]
    np.testing.assert_array_equal(found.view.map, expected.view.map)
    np.testing.assert_array_equal(found.filtered.pixels, altered.pixels)
    assert found.frame is digit
    assert not np.array_equal(before.view.map, found.view.map)
    raw = frame_path.raw_input(lenet, digit, recipe)
    np.testing.assert_array_equal(raw, lenet.prepare(altered).tensor[0].numpy())
    frame_path.run(lenet, digit, recipe)
    seen = lenet.seen
    frame_path.run(lenet, digit, recipe.with_(channel=3))
    assert lenet.seen is seen, "a change of the view alone needs no forward"
    frame_path.run(lenet, digit, recipe.with_(touch=replace(TOUCH, seed=1)))
    assert lenet.seen is not seen


def test_the_original_is_told_beside_it(lenet: Network, digit: Frame) -> None:
    recipe, altered, plain = same_as_it_came(lenet, digit)
    found = answer(lenet, AnswerTo(digit, plain, ("c3", 2)))
    assert isinstance(found, AnswerFound)
    kept: list[torch.Tensor] = []
    handle = lenet.module.get_submodule("c3").register_forward_hook(lambda _m, _i, out: kept.append(out.clone()))
    with torch.inference_mode():
        chances = torch.softmax(lenet.module(lenet.prepare(digit).tensor)[0].double(), 0)
    handle.remove()
    np.testing.assert_allclose(found.map, kept[0][0, 2], rtol=1e-5, atol=1e-6)
    assert found.predictions[0].index == int(chances.argmax())
    assert found.predictions[0].probability == pytest.approx(float(chances.max()))
    other = answer(lenet, AnswerTo(digit, recipe))
    assert isinstance(other, AnswerFound)
    assert other.map is None
    expected = answer(lenet, AnswerTo(altered, plain))
    assert isinstance(expected, AnswerFound)
    assert other.predictions == expected.predictions


def test_every_question_is_about_the_altered_picture(lenet: Network, digit: Frame) -> None:
    recipe, altered, plain = same_as_it_came(lenet, digit)

    def last(question: Any) -> Any:
        steps: Any = answer(lenet, question)
        return list(steps)[-1].answer

    asked = Asked("saliency")
    np.testing.assert_array_equal(last(Explain(digit, recipe, asked)).heat, last(Explain(altered, plain, asked)).heat)
    off = Switch("c3", (2, 5))
    assert last(SwitchOff(digit, recipe, off)) == last(SwitchOff(altered, plain, off))
    unit = Unit("c3", 2, 4, 4)
    assert opened(lenet, digit, recipe, unit).value == opened(lenet, altered, plain, unit).value
