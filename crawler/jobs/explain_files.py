"""Job behind `dateline extract --explain`, for saved pages and articles of the archive.

From files, boilerplate is removed that this batch of files repeats, as `dateline extract` does;
from an article of the archive, the boilerplate that the archive has learnt.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from archive.articles.boilerplate import Told, gone_of, trim
from archive.cli.base import opened
from archive.errors import ArchiveError, DatelineError, UsageError
from archive.queries.lookup import Keys, Row, article, lookup
from archive.records import Capture
from archive.storage.captures import Captures
from crawler.extraction.explain import Explained, explained, without
from crawler.files.saved_pages import saved_capture
from crawler.jobs.extract_batch import Spool
from crawler.jobs.extract_files import host_of, own_address
from crawler.workers.pool import PAGE_SECONDS, Worker
from pipelines.dedup.boilerplate import JUDGE


def explain_pages(
    names: tuple[str, ...], folder: Path, keys: Keys | None = None
) -> tuple[list[Explained], list[DatelineError]]:
    """Explain files, and articles of the archive by ID or URL; return the errors as well."""
    pages: list[Explained] = []
    mistakes: list[DatelineError] = []
    with closing(Worker()) as worker, Spool() as batch:
        for name in names:
            try:
                page = _explain_one(name, folder, keys, worker)
            except DatelineError as error:
                mistakes.append(error)
                continue
            pages.append(page)
            # the archive knows the boilerplate of its own articles already
            host = None if _is_article(name) else host_of(own_address(page.article))
            batch.add(asdict(page.article), host)
        rows = [json.loads(line) for line in batch.lines()]
    trimmed = [
        without(page, row.get("left_out", ())) for page, row in zip(pages, rows, strict=True)
    ]
    return trimmed, mistakes


def _explain_one(name: str, folder: Path, keys: Keys | None, worker: Worker) -> Explained:
    """Explain an article of the archive or a file; raises DatelineError."""
    if _is_article(name):
        return _of_archive(name, folder, keys, worker)
    return _of_file(name, worker)


def _is_article(name: str) -> bool:
    """Return whether a name is an article's ID or URL; an existing file takes precedence."""
    return not Path(name).exists() and (
        name.isdecimal() or name.startswith(("http://", "https://"))
    )


def _of_file(name: str, worker: Worker) -> Explained:
    """Explain a saved page; raises UsageError."""
    try:
        return _explained(saved_capture(Path(name), None), worker)
    except DatelineError as error:
        raise UsageError(f"{name}: {error}") from error


def _of_archive(name: str, folder: Path, keys: Keys | None, worker: Worker) -> Explained:
    """Explain an article by extracting its stored page again, without known boilerplate."""
    with opened(folder) as connection:
        id = lookup(connection, name, keys)
        record = article(connection, id) if id is not None else None
        if record is None:
            raise ArchiveError(
                f"{folder}: no article {name}; `dateline search` finds articles with their IDs"
            )
        page = _explained(_capture(record, folder), worker)
        whole = Told(record["outlet_id"], page.article.text, page.article.language)
        boilerplate = gone_of(connection, whole, JUDGE)
    lines = whole.text.split("\n")
    left_out = trim(whole.text, boilerplate, JUDGE).left_out
    return without(page, {lines[place] for place in left_out})


def _capture(record: Row, folder: Path) -> Capture:
    """Return the newest capture of an article's page; raises ArchiveError."""
    path = folder / "captures.db"
    capture = None
    if record["digest"] and path.is_file():
        with closing(Captures(path)) as captures:
            capture = captures.newest(record["digest"])
    if capture is None:
        raise ArchiveError(
            f"{path}: the page of article {record['id']} is not stored here; crawls store pages"
        )
    return capture


def _explained(capture: Capture, worker: Worker) -> Explained:
    """Explain a page after a worker has read it, so that a crash or hang happens in the worker."""
    worker.read(capture, PAGE_SECONDS)
    return explained(capture)
