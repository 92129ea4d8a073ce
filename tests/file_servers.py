"""Servers of files on loopback: one with HTTP ranges, and a stand-in for an object store."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


@dataclass
class FileServer:
    """A server of files, and what it is to do wrong."""

    files: dict[str, bytes] = field(default_factory=dict)
    """Path → content."""
    redirects: dict[str, str] = field(default_factory=dict)
    has_ranges: bool = True
    has_tags: bool = True
    statuses: list[int] = field(default_factory=list)
    """Statuses of the next answers, instead of what is asked for."""
    cut_after: list[int] = field(default_factory=list)
    """Bytes after which the connections of the next answers break."""
    on_request: Callable[[str, str], None] = lambda *_: None
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Path and Range of each request."""
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bytes_sent(self) -> int:
        """The bytes of the parts that were asked for."""
        parts = (re.fullmatch(r"bytes=(\d+)-(\d+)", part) for _, part in self.asked)
        return sum(int(part[2]) - int(part[1]) + 1 for part in parts if part)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    files: FileServer

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        server, address = self.files, urlsplit(self.path)
        path, part = unquote(address.path), self.headers.get("Range", "")
        server.on_request(path, part)
        server.asked.append((path, part))
        if server.statuses:
            self._send(server.statuses.pop(0), b"", {})
        elif path in server.redirects:
            self._send(302, b"", {"Location": server.redirects[path]})
        elif "list-type" in parse_qs(address.query):
            listed = _listing(server, path, parse_qs(address.query))
            self._send(200, listed, {"Content-Type": "application/xml"})
        elif path not in server.files:
            self._send(404, b"", {})
        else:
            self._send_file(server.files[path], part, with_body=with_body)

    def _send_file(self, content: bytes, part: str, *, with_body: bool) -> None:
        headers = {"Last-Modified": "Thu, 15 Feb 2024 10:30:00 GMT", "Accept-Ranges": "bytes"}
        if self.files.has_tags:
            headers["ETag"] = f'"{hashlib.md5(content).hexdigest()}"'
        else:
            del headers["Last-Modified"]
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", part)
        if not asked or not self.files.has_ranges:
            self._send(200, content, headers, with_body=with_body)
            return
        start, end = int(asked[1]), int(asked[2] or len(content) - 1)
        headers["Content-Range"] = f"bytes {start}-{min(end, len(content) - 1)}/{len(content)}"
        self._send(206, content[start : end + 1], headers, with_body=with_body)

    def _send(
        self, status: int, body: bytes, headers: dict[str, str], *, with_body: bool = True
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.files.cut_after and body and with_body:
            self.wfile.write(body[: self.files.cut_after.pop(0)])
            self.close_connection = True
        elif with_body:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def _listing(server: FileServer, path: str, query: dict[str, list[str]]) -> bytes:
    """What an object store lists of a bucket."""
    bucket, prefix = path.strip("/"), query.get("prefix", [""])[0]
    names = [
        name.removeprefix(f"/{bucket}/") for name in server.files if name.startswith(f"/{bucket}/")
    ]
    rows = "".join(
        f"<Contents><Key>{escape(name)}</Key><LastModified>2024-02-15T10:30:00.000Z</LastModified>"
        f"<ETag>&quot;{hashlib.md5(server.files[f'/{bucket}/{name}']).hexdigest()}&quot;</ETag>"
        f"<Size>{len(server.files[f'/{bucket}/{name}'])}</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>"
        for name in sorted(names)
        if name.startswith(prefix)
    )
    return (
        '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(names)}</KeyCount>"
        f"<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"
    ).encode()


@contextmanager
def serve_files(files: dict[str, bytes], **how: object) -> Iterator[FileServer]:
    """Serve files until the context ends."""
    server = FileServer(files, **how)  # type: ignore[arg-type]
    handler = type("Handler", (_Handler,), {"files": server})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        server.port = listening.server_port
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
