"""Checkpoints of every kind give their tensors, and nothing in them ever runs."""

from __future__ import annotations

import argparse
import collections
import enum
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from explorer.errors import NetworkError
from explorer.zoo.own.reader import calls, candidates, read


class Odd(enum.Enum):
    ONE = 1


class Payload:
    """Runs a command wherever it is unpickled as pickle does it."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.marker}'",)


def module() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))


def checkpoint(network: nn.Module) -> dict[Any, Any]:
    """What people's training scripts save beside the network."""
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.rand(2, 3, 8, 8)).sum().backward()
    optimizer.step()
    return {
        "state_dict": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "args": argparse.Namespace(lr=0.1, out=Path("/data")),
        "best": np.float64(0.9),
        "history": np.arange(3),
        "counts": collections.defaultdict(list, {"a": [1]}),
        "odd": Odd.ONE,
        Path("/key"): 1,
    }


def found(path: Path) -> list[tuple[str, dict[str, Tensor]]]:
    return candidates(read(path), path)


def assert_same(tensors: dict[str, Tensor], network: nn.Module) -> None:
    wanted = network.state_dict()
    assert tensors.keys() == wanted.keys()
    for name, one in wanted.items():
        assert torch.equal(tensors[name], one), name


FORMATS = pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])


@FORMATS
def test_a_plain_state_dict(tmp_path: Path, new: bool) -> None:
    network = module()
    torch.save(network.state_dict(), tmp_path / "a.pth", _use_new_zipfile_serialization=new)
    ((where, tensors),) = found(tmp_path / "a.pth")
    assert where == ""
    assert_same(tensors, network)


@FORMATS
def test_tensors_come_out_of_what_training_scripts_save(tmp_path: Path, new: bool) -> None:
    network = module()
    torch.save(checkpoint(network), tmp_path / "a.ckpt", _use_new_zipfile_serialization=new)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(tmp_path / "a.ckpt", weights_only=True)  # else this test would show nothing
    ((where, tensors),) = found(tmp_path / "a.ckpt")
    assert where == "state_dict"
    assert_same(tensors, network)


@FORMATS
def test_views_and_shared_storages_and_parameters_are_rebuilt(tmp_path: Path, new: bool) -> None:
    base = torch.arange(24.0).reshape(4, 6)
    content = {
        "turned": base.t(),
        "part": base[1:3, 2:],
        "parameter": nn.Parameter(base.clone()),
        "none": torch.empty(0, 3),
        "half": base.half(),
        "stub": argparse.Namespace(),
    }
    torch.save(content, tmp_path / "a.pt", _use_new_zipfile_serialization=new)
    tensors = found(tmp_path / "a.pt")[0][1]
    for name in ("turned", "part", "parameter", "half"):
        assert torch.equal(tensors[name], content[name].float().detach()), name
        assert tensors[name].dtype is torch.float32
    assert tensors["none"].shape == (0, 3)


def test_safetensors_by_name_or_by_content(tmp_path: Path) -> None:
    network = module()
    for name in ("a.safetensors", "a.bin"):
        save_file(network.state_dict(), tmp_path / name)
        assert_same(found(tmp_path / name)[0][1], network)


def test_the_averaged_weights_come_before_the_others(tmp_path: Path) -> None:
    first, second = module(), module()
    torch.save({"model": first.state_dict(), "ema": {"shadow": second.state_dict(), "decay": 0.9}}, tmp_path / "a.pt")
    assert [where for where, _tensors in found(tmp_path / "a.pt")] == ["ema.shadow", "model"]


@FORMATS
@pytest.mark.parametrize("where", ["beside", "alone", "in a module", "as a key"])
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".bin"])
def test_nothing_of_a_file_runs(tmp_path: Path, new: bool, where: str, suffix: str) -> None:
    marker, network = tmp_path / "ran", module()
    content: Any = {
        "beside": {"state_dict": network.state_dict(), "x": Payload(marker)},
        "alone": Payload(marker),
        "in a module": network,
        "as a key": {"state_dict": network.state_dict(), "y": [(Payload(marker),)]},
    }[where]
    network.payload = Payload(marker)  # type: ignore[assignment]
    file = tmp_path / f"evil{suffix}"
    torch.save(content, file, _use_new_zipfile_serialization=new)
    if where in ("beside", "as a key"):
        assert_same(found(file)[0][1], network)
    else:
        with pytest.raises(NetworkError):
            found(file)
    assert not marker.exists()
    torch.load(file, weights_only=False)
    assert marker.exists()  # it was a real payload


@FORMATS
@pytest.mark.parametrize("inside", [False, True], ids=["alone", "in a module"])
def test_a_payload_is_refused_with_what_it_calls_and_no_line_that_would_run_it(
    tmp_path: Path, new: bool, inside: bool
) -> None:
    network, file = module(), tmp_path / "evil.pt"
    network.payload = Payload(tmp_path / "ran")  # type: ignore[assignment]
    torch.save(network if inside else Payload(tmp_path / "ran"), file, _use_new_zipfile_serialization=new)
    with pytest.raises(NetworkError, match=rf"calls a system command .*\({os.name}\.system\)") as caught:
        found(file)
    assert "weights_only=False" not in str(caught.value)


def test_a_plain_pickle_with_a_payload_is_refused_with_what_it_calls(tmp_path: Path) -> None:
    file = tmp_path / "evil.pth"
    file.write_bytes(pickle.dumps(Payload(tmp_path / "ran")))
    with pytest.raises(NetworkError, match=rf"calls a system command .*\({os.name}\.system\)"):
        found(file)
    assert not (tmp_path / "ran").exists()


@FORMATS
def test_what_was_not_run_is_named(tmp_path: Path, new: bool) -> None:
    file = tmp_path / "a.pt"
    torch.save(checkpoint(module()), file, _use_new_zipfile_serialization=new)
    foreign = read(file).foreign
    assert "argparse.Namespace" in foreign
    assert calls(foreign) == ()
    assert calls(("os._Environ", "posix.system", "builtins.eval", "builtins.getattr", "subprocess.Popen")) == (
        "posix.system",
        "builtins.eval",
        "subprocess.Popen",
    )
    torch.save(module().state_dict(), file, _use_new_zipfile_serialization=new)
    assert read(file).foreign == ()


def test_a_pickle_cannot_change_what_reads_it(tmp_path: Path) -> None:
    """BUILD sets attributes of whatever lies on the stack, a function of ours too if one lay there."""
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        attack = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nN}U\x0c__defaults__K\x01s\x86b."
        archive.writestr("a/data.pkl", attack)
        archive.writestr("a/version", "3")
    with pytest.raises(NetworkError, match="damaged"):
        read(tmp_path / "a.pt")


@FORMATS
def test_whole_modules_are_refused_with_the_lines_that_save_them_again(tmp_path: Path, new: bool) -> None:
    file = tmp_path / "whole.pt"
    torch.save({"model": module()}, file, _use_new_zipfile_serialization=new)
    with pytest.raises(NetworkError) as caught:
        found(file)
    said = str(caught.value)
    assert "torch.load('whole.pt', weights_only=False)" in said
    assert "torch.save(model.state_dict(), 'whole-state.pth')" in said
    assert "Sequential" in said


@FORMATS
@pytest.mark.parametrize("plain", [True, False])
def test_a_truncated_file_at_every_length(tmp_path: Path, new: bool, plain: bool) -> None:
    network = module()
    content = network.state_dict() if plain else checkpoint(network)
    torch.save(content, tmp_path / "whole.pt", _use_new_zipfile_serialization=new)
    whole = (tmp_path / "whole.pt").read_bytes()
    for length in {1, 8, 15, 16, 17, 64, *range(100, len(whole), len(whole) // 25), len(whole) - 1}:
        (tmp_path / "a.pt").write_bytes(whole[:length])
        with pytest.raises(NetworkError, match=r"a\.pt"):
            found(tmp_path / "a.pt")


def test_a_truncated_safetensors(tmp_path: Path) -> None:
    save_file(module().state_dict(), tmp_path / "whole.safetensors")
    whole = (tmp_path / "whole.safetensors").read_bytes()
    for length in (1, 7, 8, 9, 100, len(whole) - 1):
        (tmp_path / "a.safetensors").write_bytes(whole[:length])
        with pytest.raises(NetworkError, match="damaged"):
            found(tmp_path / "a.safetensors")


def test_more_numbers_than_the_file_has(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(4), "x": argparse.Namespace()}, tmp_path / "a.pt")
    with zipfile.ZipFile(tmp_path / "a.pt") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "b.pt", "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data.replace(b"K\x04", b"K\x7f") if name.endswith("data.pkl") else data)
    with pytest.raises(NetworkError, match="damaged"):
        read(tmp_path / "b.pt")


def no_torch(path: Path) -> None:
    path.write_bytes(pickle.dumps({"weight": 1}))


def an_archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("letter.txt", "hello")


def torchscript(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a/data.pkl", "a/constants.pkl", "a/code/__torch__.py"):
            archive.writestr(name, b"")


def quantised(path: Path) -> None:
    with torch.no_grad():
        torch.save({"weight": torch.zeros(3, dtype=torch.int8), "fc.weight": torch.zeros(3, dtype=torch.int8)}, path)


def a_list(path: Path) -> None:
    torch.save([1, 2], path)


def complex_numbers(path: Path) -> None:
    torch.save({"fc.weight": torch.zeros(3, dtype=torch.complex64)}, path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (no_torch, "neither what torch.save writes nor safetensors"),
        (an_archive, "none that torch.save wrote"),
        (torchscript, "TorchScript archive"),
        (quantised, r"fc\.weight: int8"),
        (complex_numbers, "complex"),
        (a_list, r"no tensors by name \(list\)"),
    ],
)
def test_what_is_no_network(tmp_path: Path, make: Any, words: str) -> None:
    make(tmp_path / "ä file.pt")
    with pytest.raises(NetworkError, match=words):
        found(tmp_path / "ä file.pt")


@pytest.mark.parametrize("entry", ["archive/data.pkl", "archive/data/0"])
def test_an_archive_that_would_fill_the_memory_is_not_unpacked(
    tmp_path: Path, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "a.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in {"archive/data.pkl", entry}:
            archive.writestr(name, bytes(1 << 20) if name == entry else b"\x80\x02}.")
    monkeypatch.setattr(torch, "load", lambda *_args, **_named: pytest.fail("it was unpacked"))
    with pytest.raises(NetworkError, match="damaged"):
        read(tmp_path / "a.pth")


def test_things_within_one_another_end(tmp_path: Path) -> None:
    ring: dict[str, Any] = {"a": torch.zeros(3)}
    ring["self"] = ring
    wide = [ring] * 100
    for _level in range(20):
        wide = [wide] * 100
    torch.save({"ring": ring, "wide": wide, "x": argparse.Namespace()}, tmp_path / "a.pt")
    ((where, tensors),) = found(tmp_path / "a.pt")
    assert (where, list(tensors)) == ("ring", ["a"])
