"""One rule of identity for every way in: pages are the same articles crawled, saved, as WARC and as
JSON lines."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from archive.storage.captures import CaptureStore
from crawler.jobs.import_files import import_files
from demo.web import Outlet, Page, World, serve
from pipelines.urls import own_url
from tests.conftest import Dateline
from tests.end_to_end.test_identity import DIVERS, HEADLINE
from tests.reading_room import BUDGET, PIER, html
from tests.stories import NOW, story

HOST = "courier.example"
SITE = f"http://{HOST}"
OLD = "/news/grain-pier-to-shut-for-eleven-weeks"
OTHER = "/news/council-of-ravnsborg-approves-the-budget"
HOME = f'<link rel="canonical" href="{SITE}/">'


def paragraphs(number: int) -> list[str]:
    return story(number).split("\n\n")


def og(path: str) -> str:
    return f'<meta property="og:url" content="{SITE}{path}">'


def put(path: str, page: str) -> Page:
    return Page(path, body=page.encode(), listed=False)


def misnamed(
    path: str, headline: str, number: int, head: str, canonical: str | None = None
) -> Page:
    return put(path, html(paragraphs(number), headline, canonical, head))


FIRST, SECOND = "/news/first-of-two-with-the-home-page", "/news/second-of-two-with-the-home-page"
THIRD, FOURTH = "/news/third-and-with-two-canonicals", "/news/fourth-and-named-after-a-section"
PAGES = (
    put(OLD, html(PIER, canonical=SITE + OLD)),
    put(f"{OLD}?page=2", html(DIVERS, canonical=SITE + OLD)),
    misnamed(FIRST, "One", 1, HOME + og(FIRST)),
    misnamed(SECOND, "Two", 2, HOME + og(SECOND)),
    put(
        THIRD,
        html(paragraphs(3), "Three", canonical=SITE + THIRD).replace("<title>", f"{HOME}<title>"),
    ),
    misnamed(FOURTH, "Four", 4, f'<link rel="canonical" href="{SITE}/news/">{og(FOURTH)}'),
    put(OTHER, html(BUDGET, HEADLINE, canonical=SITE + OTHER)),
)
MOVED = Page(OLD, status=301, headers={"Location": OTHER}, listed=False)


def articles(run: Dateline) -> list[tuple[str, ...]]:
    return [
        tuple(row)
        for row in run.rows("SELECT headline, text FROM articles ORDER BY headline, text")
    ]


def save(run: Dateline, folder: Path) -> list[Path]:
    """The pages of an archive as files, one a capture."""
    folder.mkdir()
    captures = CaptureStore(run.folder / "captures.db")
    files = []
    for number, row in enumerate(
        captures.connection.execute("SELECT digest FROM captures ORDER BY id")
    ):
        files.append(folder / f"{number}.html")
        files[-1].write_bytes(captures.body(row["digest"]) or b"")
    captures.close()
    return files


@pytest.mark.timeout(600)  # it runs half a dozen commands
def test_the_same_pages_are_the_same_articles_whichever_way_they_came(dateline, tmp_path):
    outlet = Outlet(HOST, "The Courier", pages=PAGES, feed=None, sitemap=None)
    with serve(World((outlet,), NOW), now=NOW) as web:
        run = dateline(web)
        run("crawl", "--delay", "0", *(SITE + page.path for page in PAGES))
        web.outlets[HOST] = replace(outlet, pages=(MOVED, *PAGES[1:]))
        run("crawl", "--delay", "0", SITE + OLD)
    crawled = articles(run)
    assert len(crawled) == len(PAGES)
    assert run.column("SELECT count(*) FROM revisions") == [0]
    assert run.column("SELECT url FROM urls WHERE leads_to IS NOT NULL") == [SITE + OLD], [
        tuple(row)
        for row in run.rows("SELECT url_id, outcome, status, reason, final_url FROM fetches")
    ]
    run("export", "--warc", "-o", tmp_path / "pages.warc.gz")
    run("export", "-o", tmp_path / "articles.jsonl")
    addresses = run.column("SELECT url FROM articles ORDER BY url")
    ways = {
        "warc": [tmp_path / "pages.warc.gz"],
        "lines": [tmp_path / "articles.jsonl"],
        "saved": save(run, tmp_path / "saved"),
    }
    for name, files in ways.items():
        other = Dateline(tmp_path / f"by {name}")
        for _ in range(2 if name != "saved" else 1):  # a second time it brings nothing
            assert not import_files(other.folder, files, None).mistakes
        assert articles(other) == crawled, name
        assert other.column("SELECT count(*) FROM revisions") == [0], name
        if name != "saved":  # a saved page 2 does not say its own address
            assert other.column("SELECT url FROM articles ORDER BY url") == addresses
    warc = Dateline(tmp_path / "by warc")
    shown = warc("show", SITE + OLD).stdout
    assert re.search(r"leads to +article \d+ now", shown)
    assert "gribble" in shown


def test_a_saved_page_that_names_nothing_but_a_front_page_is_refused_in_a_line(dateline, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(html(PIER, head=HOME), encoding="utf-8")
    run = dateline()
    told = run("import", page, code=None)
    assert told.returncode != 0
    assert f"the page states the URL {SITE}/, which is a front or section page" in told.stderr
    assert run("import", page, "--url", SITE + OLD).stdout.strip() == "1 new"


def test_lines_of_two_articles_under_one_address_are_both_kept(dateline, tmp_path):
    lines = tmp_path / "two.jsonl"
    texts = ("\\n".join(PIER).replace('"', "'"), "\\n".join(BUDGET).replace('"', "'"))
    lines.write_text(
        "\n".join(
            f'{{"url": "{SITE}{OLD}", "headline": "{headline}", "text": "{text}",'
            f' "fetched_at": "2026-03-1{day}T09:00:00Z"}}'
            for day, (headline, text) in enumerate(
                zip(("Grain pier to shut", HEADLINE), texts, strict=True)
            )
        ),
        encoding="utf-8",
    )
    run = dateline()
    assert run("import", lines).stdout.strip() == "2 new"
    assert run("import", lines).stdout.strip() == "2 unchanged"
    db = sqlite3.connect(run.folder / "archive.db")
    assert db.execute(
        "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH 'gribble'"
    ).fetchone() == (1,)
    db.close()


@pytest.mark.parametrize(
    ("canonical", "others", "own"),
    [
        (f"{SITE}/", {"og:url": f"{SITE}{OLD}"}, f"{SITE}{OLD}"),
        (f"{SITE}/en/", {"og:url": f"{SITE}{OLD}"}, f"{SITE}{OLD}"),
        (f"{SITE}/news/", {"json-ld": f"{SITE}{OLD}"}, f"{SITE}{OLD}"),
        (f"{SITE}{OLD}", {"og:url": f"{SITE}/"}, f"{SITE}{OLD}"),
        (f"{SITE}/", {"og:url": f"{SITE}/"}, None),
        (f"{SITE}/", {}, None),
        (f"{SITE}/news", {}, None),
        (None, {"amphtml": f"{SITE}{OLD}/amp"}, None),
        (None, {}, None),
        (f"{SITE}/news/ferry", {"og:url": f"{SITE}/news/ferry"}, f"{SITE}/news/ferry"),
        (f"{SITE}/?p=1234", {}, f"{SITE}/?p=1234"),
        ("mailto:desk@courier.example", {"og:url": f"{SITE}{OLD}"}, f"{SITE}{OLD}"),
        (
            None,
            {"og:url": "https://m.courier.example/2026/03/03/pier"},
            "https://m.courier.example/2026/03/03/pier",
        ),
    ],
)
def test_what_a_page_calls_itself_is_judged_alike_wherever_it_lies(
    canonical: str | None, others: dict[str, str], own: str | None
):
    assert own_url(canonical, others) == own
