"""Which articles belong to a story that a person follows: its profile, and how well an article fits.

An article is read in two ways, as a whole and by what it opens with: news says first what it is about, and two reports
whose openings agree are about one thing more often than two that agree somewhere. Both are tf-idf vectors
(`pipelines.vectors`), held in one: a term of the opening stands under its own mark. Their cosine is then the weighted
sum of both (linear combination of fields: Robertson, Zaragoza, Taylor 2004, "Simple BM25 extension to multiple weighted
fields"). A profile is the mean of the articles that a person confirmed (Rocchio 1971) and does not grow by itself.

What happened is reported within days, so an article counts for more the nearer it is in time to a confirmed one. A
story has no end: months away, what agrees well enough still belongs. And it may run on: of articles that a person
confirmed weeks apart nobody can say that they are about one day, and time says less of the others.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import exp, sqrt

from archive.records import below_standfirst
from archive.search import RUN
from archive.stories import Confirmed, Judge, Known, Score, Story
from pipelines.vectors import Vector, mean, unit, weights
from pipelines.vectors import vector as weighed
from pipelines.words import terms as terms_of

# -- an article in two views -----------------------------------------------------------------------------------------

OPENS = "^"
"""Before a term of the opening; no term has one."""
OPENING = 500
"""Characters: the paragraph or two that say what happened."""
OF_OPENING = 0.35
"""What the openings count; the whole texts count the rest."""
TERMS_OF_WHOLE, TERMS_OF_OPENING = 150, 64
DAMPED = 0.75
"""The power of a term's rarity. A cosine multiplies the rarity of a shared term by itself: at full power a single rare
word would join what has nothing else in common."""


def vector(headline: str | None, standfirst: str | None, text: str, language: str | None, known: Known) -> Vector:
    """An article, or a lead with its lede for a text, as a story sees it; of unit length, empty if there are no terms.

    `known` gives for terms how many articles hold each, and how many articles there are.
    """
    whole = weights(headline, standfirst, text, language)
    opening = weights(headline, standfirst, below_standfirst(text, standfirst)[:OPENING], language)
    frequencies, articles = known(whole)
    seen = {
        term: sqrt(1 - OF_OPENING) * weight
        for term, weight in weighed(whole, frequencies, articles, TERMS_OF_WHOLE, DAMPED).items()
    }
    for term, weight in weighed(opening, frequencies, articles, TERMS_OF_OPENING, DAMPED).items():
        seen[OPENS + term] = sqrt(OF_OPENING) * weight
    return seen


# -- the profile -----------------------------------------------------------------------------------------------------

TERMS_OF_PROFILE = 600
"""Of both views; what a few articles have between them."""
SHOWN = 24
"""Terms by which a profile is looked for and told."""
WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Profile:
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


def profile(story: Story, confirmed: Sequence[Confirmed]) -> Profile:
    """The mean of the confirmed articles and of the words that a person gave, within the limits that they set."""
    vectors: list[Mapping[str, float]] = [each.weights for each in confirmed]
    languages = story.languages or tuple({each.language for each in confirmed if each.language})
    if story.words:
        vectors.append(of_words(story.words, languages))
    return Profile(
        vector=mean(vectors, TERMS_OF_PROFILE),
        articles=len(confirmed),
        dates=tuple(sorted({each.published_at for each in confirmed if each.published_at})),
        languages=story.languages,
        since=story.since,
        until=story.until,
        hosts=story.hosts,
    )


def of_words(words: str, languages: Collection[str]) -> Vector:
    """Words that a person gave, as an article that holds nothing else; in each of the languages (English if none)."""
    found = {term for language in languages or ("en",) for term in terms_of(words, language)}
    views = {term: sqrt(1 - OF_OPENING) for term in found} | {OPENS + term: sqrt(OF_OPENING) for term in found}
    return unit(views, len(views)) if views else {}


def terms(profile: Profile) -> list[str]:
    """The profile's terms, the strongest first."""
    return _strongest(profile.vector)


def _strongest(weights: Mapping[str, float]) -> list[str]:
    """Terms by their weight in both views."""
    both: dict[str, float] = {}
    for term, weight in weights.items():
        bare = term.removeprefix(OPENS)
        both[bare] = both.get(bare, 0.0) + weight
    return sorted(both, key=lambda term: (-both[term], term))[:SHOWN]


def search_words(profile: Profile, texts: Iterable[tuple[str, str | None]], most: int) -> list[str]:
    """The profile's strongest terms as words that people write, most often in these texts (text, language).

    Where words are not parted by blanks, a pair of characters is asked for as it is.
    """
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for text, language in texts:
        for word, times in Counter(WORD.findall(text)).items():
            stem = terms_of(word, language)
            if len(stem) == 1:
                written[stem[0]][word] += times
    known = [term for term in terms(profile) if term in written or RUN.fullmatch(term)]
    return [written[term].most_common(1)[0][0] if term in written else term for term in known][:most]


# -- how well an article fits ----------------------------------------------------------------------------------------

ALONE, SEVERAL = 0.22, 0.28
"""The least score that is listed: a mean of several articles is nearer to everything than one article is."""
STRONG = 1.5
"""As many times that leave little doubt."""
AT_ANY_TIME = 0.60
NEWS_CYCLE, DAYS = 0.6, 1.5
AFTERMATH, WEEK = 0.2, 7.0
"""What a cosine is multiplied by: all three together at the same moment. The second falls off as a normal curve with
this deviation, the third by the factor e in that time, the first stays. One, where a date is not known."""
RUNS_ON = 4.0
"""Days from the earliest confirmed article to the latest; so far apart, what AT_ANY_TIME lacks of one falls by e."""


def score(
    profile: Profile, vector: Mapping[str, float], published_at: str | None, language: str | None, host: str
) -> Score:
    """How well an article fits, and by what; 0 for what languages, window or outlets of the story leave out."""
    if left_out(profile, published_at, language, host):
        return Score(0.0)
    few = {term: weight * profile.vector[term] for term, weight in vector.items() if term in profile.vector}
    return Score(min(1.0, sum(few.values()) * nearness(profile, published_at)), _strongest(few))


def left_out(profile: Profile, published_at: str | None, language: str | None, host: str) -> bool:
    """Is an article outside what the person asked for? What is not known of it does not leave it out."""
    if profile.hosts and host.removeprefix("www.") not in {each.removeprefix("www.") for each in profile.hosts}:
        return True
    if profile.languages and language and language not in profile.languages:
        return True
    if not published_at:
        return False
    early = profile.since is not None and published_at[: len(profile.since)] < profile.since[: len(published_at)]
    late = profile.until is not None and published_at[: len(profile.until)] > profile.until[: len(published_at)]
    return early or late


def nearness(profile: Profile, published_at: str | None) -> float:
    """What the time between an article and the nearest confirmed one makes of their likeness."""
    apart = [days for each in profile.dates if (days := days_apart(published_at or "", each)) is not None]
    if not apart:
        return 1.0
    days, span = min(apart), days_apart(profile.dates[0], profile.dates[-1]) or 0.0
    at_any_time = 1 - (1 - AT_ANY_TIME) * exp(-span / RUNS_ON)
    return at_any_time + NEWS_CYCLE * exp(-0.5 * (days / DAYS) ** 2) + AFTERMATH * exp(-days / WEEK)


def days_apart(moment: str, other: str) -> float | None:
    """Days between two moments as the archive writes them, whole ones where either is a day alone; None if unknown."""
    try:
        if min(len(moment), len(other)) <= len("2024-02-15"):
            return abs((date.fromisoformat(moment[:10]) - date.fromisoformat(other[:10])).days)
        apart = datetime.fromisoformat(moment[:19]) - datetime.fromisoformat(other[:19])
    except ValueError:
        return None
    return abs(apart.total_seconds()) / 86_400


def listed(profile: Profile) -> float:
    """The least score that is listed."""
    return ALONE if profile.articles <= 1 else SEVERAL


def strong(profile: Profile) -> float:
    """The least score that leaves little doubt."""
    return STRONG * listed(profile)


JUDGE = Judge(profile, score, listed, strong, terms, vector)
"""For `archive.stories`."""
