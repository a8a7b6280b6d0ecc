"""Kernels as pictures, against loops in numpy over the weights themselves."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from explorer.graph.values import Graph, Layer
from explorer.render import kernels
from explorer.render.kernels import Slices
from explorer.values import LEVEL_GAP, LEVEL_NAN

RNG = np.random.default_rng(11)


def weights(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def layer(of: np.ndarray) -> Layer:
    return Layer("conv", "conv", "conv2d", ("input",), (len(of), 8, 8), "CHW")


def picture(of: np.ndarray, slices: Slices, *more: object, **named: object) -> kernels.KernelPicture:
    return kernels.picture(of, layer(of), slices, *more, **named)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shape", "sees_colour", "wanted"),
    [
        ((64, 3, 7, 7), True, ("colour", "strongest", "mean", "input")),
        ((64, 3, 7, 7), False, ("strongest", "mean", "input")),
        ((6, 1, 5, 5), True, ("input",)),
        ((96, 1, 3, 3), False, ("input",)),
        ((64, 32, 1, 1), False, ("matrix",)),
        ((64, 3, 1, 1), True, ("matrix",)),
        ((9, 1, 1, 1), False, ("input",)),
        ((64, 48, 5, 5), True, ("strongest", "mean", "input")),
    ],
)
def test_what_can_be_shown(shape: tuple[int, ...], sees_colour: bool, wanted: tuple[str, ...]) -> None:
    assert kernels.choices(weights(*shape), sees_colour) == wanted


@pytest.mark.parametrize("slices", ["strongest", "mean", "input"])
@pytest.mark.parametrize("each", [True, False])
def test_signed_slices(slices: Slices, each: bool) -> None:
    w = weights(5, 4, 3, 2)
    shown = picture(w, slices, 2, each)
    picked = []
    for kernel in w:
        norms = [float((one.astype(np.float64) ** 2).sum()) for one in kernel]
        picked.append({"strongest": kernel[int(np.argmax(norms))], "mean": kernel.mean(0), "input": kernel[2]}[slices])
    whole = max(float(np.abs(one).max()) for one in picked)
    for k, one in enumerate(picked):
        reach = float(np.abs(one).max()) if each else whole
        assert shown.view.ranges[k] == pytest.approx([-reach, reach], rel=1e-6)
        top, left = shown.view.grid.corner(k)
        factor = shown.view.grid.tile_hw[0] // 3
        for y in range(3):
            for x in range(2):
                pixel = top + y * factor, left + x * factor
                assert abs(shown.view.mosaic[pixel] - (126 + 126 * float(one[y, x]) / reach)) <= 0.5 + 1e-4
                place = shown.at(*pixel)
                assert place is not None
                kernel, channel, *cell = place
                assert (kernel, cell) == (k, [y, x])
                if channel is not None:
                    assert w[kernel, channel, y, x] == one[y, x]
                else:
                    assert slices == "mean"


def test_kernels_in_colour() -> None:
    w = weights(6, 3, 4, 4)
    shown = picture(w, "colour")
    colour = shown.colour((1, 2, 3))
    assert colour is not None
    assert colour.shape[:2] == shown.view.grid.shape
    assert colour[shown.view.mosaic == LEVEL_GAP].tolist() == [[1, 2, 3]] * int((shown.view.mosaic == LEVEL_GAP).sum())
    for k, kernel in enumerate(w):
        top, left = shown.view.grid.corner(k)
        factor = shown.view.grid.tile_hw[0] // 4
        for c in range(3):
            for y in range(4):
                for x in range(4):
                    value = colour[top + y * factor, left + x * factor, c]
                    assert abs(value - (128 + 127 * float(kernel[c, y, x]) / float(np.abs(kernel).max()))) <= 0.5 + 1e-4
    assert shown.at(0, 0) == (0, None, 0, 0)


def test_zero_is_mid_grey_and_white() -> None:
    w = np.zeros((2, 3, 3, 3), np.float32)
    w[0, 0, 0, 0] = 5
    colour = picture(w, "colour", aspect=4.0).colour((128, 128, 128))
    assert colour is not None
    assert colour[0, 0].tolist() == [255, 128, 128]
    assert set(colour[:, 16:].reshape(-1).tolist()) == {128}, "a kernel of zeros has no colour"
    assert (picture(w, "mean", aspect=4.0).view.mosaic[:, 16:] == 126).all()


@pytest.mark.parametrize(
    ("count", "inputs", "aspect", "turned"), [(9, 4, 2.0, True), (4, 9, 2.0, False), (9, 4, 0.5, False)]
)
def test_one_by_one_kernels_are_a_matrix(count: int, inputs: int, aspect: float, turned: bool) -> None:
    w = weights(count, inputs, 1, 1)
    shown = picture(w, "matrix", aspect=aspect)
    assert shown.turned == turned
    assert shown.view.grid.count == 1
    assert (shown.view.mosaic == LEVEL_GAP).sum() == 0
    reach = float(np.abs(w).max())
    factor = shown.view.mosaic.shape[0] // (inputs if turned else count)
    for k in range(count):
        for c in range(inputs):
            y, x = (c, k) if turned else (k, c)
            assert (
                abs(shown.view.mosaic[y * factor, x * factor] - (126 + 126 * float(w[k, c, 0, 0]) / reach))
                <= 0.5 + 1e-4
            )
            assert shown.at(y * factor, x * factor) == (k, c, 0, 0)


def test_depthwise_kernels_have_one_input() -> None:
    w = weights(7, 1, 3, 3)
    shown = picture(w, "input", 99)
    assert shown.inputs.tolist() == [0] * 7
    assert shown.norm(4) == pytest.approx(float(np.sqrt((w[4].astype(np.float64) ** 2).sum())))


def test_weights_that_are_not_finite_are_marked() -> None:
    w = weights(2, 3, 3, 3)
    w[0, 1, 0, 0], w[1, 2, 2, 2] = np.nan, np.inf
    shown = picture(w, "strongest")
    assert shown.inputs.tolist() == [1, 2], "what is broken must be seen"
    assert (shown.view.mosaic == LEVEL_NAN).any()
    assert np.isfinite(shown.view.ranges).all()
    figures = kernels.statistics(w)
    assert (figures.nan, figures.inf) == (1, 1)
    finite = w[np.isfinite(w)].astype(np.float64)
    assert (figures.minimum, figures.maximum) == (finite.min(), finite.max())
    assert figures.std == pytest.approx(finite.std())
    assert figures.histogram.sum() == finite.size
    picture(w, "colour")
    picture(w, "mean")


def test_statistics_of_nothing_finite() -> None:
    figures = kernels.statistics(np.full((1, 1, 2, 2), np.nan, np.float32))
    assert np.isnan(figures.minimum)
    assert figures.nan == 4


def test_the_table_is_numpys() -> None:
    w = weights(4, 1, 3, 3)
    table = picture(w, "input").view.channels
    flat = w.reshape(4, -1).astype(np.float64)
    np.testing.assert_allclose(table.mean, flat.mean(1))
    np.testing.assert_allclose(table.std, flat.std(1))
    np.testing.assert_array_equal(table.minimum, flat.min(1))
    np.testing.assert_array_equal(table.maximum, flat.max(1))


def test_only_the_first_weights_see_colours() -> None:
    def conv(name: str, before: str, macs: int = 1) -> Layer:
        return Layer(name, name, "conv2d", (before,), (4, 8, 8), "CHW", macs=macs)

    for channels, wanted in ((3, True), (1, False)):
        first = Layer("input", "input", "input", (), (channels, 8, 8), "CHW")
        graph = Graph((first, conv("pad", "input", 0), conv("a", "pad"), conv("b", "a")))
        assert kernels.sees_colours(graph, graph["a"]) is wanted
        assert not kernels.sees_colours(graph, graph["b"])
    assert not kernels.sees_colours(graph, conv("of another network", "input"))


@pytest.mark.parametrize("slices", ["colour", "strongest"])
def test_the_picture_as_a_file(slices: Slices) -> None:
    shown, file = picture(weights(6, 3, 5, 5), slices), io.BytesIO()
    kernels.png(shown, False, file)
    page = np.asarray(Image.open(file).convert("RGB"))
    assert page.shape[0] > shown.view.mosaic.shape[0]
    if (mosaic := shown.colour((216, 220, 228))) is not None:
        found = {tuple(colour) for colour in page.reshape(-1, 3).tolist()}
        assert {tuple(colour) for colour in mosaic.reshape(-1, 3).tolist()} <= found


def test_the_weights_as_a_file() -> None:
    w, file = weights(6, 3, 5, 5), io.BytesIO()
    kernels.npy(w, file)
    file.seek(0)
    np.testing.assert_array_equal(np.load(file, allow_pickle=False), w)


def test_importing_it_loads_neither_torch_nor_opencv_nor_pillow() -> None:
    code = "import sys, explorer.render.kernels; assert not {'cv2', 'torch', 'PIL'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
