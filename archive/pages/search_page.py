"""The search page: the best hits first, with facets, and errors in plain words."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from archive.articles.stories import LISTED_MEMBER_SQL
from archive.errors import UsageError
from archive.pages.filters import PageFilters, page_of_rows
from archive.pages.histogram import date_histogram
from archive.queries.lookup import PlainRow
from archive.queries.search import (
    READING_TEXT_SQL,
    SEARCH_ORDERS,
    SearchOrder,
    compared_date_sql,
    count_search_hits,
    match_query,
    matching_passage,
    rank_expression,
)
from archive.queries.search_advice import search_advice
from archive.text.formatting import direction, period_label
from archive.text.language_names import language_name

SEARCH_PAGE_SIZE = 20
"""Texts per page."""
MAX_RANKED_ARTICLES = 2_000
"""Articles that are ranked and counted; if more match, the newest in the archive are taken."""
MAX_FACET_VALUES = 12
"""Values offered for each facet, unless all are asked for."""
MAX_ALL_FACET_VALUES = 500
"""Values offered for a facet of which all are asked for."""
SEARCH_DATE_PATTERN = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")
"""A year, a month or a day."""
NARROWING_FILTERS = ("outlet", "month", "language", "story", "since", "until")
"""The filters that leave fewer articles."""

SEARCH_FILTERS_SQL = {
    "since": f"{compared_date_sql(':since')} >= :since",
    "until": f"substr({compared_date_sql(':until')}, 1, length(:until)) <= :until",
    "outlet": "+f.rowid IN (SELECT id FROM articles WHERE outlet_id = (SELECT id FROM outlets WHERE host = :outlet))",
    "language": "a.language = :language",
    "month": "+f.rowid IN (SELECT id FROM articles WHERE published_day >= :month AND published_day < :month || '~')",
    "story": f"""+f.rowid IN (SELECT m.article_id FROM story_articles m JOIN stories s ON s.id = m.story_id
        WHERE s.name = :story AND {LISTED_MEMBER_SQL})""",  # noqa: S608
}
"""The plus keeps SQLite from running the full-text search again for each article of the list."""

FOUND_ARTICLES_SQL = """
SELECT f.rowid AS id, {rank} AS score, a.outlet_id, a.language, a.published_at, a.published_day
FROM articles_fts f JOIN articles a ON a.id = f.rowid
WHERE articles_fts MATCH :match AND {condition} ORDER BY f.rowid DESC LIMIT :most"""

ORIGINALS_SQL = """
SELECT j.value AS id, t.original_id FROM json_each(?) j
JOIN shared_text_articles v ON v.article_id = j.value JOIN shared_texts t ON t.id = v.text_id"""

SEARCH_HITS_SQL = f"""
SELECT a.id, a.headline, a.url, a.published_at, a.published_day, a.published_offset, a.language, a.byline, o.host AS outlet,
       coalesce(o.name, o.host) AS outlet_name, f.other_outlets,
       {READING_TEXT_SQL} AS said
FROM json_each(?) j JOIN articles a ON a.id = j.value
JOIN outlets o ON o.id = a.outlet_id JOIN originals f ON f.id = a.id
ORDER BY j.key"""  # noqa: S608  the text is all ours

OUTLET_NAMES_SQL = """SELECT id, host, coalesce(name, host) FROM outlets
WHERE id IN (SELECT value FROM json_each(?))"""

STORY_FACET_SQL = f"""
SELECT s.name, s.title, count(*) FROM json_each(?) j
JOIN story_articles m ON m.article_id = j.value JOIN stories s ON s.id = m.story_id
WHERE {LISTED_MEMBER_SQL}
GROUP BY s.id ORDER BY 3 DESC, s.title LIMIT ?"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class SearchRequest(PageFilters):
    """A search: its words, its filters, and how its hits are shown.

    `month` is `2024-02`, `story` a name, `since` and `until` are years, months or days (inclusive).
    """

    words: str = ""
    outlet: str = ""
    month: str = ""
    language: str = ""
    story: str = ""
    since: str = ""
    until: str = ""
    sort: str = ""
    """`best`, the default, or `newest`."""
    more: str = ""
    """The facet of which all values are shown."""

    @property
    def filters(self) -> dict[str, str]:
        """The filters in use."""
        return {name: value for name, value in self.given.items() if name in NARROWING_FILTERS}

    @property
    def order(self) -> SearchOrder:
        """The order of the hits. Raises UsageError for an unknown one."""
        for order in SEARCH_ORDERS:
            if order == (self.sort or SEARCH_ORDERS[0]):
                return order
        raise UsageError(f"sort={self.sort}: choose {' or '.join(SEARCH_ORDERS)}")

    def check_dates(self) -> None:
        """Raise UsageError for an invalid date."""
        for name, value in (("since", self.since), ("until", self.until)):
            if value and not SEARCH_DATE_PATTERN.fullmatch(value):
                raise UsageError(f"{name}={value}: a date looks like 2024-02-15")


def search_page_data(
    connection: sqlite3.Connection, wanted: SearchRequest, page: int = 1
) -> PlainRow:
    """Return what the search page shows.

    `hits` are the texts of one `page`, best first, with versions of one text as one hit. `articles`
    counts copies too; `cut` is True if more articles match than were ranked. `histogram` shows all
    articles found over time. Where nothing is found, `advice` has better searches and `unfiltered`
    the number of articles without the filters. `error` says in words why no search was made.
    """
    empty = empty_search_page(wanted)
    if not wanted.words.strip():
        return empty
    try:
        found = found_articles(connection, wanted)
    except UsageError as error:
        return empty | {"error": str(error)}
    if not found:
        return empty | advice_without_hits(connection, wanted)
    best = _best_per_text(connection, found)
    shown, page, pages = page_of_rows(best, page, SEARCH_PAGE_SIZE)
    return empty | {
        "hits": search_hits(connection, shown, wanted.words),
        "facets": _search_facets(connection, found, wanted),
        "histogram": date_histogram(row["published_day"] for row in found),
        "articles": len(found),
        "texts": len(best),
        "cut": len(found) == MAX_RANKED_ARTICLES,
        "page": page,
        "pages": pages,
    }


def empty_search_page(wanted: SearchRequest) -> PlainRow:
    """Return what the search page shows before a search."""
    return {
        "wanted": wanted,
        "hits": [],
        "facets": {},
        "histogram": None,
        "advice": None,
        "unfiltered": 0,
        "articles": 0,
        "texts": 0,
        "cut": False,
        "page": 1,
        "pages": 1,
        "error": None,
    }


def found_articles(
    connection: sqlite3.Connection, wanted: SearchRequest, most: int = MAX_RANKED_ARTICLES
) -> list[sqlite3.Row]:
    """Return the articles that match, with their scores; of more than `most` the newest here."""
    condition = " AND ".join(SEARCH_FILTERS_SQL[name] for name in wanted.filters) or "1"
    wanted.check_dates()
    rank, rank_values = rank_expression(wanted.words, wanted.order)
    sql = FOUND_ARTICLES_SQL.format(rank=rank, condition=condition)
    limits = {"match": match_query(wanted.words), "most": most}
    return connection.execute(sql, {**wanted.filters, **rank_values, **limits}).fetchall()


def newest_found_articles(
    connection: sqlite3.Connection, wanted: SearchRequest, limit: int
) -> list[int]:
    """Return the articles that a search finds, one for each text, the newest in the archive first.

    Raises UsageError for words or dates that cannot be searched for.
    """
    found = found_articles(connection, replace(wanted, sort=""))
    return sorted(_best_per_text(connection, found), reverse=True)[:limit]


def advice_without_hits(connection: sqlite3.Connection, wanted: SearchRequest) -> PlainRow:
    """Return the number of articles without the filters, or else similar words."""
    unfiltered = count_search_hits(connection, wanted.words, copies=True) if wanted.filters else 0
    advice = None if unfiltered else search_advice(connection, wanted.words)
    return {"advice": advice, "unfiltered": unfiltered}


def _best_per_text(connection: sqlite3.Connection, found: Iterable[sqlite3.Row]) -> list[int]:
    """Return the articles that represent their texts, best first."""
    return [id for _, id in scored_texts(connection, found)]


def scored_texts(
    connection: sqlite3.Connection, found: Iterable[sqlite3.Row]
) -> list[tuple[float, int]]:
    """Return the best score of each text and the article that represents it, best first.

    That is the original if it matches, else the version with the best score.
    """
    scores = {row["id"]: row["score"] for row in found}
    originals = dict(connection.execute(ORIGINALS_SQL, (json.dumps(list(scores)),)).fetchall())
    best: dict[int, tuple[float, int]] = {}
    for id, score in sorted(scores.items(), key=lambda item: (item[1], -item[0])):
        text = originals.get(id, id)
        best.setdefault(text, (score, text if text in scores else id))
    return list(best.values())


def search_hits(connection: sqlite3.Connection, ids: Sequence[int], words: str) -> list[PlainRow]:
    """Return articles as the search page lists them, in the order of their IDs as given."""
    rows = connection.execute(SEARCH_HITS_SQL, (json.dumps(ids),))
    return [_search_hit(row, words) for row in rows]


def _search_hit(row: sqlite3.Row, words: str) -> PlainRow:
    """Return a row with the matching passage in place of the whole text."""
    hit = dict(row)
    matching = matching_passage(hit.pop("said"), words)
    return hit | {"passage": matching, "direction": direction(row["language"])}


def _search_facets(
    connection: sqlite3.Connection, found: list[sqlite3.Row], wanted: SearchRequest
) -> dict[str, PlainRow]:
    """Return the values by which the search can be narrowed, with the articles that each leaves.

    Filters in use are not offered again.
    """
    facets = {
        "outlet": _outlet_facet(connection, found),
        "month": _month_facet(found),
        "language": counted_values(
            (row["language"] for row in found if row["language"]), language_name
        ),
        "story": _story_facet(connection, found),
    }
    return {
        name: facet_with_rest(values, is_whole=name == wanted.more)
        for name, values in facets.items()
        if values and name not in wanted.filters
    }


def _outlet_facet(connection: sqlite3.Connection, found: list[sqlite3.Row]) -> list[PlainRow]:
    """Return the outlets of the articles that were found, by host."""
    outlet_ids = json.dumps(list({row["outlet_id"] for row in found}))
    named = list(connection.execute(OUTLET_NAMES_SQL, (outlet_ids,)))
    host_of_id = {id: host for id, host, _ in named}
    name_of_host = {host: name for _, host, name in named}
    hosts = (host_of_id[row["outlet_id"]] for row in found)
    return counted_values(hosts, name_of_host.__getitem__)


def _month_facet(found: list[sqlite3.Row]) -> list[PlainRow]:
    """Return the months of the articles that were found, newest first."""
    months = (row["published_day"][:7] for row in found if row["published_day"])
    counted = counted_values(months, period_label)
    return sorted(counted, key=lambda each: each["value"], reverse=True)


def _story_facet(connection: sqlite3.Connection, found: list[sqlite3.Row]) -> list[PlainRow]:
    """Return the stories of the articles that were found."""
    ids = json.dumps([row["id"] for row in found])
    stories = connection.execute(STORY_FACET_SQL, (ids, MAX_ALL_FACET_VALUES))
    return [{"value": name, "label": title, "count": count} for name, title, count in stories]


def facet_with_rest(values: list[PlainRow], is_whole: bool) -> PlainRow:
    """Return the values of a facet that are shown, and the number of those that are not."""
    shown = values[: MAX_ALL_FACET_VALUES if is_whole else MAX_FACET_VALUES]
    return {"values": shown, "others": len(values) - len(shown)}


def counted_values(values: Iterable[str], label: Callable[[str], str]) -> list[PlainRow]:
    """Return the values with their labels and counts, most frequent first."""
    return [
        {"value": value, "label": label(value), "count": count}
        for value, count in Counter(values).most_common()
    ]
