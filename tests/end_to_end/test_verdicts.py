"""A person's word on a story's page: it counts at once where `dateline serve` shows the archive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest

from demo.web import serve
from tests.conftest import Dateline
from tests.crawler.spiders.test_story_spider import BOAT, CRACKS, DRILL, FREE, MINE, START
from tests.end_to_end.test_investigate import world
from tests.servers import running_server


@pytest.fixture
def run(dateline) -> Iterator[Dateline]:
    """An archive of three outlets that follows a story."""
    with serve(world()) as web:
        run = dateline(web)
        run.knows("harbour.example", "ridge.example", "courier.example")
        run.crawl()
        run("follow", START, "--name", "mine")
        yield run


class Reader:
    """Somebody who is signed in, with a browser."""

    def __init__(self, browser: OpenerDirector, address: str) -> None:
        self.browser, self.page = browser, f"{address}archive/-/story/mine"

    def says(self, word: str, article_id: int) -> str:
        """Press a button; what the page says then."""
        shown = self.browser.open(self.page).read().decode()
        token = re.search(r'name="csrftoken" value="([^"]*)"', shown)
        form = {"article": article_id, "word": word, "csrftoken": token[1] if token else ""}
        return self.browser.open(f"{self.page}/verdict", urlencode(form).encode()).read().decode()


def signed_in(run: Dateline, command: list[str]) -> Iterator[Reader]:
    environ = run.environ() | {"no_proxy": "127.0.0.1"}
    with running_server([*command, "--root"], environ) as server:
        browser = build_opener(HTTPCookieProcessor(CookieJar()))
        browser.open(server.printed(r"\S+auth-token\S+")).close()
        yield Reader(browser, server.address + "/")


@pytest.fixture
def reader(run: Dateline) -> Iterator[Reader]:
    yield from signed_in(run, run.command("serve"))


@pytest.fixture
def reader_of_plain_datasette(run: Dateline) -> Iterator[Reader]:
    import sys

    yield from signed_in(
        run, [sys.executable, "-m", "datasette", "serve", str(run.folder / "archive.db")]
    )


def listing(run: Dateline) -> dict[str, float]:
    """Of each article that is listed: how likely it belongs."""
    rows = run.rows("SELECT url, probability FROM story_coverage")
    return {row["url"].partition(".example")[2]: row["probability"] for row in rows}


def number_of(run: Dateline, path: str) -> int:
    return int(run.column("SELECT article_id FROM urls WHERE url LIKE '%' || ?", path)[0])


def test_a_word_on_the_storys_page_lists_it_anew_at_once_and_taken_back_it_is_as_before(
    run, reader
):
    before, learnt = listing(run), run.column("SELECT classifier FROM stories")
    assert {MINE.path, DRILL.path} <= before.keys()
    said = reader.says("belongs", number_of(run, DRILL.path))
    assert "The story was listed again" in said
    assert run.column("SELECT stale FROM stories") == [0]
    assert run.column("SELECT classifier FROM stories") != learnt
    reader.says("unsaid", number_of(run, DRILL.path))
    assert (listing(run), run.column("SELECT classifier FROM stories")) == (before, learnt)


def test_an_article_that_does_not_belong_goes_at_once_and_comes_back_when_that_is_taken_back(
    run, reader
):
    before = listing(run)
    said = reader.says("not", number_of(run, FREE.path))
    assert "does not belong. The story was listed again" in " ".join(said.split())
    assert listing(run).keys() == before.keys() - {FREE.path}
    assert "Undo" in said
    assert "has no verdict any more" in reader.says("unsaid", number_of(run, FREE.path))
    assert listing(run) == before


def test_an_article_that_nobody_thought_of_is_listed_as_soon_as_a_person_says_so(run, reader):
    assert BOAT.path not in listing(run)
    reader.says("belongs", number_of(run, BOAT.path))
    assert {MINE.path, BOAT.path} <= listing(run).keys()


def test_under_plain_datasette_the_word_is_kept_and_the_next_crawl_makes_the_listing(
    run, reader_of_plain_datasette
):
    said = reader_of_plain_datasette.says("belongs", number_of(run, DRILL.path))
    assert "The next crawl updates this story" in said
    assert run.column("SELECT stale FROM stories") == [1]
    assert run.column(
        "SELECT verdict FROM story_articles WHERE article_id = ?", number_of(run, DRILL.path)
    ) == ["belongs"]


def test_what_the_page_says_is_what_the_command_says(run, reader):
    reader.says("belongs", number_of(run, CRACKS.path))
    by_page = listing(run)
    run("verdict", "mine", number_of(run, CRACKS.path), "--clear")
    run("verdict", "mine", number_of(run, CRACKS.path), "--belongs")
    assert listing(run) == by_page
