"""What a picture was made from, in a file beside it, with the command line that makes the picture again."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, get_args

from PIL import Image

from explorer import text
from explorer.errors import PersonError
from explorer.recipe import Recipe
from explorer.render import export
from explorer.settings import PLACES, PRECISIONS, THEMES, write_atomically
from explorer.text import N_
from explorer.values import Bytes, FrameResult, Source

What = Literal["mosaic", "map", "window"]
Precision = Literal["float32", "tf32", "half"]
WHATS: tuple[What, ...] = get_args(What)
_REDRAWN: dict[str, What] = {"mosaic": "mosaic", "map": "map"}
SUFFIX = ".recipe.json"
_LONGEST = 4_000_000
_FILES = ("picture", "array", "video", "folder")


@dataclass(frozen=True)
class Kept:
    """What a picture was made from.

    Attributes:
        what: "mosaic" and "map" of a still are made again on the command line, byte for byte on one machine;
            "window" is the place that was shown, which opens again.
        recipe: everything that decides the result.
        language: of the words in the picture.
        precision: a key of ``settings.PRECISIONS``.
        place, theme: of the window: one of ``settings.PLACES`` and ``settings.THEMES``.
        scene: the id of the lesson's scene that the window shows, "" for none; it is shown again in the same size.
        deck: the file of its deck, "" for the course's own.
        revealed: how many of its steps are told.
        size: of the window, px.
    """

    what: What
    recipe: Recipe
    language: str = "en"
    precision: Precision = "float32"
    place: str = "explore"
    theme: str = "light"
    scene: str = ""
    deck: str = ""
    revealed: int = 0
    size: tuple[int, int] = (1280, 800)

    def command(self, picture: Path) -> str:
        """Return the command line that makes ``picture`` again, in its folder."""
        recipe = beside(picture).name
        if self.scene:
            deck = ("--deck", self.deck) if self.deck else ()
            told = ("--reveal", str(self.revealed)) if self.revealed else ()
            look = ("--lang", self.language, "--theme", self.theme, "--size", "{}x{}".format(*self.size))
            return shlex.join(["cnn-explorer", "--scene", self.scene, *deck, *told, *look, "--shot", picture.name])
        if self.what == "window":
            return shlex.join(["cnn-explorer", "--recipe", recipe])
        return shlex.join(["cnn-explorer-cli", "redraw", recipe, "--out", picture.name])


def beside(picture: Path) -> Path:
    """Return where the recipe of a picture lies: "cat.recipe.json" for "cat.png"."""
    return picture.with_name(picture.stem + SUFFIX)


def keep(picture: Path, kept: Kept, pixels: Bytes | None = None) -> tuple[Path, ...]:
    """Write what a picture was made from beside it, and return the files.

    Args:
        picture: the file that was written.
        kept: what it was made from.
        pixels: of a frame of a live source, which will not come again: they are written too, and taken as the source.

    Raises:
        ExportError: a file cannot be written.
    """
    recipe, files = kept.recipe, [beside(picture)]
    if recipe.source.live and pixels is not None:
        frame = picture.with_name(picture.stem + ".frame.png")
        export.write(frame, lambda file: Image.fromarray(pixels).save(file, "PNG"))
        recipe = replace(recipe, source=Source("picture", str(frame.absolute())))
        files.append(frame)
    recipe = replace(recipe, source=_from(recipe.source, picture.absolute().parent))
    told: dict[str, Any] = {"command": kept.command(picture), "program": f"cnn-explorer {_version()}"}
    told |= asdict(kept) | {"recipe": json.loads(recipe.to_json())}
    write_atomically(files[0], (json.dumps(told, indent=2) + "\n").encode())
    return tuple(files)


def keep_result(picture: Path, kind: str, result: FrameResult, precision: Precision) -> tuple[Path, ...]:
    """Write what a picture of a result was made from beside it, and return the files; raises as ``keep``.

    Args:
        picture: the file that was written.
        kind: the engine's kind of export; of those that are no pictures nothing is written.
        result: what it shows.
        precision: in which the network ran.
    """
    what = _REDRAWN.get(kind)
    if what is None:
        return ()
    return keep(picture, Kept(what, result.recipe, text.language(), precision), result.frame.pixels)


def read(path: Path) -> Kept:
    """Return what ``keep`` wrote.

    Raises:
        PersonError: the file cannot be read, or is none of ours.
    """
    try:
        with path.open("rb") as file:
            raw = json.loads(file.read(_LONGEST).decode())
        kept = Kept(
            raw["what"],
            Recipe.from_json(json.dumps(raw["recipe"])),
            raw["language"],
            raw["precision"],
            raw["place"],
            raw["theme"],
        )
    except OSError as error:
        raise PersonError(
            N_("“{file}” cannot be read ({reason}): check it."), file=path, reason=error.strerror or error
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _none(path) from error
    known = (
        (kept.what, WHATS),
        (kept.language, text.LANGUAGES),
        (kept.precision, PRECISIONS),
        (kept.place, PLACES),
        (kept.theme, THEMES),
    )
    if not all(isinstance(value, str) and value in values for value, values in known):
        raise _none(path)
    return replace(kept, recipe=replace(kept.recipe, source=_at(kept.recipe.source, path.absolute().parent)))


def _none(path: Path) -> PersonError:
    return PersonError(N_("“{file}” is no recipe that was exported with a picture: choose another file."), file=path)


def _from(source: Source, folder: Path) -> Source:
    """Return the source with its path as it is from ``folder``, where it lies there: both may be moved together."""
    if source.kind in _FILES and os.path.isabs(source.where) and Path(source.where).is_relative_to(folder):
        return replace(source, where=Path(source.where).relative_to(folder).as_posix())
    return source


def _at(source: Source, folder: Path) -> Source:
    if source.kind in _FILES and not os.path.isabs(source.where):
        return replace(source, where=str(folder / source.where))
    return source


def _version() -> str:
    try:
        return version("cnn-explorer")
    except PackageNotFoundError:  # run from a folder that was never installed
        return ""
