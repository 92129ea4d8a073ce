"""A stranger's server on a loopback address: its answers, valid or not, are those of a test.

    says = {"/": Answer(302, headers={"Location": inside.url}), "/mud": endless(b"mud")}
    with stranger(says) as there:
        ...                     # crawl there.url
        assert there.asked == ["/robots.txt", "/"]

Each path has an `Answer`, or a function that gets `send(bytes)` and sends until it returns or the
client has gone. Other paths are 404. All hosts that resolve to the address get the same answers;
where the server is used as a proxy (`http_proxy`), a whole URL may take the place of a path.
"""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from urllib.parse import urlsplit

import brotli
from backports import zstd

from demo.web import Answer

Send = Callable[[bytes], object]
Says = Answer | Callable[[Send], None]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"


class Stranger:
    """The server while it runs."""

    def __init__(self, says: Mapping[str, Says], address: str, port: int) -> None:
        self.says, self.address = says, address
        self.asked: list[str] = []
        """Requested paths in order, or whole URLs where it is used as a proxy."""
        self.headers: list[Mapping[str, str]] = []
        """Headers of the requests, with names in lower case."""
        self.server = ThreadingHTTPServer(
            (address, port), type("BoundHandler", (Handler,), {"stranger": self})
        )
        self.server.daemon_threads = True

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"


class Handler(BaseHTTPRequestHandler):
    """Sends the answers of a `Stranger`."""

    stranger: Stranger
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.stranger.asked.append(self.path)
        self.stranger.headers.append({name.lower(): value for name, value in self.headers.items()})
        path = urlsplit(self.path)._replace(scheme="", netloc="").geturl()
        says = self.stranger.says.get(self.path) or self.stranger.says.get(path, Answer(404))
        with suppress(ConnectionError):
            if isinstance(says, Answer):
                self.answer(says)
            else:
                self.close_connection = True
                says(self.connection.sendall)

    def answer(self, says: Answer) -> None:
        time.sleep(says.delay)
        self.send_response(says.status)
        for name, value in {
            "Content-Type": "text/html",
            "Content-Length": str(len(says.body)),
            **says.headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(says.body)

    def log_message(self, format: str, *args: object) -> None:
        """Do nothing: `asked` is the log."""


@contextmanager
def stranger(
    says: Mapping[str, Says], address: str = "127.0.0.1", port: int = 0
) -> Iterator[Stranger]:
    """Run a server until the block ends, on a free port unless one is given."""
    there = Stranger(says, address, port)
    thread = Thread(target=there.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield there
    finally:
        there.server.shutdown()
        there.server.server_close()
        thread.join()


# -- answers ---------------------------------------------------------------------------------------


def to(url: str, status: int = 302) -> Answer:
    """Return a redirect."""
    return Answer(status, headers={"Location": url})


def endless(piece: bytes = b"<p>mud</p>" * 6400) -> Says:
    """Return an answer whose body never ends."""

    def talk(send: Send) -> None:
        send(OK + b"\r\n")
        for _ in count():
            send(piece)

    return talk


def endless_headers() -> Says:
    """Return an answer whose headers never end."""

    def talk(send: Send) -> None:
        send(OK)
        for number in count():
            send(
                b"".join(
                    b"X-Mud-%d: %s\r\n" % (number * 50 + line, b"mud" * 300) for line in range(50)
                )
            )

    return talk


def slow(seconds: float = 0.2) -> Says:
    """Return an answer whose body arrives one byte at a time."""

    def talk(send: Send) -> None:
        send(OK + b"Content-Length: 100000\r\n\r\n")
        for _ in count():
            send(b"x")
            time.sleep(seconds)

    return talk


CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, 9, mtime=0),
    "deflate": lambda body: zlib.compress(body, 9),
    "br": lambda body: brotli.compress(body, quality=5),
    "zstd": lambda body: zstd.compress(body, 3),
}


def packed(body: bytes, *codings: str, **headers: str) -> Answer:
    """Return an answer in content codings, the first innermost."""
    for coding in codings:
        body = CODINGS[coding](body)
    return Answer(200, body, {"Content-Encoding": ", ".join(codings), **headers})
