"""What the archive knows of where else a story was covered: its articles, and who linked to them or
named others.

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
from archive.frontier.pauses import pauses

MOST = 200
"""Articles of a story that are looked at: those that a person confirmed, then the newest."""
BEGINNING = 2_500
"""Characters of a text."""


@dataclass(frozen=True, slots=True)
class Told:
    """An article of a story, as far as it says where else to look."""

    id: int
    url: str
    host: str
    country: str | None
    """The outlet's."""
    language: str | None
    agency: str | None
    opening: str
    """Headline and standfirst."""
    text: str
    """Its beginning."""
    digest: str | None
    """Of its capture."""


def articles(connection: sqlite3.Connection, story_id: int) -> list[Told]:
    """The articles of a story, those that a person confirmed first, then the newest."""
    rows = connection.execute(
        """SELECT a.id, a.url, o.host, o.country, a.language, a.agency, a.digest,
          coalesce(a.headline, '') || char(10) || coalesce(a.standfirst, '') AS opening,
          substr(a.text, 1, ?) AS text
        FROM story_coverage c JOIN articles a ON a.id = c.id JOIN outlets o ON o.id = a.outlet_id
        WHERE c.story_id = ? ORDER BY c.verdict IS NULL, a.published_at DESC, a.id LIMIT ?""",
        (BEGINNING, story_id, MOST),
    )
    return [Told(**dict(row)) for row in rows]


def linking(connection: sqlite3.Connection, story_id: int) -> Counter[str]:
    """The hosts on whose pages links to the story's articles were found, without those of the
    articles themselves."""
    rows = connection.execute(
        """SELECT DISTINCT u.article_id, u.found_on, u.url FROM story_coverage c JOIN urls u ON u.article_id = c.id
        WHERE c.story_id = ? AND u.via = 'link' AND u.found_on IS NOT NULL""",
        (story_id,),
    )
    pairs = ((_host(row["found_on"]), _host(row["url"])) for row in rows)
    return Counter(there for there, here in pairs if there != here)


def note_named(
    connection: sqlite3.Connection, story_id: int, service: str, hosts: Sequence[str]
) -> None:
    """Keep which outlets a search service named for a story; a host as often as it named pages of
    it."""
    connection.executemany(
        """INSERT INTO story_outlets (story_id, host, service, pages) VALUES (?, ?, ?, ?)
        ON CONFLICT (story_id, host, service) DO UPDATE SET pages = max(pages, excluded.pages)""",
        [(story_id, host, service, many) for host, many in Counter(map(bare_host, hosts)).items()],
    )


def named(connection: sqlite3.Connection, story_id: int) -> dict[str, dict[str, int]]:
    """The hosts that services named for a story, each with how many pages which service named."""
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in connection.execute(
        "SELECT * FROM story_outlets WHERE story_id = ? ORDER BY service", (story_id,)
    ):
        found[row["host"]][row["service"]] = row["pages"]
    return dict(found)


def with_sources(connection: sqlite3.Connection) -> set[str]:
    """The hosts of the outlets whose feeds or sitemaps the archive reads."""
    rows = connection.execute(
        "SELECT DISTINCT o.host FROM outlets o JOIN urls u ON u.outlet_id = o.id WHERE u.role = 'source'"
    )
    return {bare_host(row["host"]) for row in rows}


def outlets_of(connection: sqlite3.Connection, urls: Sequence[str]) -> list[str]:
    """The hosts of the outlets whose articles are at some addresses, each once; nothing for a page
    that is none."""
    rows = connection.execute(
        """SELECT DISTINCT o.host FROM json_each(?) AS asked JOIN urls u ON u.url = asked.value
        JOIN articles a ON a.id = u.article_id JOIN outlets o ON o.id = a.outlet_id""",
        (json.dumps(list(urls)),),
    )
    return [str(row["host"]) for row in rows]


def known(connection: sqlite3.Connection) -> set[str]:
    """The hosts of all outlets of the archive."""
    return {bare_host(row["host"]) for row in connection.execute("SELECT host FROM outlets")}


def resting(connection: sqlite3.Connection) -> dict[str, str]:
    """The hosts that are left alone for a time, until when."""
    return {_host(site): until for site, (until, _) in pauses(connection).items()}


def _host(url: str) -> str:
    return bare_host((urlsplit(url).hostname or "").lower())
