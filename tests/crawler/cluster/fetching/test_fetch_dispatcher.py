"""The driver's side of fetching on workers, with workers that are played here."""

from __future__ import annotations

import asyncio
import pickle
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from archive.errors import ClusterError
from crawler.cluster.fetching import fetch_dispatcher
from crawler.cluster.fetching.fetch_dispatcher import (
    CALL_TIMEOUT_SECONDS,
    MAX_FAILED_ROUNDS,
    NO_WORKERS_SECONDS,
    ArrivedAnswer,
    CrawlState,
    FetchDispatcher,
)
from crawler.cluster.fetching.fetch_rounds import RoundChunk, RoundLostError
from crawler.cluster.fetching.host_shares import (
    FetchAnswer,
    FetchedResponse,
    FetchItem,
    ShareNews,
    ShareOrders,
    SiteState,
)
from crawler.cluster.fetching.share_board import LOST_ROUND_SECONDS, MAX_PROCESS_ENDS
from crawler.jobs.run_spider import crawl_settings
from crawler.network.backoff import SiteBackoff, SitePause, backoff_now
from crawler.network.exchange import WithdrawnRequest

SITE = "http://harbour.example"


def item(number: int, site: str = SITE) -> FetchItem:
    return FetchItem(number, f"{site}/{number}", f"{site}/{number}", "page to store")


def answer_to(asked: FetchItem) -> FetchAnswer:
    response = FetchedResponse(asked.url, 200, {}, b"body")
    return FetchAnswer(asked.number, 5.0, response=response)


def chunk_of(*messages: FetchAnswer | ShareNews, **more: Any) -> RoundChunk:
    return RoundChunk(tuple(map(pickle.dumps, messages)), 7.0, **more)


@dataclass
class PlayedWorker:
    """A worker whose process answers as `play` says; None: it never answers."""

    address: str
    play: Callable[[ShareOrders], RoundChunk | None]
    threads: int = 1
    got: list[ShareOrders] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"the worker {self.address}"


@dataclass
class PlayedSeats:
    """Workers that are played."""

    there: list[PlayedWorker]

    def workers(self) -> list[PlayedWorker]:
        return list(self.there)

    def describe(self) -> str:
        return ""

    def submit_to(self, address: str, function: Callable[..., Any], *args: Any) -> Future[Any]:
        answer: Future[Any] = Future()
        worker = next((each for each in self.there if each.address == address), None)
        if function.__name__ != "exchange_with_round":
            answer.set_result(None)
        elif worker is not None:
            orders = pickle.loads(args[1])
            worker.got.append(orders)
            try:
                if (played := worker.play(orders)) is not None:
                    answer.set_result(played)
            except Exception as error:
                answer.set_exception(error)
        return answer


def answers_all(orders: ShareOrders) -> RoundChunk:
    return chunk_of(*map(answer_to, orders.items), is_over=orders.ends)


def plays_dead(_: ShareOrders) -> None:
    return None


class Stage:
    """A dispatcher, the workers that it sees, and what it says to the crawl."""

    def __init__(
        self, folder: Any, *there: PlayedWorker, pauses: dict[str, SitePause] | None = None
    ) -> None:
        self.now = 1000.0
        self.closing = False
        self.errors: list[ClusterError] = []
        self.recorded: list[str] = []
        self.requests: Counter[str] = Counter()
        self.seats = PlayedSeats(list(there))
        pace = SimpleNamespace(waiting=0, note_workers=len)
        pool = SimpleNamespace(
            seats=self.seats, pace=pace, on_lost=self.errors.append, add_remote_cpu=lambda _: None
        )
        self.session: Any = SimpleNamespace(
            backoff=SiteBackoff(pauses),
            remarks={},
            workers=pool,
            record_pause=self.record_pause,
            robots_seen={},
            count_requests=self.requests.update,
        )
        state = CrawlState(lambda: self.closing, lambda: False)
        settings = crawl_settings(folder)
        self.dispatcher = FetchDispatcher(settings, self.session, state, lambda: self.now)

    def record_pause(self, site: str, _: SitePause) -> None:
        self.recorded.append(site)

    async def fetch(self, *items: FetchItem) -> list[ArrivedAnswer | BaseException]:
        try:
            fetched = (self.dispatcher.fetch(each) for each in items)
            return await asyncio.wait_for(asyncio.gather(*fetched, return_exceptions=True), 60)
        finally:
            self.dispatcher.stop()

    async def until(self, condition: Callable[[], object]) -> None:
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_dispatcher, "SUPERVISION_SECONDS", 0.001)


def test_answers_come_back_to_whoever_asked_with_their_age(tmp_path):
    stage = Stage(tmp_path, PlayedWorker("east", answers_all))
    first, second = asyncio.run(stage.fetch(item(1), item(2)))
    assert isinstance(first, ArrivedAnswer)
    assert isinstance(second, ArrivedAnswer)
    assert (first.answer.number, second.answer.number) == (1, 2)
    assert first.age_seconds == 2.0


def test_requests_that_only_a_worker_knows_of_and_its_robots_txt_reach_the_crawl(tmp_path):
    robots = ShareNews(SiteState(), {SITE: FetchedResponse(f"{SITE}/robots.txt", 200, {}, b"#")})

    def answers_after_robots(orders: ShareOrders) -> RoundChunk:
        answers = [replace(answer_to(each), more_requests={SITE: 1}) for each in orders.items]
        return chunk_of(robots, *answers, is_over=orders.ends)

    stage = Stage(tmp_path, PlayedWorker("east", answers_after_robots))
    asyncio.run(stage.fetch(item(1), item(2)))
    assert stage.requests == {SITE: 2}
    assert stage.session.robots_seen[SITE].body == b"#"


def test_what_a_worker_had_that_is_gone_is_made_by_another_once_its_process_has_ended(tmp_path):
    east = PlayedWorker("east", plays_dead)
    stage = Stage(tmp_path, east)

    async def scene() -> list[Any]:
        fetching = asyncio.ensure_future(stage.fetch(item(1)))
        await stage.until(lambda: east.got)
        west = PlayedWorker("west", answers_all)
        stage.seats.there[:] = [west]
        await stage.until(lambda: stage.dispatcher.lost_workers)
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert not west.got, "its site may still be visited"
        stage.now += LOST_ROUND_SECONDS + 0.1
        return await fetching

    (answer,) = asyncio.run(scene())
    assert answer.answer.number == 1
    assert stage.dispatcher.lost_workers == {"the worker east": 1}
    assert stage.errors == []


def test_a_worker_that_does_not_answer_in_time_counts_as_lost(tmp_path):
    east = PlayedWorker("east", plays_dead)
    stage = Stage(tmp_path, east)

    async def scene() -> list[Any]:
        fetching = asyncio.ensure_future(stage.fetch(item(1)))
        await stage.until(lambda: east.got)
        east.play = answers_all
        stage.now += CALL_TIMEOUT_SECONDS + 0.1
        await stage.until(lambda: stage.dispatcher.lost_workers)
        stage.now += LOST_ROUND_SECONDS + 0.1
        return await fetching

    assert asyncio.run(scene())[0].answer.number == 1


def test_pauses_that_workers_report_are_recorded_once_and_short_ones_only_remembered(tmp_path):
    long, short = "http://busy.example", SITE
    state = SiteState(pauses={long: (3600.0, "HTTP 429"), short: (2.0, "HTTP 503")})

    def play(orders: ShareOrders) -> RoundChunk:
        news = ShareNews(state)
        return chunk_of(news, news, *map(answer_to, orders.items), is_over=orders.ends)

    stage = Stage(tmp_path, PlayedWorker("east", play))
    asyncio.run(stage.fetch(item(1)))
    assert stage.recorded == [long]
    assert set(stage.session.backoff.pauses) == {long, short}


def test_pauses_of_earlier_crawls_travel_with_the_share(tmp_path):
    east = PlayedWorker("east", answers_all)
    pauses = {SITE: SitePause(backoff_now() + timedelta(hours=1), "HTTP 429")}
    stage = Stage(tmp_path, east, pauses=pauses)
    asyncio.run(stage.fetch(item(1)))
    (share,) = east.got[0].shares
    assert share.state.pauses[SITE][1] == "HTTP 429"
    assert 3500 < share.state.pauses[SITE][0] <= 3600


def test_a_request_that_ends_its_process_again_and_again_fails_alone(tmp_path):
    ready = ShareNews(SiteState())

    def play(orders: ShareOrders) -> RoundChunk:
        good = [each for each in orders.items if each.number != 13]
        is_over = len(good) < len(orders.items)
        problem = "its process ended with code -11" if is_over else None
        return chunk_of(
            ready, *map(answer_to, good), is_over=is_over or orders.ends, problem=problem
        )

    stage = Stage(tmp_path, PlayedWorker("east", play))
    good, bad = asyncio.run(stage.fetch(item(1), item(13)))
    assert isinstance(good, ArrivedAnswer)
    assert good.answer.response
    assert isinstance(bad, ArrivedAnswer)
    assert bad.answer.failure
    assert bad.answer.failure.transient
    assert "the worker east" in bad.answer.failure.reason
    assert MAX_PROCESS_ENDS > 1


def test_the_crawl_ends_with_one_line_if_no_worker_can_fetch_at_all(tmp_path):
    def play(orders: ShareOrders) -> RoundChunk:
        return chunk_of(is_over=True, problem="its process ended with code 1: no module")

    east = PlayedWorker("east", play)
    stage = Stage(tmp_path, east)

    async def scene() -> None:
        fetching = asyncio.ensure_future(stage.fetch(item(1)))
        for attempt in range(1, MAX_FAILED_ROUNDS + 1):
            await stage.until(lambda number=attempt: len(east.got) >= number or stage.errors)
            await asyncio.sleep(0.01)
            stage.now += 60
        await stage.until(lambda: stage.errors or fetching.done())
        fetching.cancel()

    asyncio.run(scene())
    assert str(stage.errors[0]).endswith(
        "the worker east: its process ended with code 1: no module"
    )


def test_the_crawl_ends_with_one_line_if_there_are_no_workers_for_long(tmp_path):
    stage = Stage(tmp_path)

    async def scene() -> None:
        fetching = asyncio.ensure_future(stage.fetch(item(1)))
        await asyncio.sleep(0.01)
        assert stage.errors == []
        stage.now += NO_WORKERS_SECONDS + 1
        await stage.until(lambda: stage.errors)
        fetching.cancel()

    asyncio.run(scene())
    assert "no workers" in str(stage.errors[0])


def test_a_lost_scheduler_ends_the_crawl(tmp_path):
    def play(orders: ShareOrders) -> RoundChunk:
        raise ClusterError("tcp://desk:8786: the scheduler was lost")

    stage = Stage(tmp_path, PlayedWorker("east", play))

    async def scene() -> None:
        fetching = asyncio.ensure_future(stage.fetch(item(1)))
        await stage.until(lambda: stage.errors)
        fetching.cancel()

    asyncio.run(scene())
    assert "the scheduler was lost" in str(stage.errors[0])


def test_a_worker_that_was_started_again_is_no_loss_of_the_cluster(tmp_path):
    def play(orders: ShareOrders) -> RoundChunk:
        raise RoundLostError("the worker does not have the round any more")

    east = PlayedWorker("east", play)
    stage = Stage(tmp_path, east)

    async def scene() -> list[Any]:
        fetching = asyncio.ensure_future(stage.fetch(item(1)))
        await stage.until(lambda: stage.dispatcher.lost_workers)
        east.play = answers_all
        stage.now += LOST_ROUND_SECONDS + 10
        return await fetching

    assert asyncio.run(scene())[0].answer.number == 1
    assert stage.errors == []


def test_requests_that_nobody_has_begun_are_withdrawn_when_the_crawl_ends(tmp_path):
    east = PlayedWorker("east", answers_all)
    stage = Stage(tmp_path, east)
    stage.closing = True
    (outcome,) = asyncio.run(stage.fetch(item(1)))
    assert isinstance(outcome, WithdrawnRequest)
    assert not east.got
