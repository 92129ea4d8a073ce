"""HTTP responses that lie in files as they went over the wire: head parted from body, chunks and
codings undone.

What recorders write is often not what its headers say: a body is kept decoded under the headers of
the encoded one. Such a body is taken as it is; one that is neither is refused, and so is one that
breaks off before the page's end.
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
"""Parts that a compressed body is put together from; honest ones have one."""

END_OF_HEAD = re.compile(rb"\r{0,2}\n\r{0,2}\n")
STATUS = re.compile(r"HTTP/\d(?:\.\d)?[ \t]+(\d{3})\b")
CHUNK = re.compile(rb"(?:\r?\n)?([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
PLAIN = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[!?A-Za-z]")
"""How a page begins that nothing encodes."""

Headers = tuple[tuple[str, str], ...]


class BrokenOffError(ReadingError):
    """A compressed body that does not come to its end."""


class Inflater(Protocol):
    """What zlib and zstd have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Response:
    """A response as it lies in a file; `body` as it went over the wire."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """All values of that name, joined as HTTP joins them; empty where there is none."""
        return ", ".join(value for key, value in self.headers if key.lower() == name)

    def dechunked(self) -> tuple[bytes, str | None]:
        """The body with chunked transfer coding undone, and why it may not be whole."""
        return (
            unchunked(self.body)
            if "chunked" in codings(self.header("transfer-encoding"))
            else (self.body, None)
        )

    def decoded(self) -> bytes:
        """The body with transfer and content coding undone.

        Raises ReadingError where it breaks off and nothing proves it whole, and for more than
        `LARGEST`.
        """
        transfer, content = (
            codings(self.header("transfer-encoding")),
            codings(self.header("content-encoding")),
        )
        body, doubt = self.dechunked()
        for coding in reversed(content + [coding for coding in transfer if coding != "chunked"]):
            try:
                body, doubt = undo(coding, body), None
            except BrokenOffError as error:
                body, ended = unpacked(coding, body)
                doubt = None if ended else str(error)
        if len(body) > LARGEST:
            raise ReadingError(f"larger than {LARGEST >> 20} MiB, which no page is")
        if doubt and not ends_document(body):
            raise ReadingError(doubt)
        return body


def parse_response(block: bytes) -> Response:
    """Head and body of a response; lines may end in a line feed alone. Raises ReadingError where it
    is none."""
    end = END_OF_HEAD.search(block, 0, LONGEST_HEAD)
    head = block[: end.start()] if end else block[:LONGEST_HEAD]
    first, *lines = re.split(r"\r{0,2}\n(?![ \t])", head.decode("latin-1"))
    status = STATUS.match(first)
    if not status:
        raise ReadingError("holds no HTTP response")
    if not end:
        raise ReadingError("its HTTP headers have no end")
    named = (line.partition(":") for line in lines)
    headers = ((name.strip(), _unfolded(value)) for name, colon, value in named if colon)
    return Response(int(status[1]), tuple(headers), block[end.end() :])


def unchunked(body: bytes) -> tuple[bytes, str | None]:
    """A body without its chunk sizes (RFC 9112, 7.1), and why it may not be whole: a broken or
    missing chunk.

    One that has no chunks is taken as it is.
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
    return b"".join(parts), "its chunks break off"


def undo(coding: str, body: bytes) -> bytes:
    """A body with one content coding undone; what is a page already is taken as it is. Raises
    ReadingError."""
    try:
        return _undone(coding, body)
    except ReadingError:
        if PLAIN.match(body):
            return body
        raise


def _undone(coding: str, body: bytes) -> bytes:
    if coding == "br":
        return _unbrotli(body)
    if coding not in STREAMS:
        raise ReadingError(f"content encoding {coding[:20]!r} is not known")
    for inflater in STREAMS[coding]:
        try:
            return inflate(inflater, body)
        except (zlib.error, zstd.ZstdError):
            continue
    whole, ended = unpacked(coding, body)
    if ended:  # all of it, though the length that it gives is wrong
        return whole
    raise ReadingError(f"its {coding} is broken")


def inflate(inflater: Callable[[], Inflater], body: bytes) -> bytes:
    """All parts of a compressed body; what follows them and is none is left. Raises ReadingError,
    or the library's."""
    whole = b""
    for _ in range(MOST_PARTS):
        part = inflater()
        try:
            whole += part.decompress(body, LARGEST + 1 - len(whole))
        except (zlib.error, zstd.ZstdError):
            if whole:
                return whole
            raise
        if len(whole) > LARGEST:
            raise ReadingError(f"inflates to more than {LARGEST >> 20} MiB, which no page is")
        if not part.eof:
            raise BrokenOffError("its compressed body breaks off")
        body = part.unused_data
        if not body:
            return whole
    raise ReadingError(f"its compressed body has more than {MOST_PARTS} parts")


def _unbrotli(body: bytes) -> bytes:
    try:
        whole = BrotliReader(BytesIO(body)).read(LARGEST + 1)
    except OSError as error:
        raise BrokenOffError("its br is broken") from error
    if len(whole) > LARGEST:
        raise ReadingError(f"inflates to more than {LARGEST >> 20} MiB, which no page is")
    return bytes(whole)


def _unfolded(value: str) -> str:
    return re.sub(r"\r{0,2}\n[ \t]+", " ", value).strip()
