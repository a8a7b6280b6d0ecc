"""What merged operations and the number of threads gain."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from explorer import frame_path, reduce, sources, threads
from explorer.bench.figures import Figure, interleaved
from explorer.bench.forward import calibration_ms, example
from explorer.capture import capture
from explorer.recipe import Recipe
from explorer.session import Network, Session
from explorer.values import Source

NETWORKS = {"resnet18": 40, "efficientnet_lite0": 40, "vgg16": 12}
"""Each with its rounds."""
LIMIT = 1.0
LIVE_LIMIT = 1.15
THREAD_LIMIT, THREAD_ROUNDS = 1.25, 20


def figures() -> Iterator[Figure]:
    """Yield the figures."""
    yield _threads()
    session = Session()
    for name, rounds in NETWORKS.items():
        yield from _of(session.open(name, "none", device="cpu"), rounds)


def _of(network: Network, rounds: int) -> Iterator[Figure]:
    """Yield what a run with one middle convolution looked at takes, merged and plain, and the whole path of a frame."""
    x = example(network)
    convolutions = [layer for layer in network.graph if layer.op == "conv2d"]
    layer = convolutions[len(convolutions) // 2]
    wanted = {layer.id: reduce.keep(layer)}
    frame = sources.read(Recipe().source)
    live = Recipe(
        source=Source("demo"), network=network.card.name, weights="none", layer=layer.id, thumbnails=(layer.id,)
    )

    def path() -> None:
        network.seen = None
        frame_path.run(network, frame, live)

    path()  # proves the merged run
    told = network.fast.told
    times = interleaved(
        {
            "bare": _bare(network, x),
            "plain": lambda: capture(network.module, network.graph, x, wanted),
            "merged": lambda: network.fast.capture(x, wanted, layer.id),
            "path": path,
        },
        rounds,
    )
    calibration = calibration_ms()

    def figure(what: str, key: str, base: str, limit: float) -> Figure:
        absolute = {f"{each}_ms": times.median(each) for each in (key, base)}
        absolute |= {"merged": float(told.merged), "convolutions": float(told.convolutions), "apart": told.apart}
        return Figure(f"{network.card.name}: {what}", times.ratio(key, base), limit, absolute, calibration)

    yield figure(f"{layer.id} captured, merged operations ÷ the network's own calls", "merged", "plain", LIMIT)
    yield figure(f"the whole path of a live frame, {layer.id} shown ÷ bare forward", "path", "bare", LIVE_LIMIT)


def _bare(network: Network, x: Tensor) -> Callable[[], object]:
    def run() -> object:
        with torch.inference_mode():
            return network.module(x)

    return run


def _threads() -> Figure:
    """Return what the number of threads that is used costs against the fastest one."""
    used = torch.get_num_threads()
    tried = sorted({*threads.candidates(), used})
    times = interleaved({str(n): lambda n=n: threads.convolutions_ms(n) for n in tried}, THREAD_ROUNDS)  # type: ignore[misc]
    shortest = {n: min(times.ms[str(n)]) for n in tried}
    return Figure(
        "two convolutions with the number of CPU threads that is used ÷ with the fastest number",
        shortest[used] / min(shortest.values()),
        THREAD_LIMIT,
        {"threads": float(used), **{f"{n}_threads_ms": ms for n, ms in shortest.items()}},
        calibration_ms(),
    )
