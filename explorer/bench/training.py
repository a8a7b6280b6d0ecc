"""How well a LeNet-5 reads held-out digits after the usual training."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from explorer.bench.figures import Figure
from explorer.training.run import LeNetRun
from explorer.training.values import EPOCHS, FORMS, Learned, Plan


def figures(calibration_ms: float) -> Iterator[Figure]:
    """Yield the share of held-out digits that each form of LeNet-5 misreads."""
    for form in FORMS:
        (step,) = deque(LeNetRun(Plan(form)).steps(None), maxlen=1)
        learned = step.answer
        assert isinstance(learned, Learned)
        yield Figure(
            f"held-out digits that {form} misreads after {EPOCHS} epochs of training",
            1 - learned.checks[-1].accuracy,
            0.02,
            {"train_s": learned.seconds},
            calibration_ms,
        )
