"""Stage 100, clean: what a page or feed said is made fit to be stored: text that is text, moments
that can be, an end.

Whatever a site writes, an article comes back: one poisoned page never costs the batch that it is
stored with. Whether anything is left that is worth storing, `refuse` says. A field that holds
something of another kind than it is declared to (a number for a headline, nothing for a list) is
empty, as if the page had said nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any
from unicodedata import combining, normalize

from archive.errors import UsageError
from archive.records import Article, Check, Lead, now, utc
from pipelines.urls import MAX_URL, out_of_wrappers, request_url

# --- How much of each field is kept ---------------------------------------------------------------

LIMITS = {
    "headline": 1_000,  # several lines on a screen; who writes more wrote no headline
    "page_title": 1_000,  # a headline with the names of section and outlet
    "standfirst": 5_000,  # a paragraph
    "byline": 1_000,  # fifty names, as `MAX_AUTHORS`
    "dateline": 1_000,  # some places and agencies
    "lede": 5_000,  # a feed's summary
    # three thick novels: the longest live blogs and court reports fit, and a search still ends
    "text": 2_000_000,
    "found_on": MAX_URL,
    "guid": MAX_URL,  # mostly an address
    "reason": 1_000,  # a line for people
    "etag": 1_000,  # is sent back with every request
    "last_modified": 100,  # a date
    "digest": 128,  # SHA-512 in hexadecimal
    "language": 35,  # RFC 5646, 4.4.1: enough for every tag in use
}
"""Longest value of a field, in characters; what is longer is cut. No news text comes near."""
LIMIT = 200
"""The same for fields not named there: section, agency, raw moments, an author's name …"""
MAX_AUTHORS = 50
"""The teams of large investigations sign with some dozens."""
MAX_ADDRESSES = 20
"""A page names itself in some five ways."""
MAX_NUMBERS = {
    "status": 999,
    "size": 2**53,
    "wish_seconds": 366 * 86_400,
    "word_count": LIMITS["text"],
}
"""What is larger, or less than nothing, is no such number: of HTTP; of bytes, in any program; of
patience; of words."""
MAX_SECONDS = 1e6
"""From request to response; a crawl waits half a minute."""

EARLIEST_YEAR = 1600
"""Before the first newspaper; year 1 is what some systems write for "none"."""
AHEAD = timedelta(days=1)
"""How far a moment may lie after the fetch: time zones, embargoes and clocks that run fast."""

_LINE_FIELDS = ("headline", "page_title", "standfirst", "byline", "agency", "dateline", "section", "language",
                "published_raw", "modified_raw", "page_reason", "digest", "extractor")  # fmt: skip
_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\ufeff\ufffe\uffff]")
"""A soft hyphen says where a line may break on the page that was read, and nothing of the word."""
MOST_MARKS = 30
"""On one letter: UAX #15's Stream-Safe Text. No language has more than a few."""
_MARKS_ARE_IN = range(0x300, 0x1F000)
_MAY_BE_MARKS = re.compile(rf"[^\x00-\u02ff]{{{MOST_MARKS + 1}}}")
_INVISIBLE = " \t\n\xa0\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064"
"""Trimmed at the ends. Inside, joiners stay: Persian and emoji are spelled with them, Thai parts
words with U+200B."""


def clean(article: Article) -> Article:
    """The article as it can be stored. Idempotent; raises nothing.

    Text is NFC without lone surrogates and control characters, one line in all fields but `text`,
    whose paragraphs are one line each. `url` becomes what `request_url` makes of it, or empty;
    other addresses that are none become None. A moment that cannot be, or lies more than a day
    after `fetched_at` (or now), becomes None, and its raw value stays; `fetched_at` itself may be
    no later than tomorrow.
    """
    fetched_at = _not_ahead(article.fetched_at, None)
    published, published_raw = _published(article.published_at, article.published_raw, fetched_at)
    modified, modified_raw = _published(article.modified_at, article.modified_raw, fetched_at)
    raw = replace(article, published_raw=published_raw, modified_raw=modified_raw)
    text = _paragraphs(article.text)
    count = _number("word_count", article.word_count)
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
        text=text,
        word_count=len(text.split()) if count is None else count,
        free=article.free if isinstance(article.free, bool) else None,
    )


def refuse(article: Article) -> str | None:
    """Why a cleaned article is not worth storing, in a few words; None if it is."""
    if not article.url:
        return "no http address"
    return None if article.text else "no text"


def clean_lead(lead: Lead) -> Lead | None:
    """The lead as it can be stored, or None if its URL cannot be asked for. Idempotent; raises
    nothing."""
    url = _kept(request_url, lead.url)
    if url is None:
        return None
    published, published_raw = _published(lead.published_at, lead.published_raw, None)
    raw = replace(lead, published_raw=published_raw)
    lines = _fields(raw, ("found_on", "headline", "lede", "language", "published_raw", "guid"))
    named = out_of_wrappers(lead.url)
    listed_as = lead.listed_as or (named if named != url else None)
    moments: dict[str, Any] = {
        "published_at": published,
        "modified_at": _not_ahead(lead.modified_at, None),
    }
    return replace(raw, url=url, listed_as=_declared(listed_as), **moments, **lines)


def clean_check(check: Check) -> Check:
    """The look with its article, its leads and its own words cleaned; an article that `refuse`
    names is none.

    Leads without a usable address are left out, and `reason` says how many. A page to which
    redirects led under an address that cannot be kept is refused. Raises UsageError for a look at
    what is no address: it has no row to be in.
    """
    request_url(check.url)
    leads = tuple(lead for given in check.leads if (lead := clean_lead(given)))
    check = replace(
        check,
        article=_read_then(check.article, check.checked_at) if check.article else None,
        lead=clean_lead(check.lead) if check.lead else None,
        leads=leads,
        **_fields(check, ("etag", "last_modified", "digest")),
        status=_number("status", check.status),
        size=_number("size", check.size),
        wish_seconds=_number("wish_seconds", check.wish_seconds),
        seconds=_seconds(check.seconds),
        modified_at=_moment(check.modified_at),
        reason=_field("reason", _told(check.reason, len(check.leads) - len(leads))),
    )
    if check.final_url is not None and _kept(request_url, check.final_url) is None:
        why = "redirects led to an address that cannot be kept"
        return replace(
            check, article=None, capture=None, final_url=None, outcome="refused", reason=why
        )
    refused = refuse(check.article) if check.article else None
    return replace(check, article=None, outcome="not article", reason=refused) if refused else check


def _read_then(article: Article, checked_at: str) -> Article:
    """The article cleaned; one that does not say when it was fetched was fetched when the look was
    taken."""
    cleaned = clean(article)
    return cleaned if cleaned.fetched_at else clean(replace(article, fetched_at=checked_at))


def _told(reason: str | None, left_out: int) -> str | None:
    more = f"{left_out} left out: no http address" if left_out else None
    return "; ".join(filter(None, (reason, more))) or None


# --- Numbers --------------------------------------------------------------------------------------


def _number(name: str, value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= MAX_NUMBERS[name] else None


def _seconds(value: object) -> float | None:
    # NaN neither
    return float(value) if isinstance(value, int | float) and 0 <= value <= MAX_SECONDS else None


# --- Text -----------------------------------------------------------------------------------------


def _fields(record: Article | Lead | Check, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _field(name, getattr(record, name)) for name in names}


def _field(name: str, value: object) -> str | None:
    return (_line(value, LIMITS.get(name, LIMIT)) or None) if isinstance(value, str) else None


def _line(text: str, limit: int) -> str:
    """One line, white space folded."""
    return (
        " ".join(_characters(text[: 2 * limit]).split()).strip(_INVISIBLE)[:limit].strip(_INVISIBLE)
    )


def _paragraphs(text: object) -> str:
    limit = LIMITS["text"]
    given = text[: 2 * limit] if isinstance(text, str) else ""
    lines = (" ".join(line.split()).strip(_INVISIBLE) for line in _characters(given).split("\n"))
    return "\n".join(line for line in lines if line)[:limit].rstrip(_INVISIBLE)


def _characters(text: str) -> str:
    """What is text of it, in NFC; two surrogates that make a character become one, one alone
    goes."""
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    text = _NOT_TEXT.sub("", _LINE_END.sub("\n", text))
    if _MAY_BE_MARKS.search(text):
        text = _too_many_marks().sub(r"\1", text)
    return normalize("NFC", text)


@cache
def _too_many_marks() -> re.Pattern[str]:
    """More than `MOST_MARKS` marks in a row, the first of them as a group; also what NFKC, which
    others use, makes one.

    They are put in order by a sort whose time grows with the square of the run: 4 MB of accents
    would take hours.
    """
    marks = "".join(
        letter for letter in map(chr, _MARKS_ARE_IN) if combining(normalize("NFKD", letter)[0])
    )
    return re.compile(f"([{marks}]{{{MOST_MARKS}}})[{marks}]+")


def _authors(authors: object) -> tuple[str, ...]:
    given = authors[: 4 * MAX_AUTHORS] if isinstance(authors, list | tuple) else ()
    names = (_line(author, LIMIT) for author in given if isinstance(author, str))
    return tuple(dict.fromkeys(name for name in names if name))[:MAX_AUTHORS]


# --- Addresses ------------------------------------------------------------------------------------


def _kept(read: Callable[[str], str], url: object) -> str | None:
    try:
        return read(url) if isinstance(url, str) else None
    except UsageError:
        return None


def _declared(url: object) -> str | None:
    """As the page declares it (a signed image needs its every parameter), if it is an http address
    at all."""
    line = _line(url, MAX_URL) if isinstance(url, str) and len(url) <= MAX_URL else ""
    return line if line and _kept(request_url, line) else None


def _addresses(addresses: object) -> dict[str, str]:
    given = list(islice(addresses.items(), MAX_ADDRESSES)) if isinstance(addresses, dict) else []
    named = [(_field("name", name), _declared(url)) for name, url in given]
    return {name: url for name, url in named if name and url}


# --- Moments --------------------------------------------------------------------------------------


def _published(
    moment: object, raw: object, fetched_at: str | None
) -> tuple[str | None, str | None]:
    """A moment that can be, or None, and the raw value beside it: the moment itself if nothing else
    was written."""
    kept = _not_ahead(moment, fetched_at)
    shown = raw if raw or kept else moment
    return kept, shown if isinstance(shown, str) else None


def _not_ahead(moment: object, fetched_at: str | None) -> str | None:
    kept = _moment(moment)
    if kept is None:
        return None
    latest = _read(fetched_at or now()) + AHEAD
    return kept if _read(kept) <= latest else None


def _moment(moment: object) -> str | None:
    """In the archive's three forms (`archive.records`), or None for what is no moment that a page
    can have."""
    text = moment[:LIMIT].strip() if isinstance(moment, str) else ""
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
