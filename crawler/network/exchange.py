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

from archive.records import Article, Capture, Check, now
from crawler.network.scrapy_internals import DecompressedTooLargeError
from crawler.text.archived_urls import original_url

GONE = (404, 410, 451)
"""Statuses of a page that is permanently gone."""
TRANSIENT = (408, 425, 429)  # and every 5xx
"""Statuses, besides every 5xx, that may pass."""

LONGEST_HEADERS = 16 * 1024
"""Bytes of a response's headers that are stored; those of news pages take 1 to 8 KB."""

FAILURES: tuple[tuple[type[BaseException], str, bool], ...] = (
    (CannotResolveHostError, "host name not found", True),
    (DownloadConnectionRefusedError, "connection refused", True),
    (DownloadTimeoutError, "timed out", True),
    (ResponseDataLossError, "the response was cut off", True),
    (DownloadCancelledError, "larger than the limit", False),
    (UnsupportedURLSchemeError, "unsupported kind of URL", False),
)
"""Exceptions of the downloader, their reasons, and whether they may pass."""


class NotNow(IgnoreRequest):
    """A request that is postponed for a reason that concerns its site and not the page."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


def request(
    url: str,
    callback: Callable[..., Any],
    errback: Callable[..., Any],
    etag: str | None = None,
    last_modified: str | None = None,
    instead_of: str | None = None,
    **carried: Any,
) -> Request:
    """Build a request, conditional where an earlier response had an `etag` or `last_modified`.

    The response is recorded under `instead_of`, if given: another URL of the same page. `carried`
    is passed to both callbacks. Scrapy's duplicate filter is off: the frontier knows what was
    fetched.
    """
    headers = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return Request(
        url,
        callback=callback,
        errback=errback,
        headers={name: value for name, value in headers.items() if value},
        dont_filter=True,
        cb_kwargs=carried,
        meta={"asked": instead_of or url, "asked_at": time.monotonic()},
    )


def capture(response: Response) -> Capture:
    """Return the capture of a response."""
    asked = response.meta["asked"]
    return Capture(
        url=asked,
        body=response.body,
        status=response.status,
        headers=tuple(headers_kept(response)),
        fetched_at=now(),
        final_url=final_url(response),
        redirects=tuple(response.meta.get("redirect_urls", ())),
    )


def headers_kept(response: Response) -> Iterator[tuple[str, str]]:
    """Yield the headers to store, without those beyond LONGEST_HEADERS bytes in all."""
    left = LONGEST_HEADERS
    for name, values in response.headers.items():
        for value in values:
            length = len(name) + len(value)
            if length <= left:
                left -= length
                yield name.decode("latin-1"), value.decode("latin-1")


def final_url(response: Response) -> str | None:
    """Return the URL to which redirects led.

    None without a redirect, and where a web archive answered in place of the page.
    """
    redirected = response.url != response.meta["asked"]
    archived = original_url(response.url) is not None
    return response.url if redirected and not archived else None


def look(response: Response, **more: Any) -> Check:
    """Return the check that follows from the status of a response; `more` sets further fields."""
    facts = {
        "url": response.meta["asked"],
        "checked_at": now(),
        "status": response.status,
        "final_url": final_url(response),
        "etag": header(response, "ETag"),
        "last_modified": header(response, "Last-Modified"),
        "size": len(response.body),
        "seconds": round(response.meta.get("download_latency", 0.0), 3),
    }
    return Check(**facts | judge_status(response.status) | more)


def judge_status(status: int) -> dict[str, Any]:
    """Return `outcome`, `reason` and `transient` for an HTTP status.

    The outcome of a good status is preliminary: the content decides.
    """
    if status == 304:
        return {"outcome": "unchanged"}
    if status in GONE:
        return {"outcome": "gone", "reason": f"HTTP {status}"}
    if status < 200 or status >= 300:
        return {
            "outcome": "failed",
            "reason": f"HTTP {status}",
            "transient": status in TRANSIENT or status >= 500,
        }
    return {"outcome": "new"}


def read_look(check: Check, article: Article) -> Check:
    """Return the check of a page that was read: with its article, or why it has none."""
    if article.page_type == "article":
        # without a stored copy there is no digest to find it by
        stored = article if check.capture else replace(article, digest=None)
        return replace(check, article=stored)
    why = ": ".join(filter(None, (article.page_type, article.page_reason)))
    return replace(check, outcome="not article", reason=why)


def failed_look(failed: Request, error: BaseException) -> Check:
    """Return the check of a request without a response."""
    asked_at = failed.meta.get("asked_at")
    outcome, reason, transient = judge_failure(error)
    return Check(
        url=failed.meta["asked"],
        outcome=outcome,
        checked_at=now(),
        status=error.status if isinstance(error, NotNow) else None,
        reason=reason,
        transient=transient,
        seconds=round(time.monotonic() - asked_at, 3) if asked_at else None,
    )


def judge_failure(error: BaseException) -> tuple[Any, str, bool]:
    """Return outcome, reason, and whether the failure may pass, for a downloader's exception."""
    for kind, reason, transient in FAILURES:
        if isinstance(error, kind):
            return "failed", reason, transient
    if isinstance(error.__cause__, DecompressedTooLargeError):
        return "failed", "inflates beyond the limit", False
    if isinstance(error, IgnoreRequest):
        return "refused", str(error) or "refused", isinstance(error, NotNow)
    return "failed", f"{type(error).__name__}: {error}".strip(": ")[:200], True


def header(response: Response, name: str) -> str | None:
    """Return the value of a response header as text, or None."""
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
