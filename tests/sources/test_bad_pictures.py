"""Files that cannot be read: one sentence with the name and the remedy, never a traceback of Pillow's."""

from __future__ import annotations

import builtins
import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer.errors import SourceError
from explorer.sources import picture, read
from explorer.values import Source


def problem(path: Path | str) -> str:
    with pytest.raises(SourceError) as caught:
        read(Source("picture", str(path)))
    assert caught.value.exit_code == 2
    return str(caught.value)


def png_header(width: int, height: int) -> bytes:
    """A PNG that ends after its header and a few bytes of data."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "cat.png"
    assert problem(path) == f"There is no file {path}: check the path."
    assert problem("a\0b.png").endswith("check the path.")
    (tmp_path / "file").write_bytes(b"x")
    assert problem(tmp_path / "file" / "cat.png").endswith("check the path.")


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    assert "cannot be opened" in problem(tmp_path / ("x" * 5000))


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    assert problem(tmp_path / "empty.png").endswith("empty.png is empty: open another picture.")


def test_a_folder(tmp_path: Path) -> None:
    assert problem(tmp_path) == f"{tmp_path} is a folder: choose a picture in it."


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert "is not a file" in problem(tmp_path / "pipe.png")


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.png"
    Image.new("RGB", (4, 4)).save(path)
    real = builtins.open

    def refuse(file: Any, *args: Any, **options: Any) -> Any:  # the tests may run as root, whom nothing refuses
        if os.fspath(file) == str(path):
            raise PermissionError(13, "Permission denied")
        return real(file, *args, **options)

    monkeypatch.setattr(builtins, "open", refuse)
    assert problem(path) == f"{path} may not be read: change the permissions of the file."


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_no_permission_for_real(tmp_path: Path) -> None:
    path = tmp_path / "secret.png"
    Image.new("RGB", (4, 4)).save(path)
    path.chmod(0)
    assert "may not be read" in problem(path)


def test_a_disk_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cat.png"
    Image.new("RGB", (4, 4)).save(path)

    def fail(*args: Any, **options: Any) -> Any:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(builtins, "open", fail)
    assert "(Input/output error)" in problem(path)


@pytest.mark.parametrize("content", [b"hello, I am text", b"%PDF-1.7\n", b"<svg/>", b"\0" * 500, b"\x89PNG\r\n\x1a\n"])
def test_a_renamed_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "text.png").write_bytes(content)
    message = problem(tmp_path / "text.png")
    assert message.startswith("text.png is ")
    assert "JPEG, PNG, WebP, BMP, TIFF or GIF" in message or "damaged" in message


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
def test_a_truncated_file(tmp_path: Path, kind: str) -> None:
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(stream, kind)
    (tmp_path / "cut").write_bytes(stream.getvalue()[: len(stream.getvalue()) // 2])
    assert problem(tmp_path / "cut") == "cut is damaged or cut off: get the file again, or open another picture."


def test_a_picture_too_large_is_refused_before_it_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bomb.png").write_bytes(png_header(30_000, 30_000))
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("it was decoded"))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("it was decoded"))
    assert problem(tmp_path / "bomb.png") == (
        "bomb.png is 30000 × 30000 pixels, more than 120 million: make it smaller first."
    )


def test_the_largest_phone_picture_is_not_refused_for_its_size(tmp_path: Path) -> None:
    (tmp_path / "phone.png").write_bytes(png_header(12_000, 9_000))
    assert "damaged" in problem(tmp_path / "phone.png")  # our header has no pixels; its size was not the reason


def test_memory_that_does_not_suffice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "cat.png")

    def fail(self: object) -> None:
        raise MemoryError

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    assert "does not fit into memory" in problem(tmp_path / "cat.png")


def samples_to_damage() -> dict[str, bytes]:
    rng = np.random.default_rng(1)
    rgb = Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8))
    deep = Image.fromarray(rng.integers(0, 65536, (24, 24), dtype=np.uint16))
    exif = Image.Exif()
    exif[274] = 6
    wanted: list[tuple[str, Image.Image, str, dict[str, Any]]] = [
        ("jpeg", rgb, "JPEG", {"exif": exif}),
        ("cmyk", rgb.convert("CMYK"), "JPEG", {}),
        ("png", rgb.convert("RGBA"), "PNG", {}),
        ("deep", deep, "PNG", {"transparency": 7}),
        ("palette", rgb.quantize(16), "PNG", {"transparency": 3}),
        ("webp", rgb, "WEBP", {}),
        ("bmp", rgb, "BMP", {}),
        ("tiff", deep, "TIFF", {}),
        ("lzw", rgb, "TIFF", {"compression": "tiff_lzw"}),
        ("gif", rgb.quantize(16), "GIF", {}),
    ]
    found = {}
    for name, image, kind, options in wanted:
        stream = io.BytesIO()
        image.save(stream, kind, **options)
        found[name] = stream.getvalue()
    return found


SAMPLES = samples_to_damage()


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("name", SAMPLES)
def test_whatever_is_damaged_it_is_a_picture_or_one_sentence(name: str) -> None:
    rng = np.random.default_rng(len(name))
    data, outcomes = SAMPLES[name], {"picture": 0, "sentence": 0}
    for _ in range(250):
        damaged = np.frombuffer(data, np.uint8).copy()
        near = 200 if rng.random() < 0.5 else len(damaged)  # headers are where decoders trip
        for at in rng.integers(0, min(near, len(damaged)), rng.integers(1, 6)):
            damaged[at] = rng.integers(0, 256)
        if rng.random() < 0.2:
            damaged = damaged[: rng.integers(1, len(damaged))]
        try:
            pixels = picture.decode(io.BytesIO(damaged.tobytes()), "x")
        except SourceError as error:
            outcomes["sentence"] += str(error).startswith("x is ")
        else:
            assert pixels.dtype == np.uint8
            assert pixels.ndim == 3
            assert pixels.shape[2] == 3
            outcomes["picture"] += 1
    assert sum(outcomes.values()) == 250
    assert outcomes["sentence"] > 0
