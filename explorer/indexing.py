"""Features of pictures from a loaded network: the steps of an index, and the picture that is looked for."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from explorer import sources
from explorer.errors import NetworkError, PersonError, SourceError
from explorer.filters.filter import Chain
from explorer.filters.written import to_json
from explorer.graph.values import Graph, Layer
from explorer.retrieval.index import MOST_FEATURES, Maker, Record, Stamp, Writer
from explorer.sources.folder import SUFFIXES
from explorer.text import N_, _
from explorer.values import Bytes, Floats, Frame, Source
from explorer.zoo import own

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.session import Network

log = logging.getLogger(__name__)
_FIRST, _TOGETHER, _ON_A_CARD = 2, 8, 32
"""So many pictures go through a network at first, and then at most on a CPU, where more gain nothing, and on a card."""
_STEP_S = 0.15
"""So long a live frame may wait for them: through a dear network they go one by one, which takes it hardly longer."""
_READERS = 4
"""Threads at most that read and resize pictures while the network looks at others."""
_APART = 0.01
"""Of the largest feature: so much the features of pictures that go together may differ from those of each alone. Other
sums in another order differ by far less; a network that mixes its pictures, by far more."""
_UNKNOWN: Stamp = 0, 0
"""Of a file that the system does not let be read."""
_MOST_NAN = 8
"""So many pictures without finite features, and none with, are enough to tell that the network makes none."""
_NOT_FINITE = N_("The output is not finite: the input or the weights hold NaN, infinite or huge values.")
_OTHER_LENGTH = N_("{layer} makes another number of values of this picture than of the others.")


@dataclass(frozen=True)
class Indexed:
    """How far an index is.

    Attributes:
        done, of: pictures.
        kept: those that were in the index already.
        unreadable: those that could not be read, so far: path and reason.
    """

    done: int
    of: int
    kept: int
    unreadable: tuple[tuple[str, str], ...]


def pictures(folder: Path) -> Sequence[str]:
    """Return the pictures in a folder and the folders in it, by their paths from there, in order.

    Raises:
        SourceError: there is no such folder, it cannot be read, or holds no picture.
    """

    def refuse(error: OSError) -> None:
        if isinstance(error, PermissionError) and Path(str(error.filename)) == folder:  # one in it is passed over
            raise SourceError(N_("The folder {name} may not be read: change its permissions."), name=folder) from error

    try:
        folder.stat()
    except OSError as error:
        refuse(error)
    except ValueError:  # a zero in the name
        pass
    if not os.path.isdir(folder):
        sentence = N_("“{folder}” is a file: give a folder with pictures.")
        raise SourceError(
            sentence if os.path.exists(folder) else N_("There is no folder “{folder}”: check its path."), folder=folder
        )
    found = [
        os.path.relpath(Path(place) / name, folder)
        for place, _folders, names in os.walk(folder, onerror=refuse)
        for name in names
        if name.lower().endswith(SUFFIXES) and not name.startswith(".")
    ]
    if not found:
        raise SourceError(
            N_("The folder “{folder}” holds no pictures: put JPEG, PNG, WebP, BMP, TIFF or GIF files into it."),
            folder=folder,
        )
    return sorted(found)


def maker(network: Network, layer: str, filters: Chain = ()) -> Maker:
    """Return what decides the features of a layer; "" is the last before the answer (see ``feature_layer``)."""
    return _maker(network, feature_layer(network.graph, network.layer(layer).id if layer else "").id, filters)


def _maker(network: Network, layer: str, filters: Chain) -> Maker:
    weights = network.weights.name if network.weights else "none"
    return maker_of(network.card.name, weights, layer, network.input_hw, filters)


def maker_of(network: str, weights: str, layer: str, input_hw: tuple[int, int], filters: Chain) -> Maker:
    """Return what decides the features, by the names of network, weights and layer."""
    return Maker(network, weights, layer, input_hw, own.stamp(network), to_json(filters).strip())


def check(network: Network, made: Maker, filters: Chain) -> None:
    """Do nothing if a network, with what is before it, is what made an index.

    Raises:
        NetworkError: it is another one, or other weights, another size of its input, or other filters.
    """
    if differs := made.differs(_maker(network, made.layer, filters)):
        raise NetworkError(
            N_("The index was made in another way ({differs}): look the way it was made, or make another index."),
            differs=differs,
        )


def feature_layer(graph: Graph, name: str = "") -> Layer:
    """Return the layer whose output is taken as features: for "" what the last linear layer reads.

    Raises:
        NetworkError: there is no such layer.
    """
    if name:
        return graph[name]
    last = next((layer for layer in reversed(graph.layers) if layer.op == "linear"), None)
    return graph[last.inputs[0]] if last is not None and last.inputs else graph.output


def features(network: Network, frame: Frame, layer: str, filters: Chain = ()) -> Floats:
    """Return the features of a picture, float32 (n,): each channel's mean over its places; of a vector its numbers.

    Raises:
        NetworkError, ForwardError, DeviceError: as ``frame_path.run``.
    """
    from explorer.filters.apply import apply

    return _alone(network, apply(frame, filters), layer)


def _alone(network: Network, filtered: Frame, layer: str) -> Floats:
    from explorer.capture import capture

    def through(x: Tensor) -> Floats:
        wanted = feature_layer(network.graph, network.layer(layer).id if layer else "")
        found = capture(network.module, network.graph, x, {wanted.id: pooled(wanted)}).values[wanted.id]
        values: Floats = found.cpu().numpy()
        return values

    return network.with_room(lambda: network.follow(through, network.prepare(filtered).tensor, filtered, layer))


def pooled(layer: Layer) -> Callable[[Tensor], Tensor]:
    """Return the reducer that makes features, float32 (n,), of what a layer made of one picture, on its device."""
    from explorer.reduce import real

    def reducer(out: Tensor) -> Tensor:
        return _pooled(real(out).reshape(1, *(layer.sizes(out.shape) or out.shape)), layer)[0]

    return reducer


def _pooled(values: Tensor, layer: Layer) -> Tensor:
    """Return the means (pictures, channels) of a layer's output (pictures, …); without channels all its numbers."""
    import torch

    places = [place + 1 for place, axis in enumerate(layer.axes) if axis != "C"] if "C" in layer.axes else []
    values = values.mean(places, dtype=torch.float32) if places else values.to(torch.float32, copy=True)
    return values.reshape(len(values), -1)


def indexing(network: Network, folder: Path, file: Path, layer: str = "", filters: Chain = ()) -> Iterator[Indexed]:
    """Yield how far the index is after every few pictures; ending it early leaves one that the next call goes on with.

    Pictures that have not changed since are kept. An index without any picture's features is not left.

    Args:
        network: the loaded one.
        folder: with pictures.
        file: of the index.
        layer: whose features; "" for what the last linear layer reads.
        filters: before the network.

    Raises:
        SourceError: the folder is not there, or has no picture that has features. ExportError: the index cannot be
            written. NetworkError, ForwardError, DeviceError: as ``frame_path.run``, or the layer makes too many
            numbers.
    """
    names = pictures(folder)
    of = maker(network, layer, filters)
    length = _length(feature_layer(network.graph, of.layer))
    stamps = {name: _stamp(folder / name) for name in names}
    writer = Writer(file, folder.resolve(), of, length, stamps)
    unreadable = tuple((name, error) for name, error in writer.there.items() if error)
    todo = [name for name in names if name not in writer.there]
    kept = done = len(names) - len(todo)
    good, infinite = kept - len(unreadable), 0
    try:
        if not todo:
            _some(good, folder, unreadable)
            yield Indexed(done, len(names), kept, unreadable)
        looking = _Looking(network, of.layer, filters)
        for batch in looking.at(folder / name for name in todo):
            for found in batch:
                name = todo[done - kept]
                done += 1
                record = _record(name, stamps[name], found, length, of.layer)
                writer.add(record)
                if record.error:
                    unreadable = (*unreadable, (name, record.error))
                    infinite += record.error == _(_NOT_FINITE)
                good += not record.error
            if done == len(names) or infinite >= _MOST_NAN:
                _some(good, folder, unreadable)
            yield Indexed(done, len(names), kept, unreadable)
    finally:
        writer.close()
        if not good:
            with contextlib.suppress(OSError):
                file.unlink()


def _some(good: int, folder: Path, unreadable: Sequence[tuple[str, str]]) -> None:
    """Do nothing if some pictures have features.

    Raises:
        SourceError: none has.
    """
    if not good:
        name, reason = unreadable[-1]
        raise SourceError(
            N_("No picture in “{folder}” can be indexed, for example {name}: {reason}"),
            folder=folder,
            name=name,
            reason=reason,
        )


def _record(name: str, stamp: Stamp, found: Floats | PersonError, length: int, layer: str) -> Record:
    if isinstance(found, PersonError):
        refused = getattr(found.__cause__, "errno", None) is not None  # by the system: it may be read another time
        return Record(name, _UNKNOWN if refused else stamp, None, str(found))
    if len(found) != length:
        return Record(name, stamp, None, _(_OTHER_LENGTH).format(layer=layer))
    if not np.isfinite(found).all():
        return Record(name, stamp, None, _(_NOT_FINITE))
    return Record(name, stamp, found)


class _Looking:
    """Takes pictures through a network: several at once, where that is proved to be the same as one by one.

    Args:
        network: the loaded one.
        layer: whose features.
        filters: before the network.
    """

    def __init__(self, network: Network, layer: str, filters: Chain) -> None:
        self._network, self._layer, self._filters = network, layer, filters
        self._together = False
        self._may = network.transform is None and not network.varies
        self._size = _FIRST

    def at(self, paths: Iterable[Path]) -> Iterator[list[Floats | PersonError]]:
        """Yield the features of the next few pictures, or why there are none, until all have gone."""
        with ThreadPoolExecutor(min(_READERS, os.cpu_count() or 1), "pictures") as pool:
            ahead: list[tuple[Path, Future[Frame | Bytes]]] = []
            todo = iter(paths)
            try:
                while True:
                    while len(ahead) < 2 * max(self._size, _READERS) and (path := next(todo, None)) is not None:
                        ahead.append((path, pool.submit(self._read, path)))
                    if not ahead:
                        return
                    now, ahead = ahead[: self._size], ahead[self._size :]
                    yield self._look(now)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _read(self, path: Path) -> Frame | Bytes:
        """Return a picture after its filters; as soon as several go together only the cells that the network gets."""
        frame = self._filtered(path)
        return self._cells(frame) if self._together else frame

    def _filtered(self, path: Path) -> Frame:
        from explorer.filters.apply import apply

        return apply(sources.read(Source("picture", str(path))), self._filters)

    def _cells(self, seen: Frame | Bytes) -> Bytes:
        from explorer.prepare import placed

        if isinstance(seen, np.ndarray):
            return seen
        return placed(seen.pixels, self._network.preparation, self._network.input_hw)[0]

    def _look(self, now: Sequence[tuple[Path, Future[Frame | Bytes]]]) -> list[Floats | PersonError]:
        read: list[Frame | Bytes] = []
        found: list[Floats | PersonError | None] = []
        paths = []
        for path, future in now:
            try:
                read.append(future.result())
            except PersonError as error:  # broken, or too small for a filter
                found.append(error)
            else:
                found.append(None)
                paths.append(path)
        values = iter(self._features(paths, read))
        return [next(values) if one is None else one for one in found]

    def _features(self, paths: Sequence[Path], read: Sequence[Frame | Bytes]) -> list[Floats]:
        if self._together and read:
            begun_s = time.perf_counter()
            several = self._several(read)
            if several is not None:
                most = _TOGETHER if self._network.device.type == "cpu" else _ON_A_CARD
                fit = int(_STEP_S * len(read) / (time.perf_counter() - begun_s))
                self._size = min(max(fit, 1), 2 * self._size, most)
                return several
            self._together, self._size = False, 1
        alone = [
            _alone(self._network, self._filtered(path) if isinstance(seen, np.ndarray) else seen, self._layer)
            for path, seen in zip(paths, read, strict=True)
        ]
        if self._may and len(alone) > 1:
            self._prove([self._cells(seen) for seen in read], np.array(alone))
        return alone

    def _prove(self, cells: Sequence[Bytes], alone: Floats) -> None:
        """Let the next pictures go together, if these are seen then as each alone is."""
        if all(np.array_equal(one, cells[0]) for one in cells):
            return  # of which nothing can be told: the next ones may be others
        several, largest = self._several(cells), np.abs(alone).max(initial=0)
        self._together = several is not None and bool(np.abs(several - alone).max(initial=0) <= _APART * largest)
        self._may, self._size = False, _FIRST if self._together else 1
        log.info("pictures go through %s %s", self._network.card.name, "together" if self._together else "one by one")

    def _several(self, read: Sequence[Frame | Bytes]) -> list[Floats] | None:
        """Return the features of several pictures at once; None where the network takes them one by one only."""
        from explorer.capture import OtherPath, several
        from explorer.device import out_of_memory
        from explorer.errors import DeviceError, ForwardError
        from explorer.prepare import together
        from explorer.reduce import real

        network = self._network
        layer = network.graph.by_id.get(self._layer)
        if layer is None:
            return None

        def reducer(out: Tensor) -> Tensor:
            if out.shape != (len(read), *layer.output):
                raise OtherPath
            return _pooled(real(out), layer)

        try:
            cells = np.stack([self._cells(seen) for seen in read])
            x = together(cells, network.preparation, network.device).to(network.number_type)
            values = several(network.module, network.graph, x, layer, reducer).cpu().numpy()
        except (ForwardError, DeviceError) as error:
            log.info("one by one: %s", error)
            return None
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            return None
        return list(values)


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return _UNKNOWN
    return status.st_size, status.st_mtime_ns


def _length(layer: Layer) -> int:
    """Return how many features a layer makes.

    Raises:
        NetworkError: more than an index can hold.
    """
    count = layer.channels
    if "C" not in layer.axes:
        for size in layer.output:
            count *= size
    if not 0 < count <= MOST_FEATURES:
        raise NetworkError(
            N_("{layer} makes {count} numbers of a picture, more than {most}: choose another layer."),
            layer=layer.id,
            count=f"{count:,}",
            most=f"{MOST_FEATURES:,}",
        )
    return count
