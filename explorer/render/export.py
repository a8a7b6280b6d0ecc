"""What is on the screen as files: pictures, raw maps, statistics and predictions; a file is whole or not there."""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from explorer.errors import ExportError
from explorer.render import colours as colour_maps
from explorer.render.figure import GAP_RGB, figure
from explorer.settings import fill_atomically
from explorer.text import N_, _
from explorer.values import Floats, FrameResult, LayerView, Statistics

_UNTRAINED = N_("untrained: random weights")
_FULL = N_("“{path}” was not written because the disk is full: free some space or choose another folder.")
_FORBIDDEN = N_("“{path}” cannot be written because you have no permission there: choose another folder.")
_REASONS: dict[int | None, str] = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: _FORBIDDEN,
    errno.ENOENT: N_("“{path}” cannot be written because its folder does not exist: create it or choose another one."),
    errno.ENOTDIR: N_("“{path}” cannot be written because a part of its path is a file: choose another folder."),
    errno.EEXIST: N_("“{path}” cannot be written because a part of its path is a file: choose another folder."),
    errno.EISDIR: N_("“{path}” is a folder: give the name of a file."),
    errno.ENAMETOOLONG: N_("“{path}” is too long a name: choose a shorter one."),
}


def problem(error: OSError, path: Path) -> ExportError:
    """Return the sentence for an ``error`` that the system gave while ``path`` was written."""
    message = _REASONS.get(error.errno, N_("“{path}” cannot be written ({reason}): choose another place."))
    return ExportError(message, path=path, reason=error.strerror or error)


def check_picture(path: Path | str) -> Path:
    """Return where a PNG is to be written, once it is known that it can be, before minutes are spent on it.

    Raises:
        ExportError: it cannot, or its name has another ending.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise ExportError(N_("“{path}” is no name of a PNG file: let it end in .png."), path=path)
    code = 0
    if os.path.isdir(path):
        code = errno.EISDIR
    elif not os.path.isdir(path.parent):
        code = errno.ENOENT
    elif not os.access(path.parent, os.W_OK | os.X_OK):
        code = errno.EACCES
    if code:
        raise problem(OSError(code, os.strerror(code)), path)
    return path


def folder(path: Path) -> None:
    """Make the folder ``path`` and its parents where they are missing.

    Raises:
        ExportError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise problem(error, path) from error


def write(path: Path | str, fill: Callable[[BinaryIO], object]) -> None:
    """Write a file through ``fill`` beside ``path`` and move it there when it is whole.

    Raises:
        ExportError: it cannot be written; what was there before is untouched.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        fill_atomically(path, fill)
    except OSError as error:
        raise problem(error, path) from error


def _title(view: LayerView) -> str:
    return f"{view.layer.id}  ·  {view.layer.op}  ·  {' × '.join(map(str, view.layer.output))}"


def _note(parts: Iterable[str], trained: bool) -> str:
    return "  ·  ".join([*parts, *([] if trained else [_(_UNTRAINED)])])


def _ticks(low: float, high: float) -> list[str]:
    return [f"{value:.4g}" for value in (low, (low + high) / 2, high)]


def mosaic_png(view: LayerView, colours: str, path: Path | str, trained: bool = True) -> None:
    """Write the mosaic of a layer with its colour bar as PNG.

    Args:
        view: the layer.
        colours: a key of ``colours.MAPS``; signed maps are diverging whatever it is.
        path: the file.
        trained: False is said in the picture.

    Raises:
        ExportError: the file cannot be written.
    """
    same_low, same_high = (view.ranges == view.ranges[0]).all(axis=0)
    low, high = map(float, view.ranges[0])
    if same_low and same_high:
        ticks = _ticks(low, high)
    elif view.signed:
        ticks = [_("−largest of each map"), "0", _("+largest of each map")]
    else:
        ticks = [
            f"{low:.4g}" if same_low else _("least of each map"),
            f"{high:.4g}" if same_high else _("greatest of each map"),
        ]
    note = _note([_("{count} maps").format(count=view.grid.count)], trained)
    table = colour_maps.table(colours, view.signed, GAP_RGB)
    page = figure(view.mosaic, table, _title(view), note, ticks)
    write(path, lambda file: page.save(file, "PNG"))


def map_png(view: LayerView, colours: str, path: Path | str, trained: bool = True) -> None:
    """Write the chosen channel's map with its colour bar as PNG; arguments and errors as in ``mosaic_png``."""
    table = colour_maps.table(colours, view.signed, GAP_RGB)
    note = _note([_("channel {channel}").format(channel=view.channel)], trained)
    page = figure(view.map_levels, table, _title(view), note, _ticks(*map(float, view.ranges[view.channel])))
    write(path, lambda file: page.save(file, "PNG"))


def maps_npz(maps: Floats | Mapping[str, NDArray[Any]], path: Path | str) -> None:
    """Write raw maps, float32 (C, h, w), as the array ``maps`` of an NPZ file; of several arrays each by its name.

    Raises:
        ExportError: the file cannot be written.
    """
    arrays = maps if isinstance(maps, Mapping) else {"maps": maps}

    def fill(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w") as archive:  # savez takes no array called "file"
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, array, allow_pickle=False)

    write(path, fill)


def input_npy(array: Floats, path: Path | str) -> None:
    """Write a network's input, float32 (C, h, w), as an NPY file, which can be opened again in place of a picture.

    Raises:
        ExportError: the file cannot be written.
    """
    write(path, lambda file: np.lib.format.write_array(file, array, allow_pickle=False))


def _number(value: float) -> float | None:
    """Return ``value`` as JSON can hold it: NaN and infinities are null there."""
    return float(value) if math.isfinite(value) else None


def _figures(statistics: Statistics) -> dict[str, Any]:
    moments = {name: _number(getattr(statistics, name)) for name in ("minimum", "maximum", "mean", "std", "zeros")}
    return moments | {"nan": statistics.nan, "inf": statistics.inf, "histogram": statistics.histogram.tolist()}


def _rows_or_document(
    path: Path | str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], document: Mapping[str, Any]
) -> None:
    """Write ``rows`` as CSV or ``document`` as JSON, as the suffix of ``path`` asks."""
    suffix = Path(path).suffix.lower()
    if suffix == ".csv":
        text = io.StringIO(newline="")
        table = csv.DictWriter(text, columns, restval="")
        table.writeheader()
        table.writerows(rows)
        content = text.getvalue()
    elif suffix == ".json":
        content = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    else:
        raise ExportError(N_("“{path}” has no known ending: let the name end in .csv or .json."), path=path)
    write(path, lambda file: file.write(content.encode()))


def statistics(view: LayerView, path: Path | str, trained: bool = True) -> None:
    """Write the figures of the layer (channel "all", first) and of every channel, as CSV or JSON by the suffix.

    Args:
        view: the layer.
        path: the file; JSON holds the layer's histogram too.
        trained: whether the weights are.

    Raises:
        ExportError: another suffix, or the file cannot be written.
    """
    names = ("minimum", "maximum", "mean", "std", "zeros")
    whole = _figures(view.statistics)
    table = view.channels
    channels = [
        {"channel": index}
        | {name: _number(value) for name, value in zip(names, values, strict=True)}
        | {"nan": int(table.nan[index]), "inf": int(table.inf[index])}
        for index, values in enumerate(zip(*(getattr(table, name) for name in names), strict=True))
    ]
    layer = {"layer": view.layer.id, "op": view.layer.op, "output": list(view.layer.output), "trained": trained}
    first = {"channel": "all"} | {name: value for name, value in whole.items() if name != "histogram"}
    rows = [{"layer": view.layer.id, "trained": trained} | row for row in (first, *channels)]
    columns = ("layer", "trained", "channel", *names, "nan", "inf")
    _rows_or_document(path, columns, rows, layer | {"statistics": whole, "channels": channels})


def predictions(result: FrameResult, path: Path | str) -> None:
    """Write what the network answered, as CSV or JSON by the suffix.

    Raises:
        ExportError: another suffix, or the file cannot be written.
    """
    about = {"source": result.frame.source, "model": result.recipe.network, "trained": result.trained}
    found = [
        {"index": one.index, "label": one.label, "probability": _number(one.probability)}
        | ({} if one.score is None else {"score": _number(one.score)})
        for one in result.predictions
    ]
    scores = ("score",) if any(one.score is not None for one in result.predictions) else ()
    columns = (*about, "index", "label", "probability", *scores)
    _rows_or_document(path, columns, [about | one for one in found], about | {"predictions": found})
