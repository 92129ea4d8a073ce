"""The program of a fetch process: a Scrapy process on a worker that fetches shares of hosts.

It ends itself, with its readers, when its worker is gone (standard input closes), when no orders
have come for the time of its lease, and at its deadline. So the driver knows when a share is free
again, however a worker was lost. Orders come on standard input, answers go to standard output, and
both are pickled frames (`crawler.cluster.fetching.share_frames`).
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from queue import SimpleQueue
from typing import IO, Any, NoReturn

from crawler.cluster.fetching.host_shares import FetchAnswer, ShareNews, ShareOrders, ShareSetup
from crawler.cluster.fetching.share_frames import OVERDUE_REMARK, read_frame, write_frame

MAX_UNSENT_BYTES = 8 * 1024 * 1024
"""Bytes of answers that wait for the driver, beyond which no further request is begun."""
LEASE_CHECK_SECONDS = 0.5
ROOM_CHECK_SECONDS = 0.1
SETTINGS_OF_A_SHARE: dict[str, Any] = {
    "ITEM_PIPELINES": {},
    "EXTENSIONS": {},
    "SPIDER_MIDDLEWARES": {"crawler.session.plain_spiders.PlainItemMiddleware": None},
    "ADDONS": {},
    "LOG_LEVEL": "WARNING",
    "LOG_FILE": None,
    "HTTPERROR_ALLOW_ALL": True,
}
"""Scrapy's settings that differ from those of a crawl."""


class ShareLink:
    """The connection of a fetch process to its driver, served by threads."""

    def __init__(self, orders: IO[bytes], answers: IO[bytes], setup: ShareSetup) -> None:
        self._orders, self._answers = orders, answers
        self._lease_seconds = setup.lease_seconds
        self._renewed_at = time.monotonic()
        self._deadline = self._renewed_at + setup.seconds
        self._inbox: deque[ShareOrders] = deque()
        self._arrived = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unsent: SimpleQueue[bytes | None] = SimpleQueue()
        self._unsent_bytes = 0
        self._lock = threading.Lock()
        self._writer = threading.Thread(target=self._write_answers, name="answers", daemon=True)

    def open(self) -> None:
        """Begin to listen."""
        self._writer.start()
        for target in (self._read_orders, self._watch_lease):
            threading.Thread(target=target, name=target.__name__, daemon=True).start()

    async def next_orders(self) -> ShareOrders:
        """Wait for the next orders."""
        self._loop = asyncio.get_running_loop()
        while not self._inbox:
            self._arrived.clear()
            if not self._inbox:  # none arrived in the meantime
                await self._arrived.wait()
        return self._inbox.popleft()

    async def wait_for_room(self) -> None:
        """Wait until the driver has taken most of the answers."""
        while self._unsent_bytes > MAX_UNSENT_BYTES:
            await asyncio.sleep(ROOM_CHECK_SECONDS)

    def send(self, message: FetchAnswer | ShareNews) -> None:
        """Send a message to the driver."""
        content = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        with self._lock:
            self._unsent_bytes += len(content)
        self._unsent.put(content)

    def close(self) -> None:
        """Wait until all messages are sent."""
        self._unsent.put(None)
        self._writer.join()

    # -- the threads -------------------------------------------------------------------------------

    def _read_orders(self) -> None:
        """Take orders until standard input closes, as the worker is gone then."""
        while (content := read_frame(self._orders)) is not None:
            self._renewed_at = time.monotonic()
            self._inbox.append(pickle.loads(content))  # noqa: S301  from the driver
            if self._loop:
                self._loop.call_soon_threadsafe(self._arrived.set)
        end_process_group()

    def _watch_lease(self) -> None:
        """End the process when its lease is over, or its time."""
        while True:
            time.sleep(LEASE_CHECK_SECONDS)
            now = time.monotonic()
            if now > self._renewed_at + self._lease_seconds:
                end_overdue(f"no orders came for {self._lease_seconds:g} s")
            if now > self._deadline:
                end_overdue("its time was over")

    def _write_answers(self) -> None:
        """Write messages at the pace of the reader at the other end."""
        while (content := self._unsent.get()) is not None:
            try:
                write_frame(self._answers, content)
            except OSError:
                end_process_group()
            with self._lock:
                self._unsent_bytes -= len(content)


def end_process_group() -> NoReturn:
    """End this process and its readers at once; no request leaves afterwards."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def end_overdue(reason: str) -> NoReturn:
    """End this process and its readers, and leave the reason for the worker, if it is there."""
    with suppress(OSError):
        os.write(2, f"{OVERDUE_REMARK}{reason}\n".encode())
    end_process_group()


def share_settings(setup: ShareSetup) -> Any:
    """Return Scrapy's settings for a fetch process."""
    from scrapy.settings import Settings

    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.update(SETTINGS_OF_A_SHARE, priority="cmdline")
    settings.update(dict(setup.settings), priority="cmdline")
    middlewares = dict(settings["DOWNLOADER_MIDDLEWARES"])
    # before robots.txt is read, as that is a request as well
    middlewares["crawler.cluster.fetching.share_spider.ShareBoundsMiddleware"] = 50
    settings.set("DOWNLOADER_MIDDLEWARES", middlewares, priority="cmdline")
    return settings


def run_share_process(orders: IO[bytes], answers: IO[bytes]) -> None:
    """Fetch what is ordered, until an order ends it."""
    first = read_frame(orders)
    if first is None:
        return
    setup: ShareSetup = pickle.loads(first)  # noqa: S301  from the driver
    if setup.now:
        os.environ["DATELINE_NOW"] = setup.now
    link = ShareLink(orders, answers, setup)
    link.open()
    from scrapy.crawler import AsyncCrawlerProcess

    from crawler.cluster.fetching.share_spider import ShareSpider
    from crawler.workers import fork_server

    fork_server.start_fork_server()
    process = AsyncCrawlerProcess(share_settings(setup))
    crawl = process.crawl(
        ShareSpider, link=link, readers=setup.readers, keeps_robots=setup.keeps_robots
    )
    process.start(install_signal_handlers=False)
    link.close()
    crawl.result()  # raises what was raised while it was set up


if __name__ == "__main__":
    answer_pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    run_share_process(sys.stdin.buffer, answer_pipe)
    sys.stderr.flush()
    os._exit(0)  # the threads that wait for orders do not end by themselves
