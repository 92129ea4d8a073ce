"""The tables and views of a file as its schema's steps leave them, with their comments.

SQLite keeps no comments on columns that a later step adds or renames, so the steps themselves are
read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from archive.storage.schema import DatabaseSchema, split_statements

STATEMENT_PATTERN = re.compile(
    r"\s*(?P<comment>(?:-- [^\n]*\n)*)"
    r"(?P<action>CREATE VIRTUAL TABLE|CREATE TABLE|CREATE VIEW|DROP VIEW|ALTER TABLE) (?P<name>\w+)"
    r"(?P<body>.*)",
    re.DOTALL,
)
COLUMN_LINE_PATTERN = re.compile(
    r"^  (\w+) ((?:TEXT|INTEGER|REAL|BLOB)\b[^\n]*?),?(?: *-- ([^\n]*))?$", re.MULTILINE
)
ADDED_COLUMN_PATTERN = re.compile(r"\s*ADD COLUMN (\w+) ([^;]+);\s*(?:-- ([^\n]+))?")
DROPPED_COLUMN_PATTERN = re.compile(r"\s*DROP COLUMN (\w+)")
RENAMED_COLUMN_PATTERN = re.compile(r"\s*RENAME COLUMN (\w+) TO (\w+)")
RENAMED_TABLE_PATTERN = re.compile(r"\s*RENAME TO (\w+)")
REFERENCE_PATTERN = re.compile(r"REFERENCES (\w+)\((\w+)\)")


@dataclass(frozen=True, slots=True)
class DescribedColumn:
    """A column of a table, a view, or the full-text index."""

    definition: str = ""
    """Type and constraints: `TEXT NOT NULL`; empty in views and in the full-text index."""
    comment: str = ""
    """The contents of the column; empty if the schema does not describe them."""


@dataclass(slots=True)
class DescribedTable:
    """A table or view with its comments."""

    kind: str
    """`table`, `view` or `virtual table`."""
    description: str
    columns: dict[str, DescribedColumn] = field(default_factory=dict)


def described_tables(schema: DatabaseSchema) -> dict[str, DescribedTable]:
    """Return the tables and views that exist after the last step, by name."""
    tables: dict[str, DescribedTable] = {}
    for _, script in schema.steps:
        for statement in split_statements(script):
            if match := STATEMENT_PATTERN.match(statement):
                _apply_statement(tables, match)
    return tables


def referenced_column(definition: str) -> tuple[str, str] | None:
    """Return table and column that a column's definition refers to, or None."""
    match = REFERENCE_PATTERN.search(definition)
    return (match[1], match[2]) if match else None


def _apply_statement(tables: dict[str, DescribedTable], match: re.Match[str]) -> None:
    """Apply one statement to the tables as they were before it."""
    action, name, body = match["action"], match["name"], match["body"]
    if action.startswith("CREATE"):
        comment = " ".join(line.removeprefix("-- ") for line in match["comment"].splitlines())
        kind = action.removeprefix("CREATE ").lower()
        tables[name] = DescribedTable(kind, comment, _created_columns(kind, body))
    elif action == "DROP VIEW":
        del tables[name]
    else:
        _alter_table(tables, name, body)


def _created_columns(kind: str, body: str) -> dict[str, DescribedColumn]:
    """Return the columns in a CREATE statement, from what follows the name."""
    if kind == "table":
        return {
            name: DescribedColumn(definition, comment.strip())
            for name, definition, comment in COLUMN_LINE_PATTERN.findall(body)
        }
    if kind == "view":
        head, _, select = body.partition("AS\nSELECT ")
        listed = head.strip().strip("()").strip() or select.partition("FROM")[0]
    else:
        listed = body.partition("fts5(")[2].partition("content=")[0]
    names = [part.strip() for part in listed.split(",") if part.strip()]
    return {re.split(r" AS |\.", name)[-1]: DescribedColumn() for name in names}


def _alter_table(tables: dict[str, DescribedTable], name: str, change: str) -> None:
    """Add, drop or rename a column, or rename the table."""
    columns = tables[name].columns
    if added := ADDED_COLUMN_PATTERN.match(change):
        columns[added[1]] = DescribedColumn(added[2], added[3] or "")
    elif dropped := DROPPED_COLUMN_PATTERN.match(change):
        del columns[dropped[1]]
    elif renamed := RENAMED_COLUMN_PATTERN.match(change):
        tables[name].columns = {
            renamed[2] if column == renamed[1] else column: described
            for column, described in columns.items()
        }
    elif moved := RENAMED_TABLE_PATTERN.match(change):
        _rename_table(tables, name, moved[1])
    else:
        raise ValueError(f"unknown change of {name}: {change}")


def _rename_table(tables: dict[str, DescribedTable], old: str, new: str) -> None:
    """Rename a table at its place, and in the definitions that refer to it."""
    renamed = {new if name == old else name: table for name, table in tables.items()}
    tables.clear()
    tables.update(renamed)
    for table in tables.values():
        table.columns = {
            name: DescribedColumn(
                re.sub(rf"REFERENCES {old}\(", f"REFERENCES {new}(", column.definition),
                column.comment,
            )
            for name, column in table.columns.items()
        }
