"""A queue in which the site that has taken the least worker time so far goes first.

So no site can keep the workers from the others. A site is a registered domain with all its hosts.
Sites with slow pages never hold more than half of the workers together, as pages of others may
come. Once a site has taken `SLOW_PAGES_ALLOWANCE_SECONDS` for slow pages, each further page gets
only `SLOW_SITE_TIMEOUT_SECONDS`.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from typing import Generic, TypeVar

QueuedJob = TypeVar("QueuedJob")

SLOW_PAGE_SECONDS = 2.0
"""Seconds from which a page is slow; the largest honest pages take half of that."""
SLOW_PAGES_ALLOWANCE_SECONDS = 40.0
"""Seconds of worker time that one site's slow pages may take in one crawl …"""
SLOW_SITE_TIMEOUT_SECONDS = 2.0
"""… and the time limit of each further page of the site, in seconds."""


class QueueClosed(Exception):  # noqa: N818  not an error
    """The queue hands out no more jobs."""


class FairQueue(Generic[QueuedJob]):
    """Jobs by site, for several threads; each job that is taken is followed by one `finish_job`."""

    def __init__(self, workers: int) -> None:
        self._max_slow_jobs = max(1, workers // 2)
        self._jobs: dict[str, deque[QueuedJob]] = {}
        self._seconds: defaultdict[str, float] = defaultdict(float)
        """Site → seconds that its jobs have taken."""
        self._slow_seconds: defaultdict[str, float] = defaultdict(float)
        """Site → seconds that its slow jobs have taken."""
        self._running: Counter[str] = Counter()
        self._closed = False
        self._change = threading.Condition()

    def put_job(self, site: str, job: QueuedJob) -> None:
        """Append a job to those of its site."""
        with self._change:
            self._jobs.setdefault(site, deque()).append(job)
            self._change.notify()

    def take_job(self) -> tuple[str, QueuedJob]:
        """Wait until a job may begin and return its site and the job. Raises Closed."""
        with self._change:
            while True:
                if self._closed:
                    raise QueueClosed
                site = self._next_site()
                if site is not None:
                    break
                self._change.wait()
            return site, self._begin_job(site)

    def take_jobs(self, most: int) -> list[tuple[str, QueuedJob]]:
        """Return up to `most` jobs that may begin, with their sites, without waiting for one."""
        taken: list[tuple[str, QueuedJob]] = []
        with self._change:
            while len(taken) < most and not self._closed:
                site = self._next_site()
                if site is None:
                    break
                taken.append((site, self._begin_job(site)))
        return taken

    def _begin_job(self, site: str) -> QueuedJob:
        """Take the first job of a site, which is running from now on."""
        jobs = self._jobs[site]
        job = jobs.popleft()
        if not jobs:
            del self._jobs[site]
        self._running[site] += 1
        return job

    def finish_job(self, site: str, seconds: float) -> None:
        """Note that a job of a site has ended, and how many seconds it took."""
        with self._change:
            self._seconds[site] += seconds
            if seconds > SLOW_PAGE_SECONDS:
                self._slow_seconds[site] += seconds
            self._running[site] -= 1
            self._change.notify_all()

    def time_limit(self, site: str, usual: float) -> float:
        """Return the seconds that a job of a site may take: `usual`, or less for a slow site."""
        return (
            usual
            if self._slow_seconds[site] < SLOW_PAGES_ALLOWANCE_SECONDS
            else min(usual, SLOW_SITE_TIMEOUT_SECONDS)
        )

    def close(self) -> list[QueuedJob]:
        """Hand out no more jobs; return those that still waited."""
        with self._change:
            self._closed = True
            waiting = [job for jobs in self._jobs.values() for job in jobs]
            self._jobs.clear()
            self._change.notify_all()
            return waiting

    def _next_site(self) -> str | None:
        """Return the site whose job may begin next; None if no job may."""
        slow_jobs = sum(
            count for site, count in self._running.items() if count and self._slow_seconds[site]
        )
        has_room_for_slow = slow_jobs < self._max_slow_jobs
        sites = (site for site in self._jobs if has_room_for_slow or not self._slow_seconds[site])
        return min(sites, key=self._expected_seconds, default=None)

    def _expected_seconds(self, site: str) -> float:
        """Return the seconds that a site's jobs have taken, with an estimate for running ones."""
        return self._seconds[site] + self._running[site] * SLOW_PAGE_SECONDS
