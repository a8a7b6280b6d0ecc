"""An exception becomes a problem that a person can read; its traceback goes to the log and the details button."""

from __future__ import annotations

import logging
import traceback

from explorer.engine.events import Problem, Where
from explorer.errors import ExplorerError
from explorer.recipe import Recipe
from explorer.text import N_

log = logging.getLogger(__name__)


def problem(where: Where, error: Exception, recipe: Recipe | None = None) -> Problem:
    """Return what the person sees of ``error``; one that no room foresaw is put into a sentence.

    Args:
        where: the place of the window that shows it.
        error: what was raised.
        recipe: what was wished, if that matters.
    """
    details = "".join(traceback.format_exception(error))
    if isinstance(error, ExplorerError):
        log.info("%s: %s", where, error, exc_info=error)
        return Problem(where, error, recipe, details)
    log.error("%s: unforeseen %s", where, type(error).__name__, exc_info=error)
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    sentence = ExplorerError(
        N_("Something went wrong inside the program ({reason}): try again, or report it with the details."),
        reason=reason,
    )
    sentence.__cause__ = error
    return Problem(where, sentence, recipe, details)
