"""`dateline extract`: pages in, articles as JSON lines out, on all cores, in the order of the
input.

A batch is read twice: first its pages, then, once it is known what each outlet repeats around its
articles (`crawler.jobs.extract_batch`), what was read of them.
"""

from __future__ import annotations

import json
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from archive.errors import DatelineError, UsageError
from archive.records import Article
from crawler.files.saved_pages import saved_capture
from crawler.jobs.extract_batch import Spool
from crawler.workers.pool import PAGE_SECONDS, Worker

PASSED_ON = ("id", "html_path")
"""Fields of an input line that its output line carries."""
AHEAD = 4
"""Pages a worker that are taken up before the one that is printed next."""


@dataclass(frozen=True)
class Job:
    """A page to read, what its output line carries, and where a mistake is (`pages.jsonl:3`)."""

    path: Path
    place: str
    url: str | None = None
    host: str | None = None
    """Whose page it is, where its address is not known."""
    carried: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Read:
    """A page that was read: its output line, and its outlet's host, if that is known."""

    row: dict[str, Any]
    host: str | None


def extract_files(
    files: tuple[str, ...], *, jsonl: bool, workers: int | None, one_by_one: bool = False
) -> bool:
    """Print a line a page; False if one could not be read. Mistakes go to standard error, a line
    each.

    What an outlet repeats in several of the pages is left out, which needs all of them before the
    first is printed; not so `one_by_one`. Raises UsageError where the disk has no room for them.
    """
    well = True
    with Spool() as spool:
        with _progress(_many(files, jsonl)) as tick:
            for told in _in_order(_jobs(files, jsonl), workers or os.cpu_count() or 1):
                tick()
                if isinstance(told, DatelineError):
                    print(f"dateline: {told}", file=sys.stderr)
                    well = False
                elif one_by_one:
                    print(json.dumps(told.row, ensure_ascii=False))
                else:
                    spool.add(told.row, told.host)
        for line in spool.lines():
            print(line)
    return well


# -- what there is to read -------------------------------------------------------------------------


def _many(files: tuple[str, ...], jsonl: bool) -> int | None:
    """How many pages there are; None where that is not known before they were read."""
    if "-" in files:
        return None
    if not jsonl:
        return len(files)
    return sum(_lines(Path(name)) for name in files)


def _lines(path: Path) -> int:
    try:
        with path.open("rb") as lines:
            return sum(1 for line in lines if line.strip())
    except OSError:
        return 1  # the mistake that is told of it


def _jobs(files: Iterable[str], jsonl: bool) -> Iterator[Job | UsageError]:
    for name in files:
        if jsonl:
            yield from _jobs_of_lines(name)
        elif name == "-":
            yield from (Job(Path(line.strip()), line.strip()) for line in sys.stdin if line.strip())
        else:
            yield Job(Path(name), name)


def _jobs_of_lines(name: str) -> Iterator[Job | UsageError]:
    folder = Path() if name == "-" else Path(name).parent
    try:
        # read lazily
        lines: Iterable[bytes] = sys.stdin.buffer if name == "-" else Path(name).open("rb")  # noqa: SIM115
    except OSError as error:
        yield UsageError(f"{name}: cannot be read ({error.strerror})")
        return
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _job_of_line(line, f"{name}:{number}", folder)


def _job_of_line(line: bytes, place: str, folder: Path) -> Job | UsageError:
    try:
        row = json.loads(line)
        path = Path(row["html_path"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return UsageError(f'{place}: not a line of {{"url": …, "html_path": …}}')
    beside = folder / path
    carried = {name: row[name] for name in PASSED_ON if name in row}
    return Job(beside if beside.exists() else path, place, row.get("url"), row.get("host"), carried)


# -- reading ---------------------------------------------------------------------------------------


def _in_order(jobs: Iterator[Job | UsageError], count: int) -> Iterator[Read | DatelineError]:
    """Read with `count` workers, a few pages ahead of what is asked for, so that memory stays
    small."""
    free: SimpleQueue[Worker] = SimpleQueue()
    crew = [Worker() for _ in range(count)]
    for worker in crew:
        free.put(worker)

    def run(job: Job | UsageError) -> Read | DatelineError:
        if isinstance(job, DatelineError):
            return job
        worker = free.get()
        try:
            return _read(job, worker)
        finally:
            free.put(worker)

    with ThreadPoolExecutor(count) as threads:
        ahead: deque[Future[Read | DatelineError]] = deque(
            threads.submit(run, job) for job in islice(jobs, count * AHEAD)
        )
        while ahead:
            told = ahead.popleft().result()
            ahead.extend(threads.submit(run, job) for job in islice(jobs, 1))
            yield told
    for worker in crew:
        worker.stop()


def _read(job: Job, worker: Worker) -> Read | DatelineError:
    try:
        article = worker.read(saved_capture(job.path, job.url), PAGE_SECONDS)
    except DatelineError as error:
        return UsageError(f"{job.place}: {error}")
    row = asdict(article)
    del row["addresses"]
    return Read(job.carried | row, _host(job, article))


def _host(job: Job, article: Article) -> str | None:
    """Whose page it is: by its address, as told or as it says itself."""
    told = job.host if isinstance(job.host, str) else ""
    return host_of(job.url) or _bare(told) or host_of(own_address(article))


def own_address(article: Article) -> str | None:
    """The address that a page says is its own."""
    return article.canonical_url or article.addresses.get("og:url")


def host_of(url: str | None) -> str | None:
    """By what pages are known as one outlet's: the host with its port, without `www.`; None if
    there is none."""
    try:
        return _bare(urlsplit(url or "").netloc.rpartition("@")[2])
    except ValueError:
        return None


def _bare(host: str) -> str | None:
    return host.lower().removeprefix("www.") or None


# -- on a terminal ---------------------------------------------------------------------------------


@contextmanager
def _progress(many: int | None) -> Iterator[Callable[[], None]]:
    """A bar with the pages a second on a terminal, and nothing elsewhere; what it gives counts a
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
