"""``python -m ui.bench WHAT [WORD …]`` prints the figures of one measurement as JSON; ``MEASUREMENTS`` lists what."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping

from ui.bench import clicks, gaps, live, paint, stepping, typing

MEASUREMENTS: Mapping[str, Callable[..., Mapping[str, float]]] = {
    "mosaic": paint.mosaic,
    "pan": paint.pan,
    "area": clicks.area,
    "area_live": clicks.area_live,
    "typed": typing.typed,
    "typed_live": typing.typed_live,
    "stepped": stepping.stepped,
    "gap": gaps.gap,
    "window_gap": gaps.window_gap,
    "training_gap": gaps.training_gap,
    "live": live.live,
}


def main(words: list[str]) -> int:
    """Run one measurement, with the words that it takes, and print its figures."""
    print(json.dumps(MEASUREMENTS[words[0]](*words[1:])))
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
