"""How likely each of many articles belongs to a story, from those that a person confirmed. Pure,
with numpy.

A story runs on: the article that starts it says little of what follows weeks later. So likeness is
taken in steps.

1. Articles are compared as they are, and by what they share through others: latent semantic
   indexing (Deerwester et
   al. 1990) of these candidates alone, which costs the same however large the archive is.
2. Those nearest to the confirmed ones feed back into the profile (Rocchio 1971, pseudo-relevance
   feedback), once.
3. Articles of one happening are judged together: each takes half of its likeness from its near
   copies in time.
4. A logistic regression turns likeness, time and how the story stands out from the rest into a
   probability.
5. A second one (stacking: Wolpert 1992) sees how likely an article's own nearest neighbours are by
   the first. It
   finds a better order: so the first's probabilities are dealt out in the order of both.
6. Where a story ends in that order is asked three times: of the probabilities, and twice of the
   links between articles,
   the nearest alone and more of them, for the number that is told apart best from the rest
   (normalized cut: Shi and
   Malik 2000, swept over an order: Andersen, Chung and Lang 2006). Two of three agree, at least
   nearly: the middle
   one counts. Probabilities are learnt from few stories, the links are the story's own.

The weights of the regressions are learnt by `bench.train_membership`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Which = NDArray[np.bool_]

# -- likeness --------------------------------------------------------------------------------------

MIN_LATENT_ARTICLES, FULL_LATENT_ARTICLES = 60, 300
"""Articles below which a latent space says nothing, and from which it says as much as the words
themselves."""
MAX_LATENT_DIMENSIONS, ARTICLES_A_DIMENSION = 40, 8


def cosine_matrix(vectors: Sequence[Mapping[str, float]]) -> Array:
    """The cosines of vectors of unit length, each with each: (n, n)."""
    holders = Counter(term for vector in vectors for term in vector)
    columns = {
        term: number
        for number, term in enumerate(term for term, many in holders.items() if many > 1)
    }
    matrix = np.zeros((len(vectors), len(columns)), dtype=np.float32)
    for row, vector in zip(matrix, vectors, strict=True):
        shared = [(columns[term], weight) for term, weight in vector.items() if term in columns]
        if shared:
            numbers, weights = zip(*shared, strict=True)
            row[list(numbers)] = weights
    cosines = (matrix @ matrix.T).astype(np.float64)
    np.fill_diagonal(cosines, [1.0 if vector else 0.0 for vector in vectors])
    return cosines


def latent_share(articles: int) -> float:
    """What the latent space counts, beside the words: 0 to ½."""
    return 0.5 * float(
        np.clip(
            (articles - MIN_LATENT_ARTICLES) / (FULL_LATENT_ARTICLES - MIN_LATENT_ARTICLES), 0, 1
        )
    )


def latent_cosines(cosines: Array) -> Array:
    """Cosines in the space of the strongest dimensions, each with each; none is below 0."""
    dimensions = min(MAX_LATENT_DIMENSIONS, len(cosines) // ARTICLES_A_DIMENSION)
    values, directions = np.linalg.eigh(cosines)
    places = directions[:, -dimensions:] * np.sqrt(np.clip(values[-dimensions:], 0, None))
    places /= np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-9)
    alike: Array = np.clip(places @ places.T, 0, None)
    return alike


def mixed_cosines(cosines: Array) -> Array:
    """Likeness of each with each: cosines of the words, mixed with those of the latent space."""
    share = latent_share(len(cosines))
    return (1 - share) * cosines + share * latent_cosines(cosines) if share else cosines


# -- time ------------------------------------------------------------------------------------------

MIN_TIME_WEIGHT = 0.60
NEWS_CYCLE, CYCLE_DAYS = 0.6, 1.5
AFTERMATH, AFTERMATH_DAYS = 0.2, 7.0
UNKNOWN_CLOSENESS = 0.5
"""The closeness of two articles of which one has no date."""


def time_weight(apart: Array, least: float = MIN_TIME_WEIGHT) -> Array:
    """What so many days apart (nan: not known) make of a likeness: from `least` up to .8 more; 1 if
    not known."""
    near = least + NEWS_CYCLE * np.exp(-0.5 * (apart / CYCLE_DAYS) ** 2)
    near += AFTERMATH * np.exp(-apart / AFTERMATH_DAYS)
    return np.where(np.isnan(apart), 1.0, near)


LONG_STORY_TIME_WEIGHT = 4.0
"""Days from the earliest confirmed article to the latest; so far apart, what AT_ANY_TIME lacks of
one falls by e."""


def min_time_weight(span: float) -> float:
    """The least that time makes of a likeness, where the confirmed articles lie so many days
    apart."""
    return 1 - (1 - MIN_TIME_WEIGHT) * exp(-span / LONG_STORY_TIME_WEIGHT)


def days_between(days: Array, others: Array) -> Array:
    """Days between each of some moments and each of others, nan where one is not known: (n, m)."""
    return np.abs(days[:, None] - others[None, :])


def fewest_days(apart: Array) -> Array:
    """The fewest days of each row, nan if none is known."""
    least = np.where(np.isnan(apart), np.inf, apart).min(axis=1, initial=np.inf)
    return np.where(np.isinf(least), np.nan, least)


def time_closeness(apart: Array, days: float) -> Array:
    """1 at the same moment, falling by e in so many days."""
    return np.where(np.isnan(apart), UNKNOWN_CLOSENESS, np.exp(-apart / days))


# -- feedback --------------------------------------------------------------------------------------

MAX_FEEDBACK_ARTICLES, MIN_FEEDBACK_LIKENESS, LATENT_FEEDBACK_MARGIN = 40, 0.22, 0.16
FEEDBACK_WEIGHT = 2.0
"""All of them together, for each confirmed article."""
FEEDBACK_LIKENESS_ORIGIN = 0.15
"""What is fed back counts by as much as its likeness is above this."""
SAME_EVENT_LIKENESS = 0.42
"""The least likeness, time counted in, of two articles of one happening."""
TOGETHER_DAYS = 3.0
"""Days within which what was fed back is one happening with what was confirmed."""


@dataclass(frozen=True, slots=True)
class CandidateFeatures:
    """What is known of all candidates before they are judged."""

    likeness: Array
    """Of each with each: (n, n)."""
    links: Array
    """The same, time counted in; 0 of each with itself: (n, n)."""
    signs: Array
    """What the first regression goes by: (n, 22)."""


def likeness_to_mean(likeness: Array, weights: Array) -> Array:
    """The likeness of each to the weighted mean of some, as it would be of vectors."""
    towards = likeness @ weights
    length = sqrt(max(float(weights @ towards), 0.0))
    alike: Array = towards / max(length, 1e-9)
    return alike


def indicator_weights(count: int, chosen: Sequence[int]) -> Array:
    weights = np.zeros(count)
    weights[list(chosen)] = 1.0
    return weights


def confirmed_time_weight(days: Array, confirmed: Sequence[int]) -> Array:
    """What time makes of the likeness to the confirmed; the farther these are apart the less it
    says."""
    dated = days[list(confirmed)][~np.isnan(days[list(confirmed)])]
    span = float(np.ptp(dated)) if len(dated) else 0.0
    return time_weight(
        fewest_days(days_between(days, days[list(confirmed)])), min_time_weight(span)
    )


def member_weights(confirmed: Array, likeness: Array, least: float) -> Array:
    """The weights of a story's members: the confirmed, and those most like them."""
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
    """Half of each value, and half of the mean of its happening."""
    weight = happening.sum(axis=1)
    mean = np.where(weight > 0, (happening @ values) / np.maximum(weight, 1e-9), values)
    return 0.5 * values + 0.5 * mean


def candidate_features(
    cosines: Array, days: Array, confirmed: Sequence[int], rejected: Sequence[int] = ()
) -> CandidateFeatures:
    """What is known of candidates: `cosines` of each with each (n, n), `days` (n,) since any
    moment, nan if unknown.

    `confirmed` are the places of those of which a person said that they belong; what was `rejected`
    feeds nothing back.
    """
    count = len(cosines)
    likeness, near, sure = (
        mixed_cosines(cosines),
        time_weight(days_between(days, days)),
        indicator_weights(count, confirmed),
    )
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
    to_member, to_sure = (
        fewest_days(np.where(inside, gaps, np.nan)),
        fewest_days(days_between(days, days[list(confirmed)])),
    )
    fed = inside & (sure == 0)
    together = (
        float(time_closeness(to_sure, TOGETHER_DAYS)[fed].mean())
        if fed.any()
        else UNKNOWN_CLOSENESS
    )
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
    """How a story stands among the candidates, in numbers."""

    cohesion: float
    """The rank of its members, on average."""
    middle: float
    """The rank of the others, the middle half of them, on average,"""
    spread: float
    """and its standard deviation."""
    members: int
    confirmed: int
    candidates: int
    together: float
    """How near in time to a confirmed article those are that were fed back: 0 to 1."""
    bar: float = 0.0
    """The log-odds from which an article that comes by itself is one of those that are listed."""

    def outstanding(self, rank: Array) -> Array:
        """By how many standard deviations a rank stands out from the others'."""
        return np.clip((rank - self.middle) / max(self.spread, 0.02), -5, 40)


PRIOR_MIDDLE, PRIOR_SPREAD = 0.1, 0.06
"""Of an archive that is too small to tell; from MANY candidates on they tell alone."""


def story_standing(
    rank: Array, members: Array, confirmed: Sequence[int], together: float
) -> StoryStanding:
    """From the candidates' ranks and the members' weights."""
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


def clipped_log(values: Array) -> Array:
    return np.log(np.clip(values, 0.02, None))


def article_features(
    rank: Array,
    to_confirmed: Array,
    to_members: Array,
    days_to_confirmed: Array,
    days_to_member: Array,
    of: StoryStanding,
) -> Array:
    """What is known of an article by itself, given how the story stands: (n, 20), the last column
    all ones."""
    logged = clipped_log(rank)
    one = np.ones(len(rank))
    return np.column_stack(
        [
            logged,
            rank,
            rank / max(of.cohesion, 0.1),
            of.outstanding(rank) / 10,
            clipped_log(to_confirmed),
            clipped_log(to_members),
            of.together * logged,
            of.cohesion * logged,
            time_closeness(days_to_confirmed, 7) * logged,
            *(time_closeness(days_to_member, days) for days in (1.5, 7, 30)),
            *(time_closeness(days_to_confirmed, days) for days in (1.5, 7, 30)),
            of.cohesion * one,
            of.together * one,
            np.log1p(of.members) * one,
            np.log(max(1, of.confirmed)) * one,
            np.log(max(120, of.candidates)) * one,
            one,
        ]
    )


def log_odds(chances: Array) -> Array:
    """The logarithm of p / (1 - p), of probabilities neither quite 0 nor quite 1."""
    clipped = np.clip(chances, 1e-4, 1 - 1e-4)
    return np.log(clipped / (1 - clipped))


NEAR_NEIGHBOURS, WIDE_NEIGHBOURS = 5, 15


def neighbour_features(likeness: Array, chances: Array, confirmed: Sequence[int]) -> Array:
    """What the second regression goes by: the likely articles near each, and the story against the
    rest: (n, 5)."""
    belongs = chances.copy()
    belongs[list(confirmed)] = 1.0
    alike = likeness.copy()
    np.fill_diagonal(alike, -1.0)
    nearest_first = np.argsort(-alike, axis=1)
    np.fill_diagonal(alike, 0.0)
    total, rest = belongs.sum(), (1 - belongs).sum()
    to_story = (alike @ belongs) / np.maximum(total - belongs, 0.2)  # each against the others
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
"""What the first regression's log-odds count in the order, beside the second's."""


def reorder_probabilities(first: Array, second: Array) -> Array:
    """The first's probabilities, dealt out in the order that both find together.

    The first says best how likely the likeliest are, the second which these are: it knows each
    article's neighbours.
    """
    order = np.argsort(-(FIRST_STAGE_SHARE * log_odds(first) + log_odds(second)), kind="stable")
    chances = np.empty(len(first))
    chances[order] = np.sort(first)[::-1]
    return chances


# -- the cut ---------------------------------------------------------------------------------------

NEAREST, MORE = 2, 10
"""How many links an article has on average where a story is told apart from the rest."""
TOLD_APART = 0.03
"""The normalized cut below which nothing is told apart better: the fewest articles that have it are
the story."""
SHARE = 1 / 3
"""The most of the candidates that a story is looked for among."""
AT_THE_END = 0.9
"""Of these; what is told apart best by nearly all of them is told apart by none."""
INSIDE, OUTSIDE, SLOPE = 0.8, 0.3, 0.1
"""Where the probabilities and the cut do not agree: what an article inside has at least, one
outside at most, and what counts there of the distance from it. Of stories left out, .7 to .8 inside
belonged, .2 to .35 outside."""


import os

MIN_CUT_PROBABILITY = float(os.environ.get("MCP","0"))


def listed(chances: Array, links: Array, confirmed: Sequence[int]) -> Which:
    """Which candidates the story holds, the confirmed among them: (n,), of bool."""
    likely = chances.copy()
    likely[list(confirmed)] = 2.0
    order = np.argsort(-likely, kind="stable")
    many = int((likely >= 0.5).sum())
    # else there is no crowd, or no story, to tell apart
    if len(chances) >= MIN_LATENT_ARTICLES and many > len(confirmed):
        many = middle_one(many, links[np.ix_(order, order)], len(confirmed))
        many = min(many, int((likely >= MIN_CUT_PROBABILITY).sum()))
    inside = np.zeros(len(chances), dtype=bool)
    inside[order[:many]] = True
    return inside


def middle_one(by_chance: int, links: Array, confirmed: int) -> int:
    """Of three answers to how many belong, the middle one, or the lower of two."""
    answers = sorted([by_chance, *(told_apart(links, confirmed, many) for many in (NEAREST, MORE))])
    known = [each for each in answers if each]
    return known[(len(known) - 1) // 2]


def told_apart(links: Array, confirmed: int, many: int) -> int:
    """How many candidates, in their order, are told apart best from the rest by so many links each;
    0 if none are."""
    count = len(links)
    most = int(count * SHARE)
    if most <= confirmed:
        return 0
    pairs = links[np.triu_indices(count, 1)]
    kept = min(len(pairs), int(count * many / 2))
    strong = np.clip(links - np.partition(pairs, -kept)[-kept], 0, None)
    total = max(float(strong.sum()), 1e-9)
    volume = np.cumsum(strong.sum(axis=1))
    leaving = volume - 2 * np.cumsum(np.tril(strong, -1).sum(axis=1))
    cuts = leaving * total / np.maximum(volume * (total - volume), 1e-9 * total)
    best = int(np.maximum(cuts, TOLD_APART)[confirmed:most].argmin())
    return 0 if best >= AT_THE_END * (most - confirmed) else confirmed + 1 + best


def agreed(chances: Array, inside: Which) -> Array:
    """Probabilities that agree with the cut, in the order that they had."""
    at_least, at_most = INSIDE + SLOPE * (chances - INSIDE), OUTSIDE + SLOPE * (chances - OUTSIDE)
    return np.where(inside, np.maximum(chances, at_least), np.minimum(chances, at_most))


# -- one that comes by itself ----------------------------------------------------------------------


def arriving(
    cosines: Array, days: Array, confirmed: Sequence[int], inside: Which
) -> tuple[StoryStanding, Array]:
    """How a story stands for one article that comes by itself, and the signs of each candidate as
    if it came so.

    By words alone: cosines to the confirmed and to the middle of what is listed, an article's own
    share left out.
    """
    sure, gaps = indicator_weights(len(cosines), confirmed), days_between(days, days)
    np.fill_diagonal(gaps, np.nan)
    to_confirmed = likeness_to_mean(cosines, sure) * confirmed_time_weight(days, confirmed)
    to_members = to_mean_of_others(cosines, inside / inside.sum())
    to_sure = fewest_days(days_between(days, days[list(confirmed)]))
    to_member = fewest_days(np.where(inside, gaps, np.nan))
    fed = inside & (sure == 0)
    together = (
        float(time_closeness(to_sure, TOGETHER_DAYS)[fed].mean())
        if fed.any()
        else UNKNOWN_CLOSENESS
    )
    rank = to_confirmed + to_members
    of = story_standing(rank, inside / inside.sum(), confirmed, together)
    return of, article_features(rank, to_confirmed, to_members, to_sure, to_member, of)


def to_mean_of_others(cosines: Array, weights: Array) -> Array:
    """The likeness of each to the weighted mean of some, itself left out."""
    towards, own = cosines @ weights, weights * np.diag(cosines)
    length = np.sqrt(np.clip(weights @ towards - 2 * weights * towards + weights * own, 0, None))
    alike: Array = np.where(length > 1e-6, (towards - own) / np.maximum(length, 1e-6), 0.0)
    return alike


def bar(chances: Array, inside: Which, confirmed: Sequence[int]) -> float:
    """The log-odds from which articles that come by themselves agree best with what is listed (most
    F1)."""
    others = np.delete(np.arange(len(chances)), list(confirmed))
    if not inside[others].any():
        return 0.0
    order = others[np.argsort(-chances[others], kind="stable")]
    right = np.cumsum(inside[order])
    last = int((2 * right / (np.arange(1, len(order) + 1) + right[-1])).argmax())
    ends = log_odds(chances[order[last : last + 2]])
    return float(ends.mean())


# -- the judgement ---------------------------------------------------------------------------------


@cache
def regression_weights() -> dict[str, Array]:
    """The weights of the regressions."""
    read = json.loads((files("pipelines.topics") / "membership.json").read_text(encoding="utf-8"))
    return {name: np.array(values) for name, values in read.items()}


def logistic(values: Array) -> Array:
    return 1 / (1 + np.exp(-np.clip(values, -30, 30)))


@dataclass(frozen=True, slots=True)
class Membership:
    """What came of all candidates."""

    probabilities: Array
    """That each belongs: (n,). Of the confirmed ones it is as if nobody had said so."""
    standing: StoryStanding
    links: Array
    """How near each is to each, time counted in: (n, n)."""

    def nearest(self, chosen: Sequence[int]) -> list[int | None]:
        """Which of the chosen each candidate is most like, itself left out; None where there is
        none."""
        if not len(chosen):
            return [None] * len(self.links)
        towards = self.links[:, list(chosen)]
        best = [int(chosen[place]) for place in towards.argmax(axis=1)]
        return [
            each if like > 0 else None for each, like in zip(best, towards.max(axis=1), strict=True)
        ]


MIN_TINY_LIKENESS, UNSURE_LOG_ODDS = 0.22, -0.2
"""The least likeness, time counted in, to an article of the story without which nothing is likely
in a TINY archive: where hardly anything stands beside a story, nothing tells what stands out. The
log-odds are held below that."""
TINY_ARCHIVE_ARTICLES = 20
REJECTED_PENALTY = 8.0
"""What the log-odds lose for each unit by which an article is nearer to a rejected one than to a
confirmed one."""


def judge_membership(
    cosines: Array, days: Array, confirmed: Sequence[int], rejected: Sequence[int] = ()
) -> Membership:
    """How likely each candidate belongs. The arguments are those of `candidate_features`.

    What is nearer to a `rejected` article than to a confirmed one is less likely.
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
    chances = reorder_probabilities(logistic(first), logistic(second))
    inside = listed(chances, links, confirmed)
    of, signs = arriving(cosines, days, confirmed, inside)
    of = replace(of, bar=bar(logistic(signs @ weights["arrivals"]), inside, confirmed))
    return Membership(agreed(chances, inside), of, links)


def arrival_probability(
    to_confirmed: float,
    to_members: float,
    days_to_confirmed: float,
    days_to_member: float,
    of: StoryStanding,
) -> float:
    """How likely one article belongs that comes by itself: likeness, time counted in, and without;
    days, or nan."""
    values = np.array(
        [[to_confirmed + to_members, to_confirmed, to_members, days_to_confirmed, days_to_member]]
    )
    rank, confirmed, members, to_sure, to_member = values.T
    signs = article_features(rank, confirmed, members, to_sure, to_member, of)
    return float(on_arrival(logistic(signs @ regression_weights()["arrivals"]), of.bar)[0])


BY_ITSELF = 0.89
"""Without its neighbours nothing is sure: of those that would be, in stories left out, 88 of 100
belonged."""


def on_arrival(chances: Array, bar: float) -> Array:
    """Probabilities of articles that come by themselves, agreed with where the last listing
    ends."""
    return BY_ITSELF * agreed(chances, log_odds(chances) >= bar)
