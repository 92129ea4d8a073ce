"""When to look at a feed or sitemap again: as often as it has something new, and no more often than
it asks.

Pure. The interval is half the mean gap between the new items of a source, so that an item is found
within that gap, and at least as long as its publisher asks readers to wait. A source that fails is
asked ever more rarely, and never given up: feeds that die in silence after a few errors are what
users of feed readers complain of most.
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
"""For a source of which fewer than two items are known."""
ITEMS = 20
"""The newest that the gap is reckoned from."""
LONGEST_WISH = timedelta(days=7)
"""That a publisher's own word is followed for."""
SPREAD = 0.1
"""Of the interval, either way, so that sources do not all come due at once."""


@dataclass(frozen=True, slots=True)
class Interval:
    """How long to wait, and why."""

    length: timedelta
    why: str


def due(rhythm: Rhythm, now: str) -> Due:
    """When a source is looked at again, and why then."""
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
    length = interval.length * (1 + _spread(rhythm.url, now))
    if wish > length:
        length, interval = wish, Interval(wish, f"it asks to be left alone for {told(wish)}")
    return Due(utc(moment + length), interval.why, int(usual.total_seconds()))


def _by_items(rhythm: Rhythm, now: datetime) -> Interval:
    """Half the mean gap; the time since the newest item counts as one gap more once that makes the
    mean longer.

    Items of one moment count once: where no dates are given, all that the first look found has one.
    """
    known = {min(moment, now) for moment in map(_moment, rhythm.items) if moment}
    newest = sorted(known, reverse=True)[:ITEMS]
    if len(newest) < 2:
        silence = now - min(_moment(rhythm.known_since) or now, now)
        return Interval(
            min(LONGEST, max(UNKNOWN, silence / 2)), "it was not the first to name anything yet"
        )
    gap = max((newest[0] - newest[-1]) / (len(newest) - 1), (now - newest[-1]) / len(newest))
    return Interval(min(LONGEST, max(SHORTEST, gap / 2)), f"an item every {told(gap)}")


def _after_failures(failures: int, usual: timedelta) -> Interval:
    """Twice as long with every failure in a row, up to a day."""
    length = min(LONGEST, max(SHORTEST, usual) * 2 ** min(failures, 12))
    return Interval(length, f"failed {'once' if failures == 1 else f'{failures} times in a row'}")


def _spread(url: str, now: str) -> float:
    """Between -SPREAD and SPREAD, by chance, and the same for the same look."""
    number = int.from_bytes(blake2b(f"{url} {now}".encode(), digest_size=4).digest(), "big")
    return SPREAD * (2 * number / 2**32 - 1)


def _moment(text: str | None) -> datetime | None:
    """A moment as the archive writes it; a clock without a zone is taken for UTC."""
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and not moment.tzinfo else moment
