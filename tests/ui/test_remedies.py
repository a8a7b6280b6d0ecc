"""A person in the window is told what the window can do, not what to type on a command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch
from PySide6.QtWidgets import QLabel

from explorer.engine.events import Problem
from explorer.errors import ExplorerError, NetworkError
from explorer.zoo import registry, weights
from explorer.zoo.card import Weights
from tests.ui.desk import Desk
from ui.widgets.remedies import in_window

RESNET = registry.card("resnet18")
ONE = RESNET.weights[0]
EMBEDDED = registry.card("efficientnet_lite0")


def cached(content: bytes) -> Weights:
    """Put ``content`` where torch keeps the network's weights."""
    file = weights.cache_folder() / ONE.file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return ONE


def unreadable() -> Weights:
    one = cached(b"")
    file = weights.cache_folder() / one.file
    file.unlink()
    file.mkdir()
    return one


def pickled() -> Weights:
    one = cached(b"")
    file = weights.cache_folder() / one.file
    torch.save({"weight": Mock}, file)  # a class is more than tensors
    return replace(one, sha256="")


def listed() -> Weights:
    one = cached(b"")
    torch.save([1, 2], weights.cache_folder() / one.file)
    return replace(one, sha256="")


def incomplete() -> None:
    one = replace(EMBEDDED.weights[0], url="", file="not there.pth")
    weights.find(replace(EMBEDDED, weights=(one,)))


CASES: list[tuple[Callable[[], object], str]] = [
    (lambda: weights.find(RESNET), "are not on this machine: get them under Networks → Weights"),
    (incomplete, "pip install --force-reinstall"),
    (lambda: weights.load(cached(b"damaged")), "delete it and get it again under Networks → Weights"),
    (lambda: weights.load(unreadable()), "delete it and get it again under Networks → Weights"),
    (lambda: weights.load(pickled()), "delete it and get it again under Networks → Weights"),
    (lambda: weights.load(listed()), "delete it and get it again under Networks → Weights"),
    (lambda: weights.load(replace(EMBEDDED.weights[0], sha256="0" * 64)), "is damaged: run “pip install --force-rei"),
    (lambda: registry.build(RESNET, {"x": torch.zeros(1)}), "choose others under Networks → Weights"),
]


@pytest.mark.parametrize(("fail", "told"), CASES)
def test_no_sentence_of_the_window_names_the_command_line(fail: Callable[[], object], told: str) -> None:
    with pytest.raises(NetworkError) as caught:
        fail()
    assert "--weights none" in str(caught.value), "the command line names its own remedy"
    sentence = in_window(caught.value)
    assert told in sentence
    assert "--weights" not in sentence
    assert "cnn-explorer-cli" not in sentence
    assert "{" not in sentence


def test_other_sentences_stay_as_they_are() -> None:
    error = NetworkError("{file} is no network.", file=Path("a.pt"))
    assert in_window(error) == "a.pt is no network."


def test_the_strip_shows_it_and_keeps_the_whole_in_its_tool_tip(one: Desk) -> None:
    error: ExplorerError | None = None
    try:
        weights.find(RESNET)
    except NetworkError as caught:
        error = caught
    assert error is not None
    one.send(Problem("network", error))
    label = next(label for label in one.window.problem.findChildren(QLabel) if label.text())
    assert label.isVisible()
    assert label.text() == in_window(error)
    assert label.toolTip() == str(error)
    assert one.window.explore.maps.mosaic.message == in_window(error)
