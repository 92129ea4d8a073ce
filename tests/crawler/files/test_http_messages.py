"""Responses as recorders leave them: chunked, compressed, broken, or not what their headers say."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest

from archive.errors import ReadingError
from crawler.files.http_messages import MAX_PAGE_BYTES, parse_response, zstd

PAGE = b"<!doctype html><p>" + b"The ferry sails again. " * 200
# Of PAGE, by the reference encoder (quality 11).
BROTLI = bytes.fromhex(
    "1b0912f88d935cfdea944e8ef44491076fb505eda78a872a8599e8b0c4c0049824b8d844517a38673d80de4c0008"
)


def chunked(body: bytes, size: int = 700, extension: bytes = b"") -> bytes:
    pieces = (body[at : at + size] for at in range(0, len(body), size))
    return (
        b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)
        + b"0\r\n\r\n"
    )


def response(body: bytes, *headers: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode() + body


def raw_deflate(body: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(body) + deflater.flush()


ENCODED = {
    "plain": ([], PAGE),
    "gzip": (["Content-Encoding: gzip"], gzip.compress(PAGE)),
    "gzip in capitals": (["CONTENT-ENCODING: GZIP"], gzip.compress(PAGE)),
    "x-gzip": (["Content-Encoding: x-gzip"], gzip.compress(PAGE)),
    "gzip in two parts": (
        ["Content-Encoding: gzip"],
        gzip.compress(PAGE[:50]) + gzip.compress(PAGE[50:]),
    ),
    "gzip and rubbish after it": (["Content-Encoding: gzip"], gzip.compress(PAGE) + b"\0\0rubbish"),
    "gzip in gzip": (["Content-Encoding: gzip, gzip"], gzip.compress(gzip.compress(PAGE))),
    "deflate with zlib's head": (["Content-Encoding: deflate"], zlib.compress(PAGE)),
    "deflate without": (["Content-Encoding: deflate"], raw_deflate(PAGE)),
    "zstd": (["Content-Encoding: zstd"], zstd.compress(PAGE)),
    "br": (["Content-Encoding: br"], BROTLI),
    "identity": (["Content-Encoding: identity"], PAGE),
    "chunked": (["Transfer-Encoding: chunked"], chunked(PAGE)),
    "chunked with extensions": (["Transfer-Encoding: chunked"], chunked(PAGE, extension=b";a=b")),
    "chunked gzip": (
        ["Transfer-Encoding: chunked", "Content-Encoding: gzip"],
        chunked(gzip.compress(PAGE), 10),
    ),
    "gzip on the way": (["Transfer-Encoding: gzip, chunked"], chunked(gzip.compress(PAGE), 10)),
    "called gzip, and is not": (["Content-Encoding: gzip"], PAGE),
    "called br, and is not": (["Content-Encoding: br"], PAGE),
    "called what nobody knows, and is plain": (["Content-Encoding: utf-8"], PAGE),
    "called chunked, and is not": (["Transfer-Encoding: chunked"], PAGE),
}


@pytest.mark.parametrize(("headers", "body"), ENCODED.values(), ids=ENCODED)
def test_the_page_is_read_however_it_was_sent(headers: list[str], body: bytes) -> None:
    assert parse_response(response(body, *headers)).decoded_body() == PAGE


BROKEN: dict[str, tuple[list[str], bytes | Callable[[], bytes], str]] = {
    "gzip breaks off": (["Content-Encoding: gzip"], gzip.compress(PAGE)[:-20], "truncated"),
    "gzip is broken": (
        ["Content-Encoding: gzip"],
        gzip.compress(PAGE)[:10] + b"\x07" * 40,
        "gzip data are corrupt",
    ),
    "br breaks off": (["Content-Encoding: br"], BROTLI[:-3], "br data are corrupt"),
    "zstd breaks off": (["Content-Encoding: zstd"], zstd.compress(PAGE)[:-3], "truncated"),
    "unknown coding": (
        ["Content-Encoding: rot13"],
        b"\x01\x02",
        "unknown content encoding 'rot13'",
    ),
    "chunks break off": (
        ["Transfer-Encoding: chunked"],
        chunked(PAGE)[:1500],
        "chunked body is truncated",
    ),
    "chunks are broken": (
        ["Transfer-Encoding: chunked"],
        chunked(PAGE)[:705] + b"\r\nzz\r\n",
        "chunked body is truncated",
    ),
    "no end of chunks": (
        ["Transfer-Encoding: chunked"],
        chunked(PAGE)[:-5],
        "chunked body is truncated",
    ),
    "gzip bomb": (
        ["Content-Encoding: gzip"],
        lambda: gzip.compress(bytes(MAX_PAGE_BYTES + 1)),
        "more than 16 MiB",
    ),
    "gzip bomb in parts": (
        ["Content-Encoding: gzip"],
        lambda: gzip.compress(bytes(MAX_PAGE_BYTES // 2)) * 3,
        "more than 16 MiB",
    ),
    "gzip bomb in gzip": (
        ["Content-Encoding: gzip, gzip"],
        lambda: gzip.compress(gzip.compress(bytes(2 * MAX_PAGE_BYTES))),
        "more",
    ),
    "zstd bomb": (
        ["Content-Encoding: zstd"],
        lambda: zstd.compress(bytes(MAX_PAGE_BYTES + 1)),
        "more than 16 MiB",
    ),
    "a thousand empty parts": (
        ["Content-Encoding: gzip"],
        gzip.compress(b"") * 1000,
        "more than 100 parts",
    ),
    "too large as it is": ([], lambda: b"<p>" + b"x" * MAX_PAGE_BYTES, "larger than 16 MiB"),
}


@pytest.mark.parametrize(("headers", "body", "why"), BROKEN.values(), ids=BROKEN)
def test_a_page_that_is_not_whole_is_refused_with_a_reason(
    headers: list[str], body: bytes | Callable[[], bytes], why: str
) -> None:
    data = body if isinstance(body, bytes) else body()
    with pytest.raises(ReadingError, match=why):
        parse_response(response(data, *headers)).decoded_body()


@pytest.mark.parametrize(
    ("block", "status", "headers", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nA: b\r\nA: c\r\n\r\n<p>", 200, (("A", "b"), ("A", "c")), b"<p>"),
        (b"HTTP/1.0 404\nA: b\n\n<p>", 404, (("A", "b"),), b"<p>"),
        (b"HTTP/2 200\r\nA: caf\xe9\r\n\r\n", 200, (("A", "caf\xe9"),), b""),
        (
            b"HTTP/1.1 200 OK\r\nA: one\r\n two\r\nnot a header\r\n\r\n<p>",
            200,
            (("A", "one two"),),
            b"<p>",
        ),
        (b"HTTP/1.1 302 \r\r\nA: b\r\r\n\r\r\n", 302, (("A", "b"),), b""),
    ],
)
def test_head_and_body_are_parted(
    block: bytes, status: int, headers: tuple[tuple[str, str]], body: bytes
) -> None:
    read = parse_response(block)

    assert (read.status, read.headers, read.body) == (status, headers, body)


@pytest.mark.parametrize(
    "block", [b"", b"<p>no head</p>\r\n\r\n", b"ICY 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: b\r\n"]
)
def test_what_is_no_response_is_refused(block: bytes) -> None:
    with pytest.raises(ReadingError):
        parse_response(block)
