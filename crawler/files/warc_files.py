"""Captures from WARC and ARC files of any writer: pages of HTML with status 200.

Every response, resource and revisit becomes a capture, a reason why it was left out, which can be
counted, or a problem with its place. Requests, metadata and warcinfo describe other records and
yield nothing themselves.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import get_args

from archive.errors import ReadingError
from archive.exports.warc import RENAMED_HEADER_PREFIX, WARC_LEAD_FIELDS
from archive.records import Capture, Lead, Via, format_utc
from crawler.files.byte_sources import ByteSource, as_byte_source
from crawler.files.http_messages import HeaderFields, StoredResponse, parse_response
from crawler.files.saved_page_urls import HTML_TYPES
from crawler.files.saved_pages import MAX_PAGE_BYTES
from crawler.files.warc_records import (
    PAGE_RECORD_TYPES,
    HeaderFilter,
    WarcFileReader,
    WarcProblem,
    WebArchiveRecord,
    is_arc_start,
    read_file_start,
    read_records,
)

WARC_SUFFIXES = (".warc", ".arc", ".warc.gz", ".arc.gz", ".warc.zst", ".warc.lz4")
"""Suffixes of the names of such files."""

HTML_START = re.compile(rb"(?i)<(?:!doctype html|html)")
DESCRIBING_RECORD_TYPES = ("warcinfo", "request", "metadata")
"""Types of records that describe others."""

WARC_DATE = re.compile(r"(\d{4}(?:-?\d\d(?:-?\d\d(?:[T ]?\d\d:?\d\d(?::?\d\d)?)?)?)?)(?:\.\d+)?Z?")
"""WARC-Date (1.0: to the second; 1.1: from a year to nanoseconds), and the 14 digits of ARC."""
OFFSET_MINUTES_TEXT = re.compile(r"-?\d{1,3}", re.ASCII)
ARCHIVE_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ?)?")
"""A date or timestamp as the archive writes it."""
EARLIEST_DATE_DIGITS = "00000101000000"
"""The parts that an incomplete date is given: year 0, 1 January, 00:00:00."""


@dataclass(frozen=True, slots=True)
class SkippedRecord:
    """A record that is left out; there are few reasons, so they can be counted."""

    reason: str


@dataclass(frozen=True, slots=True)
class ExcludedRecord:
    """A page that was excluded before it was read; there are few kinds of reasons."""

    reason: str


@dataclass(frozen=True, slots=True)
class DoubtfulPage:
    """A page whose bytes differ from those that were recorded, according to its digest."""

    capture: Capture
    reason: str


@dataclass(frozen=True, slots=True)
class PageWithLead:
    """A page with its lead: what a feed or sitemap said of the page before it was fetched."""

    capture: Capture
    lead: Lead


FoundInWarc = Capture | PageWithLead | DoubtfulPage | SkippedRecord | ExcludedRecord | WarcProblem
"""The result of one record."""
BodyFilter = Callable[[str, str, StoredResponse, bytes], str | None]
"""Takes the URL and date of a record, its response and the decoded body; returns why the page is
excluded, or None."""


@dataclass(frozen=True, slots=True)
class RecordFilters:
    """Filters that exclude records before they are read: by their fields, and then by their bodies."""

    by_fields: HeaderFilter | None = None
    by_body: BodyFilter | None = None


@dataclass(frozen=True, slots=True)
class RecordPosition:
    """The place up to which a file has been read.

    The anchor is the newest page's record: reading may begin at it if that record is really there,
    which is not so where all records are one compressed stream.
    """

    records: int = 0
    """Records, and problems between them, up to and including this one."""
    found: int = 0
    """Those of them that may hold a page."""
    anchor_records: int = 0
    anchor_offset: int = 0
    """Byte of the file at which the anchor starts, also the progress in bytes."""
    anchor_id: str = ""
    """WARC-Record-ID; without it, reading begins at the start of the file."""


FILE_START = RecordPosition()
TAKES_ALL = RecordFilters()
MAX_TRIED_RECORDS = 10
"""Records at the beginning of a file that show whether each can be read by itself."""


@dataclass(frozen=True, slots=True)
class PlacedPage:
    """The result of a record, and the position behind it."""

    found: FoundInWarc
    position: RecordPosition


def is_warc_name(path: Path) -> bool:
    """Return whether a file has the name of a WARC or ARC file."""
    return path.name.lower().endswith(WARC_SUFFIXES)


def read_warc_pages(file: Path | ByteSource) -> Iterator[FoundInWarc]:
    """Yield the pages of a WARC or ARC file, the records left out and the problems, in file order.

    Memory holds one record at a time, and the places of the bodies that revisits may refer to.
    Raises UsageError, with the first item, for any other file.
    """
    return (placed.found for placed in read_placed_pages(file))


def read_placed_pages(
    file: Path | ByteSource,
    filters: RecordFilters = TAKES_ALL,
    behind: RecordPosition = FILE_START,
) -> Iterator[PlacedPage]:
    """Yield what `read_warc_pages` yields with its position, beginning behind a position.

    Raises UsageError as `read_warc_pages`, and SourceLostError for a remote file.
    """
    source = as_byte_source(file)
    pages = WarcPages(source, filters)
    records, passed = _records_behind(source, filters, behind)
    pages.begins_at = behind.anchor_offset if passed else 0
    position = behind
    for number, record in enumerate(records, passed + 1):
        if number <= behind.records:
            pages.note_passed(record)
            continue
        position = _position_after(record, number, position)
        found = pages.read_record(record)
        if found is not None:
            yield PlacedPage(found, position)


def position_from(source: ByteSource, offset: int, end: int) -> RecordPosition | None:
    """Return the position behind the first page's record from an offset on, and before an end.

    It is counted as the first record. None if no such record is found.
    """
    reader = WarcFileReader(source, _without_block)
    start = reader.first_from(offset, end)
    for record in reader.records(start) if start is not None else ():
        if isinstance(record, WebArchiveRecord) and record.kind in PAGE_RECORD_TYPES:
            return RecordPosition(1, 1, 1, record.offset, record.field("warc-record-id"))
    return None


def counted_from(position: RecordPosition, first: RecordPosition) -> RecordPosition:
    """Return a position whose records are counted from the one behind which `first` is."""
    return replace(
        position,
        records=first.records + position.records - 1,
        found=first.found + position.found - 1,
        anchor_records=first.records + position.anchor_records - 1,
    )


def has_separate_records(source: ByteSource) -> bool:
    """Return whether a file can be read from each of its records on, judging by the first ones.

    It is so where records are not compressed, or each is by itself. Raises UsageError and OSError.
    """
    reader = WarcFileReader(source, _without_block)
    if is_arc_start(read_file_start(source)) or not (reader.is_gzip or reader.is_plain):
        return False
    for record in islice(reader.records(), 1, MAX_TRIED_RECORDS):
        id = record.field("warc-record-id") if isinstance(record, WebArchiveRecord) else ""
        if id:
            assert isinstance(record, WebArchiveRecord)
            there = WarcFileReader(source, _without_block).record_at(record.offset)
            return there is not None and there.field("warc-record-id") == id
    return False


def _without_block(_url: str, _date: str) -> str:
    """Exclude each record, where only its fields and its place are wanted."""
    return "only its place"


def _records_behind(
    source: ByteSource, filters: RecordFilters, behind: RecordPosition
) -> tuple[Iterator[WebArchiveRecord | WarcProblem], int]:
    """Return the records from the anchor of a position on, and how many come before.

    All records, and 0, if the anchor is not where it was.
    """
    if behind.anchor_id and not is_arc_start(read_file_start(source)):
        anchor = WarcFileReader(source).record_at(behind.anchor_offset)
        if anchor and anchor.field("warc-record-id") == behind.anchor_id:
            passed = behind.anchor_records - 1
            return read_records(source, filters.by_fields, behind.anchor_offset, passed), passed
    return read_records(source, filters.by_fields), 0


def _position_after(
    record: WebArchiveRecord | WarcProblem, number: int, before: RecordPosition
) -> RecordPosition:
    """Return the position behind a record."""
    is_found = isinstance(record, WarcProblem) or record.kind not in DESCRIBING_RECORD_TYPES
    found = before.found + is_found
    if isinstance(record, WarcProblem) or record.kind not in PAGE_RECORD_TYPES:
        return replace(before, records=number, found=found)
    return RecordPosition(number, found, number, record.offset, record.field("warc-record-id"))


class WarcPages:
    """The reader of one file's pages, with what earlier records say of later ones."""

    def __init__(self, source: ByteSource, filters: RecordFilters = TAKES_ALL) -> None:
        self.source = source
        self.filters = filters
        self.begins_at = 0
        """The offset at which reading began; what comes before is looked through when a revisit
        refers to it."""
        self._places: dict[str, tuple[int, str]] = {}
        """Digest of a page's payload, or ID of its record → offset in the file and record ID."""
        self._hops: dict[str, tuple[str, ...]] = {}
        """ID of a later record → the URL that was requested, and those of the redirects."""
        self._leads: dict[str, dict[str, str]] = {}
        """ID of a later record → the fields of the lead to it."""

    def read_record(self, record: WebArchiveRecord | WarcProblem) -> FoundInWarc | None:
        """Return what a record comes to; None for one that describes others."""
        if isinstance(record, WarcProblem):
            return record
        if record.kind == "metadata":
            self.note_metadata(record)
        if record.kind in PAGE_RECORD_TYPES:
            return self.read_page(record)
        if record.kind in DESCRIBING_RECORD_TYPES:
            return None
        return SkippedRecord(f"a record of kind {record.kind[:20]!r}")

    def note_passed(self, record: WebArchiveRecord | WarcProblem) -> None:
        """Note the place of a record that was read in an earlier run."""
        if isinstance(record, WebArchiveRecord) and record.kind == "response":
            self._remember(record)

    def note_metadata(self, record: WebArchiveRecord) -> None:
        """Note a `metadata` record of Dateline: the redirects that led to a page, and its lead."""
        text = (record.block or b"").decode("utf-8", "replace")
        lines = [line.partition(": ") for line in text.split("\r\n")]
        page_id = record.field("warc-concurrent-to")
        if lines[0][0] == "requested":
            urls = [value for name, _, value in lines if name in ("requested", "hop")]
            self._hops[page_id] = tuple(urls)
        fields = {
            WARC_LEAD_FIELDS[name]: value for name, _, value in lines if name in WARC_LEAD_FIELDS
        }
        if fields.get("via") in get_args(Via):
            self._leads[page_id] = fields

    def read_page(self, record: WebArchiveRecord) -> FoundInWarc:
        """Return the page of a response, resource or revisit, or the reason why it is left out."""
        if record.excluded:
            self.note_passed(record)
            return ExcludedRecord(record.excluded)
        try:
            content = self._content(record)
            if isinstance(content, SkippedRecord):
                return content
            response, body = content
            if not body or body.isspace():
                return SkippedRecord("an empty page")
            reason = self._reason_by_body(record, response, body)
            if reason:
                return ExcludedRecord(reason)
            headers = response.headers
            capture, doubt = self._capture(record, headers, body), reason_to_doubt_record(record)
            if doubt:
                return DoubtfulPage(capture, doubt)
            fields = self._leads.pop(record.field("warc-record-id"), None)
            return (
                PageWithLead(capture, lead_from_warc_fields(capture.url, fields))
                if fields
                else capture
            )
        except ReadingError as error:
            return WarcProblem(record.place, str(error))

    def _reason_by_body(
        self, record: WebArchiveRecord, response: StoredResponse, body: bytes
    ) -> str | None:
        """Return why a page is excluded by its response, or None."""
        if self.filters.by_body is None:
            return None
        url, date = record.field("warc-target-uri"), record.field("warc-date")
        return self.filters.by_body(url, date, response, body)

    def _content(self, record: WebArchiveRecord) -> tuple[StoredResponse, bytes] | SkippedRecord:
        """Return the headers and decoded body of a page; for a revisit the body it refers to.

        Raises ReadingError.
        """
        reason = _reason_to_skip_record(record)
        if reason:
            return SkippedRecord(reason)
        is_revisit = record.kind == "revisit"
        response = _response_in_record(record)
        if response and not is_revisit and is_html_response(response):
            self._remember(record)  # whatever its status is: a revisit states another status
        reason = _reason_to_skip_response(response, record.kind) if response else None
        if reason:
            return SkippedRecord(reason)
        original_response = self._first(record) if is_revisit else response
        if original_response is None:
            return SkippedRecord("a revisit whose page is not found in this file")
        return response or original_response, original_response.decoded_body()

    def _first(self, revisit: WebArchiveRecord) -> StoredResponse | None:
        """Return the response that a revisit refers to, or None if this file lacks it."""
        keys = (revisit.field("warc-refers-to"), revisit.field("warc-payload-digest").upper())
        if self.begins_at and not any(key in self._places for key in keys):
            self._look_through_beginning()
        for key in keys:
            offset, record_id = self._places.get(key, (0, ""))
            record = WarcFileReader(self.source).record_at(offset) if record_id else None
            # another record lies there if the whole file is one gzip stream
            if record and record.field("warc-record-id") == record_id:
                response = _response_in_record(record)
                return response if response and is_html_response(response) else None
        return None

    def _look_through_beginning(self) -> None:
        """Remember the places of the records before those that were read."""
        end, self.begins_at = self.begins_at, 0
        for record in read_records(self.source, _without_block):
            if isinstance(record, WebArchiveRecord):
                if record.offset >= end:
                    return
                self.note_passed(record)

    def _remember(self, record: WebArchiveRecord) -> None:
        """Note the place of a page to which later revisits may refer."""
        record_id = record.field("warc-record-id")
        for key in (record_id, record.field("warc-payload-digest").upper()):
            if key:
                self._places.setdefault(key, (record.offset, record_id))

    def _capture(self, record: WebArchiveRecord, headers: HeaderFields, body: bytes) -> Capture:
        """Return the capture of a page. Raises ReadingError for an invalid date."""
        url = record.field("warc-target-uri")
        fetched_at = warc_timestamp(record.field("warc-date"))
        capture = Capture(
            url=url, body=body, headers=original_headers(headers), fetched_at=fetched_at
        )
        hops = self._hops.pop(record.field("warc-record-id"), None)
        if not hops:
            return capture
        return replace(capture, url=hops[0], redirects=hops[1:], final_url=url)


def lead_from_warc_fields(url: str, fields: dict[str, str]) -> Lead:
    """Return the lead with these fields, without a date or an offset that is not valid."""
    forms = {"published_at": ARCHIVE_TIMESTAMP, "published_offset": OFFSET_MINUTES_TEXT}
    valid = {
        name: value
        for name, value in fields.items()
        if name not in forms or forms[name].fullmatch(value)
    }
    offset = valid.pop("published_offset", None)
    minutes = None if offset is None else int(offset)
    return Lead(url, **valid, published_offset=minutes)  # type: ignore[arg-type]


def reason_to_doubt_record(record: WebArchiveRecord) -> str | None:
    """Return the reason if a record's bytes differ from those that were recorded, otherwise None.

    None, too, for a record without a digest. The payload of a response is its body without chunks
    and with its content coding (WARC 1.1, 6.3.2 and RFC 7230, 3.3). Some writers take the digest of
    something else: of the body as it was sent, of the decoded body, of the whole record.
    """
    if record.kind == "revisit" or record.block is None:
        return None
    response, block = _response_in_record(record), record.block
    if _digest_differs(
        record.field("warc-block-digest"), lambda: chain([block], _possible_payloads(response))
    ):
        return "the record does not match its digest"
    if _digest_differs(
        record.field("warc-payload-digest"), lambda: chain(_possible_payloads(response), [block])
    ):
        return "the body does not match its digest"
    return None


def _possible_payloads(response: StoredResponse | None) -> Iterator[bytes]:
    """Yield the bytes that a writer may have taken for the payload, the standard's first."""
    if response:
        yield response.dechunked_body()[0]
        yield response.body
        yield response.decoded_body()


def _digest_differs(label: str, bodies: Callable[[], Iterable[bytes]]) -> bool:
    """Return whether a labelled digest is that of none of the bodies.

    A label is `sha1:…`, in base 32, base 64 or hexadecimal. False for an algorithm or value that
    cannot be checked.
    """
    algorithm, _, value = label.partition(":")
    name, value = algorithm.strip().lower().replace("-", ""), value.strip().rstrip("=")
    if not value or name not in ("md5", "sha1", "sha256", "sha384", "sha512"):
        return False
    digests = (hashlib.new(name, body, usedforsecurity=False).digest() for body in bodies())
    return not any(_encodes_digest(value, digest) for digest in digests)


def _encodes_digest(value: str, digest: bytes) -> bool:
    """Return whether a value is the digest in one of the encodings in use, without padding."""
    base32 = base64.b32encode(digest).decode().rstrip("=")
    if value.upper() in (base32, digest.hex().upper()):
        return True
    standard, url_safe = base64.b64encode(digest), base64.urlsafe_b64encode(digest)
    return value in (standard.decode().rstrip("="), url_safe.decode().rstrip("="))


def warc_timestamp(date: str) -> str:
    """Return a WARC-Date, or the 14 digits of ARC, as a timestamp of the archive.

    An incomplete date is completed by its beginning: 2020 is 1 January 2020, 00:00:00. Raises
    ReadingError for an invalid date.
    """
    match = WARC_DATE.fullmatch(date)
    digits = re.sub(r"\D", "", match[1]) if match else ""
    complete = digits + EARLIEST_DATE_DIGITS[len(digits) :]
    try:
        return format_utc(datetime.strptime(complete, "%Y%m%d%H%M%S").replace(tzinfo=UTC))
    except ValueError:
        raise ReadingError(f"its WARC-Date {date[:30]!r} is not a date") from None


def original_headers(headers: HeaderFields) -> HeaderFields:
    """Return the headers as the server sent them.

    Web archives rename some headers (`X-Archive-Orig-…`) and put others in their places.
    """
    renamed = {
        name[len(RENAMED_HEADER_PREFIX) :].lower()
        for name, _ in headers
        if name.startswith(RENAMED_HEADER_PREFIX)
    }
    return tuple(
        (name.removeprefix(RENAMED_HEADER_PREFIX), value)
        for name, value in headers
        if name.lower() not in renamed
    )


def is_html_response(response: StoredResponse) -> bool:
    """Return whether a response is a page of HTML by its type, or without a type by its beginning.

    The last of several types counts, as in browsers (Fetch, 3.6), unless another is HTML and the
    body begins like HTML.
    """
    parts = re.split(r"[,;]\s*", response.header("content-type").lower())
    types = [part.strip() for part in parts if "/" in part and "=" not in part]
    types = [each for each in types if each != "*/*"]
    if types and types[-1] in HTML_TYPES:
        return True
    if types and not any(each in HTML_TYPES for each in types):
        return False
    return HTML_START.search(response.body, 0, 1024) is not None


def _response_in_record(record: WebArchiveRecord) -> StoredResponse | None:
    """Return the response in a record; None for a revisit without headers. Raises ReadingError."""
    block = record.block or b""
    if record.kind == "resource":
        return StoredResponse(
            200, (("Content-Type", record.fields.get("content-type", "")),), block
        )
    return parse_response(block) if block or record.kind == "response" else None


def _reason_to_skip_record(record: WebArchiveRecord) -> str | None:
    """Return the reason if a record is left out whatever it contains, otherwise None."""
    if not record.field("warc-target-uri").lower().startswith(("http://", "https://")):
        return "not a web URL"
    if record.block is None:
        return f"larger than {MAX_PAGE_BYTES >> 20} MiB"
    # a revisit is marked as truncated since its body is elsewhere
    if record.field("warc-truncated") and record.kind != "revisit":
        return "truncated when it was recorded"
    return "recorded in segments" if record.field("warc-segment-number") else None


def _reason_to_skip_response(response: StoredResponse, kind: str) -> str | None:
    """Return the reason if a response is left out, otherwise None.

    The headers of a revisit may lack the type.
    """
    if response.status != 200:
        return f"HTTP {response.status}"
    has_type = kind != "revisit" or response.header("content-type")
    return "not HTML" if has_type and not is_html_response(response) else None
