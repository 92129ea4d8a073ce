"""Files on the web, read in blocks by HTTP range requests.

A person names the address, so it may be on this machine or its network. Where a redirect leads is
up to the server, so only the public web and the named host are followed there
(`crawler.network.guard`), and so is every address that a name resolves to.

httpcore is the HTTP client underneath that of Datasette. Its connections can be opened by our own
code, which is where the guard has to stand. fsspec's client follows redirects by itself.
"""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib.metadata import version as installed_version
from typing import Any, BinaryIO, TypeVar
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore

from archive.errors import UsageError
from crawler.files.byte_sources import BlockCache, SourceLostError, open_remote_bytes
from crawler.network.guard import (
    ALLOW_ADDRESSES_SETTING,
    DEFAULT_PORTS,
    AllowedAddress,
    ConnectionGuard,
    not_public_reason,
    parse_allowed_addresses,
)
from crawler.network.retry_after import parse_retry_after

RequestResult = TypeVar("RequestResult")

MAX_FILE_REDIRECTS = 5
FILE_TIMEOUTS_SECONDS = {"connect": 30.0, "read": 60.0, "write": 60.0, "pool": 60.0}
RETRY_WAITS_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Waits before a request is repeated, after a broken connection or a passing error."""
MAX_RETRY_AFTER_SECONDS = 120.0
PASSING_STATUSES = (408, 425, 429, 500, 502, 503, 504)
PASSING_ERRORS = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)
SAMPLED_BYTES = 64 * 1024
"""Bytes at the start of a file that show whether it has changed, if the server does not say."""


class GuardedBackend(httpcore.SyncBackend):
    """Opens connections only to the addresses that a guard lets through."""

    def __init__(self, guard: ConnectionGuard) -> None:
        self.guard = guard

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a host that can be reached.

        Raises httpcore.ConnectError.
        """
        error: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in _addresses_of_host(host, port):
            if not self.guard.connects(host, port, address):
                error = ForbiddenAddressError(not_public_reason(address))
                continue
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failure:
                error = failure
        raise error


class ForbiddenAddressError(httpcore.ConnectError):
    """A name resolves to an address that is not public."""


def _addresses_of_host(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host. Raises httpcore.ConnectError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} cannot be resolved ({error})") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def guard_for_address(url: str) -> ConnectionGuard:
    """Return the guard for an address that a person named. Raises UsageError for an invalid one."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port or DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError):
        host, port = "", 0
    if not host or "@" in parts.netloc:
        raise UsageError(f"{url}: not an http or https address without a user name")
    named = AllowedAddress(host, port=port)
    configured = parse_allowed_addresses(os.environ.get(ALLOW_ADDRESSES_SETTING, ""))
    return replace(ConnectionGuard.of_environment(), allowed=(named, *configured))


def connection_pool(url: str, guard: ConnectionGuard) -> httpcore.ConnectionPool:
    """Return the connections for an address, through the proxy of the environment if there is one."""
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    backend = GuardedBackend(guard)
    if not proxy or proxy_bypass(parts.hostname or ""):
        return httpcore.ConnectionPool(network_backend=backend)
    return httpcore.HTTPProxy(
        proxy if "//" in proxy else f"http://{proxy}", network_backend=backend
    )


@dataclass(frozen=True, slots=True)
class FileFacts:
    """The answer of a server about a file."""

    size: int | None
    tag: str
    """ETag or time of change; empty if the server gives neither."""
    has_ranges: bool


class WebFile:
    """A file at an http or https address; `crawler.files.byte_sources.ByteSource`."""

    def __init__(self, url: str, waits: tuple[float, ...] = RETRY_WAITS_SECONDS) -> None:
        self.url = url
        self._waits = waits
        self._guard = guard_for_address(url)
        self._pool = connection_pool(url, self._guard)
        self._facts: FileFacts | None = None
        self._cache: BlockCache | None = None
        self._whole: WholeDownload | None = None
        self._expected_end: int | None = None

    @property
    def name(self) -> str:
        """The address."""
        return self.url

    def size(self) -> int:
        """Return the number of bytes. Raises OSError."""
        size = self.facts().size
        return self._download().complete_size() if size is None else size

    def version(self) -> str:
        """Return size and tag, or a digest of the beginning. Raises OSError."""
        tag = self.facts().tag
        if not tag:
            with self.open() as file:
                tag = f"begins with {sha256(file.read(SAMPLED_BYTES)).hexdigest()}"
        return f"{self.size()} bytes, {tag}"

    def open(self) -> BinaryIO:
        """Return the file, opened at its start. Raises OSError."""
        if self._cache is None:
            self._cache = BlockCache(self, self.size())
            self._cache.expected_end = self._expected_end
        return open_remote_bytes(self._cache)

    def gives_parts(self) -> bool:
        """Return whether the server gives parts of the file. Raises OSError."""
        return self.facts().has_ranges

    def expect_end(self, offset: int | None) -> None:
        """Note that hardly anything is read behind an offset."""
        self._expected_end = offset
        if self._cache:
            self._cache.expected_end = offset

    def check_readable(self) -> None:
        """Raise SourceLostError if a block could not be fetched."""
        if self._cache and self._cache.failure:
            raise self._cache.failure

    def facts(self) -> FileFacts:
        """Return what the server says of the file; asks it once. Raises OSError."""
        if self._facts is None:
            self._facts = self._repeatedly(self._ask_facts)
        return self._facts

    def fetch(self, start: int, end: int) -> bytes:
        """Return a part of the file. Raises OSError."""
        if self.facts().has_ranges:
            return self._repeatedly(lambda: self._fetch_range(start, end))
        return self._download().part(start, end)

    def stream_whole(self) -> Iterator[bytes]:
        """Yield the whole file in parts. Raises OSError."""
        try:
            with self._response({}) as response:
                self._check_unchanged(response)
                yield from response.iter_stream()
        except (PassingStatusError, *PASSING_ERRORS) as error:
            raise SourceLostError(_error_in_words(error)) from error

    def _download(self) -> WholeDownload:
        """Return the download of a file whose server cannot give parts of it."""
        if self._whole is None:
            self._whole = WholeDownload(self)
        return self._whole

    def _ask_facts(self) -> FileFacts:
        with self._response({"Range": "bytes=0-0"}) as response:
            return _facts_of_response(response)

    def _fetch_range(self, start: int, end: int) -> bytes:
        with self._response({"Range": f"bytes={start}-{end - 1}"}) as response:
            self._check_unchanged(response)
            if response.status != 206:
                raise SourceLostError("the server no longer gives parts of the file")
            content = b""
            for data in response.iter_stream():
                content += data
                if len(content) > end - start:
                    raise SourceLostError("the server sends more than was asked for")
            return content

    def _check_unchanged(self, response: httpcore.Response) -> None:
        """Raise SourceLostError if a response is of another version of the file."""
        known, seen = self.facts(), _facts_of_response(response)
        if (seen.size, seen.tag) != (known.size, known.tag):
            raise SourceLostError("was changed while it was read")

    def _repeatedly(self, request: Callable[[], RequestResult]) -> RequestResult:
        """Return the result of a request that is repeated after passing errors. Raises OSError."""
        for wait in self._waits:
            try:
                return request()
            except ForbiddenAddressError as error:
                raise SourceLostError(str(error)) from error
            except PassingStatusError as error:
                time.sleep(max(wait, error.seconds))
            except PASSING_ERRORS:
                time.sleep(wait)
        try:
            return request()
        except (PassingStatusError, *PASSING_ERRORS) as error:
            raise SourceLostError(_error_in_words(error)) from error

    @contextmanager
    def _response(self, headers: dict[str, str]) -> Iterator[httpcore.Response]:
        """Open a response, behind redirects. Raises SourceLostError and httpcore's errors."""
        url = self.url
        asked = {
            "User-Agent": f"dateline/{installed_version('dateline')}",
            "Accept-Encoding": "identity",
            **headers,
        }
        for _ in range(MAX_FILE_REDIRECTS + 1):
            with self._pool.stream(
                "GET", url, headers=[*asked.items()], extensions={"timeout": FILE_TIMEOUTS_SECONDS}
            ) as response:
                target = _redirect_target(url, response)
                if target is None:
                    _check_status(response)
                    yield response
                    return
            refusal = self._guard.refusal(target)
            if refusal:
                raise SourceLostError(f"redirects to {target[:200]}: {refusal}")
            url = target
        raise SourceLostError(f"more than {MAX_FILE_REDIRECTS} redirects")


class PassingStatusError(Exception):
    """A status that may pass, and the seconds to wait that the server asks for."""

    def __init__(self, status: int, seconds: float) -> None:
        super().__init__(f"HTTP {status}")
        self.seconds = seconds


class WholeDownload:
    """A file that comes in one piece only: it is written to a nameless temporary file, as far as
    it is read."""

    def __init__(self, file: WebFile) -> None:
        self._file = file
        self._copy = tempfile.TemporaryFile(prefix="dateline-")  # noqa: SIM115  open as long as this
        self._stream = file.stream_whole()
        self._bytes = 0

    def part(self, start: int, end: int) -> bytes:
        """Return a part of the file. Raises OSError."""
        while self._bytes < end and self._copy_more():
            pass
        self._copy.seek(start)
        return self._copy.read(end - start)

    def complete_size(self) -> int:
        """Return the number of bytes, after all of them have arrived. Raises OSError."""
        while self._copy_more():
            pass
        return self._bytes

    def _copy_more(self) -> bool:
        """Copy the next bytes; return False at the end."""
        data = next(self._stream, b"")
        self._copy.seek(self._bytes)
        self._copy.write(data)
        self._bytes += len(data)
        return bool(data)


def _header_of_response(response: httpcore.Response, name: bytes) -> str:
    """Return a header; empty without it. `name` is in lower case."""
    values = (value for key, value in response.headers if key.lower() == name)
    return next(values, b"").decode("latin-1").strip()


def _facts_of_response(response: httpcore.Response) -> FileFacts:
    """Return the facts that the headers of a whole file, or of a part of it, state."""
    is_part = response.status == 206
    stated = _header_of_response(response, b"content-length")
    if is_part:
        stated = _header_of_response(response, b"content-range").rpartition("/")[2]
    tag = _header_of_response(response, b"etag") or _header_of_response(response, b"last-modified")
    size = int(stated) if stated.isascii() and stated.isdigit() else None
    if is_part and size is None:
        raise SourceLostError("the server does not state the size of the file")
    return FileFacts(size, tag, is_part)


def _redirect_target(url: str, response: httpcore.Response) -> str | None:
    """Return where a redirect leads, or None."""
    if response.status not in (301, 302, 303, 307, 308):
        return None
    return urljoin(url, _header_of_response(response, b"location")).partition("#")[0]


def _check_status(response: httpcore.Response) -> None:
    """Raise PassingStatusError or SourceLostError unless a response has the file."""
    if response.status in PASSING_STATUSES:
        stated = _header_of_response(response, b"retry-after")
        wait = parse_retry_after(stated, datetime.now(UTC)) or timedelta()
        seconds = min(wait.total_seconds(), MAX_RETRY_AFTER_SECONDS)
        raise PassingStatusError(response.status, seconds)
    if response.status not in (200, 206):
        raise SourceLostError(f"HTTP {response.status}")


def _error_in_words(error: Exception) -> str:
    """Return what a network error says, on one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__
