"""`dateline extract`: pages in, articles as JSON lines out, on all cores, in the order of the input."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from archive.errors import DatelineError, UsageError
from archive.records import Capture
from crawler.saved_pages import saved_capture
from crawler.workers import PAGE_SECONDS, Worker

PASSED_ON = ("id", "html_path")
"""Fields of an input line that its output line carries."""


@dataclass(frozen=True)
class Job:
    """A page to read, what its output line carries, and where a mistake is (`pages.jsonl:3`)."""

    path: Path
    place: str
    url: str | None = None
    carried: dict[str, Any] = field(default_factory=dict)


def extract_files(files: Iterable[str], *, jsonl: bool, workers: int | None) -> bool:
    """Print a line a page; False if one could not be read. Mistakes go to standard error, a line each."""
    well = True
    for told in _in_order(_jobs(files, jsonl), workers or os.cpu_count() or 1):
        if isinstance(told, DatelineError):
            print(f"dateline: {told}", file=sys.stderr)
            well = False
        else:
            print(json.dumps(told, ensure_ascii=False))
    return well


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
        lines: Iterable[bytes] = sys.stdin.buffer if name == "-" else Path(name).open("rb")  # noqa: SIM115  read lazily
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
    except (ValueError, TypeError, KeyError):
        return UsageError(f'{place}: not a line of {{"url": …, "html_path": …}}')
    beside = folder / path
    carried = {name: row[name] for name in PASSED_ON if name in row}
    return Job(beside if beside.exists() else path, place, row.get("url"), carried)


def _in_order(jobs: Iterator[Job | UsageError], count: int) -> Iterator[dict[str, Any] | DatelineError]:
    """Read with `count` workers, a few pages ahead of what is printed, so that memory stays small."""
    free: SimpleQueue[Worker] = SimpleQueue()
    crew = [Worker() for _ in range(count)]
    for worker in crew:
        free.put(worker)

    def run(job: Job | UsageError) -> dict[str, Any] | DatelineError:
        if isinstance(job, DatelineError):
            return job
        worker = free.get()
        try:
            return _read(job, worker)
        finally:
            free.put(worker)

    with ThreadPoolExecutor(count) as threads:
        ahead = [threads.submit(run, job) for job in islice(jobs, count * 4)]
        while ahead:
            yield ahead.pop(0).result()
            ahead.extend(threads.submit(run, job) for job in islice(jobs, 1))
    for worker in crew:
        worker.stop()


def _read(job: Job, worker: Worker) -> dict[str, Any] | DatelineError:
    try:
        capture: Capture = saved_capture(job.path, job.url)
        article = worker.read(capture, PAGE_SECONDS)
    except DatelineError as error:
        return UsageError(f"{job.place}: {error}")
    row = asdict(article)
    return job.carried | {name: value for name, value in row.items() if name != "addresses"}
