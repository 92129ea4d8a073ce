"""The records of WARC and ARC files, one after another; what is broken is named, and what follows
it still read.

WARC (ISO 28500) is read by fastwarc, plain, gzipped, or compressed with zstd or lz4; ARC, its
predecessor, by warcio.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, BinaryIO

from fastwarc.warc import ArchiveIterator, WarcRecord

from archive.errors import UsageError
from crawler.files.http_messages import END_OF_HEAD, LONGEST_HEAD
from crawler.files.saved_pages import LARGEST

GZIP = b"\x1f\x8b\x08"
OTHERS = (b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18", b"\x04\x22\x4d\x18")
"""How files begin that are compressed with zstd (without and with a dictionary) or lz4."""

LARGEST_BLOCK = LARGEST + LONGEST_HEAD
MOST_TRIES = 1000
"""Places in a row that look like the start of a record, and are none, before a file is given up."""
READ = ("response", "resource", "revisit", "metadata")
"""The kinds whose blocks are read; the others are passed over."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read, and where."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Record:
    """One record; its fields by their names in lower case. `block` is None where it is larger than
    any page."""

    kind: str
    place: str
    offset: int
    fields: dict[str, str]
    block: bytes | None = b""

    def field(self, name: str) -> str:
        """A field without the angle brackets that some writers put around it; empty where there is
        none."""
        return self.fields.get(name, "").strip().strip("<>")


def opening(path: Path) -> bytes:
    """How a file begins, gunzipped if it can be. Raises UsageError where it cannot be read."""
    try:
        with path.open("rb") as file:
            start = file.read(1024)
        return (
            zlib.decompressobj(zlib.MAX_WBITS + 16).decompress(start, 64)
            if start.startswith(GZIP)
            else start
        )
    except zlib.error:  # the first record is broken; others may be whole
        return start
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror or error})") from error


def records(path: Path) -> Iterator[Record | Problem]:
    """The records of a WARC or ARC file in their order. Raises UsageError for a file that is
    neither."""
    start = opening(path)
    if start.startswith(b"filedesc:"):
        return arc_records(path)
    if start.lstrip().startswith(b"WARC/") or start.startswith((GZIP, *OTHERS)):
        return WarcFile(path).records()
    raise UsageError("is no WARC or ARC file")


class WarcFile:
    """A WARC file being read; where it has got to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            start = file.read(4)
        self.gzip = start.startswith(GZIP)
        self.plain = not self.gzip and not start.startswith(OTHERS)
        self.number = 0
        self.last = 0
        """Byte at which the newest record starts, in the file as it lies on the disk."""
        self.end: int | None = 0
        """Byte after the newest record, of a file that is not compressed; None where its length is
        not known."""
        self.resume: int | None = None
        """Byte after the newest record where it was read by hand, of a gzipped file."""

    def records(self) -> Iterator[Record | Problem]:
        """Its records; where reading fails, the next start is looked for."""
        onward: int | None = 0
        tries = 0
        while onward is not None:
            start, before = onward, self.number
            try:
                onward = yield from self._from(start)
                continue
            except Exception as error:  # whatever a library raises over a stranger's file
                tries = 0 if self.number > before else tries + 1
                if not tries or start == 0:  # else it is the same stretch, already named
                    yield self._problem(_told(error))
            onward = self._next_start(max(start, self.last, self.end or 0) + 1)
            if onward is not None and tries > MOST_TRIES:
                yield self._problem(
                    f"given up after {MOST_TRIES:,} places that look like a record and are none"
                )
                return

    def record_at(self, offset: int) -> Record | None:
        """The record that starts at a byte of the file; None where none can be read there."""
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                found = next(ArchiveIterator(file, parse_http=False, quirks_mode=self.plain))
                read = self._read(found)
        except (StopIteration, OSError, ValueError):
            return None
        return read if isinstance(read, Record) else None

    def _from(self, start: int) -> Generator[Record | Problem, None, int | None]:
        """Records from a byte on; returns the byte from which to read on, or None at the end of the
        file."""
        with self.path.open("rb") as file:
            file.seek(start)
            for found in ArchiveIterator(file, parse_http=False, quirks_mode=self.plain):
                if self.plain:
                    yield from self._between(found.stream_pos)
                self.number, self.last = self.number + 1, found.stream_pos
                read = self._read(found)
                if self.plain:
                    self.end = self._end_of(found)
                yield read
                if self.gzip and self.resume is not None:
                    return self.resume
        if self.plain:
            yield from self._between(self.path.stat().st_size)
        elif self.gzip and self._left_over():
            raise OSError("what follows is not gzip")
        return None

    def _read(self, found: WarcRecord) -> Record | Problem:
        place = f"{self.path}: record {self.number} at byte {found.stream_pos}"
        fields = {name.lower(): value for name, value in found.headers.items()}
        length = _length(found)
        if length is None:
            return Problem(place, "its header breaks off, or says no Content-Length")
        self.resume = None
        if found.content_length != length:
            by_hand = self._by_hand(found.stream_pos, length)
            if by_hand is None:
                return Problem(
                    place,
                    "its fields are named in another case, and it is no gzip member of its own",
                )
            block, self.resume = by_hand
        kind = fields.get("warc-type", "").strip().lower()
        if kind not in READ:
            return Record(kind, place, found.stream_pos, fields)
        if length > LARGEST_BLOCK:
            return Record(kind, place, found.stream_pos, fields, None)
        if found.content_length == length:
            block = found.reader.read() if found.reader else b""
        if len(block) < length:
            return Problem(place, f"breaks off after {len(block):,} of {length:,} bytes")
        return Record(kind, place, found.stream_pos, fields, block)

    def _by_hand(self, offset: int, length: int) -> tuple[bytes, int] | None:
        """The block of the record at a byte, and the byte after its gzip member; None where it
        cannot be had so.

        Names of fields have no case (WARC 1.1, 4), yet fastwarc knows Content-Length in this
        spelling alone.
        """
        most = LONGEST_HEAD + min(length, LARGEST_BLOCK) + len(b"\r\n\r\n")
        with self.path.open("rb") as file:
            file.seek(offset)
            if self.plain:
                text, end = file.read(most), offset
            elif self.gzip:
                text, end = _member(file, most)
            else:
                return None
        head = END_OF_HEAD.search(text, 0, LONGEST_HEAD)
        # more records in one gzip stream
        if head is None or (self.gzip and text[head.end() + length :].strip()):
            return None
        return text[head.end() : head.end() + length], end

    def _end_of(self, found: WarcRecord) -> int | None:
        with self.path.open("rb") as file:
            file.seek(found.stream_pos)
            head = END_OF_HEAD.search(file.read(LONGEST_HEAD))
        length = _length(found)
        return None if head is None or length is None else found.stream_pos + head.end() + length

    def _between(self, next_start: int) -> Iterator[Problem]:
        """What lies between two records and is none: a record whose length is wrong, or that lost
        its head."""
        if self.end is None or next_start <= self.end:
            return
        with self.path.open("rb") as file:
            file.seek(self.end)
            if file.read(min(next_start - self.end, LONGEST_HEAD)).strip():
                yield self._problem(f"{next_start - self.end:,} bytes that belong to no record")

    def _left_over(self) -> bytes:
        """What follows the newest gzip member; fastwarc takes a member that hardly begins for the
        end of the file."""
        inflater = zlib.decompressobj(zlib.MAX_WBITS + 16)
        with self.path.open("rb") as file:
            file.seek(self.last)
            if file.read(len(GZIP)) != GZIP:  # all records are one stream
                return b""
            file.seek(self.last)
            while not inflater.eof and (data := file.read(LONGEST_HEAD)):
                inflater.decompress(data)
            return (inflater.unused_data + file.read(LONGEST_HEAD)).strip(b"\0")

    def _problem(self, reason: str) -> Problem:
        return Problem(f"{self.path}: after record {self.number} at byte {self.last}", reason)

    def _next_start(self, after: int) -> int | None:
        if not (self.gzip or self.plain):
            return None
        with self.path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as view:
            found = view.find(GZIP if self.gzip else b"\nWARC/", after)
        return None if found < 0 else found + self.plain


def _member(file: BinaryIO, most: int) -> tuple[bytes, int]:
    """The first bytes of the gzip member at which a file stands, and the byte after it."""
    inflater = zlib.decompressobj(zlib.MAX_WBITS + 16)
    text = b""
    while not inflater.eof and (data := inflater.unconsumed_tail or file.read(LONGEST_HEAD)):
        part = inflater.decompress(data, LONGEST_HEAD)
        text += part[: most - len(text)]
    return text, file.tell() - len(inflater.unused_data)


def _length(found: WarcRecord) -> int | None:
    told = found.headers.get("Content-Length") or ""
    return int(told) if told.isascii() and told.isdigit() and len(told) < 19 else None


def arc_records(path: Path) -> Iterator[Record | Problem]:
    """The records of an ARC file, their fields named as in a WARC; reading stops where one is
    broken."""
    from warcio.archiveiterator import ArchiveIterator as ArcIterator

    number, offset = 0, 0
    try:
        with path.open("rb") as file:
            iterator = ArcIterator(file, no_record_parse=True, arc2warc=True)
            while (found := _next(iterator)) is not None:
                number, offset = number + 1, iterator.offset
                yield _arc_record(found, f"{path}: record {number} at byte {offset}", offset)
    except Exception as error:  # as above
        yield Problem(f"{path}: after record {number} at byte {offset}", _told(error))


def _next(iterator: Any) -> Any:
    with redirect_stderr(StringIO()):  # warcio warns there of what is named here as a problem
        return next(iterator, None)


def _arc_record(found: Any, place: str, offset: int) -> Record | Problem:
    fields = {name.lower(): value for name, value in found.rec_headers.headers}
    if found.rec_type not in READ:
        return Record(found.rec_type, place, offset, fields)
    if found.length > LARGEST_BLOCK:
        return Record(found.rec_type, place, offset, fields, None)
    block = found.raw_stream.read()
    if len(block) < found.length:
        return Problem(place, f"breaks off after {len(block):,} of {found.length:,} bytes")
    return Record(found.rec_type, place, offset, fields, block)


def _told(error: Exception) -> str:
    """What a library says, on one line."""
    return f"cannot be read on ({' '.join(str(error).split())[:100] or type(error).__name__})"
