"""Decisions which records of a file are wanted, before their pages are read.

Each takes what is cheap to have: the fields of a record, then the bytes of its page. What is not
known excludes nothing. A page that was read is judged once more by what its article states.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from archive.records import Article
from crawler.backfill.known_pages import KnownPages
from crawler.backfill.story_words import StoryWords
from crawler.dates.url_dates import earliest_day_in_path, latest_day_in_path
from crawler.files.http_messages import StoredResponse
from crawler.files.warc_files import RecordFilters
from crawler.text.language import language_code

URL_HOST = re.compile(r"https?://(?:[^/?#@]*@)?(\[[^\]]*\]|[^/:?#]+)", re.IGNORECASE)
HTML_LANGUAGE = re.compile(
    rb"<html\b[^>]{0,1000}?\blang\s*=\s*[\"']?\s*([a-z]{2,3}(?:[-_][a-z0-9]+)*)", re.I
)
HTML_HEAD_BYTES = 8192
"""Bytes at the beginning of a page in which its language and its date are looked for first."""
STATED_DAY = re.compile(
    rb"(?:article:published_time|datePublished)[\"'][^<>]{0,40}?[\"']((?:19|20)\d\d-\d\d-\d\d)",
    re.I,
)
"""The day of publication in a meta element or in JSON-LD."""
STATED_DAY_MARKS = (b"article:published_time", b"datePublished")
URL_LANGUAGE = re.compile(
    r"https?://(?:(en|de|fr|es|ru|zh|ja|ko|pt|pl|nl|fa|hi)\.|[^/]+/(en|de|fr|es|ru|zh|ja|ko|pt|pl|nl|fa|hi)/)",
    re.IGNORECASE,
)
"""A language as a subdomain or as the first folder. Codes that are also those of another country
or a word (`ca`, `it`, `uk`) are left out."""

BY_HOST, BY_DATE, BY_LANGUAGE = "another host", "another date", "another language"
BY_STORY, BY_KNOWN_URL = "without the story's words", "already in the archive"
EXCLUSION_REASONS = (BY_HOST, BY_DATE, BY_KNOWN_URL, BY_LANGUAGE, BY_STORY)
"""The reasons to exclude a page, in the order in which they are looked for."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The pages that an import takes; empty fields take all."""

    hosts: frozenset[str] = frozenset()
    """Hosts without `www.`; their subdomains are taken, too."""
    since: str = ""
    """The first and the last day."""
    until: str = ""
    languages: frozenset[str] = frozenset()
    story: str = ""
    words: StoryWords | None = field(default=None, compare=False)
    """Those of the story."""
    known: KnownPages | None = field(default=None, compare=False)
    """The pages that are left out as the archive has them."""

    def __bool__(self) -> bool:
        """Return whether anything is left out."""
        return bool(self.label())

    def label(self) -> str:
        """Return the selection in words, by which a later import knows whether it is the same."""
        parts = (
            f"host {', '.join(sorted(self.hosts))}" if self.hosts else "",
            f"since {self.since}" if self.since else "",
            f"until {self.until}" if self.until else "",
            f"language {', '.join(sorted(self.languages))}" if self.languages else "",
            f"story {self.story}" if self.story else "",
            "new pages" if self.known is not None else "",
        )
        return "; ".join(filter(None, parts))

    def filters(self) -> RecordFilters:
        """Return the filters for the records of a file."""
        if not self:
            return RecordFilters()
        return RecordFilters(self.reason_by_fields, self.reason_by_body)

    def reason_by_fields(self, url: str, date: str) -> str | None:
        """Return why a record is excluded by its URL and the date of its capture, or None.

        A page cannot have been published after it was captured.
        """
        if self.hosts and not has_host(url, self.hosts):
            return BY_HOST
        if self.since and date and plain_day(date) < self.since:
            return BY_DATE
        has_days = bool(self.since or self.until)
        if has_days and self._is_outside(earliest_day_in_path(url), latest_day_in_path(url)):
            return BY_DATE
        if self.known is not None and url in self.known:
            return BY_KNOWN_URL
        return None

    def reason_by_body(
        self, url: str, date: str, response: StoredResponse, body: bytes
    ) -> str | None:
        """Return why a page is excluded by its headers and bytes, or None."""
        if (self.since or self.until) and earliest_day_in_path(url) is None:
            day = stated_day(body) or plain_day(date)
            if self._is_outside(day, day):
                return BY_DATE
        if self.languages:
            stated = stated_language(url, response.header("content-language"), body)
            if stated and stated not in self.languages:
                return BY_LANGUAGE
        content_type = response.header("content-type")
        if self.words is not None and not self.words.may_be_in(body, content_type):
            return BY_STORY
        return None

    def reason_by_article(self, article: Article) -> str | None:
        """Return why an article that was read is left out, or None."""
        if self.hosts and not has_host(article.url, self.hosts):
            return BY_HOST
        day = article.published_day or (article.published_at or "")[:10] or None
        if self._is_outside(day, day):
            return BY_DATE
        if self.known is not None and article.url in self.known:
            return BY_KNOWN_URL
        if self.languages and article.language and article.language not in self.languages:
            return BY_LANGUAGE
        return None

    def reason_by_text(self, article: Article) -> str | None:
        """Return why an article is left out that came without a page, or None."""
        reason = self.reason_by_article(article)
        if reason or self.words is None:
            return reason
        written = f"<title>{article.headline or ''}</title>\n{article.text}".encode()
        return None if self.words.may_be_in(written, "text/html; charset=utf-8") else BY_STORY

    def _is_outside(self, earliest: str | None, latest: str | None) -> bool:
        """Return whether no day of a span is wanted; False if it is not known."""
        too_early = bool(self.since and latest and latest < self.since)
        return too_early or bool(self.until and earliest and earliest > self.until)


TAKES_ALL_PAGES = Selection()


def selected_hosts(hosts: Iterable[str]) -> frozenset[str]:
    """Return hosts as a selection compares them."""
    return frozenset(host.strip().lower().rstrip(".").removeprefix("www.") for host in hosts)


def has_host(url: str, hosts: frozenset[str]) -> bool:
    """Return whether a URL's host is one of these, or below one of them."""
    found = URL_HOST.match(url)
    return bool(found) and is_selected_host(found[1], hosts)  # type: ignore[index]


@lru_cache(maxsize=65_536)
def is_selected_host(host: str, hosts: frozenset[str]) -> bool:
    """Return whether a host is one of these, or below one of them."""
    rest = host.lower().rstrip(".").removeprefix("www.")
    while rest:
        if rest in hosts:
            return True
        rest = rest.partition(".")[2]
    return False


def plain_day(date: str) -> str:
    """Return the day of a WARC-Date or of the 14 digits of ARC: `2024-02-15`."""
    if date[:8].isdigit():
        return f"{date[:4]}-{date[4:6]}-{date[6:8]}"
    return date[:10]


def stated_day(body: bytes) -> str | None:
    """Return the day of publication that a page's metadata state, or None."""
    for mark in STATED_DAY_MARKS:
        place = body.find(mark)
        found = STATED_DAY.match(body, place, place + 200) if place >= 0 else None
        if found:
            return found[1].decode("ascii")
    return None


def stated_language(url: str, header: str, body: bytes) -> str | None:
    """Return the language that a page states (ISO 639-1), or None.

    The page itself comes first, then its header, if that names one language, then its URL.
    """
    found = HTML_LANGUAGE.search(body, 0, HTML_HEAD_BYTES)
    if found:
        return language_code(found[1].decode("ascii"))
    if header and "," not in header:
        return language_code(header)
    in_url = URL_LANGUAGE.match(url)
    return (in_url[1] or in_url[2]).lower() if in_url else None
