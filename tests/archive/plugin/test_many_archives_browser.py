"""The pages about several archives in Debian's Chromium, with and without light."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.archive.plugin.test_browser import (
    FIRST_TRANSFER,
    WIDTHS,
    WORDS_IN_EACH_OTHER,
    is_dark,
    keep,
)
from tests.archive.plugin.test_many_archives import COMBINED_PAGES
from tests.archive.several import linked_files, make_several
from tests.barriers import barriers_at
from tests.chromium import CHROMIUM, Browser
from tests.servers import running_server

PATIENT = ("--setting", "sql_time_limit_ms", "10000")
"""For a machine that is busy with other tests."""
OWN_PAGES = ("/2024-02/articles/1", "/2024-02", "/-/all/search?words=libary", "/-/all/nothing")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="there is no chromium here: apt-get install chromium"
    ),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folders = make_several(tmp_path_factory.mktemp("several"))
    files = linked_files(folders, tmp_path_factory.mktemp("links"))
    with running_server([sys.executable, "-m", "datasette", "serve", *files, *PATIENT]) as server:
        yield server.address


@pytest.mark.parametrize("path", [*COMBINED_PAGES, *OWN_PAGES])
def test_a_page_among_several_archives_is_whole_light_and_dark_without_a_barrier(
    browser: Browser, address: str, path: str
) -> None:
    expected = "the server responded with" if "nothing" in path else "no complaint"
    with browser.tab(WIDTHS[0]) as tab:
        tab.open(address + path)
        assert tab.bytes <= FIRST_TRANSFER
        for width in WIDTHS:
            tab.show(width)
            assert not tab.scrolls_sideways(), width
            assert tab.run(WORDS_IN_EACH_OTHER) == [], width
            keep(tab, f"several{path}-{width}")
        tab.show(WIDTHS[-1], dark=True)
        assert is_dark(tab)
        keep(tab, f"several{path}-dark")
        assert barriers_at(tab, *WIDTHS) == {}
        assert [problem for problem in tab.problems if expected not in problem] == []
