"""One file from the web: into a part beside its place, resumed where it stopped, checked before it is moved there."""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import re
import shutil
import socket
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from explorer.errors import Cancelled, DownloadError, OfflineError
from explorer.text import N_

_PIECE = 1 << 18
_TELL_EVERY_S = 0.1
_LOOK_AGAIN_S = 0.25
"""How often to look whether another program has finished the same file."""
_LOCKED_BYTE = 1 << 30
"""Far behind the tag: Windows lets nobody read what is locked."""
_NOT_NOW = (408, 425, 429, 500, 502, 503, 504)
"""HTTP answers after which the same question may be answered otherwise."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Patience:
    """How long a download waits, and how often it tries.

    Attributes:
        connect_s: for a connection.
        read_s: for each piece of the answer.
        tries: in a row without a byte more.
        pause_s: before the second try; twice as long before each further one.
    """

    connect_s: float = 10.0
    read_s: float = 20.0
    tries: int = 5
    pause_s: float = 1.0


class Download:
    """Gets one file; a new one for the same place goes on where the last one stopped.

    Beside the file lie ``NAME.part`` and ``NAME.part.tag`` until it is whole: what has come, and the server's name for
    that version of it. The tag is locked while it comes, so that a second program waits for the first instead.

    Args:
        url: an http or https address; the environment's proxies are used.
        target: where the file goes; a file that is there with another hash is replaced.
        sha256: the hash or its beginning; "" checks nothing.
        progress: told how many bytes there are and how many there will be (0 where nobody says), ten times a second.
        patience: how long to wait.
        sleep: waits so many seconds; tests put their own there.
    """

    def __init__(
        self,
        url: str,
        target: Path,
        sha256: str = "",
        progress: Callable[[int, int], None] | None = None,
        patience: Patience | None = None,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.url, self.target, self._sha256 = url, target, sha256
        self._tell = progress or (lambda done, total: None)
        self._patience = patience or Patience()
        self._over = threading.Event()
        self._sleep = sleep or self._over.wait
        self._part, self._tag = part_of(target), _tag_of(target)
        self._socket: socket.socket | None = None
        self._told_s = -_TELL_EVERY_S
        self._came = self._kept = False

    @property
    def kept(self) -> int:
        """Bytes that are here, for the next time to go on from."""
        return _size(self._part)

    def cancel(self) -> None:
        """Let ``run`` end at once, from any thread; what has come is kept."""
        self._over.set()
        if waiting := self._socket:
            with suppress(OSError):  # not SSLSocket's own, which would let ciphertext through as if it were the file
                socket.socket.shutdown(waiting, socket.SHUT_RDWR)

    def run(self) -> None:
        """Get the file.

        Raises:
            DownloadError: it cannot be had or written; what has come is kept, unless it is of another file.
            Cancelled: ``cancel`` was called.
        """
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise DownloadError(N_("{url} is not a web address: it must begin with http:// or https://."), url=self.url)
        try:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            with self._alone() as tag:
                if not (self._sha256 and self.target.is_file() and self._fits(_sha256_of(self.target))):
                    self._get(tag)
        except OSError as error:  # of the disk: what the network raises is told before
            raise self._unwritable(error) from error

    def _get(self, tag: IO[bytes]) -> None:
        failures, most = 0, 0
        while True:
            try:
                self._come(tag)
                self._check()
                os.replace(self._part, self.target)
                return
            except _Again as trouble:
                size = _size(self._part)
                failures, most = (1 if size > most else failures + 1), max(size, most)
                if failures >= self._patience.tries:
                    raise trouble.why from trouble.__cause__
                self._wait(self._patience.pause_s * 2 ** (failures - 1))

    def _come(self, tag: IO[bytes]) -> None:
        """Let the part become whole, as far as the server says how long that is."""
        size, version = _size(self._part), _read(tag)
        headers = {"User-Agent": "cnn-explorer", "Accept-Encoding": "identity"}
        if size and version:
            headers |= {"Range": f"bytes={size}-", "If-Range": version}
        with self._talk():
            answer = self._ask(headers)
        with answer:
            if answer.status == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                if _extent(answer)[1] != size:
                    self._forget(tag)
                    raise _Again(self._trouble(answer.reason))
                self._kept = True
                return
            start, total = _extent(answer)
            self._kept = answer.status == http.HTTPStatus.PARTIAL_CONTENT
            if self._kept and start != size:
                self._forget(tag)
                raise _Again(self._trouble(answer.headers.get("Content-Range")))
            if answer.headers.get_content_type() == "text/html":
                raise DownloadError(
                    N_(
                        "{host} answered with a web page instead of {file}: sign in to this network or check the proxy."
                    ),
                    **self._names,
                )
            done = size if self._kept else 0
            if total - done > shutil.disk_usage(self.target.parent).free:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            with self._part.open("ab" if self._kept else "wb") as part:
                if not self._kept:
                    _write(tag, _version(answer))
                while True:
                    self._tell_now_and_then(done, total)
                    with self._talk():
                        piece = answer.read1(_PIECE)
                    self._look()  # the end may be the cancel's
                    if not piece:
                        break
                    part.write(piece)
                    done += len(piece)
                    self._came = True
                part.flush()
                os.fsync(part.fileno())
        self._tell(done, total or done)
        if done < total:
            raise _Again(self._trouble(DownloadError(N_("the connection ended"))))

    def _check(self) -> None:
        """Compare the whole part's hash."""
        found = _sha256_of(self._part)
        if self._fits(found):
            return
        self._part.unlink()
        error = DownloadError(
            N_(
                "What {host} sent as {file} is another file: its SHA-256 begins with {found}, not with {wanted}. "
                "Try again, or import the file from somewhere else."
            ),
            found=found[:8],
            wanted=self._sha256[:8],
            **self._names,
        )
        raise _Again(error) if self._kept else error  # a part of another version was continued: once more from scratch

    def _fits(self, sha256: str) -> bool:
        return sha256.startswith(self._sha256.lower())

    def _ask(self, headers: dict[str, str]) -> http.client.HTTPResponse:
        opener = urllib.request.build_opener(_Http(self), _Https(self), _Upwards(), _Ranges())
        request = urllib.request.Request(self.url, headers=headers)
        answer: http.client.HTTPResponse = opener.open(request, timeout=self._patience.connect_s)
        return answer

    def connected(self, connection: socket.socket) -> None:
        """Take the connection: from here on it may be silent for longer, and can be ended."""
        self._socket = connection
        connection.settimeout(self._patience.read_s)
        if self._over.is_set():
            connection.close()
        self._look()

    @contextmanager
    def _talk(self) -> Iterator[None]:
        """Make what the network raises into a sentence, and into a further try where that may help."""
        self._look()
        try:
            yield
        except Cancelled:
            raise
        except urllib.error.HTTPError as error:
            error.close()
            self._look()
            sentence = N_("{host} answered {status} {reason} for {file}: import the file from somewhere else.")
            if error.code in _NOT_NOW:
                sentence = N_("{host} answered {status} {reason} for {file}: try again later; what has come is kept.")
            why = DownloadError(sentence, status=error.code, reason=error.reason, **self._names)
            raise (_Again(why) if error.code in _NOT_NOW else why) from error
        except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a redirection to nonsense
            self._look()
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> Exception:
        """Return what a broken connection means: no network at all, or a server that may go on."""
        cause = getattr(error, "reason", error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return DownloadError(
                N_(
                    "The certificate of {host} is not trusted ({reason}): check this machine's clock and proxy, "
                    "or import {file} from somewhere else."
                ),
                reason=cause.verify_message,
                **self._names,
            )
        opening = isinstance(error, urllib.error.URLError)  # urllib's own for whatever goes wrong before the answer
        reason = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
        if opening and not self._came:
            return OfflineError(
                N_(
                    "{host} cannot be reached ({reason}): connect to the network and try again, "
                    "or import {file} from somewhere else."
                ),
                reason=reason,
                **self._names,
            )
        if isinstance(cause, TimeoutError):
            seconds = self._patience.connect_s if opening else self._patience.read_s
            return _Again(
                DownloadError(
                    N_("{host} was silent for {seconds} s: try again; what has come of {file} is kept."),
                    seconds=f"{seconds:g}",
                    **self._names,
                )
            )
        return _Again(self._trouble(reason))

    def _trouble(self, reason: object) -> DownloadError:
        return DownloadError(
            N_("{file} did not come whole from {host} ({reason}): try again; what has come is kept."),
            reason=reason,
            **self._names,
        )

    def _unwritable(self, error: OSError) -> DownloadError:
        sentence = N_(
            "{file} cannot be written into {folder} ({reason}): allow it, or set TORCH_HOME to another folder."
        )
        if error.errno in _FULL:
            sentence = N_("There is no room for {file} in {folder} ({reason}): free some space and try again.")
        return DownloadError(
            sentence, file=self.target.name, folder=self.target.parent, reason=error.strerror or str(error)
        )

    @property
    def _names(self) -> dict[str, Any]:
        return {"host": urlsplit(self.url).hostname, "file": self.target.name}

    def _tell_now_and_then(self, done: int, total: int) -> None:
        now_s = time.monotonic()
        if now_s - self._told_s >= _TELL_EVERY_S:
            self._told_s = now_s
            self._tell(done, total)

    def _look(self) -> None:
        if self._over.is_set():
            raise Cancelled(N_("Cancelled."))

    def _wait(self, seconds: float) -> None:
        self._look()
        self._sleep(seconds)
        self._look()

    def _forget(self, tag: IO[bytes]) -> None:
        """Drop what has come."""
        self._part.unlink(missing_ok=True)
        _write(tag, "")

    @contextmanager
    def _alone(self) -> Iterator[IO[bytes]]:
        """Hold the lock of the file; whoever comes second waits, and finds the file there."""
        while True:
            self._look()
            tag = self._tag.open("a+b")
            if _lock(tag) and _is_still(tag, self._tag):  # else it was removed by whoever held it
                break
            tag.close()
            self._tell_now_and_then(_size(self._part), 0)
            self._wait(_LOOK_AGAIN_S)
        try:
            yield tag
        finally:
            done = not _size(self._part)
            if done:
                self._part.unlink(missing_ok=True)
            if done and sys.platform != "win32":  # while it is held, or a third could lock another one of that name
                self._tag.unlink(missing_ok=True)
            tag.close()
            if done and sys.platform == "win32":  # which removes no file that is open
                with suppress(OSError):
                    self._tag.unlink()


class _Again(Exception):
    """It may go well the next time; ``why`` is told where it does not."""

    def __init__(self, why: DownloadError) -> None:
        super().__init__(why)
        self.why = why


class _Http(urllib.request.HTTPHandler):
    """Hands every connection to its download."""

    def __init__(self, download: Download) -> None:
        super().__init__()
        self._download = download

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        download = self._download

        class Connection(http.client.HTTPConnection):
            def connect(self) -> None:
                super().connect()
                download.connected(self.sock)

        return self.do_open(Connection, req)


class _Https(urllib.request.HTTPSHandler):
    """Hands every connection to its download."""

    def __init__(self, download: Download) -> None:
        super().__init__()
        self._download = download

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        download = self._download

        class Connection(http.client.HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                download.connected(self.sock)

        return self.do_open(Connection, req, context=ssl.create_default_context())


class _Upwards(urllib.request.HTTPRedirectHandler):
    """Follows a redirection to https, and to http only from http."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        before, after = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if after != "https" and after != before:
            raise urllib.error.HTTPError(req.full_url, code, f"{msg}: {newurl}", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Ranges(urllib.request.BaseHandler):
    """Lets the answer through that there is no more to come."""

    def http_error_416(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        return fp


def part_of(target: Path) -> Path:
    """Return where a file lies while it comes."""
    return target.with_name(target.name + ".part")


def discard(target: Path) -> None:
    """Remove what an unfinished download has left beside ``target``, unless one goes on.

    Raises:
        OSError: it cannot be removed.
    """
    if not _tag_of(target).exists():
        part_of(target).unlink(missing_ok=True)
        return
    with _tag_of(target).open("a+b") as tag:
        if not _lock(tag):
            return
        part_of(target).unlink(missing_ok=True)
        if sys.platform != "win32":
            _tag_of(target).unlink(missing_ok=True)
    _tag_of(target).unlink(missing_ok=True)


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tag_of(target: Path) -> Path:
    return target.with_name(target.name + ".part.tag")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _read(tag: IO[bytes]) -> str:
    tag.seek(0)
    version = tag.read(1000).decode("latin-1").strip()
    return version if version.isprintable() else ""


def _write(tag: IO[bytes], version: str) -> None:
    tag.seek(0)
    tag.truncate()
    tag.write(version.encode("latin-1", "replace"))
    tag.flush()


def _version(answer: http.client.HTTPResponse) -> str:
    """Return what ``If-Range`` may name: a strong ETag, else the date; "" for neither (RFC 9110, section 13.1.5)."""
    etag = answer.headers.get("ETag", "")
    return etag if etag.startswith('"') else answer.headers.get("Last-Modified", "")


def _extent(answer: http.client.HTTPResponse) -> tuple[int, int]:
    """Return where the answer's bytes begin and how many the whole file has; 0 where it does not say."""
    if found := re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", answer.headers.get("Content-Range", "").strip()):
        return int(found[1] or 0), 0 if found[2] == "*" else int(found[2])
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if length.isdecimal() else 0


def _is_still(file: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _lock(file: IO[bytes]) -> bool:
    """Lock ``file`` until it is closed; return False where another holds it, True also where there are no locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(_LOCKED_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:  # some network drives have no locks: then the hash alone tells
        return error.errno not in (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)
    return True
