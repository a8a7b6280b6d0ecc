"""Pictures of every kind, against pixels that were computed another way."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from explorer.errors import SourceError
from explorer.sources import picture, read
from explorer.values import Bytes, Source


@pytest.fixture
def pixels() -> Bytes:
    """Smooth, so that JPEG keeps it; no two corners alike."""
    y, x = np.mgrid[0:24, 0:32]
    return np.stack([y * 10, x * 7, 255 - y * 4 - x * 3], axis=2).astype(np.uint8)


def encoded(image: Image.Image, kind: str, **options: Any) -> io.BytesIO:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    stream.seek(0)
    return stream


def decoded(image: Image.Image, kind: str, **options: Any) -> Bytes:
    result = picture.decode(encoded(image, kind, **options), "x")
    assert result.dtype == np.uint8
    assert result.ndim == 3
    assert result.shape[2] == 3
    return result


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("WEBP", {"lossless": True}), ("BMP", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"})],
)
def test_lossless_formats_give_the_very_pixels(pixels: Bytes, kind: str, options: dict[str, Any]) -> None:
    assert np.array_equal(decoded(Image.fromarray(pixels), kind, **options), pixels)


def test_jpeg_and_lossy_webp_give_nearly_the_pixels(pixels: Bytes) -> None:
    for kind in ("JPEG", "WEBP"):
        result = decoded(Image.fromarray(pixels), kind, quality=95)
        assert np.abs(result.astype(int) - pixels).mean() < 3


def test_of_an_animated_gif_the_first_frame_is_shown(pixels: Bytes) -> None:
    first, second = Image.fromarray(pixels).quantize(64), Image.new("RGB", (32, 24), "red").quantize(64)
    result = decoded(first, "GIF", save_all=True, append_images=[second])
    assert np.array_equal(result, np.array(first.convert("RGB")))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_stands_upright_as_exif_says(pixels: Bytes, kind: str, orientation: int) -> None:
    upright = {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.transpose(1, 0, 2),
        6: np.rot90(pixels, -1),
        7: pixels[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(pixels),
    }[orientation]
    exif = Image.Exif()
    exif[274] = orientation
    result = decoded(Image.fromarray(pixels), kind, exif=exif, **({"quality": 100} if kind == "JPEG" else {}))
    assert result.shape == upright.shape
    assert np.abs(result.astype(int) - upright).mean() < 3


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_damaged_exif_does_not_cost_the_picture(pixels: Bytes) -> None:
    stream = encoded(Image.fromarray(pixels), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12")
    assert picture.decode(stream, "x").shape == pixels.shape


def test_grey_and_two_coloured_pictures_become_rgb(pixels: Bytes) -> None:
    grey = pixels[:, :, 0]
    assert np.array_equal(decoded(Image.fromarray(grey), "PNG"), np.repeat(grey[:, :, None], 3, axis=2))
    bits = grey > 100
    assert np.array_equal(decoded(Image.fromarray(bits), "PNG")[:, :, 1], np.where(bits, 255, 0))


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (20, 30), dtype=np.uint16)
    deep[0, :4] = 0, 128, 129, 65535  # 128.5 is half a step
    expected = np.round(deep / 257).astype(np.uint8)
    for suffix in ("png", "tiff"):
        assert cv2.imwrite(str(tmp_path / f"deep.{suffix}"), deep)
        result = picture.read(tmp_path / f"deep.{suffix}").pixels
        assert np.array_equal(result, np.repeat(expected[:, :, None], 3, axis=2))


def test_sixteen_bits_of_three_channels_are_scaled(tmp_path: Path) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (20, 30, 3), dtype=np.uint16)
    for suffix in ("png", "tiff"):
        assert cv2.imwrite(str(tmp_path / f"deep.{suffix}"), deep[:, :, ::-1])
        result = picture.read(tmp_path / f"deep.{suffix}").pixels
        assert np.abs(result - deep / 257.0).max() <= 1.0


def test_twelve_bits_span_their_own_range() -> None:
    deep = np.array([[0, 4095, 2048, 1]], np.uint16)
    stream = encoded(Image.fromarray(deep), "TIFF")
    data = bytearray(stream.getvalue())
    offset = Image.open(stream).tag_v2[273][0]  # type: ignore[attr-defined]
    data[offset : offset + 6] = bytes([0x00, 0x0F, 0xFF, 0x80, 0x00, 0x01])  # the same four values, packed
    entry = data.index(struct.pack("<HHI", 258, 3, 1))  # BitsPerSample, one short
    data[entry + 8 : entry + 10] = struct.pack("<H", 12)
    result = picture.decode(io.BytesIO(bytes(data)), "x")
    assert result[0, :, 0].tolist() == [0, 255, 128, 0]


def test_floats_span_zero_to_one_or_their_own_range() -> None:
    values = np.array([[0.0, 0.5, 1.0, 0.25]], np.float32)
    assert decoded(Image.fromarray(values), "TIFF")[0, :, 0].tolist() == [0, 128, 255, 64]
    assert decoded(Image.fromarray(values * 200 - 100), "TIFF")[0, :, 0].tolist() == [0, 128, 255, 64]
    broken = np.array([[np.nan, np.inf, 0.0, 8.0]], np.float32)
    assert decoded(Image.fromarray(broken), "TIFF")[0, :, 0].tolist() == [0, 0, 0, 255]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_floats_of_several_channels(dtype: type, channels: int, tmp_path: Path) -> None:
    """Written by OpenCV; what Pillow itself reads of them is left to it."""
    rgb = np.random.default_rng(5).random((7, 9, channels)).astype(dtype)
    bgr = rgb if channels == 1 else rgb[:, :, [2, 1, 0, 3][:channels]]
    for factor, shift in ((1, 0), (300, -100)):
        given = bgr * factor + shift
        if channels == 4:
            given[:, :, 3] = bgr[:, :, 3]
        assert cv2.imwrite(str(tmp_path / "deep.tif"), given)
        found = picture.read(tmp_path / "deep.tif").pixels
        colours = rgb[:, :, :3].astype(np.float64)
        if factor != 1:
            colours = (colours - colours.min()) / (colours.max() - colours.min())
        alpha = rgb[:, :, 3:].astype(np.float64) if channels == 4 else 1.0
        expected = np.broadcast_to(255 * (colours * alpha + 1 - alpha), found.shape)
        np.testing.assert_allclose(found, expected, atol=0.501)


def test_floats_that_are_not_finite_are_black(tmp_path: Path) -> None:
    values = np.array([[[0, 0.5, 1], [np.nan, np.inf, -np.inf]]], np.float32)
    assert cv2.imwrite(str(tmp_path / "deep.tif"), values[:, :, ::-1])
    assert picture.read(tmp_path / "deep.tif").pixels.tolist() == [[[0, 128, 255], [0, 0, 0]]]


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_a_damaged_float_tiff(tmp_path: Path) -> None:
    path = tmp_path / "deep.tif"
    assert cv2.imwrite(str(path), np.random.default_rng(5).random((40, 40, 3)).astype(np.float32))
    whole = path.read_bytes()
    for end in (8, 100, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:end])
        with pytest.raises(SourceError, match=r"damaged|is not a picture"):
            picture.read(path)


def test_a_float_tiff_that_promises_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep.tif"
    assert cv2.imwrite(str(path), np.zeros((40, 40, 3), np.float32))
    monkeypatch.setattr(picture, "MOST_PIXELS", 4 * 1599)
    with pytest.raises(SourceError, match="40 × 40 pixels"):
        picture.read(path)


def test_whole_numbers_beyond_sixteen_bits_span_their_own_range() -> None:
    values = np.array([[-100_000, 0, 100_000]], np.int32)
    assert decoded(Image.fromarray(values), "TIFF")[0, :, 0].tolist() == [0, 128, 255]


def test_cmyk_becomes_rgb() -> None:
    inks = np.random.default_rng(0).integers(0, 256, (8, 8, 4), dtype=np.uint8)
    result = decoded(Image.fromarray(inks, "CMYK"), "TIFF")
    c, m, y, k = (inks[:, :, i].astype(float) for i in range(4))
    expected = np.stack([(255 - ink) * (255 - k) / 255 for ink in (c, m, y)], axis=2)
    assert np.abs(result - expected).max() <= 1.0


def test_a_cmyk_jpeg_is_not_inverted() -> None:
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    assert np.abs(decoded(red, "JPEG")[8, 8].astype(int) - (255, 0, 0)).max() < 8


def test_transparency_lies_on_white(pixels: Bytes) -> None:
    alpha = np.random.default_rng(0).integers(0, 256, pixels.shape[:2], dtype=np.uint8)
    alpha[0, 0], alpha[0, 1] = 0, 255
    rgba = Image.fromarray(np.dstack([pixels, alpha]))
    share = alpha[:, :, None] / 255.0
    expected = pixels * share + 255.0 * (1.0 - share)
    for kind, options in (("PNG", {}), ("WEBP", {"lossless": True, "exact": True}), ("TIFF", {})):
        assert np.abs(decoded(rgba, kind, **options) - expected).max() <= 1.0


def test_transparency_of_grey_palette_and_single_colours(pixels: Bytes) -> None:
    grey = Image.fromarray(np.dstack([np.full((2, 2), 40, np.uint8), np.array([[0, 255], [255, 0]], np.uint8)]), "LA")
    assert decoded(grey, "PNG")[:, :, 0].tolist() == [[255, 40], [40, 255]]
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 40, 50, 60])
    palette.putpixel((1, 0), 1)
    for kind in ("PNG", "GIF"):
        assert decoded(palette, kind, transparency=1)[0].tolist() == [[10, 20, 30], [255, 255, 255]]
    assert decoded(palette, "PNG", transparency=b"\x00\xff")[0].tolist() == [[255, 255, 255], [40, 50, 60]]
    single = Image.fromarray(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8))
    assert decoded(single, "PNG", transparency=(4, 5, 6))[0].tolist() == [[1, 2, 3], [255, 255, 255]]


def test_the_transparent_grey_of_a_deep_picture_lies_on_white() -> None:
    deep = Image.fromarray(np.array([[0, 1000, 65535]], np.uint16))
    assert decoded(deep, "PNG", transparency=1000)[0, :, 0].tolist() == [0, 255, 255]


def test_a_phone_picture_with_a_second_picture_inside_is_read(pixels: Bytes) -> None:
    image = Image.fromarray(pixels)
    result = decoded(image, "MPO", save_all=True, append_images=[image], quality=95)
    assert np.abs(result.astype(int) - pixels).mean() < 3


def test_the_name_may_hold_any_character(tmp_path: Path, pixels: Bytes) -> None:
    path = tmp_path / "고양이 사진 😀 #%?.png"
    Image.fromarray(pixels).save(path)
    frame = read(Source("picture", str(path)))
    assert frame.source == path.name
    assert np.array_equal(frame.pixels, pixels)


def test_a_picture_of_one_pixel_is_a_picture() -> None:
    assert decoded(Image.new("RGB", (1, 1), (1, 2, 3)), "PNG").tolist() == [[[1, 2, 3]]]


def test_the_pixels_may_be_written_to(pixels: Bytes) -> None:
    for image in (Image.fromarray(pixels), Image.fromarray(np.zeros((4, 4), np.uint16))):
        assert decoded(image, "PNG").flags.writeable
