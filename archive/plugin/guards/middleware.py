"""Middleware between the web server and Datasette: safe headers out, sound requests in.

`archive.plugin.guarded_app` puts it around Datasette. From the outside in, a request passes:
security headers → odd requests refused → our style sheets and scripts sent
(`archive.plugin.static_files`) → limits on number and time
(`archive.plugin.guards.concurrency`) → strangers kept to the public part
(`archive.plugin.guards.public`) → safe CSV (`archive.plugin.guards.csv_safety`) → Datasette.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any

from jinja2.ext import Extension

Event = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Send = Callable[[Event], Awaitable[None]]
Receive = Callable[[], Awaitable[Event]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_PATH_CHARS, MAX_QUERY_CHARS, MAX_QUERY_PARAMETERS = 4_000, 12_000, 100
"""Maximum characters of a path and of a query, and parameters: Datasette repeats them in a hundred
links."""
MAX_REQUEST_HEADER_BYTES = 16_000
"""Maximum bytes of all headers together."""
MAX_REQUEST_BODY_BYTES, BODY_TIMEOUT_SECONDS = 1_000_000, 5
"""Maximum bytes of a request's body, and seconds for sending it; Datasette 0.65 holds a whole form
in memory."""
MAX_TABLE_PAGE_ROWS = 250
"""Maximum rows of a table as a page, because Datasette renders each cell separately; JSON and CSV
may have more."""

HOST_HEADER_PATTERN = re.compile(
    r"[\w.-]+(:\d{1,5})?|\[[0-9a-f:.]+\](:\d{1,5})?", re.IGNORECASE | re.ASCII
)

SECURITY_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",  # with no-referrer, our own forms would be of no known origin
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"x-robots-tag": b"noindex, nofollow, noarchive",  # the texts belong to others
}
"""Security headers of every answer, unless it has its own."""

DATASETTE_CONTENT_POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; "
    "script-src-attr 'unsafe-hashes' 'sha256-+l3zeDxxnrQy0aouZ6fIDwi+bFJ9b3COj5bWIKEUFYU='; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""The policy for Datasette's own pages, which have inline styles and scripts. A script runs if it
is part of a template, and so does one attribute of 1.0 that opens its choice of columns. Nothing
is loaded from or sent to another host. The archive's own pages have a stricter policy
(`archive.plugin.page_requests`)."""

CLEARED_ERROR_HEADER = "x-dateline-cleared"
"""Marks an answer with status 500 that tells strangers nothing; it is removed before sending."""

TOO_LARGE_MESSAGE = "The request is too large."
SERVER_ERROR_MESSAGE = b"Something went wrong; the server's log has the details."

plugin_log = logging.getLogger("dateline")

_current_nonce: ContextVar[str] = ContextVar("nonce", default="")


class ScriptNonces(Extension):
    """Gives each script of a template the nonce that sets it apart from injected scripts."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        """Add the nonce to the script tags of a template."""
        return re.sub(r"<script(?=[\s>])", '<script nonce="{{ csp_nonce() }}"', source)


def script_nonce() -> str:
    """Return the nonce of the current answer, or an empty text outside of one."""
    return _current_nonce.get()


# -- answers ---------------------------------------------------------------------------------------


def with_security_headers(app: App, widen_policy: Callable[[str], str] = str) -> App:
    """Return the application with security headers on every answer.

    `widen_policy` adds the sources that the configuration allows to a content security policy.
    Redirects to other hosts are replaced by 404, and errors by a message without details of the
    machine.
    """

    async def headed(scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request with a nonce and security headers."""
        if scope["type"] != "http":
            return await app(scope, receive, send)
        nonce = token_urlsafe(12)
        _current_nonce.set(nonce)
        answer = SecuredAnswer(send, nonce, widen_policy)
        try:
            await app(scope, receive, answer.send_event)
        except Exception:
            plugin_log.exception("an answer failed")
            if answer.has_begun:
                raise
            await send_text_answer(answer.send_event, 500, "")
        return None

    return headed


class SecuredAnswer:
    """An answer that is sent with security headers, or replaced as a whole."""

    def __init__(self, send: Send, nonce: str, widen_policy: Callable[[str], str]) -> None:
        self._send = send
        self._nonce = nonce
        self._widen_policy = widen_policy
        self.has_begun = False
        self._is_replaced = False

    async def send_event(self, event: Event) -> None:
        """Send an event of the answer, or of its replacement."""
        self.has_begun = True
        if event["type"] == "http.response.start":
            await self._send_start(event)
        elif not self._is_replaced:
            await self._send(event)

    async def _send_start(self, start: Event) -> None:
        """Send the start of the answer, or the replacement for all of it."""
        headers = [(name.lower(), value) for name, value in start.get("headers", [])]
        status, body = _replacement_answer(start["status"], dict(headers))
        self._is_replaced = bool(status)
        if self._is_replaced:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
        headers = [each for each in headers if each[0] != CLEARED_ERROR_HEADER.encode()]
        secured = _with_missing_headers(headers, self._nonce, self._widen_policy)
        await self._send({**start, "status": status or start["status"], "headers": secured})
        if self._is_replaced:
            await self._send({"type": "http.response.body", "body": body})


def _replacement_answer(status: int, headers: dict[bytes, bytes]) -> tuple[int, bytes]:
    """Return the status and body to send in place of an answer; 0 if it may be sent as it is."""
    if status == 500 and CLEARED_ERROR_HEADER.encode() not in headers:
        return 500, SERVER_ERROR_MESSAGE
    location = headers.get(b"location", b"").decode("latin-1")
    if 300 <= status < 400 and leads_to_another_host(location):
        return 404, b"Not found"
    return 0, b""


def leads_to_another_host(location: str) -> bool:
    r"""Return True for `//host/` and `/\\host/`, which a browser reads as another host.

    Datasette 0.65 builds them from the requested path.
    """
    return re.sub(r"[\x00-\x20]", "", location).replace("\\", "/").startswith("//")


def _with_missing_headers(
    headers: list[tuple[bytes, bytes]], nonce: str, widen_policy: Callable[[str], str]
) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer with the security headers that it lacks.

    Every content security policy is widened. Datasette's `no-referrer` gives way, because then the
    forms of its pages have no known origin.
    """
    kept = [header for header in headers if header != (b"referrer-policy", b"no-referrer")]
    present = {name for name, _ in kept}
    policy = DATASETTE_CONTENT_POLICY.format(nonce=nonce).encode()
    wanted = SECURITY_HEADERS | {b"content-security-policy": policy}
    missing = [(name, value) for name, value in wanted.items() if name not in present]

    def widened(name: bytes, value: bytes) -> tuple[bytes, bytes]:
        if name != b"content-security-policy":
            return name, value
        return name, widen_policy(value.decode("latin-1")).encode("latin-1")

    return [widened(name, value) for name, value in [*kept, *missing]]


# -- requests --------------------------------------------------------------------------------------


def with_sound_requests(app: App, hosts: tuple[str, ...]) -> App:
    """Return the application for well-formed requests only.

    `hosts` are the names that it answers to; empty means all.
    """

    async def check(scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on with its body read."""
        if scope["type"] != "http":
            return await app(scope, receive, send)
        status, why = request_refusal(scope, hosts)
        if status:
            return await send_text_answer(send, status, why)
        if scope["method"] in ("GET", "HEAD"):
            return await app(scope, receive, send)
        try:
            async with asyncio.timeout(BODY_TIMEOUT_SECONDS):
                body = await _whole_request_body(receive)
        except TimeoutError:
            return await send_text_answer(send, 408, "The request took too long to arrive.")
        if body is None:
            return await send_text_answer(send, 413, TOO_LARGE_MESSAGE)
        return await app(scope, _replayed_body(body, receive), send)

    return check


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The parts of a request that decide whether it is answered."""

    path: str
    """The path as requested, still percent-encoded."""
    decoded_path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    server_names: tuple[str, ...]
    """Host names that the server answers to; empty means all."""
    method: str = "GET"

    def values_of(self, name: bytes) -> list[bytes]:
        """Return the values of all headers with this name."""
        return [value for header, value in self.headers if header == name]

    @property
    def host_headers(self) -> list[str]:
        """The values of the Host header, usually one."""
        return [value.decode("latin-1") for value in self.values_of(b"host")]


def _has_long_url(head: RequestHead) -> bool:
    too_many_parameters = head.query.count(b"&") >= MAX_QUERY_PARAMETERS
    return (
        len(head.path) > MAX_PATH_CHARS or len(head.query) > MAX_QUERY_CHARS or too_many_parameters
    )


def _has_odd_path(head: RequestHead) -> bool:
    """Return True for a path that is not ASCII, contains a backslash or begins with `//`."""
    paths = (head.path, head.decoded_path)
    has_backslash = any("\\" in path or "%5c" in path.lower() for path in paths)
    return not head.path.isascii() or has_backslash or head.path.startswith("//")


def _has_long_headers(head: RequestHead) -> bool:
    return sum(len(name) + len(value) for name, value in head.headers) > MAX_REQUEST_HEADER_BYTES


def _is_multipart(head: RequestHead) -> bool:
    content_types = head.values_of(b"content-type")
    return any(value.lower().startswith(b"multipart/") for value in content_types)


def _announces_large_body(head: RequestHead) -> bool:
    """Return True if Content-Length is not a number, or too large."""
    lengths = head.values_of(b"content-length")
    return any(not value.isdigit() or int(value[:12]) > MAX_REQUEST_BODY_BYTES for value in lengths)


def _asks_for_many_rows(head: RequestHead) -> bool:
    """Return True for a table as a page with too many rows; JSON and CSV may have more."""
    size = re.search(rb"(?:^|&)_size=(max|\d{1,9})", head.query)
    if not size or re.search(r"\.\w+$", head.path) or b"_format=" in head.query:
        return False
    return size[1] == b"max" or int(size[1]) > MAX_TABLE_PAGE_ROWS


def _has_invalid_host(head: RequestHead) -> bool:
    names = head.host_headers
    return len(names) > 1 or not all(HOST_HEADER_PATTERN.fullmatch(name) for name in names)


def _names_another_server(head: RequestHead) -> bool:
    without_port = [re.sub(r":\d+$", "", name).lower() for name in head.host_headers]
    return bool(head.server_names) and not set(without_port) & set(head.server_names)


def _comes_from_another_site(head: RequestHead) -> bool:
    """Return True for a form that a page of another site sent, as far as the browser says so.

    Datasette's own check covers visitors with a cookie. Those whom a proxy signs in may have none.
    """
    if head.method in ("GET", "HEAD"):
        return False
    if sites := head.values_of(b"sec-fetch-site"):
        return any(site not in (b"same-origin", b"none") for site in sites)
    own_names = {*head.host_headers, *head.server_names}
    origins = (value.decode("latin-1") for value in head.values_of(b"origin"))
    return any(not own_names & _names_of_origin(origin) for origin in origins)


def _names_of_origin(origin: str) -> set[str]:
    """Return the host of an origin, with and without its port."""
    host = origin.partition("://")[2].lower()
    return {host, re.sub(r":\d+$", "", host)}


REQUEST_REFUSALS: tuple[tuple[Callable[[RequestHead], bool], int, str], ...] = (
    (_has_long_url, 414, "The URL is too long."),
    (_has_odd_path, 404, "Not found"),
    (_has_long_headers, 431, "The request's headers are too long."),
    (_is_multipart, 415, "Multipart forms are not accepted."),
    (_announces_large_body, 413, TOO_LARGE_MESSAGE),
    (
        _asks_for_many_rows,
        400,
        f"A page has at most {MAX_TABLE_PAGE_ROWS} rows; request the same as .json or .csv.",
    ),
    (_has_invalid_host, 400, "The request has no valid Host header."),
    (_names_another_server, 421, "This server does not have that name; --name adds one."),
    (_comes_from_another_site, 403, "This form was sent by a page of another site."),
)
"""Reasons to refuse a request, with status and message; the first that applies counts."""


def request_refusal(scope: Scope, hosts: tuple[str, ...] = ()) -> tuple[int, str]:
    """Return the HTTP status and message with which a request is refused; 0 if it is answered."""
    head = RequestHead(
        path=raw_path(scope),
        decoded_path=scope.get("path", ""),
        query=scope.get("query_string", b""),
        headers=scope.get("headers", []),
        server_names=hosts,
        method=scope.get("method", "GET"),
    )
    for applies, status, message in REQUEST_REFUSALS:
        if applies(head):
            return status, message
    return 0, ""


def raw_path(scope: Scope) -> str:
    """Return the path as requested, without the query."""
    raw: bytes = scope.get("raw_path") or str(scope.get("path", "")).encode()
    return raw.partition(b"?")[0].decode("latin-1")


async def _whole_request_body(receive: Receive) -> bytes | None:
    """Return the whole body of a request, or None if it is too large."""
    body = b""
    while True:
        event = await receive()
        body += bytes(event.get("body", b""))
        if len(body) > MAX_REQUEST_BODY_BYTES:
            return None
        if event["type"] != "http.request" or not event.get("more_body"):
            return body


def _replayed_body(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that delivers a body that was already read."""
    pending: list[Event] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Event:
        """Return the body first, then further events."""
        return pending.pop() if pending else await receive()

    return replay


async def send_text_answer(send: Send, status: int, text: str, **headers: str) -> None:
    """Send a complete answer of one line; `retry_after="2"` becomes the header Retry-After."""
    extra = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    content = (b"content-type", b"text/plain; charset=utf-8")
    await send({"type": "http.response.start", "status": status, "headers": [content, *extra]})
    await send({"type": "http.response.body", "body": text.encode()})
