"""The probability that each of many candidates belongs to a story, from the confirmed articles.

The functions are pure and use numpy. A story develops: the article that starts it says little of
what follows weeks later. Similarity is therefore computed in steps.

1. Articles are compared directly, and by what they share through others: latent semantic indexing
   (Deerwester et al. 1990) of these candidates only, at a cost that does not depend on the size of
   the archive.
2. The articles most similar to the confirmed ones are fed back into the profile once
   (pseudo-relevance feedback: Rocchio 1971).
3. Articles about one event are scored together: half of an article's score is the mean of its near
   copies within a few days.
4. A logistic regression turns similarity, time and the story's contrast to the other candidates
   into a probability.
5. A second regression (stacking: Wolpert 1992) also uses the first-stage probabilities of an
   article's nearest neighbours. It ranks better, so the probabilities of the first stage are
   assigned in the order of both.
6. Three methods find the end of the story in that order: the probabilities, and twice the links
   between articles, once the strongest links only and once more of them, with the number of
   articles that minimises the normalized cut (Shi and Malik 2000; as a sweep over an order:
   Andersen, Chung and Lang 2006). The median of the three counts. The probabilities are learnt from
   few stories, whereas the links are the story's own.

`bench.train_membership` learns the weights of the regressions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

from archive.articles.stored_vectors import StoredVector, packed_terms

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
"""A mask over the candidates: (n,), of bool."""
Indices = NDArray[np.int64]
Weights = NDArray[np.float32]

# -- similarity ------------------------------------------------------------------------------------

MIN_LATENT_ARTICLES, FULL_LATENT_ARTICLES = 60, 300
"""Number of articles below which the latent space is not used, and from which it counts as much as
the terms."""
MAX_LATENT_DIMENSIONS, ARTICLES_A_DIMENSION = 40, 8


def cosine_matrix(vectors: Sequence[Mapping[str, float]]) -> Array:
    """Return the cosines of all pairs of n vectors of unit length: (n, n)."""
    terms = joined_terms(vectors)
    count = len(vectors)
    _, columns, holders = np.unique(terms.hashes, return_inverse=True, return_counts=True)
    many = holders[columns]
    common = many >= MIN_COMMON_HOLDERS
    cosines = _common_products(terms.rows[common], columns[common], terms.weights[common], count)
    # a term of one vector adds nothing to any cosine of two
    for held_by in range(2, MIN_COMMON_HOLDERS):
        chosen = np.flatnonzero(many == held_by)
        cosines += _rare_products(
            terms.rows[chosen], columns[chosen], terms.weights[chosen], held_by, count
        )
    np.fill_diagonal(cosines, [1.0 if len(vector) else 0.0 for vector in vectors])
    return cosines


MIN_COMMON_HOLDERS = 10
"""Number of vectors from which a term is common. The products of common terms are computed as a
dense matrix, those of rare terms pair by pair, which costs less while the pairs are few."""


def _common_products(rows: Indices, columns: Indices, weights: Weights, count: int) -> Array:
    """Return the products of n vectors, by a dense matrix of the given terms: (n, n)."""
    kept, places = np.unique(columns, return_inverse=True)
    matrix = np.zeros((count, len(kept)), dtype=np.float32)
    matrix[rows, places] = weights
    return (matrix @ matrix.T).astype(np.float64)


def _rare_products(
    rows: Indices, columns: Indices, weights: Weights, held_by: int, count: int
) -> Array:
    """Return the products of n vectors by terms that `held_by` vectors each hold: (n, n)."""
    order = np.argsort(columns, kind="stable")
    of_term = rows[order].reshape(-1, held_by)
    parts = weights[order].reshape(-1, held_by)
    pairs = of_term[:, :, None] * count + of_term[:, None, :]
    products = parts[:, :, None] * parts[:, None, :]
    summed = np.bincount(pairs.ravel(), weights=products.ravel(), minlength=count * count)
    return summed.astype(np.float64).reshape(count, count)


@dataclass(frozen=True, slots=True)
class JoinedTerms:
    """The terms of several vectors, one after the other."""

    rows: Indices
    """Index of the vector."""
    hashes: NDArray[np.uint32]
    """Hash of the term (`archive.articles.stored_vectors`)."""
    weights: Weights


def joined_terms(vectors: Sequence[Mapping[str, float]]) -> JoinedTerms:
    """Return the terms of several vectors as arrays. Stored vectors are not unpacked."""
    packed = [
        (each.hashes, each.weights) if isinstance(each, StoredVector) else packed_terms(each)
        for each in vectors
    ]
    hashes = np.frombuffer(b"".join(hashes for hashes, _ in packed), dtype=np.uint32)
    weights = np.frombuffer(b"".join(weights for _, weights in packed), dtype=np.float32)
    lengths = [len(hashes) // 4 for hashes, _ in packed]
    return JoinedTerms(np.repeat(np.arange(len(vectors)), lengths), hashes, weights)


def cosines_to(vectors: Sequence[Mapping[str, float]], centroid: Mapping[str, float]) -> Array:
    """Return the cosine of each of n vectors with another one, all of unit length: (n,)."""
    terms, wanted = joined_terms(vectors), joined_terms([centroid])
    if not len(wanted.hashes):
        return np.zeros(len(vectors))
    order = np.argsort(wanted.hashes)
    sorted_hashes = wanted.hashes[order]
    places = np.minimum(np.searchsorted(sorted_hashes, terms.hashes), len(order) - 1)
    shared = sorted_hashes[places] == terms.hashes
    products = terms.weights * wanted.weights[order][places] * shared
    cosines = np.bincount(terms.rows, weights=products, minlength=len(vectors))
    return cosines.astype(np.float64)


def latent_share(articles: int) -> float:
    """Return the weight of the latent space in the mixed similarity: 0 to ½."""
    span = FULL_LATENT_ARTICLES - MIN_LATENT_ARTICLES
    return 0.5 * float(np.clip((articles - MIN_LATENT_ARTICLES) / span, 0, 1))


def latent_cosines(cosines: Array) -> Array:
    """Return the cosines of all pairs in the space of the strongest dimensions: (n, n).

    Negative cosines become 0.
    """
    dimensions = min(MAX_LATENT_DIMENSIONS, len(cosines) // ARTICLES_A_DIMENSION)
    values, directions = np.linalg.eigh(cosines)
    places = directions[:, -dimensions:] * np.sqrt(np.clip(values[-dimensions:], 0, None))
    places /= np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-9)
    alike: Array = np.clip(places @ places.T, 0, None)
    return alike


def mixed_cosines(cosines: Array) -> Array:
    """Return the similarity of all pairs: term cosines mixed with latent cosines (n, n)."""
    share = latent_share(len(cosines))
    if not share:
        return cosines
    return (1 - share) * cosines + share * latent_cosines(cosines)


# -- time ------------------------------------------------------------------------------------------

MIN_TIME_WEIGHT = 0.60
NEWS_CYCLE, CYCLE_DAYS = 0.6, 1.5
AFTERMATH, AFTERMATH_DAYS = 0.2, 7.0
UNKNOWN_CLOSENESS = 0.5
"""The closeness in time of two articles if one has no date."""


def time_weight(apart: Array, least: float | Array = MIN_TIME_WEIGHT) -> Array:
    """Return the factor on a similarity for distances in days: from `least` to `least` + 0.8.

    The factor of an unknown distance (nan) is 1.
    """
    near = least + NEWS_CYCLE * np.exp(-0.5 * (apart / CYCLE_DAYS) ** 2)
    near += AFTERMATH * np.exp(-apart / AFTERMATH_DAYS)
    return np.where(np.isnan(apart), 1.0, near)


STORY_SPAN_DECAY_DAYS = 4.0
"""Time constant, in days between the earliest and the latest confirmed article, with which the
least time weight approaches 1."""


def min_time_weight(span: float) -> float:
    """Return the least time weight for confirmed articles that span `span` days."""
    return 1 - (1 - MIN_TIME_WEIGHT) * exp(-span / STORY_SPAN_DECAY_DAYS)


def days_between(days: Array, others: Array) -> Array:
    """Return the distances in days, nan where a date is unknown: (n, m) for (n,) and (m,)."""
    return np.abs(days[:, None] - others[None, :])


def fewest_days(apart: Array) -> Array:
    """Return the smallest distance of each row, nan if none is known: (n,) for (n, m)."""
    least = np.where(np.isnan(apart), np.inf, apart).min(axis=1, initial=np.inf)
    return np.where(np.isinf(least), np.nan, least)


def time_closeness(apart: Array, days: float | Array) -> Array:
    """Return exp(-apart / days): 1 at the same time, falling by the factor e in `days` days."""
    return np.where(np.isnan(apart), UNKNOWN_CLOSENESS, np.exp(-apart / days))


# -- feedback --------------------------------------------------------------------------------------

MAX_FEEDBACK_ARTICLES, MIN_FEEDBACK_LIKENESS, LATENT_FEEDBACK_MARGIN = 40, 0.22, 0.16
"""Maximum number of articles fed back, their minimum similarity, and the rise of this minimum where
the latent space counts fully."""
FEEDBACK_WEIGHT = 2.0
"""Weight of all articles fed back, relative to all confirmed articles."""
FEEDBACK_LIKENESS_ORIGIN = 0.15
"""The weight of an article fed back is its similarity minus this value."""
SAME_EVENT_LIKENESS = 0.42
"""Minimum similarity, weighted by time, of two articles about one event."""
TOGETHER_DAYS = 3.0
"""Time constant, in days, for the closeness of the articles fed back to the confirmed ones."""


@dataclass(frozen=True, slots=True)
class CandidateFeatures:
    """The features of n candidates, before they are scored."""

    likeness: Array
    """Similarity of all pairs: (n, n)."""
    links: Array
    """The same, weighted by time, with a zero diagonal: (n, n)."""
    signs: Array
    """Features of the first regression: (n, 22)."""


def likeness_to_mean(likeness: Array, weights: Array) -> Array:
    """Return the similarity of each article to the weighted mean of all: (n,).

    `likeness` (n, n) is taken as a Gram matrix; `weights` is (n,).
    """
    towards = likeness @ weights
    length = sqrt(max(float(weights @ towards), 0.0))
    alike: Array = towards / max(length, 1e-9)
    return alike


def indicator_weights(count: int, chosen: Sequence[int]) -> Array:
    """Return weights of 1 for the chosen indices and of 0 for the others: (count,)."""
    weights = np.zeros(count)
    weights[list(chosen)] = 1.0
    return weights


def confirmed_time_weight(days: Array, confirmed: Sequence[int]) -> Array:
    """Return the time weight of each article's similarity to the confirmed articles: (n,).

    The longer the confirmed articles' span in time, the closer to 1 is the weight.
    """
    dated = days[list(confirmed)][~np.isnan(days[list(confirmed)])]
    span = float(np.ptp(dated)) if len(dated) else 0.0
    return time_weight(
        fewest_days(days_between(days, days[list(confirmed)])), min_time_weight(span)
    )


def member_weights(confirmed: Array, likeness: Array, least: float) -> Array:
    """Return the weights of a story's members, of sum 1: (n,).

    Members are the confirmed articles, and those most similar to them.
    """
    others = np.where(confirmed > 0, 0.0, likeness)
    hits = np.argsort(-others, kind="stable")[:MAX_FEEDBACK_ARTICLES]
    weights = np.zeros(len(others))
    weights[hits] = np.where(others[hits] >= least, others[hits] - FEEDBACK_LIKENESS_ORIGIN, 0.0)
    members: Array = confirmed / confirmed.sum()
    if weights.sum():
        members = members + FEEDBACK_WEIGHT * weights / weights.sum()
    members /= members.sum()
    return members


def event_smoothed(values: Array, happening: Array) -> Array:
    """Return half of each value plus half of the mean of its event: (n,).

    `happening` (n, n) has the similarity of articles about one event, else 0.
    """
    weight = happening.sum(axis=1)
    mean = np.where(weight > 0, (happening @ values) / np.maximum(weight, 1e-9), values)
    return 0.5 * values + 0.5 * mean


def candidate_features(
    cosines: Array, days: Array, confirmed: Sequence[int], rejected: Sequence[int] = ()
) -> CandidateFeatures:
    """Return the features of n candidates.

    `cosines` is (n, n); `days` (n,) counts from any origin, nan if unknown. `confirmed` and
    `rejected` are the indices of articles that a person judged; rejected ones are not fed back.
    """
    count = len(cosines)
    likeness = mixed_cosines(cosines)
    near = time_weight(days_between(days, days))
    sure = indicator_weights(count, confirmed)
    in_time = confirmed_time_weight(days, confirmed)
    to_confirmed = likeness_to_mean(cosines, sure) * in_time
    latent_to_confirmed = likeness_to_mean(likeness, sure) * in_time
    least = MIN_FEEDBACK_LIKENESS + LATENT_FEEDBACK_MARGIN * 2 * latent_share(count)
    to_both = (to_confirmed + latent_to_confirmed) / 2
    to_both[list(rejected)] = 0.0
    members = member_weights(sure, to_both, least)
    to_members = likeness_to_mean(likeness, members)
    happening = np.where(cosines * near >= SAME_EVENT_LIKENESS, cosines * near, 0.0)
    np.fill_diagonal(happening, 0.0)
    rank = event_smoothed(to_members, happening) + event_smoothed(to_confirmed, happening)
    inside = members > 0
    gaps = days_between(days, days)
    np.fill_diagonal(gaps, np.nan)
    to_member = fewest_days(np.where(inside, gaps, np.nan))
    to_sure = fewest_days(days_between(days, days[list(confirmed)]))
    fed = inside & (sure == 0)
    together = UNKNOWN_CLOSENESS
    if fed.any():
        together = float(time_closeness(to_sure, TOGETHER_DAYS)[fed].mean())
    of = story_standing(rank, members, confirmed, together)
    links = likeness * near
    np.fill_diagonal(links, 0.0)
    in_company = [links[:, inside].max(axis=1), (happening * to_members).max(axis=1)]
    signs = np.column_stack(
        [*in_company, article_features(rank, to_confirmed, to_members, to_sure, to_member, of)]
    )
    return CandidateFeatures(likeness, links, signs)


@dataclass(frozen=True, slots=True)
class StoryStanding:
    """The contrast of a story to the other candidates."""

    cohesion: float
    """Mean rank of the members."""
    middle: float
    """Mean rank of the middle half of the other candidates."""
    spread: float
    """Standard deviation of these ranks."""
    members: int
    confirmed: int
    candidates: int
    together: float
    """Closeness in time of the articles fed back to a confirmed article: 0 to 1."""
    bar: float = 0.0
    """Threshold, in log-odds, from which a single new article counts as listed."""


@dataclass(frozen=True, slots=True)
class StandingsOfStories:
    """The fields of `StoryStanding` for n stories, as arrays: (n,)."""

    cohesion: Array
    middle: Array
    spread: Array
    members: Array
    confirmed: Array
    candidates: Array
    together: Array
    bar: Array

    @staticmethod
    def of(standings: Sequence[StoryStanding]) -> StandingsOfStories:
        """Return the fields of several standings as arrays."""
        names = [each.name for each in fields(StoryStanding)]
        columns = {name: [getattr(each, name) for each in standings] for name in names}
        return StandingsOfStories(
            **{name: np.array(values, dtype=np.float64) for name, values in columns.items()}
        )

    def chosen(self, numbers: Sequence[int]) -> StandingsOfStories:
        """Return the standings of some of the stories."""
        names = [each.name for each in fields(self)]
        return StandingsOfStories(**{name: getattr(self, name)[list(numbers)] for name in names})


PRIOR_MIDDLE, PRIOR_SPREAD = 0.1, 0.06
"""Prior mean and standard deviation for small archives; `FULL_LATENT_ARTICLES` candidates outweigh
it."""


def story_standing(
    rank: Array, members: Array, confirmed: Sequence[int], together: float
) -> StoryStanding:
    """Return the standing of a story from the candidates' ranks and the members' weights."""
    outside = np.sort(rank[members == 0])
    half = outside[len(outside) // 4 : max(len(outside) // 4 + 1, 3 * len(outside) // 4)]
    trust = min(1.0, len(rank) / FULL_LATENT_ARTICLES) if len(half) else 0.0
    middle, spread = (float(half.mean()), float(half.std())) if len(half) else (0.0, 0.0)
    return StoryStanding(
        cohesion=float((rank * members).sum()),
        middle=trust * middle + (1 - trust) * PRIOR_MIDDLE,
        spread=trust * spread + (1 - trust) * PRIOR_SPREAD,
        members=int((members > 0).sum()),
        confirmed=len(confirmed),
        candidates=len(rank),
        together=together,
    )


FEATURE_DAYS = np.array([1.5, 7, 30])
"""Time constants, in days, of the features about closeness in time."""


def clipped_log(values: Array) -> Array:
    """Return the logarithms of values, of at least 0.02."""
    return np.log(np.maximum(values, 0.02))


def article_features(
    rank: Array,
    to_confirmed: Array,
    to_members: Array,
    days_to_confirmed: Array,
    days_to_member: Array,
    of: StoryStanding | StandingsOfStories,
) -> Array:
    """Return the features of each article by itself: (n, 21), the last column all ones.

    `of` is the story of all articles, or the story of each.
    """
    signs = np.ones((len(rank), 21))
    logged = clipped_log(rank)
    outstanding = (rank - of.middle) / np.maximum(of.spread, 0.02)
    to_sure, to_member = (
        time_closeness(apart[:, np.newaxis], FEATURE_DAYS)
        for apart in (days_to_confirmed, days_to_member)
    )
    signs[:, 0] = logged
    signs[:, 1] = rank
    signs[:, 2] = rank / np.maximum(of.cohesion, 0.1)
    signs[:, 3] = np.minimum(np.maximum(outstanding, -5), 40) / 10
    signs[:, 4] = clipped_log(to_confirmed)
    signs[:, 5] = clipped_log(to_members)
    signs[:, 6] = of.together * logged
    signs[:, 7] = of.cohesion * logged
    signs[:, 8] = to_sure[:, 1] * logged
    signs[:, 9:12] = to_member
    signs[:, 12:15] = to_sure
    signs[:, 15] = of.cohesion
    signs[:, 16] = of.together
    signs[:, 17] = np.log1p(of.members)
    signs[:, 18] = np.log(np.maximum(1, of.confirmed))
    signs[:, 19] = np.log(np.maximum(120, of.candidates))
    return signs


def log_odds(chances: Array) -> Array:
    """Return log(p / (1 - p)), with p clipped to [0.0001, 0.9999]."""
    clipped = np.clip(chances, 1e-4, 1 - 1e-4)
    return np.log(clipped / (1 - clipped))


NEAR_NEIGHBOURS, WIDE_NEIGHBOURS = 5, 15


def neighbour_features(likeness: Array, chances: Array, confirmed: Sequence[int]) -> Array:
    """Return the features of the second regression: (n, 5).

    They are the log-odds, the mean probability of the 5 and 15 nearest neighbours, the contrast of
    the story to the other candidates, and 1.
    """
    belongs = chances.copy()
    belongs[list(confirmed)] = 1.0
    alike = likeness.copy()
    np.fill_diagonal(alike, -1.0)
    nearest_first = np.argsort(-alike, axis=1)
    np.fill_diagonal(alike, 0.0)
    total, rest = belongs.sum(), (1 - belongs).sum()
    # an article's own probability is left out of the sums
    to_story = (alike @ belongs) / np.maximum(total - belongs, 0.2)
    to_rest = (alike @ (1 - belongs)) / np.maximum(rest - (1 - belongs), 0.2)
    within, between = (
        (belongs * towards).sum() / max(total, 0.2) for towards in (to_story, to_rest)
    )
    return np.column_stack(
        [
            log_odds(chances),
            *(
                belongs[nearest_first[:, :many]].mean(axis=1)
                for many in (NEAR_NEIGHBOURS, WIDE_NEIGHBOURS)
            ),
            np.clip((to_story - to_rest) / max(within - between, 0.02), -3, 3),
            np.ones(len(chances)),
        ]
    )


FIRST_STAGE_SHARE = 0.5
"""Weight of the first regression's log-odds in the order, relative to the second's."""


def reorder_probabilities(first: Array, second: Array) -> Array:
    """Return the first-stage probabilities, assigned in the order of both stages: (n,).

    The first stage is better calibrated. The second ranks better, because it uses each article's
    neighbours.
    """
    order = np.argsort(-(FIRST_STAGE_SHARE * log_odds(first) + log_odds(second)), kind="stable")
    chances = np.empty(len(first))
    chances[order] = np.sort(first)[::-1]
    return chances


# -- the cut ---------------------------------------------------------------------------------------

SPARSE_LINKS_PER_ARTICLE, DENSE_LINKS_PER_ARTICLE = 2, 10
"""Mean number of links per article in the two link graphs that are cut."""
EQUAL_CUT_VALUE = 0.03
"""Normalized cut below which cuts count as equal; the smallest of equal cuts is the story."""
MAX_STORY_SHARE = 1 / 3
"""Maximum share of the candidates that a story may have."""
NO_CUT_SHARE = 0.9
"""Share of the maximum from which a minimum counts as no cut at all."""
MIN_PROBABILITY_INSIDE, MAX_PROBABILITY_OUTSIDE, BEYOND_BOUND_SLOPE = 0.8, 0.3, 0.1
"""Minimum probability inside the cut, maximum outside it, and slope beyond these bounds.

They apply where probabilities and cut disagree. In held-out stories, 0.7 to 0.8 of such articles
inside belonged, and 0.2 to 0.35 of those outside."""


def story_mask(chances: Array, links: Array, confirmed: Sequence[int]) -> Mask:
    """Return the mask of the candidates in the story, including the confirmed: (n,), of bool."""
    likely = chances.copy()
    likely[list(confirmed)] = 2.0
    order = np.argsort(-likely, kind="stable")
    many = int((likely >= 0.5).sum())
    # a cut needs other candidates, and likely articles besides the confirmed ones
    if len(chances) >= MIN_LATENT_ARTICLES and many > len(confirmed):
        many = median_story_size(many, links[np.ix_(order, order)], len(confirmed))
    inside = np.zeros(len(chances), dtype=bool)
    inside[order[:many]] = True
    return inside


def median_story_size(by_chance: int, links: Array, confirmed: int) -> int:
    """Return the median of three estimates of the number of articles, or the lower of two."""
    by_links = [
        cut_size(links, confirmed, many)
        for many in (SPARSE_LINKS_PER_ARTICLE, DENSE_LINKS_PER_ARTICLE)
    ]
    known = [each for each in sorted([by_chance, *by_links]) if each]
    return known[(len(known) - 1) // 2]


def cut_size(links: Array, confirmed: int, many: int) -> int:
    """Return the number of articles with the smallest normalized cut; 0 without a cut.

    `links` (n, n) is in the order of the articles; the graph keeps the strongest links, on average
    `many` per article.
    """
    count = len(links)
    most = int(count * MAX_STORY_SHARE)
    if most <= confirmed:
        return 0
    pairs = links[np.triu_indices(count, 1)]
    kept = min(len(pairs), int(count * many / 2))
    strong = np.clip(links - np.partition(pairs, -kept)[-kept], 0, None)
    total = max(float(strong.sum()), 1e-9)
    volume = np.cumsum(strong.sum(axis=1))
    leaving = volume - 2 * np.cumsum(np.tril(strong, -1).sum(axis=1))
    cuts = leaving * total / np.maximum(volume * (total - volume), 1e-9 * total)
    best = int(np.maximum(cuts, EQUAL_CUT_VALUE)[confirmed:most].argmin())
    return 0 if best >= NO_CUT_SHARE * (most - confirmed) else confirmed + 1 + best


def agree_with_cut(chances: Array, inside: Mask) -> Array:
    """Return probabilities that agree with the cut, in unchanged order: (n,)."""
    at_least = MIN_PROBABILITY_INSIDE + BEYOND_BOUND_SLOPE * (chances - MIN_PROBABILITY_INSIDE)
    at_most = MAX_PROBABILITY_OUTSIDE + BEYOND_BOUND_SLOPE * (chances - MAX_PROBABILITY_OUTSIDE)
    return np.where(inside, np.maximum(chances, at_least), np.minimum(chances, at_most))


# -- a single new article --------------------------------------------------------------------------


def arrival_features(
    cosines: Array, days: Array, confirmed: Sequence[int], inside: Mask
) -> tuple[StoryStanding, Array]:
    """Return the story's standing for single arrivals, and all candidates' features as arrivals.

    The features (n, 20) use term cosines only: to the confirmed articles, and to the centroid of
    the listed ones without the article itself.
    """
    sure = indicator_weights(len(cosines), confirmed)
    gaps = days_between(days, days)
    np.fill_diagonal(gaps, np.nan)
    to_confirmed = likeness_to_mean(cosines, sure) * confirmed_time_weight(days, confirmed)
    to_members = to_mean_of_others(cosines, inside / inside.sum())
    to_sure = fewest_days(days_between(days, days[list(confirmed)]))
    to_member = fewest_days(np.where(inside, gaps, np.nan))
    fed = inside & (sure == 0)
    together = UNKNOWN_CLOSENESS
    if fed.any():
        together = float(time_closeness(to_sure, TOGETHER_DAYS)[fed].mean())
    rank = to_confirmed + to_members
    of = story_standing(rank, inside / inside.sum(), confirmed, together)
    return of, article_features(rank, to_confirmed, to_members, to_sure, to_member, of)


def to_mean_of_others(cosines: Array, weights: Array) -> Array:
    """Return the similarity of each article to the weighted mean of the others: (n,)."""
    towards, own = cosines @ weights, weights * np.diag(cosines)
    length = np.sqrt(np.clip(weights @ towards - 2 * weights * towards + weights * own, 0, None))
    alike: Array = np.where(length > 1e-6, (towards - own) / np.maximum(length, 1e-6), 0.0)
    return alike


def arrival_threshold(chances: Array, inside: Mask, confirmed: Sequence[int]) -> float:
    """Return the log-odds threshold at which single arrivals agree best (F1) with the listing."""
    others = np.delete(np.arange(len(chances)), list(confirmed))
    if not inside[others].any():
        return 0.0
    order = others[np.argsort(-chances[others], kind="stable")]
    right = np.cumsum(inside[order])
    last = int((2 * right / (np.arange(1, len(order) + 1) + right[-1])).argmax())
    ends = log_odds(chances[order[last : last + 2]])
    return float(ends.mean())


# -- the classifier --------------------------------------------------------------------------------


@cache
def regression_weights() -> dict[str, Array]:
    """Return the weights of the regressions by name, from `membership.json`."""
    read = json.loads((files("pipelines.topics") / "membership.json").read_text(encoding="utf-8"))
    return {name: np.array(values) for name, values in read.items()}


def logistic(values: Array) -> Array:
    """Return the logistic function of the values."""
    return 1 / (1 + np.exp(-np.clip(values, -30, 30)))


@dataclass(frozen=True, slots=True)
class Membership:
    """The result for n candidates."""

    probabilities: Array
    """Probability that each candidate belongs: (n,). Verdicts on confirmed articles do not raise
    theirs."""
    standing: StoryStanding
    links: Array
    """Similarity of all pairs, weighted by time: (n, n)."""

    def nearest(self, chosen: Sequence[int]) -> list[int | None]:
        """Return for each candidate the most similar of the chosen, except itself.

        The entry is None where no chosen article is similar.
        """
        if not len(chosen):
            return [None] * len(self.links)
        towards = self.links[:, list(chosen)]
        best = [int(chosen[place]) for place in towards.argmax(axis=1)]
        return [
            each if like > 0 else None for each, like in zip(best, towards.max(axis=1), strict=True)
        ]


MIN_TINY_LIKENESS, UNSURE_LOG_ODDS = 0.22, -0.2
"""In a tiny archive, candidates whose time-weighted similarity to every article of the story is
below the first value have at most the second as log-odds: too few other articles show a contrast.
"""
TINY_ARCHIVE_ARTICLES = 20
"""Number of candidates below which an archive is tiny."""
REJECTED_PENALTY = 8.0
"""Loss of log-odds per unit by which an article is more similar to a rejected than to a confirmed
one."""


MAX_SILENCE_DAYS = 365.0
"""A story does not fall silent for longer: what lies beyond such a gap is another story."""
BEYOND_SILENCE = 0.45
"""Largest probability of an article beyond such a gap: it is shown as "perhaps"."""


def reached_in_time(days: Array, likely: Mask, confirmed: Sequence[int]) -> Mask:
    """Return which candidates a chain of likely ones leads to without a long silence: (n,).

    The chain begins at the confirmed articles. Undated articles count as reached.
    """
    near = days_between(days, days) <= MAX_SILENCE_DAYS
    reached = indicator_weights(len(days), confirmed) > 0
    if np.isnan(days[reached]).all():
        return np.ones(len(days), dtype=bool)
    while True:
        further = reached | (likely & near[:, reached].any(axis=1))
        if (further == reached).all():
            return np.isnan(days) | near[:, reached].any(axis=1)
        reached = further


def cut_story(
    first: Array, second: Array, links: Array, days: Array, confirmed: Sequence[int]
) -> tuple[Array, Mask]:
    """Return the probabilities by both stages, and the mask of the candidates in the story: (n,)."""
    chances = reorder_probabilities(first, second)
    beyond = ~reached_in_time(days, chances >= 0.5, confirmed)
    chances = np.where(beyond, np.minimum(chances, BEYOND_SILENCE), chances)
    return chances, story_mask(chances, links, confirmed) & ~beyond


def judge_membership(
    cosines: Array, days: Array, confirmed: Sequence[int], rejected: Sequence[int] = ()
) -> Membership:
    """Return the probability that each candidate belongs; arguments as for `candidate_features`.

    Articles more similar to a `rejected` article than to a confirmed one are less probable.
    """
    weighed = candidate_features(cosines, days, confirmed, rejected)
    weights = regression_weights()
    links = weighed.links
    first = weighed.signs @ weights["first"]
    if len(cosines) < TINY_ARCHIVE_ARTICLES:
        to_nearest = weighed.signs[:, 0]
        first = np.where(to_nearest < MIN_TINY_LIKENESS, np.minimum(first, UNSURE_LOG_ODDS), first)
    if rejected:
        away = links[:, list(rejected)].max(axis=1) - links[:, list(confirmed)].max(axis=1)
        first = first - REJECTED_PENALTY * np.maximum(away, 0.0)
    second = neighbour_features(weighed.likeness, logistic(first), confirmed) @ weights["second"]
    chances, inside = cut_story(logistic(first), logistic(second), links, days, confirmed)
    of, signs = arrival_features(cosines, days, confirmed, inside)
    of = replace(
        of, bar=arrival_threshold(logistic(signs @ weights["arrivals"]), inside, confirmed)
    )
    return Membership(agree_with_cut(chances, inside), of, links)


def arrival_probabilities(
    to_confirmed: Array,
    to_members: Array,
    days_to_confirmed: Array,
    days_to_member: Array,
    of: StandingsOfStories,
) -> Array:
    """Return the probability that a single new article belongs to each of n stories: (n,).

    `to_confirmed` is weighted by time, `to_members` is not; distances in days are nan if unknown.
    """
    signs = article_features(
        to_confirmed + to_members, to_confirmed, to_members, days_to_confirmed, days_to_member, of
    )
    return adjust_arrivals(logistic(signs @ regression_weights()["arrivals"]), of.bar)


SINGLE_ARRIVAL_FACTOR = 0.89
"""Factor on the probability of single arrivals, whose neighbours are not used: in held-out stories,
88 of 100 articles that would count as sure belonged."""


def adjust_arrivals(chances: Array, bar: float | Array) -> Array:
    """Return the probabilities of single arrivals, adjusted to the end of the last listing."""
    return SINGLE_ARRIVAL_FACTOR * agree_with_cut(chances, log_odds(chances) >= bar)
