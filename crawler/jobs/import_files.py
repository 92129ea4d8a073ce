"""Job behind `dateline import`: saved pages, WARC files and JSON lines, through all stages.

How far a WARC file has come is written with its pages, so that an import which ended early, however
it ended, goes on there.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from archive.errors import ClusterError, ReadingError, UsageError
from archive.frontier.imported_files import FileProgress, ImportedFile
from archive.progress import ProgressReport, ignore_progress
from archive.records import Article, Check
from crawler.backfill.destinations import ImportDestination, open_destination
from crawler.backfill.file_items import (
    FileImport,
    FileItem,
    FileReader,
    NotAPageError,
    unreadable_error,
)
from crawler.backfill.file_stretches import StretchedFiles, files_for_workers
from crawler.backfill.named_files import NamedFile, file_sizes, find_named_files
from crawler.backfill.selection import TAKES_ALL_PAGES, Selection
from crawler.cluster.page_batches import PageAnswer
from crawler.cluster.page_flow import read_in_order
from crawler.cluster.page_readers import BatchReaders, ClusterReaders, open_readers
from crawler.extraction.rules.outlet_rules import NO_OUTLET_RULES, OutletRules
from crawler.files.byte_sources import SourceLostError
from crawler.files.warc_files import RecordPosition
from crawler.workers.pool import Worker
from pipelines.stages import run_stages

FLUSH_INTERVAL_SECONDS = 5.0
"""Time after which what was taken is written, also if there is little."""
MAX_IMPORT_LINES = 100
"""Lines about single pages, of a kind, that an import reports."""

REMOVED_BEFORE = "removed before"
"""The outcome of an article that a person removed."""
NOT_AN_ARTICLE = "not an article"
"""Why a page is excluded that has the words of a story, but not an article."""


class ReportedLines(list[str]):
    """Lines about single pages: the first ones, and how many there are."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def note(self, line: str) -> None:
        """Count a line, and keep it if it is one of the first."""
        self.total += 1
        if self.total <= MAX_IMPORT_LINES:
            self.append(line)

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return self.total > 0

    def all_lines(self, what: str) -> list[str]:
        """Return the lines, and one on how many more there are of `what`."""
        more = self.total - len(self)
        return [*self, f"… and {more:,} more {what}"] if more else list(self)


@dataclass
class ImportResult:
    """The result of an import."""

    outcomes: Counter[str] = field(default_factory=Counter)
    mistakes: ReportedLines = field(default_factory=ReportedLines)
    left_out: ReportedLines = field(default_factory=ReportedLines)
    not_taken: Counter[str] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)
    """Pages that are not wanted, by the reason; most of them were not read."""
    remarks: list[str] = field(default_factory=list)
    """Lines about files that were imported before."""

    def note(self, check: Check, outcome: str) -> None:
        """Count a stored check, and remember why a page is not an article."""
        if outcome == "refused" and check.outcome != "refused":  # no stage refused it
            outcome = REMOVED_BEFORE
        self.outcomes[outcome] += 1
        if outcome == "refused" or (check.article is None and outcome != REMOVED_BEFORE):
            self.left_out.note(f"{check.url}: {outcome}: {check.reason}")

    def lines(self) -> list[str]:
        """Return a line for each page that is not an article, for each reason to skip records, and
        for what was excluded."""
        skipped = [f"{why}: {number:,} left out" for why, number in self.not_taken.items()]
        removed = self.outcomes[REMOVED_BEFORE]
        if removed:
            skipped.append(
                f"{REMOVED_BEFORE}: {removed:,} left out (`dateline remove --list` lists them)"
            )
        unwanted = [f"{many:,} {why}" for why, many in self.excluded.most_common()]
        if unwanted:
            skipped.append(f"excluded: {', '.join(unwanted)}")
        return [*self.remarks, *self.left_out.all_lines("pages that are no articles"), *skipped]

    def mistake_lines(self) -> list[str]:
        """Return a line for each thing that could not be read."""
        return self.mistakes.all_lines("that could not be read")

    def summary(self) -> str:
        """Return the numbers in one line: `12 new, 1 unchanged, 2 could not be read`."""
        parts = [f"{many:,} {outcome}" for outcome, many in self.outcomes.items()]
        if self.mistakes:
            parts.append(f"{self.mistakes.total:,} could not be read")
        return ", ".join(parts) or "nothing to import"

    def live_text(self) -> str:
        """Return the numbers for a live line, which another thread draws: `120 new, 3,400
        excluded`."""
        parts = [f"{many:,} {outcome}" for outcome, many in dict(self.outcomes).items()]
        if self.excluded:
            parts.append(f"{self.excluded.total():,} excluded")
        return ", ".join(parts)


@dataclass(frozen=True)
class ImportChoice:
    """The pages that an import takes, and the place where it writes them."""

    selection: Selection = TAKES_ALL_PAGES
    months: Path | None = None
    """The folder for an archive a month; None: the one archive."""
    is_again: bool = False
    """True if files are read again that were imported before."""
    result: ImportResult = field(default_factory=ImportResult)
    """Filled while the import runs."""


def import_files(
    folder: Path,
    files: Sequence[Path | str | NamedFile],
    url: str | None,
    report: ProgressReport = ignore_progress,
    rules: OutletRules = NO_OUTLET_RULES,
    readers: BatchReaders | None = None,
    choice: ImportChoice | None = None,
) -> ImportResult:
    """Import files and return the result; `report` is called with what is done and all of it, in
    bytes, or in pages if each file is one.

    `readers` read the pages, by default one process of this machine. Errors are collected with
    their places; they affect no other page or line.
    """
    if readers is None:
        with open_readers(None, 1, rules) as own:
            return import_files(folder, files, url, report, rules, own, choice)
    choice = choice or ImportChoice()
    result = choice.result
    given = [file for file in files if isinstance(file, NamedFile)]
    named = given or find_named_files(map(str, files))
    with (
        closing(Worker(rules)) as worker,
        open_destination(folder, choice.months, worker, result.note) as destination,
        readers.published_in(choice.months or folder),
    ):
        job = _ImportJob(destination, choice, _Progress(named, report))
        job.take_all(_OpenedFiles(named, destination, choice), readers, rules, url, worker)
    return result


class _Progress:
    """The progress of an import: bytes of all files, or pages if each file is one."""

    def __init__(self, files: Sequence[NamedFile], report: ProgressReport) -> None:
        self._report = report
        self._by_bytes = any(file.has_many_pages for file in files)
        self._sizes = file_sizes(files) if self._by_bytes else {}
        self._has_all = len(self._sizes) == len(files)
        self._done: dict[str, int] = {}
        self._items = 0
        self._pages = len(files)

    def note_item(self, item: FileItem) -> None:
        """Note that an item is done."""
        self._items += 1
        if not self._by_bytes:
            self._report(self._items, self._pages)
            return
        if item.file_import is not None:
            done = None if item.is_end else item.position.anchor_offset
            self.note_bytes(item.file_import.file.address, done)

    def note_bytes(self, address: str, done: int | None = None) -> None:
        """Note that a file is done up to a byte; to its end without one."""
        self._done[address] = self._sizes.get(address, 0) if done is None else done
        if self._by_bytes:
            total = sum(self._sizes.values()) if self._has_all else None
            self._report(sum(self._done.values()), total)


class _OpenedFiles:
    """The named files, each with how far it was imported before."""

    def __init__(
        self,
        files: Sequence[NamedFile],
        destination: ImportDestination,
        choice: ImportChoice,
    ) -> None:
        self.files = files
        self._destination = destination
        self._result = choice.result
        self._choice = choice

    def open_file(self, file: NamedFile) -> FileImport | None:
        """Return the import of a WARC file; None, with a line in the result, if there is nothing
        to read in it."""
        assert file.source is not None
        try:
            version, size = file.source.version(), file.source.size()
        except SourceLostError as error:
            self._result.mistakes.note(f"dateline: {file.name}: cannot be read ({error})")
            return None
        except OSError as error:
            self._result.mistakes.note(f"dateline: {file.name}: {unreadable_error(error)}")
            return None
        imported = ImportedFile(file.address, self._choice.selection.label(), version, size)
        if self._choice.is_again:
            self._destination.forget(imported)
        known = self._destination.known(imported)
        if known.progress.is_finished:
            self._result.remarks.append(f"{file.name}: imported before; --again reads it once more")
            return None
        if known.has_changed:
            self._result.remarks.append(
                f"{file.name}: changed since it was imported; read from its beginning"
            )
        return _file_import(imported, known.progress)


def _file_import(file: ImportedFile, progress: FileProgress) -> FileImport:
    """Return the import of a file that begins where an earlier one ended."""
    behind = RecordPosition(**progress.position)
    return FileImport(file, behind, Counter(progress.left_out))


class _ImportJob:
    """Takes what is found in files, one after another."""

    def __init__(
        self,
        destination: ImportDestination,
        choice: ImportChoice,
        progress: _Progress,
    ) -> None:
        self._destination = destination
        self._result = choice.result
        self._selection = choice.selection
        self._progress = progress
        self._flush_at = time.monotonic() + FLUSH_INTERVAL_SECONDS

    def take_all(
        self,
        opened: _OpenedFiles,
        readers: BatchReaders,
        rules: OutletRules,
        url: str | None,
        worker: Worker,
    ) -> None:
        """Take all files; those that the workers of a cluster can open come last.

        Raises ClusterError.
        """
        theirs = files_for_workers(opened.files, readers)
        own = [file for file in opened.files if file not in theirs]
        reader = FileReader(readers, worker, url, self._selection)
        items = self._items_of_files(own, opened, reader)
        try:
            for item, _, answer in read_in_order(((item, item.page) for item in items), readers):
                self.take(item, answer)
            if theirs and isinstance(readers, ClusterReaders):
                stretched = StretchedFiles(readers, self._selection, rules)
                for item in stretched.items(self._opened(theirs, opened)):
                    self.take(item, item.answer)
        except ClusterError:
            self._destination.finish()
            raise
        self._destination.finish()

    def _opened(
        self, files: Sequence[NamedFile], opened: _OpenedFiles
    ) -> list[tuple[NamedFile, FileImport]]:
        """Return the files in which there is something to read, opened."""
        found = [(file, opened.open_file(file)) for file in files]
        for file, file_import in found:
            if file_import is None:
                self._progress.note_bytes(file.address)
        return [(file, each) for file, each in found if each is not None]

    def _items_of_files(
        self, files: Sequence[NamedFile], opened: _OpenedFiles, reader: FileReader
    ) -> Iterator[FileItem]:
        """Yield what is found in files, one file after another."""
        for file in files:
            file_import = opened.open_file(file) if file.is_warc else None
            if not file.is_warc or file_import is not None:
                yield from reader.items(file, file_import)
            if file_import is None:  # others are done when their end is taken
                self._progress.note_bytes(file.address)

    def take(self, item: FileItem, answer: PageAnswer | None) -> None:
        """Take an item, with what was read of its page."""
        try:
            check = None if item.excluded or item.is_end else _wanted_check(item, answer)
            reason = item.excluded or self._reason_to_leave_out(item, check)
        except NotAPageError as why:
            self._result.not_taken[f"{item.place}: {why}"] += 1
            check, reason = None, ""
        except (UsageError, ReadingError) as error:
            where = f"{item.place}: " if item.place else ""
            self._result.mistakes.note(f"dateline: {where}{error}")
            check, reason = None, ""
        if reason:
            self._result.excluded[reason] += 1
            if item.file_import:
                item.file_import.excluded[reason] += 1
            check = None
        self._write(item, check)
        self._progress.note_item(item)
        if time.monotonic() > self._flush_at:
            self._destination.flush()
            self._flush_at = time.monotonic() + FLUSH_INTERVAL_SECONDS

    def _reason_to_leave_out(self, item: FileItem, check: Check | None) -> str:
        """Return why a page that was read is not wanted; empty if it is."""
        if check is None or not self._selection:
            return ""
        if check.article is None:
            return NOT_AN_ARTICLE if self._selection.words is not None else ""
        if item.has_text_only:
            return self._selection.reason_by_text(check.article) or ""
        return self._selection.reason_by_article(check.article) or ""

    def _write(self, item: FileItem, check: Check | None) -> None:
        """Hand on a check, and how far its file has come with it."""
        if item.file_import is None:
            if check is not None:
                self._destination.add(check, None, FileProgress())
            return
        file = item.file_import.file
        progress = item.file_import.progress(item.position, is_finished=item.is_end)
        if check is None:
            self._destination.pass_over(file, progress)
        else:
            self._destination.add(check, file, progress)


def _wanted_check(item: FileItem, answer: PageAnswer | None) -> Check | None:
    """Return the check of an item after all stages; None for one without any.

    Raises NotAPageError, UsageError and ReadingError.
    """
    if item.make_check is None:
        return None
    article = cast(Article, answer.document) if answer else None
    return run_stages(item.make_check(article))
