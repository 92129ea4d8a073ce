"""What Datasette is told of an archive: titles, descriptions, sort orders, facets and canned
queries.

Datasette 0.65 reads all of it as metadata; 1.0 keeps the descriptions there and takes the rest as
configuration.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from archive.pages.tables import CHIEF, described

Settings = dict[str, Any]

TITLE = "Dateline"
DESCRIPTION = (
    "Who covered what, and when: articles read clean from the outlets that this archive follows."
)

DESCRIBING = ("title", "description", "columns")
"""What 1.0 calls metadata; all else is its configuration."""

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
"""Of each table and view, what is not in the schema's own comments."""

HIDDEN = ("_sqlite_migrations", "urls", "texts", "versions")
"""Besides the tables of which people are told nothing (`archive.pages.tables.CHIEF`): they serve
the others."""


def configuration(version: str, databases: tuple[str, ...] = ("archive",)) -> Settings:
    """What a Datasette of that version is to be given for archives of these names.

    For 0.65 its metadata; for 1.0 a `datasette.yaml` as a dict, its `metadata` within.
    """
    whole = _metadata(databases)
    return whole if version.startswith("0.") else _split(whole)


@cache
def queries() -> dict[str, Settings]:
    """The canned queries by name: `title`, `description`, `sql`, and `params` where there are
    some."""
    asked = tomllib.loads((files("archive.plugin") / "queries.toml").read_text("utf-8"))
    return {
        name: query | {"sql": query["sql"].strip(), "hide_sql": True}
        for name, query in asked.items()
    }


@cache
def descriptions() -> dict[str, Settings]:
    """What the schema's comments say: by table its `description` and its `columns`."""
    return {
        table: {
            "description": told["description"],
            "columns": {name: said for name, said in told["columns"].items() if said},
        }
        for table, told in described().items()
    }


def _metadata(databases: tuple[str, ...]) -> Settings:
    return json.loads(_metadata_as_json(databases))  # type: ignore[no-any-return]


@cache
def _metadata_as_json(databases: tuple[str, ...]) -> str:
    """As JSON, because Datasette 0.65 asks for each table and writes into what it gets: a fresh
    copy is cheap so."""
    said = descriptions()
    hidden = {
        name: {"hidden": True} for name in [*HIDDEN, *(name for name in said if name not in CHIEF)]
    }
    parts = (said, SHOWN, hidden)
    tables = {
        name: _joined(part.get(name, {}) for part in parts) for name in {**said, **SHOWN, **hidden}
    }
    archive = {"description": DESCRIPTION, "tables": tables, "queries": queries()}
    return json.dumps(
        {"title": TITLE, "description": DESCRIPTION, "databases": dict.fromkeys(databases, archive)}
    )


def _joined(parts: Iterable[Settings]) -> Settings:
    return {key: value for part in parts for key, value in part.items()}


def _split(whole: Settings) -> Settings:
    """Metadata as 0.65 has it → the two halves of 1.0."""
    metadata: Settings = {name: value for name, value in whole.items() if name != "databases"} | {
        "databases": {}
    }
    config: Settings = {"metadata": metadata, "databases": {}}
    for name, archive in whole["databases"].items():
        told, set_ = {}, {}
        for table, values in archive["tables"].items():
            told[table] = {key: value for key, value in values.items() if key in DESCRIBING}
            set_[table] = {key: value for key, value in values.items() if key not in DESCRIBING}
        metadata["databases"][name] = {"description": archive["description"], "tables": told}
        config["databases"][name] = {"tables": set_, "queries": archive["queries"]}
    return config
