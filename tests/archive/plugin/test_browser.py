"""The pages in Debian's Chromium: what a person sees, clicks and hears. Pictures are left in
`tests/screenshots/`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import pytest

from tests.archive.conftest import fill
from tests.archive.room import PAGES, STORY, furnish
from tests.barriers import barriers_at
from tests.chromium import CHROMIUM, Browser, Tab
from tests.paths import ROOT
from tests.servers import RunningServer, running_server

STOCK_PAGES = (
    "/archive",
    "/archive/coverage?_facet=outlet",
    "/archive/articles",
    "/archive/outlets/1",
    "/archive/newest",
    "/archive/coverage_by_day",
    "/archive/all_outlets",
    "/archive?sql=select+outlet,+count(*)+as+articles+from+coverage+group+by+outlet",
    "/archive?sql=selec",
    "/archive/articles/999",
    "/-/allow-debug",
)
"""Each kind of page that Datasette computes, and errors, in the frame of the archive's pages."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="there is no chromium here: apt-get install chromium"
    ),
]

SCREENSHOTS = ROOT / "tests" / "screenshots"
WIDTHS = (390, 1280)
FIRST_TRANSFER = 60_000
"""Bytes that a page may take when nothing of it was seen before."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The archive, served by the plain `datasette` command."""
    folder = furnish(fill(tmp_path_factory.mktemp("archive")))
    command = [sys.executable, "-m", "datasette", "serve", folder / "archive.db", "--root"]
    with running_server(command) as server:
        yield server


@pytest.fixture(scope="module")
def address(server: RunningServer) -> str:
    return server.address


def keep(tab: Tab, name: str) -> None:
    """Leave a picture of the page."""
    words = re.sub(r"[^\w.=-]+", "_", name.replace("/archive/", "")).strip("_")
    tab.screenshot(SCREENSHOTS / f"{words}.png")


def is_dark(tab: Tab) -> bool:
    """Return whether the page has light letters on a dark ground."""
    ground, ink = (
        [int(part) for part in re.findall(r"\d+", tab.run(colour))[:3]]
        for colour in (
            "getComputedStyle(document.body).backgroundColor",
            "getComputedStyle(document.body).color",
        )
    )
    return max(ground) < 60 and min(ink) > 180


WORDS_IN_EACH_OTHER = """(() => {
    const boxes = [...document.querySelectorAll("svg text, figcaption")]
        .map(each => [each.textContent.trim(), each.getBoundingClientRect()])
        .filter(([words, box]) => words && box.width);
    const overlap = (one, other) => Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1
        && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 3;
    return boxes.flatMap(([words, box], number) => boxes.slice(number + 1)
        .filter(([, other]) => overlap(box, other)).map(([others]) => `${words} / ${others}`));
})()"""
"""The words of charts and of their captions that overlap."""


@pytest.mark.parametrize("path", [*PAGES, *STOCK_PAGES])
def test_each_page_is_whole_light_and_dark_without_a_complaint_or_a_barrier(
    browser: Browser, address: str, path: str
) -> None:
    """The page is loaded once, and then shown in windows of both widths on both systems."""
    name = path if len(path) > 1 else "home"
    expected = "the server responded with" if path in STOCK_PAGES else "no complaint"
    with browser.tab(WIDTHS[0]) as tab:
        tab.open(address + path)
        assert tab.bytes <= FIRST_TRANSFER
        assert tab.run("document.querySelectorAll('header nav a').length") >= 4
        for width in WIDTHS:
            tab.show(width)
            assert not tab.scrolls_sideways(), width
            assert tab.run(WORDS_IN_EACH_OTHER) == [], width
            assert not is_dark(tab)
            keep(tab, f"{name}-{width}")
        tab.show(WIDTHS[-1], dark=True)
        assert is_dark(tab)
        keep(tab, f"{name}-dark")
        assert barriers_at(tab, *WIDTHS) == {}
        assert [problem for problem in tab.problems if expected not in problem] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_name_beside_the_editor_is_inserted_and_the_answer_has_a_chart(
    browser: Browser, address: str, width: int
) -> None:
    with browser.tab(width) as tab:
        tab.open(address + "/archive")
        tab.run(
            "document.querySelector('#sql-editor').value = 'select outlet, count(*) as n from '"
        )
        tab.run("document.querySelector('#sql-editor').setSelectionRange(99, 99)")
        tab.run("document.querySelectorAll('.sql-names details')[2].open = true")
        tab.run(
            "document.querySelectorAll('.sql-names details')[2].querySelector('button').click()"
        )
        tab.run("document.execCommand('insertText', false, ' group by outlet')")
        assert tab.run("document.querySelector('#sql-editor').value") == (
            "select outlet, count(*) as n from coverage group by outlet"
        )
        assert tab.run("document.querySelector('.sql-editor .keyword').innerText") == "select"
        tab.click(".sql-work button[type=submit]")
        assert tab.run("document.querySelectorAll('.ranking li').length") > 1
        assert tab.problems == []


def test_a_field_of_a_question_and_its_button_narrow_the_answer(
    browser: Browser, address: str
) -> None:
    with browser.tab(390) as tab:
        tab.open(address + "/archive/by_outlet")
        tab.run("document.querySelector('[name=outlet]').value = 'ridge.example'")
        tab.click("main .filters button")
        assert "outlet=ridge.example" in tab.address()
        hosts = tab.run(
            "[...new Set([...document.querySelectorAll('.of-outlet')].map(cell => cell.innerText))]"
        )
        assert hosts == ["ridge.example"]
        tab.click("td a.dateline-article")
        assert "/archive/articles/" in tab.address()


@pytest.mark.parametrize("width", WIDTHS)
def test_from_a_search_to_an_article_its_story_and_what_was_changed(
    browser: Browser, address: str, width: int
) -> None:
    with browser.tab(width) as tab:
        tab.open(address + "/")
        tab.run("document.querySelector('main input[name=words]').value = 'mayor'")
        tab.click("main .search button")
        assert "1 article" in tab.text()
        tab.click(".hits h2 a")
        assert "Talks on Thursday fail" in tab.run("document.querySelector('h1').innerText")
        tab.click("#of-stories ~ ul a")
        assert tab.address().endswith(f"/-/story/{STORY}")
        tab.click('.timeline a[href$="/1"]')
        assert tab.address().endswith("/articles/1")
        tab.click("#versions ~ ul .action")
        assert tab.address().endswith("/beside/7")
        tab.open(address + "/archive/articles/8")
        tab.click("#changes ~ ol li:nth-child(2) a")
        assert tab.address().endswith("/articles/8/revisions/2")
        assert "Thursday" in tab.run("document.querySelector('ins').innerText")
        assert tab.problems == []


@pytest.mark.parametrize("width", WIDTHS)
def test_from_home_to_an_event_an_article_a_copy_and_a_change(
    browser: Browser, address: str, width: int
) -> None:
    with browser.tab(width) as tab:
        tab.open(address + "/")
        tab.click(".lead h3 a")
        assert tab.address().endswith("/-/event/1")
        tab.click("#coverage ~ ol h3 a")
        assert tab.address().endswith("/articles/1")
        tab.click("#event ~ p a")
        assert tab.address().endswith("/-/event/1")
        tab.click(".spread li:last-child .action")
        assert tab.address().endswith("/articles/1/beside/7")
        tab.open(address + "/archive/-/event/1")
        tab.click("#changed ~ ol li:nth-child(2) h3 a")
        assert tab.address().endswith("/articles/8/revisions/3")
        assert "fail" in tab.run("document.querySelector('ins').innerText")
        assert tab.problems == []


def test_the_changes_are_narrowed_by_kind_and_outlet(browser: Browser, address: str) -> None:
    with browser.tab(390) as tab:
        tab.open(address + "/archive/-/changes")
        assert tab.run("document.querySelectorAll('.change').length") == 3
        tab.click(".kinds li:nth-child(3) a")
        assert "kind=silently" in tab.address()
        assert tab.run("document.querySelector('.change ins').innerText").endswith("Thursday")
        tab.run("document.querySelector('[name=outlet]').value = 'harbour.example'")
        tab.click(".filters button")
        assert "kind=silently" in tab.address()
        assert "No change with these filters." in tab.text()


def test_attention_is_shown_as_a_share_when_asked_for(browser: Browser, address: str) -> None:
    with browser.tab(1280) as tab:
        tab.open(address + "/archive/-/search?words=ferry")
        tab.click('[role=status] a[href*="attention"]')
        assert "Articles a day" in tab.text()
        tab.run("document.querySelector('[name=show]').value = 'share'")
        tab.click(".filters button")
        assert "Share of all articles a day" in tab.text()
        assert "100 %" in tab.run("document.querySelector('.series-chart').textContent")
        assert tab.problems == []


def test_a_filter_of_a_story_is_a_form(browser: Browser, address: str) -> None:
    with browser.tab(390) as tab:
        tab.open(f"{address}/archive/-/story/{STORY}")
        tab.run("document.querySelector('[name=outlet]').value = 'harbour.example'")
        tab.click(".filters button")
        assert "outlet=harbour.example" in tab.address()
        assert tab.run("document.querySelectorAll('.coverage > li[id]').length") == 1
        tab.click(".filters a")
        assert tab.run("document.querySelectorAll('.coverage > li[id]').length") == 2


def test_the_first_key_leads_past_the_head_of_the_page(browser: Browser, address: str) -> None:
    with browser.tab(1280) as tab:
        tab.open(address + "/archive/articles/1")
        tab.key("Tab", 9)
        assert tab.run("document.activeElement.className") == "skip"
        assert tab.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        tab.key("Enter", 13)
        assert tab.run("location.hash") == "#main"


def test_root_says_what_belongs_with_a_button(
    browser: Browser, server: RunningServer, address: str
) -> None:
    with browser.tab(390) as tab:
        tab.open(f"{address}/archive/-/story/{STORY}")
        assert tab.run("document.querySelectorAll('.verdict').length") == 0
        tab.open(server.printed(r"\S+auth-token\S+"))
        tab.open(f"{address}/archive/-/story/{STORY}")
        keep(tab, "story-root")
        tab.click("#article-8 [value=not]")
        assert "Saved:" in tab.text()
        assert tab.run("document.querySelector('#article-8')") is None
        tab.run("document.querySelector('.left-out').open = true")
        tab.click(".left-out [value=unsaid]")
        assert tab.run("document.querySelectorAll('.verdict').length") > 0
        assert tab.problems == []
        assert not tab.scrolls_sideways()
