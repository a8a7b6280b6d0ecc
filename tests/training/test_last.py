"""A last layer learns a person's own classes: from the network's features, some pictures held out."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from explorer import device, settings
from explorer.errors import ExplorerError, ExportError, NetworkError, PersonError, SourceError
from explorer.session import Network, Session
from explorer.sources import picture
from explorer.training import pictures
from explorer.training.last import LastTrainer
from explorer.training.run import LastRun
from explorer.training.values import Captured, Learned, Plan
from explorer.zoo import own
from tests.pretend_device import DEVICE, pretend_device

SHAPES = ("bars", "dots", "rings")


@pytest.fixture(scope="module")
def network() -> Network:
    return Session().open("lenet5")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six pictures of each of three classes: vertical bars, dots, a ring; light on dark, each with another noise."""
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[:28, :28]
    drawn = {
        "bars": (columns // 4) % 2 * 200,
        "dots": ((rows // 4) % 2) * ((columns // 4) % 2) * 200,
        "rings": (np.abs(np.hypot(rows - 13.5, columns - 13.5) - 9) < 2) * 200,
    }
    for name in SHAPES:
        (tmp_path / "클래스" / name).mkdir(parents=True)
        for number in range(6):
            levels = np.clip(drawn[name] + generator.integers(0, 40, (28, 28)), 0, 255).astype(np.uint8)
            Image.fromarray(levels).convert("RGB").save(tmp_path / "클래스" / name / f"{number}.png")
    return tmp_path / "클래스"


def plan(**more: object) -> Plan:
    return Plan("last", **({"epochs": 20, "batch": 4} | more))  # type: ignore[arg-type]


def test_the_split_takes_some_of_each_class_by_the_seed() -> None:
    counts = [2, 3, 10, 27]
    chosen = pictures.split(counts, 4)
    assert [sum(one) for one in chosen] == [1, 1, 2, 5]
    assert [len(one) for one in chosen] == counts
    assert pictures.split(counts, 4) == chosen
    assert pictures.split(counts, 5) != chosen


def test_it_learns_and_reads_as_it_was_saved(network: Network, folder: Path, tmp_path: Path) -> None:
    (folder / "bars" / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    (folder / ".hidden").mkdir()
    run = LastRun(plan(), str(folder))
    answers = [step.answer for step in run.steps(network)]
    captured = [one for one in answers if isinstance(one, Captured)]
    learned = answers[-1]
    assert [one.done for one in captured] == list(range(1, 20)), "each picture is looked at once"
    assert captured[-1].unreadable == (str(folder / "bars" / "broken.jpg"),)
    assert isinstance(learned, Learned)
    assert (learned.names, learned.trained.tolist(), learned.held_out.tolist()) == (SHAPES, [5] * 3, [1] * 3)
    assert learned.checks[0].confusion.sum() == len(run.held_out_paths) == 3
    assert learned.losses[0] == pytest.approx(np.log(3), rel=1e-5), "every class is as probable at first"
    assert learned.checks[-1].accuracy == 1

    file = tmp_path / "mine.safetensors"
    saved = run.save(network, str(file))
    assert saved.accuracy == 1
    again = Session().open(str(file))
    assert again.labels == SHAPES
    assert again.preparation == network.preparation
    answered = []
    for path in folder.rglob("[0-9].png"):
        with torch.inference_mode():
            answer = again.module(again.prepare(picture.read(path)).tensor).argmax()
        answered.append((path.parent.name, again.labels[int(answer)]))
    assert all(truth == answer for truth, answer in answered)
    before, after = network.module.state_dict(), again.module.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before if not name.startswith("output"))

    (folder / "rings").rename(folder / "ri\nngs")
    further = LastRun(plan(epochs=1), str(folder))  # an own network's last layer learns too
    list(further.steps(again))
    assert further.save(again, str(tmp_path / "further.safetensors")).accuracy > 0.5
    assert own.find_card(str(tmp_path / "further.safetensors")).architecture == "lenet5"  # type: ignore[union-attr]
    assert Session().open(str(tmp_path / "further.safetensors")).labels == ("bars", "dots", "ri\nngs")


def test_features_made_even_give_the_layer_of_the_features_as_they_are(network: Network, folder: Path) -> None:
    run = LastRun(plan(epochs=3), str(folder))
    list(run.steps(network))
    trainer = run._trainer
    assert trainer is not None
    weight, bias = trainer.layer()
    seen: list[torch.Tensor] = []
    handle = network.module.get_submodule("output").register_forward_pre_hook(lambda _m, inputs: seen.append(inputs[0]))
    with torch.inference_mode():
        for path in run.held_out_paths:
            network.module(network.prepare(picture.read(Path(path))).tensor)
        handle.remove()
        theirs = trainer.network(trainer.material.held_out)
    assert torch.allclose(torch.cat(seen) @ weight.T + bias, theirs, atol=1e-4)


def test_saving_leaves_other_files_alone_and_a_full_disk_what_was_there(
    network: Network, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = LastRun(plan(epochs=1), str(folder))
    list(run.steps(network))
    (tmp_path / "mine.json").write_text("of another program")
    file, inner = tmp_path / "mine.safetensors", settings.write_atomically
    run.save(network, str(file))
    assert (tmp_path / "mine.json").read_text() == "of another program"
    before = {path: path.read_bytes() for path in tmp_path.glob("mine*")}

    def full(path: Path, data: bytes) -> None:
        if len(data) > 10_000:
            raise ExportError("no room")
        inner(path, data)

    (folder / "dots").rename(folder / "spots")
    other = LastRun(plan(epochs=1), str(folder))
    list(other.steps(network))
    monkeypatch.setattr(settings, "write_atomically", full)
    with pytest.raises(ExportError):
        other.save(network, str(file))
    assert {path: path.read_bytes() for path in tmp_path.glob("mine*")} == before


def test_a_feature_that_hardly_differs_is_not_scaled_to_noise() -> None:
    """As a file keeps it, in float32, the layer still answers as the one that was trained."""
    generator = torch.Generator().manual_seed(1)
    vectors = [[torch.randn(3, generator=generator) + place for _each in range(10)] for place in range(3)]
    for number, vector in enumerate(vector for some in vectors for vector in some):
        vector[0] = 1000 + number % 3 * 2.0**-14  # the last bits that float32 has there
    trainer = LastTrainer(SHAPES, vectors, [[Path(f"{n}") for n in range(10)]] * 3, plan())
    while not trainer.finished:
        trainer.advance()
    weight, bias = trainer.layer()
    features = torch.stack([vector for some in vectors for vector in some])
    with torch.inference_mode():
        trained = trainer.network((features - trainer._mean) * trainer._scale)
    assert torch.allclose(features @ weight.T + bias, trained, atol=1e-3)
    assert trainer.accuracy() > 0.5


def _only_one(folder: Path) -> None:
    for name in SHAPES[1:]:
        (folder / name).rename(folder.parent / name)


def _too_many(folder: Path) -> None:
    for number in range(18):
        (folder / f"more {number}").mkdir()


def _emptied(folder: Path, left: int) -> None:
    for file in sorted((folder / "dots").iterdir())[left:]:
        file.unlink()


def _broken(folder: Path) -> None:
    for file in sorted((folder / "dots").iterdir())[1:]:
        file.write_bytes(b"no picture")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_only_one, "holds one folder:"),
        (_too_many, "holds 21 folders"),
        (lambda folder: _emptied(folder, 0), r"“dots” .*\(0\)"),
        (lambda folder: _emptied(folder, 1), r"“dots” .*\(1\)"),
        (_broken, r"“dots” .*\(1\)"),
        (lambda folder: folder.rename(folder.parent / "gone"), "cannot be opened"),
    ],
)
def test_classes_that_cannot_be_learned_are_refused(network: Network, folder: Path, spoil: object, words: str) -> None:
    spoil(folder)  # type: ignore[operator]
    with pytest.raises((PersonError, SourceError), match=words):
        list(LastRun(plan(), str(folder)).steps(network))


def test_the_folder_that_cannot_be_opened_is_the_one_that_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, listed = folder / "dots", os.listdir

    def refused(place: Path) -> list[str]:
        if place == closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(place))
        return listed(place)

    monkeypatch.setattr(os, "listdir", refused)
    with pytest.raises(SourceError, match=f"folder {closed} cannot be opened"):
        pictures.classes(folder)


def test_only_a_linear_layer_at_the_end_can_be_another_one(folder: Path) -> None:
    network = Session().open("lenet5_1998")  # ends in squared distances to fixed centres
    with pytest.raises(NetworkError, match="linear"):
        next(LastRun(plan(), str(folder)).steps(network))


def test_a_network_on_a_card_learns_too_and_is_kept_for_every_machine(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as there, pretend_device():
        there.setattr(device, "choose", lambda name="auto": DEVICE)
        network = Session().open("lenet5")
        run = LastRun(plan(), str(folder))
        list(run.steps(network))
        assert run.save(network, str(tmp_path / "a.safetensors")).accuracy == 1
    assert Session().open(str(tmp_path / "a.safetensors")).labels == SHAPES


def test_another_network_is_said(network: Network, folder: Path) -> None:
    run = LastRun(plan(), str(folder))
    next(run.steps(network))
    with pytest.raises(NetworkError, match="changed"):
        next(run.steps(Session().open("lenet5")))
    with pytest.raises(ExplorerError, match="start the training"):
        run.save(network, str(folder / "a.safetensors"))


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", ".hidden", "x" * 81, "nul\0"])
def test_a_class_is_called_as_a_folder_can_be(name: str, tmp_path: Path) -> None:
    with pytest.raises(PersonError, match="cannot be called"):
        pictures.folder_of(tmp_path, name)
    assert pictures.folder_of(tmp_path, " 고양이 ") == tmp_path / "고양이"


def test_kept_frames_are_numbered_on(tmp_path: Path) -> None:
    assert pictures.next_file(tmp_path / "new").name == "0001.png"
    for name in ("0009.png", "holiday.png"):
        (tmp_path / name).write_bytes(b"")
    assert pictures.next_file(tmp_path).name == "0010.png"
