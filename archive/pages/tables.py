"""The page that explains the tables: the schema's own comments, each with a query to try."""

from __future__ import annotations

from functools import cache

from archive.queries.lookup import PlainRow
from archive.storage.described_tables import DescribedTable, described_tables
from archive.storage.schema import ARCHIVE_SCHEMA

EXPLAINED_TABLES = (
    "articles", "outlets", "coverage", "originals", "relations", "revisions", "stories", "story_articles",
    "story_coverage", "events", "event_articles", "event_coverage", "urls", "fetches", "crawls", "shared_texts",
    "shared_text_articles",
)  # fmt: skip
"""Tables that people query, in the order in which they are explained; the others are internal."""

EXAMPLE_QUERIES = {
    "articles": (
        "The newest articles of an agency",
        "SELECT id, published_at, headline FROM articles WHERE agency = 'AP' ORDER BY published_at DESC LIMIT 20",
    ),
    "outlets": ("Outlets of a language", "SELECT host, name FROM outlets WHERE language = 'en' ORDER BY host"),
    "coverage": (
        "Who wrote most last month",
        "SELECT byline, outlet, count(*) AS articles FROM coverage WHERE byline IS NOT NULL "
        "AND published_at >= date('now', '-1 month') GROUP BY byline, outlet ORDER BY articles DESC LIMIT 20",
    ),
    "originals": (
        "Texts that most outlets published",
        "SELECT c.id, c.outlet, c.headline, f.other_outlets FROM originals f JOIN coverage c ON c.id = f.id "
        "WHERE f.id = f.original_id AND f.other_outlets > 0 ORDER BY f.other_outlets DESC LIMIT 20",
    ),
    "relations": (
        "Shortened copies",
        "SELECT article_id, other_id, coverage, other_coverage, facts FROM relations WHERE kind = 'excerpt' LIMIT 20",
    ),
    "revisions": (
        "Corrections",
        "SELECT article_id, number, seen_at, headline FROM revisions WHERE kinds LIKE '%\"correction\"%' "
        "ORDER BY seen_at DESC LIMIT 20",
    ),
    "stories": ("The followed stories", "SELECT name, title, since, until FROM stories ORDER BY name"),
    "story_articles": (
        "Articles that a person rejected",
        "SELECT s.name, m.article_id, m.judged_at FROM story_articles m JOIN stories s ON s.id = m.story_id "
        "WHERE m.verdict = 'not'",
    ),
    "story_coverage": (
        "A story's articles by day",
        "SELECT story, published_day AS day, count(*) AS articles FROM story_coverage "
        "GROUP BY story, day ORDER BY story, day DESC LIMIT 100",
    ),
    "events": (
        "The largest events",
        "SELECT id, articles, texts, first_at, last_at FROM events ORDER BY texts DESC LIMIT 20",
    ),
    "event_articles": (
        "Why articles joined their events",
        "SELECT joined, count(*) AS articles, round(avg(score), 2) AS score FROM event_articles GROUP BY joined",
    ),
    "event_coverage": (
        "The largest event, article by article",
        "SELECT id, published_at, outlet, headline FROM event_coverage "
        "WHERE event_id = (SELECT id FROM events ORDER BY texts DESC LIMIT 1) ORDER BY published_at",
    ),
    "urls": (
        "URLs of one article",
        "SELECT url, role, via, found_at FROM urls WHERE article_id = 1 ORDER BY id",
    ),
    "fetches": (
        "Results of fetching pages",
        "SELECT outcome, count(*) AS fetches, round(avg(seconds), 2) AS seconds FROM "
        "(SELECT * FROM fetches ORDER BY id DESC LIMIT 10000) GROUP BY outcome ORDER BY fetches DESC",
    ),
    "crawls": ("The last crawls", "SELECT started_at, finished_at, state, command FROM crawls ORDER BY id DESC LIMIT 10"),
    "shared_texts": ("Number of texts that several articles share", "SELECT count(*) AS texts FROM shared_texts"),
    "shared_text_articles": (
        "Who shares texts with whom",
        "SELECT v.outlet_id, w.outlet_id AS other_id, count(*) AS texts FROM shared_text_articles v "
        "JOIN shared_text_articles w ON w.text_id = v.text_id AND w.outlet_id > v.outlet_id "
        "GROUP BY 1, 2 ORDER BY texts DESC LIMIT 20",
    ),
}  # fmt: skip
"""For each of these tables a title and a query that runs on any archive."""


@cache
def schema_descriptions() -> dict[str, PlainRow]:
    """Return each table's and view's `kind`, `description` and `columns`.

    `columns` maps a column to what it holds, or to '' if that is obvious.
    """
    return {
        name: _table_description(table) for name, table in described_tables(ARCHIVE_SCHEMA).items()
    }


def _table_description(table: DescribedTable) -> PlainRow:
    """Return the description of one table or view, in plain text."""
    columns = {name: column.comment.replace("`", "") for name, column in table.columns.items()}
    return {
        "kind": table.kind,
        "description": table.description.replace("`", ""),
        "columns": columns,
    }


def explained_tables() -> list[PlainRow]:
    """Return the tables that people query.

    Each has its `name`, an `example` (title and SQL) and the values of `schema_descriptions`.
    """
    tables = schema_descriptions()
    return [
        {"name": name, "example": EXAMPLE_QUERIES[name], **tables[name]}
        for name in EXPLAINED_TABLES
    ]
