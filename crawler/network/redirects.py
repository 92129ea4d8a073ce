"""Redirects as in browsers: by status, meta element or Refresh header, with cookies on the way.

Some outlets redirect to the same page until a cookie comes back. A cookie that a response within
a chain of redirects sets is therefore sent with the further requests of this chain, and to no
other registered domain. It is dropped afterwards: the next page is requested without cookies.
"""

from __future__ import annotations

import re
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.http import Request, Response
from scrapy.http.cookies import CookieJar
from w3lib.url import safe_url_string

from archive.errors import UsageError
from crawler.network.scrapy_internals import RedirectHooks, RefreshHooks
from pipelines.urls import registered_domain, url_key

COOKIE_JAR_KEY = "cookies of this chain"
"""Key in the meta of a request under which the cookies of its chain lie."""
HOST_COOKIE_POLICY = DefaultCookiePolicy(strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain)
"""Policy by which a cookie without a domain returns to its own host only."""
MAX_CHAIN_COOKIES = 30
MAX_SET_COOKIE_BYTES = 4096
"""Bytes of a Set-Cookie header that are accepted, as in browsers (RFC 6265, 6.1)."""
MAX_COOKIE_HEADER_BYTES = 8192
"""Bytes of a Cookie header that are sent; servers refuse longer ones."""
MAX_REFRESH_CHARS = 4096
REFRESH_HEADER = re.compile(
    r"(\d{1,6})?(?:\.[\d.]*)?\s*[;,\s]\s*(?:url\s*=\s*)?+(?:'([^']*)|\"([^\"]*)|(\S.*))",
    re.IGNORECASE | re.DOTALL,
)
"""Seconds and URL (https://html.spec.whatwg.org/#shared-declarative-refresh-steps)."""


def parse_refresh(value: str, base: str) -> tuple[int, str] | None:
    """Return after how many seconds a Refresh header leads to which URL.

    None where the header only reloads the page, or cannot be parsed.
    """
    found = REFRESH_HEADER.match(value[:MAX_REFRESH_CHARS].strip())
    if found is None:
        return None
    link = (found[2] or found[3] or found[4] or "").strip()
    if not link:
        return None
    try:
        return int(found[1] or 0), urljoin(base, safe_url_string(link))
    except ValueError:
        return None


def permanent_redirect(response: Response) -> str | None:
    """Return the end of a chain of permanent redirects only (301, 308), else None.

    A different spelling of the same URL does not count: `https` for `http`, with or without `www`.
    """
    reasons = response.meta.get("redirect_reasons") or ()
    if not reasons or not all(reason in (301, 308) for reason in reasons):
        return None
    try:
        return response.url if url_key(response.url) != url_key(response.meta["asked"]) else None
    except UsageError:
        return None


# -- cookies ---------------------------------------------------------------------------------------


def add_chain_cookies(redirected: Request, asked: Request, answer: Response) -> Request:
    """Return the next request of a chain with the cookies that the chain set for its URL."""
    jar: CookieJar = asked.meta.get(COOKIE_JAR_KEY) or CookieJar(HOST_COOKIE_POLICY)
    store_chain_cookies(jar, answer, asked)
    if not len(jar):
        return redirected
    redirected.meta[COOKIE_JAR_KEY] = jar
    redirected.headers.pop("Cookie", None)
    domain = _registered_domain(urlsplit(redirected.url).hostname or "")
    _cookies_of_domain(jar, domain).add_cookie_header(redirected)
    if len(redirected.headers.get("Cookie") or b"") > MAX_COOKIE_HEADER_BYTES:
        del redirected.headers["Cookie"]
    return redirected


def _cookies_of_domain(jar: CookieJar, domain: str | None) -> CookieJar:
    """Return the cookies that were set for hosts of a registered domain."""
    chosen = CookieJar(HOST_COOKIE_POLICY)
    for cookie in jar:
        if _registered_domain(cookie.domain.lstrip(".")) == domain:
            chosen.set_cookie(cookie)
    return chosen


def store_chain_cookies(jar: CookieJar, answer: Response, asked: Request) -> None:
    """Store the cookies of a response: few, short, and only for its own registered domain."""
    cookies = answer.headers.getlist("Set-Cookie")[:MAX_CHAIN_COOKIES]
    short = [cookie for cookie in cookies if len(cookie) <= MAX_SET_COOKIE_BYTES]
    if not short:
        return
    own = _registered_domain(urlsplit(asked.url).hostname or "")
    setting = Response(answer.url, headers={"Set-Cookie": short})
    for cookie in jar.make_cookies(setting, asked):
        if _registered_domain(cookie.domain.lstrip(".")) == own and len(jar) < MAX_CHAIN_COOKIES:
            jar.set_cookie_if_ok(cookie, asked)


def _registered_domain(host: str) -> str | None:
    """Return the registered domain of a host; a public suffix counts as its own domain."""
    try:
        return registered_domain(host)
    except UsageError:
        return None


# -- Scrapy's side of it ---------------------------------------------------------------------------


class ChainCookiesMiddleware(RedirectHooks):
    """Adds the cookies of the chain to each request that a redirect leads to."""

    def continue_chain(self, redirected: Request, asked: Request, answer: Response) -> Request:
        """Return the next request of the chain with its cookies."""
        return add_chain_cookies(redirected, asked, answer)


class StatusRedirectMiddleware(ChainCookiesMiddleware, RedirectMiddleware):
    """Follows redirects by status."""


class RefreshRedirectMiddleware(ChainCookiesMiddleware, RefreshHooks):
    """Follows redirects by a meta element or a Refresh header of a successful response."""

    def process_response(
        self,
        request: Request,
        response: Response,
        spider: Any = None,  # noqa: ARG002
    ) -> Request | Response:
        """Follow the Refresh header, or else what Scrapy finds in the page."""
        said = response.headers.get("Refresh")
        if not said or not 200 <= response.status < 300 or request.meta.get("dont_redirect"):
            return super().process_response(request, response)
        led = parse_refresh(said.decode("utf-8", "replace"), response.url)
        if led is None:
            return super().process_response(request, response)
        seconds, url = led
        if seconds >= self.max_delay_seconds or urlsplit(url).scheme not in ("http", "https"):
            return super().process_response(request, response)
        return self.redirect_with_get(request, response, url, "Refresh header")
