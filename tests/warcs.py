"""WARC files of invented pages."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.stories import story


def article_url(number: int) -> str:
    """Where the article with a number stands; every seventh outlet is another."""
    return f"http://paper{number % 7}.example/news/{number}"


def article_body(number: int) -> bytes:
    """A page with an article that no other number has."""
    day = 1 + number % 28
    return (
        f"<!doctype html><html lang=en><head><title>Pier {number}</title>"
        f'<meta property="article:published_time" content="2026-03-{day:02d}T10:00:00Z"></head>'
        f"<body><article><h1>Pier {number} is moved</h1>{story(number)}</article></body></html>"
    ).encode()


def write_warc(path: Path, numbers: Iterable[int]) -> Path:
    """Write the articles with these numbers into a WARC file, and return it."""
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for number in numbers:
            headers = StatusAndHeaders(
                "200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1"
            )
            record = writer.create_warc_record(
                article_url(number),
                "response",
                payload=BytesIO(article_body(number)),
                http_headers=headers,
                warc_headers_dict={"WARC-Date": "2026-03-30T00:00:00Z"},
            )
            writer.write_record(record)
    return path
