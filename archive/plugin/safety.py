"""Limits for a Datasette that strangers may ask: one address must not take the machine, nor one page the reader."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Any, Send], Awaitable[None]]

LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 20_000_000,  # bytes of one value; without it one request can ask for a gigabyte
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 100,  # a long one with many % takes minutes
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
}

DENIED = frozenset({"randomblob", "zeroblob", "printf", "format", "load_extension", "fts3_tokenizer"})
"""SQL functions that make much of nothing, or reach outside."""

HEADERS = {
    # Datasette's own pages have scripts and styles inline; nothing comes from, or goes to, any other host.
    b"content-security-policy": b"default-src 'self'; script-src 'self' 'unsafe-inline'; "
    b"style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; "
    b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
}


def limit(connection: sqlite3.Connection) -> None:
    """Set the limits of a connection that reads an archive."""
    for name, value in LIMITS.items():
        connection.setlimit(name, value)
    connection.set_authorizer(_authorize)


def guarded(app: App) -> App:
    """The application with security headers; it refuses paths that a browser would take for another host."""

    async def guard(scope: Scope, receive: Any, send: Send) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)

        async def send_with_headers(event: MutableMapping[str, Any]) -> None:
            if event["type"] == "http.response.start":
                sent = {name.lower() for name, _ in event.get("headers", [])}
                added = [(name, value) for name, value in HEADERS.items() if name not in sent]
                event = {**event, "headers": [*event.get("headers", []), *added]}
            await send(event)

        if _leads_elsewhere(scope):
            await send_with_headers(
                {"type": "http.response.start", "status": 404, "headers": [(b"content-type", b"text/plain")]}
            )
            return await send_with_headers({"type": "http.response.body", "body": b"Not found"})
        return await app(scope, receive, send_with_headers)

    return guard


def _leads_elsewhere(scope: Scope) -> bool:
    """`/\\host/` and `//host/`: Datasette 0.65 answers with a redirect to the same, and a browser goes to that host."""
    paths = scope.get("path", ""), (scope.get("raw_path") or b"").decode("latin-1")
    return any("\\" in path or "%5c" in path.lower() or path.startswith("//") for path in paths)


def _authorize(action: int, _: str | None, name: str | None, __: str | None, ___: str | None) -> int:
    if action == sqlite3.SQLITE_FUNCTION and (name or "").lower() in DENIED:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK
