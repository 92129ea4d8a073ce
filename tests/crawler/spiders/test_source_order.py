"""Pages that can be asked for go before feeds that still wait, whatever else is under way."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from scrapy.http import Request

from archive.archive import Archive
from archive.frontier.urls import add_outlet_with_sources, queue_leads
from archive.records import Lead, Outlet, Source
from crawler.spiders.archive_spider import MAX_LEASED_PER_OUTLET, MAX_SOURCES_IN_PROGRESS
from crawler.spiders.outlets import OutletsSpider
from pipelines.identity import identify_lead, identify_source

PAGE = "https://harbour.example/news/1"


@pytest.mark.parametrize(
    "under_way", [0, MAX_SOURCES_IN_PROGRESS], ids=["room for sources", "no room for sources"]
)
def test_pages_are_asked_for_before_the_next_source_also_where_that_has_to_wait(
    tmp_path, under_way
):
    async def first_asked(spider: OutletsSpider) -> str:
        pages = [[Request(PAGE)]]
        async for request in spider.source_requests(lambda: pages.pop() if pages else []):
            return request.url
        return "nothing"

    spider = OutletsSpider()
    spider.under_way = {
        f"https://harbour.example/sitemap-{number}.xml" for number in range(under_way)
    }
    with Archive(tmp_path) as spider.archive:
        feed = identify_source(Source("https://quay.example/feed", "feed", "quay.example"))
        add_outlet_with_sources(spider.archive.db, Outlet("quay.example"), [feed])
        assert asyncio.run(first_asked(spider)) == PAGE


@pytest.mark.parametrize(
    ("under_way", "asked"),
    [(0, [PAGE]), (MAX_LEASED_PER_OUTLET, [])],
    ids=["idle readers", "busy readers"],
)
def test_pages_of_an_outlet_that_has_not_told_all_are_asked_for_only_where_readers_are_idle(
    tmp_path, under_way, asked
):
    spider = OutletsSpider()
    spider.crawler = SimpleNamespace(engine=SimpleNamespace(needs_backout=lambda: False))
    spider.under_way = {f"https://quay.example/news/{number}" for number in range(under_way)}
    with Archive(tmp_path) as spider.archive:
        queue_leads(spider.archive.db, [identify_lead(Lead(PAGE, "feed"))])
        assert [request.url for request in spider.early_pages()] == asked
