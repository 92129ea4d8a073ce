"""Finding the versions of a text among all others, and folding them. Texts here are numbers, their
own hashes."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from archive.articles.copies import (
    MAX_COMPARED_TEXTS,
    MIN_BOILERPLATE_TEXTS,
    CopyPolicy,
    PublishedVersion,
    TextLikeness,
    TextRelation,
    are_copies_current,
    rebuild_copies,
    relate_article,
)
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA

MOMENT = "2024-03-01T06:00:00Z"


def sketch(text: str) -> list[int]:
    return sorted({int(word) for word in text.split()})


def likeness(text: str, other: str) -> TextLikeness | None:
    """By the shares of common numbers alone."""
    mine, its = set(sketch(text)), set(sketch(other))
    coverage, other_coverage = len(mine & its) / len(mine), len(mine & its) / len(its)
    if max(coverage, other_coverage) < 0.2:
        return None
    if max(coverage, other_coverage) < 0.5:
        return TextLikeness("overlap", coverage, other_coverage, 1.0)
    if min(coverage, other_coverage) >= 0.5:
        return TextLikeness("copy", coverage, other_coverage, 1.0)
    return TextLikeness(
        "excerpt" if coverage > other_coverage else "extends", coverage, other_coverage, 1.0
    )


def earliest(articles: Sequence[PublishedVersion]) -> int:
    return min(articles, key=lambda article: (article.published_at or "9", article.id)).id


JUDGE = CopyPolicy(1, sketch, likeness, earliest)


class Shelf:
    """An archive to which texts come."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.db = connection

    def keep(
        self, text: str, outlet: str = "", headline: str | None = None, **columns: object
    ) -> int:
        """An article, not yet related; of an outlet of its own if none is named."""
        number = self.db.execute("SELECT count(*) FROM articles").fetchone()[0] + 1
        host = f"{outlet or f'outlet-{number}'}.example"
        self.db.execute(
            "INSERT OR IGNORE INTO outlets (host, added_at) VALUES (?, ?)", (host, MOMENT)
        )
        row = {
            "url": f"https://{host}/{number}",
            "headline": headline,
            "text": text,
            "fetched_at": MOMENT,
        }
        row |= {"fingerprint": f"1:{text}", "word_count": len(text.split())} | columns
        names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
        done = self.db.execute(
            f"INSERT INTO articles (outlet_id, {names}) SELECT id, {marks} FROM outlets WHERE host = :host",
            row | {"host": host},
        )
        return int(done.lastrowid or 0)

    def add(
        self, text: str, outlet: str = "", headline: str | None = None, **columns: object
    ) -> list[TextRelation]:
        return relate_article(self.db, self.keep(text, outlet, headline, **columns), JUDGE, MOMENT)

    def relations(self) -> list[tuple[int, int, str]]:
        return [
            tuple(row)
            for row in self.db.execute(
                "SELECT article_id, other_id, kind FROM relations ORDER BY 1, 2"
            )
        ]

    def rows(self, article_id: int | None = None) -> int:
        query = "SELECT count(*) FROM shingles WHERE article_id = coalesce(?, article_id)"
        return int(self.db.execute(query, (article_id,)).fetchone()[0])

    def folded(self) -> dict[int, tuple[int, int]]:
        return {
            row[0]: (row[1], row[2])
            for row in self.db.execute("SELECT * FROM originals ORDER BY id")
        }


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    connection = open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)
    connection.execute("BEGIN")
    yield Shelf(connection)
    connection.close()


def numbers(start: int, stop: int) -> str:
    return " ".join(map(str, range(start, stop)))


STORY = numbers(0, 20)


def test_a_copy_is_found_and_its_figures_are_kept(shelf: Shelf) -> None:
    """An edited copy is related to what was there before it, with the share of each in the
    other."""
    assert shelf.add(STORY) == []
    assert shelf.add(numbers(4, 24)) == [TextRelation(2, 1, TextLikeness("copy", 0.8, 0.8, 1.0))]
    row = shelf.db.execute("SELECT * FROM relations").fetchone()
    assert dict(row) == {
        "article_id": 2, "other_id": 1, "kind": "copy", "found_at": MOMENT,
        "coverage": 0.8, "other_coverage": 0.8, "facts": 1.0,
    }  # fmt: skip


def test_the_kind_says_what_the_later_article_is(shelf: Shelf) -> None:
    """A part that comes after the whole is an excerpt, the whole that comes after a part extends
    it."""
    shelf.add(STORY)
    assert shelf.add(numbers(0, 6))[0].likeness.kind == "excerpt"
    shelf.add(numbers(100, 106))
    assert shelf.add(numbers(100, 120))[0].likeness.kind == "extends"


def test_unrelated_articles_have_no_relation_and_fold_under_themselves(shelf: Shelf) -> None:
    """Nothing in common, nothing said."""
    shelf.add(STORY)
    shelf.add(numbers(100, 120))
    assert shelf.relations() == []
    assert shelf.folded() == {1: (1, 0), 2: (2, 0)}


def test_identical_texts_point_to_the_earliest_and_cost_no_rows(shelf: Shelf) -> None:
    """The third of three equal texts is the first's, not the second's."""
    for _ in range(3):
        shelf.add(STORY)
    assert shelf.relations() == [(2, 1, "identical"), (3, 1, "identical")]
    assert shelf.rows() == 20


def test_one_short_text_under_two_headlines_of_an_outlet_is_no_duplicate(shelf: Shelf) -> None:
    """It is a cookie notice; at another outlet, under the same headline, or if it is long, it is a
    copy."""
    notice, long = numbers(0, 20), numbers(1000, 1090)
    shelf.add(notice, "harbour", "Ferry crews strike")
    assert shelf.add(notice, "harbour", "Palm house opens") == []
    assert shelf.add(notice, "harbour", "Ferry crews strike")[0].other_id == 1
    assert shelf.add(notice, "ridge", "Bread dearer")[0].other_id == 1
    shelf.add(long, "harbour", "A column")
    assert shelf.add(long, "harbour", "A column, again")[0].likeness.kind == "copy"


def test_copies_are_folded_under_their_original(shelf: Shelf) -> None:
    """Each article knows its original and in how many other outlets the text stands."""
    shelf.add(STORY, "harbour", published_at="2024-02-15T10:00:00Z")
    shelf.add(numbers(1, 21), "ridge", published_at="2024-02-15T12:00:00Z")
    shelf.add(numbers(2, 22), "ridge", published_at="2024-02-15T13:00:00Z")
    shelf.add(numbers(100, 120), "ridge")
    assert shelf.folded() == {1: (1, 1), 2: (1, 1), 3: (1, 1), 4: (4, 0)}


def test_an_earlier_article_that_comes_late_becomes_the_original(shelf: Shelf) -> None:
    """The order of arrival does not say who was first."""
    shelf.add(STORY, published_at="2024-02-15T12:00:00Z")
    shelf.add(STORY, published_at="2024-02-15T13:00:00Z")
    shelf.add(numbers(1, 21), published_at="2024-02-15T09:00:00Z")
    assert {original for original, _ in shelf.folded().values()} == {3}


def test_an_original_that_comes_late_gathers_the_parts_that_were_cut_from_it(shelf: Shelf) -> None:
    """Its two halves have nothing in common, and yet are one report."""
    shelf.add(numbers(0, 9), published_at="2024-02-15T12:00:00Z")
    shelf.add(numbers(11, 20), published_at="2024-02-15T13:00:00Z")
    shelf.add(STORY, published_at="2024-02-15T09:00:00Z")
    assert {original for original, _ in shelf.folded().values()} == {3}


def test_a_round_up_that_holds_two_reports_makes_them_no_versions_of_each_other(
    shelf: Shelf,
) -> None:
    shelf.add(numbers(0, 9), published_at="2024-02-15T09:00:00Z")
    shelf.add(numbers(11, 20), published_at="2024-02-15T10:00:00Z")
    shelf.add(STORY, published_at="2024-02-15T18:00:00Z")
    originals = {id: original for id, (original, _) in shelf.folded().items()}
    assert originals[1] != originals[2]


def test_two_groups_of_copies_become_one_when_a_copy_of_both_comes(shelf: Shelf) -> None:
    """Edited in two ways that are too far apart to be known as one, with a middle that comes
    last."""
    shelf.add(numbers(0, 20), published_at="2024-02-15T09:00:00Z")
    shelf.add(numbers(11, 31), published_at="2024-02-15T11:00:00Z")
    assert shelf.folded() == {1: (1, 0), 2: (2, 0)}
    shelf.add(numbers(6, 26), published_at="2024-02-15T12:00:00Z")
    assert {original for original, _ in shelf.folded().values()} == {1}
    assert shelf.db.execute("SELECT count(*) FROM shared_texts").fetchone()[0] == 1


def test_overlaps_and_templates_do_not_fold(shelf: Shelf) -> None:
    """A shared quote is kept as a relation, and both stay in the list."""
    shelf.add(STORY)
    assert shelf.add(numbers(14, 34))[0].likeness.kind == "overlap"
    assert shelf.folded() == {1: (1, 0), 2: (2, 0)}


def test_what_a_version_holds_already_is_not_kept_again(shelf: Shelf) -> None:
    """Three hundred edited copies of a text take few rows each, and all are found."""
    chance = random.Random(3)
    shelf.add(STORY)
    for copy in range(300):
        kept = chance.sample(range(20), 17)
        shelf.add(" ".join(map(str, [*kept, 10_000 + 2 * copy, 10_001 + 2 * copy])))
    assert shelf.rows() / 301 < 3
    assert len({article for article, other, _ in shelf.relations() if other == 1}) == 300
    assert shelf.folded()[1] == (1, 300)


def test_boilerplate_says_nothing_and_takes_no_more_rows(shelf: Shelf) -> None:
    """A hash that eight texts hold is not kept a ninth time, and brings no article to be read."""
    asked = 0

    def counting(text: str, other: str) -> TextLikeness | None:
        nonlocal asked
        asked += 1
        return None

    for start in range(100, 100 + 30 * 12, 30):
        relate_article(
            shelf.db,
            shelf.keep(f"1 2 3 {numbers(start, start + 20)}"),
            replace(JUDGE, likeness=counting),
            MOMENT,
        )
    assert (
        shelf.db.execute("SELECT count(*) FROM shingles WHERE hash = 1").fetchone()[0]
        == MIN_BOILERPLATE_TEXTS
    )
    before = asked
    relate_article(
        shelf.db,
        shelf.keep(f"1 2 3 {numbers(900, 920)}"),
        replace(JUDGE, likeness=counting),
        MOMENT,
    )
    assert asked == before


def test_few_articles_are_read_however_many_share_a_hash(shelf: Shelf) -> None:
    """What an article costs does not grow with the archive."""
    read: list[str] = []

    def reading(text: str, other: str) -> TextLikeness | None:
        read.append(other)
        return None

    for start in range(0, 400, 2):
        relate_article(
            shelf.db,
            shelf.keep(numbers(start, start + 6)),
            replace(JUDGE, likeness=reading),
            MOMENT,
        )
    read.clear()
    relate_article(
        shelf.db, shelf.keep(numbers(100, 130)), replace(JUDGE, likeness=reading), MOMENT
    )
    assert 0 < len(read) <= MAX_COMPARED_TEXTS


def test_a_part_whose_hashes_another_holds_is_found_behind_it(shelf: Shelf) -> None:
    """A short version printed after the long one has no rows of its own; who carries the short one
    is still found."""
    shelf.add(numbers(0, 100))
    shelf.add(numbers(0, 12))
    assert shelf.rows(2) == 0
    found = {
        relation.other_id: relation.likeness.kind
        for relation in shelf.add(numbers(0, 12) + " " + numbers(200, 260))
    }
    assert found == {2: "extends"}


def test_a_changed_text_is_related_anew(shelf: Shelf) -> None:
    """An article that becomes another report leaves its fold; what is left of a fold of two is
    gone."""
    shelf.add(STORY)
    shelf.add(numbers(1, 21))
    assert shelf.folded()[2] == (1, 1)
    shelf.db.execute(
        "UPDATE articles SET text = ?, fingerprint = 'x' WHERE id = 2", (numbers(100, 120),)
    )
    assert relate_article(shelf.db, 2, JUDGE, MOMENT) == []
    assert shelf.relations() == []
    assert shelf.folded() == {1: (1, 0), 2: (2, 0)}
    assert shelf.db.execute("SELECT count(*) FROM shared_texts").fetchone()[0] == 0


def test_a_correction_keeps_copies_that_came_later(shelf: Shelf) -> None:
    """The later article stays the one that is said to be the copy, and the fold stays."""
    for start in range(3):
        shelf.add(numbers(start, start + 20))
    shelf.db.execute(
        "UPDATE articles SET text = ?, fingerprint = 'x' WHERE id = 1", (numbers(0, 20) + " 77",)
    )
    relate_article(shelf.db, 1, JUDGE, MOMENT)
    assert {(2, 1, "copy"), (3, 1, "copy")} <= set(shelf.relations())
    assert {original for original, _ in shelf.folded().values()} == {1}


def test_a_new_way_of_hashing_relates_everything_anew(shelf: Shelf) -> None:
    """An archive says by which version its hashes were made; after a rebuild they are of one kind
    again."""
    shelf.keep(STORY)
    shelf.keep(numbers(1, 21))
    assert not are_copies_current(shelf.db, JUDGE)
    rebuild_copies(shelf.db, JUDGE, MOMENT)
    assert are_copies_current(shelf.db, JUDGE)
    assert shelf.relations() == [(2, 1, "copy")]
    newer = replace(
        JUDGE, version=2, sketch=lambda text: [number + 1000 for number in sketch(text)]
    )
    assert not are_copies_current(shelf.db, newer)
    rebuild_copies(shelf.db, newer, MOMENT)
    assert shelf.relations() == [(2, 1, "copy")]
    assert shelf.db.execute("SELECT min(hash) FROM shingles").fetchone()[0] == 1000


def test_an_article_that_is_not_there_cannot_be_related(shelf: Shelf) -> None:
    """It is kept first."""
    with pytest.raises(ValueError, match="no article 7"):
        relate_article(shelf.db, 7, JUDGE, MOMENT)


def test_an_article_that_was_taken_out_is_passed_over(shelf: Shelf) -> None:
    """Its hashes stay, and lead nowhere."""
    shelf.add(STORY)
    shelf.db.execute("DELETE FROM articles WHERE id = 1")
    assert relate_article(shelf.db, shelf.keep(numbers(1, 21), id=9), JUDGE, MOMENT) == []


def test_the_migration_keeps_what_was_found_before(tmp_path: Path) -> None:
    """Relations of an archive of the first version stay, without figures."""
    first = replace(ARCHIVE_SCHEMA, steps=ARCHIVE_SCHEMA.steps[:1])
    shelf = Shelf(open_database(tmp_path / "archive.db", first))
    shelf.keep(STORY)
    shelf.keep(STORY)
    shelf.db.execute(
        "INSERT INTO relations (article_id, other_id, kind, found_at) VALUES (2, 1, 'identical', ?)",
        [MOMENT],
    )
    shelf.db.close()
    migrated = Shelf(open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA))
    assert migrated.relations() == [(2, 1, "identical")]
    assert migrated.folded() == {1: (1, 0), 2: (2, 0)}
    migrated.db.close()
