"""Completion of hosts and story names in the shell: `dateline crawl --outlet www.b<TAB>`."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from archive.cli.base import DEFAULT_ARCHIVE, opened_archive
from archive.errors import DatelineError

MAX_COMPLETIONS = 200
"""Hosts or names that are offered at most."""

_OUTLETS_SQL = """SELECT host, name FROM outlets WHERE substr(host, 1, length(:start)) = :start
ORDER BY host LIMIT :most"""
_STORIES_SQL = """SELECT name, title FROM stories WHERE substr(name, 1, length(:start)) = :start
ORDER BY name LIMIT :most"""


def complete_outlets(
    context: click.Context, _: click.Parameter, start: str
) -> list[CompletionItem]:
    """Return the hosts of outlets that begin with `start`, with their names."""
    return _completions(context, _OUTLETS_SQL, start)


def complete_stories(
    context: click.Context, _: click.Parameter, start: str
) -> list[CompletionItem]:
    """Return the names of followed stories that begin with `start`, with their titles."""
    return _completions(context, _STORIES_SQL, start)


def _completions(context: click.Context, sql: str, start: str) -> list[CompletionItem]:
    """Return the rows of a query, or nothing where there is no archive: a shell shows no errors."""
    try:
        with opened_archive(_completed_archive(context)) as connection:
            rows = connection.execute(sql, {"start": start, "most": MAX_COMPLETIONS}).fetchall()
    except (DatelineError, sqlite3.Error):
        return []
    return [CompletionItem(value, help=title) for value, title in rows]


def _completed_archive(context: click.Context) -> Path:
    """Return the folder of the archive that the unfinished command names, or the default one."""
    several = context.params.get("folders") or [None]
    named = [several[0], context.params.get("folder"), context.find_root().params.get("folder")]
    default = Path(os.environ.get("DATELINE_ARCHIVE") or DEFAULT_ARCHIVE)
    return next((folder for folder in named if isinstance(folder, Path)), default)
