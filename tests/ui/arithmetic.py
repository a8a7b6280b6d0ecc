"""The arithmetic place without a window around it, how a person types into it, and its cases by torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit

from explorer.arithmetic.case import Case
from explorer.recipe import Recipe
from explorer.text import set_language
from ui import theme
from ui.places.arithmetic import ArithmeticPlace
from ui.store import Store
from ui.widgets.number_grid import NumberGrid


@contextmanager
def arithmetic_place() -> Iterator[ArithmeticPlace]:
    """Give a place that is shown and put it away afterwards."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    set_language("en")
    theme.apply(app, "dark")
    place = ArithmeticPlace(Store(Recipe(network="sample")))
    place.resize(1190, 690)
    place.show()
    try:
        yield place
    finally:
        place.close()
        place.deleteLater()


def by_torch(case: Case) -> torch.Tensor:
    """Return the output of a case as torch has it, float64 (K, rows, columns)."""
    x = torch.tensor(case.input, dtype=torch.float64)[None]
    functional = torch.nn.functional
    if case.kind == "pool":
        assert len(set(case.padding)) == 1
        steps = (case.window, case.stride, case.padding[0])
        if case.pool == "max":
            return functional.max_pool2d(x, *steps, case.dilation, case.ceil_mode)[0]
        if case.pool == "average":
            return functional.avg_pool2d(x, *steps, case.ceil_mode, case.count_padding)[0]
        if case.pool == "global":
            return functional.adaptive_avg_pool2d(x, 1)[0]
        return functional.lp_pool2d(x, 2.0, case.window, case.stride, case.ceil_mode)[0]
    weight = torch.tensor(case.filters, dtype=torch.float64)
    bias = torch.tensor(case.bias, dtype=torch.float64) if case.bias else None
    if case.kind == "fc":
        return functional.linear(x.flatten(), weight.flatten(1), bias)[:, None, None]
    top, bottom, left, right = case.padding
    mode = {"zero": "constant"}.get(case.padding_kind, case.padding_kind)
    x = functional.pad(x, (left, right, top, bottom), mode=mode)
    return functional.conv2d(x, weight, bias, case.stride, 0, case.dilation, case.groups)[0]


def type_cell(grid: NumberGrid, row: int, column: int, text: str) -> None:
    """Choose a cell and type into it."""
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.rect_of(row, column).center().toPoint())
    QTest.keyClicks(grid, text[0])
    QTest.keyClicks(grid._field, text[1:])
    QTest.keyClick(grid._field, Qt.Key.Key_Return)


def choose(box: QComboBox, value: object) -> None:
    """Choose an entry as a person does."""
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


def type_field(field: QLineEdit, text: str) -> None:
    """Type over what was there."""
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def check_against_torch(one: ArithmeticPlace) -> None:
    """Check everything that is shown of the values: the maps, and each opened value where there are few."""
    work = one.work
    wanted = by_torch(work.case).numpy()
    np.testing.assert_allclose(work.output, wanted, rtol=1e-12, atol=1e-9)
    planes = one.stage.canvas._planes["output"]
    np.testing.assert_array_equal(planes.reshape(-1), work.output.reshape(-1))
    for place in {0, min(1, work.last), work.last // 2, work.last}:
        work.go(place)
        assert work.trace.result == pytest.approx(float(wanted.reshape(-1)[place]), rel=1e-12, abs=1e-9)
        terms = one.sum.terms.rows
        assert terms.trace == work.trace
        assert terms.rowCount() == len(work.trace.terms)
