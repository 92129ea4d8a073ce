"""A Chromium that runs: started by playwright, with limits on its memory, and ended for certain."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.network.browser.browser_program import (
    BROWSER_MEMORY_BYTES,
    CHROMIUM_FLAGS,
    UNREACHABLE_PROXY,
    browser_environment,
    group_memory_bytes,
    kill_group,
    limit_group_memory,
)

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

START_TIMEOUT_SECONDS = 60.0
CLOSE_TIMEOUT_SECONDS = 5.0
MEMORY_CHECK_SECONDS = 0.5


class BrowserStartError(Exception):
    """Chromium cannot be started here, with the reason."""


@dataclass(slots=True, eq=False)
class RunningBrowser:
    """A browser and its processes."""

    playwright: Playwright
    browser: Browser
    group: int
    """The process group of Chromium."""
    user_agent: str
    """Its own user agent."""
    rendered_pages: int = 0
    was_ended: bool = False
    """True once its processes were ended, which playwright may learn later."""

    @property
    def is_alive(self) -> bool:
        """True if the browser can render a page."""
        return not self.was_ended and self.browser.is_connected()

    def kill(self) -> None:
        """End all its processes at once."""
        self.was_ended = True
        kill_group(self.group)

    async def watch_memory(self) -> None:
        """Return when the browser has taken more than its memory, after it was ended."""
        while await asyncio.to_thread(group_memory_bytes, self.group) <= BROWSER_MEMORY_BYTES:
            await asyncio.sleep(MEMORY_CHECK_SECONDS)
        self.kill()

    async def close(self) -> None:
        """End all processes of the browser, also those that do not answer."""
        with suppress(Exception):  # whatever a broken browser raises: it is ended below
            async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                await self.browser.close()
        self.kill()
        with suppress(Exception):
            async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                await self.playwright.stop()


async def start_browser(program: str, *, has_sandbox: bool) -> RunningBrowser:
    """Start Chromium; raises BrowserStartError."""
    from playwright.async_api import Error, async_playwright

    playwright = await async_playwright().start()
    try:
        browser = await playwright.chromium.launch(
            executable_path=program,
            chromium_sandbox=has_sandbox,
            args=list(CHROMIUM_FLAGS),
            proxy={"server": UNREACHABLE_PROXY},
            env={**browser_environment()},
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
            timeout=START_TIMEOUT_SECONDS * 1000,
        )
        session = await browser.new_browser_cdp_session()
        processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
        version = await session.send("Browser.getVersion")
        main = next(each["id"] for each in processes if each["type"] == "browser")
        group = os.getpgid(main)
        if group == os.getpgid(0):
            raise BrowserStartError("it shares the process group of the crawl")
        limit_group_memory(group)
    except (Error, OSError, StopIteration, BrowserStartError) as error:
        with suppress(Exception):
            await playwright.stop()
        raise BrowserStartError(start_failure_reason(str(error), has_sandbox=has_sandbox)) from None
    return RunningBrowser(playwright, browser, group, version["userAgent"])


def start_failure_reason(message: str, *, has_sandbox: bool) -> str:
    """Return on one line why Chromium did not start, from playwright's error message."""
    if has_sandbox and "sandbox" in message.lower():
        return (
            "Chromium has no sandbox here, as for root or in some containers; crawl as another "
            "user, or set DATELINE_BROWSER_SANDBOX=0 where nothing else is at risk"
        )
    first = next(filter(None, (line.strip() for line in message.splitlines())), "unknown error")
    return f"Chromium did not start: {first[:160]}"
