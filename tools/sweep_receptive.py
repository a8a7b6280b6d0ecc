"""Receptive fields of every classification network of torchvision, layer by layer, and of 2,000 random graphs, held
against the gradient; the result written to docs/receptive.md: ``make sweep``.

It goes on where it was stopped; --again forgets the rows that are there. The whole takes an hour and a half.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
import torchvision  # noqa: E402
from torch import nn  # noqa: E402

from explorer.receptive.analyse import Fields, analyse  # noqa: E402
from explorer.zoo import from_torchvision, registry  # noqa: E402
from explorer.zoo.card import Card  # noqa: E402
from tests.receptive.checks import border, check  # noqa: E402
from tests.receptive.oracle import Oracle  # noqa: E402
from tests.receptive.test_support import KINDS, Small  # noqa: E402

FILE = ROOT / "docs" / "receptive.md"
GRAPHS = 2000
SIDE = 96
CERTAINTIES = ("exact", "upper bound", "whole input", "unknown")
HEAD = """# The sweep of receptive fields

Made by `make sweep` with torch {torch} and torchvision {torchvision}, on the CPU.

Each classification network of torchvision is traced; of every layer with rows and columns of units, a corner and a
unit at a border are held against the gradient's support (`tests/receptive/oracle.py`): cell for cell where the cells
are said to be exact, and no cell left out where they are an upper bound. Every network has its full width; the inputs
are {side} × {side}, or what the architecture wants.

**exact … unknown** count layers by certainty, those without rows and columns among them. **cells exact**: of the units
held against the gradient, how many have exactly known cells.

"""
COLUMNS = ("network", "layers", *CERTAINTIES, "units", "cells exact", "wrong", "seconds")


def units(oracle: Oracle, fields: Fields, rng: random.Random) -> tuple[int, int, int]:
    """Return how many units were held against the gradient, how many are exact and how many are wrong."""
    counted = exact = wrong = 0
    for layer in oracle.graph:
        if not (set("HW") <= set(layer.axes) and max(layer.output[-2:]) > 1) or fields[layer.id].path is None:
            continue
        h, w = fields.map_hw(layer.id)
        for unit in ((h - 1, w - 1), border(h, w, rng)):
            counted += 1
            try:
                exact += check(oracle, fields, layer.id, unit).exact
            except AssertionError as error:
                wrong += 1
                print("\n", layer.id, unit, str(error)[:200], flush=True)
    return counted, exact, wrong


def network(card: Card) -> tuple[str, ...]:
    """Return the line of one network."""
    start = time.perf_counter()
    module = registry.build(card)
    least = from_torchvision.least_side(card.name)
    hw = SIDE if least <= SIDE else card.preparation.input_chw[1]
    oracle = Oracle(module, (3, hw, hw))
    fields = analyse(oracle.graph)
    found = Counter(field.certainty for _, field in fields)
    counted, exact, wrong = units(oracle, fields, random.Random(card.name))
    told = (len(oracle.graph), *(found[certainty] for certainty in CERTAINTIES), counted, exact, wrong)
    return (card.name, *map(str, told), f"{time.perf_counter() - start:.0f}")


def read() -> dict[str, tuple[str, ...]]:
    """Return the rows that are there already and right, by network; none where other versions made them."""
    text = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    if f"torch {torch.__version__} and torchvision {torchvision.__version__}" not in text:
        return {}
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {line[0]: tuple(line) for line in lines[1:] if len(line) == len(COLUMNS) and line[8] == "0"}


def graphs() -> str:
    """Return a sentence of the random graphs."""
    rng = random.Random(2000)
    done = counted = exact = wrong = 0
    while done < GRAPHS:
        steps = [
            (rng.choice(KINDS), rng.randint(1, 4), rng.randint(1, 3), rng.randint(1, 2), rng.randint(0, 2))
            for _ in range(rng.randint(1, 5))
        ]
        module: nn.Module = Small(steps)
        try:
            with torch.no_grad():
                out = module(torch.zeros(1, 2, 19, 22))
        except RuntimeError:
            continue
        if out.numel() == 0 or max(out.shape) > 90:
            continue
        oracle = Oracle(module, (2, 19, 22))
        more = units(oracle, analyse(oracle.graph), rng)
        counted, exact, wrong = (a + b for a, b in zip((counted, exact, wrong), more, strict=True))
        done += 1
    return f"{done:,} random graphs: {counted:,} units, the cells of {exact:,} exact, {wrong} wrong.\n"


def main() -> int:
    """Sweep; 1 where anything is wrong."""
    torch.set_num_threads(1)
    said = graphs()
    print(said, flush=True)
    rows = {} if "--again" in sys.argv else read()
    cards = [card for card in map(registry.card, from_torchvision.names()) if card.task == "classify"]
    head = HEAD.format(torch=torch.__version__, torchvision=torchvision.__version__, side=SIDE)
    for card in sorted(cards, key=lambda card: card.parameters):
        if card.name in rows:
            continue
        print(card.name, end=" ", flush=True)
        try:
            rows[card.name] = network(card)
        except Exception as error:  # noqa: BLE001 - the others are still to be swept
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:80].replace("|", "/")
            rows[card.name] = (card.name, reason, *("–" for _ in COLUMNS[2:-2]), "not run", "0")
        gc.collect()
        print(*rows[card.name][1:], flush=True)
        lines = ["| " + " | ".join(COLUMNS) + " |", "|" + " --- |" * len(COLUMNS)]
        lines += ["| " + " | ".join(rows[card.name]) + " |" for card in cards if card.name in rows]
        counted = sum(int(row[6]) for row in rows.values() if row[6].isdigit())
        run = sum("–" not in row for row in rows.values())
        end = f"\n{run} of {len(cards)} networks: {counted:,} units. {said}"
        FILE.write_text(head + "\n".join(lines) + "\n" + end, encoding="utf-8")
    return int(any(row[8] != "0" for row in rows.values()) or " 0 wrong" not in said)


if __name__ == "__main__":
    sys.exit(main())
