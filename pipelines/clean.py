"""Stage 100, clean: what a page or feed said is made fit to be stored: text that is text, moments that can be, an end.

Whatever a site writes, an article comes back: one poisoned page never costs the batch that it is stored with.
Whether anything is left that is worth storing, `refuse` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unicodedata import normalize

from archive.errors import UsageError
from archive.records import Article, Check, Lead, now, utc
from pipelines.urls import MAX_URL, request_url

LIMITS = {
    "headline": 1_000,
    "page_title": 1_000,
    "standfirst": 5_000,
    "byline": 1_000,
    "dateline": 1_000,
    "lede": 5_000,
    "text": 2_000_000,
    "found_on": MAX_URL,
    "guid": MAX_URL,
    "reason": 1_000,
    "etag": 1_000,
}
"""Longest value of a field, in characters; what is longer is cut. No news text comes near."""
LIMIT = 200
"""The same for fields not named there: section, language, agency, raw moments …"""
MAX_AUTHORS = 50
MAX_ADDRESSES = 20

EARLIEST_YEAR = 1600
"""Before the first newspaper; year 1 is what some systems write for "none"."""
AHEAD = timedelta(days=1)
"""How far a moment may lie after the fetch: time zones, embargoes and clocks that run fast."""

_LINE_FIELDS = ("headline", "page_title", "standfirst", "byline", "agency", "dateline", "section", "language",
                "published_raw", "modified_raw", "page_reason", "digest", "extractor")  # fmt: skip
_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
_INVISIBLE = " \t\n\xa0\xad\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064"
"""Trimmed at the ends. Inside, joiners stay: Persian and emoji are spelled with them, Thai parts words with U+200B."""


def clean(article: Article) -> Article:
    """The article as it can be stored. Idempotent; raises nothing.

    Text is NFC without lone surrogates and control characters, one line in all fields but `text`, whose paragraphs are
    one line each. `url` becomes what `request_url` makes of it, or empty; other addresses that are none become None.
    A moment that cannot be, or lies more than a day after `fetched_at` (or now), becomes None, and its raw value stays.
    """
    fetched_at = _moment(article.fetched_at)
    published, published_raw = _published(article.published_at, article.published_raw, fetched_at)
    modified, modified_raw = _published(article.modified_at, article.modified_raw, fetched_at)
    raw = replace(article, published_raw=published_raw, modified_raw=modified_raw)
    return replace(
        raw,
        **_fields(raw, _LINE_FIELDS),
        url=_kept(request_url, article.url) or "",
        canonical_url=_declared(article.canonical_url),
        image_url=_declared(article.image_url),
        addresses=_addresses(article.addresses),
        authors=_authors(article.authors),
        published_at=published,
        modified_at=modified,
        fetched_at=fetched_at,
        text=_paragraphs(article.text),
    )


def refuse(article: Article) -> str | None:
    """Why a cleaned article is not worth storing, in a few words; None if it is."""
    if not article.url:
        return "no http address"
    return None if article.text else "no text"


def clean_lead(lead: Lead) -> Lead | None:
    """The lead as it can be stored, or None if its URL cannot be asked for. Idempotent; raises nothing."""
    url = _kept(request_url, lead.url)
    if url is None:
        return None
    published, published_raw = _published(lead.published_at, lead.published_raw, None)
    raw = replace(lead, published_raw=published_raw)
    lines = _fields(raw, ("found_on", "headline", "lede", "language", "published_raw", "guid"))
    listed_as = lead.url if lead.url != url and len(lead.url) <= MAX_URL else None
    moments: dict[str, Any] = {"published_at": published, "modified_at": _not_ahead(lead.modified_at, None)}
    return replace(raw, url=url, listed_as=lead.listed_as or listed_as, **moments, **lines)


def clean_check(check: Check) -> Check:
    """The look with its article, its leads and its own words cleaned; an article that `refuse` names is none.

    Leads without a usable address are left out, and `reason` says how many.
    """
    article = clean(check.article) if check.article else None
    leads = tuple(lead for given in check.leads if (lead := clean_lead(given)))
    check = replace(
        check,
        article=article,
        lead=clean_lead(check.lead) if check.lead else None,
        leads=leads,
        **_fields(check, ("etag", "last_modified")),
        reason=_field("reason", _told(check.reason, len(check.leads) - len(leads))),
    )
    refused = refuse(article) if article else None
    return replace(check, article=None, outcome="not article", reason=refused) if refused else check


def _told(reason: str | None, left_out: int) -> str | None:
    more = f"{left_out} left out: no http address" if left_out else None
    return "; ".join(filter(None, (reason, more))) or None


# --- Text ----------------------------------------------------------------------------------------------------------


def _fields(record: Article | Lead | Check, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _field(name, getattr(record, name)) for name in names}


def _field(name: str, value: str | None) -> str | None:
    return None if value is None else _line(value, LIMITS.get(name, LIMIT)) or None


def _line(text: str, limit: int) -> str:
    """One line, white space folded."""
    return " ".join(_characters(text[: 2 * limit]).split()).strip(_INVISIBLE)[:limit].strip(_INVISIBLE)


def _paragraphs(text: str) -> str:
    limit = LIMITS["text"]
    lines = (" ".join(line.split()).strip(_INVISIBLE) for line in _characters(text[: 2 * limit]).split("\n"))
    return "\n".join(line for line in lines if line)[:limit].rstrip(_INVISIBLE)


def _characters(text: str) -> str:
    """What is text of it, in NFC; two surrogates that make a character become one, one alone goes."""
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return normalize("NFC", _NOT_TEXT.sub("", _LINE_END.sub("\n", text)))


def _authors(authors: tuple[str, ...]) -> tuple[str, ...]:
    names = (_line(author, LIMIT) for author in authors[: 4 * MAX_AUTHORS])
    return tuple(dict.fromkeys(name for name in names if name))[:MAX_AUTHORS]


# --- Addresses -----------------------------------------------------------------------------------------------------


def _kept(read: Callable[[str], str], url: str) -> str | None:
    try:
        return read(url)
    except UsageError:
        return None


def _declared(url: str | None) -> str | None:
    """As the page declares it (a signed image needs its every parameter), if it is an http address at all."""
    line = _line(url, MAX_URL) if url and len(url) <= MAX_URL else ""
    return line if line and _kept(request_url, line) else None


def _addresses(addresses: dict[str, str]) -> dict[str, str]:
    named = [(_line(name, LIMIT), _declared(url)) for name, url in list(addresses.items())[:MAX_ADDRESSES]]
    return {name: url for name, url in named if name and url}


# --- Moments -------------------------------------------------------------------------------------------------------


def _published(moment: str | None, raw: str | None, fetched_at: str | None) -> tuple[str | None, str | None]:
    """A moment that can be, or None, and the raw value beside it: the moment itself if nothing else was written."""
    kept = _not_ahead(moment, fetched_at)
    return kept, raw if raw or kept else moment


def _not_ahead(moment: str | None, fetched_at: str | None) -> str | None:
    kept = _moment(moment)
    if kept is None:
        return None
    latest = _read(fetched_at or now()) + AHEAD
    return kept if _read(kept) <= latest else None


def _moment(moment: str | None) -> str | None:
    """In the archive's three forms (`archive.records`), or None for what is no moment that a page can have."""
    text = (moment or "").strip()
    if not re.match(r"\d{4}-\d\d-\d\d(?:$|[T ])", text):
        return None
    try:
        found = datetime.fromisoformat(text)
        known = utc(found) if found.tzinfo else found.strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError):
        return None
    if found.year < EARLIEST_YEAR or found.year > 9990:
        return None
    return text if len(text) == 10 else known


def _read(moment: str) -> datetime:
    found = datetime.fromisoformat(moment)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class CleanPipeline:
    """Scrapy's side of it."""

    def process_item(self, item: Any) -> Any:
        return clean_check(item) if isinstance(item, Check) else item
