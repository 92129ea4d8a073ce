"""When an article's page is looked at again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.articles.revisions import FetchHistory
from archive.records import format_utc
from pipelines.scheduling.recheck import (
    MAX_RECHECK_AGE,
    MIN_RECHECK_INTERVAL,
    next_recheck,
    recheck_due_at,
)

START = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY, WEEK, YEAR = timedelta(days=1), timedelta(days=7), timedelta(days=365)
AGES = st.timedeltas(timedelta(0), timedelta(days=2000))
MOMENTS = (
    st.none()
    | st.sampled_from(["soon", "2026-03-10", "2026-02-30", "2026-03-10T11:00:00"])
    | AGES.map(lambda age: format_utc(START + age - timedelta(days=1000)))
)


def looks(until: timedelta, changes: Callable[[int], bool] = lambda _: False) -> int:
    """How many looks an article has that is looked at whenever it is due; `changes`: does the nth
    look find one?"""
    now: datetime | None = START
    changed, number = None, 0
    while now and now - START <= until:
        number += 1
        changed = format_utc(now) if number > 1 and changes(number) else changed
        now = next_recheck(FetchHistory(format_utc(START), changed_at=changed), now)
    return number


@pytest.mark.parametrize(("until", "many"), [(DAY, 13), (WEEK, 18), (YEAR, 28), (5 * YEAR, 28)])
def test_an_article_is_looked_at_13_times_on_its_first_day_18_in_a_week_and_28_in_a_year(
    until: timedelta, many: int
) -> None:
    assert looks(until) == many


def test_after_a_change_it_is_looked_at_sooner() -> None:
    assert looks(WEEK, lambda number: number == 14) > looks(WEEK)
    now = START + timedelta(days=30)
    quiet, changed = (
        FetchHistory(format_utc(START)),
        FetchHistory(format_utc(START), changed_at=format_utc(now - timedelta(hours=1))),
    )
    assert next_recheck(changed, now) < next_recheck(quiet, now)  # type: ignore[operator]


def test_an_article_that_changes_at_every_look_is_not_watched_without_end() -> None:
    assert looks(DAY, lambda _: True) <= 70
    assert looks(YEAR, lambda _: True) <= 220


def test_two_answers_410_in_a_row_are_the_last_word_and_one_is_not() -> None:
    now = START + DAY
    assert next_recheck(FetchHistory(format_utc(START), statuses=(410, 410)), now) is None
    assert next_recheck(FetchHistory(format_utc(START), statuses=(410, 200, 410)), now) is not None
    assert next_recheck(FetchHistory(format_utc(START), statuses=(404, 404)), now) is not None


def test_what_lost_most_of_its_text_is_looked_at_again_in_ten_minutes() -> None:
    now = START + timedelta(days=100)
    assert (
        next_recheck(FetchHistory(format_utc(START), held=True), now) == now + MIN_RECHECK_INTERVAL
    )


def test_an_article_that_is_old_when_it_is_found_is_looked_at_as_an_old_one() -> None:
    found = FetchHistory(format_utc(START), published_at=format_utc(START - timedelta(days=20)))
    assert next_recheck(found, START) == START + timedelta(days=10)


def test_of_an_article_of_today_the_day_alone_does_not_make_it_old() -> None:
    assert (
        next_recheck(FetchHistory(format_utc(START), published_at="2026-03-10"), START)
        == START + MIN_RECHECK_INTERVAL
    )


def test_a_year_after_its_last_change_nobody_looks_any_more() -> None:
    now = START + timedelta(days=364)
    assert next_recheck(FetchHistory(format_utc(START)), now) is None
    assert (
        next_recheck(
            FetchHistory(format_utc(START), changed_at=format_utc(now - timedelta(days=10))), now
        )
        is not None
    )


@given(AGES, MOMENTS, MOMENTS, st.booleans())
def test_a_next_look_lies_between_ten_minutes_and_half_a_year_ahead(
    age: timedelta, published: str | None, changed: str | None, held: bool
) -> None:
    now = START + age
    when = next_recheck(FetchHistory(format_utc(START), published, changed, held), now)
    assert when is None or MIN_RECHECK_INTERVAL <= when - now <= MAX_RECHECK_AGE


@given(AGES, AGES)
def test_the_older_an_unchanged_article_the_longer_the_wait(
    age: timedelta, more: timedelta
) -> None:
    earlier, later = START + age, START + age + more
    first, second = (
        next_recheck(FetchHistory(format_utc(START)), earlier),
        next_recheck(FetchHistory(format_utc(START)), later),
    )
    assert second is None or (first is not None and first - earlier <= second - later)


def test_it_is_written_as_the_archive_writes_moments() -> None:
    assert (
        recheck_due_at(FetchHistory(format_utc(START)), format_utc(START)) == "2026-03-10T12:10:00Z"
    )
    assert (
        recheck_due_at(FetchHistory(format_utc(START), statuses=(410, 410)), format_utc(START))
        is None
    )
    with pytest.raises(ValueError, match="not a moment"):
        recheck_due_at(FetchHistory(format_utc(START)), "soon")
