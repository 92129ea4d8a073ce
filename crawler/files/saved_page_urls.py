"""The URL of a saved page, as the program that saved it wrote it into the file; and MHTML files.

Programs write the URL that was requested, which takes precedence over what the page declares.
Without it, an absolute `base` or the page's JSON-LD may still name the article, as a last resort.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import Message
from html import unescape
from urllib.parse import urlsplit

from archive.errors import UsageError
from archive.records import Article
from crawler.text.archived_urls import url_in_archived_url
from pipelines.urls import request_url

SAVED_PAGE_HEAD_BYTES = 64 * 1024
"""Bytes at the start of a file, where programs write the URL."""
_SAVED_URL_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"<!--\s{0,9}saved from url=\(\d{1,6}\)([^\s>]{1,4000})",  # Internet Explorer, Chrome, Edge
        r"<!--\s{0,9}Page saved with SingleFile\s{1,9}url:\s{0,9}(\S{1,4000})",
        # WebScrapBook
        r"<html\b[^>]{0,2000}\sdata-scrapbook-source\s{0,9}=\s{0,9}[\"']([^\"']{1,4000})",
        # Save Page WE
        r"<meta\b[^>]{0,200}name=[\"']?savepage-url[\"']?[^>]{0,200}content=[\"']([^\"']{1,4000})",
        r"<!--\s{0,9}Saved from (https?://\S{1,4000}) at .{0,80}monolith",
        r"<!--\s{0,9}Mirrored from ([^\s>]{1,4000}) by HTTrack",
        r"<link\b[^>]{0,200}rel=[\"']?bookmark[\"']?[^>]{0,200}href=[\"']?(https?://archive\.(?:today|ph|is|md|li|vn|fo)/[^\"'\s>]+)",
        # the Wayback Machine
        r"__wm\.wombat\(\s{0,9}[\"']([^\"']{1,4000})[\"']\s{0,9},\s{0,9}[\"']\d{14}",
    )
)  # fmt: skip
_BASE_HREF = re.compile(
    r"<base\b[^>]{0,500}href\s{0,9}=\s{0,9}[\"']?(https?://[^\"'\s>]{1,4000})", re.IGNORECASE
)


def find_saved_url(body: bytes) -> str | None:
    """Return the URL that the saving program wrote into a page, or None."""
    head = body[:SAVED_PAGE_HEAD_BYTES].decode("utf-8", "replace")
    matches = (pattern.search(head) for pattern in _SAVED_URL_PATTERNS)
    return _first_web_url(match[1] for match in matches if match)


def find_declared_url(article: Article, body: bytes) -> str | None:
    """Return the URL that a page without a canonical URL gives in its JSON-LD or as its base.

    None without such a URL, or if it is that of a home page.
    """
    base = _BASE_HREF.search(body[:SAVED_PAGE_HEAD_BYTES].decode("utf-8", "replace"))
    # a base that ends in a slash is a folder, mostly the root
    page_base = base[1] if base and not base[1].endswith("/") else ""
    links = (article.addresses.get("json-ld"), page_base, article.addresses.get("amphtml"))
    for link in links:
        url = _saved_link_url(link) if link else None
        if url and urlsplit(url).path.strip("/"):
            return url
    return None


def unarchive_url(url: str) -> str:
    """Return the original URL inside a web archive's URL; any other URL unchanged."""
    return url_in_archived_url(url) or url


def _first_web_url(links: Iterable[str | None]) -> str | None:
    """Return the first of the links that is a web URL."""
    for link in links:
        url = _saved_link_url(link) if link else None
        if url:
            return url
    return None


def _saved_link_url(link: str) -> str | None:
    """Return a link that a program wrote into a file as a URL; None if it is not a web URL."""
    text = unescape(link.strip())
    text = text if re.match(r"[a-z]+:", text, re.IGNORECASE) else f"http://{text}"
    try:
        return request_url(unarchive_url(text))
    except UsageError:
        return None


# -- MHTML -----------------------------------------------------------------------------------------

_MAIL_HEAD = re.compile(
    rb"(?:[A-Za-z][A-Za-z-]{1,60}:[^\n]{0,2000}\r?\n(?:[ \t][^\n]{0,2000}\r?\n){0,20}){1,40}\r?\n",
    re.DOTALL,
)
_MAIL_FIELD = re.compile(rb"(?im)^(?:mime-version|content-type|snapshot-content-location):")
HTML_TYPES = ("text/html", "application/xhtml+xml")


def is_mhtml(body: bytes) -> bool:
    """Return whether a file is a page in the form of a mail, MHTML (RFC 2557).

    Chrome and Internet Explorer save pages in this form.
    """
    head = _MAIL_HEAD.match(body.lstrip()[:16384])
    return bool(head and len(_MAIL_FIELD.findall(head[0])) >= 2)


def read_mhtml_page(body: bytes) -> tuple[bytes, str, str | None]:
    """Return the page in an MHTML file, decoded, its content type, and the URL it was saved from.

    Raises UsageError for a file without a page.
    """
    try:
        mail = message_from_bytes(body.lstrip(), policy=policy.compat32)
        pages = [part for part in mail.walk() if part.get_content_type() in HTML_TYPES]
        page = _main_mhtml_page(pages, mail)
        text = page.get_payload(decode=True) if page is not None else None
    except (MessageError, ValueError, LookupError, RecursionError) as error:
        reason = " ".join(str(error).split())[:100]
        raise UsageError(f"cannot be read as MHTML ({reason})") from error
    if page is None or not isinstance(text, bytes) or not text.strip():
        raise UsageError("is MHTML without a page in it")
    locations = (
        mail.get("Snapshot-Content-Location"),
        page.get("Content-Location"),
        mail.get("Content-Location"),
    )
    charset = page.get_content_charset()
    content_type = page.get_content_type() + (f"; charset={charset}" if charset else "")
    url = _first_web_url(_unfold_location(location) for location in locations if location)
    return text, content_type, url


def _main_mhtml_page(pages: list[Message], mail: Message) -> Message | None:
    """Return the page itself among its frames: the one at the URL of the file, or the first."""
    location = mail.get("Snapshot-Content-Location")
    if location:
        for page in pages:
            if page.get("Content-Location") == location:
                return page
    return pages[0] if pages else None


def _unfold_location(value: str) -> str:
    """Return a header with a URL without its line breaks, blanks and angle brackets."""
    return re.sub(r"\s+", "", str(value)).strip("<>")
