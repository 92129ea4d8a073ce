"""From one address: the outlet of an article, the catalogue, and who else is likely to have covered
a story."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from archive.archive import Archive
from archive.frontier.sources import sources_of_outlets
from archive.storage.lock import hold_crawl_lock
from crawler.jobs.followed_article_spider import store_as_catalogued
from crawler.sources.catalogue import read_catalogue
from crawler.sources.outlet_lookup import wanted_outlets
from demo.strangers import Answer, Says, stranger
from demo.web import Outlet, World, serve
from tests.conftest import Dateline
from tests.end_to_end.test_hostile_web import proxied, rss
from tests.stories import NOW
from tests.stories import page as plain_page

XML = {"Content-Type": "application/xml"}
STORY = "http://harbour.example/news/ferry"
WORDS = (
    "The ferry crews of Orrin walked out on Tuesday over night shifts, the union said in Seoul, and South Korea's "
    "minister of ports called the strike a danger to the islands. Talks are to go on in Tokyo on Friday, she said. "
)


def page(headline: str, *links: str, agency: str = "") -> Answer:
    anchors = "".join(
        f'<p>As <a href="{link}">was reported there in full yesterday</a>.</p>' for link in links
    )
    body = f"<p>{WORDS}</p><p>{WORDS}</p>{anchors}<p>{agency}</p>"
    head = f'<title>{headline}</title><meta property="article:published_time" content="2026-03-02T09:00:00Z">'
    return Answer(
        200,
        f"<html lang=en><head>{head}</head><body><article><h1>{headline}</h1>{body}</article>".encode(),
    )


def home(name: str, feed: str = "") -> Answer:
    link = f'<link rel="alternate" type="application/rss+xml" href="{feed}">' if feed else ""
    return Answer(
        200,
        f"<html lang=en><head><title>{name}</title>{link}</head><body>Hello</body></html>".encode(),
    )


def sitemap(*urls: str) -> Answer:
    listed = "".join(f"<url><loc>{url}</loc><lastmod>2026-03-01</lastmod></url>" for url in urls)
    return Answer(
        200,
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</urlset>'.encode(),
        headers=XML,
    )


FEED = Answer(200, rss("http://harbour.example/news/ferry"), headers=XML)
MOVED = Answer(301, headers={"Location": "http://new.example/"})
NOTHING = Answer(502)
"""As a proxy answers that finds no such host."""

CATALOGUE = """host,name,country,language,kind,feeds,sitemaps
www.quay.example,Quay Times,KR,en,national,http://www.quay.example/all.rss http://www.quay.example/more.rss,
ridge.example,Ridge Radio,KR,ko,broadcaster,http://ridge.example/gone.rss,http://ridge.example/news.xml
old.example,The Old Post,KR,en,national,,
lost.example,Lost Weekly,KR,en,digital,,
harbour.example,Harbour Post,GB,en,local,,
wire.example,Orrin News Agency,SE,sv,agency,http://wire.example/feed,
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    file = tmp_path / "outlets.csv"
    file.write_text(CATALOGUE, encoding="utf-8")
    return file


class Hosts(dict[str, Says]):
    """What a web says by whole addresses: a host of which nothing is said is not there, another
    page is 404."""

    def get(self, key: str, _: Any = None) -> Any:
        hosts = {urlsplit(url).netloc for url in self}
        return super().get(key) or (Answer(404) if urlsplit(key).netloc in hosts else NOTHING)


@pytest.fixture
def web(tmp_path: Path, catalogue: Path) -> Iterator[Any]:
    """Makes the command for a web on loopback that says this, and finds no other host."""
    with ExitStack() as stack:

        def on(says: dict[str, Says]) -> Dateline:
            there = stack.enter_context(stranger(Hosts(says)))
            run = proxied(tmp_path, there, DATELINE_CATALOGUE=str(catalogue))
            run.asked = there.asked  # type: ignore[attr-defined]
            return run

        yield on


def asked(run: Any, host: str) -> list[str]:
    """What a host was asked for, without its robots.txt."""
    paths = (urlsplit(url) for url in run.asked)
    return [url.path for url in paths if url.netloc == host and url.path != "/robots.txt"]


def sources(run: Dateline) -> set[tuple[str, str]]:
    """The feeds and sitemaps of the archive, each with the host of its outlet."""
    rows = run.rows(
        "SELECT o.host, u.url FROM urls u JOIN outlets o ON o.id = u.outlet_id WHERE u.role = 'source'"
    )
    return {(row["host"], row["url"]) for row in rows}


def lookups(run: Dateline) -> dict[str, tuple[str, str | None]]:
    return {
        row["host"]: (row["outcome"], row["found_host"])
        for row in run.rows("SELECT * FROM outlet_lookups")
    }


# -- an outlet is looked up with what is known of it -----------------------------------------------


def test_feeds_of_the_catalogue_that_work_are_taken_without_a_look_at_the_home_page(web):
    run = web({"http://www.quay.example/all.rss": FEED, "http://www.quay.example/more.rss": FEED})
    told = run("outlet", "add", "quay.example").stdout
    assert told == "quay.example: at www.quay.example · Quay Times · 2 feeds\n"
    assert sources(run) == {
        ("www.quay.example", "http://www.quay.example/all.rss"),
        ("www.quay.example", "http://www.quay.example/more.rss"),
    }
    assert "/" not in asked(run, "www.quay.example")
    assert [
        tuple(row) for row in run.rows("SELECT host, name, language, country FROM outlets")
    ] == [("www.quay.example", "Quay Times", "en", "KR")]


@pytest.mark.parametrize(
    "gone", [Answer(404), Answer(200, b"<html><title>Not found</title>"), Answer(500), Answer(410)]
)
def test_a_feed_of_the_catalogue_that_fails_leads_back_to_discovery(web, gone):
    run = web({
        "http://ridge.example/gone.rss": gone,
        "http://ridge.example/": home("Ridge", "/feed.xml"),
        "http://ridge.example/feed.xml": FEED,
        "http://ridge.example/news.xml": sitemap("http://ridge.example/1"),
    })  # fmt: skip
    assert (
        run("outlet", "add", "ridge.example").stdout
        == "ridge.example: Ridge Radio · 1 feed, 1 sitemap\n"
    )
    assert sources(run) == {
        ("ridge.example", "http://ridge.example/feed.xml"),
        ("ridge.example", "http://ridge.example/news.xml"),
    }


@pytest.mark.parametrize(
    ("named", "answers"),
    [("harbour.example", "www.harbour.example"), ("www.harbour.example", "harbour.example"),
     ("http://strange.example", "www.strange.example"), ("www.strange.example", "strange.example")],
)  # fmt: skip
def test_a_host_is_tried_with_and_without_www(web, named, answers):
    run = web({f"http://{answers}/": home("A paper", "/feed"), f"http://{answers}/feed": FEED})
    assert f"at {answers} · " in run("outlet", "add", named).stdout
    assert sources(run) == {(answers, f"http://{answers}/feed")}
    assert lookups(run) == {named.removeprefix("http://").removeprefix("www."): ("works", answers)}


def test_an_outlet_that_moved_is_kept_under_its_new_host(web):
    run = web({
        "http://old.example/": MOVED,
        "http://new.example/": home("The New Post", "/feed"),
        "http://new.example/feed": FEED,
        "http://new.example/robots.txt": Answer(200, b"Sitemap: /map.xml", {"Content-Type": "text/plain"}),
        "http://new.example/map.xml": sitemap("http://new.example/1"),
    })  # fmt: skip
    told = run("outlet", "add", "old.example").stdout
    assert told == "old.example: moved to new.example · The Old Post · 1 feed, 1 sitemap\n"
    assert {host for host, _ in sources(run)} == {"new.example"}
    assert lookups(run) == {"old.example": ("moved", "new.example")}


@pytest.mark.parametrize(
    "where",
    [
        "http://consent.big.example/",
        "http://big.example/login?back=old",
        "http://big.example/a/b/c",
    ],
)
def test_a_consent_page_or_a_log_in_elsewhere_is_no_move(web, where):
    elsewhere = where.partition("?")[0]
    run = web({"http://old.example/": Answer(302, headers={"Location": where}), where: home("Before you go on"),
               elsewhere: home("Before you go on"), "http://old.example/rss": FEED})  # fmt: skip
    run("outlet", "add", "old.example", code=None)
    assert {row["host"] for row in run.rows("SELECT host FROM outlets")} == {"old.example"}
    assert lookups(run)["old.example"][0] == "works"


@pytest.mark.parametrize("status", [404, 410])
def test_a_host_whose_home_page_is_gone_and_that_has_no_feed_is_not_added(web, status):
    run = web({"http://lost.example/": Answer(status)})
    told = run("outlet", "add", "lost.example", code=1).stderr
    assert told == f"lost.example: its home page is gone (HTTP {status}); not added\n"
    assert run.rows("SELECT * FROM outlets") == []
    assert lookups(run) == {"lost.example": ("gone", None)}


def test_what_was_found_out_goes_before_the_catalogue_the_next_time(web):
    run = web(
        {"http://ridge.example/": home("Ridge", "/feed.xml"), "http://ridge.example/feed.xml": FEED}
    )
    run("outlet", "add", "ridge.example")
    run.asked.clear()
    run("outlet", "add", "ridge.example")
    assert "/gone.rss" not in asked(run, "ridge.example")
    assert asked(run, "ridge.example")[0] == "/feed.xml"
    assert len(sources(run)) == 1


# -- outlets of the catalogue ----------------------------------------------------------------------


def test_outlets_are_added_by_country_and_language_and_a_second_time_adds_nothing(web):
    run = web({
        "http://www.quay.example/all.rss": FEED,
        "http://ridge.example/": home("Ridge", "/feed.xml"),
        "http://ridge.example/feed.xml": FEED,
        "http://old.example/": home("Old", "/rss"),
        "http://old.example/rss": FEED,
    })  # fmt: skip
    first = run(
        "outlet", "add", "--country", "korea, south", "--language", "english", "--most", "2"
    )
    assert "3 outlets of the catalogue match." in first.stdout
    assert "Adding 2: www.quay.example, old.example" in first.stdout
    assert "2 of 2 added" in first.stdout
    assert {host for host, _ in sources(run)} == {"www.quay.example", "old.example"}
    before, run.asked[:] = sources(run), []
    second = run("outlet", "add", "--country", "KR", "--language", "en", code=1)
    assert "2 in the archive already" in second.stdout
    assert "lost.example: HTTP 502; not added" in second.stderr
    third = run("outlet", "add", "--country", "KR", "--language", "en")
    assert "gone when last looked up, and not tried again yet: lost.example" in third.stdout
    assert "There is nothing to add." in third.stdout
    assert sources(run) == before
    assert not asked(run, "www.quay.example")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["outlet", "add"], "name hosts, or choose outlets of the catalogue"),
        (["outlet", "add", "korea"], "dateline outlet search korea"),
        (["outlet", "add", "quay.example", "--country", "KR"], "they go with no hosts"),
        (["outlet", "add", "--country", "Korae"], "unknown country; did you mean korea?"),
        (
            ["outlet", "add", "--language", "spansh"],
            "unknown language; did you mean spanish?",
        ),
        (["outlet", "add", "--kind", "agnecy"], "unknown kind of outlet; did you mean agency?"),
        (["outlet", "add", "--country", "TV"], "no outlet of the catalogue matches"),
        (["outlet", "add", "--kind", "agency", "--catalogue", "nowhere.csv"], "nowhere.csv"),
        (["outlet", "search", "--country", "xx"], "xx: unknown country"),
        (["outlet", "suggest", "unheard"], "unheard"),
    ],
)
def test_what_cannot_be_meant_is_told_in_a_line_and_nothing_is_asked_for(web, words, said):
    run = web({STORY: page("Ferry crews walk out")})
    run("follow", STORY, "--alone")
    run.asked.clear()
    told = run(*words, code=2).stderr
    assert said in told
    assert run.asked == []


# -- follow ----------------------------------------------------------------------------------------


HARBOUR = {
    STORY: page("Ferry crews walk out", "http://www.quay.example/2026/ferry-crews-are-out", "http://shop.example/buy/a-new-ferry",
                "http://harbour.example/news/what-went-before"),
    "http://harbour.example/": home("Harbour Post", "/feed"),
    "http://harbour.example/feed": FEED,
    "http://harbour.example/robots.txt": Answer(200, b"Sitemap: /map.xml", {"Content-Type": "text/plain"}),
    "http://harbour.example/map.xml": sitemap("http://harbour.example/news/ferry"),
}  # fmt: skip


def test_following_an_address_adds_its_outlet_with_feed_and_sitemap_and_says_what_to_do_next(web):
    run = web(dict(HARBOUR))
    told = run("follow", STORY, "--name", "ferry").stdout
    assert "harbour.example: Harbour Post · 1 feed, 1 sitemap\n" in told
    assert (
        "`dateline crawl --story ferry` looks for more of it at the one outlet that the archive reads.\n"
        in told
    )
    assert "`dateline outlet suggest ferry` names outlets that are likely to have more" in told
    assert sources(run) == {
        ("harbour.example", "http://harbour.example/feed"),
        ("harbour.example", "http://harbour.example/map.xml"),
    }


def test_following_an_address_makes_leads_of_its_links_to_outlets_that_are_known(web):
    run = web(dict(HARBOUR))
    told = run("follow", STORY, "--name", "ferry").stdout
    assert "2 pages that it links to wait to be fetched." in told
    waiting = run.rows("SELECT url, via, found_on FROM urls WHERE state = 'pending' ORDER BY url")
    assert [tuple(row) for row in waiting] == [
        ("http://harbour.example/news/what-went-before", "link", STORY),
        ("http://www.quay.example/2026/ferry-crews-are-out", "link", STORY),
    ]


def test_following_again_asks_for_nothing_more(web):
    run = web(dict(HARBOUR))
    run("follow", STORY, "--name", "ferry")
    run.asked.clear()
    run("follow", STORY + "?utm_source=mail", "--name", "ferry")
    assert run.asked == []


def test_an_article_that_the_archive_has_brings_its_outlet_when_it_is_followed_by_address_and_not_by_number(
    web,
):
    run = web(dict(HARBOUR))
    run("crawl", STORY, "--delay", "0")
    run.asked.clear()
    run("follow", "1", "--name", "ferry")
    assert run.asked == []
    assert "1 feed, 1 sitemap" in run("follow", STORY).stdout
    assert STORY not in run.asked


def test_following_alone_fetches_the_article_and_nothing_else(web):
    run = web(dict(HARBOUR))
    told = run("follow", STORY, "--alone", "--name", "ferry").stdout
    assert "The archive reads no outlet yet." in told
    assert asked(run, "harbour.example") == ["/news/ferry"]
    assert run.column("SELECT count(*) FROM urls WHERE state = 'pending'") == [0]


def test_an_article_that_cannot_be_had_adds_no_outlets_feeds(web):
    run = web({**HARBOUR, STORY: Answer(404)})
    assert "HTTP 404" in run("follow", STORY, code=1).stderr
    assert sources(run) == set()


@pytest.mark.parametrize("command", ["follow", "investigate"])
def test_of_a_host_that_never_answered_nothing_stays_in_the_lists(web, tmp_path, command):
    run = web(dict(HARBOUR))
    run("crawl", STORY, "--delay", "0")
    options = ("--yes", "--out", tmp_path / "out.html") if command == "investigate" else ()
    run(command, "http://unreachable.example/a", *options, code=1)
    assert run.column("SELECT host FROM outlets") == ["harbour.example"]
    assert run.column("SELECT count(*) FROM urls WHERE url LIKE '%unreachable%'") == [0]


def test_an_outlet_without_feeds_is_told_and_not_looked_up_again_on_the_same_day(web):
    run = web(
        {STORY: page("Ferry crews walk out"), "http://harbour.example/": home("Harbour Post")}
    )
    assert "added without a feed or sitemap" in run("follow", STORY).stdout
    run.asked.clear()
    assert "without a feed or sitemap" not in run("follow", STORY).stdout
    assert run.asked == []


def test_a_known_article_is_followed_while_a_crawl_holds_the_archive(web):
    run = web(dict(HARBOUR))
    run("crawl", STORY, "--delay", "0")
    with hold_crawl_lock(run.folder):
        told = run("follow", STORY, "--name", "ferry").stdout
    assert "Following ferry" in told
    assert (
        "harbour.example: its feeds were not looked for, as a crawl is running; `dateline outlet add"
        in told
    )


def test_an_outlet_that_is_not_there_any_more_does_not_keep_its_article_from_being_followed(web):
    run = web({STORY: page("Ferry crews walk out")})
    run("crawl", STORY, "--delay", "0")
    run.environment["http_proxy"] = run.environment["https_proxy"] = "http://127.0.0.1:9"
    told = run("follow", STORY, "--name", "ferry").stdout
    assert "Following ferry" in told
    assert "harbour.example: its feeds were not found (connection refused)" in told


def test_an_outlet_that_takes_too_long_is_kept_with_what_the_catalogue_knows_of_it(
    tmp_path, catalogue
):
    with Archive(tmp_path / "archive") as archive:
        [wanted] = wanted_outlets(archive.db, read_catalogue(catalogue), ["quay.example"])
        assert store_as_catalogued(archive.db, wanted) == "quay.example"
        kept = sources_of_outlets(archive.db, ("feed", "sitemap"))
    assert [source.url for source in kept] == [
        "http://www.quay.example/all.rss",
        "http://www.quay.example/more.rss",
    ]


def test_an_article_for_telephones_leads_to_the_outlets_proper_host(web):
    run = web(
        {
            "http://m.quay.example/1": page("Ferry crews walk out"),
            "http://www.quay.example/all.rss": FEED,
        }
    )
    assert "quay.example · Quay Times · 1 feed" in run("follow", "http://m.quay.example/1").stdout
    assert {url for _, url in sources(run)} == {"http://www.quay.example/all.rss"}
    assert len(run.rows("SELECT * FROM outlets")) == 1


# -- suggest ---------------------------------------------------------------------------------------


@pytest.fixture
def ferry(web):
    """A story of two articles: of the harbour, whose feed is read, and of the hill, whose is
    not."""
    hill = page(
        "Ferries stand still in Orrin",
        "http://www.quay.example/2026/ferry-crews-are-out",
        agency="(Yonhap)",
    )
    run = web({**HARBOUR, "http://hill.example/a/ferries": hill})
    run("follow", STORY, "--name", "ferry")
    run("follow", "http://hill.example/a/ferries", "--name", "ferry", "--alone")
    return run


def test_outlets_are_suggested_with_reasons_the_likeliest_first(ferry):
    told = json.loads(ferry("outlet", "suggest", "ferry", "--json").stdout)
    by_host = {each["host"]: each for each in told}
    assert told[0]["host"] == "www.quay.example"
    assert by_host["www.quay.example"]["reasons"][0] == "linked from harbour.example, hill.example"
    assert "South Korea is named in all 2 articles" in by_host["www.quay.example"]["reasons"]
    assert "in the archive with 1 article of the story" in by_host["hill.example"]["reasons"]
    assert "harbour.example" not in by_host, "the archive reads it already"
    assert [each["score"] for each in told] == sorted(
        (each["score"] for each in told), reverse=True
    )
    assert "wire.example" not in by_host, "nothing speaks for it"
    assert len(json.loads(ferry("outlet", "suggest", "ferry", "--most", "2", "--json").stdout)) == 2


def test_what_is_suggested_can_be_added_at_once_and_is_not_suggested_again(ferry):
    told = ferry("outlet", "suggest", "ferry", "--add", code=1)
    assert "Adding" in told.stdout
    assert "www.quay.example: HTTP 502; not added" in told.stderr
    again = json.loads(ferry("outlet", "suggest", "ferry", "--json").stdout)
    assert "www.quay.example" not in {each["host"] for each in again}, (
        "it was not there a moment ago"
    )


# -- search ----------------------------------------------------------------------------------------


def test_a_search_in_the_catalogue_fits_the_terminal_and_names_hosts_whole(dateline):
    told = dateline()("outlet", "search", "korea", "--most", "5").stdout
    lines = told.splitlines()
    assert lines[0].split() == ["outlet", "name", "country", "language", "kind"]
    assert lines[-1].endswith("shown; see --most")
    assert all(len(line) <= 120 for line in lines)
    assert "…" not in told


def test_a_list_that_a_search_writes_can_be_imported(web, tmp_path):
    run = web({})
    told = run("outlet", "search", "--country", "KR", "--csv").stdout
    rows = list(csv.DictReader(io.StringIO(told)))
    assert [row["host"] for row in rows] == [
        "ridge.example",
        "www.quay.example",
        "old.example",
        "lost.example",
    ]
    (tmp_path / "korea.csv").write_text(told, encoding="utf-8")
    imported = run("outlet", "import", tmp_path / "korea.csv", code=1)
    assert "www.quay.example: Quay Times · 2 feeds" in imported.stdout
    assert "old.example: HTTP 502; not added" in imported.stderr
    assert ("www.quay.example", "http://www.quay.example/more.rss") in sources(run)


def test_a_catalogue_of_ones_own_takes_the_place_of_the_packages(dateline, catalogue):
    by_option = dateline()("outlet", "search", "--catalogue", catalogue, "--json").stdout
    by_variable = dateline(DATELINE_CATALOGUE=str(catalogue))("outlet", "search", "--json").stdout
    assert by_option == by_variable
    assert len(json.loads(by_option)) == 6


@pytest.mark.parametrize("for_https", [False, True])
def test_an_outlet_is_found_through_a_proxy_that_knows_plain_http_alone(tmp_path, for_https):
    """What this machine cannot look up that proxy may."""
    with serve(
        World((Outlet("harbour.example", "Harbour Post", pages=(plain_page(1),)),), NOW)
    ) as web:
        run = Dateline(
            tmp_path / "archive",
            None,
            {"http_proxy": web.proxy, "https_proxy": for_https * web.proxy},
        )
        ran = run("outlet", "add", "harbour.example")
    assert ran.stdout.startswith("harbour.example: Harbour Post")
    assert run.column("SELECT host FROM outlets") == ["harbour.example"]
