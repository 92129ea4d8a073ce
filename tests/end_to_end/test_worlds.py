"""Real pages, through the news web that lies beside the checkout."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest

from archive.archive import Archive
from archive.check_writer import write_checks
from archive.records import Capture, Check
from crawler.extraction.extract import extract_article
from pipelines.dedup.copies import compare_texts
from pipelines.policies import archive_policies
from pipelines.stages import run_stages

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
    truths = [
        json.loads(line)
        for line in (shared / "newsweb/worlds/seeds/truth.jsonl").open(encoding="utf-8")
    ]
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

    copies = {truth["copy_kind"]: rows[truth["url"]] for truth in truths if "copy_kind" in truth}
    wire = rows[truths[1]["url"]]
    kinds = {kind: compare_texts(copy["text"], wire["text"]).kind for kind, copy in copies.items()}
    assert kinds == {"whole": "copy", "truncated": "excerpt", "contained": "extends"}
    ids = [wire["id"], *(copy["id"] for copy in copies.values())]
    assert (
        len(run.column("SELECT DISTINCT original_id FROM originals WHERE id IN (?, ?, ?, ?)", *ids))
        == 1
    )

    direct.open(f"{seeds}/stats?reset=1")
    run.crawl()
    asked = json.load(direct.open(f"{seeds}/stats"))["asked"]
    assert not [kind for kind in asked if kind.startswith("page")]


def test_captures_of_one_url_make_two_articles_only_where_they_are_of_two(shared, tmp_path):
    corpus = shared / "corpus" / "dev"
    pages = {
        page["id"]: page
        for page in map(json.loads, (corpus / "manifest.jsonl").open(encoding="utf-8"))
    }
    pairs = [json.loads(line) for line in (corpus / "same_url.jsonl").open(encoding="utf-8")]
    assert pairs
    with Archive(tmp_path) as archive:
        for pair in pairs:
            looks = [look(pages[id], pair["url"], corpus) for id in pair["ids"]]
            outcomes = write_checks(archive, looks, archive_policies())
            kept = [
                look.article
                for look, outcome in zip(looks, outcomes, strict=True)
                if outcome == "new"
            ]
            told = [
                (article.canonical_url or article.addresses.get("json-ld"), article.text[:80])
                for article in kept
            ]
            # the corpus has some other articles under one URL
            assert len(set(told)) == len(kept), (pair, outcomes)
            assert len({text for _, text in told}) == len(kept), (pair, outcomes)


def look(page, url: str, corpus: Path) -> Check:
    """A page of the corpus as a crawl would hand it over."""
    body = gzip.decompress((corpus / page["html_path"]).read_bytes())
    capture = Capture(url, body, fetched_at="2026-11-01T00:00:00Z")
    article = extract_article(capture)
    check = Check(capture.url, "new", capture.fetched_at, capture=capture, digest=capture.digest)
    if article.page_type != "article":
        return run_stages(replace(check, outcome="not article"))
    return run_stages(replace(check, article=article))
