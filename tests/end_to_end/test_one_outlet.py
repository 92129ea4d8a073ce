"""One outlet cannot stop a crawl: the honest one's pages are stored, and what was strange has a
reason.

Nothing here goes by the clock: a hostile answer that held the crawl would hold it for hours, and
the command's limit (`Dateline.__call__`) would end the test.
"""

from __future__ import annotations

import random

import pytest

from archive.archive import Archive
from demo.strangers import Answer, Says, stranger
from tests.conftest import Dateline
from tests.end_to_end.test_hostile_web import CRAWL, html, knows, proxied, rss

HONEST = {f"http://courier.example/{number}": html(number) for number in range(1, 4)}
FEED = Answer(200, rss(*HONEST))


def robots(agents: int, rules: int, rule: str = "Disallow: /{}") -> Answer:
    named = "".join(f"User-agent: robot{number}\n" for number in range(agents))
    lines = "".join(rule.format(number) + "\n" for number in range(rules))
    return Answer(
        200,
        f"{named}User-agent: *\nDisallow: /private\n{lines}".encode(),
        {"Content-Type": "text/plain"},
    )


def crawled(
    tmp_path, says: dict[str, Says], *sources: tuple[str, str], words: tuple[str, ...] = ()
) -> Dateline:
    """A crawl of the honest outlet, and of one at mire.example with these sources."""
    with stranger({**HONEST, "http://courier.example/feed": FEED, **says}) as there:
        run = proxied(tmp_path, there)
        knows(run, "mire.example", *sources)
        knows(run, "courier.example", ("http://courier.example/feed", "feed"))
        run(*CRAWL, *words)
        run.asked = list(there.asked)  # type: ignore[attr-defined]
    return run


def honest(run: Dateline) -> list[str]:
    return run.column(
        "SELECT url FROM articles WHERE url LIKE 'http://courier.example/%' ORDER BY url"
    )


ROBOTS = {
    "many crawlers and rules": robots(11_000, 14_000),
    "many patterns": robots(0, 18_000, "Disallow: /*{}*a*b*c$"),
    "one line": Answer(200, b"User-agent: *\nDisallow: /private" + b"*a" * 250_000),
    "asterisks": Answer(
        200, b"User-agent: *\nDisallow: /private\nDisallow: /" + b"*" * 450_000 + b"x\n"
    ),
    "agents alone": Answer(
        200, b"User-agent: *\nDisallow: /private\n" + b"User-agent: dateline\n" * 20_000
    ),
}


@pytest.mark.parametrize("kind", ROBOTS)
def test_a_robots_txt_costs_its_own_site_at_most(tmp_path, kind):
    links = ["http://mire.example/private", "http://mire.example/open"]
    says = {
        "http://mire.example/robots.txt": ROBOTS[kind],
        "http://mire.example/feed": Answer(200, rss(*links)),
    }
    run = crawled(tmp_path, says | {links[1]: html(9)}, ("http://mire.example/feed", "feed"))
    assert honest(run) == list(HONEST)
    if kind in ("many crawlers and rules", "asterisks"):  # and it is obeyed
        assert links[0] not in run.asked
        assert run.column("SELECT outcome FROM urls WHERE url = ?", links[0]) == ["refused"]
        assert run.column("SELECT outcome FROM urls WHERE url = ?", links[1]) == ["new"]


def deep(times: int, wrap: str) -> Answer:
    return Answer(
        200,
        f"<rss><channel>{wrap * times}{'<item><link>x</link></item>' * 500}</channel></rss>".encode(),
    )


FEEDS = {
    "bases": deep(2_000, f'<a xml:base="{"b" * 90}/">'),
    "titles": deep(4_000, "<item><title>"),
    "attributes": Answer(
        200, b"<rss " + b" ".join(b'a%d="1"' % n for n in range(50_000)) + b"><item/></rss>"
    ),
    "objects": Answer(200, b'{"items": ' + b"[" * 400_000),
}


@pytest.mark.parametrize("kind", FEEDS)
def test_a_feed_costs_its_own_outlet_at_most(tmp_path, kind):
    run = crawled(
        tmp_path, {"http://mire.example/feed": FEEDS[kind]}, ("http://mire.example/feed", "feed")
    )
    assert honest(run) == list(HONEST)
    assert run.column(
        "SELECT count(*) FROM urls WHERE url = 'http://mire.example/feed' AND outcome IS NOT NULL"
    ) == [1]


def test_pages_whose_reading_takes_all_their_time_do_not_keep_the_readers_from_others(tmp_path):
    """An allowance for the first, little time for the rest; the honest ones do not wait behind
    them."""
    slow = Answer(200, b"<html><body>" + b"<p>x<b>" * 140_000)
    says: dict[str, Says] = {f"http://mire.example/{number}": slow for number in range(8)}
    feed = Answer(200, rss(*says))
    run = crawled(
        tmp_path, says | {"http://mire.example/feed": feed}, ("http://mire.example/feed", "feed")
    )
    assert honest(run) == list(HONEST)
    assert run.column("SELECT count(*) FROM urls WHERE state = 'leased'") == [0]


def test_a_source_names_so_many_hosts_and_no_more(tmp_path):
    links = [f"http://blog{number}.mire.example/" for number in range(600)]
    run = crawled(
        tmp_path,
        {"http://mire.example/feed": Answer(200, rss(*links))},
        ("http://mire.example/feed", "feed"),
        words=("--budget", "10"),
    )
    assert honest(run)
    assert run.column("SELECT count(*) FROM outlets WHERE host LIKE 'blog%'") == [200]
    reason = run.column("SELECT reason FROM urls WHERE url LIKE '%mire.example/feed'")
    assert "400 left out: leads to more than 200 hosts" in reason[0]


def test_a_list_of_many_pages_is_taken_in_by_parts_and_whole(tmp_path):
    links = [f"http://mire.example/{number}" for number in range(2_600)]
    run = crawled(
        tmp_path,
        {"http://mire.example/feed": Answer(200, rss(*links))},
        ("http://mire.example/feed", "feed"),
        words=("--outlet-budget", "3"),
    )
    assert honest(run) == list(HONEST)
    assert run.column(
        "SELECT count(*) FROM urls WHERE url LIKE 'http://mire.example/%' AND kind = 'page'"
    ) == [2_600]


def captures(run: Dateline) -> tuple[int, int]:
    """Bytes of bodies, and of headers, that were kept of mire.example."""
    with Archive(run.folder) as archive:
        found = archive.captures.connection.execute(
            """SELECT coalesce(sum(length(b.body)), 0), coalesce(max(length(c.headers)), 0)
            FROM captures c JOIN bodies b ON b.digest = c.digest WHERE c.url LIKE 'http://mire.example/%'"""
        )
        bodies, headers = found.fetchone()
    return bodies, headers


def test_a_page_of_random_bytes_is_read_and_no_copy_of_it_is_kept(tmp_path):
    noise = random.Random(1).randbytes(9_000_000).replace(b">", b"")
    page = html(7).body.replace(b"</body>", b"<!--" + noise + b"--></body>")
    says: dict[str, Says] = {"http://mire.example/1": Answer(200, page)}
    feed = Answer(200, rss(*says))
    run = crawled(
        tmp_path, says | {"http://mire.example/feed": feed}, ("http://mire.example/feed", "feed")
    )
    assert honest(run) == list(HONEST)
    assert captures(run)[0] == 0
    reason = run.column("SELECT reason FROM urls WHERE url = 'http://mire.example/1'")[0]
    assert "no copy is stored: larger than 8 MiB" in reason


def test_headers_do_not_fill_the_archive(tmp_path):
    many = {f"X-Mire-{number}": "m" * 1_000 for number in range(90)}
    says: dict[str, Says] = {"http://mire.example/1": Answer(200, html(7).body, many)}
    feed = Answer(200, rss(*says))
    run = crawled(
        tmp_path, says | {"http://mire.example/feed": feed}, ("http://mire.example/feed", "feed")
    )
    assert honest(run) == list(HONEST)
    assert 0 < captures(run)[1] < 20_000
