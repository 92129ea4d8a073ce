"""What an article is about, as numbers."""

from __future__ import annotations

from math import isclose, log

import pytest

from archive.articles.vocabulary import strongest_terms
from pipelines.text.vectors import (
    MAX_MEAN_TERMS,
    article_vector_of_counts,
    cosine_similarity,
    mean_vector,
    term_counts,
    weighted_vector,
)
from pipelines.topics.stories import TERM_DAMPING


def length(one: dict[str, float]) -> float:
    return sum(weight * weight for weight in one.values()) ** 0.5


def test_a_word_of_the_headline_counts_five_times() -> None:
    assert term_counts("Ferry strike", "No ferry today", "The ferry crews", "en") == {
        "ferri": 7.0,
        "strike": 5.0,
        "today": 1.0,
        "crew": 1.0,
    }


def test_what_stands_far_down_is_not_read() -> None:
    assert term_counts("", None, "ferry " * 1_000 + " harbour", "en") == {"ferri": 1000.0}


def test_an_article_without_words_has_no_weights_and_no_vector() -> None:
    assert term_counts(None, None, "", None) == {}
    assert weighted_vector({}, {}, 0) == {}


def test_a_rare_term_weighs_more_than_a_common_one() -> None:
    rarities = log(101 / 1.5), log(101 / 80.5)
    for power in (1.0, 0.75):
        found = weighted_vector(
            {"ferri": 1.0, "year": 1.0}, {"ferri": 1, "year": 80}, 100, power=power
        )
        assert found["ferri"] > found["year"]
        assert isclose(found["ferri"] / found["year"], (rarities[0] / rarities[1]) ** power)
    assert isclose(length(found), 1)


def test_to_a_story_three_terms_in_common_tell_more_than_a_single_one_that_is_twice_as_rare() -> (
    None
):
    common, rare = {"ferri": 40, "strike": 40, "harbour": 40}, {"hapax": 1}
    report = weighted_vector(
        dict.fromkeys(common | rare, 1.0), common | rare, 1_000, power=TERM_DAMPING
    )
    others = [
        weighted_vector(dict.fromkeys(terms, 1.0), terms, 1_000, power=TERM_DAMPING)
        for terms in (common, rare)
    ]
    assert cosine_similarity(report, others[0]) > cosine_similarity(report, others[1])


def test_the_vector_of_an_article_is_the_same_computed_at_once_or_term_by_term() -> None:
    counts = {f"word{number}": 1.0 + number % 4 for number in range(90)} | {"say": 9.0}
    frequencies = {f"word{number}": 3 * (number % 7) for number in range(60)} | {"say": 1_000}
    at_once = article_vector_of_counts(counts, frequencies, 1_000, 48)
    assert at_once == pytest.approx(weighted_vector(counts, frequencies, 1_000, 48))
    assert list(at_once) == list(weighted_vector(counts, frequencies, 1_000, 48))


def test_of_terms_that_weigh_the_same_the_first_by_name_are_the_strongest() -> None:
    weights = {"tide": 1.0, "ferri": 1.0, "crew": 1.0, "strike": 2.0}
    assert [strongest_terms(weights, most) for most in (1, 2, 3, 9)] == [
        ["strike"],
        ["strike", "crew"],
        ["strike", "crew", "ferri"],
        ["strike", "crew", "ferri", "tide"],
    ]


def test_a_term_that_every_article_holds_weighs_nothing() -> None:
    assert set(weighted_vector({"ferri": 1.0, "say": 9.0}, {"ferri": 3, "say": 100}, 99)) == {
        "ferri"
    }


def test_only_the_strongest_terms_are_kept_and_ties_go_by_name() -> None:
    assert set(weighted_vector({"b": 1.0, "a": 1.0, "c": 2.0}, {}, 10, most=2)) == {"a", "c"}


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ({"x": 1.0}, {"x": 1.0}, 1.0),
        ({"x": 1.0}, {"y": 1.0}, 0.0),
        ({"x": 0.6, "y": 0.8}, {"y": 1.0}, 0.8),
        ({}, {}, 0),
    ],
)
def test_the_likeness_of_two_vectors(
    a: dict[str, float], b: dict[str, float], wanted: float
) -> None:
    assert cosine_similarity(a, b) == cosine_similarity(b, a) == pytest.approx(wanted)


def test_the_mean_lies_between_its_vectors() -> None:
    one, other = {"x": 1.0}, {"y": 1.0}
    middle = mean_vector([one, other])
    assert isclose(length(middle), 1)
    assert (
        cosine_similarity(middle, one)
        == pytest.approx(cosine_similarity(middle, other))
        == pytest.approx(0.5**0.5)
    )
    assert mean_vector([]) == {}


def test_the_mean_keeps_no_more_terms_than_it_needs() -> None:
    assert len(mean_vector([{f"t{n}": 1.0} for n in range(2 * MAX_MEAN_TERMS)])) == MAX_MEAN_TERMS
