"""The original URL inside a web archive's URL. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from crawler.text.urls import web_url

CAPTURED = re.compile(
    r"https?://(?:(?:web\.|wayback\.|www\.)?archive\.org/web|(?:www\.)?archive\.(?:today|is|ph|fo|li|md|vn))"
    r"/[\d.*-]{1,20}(?:[a-z]{2}_)?/(?P<url>.+)",
    re.IGNORECASE | re.DOTALL,
)


def original_url(url: str) -> str | None:
    """The page's own address in a web archive's:
    `https://web.archive.org/web/2020/http://a.example/b`; else None."""
    found = CAPTURED.match(url)
    if found is None:
        return None
    inner = (
        unquote(found["url"])
        if re.match("https?%3A", found["url"], re.IGNORECASE)
        else found["url"]
    )
    inner = re.sub(r"^(https?):/+", r"\1://", inner, flags=re.IGNORECASE)
    if not re.match(r"https?://", inner, re.IGNORECASE):
        inner = f"http://{inner}"
    address_, _ = web_url(inner, url)
    return address_ if address_ and "." in (urlsplit(address_).hostname or "") else None
