"""CNN Explorer's core: everything that is true without a window. Read ``frame_path`` first."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

# How long torch's idle threads spin before they sleep; read when torch is loaded, so set before anything can do so.
# One forward of ResNet-18 on two cores with the library's own 300,000 spins, and with 1,000: 43 and 47 ms on a quiet
# machine, 955 and 190 ms beside other busy processes, as the window, the camera and a person's own programs are.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def show(
    module: nn.Module,
    transform: Callable[[Any], Any] | None = None,
    labels: Sequence[str] | None = None,
    picture: object = None,
) -> None:
    """Open the window on a network that this program has in memory.

    It returns when the window is closed; inside a running event loop of Qt, and in a notebook after ``%gui qt``, at
    once. What is looked at is a copy: the module keeps its training flags, its device and its weights.

    Args:
        module: the network; of its answer the main tensor is shown.
        transform: from a picture of Pillow (RGB) to the network's input (C, H, W), as torchvision's transforms are;
            None for the usual preparation.
        labels: the name of each class, in their order.
        picture: what to show first: a path, an address, a sample's name, a picture of Pillow, uint8 (H, W, 3) or
            (H, W); or float (C, H, W), which goes to the network as it is. None for a sample picture.

    Raises:
        ExplorerError: one of these cannot be used, or there is no display.
    """
    import importlib

    from explorer.errors import PersonError
    from explorer.text import N_

    try:
        # By its name: the core never imports the window, and whoever only computes needs no Qt.
        window = importlib.import_module("ui.showing")
    except ModuleNotFoundError as error:
        if error.name not in ("ui", "ui.showing"):
            raise
        raise PersonError(
            N_("The window was not found ({reason}): rename what is called “ui” beside your program, for it hides it."),
            reason=error,
        ) from error
    window.show(module, transform, labels, picture)
