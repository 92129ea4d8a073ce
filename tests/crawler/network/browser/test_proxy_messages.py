"""The heads of messages between a browser, the proxy on loopback and the web."""

from __future__ import annotations

import pytest

from crawler.network.browser.guarded_dialer import UpstreamProxy, upstream_proxy
from crawler.network.browser.proxy_messages import (
    closing_response_head,
    parse_proxy_request,
    status_of_head,
)


def test_a_request_goes_to_its_host_by_path_alone_and_ends_its_connection():
    head = (
        b"GET http://courier.example:8080/a?b=1#c HTTP/1.1\r\nHost: courier.example:8080\r\n"
        b"Proxy-Connection: keep-alive\r\nConnection: keep-alive\r\nAccept: */*\r\n\r\n"
    )
    request = parse_proxy_request(head)
    assert request is not None
    assert (request.url, request.is_tunnel) == ("http://courier.example:8080/a?b=1#c", False)
    assert request.origin_head == (
        b"GET /a?b=1 HTTP/1.1\r\nHost: courier.example:8080\r\nAccept: */*\r\n"
        b"Connection: close\r\n\r\n"
    )
    assert request.proxy_head.startswith(b"GET http://courier.example:8080/a?b=1#c HTTP/1.1\r\n")


@pytest.mark.parametrize("target", ["courier.example:443", "[2001:db8::1]:8443", "127.1:80"])
def test_a_tunnel_is_judged_as_the_root_of_its_host_and_port(target):
    request = parse_proxy_request(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
    assert request is not None
    assert (request.url, request.is_tunnel) == (f"https://{target}/", True)


@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/1.1",  # asked as if the proxy were a server
        b"GET file:///etc/passwd HTTP/1.1",
        b"GET ftp://courier.example/ HTTP/1.1",
        b"CONNECT user@courier.example:443 HTTP/1.1",
        b"CONNECT courier.example HTTP/1.1",
        b"CONNECT http://courier.example:80 HTTP/1.1",
        b"get http://courier.example/ HTTP/1.1",
        b"\x16\x03\x01 not http",
        b"",
    ],
)
def test_whatever_is_no_request_for_a_proxy_gets_none(line):
    assert parse_proxy_request(line + b"\r\n\r\n") is None


def test_a_response_ends_its_connection_whatever_its_server_says():
    head = b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nETag: x\r\n\r\n"
    assert closing_response_head(head) == (
        b"HTTP/1.1 200 OK\r\nETag: x\r\nConnection: close\r\n\r\n"
    )
    assert status_of_head(head) == 200
    assert status_of_head(b"SSH-2.0-OpenSSH\r\n\r\n") is None


@pytest.mark.parametrize(
    ("url", "proxies", "found"),
    [
        ("http://courier.example/", {}, None),
        ("https://courier.example/", {"http": "http://proxy.example:3128"}, None),
        ("http://courier.example/", {"http": "http://proxy.example:3128"}, UpstreamProxy("proxy.example", 3128)),
        ("http://courier.example/", {"http": "proxy.example:3128"}, UpstreamProxy("proxy.example", 3128)),
        ("https://courier.example/", {"https": "http://ida:p%40ss@proxy.example"},
         UpstreamProxy("proxy.example", 80, b"\r\nProxy-Authorization: Basic aWRhOnBAc3M=")),
    ],
)  # fmt: skip
def test_the_proxy_of_the_environment_is_taken_by_scheme(monkeypatch, url, proxies, found):
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert upstream_proxy(url, proxies) == found
