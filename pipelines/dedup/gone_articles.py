"""Soft 404s: deleted articles whose URL redirects to a front or section page, or answers 200.

Pure. The archive asks only for URLs that had an article, and requires two fetches in a row that
agree.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from archive.errors import UsageError
from archive.records import NOT_FOUND_REASON, Check
from pipelines.urls import (
    is_article_url,
    is_front_page_url,
    registered_domain,
    request_url,
    url_key,
)


def evidence_of_removal(check: Check) -> str | None:
    """Return the evidence in a check that a known article is gone, in a few words, or None."""
    if check.outcome == "not article" and NOT_FOUND_REASON in (check.reason or ""):
        return NOT_FOUND_REASON
    if check.outcome not in ("new", "not article") or not check.final_url:
        return None
    try:
        return _evidence_of_redirect(check, request_url(check.final_url))
    except UsageError:
        return None


def _evidence_of_redirect(check: Check, final: str) -> str | None:
    """Return the evidence of a redirect to a front or section page, or None.

    A redirect to another host of the same domain may lead to a log-in or consent page and proves
    nothing.
    """
    own, key = url_key(check.url), url_key(final)
    if key == own or (check.reason or "").startswith("error"):
        return None
    if _host_of_key(key) not in (_host_of_key(own), registered_domain(final)):
        return None
    lists = (check.reason or "").startswith("section")
    if is_front_page_url(final):
        return f"its address leads to a front page, {final}"
    if lists or not is_article_url(final):
        return f"its address leads to a section page, {final}"
    return None


def _host_of_key(key: str) -> str:
    """Return the host of a key, with its port."""
    return urlsplit(f"http://{key}").netloc
