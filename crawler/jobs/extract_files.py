"""Job behind `dateline extract`: pages in, articles as JSON lines out, in input order.

All cores work. A batch is processed twice: first each page is extracted, then the lines that an
outlet repeats around its articles are removed (`crawler.jobs.extract_batch`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from archive.cli.progress_bar import progress_bar
from archive.errors import DatelineError, UsageError
from archive.frontier.urls import outlet_host_of_url
from archive.records import Article, Capture, OutlineElement
from crawler.cluster.page_batches import PageAnswer, PageToRead
from crawler.cluster.page_flow import read_in_order, templates_of_batch
from crawler.cluster.page_readers import BatchReaders, open_readers
from crawler.extraction.rules.outlet_rules import NO_OUTLET_RULES, OutletRule, OutletRules
from crawler.files.saved_pages import capture_saved_page
from crawler.jobs.extract_batch import ExtractBatch
from crawler.workers.learnt_templates import (
    BatchTemplates,
    TemplateForAnyUrl,
)
from crawler.workers.pool import PAGE_TIMEOUT_SECONDS, Worker
from pipelines.template_learning import TEMPLATE_POLICY

COPIED_FIELDS = ("id", "html_path")
"""Fields of an input line that are copied to its output line."""


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
    cluster: str | None = None,
) -> bool:
    """Print a line for each page; return False if one could not be read.

    Errors go to standard error, a line each. The boilerplate that an outlet repeats in several
    pages is removed, so all pages are read before the first is printed, except with `one_by_one`.
    The template of an outlet is learnt from its first pages, and its further pages are read by it,
    unless `one_by_one`.
    Raises UsageError where the disk has no room for the batch, and what `open_cluster` raises for
    the address of a `cluster`.
    """
    succeeded = True
    with ExtractBatch() as spool, open_readers(cluster, workers, rules) as readers:
        total = _count_pages(files, jsonl)
        with progress_bar("reading", "pages", readers.describe) as report:
            templates = None if one_by_one else templates_of_batch(readers, TEMPLATE_POLICY)
            jobs = _extract_jobs(files, jsonl)
            extracted = _extract_in_order(jobs, readers, rules, templates)
            for done, page in enumerate(extracted, 1):
                report(done, total)
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


def _extract_in_order(
    jobs: Iterator[ExtractJob | UsageError],
    readers: BatchReaders,
    rules: OutletRules,
    templates: BatchTemplates | None = None,
) -> Iterator[ExtractedPage | DatelineError]:
    """Yield the results in the order of the jobs, and learn templates from them."""
    with closing(Worker(rules)) as worker:
        pages = _pages_of_jobs(jobs, readers, templates)
        for number, (job, page, answer) in enumerate(read_in_order(pages, readers)):
            if isinstance(job, UsageError) or answer is None or page is None:
                yield cast(UsageError, job)
                continue
            try:
                extracted = _extracted_page(job, page.capture, answer, worker)
            except DatelineError as error:
                yield UsageError(f"{job.place}: {error}")
                continue
            if templates and extracted.host:
                templates.learn(number, extracted.host, extracted.outline)
            yield extracted


def _pages_of_jobs(
    jobs: Iterator[ExtractJob | UsageError],
    readers: BatchReaders,
    templates: BatchTemplates | None,
) -> Iterator[tuple[ExtractJob | UsageError, PageToRead | None]]:
    """Yield each job with its page; in place of a job whose file cannot be read, the error."""
    for number, job in enumerate(jobs):
        if isinstance(job, UsageError):
            yield job, None
            continue
        try:
            capture = capture_saved_page(job.path, job.url)
        except DatelineError as error:
            yield UsageError(f"{job.place}: {error}"), None
        else:
            known = _templates_for_page(templates, number, job) if templates else None
            yield job, readers.page_to_read(capture, "page", known)


def _templates_for_page(
    templates: BatchTemplates, number: int, job: ExtractJob
) -> TemplateForAnyUrl:
    """Return the template for the page of a number, whatever URL it turns out to have."""
    host = _given_host(job)
    return TemplateForAnyUrl(templates.template_at(number, host) if host else None)


def _extracted_page(
    job: ExtractJob, capture: Capture, answer: PageAnswer, worker: Worker
) -> ExtractedPage:
    """Return the extracted page of a job; raises the error of a page that cannot be read."""
    article, _ = by_stated_rule(capture, cast(Article, answer.document), worker)
    row = asdict(replace(article, outline=()))
    del row["addresses"], row["features"], row["outline"]
    return ExtractedPage(job.carried | row, _outlet_host_of_page(job, article), article.outline)


def read_saved_article(capture: Capture, worker: Worker) -> tuple[Article, OutletRule | None]:
    """Return the article of a saved page, and the rule by which it was read.

    A page whose URL is not known before it is read is read again if the URL that it states has a
    rule. Raises what `Worker.read_article` raises.
    """
    article = worker.read_article(capture, PAGE_TIMEOUT_SECONDS)
    return by_stated_rule(capture, article, worker)


def by_stated_rule(
    capture: Capture, article: Article, worker: Worker
) -> tuple[Article, OutletRule | None]:
    """Return the article of a saved page, read again if the URL that it states has another rule."""
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
        return _lower_without_www(outlet_host_of_url(url or ""))
    except ValueError:
        return None


def _lower_without_www(host: str) -> str | None:
    """Return a host in lower case without `www.`, or None if it is empty."""
    return host.lower().removeprefix("www.") or None
