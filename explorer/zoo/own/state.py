"""Networks in files of tensors: which one of the zoo it is, and how its pictures are most likely prepared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import nn

from explorer.errors import ExplorerError, NetworkError
from explorer.text import N_
from explorer.zoo.card import Preparation
from explorer.zoo.own import class_names, stem
from explorer.zoo.own.card import Certainty, Guess, OwnCard, Remark
from explorer.zoo.own.fit import Fit, fit
from explorer.zoo.own.reader import calls, candidates, read

_GREY = Preparation((1, 224, 224), 256, "bilinear", (0.449,), (0.226,))
"""Mean and deviation of ImageNet's pictures in grey: the means over its three channels."""
_TWINS = ("fasterrcnn_mobilenet_v3_large_fpn", "fasterrcnn_mobilenet_v3_large_320_fpn")
"""Networks that differ only in how large they make their pictures."""
_NAMED = 4
"""So many things beside the tensors are named."""
_FEW = 20
"""So many classes can be anything: their names are not taken from the network's published weights."""


@dataclass(frozen=True, eq=False)
class Built:
    """A network with the tensors of a file in it.

    Attributes:
        own: the card that was given, or the guess.
        module: in eval mode on the CPU.
        certainty: of each guess, by field.
        remarks: what did not match and what was assumed.
    """

    own: OwnCard
    module: nn.Module
    certainty: Mapping[str, Certainty]
    remarks: tuple[Remark, ...]


def guess(path: Path) -> Guess:
    """Return what the file ``path`` tells about its network; raises as ``open`` does."""
    built = open(path)
    return Guess(built.own, built.certainty, built.remarks)


def open(path: Path, own: OwnCard | None = None, mapped: bool = False) -> Built:  # noqa: A001
    """Return the network whose tensors are in the file ``path``.

    Args:
        path: the file; nothing of it runs.
        own: the card; None where there is none, so that it is guessed.
        mapped: as in ``reader.read``.

    Raises:
        NetworkError: the file cannot be used, its tensors belong to no network of the zoo, or not to that of the card.
    """
    content = read(path, mapped)
    found = fit(candidates(content, path), own.architecture if own else "", path)
    remarks = (*found.remarks, *_assumed(found), *_not_run(content.foreign))
    if own is None:
        own, certainty = _guessed(found, path)
        return Built(own, found.module, certainty, remarks)
    if own.preparation.input_chw[0] != found.channels:
        raise NetworkError(
            N_(
                "The card of {file} prepares {channels} channels, but the network takes {wanted}: mend input_chw, mean "
                "and std, or delete the card."
            ),
            file=path,
            channels=own.preparation.input_chw[0],
            wanted=found.channels,
        )
    return Built(own, found.module, {}, remarks)


def _not_run(foreign: Sequence[str]) -> tuple[Remark, ...]:
    """Return what to tell of the names in the file that were neither imported nor called."""
    if named := calls(foreign):
        sentence = N_(
            "The file also calls a system command or other code ({calls}) wherever Python itself unpickles it: here it "
            "was not run. Do not load it elsewhere unless you trust whoever wrote it."
        )
        return (Remark(sentence, {"calls": ", ".join(named)}),)
    if not foreign:
        return ()
    more = ", …" if len(foreign) > _NAMED else ""
    sentence = N_("The file holds other things beside the tensors ({names}): nothing of them was read or run.")
    return (Remark(sentence, {"names": ", ".join(foreign[:_NAMED]) + more}),)


def _guessed(found: Fit, path: Path) -> tuple[OwnCard, dict[str, Certainty]]:
    card, preparation = found.card, found.card.preparation
    certainty: dict[str, Certainty] = dict.fromkeys(
        ("preparation", "input_chw", "resize", "interpolation", "mean", "std", "full", "pad", "long_side", "order"),
        "likely",
    )
    certainty |= {"architecture": "sure", "task": "sure"}
    side = getattr(found.module, "image_size", None)
    if isinstance(side, int) and side != preparation.input_chw[1]:  # a vision transformer takes one size only
        zoom = preparation.resize / preparation.input_chw[1]
        preparation = replace(preparation, input_chw=(preparation.input_chw[0], side, side), resize=round(side * zoom))
    if found.channels != preparation.input_chw[0]:
        plain = (
            _GREY if found.channels == 1 else replace(_GREY, mean=(0.0,) * found.channels, std=(1.0,) * found.channels)
        )
        preparation = replace(
            preparation,
            input_chw=(found.channels, *preparation.input_chw[1:]),
            mean=plain.mean,
            std=plain.std,
            full=1.0,
        )
        certainty |= {"mean": "guess", "std": "guess", "full": "guess"}
    task = card.task if found.classes or card.task != "classify" else "none"
    own = OwnCard(
        title=stem(path),
        preparation=preparation,
        architecture=card.name,
        labels=_labels(found, path),
        task=task,
        activation="sigmoid" if found.classes == 1 else card.activation,
    )
    return own, certainty


def _labels(found: Fit, path: Path) -> str:
    """Return the list of classes: a file beside the network, or that of the published weights, if the number fits."""
    own = stem(path)
    for name in (f"{own}.txt", f"{own}.json", "labels.txt", "classes.txt", "labels.json", "classes.json"):
        file = path.with_name(name)
        try:
            if found.classes and file.is_file() and len(class_names.read(file)) == found.classes:
                return str(file)
        except ExplorerError:
            continue  # it was not meant
    few = found.card.task == "classify" and found.classes < _FEW
    return found.card.labels if found.usual and not few else ""


def _assumed(found: Fit) -> tuple[Remark, ...]:
    """Return what no file of tensors tells of such a network, and what is taken here."""
    module, network = found.module, {"network": found.card.title}
    kinds = {type(one).__name__ for one in module.modules()}
    remarks: list[Remark] = []
    if "FrozenBatchNorm2d" in kinds:
        sentence = N_(
            "The file cannot tell the epsilon of its batch norms: here it is that of the published {network}."
        )
        remarks.append(Remark(sentence, network))
    again = getattr(module, "transform_input", None)
    if again is not None:
        does = N_(
            "The file cannot tell whether {network} normalises its input once more (transform_input): here it does."
        )
        does_not = N_(
            "The file cannot tell whether {network} normalises its input once more (transform_input): here it does not."
        )
        remarks.append(Remark(does if again else does_not, network))
    if type(module).__name__ == "ResNet" and "Bottleneck" in kinds:
        sentence = N_(
            "The file cannot tell whether {network} dilates instead of striding (replace_stride_with_dilation): here "
            "it strides."
        )
        remarks.append(Remark(sentence, network))
    if found.card.name in _TWINS:
        (other,) = (name for name in _TWINS if name != found.card.name)
        sentence = N_(
            "The file cannot tell {network} from {other}, which makes its pictures another size: choose that as the "
            "architecture if it was trained."
        )
        remarks.append(Remark(sentence, network | {"other": other}))
    return tuple(remarks)
