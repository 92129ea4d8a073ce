"""The forward proxy on loopback through which one page of a browser reaches the web.

Chromium resolves names and connects by itself, beyond what can be seen of its requests: sub-resources,
redirects, WebSockets, workers. So it gets no other way out than this proxy, which opens each
connection with the crawl's own guard and resolver, and counts what passes.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from crawler.network.browser.guarded_dialer import (
    MAX_PROXY_HEAD_BYTES,
    FailedConnection,
    GuardedDialer,
    OpenedConnection,
    RefusedConnection,
)
from crawler.network.browser.proxy_messages import (
    ProxyRequest,
    closing_response_head,
    parse_proxy_request,
    status_of_head,
)
from crawler.network.guard import DEFAULT_PORTS

proxy_log = logging.getLogger(__name__)

RELAYED_CHUNK_BYTES = 64 * 1024
MAX_INTERIM_RESPONSES = 10
"""Responses with a status below 200 that may come before the one that counts."""


@dataclass(frozen=True, slots=True)
class TrafficLimits:
    """The traffic that one page may cause."""

    connections: int = 200
    received_bytes: int = 24 * 1024 * 1024
    sent_bytes: int = 1024 * 1024


class GuardedProxy:
    """A proxy for one page; a context manager, at whose end all its connections are closed."""

    def __init__(self, dialer: GuardedDialer, limits: TrafficLimits) -> None:
        self.dialer, self.limits = dialer, limits
        self.connections = self.received = self.sent = 0
        """The traffic so far; the last two in bytes."""
        self.refused: dict[str, str] = {}
        """Host and port → the reason why nothing of it was fetched."""
        self.exceeded: str | None = None
        """The limit that the page has exceeded."""
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", 0, limit=MAX_PROXY_HEAD_BYTES
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self._cut_connections()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def address(self) -> str:
        """The URL of the proxy."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def refusal_of(self, url: str) -> str | None:
        """Return why nothing was fetched from the host of a URL; None if it was."""
        return self.refused.get(_host_and_port(url))

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection of the browser in a separate task."""
        task = asyncio.get_event_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _cut_connections(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request of the browser, and close its connection."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            request = parse_proxy_request(head)
            if request is None:
                writer.write(_own_answer(400))
            elif why := self._refusal_by_limit():
                self._note_refusal(request, why)
                writer.write(_own_answer(429))
            else:
                await self._pass_on(request, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the connection ends here, whoever ended it
        finally:
            writer.close()

    def _refusal_by_limit(self) -> str | None:
        """Count a connection; return the limit that forbids it."""
        self.connections += 1
        if self.connections > self.limits.connections:
            self.exceeded = f"more than {self.limits.connections} connections"
        return self.exceeded

    def _note_refusal(self, request: ProxyRequest, why: str) -> None:
        self.refused.setdefault(_host_and_port(request.url), why)
        proxy_log.info("browser: %s is not fetched: %s", request.url[:200], why)

    async def _pass_on(
        self, request: ProxyRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Connect to the host of a request, if the guard allows it, and relay both ways."""
        try:
            there = await self.dialer.connect(request.url)
        except RefusedConnection as error:
            self._note_refusal(request, str(error))
            writer.write(_own_answer(403))
            return
        except FailedConnection:
            writer.write(_own_answer(502))
            return
        try:
            if request.is_tunnel:
                opened = await self._open_tunnel(request, there, writer)
            else:
                opened = await self._send_request(request, there, reader, writer)
            if opened:
                await self._relay_both_ways(there, reader, writer)
        finally:
            there.writer.close()

    async def _open_tunnel(
        self, request: ProxyRequest, there: OpenedConnection, writer: asyncio.StreamWriter
    ) -> bool:
        """Tell the browser that it is connected; return whether it is."""
        if there.proxy:
            there.writer.write(request.proxy_head + there.proxy.authorization + b"\r\n\r\n")
            answer = await there.reader.readuntil(b"\r\n\r\n")
            if status_of_head(answer) != 200:
                writer.write(_own_answer(502))
                return False
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return True

    async def _send_request(
        self,
        request: ProxyRequest,
        there: OpenedConnection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """Send a request and the head of its response; return whether a body may follow."""
        head = request.origin_head
        if there.proxy:
            head = request.proxy_head + there.proxy.authorization + b"\r\n\r\n"
        there.writer.write(head)
        sending = asyncio.ensure_future(self._relay(reader, there.writer, is_sent=True))
        try:
            for _ in range(MAX_INTERIM_RESPONSES):
                answer = await there.reader.readuntil(b"\r\n\r\n")
                status = status_of_head(answer)
                if status is not None and status >= 200:
                    writer.write(closing_response_head(answer))
                    await self._relay(there.reader, writer)
                    return False
                if status is None or status == 101:
                    break
            writer.write(_own_answer(502))
            return False
        finally:
            sending.cancel()

    async def _relay_both_ways(
        self,
        there: OpenedConnection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Relay a tunnel until one of its ends closes it."""
        ways = [
            asyncio.ensure_future(self._relay(reader, there.writer, is_sent=True)),
            asyncio.ensure_future(self._relay(there.reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()

    async def _relay(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, is_sent: bool = False
    ) -> None:
        """Pass bytes on until the source ends or the page has had its share."""
        with suppress(OSError):
            while data := await source.read(RELAYED_CHUNK_BYTES):
                self._count(len(data), is_sent=is_sent)
                if self.exceeded:
                    return
                target.write(data)
                await target.drain()

    def _count(self, length: int, *, is_sent: bool) -> None:
        """Count bytes; beyond a limit all connections end."""
        if is_sent:
            self.sent += length
        else:
            self.received += length
        if self.received > self.limits.received_bytes:
            self.exceeded = f"more than {self.limits.received_bytes >> 20} MiB received"
        elif self.sent > self.limits.sent_bytes:
            self.exceeded = f"more than {self.limits.sent_bytes >> 20} MiB sent"


def _own_answer(status: int) -> bytes:
    """Return a response of the proxy itself."""
    return f"HTTP/1.1 {status} Dateline\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


def _host_and_port(url: str) -> str:
    """Return the host and port of an http or https URL."""
    parts = urlsplit(url)
    try:
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return parts.netloc
    return f"{parts.hostname}:{port}"
