"""Redirects as browsers follow them: by status, by a meta element, by a Refresh header, and with
cookies on the way.

Some outlets send a reader to the same page again until a cookie comes back. So a cookie that an
answer within a chain of redirects sets is sent with the further requests of this chain. It is kept
no longer, and it goes to no other registered domain: the next page is asked for as a stranger asks
again.
"""

from __future__ import annotations

import re
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy.downloadermiddlewares.redirect import (
    BaseRedirectMiddleware,
    MetaRefreshMiddleware,
    RedirectMiddleware,
)
from scrapy.http import Request, Response
from scrapy.http.cookies import CookieJar
from w3lib.url import safe_url_string

from archive.errors import UsageError
from pipelines.urls import registered_domain, url_key

JAR = "cookies of this chain"
"""The key in a request's meta."""
POLICY = DefaultCookiePolicy(strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain)
"""A cookie without a domain goes back to its own host alone."""
MOST_COOKIES = 30
LONGEST_COOKIE = 4096
"""Bytes of a Set-Cookie header, as browsers take them (RFC 6265, 6.1)."""
MOST_SENT = 8192
"""Bytes of a Cookie header; servers refuse more."""
LONGEST_REFRESH = 4096
REFRESH = re.compile(
    r"(\d{1,6})?(?:\.[\d.]*)?\s*[;,\s]\s*(?:url\s*=\s*)?+(?:'([^']*)|\"([^\"]*)|(\S.*))",
    re.IGNORECASE | re.DOTALL,
)
"""Seconds and address (https://html.spec.whatwg.org/#shared-declarative-refresh-steps)."""


def refresh(value: str, base: str) -> tuple[int, str] | None:
    """After how many seconds a Refresh header leads where; None where it only loads the page again,
    or says nothing."""
    found = REFRESH.match(value[:LONGEST_REFRESH].strip())
    link = (found[2] or found[3] or found[4] or "").strip() if found else ""
    if not found or not link:
        return None
    try:
        return int(found[1] or 0), urljoin(base, safe_url_string(link))
    except ValueError:
        return None


def moved_for_good(response: Response) -> str | None:
    """Where a chain led of which every redirect says that the page has moved for good; None for any
    other answer.

    Another spelling of the address is no move: `https` for `http`, with or without `www`.
    """
    reasons = response.meta.get("redirect_reasons") or ()
    if not reasons or not all(reason in (301, 308) for reason in reasons):
        return None
    try:
        return response.url if url_key(response.url) != url_key(response.meta["asked"]) else None
    except UsageError:
        return None


# -- cookies ---------------------------------------------------------------------------------------


def with_cookies(redirected: Request, asked: Request, answer: Response) -> Request:
    """The next request of a chain, with the cookies that the answers of this chain set for its
    address."""
    jar: CookieJar = asked.meta.get(JAR) or CookieJar(POLICY)
    learn(jar, answer, asked)
    if not len(jar):
        return redirected
    redirected.meta[JAR] = jar
    redirected.headers.pop("Cookie", None)
    domain, its_own = _domain(urlsplit(redirected.url).hostname or ""), CookieJar(POLICY)
    for cookie in jar:
        if _domain(cookie.domain.lstrip(".")) == domain:
            its_own.set_cookie(cookie)
    its_own.add_cookie_header(redirected)
    if len(redirected.headers.get("Cookie") or b"") > MOST_SENT:
        del redirected.headers["Cookie"]
    return redirected


def learn(jar: CookieJar, answer: Response, asked: Request) -> None:
    """Take the cookies of an answer: few, short, and for no more than its own registered domain."""
    said = [
        cookie
        for cookie in answer.headers.getlist("Set-Cookie")[:MOST_COOKIES]
        if len(cookie) <= LONGEST_COOKIE
    ]
    if not said:
        return
    own = _domain(urlsplit(asked.url).hostname or "")
    setting = Response(answer.url, headers={"Set-Cookie": said})
    for cookie in jar.make_cookies(setting, asked):
        if _domain(cookie.domain.lstrip(".")) == own and len(jar) < MOST_COOKIES:
            jar.set_cookie_if_ok(cookie, asked)


def _domain(host: str) -> str | None:
    """The registered domain; that of a public suffix is itself, which is no host's."""
    try:
        return registered_domain(host)
    except UsageError:
        return None


# -- Scrapy's side of it ---------------------------------------------------------------------------


class WithCookies(BaseRedirectMiddleware):
    """Adds the cookies of the chain to what a redirect leads to."""

    def _build_redirect_request(
        self, source_request: Request, response: Response, **more: Any
    ) -> Request:
        redirected = super()._build_redirect_request(source_request, response, **more)
        return with_cookies(redirected, source_request, response)


class StatusRedirects(WithCookies, RedirectMiddleware):
    """Redirects by status."""


class RefreshRedirects(WithCookies, MetaRefreshMiddleware):
    """Redirects by a meta element or a Refresh header of a good answer."""

    def process_response(
        self,
        request: Request,
        response: Response,
        spider: Any = None,  # noqa: ARG002
    ) -> Request | Response:
        said = response.headers.get("Refresh")
        if not said or not 200 <= response.status < 300 or request.meta.get("dont_redirect"):
            return super().process_response(request, response)
        led = refresh(said.decode("utf-8", "replace"), response.url)
        if (
            led is None
            or led[0] >= self._maxdelay
            or urlsplit(led[1]).scheme not in ("http", "https")
        ):
            return super().process_response(request, response)
        return self._redirect(
            self._redirect_request_using_get(request, response, led[1]), request, "Refresh header"
        )
