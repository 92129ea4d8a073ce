"""Articles as vectors of unit length: their characteristic terms, each with a weight.

Weights are (1 + ln tf) · ln((N + 1) / (df + ½)) (tf-idf: Salton and Buckley, Term-weighting
approaches in automatic text retrieval, 1988), where a term of the headline counts five times. N and
df grow as articles are added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from itertools import repeat
from math import log

import numpy as np
from numpy.typing import NDArray

from archive.articles.vocabulary import WeightedTerms, unit_vector, weighted_vector
from archive.records import text_below_standfirst
from pipelines.text.terms import text_terms

__all__ = [
    "WeightedTerms",
    "article_vector_of_counts",
    "cosine_similarity",
    "mean_vector",
    "rarities_of_terms",
    "term_counts",
    "unit_vector",
    "weighted_vector",
]

HEADLINE_TERM_WEIGHT = 5.0
"""Weight of an occurrence in the headline, relative to one in the text."""
MAX_VECTOR_TEXT_CHARS = 6_000
"""Maximum length of the text that is used: news states its subject at the beginning."""
MAX_MEAN_TERMS = 128
"""Number of terms that the mean of several vectors retains."""


def term_counts(
    headline: str | None, standfirst: str | None, text: str, language: str | None
) -> dict[str, float]:
    """Return term → weighted number of occurrences; empty if there are no terms."""
    read = text_below_standfirst(text, standfirst)[:MAX_VECTOR_TEXT_CHARS]
    counts: Counter[str] = Counter(text_terms(f"{standfirst or ''}\n{read}", language))
    weighted = {term: float(count) for term, count in counts.items()}
    for term in text_terms(headline or "", language):
        weighted[term] = weighted.get(term, 0.0) + HEADLINE_TERM_WEIGHT
    return weighted


def rarities_of_terms(
    terms: Collection[str], frequencies: Mapping[str, int], articles: int
) -> NDArray[np.float64]:
    """Return ln((N + 1) / (df + ½)) of each term, at least 0: (n,).

    `frequencies` are document frequencies among `articles` documents.
    """
    held = np.array(list(map(frequencies.get, terms, repeat(0))), dtype=np.float64)
    return np.maximum(log(articles + 1) - np.log(held + 0.5), 0.0)


def article_vector_of_counts(
    counts: Mapping[str, float], frequencies: Mapping[str, int], articles: int, most: int
) -> WeightedTerms:
    """Return the strongest terms as a vector of unit length: a faster `weighted_vector`."""
    rarities = rarities_of_terms(counts, frequencies, articles)
    times = np.maximum(np.array(list(counts.values()), dtype=np.float64), 1.0)
    weights = ((1 + np.log(times)) * rarities).tolist()
    return unit_vector(
        {term: weight for term, weight in zip(counts, weights, strict=True) if weight}, most
    )


def cosine_similarity(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """Return the cosine of two vectors of unit length: from 0, no common term, to 1."""
    few, many = (a, b) if len(a) <= len(b) else (b, a)
    return sum([weight * many[term] for term, weight in few.items() if term in many], 0.0)


def mean_vector(
    vectors: Iterable[Mapping[str, float]], most: int = MAX_MEAN_TERMS
) -> WeightedTerms:
    """Return the mean of several vectors, cut to the `most` strongest terms, with unit length.

    Empty for no vectors.
    """
    total: dict[str, float] = {}
    for one in vectors:
        for term, weight in one.items():
            total[term] = total.get(term, 0.0) + weight
    return unit_vector(total, most)
