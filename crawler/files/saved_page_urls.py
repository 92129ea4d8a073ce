"""Where a saved page came from, as the program that saved it wrote it into the file; and pages
saved as MHTML.

What the program says is the address that was asked for, and goes before what the page declares of
itself. Where it says nothing, an absolute `base` or the page's JSON-LD may still name the article;
they are asked last.
"""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import Message
from html import unescape
from urllib.parse import urlsplit

from archive.errors import UsageError
from archive.records import Article
from crawler.text.archived_urls import original_url
from pipelines.urls import request_url

LOOKED_THROUGH = 64 * 1024
"""Bytes at the head of a page; programs write there."""
_SAVERS = tuple(
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
_BASE = re.compile(
    r"<base\b[^>]{0,500}href\s{0,9}=\s{0,9}[\"']?(https?://[^\"'\s>]{1,4000})", re.IGNORECASE
)


def saved_from(body: bytes) -> str | None:
    """The address that the program wrote which saved the page; None where none did."""
    head = body[:LOOKED_THROUGH].decode("utf-8", "replace")
    found = (match[1] for pattern in _SAVERS if (match := pattern.search(head)))
    return next((address for link in found if (address := _address(link))), None)


def named_inside(article: Article, body: bytes) -> str | None:
    """The address that a page gives itself where it has no canonical one: in its JSON-LD, or as its
    base."""
    base = _BASE.search(body[:LOOKED_THROUGH].decode("utf-8", "replace"))
    # else it is a folder, mostly the root
    of_page = base[1] if base and not base[1].endswith("/") else ""
    named = (article.addresses.get("json-ld", ""), of_page, article.addresses.get("amphtml", ""))
    found = (address for link in named if link and (address := _address(link)))
    return next((address for address in found if urlsplit(address).path.strip("/")), None)


def out_of_archive(url: str) -> str:
    """The address of the page of which a web archive has a copy under this one; itself where none
    has."""
    return original_url(url) or url


def _address(link: str) -> str | None:
    """A link as a program writes it into a file, as the address of an article; None where it is
    none of the web."""
    text = unescape(link.strip())
    text = text if re.match(r"[a-z]+:", text, re.IGNORECASE) else f"http://{text}"
    try:
        return request_url(out_of_archive(text))
    except UsageError:
        return None


# -- MHTML -----------------------------------------------------------------------------------------

_HEAD_OF_MAIL = re.compile(
    rb"(?:[A-Za-z][A-Za-z-]{1,60}:[^\n]{0,2000}\r?\n(?:[ \t][^\n]{0,2000}\r?\n){0,20}){1,40}\r?\n",
    re.DOTALL,
)
_MAIL = re.compile(rb"(?im)^(?:mime-version|content-type|snapshot-content-location):")


def is_mhtml(body: bytes) -> bool:
    """Is it a page in the form of a mail (RFC 2557), as Chrome and Internet Explorer save one in a
    single file?"""
    head = _HEAD_OF_MAIL.match(body.lstrip()[:16384])
    return bool(head and len(_MAIL.findall(head[0])) >= 2)


def out_of_mhtml(body: bytes) -> tuple[bytes, str, str | None]:
    """The page of an MHTML file, decoded; its content type; and the address that it was saved from.

    Raises UsageError where there is no page in it.
    """
    try:
        mail = message_from_bytes(body.lstrip(), policy=policy.compat32)
        pages = [
            part
            for part in mail.walk()
            if part.get_content_type() in ("text/html", "application/xhtml+xml")
        ]
        page = _first(pages, mail)
        text = page.get_payload(decode=True) if page is not None else None
    except (MessageError, ValueError, LookupError, RecursionError) as error:
        raise UsageError(
            f"is no MHTML that can be read ({' '.join(str(error).split())[:100]})"
        ) from error
    if page is None or not isinstance(text, bytes) or not text.strip():
        raise UsageError("is MHTML without a page in it")
    named = (
        mail.get("Snapshot-Content-Location"),
        page.get("Content-Location"),
        mail.get("Content-Location"),
    )
    charset = page.get_content_charset()
    kind = page.get_content_type() + (f"; charset={charset}" if charset else "")
    return (
        text,
        kind,
        next((address for link in named if link and (address := _address(_unfolded(link)))), None),
    )


def _first(pages: list[Message], mail: Message) -> Message | None:
    """The page itself among its frames: at the address of the whole, or first."""
    whole = mail.get("Snapshot-Content-Location")
    at_address = (page for page in pages if whole and page.get("Content-Location") == whole)
    return next(at_address, pages[0] if pages else None)


def _unfolded(value: str) -> str:
    return re.sub(r"\s+", "", str(value)).strip("<>")
