"""A picture from an http or https address, with a limit of time and of size."""

from __future__ import annotations

import http.client
import io
import time
import urllib.error
import urllib.request
from urllib.parse import quote, urlsplit, urlunsplit

from explorer.errors import HopelessError, MovesError, SourceError
from explorer.sources.picture import decode
from explorer.text import N_
from explorer.values import Frame, Source

TIMEOUT_S = 10.0
"""Longest wait for an answer, and for each piece of it."""
DEADLINE_S = 60.0
MOST_BYTES = 64 << 20
_PIECE = 1 << 16
_LISTS = ("vnd.apple.mpegurl", "x-mpegurl", "mpegurl", "dash+xml")
"""Content types, of whatever family, of lists of a video's pieces."""


def read(address: str) -> Frame:
    """Return the picture at an address.

    Raises:
        SourceError: not an http(s) address, no answer, no picture, or too large.
    """
    address = address.strip()
    shown = Source("address", address).shown
    data, kind = _fetch(address, shown)
    name = urlsplit(address).path.rpartition("/")[2] or address
    try:
        return Frame(decode(io.BytesIO(data), name), name)
    except SourceError as error:
        if kind.startswith("image/") or kind in ("", "application/octet-stream"):
            raise
        raise SourceError(
            N_("{address} does not lead to a picture but to {kind}: copy the address of the picture itself."),
            address=shown,
            kind=kind,
        ) from error


def _fetch(address: str, shown: str) -> tuple[bytes, str]:
    """Return the body and the content type of what the address answers."""
    request = urllib.request.Request(
        ascii_address(address, shown), headers={"User-Agent": "cnn-explorer", "Accept": "image/*,*/*"}
    )
    deadline = time.monotonic() + DEADLINE_S
    body = bytearray()
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            kind = answer.headers.get_content_type() if "Content-Type" in answer.headers else ""
            if kind.startswith(("video/", "multipart/")) or kind.rpartition("/")[2] in _LISTS:
                raise MovesError(N_("{address} gives moving pictures, not one: open it as such."), address=shown)
            too_large = int(answer.headers.get("Content-Length") or 0) > MOST_BYTES
            while not too_large and (piece := answer.read1(_PIECE)):
                body += piece
                too_large = len(body) > MOST_BYTES
                if time.monotonic() > deadline:
                    raise TimeoutError
    except urllib.error.HTTPError as error:
        error.close()
        raise SourceError(
            N_("{address} answered {status} {reason}: check the address."),
            address=shown,
            status=error.code,
            reason=error.reason,
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            raise SourceError(
                N_("{address} did not answer in time: try again, or save the picture and open the file."),
                address=shown,
            ) from error
        raise SourceError(
            N_("{address} cannot be reached ({reason}): check the address and the network connection."),
            address=shown,
            reason=getattr(reason, "strerror", None) or str(reason) or type(reason).__name__,
        ) from error
    if too_large:
        raise SourceError(
            N_("{address} is larger than {most} MB: save the picture and open the file."),
            address=shown,
            most=MOST_BYTES >> 20,
        )
    return bytes(body), kind


def ascii_address(address: str, shown: str) -> str:
    """Return the address as it travels: host in IDNA, everything else percent-encoded, without name and password.

    Raises:
        HopelessError: it is none; the sentence has it as ``shown``.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
        if parts.scheme not in ("http", "https") or not host:
            raise ValueError(address)
        host = f"[{host}]" if ":" in host else host.encode("idna").decode()
    except ValueError as error:  # UnicodeError is one
        raise HopelessError(
            N_("{address} is not a web address: it must begin with http:// or https:// and a host."), address=shown
        ) from error
    path, query = (quote(part, safe="/%:=&?~+!$,;'@()*[]") for part in (parts.path, parts.query))
    return urlunsplit((parts.scheme, host if port is None else f"{host}:{port}", path, query, ""))
