"""The chain and the bank of the filter place: order, switches, undo, own kernels, and chains as text and files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from explorer.filters import own
from explorer.filters.bank import BANK
from explorer.filters.filter import Filter
from explorer.filters.kernel import Kernel
from tests.ui.desk import until
from tests.ui.filters import OWN, FilterDesk, by_torch, check_against_torch, filter_desk, picture, shown
from ui.widgets.filter_rows import box_of


@pytest.fixture
def one(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FilterDesk]:
    monkeypatch.setenv("CNN_EXPLORER_HOME", str(tmp_path / "home"))
    with filter_desk() as it:
        it.show_picture(picture())
        yield it


def test_the_chain_is_ordered_switched_and_undone(one: FilterDesk) -> None:
    place, box, sharpen, sobel = one.place, *(BANK[name].filter for name in ("box", "sharpen", "sobel-x"))
    place.bank.list.choose("box")
    QTest.keyClick(place.bank.list, Qt.Key.Key_Return)
    for name in ("sharpen", "sobel-x"):
        place.bank.list.choose(name)
        QTest.keyClick(place.bank.list, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert one.store.recipe.filters == (box, sharpen, sobel)
    assert place.filtering.chosen == place.chain.list.currentRow() == 2
    QTest.keyClick(place.chain.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert one.store.recipe.filters == (box, sobel, sharpen)
    assert place.filtering.chosen == 1
    QTest.keyClick(place.chain.list, Qt.Key.Key_Space)
    assert one.store.recipe.filters == (box, replace(sobel, enabled=False), sharpen)
    rect = box_of(place.chain.list.visualItemRect(place.chain.list.item(0)))
    QTest.mouseClick(place.chain.list.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert [each.enabled for each in one.store.recipe.filters] == [False, False, True]
    one.work()
    found = place.filtering.found
    assert found is not None
    np.testing.assert_array_equal(found.pixels, shown(by_torch(found.frame.pixels, sharpen)))
    place.chain.list.setCurrentRow(1)
    QTest.keyClick(place.chain.list, Qt.Key.Key_Delete)
    assert one.store.recipe.filters == (replace(box, enabled=False), sharpen)
    for _n in range(4):
        one.controller.undo()
    assert one.store.recipe.filters == (box, sharpen, sobel)
    assert place.chain.list.count() == 3
    one.controller.redo()
    assert one.store.recipe.filters == (box, sobel, sharpen)
    place.chain.clear.click()
    assert one.store.recipe.filters == ()
    assert place.chain.empty.isVisible()


def test_a_chain_is_dragged_into_another_order(one: FilterDesk) -> None:
    chain = tuple(BANK[name].filter for name in ("box", "sharpen", "sobel-x"))
    one.place.filtering.change(chain, 0)
    model = one.place.chain.list.model()
    assert model.moveRow(one.place.chain.list.rootIndex(), 0, one.place.chain.list.rootIndex(), 3)
    until(lambda: one.store.recipe.filters != chain)
    assert one.store.recipe.filters == (*chain[1:], chain[0])


def test_a_chain_goes_as_text_and_as_a_file(one: FilterDesk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chain = (Filter(OWN, "wrap", 2, 3, True, True, True, False), BANK["sobel-magnitude"].filter)
    panel = one.place.chain
    one.place.filtering.change(chain, 0)
    QTest.keyClick(panel.list, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "für alle"), ""))
    panel.save.click()
    path, content = one.engine.saved[-1]
    assert path.endswith("für alle.json")
    panel.clear.click()
    assert one.store.recipe.filters == ()
    panel.paste.click()
    assert one.store.recipe.filters == chain
    panel.clear.click()
    file = tmp_path / "chain ä.json"
    file.write_bytes(content)
    panel.open_file(file)
    assert one.store.recipe.filters == chain
    for bad in (b"", b"[", b"\xff\xfe", b'[{"kernel": 3}]', b"{}"):
        file.write_bytes(bad)
        panel.open_file(file)
        assert panel.problem.isVisible()
        assert one.store.recipe.filters == chain
    panel.open_file(tmp_path / "gone.json")
    assert "gone.json" in panel.problem.text()


def test_the_filter_after_another_gets_what_that_gives(one: FilterDesk) -> None:
    box, sobel = BANK["box"].filter, BANK["sobel-x"].filter
    one.place.filtering.change((box, sobel), 1)
    one.work()
    found = one.place.filtering.found
    assert found is not None
    blurred = shown(by_torch(found.frame.pixels, box))
    np.testing.assert_array_equal(found.before, blurred)
    np.testing.assert_allclose(found.after, by_torch(blurred, sobel), atol=1e-3)
    whole = one.place.impulse.whole.impulse
    assert whole is not None
    assert whole.values.shape == (7, 7)
    own_response = one.place.impulse.own.impulse
    assert own_response is not None
    np.testing.assert_allclose(own_response.values, np.array(BANK["sobel-x"].kernel.weights)[::-1, ::-1])  # type: ignore[union-attr]


def test_own_kernels_are_kept_shared_and_thrown_away(one: FilterDesk, tmp_path: Path) -> None:
    bank = one.place.bank
    one.place.filtering.put(Filter(OWN))
    bank.name.setText("Mein Kernel ä")
    QTest.keyClick(bank.name, Qt.Key.Key_Return)
    assert own.load()[0] == {"Mein Kernel ä": own.named(OWN, "Mein Kernel ä")}
    assert bank.list.current() == "own:Mein Kernel ä"
    for name, told in (("Mein Kernel ä", "already"), ("sharpen", "already"), (" ", "cannot be called")):
        bank.name.setText(name)
        bank.keep.click()
        assert told in bank.problem.text()
    shared = tmp_path / "für alle.toml"
    bank.save_file(shared)
    assert list(own.read(shared)) == ["Mein Kernel ä"]
    bank.list.choose("own:Mein Kernel ä")
    QTest.keyClick(bank.list, Qt.Key.Key_Delete)
    assert own.load()[0] == {}
    bank.open_file(shared)
    assert list(own.load()[0]) == ["Mein Kernel ä"]
    one.place.filtering.put(BANK["box"].filter)
    bank.put("own:Mein Kernel ä", False)
    one.work()
    assert one.store.recipe.filters[0].kernel == own.named(OWN, "Mein Kernel ä")
    check_against_torch(one)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[[kernel]]\nname = 'a'\n", b"kernel = 3", b"{"])
def test_a_broken_file_of_kernels_is_said(one: FilterDesk, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kernels.toml"
    path.write_bytes(content)
    one.place.bank.open_file(path)
    assert str(path) in one.place.bank.problem.text()
    assert own.load()[0] == {}
    one.place.bank.open_file(tmp_path / "gone.toml")
    assert "not there" in one.place.bank.problem.text()
    one.place.bank.save_file(path / "in a file.toml")
    assert one.place.bank.problem.isVisible()


def test_sigma_makes_a_gaussian(one: FilterDesk) -> None:
    bank = one.place.bank
    bank.list.choose("gaussian")
    assert [spin.isVisible() for spin in bank.numbers] == [True, False]
    bank.numbers[0].setValue(2.0)
    one.work()
    kernel = one.store.recipe.filters[0].kernel
    assert isinstance(kernel, Kernel)
    assert kernel.shape == (13, 13)
    weights = np.array(kernel.weights)
    assert weights[6, 4] / weights[6, 6] == pytest.approx(np.exp(-0.5))
    check_against_torch(one)
