"""Consent to run what a stranger wrote: given for one file as it is, and asked for again when the file has changed.

It is for the neighbours that the file imports, too: which these are is known once it has run.

A Python file is code, and ``torch.export.load`` unpickles, which runs what the file says. No session file, card or
picture can consent: only a person in the window, or ``--allow-code`` on the command line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from explorer import settings
from explorer.errors import ExplorerError, NetworkError
from explorer.text import N_
from explorer.zoo.own import sha256

_NAME = "consents.json"


class ConsentNeededError(NetworkError):
    """A file would run as code, and nobody has consented to it as it is now, or to ``changed``, which it imports."""

    def __init__(self, file: Path, changed: str = "") -> None:
        sentence = N_(
            "{file} would run as code on this machine. If you trust whoever wrote it, open it with "
            "“Open a network…” and consent, or add --allow-code on the command line."
        )
        if changed:
            sentence = N_(
                "{file} imports {changed}, which has changed since it was allowed to run. If you trust whoever wrote "
                "it, open it with “Open a network…” and consent, or add --allow-code on the command line."
            )
        super().__init__(sentence, file=file, changed=changed)


def given(file: Path, digest: str = "") -> bool:
    """Return whether somebody has consented to run ``file`` as it is now, or as it was when it had that ``digest``.

    What it imported from its folder when it ran must be as it was, too.

    Raises:
        NetworkError: it cannot be read.
    """
    now = digest or sha256(file)
    allowed = _consents()[0].get(_key(file), {})
    return allowed.get(_key(file)) == now and not _changed(allowed, file)


def changed(file: Path, digest: str = "") -> str:
    """Return what is another since somebody consented to run ``file``: itself, or what it imported.

    Args:
        file: which.
        digest: its SHA-256; "" for what it is now.

    Returns:
        The path of the first such file; "" where there is none, and where nobody has consented yet.

    Raises:
        NetworkError: it cannot be read.
    """
    allowed = _consents()[0].get(_key(file), {})
    if allowed and allowed.get(_key(file)) != (digest or sha256(file)):
        return _key(file)
    return _changed(allowed, file)


def give(file: Path, digest: str = "") -> None:
    """Remember that a person has consented to run ``file``, with the neighbours that it imports as they are.

    Args:
        file: which.
        digest: its SHA-256 when the person was asked; "" for what it is now.

    Raises:
        NetworkError: it cannot be read. ExportError: the consent cannot be written.
    """
    consents, _broken = _consents()
    _write(consents | {_key(file): {_key(file): digest or sha256(file)}})


def include(file: Path, neighbours: Iterable[Path]) -> None:
    """Let the consent to ``file`` be for what it imported from its folder as well; nothing happens where there is none.

    Raises:
        NetworkError: one cannot be read. ExportError: the consent cannot be written.
    """
    consents, _broken = _consents()
    allowed = consents.get(_key(file))
    if allowed is None:
        return
    found = {_key(one): sha256(one) for one in neighbours} | allowed
    if found != allowed:
        _write(consents | {_key(file): found})


def read(file: Path) -> bytes:
    """Return what is in ``file``, if somebody has consented to just that: what is checked is what will run.

    Raises:
        ConsentNeededError: nobody has, or what it imported has changed. NetworkError: it cannot be read.
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
    allowed = consents.get(_key(file), {})
    if allowed.get(_key(file)) != hashlib.sha256(data).hexdigest():
        raise ConsentNeededError(file) from broken
    if changed := _changed(allowed, file):
        raise ConsentNeededError(file, changed)
    return data


def _changed(allowed: Mapping[str, str], file: Path) -> str:
    """Return what ``file`` imported and is another now, or not there any more; "" for nothing."""
    for name, digest in allowed.items():
        try:
            if name != _key(file) and sha256(Path(name)) != digest:
                return name
        except NetworkError:
            return name
    return ""


def _write(consents: Mapping[str, Mapping[str, str]]) -> None:
    settings.write_atomically(_file(), json.dumps(consents, indent=2).encode())


def _file() -> Path:
    return settings.data_folder() / _NAME


def _key(file: Path) -> str:
    """Return the name of a file by which it is remembered: a copy elsewhere has other neighbours that it may import."""
    return str(file.resolve())


def _consents() -> tuple[dict[str, dict[str, str]], ExplorerError | None]:
    """Return by file the fingerprints of it and of what it imported; of a broken list none, which is then set aside."""
    path = _file()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict) and all(map(_is_fingerprints, found.values())):
            return found, None
    except OSError:
        return {}, None  # there is none, or it may not be read: nobody has consented
    except (ValueError, RecursionError):
        pass
    return {}, settings.set_aside(path)


def _is_fingerprints(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(digest, str) for digest in value.values())
