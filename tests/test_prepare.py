"""From a picture to the network's input: torchvision's own transforms, and the geometry, as the measure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms
from torchvision.transforms import InterpolationMode
from torchvision.transforms._presets import ImageClassification

from explorer.cv import cv2
from explorer.errors import NetworkError, SourceError
from explorer.prepare import Prepared, prepare
from explorer.values import Bytes, Frame
from explorer.zoo import registry
from explorer.zoo.card import Preparation
from explorer.zoo.course import IMAGENET

CPU = torch.device("cpu")
LITE = registry.card("efficientnet_lite0").preparation
DIGITS = registry.card("lenet5").preparation
SIZES = [(300, 451), (451, 300), (512, 512), (480, 640), (1, 1), (2, 3), (100, 77), (224, 224), (223, 225), (257, 1030)]


def noise(height: int, width: int) -> Bytes:
    return np.random.default_rng(height * 10_000 + width).integers(0, 256, (height, width, 3), np.uint8)


def prepared(pixels: Bytes, preparation: Preparation, input_hw: tuple[int, int] | None = None) -> Prepared:
    made = prepare(Frame(pixels, "noise"), preparation, CPU, input_hw)
    height, width = input_hw or preparation.input_chw[1:]
    assert made.tensor.shape == (1, preparation.input_chw[0], height, width)
    assert made.tensor.dtype == torch.float32
    assert made.tensor.is_contiguous(memory_format=torch.channels_last)
    assert made.geometry.picture_hw == pixels.shape[:2]
    assert made.geometry.input_hw == (height, width)
    return made


@pytest.mark.parametrize("size", SIZES)
def test_torchvisions_networks_get_what_torchvision_gives_them(size: tuple[int, int]) -> None:
    pixels = noise(*size)
    wanted = ImageClassification(crop_size=224)(Image.fromarray(pixels))
    assert torch.equal(prepared(pixels, IMAGENET).tensor[0], wanted)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("resize", "crop", "interpolation"),
    [(232, 224, "bicubic"), (224, 224, "bilinear"), (200, 224, "bilinear"), (197, 224, "bicubic")],
)
def test_other_weights_get_their_own(size: tuple[int, int], resize: int, crop: int, interpolation: str) -> None:
    # A resize smaller than the crop leaves a black frame, there as here.
    preparation = replace(IMAGENET, resize=resize, interpolation=interpolation)
    official = ImageClassification(
        crop_size=crop, resize_size=resize, interpolation=InterpolationMode(interpolation)
    )  # fmt: skip
    pixels = noise(*size)
    assert torch.equal(prepared(pixels, preparation).tensor[0], official(Image.fromarray(pixels)))


@pytest.mark.parametrize("size", SIZES)
def test_another_input_size_sees_the_same_share(size: tuple[int, int]) -> None:
    pixels = noise(*size)
    wanted = ImageClassification(crop_size=448, resize_size=512)(Image.fromarray(pixels))
    assert torch.equal(prepared(pixels, IMAGENET, (448, 448)).tensor[0], wanted)


@pytest.mark.parametrize("size", [(4, 900), (900, 4)])
def test_a_very_long_picture(size: tuple[int, int]) -> None:
    # Only the crop is made; Pillow then rounds some values the other way, by one of 255.
    pixels = noise(*size)
    wanted = ImageClassification(crop_size=224)(Image.fromarray(pixels))
    torch.testing.assert_close(prepared(pixels, IMAGENET).tensor[0], wanted, rtol=0, atol=1.001 / 255 / 0.224)


def test_a_picture_of_one_row_and_a_million_columns_fits_into_memory() -> None:
    pixels = np.full((1, 1_000_000, 3), 90, np.uint8)
    made = prepared(pixels, IMAGENET)
    assert made.geometry.scale[1] == pytest.approx(1 / 256)
    assert made.geometry.crop[1] == pytest.approx(500_000 - 112 / 256)
    values = made.tensor[0] * torch.tensor(IMAGENET.std).view(3, 1, 1) + torch.tensor(IMAGENET.mean).view(3, 1, 1)
    torch.testing.assert_close(values, torch.full_like(values, 90 / 255))


def test_full_scale_values() -> None:
    made = prepared(np.full((300, 300, 3), 255, np.uint8), LITE)
    assert torch.equal(made.tensor, torch.ones(1, 3, 224, 224))
    made = prepared(np.zeros((300, 300, 3), np.uint8), LITE)
    assert torch.equal(made.tensor, torch.full((1, 3, 224, 224), -127 / 128))


@pytest.mark.parametrize("preparation", [IMAGENET, LITE, DIGITS], ids=["imagenet", "lite", "digits"])
@pytest.mark.parametrize("size", [(200, 251), (251, 200), (120, 120), (230, 90)])
@pytest.mark.parametrize("input_hw", [None, (96, 160), (161, 97)])
def test_geometry_says_where_a_cell_came_from(
    preparation: Preparation, size: tuple[int, int], input_hw: tuple[int, int] | None
) -> None:
    # A ramp knows its own coordinates: pixel i, whose centre is at i + 0.5, has the value i.
    height, width = size
    for axis, ramp in enumerate((np.arange(height)[:, None, None], np.arange(width)[None, :, None])):
        made = prepared(np.broadcast_to(ramp, (height, width, 3)).astype(np.uint8), preparation, input_hw)
        values = made.tensor[0, 0] * preparation.std[0] + preparation.mean[0]
        line = (values / preparation.full * 255).numpy()
        line = line[:, line.shape[1] // 2] if axis == 0 else line[line.shape[0] // 2]
        centres = made.geometry.origin[axis] + (np.arange(len(line)) + 0.5) * made.geometry.scale[axis]
        inside = slice(preparation.pad + 2, len(line) - preparation.pad - 2)
        far = (centres[inside] > 2 * made.geometry.scale[axis] + 1) & (
            centres[inside] < size[axis] - 2 * made.geometry.scale[axis] - 1
        )
        assert far.any()
        np.testing.assert_allclose(line[inside][far], centres[inside][far] - 0.5, atol=0.75)


@pytest.mark.parametrize("input_hw", [(64, 320), (320, 64), (224, 100)])
@pytest.mark.parametrize("size", SIZES)
def test_an_oblong_input_never_sees_past_the_picture(size: tuple[int, int], input_hw: tuple[int, int]) -> None:
    y0, x0, y1, x1 = prepared(noise(*size), IMAGENET, input_hw).geometry.crop
    assert min(y0, x0) >= 0
    assert y1 <= size[0] + 1e-9
    assert x1 <= size[1] + 1e-9


def test_digits_are_grey_and_framed() -> None:
    digit = noise(28, 28)
    made = prepared(digit, DIGITS)
    grey = np.asarray(Image.fromarray(digit).convert("L"), np.float32)
    wanted = (np.pad(grey, 2) / 255 - DIGITS.mean[0]) / DIGITS.std[0]
    np.testing.assert_allclose(made.tensor[0, 0].numpy(), wanted, rtol=1e-5, atol=1e-6)
    assert made.geometry.crop == (-2, -2, 30, 30)
    assert made.geometry.to_picture((2, 2, 30, 30)) == (0, 0, 28, 28)


def test_there_and_back() -> None:
    geometry = prepared(noise(300, 451), IMAGENET).geometry
    y0, x0, *_ = geometry.to_picture((10, 20, 11, 21))
    assert geometry.to_input(y0, x0) == pytest.approx((10, 20))


def test_the_picture_stays_as_it_was() -> None:
    pixels = noise(224, 224)
    pixels.setflags(write=False)
    before = pixels.copy()
    prepared(pixels, replace(IMAGENET, resize=224)).tensor.zero_()
    assert np.array_equal(pixels, before)


def test_a_network_of_five_channels_takes_no_picture() -> None:
    with pytest.raises(NetworkError, match=r"takes 5 channels, a picture has 1 or 3: open a \.npy array"):
        prepare(Frame(noise(9, 9), "x"), replace(IMAGENET, input_chw=(5, 224, 224)), CPU)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("resize", [224, 256])
def test_stretched_is_torchvisions_resize_to_two_sides(size: tuple[int, int], resize: int) -> None:
    pixels = noise(*size)
    official = transforms.Compose(
        [
            transforms.Resize((resize, resize)),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
            transforms.Normalize(IMAGENET.mean, IMAGENET.std),
        ]
    )
    made = prepared(pixels, replace(IMAGENET, fit="stretch", resize=resize))
    torch.testing.assert_close(made.tensor[0], official(Image.fromarray(pixels)), rtol=0, atol=1e-6)
    share = 224 / resize
    y0, x0, y1, x1 = made.geometry.crop
    assert (y1 - y0, x1 - x0) == pytest.approx((size[0] * share, size[1] * share))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("input_hw", [(224, 224), (64, 320), (101, 64)])
def test_a_letterbox_holds_the_whole_picture_between_bars_of_zeros(
    size: tuple[int, int], input_hw: tuple[int, int]
) -> None:
    pixels, zero_mean = noise(*size), replace(IMAGENET, fit="letterbox", mean=(0.0,) * 3, std=(1 / 255,) * 3)
    ratio = min(input_hw[0] / size[0], input_hw[1] / size[1])
    height, width = max(round(size[0] * ratio), 1), max(round(size[1] * ratio), 1)
    top, left = (input_hw[0] - height) // 2, (input_hw[1] - width) // 2
    inner = np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))
    wanted = cv2.copyMakeBorder(
        inner, top, input_hw[0] - height - top, left, input_hw[1] - width - left, cv2.BORDER_CONSTANT, value=(0, 0, 0)
    )
    made = prepared(pixels, zero_mean, input_hw)
    np.testing.assert_allclose(made.tensor[0].permute(1, 2, 0).numpy(), wanted, atol=1e-3)
    y0, x0, y1, x1 = made.geometry.to_picture((top, left, top + height, left + width))
    assert (y0, x0, y1, x1) == pytest.approx((0, 0, *size), abs=1e-9)


def test_blue_first_is_opencvs_order_with_its_own_means() -> None:
    pixels = noise(224, 224)
    means = (103.939, 116.779, 123.68)  # of Caffe's networks, blue first
    made = prepared(pixels, replace(IMAGENET, resize=224, order="BGR", mean=means, std=(1.0,) * 3, full=255.0))
    wanted = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR).astype(np.float64) - means
    np.testing.assert_allclose(made.tensor[0].permute(1, 2, 0).numpy(), wanted, atol=1e-4)


def array_frame(*shape: int) -> Frame:
    array = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    return Frame(noise(30, 60), "input.npy", array=array)


def test_an_array_goes_unprepared() -> None:
    frame = array_frame(3, 64, 96)
    assert frame.array is not None
    frame.array[0, 0, 0] = np.nan
    before = frame.array.copy()
    made = prepare(frame, IMAGENET, CPU, (64, 96))
    np.testing.assert_array_equal(made.tensor[0].numpy(), before)
    assert made.tensor.is_contiguous(memory_format=torch.channels_last)
    assert made.geometry.crop == (0, 0, 30, 60)
    made.tensor.zero_()
    np.testing.assert_array_equal(frame.array, before)


@pytest.mark.parametrize("shape", [(3, 64, 96), (1, 224, 224), (224, 224, 3), (224, 224), ()])
def test_an_array_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(SourceError, match=r"input\.npy has the shape .*takes 3×224×224"):
        prepare(array_frame(*shape), IMAGENET, CPU)


READS = [(300, 451), (64, 90), (480, 640), (257, 130), (100, 77), (33, 20)]


@pytest.mark.parametrize("size", READS)
@pytest.mark.parametrize("preparation", [LITE, DIGITS, IMAGENET, replace(IMAGENET, interpolation="bicubic")])
@pytest.mark.parametrize("fit", ["crop", "letterbox", "stretch"])
def test_no_pixel_outside_of_the_told_ones_changes_a_cell(
    size: tuple[int, int], preparation: Preparation, fit: str
) -> None:
    preparation = replace(preparation, fit=fit)
    pixels, rng = noise(*size), np.random.default_rng(size[0])
    before = prepared(pixels, preparation)
    h, w = before.geometry.input_hw
    for _ in range(4):
        (y0, y1), (x0, x1) = (sorted(rng.choice(side + 1, 2, replace=False).tolist()) for side in (h, w))
        top, left, bottom, right = before.geometry.pixels((y0, x0, y1, x1))
        outside, inside = 255 - pixels, pixels.copy()
        outside[top:bottom, left:right] = pixels[top:bottom, left:right]
        inside[top:bottom, left:right] = 255 - pixels[top:bottom, left:right]
        cells = np.s_[..., y0:y1, x0:x1]
        assert torch.equal(prepared(outside, preparation).tensor[cells], before.tensor[cells])
        if top < bottom and left < right:
            assert not torch.equal(prepared(inside, preparation).tensor[cells], before.tensor[cells])


@pytest.mark.parametrize("size", READS)
@pytest.mark.parametrize("preparation", [LITE, IMAGENET, replace(IMAGENET, interpolation="bicubic", fit="letterbox")])
def test_a_pixel_changes_no_cell_but_those_that_are_told(size: tuple[int, int], preparation: Preparation) -> None:
    pixels, rng = np.full((*size, 3), 128, np.uint8), np.random.default_rng(size[1])
    before = prepared(pixels, preparation)
    for _ in range(12):
        pixel = int(rng.integers(size[0])), int(rng.integers(size[1]))
        other = pixels.copy()
        other[pixel] = 255
        changed = (prepared(other, preparation).tensor != before.tensor)[0].any(0).numpy()
        y0, x0, y1, x1 = before.geometry.cells(pixel)
        assert not changed[:y0].any()
        assert not changed[y1:].any()
        assert not changed[:, :x0].any()
        assert not changed[:, x1:].any()
        if y0 == y1 or x0 == x1:
            assert not changed.any()
        else:  # of the told ones only the outermost may have a weight that is rounded away
            for low, high, found in ((y0, y1, changed.any(1)), (x0, x1, changed.any(0))):
                at = np.flatnonzero(found)
                assert max(at[0] - low, high - 1 - at[-1]) <= 1 + (high - low) // 4
