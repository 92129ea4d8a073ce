"""Alerts are sent after the crawl that found the news, once, whenever it is killed."""

from __future__ import annotations

import os
import re
import signal

from demo.web import serve
from tests.desk import open_desk
from tests.patience import until
from tests.stories import outlet, page, world


def test_a_crawl_killed_while_it_fetches_or_sends_loses_no_news_and_repeats_none(dateline) -> None:
    pages = tuple(page(number, delay=0.2) for number in range(1, 7))
    with serve(world(outlet(pages=pages))) as web, open_desk() as desk:
        run = dateline(web, no_proxy="127.0.0.1", DATELINE_BATCH="1")
        run.knows()
        run("notify", "add", "search:the", desk.hook)
        fetching = run.start("crawl", "--since", "2000-01-01", "--delay", "0")
        until(lambda: run.column("SELECT 1 FROM articles"))
        os.killpg(fetching.pid, signal.SIGKILL)
        fetching.wait()
        assert desk.knocks == 0
        desk.open.clear()
        sending = run.start("crawl", "--since", "2000-01-01", "--delay", "0")
        until(lambda: desk.knocks or sending.poll() is not None)
        os.killpg(sending.pid, signal.SIGKILL)
        sending.wait()
        assert run.column("SELECT count(*) FROM alert_deliveries") != [0]
        desk.messages.clear()  # of a sender that was killed before the answer
        desk.open.set()
        until(lambda: len(desk.messages) == desk.knocks)
        desk.messages.clear()
        run("crawl", "--due", "--delay", "0")
        run("crawl", "--due", "--delay", "0")
        sent = "".join(message["message"] for message in desk.messages)
    urls = run.column("SELECT url FROM articles ORDER BY url")
    assert len(urls) == len(pages)
    assert sorted(re.findall(r"http://\S+", sent)) == urls
