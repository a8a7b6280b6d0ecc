"""From a picture to the network's input, exactly as the weights want it, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from explorer.errors import NetworkError, SourceError
from explorer.pinned import Pinned
from explorer.text import N_
from explorer.values import Bytes, Frame, Geometry
from explorer.zoo.card import Preparation
from explorer.zoo.own.memory import Transform, transformed

_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
_SUPPORT = {"bilinear": 1.0, "bicubic": 2.0}
"""How far from a cell's centre Pillow's filter reads: so many cells, or pixels where those are larger."""
_PINNED = Pinned()


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the network gets.

    Attributes:
        tensor: float32 (1, C, h, w) on the device, channels last; nobody else's memory.
        geometry: where each of its cells came from in the picture.
    """

    tensor: Tensor
    geometry: Geometry


def prepare(
    frame: Frame, preparation: Preparation, device: torch.device, input_hw: tuple[int, int] | None = None
) -> Prepared:
    """Return ``frame`` as the network's input.

    Args:
        frame: the picture; its ``array``, where it has one, goes to the network as it is.
        preparation: what belongs to the weights.
        device: where the input is to be.
        input_hw: height and width of the input, cells; None for what the weights want. The picture is then resized so
            that the same share of it is seen.

    Raises:
        NetworkError: the network takes neither grey nor RGB pictures.
        SourceError: the array does not have the shape that the network takes.
    """
    height, width = input_hw or preparation.input_chw[1:]
    if frame.array is not None:
        return _unprepared(frame, (preparation.input_chw[0], height, width), device)
    pixels, geometry = placed(frame.pixels, preparation, (height, width))
    return Prepared(together(pixels[None], preparation, device), geometry)


def together(pixels: Bytes, preparation: Preparation, device: torch.device) -> Tensor:
    """Return pictures that ``placed`` made, uint8 (n, h, w, C), as input: float32 (n, C, h, w), channels last."""
    count, height, width, _channels = pixels.shape
    cells = _on(torch.from_numpy(pixels), device).float()
    if preparation.full != 255:
        cells.div_(255 / preparation.full)
    mean, std = (_row(tuple(figures), width, device) for figures in (preparation.mean, preparation.std))
    cells.view(count * height, -1).sub_(mean).div_(std)
    return cells.permute(0, 3, 1, 2)  # channels last by its strides


@lru_cache(maxsize=16)
def _row(figures: tuple[float, ...], width: int, device: torch.device) -> Tensor:
    """Return the channels' ``figures`` for a whole row of cells, float32 (w · C,) on ``device``; made and sent once.

    One by one for three channels takes torch ten times as long.
    """
    with torch.inference_mode(False):
        return torch.tensor(figures).repeat(width).to(device)


def given(frame: Frame, transform: Transform, device: torch.device) -> Prepared:
    """Return what a person's own transform makes of ``frame`` as the network's input.

    Where each cell came from is not known, for a transform may do anything: the input stands for the whole picture.

    Raises:
        NetworkError: the transform raises, or makes no input.
    """
    tensor = _on(transformed(transform, Image.fromarray(frame.pixels)).float(), device)
    picture_hw, input_hw = frame.pixels.shape[:2], tensor.shape[2:]
    scale = picture_hw[0] / input_hw[0], picture_hw[1] / input_hw[1]
    geometry = Geometry((picture_hw[0], picture_hw[1]), (input_hw[0], input_hw[1]), scale, (0.0, 0.0))
    return Prepared(tensor.contiguous(memory_format=torch.channels_last), geometry)


def _on(tensor: Tensor, device: torch.device) -> Tensor:
    """Return ``tensor`` on ``device``; by pinned memory for CUDA, so that the copy does not hold up this thread."""
    return _PINNED.send(tensor, device) if device.type == "cuda" else tensor.to(device)


def placed(pixels: Bytes, preparation: Preparation, input_hw: tuple[int, int]) -> tuple[Bytes, Geometry]:
    """Resize, crop the centre or fill up with zeros: uint8 (h, w, C) in the weights' order, and where it came from."""
    channels, pad = preparation.input_chw[0], preparation.pad
    if channels not in (1, 3):
        raise NetworkError(
            N_("The network takes {channels} channels, a picture has 1 or 3: open a .npy array of that many instead."),
            channels=channels,
        )
    picture_hw = pixels.shape[0], pixels.shape[1]
    crop_hw = max(input_hw[0] - 2 * pad, 1), max(input_hw[1] - 2 * pad, 1)
    resized_hw = _resized(picture_hw, crop_hw, preparation)
    scale = picture_hw[0] / resized_hw[0], picture_hw[1] / resized_hw[1]
    corner = _corner(resized_hw[0], crop_hw[0]), _corner(resized_hw[1], crop_hw[1])
    origin = (corner[0] - pad) * scale[0], (corner[1] - pad) * scale[1]
    support = _SUPPORT[preparation.interpolation]
    reach = support * max(scale[0], 1) - scale[0] / 2, support * max(scale[1], 1) - scale[1] / 2
    geometry = Geometry(picture_hw, input_hw, scale, origin, reach)

    top, left = max(corner[0], 0), max(corner[1], 0)
    bottom, right = min(corner[0] + crop_hw[0], resized_hw[0]), min(corner[1] + crop_hw[1], resized_hw[1])
    seen = _resize(pixels, resized_hw, (top, left, bottom, right), preparation)
    cells: Bytes = np.zeros((*input_hw, channels), np.uint8)
    y, x = top - corner[0] + pad, left - corner[1] + pad
    cells[y : y + bottom - top, x : x + right - left] = seen[..., ::-1] if preparation.order == "BGR" else seen
    return cells, geometry


def _resized(picture_hw: tuple[int, int], crop_hw: tuple[int, int], preparation: Preparation) -> tuple[int, int]:
    """Return the picture's size before the crop.

    Cut out: the side that is shorter for this crop fits the weights' resize, the other one follows. Stretched: both fit
    it. In a letterbox the side that is longer for this crop fills it, whatever the resize, and the other one follows.
    """
    zoom = preparation.resize / (min(preparation.input_chw[1:]) - 2 * preparation.pad)
    if preparation.fit == "stretch":
        return max(round(crop_hw[0] * zoom), 1), max(round(crop_hw[1] * zoom), 1)
    taller = crop_hw[0] * picture_hw[1] >= crop_hw[1] * picture_hw[0]  # the crop, than the picture
    if preparation.fit == "letterbox":
        lead, zoom = (1 if taller else 0), 1.0
    else:
        lead = 0 if taller else 1
    led = max(round(crop_hw[lead] * zoom), 1)
    exact = led * picture_hw[1 - lead] / picture_hw[lead]
    rounded = preparation.long_side == "rounded" or preparation.fit == "letterbox"
    other = max(round(exact) if rounded else int(exact), 1)
    return (led, other) if lead == 0 else (other, led)


def _corner(resized: int, crop: int) -> int:
    """Return where the crop begins; negative where it is larger; the halves are rounded as torchvision does."""
    return round((resized - crop) / 2) if resized >= crop else -((crop - resized) // 2)


def _resize(
    pixels: Bytes, resized_hw: tuple[int, int], box: tuple[int, int, int, int], preparation: Preparation
) -> Bytes:
    """Return box [top, left, bottom, right) of the picture resized to ``resized_hw``, uint8 (h, w, C)."""
    picture = Image.fromarray(pixels)
    if preparation.input_chw[0] == 1:
        picture = picture.convert("L")
    (height, width), (top, left, bottom, right) = resized_hw, box
    # All of it, and then cut, is what torchvision does, to the bit. A very long picture would fill the memory, so there
    # only the box is made: Pillow then rounds some values the other way, by one.
    far = height * width > 16 * (bottom - top) * (right - left)
    y0, x0, y1, x1 = box if far else (0, 0, height, width)
    y_scale, x_scale = picture.height, picture.width
    resized = picture.resize(
        (x1 - x0, y1 - y0),
        _FILTERS[preparation.interpolation],
        box=(x0 * x_scale / width, y0 * y_scale / height, x1 * x_scale / width, y1 * y_scale / height),
    )
    made: Bytes = np.asarray(resized).reshape(y1 - y0, x1 - x0, -1)
    return made[top - y0 : bottom - y0, left - x0 : right - x0]


def _unprepared(frame: Frame, wanted: tuple[int, int, int], device: torch.device) -> Prepared:
    array = frame.array
    assert array is not None
    if array.shape != wanted:
        raise SourceError(
            N_("The array {source} has the shape {shape}, but the network takes {wanted}: give it that shape."),
            source=frame.source,
            shape=_shape(array.shape),
            wanted=_shape(wanted),
        )
    tensor = _on(torch.tensor(array, dtype=torch.float32), device).unsqueeze(0)  # a copy: networks write in place
    picture_hw, input_hw = frame.pixels.shape[:2], wanted[1:]
    scale = picture_hw[0] / input_hw[0], picture_hw[1] / input_hw[1]
    geometry = Geometry((picture_hw[0], picture_hw[1]), input_hw, scale, (0.0, 0.0))
    return Prepared(tensor.contiguous(memory_format=torch.channels_last), geometry)


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "0-D"
