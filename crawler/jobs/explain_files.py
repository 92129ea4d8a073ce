"""Job behind `dateline extract --explain`, for saved pages and articles of the archive.

From files, boilerplate is removed that this batch of files repeats, as `dateline extract` does;
from an article of the archive, the boilerplate that the archive has learnt.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

from archive.articles.boilerplate import OutletText, lines_to_remove, trim_text
from archive.cli.base import opened_archive
from archive.errors import ArchiveError, DatelineError, UsageError
from archive.frontier.outlet_templates import stored_template, template_places
from archive.queries.lookup import PlainRow, UrlKeyFunction, article_with_context, find_article_id
from archive.records import TEMPLATE_MARK, Capture
from archive.storage.captures import CaptureStore
from archive.storage.database import open_read_only
from archive.storage.schema import ARCHIVE_SCHEMA
from crawler.extraction.explain import Explanation, explain_capture, without_repeated_lines
from crawler.extraction.rules.outlet_rules import NO_OUTLET_RULES, OutletRules
from crawler.extraction.templates.explained_template import explained_places
from crawler.files.saved_pages import capture_saved_page
from crawler.jobs.extract_batch import ExtractBatch
from crawler.jobs.extract_files import batch_host_of, read_saved_article, stated_url
from crawler.workers.learnt_templates import rules_with_templates
from crawler.workers.pool import Worker
from pipelines.dedup.boilerplate import BOILERPLATE_POLICY


def explain_pages(
    names: tuple[str, ...],
    folder: Path,
    keys: UrlKeyFunction | None = None,
    rules: OutletRules = NO_OUTLET_RULES,
) -> tuple[list[Explanation], list[DatelineError]]:
    """Explain files, and articles of the archive by ID or URL; return the errors as well.

    A URL may also be that of a stored page that is not an article.
    """
    pages: list[Explanation] = []
    mistakes: list[DatelineError] = []
    with _workers_of_explanation(folder, rules) as workers, ExtractBatch() as batch:
        for name in names:
            try:
                page = _explain_one(name, folder, keys, workers)
            except DatelineError as error:
                mistakes.append(error)
                continue
            pages.append(page)
            # the archive knows the boilerplate of its own articles already
            host = None if _is_article_name(name) else batch_host_of(stated_url(page.article))
            batch.add(asdict(replace(page.article, outline=())), host)
        rows = [json.loads(line) for line in batch.lines()]
    trimmed = [
        without_repeated_lines(page, row.get("left_out", ()))
        for page, row in zip(pages, rows, strict=True)
    ]
    return trimmed, mistakes


class _Workers(NamedTuple):
    """A worker for files, and one that reads by the templates of the archive as well."""

    of_files: Worker
    of_archive: Worker


@contextmanager
def _workers_of_explanation(folder: Path, rules: OutletRules) -> Iterator[_Workers]:
    """Yield the workers, which start with the first page that they read."""
    with ExitStack() as resources:
        of_files = resources.enter_context(closing(Worker(rules)))
        if not (folder / "archive.db").is_file():
            yield _Workers(of_files, of_files)
            return
        open_read_only(folder / "archive.db", ARCHIVE_SCHEMA).close()  # migrates an older one
        known = resources.enter_context(rules_with_templates(rules, folder))
        yield _Workers(of_files, resources.enter_context(closing(Worker(known))))


def _explain_one(
    name: str, folder: Path, keys: UrlKeyFunction | None, workers: _Workers
) -> Explanation:
    """Explain an article of the archive or a file; raises DatelineError."""
    if _is_article_name(name):
        return _explain_archived(name, folder, keys, workers.of_archive)
    return _explain_file(name, workers.of_files)


def _is_article_name(name: str) -> bool:
    """Return whether a name is an article's ID or URL; an existing file takes precedence."""
    return not Path(name).exists() and (
        name.isdecimal() or name.startswith(("http://", "https://"))
    )


def _explain_file(name: str, worker: Worker) -> Explanation:
    """Explain a saved page; raises UsageError."""
    try:
        return _explain_capture(capture_saved_page(Path(name), None), worker)
    except DatelineError as error:
        raise UsageError(f"{name}: {error}") from error


def _explain_archived(
    name: str, folder: Path, keys: UrlKeyFunction | None, worker: Worker
) -> Explanation:
    """Explain an article by extracting its stored page again, without known boilerplate."""
    with opened_archive(folder) as connection:
        id = find_article_id(connection, name, keys)
        record = article_with_context(connection, id) if id is not None else None
        if record is None and name.isdecimal():
            raise ArchiveError(
                f"{folder}: no article {name}; `dateline search` finds articles with their IDs"
            )
        if record is None:
            return _explain_stored_page(name, folder, worker)
        page = _explain_capture(_newest_capture_of(record, folder), worker)
        whole = OutletText(record["outlet_id"], page.article.text, page.article.language)
        boilerplate = lines_to_remove(connection, whole, BOILERPLATE_POLICY)
        evidence, _ = stored_template(connection, record["outlet_id"])
    if TEMPLATE_MARK in (page.article.extractor or ""):
        places = explained_places(template_places(evidence))
        page = replace(page, rules=(*page.rules, *places))
    lines = whole.text.split("\n")
    left_out = trim_text(whole.text, boilerplate, BOILERPLATE_POLICY).left_out
    return without_repeated_lines(page, {lines[place] for place in left_out})


def _explain_stored_page(url: str, folder: Path, worker: Worker) -> Explanation:
    """Explain a stored page that is not an article; raises ArchiveError if it is not stored."""
    path = folder / "captures.db"
    capture = None
    if path.is_file():
        with closing(CaptureStore(path)) as captures:
            capture = captures.newest_at(url)
    if capture is None:
        raise ArchiveError(
            f"{folder}: no stored page at {url}; `dateline crawl URL` fetches a page"
        )
    return _explain_capture(capture, worker)


def _newest_capture_of(record: PlainRow, folder: Path) -> Capture:
    """Return the newest capture of an article's page; raises ArchiveError."""
    path = folder / "captures.db"
    capture = None
    if record["digest"] and path.is_file():
        with closing(CaptureStore(path)) as captures:
            capture = captures.newest(record["digest"])
    if capture is None:
        raise ArchiveError(
            f"{path}: the page of article {record['id']} is not stored here; crawls store pages"
        )
    return capture


def _explain_capture(capture: Capture, worker: Worker) -> Explanation:
    """Explain a page after a worker has read it, so that a crash or hang happens in the worker."""
    _, rule = read_saved_article(capture, worker)
    return explain_capture(capture, rule)
