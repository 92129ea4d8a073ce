"""An article that is known by headline and time, found among what its outlet's own feed names; or
not, in doubt."""

from __future__ import annotations

import pytest

from archive.records import Lead
from crawler.services import UnresolvedHeadline, lead_of_headline

AT = "2024-02-15T10:30:00Z"


def lead(
    headline: str | None, published_at: str | None = AT, url: str = "https://bay.example/1"
) -> Lead:
    return Lead(url, via="feed", headline=headline, published_at=published_at)


def is_found(wanted: str, listed: str, at: str | None = AT, listed_at: str | None = AT) -> bool:
    named = UnresolvedHeadline(wanted, "bay.example", "The Bay Post", published_at=at)
    return lead_of_headline(named, [lead(listed, listed_at)]) is not None


@pytest.mark.parametrize(
    ("wanted", "listed"),
    [
        ("Ferry sinks off the northern harbour wall", "Ferry sinks off the northern harbour wall"),
        ("Ferry ‘sinks’ off harbour – crew safe", "Ferry 'sinks' off harbour - crew safe"),
        ("Café owner's ferry sinks", "Cafe Owner’s Ferry Sinks"),
        (
            "Ferry sinks off the northern harbour wall",
            "Live: Ferry sinks off the northern harbour wall",
        ),
        ("Opinion | Ferries are a promise we broke", "Ferries are a promise we broke"),
        (
            "Ferry sinks off the northern harbour wall",
            "Ferry sinks off the northern harbour wall | World",
        ),
        ("Ferry sinks off the northern wall", "Ferry sinks off the northern wall - The Bay Post"),
        (
            "Ferry sinks off the northern harbour …",
            "Ferry sinks off the northern harbour wall in heavy seas at night",
        ),
        (
            "Ferry sinks off the northern harbour wall",
            "Ferry sinks off the northern harbour wall on Tuesday",
        ),
        ("Fähre läuft vor dem Hafen auf Grund", "Fähre läuft vor dem Hafen auf Grund"),
        ("항구 앞바다서 여객선 침몰…승객 전원 구조", "항구 앞바다서 여객선 침몰... 승객 전원 구조"),
        (
            "【速報】港の沖でフェリーが沈没、乗客全員を救助",
            "港の沖でフェリーが沈没、乗客全員を救助",
        ),
        ("港口附近渡轮沉没 乘客全部获救", "港口附近渡轮沉没，乘客全部获救"),
        ("เรือเฟอร์รี่จมนอกท่าเรือ", "เรือเฟอร์รี่จมนอกท่าเรือ"),
        (
            "3 hurt as ferry hits wall, 1.5 metres breached",
            "3 hurt as ferry hits wall; 1.5 metres breached",
        ),
    ],
)
def test_one_headline_in_two_printings_is_one_article(wanted, listed):
    assert is_found(wanted, listed)
    assert is_found(listed, wanted)


@pytest.mark.parametrize(
    ("wanted", "listed"),
    [
        (
            "Minister denies taking money from the shipping group",
            "Minister admits taking money from the shipping group",
        ),
        (
            "Ferry sinks off the northern harbour wall, 12 dead",
            "Ferry sinks off the northern harbour wall, 14 dead",
        ),
        (
            "Ferry sinks off the northern harbour wall",
            "12 dead as ferry sinks off the northern harbour wall",
        ),
        ("Ferry sinks off the northern harbour wall", "Ferry sinks off the southern harbour wall"),
        ("Ferry sinks", "Ferry sinks off the northern harbour wall"),
        ("Ferry sinks off harbour - crew safe", "Ferry sinks off harbour - owner sued"),
        ("Ferry sinks off harbour", "Ferry sinks off harbour - owner sued over it"),
        ("France: central bank raises rates again", "Spain: central bank raises rates again"),
        ("Ferry sinks off harbour | World", "Ferry sinks off harbour | In pictures"),
        ("Ferry sinks off harbour", "Bus overturns in the mountains"),
        (
            "The group sues the minister over the ferry",
            "The minister sues the group over the ferry",
        ),
        ("首相、港の事故で責任を否認", "首相、港の事故で責任を承認"),
        ("항구 앞바다서 여객선 침몰, 12명 사망", "항구 앞바다서 여객선 침몰, 14명 사망"),
        (
            "What the ferry inquiry will examine this week",
            "What the ferry inquiry will examine next week",
        ),
    ],
)
def test_a_headline_with_another_word_or_number_is_another_article(wanted, listed):
    assert not is_found(wanted, listed)
    assert not is_found(listed, wanted)


@pytest.mark.parametrize(
    ("at", "listed_at", "whether"),
    [
        (AT, "2024-02-17T10:30:00Z", True),
        (AT, "2024-02-13", False),
        (AT, "2024-02-14", True),
        (AT, "2023-02-15T10:30:00Z", False),
        (AT, "no date", False),
        (None, AT, True),
        (AT, None, True),
    ],
)
def test_the_same_headline_counts_within_two_days(at, listed_at, whether):
    assert (
        is_found(
            "Morning briefing from the northern harbour",
            "Morning briefing from the northern harbour",
            at,
            listed_at,
        )
        is whether
    )


def test_without_a_date_a_short_headline_and_a_longer_one_are_not_enough():
    assert not is_found("Ferry sinks", "Ferry sinks", None)
    assert not is_found(
        "Ferry sinks off the northern harbour wall",
        "Ferry sinks off the northern harbour wall today",
        None,
    )


def test_of_two_that_fit_the_exact_one_is_taken_then_the_one_of_the_same_time_and_else_none():
    wanted = UnresolvedHeadline(
        "Harbour ferry timetable for the coming week", "bay.example", published_at=AT
    )
    exact = lead(
        "Harbour ferry timetable for the coming week", "2024-02-15", "https://bay.example/2"
    )
    longer = lead(
        "Harbour ferry timetable for the coming week, updated", AT, "https://bay.example/3"
    )
    assert lead_of_headline(wanted, [longer, exact]) == exact
    same_minute = lead(wanted.headline, "2024-02-15T10:30:45Z", "https://bay.example/4")
    assert lead_of_headline(wanted, [exact, same_minute]) == same_minute
    later = lead(wanted.headline, "2024-02-15", "https://bay.example/5")
    assert lead_of_headline(wanted, [exact, later]) is None
    assert lead_of_headline(wanted, [exact, exact]) == exact


def test_nothing_is_found_among_nothing():
    wanted = UnresolvedHeadline(
        "Ferry sinks off the northern harbour wall", "bay.example", published_at=AT
    )
    assert lead_of_headline(wanted, []) is None
    assert lead_of_headline(wanted, [lead(None), lead("")]) is None
    assert lead_of_headline(UnresolvedHeadline("…", None), [lead("…"), lead("?!")]) is None
