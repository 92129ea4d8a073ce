"""Who ran whose text, what was changed, and the pages out and in: from a crawl to what a reader
sees."""

from __future__ import annotations

import gzip
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from demo.web import Outlet, Revision, load_world, serve
from pipelines.dedup.copies import compare_texts
from tests.paths import WORLD
from tests.stories import NOW, outlet, page, story, world

WIRE = "http://meridian.example/dispatch/10447/tavresk-recalls-envoy-from-santa-lirio"
URL = "http://harbour.example/news/1001-ferry-landing"


def changed_once(**revision: object) -> Outlet:
    at = NOW + timedelta(hours=2)
    return outlet(pages=(replace(page(1), revisions=(Revision(at, **revision),)),))  # type: ignore[arg-type]


def test_a_wire_story_run_whole_cut_and_inside_a_longer_piece_is_told_as_such(dateline):
    with serve(load_world(WORLD)) as web:
        run = dateline(web)
        run.knows("meridian.example", "courier.example", "brackwater.example", "abs.example")
        run.crawl()
    rows = {row["url"]: row for row in run.rows("SELECT id, url, text FROM articles")}
    ids = {url: row["id"] for url, row in rows.items()}
    expected = {
        "http://courier.example/2026/03/06/drevna-calls-its-ambassador-home": {"copy", "identical"},
        "http://brackwater.example/story.asp?id=30142": {"excerpt"},
        "http://abs.example/news/world/65188204": {"extends"},
    }
    for url, kinds in expected.items():
        assert compare_texts(rows[url]["text"], rows[WIRE]["text"]).kind in kinds, url
        assert run.column(
            "SELECT 1 FROM relations WHERE kind <> 'overlap' AND ? IN (article_id, other_id)",
            ids[url],
        )
    originals = run.column(
        "SELECT DISTINCT original_id FROM originals WHERE id IN (?, ?, ?, ?)",
        ids[WIRE],
        *map(ids.get, expected),
    )
    assert originals == [ids[WIRE]]
    assert run.column("SELECT other_outlets FROM originals WHERE id = ?", ids[WIRE]) == [3]


def test_a_text_that_an_outlet_changes_in_silence_is_a_stealth_revision_and_can_be_read(dateline):
    told = f"{story(1)}\n\nThe mole will be lit at night."
    with serve(world(changed_once(headline="Ferry landing stays", text=told)), now=NOW) as web:
        run = dateline(web)
        run("crawl", URL, "--delay", "0")
        web.now = NOW + timedelta(hours=3)
        run("crawl", URL, "--delay", "0")
        run("crawl", URL, "--delay", "0")
    rows = run.rows("SELECT number, kinds, stealth, headline FROM revisions ORDER BY number")
    assert [(row["number"], row["kinds"], row["stealth"]) for row in rows] == [
        (1, "[]", 0),
        (2, '["headline", "body"]', 1),
    ]
    assert run.column("SELECT outcome FROM fetches ORDER BY id") == ["new", "changed", "unchanged"]
    shown = run("diff", URL).stdout
    assert "stays" in shown
    assert "mole" in shown
    assert run.column("SELECT headline FROM articles") == ["Ferry landing stays"]
    assert "<ins>" in run("diff", "1", "--html").stdout


def test_most_of_a_text_gone_is_held_until_a_second_look_says_the_same(dateline):
    with serve(world(changed_once(text=story(1).split("\n\n")[0])), now=NOW) as web:
        run = dateline(web)
        run("crawl", URL, "--delay", "0")
        web.now = NOW + timedelta(hours=3)
        run("crawl", URL, "--delay", "0", code=None)
        after_one = run.column("SELECT text FROM articles")[0]
        run("crawl", URL, "--delay", "0", code=None)
    assert after_one.split() == story(1).split()
    assert run.column("SELECT count(*) FROM revisions") in ([0], [2])


def test_articles_are_looked_at_again_when_their_turn_has_come_and_only_if_asked(dateline):
    today = datetime.now(UTC)
    pages = tuple(page(number, published=today - timedelta(hours=number)) for number in (1, 2, 3))
    with serve(world(outlet(pages=pages)), now=today) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
        assert all(
            run.column(
                "SELECT due_at > fetched_at FROM urls WHERE article_id IS NOT NULL AND fetched_at IS NOT NULL"
            )
        )
        db = sqlite3.connect(run.folder / "archive.db")
        db.execute("UPDATE urls SET due_at = '2020-01-01T00:00:00Z' WHERE url = ?", (URL,))
        db.commit()
        db.close()
        web.requests.clear()
        run.crawl()
        assert not [url for url in web.asked() if "/news/" in url]
        run.crawl("--recheck")
        again = [request for request in web.requests if "/news/" in request.path]
    assert [(request.url, request.conditional, request.status) for request in again] == [
        (URL, True, 304)
    ]
    assert run.column("SELECT due_at > '2020-02-01' FROM urls WHERE url = ?", URL) == [1]


def test_pages_that_are_kept_can_be_read_anew_without_making_revisions(dateline):
    with serve(world(outlet(many=3))) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
    db = sqlite3.connect(run.folder / "archive.db")
    db.execute(
        "UPDATE articles SET byline = 'as an older reader saw it', extractor = 'older' WHERE id = 2"
    )
    db.commit()
    db.close()
    told = run("extract", "--all").stdout
    assert told.splitlines()[0] == "3 pages read, 1 articles changed"
    assert run.column("SELECT byline FROM articles WHERE id = 2") != ["as an older reader saw it"]
    assert run.column("SELECT count(*) FROM revisions") == [0]


def test_pages_go_out_as_warc_and_come_in_again(dateline, tmp_path):
    """One of them has no date of its own: the feed gave it, and the file remembers that."""
    bare = "".join(f"<p>{paragraph}</p>" for paragraph in story(4).split("\n\n"))
    undated = page(4, body=f"<html><body><article>{bare}</article></body></html>".encode())
    pages = (*(page(number) for number in range(1, 4)), undated)
    with serve(world(outlet(pages=pages))) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
    warc = tmp_path / "pages.warc.gz"
    run("export", "--warc", "-o", warc)
    assert gzip.decompress(warc.read_bytes()).startswith(b"WARC/1.1")
    first = run.rows(
        "SELECT url, headline, text, published_at, fetched_at FROM articles ORDER BY url"
    )
    run.folder = tmp_path / "second"
    assert run("import", warc).stdout.strip() == "4 new"
    again = run.rows(
        "SELECT url, headline, text, published_at, fetched_at FROM articles ORDER BY url"
    )
    assert [tuple(row) for row in again] == [tuple(row) for row in first]
    assert all(row["headline"] and row["published_at"] for row in first)
    assert run("import", warc).stdout.strip() == "nothing to import"
    assert run("import", "--again", warc).stdout.strip() == "4 unchanged"
    assert run.column("SELECT count(*) FROM articles") == [4]


def test_a_page_that_was_changed_in_its_warc_is_reported_and_kept_apart(dateline, tmp_path):
    with serve(world(outlet(many=2))) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
    run("export", "--warc", "-o", tmp_path / "pages.warc.gz")
    recorded = gzip.decompress((tmp_path / "pages.warc.gz").read_bytes())
    changed = tmp_path / "changed.warc"
    changed.write_bytes(recorded.replace(b"<p>", b"<P>", 1))
    run.folder = tmp_path / "second"
    told = run("import", changed, code=None)
    assert "digest" in told.stderr
    assert run.column("SELECT count(*) FROM articles") == [1]
    assert run.column("SELECT outcome FROM fetches ORDER BY outcome") == ["failed", "new"]
    captures = (
        sqlite3.connect(run.folder / "captures.db")
        .execute("SELECT count(*) FROM captures")
        .fetchone()
    )
    assert captures == (2,)
