"""The project's figures: ratios within one run, with limits; absolute times are told beside a calibration only."""

from __future__ import annotations

import importlib.util
import json as jsons
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from explorer.bench import process
from explorer.bench.figures import Figure
from explorer.text import _

RUNTIMES = ("onnxruntime", "openvino")
"""What ``against`` knows; here, so that no torch is loaded for a mistake."""
STARTS = 3
"""Fresh processes for each figure of the start."""


def run(json: bool, say: Callable[[str], None] = print, against: tuple[str, ...] = ()) -> int:
    """Measure, print every figure and return 0, or 1 if one is over its limit.

    Args:
        json: print one JSON document instead of a table.
        say: writes a line.
        against: names of ``RUNTIMES`` to be compared with, in place of the project's own figures.
    """
    found = []
    for figure in _against(against) if against else _figures():
        found.append(figure)
        if not json:
            say(_line(figure))
    if json:
        say(jsons.dumps({"figures": [figure.as_json() for figure in found]}))
    return int(any(figure.verdict == "over" for figure in found))


def _against(names: tuple[str, ...]) -> Iterator[Figure]:
    from explorer import device
    from explorer.bench import against, forward

    device.set_threads()
    yield from against.figures(names, forward.calibration_ms())


def _figures() -> Iterator[Figure]:
    from explorer import device
    from explorer.bench import filters, forward, live, opening, speed, tasks, training

    device.set_threads()
    yield from forward.figures()
    yield from speed.figures()
    yield from opening.figures(forward.calibration_ms())
    yield from filters.figures(forward.calibration_ms())
    yield from training.figures(forward.calibration_ms())
    yield from tasks.figures(forward.calibration_ms())
    yield from _memory(forward.calibration_ms())
    if importlib.util.find_spec("PySide6") is None:
        print(_("The window's figures are left out: PySide6 is not installed."), file=sys.stderr)
        return
    yield from _window(forward.calibration_ms())
    if time.get_clock_info("perf_counter").implementation != "clock_gettime(CLOCK_MONOTONIC)":
        print(_("The live figures are left out: two processes have no common clock here."), file=sys.stderr)
        return
    yield from live.figures(forward.calibration_ms())


def _memory(calibration_ms: float) -> Iterator[Figure]:
    if not Path("/proc/self/statm").exists():
        print(_("The memory's figures are left out: this system does not tell them."), file=sys.stderr)
        return
    mb = 2.0**20
    kept = process.memory("changes")
    yield Figure(
        "memory after 50 changes of picture and layer and 10 of network ÷ after the first round",
        kept["after_bytes"] / kept["first_round_bytes"],
        1.15,
        {"first_round_mb": kept["first_round_bytes"] / mb, "after_mb": kept["after_bytes"] / mb},
        calibration_ms,
    )
    kept = process.memory("all")
    yield Figure(
        "vgg16: memory that keeping all layers adds ÷ the sum of their maps",
        kept["added_bytes"] / kept["maps_bytes"],
        1.20,
        {"added_mb": kept["added_bytes"] / mb, "maps_mb": kept["maps_bytes"] / mb},
        calibration_ms,
    )
    kept = process.memory("index")
    yield Figure(
        "memory while 4,000 pictures are indexed ÷ while 1,000 are",
        kept["many_bytes"] / kept["few_bytes"],
        1.05,
        {"few_mb": kept["few_bytes"] / mb, "many_mb": kept["many_bytes"] / mb},
        calibration_ms,
    )


def _window(calibration_ms: float) -> Iterator[Figure]:
    painted = process.window("mosaic")
    yield Figure(
        "mosaic of 512 maps 28×28, new data to painted ÷ 512 pyqtgraph ImageItems",
        painted["mosaic_ms"] / painted["image_items_ms"],
        0.1,
        painted,
        calibration_ms,
    )
    panned = process.window("pan")
    name = "the longest frame while the graph of every op of resnet50 is panned, at four sizes"
    yield Figure(name, panned["longest_ms"], 33.0, panned, calibration_ms, "ms")
    for what, where in (("typed", "a still picture"), ("typed_live", "the demo feed while vgg16 looks at it")):
        typed = process.window(what)
        yield Figure(
            f"5×5 kernel on 1280×720, Enter to painted, on {where} ÷ (4 × cv2.filter2D alone + 16 ms)",
            typed["typed_ms"] / typed["limit_ms"],
            1.0,
            typed,
            calibration_ms,
        )
    stepped = process.window("stepped")
    name = "ticks missed of 300 while a filter's window walks over 1280×720 at 60 steps/s, every step painted"
    yield Figure(name, stepped["missed"], 0.0, stepped, calibration_ms, "ticks")
    for what, where, most in (("area", "a still picture", 16.0), ("area_live", "the demo feed", None)):
        clicked = process.window(what)
        name = f"99 % of the clicks on a unit of resnet152 show its area on {where} after at most"
        yield Figure(name, clicked["click_p99_ms"], most, clicked, calibration_ms, "ms")
    for what, where, most in (("gap", "the engine and the bridge", 16.0), ("window_gap", "the whole window", None)):
        gaps = process.window(what)
        name = f"99 % of the gaps of a 10 ms timer while vgg16 loops through {where} are at most"
        yield Figure(name, gaps["p99_ms"], most, gaps, calibration_ms, "ms")
    learning = process.window("training_gap")
    name = "99 % of the gaps of a 10 ms timer while a LeNet-5 learns in the whole window are at most"
    yield Figure(name, learning["p99_ms"], 16.0, learning, calibration_ms, "ms")
    imports, paints, predictions = [], [], []
    for _turn in range(STARTS):
        imports.append(process.import_torch_s())
        start = process.window_start_s()
        paints.append(start["first_paint_s"])
        predictions.append(start["first_prediction_s"])
    alone = statistics.median(imports)
    for what, seconds, limit in (("paint", paints, 0.25), ("prediction", predictions, 2.0)):
        middle = statistics.median(seconds)
        yield Figure(
            f"first {what} ÷ “import torch, torchvision” alone",
            middle / alone,
            limit,
            {f"first_{what}_s": middle, "import_s": alone},
            calibration_ms,
        )


def _line(figure: Figure) -> str:
    limit = "" if figure.limit is None else f"≤ {figure.limit:g}{figure.unit and ' ' + figure.unit}"
    told = ", ".join(f"{name} {value:.4g}" for name, value in figure.absolute.items())
    told += f"; calibration {figure.calibration_ms:.1f} ms"
    return f"{figure.value:9.3f}  {limit:8} {figure.verdict:5} {figure.name}  [{told}]"
