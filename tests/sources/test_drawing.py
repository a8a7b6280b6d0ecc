"""A drawing: its text, its picture against an independent numpy one, and LeNet-5 that reads it."""

from __future__ import annotations

import math
import subprocess
import sys
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer import frame_path, sources
from explorer.errors import SourceError
from explorer.recipe import Recipe
from explorer.session import Session
from explorer.sources import drawing
from explorer.sources.drawing import CANVAS, MOST_POINTS, MOST_STROKES, WIDTHS, Drawing, Stroke
from explorer.values import Source
from tests.sources.digits_by_hand import DIGITS

points = st.tuples(st.integers(0, CANVAS), st.integers(0, CANVAS))
strokes = st.builds(
    Stroke,
    st.sampled_from(["pen", "eraser"]),
    st.integers(*WIDTHS),
    st.lists(points, min_size=1, max_size=9).map(tuple),
)
drawings = st.lists(strokes, max_size=5).map(lambda found: Drawing(tuple(found)))


def by_hand(digit: int, width: int = drawing.PEN) -> Drawing:
    return Drawing(tuple(Stroke("pen", width, stroke) for stroke in DIGITS[digit]))


# text


@given(drawings)
def test_the_text_is_the_drawing(one: Drawing) -> None:
    assert Drawing.from_text(one.to_text()) == one
    recipe = Recipe(source=Source("drawing", one.to_text()))
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_the_text_is_what_it_says() -> None:
    text = "1;p24 140,30 141,34;e40 9,9"
    found = Drawing.from_text(text)
    assert found.strokes == (Stroke("pen", 24, ((140, 30), (141, 34))), Stroke("eraser", 40, ((9, 9),)))
    assert found.to_text() == text
    assert Drawing.from_text("") == Drawing.from_text("1") == Drawing()


BAD = [
    "x",
    "1;",
    "1;p24",
    "1;p24 1",
    "1;p24 1,2,3",
    "1;p24 1,2  3,4",
    "1;p24 -1,2",
    "1;p24 281,2",
    "1;p24 1,999",
    "1;p7 1,2",
    "1;p61 1,2",
    "1;q24 1,2",
    "1;p24 1,2;",
    "1;p24 ١,٢",
    "1;p24 1.5,2",
    "1\n",
    "/home/person/picture.png",
    "1;" + "p24 1,2;" * 9,
    ";".join(["1", *["p24 1,2"] * (MOST_STROKES + 1)]),
    "1;p24 " + " ".join(["1,2"] * (MOST_POINTS + 1)),
    "1" * 5000,
    "p" * 10_000_000,
]


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_what_is_no_drawing_is_refused_in_one_short_sentence(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        sources.read(Source("drawing", text))
    assert "draw it anew" in str(caught.value)
    assert len(str(caught.value)) < 140


def test_a_newer_version_is_told_apart() -> None:
    with pytest.raises(SourceError, match="newer version"):
        Drawing.from_text("2;p24 1,2 pressure")


def test_it_never_grows_beyond_what_it_can_read() -> None:
    one = Drawing()
    for _ in range(MOST_STROKES + 3):
        one = one.with_(Stroke("pen", 20, ((1, 1),)))
    assert len(one.strokes) == MOST_STROKES
    assert Drawing.from_text(one.to_text()) == one
    long = Stroke("pen", 20, ((280, 280),) * (MOST_POINTS - 1))
    one = Drawing((Stroke("pen", 60, ((280, 280),)),)).with_(long).with_(Stroke("pen", 20, ((2, 2), (3, 3))))
    assert len(one.strokes) == 1, "the oldest went"
    one = Drawing().with_(Stroke("pen", 60, ((280, 280),) * (MOST_POINTS + 5)))
    assert Drawing.from_text(one.to_text()) == one


# picture


def test_an_empty_pad_is_a_black_picture() -> None:
    frame = sources.read(Source("drawing", ""))
    assert frame.pixels.shape == (28, 28, 3)
    assert not frame.pixels.any()
    assert not sources.read(Source("drawing", "1;e40 100,100 200,200")).pixels.any()
    wiped = Drawing((Stroke("pen", 20, ((100, 100),)), Stroke("eraser", 60, ((100, 100),))))
    assert not sources.read(Source("drawing", wiped.to_text())).pixels.any()


def coverage(stroke: Stroke) -> np.ndarray:
    """Which points of a grid of 280 × 280 lie within half a width of the line, float64 0 or 1."""
    y, x = np.mgrid[0:CANVAS, 0:CANVAS].astype(np.float64)
    near = np.full((CANVAS, CANVAS), np.inf)
    ends = list(zip(stroke.points, stroke.points[1:] or stroke.points, strict=False))
    for (x0, y0), (x1, y1) in ends:
        along = (x1 - x0) ** 2 + (y1 - y0) ** 2
        share = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / along, 0, 1) if along else 0.0
        near = np.minimum(near, np.hypot(x - x0 - share * (x1 - x0), y - y0 - share * (y1 - y0)))
    return (near <= stroke.width / 2).astype(np.float64)


@pytest.mark.parametrize("digit", DIGITS)
def test_the_line_is_as_wide_as_the_pen(digit: int) -> None:
    wanted = np.max([coverage(stroke) for stroke in by_hand(digit).strokes], axis=0)
    found = drawing.raster(by_hand(digit)) / 255
    difference = np.abs(found - wanted)
    assert difference.mean() < 0.012, "but for the smooth edge they are one"
    assert found.max() == 1


def weights(size: int, into: int) -> np.ndarray:
    """Return (into, size): the share of each of ``size`` cells in each of ``into`` equal parts."""
    edges = np.arange(into + 1) * size / into
    cells = np.arange(size)
    overlap = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    return np.maximum(overlap, 0) * into / size


def reference(grey: np.ndarray) -> np.ndarray:
    """MNIST's rule in float64: box of 20 by area means, centre of mass to pixel (14, 14)."""
    rows, columns = np.nonzero(grey)
    box = grey[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].astype(np.float64)
    h, w = (max(round(side * 20 / max(box.shape)), 1) for side in box.shape)
    box = np.rint(weights(box.shape[0], h) @ box @ weights(box.shape[1], w).T)
    field = np.zeros((28, 28))
    y = round(14 - (box.sum(1) * np.arange(h)).sum() / box.sum())
    x = round(14 - (box.sum(0) * np.arange(w)).sum() / box.sum())
    field[y : y + h, x : x + w] = box
    return field


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize("width", [10, 24, 44])
def test_the_picture_follows_the_rule_of_mnist(digit: int, width: int) -> None:
    pad = drawing.raster(by_hand(digit, width))
    found = drawing.as_mnist(pad)
    assert np.abs(found - reference(pad)).max() <= 1
    rows, columns = np.nonzero(found)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20


def test_digits_of_mnist_pass_unchanged() -> None:
    with (resources.files("resources") / "digits" / "digits.npz").open("rb") as file:
        digits = np.load(file)["x"][::7]
    for digit in digits:
        np.testing.assert_array_equal(drawing.as_mnist(digit), digit)


def test_where_it_is_drawn_does_not_matter() -> None:
    first = Drawing((Stroke("pen", 20, ((60, 60), (60, 120), (100, 120))),))
    moved = Drawing((Stroke("pen", 20, ((140, 90), (140, 150), (180, 150))),))
    np.testing.assert_array_equal(drawing.as_mnist(drawing.raster(first)), drawing.as_mnist(drawing.raster(moved)))


def test_nothing_is_pushed_out_of_the_field() -> None:
    """A heavy dot at the end of a long thin line draws the centre of mass far to one side."""
    one = Drawing((Stroke("pen", 8, ((10, 140), (270, 140))), Stroke("pen", 60, ((40, 140),))))
    found = drawing.as_mnist(drawing.raster(one))
    columns = np.flatnonzero(found.any(0))
    assert columns[-1] - columns[0] + 1 == 20
    assert found.any()


@pytest.mark.parametrize("grey", [np.zeros((28, 28), np.uint8), np.pad(np.uint8([[1]]), 300)])
def test_almost_nothing_is_drawn(grey: np.ndarray) -> None:
    assert drawing.as_mnist(grey).shape == (28, 28)


@given(drawings)
def test_every_drawing_has_a_picture(one: Drawing) -> None:
    frame = sources.read(Source("drawing", one.to_text()))
    assert frame.pixels.shape == (28, 28, 3)
    assert (frame.pixels[..., :1] == frame.pixels).all(), "grey"
    assert math.isfinite(frame.time_s)


# recognised


@pytest.mark.parametrize("width", [16, 24, 32])
def test_lenet_reads_what_is_drawn(width: int) -> None:
    network = Session().open("lenet5", device="cpu")
    answers = []
    for digit in DIGITS:
        frame = sources.read(Source("drawing", by_hand(digit, width).to_text()))
        result = frame_path.run(network, frame, Recipe(network="lenet5", thumbnails=()))
        answers.append(result.predictions[0].index)
    assert sum(answer == digit for answer, digit in zip(answers, DIGITS, strict=True)) >= 9, answers


def test_importing_it_loads_no_opencv() -> None:
    code = "import sys, explorer.sources.drawing; assert not {'cv2', 'torch'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
