"""`dateline extract --explain`: saved pages and articles of the archive, each with what its outlet
is known to repeat.

Of files, what they teach of an outlet is left out, as `dateline extract` does; of an article of the
archive, what the archive has learnt.
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
    """Files, and articles of the archive in a folder by their IDs or addresses; and what could not
    be read."""
    told: list[Explained] = []
    mistakes: list[DatelineError] = []
    with closing(Worker()) as worker, Spool() as batch:
        for name in names:
            try:
                told.append(
                    _of_archive(name, folder, keys, worker)
                    if _is_article(name)
                    else _of_file(name, worker)
                )
            except DatelineError as error:
                mistakes.append(error)
                continue
            read = told[-1].article
            batch.add(asdict(read), None if _is_article(name) else host_of(own_address(read)))
        rows = [json.loads(line) for line in batch.lines()]
    return [
        without(one, row.get("left_out", ())) for one, row in zip(told, rows, strict=True)
    ], mistakes


def _is_article(name: str) -> bool:
    """Whether a name is an article's ID or address; a file of that name goes first."""
    return not Path(name).exists() and (
        name.isdecimal() or name.startswith(("http://", "https://"))
    )


def _of_file(name: str, worker: Worker) -> Explained:
    try:
        return _explained(saved_capture(Path(name), None), worker)
    except DatelineError as error:
        raise UsageError(f"{name}: {error}") from error


def _of_archive(name: str, folder: Path, keys: Keys | None, worker: Worker) -> Explained:
    """An article as today's extractor reads its page, without what the archive knows that its
    outlet repeats."""
    with opened(folder) as connection:
        id = lookup(connection, name, keys)
        record = article(connection, id) if id is not None else None
        if record is None:
            raise ArchiveError(
                f"{folder}: no article {name}; `dateline search` finds articles with their IDs"
            )
        told = _explained(_capture(record, folder), worker)
        whole = Told(record["outlet_id"], told.article.text, told.article.language)
        gone = gone_of(connection, whole, JUDGE)
    lines = whole.text.split("\n")
    return without(told, {lines[place] for place in trim(whole.text, gone, JUDGE).left_out})


def _capture(record: Row, folder: Path) -> Capture:
    path = folder / "captures.db"
    capture = None
    if record["digest"] and path.is_file():
        with closing(Captures(path)) as captures:
            capture = captures.newest(record["digest"])
    if capture is None:
        raise ArchiveError(
            f"{path}: the page of article {record['id']} is not here; a crawl keeps pages as they come"
        )
    return capture


def _explained(capture: Capture, worker: Worker) -> Explained:
    """A page explained once a worker could read it: one that crashes or hangs its reader does so
    there."""
    worker.read(capture, PAGE_SECONDS)
    return explained(capture)
