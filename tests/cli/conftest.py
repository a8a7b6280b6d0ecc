"""What the commands' tests share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from explorer.cli.main import main


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """The command line sets torch's threads for its own process."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that succeeds, and return what it prints."""

    def run(*words: object) -> str:
        code = main([str(word) for word in words])
        printed = capsys.readouterr()
        assert (code, printed.err) == (0, "")
        return printed.out

    return run


@pytest.fixture
def answer(out: Callable[..., str]) -> Callable[..., Any]:
    """The same, of a command that prints one JSON document and nothing else."""

    def run(*words: object) -> Any:
        printed = out(*words, "--json")
        assert printed.count("\n") == 1
        return json.loads(printed)

    return run
