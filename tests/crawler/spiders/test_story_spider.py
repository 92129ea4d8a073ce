"""Crawls for one story, over a small web where a mine has collapsed and much else happens."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from archive.records import format_utc
from demo.markup import page_html
from demo.web import Outlet, Page, Revision, Web, World, serve
from tests.conftest import Dateline
from tests.patience import patient
from tests.services import BASES, serve_with_services
from tests.stories import NOW, page

pytestmark = pytest.mark.slow  # each crawls

START = "http://harbour.example/news/1-mine"


def report(number: int, headline: str, text: str, **more: object) -> Page:
    usual = {"published": NOW - timedelta(hours=number), "authors": ("Ida Berg",)}
    return Page(f"/news/{number}-mine", headline, text, **(usual | more))  # type: ignore[arg-type]


MINE = report(
    1,
    "Eleven miners trapped in the Vellmar salt mine",
    "Eleven miners are trapped 400 metres down in the Vellmar salt mine after the roof of a gallery came down.\n\n"
    "Rescuers drill a second shaft towards the gallery. The mine belongs to Halden Salt, which owns the pumps.",
)
DRILL = report(
    2,
    "Drill reaches the gallery where miners of Vellmar wait",
    "A drill broke through to the gallery of the Vellmar salt mine at dawn. Rescuers heard the miners knock.\n\n"
    "Halden Salt sent down food and water for the eleven miners through the shaft, which is as wide as a hand.",
)
FREE = report(
    3,
    "Trapped miners are brought up from the Vellmar salt mine",
    "The first of the eleven trapped miners came up from the Vellmar salt mine at noon in a capsule of steel.\n\n"
    "Rescuers said the gallery had held. Halden Salt will not open the mine again before the roof is inspected.",
)
CRACKS = report(
    9,
    "Halden Salt knew of cracks in the roof of the Vellmar mine",
    "Engineers told Halden Salt of cracks in the roof of the Vellmar salt mine three weeks before it came down.\n\n"
    "A letter that miners showed to this paper names the gallery in which eleven of them are trapped.",
    listed=False,
)
BREAD = Page(
    "/food/3-bread",
    "How to bake bread in an iron pot",
    "Stir flour, water and yeast in the evening and let the dough rise until breakfast. Heat the pot.\n\n"
    "A loaf needs forty minutes under the lid and ten without. Let it cool on a rack, however hard that is.",
    NOW,
    listed=False,
)
GAME = report(
    4,
    "A board game for wet Sundays",
    "Eleven miners dig for salt in the board game of the year, and one is trapped before the evening is over.\n\n"
    "The rules take ten minutes to learn, and the cards are printed on heavy paper. Children liked the dice best; a "
    "grandmother at our table built a railway in the first hour and never looked up again.\n\n"
    "Each turn a player draws a lantern, a ladder or a rope, and bids for the next tunnel. Whoever hoards gold pays "
    "dearly when the auction closes. Designers from three countries tested it over two winters, with wooden tokens "
    "carved in a workshop near the coast.\n\n"
    "A solo version is planned for autumn, an app after that. Until then the shelf price of forty crowns seems fair "
    "for a toy that brings a family together and takes no batteries.",
)
FIGURES = Page("/toys/5-figures", "Figures", "Figures of tin and of wood. " * 20, NOW, listed=False)
BOAT = report(
    6,
    "Ferry to Salthaven cancelled in storm",
    "The ferry stays in port until the storm is over. " * 12,
)


def with_links(linking: Page, *links: tuple[str, str]) -> Page:
    """The page with a list of links below its text."""
    markup = page_html(Outlet("any.example"), linking, NOW)
    anchors = "".join(f'<li><a href="{path}">{words}</a></li>' for path, words in links)
    return replace(
        linking,
        body=markup.replace("</body>", f"<aside><ul>{anchors}</ul></aside></body>").encode(),
    )


LINKS = (CRACKS.path, CRACKS.headline), (BREAD.path, BREAD.headline)


def harbour(*pages: Page, **more: object) -> Outlet:
    return Outlet("harbour.example", "The Harbour Post", pages=pages, **more)  # type: ignore[arg-type]


def ridge(*pages: Page, many: int = 12) -> Outlet:
    """An outlet that has many other things to tell."""
    return Outlet(
        "ridge.example",
        "The Ridge",
        pages=(*pages, *(page(number) for number in range(1, many + 1))),
    )


def world(*outlets: Outlet) -> World:
    return World(
        outlets or (harbour(with_links(MINE, *LINKS), CRACKS, BREAD, BOAT), ridge(DRILL, FREE)), NOW
    )


def asked_for(web: Web) -> set[str]:
    return {path for path in (request.path for request in web.requests) if path.count("/") > 1}


def follow_the_mine(run: Dateline) -> None:
    """Follow the mine from its first report: `run` gets a copy of an archive in which that was
    done."""
    assert run.web
    first = run.web.outlets["harbour.example"].pages[0]
    shutil.copytree(following(first.body, tuple(run.environment.items())).name, run.folder)
    run.knows()


@cache
def following(
    body: bytes | None, environment: tuple[tuple[str, str], ...]
) -> TemporaryDirectory[str]:
    """An archive in which the mine is followed from its first report, in these words; it goes with
    the process."""
    folder = TemporaryDirectory(prefix="dateline-")
    with serve(world(harbour(replace(MINE, body=body)))) as web:
        Dateline(Path(folder.name), web, dict(environment))("follow", START, "--name", "mine")
    return folder


def followed(dateline, web: Web, *words: object, code: int = 0):
    """A run in which the mine is followed and its story crawled for; what the crawl said, and the
    run."""
    run = dateline(web)
    follow_the_mine(run)
    return run("crawl", "--story", "mine", "--delay", "0", *words, code=code).stdout, run


def coverage(run) -> set[str]:
    return {
        url.rpartition("example")[2]
        for url in run.column("SELECT url FROM story_coverage WHERE story = 'mine'")
    }


@pytest.mark.slow
def test_of_all_that_the_outlets_list_only_what_is_likely_to_belong_is_fetched(dateline):
    with serve(world()) as web:
        told, run = followed(dateline, web)
        asked = asked_for(web)
    assert coverage(run) == {"/news/1-mine", "/news/2-mine", "/news/3-mine", "/news/9-mine"}
    assert len(asked) <= 6, "of nineteen pages"
    assert BOAT.path not in asked
    assert "nothing that waits is likely to belong" in told


@pytest.mark.slow
def test_links_in_an_article_that_belongs_are_leads_and_are_weighed_like_any(dateline):
    with serve(world(harbour(MINE, BOAT), ridge(with_links(DRILL, *LINKS), CRACKS, BREAD))) as web:
        _, run = followed(dateline, web)
        asked = asked_for(web)
    assert "/news/9-mine" in asked
    assert "/food/3-bread" not in asked
    assert run.column("SELECT via FROM urls WHERE url = 'http://ridge.example/news/9-mine'") == [
        "link"
    ]
    assert "/news/9-mine" in coverage(run)


def test_an_article_that_turns_out_unrelated_stays_in_the_archive_out_of_the_story_and_its_links_are_left_alone(
    dateline,
):
    with serve(
        world(
            harbour(MINE, BOAT),
            ridge(
                with_links(
                    GAME, (FIGURES.path, "Salt mine of Vellmar: the trapped miners as figures")
                ),
                FIGURES,
            ),
        )
    ) as web:
        told, run = followed(dateline, web)
        asked = asked_for(web)
    assert GAME.path in asked
    assert "/toys/5-figures" not in asked
    assert run.column("SELECT count(*) FROM articles WHERE headline = ?", GAME.headline) == [1]
    assert coverage(run) == {"/news/1-mine"}
    assert "0 belong" in told


def test_a_budget_is_kept_spent_on_the_likeliest_and_told(dateline):
    with serve(world()) as web:
        told, run = followed(dateline, web, "--budget", "1")
        asked = asked_for(web)
    assert len(asked) == 1
    assert "Stopped: the budget of 1 pages is spent" in told
    assert len(coverage(run)) == 2
    assert "1 asked for, 1 belong" in told


@pytest.mark.slow
def test_what_is_not_fetched_waits_for_an_ordinary_crawl(dateline):
    with serve(world()) as web:
        _, run = followed(dateline, web)
        before = run.column("SELECT count(*) FROM articles")[0]
        run.crawl()
    assert before < 8
    assert run.column("SELECT count(*) FROM articles WHERE headline = ?", BOAT.headline) == [1]


def test_the_end_is_told_in_numbers_by_source(dateline):
    """Without sitemaps: of two lists that name a page, the one that answers first is its source."""
    outlets = (replace(each, sitemap=None) for each in world().outlets)
    with serve(world(*outlets)) as web:
        told, _ = followed(dateline, web)
    assert "leads known" in told
    by_source = next(line for line in told.splitlines() if line.startswith("By source"))
    assert "feed" in by_source


@pytest.mark.slow
def test_a_second_crawl_asks_for_nothing_that_was_judged_already(dateline):
    with serve(world(harbour(MINE, BOAT), ridge(GAME, DRILL))) as web:
        _, run = followed(dateline, web)
        web.requests.clear()
        told = run("crawl", "--story", "mine", "--delay", "0").stdout
        assert asked_for(web) == set()
    assert "0 asked for" in told


@pytest.mark.slow
def test_sitemaps_are_read_from_two_weeks_before_the_story_even_if_an_earlier_crawl_left_those_pages_out(
    dateline,
):
    path = "/news/drill-reaches-gallery-where-miners-of-vellmar-wait"
    old = replace(report(24 * 40, DRILL.headline, DRILL.text), path=path)
    start = report(24 * 39, MINE.headline, MINE.text)
    with serve(
        world(harbour(start), Outlet("ridge.example", feed=None, pages=(old, page(1))))
    ) as web:
        run = dateline(web)
        run.knows()
        run("crawl", "--since", "7d", "--delay", "0")
        run("follow", f"http://harbour.example{start.path}", "--name", "mine")
        run("crawl", "--story", "mine", "--delay", "0")
    assert coverage(run) == {start.path, old.path}


@pytest.mark.slow
def test_only_the_outlets_of_the_story_are_asked(dateline):
    with serve(world()) as web:
        run = dateline(web)
        run.knows()
        run("follow", START, "--name", "mine", "--outlet", "harbour.example")
        web.requests.clear()
        run("crawl", "--story", "mine", "--delay", "0")
        assert web.asked("ridge.example") == []


@pytest.mark.slow
def test_the_same_story_is_crawled_for_by_the_spider_alone(dateline):
    """As `scrapy crawl story -a story=mine -a budget=2` runs it."""
    import subprocess
    import sys

    with serve(world()) as web:
        run = dateline(web)
        follow_the_mine(run)
        words = [
            "-m",
            "scrapy",
            "crawl",
            "story",
            "-a",
            "story=mine",
            "-a",
            "budget=2",
            "-s",
            "DOWNLOAD_DELAY=0",
        ]
        subprocess.run(
            [sys.executable, *words],
            env=run.environ(),
            check=True,
            capture_output=True,
            timeout=patient(100),
        )
        assert len(asked_for(web)) == 2
    assert run.column("SELECT state FROM crawls ORDER BY id DESC LIMIT 1") == ["finished"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("service", "fault"), [("wikipedia", "503"), ("gdelt", "text"), ("google-news", "html")]
)
def test_a_search_service_that_refuses_is_told_of_and_costs_the_crawl_nothing(
    dateline, service, fault
):
    with serve_with_services(world()) as web:
        web.faults[service] = [fault] * 9
        told, run = followed(dateline, web, "--ask", f"{service}={BASES[service]}")
    assert len(coverage(run)) == 4
    assert "Stopped: nothing that waits is likely to belong" in told
    assert any(word in told for word in ("Wikipedia", "GDELT", "Google News"))
    assert run.column("SELECT state FROM crawls ORDER BY id DESC LIMIT 1") == ["finished"]


def test_a_service_that_nobody_answers_for_is_told_of(dateline):
    with serve(world()) as web:
        told, run = followed(dateline, web, "--ask", "wikipedia=http://nobody.example")
    assert "Wikipedia" in told
    assert len(coverage(run)) == 4


@pytest.mark.slow
def test_what_a_service_points_to_is_fetched_if_it_is_likely_to_belong(dateline):
    hidden = Outlet("far.example", "Far Away", pages=(DRILL, BOAT), feed=None, sitemap=None)
    with serve_with_services(world(harbour(MINE, BOAT), hidden)) as web:
        told, run = followed(dateline, web, "--ask", f"gdelt={BASES['gdelt']}")
        asked = set(web.asked("far.example"))
    assert "http://far.example/news/2-mine" in asked
    assert "http://far.example/news/6-mine" not in asked
    assert "/news/2-mine" in coverage(run), told


# -- pages that are gone ---------------------------------------------------------------------------

GONE = "http://ridge.example/news/2-mine"
WAYBACK = "wayback.example"
CAPTURE = f"/web/20260310110000id_/{GONE}"


def taken_away(page: Page, status: int = 404) -> Page:
    """The page, which its outlet took away while its feed still names it."""
    return replace(page, revisions=(Revision(NOW, status=status),))


def looks(run, url: str = GONE) -> list[tuple[str, int, str]]:
    query = "SELECT c.outcome, c.status, c.reason FROM fetches c JOIN urls u ON u.id = url_id WHERE url = ? ORDER BY c.id"
    return [tuple(row) for row in run.rows(query, url)]


@pytest.mark.slow
def test_a_page_that_is_gone_is_read_from_its_capture_and_stays_known_as_gone(dateline):
    with serve_with_services(
        world(harbour(MINE), ridge(taken_away(with_links(DRILL, *LINKS)), CRACKS))
    ) as web:
        at_noon = partial(dateline, DATELINE_NOW=format_utc(NOW))
        told, run = followed(at_noon, web, "--ask", f"wayback={BASES['wayback']}")
        asked = [request for request in web.requests if request.host == WAYBACK]
        run.at(NOW + timedelta(days=1))
        run.crawl("--recheck")
        assert [request.host for request in web.requests].count(WAYBACK) == 2
    assert coverage(run) == {"/news/1-mine", "/news/2-mine", "/news/9-mine"}, (
        "with what it links to"
    )
    assert looks(run) == [
        ("gone", 404, "HTTP 404"),
        ("new", 200, "gone; read from the Wayback Machine's capture of 2026-03-10T11:00:00Z"),
        ("gone", 404, "HTTP 404"),
    ]
    assert [request.path.partition("?")[0] for request in asked] == ["/cdx/search/cdx", CAPTURE]
    assert asked[1].at - asked[0].at >= 2, "seconds"
    assert "wayback 0 / 1 / 1" in told
    assert run.column("SELECT url FROM articles WHERE headline = ?", DRILL.headline) == [GONE]
    assert run.column("SELECT host FROM outlets ORDER BY host") == [
        "harbour.example",
        "ridge.example",
    ]
    assert run.column("SELECT url FROM urls WHERE instr(url, ?)", WAYBACK) == []
    assert run.column("SELECT etag FROM urls WHERE url = ?", GONE) == [None]


@pytest.mark.slow
def test_of_a_service_that_nobody_named_nothing_is_asked(dateline):
    with serve_with_services(world(harbour(MINE), ridge(taken_away(DRILL)))) as web:
        _, run = followed(dateline, web, "--ask", f"wikipedia={BASES['wikipedia']}")
        assert web.asked(WAYBACK) == []
    assert looks(run) == [("gone", 404, "HTTP 404")]


@pytest.mark.slow
def test_a_page_that_a_court_had_taken_away_is_left_alone(dateline):
    with serve_with_services(world(harbour(MINE), ridge(taken_away(DRILL, status=451)))) as web:
        _, run = followed(dateline, web, "--ask", f"wayback={BASES['wayback']}")
        assert web.asked(WAYBACK) == []
    assert looks(run) == [("gone", 451, "HTTP 451")]


UNLISTED = replace(DRILL, path="/news/drill-reaches-gallery-where-miners-of-vellmar-wait")
UNLISTED_URL = f"http://ridge.example{UNLISTED.path}"


def backfilled(dateline, web: Web, *words: object):
    """A run whose story is crawled for with the captures of an outlet that lists nothing."""
    run = dateline(web)
    run.knows()
    run("follow", START, "--name", "mine", "--outlet", "ridge.example")
    run("crawl", "--story", "mine", "--delay", "0", "--ask", f"wayback={BASES['wayback']}", *words)
    return run


def without_lists(*pages: Page) -> World:
    return world(
        harbour(MINE), Outlet("ridge.example", "The Ridge", pages=pages, feed=None, sitemap=None)
    )


@pytest.mark.slow
def test_a_page_that_the_service_named_is_not_looked_up_again_once_it_is_gone(dateline):
    with serve_with_services(without_lists(taken_away(UNLISTED, status=410), page(1))) as web:
        run = backfilled(dateline, web)
        asked = [url.partition("?")[0].removeprefix(BASES["wayback"]) for url in web.asked(WAYBACK)]
    assert asked == ["/cdx/search/cdx", f"/web/20260310110000id_/{UNLISTED_URL}"]
    assert [(outcome, status) for outcome, status, _ in looks(run, UNLISTED_URL)] == [
        ("gone", 410),
        ("new", 200),
    ]
    assert UNLISTED_URL in run.column("SELECT url FROM articles")


@pytest.mark.slow
def test_a_crawl_that_does_not_name_the_service_leaves_also_the_captures_alone_that_it_named_before(
    dateline,
):
    with serve_with_services(without_lists(taken_away(UNLISTED, status=410), page(1))) as web:
        run = backfilled(dateline, web, "--budget", "1")
        assert len(web.asked(WAYBACK)) == 1
        run("crawl", UNLISTED_URL, "--delay", "0", code=1)
        assert len(web.asked(WAYBACK)) == 1
    assert looks(run, UNLISTED_URL) == [("gone", 410, "HTTP 410")] * 2
    assert run.column(
        "SELECT via FROM urls WHERE url = ? AND listed_as IS NOT NULL", UNLISTED_URL
    ) == ["wayback"]


def test_a_capture_counts_in_the_budget(dateline):
    with serve_with_services(world(harbour(MINE), ridge(taken_away(DRILL), many=1))) as web:
        told, run = followed(dateline, web, "--budget", "1", "--ask", f"wayback={BASES['wayback']}")
        assert web.asked(WAYBACK) == []
    assert "Stopped: the budget of 1 pages is spent" in told
    assert looks(run) == [("gone", 404, "HTTP 404")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("faults", "said"),
    [
        (["503"], "The Wayback Machine answered 503"),
        (["none", "503"], "The Wayback Machine answered 503"),
        (["none", "302"], "The Wayback Machine answered 302"),
        (["none", "html"], "The Wayback Machine has a capture that is not kept (empty"),
    ],
)
def test_a_capture_that_cannot_be_had_is_told_and_costs_the_crawl_nothing(dateline, faults, said):
    with serve_with_services(world(harbour(MINE), ridge(taken_away(DRILL), FREE, many=1))) as web:
        web.faults["wayback"] = list(faults)
        told, run = followed(dateline, web, "--ask", f"wayback={BASES['wayback']}")
        assert len(web.asked(WAYBACK)) == len(faults)
        assert web.asked("elsewhere.example") == []
    assert f"{GONE}: {said}" in told
    assert coverage(run) == {"/news/1-mine", "/news/3-mine"}
    assert looks(run) == [("gone", 404, "HTTP 404")]
    assert run.column("SELECT state FROM crawls ORDER BY id DESC LIMIT 1") == ["finished"]


def test_a_service_in_trouble_is_asked_for_no_further_page_and_the_rest_is_told(dateline):
    with serve_with_services(
        world(harbour(MINE), ridge(taken_away(DRILL), taken_away(FREE), many=1))
    ) as web:
        web.faults["wayback"] = ["503"] * 9
        told, _ = followed(dateline, web, "--ask", f"wayback={BASES['wayback']}")
        assert len(web.asked(WAYBACK)) == 1
    assert "The Wayback Machine was not asked for 1 more pages that are gone" in told


@pytest.mark.slow
def test_captures_are_read_from_the_public_web_alone(dateline):
    with serve(world(harbour(MINE), ridge(taken_away(DRILL), many=1))) as web:
        told, run = followed(dateline, web, "--ask", "wayback=http://127.0.0.1:9")
        assert web.asked("127.0.0.1:9") == []
    assert "The Wayback Machine 127.0.0.1, not on the public internet" in told
    assert looks(run) == [("gone", 404, "HTTP 404")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--story", "mime"), "did you mean mine"),
        (("--story", "mine", "--ask", "askjeeves"), "unknown search service"),
        (("--story", "mine", "http://harbour.example/news/6-mine"), "--story goes alone"),
        (("--ask", "gdelt"), "--ask goes with --story"),
    ],
)
def test_what_cannot_be_meant_is_told_in_one_line_before_anything_is_asked(dateline, words, said):
    with serve(world()) as web:
        run = dateline(web)
        follow_the_mine(run)
        told = run("crawl", *words, code=2).stderr
        assert web.requests == []
    assert said in told
    assert len(told.strip().splitlines()) == 1
