"""The names of an own network's classes: a text file with one a line, or a list in JSON."""

from __future__ import annotations

import json
from pathlib import Path

from explorer.errors import NetworkError
from explorer.text import N_
from explorer.zoo.labels import labels

SUFFIXES = (".txt", ".json")
_MOST_BYTES = 1 << 24


def of(name: str) -> tuple[str, ...]:
    """Return the classes by index: those of a file if ``name`` is the path of one, else of a list of the zoo.

    Raises:
        NetworkError: there is no such file or list, or it is none of names.
    """
    if name.lower().endswith(SUFFIXES):
        return read(Path(name))
    try:
        return labels(name)
    except (FileNotFoundError, LookupError, ValueError) as error:
        raise NetworkError(
            N_("There is no list of classes “{name}”: give a .txt file with a class a line, or a .json list."),
            name=name,
        ) from error


def read(file: Path) -> tuple[str, ...]:
    """Return the classes in ``file`` by index; JSON may also be an object of index or name to the other.

    Raises:
        NetworkError: it cannot be read, or holds something else.
    """
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ValueError
        text = file.read_text(encoding="utf-8-sig")
        found = _from_json(text) if file.suffix.lower() == ".json" else [line.strip() for line in text.splitlines()]
    except OSError as error:
        raise NetworkError(
            N_("The file of classes {file} cannot be read ({reason}): choose it again."),
            file=file,
            reason=error.strerror or error,
        ) from error
    except (ValueError, RecursionError) as error:
        raise NetworkError(
            N_("{file} is no list of classes: write one class a line in UTF-8, or a list of names in JSON."), file=file
        ) from error
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def _from_json(text: str) -> list[str]:
    """Return a list of names; of an object those by index, whichever of its sides the index is.

    Raises:
        ValueError: it is none of these.
    """
    raw = json.loads(text)
    if isinstance(raw, dict):
        pairs = [(key, value) if str(key).isdecimal() else (value, key) for key, value in raw.items()]
        by_index = {int(index): name for index, name in pairs if str(index).isdecimal()}
        if sorted(by_index) != list(range(len(raw))):
            raise ValueError
        raw = [by_index[index] for index in range(len(raw))]
    raw = [one[-1] if isinstance(one, list) and one else one for one in raw] if isinstance(raw, list) else raw
    if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
        raise ValueError
    return raw
