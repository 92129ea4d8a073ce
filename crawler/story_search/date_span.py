"""The days that a crawl for a story covers: those of its coverage and some around them. Pure.

The search covers some weeks before the story's first article to some weeks after its last, not all
that its outlets ever published. When an article is found near an end, the search continues beyond
it, so that a story of a year is followed to its ends step by step.
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
"""Days around the known coverage; a story runs on longer than it was announced."""
DAYS_WIDER = 45
"""Days searched beyond these, once, where an outlet has covered the story."""
NEWS_SITEMAP_DAYS = 10
"""Maximum age in days of the pages in a news sitemap.

Google's rules say two days; outlets that publish little list older pages.
"""


@dataclass(frozen=True, slots=True)
class Span:
    """A span from a first day or timestamp to a last day; without a last day, until now."""

    since: str
    until: str | None = None

    def holds(self, moment: str | None) -> bool:
        """Return whether a timestamp lies within the span; an unknown one may."""
        return moment is None or (
            is_not_before(moment, self.since) and not self.ends_before(moment)
        )

    def ends_before(self, moment: str) -> bool:
        """Return whether the span ends before the day of a timestamp."""
        return self.until is not None and moment[:10] > self.until[:10]

    def covers(self, other: Span) -> bool:
        """Return whether this span contains all of another."""
        ends = self.until is None or (
            other.until is not None and other.until[:10] <= self.until[:10]
        )
        return ends and self.since[:10] <= other.since[:10]

    def joined(self, other: Span) -> Span:
        """Return the span from the earlier beginning to the later end."""
        ends = None if self.until is None or other.until is None else max(self.until, other.until)
        return Span(min(self.since, other.since), ends)

    def within(self, since: str | None, until: str | None) -> Span:
        """Return the part of the span within a user's own limits."""
        begins = max(self.since, since) if since else self.since
        ends = min(filter(None, (self.until, until)), default=None)
        return Span(begins, ends)

    def told(self) -> str:
        """Return the span as text: `2024-01-25 to 2024-03-21`."""
        return f"{self.since[:10]} to {self.until[:10] if self.until else 'now'}"


def span_around(
    moments: Iterable[str],
    today: str,
    before: int = DAYS_BEFORE_STORY,
    after: int = DAYS_AFTER_STORY,
) -> Span | None:
    """Return the days of some articles and those around them; None where no article is dated.

    A span that would end today or later has no end.
    """
    days = sorted(moment[:10] for moment in moments if _is_iso_day(moment[:10]))
    if not days:
        return None
    until = span_moved(days[-1], after)
    return Span(span_moved(days[0], -before), None if until >= today[:10] else until)


def wider_span(span: Span, today: str, days: int = DAYS_WIDER) -> Span:
    """Return the span, extended by `days` on both sides."""
    until = None if span.until is None else span_moved(span.until, days)
    return Span(
        span_moved(span.since, -days), None if until is None or until >= today[:10] else until
    )


def is_worth_widening(read: Span, wanted: Span) -> bool:
    """Return whether a wanted span exceeds the read one by enough days to read lists again."""
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
    """Return the day that is `days` later, or earlier if negative."""
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


# -- the part of a sitemap in a span ---------------------------------------------------------------


def leads_within(leads: Sequence[Lead], span: Span) -> tuple[list[Lead], int, int]:
    """Return the leads within a span, and how many others are of other days and undated."""
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
    """Return whether a page was published within a span; None if its lead has no date.

    If the lead gives only the date of the last change, the page may have been published at any time
    before it.
    """
    if lead.published_at:
        return span.holds(lead.published_at)
    if last := latest_day_in_path(lead.url):
        return is_not_before(last, span.since) and not span.ends_before(
            earliest_day_in_path(lead.url) or last
        )
    return is_not_before(lead.modified_at, span.since) if lead.modified_at else None


def may_hold_days(child: ChildSitemap, span: Span, today: str) -> bool:
    """Return whether a sitemap that an index names may list pages of a span.

    Its name and its lastmod limit when all of its pages were published; its name alone gives the
    earliest day. A sitemap of the latest news lists no page that is weeks old.
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
    """Return up to `most` sitemaps of an index that may list pages of a span, and the others.

    The order is: sitemaps of the latest news, then those whose name gives a date, the latest first,
    then those whose last change is closest to the span's end, as an outlet that numbers its
    sitemaps fills them one after the other.
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
    """Return whether a sitemap's name says that it lists the latest news."""
    path = url.rpartition("//")[2].partition("/")[2].lower()
    return "news" in path and earliest_day_in_name(url) is None


def span_within_limits(span: Span, since: str | None, until: str | None) -> Span:
    """Return the span within a user's limits.

    If the limits leave no day, the span becomes its first day.
    """
    limited = span.within(since, until)
    if limited.until is not None and limited.until[:10] < limited.since[:10]:
        return replace(limited, until=limited.since)
    return limited
