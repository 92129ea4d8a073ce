"""Job behind `dateline extract`: pages in, articles as JSON lines out, in input order.

All cores work. A batch is processed twice: first each page is extracted, then the lines that an
outlet repeats around its articles are removed (`crawler.jobs.extract_batch`).
"""

from __future__ import annotations

import json
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from archive.errors import DatelineError, UsageError
from archive.records import Article, Capture, OutletTemplate, OutlineElement
from crawler.extraction.rules.outlet_rules import NO_OUTLET_RULES, OutletRule, OutletRules
from crawler.files.saved_pages import capture_saved_page
from crawler.jobs.extract_batch import ExtractBatch
from crawler.workers.learnt_templates import MIN_PAGES_BEHIND, BatchTemplates
from crawler.workers.pool import PAGE_TIMEOUT_SECONDS, Worker
from pipelines.template_learning import TEMPLATE_POLICY

COPIED_FIELDS = ("id", "html_path")
"""Fields of an input line that are copied to its output line."""
PAGES_AHEAD_PER_WORKER = 4
"""Pages per worker that are started ahead of the one that is printed next."""


@dataclass(frozen=True)
class ExtractJob:
    """A page to extract, the fields copied to its output line, and its place (`pages.jsonl:3`)."""

    path: Path
    place: str
    url: str | None = None
    host: str | None = None
    """The host of its outlet, where the URL is not known."""
    carried: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ExtractedPage:
    """An extracted page: its output line, and the host of its outlet, if known."""

    row: dict[str, Any]
    host: str | None
    outline: tuple[OutlineElement, ...] = ()
    """Where the article stands on its page, for the template of its outlet."""


def extract_files(
    files: tuple[str, ...],
    *,
    jsonl: bool,
    workers: int | None,
    one_by_one: bool = False,
    rules: OutletRules = NO_OUTLET_RULES,
) -> bool:
    """Print a line for each page; return False if one could not be read.

    Errors go to standard error, a line each. The boilerplate that an outlet repeats in several
    pages is removed, so all pages are read before the first is printed, except with `one_by_one`.
    The template of an outlet is learnt from its first pages, and its further pages are read by it,
    unless `one_by_one`.
    Raises UsageError where the disk has no room for the batch.
    """
    succeeded = True
    worker_count = workers or os.cpu_count() or 1
    with ExtractBatch() as spool:
        with _extract_progress(_count_pages(files, jsonl)) as tick:
            templates = None if one_by_one else _new_batch_templates(worker_count)
            jobs = _extract_jobs(files, jsonl)
            for page in _extract_in_order(jobs, worker_count, rules, templates):
                tick()
                if isinstance(page, DatelineError):
                    print(f"dateline: {page}", file=sys.stderr)
                    succeeded = False
                elif one_by_one:
                    print(json.dumps(page.row, ensure_ascii=False))
                else:
                    spool.add(page.row, page.host)
        for line in spool.lines():
            print(line)
    return succeeded


# -- input -----------------------------------------------------------------------------------------


def _count_pages(files: tuple[str, ...], jsonl: bool) -> int | None:
    """Return the number of pages, or None if it is unknown before they are read."""
    if "-" in files:
        return None
    if not jsonl:
        return len(files)
    return sum(_count_lines(Path(name)) for name in files)


def _count_lines(path: Path) -> int:
    """Return the number of lines that are not blank; 1 for an unreadable file, for its error."""
    try:
        with path.open("rb") as lines:
            return sum(1 for line in lines if line.strip())
    except OSError:
        return 1  # the error that is reported for it


def _extract_jobs(files: Iterable[str], jsonl: bool) -> Iterator[ExtractJob | UsageError]:
    """Yield a job for each page, or the error in its place."""
    for name in files:
        if jsonl:
            yield from _jobs_of_jsonl(name)
        elif name == "-":
            yield from (
                ExtractJob(Path(line.strip()), line.strip()) for line in sys.stdin if line.strip()
            )
        else:
            yield ExtractJob(Path(name), name)


def _jobs_of_jsonl(name: str) -> Iterator[ExtractJob | UsageError]:
    """Yield a job for each line of a JSON lines file, or the error in its place."""
    folder = Path() if name == "-" else Path(name).parent
    try:
        lines: Iterable[bytes] = sys.stdin.buffer
        if name != "-":
            lines = Path(name).open("rb")  # noqa: SIM115  it is read lazily
    except OSError as error:
        yield UsageError(f"{name}: cannot be read ({error.strerror})")
        return
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _job_of_json_line(line, f"{name}:{number}", folder)


def _job_of_json_line(line: bytes, place: str, folder: Path) -> ExtractJob | UsageError:
    """Parse one line; `html_path` is relative to the file or to the current folder."""
    try:
        row = json.loads(line)
        path = Path(row["html_path"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return UsageError(f'{place}: not a line of {{"url": …, "html_path": …}}')
    beside = folder / path
    carried = {name: row[name] for name in COPIED_FIELDS if name in row}
    found = beside if beside.exists() else path
    return ExtractJob(found, place, row.get("url"), row.get("host"), carried)


# -- reading ---------------------------------------------------------------------------------------


def _new_batch_templates(worker_count: int) -> BatchTemplates:
    """The templates of a batch: a page is read by what pages have taught that are surely done."""
    ahead = worker_count * PAGES_AHEAD_PER_WORKER
    return BatchTemplates(TEMPLATE_POLICY, max(MIN_PAGES_BEHIND, ahead))


@dataclass(frozen=True)
class _PageTemplate:
    """The template for one page of a batch, whatever URL it turns out to have."""

    template: OutletTemplate | None

    def template_for(self, url: str) -> OutletTemplate | None:  # noqa: ARG002  of a protocol
        """Return the template."""
        return self.template


def _extract_in_order(
    jobs: Iterator[ExtractJob | UsageError],
    count: int,
    rules: OutletRules,
    templates: BatchTemplates | None = None,
) -> Iterator[ExtractedPage | DatelineError]:
    """Yield the results in the order of the jobs, and learn templates from them.

    `count` workers read a few pages ahead of the consumer, so that memory stays small.
    """
    free: SimpleQueue[Worker] = SimpleQueue()
    crew = [Worker(rules) for _ in range(count)]
    for worker in crew:
        free.put(worker)

    def run(number: int, job: ExtractJob | UsageError) -> ExtractedPage | DatelineError:
        if isinstance(job, DatelineError):
            return job
        worker = free.get()
        try:
            if templates:
                host = _given_host(job)
                template = templates.template_at(number, host) if host else None
                worker.rules = replace(rules, templates=_PageTemplate(template))
            return _extract_page(job, worker)
        finally:
            free.put(worker)

    with ThreadPoolExecutor(count) as threads:
        numbered = enumerate(jobs)
        ahead: deque[Future[ExtractedPage | DatelineError]] = deque(
            threads.submit(run, *job) for job in islice(numbered, count * PAGES_AHEAD_PER_WORKER)
        )
        done = 0
        while ahead:
            result = ahead.popleft().result()
            if templates and isinstance(result, ExtractedPage) and result.host:
                templates.learn(done, result.host, result.outline)
            done += 1
            ahead.extend(threads.submit(run, *job) for job in islice(numbered, 1))
            yield result
    for worker in crew:
        worker.stop()


def _extract_page(job: ExtractJob, worker: Worker) -> ExtractedPage | DatelineError:
    """Extract a page in a worker; return the error instead of raising it."""
    try:
        article, _ = read_saved_article(capture_saved_page(job.path, job.url), worker)
    except DatelineError as error:
        return UsageError(f"{job.place}: {error}")
    row = asdict(replace(article, outline=()))
    del row["addresses"], row["features"], row["outline"]
    return ExtractedPage(job.carried | row, _outlet_host_of_page(job, article), article.outline)


def read_saved_article(capture: Capture, worker: Worker) -> tuple[Article, OutletRule | None]:
    """Return the article of a saved page, and the rule by which it was read.

    A page whose URL is not known before it is read is read again if the URL that it states has a
    rule. Raises what `Worker.read_article` raises.
    """
    article = worker.read_article(capture, PAGE_TIMEOUT_SECONDS)
    rule = worker.rules.reading_rule_for(capture.final_url, capture.url)
    stated = stated_url(article)
    if not capture.url.startswith("file:") or stated is None:
        return article, rule
    by_statement = worker.rules.reading_rule_for(stated)
    if by_statement is None or not by_statement.reads or by_statement == rule:
        return article, rule
    again = worker.read_article(replace(capture, url=stated), PAGE_TIMEOUT_SECONDS)
    return replace(again, url=article.url), by_statement


def _outlet_host_of_page(job: ExtractJob, article: Article) -> str | None:
    """Return the host of a page's outlet: from its URL, from the input, or from the page itself."""
    return _given_host(job) or batch_host_of(stated_url(article))


def _given_host(job: ExtractJob) -> str | None:
    """Return the host of a page's outlet from its URL or from the input, None if neither has it."""
    stated = job.host if isinstance(job.host, str) else ""
    return batch_host_of(job.url) or _lower_without_www(stated)


def stated_url(article: Article) -> str | None:
    """Return the URL that a page states as its own, or None."""
    return article.canonical_url or article.addresses.get("og:url")


def batch_host_of(url: str | None) -> str | None:
    """Return the host and port of a URL without `www.`, the key of an outlet in a batch, or
    None."""
    try:
        return _lower_without_www(urlsplit(url or "").netloc.rpartition("@")[2])
    except ValueError:
        return None


def _lower_without_www(host: str) -> str | None:
    """Return a host in lower case without `www.`, or None if it is empty."""
    return host.lower().removeprefix("www.") or None


# -- on a terminal ---------------------------------------------------------------------------------


@contextmanager
def _extract_progress(many: int | None) -> Iterator[Callable[[], None]]:
    """Show a progress bar with pages per second on a terminal; yields a function to count a
    page."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("", total=many, speed="")

        def tick() -> None:
            speed = bar.tasks[0].speed
            bar.update(task, advance=1, speed=f"{speed:.0f} pages/s" if speed else "")

        yield tick
