"""Sites that are left alone: nothing of them is leased, and a page that was put off loses none of
its tries."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archive.archive import Archive
from archive.check_writer import write_checks
from archive.frontier.crawls import finish_crawl, start_crawl
from archive.frontier.pauses import pause_site, paused_sites
from archive.frontier.sources import sources_of_outlets
from archive.frontier.urls import MAX_PAGE_TRIES, add_outlet_with_sources, lease_pages, queue_leads
from archive.records import Check, Lead, Outlet, Source, current_time, current_timestamp, format_utc
from crawler.network.backoff import site_origin
from pipelines.policies import archive_policies

LATER, PAST = "2099-01-01T00:00:00Z", "2026-01-01T00:00:00Z"
URLS = (
    "https://harbour.example/a",
    "https://harbour.example:8443/a",
    "http://harbour.example/a",
    "https://a.b/c?d=/e",
)


@pytest.fixture
def archive(tmp_path):
    with Archive(tmp_path) as opened:
        queue_leads(opened.db, [Lead(url, via="given", url_key=url) for url in URLS])
        yield opened


def leased(archive: Archive) -> set[str]:
    return {waiting.lead.url for waiting in lease_pages(archive.db, 100, 100)}


@pytest.mark.parametrize(("site", "url"), [(site_origin(url), url) for url in URLS])
def test_nothing_of_a_site_that_is_left_alone_is_leased_and_all_of_the_others(archive, site, url):
    pause_site(archive.db, site, LATER, "HTTP 429")
    assert leased(archive) == set(URLS) - {url}


def test_what_is_over_or_shorter_than_a_pause_that_is_known_does_not_count(archive):
    pause_site(archive.db, "https://a.b", LATER, "HTTP 429")
    pause_site(archive.db, "https://a.b", "2098-01-01T00:00:00Z", "timed out")
    pause_site(archive.db, "https://harbour.example", PAST, "HTTP 503")
    assert paused_sites(archive.db) == {"https://a.b": (LATER, "HTTP 429")}
    assert leased(archive) == set(URLS[:3])


def test_a_page_that_is_put_off_again_and_again_still_waits_and_counts_no_try(archive):
    put_off = Check(
        URLS[0],
        "refused",
        current_timestamp(),
        reason="HTTP 429; paused until …",
        transient=True,
        url_key=URLS[0],
    )
    for _ in range(MAX_PAGE_TRIES + 2):
        assert URLS[0] in leased(archive)
        write_checks(archive, [put_off], archive_policies())
        archive.db.execute("UPDATE urls SET state = 'pending' WHERE state = 'leased'")
    row = archive.db.execute(
        "SELECT state, outcome, failures FROM urls WHERE url = ?", (URLS[0],)
    ).fetchone()
    assert tuple(row) == ("pending", "refused", 0)
    assert archive.db.execute("SELECT count(*) FROM fetches").fetchone()[0] == MAX_PAGE_TRIES + 2


def test_a_page_that_is_refused_for_good_is_not_tried_again(archive):
    write_checks(
        archive,
        [
            Check(
                URLS[0],
                "refused",
                current_timestamp(),
                reason="forbidden by robots.txt",
                url_key=URLS[0],
            )
        ],
        archive_policies(),
    )
    assert URLS[0] not in leased(archive)


def test_a_clock_that_ran_ahead_puts_nothing_off_for_longer_than_a_day(archive):
    pause_site(archive.db, "https://a.b", LATER, "HTTP 429")
    add_outlet_with_sources(
        archive.db, Outlet("a.b"), [Source("https://a.b/feed", "feed", "a.b", url_key="a.b/feed")]
    )
    archive.db.execute("UPDATE urls SET due_at = ? WHERE role = 'source'", (LATER,))
    soon = format_utc(current_time() + timedelta(hours=20))
    pause_site(archive.db, "https://harbour.example", soon, "HTTP 429")
    start_crawl(archive.db, "crawl")
    assert set(paused_sites(archive.db)) == {"https://harbour.example"}
    assert [source.url for source in sources_of_outlets(archive.db, ["feed"], due=True)] == [
        "https://a.b/feed"
    ]


def test_a_clock_that_jumps_back_while_a_crawl_runs_costs_no_page(archive, monkeypatch):
    monkeypatch.setenv("DATELINE_NOW", "2026-03-10T12:00:00Z")
    crawl = start_crawl(archive.db, "crawl")
    taken = leased(archive)
    monkeypatch.setenv("DATELINE_NOW", "2025-03-10T12:00:00Z")
    write_checks(
        archive,
        [
            Check(
                url, "failed", current_timestamp(), reason="timed out", transient=True, url_key=url
            )
            for url in taken
        ],
        archive_policies(),
    )
    finish_crawl(archive.db, crawl)
    start_crawl(archive.db, "crawl")
    assert leased(archive) == taken
