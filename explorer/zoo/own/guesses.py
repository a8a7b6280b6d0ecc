"""What is usual where a network's file does not say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from explorer.errors import contained
from explorer.text import N_
from explorer.zoo.card import Preparation
from explorer.zoo.own.card import Remark

if TYPE_CHECKING:
    from torch import nn

SIDE = 224
"""Height and width of an input, cells, that leaves them open."""
SIDES = (SIDE, 32, 28, 227, 299, 64, 96, 128, 160, 192, 256, 320, 384, 448, 512)
"""Those that are usual, the most usual first."""
_MOST_NAMED = 12
_MOST_REASON = 200
"""Letters of what a network raised."""
_MAIN = ("out", "logits")


def preparation(input_chw: tuple[int, int, int], full: float = 1.0) -> Preparation:
    """Return the usual preparation for an input of a shape: ImageNet's for colour, plain values for anything else.

    Args:
        input_chw: the input's shape.
        full: what pixel value 255 becomes: 255 for a network that takes bytes, which subtracts its own mean.
    """
    channels, height, width = input_chw
    usual = channels == 3 and full == 1.0
    return Preparation(
        input_chw=input_chw,
        resize=round(min(height, width) * 256 / 224),
        interpolation="bilinear",
        mean=(0.485, 0.456, 0.406) if usual else (0.0,) * channels,
        std=(0.229, 0.224, 0.225) if usual else (1.0,) * channels,
        full=full,
    )


def several(outputs: Sequence[str], answer: str = "") -> tuple[Remark, ...]:
    """Return what to tell of a network that answers with ``outputs``, of which ``answer`` is taken; nothing of one."""
    if len(outputs) < 2:
        return ()
    named = ", ".join(outputs[:_MOST_NAMED])
    if answer:
        sentence = N_("It answers with several tensors ({outputs}): “{output}” is taken for its output.")
        return (Remark(sentence, {"outputs": named, "output": answer}),)
    sentence = N_("It answers with several tensors, of which one can be the output: {outputs}.")
    return (Remark(sentence, {"outputs": named}),)


def answer(returned: Any, linear: Sequence[Any], classes: int = 0) -> str:
    """Return which of several outputs tells classes apart, features and other things being returned beside it.

    Args:
        returned: what a network returned.
        linear: what its fully connected layers gave.
        classes: how many labels there are; 0 where nobody knows.

    Returns:
        The path of the only vector with so many numbers, or of the only one that a fully connected layer gave; "" where
        there is none, and where the main output (the first, or one called out or logits) is the answer anyway.
    """
    from explorer.zoo.own.adapt import outputs, pick

    found = {path: pick(returned, path) for path in outputs(returned)}
    if len(found) < 2:
        return ""
    vectors = {path: one for path, one in found.items() if one.dim() == 2}
    as_many = [path for path, one in vectors.items() if one.shape[1] == classes]
    weighed = [path for path, one in vectors.items() if any(one is other for other in linear)]
    main = next((name for name in _MAIN if name in found), next(iter(found)))
    only = next((some[0] for some in (as_many, [] if main in _MAIN else weighed) if len(some) == 1), "")
    return "" if only == main else only


def by_trial(
    module: nn.Module, classes: int = 0, shape: tuple[int, int, int] | None = None
) -> tuple[tuple[int, int, int], str, tuple[Remark, ...]]:
    """Return the shape of the first usual input that ``module`` takes, its answer, and what a person should know of it.

    Args:
        module: run in eval mode on zeros; nobody else's, for what it changes of itself while it runs.
        classes: how many labels there are; 0 where nobody knows.
        shape: the only input that is tried; None for the usual ones.

    Returns:
        The shape; which output is the answer, "" for the main one; remarks.
    """
    import torch
    from torch import nn

    from explorer.zoo.own.adapt import outputs

    module.eval()
    channels = next((one.in_channels for one in module.modules() if isinstance(one, nn.Conv2d)), 3)
    floats = (one for one in (*module.parameters(), *module.buffers()) if one.is_floating_point())
    like = next(floats, torch.zeros(()))
    linear: list[Any] = []
    needs: TypeError | None = None
    first = ""
    hooks = [
        one.register_forward_hook(lambda _module, _given, made: linear.append(made))
        for one in module.modules()
        if isinstance(one, nn.Linear)
    ]
    try:
        for chw in [shape] if shape else [(channels, side, side) for side in SIDES]:
            linear.clear()
            try:
                with torch.inference_mode(), contained():
                    returned = module(torch.zeros(1, *chw, device=like.device, dtype=like.dtype))
            except Exception as error:  # noqa: BLE001 - a network raises what it likes at a size that is not its own
                first = first or f"{type(error).__name__}: {' '.join(str(error).split())[:_MOST_REASON]}"
                needs = error if isinstance(error, TypeError) and "forward() missing" in str(error) else None
                if needs:
                    break
                continue
            chosen = answer(returned, linear, classes)
            return chw, chosen, several(outputs(returned), chosen)
    finally:
        for hook in hooks:
            hook.remove()
    if shape:
        return shape, "", ()  # opening it says what is wrong
    sentence = N_("It ran at none of the usual input sizes (at {side} × {side}: {reason}): give its own.")
    remark = Remark(sentence, {"side": SIDES[0], "reason": first})
    if needs:
        remark = Remark(N_("It takes more than a picture ({reason}): give its further inputs."), {"reason": needs})
    return (channels, SIDE, SIDE), "", (remark,)
