"""Tensors on their way to a card: no buffer is written before the card has read it, and there are few of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer import pinned, prepare
from explorer.pinned import Pinned
from explorer.values import Frame
from explorer.zoo.course import IMAGENET
from tests.pretend_device import DEVICE, PretendTensor, pretend_device


class Card:
    """Reads a buffer late: when it is waited for, and until then no one may write into it.

    Attributes:
        done: what happened, in its order: a buffer made ("new"), a copy given ("sent"), one waited for ("waited").
    """

    def __init__(self) -> None:
        self.done: list[tuple[str, int]] = []
        self.buffers: list[Tensor] = []
        self._reads: dict[int, Tensor] = {}

    def memory(self, like: Tensor) -> Tensor:
        self.buffers.append(torch.full_like(like, 99))
        self.done.append(("new", len(self.buffers) - 1))
        return self.buffers[-1]

    def mark(self, device: torch.device) -> Callable[[], None]:
        self.look()
        (sent,) = (
            i for i, one in enumerate(self.buffers) if i not in self._reads and not torch.all(one == 99)
        )  # of all others the card has something still to read
        self.done.append(("sent", sent))
        self._reads[sent] = self.buffers[sent].clone()

        def wait() -> None:
            self.look()
            self.done.append(("waited", sent))
            del self._reads[sent]

        return wait

    def look(self) -> None:
        for number, sent in self._reads.items():
            assert torch.equal(self.buffers[number], sent), "written while it was on its way"


@pytest.fixture
def there() -> Iterator[torch.device]:
    with pretend_device() as pretended:
        yield pretended


def picture(value: int, side: int = 4) -> Tensor:
    return torch.full((1, side, side, 3), value, dtype=torch.uint8)


def test_two_buffers_take_turns_and_each_is_waited_for_before_it_is_written(there: torch.device) -> None:
    card = Card()
    line = Pinned(card.memory, card.mark)
    for value in range(5):
        given = picture(value)
        found = line.send(given, there)
        given.fill_(77)  # the caller may write into its own at once
        assert isinstance(found, PretendTensor)
        assert torch.equal(found.cpu(), picture(value))
    assert card.done == [
        ("new", 0), ("sent", 0), ("new", 1), ("sent", 1),
        ("waited", 0), ("sent", 0), ("waited", 1), ("sent", 1), ("waited", 0), ("sent", 0),
    ]  # fmt: skip


def test_a_buffer_whose_copy_failed_is_not_used_again(there: torch.device, monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card()
    line = Pinned(card.memory, card.mark)
    line.send(picture(1), there)
    line.send(picture(2), there)
    with monkeypatch.context() as short:
        short.setattr(Tensor, "to", lambda *_, **__: (_ for _ in ()).throw(torch.OutOfMemoryError("CUDA")))
        with pytest.raises(torch.OutOfMemoryError):
            line.send(picture(3), there)
    card.buffers[0].fill_(99)  # the card was never given it
    assert torch.equal(line.send(picture(4), there).cpu(), picture(4))
    assert card.done[-3:] == [("waited", 0), ("new", 2), ("sent", 2)]


def test_few_kinds_have_buffers_and_the_one_unused_for_longest_goes(there: torch.device) -> None:
    line = Pinned(torch.empty_like, lambda device: lambda: None)
    for side in (1, 2, 3, 1, 4, 5, 6):
        line.send(picture(side, side), there)
    assert [kind[0][1] for kind in line._pairs] == [1, 4, 5, 6]  # type: ignore[index]
    line.send(picture(0, 6).float(), there)
    line.send(picture(0, 6), torch.device("cpu"))
    assert [kind[2] for kind in line._pairs] == [torch.uint8] * 2 + [torch.float32, torch.uint8]  # type: ignore[index]


def test_what_is_large_has_no_buffer_that_stays(there: torch.device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "_LARGEST_BYTES", 47)
    monkeypatch.setattr(Tensor, "pin_memory", Tensor.clone)
    line = Pinned(lambda like: pytest.fail("a buffer"))
    assert torch.equal(line.send(picture(3), there).cpu(), picture(3))


def test_a_buffer_from_within_inference_mode_serves_outside_of_it(there: torch.device) -> None:
    line = Pinned(lambda like: pinned._pinned(like), lambda device: lambda: None)
    with pytest.MonkeyPatch.context() as patch:
        empty = torch.empty_like
        patch.setattr(torch, "empty_like", lambda like, pin_memory: empty(like))
        with torch.inference_mode():
            line.send(picture(1), there)
            line.send(picture(2), there)
        assert torch.equal(line.send(picture(3), there).cpu(), picture(3))


def test_threads_get_each_its_own() -> None:
    def mark(_device: torch.device) -> Callable[[], None]:
        assert line._lock.locked(), "another thread may write into what is just being sent"
        return lambda: None

    line = Pinned(torch.empty_like, mark)

    def sent(first: int) -> list[bool]:
        with pretend_device() as there:
            return [torch.equal(line.send(picture(n), there).cpu(), picture(n)) for n in range(first, first + 40)]

    with ThreadPoolExecutor(4) as threads:
        assert all(all(found) for found in threads.map(sent, (0, 50, 100, 150)))


# What prepare makes of it


def test_a_picture_goes_to_a_card_as_bytes_and_the_means_once(monkeypatch: pytest.MonkeyPatch) -> None:
    card, sent = torch.device("cuda"), list[Tensor]()

    class Line:
        def send(self, tensor: Tensor, device: torch.device) -> Tensor:
            assert device == card
            sent.append(tensor)
            return tensor.clone()

    rows = list[tuple[float, ...]]()
    row = prepare._row.__wrapped__

    def made(figures: tuple[float, ...], width: int, device: torch.device) -> Tensor:
        assert device == card
        rows.append(figures)
        return row(figures, width, torch.device("cpu"))

    monkeypatch.setattr(prepare, "_PINNED", Line())
    frames = [Frame(np.full((30, 40, 3), level, np.uint8), "plain") for level in (0, 200)]
    with monkeypatch.context() as patch:
        patch.setattr(prepare, "_row", made)
        found = [prepare.prepare(frame, IMAGENET, card).tensor for frame in frames]
    for tensor, frame in zip(found, frames, strict=True):
        assert torch.equal(tensor, prepare.prepare(frame, IMAGENET, torch.device("cpu")).tensor)
    assert [(one.dtype, tuple(one.shape)) for one in sent] == [(torch.uint8, (1, 224, 224, 3))] * 2
    assert rows == [IMAGENET.mean, IMAGENET.std] * 2


def test_means_are_kept_by_figures_width_and_place(there: torch.device) -> None:
    prepare._row.cache_clear()
    with torch.inference_mode():
        first = prepare._row((0.5, 2.0), 3, DEVICE)
    assert not first.is_inference()
    assert prepare._row((0.5, 2.0), 3, DEVICE) is first
    others = prepare._row((0.5, 2.5), 3, DEVICE), prepare._row((0.5, 2.0), 1, DEVICE)
    here = prepare._row((0.5, 2.0), 3, torch.device("cpu"))
    assert [one.tolist() for one in (first, *others)] == [[0.5, 2, 0.5, 2, 0.5, 2], [0.5, 2.5] * 3, [0.5, 2]]
    assert (first.device, here.device) == (DEVICE, torch.device("cpu"))
    prepare._row.cache_clear()
