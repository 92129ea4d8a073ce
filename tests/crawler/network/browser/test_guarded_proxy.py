"""The proxy through which a page reaches the web: what it lets pass, and how much of it.

The resolver is a table of names here; the one of a crawl is tested in tests/end_to_end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from crawler.network.browser.guarded_dialer import GuardedDialer
from crawler.network.browser.guarded_proxy import GuardedProxy, TrafficLimits
from crawler.network.guard import ConnectionGuard, parse_allowed_addresses
from demo.strangers import Answer, Stranger, endless, stranger, to
from tests.conftest import PROXIES
from tests.patience import patient


class NamedAddresses:
    """Resolves names by a table, as GuardedResolver does: only to addresses that the guard allows."""

    def __init__(self, guard: ConnectionGuard, names: dict[str, str]) -> None:
        self.guard, self.names = guard, names
        self.withheld: dict[str, str] = {}

    def resolveHostName(self, receiver: Any, host: str, port: int) -> None:  # noqa: N802
        address = self.names.get(host, host)
        if self.guard.connects(host, port, address):
            receiver.addressResolved(type("Address", (), {"host": address}))
        else:
            self.withheld[host] = address
        receiver.resolutionComplete()


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def through_proxy(
    there: Stranger,
    work: Callable[[GuardedProxy], Awaitable[Any]],
    limits: TrafficLimits = TrafficLimits(),  # noqa: B008  it is frozen
) -> Any:
    """Run work with a proxy that may reach that server as courier.example."""
    guard = ConnectionGuard(parse_allowed_addresses(f"courier.example:{there.port}"))
    names = {"courier.example": "127.0.0.1", "inside.example": "127.0.0.1"}

    async def run() -> Any:
        dialer = GuardedDialer(guard, NamedAddresses(guard, names))
        async with GuardedProxy(dialer, limits) as proxy, asyncio.timeout(patient(20)):
            return await work(proxy)

    return asyncio.run(run())


async def ask(proxy: GuardedProxy, head: str) -> bytes:
    """Send a head to the proxy, and return all that it answers until it closes."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", int(proxy.address.rpartition(":")[2])
    )
    writer.write(head.encode() + b"\r\n\r\n")
    try:
        return await reader.read(-1)
    finally:
        writer.close()


def test_a_request_to_the_outlet_passes_and_one_inside_is_refused_with_its_reason():
    with stranger({"/a": Answer(200, b"Ferry")}) as there:

        async def work(proxy: GuardedProxy) -> tuple[bytes, bytes, bytes, dict[str, str]]:
            port = there.port
            passed = await ask(proxy, f"GET http://courier.example:{port}/a HTTP/1.1")
            refused = await ask(proxy, f"GET http://inside.example:{port}/a HTTP/1.1")
            tunnel = await ask(proxy, f"CONNECT 127.0.0.1:{port} HTTP/1.1")
            return passed, refused, tunnel, proxy.refused

        passed, refused, tunnel, reasons = through_proxy(there, work)
        assert passed.startswith(b"HTTP/1.1 200 OK\r\n")
        assert passed.endswith(b"Connection: close\r\n\r\nFerry")
        assert refused.startswith(b"HTTP/1.1 403 ")
        assert tunnel.startswith(b"HTTP/1.1 403 ")
        assert "inside.example leads to 127.0.0.1" in reasons[f"inside.example:{there.port}"]
        assert "not on the public internet" in reasons[f"127.0.0.1:{there.port}"]
        assert there.asked == ["/a"]


def test_a_redirect_is_handed_to_the_browser_which_asks_the_proxy_again():
    with stranger({"/a": to("http://127.0.0.1:1/")}) as there:
        answer = through_proxy(
            there, lambda proxy: ask(proxy, f"GET http://courier.example:{there.port}/a HTTP/1.1")
        )
        assert b"Location: http://127.0.0.1:1/" in answer


def test_a_tunnel_carries_bytes_both_ways():
    with stranger({"/a": Answer(200, b"Ferry", {"Connection": "close"})}) as there:

        async def work(proxy: GuardedProxy) -> bytes:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", int(proxy.address.rpartition(":")[2])
            )
            writer.write(f"CONNECT courier.example:{there.port} HTTP/1.1\r\n\r\n".encode())
            assert await reader.readuntil(b"\r\n\r\n") == (
                b"HTTP/1.1 200 Connection established\r\n\r\n"
            )
            writer.write(b"GET /a HTTP/1.0\r\nConnection: close\r\n\r\n")
            answer = await reader.read(-1)
            writer.close()
            return answer

        assert through_proxy(there, work).endswith(b"Ferry")


def test_a_body_without_end_is_cut_off_and_nothing_more_is_fetched():
    limits = TrafficLimits(received_bytes=1024 * 1024)
    with stranger({"/mud": endless(), "/a": Answer(200, b"Ferry")}) as there:

        async def work(proxy: GuardedProxy) -> tuple[int, bytes, str | None]:
            mud = await ask(proxy, f"GET http://courier.example:{there.port}/mud HTTP/1.1")
            later = await ask(proxy, f"GET http://courier.example:{there.port}/a HTTP/1.1")
            return len(mud), later, proxy.exceeded

        length, later, exceeded = through_proxy(there, work, limits)
        assert length <= 1024 * 1024 + 64 * 1024
        assert exceeded == "more than 1 MiB received"
        assert later.startswith(b"HTTP/1.1 429 ")
        assert there.asked == ["/mud"]


def test_connections_beyond_their_number_are_refused():
    with stranger({"/a": Answer(200, b"Ferry")}) as there:

        async def work(proxy: GuardedProxy) -> list[bytes]:
            line = f"GET http://courier.example:{there.port}/a HTTP/1.1"
            return [(await ask(proxy, line))[:12] for _ in range(3)]

        answers = through_proxy(there, work, TrafficLimits(connections=2))
        assert answers == [b"HTTP/1.1 200", b"HTTP/1.1 200", b"HTTP/1.1 429"]


def test_a_proxy_of_the_environment_gets_what_may_be_fetched_and_nothing_else(monkeypatch):
    whole = "http://courier.example:8080/a"
    with stranger({whole: Answer(200, b"Ferry")}) as upstream:
        monkeypatch.setenv("http_proxy", f"http://ida:secret@127.0.0.1:{upstream.port}")

        async def work(proxy: GuardedProxy) -> tuple[bytes, bytes]:
            proxy.dialer.guard = ConnectionGuard(parse_allowed_addresses("courier.example:8080"))
            passed = await ask(proxy, f"GET {whole} HTTP/1.1\r\nHost: courier.example:8080")
            return passed, await ask(proxy, "GET http://10.0.0.1/ HTTP/1.1")

        passed, refused = through_proxy(upstream, work)
        assert passed.endswith(b"Ferry")
        assert refused.startswith(b"HTTP/1.1 403 ")
        assert upstream.asked == [whole]
        assert upstream.headers[0]["proxy-authorization"] == "Basic aWRhOnNlY3JldA=="


def test_a_host_that_does_not_answer_is_a_failure_of_that_request_only():
    with stranger({"/a": Answer(200, b"Ferry")}) as there:
        port = there.port
    answer = through_proxy(
        there, lambda proxy: ask(proxy, f"GET http://courier.example:{port}/a HTTP/1.1")
    )
    assert answer.startswith(b"HTTP/1.1 502 ")
