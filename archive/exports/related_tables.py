"""Tables beside exported articles: copies, events, stories and revisions, a row for each relation.

Each row names its article by `article_id`, by which a table is joined to the articles.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from archive.exports.table_columns import ColumnKind, TableColumn, date_precision, exact_time
from archive.queries.lookup import PlainRow

SELECTED_ARTICLES_SQL = (
    "(SELECT a.id FROM articles a JOIN outlets o ON o.id = a.outlet_id WHERE {condition})"
)
DERIVED_REVISION_COLUMNS = ("published_precision", "modified_precision")
"""Columns of typed files alone; in text a timestamp shows its precision itself."""


@dataclass(frozen=True, slots=True)
class RelatedTable:
    """A table beside the articles; `sql` contains `{articles}`, the query of their IDs."""

    sql: str
    columns: tuple[TableColumn, ...]


def _columns(**kinds: ColumnKind) -> tuple[TableColumn, ...]:
    """The columns of these names and kinds."""
    return tuple(
        TableColumn(name, kind, name in DERIVED_REVISION_COLUMNS) for name, kind in kinds.items()
    )


RELATED_TABLES: Mapping[str, RelatedTable] = {
    "copies": RelatedTable(
        """SELECT v.article_id, t.id AS text_id, t.original_id, v.article_id = t.original_id AS is_original,
               b.host AS original_outlet, f.other_outlets
        FROM shared_text_articles v JOIN shared_texts t ON t.id = v.text_id
        JOIN originals f ON f.id = v.article_id
        LEFT JOIN articles r ON r.id = t.original_id LEFT JOIN outlets b ON b.id = r.outlet_id
        WHERE v.article_id IN {articles} ORDER BY v.article_id, t.id""",
        _columns(
            article_id="integer",
            text_id="integer",
            original_id="integer",
            is_original="flag",
            original_outlet="text",
            other_outlets="integer",
        ),
    ),
    "events": RelatedTable(
        """SELECT m.article_id, m.event_id, m.joined, m.score, e.articles, e.texts, e.first_at, e.last_at
        FROM event_articles m JOIN events e ON e.id = m.event_id
        WHERE m.article_id IN {articles} ORDER BY m.article_id, m.event_id""",
        _columns(
            article_id="integer",
            event_id="integer",
            joined="text",
            score="number",
            articles="integer",
            texts="integer",
            first_at="text",
            last_at="text",
        ),
    ),
    "stories": RelatedTable(
        """SELECT m.article_id, s.name AS story, s.title, m.probability, m.tier, m.part, m.verdict, m.found_at
        FROM story_articles m JOIN stories s ON s.id = m.story_id
        WHERE m.article_id IN {articles} AND (m.verdict IS NOT NULL OR m.tier IS NOT NULL)
        ORDER BY m.article_id, s.name""",
        _columns(
            article_id="integer",
            story="text",
            title="text",
            probability="number",
            tier="text",
            part="text",
            verdict="text",
            found_at="time",
        ),
    ),
    "revisions": RelatedTable(
        """SELECT r.article_id, r.number, r.seen_at, r.kinds, r.stealth, r.words_added, r.words_removed,
               r.headline, r.standfirst, r.byline, r.published_at, r.modified_at, r.text, r.digest
        FROM revisions r WHERE r.article_id IN {articles} ORDER BY r.article_id, r.number""",
        _columns(
            article_id="integer",
            number="integer",
            seen_at="time",
            kinds="texts",
            stealth="flag",
            words_added="integer",
            words_removed="integer",
            headline="text",
            standfirst="text",
            byline="text",
            published_at="time",
            published_precision="text",
            modified_at="time",
            modified_precision="text",
            text="text",
            digest="text",
        ),
    ),
}
"""The tables by their names in `--with`."""


def related_rows(
    connection: sqlite3.Connection, name: str, condition: str, values: Mapping[str, object]
) -> Iterator[PlainRow]:
    """Yield the rows of a related table for the articles that match a condition.

    Lists are lists, flags are true or false, and timestamps are text as the archive has them.
    """
    table = RELATED_TABLES[name]
    sql = table.sql.format(articles=SELECTED_ARTICLES_SQL.format(condition=condition))
    kinds = {column.name: column.kind for column in table.columns}
    for row in connection.execute(sql, values):
        yield {key: _plain_value(kinds[key], row[key]) for key in row.keys()}  # noqa: SIM118


def typed_related_row(name: str, row: PlainRow) -> PlainRow:
    """Return a row of a related table with typed values."""
    typed = dict(row)
    for column in RELATED_TABLES[name].columns:
        if column.kind == "time":
            typed[column.name] = exact_time(row[column.name])
        elif column.is_derived:
            dated = row[column.name.replace("_precision", "_at")]
            typed[column.name] = date_precision(dated)
    return typed


def _plain_value(kind: ColumnKind, value: object) -> object:
    """Return a value of the database as JSON has it."""
    if value is None:
        return None
    if kind == "texts":
        return json.loads(str(value))
    return bool(value) if kind == "flag" else value
