"""Items of files in their order: pages to read, lines, problems, and what is left out."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, NoReturn

from archive.errors import DatelineError, UsageError
from archive.frontier.imported_files import FileProgress, ImportedFile
from archive.records import Article, Capture, Check, Lead, current_timestamp
from crawler.backfill.named_files import STANDARD_INPUT_NAME, NamedFile, is_json_lines_name
from crawler.backfill.selection import Selection
from crawler.cluster.page_batches import PageAnswer, PageToRead
from crawler.cluster.page_readers import BatchReaders
from crawler.files.article_rows import article_of_row
from crawler.files.byte_sources import SourceLostError
from crawler.files.saved_page_urls import find_declared_url, unarchive_url
from crawler.files.saved_pages import capture_saved_page
from crawler.files.warc_files import (
    FILE_START,
    DoubtfulPage,
    ExcludedRecord,
    FoundInWarc,
    PageWithLead,
    RecordPosition,
    SkippedRecord,
    read_placed_pages,
)
from crawler.files.warc_records import WarcProblem
from crawler.network.exchange import check_of_article
from crawler.workers.pool import PAGE_TIMEOUT_SECONDS, Worker
from pipelines.urls import own_url

RESUME_IMPORT_ADVICE = "the same command goes on where this one stopped"


class NotAPageError(Exception):
    """A record of a WARC file that is not a page; the message names the reason."""


@dataclass
class FileImport:
    """A file of many pages that is being imported, and what was excluded in it so far."""

    file: ImportedFile
    behind: RecordPosition = FILE_START
    """Where the import begins."""
    excluded: Counter[str] = field(default_factory=Counter)

    def progress(self, position: RecordPosition, *, is_finished: bool = False) -> FileProgress:
        """Return how far the file has come at a position."""
        done = self.file.size if is_finished else position.anchor_offset
        return FileProgress(
            position.records, done, asdict(position), dict(self.excluded), is_finished
        )


CheckMaker = Callable[[Article | None], Check]
"""Makes a check of the article that was read of an item's page, None for one without a page.

Raises UsageError or ReadingError without one, and NotAPageError.
"""


@dataclass(frozen=True, slots=True)
class FileItem:
    """A page, line or problem in a file."""

    place: str
    """For messages; empty if they name it themselves."""
    make_check: CheckMaker | None = None
    page: PageToRead | None = None
    """The page to read first."""
    answer: PageAnswer | None = None
    """The result of a page that was read already."""
    excluded: str = ""
    """Why it is not read."""
    has_text_only: bool = False
    """True for an item without a page, of which only the article can be judged."""
    file_import: FileImport | None = None
    position: RecordPosition = FILE_START
    """The position in the file, if it is one of many pages."""
    is_end: bool = False
    """True for the end of the file."""


class FileReader:
    """Finds the pages and lines in files; the worker reads again what must be read twice."""

    def __init__(
        self, readers: BatchReaders, worker: Worker, url: str | None, selection: Selection
    ) -> None:
        self._readers = readers
        self._worker = worker
        self._url = url
        self._selection = selection

    def items(self, file: NamedFile, file_import: FileImport | None) -> Iterator[FileItem]:
        """Yield what is found in a file."""
        if file.source is not None and file_import is not None:
            yield from self._items_of_warc(file, file_import)
        elif file.path is None or is_json_lines_name(file.path):
            yield from _items_of_lines(file)
        else:
            yield self._saved_page(file)

    def _items_of_warc(self, file: NamedFile, file_import: FileImport) -> Iterator[FileItem]:
        """Yield what is found in a WARC file; broken records are reported."""
        assert file.source is not None
        position = file_import.behind
        try:
            filters = self._selection.filters()
            for placed in read_placed_pages(file.source, filters, file_import.behind):
                position = placed.position
                yield replace(
                    self._item_of_record(file.name, placed.found, position.found),
                    file_import=file_import,
                    position=position,
                )
        except SourceLostError as error:
            problem = f"{error}; {RESUME_IMPORT_ADVICE}"
            yield FileItem(file.name, partial(raise_item_error, UsageError(problem)))
        except UsageError as error:
            yield FileItem(file.name, partial(raise_item_error, error))
        except OSError as error:
            yield FileItem(file.name, partial(raise_item_error, unreadable_error(error)))
        else:
            yield FileItem(file.name, file_import=file_import, position=position, is_end=True)

    def _item_of_record(self, name: str, found: FoundInWarc, number: int) -> FileItem:
        """Return the item of a record."""
        item = item_without_page(name, found, number)
        if item is not None:
            return item
        capture, lead = page_of_record(found)
        return item_of_capture(name, number, lead, self._readers.page_to_read(capture))

    def _saved_page(self, file: NamedFile) -> FileItem:
        """Return the page of a file, or the error of a file that cannot be read."""
        assert file.path is not None
        try:
            capture = capture_saved_page(file.path, self._url)
        except DatelineError as error:
            return FileItem(file.name, partial(raise_item_error, error))
        make = partial(_check_of_saved_page, capture, self._worker, self._url is None)
        return FileItem(file.name, make, self._readers.page_to_read(capture), has_text_only=True)


def item_without_page(name: str, found: FoundInWarc, number: int) -> FileItem | None:
    """Return the item of a record that needs no reader; None for a page."""
    if isinstance(found, ExcludedRecord):
        return FileItem(name, excluded=found.reason)
    if isinstance(found, SkippedRecord):
        return FileItem(name, partial(raise_item_error, NotAPageError(found.reason)))
    if isinstance(found, DoubtfulPage):
        return FileItem(f"{name}:{number}", partial(_check_of_doubtful, found))
    if isinstance(found, WarcProblem):
        return FileItem("", partial(raise_item_error, UsageError(str(found))))
    return None


def item_of_capture(name: str, number: int, lead: Lead | None, page: PageToRead) -> FileItem:
    """Return the item of a page with its lead, if it has one."""
    return FileItem(f"{name}:{number}", partial(check_of_capture, page.capture, lead), page)


def page_of_record(found: FoundInWarc) -> tuple[Capture, Lead | None]:
    """Return the capture of a page with its lead, if it has one."""
    if isinstance(found, PageWithLead):
        return found.capture, found.lead
    assert isinstance(found, Capture)
    return found, None


def raise_item_error(error: Exception, _: Article | None) -> NoReturn:
    """Raise the error of a record or file, in its turn."""
    raise error


def unreadable_error(error: OSError) -> UsageError:
    """Return the error for a file that cannot be read."""
    return UsageError(f"cannot be read ({error.strerror or error})")


# -- checks ----------------------------------------------------------------------------------------


def _check_of_doubtful(found: DoubtfulPage, _: Article | None) -> Check:
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


def check_of_capture(capture: Capture, lead: Lead | None, article: Article | None) -> Check:
    """Return the check that a crawl would have made of a capture at its time."""
    assert article is not None
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


def _check_of_saved_page(
    capture: Capture, worker: Worker, claimed: bool, article: Article | None
) -> Check:
    """Return the check of a saved page; raises UsageError where it states no URL."""
    assert article is not None
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
    return check_of_article(replace(check, claimed=claimed), article)


def _missing_url_reason(article: Article) -> str:
    """Return why a saved page cannot be filed: it states no URL, or only that of a section."""
    stated = article.canonical_url or article.addresses.get("og:url")
    if stated is None:
        return "the page does not state its URL; give it with --url"
    return (
        f"the page states the URL {stated}, which is a front or section page; "
        "give its own URL with --url"
    )


# -- JSON lines ------------------------------------------------------------------------------------


def _items_of_lines(file: NamedFile) -> Iterator[FileItem]:
    """Yield the lines of a file, and the error where it cannot be read further."""
    try:
        for number, line in enumerate(_lines_of_file(file), 1):
            if line.strip():
                place = f"{file.name}:{number}"
                yield FileItem(place, partial(check_of_json_line, line), has_text_only=True)
    except OSError as error:  # a damaged gzip file may be noticed only at its end
        yield FileItem(file.name, partial(raise_item_error, unreadable_error(error)))


def _lines_of_file(file: NamedFile) -> Iterator[bytes]:
    """Yield the lines of a file; raises OSError also for a damaged gzip file."""
    if file.name == STANDARD_INPUT_NAME or file.path is None:
        yield from sys.stdin.buffer
        return
    try:
        with _open_lines(file.path) as lines:
            yield from lines
    except (EOFError, zlib.error) as error:
        raise OSError(str(error)) from error


def _open_lines(path: Path) -> BinaryIO:
    """Return a file of lines, decompressed by its name."""
    if path.name.endswith(".gz"):
        return gzip.open(path)  # type: ignore[return-value]
    return path.open("rb")


def check_of_json_line(line: bytes, _: Article | None = None) -> Check:
    """Return the check of an article in a JSON line; raises UsageError."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"not JSON ({error})") from None
    article = article_of_row(row)
    return Check(article.url, "new", current_timestamp(), article=article)
