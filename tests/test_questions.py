"""Questions beside the frames: kernels of the loaded network, layers of another one."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.errors import NetworkError
from explorer.questions import Kernels, KernelsOf, Survey, Surveyed, answer
from explorer.session import Session


def test_kernels_are_the_modules_own_weights() -> None:
    network = Session().open("lenet5", device="cpu")
    found = answer(network, KernelsOf("lenet5", "c3"))
    assert isinstance(found, Kernels)
    np.testing.assert_array_equal(found.weights, network.module.get_submodule("c3").weight.detach().numpy())


@pytest.mark.parametrize(("name", "layer"), [("lenet5", "f6"), ("resnet18", "c1")])
def test_a_question_that_does_not_fit_says_so(name: str, layer: str) -> None:
    with pytest.raises(NetworkError):
        answer(Session().open("lenet5", device="cpu"), KernelsOf(name, layer))


def test_a_survey_needs_no_loaded_network() -> None:
    found = answer(None, Survey("lenet5"))
    assert isinstance(found, Surveyed)
    assert sum(layer.parameters for layer in found.graph) == 61_706
