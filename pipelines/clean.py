"""Stage 100, clean: turn the fields of a page or feed into valid text, dates, numbers and URLs.

The stage returns an article whatever a site writes, so that one malformed page never fails the
batch that it is stored with. `refusal_reason` then decides whether enough is left to store. A field
with a value of the wrong type (a number as headline, None as list) becomes empty, as if the page
had left it out.
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
from archive.records import Article, Check, Lead, current_timestamp, format_utc, is_stored_type
from archive.timestamps import DAY_CHARS, MAX_ZONE_EAST, is_day_somewhere, local_timestamp
from pipelines.urls import MAX_STORED_URL_CHARS, request_url, unwrap_url

# --- How much of each field is kept ---------------------------------------------------------------

MAX_FIELD_CHARS = {
    "headline": 1_000,  # several lines on a screen
    "page_title": 1_000,  # a headline with the names of section and outlet
    "standfirst": 5_000,  # a paragraph
    "byline": 1_000,  # fifty names, see `MAX_AUTHORS`
    "dateline": 1_000,  # some places and agencies
    "lede": 5_000,  # a feed's summary
    # three long novels: enough for live blogs and court reports, and searches stay bounded
    "text": 2_000_000,
    "found_on": MAX_STORED_URL_CHARS,
    "guid": MAX_STORED_URL_CHARS,  # mostly a URL
    "reason": 1_000,  # one line, shown to users
    "etag": 1_000,  # sent back with every request
    "last_modified": 100,  # a date
    "digest": 128,  # SHA-512 in hexadecimal
    "language": 35,  # RFC 5646, 4.4.1: enough for every tag in use
}
"""Maximum length of a field in characters; longer values are cut. No news text comes near."""
MAX_OTHER_FIELD_CHARS = 200
"""The same for all fields not listed there: section, agency, raw dates, an author's name …"""
MAX_AUTHORS = 50
"""Teams of large investigations sign with several dozen names."""
MAX_PAGE_URLS = 20
"""Maximum number of URLs that a page gives for itself; usually there are about five."""
MAX_FIELD_NUMBERS = {
    "status": 999,
    "size": 2**53,
    "wish_seconds": 366 * 86_400,
    "word_count": MAX_FIELD_CHARS["text"],
}
"""Maximum of each number; negative and larger values become None.

The bounds come from HTTP (`status`), from exact integers in any program (`size`, in bytes), from
one year (`wish_seconds`) and from the longest text (`word_count`).
"""
MAX_RESPONSE_SECONDS = 1e6
"""From request to response; a crawl waits half a minute."""

EARLIEST_YEAR = 1600
"""Before the first newspaper; some systems write year 1 for "none"."""
MAX_DATE_AHEAD = timedelta(days=1)
"""Maximum time that a date may lie after the fetch: time zones, embargoes and fast clocks."""

_ONE_LINE_FIELDS = (
    "headline",
    "page_title",
    "standfirst",
    "byline",
    "agency",
    "dateline",
    "section",
    "language",
    "published_raw",
    "modified_raw",
    "page_reason",
    "digest",
    "extractor",
)
_LINE_BREAK = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NON_TEXT_CHARS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\ufeff\ufffe\uffff]")
"""Control characters, and the soft hyphen, which marks only a possible line break on the page."""
MAX_COMBINING_MARKS = 30
"""Combining marks on one letter: UAX #15's Stream-Safe Text. No language uses more than a few."""
_COMBINING_MARK_RANGE = range(0x300, 0x1F000)
_MANY_NON_LATIN_CHARS = re.compile(rf"[^\x00-\u02ff]{{{MAX_COMBINING_MARKS + 1}}}")
_TRIMMED_CHARS = " \t\n\xa0\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064"
"""Trimmed at both ends. Inside a text joiners stay: Persian and emoji are spelled with them, and
Thai separates words with U+200B."""


def clean_article(article: Article) -> Article:
    """Return the article with every field valid for storage. Idempotent; raises nothing.

    Text is NFC without lone surrogates and control characters. All fields are one line except
    `text`, whose paragraphs are one line each. `url` becomes `request_url(url)`, or empty if it is
    invalid; other invalid URLs become None. An impossible date, or one more than a day after
    `fetched_at` (or now), becomes None while its raw value stays. The day as printed is kept where
    it can be that of the date, else it is the date's own. `fetched_at` itself may be at
    most one day in the future.
    """
    fetched_at = _date_if_not_ahead(article.fetched_at, None)
    published, published_raw = _plausible_date_and_raw(
        article.published_at, article.published_raw, fetched_at
    )
    offset = _valid_offset(article.published_offset, published, article.published_at)
    modified, modified_raw = _plausible_date_and_raw(
        article.modified_at, article.modified_raw, fetched_at
    )
    raw = replace(article, published_raw=published_raw, modified_raw=modified_raw)
    text = _clean_paragraphs(article.text)
    count = _valid_number("word_count", article.word_count)
    return replace(
        raw,
        **_clean_fields(raw, _ONE_LINE_FIELDS),
        url=_url_or_none(request_url, article.url) or "",
        canonical_url=_declared_url(article.canonical_url),
        image_url=_declared_url(article.image_url),
        addresses=_clean_addresses(article.addresses),
        authors=_clean_authors(article.authors),
        published_at=published,
        published_day=_valid_day(article.published_day, published, offset),
        published_offset=offset,
        modified_at=modified,
        fetched_at=fetched_at,
        text=text,
        word_count=len(text.split()) if count is None else count,
        free=article.free if isinstance(article.free, bool) else None,
        page_type=article.page_type if is_stored_type(article.page_type) else "article",
    )


def refusal_reason(article: Article) -> str | None:
    """Return the reason not to store a cleaned article, in a few words, or None to store it."""
    if not article.url:
        return "no http address"
    return None if article.text else "no text"


def clean_lead(lead: Lead) -> Lead | None:
    """Return the lead with valid fields, or None if its URL cannot be fetched. Idempotent; raises
    nothing."""
    url = _url_or_none(request_url, lead.url)
    if url is None:
        return None
    published, published_raw = _plausible_date_and_raw(lead.published_at, lead.published_raw, None)
    raw = replace(lead, published_raw=published_raw)
    lines = _clean_fields(
        raw, ("found_on", "headline", "lede", "language", "published_raw", "guid")
    )
    named = unwrap_url(lead.url)
    listed_as = lead.listed_as or (named if named != url else None)
    dates: dict[str, Any] = {
        "published_at": published,
        "published_offset": _valid_offset(lead.published_offset, published, lead.published_at),
        "modified_at": _date_if_not_ahead(lead.modified_at, None),
    }
    return replace(raw, url=url, listed_as=_declared_url(listed_as), **dates, **lines)


def clean_check(check: Check) -> Check:
    """Return the check with its article, lead, leads and own fields cleaned.

    An article that `refusal_reason` rejects is removed. Leads without a usable URL are removed, and
    `reason` gives their number. A page whose redirects lead to an invalid URL is refused. Raises
    UsageError if the check's own URL is invalid, as then no row can hold the check.
    """
    request_url(check.url)
    cleaned_leads = map(clean_lead, check.leads)
    leads = tuple(lead for lead in cleaned_leads if lead)
    left_out = len(check.leads) - len(leads)
    check = replace(
        check,
        article=_with_fetch_time(check.article, check.fetched_at) if check.article else None,
        lead=clean_lead(check.lead) if check.lead else None,
        leads=leads,
        **_clean_fields(check, ("etag", "last_modified", "digest")),
        status=_valid_number("status", check.status),
        size=_valid_number("size", check.size),
        wish_seconds=_valid_number("wish_seconds", check.wish_seconds),
        seconds=_valid_seconds(check.seconds),
        modified_at=_archive_timestamp_or_none(check.modified_at),
        reason=_clean_field("reason", _reason_with_count(check.reason, left_out)),
    )
    if check.final_url is not None and _url_or_none(request_url, check.final_url) is None:
        why = "redirects led to an invalid URL"
        return replace(
            check, article=None, capture=None, final_url=None, outcome="refused", reason=why
        )
    refused = refusal_reason(check.article) if check.article else None
    if refused is None:
        return check
    return replace(check, article=None, outcome="not article", reason=refused)


def _with_fetch_time(article: Article, fetched_at: str) -> Article:
    """Return the cleaned article; a missing `fetched_at` is filled with the time of the check."""
    cleaned = clean_article(article)
    if cleaned.fetched_at:
        return cleaned
    return clean_article(replace(article, fetched_at=fetched_at))


def _reason_with_count(reason: str | None, left_out: int) -> str | None:
    """Return the reason, extended by the number of leads that were left out."""
    more = f"{left_out} left out: no http address" if left_out else None
    return "; ".join(filter(None, (reason, more))) or None


# --- Numbers --------------------------------------------------------------------------------------


def _valid_number(name: str, value: object) -> int | None:
    """Return the integer if it lies between 0 and `MAX_NUMBERS[name]`, else None."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= MAX_FIELD_NUMBERS[name] else None


def _valid_seconds(value: object) -> float | None:
    """Return the number if it is between 0 and `MAX_RESPONSE_SECONDS`; NaN is not."""
    if not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= MAX_RESPONSE_SECONDS else None


# --- Text -----------------------------------------------------------------------------------------


def _clean_fields(record: Article | Lead | Check, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the cleaned values of those fields."""
    return {name: _clean_field(name, getattr(record, name)) for name in names}


def _clean_field(name: str, value: object) -> str | None:
    """Return the value on one line and at most as long as the field allows, or None."""
    if not isinstance(value, str):
        return None
    return _clean_line(value, MAX_FIELD_CHARS.get(name, MAX_OTHER_FIELD_CHARS)) or None


def _clean_line(text: str, limit: int) -> str:
    """Return the text on one line with white space folded, cut to `limit` characters."""
    words = _valid_characters(text[: 2 * limit]).split()
    line = " ".join(words).strip(_TRIMMED_CHARS)
    return line[:limit].strip(_TRIMMED_CHARS)


def _clean_paragraphs(text: object) -> str:
    """Return the text with one line a paragraph and without empty lines."""
    if not isinstance(text, str):
        return ""
    limit = MAX_FIELD_CHARS["text"]
    given = _valid_characters(text[: 2 * limit]).split("\n")
    lines = (" ".join(line.split()).strip(_TRIMMED_CHARS) for line in given)
    joined = "\n".join(line for line in lines if line)
    return joined[:limit].rstrip(_TRIMMED_CHARS)


def _valid_characters(text: str) -> str:
    """Return the valid characters of a text in NFC.

    A pair of surrogates becomes the character that it encodes; a lone surrogate is removed.
    """
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    text = _NON_TEXT_CHARS.sub("", _LINE_BREAK.sub("\n", text))
    if _MANY_NON_LATIN_CHARS.search(text):
        text = _excessive_marks_pattern().sub(r"\1", text)
    return normalize("NFC", text)


@cache
def _excessive_marks_pattern() -> re.Pattern[str]:
    """Return the pattern of more than `MAX_COMBINING_MARKS` marks in a row, the first of them as a
    group.

    Normalization sorts a run of marks in time that grows with the square of its length: 4 MB of
    accents would take hours. The pattern includes characters that NFKC, which other modules use,
    turns into marks.
    """
    letters = map(chr, _COMBINING_MARK_RANGE)
    marks = "".join(letter for letter in letters if combining(normalize("NFKD", letter)[0]))
    return re.compile(f"([{marks}]{{{MAX_COMBINING_MARKS}}})[{marks}]+")


def _clean_authors(authors: object) -> tuple[str, ...]:
    """Return up to `MAX_AUTHORS` different names."""
    if not isinstance(authors, list | tuple):
        return ()
    given = authors[: 4 * MAX_AUTHORS]
    names = (
        _clean_line(author, MAX_OTHER_FIELD_CHARS) for author in given if isinstance(author, str)
    )
    different = dict.fromkeys(name for name in names if name)
    return tuple(different)[:MAX_AUTHORS]


# --- Addresses ------------------------------------------------------------------------------------


def _url_or_none(read: Callable[[str], str], url: object) -> str | None:
    """Return `read(url)`, or None if the URL is invalid."""
    try:
        return read(url) if isinstance(url, str) else None
    except UsageError:
        return None


def _declared_url(url: object) -> str | None:
    """Return the URL exactly as the page declares it, or None if it is not a valid http URL.

    A signed image URL needs all of its parameters, so the URL is not normalized.
    """
    if not isinstance(url, str) or len(url) > MAX_STORED_URL_CHARS:
        return None
    line = _clean_line(url, MAX_STORED_URL_CHARS)
    return line if line and _url_or_none(request_url, line) else None


def _clean_addresses(addresses: object) -> dict[str, str]:
    """Return the valid ones of the first `MAX_PAGE_URLS` URLs, by their names."""
    if not isinstance(addresses, dict):
        return {}
    given = islice(addresses.items(), MAX_PAGE_URLS)
    named = [(_clean_field("name", name), _declared_url(url)) for name, url in given]
    return {name: url for name, url in named if name and url}


# --- Moments --------------------------------------------------------------------------------------


def _plausible_date_and_raw(
    moment: object, raw: object, fetched_at: str | None
) -> tuple[str | None, str | None]:
    """Return a plausible date or None, and its raw value, by default the date as given."""
    kept = _date_if_not_ahead(moment, fetched_at)
    shown = raw if raw or kept else moment
    return kept, shown if isinstance(shown, str) else None


def _date_if_not_ahead(moment: object, fetched_at: str | None) -> str | None:
    """Return the timestamp, or None if it lies more than `MAX_DATE_AHEAD` after the fetch (or
    now)."""
    kept = _archive_timestamp_or_none(moment)
    if kept is None:
        return None
    latest = _parse_clean_timestamp(fetched_at or current_timestamp()) + MAX_DATE_AHEAD
    return kept if _parse_clean_timestamp(kept) <= latest else None


def _archive_timestamp_or_none(moment: object) -> str | None:
    """Return a timestamp in one of the archive's three forms (`archive.records`), or None.

    None stands for values that are not ISO 8601 and for years that no page can have.
    """
    text = moment[:MAX_OTHER_FIELD_CHARS].strip() if isinstance(moment, str) else ""
    if not re.match(r"\d{4}-\d\d-\d\d(?:$|[T ])", text):
        return None
    try:
        found = datetime.fromisoformat(text)
        known = format_utc(found) if found.tzinfo else found.strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError):
        return None
    if found.year < EARLIEST_YEAR or found.year > 9990:
        return None
    return text if len(text) == 10 else known


def _valid_offset(minutes: object, kept: str | None, given: object) -> int | None:
    """Return the offset of an outlet's clock, or that in the date as given, or None.

    A date that is not in UTC has none.
    """
    if kept is None or not kept.endswith("Z"):
        return None
    if not isinstance(minutes, int) or isinstance(minutes, bool):
        span = datetime.fromisoformat(str(given).strip()).utcoffset()
        minutes = span // timedelta(minutes=1) if span else None
    return (
        minutes
        if minutes is not None and timedelta(minutes=abs(minutes)) <= MAX_ZONE_EAST
        else None
    )


def _valid_day(day: object, published: str | None, offset: int | None) -> str | None:
    """Return the day that the outlet prints, else the day of its date on its clock; or None."""
    if published is None:
        return None
    there = local_timestamp(published, offset)[:DAY_CHARS]
    is_known = offset is None and isinstance(day, str) and is_day_somewhere(day, published)
    return str(day) if is_known else there


def _parse_clean_timestamp(moment: str) -> datetime:
    """Return an archive timestamp as a datetime; without a zone it is taken as UTC."""
    found = datetime.fromisoformat(moment)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class CleanPipeline:
    """Scrapy's item pipeline for this stage."""

    def process_item(self, item: Any) -> Any:
        """Clean checks; pass other items through."""
        return clean_check(item) if isinstance(item, Check) else item
