"""How well an article must fit an event to belong to it. The index of events is
`archive.articles.events`.

Words and time together: two reports of one happening share their rare words within a few days. An
event that many have joined is met more closely, as its middle comes near to all that is written of
its place and its people; so is one that cannot be told by the date.

Where no event fits by its words, one may by its keys (`pipelines.topics.language_keys`): another
language reports it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

from archive.articles.events import EventPolicy
from pipelines.text.vectors import term_counts
from pipelines.topics.language_keys import foreign_link, link_prominence, neighbour_likeness

EVENT_KEY_TERMS = 2
"""Of the way in which terms are made and events found; a new one makes all events anew."""
TIME_SIGMA_DAYS = 1.5
"""Days apart at which the likeness counts .61."""
THRESHOLD_GROWTH = 0.04
"""What an event asks more for each factor e in its texts."""
UNDATED_THRESHOLD = 0.06
"""What is asked more where the date says nothing."""
JOIN_THRESHOLD = 0.12
MERGE_THRESHOLD = 0.16
MAX_EVENT_DAYS = 4.0
"""Farther apart not even the same words would do."""


def event_likeness(likeness: float, days: float | None, texts: int) -> float:
    """How well an article fits an event of so many texts, its middle so many days away (None: not
    known)."""
    near = (
        likeness - UNDATED_THRESHOLD
        if days is None
        else likeness * exp(-0.5 * (days / TIME_SIGMA_DAYS) ** 2)
    )
    return near - THRESHOLD_GROWTH * log(texts)


FOREIGN_JOIN_THRESHOLD, FOREIGN_MARGIN = 0.05, 2.5
"""The least link, and prominence, by which an article joins an event that other languages
report."""


def foreign_event_likeness(likeness: Sequence[float], days: Sequence[float | None]) -> float | None:
    """How well an article fits the first of the events that other languages report; None: not well
    enough.

    It stands out from the others, each taken at its likest article, or nothing is said.
    """
    links = sorted(
        (foreign_link(one, 0.0, apart) for one, apart in zip(likeness, days, strict=True)),
        reverse=True,
    )
    if (
        not links
        or links[0] < FOREIGN_JOIN_THRESHOLD
        or link_prominence(links[0], neighbour_likeness(links[1:])) < FOREIGN_MARGIN
    ):
        return None
    return links[0]


EVENT_POLICY = EventPolicy(
    version=EVENT_KEY_TERMS,
    weights=term_counts,
    score=event_likeness,
    abroad=foreign_event_likeness,
    joins=JOIN_THRESHOLD,
    tidies=MERGE_THRESHOLD,
    days=MAX_EVENT_DAYS,
)
