"""The days that a crawl for a story looks at: those of its coverage and some around them. Pure.

A story is looked for from some weeks before its first article to some weeks after its last, and not
in all that its outlets ever wrote. Whoever finds an article near an end looks further there, so
that a story of a year is followed to its ends step by step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from archive.records import Lead
from crawler.dates.date_parser import is_not_before
from crawler.dates.url_dates import (
    earliest_day_in_name,
    earliest_day_in_path,
    latest_day_in_name,
    latest_day_in_path,
)
from crawler.sources.sitemap_parser import ChildSitemap

DAYS_BEFORE_STORY, DAYS_AFTER_STORY = 21, 70
"""Days around the coverage that is known; a story runs on longer than it was announced."""
DAYS_WIDER = 45
"""Days that are looked at beyond that, once, where an outlet has covered the story."""
NEWS_SITEMAP_DAYS = 10
"""How old what a news sitemap lists may be: two days by its rules, more where an outlet publishes
little."""


@dataclass(frozen=True, slots=True)
class Span:
    """From a first day or moment on, to a last day; None: to now."""

    since: str
    until: str | None = None

    def holds(self, moment: str | None) -> bool:
        """Does a moment lie within? What is not known may."""
        return moment is None or (
            is_not_before(moment, self.since) and not self.ends_before(moment)
        )

    def ends_before(self, moment: str) -> bool:
        return self.until is not None and moment[:10] > self.until[:10]

    def covers(self, other: Span) -> bool:
        """Is all of another span within this one?"""
        ends = self.until is None or (
            other.until is not None and other.until[:10] <= self.until[:10]
        )
        return ends and self.since[:10] <= other.since[:10]

    def joined(self, other: Span) -> Span:
        """From the earlier beginning to the later end."""
        ends = None if self.until is None or other.until is None else max(self.until, other.until)
        return Span(min(self.since, other.since), ends)

    def within(self, since: str | None, until: str | None) -> Span:
        """The part that a person's own limits leave."""
        begins = max(self.since, since) if since else self.since
        ends = min(filter(None, (self.until, until)), default=None)
        return Span(begins, ends)

    def told(self) -> str:
        """`2024-01-25 to 2024-03-21`."""
        return f"{self.since[:10]} to {self.until[:10] if self.until else 'now'}"


def span_around(
    moments: Iterable[str],
    today: str,
    before: int = DAYS_BEFORE_STORY,
    after: int = DAYS_AFTER_STORY,
) -> Span | None:
    """The days of some articles and those around them; None where none is dated. What lies ahead of
    today is now."""
    days = sorted(moment[:10] for moment in moments if _is_iso_day(moment[:10]))
    if not days:
        return None
    until = span_moved(days[-1], after)
    return Span(span_moved(days[0], -before), None if until >= today[:10] else until)


def wider_span(span: Span, today: str, days: int = DAYS_WIDER) -> Span:
    """The span and so many days on both sides."""
    until = None if span.until is None else span_moved(span.until, days)
    return Span(
        span_moved(span.since, -days), None if until is None or until >= today[:10] else until
    )


def is_worth_widening(read: Span, wanted: Span) -> bool:
    """Whether what is wanted goes so far beyond what was read that lists are read again for it."""
    if read.covers(wanted):
        return False
    earlier = (_day_of_text(read.since) - _day_of_text(wanted.since)).days
    later = 0
    if read.until is not None:
        later = (
            (_day_of_text(wanted.until) - _day_of_text(read.until)).days if wanted.until else 365
        )
    return max(earlier, later) >= DAYS_BEFORE_STORY // 3


def span_moved(day: str, days: int) -> str:
    """A day so many days later, or earlier."""
    try:
        return (_day_of_text(day) + timedelta(days=days)).isoformat()
    except OverflowError:
        return day[:10]


def _day_of_text(moment: str) -> date:
    return date.fromisoformat(moment[:10])


def _is_iso_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


# -- what of a sitemap lies in a span --------------------------------------------------------------


def leads_within(leads: Sequence[Lead], span: Span) -> tuple[list[Lead], int, int]:
    """The leads of a span, and how many were left out as of other days and as undated."""
    taken: list[Lead] = []
    other = undated = 0
    for lead in leads:
        fits = lies_within(lead, span)
        if fits is None:
            undated += 1
        elif fits:
            taken.append(lead)
        else:
            other += 1
    return taken, other, undated


def lies_within(lead: Lead, span: Span) -> bool | None:
    """Was a page published within a span, as far as its lead says? None where nothing says when.

    One of which only the last change is known may have been published at any time before.
    """
    if lead.published_at:
        return span.holds(lead.published_at)
    if last := latest_day_in_path(lead.url):
        return is_not_before(last, span.since) and not span.ends_before(
            earliest_day_in_path(lead.url) or last
        )
    return is_not_before(lead.modified_at, span.since) if lead.modified_at else None


def may_hold_days(child: ChildSitemap, span: Span, today: str) -> bool:
    """May a sitemap that an index names list something of a span?

    Its name and its lastmod say by when all of it was published, its name alone from when. One of
    the latest news holds nothing that is weeks old.
    """
    latest = min(filter(None, (child.modified_at, latest_day_in_name(child.url))), default=None)
    if latest is not None and not is_not_before(latest, span.since):
        return False
    first = earliest_day_in_name(child.url)
    if first is not None:
        return not span.ends_before(first)
    return not (
        is_of_news(child.url)
        and span.until is not None
        and span.until < span_moved(today, -NEWS_SITEMAP_DAYS)
    )


def children_within(
    children: Iterable[ChildSitemap], span: Span, today: str, most: int
) -> tuple[list[ChildSitemap], list[ChildSitemap]]:
    """At most so many sitemaps of an index that may hold something of a span, the likeliest first;
    and the others.

    First those of the latest news, then those whose name says when, then those that changed last
    soonest after the span's end, as an outlet that numbers its sitemaps filled them one after the
    other.
    """
    fitting: list[ChildSitemap] = []
    others: list[ChildSitemap] = []
    for child in children:
        (fitting if may_hold_days(child, span, today) else others).append(child)
    ends = (span.until or today)[:10]

    def rank(child: ChildSitemap) -> tuple[int, int]:
        if is_of_news(child.url):
            return 0, 0
        if day := latest_day_in_name(child.url):
            return 1, -_day_of_text(day).toordinal()
        if child.modified_at is None or not _is_iso_day(child.modified_at[:10]):
            return 3, 0
        return 2, abs(_day_of_text(child.modified_at).toordinal() - _day_of_text(ends).toordinal())

    fitting.sort(key=rank)
    return fitting[:most], [*fitting[most:], *others]


def is_of_news(url: str) -> bool:
    """Does a sitemap's name say that it lists the latest news?"""
    path = url.rpartition("//")[2].partition("/")[2].lower()
    return "news" in path and earliest_day_in_name(url) is None


def span_within_limits(span: Span, since: str | None, until: str | None) -> Span:
    """The span within what a person said; a window that is turned around becomes its first day."""
    limited = span.within(since, until)
    if limited.until is not None and limited.until[:10] < limited.since[:10]:
        return replace(limited, until=limited.since)
    return limited
