"""Proof that a body is complete although its framing says otherwise.

Such a body has a wrong Content-Length, no last chunk, or a compressed stream that is cut short. Two
things prove that it is complete: the end of its compressed stream, or the end of its document
(`</html>`, `</rss>` …) with nothing but harmless markup after it. Without either, an unknown part
of the response is missing.
"""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import brotli

from crawler.files.saved_pages import MAX_PAGE_BYTES

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DECOMPRESSED_PIECE_BYTES = 256 * 1024
"""Bytes that are decompressed at once."""
GZIP_MAGIC = b"\x1f\x8b\x08"
"""The first bytes of a gzip member with deflated data (RFC 1952, 2.3)."""
MAX_GZIP_MEMBERS = 100
"""Members of a gzip stream; an honest page has one."""
MAX_DOCUMENT_TAIL_BYTES = 64 * 1024
"""Bytes that may follow the end of a document: comments of caches, scripts that count visits."""

DecompressionStream = Any
"""A decompressor of zlib or zstd."""

DOCUMENT_END_TAGS = (
    b"</html",
    b"</body",
    b"</rss",
    b"</feed",
    b"</rdf:rdf",
    b"</urlset",
    b"</sitemapindex",
    b"</opml",
)
"""End tags of the documents that a crawl fetches."""
TEXT_ONLY_TAGS = (b"script", b"style", b"textarea", b"title", b"iframe", b"xmp", b"noscript")
"""Elements whose text may look like markup."""
QUOTING_SPANS = ((b"<!--", b"-->"), (b"<![cdata[", b"]]>"))
"""Start and end of comments and CDATA sections."""
HARMLESS_TAIL = re.compile(
    rb"\s+|<!--(?:[^-]|-(?!->))*+-->|</(?:html|body)\s*>|<(script|style|noscript)\b[^>]*>(?:[^<]|<(?!/\1))*+</\1\s*>"
    rb"|<(?:img|link|meta)\b[^>]*>"
)


def is_complete_body(body: bytes, codings: Sequence[str]) -> bool:
    """Return whether a truncated body is complete nevertheless.

    `parse_codings` are its content codings, the last applied one first.
    """
    for coding in codings:
        body, ended = decompress_partially(coding, body)
        if ended:
            return True
    return ends_like_document(body)


def ends_like_document(body: bytes) -> bool:
    """Return whether a body ends with the end tag of a page, feed or sitemap.

    An end tag within a script or comment does not count.
    """
    text = body.replace(b"\0", b"") if b"\0" in body[-64:] else body  # UTF-16
    tail = text[-MAX_DOCUMENT_TAIL_BYTES:].lower()
    for end_tag in DOCUMENT_END_TAGS:
        start = tail.rfind(end_tag)
        end = tail.find(b">", start) + 1
        if start < 0 or not end:
            continue
        has_attributes = bool(tail[start + len(end_tag) : end - 1].strip())
        if not has_attributes and _has_harmless_tail(tail, end):
            before = text[: max(len(text) - len(tail), 0)].lower() + tail[:start]
            return not _ends_in_quotation(before)
    return False


def _has_harmless_tail(tail: bytes, position: int) -> bool:
    """Return whether only markup that may follow a document stands from a position on."""
    while position < len(tail):
        match = HARMLESS_TAIL.match(tail, position)
        if match is None:
            return False
        position = match.end()
    return True


def _ends_in_quotation(before: bytes) -> bool:
    """Return whether the bytes end within a comment or within an element of text only."""
    if any(before.rfind(opened) > before.rfind(closed) for opened, closed in QUOTING_SPANS):
        return True
    return any(before.rfind(b"<" + name) > before.rfind(b"</" + name) for name in TEXT_ONLY_TAGS)


# -- compressed streams ----------------------------------------------------------------------------


def parse_codings(value: str) -> list[str]:
    """Return the codings in a Content-Encoding or Transfer-Encoding header, as they were applied.

    Names that stand for no coding are left out.
    """
    names = [word.strip().lower() for word in value.split(",")]
    return [name for name in names if name not in ("", "identity", "none")]


def is_known_coding(coding: str) -> bool:
    """Return whether a body in this coding can be decompressed."""
    return coding == "br" or coding in DECOMPRESSORS


def decompress_partially(coding: str, body: bytes) -> tuple[bytes, bool]:
    """Decompress as much of a body as possible; the second value says if its stream is complete."""
    if coding == "br":
        return _unbrotli_partially(body)
    for make in DECOMPRESSORS.get(coding, ()):
        parts: list[bytes] = []
        ended = _inflate_members(make, body, parts)
        if parts:
            return b"".join(parts), ended
    return body, False


def _inflate_members(
    make: Callable[[], DecompressionStream], body: bytes, parts: list[bytes]
) -> bool:
    """Append the content of a stream to `parts`; return whether the stream is complete.

    Foreign bytes behind a stream are ignored. The members of a gzip stream (RFC 1952) are read
    without their trailers, as zlib would withhold the last bytes of a member whose length is wrong;
    the checksum must be right if it is there.
    """
    if make is not gzip_decompressor:
        return _inflate_stream(make(), body, parts)
    for _ in range(MAX_GZIP_MEMBERS):
        if not body.startswith(GZIP_MAGIC):
            return False
        stream, first_part = _raw_inflater(), len(parts)
        if not _inflate_stream(stream, body[_gzip_header_length(body) :], parts):
            return False
        trailer, body = stream.unused_data[:8], stream.unused_data[8:]
        checksum = zlib.crc32(b"".join(parts[first_part:])).to_bytes(4, "little")
        if len(trailer) == 8 and not trailer.startswith(checksum):
            return False
        if not body.startswith(GZIP_MAGIC):
            return True
    return False  # no page has this many members


def _gzip_header_length(body: bytes) -> int:
    """Return the number of bytes before the compressed data of a gzip member (RFC 1952, 2.3)."""
    flags = body[3] if len(body) > 3 else 0
    position = 10
    if flags & 4:  # an extra field and its length
        position += 2 + int.from_bytes(body[position : position + 2], "little")
    for flag in (8, 16):  # a file name and a comment, both ended by NUL
        if flags & flag:
            position = body.find(b"\0", position) + 1 or len(body)
    return position + 2 if flags & 2 else position  # a checksum of the header


def _inflate_stream(stream: DecompressionStream, body: bytes, parts: list[bytes]) -> bool:
    """Append the content of one stream to `parts`; return whether the stream is complete.

    Stops at `MAX_PAGE_BYTES` bytes in all parts.
    """
    size = sum(map(len, parts))
    try:
        while not stream.eof and size <= MAX_PAGE_BYTES:
            part = stream.decompress(body, DECOMPRESSED_PIECE_BYTES)
            body = getattr(stream, "unconsumed_tail", b"")
            if not part and not body and not stream.eof:
                break
            parts.append(part)
            size += len(part)
    except (zlib.error, zstd.ZstdError):
        return False
    return bool(stream.eof)


def _unbrotli_partially(body: bytes) -> tuple[bytes, bool]:
    """Decompress as much of a brotli stream as possible, and return whether it is complete."""
    stream = brotli.Decompressor()
    parts: list[bytes] = []
    size, remaining = 0, body
    try:
        while not stream.is_finished() and size <= MAX_PAGE_BYTES:
            part = stream.process(remaining, output_buffer_limit=DECOMPRESSED_PIECE_BYTES)
            if not part:
                break
            remaining = b""  # the stream holds the rest
            parts.append(part)
            size += len(part)
    except brotli.error:
        return (b"".join(parts), False) if parts else (body, False)
    return b"".join(parts), stream.is_finished()


def gzip_decompressor() -> DecompressionStream:
    """Return a decompressor of one gzip member."""
    return zlib.decompressobj(zlib.MAX_WBITS + 16)


def _raw_inflater() -> DecompressionStream:
    """Return a decompressor of deflated data without a header (RFC 1951)."""
    return zlib.decompressobj(-zlib.MAX_WBITS)


DECOMPRESSORS: dict[str, tuple[Callable[[], DecompressionStream], ...]] = {
    "gzip": (gzip_decompressor,),
    "x-gzip": (gzip_decompressor,),
    "deflate": (zlib.decompressobj, _raw_inflater),  # with zlib's header, and often without
    "zstd": (zstd.ZstdDecompressor,),
}
"""Content coding → factories of its decompressors; the first one that accepts a body counts."""
