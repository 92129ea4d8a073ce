"""Lists of copies: texts that several outlets published, with who published them and when."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archive.pages.filters import page_of_rows
from archive.pages.findings.day_groups import PeriodFilters, newest_coverage_at, period_bounds
from archive.queries.lookup import PlainRow
from archive.records import format_utc
from archive.text.formatting import direction, format_hours, parse_timestamp_as_utc

COPY_LIST_SIZE = 20
"""Texts per page."""
MAX_LISTED_TEXTS = 1_000
"""Texts that are listed, those of most outlets first."""
MAX_PERIOD_ARTICLES = 20_000
"""Articles of a period whose texts are compared, the newest first."""
MAX_LISTED_COPIES = 6
"""Copies named for each text, the earliest first."""

TEXTS_OF_PERIOD_SQL = """
WITH recent AS MATERIALIZED (
  SELECT id FROM articles WHERE published_at BETWEEN :since AND :until
  ORDER BY published_at DESC LIMIT :articles
), chosen AS MATERIALIZED (
  SELECT DISTINCT v.text_id AS id FROM recent CROSS JOIN shared_text_articles v ON v.article_id = recent.id
)
SELECT c.id, count(DISTINCT v.outlet_id) AS outlets, count(*) AS articles
FROM chosen c CROSS JOIN shared_text_articles v ON v.text_id = c.id
"""

TEXTS_OF_ALL_TIME_SQL = """
SELECT v.text_id AS id, count(DISTINCT v.outlet_id) AS outlets, count(*) AS articles
FROM shared_text_articles v INDEXED BY shared_text_articles_by_text
"""

COUNTED_TEXTS_SQL = """
GROUP BY v.text_id HAVING outlets >= :least AND (:outlet IS NULL OR sum(v.outlet_id = :outlet) > 0)
ORDER BY outlets DESC, articles DESC, v.text_id DESC LIMIT :most"""

TEXT_VERSIONS_SQL = """
SELECT t.id AS text_id, t.original_id, a.id, a.headline, a.url, a.language,
       a.published_at, a.published_day, a.published_offset,
       a.fetched_at, a.word_count, a.agency, a.fingerprint, o.host AS outlet,
       coalesce(o.name, o.host) AS outlet_name
FROM json_each(?) j CROSS JOIN shared_texts t ON t.id = j.value
CROSS JOIN shared_text_articles v ON v.text_id = t.id CROSS JOIN articles a ON a.id = v.article_id
CROSS JOIN outlets o ON o.id = a.outlet_id
ORDER BY j.key, a.published_at IS NULL, a.published_at, a.id"""


@dataclass(frozen=True, slots=True)
class CopyFilters(PeriodFilters):
    """The texts to list: `days` before the newest coverage or `all`, an outlet that published
    them, and the least number of outlets."""

    days: str = ""
    outlet: str = ""
    outlets: str = ""


def copy_list_data(connection: sqlite3.Connection, filters: CopyFilters, page: int = 1) -> PlainRow:
    """Return what the list of copies shows: one page of `texts`, those of most outlets first."""
    newest = newest_coverage_at(connection)
    found = counted_texts(connection, filters, newest)
    return copy_list_page(
        filters, page, found, newest, lambda part: copied_text_rows(connection, part)
    )


def copy_list_page(
    filters: CopyFilters,
    page: int,
    found: Sequence[Any],
    newest: datetime,
    rows_of: Callable[[Sequence[Any]], list[PlainRow]],
) -> PlainRow:
    """Return one page of a list of copied texts; `rows_of` returns those found as lists show them."""
    part, page, pages = page_of_rows(found, page, COPY_LIST_SIZE)
    return {
        "texts": rows_of(part),
        "total": len(found),
        "cut": len(found) >= MAX_LISTED_TEXTS,
        "filters": filters.given,
        "days": str(filters.period_days or "all"),
        "least": filters.least_outlets,
        "newest": format_utc(newest),
        "page": page,
        "pages": pages,
    }


def most_copied_texts(
    connection: sqlite3.Connection, filters: CopyFilters, limit: int, newest: datetime | None = None
) -> list[PlainRow]:
    """Return the texts that most outlets published within the filters' period."""
    found = counted_texts(connection, filters, newest or newest_coverage_at(connection))
    return copied_text_rows(connection, found[:limit])


def counted_texts(
    connection: sqlite3.Connection, filters: CopyFilters, newest: datetime
) -> list[sqlite3.Row]:
    """Return the texts within the filters, those of most outlets first."""
    since, until = period_bounds(newest, filters.period_days)
    chosen = TEXTS_OF_PERIOD_SQL if filters.period_days else TEXTS_OF_ALL_TIME_SQL
    outlet = connection.execute("SELECT id FROM outlets WHERE host = ?", (filters.outlet,))
    found = outlet.fetchone()
    if filters.outlet and found is None:
        return []
    values = {
        "since": since,
        "until": until,
        "articles": MAX_PERIOD_ARTICLES,
        "least": filters.least_outlets,
        "outlet": found and found[0],
        "most": MAX_LISTED_TEXTS,
    }
    return connection.execute(chosen + COUNTED_TEXTS_SQL, values).fetchall()


def copied_text_rows(connection: sqlite3.Connection, counted: Sequence[Any]) -> list[PlainRow]:
    """Return texts as lists show them.

    Each has the columns of its original (the agency's own, else the earliest), `outlets`,
    `articles`, `last_at`, and the first `copies` of other outlets, each with `later` (how long
    after the original) and `is_same` (no word differs).
    """
    ids = json.dumps([row["id"] for row in counted])
    versions: dict[int, list[sqlite3.Row]] = {row["id"]: [] for row in counted}
    for version in connection.execute(TEXT_VERSIONS_SQL, (ids,)):
        versions[version["text_id"]].append(version)
    return [_copied_text_row(row, versions[row["id"]]) for row in counted if versions[row["id"]]]


def _copied_text_row(text: Any, versions: Sequence[sqlite3.Row]) -> PlainRow:
    original = next((row for row in versions if row["id"] == row["original_id"]), versions[0])
    others = [row for row in versions if row["outlet"] != original["outlet"]]
    plain = ("text_id", "id", "headline", "url", "language", "published_at", "agency",
             "word_count", "outlet", "outlet_name")  # fmt: skip
    return {name: original[name] for name in plain} | {
        "outlets": text["outlets"],
        "articles": text["articles"],
        "direction": direction(original["language"]),
        "last_at": max(row["published_at"] or row["fetched_at"] for row in versions),
        "copies": [_copy_row(original, row) for row in others[:MAX_LISTED_COPIES]],
        "more": len(others[MAX_LISTED_COPIES:]),
    }


def _copy_row(original: sqlite3.Row, copy: sqlite3.Row) -> PlainRow:
    plain = ("id", "headline", "url", "published_at", "outlet", "outlet_name", "language")
    same_headline = copy["headline"] == original["headline"]
    return {name: copy[name] for name in plain} | {
        "later": time_after(original, copy),
        "is_same": bool(copy["fingerprint"]) and copy["fingerprint"] == original["fingerprint"],
        "other_headline": None if same_headline else copy["headline"],
    }


def time_after(first: Any, other: Any) -> str | None:
    """Return how long after another an article was published; None if a time is unknown."""
    began, followed = _time_of_article(first), _time_of_article(other)
    if began is None or followed is None:
        return None
    hours = (followed - began).total_seconds() / 3600
    if abs(hours) < 1 / 60:
        return "in the same minute"
    return f"{format_hours(hours)} later" if hours > 0 else f"dated {format_hours(-hours)} earlier"


def _time_of_article(row: Any) -> datetime | None:
    """Return when an article was published; None if that is unknown, or a day without a time."""
    written = row["published_at"] or ""
    return parse_timestamp_as_utc(written) if len(written) > len("2024-02-15") else None


def copy_file_row(text: PlainRow) -> PlainRow:
    """Return a copied text as one row of a file."""
    plain = ("id", "headline", "outlet", "agency", "language", "word_count", "published_at",
             "last_at", "outlets", "articles", "url")  # fmt: skip
    named = [copy["outlet"] for copy in text["copies"]]
    return {name: text[name] for name in plain} | {"copied_by": list(dict.fromkeys(named))}
