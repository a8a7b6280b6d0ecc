"""``filter``: a picture after a kernel, as a file."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from explorer import sources
from explorer.cli.arguments import Parser, add_picture, beside, exists, one_of, whole
from explorer.cli.streams import complain, say
from explorer.errors import ExportError, PersonError, SourceError, nearest
from explorer.filters import own, parse
from explorer.filters.apply import Result, result
from explorer.filters.bank import BANK
from explorer.filters.filter import BORDERS, Filter
from explorer.filters.kernel import LARGEST, Kernel, Magnitude, Operator
from explorer.render import export
from explorer.render.signed import signed
from explorer.text import N_, _

ABOUT = N_("apply a kernel to a picture")
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".bmp": "BMP", ".tif": "TIFF", ".tiff": "TIFF"}
ARRAY = ".npy"
_MOST_BYTES = 1 << 20


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    add_picture(parser)
    add_kernel(parser)
    how = parser.how
    how.add_argument("--scale", metavar="S", type=parse.scale, help=_("factor after the sum: 1/4, 0.25; the kernel's"))
    about = _("beyond the picture: {borders} ({usual})").format(borders=", ".join(BORDERS), usual=BORDERS[2])
    how.add_argument("--border", metavar="B", type=one_of("--border", BORDERS), default=BORDERS[2], help=about)
    how.add_argument("--stride", metavar="N", type=whole(1), default=1, help=_("pixels from window to window (1)"))
    how.add_argument("--dilation", metavar="N", type=whole(1), default=1, help=_("pixels from cell to cell (1)"))
    how.add_argument("--signed", action="store_true", help=_("keep the sign: blue below 0, red above; numbers in .npy"))
    how.add_argument("--out", metavar="FILE", type=_file, required=True, help=_("a picture, or a .npy array"))


def add_kernel(parser: Parser) -> None:
    """Let the command take a kernel."""
    about = _('name (“kernels” lists them), a file, or numbers: "[[0, 1], [1, 0]]"')
    parser.how.add_argument("--kernel", metavar="NAME", type=operator, required=True, help=about)


def run(options: argparse.Namespace) -> None:
    """Write the picture after the kernel, and print where it is."""
    kernel = options.kernel if options.scale is None else _scaled(options.kernel, options.scale)
    one = Filter(kernel, options.border, options.stride, options.dilation, signed=options.signed)
    found = result(pixels(options.image), (one,))
    export.write(options.out, _filled(found, options.out))
    height, width = found.pixels.shape[:2]
    say(f"{options.out}  ·  {width} × {height}")


def operator(text: str) -> Operator:
    """Return the kernel that ``text`` names, or writes, or that is in the file called so.

    Raises:
        PersonError: it is none of them.
    """
    if text in BANK:
        return BANK[text].kernel
    mine, problem = own.load()
    if problem is not None:
        complain(problem)
    if text in mine:
        return mine[text]
    if "[" in text or text.lstrip().startswith("{"):
        return parse.kernel(text, LARGEST)
    path = own.located(text)
    if text and exists(path):
        return _opened(path)
    names = (*BANK, *mine)
    near = nearest(text, names) or beside(path)
    sentence = N_("There is no kernel “{name}”; the nearest are: {nearest}.")
    if not near:
        sentence = N_("There is no kernel “{name}”: write its numbers, such as [[0, 1], [1, 0]], or see “kernels”.")
    raise PersonError(sentence, name=text, nearest=", ".join(near))


def pixels(source: Any) -> Any:
    """Return the pixels, uint8 (H, W, 3), of a picture that filters can be applied to.

    Raises:
        SourceError: it cannot be read, or is an array, which goes to a network as it is.
    """
    frame = sources.read(source)
    if frame.array is not None:
        raise SourceError(N_("“{name}” is an array, which no filter is applied to: give a picture."), name=frame.source)
    return frame.pixels


def _opened(path: Path) -> Operator:
    """Return the one kernel in a file: TOML as the bank of a person's own, or numbers in any form."""
    if path.suffix.lower() == ".toml":
        found = own.read(path)
        if len(found) == 1:
            return next(iter(found.values()))
        raise PersonError(
            N_("{file} holds {count} kernels ({names}): give a file with one of them."),
            file=path,
            count=len(found),
            names=", ".join(found),
        )
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise PersonError(N_("{file} is too large for a kernel: choose another file."), file=path)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise PersonError(
            N_("{file} cannot be read ({reason}): check its permissions or choose another one."),
            file=path,
            reason=error.strerror or error,
        ) from error
    except UnicodeDecodeError as error:
        raise PersonError(N_("{file} is no text: give a file with a kernel's numbers."), file=path) from error
    try:
        return parse.kernel(text, LARGEST)
    except PersonError as error:
        raise PersonError(N_("{file} is no kernel: {error}"), file=path, error=error) from error


def _scaled(kernel: Operator, scale: float) -> Operator:
    if isinstance(kernel, Kernel):
        return replace(kernel, scale=scale)
    return Magnitude(kernel.name, replace(kernel.x, scale=scale), replace(kernel.y, scale=scale))


def _file(text: str) -> Path:
    path = own.located(text)
    if path.suffix.lower() not in (*FORMATS, ARRAY):
        raise ExportError(
            N_("“{file}” is no name of a picture or an array: let it end in {suffixes}."),
            file=text,
            suffixes=", ".join((*FORMATS, ARRAY)),
        )
    return path


def _filled(found: Result, path: Path) -> Callable[[BinaryIO], object]:
    """Return what writes the result into a file of the kind that ``path`` names."""
    suffix = path.suffix.lower()
    if suffix == ARRAY:
        array = found.pixels if found.values is None else found.values
        return lambda file: np.lib.format.write_array(file, array, allow_pickle=False)
    shown = found.pixels if found.values is None else signed(found.values).pixels
    return lambda file: Image.fromarray(shown).save(file, FORMATS[suffix])
