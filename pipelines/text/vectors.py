"""Articles as vectors of unit length: their characteristic terms, each with a weight.

Weights are (1 + ln tf) · ln((N + 1) / (df + ½)) (tf-idf: Salton and Buckley, Term-weighting
approaches in automatic text retrieval, 1988), where a term of the headline counts five times. N and
df grow as articles are added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from archive.articles.vocabulary import WeightedTerms, unit_vector, weighted_vector
from archive.records import text_below_standfirst
from pipelines.text.terms import text_terms

__all__ = [
    "WeightedTerms",
    "cosine_similarity",
    "mean_vector",
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


def cosine_similarity(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """Return the cosine of two vectors of unit length: from 0, no common term, to 1."""
    few, many = (a, b) if len(a) <= len(b) else (b, a)
    return sum(weight * many.get(term, 0.0) for term, weight in few.items())


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
