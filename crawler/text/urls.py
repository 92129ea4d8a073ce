"""Make absolute web URLs of links as pages and feeds write them. Pure."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

MAX_URL_CHARS = 4_096
"""Characters; what is longer is no address that a page would have."""
_PLAIN_URL = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[^\s\\&]*(?:&(?!amp;|#)[^\s\\&]*)*)?"
)
"""Nothing to be mended; most of a sitemap's 50,000 need no closer look."""


def web_url(link: str | None, base: str) -> tuple[str | None, str]:
    """The absolute http or https URL that `link` means on `base`, or None and why there is none.

    What a browser leaves out of an address is left out here: spaces around it, line breaks and tabs
    inside it.
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
        address = urljoin(base, text)
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None, f"no valid address ({shown})"
    if parts.scheme not in ("http", "https"):
        return None, f"a {parts.scheme or 'relative'}: link ({shown})"
    return (address, "") if host else (None, f"an address without host ({shown})")
