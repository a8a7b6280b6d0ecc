"""What the commands' tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """The command line sets torch's threads for its own process."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
