"""Where a story ends among its candidates."""

from __future__ import annotations

import numpy as np
import pytest

from archive.articles.stored_vectors import StoredVector, packed_vector
from pipelines.text.vectors import cosine_similarity
from pipelines.topics.membership import (
    MAX_PROBABILITY_OUTSIDE,
    MIN_PROBABILITY_INSIDE,
    agree_with_cut,
    arrival_threshold,
    cosine_matrix,
    cosines_to,
    reached_in_time,
    story_mask,
)

CANDIDATES = 120


def links(*clusters: int) -> np.ndarray:
    """Between candidates of which the first so many hang together, then the next, and the others
    hardly."""
    drawn = np.random.default_rng(1).uniform(0.0, 0.15, (CANDIDATES, CANDIDATES))
    begin = 0
    for many in clusters:
        drawn[begin : begin + many, begin : begin + many] += 0.5
        begin += many
    both = (drawn + drawn.T) / 2
    np.fill_diagonal(both, 0.0)
    return both


def falling(likely: int) -> np.ndarray:
    """Probabilities that fall from one candidate to the next, of which so many are above one
    half."""
    return np.concatenate(
        [np.linspace(0.95, 0.55, likely), np.linspace(0.2, 0.01, CANDIDATES - likely)]
    )


@pytest.mark.parametrize("belong", [6, 12, 25])
@pytest.mark.parametrize("likely", [2, 4, 35])
def test_a_story_ends_where_its_links_end_however_many_articles_are_likely(belong, likely):
    inside = story_mask(falling(likely), links(belong, 10), [0])
    assert inside.sum() == belong
    assert inside[:belong].all()


def test_where_no_other_article_is_likely_nothing_else_is_listed():
    assert story_mask(falling(1), links(12), [0]).nonzero()[0].tolist() == [0]


def test_links_that_tell_nothing_apart_do_not_make_a_story_of_everything():
    assert story_mask(falling(5), links(CANDIDATES), [0]).sum() <= CANDIDATES / 3


def test_probabilities_agree_with_the_cut_and_keep_their_order():
    chances = np.array([0.97, 0.6, 0.1, 0.7, 0.05])
    told = agree_with_cut(chances, np.array([True, True, True, False, False]))
    assert told[0] == 0.97
    assert MIN_PROBABILITY_INSIDE > told[1] > told[2] > 0.5
    assert MAX_PROBABILITY_OUTSIDE < told[3] < 0.5
    assert told[4] == 0.05


def test_what_comes_by_itself_is_held_to_the_bar_that_agrees_best_with_the_listing():
    chances = np.array([0.9, 0.4, 0.3, 0.1, 0.05])
    assert (
        np.log(0.1 / 0.9)
        < arrival_threshold(chances, np.array([True, True, True, False, False]), [0])
        < np.log(0.3 / 0.7)
    )


@pytest.mark.parametrize(
    ("days", "likely", "reached"),
    [
        ([0.0, 200.0, 2_000.0], [1, 1, 1], [1, 1, 0]),
        ([0.0, 300.0, 600.0], [1, 1, 0], [1, 1, 1]),
        ([0.0, 300.0, 600.0], [1, 0, 1], [1, 1, 0]),
        ([0.0, np.nan, 900.0], [1, 1, 1], [1, 1, 0]),
        ([np.nan, 5.0, 2_000.0], [1, 1, 1], [1, 1, 1]),
    ],
)
def test_a_story_does_not_fall_silent_for_more_than_a_year(days, likely, reached):
    found = reached_in_time(np.array(days), np.array(likely, dtype=bool), [0])
    assert found.tolist() == [bool(each) for each in reached]


# -- cosines ---------------------------------------------------------------------------------------


def invented_vectors(count: int) -> list[dict[str, float]]:
    """Vectors of unit length with terms of all frequencies; the last one is empty."""
    drawn = np.random.default_rng(3)
    vectors = []
    for _ in range(count):
        terms = {f"t{int(number)}": 1.0 for number in drawn.zipf(1.3, 40) if number < 5_000}
        vectors.append(dict.fromkeys(terms, 1 / len(terms) ** 0.5))
    return [*vectors, {}]


def test_cosines_of_rare_and_frequent_terms_are_those_of_each_pair() -> None:
    vectors = invented_vectors(60)
    expected = [[cosine_similarity(one, other) for other in vectors] for one in vectors]
    assert cosine_matrix(vectors) == pytest.approx(np.array(expected), abs=1e-5)
    assert cosines_to(vectors, vectors[0]) == pytest.approx(np.array(expected[0]), abs=1e-5)
    assert cosine_matrix([]).shape == (0, 0)
    assert list(cosines_to(vectors[:2], {})) == [0.0, 0.0]


def test_stored_vectors_are_compared_without_their_terms() -> None:
    vectors = invented_vectors(20)[:-1]
    stored = [StoredVector(packed_vector(each), "not parsed", "not parsed") for each in vectors]
    assert cosine_matrix(stored) == pytest.approx(cosine_matrix(vectors))
