"""How a live frame and the bare forward compare with other runtimes: same network, same weights, same threads."""

from __future__ import annotations

import importlib
import importlib.util
import statistics
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch

from explorer import frame_path, sources
from explorer.bench.figures import Figure, interleaved
from explorer.bench.forward import example
from explorer.bench.live import NETWORKS
from explorer.recipe import Recipe
from explorer.session import Network, Session
from explorer.text import _
from explorer.values import Floats

ROUNDS = {"vgg16": 15}
"""Of a dear network; ``USUAL_ROUNDS`` of the others."""
USUAL_ROUNDS = 40
REST_S = 0.05
"""Before each run: a runtime's threads spin for some time after it, and would take the next one's cores."""
SHARE = 1e-3
"""Of the largest value: so much another runtime's output may differ from ours, or it is not the same network."""
Run = Callable[[Floats], Floats]


def figures(names: tuple[str, ...], calibration_ms: float) -> Iterator[Figure]:
    """Yield a live frame, and the bare forward, ÷ what each of the runtimes takes; those not installed are told.

    Raises:
        RuntimeError: a runtime's output is another than ours.
    """
    here = [name for name in names if is_there(name)]
    for network in NETWORKS if here else ():
        yield from _of(Session().open(network, "none", device="cpu"), here, calibration_ms)


def is_there(name: str) -> bool:
    """Return whether a runtime is installed, and say so if not."""
    if importlib.util.find_spec(name) is not None:
        return True
    told = _("{name} is not installed: install it with “{command}” to be compared with it.")
    print(told.format(name=name, command=f'"{sys.executable}" -m pip install {name}'), file=sys.stderr)
    return False


def _of(network: Network, names: list[str], calibration_ms: float) -> Iterator[Figure]:
    x = example(network)
    picture: Floats = x.contiguous().numpy()
    threads, layer = torch.get_num_threads(), NETWORKS[network.card.name]
    still, recipe = sources.read(Recipe().source), Recipe(network=network.card.name, weights="none", layer=layer)
    recipe, numbers = recipe.with_(thumbnails=()), count()

    def bare() -> torch.Tensor:
        with torch.inference_mode():
            found: torch.Tensor = network.module(x)
            return found

    def frame() -> None:
        frame_path.run(network, replace(still, index=next(numbers)), recipe)

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.onnx"
        _export(network.module, x, file)
        runs = {name: RUNTIMES[name](file, threads) for name in names}
    ours = bare().numpy()
    for name, run in runs.items():
        if np.abs(run(picture) - ours).max() > SHARE * np.abs(ours).max():
            raise RuntimeError(f"{name} gives another answer for {network.card.name}")
    actions = {name: (lambda run=run: run(picture)) for name, run in runs.items()}
    rounds = ROUNDS.get(network.card.name, USUAL_ROUNDS)
    times = interleaved({"bare": bare, "frame": frame, **actions}, rounds, rest_s=REST_S)
    for name in runs:
        for what, key in ((f"a live frame with the maps of {layer}", "frame"), ("bare forward", "bare")):
            yield Figure(
                f"{network.card.name}: {what} ÷ {name}, {threads} threads each",
                times.ratio(key, name),
                None,
                {f"{key}_ms": times.median(key), f"{name}_ms": statistics.median(times.ms[name])},
                calibration_ms,
            )


def _export(module: torch.nn.Module, x: torch.Tensor, file: Path) -> None:
    """Write the network as ONNX; the exporter that needs no further package is kept by torch for old programs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (x,), str(file), dynamo=False)


def _onnxruntime(file: Path, threads: int) -> Run:
    runtime: Any = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = runtime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(picture: Floats) -> Floats:
        found: Floats = session.run(None, {name: picture})[0]
        return found

    return run


def _openvino(file: Path, threads: int) -> Run:
    runtime: Any = importlib.import_module("openvino")
    core = runtime.Core()
    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    request = core.compile_model(core.read_model(str(file)), "CPU", settings).create_infer_request()

    def run(picture: Floats) -> Floats:
        found: Floats = request.infer([picture])[0]
        return found

    return run


RUNTIMES: dict[str, Callable[[Path, int], Run]] = {"onnxruntime": _onnxruntime, "openvino": _openvino}
