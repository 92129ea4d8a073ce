"""Definition of a search service: requests to send, answers read into leads. No network access.

    query ─▶ Service.requests ─▶ Ask ─▶ (fetched elsewhere) ─▶ Service.read ─▶ Answer: leads,
    further asks, a problem

A service may refuse, break off or send anything at all. `read` never raises: it returns the
`problem`, and for how long the service should not be asked (`wait`).
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar, cast
from urllib.parse import unquote, urlencode, urlsplit

from archive.records import Lead, Via, format_utc
from archive.text.searchable import fold_letter_by_letter
from archive.text.unspaced import UNSPACED_RUN
from crawler.network.retry_after import parse_retry_after
from crawler.text.html_text import text_of_html

MAX_REFUSED_TRIES = 2
"""Times that a refused request is repeated."""
WAIT_FACTOR = 5
"""Factor by which each further wait grows."""
MAX_REFUSAL_WAIT_SECONDS = 6 * 3600.0
"""Longest wait in seconds."""
MAX_SKIPPED_REASONS = 50
"""Reasons that are recorded for one answer."""
HTML_BEGINNINGS = (b"<!doctype html", b"<html")
"""Beginnings of a web page."""
MISSING_STATUSES = (404, 410)
"""Statuses of missing content; the service itself works."""


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search. Words are whole words as people write them; several words in one are a phrase."""

    words: tuple[str, ...] = ()
    """Words that all have to occur."""
    any_of: tuple[str, ...] = ()
    """Words of which at least one has to occur, if there are any."""
    languages: tuple[str, ...] = ()
    """Codes (ISO 639-1); empty for any, or the service's default."""
    since: str | None = None
    until: str | None = None
    """Dates or times in the format of `archive.records`; a date includes the whole day."""
    hosts: tuple[str, ...] = ()
    """Outlets to search; empty for all."""

    def window(self, span: timedelta) -> SearchQuery:
        """Return the query with both ends of its window: now, and `span` earlier, where missing."""
        until = self.until or format_utc(datetime.now(UTC))
        return replace(
            self, since=self.since or format_utc(parse_instant(until) - span), until=until
        )


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """A request to a service, with the facts that are needed to read its answer."""

    url: str
    query: SearchQuery
    """The query, with the part of the window that this request covers."""
    step: str = "search"
    """The kind of request, in the service's own terms."""
    language: str | None = None
    found_on: str | None = None
    """The page that lists the leads, if it is not the answer itself."""
    depth: int = 0
    """Number of answers that led here: halvings of a window, pages of a list."""
    tries: int = 0
    """Number of earlier refusals."""


@dataclass(frozen=True, slots=True)
class UnresolvedHeadline:
    """An article that a service names by headline, outlet and time, without a URL."""

    headline: str
    host: str | None
    """The host of the outlet without `www.`."""
    outlet: str | None = None
    """The name of the outlet."""
    published_at: str | None = None
    language: str | None = None
    found_on: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """The content of an answer."""

    leads: tuple[Lead, ...] = ()
    headlines: tuple[UnresolvedHeadline, ...] = ()
    """Articles to be matched with the outlets' own feeds and sitemaps
    (`crawler.services.match_headline.lead_of_headline`).
    """
    asks: tuple[ServiceRequest, ...] = ()
    """Requests to send next: after `wait`, and with the service's pause between them."""
    problem: str | None = None
    """The problem in one line that names the service; None without one."""
    wait: float = 0.0
    """Seconds during which the service is not asked; its other requests wait or are dropped."""
    skipped: tuple[str, ...] = ()
    """Reasons why parts of the answer became no lead, a few words each."""


@dataclass(frozen=True)
class SearchService(ABC):
    """A search service at the URL `base`, with `pause` seconds between two requests."""

    name: ClassVar[str]
    """The name that a user types."""
    title: ClassVar[str]
    """The name in messages."""
    via: ClassVar[str]
    """The value of `via` in its leads."""
    asks_robots: ClassVar[bool] = False
    """True if robots.txt applies.

    It does not apply to interfaces that are offered to programs under separate terms.
    """
    instead: ClassVar[str | None] = None
    """The service to ask when this one refuses permanently."""

    base: str = ""
    pause: float = 1.0
    patience: float = 60.0
    """Seconds to wait after a first refusal that states no time."""

    @abstractmethod
    def requests(self, query: SearchQuery) -> Iterator[ServiceRequest]:
        """Yield the first requests, best first; none where `unfit` returns a reason."""

    @abstractmethod
    def _read(self, body: bytes, ask: ServiceRequest) -> ServiceAnswer:
        """Return the answer in the body of a successful response; never raises."""

    def unfit_reason(self, query: SearchQuery) -> str | None:
        """Return why the service cannot answer a query, or None if it can."""
        return None if query.words or query.any_of else f"{self.title} needs words to search for"

    def read(
        self,
        body: bytes,
        ask: ServiceRequest,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> ServiceAnswer:
        """Return the answer in a response; header names may have any case. Never raises."""
        if 200 <= status < 300:
            return self._read(body, ask)
        if status in (408, 425, 429) or status >= 500:
            return self.later(ask, f"answered {status}", retry_after_seconds(headers or {}))
        wait = 0.0 if status in MISSING_STATUSES else self.patience
        return self.failed(f"answered {status}{_quoted_message(body)}", wait)

    def later(self, ask: ServiceRequest, why: str, wait: float | None = None) -> ServiceAnswer:
        """Return the answer for a temporary refusal: the same request again, a few times."""
        pause = min(
            max(wait or 0.0, self.patience * WAIT_FACTOR**ask.tries), MAX_REFUSAL_WAIT_SECONDS
        )
        if ask.tries >= MAX_REFUSED_TRIES:
            return self.failed(f"{why}, {ask.tries + 1} times; it is paused", pause)
        again = replace(ask, tries=ask.tries + 1)
        return ServiceAnswer(
            problem=f"{self.title} {why}; it can be asked again in {pause:.0f} s",
            asks=(again,),
            wait=pause,
        )

    def failed(self, why: str, wait: float = 0.0) -> ServiceAnswer:
        """Return the answer for a permanent refusal; other requests may follow after `wait`."""
        return ServiceAnswer(problem=f"{self.title} {why}", wait=wait)

    def lead(self, url: str, ask: ServiceRequest, **said: Any) -> Lead:
        """Return a lead of this service."""
        return Lead(url=url, via=cast(Via, self.via), found_on=ask.found_on or ask.url, **said)


# --- reading what a server may send ---------------------------------------------------------------


def retry_after_seconds(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds in a Retry-After header, or None; header names may have any case."""
    by_name = {name.lower(): value for name, value in headers.items()}
    wait = parse_retry_after(by_name.get("retry-after"), now or datetime.now(UTC))
    return None if wait is None else wait.total_seconds()


def first_words(body: bytes, longest: int = 120) -> str:
    """Return the first words of a body as plain text on one line."""
    return text_of_html(body[:4096].decode("utf-8", "replace"), longest) or ""


def _quoted_message(body: bytes) -> str:
    """Return the part of a message that quotes a body; empty for a web page."""
    said = "" if is_html_body(body) else first_words(body)
    return f" and said: {said}" if said else ""


def is_html_body(body: bytes) -> bool:
    """Return whether a body begins like a web page."""
    return body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(HTML_BEGINNINGS)


_UNESCAPED_BACKSLASH = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|)')


def parse_json_object(body: bytes) -> dict[str, Any] | str:
    """Return the JSON object in a body (empty for `null`), or what it is instead, in words.

    Control characters, and backslashes that escape nothing, are accepted: GDELT sends them.
    """
    text = body.decode("utf-8-sig", "replace")
    escaped = _UNESCAPED_BACKSLASH.sub(lambda at: at[0] if at[1] else "\\\\", text)
    try:
        found = json.loads(escaped, strict=False)
    except (ValueError, RecursionError):
        return _kind_of_unreadable(body, text)
    if isinstance(found, dict):
        return found
    return {} if found is None else "JSON of another form"


def _kind_of_unreadable(body: bytes, text: str) -> str:
    """Return what a body is that cannot be parsed as JSON, in words."""
    if is_html_body(body):
        return "a web page"
    return "broken JSON" if text.lstrip().startswith(("{", "[")) else "no JSON"


def json_entries(
    data: Mapping[str, Any], *path: str, most: int = 1_000
) -> list[dict[str, Any]] | None:
    """Return the first `most` objects of a list in JSON; empty if it is missing or null.

    None where the path leads to something else.
    """
    found: Any = data
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    if found is None:
        return []
    if not isinstance(found, list):
        return None
    return [entry for entry in found[:most] if isinstance(entry, dict)]


def json_text(value: object) -> str | None:
    """Return a string in JSON without lone surrogates, which URLs and databases cannot hold."""
    return value.encode("utf-8", "ignore").decode() if isinstance(value, str) else None


ServiceResult = TypeVar("ServiceResult")


def without_reasons(found: Iterable[ServiceResult | str]) -> tuple[list[ServiceResult], list[str]]:
    """Return what was found, and the reasons why the rest was not, which are texts."""
    results: list[ServiceResult] = []
    reasons: list[str] = []
    for each in found:
        if isinstance(each, str):
            reasons.append(each)
        else:
            results.append(each)
    return results, reasons


def first_reasons(reasons: list[str]) -> tuple[str, ...]:
    """Return the first reasons, and the number of the others."""
    more = len(reasons) - MAX_SKIPPED_REASONS
    if more <= 0:
        return tuple(reasons)
    return (*reasons[:MAX_SKIPPED_REASONS], f"and {more:,} more")


# --- windows, words and hosts ---------------------------------------------------------------------


def parse_instant(moment: str, at_end: bool = False) -> datetime:
    """Parse a date or time of `archive.records` as UTC.

    A date is its midnight, or `at_end` its last second.
    """
    at = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    is_date = len(moment) == len("2024-02-15")
    return at + timedelta(days=1, seconds=-1) if at_end and is_date else at


def halve_window(query: SearchQuery, least: timedelta) -> tuple[SearchQuery, ...]:
    """Return the two halves of the query's window, the later one first; none if below `least`."""
    if not (query.since and query.until):
        return ()
    since, until = parse_instant(query.since), parse_instant(query.until, at_end=True)
    if until - since < 2 * least:
        return ()
    middle = format_utc(since + (until - since) / 2)
    return replace(query, since=middle, until=format_utc(until)), replace(
        query, since=format_utc(since), until=middle
    )


def url_with_query(base: str, **parameters: str | int | None) -> str:
    """Return a URL with its query; None values are left out, unencodable characters become `?`."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{base}?{urlencode(given, errors='replace')}"


def bare_host_of(url: str) -> str:
    """Return the host of a URL without `www.`; empty for a URL without a host."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def is_url_of_hosts(url: str, hosts: tuple[str, ...]) -> bool:
    """Return whether a URL belongs to one of the hosts or their subdomains; True without hosts."""
    host = bare_host_of(url)
    domains = tuple(f".{known.removeprefix('www.')}" for known in hosts)
    return not hosts or f".{host}".endswith(domains)


def matches_query(query: SearchQuery, headline: str | None, url: str) -> bool:
    """Return whether headline and slug match a query: half of its words, and one of `any_of`.

    They are too short for all words. A word may begin a longer one: `cuba` matches `cuban`.
    """
    path = url.partition("//")[2].partition("/")[2]
    text = f"{headline or ''} {unquote(path)}"
    # a file has thousands of lines, and hardly any with other letters
    folded = text.lower() if text.isascii() else fold_letter_by_letter(text)
    named = sum(_occurs_in(word, folded) for word in query.words)
    if named * 2 < len(query.words):
        return False
    return not query.any_of or any(_occurs_in(word, folded) for word in query.any_of)


def _occurs_in(word: str, said: str) -> bool:
    """Return whether a word or phrase occurs in folded text."""
    pattern = r"[\W_]+".join(re.escape(part) for part in fold_letter_by_letter(word).split())
    start = "" if UNSPACED_RUN.match(word) else r"(?<![^\W_])"
    return bool(pattern) and re.search(start + pattern, said) is not None
