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
    foreseen = isinstance(error, ExplorerError)
    log.log(logging.INFO if foreseen else logging.ERROR, "%s: %s", where, type(error).__name__, exc_info=error)
    _let_go(error)
    if isinstance(error, ExplorerError):
        return Problem(where, error, recipe, details)
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    sentence = ExplorerError(
        N_("Something went wrong inside the program ({reason}): try again, or report it with the details."),
        reason=reason,
    )
    sentence.__cause__ = error
    return Problem(where, sentence, recipe, details)


def _let_go(error: BaseException) -> None:
    """Forget the frames of the work that failed: a problem is kept while it shows, and they would hold the network."""
    chain: list[BaseException | None] = [error]
    for link in chain:
        if link is not None:
            link.__traceback__ = None
            chain += (other for other in (link.__cause__, link.__context__) if other not in chain)
