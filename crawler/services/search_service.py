"""What a search service is to a crawl: addresses to ask, answers read into leads. Nothing here
touches the network.

    query ─▶ Service.requests ─▶ Ask ─▶ (fetched elsewhere) ─▶ Service.read ─▶ Answer: leads,
    further asks, a problem

A service may refuse, break off or send anything at all: `read` never raises, it says what was wrong
(`problem`) and for how long the service is to be left alone (`wait`).
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, cast
from urllib.parse import unquote, urlencode, urlsplit

from archive.records import Lead, Via, utc
from archive.text.searchable import fold_letters
from archive.text.unspaced import UNSPACED_RUN
from crawler.network.retry_after import retry_after
from crawler.text.html_text import text_of_html

MOST_TRIES = 2
"""Times that a refused request is made again."""
LONGER = 5
"""Each further wait is so many times as long."""
LONGEST_WAIT = 6 * 3600.0
MOST_SKIPPED = 50
"""Reasons that are kept of one answer."""
HTML = (b"<!doctype html", b"<html")
GONE = (404, 410)
"""What was asked for is not there; the service is well."""


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for. Words are as people write them, no stems; several words in one are a
    phrase."""

    words: tuple[str, ...] = ()
    """All of them are asked for."""
    any_of: tuple[str, ...] = ()
    """At least one of them is asked for, where there are any."""
    languages: tuple[str, ...] = ()
    """ISO 639-1; empty: any, or the service's own."""
    since: str | None = None
    until: str | None = None
    """Moments as `archive.records` writes them; a day counts to its end."""
    hosts: tuple[str, ...] = ()
    """Outlets to stay with; empty: all."""

    def window(self, span: timedelta) -> Query:
        """The query with both ends of its window: to now, and `span` back, where it names none."""
        until = self.until or utc(datetime.now(UTC))
        return replace(self, since=self.since or utc(instant(until) - span), until=until)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to make, and what its answer is read with."""

    url: str
    query: Query
    """With the part of the window that this request is about."""
    step: str = "search"
    """What is asked for, in the service's own word."""
    language: str | None = None
    found_on: str | None = None
    """The page that the answer's leads stand on, where it is not the answer itself."""
    depth: int = 0
    """How many answers led here: halvings of a window, pages of a list."""
    tries: int = 0
    """How often it was refused before."""


@dataclass(frozen=True, slots=True)
class Headline:
    """An article that a service names by headline, outlet and time, and not by its address."""

    headline: str
    host: str | None
    """The outlet's, without `www.`"""
    outlet: str | None = None
    """The outlet's name."""
    published_at: str | None = None
    language: str | None = None
    found_on: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer came to."""

    leads: tuple[Lead, ...] = ()
    headlines: tuple[Headline, ...] = ()
    """To be resolved through the outlets' own feeds and sitemaps
    (`crawler.services.match_headline.resolve`)."""
    asks: tuple[Ask, ...] = ()
    """What to ask next: after `wait`, and the service's pause between any two."""
    problem: str | None = None
    """What went wrong, on one line that names the service."""
    wait: float = 0.0
    """Seconds to leave the service alone; what it was still to be asked waits too, or is given
    up."""
    skipped: tuple[str, ...] = ()
    """What in the answer became no lead, and why; a few words each."""


@dataclass(frozen=True)
class Service(ABC):
    """A search service. `base` is where it is asked, `pause` the seconds between two requests to
    it."""

    name: ClassVar[str]
    """As a user writes it."""
    title: ClassVar[str]
    via: ClassVar[str]
    """What its leads say of how they were found."""
    asks_robots: ClassVar[bool] = False
    """Whether robots.txt has a say: not for interfaces that are offered to programs under terms of
    their own."""
    instead: ClassVar[str | None] = None
    """The service to ask when this one refuses for good."""

    base: str = ""
    pause: float = 1.0
    patience: float = 60.0
    """Seconds to wait after a first refusal that names no time."""

    @abstractmethod
    def requests(self, query: Query) -> Iterator[Ask]:
        """What to ask first, best first; nothing where `unfit` says why."""

    @abstractmethod
    def _read(self, body: bytes, ask: Ask) -> Answer:
        """The answer to an ask, from a body that came with a good status; raises nothing."""

    def unfit(self, query: Query) -> str | None:
        """Why the service cannot be asked this; None if it can."""
        return None if query.words or query.any_of else f"{self.title} needs words to search for"

    def read(
        self, body: bytes, ask: Ask, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """What came back for an ask; header names in any case. Never raises."""
        if 200 <= status < 300:
            return self._read(body, ask)
        if status in (408, 425, 429) or status >= 500:
            return self.later(ask, f"answered {status}", asked_wait(headers or {}))
        return self.failed(
            f"answered {status}{_quoted(body)}", 0.0 if status in GONE else self.patience
        )

    def later(self, ask: Ask, why: str, wait: float | None = None) -> Answer:
        """A refusal that time may cure: the same ask again, until it was tried often enough."""
        pause = min(max(wait or 0.0, self.patience * LONGER**ask.tries), LONGEST_WAIT)
        if ask.tries >= MOST_TRIES:
            return self.failed(f"{why}, {ask.tries + 1} times; it is left alone", pause)
        again = replace(ask, tries=ask.tries + 1)
        return Answer(
            problem=f"{self.title} {why}; it can be asked again in {pause:.0f} s",
            asks=(again,),
            wait=pause,
        )

    def failed(self, why: str, wait: float = 0.0) -> Answer:
        """A refusal that time does not cure; others may still be asked of the same service after
        `wait`."""
        return Answer(problem=f"{self.title} {why}", wait=wait)

    def lead(self, url: str, ask: Ask, **said: Any) -> Lead:
        return Lead(url=url, via=cast(Via, self.via), found_on=ask.found_on or ask.url, **said)


# --- reading what a server may send ---------------------------------------------------------------


def asked_wait(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that `Retry-After` asks for; header names in any case."""
    told = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    wait = retry_after(told, now or datetime.now(UTC))
    return None if wait is None else wait.total_seconds()


def words_of(body: bytes, longest: int = 120) -> str:
    """The first words of a body, as plain text on one line."""
    return text_of_html(body[:4096].decode("utf-8", "replace"), longest) or ""


def _quoted(body: bytes) -> str:
    said = "" if is_html(body) else words_of(body)
    return f" and said: {said}" if said else ""


def is_html(body: bytes) -> bool:
    return body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(HTML)


_LOOSE_BACKSLASH = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|)')


def json_object(body: bytes) -> dict[str, Any] | str:
    """The object that a body holds as JSON (`null` is an empty one), or what it is instead, in a
    few words.

    Control characters and backslashes that escape nothing, which GDELT sends within headlines, are
    let pass.
    """
    text = body.decode("utf-8-sig", "replace")
    try:
        found = json.loads(
            _LOOSE_BACKSLASH.sub(lambda at: at[0] if at[1] else "\\\\", text), strict=False
        )
    except (ValueError, RecursionError):
        start = text.lstrip()[:1]
        return (
            "a web page" if is_html(body) else "broken JSON" if start in ("{", "[") else "no JSON"
        )
    if isinstance(found, dict):
        return found
    return {} if found is None else "JSON of another form"


def entries(data: Mapping[str, Any], *path: str, most: int = 1_000) -> list[dict[str, Any]] | None:
    """The first objects of a list within JSON, which may be missing or null; None where something
    else stands there."""
    found: Any = data
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    if found is None:
        return []
    return (
        [entry for entry in found[:most] if isinstance(entry, dict)]
        if isinstance(found, list)
        else None
    )


def text_of(value: object) -> str | None:
    """A string within JSON, without the halves of surrogate pairs that JSON can hold and no address
    can."""
    return value.encode("utf-8", "ignore").decode() if isinstance(value, str) else None


def first_of(reasons: list[str]) -> tuple[str, ...]:
    """Reasons, as many as are worth keeping, and how many more there were."""
    more = len(reasons) - MOST_SKIPPED
    return (*reasons[:MOST_SKIPPED], f"and {more:,} more") if more > 0 else tuple(reasons)


# --- windows, words and hosts ---------------------------------------------------------------------


def instant(moment: str, at_end: bool = False) -> datetime:
    """A moment of `archive.records` in UTC; a day begins at midnight, or `at_end` lasts until the
    next."""
    at = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return at + timedelta(days=1, seconds=-1) if at_end and len(moment) == 10 else at


def halves(query: Query, least: timedelta) -> tuple[Query, ...]:
    """The query's window in two halves, the later first; none if they were shorter than `least`."""
    if not (query.since and query.until):
        return ()
    since, until = instant(query.since), instant(query.until, at_end=True)
    if until - since < 2 * least:
        return ()
    middle = utc(since + (until - since) / 2)
    return replace(query, since=middle, until=utc(until)), replace(
        query, since=utc(since), until=middle
    )


def address(base: str, **parameters: str | int | None) -> str:
    """A URL with its query, None left out; what cannot be encoded becomes `?`."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{base}?{urlencode(given, errors='replace')}"


def host_of(url: str) -> str:
    """A URL's host without `www.`; empty where there is none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def is_of(url: str, hosts: tuple[str, ...]) -> bool:
    """Whether a URL is of one of the hosts or their subdomains; of none given, any is."""
    host = host_of(url)
    return not hosts or any(
        f".{host}".endswith(f".{known.removeprefix('www.')}") for known in hosts
    )


def is_told(query: Query, headline: str | None, url: str) -> bool:
    """Whether headline and slug name what is looked for: half of the words or more, and one of
    `any_of`.

    Neither has room for all of them. A word may begin a longer one: `cuba` stands in `cuban`.
    """
    text = f"{headline or ''} {unquote(url.partition('//')[2].partition('/')[2])}"
    said = text.lower() if text.isascii() else fold_letters(text)  # a file has thousands of lines
    named = sum(_stands_in(word, said) for word in query.words)
    return named * 2 >= len(query.words) and (
        not query.any_of or any(_stands_in(word, said) for word in query.any_of)
    )


def _stands_in(word: str, said: str) -> bool:
    pattern = r"[\W_]+".join(re.escape(part) for part in fold_letters(word).split())
    start = "" if UNSPACED_RUN.match(word) else r"(?<![^\W_])"
    return bool(pattern) and re.search(start + pattern, said) is not None
