"""The command that cites articles: cite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import click

from archive.cli.base import (
    archive_option,
    cli,
    command_dependencies,
    opened_archive,
    output_option,
    typed_text,
)
from archive.cli.story_commands import write_result
from archive.errors import ArchiveError


@cli.command()
@click.argument("articles", nargs=-1, required=True, metavar="ID|URL…")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "bibtex", "ris", "csl"]),
    help="Citation format.  [default: by FILE's ending, else text]",
)
@output_option
@archive_option
def cite_command(
    articles: tuple[str, ...], form: str | None, output: Path | None, folder: Path
) -> None:
    """Cite articles as text, BibTeX, RIS or CSL-JSON.

    A citation names the outlet's own URL, the day of the capture, and its SHA-256.

    \b
    Examples: dateline cite 12
              dateline cite 12 15 --format bibtex
              dateline cite https://harbour.example/news/1 -o harbour.ris
    """
    from archive.exports.article_files import format_by_ending
    from archive.exports.citations import (
        CITATION_FILE_ENDINGS,
        CITATION_WRITERS,
        citation_format_of,
        cited_articles,
    )
    from archive.text.formatting import many

    endings = {".txt": "text", **CITATION_FILE_ENDINGS}
    chosen = form or citation_format_of(output) or format_by_ending(output, endings, "text")
    with opened_archive(folder) as connection:
        ids = list(dict.fromkeys(_article_ids(connection, folder, articles)))
        citations = cited_articles(connection, ids)
    write_result(CITATION_WRITERS[chosen](citations), output, many(len(citations), "citation"))


def _article_ids(
    connection: sqlite3.Connection, folder: Path, named: Iterable[str]
) -> Iterable[int]:
    """Yield the IDs of the articles named. Raises ArchiveError for one that is not there."""
    from archive.queries.lookup import find_article_id

    for each in named:
        id = find_article_id(connection, typed_text(each), command_dependencies().keys)
        if id is None:
            raise ArchiveError(
                f"{each}: no such article in {folder}; `dateline search WORDS` finds the IDs of articles"
            )
        yield id
