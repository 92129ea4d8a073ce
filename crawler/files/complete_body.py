"""Is a body whole although its framing says otherwise: a wrong Content-Length, no last chunk, a
stream cut short?

Two things prove it: the end of its compressed stream, or the end of its document (`</html>`,
`</rss>` …) with nothing after it but what may follow one. Without either the answer broke off, and
nobody knows what is missing.
"""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import brotli  # type: ignore[import-untyped]  # Scrapy brings it

from crawler.files.saved_pages import LARGEST

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE = 256 * 1024
GZIP = b"\x1f\x8b\x08"
MOST_MEMBERS = 100
"""Of a gzip stream; honest ones have one."""
LONGEST_TAIL = 64 * 1024
"""Bytes after the end of a document: comments of caches, scripts that count visitors."""

Stream = Any
"""A decompressor of zlib or zstd."""

ENDS = (
    b"</html",
    b"</body",
    b"</rss",
    b"</feed",
    b"</rdf:rdf",
    b"</urlset",
    b"</sitemapindex",
    b"</opml",
)
HOLDING = (b"script", b"style", b"textarea", b"title", b"iframe", b"xmp", b"noscript")
"""Elements whose text may be mark-up that is none."""
SPANS = ((b"<!--", b"-->"), (b"<![cdata[", b"]]>"))
MAY_FOLLOW = re.compile(
    rb"\s+|<!--(?:[^-]|-(?!->))*+-->|</(?:html|body)\s*>|<(script|style|noscript)\b[^>]*>(?:[^<]|<(?!/\1))*+</\1\s*>"
    rb"|<(?:img|link|meta)\b[^>]*>"
)


def is_whole(body: bytes, codings: Sequence[str]) -> bool:
    """Is a body that broke off whole? `codings`: of its content, the one that was applied last
    first."""
    for coding in codings:
        body, ended = unpacked(coding, body)
        if ended:
            return True
    return ends_document(body)


def ends_document(body: bytes) -> bool:
    """Does a body end as a page, feed or sitemap ends, and not inside a script or comment that
    quotes such an end?"""
    text = body.replace(b"\0", b"") if b"\0" in body[-64:] else body  # UTF-16
    tail = text[-LONGEST_TAIL:].lower()
    for end in ENDS:
        at = tail.rfind(end)
        closed = tail.find(b">", at) + 1
        if (
            at >= 0
            and closed
            and not tail[at + len(end) : closed - 1].strip()
            and _may_all_follow(tail, closed)
        ):
            return not _is_quoted(text[: max(len(text) - len(tail), 0)].lower() + tail[:at])
    return False


def _may_all_follow(tail: bytes, at: int) -> bool:
    while at < len(tail):
        found = MAY_FOLLOW.match(tail, at)
        if found is None:
            return False
        at = found.end()
    return True


def _is_quoted(before: bytes) -> bool:
    """Stands what comes next inside a comment, or in an element that holds text alone?"""
    if any(before.rfind(opened) > before.rfind(closed) for opened, closed in SPANS):
        return True
    return any(before.rfind(b"<" + name) > before.rfind(b"</" + name) for name in HOLDING)


# -- compressed streams ----------------------------------------------------------------------------


def codings(value: str) -> list[str]:
    """The codings that a Content-Encoding or Transfer-Encoding header names, the one that was
    applied first first."""
    return [
        coding
        for word in value.split(",")
        if (coding := word.strip().lower()) not in ("", "identity", "none")
    ]


def is_known(coding: str) -> bool:
    """Can a body in this coding be unpacked?"""
    return coding == "br" or coding in STREAMS


def unpacked(coding: str, body: bytes) -> tuple[bytes, bool]:
    """As much of a body as can be unpacked, and whether its stream comes to its end."""
    if coding == "br":
        return _unbrotli(body)
    for make in STREAMS.get(coding, ()):
        parts: list[bytes] = []
        ended = _members(make, body, parts)
        if parts:
            return b"".join(parts), ended
    return body, False


def _members(make: Callable[[], Stream], body: bytes, parts: list[bytes]) -> bool:
    """Add to `parts` what a stream holds; does it come to its end? What follows it and is none is
    left.

    The members of a gzip stream (RFC 1952) are read without their trailers, as zlib would withhold
    the last of a member whose length is wrong; its checksum must be right where it is there.
    """
    if make is not _gunzipper:
        return _inflate(make(), body, parts)
    for _ in range(MOST_MEMBERS):
        stream, before = _raw_inflater(), len(parts)
        if not body.startswith(GZIP) or not _inflate(stream, body[_head_of_member(body) :], parts):
            return False
        trailer, body = stream.unused_data[:8], stream.unused_data[8:]
        checksum = zlib.crc32(b"".join(parts[before:])).to_bytes(4, "little")
        if len(trailer) == 8 and not trailer.startswith(checksum):
            return False
        if not body.startswith(GZIP):
            return True
    return False  # so many are no page


def _head_of_member(body: bytes) -> int:
    """Bytes before the compressed data of a gzip member (RFC 1952, 2.3)."""
    flags = body[3] if len(body) > 3 else 0
    at = 10
    if flags & 4:
        at += 2 + int.from_bytes(body[at : at + 2], "little")
    for flag in (8, 16):
        if flags & flag:
            at = body.find(b"\0", at) + 1 or len(body)
    return at + 2 if flags & 2 else at


def _inflate(stream: Stream, body: bytes, parts: list[bytes]) -> bool:
    size = sum(map(len, parts))
    try:
        while not stream.eof and size <= LARGEST:
            part = stream.decompress(body, PIECE)
            body = getattr(stream, "unconsumed_tail", b"")
            if not part and not body and not stream.eof:
                break
            parts.append(part)
            size += len(part)
    except (zlib.error, zstd.ZstdError):
        return False
    return bool(stream.eof)


def _unbrotli(body: bytes) -> tuple[bytes, bool]:
    stream = brotli.Decompressor()
    parts: list[bytes] = []
    size, left = 0, body
    try:
        while not stream.is_finished() and size <= LARGEST:
            part = stream.process(left, output_buffer_limit=PIECE)
            if not part:
                break
            left = b""
            parts.append(part)
            size += len(part)
    except brotli.error:
        return (b"".join(parts), False) if parts else (body, False)
    return b"".join(parts), stream.is_finished()


def _gunzipper() -> Stream:
    return zlib.decompressobj(zlib.MAX_WBITS + 16)


def _raw_inflater() -> Stream:
    return zlib.decompressobj(-zlib.MAX_WBITS)


STREAMS: dict[str, tuple[Callable[[], Stream], ...]] = {
    "gzip": (_gunzipper,),
    "x-gzip": (_gunzipper,),
    "deflate": (zlib.decompressobj, _raw_inflater),  # with zlib's head, and often without
    "zstd": (zstd.ZstdDecompressor,),
}
"""What makes a decompressor of a content coding; of several the first that takes the body."""
