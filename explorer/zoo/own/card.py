"""What a person says about their own network: the card that lies beside it as a small TOML file."""

from __future__ import annotations

import math
import tomllib
import types
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import tomli_w

from explorer.errors import NetworkError, nearest
from explorer.text import N_, _
from explorer.zoo.card import Activation, Preparation, Task

MOST_SIDE = 1 << 14
"""Of an input, cells."""
_INPUT_KINDS = ("zeros", "ones", "random")


@dataclass(frozen=True)
class OwnCard:
    """How a person's own network is built, what it gets and what it answers.

    Attributes:
        title: as the person calls it.
        architecture: the zoo's network that a file of tensors belongs to; "" where the file holds the network itself.
        function: of a Python file: the function that returns the module.
        preparation: how a picture becomes its input.
        labels: a list of the zoo, or the path of a text file with a class a line; "" for none.
        output: where in what it returns the answer is: keys, attributes or numbers joined by dots; "" for the main one.
        task: what the answer is.
        activation: what turns it into probabilities.
        inputs: further inputs after the picture, each as ``name=kind:shape`` (kind zeros, ones or random); the name is
            "" for one that goes by its place.
    """

    title: str
    preparation: Preparation
    architecture: str = ""
    function: str = ""
    labels: str = ""
    output: str = ""
    task: Task = "classify"
    activation: Activation = "softmax"
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Remark:
    """A sentence for the person that is no error, translated only when it is shown.

    Attributes:
        message: an English sentence marked with ``N_`` where it is written; ``{name}`` stands for a value.
        values: what fills the braces.
    """

    message: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return _(self.message).format(**self.values)


Certainty = Literal["sure", "likely", "guess"]
"""sure: the file itself says so. likely: it follows from the architecture. guess: what most people do."""


@dataclass(frozen=True)
class Guess:
    """What a file tells about its network before the person says anything.

    Attributes:
        own: the card, prefilled.
        certainty: how sure that is, by field of ``OwnCard`` and of its ``Preparation``; a field left out is a guess.
        remarks: what did not match, and what was assumed.
    """

    own: OwnCard
    certainty: Mapping[str, Certainty] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()


def to_toml(own: OwnCard, folder: Path) -> str:
    """Return ``own`` as a TOML document; a file of labels in ``folder`` or below is written relative to it."""
    labels = Path(own.labels)
    if labels.is_absolute() and labels.is_relative_to(folder):
        own = replace(own, labels=labels.relative_to(folder).as_posix())
    heading = "# CNN Explorer: how the network of this file is prepared and what its output means.\n"
    return heading + tomli_w.dumps(asdict(own))


def from_toml(text: str, file: Path) -> OwnCard:
    """Return the card that ``text`` describes.

    Args:
        text: the document.
        file: where it comes from, for the sentences; a relative file of labels is looked for beside it.

    Raises:
        NetworkError: it is no such document; the sentence names the entry.
    """
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise NetworkError(
            N_("The card {file} is no TOML document ({reason}): mend the line, or delete the card and open again."),
            file=file,
            reason=error,
        ) from error
    raw.setdefault("title", file.name.removesuffix(".toml"))
    own: OwnCard = _read(raw, OwnCard, "", file)
    return _checked(own, file)


def _read(raw: Mapping[str, Any], kind: Any, prefix: str, file: Path) -> Any:
    """Return a value of the dataclass ``kind`` from a table of TOML."""
    hints = get_type_hints(kind)
    for name in raw:
        if name not in hints:
            near = nearest(name, hints)
            raise NetworkError(
                N_("The card {file} has an entry “{entry}” that nobody knows; the nearest are: {nearest}."),
                file=file,
                entry=prefix + name,
                nearest=", ".join(prefix + one for one in (near or hints)),
            )
    values: dict[str, Any] = {}
    for one in fields(kind):
        if one.name in raw:
            values[one.name] = _value(raw[one.name], hints[one.name], prefix + one.name, file)
        elif one.default is MISSING and one.default_factory is MISSING:
            raise NetworkError(
                N_("The card {file} has no entry “{entry}”: add it, or delete the card and open again."),
                file=file,
                entry=prefix + one.name,
            )
    return kind(**values)


def _value(raw: Any, hint: Any, entry: str, file: Path) -> Any:
    if hint is Preparation and isinstance(raw, dict):
        return _read(raw, Preparation, f"{entry}.", file)
    made = tuple(raw) if isinstance(raw, list) else float(raw) if hint is float and type(raw) is int else raw
    if isinstance(made, tuple) and get_args(hint)[:1] == (float,):
        made = tuple(float(one) if type(one) is int else one for one in made)
    if not _fits(made, hint):
        raise _wrong(file, entry, raw)
    return made


def _fits(value: Any, hint: Any) -> bool:
    """Return whether ``value`` is what the type hint says; numbers must be finite."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return value in arguments
    if origin in (Union, types.UnionType):
        return any(_fits(value, argument) for argument in arguments)
    if origin is tuple:
        inner = arguments[:1] * len(value) if isinstance(value, tuple) and arguments[-1] is Ellipsis else arguments
        return isinstance(value, tuple) and len(inner) == len(value) and all(map(_fits, value, inner))
    return type(value) is hint and (hint is not float or math.isfinite(value))


def _wrong(file: Path, entry: str, value: object) -> NetworkError:
    return NetworkError(
        N_("The card {file} says {entry} = {value}, which cannot be: mend it, or delete the card and open again."),
        file=file,
        entry=entry,
        value=value,
    )


def _checked(own: OwnCard, file: Path) -> OwnCard:
    """Return ``own`` with its labels' full path.

    Raises:
        NetworkError: a value is outside its range.
    """
    made = own.preparation
    channels, height, width = made.input_chw
    wrong = [
        (name, value)
        for name, value, right in (
            ("input_chw", made.input_chw, 1 <= channels <= MOST_SIDE and min(height, width) >= 1),
            ("input_chw", made.input_chw, max(height, width) <= MOST_SIDE),
            ("resize", made.resize, 1 <= made.resize <= MOST_SIDE),
            ("mean", made.mean, len(made.mean) == channels),
            ("std", made.std, len(made.std) == channels and all(one != 0 for one in made.std)),
            ("full", made.full, made.full > 0),
            ("pad", made.pad, 0 <= made.pad * 2 < min(height, width)),
        )
        if not right
    ]
    if wrong:
        raise _wrong(file, f"preparation.{wrong[0][0]}", wrong[0][1])
    for one in own.inputs:
        _name, _equals, what = one.rpartition("=")
        kind, _colon, shape = what.partition(":")
        if kind not in _INPUT_KINDS or not all(side.isdecimal() and int(side) for side in shape.split("x")):
            raise _wrong(file, "inputs", one)
    if own.labels.lower().endswith((".txt", ".json")):
        return replace(own, labels=str(file.parent / own.labels))
    return own
