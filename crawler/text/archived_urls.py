"""The original URL inside a web archive's URL. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from crawler.text.urls import resolve_web_url

ARCHIVED_URL = re.compile(
    r"https?://(?:(?:web\.|wayback\.|www\.)?archive\.org/web|(?:www\.)?archive\.(?:today|is|ph|fo|li|md|vn))"
    r"/[\d.*-]{1,20}(?:[a-z]{2}_)?/(?P<url>.+)",
    re.IGNORECASE | re.DOTALL,
)


def url_in_archived_url(url: str) -> str | None:
    """Return the original URL inside a web archive's URL; None for any other URL.

    `https://web.archive.org/web/2020/http://a.example/b` → `http://a.example/b`.
    """
    match = ARCHIVED_URL.match(url)
    if match is None:
        return None
    inner = match["url"]
    if re.match("https?%3A", inner, re.IGNORECASE):
        inner = unquote(inner)
    inner = re.sub(r"^(https?):/+", r"\1://", inner, flags=re.IGNORECASE)
    if not re.match(r"https?://", inner, re.IGNORECASE):
        inner = f"http://{inner}"
    resolved, _ = resolve_web_url(inner, url)
    if resolved is None or "." not in (urlsplit(resolved).hostname or ""):
        return None
    return resolved
