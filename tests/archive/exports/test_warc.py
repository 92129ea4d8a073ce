"""Captures written as WARC: what warcio reads back, record for record."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from archive.errors import ArchiveError
from archive.exports.warc import decoded_body_headers, write_warc
from archive.records import Capture
from archive.storage.captures import CaptureStore

HARBOUR = "https://harbour.example"
SENT = (
    ("Date", "Thu, 15 Feb 2024 10:30:00 GMT"),
    ("content-type", "text/html; charset=utf-8"),
    ("Content-Encoding", "gzip"),
    ("Content-Length", "7"),
    ("Set-Cookie", "a=1"),
    ("Set-Cookie", "b=2"),
    ("X-Name", "caf\xe9"),
)


def page(words: str) -> bytes:
    return f"<!doctype html><title>{words}</title><p>{words}: the ferry sails again, the harbour says.".encode()


FIRST = Capture(f"{HARBOUR}/ferry", page("Ferry"), headers=SENT, fetched_at="2024-02-15T10:30:00Z")
AGAIN = Capture(f"{HARBOUR}/ferry", page("Ferry"), headers=SENT, fetched_at="2024-02-16T10:30:00Z")
CHANGED = Capture(
    f"{HARBOUR}/ferry", page("Ferry, corrected"), headers=SENT, fetched_at="2024-02-17T10:30:00Z"
)
MOVED = Capture(
    f"{HARBOUR}/old",
    page("Moved"),
    headers=SENT,
    fetched_at="2024-02-18T10:30:00Z",
    redirects=(f"{HARBOUR}/old", f"{HARBOUR}/between"),
    final_url=f"{HARBOUR}/new?id=1",
)
GONE = Capture(f"{HARBOUR}/gone", page("Gone"), 404, SENT, "2024-02-19T10:30:00Z")
SAVED = Capture(f"{HARBOUR}/saved", page("Saved"), fetched_at="2024-02-20T10:30:00Z")
SAVED_TWICE = Capture(f"{HARBOUR}/saved-too", page("Saved"), fetched_at="2024-02-21T10:30:00Z")
ALL = (FIRST, AGAIN, CHANGED, MOVED, GONE, SAVED, SAVED_TWICE)


@dataclass
class Read:
    """A record as warcio read it, to its end and with its digests checked."""

    kind: str
    warc: Any
    http: Any
    body: bytes
    digest: Any = field(repr=False)

    def __getitem__(self, name: str) -> str:
        return str(self.warc[name])


@pytest.fixture
def captures(tmp_path: Path) -> CaptureStore:
    captures = CaptureStore(tmp_path / "captures.db")
    captures.store(ALL)
    return captures


def written(captures: CaptureStore, **only: Any) -> list[Read]:
    out = BytesIO()
    write_warc(captures, out, **only)
    out.seek(0)
    return [
        Read(
            found.rec_type,
            found.rec_headers,
            found.http_headers,
            found.content_stream().read(),
            found.digest_checker,
        )
        for found in ArchiveIterator(out, check_digests=True)
    ]


def test_every_capture_is_one_record_that_another_program_reads_whole(
    captures: CaptureStore,
) -> None:
    """A response where a server was heard, a resource where none was, a revisit where the body
    stood before."""
    records = written(captures)

    assert Counter(record.kind for record in records) == {
        "warcinfo": 1,
        "request": 5,
        "response": 4,
        "revisit": 2,
        "resource": 1,
        "metadata": 1,
    }
    assert all(record.digest.passed is not False for record in records)
    assert [record.body for record in records if record.kind in ("response", "resource")] == [
        FIRST.body,
        CHANGED.body,
        MOVED.body,
        GONE.body,
        SAVED.body,
    ]
    assert [
        record["WARC-Date"]
        for record in records
        if record.kind in ("response", "resource", "revisit")
    ] == [capture.fetched_at for capture in ALL]
    assert all(record.warc.protocol == "WARC/1.1" for record in records)


def test_warcios_own_check_finds_nothing_amiss(
    captures: CaptureStore, tmp_path: Path, capsys: Any
) -> None:
    with (tmp_path / "out.warc.gz").open("wb") as file:
        assert write_warc(captures, file) == len(ALL)

    class Arguments:
        inputs = (str(tmp_path / "out.warc.gz"),)
        verbose = True

    assert Checker(Arguments).process_all() == 0
    assert "fail" not in capsys.readouterr().out


def test_headers_stand_as_they_came_save_those_that_would_lie_of_a_decoded_body(
    captures: CaptureStore,
) -> None:
    """Twice the same name, another case, letters that are not ASCII: byte for byte."""
    out = BytesIO()
    write_warc(captures, out, urls=[FIRST.url])
    out.seek(0)
    raw = [found.raw_stream.read() for found in ArchiveIterator(out, no_record_parse=True)]

    assert (
        raw[2]
        == (
            b"HTTP/1.1 200 OK\r\n"
            b"Date: Thu, 15 Feb 2024 10:30:00 GMT\r\n"
            b"content-type: text/html; charset=utf-8\r\n"
            b"X-Archive-Orig-Content-Encoding: gzip\r\n"
            b"X-Archive-Orig-Content-Length: 7\r\n"
            b"Content-Length: %d\r\n"
            b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Name: caf\xe9\r\n\r\n" % len(FIRST.body)
        )
        + FIRST.body
    )


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        ([("Content-Length", "9")], [("Content-Length", "9")]),
        ([("Transfer-Encoding", "chunked")], [("X-Archive-Orig-Transfer-Encoding", "chunked")]),
        ([("X-Long", "one\r\n two")], [("X-Long", "one two")]),
        (
            [("X-Evil", "one\r\nContent-Length: 0\r\n\r\n<p>")],
            [("X-Evil", "one Content-Length: 0 <p>")],
        ),
    ],
)
def test_a_header_is_one_line_and_true(
    sent: list[tuple[str, str]], written: list[tuple[str, str]]
) -> None:
    assert decoded_body_headers(sent, 9) == written


def test_a_revisit_says_what_it_repeats(captures: CaptureStore) -> None:
    """It refers to the first record with that body, has the headers of its own day, and no body."""
    records = written(captures)
    first = next(record for record in records if record.kind == "response")
    revisit = next(record for record in records if record.kind == "revisit")

    assert (
        revisit["WARC-Profile"]
        == "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    )
    assert revisit["WARC-Payload-Digest"] == first["WARC-Payload-Digest"]
    assert revisit["WARC-Refers-To"] == first["WARC-Record-ID"]
    assert revisit["WARC-Refers-To-Target-URI"] == FIRST.url
    assert revisit["WARC-Refers-To-Date"] == FIRST.fetched_at
    assert revisit.http.get_statuscode() == "200"
    assert revisit.body == b""


def test_redirects_are_told_and_not_made_up(captures: CaptureStore) -> None:
    """The response stands under the address it came from; the hops, whose answers are not known, in
    its metadata."""
    records = written(captures, urls=[MOVED.url])
    metadata, request, response = records[1:]

    assert response["WARC-Target-URI"] == f"{HARBOUR}/new?id=1"
    assert metadata.body.decode().splitlines() == [
        f"requested: {HARBOUR}/old",
        f"hop: {HARBOUR}/old",
        f"hop: {HARBOUR}/between",
    ]
    assert (
        metadata["WARC-Concurrent-To"]
        == request["WARC-Concurrent-To"]
        == response["WARC-Record-ID"]
    )
    assert request.http.to_str() == "GET /new?id=1 HTTP/1.1\r\nHost: harbour.example\r\n"
    assert not any(
        record.http and record.http.get_statuscode().startswith("3") for record in records
    )


def test_a_page_that_came_from_a_file_is_no_response(captures: CaptureStore) -> None:
    """Nobody heard a server, so none is quoted."""
    _info, resource, revisit = written(captures, urls=[SAVED.url, SAVED_TWICE.url])

    assert (resource.kind, resource.http, resource["Content-Type"]) == (
        "resource",
        None,
        "text/html",
    )
    assert (revisit.kind, revisit.http, revisit["WARC-Refers-To-Target-URI"]) == (
        "revisit",
        None,
        SAVED.url,
    )


def test_urls_narrow_what_is_written(captures: CaptureStore) -> None:
    kinds = [record.kind for record in written(captures, urls=[AGAIN.url])]

    assert kinds == ["warcinfo", "request", "response", "request", "revisit", "request", "response"]


def test_a_missing_body_is_told(captures: CaptureStore) -> None:
    captures.connection.execute("PRAGMA foreign_keys = OFF")
    captures.connection.execute("DELETE FROM bodies WHERE digest = ?", [GONE.digest])

    with pytest.raises(ArchiveError, match="is missing"):
        write_warc(captures, BytesIO())
