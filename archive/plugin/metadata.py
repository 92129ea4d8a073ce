"""Titles, descriptions, sort orders, facets and canned queries for Datasette.

Datasette 0.65 reads all of them as metadata; 1.0 reads the descriptions as metadata and the rest as
configuration.
"""

from __future__ import annotations

import json
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from archive.pages.tables import CHIEF, described

Settings = dict[str, Any]

TITLE = "Dateline"
DESCRIPTION = "Who covered what, and when: articles from the outlets that this archive follows."

DESCRIBING = ("title", "description", "columns")
"""Keys that are metadata in 1.0; all others are configuration."""

SHOWN: dict[str, Settings] = {
    "articles": {
        "label_column": "headline", "sort_desc": "published_at", "size": 25,
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
    "events": {"sort_desc": "texts"},
    "checks": {"sort_desc": "id", "facets": ["outcome"]},
    "crawls": {"label_column": "started_at", "sort_desc": "id"},
    "urls": {"label_column": "url"},
    "revisions": {"sort_desc": "id", "facets": ["stealth"]},
}  # fmt: skip
"""For each table and view, the settings that the schema's comments do not give."""

HIDDEN = ("_sqlite_migrations", "urls", "texts", "versions")
"""Auxiliary tables, hidden like the internal ones (all except `archive.pages.tables.CHIEF`)."""


def configuration(version: str, databases: tuple[str, ...] = ("archive",)) -> Settings:
    """Return the configuration of archives with these names for a version of Datasette.

    For 0.65 that is its metadata; for 1.0 a `datasette.yaml` as a dict, including its `metadata`.
    """
    whole = _metadata(databases)
    return whole if version.startswith("0.") else _split(whole)


@cache
def queries() -> dict[str, Settings]:
    """Return the canned queries by name: `title`, `description`, `sql`, and `params` if any."""
    text = (files("archive.plugin") / "queries.toml").read_text("utf-8")
    return {
        name: query | {"sql": query["sql"].strip(), "hide_sql": True}
        for name, query in tomllib.loads(text).items()
    }


@cache
def descriptions() -> dict[str, Settings]:
    """Return the schema's comments: each table's `description` and `columns`."""
    return {name: _description(table) for name, table in described().items()}


def _description(table: Settings) -> Settings:
    """Return a table's description without columns that have no comment."""
    columns = {name: comment for name, comment in table["columns"].items() if comment}
    return {"description": table["description"], "columns": columns}


def _metadata(databases: tuple[str, ...]) -> Settings:
    return json.loads(_metadata_as_json(databases))  # type: ignore[no-any-return]


@cache
def _metadata_as_json(databases: tuple[str, ...]) -> str:
    """Return the metadata for 0.65 as JSON.

    Datasette 0.65 asks for it once per table and modifies what it gets, and parsing JSON is a cheap
    way to make a fresh copy.
    """
    described_tables = descriptions()
    internal = [name for name in described_tables if name not in CHIEF]
    hidden = {name: {"hidden": True} for name in [*HIDDEN, *internal]}
    tables: dict[str, Settings] = {}
    for part in (described_tables, SHOWN, hidden):
        for name, values in part.items():
            tables[name] = tables.get(name, {}) | values
    archive = {"description": DESCRIPTION, "tables": tables, "queries": queries()}
    whole = {
        "title": TITLE,
        "description": DESCRIPTION,
        "databases": dict.fromkeys(databases, archive),
    }
    return json.dumps(whole)


def _split(whole: Settings) -> Settings:
    """Split the metadata of 0.65 into the metadata and configuration of 1.0."""
    metadata: Settings = {name: value for name, value in whole.items() if name != "databases"}
    metadata["databases"] = {}
    config: Settings = {"metadata": metadata, "databases": {}}
    for name, archive in whole["databases"].items():
        described_tables, configured = {}, {}
        for table, values in archive["tables"].items():
            described_tables[table] = {key: values[key] for key in values if key in DESCRIBING}
            configured[table] = {key: values[key] for key in values if key not in DESCRIBING}
        metadata["databases"][name] = {
            "description": archive["description"],
            "tables": described_tables,
        }
        config["databases"][name] = {"tables": configured, "queries": archive["queries"]}
    return config
