"""The policy of the event index (`archive.articles.events`): how similar articles of an event are.

Reports of one event share rare words within a few days, so the cosine of the terms is multiplied by
a Gaussian of the distance in time. The threshold rises with the number of articles, because the
centroid of a large event comes near to everything about its place and its people, and it rises for
articles without a date.

Where no event fits by its terms, one may fit by its language keys
(`pipelines.topics.language_keys`): a report in another language.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

from archive.articles.events import EventPolicy
from pipelines.text.vectors import article_vector_of_counts, term_counts
from pipelines.topics.language_keys import foreign_link, link_prominence, neighbour_likeness

EVENTS_VERSION = 3
"""Version of the terms and of the search for events; a new version rebuilds all events."""
TIME_SIGMA_DAYS = 1.5
"""Standard deviation of the Gaussian: at this distance in days a similarity counts 0.61."""
THRESHOLD_GROWTH = 0.04
"""Rise of the threshold for each factor e in the number of texts of the event."""
UNDATED_THRESHOLD = 0.06
"""Rise of the threshold where the distance in time is unknown."""
JOIN_THRESHOLD = 0.12
MERGE_THRESHOLD = 0.16
MAX_EVENT_DAYS = 4.0
"""Maximum distance in days; beyond it even identical terms would not pass the threshold."""


def event_likeness(likeness: float, days: float | None, texts: int) -> float:
    """Return the score of an article for an event, to be compared with the thresholds.

    `likeness` is the cosine with the event's centroid, `days` the distance in days from the event's
    mean date (None: unknown), and `texts` the number of texts in the event.
    """
    near = likeness - UNDATED_THRESHOLD
    if days is not None:
        near = likeness * exp(-0.5 * (days / TIME_SIGMA_DAYS) ** 2)
    return near - THRESHOLD_GROWTH * log(texts)


FOREIGN_JOIN_THRESHOLD, FOREIGN_MARGIN = 0.05, 2.5
"""Minimum link and minimum prominence with which an article joins an event in another language."""


def foreign_event_likeness(likeness: Sequence[float], days: Sequence[float | None]) -> float | None:
    """Return the link of an article to the first of some events in other languages; None: no match.

    `likeness` and `days` hold for each event the key similarity and the distance in days of its
    most similar article (None: unknown date). The best link must also stand out from the other
    links.
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
    version=EVENTS_VERSION,
    weights=term_counts,
    vector=article_vector_of_counts,
    score=event_likeness,
    abroad=foreign_event_likeness,
    joins=JOIN_THRESHOLD,
    tidies=MERGE_THRESHOLD,
    days=MAX_EVENT_DAYS,
)
