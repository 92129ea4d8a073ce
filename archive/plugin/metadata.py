"""Titles, descriptions, sort orders, facets and canned queries for Datasette.

Datasette 0.65 reads all of them as metadata; 1.0 reads the descriptions as metadata and the rest as
configuration.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Any

from archive.pages.tables import EXPLAINED_TABLES, schema_descriptions

DatasetteMetadata = dict[str, Any]
Questions = dict[str, DatasetteMetadata]
"""Canned queries by name."""

DEFAULT_TITLE = "Dateline"
DEFAULT_DESCRIPTION = (
    "Who covered what, and when: articles from the outlets that this archive follows."
)

METADATA_KEYS = ("title", "description", "columns")
"""Keys that are metadata in 1.0; all others are configuration."""

TABLE_SETTINGS: dict[str, DatasetteMetadata] = {
    "articles": {
        "label_column": "headline", "sort_desc": "published_at", "size": 20,
        "fts_table": "articles_fts", "fts_pk": "id", "facets": ["outlet_id", "language"],
        "sortable_columns": ["id", "outlet_id", "published_at", "modified_at", "fetched_at", "language", "word_count"],
    },
    "coverage": {
        "sort_desc": "published_at", "facets": ["outlet", "language"], "fts_table": "articles_fts", "fts_pk": "id",
    },
    "outlets": {"label_column": "host", "sort": "host"},
    "stories": {"label_column": "name", "sort": "name"},
    "story_coverage": {"sort_desc": "published_at", "facets": ["story", "outlet"]},
    "event_coverage": {"sort_desc": "published_at"},
    "other_pages": {"sort_desc": "fetched_at", "facets": ["page_type", "outlet"]},
    "events": {"sort_desc": "texts"},
    "fetches": {"sort_desc": "id", "facets": ["outcome"]},
    "crawls": {"label_column": "started_at", "sort_desc": "id"},
    "urls": {"label_column": "url"},
    "revisions": {"sort_desc": "id", "facets": ["stealth"]},
}  # fmt: skip
TABLE_PAGE_SIZES = frozenset(
    int(settings["size"]) for settings in TABLE_SETTINGS.values() if "size" in settings
)
"""Rows of a page of tables that have other pages than the rest."""
"""For each table and view, the settings that the schema's comments do not give."""

FOLDED_COLUMNS = {
    "articles": ("bigrams", "text", "page_title", "canonical_url", "image_url", "digest",
                 "fingerprint", "extractor", "stated_at", "published_raw", "modified_raw", "free"),
}  # fmt: skip
"""Columns that a table shows only to those who choose them."""

HIDDEN_TABLES = ("_sqlite_migrations", "urls", "shared_texts", "shared_text_articles")
"""Auxiliary tables, hidden like the internal ones (all except
`archive.pages.tables.EXPLAINED_TABLES`)."""


def configuration(
    version: str,
    databases: tuple[str, ...] = ("archive",),
    own_questions: Mapping[str, Questions] | None = None,
) -> DatasetteMetadata:
    """Return the configuration of archives with these names for a version of Datasette.

    For 0.65 that is its metadata; for 1.0 a `datasette.yaml` as a dict, including its `metadata`.
    `own_questions` are further questions of each archive.
    """
    whole = _fresh_metadata(databases)
    for database, questions in (own_questions or {}).items():
        whole["databases"][database]["queries"] |= deepcopy(questions)
    return whole if version.startswith("0.") else _split_metadata(whole)


def table_settings(databases: tuple[str, ...]) -> DatasetteMetadata:
    """Return the part of the metadata for 0.65 that says how tables are shown, in a fresh copy.

    It is what 0.65 looks at where it asks for `tables`: for the facets of a table, and several
    times a page for permissions, where copying all descriptions would be half of the cost.
    """
    return {"databases": {name: {"tables": deepcopy(TABLE_SETTINGS)} for name in databases}}


@cache
def canned_queries() -> Questions:
    """Return the canned queries by name: `title`, `description`, `sql`, and `params` if any."""
    text = (files("archive.plugin") / "queries.toml").read_text("utf-8")
    return {
        name: query | {"sql": query["sql"].strip(), "hide_sql": True}
        for name, query in tomllib.loads(text).items()
    }


QUESTION_GROUPS = {
    "coverage": "Coverage",
    "copying": "Copying",
    "changes": "Changes",
    "health": "Health of the archive",
}
"""Groups of the questions and their headings, in the order in which they are listed."""


def grouped_questions(own: Questions | None = None) -> list[tuple[str, Questions]]:
    """Return the headings of the groups, each with its questions by name.

    `own` are further questions; a group of theirs that is not known is a heading.
    """
    questions = canned_queries() | (own or {})
    groups = dict.fromkeys([*QUESTION_GROUPS, *(query["group"] for query in questions.values())])
    return [
        (
            QUESTION_GROUPS.get(group, group),
            {name: query for name, query in questions.items() if query["group"] == group},
        )
        for group in groups
    ]


@cache
def table_descriptions() -> dict[str, DatasetteMetadata]:
    """Return the schema's comments: each table's `description` and `columns`."""
    return {name: _table_comments(table) for name, table in schema_descriptions().items()}


def table_sentence(table: str) -> str:
    """Return the description of a table or view; empty for one that the schema does not have."""
    return str(table_descriptions().get(table, {}).get("description", ""))


def folded_columns(table: str, chosen: object) -> tuple[str, ...]:
    """Return the columns that a table does not show; none once a visitor has chosen columns."""
    return () if chosen else FOLDED_COLUMNS.get(table, ())


def _table_comments(table: DatasetteMetadata) -> DatasetteMetadata:
    """Return a table's description without columns that have no comment."""
    columns = {name: comment for name, comment in table["columns"].items() if comment}
    return {"description": table["description"], "columns": columns}


def _fresh_metadata(databases: tuple[str, ...]) -> DatasetteMetadata:
    return json.loads(_metadata_as_json(databases))  # type: ignore[no-any-return]


@cache
def _metadata_as_json(databases: tuple[str, ...]) -> str:
    """Return the metadata for 0.65 as JSON.

    Datasette 0.65 asks for it once per table and modifies what it gets, and parsing JSON is a cheap
    way to make a fresh copy.
    """
    described_tables = table_descriptions()
    internal = [name for name in described_tables if name not in EXPLAINED_TABLES]
    hidden = {name: {"hidden": True} for name in [*HIDDEN_TABLES, *internal]}
    tables: dict[str, DatasetteMetadata] = {}
    for part in (described_tables, TABLE_SETTINGS, hidden):
        for name, values in part.items():
            tables[name] = tables.get(name, {}) | values
    archive = {"description": DEFAULT_DESCRIPTION, "tables": tables, "queries": canned_queries()}
    whole = {
        "title": DEFAULT_TITLE,
        "description": DEFAULT_DESCRIPTION,
        "databases": dict.fromkeys(databases, archive),
    }
    return json.dumps(whole)


def _split_metadata(whole: DatasetteMetadata) -> DatasetteMetadata:
    """Split the metadata of 0.65 into the metadata and configuration of 1.0."""
    metadata: DatasetteMetadata = {
        name: value for name, value in whole.items() if name != "databases"
    }
    metadata["databases"] = {}
    config: DatasetteMetadata = {"metadata": metadata, "databases": {}}
    for name, archive in whole["databases"].items():
        described_tables, configured = {}, {}
        for table, values in archive["tables"].items():
            described_tables[table] = {key: values[key] for key in values if key in METADATA_KEYS}
            configured[table] = {key: values[key] for key in values if key not in METADATA_KEYS}
        metadata["databases"][name] = {
            "description": archive["description"],
            "tables": described_tables,
        }
        config["databases"][name] = {"tables": configured, "queries": archive["queries"]}
    return config
