"""`dateline import`: saved pages and JSON lines of articles, through the stages of a live page."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from archive.archive import Archive
from archive.articles import COLUMNS
from archive.errors import ArchiveError, DatelineError, UsageError
from archive.records import Article, Check, now
from crawler.fetching import kind_of_page
from crawler.saved_pages import saved_capture
from crawler.workers import PAGE_SECONDS, Worker
from pipelines.keep import Batches
from pipelines.stages import through_stages

JSON_LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


@dataclass
class Told:
    """What an import came to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    mistakes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def note(self, check: Check, outcome: str) -> None:
        """Count a look, and say what could not be stored as an article."""
        self.outcomes[outcome] += 1
        if check.article is None:
            self.left_out.append(f"{check.url}: {outcome}: {check.reason}")

    def summary(self) -> str:
        """`12 new, 1 unchanged, 2 could not be read`."""
        parts = [f"{many:,} {outcome}" for outcome, many in self.outcomes.items()]
        if self.mistakes:
            parts.append(f"{len(self.mistakes):,} could not be read")
        return ", ".join(parts) or "nothing to import"


def import_files(folder: Path, files: Iterable[Path], url: str | None) -> Told:
    """Take in files; mistakes are collected, and cost no other page or line."""
    told = Told()
    worker = Worker()
    with Archive(folder) as archive:
        batches = Batches(archive)
        batches.written = told.note
        for file in files:
            for look in _looks(file, url, worker):
                try:
                    batches.add(through_stages(look()))
                except ArchiveError:
                    raise
                except DatelineError as error:
                    told.mistakes.append(f"dateline: {error}")
        batches.flush()
    worker.stop()
    return told


def _looks(file: Path, url: str | None, worker: Worker) -> Iterator[Callable[[], Check]]:
    """What a file holds, each as a function that reads it or raises a DatelineError."""
    if file.name.lower().endswith(JSON_LINES):
        yield from _lines(file)
    else:
        yield lambda: _page(file, url, worker)


def _page(file: Path, url: str | None, worker: Worker) -> Check:
    capture = saved_capture(file, url)
    article = worker.read(capture, PAGE_SECONDS)
    if url is None:
        own = article.canonical_url or article.addresses.get("og:url")
        if own is None:
            raise UsageError(f"{file}: the page does not say its address; give it with --url")
        article, capture = replace(article, url=own), replace(capture, url=own)
    check = Check(capture.url, "new", now(), digest=capture.digest, capture=capture, size=len(capture.body))
    if article.page_type == "article":
        return replace(check, article=article)
    return replace(check, outcome="not article", reason=kind_of_page(article))


def _lines(file: Path) -> Iterator[Callable[[], Check]]:
    try:
        body = read_lines(file)
    except UsageError as error:
        yield _raises(error)
        return
    for number, line in enumerate(body, 1):
        if line.strip():
            yield lambda line=line, number=number: _line(line, f"{file}:{number}")  # type: ignore[misc]


def _raises(error: DatelineError) -> Callable[[], Check]:
    def raise_it() -> Check:
        raise error

    return raise_it


def read_lines(file: Path) -> Iterable[bytes]:
    """The lines of a file, gunzipped by its name. Raises UsageError where it cannot be opened."""
    import gzip

    try:
        return gzip.open(file) if file.name.endswith(".gz") else file.open("rb")
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from error


def _line(line: bytes, place: str) -> Check:
    """An article of a JSON line. Raises UsageError that names the place."""
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{place}: not JSON ({error})") from None
    article = article_of_row(row, place)
    return Check(article.url, "new", now(), article=article)


def article_of_row(row: Any, place: str) -> Article:
    """An Article from a mapping whose keys are columns of `articles`; `authors` a list, or JSON of one.

    Raises UsageError that names the place and the field.
    """
    if not isinstance(row, dict):
        raise UsageError(f"{place}: not an object of fields")
    for needed in ("url", "text"):
        if not isinstance(row.get(needed), str) or not row[needed].strip():
            raise UsageError(f"{place}: needs `{needed}`")
    known = {name: row[name] for name in COLUMNS if row.get(name) is not None}
    known["authors"] = _authors(known.get("authors", ()), place)
    types = {item.name: str(item.type) for item in fields(Article)}
    for name, value in known.items():
        if types[name].startswith("str") and not isinstance(value, str):
            raise UsageError(f"{place}: `{name}` is not text")
    if not isinstance(known.get("word_count", 0), int):
        raise UsageError(f"{place}: `word_count` is not a number")
    if "free" in known:
        known["free"] = bool(known["free"])
    known.setdefault("fetched_at", now())
    known.setdefault("word_count", len(known["text"].split()))
    return Article(**known)


def _authors(given: Any, place: str) -> tuple[str, ...]:
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = [given]
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
        raise UsageError(f"{place}: `authors` is not a list of names")
    return tuple(given)
