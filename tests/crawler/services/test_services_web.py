"""Adapters against the services of an invented world, over HTTP on loopback: what a crawl does,
without a crawler."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pytest

from archive.records import Lead
from crawler.services import SearchQuery, UnresolvedHeadline, lead_of_headline, service_named
from crawler.services.wayback import WaybackMachine
from crawler.sources.feed_parser import parse_feed
from demo.listings import FEED_PATHS
from demo.outlets import Outlet, Page, Revision, World
from tests.patience import patient
from tests.services import BASES, ServiceWeb, serve_with_services


def day(number: int, hour: int = 10) -> datetime:
    return datetime(2026, 3, number, hour, 7, tzinfo=UTC)


TAKEN_AWAY = (Revision(day(15), status=410),)
GONE = Page(
    "/gone",
    "Ferry owner buys a second ferry",
    "The ferry owner said.",
    day(10),
    revisions=TAKEN_AWAY,
)
WORLD = World(
    (
        Outlet(
            "harbour.example",
            "The Harbour Post",
            pages=(
                Page(
                    "/ferry-hits-wall",
                    "Ferry hits the harbour wall, two hurt",
                    "The ferry hit the wall.",
                    day(12),
                ),
                Page("/bus", "Bus service to be cut in the spring", "Fewer buses.", day(12)),
                GONE,
            ),
        ),
        Outlet(
            "hafen.example",
            "Hafenblatt",
            "de",
            pages=(Page("/faehre", "Ferry rammt Mauer", "Im Hafen.", day(13)),),
        ),
    ),
    now=datetime(2026, 3, 20, 12, tzinfo=UTC),
)
FERRY = "http://harbour.example/ferry-hits-wall"
WIKI = {
    "Ferry accident": (FERRY, "https://doi.org/10.1/23456"),
    "Bus": ("http://harbour.example/bus",),
}
QUERY = SearchQuery(("ferry",), since="2026-03-11", until="2026-03-20")


def fetch(web: ServiceWeb, url: str) -> tuple[bytes, int, dict[str, str]]:
    try:
        with build_opener(ProxyHandler({"http": web.proxy})).open(
            url, timeout=patient(10)
        ) as answer:
            return answer.read(), answer.status, dict(answer.headers)
    except HTTPError as error:
        return error.read(), error.code, dict(error.headers)


def follow(
    web: ServiceWeb, name: str, query: SearchQuery
) -> tuple[list[Lead], list[UnresolvedHeadline], list[str]]:
    """All that a service says to a query; waits are not waited for."""
    asked = service_named(name, BASES[name])
    asks, leads, headlines, problems = list(asked.requests(query)), [], [], []
    while asks:
        ask = asks.pop(0)
        body, status, headers = fetch(web, ask.url)
        answer = asked.read(body, ask, status, headers)
        asks += answer.asks
        leads += answer.leads
        headlines += answer.headlines
        problems += [answer.problem] if answer.problem else []
    return leads, headlines, problems


@pytest.mark.parametrize(
    ("name", "query", "urls"),
    [
        ("gdelt", QUERY, ["http://hafen.example/faehre", FERRY]),
        ("gdelt", replace(QUERY, languages=("de",)), ["http://hafen.example/faehre"]),
        ("gdelt", replace(QUERY, hosts=("harbour.example",)), [FERRY]),
        ("gdelt", replace(QUERY, any_of=("wall", "quay")), [FERRY]),
        (
            "gdelt-files",
            replace(QUERY, since="2026-03-12T09:00:00Z", until="2026-03-12T11:00:00Z"),
            [FERRY],
        ),
        ("wikipedia", QUERY, [FERRY]),
        (
            "wayback",
            replace(QUERY, hosts=("harbour.example",)),
            ["http://harbour.example/bus", FERRY],
        ),
    ],
)
def test_a_service_leads_to_the_articles_of_a_world(name, query, urls):
    with serve_with_services(WORLD, encyclopedia=WIKI) as web:
        leads, _, problems = follow(web, name, query)
    assert sorted(lead.url for lead in leads) == sorted(urls)
    assert problems == []


def test_what_google_names_is_found_in_the_outlets_own_feed():
    with serve_with_services(WORLD) as web:
        leads, headlines, problems = follow(
            web, "google-news", replace(QUERY, hosts=("harbour.example",))
        )
        body = fetch(web, f"http://harbour.example{FEED_PATHS['rss']}")[0]
    feed = parse_feed(body, "http://harbour.example/feed", fetched_at="2026-03-20T12:00:00Z")
    assert (leads, problems) == ([], [])
    [found] = headlines
    resolved = lead_of_headline(found, feed.leads)
    assert resolved is not None
    assert (resolved.url, resolved.via) == (FERRY, "feed")


def test_a_page_that_is_gone_is_read_from_its_capture():
    with serve_with_services(WORLD) as web:
        wayback = service_named("wayback", BASES["wayback"])
        assert isinstance(wayback, WaybackMachine)
        assert fetch(web, "http://harbour.example/gone")[1] == 410
        ask = wayback.captures("http://harbour.example/gone", "2026-03-10")
        [lead] = wayback.read(fetch(web, ask.url)[0], ask).leads
        body, status, _ = fetch(web, lead.listed_as or "")
    assert status == 200
    assert b"Ferry owner buys a second ferry" in body


@pytest.mark.parametrize("name", ["gdelt", "google-news", "wikipedia", "wayback"])
@pytest.mark.parametrize("fault", ["429", "503", "html"])
def test_a_service_that_refuses_once_is_asked_again_and_answers(name, fault):
    query = replace(QUERY, hosts=("harbour.example",))
    with serve_with_services(WORLD, encyclopedia=WIKI) as web:
        web.faults[name] = [fault]
        leads, headlines, problems = follow(web, name, query)
    assert leads or headlines
    assert len(problems) == 1


def test_a_service_that_goes_on_refusing_is_given_up_after_three_requests():
    with serve_with_services(WORLD) as web:
        web.faults["gdelt"] = ["text"] * 9
        leads, _, problems = follow(web, "gdelt", QUERY)
        assert len(web.requests) == 3
    assert leads == []
    assert problems[-1].endswith("3 times; it is paused")


def test_half_an_answer_is_asked_for_again():
    with serve_with_services(WORLD) as web:
        web.faults["gdelt"] = ["cut"]
        leads, _, problems = follow(web, "gdelt", QUERY)
    assert len(leads) == 2
    assert problems == ["GDELT sent broken JSON; it can be asked again in 60 s"]


def test_the_newest_of_gdelts_files_needs_no_window():
    with serve_with_services(WORLD, now=day(12).replace(minute=20)) as web:
        leads, _, _ = follow(web, "gdelt-files", SearchQuery(("ferry",), languages=("en",)))
    assert [lead.headline for lead in leads] == ["Ferry hits the harbour wall, two hurt"]
