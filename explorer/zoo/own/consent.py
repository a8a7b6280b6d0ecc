"""Consent to run what a stranger wrote: given for one file as it is, and asked for again when the file has changed.

A Python file is code, and ``torch.export.load`` unpickles, which runs what the file says. No session file, card or
picture can consent: only a person in the window, or ``--allow-code`` on the command line.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from explorer import settings
from explorer.errors import ExplorerError, NetworkError
from explorer.text import N_
from explorer.zoo.own import sha256

_NAME = "consents.json"


class ConsentNeededError(NetworkError):
    """A file would run as code, and nobody has consented to it as it is now."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            N_(
                "{file} would run as code on this machine. If you trust whoever wrote it, open it with "
                "“Open a network…” and consent, or add --allow-code on the command line."
            ),
            file=file,
        )


def given(file: Path, digest: str = "") -> bool:
    """Return whether somebody has consented to run ``file`` as it is now, or as it was when it had that ``digest``.

    Raises:
        NetworkError: it cannot be read.
    """
    return _consents()[0].get(_key(file)) == (digest or sha256(file))


def give(file: Path, digest: str = "") -> None:
    """Remember that a person has consented to run ``file``.

    Args:
        file: which.
        digest: its SHA-256 when the person was asked; "" for what it is now.

    Raises:
        NetworkError: it cannot be read. ExportError: the consent cannot be written.
    """
    consents, _broken = _consents()
    consents[_key(file)] = digest or sha256(file)
    settings.write_atomically(_file(), json.dumps(consents, indent=2).encode())


def read(file: Path) -> bytes:
    """Return what is in ``file``, if somebody has consented to just that: what is checked is what will run.

    Raises:
        ConsentNeededError: nobody has. NetworkError: it cannot be read.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise NetworkError(
            N_("{file} cannot be read ({reason}): check its name and its permissions."),
            file=file,
            reason=error.strerror or error,
        ) from error
    consents, broken = _consents()
    if consents.get(_key(file)) != hashlib.sha256(data).hexdigest():
        raise ConsentNeededError(file) from broken
    return data


def _file() -> Path:
    return settings.data_folder() / _NAME


def _key(file: Path) -> str:
    """Return the name of a file by which it is remembered: a copy elsewhere has other neighbours that it may import."""
    return str(file.resolve())


def _consents() -> tuple[dict[str, str], ExplorerError | None]:
    """Return the fingerprint by file; of a broken list none, which is then set aside."""
    path = _file()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict) and all(isinstance(value, str) for value in found.values()):
            return found, None
    except OSError:
        return {}, None  # there is none, or it may not be read: nobody has consented
    except (ValueError, RecursionError):
        pass
    return {}, settings.set_aside(path)
