"""What live costs in the shipped window, on a local stream of numbered pictures, and how old what it shows is."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping

from explorer.bench import process, stream
from explorer.bench.figures import Figure

NETWORKS = {"resnet18": "layer3.0.conv1", "vgg16": "features.14", "efficientnet_lite0": "blocks.8.expand_conv"}
"""Each with its middle convolution, whose maps are shown."""
IN_ONE_PIECE = ("resnet18", "efficientnet_lite0")
"""Those that the window makes into one piece after a while, where a compiler is; they are measured then."""
OF_TORCHVISION = ("resnet18", "vgg16")
FPS, FAST_FPS = 30.0, 500.0
FAST_S = 125
"""Two minutes and what the first picture takes."""
FRAME_LIMIT, AGE_LIMIT, GROWTH_LIMIT = 1.15, 1.0, 1.1
GAP_LIMIT_MS, LONGEST_LIMIT_MS = 16.0, 50.0
ROUNDS = 15
"""Of the bare forward in a fresh process."""


def figures(calibration_ms: float) -> Iterator[Figure]:
    """Yield the figures of the window at both speeds of the stream."""
    for network, layer in NETWORKS.items():
        with stream.serving(FPS) as address:
            found = process.window("live", address, network, layer)
        yield Figure(
            f"{network}: a live frame with the maps of {layer} shown ÷ bare channels-last forward, same threads",
            found["ratio"],
            FRAME_LIMIT,
            _only(found, "frame_ms", "forward_ms", "bare_ms"),
            calibration_ms,
        )
        if network in OF_TORCHVISION:
            alone = process.bare_forward_ms(network, ROUNDS)
            yield Figure(
                f"{network}: the same ÷ a bare forward in a fresh process with torch's own defaults",
                found["frame_ms"] / alone,
                None,
                {"frame_ms": found["frame_ms"], "defaults_ms": alone},
                calibration_ms,
            )
        yield _age(network, FPS, found, calibration_ms)
        if network == "vgg16":
            gaps = _only(found, "gap_p99_ms", "gap_longest_ms")
            name = "of the gaps of a 10 ms timer in the window while vgg16 is live"
            yield Figure(f"99 % {name}, at most", found["gap_p99_ms"], GAP_LIMIT_MS, gaps, calibration_ms, "ms")
            yield Figure(f"the longest {name}", found["gap_longest_ms"], LONGEST_LIMIT_MS, gaps, calibration_ms, "ms")
    network, layer = next(iter(NETWORKS.items()))
    with stream.serving(FAST_FPS) as address:
        found = process.window("live", address, network, layer, str(FAST_S))
    yield _age(network, FAST_FPS, found, calibration_ms)
    yield Figure(
        f"{network} at {FAST_FPS:g} frames a second: age of what is painted in the last minute ÷ in the first",
        found["growth"],
        GROWTH_LIMIT,
        _only(found, "first_ms", "last_ms", "shown", "disorder"),
        calibration_ms,
    )


def growth(ages: list[tuple[float, float]], part_s: float = 60.0) -> dict[str, float]:
    """Return the median age in the first and the last minute of (seconds, ms), or in halves of a shorter time."""
    first_s, last_s = ages[0][0], ages[-1][0]
    part_s = min(part_s, (last_s - first_s) / 2)
    early = [age for at_s, age in ages if at_s <= first_s + part_s]
    late = [age for at_s, age in ages if at_s >= last_s - part_s]
    first, last = statistics.median(early), statistics.median(late)
    return {"first_ms": first, "last_ms": last, "growth": last / first}


def _age(network: str, fps: float, found: Mapping[str, float], calibration_ms: float) -> Figure:
    """Return how old 95 % of what is painted is at most, against a forward and 1.5 frames of the slower side."""
    frame_ms = max(1000 / fps, found["interval_ms"])
    return Figure(
        f"{network} at {fps:g} frames a second: from sent to painted, 95 % ÷ (forward + 1.5 frame times)",
        found["age_p95_ms"] / (found["forward_ms"] + 1.5 * frame_ms),
        AGE_LIMIT,
        _only(found, "age_p50_ms", "age_p95_ms", "forward_ms", "interval_ms", "shown", "disorder"),
        calibration_ms,
    )


def _only(found: Mapping[str, float], *names: str) -> dict[str, float]:
    return {name: found[name] for name in names}
