"""Captures as a WARC file: what other tools of web archives replay, index and keep.

ISO 28500:2017 (WARC 1.1), written by warcio, each record a gzip member of its own. A capture
becomes

- a `response` with its status and headers as they came, and before it a `request`; of the request
  only its line and
  its host are known, and no more is written;
- a `resource` where no HTTP headers are known, as of a page that was imported from a file;
- a `revisit` (profile `identical-payload-digest`) where its body stands in an earlier record of the
  file;
- a `metadata` record before it where redirects led to it: `requested` and one `hop` a line. With
  what status each hop
  answered is not known, and a made-up 3xx response would be a forgery; the response stands under
  the address that it
  came from. The same record tells what a feed or sitemap had said of the page: `via`, `foundOn`,
  `headline`,
  `publishedAt`; a page that does not give its own headline or date gets it from there.

Bodies are kept after content decoding. So headers that speak of the body on its way
(Content-Encoding, Transfer-Encoding, Content-Length where it is another) are renamed
`X-Archive-Orig-…`, as in other archives.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from io import BytesIO
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.errors import ArchiveError
from archive.records import Lead
from archive.storage.captures import Captures

RENAMED = "X-Archive-Orig-"
ON_THE_WAY = ("content-encoding", "transfer-encoding", "content-length")

CAPTURES = "SELECT url, fetched_at, status, final_url, redirects, headers, digest FROM captures"
OF_URLS = " WHERE url IN (SELECT value FROM json_each(?))"
REPEATED = "SELECT digest FROM captures GROUP BY digest HAVING count(*) > 1"

Headers = list[tuple[str, str]]


LEAD_FIELDS = {
    "via": "via",
    "foundOn": "found_on",
    "headline": "headline",
    "publishedAt": "published_at",
}
"""Of a `metadata` record, and the fields of Lead that they are."""


def nobody(_: str) -> Lead | None:
    """Pages to which nothing pointed."""
    return None


def write_warc(
    captures: Captures,
    out: BinaryIO,
    urls: Iterable[str] | None = None,
    lead_to: Callable[[str], Lead | None] = nobody,
) -> int:
    """Write captures in the order they were made, or only those of some `urls` (as requested);
    returns how many.

    `lead_to` is asked what had pointed to the page of a URL.
    One page at a time is held in memory, and the addresses of bodies that come more than once.
    Raises ArchiveError where a body is missing.
    """
    file = WarcFile(out, lead_to)
    db = captures.connection
    repeated = {row["digest"] for row in db.execute(REPEATED)}
    count = 0
    for row in _rows(db, urls):
        if row["digest"] in file.written:
            file.revisit(row)
        else:
            file.capture(row, _body(captures, row["digest"]), remember=row["digest"] in repeated)
        count += 1
    return count


class WarcFile:
    """A WARC file in the making; begins with its `warcinfo` record."""

    def __init__(self, out: BinaryIO, lead_to: Callable[[str], Lead | None] = nobody) -> None:
        self.lead_to = lead_to
        self.writer = WARCWriter(out, gzip=True, warc_version="1.1")
        self.written: dict[str, Written] = {}
        """By digest, the bodies that will come again."""
        info = {
            "software": f"dateline/{version('dateline')}",
            "format": "WARC File Format 1.1",
            "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        }
        self.writer.write_record(self.writer.create_warcinfo_record(None, info))

    def capture(self, row: sqlite3.Row, body: bytes, remember: bool = False) -> None:
        """A row of `captures` with its body."""
        head = _head(row, len(body))
        if head:
            record = self._record(row, "response", body, http_headers=head)
        else:
            record = self._record(row, "resource", body, warc_content_type=_content_type(row))
        if remember:
            self.written[row["digest"]] = Written(
                target(row), row["fetched_at"], len(body), record.rec_headers
            )
        self._write(row, record)

    def revisit(self, row: sqlite3.Row) -> None:
        """A row of `captures` whose body was written before and remembered."""
        first = self.written[row["digest"]]
        self._write(
            row,
            self._record(
                row, "revisit", b"", first.fields(), http_headers=_head(row, first.length)
            ),
        )

    def _write(self, row: sqlite3.Row, record: Any) -> None:
        """A record, after those that describe it: who reads the file in order then knows them
        already."""
        beside = {"WARC-Concurrent-To": record.rec_headers["WARC-Record-ID"]}
        known = hops_as_fields(row) + lead_as_fields(self.lead_to(row["url"]))
        if known:
            self.writer.write_record(self._record(row, "metadata", known, beside))
        if record.http_headers:
            self.writer.write_record(
                self._record(row, "request", b"", beside, http_headers=_request(target(row)))
            )
        self.writer.write_record(record)

    def _record(
        self,
        row: sqlite3.Row,
        kind: str,
        block: bytes,
        fields: dict[str, str] | None = None,
        **more: Any,
    ) -> Any:
        dated = {"WARC-Date": row["fetched_at"]} | (fields or {})
        return self.writer.create_warc_record(
            target(row),
            kind,
            payload=BytesIO(block),
            length=len(block),
            warc_headers_dict=dated,
            **more,
        )


@dataclass(frozen=True, slots=True)
class Written:
    """A body that stands in the file: where it came from, when, how long it is, and its record's
    WARC headers."""

    url: str
    fetched_at: str
    length: int
    record: Any

    def fields(self) -> dict[str, str]:
        """The WARC headers by which a revisit refers to it."""
        return {
            "WARC-Profile": WARCWriter.REVISIT_PROFILE_1_1,
            "WARC-Refers-To": self.record["WARC-Record-ID"],
            "WARC-Refers-To-Target-URI": self.url,
            "WARC-Refers-To-Date": self.fetched_at,
            "WARC-Payload-Digest": self.record["WARC-Payload-Digest"],
        }


class HttpHead(StatusAndHeaders):  # type: ignore[misc]  # warcio has no types
    """Status line and headers that are written byte for byte as they came; warcio would
    percent-encode them."""

    def compute_headers_buffer(self, header_filter: Any = None) -> None:
        self.headers_buff = self.to_str(header_filter).encode("latin-1", "replace") + b"\r\n"


def honest_headers(headers: Headers, length: int) -> Headers:
    """Headers that are true of a decoded body of so many bytes."""
    true: Headers = []
    for name, value in headers:
        unfolded = re.sub(r"[\r\n]+\s*", " ", value)
        if name.lower() not in ON_THE_WAY or unfolded == str(length):
            true.append((name, unfolded))
            continue
        true.append((RENAMED + name, unfolded))
        if name.lower() == "content-length":
            true.append((name, str(length)))
    return true


def hops_as_fields(row: sqlite3.Row) -> bytes:
    """How redirects led here, as `application/warc-fields`; nothing where none did."""
    if target(row) == row["url"]:
        return b""
    hops = [f"requested: {row['url']}", *(f"hop: {url}" for url in json.loads(row["redirects"]))]
    return "".join(f"{line}\r\n" for line in hops).encode()


def lead_as_fields(lead: Lead | None) -> bytes:
    """What had been said of a page before it was fetched, as `application/warc-fields`; nothing
    where nothing was."""
    if lead is None or not (lead.headline or lead.published_at):
        return b""
    said = ((field, getattr(lead, name)) for field, name in LEAD_FIELDS.items())
    return "".join(
        f"{field}: {' '.join(value.split())}\r\n" for field, value in said if value
    ).encode()


def target(row: sqlite3.Row) -> str:
    """The address that the body came from."""
    return str(row["final_url"] or row["url"])


def _rows(db: sqlite3.Connection, urls: Iterable[str] | None) -> Iterator[sqlite3.Row]:
    if urls is None:
        return db.execute(CAPTURES + " ORDER BY id")
    return db.execute(CAPTURES + OF_URLS + " ORDER BY id", [json.dumps(list(urls))])


def _body(captures: Captures, digest: str) -> bytes:
    body = captures.body(digest)
    if body is None:
        raise ArchiveError(
            f"captures.db: the page {digest[:12]}… is missing; the file is damaged, restore a copy of it"
        )
    return body


def _head(row: sqlite3.Row, length: int) -> HttpHead | None:
    """Status line and headers of a response; None where only a content type is known: no server was
    heard."""
    headers = _headers(row)
    if {name.lower() for name, _ in headers} <= {"content-type"}:
        return None
    return HttpHead(
        _status_line(row["status"]), honest_headers(headers, length), protocol="HTTP/1.1"
    )


def _headers(row: sqlite3.Row) -> Headers:
    return [(name, value) for name, value in json.loads(row["headers"])]


def _content_type(row: sqlite3.Row) -> str:
    return next((value for _, value in _headers(row)), "text/html")


def _status_line(status: int) -> str:
    known = status in HTTPStatus._value2member_map_
    return f"{status} {HTTPStatus(status).phrase if known else ''}"


def _request(url: str) -> HttpHead:
    parts = urlsplit(url)
    line = f"GET {parts.path or '/'}{'?' + parts.query if parts.query else ''} HTTP/1.1"
    return HttpHead(line, [("Host", parts.netloc)], is_http_request=True)
