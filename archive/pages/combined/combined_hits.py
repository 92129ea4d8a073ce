"""The hits of a search on the command line in several archives, as one list."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from archive.articles.stories import Story, all_stories, find_story, story_summaries
from archive.errors import UsageError
from archive.pages.combined.combined_search import joined_advice
from archive.pages.combined.merged_rows import ArchiveConnections, merged_rows
from archive.queries.lookup import PlainRow, known_outlet_host
from archive.queries.search import SearchHit, SearchOrder, count_search_hits, ranked_hits
from archive.queries.search_advice import SearchAdvice, search_advice


@dataclass(slots=True)
class HitInArchive:
    """A hit, the archive that it is from, and the others that have the article too."""

    archive: str
    hit: SearchHit
    elsewhere: list[str] = field(default_factory=list)

    def as_record(self) -> PlainRow:
        """Return the fields in the order of a file."""
        return {"archive": self.archive, **asdict(self.hit), "elsewhere": self.elsewhere}


@dataclass(frozen=True, slots=True)
class CombinedHits:
    """Hits of a search in several archives."""

    hits: tuple[HitInArchive, ...]
    total: int
    """Hits without a limit; an article that two archives have may count twice among those not shown."""


def search_archives(
    connections: ArchiveConnections,
    words: str,
    filters: Mapping[str, Mapping[str, Any]],
    *,
    limit: int,
    copies: bool = False,
    order: SearchOrder = "best",
) -> CombinedHits:
    """Return the best or newest hits of all archives; `filters` are those of each.

    An archive without filters is not searched. An article that several archives have, by its URL,
    is a hit of the first of them.
    """
    found: list[tuple[float, HitInArchive]] = []
    total = 0
    first: dict[str, HitInArchive] = {}
    is_whole = True
    for name, given in filters.items():
        hits = ranked_hits(
            connections[name], words, limit=limit, copies=copies, order=order, **given
        )
        is_whole = is_whole and len(hits) < limit
        total += count_search_hits(connections[name], words, copies=copies, **given)
        for rank, hit in hits:
            known = first.get(hit.url)
            if known is None or known.archive == name:
                found.append((rank, HitInArchive(name, hit)))
                first.setdefault(hit.url, found[-1][1])
            else:
                known.elsewhere.append(name)
    found.sort(key=lambda ranked: ranked[0])
    shown = tuple(hit for _, hit in found[:limit])
    return CombinedHits(shown, len(found) if is_whole else total)


def outlet_in_archives(connections: ArchiveConnections, text: str) -> dict[str, str]:
    """Return the host of an outlet by the archives that know it. Raises UsageError if none does."""
    hosts: dict[str, str] = {}
    for name, connection in connections.items():
        try:
            hosts[name] = known_outlet_host(connection, Path(name), text)
        except UsageError:
            continue
    if not hosts:
        raise UsageError(f"{text}: no such outlet in {', '.join(connections)}")
    return hosts


def advice_of_archives(connections: ArchiveConnections, words: str) -> SearchAdvice:
    """Return similar searches that find something in one of the archives."""
    return joined_advice(search_advice(each, words) for each in connections.values())


def story_summaries_of_all(
    connections: ArchiveConnections, names: Iterable[str] = ()
) -> list[PlainRow]:
    """Return the followed stories of all archives, each with its archive.

    With `names`, only these. Raises UsageError for a name that no archive follows.
    """
    wanted = tuple(dict.fromkeys(names))
    for name in wanted:
        if not any(_named_stories(each, [name]) for each in connections.values()):
            raise UsageError(f"{name}: no such story in {', '.join(connections)}")
    rows = merged_rows(
        connections,
        lambda connection: story_summaries(
            connection, _named_stories(connection, wanted) if wanted else all_stories(connection)
        ),
        lambda story: story["newest"] or "",
    )
    return [{"archive": row.pop("archive"), **row} for row in rows]


def _named_stories(connection: sqlite3.Connection, names: Iterable[str]) -> list[Story]:
    """Return the stories of these names that an archive follows."""
    found: dict[int, Story] = {}
    for name in names:
        with suppress(UsageError):
            story = find_story(connection, name)
            found[story.id] = story
    return list(found.values())


def outlet_totals_of_all(rows_of_archives: Mapping[str, Iterable[PlainRow]]) -> list[PlainRow]:
    """Return the outlets of all archives by host, each once.

    Articles are added up, and an article that two archives have counts twice. Of feeds and sitemaps
    it has the most that an archive knows; it is paused if it is so everywhere.
    """
    by_host: dict[str, list[PlainRow]] = {}
    archives_of: dict[str, list[str]] = {}
    for name, rows in rows_of_archives.items():
        for row in rows:
            by_host.setdefault(row["host"], []).append(row)
            archives_of.setdefault(row["host"], []).append(name)
    return [
        _outlet_totals(by_host[host]) | {"archives": archives_of[host]} for host in sorted(by_host)
    ]


def _outlet_totals(rows: list[PlainRow]) -> PlainRow:
    """Return the rows of one outlet as one."""
    paused = [row["paused_at"] for row in rows]
    named = {
        name: next((row[name] for row in rows if row[name]), None) for name in ("name", "language")
    }
    most = {name: max(row[name] for row in rows) for name in ("feeds", "sitemaps")}
    return (
        rows[0]
        | named
        | most
        | {
            "articles": sum(row["articles"] for row in rows),
            "newest": max(row["newest"] or "" for row in rows) or None,
            "paused_at": max(paused) if all(paused) else None,
        }
    )
