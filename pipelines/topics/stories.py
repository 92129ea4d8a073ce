"""Which articles belong to a story that a person follows.

An article is read in two ways, as a whole and by what it opens with: news says first what it is
about, and two reports whose openings agree are about one thing more often than two that agree
somewhere. Both are tf-idf vectors (`pipelines.text.vectors`), held in one: a term of the opening
stands under its own mark. Their cosine is then the weighted sum of both (linear combination of
fields: Robertson, Zaragoza, Taylor 2004, "Simple BM25 extension to multiple weighted fields").

A listing judges all candidates together (`pipelines.topics.membership`). What it learnt, the middle
of those that belong and when they were published, is kept as JSON; by it one article is judged when
it comes, and a lead before it is fetched. What a person confirmed stays the only truth: each
listing starts from that again.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from math import isnan, log, nan, sqrt

import numpy as np

from archive.articles.language_keys import has_readable_keys
from archive.articles.stories import (
    ConfirmedArticle,
    KnownArticle,
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
    term_counts,
    unit_vector,
)
from pipelines.topics.language_keys import foreign_link
from pipelines.topics.membership import (
    Array,
    StoryStanding,
    arrival_probability,
    cosine_matrix,
    judge_membership,
    min_time_weight,
)
from pipelines.topics.membership import time_weight as near

# -- an article in two views -----------------------------------------------------------------------

OPENING_SENTENCE = "^"
"""Before a term of the opening; no term has one."""
STORY_OPENING_CHARS = 500
"""Characters: the paragraph or two that say what happened."""
OPENING_SHARE = 0.35
"""What the openings count; the whole texts count the rest."""
MAX_TEXT_TERMS, MAX_OPENING_TERMS = 150, 64
TERM_DAMPING = 0.75
"""The power of a term's rarity. A cosine multiplies the rarity of a shared term by itself: at full
power a single rare word would join what has nothing else in common."""


def opening_weights(
    headline: str | None, standfirst: str | None, text: str, language: str | None
) -> dict[str, float]:
    """The terms with which an article opens, counted as those of the whole."""
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
    """An article as a story sees it, of unit length: its terms and those of its opening, by how
    many hold each.

    Empty if there are no terms.
    """
    all_articles = log(articles + 1)
    rarity = {
        term: max(0.0, all_articles - log(frequencies.get(term, 0) + 0.5)) ** TERM_DAMPING
        for term in {**whole, **opening}
    }
    seen = _view(whole, rarity, MAX_TEXT_TERMS, sqrt(1 - OPENING_SHARE))
    opened = _view(opening, rarity, MAX_OPENING_TERMS, sqrt(OPENING_SHARE))
    return seen | {OPENING_SENTENCE + term: weight for term, weight in opened.items()}


def _view(
    counts: Mapping[str, float], rarity: Mapping[str, float], most: int, size: float
) -> WeightedTerms:
    """As `pipelines.text.vectors.vector`, of this length, with rarities that both views share."""
    told = {
        term: (1 + log(count) if count > 1 else 1.0) * rare
        for term, count in counts.items()
        if (rare := rarity[term]) > 0
    }
    return {term: size * weight for term, weight in unit_vector(told, most).items()}


def story_vector(
    headline: str | None,
    standfirst: str | None,
    text: str,
    language: str | None,
    known: KnownArticle,
) -> WeightedTerms:
    """An article, or a lead with its lede for a text, as a story sees it.

    `known` gives for terms how many articles hold each, and how many articles there are.
    """
    whole = term_counts(headline, standfirst, text, language)
    return two_view_vector(
        whole, opening_weights(headline, standfirst, text, language), *known(whole)
    )


# -- the profile -----------------------------------------------------------------------------------

MAX_PROFILE_TERMS = 600
"""Of both views; what a few articles have between them."""
MAX_SHOWN_TERMS = 24
"""Terms by which a profile is looked for and told."""
SEARCH_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class LearntStory:
    """What a listing learnt of its story."""

    members: Mapping[str, float]
    """The middle of the articles that belong, of unit length."""
    days: tuple[float, ...]
    """When they were published, in days since 1970."""
    standing: StoryStanding
    languages: tuple[str, ...] = ()
    """In which a person confirmed articles; those in others are told by their keys."""
    keys: Mapping[str, float] = field(default_factory=dict)
    """The middle of the keys of the articles that belong (`pipelines.topics.language_keys`)."""

    @staticmethod
    def read(kept: str) -> LearntStory:
        """From the JSON that `written` gives."""
        read = json.loads(kept)
        return LearntStory(
            read["members"],
            tuple(read["days"]),
            StoryStanding(**read["standing"]),
            tuple(read["languages"]),
            read["keys"],
        )

    def written(self) -> str:
        """As JSON."""
        rounded = (
            {term: round(weight, 4) for term, weight in each.items()}
            for each in (self.members, self.keys)
        )
        read = asdict(self) | dict(zip(("members", "keys"), rounded, strict=True))
        return json.dumps(read, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class StoryProfile:
    """What a story is known by."""

    vector: Mapping[str, float]
    articles: int
    """That a person confirmed."""
    dates: tuple[str, ...] = ()
    """Of these, as far as they have one, the earliest first."""
    languages: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    hosts: tuple[str, ...] = ()
    learnt: LearntStory | None = None


def story_profile(story: Story, confirmed: Sequence[ConfirmedArticle]) -> StoryProfile:
    """The mean of the confirmed articles and of the words that a person gave, within the limits
    that they set."""
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
        learnt=LearntStory.read(story.learnt) if story.learnt else None,
    )


def words_vector(words: str, languages: Collection[str]) -> WeightedTerms:
    """Words that a person gave, as an article that holds nothing else; in each of the languages
    (English if none)."""
    found = {term for language in languages or ("en",) for term in terms_of(words, language)}
    views = {term: sqrt(1 - OPENING_SHARE) for term in found} | {
        OPENING_SENTENCE + term: sqrt(OPENING_SHARE) for term in found
    }
    return unit_vector(views, len(views)) if views else {}


def profile_terms(profile: StoryProfile) -> list[str]:
    """The profile's terms, the strongest first."""
    return _strongest_terms(profile.vector)


def _strongest_terms(weights: Mapping[str, float]) -> list[str]:
    """Terms by their weight in both views."""
    both: dict[str, float] = {}
    for term, weight in weights.items():
        bare = term.removeprefix(OPENING_SENTENCE)
        both[bare] = both.get(bare, 0.0) + weight
    return sorted(both, key=lambda term: (-both[term], term))[:MAX_SHOWN_TERMS]


def story_search_words(
    profile: StoryProfile, texts: Iterable[tuple[str, str | None]], most: int
) -> list[str]:
    """The profile's strongest terms as words that people write, most often in these texts (text,
    language).

    Where words are not parted by blanks, a pair of characters is asked for as it is.
    """
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for text, language in texts:
        for word, times in Counter(SEARCH_WORD.findall(text)).items():
            stem = terms_of(word, language)
            if len(stem) == 1:
                written[stem[0]][word] += times
    known = [
        term for term in profile_terms(profile) if term in written or UNSPACED_RUN.fullmatch(term)
    ]
    return [written[term].most_common(1)[0][0] if term in written else term for term in known][
        :most
    ]


# -- what belongs ----------------------------------------------------------------------------------

SURE_PROBABILITY, LIKELY_PROBABILITY, PERHAPS_PROBABILITY = 0.9, 0.5, 0.3
"""The least probability of each tier."""
NEW_EVENT_DAYS = 14.0
"""Days to the nearest other article of the story from which one is background."""


def list_story(story: Story, candidates: Sequence[StoryCandidate]) -> StoryListing:
    """Judge all candidates together, within the limits that the person set."""
    seeds = _story_seeds(story, candidates)
    if not seeds.confirmed:
        return StoryListing([StoryJudgement(0.0, None)] * len(candidates), [], "")
    days = np.array(seeds.days)
    judged = judge_membership(cosine_matrix(seeds.vectors), days, seeds.confirmed, seeds.rejected)
    bounds = story_profile(story, [])
    chances = [
        0.0
        if excluded_reason(bounds, each.published_at, each.language, each.host)
        else float(chance)
        for each, chance in zip(candidates, judged.probabilities, strict=False)
    ]
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
    """The candidates of a listing as vectors, and which of them a person judged."""

    vectors: list[Mapping[str, float]]
    days: list[float]
    """Days since 1970 of each vector; nan if unknown."""
    confirmed: list[int]
    rejected: list[int]


def _story_seeds(story: Story, candidates: Sequence[StoryCandidate]) -> StorySeeds:
    """Return the seeds; a person's own words count as one more confirmed article."""
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
    """What is done with an article that belongs so likely."""
    tiers: list[tuple[float, StoryTier]] = [
        (SURE_PROBABILITY, "sure"),
        (LIKELY_PROBABILITY, "likely"),
        (PERHAPS_PROBABILITY, "perhaps"),
    ]
    return next((name for least, name in tiers if probability >= least), None)


def _story_parts(
    candidates: Sequence[StoryCandidate], days: Array, belonging: Sequence[int]
) -> dict[int, StoryPart]:
    """What each article is to its story: by its event, and by how far it stands from the others in
    time."""
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
    return _strongest_terms(
        {term: weight * members[term] for term, weight in vector.items() if term in members}
    )


# -- in other languages ----------------------------------------------------------------------------

EVEN_FOREIGN_LINK, FOREIGN_LINK_STEEPNESS = 0.08, 2.2
"""The link to a story at which every second report in another language belongs, and how fast that
changes."""
SHARED_EVENT_CHANCE = 0.9
"""What the likeliest report of an event gives to the others in it."""
MAX_PROFILE_KEYS = 300


def profile_keys(members: Sequence[StoryCandidate]) -> WeightedTerms:
    """The middle of the keys of articles that belong; those that a person confirmed count twice."""
    counted = [*members, *(each for each in members if each.verdict == "belongs")]
    return mean_vector((each.keys for each in counted), MAX_PROFILE_KEYS)


def foreign_candidates(
    story: Story,
    home: StoryListing,
    members: Sequence[StoryCandidate],
    foreign: Sequence[StoryCandidate],
) -> StoryListing:
    """How likely reports in other languages belong, by the keys that they share with those that are
    listed."""
    told = profile_keys(members)
    learnt = replace(LearntStory.read(home.learnt), keys=told)
    bounds = story_profile(story, [])
    chances = [
        0.0
        if excluded_reason(bounds, each.published_at, each.language, each.host)
        else _foreign_chance(learnt, each)
        for each in foreign
    ]
    best: dict[int | None, float] = {}
    for each, chance in zip(foreign, chances, strict=True):
        best[each.event_id] = max(chance, best.get(each.event_id, 0.0))
    judgements = [
        _foreign_judgements(
            each,
            max(chance, SHARED_EVENT_CHANCE * best[each.event_id])
            if chance and each.event_id
            else chance,
            members,
        )
        for each, chance in zip(foreign, chances, strict=True)
    ]
    return StoryListing(judgements, home.terms, learnt.written())


def _foreign_chance(learnt: LearntStory, candidate: StoryCandidate) -> float:
    day = days_since_1970(candidate.published_at)
    apart = min((abs(day - each) for each in learnt.days), default=nan)
    words = cosine_similarity(candidate.vector, learnt.members)
    linked = foreign_link(
        cosine_similarity(candidate.keys, learnt.keys), words, None if isnan(apart) else apart
    )
    return 1 / (1 + (EVEN_FOREIGN_LINK / linked) ** FOREIGN_LINK_STEEPNESS) if linked > 0 else 0.0


def _foreign_judgements(
    candidate: StoryCandidate, chance: float, members: Sequence[StoryCandidate]
) -> StoryJudgement:
    nearest = max(members, key=lambda each: cosine_similarity(candidate.keys, each.keys))
    shared = {
        key: weight * nearest.keys[key]
        for key, weight in candidate.keys.items()
        if key in nearest.keys
    }
    shown = has_readable_keys(sorted(shared, key=lambda key: -shared[key]))
    return StoryJudgement(
        chance,
        story_tier(chance),
        "development" if chance >= LIKELY_PROBABILITY else None,
        shown[:MAX_SHOWN_TERMS],
        nearest.id,
    )


def judge_arrival(profile: StoryProfile, candidate: StoryCandidate) -> StoryJudgement:
    """One article that came, by itself: the next listing judges it among the others."""
    if profile.learnt is None or excluded_reason(
        profile, candidate.published_at, candidate.language, candidate.host
    ):
        return StoryJudgement(0.0, None)
    learnt = profile.learnt
    if candidate.language and learnt.languages and candidate.language not in learnt.languages:
        chance = _foreign_chance(learnt, candidate)
        return StoryJudgement(chance, story_tier(chance))
    day = days_since_1970(candidate.published_at)
    apart = [abs(day - each) for each in learnt.days]
    confirmed = [abs(day - days_since_1970(each)) for each in profile.dates]
    probability = arrival_probability(
        cosine_similarity(candidate.vector, profile.vector)
        * story_time_weight(profile, candidate.published_at),
        cosine_similarity(candidate.vector, learnt.members),
        min(confirmed, default=nan),
        min(apart, default=nan),
        learnt.standing,
    )
    return StoryJudgement(
        probability, story_tier(probability), None, _shared_terms(candidate.vector, learnt.members)
    )


# -- how well a lead fits --------------------------------------------------------------------------


def story_score(
    profile: StoryProfile,
    vector: Mapping[str, float],
    published_at: str | None,
    language: str | None,
    host: str,
) -> StoryScore:
    """How well a lead fits, and by what; 0 for what languages, window or outlets of the story leave
    out."""
    if excluded_reason(profile, published_at, language, host):
        return StoryScore(0.0)
    few = {
        term: weight * profile.vector[term]
        for term, weight in vector.items()
        if term in profile.vector
    }
    value = sum(few.values()) * story_time_weight(profile, published_at)
    return StoryScore(min(1.0, value), _strongest_terms(few))


def excluded_reason(
    profile: StoryProfile, published_at: str | None, language: str | None, host: str
) -> bool:
    """Is an article outside what the person asked for? What is not known of it does not leave it
    out."""
    if profile.hosts and host.removeprefix("www.") not in {
        each.removeprefix("www.") for each in profile.hosts
    }:
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
    """What the time between an article and the nearest confirmed one makes of their likeness."""
    apart = [
        days for each in profile.dates if (days := days_apart(published_at or "", each)) is not None
    ]
    if not apart:
        return 1.0
    span = days_apart(profile.dates[0], profile.dates[-1]) or 0.0
    return float(near(np.array(min(apart)), min_time_weight(span)))


def days_since_1970(moment: str | None) -> float:
    """Of a moment as the archive writes it; nan if it is not known."""
    days = days_of(moment)
    return nan if days is None else days


def days_apart(moment: str, other: str) -> float | None:
    """Days between two moments as the archive writes them, whole ones where either is a day alone;
    None if unknown."""
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
    judge_arrival,
    opening_weights,
    two_view_vector,
)
"""For `archive.articles.stories`."""
