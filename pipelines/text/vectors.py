"""What an article is about, as a vector: its telling terms, each with a weight, of unit length.

Weights are (1 + ln tf) · ln((N + 1) / (df + ½)) (tf-idf: Salton and Buckley, Term-weighting
approaches in automatic text retrieval, 1988), where a term of the headline counts five times and N
and df grow as articles come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from archive.articles.vocabulary import Vector, unit, vector
from archive.records import below_standfirst
from pipelines.text.terms import terms

__all__ = ["Vector", "cosine", "mean", "unit", "vector", "weights"]

OF_HEADLINE = 5.0
"""What a term of the headline counts, beside one of the text."""
CHARACTERS = 6_000
"""Of the text, from its beginning: news says first what it is about."""
OF_MEAN = 128
"""Terms that the mean of several vectors keeps."""


def weights(
    headline: str | None, standfirst: str | None, text: str, language: str | None
) -> dict[str, float]:
    """Term → how often it occurs, its places weighted. Nothing if there are no terms."""
    read = below_standfirst(text, standfirst)[:CHARACTERS]
    counts: Counter[str] = Counter(terms(f"{standfirst or ''}\n{read}", language))
    weighted = {term: float(count) for term, count in counts.items()}
    for term in terms(headline or "", language):
        weighted[term] = weighted.get(term, 0.0) + OF_HEADLINE
    return weighted


def cosine(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """Of two vectors of unit length: 0, nothing in common, to 1."""
    few, many = (a, b) if len(a) <= len(b) else (b, a)
    return sum(weight * many.get(term, 0.0) for term, weight in few.items())


def mean(vectors: Iterable[Mapping[str, float]], most: int = OF_MEAN) -> Vector:
    """The middle of several vectors, its `most` strongest terms, of unit length; empty if there are
    none."""
    total: dict[str, float] = {}
    for one in vectors:
        for term, weight in one.items():
            total[term] = total.get(term, 0.0) + weight
    return unit(total, most)
