"""Alerts: what can be asked for, when news is sent, and in which words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from archive.alerts.alert_store import AlertRequest
from archive.errors import UsageError
from pipelines.alerts.alert_messages import (
    MAX_MESSAGE_ITEMS,
    alert_message,
    changed_passages_text,
)
from pipelines.alerts.alert_requests import (
    alert_schedule_text,
    alert_title,
    checked_alert_request,
    is_change_wanted,
    parse_alert_subject,
)
from pipelines.alerts.alert_times import (
    digest_time_after,
    is_item_due,
    is_quiet_time,
    retry_delay,
)

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# -- what can be asked for -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("story:harbour-strike", ("story", "harbour-strike")),
        ("search: ferry strike ", ("search", "ferry strike")),
        ("changes:gone", ("changes", "gone")),
        ("changes:silently", ("changes", "silent")),
        ("changes", ("changes", "all")),
        ("outlets", ("outlets", "")),
    ],
)
def test_a_subject_is_understood(typed: str, understood: tuple[str, str]) -> None:
    assert parse_alert_subject(typed) == understood


@pytest.mark.parametrize("typed", ["", "story:", "search:--", "changes:loud", "ferry", "outlets:x"])
def test_a_subject_that_means_nothing_is_refused_in_one_line(typed: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_alert_subject(typed)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "options",
    [
        {"quiet": "22:00"},
        {"quiet": "22:00-22:00"},
        {"quiet": "25:00-07:00"},
        {"digest_at": "8"},
        {"timezone": "Mars/Phobos"},
        {"timezone": "../etc/passwd"},
    ],
)
def test_times_and_zones_that_do_not_exist_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        checked_alert_request("changes:all", {}, **options)


def test_a_filter_that_a_subject_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="--language does not go with outlets"):
        checked_alert_request("outlets", {"language": "en"})


def test_an_alert_is_named_with_its_filters_and_times() -> None:
    request = checked_alert_request(
        "changes:silent",
        {"outlet": "ridge.example"},
        digest_at="7:30",
        quiet="22:00–7:00",
        timezone="Europe/Berlin",
    )
    assert alert_title(request) == "silent changes at ridge.example"
    assert alert_schedule_text(request) == "daily at 07:30 Europe/Berlin, not 22:00-07:00"


@pytest.mark.parametrize(
    ("subject", "kinds", "silent", "wanted"),
    [
        ("all", ["body"], False, True),
        ("all", ["typographic"], True, False),
        ("silent", ["body"], True, True),
        ("silent", ["body", "correction"], False, False),
        ("correction", ["body", "correction"], False, True),
        ("gone", ["gone"], False, True),
        ("gone", ["headline"], True, False),
    ],
)
def test_a_change_is_reported_to_those_who_asked_for_its_kind(
    subject: str, kinds: list[str], silent: bool, wanted: bool
) -> None:
    assert is_change_wanted(subject, kinds, silent) is wanted


# -- when it is sent -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "quiet"),
    [("21:59", False), ("22:00", True), ("03:00", True), ("06:59", True), ("07:00", False)],
)
def test_quiet_hours_pass_midnight_and_end_on_time(clock: str, quiet: bool) -> None:
    request = AlertRequest("outlets", quiet="22:00-07:00")
    assert is_quiet_time(request, at(f"2024-03-01T{clock}")) is quiet


def test_quiet_hours_are_those_of_the_zone() -> None:
    request = AlertRequest("outlets", quiet="12:00-14:00", timezone="Asia/Tokyo")
    assert is_quiet_time(request, at("2024-03-01T03:30"))
    assert not is_quiet_time(request, at("2024-03-01T12:30"))


def test_a_digest_holds_what_was_found_before_its_time_of_day() -> None:
    request = AlertRequest("outlets", digest_at="08:00", timezone="Europe/Berlin")
    found = at("2024-03-01T06:30")  # 07:30 in Berlin
    assert not is_item_due(request, found, at("2024-03-01T06:59"))
    assert is_item_due(request, found, at("2024-03-01T07:00"))
    later = at("2024-03-01T07:00")
    assert not is_item_due(request, later, at("2024-03-02T06:59"))
    assert is_item_due(request, later, at("2024-03-02T07:00"))


def test_a_digest_keeps_its_time_of_day_when_the_clocks_change() -> None:
    eight = datetime(2024, 1, 1, 8).time()
    found = datetime(2024, 3, 30, 9, tzinfo=BERLIN)
    assert digest_time_after(found, eight, BERLIN) == datetime(2024, 3, 31, 8, tzinfo=BERLIN)
    assert digest_time_after(found, eight, BERLIN).astimezone(UTC) == at("2024-03-31T06:00")


def test_a_target_that_fails_is_tried_less_and_less_often_and_never_given_up() -> None:
    delays = [retry_delay(failures) for failures in (1, 2, 3, 8, 1000)]
    assert delays == [timedelta(minutes=m) for m in (5, 10, 20, 360, 360)]


# -- in which words --------------------------------------------------------------------------------


def article(number: int) -> dict[str, Any]:
    return {
        "headline": f"Headline {number}\nwith a line break",
        "url": f"https://ridge.example/{number}",
        "published_at": "2024-02-15T10:30:00Z",
        "outlet_name": "Ridge",
        "other_outlets": 2,
    }


REVISION: dict[str, Any] = {
    "kinds": '["headline", "body"]', "stealth": 1, "seen_at": "2024-02-18T09:00:00Z", "gone_reason": None,
    "headline": "Talks on Thursday", "headline_before": "Talks on Monday", "newest_headline": "Talks on Thursday",
    "standfirst": None, "standfirst_before": None, "outlet_name": "Ridge", "url": "https://ridge.example/8",
    "text_before": "The crews and the office meet again on Monday in the old town hall.\nThe mayor is hopeful.",
    "text": "The crews and the office meet again on Thursday in the old town hall.\nThe mayor is hopeful.",
}  # fmt: skip


def test_an_article_is_told_with_outlet_date_and_url() -> None:
    told = alert_message(AlertRequest("story", "harbour-strike"), [("article", article(1))])
    assert told.title == "Dateline: Headline 1 with a line break"
    assert told.body == (
        "Headline 1 with a line break\nRidge · 15 Feb 2024, 10:30 UTC · also in 2 other outlets\n"
        "https://ridge.example/1\n"
    )


def test_a_message_has_a_limit_and_names_the_next_ones() -> None:
    news = [("article", article(number)) for number in range(1, MAX_MESSAGE_ITEMS + 8)]
    told = alert_message(AlertRequest("search", "ferry"), news)  # type: ignore[arg-type]
    assert told.title == "Dateline: 27 new articles, search “ferry”"
    assert told.body.count("https://") == MAX_MESSAGE_ITEMS
    assert told.body.endswith("Headline 25 with a line break; …\n")
    assert "and 7 more: Headline 21 with a line break; " in told.body


def test_a_change_is_told_with_the_words_before_and_after() -> None:
    told = alert_message(AlertRequest("changes", "silent"), [("revision", REVISION)])
    assert told.title == "Dateline: headline, text, silently: Talks on Thursday"
    assert told.body.splitlines() == [
        "Talks on Thursday",
        "Ridge · headline, text, silently · seen on 18 Feb 2024, 09:00 UTC",
        "https://ridge.example/8",
        "− Talks on Monday",
        "+ Talks on Thursday",
        "− … and the office meet again on Monday in the old town hall.",
        "+ … and the office meet again on Thursday in the old town hall.",
    ]


def test_a_page_that_is_gone_is_told_with_the_reason() -> None:
    gone = REVISION | {"kinds": '["gone"]', "stealth": 0, "gone_reason": "HTTP 410", "text": "",
                       "headline": None}  # fmt: skip
    told = alert_message(AlertRequest("changes", "gone"), [("revision", gone)])
    assert told.body.splitlines()[-1] == "The page is gone: HTTP 410"
    assert told.body.startswith("Talks on Monday\n")


def test_added_removed_and_unspaced_passages_are_found() -> None:
    assert changed_passages_text("One.\nTwo.", "One.") == [("Two.", "")]
    assert changed_passages_text("One.", "One.\nTwo.") == [("", "Two.")]
    [(before, after)] = changed_passages_text("首相は東京で述べた。", "首相は大阪で述べた。")
    assert ("東京" in before, "大阪" in after, " " in before) == (True, True, False)
    assert changed_passages_text("Same  words", "Same words") == []
