"""The lecture's examples: its own numbers, written here again, against ours; and each output against torch."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from explorer.arithmetic.case import Case
from explorer.arithmetic.counts import Plan, count
from explorer.arithmetic.presets import PRESETS, VECTOR, Figure, preset, text
from explorer.arithmetic.shift import Shift
from explorer.arithmetic.trace import output, trace
from explorer.arithmetic.written import from_json, to_json
from explorer.errors import PersonError
from tests.arithmetic import oracle
from tests.arithmetic.test_counts import module

CASES = [name for name, one in PRESETS.items() if isinstance(one.subject, Case)]
PLANS = [name for name, one in PRESETS.items() if isinstance(one.subject, Plan)]


def _case(name: str) -> Case:
    subject = preset(name).subject
    assert isinstance(subject, Case)
    return subject


def _map(name: str, number: int = 0) -> list[list[float]]:
    found: list[list[float]] = output(_case(name))[number].tolist()
    return found


@pytest.mark.parametrize("name", CASES)
def test_every_case_against_torch(name: str) -> None:
    np.testing.assert_array_equal(output(_case(name)), oracle.output(_case(name)).numpy())
    assert from_json(to_json(_case(name))) == _case(name)


@pytest.mark.parametrize("name", PLANS)
def test_every_count_against_torch(name: str) -> None:
    """Where a layer is counted with other inputs than it is given, each layer stands alone."""
    subject = preset(name).subject
    assert isinstance(subject, Plan)
    found = count(subject)
    built = module(subject)
    assert found.weights == sum(weight.numel() for weight in built.parameters())
    if all(one.inputs is None for one in subject.layers) and subject.layers[0].kind == "conv":
        with torch.device("meta"):
            shape = built(torch.empty(1, *subject.input)).shape
        assert tuple(shape[1:]) == tuple(n for n in found.rows[-1].output if n > 1)


def test_the_sum_of_one_filter() -> None:
    case = _case("one-filter")
    assert (case.input_chw, case.filter_array.shape, case.output_chw) == ((3, 3, 3), (1, 3, 2, 2), (1, 2, 2))
    assert trace(case, (0, 0, 0)).lecture == (
        "y1 = w1x1 + w2x2 + w4x4 + w5x5 + w10x10 + w11x11 + w13x13 + w14x14 + w19x19 + w20x20 + w22x22 + w23x23"
    )
    assert trace(case, (0, 0, 1)).lecture.startswith("y2 = w1x2 + w2x3 + w4x5 + w5x6 + ")


def test_two_maps() -> None:
    assert _map("two-filters", 0) == [[42, 56], [17, 95]]
    assert _map("two-filters", 1) == [[17, -5], [1, 35]]


def test_maps_of_a_colour_picture() -> None:
    for name, filters in (("one-of-5x5x3", 1), ("six-of-5x5x3", 6)):
        assert _case(name).input_chw == (3, 32, 32)
        assert _case(name).filter_array.shape == (filters, 3, 5, 5)
        assert _case(name).output_chw == (filters, 28, 28)


@pytest.mark.parametrize(
    ("name", "worked", "out"),
    [
        ("stride-1", "(7 − 3)/1 + 1 = 5", 5),
        ("stride-2", "(7 − 3)/2 + 1 = 3", 3),
        ("stride-3", "(7 − 3)/3 + 1 = 2.33", 2),
        ("padding-1", "(7 + 2·1 − 3)/1 + 1 = 7", 7),
        ("padding-1-stride-2", "(7 + 2·1 − 3)/2 + 1 = 4", 4),
        ("dilation-2", "(7 − 2·(3 − 1) − 1)/1 + 1 = 3", 3),
    ],
)
def test_strides_and_padding(name: str, worked: str, out: int) -> None:
    assert _case(name).input_chw == (1, 7, 7)
    assert [fit.worked for fit in _case(name).fits] == [worked] * 2
    assert _case(name).output_chw == (1, out, out)


def test_the_stride_that_does_not_fit() -> None:
    fit = _case("stride-3").fits[0]
    assert not fit.fits
    assert fit.unseen == (6,)
    assert fit.mend == ((1, 1), (0, 2))


def test_a_template() -> None:
    assert _map("template") == [[3, 1, 3], [2, 1, 3], [1, 1, 3]]


def test_poolings() -> None:
    lecture = [[29, 15, 28, 184], [0, 100, 70, 38], [12, 12, 7, 2], [12, 12, 45, 6]]
    assert _case("max-pooling").input_array[0].tolist() == lecture
    assert _map("max-pooling") == [[100, 184], [12, 45]]
    assert _case("average-pooling-29").input_array[0].tolist() == lecture
    assert _map("average-pooling-29") == [[36, 80], [12, 15]]
    lecture[0][0] = 31
    assert _case("average-pooling").input_array[0].tolist() == lecture
    assert _map("average-pooling") == [[36.5, 80], [12, 15]]
    (figure,) = preset("average-pooling").figures
    assert (figure.lecture, figure.ours, figure.agrees) == ("36 80; 12 15", "36.5 80; 12 15", False)
    assert "36.5" in figure.why


def test_fully_connected() -> None:
    case = _case("fully-connected")
    vector = [3, 2, 5, 6, 2, 3, 4, 2, 4, 3, 9, 6, 4, 5, 1, 1, 3, 3, 2, 7, 4, 3, 1, 1, 3, 9, 1]
    assert torch.flatten(torch.tensor(case.input)).tolist() == vector
    assert case.matrix.shape == (10, 27)
    assert [trace(case, (k, 0, 0)).result for k in range(10)] == (case.matrix @ vector).tolist()


def test_no_regular_flattening_links_the_plane_and_the_vector() -> None:
    """Not along any order of the axes, either way along each of them, or rows and columns exchanged."""
    cube, plane = np.array(list(map(int, VECTOR.split()))).reshape(3, 3, 3), [[3, 3, 2], [2, 9, 1], [2, 5, 1]]
    for axes in itertools.permutations(range(3)):
        for ways in itertools.product((1, -1), repeat=3):
            turned = cube.transpose(axes)[:: ways[0], :: ways[1], :: ways[2]]
            assert plane not in turned.tolist()


@pytest.mark.parametrize(
    ("name", "weights", "worked"),
    [
        ("small-network", 72, "16·4 + 4·2 = 72"),
        ("dense-224", 65_961_984, "50176·1024 + 1024·2048 + 2048·4096 + 4096·1000 = 65,961,984"),
        ("conv-lecture", 1_032_064, "9·128 + 9·256 + 9·512 + 1024·1000 = 1,032,064"),
        ("conv-grey", 1_475_712, "9·1·128 + 9·128·256 + 9·256·512 = 1,475,712"),
        ("conv-rgb", 1_478_016, "9·3·128 + 9·128·256 + 9·256·512 = 1,478,016"),
        ("conv-grey-classes", 3_024_000, "9·1·128 + 9·128·256 + 9·256·512 + 512·1024 + 1024·1000 = 3,024,000"),
        ("conv-rgb-classes", 3_026_304, "9·3·128 + 9·128·256 + 9·256·512 + 512·1024 + 1024·1000 = 3,026,304"),
    ],
)
def test_weights(name: str, weights: int, worked: str) -> None:
    subject = preset(name).subject
    assert isinstance(subject, Plan)
    assert (count(subject).weights, count(subject).worked) == (weights, worked)


def test_the_biases_that_the_sentences_name() -> None:
    for name, biases in (("small-network", "6"), ("dense-224", "8,168")):
        subject = preset(name).subject
        assert isinstance(subject, Plan)
        assert f"{count(Plan(subject.input, subject.layers, bias=True)).biases:,}" == biases
        assert f"there would be {biases}." in preset(name).figures[0].why


def test_a_figure_that_moves() -> None:
    subject = preset("shift").subject
    assert isinstance(subject, Shift)
    assert subject.before.tolist() == [[0, 1, 0, 1, 0]] * 2 + [[0, 1, 1, 1, 0]] + [[0, 0, 0, 1, 0]] * 2
    (figure,) = preset("shift").figures
    assert (figure.lecture, figure.ours) == ("20", "14")


def test_every_difference_has_its_reason() -> None:
    figures = [figure for one in PRESETS.values() for figure in one.figures]
    assert len(figures) >= len(PRESETS)
    for figure in figures:
        assert figure.agrees or figure.why, figure
    differ = {name for name, one in PRESETS.items() if any(f.lecture and not f.agrees for f in one.figures)}
    assert differ == {
        "average-pooling",
        "fully-connected",
        "conv-grey",
        "conv-rgb",
        "conv-grey-classes",
        "conv-rgb-classes",
        "shift",
    }


def test_a_figure_agrees_with_what_the_lecture_shows_alone() -> None:
    assert Figure("", "5", "5", "").agrees
    assert not Figure("", "", "5", "").agrees
    assert text(np.array([[1, -2.5], [0, 3]])) == "1 −2.5; 0 3"


def test_a_name_that_is_none() -> None:
    with pytest.raises(PersonError, match="stride-3"):
        preset("stride-4")
