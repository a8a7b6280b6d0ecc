"""``weights``: what it lists, gets, imports and removes; against a server on this machine."""

from __future__ import annotations

import errno
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from explorer import download
from explorer.cli.main import INTERRUPTED, main
from explorer.download import Download, Patience, part_of
from explorer.errors import NetworkError
from explorer.zoo import registry, weights
from explorer.zoo.card import Card
from tests.faulty_server import Server, serving

CONTENT = bytes(range(256)) * 2000
SHA256 = sha256(CONTENT).hexdigest()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "*")
    with serving(CONTENT) as server:
        yield server


@pytest.fixture
def net(server: Server, monkeypatch: pytest.MonkeyPatch) -> Card:
    """A network with two sets of weights on that server, among the others."""
    card = registry.card("resnet18")
    first = replace(card.weights[0], name="one", file="one.pth", url=f"{server.base}/one.pth", sha256=SHA256[:8])
    second = replace(first, name="two", file="two.pth", url=f"{server.base}/two.pth")
    net = replace(card, name="net", title="Net", weights=(first, second))
    find, cards, everything = registry.card, registry.cards, registry.everything
    monkeypatch.setattr(registry, "card", lambda name: net if name == "net" else find(name))
    monkeypatch.setattr(registry, "cards", lambda: (*cards(), net))
    monkeypatch.setattr(registry, "everything", lambda: (*everything(), net))
    return net


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command line and return its exit code, standard output and standard error."""

    def run(*words: object) -> tuple[int, str, str]:
        code = main(list(map(str, words)))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def cached(file: str = "one.pth") -> Path:
    return weights.cache_folder() / file


def test_the_list_says_where_each_set_is(net: Card, run: Callable[..., Any]) -> None:
    cached().parent.mkdir(parents=True)
    cached().write_bytes(CONTENT)
    part_of(cached("two.pth")).write_bytes(CONTENT[:100_000])
    code, out, err = run("weights", "list")
    assert (code, err) == (0, "")
    rows = {tuple(line.split()[:2]): line for line in out.splitlines()}
    assert "embedded" in rows["efficientnet_lite0", "imagenet1k"]
    assert "cached" in rows["net", "one"]
    assert "0.5 MB" in rows["net", "one"]
    assert "begun: 0.1 MB" in rows["net", "two"]


def test_the_list_as_json(net: Card, run: Callable[..., Any]) -> None:
    cached("two.pth").parent.mkdir(parents=True)
    cached("two.pth").write_bytes(CONTENT)
    part_of(cached()).write_bytes(b"begun")
    code, out, _err = run("weights", "list", "net", "--json")
    one, two = json.loads(out)
    assert code == 0
    assert (one["model"], one["weights"], one["state"], one["part_bytes"], one["path"]) == (
        "net", "one", "downloadable", 5, None,
    )  # fmt: skip
    assert (two["state"], two["bytes"], two["path"]) == ("cached", len(CONTENT), str(cached("two.pth")))
    assert two["sha256"] == SHA256[:8]
    assert two["url"].startswith("http://127.0.0.1")


def test_a_network_without_weights_says_so(net: Card, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    bare = replace(net, weights=())
    monkeypatch.setattr(registry, "card", lambda name: bare)
    assert run("weights", "list", "net") == (0, "There are no weights of Net.\n", "")
    code, out, err = run("weights", "get", "net")
    assert (code, out) == (2, "")
    assert err.startswith("There are no public weights of Net")


def test_got_weights_are_where_it_says(net: Card, server: Server, run: Callable[..., Any]) -> None:
    code, out, err = run("weights", "get", "net")
    assert (code, out) == (0, f"{cached()}\n")
    assert cached().read_bytes() == CONTENT
    lines = err.splitlines()
    assert lines[-1].split() == ["one.pth", "0.5", "MB", "/", "0.5", "MB", "100%"]
    assert len(lines) <= 11
    assert run("weights", "get", "net") == (0, f"{cached()}\n", "")
    assert len(server.asked) == 1


def test_the_line_that_an_error_gives_gets_them(net: Card, run: Callable[..., Any]) -> None:
    for name in ("", "two"):
        with pytest.raises(NetworkError) as caught:
            weights.find(net, name)
        program, *words = shlex.split(str(caught.value).split("“")[1].split("”")[0])
        assert program == "cnn-explorer-cli"
        assert run(*words)[0] == 0
        found = weights.find(net, name)
        assert found
        assert found.name == (name or "one")
        cached().unlink(missing_ok=True)


def test_a_terminal_sees_one_line_that_changes(
    net: Card, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    _code, _out, err = run("weights", "get", "net")
    assert err.endswith("100%\n")
    assert err.count("\n") == 1
    assert err.count("\r") >= 2


def test_a_fault_is_one_sentence_and_goes_on_the_next_time(
    net: Card, server: Server, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "Patience", lambda: Patience(pause_s=0))
    server.faults = ["cut:1000", *["cut:0"] * 5]
    code, out, err = run("weights", "get", "net")
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("one.pth did not come whole from 127.0.0.1")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("get", "MODEL is missing"),
        ("get rsnet18", "There is no network called “rsnet18”"),
        ("get net --weights three", "Net has no weights called “three”; there are: one, two, none."),
        ("remove net", "No weights of Net are in"),
        ("remove lenet5", "come with the program"),
        ("remove net --weights none", "Random weights have no file"),
        ("import", "FILE is missing"),
        ("import missing.pth net", f"cannot be read ({os.strerror(errno.ENOENT)}): choose a file of weights, such"),
        ("import . net", "cannot be read ("),
        ("fetch net", "There is no command “fetch”; the commands are: list, get, import, remove."),
        ("lst", "There is no command “lst”; the nearest are: list."),
    ],
)
def test_mistakes_are_sentences(net: Card, run: Callable[..., Any], words: str, sentence: str) -> None:
    code, out, err = run("weights", *words.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert sentence in err


def test_what_does_not_come_is_a_sentence(net: Card, server: Server, run: Callable[..., Any]) -> None:
    server.faults = ["404"]
    code, out, err = run("weights", "get", "net")
    assert (code, out) == (2, "")
    assert err == "127.0.0.1 answered 404 Not Found for one.pth: import the file from somewhere else.\n"


def test_an_imported_file_is_named(net: Card, run: Callable[..., Any], tmp_path: Path) -> None:
    mine = tmp_path / "내 파일.bin"
    mine.write_bytes(CONTENT)
    assert run("weights", "import", mine) == (0, f"net  one  {cached()}\n", "")
    assert cached().read_bytes() == CONTENT
    mine.write_bytes(CONTENT[:-1])
    code, out, err = run("weights", "import", mine, "net")
    assert (code, out) == (2, "")
    assert "one.pth, two.pth is wanted." in err


def test_removed_weights_are_gone(net: Card, run: Callable[..., Any]) -> None:
    run("weights", "get", "net", "--weights", "two")
    assert run("weights", "remove", "net") == (0, "net  two\n", "")
    assert list(cached().parent.iterdir()) == []


def test_help_names_what_it_can_do(run: Callable[..., Any]) -> None:
    for words in (["weights"], ["weights", "--help"], ["weights", "-h"]):
        code, out, _err = run(*words)
        assert code == 0
        assert all(f"\n  {name} " in out for name in ("list", "get", "import", "remove"))


def test_ctrl_c_keeps_what_has_come(server: Server, tmp_path: Path) -> None:
    """In a process of its own, as a person does it."""
    program = """
import sys
from dataclasses import replace
from explorer.cli.main import main
from explorer.zoo import registry
card = registry.card("resnet18")
made_up = replace(card.weights[0], name="one", file="one.pth", url=sys.argv[1], sha256=sys.argv[2])
with_it = replace(card, weights=(made_up,))
registry.card = lambda name: with_it
sys.exit(main(["weights", "get", "resnet18"]))
"""
    server.faults = ["stall:300000"]
    words = [sys.executable, "-c", program, f"{server.base}/one.pth", SHA256[:8]]
    running = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env={**os.environ, "no_proxy": "*"})
    assert running.stderr
    server.wait_until_silent()
    while not part_of(cached()).exists() or part_of(cached()).stat().st_size < 1:
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    _out, err = running.communicate(timeout=30)
    assert running.returncode == INTERRUPTED
    assert err.splitlines()[-1] == "Stopped: the same command goes on from here."
    kept = part_of(cached()).stat().st_size
    server.go_on.set()
    Download(f"{server.base}/one.pth", cached(), SHA256).run()
    assert server.asked[-1][1] == f"bytes={kept}-"
    assert cached().read_bytes() == CONTENT


def test_listing_and_removing_load_no_torch() -> None:
    program = (
        "import sys; from explorer.cli.main import main; main(['weights', 'list']); "
        "main(['weights', 'remove', 'resnet18']); print('torch' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "False"
