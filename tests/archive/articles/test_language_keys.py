"""The keys of articles in an archive: kept as they come, found by them in other languages, and made
anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.articles.language_keys import (
    COMMON_KEY_SHARE,
    MAX_STRONG_KEYS,
    MAX_VECTOR_KEYS,
    are_keys_current,
    delete_keys,
    key_candidates,
    key_vectors,
    rebuild_keys,
    save_keys,
)
from archive.articles.vocabulary import MIN_FREQUENCY_ARTICLES
from archive.rebuilds import prepare_archive
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA, DatabaseSchema
from pipelines.policies import archive_policies
from pipelines.text.vectors import cosine_similarity
from pipelines.topics.language_keys import KEY_POLICY
from tests.abroad import COLLISION, GUILD, TREMOR
from tests.archive.conftest import add_report
from tests.reading_room import ReadingRoom

MOMENT = "2024-03-20T06:00:00Z"
TABLES = ("article_keys", "strong_keys", "key_counts")


class Desk:
    """An archive to which reports come from abroad."""

    def __init__(self, folder: Path) -> None:
        self.db = open_database(folder / "archive.db", ARCHIVE_SCHEMA)

    def add(
        self, text: str, language: str | None, day: str | None = "2024-03-12", headline: str = ""
    ) -> int:
        number = add_report(self.db, headline, text, language, day, MOMENT)
        save_keys(self.db, number, KEY_POLICY)
        return number

    def rows(self) -> list[list[tuple[object, ...]]]:
        return [sorted(map(tuple, self.db.execute(f"SELECT * FROM {table}"))) for table in TABLES]

    def counted(self, key: str) -> int:
        row = self.db.execute("SELECT articles FROM key_counts WHERE key = ?", (key,)).fetchone()
        return int(row[0]) if row else 0

    def found(self, article_id: int, **limits: str | None) -> list[int]:
        asked = {"since": None, "until": None, **limits}
        return key_candidates(
            self.db, key_vectors(self.db, [article_id])[article_id], most=60, **asked
        )  # type: ignore[arg-type]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.db.close()


@pytest.fixture
def abroad(desk: Desk) -> dict[str, dict[str, int]]:
    """Three happenings, as the world reports them: language → article, of each."""
    return {
        name: {
            language: desk.add(text, language.partition("-")[0])
            for language, text in reports.items()
        }
        for name, reports in (("collision", COLLISION), ("tremor", TREMOR), ("guild", GUILD))
    }


# -- across languages ------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_report_is_nearer_to_all_that_tell_of_the_same_in_other_languages_than_to_any_other(
    desk: Desk, abroad: dict[str, dict[str, int]]
) -> None:
    told = key_vectors(desk.db, [one for reports in abroad.values() for one in reports.values()])
    for name, reports in abroad.items():
        others = [one for other in abroad if other != name for one in abroad[other].values()]
        english = told[reports["en"]]
        farthest = min(cosine_similarity(english, told[one]) for one in reports.values())
        assert farthest > max(cosine_similarity(english, told[one]) for one in others), name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["collision", "tremor", "guild"])
def test_an_archive_finds_the_reports_of_other_languages_first(
    desk: Desk, abroad: dict[str, dict[str, int]], name: str
) -> None:
    english, *others = abroad[name].values()
    assert set(desk.found(english, not_language="en")[: len(others)]) == set(others)


def test_what_is_found_lies_in_the_days_that_were_asked_for_or_has_no_date(desk: Desk) -> None:
    asked = desk.add(COLLISION["en"], "en", "2024-03-12")
    early = desk.add(COLLISION["de"], "de", "2024-03-01")
    near = desk.add(COLLISION["fr"], "fr", "2024-03-13T10:00:00Z")
    undated = desk.add(COLLISION["ko"], "ko", None)
    window = {"since": "2024-03-10", "until": "2024-03-14T23:00:00Z"}
    assert set(desk.found(asked, **window)) == {asked, near, undated}
    assert set(desk.found(asked, not_language="en", **window)) == {near, undated}
    assert set(desk.found(asked)) == {asked, early, near, undated}


def test_an_article_whose_language_is_not_known_is_found_from_every_language(desk: Desk) -> None:
    asked, unknown = desk.add(COLLISION["en"], "en"), desk.add(COLLISION["de"], None)
    assert desk.found(asked, not_language="en") == [unknown]


def test_copies_are_found_with_their_original_and_count_for_nothing(desk: Desk) -> None:
    text = " ".join(
        [COLLISION["de"], "Der Hafen blieb bis zum Abend gesperrt, und Taucher suchten nach Lecks."]
        * 3
    )
    asked, original = desk.add(COLLISION["en"], "en"), desk.add(text, "de")
    once = desk.counted("@Istanbul")
    assert once == 2
    copy = desk.add(text, "de")
    assert desk.counted("@Istanbul") == once
    assert desk.found(asked, not_language="en") == [original, copy]
    assert key_vectors(desk.db, [original])[original] == key_vectors(desk.db, [copy])[copy]


# -- what keys weigh -------------------------------------------------------------------------------


def test_vectors_are_of_unit_length_and_rare_keys_weigh_more_than_common_ones(desk: Desk) -> None:
    numbers = [
        desk.add(f"Seoul {1_000 + number} " + "Malinski" * (number == 0), "en")
        for number in range(8)
    ]
    told = key_vectors(desk.db, numbers)[numbers[0]]
    assert sum(weight**2 for weight in told.values()) == pytest.approx(1)
    assert told["#1000"] > told["@Seoul"]


def test_a_key_of_a_fifth_of_many_articles_says_nothing(desk: Desk) -> None:
    one = desk.add("Seoul 1,350", "en")
    desk.db.execute("UPDATE key_counts SET articles = 1000 WHERE key = ''")
    desk.db.execute(
        "UPDATE key_counts SET articles = ? WHERE key = '@Seoul'",
        (MIN_FREQUENCY_ARTICLES * COMMON_KEY_SHARE,),
    )
    assert "@Seoul" in key_vectors(desk.db, [one])[one]
    desk.db.execute("UPDATE key_counts SET articles = articles + 1 WHERE key = '@Seoul'")
    assert "@Seoul" not in key_vectors(desk.db, [one])[one]


def test_articles_without_keys_are_left_out_and_so_are_those_that_are_not_there(desk: Desk) -> None:
    mute = desk.add("…", "en")
    assert key_vectors(desk.db, [mute, 99]) == {}
    assert key_vectors(desk.db, []) == {}
    assert key_candidates(desk.db, {}, None, None, 10) == []


def test_a_long_article_keeps_an_end(desk: Desk) -> None:
    many = desk.add(" ".join(f"{number}" for number in range(2_100, 9_000)), "en")
    assert len(key_vectors(desk.db, [many])[many]) <= MAX_VECTOR_KEYS
    assert desk.db.execute("SELECT count(*) FROM strong_keys").fetchone()[0] == MAX_STRONG_KEYS


# -- what changes ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_keeping_an_article_again_changes_nothing(
    desk: Desk, abroad: dict[str, dict[str, int]]
) -> None:
    before = desk.rows()
    save_keys(desk.db, abroad["guild"]["ko"], KEY_POLICY)
    assert [len(table) for table in desk.rows()] == [len(table) for table in before]
    assert desk.rows()[2] == before[2]


def test_what_is_forgotten_leaves_no_trace(desk: Desk) -> None:
    desk.add(TREMOR["de"], "de")
    before = desk.rows()
    delete_keys(desk.db, desk.add(COLLISION["en"], "en"))
    assert desk.rows() == before
    delete_keys(desk.db, 99)
    assert desk.rows() == before


def test_an_article_that_is_not_there_has_no_keys_to_keep(desk: Desk) -> None:
    with pytest.raises(ValueError, match="no article 7"):
        save_keys(desk.db, 7, KEY_POLICY)


PAGE = """<html lang="de"><head><title>{0}</title><meta property="og:type" content="article">
<meta property="article:published_time" content="2026-03-09T08:00:00Z"></head>
<body><article><h1>{0}</h1><p>{1}</p><p>{2}</p></article></body></html>"""
LONG = "Der Hafen blieb bis zum Abend gesperrt. Taucher suchten nach Lecks, und Schlepper zogen beide Schiffe zum Ufer. "


def test_a_changed_article_has_the_keys_of_its_new_text(tmp_path: Path) -> None:
    room = ReadingRoom(tmp_path)
    url = "https://hafen.example/2026/03/09/faehre-gerammt"
    room.look(url, PAGE.format("Fähre in Istanbul gerammt", COLLISION["de"], LONG * 4))
    assert room.column("SELECT article_id FROM strong_keys WHERE key = '@Istanbul'") == [1]
    outcome = room.look(
        url, PAGE.format("Beben bei Lima", TREMOR["de"], LONG * 2 + "Helfer kamen aus Oslo. " * 6)
    )
    assert outcome == "changed"
    held = set(key_vectors(room.archive.db, [1])[1])
    assert "@Oslo" in held
    assert "@Istanbul" not in held
    assert room.column("SELECT article_id FROM strong_keys WHERE key = '@Istanbul'") == []
    assert room.column("SELECT articles FROM key_counts WHERE key = '@Istanbul'") == []
    room.archive.close()


# -- archives of before ----------------------------------------------------------------------------


def test_made_anew_the_keys_are_those_that_came_one_by_one(
    desk: Desk, abroad: dict[str, dict[str, int]]
) -> None:
    before = desk.rows()
    assert not are_keys_current(desk.db, KEY_POLICY)
    rebuild_keys(desk.db, KEY_POLICY)
    assert are_keys_current(desk.db, KEY_POLICY)
    assert desk.rows() == before


def _before_keys() -> int:
    return [name for name, _ in ARCHIVE_SCHEMA.steps].index("m014_keys") + 1


@pytest.mark.parametrize(
    "steps", range(1, _before_keys()), ids=lambda steps: ARCHIVE_SCHEMA.steps[steps - 1][0]
)
def test_an_archive_of_every_earlier_step_gets_the_keys_of_its_articles(
    steps: int, tmp_path: Path
) -> None:
    with closing(
        open_database(
            tmp_path / "archive.db",
            DatabaseSchema(ARCHIVE_SCHEMA.name, ARCHIVE_SCHEMA.steps[:steps]),
        )
    ) as db:
        db.execute("INSERT INTO outlets (host, added_at) VALUES ('harbour.example', ?)", (MOMENT,))
        for number, language in enumerate(("en", "ko", "zh"), 1):
            db.execute(
                """INSERT INTO articles (outlet_id, url, headline, text, language, fetched_at)
                VALUES (1, ?, '', ?, ?, ?)""",
                (f"https://harbour.example/{number}", COLLISION[language], language, MOMENT),
            )
    with Archive(tmp_path) as archive:
        prepare_archive(archive.db, archive_policies())
        told = key_vectors(archive.db, [1, 2, 3])
        assert set(told) == {1, 2, 3}
        assert set(key_candidates(archive.db, told[1], None, None, 10, "en")) == {2, 3}
        assert archive.db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_keys_that_cannot_all_be_made_leave_the_archive_as_it_was(
    desk: Desk, abroad: dict[str, dict[str, int]]
) -> None:
    before = desk.rows()

    def breaks(*_: object) -> dict[str, float]:
        raise RuntimeError("no keys today")

    with pytest.raises(RuntimeError), transaction(desk.db) as db:
        rebuild_keys(db, type(KEY_POLICY)(KEY_POLICY.version, breaks))
    assert desk.rows() == before


def test_what_is_kept_of_an_article_is_readable_json(desk: Desk) -> None:
    desk.add(GUILD["fr"], "fr")
    held = json.loads(desk.db.execute("SELECT keys FROM article_keys").fetchone()[0])
    assert held["@Nairobi"] > 1
