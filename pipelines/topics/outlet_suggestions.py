"""Which outlets are likely to have covered a story, and why: a ranking of what a catalogue and the
archive know.

Some signs speak of one outlet: the story's articles link to it or it to them, a search service
named it, its agency is credited, the archive has an article of it. The others speak of many: it is
of a country that the articles name, or in their language. What speaks of many counts less with
every outlet of the country that is chosen already, so that a list is not all of one country.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from archive.frontier.hosts import bare_host
from archive.records import CatalogueOutlet
from pipelines.topics.territories import country_name, language_name, single_language

OPENING_COUNTRY_WEIGHT, TEXT_COUNTRY_WEIGHT = 1.4, 0.8
"""What it counts for an outlet that all the articles name its country in their openings, and
anywhere."""
LANGUAGE_WEIGHT = 1.0
"""… that all are in its language."""
NEIGHBOUR_WEIGHT = 0.5
"""… that all are of outlets of its country."""
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
"""The first sign that speaks of an outlet alone, and each time that it comes again, up to four."""
COVERAGE_WEIGHT = 0.5
"""More for an outlet that is known to have covered it."""
AGENCY_COUNTRY_WEIGHT = 0.4
REPEAT_COUNTRY_DISCOUNT = 0.93
"""What is left of the rest for an outlet when one of its country is chosen."""


@dataclass(frozen=True, slots=True)
class OutletSuggestion:
    """An outlet that is likely to have covered a story, and why.

    The higher the score, the likelier, in comparison with the others of one list.
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
    """What a story's articles, and the archive around them, say of where else it was covered.

    Hosts are without `www.`; numbers are of articles, if nothing else is said.
    """

    articles: int
    languages: Mapping[str, int] = field(default_factory=dict)
    countries: Mapping[str, int] = field(default_factory=dict)
    """That name a country, or a city of it, and"""
    openings: Mapping[str, int] = field(default_factory=dict)
    """that do so in their headline or first words."""
    outlet_countries: Mapping[str, int] = field(default_factory=dict)
    """Of outlets of each country."""
    linked_to: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Hosts that articles link to, each with the outlets that do."""
    linking: Mapping[str, int] = field(default_factory=dict)
    """Hosts by the links to the story's articles that were found on their pages."""
    named: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Hosts with the services that named them for this story, and how many pages each named."""
    agencies: Mapping[str, int] = field(default_factory=dict)
    """That credit an agency."""
    agency_hosts: Mapping[str, str] = field(default_factory=dict)
    """The agency that is at a host, and"""
    agency_countries: Mapping[str, str] = field(default_factory=dict)
    """those that are of a country, by country."""
    without_source: Mapping[str, int] = field(default_factory=dict)
    """Hosts that the archive has without feed or sitemap, with their articles of the story."""
    resting: Mapping[str, str] = field(default_factory=dict)
    """Hosts that are left alone for a time, until when."""
    only_languages: frozenset[str] = frozenset()
    """In which the story is followed; empty: any."""
    left_out: frozenset[str] = frozenset()
    """Hosts whose sources the archive reads, and those that were found to be gone."""


def rank_outlets(
    outlets: Iterable[CatalogueOutlet], signs: OutletEvidence, most: int
) -> list[OutletSuggestion]:
    """At most so many outlets, the likeliest first; none of which nothing speaks."""
    weighed = [
        each
        for outlet in _candidate_outlets(outlets, signs)
        if (each := _weigh_outlet(outlet, signs))
    ]
    weighed = _best_of_each_country(weighed, most)
    chosen: list[OutletSuggestion] = []
    of_country: Counter[str | None] = Counter()

    def worth(each: _WeighedOutlet) -> float:
        return (
            each.alone
            + each.with_others * REPEAT_COUNTRY_DISCOUNT ** of_country[each.outlet.country]
        )

    while weighed and len(chosen) < most:
        best = max(weighed, key=worth)
        weighed.remove(best)
        chosen.append(best.suggestion(worth(best)))
        of_country[best.outlet.country] += 1
    return chosen


def _best_of_each_country(weighed: list[_WeighedOutlet], most: int) -> list[_WeighedOutlet]:
    """As many of each country as may be chosen, and all that something speaks for alone; the best
    first."""
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
    """An outlet with what speaks for it alone, and what speaks for others like it as well."""

    outlet: CatalogueOutlet
    alone: float
    with_others: float
    reasons: tuple[str, ...]

    def suggestion(self, worth: float) -> OutletSuggestion:
        of = self.outlet
        return OutletSuggestion(
            of.host, of.name, self.reasons, round(worth, 3), of.country, of.language, of.kind
        )


def _candidate_outlets(
    outlets: Iterable[CatalogueOutlet], signs: OutletEvidence
) -> Iterator[CatalogueOutlet]:
    """The outlets of the catalogue, and those of which the archive or a service knows."""
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
    """What speaks for an outlet; None, if nothing does, or if the story is followed in other
    languages alone."""
    host = bare_host(outlet.host)
    if (
        signs.only_languages
        and outlet.language
        and single_language(outlet.language) not in signs.only_languages
    ):
        return None
    evidence = list(_evidence_reasons(host, signs))
    shared = list(_shared_languages(outlet, signs))
    agency = _agency_of_country(outlet, signs)
    if not evidence and not shared and not agency:
        return None
    if not evidence and outlet.kind == "local" and not signs.openings.get(outlet.country or ""):
        return None  # a town's paper reports on other towns' stories what agencies send
    alone = sum(weight for weight, _ in evidence)
    with_others = sum(weight for weight, _ in [*shared, *agency])
    with_others += OUTLET_KIND_WEIGHTS.get(outlet.kind or "", 0.0)
    with_others += FEED_BONUS * bool(outlet.feeds) + SITEMAP_BONUS * bool(outlet.sitemaps)
    reasons = [
        reason for _, reason in sorted([*evidence, *shared, *agency], key=lambda each: -each[0])
    ]
    if host in signs.without_source:
        reasons.append("the archive knows no feed and no sitemap of it")
    if host in signs.resting:
        reasons.append(f"left alone until {signs.resting[host]}")
    return _WeighedOutlet(outlet, alone, with_others, tuple(reasons))


def _evidence_reasons(host: str, signs: OutletEvidence) -> Iterator[tuple[float, str]]:
    """What speaks for one outlet alone."""
    if linking := signs.linked_to.get(host):
        yield _outlet_weight(len(linking)), f"linked from {_listed_names(linking)}"
    if many := signs.linking.get(host):
        yield _outlet_weight(many), f"links to {_counted_articles(many, 'article')} of the story"
    for service, many in signs.named.get(host, {}).items():
        yield _outlet_weight(many), f"named by {service}, {_counted_articles(many, 'page')}"
    agency = signs.agency_hosts.get(host)
    if agency and (many := signs.agencies.get(agency, 0)):
        yield _outlet_weight(many), f"{agency} is credited in {_country_reason(many, signs)}"
    if many := signs.without_source.get(host, 0):
        yield (
            _outlet_weight(many) + COVERAGE_WEIGHT,
            f"in the archive with {_counted_articles(many, 'article')} of the story",
        )


def _shared_languages(
    outlet: CatalogueOutlet, signs: OutletEvidence
) -> Iterator[tuple[float, str]]:
    """What speaks for all outlets of a country or a language."""
    country, language = outlet.country or "", single_language(outlet.language) or ""
    if many := signs.countries.get(country, 0):
        weight = (
            TEXT_COUNTRY_WEIGHT * many / signs.articles
            + OPENING_COUNTRY_WEIGHT * signs.openings.get(country, 0) / signs.articles
        )
        yield weight, f"{country_name(country)} is named in {_country_reason(many, signs)}"
    elif many := signs.outlet_countries.get(country, 0):
        yield (
            NEIGHBOUR_WEIGHT * many / signs.articles,
            f"of {country_name(country)}, as {_country_reason(many, signs)}",
        )
    if many := signs.languages.get(language, 0):
        yield (
            LANGUAGE_WEIGHT * many / signs.articles,
            f"in {language_name(language)}, as {_country_reason(many, signs)}",
        )


def _agency_of_country(outlet: CatalogueOutlet, signs: OutletEvidence) -> list[tuple[float, str]]:
    """Clients of an agency that is credited: most are where it is."""
    agency = signs.agency_countries.get(outlet.country or "")
    if agency is None or outlet.kind == "local":
        return []
    return [(AGENCY_COUNTRY_WEIGHT, f"of {country_name(outlet.country)}, as {agency} is")]


def _outlet_weight(times: int) -> float:
    return EVIDENCE_WEIGHTS + FURTHER_EVIDENCE_SHARE * (min(times, 5) - 1)


def _listed_names(hosts: tuple[str, ...]) -> str:
    more = len(hosts) - 2
    return ", ".join(hosts[:2]) + (f" and {more} more" if more > 0 else "")


def _counted_articles(many: int, word: str) -> str:
    return f"{many:,} {word}{'s' * (many != 1)}"


def _country_reason(many: int, signs: OutletEvidence) -> str:
    """So many of the story's articles."""
    if signs.articles == 1:
        return "its article"
    return (
        f"all {many:,} articles"
        if many == signs.articles
        else f"{many:,} of {signs.articles:,} articles"
    )
