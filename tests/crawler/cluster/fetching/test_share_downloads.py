"""What a worker fetched looks to the spider like its own response."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.http import Request

from archive.errors import ReadingError
from archive.records import Article, Capture
from crawler.cluster.fetching.fetch_dispatcher import ArrivedAnswer
from crawler.cluster.fetching.host_shares import (
    TRAVELLING_SETTINGS,
    FetchAnswer,
    FetchedResponse,
    FetchItem,
    is_robots_item,
    share_site,
)
from crawler.cluster.fetching.read_ahead import MAX_KEPT_READINGS, ReadAheadPool
from crawler.cluster.fetching.share_downloads import (
    FETCH_SETTINGS_SETTING,
    fetch_on_workers,
    item_of_request,
    response_of_answer,
)
from crawler.cluster.fetching.share_process import share_settings
from crawler.jobs.run_spider import crawl_settings
from crawler.network.exchange import (
    RemoteFailure,
    check_of_failure,
    check_of_response,
    page_request_to,
)

URL, MOVED = "http://harbour.example/news/1", "http://harbour.example/news/one"


def asked(reading: str = "page to store", **carried: Any) -> Request:
    usual = {"etag": '"7"', "last_modified": "Tue", "reading": reading}
    return page_request_to(URL, print, print, **usual, **carried)  # type: ignore[arg-type]


def test_a_request_keeps_its_validators_and_what_its_answer_is_recorded_under():
    assert item_of_request(3, asked(instead_of=MOVED, as_read="digest")) == FetchItem(
        number=3,
        url=URL,
        asked=MOVED,
        reading="page to store",
        headers=(("If-None-Match", '"7"'), ("If-Modified-Since", "Tue")),
        as_read="digest",
    )
    assert item_of_request(4, asked("sitemap", kind="sitemap", depth=1)).reading == "sitemap"


def test_a_request_keeps_its_exceptions_from_robots_txt_retries_and_redirects():
    meta = {"dont_obey_robotstxt": True, "dont_retry": True, "dont_redirect": False}
    robots = item_of_request(5, Request("http://harbour.example/robots.txt", meta=meta))
    assert (robots.reading, robots.manners) == (None, ("dont_obey_robotstxt", "dont_retry"))
    assert is_robots_item(robots)
    assert not is_robots_item(item_of_request(6, asked()))


def test_the_check_of_a_page_says_when_and_where_the_worker_got_it(monkeypatch):
    monkeypatch.delenv("DATELINE_NOW", raising=False)
    headers = {b"ETag": [b'"8"'], b"Content-Type": [b"text/html"]}
    redirects = {"redirect_urls": [URL], "redirect_reasons": [301], "redirect_times": 1}
    fetched = FetchedResponse(MOVED, 200, headers, b"body", redirects, 0.25)
    answer = FetchAnswer(1, 0.0, response=fetched)
    soon, late = (
        check_of_response(response_of_answer(asked(), ArrivedAnswer(answer, age)))
        for age in (0.0, 3600.0)
    )
    assert late.fetched_at < soon.fetched_at
    assert (soon.final_url, soon.etag, soon.size, soon.seconds) == (MOVED, '"8"', 4, 0.25)


def test_the_failure_of_a_worker_is_recorded_as_if_it_had_happened_here():
    check = check_of_failure(asked(), RemoteFailure("refused", "HTTP 429; paused", True, 429))
    assert (check.outcome, check.status, check.reason) == ("refused", 429, "HTTP 429; paused")
    assert check.transient


def test_delays_and_limits_of_the_configuration_hold_where_the_requests_are_made(tmp_path):
    settings = crawl_settings(tmp_path, DOWNLOAD_DELAY=2.5, DATELINE_ALLOW_ADDRESSES="10.0.0.0/8")
    fetch_on_workers(settings)
    there = settings[FETCH_SETTINGS_SETTING]
    assert settings.getfloat("DOWNLOAD_DELAY") == 0, "nothing waits at the driver"
    setup: Any = SimpleNamespace(settings={name: there[name] for name in TRAVELLING_SETTINGS})
    on_worker = share_settings(setup)
    assert on_worker.getfloat("DOWNLOAD_DELAY") == 2.5
    assert on_worker["DATELINE_ALLOW_ADDRESSES"] == "10.0.0.0/8"
    assert on_worker["USER_AGENT"] == crawl_settings(tmp_path)["USER_AGENT"]
    middlewares = on_worker["DOWNLOADER_MIDDLEWARES"]
    bounds = "crawler.cluster.fetching.share_spider.ShareBoundsMiddleware"
    assert middlewares[bounds] < middlewares["crawler.network.robots.RobotsMiddleware"]


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("http://www.harbour.example/news", "harbour.example"),
        ("https://m.harbour.example:8080/", "harbour.example"),
        ("http://127.0.0.1:80/", "127.0.0.1"),
    ],
)
def test_all_hosts_of_a_registered_domain_are_one_site(url, site):
    assert share_site(url) == site


def test_a_reading_that_came_is_used_once_and_any_other_document_is_read_here(monkeypatch):
    seats: Any = None
    capture, article = Capture(URL, b"<p>text"), Article(URL)
    with ReadAheadPool(seats, 1) as pool:
        pool.keep_reading(URL, capture.digest, ("page to store", article))
        assert asyncio.run(pool.read_article(capture)) is article
        read_here = SimpleNamespace(read_document=lambda *_: "read here", cpu_seconds=0.0, stop=int)
        monkeypatch.setattr(
            pool, "_idle", SimpleNamespace(get=lambda: read_here, put=lambda _: None)
        )
        assert asyncio.run(pool.read_article(capture)) == "read here"


def test_an_error_of_a_reader_on_a_worker_is_raised_here():
    seats: Any = None
    capture = Capture(URL, b"<p>text")
    with ReadAheadPool(seats, 1) as pool:
        error = ReadingError(f"{URL}: extraction took longer than 20 s")
        pool.keep_reading(URL, capture.digest, ("page to store", error))
        with pytest.raises(ReadingError, match="took longer"):
            asyncio.run(pool.read_article(capture))


def test_readings_that_are_never_used_do_not_pile_up():
    seats: Any = None
    with ReadAheadPool(seats, 1) as pool:
        for number in range(MAX_KEPT_READINGS + 10):
            pool.keep_reading(f"{URL}{number}", "digest", ("page to store", Article(URL)))
        assert len(pool._arrived) == MAX_KEPT_READINGS
