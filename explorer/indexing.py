"""Features of pictures from a loaded network: the steps of an index, and the picture that is looked for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from explorer import sources
from explorer.errors import SourceError
from explorer.filters.filter import Chain
from explorer.filters.written import to_json
from explorer.graph.values import Layer
from explorer.retrieval.index import Maker, Record, Stamp, Writer
from explorer.sources.folder import SUFFIXES
from explorer.text import N_
from explorer.values import Floats, Frame, Source
from explorer.zoo import own

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.session import Network

_AHEAD = 4
"""So many pictures are decoded while the network looks at another."""


@dataclass(frozen=True)
class Indexed:
    """How far an index is.

    Attributes:
        done, of: pictures.
        kept: those that were in the index already.
        unreadable: those that could not be read, so far.
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
    if not folder.is_dir():
        sentence = N_("“{folder}” is a file: give a folder with pictures.")
        raise SourceError(
            sentence if folder.exists() else N_("There is no folder “{folder}”: check its path."), folder=folder
        )
    found = [
        os.path.relpath(Path(place) / name, folder)
        for place, _folders, names in os.walk(folder)
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
    return Maker(
        network.card.name,
        network.weights.name if network.weights else "none",
        feature_layer(network, layer).id,
        network.input_hw,
        own.stamp(network.card.name),
        to_json(filters).strip(),
    )


def feature_layer(network: Network, name: str) -> Layer:
    """Return the layer whose output is taken as features: for "" what the last linear layer reads.

    Raises:
        NetworkError: there is no such layer.
    """
    if name:
        return network.layer(name)
    graph = network.graph
    last = next((layer for layer in reversed(graph.layers) if layer.op == "linear"), None)
    return graph[last.inputs[0]] if last is not None and last.inputs else graph.output


def features(network: Network, frame: Frame, layer: str, filters: Chain = ()) -> Floats:
    """Return the features of a picture, float32 (n,): each channel's mean over its places; of a vector its numbers.

    Raises:
        NetworkError, ForwardError, DeviceError: as ``frame_path.run``.
    """
    from explorer.capture import capture
    from explorer.filters.apply import apply

    filtered = apply(frame, filters)

    def through(x: Tensor) -> Floats:
        wanted = feature_layer(network, layer)
        places = [place for place, axis in enumerate(wanted.axes) if axis != "C"] if "C" in wanted.axes else []

        def mean(out: Tensor) -> Tensor:
            values = out.reshape(wanted.sizes(out.shape) or out.shape).float()
            return (values.mean(places) if places else values).reshape(-1).cpu().clone()

        found: Floats = capture(network.module, network.graph, x, {wanted.id: mean}).values[wanted.id].numpy()
        return found

    return network.with_room(lambda: network.follow(through, network.prepare(filtered).tensor, filtered, layer))


def indexing(network: Network, folder: Path, file: Path, layer: str = "", filters: Chain = ()) -> Iterator[Indexed]:
    """Yield how far the index is after each picture; ending it early leaves an index that the next call goes on with.

    Pictures that have not changed since are kept.

    Args:
        network: the loaded one.
        folder: with pictures.
        file: of the index.
        layer: whose features; "" for what the last linear layer reads.
        filters: before the network.

    Raises:
        SourceError: the folder is not there, or has no pictures. ExportError: the index cannot be written.
        NetworkError, ForwardError, DeviceError: as ``frame_path.run``.
    """
    names = pictures(folder)
    of = maker(network, layer, filters)
    length = _length(feature_layer(network, layer))
    stamps = {name: _stamp(folder / name) for name in names}
    writer = Writer(file, folder.resolve(), of, length, stamps)
    unreadable = [(name, error) for name, error in writer.there.items() if error]
    kept = 0
    try:
        with ThreadPoolExecutor(1, "pictures") as pool:
            ahead: list[tuple[str, Future[Frame] | None]] = []
            todo = iter(names)
            for done in range(1, len(names) + 1):
                while len(ahead) < _AHEAD and (name := next(todo, None)) is not None:
                    source = Source("picture", str(folder / name))
                    ahead.append((name, None if name in writer.there else pool.submit(sources.read, source)))
                name, future = ahead.pop(0)
                if future is None:
                    kept += 1
                else:
                    record = _record(network, name, stamps[name], future, layer, filters)
                    writer.add(record)
                    if record.error:
                        unreadable.append((name, record.error))
                yield Indexed(done, len(names), kept, tuple(unreadable))
    finally:
        writer.close()


def _record(network: Network, name: str, stamp: Stamp, future: Future[Frame], layer: str, filters: Chain) -> Record:
    try:
        frame = future.result()
    except SourceError as error:
        return Record(name, stamp, None, str(error))
    return Record(name, stamp, features(network, frame, layer, filters))


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _length(layer: Layer) -> int:
    if "C" in layer.axes:
        return layer.channels
    count = 1
    for size in layer.output:
        count *= size
    return count
