"""When a page says that its article was published and changed."""

from __future__ import annotations

import json

import pytest

from archive.records import Article, Capture
from crawler.extract import extract

TEXT = "<p>" + "The ferry left the island at noon, and nobody on the quay was sorry to see it go. " * 4 + "</p>"
META = '<meta property="article:published_time" content="{}">'


def ld(**said: str) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **said})}</script>'


def read(head: str = "", line: str = "", after: str = "", path: str = "/a", lang: str = "en") -> Article:
    body = f"<article><h1>Ferry leaves</h1>{line}{TEXT}{after}</article>"
    markup = f"<html lang={lang}><head><title>Ferry leaves</title>{head}</head><body>{body}</body></html>"
    url = f"https://courier.example{path}"
    return extract(Capture(url=url, body=markup.encode(), fetched_at="2024-05-01T00:00:00Z"))


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        (read(ld(datePublished="2024-02-15T05:30:00-05:00")), "2024-02-15T10:30:00Z"),
        (read(ld(datePublished="2024-02-15") + META.format("2024-02-16T10:00:00Z")), "2024-02-15"),
        (read(META.format("2024-02-15T05:30:00Z"), "<p>14 February 2024</p>"), "2024-02-15T05:30:00Z"),
        (read(META.format("2024-02-15"), "<p>15 February 2024, 05:30</p>"), "2024-02-15T05:30:00"),
        (read(line="<p>Posted 15 February 2024</p>"), "2024-02-15"),
        (read(line="<p>15. Februar 2024, 10:30 Uhr</p>", lang="de"), "2024-02-15T10:30:00"),
        (read(line="<p>2024年2月15日 10時30分</p>", lang="ja"), "2024-02-15T10:30:00"),
        (read(line='<p><time datetime="2024-02-15T05:30:00Z">yesterday</time></p>'), "2024-02-15T05:30:00Z"),
        (read(path="/2024/02/15/ferry"), "2024-02-15"),
    ],
)
def test_the_surest_witness_dates_an_article(page: Article, wanted: str) -> None:
    """Data before what is shown, what is shown before the address; a shown clock time sharpens a day."""
    assert page.published_at == wanted


@pytest.mark.parametrize(
    "page",
    [
        read(),
        read(after="<p>© 2024 The Courier, 15 February 2024. All rights reserved.</p>"),
        read(after="<p>The last such storm was on 15 February 2019, and it took the roof of the hall with it.</p>"),
        read(ld(datePublished="2031-01-01T00:00:00Z")),
        read(ld(datePublished="0001-01-01")),
        read(ld(datePublished="03/04/2024")),
        read(path="/2024/13/45/ferry"),
    ],
)
def test_better_no_date_than_a_wrong_one(page: Article) -> None:
    """Not out of the text, not of a copyright line, not from the future, none that no calendar settles."""
    assert page.published_at is None


def test_what_the_site_said_stands_beside_what_was_understood() -> None:
    page = read(line="<p>Posted 15 February 2024, 5:30 am</p>")
    assert (page.published_at, page.published_raw) == ("2024-02-15T05:30:00", "Posted 15 February 2024, 5:30 am")
    assert read(ld(datePublished="03/04/2024")).published_raw == "03/04/2024"


def test_a_change_is_told_from_the_publication() -> None:
    shown = read(line="<p>15 February 2024, 05:30</p><p>Updated 16 February 2024, 09:00</p>")
    assert (shown.published_at, shown.modified_at) == ("2024-02-15T05:30:00", "2024-02-16T09:00:00")
    claimed = read(ld(datePublished="2024-02-15", dateModified="2024-02-16T09:00:00Z"))
    assert (claimed.published_at, claimed.modified_at) == ("2024-02-15", "2024-02-16T09:00:00Z")


def test_the_date_line_is_not_of_the_text() -> None:
    assert "Posted" not in read(line="<p>Posted 15 February 2024</p>").text
