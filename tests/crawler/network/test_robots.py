"""robots.txt as RFC 9309 has it, without a network."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.settings import Settings

from crawler.network.opt_outs import AI_CRAWLER_TOKENS
from crawler.network.robots import (
    MAX_CRAWL_DELAY_SECONDS,
    RobotsMiddleware,
    effective_crawl_delay,
    rules_from_response,
)
from crawler.network.robots_rules import MAX_ROBOTS_BYTES

URL = "https://harbour.example/news/1"
US = "Dateline"


@pytest.mark.parametrize(
    ("robots", "allowed"),
    [
        ("User-agent: *\nDisallow: /news/", False),
        ("User-agent: *\nDisallow: /news/\nAllow: /news/1", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: dateline\nDisallow: /private/", True),
        ("user-agent: other\nuser-agent: DATELINE\ndisallow: /*/1$", False),
        ("User-agent: datelinebot\nDisallow: /", True),
        ("User-agent: *\nDisallow:", True),
        ("<html>not found</html>", True),
        ("", True),
        ("User-agent: *\r\nDisallow: /news/\r\n", False),
        ("\ufeffUser-agent: *\nDisallow: /news/", False),
        ("User-agent: Dateline/0.1\nDisallow: /news\n\nUser-agent: *\nDisallow:\n", False),
        ("User-agent: dateline/0.1 (news archive; contact: none)\nDisallow: /news\n", False),
        ("USER-AGENT:Dateline/*\rDisallow: /news\r", False),
        ("User-agent: Dateline 0.1 # the archive\nDisallow: /news\n", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Dateline/2\nDisallow:\n", True),
        ("User-agent: Other/1.0\nUser-agent: Dateline/1.0\nDisallow: /news\n", False),
        ("User-agent: DatelineBot/0.1\nDisallow: /", True),
        ("User-agent: Other/Dateline\nDisallow: /", True),
        ("User-agent: *\0\nDisallow: /news\n", False),
    ],
)
def test_what_a_robots_txt_allows(robots, allowed):
    assert rules_from_response(200, robots.encode()).allows(URL, US) is allowed


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 451])
def test_where_there_is_no_robots_txt_everything_is_allowed(status):
    rules = rules_from_response(status, b"User-agent: *\nDisallow: /")
    assert rules.not_now is None
    assert rules.allows(URL, US)
    assert rules.delay(US) is None


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 599])
def test_where_it_is_in_trouble_nobody_knows_and_nothing_is_allowed_for_now(status):
    assert rules_from_response(status, b"").not_now == f"robots.txt: HTTP {status}"


def test_500_kibibytes_are_read_and_no_half_line():
    rule = b"Disallow: /news/2\n"
    filler = b"# " + b"x" * 97 + b"\n"
    head = b"User-agent: *\nDisallow: /news/1\n"
    body = head + filler * ((MAX_ROBOTS_BYTES - len(head)) // 100)
    body += (
        b"#" * (MAX_ROBOTS_BYTES - len(body) - len("Disallow: /n") - 1)
        + b"\nDisallow: /news/3\n"
        + rule
    )
    rules = rules_from_response(200, body)
    assert body[:MAX_ROBOTS_BYTES].endswith(b"\nDisallow: /n")
    assert [rules.allows(f"https://harbour.example/news/{n}", US) for n in (1, 2, 3)] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_does_not_hide_the_first_group(encoding):
    assert not rules_from_response(200, "User-agent: *\nDisallow: /news/".encode(encoding)).allows(
        URL, US
    )


@pytest.mark.parametrize(
    ("said", "ours", "kept"),
    [
        (None, 0.5, 0.5),
        (10.0, 0.5, 10.0),
        (0.1, 0.5, 0.5),
        (3600.0, 0.5, MAX_CRAWL_DELAY_SECONDS),
        (3600.0, 90.0, 90.0),
    ],
)
def test_a_crawl_delay_is_kept_up_to_a_minute_and_never_goes_below_our_own(said, ours, kept):
    assert effective_crawl_delay(said, ours) == kept


@pytest.mark.parametrize(
    ("of_outlet", "said", "kept"),
    [
        (None, None, None),
        (5.0, None, 5.0),
        (5.0, 2.0, 5.0),
        (5.0, 9.0, 9.0),
        (0.0, None, 0.0),
        (0.1, 0.3, 0.3),
        (0.5, None, None),
        (90.0, 3600.0, 90.0),
    ],
)
def test_the_delay_of_an_outlets_rules_holds_unless_its_robots_txt_asks_for_more(
    of_outlet, said, kept
):
    """None: the downloader's own delay, half a second, stays."""
    downloader = SimpleNamespace(per_slot_settings={}, slots={})
    crawler: Any = SimpleNamespace(
        settings=Settings({"ROBOTSTXT_OBEY": True, "DOWNLOAD_DELAY": 0.5, "DATELINE_OPT_OUTS": ""}),
        engine=SimpleNamespace(downloader=downloader),
    )
    session: Any = SimpleNamespace(delay_of_outlet=lambda _: of_outlet, remarks={})
    middleware = RobotsMiddleware(crawler, session, SimpleNamespace())  # type: ignore[arg-type]
    middleware._apply_delay("https://harbour.example", said)
    slot = downloader.per_slot_settings.get("harbour.example", {})
    assert slot.get("delay") == kept


@pytest.mark.parametrize(
    ("line", "delay"),
    [("Crawl-delay: 10", 10.0), ("crawl-delay:2.5", 2.5), ("Crawl-delay: soon", None), ("", None)],
)
def test_the_crawl_delay_of_our_group(line, delay):
    robots = f"User-agent: *\n{line}\nDisallow: /x\n\nUser-agent: other\nCrawl-delay: 99\n"
    assert rules_from_response(200, robots.encode()).delay(US) == delay


def test_a_group_for_a_crawler_of_ai_companies_is_found_where_we_ourselves_may_come():
    rules = rules_from_response(200, b"User-agent: CCBot\nUser-agent: GPTBot\nDisallow: /news/\n")
    assert rules.allows(URL, US)
    assert rules.forbids_one_of(URL, AI_CRAWLER_TOKENS) == "GPTBot"
    assert rules.forbids_one_of("https://harbour.example/about", AI_CRAWLER_TOKENS) is None


@pytest.mark.shared
def test_the_robots_files_of_223_news_sites_are_read(shared):
    """Each is read without an error, most let us in, and their delays are within what is kept or
    said."""
    files = sorted((shared / "corpus" / "robots" / "news").iterdir())
    rules = {
        file.name.removesuffix(".txt"): rules_from_response(200, file.read_bytes())
        for file in files
    }
    homes = [read.allows(f"https://{host}/", US) for host, read in rules.items()]
    delays = [delay for read in rules.values() if (delay := read.delay(US))]
    assert len(rules) > 200
    assert sum(homes) / len(homes) > 0.9
    assert len(delays) >= 10
    assert all(0 < effective_crawl_delay(delay, 0.5) <= MAX_CRAWL_DELAY_SECONDS for delay in delays)


@pytest.mark.shared
@pytest.mark.parametrize("mark", ["utf8", "utf16le", "utf16be"])
def test_real_files_with_byte_order_marks_forbid_what_they_forbid(shared, mark):
    body = (
        shared / "corpus" / "robots" / "crawler-commons" / f"robots-with-{mark}-bom.txt"
    ).read_bytes()
    rules = rules_from_response(200, body)
    assert not rules.allows("https://harbour.example/login.aspx", US)
    assert rules.allows(URL, US)
