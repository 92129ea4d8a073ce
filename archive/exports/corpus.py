"""Write the articles of a story or a search as a corpus: data, a README, and checksums.

The same archive makes the same bytes: rows are in the order of IDs, and nothing says when the corpus
was written.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from archive.errors import ArchiveError, UsageError
from archive.exports.dossier import escape_markdown
from archive.exports.parquet_files import is_parquet_installed, parquet_writer_version
from archive.exports.related_tables import RELATED_TABLES, SELECTED_ARTICLES_SQL
from archive.exports.table_files import ArticleSelection, TableFile, write_article_tables
from archive.progress import ProgressReport, ignore_progress
from archive.text.formatting import many

CHECKSUM_FILE_NAME = "SHA-256SUMS"
README_FILE_NAME = "README.md"

CORPUS_TOTALS_SQL = """
SELECT count(*) AS articles, count(DISTINCT outlet_id) AS outlets, count(DISTINCT language) AS languages,
       min(published_day) AS first, max(published_day) AS last, sum(published_at IS NULL) AS undated,
       max(fetched_at) AS fetched_at
FROM articles WHERE id IN {articles}"""
CORPUS_OUTLETS_SQL = """
SELECT o.host, count(*) AS articles FROM articles a JOIN outlets o ON o.id = a.outlet_id
WHERE a.id IN {articles} GROUP BY o.id ORDER BY articles DESC, o.host"""
CORPUS_EXTRACTORS_SQL = """
SELECT coalesce(extractor, 'unknown') AS extractor, count(*) AS articles FROM articles
WHERE id IN {articles} GROUP BY 1 ORDER BY 1"""
NEWEST_STEP_SQL = (
    "SELECT max(name) FROM _sqlite_migrations WHERE migration_set = 'dateline.archive'"
)


@dataclass(frozen=True, slots=True)
class CorpusQuery:
    """The articles of a corpus: a title, the definition as text, and the condition."""

    title: str
    definition: str
    """Lines of Markdown that say which articles these are."""
    selection: ArticleSelection


def write_corpus(
    connection: sqlite3.Connection,
    query: CorpusQuery,
    folder: Path,
    report: ProgressReport = ignore_progress,
) -> list[tuple[TableFile, int]]:
    """Write a corpus into a new folder, complete or not at all; return its tables and their rows.

    Raises UsageError if the folder contains something, or if no article belongs to the corpus.
    """
    totals = _row_of(connection, CORPUS_TOTALS_SQL, query.selection)
    if not totals["articles"]:
        raise UsageError(f"{query.title}: no articles, so there is nothing to write")
    with new_folder(folder) as aside:
        files = _corpus_files(aside)
        counts = write_article_tables(connection, query.selection, files, report)
        written = list(zip(files, counts, strict=True))
        readme = _readme_text(connection, query, totals, written)
        (aside / README_FILE_NAME).write_text(readme, encoding="utf-8")
        (aside / CHECKSUM_FILE_NAME).write_text(_checksum_lines(aside), encoding="utf-8")
    return written


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Make a folder that takes its name only when it is complete.

    Raises UsageError if something with this name exists that is not an empty folder, or for the
    working folder, and ArchiveError if it cannot be written.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(f"{folder}: exists already; name a new folder, or remove it first")
    place = folder.absolute()
    if place == Path.cwd():  # replacing it would leave the terminal in a folder that is gone
        raise UsageError(f"{folder}: is the folder that you are in; name a new folder")
    aside = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        aside.mkdir(parents=True)
        yield aside
        aside.replace(folder)
    except OSError as error:
        raise ArchiveError(f"{folder}: cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _corpus_files(folder: Path) -> list[TableFile]:
    """The files of a corpus: each table in each format that can be written."""
    forms = ["jsonl", "csv"] + (["parquet"] if is_parquet_installed() else [])
    return [
        TableFile(table, folder / f"{table}.{form}", form)
        for table in ("articles", *RELATED_TABLES)
        for form in forms
    ]


def _rows_of(
    connection: sqlite3.Connection, sql: str, selection: ArticleSelection
) -> list[sqlite3.Row]:
    """The rows of a query about the selected articles."""
    chosen = SELECTED_ARTICLES_SQL.format(condition=selection.condition)
    return connection.execute(sql.format(articles=chosen), selection.values).fetchall()


def _row_of(connection: sqlite3.Connection, sql: str, selection: ArticleSelection) -> sqlite3.Row:
    """The one row of a query about the selected articles."""
    return _rows_of(connection, sql, selection)[0]


def _readme_text(
    connection: sqlite3.Connection,
    query: CorpusQuery,
    totals: sqlite3.Row,
    files: Sequence[tuple[TableFile, int]],
) -> str:
    """The README: what the corpus is, its counts, its files, and what made it."""
    outlets = _rows_of(connection, CORPUS_OUTLETS_SQL, query.selection)
    extractors = _rows_of(connection, CORPUS_EXTRACTORS_SQL, query.selection)
    step = connection.execute(NEWEST_STEP_SQL).fetchone()[0]
    span = f"{totals['first']} to {totals['last']}" if totals["first"] else "unknown"
    has_parquet = any(file.form == "parquet" for file, _ in files)
    parts = [
        f"# {escape_markdown(query.title)}",
        query.definition,
        "## Counts",
        "\n".join(
            [
                f"- articles: {totals['articles']:,}, of which undated: {totals['undated']:,}",
                f"- outlets: {totals['outlets']:,}; languages: {totals['languages']:,}",
                f"- days of publication, as printed: {span}",
                f"- last fetched: {totals['fetched_at']}",
            ]
        ),
        "## Files",
        "\n".join(f"- `{file.path.name}`: {many(rows, 'row')}" for file, rows in files),
        "Rows of the other tables name their article by `article_id`, which is `id` in `articles`. "
        "JSON lines are UTF-8; a CSV cell that looks like a formula has an apostrophe in front. "
        "Dates: `published_at` is in UTC where it ends in Z, `published_day` is the day as the "
        "outlet prints it.",
        f"`sha256sum -c {CHECKSUM_FILE_NAME}` checks the files.",
        "## Articles by outlet",
        "\n".join(f"- {row['host']}: {row['articles']:,}" for row in outlets),
        "## Made with",
        "\n".join(
            [
                f"- dateline {version('dateline')}, schema {step}",
                *([f"- {parquet_writer_version()}"] if has_parquet else []),
                *(
                    f"- {row['extractor']}: {many(row['articles'], 'article')}"
                    for row in extractors
                ),
            ]
        ),
        "The texts are protected by the copyright of their outlets.",
    ]
    return "\n\n".join(parts) + "\n"


def _checksum_lines(folder: Path) -> str:
    """The SHA-256 of every file, as `sha256sum` writes and checks it."""
    files = sorted(folder.iterdir(), key=lambda path: path.name)
    return "".join(f"{_sha256_of_file(path)}  {path.name}\n" for path in files)


def _sha256_of_file(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
