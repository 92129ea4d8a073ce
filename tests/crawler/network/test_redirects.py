"""Cookies live as long as one chain of redirects, and within one registered domain; a Refresh
header is a redirect."""

from __future__ import annotations

import pytest
from scrapy.http import Request, Response

from crawler.network.redirects import (
    COOKIE_JAR_KEY,
    MAX_CHAIN_COOKIES,
    add_chain_cookies,
    parse_refresh,
)


def chain(*steps: tuple[str, list[str]], to: str) -> str | None:
    """The Cookie header with which a chain of answers (address, Set-Cookie headers) asks for its
    last address."""
    asked = Request(steps[0][0])
    for (url, cookies), following in zip(steps, [*(url for url, _ in steps[1:]), to], strict=True):
        answer = Response(url, status=302, headers={"Set-Cookie": cookies} if cookies else {})
        asked = add_chain_cookies(asked.replace(url=following), asked, answer)
    sent = asked.headers.get("Cookie")
    return sent.decode() if sent else None


@pytest.mark.parametrize(
    ("steps", "to", "sent"),
    [
        ([("http://courier.example/1", ["seen=1; path=/"])], "http://courier.example/1", "seen=1"),
        ([("http://courier.example/1", ["seen=1"])], "http://courier.example/2", "seen=1"),
        ([("http://courier.example/1", ["a=1; path=/", "b=2; path=/"])], "http://courier.example/1", "a=1; b=2"),
        (
            [("http://www.courier.example/1", ["seen=1; Domain=.courier.example"])],
            "http://courier.example/1",
            "seen=1",
        ),
        (
            [
                ("http://courier.example/1", []),
                ("http://consent.courier.example/", ["ok=yes; Domain=courier.example; Path=/"]),
            ],
            "http://courier.example/1",
            "ok=yes",
        ),
        ([("https://courier.example/1", ["seen=1; Secure; HttpOnly"])], "https://courier.example/", "seen=1"),
        ([("http://courier.co.uk/1", ["seen=1; Domain=.courier.co.uk"])], "http://news.courier.co.uk/1", "seen=1"),
        ([("http://a.example/1", ["s=1; path=/"]), ("http://a.example/1", [])], "http://a.example/", "s=1"),
        (
            [("http://courier.example/1", ["s=1; path=/"]), ("http://elsewhere.example/", [])],
            "http://courier.example/1",
            "s=1",
        ),
    ],
)  # fmt: skip
def test_a_cookie_comes_back_within_its_chain(steps, to, sent):
    assert chain(*steps, to=to) == sent


@pytest.mark.parametrize(
    ("steps", "to"),
    [
        ([("http://courier.example/1", ["seen=1; path=/"])], "http://elsewhere.example/1"),
        (
            [("http://courier.example/1", ["seen=1; Domain=elsewhere.example"])],
            "http://elsewhere.example/1",
        ),
        ([("http://courier.example/1", ["seen=1; Domain=.example"])], "http://elsewhere.example/1"),
        ([("http://courier.co.uk/1", ["seen=1; Domain=.co.uk"])], "http://elsewhere.co.uk/1"),
        (
            [("http://alice.blogspot.com/1", ["seen=1; Domain=.blogspot.com"])],
            "http://bob.blogspot.com/1",
        ),
        ([("http://courier.example/1", ["seen=1"])], "http://www.courier.example/1"),
        ([("http://courier.example/1", ["seen=1; path=/members"])], "http://courier.example/1"),
        ([("https://courier.example/1", ["seen=1; path=/; Secure"])], "http://courier.example/1"),
        ([("http://courier.example/1", ["seen=1; Max-Age=0"])], "http://courier.example/1"),
        (
            [("http://courier.example/1", ["seen=1; expires=Thu, 01 Jan 1970 00:00:00 GMT"])],
            "http://courier.example/1",
        ),
        ([("http://courier.example/1", ["seen=" + "1" * 5000])], "http://courier.example/1"),
        (
            [("http://courier.example/1", [f"c{n}={'1' * 4000}" for n in range(9)])],
            "http://courier.example/1",
        ),
    ],
)
def test_a_cookie_goes_nowhere_else(steps, to):
    assert chain(*steps, to=to) is None


def test_a_chain_keeps_few_cookies():
    many = [f"c{n}=1; path=/" for n in range(500)]
    sent = chain(("http://a.example/", many), ("http://a.example/", many), to="http://a.example/")

    assert sent
    assert len(sent.split(";")) == MAX_CHAIN_COOKIES


def test_a_request_that_begins_a_chain_has_no_cookies():
    asked = Request("http://courier.example/1")
    add_chain_cookies(
        Request("http://courier.example/2"),
        asked,
        Response(asked.url, headers={"Set-Cookie": "seen=1"}),
    )

    assert COOKIE_JAR_KEY not in asked.meta
    assert "Cookie" not in asked.headers


@pytest.mark.parametrize(
    ("said", "led"),
    [
        ("0; url=/news/2", (0, "/news/2")),
        ("0;URL='/news/2'", (0, "/news/2")),
        ('1; url="/news/2" ; more', (1, "/news/2")),
        ("0,/news/2", (0, "/news/2")),
        ("0 url = /news/2", (0, "/news/2")),
        ("3.7; url=/news/2", (3, "/news/2")),
        (" 0;url=http://courier.example/news/2 ", (0, "/news/2")),
        ("0; url=/news/f\u00e4hre", (0, "/news/f%C3%A4hre")),
        ("300; url=/", (300, "/")),
    ],
)
def test_a_refresh_header_says_when_and_where(said, led):
    assert parse_refresh(said, "http://courier.example/news/1") == (
        led[0],
        "http://courier.example" + led[1],
    )


@pytest.mark.parametrize(
    "said", ["", "0", "5", "0;", "0; url=", "url", "soon; url=/2", "/news/2", ";" * 4000]
)
def test_a_refresh_header_that_names_no_address_leads_nowhere(said):
    led = parse_refresh(said, "http://courier.example/news/1")
    assert led is None or said.startswith(";")
