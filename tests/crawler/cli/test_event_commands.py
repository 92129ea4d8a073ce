"""Events by the command line: found as articles arrive, made anew, tidied."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.conftest import Dateline

ARTICLES = [
    ("https://harbour.example/bread", "Bakers raise the price of bread", "2024-03-10",
     "A loaf costs a tenth more from Monday, the guild of bakers in Norvik announced after the wet harvest."),
    ("https://harbour.example/ferry", "Ferry crews strike over night shifts", "2024-03-12",
     "The crews of the island ferry went on strike on Tuesday. The union asks for shorter night shifts."),
    ("https://ridge.example/ferry", "Islanders stranded as ferry strike begins", "2024-03-13",
     "Hundreds of islanders waited as the strike of the ferry crews began. The union wants shorter night shifts."),
]  # fmt: skip


def filled(dateline: Callable[..., Dateline]) -> Dateline:
    run = dateline()
    names = ("url", "headline", "published_at", "text")
    lines = [
        json.dumps(dict(zip(names, article, strict=True)) | {"language": "en"})
        for article in ARTICLES
    ]
    run("import", "-", stdin="\n".join(lines))
    return run


def events(run: Dateline) -> list[tuple[str, str]]:
    """The headline of each article with that of the one that started its event."""
    rows = run.rows(
        """SELECT a.headline, f.headline FROM event_articles m JOIN articles a ON a.id = m.article_id
        JOIN articles f ON f.id = m.event_id ORDER BY a.id"""
    )
    return [tuple(row) for row in rows]


BREAD, STRIKE, BEGINS = (article[1] for article in ARTICLES)


@pytest.mark.slow
def test_an_article_is_in_its_event_as_soon_as_it_is_kept(
    dateline: Callable[..., Dateline],
) -> None:
    run = filled(dateline)
    assert events(run) == [(BREAD, BREAD), (STRIKE, STRIKE), (BEGINS, STRIKE)]
    why = run.rows("SELECT outlet, joined, terms FROM event_coverage WHERE headline = ?", BEGINS)
    assert [(row["outlet"], row["joined"]) for row in why] == [("ridge.example", "words")]
    assert "strike" in why[0]["terms"]


@pytest.mark.slow
def test_events_are_made_anew_and_what_a_person_said_of_a_story_stays(
    dateline: Callable[..., Dateline],
) -> None:
    run = filled(dateline)
    run("follow", "2", "--name", "ferry")
    run("verdict", "ferry", "3", "--not")
    before, said = events(run), [tuple(row) for row in run.rows("SELECT * FROM story_articles")]
    told = run("rebuild", "events").stdout
    assert told == "3 articles in 2 events\n"
    assert events(run) == before
    assert [tuple(row) for row in run.rows("SELECT * FROM story_articles")] == said
    assert said


def test_a_tidy_says_what_it_did(dateline: Callable[..., Dateline]) -> None:
    run = filled(dateline)
    assert run("tidy").stdout == "No event changed\n"
    assert run.column("SELECT events FROM tidy_runs") == [2]


def test_without_an_archive_there_is_nothing_to_make_anew(
    dateline: Callable[..., Dateline],
) -> None:
    run = dateline()
    for words in (["rebuild", "events"], ["tidy"]):
        failed = run(*words, code=None)
        assert failed.returncode != 0
        assert "there is no archive here yet" in failed.stderr
    assert not run.folder.exists()
