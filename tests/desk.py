"""A newsroom's web hook on loopback, to which alerts are sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.patience import patient


class Desk(ThreadingHTTPServer):
    """A newsroom's web hook: it keeps what it is sent, refuses it while it is `shut`,
    and answers nothing until it is `open`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.messages: list[dict[str, Any]] = []
        self.shut = False
        self.open = threading.Event()
        self.open.set()
        self.knocks = 0

    @property
    def hook(self) -> str:
        return f"json://desk:letmein@127.0.0.1:{self.server_port}/hook/s3cret-path"

    def titles(self) -> list[str]:
        return [message["title"] for message in self.messages]


class _Taker(BaseHTTPRequestHandler):
    server: Desk

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.knocks += 1
        self.server.open.wait(patient(100))
        if not self.server.shut:
            self.server.messages.append(json.loads(body))
        with suppress(OSError):  # who knocked may have been killed
            self.send_response(503 if self.server.shut else 200)
            self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def open_desk() -> Iterator[Desk]:
    """Run a web hook in a thread of its own."""
    server = Desk()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.open.set()
        server.shutdown()
        server.server_close()
