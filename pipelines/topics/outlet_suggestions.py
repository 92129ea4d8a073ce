"""A ranking of the outlets that are likely to have covered a story, with reasons.

The features come from the outlet catalogue and from the archive. Some concern one outlet: it and
the story's articles link to each other, a search service named it, its agency is credited, or the
archive has an article from it. Others concern many outlets: the articles name the outlet's country,
or are in its language. The weight of the latter falls with every chosen outlet of the same country,
so that no country fills the whole list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from archive.frontier.hosts import bare_host
from archive.records import CatalogueOutlet
from archive.text.language_names import language_name
from pipelines.topics.territories import country_name, single_language

OPENING_COUNTRY_WEIGHT, TEXT_COUNTRY_WEIGHT = 1.4, 0.8
"""Weight of an outlet whose country all articles name in their openings, and anywhere in the text.
"""
LANGUAGE_WEIGHT = 1.0
"""Weight of an outlet in whose language all articles are."""
COVERING_COUNTRY_WEIGHT = 0.5
"""Weight of an outlet whose country has published all articles."""
OUTLET_KIND_WEIGHTS = {
    "agency": 0.6,
    "national": 0.6,
    "broadcaster": 0.6,
    "digital": 0.3,
    "business": 0.3,
    "regional": 0.1,
}
FEED_BONUS, SITEMAP_BONUS = 0.3, 0.1
EVIDENCE_WEIGHTS, FURTHER_EVIDENCE_SHARE = 3.0, 0.4
"""Weight of evidence about one outlet, and of each repetition, up to four."""
COVERAGE_WEIGHT = 0.5
"""Additional weight of an outlet that is known to have covered the story."""
AGENCY_COUNTRY_WEIGHT = 0.4
REPEAT_COUNTRY_DISCOUNT = 0.93
"""Factor on an outlet's shared features for each chosen outlet of the same country."""


@dataclass(frozen=True, slots=True)
class OutletSuggestion:
    """An outlet that is likely to have covered a story, with reasons.

    Scores are comparable within one list only; higher is likelier.
    """

    host: str
    name: str | None
    reasons: tuple[str, ...]
    score: float
    country: str | None = None
    language: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class OutletEvidence:
    """The evidence, from a story's articles and the archive, of other outlets that covered it.

    Hosts are without `www.`; numbers count articles unless stated otherwise.
    """

    articles: int
    languages: Mapping[str, int] = field(default_factory=dict)
    countries: Mapping[str, int] = field(default_factory=dict)
    """Country → articles that name it or a city in it."""
    openings: Mapping[str, int] = field(default_factory=dict)
    """Country → articles that name it in their headline or first words."""
    outlet_countries: Mapping[str, int] = field(default_factory=dict)
    """Country → articles by its outlets."""
    linked_to: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Host that articles link to → the linking outlets."""
    linking: Mapping[str, int] = field(default_factory=dict)
    """Host → links to the story's articles found on its pages."""
    named: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Host → search service that named it → number of pages named."""
    agencies: Mapping[str, int] = field(default_factory=dict)
    """Agency → articles that credit it."""
    agency_hosts: Mapping[str, str] = field(default_factory=dict)
    """Host → agency."""
    agency_countries: Mapping[str, str] = field(default_factory=dict)
    """Country → its agency."""
    without_source: Mapping[str, int] = field(default_factory=dict)
    """Host without feed or sitemap in the archive → its articles of the story."""
    resting: Mapping[str, str] = field(default_factory=dict)
    """Paused host → end of the pause."""
    only_languages: frozenset[str] = frozenset()
    """Languages to which the story is limited; empty: any."""
    left_out: frozenset[str] = frozenset()
    """Hosts whose sources the archive reads, and hosts that no longer exist."""


def rank_outlets(
    outlets: Iterable[CatalogueOutlet], signs: OutletEvidence, most: int
) -> list[OutletSuggestion]:
    """Return at most `most` outlets for which there is evidence, the likeliest first.

    Greedy choice: each outlet chosen lowers the score of the remaining outlets of its country.
    """
    candidates = (_weigh_outlet(outlet, signs) for outlet in _candidate_outlets(outlets, signs))
    weighed = _best_of_each_country([each for each in candidates if each], most)
    chosen: list[OutletSuggestion] = []
    of_country: Counter[str | None] = Counter()

    def worth(each: _WeighedOutlet) -> float:
        """Return the score of an outlet, given the outlets chosen so far."""
        discount = REPEAT_COUNTRY_DISCOUNT ** of_country[each.outlet.country]
        return each.alone + each.with_others * discount

    while weighed and len(chosen) < most:
        best = max(weighed, key=worth)
        weighed.remove(best)
        chosen.append(best.suggestion(worth(best)))
        of_country[best.outlet.country] += 1
    return chosen


def _best_of_each_country(weighed: list[_WeighedOutlet], most: int) -> list[_WeighedOutlet]:
    """Return the outlets that may be chosen, best first.

    Of a country these are all outlets with evidence about themselves, and others up to `most`.
    """
    kept: list[_WeighedOutlet] = []
    of_country: Counter[str | None] = Counter()
    for each in sorted(
        weighed, key=lambda each: (-each.alone - each.with_others, each.outlet.host)
    ):
        of_country[each.outlet.country] += 1
        if each.alone or of_country[each.outlet.country] <= most:
            kept.append(each)
    return kept


@dataclass(frozen=True, slots=True)
class _WeighedOutlet:
    """An outlet with the weights of evidence about it and of features shared with others."""

    outlet: CatalogueOutlet
    alone: float
    with_others: float
    reasons: tuple[str, ...]

    def suggestion(self, worth: float) -> OutletSuggestion:
        """Return the suggestion with this score."""
        of = self.outlet
        return OutletSuggestion(
            of.host, of.name, self.reasons, round(worth, 3), of.country, of.language, of.kind
        )


def _candidate_outlets(
    outlets: Iterable[CatalogueOutlet], signs: OutletEvidence
) -> Iterator[CatalogueOutlet]:
    """Yield the outlets of the catalogue, and those known to the archive or to a search service."""
    seen: set[str] = set(signs.left_out)
    for outlet in outlets:
        if (host := bare_host(outlet.host)) not in seen:
            seen.add(host)
            yield outlet
    with_articles = (host for host, many in signs.without_source.items() if many)
    for host in (*with_articles, *signs.named):
        if host not in seen:
            seen.add(host)
            yield CatalogueOutlet(host)


def _weigh_outlet(outlet: CatalogueOutlet, signs: OutletEvidence) -> _WeighedOutlet | None:
    """Return an outlet with its weights and reasons.

    Returns None without evidence, or if the story is limited to other languages.
    """
    host = bare_host(outlet.host)
    if (
        signs.only_languages
        and outlet.language
        and single_language(outlet.language) not in signs.only_languages
    ):
        return None
    evidence = list(_evidence_reasons(host, signs))
    shared = list(_shared_reasons(outlet, signs))
    agency = _agency_reason(outlet, signs)
    if not evidence and not shared and not agency:
        return None
    if not evidence and outlet.kind == "local" and not signs.openings.get(outlet.country or ""):
        return None  # a local paper covers stories elsewhere with agency reports
    alone = sum(weight for weight, _ in evidence)
    with_others = sum(weight for weight, _ in [*shared, *agency])
    with_others += OUTLET_KIND_WEIGHTS.get(outlet.kind or "", 0.0)
    with_others += FEED_BONUS * bool(outlet.feeds) + SITEMAP_BONUS * bool(outlet.sitemaps)
    by_weight = sorted([*evidence, *shared, *agency], key=lambda each: -each[0])
    reasons = [reason for _, reason in by_weight]
    if host in signs.without_source:
        reasons.append("the archive knows no feed and no sitemap of it")
    if host in signs.resting:
        reasons.append(f"paused until {signs.resting[host]}")
    return _WeighedOutlet(outlet, alone, with_others, tuple(reasons))


def _evidence_reasons(host: str, signs: OutletEvidence) -> Iterator[tuple[float, str]]:
    """Yield (weight, reason) of the evidence about one outlet."""
    if linking := signs.linked_to.get(host):
        yield _outlet_weight(len(linking)), f"linked from {_listed_names(linking)}"
    if many := signs.linking.get(host):
        yield _outlet_weight(many), f"links to {_counted_articles(many, 'article')} of the story"
    for service, many in signs.named.get(host, {}).items():
        yield _outlet_weight(many), f"named by {service}, {_counted_articles(many, 'page')}"
    agency = signs.agency_hosts.get(host)
    if agency and (many := signs.agencies.get(agency, 0)):
        yield _outlet_weight(many), f"{agency} is credited in {_articles_in_words(many, signs)}"
    if many := signs.without_source.get(host, 0):
        yield (
            _outlet_weight(many) + COVERAGE_WEIGHT,
            f"in the archive with {_counted_articles(many, 'article')} of the story",
        )


def _shared_reasons(outlet: CatalogueOutlet, signs: OutletEvidence) -> Iterator[tuple[float, str]]:
    """Yield (weight, reason) of the features shared by all outlets of a country or a language."""
    country, language = outlet.country or "", single_language(outlet.language) or ""
    if many := signs.countries.get(country, 0):
        weight = (
            TEXT_COUNTRY_WEIGHT * many / signs.articles
            + OPENING_COUNTRY_WEIGHT * signs.openings.get(country, 0) / signs.articles
        )
        yield weight, f"{country_name(country)} is named in {_articles_in_words(many, signs)}"
    elif many := signs.outlet_countries.get(country, 0):
        yield (
            COVERING_COUNTRY_WEIGHT * many / signs.articles,
            f"of {country_name(country)}, as {_articles_in_words(many, signs)}",
        )
    if many := signs.languages.get(language, 0):
        yield (
            LANGUAGE_WEIGHT * many / signs.articles,
            f"in {language_name(language)}, as {_articles_in_words(many, signs)}",
        )


def _agency_reason(outlet: CatalogueOutlet, signs: OutletEvidence) -> list[tuple[float, str]]:
    """Return (weight, reason) if a credited agency is in the outlet's country.

    Most clients of an agency are in its country.
    """
    agency = signs.agency_countries.get(outlet.country or "")
    if agency is None or outlet.kind == "local":
        return []
    return [(AGENCY_COUNTRY_WEIGHT, f"of {country_name(outlet.country)}, as {agency} is")]


def _outlet_weight(times: int) -> float:
    """Return the weight of evidence seen `times` times, at most five."""
    return EVIDENCE_WEIGHTS + FURTHER_EVIDENCE_SHARE * (min(times, 5) - 1)


def _listed_names(hosts: tuple[str, ...]) -> str:
    """Return the first two hosts, and the number of the others."""
    more = len(hosts) - 2
    return ", ".join(hosts[:2]) + (f" and {more} more" if more > 0 else "")


def _counted_articles(many: int, word: str) -> str:
    """Return a number with its noun: `1 article`, `2 articles`."""
    return f"{many:,} {word}{'s' * (many != 1)}"


def _articles_in_words(many: int, signs: OutletEvidence) -> str:
    """Return a number of the story's articles in words."""
    if signs.articles == 1:
        return "its article"
    if many == signs.articles:
        return f"all {many:,} articles"
    return f"{many:,} of {signs.articles:,} articles"
