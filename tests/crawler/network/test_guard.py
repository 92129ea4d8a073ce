"""Where a crawl may go, decided without network."""

from __future__ import annotations

import pytest
from scrapy.settings import Settings

from archive.errors import UsageError
from crawler.network.guard import (
    BLOCKED_PORTS,
    ConnectionGuard,
    ip_literal,
    is_own_address,
    is_public_address,
    parse_allowed_addresses,
)

INSIDE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",  # carriers' own networks
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",  # what clouds tell their machines
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.5",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::127.0.0.1",  # NAT64
    "64:ff9b::a00:1",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::808:808",  # Teredo
    "2001:db8::1",
    "2002:7f00:1::1",  # 6to4
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
OUTSIDE = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "172.32.0.1",
    "192.167.255.255",
    "::ffff:8.8.8.8",
]
OUTSIDE += ["64:ff9b::808:808", "2606:4700::1111", "2a00:1450:4001::200e"]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_of_a_machine_a_network_or_a_tunnel_is_not_public(address):
    assert not is_public_address(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_of_the_internet_is_public(address):
    assert is_public_address(address)


def test_an_address_that_this_machine_has_is_its_own():
    assert is_own_address("127.0.0.1")
    assert not is_own_address("192.0.2.7")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.2",
        "127.0.0.2.",
        "127.2",
        "127.0.2",
        "2130706434",
        "0x7f000002",
        "0x7f.0.0.2",
        "0177.0.0.2",
        "017700000002",
        "127.0.0x0.02",
    ],
)
def test_an_address_is_known_in_every_spelling(host):
    assert ip_literal(host) == "127.0.0.2"


@pytest.mark.parametrize(
    "host", ["harbour.example", "127.0.0.2.example", "1.2.3.4.5", "", "x", "127.0.0.256"]
)
def test_a_name_is_no_address(host):
    assert ip_literal(host) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2/",
        "https://2130706434/",
        "http://0x7f000002/",
        "http://0177.0.0.2/",
        "http://127.2/",
        "http://127.0.0.2./",
        "http://[::1]/",
        "http://[::ffff:127.0.0.2]/",
        "http://[::ffff:7f00:2]:8001/",
        "http://[64:ff9b::7f00:2]/",
        "http://0/",
        "http://localhost/",
        "http://LOCALHOST./",
        "http://a.localhost/",
        "http://printer/",
        "http://printer.local/",
        "http://metadata.google.internal/",
        "http://router.home.arpa/",
        "http://127%2e0%2e0%2e2/",
        "http://harbour.example%00.test/",
        "http://①②⑦.0.0.2/",
        "http://user@harbour.example/",
        "http://user:word@harbour.example/",
        "http://harbour.example@127.0.0.2/",
        "http://:@harbour.example/",
        "http://harbour.example:25/",
        "http://harbour.example:6667/",
        "http://harbour.example:0/",
        "http://harbour.example:99999/",
        "http://1.1.1.1:22/",
        "http:///path",
        "http://[::1/",
        "file:///etc/passwd",
        "data:text/html,x",
        "ftp://harbour.example/",
        "javascript:alert(1)",
        "//harbour.example/",
        "",
    ],
)
def test_an_address_that_leads_inside_or_is_none_of_the_web_is_not_asked_for(url):
    assert ConnectionGuard().refusal(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://harbour.example/",
        "https://www.harbour.example:8443/a?b#c",
        "http://HARBOUR.example./",
        "http://xn--hfen-loa.example/",
        "http://1.1.1.1/",
        "http://[2606:4700::1111]/",
        "http://local.example/",
        "http://1and1.example/",
        "http://a_b.harbour.example/",
    ],
)
def test_an_address_of_the_public_web_is_asked_for(url):
    assert ConnectionGuard().refusal(url) is None


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("127.0.0.2", "http://127.0.0.2:8001/"),
        ("127.0.0.2", "http://2130706434/"),
        ("127.0.0.2:8001", "http://127.0.0.2:8001/"),
        ("127.0.0.0/8", "http://127.9.9.9/"),
        ("::1", "http://[::1]:8001/"),
        ("[::1]:8001", "http://[::1]:8001/"),
        ("localhost", "http://localhost:8001/"),
        ("other.example, printer", "http://printer/"),
        ("other.example printer.local:631", "http://PRINTER.local:631/"),
        ("harbour.example:25", "http://harbour.example:25/"),
    ],
)
def test_what_a_person_allows_is_asked_for(allowed, url):
    assert ConnectionGuard().refusal(url)
    assert ConnectionGuard(parse_allowed_addresses(allowed)).refusal(url) is None


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("127.0.0.2:8001", "http://127.0.0.2:8002/"),
        ("127.0.0.2", "http://127.0.0.3/"),
        ("127.0.0.2", "http://127.0.0.2:25/"),
        ("127.0.0.2", "http://user@127.0.0.2/"),
        ("127.0.0.2", "file://127.0.0.2/etc/passwd"),
        ("localhost", "http://127.0.0.1/"),
        ("printer", "http://printer.local/"),
    ],
)
def test_what_a_person_allows_is_no_more_than_that(allowed, url):
    assert ConnectionGuard(parse_allowed_addresses(allowed)).refusal(url)


@pytest.mark.parametrize(
    "text", ["http://127.0.0.2/", "user@printer", "printer:99999", "10.0.0.0/99", ":80", "a/b"]
)
def test_an_exception_that_cannot_be_meant_is_told(text):
    with pytest.raises(UsageError, match="DATELINE_ALLOW_ADDRESSES"):
        parse_allowed_addresses(text)


def test_a_connection_goes_to_public_addresses_and_to_those_that_are_allowed():
    assert ConnectionGuard().connects("harbour.example", 80, "1.1.1.1")
    assert not ConnectionGuard().connects("harbour.example", 80, "127.0.0.2")
    assert ConnectionGuard(parse_allowed_addresses("127.0.0.2:80")).connects(
        "harbour.example", 80, "127.0.0.2"
    )
    assert not ConnectionGuard(parse_allowed_addresses("127.0.0.2:81")).connects(
        "harbour.example", 80, "127.0.0.2"
    )
    assert ConnectionGuard(parse_allowed_addresses("harbour.example")).connects(
        "harbour.example", 80, "127.0.0.2"
    )
    assert not ConnectionGuard(parse_allowed_addresses("harbour.example")).connects(
        "ridge.example", 80, "127.0.0.2"
    )


def test_the_proxy_is_connected_to_and_no_page_there_is_asked_for(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("http_proxy", "http://user:word@127.0.0.2:9")
    monkeypatch.setenv("https_proxy", "proxy.harbour.example:3128")
    monkeypatch.setenv("no_proxy", "localhost")
    guard = ConnectionGuard.of(Settings())
    assert guard.proxies == {("127.0.0.2", 9), ("proxy.harbour.example", 3128)}
    assert guard.connects("127.0.0.2", 9, "127.0.0.2")
    assert guard.connects("proxy.harbour.example", 0, "127.0.0.3"), (
        "looked up without its port for a tunnel"
    )
    assert not guard.connects("127.0.0.2", 10, "127.0.0.2")
    assert not guard.connects("harbour.example", 9, "127.0.0.2")
    assert "proxy" in (guard.refusal("http://proxy.harbour.example:3128/") or "")
    assert guard.refusal("http://127.0.0.2:9/")


def test_the_ports_of_the_web_are_none_of_those_refused():
    assert not BLOCKED_PORTS & {80, 443, 3000, 5000, 8000, 8008, 8080, 8081, 8443, 8888}
