"""Which proxy a request takes, and what becomes of a packed answer; where the guard stands is in
test_security."""

from __future__ import annotations

import gzip
import os

import pytest
from scrapy.http import HtmlResponse, Request, Response

from crawler.network.downloader import CachedProxyMiddleware, untyped_response

PROXY = "http://proxy.example:8080"


@pytest.fixture
def proxies(monkeypatch: pytest.MonkeyPatch) -> CachedProxyMiddleware:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("http_proxy", PROXY.replace("//", "//ida:secret@"))
    monkeypatch.setenv("no_proxy", "near.example")
    return CachedProxyMiddleware()


@pytest.mark.parametrize(
    ("url", "meta", "proxy"),
    [
        ("http://harbour.example/", {}, PROXY),
        ("https://harbour.example/", {}, None),
        ("http://near.example/", {}, None),
        (
            "http://harbour.example/",
            {"proxy": "http://other.example:3128"},
            "http://other.example:3128",
        ),
        ("http://harbour.example/", {"proxy": None}, None),
    ],
)
def test_a_request_takes_the_proxy_that_the_environment_names_or_its_own(proxies, url, meta, proxy):
    request = Request(url, meta=meta)
    proxies.process_request(request)
    assert request.meta.get("proxy") == proxy
    assert ("Proxy-Authorization" in request.headers) == (proxy == PROXY)


def test_the_environment_is_asked_once_a_host(proxies, monkeypatch):
    proxies.process_request(Request("http://harbour.example/1"))
    monkeypatch.setenv("no_proxy", "harbour.example")
    later = Request("http://harbour.example/2")
    proxies.process_request(later)
    assert later.meta["proxy"] == PROXY


def test_a_packed_answer_stays_as_it_is_but_is_no_text_whose_encoding_could_be_guessed():
    headers = {"Content-Encoding": "gzip", "Content-Type": "text/html"}
    packed = HtmlResponse(
        "http://harbour.example/a.html", 203, headers, gzip.compress("Fähre".encode()), ["kept"]
    )
    plain = untyped_response(packed)
    assert type(plain) is Response
    assert (plain.url, plain.status, plain.headers, plain.body, plain.flags) == (
        packed.url, packed.status, packed.headers, packed.body, packed.flags
    )  # fmt: skip
