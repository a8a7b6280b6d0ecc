"""A person's own networks: files that hold one, and modules that their own program has in memory. No torch at import.

Each form of file has a module of its own, imported when such a file is opened:

* ``state`` tensors by name, for an architecture of the zoo;
* ``onnx``, ``exported`` (``.pt2``) and ``python_file`` each with ``guess(path) -> Guess``, which never runs anything of
  the file that the person has not allowed, and ``open(path, own) -> nn.Module``, which raises where it is not allowed;
* ``memory`` with ``guess(name)`` and ``open(name)``.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from explorer import settings
from explorer.errors import ExplorerError, NetworkError
from explorer.text import N_
from explorer.zoo.card import Card, Preparation, Weights
from explorer.zoo.own.card import Certainty, Guess, OwnCard, Remark, from_toml, to_toml

if TYPE_CHECKING:
    from torch import nn

IN_MEMORY = "memory:"
"""Begins the name of a module that the person's own program showed."""
TENSORS = (".pth", ".pt", ".safetensors", ".ckpt", ".bin", ".tar")
SUFFIXES = (*TENSORS, ".onnx", ".pt2", ".py")
CARD = ".toml"
"""Follows the whole name of a network's file in the name of its card."""

_MOST_CARD_BYTES = 1 << 20
Form = Literal["tensors", "onnx", "exported", "python", "memory"]
Tell = Callable[[str, "float | None"], None]
_MODULES: dict[Form, str] = {
    "tensors": "explorer.zoo.own.state",
    "onnx": "explorer.zoo.own.onnx",
    "exported": "explorer.zoo.own.exported",
    "python": "explorer.zoo.own.python_file",
    "memory": "explorer.zoo.own.memory",
}
FILE = "file"
"""What ``--weights`` calls the weights of an own network."""
_FIELDS = (*(one.name for one in fields(OwnCard)), *(one.name for one in fields(Preparation)))
_RUNS_CODE: tuple[Form, ...] = ("exported", "python")
_PLAIN = Preparation((3, 224, 224), 256, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@dataclass(frozen=True, eq=False)
class Opened:
    """An own network, ready to be placed and traced.

    Attributes:
        card: its facts.
        own: what the person said, or what was guessed where they said nothing.
        module: in eval mode on the CPU.
        weights: describe the file itself.
        report: what did not match and what was assumed.
    """

    card: Card
    own: OwnCard
    module: nn.Module
    weights: Weights
    report: tuple[Remark, ...] = ()


@dataclass(frozen=True, eq=False)
class Inspection:
    """What a file tells before it is opened; plain values, no torch.

    Attributes:
        path: of the file, absolute; or ``memory:NAME``.
        form: what kind of file it is.
        bytes: its size.
        sha256: its hash.
        runs_code: whether opening it runs what its author wrote, so that the person has to allow it.
        own: the card: the saved one, or prefilled with guesses; None where there is a problem.
        saved: whether it is the saved one.
        certainty: of each guess, by field of ``OwnCard`` and ``Preparation``; a field left out is a guess.
        remarks: what did not match and what was assumed.
        problem: why the file cannot be opened, or None.
    """

    path: str
    form: Form
    bytes: int
    sha256: str
    runs_code: bool
    own: OwnCard | None = None
    saved: bool = False
    certainty: Mapping[str, Certainty] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    problem: ExplorerError | None = None


def is_own(name: str) -> bool:
    """Return whether ``name`` means a person's own network rather than one of the zoo."""
    return name.startswith(IN_MEMORY) or Path(name.lower().removesuffix(CARD)).suffix in SUFFIXES


def located(name: str) -> str:
    """Return how a recipe calls the own network ``name``: the absolute path of its file; a card means its network."""
    if name.startswith(IN_MEMORY):
        return name
    path = Path(name).expanduser().absolute()
    return str(path.with_suffix("") if path.suffix.lower() == CARD else path)


def form_of(name: str) -> Form:
    """Return what kind of file ``name`` is, by its content where its ending leaves that open."""
    if name.startswith(IN_MEMORY):
        return "memory"
    suffix = Path(name).suffix.lower()
    if suffix not in TENSORS:
        return {".onnx": "onnx", ".pt2": "exported", ".py": "python"}.get(suffix, "tensors")  # type: ignore[return-value]
    try:
        if not Path(name).is_file():
            return "tensors"  # a pipe would wait for its writer
        with zipfile.ZipFile(name) as archive:
            exported = any(map(is_program, archive.namelist()))
    except (OSError, ValueError, zipfile.BadZipFile):
        return "tensors"
    return "exported" if exported else "tensors"


def is_program(entry: str) -> bool:
    """Return whether an entry of an archive holds what ``torch.export.save`` writes, in its old form or its new one."""
    return entry.rpartition("/")[2] == "serialized_exported_program.json" or entry.endswith("/models/model.json")


def stem(path: Path) -> str:
    """Return a file's name without its ending; without both of ``.pth.tar``."""
    return Path(path.name.removesuffix(".tar")).stem


def stamp(name: str) -> tuple[int, ...]:
    """Return what is another when the file ``name`` or its card was written anew; () for a network of the zoo."""
    if not is_own(name) or name.startswith(IN_MEMORY):
        return ()
    found: list[int] = []
    for file in (located(name), located(name) + CARD):
        try:
            status = os.stat(file)
            found += status.st_mtime_ns, status.st_size
        except (OSError, ValueError):
            found += 0, 0
    return tuple(found)


def card(name: str) -> Card:
    """Return the facts of the own network ``name`` as far as they are known before it is opened."""
    where = located(name)
    try:
        own = find_card(where)
    except ExplorerError:
        own = None  # what is wrong with it is told when the network is opened
    return _facts(where, own or OwnCard(_title(where), _PLAIN))


def open(name: str, progress: Tell | None = None, hollow: bool = False) -> Opened:  # noqa: A001
    """Return the own network ``name``, built and loaded.

    Args:
        name: where it is, as ``located`` gives it.
        progress: told each stage (marked text; ``{network}`` is its title's place) and how far it is, 0 … 1.
        hollow: whether its numbers are left out, on torch's meta device: a large file of tensors is not even read.

    Raises:
        NetworkError: it cannot be opened, or the person has not allowed its code to run.
    """
    where = located(name)
    tell = progress or (lambda stage, fraction: None)
    tell(N_("Loading {network} …"), 0.0)
    form = form_of(where)
    if form != "memory":
        _stat(where)
    own = find_card(where)
    report: tuple[Remark, ...] = ()
    if form == "tensors":
        from explorer.zoo.own.state import open as open_tensors

        built = open_tensors(Path(where), own, hollow)
        own, module, report = built.own, built.module, built.remarks
    else:
        room: Any = import_module(_MODULES[form])
        if own is None:
            guess = _guess(where, form)
            own, report = guess.own, guess.remarks
        module = room.open(where) if form == "memory" else room.open(Path(where), own)
    if form != "tensors" or own.output or own.inputs:
        from explorer.zoo.own.adapt import adapt

        module = adapt(module, own)
    if hollow:
        module.to("meta")
    facts = _facts(where, own)
    return Opened(facts, own, module.eval(), facts.weights[0], report)


def inspect(name: str) -> Inspection:
    """Return what the file ``name`` tells; a mistake in it is a value here, not an exception."""
    where = located(name)
    form = form_of(where)
    size, digest, saved = 0, "", None
    runs_code = form in _RUNS_CODE
    try:
        if form != "memory":
            size, digest = _stat(where), sha256(Path(where))
        saved = find_card(where)
        guess = Guess(saved) if saved else _guess(where, form)
    except ExplorerError as error:
        return Inspection(where, form, size, digest, runs_code, saved, saved is not None, problem=error)
    certainty: Mapping[str, Certainty] = dict.fromkeys(_FIELDS, "sure") if saved else guess.certainty
    return Inspection(where, form, size, digest, runs_code, guess.own, saved is not None, certainty, guess.remarks)


def save(name: str, own: OwnCard) -> Path:
    """Keep ``own`` beside the file ``name``, or with the person's data where nothing can be written there.

    Returns:
        The card's file.

    Raises:
        ExportError: it cannot be written there either.
        NetworkError: the file cannot be read.
    """
    network = Path(located(name))
    beside = network.with_name(network.name + CARD)
    text = to_toml(own, network.parent).encode()
    try:
        settings.fill_atomically(beside, lambda file: file.write(text))
    except OSError:
        kept = _kept(network)
        settings.write_atomically(kept, to_toml(own, kept.parent).encode())
        return kept
    if _cards().is_dir():
        _kept(network).unlink(missing_ok=True)
    return beside


def find_card(name: str) -> OwnCard | None:
    """Return what was saved for the file ``name``, or None.

    Raises:
        NetworkError: there is a card, and it cannot be read.
    """
    if name.startswith(IN_MEMORY):
        return None
    network = Path(located(name))
    files = [network.with_name(network.name + CARD)]
    if _cards().is_dir() and network.is_file():
        files.append(_kept(network))
        files.sort(key=_written, reverse=True)  # one beside the file may be older, and not to be overwritten
    for file in files:
        try:
            if file.stat().st_size > _MOST_CARD_BYTES:
                raise ValueError
            return from_toml(file.read_text(encoding="utf-8"), file)
        except FileNotFoundError:
            continue
        except (OSError, ValueError, OverflowError) as error:  # the last of a whole number that no float can hold
            raise NetworkError(
                N_("The card {file} cannot be read ({reason}): mend it, or delete it and open the network again."),
                file=file,
                reason=error.strerror if isinstance(error, OSError) else type(error).__name__,
            ) from error
    return None


def sha256(path: Path) -> str:
    """Return the hash of a file's content, in hexadecimal.

    Raises:
        NetworkError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def _guess(where: str, form: Form) -> Guess:
    room: Any = import_module(_MODULES[form])
    guess: Guess = room.guess(where if form == "memory" else Path(where))
    return guess


def _stat(where: str) -> int:
    """Return the size of a file that can be opened.

    Raises:
        NetworkError: it is not there, a folder, or empty.
    """
    path = Path(where)
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if path.is_dir():
        raise NetworkError(N_("{file} is a folder: give the file of the network that is in it."), file=path)
    if size == 0:
        raise NetworkError(N_("The file {file} is empty: save or copy it again."), file=path)
    return size


def _unreadable(path: Path, error: Exception) -> NetworkError:
    reason = (error.strerror if isinstance(error, OSError) else None) or error
    if isinstance(error, FileNotFoundError):
        return NetworkError(N_("There is no file {file}: choose the network's file again."), file=path)
    return NetworkError(
        N_("The file {file} cannot be read ({reason}): check its name and permissions."), file=path, reason=reason
    )


def _facts(where: str, own: OwnCard) -> Card:
    """Return the card of the zoo for an own network: its weights are the file."""
    try:
        size = 0 if where.startswith(IN_MEMORY) else Path(where).stat().st_size
    except (OSError, ValueError):
        size = 0
    file = Weights(
        name=FILE,
        file=where,
        url="",
        sha256="",
        bytes=size,
        package="",
        preparation=own.preparation,
        labels=own.labels,
        trained_on="",
        licence="",
    )
    return Card(
        name=where,
        title=own.title,
        family="",
        year=0,
        paper="",
        parameters=0,
        build="",
        weights=(file,),
        preparation=own.preparation,
        labels=own.labels,
        group="own",
        task=own.task,
        activation=own.activation,
    )


def _title(where: str) -> str:
    return where.removeprefix(IN_MEMORY) if where.startswith(IN_MEMORY) else stem(Path(where))


def _cards() -> Path:
    """Return the folder of the cards of files beside which nothing can be written."""
    return settings.data_folder() / "cards"


def _kept(network: Path) -> Path:
    return _cards() / f"{sha256(network)}{CARD}"


def _written(file: Path) -> int:
    """Return when a file was written, ns; 0 where there is none."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0
