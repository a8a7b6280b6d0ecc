"""A folder with a folder of pictures for each class, and which of them are held out. No torch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from explorer.errors import PersonError, SourceError
from explorer.sources.folder import SUFFIXES
from explorer.text import N_

FEWEST_CLASSES, MOST_CLASSES, FEWEST_PICTURES = 2, 20, 2
HELD_OUT = 5
"""One picture of a class in so many is held out, and at least one."""
_NAMELESS = ("", ".", "..")
_MOST_LETTERS = 80


@dataclass(frozen=True)
class PictureClass:
    """A class of a person's own.

    Attributes:
        name: of its folder.
        paths: of its pictures, in order.
    """

    name: str
    paths: tuple[Path, ...]


def classes(folder: Path) -> tuple[PictureClass, ...]:
    """Return the classes in ``folder``, in the order of their names; those without a picture too.

    Raises:
        SourceError: there is no such folder, or it cannot be read.
    """
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith("."))
        found = [
            PictureClass(
                name,
                tuple(
                    folder / name / file
                    for file in sorted(os.listdir(folder / name))
                    if file.lower().endswith(SUFFIXES) and not file.startswith(".")
                ),
            )
            for name in names
        ]
    except (OSError, ValueError) as error:
        raise SourceError(
            N_("The folder {folder} cannot be opened ({reason}): choose one with a folder of pictures for each class."),
            folder=getattr(error, "filename", None) or folder,  # or one in it
            reason=getattr(error, "strerror", None) or error,
        ) from error
    return tuple(found)


def check(found: Sequence[PictureClass], folder: Path) -> None:
    """Do nothing if these classes can be learned.

    Raises:
        PersonError: there are too few classes or too many, or a class has too few pictures.
    """
    if not FEWEST_CLASSES <= len(found) <= MOST_CLASSES:
        sentence = N_(
            "{folder} holds {count} folders: from {least} to {most} classes can be learned, each a folder of its own "
            "with pictures in it."
        )
        if len(found) == 1:
            sentence = N_(
                "{folder} holds one folder: from {least} to {most} classes can be learned, each a folder of its own "
                "with pictures in it."
            )
        raise PersonError(
            sentence,
            folder=folder,
            count=len(found),
            least=FEWEST_CLASSES,
            most=MOST_CLASSES,
        )
    for one in found:
        check_count(one.name, len(one.paths))


def check_count(name: str, count: int) -> None:
    """Do nothing if so many pictures of a class are enough.

    Raises:
        PersonError: they are not.
    """
    if count < FEWEST_PICTURES:
        raise PersonError(
            N_(
                "The class “{name}” has too few pictures that can be read ({count}): it needs {least} or more, for at "
                "least one is held out."
            ),
            name=name,
            count=count,
            least=FEWEST_PICTURES,
        )


def held_out(count: int) -> int:
    """Return how many of a class's pictures are held out."""
    return max(1, count // HELD_OUT)


def split(counts: Sequence[int], seed: int) -> list[list[bool]]:
    """Return of each picture of each class whether it is held out; the seed chooses them."""
    generator = np.random.default_rng(seed)
    chosen = []
    for count in counts:
        out = set(generator.permutation(count)[: held_out(count)].tolist())
        chosen.append([place in out for place in range(count)])
    return chosen


def folder_of(folder: Path, name: str) -> Path:
    """Return the folder of a class that a person calls ``name``.

    Raises:
        PersonError: no folder can have that name.
    """
    name = name.strip()
    if (
        name in _NAMELESS
        or name.startswith(".")
        or len(name) > _MOST_LETTERS
        or any(one in name for one in '/\\:*?"<>|\0')
    ):
        raise PersonError(
            N_("A class cannot be called “{name}”: its name is a folder's, so leave out / \\ : * ? \" < > |."),
            name=name,
        )
    return folder / name


def next_file(folder: Path) -> Path:
    """Return the file that the next picture of a class is kept in: numbered after those that are there."""
    try:
        taken = {int(file.stem) for file in folder.glob("*.png") if file.stem.isdecimal() and len(file.stem) < 10}
    except OSError:
        taken = set()
    return folder / f"{max(taken, default=0) + 1:04}.png"
