"""When to look at an article's page again: often while it is news, ever more rarely after. Pure;
the crawl decides how many of the due pages of one host it takes.

The age of an article grows by half from look to look, from ten minutes on: 0, 10, 20, 30, 45
minutes, 1 h 8, 1 h 41 … These are 13 looks on the first day, 18 in the first week and 28 in the
first year. A change starts the clock again, but an old article that changes at every look is not
watched as closely as a new one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from archive.articles.revisions import Looks
from archive.records import utc

SHORTEST = timedelta(minutes=10)
LAST = timedelta(days=365)
"""After the article's first appearance or its last change; then only who asks for it has it looked
at."""
RESTLESS = 24
"""The share (one in so many) of its age that an article which keeps changing waits."""
GONE = 410


def next_look(looks: Looks, now: datetime) -> datetime | None:
    """The moment of the next look, after `now`; None if there is to be none.

    None after two answers 410 (Gone) in a row, and a year after the article appeared or last
    changed. What lost most of its text is looked at again soon, as the second look decides.
    """
    if looks.statuses[:2] == (GONE, GONE):
        return None
    if looks.held:
        return now + SHORTEST
    began = _beginning(looks, now)
    changed = max(began, min(_moment(looks.changed_at) or began, now))
    wait = max(SHORTEST, min((now - began) / 2, max((now - changed) / 2, (now - began) / RESTLESS)))
    return now + wait if now + wait <= changed + LAST else None


def due_at(looks: Looks, now: str) -> str | None:
    """The same as the archive writes it (`urls.due_at`)."""
    moment = _moment(now)
    if moment is None:
        raise ValueError(f"not a moment: {now!r}")
    due = next_look(looks, moment)
    return utc(due) if due else None


def _beginning(looks: Looks, now: datetime) -> datetime:
    """When it was published or, if the page does not say or errs, first seen."""
    seen = _moment(looks.first_seen) or now
    return min(seen, _moment(looks.published_at) or seen, now)


def _moment(text: str | None) -> datetime | None:
    """A moment as the archive writes it; a clock without a zone is taken for UTC, a day for its
    end.

    An article of which only the day is known may be minutes old.
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) == 10:
        moment += timedelta(days=1)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
