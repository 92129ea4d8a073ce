"""Renders pages in browsers, a few at a time; each page that fails costs its own browser at most."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from crawler.network.browser.browser_program import BROWSER_MEMORY_BYTES
from crawler.network.browser.guarded_dialer import GuardedDialer
from crawler.network.browser.guarded_proxy import GuardedProxy, TrafficLimits
from crawler.network.browser.rendered_page import (
    BrowserFailure,
    PageVisit,
    PostponedRendering,
    RenderedPage,
    RenderingError,
    UrlJudge,
)
from crawler.network.browser.running_browser import (
    CLOSE_TIMEOUT_SECONDS,
    BrowserStartError,
    RunningBrowser,
    start_browser,
)

browser_log = logging.getLogger(__name__)

BROWSERS_AT_ONCE = 2
"""Browsers that run at once; each renders one page at a time."""
MAX_PAGES_PER_BROWSER = 50
"""Pages after which a browser is replaced, as its memory grows."""
IDLE_SECONDS = 60.0
"""Seconds after which a browser without a page is ended."""
CRAWL_ENDED_REASON = "the crawl ended before a browser had shown the page"
END_CHECK_SECONDS = 0.2
"""Seconds between two looks whether the crawl ends."""


@dataclass(frozen=True, slots=True)
class BrowserChoice:
    """The browser to start, and what it says of itself."""

    program: str
    has_sandbox: bool
    product: str
    """The name and contact of the crawler, for the user agent after the browser's own."""
    seconds: float = 20.0
    """Seconds for one page, after which its browser is ended."""


class PageRenderer:
    """Renders pages one at a time in each of its browsers, which it starts when they are needed."""

    def __init__(
        self,
        choice: BrowserChoice,
        dialer: GuardedDialer,
        may_visit: UrlJudge,
        is_ending: Callable[[], bool],
    ) -> None:
        self.choice, self.dialer, self.may_visit = choice, dialer, may_visit
        self.is_ending = is_ending
        self._places = asyncio.Semaphore(BROWSERS_AT_ONCE)
        self._idle: list[RunningBrowser] = []
        self._running: set[RunningBrowser] = set()
        self._start_failure: str | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def render(self, url: str) -> RenderedPage:
        """Return a page as its scripts leave it; raises RenderingError."""
        async with self._places:
            if self.is_ending():
                raise PostponedRendering(CRAWL_ENDED_REASON)
            running = await self._working_browser()
            try:
                return await self._render_until_end(running, url)
            finally:
                self._take_back(running)

    async def close(self) -> None:
        """End all browsers."""
        if self._idle_timer:
            self._idle_timer.cancel()
        self._idle.clear()
        for running in list(self._running):
            await self._end(running)
        await asyncio.gather(*self._closing, return_exceptions=True)

    # -- one page ----------------------------------------------------------------------------------

    async def _render_until_end(self, running: RunningBrowser, url: str) -> RenderedPage:
        """Render a page, but give it up when its time is over or the crawl ends."""
        work = asyncio.ensure_future(self._render_in(running, url))
        memory = asyncio.ensure_future(running.watch_memory())
        ending = asyncio.ensure_future(self._wait_for_end())
        try:
            tasks = (work, memory, ending)
            await asyncio.wait(
                tasks, timeout=self.choice.seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if work.done():
                return work.result()
            if ending.done():
                raise PostponedRendering(CRAWL_ENDED_REASON)
            if memory.done():
                raise RenderingError(
                    f"it took more than {BROWSER_MEMORY_BYTES >> 20} MiB of memory"
                )
            raise RenderingError(f"it took longer than {self.choice.seconds:g} s")
        except RenderingError:
            raise
        except Exception as error:  # whatever a browser that fails raises
            await asyncio.sleep(0)  # playwright learns now that it has ended
            raise RenderingError(failure_of_browser(error, is_alive=running.is_alive)) from None
        finally:
            memory.cancel()
            ending.cancel()
            await self._end_work(running, work)

    async def _end_work(self, running: RunningBrowser, work: asyncio.Future[RenderedPage]) -> None:
        """End the browser of a page that is given up, whose context could not be closed."""
        if not work.done():
            running.kill()
            work.cancel()
            await asyncio.wait((work,), timeout=CLOSE_TIMEOUT_SECONDS)

    async def _render_in(self, running: RunningBrowser, url: str) -> RenderedPage:
        running.rendered_pages += 1
        async with GuardedProxy(self.dialer, TrafficLimits()) as proxy:
            visit = PageVisit(url, proxy, self.may_visit, self.choice.seconds)
            user_agent = f"{running.user_agent} {self.choice.product}"
            page = await visit.render(running.browser, user_agent)
            if proxy.exceeded:
                browser_log.info("browser: %s: cut off: %s", url[:200], proxy.exceeded)
            return page

    async def _wait_for_end(self) -> None:
        while not self.is_ending():
            await asyncio.sleep(END_CHECK_SECONDS)

    # -- browsers ----------------------------------------------------------------------------------

    async def _working_browser(self) -> RunningBrowser:
        """Return an idle browser, or a new one; raises RenderingError where none starts."""
        while self._idle:
            running = self._idle.pop()
            if running.is_alive:
                return running
            await self._end(running)
        if self._start_failure:
            raise BrowserFailure(self._start_failure)
        try:
            running = await start_browser(self.choice.program, has_sandbox=self.choice.has_sandbox)
        except BrowserStartError as error:
            self._start_failure = str(error)
            raise BrowserFailure(self._start_failure) from None
        self._running.add(running)
        return running

    def _take_back(self, running: RunningBrowser) -> None:
        """Keep a browser for the next page, or end it."""
        if running.is_alive and running.rendered_pages < MAX_PAGES_PER_BROWSER:
            self._idle.append(running)
            self._restart_idle_timer()
        else:
            self._end_soon(running)

    def _restart_idle_timer(self) -> None:
        if self._idle_timer:
            self._idle_timer.cancel()
        loop = asyncio.get_event_loop()
        self._idle_timer = loop.call_later(IDLE_SECONDS, self._end_idle)

    def _end_idle(self) -> None:
        while self._idle:
            self._end_soon(self._idle.pop())

    def _end_soon(self, running: RunningBrowser) -> None:
        task = asyncio.get_event_loop().create_task(self._end(running))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _end(self, running: RunningBrowser) -> None:
        self._running.discard(running)
        with suppress(Exception):
            await running.close()


def failure_of_browser(error: Exception, *, is_alive: bool) -> str:
    """Return the reason of a failure that playwright raised."""
    message = str(error)
    if "crashed" in message:
        return "the page crashed"
    if not is_alive or "has been closed" in message:
        return "the browser ended"
    return f"the browser: {message.splitlines()[0][:120]}" if message else type(error).__name__
