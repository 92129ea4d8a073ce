"""The number of articles that contain a term, by language, from which rarity is computed.

The numbers come from the archive itself, without external lists. All functions run inside the
caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from math import log, sqrt

from archive.storage.counted_keys import (
    CountedTable,
    add_to_counts,
    read_counts,
    subtract_from_counts,
)

WeightedTerms = dict[str, float]
"""Term → weight, of unit length."""


class CountedTerms(dict[str, float]):
    """Term → weighted number of occurrences, with the JSON in which they are stored."""

    __slots__ = ("stored",)

    def __init__(self, counts: Mapping[str, float], stored: str) -> None:
        super().__init__(counts)
        self.stored = stored


MAX_VECTOR_TERMS = 48
"""Largest number of terms in a vector."""
UNKNOWN_LANGUAGE = ""
"""The language of articles whose language is unknown."""
MIN_FREQUENCY_ARTICLES = 1_000
"""Minimum number of articles in an inverse document frequency, where a young archive must not decide.

With fewer it is not known which words are rare, and the names of a story that fills half of a new
archive would count nothing.
"""

MIN_LASTING_ARTICLES, LASTING_GROWTH = 250, 1.5
"""Number of articles from which document frequencies change slowly, and the growth of this number
up to which results that were computed with them are kept."""


def may_keep_frequencies(counted_among: int | None, articles: int) -> bool:
    """Return whether results by the document frequencies of then are good enough today.

    `counted_among` is the number of articles then (None: unknown), `articles` the number today.
    """
    if counted_among is None or counted_among < MIN_LASTING_ARTICLES:
        return False
    return counted_among / LASTING_GROWTH <= articles <= counted_among * LASTING_GROWTH


TERM_COUNTS = CountedTable(
    read="""SELECT v.term, v.articles FROM json_each(?) AS asked
    CROSS JOIN term_counts AS v ON v.language = ? AND v.term = asked.value""",
    write="""INSERT INTO term_counts (language, term, articles)
    SELECT ?2, key, value FROM json_each(?1) WHERE true
    ON CONFLICT (language, term) DO UPDATE SET articles = excluded.articles""",
    delete="""DELETE FROM term_counts
    WHERE language = ?2 AND term IN (SELECT value FROM json_each(?1))""",
)
LANGUAGE_COUNTS = CountedTable(
    read="""SELECT v.language, v.articles FROM json_each(?) AS asked
    CROSS JOIN language_counts AS v ON v.language = asked.value""",
    write="""INSERT INTO language_counts (language, articles)
    SELECT key, value FROM json_each(?) WHERE true
    ON CONFLICT (language) DO UPDATE SET articles = excluded.articles""",
    delete="DELETE FROM language_counts WHERE language IN (SELECT value FROM json_each(?))",
)


def count_terms(
    connection: sqlite3.Connection, language: str | None, terms: Collection[str]
) -> tuple[dict[str, int], int]:
    """Count one more article with these terms; return the new `term_frequencies`."""
    language = language or UNKNOWN_LANGUAGE
    articles = add_to_counts(connection, LANGUAGE_COUNTS, (), [language])[language]
    return add_to_counts(connection, TERM_COUNTS, (language,), set(terms)), articles


def subtract_terms(
    connection: sqlite3.Connection, language: str | None, terms: Collection[str]
) -> None:
    """Count one article with these terms less."""
    language = language or UNKNOWN_LANGUAGE
    subtract_from_counts(connection, LANGUAGE_COUNTS, (), [language])
    subtract_from_counts(connection, TERM_COUNTS, (language,), set(terms))


def term_frequencies(
    connection: sqlite3.Connection, language: str | None, terms: Collection[str]
) -> tuple[dict[str, int], int]:
    """Return the number of articles of a language with each term, and of all its articles.

    Terms that no article contains are left out.
    """
    language = language or UNKNOWN_LANGUAGE
    articles = read_counts(connection, LANGUAGE_COUNTS, (), [language]).get(language, 0)
    return read_counts(connection, TERM_COUNTS, (language,), terms), articles


def weighted_vector(
    weights: Mapping[str, float],
    frequencies: Mapping[str, int],
    articles: int,
    most: int = MAX_VECTOR_TERMS,
    power: float = 1.0,
) -> WeightedTerms:
    """Return the strongest terms as a vector of unit length (tf-idf).

    The weight of a term is (1 + ln weight) · ln((articles + 1) / (frequency + ½)) ** power. A term
    that nearly all articles contain weighs nothing and is left out.
    """
    all_articles, held = log(articles + 1), frequencies.get
    weighted: WeightedTerms = {}
    for term, weight in weights.items():
        rarity = all_articles - log(held(term, 0) + 0.5)
        if rarity > 0:
            damped = rarity if power == 1 else rarity**power
            weighted[term] = (1 + log(weight)) * damped if weight > 1 else damped
    return unit_vector(weighted, most)


def unit_vector(weights: Mapping[str, float], most: int = MAX_VECTOR_TERMS) -> WeightedTerms:
    """Return the strongest terms, scaled to unit length; ties are broken by name."""
    best = strongest_terms(weights, most) if len(weights) > most else weights
    size = vector_length([weights[term] for term in best])
    return {term: weights[term] / size for term in best} if size else {}


def strongest_terms(weights: Mapping[str, float], most: int) -> list[str]:
    """Return the terms with the largest weights; ties are broken by name."""
    names: Iterable[str] = weights
    if len(weights) > most:
        least = sorted(weights.values(), reverse=True)[most - 1]
        names = [term for term, weight in weights.items() if weight >= least]
    ordered = sorted(names)
    ordered.sort(key=weights.__getitem__, reverse=True)
    return ordered[:most]


def vector_length(weights: Iterable[float]) -> float:
    """Return the Euclidean length of a vector with these weights."""
    return sqrt(sum([weight * weight for weight in weights]))
