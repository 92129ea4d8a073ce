"""When a feed or sitemap is looked at again, and why then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.frontier.sources import SourceDue, SourceHistory
from archive.records import format_utc
from pipelines.scheduling.source_schedule import (
    INTERVAL_SPREAD,
    MAX_SOURCE_INTERVAL,
    MIN_SOURCE_INTERVAL,
    source_due,
)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def ago(**units: float) -> str:
    return format_utc(NOW - timedelta(**units))


FEED = SourceHistory("https://harbour.example/feed.xml", ago(days=30), (), 0, None, None)


def every(gap: timedelta, many: int = 20, newest: timedelta = timedelta()) -> SourceHistory:
    """A feed whose items came that far apart, the newest so long ago."""
    return replace(
        FEED, items=tuple(format_utc(NOW - newest - gap * number) for number in range(many))
    )


def wait(found: SourceDue) -> timedelta:
    return datetime.fromisoformat(found.at) - NOW


def near(length: timedelta, wanted: timedelta) -> bool:
    """But for the spread, and the second that moments are written to."""
    return abs(length - wanted) <= wanted * INTERVAL_SPREAD + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("rhythm", "wanted", "why"),
    [
        (every(timedelta(hours=2)), timedelta(hours=1), "an item every 2 h"),
        (every(timedelta(minutes=4)), timedelta(minutes=5), "an item every 4 min"),
        (every(timedelta(days=5)), timedelta(hours=24), "an item every 5 days"),
        (every(timedelta(hours=1), newest=timedelta(days=2)), timedelta(minutes=100), "an item every 3 h 21 min"),
        (replace(FEED, known_since=ago(minutes=1)), timedelta(hours=1), "fewer than two new items known"),
        (replace(FEED, known_since=ago(hours=20)), timedelta(hours=10), "fewer than two new items known"),
        (FEED, timedelta(hours=24), "fewer than two new items known"),
        (replace(FEED, items=(ago(hours=3),) * 20), timedelta(hours=24), "fewer than two new items known"),
        (replace(every(timedelta(hours=2)), failures=1, interval_seconds=3600), timedelta(hours=2), "failed once"),
        (replace(FEED, failures=3, interval_seconds=600), timedelta(minutes=80), "failed 3 times in a row"),
        (replace(FEED, failures=500, interval_seconds=600), timedelta(hours=24), "failed 500 times in a row"),
    ],
)  # fmt: skip
def test_a_source_is_looked_at_twice_as_often_as_it_has_news_and_rarely_where_it_fails(
    rhythm, wanted, why
):
    found = source_due(rhythm, format_utc(NOW))
    assert found.why == why
    assert near(wait(found), wanted)


def test_a_source_that_asks_to_be_left_alone_is_and_one_that_asks_for_less_changes_nothing():
    hourly = every(timedelta(hours=2))
    asked = source_due(replace(hourly, wish_seconds=6 * 3600), format_utc(NOW))
    assert wait(asked) == timedelta(hours=6)
    assert asked.why == "the publisher asks for an interval of 6 h"
    assert source_due(replace(hourly, wish_seconds=60), format_utc(NOW)) == source_due(
        hourly, format_utc(NOW)
    )
    assert wait(source_due(replace(hourly, wish_seconds=10**9), format_utc(NOW))) == timedelta(
        days=7
    )


def test_sources_with_one_rhythm_do_not_all_come_due_at_once():
    moments = {
        source_due(replace(FEED, url=f"https://outlet-{n}.example/feed"), format_utc(NOW)).at
        for n in range(50)
    }
    assert len(moments) > 40


def test_items_from_the_future_count_as_of_now():
    """A publisher's clock, or a date of an event to come, must not make a quiet feed look busy."""
    rhythm = replace(FEED, items=(format_utc(NOW + timedelta(days=400)), ago(hours=4)))
    assert source_due(rhythm, format_utc(NOW)).why == "an item every 4 h"


@given(
    st.builds(
        SourceHistory,
        url=st.text(),
        known_since=st.datetimes(timezones=st.just(UTC)).map(format_utc),
        items=st.lists(st.datetimes(timezones=st.just(UTC)).map(format_utc) | st.text(max_size=12), max_size=30).map(tuple),
        failures=st.integers(0, 10**6),
        interval_seconds=st.none() | st.integers(1, 86400),
        wish_seconds=st.none() | st.integers(0, 10**7),
    )
)  # fmt: skip
def test_whatever_is_known_the_next_look_lies_between_five_minutes_and_a_week_ahead(rhythm):
    length = wait(source_due(rhythm, format_utc(NOW)))
    assert MIN_SOURCE_INTERVAL * (1 - INTERVAL_SPREAD) - timedelta(seconds=1) <= length
    assert length <= max(
        MAX_SOURCE_INTERVAL * (1 + INTERVAL_SPREAD), timedelta(days=7)
    ) + timedelta(seconds=1)
