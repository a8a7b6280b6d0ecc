"""The way of a download: redirections, proxies, hosts that are not there, and TLS."""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from explorer import download
from explorer.download import Download, part_of
from explorer.errors import DownloadError, OfflineError
from tests.download.half_way import CONTENT, HALF, left, stopped_half_way
from tests.faulty_server import Server


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
    assert re.fullmatch(
        r"127\.0\.0\.1 cannot be reached \(.+\): connect to the network and try again, "
        r"or import weights\.pth from somewhere else\.",
        str(caught.value),
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
