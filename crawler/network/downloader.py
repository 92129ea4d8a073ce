"""Connections to other machines: the last points that every request passes, and where the guard
stands.

Each request is judged twice: its address as it stands (`GuardedHandler`), and each IP address that
its name leads to, in the look-up that the connection itself is made from (`GuardedResolver`).
Nothing is looked up between judging and connecting, so a name that leads elsewhere the second time
(DNS rebinding) is judged the second time; a connection that is kept leads where it led when it was
judged. Through a proxy, names are looked up there: their text alone is judged.
"""
# ruff: noqa: N802, N803  Twisted names its methods so

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

from scrapy import Spider
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpproxy import HttpProxyMiddleware
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadFailedError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Request, Response
from scrapy.resolver import CachingHostnameResolver
from scrapy.utils.datatypes import LocalCache
from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver
from twisted.python.failure import Failure

from crawler.files.complete_body import is_whole
from crawler.network.decompression import packings
from crawler.network.guard import Guard, not_public
from crawler.network.redirects import JAR

MOST_HEAD = 256 * 1024
"""Bytes of an answer's status and headers; those of a page are 1 to 8 KB."""
MOST_CODINGS = 2
"""In which a body is packed one inside the other; each may blow it up to DOWNLOAD_MAXSIZE."""
OWN_HEADERS = (b"If-None-Match", b"If-Modified-Since", b"Authorization", b"Cookie", b"Referer")
"""What is meant for one host, and goes to no other that it redirects to."""


class Refused(IgnoreRequest):
    """A request that is not made, or an answer that is not read, for a reason that stands."""


# -- names -----------------------------------------------------------------------------------------


class GuardedResolver(CachingHostnameResolver):
    """Looks names up, IPv4 and IPv6, and hands on those addresses alone to which the guard lets a
    connection go."""

    def __init__(self, reactor: ReactorBase, cache_size: int, guard: Guard, seconds: float) -> None:
        super().__init__(reactor, cache_size)
        self.guard, self.seconds = guard, seconds
        self.withheld: LocalCache[str, str] = LocalCache(10_000)
        """By name, the last address that it led to and was not handed on."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        settings = crawler.settings
        size = settings.getint("DNSCACHE_SIZE") if settings.getbool("DNSCACHE_ENABLED") else 0
        return cls(reactor, size, Guard.of(settings), settings.getfloat("DNS_TIMEOUT"))

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        judging: Any = _Judging(self, resolutionReceiver, hostName, portNumber)
        return super().resolveHostName(
            judging, hostName, portNumber, addressTypes, transportSemantics
        )


class _Judging:
    """Hands on what a look-up finds and the guard lets pass, and ends one that takes too long."""

    def __init__(self, resolver: GuardedResolver, receiver: Any, host: str, port: int) -> None:
        self.resolver, self.receiver = resolver, receiver
        self.host, self.port = host.lower().rstrip("."), port
        self.late: Any = None

    def resolutionBegan(self, resolution: IHostResolution) -> None:
        self.receiver.resolutionBegan(resolution)
        reactor: Any = self.resolver.reactor
        self.late = reactor.callLater(self.resolver.seconds, self._end)

    def addressResolved(self, address: Any) -> None:
        if self.receiver is None:
            return
        if self.resolver.guard.connects(self.host, self.port, address.host):
            self.receiver.addressResolved(address)
        else:
            self.resolver.withheld[self.host] = address.host

    def resolutionComplete(self) -> None:
        if self.late.active():
            self.late.cancel()
            self._end()

    def _end(self) -> None:
        receiver, self.receiver = self.receiver, None
        receiver.resolutionComplete()


# -- requests --------------------------------------------------------------------------------------


class _Connection(_LenientHTTP11ClientProtocol):
    """A connection that gives up on an answer whose headers have no end."""

    head = 0

    def request(self, request: Any) -> Any:
        self.head = 0
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:
        if self._parser is not None and self._parser.state in ("STATUS", "HEADER"):
            self.head += len(data)
            if self.head > MOST_HEAD:
                self._giveUp(Failure(DownloadCancelledError("headers without end")))  # type: ignore[no-untyped-call]
                return
        super().dataReceived(data)  # type: ignore[no-untyped-call]


class _Factory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, _: IAddress | None) -> _Connection:
        return _Connection(self._quiescentCallback)  # type: ignore[no-untyped-call]


class GuardedHandler(HTTP11DownloadHandler):
    """Fetches what the guard lets pass; raises Refused for the rest. All requests come here,
    whoever makes them."""

    def __init__(self, crawler: Crawler) -> None:
        from twisted.internet import reactor

        super().__init__(crawler)
        self.guard = Guard.of(crawler.settings)
        self.resolver: Any = reactor.nameResolver
        if not isinstance(self.resolver, GuardedResolver):
            raise TypeError(
                "the setting TWISTED_DNS_RESOLVER has to be crawler.network.downloader.GuardedResolver"
            )
        self._pool._factory = _Factory
        # at a proxy: it is one host
        self._pool.maxPersistentPerHost = crawler.settings.getint("CONCURRENT_REQUESTS")

    async def download_request(self, request: Request) -> Response:
        if why := self.guard.refusal(request.url):
            raise Refused(why)
        keep_to_its_host(request)
        try:
            response = await super().download_request(request)
        except CannotResolveHostError:
            host = (urlsplit(request.url).hostname or "").rstrip(".")
            if (address := self.resolver.withheld.get(host)) and request.meta.get("proxy") is None:
                raise Refused(f"{host} leads to {not_public(address)}") from None
            raise
        except DownloadFailedError as error:
            if any(
                reason.check(DownloadCancelledError)
                for reason in getattr(error.__cause__, "reasons", ())
            ):
                raise DownloadCancelledError("headers without end") from None
            raise
        packed = packings(response)
        if len(packed) > MOST_CODINGS:
            raise Refused(f"a body packed {len(packed)} times over")
        if "dataloss" in response.flags and not is_whole(response.body, packed):
            raise ResponseDataLossError
        return as_bytes(response) if b"Content-Encoding" in response.headers else response


class ProxyMiddleware(HttpProxyMiddleware):
    """Scrapy's own, except that the environment is asked once a host: at every request it took a
    twentieth of all."""

    def __init__(self, auth_encoding: str | None = "latin-1") -> None:
        super().__init__(auth_encoding)
        self.bypassed = lru_cache(10_000)(proxy_bypass)

    def process_request(self, request: Request, spider: Spider | None = None) -> None:  # noqa: ARG002
        parts = urlsplit(request.url)
        if "proxy" in request.meta:
            super().process_request(request)
        elif parts.scheme in self.proxies and not self.bypassed(parts.hostname or ""):
            credentials, proxy = self.proxies[parts.scheme]
            self._set_proxy_and_creds(request, proxy, credentials, parts.scheme)


def as_bytes(response: Response) -> Response:
    """A packed response without a type: of one that is text Scrapy would guess the encoding before
    it unpacks it."""
    return Response(**{name: getattr(response, name) for name in Response.attributes})


def keep_to_its_host(request: Request) -> None:
    """Take from a request that was redirected to another host what was meant for the first (`www.`
    is no other)."""
    before = request.meta.get("redirect_urls")
    if before and _host(before[-1]) != _host(request.url):
        for name in OWN_HEADERS:
            # the chain's own are given to this very address
            if name != b"Cookie" or JAR not in request.meta:
                request.headers.pop(name, None)


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
