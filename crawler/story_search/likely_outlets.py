"""The outlets that are likely to have covered a story (`dateline outlet suggest`).

All that the archive knows of the story counts as evidence.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import cast

from archive.articles import outlet_evidence as told
from archive.articles.outlet_evidence import EvidenceArticle
from archive.articles.stories import story_profile_inputs
from archive.errors import DatelineError
from archive.frontier.hosts import bare_host
from archive.frontier.outlet_lookups import valid_lookups
from archive.records import CatalogueOutlet
from archive.storage.captures import CaptureStore
from crawler.extraction.fields.agencies import printed_agency_names
from pipelines.topics.outlet_suggestions import OutletEvidence, OutletSuggestion, rank_outlets
from pipelines.topics.territories import countries_in, single_language

__all__ = ["OutletSuggestion", "suggest_outlets"]

MAX_LINKING_PAGES = 30
"""Pages of the story whose links are read."""
LINKING_PAGE_TIMEOUT_SECONDS = 10.0


def suggest_outlets(
    connection: sqlite3.Connection,
    story_id: int,
    catalogue: Sequence[CatalogueOutlet],
    most: int = 20,
    pages: int = MAX_LINKING_PAGES,
) -> list[OutletSuggestion]:
    """Return outlets that are likely to have covered a story, the likeliest first, with reasons.

    Outlets whose feeds or sitemaps the archive reads are left out, unless they are paused. The
    links of up to `pages` pages of the story are read, in a separate process.
    """
    return rank_outlets(catalogue, evidence_of_story(connection, story_id, catalogue, pages), most)


def evidence_of_story(
    connection: sqlite3.Connection,
    story_id: int,
    catalogue: Sequence[CatalogueOutlet],
    pages: int = MAX_LINKING_PAGES,
) -> OutletEvidence:
    """Return the evidence for outlets in the archive."""
    story, articles = (
        story_profile_inputs(connection, story_id)[0],
        told.evidence_articles(connection, story_id),
    )
    read, resting = told.hosts_with_sources(connection), told.paused_hosts(connection)
    gone = {host for host, lookup in valid_lookups(connection).items() if not lookup.answers}
    by_host = Counter(bare_host(each.host) for each in articles)
    agencies = Counter(each.agency for each in articles if each.agency)
    agency_hosts, agency_countries = _agencies_named(agencies, catalogue)
    named = told.hosts_named_by_services(connection, story_id)
    return OutletEvidence(
        articles=len(articles),
        languages=Counter(
            language for each in articles if (language := single_language(each.language))
        ),
        countries=Counter(
            code
            for each in articles
            for code in countries_in(f"{each.opening}\n{each.text}", each.language)
        ),
        openings=Counter(
            code
            for each in articles
            for code in countries_in(_first_sentences(each), each.language)
        ),
        outlet_countries=Counter(each.country for each in articles if each.country),
        linked_to=_linked_outlets(
            connection, articles[:pages], {bare_host(each.host) for each in catalogue} | set(named)
        ),
        linking=told.linking_hosts(connection, story_id),
        named=named,
        agencies=agencies,
        agency_hosts=agency_hosts,
        agency_countries=agency_countries,
        without_source={host: by_host[host] for host in told.known_hosts(connection) - read},
        resting=resting,
        only_languages=frozenset(story.languages),
        left_out=frozenset((read - resting.keys()) | gone),
    )


def _first_sentences(article: EvidenceArticle) -> str:
    return f"{article.opening}\n{article.text[:500]}"


def _agencies_named(
    credited: Counter[str], catalogue: Sequence[CatalogueOutlet]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the hosts of credited agencies, and the countries of agencies that have only one.

    Both map to the agency's name. The hosts and countries are those of the catalogue.
    """
    hosts: dict[str, str] = {}
    countries: defaultdict[str, set[str]] = defaultdict(set)
    for agency in credited:
        names = {name.casefold() for name in printed_agency_names(agency)}
        for outlet in catalogue:
            if (
                outlet.kind == "agency"
                and AFTER_AGENCY_NAME.sub("", (outlet.name or "").casefold()) in names
            ):
                hosts[bare_host(outlet.host)] = agency
                countries[agency].add(outlet.country or "")
    only = {agency: next(iter(found)) for agency, found in countries.items() if len(found) == 1}
    return hosts, {
        country: agency for agency, country in only.items() if agency not in WORLDWIDE_AGENCIES
    }


AFTER_AGENCY_NAME = re.compile(r"\s*[(（].*|\s+(?:news agency|news|agency)$")
"""The words that a catalogue adds to an agency's name: `Yonhap News Agency (English)`."""
WORLDWIDE_AGENCIES = frozenset(("AP", "Reuters", "AFP", "UPI", "Bloomberg", "Xinhua", "dpa", "EFE"))
"""Agencies with clients in all countries."""


def _linked_outlets(
    connection: sqlite3.Connection, articles: Sequence[EvidenceArticle], known: set[str]
) -> dict[str, tuple[str, ...]]:
    """Return the known hosts that the pages of articles link to, each with the linking outlets.

    Only pages with a stored capture count.
    """
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for article, hosts in _hosts_linked(connection, articles):
        for host in map(bare_host, hosts):
            if host in known and host != bare_host(article.host):
                found[host][bare_host(article.host)] = None
    return {host: tuple(linking) for host, linking in found.items()}


def _hosts_linked(
    connection: sqlite3.Connection, articles: Sequence[EvidenceArticle]
) -> list[tuple[EvidenceArticle, list[str]]]:
    from crawler.workers.pool import Worker

    file = connection.execute(
        "SELECT file FROM pragma_database_list WHERE name = 'main'"
    ).fetchone()["file"]
    path = Path(file or "").parent / "captures.db"
    with_page = [article for article in articles if article.digest]
    if not file or not path.is_file() or not with_page:
        return []
    read: list[tuple[EvidenceArticle, list[str]]] = []
    with closing(CaptureStore(path)) as captures, closing(Worker()) as worker:
        for article in with_page:
            try:
                if capture := captures.newest(article.digest or ""):
                    hosts = worker.read_document("hosts", capture, LINKING_PAGE_TIMEOUT_SECONDS)
                    read.append((article, cast(list[str], hosts)))
            except DatelineError:
                continue  # an unreadable page is no evidence about the others
    return read
