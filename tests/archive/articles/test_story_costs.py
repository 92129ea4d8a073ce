"""What stories cost does not grow with their number nor with the archive: counted as statements and
as articles weighed, so that a busy machine does not matter."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from archive.articles import stories
from archive.articles.events import join_event
from archive.articles.language_keys import key_vectors, key_vectors_among, save_keys
from archive.articles.stored_vectors import StoredVector, packed_vector
from archive.articles.stories import StoryDefinition
from archive.articles.vocabulary import may_keep_frequencies
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA, DatabaseSchema
from pipelines.topics.events import EVENT_POLICY
from pipelines.topics.language_keys import KEY_POLICY
from pipelines.topics.stories import STORY_POLICY
from tests.archive.conftest import add_report

MOMENT = "2024-03-20T06:00:00Z"
WORDS = [
    f"{first}{second}r"
    for first in ["balo", "meki", "tuna", "siro", "vedo"]
    for second in "abcdefgh"
]


class Newsroom:
    """An archive of reports of a few hundred invented words."""

    def __init__(self, path: Path, schema: DatabaseSchema = ARCHIVE_SCHEMA) -> None:
        self.db = open_database(path / "archive.db", schema)
        self.weighed = 0
        self.policy = replace(STORY_POLICY, vector=self._counting(STORY_POLICY.vector))

    def _counting(
        self, vector: Callable[..., Mapping[str, float]]
    ) -> Callable[..., Mapping[str, float]]:
        def counted(*arguments: object) -> Mapping[str, float]:
            self.weighed += 1
            return vector(*arguments)

        return counted

    def report(self, topic: str, number: int) -> int:
        """A report of a topic, with some words that others have too."""
        chance = Random(f"{topic} {number}")
        words = [topic, f"{topic}ville", f"{topic}burg", *chance.choices(WORDS, k=20)]
        text = " ".join(chance.sample(words, len(words)))
        id = add_report(self.db, f"{topic} {words[5]}", text, "en", "2024-03-12", MOMENT)
        save_keys(self.db, id, KEY_POLICY)
        join_event(self.db, id, EVENT_POLICY)
        return id

    def filled(self, articles: int) -> None:
        for number in range(articles):
            stories.file_article(self.db, self.report(f"topic{number % 9}", number), self.policy)

    def as_if_of(self, articles: int) -> None:
        """Let the archive have been as large as this when its vectors were computed."""
        self.db.execute("UPDATE language_counts SET articles = ?", (articles,))
        self.db.execute("UPDATE article_terms SET counted_among = ?", (articles,))

    def follow(self, name: str, article_id: int, **definition: str) -> int:
        return stories.save_story(
            self.db, name, [article_id], self.policy, StoryDefinition(**definition)
        )

    def edition(self, story_id: int) -> int:
        query = "SELECT edition FROM stories WHERE id = ?"
        return int(self.db.execute(query, (story_id,)).fetchone()[0])


def statements(db: sqlite3.Connection, work: Callable[[], object]) -> int:
    """The number of statements, without those within triggers."""
    seen: list[str] = []
    db.set_trace_callback(seen.append)
    work()
    db.set_trace_callback(None)
    return sum(not each.startswith("--") for each in seen)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    """An archive that finds candidates by their words and stores vectors, as a large one does."""
    monkeypatch.setattr(stories, "MAX_ARTICLES_ALL_CANDIDATES", 0)
    monkeypatch.setattr(stories, "MIN_LASTING_ARTICLES", 0)
    room = Newsroom(tmp_path)
    room.filled(30)
    yield room
    room.db.close()


# -- a new article ---------------------------------------------------------------------------------


def test_an_article_takes_as_many_statements_with_twenty_stories_as_with_two(
    room: Newsroom,
) -> None:
    def arrive(number: int) -> int:
        text = " ".join(f"{word}{number}" for word in WORDS)
        id = add_report(room.db, f"nothing{number}", text, "en", "2021-03-12", MOMENT)
        save_keys(room.db, id, KEY_POLICY)
        join_event(room.db, id, EVENT_POLICY)
        stories.file_article(room.db, id, room.policy)
        return statements(room.db, lambda: stories.file_article(room.db, id, room.policy))

    for number in range(2):
        room.follow(f"few {number}", number + 1)
    few = arrive(1)
    for number in range(18):
        room.follow(f"many {number}", number + 1)
    assert arrive(2) == few


def test_a_profile_is_built_once_until_a_verdict_changes_it(room: Newsroom) -> None:
    built: list[str] = []

    def profile(about: stories.Story, confirmed: object) -> object:
        built.append(about.name)
        return STORY_POLICY.profile(about, confirmed)  # type: ignore[arg-type]

    first, second = room.follow("first", 1), room.follow("second", 2)
    room.policy = replace(room.policy, profile=profile)
    for number in range(3):
        stories.file_article(room.db, room.report("nothing", number), room.policy)
    assert sorted(built) == ["first", "second"]
    stories.save_verdict(room.db, first, [10], "belongs")
    built.clear()
    stories.file_article(room.db, room.report("nothing", 3), room.policy)
    assert built == ["first"]
    assert second != first


def test_whatever_changes_a_profile_changes_the_edition_of_the_story(room: Newsroom) -> None:
    story = room.follow("one", 1)
    other = room.follow("other", 2)
    seen, of_other = [room.edition(story)], room.edition(other)
    for change in (
        lambda: stories.save_verdict(room.db, story, [10], "belongs"),
        lambda: stories.save_verdict(room.db, story, [10], None),
        lambda: stories.relist_story(room.db, story, room.policy),
        lambda: room.db.execute("UPDATE stories SET words = 'harbour' WHERE id = ?", (story,)),
        lambda: room.db.execute("UPDATE stories SET until = '2024-04-01' WHERE id = ?", (story,)),
        lambda: room.db.execute("DELETE FROM story_articles WHERE verdict IS NOT NULL AND story_id = ?", (story,)),
    ):  # fmt: skip
        change()
        seen.append(room.edition(story))
    assert len(set(seen)) == len(seen)
    assert room.edition(other) == of_other


# -- a listing -------------------------------------------------------------------------------------


def test_a_second_listing_weighs_no_article_again_before_the_archive_has_grown_by_half(
    room: Newsroom,
) -> None:
    story = room.follow("one", 1)
    room.as_if_of(1_000)
    room.weighed = 0
    stories.relist_story(room.db, story, room.policy)
    assert room.weighed == 0
    room.db.execute("UPDATE language_counts SET articles = 1600")
    stories.relist_story(room.db, story, room.policy)
    assert room.weighed > 5


def test_a_listing_by_stored_vectors_is_the_same(room: Newsroom) -> None:
    def listed() -> list[tuple[object, ...]]:
        stories.relist_story(room.db, story, room.policy)
        columns = "article_id, probability, tier, part, terms, nearest_id"
        rows = room.db.execute(f"SELECT {columns} FROM story_articles ORDER BY 1")
        return [tuple(row) for row in rows]

    story = room.follow("one", 1)
    room.db.execute("UPDATE language_counts SET articles = 1000")
    before = listed()
    room.weighed = 0
    assert listed() == before
    assert room.weighed == 0
    assert len(before) > 1


def test_frequencies_of_a_young_archive_are_never_kept() -> None:
    assert not may_keep_frequencies(None, 1_000)
    assert not may_keep_frequencies(30, 31)
    assert may_keep_frequencies(1_000, 1_400)
    assert not may_keep_frequencies(1_000, 1_600)
    assert not may_keep_frequencies(1_600, 1_000)


# -- stored vectors --------------------------------------------------------------------------------


def test_a_stored_vector_has_the_terms_and_weights_of_the_vector() -> None:
    vector = {"harbour": 0.6, "^harbour": 0.64, "über": 0.48}
    whole, opening = '{"harbour": 2.0, "über": 1, "dropped": 1}', '{"harbour": 1.0}'
    stored = StoredVector(packed_vector(vector), whole, opening)
    assert dict(stored) == pytest.approx(vector)
    assert len(stored) == 3
    assert not StoredVector(b"", whole, opening)


def test_keys_by_the_stored_length_weigh_the_same(room: Newsroom) -> None:
    ids = [1, 2, 3]
    whole = key_vectors(room.db, ids)
    chosen = {key for key in whole[1] if key in whole[2]}
    assert chosen
    some = key_vectors_among(room.db, ids, chosen)
    for id in ids:
        shared = {key: weight for key, weight in whole[id].items() if key in chosen}
        assert some[id] == pytest.approx(shared)


def test_stories_of_an_archive_before_the_step_get_editions_and_list_the_same(
    tmp_path: Path,
) -> None:
    names = [name for name, _ in ARCHIVE_SCHEMA.steps]
    steps = ARCHIVE_SCHEMA.steps[: names.index("m021_stored_vectors")]
    with closing(
        open_database(tmp_path / "archive.db", DatabaseSchema(ARCHIVE_SCHEMA.name, steps))
    ) as db:
        for name in ("one", "two"):
            db.execute(
                "INSERT INTO stories (name, title, created_at) VALUES (?1, ?1, ?2)", (name, MOMENT)
            )
    with closing(open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)) as db:
        editions = [row[0] for row in db.execute("SELECT edition FROM stories")]
    assert len({*editions, 0}) == 3


def test_the_editions_of_stories_are_read_from_an_index_also_in_an_older_archive(tmp_path: Path):
    names = [name for name, _ in ARCHIVE_SCHEMA.steps]
    before = ARCHIVE_SCHEMA.steps[: names.index("m029_story_editions")]
    with closing(Newsroom(tmp_path, DatabaseSchema(ARCHIVE_SCHEMA.name, before)).db) as old:
        old.execute("INSERT INTO stories (name, title, created_at) VALUES ('a', 'A', ?)", (MOMENT,))
        edition = old.execute("SELECT edition FROM stories").fetchone()[0]
    with closing(open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)) as db:
        asked = "SELECT id, edition FROM stories ORDER BY id"
        assert [tuple(row) for row in db.execute(asked)] == [(1, edition)]
        [step] = db.execute(f"EXPLAIN QUERY PLAN {asked}").fetchall()
        assert step["detail"].endswith("USING COVERING INDEX stories_by_edition")
