"""What every answer carries and what no request gets: between the web server and Datasette.

A request passes `guarded` from the outside in: security headers → odd requests refused → so many at
once and so long (`archive.plugin.concurrency`) → who is no stranger (`archive.plugin.public`) →
safe CSV (`archive.plugin.csv_safety`) → Datasette.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from secrets import token_urlsafe
from typing import Any

from jinja2.ext import Extension

Event = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Send = Callable[[Event], Awaitable[None]]
Receive = Callable[[], Awaitable[Event]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_PATH, MOST_QUERY, MOST_PARAMETERS = 4_000, 12_000, 100
"""Letters of an address, and of what stands behind its question mark: Datasette writes them into a
hundred links."""
MOST_HEADERS = 16_000
MOST_BODY, BODY_SECONDS = 1_000_000, 5
"""What may be sent, and how long that may take; Datasette 0.65 holds all of a form."""
MOST_ROWS = 250
"""Of a table as a page, each cell of which Datasette renders by itself; JSON and CSV have more."""

HOST = re.compile(r"[\w.-]+(:\d{1,5})?|\[[0-9a-f:.]+\](:\d{1,5})?", re.IGNORECASE | re.ASCII)

HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"x-robots-tag": b"noindex, nofollow, noarchive",  # the texts are other people's
}

POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; "
    "script-src-attr 'unsafe-hashes' 'sha256-+l3zeDxxnrQy0aouZ6fIDwi+bFJ9b3COj5bWIKEUFYU='; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""For Datasette's own pages, which have styles and scripts inline: a script runs if it stands in a
template, and one attribute of 1.0 that opens its choice of columns. Nothing comes from, or goes to,
any other host. The pages of the archive have a policy without any of that
(`archive.plugin.routes`)."""

BROKEN = b"Something went wrong here; the server's log says what."

log = logging.getLogger("dateline")

_nonce: ContextVar[str] = ContextVar("nonce", default="")


class Nonces(Extension):
    """Gives each script of a template the word by which a browser knows it from one that a page
    brought."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        return re.sub(r"<script(?=[\s>])", '<script nonce="{{ csp_nonce() }}"', source)


def nonce() -> str:
    """The word of this answer; empty outside of one."""
    return _nonce.get()


# -- what every answer carries ---------------------------------------------------------------------


def with_headers(app: App) -> App:
    """The application with security headers, no way to another host, and errors that tell nothing
    of the machine."""

    async def headed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)
        word = token_urlsafe(12)
        _nonce.set(word)
        begun = replaced = False

        async def send_safely(event: Event) -> None:
            nonlocal begun, replaced
            begun = True
            if event["type"] != "http.response.start":
                return None if replaced else await send(event)
            headers = [(name.lower(), value) for name, value in event.get("headers", [])]
            status, body = _instead(event["status"], dict(headers))
            if status:
                replaced = True
                headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send(
                {**event, "status": status or event["status"], "headers": _secured(headers, word)}
            )
            if status:
                await send({"type": "http.response.body", "body": body})
            return None

        try:
            await app(scope, receive, send_safely)
        except Exception:
            log.exception("an answer failed")
            if begun:
                raise
            await answer(send_safely, 500, "")
        return None

    return headed


def _instead(status: int, headers: dict[bytes, bytes]) -> tuple[int, bytes]:
    """What is sent in place of an answer; 0 where the answer may go out as it is."""
    if status == 500:
        return 500, BROKEN
    if 300 <= status < 400 and leads_elsewhere(headers.get(b"location", b"").decode("latin-1")):
        return 404, b"Not found"
    return 0, b""


def leads_elsewhere(location: str) -> bool:
    """`//host/`, `/\\host/`: a browser takes them for another host. Datasette 0.65 makes them of an
    address."""
    return re.sub(r"[\x00-\x20]", "", location).replace("\\", "/").startswith("//")


def _secured(headers: list[tuple[bytes, bytes]], word: str) -> list[tuple[bytes, bytes]]:
    sent = {name for name, _ in headers}
    wanted = HEADERS | {b"content-security-policy": POLICY.format(nonce=word).encode()}
    return [*headers, *((name, value) for name, value in wanted.items() if name not in sent)]


# -- what no request gets --------------------------------------------------------------------------


def bounded(app: App, hosts: tuple[str, ...]) -> App:
    """The application for requests of a sound form alone. `hosts` are the names it answers to;
    none: to all."""

    async def check(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)
        status, why = refusal(scope, hosts)
        if status:
            return await answer(send, status, why)
        if scope["method"] in ("GET", "HEAD"):
            return await app(scope, receive, send)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(receive)
        except TimeoutError:
            return await answer(send, 408, "The request took too long to come.")
        if body is None:
            return await answer(send, 413, "Too much was sent.")
        return await app(scope, _again(body, receive), send)

    return check


def refusal(scope: Scope, hosts: tuple[str, ...] = ()) -> tuple[int, str]:
    """Why a request is not answered: an HTTP status and a sentence; 0 if it is."""
    path, query = raw_path(scope), scope.get("query_string", b"")
    headers = scope.get("headers", [])
    named = [value.decode("latin-1") for name, value in headers if name == b"host"]
    if len(path) > MOST_PATH or len(query) > MOST_QUERY or query.count(b"&") >= MOST_PARAMETERS:
        return 414, "The address is too long."
    if not path.isascii() or any(
        "\\" in each or "%5c" in each.lower() for each in (path, scope.get("path", ""))
    ):
        return 404, "Not found"
    if path.startswith("//"):
        return 404, "Not found"
    if sum(len(name) + len(value) for name, value in headers) > MOST_HEADERS:
        return 431, "The request has too many headers."
    if any(
        name == b"content-type" and value.lower().startswith(b"multipart/")
        for name, value in headers
    ):
        return 415, "No form here has parts."
    if _too_long(headers):
        return 413, "Too much was sent."
    if _rows(path, query) > MOST_ROWS:
        return 400, f"A page has at most {MOST_ROWS} rows; ask for the same as .json or .csv."
    if len(named) > 1 or not all(HOST.fullmatch(name) for name in named):
        return 400, "The request names no host."
    if hosts and not any(_host(name) in hosts for name in named):
        return 421, "This server is not called so; --name tells it what it is called."
    return 0, ""


def raw_path(scope: Scope) -> str:
    """The path as it was asked for, without its query."""
    raw: bytes = scope.get("raw_path") or str(scope.get("path", "")).encode()
    return raw.partition(b"?")[0].decode("latin-1")


def _too_long(headers: list[tuple[bytes, bytes]]) -> bool:
    told = [value for name, value in headers if name == b"content-length"]
    return any(not value.isdigit() or int(value[:12]) > MOST_BODY for value in told)


def _rows(path: str, query: bytes) -> int:
    """How many a page is asked for; 0 where it is none, or says nothing of it."""
    asked = re.search(rb"(?:^|&)_size=(max|\d{1,9})", query)
    if not asked or re.search(r"\.\w+$", path) or b"_format=" in query:
        return 0
    return MOST_ROWS + 1 if asked[1] == b"max" else int(asked[1])


def _host(named: str) -> str:
    """Without its port."""
    return re.sub(r":\d+$", "", named).lower()


async def _body(receive: Receive) -> bytes | None:
    """All that is sent; None where it is too much."""
    body = b""
    while True:
        event = await receive()
        body += bytes(event.get("body", b""))
        if len(body) > MOST_BODY:
            return None
        if event["type"] != "http.request" or not event.get("more_body"):
            return body


def _again(body: bytes, receive: Receive) -> Receive:
    held: list[Event] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Event:
        return held.pop() if held else await receive()

    return replay


async def answer(send: Send, status: int, text: str, **headers: str) -> None:
    """A whole answer of one line."""
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    content = (b"content-type", b"text/plain; charset=utf-8")
    await send({"type": "http.response.start", "status": status, "headers": [content, *told]})
    await send({"type": "http.response.body", "body": text.encode()})
