"""The private parts of Scrapy and Twisted that this crawler uses, all in this one module.

Scrapy and Twisted may rename them in any release. Each is listed in `PRIVATE_PARTS`, a test names
the ones that are missing, and `pyproject.toml` bounds the versions of both from above. Other
modules use the functions and classes below and no private name themselves.
"""
# ruff: noqa: N802  Twisted names its methods so

from __future__ import annotations

from typing import Any

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpproxy import HttpProxyMiddleware
from scrapy.downloadermiddlewares.redirect import BaseRedirectMiddleware, MetaRefreshMiddleware
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Request, Response
from scrapy.utils._compression import _DecompressionMaxSizeExceeded
from twisted.internet.interfaces import IAddress
from twisted.python.failure import Failure

_HTTP11 = "scrapy.core.downloader.handlers.http11"
_REDIRECT = "scrapy.downloadermiddlewares.redirect"

PRIVATE_PARTS: dict[str, str] = {
    f"{_HTTP11}._LenientHTTP11ClientProtocol": "connections that end a response without end",
    f"{_HTTP11}._LenientHTTP11ClientProtocol._parser": "the state of a response being received",
    f"{_HTTP11}._LenientHTTP11ClientProtocol._giveUp": "ending a response without end",
    f"{_HTTP11}._LenientHTTP11ClientFactory": "making such connections",
    f"{_HTTP11}._LenientHTTP11ClientFactory._quiescentCallback": "reusing such connections",
    f"{_HTTP11}.HTTP11DownloadHandler._pool": "setting the factory of connections",
    "twisted.web.client.HTTPConnectionPool._factory": "setting the factory of connections",
    "twisted.web._newclient.STATUS": "the state of a parser in the status line",
    "twisted.web._newclient.HEADER": "the state of a parser in the headers",
    "twisted.web.client.ResponseFailed.reasons": "the reason of a failed response",
    "scrapy.utils._compression._DecompressionMaxSizeExceeded": "naming a body that inflates too far",
    f"{_REDIRECT}.BaseRedirectMiddleware._build_redirect_request": "adding cookies to a redirect",
    f"{_REDIRECT}.BaseRedirectMiddleware._redirect": "following a Refresh header",
    f"{_REDIRECT}.BaseRedirectMiddleware._redirect_request_using_get": "following a Refresh header",
    f"{_REDIRECT}.MetaRefreshMiddleware._maxdelay": "the longest Refresh that is followed",
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware._set_proxy_and_creds": (
        "setting a proxy without asking the environment again"
    ),
    "scrapy.core.downloader.Downloader.per_slot_settings": "the delay that a robots.txt asks for",
    "scrapy.core.downloader.Downloader.slots": "the delay that a robots.txt asks for",
    "scrapy.core.downloader.Slot.delay": "the delay that a robots.txt asks for",
    "scrapy.core.downloader.Slot.jitter": "the delay that a robots.txt asks for",
    "scrapy.core.downloader.Slot.concurrency": "one request at a time where robots.txt asks for delay",
    "scrapy.core.engine.ExecutionEngine.needs_backout": "waiting while Scrapy is busy",
    "scrapy.core.engine.ExecutionEngine._slot": "giving up what waits for a browser at the end",
    "scrapy.core.engine._Slot.closing": "giving up what waits for a browser at the end",
}
"""Dotted names (module, class, attribute) → their use; undocumented names count as private."""

DecompressedTooLargeError = _DecompressionMaxSizeExceeded
"""The cause of Scrapy's error for a body that inflates beyond DOWNLOAD_MAXSIZE."""


# -- connections -----------------------------------------------------------------------------------


class _LimitedConnection(_LenientHTTP11ClientProtocol):
    """A connection that ends a response whose status line and headers exceed a limit."""

    max_head_bytes = 0
    head_bytes = 0

    def request(self, request: Any) -> Any:
        """Send a request; its response may use the whole limit again."""
        self.head_bytes = 0
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:
        """Count the bytes that arrive before the body."""
        if self._parser is not None and self._parser.state in ("STATUS", "HEADER"):
            self.head_bytes += len(data)
            if self.head_bytes > self.max_head_bytes:
                self._giveUp(Failure(DownloadCancelledError("headers without end")))  # type: ignore[no-untyped-call]
                return
        super().dataReceived(data)  # type: ignore[no-untyped-call]


def limit_connections(
    handler: HTTP11DownloadHandler, max_head_bytes: int, connections_per_host: int
) -> None:
    """Bound the response heads that a download handler reads, and its open connections per host."""

    class LimitedFactory(_LenientHTTP11ClientFactory):
        def buildProtocol(self, _: IAddress | None) -> _LimitedConnection:
            connection = _LimitedConnection(self._quiescentCallback)  # type: ignore[no-untyped-call]
            connection.max_head_bytes = max_head_bytes
            return connection

    handler._pool._factory = LimitedFactory
    handler._pool.maxPersistentPerHost = connections_per_host


def is_headers_too_large(error: BaseException) -> bool:
    """Return whether a download failed because a limited connection ended it."""
    reasons = getattr(error.__cause__, "reasons", ())
    return any(reason.check(DownloadCancelledError) for reason in reasons)


# -- middleware ------------------------------------------------------------------------------------


class RedirectHooks(BaseRedirectMiddleware):
    """Scrapy's redirects, with a hook for each request that continues a chain."""

    def _build_redirect_request(
        self, source_request: Request, response: Response, **more: Any
    ) -> Request:
        redirected = super()._build_redirect_request(source_request, response, **more)
        return self.continue_chain(redirected, source_request, response)

    def continue_chain(
        self,
        redirected: Request,
        asked: Request,  # noqa: ARG002
        answer: Response,  # noqa: ARG002
    ) -> Request:
        """Return the request that follows a redirect; subclasses may change it."""
        return redirected


class RefreshHooks(MetaRefreshMiddleware):
    """Scrapy's redirects by meta element, with what a redirect by header needs."""

    @property
    def max_delay_seconds(self) -> int:
        """The longest delay of a refresh that counts as a redirect."""
        return self._maxdelay

    def redirect_with_get(
        self, request: Request, response: Response, url: str, reason: str
    ) -> Request | Response:
        """Return the request that follows a redirect to `url`; raises IgnoreRequest after too
        many."""
        redirected = self._redirect_request_using_get(request, response, url)
        return self._redirect(redirected, request, reason)


def set_request_proxy(
    middleware: HttpProxyMiddleware,
    request: Request,
    proxy: str,
    credentials: bytes | None,
    scheme: str,
) -> None:
    """Set the proxy of a request and the credentials for it."""
    middleware._set_proxy_and_creds(request, proxy, credentials, scheme)


# -- the downloader --------------------------------------------------------------------------------


def set_slot_delay(crawler: Crawler, host: str, delay: float) -> None:
    """Make Scrapy's downloader send one request at a time to a host, `delay` seconds apart."""
    engine: Any = crawler.engine
    downloader = engine.downloader
    settings = {"delay": delay, "jitter": 0.0, "concurrency": 1}
    downloader.per_slot_settings[host] = settings
    if host in downloader.slots:
        for name, value in settings.items():
            setattr(downloader.slots[host], name, value)


def is_engine_busy(crawler: Crawler) -> bool:
    """Return whether Scrapy's engine has as many requests and responses as it can process."""
    engine: Any = crawler.engine
    return bool(engine.needs_backout())


def is_engine_closing(crawler: Crawler) -> bool:
    """Return whether a crawl is ending, although requests may be in progress."""
    slot: Any = getattr(crawler.engine, "_slot", None)
    return not crawler.crawling or slot is None or slot.closing is not None
