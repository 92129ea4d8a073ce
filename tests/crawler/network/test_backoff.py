"""When a site is left alone, decided without clock or network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crawler.network.backoff import (
    DEFAULT_SITE_PAUSE,
    MAX_UNANSWERED_REQUESTS,
    SiteBackoff,
    SitePause,
    pause_reason,
    site_origin,
)
from crawler.network.retry_after import MAX_RETRY_AFTER, parse_retry_after

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SITE = "https://harbour.example"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Tue, 10 Mar 2026 12:02:00 GMT", 120),
        ("Tuesday, 10-Mar-26 12:02:00 GMT", 120),
        ("Tue Mar 10 12:02:00 2026", 120),
        ("Tue, 10 Mar 2026 11:00:00 GMT", 0),
        ("Tue, 10 Mar 2099 11:00:00 GMT", MAX_RETRY_AFTER.total_seconds()),
        ("99999999999999999999", MAX_RETRY_AFTER.total_seconds()),
        (None, None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("in a while", None),
        ("Tue, 10 Mar 99999 11:00:00 GMT", None),
        ("²", None),
        ("٣٠", None),
        ("0" * 5_000, 0),
        ("0" * 40 + "120", 120),
        ("9" * 5_000, MAX_RETRY_AFTER.total_seconds()),
        ("+30", None),
        ("1e3", None),
        ("inf", None),
        ("120, 240", None),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("Tue, 10 Mar 2026 12:02:00 +99999999", None),
        ("Tue, 10 Mar 2026 25:61:00 GMT", None),
        ("Tue, 10 Mar 2026 12:02:00 GMT" + " " * 90 + "x", None),
    ],
)
def test_a_retry_after_is_seconds_or_a_date_and_at_most_a_day(said, seconds):
    wait = parse_retry_after(said, NOW)
    assert (wait.total_seconds() if wait is not None else None) == seconds


@pytest.mark.parametrize(
    ("status", "asked", "minutes"),
    [
        (429, "600", 10),
        (503, "600", 10),
        (429, None, 15),
        (503, None, None),
        (500, "600", None),
        (200, "600", None),
    ],
)
def test_who_asks_to_be_left_alone_is_and_a_503_alone_is_the_pages_own_trouble(
    status, asked, minutes
):
    turns = SiteBackoff()
    pause = turns.note_answer(SITE, status, asked, NOW)
    assert turns.current_pause(SITE, NOW) == pause
    assert (pause.until - NOW if pause else None) == (
        timedelta(minutes=minutes) if minutes else None
    )


def test_a_pause_ends_at_its_moment_and_the_longer_of_two_counts():
    turns = SiteBackoff({SITE: SitePause(NOW + timedelta(hours=1), "HTTP 429")})
    assert turns.note_answer(SITE, 503, "60", NOW) == SitePause(
        NOW + timedelta(hours=1), "HTTP 429"
    )
    assert turns.current_pause(SITE, NOW + timedelta(minutes=59))
    assert turns.current_pause(SITE, NOW + timedelta(hours=1)) is None


def test_silences_count_in_a_row_and_for_their_own_site():
    turns = SiteBackoff()
    for _ in range(MAX_UNANSWERED_REQUESTS - 1):
        assert turns.note_silence(SITE, "timed out", NOW) is None
    assert turns.note_silence("http://harbour.example", "timed out", NOW) is None
    turns.note_answer(SITE, 500, None, NOW)
    for _ in range(MAX_UNANSWERED_REQUESTS - 1):
        assert turns.note_silence(SITE, "timed out", NOW) is None
    pause = turns.note_silence(SITE, "timed out", NOW)
    assert pause == SitePause(NOW + DEFAULT_SITE_PAUSE, "timed out, 3 times in a row")
    assert pause_reason(pause) == "timed out, 3 times in a row; paused until 2026-03-10T12:15:00Z"


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://harbour.example/a?b#c", SITE),
        ("http://HARBOUR.example:8080", "http://harbour.example:8080"),
        ("https://user:word@harbour.example/", SITE),
    ],
)
def test_a_site_is_scheme_host_and_port(url, site):
    assert site_origin(url) == site
