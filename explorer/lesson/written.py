"""A scene's recipe as a deck writes it: pictures and networks by name, filters of the bank, everything else as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from explorer import sources
from explorer.errors import NetworkError, PersonError, SourceError, nearest
from explorer.filters.bank import BANK
from explorer.recipe import Recipe
from explorer.sources.naming import source_of
from explorer.text import N_
from explorer.values import Source
from explorer.zoo import own, registry
from explorer.zoo.weights import NO_WEIGHTS


class Folder:
    """Where a deck's pictures and networks are."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def source(self, text: str) -> Source:
        """Return the source that ``text`` names: a sample, a file, an address, ``demo`` or ``camera:0``.

        Raises:
            SourceError: there is no such file.
        """
        names = {name: one.file for one in sources.samples() for name in (one.file, Path(one.file).stem)}
        if text in names:
            return Source("sample", names[text])
        found = source_of(text)
        if found.kind in ("demo", "camera", "stream", "address"):
            return found
        found = source_of(str(self._path / text))
        if not text or not _exists(Path(found.where)):
            raise SourceError(
                N_("there is no picture “{name}”: put the file beside the deck, or name a sample such as {nearest}."),
                name=text[:80],
                nearest=", ".join(nearest(text, names) or list(dict.fromkeys(names.values()))[:3]),
            )
        return found

    def network(self, text: str) -> str:
        """Return the name of the network that ``text`` names: one of the zoo, or a file.

        Raises:
            NetworkError: there is no such network.
        """
        if not own.is_own(text):
            return registry.card(text).name
        where = self._path / text
        if text.startswith(own.IN_MEMORY) or not _exists(where):
            raise NetworkError(N_("there is no file “{name}”: put the network's file beside the deck."), name=text[:80])
        return str(where.absolute())


def recipe(before: Recipe, changes: dict[str, Any], folder: Folder) -> Recipe:
    """Return a recipe with what a deck changes of it; fields that hold fields may be given in part.

    Raises:
        PersonError: an entry that no recipe has, or that cannot be; the sentence says what it can be.
    """
    whole = asdict(before)
    for name, value in changes.items():
        if name not in whole:
            raise PersonError(
                N_("a recipe has no “{name}”; the nearest are: {nearest}."),
                name=name[:40],
                nearest=", ".join(nearest(name, whole) or whole),
            )
        given: Any = value
        if name == "source" and isinstance(value, str):
            given = asdict(folder.source(value))
        elif name == "network" and isinstance(value, str):
            given = folder.network(value)
        elif name == "filters" and isinstance(value, list):
            given = [_filter(one) for one in value]
        elif name == "weights" and isinstance(value, str):
            _check_weights(before.network, value)
        elif isinstance(value, dict) and isinstance(whole[name], dict):
            given = whole[name] | value
        try:
            made = Recipe.from_json(json.dumps(asdict(before) | {name: given}))
        except (ValueError, TypeError) as error:
            raise PersonError(
                N_("{name} cannot be {value}: correct it."), name=name, value=str(value)[:60] or "“”"
            ) from error
        before = before.with_(**{name: getattr(made, name)})
    return before


def _check_weights(network: str, name: str) -> None:
    """Find out whether the network has weights of that name, wherever they are.

    Raises:
        NetworkError: it has not.
    """
    if own.is_own(network):
        return
    names = (NO_WEIGHTS, *(one.name for one in registry.card(network).weights))
    if name and name not in names:
        raise NetworkError(
            N_("{network} has no weights “{name}”, only {names}."),
            network=network,
            name=name[:40],
            names=", ".join(names),
        )


def _filter(raw: Any) -> Any:
    """Return a filter as JSON has it; one of the bank may be written as its name.

    Raises:
        PersonError: the bank has no such filter.
    """
    if not isinstance(raw, str):
        return raw
    if raw not in BANK:
        raise PersonError(
            N_("the bank has no filter “{name}”; the nearest are: {nearest}."),
            name=raw[:40],
            nearest=", ".join(nearest(raw, BANK) or list(BANK)[:4]),
        )
    return asdict(BANK[raw].filter)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
