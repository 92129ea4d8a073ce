"""How well an article must fit an event: by words, date, and how many have joined it."""

from __future__ import annotations

import pytest

from pipelines.topics.events import EVENT_POLICY, event_likeness

NAMES = {
    "the same words on one day": (0.35, 0.0, 2, True),
    "a third of the words a day later": (0.3, 1.0, 1, True),
    "the same words a week later": (0.9, 7.0, 1, False),
    "little in common, on one day": (0.1, 0.0, 1, False),
    "what fits a small event": (0.2, 0.0, 3, True),
    "does not fit one that many have joined": (0.2, 0.0, 30, False),
    "without a date, much in common": (0.3, None, 1, True),
    "without a date, what would do on one day": (0.14, None, 1, False),
}


@pytest.mark.parametrize("name", NAMES)
def test_what_belongs_to_an_event(name: str) -> None:
    likeness, days, texts, belongs = NAMES[name]
    assert (event_likeness(likeness, days, texts) >= EVENT_POLICY.joins) is belongs


def test_it_makes_no_difference_which_came_first() -> None:
    assert event_likeness(0.5, 2.0, 1) == event_likeness(0.5, -2.0, 1)


def test_what_is_farther_away_than_is_looked_at_would_not_belong_if_it_were_the_same() -> None:
    assert event_likeness(1.0, EVENT_POLICY.days, 1) < EVENT_POLICY.joins


def test_the_tidy_asks_for_more_than_an_arrival() -> None:
    assert EVENT_POLICY.tidies > EVENT_POLICY.joins
