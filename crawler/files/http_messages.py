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
from crawler.files.complete_body import STREAMS, codings, ends_document, unpacked
from crawler.files.saved_pages import LARGEST

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LONGEST_HEAD = 64 * 1024
"""Bytes of a status line and its headers."""
MOST_PARTS = 100
"""Compressed streams in one body; an honest page has one."""

END_OF_HEAD = re.compile(rb"\r{0,2}\n\r{0,2}\n")
STATUS = re.compile(r"HTTP/\d(?:\.\d)?[ \t]+(\d{3})\b")
CHUNK = re.compile(rb"(?:\r?\n)?([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
PLAIN = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[!?A-Za-z]")
"""The beginning of a page without any coding."""

INFLATES_TOO_FAR = f"decompresses to more than {LARGEST >> 20} MiB, the limit for a page"

Headers = tuple[tuple[str, str], ...]


class BrokenOffError(ReadingError):
    """A compressed body is truncated."""


class Inflater(Protocol):
    """The interface that the decompressors of zlib and zstd share."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Response:
    """A response as a file holds it; `body` with all its codings."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """Return all values of a header, joined by commas as in HTTP; empty without the header.

        `name` is in lower case.
        """
        return ", ".join(value for key, value in self.headers if key.lower() == name)

    def dechunked_body(self) -> tuple[bytes, str | None]:
        """Return the body without its chunk sizes, and the reason why it may be incomplete."""
        if "chunked" in codings(self.header("transfer-encoding")):
            return unchunked(self.body)
        return self.body, None

    def decoded_body(self) -> bytes:
        """Return the body without transfer and content codings.

        Raises ReadingError for a truncated body that nothing proves complete, and for one of more
        than `LARGEST` bytes.
        """
        transfer_codings = codings(self.header("transfer-encoding"))
        applied = codings(self.header("content-encoding"))
        applied += [coding for coding in transfer_codings if coding != "chunked"]
        body, doubt = self.dechunked_body()
        for coding in reversed(applied):
            try:
                body, doubt = undo(coding, body), None
            except BrokenOffError as error:
                body, is_complete = unpacked(coding, body)
                doubt = None if is_complete else str(error)
        if len(body) > LARGEST:
            raise ReadingError(f"larger than {LARGEST >> 20} MiB, the limit for a page")
        if doubt and not ends_document(body):
            raise ReadingError(doubt)
        return body


def parse_response(block: bytes) -> Response:
    """Parse the head of a response, whose lines may end in a line feed alone.

    Raises ReadingError for bytes that are not a response.
    """
    end = END_OF_HEAD.search(block, 0, LONGEST_HEAD)
    head = block[: end.start()] if end else block[:LONGEST_HEAD]
    first, *lines = re.split(r"\r{0,2}\n(?![ \t])", head.decode("latin-1"))
    status = STATUS.match(first)
    if not status:
        raise ReadingError("contains no HTTP response")
    if not end:
        raise ReadingError("its HTTP headers do not end")
    fields = (line.partition(":") for line in lines)
    headers = ((name.strip(), _unfolded(value)) for name, colon, value in fields if colon)
    return Response(int(status[1]), tuple(headers), block[end.end() :])


def unchunked(body: bytes) -> tuple[bytes, str | None]:
    """Return a body without its chunk sizes (RFC 9112, 7.1), and the reason if it is truncated.

    A body without chunks is returned unchanged.
    """
    size = CHUNK.match(body)
    if size is None:
        return body, None
    parts: list[bytes] = []
    while size is not None:
        end = size.end() + int(size[1], 16)
        if end == size.end():
            return b"".join(parts), None
        parts.append(body[size.end() : end])
        size = CHUNK.match(body, end)
    return b"".join(parts), "its chunked body is truncated"


def undo(coding: str, body: bytes) -> bytes:
    """Return a body without one content coding; a body that is a page already stays unchanged.

    Raises ReadingError, and BrokenOffError for a truncated body.
    """
    try:
        return _undone(coding, body)
    except ReadingError:
        if PLAIN.match(body):
            return body
        raise


def _undone(coding: str, body: bytes) -> bytes:
    """Return a body without one content coding. Raises ReadingError and BrokenOffError."""
    if coding == "br":
        return _unbrotli(body)
    if coding not in STREAMS:
        raise ReadingError(f"unknown content encoding {coding[:20]!r}")
    for inflater in STREAMS[coding]:
        try:
            return inflate(inflater, body)
        except (zlib.error, zstd.ZstdError):
            continue
    content, is_complete = unpacked(coding, body)
    if is_complete:  # although the length in its trailer is wrong
        return content
    raise ReadingError(f"its {coding} data are corrupt")


def inflate(inflater: Callable[[], Inflater], body: bytes) -> bytes:
    """Return the content of all compressed streams in a body; foreign bytes behind them are ignored.

    Raises ReadingError for too many bytes or streams, BrokenOffError for a truncated stream, and
    the library's error if the first stream is corrupt.
    """
    content = b""
    for _ in range(MOST_PARTS):
        part = inflater()
        try:
            content += part.decompress(body, LARGEST + 1 - len(content))
        except (zlib.error, zstd.ZstdError):
            if content:
                return content
            raise
        if len(content) > LARGEST:
            raise ReadingError(INFLATES_TOO_FAR)
        if not part.eof:
            raise BrokenOffError("its compressed body is truncated")
        body = part.unused_data
        if not body:
            return content
    raise ReadingError(f"its compressed body has more than {MOST_PARTS} parts")


def _unbrotli(body: bytes) -> bytes:
    """Return a brotli body decompressed. Raises ReadingError and BrokenOffError."""
    try:
        content = BrotliReader(BytesIO(body)).read(LARGEST + 1)
    except OSError as error:
        raise BrokenOffError("its br data are corrupt") from error
    if len(content) > LARGEST:
        raise ReadingError(INFLATES_TOO_FAR)
    return bytes(content)


def _unfolded(value: str) -> str:
    """Return a header's value without the line breaks of obsolete folding (RFC 9112, 5.2)."""
    return re.sub(r"\r{0,2}\n[ \t]+", " ", value).strip()
