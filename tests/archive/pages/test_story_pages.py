"""A story's page beyond its list: filters, changes, evidence, verdicts; and the list of stories."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.pages.story import StoryFilters, is_weak_match, story_page_data
from archive.pages.story_list import story_list_data
from archive.pages.story_verdicts import (
    VerdictResult,
    judged_notice,
    store_page_verdict,
    verdict_query,
)
from archive.queries.capture_lookup import archived_capture, article_of_capture, capture_page_data
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.text.language_names import language_name
from pipelines.topics.stories import STORY_POLICY
from tests.archive.conftest import MOMENT
from tests.archive.room import FIRST_DIGEST, STORY, furnish


@pytest.fixture
def db(folder: Path) -> Iterator[sqlite3.Connection]:
    connection = open_database(furnish(folder) / "archive.db", ARCHIVE_SCHEMA)
    yield connection
    connection.close()


def coverage_ids(db: sqlite3.Connection, **filters: str) -> list[int]:
    """The texts on the first page of the story, in order."""
    data = story_page_data(db, STORY, StoryFilters(**filters))
    assert data
    return [row["id"] for row in data["coverage"]]


# -- filters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"only": "changed"}, [1, 8]),
        ({"only": "originals"}, [1, 8]),
        ({"only": "originals", "outlet": "ridge.example"}, [8]),
        ({"match": "confirmed"}, [1]),
        ({"match": "sure"}, [2]),
        ({"match": "likely"}, [8]),
        ({"part": "event"}, [2]),
        ({"part": "nonsense"}, []),
    ],
)
def test_the_coverage_can_be_narrowed_to_changed_articles_originals_parts_and_matches(
    db: sqlite3.Connection, filters: dict[str, str], ids: list[int]
) -> None:
    db.execute("UPDATE story_articles SET part = 'event' WHERE article_id = 2")
    assert coverage_ids(db, **filters) == ids


def test_filters_stay_in_the_links_to_other_pages_and_in_the_forms_of_verdicts(
    db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.pages.story.STORY_PAGE_SIZE", 1)
    data = story_page_data(db, STORY, StoryFilters(only="changed", since="2024-02-01"), page=2)
    assert data
    assert data["newer"] == "?since=2024-02-01&only=changed&page=1"
    assert data["here"] == "?since=2024-02-01&only=changed&page=2"


def test_choices_count_the_whole_story_and_name_languages(db: sqlite3.Connection) -> None:
    data = story_page_data(db, STORY, StoryFilters(outlet="harbour.example"))
    assert data
    assert data["languages"] == [("en", "English", 4)]
    assert data["only_choices"] == [
        ("changed", "changed articles", 2),
        ("originals", "without copies", 2),
    ]
    assert [language_name(code) for code in ("ja", "zz", None)] == [
        "Japanese",
        "zz",
        "unknown language",
    ]


def test_weak_matches_come_after_all_others_however_new_they_are(db: sqlite3.Connection) -> None:
    assert coverage_ids(db) == [1, 8]  # 8 is newer
    db.execute("UPDATE story_articles SET probability = 0.8 WHERE article_id = 8")
    assert coverage_ids(db) == [8, 1]


def test_a_text_is_no_weak_match_if_one_of_its_copies_is_a_good_one() -> None:
    weak = {"verdict": None, "probability": 0.5}
    good = {"verdict": None, "probability": 0.9}
    confirmed = {"verdict": "belongs", "probability": 0.4}
    assert is_weak_match((weak, [weak]))  # type: ignore[arg-type, list-item]
    assert not is_weak_match((weak, [good]))  # type: ignore[arg-type, list-item]
    assert not is_weak_match((confirmed, []))  # type: ignore[arg-type]


# -- changes and evidence --------------------------------------------------------------------------


def test_changes_say_who_made_them_how_and_what_the_headline_was(db: sqlite3.Connection) -> None:
    data = story_page_data(db, STORY, StoryFilters())
    assert data
    of_8 = [each for each in data["changes"] if each.article_id == 8]
    assert [(each.number, each.manner) for each in of_8] == [
        (3, "with a correction"),
        (2, "silently"),
    ]
    silent = of_8[1]
    assert (silent.headline_before, silent.headline_after) == (
        "Talks on Monday",
        "Talks on Thursday",
    )
    assert (silent.words, silent.kinds_in_words) == ("+1 −1 words", "headline, text")
    assert (silent.sha256_before, data["silent_count"]) == (FIRST_DIGEST, 1)
    narrowed = story_page_data(db, STORY, StoryFilters(outlet="harbour.example"))
    assert narrowed
    assert {each.article_id for each in narrowed["changes"]} == {1}


def test_a_page_that_is_gone_is_compared_with_the_last_text_there_was(
    db: sqlite3.Connection,
) -> None:
    db.execute(
        """INSERT INTO revisions (article_id, number, seen_at, kinds, text, gone_reason)
        VALUES (8, 4, '2024-02-21T09:00:00Z', '["gone"]', '', 'HTTP 404')"""
    )
    db.execute(
        """INSERT INTO revisions (article_id, number, seen_at, kinds, headline, text)
        VALUES (8, 5, '2024-02-22T09:00:00Z', '["restored"]', 'Talks on Thursday fail', 'x')"""
    )
    data = story_page_data(db, STORY, StoryFilters())
    assert data
    back, gone = [each for each in data["changes"] if each.article_id == 8][:2]
    assert (gone.manner, gone.kinds_in_words, gone.words) == ("page gone", "HTTP 404", "")
    assert (back.earlier_number, back.headline_before) == (3, None)


def test_each_listed_article_has_its_evidence(db: sqlite3.Connection) -> None:
    db.execute("UPDATE articles SET published_raw = '17.02.2024, 8 Uhr' WHERE id = 8")
    data = story_page_data(db, STORY, StoryFilters())
    assert data
    evidence = {row["id"]: row["evidence"] for row in data["coverage"]}
    assert evidence[8].published_as_printed == "17.02.2024, 8 Uhr"
    # the revisions are older than the fetch that furnishes the archive
    assert (evidence[8].first_seen, evidence[8].last_seen) == ("2024-02-17T09:00:00Z", MOMENT)


# -- captures --------------------------------------------------------------------------------------


def test_a_capture_leads_to_the_article_as_archived_then_and_says_what_changed_since(
    db: sqlite3.Connection,
) -> None:
    assert article_of_capture(db, FIRST_DIGEST) == 8
    found = archived_capture(db, 8, FIRST_DIGEST)
    assert found
    assert (found.revision.number, found.revision.headline) == (1, "Talks on Monday")
    assert [change.number for change in found.later_changes] == [3, 2]
    data = capture_page_data(db, 8, FIRST_DIGEST)
    assert data
    assert data["paragraphs"][0].endswith("again on Monday.")
    assert not data["is_newest"]


def test_a_capture_that_brought_no_change_leads_to_the_text_that_was_valid_then(
    db: sqlite3.Connection,
) -> None:
    digest = "cd" * 32
    db.execute(
        """INSERT INTO fetches (url_id, fetched_at, outcome, digest)
        SELECT id, '2024-02-18T12:00:00Z', 'unchanged', ? FROM urls WHERE article_id = 8""",
        (digest,),
    )
    assert article_of_capture(db, digest) == 8
    found = archived_capture(db, 8, digest)
    assert found
    assert found.revision.number == 2


@pytest.mark.parametrize("digest", ["ef" * 32, "x" * 64, "", "ab"])
def test_a_capture_that_the_archive_does_not_have_is_not_found(
    db: sqlite3.Connection, digest: str
) -> None:
    assert article_of_capture(db, digest) is None
    assert archived_capture(db, 8, digest) is None
    assert capture_page_data(db, 99, digest) is None


# -- verdicts --------------------------------------------------------------------------------------


def test_a_verdict_lists_the_story_again_and_says_which_articles_came_and_went(
    db: sqlite3.Connection,
) -> None:
    result = store_page_verdict(db, STORY, 4, "belongs", STORY_POLICY)
    assert (result.before, result.relisted) == ("unsaid", True)
    assert 4 in result.came
    notice = judged_notice(db, 1, verdict_query(result))
    assert notice
    assert (notice["verdict"], notice["undo"], notice["waits"]) == ("belongs", "unsaid", False)
    assert 4 not in [article["id"] for article in notice["came"]]  # it is named already
    assert {article["id"] for article in notice["went"]} == set(result.went)


def test_taking_a_verdict_back_gives_the_earlier_one(db: sqlite3.Connection) -> None:
    changed = store_page_verdict(db, STORY, 3, "belongs")
    assert (changed.before, changed.relisted) == ("not", False)
    notice = judged_notice(db, 1, verdict_query(changed))
    assert notice
    assert (notice["undo"], notice["waits"]) == ("not", True)
    back = store_page_verdict(db, STORY, 3, notice["undo"])
    notice = judged_notice(db, 1, verdict_query(back))
    assert notice
    assert (notice["verdict"], notice["undo"]) == ("not", "belongs")


@pytest.mark.parametrize(
    "query",
    [{}, {"judged": "8"}, {"judged": "x", "was": "not"}, {"judged": "99", "was": "not"},
     {"judged": "8,1", "was": "not"}, {"judged": "8", "was": "maybe"}],
)  # fmt: skip
def test_a_query_that_no_verdict_made_says_nothing(
    db: sqlite3.Connection, query: dict[str, str]
) -> None:
    assert judged_notice(db, 1, query) is None


def test_many_articles_that_came_are_named_in_part() -> None:
    query = verdict_query(VerdictResult(1, "unsaid", True, came=tuple(range(100, 200))))
    assert query["came"].count(",") == 11


# -- the list --------------------------------------------------------------------------------------


def test_the_list_of_stories_says_what_is_new_changed_and_undecided(
    db: sqlite3.Connection,
) -> None:
    [story] = story_list_data(db)["stories"]
    assert (story["articles"], story["outlets"], story["new"]) == (4, 2, 4)
    assert story["named_outlets"] == ["ridge.example", "The Harbour Post"]
    assert (story["changes"], story["silent"], story["perhaps"]) == (3, 1, 1)
    assert (story["first"], story["last"]) == ("2024-02-15", "2024-02-17")
    assert sum(bar.count for bar in story["bars"]) == 4
    db.execute("UPDATE crawls SET finished_at = '2024-04-01T06:00:00Z'")
    [later] = story_list_data(db)["stories"]
    assert later["new"] == 0


def test_an_archive_without_stories_or_crawls_has_an_empty_list(tmp_path: Path) -> None:
    empty = open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)
    assert story_list_data(empty) == {"stories": [], "since": None}
    empty.close()
