"""``main.py`` as a person starts it: the real application in a process of its own, offscreen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import main
from explorer.cli import streams
from explorer.errors import SourceError
from explorer.recipe import Recipe
from explorer.reproduce import Kept, keep
from explorer.values import Source

ROOT = Path(__file__).resolve().parents[2]


def start(*words: str, cwd: Path = ROOT, **environment: str | None) -> subprocess.CompletedProcess[str]:
    changed = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *words],
        cwd=cwd,
        env={name: value for name, value in changed.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_main_loads_neither_qt_nor_torch_before_it_has_chosen() -> None:
    code = (
        "import sys, main; main._parser().read(['--size', '10x10']);"
        "print([m for m in ('PySide6', 'torch', 'cv2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_shot_has_exactly_the_wished_size_and_shows_the_picture(tmp_path: Path) -> None:
    """The picture is uniform magenta, so that its colour in the shot proves that it was read and painted."""
    Image.new("RGB", (320, 240), "#ff00ff").save(tmp_path / "그림 하나.png")
    words = ("그림 하나.png", "--theme", "dark", "--size", "1283x807", "--shot", "shot.png")
    done = start(*words, cwd=tmp_path, QT_SCALE_FACTOR="2", QT_FONT_DPI="192")  # of a person's own screen
    assert (done.returncode, done.stderr) == (0, "")
    with Image.open(tmp_path / "shot.png") as shot:
        assert shot.size == (1283, 807)
        colours = dict(map(reversed, shot.convert("RGB").getcolors(1 << 24)))  # type: ignore[arg-type]
    assert colours[(255, 0, 255)] > 5_000
    assert colours[(0x16, 0x18, 0x1D)] > 20_000  # the dark window


def test_without_a_display_it_prints_the_answers_and_says_where_the_picture_is(tmp_path: Path) -> None:
    done = start("coffee", cwd=tmp_path, DISPLAY=None, WAYLAND_DISPLAY=None, QT_QPA_PLATFORM=None)
    assert done.returncode == 0, done.stderr
    assert "espresso" in done.stdout
    assert str(tmp_path / "cnn-explorer.png") in done.stdout
    with Image.open(tmp_path / "cnn-explorer.png") as shot:
        assert shot.size == (1280, 800)


def test_an_unknown_layer_is_said_once_the_network_is_known(tmp_path: Path) -> None:
    done = start("--model", "squeezenet1_1", "--layer", "features.99", "--shot", str(tmp_path / "shot.png"))
    assert done.returncode == 2
    assert "features.9" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "shot.png").exists()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["nothing-here.png"], "nothing-here.png"),
        (["--model", "resnet19"], "resnet18"),
        (["--size", "1280"], "1280x800"),
        (["--size", "0x10"], "1280x800"),
        (["--lang", "xx"], "ko"),
        (["--theme", "blue"], "dark"),
        (["--shot", "x.jpg"], ".png"),
        (["--shot", "no/such/folder/x.png"], "folder does not exist"),
        (["--shott=x.png"], "--shot"),
        (["--layer"], "--layer"),
        (["--recipe", "none.recipe.json"], "none.recipe.json"),
        (["--recipe", "pyproject.toml"], "no recipe"),
        (["chelsea", "coffee"], "coffee"),
    ],
)
def test_mistakes_are_one_sentence_and_2(
    words: list[str], part: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "has_display", lambda: pytest.fail("it went on"))
    assert main.main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert part in err


def test_a_video_a_folder_and_an_address_are_taken_too(tmp_path: Path) -> None:
    film, photos = tmp_path / "영상.mp4", tmp_path / "사진"
    film.touch()
    photos.mkdir()
    assert main._source(str(film)) == Source("video", str(film))
    assert main._source(str(photos)) == Source("folder", str(photos))
    assert main._source("rtsp://10.0.0.7/live") == Source("stream", "rtsp://10.0.0.7/live")
    assert main._source("https://example.org/a.png") == Source("address", "https://example.org/a.png")
    assert main._source("chelsea") == Source("sample", "chelsea.png")
    with pytest.raises(SourceError, match="영상2"):
        main._source(str(tmp_path / "영상2.mp4"))


def test_a_recipe_opens_what_was_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the command line says besides comes on top."""
    asked: list[tuple[object, ...]] = []
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr("ui.shot.shoot", lambda *given, **_more: asked.append(given) or 0)
    recipe = Recipe(Source("sample", "coffee.png"), network="lenet5", layer="c3", channel=5, device="cpu")
    (file,) = keep(tmp_path / "a.png", Kept("window", recipe, "ko", place="filter", theme="dark"))
    shot = ["--shot", str(tmp_path / "b.png"), "--size", "640x480"]
    assert main.main(["--recipe", str(file), *shot]) == 0
    assert main.main(["digit-3", "--layer", "s4", "--theme", "light", "--recipe", str(file), *shot]) == 0
    (first, look, size, path), (second, lighter, *_rest) = asked
    assert Recipe().with_(**first) == recipe  # type: ignore[arg-type]
    assert (look, size, path) == (
        {"place": "filter", "language": "ko", "theme": "dark"},
        (640, 480),
        tmp_path / "b.png",
    )
    changed = recipe.with_(source=Source("sample", "digit-3.png"), layer="s4")
    assert Recipe().with_(**second) == changed  # type: ignore[arg-type]
    assert lighter == look | {"theme": "light"}  # type: ignore[operator]


def test_where_there_is_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert not streams.has_display()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert streams.has_display()
    monkeypatch.delenv("WAYLAND_DISPLAY")
    for platform in ("darwin", "win32"):
        monkeypatch.setattr(sys, "platform", platform)
        assert streams.has_display()
