"""``train``: a LeNet-5 on the shipped digits, or the last layer of a network on a person's own classes."""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from explorer.cli import streams
from explorer.cli.arguments import Action, Parser, add_json, add_network, check_weights, whole
from explorer.cli.output import about, document, table, weights_name
from explorer.errors import PersonError
from explorer.influence import Step
from explorer.text import N_, _
from explorer.training import pictures
from explorer.training.run import LastRun, LeNetRun
from explorer.training.values import EPOCHS, LAST_EPOCHS, RATES, Captured, Form, Learned, Plan

ABOUT = N_("train a LeNet-5 on the shipped digits, or a network's last layer on your own pictures")
TOLD = 10
"""So many files that could not be read are named; the JSON has all."""


def _lenet_arguments(parser: Parser, form: Form) -> None:
    _add_plan(parser, EPOCHS, RATES[form, "adam"], 64)
    words = _("adam or sgd; without it adam")
    parser.how.add_argument("--optimiser", metavar="O", type=_optimiser, default="adam", help=words)
    words = _("learn from the digits as they are: not turned and shifted a little")
    parser.how.add_argument("--plain", action="store_true", help=words)
    add_json(parser)


def _last_arguments(parser: Parser) -> None:
    words = _("folder with a folder of pictures for each class")
    parser.what.add_argument("pictures", metavar="DIR", type=Path, help=words)
    _add_plan(parser, LAST_EPOCHS, RATES["last", "adam"], 16)
    add_network(parser)
    add_json(parser)


def _add_plan(parser: Parser, epochs: int, rate: float, batch: int) -> None:
    how = parser.how
    words = _("the trained network: a .safetensors file, with its card beside it")
    how.add_argument("--out", metavar="FILE", type=Path, required=True, help=words)
    for name, usual, least, text in (
        ("--epochs", epochs, 1, _("rounds over the training pictures ({usual})")),
        ("--batch", batch, 1, _("pictures a step ({usual})")),
        ("--seed", 0, 0, _("decides everything random ({usual})")),
    ):
        how.add_argument(name, metavar="N", type=whole(least), default=usual, help=text.format(usual=usual))
    how.add_argument("--rate", metavar="R", type=_rate, help=_("learning rate ({usual})").format(usual=rate))


def _lenet(options: argparse.Namespace, form: Form) -> None:
    """Train a LeNet-5 and write it; Ctrl-C writes nothing."""
    plan = Plan(form, options.epochs, options.rate, options.batch, options.seed, options.optimiser, not options.plain)
    plan.check()
    _train(options, LeNetRun(plan))


def _last(options: argparse.Namespace) -> None:
    """Train a last layer and write the network with it; Ctrl-C writes nothing."""
    plan = Plan("last", options.epochs, options.rate, options.batch, options.seed)
    plan.check()
    pictures.check(pictures.classes(options.pictures), options.pictures)
    check_weights(options)
    _train(options, LastRun(plan, str(options.pictures)))


def _train(options: argparse.Namespace, run: LeNetRun | LastRun) -> None:
    from explorer.training.kept import check_place  # loads torch: after everything that can fail without it

    check_place(options.out)
    network, unreadable = None, tuple[str, ...]()
    if isinstance(run, LastRun):
        from explorer.cli import opening

        network = opening.network(options)
    start_s = time.perf_counter()
    for step in streams.told(run.steps(network), _told):
        if isinstance(step.answer, Captured):
            unreadable = step.answer.unreadable
        elif isinstance(step.answer, Learned):
            learned = step.answer
    learned = replace(learned, seconds=time.perf_counter() - start_s)
    saved = run.save(network, str(options.out))
    if options.json:
        weights = {} if network is None else {"weights": weights_name(network)}
        document(_values(options, learned, saved.accuracy, unreadable) | weights)
        return
    if network is not None:
        streams.say(about(network), "")
    _say(options, learned, saved.accuracy, unreadable)


def _values(
    options: argparse.Namespace, learned: Learned, accuracy: float, unreadable: tuple[str, ...]
) -> dict[str, object]:
    plan = learned.plan
    found: dict[str, object] = {
        "model": options.model.name if plan.what == "last" else plan.what,
        "held_out_accuracy": accuracy,
        "held_out": int(learned.held_out.sum()),
        "trained_on": int(learned.trained.sum()),
        "epochs": plan.epochs,
        "seed": plan.seed,
        "batch": plan.batch,
        "rate": plan.step,
        "seconds": round(learned.seconds, 3),
        "accuracies": [one.accuracy for one in learned.checks],
        "confusion": learned.checks[-1].confusion.tolist(),
        "out": str(options.out),
    }
    if plan.what == "last":
        counts = zip(learned.names, learned.trained.tolist(), learned.held_out.tolist(), strict=True)
        found["classes"] = [{"name": name, "trained_on": of, "held_out": out} for name, of, out in counts]
        found["unreadable"] = list(unreadable)
    return found


def _say(options: argparse.Namespace, learned: Learned, accuracy: float, unreadable: tuple[str, ...]) -> None:
    epochs = range(len(learned.checks))
    rows = [(f"{epoch}", f"{one.accuracy:.2%}") for epoch, one in zip(epochs, learned.checks, strict=True)]
    lines = [table((_("epoch"), _("held out, right")), rows, "rr"), ""]
    if learned.plan.what == "last":
        counts = zip(learned.names, learned.trained.tolist(), learned.held_out.tolist(), strict=True)
        heading = (_("class"), _("learned from"), _("held out"))
        lines += [table(heading, [(streams.one_line(n), str(of), str(out)) for n, of, out in counts], "lrr"), ""]
    if unreadable:
        lines.append(_("Files that could not be read:"))
        lines += [f"  {streams.one_line(file)}" for file in unreadable[:TOLD]] + ["  …"] * (len(unreadable) > TOLD)
    held_out = int(learned.held_out.sum())
    lines.append(
        _("{share} of {count} held-out pictures are named rightly, after {seconds} s").format(
            share=f"{accuracy:.2%}", count=f"{held_out:,}", seconds=f"{learned.seconds:.1f}"
        )
    )
    streams.say(*lines, streams.one_line(options.out))


def _told(step: Step) -> str:
    if isinstance(step.answer, Captured):
        return _("{done} of {of} pictures").format(done=step.answer.done, of=step.answer.of)
    if not isinstance(step.answer, Learned) or not step.answer.batch:
        return ""
    one = step.answer
    return _("epoch {epoch} of {epochs}: loss {loss}").format(
        epoch=min(one.epoch + 1, one.plan.epochs), epochs=one.plan.epochs, loss=f"{one.losses[-1]:.4f}"
    )


def _optimiser(text: str) -> str:
    if text not in ("adam", "sgd"):
        raise PersonError(
            N_("{option} cannot be “{value}”: it takes {known}."), option="--optimiser", value=text, known="adam, sgd"
        )
    return text


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise PersonError(N_("“{text}” is no learning rate: write a number above 0, for example 0.01."), text=text)
    return value


ACTIONS = {
    "lenet5": Action(
        N_("the modern LeNet-5 on the shipped digits"),
        partial(_lenet_arguments, form="lenet5"),
        partial(_lenet, form="lenet5"),
    ),
    "lenet5_1998": Action(
        N_("the paper's LeNet-5 on the shipped digits"),
        partial(_lenet_arguments, form="lenet5_1998"),
        partial(_lenet, form="lenet5_1998"),
    ),
    "last": Action(N_("the last layer of a network on a folder of pictures for each class"), _last_arguments, _last),
}
