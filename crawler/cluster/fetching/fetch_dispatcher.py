"""The driver's side of fetching on workers: gives shares to rounds and takes their answers.

Each worker has at most one round at a time, a fetch process with its shares. The driver sends it
orders and takes answers about once a second, which renews the lease of the process. A call is sent
to one worker and is never repeated by the cluster: what was lost is decided here
(`crawler.cluster.fetching.share_board`).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import pickle
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from scrapy.http import Response
from scrapy.settings import BaseSettings

from archive.errors import ClusterError, DatelineError, LostWorkersError
from crawler.cluster.fetching.fetch_rounds import (
    RoundChunk,
    RoundLostError,
    begin_round,
    end_round,
    end_rounds_of,
    exchange_with_round,
)
from crawler.cluster.fetching.host_shares import (
    TRAVELLING_SETTINGS,
    FetchAnswer,
    FetchFailure,
    FetchItem,
    ShareNews,
    ShareSetup,
    SiteState,
    response_of_fetched,
)
from crawler.cluster.fetching.share_board import ROUND_LEASE_SECONDS, RoundEnd, ShareBoard
from crawler.cluster.fetching.worker_seats import SeatedWorker, WorkerSeats
from crawler.network.backoff import SiteBackoff, SitePause, backoff_now
from crawler.network.backoff_middleware import MAX_INLINE_WAIT
from crawler.network.exchange import WithdrawnRequest

dispatch_logger = logging.getLogger(__name__)

ROUND_SECONDS = 90.0
"""Time for which a process is given items; then it ends, and its sites may go elsewhere."""
ROUND_DEADLINE_SECONDS = 120.0
"""Time after which a process ends itself, whatever it does."""
IDLE_ROUND_SECONDS = 10.0
"""Time without items after which a process is not needed any more."""
EXCHANGE_SECONDS = 0.5
EXCHANGE_SECONDS_PER_WORKER = 0.03
"""Time that a call waits for answers: the more workers, the longer, as each call costs the driver."""
MAX_CHUNK_BYTES = 4 * 1024 * 1024
"""Bytes of answers that one call brings."""
CALL_TIMEOUT_SECONDS = ROUND_LEASE_SECONDS
"""Time without an answer to a call after which a worker counts as lost."""
BEGIN_TIMEOUT_SECONDS = 60.0
"""The same for the first call, which imports."""
SUPERVISION_SECONDS = 0.25
NO_WORKERS_SECONDS = 600.0
"""Time without any worker after which the crawl ends."""
MAX_FAILED_ROUNDS = 3
"""Rounds in a row whose process never speaks, on every worker, after which the crawl ends."""
FAILED_WORKER_REST_SECONDS = 5.0
CLOSING_SECONDS = 10.0
"""Time that running requests get when the crawl ends."""
STOP_SECONDS = 3.0
PAUSE_TOLERANCE = timedelta(seconds=2)
"""Difference by which the end of a pause has to be later to count as another pause."""


class WorkerGone(Exception):  # noqa: N818  handled here
    """A worker is not listed any more, or does not answer."""


class DispatchSession(Protocol):
    """The part of a crawl's session that is used here."""

    @property
    def backoff(self) -> SiteBackoff:
        """The pauses of sites."""
        ...

    @property
    def remarks(self) -> dict[str, str]:
        """Site → remark for the report of the crawl."""
        ...

    @property
    def robots_seen(self) -> dict[str, Response] | None:
        """Site → response for robots.txt; None if these are not kept."""
        ...

    @property
    def workers(self) -> Any:  # a WorkerPool that is a ReadAheadPool in these crawls
        """The `ReadAheadPool` that gets the readings, and knows the workers."""
        ...

    def record_pause(self, site: str, pause: SitePause) -> None:
        """Record a pause that is too long to wait for."""
        ...

    def count_requests(self, made: Mapping[str, int]) -> None:
        """Count requests by their hosts."""
        ...


@dataclass(frozen=True, slots=True)
class ArrivedAnswer:
    """The answer to a request, and how long ago it arrived at the worker."""

    answer: FetchAnswer
    age_seconds: float


@dataclass(frozen=True, slots=True)
class CrawlState:
    """The state of Scrapy's engine, as far as it is needed here."""

    is_closing: Callable[[], bool]
    is_busy: Callable[[], bool]


class FetchDispatcher:
    """Has requests made on workers. Everything runs on the crawl's event loop."""

    def __init__(
        self,
        settings: BaseSettings,
        session: DispatchSession,
        state: CrawlState,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings, self.session, self.state = settings, session, state
        self.seats: WorkerSeats = session.workers.seats
        session.workers.before_stop = self.stop
        self.clock = clock
        agent = settings["ROBOTSTXT_USER_AGENT"] or settings["USER_AGENT"]
        self.board = ShareBoard(agent, settings.getfloat("DOWNLOAD_DELAY"))
        self.lost_workers: Counter[str] = Counter()
        """Names of workers that were lost with a round, and how often."""
        folder = Path(settings["DATELINE_ARCHIVE"]).absolute()
        # two machines may crawl into folders of one name
        self._archive_key = hashlib.sha256(f"{os.uname().nodename}\0{folder}".encode()).hexdigest()
        self._answers: dict[int, asyncio.Future[ArrivedAnswer]] = {}
        self._numbers = count(1)
        self._rounds: dict[str, asyncio.Task[None]] = {}
        """Worker's address → its round."""
        self._cleared: set[str] = set()
        """Workers on which no round of an earlier crawl goes on."""
        self._failed_rounds: Counter[str] = Counter()
        """Worker → rounds in a row whose process never spoke."""
        self._resting_until: dict[str, float] = {}
        self._supervision: asyncio.Task[None] | None = None
        self._closing_since: float | None = None
        self._worker_seen_at = clock()
        for origin, pause in session.backoff.pauses.items():
            left = (pause.until - backoff_now()).total_seconds()
            self.board.note_pause(origin, left, pause.reason, clock())

    async def fetch(self, item: FetchItem) -> ArrivedAnswer:
        """Return the answer to an item. Raises WithdrawnRequest if the crawl ends before it."""
        if self._supervision is None:
            self._supervision = asyncio.ensure_future(self._supervise())
            self._supervision.add_done_callback(self._end_on_fault)
        number = item.number
        self.session.workers.pace.waiting += 1
        self._answers[number] = asyncio.get_running_loop().create_future()
        self.board.add_item(item, self.clock())
        try:
            return await self._answers[number]
        finally:
            del self._answers[number]

    def next_number(self) -> int:
        """Return a number for an item."""
        return next(self._numbers)

    def stop(self) -> None:
        """End the rounds, and wait for it a moment; their processes would end by themselves."""
        if self._supervision is None:
            return
        for task in (self._supervision, *self._rounds.values()):
            task.cancel()
        self._supervision, self._rounds = None, {}
        ends = []
        for running in self.board.rounds.values():
            with suppress(ClusterError):
                ends.append(self.seats.submit_to(running.worker, end_round, running.name))
        wait(ends, STOP_SECONDS)

    # -- supervision -------------------------------------------------------------------------------

    async def _supervise(self) -> None:
        """Begin a round on each worker that gets work, until the crawl ends."""
        await self._clear_workers()
        while True:
            try:
                self._check_workers()
                if self.state.is_closing():
                    self._withdraw_items()
                else:
                    self._begin_rounds()
            except ClusterError as error:
                self.session.workers.on_lost(error)
                self._closing_since = self.clock()
            await asyncio.sleep(SUPERVISION_SECONDS)

    def _usable_workers(self) -> list[SeatedWorker]:
        """Return the workers that are there and do not rest after a failure."""
        now = self.clock()
        return [
            each
            for each in self.seats.workers()
            if self._resting_until.get(each.address, 0.0) <= now
        ]

    def _usable_addresses(self) -> list[str]:
        return [each.address for each in self._usable_workers()]

    def _check_workers(self) -> None:
        """Raise ClusterError if there has been no worker for too long."""
        now = self.clock()
        if self.seats.workers():
            self._worker_seen_at = now
        elif now - self._worker_seen_at > NO_WORKERS_SECONDS:
            raise ClusterError(
                f"the cluster has had no workers for {NO_WORKERS_SECONDS:g} s; what was written "
                "is kept; start some and run the same command again to continue"
            )

    def _begin_rounds(self) -> None:
        """Begin a round on each worker that gets work."""
        addresses = self._usable_addresses()
        for worker in self._usable_workers():
            task = self._rounds.get(worker.address)
            is_free = task is None or task.done()
            if is_free and self.board.has_work_for(worker.address, addresses, self.clock()):
                name = uuid.uuid4().hex
                self.board.add_round(name, worker.address, self.clock())
                begun = asyncio.ensure_future(self._run_round(name, worker))
                begun.add_done_callback(self._end_on_fault)
                self._rounds[worker.address] = begun

    def _end_on_fault(self, done: asyncio.Task[None]) -> None:
        """End the crawl if one of the tasks here has failed, as its requests would have no answer."""
        if not done.cancelled() and (error := done.exception()):
            dispatch_logger.error("fetching on workers failed", exc_info=error)
            self.session.workers.on_lost(ClusterError(f"fetching on workers failed: {error}"))

    def _withdraw_items(self) -> None:
        """Withdraw what was not begun; after a while, all that is under way as well."""
        self._closing_since = self._closing_since or self.clock()
        waiting = self.board.withdraw_waiting()
        if self.clock() - self._closing_since > CLOSING_SECONDS:
            waiting += [
                item for each in self.board.rounds.values() for item in each.open_items.values()
            ]
        for item in waiting:
            answer = self._answers.get(item.number)
            if answer and not answer.done():
                answer.set_exception(WithdrawnRequest("the crawl ends"))

    # -- a round -----------------------------------------------------------------------------------

    async def _run_round(self, name: str, worker: SeatedWorker) -> None:
        """Run one round to its end, and put back what it leaves."""
        end: RoundEnd = "in order"
        problem: str | None = None
        spoke = False
        try:
            await self._begin_on(worker, name)
            began = self.board.rounds[name].idle_since = self.clock()
            while True:
                chunk = await self._exchange(worker, name, began)
                self._take_chunk(name, worker, chunk)
                spoke = spoke or bool(chunk.frames)
                if chunk.is_over:
                    end, problem = end_of_last_chunk(chunk, spoke), chunk.problem
                    break
        except asyncio.CancelledError:
            raise
        except Exception as error:
            if isinstance(error, ClusterError) and not _is_loss_of_worker(error):
                self.session.workers.on_lost(error)
            end, problem = "lost", str(error) or type(error).__name__
        self._note_round_end(name, worker, end, problem, spoke)

    async def _clear_workers(self) -> None:
        """End the rounds of an earlier crawl that was killed, before any site is handed out."""
        await asyncio.gather(*map(self._clear_worker, self.seats.workers()), return_exceptions=True)

    async def _clear_worker(self, worker: SeatedWorker) -> None:
        """End the rounds of an earlier crawl on a worker."""
        await self._call(worker, BEGIN_TIMEOUT_SECONDS, end_rounds_of, self._archive_key)
        self._cleared.add(worker.address)

    async def _begin_on(self, worker: SeatedWorker, name: str) -> None:
        """Start the process of a round; on a worker that came later, end earlier ones first."""
        if worker.address not in self._cleared:
            await self._clear_worker(worker)
        keeps_robots = self.session.robots_seen is not None
        setup = share_setup(self.settings, worker.threads, keeps_robots=keeps_robots)
        content = pickle.dumps(setup)
        await self._call(
            worker, BEGIN_TIMEOUT_SECONDS, begin_round, name, self._archive_key, content
        )

    async def _exchange(self, worker: SeatedWorker, name: str, began: float) -> RoundChunk:
        """Send the next orders of a round, and return the answers that have come."""
        running, now = self.board.rounds[name], self.clock()
        running.is_ending |= (
            self.state.is_closing()
            or now - began > ROUND_SECONDS
            or (not running.open_items and now - running.idle_since > IDLE_ROUND_SECONDS)
        )
        orders = self.board.take_orders(name, self._usable_addresses(), now)
        if running.open_items:
            running.idle_since = now
        seconds = max(EXCHANGE_SECONDS, EXCHANGE_SECONDS_PER_WORKER * len(self.seats.workers()))
        is_full = self.state.is_busy() and not self.state.is_closing()
        chunk: RoundChunk = await self._call(
            worker,
            CALL_TIMEOUT_SECONDS,
            exchange_with_round,
            name,
            pickle.dumps(orders),
            seconds,
            0 if is_full else MAX_CHUNK_BYTES,
        )
        return chunk

    async def _call(
        self, worker: SeatedWorker, timeout: float, function: Callable[..., Any], *args: Any
    ) -> Any:
        """Return what a function returns on a worker.

        Raises what it raises, and WorkerGone if the worker is gone or does not answer in time.
        """
        answer = asyncio.wrap_future(self.seats.submit_to(worker.address, function, *args))
        ends_at = self.clock() + timeout
        try:
            while not answer.done():
                await asyncio.wait({answer}, timeout=SUPERVISION_SECONDS)
                self._check_worker_of(answer, worker, ends_at)
        finally:
            if not answer.done():
                answer.cancel()  # nobody waits for it any more, even if it fails
        return answer.result()

    def _check_worker_of(
        self, answer: asyncio.Future[Any], worker: SeatedWorker, ends_at: float
    ) -> None:
        """Raise WorkerGone if a call will not be answered any more."""
        if answer.done():
            return
        if worker.address not in {each.address for each in self.seats.workers()}:
            raise WorkerGone("the worker is gone")
        if self.clock() > ends_at:
            raise WorkerGone("the worker does not answer")

    def _note_round_end(
        self, name: str, worker: SeatedWorker, end: RoundEnd, problem: str | None, spoke: bool
    ) -> None:
        """Put back what a round leaves, and log why it ended early."""
        ended, now = self.board.rounds[name], self.clock()
        if problem:
            dispatch_logger.warning(
                "worker %s: %s; %d requests to %d sites are made again",
                worker.name, problem, len(ended.open_items), len(ended.sites),
            )  # fmt: skip
        if end == "lost":
            self.lost_workers[worker.name] += 1
            self._cleared.discard(worker.address)
        given_up = self.board.end_round(name, now, end)
        for item in given_up:
            why = f"worker {worker.name}: the fetch process ended on it several times: {problem}"
            failure = FetchFailure("failed", why, transient=True)
            self._resolve(FetchAnswer(item.number, 0.0, failure=failure), 0.0)
        if end == "in order" or spoke:
            self._failed_rounds.pop(worker.address, None)
            return
        self._failed_rounds[worker.address] += 1
        rest = FAILED_WORKER_REST_SECONDS * self._failed_rounds[worker.address]
        self._resting_until[worker.address] = now + rest
        fails = [self._failed_rounds[each.address] for each in self.seats.workers()]
        if fails and min(fails) >= MAX_FAILED_ROUNDS:
            error = f"no worker of the cluster can fetch; {worker.name}: {problem}"
            self.session.workers.on_lost(ClusterError(error))

    # -- answers -----------------------------------------------------------------------------------

    def _take_chunk(self, name: str, worker: SeatedWorker, chunk: RoundChunk) -> None:
        """Take the answers and news of a chunk."""
        for frame in chunk.frames:
            message = pickle.loads(frame)  # noqa: S301  workers are trusted, as Dask's are
            if isinstance(message, ShareNews):
                self._take_news(name, message)
            else:
                self._take_answer(name, worker, message, chunk.now)

    def _take_answer(
        self, name: str, worker: SeatedWorker, answer: FetchAnswer, worker_now: float
    ) -> None:
        """Give an answer to whoever waits for it, or have its item made with a second site."""
        self.session.workers.add_remote_cpu(answer.cpu_seconds)
        self.session.count_requests(answer.more_requests)
        if answer.elsewhere is not None:
            self.board.send_along(name, answer.number, answer.elsewhere, self.clock())
        elif self.board.settle_item(name, answer.number):
            self.session.workers.pace.note_workers([worker.name])
            if answer.reading and isinstance(answer.reading[1], DatelineError):
                dispatch_logger.info("worker %s: %s", worker.name, answer.reading[1])
            self._resolve(answer, max(0.0, worker_now - answer.answered_at))

    def _resolve(self, answer: FetchAnswer, age_seconds: float) -> None:
        """Give an answer to whoever waits for it."""
        waiting = self._answers.get(answer.number)
        if waiting and not waiting.done():
            waiting.set_result(ArrivedAnswer(answer, age_seconds))

    def _take_news(self, name: str, news: ShareNews) -> None:
        """Keep what a round reports of its sites."""
        self.board.note_state(name, news.state, self.clock())
        self._record_pauses(news.state)
        self.session.remarks.update(news.state.remarks)
        if self.session.robots_seen is not None:
            files = news.robots_files.items()
            read = {origin: response_of_fetched(each) for origin, each in files}
            self.session.robots_seen.update(read)

    def _record_pauses(self, state: SiteState) -> None:
        """Record the pauses that are news, those too long to wait for in the archive."""
        now, backoff = backoff_now(), self.session.backoff
        for origin, (seconds, reason) in state.pauses.items():
            pause = SitePause(now + timedelta(seconds=seconds), reason)
            known = backoff.current_pause(origin, now)
            if known and pause.until <= known.until + PAUSE_TOLERANCE:
                continue
            backoff.pauses[origin] = pause
            if pause.until - now > MAX_INLINE_WAIT:
                self.session.record_pause(origin, pause)


def share_setup(settings: BaseSettings, threads: int, *, keeps_robots: bool = False) -> ShareSetup:
    """Return the setup of a process on a worker with this number of threads."""
    return ShareSetup(
        settings={name: settings[name] for name in TRAVELLING_SETTINGS},
        readers=settings["DATELINE_WORKERS"] or max(1, threads),
        seconds=ROUND_DEADLINE_SECONDS,
        lease_seconds=ROUND_LEASE_SECONDS,
        now=os.environ.get("DATELINE_NOW"),
        keeps_robots=keeps_robots,
    )


def end_of_last_chunk(chunk: RoundChunk, spoke: bool) -> RoundEnd:
    """Return how a round ended whose last answers are in a chunk.

    A process that never `spoke` did not end on one of its items, as it had not begun.
    """
    if chunk.problem is None:
        return "in order"
    return "by itself" if spoke and not chunk.is_overdue else "overdue"


def _is_loss_of_worker(error: ClusterError) -> bool:
    """Return whether an error of the cluster concerns one worker only."""
    return isinstance(error, RoundLostError | LostWorkersError)
