"""Random weights are the same every time."""

from __future__ import annotations

import threading

import torch

from explorer.zoo.seeded import seeded


def test_another_thread_that_draws_weights_meanwhile_changes_none() -> None:
    def drawn() -> list[float]:
        with seeded(3):
            return torch.rand(4).tolist()

    alone, others = drawn(), list[list[float]]()
    with seeded(3):
        first = torch.rand(2)
        other = threading.Thread(target=lambda: others.append(drawn()))
        other.start()
        other.join(0.1)
        both = torch.cat([first, torch.rand(2)]).tolist()
    other.join()
    assert both == alone
    assert others == [alone]


def test_a_persons_own_numbers_go_on_as_they_would_have() -> None:
    torch.manual_seed(9)
    expected = torch.rand(2)
    torch.manual_seed(9)
    with seeded(1):
        torch.rand(5)
    assert torch.equal(torch.rand(2), expected)
