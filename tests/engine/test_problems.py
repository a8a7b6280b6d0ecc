"""A problem says what happened and holds nothing of the work that failed."""

from __future__ import annotations

import gc
import logging
import weakref

import pytest

from explorer.engine.problems import problem
from explorer.errors import ForwardError


class Module:
    """What a failed forward had in its frames."""


def fails(kept: list[weakref.ref[Module]], foreseen: bool, cause: bool) -> None:
    module = Module()
    kept.append(weakref.ref(module))

    def deep() -> None:
        assert module
        raise KeyError("deep")

    try:
        deep()
    except KeyError:
        error = ForwardError("shapes") if foreseen else ValueError("shapes")
        if cause:
            raise error from OSError("the cause was never raised")
        raise error  # noqa: B904 - the context is what matters here


@pytest.mark.parametrize("foreseen", [True, False])
@pytest.mark.parametrize("cause", [True, False])
def test_a_problem_that_is_shown_holds_no_network(foreseen: bool, cause: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("explorer.engine.problems"), "disabled", True)  # pytest keeps the records
    kept: list[weakref.ref[Module]] = []
    try:
        fails(kept, foreseen, cause)
    except Exception as error:
        shown = problem("frame", error)
    assert "KeyError" in shown.details or cause
    assert "in fails" in shown.details
    gc.collect()
    assert kept[0]() is None
    assert "shapes" in str(shown.error)
