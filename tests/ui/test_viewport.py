"""Fit, zoom and pan, against what they promise rather than against their formulas."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ui.widgets.viewport import LARGEST_SCALE, Viewport

sizes = st.tuples(st.integers(1, 5000), st.integers(1, 5000))
views = st.tuples(st.integers(20, 2000), st.integers(20, 2000))
moves = st.lists(
    st.tuples(st.floats(0.2, 5), st.floats(0, 1), st.floats(0, 1), st.floats(-900, 900), st.floats(-900, 900)),
    max_size=6,
)


def wander(picture: tuple[int, int], view: tuple[int, int], steps: list[tuple[float, ...]]) -> Viewport:
    place = Viewport.fit(picture, view)
    for factor, y, x, dy, dx in steps:
        place = place.zoomed(factor, y * view[0], x * view[1]).panned(dy, dx)
    return place


def test_fit_shows_everything_and_touches_two_edges() -> None:
    place = Viewport.fit((300, 450), (200, 200))
    assert place.to_view(0, 0)[1] == 0
    assert place.to_view(300, 450)[1] == 200
    top, bottom = place.to_view(0, 0)[0], place.to_view(300, 450)[0]
    assert 0 < top == 200 - bottom
    assert place.visible() == (0, 0, 300, 450)


@given(sizes, views, moves)
def test_there_and_back(picture: tuple[int, int], view: tuple[int, int], steps: list[tuple[float, ...]]) -> None:
    place = wander(picture, view, steps)
    y, x = place.to_picture(*place.to_view(1.5, 2.25))
    assert abs(y - 1.5) < 1e-6
    assert abs(x - 2.25) < 1e-6


@given(sizes, views, moves)
def test_never_a_margin_beside_a_picture_that_is_larger(
    picture: tuple[int, int], view: tuple[int, int], steps: list[tuple[float, ...]]
) -> None:
    place = wander(picture, view, steps)
    (top, left), (bottom, right) = place.to_view(0, 0), place.to_view(*picture)
    for start, end, room in ((top, bottom, view[0]), (left, right, view[1])):
        if end - start > room:
            assert start <= 1e-6
            assert end >= room - 1e-6
        else:
            assert abs(start - (room - end)) < 1e-6


@given(sizes, views, st.floats(1, 30), st.floats(0.1, 0.9), st.floats(0.1, 0.9))
def test_zoom_keeps_what_is_under_the_pointer(
    picture: tuple[int, int], view: tuple[int, int], factor: float, fy: float, fx: float
) -> None:
    place = Viewport.fit(picture, view)
    y, x = place.to_view(fy * picture[0], fx * picture[1])
    before = place.to_picture(y, x)
    after = place.zoomed(factor, y, x)
    (top, left), (bottom, right) = after.to_view(0, 0), after.to_view(*picture)
    if top < 0 and bottom > view[0]:  # else its edge, which may not leave the view's, decides
        assert abs(after.to_picture(y, x)[0] - before[0]) < 1e-6 * picture[0] + 1e-6
    if left < 0 and right > view[1]:
        assert abs(after.to_picture(y, x)[1] - before[1]) < 1e-6 * picture[1] + 1e-6


@settings(max_examples=60)
@given(sizes, views, moves)
def test_the_pixel_under_a_point_is_visible_and_holds_it(
    picture: tuple[int, int], view: tuple[int, int], steps: list[tuple[float, ...]]
) -> None:
    place = wander(picture, view, steps)
    for y, x in ((0.0, 0.0), (view[0] / 2, view[1] / 2), (view[0] - 0.01, view[1] - 0.01)):
        pixel = place.pixel(y, x)
        if pixel is None:
            continue
        y0, x0, y1, x1 = place.visible()
        assert y0 <= pixel[0] < y1
        assert x0 <= pixel[1] < x1
        top, left = place.to_view(*pixel)
        bottom, right = place.to_view(pixel[0] + 1, pixel[1] + 1)
        assert top - 1e-6 <= y <= bottom + 1e-6
        assert left - 1e-6 <= x <= right + 1e-6


def test_zoom_ends_at_one_pixel_and_at_the_whole_picture() -> None:
    place = Viewport.fit((300, 450), (200, 200))
    for _ in range(60):
        place = place.zoomed(1.25, 100, 100)
    assert place.scale == LARGEST_SCALE
    assert not place.fitted
    for _ in range(60):
        place = place.zoomed(0.8, 100, 100)
    assert place == Viewport.fit((300, 450), (200, 200))


def test_a_tiny_picture_fits_beyond_the_largest_scale() -> None:
    place = Viewport.fit((1, 1), (400, 300))
    assert place.scale == 300
    assert place.zoomed(2, 10, 10) == place


def test_resize_keeps_the_middle_or_stays_fitted() -> None:
    fit = Viewport.fit((300, 450), (200, 200))
    assert fit.resized((400, 300)) == Viewport.fit((300, 450), (400, 300))
    near = fit.zoomed(10, 100, 100)
    middle = near.to_picture(100, 100)
    after = near.resized((260, 320)).to_picture(130, 160)
    assert abs(after[0] - middle[0]) < 1e-9
    assert abs(after[1] - middle[1]) < 1e-9


def test_no_pixel_beside_the_picture() -> None:
    place = Viewport.fit((100, 200), (200, 200))
    assert place.pixel(10, 100) is None
    assert place.pixel(100, 100) == (50, 100)
    assert place.pixel(149.9, 199.9) == (99, 199)
    assert place.pixel(151, 100) is None


def test_centred_brings_a_place_to_the_middle() -> None:
    place = Viewport.fit((300, 450), (200, 200)).zoomed(20, 0, 0).centred(150, 225)
    assert place.to_view(150, 225) == (100, 100)
