"""What opening a person's own network costs on top of what nobody can do without."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from explorer import frame_path, sources
from explorer.bench.figures import Figure, interleaved
from explorer.recipe import Recipe
from explorer.session import Session
from explorer.zoo import registry

NETWORK, ROUNDS, LIMIT = "resnet50", 9, 3.0


def figures(calibration_ms: float) -> Iterator[Figure]:
    """Yield the figure: a file of tensors, of which nothing is known, to maps ready to be painted."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "own.pth"
        module = registry.build(registry.card(NETWORK))
        torch.save(module.state_dict(), file)
        frame = sources.read(Recipe().source)
        x = torch.rand(1, *registry.card(NETWORK).preparation.input_chw)

        def alone() -> None:
            module.load_state_dict(torch.load(file, map_location="cpu", weights_only=True), assign=True)
            with torch.inference_mode():
                module(x)

        def opened() -> None:
            network = Session().open(str(file), device="cpu")
            frame_path.run(network, frame, Recipe(network=str(file)))

        times = interleaved({"alone": alone, "opened": opened}, ROUNDS)
    yield Figure(
        f"{NETWORK}: a file of its tensors opened, its maps ready to be painted ÷ torch.load and one forward",
        times.ratio("opened", "alone"),
        LIMIT,
        {"opened_ms": times.median("opened"), "alone_ms": times.median("alone")},
        calibration_ms,
    )
