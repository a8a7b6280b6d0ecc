"""Networks as code: a Python file with a function that returns a module. It runs only after a consent."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.errors import NetworkError, contained, nearest
from explorer.text import N_
from explorer.zoo.own import consent
from explorer.zoo.own.card import Certainty, Guess, OwnCard, Remark
from explorer.zoo.own.guesses import SIDE, by_trial, preparation

if TYPE_CHECKING:
    from torch import nn

SUFFIX = ".py"
_INSTALLED = {"site-packages", "dist-packages"}
_neighbours: list[Any] = []
"""Modules that the file that ran last imported from its folder."""
_LIKELY = ("net", "model", "build", "make", "create", "get")


def functions(path: Path) -> tuple[str, ...]:
    """Return the functions and classes of the file that can be called without an argument; nothing of it runs.

    The most likely ones come first: those whose name speaks of a network.

    Raises:
        NetworkError: the file cannot be read, or is no Python.
    """
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except OSError as error:
        raise NetworkError(
            N_("{file} cannot be read ({reason}): check its name and its permissions."),
            file=path,
            reason=error.strerror or error,
        ) from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else None
        raise NetworkError(
            N_("{file} is not written in this Python ({reason}): correct line {line}."),
            file=path.name,
            reason=(error.msg if isinstance(error, SyntaxError) else None) or error,
            line=line or 1,
        ) from error
    found = [node.name for node in tree.body if _callable(node) and not node.name.startswith("_")]  # type: ignore[attr-defined]
    return tuple(sorted(found, key=lambda name: not any(word in name.lower() for word in _LIKELY)))


def guess(path: Path) -> Guess:
    """Return a card with the likeliest function and the usual for the rest; the file runs only after a consent.

    After one, the function is called and its network tried: which input does it take?

    Raises:
        NetworkError: the file cannot be read, or no function of it can be called.
    """
    found = functions(path)
    if not found:
        raise NetworkError(
            N_("{file} has no function that can be called without arguments: write one that returns the network."),
            file=path.name,
        )
    own = OwnCard(title=path.stem, preparation=preparation((3, SIDE, SIDE)), function=found[0])
    certainty: dict[str, Certainty] = {"function": "sure"} if len(found) == 1 else {}
    if not consent.given(path):
        return Guess(own, certainty)
    try:
        shape, output, remarks = by_trial(open(path, own))
    except NetworkError as error:  # another function may be meant
        return Guess(own, certainty, (Remark(error.message, error.values),))
    if output:
        certainty["output"] = "likely"
    own = replace(own, preparation=preparation(shape), output=output)
    return Guess(own, certainty | {"input_chw": "likely"}, remarks)


def open(path: Path, own: OwnCard) -> nn.Module:  # noqa: A001
    """Run the file and return the module that the card's function gives; its folder can be imported from meanwhile.

    Raises:
        ConsentNeededError: nobody has consented to run the file as it is.
        NetworkError: the file or the function raises, or gives something else.
    """
    from torch import nn

    known = functions(path)  # what is wrong with it is told before anybody is asked
    source = consent.read(path)
    if own.function not in known:
        raise NetworkError(
            N_("{file} has no function “{function}” that can be called without arguments: choose one of {known}."),
            file=path.name,
            function=own.function,
            known=", ".join(nearest(own.function, known) or known) or "–",
        )
    # Python names the module of a class; two files of one name must not be taken for each other.
    name = f"{path.stem}_{hashlib.sha256(str(path).encode(errors='surrogatepass')).hexdigest()[:8]}"
    spec = importlib.util.spec_from_loader(name, loader=None, origin=str(path))
    assert spec is not None
    namespace = importlib.util.module_from_spec(spec)
    namespace.__file__ = str(path)
    try:
        with _importable(path.parent, name, namespace), contained():
            exec(compile(source, str(path), "exec"), namespace.__dict__)
            made = getattr(namespace, own.function)()
    except Exception as error:
        raise NetworkError(
            N_("{function} in {file} failed ({reason}): correct it, then try again."),
            function=own.function,
            file=path.name,
            reason=f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".rstrip(". "),
        ) from error
    if not isinstance(made, nn.Module):
        raise NetworkError(
            N_("{function} in {file} returned {kind}, not a torch.nn.Module: choose another function."),
            function=own.function,
            file=path.name,
            kind=type(made).__name__,
        )
    consent.include(path, filter(Path.is_file, map(_source, _neighbours)))
    return made.eval()


def _callable(node: ast.stmt) -> bool:
    """Return whether a statement defines something that can be called without an argument."""
    if isinstance(node, ast.ClassDef):
        start = next((one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"), None)
        return bool(node.bases) and (start is None or _needs(start.args) <= 1)
    return isinstance(node, ast.FunctionDef) and not _needs(node.args)


def _needs(arguments: ast.arguments) -> int:
    """Return how many arguments must be given."""
    by_place = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return by_place + sum(default is None for default in arguments.kw_defaults)


@contextmanager
def _importable(folder: Path, name: str, module: Any) -> Iterator[None]:
    """Let what runs import from ``folder`` and below.

    What the file before imported so is forgotten first: it may have changed, or be of another folder. What this file
    imports stays, for its network may import it again while it runs.
    """
    for other in _neighbours:
        sys.modules.pop(other.__name__, None)
    _neighbours.clear()
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    sys.modules[name] = module
    importlib.invalidate_caches()  # a neighbour that was written just now is seen
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for other in [sys.modules[one] for one in set(sys.modules) - before - {name}]:
            top = getattr(other, "__name__", name).partition(".")[0]
            if top not in before and _is_neighbour(_source(other), folder):  # else a part of a package that was here
                _neighbours.append(other)


def _source(module: Any) -> Path:
    """Return the file of a module; of a package without one its folder."""
    return Path(getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "") or os.devnull)


def _is_neighbour(file: Path, folder: Path) -> bool:
    """Return whether a file lies in ``folder`` or below and is no installed package of an environment there."""
    return file.is_relative_to(folder) and not _INSTALLED.intersection(file.relative_to(folder).parts)
