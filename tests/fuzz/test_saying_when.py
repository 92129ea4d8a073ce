"""Dates, waits and freshness: whatever a site writes, a moment that can be or none, a wait that
ends or none."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.errors import UsageError
from archive.records import format_utc
from archive.times import parse_since
from crawler.dates.date_parser import (
    is_date_line,
    parse_date,
    parse_source_date,
    possible_page_date,
    without_date_at_end,
)
from crawler.network.cache_headers import freshness_seconds
from crawler.network.retry_after import MAX_RETRY_AFTER, parse_retry_after
from tests.fuzz.strategies import ANY, DIGITS, of_pieces

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
WRITTEN = of_pieces(
    "2026-03-04 T 12:30:00 12:30 Z +09:00 -23:59 +14:00 UTC EST 20260304 1772582400 1772582400123 20260304123000 March"
    " März 4 31 32 29 02 2026 0000 0001 9999 10000 99999999999999999999 , . / - : 年 月 日 오후 下午 pm am Wed, th GMT"
    " GMT+7 (UTC-5) CH μ.μ. 오전 午後 令和 ส.ค. lipnja اسفند 1404 2569 [Europe/Berlin] p. ET"
    " 2026-02-31 24:00 23:59:60 ٢٠٢٦ ² 4.3.2026 03/04/2026 -44"
)
FORM = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ?)?", re.ASCII)


@given(
    WRITTEN | ANY,
    st.sampled_from([None, "en", "de", "ko", "hr", "th", "fa", "ja", "vi", "x" * 40]),
    st.booleans(),
)
@example("20\u00b2\u00b22\u00b2\u00b2\u00b2", None, False)
@example("4 Mar 0000 12:00 +0000", None, False)
def test_whatever_a_page_writes_is_a_moment_that_exists_in_our_form_or_none(
    raw: str, language: str | None, month_first: bool
) -> None:
    found = parse_date(raw, language, month_first)
    if found is not None:
        assert FORM.fullmatch(found)
        datetime.fromisoformat(found)
        assert parse_date(found) == found


@given(WRITTEN | ANY)
def test_whatever_a_feed_or_sitemap_writes_is_a_moment_that_exists_or_none(raw: str) -> None:
    found = parse_source_date(raw, fetched_at="2026-03-04T12:00:00Z")
    if found is not None:
        assert FORM.fullmatch(found)
        datetime.fromisoformat(found)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)), st.timezones())
def test_a_moment_comes_back_from_each_form_in_which_sites_write_it(
    local: datetime, zone: object
) -> None:
    there = local.replace(microsecond=0, tzinfo=zone)  # type: ignore[arg-type]
    offset = there.utcoffset()
    if offset is None or offset.total_seconds() % 60:
        return  # offsets of the nineteenth century have seconds, which no form writes
    assert parse_date(there.isoformat()) == format_utc(there) == parse_date(format_datetime(there))


@given(WRITTEN, WRITTEN | st.just(format_utc(NOW)))
def test_nothing_is_known_to_lie_more_than_a_day_after_the_fetch(raw: str, fetched: str) -> None:
    found, fetched_at = parse_date(raw), parse_date(fetched)
    known = possible_page_date(found, fetched_at)
    assert known in (found, None)
    if known and fetched_at:
        assert date.fromisoformat(known[:10]) <= date.fromisoformat(fetched_at[:10]) + timedelta(
            days=2
        )


@given(WRITTEN | ANY)
def test_a_line_without_its_date_is_a_part_of_the_line_or_the_line(line: str) -> None:
    is_date_line(line)
    assert without_date_at_end(line) in (line, " ".join(line.split())) or without_date_at_end(
        line
    ) in " ".join(line.split())


@given(WRITTEN | ANY | DIGITS)
def test_what_a_person_types_is_a_moment_or_a_usage_error(typed: str) -> None:
    with suppress(UsageError):
        assert FORM.fullmatch(parse_since(typed, NOW))


RETRY = DIGITS | WRITTEN | ANY | st.just("Mon, 01 Jan 99999999999999999999 00:00:00 GMT")


@given(st.none() | RETRY)
@example("Mon, 01 Jan 99999999999999999999 00:00:00 GMT")
@example("Mon, 01 Jan 2026 00:00:00 +99999999")
@example("0" * 5_000)
def test_a_server_makes_us_wait_between_nothing_and_a_day(value: str | None) -> None:
    wait = parse_retry_after(value, NOW)
    assert wait is None or timedelta() <= wait <= MAX_RETRY_AFTER


HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Retry-After": RETRY,
        "Cache-Control": of_pieces(
            "max-age = max-age=60 s-maxage=9 no-cache no-store , 9 99999999999 \" '"
        )
        | ANY,
        "Age": DIGITS | ANY,
        "Expires": RETRY,
        "Date": RETRY,
    },
)


@given(HEADERS, st.none() | st.integers(0, 999_999))
@example({"Cache-Control": "max-age=60", "Age": "9" * 5_000}, None)
@example({"Cache-Control": "max-age=60", "Age": "\u0663"}, None)
@example(
    {
        "Expires": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Date": "Mon, 01 Jan 2026 00:00:00 GMT",
    },
    None,
)
def test_a_source_is_left_alone_for_no_longer_than_a_day_whatever_its_headers_say(
    headers: dict[str, str], ttl: int | None
) -> None:
    wish = freshness_seconds(headers.get, ttl, NOW)
    assert wish is None or 0 < wish <= MAX_RETRY_AFTER.total_seconds()


@pytest.mark.parametrize("seconds", [1, 60, 86_400])
def test_a_wait_in_seconds_is_that_wait(seconds: int) -> None:
    assert parse_retry_after(str(seconds), NOW) == timedelta(seconds=seconds)
