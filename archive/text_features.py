"""Use of the features that were computed where a page was extracted, by the process that writes.

The policies compute features of an article from its headline, standfirst, text and language alone.
That is a third of the cost of storing it. Where the article differs by then, because boilerplate
was removed or a headline was filled in, the policies compute them again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from archive.articles.store import Decisions
from archive.records import TextFeatures, features_digest

TextNumber = TypeVar("TextNumber", int, int | None)
CountTerms = Callable[[str | None, str | None, str, str | None], dict[str, float]]
"""Headline, standfirst, text, language → term → weighted number of occurrences."""


def with_known_features(decisions: Decisions, features: TextFeatures | None) -> Decisions:
    """Return decisions that take these features where they are of the same article."""
    if features is None:
        return decisions
    return replace(
        decisions,
        texts=replace(
            decisions.texts,
            sketch=_known_of_text(features, features.sketch, decisions.texts.sketch),
        ),
        boilerplate=replace(
            decisions.boilerplate,
            marks=_known_of_text(features, features.line_marks, decisions.boilerplate.marks),
        ),
        events=replace(
            decisions.events,
            weights=_known_counts(features, features.terms, decisions.events.weights),
        ),
        keys=replace(
            decisions.keys, keys=_known_counts(features, features.keys, decisions.keys.keys)
        ),
        stories=replace(
            decisions.stories,
            opening=_known_counts(features, features.opening, decisions.stories.opening),
        ),
    )


def _known_counts(
    features: TextFeatures, known: dict[str, float], compute: Callable[..., object]
) -> CountTerms:
    """Return the known counts for the article of the features; compute those of any other."""

    def counts(
        headline: str | None, standfirst: str | None, text: str, language: str | None
    ) -> dict[str, float]:
        if features_digest(headline, standfirst, text, language) == features.digest:
            return known
        return compute(headline, standfirst, text, language)  # type: ignore[return-value]

    return counts


def _known_of_text(
    features: TextFeatures,
    known: Sequence[TextNumber],
    compute: Callable[[str], Sequence[TextNumber]],
) -> Callable[[str], Sequence[TextNumber]]:
    """Return the known numbers for the text of the features; compute those of any other."""

    def numbers(text: str) -> Sequence[TextNumber]:
        same = features_digest(None, None, text, None) == features.text_digest
        return known if same else compute(text)

    return numbers
