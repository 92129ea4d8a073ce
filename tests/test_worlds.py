"""Real pages, through the news web that lies beside the checkout."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest

pytestmark = pytest.mark.shared
direct = build_opener(ProxyHandler({}))


@pytest.fixture
def seeds(shared: Path) -> Iterator[str]:
    """The address of the web with the two founding pages."""
    folder = shared / "newsweb"
    command = [sys.executable, folder / "newsweb.py", folder / "worlds" / "seeds", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    yield re.findall(r"http://127\.0\.0\.1:\d+", server.stdout.readline())[0]
    server.kill()
    server.wait()


def test_the_founding_pages_are_read_to_the_word(dateline, seeds, shared):
    truths = [json.loads(line) for line in (shared / "newsweb/worlds/seeds/truth.jsonl").open(encoding="utf-8")]
    run = dateline(http_proxy=seeds)
    hosts = json.load(direct.open(f"{seeds}/hosts"))
    run("outlet", "add", *hosts)
    run.crawl()
    rows = {row["url"]: row for row in run.rows("SELECT * FROM articles")}
    assert set(rows) == {truth["url"] for truth in truths}
    for truth in truths[:2]:
        row = rows[truth["url"]]
        assert row["text"].split() == truth["text"].split()
        assert row["headline"] == truth["title"]
        assert json.loads(row["authors"]) == truth["authors"]
        assert (row["published_at"] or "")[:10] == (truth["date"] or "")
    assert [rows[truth["url"]]["agency"] for truth in truths[:2]] == [None, "AP"]

    direct.open(f"{seeds}/stats?reset=1")
    run.crawl()
    asked = json.load(direct.open(f"{seeds}/stats"))["asked"]
    assert not [kind for kind in asked if kind.startswith("page")]
