"""The Python interface for single pages: from bytes or a file to an article, without an archive.

from crawler.api import read_page

article = read_page(html, "https://harbour.example/news/ferry")
print(article.headline, article.published_at)
"""

from __future__ import annotations

from pathlib import Path

from archive.errors import UsageError
from archive.records import Article, Capture, current_timestamp
from crawler.extraction.extract import extract_article
from crawler.files.saved_pages import capture_saved_page
from pipelines.clean import clean_article
from pipelines.urls import request_url

__all__ = ["Article", "read_page"]


def read_page(
    page: bytes | str | Path, url: str | None = None, content_type: str | None = None
) -> Article:
    """Return the article of a page, as `dateline extract` does for a single page.

    `page` is the bytes of a page, for which the `url` is required, or the path of a file. The
    `content_type` is that of the response, which may name the encoding. Whether the page is an
    article is in `page_type`, and why not in `page_reason`; a page that cannot be read raises
    nothing. Raises UsageError for a file that cannot be read, and for an invalid URL.

    It works in this process: a hostile page can take as much time as it likes. A crawl uses other
    processes with a time limit.
    """
    address = None if url is None else request_url(url)
    if isinstance(page, bytes):
        if address is None:
            raise UsageError("the URL of a page in memory is needed")
        headers = (("Content-Type", content_type),) if content_type else ()
        capture = Capture(address, page, headers=headers, fetched_at=current_timestamp())
    else:
        capture = capture_saved_page(Path(page), address)
    return clean_article(extract_article(capture))
