"""The Wayback Machine: pages that an outlet published in a window, and captures of lost pages.

Its index has a line per capture: key, time, URL, type, status, digest, size. With
`showResumeKey`, an empty line and the key of the next answer follow
(https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server). A captured page
without the archive's frame is at `/web/TIMEid_/URL`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from urllib.parse import quote

from archive.errors import UsageError
from archive.records import Check, Lead, format_utc
from archive.text.searchable import fold_letter_by_letter
from crawler.services.search_service import (
    SearchQuery,
    SearchService,
    ServiceAnswer,
    ServiceRequest,
    first_reasons,
    is_html_body,
    is_url_of_hosts,
    parse_instant,
    url_with_query,
    without_reasons,
)
from pipelines.urls import request_url, url_key

MAX_CAPTURES_PER_ANSWER = 1_000
"""Captures in one answer."""
MAX_INDEX_ANSWERS = 20
"""Answers to one search; a search with more says so."""
MAX_INDEX_BYTES = 4 * 1024 * 1024
"""Bytes of one answer."""
CAPTURED_HTML_TYPES = ("text/html", "application/xhtml+xml")
BLOCKED_BY_OWNER = re.compile(rb"AccessControlException|Blocked Site", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class IndexedCapture:
    """A capture as the index describes it."""

    key: str
    """Sort key of the index, `example,harbour)/news/1`; equal for http and https, with and
    without www.
    """
    at: datetime
    url: str
    type: str
    status: str


@dataclass(frozen=True)
class WaybackMachine(SearchService):
    """Captures of outlets' pages with status 200 and HTML, the first of each page in the window.

    A lead's `url` is the URL of the page itself, and `listed_as` the capture, to fetch once the
    page is gone. Words are searched for in the URLs; an outlet whose URLs contain no words is
    searched without words.
    """

    name: ClassVar[str] = "wayback"
    title: ClassVar[str] = "The Wayback Machine"
    via: ClassVar[str] = "wayback"

    base: str = "https://web.archive.org"
    pause: float = 2.0

    def unfit_reason(self, query: SearchQuery) -> str | None:
        """Return why a query cannot be asked: the index needs a host."""
        return None if query.hosts else f"{self.title} lists the pages of an outlet; name one"

    def requests(self, query: SearchQuery) -> Iterator[ServiceRequest]:
        """Yield a request for each host."""
        for host in query.hosts:
            url = self._address(
                query,
                url=host.removeprefix("www."),
                matchType="domain",
                collapse="urlkey",
                showResumeKey="true",
            )
            yield ServiceRequest(url + _url_word_filter(query), query, step="pages")

    def captures(self, url: str, near: str | None = None) -> ServiceRequest:
        """Return the request for captures of a lost page; its answer has at most one lead.

        That lead is the first capture since `near`, the time of publication, else the last one
        before.
        """
        return ServiceRequest(
            self._address(SearchQuery(), url=url, collapse="timestamp:8"),
            SearchQuery(since=near),
            step="captures",
        )

    def capture_of(self, lead: Lead) -> str | None:
        """Return the capture that a lead names, or None if it is not one of this page."""
        stamp, _, page = (lead.listed_as or "").removeprefix(f"{self.base}/web/").partition("id_/")
        with suppress(UsageError):
            if re.fullmatch(r"\d{14}", stamp) and url_key(page) == url_key(lead.url):
                return lead.listed_as
        return None

    def _address(self, query: SearchQuery, **what: str) -> str:
        """Return the URL of an index query with the window of `query`."""
        window: dict[str, str] = {}
        if query.since:
            window["from"] = f"{parse_instant(query.since):%Y%m%d%H%M%S}"
        if query.until:
            window["to"] = f"{parse_instant(query.until, at_end=True):%Y%m%d%H%M%S}"
        url = url_with_query(
            f"{self.base}/cdx/search/cdx", **what, limit=MAX_CAPTURES_PER_ANSWER, **window
        )
        return f"{url}&filter=statuscode:200&filter=mimetype:text/html"

    def read(
        self,
        body: bytes,
        ask: ServiceRequest,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> ServiceAnswer:
        """Return the answer in a response; never raises."""
        if BLOCKED_BY_OWNER.search(body[:4096]):
            what = ", ".join(ask.query.hosts) or "this page"
            return self.failed(f"does not show {what}: its owner had it blocked")
        if 300 <= status < 400:  # to another capture, or to where the page redirected to then
            return self.failed(f"answered {status}")
        return super().read(body, ask, status, headers)

    def _read(self, body: bytes, ask: ServiceRequest) -> ServiceAnswer:
        if is_html_body(body):
            return self.later(ask, "sent a web page instead of its index")
        if len(body) > MAX_INDEX_BYTES:
            return self.failed(f"sent an answer of more than {MAX_INDEX_BYTES // 1024**2} MiB")
        lines, resume = split_index(body)
        captures, skipped = without_reasons(map(parse_index_line, lines))
        if skipped and not captures and not resume:
            return self.failed(f"sent no index, but {skipped[0]}")
        usable, unusable = usable_captures(captures)
        skipped += unusable
        wanted = [found for found in usable if is_url_of_hosts(found.url, ask.query.hosts)]
        if ask.step == "captures":
            nearest = nearest_capture(wanted, ask.query.since)
            leads = (self._lead(nearest, ask),) if nearest else ()
            return ServiceAnswer(leads, skipped=first_reasons(skipped))
        return self._pages(wanted, ask, resume, skipped)

    def _pages(
        self,
        captures: Iterable[IndexedCapture],
        ask: ServiceRequest,
        resume: str | None,
        skipped: list[str],
    ) -> ServiceAnswer:
        """Return the answer with the first capture of each page, and the request for the rest."""
        asks = self._rest(ask, resume)
        if resume and not asks:
            skipped.insert(0, f"what the index holds beyond {MAX_INDEX_ANSWERS} answers")
        latest_first = sorted(captures, key=lambda found: found.at, reverse=True)
        firsts = {found.key: found for found in latest_first}  # earlier ones replace later ones
        leads = tuple(self._lead(found, ask) for found in reversed(firsts.values()))
        return ServiceAnswer(leads, asks=asks, skipped=first_reasons(skipped))

    def _rest(self, ask: ServiceRequest, resume: str | None) -> tuple[ServiceRequest, ...]:
        """Return the request for the rest of the index, if there is one."""
        depth = ask.depth + 1
        if not resume or depth >= MAX_INDEX_ANSWERS:
            return ()
        url, _, key_before = ask.url.partition("&resumeKey=")
        key = quote(resume, safe="", errors="replace")
        if key == key_before:
            return ()
        return (ServiceRequest(f"{url}&resumeKey={key}", ask.query, ask.step, depth=depth),)

    def _lead(self, found: IndexedCapture, ask: ServiceRequest) -> Lead:
        """Return the lead of a capture."""
        where = f"{self.base}/web/{found.at:%Y%m%d%H%M%S}id_/{found.url}"
        # not the date of publication, but the page existed by then
        return self.lead(found.url, ask, listed_as=where, modified_at=format_utc(found.at))


def split_index(body: bytes) -> tuple[list[str], str | None]:
    """Return the lines of an index, and the key of the next answer if there is one."""
    lines = body.decode("utf-8", "replace").rstrip("\r\n").split("\n")
    last = lines[-1].strip()
    # the key is a single word behind an empty line
    has_key = len(lines) > 1 and not lines[-2].strip() and last and " " not in last
    if has_key:
        lines.pop()
    return [line for line in lines if line.strip()], last if has_key else None


def parse_index_line(line: str) -> IndexedCapture | str:
    """Parse a line of the index; return the reason as text if it cannot be parsed."""
    fields = line.split()
    if len(fields) != 7:
        return f"a line of {len(fields)} words instead of 7"
    key, stamp, url, type_, status = fields[:5]
    try:
        at = _time_of_capture(stamp)
    except ValueError:
        return f"a time that cannot be ({stamp[:20]})"
    try:
        return IndexedCapture(key, at, request_url(url), type_, status)
    except UsageError:
        return f"no address ({url[:60]})"


def _time_of_capture(stamp: str) -> datetime:
    """Parse the 14 digits of a capture's time. Raises ValueError for anything else."""
    if not re.fullmatch(r"(?:199|20\d)\d[0-9]{10}", stamp):
        raise ValueError(f"no time of a capture: {stamp[:20]}")
    return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def usable_captures(captures: Iterable[IndexedCapture]) -> tuple[list[IndexedCapture], list[str]]:
    """Return the captures that may hold an article, and how many others there are, by reason."""
    usable: list[IndexedCapture] = []
    unusable: Counter[str] = Counter()
    for found in captures:
        reason = unusable_capture_reason(found)
        if reason:
            unusable[reason] += 1
        else:
            usable.append(found)
    return usable, [f"{number} captures {reason}" for reason, number in unusable.items()]


def unusable_capture_reason(found: IndexedCapture) -> str | None:
    """Return why a capture holds no article, in words that follow `captures`; None if it may."""
    if found.status not in ("200", "-"):  # a revisit has no status
        return f"of an answer {found.status[:3]}"
    if found.type not in CAPTURED_HTML_TYPES:
        return f"of type {found.type[:40]}"
    return None


def nearest_capture(captures: Iterable[IndexedCapture], near: str | None) -> IndexedCapture | None:
    """Return the first capture since `near`, else the last one before; without `near` the last."""
    ordered = sorted(captures, key=lambda found: found.at)
    if near:
        since = parse_instant(near) - timedelta(hours=1)
        for found in ordered:
            if found.at >= since:
                return found
    return ordered[-1] if ordered else None


def check_of_lost_page(check: Check, capture: str) -> Check:
    """Return the check of a capture as one of its page: gone, with the time of the capture.

    ETag and Last-Modified are dropped: they are the service's, not the outlet's.
    """
    reason = "gone; read from the Wayback Machine's capture"
    if stamp := re.search(r"/web/(\d{14})id_/", capture):
        at = datetime.strptime(stamp[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        reason += f" of {format_utc(at)}"
    if check.reason:
        reason += f"; {check.reason}"
    return replace(check, reason=reason, etag=None, last_modified=None)


def _url_word_filter(query: SearchQuery) -> str:
    """Return the parameter that filters URLs by words; empty for words outside a to z."""
    words = [fold_letter_by_letter(word).split() for word in (*query.words, *query.any_of)]
    parts = [".?".join(word) for word in words if word]
    are_latin = all(re.fullmatch(r"[a-z0-9.?]+", part) for part in parts)
    if not parts or not are_latin:
        return ""
    pattern = f"urlkey:.*(?:{'|'.join(parts)}).*"
    return f"&filter={quote(pattern, safe=':')}"
