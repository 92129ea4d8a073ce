"""Schedule of the rechecks of an article: often while it is news, then ever more rarely.

Pure; the crawl decides how many of the due pages of one host it fetches. The age of an article
grows by half between two checks, starting at ten minutes: 0, 10, 20, 30, 45 minutes, 1 h 8, 1 h 41
… This makes 13 checks on the first day, 18 in the first week and 28 in the first year. A change
restarts the clock, but an old article that changes at every check is not fetched as often as a new
one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from archive.articles.revisions import FetchHistory
from archive.records import format_utc
from archive.timestamps import parse_timestamp

MIN_RECHECK_INTERVAL = timedelta(minutes=10)
"""Minimum interval between two checks of an article."""
MAX_RECHECK_AGE = timedelta(days=365)
"""Rechecks end this long after the first appearance or the last change; then only an explicit
request fetches the article."""
RESTLESS_AGE_DIVISOR = 24
"""An article that keeps changing waits 1/24 of its age."""
HTTP_GONE = 410
"""HTTP status 410 (Gone)."""


def next_recheck(looks: FetchHistory, now: datetime) -> datetime | None:
    """Return the time of the next check, after `now`, or None if no further check is due.

    None after two answers 410 (Gone) in a row, and a year after the article appeared or last
    changed. A version that lost most of its text (`looks.held`) is rechecked soon, as the second
    fetch decides.
    """
    if looks.statuses[:2] == (HTTP_GONE, HTTP_GONE):
        return None
    if looks.held:
        return now + MIN_RECHECK_INTERVAL
    began = _article_beginning(looks, now)
    changed = max(began, min(_latest_possible(looks.changed_at) or began, now))
    age, unchanged = now - began, now - changed
    wait = max(MIN_RECHECK_INTERVAL, min(age / 2, max(unchanged / 2, age / RESTLESS_AGE_DIVISOR)))
    following = now + wait
    return following if following <= changed + MAX_RECHECK_AGE else None


def recheck_due_at(looks: FetchHistory, now: str) -> str | None:
    """Return `next_recheck` in the archive's form (`urls.due_at`). Raises ValueError for an invalid
    `now`."""
    moment = _latest_possible(now)
    if moment is None:
        raise ValueError(f"not a moment: {now!r}")
    due = next_recheck(looks, moment)
    return format_utc(due) if due else None


def _article_beginning(looks: FetchHistory, now: datetime) -> datetime:
    """Return the publication date or, if that is missing or later, the time of the first fetch."""
    seen = _latest_possible(looks.first_seen) or now
    return min(seen, _latest_possible(looks.published_at) or seen, now)


def _latest_possible(text: str | None) -> datetime | None:
    """Return the latest time that a timestamp can mean; None if it is missing or invalid.

    An article of which only the day is known may be minutes old.
    """
    timestamp = parse_timestamp(text)
    if timestamp is None:
        return None
    is_day = len(text or "") == 10
    return timestamp + timedelta(days=1) if is_day else timestamp
