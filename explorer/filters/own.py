"""A person's own kernels: a TOML file in the settings' folder, and files of the same form to share."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from explorer.errors import ExplorerError, PersonError
from explorer.filters.bank import BANK
from explorer.filters.kernel import Kernel, Magnitude, Operator
from explorer.filters.written import kernel_values, read_kernel
from explorer.settings import config_folder, set_aside, write_atomically
from explorer.text import N_

MOST_KERNELS = 500
LONGEST_NAME = 60
"""Letters."""
_MOST_BYTES = 8 << 20
_HEADING = "# CNN Explorer: kernels. A result is the sum of weight × value, times scale, plus offset.\n"


def file() -> Path:
    """Return where the person's own kernels are kept; it may not exist yet."""
    return config_folder() / "kernels.toml"


def load() -> tuple[dict[str, Operator], ExplorerError | None]:
    """Return the person's own kernels by name and, if they cannot be read, what to tell the person.

    A broken file is set aside, so that nothing of it is lost.
    """
    try:
        return read(file()), None
    except FileNotFoundError:
        return {}, None
    except PersonError as error:
        if isinstance(error.__cause__, OSError):
            return {}, error
        return {}, set_aside(file())


def save(kernels: Iterable[Operator]) -> None:
    """Keep these as the person's own kernels; raises as ``write``."""
    write(file(), kernels)


def read(path: Path) -> dict[str, Operator]:
    """Return the kernels of a file by name, in its order.

    Raises:
        FileNotFoundError: there is no such file.
        PersonError: it cannot be read or holds no kernels; the sentence says why.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise PersonError(N_("{file} is too large for a file of kernels: choose another one."), file=path)
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise PersonError(
            N_("{file} cannot be read ({reason}): check its permissions or choose another one."),
            file=path,
            reason=error.strerror or error,
        ) from error
    except (ValueError, RecursionError) as error:  # TOML's errors and those of its letters are ValueErrors
        raise PersonError(
            N_("{file} is no TOML file of kernels ({reason}): mend that line or choose another file."),
            file=path,
            reason=error,
        ) from error
    try:
        return _read(raw)
    except PersonError as error:
        raise PersonError(N_("{file} is no file of kernels: {error}"), file=path, error=error) from error


def write(path: Path, kernels: Iterable[Operator]) -> None:
    """Write kernels to a file that ``read`` reads: all of it, or what was there before stays.

    Raises:
        PersonError: a kernel has no name, or one that another has; or there are more than ``MOST_KERNELS``.
        ExportError: the file cannot be written.
    """
    tables = [kernel_values(one) for one in kernels]
    _read({"kernel": tables})  # what is written can be read again
    write_atomically(path, (_HEADING + "\n" + tomli_w.dumps({"kernel": tables})).encode())


def check_name(name: str, taken: Iterable[str]) -> None:
    """Find out whether a new kernel can be kept under ``name``.

    Raises:
        PersonError: it is empty, too long, the bank's or one of ``taken``.
    """
    _check(name, (*BANK, *taken))


def _check(name: str, taken: Iterable[str]) -> None:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise PersonError(
            N_("A kernel cannot be called “{name}”: give it a name of 1 to {most} letters."),
            name=name[:LONGEST_NAME],
            most=LONGEST_NAME,
        )
    if name in taken:
        raise PersonError(N_("There is a kernel called “{name}” already: choose another name."), name=name)


def named(operator: Operator, name: str) -> Operator:
    """Return it under another name."""
    if isinstance(operator, Magnitude):
        return Magnitude(name, operator.x, operator.y)
    return Kernel(name, operator.weights, operator.scale, operator.offset)


def located(text: str) -> Path:
    """Return the path that a person wrote."""
    return Path(os.path.expanduser(text))  # Path.expanduser raises where there is no such person


def _read(raw: Mapping[str, Any]) -> dict[str, Operator]:
    tables = raw.get("kernel")
    if not isinstance(tables, list) or len(raw) != 1:
        raise PersonError(N_("It needs a table [[kernel]] for each kernel, and nothing else."))
    if len(tables) > MOST_KERNELS:
        raise PersonError(
            N_("It holds {count} kernels and at most {most} can be kept: leave some out."),
            count=len(tables),
            most=MOST_KERNELS,
        )
    found: dict[str, Operator] = {}
    for table in tables:
        one = read_kernel(table)
        _check(one.name, found)
        found[one.name] = one
    return found
