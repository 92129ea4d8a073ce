"""What an outlet repeats is left out of its articles, and never makes a change of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.articles.boilerplate import (
    count_boilerplate,
    forget_old_lines,
    removed_line_texts,
    removed_lines,
)
from archive.articles.revisions import ArticleVersion, article_version
from archive.articles.store import StoredArticle, remove_new_boilerplate, store_article
from archive.records import Article, Check
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA, CAPTURES_SCHEMA, DatabaseSchema
from pipelines.policies import archive_policies
from pipelines.stages import run_stages
from pipelines.text.fingerprint import text_fingerprint
from tests.news import BOX, NEWS, REFRAIN, STRIKE, with_box

OURS = archive_policies()


class Desk:
    """An archive, as looks at pages fill it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.ours = OURS

    def look(
        self, number: int, text: str, hour: int = 10, host: str = "harbour.example", **more: Any
    ) -> StoredArticle:
        """A look at page `number`, whose bytes are others at each hour."""
        usual: dict[str, Any] = {
            "headline": f"Report {number}",
            "language": "en",
            "extractor": "reader 1",
        }
        article = Article(
            f"http://{host}/news/{number}",
            text=text,
            fetched_at=f"2026-03-10T{hour}:00:00Z",
            digest=f"{number} at {hour}",
            **(usual | more),
        )
        check = Check(
            article.url,
            "new",
            article.fetched_at or "",
            200,
            digest=article.digest,
            article=article,
        )
        with transaction(self.db) as db:
            return store_article(db, run_stages(check), self.ours)

    def texts(self) -> list[str]:
        return self.column("SELECT text FROM articles ORDER BY id")

    def column(self, query: str) -> list[Any]:
        return [row[0] for row in self.db.execute(query)]

    def catch_up(self) -> list[int]:
        with transaction(self.db) as db:
            return [
                remove_new_boilerplate(db, id, self.ours)
                for id in self.column("SELECT id FROM articles ORDER BY id")
            ]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with closing(open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)) as db:
        yield Desk(db)


@pytest.fixture
def knowing(desk: Desk) -> Desk:
    """Three articles about different things had the outlet's box."""
    for number in range(3):
        desk.look(number, with_box(number))
    return desk


# -- learning --------------------------------------------------------------------------------------


def test_a_line_that_stood_in_three_pieces_of_news_is_left_out_of_the_third_and_the_next(
    knowing: Desk,
) -> None:
    knowing.look(3, with_box(3))
    assert knowing.texts() == [with_box(0), with_box(1), NEWS[2], NEWS[3]]
    row = knowing.db.execute("SELECT fingerprint, word_count FROM articles WHERE id = 4").fetchone()
    assert tuple(row) == (text_fingerprint(NEWS[3]), len(NEWS[3].split()))
    assert knowing.column("SELECT rowid FROM articles_fts WHERE articles_fts MATCH 'morning'") == [
        1,
        2,
    ]


def test_a_refrain_of_three_reports_of_one_matter_is_theirs(desk: Desk) -> None:
    told = [f"{text}\n{REFRAIN}" for text in STRIKE]
    for number, text in enumerate(told):
        desk.look(number, text)
    desk.catch_up()
    assert desk.texts() == told
    assert count_boilerplate(desk.db).boilerplate == 0


def test_copies_of_one_text_count_once(desk: Desk) -> None:
    for number in range(4):
        desk.look(number, with_box(0), headline=f"The bees, edition {number}")
    desk.look(5, with_box(1))
    assert desk.column("SELECT count(*) FROM boilerplate_lines") == [0]


def test_what_one_outlet_repeats_is_no_habit_of_another(knowing: Desk) -> None:
    knowing.look(3, with_box(3), host="ridge.example")
    assert knowing.texts()[3] == with_box(3)


def test_a_line_whose_numbers_change_is_one_line(desk: Desk) -> None:
    for number in range(4):
        desk.look(number, with_box(number, f"Read by {number * 1_111} people so far"))
    assert desk.texts()[2:] == [NEWS[2], NEWS[3]]


def test_a_text_that_is_nearly_all_repeated_stays_whole(knowing: Desk) -> None:
    knowing.look(3, f"Closed today.\n{BOX}")
    assert knowing.texts()[3] == f"Closed today.\n{BOX}"


def test_lines_of_old_articles_are_forgotten_and_habits_are_not(knowing: Desk) -> None:
    before = knowing.column("SELECT count(*) FROM boilerplate_candidates")[0]
    with transaction(knowing.db) as db:
        assert 0 < forget_old_lines(db, 1, kept=1) < before
    assert knowing.column("SELECT DISTINCT article_id FROM boilerplate_candidates") == [3]
    knowing.look(3, with_box(3))
    assert knowing.texts()[3] == NEWS[3]


def test_an_article_leaves_a_row_a_line_until_its_lines_are_habits(knowing: Desk) -> None:
    assert knowing.column("SELECT count(*) FROM boilerplate_candidates") == [
        sum(text.count("\n") + 1 for text in NEWS[:3])
    ]
    assert knowing.column("SELECT text FROM boilerplate_lines") == [BOX]


# -- nothing is lost -------------------------------------------------------------------------------


def test_what_was_left_out_can_be_read_back_with_its_place(knowing: Desk) -> None:
    assert removed_line_texts(knowing.db, 3) == [(1, BOX)]
    assert removed_line_texts(knowing.db, 1) == []


def test_places_count_in_the_whole_text_however_often_more_goes(desk: Desk) -> None:
    above, below = "Our weather report for sailors", "Letters to the editor go here"
    for number in range(3):
        desk.look(number, f"{with_box(number)}\n{below}")
    for number in range(3, 5):
        desk.look(number, f"{above}\n{with_box(number)}\n{below}")
    desk.look(6, f"{above}\n{STRIKE[0]}")
    assert desk.catch_up() == [2, 2, 0, 1, 1, 0]
    first = NEWS[3].split("\n")
    assert removed_line_texts(desk.db, 4) == [(0, above), (2, BOX), (len(first) + 2, below)]
    assert desk.texts() == [*NEWS, STRIKE[0]]


# -- what is known already -------------------------------------------------------------------------


def test_learning_never_makes_a_revision_of_a_page_that_did_not_change(knowing: Desk) -> None:
    """The page is other bytes, as pages are, and says the same; the first reading of it knew no
    habit yet."""
    filed = knowing.look(0, with_box(0), hour=12)
    assert (filed.article_id, filed.outcome) == (1, "unchanged")
    assert knowing.texts()[0] == NEWS[0]
    assert removed_line_texts(knowing.db, 1) == [(1, BOX)]
    assert knowing.column("SELECT count(*) FROM revisions") == [0]
    assert knowing.column("SELECT fingerprint FROM articles WHERE id = 1") == [
        text_fingerprint(NEWS[0])
    ]


def test_a_box_that_comes_or_goes_is_no_change_of_the_article(knowing: Desk) -> None:
    assert knowing.look(2, NEWS[2], hour=12).outcome == "unchanged"
    assert knowing.look(1, NEWS[1], hour=12).outcome == "unchanged"
    assert knowing.look(2, with_box(2), hour=13).outcome == "unchanged"
    assert knowing.texts() == [with_box(0), NEWS[1], NEWS[2]]
    assert knowing.column("SELECT count(*) FROM revisions") == [0]


def test_a_change_is_a_revision_and_neither_text_has_the_box(knowing: Desk) -> None:
    more = f"{with_box(0)}\nThe ministry will decide on Friday, a spokesman said."
    assert knowing.look(0, more, hour=12).outcome == "changed"
    revisions = knowing.column("SELECT text FROM revisions ORDER BY number")
    assert revisions == [NEWS[0], more.replace(f"{BOX}\n", "")]
    assert knowing.column("SELECT kinds FROM revisions ORDER BY number") == ["[]", '["body"]']


def test_earlier_revisions_lose_the_box_with_the_newest(desk: Desk) -> None:
    """So that no comparison shows as a change what is none."""
    more = f"{with_box(0)}\nThe ministry will decide on Friday, a spokesman said."
    desk.look(0, with_box(0))
    desk.look(0, more, hour=11)
    for number in (1, 2):
        desk.look(number, with_box(number), hour=12)
    assert desk.look(0, with_box(0), hour=13).outcome == "changed"
    assert desk.column("SELECT kinds FROM revisions ORDER BY number")[-1] == '["body", "restored"]'
    assert not [text for text in desk.column("SELECT text FROM revisions") if BOX in text]


def test_another_extractor_reads_the_old_page_without_the_box_too(knowing: Desk) -> None:
    better = f"{with_box(0)}\nA caption that the old reader left out."

    def reread(digest: str) -> ArticleVersion | None:
        read = Article("http://harbour.example/news/0", headline="Report 0", text=better, digest=digest,
                       fetched_at="2026-03-10T10:00:00Z", extractor="reader 2", language="en")  # fmt: skip
        return article_version(read, text_fingerprint(better)) if digest == "0 at 10" else None

    knowing.ours = replace(OURS, changes=replace(OURS.changes, reread=reread))
    assert knowing.look(0, better, hour=12, extractor="reader 2").outcome == "unchanged"
    assert (knowing.texts()[0], knowing.column("SELECT count(*) FROM revisions")) == (NEWS[0], [0])
    assert (
        knowing.look(
            0, f"{better}\nThe ministry decides on Friday.", hour=13, extractor="reader 2"
        ).outcome
        == "changed"
    )
    assert not [text for text in knowing.column("SELECT text FROM revisions") if BOX in text]


def test_a_page_read_anew_gets_back_what_is_no_habit_any_more(knowing: Desk) -> None:
    with transaction(knowing.db) as db:
        db.execute("DELETE FROM boilerplate_lines")
    assert knowing.look(2, with_box(2), hour=10, extractor="reader 2").outcome == "unchanged"
    assert (knowing.texts()[2], removed_lines(knowing.db, 3)) == (with_box(2), {})


def test_what_was_learnt_is_left_out_of_earlier_articles_when_they_catch_up(knowing: Desk) -> None:
    assert knowing.catch_up() == [1, 1, 0]
    assert knowing.catch_up() == [0, 0, 0]
    assert knowing.texts() == list(NEWS[:3])
    assert knowing.column("SELECT count(*) FROM revisions") == [0]
    told = count_boilerplate(knowing.db)
    assert (told.boilerplate, told.outlets, told.lines, told.articles) == (1, 1, 3, 3)


# -- archives of before ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "steps",
    range(1, len(ARCHIVE_SCHEMA.steps)),
    ids=lambda steps: ARCHIVE_SCHEMA.steps[steps - 1][0],
)
def test_an_archive_of_every_earlier_step_keeps_its_articles_and_learns_from_then_on(
    steps: int, tmp_path: Path
) -> None:
    path = tmp_path / "archive.db"
    with closing(
        open_database(path, DatabaseSchema(ARCHIVE_SCHEMA.name, ARCHIVE_SCHEMA.steps[:steps]))
    ) as db:
        db.execute(
            "INSERT INTO outlets (host, added_at) VALUES ('harbour.example', '2026-03-01T00:00:00Z')"
        )
        db.execute(
            """INSERT INTO articles (outlet_id, url, headline, text, fetched_at)
            VALUES (1, 'http://harbour.example/news/0', 'Report 0', ?, '2026-03-01T00:00:00Z')""",
            (with_box(0),),
        )
    with closing(open_database(path, ARCHIVE_SCHEMA)) as db:
        desk = Desk(db)
        assert desk.texts() == [with_box(0)]
        for number in range(1, 4):
            desk.look(number, with_box(number))
        assert desk.texts() == [with_box(0), with_box(1), with_box(2), NEWS[3]]
        assert desk.catch_up()[0] == 1
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize("steps", range(1, len(CAPTURES_SCHEMA.steps)))
def test_captures_of_every_earlier_step_open(steps: int, tmp_path: Path) -> None:
    open_database(
        tmp_path / "captures.db",
        DatabaseSchema(CAPTURES_SCHEMA.name, CAPTURES_SCHEMA.steps[:steps]),
    ).close()
    with closing(open_database(tmp_path / "captures.db", CAPTURES_SCHEMA)) as db:
        assert db.execute("SELECT count(*) FROM bodies").fetchone()[0] == 0
