"""How likely a lead belongs to a followed story, before anyone fetched it: from what was said of
it.

A lead is scored as an article would be (`pipelines.topics.stories`), with its headline, its lede
for a text and its date; where it has no headline, the words of its address have to do. What such a
score means is learnt: `CrawlExperience` begins with how often leads of each score turned out to
belong, and goes by what this crawl meets once it has met enough: of that score, of that outlet, and
of leads that were found in that way. What little was met is drawn towards what was measured
(shrinkage), so that no outlet is given up for one miss.
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

from archive.articles.stories import ConfirmedArticle, KnownArticle, Story, StoryScore
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
"""Words of an address that say anything: one alone is a section's."""


def lead_relevance(
    profile: StoryProfile,
    lead: Lead,
    host: str,
    known: KnownArticle,
    language: str | None = None,
    date: str | None = None,
) -> StoryScore:
    """How well a lead fits a story, and by which terms; 0 where nothing is known of it.

    `date` is what its address says, if the lead has none; `language` its outlet's, if the lead
    names none.
    """
    language = lead.language or language
    moment = lead.published_at or lead.modified_at or date
    seen = story_vector(
        lead.headline or url_words(lead.url), None, lead.lede or "", language, known
    )
    return story_score(profile, seen, moment, language, host)


GROWN_PROFILE_SHARE = 0.8
"""What a score counts by a profile that holds articles which nobody confirmed: a mean of several
articles is nearer to everything, and not all of them belong."""
MIN_KNOWN_SHARE = 1_000
"""Articles and leads of a language below which it is not known what is rare."""


def best_lead_relevance(
    profiles: Sequence[StoryProfile],
    lead: Lead,
    host: str,
    known: KnownArticle,
    language: str | None,
    date: str | None = None,
) -> float:
    """How well a lead fits a story: by its confirmed articles, or by all that it lists (the second
    profile, if any)."""
    language = lead.language or language
    moment = lead.published_at or lead.modified_at or date
    seen = story_vector(
        lead.headline or url_words(lead.url), None, lead.lede or "", language, known
    )
    values = [story_score(each, seen, moment, language, host).value for each in profiles]
    return (
        max(values[0], *(GROWN_PROFILE_SHARE * value for value in values[1:]))
        if len(values) > 1
        else values[0]
    )


def member_profile(
    story: Story,
    confirmed: Sequence[ConfirmedArticle],
    members: Sequence[Mapping[str, Any]],
    known: Callable[..., Any],
) -> StoryProfile | None:
    """The profile of a story's confirmed articles, which count twice, and of others that it lists;
    None without any.

    A member has headline, standfirst, text, language, published_at and outlet, and the terms of
    both views, counted, as far as the archive has them (`weights`, `opening`: JSON); `known` is
    `archive.articles.leads.lead_term_frequencies` of an archive.
    """
    if not members:
        return None
    grown = [*confirmed, *confirmed]
    for each in members:
        language = each["language"]
        seen = _member(each, partial(_known_share, known, language))
        if seen:
            kept = json.dumps(seen, ensure_ascii=False)
            grown.append(ConfirmedArticle(kept, each["published_at"], language, each["outlet"]))
    return story_profile(story, grown)


def _member(member: Mapping[str, Any], known: KnownArticle) -> WeightedTerms:
    """An article as a story sees it, from the terms that were counted when it came, or else from
    its text."""
    if member["weights"] and member["opening"]:
        whole, opening = json.loads(member["weights"]), json.loads(member["opening"])
        return two_view_vector(whole, opening, *known({**whole, **opening}))
    return story_vector(
        member["headline"], member["standfirst"], member["text"], member["language"], known
    )


def _known_share(
    known: Callable[..., Any], language: str | None, terms: Collection[str]
) -> tuple[dict[str, int], int]:
    found, many = known(language, terms)
    return found, max(many, MIN_KNOWN_SHARE)


def url_words(url: str) -> str:
    """The words of an address's last part that has several: `/2024/02/15/cuba-and-seoul-agree.html`
    → `cuba and …`."""
    parts = [URL_FILE_TYPE.sub("", unquote(part)) for part in urlsplit(url).path.split("/")]
    worded = [
        words
        for part in reversed(parts)
        if len(words := URL_WORD.findall(part.replace("_", "-"))) >= MIN_URL_WORDS
    ]
    return " ".join(worded[0]) if worded else ""


def lead_terms(lead: Lead, language: str | None) -> list[str]:
    """The terms of what was said of a lead, for `archive.articles.leads.learn_lead_terms`."""
    return text_terms(
        f"{lead.headline or url_words(lead.url)}\n{lead.lede or ''}", lead.language or language
    )


# -- what a score means ----------------------------------------------------------------------------

EVEN_RELEVANCE, RELEVANCE_STEEPNESS = 0.23, 4.5
"""The score at which every second lead belongs, and how fast that changes: measured on stories that
are known."""
PRIOR_REQUESTS = 10.0
"""Leads of about one score that have to be fetched until what they came to counts as much as what
was measured."""
PRIOR_YIELD = 0.25
"""How far (in the logarithm) two scores are about the same."""
MAX_CHANCE = 0.98


OUTLET_PRIOR_REQUESTS, ROUTE_PRIOR_REQUESTS = 2.0, 6.0
"""Articles that an outlet's leads, and those of one way in which leads are found, were to have
brought until what they did bring counts as much as that."""
MIN_LIFT, MAX_LIFT = 0.2, 4.0
"""Bounds of what such experience makes of a chance."""


@dataclass
class RequestYield:
    """What the leads of an outlet, or of one way, were to bring by their scores, and what they
    brought."""

    expected: float = 0.0
    came: int = 0

    def lift(self, trusted: float) -> float:
        """How much more often they belong than their scores say, drawn towards 1 while little is
        known."""
        return (self.came + trusted) / (self.expected + trusted)


@dataclass
class CrawlExperience:
    """What leads of which score, outlet and way came to in this crawl."""

    met: list[tuple[float, bool]] = field(default_factory=list)
    outlets: dict[str, RequestYield] = field(default_factory=dict)
    ways: dict[str, RequestYield] = field(default_factory=dict)
    known: dict[float, float] = field(default_factory=dict)
    """Chances by score, until more is learnt."""

    def learn(self, value: float, belongs: bool, host: str = "", via: str = "") -> None:
        """A lead of this score was fetched, and belongs or does not."""
        expected = self.chance(value)
        for yields, name in ((self.outlets, host), (self.ways, via)):
            of = yields.setdefault(name, RequestYield())
            of.expected += expected
            of.came += belongs
        self.met.append((value, belongs))
        self.known.clear()

    def chance(self, value: float, host: str = "", via: str = "") -> float:
        """How likely a lead of this score belongs, if it is of that outlet and was found in that
        way."""
        rounded = round(value, 3)
        if rounded not in self.known:
            like = list(self._about(rounded))
            self.known[rounded] = (PRIOR_REQUESTS * prior_chance(rounded) + sum(like)) / (
                PRIOR_REQUESTS + len(like)
            )
        return min(MAX_CHANCE, self.known[rounded] * self.lift(host, via))

    def lift(self, host: str, via: str) -> float:
        """What is known of an outlet and of a way makes of a chance."""
        of_outlet = (
            self.outlets[host].lift(OUTLET_PRIOR_REQUESTS) if host in self.outlets and host else 1.0
        )
        of_way = self.ways[via].lift(ROUTE_PRIOR_REQUESTS) if via in self.ways and via else 1.0
        return min(MAX_LIFT, max(MIN_LIFT, of_outlet * of_way))

    def _about(self, value: float) -> Iterator[bool]:
        if value > 0:
            yield from (
                belongs
                for other, belongs in self.met
                if other > 0 and abs(log(other / value)) <= PRIOR_YIELD
            )


def prior_chance(value: float) -> float:
    """How often leads of a score belong where nothing else is known: a logistic curve of its
    logarithm."""
    return (
        min(MAX_CHANCE, 1 / (1 + (EVEN_RELEVANCE / value) ** RELEVANCE_STEEPNESS))
        if value > 0
        else 0.0
    )


# -- what to ask for next --------------------------------------------------------------------------

MIN_WORTHWHILE_CHANCE = 0.02
"""The least chance at which a page is asked for: one that belongs is worth fifty requests."""
CERTAIN_CHANCE = 1.0
"""The score of what a person named."""


@dataclass(frozen=True, slots=True)
class LeadCandidate:
    """A lead that waits."""

    value: float
    """Its score."""
    host: str = ""
    via: str = ""


class LeadChoice:
    """The leads that wait, and which of them is asked for next."""

    def __init__(self) -> None:
        self.experience = CrawlExperience()
        self.waiting: dict[str, LeadCandidate] = {}

    def add(self, url: str, value: float, host: str = "", via: str = "") -> None:
        """A lead of this score waits; one that no experience could make likely is forgotten."""
        known = self.waiting.get(url)
        if prior_chance(value) >= MIN_WORTHWHILE_CHANCE / 20 and (
            known is None or known.value < value
        ):
            self.waiting[url] = LeadCandidate(value, host, via)

    def take(self) -> tuple[str, float] | None:
        """The likeliest lead, which waits no longer, and its score; None if none is worth a
        request."""
        if not self.waiting:
            return None
        chances = ((self.chance(each), each.value, url) for url, each in self.waiting.items())
        chance, value, url = max(chances)
        if chance < MIN_WORTHWHILE_CHANCE:
            return None
        del self.waiting[url]
        return url, value

    def chance(self, lead: LeadCandidate) -> float:
        return (
            lead.value
            if lead.value >= CERTAIN_CHANCE
            else self.experience.chance(lead.value, lead.host, lead.via)
        )
