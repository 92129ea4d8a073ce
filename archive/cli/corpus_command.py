"""The command that writes a corpus for research."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.base import archive_option, cli, opened_archive, typed_text
from archive.cli.completion import complete_stories
from archive.errors import UsageError

if TYPE_CHECKING:
    from archive.exports.corpus import CorpusQuery

CORPUS_SUBJECTS = ("story", "search")
"""Prefixes that say what a name is: `story:harbour-strike`, `search:ferries`."""


@cli.command("corpus")
@click.argument("name", metavar="NAME", shell_complete=complete_stories)
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              required=True, help="The new folder to write, complete or not at all.")  # fmt: skip
@archive_option
def corpus_command(name: str, output: Path, folder: Path) -> None:
    """Write the articles of a story or a saved search as a corpus.

    The folder holds the articles and their copies, events, stories and revisions as JSON lines, CSV
    and, with `pip install pyarrow`, Parquet; a README with the query, versions and
    counts; and SHA-256SUMS. The same archive makes the same bytes.

    \b
    Examples: dateline corpus harbour-strike -o harbour-strike
              dateline corpus search:ferries -o ferries
    """
    from archive.cli.progress_bar import progress_bar
    from archive.exports.corpus import write_corpus
    from archive.exports.table_files import read_transaction
    from archive.text.formatting import many

    # the README is of the same moment as the tables
    with opened_archive(folder) as connection, read_transaction(connection):
        query = _corpus_query(connection, folder, typed_text(name))
        with progress_bar("writing", "articles") as report:
            written = write_corpus(connection, query, output, report)
    articles = next(rows for file, rows in written if file.table == "articles")
    click.echo(f"{many(articles, 'article')} in {len(written) + 2} files → {output}", err=True)


def _corpus_query(connection: sqlite3.Connection, folder: Path, name: str) -> CorpusQuery:
    """Return the articles that a name stands for; raises UsageError for an unknown name, or one of
    both a story and a search."""
    kind, found_colon, rest = name.partition(":")
    if found_colon and kind in CORPUS_SUBJECTS:
        return _query_of(kind, connection, folder, rest)
    found = [kind for kind in CORPUS_SUBJECTS if _is_known(connection, kind, name)]
    if len(found) == 2:
        raise UsageError(f"{name}: a story and a saved search; write story:{name} or search:{name}")
    if not found:
        raise UsageError(
            f"{name}: neither a story nor a saved search; `dateline stories` and "
            "`dateline search --list-saved` list them"
        )
    return _query_of(found[0], connection, folder, name)


def _is_known(connection: sqlite3.Connection, kind: str, name: str) -> bool:
    """Return whether there is a story or a saved search of this name."""
    table = {"story": "stories", "search": "saved_searches"}[kind]
    found = connection.execute(
        f"SELECT 1 FROM {table} WHERE name = ?",  # noqa: S608  our own names
        (" ".join(name.split()),),
    )
    return found.fetchone() is not None


def _query_of(kind: str, connection: sqlite3.Connection, folder: Path, name: str) -> CorpusQuery:
    """Return the articles of a story or of a saved search."""
    return (
        _story_query(connection, name)
        if kind == "story"
        else _search_query(connection, folder, name)
    )


def _story_query(connection: sqlite3.Connection, name: str) -> CorpusQuery:
    """Return the articles of a story, with its definition."""
    from archive.articles.stories import find_story
    from archive.exports.corpus import CorpusQuery
    from archive.exports.story_files import stories_as_toml
    from archive.exports.table_files import ArticleSelection

    story = find_story(connection, name)
    definition = (
        "The articles of a story that was followed with Dateline. Its definition, which "
        "`dateline follow --from FILE` reads, with the verdicts of people:\n\n"
        f"```toml\n{stories_as_toml(connection, [story]).strip()}\n```"
    )
    condition = "a.id IN (SELECT id FROM story_coverage WHERE story_id = :story)"
    return CorpusQuery(story.title, definition, ArticleSelection(condition, {"story": story.id}))


def _search_query(connection: sqlite3.Connection, folder: Path, name: str) -> CorpusQuery:
    """Return the articles of a saved search, with its words and filters."""
    from archive.cli.read_commands import parsed_filters
    from archive.cli.search_saving import read_saved_search
    from archive.exports.article_files import article_condition
    from archive.exports.corpus import CorpusQuery
    from archive.exports.table_files import ArticleSelection

    words, filters = read_saved_search(folder, name)
    given = parsed_filters(connection, folder, dict(filters))
    lines = [f"- words: `{words}`", *(f"- {key}: {value}" for key, value in sorted(given.items()))]
    definition = "\n".join(
        ["The articles that match a search that was saved in Dateline, with copies:", "", *lines]
    )
    selection = ArticleSelection(*article_condition(words, **given))
    return CorpusQuery(name, definition, selection)
