"""Sizes against torch over a thousand windows; the lecture's and others' published sizes; what is never seen."""

from __future__ import annotations

import random
import time
from fractions import Fraction

import pytest
import torch
from torch.nn import functional

from explorer.arithmetic.sizes import Fit
from explorer.arithmetic.words import runs, told
from explorer.errors import PersonError

KINDS = ("conv", "max pool", "max pool, ceil", "average pool", "average pool, ceil")


def _window(draw: random.Random) -> tuple[str, Fit]:
    kind = draw.choice(KINDS)
    kernel, stride = draw.randint(1, 7), draw.randint(1, 9)
    dilation = 1 if "average" in kind else draw.randint(1, 3)
    padding = (draw.randint(0, 6), draw.randint(0, 6)) if kind == "conv" else (draw.randint(0, kernel // 2),) * 2
    n = max(1, dilation * (kernel - 1) + 1 - sum(padding)) + draw.randint(0, 20)
    return kind, Fit(n, kernel, stride, padding, dilation, "ceil" in kind)


def _torch(kind: str, fit: Fit, x: torch.Tensor) -> torch.Tensor:
    if kind == "conv":
        weight = torch.ones(1, 1, fit.kernel, dtype=x.dtype)
        return functional.conv1d(functional.pad(x, fit.padding), weight, stride=fit.stride, dilation=fit.dilation)
    padding = fit.padding[0]
    if kind.startswith("max"):
        return functional.max_pool1d(x, fit.kernel, fit.stride, padding, fit.dilation, fit.ceil_mode)
    return functional.avg_pool1d(x, fit.kernel, fit.stride, padding, fit.ceil_mode)


def _seen(fit: Fit) -> list[int]:
    """Return the cells that have a gradient when every window of torch's convolution is summed."""
    x = torch.zeros(1, 1, fit.n, dtype=torch.float64, requires_grad=True)
    windows = functional.pad(x, (fit.padding[0], fit.padding[1] + fit.span + fit.stride)).unfold(
        -1, fit.span, fit.stride
    )
    windows[0, 0, : fit.out, :: fit.dilation].sum().backward()
    assert x.grad is not None
    return x.grad[0, 0].nonzero().flatten().tolist()


def test_a_thousand_windows_against_torch() -> None:
    draw, unfit, over, unseen = random.Random(5), 0, 0, 0
    for _window_number in range(1000):
        kind, fit = _window(draw)
        assert fit.out == _torch(kind, fit, torch.zeros(1, 1, fit.n)).shape[-1], (kind, fit)
        seen = _seen(fit)
        assert sorted([*seen, *fit.unseen]) == list(range(fit.n)), (kind, fit)
        assert fit.fits == (fit.out == fit.exact), (kind, fit)
        unfit += not fit.fits
        over += fit.out > fit.exact
        unseen += bool(fit.unseen)
    assert min(unfit, over, unseen) > 100, "the thousand hold what they are meant to prove"


def test_the_paddings_that_mend() -> None:
    """Against all paddings narrower than the window: each fits, and among them are the one with the fewest more cells,
    the fewest on both sides alike, and the fewest less.
    """
    draw, proposed = random.Random(6), 0
    for _window_number in range(400):
        kernel, stride, n = draw.randint(1, 6), draw.randint(2, 6), draw.randint(6, 20)
        fit = Fit(n, kernel, stride, (draw.randint(0, kernel - 1), draw.randint(0, kernel - 1)))
        if fit.fits:
            assert fit.mend == ()
            continue
        (before, after), sides = fit.padding, range(kernel)
        right = {(a, b) for a in sides for b in sides if Fit(n, kernel, stride, (a, b)).fits}
        assert set(fit.mend) <= right, fit
        more = [a + b for a, b in right if a >= before and b >= after]
        less = [a + b for a, b in right if a <= before and b <= after]
        fewest = {(a, b) for a, b in right if a >= before and b >= after and a + b == min(more)}
        assert not fewest or min(abs(a - b) for a, b in fewest) in {abs(a - b) for a, b in fewest & set(fit.mend)}, fit
        alike = [a + b for a, b in right if a == b >= max(before, after)]
        proposals = list(map(sum, fit.mend))
        for best in (*sorted(more)[:1], *sorted(alike)[:1], *sorted(less)[-1:]):
            assert best in proposals, fit
        assert proposals == sorted(proposals)
        assert bool(fit.mend) == bool(more or less)
        proposed += bool(fit.mend)
    assert proposed > 50


@pytest.mark.parametrize(
    ("fit", "exact", "out"),
    [
        (Fit(7, 3, 1), 5, 5),
        (Fit(7, 3, 2), 3, 3),
        (Fit(7, 3, 3), Fraction(7, 3), 2),
        (Fit(7, 3, 1, (1, 1)), 7, 7),
        (Fit(7, 3, 2, (1, 1)), 4, 4),
        (Fit(32, 5), 28, 28),
        (Fit(227, 11, 4), 55, 55),  # AlexNet, the lecture
        (Fit(224, 11, 4, (2, 2)), Fraction(221, 4), 55),  # Krizhevsky 2014, torchvision's
        (Fit(55, 3, 2), 27, 27),
        (Fit(4, 3), 2, 2),  # Dumoulin and Visin 2016, figures 2.1 …
        (Fit(5, 4, 1, (2, 2)), 6, 6),
        (Fit(5, 3, 2), 2, 2),
        (Fit(6, 3, 2, (1, 1)), Fraction(7, 2), 3),
        (Fit(7, 3, 1, dilation=2), 3, 3),  # … and 5.1
    ],
)
def test_published_sizes(fit: Fit, exact: Fraction | int, out: int) -> None:
    assert (fit.exact, fit.out) == (exact, out)


def test_worked_with_the_persons_numbers() -> None:
    assert Fit(7, 3, 3).formula == "(N − F)/stride + 1"
    assert Fit(7, 3, 3).worked == "(7 − 3)/3 + 1 = 2.33"
    assert Fit(7, 3, 2, (1, 1)).worked == "(7 + 2·1 − 3)/2 + 1 = 4"
    assert Fit(7, 3, 1, (0, 1)).worked == "(7 + 0 + 1 − 3)/1 + 1 = 6"
    assert Fit(9, 3, 2, dilation=3).worked == "(9 − 3·(3 − 1) − 1)/2 + 1 = 2"


def test_a_worked_formula_is_true() -> None:
    draw = random.Random(7)
    for _window_number in range(200):
        _kind, fit = _window(draw)
        sum_, shown = fit.worked.replace("−", "-").replace("·", "*").split(" = ")
        assert eval(sum_) == pytest.approx(float(fit.exact))
        assert shown == (f"{fit.exact}" if fit.fits else f"{float(fit.exact):.2f}")


def test_what_is_told_where_it_does_not_fit() -> None:
    sentences = " ".join(told(Fit(7, 3, 3)))
    assert "2.33 is not whole" in sentences
    assert "round down to 2" in sentences
    assert "cell 7 of 7" in sentences
    assert "padding 1 on both sides or 0 before and 2 after" in sentences
    assert told(Fit(7, 3, 2)) == []
    assert "rounded up to 3" in told(Fit(7, 3, 3, ceil_mode=True))[0]
    assert "stays 2" in told(Fit(5, 1, 3, ceil_mode=True))[0]
    assert "an input of 6 or 11 cells would" in told(Fit(9, 1, 5))[-1]


def test_one_window_where_the_stride_is_huge() -> None:
    fit = Fit(7, 3, 10_000)
    assert (fit.out, fit.unseen) == (1, (3, 4, 5, 6))


def test_a_wide_window_over_many_cells_is_worked_at_once() -> None:
    """25 million reads, while a person types."""
    began = time.perf_counter()
    fit = Fit(10_000, 5_000)
    assert (fit.out, fit.unseen) == (5_001, ())
    assert time.perf_counter() - began < 1


def test_cells_as_a_person_counts() -> None:
    assert runs((1, 4, 5, 6)) == "2, 5–7"
    assert runs(()) == ""


@pytest.mark.parametrize(
    ("numbers", "part"),
    [
        ((3, 7), "A window of 7 cells is larger than the input of 3"),
        ((7, 0), "F cannot be 0"),
        ((0, 1), "N cannot be 0"),
        ((7, 3, 0), "Stride cannot be 0"),
        ((7, 3, 10_001), "Stride cannot be 10001: it is a whole number from 1 to 10000"),
        ((7, 3, 1, (-1, 0)), "Padding cannot be -1"),
        ((7, 3, 1, (0, 0), 0), "Dilation cannot be 0"),
        ((7.5, 3), "N cannot be 7.5"),
        ((7, True), "F cannot be True"),
        ((float("nan"), 3), "N cannot be nan"),
    ],
)
def test_mistakes(numbers: tuple[int, ...], part: str) -> None:
    with pytest.raises(PersonError) as caught:
        Fit(*numbers)
    assert part in str(caught.value)
