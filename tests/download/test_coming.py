"""Downloads from a server with faults: what comes is the file or a sentence, and nothing is got twice."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from explorer.download import part_of
from explorer.errors import DownloadError
from tests.download.half_way import CONTENT, HALF, SHA256, SHORT, left, stopped_half_way
from tests.faulty_server import Server


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
