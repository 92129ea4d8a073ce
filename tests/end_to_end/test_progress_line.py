"""What a person sees on a terminal while a command works."""

from __future__ import annotations

import re

from demo.web import serve
from tests.stories import outlet, page, world
from tests.terminals import on_a_terminal


def drawn_lines(text: str) -> list[str]:
    """The lines that were drawn one over the other, without control sequences."""
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
    return [line.strip() for line in re.split(r"[\r\n]+", plain) if " · " in line]


def test_a_crawl_shows_the_share_of_the_known_pages_that_is_done(dateline):
    with serve(world(outlet(many=15))) as web:
        run = dateline(web)
        run.knows()
        lines = drawn_lines(on_a_terminal(run, "", "crawl", "--delay", "0.1", term="xterm"))
    shares = [found for line in lines if (found := re.search(r"(\d+) of (\d+) pages", line))]
    assert shares, lines
    done = [int(found[1]) for found in shares]
    assert done == sorted(done)
    assert int(shares[-1][2]) == 15
    assert all("pages (" in line or "known so far" in line for line in lines if " pages" in line)


def test_follow_says_that_it_looks_for_the_feeds_of_the_outlet(dateline):
    with serve(world(outlet(many=2))) as web:
        url = f"http://harbour.example{page(1).path}"
        lines = drawn_lines(on_a_terminal(dateline(web), "", "follow", url, term="xterm"))
    assert any("looking for the feeds of harbour.example" in line for line in lines), lines
