"""What robots.txt says to us: as another reader of such files has it, in bounded time and
memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protego import Protego

from crawler.network.robots_rules import (
    BYTES_PER_RULE,
    MAX_WILDCARD_RULES,
    parse_robots_groups,
    robots_path,
    sitemaps_in_robots,
)
from tests.growth import assert_growth

US = ("Dateline", "CCBot", "Google-Extended")
LINES = st.sampled_from(
    """User-agent: *;User-agent: Dateline;user-agent: date;User-agent: CCBot;User agent google;Disallow: /;Disallow:
Disallow: /news;Allow: /news/1;Disallow: /*.php$;Allow: /*/1;Disallow: /a%2fb;Disallow: /a%C3%A4;Allow: /ä
Disallow: /news$;Allow: /index.html;Disallow /x;Noindex: /;Sitemap: http://x.example/s;Host: x;Crawl-delay: 3
Disallow: *;Disallow: */1;Allow: /n*s*1;Disallow: /$x;Disallow: /?id=;# none;Dissallow: /news/2""".replace(
        "\n", ";"
    ).split(";")
)
PATHS = (
    "/",
    "/news",
    "/news/1",
    "/news/2?id=1",
    "/x.php",
    "/x.php?a",
    "/a%2Fb",
    "/a%2fb",
    "/aä",
    "/%C3%A4",
    "/$x",
    "/?id=2",
)


@given(st.lists(LINES, max_size=16))
def test_it_says_what_an_independent_reader_finds_in_it(lines: list[str]) -> None:
    text = "\n".join(lines)
    groups, other = parse_robots_groups(text.encode(), US), Protego.parse(text)
    for agent in US:
        group = groups.group(agent)
        for path in PATHS:
            url = f"https://harbour.example{path}"
            assert group.allows(robots_path(url)) == other.can_fetch(url, agent), (agent, path)
        assert group.delay == other.crawl_delay(agent)
    assert sitemaps_in_robots(text.encode()) == list(other.sitemaps)


@pytest.mark.shared
def test_real_files_say_what_an_independent_reader_finds_in_them(shared):
    for file in sorted((shared / "corpus" / "robots" / "news").iterdir()):
        body = file.read_bytes()
        groups, other = (
            parse_robots_groups(body, US),
            Protego.parse(body.decode("utf-8-sig", "replace")),
        )
        assert sitemaps_in_robots(body) == list(other.sitemaps), file.name
        for agent, group in groups.of.items():
            asked = [
                *list(group.plain)[:30],
                *("x".join(parts) for _, _, parts, _ in group.wild[:30]),
                "/news/1",
            ]
            for path in asked:
                url = f"https://harbour.example/{path.lstrip('/')}"
                assert group.allows(robots_path(url)) == other.can_fetch(url, agent), (
                    file.name,
                    agent,
                    url,
                )


@pytest.mark.parametrize(
    "line",
    [
        "User-agent: Dateline/0.1",
        "user-agent: dateline/2.0 (news archive)",
        "User-agent: *\0",
        "User-agent:DATELINE",
    ],
)
def test_a_group_that_means_us_is_ours_however_it_is_written(line):
    group = parse_robots_groups(f"{line}\nDisallow: /news\n".encode(), US).group("Dateline")
    assert not group.allows("/news/1")


def robots(agents: int, rules: int, pattern: str = "/{}", ours: str = "*") -> bytes:
    named = "".join(f"User-agent: robot{number}\n" for number in range(agents))
    lines = "".join(f"Disallow: {pattern.format(number)}\n" for number in range(rules))
    return f"{named}User-agent: {ours}\n{lines}".encode()


def test_rules_for_others_take_no_memory():
    theirs = robots(4_000, 10_000, ours="otherbot")
    assert parse_robots_groups(theirs, US).size == BYTES_PER_RULE


def test_rules_for_many_crawlers_are_kept_once():
    few, many = robots(1, 10_000), robots(9_000, 10_000)
    assert parse_robots_groups(many, US).size == parse_robots_groups(few, US).size


def test_names_that_all_mean_us_do_not_multiply_the_rules():
    """Each beginning of a name is a name that a crawler goes by; the longest alone counts."""
    beginnings = "".join(
        f"User-agent: {token[:end]}\n" for token in US for end in range(1, len(token))
    )
    rules = robots(0, 10_000).decode().partition("\n")[2]
    groups = parse_robots_groups((beginnings + rules).encode(), US)
    assert groups.size <= len(US) * parse_robots_groups(robots(0, 10_000), US).size


@pytest.mark.slow
@pytest.mark.parametrize(
    "pattern", ["/{}", "/{}$", "/*{}*a*b*c", "*{}*$", "/%41{}%zz", "/" + "a" * 300 + "{}"]
)
def test_to_ask_costs_about_the_same_however_many_rules_there_are(pattern):
    """Ten times the rules: at most a few times the work, and never in proportion."""
    groups = {
        many: parse_robots_groups(robots(0, many, pattern), US).group("Dateline")
        for many in (1_500, 15_000)
    }

    def asked(many: int) -> None:
        for number in range(300):
            groups[many].allows(f"/news/{number}/" + "ab" * 100)

    assert_growth(asked, 1_500, times=10, slack=0.5)


def test_rules_with_asterisks_beyond_those_that_are_tried_forbid_more_and_never_less():
    many = robots(0, MAX_WILDCARD_RULES, "/old/*/{}")
    group = parse_robots_groups(
        many + b"Disallow: /private*x\nAllow: /private/very/long/path/open\n", US
    ).group("Dateline")
    assert not group.allows("/private/very/long/path/open")
    assert not group.allows("/private1")
    assert group.allows("/news")
