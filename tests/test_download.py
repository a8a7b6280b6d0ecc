"""Downloads from a server with faults: what comes is the file or a sentence, and nothing is got twice."""

from __future__ import annotations

import errno
import http.client
import os
import random
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from explorer import download
from explorer.download import Download, Patience, part_of
from explorer.errors import Cancelled, DownloadError, OfflineError
from tests.faulty_server import PATIENCE_S, Server, serving

CONTENT = random.Random(0).randbytes(700_000)
SHA256 = sha256(CONTENT).hexdigest()
HALF = len(CONTENT) // 2
SHORT = Patience(connect_s=5, read_s=0.2, tries=3, pause_s=1)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving(CONTENT) as server:
        yield server


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "가중치 cache" / "weights.pth"


@pytest.fixture
def get(server: Server, target: Path) -> Callable[..., list[float]]:
    """Run a download and return how long it would have slept before each further try."""

    def get(path: str = "/weights.pth", **more: Any) -> list[float]:
        slept: list[float] = []
        options = {"sha256": SHA256[:8], "patience": SHORT, "sleep": slept.append} | more
        Download(path if "://" in path else server.base + path, target, **options).run()
        return slept

    return get


def left(target: Path) -> set[str]:
    return {path.name for path in target.parent.iterdir()}


def stopped_half_way(server: Server, target: Path) -> None:
    """Leave a part of the first half."""
    server.faults = [f"stall:{HALF}"]
    one = Download(f"{server.base}/weights.pth", target, SHA256, patience=Patience(tries=1))

    def run() -> None:
        with pytest.raises(Cancelled):
            one.run()

    thread = threading.Thread(target=run)
    thread.start()
    server.wait_until_silent()
    while not part_of(target).exists() or part_of(target).stat().st_size < HALF:
        pass
    one.cancel()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    server.go_on.set()
    server.asked.clear()


def test_the_file_comes_whole_and_nothing_else_stays(get: Callable[..., Any], target: Path) -> None:
    told: list[tuple[int, int]] = []
    assert get(progress=lambda done, total: told.append((done, total))) == []
    assert target.read_bytes() == CONTENT
    assert left(target) == {"weights.pth"}
    assert told[0] == (0, len(CONTENT))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _total in told] == sorted(done for done, _total in told)


def test_what_is_there_already_is_not_got_again(server: Server, get: Callable[..., Any], target: Path) -> None:
    get()
    get()
    assert len(server.asked) == 1


def test_a_damaged_file_is_replaced(get: Callable[..., Any], target: Path) -> None:
    target.parent.mkdir(parents=True)
    target.write_bytes(CONTENT[:-1] + b"?")
    get()
    assert target.read_bytes() == CONTENT


def test_a_cancelled_one_goes_on_where_it_stopped(server: Server, get: Callable[..., Any], target: Path) -> None:
    stopped_half_way(server, target)
    assert part_of(target).read_bytes() == CONTENT[:HALF]
    assert not target.exists()
    told: list[tuple[int, int]] = []
    get(progress=lambda done, total: told.append((done, total)))
    assert server.asked == [("/weights.pth", f"bytes={HALF}-", '"one"')]
    assert told[0] == (HALF, len(CONTENT))
    assert target.read_bytes() == CONTENT
    assert left(target) == {"weights.pth"}


def test_without_an_etag_the_date_names_the_version(server: Server, get: Callable[..., Any], target: Path) -> None:
    server.etag, server.modified = 'W/"weak"', "Tue, 24 Nov 2026 08:00:00 GMT"
    stopped_half_way(server, target)
    get()
    assert server.asked == [("/weights.pth", f"bytes={HALF}-", server.modified)]
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("change", ["ranges", "etag", "both names"])
def test_it_starts_anew_where_it_cannot_go_on(
    server: Server, get: Callable[..., Any], target: Path, change: str
) -> None:
    if change == "both names":
        server.etag = ""
    stopped_half_way(server, target)
    if change == "ranges":
        server.ranges = False
    elif change == "etag":
        server.etag = '"two"'
    told: list[tuple[int, int]] = []
    get(progress=lambda done, total: told.append((done, total)))
    assert told[0] == (0, len(CONTENT))
    assert target.read_bytes() == CONTENT


def test_an_answer_that_begins_elsewhere_is_not_taken(server: Server, get: Callable[..., Any], target: Path) -> None:
    stopped_half_way(server, target)
    server.faults = ["elsewhere"]
    assert get() == [1]
    assert target.read_bytes() == CONTENT


def test_a_part_of_another_file_with_the_same_version_is_found_out(
    server: Server, get: Callable[..., Any], target: Path
) -> None:
    stopped_half_way(server, target)
    part_of(target).write_bytes(bytes(HALF))
    assert get() == [1]
    assert [wanted for _path, wanted, _version in server.asked] == [f"bytes={HALF}-", ""]
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("more", [b"", b"too much"])
def test_a_part_that_has_all_or_more(server: Server, get: Callable[..., Any], target: Path, more: bytes) -> None:
    stopped_half_way(server, target)
    part_of(target).write_bytes(CONTENT + more)
    assert get() == ([1] if more else [])
    assert target.read_bytes() == CONTENT


def test_a_tag_of_rubbish_is_no_version(server: Server, get: Callable[..., Any], target: Path) -> None:
    stopped_half_way(server, target)
    target.with_name("weights.pth.part.tag").write_bytes(b"one\r\nHost: elsewhere\0\xff")
    get()
    assert server.asked == [("/weights.pth", "", "")]
    assert target.read_bytes() == CONTENT


def test_it_goes_on_after_the_connection_ends(server: Server, get: Callable[..., Any], target: Path) -> None:
    server.faults = ["cut:1000", "cut:2000", "cut:3000", "cut:0"]
    assert get() == [1, 1, 1, 2]  # a pause grows only where not a byte more has come
    assert [wanted for _path, wanted, _version in server.asked[1:4]] == ["bytes=1000-", "bytes=3000-", "bytes=6000-"]
    assert target.read_bytes() == CONTENT


def test_a_connection_that_ends_each_time_is_given_up(server: Server, get: Callable[..., Any], target: Path) -> None:
    server.faults = ["cut:1000", "cut:0", "cut:0", "cut:0"]
    with pytest.raises(DownloadError) as caught:
        get()
    assert str(caught.value) == (
        "weights.pth did not come whole from 127.0.0.1 (the connection ended): try again; what has come is kept."
    )
    assert part_of(target).read_bytes() == CONTENT[:1000]
    assert len(server.asked) == 3


def test_a_server_without_ranges_that_ends_each_time_is_given_up_too(server: Server, get: Callable[..., Any]) -> None:
    server.ranges, server.faults = False, ["cut:1000"] * 9
    with pytest.raises(DownloadError, match="the connection ended"):
        get()
    assert len(server.asked) == SHORT.tries


def test_a_silent_server(server: Server, get: Callable[..., Any], target: Path) -> None:
    server.faults = ["stall:1000", "stall:0", "stall:0"]
    with pytest.raises(DownloadError) as caught:
        get()
    assert str(caught.value) == ("127.0.0.1 was silent for 0.2 s: try again; what has come of weights.pth is kept.")
    assert part_of(target).read_bytes() == CONTENT[:1000]


def test_a_server_that_was_silent_once(server: Server, get: Callable[..., Any], target: Path) -> None:
    server.faults = ["stall:1000"]
    assert get() == [1]
    assert target.read_bytes() == CONTENT


def test_a_server_that_is_busy_at_first(server: Server, get: Callable[..., Any], target: Path) -> None:
    server.faults = ["503", "429"]
    assert get() == [1, 2]
    assert target.read_bytes() == CONTENT


def test_a_server_that_stays_busy(server: Server, get: Callable[..., Any]) -> None:
    server.faults = ["503"] * 3
    with pytest.raises(DownloadError, match=r"answered 503 Service Unavailable for weights.pth: try again later;"):
        get()


@pytest.mark.parametrize("status", ["404", "403", "410", "407"])
def test_what_is_not_there_is_not_tried_again(
    server: Server, get: Callable[..., Any], target: Path, status: str
) -> None:
    server.faults = [status]
    with pytest.raises(DownloadError, match=f"answered {status} .* for weights.pth: import the file from somewhere"):
        get()
    assert len(server.asked) == 1
    assert left(target) == set()


def test_another_file_is_not_taken(server: Server, get: Callable[..., Any], target: Path) -> None:
    server.content = b"something else"
    with pytest.raises(DownloadError) as caught:
        get()
    assert f"SHA-256 begins with {sha256(b'something else').hexdigest()[:8]}, not with {SHA256[:8]}." in str(
        caught.value
    )
    assert left(target) == set()


def test_a_promise_of_more_than_there_is(server: Server, get: Callable[..., Any], target: Path) -> None:
    server.faults = [f"length:{len(CONTENT) + 1}"]
    assert get() == [1]
    assert target.read_bytes() == CONTENT


def test_less_than_comes_is_another_file(server: Server, get: Callable[..., Any]) -> None:
    server.faults = ["length:1000"]
    with pytest.raises(DownloadError, match="is another file"):
        get()


def test_a_file_of_unknown_length(server: Server, get: Callable[..., Any], target: Path) -> None:
    server.faults = ["unsized"]
    told: list[tuple[int, int]] = []
    get(progress=lambda done, total: told.append((done, total)))
    assert target.read_bytes() == CONTENT
    assert told[0] == (0, 0)


def test_an_empty_file(server: Server, get: Callable[..., Any], target: Path) -> None:
    server.content = b""
    with pytest.raises(DownloadError, match="begins with e3b0c442"):
        get()
    assert left(target) == set()


def test_the_page_of_a_hotel(server: Server, get: Callable[..., Any], target: Path) -> None:
    server.faults = ["page"]
    with pytest.raises(DownloadError, match=r"with a web page instead of .*: sign in to this network"):
        get()
    assert left(target) == set()


def test_a_redirection_is_followed_with_the_range(server: Server, get: Callable[..., Any], target: Path) -> None:
    stopped_half_way(server, target)
    server.faults = [f"redirect:{server.base}/moved"]
    get()
    assert server.asked[1] == ("/moved", f"bytes={HALF}-", '"one"')
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("where", ["file:///etc/passwd", "ftp://127.0.0.1/x", "/round"])
def test_a_redirection_never_leads_elsewhere_nor_round_for_ever(
    server: Server, get: Callable[..., Any], target: Path, where: str
) -> None:
    server.faults = [f"redirect:{where}"] * 30
    with pytest.raises(DownloadError, match="302"):
        get()
    assert left(target) == set()


def test_a_redirection_never_leads_down_to_http() -> None:
    ask = download._Upwards().redirect_request
    upwards = http.client.HTTPMessage()
    one = SimpleNamespace(full_url="https://a/x", get_method=lambda: "GET", headers={}, origin_req_host="a")
    with pytest.raises(OSError, match="http://a/x"):
        ask(one, None, 302, "Found", upwards, "http://a/x")  # type: ignore[arg-type]
    assert ask(one, None, 302, "Found", upwards, "https://b/x").full_url == "https://b/x"  # type: ignore[arg-type,union-attr]


def test_nobody_listens_and_no_such_host(get: Callable[..., Any], target: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(OfflineError) as caught:
            get(f"http://127.0.0.1:{unused.getsockname()[1]}/weights.pth")
    assert str(caught.value) == (
        "127.0.0.1 cannot be reached (Connection refused): connect to the network and try again, "
        "or import weights.pth from somewhere else."
    )
    with pytest.raises(OfflineError, match=r"nowhere.invalid cannot be reached"):
        get("http://nowhere.invalid/weights.pth")
    assert left(target) == set()


def test_the_proxy_of_the_environment_is_asked(
    server: Server, get: Callable[..., Any], target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", server.base)
    get("http://weights.invalid/weights.pth")
    assert server.asked[0][0] == "http://weights.invalid/weights.pth"
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("url", ["", "weights.pth", "file:///etc/passwd", "ftp://x/y"])
def test_what_is_no_web_address(target: Path, url: str) -> None:
    with pytest.raises(DownloadError, match="is not a web address"):
        Download(url, target).run()


def test_a_full_disk(get: Callable[..., Any], target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = SimpleNamespace(free=len(CONTENT) - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(DownloadError) as caught:
        get()
    assert str(caught.value) == (
        f"There is no room for weights.pth in {target.parent} (No space left on device): free some space and try again."
    )
    usage.free = len(CONTENT)
    get()
    assert target.read_bytes() == CONTENT


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a disk that is always full is Linux's")
def test_a_disk_that_becomes_full(get: Callable[..., Any], target: Path) -> None:
    target.parent.mkdir(parents=True)
    part_of(target).symlink_to("/dev/full")
    with pytest.raises(DownloadError, match="There is no room for"):
        get()


@pytest.mark.parametrize("way", ["file", "folder"])
def test_a_place_that_cannot_be_written(get: Callable[..., Any], target: Path, way: str) -> None:
    if way == "file":
        target.parent.write_text("in the way")
    else:
        target.mkdir(parents=True)
    with pytest.raises(DownloadError, match=r"weights.pth cannot be written into .*set TORCH_HOME to another folder"):
        get()


def test_no_permission(get: Callable[..., Any], target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **more: Any) -> Any:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", refuse)  # the tests may run as root, whom no folder refuses
    with pytest.raises(DownloadError, match=r"cannot be written into .* \(Permission denied\): allow it"):
        get()


def test_a_second_download_waits_for_the_first(server: Server, get: Callable[..., Any], target: Path) -> None:
    server.faults = [f"stall:{HALF}"]
    url = f"{server.base}/weights.pth"
    waits = threading.Semaphore(0)
    told: list[tuple[int, int]] = []
    first = threading.Thread(target=Download(url, target, SHA256).run)
    second = Download(
        url, target, SHA256, lambda done, total: told.append((done, total)), sleep=lambda seconds: waits.release()
    )
    first.start()
    server.wait_until_silent()
    after = threading.Thread(target=second.run)
    after.start()
    assert waits.acquire(timeout=PATIENCE_S)
    server.go_on.set()
    for thread in (first, after):
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    assert len(server.asked) == 1
    assert target.read_bytes() == CONTENT
    assert left(target) == {"weights.pth"}


def test_who_waited_for_a_lock_does_not_hold_one_that_is_gone(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The holder removes its tag at the end, between another's opening and locking it."""
    tag, lock = target.with_name("weights.pth.part.tag"), download._lock
    locked: list[bool] = []

    def late(file: Any) -> bool:
        if not locked:
            tag.unlink()
        locked.append(lock(file))
        return locked[-1]

    def third(done: int, total: int) -> None:
        if total:  # else it waits
            with tag.open("a+b") as file:
                assert not lock(file)

    monkeypatch.setattr(download, "_lock", late)
    Download(f"{server.base}/weights.pth", target, SHA256, third).run()
    assert locked == [True, True]
    assert target.read_bytes() == CONTENT


def test_many_processes_do_one_another_no_harm(server: Server, target: Path) -> None:
    server.faults = ["cut:1000", "cut:5000"]
    program = (
        "import sys; from pathlib import Path; from explorer.download import Download; "
        "Download(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sleep=lambda seconds: None).run()"
    )
    words = [sys.executable, "-c", program, f"{server.base}/weights.pth", str(target), SHA256]
    running = [subprocess.Popen(words, env={**os.environ, "no_proxy": "*"}) for _each in range(4)]
    assert [one.wait(60) for one in running] == [0] * 4
    assert len(server.asked) == 3
    assert target.read_bytes() == CONTENT
    assert left(target) == {"weights.pth"}


def test_it_is_cancelled_while_it_waits_for_its_next_try(server: Server, target: Path) -> None:
    server.faults = ["503"]
    one = Download(f"{server.base}/weights.pth", target, SHA256, sleep=lambda seconds: one.cancel())
    with pytest.raises(Cancelled):
        one.run()
    assert len(server.asked) == 1


def test_it_is_cancelled_before_it_begins(server: Server, target: Path) -> None:
    one = Download(f"{server.base}/weights.pth", target, SHA256)
    one.cancel()
    with pytest.raises(Cancelled):
        one.run()
    assert server.asked == []


def test_what_is_left_of_one_can_be_thrown_away(server: Server, get: Callable[..., Any], target: Path) -> None:
    stopped_half_way(server, target)
    download.discard(target)
    assert left(target) == set()
    download.discard(target)
    get()
    assert server.asked == [("/weights.pth", "", "")]


def test_what_still_comes_is_not_thrown_away(server: Server, target: Path) -> None:
    server.faults = [f"stall:{HALF}"]
    thread = threading.Thread(target=Download(f"{server.base}/weights.pth", target, SHA256).run)
    thread.start()
    server.wait_until_silent()
    download.discard(target)
    server.go_on.set()
    thread.join(PATIENCE_S)
    assert target.read_bytes() == CONTENT


@pytest.fixture
def secure(server: Server, tmp_path: Path) -> str:
    """The server over TLS, with a certificate that nobody knows; its file is ``tmp_path / "cert.pem"``."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("a certificate is made with openssl")
    cert, secret = tmp_path / "cert.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    words = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*words, "-keyout", str(secret), "-out", str(cert)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, secret)
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True, do_handshake_on_connect=False)
    return f"https://127.0.0.1:{server.http.server_port}/weights.pth"


def test_a_certificate_that_nobody_trusts(secure: str, get: Callable[..., Any], target: Path) -> None:
    with pytest.raises(DownloadError) as caught:
        get(secure)
    assert str(caught.value).startswith("The certificate of 127.0.0.1 is not trusted (self")
    assert "check this machine's clock and proxy, or import weights.pth" in str(caught.value)
    assert left(target) == set()


def test_over_tls_it_comes_is_cancelled_and_goes_on(
    secure: str, server: Server, get: Callable[..., Any], target: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    server.base = secure.rpartition("/")[0]
    stopped_half_way(server, target)
    assert part_of(target).read_bytes() == CONTENT[: part_of(target).stat().st_size]
    kept = part_of(target).stat().st_size
    get(secure)
    assert server.asked == [("/weights.pth", f"bytes={kept}-", '"one"')]
    assert target.read_bytes() == CONTENT


def test_tls_never_leads_down_to_http(
    secure: str, server: Server, get: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    server.faults = [f"redirect:{server.base}/weights.pth"]
    with pytest.raises(DownloadError, match=r"answered 302 Found: http://127\.0\.0\.1"):
        get(secure)
