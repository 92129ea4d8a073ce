"""Spiders of users, run by Scrapy: generated ones, those of a package, and plain ones."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.storage.lock import hold_crawl_lock
from demo.strangers import Answer, stranger
from tests.conftest import Dateline
from tests.end_to_end.test_hostile_web import html
from tests.extensions import install_package, write_guide_files
from tests.paths import ROOT
from tests.patience import patient
from tests.terminals import on_a_terminal

NEWS = "http://gazette.example"
HIDDEN_CURSOR = "\x1b[?25l"
"""What a terminal gets before a line is drawn again and again."""
INDEX = b"""<html lang="en"><h1>News</h1><article><a href="/1">One</a></article>
<h2><a href="http://gazette.example/2">Two</a></h2><a href="/about">About</a>
<h3><a href="mailto:desk@gazette.example">Write to us</a></h3></html>"""
STORIES = b"""<ul><li class="story"><a href="/1">One</a></ul><a class="older" href="/older.html">Older</a>"""
OLDER = b"""<ul><li class="story"><a href="/2">Two</a></ul><a class="older" href="/gone.html">Older</a>
<a class="older" href="/index.html">First</a>"""
BULLETINS = [
    {
        "link": "/bulletins/1",
        "title": "The bridge is closed",
        "date": "12 March 2026",
        "paragraphs": ["The council has closed the bridge.", "It will open again in May."],
    },
    {"link": "/bulletins/2", "title": "Nothing else", "date": "soon", "paragraphs": []},
    {"link": "ftp://council.example/3", "title": "Files", "date": "", "paragraphs": ["Old files."]},
]


def scrapy(run: Dateline, path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Scrapy as a user does, with the settings named and modules in a folder."""
    ran = subprocess.run(
        [sys.executable, "-m", "scrapy", *words],
        env=run.environ()
        | {"PYTHONPATH": f"{ROOT}:{path}", "SCRAPY_SETTINGS_MODULE": "crawler.settings"},
        cwd=path,
        capture_output=True,
        text=True,
        check=False,
        timeout=patient(100),
    )
    assert "Traceback" not in ran.stderr, ran.stderr
    return ran


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the guide, installed; its outlets answer without encryption."""
    folder = tmp_path_factory.mktemp("tools")
    write_guide_files(folder)
    source = folder / "gazette-tools"
    for module in source.glob("gazette_tools/*.py"):
        module.write_text(module.read_text("utf-8").replace("https://", "http://"), "utf-8")
    install_package(source)
    return source


def on(web: str, folder: Path) -> Dateline:
    return Dateline(folder / "archive", None, {"http_proxy": web, "https_proxy": web})


def lines_with(words: str, text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if words in line)


def test_a_generated_spider_archives_what_a_page_lists_and_fetches_it_once(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "__init__.py").touch()
    ours = ("-s", "NEWSPIDER_MODULE=mine", "-s", "SPIDER_MODULES=mine", "-s", "DOWNLOAD_DELAY=0")
    pages = {
        f"{NEWS}/news": Answer(200, INDEX),
        **{f"{NEWS}/{number}": html(number) for number in (1, 2)},
    }
    with stranger(pages) as there:
        run = on(there.url, tmp_path)
        made = scrapy(run, tmp_path, "genspider", *ours, "gazette", f"{NEWS}/news")
        assert "mine.gazette" in made.stdout
        first = scrapy(run, tmp_path, "crawl", *ours, "gazette")
        assert first.returncode == 0, first.stderr
        assert there.asked[0] == f"{NEWS}/robots.txt"
        assert sorted(there.asked[1:]) == [f"{NEWS}/1", f"{NEWS}/2", f"{NEWS}/news"]
        there.asked.clear()
        scrapy(run, tmp_path, "crawl", *ours, "gazette")
        assert there.asked == [f"{NEWS}/robots.txt", f"{NEWS}/news"]
    assert run.column("SELECT url FROM articles ORDER BY url") == [f"{NEWS}/1", f"{NEWS}/2"]
    assert run.column("SELECT DISTINCT via FROM urls WHERE article_id IS NOT NULL") == ["link"]
    assert run.column("SELECT state FROM crawls") == ["finished"] * 2


def test_a_spider_of_a_package_follows_further_listings_and_says_which_did_not_come(
    tools: Path, tmp_path: Path
) -> None:
    pages = {
        f"{NEWS}/index.html": Answer(200, STORIES),
        f"{NEWS}/older.html": Answer(200, OLDER),
        **{f"{NEWS}/{number}": html(number) for number in (1, 2)},
    }
    with stranger(pages) as there:
        run = on(there.url, tmp_path)
        ran = scrapy(run, tools, "crawl", "gazette", "-s", "DOWNLOAD_DELAY=0")
        assert len(there.asked) == len(set(there.asked)), "each listing is fetched once"
    assert f"{NEWS}/gone.html: HTTP 404" in ran.stderr
    assert run.column("SELECT url FROM articles ORDER BY url") == [f"{NEWS}/1", f"{NEWS}/2"]


def test_items_of_a_plain_spider_become_articles_or_are_refused_by_the_missing_field(
    tools: Path, tmp_path: Path
) -> None:
    listed = Answer(200, json.dumps(BULLETINS).encode(), {"Content-Type": "application/json"})
    with stranger({"http://council.example/bulletins.json": listed}) as there:
        run = on(there.url, tmp_path)
        ran = scrapy(run, tools, "crawl", "bulletins")
        assert there.asked[0] == "http://council.example/robots.txt"
    (article,) = run.rows("SELECT * FROM articles")
    assert article["url"] == "http://council.example/bulletins/1"
    assert article["headline"] == "The bridge is closed"
    assert (article["published_at"], article["published_raw"]) == ("2026-03-12", "12 March 2026")
    assert article["text"].splitlines() == BULLETINS[0]["paragraphs"]
    assert article["fingerprint"]
    refused = list(lines_with("is refused", ran.stderr))
    assert len(refused) == 2
    where = "an item of http://council.example/bulletins.json is refused:"
    assert f"{where} needs `text`" in refused[0]
    assert f"{where} the address 'ftp://council.example/3' does not begin with http" in refused[1]
    assert "items archived: 2 refused, 1 new" in ran.stderr
    assert run.column("SELECT state FROM crawls") == ["finished"]
    assert run.column("SELECT outcome FROM fetches") == ["new"]


class ScrapyCrawl(Dateline):
    """`scrapy crawl` in place of `dateline`, with the modules of a folder."""

    def command(self, *words: object) -> list[str]:
        return [sys.executable, "-m", "scrapy", "crawl", *map(str, words)]


def test_a_plain_spider_draws_no_progress_line_on_a_terminal(tools: Path, tmp_path: Path) -> None:
    listed = Answer(200, json.dumps(BULLETINS).encode(), {"Content-Type": "application/json"})
    with stranger({"http://council.example/bulletins.json": listed}) as there:
        ours = {"PYTHONPATH": f"{ROOT}:{tools}", "SCRAPY_SETTINGS_MODULE": "crawler.settings"}
        proxies = {"http_proxy": there.url, "https_proxy": there.url}
        run = ScrapyCrawl(tmp_path / "archive", None, proxies | ours)
        shown = on_a_terminal(run, "", "bulletins", term="xterm", columns=200, folder=tools)
    assert HIDDEN_CURSOR not in shown, "nothing is drawn over the log"
    assert "Traceback" not in shown
    assert "items archived: 2 refused, 1 new" in shown


@pytest.mark.parametrize("spider", ["bulletins", "gazette"])
def test_an_archive_that_another_crawl_holds_ends_scrapy_in_one_line(
    tools: Path, tmp_path: Path, spider: str
) -> None:
    run = on("http://127.0.0.1:9", tmp_path)
    with hold_crawl_lock(run.folder):
        ran = scrapy(run, tools, "crawl", spider)
    assert ran.returncode == 75
    (line,) = lines_with("dateline: ", ran.stderr)
    assert "a crawl is running here already" in line


def test_scrapys_shell_and_fetch_show_a_page_and_make_no_archive(tmp_path: Path) -> None:
    with stranger({f"{NEWS}/news": Answer(200, INDEX)}) as there:
        run = on(there.url, tmp_path)
        links = "response.css('article a::attr(href)').getall()"
        shown = scrapy(run, tmp_path, "shell", "-c", links, f"{NEWS}/news")
        assert shown.stdout.strip() == "['/1']"
        assert there.asked[0] == f"{NEWS}/robots.txt"
        fetched = scrapy(run, tmp_path, "fetch", "--nolog", f"{NEWS}/news")
        assert "<h1>News</h1>" in fetched.stdout
        refused = scrapy(run, tmp_path, "shell", "-c", "response", "ftp://inside.example/")
        assert refused.stdout.strip() == "None"
    assert not run.folder.exists()
