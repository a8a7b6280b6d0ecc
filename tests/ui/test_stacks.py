"""Two stacks in the window: every pair, other numbers typed in, against torch; mistakes said in place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.receptive.stack import Block, Stack
from explorer.receptive.stack_facts import growth
from explorer.receptive.stack_presets import PAIRS, PRESETS, preset
from explorer.text import set_language
from tests.receptive.torch_stack import against_torch
from tests.ui.desk import until
from ui import theme
from ui.panels.stacks import Stacks
from ui.widgets.stack_editor import StackEditor


@pytest.fixture
def panel(qapp: QApplication) -> Iterator[Stacks]:
    set_language("en")
    theme.apply(qapp, "dark")
    shown = Stacks()
    shown.resize(900, 640)
    shown.show()
    yield shown
    shown.close()
    shown.deleteLater()


def type_into(editor: StackEditor, name: str, value: int) -> None:
    """Type a number as a person does: over the old one, and Tab."""
    spin = editor.numbers[name]
    spin.setFocus()
    spin.selectAll()
    QTest.keyClicks(spin, str(value))
    QTest.keyClick(spin, Qt.Key.Key_Return)


def figures(panel: Stacks) -> dict[str, tuple[str, str]]:
    """Return the table as it can be read: what → first, second."""
    cells = [line.replace("●", "").strip() for line in panel.table.toPlainText().splitlines() if line.strip()]
    rows = cells[cells.index("Second") + 1 :]
    return {rows[i]: (rows[i + 1], rows[i + 2]) for i in range(0, len(rows) - 2, 3)}


def check_against_torch(panel: Stacks) -> None:
    """Check every figure that is written and every cell that is lit."""
    shown = figures(panel)
    for side, stack in enumerate(panel.stacks):
        found = against_torch(stack)
        assert shown["Area of a unit"][side] == "×".join(map(str, found.area))
        assert shown["Cells that it sees"][side] == f"{found.seen} of {found.box}"
        assert shown["Weights"][side].split(" = ")[0] == f"{found.weights:,}"
        assert shown["Biases"][side] == f"{found.biases:,}"
        assert shown["MACs"][side] == f"{found.macs:,}"
        assert shown["Non-linearities"][side] == str(found.nonlinearities)
        assert shown["Output"][side] == "×".join(map(str, found.output))
        assert shown["Values in all maps"][side].split(" · ")[0] == f"{found.values:,}"
        assert panel.views[side].levels == growth(stack)
        assert panel.editors[side].stack == stack


@pytest.mark.parametrize("row", range(len(PAIRS)), ids=["/".join(pair) for pair in PAIRS])
def test_every_pair_with_other_numbers_typed_in(panel: Stacks, row: int) -> None:
    panel.pair.setCurrentIndex(row)
    panel.pair.activated.emit(row)
    assert panel.stacks == tuple(preset(name) for name in PAIRS[row])
    for spin, value in zip(panel.input, (6, 21, 18), strict=True):
        spin.setFocus()
        spin.selectAll()
        QTest.keyClicks(spin, str(value))
        QTest.keyClick(spin, Qt.Key.Key_Return)
    assert [stack.input for stack in panel.stacks] == [(6, 21, 18)] * 2
    check_against_torch(panel)
    for editor in panel.editors:
        editor.list.setCurrentRow(len(editor.stack.blocks) - 1)
        before = editor.stack
        type_into(editor, "kernel", before.blocks[-1].kernel + 2)
        type_into(editor, "stride", before.blocks[-1].stride + 1)
        if before.blocks[-1].kind == "conv":
            type_into(editor, "channels", 12)
        assert editor.stack != before
        assert not editor.note.text() or "does not fit" in editor.note.text()
    check_against_torch(panel)


def test_every_preset_on_either_side(panel: Stacks) -> None:
    for place, name in enumerate(PRESETS):
        for side, editor in enumerate(panel.editors):
            editor.preset.setCurrentIndex(place)
            editor.preset.activated.emit(place)
            assert panel.stacks[side] == preset(name)
            assert editor.preset.currentData() == name
            assert len(panel.views[side].levels) == len(preset(name).blocks) + 1


def test_a_window_larger_than_its_input_is_said_and_the_last_stack_stays(panel: Stacks) -> None:
    for spin in panel.input[1:]:
        spin.setValue(6)
    before, editor = panel.stacks, panel.editors[0]
    type_into(editor, "padding", 0)
    good = panel.stacks
    assert good != before
    type_into(editor, "kernel", 9)
    assert "larger than its input of 6 × 6" in editor.note.text()
    assert editor.numbers["kernel"].value() == 9, "what was typed stays, to be mended"
    assert panel.stacks == good
    assert panel.views[0].levels == growth(good[0])
    type_into(editor, "padding", 2)
    assert editor.note.text() == ""
    assert panel.stacks[0].blocks[0] == Block("conv", 9, 1, 2, 1, 16, 1, True)


def test_an_input_that_a_stack_cannot_take_is_said(panel: Stacks) -> None:
    type_into(panel.editors[0], "padding", 0)
    before = panel.stacks
    panel.input[1].setValue(3)
    assert "larger than its input of 3 × 32" in panel.problem.text()
    assert panel.stacks == before
    panel.input[1].setValue(30)
    assert panel.problem.text() == ""
    assert panel.stacks[0].input == (16, 30, 32)


def test_what_does_not_fit_has_a_note(panel: Stacks) -> None:
    panel.editors[0].take('{"input": [1, 7, 7], "blocks": [{"kind": "conv", "kernel": 3, "stride": 3}]}')
    assert "(7 − 3)/3 + 1 = 2.33" in panel.editors[0].note.text()
    assert [stack.input for stack in panel.stacks] == [(1, 7, 7)] * 2, "the input is one for both"
    assert figures(panel)["Input cells never seen"][0] == "13"


def test_blocks_are_added_removed_and_moved_by_keys(panel: Stacks) -> None:
    editor = panel.editors[1]
    editor.list.setFocus()
    QTest.keyClick(editor.list, Qt.Key.Key_Insert)
    assert len(editor.stack.blocks) == 3
    assert editor.list.currentRow() == 1
    type_into(editor, "kernel", 1)
    assert "padding cannot be 1" in editor.note.text()
    assert [block.kernel for block in editor.stack.blocks] == [3, 3, 3]
    type_into(editor, "padding", 0)
    assert [block.kernel for block in editor.stack.blocks] == [3, 1, 3]
    editor.list.setFocus()
    QTest.keyClick(editor.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert [block.kernel for block in editor.stack.blocks] == [1, 3, 3]
    assert editor.list.currentRow() == 0
    QTest.keyClick(editor.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(editor.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(editor.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert [block.kernel for block in editor.stack.blocks] == [3, 3, 1]
    for _n in range(4):
        QTest.keyClick(editor.list, Qt.Key.Key_Delete)
    assert len(editor.stack.blocks) == 1, "one always stays"
    assert not editor.remove.isEnabled()
    check_against_torch(panel)


@pytest.mark.parametrize(("row", "to"), [(0, 2), (2, 0), (0, 1), (1, 2)])
def test_a_dragged_block(panel: Stacks, row: int, to: int) -> None:
    editor = panel.editors[0]
    blocks = tuple(Block("conv", kernel, padding=kernel // 2, channels=16) for kernel in (1, 3, 5))
    panel.lay_side_by_side(Stack(blocks), preset("one-5x5"))
    expected = list(blocks)
    expected.insert(to, expected.pop(row))
    model, none = editor.list.model(), editor.list.rootIndex()
    assert model.moveRow(none, row, none, to + 1 if to > row else to), "what a drop within the list does"
    until(lambda: editor.stack.blocks != blocks)
    assert list(editor.stack.blocks) == expected
    assert panel.stacks[0] == editor.stack


def test_a_drag_that_would_not_run_goes_back(panel: Stacks) -> None:
    editor = panel.editors[0]
    stack = Stack((Block("conv", 1, channels=3), Block("conv", 1, channels=6, groups=3)), (4, 9, 9))
    panel.lay_side_by_side(stack, preset("one-3x3", (4, 9, 9)))
    model, none = editor.list.model(), editor.list.rootIndex()
    model.moveRow(none, 0, none, 2)
    until(lambda: bool(editor.note.text()))
    assert "divides both" in editor.note.text()
    assert panel.stacks[0] == stack
    assert editor.list.item(1).text() == "Convolution 1×1"
    assert "3 groups" in str(editor.list.item(1).toolTip())


def test_kinds_and_relu(panel: Stacks) -> None:
    editor = panel.editors[0]
    for kind, op in ((1, "max pool"), (2, "average pool"), (0, "conv")):
        editor.kind.setCurrentIndex(kind)
        editor.kind.activated.emit(kind)
        assert panel.stacks[0].blocks[0].kind == op
        assert editor.numbers["channels"].isVisible() == (op == "conv")
        assert editor.numbers["dilation"].isVisible() == (op != "average pool")
        check_against_torch(panel)
    QTest.mouseClick(editor.relu, Qt.MouseButton.LeftButton, pos=QPoint(8, editor.relu.height() // 2))
    assert not panel.stacks[0].blocks[0].relu


def test_undo_takes_every_change_back(panel: Stacks) -> None:
    assert not panel.undo.isEnabled()
    seen = [panel.stacks]
    type_into(panel.editors[0], "stride", 2)
    seen.append(panel.stacks)
    panel.input[0].setValue(8)
    seen.append(panel.stacks)
    panel.editors[1].add.click()
    for before in reversed(seen):
        panel.undo.click()
        assert panel.stacks == before
        assert tuple(editor.stack for editor in panel.editors) == before
    assert not panel.undo.isEnabled()


def test_copied_here_pasted_there(panel: Stacks) -> None:
    type_into(panel.editors[0], "dilation", 2)
    panel.editors[0].copy.click()
    assert Stack.from_json(QGuiApplication.clipboard().text()) == panel.stacks[0]
    panel.editors[1].paste.click()
    assert panel.stacks[1] == panel.stacks[0]


@pytest.mark.parametrize("text", ["", "hello", "[" * 30_000, '{"blocks": []}', '{"blocks": [{"kernel": 0}]}'])
def test_pasting_nonsense_is_said(panel: Stacks, text: str) -> None:
    before = panel.stacks
    panel.editors[1].take(text)
    assert panel.editors[1].note.isVisible()
    assert panel.stacks == before


def test_a_pasted_input_that_the_other_cannot_take(panel: Stacks) -> None:
    type_into(panel.editors[0], "padding", 0)
    before = panel.stacks
    panel.editors[1].take('{"input": [1, 3, 3], "blocks": [{"kind": "conv", "kernel": 3}]}')
    assert "larger than its input of 3 × 3" in panel.problem.text()
    assert panel.stacks == before
    assert panel.editors[1].stack == before[1]


def test_the_area_grows_step_by_step(panel: Stacks, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = panel.views
    assert [level.box for level in second.lit] == [(1, 1), (3, 3), (5, 5)]
    panel.step.setValue(1)
    assert [level.box for level in first.lit] == [(1, 1), (5, 5)]
    assert [level.box for level in second.lit] == [(1, 1), (3, 3)]
    assert second.accessibleDescription() == "output 1 × 1, block 1 3 × 3"
    panel._beat.setInterval(1)
    panel.play.click()
    assert [level.box for level in second.lit] == [(1, 1)]
    until(lambda: panel.step.value() == panel.step.maximum())
    assert len(second.lit) == 3
    panel.play.click()
    panel.hide()
    assert not panel._beat.isActive()


def test_the_better_figure_is_marked(panel: Stacks) -> None:
    lines = [line.strip() for line in panel.table.toPlainText().splitlines() if line.strip()]
    assert "4,608 = 18 C² ●" in lines
    assert "6,400 = 25 C²" in lines
    assert "Fewer weights, 4,608 instead of 6,400" in panel.words.toPlainText()


def test_both_languages_and_themes(panel: Stacks, qapp: QApplication) -> None:
    before = panel.stacks
    for language, look in (("ko", "light"), ("en", "dark")):
        set_language(language)
        theme.apply(qapp, look)
        panel.retranslate()
        for editor in panel.editors:
            editor.retranslate()
        for button in (panel.cut, panel.squares):
            button.click()
            qapp.processEvents()
        assert panel.stacks == before
        assert panel.pair.currentIndex() == 0
        assert panel.editors[1].preset.currentData() == "two-3x3"


def test_the_lit_cells_are_painted(panel: Stacks, qapp: QApplication) -> None:
    """In the cut of one 3×3 with dilation 2: the unit once, three lit cells and two gaps in the input's strip."""
    panel.lay_side_by_side(preset("dilated-3x3"), preset("one-5x5"))
    qapp.processEvents()
    counts = []
    for view in panel.views:
        image = view.grab().toImage()
        rows = []
        for y in range(image.height()):
            row = [image.pixelColor(x, y).name() for x in range(image.width())]
            rows.append(sum(a != b and b == theme.current().accent for a, b in pairwise(row)))
        counts.append(max(set(rows) - {0}, key=rows.count))
    assert counts == [3, 5]


@pytest.mark.parametrize(("width", "scale"), [(900, 1.0), (640, 1.0), (800, 1.5), (1500, 2.0)])
def test_nothing_lies_beyond_the_right_edge(panel: Stacks, qapp: QApplication, width: int, scale: float) -> None:
    theme.apply(qapp, "dark", scale)
    panel.resize(width, 640)
    until(lambda: panel.width() == width)
    qapp.processEvents()
    for editor in panel.editors:
        for widget in (editor.paste, editor.list, *editor.numbers.values(), editor.relu):
            right = widget.mapTo(panel, QPoint(widget.width(), 0)).x()
            assert right <= width
            assert widget.width() >= min(widget.minimumSizeHint().width(), theme.px(56))
    theme.apply(qapp, "dark")


def test_only_padding_left_over_is_said_so(panel: Stacks) -> None:
    panel.editors[0].take('{"input": [1, 32, 32], "blocks": [{"kernel": 3, "stride": 2, "padding": 1}]}')
    assert "(32 + 2 − 3)/2 + 1 = 16.5" in panel.editors[0].note.text()
    assert "only padding" in panel.editors[0].note.text()
    assert figures(panel)["Input cells never seen"][0] == "0"


def test_the_pages_have_room_for_their_text_at_any_width(qapp: QApplication) -> None:
    panel = Stacks()
    panel.show()
    for width in (1900, 900, 1500):
        panel.resize(width, 800)
        QApplication.processEvents()
        for page in (panel.table, panel.words):
            assert page.document().size().height() <= page.height()
            assert page.height() < page.document().size().height() + 12
    panel.close()
    panel.deleteLater()
