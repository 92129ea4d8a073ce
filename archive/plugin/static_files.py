"""Bytes that are saved: pages, style sheets and scripts are compressed, and files kept by browsers.

Datasette would send all of them uncompressed, and the files again for every page.
"""

from __future__ import annotations

import gzip
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from io import BytesIO

from archive.plugin.guards.concurrency import routed_path
from archive.plugin.guards.middleware import App, Event, Receive, Scope, Send, raw_path

STATIC_CONTENT_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
}
"""Content types by the ending of a file's name."""
STATIC_PATH_PATTERN = re.compile(r"/-/static-plugins/dateline/(?P<file>\w+\.(?P<ending>css|js))")
VERSIONED_CACHE_CONTROL = "public, max-age=31536000, immutable"
"""For a URL with the version of the content; any other is asked for again."""

SECRET_HEADERS = frozenset({b"cookie", b"authorization"})
"""Headers of requests whose answers may hold secrets."""
PAGE_COMPRESSION_LEVEL = 6
MAX_RANDOM_NAME_BYTES = 100
"""Bytes by which the length of a compressed page with secrets varies."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """The content of a style sheet or script, plain and compressed."""

    plain: bytes
    compressed: bytes
    version: str
    """A short digest of the content, which changes its URL."""


@cache
def static_file_names() -> frozenset[str]:
    """Return the names of the files in the folder `static`."""
    return frozenset(file.name for file in (files("archive.plugin") / "static").iterdir())


@cache
def read_static_file(name: str) -> StaticFile:
    """Return a file of the folder `static`."""
    plain = (files("archive.plugin") / "static" / name).read_bytes()
    return StaticFile(plain, gzip.compress(plain, mtime=0), sha256(plain).hexdigest()[:8])


def static_file_version(name: str) -> str:
    """Return the version of a file, which its URL names."""
    return read_static_file(name).version


def with_static_files(app: App, base_url: str) -> App:
    """Return the application with these files sent from here; any other request goes to it."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        """Send a file, compressed if the browser can read that, or pass the request on."""
        name = _requested_file(scope, base_url)
        if name is None:
            return await app(scope, receive, send)
        file = read_static_file(name)
        is_compressed = accepts_gzip(_accepted_codings(scope))
        body = file.compressed if is_compressed else file.plain
        is_versioned = scope.get("query_string", b"").decode("latin-1") == file.version
        headers = {
            "content-type": STATIC_CONTENT_TYPES[name.rpartition(".")[2]],
            "content-length": str(len(body)),
            "cache-control": VERSIONED_CACHE_CONTROL if is_versioned else "no-cache",
            "vary": "accept-encoding",
        }
        if is_compressed:
            headers["content-encoding"] = "gzip"
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": pairs})
        sent = b"" if scope["method"] == "HEAD" else body
        return await send({"type": "http.response.body", "body": sent})

    return serve


def _requested_file(scope: Scope, base_url: str) -> str | None:
    """Return the name of the style sheet or script that a request reads, or None."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return None
    found = STATIC_PATH_PATTERN.fullmatch(routed_path(raw_path(scope), base_url))
    return found["file"] if found and found["file"] in static_file_names() else None


def _accepted_codings(scope: Scope) -> str:
    """Return the header Accept-Encoding of a request, or an empty string."""
    headers: dict[bytes, bytes] = dict(scope.get("headers") or [])
    return headers.get(b"accept-encoding", b"").decode("latin-1")


def with_compressed_pages(app: App) -> App:
    """Return the application with pages compressed.

    Pages of visitors with cookies hold the token of their forms, which the length of a compressed
    page could give away to whoever can put words into it (the attack is called BREACH). So their
    lengths vary at random, see `compress_page`.
    """

    async def compress(scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, with a page compressed if the browser can read that."""
        is_read = scope["type"] == "http" and scope["method"] == "GET"
        if not is_read or not accepts_gzip(_accepted_codings(scope)):
            return await app(scope, receive, send)
        names = {name for name, _ in scope.get("headers") or []}
        answer = CompressedAnswer(send, is_secret=bool(names & SECRET_HEADERS))
        return await app(scope, receive, answer.send_event)

    return compress


class CompressedAnswer:
    """An answer that is compressed once it is whole, if it is a page."""

    def __init__(self, send: Send, *, is_secret: bool) -> None:
        self._send = send
        self._is_secret = is_secret
        self._begun: Event | None = None
        self._held = b""

    async def send_event(self, event: Event) -> None:
        """Hold a page back until it is whole; pass anything else on."""
        if event["type"] == "http.response.start" and _is_compressible(event):
            self._begun = event
            return None
        if self._begun is None or event["type"] != "http.response.body":
            return await self._send(event)
        self._held += event.get("body", b"")
        if event.get("more_body"):
            return None
        hide_length = self._is_secret or _sets_cookie(self._begun)
        body = compress_page(self._held, hide_length=hide_length)
        headers = _headers_of_compressed(self._begun["headers"])
        await self._send({**self._begun, "headers": headers})
        return await self._send({"type": "http.response.body", "body": body})


def compress_page(page: bytes, hide_length: bool) -> bytes:
    """Return a page compressed by gzip.

    With `hide_length`, its header names a file of 1 to `MAX_RANDOM_NAME_BYTES` random letters,
    which browsers ignore: what is sent is of random length ("Heal the Breach", Palacios and others,
    IEEE Access 10, 2022, https://doi.org/10.1109/ACCESS.2022.3159166).
    """
    name = "a" * (1 + secrets.randbelow(MAX_RANDOM_NAME_BYTES)) if hide_length else ""
    written = BytesIO()
    with gzip.GzipFile(name, "wb", PAGE_COMPRESSION_LEVEL, written, mtime=0) as file:
        file.write(page)
    return written.getvalue()


def _is_compressible(start: Event) -> bool:
    """Return True for the start of a page that is not compressed yet."""
    headers = {name.lower(): value for name, value in start.get("headers", [])}
    is_page = headers.get(b"content-type", b"").startswith(b"text/html")
    return is_page and b"content-encoding" not in headers


def _sets_cookie(start: Event) -> bool:
    """Return True for the start of a response that sets a cookie."""
    return any(name.lower() == b"set-cookie" for name, _ in start.get("headers", []))


def _headers_of_compressed(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    return [*kept, (b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]


def accepts_gzip(accepted: str) -> bool:
    """Return True if a header Accept-Encoding names gzip and does not refuse it."""
    for each in accepted.lower().split(","):
        coding, _, weight = each.replace(" ", "").partition(";q=")
        if coding == "gzip":
            return not weight or weight.strip("0.") != ""
    return False
