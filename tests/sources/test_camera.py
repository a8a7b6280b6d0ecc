"""Cameras by name, and why one gives no picture; the driver and the system are pretended."""

from __future__ import annotations

import errno
import os
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.errors import SourceError
from explorer.sources import camera, cameras, open_live
from explorer.sources.cameras import CameraInfo
from explorer.values import Frame, Source

if not sys.platform.startswith("linux"):
    pytest.skip("Linux shows its cameras in files", allow_module_level=True)


class Capture:
    """OpenCV's camera: gives pictures of the size nearest to the wished one, then none."""

    sizes = ((480, 640), (720, 1280))
    opens, count = True, 3
    made: list[Capture] = []

    def __init__(self, index: int) -> None:
        self.index, self.left, self.released = index, self.count, False
        self.wished: dict[int, float] = {}
        Capture.made.append(self)

    def isOpened(self) -> bool:
        return self.opens and not self.released

    def set(self, name: int, value: float) -> bool:
        self.wished[name] = value
        return True

    def read(self) -> tuple[bool, Any]:
        if not self.left:
            return False, None
        self.left -= 1
        width = self.wished.get(camera.cv2.CAP_PROP_FRAME_WIDTH, 0)
        size = min(self.sizes, key=lambda hw: abs(hw[1] - width))
        pixels = np.zeros((*size, 3), np.uint8)
        pixels[..., 0] = 200  # blue first
        return True, pixels

    def release(self) -> None:
        self.released = True


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system without cameras, whose files are below the returned folder."""
    for name, folder in (("DEVICES", "dev"), ("ABOUT", "about"), ("PROCESSES", "proc")):
        (tmp_path / folder).mkdir()
        monkeypatch.setattr(cameras, name, tmp_path / folder)
    monkeypatch.setattr(camera.cv2, "VideoCapture", Capture)
    monkeypatch.setattr(Capture, "made", [])
    return tmp_path


def plug(system: Path, index: int, name: str = "", first: int = 0) -> Path:
    device = system / "dev" / f"video{index}"
    device.touch()
    about = system / "about" / f"video{index}"
    about.mkdir()
    (about / "index").write_text(f"{first}\n")
    if name:
        (about / "name").write_text(f"{name}\n")
    return device


def test_frames_are_red_green_blue_numbered_and_of_the_size_that_the_camera_gives(system: Path) -> None:
    live = open_live(Source("camera", "2", size_wh=(1300, 700)))
    frames = []
    while isinstance(frame := live.read(), Frame):  # type: ignore[union-attr]
        frames.append(frame)
    live.close()
    assert [(frame.index, frame.source, frame.pixels.shape) for frame in frames] == [
        (n, "camera 2", (720, 1280, 3)) for n in range(3)
    ]
    assert tuple(frames[0].pixels[0, 0]) == (0, 0, 200)
    assert Capture.made[0].wished[camera.cv2.CAP_PROP_FRAME_HEIGHT] == 700
    assert Capture.made[0].released


def test_a_camera_is_left_as_it_is_where_no_size_is_wished(system: Path) -> None:
    open_live(Source("camera", "0")).close()
    assert Capture.made[0].wished == {}


def why(index: int) -> str:
    with pytest.raises(SourceError) as caught:
        open_live(Source("camera", str(index)))
    assert Capture.made[-1].released
    return str(caught.value)


@pytest.mark.parametrize("opens", [True, False])
def test_why_a_camera_gives_no_picture(opens: bool, system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Capture, "opens", opens)
    monkeypatch.setattr(Capture, "count", 0)
    device = plug(system, 0)
    assert why(0).startswith("Camera 0 sends no picture")
    for number, (program, link) in {11: ("zoom", device), 12: ("other", "/dev/null")}.items():
        fd = system / "proc" / str(number) / "fd"
        fd.mkdir(parents=True)
        (fd / "3").symlink_to(link)
        (fd / "4").symlink_to("socket:[1]")
        (fd.parent / "comm").write_text(f"{program}\n")
    assert why(0).startswith("Camera 0 is used by zoom: close it there")


def test_a_camera_that_is_held_by_nobody_knows_whom(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Capture, "opens", False)
    plug(system, 0)

    def busy(*_how: object) -> int:
        raise OSError(errno.EBUSY, "busy")

    monkeypatch.setattr(camera.os, "open", busy)
    assert why(0).startswith("Camera 0 is used by another program")


def test_a_camera_that_may_not_be_used(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Capture, "opens", False)
    device = plug(system, 0)
    monkeypatch.setattr(camera.os, "access", lambda path, how: False)
    assert "may not be used" in why(0)
    assert camera._group(device) in why(0)


def test_names_of_the_cameras_that_give_pictures(system: Path) -> None:
    plug(system, 10, "C922 Pro")
    plug(system, 0, "Integrated Camera: Integrated C")
    plug(system, 1, "Integrated Camera: Integrated I", first=1)
    plug(system, 4)
    (system / "dev" / "video-dec").touch()
    assert cameras.cameras() == (
        CameraInfo(0, "Integrated Camera: Integrated C"),
        CameraInfo(4),
        CameraInfo(10, "C922 Pro"),
    )


def test_a_system_that_shows_no_cameras(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cameras.cameras() == ()
    monkeypatch.setattr(cameras.sys, "platform", "win32")
    assert [(info.index, info.name) for info in cameras.cameras()] == [(0, ""), (1, "")]


def test_sizes_as_the_driver_tells_them(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What linux/videodev2.h calls v4l2_fmtdesc and v4l2_frmsizeenum, filled in as a driver does."""
    plug(system, 0)
    discrete = {1196444237: [(640, 480), (1280, 720)], 1448695129: [(640, 480), (320, 240)]}  # MJPG, YUYV
    formats = list(discrete)

    def ioctl(device: int, what: int, asked: bytearray) -> int:
        if what == 0xC0405602:  # VIDIOC_ENUM_FMT
            assert len(asked) == 64
            index, kind = struct.unpack_from("=2I", asked)
            assert kind == 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE
            if index >= 3:
                raise OSError(errno.EINVAL, "no more")
            struct.pack_into("=I", asked, 44, (*formats, 7)[index])
            return 0
        assert (what, len(asked)) == (0xC02C564A, 44)  # VIDIOC_ENUM_FRAMESIZES
        index, pixels = struct.unpack_from("=2I", asked)
        if pixels == 7:
            struct.pack_into("=7I", asked, 8, 3, 16, 1920, 8, 16, 1080, 8)  # V4L2_FRMSIZE_TYPE_STEPWISE
            return 0
        if index >= len(discrete[pixels]):
            raise OSError(errno.EINVAL, "no more")
        struct.pack_into("=3I", asked, 8, 1, *discrete[pixels][index])
        return 0

    import fcntl

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    (info,) = cameras.cameras()
    assert info.sizes == ((1920, 1080), (1280, 720), (640, 480), (320, 240))
    assert os.listdir(system / "dev") == ["video0"]
