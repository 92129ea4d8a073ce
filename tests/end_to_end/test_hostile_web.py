"""What strangers do to a crawl, from end to end: the real command, servers on loopback, an archive.

What is forbidden here is a loopback address too (127.0.0.2); the outlet's is 127.0.0.1, which each
test allows by name and port.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.frontier.urls import add_outlet_with_sources
from archive.records import Outlet, Source
from demo.strangers import Answer, Stranger, endless, endless_headers, packed, slow, stranger, to
from pipelines.identity import identify_source
from tests.conftest import PROXIES, Dateline
from tests.paths import ROOT
from tests.stories import story

CRAWL = ("crawl", "--since", "2000-01-01", "--delay", "0")


def html(number: int, more: str = "") -> Answer:
    """An honest page."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in story(number).split("\n\n"))
    head = f"<title>Ferry landing moves, part {number}</title>"
    return Answer(
        200,
        f"<html><head>{head}</head><body><h1>Part {number}</h1>{text}{more}</body></html>".encode(),
    )


@dataclass
class Direct(Dateline):
    """The command without a proxy, on a machine whose names lead to loopback addresses."""

    names: dict[str, str] = field(default_factory=dict)

    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name.lower() not in PROXIES}
        return (
            kept
            | {"DATELINE_ARCHIVE": str(self.folder), "PYTHONPATH": str(ROOT)}
            | self.environment
        )

    def command(self, *words: object) -> list[str]:  # type: ignore[override]
        return [sys.executable, "-m", "tests.names", *self.leading(), "--", *map(str, words)]

    def may_be_forked(self) -> bool:
        return True

    def leading(self) -> list[str]:
        return [f"{name}={addresses}" for name, addresses in self.names.items()]


@pytest.fixture
def direct(tmp_path):
    """Makes the command: `direct(there)` may reach that server by the name courier.example, and
    nothing else."""

    def to_reach(there: Stranger, allowed: str = "", **names: str) -> Direct:
        allowed = f"courier.example:{there.port} {allowed}"
        usual = {"courier.example": "127.0.0.1", "inside.example": "127.0.0.2"}
        return Direct(
            tmp_path / "archive", None, {"DATELINE_ALLOW_ADDRESSES": allowed}, usual | names
        )

    return to_reach


@pytest.fixture
def inside():
    """A service that strangers must not reach, and what it was asked."""
    with stranger(
        {"/": html(1), "/feed.xml": Answer(200, rss("http://x.example/"))}, "127.0.0.2"
    ) as service:
        yield service


def rss(*links: str) -> bytes:
    items = "".join(f"<item><title>Ferry</title><link>{link}</link></item>" for link in links)
    return f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>".encode()


def knows(run: Dateline, host: str, *sources: tuple[str, str]) -> None:
    with Archive(run.folder) as archive:
        add_outlet_with_sources(
            archive.db,
            Outlet(host),
            [identify_source(Source(url, kind, host)) for url, kind in sources],
        )


# -- addresses -------------------------------------------------------------------------------------

SPELLINGS = [
    "127.0.0.2",
    "127.2",
    "2130706434",
    "0x7f000002",
    "0177.0.0.2",
    "[::ffff:127.0.0.2]",
    "[::ffff:7f00:2]",
    "inside.example",
    "INSIDE.example.",
]


def test_no_redirect_leads_inside_however_the_address_is_spelt(direct, inside):
    hops = {f"/hop{n}": to(f"http://{host}:{inside.port}/") for n, host in enumerate(SPELLINGS)}
    refresh = f'<meta http-equiv="refresh" content="0; url=http://127.0.0.2:{inside.port}/">'
    hops |= {"/refresh": Answer(200, f"<html><head>{refresh}</head></html>".encode())}
    hops |= {
        "/chain": to("/chain2", 301),
        "/chain2": to("/hop0", 307),
        "/user": to(f"http://a:b@127.0.0.2:{inside.port}/"),
    }
    with stranger(hops) as there:
        run = direct(there)
        base = f"http://courier.example:{there.port}"
        told = run("crawl", *[base + path for path in hops], "--delay", "0", code=1).stdout
        assert set(hops) <= set(there.asked)
    assert inside.asked == []
    assert run.column("SELECT DISTINCT outcome FROM urls") == ["refused"]
    assert run.column("SELECT DISTINCT state FROM urls WHERE state IN ('pending', 'leased')") == []
    reasons = run.column("SELECT reason FROM urls")
    assert sum("DATELINE_ALLOW_ADDRESSES" in reason for reason in reasons) == len(hops) - 1
    assert "127.0.0.2, not on the public internet" in " ".join(told.split())
    assert "Traceback" not in (run.folder / "crawl.log").read_text()


STRANGER_SPELLINGS = [
    "127.0.0.2.",
    "0x7f.0.0.2",
    "0177.0.2",
    "127.0.0x2",
    "[::127.0.0.2]",
    "[64:ff9b::7f00:2]",
    "[0:0:0:0:0:ffff:127.0.0.2]",
    "①②⑦.⓪.⓪.②",
    "127。0。0。2",
    "１２７.0.0.2",
    "127.0.0.2%00.example",
    "127.0.0.2%2Ecourier.example",
    "courier.example@127.0.0.2",
    "127.0.0.2\\@courier.example",
    "ⓘⓝⓢⓘⓓⓔ.example",
]
"""Beside SPELLINGS: of digits, dots and hosts that some programs take for others."""


@pytest.mark.parametrize(
    "way", ["redirect", "refresh", "feed", "sitemap", "sitemap of a sitemap", "link element"]
)
def test_no_way_leads_inside_however_the_address_is_spelt(direct, inside, way):
    urls = [f"http://{host}:{inside.port}/feed.xml" for host in (*SPELLINGS, *STRANGER_SPELLINGS)]
    escaped = [url.replace("&", "&amp;") for url in urls]
    locs = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in escaped)
    pages = "".join(f"<url><loc>{url}</loc><lastmod>2026-03-09</lastmod></url>" for url in escaped)
    says = {
        f"/{n}": {
            "redirect": Answer(302, headers={"Location": url.encode().decode("latin-1")}),
            "link element": html(
                n, f'<link rel="canonical" href="{url}"><link rel="amphtml" href="{url}">'
            ),
        }.get(way, html(n, f'<meta http-equiv="refresh" content="0; url={url}">'))
        for n, url in enumerate(urls)
    }
    says["/s"] = Answer(200, f"<sitemapindex>{locs}</sitemapindex>".encode())
    says["/u"] = Answer(200, f"<urlset>{pages}</urlset>".encode())
    says["/index"] = Answer(200, b"<sitemapindex><sitemap><loc>/s</loc></sitemap></sitemapindex>")
    with stranger(says) as there:
        run, base = direct(there), f"http://courier.example:{there.port}"
        says["/feed"] = there.says["/feed"] = Answer(
            200, rss(*escaped, *(f"{base}/{n}" for n in range(len(urls))))
        )
        sources = {
            "sitemap": [("/u", "sitemap")],
            "sitemap of a sitemap": [("/index", "sitemap"), ("/s", "sitemap")],
        }
        for path, kind in sources.get(way, [("/feed", "feed")]):
            knows(run, "courier.example", (base + path, kind))
        run(*CRAWL)
        assert [path for path in there.asked if path != "/robots.txt"]
    assert inside.asked == []
    assert run.column("SELECT count(*) FROM urls WHERE state IN ('pending', 'leased')") == [0]


@pytest.mark.parametrize(
    "host",
    ["127.0.0.2", "2130706434", "①②⑦.⓪.⓪.②", "127.0.0.2.", "[::ffff:7f00:2]", "inside.example"],
)
def test_what_a_person_names_leads_nowhere_inside_either(direct, inside, tmp_path, host):
    url = f"http://{host}:{inside.port}/"
    saved = tmp_path / "saved.html"
    saved.write_bytes(html(3).body)
    with stranger({}) as there:
        run = direct(there)
        for words in (("outlet", "add", url), ("follow", url, "--name", "x"), ("crawl", url)):
            assert run(*words, code=None).returncode != 0
        run("import", saved, "--url", url, code=None)
        run("crawl", "--recheck", "--delay", "0", code=None)
    assert inside.asked == []


@pytest.mark.parametrize(
    "host", ["127.0.0.2", "2130706434", "[::ffff:7f00:2]", "inside.example", "169.254.169.254"]
)
def test_an_outlet_inside_is_not_looked_up(direct, inside, host):
    with stranger({}) as there:
        looked = direct(there)("outlet", "look", "--json", f"{host}:{inside.port}", code=None)
    assert looked.returncode != 0 or json.loads(looked.stdout)["problem"]
    assert inside.asked == []
    assert "Traceback" not in looked.stderr


def test_the_lookup_of_an_outlet_follows_nothing_inside(direct, inside):
    within = f"http://127.0.0.2:{inside.port}"
    feed = '<link rel="alternate" type="application/rss+xml" href="{}">'
    links = "".join(map(feed.format, (f"{within}/feed.xml", "/moved.xml", "/own.xml")))
    page = f"<html><head>{links}</head><body>{'Ferry news. ' * 50}</body></html>"
    says = {
        "/robots.txt": Answer(200, f"Sitemap: {within}/feed.xml\nSitemap: /hop".encode()),
        "/": Answer(200, page.encode()),
        "/moved.xml": to(f"{within}/feed.xml"),
        "/hop": to("/moved.xml"),
        "/own.xml": Answer(200, rss("http://courier.example/1")),
    }
    with stranger(says) as there:
        looked = direct(there)("outlet", "look", "--json", f"courier.example:{there.port}")
        assert {"/", "/moved.xml", "/own.xml"} <= set(there.asked)
    urls = [each["source"]["url"] for each in json.loads(looked.stdout)["sources"]]
    assert urls == [f"http://courier.example:{there.port}/own.xml"]
    assert inside.asked == []


def test_the_lookup_of_a_name_with_a_public_and_an_inner_address_asks_the_public_one(
    direct, inside
):
    port = inside.port
    names = {"mixed.example": "127.0.0.2+127.0.0.1"}
    with stranger({"/": html(1)}, port=port) as there:
        direct(there, f"127.0.0.1:{port}", **names)(
            "outlet", "look", f"mixed.example:{port}", code=None
        )
        assert there.asked
    assert inside.asked == []


def test_of_the_addresses_that_a_name_leads_to_only_those_outside_are_connected_to(direct, inside):
    """One public, one of inside, in either order; and where the public one does not answer, the
    other is not tried."""
    port, page = inside.port, html(1)
    closed = Answer(page.status, page.body, {"Connection": "close"})
    with stranger({f"/{n}": closed for n in range(4)}, port=port) as there:
        names = {"mixed.example": "127.0.0.1+127.0.0.2", "turned.example": "127.0.0.2+127.0.0.1"}
        run = direct(there, f"127.0.0.1:{port}", **names)
        run(
            "crawl",
            *[f"http://{host}:{port}/{n}" for n, host in enumerate(names)],
            "--delay",
            "0",
            code=None,
        )
        assert {"/0", "/1"} <= set(there.asked)
    run("crawl", *[f"http://{host}:{port}/9" for host in names], "--delay", "0", code=None)
    assert inside.asked == []


def test_no_redirect_leads_to_files_or_data(direct):
    hops = {
        "/file": to("file:///etc/passwd"),
        "/data": to("data:text/html,x"),
        "/ftp": to("ftp://127.0.0.2/x"),
    }
    with stranger(hops) as there:
        run = direct(there)
        run(
            "crawl",
            *[f"http://courier.example:{there.port}{path}" for path in hops],
            "--delay",
            "0",
            code=1,
        )
    assert run.column("SELECT reason FROM urls") == ["HTTP 302"] * 3
    assert run.column("SELECT count(*) FROM articles") == [0]


def test_no_feed_sitemap_or_robots_txt_leads_inside(direct, inside):
    bad = f"http://127.0.0.2:{inside.port}"
    sitemap = (
        f"<sitemapindex><sitemap><loc>{bad}/sitemap.xml</loc></sitemap></sitemapindex>".encode()
    )
    says = {
        "/robots.txt": to(f"{bad}/robots.txt"),
        "/feed.xml": Answer(200, rss(f"{bad}/", f"http://inside.example:{inside.port}/")),
        "/moved.xml": to(f"{bad}/feed.xml"),
        "/sitemap.xml": Answer(200, sitemap),
    }
    with stranger(says) as there:
        run = direct(there)
        base = f"http://courier.example:{there.port}"
        sources = [
            (f"{base}/feed.xml", "feed"),
            (f"{base}/moved.xml", "feed"),
            (f"{base}/sitemap.xml", "sitemap"),
        ]
        knows(run, "courier.example", *sources, (f"{bad}/feed.xml", "feed"))
        run(*CRAWL)
        assert set(says) <= set(there.asked)
    assert inside.asked == []
    assert run.column("SELECT count(*) FROM urls WHERE outcome = 'refused'") == [5]


def test_looking_an_outlet_up_leads_nowhere_inside(direct, inside):
    bad = f"http://127.0.0.2:{inside.port}"
    front = f'<link rel="alternate" type="application/rss+xml" href="{bad}/feed.xml"><a href="{bad}/rss">RSS</a>'
    says = {"/": html(1, front), "/robots.txt": Answer(200, f"Sitemap: {bad}/sitemap.xml".encode())}
    with stranger(says) as there:
        run = direct(there)
        run("outlet", "add", f"http://courier.example:{there.port}")
        told = run("outlet", "add", bad, code=1).stderr
    assert inside.asked == []
    assert "127.0.0.2" in told
    assert "DATELINE_ALLOW_ADDRESSES" in told
    assert len(told.splitlines()) == 1


def test_a_search_service_leads_nowhere_inside(direct, inside):
    articles = f'{{"articles": [{{"url": "http://127.0.0.2:{inside.port}/", "title": "Ferry landing moves"}}]}}'
    with stranger({"/1": html(1)}) as there:
        run = direct(there)
        run("crawl", f"http://courier.example:{there.port}/1", "--delay", "0")
        run("follow", "1", "--name", "ferry")
        told = run(
            "crawl",
            "--story",
            "ferry",
            "--ask",
            f"wikipedia=http://127.0.0.2:{inside.port}",
            "--delay",
            "0",
        )
        assert "DATELINE_ALLOW_ADDRESSES" in told.stdout
        gdelt = f"http://courier.example:{there.port}"
        there.says = _Everywhere(
            Answer(200, articles.encode(), {"Content-Type": "application/json"})
        )
        run("crawl", "--story", "ferry", "--ask", f"gdelt={gdelt}", "--delay", "0")
    assert inside.asked == []


class _Everywhere(dict):
    """The same at every path but robots.txt."""

    def __init__(self, says: Answer) -> None:
        self.says = says

    def get(self, path: str, _: Answer | None = None) -> Answer:
        return Answer(404) if path.endswith("/robots.txt") else self.says


def test_a_name_that_leads_elsewhere_the_second_time_is_judged_the_second_time(direct, inside):
    """Each answer ends its connection, and names are not remembered, so that each page needs a new
    look-up."""
    port, page = inside.port, html(1)
    last = Answer(page.status, page.body, {"Connection": "close"})
    none = Answer(404, headers={"Connection": "close"})
    with stranger({"/1": last, "/2": last, "/3": last, "/robots.txt": none}, port=port) as there:
        run = direct(
            there, f"127.0.0.1:{port}", **{"rebound.example": "127.0.0.1,127.0.0.1,127.0.0.2"}
        )
        run(
            "crawl",
            *[f"http://rebound.example:{port}/{n}" for n in (1, 2, 3)],
            "--delay",
            "0",
            code=None,
        )
        assert there.asked
    assert inside.asked == []
    assert run.column(
        "SELECT count(*) FROM urls WHERE reason LIKE 'rebound.example leads to 127.0.0.2%'"
    ) != [0]


def test_an_address_that_is_allowed_is_read(direct, inside):
    with stranger({}) as there:
        run = direct(there, f"127.0.0.2:{inside.port}")
        run(
            "crawl",
            f"http://127.0.0.2:{inside.port}/",
            f"http://inside.example:{inside.port}/?2",
            "--delay",
            "0",
        )
    assert "/" in inside.asked


@pytest.mark.parametrize(
    "url", ["http://192.168.0.5/", "http://localhost:8001/", "http://printer/", "http://[::1]/"]
)
def test_who_names_an_address_inside_is_told_the_setting_in_a_line(dateline, url):
    told = dateline()("crawl", url, code=2).stderr
    assert len([line for line in told.splitlines() if not line.startswith(("Usage:", "Try "))]) == 1
    assert url in told
    assert "DATELINE_ALLOW_ADDRESSES" in told


def test_an_exception_that_cannot_be_meant_is_told_in_a_line(dateline):
    told = dateline(DATELINE_ALLOW_ADDRESSES="http://127.0.0.2/")(
        "crawl", "http://paper.example/", code=2
    ).stderr
    assert "DATELINE_ALLOW_ADDRESSES: 'http://127.0.0.2/'" in told
    assert len([line for line in told.splitlines() if not line.startswith(("Usage:", "Try "))]) == 1


def proxied(tmp_path: Path, there: Stranger, **environment: str) -> Dateline:
    """The command whose web is that server, asked as a proxy."""
    return Dateline(
        tmp_path / "archive",
        None,
        {"http_proxy": there.url, "https_proxy": there.url, **environment},
    )


def test_through_a_proxy_literal_addresses_and_names_of_inside_are_not_asked_for(tmp_path, inside):
    bad = [
        f"http://{host}:{inside.port}/"
        for host in ("127.0.0.2", "2130706434", "[::ffff:127.0.0.2]", "localhost")
    ]
    with stranger({f"/{n}": to(url) for n, url in enumerate(bad)}) as there:
        there.says["/own"] = to(f"{there.url}/secret")
        run = proxied(tmp_path, there)
        run(
            "crawl",
            *[f"http://courier.example/{n}" for n in (*range(len(bad)), "own")],
            "--delay",
            "0",
            code=1,
        )
        assert all(url.startswith("http://courier.example/") for url in there.asked)
    assert inside.asked == []
    assert run.column("SELECT DISTINCT outcome FROM urls") == ["refused"]


# -- what is sent ----------------------------------------------------------------------------------


def test_what_is_meant_for_one_host_is_not_sent_to_another_that_it_redirects_to(tmp_path):
    page = html(1)
    tagged = Answer(
        200, page.body, {"ETag": '"of-courier"', "Last-Modified": "Tue, 10 Mar 2026 10:00:00 GMT"}
    )
    with stranger(
        {"http://courier.example/1": tagged, "http://courier.example/2": tagged}
    ) as there:
        run = proxied(tmp_path, there)
        again = ("crawl", "http://courier.example/1", "http://courier.example/2", "--delay", "0")
        run(*again)
        there.asked.clear()
        there.headers.clear()
        there.says["http://courier.example/1"] = to("http://other.example/1")
        there.says["http://courier.example/2"] = to("http://www.courier.example/2")
        run(*again, code=None)
        sent = dict(zip(there.asked, there.headers, strict=True))
    assert sent["http://courier.example/1"]["if-none-match"] == '"of-courier"'
    assert not {"if-none-match", "if-modified-since"} & set(sent["http://other.example/1"])
    assert sent["http://www.courier.example/2"]["if-none-match"] == '"of-courier"'


# -- too much --------------------------------------------------------------------------------------

MUCH = 24 * 1024 * 1024
"""Bytes, more than DOWNLOAD_MAXSIZE."""
TOO_MUCH = {
    "gzip": (packed(bytes(MUCH), "gzip"), "inflates beyond the limit"),
    "deflate": (packed(bytes(MUCH), "deflate"), "inflates beyond the limit"),
    "br": (packed(bytes(MUCH), "br"), "inflates beyond the limit"),
    "zstd": (packed(bytes(MUCH), "zstd"), "inflates beyond the limit"),
    "nested": (packed(bytes(MUCH), "gzip", "gzip"), "inflates beyond the limit"),
    "packed": (packed(b"x" * 1000, *["gzip"] * 20), "a body compressed 20 times over"),
    "endless": (endless(), "larger than the limit"),
    "headers": (endless_headers(), "larger than the limit"),
    "huge": (Answer(200, bytes(MUCH)), "larger than the limit"),
}


def test_what_is_too_large_or_has_no_end_is_given_up_with_a_reason_and_costs_no_other_page(
    tmp_path,
):
    says = {f"http://{name}.example/page": said for name, (said, _) in TOO_MUCH.items()}
    with stranger(says | {"http://courier.example/1": html(1)}) as there:
        run = proxied(tmp_path, there)
        run("crawl", *says, "http://courier.example/1", "--delay", "0")
    reasons = dict(
        map(tuple, run.rows("SELECT url, reason FROM urls WHERE outcome IN ('failed', 'refused')"))
    )
    assert reasons == {f"http://{name}.example/page": why for name, (_, why) in TOO_MUCH.items()}
    assert run.column("SELECT url FROM articles") == ["http://courier.example/1"]


def test_a_body_that_comes_a_byte_at_a_time_is_given_up_when_the_time_is_over(tmp_path):
    with stranger({"/1": slow()}) as there:
        run = proxied(tmp_path, there)
        run.command = lambda *words: [sys.executable, "-m", "scrapy", *words]  # type: ignore[method-assign]
        run.environment["SCRAPY_SETTINGS_MODULE"] = "crawler.settings"
        run(
            "crawl",
            "pages",
            "-a",
            "urls=http://courier.example/1",
            "-s",
            "DOWNLOAD_TIMEOUT=2",
            "-s",
            "LOG_LEVEL=ERROR",
        )
    assert run.column("SELECT reason FROM urls") == ["timed out"]


def test_a_page_that_takes_all_the_memory_fails_alone(tmp_path):
    with stranger({"/greedy": Answer(200, b"<a b=c>" * 2_300_000), "/1": html(1)}) as there:
        run = proxied(tmp_path, there)
        run("crawl", "http://greedy.example/greedy", "http://courier.example/1", "--delay", "0")
    assert run.column("SELECT outcome FROM urls WHERE url LIKE '%greedy'") in (
        ["not article"],
        ["failed"],
    )
    assert run.column("SELECT url FROM articles") == ["http://courier.example/1"]


# -- without end -----------------------------------------------------------------------------------

STRANGE = [
    "file:///etc/passwd",
    "data:text/html,x",
    "ftp://127.0.0.2/x",
    "javascript:alert(1)",
    "http://[::1/",
    "gopher:x",
]


@pytest.mark.parametrize("kind", ["feed", "sitemap"])
def test_of_what_a_feed_or_sitemap_names_only_web_addresses_are_asked_for(tmp_path, kind):
    links = [*STRANGE, "http://courier.example/1"]
    urls = "".join(f"<url><loc>{link}</loc><lastmod>2026-03-09</lastmod></url>" for link in links)
    says = {
        "/feed": Answer(200, rss(*links)),
        "/sitemap": Answer(200, f"<urlset>{urls}</urlset>".encode()),
        "/1": html(1),
    }
    with stranger(says) as there:
        run = proxied(tmp_path, there)
        knows(run, "courier.example", (f"http://courier.example/{kind}", kind))
        run(*CRAWL)
    assert run.column("SELECT url FROM urls WHERE kind = 'page'") == ["http://courier.example/1"]
    assert run.column("SELECT count(*) FROM articles") == [1]
    assert (
        f"{len(STRANGE)} left out"
        in run.column("SELECT reason FROM fetches WHERE outcome = 'listed'")[0]
    )


def test_sitemaps_that_name_sitemaps_without_end_come_to_an_end(tmp_path):
    class Trap(dict):
        def get(self, path: str, _: Answer | None = None) -> Answer:
            if "/robots.txt" in path:
                return Answer(404)
            children = "".join(f"<sitemap><loc>{path}{n}</loc></sitemap>" for n in range(60))
            return Answer(200, f"<sitemapindex>{children}</sitemapindex>".encode())

    with stranger({}) as there:
        there.says = Trap()
        run = proxied(tmp_path, there)
        knows(run, "courier.example", ("http://courier.example/s", "sitemap"))
        told = run(*CRAWL).stdout
        assert len(there.asked) <= 502
    assert "names more than 500 sitemaps" in told


def test_an_outlet_that_always_names_more_has_a_budget(tmp_path):
    pages = {f"/{n}": html(n) for n in range(12)}
    with stranger(
        {**pages, "/feed": Answer(200, rss(*[f"http://courier.example/{n}" for n in range(12)]))}
    ) as there:
        run = proxied(tmp_path, there)
        run.command = lambda *words: [sys.executable, "-m", "scrapy", *words]  # type: ignore[method-assign]
        run.environment["SCRAPY_SETTINGS_MODULE"] = "crawler.settings"
        knows(run, "courier.example", ("http://courier.example/feed", "feed"))
        slowly = (
            "-s",
            "DATELINE_OUTLET_PAGES=5",
            "-s",
            "DOWNLOAD_DELAY=0",
            "-s",
            "LOG_LEVEL=ERROR",
        )
        run("crawl", "outlets", *slowly)
    assert run.column("SELECT count(*) FROM articles") == [5]
    assert run.column("SELECT count(*) FROM urls WHERE state = 'pending' AND kind = 'page'") == [7]


def test_a_feed_and_a_sitemap_of_100_000_entries_do_not_hold_up_the_crawl(tmp_path):
    """They are read beside it: while they are, the healthy outlet's pages come."""
    many = "".join(f"<url><loc>http://courier.example/{n}</loc></url>" for n in range(100_000))
    says = {
        "http://mire.example/feed": Answer(
            200, rss(*[f"http://mire.example/{n}" for n in range(100_000)])
        ),
        "http://mire.example/amps": Answer(200, b"<rss>" + b"&x;" * 3_000_000 + b"</rss>"),
        "http://mire.example/tags": Answer(200, b"<rss>" + b"<a/>" * 3_000_000 + b"</rss>"),
        "http://mire.example/map": Answer(200, f"<urlset>{many}</urlset>".encode()),
    }
    with stranger(says) as there:
        run = proxied(tmp_path, there)
        for url, kind in zip(says, ("feed", "feed", "feed", "sitemap"), strict=True):
            knows(run, "mire.example", (url, kind))
        run("crawl", "--since", "2000-01-01", "--delay", "0", "--outlet-budget", "1")
    reasons = run.column("SELECT reason FROM fetches WHERE outcome = 'listed' ORDER BY reason")
    assert "1 left out: 1 × all entries after the first 5,000" in reasons
    assert "1 left out: 1 × all entries after the first 50,000" in reasons


def test_no_wrapped_link_leads_inside(direct, inside):
    """What stands in a link of an alert is judged as any other address."""
    links = [
        f"https://www.google.com/url?url=http://{host}:{inside.port}/{n}"
        for n, host in enumerate(["127.0.0.2", "2130706434", "inside.example"])
    ]
    with stranger({"/feed.xml": Answer(200, rss(*links))}) as there:
        run = direct(there)
        knows(run, "courier.example", (f"http://courier.example:{there.port}/feed.xml", "feed"))
        run(*CRAWL)
    assert inside.asked == []
    assert run.column("SELECT DISTINCT outcome FROM urls WHERE kind = 'page'") == ["refused"]
    assert all(
        "DATELINE_ALLOW_ADDRESSES" in why
        for why in run.column("SELECT reason FROM urls WHERE kind = 'page'")
    )
