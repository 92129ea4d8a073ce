"""Between Scrapy's requests and responses and our records: pure functions, and the words for what
went wrong."""

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
from scrapy.utils._compression import _DecompressionMaxSizeExceeded

from archive.records import Article, Capture, Check, now
from crawler.text.archived_urls import original_url

GONE = (404, 410, 451)
TRANSIENT = (408, 425, 429)  # and every 5xx

LONGEST_HEADERS = 16 * 1024
"""Bytes of an answer's headers that are kept with a page; those of news pages are 1 to 8 KB."""

FAILURES: tuple[tuple[type[BaseException], str, bool], ...] = (
    (CannotResolveHostError, "host name not found", True),
    (DownloadConnectionRefusedError, "connection refused", True),
    (DownloadTimeoutError, "timed out", True),
    (ResponseDataLossError, "the answer broke off", True),
    (DownloadCancelledError, "larger than the limit", False),
    (UnsupportedURLSchemeError, "address of a kind that is not fetched", False),
)
"""What an exception means, and whether it may be gone next time."""


class NotNow(IgnoreRequest):
    """A request that is put off for a reason that lies with its site and not with the page."""

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
    """A request to a URL as it stands, conditional where validators of an earlier answer are known.

    What comes is written down under `instead_of`, if that is given: another address of the same
    page. `carried` is handed to both callbacks. The frontier, not Scrapy's filter, knows what was
    asked before.
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
    """The response as it came."""
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
    """The headers as they came, those left out that go beyond LONGEST_HEADERS: they are kept with
    every look."""
    left = LONGEST_HEADERS
    for name, values in response.headers.items():
        for value in values:
            left -= (length := len(name) + len(value))
            if left < 0:
                left += length
                continue
            yield name.decode("latin-1"), value.decode("latin-1")


def final_url(response: Response) -> str | None:
    """Where redirects led; None where the page stood at its own address, or in an archive in its
    place."""
    return (
        response.url
        if response.url != response.meta["asked"] and original_url(response.url) is None
        else None
    )


def look(response: Response, **more: Any) -> Check:
    """The check that a response comes to by its status alone; `more` are fields that the caller
    knows better."""
    asked = response.meta["asked"]
    return Check(
        **{
            "url": asked,
            "checked_at": now(),
            "status": response.status,
            "final_url": final_url(response),
            "etag": header(response, "ETag"),
            "last_modified": header(response, "Last-Modified"),
            "size": len(response.body),
            "seconds": round(response.meta.get("download_latency", 0.0), 3),
        }
        | judge_status(response.status)
        | more
    )


def judge_status(status: int) -> dict[str, Any]:
    """`outcome`, `reason` and `transient` of an HTTP status; a good one leaves the outcome to the
    reader."""
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
    """The check of a page that was read: with its article, or why it is none (`video: a player and
    a caption`)."""
    if article.page_type == "article":
        return replace(check, article=article if check.capture else replace(article, digest=None))
    why = ": ".join(filter(None, (article.page_type, article.page_reason)))
    return replace(check, outcome="not article", reason=why)


def failed_look(failed: Request, error: BaseException) -> Check:
    """The check of a request that brought no response."""
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
    """Outcome, reason and whether it may be gone next time, of an exception of the downloader."""
    for kind, reason, transient in FAILURES:
        if isinstance(error, kind):
            return "failed", reason, transient
    if isinstance(error.__cause__, _DecompressionMaxSizeExceeded):
        return "failed", "inflates beyond the limit", False
    if isinstance(error, IgnoreRequest):
        return "refused", str(error) or "refused", isinstance(error, NotNow)
    return "failed", f"{type(error).__name__}: {error}".strip(": ")[:200], True


def header(response: Response, name: str) -> str | None:
    """A response header as text, or None."""
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
