"""Parser of HTTP responses that files hold as they were sent: head, body, chunks and codings.

Recorders often write a body that contradicts its headers: a decoded body under the headers of the
encoded one. Such a body is taken unchanged. A body that is neither encoded nor a page is an error,
and so is one that is truncated before the end of its page.
"""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Protocol

from fastwarc.stream_io import BrotliReader

from archive.errors import ReadingError
from crawler.files.complete_body import (
    DECOMPRESSORS,
    decompress_partially,
    ends_like_document,
    parse_codings,
)
from crawler.files.saved_pages import MAX_PAGE_BYTES

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_HTTP_HEAD_BYTES = 64 * 1024
"""Bytes of a status line and its headers."""
MAX_COMPRESSED_STREAMS = 100
"""Compressed streams in one body; an honest page has one."""

END_OF_HEAD = re.compile(rb"\r{0,2}\n\r{0,2}\n")
STATUS_LINE = re.compile(r"HTTP/\d(?:\.\d)?[ \t]+(\d{3})\b")
CHUNK_SIZE_LINE = re.compile(rb"(?:\r?\n)?([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
UNENCODED_PAGE_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[!?A-Za-z]")
"""The beginning of a page without any coding."""

INFLATES_TOO_FAR = f"decompresses to more than {MAX_PAGE_BYTES >> 20} MiB, the limit for a page"

HeaderFields = tuple[tuple[str, str], ...]


class TruncatedBodyError(ReadingError):
    """A compressed body is truncated."""


class Decompressor(Protocol):
    """The interface that the decompressors of zlib and zstd share."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response as a file holds it; `body` with all its codings."""

    status: int
    headers: HeaderFields
    body: bytes

    def header(self, name: str) -> str:
        """Return all values of a header, joined by commas as in HTTP; empty without the header.

        `name` is in lower case.
        """
        return ", ".join([value for key, value in self.headers if key.lower() == name])

    def dechunked_body(self) -> tuple[bytes, str | None]:
        """Return the body without its chunk sizes, and the reason why it may be incomplete."""
        if "chunked" in parse_codings(self.header("transfer-encoding")):
            return remove_chunk_sizes(self.body)
        return self.body, None

    def decoded_body(self) -> bytes:
        """Return the body without transfer and content codings.

        Raises ReadingError for a truncated body that nothing proves complete, and for one of more
        than `MAX_PAGE_BYTES` bytes.
        """
        transfer_codings = parse_codings(self.header("transfer-encoding"))
        applied = parse_codings(self.header("content-encoding"))
        applied += [coding for coding in transfer_codings if coding != "chunked"]
        body, doubt = self.dechunked_body()
        for coding in reversed(applied):
            try:
                body, doubt = undo_coding_if_applied(coding, body), None
            except TruncatedBodyError as error:
                body, is_complete = decompress_partially(coding, body)
                doubt = None if is_complete else str(error)
        if len(body) > MAX_PAGE_BYTES:
            raise ReadingError(f"larger than {MAX_PAGE_BYTES >> 20} MiB, the limit for a page")
        if doubt and not ends_like_document(body):
            raise ReadingError(doubt)
        return body


def parse_response(block: bytes) -> StoredResponse:
    """Parse the head of a response, whose lines may end in a line feed alone.

    Raises ReadingError for bytes that are not a response.
    """
    end = END_OF_HEAD.search(block, 0, MAX_HTTP_HEAD_BYTES)
    head = block[: end.start()] if end else block[:MAX_HTTP_HEAD_BYTES]
    first, *lines = re.split(r"\r{0,2}\n(?![ \t])", head.decode("latin-1"))
    status = STATUS_LINE.match(first)
    if not status:
        raise ReadingError("contains no HTTP response")
    if not end:
        raise ReadingError("its HTTP headers do not end")
    fields = (line.partition(":") for line in lines)
    headers = ((name.strip(), _unfold_header(value)) for name, colon, value in fields if colon)
    return StoredResponse(int(status[1]), tuple(headers), block[end.end() :])


def remove_chunk_sizes(body: bytes) -> tuple[bytes, str | None]:
    """Return a body without its chunk sizes (RFC 9112, 7.1), and the reason if it is truncated.

    A body without chunks is returned unchanged.
    """
    size = CHUNK_SIZE_LINE.match(body)
    if size is None:
        return body, None
    parts: list[bytes] = []
    while size is not None:
        end = size.end() + int(size[1], 16)
        if end == size.end():
            return b"".join(parts), None
        parts.append(body[size.end() : end])
        size = CHUNK_SIZE_LINE.match(body, end)
    return b"".join(parts), "its chunked body is truncated"


def undo_coding_if_applied(coding: str, body: bytes) -> bytes:
    """Return a body without one content coding; a body that is a page already stays unchanged.

    Raises ReadingError, and BrokenOffError for a truncated body.
    """
    try:
        return _undo_coding(coding, body)
    except ReadingError:
        if UNENCODED_PAGE_START.match(body):
            return body
        raise


def _undo_coding(coding: str, body: bytes) -> bytes:
    """Return a body without one content coding. Raises ReadingError and BrokenOffError."""
    if coding == "br":
        return _unbrotli_completely(body)
    if coding not in DECOMPRESSORS:
        raise ReadingError(f"unknown content encoding {coding[:20]!r}")
    for inflater in DECOMPRESSORS[coding]:
        try:
            return inflate_all_streams(inflater, body)
        except (zlib.error, zstd.ZstdError):
            continue
    content, is_complete = decompress_partially(coding, body)
    if is_complete:  # although the length in its trailer is wrong
        return content
    raise ReadingError(f"its {coding} data are corrupt")


def inflate_all_streams(inflater: Callable[[], Decompressor], body: bytes) -> bytes:
    """Return the content of all compressed streams in a body; foreign bytes behind them are
    ignored.

    Raises ReadingError for too many bytes or streams, BrokenOffError for a truncated stream, and
    the library's error if the first stream is corrupt.
    """
    content = b""
    for _ in range(MAX_COMPRESSED_STREAMS):
        part = inflater()
        try:
            content += part.decompress(body, MAX_PAGE_BYTES + 1 - len(content))
        except (zlib.error, zstd.ZstdError):
            if content:
                return content
            raise
        if len(content) > MAX_PAGE_BYTES:
            raise ReadingError(INFLATES_TOO_FAR)
        if not part.eof:
            raise TruncatedBodyError("its compressed body is truncated")
        body = part.unused_data
        if not body:
            return content
    raise ReadingError(f"its compressed body has more than {MAX_COMPRESSED_STREAMS} parts")


def _unbrotli_completely(body: bytes) -> bytes:
    """Return a brotli body decompressed. Raises ReadingError and BrokenOffError."""
    try:
        content = BrotliReader(BytesIO(body)).read(MAX_PAGE_BYTES + 1)
    except OSError as error:
        raise TruncatedBodyError("its br data are corrupt") from error
    if len(content) > MAX_PAGE_BYTES:
        raise ReadingError(INFLATES_TOO_FAR)
    return bytes(content)


def _unfold_header(value: str) -> str:
    """Return a header's value without the line breaks of obsolete folding (RFC 9112, 5.2)."""
    return re.sub(r"\r{0,2}\n[ \t]+", " ", value).strip()
