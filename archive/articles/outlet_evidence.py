"""Evidence for outlets that may cover a story: its articles, who links to them, who names others.

Hosts are without `www.`. Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from archive.frontier.hosts import bare_host
from archive.frontier.pauses import paused_sites

MAX_EVIDENCE_ARTICLES = 200
"""Articles of a story to read: those that a person confirmed, then the newest."""
EVIDENCE_TEXT_CHARS = 2_500
"""Characters to read of an article's text."""


@dataclass(frozen=True, slots=True)
class EvidenceArticle:
    """An article of a story, with the columns that hint at other outlets."""

    id: int
    url: str
    host: str
    country: str | None
    """The outlet's country, ISO 3166-1."""
    language: str | None
    agency: str | None
    opening: str
    """Headline and standfirst."""
    text: str
    """The beginning of the text."""
    digest: str | None
    """SHA-256 of the capture."""


def evidence_articles(connection: sqlite3.Connection, story_id: int) -> list[EvidenceArticle]:
    """The articles of a story, those that a person confirmed first, then the newest."""
    rows = connection.execute(
        """SELECT a.id, a.url, o.host, o.country, a.language, a.agency, a.digest,
          coalesce(a.headline, '') || char(10) || coalesce(a.standfirst, '') AS opening,
          substr(a.text, 1, ?) AS text
        FROM story_coverage c JOIN articles a ON a.id = c.id JOIN outlets o ON o.id = a.outlet_id
        WHERE c.story_id = ? ORDER BY c.verdict IS NULL, a.published_at DESC, a.id LIMIT ?""",
        (EVIDENCE_TEXT_CHARS, story_id, MAX_EVIDENCE_ARTICLES),
    )
    return [EvidenceArticle(**dict(row)) for row in rows]


def linking_hosts(connection: sqlite3.Connection, story_id: int) -> Counter[str]:
    """Count the story's articles to which the pages of each other host link."""
    rows = connection.execute(
        """SELECT DISTINCT u.article_id, u.found_on, u.url
        FROM story_coverage c JOIN urls u ON u.article_id = c.id
        WHERE c.story_id = ? AND u.via = 'link' AND u.found_on IS NOT NULL""",
        (story_id,),
    )
    pairs = ((_bare_host_of_url(row["found_on"]), _bare_host_of_url(row["url"])) for row in rows)
    return Counter(linking_host for linking_host, host in pairs if linking_host != host)


def note_named_outlets(
    connection: sqlite3.Connection, story_id: int, service: str, hosts: Sequence[str]
) -> None:
    """Store the outlets that a search service named for a story; `hosts` has one entry a page."""
    pages = Counter(map(bare_host, hosts))
    connection.executemany(
        """INSERT INTO story_outlets (story_id, host, service, pages) VALUES (?, ?, ?, ?)
        ON CONFLICT (story_id, host, service) DO UPDATE SET pages = max(pages, excluded.pages)""",
        [(story_id, host, service, count) for host, count in pages.items()],
    )


def hosts_named_by_services(
    connection: sqlite3.Connection, story_id: int
) -> dict[str, dict[str, int]]:
    """The hosts that search services named for a story: host → service → number of pages."""
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in connection.execute(
        "SELECT * FROM story_outlets WHERE story_id = ? ORDER BY service", (story_id,)
    ):
        found[row["host"]][row["service"]] = row["pages"]
    return dict(found)


def hosts_with_sources(connection: sqlite3.Connection) -> set[str]:
    """The hosts of the outlets whose feeds or sitemaps the archive reads."""
    rows = connection.execute(
        """SELECT DISTINCT o.host FROM outlets o JOIN urls u ON u.outlet_id = o.id
        WHERE u.role = 'source'"""
    )
    return {bare_host(row["host"]) for row in rows}


def hosts_of_articles(connection: sqlite3.Connection, urls: Sequence[str]) -> list[str]:
    """The hosts of the outlets with articles at these URLs, each once."""
    rows = connection.execute(
        """SELECT DISTINCT o.host FROM json_each(?) AS asked JOIN urls u ON u.url = asked.value
        JOIN articles a ON a.id = u.article_id JOIN outlets o ON o.id = a.outlet_id""",
        (json.dumps(list(urls)),),
    )
    return [str(row["host"]) for row in rows]


def known_hosts(connection: sqlite3.Connection) -> set[str]:
    """The hosts of all outlets of the archive."""
    return {bare_host(row["host"]) for row in connection.execute("SELECT host FROM outlets")}


def paused_hosts(connection: sqlite3.Connection) -> dict[str, str]:
    """The hosts of the sites that are paused → the end of the pause."""
    return {_bare_host_of_url(site): until for site, (until, _) in paused_sites(connection).items()}


def _bare_host_of_url(url: str) -> str:
    """Return the host of a URL without `www.`."""
    return bare_host((urlsplit(url).hostname or "").lower())
