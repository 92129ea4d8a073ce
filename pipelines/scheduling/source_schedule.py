"""Schedule of feeds and sitemaps: as often as new items appear, within the publisher's wishes.

Pure. The interval is half the mean gap between the new items of a source, so that an item is found
within that gap, and at least as long as the publisher asks clients to wait. A failing source is
fetched ever more rarely and never given up: feeds that silently stop after a few errors are the
most frequent complaint of feed reader users.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from archive.frontier.sources import Due, Rhythm
from archive.records import utc
from archive.times import told

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=24)
UNKNOWN = timedelta(hours=1)
"""Interval of a source with fewer than two known items."""
ITEMS = 20
"""Maximum number of items, the newest, from which the mean gap is computed."""
LONGEST_WISH = timedelta(days=7)
"""A publisher's requested interval (`ttl`, `max-age` …) is followed up to this long."""
SPREAD = 0.1
"""Random share of the interval, either way, so that sources do not all become due at once."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval, and the reason for it in a few words."""

    length: timedelta
    why: str


def due(rhythm: Rhythm, now: str) -> Due:
    """Return when a source is fetched next, and why. Raises ValueError for an invalid `now`."""
    moment = _moment(now)
    if moment is None:
        raise ValueError(f"not a moment: {now!r}")
    if rhythm.failures:
        usual = timedelta(seconds=rhythm.interval_seconds or UNKNOWN.total_seconds())
        interval = _after_failures(rhythm.failures, usual)
    else:
        interval = _by_items(rhythm, moment)
        usual = interval.length
    wish = min(timedelta(seconds=rhythm.wish_seconds or 0), LONGEST_WISH)
    length, why = interval.length * (1 + _spread(rhythm.url, now)), interval.why
    if wish > length:
        length, why = wish, f"the publisher asks for an interval of {told(wish)}"
    return Due(utc(moment + length), why, int(usual.total_seconds()))


def _by_items(rhythm: Rhythm, now: datetime) -> Interval:
    """Return half the mean gap between the newest items, within `SHORTEST` and `LONGEST`.

    The time since the newest item counts as a further gap once it makes the mean longer. Items of
    one timestamp count once: where no dates are given, all items of the first fetch share one.
    """
    moments = map(_moment, rhythm.items)
    known = {min(moment, now) for moment in moments if moment}
    newest = sorted(known, reverse=True)[:ITEMS]
    if len(newest) < 2:
        silence = now - min(_moment(rhythm.known_since) or now, now)
        length = min(LONGEST, max(UNKNOWN, silence / 2))
        return Interval(length, "fewer than two new items known")
    gap_between = (newest[0] - newest[-1]) / (len(newest) - 1)
    gap_until_now = (now - newest[-1]) / len(newest)
    gap = max(gap_between, gap_until_now)
    return Interval(min(LONGEST, max(SHORTEST, gap / 2)), f"an item every {told(gap)}")


def _after_failures(failures: int, usual: timedelta) -> Interval:
    """Return the usual interval doubled for every failure in a row, up to a day."""
    doublings = min(failures, 12)  # more would overflow, and LONGEST is reached long before
    length = min(LONGEST, max(SHORTEST, usual) * 2**doublings)
    times = "once" if failures == 1 else f"{failures} times in a row"
    return Interval(length, f"failed {times}")


def _spread(url: str, now: str) -> float:
    """Return a pseudo-random number between -SPREAD and SPREAD, fixed for a URL and a time."""
    digest = blake2b(f"{url} {now}".encode(), digest_size=4).digest()
    share = int.from_bytes(digest, "big") / 2**32
    return SPREAD * (2 * share - 1)


def _moment(text: str | None) -> datetime | None:
    """Parse an archive timestamp; without a zone it is taken as UTC."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
