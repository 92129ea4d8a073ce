"""Following a story with the commands that a person types, over a small web with one strike and
much else."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from demo.web import Outlet, Page, Web, World, serve
from tests.conftest import Dateline
from tests.stories import outlet, page

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
HOSTILE = "Orrin lighthouse keepers end strike with <img src=x onerror=alert(1)> on the wall"


def text(written: str) -> str:
    """Paragraphs, each on a line of its own."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in written.strip().split("\n\n"))


WALKOUT = text(
    """
    The eleven keepers of the Orrin lighthouse walked out on Sunday evening and left the lamp to the coast
    guard.

    Their union says that since the autumn each keeper has stood five night shifts a week on Orrin, where
    three were agreed. The lighthouse board denies it and calls the strike unlawful.

    “We have kept this light for 140 years and nobody has asked what it costs us,” said Runa Aske, who speaks
    for the keepers on Orrin.

    Captains were told to keep two miles off the Orrin rocks at night until the strike is over.
    """
)

DAYS = text(
    """
    The strike at the Orrin lighthouse went into its fourth day on Wednesday after the keepers turned down the
    offer of the lighthouse board.

    The board had put forward one night shift less for each keeper. “That is not an offer, that is a rounding
    error,” said Runa Aske of the keepers’ union.

    The coast guard runs the lamp on Orrin with four cadets. One of them rang the fog bell for an hour on
    Tuesday in clear weather.
    """
)

END = text(
    """
    The keepers of the Orrin lighthouse go back to their lamp on Monday, a week after their strike began.

    The lighthouse board agreed to three night shifts a week for each keeper and to a twelfth keeper on Orrin.
    Runa Aske, who speaks for the union, called it the first sleep in a year.

    Before they went in, the keepers painted what they think of the board on the seaward wall of the
    lighthouse.
    """
)

HISTORY = text(
    """
    The lighthouse on Orrin was lit for the first time in 1886, by three keepers and a dog.

    Keepers on Orrin have gone on strike twice: in 1911 for coal, and this spring for sleep. Each time the
    board of the lighthouse gave in within ten days.

    The night shifts on Orrin last from dusk to dawn, and in December that is sixteen hours for one keeper.
    """
)

URLS = {
    "walkout": "http://harbour.example/news/orrin-walkout",
    "copy": "http://ridge.example/wire/88",
    "days": "http://ridge.example/news/fourth-day",
    "end": "http://harbour.example/news/orrin-end",
    "history": "http://harbour.example/background/orrin",
}


def at(day: int) -> datetime:
    return datetime(2026, 3, day, 9, tzinfo=UTC)


def strike() -> World:
    """Two outlets on the strike, one that never heard of it."""
    harbour = (
        Page(
            "/news/orrin-walkout",
            "Orrin lighthouse keepers strike over night shifts",
            WALKOUT,
            at(1),
        ),
        Page("/news/orrin-end", HOSTILE, END, at(8)),
        Page(
            "/background/orrin",
            "Why the lighthouse keepers of Orrin strike",
            HISTORY,
            at(9),
            dated=False,
        ),
        *(replace(page(number), published=at(number)) for number in (2, 3)),
    )
    ridge = (
        Page("/wire/88", "Orrin keepers leave their light", WALKOUT, at(2)),
        Page(
            "/news/fourth-day", "Strike of Orrin lighthouse keepers enters fourth day", DAYS, at(4)
        ),
        replace(page(5), published=at(5)),
    )
    quay = tuple(replace(page(number), published=at(number)) for number in range(6, 11))
    outlets = (
        Outlet("harbour.example", "The Harbour Post", pages=harbour),
        Outlet("ridge.example", "Ridge Times", pages=ridge),
        outlet("quay.example", pages=quay),
    )
    return World(outlets, NOW)


@pytest.fixture(scope="module")
def world_web() -> Iterator[Web]:
    with serve(strike()) as web:
        yield web


@pytest.fixture(scope="module")
def crawled(world_web: Web, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive that has crawled the web, made once."""
    run = Dateline(tmp_path_factory.mktemp("crawled") / "archive", world_web)
    run.knows()
    run.crawl()
    return run.folder


@pytest.fixture
def web(world_web: Web) -> Web:
    """The web, before anybody asked it for anything."""
    world_web.requests.clear()
    return world_web


@pytest.fixture
def run(dateline: Any, web: Web, crawled: Path) -> Any:
    """The command on a copy of that archive."""
    run = dateline(web)
    shutil.copytree(crawled, run.folder)
    return run


@pytest.fixture
def followed(run: Any) -> Any:
    """The same, with the strike followed from its first article."""
    run("follow", URLS["walkout"], "--name", "orrin")
    return run


@pytest.fixture(scope="module")
def prepared(world_web: Web, crawled: Path, tmp_path_factory: pytest.TempPathFactory) -> Dateline:
    """An archive with that story which no test changes."""
    run = Dateline(tmp_path_factory.mktemp("prepared") / "archive", world_web)
    shutil.copytree(crawled, run.folder)
    run("follow", URLS["walkout"], "--name", "orrin")
    return run


def id_of(run: Any, what: str) -> int:
    return int(run.column("SELECT id FROM articles WHERE url = ?", URLS[what])[0])


def listed(run: Any, name: str) -> set[str]:
    """Which pages the dossier shows, copies among them."""
    told = json.loads(run("story", name, "--format", "json").stdout)["coverage"]
    urls = {each["url"] for piece in told for each in (piece, *piece["copies"])}
    return {what for what, url in URLS.items() if url in urls} | {
        url for url in urls if url not in URLS.values()
    }


# -- follow ----------------------------------------------------------------------------------------


def test_an_article_that_the_archive_lacks_is_fetched_and_starts_a_story_named_after_it(
    dateline, web
):
    run = dateline(web)
    told = run("follow", URLS["walkout"]).stdout
    assert "Following orrin-lighthouse-keepers-strike-over: Orrin lighthouse keepers strike" in told
    assert "1 article of 1 outlet" in told
    assert web.requests[1].path == "/news/orrin-walkout"
    assert {request.host for request in web.requests} == {"harbour.example"}
    web.requests.clear()
    assert (
        "Still following orrin-lighthouse-keepers"
        in run("follow", URLS["walkout"] + "?utm_source=mail").stdout
    )
    assert web.requests == []


def test_following_lists_what_the_archive_has_in_time_order_and_marks_what_is_sure(run):
    told = run("follow", URLS["walkout"], "--name", "Orrin strike").stdout
    assert "Following orrin-strike: Orrin strike" in told
    rows = [line.split() for line in told.splitlines() if line[:4].strip().isdigit()]
    assert [row[0] for row in rows] == [
        str(id_of(run, what)) for what in ("walkout", "days", "end", "history")
    ]
    assert [row[1] for row in rows] == ["2026-03-01", "2026-03-04", "2026-03-08", "undated"]
    assert rows[0][4] == "confirmed"
    assert {row[4] for row in rows[1:]} <= {"sure", "likely"}
    assert "also in Ridge" in told
    assert "Ferry" not in told


def test_what_a_later_crawl_brings_is_filed_under_the_story(dateline, web):
    run = dateline(web)
    run("follow", URLS["walkout"], "--name", "orrin")
    run.knows()
    run.crawl()
    assert listed(run, "orrin") == set(URLS)


def test_a_story_is_extended_by_name_or_by_an_article_and_options_take_the_place_of_what_was_said(
    run,
):
    run(
        "follow",
        id_of(run, "walkout"),
        "--name",
        "orrin",
        "--until",
        "2026-03-05",
        "--outlet",
        "harbour.example",
    )
    assert listed(run, "orrin") == {"walkout", "history"}
    run("follow", id_of(run, "walkout"), "--outlet", "")
    assert listed(run, "orrin") == {"walkout", "copy", "days", "history"}
    run(
        "follow",
        "--name",
        "orrin",
        "--until",
        "",
        "--since",
        "2026-03-03",
        "--language",
        "en-GB",
        "--words",
        "board",
    )
    assert listed(run, "orrin") == {"walkout", "days", "end", "history"}, "a person's word stays"
    assert run.rows("SELECT languages, words, since FROM stories")[0][:] == (
        '["en"]',
        "board",
        "2026-03-03",
    )
    run("follow", URLS["days"], "--name", "orrin")
    assert run.column("SELECT count(*) FROM story_articles WHERE verdict = 'belongs'") == [2]
    assert run.column("SELECT count(*) FROM stories") == [1]


# -- verdict ---------------------------------------------------------------------------------------


def test_a_persons_word_wins_and_outlasts_what_comes_after(followed, web):
    ferry = followed.column("SELECT id FROM articles WHERE headline LIKE 'Ferry%' LIMIT 1")[0]
    ferry_url = followed.column("SELECT url FROM articles WHERE id = ?", ferry)[0]
    followed("verdict", "orrin", URLS["history"], id_of(followed, "days"), "--not")
    followed("verdict", "orrin", ferry, "--belongs")
    for again in (
        ("follow", URLS["end"], "--name", "orrin"),
        ("crawl", URLS["days"], "--delay", "0"),
    ):
        followed(*again)
    shown = listed(followed, "orrin")
    assert {"walkout", "copy", "end", ferry_url} <= shown
    assert not {"days", "history"} & shown
    assert "1 more and" in followed("verdict", "orrin", URLS["history"], "--clear").stdout


def test_the_last_confirmed_article_may_be_taken_back_and_the_command_says_what_that_means(
    followed,
):
    assert (
        "the story cannot find others"
        in followed("verdict", "orrin", URLS["walkout"], "--clear").stdout
    )
    assert listed(followed, "orrin") == set()


# -- the dossier -----------------------------------------------------------------------------------


def test_the_dossier_reads_in_time_order_with_copies_under_their_original(prepared):
    text = prepared("story", "orrin").stdout
    heads = [line for line in text.splitlines() if line.startswith(("date ", "undated "))]
    assert heads == [
        "date 2026-03-01 Orrin lighthouse keepers strike over night shifts",
        "date 2026-03-04 Strike of Orrin lighthouse keepers enters fourth day",
        f"date 2026-03-08 {HOSTILE}",
        "undated Why the lighthouse keepers of Orrin strike",
    ]
    assert "also in: Ridge Times" in text
    assert "why: confirmed: " in text
    assert "Runa Aske" in text


def test_the_dossier_is_written_in_the_form_that_the_files_name_says(prepared, tmp_path):
    for name in ("orrin.html", "orrin.md", "orrin.json", "orrin.txt"):
        assert name in prepared("story", "orrin", "-o", tmp_path / name).stderr
    page = html.fromstring((tmp_path / "orrin.html").read_text("utf-8"))
    assert not page.xpath("//img | //script")
    assert any(HOSTILE in heading.text_content() for heading in page.xpath("//h2"))
    assert "\\<img src=x onerror=alert(1)\\>" in (tmp_path / "orrin.md").read_text("utf-8")
    assert len(json.loads((tmp_path / "orrin.json").read_text("utf-8"))["coverage"]) == 4
    assert (tmp_path / "orrin.txt").read_text("utf-8") == prepared("story", "orrin").stdout
    assert prepared("story", "orrin", "--format", "md").stdout == (tmp_path / "orrin.md").read_text(
        "utf-8"
    )
    assert "confirmed" in prepared("story", "orrin", "--list").stdout


def test_stories_are_listed_with_what_they_have(run):
    assert "No story is followed yet" in run("stories").stdout
    run("follow", URLS["walkout"], "--name", "orrin", "--words", "night shift")
    assert "orrin" in run("stories").stdout
    (row,) = json.loads(run("stories", "--json").stdout)
    assert row == {
        "name": "orrin", "title": "Orrin lighthouse keepers strike over night shifts", "words": "night shift",
        "articles": 5, "outlets": 2, "newest": "2026-03-08",
    }  # fmt: skip
    assert "articles stay" in run("unfollow", "orrin").stdout
    assert json.loads(run("stories", "--json").stdout) == []
    assert run.column("SELECT count(*) FROM articles") == [13]


# -- out and in ------------------------------------------------------------------------------------


def test_a_story_goes_to_another_archive_and_is_whole_there_once_a_crawl_brought_its_pages(
    run, tmp_path
):
    run(
        "follow",
        URLS["walkout"],
        URLS["days"],
        "--name",
        "Orrin’s “strike”",
        "--language",
        "en",
        "--since",
        "2026-02-01",
    )
    run("verdict", "orrins-strike", URLS["history"], "--not")
    file = tmp_path / "stories.toml"
    file.write_text(run("stories", "--toml").stdout)
    (story,) = tomllib.loads(file.read_text())["story"]
    assert (story["title"], story["belongs"]) == (
        "Orrin’s “strike”",
        [URLS["walkout"], URLS["days"]],
    )
    before = listed(run, "orrins-strike")

    run.folder = tmp_path / "second"
    told = run("follow", "--from", file).stdout
    assert f"{URLS['walkout']}: not in the archive yet; the next crawl fetches it" in told
    assert URLS["history"] not in told
    assert run("stories", "--toml").stdout == file.read_text()
    run.knows()
    run.crawl()
    assert run("stories", "--toml").stdout == file.read_text()
    assert listed(run, "orrins-strike") == before
    assert run.column("SELECT count(*) FROM story_urls") == [0]


def test_importing_a_definition_fetches_nothing(followed, tmp_path, web):
    (tmp_path / "stories.toml").write_text(followed("stories", "orrin", "--toml").stdout)
    web.requests.clear()
    followed.folder = tmp_path / "second"
    followed("follow", "--from", tmp_path / "stories.toml")
    assert web.requests == []


# -- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["follow"], 2, "name an article"),
        (["follow", "not a url"], 2, "not a url"),
        (["follow", "999"], 1, "999"),
        (["follow", "http://harbour.example/nowhere"], 1, "HTTP 404"),
        (["follow", "--name", "unheard"], 2, "unheard: no such story"),
        (["follow", "1", "--name", "—"], 2, "no name for a story"),
        (["follow", "1", "--since", "yesterday-ish"], 2, "yesterday-ish"),
        (["follow", "1", "--since", "2026-03-02", "--until", "2026-03-01"], 2, "before --since"),
        (["follow", "1", "--language", "klingonese"], 2, "klingonese"),
        (["follow", "1", "--outlet", "elsewhere.example"], 2, "elsewhere.example: no such outlet"),
        (["follow", "1", "--from", "missing.toml"], 2, "missing.toml"),
        (["story", "orin"], 2, "orin: no such story; did you mean orrin?"),
        (["story", "orrin", "--list", "--format", "md"], 2, "--list"),
        (["story", "orrin", "-o", "nowhere/at/all.md"], 1, "nowhere/at/all.md"),
        (["stories", "zeppelin"], 2, "zeppelin: no such story"),
        (["unfollow", "zeppelin"], 2, "zeppelin: no such story"),
        (["verdict", "orrin", "1"], 2, "choose one of"),
        (["verdict", "orrin", "999", "--not"], 1, "999"),
        (["verdict", "zeppelin", "1", "--not"], 2, "zeppelin: no such story"),
    ],
)
def test_a_mistake_is_told_in_a_line_that_names_it_and_changes_nothing(prepared, words, code, said):
    before = prepared.rows("SELECT * FROM stories, story_articles")
    told = prepared(*words, code=code).stderr
    assert said in told
    assert (
        len(
            [line for line in told.splitlines() if not line.startswith(("Usage:", "Try ")) and line]
        )
        == 1
    )
    assert prepared.rows("SELECT * FROM stories, story_articles") == before


@pytest.mark.parametrize("words", [["stories"], ["story", "orrin"], ["unfollow", "orrin"], ["follow", "1"],
                                   ["follow", "--name", "orrin"], ["verdict", "orrin", "1", "--not"]])  # fmt: skip
def test_without_an_archive_a_command_says_so_and_makes_none(dateline, words):
    run = dateline()
    assert "no archive here yet" in run(*words, code=1).stderr
    assert not run.folder.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "not readable as TOML"),
        ("[[outlet]]\nhost = 'a.example'", "no [[story]] table"),
        ("[[story]]\ntitle = 'No name'", "story 1: it has no name"),
        ("[[story]]\nname = 'a'\nbelong = []", "story 1: unknown key `belong`"),
        (
            "[[story]]\nname = 'a'\nbelongs = 'http://a.example/1'",
            "`belongs` must be a list of texts",
        ),
        ("[[story]]\nname = 'a'\nwords = 7", "`words` must be a text"),
        ("[[story]]\nname = 'a'\nbelongs = ['ftp://a.example/1']", "ftp://a.example/1"),
        ("[[story]]\nname = 'a'\nsince = 'soonish'", "soonish"),
    ],
)
def test_a_file_that_cannot_be_meant_is_told_in_a_line_and_nothing_of_it_is_followed(
    dateline, tmp_path, text, said
):
    (tmp_path / "stories.toml").write_text(
        "[[story]]\nname = 'sound'\n" * text.startswith("[[story]]") + text
    )
    run = dateline()
    told = run("follow", "--from", tmp_path / "stories.toml", code=2).stderr
    assert said.replace("story 1", "story 2") in told
    assert "stories.toml" in told
    assert len(told.splitlines()) == 1
