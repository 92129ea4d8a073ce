"""Requests that a browser answers: the part of the download handler that knows browsers.

They pass the middlewares and the queue of their host like all others, so robots.txt, pauses and
delays count for them as well.
"""

from __future__ import annotations

import time
from typing import Any

from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse, Request

from crawler.network.browser.browser_program import (
    BROWSER_PATH_SETTING,
    BROWSER_SANDBOX_SETTING,
    find_chromium,
    missing_browser_reason,
)
from crawler.network.browser.guarded_dialer import GuardedDialer
from crawler.network.browser.page_renderer import BrowserChoice, PageRenderer
from crawler.network.browser.rendered_page import BrowserFailure
from crawler.network.guard import ConnectionGuard
from crawler.network.robots import RobotsMiddleware
from crawler.network.scrapy_internals import is_engine_closing


class RenderRequests:
    """Answers requests by rendering; its browsers start with the first one."""

    def __init__(self, crawler: Crawler, guard: ConnectionGuard, resolver: Any) -> None:
        self.crawler, self.guard = crawler, guard
        self.dialer = GuardedDialer(guard, resolver)
        self._renderer: PageRenderer | None = None

    async def answer(self, request: Request) -> HtmlResponse:
        """Return the page of a request as its scripts leave it; raises RenderingError."""
        began = time.monotonic()
        page = await self._started_renderer().render(request.url)
        request.meta["download_latency"] = time.monotonic() - began
        response = HtmlResponse(
            page.url, page.status, None, page.body, request=request, encoding="utf-8"
        )
        for name, value in page.headers:
            response.headers.appendlist(name, value)
        return response

    async def close(self) -> None:
        """End all browsers."""
        if self._renderer:
            await self._renderer.close()

    def _started_renderer(self) -> PageRenderer:
        """Return the renderer; raises RenderingError where no browser can be used."""
        if self._renderer is None:
            settings = self.crawler.settings
            path = settings.get(BROWSER_PATH_SETTING)
            program = find_chromium(path)
            if (why := missing_browser_reason(path)) or program is None:
                raise BrowserFailure(f"no browser: {why}")
            choice = BrowserChoice(
                program=program,
                has_sandbox=settings.getbool(BROWSER_SANDBOX_SETTING, True),
                product=settings["USER_AGENT"],
                seconds=settings.getfloat("DATELINE_BROWSER_SECONDS"),
            )
            self._renderer = PageRenderer(
                choice, self.dialer, self.visit_refusal, lambda: is_engine_closing(self.crawler)
            )
        return self._renderer

    async def visit_refusal(self, url: str) -> str | None:
        """Return why a page may not be visited that a page leads to: by the guard or robots.txt."""
        if why := self.guard.refusal(url):
            return why
        robots = self.crawler.get_downloader_middleware(RobotsMiddleware)
        return await robots.refusal(url) if robots else None
