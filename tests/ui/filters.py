"""The filter place on an engine that only remembers: its calculations are done here, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from explorer.engine.events import Calculated, FrameRead, Problem
from explorer.errors import ExplorerError
from explorer.filters.filter import Filter
from explorer.filters.kernel import Kernel, kernels
from explorer.text import set_language
from explorer.values import Bytes, Frame
from tests.ui.samples import Bench
from ui import theme
from ui.places.filter import FilterPlace


def picture(hw: tuple[int, int] = (24, 32), seed: int = 3) -> Bytes:
    """Return a random picture, uint8 (h, w, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (*hw, 3), dtype=np.uint8)


class FilterDesk(Bench):
    """A filter place, its picture, and what its engine is asked to reckon."""

    def __init__(self, language: str = "en", look: str = "dark", size: tuple[int, int] = (1180, 690)) -> None:
        super().__init__()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        set_language(language)
        theme.apply(app, look)
        self.place = FilterPlace(self.store, self.controller)
        self.place.resize(*size)
        self.place.show()

    def show_picture(self, pixels: Bytes) -> Frame:
        """Let a picture arrive, and everything that is reckoned for it."""
        frame = Frame(pixels, "made-up.png")
        self.controller.on_event(FrameRead(self.store.recipe.source, frame))
        self.work()
        return frame

    def work(self, most: int = 10_000) -> None:
        """Reckon what is asked, of each lane the newest, until nothing is."""
        for _turn in range(most):
            waiting = dict(self.engine.calculations)
            self.engine.calculations.clear()
            if not waiting:
                return
            for lane, work in waiting.items():
                try:
                    event = Calculated(lane, work, work())
                except ExplorerError as error:
                    event = Calculated(lane, work, None, error)
                self.controller.on_event(event)

    @property
    def problem(self) -> Problem | None:
        """The newest problem that the window tells outside the place."""
        return next(iter(self.store.problems.values()), None)


@contextmanager
def filter_desk(**more: object) -> Iterator[FilterDesk]:
    """Give a desk and put it away afterwards."""
    one = FilterDesk(**more)  # type: ignore[arg-type]
    try:
        yield one
    finally:
        one.place.close()
        one.place.deleteLater()
        QCoreApplication.sendPostedEvents()


def type_text(widget: QWidget, text: str, end: Qt.Key = Qt.Key.Key_Return) -> None:
    """Type as a person does, over what was there."""
    QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(widget, text)
    QTest.keyClick(widget, end)


OWN = Kernel("", ((1.0, 2.0, -3.0), (0.5, 4.0, 0.0), (0.0, -1.0, 1.0)), 0.25, 10.0)
"""A kernel that no bank has."""
_PADS = {"replicate": "replicate", "reflect": "reflect", "wrap": "circular"}


def by_torch(pixels: Bytes, one: Filter) -> np.ndarray:
    """Return what torch makes of a picture: float64 (h, w, C), neither rounded nor clipped."""
    x = torch.from_numpy(np.asarray(pixels, np.float64)).permute(2, 0, 1)[:, None]
    if one.grey:
        red, green, blue = np.moveaxis(pixels.astype(np.int64), 2, 0)
        grey = np.floor((0.299 * red + 0.587 * green + 0.114 * blue) + 0.5)  # rounded half up
        x = torch.from_numpy(grey)[None, None]
    found = []
    for kernel in kernels(one.kernel):
        weight = torch.tensor(kernel.weights, dtype=torch.float64)
        h, w = weight.shape
        row, column = h // 2, w // 2
        if one.convolve:
            weight = weight.flip(0, 1)
            row, column = h - 1 - row, w - 1 - column
        d = one.dilation
        pads = (column * d, (w - 1 - column) * d, row * d, (h - 1 - row) * d)
        if one.border == "valid":
            padded = x
        elif one.border == "zero":
            padded = torch.nn.functional.pad(x, pads)
        else:
            padded = torch.nn.functional.pad(x, pads, mode=_PADS[one.border])
        sums = torch.nn.functional.conv2d(padded, weight[None, None], stride=one.stride, dilation=d)
        found.append(sums * kernel.scale + kernel.offset)
    result = found[0] if len(found) == 1 else torch.sqrt(found[0] ** 2 + found[1] ** 2)
    return result[:, 0].permute(1, 2, 0).numpy()


def shown(values: np.ndarray) -> Bytes:
    """Return float64 values as a picture: rounded half to even, clipped, three channels."""
    found = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return found if found.shape[2] == 3 else np.repeat(found, 3, axis=2)


def check_against_torch(one: FilterDesk) -> None:
    """Check what the result shows against torch, for a chain of one."""
    (filter_,), found = one.store.recipe.filters, one.place.filtering.found
    assert found is not None
    assert found.chain == (filter_,)
    expected = by_torch(found.frame.pixels, filter_)
    np.testing.assert_array_equal(one.place.filtering.found.pixels, shown(expected))  # type: ignore[union-attr]
    if filter_.signed:
        assert found.values is not None
        wanted = expected if expected.shape[2] == 3 else np.repeat(expected, 3, axis=2)
        np.testing.assert_allclose(found.values, wanted, atol=1e-3)
        assert one.place.result.bar.isVisible()
        assert one.place.result.result.pixels is found.shown.pixels  # type: ignore[union-attr]
    else:
        assert one.place.result.result.pixels is found.pixels
