"""What lies in a folder into which nobody may look: one sentence of every command.

Root may look everywhere: here the system's functions refuse.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from explorer.cli.main import main


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is there, and of which nothing else may be known."""
    folder = tmp_path / "closed"
    folder.mkdir()

    def refusing(inner: Callable[..., Any], no: object = None, all_of_it: bool = False) -> Callable[..., Any]:
        def asked(path: Any, *args: Any, **more: Any) -> Any:
            shut = isinstance(path, str | os.PathLike) and folder in [*Path(path).parents, *[Path(path)] * all_of_it]
            if not shut:
                return inner(path, *args, **more)
            if no is not None:
                return no
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

        return asked

    for name in ("stat", "lstat", "open"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))
    monkeypatch.setattr(os, "scandir", refusing(os.scandir, all_of_it=True))
    monkeypatch.setattr(os, "access", refusing(os.access, no=False, all_of_it=True))
    monkeypatch.setattr(io, "open", refusing(io.open))
    monkeypatch.setattr("builtins.open", refusing(open))
    return folder


LENET = ("--model", "lenet5")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("live", "{closed}/a.mp4", *LENET), "may not be read: change the permissions"),
        (("live", "{closed}", *LENET), "may not be read: change its permissions"),
        (("explain", "{closed}/a.png", "--method", "saliency", "--out", "x.png", *LENET), "may not be read"),
        (("explain", "digit-7.png", "--method", "saliency", "--out", "{closed}/x.png", *LENET), "you have no perm"),
        (("index", "{closed}", "--out", "x", *LENET), "may not be read"),
        (("index", "{closed}/inner", "--out", "x", *LENET), "may not be read"),
        (("index", "{pictures}", "--out", "{closed}/x", *LENET), "you have no permission there"),
        (("search", "digit-7.png", "--index", "{closed}/x"), "cannot be read (Permission denied)"),
        (("train", "lenet5", "--out", "{closed}/x.safetensors"), "cannot be written (Permission denied)"),
        (("predict", "digit-7.png", "--model", "{closed}/x.pth"), "cannot be read (Permission denied)"),
    ],
    ids=lambda value: "-".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_what_may_not_be_read_or_written_is_said(
    words: tuple[str, ...], sentence: str, closed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = tmp_path / "사진"
    pictures.mkdir()
    (pictures / "가.png").write_bytes(b"no picture")
    assert main([word.format(closed=closed, pictures=pictures) for word in words]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_an_index_that_may_not_be_read_is_not_called_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from explorer.errors import SourceError
    from explorer.retrieval.index import Maker, Writer

    file = tmp_path / "x"
    file.write_bytes(b"")

    def refuse(*_args: Any) -> Any:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceError, match="cannot be read"):
        Writer(file, tmp_path, Maker("lenet5", "digits", "f6", (32, 32)), 3, {})
