"""Schedule of feeds and sitemaps: as often as new items appear, within the publisher's wishes.

Pure. The interval is half the mean gap between the new items of a source, so that an item is found
within that gap, and at least as long as the publisher asks clients to wait. A failing source is
fetched ever more rarely and never given up: feeds that silently stop after a few errors are the
most frequent complaint of feed reader users.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from archive.frontier.sources import SourceDue, SourceHistory
from archive.records import format_utc
from archive.times import format_duration
from archive.timestamps import parse_timestamp

MIN_SOURCE_INTERVAL, MAX_SOURCE_INTERVAL = timedelta(minutes=5), timedelta(hours=24)
DEFAULT_SOURCE_INTERVAL = timedelta(hours=1)
"""Interval of a source with fewer than two known items."""
MAX_GAP_ITEMS = 20
"""Maximum number of items, the newest, from which the mean gap is computed."""
MAX_PUBLISHER_INTERVAL = timedelta(days=7)
"""A publisher's requested interval (`ttl`, `max-age` …) is followed up to this long."""
INTERVAL_SPREAD = 0.1
"""Random share of the interval, either way, so that sources do not all become due at once."""


@dataclass(frozen=True, slots=True)
class SourceInterval:
    """An interval, and the reason for it in a few words."""

    length: timedelta
    why: str


def source_due(rhythm: SourceHistory, now: str) -> SourceDue:
    """Return when a source is fetched next, and why. Raises ValueError for an invalid `now`."""
    moment = parse_timestamp(now)
    if moment is None:
        raise ValueError(f"not a moment: {now!r}")
    if rhythm.failures:
        usual = timedelta(
            seconds=rhythm.interval_seconds or DEFAULT_SOURCE_INTERVAL.total_seconds()
        )
        interval = _interval_after_failures(rhythm.failures, usual)
    else:
        interval = _interval_by_items(rhythm, moment)
        usual = interval.length
    wish = min(timedelta(seconds=rhythm.wish_seconds or 0), MAX_PUBLISHER_INTERVAL)
    length, why = interval.length * (1 + _interval_deviation(rhythm.url, now)), interval.why
    if wish > length:
        length, why = wish, f"the publisher asks for an interval of {format_duration(wish)}"
    return SourceDue(format_utc(moment + length), why, int(usual.total_seconds()))


def _interval_by_items(rhythm: SourceHistory, now: datetime) -> SourceInterval:
    """Return half the mean gap between the newest items, within `MIN_SOURCE_INTERVAL` and
    `MAX_SOURCE_INTERVAL`.

    The time since the newest item counts as a further gap once it makes the mean longer. Items of
    one timestamp count once: where no dates are given, all items of the first fetch share one.
    """
    moments = map(parse_timestamp, rhythm.items)
    known = {min(moment, now) for moment in moments if moment}
    newest = sorted(known, reverse=True)[:MAX_GAP_ITEMS]
    if len(newest) < 2:
        silence = now - min(parse_timestamp(rhythm.known_since) or now, now)
        length = min(MAX_SOURCE_INTERVAL, max(DEFAULT_SOURCE_INTERVAL, silence / 2))
        return SourceInterval(length, "fewer than two new items known")
    gap_between = (newest[0] - newest[-1]) / (len(newest) - 1)
    gap_until_now = (now - newest[-1]) / len(newest)
    gap = max(gap_between, gap_until_now)
    return SourceInterval(
        min(MAX_SOURCE_INTERVAL, max(MIN_SOURCE_INTERVAL, gap / 2)),
        f"an item every {format_duration(gap)}",
    )


def _interval_after_failures(failures: int, usual: timedelta) -> SourceInterval:
    """Return the usual interval doubled for every failure in a row, up to a day."""
    doublings = min(failures, 12)  # more would overflow, and LONGEST is reached long before
    length = min(MAX_SOURCE_INTERVAL, max(MIN_SOURCE_INTERVAL, usual) * 2**doublings)
    times = "once" if failures == 1 else f"{failures} times in a row"
    return SourceInterval(length, f"failed {times}")


def _interval_deviation(url: str, now: str) -> float:
    """Return a pseudo-random number between -SPREAD and SPREAD, fixed for a URL and a time."""
    digest = blake2b(f"{url} {now}".encode(), digest_size=4).digest()
    share = int.from_bytes(digest, "big") / 2**32
    return INTERVAL_SPREAD * (2 * share - 1)
