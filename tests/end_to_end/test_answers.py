"""What servers say is read as browsers read it: wrong lengths, cookie walls, Refresh headers; a cut
page is refused."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest

from archive.archive import Archive
from archive.frontier.urls import add_outlet_with_sources
from archive.records import Outlet, Source
from demo.strangers import Answer, Send, stranger
from pipelines.identity import identify_source
from tests.stories import story

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"


def page(number: int, end: str = "</body></html>\n") -> bytes:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in story(number).split("\n\n"))
    return f"<html><head><title>Ferry landing {number}</title></head><body><h1>Ferry</h1>{text}{end}".encode()


def chunks(body: bytes) -> bytes:
    return b"".join(
        b"%x\r\n%s\r\n" % (len(body[at : at + 900]), body[at : at + 900])
        for at in range(0, len(body), 900)
    )


def raw(body: bytes, *headers: str):
    """An answer byte for byte, after which the connection ends."""

    def talk(send: Send) -> None:
        send(HEAD + "".join(f"{line}\r\n" for line in headers).encode() + b"\r\n" + body)

    return talk


def length(body: bytes, more: int = 0) -> str:
    return f"Content-Length: {len(body) + more}"


def wrong_size(body: bytes) -> bytes:
    packed = gzip.compress(body)
    return packed[:-1] + b"\x33"


def proxied(dateline, there):
    """The command, its web being a stranger who answers for all hosts."""
    return dateline(None, http_proxy=there.url)


WHOLE = {
    "longer than the page": raw(page(1), length(page(1), 500)),
    "of the unpacked page": raw(
        gzip.compress(page(2, "")), "Content-Encoding: gzip", length(page(2, ""))
    ),
    "of the page before br": raw(
        brotli.compress(page(3, "")), "Content-Encoding: br", length(page(3, ""), 9000)
    ),
    "no last chunk": raw(chunks(page(4)), "Transfer-Encoding: chunked"),
    "no last chunk, packed": raw(
        chunks(gzip.compress(page(5, ""))), "Transfer-Encoding: chunked", "Content-Encoding: gzip"
    ),
    "half a last chunk": raw(chunks(page(6)) + b"0\r\n", "Transfer-Encoding: chunked"),
    "no trailer": raw(
        gzip.compress(page(7, ""))[:-8], "Content-Encoding: gzip", length(page(7), 0)
    ),
    "wrong size in the trailer": raw(wrong_size(page(8, "")), "Content-Encoding: gzip"),
    "a comment after the page": raw(page(9) + b"<!-- from cache -->", length(page(9), 999)),
    "deflate too long": raw(
        zlib.compress(page(10, "")), "Content-Encoding: deflate", length(page(10), 9000)
    ),
}
CUT = {
    "in the page": raw(page(1)[:600], length(page(1))),
    "before the end": raw(page(2, ""), length(page(2))),
    "in a chunk": raw(chunks(page(3))[:700], "Transfer-Encoding: chunked"),
    "between chunks": raw(chunks(page(4)[:600]), "Transfer-Encoding: chunked"),
    "in a stream": raw(gzip.compress(page(5))[:250], "Content-Encoding: gzip", length(gzip.compress(page(5)))),
    "a stream of its length": raw(gzip.compress(page(6))[:250], "Content-Encoding: gzip", "Content-Length: 250"),
    "br of its length": raw(brotli.compress(page(7))[:250], "Content-Encoding: br", "Content-Length: 250"),
    "an end in a script": raw(b"<html><script>x = '</html>", "Content-Length: 5000"),
}  # fmt: skip


def test_a_page_that_is_whole_is_read_whatever_its_length_says(dateline):
    with stranger({f"/{n}": says for n, says in enumerate(WHOLE.values())}) as there:
        run = proxied(dateline, there)
        run("crawl", "--delay", "0", *[f"http://courier.example/{n}" for n in range(len(WHOLE))])
    read = run.column("SELECT url FROM articles")
    assert [name for n, name in enumerate(WHOLE) if f"http://courier.example/{n}" not in read] == []


def test_a_page_that_is_cut_is_not_read_and_tried_again_later(dateline):
    with stranger({f"/{n}": says for n, says in enumerate(CUT.values())}) as there:
        run = proxied(dateline, there)
        run(
            "crawl",
            "--delay",
            "0",
            *[f"http://courier.example/{n}" for n in range(len(CUT))],
            code=None,
        )
    assert run.column("SELECT url FROM articles") == []
    assert run.column("SELECT DISTINCT reason FROM urls") == ["the response was cut off"]
    assert run.column("SELECT DISTINCT outcome FROM urls") == ["failed"]
    assert run.column("SELECT count(*) FROM urls WHERE due_at IS NULL AND state = 'failed'") == [0]


def test_a_feed_and_a_sitemap_that_are_whole_are_read_whatever_their_length_says(dateline):
    feed = b"<rss><channel><title>C</title><item><title>F</title><link>http://c.example/1</link></item></channel></rss>\n"
    sitemap = (
        b"<urlset><url><loc>http://c.example/2</loc><lastmod>2025-05-01</lastmod></url></urlset>"
    )
    says = {
        "/feed.xml": raw(feed, length(feed, 77)),
        "/sitemap.xml": raw(chunks(sitemap), "Transfer-Encoding: chunked"),
        "/1": Answer(200, page(1)),
        "/2": Answer(200, page(2)),
    }
    with stranger(says) as there:
        run = proxied(dateline, there)
        sources = [
            ("http://c.example/feed.xml", "feed"),
            ("http://c.example/sitemap.xml", "sitemap"),
        ]
        with Archive(run.folder) as archive:
            add_outlet_with_sources(
                archive.db,
                Outlet("c.example"),
                [identify_source(Source(url, kind, "c.example")) for url, kind in sources],
            )
        run.crawl()
    assert sorted(run.column("SELECT url FROM articles")) == [
        "http://c.example/1",
        "http://c.example/2",
    ]


def test_an_answer_without_a_body_or_with_a_coding_that_is_none_is_not_cut(dateline):
    """A 304 may say how the page would be packed; `utf-8` is no coding, and browsers pass it by."""
    says = {
        "/1": Answer(200, gzip.compress(page(1, "")), {"Content-Encoding": "gzip", "ETag": '"1"'}),
        "/2": Answer(200, page(2, ""), {"Content-Encoding": "utf-8"}),
        "/3": Answer(200, page(3, ""), {"Content-Encoding": "none"}),
    }
    with stranger(says) as there:
        run = proxied(dateline, there)
        run("crawl", "--delay", "0", *[f"http://courier.example{path}" for path in says])
        there.says["/1"] = Answer(304, b"", {"Content-Encoding": "gzip", "ETag": '"1"'})
        run("crawl", "--delay", "0", "http://courier.example/1")
    assert len(run.column("SELECT id FROM articles")) == 3
    assert run.column("SELECT outcome FROM fetches WHERE status = 304") == ["unchanged"]


# -- cookies ---------------------------------------------------------------------------------------


def wall(there: list, answer: Answer, ticket: str, until: str = "seen=1"):
    """A page that is shown to whoever brings a cookie, and gives it to the others."""

    def talk(send: Send) -> None:
        if until in there[0].headers[-1].get("cookie", ""):
            send(HEAD + f"Content-Length: {len(answer.body)}\r\n\r\n".encode() + answer.body)
        else:
            send(
                f"HTTP/1.1 302 Found\r\n{ticket}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )

    return talk


def test_a_page_behind_a_cookie_wall_is_read_and_the_next_is_asked_for_as_by_a_stranger(dateline):
    there: list = []
    to_itself = "Location: http://courier.example/{n}\r\nSet-Cookie: seen=1; path=/"
    says = {
        f"http://courier.example/{n}": wall(there, Answer(200, page(n)), to_itself.format(n=n))
        for n in (1, 2)
    }
    by_consent = "Location: http://consent.harbour.example/?back=3"
    says["http://www.harbour.example/3"] = wall(there, Answer(200, page(3)), by_consent, "ok=yes")
    says["http://consent.harbour.example/?back=3"] = Answer(
        303,
        headers={
            "Location": "http://www.harbour.example/3",
            "Set-Cookie": "ok=yes; Domain=.harbour.example",
        },
    )
    says["http://tower.example/4"] = Answer(
        200,
        b'<html><head><meta http-equiv="refresh" content="0; url=/5"></head></html>',
        {"Set-Cookie": "seen=1; path=/"},
    )
    says["http://tower.example/5"] = wall(there, Answer(200, page(5)), "Location: /4")
    with stranger(says) as server:
        there.append(server)
        run = proxied(dateline, server)
        first = [url for url in says if "consent" not in url and not url.endswith("/5")]
        for url in first:
            run("crawl", "--delay", "0", url)
    asked = list(
        zip(server.asked, [headers.get("cookie") for headers in server.headers], strict=True)
    )
    assert len(run.column("SELECT id FROM articles")) == len(first)
    for url in (*first, "http://consent.harbour.example/?back=3"):
        assert next(cookie for address, cookie in asked if address == url) is None
    assert all(cookie is None for address, cookie in asked if address.endswith("/robots.txt"))


def test_no_cookie_goes_to_another_domain_by_a_redirect(dateline):
    says = {
        "http://courier.example/1": Answer(
            302,
            headers={
                "Location": "http://harbour.example/1",
                "Set-Cookie": "id=7; path=/; Domain=harbour.example",
            },
        ),
        "http://harbour.example/1": Answer(
            302, headers={"Location": "http://harbour.example/2", "Set-Cookie": "b=1"}
        ),
        "http://harbour.example/2": Answer(200, page(1)),
    }
    with stranger(says) as there:
        run = proxied(dateline, there)
        run("crawl", "--delay", "0", "http://courier.example/1")
    sent = {
        address: headers.get("cookie")
        for address, headers in zip(there.asked, there.headers, strict=True)
    }
    assert sent["http://harbour.example/1"] is None
    assert sent["http://harbour.example/2"] == "b=1"


@pytest.mark.parametrize("said", ["0; url=/2", "1;URL='http://courier.example/2'", "0, /2"])
def test_a_refresh_header_is_followed(dateline, said):
    with stranger(
        {"/1": Answer(200, b"<p>moved</p>", {"Refresh": said}), "/2": Answer(200, page(2))}
    ) as there:
        run = proxied(dateline, there)
        run("crawl", "--delay", "0", "http://courier.example/1")
    assert run.column("SELECT url FROM articles") == ["http://courier.example/2"]


def test_a_refresh_header_that_reloads_or_comes_late_is_none(dateline):
    says = {
        "/1": Answer(200, page(1), {"Refresh": "300"}),
        "/2": Answer(200, page(2), {"Refresh": "0"}),
        "/3": Answer(200, page(3), {"Refresh": "120; url=/"}),
    }
    with stranger(says) as there:
        run = proxied(dateline, there)
        run("crawl", "--delay", "0", *[f"http://courier.example{path}" for path in says])
    assert len(run.column("SELECT url FROM articles")) == 3
