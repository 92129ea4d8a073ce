"""`dateline investigate`: from one address and an empty folder to a dossier."""

from __future__ import annotations

import json
import signal
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.articles import story_searches
from archive.articles.story_searches import OutletSearch
from archive.storage.database import transaction
from demo.markup import page_html
from demo.web import Outlet, Page, Web, World, serve, served
from tests.conftest import Dateline
from tests.crawler.spiders.test_story_spider import BOAT, BREAD, CRACKS, DRILL, FREE, MINE, START
from tests.patience import patient, until
from tests.stories import NOW, page
from tests.terminals import on_a_terminal

ABROAD = replace(
    MINE,
    path="/monde/7-mine",
    headline="Onze mineurs bloqués dans la mine de sel de Vellmar",
    text="Onze mineurs sont bloqués à 400 mètres dans la mine de sel de Vellmar, qui appartient à Halden Salt.\n\n"
    "Les sauveteurs de Vellmar forent un second puits vers la galerie, a dit Halden Salt.",
)


def outlet(host: str, *pages: Page, **more: object) -> Outlet:
    own = tuple(page(number) for number in range(1, 4))
    return Outlet(host, host.partition(".")[0].title(), pages=(*pages, *own), **more)  # type: ignore[arg-type]


def world(*more: Outlet) -> World:
    outlets = (
        outlet("harbour.example", MINE, BOAT),
        outlet("ridge.example", DRILL, FREE),
        outlet("courier.example", replace(CRACKS, listed=True), BREAD),
        outlet("phare.example", ABROAD, language="fr"),
        *more,
    )
    return World(outlets, NOW)


def catalogue(tmp_path: Path, *rows: str) -> Path:
    """A list of outlets as a person has it."""
    file = tmp_path / "outlets.csv"
    usual = ("ridge.example,,en", "courier.example,,en", "harbour.example,,en")
    file.write_text("\n".join(("host,country,language", *(rows or usual))) + "\n")
    return file


def investigated(
    dateline, web: Web, tmp_path: Path, *words: object, code: int = 0, url: str = START
):
    """What the command said, the run and its dossier, which lies in a folder that was empty."""
    run: Dateline = dateline(web)
    out = tmp_path / "dossier.html"
    file = tmp_path / "outlets.csv"
    if not file.exists():
        catalogue(tmp_path)
    usual = ("--catalogue", file, "--out", out, "--delay", "0")
    ran = run("investigate", url, *usual, *(words or ("--yes",)), code=code)
    return ran, run, out


def coverage(run: Dateline) -> set[str]:
    return {url.rpartition("example")[2] for url in run.column("SELECT url FROM story_coverage")}


def states(run: Dateline) -> dict[str, str]:
    return {row["host"]: row["state"] for row in run.rows("SELECT host, state FROM story_searches")}


def test_a_newcomer_with_an_empty_folder_and_one_address_gets_a_dossier_by_one_command(
    dateline, tmp_path
):
    with serve(world()) as web:
        ran, run, out = investigated(dateline, web, tmp_path)
    assert {MINE.path, DRILL.path, FREE.path, CRACKS.path} <= coverage(run)
    told = out.read_text()
    for headline in (MINE.headline, DRILL.headline, FREE.headline, CRACKS.headline):
        assert headline in told
        assert headline in ran.stdout.replace("\n", " ") or headline.split()[0] in ran.stdout
    assert "What was searched, and what was not" in told
    assert "courier.example" in told
    assert f"+ 2026-03-10  Ridge: {DRILL.headline}" in ran.stderr, (
        "each article is told as it is found"
    )
    assert "Next: " in ran.stdout
    assert states(run) == dict.fromkeys(
        ("harbour.example", "ridge.example", "courier.example"), "answered"
    )


def test_the_default_dossier_bears_the_storys_name_where_the_person_is(dateline, tmp_path):
    with serve(world()) as web:
        run = dateline(web)
        file = catalogue(tmp_path)
        subprocess.run(
            [
                *run.command("investigate", START),
                "--yes",
                "--catalogue",
                file,
                "--delay",
                "0",
                "--name",
                "mine",
            ],
            env=run.environ(),
            cwd=tmp_path,
            check=True,
            capture_output=True,
            timeout=patient(100),
        )
    assert MINE.headline in (tmp_path / "mine.html").read_text()


def test_a_second_run_goes_on_and_asks_only_those_that_were_not_asked(dateline, tmp_path):
    with serve(world()) as web:
        _, run, out = investigated(dateline, web, tmp_path, "--outlets", "1")
        first = states(run)
        assert sorted(first.values()) == ["answered", "answered", "not asked"]
        assert "Not asked, though suggested: 1 outlet:" in out.read_text()
        before = coverage(run)
        pages = {request.url for request in web.requests if "mine" in request.path}
        web.requests.clear()
        ran, run, out = investigated(dateline, web, tmp_path, "--outlets", "5")
        again = [request.url for request in web.requests if "mine" in request.path]
    assert before < coverage(run)
    assert set(states(run).values()) == {"answered"}
    assert not pages & set(again), "no page is asked for twice"
    assert run.column("SELECT count(*) FROM stories") == [1]
    assert "Still following" in ran.stdout


def test_an_outlet_that_answers_nothing_is_named_as_not_searched(dateline, tmp_path):
    catalogue(tmp_path, "ridge.example,,en", "nowhere.example,,en", "silent.example,,en")
    silent = Outlet(
        "silent.example",
        "Silent",
        feed=None,
        sitemap=None,
        pages=(Page("/robots.txt", "", "", status=404),),
    )
    with serve(world(silent)) as web:
        ran, run, out = investigated(dateline, web, tmp_path)
    assert states(run)["nowhere.example"] == states(run)["silent.example"] == "failed"
    line = next(line for line in ran.stdout.splitlines() if line.startswith("Not searched"))
    assert "nowhere.example (" in line
    assert "silent.example (" in line
    assert "ridge.example" not in line
    assert "nowhere.example" in out.read_text()


def test_a_budget_of_requests_is_kept_and_told_and_the_next_run_goes_on(dateline, tmp_path):
    with serve(world()) as web:
        ran, run, _ = investigated(dateline, web, tmp_path, "--yes", "--requests", "8")
        assert len(web.requests) <= 12, "those under way are let end"
        assert "Stopped: the budget of 8 requests is spent" in ran.stdout
        assert "goes on where this ended" in ran.stdout
        before = coverage(run)
        _, run, _ = investigated(dateline, web, tmp_path)
    assert before < coverage(run)


def test_without_a_terminal_it_has_to_be_said_whether_outlets_may_be_asked(dateline, tmp_path):
    with serve(world()) as web:
        ran, _, out = investigated(dateline, web, tmp_path, "--max-time", "5m", code=2)
        assert not web.requests
    assert "say --yes, or how many: --outlets 30" in ran.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://harbour.example/gone", "gone: HTTP 404"),
        ("http://harbour.example/", "no article could be had there"),
        ("http://elsewhere.example/news/1", "no article could be had there"),
    ],
)
def test_an_address_without_an_article_is_told_in_one_line(dateline, tmp_path, url, why):
    with serve(world()) as web:
        ran, run, out = investigated(dateline, web, tmp_path, url=url, code=1)
    assert ran.stderr.startswith("dateline: ")
    assert why in ran.stderr
    assert not out.exists()
    assert run.column("SELECT count(*) FROM stories") == [0]


@pytest.mark.parametrize(
    "words", [("--out", "dossier.pdf"), ("--out", "no/such/folder/dossier.html")]
)
def test_a_dossier_that_could_not_be_written_is_refused_before_anything_is_asked(dateline, words):
    with serve(world()) as web:
        dateline(web)("investigate", START, "--yes", *words, code=2)
        assert not web.requests


class Held(Web):
    """A web whose ridge.example does not answer until it is let go."""

    held = True

    def respond(self, method, host, path, headers):
        reply = super().respond(method, host, path, headers)
        return (
            replace(reply, delay=600)
            if self.held and host == "ridge.example" and path != "/robots.txt"
            else reply
        )


def test_ctrl_c_ends_it_with_a_dossier_of_what_there_is_and_the_same_command_goes_on(
    dateline, tmp_path
):
    catalogue(tmp_path)
    with served(Held(world())) as web:
        run = dateline(web)
        words = (
            "investigate",
            START,
            "--yes",
            "--delay",
            "0",
            "--catalogue",
            tmp_path / "outlets.csv",
        )
        words += ("--out", tmp_path / "dossier.html")
        began = run.start(*words)
        until(
            lambda: any(r.host == "ridge.example" and r.path != "/robots.txt" for r in web.requests)
        )
        began.send_signal(signal.SIGINT)
        assert began.wait(timeout=patient(90)) == 0
        assert MINE.headline in (tmp_path / "dossier.html").read_text()
        assert DRILL.path not in coverage(run)
        web.held = False
        run(*words)
    assert {MINE.path, DRILL.path, FREE.path, CRACKS.path} <= coverage(run)


@pytest.mark.parametrize(("answer", "asked"), [("n\n", False), ("\n", True)])
def test_on_a_terminal_the_person_is_asked_and_a_no_is_taken(dateline, tmp_path, answer, asked):
    catalogue(tmp_path)
    with serve(world()) as web:
        run = dateline(web)
        words = ("investigate", START, "--delay", "0", "--catalogue", tmp_path / "outlets.csv")
        said = on_a_terminal(run, answer, *words, "--out", tmp_path / "dossier.html")
        hosts = {request.host for request in web.requests}
    assert "Ask them? [Y/n]" in said
    assert "ridge.example" in said
    assert ("ridge.example" in hosts) is asked
    assert (tmp_path / "dossier.html").exists()


# -- what is told of a search ----------------------------------------------------------------------


def test_an_outlet_that_the_article_links_to_is_asked_whatever_its_language_and_country(
    dateline, tmp_path
):
    markup = page_html(Outlet("harbour.example"), MINE, NOW)
    link = (
        f'<p>First told by <a href="http://phare.example{ABROAD.path}">Le Phare</a>.</p></article>'
    )
    linking = replace(MINE, body=markup.replace("</article>", link).encode())
    outlets = (outlet("harbour.example", linking), outlet("phare.example", ABROAD, language="fr"))
    catalogue(tmp_path, "phare.example,FR,fr", "matin.example,FR,fr")
    with serve(World(outlets, NOW)) as web:
        _, run, out = investigated(dateline, web, tmp_path)
        assert f"http://phare.example{ABROAD.path}" in web.asked()
    assert states(run)["phare.example"] == "answered"
    assert run.column("SELECT suggested FROM story_searches WHERE host = 'phare.example'")[
        0
    ].startswith("linked from")
    assert "phare.example" in out.read_text()


def test_a_story_that_was_crawled_for_says_in_every_form_where_it_was_looked_for(
    dateline, tmp_path
):
    with serve(world()) as web:
        run = dateline(web)
        run.knows("harbour.example", "ridge.example")
        run("follow", START, "--name", "mine")
        assert "What was searched" not in run("story", "mine").stdout
        run("crawl", "--story", "mine", "--delay", "0")
    text = run("story", "mine").stdout
    assert "What was searched, and what was not" in text
    assert "Searched: 2 outlets answered: harbour.example, ridge.example." in text
    assert "## What was searched, and what was not" in run("story", "mine", "--format", "md").stdout
    told = json.loads(run("story", "mine", "--format", "json").stdout)["search"]
    assert {each["host"]: each["state"] for each in told["outlets"]} == {
        "harbour.example": "answered",
        "ridge.example": "answered",
    }
    assert told["requests"] > 0
    run("unfollow", "mine")
    assert run.column("SELECT count(*) FROM story_searches") == [0]


def test_requests_add_up_days_grow_and_who_answered_is_never_said_to_be_unasked(tmp_path):
    with Archive(tmp_path) as archive, transaction(archive.db) as db:
        db.execute(
            "INSERT INTO stories (id, name, title, created_at) VALUES (1, 'mine', 'Mine', '2026-03-10')"
        )
        story_searches.save_outlet_searches(
            db,
            1,
            [
                OutletSearch(
                    "a.example", "answered", None, "in English", "2026-02-01", "2026-03-01", 5
                )
            ],
        )
        story_searches.save_outlet_searches(
            db, 1, [OutletSearch("a.example", "answered", None, None, "2026-01-01", None, 3)]
        )
        story_searches.save_outlet_searches(
            db,
            1,
            [
                OutletSearch("a.example", "not asked"),
                OutletSearch("b.example", "failed", "timed out"),
            ],
        )
        found = story_searches.story_search(db, 1)
    assert found
    assert found.of("answered") == [
        OutletSearch("a.example", "answered", None, "in English", "2026-01-01", None, 8)
    ]
    assert found.days == "2026-01-01 to the day of the search"
    assert (
        "Not searched, as they did not answer: b.example (timed out)."
        in story_searches.search_lines(found)
    )


def test_pages_written_an_hour_ago_are_found_as_those_of_last_month_are(dateline, tmp_path):
    """What is on the front page today needs no sitemap of months."""
    late = replace(FREE, published=NOW - timedelta(minutes=50))
    outlets = (outlet("harbour.example", MINE), outlet("ridge.example", late, sitemap=None))
    with serve(World(outlets, NOW)) as web:
        run = dateline(web)
        run.at(NOW)
        _, run, _ = investigated(lambda _: run, web, tmp_path)
    assert late.path in coverage(run)


# -- whom the budget left without a turn -----------------------------------------------------------


def bare(number: int, **more: object) -> Outlet:
    """An outlet whose robots.txt names nothing; what it has is told on its front page."""
    return outlet(
        f"town{number}.example", replace(DRILL, path=f"/news/{number}-drill"), sitemap=None, **more
    )


def listed_with_old_feeds(tmp_path: Path, many: int) -> None:
    rows = (
        f"town{number}.example,en,http://town{number}.example/old.xml" for number in range(many)
    )
    (tmp_path / "outlets.csv").write_text("\n".join(("host,language,feeds", *rows)) + "\n")


@pytest.mark.parametrize("budget", [14, 18, 21])
def test_who_had_no_whole_turn_within_the_budget_is_not_said_to_have_given_no_answer(
    dateline, tmp_path, budget
):
    listed_with_old_feeds(tmp_path, 8)
    with serve(world(*map(bare, range(8)))) as web:
        ran, run, out = investigated(dateline, web, tmp_path, "--yes", "--requests", budget)
        fronts = {request.host for request in web.requests if request.path == "/"}
    cut = {f"town{number}.example" for number in range(8)} - fronts
    assert cut, "the budget ends before all had their turn"
    assert {host for host, state in states(run).items() if state == "not asked"} >= cut
    assert "Not searched" not in ran.stdout
    assert "did not answer" not in out.read_text()


def test_who_is_not_there_is_said_so_also_where_the_budget_ends_before_others_had_their_turn(
    dateline, tmp_path
):
    listed_with_old_feeds(tmp_path, 8)
    with (tmp_path / "outlets.csv").open("a") as more:
        more.write("nowhere.example,en,\n")
    with serve(world(*map(bare, range(8)))) as web:
        ran, run, _ = investigated(dateline, web, tmp_path, "--yes", "--requests", "28")
        assert web.asked("nowhere.example")
    assert states(run)["nowhere.example"] == "failed"
    assert "nowhere.example (" in next(
        line for line in ran.stdout.splitlines() if line.startswith("Not searched")
    )


def test_who_had_no_whole_turn_has_it_in_the_next_run(dateline, tmp_path):
    listed_with_old_feeds(tmp_path, 4)
    with serve(world(*map(bare, range(4)))) as web:
        _, run, _ = investigated(dateline, web, tmp_path, "--yes", "--requests", "12")
        assert "not asked" in states(run).values()
        _, run, _ = investigated(dateline, web, tmp_path)
    assert set(states(run).values()) == {"answered"}
    assert len([path for path in coverage(run) if path.endswith("-drill")]) == 4


def test_outlets_of_a_list_that_says_nothing_of_them_are_all_asked_however_many_have_nothing(
    dateline, tmp_path
):
    """They stand in the order of their names, not of their likelihood."""
    empty = [outlet(f"a{number}.example") for number in range(24)]
    (tmp_path / "outlets.csv").write_text(
        "\n".join(["host", *(each.host for each in empty), "ridge.example"])
    )
    with serve(world(*empty)) as web:
        _, run, _ = investigated(dateline, web, tmp_path, "--yes", "--outlets", "40")
    assert {DRILL.path, FREE.path} <= coverage(run)
    assert len(states(run)) == 26
