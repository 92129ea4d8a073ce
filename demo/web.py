"""A small web of outlets, described as data, served on loopback.

It is an HTTP forward proxy that answers for every host of a `World` and refuses all others: a
crawler started with `http_proxy=http://127.0.0.1:PORT` sees the invented outlets and nothing else.

    with serve(World((Outlet("a.example", pages=(Page("/one", "Headline", "Text."),)),))) as web:
        ...                     # crawl through web.proxy
        web.now += timedelta(days=1)
        assert [request.path for request in web.requests] == ["/robots.txt", "/one"]

Unknown hosts get 502, CONNECT gets 501. Requested directly, not as a proxy, it lists its outlets at
`/`, and returns or sets its clock at `/-/now?2026-03-10T12:00:00Z`. The data classes are described
in `demo.outlets`.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from demo.listings import FEED_PATHS, FEED_TYPES, listing
from demo.markup import cover_svg, error_html, front_html, page_html, section_path
from demo.outlets import Outlet, Page, Revision, World, load_world

__all__ = ["Answer", "Outlet", "Page", "Request", "Revision", "Web", "World", "load_world", "serve"]

HTML = "text/html; charset=utf-8"
SMALL = 400
"""Bytes below which a body is not compressed."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the web answered, for tests to inspect."""

    method: str
    host: str
    path: str
    """The path with its query."""
    status: int
    headers: Mapping[str, str]
    """Headers with names in lower case."""
    at: float
    """Time of arrival, in seconds on the monotonic clock."""

    @property
    def url(self) -> str:
        return f"http://{self.host}{self.path}"

    @property
    def user_agent(self) -> str:
        return self.headers.get("user-agent", "")

    @property
    def conditional(self) -> bool:
        """True if it asked only for changes (If-None-Match or If-Modified-Since)."""
        return "if-none-match" in self.headers or "if-modified-since" in self.headers


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as it is sent."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False


def answer(outlet: Outlet, path: str, now: datetime, hits: int = 1) -> Answer:
    """Return an outlet's answer at a path, before validators and compression.

    `hits` counts the requests for the path so far.
    """
    page = find(outlet, path, now)
    if page:
        over = page.times is not None and hits > page.times
        return said(outlet, page.cured() if over else page, now)
    bare = path.partition("?")[0]
    published = listing(outlet, bare, now)
    if published:
        return Answer(200, published[1], {"Content-Type": published[0]})
    if bare == "/img/cover.svg":
        return Answer(200, cover_svg(outlet).encode(), {"Content-Type": "image/svg+xml"})
    markup = front(outlet, bare, now) or amp(outlet, bare, now)
    return Answer(
        200 if markup else 404, (markup or error_html(outlet, now)).encode(), {"Content-Type": HTML}
    )


def find(outlet: Outlet, path: str, now: datetime) -> Page | None:
    """Return the page at exactly this path and query, or else at the path alone.

    Tracking parameters lead to the same page.
    """
    by_path = {page.path: page for page in outlet.as_of(now)}
    return by_path.get(path) or by_path.get(path.partition("?")[0])


def said(outlet: Outlet, page: Page, now: datetime) -> Answer:
    """Return a page's own bytes, or its HTML, or the outlet's error page."""
    if page.body is not None:
        body = page.body
    elif page.status == 200:
        body = page_html(outlet, page, now).encode()
    else:
        body = b"" if page.status < 400 else error_html(outlet, now).encode()
    return Answer(page.status, body, {"Content-Type": HTML, **page.headers}, page.delay, page.cut)


def front(outlet: Outlet, path: str, now: datetime) -> str | None:
    """Return the home page or the front of a section."""
    pages = outlet.listed(now)
    if path == "/":
        feed = (FEED_TYPES[outlet.feed], FEED_PATHS[outlet.feed]) if outlet.feed else None
        return front_html(outlet, outlet.name, pages, now, feed)
    within = [page for page in pages if section_path(page.section) == unquote(path)]
    return (
        front_html(outlet, f"{within[0].section} | {outlet.name}", within, now) if within else None
    )


def amp(outlet: Outlet, path: str, now: datetime) -> str | None:
    """Return the bare second page of an article, if the outlet has such pages."""
    page = (
        find(outlet, path.removesuffix("/amp"), now)
        if outlet.amp and path.endswith("/amp")
        else None
    )
    return (
        page_html(replace(outlet, amp=False), page, now, style="jsonld")
        if page and page.status == 200
        else None
    )


def validated(reply: Answer, outlet: Outlet, now: datetime, asked: Mapping[str, str]) -> Answer:
    """Return the answer with ETag and Last-Modified, or as 304 if the client has it already.

    The ETag decides where both are sent (RFC 9110, 13.2.2).
    """
    if not outlet.validators or reply.status != 200:
        return reply
    changed = outlet.changed(now).astimezone(UTC).replace(microsecond=0)
    etag = f'"{hashlib.sha256(reply.body).hexdigest()[:16]}"'
    validators = {"ETag": etag, "Last-Modified": format_datetime(changed, usegmt=True)}
    if "if-none-match" in asked:
        same = etag in asked["if-none-match"] or asked["if-none-match"].strip() == "*"
    else:
        same = _not_since(asked.get("if-modified-since"), changed)
    headers = {**validators, **reply.headers}
    return (
        replace(reply, status=304, body=b"", headers=headers)
        if same
        else replace(reply, headers=headers)
    )


def _not_since(moment: str | None, changed: datetime) -> bool:
    try:
        return moment is not None and changed <= parsedate_to_datetime(moment)
    except (ValueError, TypeError):
        return False  # RFC 9110, 13.1.3: an invalid date is ignored


def compressed(reply: Answer, asked: Mapping[str, str]) -> Answer:
    """Return the answer gzipped if the client accepts that and it is worthwhile.

    A body with a Content-Encoding stays unchanged.
    """
    coded = {name.lower() for name in reply.headers} & {"content-encoding"}
    binary = not reply.headers.get("Content-Type", HTML).startswith(
        ("text/", "application/xml", "application/feed")
    )
    if coded or binary or len(reply.body) < SMALL or "gzip" not in asked.get("accept-encoding", ""):
        return reply
    headers = {**reply.headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return replace(reply, body=gzip.compress(reply.body, mtime=0), headers=headers)


class Web:
    """The running web: its clock, its URL, and the requests that it got."""

    def __init__(self, world: World, now: datetime | None = None, port: int = 0) -> None:
        self.world = world
        self.now = now or world.now
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self.hits: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(
            ("127.0.0.1", port), type("BoundHandler", (Handler,), {"web": self})
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    proxy = url
    """The HTTP proxy that a client has to use."""

    @cached_property
    def outlets(self) -> dict[str, Outlet]:
        return {outlet.host: outlet for outlet in self.world.outlets}

    @property
    def hosts(self) -> list[str]:
        return list(self.outlets)

    def asked(self, host: str | None = None) -> list[str]:
        """Return the URLs requested so far, in order; only those of `host`, if given."""
        return [request.url for request in self.requests if host in (None, request.host)]

    def respond(self, method: str, host: str, path: str, headers: Mapping[str, str]) -> Answer:
        """Return the answer to a request, and record the request."""
        at, outlet, now = time.monotonic(), self.outlets.get(host), self.now
        with self.lock:
            self.hits[host + path] += 1
            hits = self.hits[host + path]
        if outlet is None:
            reply = Answer(
                502, f"No outlet here is called {host}.\n".encode(), {"Content-Type": "text/plain"}
            )
        else:
            reply = compressed(
                validated(answer(outlet, path, now, hits), outlet, now, headers), headers
            )
        with self.lock:
            self.requests.append(Request(method, host, path, reply.status, headers, at))
        return reply

    def direct(self, path: str) -> Answer:
        """Return the answer to a direct request: the list of outlets, or the clock."""
        place, _, moment = path.partition("?")
        if place == "/-/now":
            try:
                self.now = datetime.fromisoformat(unquote(moment)) if moment else self.now
            except ValueError:
                return Answer(
                    400,
                    b"A moment looks like 2026-03-10T12:00:00Z.\n",
                    {"Content-Type": "text/plain"},
                )
            return Answer(200, f"{self.now.isoformat()}\n".encode(), {"Content-Type": "text/plain"})
        rows = "\n".join(
            f'<li><a href="{outlet.url()}">{outlet.name}</a></li>' for outlet in self.world.outlets
        )
        note = f"<p>Set {self.proxy} as your browser's HTTP proxy to read them as of {self.now:%d %B %Y, %H:%M}.</p>"
        return Answer(
            200,
            f"<title>A small news web</title><ul>{rows}</ul>{note}".encode(),
            {"Content-Type": HTML},
        )


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with persistent connections around `Web.respond`."""

    web: Web
    protocol_version = "HTTP/1.1"
    server_version = "Newsstand"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together
    timeout = 30

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        host = (parts.netloc or headers.get("host", "")).lower().removesuffix(":80")
        if parts.scheme == "https":
            host = f"https://{host}"  # no outlet here is called that
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not parts.scheme and host.startswith(("127.0.0.1", "localhost")):
            self.send(self.web.direct(path))
        else:
            self.send(self.web.respond(self.command, host, path, headers))

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_CONNECT(self) -> None:
        self.send(Answer(501, b"The outlets here speak plain HTTP.\n"))

    def send(self, reply: Answer) -> None:
        self.web.closing.wait(reply.delay)
        self.send_response(reply.status)
        names = {name.lower() for name in reply.headers}
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if "content-length" not in names and reply.status != 304:
            self.send_header("Content-Length", str(len(reply.body)))
        self.close_connection = self.close_connection or reply.cut or self.web.closing.is_set()
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)

    def handle(self) -> None:
        with suppress(ConnectionError, TimeoutError):  # the client has left, as it may
            super().handle()

    def finish(self) -> None:
        with suppress(ConnectionError, ValueError):  # as above, with something left to send
            super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """Do nothing: `Web.requests` is the log."""


AWeb = TypeVar("AWeb", bound=Web)


@contextmanager
def serve(world: World, now: datetime | None = None, port: int = 0) -> Iterator[Web]:
    """Serve a world on loopback until the block ends, on a free port unless one is given.

    Its clock starts at `now`, or at the world's own time.
    """
    with served(Web(world, now, port)) as web:
        yield web


@contextmanager
def served(web: AWeb) -> Iterator[AWeb]:
    """Run a web until the block ends."""
    thread = threading.Thread(
        target=web.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield web
    finally:
        web.closing.set()
        web.server.shutdown()
        web.server.server_close()
        thread.join()
