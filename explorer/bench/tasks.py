"""What the index of a folder costs on top of the network, and the heat of a class on top of captum's."""

from __future__ import annotations

import importlib
import io
import os
import tempfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from explorer import sources
from explorer.attribution.methods import Target, cam_layer, method
from explorer.attribution.why import Run, explain
from explorer.bench.against import is_there
from explorer.bench.figures import Figure, interleaved
from explorer.bench.forward import example
from explorer.indexing import indexing
from explorer.prepare import placed, together
from explorer.recipe import Recipe
from explorer.session import Network, Session
from explorer.values import Bytes, Source

NETWORK, PICTURES, SIZE_WH, BATCH, ROUNDS, LIMIT = "resnet18", 192, (500, 375), 8, 5, 1 / 0.85
"""Pictures as large as ImageNet's are on average."""
DIFFERENT = 64
CAM_ROUNDS, CAM_LIMIT = 30, 1.1


def figures(calibration_ms: float) -> Iterator[Figure]:
    """Yield the figures; those that need a package that is not installed are told."""
    network = Session().open(NETWORK, "none", device="cpu")
    yield _index(network, calibration_ms)
    if is_there("captum"):
        yield _heat(network, calibration_ms)


def write_pictures(folder: Path, count: int, size_wh: tuple[int, int] = SIZE_WH) -> None:
    """Write JPEG files, each another part of the sample picture than those before it."""
    pixels = Image.fromarray(sources.read(Recipe().source).pixels)
    files = []
    for number in range(min(count, DIFFERENT)):
        part = pixels.crop((number, number, pixels.width - DIFFERENT + number, pixels.height - DIFFERENT + number))
        data = io.BytesIO()
        part.resize(size_wh).save(data, "JPEG", quality=90)
        files.append(data.getvalue())
    for number in range(count):
        (folder / f"{number:05d}.jpg").write_bytes(files[number % len(files)])


def _index(network: Network, calibration_ms: float) -> Figure:
    """Return what an index of a folder takes ÷ the same pictures, read as it reads them, through the bare network."""
    with tempfile.TemporaryDirectory() as place:
        folder, file = Path(place) / "pictures", Path(place) / "index"
        folder.mkdir()
        write_pictures(folder, PICTURES)
        paths = sorted(folder.iterdir())

        def read(path: Path) -> Bytes:
            frame = sources.read(Source("picture", str(path)))
            return placed(frame.pixels, network.preparation, network.input_hw)[0]

        def bare() -> None:
            with ThreadPoolExecutor(os.cpu_count()) as pool, torch.inference_mode():
                cells = pool.map(read, paths)
                for _batch in range(0, PICTURES, BATCH):
                    some = np.stack([next(cells) for _one in range(BATCH)])
                    network.module(together(some, network.preparation, network.device))

        def index() -> None:
            file.unlink(missing_ok=True)
            deque(indexing(network, folder, file), maxlen=0)

        times = interleaved({"bare": bare, "index": index}, ROUNDS, warm=1)
    return Figure(
        f"{NETWORK}: index of {PICTURES} JPEG files ÷ the same files read and run bare, {BATCH} at a time",
        times.ratio("index", "bare"),
        LIMIT,
        {f"{key}_per_s": PICTURES / times.median(key) * 1000 for key in ("index", "bare")},
        calibration_ms,
    )


def _heat(network: Network, calibration_ms: float) -> Figure:
    """Return what a heat of the last block's maps takes ÷ captum's, of the same layer and class."""
    captum: Any = importlib.import_module("captum.attr")
    x, target = example(network), Target(network.graph.output.id, 0)
    layer = cam_layer(network.graph)
    run = Run(network.module, network.graph, x, target, layer.id)
    other = captum.LayerGradCam(network.module, network.module.layer4)

    def ours() -> None:
        deque(explain(method("grad-cam"), run), maxlen=0)

    times = interleaved({"ours": ours, "captum": lambda: other.attribute(x, target=0)}, CAM_ROUNDS)
    return Figure(
        f"{NETWORK}: Grad-CAM of {layer.id} ÷ captum's LayerGradCam",
        times.ratio("ours", "captum"),
        CAM_LIMIT,
        {f"{key}_ms": times.median(key) for key in ("ours", "captum")},
        calibration_ms,
    )
