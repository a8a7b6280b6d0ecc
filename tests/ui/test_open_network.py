"""A person's own network from the file to the window: what is asked, what is kept, and what never runs unasked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QWidget

from explorer.engine import Engine
from explorer.engine.events import Answered, Catalogue, Problem
from explorer.errors import NetworkError
from explorer.questions import Everything, Inspect
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.text import N_
from explorer.values import Source
from explorer.zoo import own
from explorer.zoo.card import Preparation, WeightState
from explorer.zoo.own import consent
from explorer.zoo.own.card import OwnCard, Remark
from tests.ui import samples
from tests.ui.desk import Desk, desk, key, until
from tests.ui.test_intake import drop
from ui.dialogs.formats import Formats
from ui.dialogs.network_form import MOST_CHANNELS
from ui.dialogs.open_network import OpenNetwork

CARD = OwnCard(
    "My net",
    Preparation((3, 64, 48), 73, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    output="logits",
    labels="imagenet1k",
    inputs=("mask=ones:1x3",),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "그물.onnx"
    path.write_bytes(b"data")
    return path


def found(path: Path, **more: Any) -> own.Inspection:
    values: dict[str, Any] = {"form": "onnx", "runs_code": False, "own": CARD, "certainty": {"input_chw": "sure"}}
    return own.Inspection(str(path), bytes=4, sha256=own.sha256(path), **(values | more))


def ask(one: Desk, path: Path, **more: Any) -> OpenNetwork:
    """Open the dialog on ``path`` and let the model thread answer."""
    one.window._open_network(str(path))
    tell(one, path, **more)
    return dialog(one)


def tell(one: Desk, path: Path, **more: Any) -> None:
    assert one.engine.questions[-1] == Inspect(str(path))
    one.send(Answered(Inspect(str(path)), found(path, **more)))


def dialog(one: Desk) -> OpenNetwork:
    dialogs = [each for each in one.window.findChildren(OpenNetwork) if each.isVisible()]
    assert len(dialogs) == 1
    return dialogs[0]


def none_left(one: Desk) -> bool:
    return not any(each.isVisible() for each in one.window.findChildren(OpenNetwork))


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


@pytest.fixture(autouse=True)
def close(one: Desk) -> Iterator[None]:
    yield
    for each in one.window.findChildren(OpenNetwork):
        each.close()


# the way there


def test_the_key_chooses_a_file_and_its_content_is_asked_for(
    one: Desk, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[str] = []

    def choose(_parent: QWidget, _title: str, _where: str, kinds: str) -> tuple[str, str]:
        offered.append(kinds)
        return str(file), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    key(one, "Ctrl+Shift+O")
    assert "*.onnx" in offered[0]
    assert one.engine.questions[-1] == Inspect(str(file))
    assert dialog(one).pages.currentWidget().text() == "Reading the file …"


def test_the_chooser_offers_it_and_the_card_of_an_own_network_only(one: Desk, file: Path) -> None:
    box = one.window.top._network
    texts = [box.itemText(row) for row in range(box.count())]
    assert texts[-2:] == ["Open a network…", "How the own network is prepared…"]
    assert box.view().isRowHidden(box.count() - 1)  # type: ignore[attr-defined]
    one.controller.change(network=str(file))
    box = one.window.top._network
    assert not box.view().isRowHidden(box.count() - 1)  # type: ignore[attr-defined]
    box.activated.emit(box.count() - 1)
    tell(one, file, saved=True)
    assert dialog(one).form.title.text() == "My net"


@pytest.mark.parametrize("name", ["net.onnx", "net.PTH", "net.py", "net.pt2", "net.pth.toml"])
def test_a_network_that_is_dropped_is_opened_and_not_shown_as_a_picture(one: Desk, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    assert drop(one, mime)
    assert one.store.recipe.source == Source()
    assert one.engine.questions[-1] == Inspect(str(path).removesuffix(".toml"))
    dialog(one).close()


# the card


def test_the_fields_show_what_the_file_tells_and_say_how_sure_that_is(one: Desk, file: Path) -> None:
    remark = Remark(N_("The file leaves the input's size open: {side} × {side} is taken."), {"side": 224})
    form = ask(one, file, remarks=(remark,)).form
    assert (form.title.text(), form.output.text(), form.inputs.text()) == ("My net", "logits", "mask=ones:1x3")
    assert (form.height_.value(), form.width_.value(), form.channels.value(), form.resize_.value()) == (64, 48, 3, 73)
    assert (form.mean.text(), form.norm.currentText()) == ("0.485, 0.456, 0.406", "As ImageNet's")
    assert form.classes.currentText() == "ImageNet-1K"
    sure = {name: label.text() for name, (_label, label) in form._labels.items()}
    assert (sure["input_chw"], sure["order"]) == ("from the file", "guess")
    assert dialog(one).remarks.text().endswith("224 × 224 is taken.")
    shown = {name for name, (label, _sure) in form._labels.items() if label.isVisible()}
    assert not {"architecture", "function"} & shown
    assert form.card() == CARD


def test_what_the_person_says_is_kept_beside_the_file_and_the_network_opens(one: Desk, file: Path) -> None:
    shown = ask(one, file)
    form = shown.form
    form.title.setText("다른 이름")
    form.height_.setValue(100)
    form.order.setCurrentIndex(1)
    form.task.setCurrentIndex(form.task.findData("none"))
    form.fit.setCurrentIndex(form.fit.findData("letterbox"))
    form.inputs.setText("  ")
    click(shown.open_)
    wanted = replace(
        CARD,
        title="다른 이름",
        task="none",
        inputs=(),
        preparation=replace(CARD.preparation, input_chw=(3, 100, 48), order="BGR", fit="letterbox"),
    )
    assert own.find_card(str(file)) == wanted
    assert one.store.recipe.network == str(file)
    assert one.engine.wishes[-1].weights == ""
    assert none_left(one)


def test_a_card_that_was_saved_opens_at_once(one: Desk, file: Path) -> None:
    one.window._open_network(str(file))
    tell(one, file, saved=True)
    assert one.store.recipe.network == str(file)
    assert none_left(one)
    one.window._open_network(str(file))  # once more: its file may be another one now
    tell(one, file, saved=True)
    assert one.engine.reloads == 1


def test_the_usual_numbers_follow_range_and_channels(one: Desk, file: Path) -> None:
    form = ask(one, file).form

    def choose(box: Any, data: Any) -> None:
        box.setCurrentIndex(box.findData(data))
        box.activated.emit(box.currentIndex())

    choose(form.range, 255.0)
    assert (form.mean.text(), form.std.text()) == ("123.675, 116.28, 103.53", "58.395, 57.12, 57.375")
    assert form.card().preparation.full == 255.0
    choose(form.norm, "half")
    assert (form.mean.text(), form.std.text()) == ("127.5, 127.5, 127.5", "127.5, 127.5, 127.5")
    form.channels.setValue(1)
    assert form.mean.text() == "127.5"
    choose(form.norm, "imagenet")  # of colours: one channel has none
    assert (form.norm.currentData(), form.mean.text(), form.std.text()) == ("plain", "0", "255")
    choose(form.range, 1.0)
    assert (form.mean.text(), form.std.text()) == ("0", "1")
    form.mean.setText("")
    QTest.keyClicks(form.mean, "0.3")
    assert form.norm.currentText() == "Own values"
    form.channels.setValue(MOST_CHANNELS)
    assert form.mean.text() == "0.3", "a person's own numbers are left alone"


def test_the_usual_numbers_follow_the_order_of_the_channels(one: Desk, file: Path) -> None:
    """As Caffe's networks take them: blue first, and blue's own mean with it."""
    form = ask(one, file).form
    for box, data in ((form.range, 255.0), (form.order, "BGR")):
        box.setCurrentIndex(box.findData(data))
        box.activated.emit(box.currentIndex())
    assert (form.mean.text(), form.std.text()) == ("103.53, 116.28, 123.675", "57.375, 57.12, 58.395")
    kept = form.card()
    assert kept.preparation.order == "BGR"
    form.show_card(kept, {})
    assert form.norm.currentText() == "As ImageNet's"


def test_the_tabulator_walks_the_fields_as_they_stand(one: Desk, file: Path) -> None:
    shown = ask(one, file)
    form, walked = shown.form, []
    form.title.setFocus()
    for _step in range(18):
        walked.append(shown.focusWidget())
        QTest.keyClick(shown.focusWidget(), Qt.Key.Key_Tab)
    left = [form.title, form.inputs, form.output, form.task, form.activation, form.classes, form._choose]
    size = [form.height_, form.width_, form.channels, form.order, form.range, form.norm, form.mean, form.std]
    assert walked == [*left, *size, form.fit, form.resize_, form.interpolation]
    assert all(field.accessibleName() for field in walked)


def test_the_resize_follows_the_size_and_the_fit(one: Desk, file: Path) -> None:
    form = ask(
        one, file, own=replace(CARD, preparation=replace(CARD.preparation, input_chw=(3, 224, 224), resize=256))
    ).form

    def fit(data: str) -> None:
        form.fit.setCurrentIndex(form.fit.findData(data))
        form.fit.activated.emit(form.fit.currentIndex())

    for side in (1, 3, 112):  # as it is typed, digit by digit
        form.height_.setValue(side)
    assert form.resize_.value() == 128
    form.resize_.setValue(112)
    form.width_.setValue(56)
    assert form.resize_.value() == 56
    fit("crop")
    assert form.resize_.value() == 64
    fit("stretch")
    assert (form.resize_.value(), form.resize_.isEnabled()) == (56, True)
    fit("letterbox")
    assert not form.resize_.isEnabled()


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("mean", "0.5, 0.5", "“0.5, 0.5” in “Minus mean” must be 3 numbers"),
        ("mean", "a, b, c", "must be 3 numbers"),
        ("mean", "nan, 0, 0", "must be 3 numbers"),
        ("std", "0, 1, 1", "“0, 1, 1” in “Divided by” must be 3 numbers"),
        ("inputs", "mask=ones", "“mask=ones” is no further input"),
        ("inputs", "mask=ones:0x3", "is no further input"),
    ],
)
def test_a_field_that_cannot_be_understood_is_told_in_place(
    one: Desk, file: Path, field: str, text: str, sentence: str
) -> None:
    shown = ask(one, file)
    line: QLineEdit = getattr(shown.form, field)
    line.setText(text)
    click(shown.open_)
    assert sentence in shown.message.text()
    assert shown.message.isVisible()
    assert one.store.recipe.network == "sample"
    QTest.keyClick(line, Qt.Key.Key_End)
    QTest.keyClicks(line, "1")  # whoever mends it need not read it any longer
    assert not shown.message.isVisible()


def test_an_architecture_is_found_by_a_part_of_its_name(one: Desk, tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(b"data")
    names = {"resnet18": "ResNet-18", "resnet50": "ResNet-50", "vgg16": "VGG-16"}
    cards = tuple((replace(samples.CARD, name=name, title=title), WeightState.NONE) for name, title in names.items())
    shown = ask(one, path, form="tensors", own=replace(CARD, architecture="resnet18"))
    box = shown.form.architecture
    assert box.currentText() == "resnet18"
    assert isinstance(one.engine.questions[-1], Everything)  # all of torchvision's, too
    one.send(Catalogue(cards, ()))
    assert box.currentText() == "ResNet-18"
    completer = box.completer()
    completer.setCompletionPrefix("50")
    assert completer.currentCompletion() == "ResNet-50"
    box.setEditText("resnet-50")
    assert shown.form.card().architecture == "resnet50"
    box.setEditText("resnet-51")
    one.send(Catalogue(cards, ()))
    assert box.currentText() == "resnet-51", "what is typed stays"
    click(shown.open_)
    assert "There is no architecture called “resnet-51”" in shown.message.text()


def test_a_list_of_classes_from_a_file(one: Desk, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    form = ask(one, file).form
    names = str(file.with_name("names.txt"))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a: (names, ""))
    click(form._choose)
    assert form.classes.currentText() == "names.txt"
    assert form.card().labels == names


# what cannot be opened


def test_a_problem_is_told_in_place_with_another_try(one: Desk, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = NetworkError(N_("The file {file} is empty: save or copy it again."), file=file)
    shown = ask(one, file, own=None, problem=error)
    assert shown.message.text() == str(error)
    assert not shown.open_.isVisible()
    other = file.with_name("b.onnx")
    other.write_bytes(b"b")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a: (str(other), ""))
    click(shown.another)
    QApplication.processEvents()
    assert one.engine.questions[-1] == Inspect(str(other))


def test_an_exception_while_reading_is_told_too(one: Desk, file: Path) -> None:
    one.window._open_network(str(file))
    one.send(Problem("question", NetworkError(N_("no")), question=Inspect("another")))
    assert not dialog(one).message.isVisible()
    one.send(Problem("question", NetworkError(N_("no")), question=Inspect(str(file))))
    assert dialog(one).message.text() == "no"


def test_a_card_that_cannot_be_written_is_told_and_nothing_opens(
    one: Desk, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_a: Any) -> None:
        raise NetworkError(N_("The disk is full."))

    monkeypatch.setattr(own, "save", full)
    shown = ask(one, file)
    click(shown.open_)
    assert shown.message.text() == "The disk is full."
    assert one.store.recipe.network == "sample"


# code


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text(f"open({str(tmp_path / 'marker')!r}, 'w')\ndef make(): pass\ndef other(): pass\n")
    return path


PYTHON = {"form": "python", "runs_code": True, "own": replace(CARD, function="make")}


def test_what_has_changed_since_the_consent_is_named(one: Desk, code: Path) -> None:
    """The file's own hash is the same where only what it imports is another."""
    helper = code.with_name("helper.py")
    helper.write_text("a = 1")
    consent.give(code)
    consent.include(code, [helper])
    helper.write_text("a = 2")
    shown = ask(one, code, **PYTHON)
    assert shown.run.isVisible()
    assert [label.accessibleName() for label in shown._asking.findChildren(QLabel)].count(str(helper)) == 1
    click(shown.run)
    assert consent.given(code)
    assert consent.changed(code) == ""


def test_code_is_named_to_the_letter_and_runs_by_no_slip_of_the_keyboard(one: Desk, code: Path) -> None:
    shown = ask(one, code, **PYTHON)
    told = [shown._facts.itemAt(row, shown._facts.ItemRole.FieldRole).widget().accessibleName() for row in range(3)]
    assert told == [code.name, str(code.parent), own.sha256(code)]
    assert not shown.form.isVisible()
    assert shown.cancel.hasFocus()
    assert not any(button.isDefault() for button in (shown.run, shown.open_))
    QTest.keyClick(shown, Qt.Key.Key_Return)
    assert not consent.given(code)
    if shown.isVisible():
        QTest.keyClick(shown, Qt.Key.Key_Escape)
    assert none_left(one)
    assert not consent.given(code)
    assert one.store.recipe.network == "sample"
    assert not (code.parent / "marker").exists()


def test_code_that_is_not_there_is_told_and_nothing_is_asked(one: Desk, tmp_path: Path) -> None:
    for name in ("gone.py", "gone.pt2"):
        path = tmp_path / name
        one.window._open_network(str(path))
        one.send(Answered(Inspect(str(path)), own.inspect(str(path))))
        assert f"There is no file {path}" in dialog(one).message.text()
        assert not dialog(one).run.isVisible()
        dialog(one).close()
    (tmp_path / "bad.py").write_text("def f(:")
    one.window._open_network(str(tmp_path / "bad.py"))
    one.send(Answered(Inspect(str(tmp_path / "bad.py")), own.inspect(str(tmp_path / "bad.py"))))
    assert "is not written in this Python" in dialog(one).message.text()


def test_after_a_consent_the_card_is_asked_for_and_nothing_ran_yet(one: Desk, code: Path) -> None:
    shown = ask(one, code, **PYTHON)
    click(shown.run)
    assert consent.given(code)
    tell(one, code, **PYTHON)
    assert shown.form.isVisible()
    assert [shown.form.function.itemText(row) for row in range(shown.form.function.count())] == ["make", "other"]
    shown.form.function.setCurrentIndex(1)
    assert shown.form.card().function == "other"
    assert not (code.parent / "marker").exists()


def test_a_saved_card_does_not_consent_and_a_changed_file_is_asked_for_again(one: Desk, code: Path) -> None:
    shown = ask(one, code, saved=True, **PYTHON)
    assert shown.run.isVisible()
    click(shown.run)
    tell(one, code, saved=True, **PYTHON)
    assert none_left(one)
    assert one.store.recipe.network == str(code)
    code.write_text("def make(): return 3\n")
    shown = ask(one, code, saved=True, **PYTHON)
    assert shown.run.isVisible()


def test_a_session_with_code_asks_for_nothing_and_runs_nothing(code: Path) -> None:
    """The problem says where to consent."""
    from explorer.session import Session

    recipe = Recipe.from_json(Recipe(network=str(code)).to_json())
    with pytest.raises(consent.ConsentNeededError, match="Open a network"):
        Session().open(recipe.network)
    assert not (code.parent / "marker").exists()


# what works


def test_what_works_is_a_table_of_every_form(one: Desk, file: Path) -> None:
    shown = ask(one, file)
    click(shown.what)
    formats = shown.findChild(Formats)
    assert formats is not None
    told = " ".join(
        label.text()
        for label in formats.findChildren(QWidget, options=Qt.FindChildOption.FindChildrenRecursively)
        if hasattr(label, "text")
    )
    assert all(suffix in told for suffix in own.SUFFIXES)
    formats.close()


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_no_word_of_the_form_is_cut(one: Desk, file: Path, scale: float) -> None:
    one.controller.prefer(font_scale=scale)
    form = ask(one, file).form
    for name, (label, sure) in form._labels.items():
        if label.isVisible():
            assert label.height() >= label.heightForWidth(label.width()), name
            assert sure.sizeHint().width() <= sure.width(), name
    for line in form.findChildren(QLineEdit):
        if line.isVisible() and line.text():
            assert line.fontMetrics().horizontalAdvance(line.text()) < line.width(), line.text()


# with the real engine


def test_from_the_file_to_the_maps_and_a_changed_card_to_other_maps(qapp: QApplication, tmp_path: Path) -> None:
    test_onnx = pytest.importorskip("tests.zoo.own.test_onnx")
    path = test_onnx.saved(test_onnx.small(x=("N", 3, "H", "W")), tmp_path, "내 그물.onnx")
    settings = Settings(language="en", theme="dark")
    recipe = Recipe(network="lenet5")
    with desk(qapp, recipe=recipe, settings=settings, engine=lambda n: Engine(n, settings), remember=False) as one:
        one.window.show()
        until(lambda: one.store.result is not None)
        one.window._open_network(str(path))
        until(lambda: dialog(one).open_.isVisible())
        assert "224 × 224 is taken" in dialog(one).remarks.text()
        click(dialog(one).open_)
        until(lambda: one.store.result is not None and one.store.result.recipe.network == str(path))
        assert one.store.problems == {}
        result = one.store.result
        assert result is not None
        assert (result.prepared.shape, result.view.layer.id) == ((224, 224, 3), "layer1.0.conv.Conv")
        assert len(result.predictions) == 5
        one.window.commands["network_card"].trigger()
        until(lambda: dialog(one).open_.isVisible())
        dialog(one).form.height_.setValue(40)
        click(dialog(one).open_)
        until(lambda: one.store.result is not None and one.store.result.prepared.shape == (40, 224, 3))
        one.window._open_network(str(path))  # its card is known: nothing is asked
        until(lambda: none_left(one))
        assert one.store.problems == {}
