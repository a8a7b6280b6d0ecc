"""LeNet-5 learns the digits: a step is the arithmetic of a step, a seed gives the same weights, what is told is so."""

from __future__ import annotations

import math
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from explorer.errors import ExportError, PersonError
from explorer.prepare import prepare
from explorer.session import Session
from explorer.training import digits as room
from explorer.training import kept, lenet
from explorer.training.lenet import LeNetTrainer
from explorer.training.run import LeNetRun
from explorer.training.values import LAYERS, Learned, Look, Plan, digit_pictures
from explorer.training.values import room as room_of_kept
from explorer.values import Frame
from explorer.zoo import own, registry
from explorer.zoo.card import Card

CARDS = [registry.card("lenet5"), registry.card("lenet5_1998")]
by_form = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave one digit in forty."""
    monkeypatch.setattr(lenet, "digits", lambda card: tuple(tensor[::40] for tensor in room.digits(card)))


def trained(plan: Plan) -> Learned:
    answer = [step.answer for step in LeNetRun(plan).steps(None)][-1]
    assert isinstance(answer, Learned)
    return answer


# Digits


def test_every_fifth_digit_of_every_class_is_held_out() -> None:
    pictures, classes, held_out, held_out_classes = room.digits()
    assert (pictures.shape, held_out.shape) == ((8000, 1, 32, 32), (2000, 1, 32, 32))
    assert torch.allclose(classes.bincount() / 8000, held_out_classes.bincount() / 2000, atol=0.001)
    assert not {p.numpy().tobytes() for p in pictures} & {p.numpy().tobytes() for p in held_out}
    shown, named = digit_pictures()
    assert torch.equal(torch.from_numpy(named).long(), held_out_classes)
    ink = (held_out[:, 0, 2:-2, 2:-2] * 0.3081 + 0.1307) * 255
    assert np.array_equal(ink.round().numpy(), shown), "the digits that are shown are those that are held out"


@by_form
def test_the_frame_path_prepares_digits_as_the_training_did(card: Card) -> None:
    raw = digit_pictures()[0][0]
    frame = Frame(np.repeat(raw[:, :, None], 3, axis=2), "digit")
    prepared = prepare(frame, card.preparation, torch.device("cpu"))
    assert torch.equal(prepared.tensor, room.digits(card)[2][:1])


def test_the_papers_ground_is_minus_a_tenth_and_its_ink_1_175() -> None:
    pictures: Tensor = room.digits(CARDS[1])[0]
    assert float(pictures.min()) == pytest.approx(-0.1, abs=1e-6)
    assert float(pictures.max()) == pytest.approx(1.175, abs=1e-6)
    assert torch.equal(pictures[:, :, 0], torch.full_like(pictures[:, :, 0], float(pictures.min())))


def test_augmentation_moves_pictures_a_little() -> None:
    dots = torch.zeros(200, 1, 32, 32)
    dots[:, :, 15:17, 15:17] = 1
    moved = room.augmented(dots, torch.Generator().manual_seed(0))
    rows = torch.arange(32.0)
    mass = moved.sum((1, 2, 3))
    centre = (moved.sum((1, 3)) * rows).sum(1) / mass
    assert 0.5 < (centre - 15.5).abs().max() <= room.SHIFT * 32 + 0.5
    assert ((mass - 4).abs() < 2).all()


# Steps


def test_a_step_is_a_step_in_float64_written_by_hand(few: None) -> None:
    plan = Plan(batch=16, rate=0.05, optimiser="sgd", augment=False, seed=3)
    trainer = LeNetTrainer(plan)
    before = {name: one.detach().double().clone() for name, one in trainer.network.state_dict().items()}
    pictures, classes = trainer.material.pictures.double(), trainer.material.classes
    order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(3))[:16]
    weights = {name: one.requires_grad_() for name, one in before.items()}

    def layer(x: Tensor, name: str) -> Tensor:
        return functional.conv2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"])

    x = layer(pictures[order], "c1").clamp_min(0).unfold(2, 2, 2).unfold(3, 2, 2).amax((4, 5))
    x = layer(x, "c3").clamp_min(0).unfold(2, 2, 2).unfold(3, 2, 2).amax((4, 5))
    x = layer(x, "c5").clamp_min(0)[:, :, 0, 0]
    x = (x @ weights["f6.weight"].T + weights["f6.bias"]).clamp_min(0)
    x = x @ weights["output.weight"].T + weights["output.bias"]
    loss = (x.exp().sum(1).log() - x[torch.arange(16), classes[order]]).mean()
    gradients = torch.autograd.grad(loss, list(weights.values()))
    while trainer.batch < 1:
        trainer.advance()
    assert trainer.learned().losses[0] == pytest.approx(float(loss.detach()), rel=1e-5)
    for (name, weight), gradient in zip(weights.items(), gradients, strict=True):
        wanted = weight.detach() - 0.05 * gradient
        assert float(gradient.abs().max()) > 0
        assert torch.allclose(trainer.network.state_dict()[name].double(), wanted, atol=1e-6), name


@by_form
def test_a_seed_gives_the_same_weights_on_any_number_of_threads(card: Card, few: None) -> None:
    plan = Plan(card.name, epochs=2, seed=5)  # type: ignore[arg-type]
    found = []
    before = torch.get_num_threads()
    for count in (1, 3):
        torch.set_num_threads(count)
        try:
            trainer = LeNetTrainer(plan)
            torch.rand(3)  # the person's own random numbers decide nothing
            while not trainer.finished:
                trainer.advance()
            assert torch.get_num_threads() == count
        finally:
            torch.set_num_threads(before)
        found.append((trainer.network.state_dict(), trainer.learned()))
    (first, told), (second, again) = found
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert np.array_equal(told.losses, again.losses)
    assert (told.batch, told.batches, told.epoch) == (8, 8, 2)
    other = lenet.beginning(Plan(card.name, seed=6)).state_dict()  # type: ignore[arg-type]
    mine = lenet.beginning(plan).state_dict()
    assert not any(torch.equal(mine[name], other[name]) for name in mine if not name.endswith("bias"))
    assert not any(torch.equal(mine[name], first[name]) for name in mine)


def test_steps_can_be_counted_and_end_between_any_two_batches(few: None) -> None:
    run = LeNetRun(Plan(epochs=2))
    (only,) = run.steps(None, 0)
    assert isinstance(only.answer, Learned)
    assert (only.answer.batch, only.answer.checks, only.done) == (0, (), only.of)
    *_on_the_way, step = run.steps(None, 1)
    assert isinstance(step.answer, Learned)
    assert (step.answer.batch, len(step.answer.losses), step.done) == (1, 1, step.of)
    assert [check.batch for check in step.answer.checks] == [0]
    on_the_way = run.steps(None)
    for _turn in range(3):
        next(on_the_way)
    on_the_way.close()  # whoever watched has cancelled
    assert run._trainer is not None
    assert run._trainer.batch == 4, "each step is one batch"
    rest = [one.done for one in run.steps(None)]
    assert all(0 <= after - before <= 1 for before, after in pairwise(rest[:-1]))
    alone = trained(Plan(epochs=2))
    (end,) = run.steps(None)
    assert isinstance(end.answer, Learned)
    assert end.answer.finished
    assert np.array_equal(end.answer.losses, alone.losses), "pauses change nothing"


def test_what_is_told_is_so(few: None) -> None:
    run = LeNetRun(Plan(epochs=1, seed=1))
    run.look = Look("s2", 7)
    *_before, step = run.steps(None)
    told, trainer = step.answer, run._trainer
    assert isinstance(told, Learned)
    assert trainer is not None
    _pictures, _classes, held_out, classes = (one[::40] for one in room.digits())
    with torch.inference_mode():
        answers = trainer.network(held_out).softmax(1)
        maps = functional.max_pool2d(trainer.network.c1(held_out[7:8]).relu(), 2)[0]  # type: ignore[operator]
    check, seen = told.checks[-1], told.seen
    assert check.accuracy == pytest.approx(float((answers.argmax(1) == classes).double().mean()))
    wanted = np.zeros((10, 10), int)
    np.add.at(wanted, (classes.numpy(), answers.argmax(1).numpy()), 1)
    assert np.array_equal(check.confusion, wanted)
    assert check.confusion.sum() == told.held_out.sum() == 50
    assert {one.place for one in check.misread} == set((answers.argmax(1) != classes).nonzero().flatten().tolist())
    assert all(before.probability >= after.probability for before, after in pairwise(check.misread))
    assert seen is not None
    assert np.allclose(seen.maps, maps.numpy(), atol=1e-5)
    assert np.allclose(seen.now, answers[7].numpy(), atol=1e-6)
    assert np.allclose(seen.before, lenet.beginning(run.plan)(held_out[7:8]).softmax(1)[0].detach().numpy(), atol=1e-6)
    assert np.array_equal(seen.filters, trainer.network.c1.weight.detach()[:, 0].numpy())  # type: ignore[union-attr]


@by_form
def test_every_layer_can_be_watched_and_another_picture_too(card: Card, few: None) -> None:
    trainer = LeNetTrainer(Plan(card.name))  # type: ignore[arg-type]
    frame = Frame(np.full((40, 60, 3), 90, np.uint8), "grey")
    shapes = [trainer.seen(Look(layer, 3, frame)).maps.shape for layer in LAYERS]
    assert shapes == [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120, 1, 1), (84, 1, 1)]


# What cannot be


@pytest.mark.parametrize(
    ("plan", "word"),
    [
        (Plan(epochs=0), "epochs"),
        (Plan(batch=2001), "2000"),
        (Plan(seed=-1), "seed"),
        (Plan(rate=0.0), "learning rate"),
        (Plan(rate=math.nan), "learning rate"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(plan: Plan, word: str) -> None:
    with pytest.raises(PersonError, match=word):
        list(LeNetRun(plan).steps(None))


def test_a_rate_that_is_too_large_is_said_once_and_for_all(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures, *others = lenet.digits(CARDS[0])
    monkeypatch.setattr(lenet, "digits", lambda card: (pictures * 1e15, *others))
    run = LeNetRun(Plan(rate=900.0, optimiser="sgd", batch=16, augment=False))
    for _turn in range(2):
        with pytest.raises(PersonError, match="learning rate below 900"):
            list(run.steps(None))


# Saved


@by_form
def test_a_saved_network_is_an_own_one_of_the_same_accuracy(card: Card, tmp_path: Path, few: None) -> None:
    run, file = LeNetRun(Plan(card.name, epochs=1)), tmp_path / "배운 것.safetensors"  # type: ignore[arg-type]
    list(run.steps(None))
    saved = run.save(None, str(file))
    assert sorted(one.name for one in tmp_path.iterdir()) == [file.name, file.name + own.CARD]
    network = Session().open(str(file))
    assert (network.card.title, network.labels, network.remarks) == (file.stem, tuple("0123456789"), ())
    assert network.preparation == card.preparation
    pictures, classes = (one[::40] for one in digit_pictures())
    frames = [Frame(np.repeat(one[:, :, None], 3, 2), "digit") for one in pictures]
    with torch.inference_mode():
        answers = [int(network.module(network.prepare(frame).tensor).argmax()) for frame in frames]
    assert np.mean(np.array(answers) == classes) == pytest.approx(saved.accuracy)
    bare = registry.build(card, load_file(file))
    assert run._trainer is not None
    assert all(torch.equal(bare.state_dict()[name], one) for name, one in run._trainer.network.state_dict().items())


def test_of_those_that_were_only_looked_through_the_newest_stay(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_KEPT", 1)
    run = LeNetRun(Plan(epochs=1))
    list(run.steps(None, 1))
    for name in ("a", "b"):
        run.save(None, str(room_of_kept() / f"{name}.safetensors"))
        os.utime(room_of_kept() / f"{name}.safetensors", (ord(name), ord(name)))
    assert sorted(file.name for file in room_of_kept().iterdir()) == ["b.safetensors", "b.safetensors.toml"]


def test_nothing_half_written_is_left(tmp_path: Path, few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    run = LeNetRun(Plan(epochs=1))
    with pytest.raises(PersonError, match="start the training"):
        run.save(None, str(tmp_path / "a.safetensors"))
    list(run.steps(None, 1))
    (tmp_path / "file").write_bytes(b"")
    for place in ("a.pth", "file/a.safetensors"):
        with pytest.raises(ExportError):
            run.save(None, str(tmp_path / place))

    def full(name: str, about: object) -> Path:
        raise ExportError("No space is left.")

    monkeypatch.setattr(own, "save", full)
    with pytest.raises(ExportError):
        run.save(None, str(tmp_path / "a.safetensors"))
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
