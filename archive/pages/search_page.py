"""The search page: the best hits first, with facets, and errors in plain words."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from archive.errors import UsageError
from archive.pages.filters import PageFilters, page_of_rows
from archive.queries.lookup import PlainRow
from archive.queries.search import BM25_WEIGHTS, READING_TEXT_SQL, match_query, matching_passage
from archive.text.formatting import direction

SEARCH_PAGE_SIZE = 20
"""Texts per page."""
MAX_RANKED_ARTICLES = 2_000
"""Articles that are ranked and counted; if more match, the newest in the archive are taken."""
MAX_FACET_VALUES = 12
"""Values offered for each facet."""

SEARCH_FILTERS_SQL = {
    "outlet": "+f.rowid IN (SELECT id FROM articles WHERE outlet_id = (SELECT id FROM outlets WHERE host = :outlet))",
    "language": "a.language = :language",
    "month": "+f.rowid IN (SELECT id FROM articles WHERE published_at >= :month AND published_at < :month || '~')",
    "story": """+f.rowid IN (SELECT m.article_id FROM story_articles m JOIN stories s ON s.id = m.story_id
        WHERE s.name = :story AND (m.verdict = 'belongs' OR (m.verdict IS NULL AND m.tier IN ('sure', 'likely'))))""",
}
"""The plus keeps SQLite from running the full-text search again for each article of the list."""

FOUND_ARTICLES_SQL = """
SELECT f.rowid AS id, bm25(articles_fts, {weights}) AS score, a.outlet_id, a.language,
       substr(a.published_at, 1, 7) AS month
FROM articles_fts f JOIN articles a ON a.id = f.rowid
WHERE articles_fts MATCH :match AND {condition} ORDER BY f.rowid DESC LIMIT :most"""

ORIGINALS_SQL = """
SELECT j.value AS id, t.original_id FROM json_each(?) j
JOIN shared_text_articles v ON v.article_id = j.value JOIN shared_texts t ON t.id = v.text_id"""

SEARCH_HITS_SQL = f"""
SELECT a.id, a.headline, a.url, a.published_at, a.language, a.byline, o.host AS outlet,
       coalesce(o.name, o.host) AS outlet_name, f.other_outlets,
       {READING_TEXT_SQL} AS said
FROM json_each(?) j JOIN articles a ON a.id = j.value
JOIN outlets o ON o.id = a.outlet_id JOIN originals f ON f.id = a.id
ORDER BY j.key"""  # noqa: S608  the text is all ours

OUTLET_HOSTS_SQL = "SELECT id, host FROM outlets WHERE id IN (SELECT value FROM json_each(?))"

STORY_FACET_SQL = """
SELECT s.name, s.title, count(*) FROM json_each(?) j
JOIN story_articles m ON m.article_id = j.value JOIN stories s ON s.id = m.story_id
WHERE m.verdict = 'belongs' OR (m.verdict IS NULL AND m.tier IN ('sure', 'likely'))
GROUP BY s.id ORDER BY 3 DESC, s.title LIMIT ?"""


@dataclass(frozen=True, slots=True)
class SearchRequest(PageFilters):
    """A search: its words and filters; `month` is `2024-02`, `story` a name."""

    words: str = ""
    outlet: str = ""
    month: str = ""
    language: str = ""
    story: str = ""

    @property
    def filters(self) -> dict[str, str]:
        """The filters in use, without the words."""
        return {name: value for name, value in self.given.items() if name != "words"}


def search_page_data(
    connection: sqlite3.Connection, wanted: SearchRequest, page: int = 1
) -> PlainRow:
    """Return what the search page shows.

    `hits` are the texts of one `page`, best first, with versions of one text as one hit. `articles`
    counts copies too; `page_of_rows` is True if more articles match than were ranked. `error` says
    in words why no search was made.
    """
    empty: PlainRow = {
        "wanted": wanted,
        "hits": [],
        "facets": {},
        "articles": 0,
        "texts": 0,
        "cut": False,
        "page": 1,
        "pages": 1,
        "error": None,
    }
    if not wanted.words.strip():
        return empty
    try:
        found = _found_articles(connection, wanted)
    except UsageError as error:
        return empty | {"error": str(error)}
    best = _best_per_text(connection, found)
    shown, page, pages = page_of_rows(best, page, SEARCH_PAGE_SIZE)
    return empty | {
        "hits": _search_hits(connection, shown, wanted.words),
        "facets": _search_facets(connection, found, wanted),
        "articles": len(found),
        "texts": len(best),
        "cut": len(found) == MAX_RANKED_ARTICLES,
        "page": page,
        "pages": pages,
    }


def _found_articles(connection: sqlite3.Connection, wanted: SearchRequest) -> list[sqlite3.Row]:
    """Return the articles that match, with their scores, `MAX_RANKED_ARTICLES` at most."""
    condition = " AND ".join(SEARCH_FILTERS_SQL[name] for name in wanted.filters) or "1"
    sql = FOUND_ARTICLES_SQL.format(weights=BM25_WEIGHTS, condition=condition)
    values = {**wanted.filters, "match": match_query(wanted.words), "most": MAX_RANKED_ARTICLES}
    return connection.execute(sql, values).fetchall()


def _best_per_text(connection: sqlite3.Connection, found: Iterable[sqlite3.Row]) -> list[int]:
    """Return the articles that represent their texts, best first.

    That is the original if it matches, else the version with the best score.
    """
    scores = {row["id"]: row["score"] for row in found}
    originals = dict(connection.execute(ORIGINALS_SQL, (json.dumps(list(scores)),)).fetchall())
    best: dict[int, tuple[float, int]] = {}
    for id, score in sorted(scores.items(), key=lambda item: (item[1], -item[0])):
        text = originals.get(id, id)
        best.setdefault(text, (score, text if text in scores else id))
    return [id for _, id in best.values()]


def _search_hits(connection: sqlite3.Connection, ids: Sequence[int], words: str) -> list[PlainRow]:
    rows = connection.execute(SEARCH_HITS_SQL, (json.dumps(ids),))
    return [_search_hit(row, words) for row in rows]


def _search_hit(row: sqlite3.Row, words: str) -> PlainRow:
    """Return a row with the matching passage in place of the whole text."""
    hit = dict(row)
    matching = matching_passage(hit.pop("said"), words)
    return hit | {"passage": matching, "direction": direction(row["language"])}


def _search_facets(
    connection: sqlite3.Connection, found: list[sqlite3.Row], wanted: SearchRequest
) -> dict[str, list[PlainRow]]:
    """Return the values by which the search can be narrowed, with the articles that each leaves.

    Filters in use are not offered again.
    """
    ids = json.dumps([row["id"] for row in found])
    outlets = json.dumps(list({row["outlet_id"] for row in found}))
    hosts = dict(connection.execute(OUTLET_HOSTS_SQL, (outlets,)).fetchall())
    months = _counted_values(row["month"] for row in found if row["month"])
    stories = [
        {"value": name, "label": title, "count": count}
        for name, title, count in connection.execute(STORY_FACET_SQL, (ids, MAX_FACET_VALUES))
    ]
    facets = {
        "outlet": _counted_values(hosts[row["outlet_id"]] for row in found),
        "month": sorted(months, key=lambda each: each["value"], reverse=True),
        "language": _counted_values(row["language"] for row in found if row["language"]),
        "story": stories,
    }
    used = wanted.filters
    return {name: values for name, values in facets.items() if values and name not in used}


def _counted_values(values: Iterable[str]) -> list[PlainRow]:
    """Return the most frequent values with their counts."""
    return [
        {"value": value, "label": value, "count": count}
        for value, count in Counter(values).most_common(MAX_FACET_VALUES)
    ]
