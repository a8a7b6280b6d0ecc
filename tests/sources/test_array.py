from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from explorer.errors import SourceError
from explorer.sources import array, read
from explorer.values import Frame, Source


def saved(path: Path, values: object) -> Path:
    np.save(path, np.asarray(values))
    return path


def opened(path: Path) -> Frame:
    return read(Source("array", str(path)))


def problem(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        opened(path)
    return str(caught.value)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "uint8", "bool", ">f4"])
@pytest.mark.parametrize("shape", [(3, 5, 7), (1, 3, 5, 7), (1, 4, 4), (64, 2, 3), (1, 1, 1)])
def test_the_values_arrive_unchanged(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).normal(0, 50, shape).astype(dtype)
    frame = opened(saved(tmp_path / "x.npy", values))
    assert frame.array is not None
    assert frame.array.dtype == np.float32
    assert frame.array.flags.c_contiguous
    assert frame.array.flags.writeable
    assert np.array_equal(frame.array, values.reshape(shape[-3:]).astype(np.float32))
    assert frame.pixels.shape == (*shape[-2:], 3)
    assert frame.pixels.dtype == np.uint8
    assert frame.source == "x.npy"


def test_fortran_order_is_undone(tmp_path: Path) -> None:
    values = np.asfortranarray(np.arange(24.0).reshape(2, 3, 4))
    frame = opened(saved(tmp_path / "x.npy", values))
    assert frame.array is not None
    assert np.array_equal(frame.array, values)


def test_the_pixels_picture_three_channels_as_rgb_stretched() -> None:
    values = np.array([[[-1.0, 1.0]], [[0.0, 0.0]], [[1.0, -1.0]]], np.float32)
    assert array.picture(values).tolist() == [[[0, 128, 255], [255, 128, 0]]]


def test_the_pixels_picture_other_channels_as_the_grey_of_their_mean() -> None:
    values = np.array([[[0.0, 4.0]], [[0.0, 0.0]]], np.float32)
    assert array.picture(values).tolist() == [[[0, 0, 0], [255, 255, 255]]]


def test_values_that_are_not_finite_go_to_the_network_and_are_black_in_the_picture(tmp_path: Path) -> None:
    values = np.array([[[np.nan, np.inf, -np.inf, 2.0, 4.0]]])
    frame = opened(saved(tmp_path / "x.npy", values))
    assert frame.array is not None
    assert np.array_equal(frame.array, values.astype(np.float32), equal_nan=True)
    assert frame.pixels[0, :, 0].tolist() == [0, 0, 0, 0, 255]


def test_a_flat_array_and_one_of_nan_only_have_a_picture(tmp_path: Path) -> None:
    for value in (3.0, np.nan):
        assert not opened(saved(tmp_path / "x.npy", np.full((3, 2, 2), value))).pixels.any()


def test_a_value_beyond_float32_becomes_infinite(tmp_path: Path) -> None:
    frame = opened(saved(tmp_path / "x.npy", np.array([[[1e300, 1.0]]])))
    assert frame.array is not None
    assert np.isposinf(frame.array[0, 0, 0])


@pytest.mark.parametrize(
    "values", [np.zeros((3, 2, 2), complex), np.full((3, 2, 2), "x"), np.zeros((3, 2, 2), "M8[s]")]
)
def test_values_that_are_no_numbers(tmp_path: Path, values: object) -> None:
    assert "save it as float32" in problem(saved(tmp_path / "x.npy", values))


@pytest.mark.parametrize("shape", [(), (5,), (5, 5), (2, 3, 5, 5), (1, 1, 3, 5, 5), (3, 0, 5), (0, 5, 5)])
def test_a_shape_that_is_no_picture(tmp_path: Path, shape: tuple[int, ...]) -> None:
    message = problem(saved(tmp_path / "x.npy", np.zeros(shape)))
    assert message.startswith("x.npy ")
    assert "(channels, height, width)" in message


class Payload:
    """Runs when it is unpickled."""

    ran = False

    def __reduce__(self) -> object:
        return setattr, (Payload, "ran", True)


def test_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    path = tmp_path / "objects.npy"
    np.save(path, np.array([Payload()], dtype=object), allow_pickle=True)
    assert "without pickle" in problem(path)
    path.write_bytes(pickle.dumps(Payload()))
    assert "without pickle" in problem(path)
    assert not Payload.ran


def test_several_arrays_in_one_file_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "many.npz", a=np.zeros((3, 2, 2)))
    assert "one array" in problem(tmp_path / "many.npz")


def test_damaged_files(tmp_path: Path) -> None:
    whole = saved(tmp_path / "x.npy", np.zeros((3, 20, 20))).read_bytes()
    rng = np.random.default_rng(0)
    path = tmp_path / "damaged.npy"
    for _ in range(300):
        data = bytearray(whole)
        for at in rng.integers(0, 130, 3):
            data[at] = rng.integers(0, 256)
        path.write_bytes(bytes(data[: rng.integers(1, len(data))]))
        assert problem(path).startswith("damaged.npy ")


def test_a_header_that_promises_more_than_the_file_holds(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.npy", np.zeros((3, 20, 20)))
    path.write_bytes(path.read_bytes().replace(b"(3, 20, 20), ", b"(3,2000,2000)"))
    assert "cannot be read" in problem(path) or "can be read" in problem(path)


def test_too_many_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array, "MOST_VALUES", 11)
    assert "holds 12 values, more than 11" in problem(saved(tmp_path / "x.npy", np.zeros((3, 2, 2))))


def test_missing_empty_and_folder(tmp_path: Path) -> None:
    assert "There is no file" in problem(tmp_path / "x.npy")
    (tmp_path / "empty.npy").touch()
    assert "is empty" in problem(tmp_path / "empty.npy")
    assert "is a folder" in problem(tmp_path)
