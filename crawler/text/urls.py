"""Absolute web URLs from links as pages and feeds write them. Pure."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

MAX_URL_CHARS = 4_096
"""Longer links are not followed: no page has such a URL."""
_PLAIN_URL = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[^\s\\&]*(?:&(?!amp;|#)[^\s\\&]*)*)?"
)
"""A URL that needs no repair, like most of the 50,000 in a sitemap: a fast path."""


def resolve_web_url(link: str | None, base: str) -> tuple[str | None, str]:
    """Resolve a link against the URL of its page: an http or https URL, or None with the reason.

    As in browsers (WHATWG URL), spaces around a link go, and so do line breaks and tabs in it. The
    second value is the reason, empty for a URL.
    """
    text = (link or "").strip()
    if len(text) <= MAX_URL_CHARS and _PLAIN_URL.fullmatch(text):
        return text, ""
    text = re.sub(r"[\t\r\n]+ *", "", text).replace(" ", "%20")
    text = re.sub(r"&amp;|&#0*38;", "&", text)
    if not text:
        return None, "no link"
    shown = text[:60]
    if len(text) > MAX_URL_CHARS:
        return None, f"a link of {len(text):,} characters ({shown}…)"
    try:
        url = urljoin(base, text)
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # reading the port raises ValueError if it is invalid
    except ValueError:
        return None, f"not a valid URL ({shown})"
    if parts.scheme not in ("http", "https"):
        return None, f"a {parts.scheme or 'relative'}: link ({shown})"
    return (url, "") if host else (None, f"a URL without a host ({shown})")
