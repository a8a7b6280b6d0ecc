"""timm's networks by name: prepared as timm itself prepares, counted, and never downloaded."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.errors import NetworkError
from explorer.prepare import prepare
from explorer.values import Frame
from explorer.zoo import from_timm, registry, weights
from tests.zoo.paths import SAMPLES

timm = pytest.importorskip("timm")


@pytest.mark.parametrize(
    "name", ["vit_tiny_patch16_224", "resnet10t", "tf_efficientnet_b1", "tf_efficientnetv2_b3", "test_convnext"]
)
def test_a_picture_is_prepared_as_timm_does(name: str) -> None:
    from timm.data import create_transform, resolve_data_config

    picture = Image.open(SAMPLES / "coffee.png").convert("RGB")
    card = registry.card(name)
    network = timm.create_model(name)
    wanted = create_transform(**resolve_data_config({}, model=network))(picture)
    found = prepare(Frame(np.asarray(picture), "coffee"), card.preparation, torch.device("cpu")).tensor[0]
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)
    assert card.parameters == sum(p.numel() for p in network.parameters())
    assert card.group == "timm"


def test_an_untrained_one_is_built_and_the_same_every_time() -> None:
    card = registry.card("test_vit")
    first, second = registry.build(card), registry.build(card)
    side = card.preparation.input_chw[1]
    picture = torch.rand(1, 3, side, side)
    with torch.inference_mode():
        assert torch.equal(first(picture), second(picture))


def test_names_without_timm(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(from_timm, "find_spec", lambda name: None if name == "timm" else find(name))
    from_timm.names.cache_clear()
    try:
        with pytest.raises(NetworkError, match="no network called “vit_tiny_patch16_224”"):
            registry.card("vit_tiny_patch16_224")
    finally:
        monkeypatch.undo()
        from_timm.names.cache_clear()


def test_only_weights_that_are_here_are_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The hub's cache as the hub lays it out: a snapshot that links to a file named by its SHA-256."""
    from safetensors.torch import save

    assert registry.card("test_resnet").weights == ()
    content = save({name: value.contiguous() for name, value in timm.create_model("test_resnet").state_dict().items()})
    from hashlib import sha256

    blob = tmp_path / "blobs" / sha256(content).hexdigest()
    file = tmp_path / "snapshots" / "main" / "model.safetensors"
    for path in (blob, file):
        path.parent.mkdir(parents=True)
    blob.write_bytes(content)
    file.symlink_to(blob)

    def cached(repository: str, name: str, **_: Any) -> str | None:
        return str(file) if (repository, name) == ("timm/test_resnet.r160_in1k", "model.safetensors") else None

    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", cached)
    from_timm.card.cache_clear()
    try:
        (found,) = registry.card("test_resnet").weights
        assert (found.name, found.bytes, found.sha256) == ("r160_in1k", len(content), blob.name)
        assert weights.state_of(found) is weights.WeightState.CACHED
        network = registry.build(registry.card("test_resnet"), weights.load(found))
        assert torch.isfinite(network(torch.zeros(1, 3, 160, 160))).all()
    finally:
        from_timm.card.cache_clear()
