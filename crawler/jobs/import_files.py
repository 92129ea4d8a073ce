"""Job behind `dateline import`: saved pages, WARC files and JSON lines, through all stages."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path

from archive.archive import Archive
from archive.errors import ReadingError, UsageError
from archive.progress import ProgressReport, ignore_progress
from archive.records import Article, Capture, Check, Lead, current_timestamp
from archive.removal.erasure import erase_captures
from crawler.extraction.rules.outlet_rules import NO_OUTLET_RULES, OutletRules
from crawler.files.article_rows import article_of_row
from crawler.files.saved_page_urls import find_declared_url, unarchive_url
from crawler.files.saved_pages import capture_saved_page
from crawler.files.warc_files import (
    DoubtfulPage,
    PageWithLead,
    SkippedRecord,
    is_warc_name,
    read_warc_pages,
)
from crawler.files.warc_records import WarcProblem
from crawler.network.exchange import check_of_article
from crawler.workers.learnt_templates import rules_with_templates
from crawler.workers.pool import PAGE_TIMEOUT_SECONDS, Worker
from crawler.workers.reextraction import make_reextractor
from pipelines.keep import CheckBatches
from pipelines.stages import run_stages
from pipelines.urls import own_url

STANDARD_INPUT_PATH = Path("-")
JSON_LINES_ENDINGS = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


REMOVED_BEFORE = "removed before"
"""The outcome of an article that a person removed."""


class NotAPageError(Exception):
    """A record of a WARC file that is not a page; the message names the reason."""


@dataclass
class ImportResult:
    """The result of an import."""

    outcomes: Counter[str] = field(default_factory=Counter)
    mistakes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    not_taken: Counter[str] = field(default_factory=Counter)

    def note(self, check: Check, outcome: str) -> None:
        """Count a stored check, and remember why a page is not an article."""
        if outcome == "refused" and check.outcome != "refused":  # no stage refused it
            outcome = REMOVED_BEFORE
        self.outcomes[outcome] += 1
        if outcome == "refused" or (check.article is None and outcome != REMOVED_BEFORE):
            self.left_out.append(f"{check.url}: {outcome}: {check.reason}")

    def lines(self) -> list[str]:
        """Return a line for each page that is not an article, and for each reason to skip
        records."""
        skipped = [f"{why}: {number:,} left out" for why, number in self.not_taken.items()]
        removed = self.outcomes[REMOVED_BEFORE]
        if removed:
            skipped.append(
                f"{REMOVED_BEFORE}: {removed:,} left out (`dateline remove --list` lists them)"
            )
        return [*self.left_out, *skipped]

    def summary(self) -> str:
        """Return the numbers in one line: `12 new, 1 unchanged, 2 could not be read`."""
        parts = [f"{many:,} {outcome}" for outcome, many in self.outcomes.items()]
        if self.mistakes:
            parts.append(f"{len(self.mistakes):,} could not be read")
        return ", ".join(parts) or "nothing to import"


def import_files(
    folder: Path,
    files: Sequence[Path],
    url: str | None,
    report: ProgressReport = ignore_progress,
    rules: OutletRules = NO_OUTLET_RULES,
) -> ImportResult:
    """Import files and return the result; `report` is called with the pages read.

    Errors are collected with their places; they affect no other page or line.
    """
    result = ImportResult()
    has_one_page_each = not any(_holds_many_pages(file) for file in files)
    total = len(files) if has_one_page_each else None
    pages = count(1)
    with (
        Archive(folder) as archive,
        rules_with_templates(rules, archive.folder) as known,
        closing(Worker(known)) as worker,
    ):
        batches = CheckBatches(archive, reread=make_reextractor(archive, worker))
        batches.on_written = result.note
        for file in files:
            for place, read in _readers_of_file(file, url, worker):
                try:
                    check = run_stages(read())
                except NotAPageError as reason:
                    result.not_taken[f"{place}: {reason}"] += 1
                except (UsageError, ReadingError) as error:
                    where = f"{place}: " if place else ""
                    result.mistakes.append(f"dateline: {where}{error}")
                else:
                    batches.add(check)
                report(next(pages), total)
        batches.flush()
        erase_captures(archive)
    return result


def _readers_of_file(
    file: Path, url: str | None, worker: Worker
) -> Iterator[tuple[str, Callable[[], Check]]]:
    """Yield the place of each page or line in a file, and a function that reads it.

    The function raises UsageError where it cannot.
    """
    if is_warc_name(file):
        yield from _readers_of_warc(file, worker)
        return
    if not _holds_many_pages(file):
        yield str(file), lambda: _check_of_saved_page(file, url, worker)
        return
    try:
        for number, line in enumerate(_lines_of_file(file), 1):
            if line.strip():
                yield f"{file}:{number}", partial(_check_of_json_line, line)
    except OSError as error:  # a damaged gzip file may be noticed only at its end
        yield str(file), partial(_raise_unreadable, error)


def _holds_many_pages(file: Path) -> bool:
    """Return True for WARC files, JSON lines and standard input, False for a saved page."""
    is_json_lines = file.name.lower().endswith(JSON_LINES_ENDINGS)
    return file == STANDARD_INPUT_PATH or is_json_lines or is_warc_name(file)


def _readers_of_warc(file: Path, worker: Worker) -> Iterator[tuple[str, Callable[[], Check]]]:
    """Yield the pages of a WARC file; skipped records are counted, broken ones reported."""
    try:
        for number, found in enumerate(read_warc_pages(file), 1):
            if isinstance(found, SkippedRecord):
                yield str(file), partial(_raise_not_a_page, found.reason)
            elif isinstance(found, DoubtfulPage):
                yield f"{file}:{number}", partial(_check_of_doubtful, found)
            elif isinstance(found, WarcProblem):
                yield "", partial(_raise_broken, str(found))
            elif isinstance(found, PageWithLead):
                yield (
                    f"{file}:{number}",
                    partial(_check_of_capture, found.capture, worker, found.lead),
                )
            else:
                yield f"{file}:{number}", partial(_check_of_capture, found, worker)
    except UsageError as error:
        yield str(file), partial(_raise_broken, str(error))
    except OSError as error:
        yield str(file), partial(_raise_unreadable, error)


def _raise_not_a_page(reason: str) -> Check:
    """Raise the error for a record that is skipped."""
    raise NotAPageError(reason)


def _raise_broken(why: str) -> Check:
    """Raise the error for a record that is broken."""
    raise UsageError(why)


def _check_of_doubtful(found: DoubtfulPage) -> Check:
    """Return a failed check with its capture: the page was changed, and it is unknown how."""
    capture = found.capture
    return Check(
        capture.url,
        "failed",
        capture.fetched_at,
        status=capture.status,
        reason=found.reason,
        capture=capture,
        digest=capture.digest,
        size=len(capture.body),
    )


def _check_of_capture(capture: Capture, worker: Worker, lead: Lead | None = None) -> Check:
    """Return the check that a crawl would have made of a capture at its time."""
    article = worker.read_article_to_store(capture, PAGE_TIMEOUT_SECONDS)
    check = Check(
        capture.url,
        "new",
        capture.fetched_at,
        status=capture.status,
        final_url=capture.final_url,
        etag=capture.header("ETag"),
        last_modified=capture.header("Last-Modified"),
        digest=capture.digest,
        size=len(capture.body),
        capture=capture,
        lead=lead,
    )
    return check_of_article(check, article)


def _check_of_saved_page(file: Path, url: str | None, worker: Worker) -> Check:
    """Return the check of a saved page; raises UsageError where it states no URL."""
    capture = capture_saved_page(file, url)
    article = worker.read_article_to_store(capture, PAGE_TIMEOUT_SECONDS)
    if capture.url.startswith("file:"):
        own = own_url(article.canonical_url, article.addresses) or find_declared_url(
            article, capture.body
        )
        if own is None:
            raise UsageError(_missing_url_reason(article))
        own = unarchive_url(own)
        article, capture = replace(article, url=own), replace(capture, url=own)
        if worker.rules.reading_rule_for(own):  # its rules show only now
            article = worker.read_article_to_store(capture, PAGE_TIMEOUT_SECONDS)
    check = Check(
        capture.url,
        "new",
        current_timestamp(),
        digest=capture.digest,
        capture=capture,
        size=len(capture.body),
    )
    return check_of_article(replace(check, claimed=url is None), article)


def _missing_url_reason(article: Article) -> str:
    """Return why a saved page cannot be filed: it states no URL, or only that of a section."""
    stated = article.canonical_url or article.addresses.get("og:url")
    if stated is None:
        return "the page does not state its URL; give it with --url"
    return (
        f"the page states the URL {stated}, which is a front or section page; "
        "give its own URL with --url"
    )


def _lines_of_file(file: Path) -> Iterator[bytes]:
    """Yield the lines of a file; raises OSError also for a damaged gzip file."""
    if file == STANDARD_INPUT_PATH:
        yield from sys.stdin.buffer
        return
    try:
        with gzip.open(file) if file.name.endswith(".gz") else file.open("rb") as lines:
            yield from lines
    except (EOFError, zlib.error) as error:
        raise OSError(str(error)) from error


def _raise_unreadable(error: OSError) -> Check:
    """Raise the error for a file that cannot be read."""
    raise UsageError(f"cannot be read ({error.strerror or error})")


def _check_of_json_line(line: bytes) -> Check:
    """Return the check of an article in a JSON line; raises UsageError."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"not JSON ({error})") from None
    article = article_of_row(row)
    return Check(article.url, "new", current_timestamp(), article=article)
