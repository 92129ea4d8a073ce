"""One page in a separate context: opened, left to its scripts for a while, and read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive.records import RENDERED_HEADER
from crawler.network.browser.guarded_proxy import GuardedProxy

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page, Request, Response, Route

SETTLE_SECONDS = 10.0
"""Seconds for which a page whose requests do not end is waited for."""
AFTERGLOW_SECONDS = 0.3
"""Seconds from the last request to the reading of the page, for scripts that use its answer."""
MAX_PAGE_REQUESTS = 150
MAX_PAGE_NAVIGATIONS = 5
MAX_DOM_CHARS = 8 * 1024 * 1024
"""Characters of the page that is read; no copy is stored of larger pages anyway."""
PAUSE_STATUSES = (429, 503)
"""Statuses by which a site asks for a pause, which `BackoffMiddleware` handles."""
BLOCKED_RESOURCES = frozenset(
    ("image", "font", "media", "texttrack", "manifest", "ping", "cspviolationreport", "prefetch")
)
"""Kinds of requests that bring no text."""
DROPPED_HEADERS = frozenset(
    (
        "content-encoding", "content-length", "content-type", "transfer-encoding", "connection",
        "etag", "last-modified",
    )
)  # fmt: skip
"""Headers of the response that are not true of the page as its scripts left it."""

# runs in an isolated world, where the page cannot replace functions; open shadow roots are included,
# and what only browsers without scripts show is not
DOM_SCRIPT = f"""(() => {{
  const root = document.documentElement, roots = [];
  const collect = (within) => {{
    for (const element of within.querySelectorAll("*")) {{
      if (element.shadowRoot) {{ roots.push(element.shadowRoot); collect(element.shadowRoot); }}
    }}
  }};
  if (!root) return "";
  for (const hint of document.querySelectorAll("noscript")) hint.remove();
  collect(document);
  const shell = root.cloneNode(false).outerHTML, inner = root.getHTML({{shadowRoots: roots}});
  if (inner.length > {MAX_DOM_CHARS}) return null;
  return "<!DOCTYPE html>" + shell.replace(/<\\/html>$/, () => inner + "</html>");
}})()"""
NO_WEBRTC_SCRIPT = """for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection",
  "RTCDataChannel", "WebTransport"]) delete window[name];"""

UrlJudge = Callable[[str], Awaitable[str | None]]
"""Returns why a page may not be visited, such as by robots.txt; None if it may."""


class RenderingError(Exception):
    """A page that the browser could not render, with the reason."""

    def __init__(self, reason: str, *, is_permanent: bool = False) -> None:
        super().__init__(reason)
        self.is_permanent = is_permanent


class PostponedRendering(RenderingError):  # noqa: N818  as PostponedRequest
    """A page that is left to the next crawl, as this one ends."""


class BrowserFailure(RenderingError):  # noqa: N818  of the machine, not of a page
    """A browser that does not start, for whatever page."""


class RefusedRendering(RenderingError):  # noqa: N818  as RefusedRequest
    """A page that leads where the crawl does not go."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, is_permanent=True)


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """A page as its scripts left it."""

    url: str
    """The URL of the document, after redirects and the page's own moves."""
    status: int
    headers: tuple[tuple[str, str], ...]
    """Those of the document's response that are still true, and `RENDERED_HEADER`."""
    body: bytes


class PageVisit:
    """The visit of a browser to one page."""

    def __init__(self, url: str, proxy: GuardedProxy, may_visit: UrlJudge, seconds: float) -> None:
        self.seconds = seconds
        self.url, self.proxy, self.may_visit = url, proxy, may_visit
        self.requests = self.navigations = 0
        self.refusal: str | None = None
        """Why the page may not be visited where it leads."""
        self.page: Page | None = None
        self.document: Response | None = None
        """The last response to a request for the page itself."""

    async def render(self, browser: Browser, user_agent: str) -> RenderedPage:
        """Open the page in a separate context; raises RenderingError and playwright's errors."""
        context = await browser.new_context(
            user_agent=user_agent,
            proxy={"server": self.proxy.address},
            accept_downloads=False,
            service_workers="block",
            permissions=[],
        )
        try:
            await context.add_init_script(NO_WEBRTC_SCRIPT)
            self.page = page = await context.new_page()
            context.on("page", _close_popup)
            page.on("response", self._note_response)
            await context.route("**/*", self._route)
            await self._open(page)
            return await self._read(context, page, browser.version)
        finally:
            with suppress(Exception):  # a context that does not close ends with its browser
                await context.close()

    async def _open(self, page: Page) -> None:
        """Open the page, and wait until its requests have ended, or for `SETTLE_SECONDS`."""
        from playwright.async_api import Error
        from playwright.async_api import TimeoutError as WaitTimeoutError

        until = time.monotonic() + SETTLE_SECONDS
        try:
            await page.goto(self.url, wait_until="domcontentloaded", timeout=self.seconds * 1000)
        except Error as error:
            if why := self.refusal or self._refusal_by_proxy(self.url):
                raise RefusedRendering(why) from None
            raise RenderingError(navigation_failure(error.message)) from None
        left = max(0.5, until - time.monotonic())
        with suppress(WaitTimeoutError):
            await page.wait_for_load_state("networkidle", timeout=left * 1000)
        await asyncio.sleep(AFTERGLOW_SECONDS)

    async def _read(self, context: BrowserContext, page: Page, version: str) -> RenderedPage:
        """Return the page in its present state; raises RenderingError."""
        document = await self._permitted_document()
        is_pause = document.status in PAUSE_STATUSES
        if not 200 <= document.status < 300 and not is_pause:
            raise RenderingError(f"HTTP {document.status} for a browser")
        headers = [(each["name"], each["value"]) for each in await document.headers_array()]
        media_type = media_type_of_headers(headers)
        if media_type is not None and "html" not in media_type.lower():
            raise RenderingError(f"not a page but {media_type[:60]}", is_permanent=True)
        body = b"" if is_pause else await _dom_of_page(context, page)
        return RenderedPage(
            document.url, document.status, headers_of_rendered_page(headers, version), body
        )

    async def _permitted_document(self) -> Response:
        """Return the last response to the page; raises RenderingError where it may not be read."""
        if self.refusal:
            raise RefusedRendering(self.refusal)
        if self.document is None:
            raise RenderingError("no response to the page")
        url = self.document.url
        why = self._refusal_by_proxy(url)
        if not why and url != self.url:
            why = await self.may_visit(url)
        if why:
            raise RefusedRendering(why)
        return self.document

    def _refusal_by_proxy(self, url: str) -> str | None:
        """Return why the proxy fetched nothing for the page, or for what it led to."""
        why = self.proxy.refusal_of(url)
        if why is None and self.document is None and len(self.proxy.refused) == 1:
            return next(iter(self.proxy.refused.values()))
        return why

    def _note_response(self, response: Response) -> None:
        if self._is_for_page(response.request) and not 300 <= response.status < 400:
            self.document = response

    async def _route(self, route: Route) -> None:
        """Decide on one request of the page."""
        with suppress(Exception):  # the page may be gone by now
            if await self._allows(route.request):
                await route.continue_()
            else:
                await route.abort("blockedbyclient")

    async def _allows(self, request: Request) -> bool:
        """Return whether a request of the page is sent."""
        self.requests += 1
        if self.requests > MAX_PAGE_REQUESTS or request.resource_type in BLOCKED_RESOURCES:
            return False
        if request.resource_type != "document":
            return True
        if not self._is_for_page(request):
            return False  # a frame or another window, whose text is not the page's
        self.navigations += 1
        if self.navigations > MAX_PAGE_NAVIGATIONS:
            self.refusal = "it leads on again and again"
        elif request.url != self.url:
            self.refusal = await self.may_visit(request.url)
        return self.refusal is None

    def _is_for_page(self, request: Request) -> bool:
        """Return whether a request is for the page itself, and not for a part of it."""
        try:
            frame = request.frame
        except Exception:  # playwright raises it for requests without a frame
            return False
        is_main = self.page is not None and frame == self.page.main_frame
        return is_main and request.is_navigation_request()


async def _close_popup(page: Page) -> None:
    """Close a window that the page opens."""
    with suppress(Exception):
        await page.close()


def media_type_of_headers(headers: Iterable[tuple[str, str]]) -> str | None:
    """Return the value of the first Content-Type, or None."""
    return next((value for name, value in headers if name.lower() == "content-type"), None)


def headers_of_rendered_page(
    headers: Iterable[tuple[str, str]], version: str
) -> tuple[tuple[str, str], ...]:
    """Return the headers of a response that are still true of its page, and `RENDERED_HEADER`."""
    kept = [(name, value) for name, value in headers if name.lower() not in DROPPED_HEADERS]
    return (
        *kept,
        ("Content-Type", "text/html; charset=utf-8"),
        (RENDERED_HEADER, f"chromium/{version}"),
    )


async def _dom_of_page(context: BrowserContext, page: Page) -> bytes:
    """Return the document as HTML in UTF-8; raises RenderingError."""
    session = await context.new_cdp_session(page)
    tree = await session.send("Page.getFrameTree")
    world = await session.send(
        "Page.createIsolatedWorld", {"frameId": tree["frameTree"]["frame"]["id"]}
    )
    asked: dict[str, Any] = {
        "expression": DOM_SCRIPT,
        "contextId": world["executionContextId"],
        "returnByValue": True,
    }
    answer = await session.send("Runtime.evaluate", asked)
    found = answer["result"].get("value")
    if not isinstance(found, str):
        raise RenderingError(f"larger than {MAX_DOM_CHARS >> 20} MiB", is_permanent=True)
    return found.encode("utf-8", "replace")


def navigation_failure(message: str) -> str:
    """Return the reason in playwright's message on a page that did not open."""
    first = message.splitlines()[0].removeprefix("Page.goto: ").partition(" at http")[0]
    if "Download is starting" in message:
        return "a download, not a page"
    if "Target crashed" in message or "Page crashed" in message:
        return "the page crashed"
    if "has been closed" in message:
        return "the browser ended"
    return first.strip()[:120] or "the page did not open"
