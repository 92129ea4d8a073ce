"""The policy for followed stories: the articles and leads that belong to each.

An article has two views, the whole text and its opening. News says first what it is about, so two
reports whose openings agree are about one subject more often than two that agree elsewhere. Both
views are tf-idf vectors (`pipelines.text.vectors`) within one vector, where a prefix marks the
terms of the opening. The cosine of two articles is thus the weighted sum of both views (linear
combination of fields: Robertson, Zaragoza, Taylor 2004, "Simple BM25 extension to multiple weighted
fields").

A listing scores all candidates together (`pipelines.topics.membership`). Its result, the centroid
and the dates of the articles that belong, is saved as JSON, and scores single new articles and,
before they are fetched, leads. Only a person's verdicts are ground truth: each listing starts from
the confirmed articles again.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from math import isnan, log, nan, sqrt

import numpy as np
from numpy.typing import NDArray

from archive.articles.language_keys import readable_keys
from archive.articles.stored_vectors import OPENING_TERM_PREFIX
from archive.articles.stories import (
    ConfirmedArticle,
    FrequencyLookup,
    Story,
    StoryCandidate,
    StoryJudgement,
    StoryListing,
    StoryPart,
    StoryPolicy,
    StoryScore,
    StoryTier,
)
from archive.records import text_below_standfirst
from archive.text.unspaced import UNSPACED_RUN
from archive.timestamps import days_since_epoch as days_of
from pipelines.text.terms import text_terms as terms_of
from pipelines.text.vectors import (
    WeightedTerms,
    cosine_similarity,
    mean_vector,
    rarities_of_terms,
    term_counts,
    unit_vector,
)
from pipelines.topics.language_keys import foreign_link
from pipelines.topics.membership import (
    Array,
    StandingsOfStories,
    StoryStanding,
    arrival_probabilities,
    cosine_matrix,
    cosines_to,
    judge_membership,
    min_time_weight,
)
from pipelines.topics.membership import time_weight as near

# -- an article in two views -----------------------------------------------------------------------

STORY_OPENING_CHARS = 500
"""Number of characters of the opening: the first paragraph or two."""
OPENING_SHARE = 0.35
"""Weight of the opening; the whole text has the rest."""
MAX_TEXT_TERMS, MAX_OPENING_TERMS = 150, 64
TERM_DAMPING = 0.75
"""Exponent of the inverse document frequency. A cosine multiplies the factor of a shared term by
itself; undamped, a single rare word would join articles without anything else in common."""


def opening_weights(
    headline: str | None, standfirst: str | None, text: str, language: str | None
) -> dict[str, float]:
    """Return the weighted term counts of an article's opening."""
    return term_counts(
        headline,
        standfirst,
        text_below_standfirst(text, standfirst)[:STORY_OPENING_CHARS],
        language,
    )


def two_view_vector(
    whole: Mapping[str, float],
    opening: Mapping[str, float],
    frequencies: Mapping[str, int],
    articles: int,
) -> WeightedTerms:
    """Return the vector of an article, of unit length; empty without terms.

    `whole` and `opening` are term counts. `frequencies` are document frequencies among `articles`
    documents of the language.
    """
    terms = {**whole, **opening}
    damped = rarities_of_terms(terms, frequencies, articles) ** TERM_DAMPING
    rarity = dict(zip(terms, damped.tolist(), strict=True))
    seen = _view(whole, rarity, MAX_TEXT_TERMS, sqrt(1 - OPENING_SHARE))
    opened = _view(opening, rarity, MAX_OPENING_TERMS, sqrt(OPENING_SHARE))
    return seen | {OPENING_TERM_PREFIX + term: weight for term, weight in opened.items()}


def _view(
    counts: Mapping[str, float], rarity: Mapping[str, float], most: int, size: float
) -> WeightedTerms:
    """Return one view as a vector of length `size`, with at most `most` terms.

    `rarity` holds the damped inverse document frequencies, which both views share; 0 for a term
    that is left out.
    """
    weights = {
        term: (1 + log(count)) * rare if count > 1 else rare
        for term, count in counts.items()
        if (rare := rarity[term])
    }
    return {term: size * weight for term, weight in unit_vector(weights, most).items()}


def story_vector(
    headline: str | None,
    standfirst: str | None,
    text: str,
    language: str | None,
    known: FrequencyLookup,
) -> WeightedTerms:
    """Return the vector of an article, or of a lead with its lede as the text.

    `known` returns for terms their document frequencies and the number of documents.
    """
    whole = term_counts(headline, standfirst, text, language)
    return two_view_vector(
        whole, opening_weights(headline, standfirst, text, language), *known(whole)
    )


# -- the profile -----------------------------------------------------------------------------------

MAX_PROFILE_TERMS = 600
"""Maximum number of terms in a profile, of both views together."""
MAX_SHOWN_TERMS = 24
"""Maximum number of terms that are shown, and searched for, of a profile."""
SEARCH_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class LearntStory:
    """The saved result of a listing."""

    members: Mapping[str, float]
    """Centroid of the articles that belong, of unit length."""
    days: tuple[float, ...]
    """Their dates, in days since 1970."""
    standing: StoryStanding
    languages: tuple[str, ...] = ()
    """Languages of the confirmed articles; articles in other languages are compared by their keys.
    """
    keys: Mapping[str, float] = field(default_factory=dict)
    """Centroid of the language keys of the articles that belong (`pipelines.topics.language_keys`).
    """

    @staticmethod
    def read(kept: str) -> LearntStory:
        """Return the result from the JSON of `written`."""
        read = json.loads(kept)
        return LearntStory(
            read["members"],
            tuple(read["days"]),
            StoryStanding(**read["standing"]),
            tuple(read["languages"]),
            read["keys"],
        )

    def written(self) -> str:
        """Return the result as JSON."""
        saved = {
            "members": {term: round(weight, 4) for term, weight in self.members.items()},
            "days": self.days,
            "standing": asdict(self.standing),
            "languages": self.languages,
            "keys": {key: round(weight, 4) for key, weight in self.keys.items()},
        }
        return json.dumps(saved, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class StoryProfile:
    """The features of a story to which articles and leads are compared."""

    vector: Mapping[str, float]
    articles: int
    """Number of confirmed articles."""
    dates: tuple[str, ...] = ()
    """Dates of the confirmed articles that have one, the earliest first."""
    languages: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    hosts: tuple[str, ...] = ()
    learnt: LearntStory | None = None


def story_profile(story: Story, confirmed: Sequence[ConfirmedArticle]) -> StoryProfile:
    """Return the profile of a story: the mean of its confirmed articles and of the person's words.

    The limits of the story are part of it.
    """
    vectors: list[Mapping[str, float]] = [each.weights for each in confirmed]
    languages = story.languages or tuple({each.language for each in confirmed if each.language})
    if story.words:
        vectors.append(words_vector(story.words, languages))
    return StoryProfile(
        vector=mean_vector(vectors, MAX_PROFILE_TERMS),
        articles=len(confirmed),
        dates=tuple(sorted({each.published_at for each in confirmed if each.published_at})),
        languages=story.languages,
        since=story.since,
        until=story.until,
        hosts=story.hosts,
        learnt=LearntStory.read(story.classifier) if story.classifier else None,
    )


def words_vector(words: str, languages: Collection[str]) -> WeightedTerms:
    """Return the vector of a person's words, as an article without other words.

    The words become terms of each of the languages; of English without any language.
    """
    found = {term for language in languages or ("en",) for term in terms_of(words, language)}
    views = {term: sqrt(1 - OPENING_SHARE) for term in found} | {
        OPENING_TERM_PREFIX + term: sqrt(OPENING_SHARE) for term in found
    }
    return unit_vector(views, len(views)) if views else {}


def profile_terms(profile: StoryProfile) -> list[str]:
    """Return the terms of a profile, the strongest first."""
    return _strongest_terms(profile.vector)


def _strongest_terms(weights: Mapping[str, float]) -> list[str]:
    """Return the terms with the largest weights, summed over both views."""
    both: dict[str, float] = {}
    for term, weight in weights.items():
        bare = term.removeprefix(OPENING_TERM_PREFIX)
        both[bare] = both.get(bare, 0.0) + weight
    return sorted(both, key=lambda term: (-both[term], term))[:MAX_SHOWN_TERMS]


def story_search_words(
    profile: StoryProfile, texts: Iterable[tuple[str, str | None]], most: int
) -> list[str]:
    """Return the profile's strongest terms as search words, in the form most frequent in the texts.

    `texts` are (text, language) pairs. Terms of scripts without spaces, pairs of characters, remain
    unchanged.
    """
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for text, language in texts:
        for word, times in Counter(SEARCH_WORD.findall(text)).items():
            stem = terms_of(word, language)
            if len(stem) == 1:
                written[stem[0]][word] += times
    found: list[str] = []
    for term in profile_terms(profile):
        if term in written:
            found.append(written[term].most_common(1)[0][0])
        elif UNSPACED_RUN.fullmatch(term):
            found.append(term)
    return found[:most]


# -- listings --------------------------------------------------------------------------------------

SURE_PROBABILITY, LIKELY_PROBABILITY, PERHAPS_PROBABILITY = 0.9, 0.5, 0.3
"""Minimum probability of each tier."""
NEW_EVENT_DAYS = 14.0
"""Minimum distance in days to the nearest other article of the story that makes an article
background."""


def list_story(story: Story, candidates: Sequence[StoryCandidate]) -> StoryListing:
    """Score all candidates together, within the limits that the person set."""
    seeds = _story_seeds(story, candidates)
    if not seeds.confirmed:
        return StoryListing([StoryJudgement(0.0, None)] * len(candidates), [], "")
    days = np.array(seeds.days)
    judged = judge_membership(cosine_matrix(seeds.vectors), days, seeds.confirmed, seeds.rejected)
    bounds = story_profile(story, [])
    # the person's own words are the last vector, without a candidate
    chances = []
    for each, chance in zip(candidates, judged.probabilities, strict=False):
        excluded = is_excluded(bounds, each.published_at, each.language, each.host)
        chances.append(0.0 if excluded else float(chance))
    belonging = [
        number for number, each in enumerate(candidates) if _is_listed(each, chances[number])
    ]
    members = mean_vector((seeds.vectors[number] for number in belonging), MAX_PROFILE_TERMS)
    nearest = judged.nearest(belonging)
    parts = _story_parts(candidates, days, belonging)
    judgements = []
    for number, each in enumerate(candidates):
        chance, near_to = chances[number], nearest[number]
        shown = each.verdict or chance >= PERHAPS_PROBABILITY
        judgements.append(
            StoryJudgement(
                chance,
                story_tier(chance),
                parts.get(number),
                _shared_terms(each.vector, members) if shown else (),
                None if near_to is None else candidates[near_to].id,
            )
        )
    dated = (seeds.days[number] for number in belonging)
    learnt = LearntStory(
        members,
        tuple(round(day, 2) for day in dated if not isnan(day)),
        judged.standing,
        _confirmed_languages(candidates),
    )
    return StoryListing(judgements, _strongest_terms(members), learnt.written())


@dataclass(frozen=True, slots=True)
class StorySeeds:
    """The candidates of a listing as vectors, with the indices of those that a person judged."""

    vectors: list[Mapping[str, float]]
    days: list[float]
    """Days since 1970 of each vector; nan if unknown."""
    confirmed: list[int]
    rejected: list[int]


def _story_seeds(story: Story, candidates: Sequence[StoryCandidate]) -> StorySeeds:
    """Return the seeds of a listing.

    A person's own words count as one more confirmed article.
    """
    vectors = [each.vector for each in candidates]
    days = [days_since_1970(each.published_at) for each in candidates]
    confirmed = [
        number
        for number, each in enumerate(candidates)
        if each.verdict == "belongs" and each.vector
    ]
    rejected = [number for number, each in enumerate(candidates) if each.verdict == "not"]
    if story.words:
        languages = story.languages or {each.language or "" for each in candidates}
        vectors.append(words_vector(story.words, languages))
        days.append(nan)
        confirmed.append(len(candidates))
    return StorySeeds(vectors, days, confirmed, rejected)


def _is_listed(candidate: StoryCandidate, chance: float) -> bool:
    """Return True for confirmed articles, and for likely ones without a verdict."""
    if candidate.verdict:
        return candidate.verdict == "belongs"
    return chance >= LIKELY_PROBABILITY


def _confirmed_languages(candidates: Sequence[StoryCandidate]) -> tuple[str, ...]:
    """Return the languages of the confirmed articles, sorted."""
    confirmed = (each.language for each in candidates if each.verdict == "belongs")
    return tuple(sorted({language for language in confirmed if language}))


def story_tier(probability: float) -> StoryTier | None:
    """Return the tier of a probability; None below the lowest tier."""
    if probability >= SURE_PROBABILITY:
        return "sure"
    if probability >= LIKELY_PROBABILITY:
        return "likely"
    return "perhaps" if probability >= PERHAPS_PROBABILITY else None


def _story_parts(
    candidates: Sequence[StoryCandidate], days: Array, belonging: Sequence[int]
) -> dict[int, StoryPart]:
    """Return the part of each belonging article in its story, by candidate index.

    The part depends on the article's event and on its distance in time from the other articles.
    """
    events = {
        candidates[number].event_id
        for number in belonging
        if candidates[number].verdict == "belongs"
    }
    parts: dict[int, StoryPart] = {}
    for number in belonging:
        others = np.abs(np.delete(days[belonging], belonging.index(number)) - days[number])
        alone = (
            len(others) > 0
            and bool(np.all(others[~np.isnan(others)] >= NEW_EVENT_DAYS))
            and not isnan(days[number])
        )
        event = candidates[number].event_id
        if candidates[number].verdict == "belongs" or (event is not None and event in events):
            parts[number] = "event"
        else:
            parts[number] = "background" if alone else "development"
    return parts


def _shared_terms(vector: Mapping[str, float], members: Mapping[str, float]) -> list[str]:
    """Return the terms that contribute most to the similarity of an article and a centroid."""
    return _strongest_terms(
        {term: weight * members[term] for term, weight in vector.items() if term in members}
    )


# -- in other languages ----------------------------------------------------------------------------

EVEN_FOREIGN_LINK, FOREIGN_LINK_STEEPNESS = 0.08, 2.2
"""The link at which every second report in another language belongs, and the slope of the logistic
curve."""
SHARED_EVENT_CHANCE = 0.9
"""Factor on the probability of an event's likeliest report that all its reports have at least."""
MAX_PROFILE_KEYS = 300


def profile_keys(members: Sequence[StoryCandidate]) -> WeightedTerms:
    """Return the centroid of the language keys of articles; confirmed ones count twice."""
    counted = [*members, *(each for each in members if each.verdict == "belongs")]
    return mean_vector((each.keys for each in counted), MAX_PROFILE_KEYS)


def foreign_candidates(
    story: Story,
    home: StoryListing,
    members: Sequence[StoryCandidate],
    foreign: Sequence[StoryCandidate],
) -> StoryListing:
    """Score candidates in other languages by the keys that they share with the listed articles.

    The listing that is returned holds the candidates in `foreign` only.
    """
    learnt = replace(LearntStory.read(home.classifier), keys=profile_keys(members))
    listed_days = sorted_days(learnt.days)
    bounds = story_profile(story, [])
    of_words = cosines_to([each.vector for each in foreign], learnt.members)
    chances = []
    for each, words in zip(foreign, of_words, strict=True):
        excluded = is_excluded(bounds, each.published_at, each.language, each.host)
        keys = cosine_similarity(each.keys, learnt.keys)
        apart = nearest_distance(listed_days, days_since_1970(each.published_at))
        linked = _foreign_chance(apart, keys, float(words))
        chances.append(0.0 if excluded else linked)
    best: dict[int | None, float] = {}
    for each, chance in zip(foreign, chances, strict=True):
        best[each.event_id] = max(chance, best.get(each.event_id, 0.0))
    judgements = []
    for each, chance in zip(foreign, chances, strict=True):
        of_event = SHARED_EVENT_CHANCE * best[each.event_id]
        shared = max(chance, of_event) if chance and each.event_id else chance
        judgements.append(_foreign_judgement(each, shared, members))
    return StoryListing(judgements, home.terms, learnt.written())


def _foreign_chance(apart: float, of_keys: float, of_words: float) -> float:
    """Return the probability that a candidate in another language belongs.

    `of_keys` and `of_words` are its cosines with the articles that belong, and `apart` is the
    distance in days to the nearest of these; nan if unknown.
    """
    linked = foreign_link(of_keys, of_words, None if isnan(apart) else apart)
    if linked <= 0:
        return 0.0
    odds_against: float = (EVEN_FOREIGN_LINK / linked) ** FOREIGN_LINK_STEEPNESS
    return 1 / (1 + odds_against)


def _foreign_judgement(
    candidate: StoryCandidate, chance: float, members: Sequence[StoryCandidate]
) -> StoryJudgement:
    """Return the judgement of a candidate in another language, with its nearest member."""
    tier = story_tier(chance)
    if tier is None and candidate.verdict is None:
        return StoryJudgement(chance, None)
    nearest = max(members, key=lambda each: cosine_similarity(candidate.keys, each.keys))
    shared = {
        key: weight * nearest.keys[key]
        for key, weight in candidate.keys.items()
        if key in nearest.keys
    }
    shown = readable_keys(sorted(shared, key=lambda key: -shared[key]))
    return StoryJudgement(
        chance,
        tier,
        "development" if chance >= LIKELY_PROBABILITY else None,
        shown[:MAX_SHOWN_TERMS],
        nearest.id,
    )


# -- single new articles ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BoardWeights:
    """Terms of several stories with two weights each, in one array in which terms have a place."""

    places: Mapping[str, tuple[int, int]]
    """Term → the place of the first story that has it, and the number of such stories."""
    stories: NDArray[np.intp]
    """The index of the story at each place: (m,)."""
    first: Array
    second: Array
    """The weights at each place: (m,)."""

    @staticmethod
    def of(held: Mapping[str, Sequence[tuple[int, float, float]]]) -> BoardWeights:
        """Return the weights from term → index of a story and both weights."""
        places, count = {}, 0
        for term, stories in held.items():
            places[term] = count, len(stories)
            count += len(stories)
        rows = np.array([each for stories in held.values() for each in stories]).reshape(-1, 3)
        return BoardWeights(
            places, rows[:, 0].astype(np.intp), rows[:, 1].copy(), rows[:, 2].copy()
        )

    def products(self, vector: Mapping[str, float], stories: int) -> tuple[Array, Array]:
        """Return the products of a vector with both weights of each of n stories: (n,) and (n,)."""
        places = self.places
        shared = [(*places[term], weight) for term, weight in vector.items() if term in places]
        if not shared:
            return np.zeros(stories), np.zeros(stories)
        starts, counts, weights = np.array(shared).T
        lengths = counts.astype(np.intp)
        before = np.cumsum(lengths) - lengths
        chosen = np.arange(lengths.sum()) + np.repeat(starts.astype(np.intp) - before, lengths)
        repeated, held = np.repeat(weights, lengths), self.stories[chosen]
        return (
            np.bincount(held, repeated * self.first[chosen], stories).astype(np.float64),
            np.bincount(held, repeated * self.second[chosen], stories).astype(np.float64),
        )


@dataclass(frozen=True, slots=True)
class StoryBoard:
    """The profiles of n stories, in the form in which a new article is compared with all of them."""

    profiles: Sequence[StoryProfile]
    terms: BoardWeights
    """The terms of each story, with their weights in the profile and in the centroid."""
    keys: BoardWeights
    """The language keys of each story, with their weights in the centroid, and 0."""
    confirmed_days: Sequence[Sequence[float]]
    """Dates of the confirmed articles of each story, in days since 1970, the earliest first."""
    listed_days: Sequence[Sequence[float]]
    """Dates of the articles that belong to each story, in the same way."""
    has_exact_dates: Sequence[bool]
    """True for each story whose confirmed articles all have a time of day in UTC."""
    least_weights: Array
    """Least time weight of each story: (n,)."""
    standings: StandingsOfStories
    sections: dict[tuple[int, ...], BoardSection] = field(default_factory=dict)
    """The stories of some indices, as they were needed so far."""


@dataclass(frozen=True, slots=True)
class BoardSection:
    """Some of the stories of a board: those in the language of an article."""

    least_weights: Array
    standings: StandingsOfStories


MAX_BOARD_SECTIONS = 64


def story_board(profiles: Sequence[StoryProfile]) -> StoryBoard:
    """Return the board of stories; one without a saved listing lists nothing."""
    terms: defaultdict[str, list[tuple[int, float, float]]] = defaultdict(list)
    keys: defaultdict[str, list[tuple[int, float, float]]] = defaultdict(list)
    for number, profile in enumerate(profiles):
        members = profile.learnt.members if profile.learnt else {}
        for term in {**profile.vector, **members}:
            terms[term].append((number, profile.vector.get(term, 0.0), members.get(term, 0.0)))
        for key, weight in profile.learnt.keys.items() if profile.learnt else ():
            keys[key].append((number, weight, 0.0))
    unknown = StoryStanding(0.0, 0.0, 0.0, 0, 0, 0, 0.0)
    return StoryBoard(
        profiles,
        BoardWeights.of(terms),
        BoardWeights.of(keys),
        [sorted_days(map(days_since_1970, profile.dates)) for profile in profiles],
        [sorted_days(each.learnt.days if each.learnt else ()) for each in profiles],
        [all(map(_is_exact_date, profile.dates)) for profile in profiles],
        np.array([least_time_weight(profile) for profile in profiles]),
        StandingsOfStories.of(
            [each.learnt.standing if each.learnt else unknown for each in profiles]
        ),
    )


def judge_arrivals(board: StoryBoard, candidate: StoryCandidate) -> list[StoryJudgement]:
    """Score a single new article for each story; the next listing scores it among the others."""
    judgements = [StoryJudgement(0.0, None)] * len(board.profiles)
    to_confirmed, to_members = board.terms.products(candidate.vector, len(judgements))
    to_keys, _ = board.keys.products(candidate.keys, len(judgements))
    home = []
    day = days_since_1970(candidate.published_at)
    for number, profile in enumerate(board.profiles):
        learnt = profile.learnt
        if learnt is None or is_excluded(
            profile, candidate.published_at, candidate.language, candidate.host
        ):
            continue
        if candidate.language and learnt.languages and candidate.language not in learnt.languages:
            apart = nearest_distance(board.listed_days[number], day)
            linked = _foreign_chance(apart, to_keys[number], to_members[number])
            judgements[number] = StoryJudgement(linked, story_tier(linked))
        else:
            home.append(number)
    chances = _home_chances(board, candidate, to_confirmed[home], to_members[home], home)
    for number, chance in zip(home, chances, strict=True):
        judgements[number] = _arrival_judgement(board.profiles[number], candidate, float(chance))
    return judgements


def _home_chances(
    board: StoryBoard,
    candidate: StoryCandidate,
    to_confirmed: Array,
    to_members: Array,
    numbers: Sequence[int],
) -> Array:
    """Return the probabilities for the stories of these numbers, in the article's language."""
    if not numbers:
        return np.zeros(0)
    day = days_since_1970(candidate.published_at)
    is_exact = _is_exact_date(candidate.published_at or "")
    confirmed, listed, whole = [], [], []
    for number in numbers:
        confirmed.append(nearest_distance(board.confirmed_days[number], day))
        listed.append(nearest_distance(board.listed_days[number], day))
        whole.append(
            confirmed[-1]
            if is_exact and board.has_exact_dates[number]
            else _days_to_confirmed(board.profiles[number], candidate.published_at)
        )
    section = _board_section(board, tuple(numbers))
    in_time = near(np.array(whole), section.least_weights)
    return arrival_probabilities(
        to_confirmed * in_time,
        to_members,
        np.array(confirmed),
        np.array(listed),
        section.standings,
    )


def _board_section(board: StoryBoard, numbers: tuple[int, ...]) -> BoardSection:
    """Return the stories of these indices, from memory if they were needed before."""
    sections = board.sections
    if numbers not in sections:
        if len(sections) >= MAX_BOARD_SECTIONS:
            sections.clear()
        sections[numbers] = BoardSection(
            board.least_weights[list(numbers)], board.standings.chosen(numbers)
        )
    return sections[numbers]


def sorted_days(days: Iterable[float]) -> list[float]:
    """Return the known ones of some days, the earliest first."""
    return sorted(day for day in days if not isnan(day))


def nearest_distance(days: Sequence[float], day: float) -> float:
    """Return the distance of a day to the nearest of some sorted ones; nan if unknown."""
    if not days or isnan(day):
        return nan
    place = bisect_left(days, day)
    return min(abs(day - each) for each in days[max(0, place - 1) : place + 1])


def _arrival_judgement(
    profile: StoryProfile, candidate: StoryCandidate, chance: float
) -> StoryJudgement:
    """Return the judgement of a probability; the terms are only computed if it has a tier."""
    tier = story_tier(chance)
    shown = tier or candidate.verdict
    members = profile.learnt.members if profile.learnt else {}
    terms = _shared_terms(candidate.vector, members) if shown else ()
    return StoryJudgement(chance, tier, None, terms)


# -- scores of leads -------------------------------------------------------------------------------


def story_score(
    profile: StoryProfile,
    vector: Mapping[str, float],
    published_at: str | None,
    language: str | None,
    host: str,
) -> StoryScore:
    """Return how well a lead fits, and the terms that it shares with the profile.

    The value is 0 for leads outside the languages, dates or outlets of the story.
    """
    if is_excluded(profile, published_at, language, host):
        return StoryScore(0.0)
    few = {
        term: weight * profile.vector[term]
        for term, weight in vector.items()
        if term in profile.vector
    }
    value = sum(few.values()) * story_time_weight(profile, published_at)
    return StoryScore(min(1.0, value), _strongest_terms(few))


def is_excluded(
    profile: StoryProfile, published_at: str | None, language: str | None, host: str
) -> bool:
    """Return True if an article is outside the limits of the story.

    Unknown properties do not exclude an article.
    """
    if not (profile.hosts or profile.languages or profile.since or profile.until):
        return False
    if profile.hosts:
        hosts = {each.removeprefix("www.") for each in profile.hosts}
        if host.removeprefix("www.") not in hosts:
            return True
    if profile.languages and language and language not in profile.languages:
        return True
    if not published_at:
        return False
    early = (
        profile.since is not None
        and published_at[: len(profile.since)] < profile.since[: len(published_at)]
    )
    late = (
        profile.until is not None
        and published_at[: len(profile.until)] > profile.until[: len(published_at)]
    )
    return early or late


def story_time_weight(profile: StoryProfile, published_at: str | None) -> float:
    """Return the time weight for the distance between an article and the nearest confirmed one."""
    apart = _days_to_confirmed(profile, published_at)
    return 1.0 if isnan(apart) else float(near(np.array(apart), least_time_weight(profile)))


def _is_exact_date(written: str) -> bool:
    """Return True for a date with a time of day in UTC, which `days_apart` compares exactly."""
    return len(written) >= len("2024-02-15T00:00:00") and written[-1] == "Z"


def _days_to_confirmed(profile: StoryProfile, published_at: str | None) -> float:
    """Return the distance in days to the nearest confirmed article, as `days_apart`; nan if
    unknown."""
    distances = (days_apart(published_at or "", each) for each in profile.dates)
    return min((days for days in distances if days is not None), default=nan)


def least_time_weight(profile: StoryProfile) -> float:
    """Return the least time weight of a story, by the span of its confirmed articles."""
    span = days_apart(profile.dates[0], profile.dates[-1]) if profile.dates else None
    return min_time_weight(span or 0.0)


@lru_cache(maxsize=1_024)  # a new article is compared with many stories
def days_since_1970(moment: str | None) -> float:
    """Return an archive timestamp in days since 1970; nan for None or an invalid timestamp."""
    days = days_of(moment)
    return nan if days is None else days


def days_apart(moment: str, other: str) -> float | None:
    """Return the distance of two archive timestamps in days; None if either is invalid.

    It is a whole number if either is a date without a time.
    """
    try:
        if min(len(moment), len(other)) <= len("2024-02-15"):
            return abs((date.fromisoformat(moment[:10]) - date.fromisoformat(other[:10])).days)
        apart = datetime.fromisoformat(moment[:19]) - datetime.fromisoformat(other[:19])
    except ValueError:
        return None
    return abs(apart.total_seconds()) / 86_400


STORY_POLICY = StoryPolicy(
    story_profile,
    profile_terms,
    list_story,
    foreign_candidates,
    profile_keys,
    story_board,
    lambda board: board.keys.places.keys(),
    judge_arrivals,
    opening_weights,
    two_view_vector,
)
"""The policy of `archive.articles.stories`."""
