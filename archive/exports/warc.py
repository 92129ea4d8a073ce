"""Write captures to a WARC file, which other web-archive tools replay, index and store.

ISO 28500:2017 (WARC 1.1), written by warcio, each record as a separate gzip member. A capture
becomes

- a `response` with the status and headers as received, and a `request` before it; only the
  request's line and host are known, and nothing else is written;
- a `resource` if no HTTP headers are known, as for a page that was imported from a file;
- a `revisit` (profile `identical-payload-digest`) if an earlier record of the file has its body;
- a `metadata` record before it if redirects led to it: `requested` and one `hop` per line. The
  status of each hop is unknown, and an invented 3xx response would be a forgery; the response
  has the URL that it came from. The same record holds what a feed or sitemap said of the page:
  `via`, `foundOn`, `headline`, `publishedAt`. A page without its own headline or date gets it
  from there.

Bodies are stored after content decoding. Headers that describe the body in transit
(Content-Encoding, Transfer-Encoding, and Content-Length if it differs) are therefore renamed
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
from archive.progress import ProgressReport, ignore_progress
from archive.records import Lead
from archive.storage.captures import CaptureStore

RENAMED_HEADER_PREFIX = "X-Archive-Orig-"
TRANSIT_HEADERS = ("content-encoding", "transfer-encoding", "content-length")
"""Headers that describe the body in transit, in lower case."""

CAPTURE_ROWS_SQL = (
    "SELECT url, fetched_at, status, final_url, redirects, headers, digest FROM captures"
)
CAPTURES_OF_URLS_SQL = " WHERE url IN (SELECT value FROM json_each(?))"
REPEATED_DIGESTS_SQL = "SELECT digest FROM captures GROUP BY digest HAVING count(*) > 1"

HeaderList = list[tuple[str, str]]

WARC_LEAD_FIELDS = {
    "via": "via",
    "foundOn": "found_on",
    "headline": "headline",
    "publishedAt": "published_at",
    "publishedOffset": "published_offset",
}
"""Fields of a `metadata` record, and the fields of Lead that they hold."""


def no_lead(_: str) -> Lead | None:
    """Return no lead, as for pages that nothing pointed to."""
    return None


def write_warc(
    captures: CaptureStore,
    out: BinaryIO,
    urls: Iterable[str] | None = None,
    lead_to: Callable[[str], Lead | None] = no_lead,
    report: ProgressReport = ignore_progress,
    until: str | None = None,
) -> int:
    """Write captures in the order in which they were made, and return their number.

    With `urls`, only captures of these requested URLs are written; with `until`, only those made
    before that time. `lead_to` returns the lead for
    the page of a URL; `report` is called with the captures written and, if all are written, their
    number. Memory holds one page at a time, and the URLs of bodies that occur more than
    once. Raises ArchiveError if a body is missing.
    """
    file = WarcOutput(out, lead_to)
    db = captures.connection
    repeated = {row["digest"] for row in db.execute(REPEATED_DIGESTS_SQL)}
    total = db.execute("SELECT count(*) FROM captures").fetchone()[0] if urls is None else None
    count = 0
    for row in _capture_rows(db, urls, until):
        if row["digest"] in file.written:
            file.revisit(row)
        else:
            file.capture(
                row, _stored_body(captures, row["digest"]), remember=row["digest"] in repeated
            )
        count += 1
        report(count, total)
    return count


class WarcOutput:
    """A WARC file being written, beginning with its `warcinfo` record."""

    def __init__(self, out: BinaryIO, lead_to: Callable[[str], Lead | None] = no_lead) -> None:
        self.lead_to = lead_to
        self.writer = WARCWriter(out, gzip=True, warc_version="1.1")
        self.written: dict[str, WrittenBody] = {}
        """Bodies that will come again, by digest."""
        info = {
            "software": f"dateline/{version('dateline')}",
            "format": "WARC File Format 1.1",
            "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        }
        self.writer.write_record(self.writer.create_warcinfo_record(None, info))

    def capture(self, row: sqlite3.Row, body: bytes, remember: bool = False) -> None:
        """Write a row of `captures` with its body."""
        head = _response_head(row, len(body))
        if head:
            record = self._record(row, "response", body, http_headers=head)
        else:
            record = self._record(
                row, "resource", body, warc_content_type=_stored_content_type(row)
            )
        if remember:
            self.written[row["digest"]] = WrittenBody(
                capture_target_url(row), row["fetched_at"], len(body), record.rec_headers
            )
        self._write(row, record)

    def revisit(self, row: sqlite3.Row) -> None:
        """Write a row of `captures` whose body was written before and remembered."""
        first = self.written[row["digest"]]
        self._write(
            row,
            self._record(
                row, "revisit", b"", first.fields(), http_headers=_response_head(row, first.length)
            ),
        )

    def _write(self, row: sqlite3.Row, record: Any) -> None:
        """Write a record after the records that describe it.

        Software that reads the file in order then has the descriptions first.
        """
        beside = {"WARC-Concurrent-To": record.rec_headers["WARC-Record-ID"]}
        known = redirects_as_warc_fields(row) + lead_as_warc_fields(self.lead_to(row["url"]))
        if known:
            self.writer.write_record(self._record(row, "metadata", known, beside))
        if record.http_headers:
            self.writer.write_record(
                self._record(
                    row,
                    "request",
                    b"",
                    beside,
                    http_headers=_minimal_request(capture_target_url(row)),
                )
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
            capture_target_url(row),
            kind,
            payload=BytesIO(block),
            length=len(block),
            warc_headers_dict=dated,
            **more,
        )


@dataclass(frozen=True, slots=True)
class WrittenBody:
    """A body that the file holds: its URL and date, length, and its record's WARC headers."""

    url: str
    fetched_at: str
    length: int
    record: Any

    def fields(self) -> dict[str, str]:
        """Return the WARC headers with which a revisit refers to this body."""
        return {
            "WARC-Profile": WARCWriter.REVISIT_PROFILE_1_1,
            "WARC-Refers-To": self.record["WARC-Record-ID"],
            "WARC-Refers-To-Target-URI": self.url,
            "WARC-Refers-To-Date": self.fetched_at,
            "WARC-Payload-Digest": self.record["WARC-Payload-Digest"],
        }


class VerbatimHttpHead(StatusAndHeaders):  # type: ignore[misc]  # warcio has no types
    """A status line and headers, written byte for byte.

    warcio would percent-encode them.
    """

    def compute_headers_buffer(self, header_filter: Any = None) -> None:
        """Encode the head as Latin-1, as HTTP does."""
        self.headers_buff = self.to_str(header_filter).encode("latin-1", "replace") + b"\r\n"


def decoded_body_headers(headers: HeaderList, length: int) -> HeaderList:
    """Return headers that are true of a decoded body of `length` bytes."""
    true: HeaderList = []
    for name, value in headers:
        unfolded = re.sub(r"[\r\n]+\s*", " ", value)
        if name.lower() not in TRANSIT_HEADERS or unfolded == str(length):
            true.append((name, unfolded))
            continue
        true.append((RENAMED_HEADER_PREFIX + name, unfolded))
        if name.lower() == "content-length":
            true.append((name, str(length)))
    return true


def redirects_as_warc_fields(row: sqlite3.Row) -> bytes:
    """Return the redirects that led here as `application/warc-fields`; empty without any."""
    if capture_target_url(row) == row["url"]:
        return b""
    hops = [f"requested: {row['url']}", *(f"hop: {url}" for url in json.loads(row["redirects"]))]
    return "".join(f"{line}\r\n" for line in hops).encode()


def lead_as_warc_fields(lead: Lead | None) -> bytes:
    """Return a lead as `application/warc-fields`; empty if it has neither headline nor date."""
    if lead is None or not (lead.headline or lead.published_at):
        return b""
    values = {field: getattr(lead, name) for field, name in WARC_LEAD_FIELDS.items()}
    texts = {field: str(value) for field, value in values.items() if value is not None}
    lines = [f"{field}: {' '.join(text.split())}" for field, text in texts.items() if text]
    return "".join(f"{line}\r\n" for line in lines).encode()


def capture_target_url(row: sqlite3.Row) -> str:
    """Return the URL that the body came from."""
    return str(row["final_url"] or row["url"])


def _capture_rows(
    db: sqlite3.Connection, urls: Iterable[str] | None, until: str | None
) -> Iterator[sqlite3.Row]:
    if until is not None:
        return db.execute(CAPTURE_ROWS_SQL + " WHERE fetched_at < ? ORDER BY id", [until])
    if urls is None:
        return db.execute(CAPTURE_ROWS_SQL + " ORDER BY id")
    return db.execute(
        CAPTURE_ROWS_SQL + CAPTURES_OF_URLS_SQL + " ORDER BY id", [json.dumps(list(urls))]
    )


def _stored_body(captures: CaptureStore, digest: str) -> bytes:
    body = captures.body(digest)
    if body is None:
        raise ArchiveError(
            f"captures.db: the page {digest[:12]}… is missing; the file is damaged, restore a backup"
        )
    return body


def _response_head(row: sqlite3.Row, length: int) -> VerbatimHttpHead | None:
    """Return a response's status line and headers.

    None if only a content type is known, because then the page did not come from a server.
    """
    headers = _stored_headers(row)
    if {name.lower() for name, _ in headers} <= {"content-type"}:
        return None
    return VerbatimHttpHead(
        _http_status_line(row["status"]), decoded_body_headers(headers, length), protocol="HTTP/1.1"
    )


def _stored_headers(row: sqlite3.Row) -> HeaderList:
    return [(name, value) for name, value in json.loads(row["headers"])]


def _stored_content_type(row: sqlite3.Row) -> str:
    return next((value for _, value in _stored_headers(row)), "text/html")


def _http_status_line(status: int) -> str:
    known = status in HTTPStatus._value2member_map_
    return f"{status} {HTTPStatus(status).phrase if known else ''}"


def _minimal_request(url: str) -> VerbatimHttpHead:
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    line = f"GET {parts.path or '/'}{query} HTTP/1.1"
    return VerbatimHttpHead(line, [("Host", parts.netloc)], is_http_request=True)
