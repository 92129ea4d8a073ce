"""The probability that a lead belongs to a followed story, before its page is fetched.

A lead is scored like an article (`pipelines.topics.stories`), with its headline, its lede in place
of the text, and its date; without a headline, the words of its URL are used. `CrawlExperience`
turns a score into a probability. Its prior was measured on known stories; the outcomes of this
crawl, by score, by outlet and by the way in which leads were found, update it. Few observations are
drawn towards the prior (shrinkage), so that one miss does not exclude an outlet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import log
from typing import Any
from urllib.parse import unquote, urlsplit

from archive.articles.stories import ConfirmedArticle, FrequencyLookup, Story, StoryScore
from archive.articles.vocabulary import MIN_FREQUENCY_ARTICLES
from archive.records import Lead
from pipelines.text.terms import text_terms
from pipelines.text.vectors import WeightedTerms
from pipelines.topics.stories import (
    StoryProfile,
    story_profile,
    story_score,
    story_vector,
    two_view_vector,
)

# -- one lead --------------------------------------------------------------------------------------

URL_FILE_TYPE = re.compile(r"\.[a-z]{2,5}$", re.IGNORECASE)
URL_WORD = re.compile(r"[^\W\d_]{2,}|\d{4}")
MIN_URL_WORDS = 2
"""Minimum number of words in a telling part of a URL; a single word names a section."""


def lead_relevance(
    profile: StoryProfile,
    lead: Lead,
    host: str,
    known: FrequencyLookup,
    language: str | None = None,
    date: str | None = None,
) -> StoryScore:
    """Return how well a lead fits a story, and the terms that they share.

    The value is 0 if nothing is known of the lead. `date`, from the URL, is used if the lead has no
    date; `language` is that of the outlet, used if the lead names none.
    """
    language = lead.language or language
    moment = lead.published_at or lead.modified_at or date
    seen = story_vector(
        lead.headline or url_words(lead.url), None, lead.lede or "", language, known
    )
    return story_score(profile, seen, moment, language, host)


GROWN_PROFILE_FACTOR = 0.8
"""Factor for scores by a profile with unconfirmed articles: the mean of many articles is nearer to
everything, and not all of these articles belong."""


def best_lead_relevance(
    profiles: Sequence[StoryProfile],
    lead: Lead,
    host: str,
    known: FrequencyLookup,
    language: str | None,
    date: str | None = None,
) -> float:
    """Return the best score of a lead for the profiles of a story, 0 to 1.

    The first profile is that of the confirmed articles; the others, of all listed articles, count
    `GROWN_PROFILE_FACTOR`.
    """
    language = lead.language or language
    moment = lead.published_at or lead.modified_at or date
    seen = story_vector(
        lead.headline or url_words(lead.url), None, lead.lede or "", language, known
    )
    values = [story_score(each, seen, moment, language, host).value for each in profiles]
    grown = [GROWN_PROFILE_FACTOR * value for value in values[1:]]
    return max([values[0], *grown])


def member_profile(
    story: Story,
    confirmed: Sequence[ConfirmedArticle],
    members: Sequence[Mapping[str, Any]],
    known: Callable[..., Any],
) -> StoryProfile | None:
    """Return the profile of a story's confirmed articles and of its other members.

    The confirmed articles count twice. A member has headline, standfirst, text, language,
    published_at and outlet, and the term counts of both views if the archive has them (`weights`,
    `opening`: JSON). `known` is `archive.articles.leads.lead_term_frequencies` of an archive.
    Returns None without members.
    """
    if not members:
        return None
    grown = [*confirmed, *confirmed]
    for each in members:
        language = each["language"]
        seen = _member(each, partial(_known_frequencies, known, language))
        if seen:
            kept = json.dumps(seen, ensure_ascii=False)
            grown.append(ConfirmedArticle(kept, each["published_at"], language, each["outlet"]))
    return story_profile(story, grown)


def _member(member: Mapping[str, Any], known: FrequencyLookup) -> WeightedTerms:
    """Return the vector of a member, from its saved term counts or else from its text."""
    if member["weights"] and member["opening"]:
        whole, opening = json.loads(member["weights"]), json.loads(member["opening"])
        return two_view_vector(whole, opening, *known({**whole, **opening}))
    return story_vector(
        member["headline"], member["standfirst"], member["text"], member["language"], known
    )


def _known_frequencies(
    known: Callable[..., Any], language: str | None, terms: Collection[str]
) -> tuple[dict[str, int], int]:
    """Return the document frequencies of terms, and the number of documents.

    The number is at least `MIN_FREQUENCY_ARTICLES`.
    """
    found, many = known(language, terms)
    return found, max(many, MIN_FREQUENCY_ARTICLES)


def url_words(url: str) -> str:
    """Return the words of the last part of a URL's path that has several of them.

    `/2024/02/15/cuba-and-seoul-agree.html` → `cuba and seoul agree`; empty if there is no such
    part.
    """
    parts = [URL_FILE_TYPE.sub("", unquote(part)) for part in urlsplit(url).path.split("/")]
    for part in reversed(parts):
        words = URL_WORD.findall(part.replace("_", "-"))
        if len(words) >= MIN_URL_WORDS:
            return " ".join(words)
    return ""


def lead_terms(lead: Lead, language: str | None) -> list[str]:
    """Return the terms of a lead's headline and lede.

    `archive.articles.leads.learn_lead_terms` counts them.
    """
    return text_terms(
        f"{lead.headline or url_words(lead.url)}\n{lead.lede or ''}", lead.language or language
    )


# -- probabilities ---------------------------------------------------------------------------------

EVEN_RELEVANCE, RELEVANCE_STEEPNESS = 0.23, 4.5
"""The score at which every second lead belongs, and the slope of the logistic curve, both measured
on known stories."""
PRIOR_LEADS = 10.0
"""Weight of the prior, in fetched leads of about the same score."""
SAME_SCORE_LOG_DISTANCE = 0.25
"""Maximum distance of two scores that are about the same, in natural logarithms."""
MAX_CHANCE = 0.98


OUTLET_PRIOR_ARTICLES, ROUTE_PRIOR_ARTICLES = 2.0, 6.0
"""Weight of the prior for an outlet and for a way of finding leads, in expected articles."""
MIN_LIFT, MAX_LIFT = 0.2, 4.0
"""Bounds of the factor by which this experience changes a probability."""


@dataclass
class RequestYield:
    """Expected and actual number of articles from the leads of one outlet, or found in one way."""

    expected: float = 0.0
    came: int = 0

    def lift(self, trusted: float) -> float:
        """Return the ratio of actual to expected articles, shrunk towards 1.

        `trusted` is the weight of the prior, in articles.
        """
        return (self.came + trusted) / (self.expected + trusted)


@dataclass
class CrawlExperience:
    """The outcomes of the leads fetched in this crawl, by score, outlet and way of finding them."""

    met: list[tuple[float, bool]] = field(default_factory=list)
    outlets: dict[str, RequestYield] = field(default_factory=dict)
    ways: dict[str, RequestYield] = field(default_factory=dict)
    known: dict[float, float] = field(default_factory=dict)
    """Cache of probabilities by score, emptied by `learn`."""

    def learn(self, value: float, belongs: bool, host: str = "", via: str = "") -> None:
        """Record the score of a fetched lead, and whether its page belongs to the story."""
        expected = self.chance(value)
        for yields, name in ((self.outlets, host), (self.ways, via)):
            of = yields.setdefault(name, RequestYield())
            of.expected += expected
            of.came += belongs
        self.met.append((value, belongs))
        self.known.clear()

    def chance(self, value: float, host: str = "", via: str = "") -> float:
        """Return the probability that a lead belongs, by score, outlet and way of finding it."""
        rounded = round(value, 3)
        if rounded not in self.known:
            like = list(self._about(rounded))
            self.known[rounded] = (PRIOR_LEADS * prior_chance(rounded) + sum(like)) / (
                PRIOR_LEADS + len(like)
            )
        return min(MAX_CHANCE, self.known[rounded] * self.lift(host, via))

    def lift(self, host: str, via: str) -> float:
        """Return the factor for an outlet and a way of finding leads.

        It lies between `MIN_LIFT` and `MAX_LIFT`.
        """
        of_outlet = of_way = 1.0
        if host and host in self.outlets:
            of_outlet = self.outlets[host].lift(OUTLET_PRIOR_ARTICLES)
        if via and via in self.ways:
            of_way = self.ways[via].lift(ROUTE_PRIOR_ARTICLES)
        return min(MAX_LIFT, max(MIN_LIFT, of_outlet * of_way))

    def _about(self, value: float) -> Iterator[bool]:
        """Yield the outcomes of leads with about this score."""
        if value > 0:
            yield from (
                belongs
                for other, belongs in self.met
                if other > 0 and abs(log(other / value)) <= SAME_SCORE_LOG_DISTANCE
            )


def prior_chance(value: float) -> float:
    """Return the prior probability at a score: a logistic curve of the score's logarithm."""
    if value <= 0:
        return 0.0
    odds_against: float = (EVEN_RELEVANCE / value) ** RELEVANCE_STEEPNESS
    return min(MAX_CHANCE, 1 / (1 + odds_against))


# -- the next lead to fetch ------------------------------------------------------------------------

MIN_WORTHWHILE_CHANCE = 0.02
"""Minimum probability of a fetched lead: an article that belongs is worth fifty requests."""
NAMED_PAGE_SCORE = 1.0
"""The score of a page that a person named."""


@dataclass(frozen=True, slots=True)
class LeadCandidate:
    """A waiting lead."""

    value: float
    """The score of the lead."""
    host: str = ""
    via: str = ""


class LeadChoice:
    """The queue of waiting leads, ordered by their probability."""

    def __init__(self) -> None:
        self.experience = CrawlExperience()
        self.waiting: dict[str, LeadCandidate] = {}

    def add(self, url: str, value: float, host: str = "", via: str = "") -> None:
        """Add a lead, unless its score is so low that no experience could make it likely.

        A lead that waits already keeps the higher score.
        """
        known = self.waiting.get(url)
        if prior_chance(value) >= MIN_WORTHWHILE_CHANCE / 20 and (
            known is None or known.value < value
        ):
            self.waiting[url] = LeadCandidate(value, host, via)

    def take(self) -> tuple[str, float] | None:
        """Remove and return the most probable lead as (URL, score).

        Returns None if no lead is worth a request.
        """
        if not self.waiting:
            return None
        chances = ((self.chance(each), each.value, url) for url, each in self.waiting.items())
        chance, value, url = max(chances)
        if chance < MIN_WORTHWHILE_CHANCE:
            return None
        del self.waiting[url]
        return url, value

    def count_worthwhile(self) -> int:
        """Return how many of the waiting leads are worth a request."""
        chances = map(self.chance, self.waiting.values())
        return sum(chance >= MIN_WORTHWHILE_CHANCE for chance in chances)

    def chance(self, lead: LeadCandidate) -> float:
        """Return the probability of a lead; 1 or more for pages that a person named."""
        if lead.value >= NAMED_PAGE_SCORE:
            return lead.value
        return self.experience.chance(lead.value, lead.host, lead.via)
