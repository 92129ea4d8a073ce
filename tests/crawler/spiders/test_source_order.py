"""Pages that can be asked for go before feeds that still wait, whatever else is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from scrapy.http import Request
from scrapy.utils.test import get_crawler

from archive.frontier.urls import add_outlet_with_sources
from archive.records import Lead, Outlet, Source
from archive.storage.database import transaction
from crawler.session.crawl_session import CrawlSession
from crawler.session.urls_in_progress import MAX_SOURCES_IN_PROGRESS
from crawler.spiders.archive_spider import MAX_LEASED_PER_OUTLET
from crawler.spiders.outlets import OutletsSpider
from pipelines.identity import identify_lead, identify_source

PAGE = "https://harbour.example/news/1"


@pytest.fixture
def spider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OutletsSpider]:
    """A spider of a crawl on a new archive, whose engine has room."""
    monkeypatch.setattr("crawler.network.crawl_engine.is_engine_busy", lambda _: False)
    settings = {"DATELINE_ARCHIVE": str(tmp_path), "DATELINE_OPT_OUTS": "", "DATELINE_WORKERS": 1}
    crawler = get_crawler(OutletsSpider, settings)
    made = OutletsSpider.from_crawler(crawler)
    crawler.stats = SimpleNamespace(set_value=lambda *_: None)
    yield made
    made.closed("finished")


def has_in_progress(session: CrawlSession, path: str, number: int) -> None:
    for each in range(number):
        session.progress.note_request(f"https://quay.example/{path}{each}")


@pytest.mark.parametrize(
    "in_progress", [0, MAX_SOURCES_IN_PROGRESS], ids=["room for sources", "no room for sources"]
)
def test_pages_are_asked_for_before_the_next_source_also_where_that_has_to_wait(
    spider, in_progress
):
    async def first_asked() -> str:
        pages = [[Request(PAGE)]]
        async for request in spider.source_requests(lambda: pages.pop() if pages else []):
            return request.url
        return "nothing"

    has_in_progress(spider.session, "sitemap-", in_progress)
    feed = identify_source(Source("https://quay.example/feed", "feed", "quay.example"))
    with transaction(spider.session.db) as db:
        add_outlet_with_sources(db, Outlet("quay.example"), [feed])
    assert asyncio.run(first_asked()) == PAGE


@pytest.mark.parametrize(
    ("in_progress", "asked"),
    [(0, [PAGE]), (MAX_LEASED_PER_OUTLET, [])],
    ids=["idle readers", "busy readers"],
)
def test_pages_of_an_outlet_that_has_not_told_all_are_asked_for_only_where_readers_are_idle(
    spider, in_progress, asked
):
    has_in_progress(spider.session, "news/", in_progress)
    spider.session.store_leads([identify_lead(Lead(PAGE, "feed"))])
    assert [request.url for request in spider.early_pages()] == asked


def test_a_session_opened_by_a_spider_alone_records_its_crawl(spider):
    crawl = spider.session.db.execute("SELECT command, state FROM crawls").fetchone()
    assert tuple(crawl) == ("scrapy crawl outlets", "running")
