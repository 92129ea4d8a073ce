"""Conversion between Scrapy's requests and responses and the records of the archive. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.http import Request, Response

from archive.records import Article, Capture, Check, Outcome, current_timestamp, is_stored_type
from crawler.network.browser.rendered_page import RenderingError
from crawler.network.scrapy_internals import DecompressedTooLargeError
from crawler.text.archived_urls import url_in_archived_url

PERMANENTLY_GONE_STATUSES = (404, 410, 451)
"""Statuses of a page that is permanently gone."""
TRANSIENT_STATUSES = (408, 425, 429)  # and every 5xx
"""Statuses, besides every 5xx, that may pass."""

FETCHED_AT_KEY = "fetched at"
"""Key in the meta of a request under which the time lies at which another process fetched it."""
MAX_STORED_HEADER_BYTES = 16 * 1024
"""Bytes of a response's headers that are stored; those of news pages take 1 to 8 KB."""

DOWNLOAD_FAILURES: tuple[tuple[type[BaseException], str, bool], ...] = (
    (CannotResolveHostError, "host name not found", True),
    (DownloadConnectionRefusedError, "connection refused", True),
    (DownloadTimeoutError, "timed out", True),
    (ResponseDataLossError, "the response was cut off", True),
    (DownloadCancelledError, "larger than the limit", False),
    (UnsupportedURLSchemeError, "unsupported kind of URL", False),
)
"""Exceptions of the downloader, their reasons, and whether they may pass."""


READING_KEY = "document kind"
"""Key in the meta of a request for the kind of parser that its answer will be read by."""
MANNER_KEYS = ("dont_obey_robotstxt", "dont_retry", "dont_redirect")
"""Keys in the meta of a request by which the middlewares treat it in another way."""
CARRIED_META = ("asked", "asked_at", "redirect_urls", "redirect_reasons")
"""Keys of a request's meta that the request for a browser has too."""
RENDER_KEY = "rendered by a browser"
"""Key in the meta of a request that a browser answers."""


class PostponedRequest(IgnoreRequest):
    """A request that is postponed for a reason that concerns its site and not the page."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class OutsideRequest(Exception):  # noqa: N818  not an error
    """A request to a site of which this process holds no share (`crawler.cluster.fetching`)."""

    def __init__(self, site: str) -> None:
        super().__init__(site)
        self.site = site


class RemoteFailure(IgnoreRequest):
    """The failure of a request that another process made, with the fields of its check."""

    def __init__(
        self, outcome: Outcome, reason: str, transient: bool, status: int | None = None
    ) -> None:
        super().__init__(reason)
        self.outcome, self.transient, self.status = outcome, transient, status


class WithdrawnRequest(IgnoreRequest):
    """A request that was not made, as the crawl ends: its page goes on waiting."""


def page_request_to(
    url: str,
    callback: Callable[..., Any],
    errback: Callable[..., Any],
    etag: str | None = None,
    last_modified: str | None = None,
    instead_of: str | None = None,
    reading: str | None = None,
    **carried: Any,
) -> Request:
    """Build a request, conditional where an earlier response had an `etag` or `last_modified`.

    The response is recorded under `instead_of`, if given: another URL of the same page. `reading`
    is the kind of parser that it will be read by. `carried` is passed to both callbacks. Scrapy's
    duplicate filter is off: the frontier knows what was fetched.
    """
    headers = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return Request(
        url,
        callback=callback,
        errback=errback,
        headers={name: value for name, value in headers.items() if value},
        dont_filter=True,
        cb_kwargs=carried,
        meta={"asked": instead_of or url, "asked_at": time.monotonic(), READING_KEY: reading},
    )


def render_request_of(
    response: Response, callback: Callable[..., Any], errback: Callable[..., Any], **carried: Any
) -> Request:
    """Build a request by which a browser fetches the page of a response again."""
    meta = {name: response.meta[name] for name in CARRIED_META if name in response.meta}
    return Request(
        response.url,
        callback=callback,
        errback=errback,
        dont_filter=True,
        cb_kwargs=carried,
        # the browser follows redirects itself, and a later crawl tries again
        meta=meta | {RENDER_KEY: True, "dont_redirect": True, "dont_retry": True},
    )


def capture_response(response: Response) -> Capture:
    """Return the capture of a response."""
    asked = response.meta["asked"]
    return Capture(
        url=asked,
        body=response.body,
        status=response.status,
        headers=tuple(stored_headers(response)),
        fetched_at=fetch_timestamp(response),
        final_url=redirected_url(response),
        redirects=tuple(response.meta.get("redirect_urls", ())),
    )


def fetch_timestamp(response: Response) -> str:
    """Return when a response arrived: now, unless another process received it."""
    return response.meta.get(FETCHED_AT_KEY) or current_timestamp()


def stored_headers(response: Response) -> Iterator[tuple[str, str]]:
    """Yield the headers to store, without those beyond LONGEST_HEADERS bytes in all."""
    left = MAX_STORED_HEADER_BYTES
    for name, values in response.headers.items():
        for value in values:
            length = len(name) + len(value)
            if length <= left:
                left -= length
                yield name.decode("latin-1"), value.decode("latin-1")


def redirected_url(response: Response) -> str | None:
    """Return the URL to which redirects led.

    None without a redirect, and where a web archive answered in place of the page.
    """
    redirected = response.url != response.meta["asked"]
    archived = url_in_archived_url(response.url) is not None
    return response.url if redirected and not archived else None


def check_of_response(response: Response, **more: Any) -> Check:
    """Return the check that follows from the status of a response; `more` sets further fields."""
    facts = {
        "url": response.meta["asked"],
        "fetched_at": fetch_timestamp(response),
        "status": response.status,
        "final_url": redirected_url(response),
        "etag": response_header(response, "ETag"),
        "last_modified": response_header(response, "Last-Modified"),
        "size": len(response.body),
        "seconds": round(response.meta.get("download_latency", 0.0), 3),
    }
    return Check(**facts | outcome_of_status(response.status) | more)


def outcome_of_status(status: int) -> dict[str, Any]:
    """Return `outcome`, `reason` and `transient` for an HTTP status.

    The outcome of a good status is preliminary: the content decides.
    """
    if status == 304:
        return {"outcome": "unchanged"}
    if status in PERMANENTLY_GONE_STATUSES:
        return {"outcome": "gone", "reason": f"HTTP {status}"}
    if status < 200 or status >= 300:
        return {
            "outcome": "failed",
            "reason": f"HTTP {status}",
            "transient": status in TRANSIENT_STATUSES or status >= 500,
        }
    return {"outcome": "new"}


def check_of_article(check: Check, article: Article) -> Check:
    """Return the check of a page that was read: with its article, or why it has none."""
    if is_stored_type(article.page_type) and article.text:
        # without a stored copy there is no digest to find it by
        stored = article if check.capture else replace(article, digest=None)
        return replace(check, article=stored)
    why = ": ".join(filter(None, (article.page_type, article.page_reason)))
    return replace(check, outcome="not article", reason=why)


def check_of_failure(failed: Request, error: BaseException) -> Check:
    """Return the check of a request without a response."""
    asked_at = failed.meta.get("asked_at")
    outcome, reason, transient = outcome_of_error(error)
    return Check(
        url=failed.meta["asked"],
        outcome=outcome,
        fetched_at=current_timestamp(),
        status=error.status if isinstance(error, PostponedRequest | RemoteFailure) else None,
        reason=reason,
        transient=transient,
        seconds=round(time.monotonic() - asked_at, 3) if asked_at else None,
    )


def add_reason(check: Check, why: str) -> Check:
    """Return the check with a further reason."""
    return replace(check, reason=f"{check.reason}; {why}" if check.reason else why)


def outcome_of_error(error: BaseException) -> tuple[Any, str, bool]:
    """Return outcome, reason, and whether the failure may pass, for a downloader's exception."""
    if isinstance(error, RemoteFailure):
        return error.outcome, str(error), error.transient
    for kind, reason, transient in DOWNLOAD_FAILURES:
        if isinstance(error, kind):
            return "failed", reason, transient
    if isinstance(error, RenderingError):
        return "failed", f"in the browser: {error}", not error.is_permanent
    if isinstance(error.__cause__, DecompressedTooLargeError):
        return "failed", "inflates beyond the limit", False
    if isinstance(error, IgnoreRequest):
        return "refused", str(error) or "refused", isinstance(error, PostponedRequest)
    return "failed", f"{type(error).__name__}: {error}".strip(": ")[:200], True


def response_header(response: Response, name: str) -> str | None:
    """Return the value of a response header as text, or None."""
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
