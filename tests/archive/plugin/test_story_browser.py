"""A story in Debian's Chromium: verdicts that list it again, printing, and the dossier."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

import pytest

from archive.articles.stories import find_story
from archive.exports.dossier import build_dossier, dossier_as_html
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.archive.conftest import fill
from tests.archive.room import FIRST_DIGEST, STORY, furnish
from tests.barriers import AXE, barriers_at, serious_barriers
from tests.chromium import CHROMIUM, Browser, Tab
from tests.servers import RunningServer, running_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="there is no chromium here: apt-get install chromium"
    ),
]

PAGE = f"/archive/-/story/{STORY}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(fill(tmp_path_factory.mktemp("archive")))


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[RunningServer]:
    """A `dateline serve` that lists stories again."""
    serve = ["-m", "crawler", "serve", "--archive", folder, "--root"]
    with running_server([sys.executable, *serve]) as server:
        yield server


@pytest.fixture(scope="module")
def root_cookie(server: RunningServer) -> str:
    """The cookie of a user who has opened the link that makes him root; it works once."""
    cookies = CookieJar()
    link = server.printed(r"\S+auth-token\S+")
    build_opener(ProxyHandler({}), HTTPCookieProcessor(cookies)).open(link).close()
    return next(str(cookie.value) for cookie in cookies if cookie.name == "ds_actor")


@pytest.fixture(scope="module")
def address(server: RunningServer) -> str:
    return server.address


def listed(tab: Tab) -> list[str]:
    return tab.run("[...document.querySelectorAll('.coverage > li[id]')].map(each => each.id)")


def test_a_verdict_lists_the_story_again_and_undo_takes_it_back(
    browser: Browser, root_cookie: str, address: str
) -> None:
    with browser.tab(390) as tab:
        tab.set_cookie(address, "ds_actor", root_cookie)
        tab.open(f"{address}{PAGE}?language=en&outlet=harbour.example")
        before = listed(tab)
        assert "article-4" not in before
        tab.click("#perhaps-4 [value=belongs]")
        said = tab.run("document.querySelector('#judged').innerText")
        assert "Bread dearer in Zürich belongs. The story was listed again" in said
        assert "language=en" in tab.address()
        assert "outlet=harbour.example" in tab.address()
        assert "article-4" in listed(tab)
        assert tab.run("document.querySelector('[name=outlet]').value") == "harbour.example"
        # it stays in sight below the place to which the page has returned
        assert tab.run("document.querySelector('#judged').getBoundingClientRect().top") >= -1
        tab.click("#judged [value=unsaid]")
        assert "has no verdict any more" in tab.run("document.querySelector('#judged').innerText")
        assert "outlet=harbour.example" in tab.address()
        assert tab.problems == []
        assert not tab.scrolls_sideways()


def test_a_printed_story_has_its_legend_and_the_state_of_the_archive(
    browser: Browser, address: str
) -> None:
    with browser.tab(1280) as tab:
        tab.open(address + PAGE)
        sheet = "getComputedStyle(document.querySelector('.sheet')).display"
        assert tab.run(sheet) == "none"
        tab.send("Emulation.setEmulatedMedia", media="print")
        assert tab.run(sheet) == "block"
        assert "1 Mar 2024" in tab.run("document.querySelector('.sheet').innerText")
        # drawn, as browsers print no backgrounds
        fills = tab.run(
            "[...document.querySelectorAll('figcaption circle')].map(each => getComputedStyle(each).fill)"
        )
        assert len(set(fills)) == 2
        for hidden in (".filters", ".files"):
            assert (
                tab.run(f"getComputedStyle(document.querySelector('{hidden}')).display") == "none"
            )


@pytest.mark.parametrize("dark", [False, True])
def test_the_dossier_is_one_page_in_the_dress_of_the_site(
    browser: Browser, address: str, folder: Path, tmp_path: Path, dark: bool
) -> None:
    connection = open_database(folder / "archive.db", ARCHIVE_SCHEMA)
    (tmp_path / "dossier.html").write_text(
        dossier_as_html(build_dossier(connection, find_story(connection, STORY))), "utf-8"
    )
    connection.close()
    colours = (
        "getComputedStyle(document.body).backgroundColor + getComputedStyle(document.body).color"
    )
    with browser.tab(390, dark=dark) as tab:
        tab.open(address + PAGE)
        of_the_site = tab.run(colours)
    with browser.tab(390, dark=dark) as tab:
        tab.open((tmp_path / "dossier.html").as_uri())
        assert tab.run(colours) == of_the_site
        assert tab.problems == []
        assert not tab.scrolls_sideways()
        assert serious_barriers(tab) == []


@pytest.mark.parametrize(
    "path",
    [f"{PAGE}?judged=8&was=not", "/archive/-/stories", "/archive/articles/1",
     f"/archive/articles/8/capture/{FIRST_DIGEST}"],
)  # fmt: skip
@pytest.mark.skipif(not AXE, reason="AXE=…/axe.min.js names no copy of axe-core")
def test_axe_finds_nothing_serious_on_what_root_sees(
    browser: Browser, root_cookie: str, address: str, path: str
) -> None:
    with browser.tab(1280) as tab:
        tab.set_cookie(address, "ds_actor", root_cookie)
        tab.open(address + path)
        assert barriers_at(tab, 390, 1280) == {}
