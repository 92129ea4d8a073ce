"""How well an article must fit an event to belong to it. The index of events is `archive.events`.

Words and time together: two reports of one happening share their rare words within a few days. An event that many have
joined is met more closely, as its middle comes near to all that is written of its place and its people; so is one that
cannot be told by the date.
"""

from __future__ import annotations

from math import exp, log

from archive.events import Judge
from pipelines.vectors import weights

TERMS = 1
"""Of the way in which terms are made; a new one makes all events anew."""
SIGMA = 1.5
"""Days apart at which the likeness counts .61."""
GROWTH = 0.04
"""What an event asks more for each factor e in its texts."""
WITHOUT_DATE = 0.06
"""What is asked more where the date says nothing."""
JOINS = 0.12
TIDIES = 0.16
DAYS = 4.0
"""Farther apart not even the same words would do."""


def score(likeness: float, days: float | None, texts: int) -> float:
    """How well an article fits an event of so many texts, its middle so many days away (None: not known)."""
    near = likeness - WITHOUT_DATE if days is None else likeness * exp(-0.5 * (days / SIGMA) ** 2)
    return near - GROWTH * log(texts)


JUDGE = Judge(version=TERMS, weights=weights, score=score, joins=JOINS, tidies=TIDIES, days=DAYS)
