"""Deposit of articles: what is new in followed stories is queued, and asked for one page at a time.

What the other archive works on is stored before it is waited for, so a run that is killed is
continued by the next one. A page that failed is tried again later; an archive that refuses is given
a pause, longer each time.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from archive.deposits import deposit_store as store
from archive.deposits.deposit_store import NewStoryArticle, StoredDeposit
from archive.errors import ArchiveError, BusyError
from archive.progress import ProgressReport, ignore_progress
from archive.records import current_time, format_utc
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.text.formatting import many
from crawler.deposits.deposit_service import (
    DepositAnswer,
    DepositRequest,
    DepositResponse,
    DepositService,
)
from pipelines.alerts.alert_times import retry_delay

DEPOSIT_LOCK_NAME = "deposit.lock"
NEW_ARTICLE_AGE = timedelta(days=7)
"""Age up to which an article is new enough to be deposited."""
MAX_DEPOSIT_RUN_SECONDS = 240.0
"""Time of one run; the rest is left to the next."""
STOP_POLL_SECONDS = 0.5
"""Time after which a run that waits notices that it is asked to stop."""
MAX_JOB_AGE = timedelta(minutes=15)
"""Time after which a page that the other archive works on is asked for again."""
MAX_DEPOSIT_FAILURES = 8
"""Failures in a row after which a page is given up: half a day after the first."""
OPTED_OUT_REASON = "its publisher asks for no copies (noarchive)"

REST_FOLLOWS = "the rest follows with the next crawl"

SendDeposit = Callable[[DepositRequest], DepositResponse]


def never_stopped() -> bool:
    """Return False: the run goes on to its end."""
    return False


@dataclass(frozen=True, slots=True)
class DepositTerms:
    """The means and the limits of a run."""

    send: SendDeposit
    daily_budget: int
    """Most pages that are asked for on a day (UTC)."""
    unfit_reason: Callable[[str], str | None]
    """URL → why it is not sent elsewhere; None if it may be."""
    is_stopped: Callable[[], bool] = never_stopped
    clock: Callable[[], datetime] = current_time
    monotonic: Callable[[], float] = time.monotonic
    """Seconds of a clock that `DATELINE_NOW` does not stop."""
    sleep: Callable[[float], None] = time.sleep
    report: ProgressReport = ignore_progress


@dataclass
class DepositReport:
    """The result of a run."""

    title: str
    deposited: int = 0
    failures: list[str] = field(default_factory=list)
    """A line for each page that could not be saved."""
    waiting: int = 0
    """Pages that wait for a later run."""
    remark: str | None = None
    """Why the run ended before everything was asked for."""

    def summary(self) -> str:
        """Return the result in one line."""
        parts = [f"{many(self.deposited, 'article')} deposited at {self.title}"]
        if self.failures:
            parts.append(f"{len(self.failures):,} failed")
        if self.waiting:
            parts.append(f"{self.waiting:,} waiting")
        return ", ".join(parts) + (f" ({self.remark})" if self.remark else "")


def deposit_articles(folder: Path, service: DepositService, terms: DepositTerms) -> DepositReport:
    """Queue the new articles of followed stories, and ask another archive to keep what is due.

    Raises BusyError while another process does so.
    """
    lock = FileLock(folder / DEPOSIT_LOCK_NAME)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(f"{folder}: another process is depositing articles") from None
    except OSError as error:
        raise ArchiveError(f"{folder}: cannot be written ({error.strerror})") from error
    try:
        with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as connection:
            queue_story_articles(connection, service.name, terms)
            run = _DepositRun(connection, service, terms)
            run.deposit_due()
            return run.report
    finally:
        lock.release()


def queue_story_articles(connection: sqlite3.Connection, service: str, terms: DepositTerms) -> None:
    """Queue the new articles of followed stories, and no others, in one transaction."""
    since = format_utc(terms.clock() - NEW_ARTICLE_AGE)
    with transaction(connection):
        store.drop_unlisted_deposits(connection, service)
        for article in store.new_story_articles(connection, service, since):
            store.queue_deposit(connection, article, service, _refusal_of(article, terms))


def _refusal_of(article: NewStoryArticle, terms: DepositTerms) -> str | None:
    """Return why an article is not deposited, or None."""
    return OPTED_OUT_REASON if article.is_opted_out else terms.unfit_reason(article.url)


class _DepositRun:
    """One run: the pages that are due, one after the other."""

    def __init__(
        self, connection: sqlite3.Connection, service: DepositService, terms: DepositTerms
    ) -> None:
        self.connection = connection
        self.service = service
        self.terms = terms
        self.report = DepositReport(service.title)
        self.deadline = terms.monotonic() + MAX_DEPOSIT_RUN_SECONDS
        self.has_asked = False

    def deposit_due(self) -> None:
        """Ask for what is due until nothing is, or until there is a reason to end."""
        while (row := self._next_row()) and self._may_ask(row):
            answer = self._ask_for(row)
            if answer.state == "pending":
                self.report.remark = self._end_reason()
                break
            self._record_answer(row, answer)
            counts = store.count_deposits(self.connection, self.service.name)
            self.terms.report(counts.get("done", 0), sum(counts.values()))
        counts = store.count_deposits(self.connection, self.service.name)
        self.report.waiting = counts.get("waiting", 0) + counts.get("asked", 0)

    def _next_row(self) -> StoredDeposit | None:
        """Return the page that is due next, None after the last and after a refusal."""
        if self.report.remark:
            return None
        return store.next_deposit(
            self.connection, self.service.name, format_utc(self.terms.clock())
        )

    def _may_ask(self, row: StoredDeposit) -> bool:
        """Return True if a page may be asked for, after the pause between two; else note why not."""
        if self.has_asked:
            self._wait(self.service.pause_seconds)
        self.has_asked = True
        self.report.remark = self._end_reason() or self._obstacle(row)
        return self.report.remark is None

    def _end_reason(self) -> str | None:
        """Return why the run has to end now, or None."""
        if self.terms.is_stopped():
            return "stopped"
        return REST_FOLLOWS if self.terms.monotonic() >= self.deadline else None

    def _wait(self, seconds: float) -> None:
        """Wait, but not longer than until the run is asked to stop."""
        end = self.terms.monotonic() + seconds
        while not self.terms.is_stopped() and (left := end - self.terms.monotonic()) > 0:
            self.terms.sleep(min(left, STOP_POLL_SECONDS))

    def _obstacle(self, row: StoredDeposit) -> str | None:
        """Return why the service is not asked now, or None."""
        now = format_utc(self.terms.clock())
        known = store.service_record(self.connection, self.service.name, now)
        if known.paused_until and known.paused_until > now:
            return f"it {known.error}; it is asked again from {known.paused_until} on"
        if row.state == "waiting" and known.requests >= self.terms.daily_budget:
            return f"{known.requests:,} were asked for today, which is the limit"
        return None

    def _ask_for(self, row: StoredDeposit) -> DepositAnswer:
        """Ask for a page unless the service works on it already, and wait until it is saved."""
        job, asked_at = row.job, row.asked_at
        if row.state == "waiting" or job is None or asked_at is None:
            response = self.terms.send(self.service.capture_request(row.url))
            answer = self.service.read_capture(response)
            asked_at = format_utc(self.terms.clock())
            with transaction(self.connection):
                store.count_capture_request(self.connection, self.service.name, asked_at)
                if answer.state == "pending" and answer.job:
                    store.record_asked(self.connection, row.id, answer.job, asked_at)
            if answer.state != "pending" or not answer.job:
                return answer
            job = answer.job
            self._wait(self.service.poll_seconds)
        return self._poll_job(row, job, datetime.fromisoformat(asked_at))

    def _poll_job(self, row: StoredDeposit, job: str, asked_at: datetime) -> DepositAnswer:
        """Return the end of a job, or `pending` where the run has to end before."""
        while True:
            response = self.terms.send(self.service.status_request(job))
            answer = self.service.read_status(row.url, job, response)
            now = self.terms.clock()
            if answer.state != "pending":
                return answer
            if now - asked_at > MAX_JOB_AGE:
                return DepositAnswer("failed", problem="did not finish in time")
            if self._end_reason():
                return answer
            self._wait(self.service.poll_seconds)

    def _record_answer(self, row: StoredDeposit, answer: DepositAnswer) -> None:
        """Store the end of a request."""
        now, name = self.terms.clock(), self.service.name
        problem = answer.problem or "gave no reason"
        with transaction(self.connection):
            if answer.state == "busy":
                known = store.service_record(self.connection, name, format_utc(now))
                asked_wait = timedelta(seconds=min(answer.wait or 0.0, 86_400.0))
                until = format_utc(now + max(asked_wait, retry_delay(known.failures + 1)))
                store.pause_service(self.connection, name, problem, until)
                self.report.remark = f"it {problem}; it is asked again from {until} on"
                return
            store.note_service_works(self.connection, name)
            if answer.snapshot_url and answer.snapshot_at:
                store.record_snapshot(
                    self.connection, row.id, answer.snapshot_url, answer.snapshot_at
                )
                self.report.deposited += 1
                return
            is_final = answer.state == "refused" or row.failures + 1 >= MAX_DEPOSIT_FAILURES
            retry_at = None if is_final else format_utc(now + retry_delay(row.failures + 1))
            store.record_failed_deposit(self.connection, row.id, problem, retry_at)
        when = f"tried again from {retry_at} on" if retry_at else "not tried again"
        self.report.failures.append(f"{row.url}: {self.service.title} {problem}; {when}")
