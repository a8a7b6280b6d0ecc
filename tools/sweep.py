"""Every network of torchvision proved against torch alone, the result written to docs/sweep.md: ``make sweep``.

It goes on where it was stopped: rows on which all agreed are kept, unless torch or torchvision has changed, or --again
is given. The smallest networks come first. Weights are random: nothing here depends on them.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
import torchvision  # noqa: E402

from explorer.zoo import from_torchvision, registry  # noqa: E402
from explorer.zoo.card import Card  # noqa: E402
from tests.zoo import proof  # noqa: E402

FILE = ROOT / "docs" / "sweep.md"
SIDE = 96
"""Of the input, where the architecture takes it: what is proved does not depend on it."""
WORST = 1e-3
COLUMNS = (
    "network", "task", "input", "layers", "parameters", "of the card", "MACs", "FLOPs ÷ 2", "maps compared",
    "worst relative error", "output", "seconds", "",
)  # fmt: skip
HEAD = """# The sweep

Made by `make sweep` with torch {torch} and torchvision {torchvision}, on the CPU, with random weights.

Each network is built, traced and run with every layer captured; a detector that resizes its input does so to 192. Then:

* **parameters** are counted on the module; the card's number is that of torchvision's own table.
* **MACs** are the graph's; **FLOPs ÷ 2** are those of `torch.utils.flop_counter` in a forward of its own. What stands
  behind a + are those in modules that nothing of the picture goes into (Swin V2 makes the biases of its positions anew
  at every forward); they are no layers of the picture and in no row of the graph.
* **maps compared**: layers whose captured map was held against what a hook cloned in a float64 forward of the same
  network, as a module's output or as its input; **worst relative error** is the largest difference in any of them,
  divided by the largest value of its layer. Float64 ranks the boxes of a detector in another order: not compared there.
* **output**: whether the output of the captured run equals that of a bare one, bit for bit.

"""


@dataclass(frozen=True)
class Row:
    """One network's line of the table; ``good`` tells whether everything agreed."""

    cells: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether everything agreed."""
        return self.cells[-1] == "ok"


def side(card: Card) -> int:
    """Return the side of the input: ``SIDE``, or what the weights want where torchvision says that less does not do."""
    least = from_torchvision.least_side(card.name)
    return SIDE if least <= SIDE else card.preparation.input_chw[1]


def prove(card: Card) -> Row:
    """Return the line of one network."""
    start = time.perf_counter()
    hw = side(card)
    module = registry.build(card)
    resize = getattr(module, "transform", None)
    if resize is not None and getattr(resize, "fixed_size", None) is None:
        resize.min_size, resize.max_size = (2 * SIDE,), 2 * SIDE
    torch.manual_seed(5)
    found = proof.prove(module, torch.randn(1, 3, hw, hw), maps=card.task != "detect")
    compared = found.proved > 0
    faults = {
        "parameters": found.parameters != card.parameters,
        "MACs": 2 * found.macs != found.flops,
        "maps": compared and not found.worst[0] < WORST,
        "output": not found.equal,
        "hooks": bool(found.left),
    }
    return Row(
        (
            card.name,
            card.task,
            f"{hw} × {hw}",
            str(found.layers),
            f"{found.parameters:,}",
            f"{card.parameters:,}",
            f"{found.macs:,}",
            f"{found.flops // 2:,}" + (f" + {found.constant // 2:,}" if found.constant else ""),
            f"{found.proved} of {found.layers}" if compared else "–",
            f"{found.worst[0]:.1e} ({found.worst[1]})" if compared else "–",
            "equal" if found.equal else "differs",
            f"{time.perf_counter() - start:.0f}",
            ", ".join(name for name, wrong in faults.items() if wrong) or "ok",
        )
    )


def head() -> str:
    """Return what stands before the table."""
    return HEAD.format(torch=torch.__version__, torchvision=torchvision.__version__)


def read() -> dict[str, Row]:
    """Return the lines that are there already, by network; none where other versions made them."""
    text = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    if head().splitlines()[2] not in text:
        return {}
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    rows = (Row(tuple(cell.strip() for cell in line)) for line in lines[2:])
    return {row.cells[0]: row for row in rows if len(row.cells) == len(COLUMNS)}


def write(rows: dict[str, Row], every: list[Card]) -> None:
    """Write the table in torchvision's order, and how far it is."""
    lines = ["| " + " | ".join(COLUMNS[:-1]) + " | result |", "|" + " --- |" * len(COLUMNS)]
    lines += ["| " + " | ".join(rows[card.name].cells) + " |" for card in every if card.name in rows]
    good = sum(row.good for row in rows.values())
    end = f"\n{len(rows)} of {len(every)} networks; everything agrees in {good}.\n"
    FILE.write_text(head() + "\n".join(lines) + "\n" + end, encoding="utf-8")


def main() -> int:
    """Prove what is missing; 1 where something does not agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these networks")
    parser.add_argument("--again", action="store_true", help="forget the rows that are there")
    options = parser.parse_args()
    every = [registry.card(name) for name in from_torchvision.names()]
    rows = {} if options.again else read()
    missing = [card.name for card in every if card.name not in rows or not rows[card.name].good]
    wanted = [card for card in every if card.name in (options.names or missing)]
    for card in sorted(wanted, key=lambda card: card.parameters):
        print(f"{card.name} … ", end="", flush=True)
        try:
            rows[card.name] = prove(card)
        except Exception as error:  # noqa: BLE001 - the others are still to be proved
            said = " ".join(f"{type(error).__name__}: {error}".split())[:120].replace("|", "/")
            rows[card.name] = Row((card.name, card.task, *[""] * (len(COLUMNS) - 3), said))
        gc.collect()
        print(rows[card.name].cells[-1], f"({rows[card.name].cells[-2]} s)", flush=True)
        write(rows, every)
    return 0 if all(row.good for row in rows.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
