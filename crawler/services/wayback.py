"""The Wayback Machine's index: what an outlet published in a window, and the capture of a page that
is gone.

One line a capture: key, time, address, type, status, digest, size; with `showResumeKey` an empty
line and a key for the rest
(https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server). The page as it was
captured, without the archive's frame, is at `/web/TIMEid_/ADDRESS`.
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
from archive.records import Check, Lead, utc
from archive.text.searchable import fold_letters
from crawler.services.search_service import (
    Answer,
    Ask,
    Query,
    Service,
    address,
    first_of,
    instant,
    is_html,
    is_of,
)
from pipelines.urls import request_url, url_key

MOST = 1_000
"""Captures in an answer."""
MOST_PAGES = 20
"""Answers to one search; that there is more is told."""
LARGEST = 4 * 1024 * 1024
"""Bytes of an answer."""
HTML_TYPES = ("text/html", "application/xhtml+xml")
BLOCKED = re.compile(rb"AccessControlException|Blocked Site", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Captured:
    """A capture as the index has it."""

    key: str
    """The address as the index sorts it, `example,harbour)/news/1`: one for http and https, with
    and without www."""
    at: datetime
    url: str
    type: str
    status: str


@dataclass(frozen=True)
class Wayback(Service):
    """Captures of outlets' pages that answered 200 with HTML, the first of each page in the window.

    A lead's `url` is the page's own address and its `listed_as` the capture, to ask for once the
    page is gone. Words are looked for in the addresses; an outlet whose addresses have none is
    searched without words.
    """

    name: ClassVar[str] = "wayback"
    title: ClassVar[str] = "The Wayback Machine"
    via: ClassVar[str] = "wayback"

    base: str = "https://web.archive.org"
    pause: float = 2.0

    def unfit(self, query: Query) -> str | None:
        return None if query.hosts else f"{self.title} lists the pages of an outlet; name one"

    def requests(self, query: Query) -> Iterator[Ask]:
        for host in query.hosts:
            url = self._address(
                query,
                url=host.removeprefix("www."),
                matchType="domain",
                collapse="urlkey",
                showResumeKey="true",
            )
            yield Ask(url + _word_filter(query), query, step="pages")

    def captures(self, url: str, near: str | None = None) -> Ask:
        """What to ask for a page that is gone; the answer has one lead, with the best capture, or
        none.

        Best is the first capture since `near`, the moment when the page was published, else the
        last before.
        """
        return Ask(
            self._address(Query(), url=url, collapse="timestamp:8"),
            Query(since=near),
            step="captures",
        )

    def capture_of(self, lead: Lead) -> str | None:
        """The capture that a lead names beside its page; None for what is no capture of that page,
        or not of here."""
        stamp, _, page = (lead.listed_as or "").removeprefix(f"{self.base}/web/").partition("id_/")
        with suppress(UsageError):
            return (
                lead.listed_as
                if re.fullmatch(r"\d{14}", stamp) and url_key(page) == url_key(lead.url)
                else None
            )
        return None

    def _address(self, query: Query, **what: str) -> str:
        window = {
            "from": f"{instant(query.since):%Y%m%d%H%M%S}" if query.since else None,
            "to": f"{instant(query.until, at_end=True):%Y%m%d%H%M%S}" if query.until else None,
        }
        url = address(f"{self.base}/cdx/search/cdx", **what, limit=MOST, **window)
        return f"{url}&filter=statuscode:200&filter=mimetype:text/html"

    def read(
        self, body: bytes, ask: Ask, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Answer:
        if BLOCKED.search(body[:4096]):
            return self.failed(
                f"does not show {', '.join(ask.query.hosts) or 'this page'}: its owner had it blocked"
            )
        if 300 <= status < 400:  # to another capture, or to where the page redirected to then
            return self.failed(f"answered {status}")
        return super().read(body, ask, status, headers)

    def _read(self, body: bytes, ask: Ask) -> Answer:
        if is_html(body):
            return self.later(ask, "sent a web page instead of its index")
        if len(body) > LARGEST:
            return self.failed(f"sent an answer of more than {LARGEST // 1024**2} MiB")
        lines, resume = index_lines(body)
        read = [captured(line) for line in lines]
        skipped = [found for found in read if isinstance(found, str)]
        captures = [found for found in read if isinstance(found, Captured)]
        if skipped and not captures and not resume:
            return self.failed(f"sent no index, but {skipped[0]}")
        left_out = Counter(reason for found in captures if (reason := unreadable(found)))
        skipped += [f"{number} captures {reason}" for reason, number in left_out.items()]
        whole = [
            found
            for found in captures
            if not unreadable(found) and is_of(found.url, ask.query.hosts)
        ]
        if ask.step == "captures":
            nearest = best(whole, ask.query.since)
            return Answer((self._lead(nearest, ask),) if nearest else (), skipped=first_of(skipped))
        asks = self._rest(ask, resume)
        if resume and not asks:
            skipped.insert(0, f"what the index holds beyond {MOST_PAGES} answers")
        firsts = {
            found.key: found for found in sorted(whole, key=lambda found: found.at, reverse=True)
        }
        leads = tuple(self._lead(found, ask) for found in reversed(firsts.values()))
        return Answer(leads, asks=asks, skipped=first_of(skipped))

    def _rest(self, ask: Ask, resume: str | None) -> tuple[Ask, ...]:
        url, _, before = ask.url.partition("&resumeKey=")
        key = quote(resume or "", safe="", errors="replace")
        if not resume or key == before or ask.depth + 1 >= MOST_PAGES:
            return ()
        return (Ask(f"{url}&resumeKey={key}", ask.query, ask.step, depth=ask.depth + 1),)

    def _lead(self, found: Captured, ask: Ask) -> Lead:
        where = f"{self.base}/web/{found.at:%Y%m%d%H%M%S}id_/{found.url}"
        # by then it was there
        return self.lead(found.url, ask, listed_as=where, modified_at=utc(found.at))


def index_lines(body: bytes) -> tuple[list[str], str | None]:
    """The lines of the index, and the key for what follows them: alone behind an empty line."""
    lines = body.decode("utf-8", "replace").rstrip("\r\n").split("\n")
    resume = (
        lines[-1].strip()
        if len(lines) > 1 and not lines[-2].strip() and " " not in lines[-1].strip()
        else None
    )
    return [line for line in (lines[:-1] if resume else lines) if line.strip()], resume


def captured(line: str) -> Captured | str:
    """A line of the index, or why it cannot be read."""
    fields = line.split()
    if len(fields) != 7:
        return f"a line of {len(fields)} words instead of 7"
    key, stamp, url, type_, status = fields[:5]
    try:
        if not re.fullmatch(r"(?:199|20\d)\d[0-9]{10}", stamp):
            raise ValueError
        at = datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return f"a time that cannot be ({stamp[:20]})"
    try:
        return Captured(key, at, request_url(url), type_, status)
    except UsageError:
        return f"no address ({url[:60]})"


def unreadable(found: Captured) -> str | None:
    """Why there is no article at a capture, in words that follow `captures`; None if there may be
    one."""
    if found.status not in ("200", "-"):  # a revisit has none of its own
        return f"of an answer {found.status[:3]}"
    return None if found.type in HTML_TYPES else f"of type {found.type[:40]}"


def best(captures: Iterable[Captured], near: str | None) -> Captured | None:
    """The first capture since `near`, else the last before; the last of all without `near`."""
    ordered = sorted(captures, key=lambda found: found.at)
    since = instant(near) if near else None
    later = [found for found in ordered if since and found.at >= since - timedelta(hours=1)]
    return next(iter(later or ordered[-1:]), None)


def in_place_of(check: Check, capture: str) -> Check:
    """The look at a capture as one at its page: it says that the page is gone, and when the capture
    was made.

    Validators are dropped: they are the service's, and mean nothing to the outlet.
    """
    stamp = re.search(r"/web/(\d{14})id_/", capture)
    at = (
        f" of {utc(datetime.strptime(stamp[1], '%Y%m%d%H%M%S').replace(tzinfo=UTC))}"
        if stamp
        else ""
    )
    said = filter(None, (f"gone; read from the Wayback Machine's capture{at}", check.reason))
    return replace(check, reason="; ".join(said), etag=None, last_modified=None)


def _word_filter(query: Query) -> str:
    """Keep the pages that have one of the words in their address; no filter for words in other
    letters than a to z."""
    words = [fold_letters(word).split() for word in (*query.words, *query.any_of)]
    parts = [".?".join(word) for word in words if word]
    if not parts or not all(re.fullmatch(r"[a-z0-9.?]+", part) for part in parts):
        return ""
    return f"&filter={quote(f'urlkey:.*(?:{chr(124).join(parts)}).*', safe=':')}"
