"""WARC files of invented pages, as a crawler of the whole web writes them."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.stories import story


@dataclass(frozen=True)
class RecordedPage:
    """A page of a WARC file."""

    number: int
    """Of its text (`tests.stories.story`)."""
    host: str = "paper.example"
    captured_at: str = "2024-02-15T10:30:00Z"
    path: str = ""
    published: str = "2024-02-14"
    """In its metadata; empty: it states none."""
    language: str = "en"
    headline: str = ""
    text: str = ""
    padding_bytes: int = 0
    """Bytes that do not compress, in a comment."""

    @property
    def url(self) -> str:
        return f"https://{self.host}{self.path or f'/news/{self.number}'}"

    @property
    def body(self) -> bytes:
        """The page, with menus and scripts around the text."""
        paragraphs = "".join(
            f"<p>{each}</p>" for each in (self.text or story(self.number)).split("\n\n")
        )
        headline = self.headline or f"Report {self.number} from the harbour"
        dated = f'<meta property="article:published_time" content="{self.published}T08:00:00Z">'
        menu = "".join(
            f'<li><a href="/section/{each}">Section {each}</a></li>' for each in range(40)
        )
        padding = base64.b64encode(
            random.Random(self.number).randbytes(self.padding_bytes)
        ).decode()
        language = f' lang="{self.language}"' if self.language else ""
        return (
            f"<!doctype html><html{language}><head><title>{headline}</title>"
            f"{dated if self.published else ''}<script>var state = {{'ads': [1, 2, 3]}};</script></head>"
            f"<body><ul>{menu}</ul><article><h1>{headline}</h1>{paragraphs}</article><!--{padding}--></body></html>"
        ).encode()


def write_web_archive(path: Path, pages: Iterable[RecordedPage], *, gzip: bool = True) -> Path:
    """Write a WARC file with a request and a response for each page, and return its path."""
    out = BytesIO()
    writer = WARCWriter(out, gzip=gzip)
    for page in pages:
        add_response(writer, page)
    path.write_bytes(out.getvalue())
    return path


def add_response(writer: WARCWriter, page: RecordedPage) -> None:
    """Write the request and the response of a page."""
    dated = {"WARC-Date": page.captured_at}
    asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", page.host)], is_http_request=True)
    answered = StatusAndHeaders(
        "200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1"
    )
    writer.write_record(
        writer.create_warc_record(page.url, "request", http_headers=asked, warc_headers_dict=dated)
    )
    writer.write_record(
        writer.create_warc_record(
            page.url,
            "response",
            payload=BytesIO(page.body),
            length=len(page.body),
            http_headers=answered,
            warc_headers_dict=dated,
        )
    )
