"""The records of WARC and ARC files, one after another.

Broken records are reported, and the records behind them are still read. fastwarc reads WARC (ISO
28500): plain, gzipped, or compressed with zstd or lz4. warcio reads ARC, its predecessor.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, BinaryIO

from fastwarc.warc import ArchiveIterator, WarcRecord

from archive.errors import UsageError
from crawler.files.byte_sources import ByteSource, SourceLostError, as_byte_source
from crawler.files.complete_body import GZIP_MAGIC, gzip_decompressor
from crawler.files.http_messages import END_OF_HEAD, MAX_HTTP_HEAD_BYTES
from crawler.files.saved_pages import MAX_PAGE_BYTES

ZSTD_AND_LZ4_MAGIC = (b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18", b"\x04\x22\x4d\x18")
"""The first bytes of files compressed with zstd (without and with a dictionary) or lz4."""

MAX_WARC_BLOCK_BYTES = MAX_PAGE_BYTES + MAX_HTTP_HEAD_BYTES
"""Bytes of a record's block: a page and its HTTP headers."""
MAX_FALSE_RECORD_STARTS = 1000
"""Places in a row that look like the start of a record but are not, before a file is given up."""
READ_RECORD_TYPES = ("response", "resource", "revisit", "metadata")
"""The types of records whose blocks are read; those of others are skipped."""
PAGE_RECORD_TYPES = ("response", "resource", "revisit")
"""Types of records that may hold a page."""
SEARCHED_BYTES = 64 * 1024
"""Bytes that are searched at once for the start of a record."""

HeaderFilter = Callable[[str, str], str | None]
"""Takes the URL and the date of a record; returns why its block is not read, or None."""


@dataclass(frozen=True, slots=True)
class WarcProblem:
    """A part of a file that could not be read: its place and the reason."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class WebArchiveRecord:
    """A record, with its fields by their names in lower case.

    `block` is None if it is larger than `MAX_WARC_BLOCK_BYTES`, or if the record was excluded by
    its fields; `excluded` then says by which.
    """

    kind: str
    place: str
    offset: int
    fields: dict[str, str]
    block: bytes | None = b""
    excluded: str = ""

    def field(self, name: str) -> str:
        """Return a field, without angle brackets around it; empty if the record lacks it.

        `name` is in lower case. Some writers put the brackets around URLs, too.
        """
        return self.fields.get(name, "").strip().strip("<>")


def read_file_start(file: ByteSource) -> bytes:
    """Return the first bytes of a file, decompressed if they are valid gzip.

    Raises UsageError for a file that cannot be read.
    """
    try:
        with file.open() as opened:
            start = opened.read(1024)
        if not start.startswith(GZIP_MAGIC):
            return start
        first_bytes: bytes = gzip_decompressor().decompress(start, 64)
        return first_bytes
    except zlib.error:  # the first record is broken; others may be whole
        return start
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror or error})") from error


def read_records(
    file: Path | ByteSource,
    excluded: HeaderFilter | None = None,
    start: int = 0,
    passed: int = 0,
) -> Iterator[WebArchiveRecord | WarcProblem]:
    """Return the records of a WARC or ARC file in file order, from an offset on.

    `passed` is the number of records before it. The blocks of records that `excluded` gives a
    reason for are not read. ARC files are read from their beginning. Raises UsageError for any other
    file.
    """
    source = as_byte_source(file)
    first_bytes = read_file_start(source)
    if is_arc_start(first_bytes):
        return read_arc_records(source, excluded)
    is_packed = first_bytes.startswith((GZIP_MAGIC, *ZSTD_AND_LZ4_MAGIC))
    if first_bytes.lstrip().startswith(b"WARC/") or is_packed:
        return WarcFileReader(source, excluded).records(start, passed)
    raise UsageError("is not a WARC or ARC file")


def is_arc_start(first_bytes: bytes) -> bool:
    """Return whether the first bytes are those of an ARC file."""
    return first_bytes.startswith(b"filedesc:")


class WarcFileReader:
    """A WARC file and the position up to which it has been read."""

    def __init__(self, file: ByteSource, excluded: HeaderFilter | None = None) -> None:
        self.file = file
        self._excluded = excluded
        with file.open() as opened:
            start = opened.read(4)
        self.is_gzip = start.startswith(GZIP_MAGIC)
        self.is_plain = not self.is_gzip and not start.startswith(ZSTD_AND_LZ4_MAGIC)
        self._number = 0
        """The number of records read so far."""
        self._start = 0
        """The offset of the newest record in the file on the disk."""
        self._end: int | None = 0
        """The offset behind the newest record, if the file is not compressed; None if unknown."""
        self._resume: int | None = None
        """The offset behind the newest record, if the file is gzipped and fastwarc misread it."""

    def records(self, first: int = 0, passed: int = 0) -> Iterator[WebArchiveRecord | WarcProblem]:
        """Yield the records from an offset on; where reading fails, search for the start of the
        next one.

        Raises SourceLostError if a remote file can no longer be read.
        """
        self._number, self._start, self._end = passed, first, first
        next_start: int | None = first
        failures = 0
        while next_start is not None:
            start, number_before = next_start, self._number
            try:
                next_start = yield from self._records_from(start)
                self.file.check_readable()
                continue
            except SourceLostError:
                raise
            except Exception as error:  # whatever a library raises over an untrusted file
                self.file.check_readable()
                failures = 0 if self._number > number_before else failures + 1
                if not failures or start == first:  # otherwise the same gap is already reported
                    yield self._problem(_describe_library_error(error))
            next_start = self._find_start(max(start, self._start, self._end or 0) + 1)
            if next_start is not None and failures > MAX_FALSE_RECORD_STARTS:
                yield self._problem(
                    f"given up after {MAX_FALSE_RECORD_STARTS:,} places "
                    "that look like the start of a record but are not"
                )
                return

    def record_at(self, offset: int) -> WebArchiveRecord | None:
        """Return the record at an offset of the file; None if none can be read there."""
        try:
            with self.file.open() as file:
                file.seek(offset)
                found = next(ArchiveIterator(file, parse_http=False, quirks_mode=self.is_plain))
                record = self._read_record(found)
        except (StopIteration, OSError, ValueError):
            self.file.check_readable()
            return None
        return record if isinstance(record, WebArchiveRecord) else None

    def first_from(self, offset: int, end: int) -> int | None:
        """Return where the first record begins, from an offset on and before an end; None without
        one.

        A body may look like a record, so the place is likely and not certain.
        """
        start = self._find_start(max(0, offset - self.is_plain))
        while start is not None and start < end:
            record = self.record_at(start)
            if record is not None and record.offset == start:
                return start
            start = self._find_start(start + 1)
        return None

    def _records_from(
        self, start: int
    ) -> Generator[WebArchiveRecord | WarcProblem, None, int | None]:
        """Yield records from an offset on; return the offset to resume at, None at the end.

        Raises OSError, or whatever fastwarc raises, where reading fails.
        """
        with self.file.open() as file:
            file.seek(start)
            for found in ArchiveIterator(file, parse_http=False, quirks_mode=self.is_plain):
                if self.is_plain:
                    yield from self._gap_before(found.stream_pos)
                self._number, self._start = self._number + 1, found.stream_pos
                record = self._read_record(found)
                if self.is_plain:
                    self._end = self._end_of_record(found)
                yield record
                if self.is_gzip and self._resume is not None:
                    return self._resume
        if self.is_plain:
            yield from self._gap_before(self.file.size())
        elif self.is_gzip and self._left_over():
            raise OSError("what follows is not gzip")
        return None

    def _read_record(self, found: WarcRecord) -> WebArchiveRecord | WarcProblem:
        """Return a record of fastwarc's with its block, or the problem with it."""
        offset = found.stream_pos
        place = f"{self.file.name}: record {self._number} at byte {offset}"
        fields = {name.lower(): value for name, value in found.headers.items()}
        length = _record_length(found)
        if length is None:
            return WarcProblem(place, "its header is truncated, or has no valid Content-Length")
        self._resume = None
        is_misread = found.content_length != length
        if is_misread:
            own_reading = self._read_by_hand(offset, length)
            if own_reading is None:
                return WarcProblem(
                    place, "its fields are named in another case, and it is no separate gzip member"
                )
            block, self._resume = own_reading
        kind = fields.get("warc-type", "").strip().lower()
        if kind not in READ_RECORD_TYPES:
            return WebArchiveRecord(kind, place, offset, fields)
        if self._excluded and kind in PAGE_RECORD_TYPES:
            reason = excluded_by_fields(fields, self._excluded)
            if reason:
                return WebArchiveRecord(kind, place, offset, fields, None, reason)
        if length > MAX_WARC_BLOCK_BYTES:
            return WebArchiveRecord(kind, place, offset, fields, None)
        if not is_misread:
            block = found.reader.read() if found.reader else b""
        if len(block) < length:
            return WarcProblem(place, f"truncated after {len(block):,} of {length:,} bytes")
        return WebArchiveRecord(kind, place, offset, fields, block)

    def _read_by_hand(self, offset: int, length: int) -> tuple[bytes, int] | None:
        """Return the block of the record at an offset, and the offset behind its gzip member.

        None if the record is not a separate gzip member. Names of fields have no case (WARC 1.1,
        4), but fastwarc knows Content-Length in this spelling only.
        """
        most = MAX_HTTP_HEAD_BYTES + min(length, MAX_WARC_BLOCK_BYTES) + len(b"\r\n\r\n")
        with self.file.open() as file:
            file.seek(offset)
            if self.is_plain:
                text, end = file.read(most), offset
            elif self.is_gzip:
                text, end = _read_gzip_member(file, most)
            else:
                return None
        head = END_OF_HEAD.search(text, 0, MAX_HTTP_HEAD_BYTES)
        if head is None:
            return None
        has_more_records = self.is_gzip and text[head.end() + length :].strip()
        if has_more_records:
            return None
        return text[head.end() : head.end() + length], end

    def _end_of_record(self, found: WarcRecord) -> int | None:
        """Return the offset behind a record of a file that is not compressed; None if unknown."""
        with self.file.open() as file:
            file.seek(found.stream_pos)
            head = END_OF_HEAD.search(file.read(MAX_HTTP_HEAD_BYTES))
        length = _record_length(found)
        if head is None or length is None:
            return None
        return int(found.stream_pos + head.end() + length)

    def _gap_before(self, next_start: int) -> Iterator[WarcProblem]:
        """Yield a problem for bytes between two records.

        They belong to a record with a wrong length or without its head.
        """
        if self._end is None or next_start <= self._end:
            return
        gap = next_start - self._end
        with self.file.open() as file:
            file.seek(self._end)
            if file.read(min(gap, MAX_HTTP_HEAD_BYTES)).strip():
                yield self._problem(f"{gap:,} bytes that belong to no record")

    def _left_over(self) -> bytes:
        """Return the first bytes behind the newest gzip member; empty at the end of the file.

        fastwarc takes a member of only a few bytes for the end of the file.
        """
        stream = gzip_decompressor()
        with self.file.open() as file:
            file.seek(self._start)
            if file.read(len(GZIP_MAGIC)) != GZIP_MAGIC:  # all records are one stream
                return b""
            file.seek(self._start)
            while not stream.eof and (data := file.read(MAX_HTTP_HEAD_BYTES)):
                stream.decompress(data)
            rest: bytes = stream.unused_data + file.read(MAX_HTTP_HEAD_BYTES)
        return rest.strip(b"\0")

    def _problem(self, reason: str) -> WarcProblem:
        return WarcProblem(
            f"{self.file.name}: after record {self._number} at byte {self._start}", reason
        )

    def _find_start(self, after: int) -> int | None:
        """Return the next offset that looks like the start of a record, or None."""
        if not (self.is_gzip or self.is_plain):
            return None
        mark = GZIP_MAGIC if self.is_gzip else b"\nWARC/"
        with self.file.open() as file:
            file.seek(after)
            searched, text = after, b""
            while data := file.read(SEARCHED_BYTES):
                text += data
                found = text.find(mark)
                if found >= 0:
                    return searched + found + (0 if self.is_gzip else 1)  # behind the line break
                searched += len(text) - len(mark) + 1
                text = text[-len(mark) + 1 :]
        return None


def excluded_by_fields(fields: dict[str, str], excluded: HeaderFilter) -> str | None:
    """Return why a record with these fields is excluded, or None."""
    url = fields.get("warc-target-uri", "").strip().strip("<>")
    return excluded(url, fields.get("warc-date", "").strip())


def _read_gzip_member(file: BinaryIO, most: int) -> tuple[bytes, int]:
    """Return at most `most` bytes of the gzip member at a file's position, and the offset behind
    it."""
    stream = gzip_decompressor()
    content = b""
    while not stream.eof and (data := stream.unconsumed_tail or file.read(MAX_HTTP_HEAD_BYTES)):
        part = stream.decompress(data, MAX_HTTP_HEAD_BYTES)
        content += part[: most - len(content)]
    return content, file.tell() - len(stream.unused_data)


def _record_length(found: WarcRecord) -> int | None:
    """Return a record's Content-Length in bytes; None if it is missing or not a number."""
    value = found.headers.get("Content-Length") or ""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


def read_arc_records(
    source: ByteSource, excluded: HeaderFilter | None = None
) -> Iterator[WebArchiveRecord | WarcProblem]:
    """Yield the records of an ARC file, with the field names of WARC, up to the first broken
    one."""
    from warcio.archiveiterator import ArchiveIterator as ArcIterator

    number, offset = 0, 0
    try:
        with source.open() as file:
            iterator = ArcIterator(file, no_record_parse=True, arc2warc=True)
            while (found := _next_arc_record(iterator)) is not None:
                number, offset = number + 1, iterator.offset
                place = f"{source.name}: record {number} at byte {offset}"
                yield _arc_record(found, place, offset, excluded)
    except SourceLostError:
        raise
    except Exception as error:  # whatever the library raises over an untrusted file
        source.check_readable()
        yield WarcProblem(
            f"{source.name}: after record {number} at byte {offset}",
            _describe_library_error(error),
        )


def _next_arc_record(iterator: Any) -> Any:
    """Return warcio's next record, or None at the end.

    The warnings that warcio prints are suppressed, as the caller reports them as problems.
    """
    with redirect_stderr(StringIO()):
        return next(iterator, None)


def _arc_record(
    found: Any, place: str, offset: int, excluded: HeaderFilter | None
) -> WebArchiveRecord | WarcProblem:
    """Return a record of warcio's with its block, or the problem with it."""
    fields = {name.lower(): value for name, value in found.rec_headers.headers}
    if found.rec_type not in READ_RECORD_TYPES:
        return WebArchiveRecord(found.rec_type, place, offset, fields)
    if excluded and found.rec_type in PAGE_RECORD_TYPES:
        reason = excluded_by_fields(fields, excluded)
        if reason:
            return WebArchiveRecord(found.rec_type, place, offset, fields, None, reason)
    if found.length > MAX_WARC_BLOCK_BYTES:
        return WebArchiveRecord(found.rec_type, place, offset, fields, None)
    block = found.raw_stream.read()
    if len(block) < found.length:
        return WarcProblem(place, f"truncated after {len(block):,} of {found.length:,} bytes")
    return WebArchiveRecord(found.rec_type, place, offset, fields, block)


def _describe_library_error(error: Exception) -> str:
    """Return the reason that a library's error gives, on one line."""
    message = " ".join(str(error).split())[:100] or type(error).__name__
    return f"cannot be read further ({message})"
