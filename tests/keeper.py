"""An archive on loopback that keeps pages for others, as the Wayback Machine's Save Page Now does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

STAMP = "20240301120501"


class Keeper(ThreadingHTTPServer):
    """Gives each page a job, and says after a few questions that it is saved."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Clerk)
        self.asked: list[str] = []
        """The pages that it was asked to save."""
        self.credentials: list[str | None] = []
        self.agents: list[str | None] = []
        self.questions = 0
        """How often it was asked whether a page is saved."""
        self.pending_answers = 1
        """Answers `pending` to each job before the last one."""
        self.refuses: tuple[int, dict[str, str]] | None = None
        """Status and headers with which it refuses everything."""
        self.outcomes: dict[str, dict[str, Any]] = {}
        """URL → the end of its job, if it is not a success."""
        self.at_work = 0
        self.most_at_work = 0
        """Jobs that were under way at once."""
        self.jobs: dict[str, tuple[str, int]] = {}

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def snapshot(self, url: str) -> str:
        return f"{self.base}/web/{STAMP}/{url}"


class _Clerk(BaseHTTPRequestHandler):
    server: Keeper

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.credentials.append(self.headers["authorization"])
        self.server.agents.append(self.headers["user-agent"])
        if self.server.refuses:
            return self._send(*self.server.refuses, b"Too many requests, please slow down")
        [url] = parse_qs(sent)["url"]
        self.server.asked.append(url)
        job = f"spn2-{len(self.server.asked):08}"
        self.server.jobs[job] = (url, 0)
        self.server.at_work += 1
        self.server.most_at_work = max(self.server.most_at_work, self.server.at_work)
        if self.headers["authorization"]:
            return self._send(200, {}, json.dumps({"url": url, "job_id": job}).encode())
        page = f"<html><script>spn.watchJob('{job}', '/save/_embed/', 6000);</script></html>"
        return self._send(200, {"content-type": "text/html"}, page.encode())

    def do_GET(self) -> None:
        self.server.questions += 1
        if self.server.refuses:
            return self._send(*self.server.refuses, b"")
        job = self.path.rpartition("/")[2]
        if job not in self.server.jobs:
            return self._send(404, {}, b"{}")
        url, told = self.server.jobs[job]
        self.server.jobs[job] = (url, told + 1)
        if told < self.server.pending_answers:
            return self._send(200, {}, json.dumps({"status": "pending", "job_id": job}).encode())
        self.server.at_work -= 1
        success = {"status": "success", "job_id": job, "original_url": url, "timestamp": STAMP}
        return self._send(200, {}, json.dumps(self.server.outcomes.get(url, success)).encode())

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def open_keeper() -> Iterator[Keeper]:
    """Run such an archive in a thread of its own."""
    server = Keeper()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
